//! The file that says which operations of a bridge are a ticket system, and how its fields are kefu's.

use std::collections::BTreeMap;

use kefu_channel::{FileError, Template, read_file, wrong_at};
use kefu_core::{TicketPriority, TicketStatus};
use kefu_gateway::Bridge;
use kefu_store::ExternalKind;
use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::Value;

/// A ticket system as its file describes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rules {
    /// The version of the format: 1.
    #[serde(rename = "kefu_tickets", deserialize_with = "version")]
    _version: (),
    /// Its name for people.
    pub(crate) name: String,
    /// The bridge that it is behind.
    pub(crate) bridge: String,
    /// Where a ticket is shown to people: sees `number`.
    #[serde(default)]
    pub(super) link: Option<Template>,
    /// Its words for kefu's: the first is written, all are read.
    #[serde(default)]
    pub(super) statuses: BTreeMap<String, Vec<Value>>,
    #[serde(default)]
    pub(super) priorities: BTreeMap<String, Vec<Value>>,
    /// How a ticket is read: sees `item`.
    pub(super) ticket: TicketMap,
    /// How those of a customer are listed.
    pub(super) list: Call,
    /// How one is read with what was said about it.
    #[serde(default)]
    pub(super) get: Option<Get>,
    #[serde(default)]
    pub(super) create: Option<Write>,
    #[serde(default)]
    pub(super) update: Option<Write>,
    #[serde(default)]
    pub(super) comment: Option<Write>,
}

/// Fields of a ticket; what is not there is empty.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TicketMap {
    pub(super) number: Template,
    pub(super) subject: Option<Template>,
    pub(super) status: Option<Template>,
    pub(super) priority: Option<Template>,
    pub(super) assignee: Option<Template>,
    pub(super) created_at: Option<Template>,
    pub(super) updated_at: Option<Template>,
}

/// A call that reads.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Call {
    pub(super) operation: String,
    #[serde(default)]
    pub(super) arguments: Option<Template>,
    /// The list, or the one thing, in its `result`.
    pub(super) items: Template,
}

/// How one ticket is read.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Get {
    pub(super) call: Call,
    /// The list of what was said, in its `result`.
    #[serde(default)]
    pub(super) comments: Option<Template>,
    #[serde(default)]
    pub(super) comment: Option<CommentMap>,
}

/// Fields of a comment.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CommentMap {
    pub(super) text: Template,
    pub(super) author: Option<Template>,
    pub(super) at: Option<Template>,
}

/// A call that changes something.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Write {
    pub(super) operation: String,
    pub(super) arguments: Template,
    /// The member of the arguments by which the service tells a call that it had before; it gets an id.
    #[serde(default)]
    pub(super) idempotency: Option<String>,
    /// The new ticket's number, in the `result`.
    #[serde(default)]
    pub(super) number: Option<Template>,
}

fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    match u32::deserialize(deserializer)? {
        1 => Ok(()),
        other => Err(D::Error::custom(format!("this kefu reads version 1 of the format, not {other}"))),
    }
}

const READ: &[&str] = &["customer", "external_id"];
const GOT: &[&str] = &["customer", "number"];
const RESULT: &[&str] = &["result"];
const ITEM: &[&str] = &["item"];
const CREATED: &[&str] =
    &["id", "customer", "external_id", "agent", "conversation", "subject", "body", "priority", "assignee"];
const UPDATED: &[&str] =
    &["id", "customer", "external_id", "agent", "conversation", "number", "status", "priority", "assignee"];
const COMMENTED: &[&str] =
    &["id", "customer", "external_id", "agent", "conversation", "number", "text", "internal"];

/// A key, and what is wrong there.
type Finding = (String, String);

impl Rules {
    /// Reads a file for these bridges.
    ///
    /// # Errors
    /// What is wrong with it first.
    pub(crate) fn read(yaml: &str, bridge: &Bridge) -> Result<Self, FileError> {
        let rules: Self = read_file(yaml)?;
        match rules.check(bridge) {
            Ok(()) => Ok(rules),
            Err((key, message)) => Err(wrong_at(yaml, &key, message)),
        }
    }

    /// Whether the tickets of a customer are listed once for each of the company's own ids of it.
    pub(super) fn lists_by_external_id(&self) -> bool {
        self.list.arguments.as_ref().is_some_and(|arguments| arguments.names().contains("external_id"))
    }

    /// How something is asked for; nothing if this system does not take it.
    pub(super) fn write(&self, kind: ExternalKind) -> Option<&Write> {
        match kind {
            ExternalKind::Create => self.create.as_ref(),
            ExternalKind::Update => self.update.as_ref(),
            ExternalKind::Comment => self.comment.as_ref(),
        }
    }

    /// Whether something can be asked for.
    pub(crate) fn takes(&self, kind: ExternalKind) -> bool {
        self.write(kind).is_some()
    }

