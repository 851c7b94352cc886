//! Events as CloudEvents 1.0 in JSON, structured mode.
//!
//! <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md>

use std::{borrow::Cow, fmt};

use kefu_core::Micros;
use kefu_protocol::frame::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{Event, EventError};
use crate::{Group, Topic};

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

    /// Writes the event as a dead letter of a group.
    ///
    /// # Errors
    /// As with [`Event::to_json`]; the reason may be what makes it too long.
    pub fn to_dead_letter(&self, group: &Group, why: &str) -> Result<Vec<u8>, EventError> {
        self.written(Some((group.as_str(), why)))
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
            return Err(wrong("data_base64", &"data of kefu's events is JSON, in `data`"));
        }
        let id = Uuid::try_parse(&text("id", read.id)?).map_err(|error| wrong("id", &error))?;
        let topic = text("type", read.topic)?.parse().map_err(|error| wrong("type", &error))?;
        let key = text("subject", read.subject)?.into_owned();
        check_key(&key)?;
        let at: Timestamp = text("time", read.time)?.parse().map_err(|error| wrong("time", &error))?;
        let version = version(&text("dataschema", read.dataschema)?, &topic)?;
        let position = match read.kefuposition {
            None => None,
            Some(raw) => Some(
                text("kefuposition", Some(raw))?.parse().map_err(|error| wrong("kefuposition", &error))?,
            ),
        };
        let data = read.data.ok_or_else(|| wrong("data", &"is missing"))?.to_owned();
        Ok(Self { id, topic, key, position, at: Micros(at.micros()), version, data })
    }
}

fn wrong(name: &'static str, reason: &dyn fmt::Display) -> EventError {
    EventError::Attribute { name, reason: reason.to_string() }
}

fn text<'a>(name: &'static str, raw: Option<&'a RawValue>) -> Result<Cow<'a, str>, EventError> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

    let raw = raw.ok_or_else(|| wrong(name, &"is missing"))?;
    let text: Text<'_> = serde_json::from_str(raw.get()).map_err(|_| wrong(name, &"must be a text"))?;
    Ok(text.0)
}

fn one_of(name: &'static str, raw: Option<&RawValue>, expected: &str) -> Result<(), EventError> {
    if text(name, raw)? == expected { Ok(()) } else { Err(wrong(name, &format!("must be \"{expected}\""))) }
}

fn check_key(key: &str) -> Result<(), EventError> {
    if key.is_empty() || key.len() > KEY_BYTES_MAX || key.chars().any(char::is_control) {
        let reason = format!("must have 1 to {KEY_BYTES_MAX} bytes and no control character");
        return Err(wrong("subject", &reason));
    }
    Ok(())
}

