//! What answers of a service mean.

use serde_json::Value as Json;

use super::{
    Answer, Channel, Fault, Given, HttpResponse, Outbound, Outcome, Pull, Pulled, Token,
    body::Body,
    expression::{Data, data},
    file::{Call, Format, Send},
    mapping::{Scope, of_map, seal},
    reference::header,
};

/// As much of an answer is quoted.
const QUOTED_BYTES_MAX: usize = 300;
/// No service says to wait longer.
const RETRY_AFTER_MS_MAX: u64 = 3_600_000;

impl Channel {
    /// Reads the answer to the request of a token.
    ///
    /// # Errors
    /// The service does not give it.
    pub fn token(
        &self,
        name: &str,
        answer: &HttpResponse,
        given: &Given,
        now_ms: i64,
    ) -> Result<Token, Fault> {
        let key = format!("tokens.{name}");
        let token = self.file.tokens.get(name).ok_or_else(|| Fault::setup(&key, "there is no such token"))?;
        let call = token.call().map_err(|why| Fault::setup(&key, why))?;
        let scope = self.accepted(&key, call, answer, given)?;
        let value = token.value.text(&scope).map_err(|why| Fault::input(format!("{key}.value"), why))?;
        let value = value.ok_or_else(|| Fault::input(format!("{key}.value"), "it is empty"))?;
        let ttl = token.ttl.integer(&scope).map_err(|why| Fault::input(format!("{key}.ttl"), why))?;
        let ttl = ttl.filter(|ttl| (1..=366 * 86_400).contains(ttl));
        let ttl =
            ttl.ok_or_else(|| Fault::input(format!("{key}.ttl"), "it is no number of seconds up to a year"))?;
        Ok(Token { value, renew_at_ms: now_ms.saturating_add(ttl * 800) })
    }

    /// Reads the answer to an upload: what to put into [`Outbound::uploaded`].
    ///
    /// # Errors
    /// The service did not take it.
    pub fn uploaded(&self, message: &Outbound, answer: &HttpResponse, given: &Given) -> Result<Json, Fault> {
        let (name, send) =
            self.way(message.kind).ok_or_else(|| Fault::setup("send", "the channel does not send"))?;
        let key = format!("send.{name}.upload");
        let upload = send.upload.as_ref().ok_or_else(|| Fault::setup(&key, "there is no upload"))?;
        let call = upload.call().map_err(|why| Fault::setup(&key, why))?;
        let scope = self.accepted(&key, call, answer, given)?;
        let value = upload.value.json(&scope).map_err(|why| Fault::input(format!("{key}.value"), why))?;
        value.ok_or_else(|| Fault::input(format!("{key}.value"), "it is empty"))
    }

    /// Says what became of a message: by the service's answer, or by why there is none. `tries` counts this one.
    #[must_use]
    pub fn sent(
        &self,
        message: &Outbound,
        answer: Result<&HttpResponse, &str>,
        given: &Given,
        tries: u32,
    ) -> Outcome {
        let Some((name, send)) = self.way(message.kind) else {
            return Outcome::Failed { reason: "the channel does not send".to_owned() };
        };
        let answer = match answer {
            Ok(answer) => answer,
            Err(reason) => return again(send, tries, None, reason.to_owned()),
        };
        let key = format!("send.{name}");
        let call = match send.call() {
            Ok(call) => call,
            Err(why) => return Outcome::Failed { reason: why.to_owned() },
        };
        let scope = self.answer_scope(answer, given);
        let has_it = send.already.as_ref().is_some_and(|already| already.holds(&scope).unwrap_or(false));
        let accepted = if has_it { Ok(()) } else { accepts(&key, call, answer, &scope) };
        let fault = match accepted {
            Ok(()) => {
                // The service has the message; that its name cannot be read must not send it again.
                let id = send.id.as_ref().and_then(|node| node.text(&scope).ok().flatten());
                return Outcome::Sent { id };
            }
            Err(fault) => fault,
        };
        let holds = |condition: Option<&super::expression::Condition>| {
            condition.map(|condition| condition.holds(&scope).unwrap_or(false))
        };
        if holds(call.refresh_token_on) == Some(true) && tries < send.retry.tries {
            return Outcome::RefreshTokens { names: call.tokens().into_iter().collect() };
        }
        let by_status = answer.status == 429 || answer.status >= 500;
        if holds(send.retry.on.as_ref()).unwrap_or(false) || by_status {
            let wait =
                header(&answer.headers, "retry-after").and_then(|wait| wait.trim().parse::<u64>().ok());
            let wait = wait.map(|seconds| seconds.saturating_mul(1_000).min(RETRY_AFTER_MS_MAX));
            return again(send, tries, wait, fault.message);
        }
        Outcome::Failed { reason: fault.message }
    }

