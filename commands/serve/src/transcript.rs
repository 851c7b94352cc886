//! A conversation written out, for people and for programs: pure, a page at a time.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use kefu_core::MessageKind;
use kefu_protocol::frame::{PartyKind, Revision, Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::{
    html::escape,
    view::{ConversationView, MessageView},
};

/// Most bytes of the name of a time zone.
const ZONE_BYTES: usize = 64;

const STRING: &str = "a string takes all that is written";

/// How a transcript is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Format {
    Text,
    Json,
    Html,
}

impl Format {
    /// The format by its name.
    pub(crate) fn from_word(word: &str) -> Option<Self> {
        match word {
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            "html" => Some(Self::Html),
            _ => None,
        }
    }

    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::Text => "text/plain; charset=utf-8",
            Self::Json => "application/json",
            Self::Html => "text/html; charset=utf-8",
        }
    }

    /// How the name of a file of this format ends.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Text => "txt",
            Self::Json => "json",
            Self::Html => "html",
        }
    }
}

/// A time zone of the IANA database, such as `Asia/Shanghai`.
pub(crate) fn zone(name: &str) -> Option<TimeZone> {
    if name.len() > ZONE_BYTES {
        return None;
    }
    TimeZone::get(name).ok()
}

/// Writes one transcript.
#[derive(Debug)]
pub(crate) struct Scribe {
    pub(crate) format: Format,
    pub(crate) zone: TimeZone,
}

/// A message, as JSON.
#[derive(Serialize)]
struct Line<'a> {
    seq: u64,
    id: Uuid,
    at: String,
    from: &'a crate::view::PartyView,
    kind: MessageKind,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quote_seq: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    revision: Option<Revision>,
}

impl Scribe {
    /// What stands before the messages.
    pub(crate) fn head(&self, conversation: &ConversationView) -> String {
        let zone = self.zone.iana_name().unwrap_or("UTC");
        let begun = self.time(conversation.created_at);
        let visitor =
            if conversation.visitor.name.is_empty() { "visitor" } else { &*conversation.visitor.name };
        let facts = [
            ("Conversation", conversation.id.to_string()),
            ("Inbox", conversation.inbox.name.clone()),
            ("Visitor", visitor.to_owned()),
            ("Begun", begun),
            ("Time zone", zone.to_owned()),
        ];
        let mut out = String::new();
        match self.format {
            Format::Text => {
                for (name, value) in facts {
                    writeln!(out, "{name}: {}", one_line(&value)).expect(STRING);
                }
                out.push('\n');
            }
            Format::Json => {
                out.push_str("{\"conversation\":");
                out.push_str(&json(conversation));
                out.push_str(",\"time_zone\":");
                out.push_str(&json(zone));
                out.push_str(",\"messages\":[");
            }
            Format::Html => {
                out.push_str(HTML_HEAD);
                for (name, value) in facts {
                    writeln!(out, "<dt>{name}</dt><dd><bdi>{}</bdi></dd>", escape(&one_line(&value)))
                        .expect(STRING);
                }
                out.push_str("</dl>\n<ol>\n");
            }
        }
        out
    }

    /// A page of messages; `is_first` says that none stands before it.
    pub(crate) fn page(&self, messages: &[MessageView], is_first: bool) -> String {
        let mut out = String::new();
        for (index, message) in messages.iter().enumerate() {
            match self.format {
                Format::Text => self.text(&mut out, message),
                Format::Json => {
                    out.push_str(if is_first && index == 0 { "\n" } else { ",\n" });
                    out.push_str(&json(&Line {
                        seq: message.seq,
                        id: message.id,
                        at: self.zoned(message.created_at, "%Y-%m-%dT%H:%M:%S%.3f%:z"),
                        from: &message.from,
                        kind: message.kind,
                        text: &message.text,
                        data: message.data.as_deref(),
                        quote_seq: message.quote_seq,
                        revision: message.revision,
                    }));
                }
                Format::Html => self.html(&mut out, message),
            }
        }
        out
    }

