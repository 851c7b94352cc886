//! Events as CloudEvents 1.0 in JSON, structured mode.
//!
//! <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md>

use std::borrow::Cow;

use kefu_core::Micros;
use kefu_protocol::frame::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{Event, EventError};

/// The media type of an event in structured mode.
pub const EVENT_MEDIA_TYPE: &str = "application/cloudevents+json";

/// Bytes of an event at most: the largest message that NSQ and NATS take as they come.
pub const EVENT_BYTES_MAX: usize = 1 << 20;

/// Bytes of a key at most.
const KEY_BYTES_MAX: usize = 256;

/// Who tells: kefu.
const SOURCE: &str = "/kefu";
const SPECVERSION: &str = "1.0";
const SCHEMA: &str = "urn:kefu:event:";

/// An event as it is written.
#[derive(Serialize)]
struct Written<'a> {
    specversion: &'static str,
    id: Uuid,
    source: &'static str,
    #[serde(rename = "type")]
    topic: &'a str,
    subject: &'a str,
    time: Timestamp,
    dataschema: String,
    datacontenttype: &'static str,
    /// A text, because an integer of CloudEvents has 32 bits.
    #[serde(skip_serializing_if = "Option::is_none")]
    kefuposition: Option<String>,
    /// Which group laid it aside; of dead letters alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    kefugroup: Option<&'a str>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    kefuwhy: Option<&'a str>,
    data: &'a RawValue,
}

/// An event as it came: each attribute is read by itself, so that an error can name it.
#[derive(Deserialize)]
struct Read<'a> {
    #[serde(borrow, default)]
    specversion: Option<&'a RawValue>,
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    source: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "type")]
    topic: Option<&'a RawValue>,
    #[serde(borrow, default)]
    subject: Option<&'a RawValue>,
    #[serde(borrow, default)]
    time: Option<&'a RawValue>,
    #[serde(borrow, default)]
    dataschema: Option<&'a RawValue>,
    #[serde(borrow, default)]
    datacontenttype: Option<&'a RawValue>,
    #[serde(borrow, default)]
    kefuposition: Option<&'a RawValue>,
    #[serde(borrow, default)]
    data_base64: Option<&'a RawValue>,
    // Data that is `null` is data all the same.
    #[serde(borrow, default, deserialize_with = "some")]
    data: Option<&'a RawValue>,
}

fn some<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl Event {
    /// Writes the event as a CloudEvent.
    ///
    /// # Errors
    /// It has a key that no event has, or is longer than [`EVENT_BYTES_MAX`].
    pub fn to_json(&self) -> Result<Vec<u8>, EventError> {
        self.written(None)
    }

    fn written(&self, burial: Option<(&str, &str)>) -> Result<Vec<u8>, EventError> {
        check_key(&self.key)?;
        let written = Written {
            specversion: SPECVERSION,
            id: self.id,
            source: SOURCE,
            topic: self.topic.as_str(),
            subject: &self.key,
            time: Timestamp::from_micros(self.at.0),
            dataschema: format!("{SCHEMA}{}:{}", self.topic, self.version),
            datacontenttype: "application/json",
            kefuposition: self.position.map(|position| position.to_string()),
            kefugroup: burial.map(|(group, _)| group),
            kefuwhy: burial.map(|(_, why)| why),
            data: &self.data,
        };
        let mut json = Vec::with_capacity(384 + self.data.get().len());
        serde_json::to_writer(&mut json, &written)?;
        if json.len() > EVENT_BYTES_MAX { Err(EventError::Long(json.len())) } else { Ok(json) }
    }

    /// Reads an event that kefu wrote; times are read to the millisecond, attributes that others added are left out.
    ///
    /// # Errors
    /// It is longer than [`EVENT_BYTES_MAX`], no JSON, or has an attribute that is not as kefu writes it.
    pub fn from_json(json: &[u8]) -> Result<Self, EventError> {
        if json.len() > EVENT_BYTES_MAX {
            return Err(EventError::Long(json.len()));
        }
        let read: Read<'_> = serde_json::from_slice(json)?;
        one_of("specversion", read.specversion, SPECVERSION)?;
        one_of("source", read.source, SOURCE)?;
        if let Some(kind) = read.datacontenttype {
            one_of("datacontenttype", Some(kind), "application/json")?;
        }
        if read.data_base64.is_some() {
            return Err(wrong("data_base64", "data of kefu's events is JSON, in `data`"));
        }
        let id = Uuid::try_parse(&text("id", read.id)?).map_err(|error| wrong("id", error))?;
        let topic = text("type", read.topic)?.parse().map_err(|error| wrong("type", error))?;
        let key = text("subject", read.subject)?.into_owned();
        check_key(&key)?;
        let at: Timestamp = text("time", read.time)?.parse().map_err(|error| wrong("time", error))?;
        let version = version(&text("dataschema", read.dataschema)?, &topic)?;
        let position = match read.kefuposition {
            None => None,
            Some(raw) => {
                Some(text("kefuposition", Some(raw))?.parse().map_err(|error| wrong("kefuposition", error))?)
            }
        };
        let data = read.data.ok_or_else(|| wrong("data", "is missing"))?.to_owned();
        Ok(Self { id, topic, key, position, at: Micros(at.micros()), version, data })
    }
}

fn wrong(name: &'static str, reason: impl ToString) -> EventError {
    EventError::Attribute { name, reason: reason.to_string() }
}

fn text<'a>(name: &'static str, raw: Option<&'a RawValue>) -> Result<Cow<'a, str>, EventError> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

    let raw = raw.ok_or_else(|| wrong(name, "is missing"))?;
    let text: Text<'_> = serde_json::from_str(raw.get()).map_err(|_| wrong(name, "must be a text"))?;
    Ok(text.0)
}

fn one_of(name: &'static str, raw: Option<&RawValue>, expected: &str) -> Result<(), EventError> {
    if text(name, raw)? == expected { Ok(()) } else { Err(wrong(name, format!("must be \"{expected}\""))) }
}

fn check_key(key: &str) -> Result<(), EventError> {
    if key.is_empty() || key.len() > KEY_BYTES_MAX || key.chars().any(char::is_control) {
        let reason = format!("must have 1 to {KEY_BYTES_MAX} bytes and no control character");
        return Err(wrong("subject", reason));
    }
    Ok(())
}

fn version(schema: &str, topic: &crate::Topic) -> Result<u16, EventError> {
    schema
        .strip_prefix(SCHEMA)
        .and_then(|rest| rest.strip_prefix(topic.as_str())?.strip_prefix(':')?.parse().ok())
        .ok_or_else(|| wrong("dataschema", format!("must be \"{SCHEMA}{topic}:\" and a version")))
}
