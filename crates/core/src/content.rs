//! What messages hold besides their text, by kind.

use std::{borrow::Cow, collections::HashSet};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{MessageKind, Summary};

/// Most bytes of a message's data as JSON.
pub const DATA_BYTES_MAX: usize = 16 * 1024;

/// Most characters of a title, label or value.
const LINE_CHARS_MAX: usize = 300;

/// Most buttons of a card, fields of a form and values of an answer.
const PARTS_MAX: usize = 20;

/// Most bytes of an address of a page or picture.
const URL_BYTES_MAX: usize = 2048;

/// What stands for a summary without words.
const SUMMARY_TEXT: &str = "[summary]";

/// The data of a note that is whispered.
const WHISPER: &str = r#"{"whisper":true}"#;

/// Why a message's data is refused.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum ContentError {
    /// The kind has no data.
    #[error("messages of this kind have no data")]
    Unwanted,
    /// The kind needs data.
    #[error("messages of this kind need data")]
    Missing,
    /// More than [`DATA_BYTES_MAX`].
    #[error("the data is longer than {DATA_BYTES_MAX} bytes")]
    TooLarge,
    /// It has not the form of its kind.
    #[error("the data does not fit the kind: {0}")]
    Form(String),
    /// A field is empty, too long or out of range.
    #[error("{0} {1}")]
    Field(&'static str, &'static str),
}

/// Agents whom a note calls.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Mentions {
    mentions: Vec<Uuid>,
}

/// The data of the note that tells how a conversation ended.
#[derive(Debug, Serialize)]
struct Summed<'a> {
    summary: &'a Summary,
}

/// A place.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Location {
    /// Degrees north, WGS 84.
    latitude: f64,
    /// Degrees east, WGS 84.
    longitude: f64,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    address: String,
}

/// A product or an order.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Card {
    title: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    subtitle: String,
    /// As it is shown, with its currency.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    price: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    image_url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    buttons: Vec<Button>,
}

/// A button of a card: opens a page, or says something.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Button {
    label: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reply: Option<String>,
}

/// Questions to the visitor, or its answers to such a message.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Form {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    title: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    fields: Vec<FormField>,
    /// `seq` of the message that asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    answers_seq: Option<u64>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    values: Vec<Value>,
}

/// A question of a form.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FormField {
    /// What its answer is called.
    pub name: String,
    /// What is asked.
    pub label: String,
    /// What an answer looks like.
    #[serde(rename = "type")]
    pub kind: FieldKind,
    /// Whether there is no way past it.
    #[serde(default)]
    pub required: bool,
    /// What one chooses from: of [`FieldKind::Select`] alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<String>,
}

/// What an answer looks like.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FieldKind {
    /// A line.
    Text,
    /// Lines.
    Multiline,
    /// An e-mail address.
    Email,
    /// A telephone number.
    Phone,
    /// A number.
    Number,
    /// A day.
    Date,
    /// One of the options.
    Select,
    /// Yes or no.
    Checkbox,
}

/// An answer.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Value {
    name: String,
    value: String,
}

/// The file that a message is to have, as its sender names it.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct FileRef {
    /// Its id.
    #[serde(rename = "file_id")]
    pub id: Uuid,
    /// How long it plays, as far as its sender knows.
    #[serde(default)]
    pub duration_ms: Option<u32>,
}

/// What a message with a file holds.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct FileData<'a> {
    /// The file's id.
    pub file_id: Uuid,
    /// What it is called.
    #[serde(borrow)]
    pub name: Cow<'a, str>,
    /// Bytes.
    pub size: u64,
    /// What it is.
    #[serde(borrow)]
    pub media_type: Cow<'a, str>,
    /// Pixels, of a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<u32>,
    /// Pixels, of a picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub height: Option<u32>,
    /// How long it plays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u32>,
}

