//! A file to begin with, from one message as a service sent it.

use serde_json::Value as Json;

use super::{Channel, body::Body, file::Format};

/// Samples are no larger, and are looked at no deeper.
const SAMPLE_BYTES_MAX: usize = 256 << 10;
const DEPTH_MAX: usize = 8;
const LEAVES_MAX: usize = 2_000;

/// Drafts a `channel.yaml` whose map fits a captured body. What it cannot know it says in comments.
///
/// # Errors
/// The sample is no JSON, XML or form, or has nothing in it.
pub fn draft(id: &str, sample: &[u8]) -> Result<String, String> {
    if sample.len() > SAMPLE_BYTES_MAX {
        return Err(format!("the sample has more than {SAMPLE_BYTES_MAX} bytes"));
    }
    let (format, value) = read(sample)?;
    let mut found = Vec::new();
    leaves(&value, "body", ["", ""], 0, &mut found);
    if found.is_empty() {
        return Err("the sample has no members".to_owned());
    }
    let each = found.iter().find_map(|leaf| leaf.path.split_once("[0]").map(|(list, _)| list.to_owned()));
    let item = each.as_ref().map_or_else(|| "body".to_owned(), |list| format!("{list}[0]"));
    let guess = Guess { leaves: &found, item };
    let yaml =
        |with_example: bool| write(id, format, each.as_deref(), &guess, with_example.then_some(sample));
    let drafted = yaml(true);
    // An example that cannot stand in YAML is left to the author.
    match Channel::load(&drafted) {
        Ok(_) => Ok(drafted),
        Err(_) => Ok(yaml(false)),
    }
}

fn read(sample: &[u8]) -> Result<(Format, Json), String> {
    let format = match sample.trim_ascii_start().first() {
        None => return Err("the sample is empty".to_owned()),
        Some(b'{' | b'[') => Format::Json,
        Some(b'<') => Format::Xml,
        Some(_) => Format::Form,
    };
    let body = Body::read(sample, format, None)?;
    serde_json::to_value(&body.value).map(|value| (format, value)).map_err(|error| error.to_string())
}

/// A value in the sample, and the expression that names it.
struct Leaf {
    path: String,
    /// The last names of the path, in small letters and nothing else: `sender`, `id`.
    outer: String,
    name: String,
    value: Json,
}

/// Collects what has no members; `names` are the last two of the path.
fn leaves(value: &Json, path: &str, names: [&str; 2], depth: usize, out: &mut Vec<Leaf>) {
    if depth > DEPTH_MAX || out.len() >= LEAVES_MAX {
        return;
    }
    match value {
        Json::Object(members) => {
            for (name, member) in members {
                let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                    && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
                let quotable = name.bytes().all(|byte| byte >= b' ' && !matches!(byte, b'\'' | b'"' | b'\\'));
                if is_plain {
                    leaves(member, &format!("{path}.{name}"), [names[1], name], depth + 1, out);
                } else if quotable {
                    leaves(member, &format!("{path}['{name}']"), [names[1], name], depth + 1, out);
                }
            }
        }
        Json::Array(items) => {
            if let Some(first) = items.first() {
                leaves(first, &format!("{path}[0]"), names, depth + 1, out);
            }
        }
        value => {
            let [outer, name] = names.map(plain);
            out.push(Leaf { path: path.to_owned(), outer, name, value: value.clone() });
        }
    }
}

fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

struct Guess<'l> {
    leaves: &'l [Leaf],
    item: String,
}

impl Guess<'_> {
    /// The first leaf by the first of these names, which are `name` or `outer.name`.
    fn find(&self, names: &[&str], fits: impl Fn(&Json) -> bool) -> Option<&Leaf> {
        names.iter().find_map(|name| {
            let is = |leaf: &&Leaf| match name.split_once('.') {
                Some((outer, name)) => leaf.name == name && leaf.outer == outer,
                None => leaf.name == *name,
            };
            self.leaves
                .iter()
                .filter(|leaf| leaf.path.starts_with(&self.item))
                .find(|leaf| is(leaf) && fits(&leaf.value))
        })
    }

    /// As an expression of `messages`, where an item is `item`.
    fn expression(&self, leaf: &Leaf) -> String {
        format!("item{}", &leaf.path[self.item.len()..])
    }
}

fn is_name(value: &Json) -> bool {
    matches!(value, Json::String(text) if !text.is_empty()) || value.is_number()
}

const MESSAGE_ID: &[&str] =
    &["messageid", "msgid", "message.id", "msg.id", "mid", "eventid", "updateid", "uuid", "id"];
const SENDER_ID: &[&str] = &[
    "sender.id",
    "from.id",
    "user.id",
    "author.id",
    "customer.id",
    "senderid",
    "fromid",
    "fromusername",
    "openid",
    "userid",
    "externaluserid",
    "customerid",
    "uid",
    "from",
    "sender",
    "user",
    "phone",
    "email",
];
const SENDER_NAME: &[&str] = &[
    "sender.name",
    "from.name",
    "user.name",
    "customer.name",
    "sendername",
    "nickname",
    "sendernick",
    "displayname",
    "username",
    "name",
];
const THREAD: &[&str] = &[
    "conversation.id",
    "chat.id",
    "conversationid",
    "chatid",
    "threadid",
    "roomid",
    "sessionid",
    "channelid",
    "ticketid",
];
const TEXT: &[&str] = &["text.body", "text.content", "text", "content", "body", "message", "msg"];
const TIME: &[&str] = &[
    "timestamp",
    "createdat",
    "createtime",
    "sentat",
    "sendtime",
    "createdtime",
    "eventtime",
    "time",
    "date",
    "ts",
    "at",
];
const TYPE: &[&str] = &["msgtype", "messagetype", "contenttype", "type", "kind"];

