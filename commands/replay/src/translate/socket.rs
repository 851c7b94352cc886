//! The old system's WebSockets, as the file has them.

use std::collections::BTreeMap;

use kefu_channel::Template;
use serde::Deserialize;

use super::file::{BEFORE_MAX, NAMES, RequestTemplate};
use crate::pattern::EndpointPattern;

/// A WebSocket of the old system.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Socket {
    /// Its handshake.
    pub(super) socket: EndpointPattern,
    /// Only where this holds.
    #[serde(default)]
    pub(super) when: Option<Template>,
    #[serde(default)]
    pub(super) session: Option<Template>,
    /// Other sessions, by what theirs is.
    #[serde(default)]
    pub(super) others: BTreeMap<String, Template>,
    /// Other sessions that messages are about, by something that they have learned.
    #[serde(default)]
    pub(super) found: BTreeMap<String, Found>,
    /// A session has one at a time: a newer one takes its place.
    #[serde(default)]
    pub(super) alone: bool,
    /// What has to be asked before, and whose answers do not matter.
    #[serde(default)]
    pub(super) before: Vec<RequestTemplate>,
    pub(super) open: Opening,
    /// What messages are called in reports; those of one name are compared in their order.
    #[serde(default)]
    pub(super) name: Option<Template>,
    /// What the client says; the first that fits.
    #[serde(default)]
    pub(super) says: Vec<Says>,
    /// What the new system says; the first that fits.
    #[serde(default)]
    pub(super) hears: Vec<Hears>,
    /// What the old system says and the new one does not.
    #[serde(default)]
    pub(super) unheard: Vec<Unheard>,
}

/// The session that has learned a text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Found {
    /// Under which name.
    pub(super) learned: String,
    /// Which text.
    pub(super) is: Template,
}

/// The handshake with the new system.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Opening {
    /// Path and query.
    pub(super) path: Template,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, Template>,
    /// What the new system says before the client may say anything.
    #[serde(default)]
    pub(super) ready: Option<Template>,
}

/// A message of the client.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Says {
    #[serde(default)]
    pub(super) when: Option<Template>,
    /// It is nothing in the new system, and why.
    #[serde(default)]
    pub(super) skip: Option<String>,
    /// It is a message.
    #[serde(default)]
    pub(super) send: Option<Template>,
    /// It is a request.
    #[serde(default)]
    pub(super) request: Option<RequestTemplate>,
    #[serde(default)]
    pub(super) learn: BTreeMap<String, Template>,
    /// What the old system would say to it, of the answer to the request.
    #[serde(default)]
    pub(super) answer: Option<Template>,
}

/// A message of the new system.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hears {
    #[serde(default)]
    pub(super) when: Option<Template>,
    #[serde(default)]
    pub(super) learn: BTreeMap<String, Template>,
    /// What the new system is told at once.
    #[serde(default)]
    pub(super) reply: Option<Template>,
    /// What it is in the old system's words; without it, nothing.
    #[serde(default)]
    pub(super) message: Option<Template>,
}

/// A message of the old system that has nothing in the new one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Unheard {
    #[serde(default)]
    pub(super) when: Option<Template>,
    pub(super) skip: String,
}

/// A key of the file, and what is wrong there.
type Wrong = (String, String);

impl Socket {
    /// Finds what cannot be meant; `knows` says whether a name is something, beside those that not all expressions see.
    pub(super) fn check(&self, knows: &dyn Fn(&str, &[&str]) -> bool) -> Result<(), Wrong> {
        let wrong = |key: &str, why: &str| Err((key.to_owned(), why.to_owned()));
        if self.before.len() > BEFORE_MAX {
            return wrong("before", &format!("more than {BEFORE_MAX} requests"));
        }
        let mut names = self.others.keys().chain(self.found.keys());
        if let Some(name) = names.find(|name| NAMES.contains(&name.as_str())) {
            return wrong("others", &format!("`{name}` is something else in expressions"));
        }
        let check = |key: String, template: &Template, more: &[&str]| match template
            .names()
            .into_iter()
            .find(|name| !knows(name, more))
        {
            Some(name) => Err((key, format!("`{name}` is not known here"))),
            None => Ok(()),
        };
        let check_request = |key: String, request: &RequestTemplate, more: &[&str]| {
            request.check().map_err(|why| (key.clone(), why))?;
            request.templates().try_for_each(|template| check(key.clone(), template, more))
        };
        for (index, request) in self.before.iter().enumerate() {
            check_request(format!("before.{index}"), request, &[])?;
        }
        check("open.path".to_owned(), &self.open.path, &[])?;
        for template in self.open.headers.values() {
            check("open.headers".to_owned(), template, &[])?;
        }
        for found in self.found.values() {
            check("found".to_owned(), &found.is, &["message"])?;
        }
        // What expressions about messages see.
        let message: Vec<&str> = self.found.keys().map(String::as_str).chain(["message"]).collect();
        let answer: Vec<&str> = message.iter().copied().chain(["answer"]).collect();
        for (key, template) in [("open.ready", &self.open.ready), ("name", &self.name)] {
            template.iter().try_for_each(|template| check(key.to_owned(), template, &message))?;
        }
        for (index, says) in self.says.iter().enumerate() {
            let key = format!("says.{index}");
            let ways = [says.skip.is_some(), says.send.is_some(), says.request.is_some()];
            if ways.iter().filter(|is_one| **is_one).count() != 1 {
                return wrong(&key, "it has one of skip, send and request");
            }
            for template in says.when.iter().chain(&says.send) {
                check(key.clone(), template, &message)?;
            }
            if let Some(request) = &says.request {
                check_request(format!("{key}.request"), request, &message)?;
            }
            for template in says.learn.values().chain(&says.answer) {
                check(key.clone(), template, &answer)?;
            }
        }
        for (index, hears) in self.hears.iter().enumerate() {
            let key = format!("hears.{index}");
            let templates = hears.when.iter().chain(&hears.reply).chain(&hears.message);
            for template in templates.chain(hears.learn.values()) {
                check(key.clone(), template, &message)?;
            }
        }
        for (index, unheard) in self.unheard.iter().enumerate() {
            if let Some(template) = &unheard.when {
                check(format!("unheard.{index}"), template, &message)?;
            }
        }
        Ok(())
    }
}