impl FileData<'_> {
    /// As it stands in the log.
    #[must_use]
    pub fn to_json(&self) -> Box<str> {
        serde_json::to_string(self).expect("names and numbers are plain JSON").into()
    }

    /// The kind of message that fits the file best.
    #[must_use]
    pub fn kind(&self) -> MessageKind {
        match self.media_type.split('/').next() {
            Some("image") => MessageKind::Image,
            Some("audio") => MessageKind::Voice,
            Some("video") => MessageKind::Video,
            _ => MessageKind::File,
        }
    }
}

/// What a message says.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Content {
    /// What it is.
    pub kind: MessageKind,
    /// The text, or what stands for it.
    pub text: String,
    /// What it holds besides, as JSON in its one written form.
    pub data: Option<Box<str>>,
    /// The file that it is to have; what is known of the file becomes its data.
    pub file: Option<FileRef>,
    /// Whether it puts buttons or questions before its reader: agents and bots may, visitors may not.
    pub asks: bool,
    /// `seq` of the entry that it quotes.
    pub quote_seq: Option<u64>,
}

impl Content {
    /// A text or a note.
    #[must_use]
    pub fn text(kind: MessageKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into(), data: None, file: None, asks: false, quote_seq: None }
    }

    /// A note for the agent who has the conversation, from somebody who looks on.
    #[must_use]
    pub fn whisper(text: impl Into<String>) -> Self {
        Self { data: Some(WHISPER.into()), ..Self::text(MessageKind::Note, text) }
    }

    /// Whether it is a [`Content::whisper`].
    #[must_use]
    pub fn is_whisper(&self) -> bool {
        self.kind == MessageKind::Note && self.data.as_deref() == Some(WHISPER)
    }

    /// A note of how a conversation ended, which has no words of its own where `text` is blank.
    #[must_use]
    pub fn summary(summary: &Summary, text: String) -> Self {
        let text = if text.trim().is_empty() { SUMMARY_TEXT.to_owned() } else { text };
        let data = serde_json::to_string(&Summed { summary }).expect("a name and a flag are plain JSON");
        Self { data: Some(data.into()), ..Self::text(MessageKind::Note, text) }
    }

    /// Public ids of the agents whom an entry with this data calls; none for what is not such a note.
    #[must_use]
    pub fn mentions(kind: MessageKind, data: Option<&str>) -> Vec<Uuid> {
        let data = data.filter(|_| kind == MessageKind::Note);
        data.and_then(|data| serde_json::from_str::<Mentions>(data).ok())
            .map_or_else(Vec::new, |found| found.mentions)
    }

    /// Checks the data of a message; where the text is blank, what stands for the kind takes its place.
    ///
    /// # Errors
    /// The data is too large, has not the form of its kind, or a field is over its limit.
    pub fn new(
        kind: MessageKind,
        mut text: String,
        data: Option<&str>,
        quote_seq: Option<u64>,
    ) -> Result<Self, ContentError> {
        let file = if kind.has_file() { Some(file_ref(data)?) } else { None };
        let data = if file.is_some() { None } else { check_data(kind, data)? };
        let (data, asks) = data.map_or((None, false), |(data, asks)| (Some(data), asks));
        if text.trim().is_empty() {
            fallback_text(kind).clone_into(&mut text);
        }
        Ok(Self { kind, text, data, file, asks, quote_seq })
    }

    /// Bytes that it takes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.text.len() + self.data.as_ref().map_or(0, |data| data.len())
    }

    /// Whether it says nothing at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Reads which file a message is to have.
fn file_ref(data: Option<&str>) -> Result<FileRef, ContentError> {
    let data = data.ok_or(ContentError::Missing)?;
    if data.len() > DATA_BYTES_MAX {
        return Err(ContentError::TooLarge);
    }
    serde_json::from_str(data).map_err(|error| ContentError::Form(error.to_string()))
}

