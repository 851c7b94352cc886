//! One step of a scenario.

use std::{collections::HashSet, time::Duration};

use http::{HeaderName, Method};
use kefu_app::{Failure, Text, parse_duration};
use kefu_protocol::ws::CloseCode;

use super::Place;
use crate::scenario::{file::StepFile, template::Template};

#[derive(Debug)]
pub(in crate::scenario) struct Step {
    /// `flow/step`.
    pub(in crate::scenario) name: String,
    pub(in crate::scenario) action: Action,
    pub(in crate::scenario) captures: Vec<(String, Capture)>,
}

#[derive(Debug)]
pub(in crate::scenario) enum Action {
    Request {
        method: Method,
        path: Template,
        headers: Vec<(HeaderName, Template)>,
        body: Template,
        status: Option<u16>,
        text: Template,
    },
    Open {
        on: String,
        path: Template,
        headers: Vec<(String, Template)>,
        subprotocol: String,
    },
    Send {
        on: String,
        text: Template,
    },
    Receive {
        on: String,
        text: Template,
    },
    /// With a code, or without a word.
    Close {
        on: String,
        code: Option<CloseCode>,
    },
    Think(Duration, Duration),
    /// Of an inbox of kefu.
    Visit(Template),
    Chat(Chat),
}

/// What is done in a conversation of kefu.
#[derive(Debug)]
pub(in crate::scenario) enum Chat {
    Say(Template),
    Delivered,
    Hear(Template),
    Read,
    Drop,
    Resume,
    Rate(u8),
    Accept,
    Resolve,
}

/// What a step of chat takes to be possible.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    /// A connection.
    Talk,
    Drop,
    Resume,
    Rate,
    Accept,
    Resolve,
}

impl Chat {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Say(_) | Self::Delivered | Self::Hear(_) | Self::Read => Kind::Talk,
            Self::Drop => Kind::Drop,
            Self::Resume => Kind::Resume,
            Self::Rate(_) => Kind::Rate,
            Self::Accept => Kind::Accept,
            Self::Resolve => Kind::Resolve,
        }
    }
}

#[derive(Debug)]
pub(in crate::scenario) enum Capture {
    Pointer(String),
    Header(HeaderName),
}

/// Builds a step, whose texts may name what is known.
pub(super) fn build(
    place: &Place<'_>,
    flow: &str,
    step: &StepFile,
    known: &HashSet<String>,
) -> Result<Step, Failure> {
    let kind = kind(place, step)?;
    belongs(place, step, kind)?;
    let action = action(place, step, kind, known)?;
    let does = match &action {
        Action::Request { method, .. } => {
            format!("{method} {}", step.request.split_once(' ').map_or("", |(_, path)| path))
        }
        _ => kind.to_owned(),
    };
    let name = format!("{flow}/{}", if step.name.is_empty() { &does } else { &step.name });
    let captures = step.capture.iter().map(|(name, what)| {
        let wrong = || {
            place.reject(
                &format!("capture.{name}"),
                "must be a JSON pointer such as /id, or of an answer header:location",
                "必须是 JSON 指针 (如 /id), 或应答的 header:location",
            )
        };
        let capture = match what.strip_prefix("header:") {
            Some(header) if kind == "request" => {
                Capture::Header(HeaderName::try_from(header.trim()).map_err(|_| wrong())?)
            }
            None if what.starts_with('/') => Capture::Pointer(what.clone()),
            _ => return Err(wrong()),
        };
        Ok((name.to_owned(), capture))
    });
    let captures = captures.collect::<Result<_, Failure>>()?;
    Ok(Step { name, action, captures })
}

