//! The file that says what the old system's calls are in the new one.

use std::collections::BTreeMap;

use kefu_channel::{FileError, Template, read_file, wrong_at};
use serde::{Deserialize, Deserializer, de::Error as _};

use super::socket::Socket;
use crate::pattern::EndpointPattern;

/// Names that are something in expressions.
pub(super) const NAMES: [&str; 10] =
    ["request", "params", "setting", "session", "uuid", "answer", "recorded", "lists", "item", "message"];
/// Requests before the one that is meant.
pub(super) const BEFORE_MAX: usize = 4;

/// A translation as its file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    /// The version of the format: 1.
    #[serde(rename = "kefu_translate", deserialize_with = "version")]
    _version: (),
    /// Its name for people.
    #[serde(rename = "name")]
    _name: String,
    /// Values that the user gives, or what they are otherwise.
    #[serde(default)]
    pub(super) settings: BTreeMap<String, Option<String>>,
    /// Cookies that the new system sets take the place of those that were recorded.
    #[serde(default)]
    pub(super) cookies: bool,
    /// What the requests of one session have in common; by default their connection.
    #[serde(default)]
    pub(super) session: Option<Template>,
    /// The first that fits is what a request is.
    pub(super) calls: Vec<Call>,
    /// What becomes of requests that none fits.
    #[serde(default)]
    pub(super) otherwise: Otherwise,
    /// WebSockets; the first that fits is what a handshake is.
    #[serde(default)]
    pub(super) sockets: Vec<Socket>,
}

/// What becomes of requests that the file does not know.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(super) enum Otherwise {
    /// They are left out.
    #[default]
    Skip,
    /// They are sent as they are.
    Pass,
}

/// A call of the old system.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Call {
    pub(super) call: EndpointPattern,
    /// Only where this holds.
    #[serde(default)]
    pub(super) when: Option<Template>,
    /// It has nothing in the new system, and why.
    #[serde(default)]
    pub(super) skip: Option<String>,
    #[serde(default)]
    pub(super) session: Option<Template>,
    /// Other sessions, by what theirs is.
    #[serde(default)]
    pub(super) others: BTreeMap<String, Template>,
    /// What has to be asked before, and whose answers do not matter.
    #[serde(default)]
    pub(super) before: Vec<RequestTemplate>,
    /// What is asked; without it, the request as it was.
    #[serde(default)]
    pub(super) request: Option<RequestTemplate>,
    /// What later requests of the session need to know of the answer.
    #[serde(default)]
    pub(super) learn: BTreeMap<String, Template>,
    /// The session for which that is learned, where it is another; sees what the old system said as `recorded`.
    #[serde(default)]
    pub(super) learn_in: Option<Template>,
    /// What the answer is in the old system's words; without it, the answer as it is.
    #[serde(default)]
    pub(super) answer: Option<AnswerTemplate>,
}

/// A request to the new system.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RequestTemplate {
    pub(super) method: String,
    /// Path and query.
    pub(super) path: Template,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Template>,
    #[serde(default)]
    pub(super) json: Option<Template>,
    #[serde(default)]
    pub(super) form: Option<Template>,
    #[serde(default)]
    pub(super) text: Option<Template>,
}

impl RequestTemplate {
    /// Finds what cannot be sent.
    pub(super) fn check(&self) -> Result<(), String> {
        let bodies = [&self.json, &self.form, &self.text];
        if bodies.into_iter().flatten().count() > 1 {
            return Err("it has one of json, form and text".to_owned());
        }
        let is_method = self.method.bytes().all(|byte| byte.is_ascii_uppercase());
        if self.method.is_empty() || !is_method {
            return Err(format!("{:?} is no method", self.method));
        }
        Ok(())
    }

    /// Everything that may be an expression.
    pub(super) fn templates(&self) -> impl Iterator<Item = &Template> {
        let bodies = [&self.json, &self.form, &self.text].into_iter().flatten();
        bodies.chain(self.headers.values()).chain([&self.path])
    }
}

/// An answer in the old system's words.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AnswerTemplate {
    #[serde(default)]
    pub(super) status: Option<Template>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Template>,
    /// Lists made item by item, which `json` sees as `lists.NAME`.
    #[serde(default)]
    pub(super) lists: BTreeMap<String, ListTemplate>,
    #[serde(default)]
    pub(super) json: Option<Template>,
    #[serde(default)]
    pub(super) text: Option<Template>,
}

/// A list made of another.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListTemplate {
    pub(super) of: Template,
    /// What is made of each; sees it as `item`.
    pub(super) item: Template,
}

fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    match u32::deserialize(deserializer)? {
        1 => Ok(()),
        other => Err(D::Error::custom(format!("this kefu reads version 1 of the format, not {other}"))),
    }
}

impl File {
    /// Reads a file.
    ///
    /// # Errors
    ///
    /// What is wrong with it first.
    pub(super) fn read(text: &str) -> Result<Self, FileError> {
        let file: Self = read_file(text)?;
        match file.check() {
            Ok(()) => Ok(file),
            Err((key, why)) => Err(wrong_at(text, &key, why)),
        }
    }

