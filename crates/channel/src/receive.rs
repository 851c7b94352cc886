//! Requests of a service: verified, uncovered, answered, and read.

use serde_json::Value as Json;

use super::{
    Channel, Fault, Given, Pull, Received, Reply, Request, Verdict,
    body::Body,
    crypto,
    expression::Data,
    file::{Cipher, Decrypt, FeishuAes, Handshake, Proof, Receive, ReplyRule, Verify, WxAes},
    mapping::{Scope, of_map, seal},
    reference::{Reference, Sources},
    system::{Answer, Caller, System},
    url,
};

const PARAMETERS_MAX: usize = 64;
const HEADERS_MAX: usize = 256;
const QUERY_BYTES_MAX: usize = 64 << 10;
const REPLY_BYTES_MAX: usize = 64 << 10;

impl Channel {
    /// Says what to answer a request, and what is in it.
    ///
    /// Nothing is read of a request that is not verified, but for what a handshake with a proof of its own needs.
    #[must_use]
    pub fn receive(&self, request: &Request<'_>, given: &Given, now_ms: i64) -> Received {
        match self.received(request, given, now_ms) {
            Ok(received) => received,
            Err(verdict) => {
                let refusal = match (&verdict, &self.system) {
                    (Verdict::Malformed(_), Some(system)) => system.refusal(request.body),
                    _ => None,
                };
                let status = match &verdict {
                    Verdict::Accepted | Verdict::Handshake => 200,
                    Verdict::Unverified(_) => 401,
                    Verdict::Malformed(_) => 400,
                    Verdict::TooLarge => 413,
                    Verdict::WrongMethod => 405,
                    Verdict::NotSetUp(_) => 503,
                };
                let (content_type, body) = refusal.unwrap_or(("text/plain", Vec::new()));
                let reply = Reply { status, content_type, body };
                Received { reply, verdict, messages: Vec::new(), refused: Vec::new(), pull: None }
            }
        }
    }

    /// Whether a request has one of these names in its address, or in its body beneath its cover; nothing if that
    /// cannot be looked into. Short names count only where they are all that is said.
    #[must_use]
    pub fn mentions(&self, request: &Request<'_>, given: &Given, names: &[String]) -> Option<bool> {
        let receive = self.file.receive.as_ref()?;
        let query = url::parameters(request.query, PARAMETERS_MAX)?;
        if query.iter().any(|(_, value)| names_one_of(value, names)) {
            return Some(true);
        }
        let sources = Sources { request: *request, query: &query, given, body: None };
        let inner = receive.uncover(&sources, self.system.as_ref()).ok()?;
        Some(says(&serde_json::to_value(&inner.value).ok()?, names))
    }

    fn received(&self, request: &Request<'_>, given: &Given, now_ms: i64) -> Result<Received, Verdict> {
        let receive = self.file.receive.as_ref().ok_or(Verdict::WrongMethod)?;
        let is_known = |handshake: &Handshake| handshake.on == request.method;
        if request.method != super::Method::Post && !receive.handshake.iter().any(is_known) {
            return Err(Verdict::WrongMethod);
        }
        if let Some(name) = self.missing(given).first() {
            return Err(Verdict::NotSetUp(Fault::setup("", format!("{name} has no value"))));
        }
        let is_large = request.body.len() > self.file.limits.body.0 || request.query.len() > QUERY_BYTES_MAX;
        if is_large || request.headers.len() > HEADERS_MAX {
            return Err(Verdict::TooLarge);
        }
        let query = url::parameters(request.query, PARAMETERS_MAX).ok_or(Verdict::TooLarge)?;
        let mut sources = Sources { request: *request, query: &query, given, body: None };
        // Some services sign what stands in the body, which must be read for that; as little is done as can be.
        let outer = match receive.looks_into_body(request.method) {
            true => Some(
                Body::read(request.body, receive.format, self.system.as_ref())
                    .map_err(|why| Verdict::Malformed(Fault::input("", why)))?,
            ),
            false => None,
        };
        sources.body = outer.as_ref();
        let verified = check(&receive.verify, &sources, now_ms);
        let own = |handshake: &Handshake| is_known(handshake) && !handshake.verify.is_empty();
        if verified.is_err() && !receive.handshake.iter().any(own) {
            return Err(verified.expect_err("it is an error").into_verdict());
        }
        let system = self.system.as_ref();
        let inner = receive.uncover(&sources, system)?;
        let answering = system.zip(inner.caller.as_ref());
        let mut scope = Scope::from([
            ("body", inner.value.clone()),
            ("header", headers(request.headers)),
            (
                "query",
                Data::from_pairs(query.iter().rev().map(|(name, value)| (name.as_str(), value.as_str()))),
            ),
            ("setting", of_map(&given.settings)),
            ("now", now_ms.into()),
        ]);
        let sealed = seal(&scope);
        for (index, handshake) in
            receive.handshake.iter().enumerate().filter(|(_, handshake)| is_known(handshake))
        {
            let key = format!("receive.handshake.{index}");
            let proven = match handshake.verify.is_empty() {
                true => verified.is_ok(),
                false => check(&handshake.verify, &Sources { body: Some(&inner), ..sources }, now_ms).is_ok(),
            };
            // What a request without proof says is not even asked whether it is a handshake.
            let when = handshake.when.as_ref().map_or(Ok(true), |when| when.holds(&sealed));
            if proven && when.unwrap_or(false) {
                let reply = handshake.reply.made(&sealed, &key, answering).map_err(Verdict::Malformed)?;
                let verdict = Verdict::Handshake;
                return Ok(Received {
                    reply,
                    verdict,
                    messages: Vec::new(),
                    refused: Vec::new(),
                    pull: None,
                });
            }
        }
        verified.map_err(Unproven::into_verdict)?;
        if request.method != super::Method::Post {
            return Err(Verdict::WrongMethod);
        }
        let reply = receive.reply.as_ref().unwrap_or(&ReplyRule::EMPTY);
        let reply = reply.made(&sealed, "receive.reply", answering).map_err(Verdict::Malformed)?;
        let (mut messages, mut refused, mut pull) = (Vec::new(), Vec::new(), None);
        match &receive.notice {
            Some(_) => pull = receive.pull(&sealed).map_err(Verdict::Malformed)?,
            None => {
                scope.insert("notice", ().into());
                (messages, refused) = self.messages(&scope, now_ms).map_err(Verdict::Malformed)?;
            }
        }
        Ok(Received { reply, verdict: Verdict::Accepted, messages, refused, pull })
    }
}