    /// Reads the answer to a step on the way to a file's bytes.
    ///
    /// # Errors
    /// The service does not give it.
    pub fn fetched(&self, step: usize, answer: &HttpResponse, given: &Given) -> Result<Answer, Fault> {
        let key = format!("fetch.{step}");
        let fetch = self.file.fetch.get(step).ok_or_else(|| Fault::setup(&key, "there is no such step"))?;
        let call = fetch.call().map_err(|why| Fault::setup(&key, why))?;
        let scope = self.accepted(&key, call, answer, given)?;
        let Some(value) = &fetch.value else { return Ok(Answer::File) };
        let value = value.json(&scope).map_err(|why| Fault::input(format!("{key}.value"), why))?;
        Ok(Answer::Value(value.unwrap_or_default()))
    }

    /// Reads a page of a list.
    ///
    /// # Errors
    /// The service does not give it, or it cannot be read.
    pub fn pulled(
        &self,
        pull: &Pull,
        answer: &HttpResponse,
        given: &Given,
        now_ms: i64,
    ) -> Result<Pulled, Fault> {
        let rules =
            self.file.pull.as_ref().ok_or_else(|| Fault::setup("pull", "there is nothing to pull"))?;
        let call = rules.call().map_err(|why| Fault::setup("pull", why))?;
        let scope = self.accepted("pull", call, answer, given)?;
        let cursor = rules.cursor.text(&scope).map_err(|why| Fault::input("pull.cursor", why))?;
        let more = rules.more.as_ref().map_or(Ok(false), |more| more.holds(&scope));
        let more = more.map_err(|why| Fault::input("pull.more", why))?;
        let body = scope.get_attr("resp").unwrap_or_default();
        let scope = Scope::from([
            ("body", body),
            ("header", data(Json::Object(serde_json::Map::new()))),
            ("query", data(Json::Object(serde_json::Map::new()))),
            ("setting", of_map(&given.settings)),
            ("notice", data(&pull.notice)),
            ("now", now_ms.into()),
        ]);
        let (messages, refused) = self.messages(&scope, now_ms)?;
        Ok(Pulled { messages, refused, cursor, more })
    }

    fn accepted(
        &self,
        key: &str,
        call: Call<'_>,
        answer: &HttpResponse,
        given: &Given,
    ) -> Result<Data, Fault> {
        let scope = self.answer_scope(answer, given);
        accepts(key, call, answer, &scope).map(|()| scope)
    }

    fn answer_scope(&self, answer: &HttpResponse, given: &Given) -> Data {
        let headers = answer
            .headers
            .iter()
            .map(|(name, value)| (name.to_ascii_lowercase(), Data::from(value.as_str())));
        let mut scope = Scope::from([
            ("status", answer.status.into()),
            ("header", Data::from_pairs(headers)),
            ("setting", of_map(&given.settings)),
        ]);
        if answer.body.len() <= self.file.limits.body.0 {
            let is_xml = answer.body.trim_ascii_start().first() == Some(&b'<');
            let format = if is_xml { Format::Xml } else { Format::Json };
            scope.extend(Body::read(&answer.body, format).ok().map(|body| ("resp", body.value)));
        }
        seal(&scope)
    }
}

fn accepts(key: &str, call: Call<'_>, answer: &HttpResponse, scope: &Data) -> Result<(), Fault> {
    let is_ok =
        (200..300).contains(&answer.status) && call.ok.is_none_or(|ok| ok.holds(scope).unwrap_or(false));
    if is_ok { Ok(()) } else { Err(Fault::input(key, quoted(answer))) }
}

/// The answer in its own words, as far as that is of use to people.
fn quoted(answer: &HttpResponse) -> String {
    let text = String::from_utf8_lossy(&answer.body[..answer.body.len().min(QUOTED_BYTES_MAX)]);
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("the service answered {} {}", answer.status, text.trim()).trim_end().to_owned()
}

/// Waits twice as long each time, until the tries are used up.
fn again(send: &Send, tries: u32, wait_ms: Option<u64>, reason: String) -> Outcome {
    if tries >= send.retry.tries {
        return Outcome::Failed { reason };
    }
    let backoff = send.retry.backoff;
    let doubled = backoff.from_ms.saturating_mul(1 << tries.saturating_sub(1).min(20)).min(backoff.to_ms);
    Outcome::Retry { after_ms: wait_ms.unwrap_or(0).max(doubled), reason }
}
