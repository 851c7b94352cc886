//! The examples in a file, carried out.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::{
    Amendment, Channel, Fault, Given, HttpResponse, Inbound, Media, Method, Next, Outbound, Pull, Received,
    Refusal, Refused, Seed, Token, Tokens, Verdict, crypto,
    file::{Body, Call, Cipher, ExpectedCall, FakeRequest, Format, Message, Vector},
    sign::{Plain, Signed, pairs},
    url,
};

/// What became of an example.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Report {
    /// The example's name.
    pub name: String,
    /// How it differs from what is expected; empty if it does not.
    pub differences: Vec<String>,
}

/// What became of all examples.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Verdicts(pub Vec<Report>);

impl Verdicts {
    /// Whether all are as expected; without an example, nothing is.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        !self.0.is_empty() && self.0.iter().all(|report| report.differences.is_empty())
    }
}

const SEED: Seed = Seed(*b"aaaabbbbccccdddd");

impl Channel {
    /// Carries out the examples of the file.
    #[must_use]
    pub fn test(&self) -> Verdicts {
        let report = |vector: &Vector| {
            let mut differences = Vec::new();
            self.run(vector, &mut differences);
            Report { name: vector.name.clone(), differences }
        };
        Verdicts(self.file.test.iter().map(report).collect())
    }

    fn run(&self, vector: &Vector, out: &mut Vec<String>) {
        let filled = |named: &BTreeMap<String, String>, names: &mut dyn Iterator<Item = &str>| {
            let made_up = names.map(|name| (name.to_owned(), format!("{name}-of-test")));
            made_up.chain(named.clone()).collect::<BTreeMap<_, _>>()
        };
        let given = Given {
            secrets: filled(&vector.secrets, &mut self.secrets()),
            settings: filled(&vector.settings, &mut self.settings()),
        };
        if [
            vector.request.is_some(),
            vector.pulled.is_some(),
            vector.send.is_some(),
            vector.edit.is_some(),
            vector.recall.is_some(),
            vector.decrypt.is_some(),
        ]
        .into_iter()
        .filter(|is_there| *is_there)
        .count()
            != 1
        {
            out.push("an example has one of request, pulled, send, edit, recall and decrypt".to_owned());
        }
        if let Some(request) = &vector.request {
            self.run_request(vector, request, &given, out);
        }
        if let Some(page) = &vector.pulled {
            self.run_page(vector, page, &given, out);
        }
        if let Some(message) = &vector.send {
            self.run_send(vector, message, &given, out);
        }
        if let Some(message) = &vector.edit {
            self.run_amend(vector, Amendment::Edit, message, &given, out);
        }
        if let Some(message) = &vector.recall {
            self.run_amend(vector, Amendment::Recall, message, &given, out);
        }
        if let Some(cover) = &vector.decrypt {
            let plain = self.file.receive.iter().flat_map(|receive| &receive.decrypt).find_map(|rule| {
                let value = |reference: &super::reference::Reference| {
                    let none = super::Request { method: Method::Post, query: "", headers: &[], body: b"" };
                    let sources =
                        super::reference::Sources { request: none, query: &[], given: &given, body: None };
                    reference.find(&sources).map(std::borrow::Cow::into_owned)
                };
                match &rule.cipher {
                    Cipher::Wx(cipher) => {
                        crypto::wx_decrypt(cover.input.as_bytes(), &value(&cipher.key)?, &value(&cipher.id)?)
                    }
                    Cipher::Feishu(cipher) => {
                        crypto::feishu_decrypt(cover.input.as_bytes(), &value(&cipher.key)?)
                    }
                }
            });
            let plain = plain.map(|plain| String::from_utf8_lossy(&plain).into_owned());
            differ("decrypt", plain.as_ref(), Some(&cover.out), out);
        }
    }