/// Why a request is not believed.
struct Unproven(String);

impl Unproven {
    fn into_verdict(self) -> Verdict {
        Verdict::Unverified(self.0)
    }
}

fn check(proofs: &[Verify], sources: &Sources<'_>, now_ms: i64) -> Result<(), Unproven> {
    let of_method = proofs.iter().filter(|one| one.on.is_none_or(|on| on == sources.request.method));
    let mut checked = 0;
    for one in of_method {
        one.check(sources, now_ms).map_err(Unproven)?;
        checked += usize::from(!matches!(one.proof, Proof::Fresh(_)));
    }
    match checked {
        0 => Err(Unproven("nothing proves it".to_owned())),
        _ => Ok(()),
    }
}

/// Names of fewer characters stand in much that is not about them.
const TELLING_CHARS_MIN: usize = 3;

fn names_one_of(text: &str, names: &[String]) -> bool {
    let is_telling = |name: &String| name.chars().count() >= TELLING_CHARS_MIN;
    names.iter().any(|name| text.trim() == name || (is_telling(name) && text.contains(name.as_str())))
}

fn says(value: &Json, names: &[String]) -> bool {
    match value {
        Json::String(text) => names_one_of(text, names),
        Json::Number(number) => names_one_of(&number.to_string(), names),
        Json::Array(items) => items.iter().any(|item| says(item, names)),
        Json::Object(members) => {
            members.iter().any(|(name, value)| names_one_of(name, names) || says(value, names))
        }
        Json::Null | Json::Bool(_) => false,
    }
}

fn headers(headers: &[(String, String)]) -> Data {
    Data::from_pairs(headers.iter().rev().map(|(name, value)| (name.to_ascii_lowercase(), value.as_str())))
}

impl Receive {
    /// Whether a proof of this method is over a member of the body.
    fn looks_into_body(&self, method: super::Method) -> bool {
        let is_body = |reference: &Reference| matches!(reference, Reference::Body(_));
        let proofs = self.verify.iter().filter(|one| one.on.is_none_or(|on| on == method));
        let mut proofs = proofs.map(|one| match &one.proof {
            Proof::Sha1Sorted(proof) => proof.parts.iter().chain([&proof.equals]).any(is_body),
            Proof::Hash(proof) => is_body(&proof.equals) || proof.over.references().any(is_body),
            Proof::Hmac(proof) => is_body(&proof.equals) || proof.over.references().any(is_body),
            Proof::Static(proof) => is_body(&proof.value),
            Proof::Fresh(proof) => is_body(&proof.value),
            Proof::Basic(_) | Proof::StandardWebhooks(_) => false,
        });
        proofs.any(|looks| looks)
    }

