//! What came of a call, in a form that every side can answer with.

use std::time::Duration;

use kefu_upstream::{Answer, CallError, Trouble};
use kefu_wire::{ErrorKind, thrift::ApplicationExceptionKind};
use serde_json::{Map, Value};

/// Status of an exception or a fault that the bridge file has none for: the call was understood and refused.
const REFUSED: u16 = 422;

/// What came of a call.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// JSON of what the operation returns.
    Returned(Vec<u8>),
    /// Nothing, for the operation is one-way.
    Nothing,
    /// It has no result.
    Refused(Refusal),
}

/// Why a call has no result.
#[derive(Debug, Default)]
pub(crate) struct Refusal {
    /// A word for programs.
    pub(crate) code: &'static str,
    /// The status of HTTP that says so.
    pub(crate) status: u16,
    /// A sentence for people.
    pub(crate) detail: String,
    /// Where in the call the reason is.
    pub(crate) path: String,
    /// When it may be tried again.
    pub(crate) retry_after: Option<Duration>,
    /// The exception or fault that the upstream declares, by its name there, and its members.
    pub(crate) declared: Option<(String, Value)>,
    /// A fault as the upstream sent it.
    pub(crate) fault: Option<Value>,
    /// Whether the upstream may have carried it out.
    pub(crate) fate: Fate,
}

/// What is known of a call that has no result.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Fate {
    /// It was not carried out, and never will be as it is.
    #[default]
    Refused,
    /// It did not get there; it may be made again.
    NotSent,
    /// It may have been carried out.
    Unknown,
}

impl Refusal {
    pub(crate) fn new(code: &'static str, status: u16, detail: impl Into<String>) -> Self {
        Self { code, status, detail: detail.into(), ..Self::default() }
    }

    /// The call does not fit the operation.
    pub(crate) fn of_call(error: &kefu_wire::Error) -> Self {
        let (code, status) = match error.kind() {
            ErrorKind::Limit => ("too_large", 413),
            ErrorKind::Input | ErrorKind::Schema => ("bad_call", 400),
        };
        Self { path: error.path().to_owned(), ..Self::new(code, status, error.to_string()) }
    }

    /// The answer does not fit the operation.
    pub(crate) fn of_answer(error: &kefu_wire::Error) -> Self {
        let text = format!("the upstream's answer does not fit the operation: {error}");
        Self { fate: Fate::Unknown, ..Self::new("bad_answer", 502, text) }
    }

    /// Whether it is the caller's own doing.
    pub(crate) fn is_of_caller(&self) -> bool {
        (400..500).contains(&self.status)
    }
}

/// What came of a call that the process itself has made.
#[derive(Clone, Debug, PartialEq)]
pub enum Called {
    /// JSON of what the operation returns; null if that is nothing.
    Returned(Value),
    /// It has no result.
    Failed {
        /// A word for programs.
        code: &'static str,
        /// A sentence for people.
        detail: String,
        /// Whether the other system may have carried it out.
        fate: Fate,
    },
}

impl From<Refusal> for Called {
    fn from(refusal: Refusal) -> Self {
        let Refusal { code, detail, fate, .. } = refusal;
        Self::Failed { code, detail, fate }
    }
}

impl From<Outcome> for Called {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Returned(json) => match serde_json::from_slice(&json) {
                Ok(value) => Self::Returned(value),
                Err(error) => {
                    let detail = format!("the upstream's answer is no JSON: {error}");
                    Self::Failed { code: "bad_answer", detail, fate: Fate::Unknown }
                }
            },
            Outcome::Nothing => Self::Returned(Value::Null),
            Outcome::Refused(refusal) => Self::from(refusal),
        }
    }
}

/// A name without the file that it comes from: `shared.NotFound` is `NotFound` elsewhere.
pub(crate) fn bare(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, bare)| bare)
}

/// Statuses by the names of exceptions and faults.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Statuses(pub(crate) Vec<(String, u16)>);

