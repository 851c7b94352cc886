use std::{collections::BTreeMap, fmt};

use serde_json::Value;

use super::{Fault, Kind, Method};

/// A request as it came from a service.
#[derive(Clone, Copy, Debug)]
pub struct Request<'r> {
    /// How it asks.
    pub method: Method,
    /// What follows the `?` of its address, as it came.
    pub query: &'r str,
    /// Its headers, in any case; of equal names the first counts.
    pub headers: &'r [(String, String)],
    /// Its body, as it came.
    pub body: &'r [u8],
}

/// The values of a channel's secrets and settings, by the names that its file gives them.
#[derive(Clone, Default)]
pub struct Given {
    /// What nobody may see.
    pub secrets: BTreeMap<String, String>,
    /// What may be shown, such as an address.
    pub settings: BTreeMap<String, String>,
}

impl fmt::Debug for Given {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secrets: Vec<_> = self.secrets.keys().collect();
        out.debug_struct("Given").field("secrets", &secrets).field("settings", &self.settings).finish()
    }
}

/// What became of a request: what to answer, and what to do before answering.
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    /// What to answer, once all below is durable.
    pub reply: Reply,
    /// Why it is answered so.
    pub verdict: Verdict,
    /// The messages in it.
    pub messages: Vec<Inbound>,
    /// Items that could not be read; whoever keeps them should keep the request's body too.
    pub refused: Vec<Refused>,
    /// What to fetch, if the request only tells that there is something.
    pub pull: Option<Pull>,
}

/// Why a request is answered as it is.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Verdict {
    /// It is verified, and its messages are read.
    Accepted,
    /// It asked for a proof that the address is right, and gets it.
    Handshake,
    /// It is not from the service, is too old, or cannot be decrypted. The reason is for the log alone.
    Unverified(String),
    /// It is from the service and cannot be read.
    Malformed(Fault),
    /// It is larger than the file allows.
    TooLarge,
    /// It asks in a way that the file does not know.
    WrongMethod,
    /// A secret or a setting has no value.
    NotSetUp(Fault),
}

/// What a request is answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The type of the body.
    pub content_type: &'static str,
    /// The body.
    pub body: Vec<u8>,
}

/// A message of a customer.
#[derive(Clone, Debug, PartialEq)]
pub struct Inbound {
    /// Two messages with the same key are one.
    pub dedupe: String,
    /// The service's name for it.
    pub external_id: String,
    /// What holds a conversation together at the service; where to send answers.
    pub thread: String,
    /// Who wrote it.
    pub sender: Sender,
    /// When it was written, in milliseconds since 1970.
    pub at_ms: i64,
    /// What it is.
    pub kind: Kind,
    /// Its text; of other kinds than text, what stands for it.
    pub text: String,
    /// The file in it.
    pub media: Option<Media>,
    /// The place in it.
    pub location: Option<Location>,
    /// What happened, of [`Kind::Event`].
    pub event: Option<String>,
    /// The service's name for the message that it answers.
    pub reply_to: Option<String>,
    /// Until when it may be answered, in milliseconds since 1970, where the service says so with each message.
    pub reply_until_ms: Option<i64>,
    /// What to give back with answers in this thread, such as an address that the service gave.
    pub context: Value,
}

/// Who wrote a message.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Sender {
    /// The service's name for them.
    pub id: String,
    /// Other names for the same person, the stronger first.
    pub alt: Vec<String>,
    /// What they call themselves.
    pub name: Option<String>,
}

/// A file of a message.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Media {
    /// The service's name for it.
    pub id: Option<String>,
    /// Where it is, if that is all it takes.
    pub url: Option<String>,
    /// Its name.
    pub name: Option<String>,
    /// Its type.
    pub mime: Option<String>,
}

/// A place.
#[derive(Clone, Debug, PartialEq)]
pub struct Location {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// What it is called.
    pub label: Option<String>,
}

/// An item that is no message because the file cannot make one of it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Refused {
    /// Its place among the items, from 0.
    pub index: usize,
    /// Why.
    pub fault: Fault,
}