/// Checks the data of a message of `kind`; returns it in its one written form, and whether it asks.
fn check_data(kind: MessageKind, data: Option<&str>) -> Result<Option<(Box<str>, bool)>, ContentError> {
    let wants_data = matches!(kind, MessageKind::Location | MessageKind::Card | MessageKind::Form);
    let data = match data {
        None if wants_data => return Err(ContentError::Missing),
        None => return Ok(None),
        Some(_) if !wants_data && kind != MessageKind::Note => return Err(ContentError::Unwanted),
        Some(data) if data.len() > DATA_BYTES_MAX => return Err(ContentError::TooLarge),
        Some(data) => data,
    };
    let (text, asks) = match kind {
        MessageKind::Location => check::<Location>(data)?,
        MessageKind::Card => check::<Card>(data)?,
        MessageKind::Note => check::<Mentions>(data)?,
        _ => check::<Form>(data)?,
    };
    Ok(Some((text.into(), asks)))
}

/// What stands for a message whose sender gave it no text.
fn fallback_text(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Text | MessageKind::Note | MessageKind::Event => "",
        MessageKind::Image => "[image]",
        MessageKind::File => "[file]",
        MessageKind::Voice => "[voice message]",
        MessageKind::Video => "[video]",
        MessageKind::Location => "[location]",
        MessageKind::Card => "[card]",
        MessageKind::Form => "[form]",
    }
}

trait Checked: for<'de> Deserialize<'de> + Serialize {
    fn check(&self) -> Result<(), ContentError>;

    /// Whether it puts buttons or questions before its reader.
    fn asks(&self) -> bool;
}

fn check<T: Checked>(data: &str) -> Result<(String, bool), ContentError> {
    let value: T = serde_json::from_str(data).map_err(|error| ContentError::Form(error.to_string()))?;
    value.check()?;
    let text = serde_json::to_string(&value).map_err(|error| ContentError::Form(error.to_string()))?;
    Ok((text, value.asks()))
}

impl Checked for Mentions {
    fn asks(&self) -> bool {
        false
    }

    fn check(&self) -> Result<(), ContentError> {
        parts("mentions", self.mentions.len())?;
        let distinct: HashSet<_> = self.mentions.iter().collect();
        if distinct.is_empty() || distinct.len() < self.mentions.len() {
            return Err(ContentError::Field("mentions", "must name agents, each once"));
        }
        Ok(())
    }
}

impl Checked for Location {
    fn asks(&self) -> bool {
        false
    }

    fn check(&self) -> Result<(), ContentError> {
        if !(-90.0..=90.0).contains(&self.latitude) {
            return Err(ContentError::Field("latitude", "must be between -90 and 90"));
        }
        if !(-180.0..=180.0).contains(&self.longitude) {
            return Err(ContentError::Field("longitude", "must be between -180 and 180"));
        }
        optional("name", &self.name)?;
        optional("address", &self.address)
    }
}

impl Checked for Card {
    fn asks(&self) -> bool {
        !self.buttons.is_empty()
    }

    fn check(&self) -> Result<(), ContentError> {
        required("title", &self.title)?;
        optional("subtitle", &self.subtitle)?;
        optional("price", &self.price)?;
        url("image_url", self.image_url.as_deref())?;
        url("url", self.url.as_deref())?;
        parts("buttons", self.buttons.len())?;
        for button in &self.buttons {
            required("label", &button.label)?;
            url("url", button.url.as_deref())?;
            optional("reply", button.reply.as_deref().unwrap_or_default())?;
            if button.url.is_some() == button.reply.is_some() {
                return Err(ContentError::Field("buttons", "must each have a url or a reply"));
            }
        }
        Ok(())
    }
}

impl Checked for Form {
    fn asks(&self) -> bool {
        !self.fields.is_empty()
    }

    fn check(&self) -> Result<(), ContentError> {
        optional("title", &self.title)?;
        parts("fields", self.fields.len())?;
        parts("values", self.values.len())?;
        if self.fields.is_empty() == self.values.is_empty() {
            return Err(ContentError::Field("fields", "or values must be given, and not both"));
        }
        check_fields(&self.fields)?;
        for value in &self.values {
            required("name", &value.name)?;
            optional("value", &value.value)?;
        }
        Ok(())
    }
}

