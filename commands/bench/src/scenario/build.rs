//! What a scenario means, found out and checked before anything is opened.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    time::Duration,
};

use http::{HeaderName, Method};
use kefu_app::{Effective, Failure, Text, parse_duration};
use kefu_protocol::ws::CloseCode;

use super::{
    data::{self, Row},
    file::{FlowFile, ScenarioFile, StepFile},
    template::{BUILT_IN, Template},
};
use crate::threshold::Threshold;

const FLOWS_MAX: usize = 100;
const STEPS_MAX: usize = 1000;

/// What callers do, and with what.
#[derive(Debug)]
pub(super) struct Scenario {
    pub(super) variables: HashMap<String, String>,
    pub(super) data: Vec<Vec<Row>>,
    pub(super) flows: Vec<Flow>,
    pub(super) thresholds: Vec<Threshold>,
}

#[derive(Debug)]
pub(super) struct Flow {
    pub(super) name: String,
    pub(super) weight: u32,
    pub(super) steps: Vec<Step>,
}

#[derive(Debug)]
pub(super) struct Step {
    /// `flow/step`.
    pub(super) name: String,
    pub(super) action: Action,
    pub(super) captures: Vec<(String, Capture)>,
}

#[derive(Debug)]
pub(super) enum Action {
    Request {
        method: Method,
        path: Template,
        headers: Vec<(HeaderName, Template)>,
        body: Template,
        status: Option<u16>,
        text: Template,
    },
    Open {
        path: Template,
        headers: Vec<(String, Template)>,
        subprotocol: String,
    },
    Send(Template),
    Receive(Template),
    /// With a code, or without a word.
    Close(Option<CloseCode>),
    Think(Duration, Duration),
}

#[derive(Debug)]
pub(super) enum Capture {
    Pointer(String),
    Header(HeaderName),
}

/// Where in the file something stands, for messages.
struct Place<'a> {
    file: &'a Effective<ScenarioFile>,
    path: String,
}

impl Place<'_> {
    fn reject(&self, key: &str, en: impl Into<String>, zh: impl Into<String>) -> Failure {
        self.file.reject(&format!("{}.{key}", self.path), Text::new(en, zh))
    }
}

/// Builds a scenario from its file; `given` goes before its variables, and paths start from `base`.
pub(super) fn build(
    file: &Effective<ScenarioFile>,
    base: &Path,
    given: &[(String, String)],
) -> Result<Scenario, Failure> {
    let mut variables: HashMap<String, String> =
        file.variables.iter().map(|(name, value)| (name.to_owned(), value.clone())).collect();
    for (name, value) in given {
        if variables.insert(name.clone(), value.clone()).is_none() {
            let known: Vec<_> = file.variables.iter().map(|(name, _)| name).collect();
            let known = known.join(", ");
            return Err(crate::usage(
                format!("cannot set `{name}`: the scenario has the variables {known}"),
                format!("无法设置 `{name}`: 场景中的变量有 {known}"),
            ));
        }
    }
    let mut known: HashSet<String> = BUILT_IN.iter().map(|name| (*name).to_owned()).collect();
    known.extend(variables.keys().cloned());
    let mut rows = Vec::new();
    for (name, path) in file.data.iter() {
        let read = data::read(name, &base.join(path)).map_err(|error| {
            file.reject(&format!("data.{name}"), Text::from(format!("{}: {error}", path.display())))
        })?;
        known.extend(read.iter().flat_map(|row| row.keys().cloned()));
        rows.push(read);
    }
    let count = file.flows.iter().count();
    if !(1..=FLOWS_MAX).contains(&count) {
        let text = Text::new(
            format!("must have from 1 to {FLOWS_MAX} flows"),
            format!("必须有 1 到 {FLOWS_MAX} 个流程"),
        );
        return Err(file.reject("flows", text));
    }
    let flows = file.flows.iter().enumerate();
    let flows = flows.map(|(index, flow)| {
        let place = Place { file, path: format!("flows.{index}") };
        build_flow(&place, index, flow, known.clone())
    });
    let flows = flows.collect::<Result<Vec<_>, _>>()?;
    if flows.iter().all(|flow| flow.weight == 0) {
        return Err(file.reject("flows", Text::new("must not all have the weight 0", "权重不能全为 0")));
    }
    let thresholds = file.thresholds.iter().map(|text| {
        text.parse().map_err(|error| file.reject("thresholds", Text::from(format!("`{text}`, {error}"))))
    });
    Ok(Scenario { variables, data: rows, thresholds: thresholds.collect::<Result<_, _>>()?, flows })
}

