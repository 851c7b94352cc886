//! The old system's calls in the new one's words, and its answers in the old one's, as a file says.

mod file;
mod sessions;
mod settings;
mod socket;
mod talk;
mod view;
mod words;

use std::{
    collections::{BTreeMap, VecDeque},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use kefu_app::{Exit, Failure, Language, Text};
use kefu_channel::{Scope, Template};
use kefu_traffic::gor::{Kind, Record};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

pub(crate) use self::talk::{Heard, Said, Talk};
use self::{
    file::{Call, File, Otherwise, RequestTemplate},
    sessions::Sessions,
    settings::settings,
    words::{answered, line, lines, lists, path},
};
use crate::{
    account::Reason,
    args::{HeaderLine, Setting},
    endpoint,
    head::EditedHead,
    message::Parts,
    pattern::EndpointPattern,
    run::{Prepared, Rewrites, Skipped, connection},
    yaml,
};

/// Translations that come with kefu, by their names.
const SHIPPED: [(&str, &str); 1] = [("gofly", include_str!("../../translations/gofly.yaml"))];
/// So many answers that were read ahead are kept.
const RECORDED_MAX: usize = 10_000;
/// More reasons are counted as one.
const REASONS_MAX: usize = 500;

/// Translates requests and answers, and learns from answers.
pub(crate) struct Translator {
    file: File,
    settings: Value,
    /// What stands in `Host`.
    host: String,
    rewrites: Rewrites,
    sessions: Mutex<Sessions>,
    /// What was not translated, by call and reason.
    left: Mutex<BTreeMap<String, u64>>,
    /// Answers of the old system that were read ahead, the oldest first.
    recorded: Mutex<VecDeque<Record>>,
}

/// A request in the new system's words.
#[derive(Debug)]
pub(crate) struct Translated {
    /// What is asked first, and whose answers do not matter.
    pub(crate) before: Vec<Vec<u8>>,
    pub(crate) prepared: Prepared,
    call: Option<usize>,
    session: String,
    scope: Map<String, Value>,
}

/// A request is not sent; why was counted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Untranslated;

impl Translator {
    /// Reads a file, or one that comes with kefu, for a new system at `host`.
    ///
    /// # Errors
    ///
    /// The file cannot be read, something in it is wrong, or a setting has no value.
    pub(crate) fn load(
        path: &Path,
        given: &[Setting],
        host: String,
        rewrites: Rewrites,
    ) -> Result<Self, Failure> {
        let shipped = SHIPPED.iter().find(|(name, _)| Path::new(name) == path);
        let text = match shipped {
            Some((_, text)) => (*text).to_owned(),
            None => yaml::text(path)?,
        };
        let file = File::read(&text).map_err(|error| yaml::wrong(path, &error))?;
        let variable = |name: &str| std::env::var(name).ok();
        let settings = settings(&file, given, variable).map_err(|why| {
            let name = path.display();
            Failure::new(Exit::Config, Text::new(format!("cannot use {name}"), format!("无法使用 {name}")))
                .hint(why)
        })?;
        Ok(Self {
            file,
            settings,
            host,
            rewrites,
            sessions: Mutex::default(),
            left: Mutex::default(),
            recorded: Mutex::default(),
        })
    }

    /// What requests have in common that must follow each other.
    pub(crate) fn lane(&self, record: &Record) -> u64 {
        match Parts::of(record).and_then(|parts| self.call(record, &parts)) {
            Some((_, call, scope)) => self.lane_of(&self.session(call.session.as_ref(), &scope, record)),
            None if self.knows_others() => 0,
            None => connection(record),
        }
    }

    /// The same for what belongs to a session.
    fn lane_of(&self, session: &str) -> u64 {
        if self.knows_others() {
            return 0;
        }
        let mut hasher = DefaultHasher::new();
        session.hash(&mut hasher);
        hasher.finish()
    }

    /// Whether something needs to know what others learned: it comes after all that was before.
    fn knows_others(&self) -> bool {
        let File { calls, sockets, .. } = &self.file;
        calls.iter().any(|call| !call.others.is_empty())
            || sockets.iter().any(|socket| !socket.others.is_empty())
    }

    /// Translates a request.
    ///
    /// # Errors
    ///
    /// It is not sent.
    pub(crate) fn request(&self, record: Record) -> Result<Translated, Untranslated> {
        let id = record.id.clone();
        let parts = Parts::of(&record).ok_or_else(|| self.leave("?", "malformed"))?;
        let (method, target) = parts.request().ok_or_else(|| self.leave("?", "malformed"))?;
        let name = format!("{method} {}", endpoint::template(target));
        let skipped =
            |why: Skipped| self.leave(&name, Reason::from(why).text().in_language(Language::English));
        let Some((index, call, mut scope)) = self.call(&record, &parts) else {
            if let Some((index, _)) = self.socket(&record) {
                // Those who play sessions have taken it; others send single requests.
                let name = self.file.sockets[index].socket.text();
                return Err(self.leave(name, "WebSocket sessions are not played here"));
            }
            if self.file.otherwise == Otherwise::Skip {
                return Err(self.leave(&name, "not in the translation"));
            }
            let session = format!("connection:{}", connection(&record));
            let prepared = self.as_it_is(record, &session).map_err(skipped)?;
            let scope = Map::new();
            return Ok(Translated { before: Vec::new(), prepared, call: None, session, scope });
        };
        if let Some(why) = &call.skip {
            return Err(self.leave(call.call.text(), why));
        }
        let session = self.session(call.session.as_ref(), &scope, &record);
        self.know_sessions(&call.others, &session, &mut scope)
            .map_err(|why| self.leave(call.call.text(), &why))?;
        let Some(request) = &call.request else {
            let prepared = self.as_it_is(record, &session).map_err(skipped)?;
            return Ok(Translated { before: Vec::new(), prepared, call: Some(index), session, scope });
        };
        let mut all = call.before.iter().chain([request]);
        let is_safe = is_safe(method) && all.all(|request| is_safe(&request.method));
        if !is_safe && !self.rewrites.unsafe_methods {
            return Err(skipped(Skipped::UnsafeMethod));
        }
        let seen = Scope::new(&scope);
        let made = |request: &RequestTemplate| {
            self.made(request, &seen).map_err(|why| self.leave(call.call.text(), &why))
        };
        let before = call.before.iter().map(made).collect::<Result<Vec<_>, _>>()?;
        let bytes = made(request)?;
        let prepared = Prepared { bytes, id, connection: connection(&record), is_safe };
        Ok(Translated { before, prepared, call: Some(index), session, scope })
    }

    /// Keeps what the old system answered until the new one's answer is there, if the file asks for it.
    pub(crate) fn recorded(&self, record: Record) {
        if self.file.calls.iter().all(|call| call.learn_in.is_none()) {
            return;
        }
        let mut recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        if recorded.len() >= RECORDED_MAX {
            recorded.pop_front();
        }
        recorded.push_back(record);
    }

    fn take_recorded(&self, id: &str) -> Option<Record> {
        let mut recorded = self.recorded.lock().unwrap_or_else(PoisonError::into_inner);
        let place = recorded.iter().position(|record| record.id == id)?;
        recorded.remove(place)
    }

    /// Learns from an answer, and says it in the old system's words; `recorded` is what the old system said.
    pub(crate) fn answer(&self, of: Translated, payload: Vec<u8>, recorded: Option<&[u8]>) -> Vec<u8> {
        let Translated { prepared, call, session, mut scope, .. } = of;
        let record = answer_record(payload);
        if self.file.cookies
            && let Some(parts) = Parts::of(&record)
        {
            for (name, value) in parts.headers() {
                if name.eq_ignore_ascii_case("set-cookie") {
                    self.sessions().learn_cookie(&session, &value);
                }
            }
        }
        let (Some(call), Some(answer)) = (call.map(|call| &self.file.calls[call]), view::answer(&record))
        else {
            return record.payload;
        };
        scope.insert("answer".to_owned(), answer);
        let recorded = match recorded {
            Some(payload) => Some(answer_record(payload.to_vec())),
            None => self.take_recorded(&prepared.id),
        };
        if let Some(recorded) = recorded.as_ref().and_then(view::answer) {
            scope.insert("recorded".to_owned(), recorded);
        }
        let mut seen = Scope::new(&scope);
        let session = match call.learn_in.as_ref().map(|template| template.value_in(&seen)) {
            None => session,
            Some(Ok(Some(value))) => view::text(&value),
            Some(_) => {
                self.leave(call.call.text(), "nothing was learned: its session is not known");
                String::new()
            }
        };
        for (name, template) in &call.learn {
            match template.value_in(&seen) {
                Ok(Some(value)) => self.sessions().learn(&session, name, value),
                Ok(None) => {}
                Err(why) => {
                    self.leave(call.call.text(), &format!("{name} was not learned: {why}"));
                }
            }
        }
        let Some(template) = &call.answer else { return record.payload };
        let lists = lists(template, &seen, &mut scope).map(|has_lists| {
            if has_lists {
                seen = Scope::new(&scope);
            }
        });
        let status = scope["answer"]["status"].clone();
        match lists.and_then(|()| answered(template, &seen, &status)) {
            Ok(payload) => payload,
            Err(why) => {
                self.leave(call.call.text(), &format!("the answer was not translated: {why}"));
                record.payload
            }
        }
    }

    /// What was not translated, by call and reason.
    pub(crate) fn left(&self) -> BTreeMap<String, u64> {
        self.left.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn leave(&self, call: &str, why: &str) -> Untranslated {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let reason = format!("{call}: {why}");
        let reason =
            if left.len() < REASONS_MAX || left.contains_key(&reason) { reason } else { "…".to_owned() };
        *left.entry(reason).or_default() += 1;
        Untranslated
    }

    /// The call that a request is, and what its expressions see.
    fn call(&self, record: &Record, parts: &Parts<'_>) -> Option<(usize, &Call, Map<String, Value>)> {
        let (method, path, mut scope) = self.seen(record, parts)?;
        let is_it = |call: &Call| fits(&call.call, call.when.as_ref(), (&method, &path), &mut scope);
        let index = self.file.calls.iter().position(is_it)?;
        Some((index, &self.file.calls[index], scope))
    }

    /// The method and the path of a request, and what all expressions see of it.
    fn seen(&self, record: &Record, parts: &Parts<'_>) -> Option<(String, String, Map<String, Value>)> {
        let request = view::request(parts)?;
        let (method, path) = (request["method"].as_str()?.to_owned(), request["path"].as_str()?.to_owned());
        let mut scope = Map::new();
        scope.insert("uuid".to_owned(), Value::String(uuid(&record.id)));
        scope.insert("setting".to_owned(), self.settings.clone());
        scope.insert("request".to_owned(), request);
        Some((method, path, scope))
    }

    /// What a session is called; without a word on it, its connection.
    fn session(&self, said: Option<&Template>, scope: &Map<String, Value>, record: &Record) -> String {
        let said = said.or(self.file.session.as_ref());
        match said.and_then(|template| template.value(scope).ok().flatten()) {
            Some(value) => view::text(&value),
            None => format!("connection:{}", connection(record)),
        }
    }

    fn know_sessions(
        &self,
        others: &BTreeMap<String, Template>,
        session: &str,
        scope: &mut Map<String, Value>,
    ) -> Result<(), String> {
        let sessions = self.sessions();
        let mut known = vec![("session".to_owned(), sessions.values(session))];
        for (name, template) in others {
            let other = template.value(scope)?.map(|value| view::text(&value)).unwrap_or_default();
            known.push((name.clone(), sessions.values(&other)));
        }
        scope.extend(known);
        Ok(())
    }

    /// A request as it was recorded, but with the cookies of its session.
    fn as_it_is(&self, mut record: Record, session: &str) -> Result<Prepared, Skipped> {
        let cookie = self.file.cookies.then(|| {
            let recorded = Parts::of(&record)?.header("cookie")?.into_owned();
            self.sessions().cookie(session, &recorded)
        });
        if let Some(cookie) = cookie.flatten() {
            let edited = Parts::of(&record).map(|parts| {
                let mut head = EditedHead::of(parts.head_bytes);
                head.set("Cookie", &cookie);
                [&head.bytes(), parts.raw_body].concat()
            });
            record.payload = edited.unwrap_or(record.payload);
        }
        self.rewrites.prepare(record)
    }

    /// The bytes of a request to the new system.
    fn made(&self, request: &RequestTemplate, scope: &Scope) -> Result<Vec<u8>, String> {
        let path = path(&request.path, scope)?;
        let mut head = format!("{} {path} HTTP/1.1\r\nHost: {}\r\n", request.method, self.host);
        let (kind, body) = match request {
            RequestTemplate { json: Some(json), .. } => {
                ("application/json", json.value_in(scope)?.unwrap_or_default().to_string())
            }
            RequestTemplate { form: Some(form), .. } => {
                let fields = form.value_in(scope)?.unwrap_or_default();
                let fields = fields.as_object().ok_or("a form is made of fields")?;
                let pairs = fields.iter().map(|(name, value)| {
                    format!("{}={}", view::encoded(name), view::encoded(&view::text(value)))
                });
                ("application/x-www-form-urlencoded", pairs.collect::<Vec<_>>().join("&"))
            }
            RequestTemplate { text: Some(text), .. } => {
                ("text/plain; charset=utf-8", view::text(&text.value_in(scope)?.unwrap_or_default()))
            }
            _ => ("", String::new()),
        };
        let is_said = request.headers.keys().any(|name| name.eq_ignore_ascii_case("content-type"));
        if !kind.is_empty() && !is_said {
            line(&mut head, "Content-Type", kind)?;
        }
        lines(&mut head, &request.headers, scope)?;
        for HeaderLine { name, value } in &self.rewrites.headers {
            line(&mut head, name, value)?;
        }
        if !body.is_empty() || !matches!(request.method.as_str(), "GET" | "HEAD" | "DELETE") {
            line(&mut head, "Content-Length", &body.len().to_string())?;
        }
        Ok(format!("{head}\r\n{body}").into_bytes())
    }
}

/// Whether a request with this method changes nothing.
fn is_safe(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS")
}

/// Whether a request is what a part of the file is about; then `scope` has its parameters.
fn fits(
    pattern: &EndpointPattern,
    when: Option<&Template>,
    (method, path): (&str, &str),
    scope: &mut Map<String, Value>,
) -> bool {
    if !pattern.fits(method, path) {
        return false;
    }
    let params: Map<String, Value> =
        pattern.named(path).map(|(name, value)| (name.to_owned(), Value::from(value))).collect();
    scope.insert("params".to_owned(), Value::Object(params));
    let holds = |when: &Template| when.value(&*scope).is_ok_and(|value| value == Some(Value::Bool(true)));
    when.is_none_or(holds)
}

fn answer_record(payload: Vec<u8>) -> Record {
    let (id, extra) = (String::new(), String::new());
    Record { kind: Kind::Response, id, timestamp: 0, latency: None, extra, payload }
}

/// A UUID that is always the same for the same request: what is replayed twice is known to be the same.
fn uuid(id: &str) -> String {
    let digest = Sha256::digest(format!("kefu replay {id}"));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

#[cfg(test)]
mod tests;
