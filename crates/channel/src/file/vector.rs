//! Examples in a file, checked by `kefu adapt channel test`.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;

use super::{Kind, Method, Object};

/// One example: a request or an agent's message, and what must become of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Vector {
    /// What it shows.
    pub(in super::super) name: String,
    /// Values of secrets, made up or published; those that are not named get some.
    #[serde(default)]
    pub(in super::super) secrets: BTreeMap<String, String>,
    /// Values of settings.
    #[serde(default)]
    pub(in super::super) settings: BTreeMap<String, String>,
    /// When it is, in seconds since 1970.
    #[serde(default = "some_time")]
    pub(in super::super) now: i64,
    /// What the service sends.
    #[serde(default)]
    pub(in super::super) request: Option<FakeRequest>,
    /// A page that the service answers a pull with.
    #[serde(default)]
    pub(in super::super) pulled: Option<Json>,
    /// What an agent sends.
    #[serde(default)]
    pub(in super::super) send: Option<Message>,
    /// What an agent makes of a message that the service has.
    #[serde(default)]
    pub(in super::super) edit: Option<Message>,
    /// A message of an agent that is taken back.
    #[serde(default)]
    pub(in super::super) recall: Option<Message>,
    /// What the service answers that with.
    #[serde(default)]
    pub(in super::super) answer: Option<FakeAnswer>,
    /// Something covered, and what is beneath.
    #[serde(default)]
    pub(in super::super) decrypt: Option<DecryptVector>,
    /// What must become of it.
    #[serde(default)]
    pub(in super::super) expect: Expectation,
}

fn some_time() -> i64 {
    1_700_000_000
}

/// What the service sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct FakeRequest {
    /// How it asks.
    #[serde(default)]
    pub(in super::super) method: Method,
    /// Parameters of the address.
    #[serde(default)]
    pub(in super::super) query: BTreeMap<String, String>,
    /// Headers.
    #[serde(default)]
    pub(in super::super) headers: BTreeMap<String, String>,
    /// The body, byte for byte.
    #[serde(default)]
    pub(in super::super) body: Option<String>,
    /// The body, as a value; of SOAP and Thrift, `method` and `arguments` of the call.
    #[serde(default)]
    pub(in super::super) json: Option<Json>,
    /// Whether to cover and sign it as the service would.
    #[serde(default)]
    pub(in super::super) sign: bool,
}

/// What an agent sends.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Message {
    /// Whom to.
    pub(in super::super) to: String,
    /// Where to.
    #[serde(default)]
    pub(in super::super) thread: String,
    /// What it is.
    #[serde(default)]
    pub(in super::super) kind: Kind,
    /// Its text.
    #[serde(default)]
    pub(in super::super) text: String,
    /// Our name for it.
    #[serde(default = "some_id")]
    pub(in super::super) id: String,
    /// What the customer's message gave for it.
    #[serde(default)]
    pub(in super::super) context: Json,
    /// What the upload of its file gave.
    #[serde(default)]
    pub(in super::super) uploaded: Option<Json>,
    /// Where its file is.
    #[serde(default)]
    pub(in super::super) url: Option<String>,
    /// The service's name for it.
    #[serde(default)]
    pub(in super::super) sent: Option<String>,
}

fn some_id() -> String {
    "019a0000-0000-7000-8000-000000000001".to_owned()
}

/// What the service answers.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct FakeAnswer {
    /// The status.
    #[serde(default = "ok")]
    pub(in super::super) status: u16,
    /// Headers.
    #[serde(default)]
    pub(in super::super) headers: BTreeMap<String, String>,
    /// The body, as a value; of SOAP and Thrift, what the call returns, or a fault.
    #[serde(default)]
    pub(in super::super) json: Option<Json>,
    /// The body, byte for byte.
    #[serde(default)]
    pub(in super::super) body: Option<String>,
}

fn ok() -> u16 {
    200
}

/// Something covered, and what is beneath.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct DecryptVector {
    /// What is covered.
    #[serde(rename = "in")]
    pub(in super::super) input: String,
    /// What is beneath.
    pub(in super::super) out: String,
}

/// What must become of an example. What is not named is not looked at.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in super::super) struct Expectation {
    /// Whether the request is from the service.
    pub(in super::super) verified: Option<bool>,
    /// The status of the answer.
    pub(in super::super) status: Option<u16>,
    /// The body of the answer.
    pub(in super::super) reply: Option<String>,
    /// What the answer to a call of SOAP or Thrift says: `result` or `fault`.
    pub(in super::super) answer: Option<Json>,
    /// The messages, in order; of each, the members named.
    pub(in super::super) messages: Option<Vec<Object>>,
    /// The list to fetch.
    pub(in super::super) pull: Option<Object>,
    /// Where the next page begins.
    pub(in super::super) cursor: Option<String>,
    /// The request that sends the message.
    pub(in super::super) request: Option<ExpectedCall>,
    /// How many messages the text becomes.
    pub(in super::super) parts: Option<usize>,
    /// What the service's answer means: `sent`, `retry`, `refresh` or `failed`.
    pub(in super::super) outcome: Option<String>,
    /// The service's name for the message sent.
    pub(in super::super) id: Option<String>,
}

/// The request that sends a message; of its headers and of its JSON, the members named.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct ExpectedCall {
    /// Its whole address.
    #[serde(default)]
    pub(in super::super) url: Option<String>,
    /// Headers.
    #[serde(default)]
    pub(in super::super) headers: BTreeMap<String, String>,
    /// The body; of SOAP and Thrift, `method` and `arguments` of the call.
    #[serde(default)]
    pub(in super::super) json: Option<Json>,
    /// The body, of another format.
    #[serde(default)]
    pub(in super::super) body: Option<String>,
}