/// Checks the questions of a form.
pub(crate) fn check_fields(fields: &[FormField]) -> Result<(), ContentError> {
    for field in fields {
        required("name", &field.name)?;
        required("label", &field.label)?;
        parts("options", field.options.len())?;
        if (field.kind == FieldKind::Select) == field.options.is_empty() {
            return Err(ContentError::Field("options", "belong to select fields, and only to them"));
        }
        field.options.iter().try_for_each(|option| required("options", option))?;
    }
    Ok(())
}

fn parts(field: &'static str, count: usize) -> Result<(), ContentError> {
    if count > PARTS_MAX { Err(ContentError::Field(field, "must be at most 20")) } else { Ok(()) }
}

fn required(field: &'static str, text: &str) -> Result<(), ContentError> {
    if text.trim().is_empty() {
        return Err(ContentError::Field(field, "must not be empty"));
    }
    optional(field, text)
}

fn optional(field: &'static str, text: &str) -> Result<(), ContentError> {
    if text.chars().nth(LINE_CHARS_MAX).is_some() {
        return Err(ContentError::Field(field, "must be at most 300 characters"));
    }
    Ok(())
}

/// Only pages of the web: a script's address would run where the message is shown.
fn url(field: &'static str, url: Option<&str>) -> Result<(), ContentError> {
    let Some(url) = url else { return Ok(()) };
    let is_web = ["https://", "http://"].iter().any(|scheme| {
        url.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
            && url.len() > scheme.len()
    });
    if !is_web || url.len() > URL_BYTES_MAX || url.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(ContentError::Field(field, "must be an address that begins with https:// or http://"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn checked(kind: MessageKind, data: &str) -> Result<String, ContentError> {
        check_data(kind, Some(data)).map(|data| data.unwrap().0.into())
    }

    #[test]
    fn each_kind_has_its_own_data() {
        use MessageKind::{Card, Form, Location, Text};
        assert_eq!(check_data(Text, None), Ok(None));
        assert_eq!(check_data(Text, Some("{}")), Err(ContentError::Unwanted));
        assert_eq!(check_data(Card, None), Err(ContentError::Missing));
        assert_eq!(
            checked(Location, r#"{"latitude": 31.2, "longitude": 121.5, "name": "上海"}"#).unwrap(),
            r#"{"latitude":31.2,"longitude":121.5,"name":"上海"}"#
        );
        assert!(checked(Card, r#"{"title":"x","buttons":[{"label":"go","reply":"yes"}]}"#).is_ok());
        assert!(checked(Form, r#"{"answers_seq":3,"values":[{"name":"order","value":"7"}]}"#).is_ok());
    }

    #[test]
    fn files_are_named_by_their_id() {
        let id = Uuid::from_u128(7);
        let content = |data: &str| Content::new(MessageKind::Voice, String::new(), Some(data), None);
        let voice = content(&format!(r#"{{"file_id":"{id}","duration_ms":1500}}"#)).unwrap();
        assert_eq!(voice.file, Some(FileRef { id, duration_ms: Some(1500) }));
        assert_eq!((voice.text.as_str(), voice.data), ("[voice message]", None));
        for data in ["{}", "[]", r#"{"file_id":"x"}"#, r#"{"file_id":7}"#] {
            assert!(matches!(content(data), Err(ContentError::Form(_))), "{data}");
        }
        // What is known of a file is not its sender's to say.
        assert!(content(&format!(r#"{{"file_id":"{id}","name":"x"}}"#)).is_err());
        assert!(content(&format!(r#"{{"file_id":"{id}","duration_ms":-1}}"#)).is_err());
        assert_eq!(Content::new(MessageKind::Image, String::new(), None, None), Err(ContentError::Missing));
    }

    #[test]
    fn notes_call_agents_and_only_kefu_writes_their_other_data() {
        let (one, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let note = |data: String| Content::new(MessageKind::Note, "look".to_owned(), Some(&data), None);
        let called = note(format!(r#"{{"mentions":["{one}","{other}"]}}"#)).unwrap();
        assert_eq!(Content::mentions(called.kind, called.data.as_deref()), [one, other]);
        assert!(Content::mentions(MessageKind::Text, called.data.as_deref()).is_empty());
        assert!(!called.is_whisper() && Content::whisper("x").is_whisper());
        for data in [
            r#"{"mentions":[]}"#.to_owned(),
            format!(r#"{{"mentions":["{one}","{one}"]}}"#),
            format!(r#"{{"mentions":[{}]}}"#, vec![format!("\"{one}\""); PARTS_MAX + 1].join(",")),
            r#"{"mentions":["lin"]}"#.to_owned(),
            WHISPER.to_owned(),
            r#"{"summary":{"solved":true}}"#.to_owned(),
        ] {
            assert!(note(data.clone()).is_err(), "{data}");
        }
        let summary = Summary { category: Some("Orders".to_owned()), solved: Some(true) };
        let ended = Content::summary(&summary, String::new());
        assert_eq!(ended.text, SUMMARY_TEXT);
        assert_eq!(ended.data.as_deref(), Some(r#"{"summary":{"category":"Orders","solved":true}}"#));
        assert!(!ended.is_whisper() && Content::mentions(ended.kind, ended.data.as_deref()).is_empty());
    }

    #[test]
    fn buttons_and_questions_ask() {
        use MessageKind::{Card, Form, Location};
        for (kind, data, asks) in [
            (Card, r#"{"title":"x"}"#, false),
            (Card, r#"{"title":"x","buttons":[{"label":"go","reply":"yes"}]}"#, true),
            (Form, r#"{"fields":[{"name":"a","label":"b","type":"text"}]}"#, true),
            (Form, r#"{"values":[{"name":"a","value":"b"}]}"#, false),
            (Location, r#"{"latitude":1,"longitude":1}"#, false),
        ] {
            assert_eq!(Content::new(kind, String::new(), Some(data), None).unwrap().asks, asks, "{data}");
        }
    }

    #[test]
    fn what_does_not_fit_names_its_field() {
        use MessageKind::{Card, Form, Location};
        for (kind, data, field) in [
            (Location, r#"{"latitude":91,"longitude":0}"#, "latitude"),
            (Location, r#"{"latitude":1,"longitude":-181}"#, "longitude"),
            (Card, r#"{"title":" "}"#, "title"),
            (Card, r#"{"title":"x","url":"javascript:alert(1)"}"#, "url"),
            (Card, r#"{"title":"x","image_url":"data:image/png,x"}"#, "image_url"),
            (Card, r#"{"title":"x","buttons":[{"label":"x"}]}"#, "buttons"),
            (Form, r#"{"title":"x"}"#, "fields"),
            (Form, r#"{"fields":[{"name":"a","label":"b","type":"select"}]}"#, "options"),
        ] {
            let error = checked(kind, data).unwrap_err();
            assert!(matches!(error, ContentError::Field(named, _) if named == field), "{data}: {error}");
        }
        for data in ["", "[]", "{", r#"{"title":1}"#, r#"{"title":"x","script":"y"}"#] {
            assert!(matches!(checked(Card, data), Err(ContentError::Form(_))), "{data}");
        }
        let long = format!(r#"{{"title":"{}"}}"#, "x".repeat(DATA_BYTES_MAX));
        assert_eq!(checked(Card, &long), Err(ContentError::TooLarge));
    }

    proptest! {
        #[test]
        fn what_is_accepted_stays_so(title in "\\PC{1,40}", latitude in -90.0..90.0, longitude in -180.0..180.0) {
            let card = serde_json::json!({"title": title, "url": "https://shop.example/1"}).to_string();
            let place = serde_json::json!({"latitude": latitude, "longitude": longitude}).to_string();
            for (kind, data) in [(MessageKind::Card, card), (MessageKind::Location, place)] {
                if let Ok(once) = checked(kind, &data) {
                    prop_assert_eq!(checked(kind, &once), Ok(once.clone()));
                }
            }
        }
    }
}
