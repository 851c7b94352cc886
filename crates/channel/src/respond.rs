//! What answers of a service mean.

use serde_json::Value as Json;

use super::{
    Channel, Fault, Fetched, Given, HttpResponse, Outbound, Pull, Pulled, Refusal, Token,
    body::Body,
    expression::{Condition, Data, data},
    file::{Body::Call as Called, Call, Format, Retry},
    mapping::{Scope, of_map, seal},
    reference::header,
};

/// What came back: an answer, or why there is none.
pub type Answered<'a> = Result<&'a HttpResponse, &'a str>;

/// As much of an answer is quoted.
const QUOTED_BYTES_MAX: usize = 300;
/// No service says to wait longer.
const RETRY_AFTER_MS_MAX: u64 = 3_600_000;

impl Channel {
    /// Reads the answer to the request of a token. `tries` counts this request, here and below.
    ///
    /// # Errors
    /// The service does not give it.
    pub fn token(
        &self,
        name: &str,
        answer: Answered<'_>,
        given: &Given,
        tries: u32,
        now_ms: i64,
    ) -> Result<Token, Refusal> {
        let key = format!("tokens.{name}");
        let token = self.file.tokens.get(name).ok_or_else(|| Fault::setup(&key, "there is no such token"))?;
        let scope = self.accepted(&key, token.call(), answer, given, tries)?;
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
    pub fn uploaded(
        &self,
        message: &Outbound,
        answer: Answered<'_>,
        given: &Given,
        tries: u32,
    ) -> Result<Json, Refusal> {
        let (name, send) = self.way(message.kind).ok_or_else(no_way)?;
        let key = format!("send.{name}.upload");
        let upload = send.upload.as_ref().ok_or_else(|| Fault::setup(&key, "there is no upload"))?;
        let scope = self.accepted(&key, upload.call(), answer, given, tries)?;
        let value = upload.value.json(&scope).map_err(|why| Fault::input(format!("{key}.value"), why))?;
        Ok(value.ok_or_else(|| Fault::input(format!("{key}.value"), "it is empty"))?)
    }

    /// Reads the answer to a message: the service's name for it, if it has one.
    ///
    /// # Errors
    /// The service did not take it.
    pub fn sent(
        &self,
        message: &Outbound,
        answer: Answered<'_>,
        given: &Given,
        tries: u32,
    ) -> Result<Option<String>, Refusal> {
        let (name, send) = self.way(message.kind).ok_or_else(no_way)?;
        let (key, already) = (format!("send.{name}"), send.already.as_ref());
        let scope = self.settled(&key, send.call(), already, answer, given, tries, &send.retry)?;
        // The service has the message; that its name cannot be read must not send it again.
        Ok(send.id.as_ref().and_then(|node| node.text(&scope).ok().flatten()))
    }

    /// Reads the answer to a step on the way to a file's bytes.
    ///
    /// # Errors
    /// The service does not give it.
    pub fn fetched(
        &self,
        step: usize,
        answer: Answered<'_>,
        given: &Given,
        tries: u32,
    ) -> Result<Fetched, Refusal> {
        let key = format!("fetch.{step}");
        let fetch = self.file.fetch.get(step).ok_or_else(|| Fault::setup(&key, "there is no such step"))?;
        let scope = self.accepted(&key, fetch.call(), answer, given, tries)?;
        let Some(value) = &fetch.value else { return Ok(Fetched::File) };
        let value = value.json(&scope).map_err(|why| Fault::input(format!("{key}.value"), why))?;
        Ok(Fetched::Value(value.unwrap_or_default()))
    }

    /// Reads a page of a list.
    ///
    /// # Errors
    /// The service does not give it, or it cannot be read.
    pub fn pulled(
        &self,
        pull: &Pull,
        answer: Answered<'_>,
        given: &Given,
        tries: u32,
        now_ms: i64,
    ) -> Result<Pulled, Refusal> {
        let rules =
            self.file.pull.as_ref().ok_or_else(|| Fault::setup("pull", "there is nothing to pull"))?;
        let scope = self.accepted("pull", rules.call(), answer, given, tries)?;
        let cursor = rules.cursor.text(&scope).map_err(|why| Fault::input("pull.cursor", why))?;
        let more = rules.more.as_ref().map_or(Ok(false), |more| more.holds(&scope));
        let more = more.map_err(|why| Fault::input("pull.more", why))?;
        let nothing = || Data::from_pairs(std::iter::empty::<(&str, &str)>());
        let scope = Scope::from([
            ("body", scope.get_attr("resp").unwrap_or_default()),
            ("header", nothing()),
            ("query", nothing()),
            ("setting", of_map(&given.settings)),
            ("notice", data(&pull.notice)),
            ("now", now_ms.into()),
        ]);
        let (messages, refused) = self.messages(&scope, now_ms)?;
        Ok(Pulled { messages, refused, cursor, more })
    }

    /// What expressions see of an answer that is as it should be, or that says that it was so before.
    #[expect(clippy::too_many_arguments, reason = "each of them is another thing")]
    pub(super) fn settled(
        &self,
        key: &str,
        call: Result<Call<'_>, &'static str>,
        already: Option<&Condition>,
        answer: Answered<'_>,
        given: &Given,
        tries: u32,
        retry: &Retry,
    ) -> Result<Data, Refusal> {
        if let (Ok(answer), Some(already)) = (answer, already) {
            let scope = self.answer_scope(call.ok(), answer, given);
            if already.holds(&scope).unwrap_or(false) {
                return Ok(scope);
            }
        }
        self.judged(key, call, answer, given, tries, retry)
    }

    pub(super) fn accepted(
        &self,
        key: &str,
        call: Result<Call<'_>, &'static str>,
        answer: Answered<'_>,
        given: &Given,
        tries: u32,
    ) -> Result<Data, Refusal> {
        self.judged(key, call, answer, given, tries, &Retry::default())
    }

    /// What expressions see of an answer that is as it should be.
    fn judged(
        &self,
        key: &str,
        call: Result<Call<'_>, &'static str>,
        answer: Answered<'_>,
        given: &Given,
        tries: u32,
        retry: &Retry,
    ) -> Result<Data, Refusal> {
        let call = call.map_err(|why| Fault::setup(key, why))?;
        let answer = answer.map_err(|reason| again(retry, tries, 0, reason.to_owned()))?;
        let scope = self.answer_scope(Some(call), answer, given);
        let holds = |condition: &Condition| condition.holds(&scope).unwrap_or(false);
        let fault = scope.get_attr("resp").and_then(|resp| resp.get_attr("fault")).unwrap_or_default();
        let is_fault = matches!(call.body, Called(_)) && !fault.is_undefined();
        if (200..300).contains(&answer.status) && !is_fault && call.ok.is_none_or(holds) {
            return Ok(scope);
        }
        if tries < retry.tries && call.refresh_token_on.is_some_and(holds) {
            return Err(Refusal::RefreshTokens { names: call.tokens().into_iter().collect() });
        }
        // A fault is what the system says of this call, with a status of 500 or without.
        let is_trouble = answer.status == 429 || (answer.status >= 500 && !is_fault);
        let reason = if is_fault { faulty(&fault) } else { quoted(answer) };
        if is_trouble || retry.on.as_ref().is_some_and(holds) {
            let seconds =
                header(&answer.headers, "retry-after").and_then(|wait| wait.trim().parse::<u64>().ok());
            let wait_ms = seconds.unwrap_or(0).saturating_mul(1_000).min(RETRY_AFTER_MS_MAX);
            return Err(again(retry, tries, wait_ms, reason));
        }
        Err(Refusal::Failed { reason })
    }

    fn answer_scope(&self, call: Option<Call<'_>>, answer: &HttpResponse, given: &Given) -> Data {
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
            let resp = match (call.map(|call| call.body), &self.system) {
                (Some(Called(call)), Some(system)) => {
                    system.read_answer(&call.method, &answer.body).ok().map(data)
                }
                _ => {
                    let is_xml = answer.body.trim_ascii_start().first() == Some(&b'<');
                    let format = if is_xml { Format::Xml } else { Format::Json };
                    Body::read(&answer.body, format, None).ok().map(|body| body.value)
                }
            };
            scope.extend(resp.map(|resp| ("resp", resp)));
        }
        seal(&scope)
    }
}

fn no_way() -> Fault {
    Fault::setup("send", "the channel does not send")
}

/// The answer in its own words, as far as that is of use to people.
fn quoted(answer: &HttpResponse) -> String {
    format!("the service answered {} {}", answer.status, shown(&answer.body)).trim_end().to_owned()
}

/// A fault of a call, in the system's words.
fn faulty(fault: &Data) -> String {
    let text = serde_json::to_string(fault).unwrap_or_default();
    format!("the system answered with a fault: {}", shown(text.as_bytes()))
}

fn shown(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(QUOTED_BYTES_MAX)]);
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    text.trim().to_owned()
}

/// Waits twice as long each time, until the tries are used up.
fn again(retry: &Retry, tries: u32, wait_ms: u64, reason: String) -> Refusal {
    if tries >= retry.tries {
        return Refusal::Failed { reason };
    }
    let doubled = retry.backoff.from_ms.saturating_mul(1 << tries.saturating_sub(1).min(20));
    Refusal::Retry { after_ms: wait_ms.max(doubled.min(retry.backoff.to_ms)), reason }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self::Failed { reason: fault.to_string() }
    }
}
