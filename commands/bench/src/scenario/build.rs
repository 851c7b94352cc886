//! What a scenario means, found out and checked before anything is opened.

mod step;

pub(super) use step::{Action, Capture, Chat, Step};

use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

use kefu_app::{Effective, Failure, Text};

use super::{
    data::{self, Row},
    file::{AgentsFile, ScenarioFile, StepFile},
    template::BUILT_IN,
};
use crate::threshold::Threshold;

const FLOWS_MAX: usize = 100;
const STEPS_MAX: usize = 1000;
const AGENTS_MAX: u32 = 1000;

/// What callers do, and with what.
#[derive(Debug)]
pub(super) struct Scenario {
    pub(super) variables: HashMap<String, String>,
    pub(super) data: Vec<Vec<Row>>,
    pub(super) flows: Vec<Flow>,
    pub(super) agents: u32,
    /// What agents do in a conversation.
    pub(super) attendance: Flow,
    pub(super) thresholds: Vec<Threshold>,
}

impl Scenario {
    /// Whether agents take what waits for anybody.
    pub(super) fn has_accept(&self) -> bool {
        self.attendance.steps.iter().any(|step| matches!(step.action, Action::Chat(Chat::Accept)))
    }

    /// Whether visitors and agents of kefu take part.
    pub(super) fn has_chat(&self) -> bool {
        let steps = self.flows.iter().flat_map(|flow| &flow.steps);
        self.agents > 0 || steps.into_iter().any(|step| matches!(step.action, Action::Visit(_)))
    }
}

#[derive(Debug)]
pub(super) struct Flow {
    pub(super) name: String,
    pub(super) weight: u32,
    pub(super) steps: Vec<Step>,
}

/// Where in the file something stands, for messages.
struct Place<'a> {
    file: &'a Effective<ScenarioFile>,
    path: String,
}

impl Place<'_> {
    fn reject(&self, key: &str, en: impl Into<String>, zh: impl Into<String>) -> Failure {
        self.file.reject(&format!("{}.{key}", self.path), Text::new(en, zh))
    }
}

/// Builds a scenario from its file; `given` goes before its variables, and paths start from `base`.
pub(super) fn build(
    file: &Effective<ScenarioFile>,
    base: &Path,
    given: &[(String, String)],
) -> Result<Scenario, Failure> {
    let mut variables: HashMap<String, String> =
        file.variables.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect();
    for (name, value) in given {
        if variables.insert(name.clone(), value.clone()).is_none() {
            let known: Vec<_> = file.variables.iter().map(|(name, _)| name).collect();
            let known = known.join(", ");
            return Err(crate::usage(
                format!("cannot set `{name}`: the scenario has the variables {known}"),
                format!("无法设置 `{name}`: 场景中的变量有 {known}"),
            ));
        }
    }
    let mut known: HashSet<String> = BUILT_IN.iter().map(|name| (*name).to_owned()).collect();
    known.extend(variables.keys().cloned());
    let mut rows = Vec::new();
    for (name, path) in file.data.iter() {
        let read = data::read(name, &base.join(path)).map_err(|error| {
            file.reject(&format!("data.{name}"), Text::from(format!("{}: {error}", path.display())))
        })?;
        known.extend(read.iter().flat_map(|row| row.keys().cloned()));
        rows.push(read);
    }
    let count = file.flows.iter().count();
    if !(1..=FLOWS_MAX).contains(&count) {
        let text = Text::new(
            format!("must have from 1 to {FLOWS_MAX} flows"),
            format!("必须有 1 到 {FLOWS_MAX} 个流程"),
        );
        return Err(file.reject("flows", text));
    }
    let flows = file.flows.iter().enumerate();
    let flows = flows.map(|(index, flow)| {
        let name = if flow.name.is_empty() { format!("flow {}", index + 1) } else { flow.name.clone() };
        let place = Place { file, path: format!("flows.{index}") };
        if flow.steps.iter().next().is_none() {
            return Err(steps_count(&place));
        }
        let steps = build_steps(&place, &name, &mut flow.steps.iter(), known.clone(), Part::Caller)?;
        Ok(Flow { name, weight: flow.weight, steps })
    });
    let flows = flows.collect::<Result<Vec<_>, _>>()?;
    if flows.iter().all(|flow| flow.weight == 0) {
        return Err(file.reject("flows", Text::new("must not all have the weight 0", "权重不能全为 0")));
    }
    let place = Place { file, path: "agents".into() };
    let AgentsFile { count: agents, steps } = &file.agents;
    if *agents == 0 && steps.iter().next().is_some() {
        return Err(place.reject("count", "must say how many agents there are", "必须说明有多少客服"));
    }
    if *agents > AGENTS_MAX {
        let (en, zh) = (format!("must be at most {AGENTS_MAX}"), format!("不能超过 {AGENTS_MAX}"));
        return Err(place.reject("count", en, zh));
    }
    let known = known.into_iter().chain(["conversation".to_owned()]).collect();
    let steps = build_steps(&place, "agent", &mut steps.iter(), known, Part::Agent)?;
    let attendance = Flow { name: "agent".into(), weight: 0, steps };
    let thresholds = file.thresholds.iter().map(|text| {
        text.parse().map_err(|error| file.reject("thresholds", Text::from(format!("`{text}`, {error}"))))
    });
    let thresholds = thresholds.collect::<Result<_, _>>()?;
    Ok(Scenario { variables, data: rows, flows, agents: *agents, attendance, thresholds })
}

