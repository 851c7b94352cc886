//! The keys of a `channel.yaml`. What stands here is what may stand there, and nothing else.

mod call;
mod scalars;
mod vector;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

pub(super) use self::{
    call::{Body, Call, Fetch, Multipart, Poll, Retry, Send, Split, TokenCall},
    scalars::{Backoff, Bytes, FormatVersion, Identifier, Rate, Span},
    vector::{ExpectedCall, FakeRequest, Message, Vector},
};
use super::{
    expression::{Condition, Node},
    reference::{Reference, Template},
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

/// What is done with requests of the service.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Receive {
    /// What bodies are in.
    #[serde(default)]
    pub(super) format: Format,
    /// What proves that a request is from the service; all of these must hold that are for its method.
    pub(super) verify: Vec<Verify>,
    /// What takes the cover off the body, or off a parameter.
    #[serde(default)]
    pub(super) decrypt: Vec<Decrypt>,
    /// Requests that are answered on the spot; the first that fits.
    #[serde(default)]
    pub(super) handshake: Vec<Handshake>,
    /// With `pull`: what a request says about messages that are to be fetched.
    #[serde(default)]
    pub(super) notice: Option<Notice>,
    /// What all other requests are answered; without this, an empty 200.
    #[serde(default)]
    pub(super) reply: Option<ReplyRule>,
}

/// What a request says about messages that are to be fetched.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Notice {
    /// Whether it says so at all.
    #[serde(default)]
    pub(super) when: Option<Condition>,
    /// Which list; each has a cursor of its own.
    pub(super) list: Node,
    /// What the requests need; expressions of `pull` see it as `notice`.
    #[serde(default)]
    pub(super) values: Option<Node>,
}

/// What bytes are in.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Format {
    /// JSON.
    #[default]
    Json,
    /// XML; the root's name is left out.
    Xml,
    /// `a=1&b=2`.
    Form,
    /// A text.
    Text,
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
}

impl Method {
    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }
}

/// One proof; exactly one of its keys besides `on` is there.
#[derive(Debug, Deserialize)]
#[serde(try_from = "VerifyKeys")]
pub(super) struct Verify {
    pub(super) on: Option<Method>,
    pub(super) proof: Proof,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct VerifyKeys {
    #[serde(default)]
    on: Option<Method>,
    #[serde(default)]
    sha1_sorted: Option<Sha1Sorted>,
    #[serde(default)]
    hash: Option<Hash>,
    #[serde(default)]
    hmac: Option<Hmac>,
    #[serde(default, rename = "static")]
    fixed: Option<Fixed>,
    #[serde(default)]
    basic: Option<Basic>,
    #[serde(default)]
    standard_webhooks: Option<StandardWebhooks>,
    #[serde(default)]
    fresh: Option<Fresh>,
}

impl TryFrom<VerifyKeys> for Verify {
    type Error = &'static str;

    fn try_from(keys: VerifyKeys) -> Result<Self, Self::Error> {
        let VerifyKeys { on, sha1_sorted, hash, hmac, fixed, basic, standard_webhooks, fresh } = keys;
        let proofs = [
            sha1_sorted.map(Proof::Sha1Sorted),
            hash.map(Proof::Hash),
            hmac.map(Proof::Hmac),
            fixed.map(Proof::Static),
            basic.map(Proof::Basic),
            standard_webhooks.map(Proof::StandardWebhooks),
            fresh.map(Proof::Fresh),
        ];
        let mut proofs = proofs.into_iter().flatten();
        match (proofs.next(), proofs.next()) {
            (Some(proof), None) => Ok(Self { on, proof }),
            _ => Err("each proof is one of sha1_sorted, hash, hmac, static, basic, standard_webhooks, fresh"),
        }
    }
}

/// What proves that a request is from the service.
#[derive(Debug)]
pub(super) enum Proof {
    Sha1Sorted(Sha1Sorted),
    Hash(Hash),
    Hmac(Hmac),
    Static(Fixed),
    Basic(Basic),
    StandardWebhooks(StandardWebhooks),
    Fresh(Fresh),
}

/// SHA-1 over the parts in the order of their bytes, in hexadecimal, as WeChat has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sha1Sorted {
    /// The parts.
    pub(super) parts: Vec<Reference>,
    /// Where the digest is.
    pub(super) equals: Reference,
}

