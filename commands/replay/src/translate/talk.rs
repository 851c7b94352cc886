//! A WebSocket session of the old system in the new one's words, and what the new one says in the old one's.

use std::{collections::BTreeMap, sync::Arc};

use kefu_app::Language;
use kefu_channel::{Scope, Template};
use kefu_traffic::gor::Record;
use serde_json::{Map, Value, json};

use super::{
    Translator, Untranslated, answer_record, fits, is_safe, line, lines, path,
    socket::{Found, Says, Socket},
    uuid, view,
};
use crate::{account::Reason, args::HeaderLine, message::Parts, run::Skipped};

/// A name of messages has at most so many bytes.
const NAME_MAX: usize = 64;

/// How a session begins in the new system.
pub(crate) struct Handshake {
    /// What is asked first, and whose answers do not matter.
    pub(crate) before: Vec<Vec<u8>>,
    /// The request that opens it, but for its key.
    pub(crate) head: Vec<u8>,
    pub(crate) talk: Talk,
}

/// Where a session belongs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Seat {
    /// What has to follow each other has the same.
    pub(crate) lane: u64,
    /// What others of the same name give way to.
    pub(crate) alone: Option<String>,
}

/// A session that goes on.
pub(crate) struct Talk {
    translator: Arc<Translator>,
    socket: usize,
    session: String,
    /// What expressions see of the handshake.
    scope: Map<String, Value>,
    id: String,
    /// Messages of the client so far.
    number: u64,
    is_ready: bool,
}

/// What a message of the client is in the new system.
pub(crate) enum Said {
    /// A message.
    Message(Vec<u8>),
    /// A request, and by which of the ways that the file has.
    Request { bytes: Vec<u8>, is_safe: bool, way: usize },
}

/// What a message of the new system is.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct Heard {
    /// What it is answered with.
    pub(crate) reply: Option<Vec<u8>>,
    /// What the old system would have said.
    pub(crate) message: Option<Vec<u8>>,
}

impl Translator {
    /// Whether the file says anything of WebSockets.
    pub(crate) fn has_sockets(&self) -> bool {
        !self.file.sockets.is_empty()
    }

    /// Where the session belongs that a handshake begins; none if the file does not have it.
    pub(crate) fn seat(&self, record: &Record) -> Option<Seat> {
        let (index, scope) = self.socket(record)?;
        let socket = &self.file.sockets[index];
        let session = self.session(socket.session.as_ref(), &scope, record);
        let lane = self.lane_of(&session);
        Some(Seat { lane, alone: socket.alone.then(|| format!("{index} {session}")) })
    }

    /// Translates a handshake.
    ///
    /// # Errors
    ///
    /// The session is left out.
    pub(crate) fn handshake(self: &Arc<Self>, record: &Record) -> Result<Handshake, Untranslated> {
        let Some((index, mut scope)) = self.socket(record) else {
            return Err(self.leave("?", "not in the translation"));
        };
        let socket = &self.file.sockets[index];
        let leave = |why: &str| self.leave(socket.socket.text(), why);
        let session = self.session(socket.session.as_ref(), &scope, record);
        if !socket.before.iter().all(|request| is_safe(&request.method)) && !self.rewrites.unsafe_methods {
            return Err(leave(Reason::from(Skipped::UnsafeMethod).text().in_language(Language::English)));
        }
        let talk = Talk {
            translator: Arc::clone(self),
            socket: index,
            session: session.clone(),
            scope: scope.clone(),
            id: record.id.clone(),
            number: 0,
            is_ready: socket.open.ready.is_none(),
        };
        self.know_sessions(&socket.others, &session, &mut scope).map_err(|why| leave(&why))?;
        let seen = Scope::new(&scope);
        let made = |request| self.made(request, &seen).map_err(|why| leave(&why));
        let before = socket.before.iter().map(made).collect::<Result<_, _>>()?;
        let head = self.opening(socket, &seen).map_err(|why| leave(&why))?;
        Ok(Handshake { before, head, talk })
    }

