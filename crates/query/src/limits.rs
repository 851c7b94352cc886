use std::time::Duration;

/// What a request may cost at most.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    /// Bytes of a query.
    pub(crate) max_bytes: usize,
    /// Its words, names and signs.
    pub(crate) max_tokens: usize,
    /// Braces and brackets within each other, before anything is built.
    pub(crate) max_recursion: usize,
    /// Fields within each other.
    pub(crate) max_depth: usize,
    pub(crate) max_aliases: usize,
    pub(crate) max_root_fields: usize,
    pub(crate) max_directives: usize,
    /// Fields once each fragment stands where it is spread.
    pub(crate) max_expanded_fields: usize,
    /// Cost of the plan.
    pub(crate) max_cost: u64,
    /// Objects of an answer, and rows of a fetch.
    pub(crate) max_rows: usize,
    /// Bytes of an answer.
    pub(crate) max_answer_bytes: usize,
    /// Errors that are told one by one.
    pub(crate) max_errors: usize,
    /// Subscriptions of all clients together.
    pub(crate) max_subscriptions: usize,
    /// Values within the variables.
    pub(crate) max_variable_values: usize,
    pub(crate) request_timeout: Duration,
    /// Roles that may ask for the schema; all, where there is no rule.
    pub(crate) introspection: Option<Vec<String>>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 64 << 10,
            max_tokens: 5_000,
            max_recursion: 100,
            max_depth: 12,
            max_aliases: 30,
            max_root_fields: 20,
            max_directives: 50,
            max_expanded_fields: 10_000,
            max_cost: 5_000,
            max_rows: 10_000,
            max_answer_bytes: 16 << 20,
            max_errors: 100,
            max_subscriptions: 1_000,
            max_variable_values: 10_000,
            request_timeout: Duration::from_secs(10),
            introspection: Some(vec!["admin".to_owned(), "developer".to_owned()]),
        }
    }
}