/// A digest over a text in which the secret is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hash {
    /// Which digest.
    #[serde(default)]
    pub(super) alg: Algorithm,
    /// What it is over.
    pub(super) over: Template,
    /// How it is written.
    #[serde(default)]
    pub(super) encode: Encoding,
    /// What stands before it.
    #[serde(default)]
    pub(super) prefix: String,
    /// Where it is.
    pub(super) equals: Reference,
}

/// A digest with a key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hmac {
    /// Which digest.
    #[serde(default)]
    pub(super) alg: Algorithm,
    /// The key.
    pub(super) key: Reference,
    /// What it is over.
    pub(super) over: Template,
    /// How it is written.
    #[serde(default)]
    pub(super) encode: Encoding,
    /// What stands before it.
    #[serde(default)]
    pub(super) prefix: String,
    /// Where it is.
    pub(super) equals: Reference,
}

/// A value that only the service knows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fixed {
    /// Where it is.
    pub(super) value: Reference,
    /// What it is.
    pub(super) equals: Reference,
}

/// HTTP Basic authentication.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Basic {
    /// The name.
    pub(super) user: Reference,
    /// The password.
    pub(super) password: Reference,
}

/// Signatures as <https://www.standardwebhooks.com> describes them, with times within 5 minutes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StandardWebhooks {
    /// The key, as `whsec_…` or in base64.
    pub(super) key: Reference,
}

/// A time that must be near; it proves nothing without a signature over it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Fresh {
    /// Where the time is.
    pub(super) value: Reference,
    /// What it counts since 1970.
    #[serde(default)]
    pub(super) unit: Unit,
    /// How far it may be from now, either way.
    pub(super) within: Span,
}

/// What a time counts.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
pub(super) enum Unit {
    /// Seconds.
    #[default]
    #[serde(rename = "s")]
    Seconds,
    /// Milliseconds.
    #[serde(rename = "ms")]
    Milliseconds,
}

/// Digests.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Algorithm {
    /// SHA-1, for services that know nothing better.
    Sha1,
    /// SHA-256.
    #[default]
    Sha256,
    /// SHA-512.
    Sha512,
}

/// How a digest is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Encoding {
    /// In hexadecimal.
    #[default]
    Hex,
    /// In base64.
    Base64,
}

/// What takes a cover off; exactly one of `wx_aes` and `feishu_aes` is there.
#[derive(Debug, Deserialize)]
#[serde(try_from = "DecryptKeys")]
pub(super) struct Decrypt {
    pub(super) on: Option<Method>,
    /// What is beneath; expressions see it as `body`.
    pub(super) format: Option<Format>,
    pub(super) cipher: Cipher,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DecryptKeys {
    #[serde(default)]
    on: Option<Method>,
    #[serde(default)]
    format: Option<Format>,
    #[serde(default)]
    wx_aes: Option<WxAes>,
    #[serde(default)]
    feishu_aes: Option<FeishuAes>,
}

impl TryFrom<DecryptKeys> for Decrypt {
    type Error = &'static str;

    fn try_from(keys: DecryptKeys) -> Result<Self, Self::Error> {
        let DecryptKeys { on, format, wx_aes, feishu_aes } = keys;
        let cipher = match (wx_aes, feishu_aes) {
            (Some(cipher), None) => Cipher::Wx(cipher),
            (None, Some(cipher)) => Cipher::Feishu(cipher),
            _ => return Err("each cover is one of wx_aes and feishu_aes"),
        };
        Ok(Self { on, format, cipher })
    }
}

/// How something is covered.
#[derive(Debug)]
pub(super) enum Cipher {
    Wx(WxAes),
    Feishu(FeishuAes),
}

/// The cover of WeChat, WeCom and DingTalk: AES-256-CBC over random bytes, a length, the text and a name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WxAes {
    /// What is covered.
    pub(super) field: Reference,
    /// The `EncodingAESKey` of 43 characters.
    pub(super) key: Reference,
    /// The name that must stand beneath: the app's or the company's id.
    pub(super) id: Reference,
}