/// A list of messages that is to be fetched from where it was left off.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pull {
    /// Which list: the host keeps one durable cursor for each.
    pub list: String,
    /// What the service said about it.
    pub notice: Value,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Pulled {
    /// The messages in it.
    pub messages: Vec<Inbound>,
    /// Items that could not be read.
    pub refused: Vec<Refused>,
    /// Where to go on; to be written down together with the messages.
    pub cursor: Option<String>,
    /// Whether there is more now.
    pub more: bool,
}

/// A message of an agent.
#[derive(Clone, Debug, Default)]
pub struct Outbound {
    /// Our name for it, the same each time it is tried.
    pub id: String,
    /// Whom it is for: [`Sender::id`].
    pub to: String,
    /// Where it belongs: [`Inbound::thread`].
    pub thread: String,
    /// [`Inbound::context`] of the newest message of the thread.
    pub context: Value,
    /// What it is.
    pub kind: Kind,
    /// Its text.
    pub text: String,
    /// The file in it; [`Media::url`] is where the service can get it, if the host gives it away.
    pub media: Option<Media>,
    /// What [`Channel::uploaded`](super::Channel::uploaded) returned.
    pub uploaded: Option<Value>,
    /// The service's name for it, once it has it: what [`Channel::sent`](super::Channel::sent) returned.
    pub sent: Option<String>,
}

/// Values that requests need and that the service gives for some time, by name.
pub type Tokens = BTreeMap<String, Token>;

/// A value that the service gave for some time.
#[derive(Clone, Eq, PartialEq)]
pub struct Token {
    /// The value.
    pub value: String,
    /// When to get a new one, in milliseconds since 1970: at four fifths of its life.
    pub renew_at_ms: i64,
}

impl fmt::Debug for Token {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Token").field("renew_at_ms", &self.renew_at_ms).finish_non_exhaustive()
    }
}

/// A request to make.
#[derive(Clone, Eq, PartialEq)]
pub struct HttpRequest {
    /// How it asks.
    pub method: Method,
    /// The whole address; its host is one that the file names.
    pub url: String,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Where in the body the bytes of the message's file belong.
    pub file_at: Option<usize>,
}

impl fmt::Debug for HttpRequest {
    // Addresses, headers and bodies have secrets in them.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { method, body, file_at, .. } = self;
        let (method, bytes) = (method.as_str(), body.len());
        out.debug_struct("HttpRequest")
            .field("method", &method)
            .field("bytes", &bytes)
            .field("file_at", file_at)
            .finish_non_exhaustive()
    }
}

/// What a service answered.
#[derive(Clone, Debug)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// Its headers, in any case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// The request that comes next on the way to something.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Next {
    /// A token is missing or old: make this request, give its answer to
    /// [`Channel::token`](super::Channel::token), keep the token and ask again.
    Token {
        /// The token's name.
        name: String,
        /// The request.
        request: HttpRequest,
    },
    /// The file goes first: make this request, give its answer to
    /// [`Channel::uploaded`](super::Channel::uploaded), put the value into the message and ask again.
    Upload(HttpRequest),
    /// The request itself.
    Call(HttpRequest),
}

/// Why a request did not do what it was for, and what to do about it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Refusal {
    /// Try again later.
    Retry {
        /// In how many milliseconds.
        after_ms: u64,
        /// Why.
        reason: String,
    },
    /// Forget these tokens and try again now.
    RefreshTokens {
        /// Their names.
        names: Vec<String>,
    },
    /// The service does not take it, and will not.
    Failed {
        /// Why, in the service's words where it said something.
        reason: String,
    },
}

/// What one step on the way to a file's bytes gave.
#[derive(Clone, Debug, PartialEq)]
pub enum Fetched {
    /// What the next step needs.
    Value(Value),
    /// The body of the answer is the file.
    File,
}

/// How many messages may answer a customer, and for how long.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Window {
    /// Milliseconds after the customer's last message; `None` is for ever.
    pub within_ms: Option<u64>,
    /// Messages after each of the customer's.
    pub messages: Option<u32>,
}