    fn check(&self) -> Result<(), (String, String)> {
        for (index, call) in self.calls.iter().enumerate() {
            let at = |key: &str| format!("calls.{index}.{key}");
            if call.before.len() > BEFORE_MAX {
                return Err((at("before"), format!("more than {BEFORE_MAX} requests")));
            }
            if let Some(name) = call.others.keys().find(|name| NAMES.contains(&name.as_str())) {
                return Err((at("others"), format!("`{name}` is something else in expressions")));
            }
            if call.skip.is_some() && (call.request.is_some() || !call.before.is_empty()) {
                return Err((at("skip"), "what is left out has no request".to_owned()));
            }
            if call.request.is_none() && !call.before.is_empty() {
                return Err((at("before"), "it stands before a request, and there is none".to_owned()));
            }
            for (key, request) in call.requests() {
                let key = at(&key);
                request.check().map_err(|why| (key, why))?;
            }
            if call.answer.as_ref().is_some_and(|answer| answer.json.is_some() && answer.text.is_some()) {
                return Err((at("answer"), "it has one of json and text".to_owned()));
            }
            self.check_names(call).map_err(|(key, why)| (at(&key), why))?;
        }
        for (index, socket) in self.sockets.iter().enumerate() {
            let knows = |name: &str, more: &[&str]| self.knows(name, &socket.others, more);
            socket.check(&knows).map_err(|(key, why)| (format!("sockets.{index}.{key}"), why))?;
        }
        Ok(())
    }

    /// Whether a name is something in an expression that sees the sessions of `others`, and `more` than all do.
    fn knows(&self, name: &str, others: &BTreeMap<String, Template>, more: &[&str]) -> bool {
        let (first, rest) = name.split_once('.').unwrap_or((name, ""));
        match first {
            "setting" => self.settings.contains_key(rest.split('.').next().unwrap_or_default()),
            "answer" | "recorded" | "lists" | "item" | "message" => more.contains(&first),
            first => NAMES.contains(&first) || others.contains_key(first) || more.contains(&first),
        }
    }

    /// Finds settings that nobody can give, and names that are nothing.
    fn check_names(&self, call: &Call) -> Result<(), (String, String)> {
        let check = |key: &str, template: &Template, has_answer: bool| {
            let more: &[&str] = if has_answer { &["answer", "recorded", "lists", "item"] } else { &[] };
            match template.names().into_iter().find(|name| !self.knows(name, &call.others, more)) {
                Some(name) => Err((key.to_owned(), format!("`{name}` is not known here"))),
                None => Ok(()),
            }
        };
        for (key, request) in call.requests() {
            request.templates().try_for_each(|template| check(&key, template, false))?;
        }
        for template in call.learn.values().chain(&call.learn_in) {
            check("learn", template, true)?;
        }
        if let Some(answer) = &call.answer {
            let parts = [&answer.status, &answer.json, &answer.text].into_iter().flatten();
            let lists = answer.lists.values().flat_map(|list| [&list.of, &list.item]);
            for template in parts.chain(answer.headers.values()).chain(lists) {
                check("answer", template, true)?;
            }
        }
        Ok(())
    }
}

impl Call {
    /// All requests of it, with their keys.
    fn requests(&self) -> impl Iterator<Item = (String, &RequestTemplate)> {
        let before = self.before.iter().enumerate();
        let before = before.map(|(index, request)| (format!("before.{index}"), request));
        before.chain(self.request.iter().map(|request| ("request".to_owned(), request)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_has_its_line() {
        let call = |rest: &str| format!("kefu_translate: 1\nname: a\ncalls:\n  - call: GET /a\n{rest}");
        let socket = |rest: &str| {
            format!(
                "kefu_translate: 1\nname: a\ncalls: []\nsockets:\n  - socket: GET /a\n    open: {{path: /b}}\n{rest}"
            )
        };
        for (text, expected) in [
            (
                "kefu_translate: 1\nname: a\ncals: []\n".to_owned(),
                "unknown key `cals`; did you mean `calls`?",
            ),
            (
                call("    request: {method: GET, path: '= nope.a'}\n"),
                "5:14: calls.0.request: `nope.a` is not known here",
            ),
            (call("    request: {method: GET, path: '= answer.json'}\n"), "`answer.json` is not known here"),
            (call("    request: {method: GET, path: '= setting.x'}\n"), "`setting.x` is not known here"),
            (call("    request: {method: get, path: /a}\n"), "\"get\" is no method"),
            (call("    request: {method: POST, path: /a, json: 1, text: b}\n"), "one of json, form and text"),
            (call("    skip: no\n    request: {method: GET, path: /a}\n"), "what is left out has no request"),
            (call("    others: {request: 'x'}\n"), "`request` is something else"),
            (call("    answer: {json: '= |'}\n"), "not an expression"),
            (
                socket("    says: [{when: '= message.json.a'}]\n"),
                "says.0: it has one of skip, send and request",
            ),
            (socket("    name: '= answer.json'\n"), "sockets.0.name: `answer.json` is not known here"),
            (socket("    hears: [{message: '= setting.x'}]\n"), "`setting.x` is not known here"),
            (socket("    before: [{method: get, path: /a}]\n"), "sockets.0.before.0: \"get\" is no method"),
        ] {
            let error = File::read(&text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