fn write(id: &str, format: Format, each: Option<&str>, guess: &Guess<'_>, example: Option<&[u8]>) -> String {
    let format = match format {
        Format::Json => "json",
        Format::Xml => "xml",
        Format::Form => "form",
        Format::Text => "text",
        Format::Soap => "soap",
        Format::Thrift => "thrift",
    };
    let mut out = format!(
        "kefu_channel: 1\nid: {id}\nname: {id}\n\
         # Hosts that requests may go to, and names of values that the operator gives; secrets never stand in this file.\n\
         hosts: [api.example.com]\nsecrets: [webhook_secret, api_key]\n\
         receive:\n  format: {format}\n  verify:\n\
         \x20   # How the service signs its requests; `kefu adapt channel new --like slack` shows one over a time as well.\n\
         \x20   - hmac: {{ alg: sha256, key: secret.webhook_secret, over: \"{{raw}}\", encode: hex, equals: header.x-signature }}\n\
         \x20 reply: {{ status: 200, json: {{}} }}\nmessages:\n"
    );
    if let Some(each) = each {
        out.push_str(&format!("  each: \"= {each}\"\n"));
    }
    let text = |names| guess.find(names, |value| value.is_string()).map(|leaf| guess.expression(leaf));
    let name = |names| guess.find(names, is_name).map(|leaf| guess.expression(leaf));
    let (message_id, sender) = (name(MESSAGE_ID), name(SENDER_ID));
    let known = |expression: &Option<String>, what: &str| match expression {
        Some(expression) => (expression.clone(), String::new()),
        None => ("item".to_owned(), format!("  # {what} is not in the sample")),
    };
    let (message_id, no_id) = known(&message_id, "the message's name");
    let (sender, no_sender) = known(&sender, "the sender's name");
    out.push_str(&format!("  dedupe: {{ key: \"= {message_id}\", ttl: 24h }}{no_id}\n  map:\n    external_id: \"= {message_id}\"\n"));
    if let Some(thread) = name(THREAD) {
        out.push_str(&format!("    thread: \"= {thread}\"\n"));
    }
    let sender_name = text(SENDER_NAME).filter(|name| *name != sender);
    let sender_name = sender_name.map(|name| format!(", name: \"= {name}\"")).unwrap_or_default();
    out.push_str(&format!("    sender: {{ id: \"= {sender}\"{sender_name} }}{no_sender}\n"));
    if let Some(time) = guess.find(TIME, |value| time(value).is_some()) {
        let expression = guess.expression(time).to_string();
        let how = self::time(&time.value).unwrap_or_default();
        out.push_str(&format!("    at: \"= {expression}{how}\"\n"));
    }
    match guess.find(TYPE, Json::is_string) {
        Some(leaf) => {
            let value = leaf.value.as_str().unwrap_or_default();
            let value = if value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
                value
            } else {
                "text"
            };
            let others = [("text", "text"), ("image", "image"), ("file", "file")];
            let others = others
                .iter()
                .filter(|(case, _)| *case != value)
                .map(|(case, kind)| format!(", \"{case}\": {kind}"));
            let expression = guess.expression(leaf);
            let others: String = others.collect();
            out.push_str(&format!(
                "    kind: {{ switch: \"{expression}\", cases: {{ \"{value}\": text{others} }}, default: unknown }}\n"
            ));
        }
        None => out.push_str("    kind: text\n"),
    }
    match text(TEXT) {
        Some(text) => out.push_str(&format!("    text: \"= {text}\"\n")),
        None => out.push_str("    text: \"\"  # no text is in the sample\n"),
    }
    out.push_str("    fallback: \"[message]\"\n");
    out.push_str(
        "send:\n  text:\n    post: https://api.example.com/messages\n    headers: { authorization: \"= 'Bearer ' ~ secret.api_key\" }\n    \
         json: { to: \"= msg.thread\", text: \"= msg.text\", id: \"= msg.id\" }\n    \
         ok: status < 300\n    id: \"= resp.id\"\n    split: { max_chars: 2000 }\nlimits: { rate: 10/s }\n",
    );
    if let Some(sample) = example {
        let sample = String::from_utf8_lossy(sample);
        let sample = serde_json::to_string(sample.trim()).unwrap_or_default();
        out.push_str(&format!(
            "test:\n  - name: the captured message\n    request:\n      sign: true\n      body: {sample}\n    expect:\n      status: 200\n"
        ));
    }
    out
}

/// What makes milliseconds of a time.
fn time(value: &Json) -> Option<&'static str> {
    match value {
        Json::Number(number) => match number.as_f64()? {
            1e8..1e11 => Some(" * 1000"),
            1e11..1e14 => Some(""),
            _ => None,
        },
        Json::String(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => match text.len() {
            9..=10 => Some(" | int * 1000"),
            12..=13 => Some(" | int"),
            _ => None,
        },
        Json::String(text) => super::mapping::date_ms(text).map(|_| " | date"),
        _ => None,
    }
}