    /// Notes a message that the old system did not say in a session.
    pub(crate) fn is_more(&self, handshake: &Record, name: &str) {
        let socket = self.socket(handshake).map(|(index, _)| self.file.sockets[index].socket.text());
        self.leave(socket.unwrap_or("?"), &format!("{name} heard more often than it was recorded"));
    }

    /// The socket that a request opens, and what expressions see of it.
    pub(super) fn socket(&self, record: &Record) -> Option<(usize, Map<String, Value>)> {
        if !self.has_sockets() {
            return None;
        }
        let parts = Parts::of(record).filter(|parts| parts.head.is_websocket)?;
        let (method, path, mut scope) = self.seen(record, &parts)?;
        let is_it = |socket: &Socket, scope: &mut Map<String, Value>| {
            fits(&socket.socket, socket.when.as_ref(), (&method, &path), scope)
        };
        let index = self.file.sockets.iter().position(|socket| is_it(socket, &mut scope))?;
        Some((index, scope))
    }

    /// The head of the handshake with the new system.
    fn opening(&self, socket: &Socket, seen: &Scope) -> Result<Vec<u8>, String> {
        let path = path(&socket.open.path, seen)?;
        let host = &self.host;
        let mut head = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\n"
        );
        lines(&mut head, &socket.open.headers, seen)?;
        for HeaderLine { name, value } in &self.rewrites.headers {
            line(&mut head, name, value)?;
        }
        Ok(format!("{head}\r\n").into_bytes())
    }
}

impl Talk {
    fn file(&self) -> &Socket {
        &self.translator.file.sockets[self.socket]
    }

    fn leave(&self, why: &str) -> Untranslated {
        self.translator.leave(self.file().socket.text(), why)
    }

    /// Whether the new system has said that it listens.
    pub(crate) fn is_ready(&self) -> bool {
        self.is_ready
    }

    /// What expressions see of a message now.
    fn seen(&self, message: &[u8]) -> Result<Map<String, Value>, String> {
        let mut scope = self.scope.clone();
        self.translator.know_sessions(&self.file().others, &self.session, &mut scope)?;
        scope.insert("uuid".to_owned(), Value::String(uuid(&format!("{} {}", self.id, self.number))));
        let text = str::from_utf8(message).ok();
        let json = text.and_then(|text| serde_json::from_str::<Value>(text).ok());
        let message = match (json, text) {
            (Some(json), _) => json!({ "json": json }),
            (None, Some(text)) => json!({ "text": text }),
            (None, None) => json!({}),
        };
        scope.insert("message".to_owned(), message);
        let found = &self.file().found;
        if !found.is_empty() {
            let seen = Scope::new(&scope);
            for (name, Found { learned, is }) in found {
                // A message that does not say which one is about none.
                let value = is.value_in(&seen).ok().flatten().map(|value| view::text(&value));
                let values = self.translator.sessions().found(learned, &value.unwrap_or_default());
                scope.insert(name.clone(), values);
            }
        }
        Ok(scope)
    }

    /// Translates a message of the client.
    ///
    /// # Errors
    ///
    /// It is left out.
    pub(crate) fn say(&mut self, message: &[u8]) -> Result<Said, Untranslated> {
        self.number += 1;
        let seen = self.seen(message).map_err(|why| self.leave(&why))?;
        let seen = Scope::new(&seen);
        let says = self.file().says.iter().position(|says| holds(says.when.as_ref(), &seen));
        let Some(way) = says else {
            return Err(self.leave("said, and not in the translation"));
        };
        let said = match &self.file().says[way] {
            Says { skip: Some(why), .. } => return Err(self.leave(why)),
            Says { request: Some(request), .. } => {
                let is_safe = is_safe(&request.method);
                if !is_safe && !self.translator.rewrites.unsafe_methods {
                    let why = Reason::from(Skipped::UnsafeMethod).text();
                    return Err(self.leave(why.in_language(Language::English)));
                }
                self.translator.made(request, &seen).map(|bytes| Said::Request { bytes, is_safe, way })
            }
            Says { send, .. } => words(send.as_ref(), &seen)
                .and_then(|bytes| bytes.ok_or_else(|| "it is nothing".to_owned()))
                .map(Said::Message),
        };
        said.map_err(|why| self.leave(&why))
    }