    fn run_request(&self, vector: &Vector, request: &FakeRequest, given: &Given, out: &mut Vec<String>) {
        let now_ms = vector.now.saturating_mul(1_000);
        let body = match (&request.body, &request.json) {
            (Some(body), _) => body.clone().into_bytes(),
            (None, Some(json)) => match self.called(json) {
                Ok(body) => body,
                Err(why) => return out.push(format!("request.json: {why}")),
            },
            (None, None) => Vec::new(),
        };
        let plain = Plain {
            method: request.method,
            query: pairs(&request.query),
            headers: pairs(&request.headers),
            body,
        };
        let signed = if request.sign {
            match self.sign(&plain, given, now_ms, SEED) {
                Ok(signed) => signed,
                Err(fault) => return out.push(format!("cannot be signed: {fault}")),
            }
        } else {
            let query = plain
                .query
                .iter()
                .map(|(name, value)| format!("{}={}", url::encode(name), url::encode(value)));
            let query = query.collect::<Vec<_>>().join("&");
            Signed { method: plain.method, query, headers: plain.headers, body: plain.body }
        };
        let received = self.receive(&signed.request(), given, now_ms);
        let Received { reply, verdict, messages, refused, pull } = &received;
        let expect = &vector.expect;
        if let Some(expected) = expect.verified {
            let is_verified = !matches!(verdict, Verdict::Unverified(_) | Verdict::NotSetUp(_));
            differ("verified", Some(&is_verified), Some(&expected), out);
        }
        if expect.verified.is_none()
            && expect.status.is_none()
            && !matches!(verdict, Verdict::Accepted | Verdict::Handshake)
        {
            out.push(format!("the request is refused: {verdict:?}"));
        }
        differ_if("status", expect.status.as_ref(), &reply.status, out);
        differ_if("reply", expect.reply.as_ref(), &String::from_utf8_lossy(&reply.body).into_owned(), out);
        if let (Some(expected), Some(system)) = (&expect.answer, &self.system) {
            let called = system.read_call(&signed.body).map(|(call, _)| call["method"].clone());
            let answer = called
                .and_then(|method| system.read_answer(method.as_str().unwrap_or_default(), &reply.body));
            match answer {
                Ok(answer) => contains("answer", &answer, expected, out),
                Err(why) => out.push(format!("answer: {why}")),
            }
        }
        if expect.messages.is_some() || expect.verified.is_none() {
            refusals(refused, out);
        }
        self.compare_messages(vector, messages, out);
        if let Some(expected) = &expect.pull {
            match pull {
                None => out.push("pull: nothing is to be pulled".to_owned()),
                Some(Pull { list, notice }) => {
                    let pull = json!({"list": list, "notice": notice});
                    contains("pull", &pull, &json!(expected), out);
                }
            }
        }
    }

    fn run_page(&self, vector: &Vector, page: &Json, given: &Given, out: &mut Vec<String>) {
        let answer = HttpResponse { status: 200, headers: Vec::new(), body: page.to_string().into_bytes() };
        let pull = Pull { list: String::new(), notice: json!({}) };
        match self.pulled(&pull, Ok(&answer), given, 1, vector.now.saturating_mul(1_000)) {
            Err(refusal) => out.push(format!("the page is refused: {refusal:?}")),
            Ok(pulled) => {
                refusals(&pulled.refused, out);
                differ_if("cursor", vector.expect.cursor.as_ref(), &pulled.cursor.unwrap_or_default(), out);
                self.compare_messages(vector, &pulled.messages, out);
            }
        }
    }

    fn compare_messages(&self, vector: &Vector, messages: &[Inbound], out: &mut Vec<String>) {
        let Some(expected) = &vector.expect.messages else { return };
        differ("number of messages", Some(&messages.len()), Some(&expected.len()), out);
        for (index, (message, expected)) in messages.iter().zip(expected).enumerate() {
            contains(&format!("messages.{index}"), &shown(message), &json!(expected), out);
        }
    }