fn steps_count(place: &Place<'_>) -> Failure {
    place.reject(
        "steps",
        format!("must have from 1 to {STEPS_MAX} steps"),
        format!("必须有 1 到 {STEPS_MAX} 个步骤"),
    )
}

/// Whose steps they are.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Part {
    Caller,
    Agent,
}

fn build_steps(
    place: &Place<'_>,
    flow: &str,
    steps: &mut dyn Iterator<Item = &StepFile>,
    mut known: HashSet<String>,
    part: Part,
) -> Result<Vec<Step>, Failure> {
    let (mut built, mut order) = (Vec::new(), Order::new(part));
    for (number, step) in steps.enumerate() {
        if number == STEPS_MAX {
            return Err(steps_count(place));
        }
        let place = Place { file: place.file, path: format!("{}.steps.{number}", place.path) };
        let step = step::build(&place, flow, step, &known)?;
        order.follow(&step.action).map_err(|text| place.file.reject(&place.path, text))?;
        known.extend(step.captures.iter().map(|(name, _)| name.clone()));
        if let Action::Visit(_) = step.action {
            known.extend(["token", "conversation"].map(str::to_owned));
        }
        built.push(step);
    }
    Ok(built)
}

/// What there is to act on between two steps.
struct Order {
    part: Part,
    /// WebSockets that are open, by name.
    sockets: HashSet<String>,
    /// Whether there is a conversation of kefu, and the connection to it.
    has_seat: bool,
    is_away: bool,
}

impl Order {
    fn new(part: Part) -> Self {
        Self { part, sockets: HashSet::new(), has_seat: part == Part::Agent, is_away: false }
    }

    /// Goes on to a step, if it can come here.
    fn follow(&mut self, action: &Action) -> Result<(), Text> {
        let is_agent = self.part == Part::Agent;
        match action {
            Action::Request { .. } | Action::Think(..) => Ok(()),
            Action::Open { on, .. } => {
                self.sockets.insert(on.clone());
                Ok(())
            }
            Action::Send { on, .. } | Action::Receive { on, .. } if self.sockets.contains(on) => Ok(()),
            Action::Close { on, .. } if self.sockets.remove(on) => Ok(()),
            Action::Send { .. } | Action::Receive { .. } | Action::Close { .. } => Err(Text::new(
                "must come after a step that opens a `websocket`",
                "必须位于打开 `websocket` 的步骤之后",
            )),
            Action::Visit(_) if is_agent || self.has_seat => {
                Err(Text::new("must come first in a flow, and once", "必须是流程的第一步, 且只有一次"))
            }
            Action::Visit(_) => {
                self.has_seat = true;
                Ok(())
            }
            Action::Chat(_) if !self.has_seat => {
                Err(Text::new("must come after a step with `visit`", "必须位于含 `visit` 的步骤之后"))
            }
            Action::Chat(chat) => self.follow_chat(chat.kind(), is_agent),
        }
    }

    fn follow_chat(&mut self, kind: step::Kind, is_agent: bool) -> Result<(), Text> {
        use step::Kind;

        match kind {
            Kind::Drop | Kind::Resume | Kind::Rate if is_agent => {
                Err(Text::new("is for visitors, in `flows`", "只用于访客 (`flows`)"))
            }
            Kind::Accept | Kind::Resolve if !is_agent => {
                Err(Text::new("is for agents, in `agents.steps`", "只用于客服 (`agents.steps`)"))
            }
            Kind::Resume if !self.is_away => {
                Err(Text::new("must come after a step with `drop`", "必须位于含 `drop` 的步骤之后"))
            }
            Kind::Talk | Kind::Drop if self.is_away => {
                Err(Text::new("must come after a step with `resume`", "必须位于含 `resume` 的步骤之后"))
            }
            Kind::Drop | Kind::Resume => {
                self.is_away = kind == Kind::Drop;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
