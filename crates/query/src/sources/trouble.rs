//! What goes wrong with a source, in the few kinds that the plan knows.

use crate::source::{SourceError, TroubleKind};

pub(super) fn trouble(kind: TroubleKind, text: impl Into<String>) -> SourceError {
    SourceError { kind, text: text.into(), retry_after: None }
}

pub(super) fn refused(text: impl Into<String>) -> SourceError {
    trouble(TroubleKind::Refused, text)
}

pub(super) fn garbage(text: impl Into<String>) -> SourceError {
    trouble(TroubleKind::Garbage, text)
}

pub(super) fn timed_out() -> SourceError {
    trouble(TroubleKind::Timeout, "it took too long")
}
