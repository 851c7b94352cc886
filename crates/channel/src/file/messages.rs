//! `messages`: how messages are read from a body.

use serde::{Deserialize, Serialize};

use super::Span;
use crate::expression::{Condition, Node};

/// How messages are read from a body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Messages {
    /// The items in it; without this, the body is the item.
    #[serde(default)]
    pub(in super::super) each: Option<Node>,
    /// Which items are messages; the others are passed over.
    #[serde(default)]
    pub(in super::super) keep: Option<Condition>,
    /// What tells a message that comes twice.
    #[serde(default)]
    pub(in super::super) dedupe: Option<Dedupe>,
    /// What is read of each.
    pub(in super::super) map: Map,
}

/// What tells a message that comes twice.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Dedupe {
    /// Equal for the same message.
    pub(in super::super) key: Node,
    /// For how long the service may send it again.
    #[serde(default = "day")]
    pub(in super::super) ttl: Span,
}

pub(in super::super) fn day() -> Span {
    Span(86_400_000)
}

/// What is read of an item. Expressions see it as `item`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Map {
    /// The service's name for the message.
    pub(in super::super) external_id: Node,
    /// What holds a conversation together; without this, the sender's id.
    #[serde(default)]
    pub(in super::super) thread: Option<Node>,
    /// Who wrote it.
    pub(in super::super) sender: SenderMap,
    /// When, in milliseconds since 1970; without this, now.
    #[serde(default)]
    pub(in super::super) at: Option<Node>,
    /// What it is: the name of a kind.
    pub(in super::super) kind: Node,
    /// Its text.
    #[serde(default)]
    pub(in super::super) text: Option<Node>,
    /// What stands for it where it has no text.
    #[serde(default)]
    pub(in super::super) fallback: Option<Node>,
    /// The file in it; read for image, file, voice and video.
    #[serde(default)]
    pub(in super::super) media: Option<MediaMap>,
    /// The place in it; read for location.
    #[serde(default)]
    pub(in super::super) location: Option<LocationMap>,
    /// What happened; read for event.
    #[serde(default)]
    pub(in super::super) event: Option<Node>,
    /// The service's name for the message that it answers.
    #[serde(default)]
    pub(in super::super) reply_to: Option<Node>,
    /// Until when it may be answered, in milliseconds since 1970.
    #[serde(default)]
    pub(in super::super) reply_until: Option<Node>,
    /// What sending needs of it; expressions of `send` see it as `context`.
    #[serde(default)]
    pub(in super::super) context: Option<Node>,
}

/// Who wrote a message.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct SenderMap {
    /// The service's name for them, the one to rely on.
    pub(in super::super) id: Node,
    /// Other names for the same person, the stronger first; those that are not there are passed over.
    #[serde(default)]
    pub(in super::super) alt: Vec<Node>,
    /// What they call themselves.
    #[serde(default)]
    pub(in super::super) name: Option<Node>,
}

/// A file of a message.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct MediaMap {
    /// The service's name for it.
    #[serde(default)]
    pub(in super::super) id: Option<Node>,
    /// Where it is.
    #[serde(default)]
    pub(in super::super) url: Option<Node>,
    /// Its name.
    #[serde(default)]
    pub(in super::super) name: Option<Node>,
    /// Its type.
    #[serde(default)]
    pub(in super::super) mime: Option<Node>,
}

/// A place.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct LocationMap {
    /// Degrees north.
    pub(in super::super) latitude: Node,
    /// Degrees east.
    pub(in super::super) longitude: Node,
    /// What it is called.
    #[serde(default)]
    pub(in super::super) label: Option<Node>,
}

/// What a message is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A text.
    #[default]
    Text,
    /// A picture.
    Image,
    /// A file.
    File,
    /// A voice recording.
    Voice,
    /// A film.
    Video,
    /// A place.
    Location,
    /// Something that happened, such as a customer who opened the chat.
    Event,
    /// Something that only a text can stand for.
    Unknown,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::Text,
        Self::Image,
        Self::File,
        Self::Voice,
        Self::Video,
        Self::Location,
        Self::Event,
        Self::Unknown,
    ];

    /// Its name in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Image => "image",
            Self::File => "file",
            Self::Voice => "voice",
            Self::Video => "video",
            Self::Location => "location",
            Self::Event => "event",
            Self::Unknown => "unknown",
        }
    }

    /// The kind of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }

    /// Whether it comes with a file.
    #[must_use]
    pub fn has_media(self) -> bool {
        matches!(self, Self::Image | Self::File | Self::Voice | Self::Video)
    }
}