    fn run_send(&self, vector: &Vector, message: &Message, given: &Given, out: &mut Vec<String>) {
        let message = outbound(message);
        let parts = self.parts(&message);
        differ_if("parts", vector.expect.parts.as_ref(), &parts.len(), out);
        let first = parts.first().unwrap_or(&message);
        let next = self.send(first, given, &self.tokens_of_test(), vector.now.saturating_mul(1_000));
        self.compare_next(vector, next, out);
        let call = self.way(first.kind).and_then(|(_, send)| send.call().ok());
        let Some(answer) = self.answer_of_test(vector, call, out) else { return };
        let sent = self.sent(first, Ok(&answer), given, 1);
        compare_outcome(vector, sent.as_ref().err(), out);
        if vector.expect.id.is_some() {
            differ("id", sent.unwrap_or_default().as_ref(), vector.expect.id.as_ref(), out);
        }
    }

    fn run_amend(
        &self,
        vector: &Vector,
        amendment: Amendment,
        message: &Message,
        given: &Given,
        out: &mut Vec<String>,
    ) {
        let now_ms = vector.now.saturating_mul(1_000);
        let next = self.amend(amendment, &outbound(message), given, &self.tokens_of_test(), now_ms);
        self.compare_next(vector, next, out);
        let call = self.amend_rules(amendment).and_then(|amend| amend.call().ok());
        let Some(answer) = self.answer_of_test(vector, call, out) else { return };
        compare_outcome(vector, self.amended(amendment, Ok(&answer), given, 1).as_ref().err(), out);
    }

    fn tokens_of_test(&self) -> Tokens {
        let token =
            |name: &str| (name.to_owned(), Token { value: format!("{name}-of-test"), renew_at_ms: i64::MAX });
        self.tokens().map(token).collect()
    }

    fn compare_next(&self, vector: &Vector, next: Result<Next, Fault>, out: &mut Vec<String>) {
        match next {
            Err(fault) => out.push(fault.to_string()),
            Ok(Next::Token { name, .. }) => out.push(format!("token {name} is not there")),
            Ok(Next::Upload(request) | Next::Call(request)) => {
                if let Some(expected) = &vector.expect.request {
                    self.compare_call(&request, expected, out);
                }
            }
        }
    }

    /// What the service answers in an example, if that says so.
    fn answer_of_test(
        &self,
        vector: &Vector,
        call: Option<Call<'_>>,
        out: &mut Vec<String>,
    ) -> Option<HttpResponse> {
        let answer = vector.answer.as_ref()?;
        let body = match (&answer.body, &answer.json) {
            (Some(body), _) => Ok(body.clone().into_bytes()),
            (None, Some(json)) => self.answered(call, json),
            (None, None) => Ok(Vec::new()),
        };
        let body = body.map_err(|why| out.push(format!("answer.json: {why}"))).ok()?;
        Some(HttpResponse { status: answer.status, headers: pairs(&answer.headers), body })
    }

    /// What the service posts, given as a value: JSON, or a call.
    pub(super) fn called(&self, json: &Json) -> Result<Vec<u8>, String> {
        let format = self.file.receive.as_ref().map(|receive| receive.format);
        match (&self.system, format) {
            (Some(system), Some(Format::Soap | Format::Thrift)) => {
                let method = json.get("method").and_then(Json::as_str).unwrap_or_default();
                let arguments = json.get("arguments").cloned().unwrap_or_else(|| json!({}));
                system.write_call(method, &arguments).map(|call| call.bytes)
            }
            _ => Ok(json.to_string().into_bytes()),
        }
    }

    /// What the service answers a request with, given as a value: JSON, or what a call returns.
    pub(super) fn answered(&self, call: Option<Call<'_>>, json: &Json) -> Result<Vec<u8>, String> {
        match (&self.system, call.map(|call| call.body)) {
            (Some(system), Some(Body::Call(call))) => system.answer_of(&call.method, json),
            _ => Ok(json.to_string().into_bytes()),
        }
    }

