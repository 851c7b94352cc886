use std::collections::BTreeMap;

use kefu_core::Micros;
use serde::{Deserialize, Serialize};

/// What came of one attempt to tell an event, as the store keeps it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Attempt {
    /// When it began, in microseconds.
    pub(crate) at_us: i64,
    /// Status of the answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    /// How long the answer took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) latency_ms: Option<u64>,
    /// Why it was not taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    /// What was sent; values that the subscriber gave are left out.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) request_headers: BTreeMap<String, String>,
    /// What was answered, as far as it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) response_body: Option<String>,
}

impl Attempt {
    pub(crate) fn at(at: Micros) -> Self {
        Self { at_us: at.0, ..Self::default() }
    }

    pub(crate) fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers are plain JSON")
    }

    /// Those that the store has.
    pub(crate) fn all(json: &str) -> Vec<Self> {
        serde_json::from_str(json).unwrap_or_default()
    }
}