/// The cover of Feishu: AES-256-CBC with the key's SHA-256, after its initial vector.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FeishuAes {
    /// What is covered.
    pub(super) field: Reference,
    /// The key, as the operator has it.
    pub(super) key: Reference,
}

/// A request that is answered on the spot.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Handshake {
    /// Its method.
    #[serde(default)]
    pub(super) on: Method,
    /// What makes it one; without this, its method alone.
    #[serde(default)]
    pub(super) when: Option<Condition>,
    /// What proves it in the place of `receive.verify`, for services that do not sign it; references to `body`
    /// see it without its cover.
    #[serde(default)]
    pub(super) verify: Vec<Verify>,
    /// What it is answered.
    pub(super) reply: ReplyRule,
}

/// What a request is answered.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ReplyRule {
    /// The status.
    pub(super) status: u16,
    /// A text.
    pub(super) text: Option<Node>,
    /// A value.
    pub(super) json: Option<Node>,
}

impl ReplyRule {
    /// An empty 200.
    pub(super) const EMPTY: Self = Self { status: 200, text: None, json: None };
}

impl Default for ReplyRule {
    fn default() -> Self {
        Self::EMPTY
    }
}

/// How messages are read from a body.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Messages {
    /// The items in it; without this, the body is the item.
    #[serde(default)]
    pub(super) each: Option<Node>,
    /// Which items are messages; the others are passed over.
    #[serde(default)]
    pub(super) keep: Option<Condition>,
    /// What tells a message that comes twice.
    #[serde(default)]
    pub(super) dedupe: Option<Dedupe>,
    /// What is read of each.
    pub(super) map: Map,
}

/// What tells a message that comes twice.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dedupe {
    /// Equal for the same message.
    pub(super) key: Node,
    /// For how long the service may send it again.
    #[serde(default = "day")]
    pub(super) ttl: Span,
}

pub(super) fn day() -> Span {
    Span(86_400_000)
}

/// What is read of an item. Expressions see it as `item`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Map {
    /// The service's name for the message.
    pub(super) external_id: Node,
    /// What holds a conversation together; without this, the sender's id.
    #[serde(default)]
    pub(super) thread: Option<Node>,
    /// Who wrote it.
    pub(super) sender: SenderMap,
    /// When, in milliseconds since 1970; without this, now.
    #[serde(default)]
    pub(super) at: Option<Node>,
    /// What it is: the name of a kind.
    pub(super) kind: Node,
    /// Its text.
    #[serde(default)]
    pub(super) text: Option<Node>,
    /// What stands for it where it has no text.
    #[serde(default)]
    pub(super) fallback: Option<Node>,
    /// The file in it; read for image, file, voice and video.
    #[serde(default)]
    pub(super) media: Option<MediaMap>,
    /// The place in it; read for location.
    #[serde(default)]
    pub(super) location: Option<LocationMap>,
    /// What happened; read for event.
    #[serde(default)]
    pub(super) event: Option<Node>,
    /// The service's name for the message that it answers.
    #[serde(default)]
    pub(super) reply_to: Option<Node>,
    /// Until when it may be answered, in milliseconds since 1970.
    #[serde(default)]
    pub(super) reply_until: Option<Node>,
    /// What sending needs of it; expressions of `send` see it as `context`.
    #[serde(default)]
    pub(super) context: Option<Node>,
}

/// Who wrote a message.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SenderMap {
    /// The service's name for them, the one to rely on.
    pub(super) id: Node,
    /// Other names for the same person, the stronger first; those that are not there are passed over.
    #[serde(default)]
    pub(super) alt: Vec<Node>,
    /// What they call themselves.
    #[serde(default)]
    pub(super) name: Option<Node>,
}

/// A file of a message.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MediaMap {
    /// The service's name for it.
    #[serde(default)]
    pub(super) id: Option<Node>,
    /// Where it is.
    #[serde(default)]
    pub(super) url: Option<Node>,
    /// Its name.
    #[serde(default)]
    pub(super) name: Option<Node>,
    /// Its type.
    #[serde(default)]
    pub(super) mime: Option<Node>,
}

/// A place.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LocationMap {
    /// Degrees north.
    pub(super) latitude: Node,
    /// Degrees east.
    pub(super) longitude: Node,
    /// What it is called.
    #[serde(default)]
    pub(super) label: Option<Node>,
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
