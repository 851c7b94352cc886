//! Events as CloudEvents 1.0 in JSON, structured mode.
//!
//! <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md>

use std::{borrow::Cow, fmt};

use kefu_core::Micros;
use kefu_protocol::frame::Timestamp;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, Visitor},
};
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

/// Bytes of an event without its data, about.
const ENVELOPE_BYTES: usize = 384;

/// Who tells: kefu.
const SOURCE: &str = "/kefu";
const SPECVERSION: &str = "1.0";
const SCHEMA: &str = "urn:kefu:event:";

impl Event {
    /// Writes the event as a CloudEvent.
    ///
    /// # Errors
    /// It has a key that no event has, or is longer than [`EVENT_BYTES_MAX`].
    pub fn to_json(&self) -> Result<Vec<u8>, EventError> {
        let mut json = Vec::with_capacity(self.bytes_about());
        self.write_json(&mut json).map(|()| json)
    }

    /// Writes the event behind what is in `out`, which stays as it was when that cannot be.
    ///
    /// # Errors
    /// As with [`Event::to_json`].
    pub(crate) fn write_json(&self, out: &mut Vec<u8>) -> Result<(), EventError> {
        self.write(out, None)
    }

    /// How many bytes it takes, more or less.
    pub(crate) fn bytes_about(&self) -> usize {
        ENVELOPE_BYTES + self.data.get().len()
    }

    /// Writes the event as a dead letter of a group.
    ///
    /// # Errors
    /// As with [`Event::to_json`]; the reason may be what makes it too long.
    pub fn to_dead_letter(&self, group: &Group, why: &str) -> Result<Vec<u8>, EventError> {
        let mut json = Vec::with_capacity(self.bytes_about() + why.len());
        self.write(&mut json, Some((group, why))).map(|()| json)
    }

