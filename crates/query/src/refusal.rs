//! Why a request as a whole is refused, before any source is asked.

use apollo_compiler::parser::{SourceMap, SourceSpan};
use apollo_compiler::request::RequestError;
use apollo_compiler::response::{GraphQLError, ResponseDataPathSegment};

/// One reason.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    /// Line and column, from 1.
    pub(crate) locations: Vec<(usize, usize)>,
    /// Response keys down to the field.
    pub(crate) path: Vec<String>,
}

impl Refusal {
    /// Of a request that is not as it must be.
    pub(crate) fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: 400, code, message: message.into(), locations: Vec::new(), path: Vec::new() }
    }

    /// Of a request that asks for more than it may cost.
    pub(crate) fn over(message: impl Into<String>) -> Self {
        Self::bad("LIMIT_EXCEEDED", message)
    }

    /// Of one that asks for what its caller may not have.
    pub(crate) fn forbidden(message: impl Into<String>) -> Self {
        Self { status: 403, ..Self::bad("FORBIDDEN", message) }
    }

    pub(crate) fn at(self, span: Option<SourceSpan>, sources: &SourceMap) -> Self {
        let place = span.and_then(|span| span.line_column(sources));
        Self { locations: place.into_iter().map(|place| (place.line, place.column)).collect(), ..self }
    }

    pub(crate) fn below(self, path: &[String]) -> Self {
        Self { path: path.to_vec(), ..self }
    }

    pub(crate) fn of_graphql(code: &'static str, error: &GraphQLError) -> Self {
        let path = error.path.iter().map(|segment| match segment {
            ResponseDataPathSegment::Field(name) => name.to_string(),
            ResponseDataPathSegment::ListIndex(index) => index.to_string(),
        });
        Self {
            status: 400,
            code,
            message: error.message.clone(),
            locations: error.locations.iter().map(|place| (place.line, place.column)).collect(),
            path: path.collect(),
        }
    }

    pub(crate) fn of_request(code: &'static str, error: &RequestError, sources: &SourceMap) -> Self {
        Self::of_graphql(code, &error.to_graphql_error(sources))
    }
}
