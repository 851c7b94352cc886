use std::collections::BTreeMap;
use std::time::Instant;

use serde_json::Value as Json;

use crate::scalar::Value;

/// A request, as GraphQL over HTTP has it.
#[derive(Clone, Debug)]
pub struct Request {
    /// The query; may be left out when the server knows its hash.
    pub query: Option<String>,
    /// Which operation of the query, if it has several.
    pub operation_name: Option<String>,
    /// Values of its variables.
    pub variables: serde_json::Map<String, Json>,
    /// SHA-256 of the query, by which it is kept (automatic persisted queries).
    pub sha256: Option<[u8; 32]>,
    /// When nobody waits for the answer any more.
    pub deadline: Instant,
    /// Whether the plan is told, for those who may see it.
    pub explain: Explain,
    /// Whether it may change anything; a request by `GET` may not.
    pub allow_mutation: bool,
}

/// What is told of a plan in the answer's `extensions.explain`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Explain {
    /// Nothing.
    #[default]
    None,
    /// What would be done; nothing is.
    Plan,
    /// What was done, beside the answer.
    Analyze,
}

/// Who asks.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// Roles, by which fields, rows and masks are chosen.
    pub roles: Vec<String>,
    /// Values of `$session.name` in row policies.
    pub values: BTreeMap<String, Value>,
    /// Who may be given the same rows of one fetch: those with the same text here.
    pub scope: String,
}