    /// The body without its cover; of a GET, what its cover hides, or nothing.
    fn uncover(&self, sources: &Sources<'_>, system: Option<&System>) -> Result<Body, Verdict> {
        let malformed = |why| Verdict::Malformed(Fault::input("", why));
        let method = sources.request.method;
        let Some(cover) = self.decrypt.iter().find(|one| one.on.is_none_or(|on| on == method)) else {
            return match (sources.body, method) {
                (Some(body), _) => Ok(body.clone()),
                (None, super::Method::Get) => Ok(Body::of(().into())),
                (None, _) => Body::read(sources.request.body, self.format, system).map_err(malformed),
            };
        };
        let outer = match (sources.body, cover.field()) {
            (None, Reference::Body(_)) => {
                Some(Body::read(sources.request.body, self.format, system).map_err(malformed)?)
            }
            _ => None,
        };
        let sources = Sources { body: outer.as_ref().or(sources.body), ..*sources };
        let plain =
            cover.plain(&sources).ok_or_else(|| Verdict::Unverified("it cannot be decrypted".to_owned()))?;
        Body::read(&plain, cover.format.unwrap_or(self.format), system).map_err(malformed)
    }

    fn pull(&self, scope: &Data) -> Result<Option<Pull>, Fault> {
        let Some(notice) = &self.notice else { return Ok(None) };
        // A name that is not there says no.
        if notice.when.as_ref().is_some_and(|when| !when.holds(scope).unwrap_or(false)) {
            return Ok(None);
        }
        let list = notice.list.text(scope).map_err(|why| Fault::input("receive.notice.list", why))?;
        let values = notice.values.as_ref().map_or(Ok(None), |node| node.json(scope));
        let notice = values.map_err(|why| Fault::input("receive.notice.values", why))?;
        Ok(Some(Pull { list: list.unwrap_or_default(), notice: notice.unwrap_or_default() }))
    }
}

impl Decrypt {
    pub(super) fn field(&self) -> &Reference {
        match &self.cipher {
            Cipher::Wx(WxAes { field, .. }) | Cipher::Feishu(FeishuAes { field, .. }) => field,
        }
    }

    fn plain(&self, sources: &Sources<'_>) -> Option<Vec<u8>> {
        match &self.cipher {
            Cipher::Wx(WxAes { field, key, id }) => {
                crypto::wx_decrypt(&field.find(sources)?, &key.find(sources)?, &id.find(sources)?)
            }
            Cipher::Feishu(FeishuAes { field, key }) => {
                crypto::feishu_decrypt(&field.find(sources)?, &key.find(sources)?)
            }
        }
    }
}

impl ReplyRule {
    fn made(&self, scope: &Data, key: &str, answering: Option<(&System, &Caller)>) -> Result<Reply, Fault> {
        if let (Some((system, caller)), None, None) = (answering, &self.text, &self.json) {
            return self.answered(scope, key, system, caller);
        }
        let (content_type, body) = match (&self.text, &self.json) {
            (Some(node), _) => {
                let text = node.text(scope).map_err(|why| Fault::input(format!("{key}.text"), why))?;
                ("text/plain; charset=utf-8", text.unwrap_or_default())
            }
            (None, Some(node)) => {
                let value = node.json(scope).map_err(|why| Fault::input(format!("{key}.json"), why))?;
                ("application/json", value.unwrap_or_default().to_string())
            }
            (None, None) => ("text/plain; charset=utf-8", String::new()),
        };
        if body.len() > REPLY_BYTES_MAX {
            return Err(Fault::limit(key, format!("a reply of more than {REPLY_BYTES_MAX} bytes")));
        }
        Ok(Reply { status: self.status, content_type, body: body.into_bytes() })
    }

    /// The answer to a call, in the words in which it came.
    fn answered(&self, scope: &Data, key: &str, system: &System, caller: &Caller) -> Result<Reply, Fault> {
        let key = || format!("{key}.result");
        let result = match &self.result {
            Some(node) => node.json(scope).map_err(|why| Fault::input(key(), why))?,
            None => None,
        };
        let answer = system.write_answer(caller, result.as_ref()).map_err(|why| Fault::setup(key(), why))?;
        let Some(answer) = answer else {
            return Ok(Reply { status: self.status, content_type: "text/plain", body: Vec::new() });
        };
        if answer.bytes.len() > REPLY_BYTES_MAX {
            return Err(Fault::limit(key(), format!("a reply of more than {REPLY_BYTES_MAX} bytes")));
        }
        let Answer { content_type, status, bytes } = answer;
        Ok(Reply { status: status.unwrap_or(self.status), content_type, body: bytes })
    }
}