impl Statuses {
    fn of(&self, name: &str) -> Option<u16> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found
            .or_else(|| self.0.iter().find(|(known, _)| bare(known) == bare(name)))
            .map(|(_, status)| *status)
    }

    fn name_of(&self, status: u16) -> Option<&str> {
        self.0.iter().find(|(_, known)| *known == status).map(|(name, _)| name.as_str())
    }
}

impl Outcome {
    /// `is_rest` says whether a status of HTTP is the upstream's own word, and not one about its protocol.
    pub(crate) fn new(result: Result<Answer, CallError>, statuses: &Statuses, is_rest: bool) -> Self {
        match result {
            Ok(Answer::Returned(json)) => Self::Returned(json),
            Ok(Answer::Nothing) => Self::Nothing,
            Ok(Answer::Thrown(json)) => Self::Refused(thrown(&json, statuses)),
            Ok(Answer::Fault(json)) => Self::Refused(faulted(&json, statuses)),
            Err(CallError::Status { status, body }) if is_rest => {
                Self::Refused(answered(status, &body, statuses))
            }
            Err(error) => Self::Refused(failed(&error)),
        }
    }

    /// Its name in metrics.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Returned(_) => "returned",
            Self::Nothing => "sent",
            Self::Refused(refusal) => refusal.code,
        }
    }
}

fn object(json: &[u8]) -> Map<String, Value> {
    serde_json::from_slice(json).unwrap_or_default()
}

fn thrown(json: &[u8], statuses: &Statuses) -> Refusal {
    let mut members = object(json);
    let name = match members.remove("$exception") {
        Some(Value::String(name)) => name,
        _ => String::new(),
    };
    let status = statuses.of(&name).unwrap_or(REFUSED);
    let detail = match members.get("message").and_then(Value::as_str) {
        Some(message) => format!("{}: {message}", bare(&name)),
        None => bare(&name).to_owned(),
    };
    let declared = Some((name, Value::Object(members)));
    Refusal { declared, ..Refusal::new("exception", status, detail) }
}

fn faulted(json: &[u8], statuses: &Statuses) -> Refusal {
    let fault = object(json).remove("$fault").unwrap_or_default();
    let code = fault["code"].as_str().unwrap_or_default().to_owned();
    let detail = fault["detail"].as_object();
    let declared = detail
        .and_then(|detail| detail.iter().find(|(name, _)| !name.starts_with(['$', '#'])))
        .map(|(name, members)| (name.clone(), members.clone()));
    let own = match code.split('.').next() {
        Some("Client" | "Sender" | "VersionMismatch" | "MustUnderstand") => REFUSED,
        _ => 502,
    };
    let status = declared.as_ref().and_then(|(name, _)| statuses.of(name)).or_else(|| statuses.of(&code));
    let status = status.unwrap_or(if declared.is_some() { REFUSED } else { own });
    let reason = fault["reason"].as_object().and_then(|reasons| reasons.values().next());
    let reason = reason.and_then(Value::as_str).unwrap_or("the upstream answered with a fault").to_owned();
    Refusal { declared, fault: Some(fault), ..Refusal::new("fault", status, reason) }
}

/// A service of JSON answered with a status that is no success: what it says of the call is the caller's doing, what it
/// says of us is not.
fn answered(status: u16, body: &[u8], statuses: &Statuses) -> Refusal {
    let name = statuses.name_of(status);
    let declared = name.map(|name| (name.to_owned(), Value::Object(object(body))));
    let is_of_call = matches!(status, 400 | 404 | 409 | 410 | 412 | 413 | 422) || declared.is_some();
    let (text, fate) = (format!("the upstream answered with status {status}"), fate_of(status));
    let status = if is_of_call { REFUSED } else { 502 };
    Refusal { declared, fate, ..Refusal::new("upstream_status", status, text) }
}

fn failed(error: &CallError) -> Refusal {
    Refusal { fate: fate(error), ..worded(error) }
}