    fn compare_call(&self, request: &super::HttpRequest, expected: &ExpectedCall, out: &mut Vec<String>) {
        differ_if("request.url", expected.url.as_ref(), &request.url, out);
        for (name, value) in &expected.headers {
            let found = request.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value);
            differ(&format!("request.headers.{name}"), found, Some(value), out);
        }
        if let Some(json) = &expected.json {
            let call = self.system.as_ref().and_then(|system| system.read_call(&request.body).ok());
            let body = match call {
                Some((call, _)) => Ok(call),
                None => serde_json::from_slice(&request.body),
            };
            match body {
                Ok(body) => contains("request.json", &body, json, out),
                Err(error) => out.push(format!("request.json: the body is no JSON: {error}")),
            }
        }
        let body = String::from_utf8_lossy(&request.body).into_owned();
        differ_if("request.body", expected.body.as_ref(), &body, out);
    }
}

/// A message of an example.
fn outbound(message: &Message) -> Outbound {
    let media = message.kind.has_media().then(|| Media { url: message.url.clone(), ..Media::default() });
    let Message { to, thread, kind, text, id, context, uploaded, sent, .. } = message;
    Outbound {
        id: id.clone(),
        to: to.clone(),
        thread: thread.clone(),
        context: context.clone(),
        kind: *kind,
        text: text.clone(),
        media,
        uploaded: uploaded.clone(),
        sent: sent.clone(),
    }
}

fn compare_outcome(vector: &Vector, refusal: Option<&Refusal>, out: &mut Vec<String>) {
    let outcome = match refusal {
        None => "sent",
        Some(Refusal::Retry { .. }) => "retry",
        Some(Refusal::RefreshTokens { .. }) => "refresh",
        Some(Refusal::Failed { .. }) => "failed",
    };
    let expected = vector.expect.outcome.as_deref().unwrap_or("sent");
    differ("outcome", Some(&outcome), Some(&expected), out);
}

fn refusals(refused: &[Refused], out: &mut Vec<String>) {
    out.extend(refused.iter().map(|one| format!("item {} is refused: {}", one.index, one.fault)));
}

/// A message as examples name its members.
fn shown(message: &Inbound) -> Json {
    let Inbound {
        dedupe,
        external_id,
        thread,
        sender,
        at_ms,
        kind,
        text,
        media,
        location,
        event,
        reply_to,
        reply_until_ms,
        context,
    } = message;
    let media = media
        .as_ref()
        .map(|media| json!({"id": media.id, "url": media.url, "name": media.name, "mime": media.mime}));
    let location = location
        .as_ref()
        .map(|place| json!({"latitude": place.latitude, "longitude": place.longitude, "label": place.label}));
    json!({
        "dedupe": dedupe, "external_id": external_id, "thread": thread, "at": at_ms, "kind": kind, "text": text,
        "sender": {"id": sender.id, "alt": sender.alt, "name": sender.name}, "media": media, "location": location,
        "event": event, "reply_to": reply_to, "reply_until": reply_until_ms, "context": context,
    })
}

fn differ<T: PartialEq + std::fmt::Debug>(
    what: &str,
    found: Option<&T>,
    expected: Option<&T>,
    out: &mut Vec<String>,
) {
    if found != expected {
        let shown =
            |value: Option<&T>| value.map_or_else(|| "nothing".to_owned(), |value| format!("{value:?}"));
        out.push(format!("{what}: expected {}, found {}", shown(expected), shown(found)));
    }
}

fn differ_if<T: PartialEq + std::fmt::Debug>(
    what: &str,
    expected: Option<&T>,
    found: &T,
    out: &mut Vec<String>,
) {
    if let Some(expected) = expected {
        differ(what, Some(found), Some(expected), out);
    }
}

/// Compares those members that are named.
fn contains(path: &str, found: &Json, expected: &Json, out: &mut Vec<String>) {
    match (found, expected) {
        (Json::Object(found), Json::Object(expected)) => {
            for (name, value) in expected {
                contains(&format!("{path}.{name}"), found.get(name).unwrap_or(&Json::Null), value, out);
            }
        }
        _ if found == expected => {}
        _ => out.push(format!("{path}: expected {expected}, found {found}")),
    }
}