    /// Learns from the answer to a request; gives what the old system would have said to the message.
    pub(crate) fn answered(&self, message: &[u8], way: usize, payload: Vec<u8>) -> Option<Vec<u8>> {
        let says = &self.file().says[way];
        let mut scope = self.seen(message).map_err(|why| self.leave(&why)).ok()?;
        scope.insert("answer".to_owned(), view::answer(&answer_record(payload))?);
        let seen = Scope::new(&scope);
        self.learn(&says.learn, &seen);
        words(says.answer.as_ref(), &seen).unwrap_or_else(|why| {
            self.leave(&format!("the answer was not translated: {why}"));
            None
        })
    }

    /// Takes what the new system says.
    pub(crate) fn hear(&mut self, message: &[u8]) -> Heard {
        let seen = match self.seen(message) {
            Ok(seen) => Scope::new(&seen),
            Err(why) => {
                self.leave(&why);
                return Heard::default();
            }
        };
        self.is_ready |= self.file().open.ready.as_ref().is_some_and(|ready| holds(Some(ready), &seen));
        // What the file does not have is of the new system alone.
        let hears = self.file().hears.iter().find(|hears| holds(hears.when.as_ref(), &seen));
        let Some(hears) = hears else { return Heard::default() };
        self.learn(&hears.learn, &seen);
        let words = |template: Option<&Template>| {
            words(template, &seen).unwrap_or_else(|why| {
                self.leave(&format!("what was heard was not translated: {why}"));
                None
            })
        };
        Heard { reply: words(hears.reply.as_ref()), message: words(hears.message.as_ref()) }
    }

    /// Whether the new system is to say what the old one said.
    pub(crate) fn expects(&self, message: &[u8]) -> bool {
        let Ok(seen) = self.seen(message) else { return true };
        let seen = Scope::new(&seen);
        match self.file().unheard.iter().find(|unheard| holds(unheard.when.as_ref(), &seen)) {
            Some(unheard) => {
                self.leave(&unheard.skip);
                false
            }
            None => true,
        }
    }

    /// What a message of the old system is called.
    pub(crate) fn name(&self, message: &[u8]) -> String {
        let name = self.file().name.as_ref().and_then(|name| {
            let seen = self.seen(message).ok()?;
            name.value(&seen).ok().flatten()
        });
        let mut name = name.map_or_else(|| "message".to_owned(), |name| view::text(&name));
        // It becomes a part of a path in reports.
        name.retain(|letter| letter.is_alphanumeric() || "-_.".contains(letter));
        name.truncate(name.char_indices().map(|(at, _)| at).find(|at| *at > NAME_MAX).unwrap_or(name.len()));
        name
    }

    fn learn(&self, learn: &BTreeMap<String, Template>, seen: &Scope) {
        for (name, template) in learn {
            match template.value_in(seen) {
                Ok(Some(value)) => self.translator.sessions().learn(&self.session, name, value),
                Ok(None) => {}
                Err(why) => {
                    self.leave(&format!("{name} was not learned: {why}"));
                }
            }
        }
    }
}

/// Whether something holds that a part of the file demands.
fn holds(when: Option<&Template>, seen: &Scope) -> bool {
    when.is_none_or(|when| when.value_in(seen).is_ok_and(|value| value == Some(Value::Bool(true))))
}

/// A message that a template makes.
fn words(template: Option<&Template>, seen: &Scope) -> Result<Option<Vec<u8>>, String> {
    let Some(template) = template else { return Ok(None) };
    Ok(template.value_in(seen)?.map(|value| view::text(&value).into_bytes()))
}