fn version(schema: &str, topic: &Topic) -> Result<u16, EventError> {
    schema
        .strip_prefix(SCHEMA)
        .and_then(|rest| rest.strip_prefix(topic.as_str())?.strip_prefix(':')?.parse().ok())
        .ok_or_else(|| wrong("dataschema", &format!("must be \"{SCHEMA}{topic}:\" and a version")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event(position: Option<i64>, data: &str) -> Event {
        Event {
            id: Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001),
            topic: "message.created".parse().unwrap(),
            key: "c1".to_owned(),
            position,
            at: Micros(1_750_000_000_123_000),
            version: 2,
            data: RawValue::from_string(data.to_owned()).unwrap(),
        }
    }

    #[test]
    fn an_event_is_written_as_the_specification_says() {
        let json = event(Some(7), r#"{"a": [1,2]}"#).to_json().unwrap();
        assert_eq!(
            String::from_utf8(json).unwrap(),
            concat!(
                r#"{"specversion":"1.0","id":"01920000-0000-7000-8000-000000000001","source":"/kefu","#,
                r#""type":"message.created","subject":"c1","time":"2025-06-15T15:06:40.123Z","#,
                r#""dataschema":"urn:kefu:event:message.created:2","datacontenttype":"application/json","#,
                r#""kefuposition":"7","data":{"a": [1,2]}}"#
            )
        );
    }

    #[test]
    fn a_dead_letter_is_an_event_that_says_why() {
        let json = event(None, "null").to_dead_letter(&"sales".parse().unwrap(), "no such customer").unwrap();
        let text = std::str::from_utf8(&json).unwrap();
        assert!(text.contains(r#""kefugroup":"sales","kefuwhy":"no such customer""#), "{text}");
        let back = Event::from_json(&json).unwrap();
        assert_eq!((back.id, back.data.get()), (event(None, "null").id, "null"));
    }

    #[test]
    fn an_error_names_the_attribute() {
        let good = String::from_utf8(event(Some(7), "{}").to_json().unwrap()).unwrap();
        for (from, to, expected) in [
            (r#""specversion":"1.0""#, r#""specversion":"0.3""#, "`specversion`"),
            (r#""id":"01"#, r#""id":"x1"#, "`id`"),
            (
                r#""id":"01920000-0000-7000-8000-000000000001""#,
                r#""id":7"#,
                "`id` of the event: must be a text",
            ),
            (r#""source":"/kefu","#, "", "`source` of the event: is missing"),
            (r#""source":"/kefu""#, r#""source":"/shop""#, r#"`source` of the event: must be "/kefu""#),
            (r#""type":"message.created""#, r#""type":"Message""#, "`type`"),
            (r#""subject":"c1""#, r#""subject":"""#, "`subject`"),
            (r#""subject":"c1""#, r#""subject":"a\u0000""#, "`subject`"),
            ("2025-06-15T", "2025-06-31T", "`time`"),
            ("message.created:2", "message.changed:2", "`dataschema`"),
            ("message.created:2", "message.created:65536", "`dataschema`"),
            ("application/json", "text/plain", "`datacontenttype`"),
            (r#""kefuposition":"7""#, r#""kefuposition":"7.5""#, "`kefuposition`"),
            (r#""data":{}"#, r#""data_base64":"AA==""#, "`data_base64`"),
            (r#","data":{}"#, "", "`data` of the event: is missing"),
            (r#""data":{}"#, r#""data":{"#, "not a CloudEvent"),
            (r#""subject":"c1""#, r#""subject":"c1","subject":"c2""#, "duplicate field `subject`"),
        ] {
            let bad = good.replace(from, to);
            assert_ne!(bad, good, "{from}");
            let error = Event::from_json(bad.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}: {expected}");
        }
        assert!(matches!(Event::from_json(&[b' '; EVENT_BYTES_MAX + 1]), Err(EventError::Long(_))));
    }

    #[test]
    fn what_could_not_be_read_is_not_written() {
        let mut bad = event(None, "1");
        bad.key = "k".repeat(KEY_BYTES_MAX + 1);
        assert!(bad.to_json().unwrap_err().to_string().contains("`subject`"));
        let long = format!("\"{}\"", "x".repeat(EVENT_BYTES_MAX));
        assert!(matches!(event(None, &long).to_json(), Err(EventError::Long(_))));
    }

    #[test]
    fn what_others_add_is_left_out() {
        let json = event(None, "1").to_json().unwrap();
        let json = String::from_utf8(json).unwrap().replace(r#""data":1"#, r#""traceparent":[{}],"data":1"#);
        assert_eq!(Event::from_json(json.as_bytes()).unwrap().data.get(), "1");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(
            id: u128,
            topic in "[a-z0-9_]{1,9}(\\.[a-z0-9_]{1,9}){0,4}",
            key in "[^\\p{Cc}]{1,64}",
            position: Option<i64>,
            millis in -62_167_219_200_000_i64..253_402_300_800_000,
            version: u16,
            text in ".{0,40}",
        ) {
            let data = serde_json::to_string(&serde_json::json!({ "text": text })).unwrap();
            let event = Event {
                id: Uuid::from_u128(id),
                topic: topic.parse().unwrap(),
                key,
                position,
                at: Micros(millis * 1000),
                version,
                data: RawValue::from_string(data).unwrap(),
            };
            let back = Event::from_json(&event.to_json().unwrap()).unwrap();
            prop_assert_eq!(format!("{back:?}"), format!("{event:?}"));
        }

        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            drop(Event::from_json(&bytes));
        }
    }
}