/// The one thing that a step does.
fn kind(place: &Place<'_>, step: &StepFile) -> Result<&'static str, Failure> {
    let kinds = [
        ("request", !step.request.is_empty()),
        ("websocket", !step.websocket.is_empty()),
        ("send", !step.send.is_empty()),
        ("receive", !step.receive.is_empty()),
        ("close", step.close.is_some()),
        ("think", !step.think.is_empty()),
        ("visit", !step.visit.is_empty()),
        ("say", !step.say.is_empty()),
        ("delivered", step.delivered),
        ("hear", !step.hear.is_empty()),
        ("read", step.read),
        ("drop", step.drop),
        ("resume", step.resume),
        ("rate", step.rate.is_some()),
        ("accept", step.accept),
        ("resolve", step.resolve),
    ];
    let mut chosen = kinds.iter().filter(|(_, is_there)| *is_there).map(|(name, _)| *name);
    if let (Some(kind), None) = (chosen.next(), chosen.next()) {
        return Ok(kind);
    }
    let names = kinds.map(|(name, _)| name).join(", ");
    let text = Text::new(format!("must have exactly one of {names}"), format!("必须恰好有 {names} 之一"));
    Err(place.file.reject(&place.path, text))
}

fn action(
    place: &Place<'_>,
    step: &StepFile,
    kind: &str,
    known: &HashSet<String>,
) -> Result<Action, Failure> {
    let template = |key: &str, text: &str| template(place, key, text, known);
    let on = step.socket.clone();
    Ok(match kind {
        "request" => request(place, step, known)?,
        "websocket" => {
            let headers = step
                .headers
                .iter()
                .map(|(name, value)| Ok((name.to_owned(), template(&format!("headers.{name}"), value)?)));
            Action::Open {
                on,
                path: template("websocket", &step.websocket)?,
                headers: headers.collect::<Result<_, Failure>>()?,
                subprotocol: step.subprotocol.clone(),
            }
        }
        "send" => Action::Send { on, text: template("send", &step.send)? },
        "receive" => Action::Receive { on, text: template("receive", &step.receive)? },
        "close" => Action::Close { on, code: step.close.filter(|code| *code != 0).map(CloseCode) },
        "visit" => Action::Visit(template("visit", &step.visit)?),
        "say" => Action::Chat(Chat::Say(template("say", &step.say)?)),
        "delivered" => Action::Chat(Chat::Delivered),
        "hear" => Action::Chat(Chat::Hear(template("hear", &step.hear)?)),
        "read" => Action::Chat(Chat::Read),
        "drop" => Action::Chat(Chat::Drop),
        "resume" => Action::Chat(Chat::Resume),
        "rate" => match step.rate {
            Some(score @ 1..=5) => Action::Chat(Chat::Rate(score)),
            _ => return Err(place.reject("rate", "must be from 1 to 5", "必须在 1 到 5 之间")),
        },
        "accept" => Action::Chat(Chat::Accept),
        "resolve" => Action::Chat(Chat::Resolve),
        _ => {
            let (from, to) = step.think.split_once("..").unwrap_or((&step.think, &step.think));
            let part = |text: &str| {
                parse_duration(text.trim()).map_err(|error| place.reject("think", error.clone(), error))
            };
            let (from, to) = (part(from)?, part(to)?);
            Action::Think(from.min(to), to.max(from))
        }
    })
}

/// Refuses what has no meaning in a step of this kind.
fn belongs(place: &Place<'_>, step: &StepFile, kind: &str) -> Result<(), Failure> {
    let is_open = matches!(kind, "request" | "websocket");
    let wrong = [
        ("headers", step.headers.iter().next().is_some() && !is_open),
        ("body", !step.body.is_empty() && kind != "request"),
        ("expect_status", step.expect_status.is_some() && kind != "request"),
        ("expect_body", !step.expect_body.is_empty() && kind != "request"),
        ("capture", step.capture.iter().next().is_some() && !matches!(kind, "request" | "receive")),
        ("subprotocol", !step.subprotocol.is_empty() && kind != "websocket"),
        ("socket", !step.socket.is_empty() && !matches!(kind, "websocket" | "send" | "receive" | "close")),
    ];
    match wrong.iter().find(|(_, is_wrong)| *is_wrong) {
        None => Ok(()),
        Some((key, _)) => Err(place.reject(
            key,
            format!("has no meaning in a step with `{kind}`"),
            format!("在含 `{kind}` 的步骤中没有意义"),
        )),
    }
}

fn request(place: &Place<'_>, step: &StepFile, known: &HashSet<String>) -> Result<Action, Failure> {
    let wrong = || {
        place.reject(
            "request",
            "must be a method and a path, such as GET /items",
            "必须是方法和路径, 例如 GET /items",
        )
    };
    let (method, path) = step.request.split_once(' ').ok_or_else(wrong)?;
    let path = path.trim();
    if !path.starts_with('/') && !path.starts_with("${") {
        return Err(wrong());
    }
    let headers = step.headers.iter().map(|(name, value)| {
        let key = format!("headers.{name}");
        let header = HeaderName::try_from(name)
            .map_err(|_| place.reject(&key, "is no name of a header", "不是头部名称"))?;
        Ok((header, template(place, &key, value, known)?))
    });
    Ok(Action::Request {
        method: Method::try_from(method).map_err(|_| wrong())?,
        path: template(place, "request", path, known)?,
        headers: headers.collect::<Result<_, Failure>>()?,
        body: template(place, "body", &step.body, known)?,
        status: step.expect_status,
        text: template(place, "expect_body", &step.expect_body, known)?,
    })
}

/// A text whose names all stand for something at this point.
fn template(place: &Place<'_>, key: &str, text: &str, known: &HashSet<String>) -> Result<Template, Failure> {
    let template = Template::parse(text).map_err(|error| {
        place.file.reject(&format!("{}.{key}", place.path), Text::from(error.to_string()))
    })?;
    if let Some(name) = template.names().find(|name| !known.contains(*name)) {
        let mut all: Vec<_> = known.iter().map(String::as_str).collect();
        all.sort_unstable();
        let all = all.join(", ");
        return Err(place.reject(
            key,
            format!("`{name}` stands for nothing here; known are {all}"),
            format!("`{name}` 在此处没有含义; 已知的有 {all}"),
        ));
    }
    Ok(template)
}
