//! `receive`: what is done with requests of a service.

use serde::Deserialize;

use super::{Decrypt, Verify};
use crate::expression::{Condition, Node};

/// What is done with requests of the service.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Receive {
    /// What bodies are in.
    #[serde(default)]
    pub(in super::super) format: Format,
    /// What proves that a request is from the service; all of these must hold that are for its method.
    pub(in super::super) verify: Vec<Verify>,
    /// What takes the cover off the body, or off a parameter.
    #[serde(default)]
    pub(in super::super) decrypt: Vec<Decrypt>,
    /// Requests that are answered on the spot; the first that fits.
    #[serde(default)]
    pub(in super::super) handshake: Vec<Handshake>,
    /// With `pull`: what a request says about messages that are to be fetched.
    #[serde(default)]
    pub(in super::super) notice: Option<Notice>,
    /// What all other requests are answered; without this, an empty 200.
    #[serde(default)]
    pub(in super::super) reply: Option<ReplyRule>,
}

/// What a request says about messages that are to be fetched.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Notice {
    /// Whether it says so at all.
    #[serde(default)]
    pub(in super::super) when: Option<Condition>,
    /// Which list; each has a cursor of its own.
    pub(in super::super) list: Node,
    /// What the requests need; expressions of `pull` see it as `notice`.
    #[serde(default)]
    pub(in super::super) values: Option<Node>,
}

/// What bytes are in.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum Format {
    /// JSON.
    #[default]
    Json,
    /// XML; the root's name is left out.
    Xml,
    /// `a=1&b=2`.
    Form,
    /// A text.
    Text,
    /// A call of SOAP, by the description that `schema` names.
    Soap,
    /// A call of Thrift, by the interface file that `schema` names.
    Thrift,
}

/// How a request asks.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    /// For something.
    Get,
    /// To take something.
    #[default]
    Post,
    /// To take something in the place of what is there.
    Put,
    /// To change something.
    Patch,
    /// To take something away.
    Delete,
}

impl Method {
    const ALL: [Self; 5] = [Self::Get, Self::Post, Self::Put, Self::Patch, Self::Delete];

    /// The method of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == name)
    }

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// A request that is answered on the spot.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Handshake {
    /// Its method.
    #[serde(default)]
    pub(in super::super) on: Method,
    /// What makes it one; without this, its method alone.
    #[serde(default)]
    pub(in super::super) when: Option<Condition>,
    /// What proves it in the place of `receive.verify`, for services that do not sign it; references to `body`
    /// see it without its cover.
    #[serde(default)]
    pub(in super::super) verify: Vec<Verify>,
    /// What it is answered.
    pub(in super::super) reply: ReplyRule,
}

/// What a request is answered.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(in super::super) struct ReplyRule {
    /// The status.
    pub(in super::super) status: u16,
    /// A text.
    pub(in super::super) text: Option<Node>,
    /// A value.
    pub(in super::super) json: Option<Node>,
    /// Of SOAP and Thrift: what the call returns, or a fault.
    pub(in super::super) result: Option<Node>,
}

impl ReplyRule {
    /// An empty 200.
    pub(in super::super) const EMPTY: Self = Self { status: 200, text: None, json: None, result: None };
}

impl Default for ReplyRule {
    fn default() -> Self {
        Self::EMPTY
    }
}
