//! Whether a channel's values are good: the service is asked for what it gives for some time, and what the file's `check`
//! asks.

use kefu_channel::{Given, HttpRequest, HttpResponse, Next, Refusal, Tokens};
use kefu_protocol::frame::ErrorCode;

use super::{Channels, Opened, millis};
use crate::{clock, problem::Problem};

/// Most characters that are shown of an answer.
const ANSWER_CHARS_MAX: usize = 2_000;

/// What stands for a secret in an answer.
const MASK: &str = "•••";

/// Shorter values stand for too much else to be masked.
const MASKED_BYTES_MIN: usize = 4;

/// What the service answered one request.
pub(crate) struct Checked {
    /// The key of the file that describes the request, such as `tokens.access` or `check`.
    pub(crate) key: String,
    /// Whether the file takes the answer for a good one.
    pub(crate) passed: bool,
    /// Its status, if there was an answer.
    pub(crate) status: Option<u16>,
    /// What it says, without secrets; or why there is none.
    pub(crate) answer: String,
}

/// Asks the service of a channel, whether that is on or off; nothing of it is kept. The list is empty when the file has
/// nothing to ask.
///
/// # Errors
/// `conflict` when the file or its values cannot be used, values are missing, or this is a rehearsal.
pub(crate) async fn check(channels: &Channels, row: &kefu_store::Channel) -> Result<Vec<Checked>, Problem> {
    let conflict = |detail: String| Problem::new(ErrorCode::Conflict, detail);
    if channels.outgoing.is_shadow() {
        return Err(conflict("a rehearsal asks no service".to_owned()));
    }
    let Opened { file, given } = channels.opened(row).await?.map_err(conflict)?;
    let mut steps = Vec::new();
    let mut tokens = Tokens::new();
    let now_ms = millis(clock::now());
    for name in file.tokens().map(str::to_owned).collect::<Vec<_>>() {
        let request =
            file.token_request(&name, &given, now_ms).map_err(|fault| conflict(fault.to_string()))?;
        let answer = ask(channels, &request).await;
        let token = answer.as_ref().ok().map(|answer| file.token(&name, Ok(answer), &given, 1, now_ms));
        let token = token.map(|token| token.map_err(why)).unwrap_or(Err(None));
        if let Ok(token) = &token {
            tokens.insert(name.clone(), token.clone());
        }
        let is_good = token.is_ok();
        steps.push(step(format!("tokens.{name}"), answer, token.map(drop), &given, &tokens));
        if !is_good {
            return Ok(steps);
        }
    }
    if !file.has_check() {
        return Ok(steps);
    }
    let Next::Call(request) =
        file.check(&given, &tokens, now_ms).map_err(|fault| conflict(fault.to_string()))?
    else {
        return Err(conflict("the values that the service gives do not last".to_owned()));
    };
    let answer = ask(channels, &request).await;
    let checked = answer.as_ref().ok().map(|answer| file.checked(Ok(answer), &given).map_err(why));
    steps.push(step("check".to_owned(), answer, checked.unwrap_or(Err(None)), &given, &tokens));
    Ok(steps)
}

async fn ask(channels: &Channels, request: &HttpRequest) -> Result<HttpResponse, String> {
    channels.courier.send(request, None).await.map_err(|error| error.to_string())
}

/// What the file finds wrong with an answer, when the answer does not say it itself.
fn why(refusal: Refusal) -> Option<String> {
    match refusal {
        Refusal::Failed { reason } | Refusal::Retry { reason, .. } => {
            Some(reason).filter(|reason| !reason.starts_with("the service answered"))
        }
        Refusal::RefreshTokens { .. } => None,
    }
}

fn step(
    key: String,
    answer: Result<HttpResponse, String>,
    outcome: Result<(), Option<String>>,
    given: &Given,
    tokens: &Tokens,
) -> Checked {
    let (status, text) = match answer {
        Ok(HttpResponse { status, body, .. }) => (Some(status), String::from_utf8_lossy(&body).into_owned()),
        Err(why) => (None, why),
    };
    let passed = outcome.is_ok();
    let text = match outcome {
        Err(Some(why)) => format!("{why}\n{text}"),
        _ => text,
    };
    Checked { key, passed, status, answer: masked(&text, given, tokens) }
}

/// A text without the values that nobody may see, as far as they stand in it as they are.
fn masked(text: &str, given: &Given, tokens: &Tokens) -> String {
    let secrets = given.secrets.values().chain(tokens.values().map(|token| &token.value));
    let mut secrets: Vec<_> = secrets.filter(|value| value.len() >= MASKED_BYTES_MIN).collect();
    // One that has another in it goes first.
    secrets.sort_by_key(|value| std::cmp::Reverse(value.len()));
    let text = secrets.into_iter().fold(text.to_owned(), |text, value| text.replace(value.as_str(), MASK));
    let plain = |c: char| if c.is_control() && c != '\n' { ' ' } else { c };
    text.chars().map(plain).take(ANSWER_CHARS_MAX).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn an_answer_is_shown_without_secrets() {
        let secrets = [("key", "s3cret"), ("longer", "s3cret-and-more"), ("word", "ok")];
        let secrets = secrets.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let given = Given { secrets: BTreeMap::from(secrets), ..Given::default() };
        let said = masked("{\"ok\":\"s3cret-and-more\",\"of\":\"s3cret\"}\u{7}", &given, &Tokens::new());
        assert_eq!(said, "{\"ok\":\"•••\",\"of\":\"•••\"}");
        assert_eq!(masked(&"长".repeat(9_000), &given, &Tokens::new()).chars().count(), ANSWER_CHARS_MAX);
    }
}