    /// Whether it can be said then who is to work on the ticket.
    pub(crate) fn assigns(&self, kind: ExternalKind) -> bool {
        self.write(kind).is_some_and(|write| write.arguments.names().contains("assignee"))
    }

    /// kefu's words for what statuses can be set.
    pub(crate) fn statuses(&self) -> impl Iterator<Item = &str> {
        self.statuses.keys().map(String::as_str)
    }

    /// The same for priorities.
    pub(crate) fn priorities(&self) -> impl Iterator<Item = &str> {
        self.priorities.keys().map(String::as_str)
    }

    fn check(&self, bridge: &Bridge) -> Result<(), Finding> {
        let Some(operations) = bridge.operations(&self.bridge) else {
            let known = bridge.names().collect::<Vec<_>>().join(", ");
            return Err((
                "bridge".to_owned(),
                format!("there is no bridge {:?}, only: {known}", self.bridge),
            ));
        };
        words("statuses", &self.statuses, |word| TicketStatus::from_word(word).is_some())?;
        words("priorities", &self.priorities, |word| TicketPriority::from_word(word).is_some())?;
        let operation = |key: &str, name: &str| match operations.contains(&name) {
            true => Ok(()),
            false => {
                let known = operations.join(", ");
                Err((
                    format!("{key}.operation"),
                    format!("the bridge has no operation {name:?}, only: {known}"),
                ))
            }
        };
        names("link", self.link.as_ref(), &["number"])?;
        let map = &self.ticket;
        for (key, template) in [
            ("number", Some(&map.number)),
            ("subject", map.subject.as_ref()),
            ("status", map.status.as_ref()),
            ("priority", map.priority.as_ref()),
            ("assignee", map.assignee.as_ref()),
            ("created_at", map.created_at.as_ref()),
            ("updated_at", map.updated_at.as_ref()),
        ] {
            names(&format!("ticket.{key}"), template, ITEM)?;
        }
        operation("list", &self.list.operation)?;
        names("list.arguments", self.list.arguments.as_ref(), READ)?;
        names("list.items", Some(&self.list.items), RESULT)?;
        if let Some(get) = &self.get {
            operation("get.call", &get.call.operation)?;
            names("get.call.arguments", get.call.arguments.as_ref(), GOT)?;
            names("get.call.items", Some(&get.call.items), RESULT)?;
            names("get.comments", get.comments.as_ref(), RESULT)?;
            if let Some(comment) = &get.comment {
                names("get.comment.text", Some(&comment.text), ITEM)?;
                names("get.comment.author", comment.author.as_ref(), ITEM)?;
                names("get.comment.at", comment.at.as_ref(), ITEM)?;
            }
            if get.comments.is_some() != get.comment.is_some() {
                let text = "`comments` says where they are and `comment` how one is read: both or neither";
                return Err(("get".to_owned(), text.to_owned()));
            }
        }
        for (key, write, known) in [
            ("create", &self.create, CREATED),
            ("update", &self.update, UPDATED),
            ("comment", &self.comment, COMMENTED),
        ] {
            let Some(write) = write else { continue };
            operation(key, &write.operation)?;
            names(&format!("{key}.arguments"), Some(&write.arguments), known)?;
            names(&format!("{key}.number"), write.number.as_ref(), RESULT)?;
            match (key, &write.number) {
                ("create", None) => {
                    let text = "`number` must say where the new ticket's number is in the `result`";
                    return Err((key.to_owned(), text.to_owned()));
                }
                ("create", _) | (_, None) => {}
                (_, Some(_)) => {
                    return Err((
                        format!("{key}.number"),
                        "only what is made has a number to find".to_owned(),
                    ));
                }
            }
        }
        Ok(())
    }
}

/// Checks that words are kefu's and that each stands for something.
fn words(
    key: &str,
    words: &BTreeMap<String, Vec<Value>>,
    is_known: impl Fn(&str) -> bool,
) -> Result<(), Finding> {
    for (word, theirs) in words {
        if !is_known(word) {
            return Err((format!("{key}.{word}"), "is none of kefu's words".to_owned()));
        }
        let is_plain = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
        if theirs.is_empty() || !theirs.iter().all(is_plain) {
            return Err((
                format!("{key}.{word}"),
                "must be a list of at least one text or number".to_owned(),
            ));
        }
    }
    Ok(())
}

/// Checks that expressions read nothing but what they are shown.
fn names(key: &str, template: Option<&Template>, known: &[&str]) -> Result<(), Finding> {
    for name in template.into_iter().flat_map(Template::names) {
        let root = name.split('.').next().unwrap_or_default();
        if !known.contains(&root) {
            let known = known.join(", ");
            return Err((key.to_owned(), format!("there is no `{root}` here, only: {known}")));
        }
    }
    Ok(())
}
