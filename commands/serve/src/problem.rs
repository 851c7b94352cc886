use std::borrow::Cow;

use kefu_core::{ContentError, Refusal, SettingError, SummaryError, TicketRefusal, Unrevised};
use kefu_protocol::frame::{ErrorCode, ParseError};
use kefu_store::StoreError;

/// Why something was refused, for whichever way it came in.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{detail}")]
pub(crate) struct Problem {
    /// The reason.
    pub(crate) code: ErrorCode,
    /// The field or parameter that is to blame.
    pub(crate) field: Option<&'static str>,
    /// The reason in words.
    pub(crate) detail: Cow<'static, str>,
    /// Try again after so long.
    pub(crate) retry_after_ms: Option<u32>,
}

impl Problem {
    pub(crate) fn new(code: ErrorCode, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { code, field: None, detail: detail.into(), retry_after_ms: None }
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(ErrorCode::NotFound, format!("there is no such {what}"))
    }

    pub(crate) fn forbidden() -> Self {
        Self::new(ErrorCode::Forbidden, "this is not allowed to you")
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(ErrorCode::Unauthorized, "sign in first: the token is missing, unknown or expired")
    }

    pub(crate) fn invalid(field: &'static str, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { field: Some(field), ..Self::new(ErrorCode::BadFrame, detail) }
    }

    pub(crate) fn unavailable(detail: impl Into<Cow<'static, str>>) -> Self {
        Self { retry_after_ms: Some(1000), ..Self::new(ErrorCode::Unavailable, detail) }
    }

    pub(crate) fn rate_limited(wait_us: u64) -> Self {
        let wait_ms = u32::try_from(wait_us.div_ceil(1000)).unwrap_or(u32::MAX);
        Self {
            retry_after_ms: Some(wait_ms),
            ..Self::new(ErrorCode::RateLimited, "too many requests: wait before the next one")
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Score => Self::invalid("score", refusal.to_string()),
            Refusal::Taken | Refusal::Crowded | Refusal::Bot | Refusal::State(_) => {
                Self::new(ErrorCode::Conflict, refusal.to_string())
            }
        }
    }
}

impl From<SummaryError> for Problem {
    fn from(error: SummaryError) -> Self {
        Self::invalid(error.field(), error.to_string())
    }
}

impl From<ContentError> for Problem {
    fn from(error: ContentError) -> Self {
        let code = if error == ContentError::TooLarge { ErrorCode::TooLarge } else { ErrorCode::BadFrame };
        Self { field: Some("data"), ..Self::new(code, error.to_string()) }
    }
}

impl From<SettingError> for Problem {
    fn from(error: SettingError) -> Self {
        Self::invalid(error.field(), error.to_string())
    }
}

impl From<Unrevised> for Problem {
    fn from(error: Unrevised) -> Self {
        let code = if error == Unrevised::Foreign { ErrorCode::Forbidden } else { ErrorCode::Conflict };
        Self::new(code, error.to_string())
    }
}

impl From<TicketRefusal> for Problem {
    fn from(refusal: TicketRefusal) -> Self {
        Self { field: Some("status"), ..Self::new(ErrorCode::Conflict, refusal.to_string()) }
    }
}

impl From<ParseError> for Problem {
    fn from(error: ParseError) -> Self {
        Self { code: error.code, field: error.field, detail: error.message, retry_after_ms: None }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Stale(_) | StoreError::Held | StoreError::Erasing => {
                return Self::new(ErrorCode::Conflict, error.to_string());
            }
            StoreError::Conflict(_) => {
                return Self::new(ErrorCode::Conflict, "a value that must be unique is taken already");
            }
            _ => {}
        }
        tracing::error!(error = &error as &dyn std::error::Error, "the store refused");
        Self::unavailable("the store cannot take or give data now")
    }
}