/// What went wrong before anything was sent is known; what a server, or somebody between, did after that is not.
fn fate(error: &CallError) -> Fate {
    match error {
        CallError::Unwritable(_) | CallError::Failed(_) => Fate::Refused,
        CallError::Open { .. } | CallError::Trouble(Trouble::Connect(_)) => Fate::NotSent,
        CallError::Status { status, .. } => fate_of(*status),
        CallError::Unreadable(_) | CallError::Trouble(_) => Fate::Unknown,
    }
}

fn fate_of(status: u16) -> Fate {
    match status {
        429 => Fate::NotSent,
        400..500 => Fate::Refused,
        _ => Fate::Unknown,
    }
}

fn worded(error: &CallError) -> Refusal {
    let text = error.to_string();
    match error {
        CallError::Unwritable(error) => Refusal::of_call(error),
        CallError::Unreadable(error) => Refusal::of_answer(error),
        CallError::Failed(exception) => {
            let status = match exception.kind {
                ApplicationExceptionKind::UnknownMethod => 501,
                _ => 502,
            };
            Refusal::new("upstream_failed", status, text)
        }
        CallError::Status { .. } => Refusal::new("upstream_status", 502, text),
        CallError::Trouble(Trouble::TimedOut) => Refusal::new("timeout", 504, text),
        CallError::Trouble(_) => Refusal::new("unreachable", 502, text),
        CallError::Open { retry_after } => {
            Refusal { retry_after: Some(*retry_after), ..Refusal::new("unavailable", 503, text) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(result: Result<Answer, CallError>, statuses: &[(&str, u16)]) -> Refusal {
        let statuses =
            Statuses(statuses.iter().map(|(name, status)| ((*name).to_owned(), *status)).collect());
        match Outcome::new(result, &statuses, true) {
            Outcome::Refused(refusal) => refusal,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn exceptions_faults_and_statuses_have_the_names_of_the_file() {
        let json = br#"{"$exception":"shared.NotFound","message":"no order 7"}"#.to_vec();
        let refusal = refused(Ok(Answer::Thrown(json.clone())), &[("NotFound", 404)]);
        assert_eq!((refusal.status, refusal.detail.as_str()), (404, "NotFound: no order 7"));
        assert_eq!(refused(Ok(Answer::Thrown(json)), &[]).status, 422);

        let fault = |code: &str| format!(r#"{{"$fault":{{"code":"{code}","reason":{{"en":"why"}}}}}}"#);
        assert_eq!(refused(Ok(Answer::Fault(fault("Server").into())), &[]).status, 502);
        assert_eq!(refused(Ok(Answer::Fault(fault("Client").into())), &[]).status, 422);
        assert_eq!(refused(Ok(Answer::Fault(fault("Client").into())), &[("Client", 409)]).status, 409);
        let declared = br#"{"$fault":{"code":"Server","detail":{"NoOrder":{"id":7}}}}"#.to_vec();
        let refusal = refused(Ok(Answer::Fault(declared)), &[("NoOrder", 404)]);
        assert_eq!(refusal.status, 404);
        assert_eq!(refusal.declared.map(|(name, _)| name).as_deref(), Some("NoOrder"));

        let status = |status| CallError::Status { status, body: Vec::new() };
        assert_eq!(
            [400, 401, 404, 500].map(|code| refused(Err(status(code)), &[]).status),
            [422, 502, 422, 502]
        );
        let outcome = Outcome::new(Err(status(404)), &Statuses::default(), false);
        assert!(matches!(outcome, Outcome::Refused(Refusal { status: 502, .. })), "{outcome:?}");
        let status = CallError::Status { status: 404, body: br#"{"why":"gone"}"#.to_vec() };
        let declared = refused(Err(status), &[("shared.NotFound", 404)]).declared;
        assert_eq!(declared, Some(("shared.NotFound".to_owned(), serde_json::json!({"why": "gone"}))));
    }
}