    /// In one go and without anything in between: this is done for every event that is told.
    fn write(&self, out: &mut Vec<u8>, burial: Option<(&Group, &str)>) -> Result<(), EventError> {
        check_key(&self.key)?;
        let begin = out.len();
        plain(out, &[r#"{"specversion":""#, SPECVERSION, r#"","id":""#]);
        plain(out, &[self.id.as_hyphenated().encode_lower(&mut Uuid::encode_buffer())]);
        plain(out, &[r#"","source":""#, SOURCE, r#"","type":""#, self.topic.as_str(), r#"","subject":"#]);
        json(out, &self.key);
        plain(out, &[r#","time":""#]);
        plain(out, &[Timestamp::from_micros(self.at.0).format(&mut [0; Timestamp::LEN])]);
        plain(out, &[r#"","dataschema":""#, SCHEMA, self.topic.as_str(), ":"]);
        json(out, &self.version);
        plain(out, &[r#"","datacontenttype":"application/json""#]);
        if let Some(position) = &self.position {
            // A text, because an integer of CloudEvents has 32 bits.
            plain(out, &[r#","kefuposition":""#]);
            json(out, position);
            plain(out, &["\""]);
        }
        // Which group laid it aside, and why; of dead letters alone.
        if let Some((group, why)) = burial {
            plain(out, &[r#","kefugroup":""#, group.as_str(), r#"","kefuwhy":"#]);
            json(out, why);
        }
        plain(out, &[r#","data":"#, self.data.get(), "}"]);
        let bytes = out.len() - begin;
        if bytes > EVENT_BYTES_MAX {
            out.truncate(begin);
            return Err(EventError::Long(bytes));
        }
        Ok(())
    }

    /// Reads an event that kefu wrote; times are read to the millisecond, attributes that others added are left out.
    ///
    /// # Errors
    /// It is longer than [`EVENT_BYTES_MAX`], no JSON, or has an attribute that is not as kefu writes it.
    pub fn from_json(json: &[u8]) -> Result<Self, EventError> {
        if json.len() > EVENT_BYTES_MAX {
            return Err(EventError::Long(json.len()));
        }
        let json = str::from_utf8(json).map_err(serde_json::Error::custom)?;
        let mut reader = serde_json::Deserializer::from_str(json);
        let read = reader.deserialize_map(Attributes)?;
        reader.end()?;
        one_of("specversion", read.specversion, SPECVERSION)?;
        one_of("source", read.source, SOURCE)?;
        if read.datacontenttype.is_some() {
            one_of("datacontenttype", read.datacontenttype, "application/json")?;
        }
        if read.has_bytes {
            return Err(wrong("data_base64", &"data of kefu's events is JSON, in `data`"));
        }
        let id = Uuid::try_parse(&given("id", read.id)?).map_err(|error| wrong("id", &error))?;
        let topic = given("type", read.topic)?.parse().map_err(|error| wrong("type", &error))?;
        let key = given("subject", read.subject)?.into_owned();
        check_key(&key)?;
        let at: Timestamp = given("time", read.time)?.parse().map_err(|error| wrong("time", &error))?;
        let version = version(&given("dataschema", read.dataschema)?, &topic)?;
        let position = read.kefuposition.map(|position| position.parse()).transpose();
        let position = position.map_err(|error| wrong("kefuposition", &error))?;
        let data = given("data", read.data)?.to_owned();
        Ok(Self { id, topic, key, position, at: Micros(at.micros()), version, data })
    }
}

/// Writes texts in which nothing has to be escaped.
fn plain(out: &mut Vec<u8>, texts: &[&str]) {
    for text in texts {
        out.extend_from_slice(text.as_bytes());
    }
}

/// Writes a text with its quotes, or a number.
fn json<T: Serialize + ?Sized>(out: &mut Vec<u8>, value: &T) {
    serde_json::to_writer(out, value).expect("memory takes every text and every number");
}

/// Makes what is read of an event, of its attributes that are texts.
macro_rules! attributes {
    ($($name:literal = $field:ident,)+) => {
        /// An event as it came: what it says is borrowed from the bytes.
        #[derive(Default)]
        struct Read<'a> {
            $($field: Option<Cow<'a, str>>,)+
            has_bytes: bool,
            data: Option<&'a RawValue>,
        }

        impl<'a> Read<'a> {
            /// Where the text of an attribute belongs; none if it is none of kefu's.
            fn slot(&mut self, name: &str) -> Option<(&'static str, &mut Option<Cow<'a, str>>)> {
                match name {
                    $($name => Some(($name, &mut self.$field)),)+
                    _ => None,
                }
            }
        }
    };
}

attributes! {
    "specversion" = specversion,
    "id" = id,
    "source" = source,
    "type" = topic,
    "subject" = subject,
    "time" = time,
    "dataschema" = dataschema,
    "datacontenttype" = datacontenttype,
    "kefuposition" = kefuposition,
}

/// Reads all attributes in one pass.
struct Attributes;

impl<'de> Visitor<'de> for Attributes {
    type Value = Read<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with the attributes of an event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Read<'de>, A::Error> {
        #[derive(Deserialize)]
        struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

        let mut read = Read::default();
        while let Some(Name(name)) = map.next_key()? {
            if let Some((name, slot)) = read.slot(&name) {
                let text = map.next_value_seed(Text(name))?;
                if slot.is_some() {
                    return Err(A::Error::duplicate_field(name));
                }
                *slot = text;
            } else if name == "data" {
                // Data that is `null` is data all the same.
                if read.data.replace(map.next_value()?).is_some() {
                    return Err(A::Error::duplicate_field("data"));
                }
            } else {
                read.has_bytes |= name == "data_base64";
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(read)
    }
}

/// Reads the text of an attribute, which is named if it is something else; `null` is as good as nothing.
struct Text(&'static str);

impl<'de> DeserializeSeed<'de> for Text {
    type Value = Option<Cow<'de, str>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Text {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a text as attribute `{}`", self.0)
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

fn wrong(name: &'static str, reason: &dyn fmt::Display) -> EventError {
    EventError::Attribute { name, reason: reason.to_string() }
}

fn given<T>(name: &'static str, value: Option<T>) -> Result<T, EventError> {
    value.ok_or_else(|| wrong(name, &"is missing"))
}

fn one_of(name: &'static str, text: Option<Cow<'_, str>>, expected: &str) -> Result<(), EventError> {
    if given(name, text)? == expected { Ok(()) } else { Err(wrong(name, &format!("must be \"{expected}\""))) }
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
                "expected a text as attribute `id`",
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