    /// What stands behind them.
    pub(crate) fn foot(&self) -> &'static str {
        match self.format {
            Format::Text => "",
            Format::Json => "\n]}\n",
            Format::Html => "</ol>\n</body>\n</html>\n",
        }
    }

    /// Lines that follow the first are set in, so that no text can pass for another's message.
    fn text(&self, out: &mut String, message: &MessageView) {
        let mut lines = message.text.lines();
        let first = lines.next().unwrap_or_default();
        let (time, from, first) =
            (self.time(message.created_at), one_line(&author(message)), one_line(first));
        match message.kind {
            MessageKind::Event => writeln!(out, "[{time}] * {first}"),
            _ => writeln!(out, "[{time}] {from}: {first}"),
        }
        .expect(STRING);
        for line in lines {
            writeln!(out, "    {}", one_line(line)).expect(STRING);
        }
    }

    fn html(&self, out: &mut String, message: &MessageView) {
        let (class, time) = (message.kind, self.time(message.created_at));
        let class = word(class);
        let from = if message.kind == MessageKind::Event { String::new() } else { author(message) };
        let text: Vec<_> = message.text.lines().map(one_line).collect();
        writeln!(
            out,
            "<li class=\"{class}\"><time>{time}</time> <b><bdi>{}</bdi></b><p dir=\"auto\">{}</p></li>",
            escape(&one_line(&from)),
            escape(&text.join("\n")),
        )
        .expect(STRING);
    }

    fn time(&self, at: Timestamp) -> String {
        self.zoned(at, "%Y-%m-%d %H:%M:%S %:z")
    }

    fn zoned(&self, at: Timestamp, format: &str) -> String {
        let at = jiff::Timestamp::from_microsecond(at.micros()).unwrap_or_default();
        at.to_zoned_datetime(self.zone.clone()).strftime(format).to_string()
    }
}

/// Needs nothing from anywhere, and holds no script.
const HTML_HEAD: &str = "<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">
<meta name=\"viewport\" content=\"width=device-width\">
<title>Conversation</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 45em; padding: 0 1em; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0 1em; }
dd { margin: 0; }
ol { list-style: none; padding: 0; }
li { border-top: 1px solid #ddd; padding: .5em 0; }
p { margin: 0; overflow-wrap: anywhere; white-space: pre-wrap; }
time, .event { color: #666; }
.note { background: #fff8e0; }
</style>
</head>
<body>
<dl>
";

fn author(message: &MessageView) -> String {
    let from = &message.from;
    let kind = match from.kind {
        PartyKind::Visitor => "visitor",
        PartyKind::Agent => "agent",
        PartyKind::Bot => "bot",
        PartyKind::System => "system",
    };
    let mut about = kind.to_owned();
    if message.kind != MessageKind::Text {
        about = format!("{about}, {}", word(message.kind));
    }
    if let Some(revision) = message.revision {
        about = format!("{about}, {}", revision.as_str());
    }
    match from.name.as_str() {
        "" => about,
        name => format!("{name} ({about})"),
    }
}

fn word(kind: MessageKind) -> &'static str {
    match kind {
        MessageKind::Text => "text",
        MessageKind::Note => "note",
        MessageKind::Event => "event",
        MessageKind::Image => "image",
        MessageKind::File => "file",
        MessageKind::Voice => "voice",
        MessageKind::Video => "video",
        MessageKind::Location => "location",
        MessageKind::Card => "card",
        MessageKind::Form => "form",
    }
}

/// Without what would act on a terminal or turn the direction of the text around it.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c == '\t' { ' ' } else { c }).filter(|c| crate::http::is_harmless(*c)).collect()
}

fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("strings, numbers and lists of them are plain JSON")
}

#[cfg(test)]
mod tests;