fn build_flow(
    place: &Place<'_>,
    index: usize,
    flow: &FlowFile,
    mut known: HashSet<String>,
) -> Result<Flow, Failure> {
    let name = if flow.name.is_empty() { format!("flow {}", index + 1) } else { flow.name.clone() };
    let count = flow.steps.iter().count();
    if !(1..=STEPS_MAX).contains(&count) {
        return Err(place.reject(
            "steps",
            format!("must have from 1 to {STEPS_MAX} steps"),
            format!("必须有 1 到 {STEPS_MAX} 个步骤"),
        ));
    }
    let (mut steps, mut has_socket) = (Vec::new(), false);
    for (number, step) in flow.steps.iter().enumerate() {
        let place = Place { file: place.file, path: format!("{}.steps.{number}", place.path) };
        let built = build_step(&place, &name, step, &known)?;
        match built.action {
            Action::Open { .. } => has_socket = true,
            Action::Send(_) | Action::Receive(_) | Action::Close(_) if !has_socket => {
                let (en, zh) = (
                    "must come after a step that opens a `websocket`",
                    "必须位于打开 `websocket` 的步骤之后",
                );
                return Err(place.file.reject(&place.path, Text::new(en, zh)));
            }
            Action::Close(_) => has_socket = false,
            _ => {}
        }
        known.extend(built.captures.iter().map(|(name, _)| name.clone()));
        steps.push(built);
    }
    Ok(Flow { name, weight: flow.weight, steps })
}

fn build_step(
    place: &Place<'_>,
    flow: &str,
    step: &StepFile,
    known: &HashSet<String>,
) -> Result<Step, Failure> {
    let kinds = [
        ("request", !step.request.is_empty()),
        ("websocket", !step.websocket.is_empty()),
        ("send", !step.send.is_empty()),
        ("receive", !step.receive.is_empty()),
        ("close", step.close.is_some()),
        ("think", !step.think.is_empty()),
    ];
    let mut chosen = kinds.iter().filter(|(_, is_there)| *is_there).map(|(name, _)| *name);
    let (Some(kind), None) = (chosen.next(), chosen.next()) else {
        let names = kinds.map(|(name, _)| name).join(", ");
        let text = Text::new(format!("must have exactly one of {names}"), format!("必须恰好有 {names} 之一"));
        return Err(place.file.reject(&place.path, text));
    };
    belongs(place, step, kind)?;
    let template = |key: &str, text: &str| template(place, key, text, known);
    let action = match kind {
        "request" => request(place, step, known)?,
        "websocket" => {
            let headers = step
                .headers
                .iter()
                .map(|(name, value)| Ok((name.to_owned(), template(&format!("headers.{name}"), value)?)));
            Action::Open {
                path: template("websocket", &step.websocket)?,
                headers: headers.collect::<Result<_, Failure>>()?,
                subprotocol: step.subprotocol.clone(),
            }
        }
        "send" => Action::Send(template("send", &step.send)?),
        "receive" => Action::Receive(template("receive", &step.receive)?),
        "close" => Action::Close(step.close.filter(|code| *code != 0).map(CloseCode)),
        _ => {
            let (from, to) = step.think.split_once("..").unwrap_or((&step.think, &step.think));
            let part = |text: &str| {
                parse_duration(text.trim()).map_err(|error| place.reject("think", error.clone(), error))
            };
            let (from, to) = (part(from)?, part(to)?);
            Action::Think(from.min(to), to.max(from))
        }
    };
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
