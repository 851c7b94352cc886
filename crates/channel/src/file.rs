//! The keys of a `channel.yaml`. What stands here is what may stand there, and nothing else.

mod call;
mod messages;
mod proofs;
mod receive;
mod scalars;
mod schema;
mod vector;

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value as Json;

pub use self::{messages::Kind, receive::Method};

pub(super) use self::{
    call::{Amend, Body, Call, Fetch, Invocation, Multipart, Poll, Retry, Send, Split, Test, TokenCall},
    messages::{Map, Messages, day},
    proofs::{
        Algorithm, Basic, Cipher, Decrypt, Encoding, FeishuAes, Fixed, Fresh, Hash, Hmac, Proof, Sha1Sorted,
        StandardWebhooks, Unit, Verify, WxAes,
    },
    receive::{Format, Handshake, Receive, ReplyRule},
    scalars::{Backoff, Bytes, FormatVersion, Identifier, Rate, Span},
    schema::{SchemaRule, SoapVersion, ThriftProtocol},
    vector::{ExpectedCall, FakeRequest, Message, Vector},
};

/// A channel as its file describes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// The version of the format: 1.
    #[serde(rename = "kefu_channel")]
    pub(super) _version: FormatVersion,
    /// Its name in addresses and settings: small letters, digits and `-`.
    pub(super) id: Identifier,
    /// Its name for people.
    pub(super) name: String,
    /// What the operator must know before using it.
    #[serde(default)]
    pub(super) about: Option<String>,
    /// Whether it is on where nobody turned it on or off.
    #[serde(default = "yes")]
    pub(super) enabled: bool,
    /// Where requests may go: hosts, `host:port`, or `setting.NAME` for the origin of an address in a setting.
    #[serde(default)]
    pub(super) hosts: Vec<String>,
    /// Names of values that nobody may see.
    #[serde(default)]
    pub(super) secrets: Vec<Identifier>,
    /// Names of values that may be shown.
    #[serde(default)]
    pub(super) settings: Vec<Identifier>,
    /// The description of a system that speaks SOAP or Thrift.
    #[serde(default)]
    pub(super) schema: Option<SchemaRule>,
    /// What is done with requests of the service.
    #[serde(default)]
    pub(super) receive: Option<Receive>,
    /// How messages are fetched, for services that only tell that there are some, or not even that.
    #[serde(default)]
    pub(super) pull: Option<Poll>,
    /// How messages are read from a body.
    #[serde(default)]
    pub(super) messages: Option<Messages>,
    /// Values that requests need and that the service gives for some time.
    #[serde(default)]
    pub(super) tokens: BTreeMap<String, TokenCall>,
    /// How messages are sent, by kind.
    #[serde(default)]
    pub(super) send: BTreeMap<Kind, Send>,
    /// How the service is told that the text of a message is another one.
    #[serde(default)]
    pub(super) edit: Option<Amend>,
    /// How the service is told that a message is taken back.
    #[serde(default)]
    pub(super) recall: Option<Amend>,
    /// What is asked to find out whether the values are good; it changes nothing.
    #[serde(default)]
    pub(super) check: Option<Test>,
    /// How the bytes of a file are fetched: requests, of which the last one answers with them.
    #[serde(default)]
    pub(super) fetch: Vec<Fetch>,
    /// How many messages may answer a customer, and for how long.
    #[serde(default)]
    pub(super) window: WindowRule,
    /// What a request may cost.
    #[serde(default)]
    pub(super) limits: LimitRules,
    /// Examples that are checked by `kefu adapt channel test`.
    #[serde(default)]
    pub(super) test: Vec<Vector>,
}

fn yes() -> bool {
    true
}

/// How many messages may answer a customer, and for how long.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WindowRule {
    /// How long after the customer's last message.
    #[serde(default)]
    pub(super) within: Option<Span>,
    /// How many after each of the customer's.
    #[serde(default)]
    pub(super) messages: Option<u32>,
}

/// What a request may cost.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct LimitRules {
    /// Bytes of a body, of either side.
    pub(super) body: Bytes,
    /// Items of a body.
    pub(super) items: usize,
    /// Bytes of a text that is read or sent.
    pub(super) text: Bytes,
    /// How often the service may be asked.
    pub(super) rate: Option<Rate>,
}

impl Default for LimitRules {
    fn default() -> Self {
        Self { body: Bytes(1 << 20), items: 1_000, text: Bytes(64 << 10), rate: None }
    }
}

pub(super) type Object = BTreeMap<String, Json>;
