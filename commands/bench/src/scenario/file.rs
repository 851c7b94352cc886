//! A scenario as it is written; what it means is found out in [`build`](super::build).

use std::{path::PathBuf, time::Duration};

use kefu_app::{Groups, Named, setting_from_choices, setting_from_text, settings};

use crate::{args::Arrival, shape::Shape};

setting_from_text!(Shape, "a profile such as ramp or spike:10", "负载曲线, 例如 ramp 或 spike:10");
setting_from_choices!(Arrival);

settings! {
    /// A scenario.
    pub(crate) struct ScenarioFile {
        /// Where the service is, without a path.
        pub(crate) target: String = String::new(),
        /// How much it is to bear.
        pub(crate) load: LoadFile = LoadFile::default(),
        /// How long a step may take.
        pub(crate) timeout: Duration = Duration::from_secs(10),
        /// Texts that steps use as `${name}`; `--set` gives others.
        pub(crate) variables: Named<String> = Named::default(),
        /// Files of rows, CSV with a head or lines of JSON, beside the scenario; `${name.column}` is of the row whose turn it is.
        pub(crate) data: Named<PathBuf> = Named::default(),
        /// What the run must meet.
        pub(crate) thresholds: Vec<String> = Vec::new(),
        /// Agents of kefu who are there during the whole run.
        pub(crate) agents: AgentsFile = AgentsFile::default(),
        /// What callers do.
        pub(crate) flows: Groups<FlowFile> = Groups::default(),
    }
}

settings! {
    /// How much a service is to bear.
    pub(crate) struct LoadFile {
        /// Flows begun a second; 0 begins one whenever one ends.
        pub(crate) rate: f64 = 0.0,
        /// Flows at the same time at most.
        pub(crate) concurrency: u32 = 50,
        /// How long to measure.
        pub(crate) duration: Duration = Duration::from_secs(10),
        /// How long to send before.
        pub(crate) warmup: Duration = Duration::from_secs(1),
        /// How the rate changes.
        pub(crate) profile: Shape = Shape::Constant,
        /// How flows are spaced.
        pub(crate) arrivals: Arrival = Arrival::Even,
        /// Repeats what is random.
        pub(crate) seed: u64 = 1,
    }
}

settings! {
    /// Agents of kefu, made by its admin.
    pub(crate) struct AgentsFile {
        /// So many.
        pub(crate) count: u32 = 0,
        /// What an agent does in every conversation that comes.
        pub(crate) steps: Groups<StepFile> = Groups::default(),
    }
}

settings! {
    /// What a caller does from beginning to end.
    pub(crate) struct FlowFile {
        /// Its name in the report.
        pub(crate) name: String = String::new(),
        /// How often, beside the others.
        pub(crate) weight: u32 = 1,
        /// One after the other; a flow ends at the first that fails.
        pub(crate) steps: Groups<StepFile> = Groups::default(),
    }
}

settings! {
    /// A step: one thing to do, and what belongs to it.
    pub(crate) struct StepFile {
        /// Its name in the report; else what it does.
        pub(crate) name: String = String::new(),
        /// A method and a path.
        pub(crate) request: String = String::new(),
        /// Header lines of a request or of the opening of a WebSocket.
        pub(crate) headers: Named<String> = Named::default(),
        /// The body of a request.
        pub(crate) body: String = String::new(),
        /// The status that the answer must have; without it any below 400.
        pub(crate) expect_status: Option<u16> = None,
        /// A text that must be in the answer.
        pub(crate) expect_body: String = String::new(),
        /// What to keep of the answer or the message: a JSON pointer such as `/id`, or of an answer `header:location`.
        pub(crate) capture: Named<String> = Named::default(),
        /// The path of a WebSocket to open.
        pub(crate) websocket: String = String::new(),
        /// The subprotocol to ask for.
        pub(crate) subprotocol: String = String::new(),
        /// A text to send over the WebSocket.
        pub(crate) send: String = String::new(),
        /// Waits for a message that has this text in it.
        pub(crate) receive: String = String::new(),
        /// Which WebSocket of the flow is meant, if there are several.
        pub(crate) socket: String = String::new(),
        /// Closes the WebSocket with this code; 0 breaks it off, as a lost network does.
        pub(crate) close: Option<u16> = None,
        /// Does nothing for so long, or between two times: `500ms`, `1s..3s`.
        pub(crate) think: String = String::new(),
        /// Opens kefu's widget in the inbox of this key, as a visitor, and connects.
        pub(crate) visit: String = String::new(),
        /// Says something in the conversation, and waits until it is durable.
        pub(crate) say: String = String::new(),
        /// Waits until what was said last has reached the other side.
        pub(crate) delivered: bool = false,
        /// Waits until the other side says something that has this text in it.
        pub(crate) hear: String = String::new(),
        /// Has read all that was heard.
        pub(crate) read: bool = false,
        /// Loses the connection, without a word.
        pub(crate) drop: bool = false,
        /// Connects again, and waits until all that was missed has come.
        pub(crate) resume: bool = false,
        /// Rates the conversation, from 1 to 5.
        pub(crate) rate: Option<u8> = None,
        /// Takes the conversation, if it waits for somebody.
        pub(crate) accept: bool = false,
        /// Ends the conversation.
        pub(crate) resolve: bool = false,
    }
}
