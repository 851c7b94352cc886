use std::{borrow::Cow, fmt};

/// Why a message could not be converted: what is wrong, at which byte, and where in the message.
///
/// Displays as `items[3].price: expected a number, found a string, at byte 118`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Error(Box<Detail>);

#[derive(Clone, Debug, Eq, PartialEq)]
struct Detail {
    problem: Problem,
    offset: Option<usize>,
    path: String,
}

/// Whose fault an [`Error`] is; commands choose their exit code by it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ErrorKind {
    /// The message is malformed or does not fit the schema.
    Input,
    /// The message exceeds a limit.
    Limit,
    /// The schema has no such type, service or function.
    Schema,
}

/// What is wrong with a message.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Problem {
    /// The input ends too early.
    #[error("the input ends within {0}")]
    Truncated(&'static str),
    /// Something else stands where a certain thing must stand.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// What must stand there.
        expected: Cow<'static, str>,
        /// What stands there.
        found: Cow<'static, str>,
    },
    /// The bytes break a rule of their format.
    #[error("{0}")]
    Malformed(Cow<'static, str>),
    /// A required field has no value.
    #[error("the required field is missing")]
    MissingField,
    /// Text that is not UTF-8.
    #[error("text is not UTF-8")]
    NotUtf8,
    /// Bytes follow the end of the message.
    #[error("{0} bytes follow the end")]
    Trailing(usize),
    /// A limit is exceeded.
    #[error("more than {max} {what}")]
    Limit {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        max: u64,
    },
    /// The schema does not have what the caller asked for.
    #[error("the schema has no {kind} {name:?}")]
    NotInSchema {
        /// What was asked for.
        kind: &'static str,
        /// Its name.
        name: String,
    },
}

impl Error {
    /// A problem at a byte of the input.
    #[cold]
    #[must_use]
    pub fn at(offset: usize, problem: Problem) -> Self {
        Self(Box::new(Detail { problem, offset: Some(offset), path: String::new() }))
    }

    /// A problem that has no place in the input.
    #[cold]
    #[must_use]
    pub fn new(problem: Problem) -> Self {
        Self(Box::new(Detail { problem, offset: None, path: String::new() }))
    }

    #[cold]
    pub(crate) fn malformed(offset: usize, rule: impl Into<Cow<'static, str>>) -> Self {
        Self::at(offset, Problem::Malformed(rule.into()))
    }

    #[cold]
    pub(crate) fn truncated(offset: usize, what: &'static str) -> Self {
        Self::at(offset, Problem::Truncated(what))
    }

    #[cold]
    pub(crate) fn limit(offset: usize, what: &'static str, max: u64) -> Self {
        Self::at(offset, Problem::Limit { what, max })
    }

    #[cold]
    pub(crate) fn unexpected(
        offset: usize,
        expected: impl Into<Cow<'static, str>>,
        found: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self::at(offset, Problem::Unexpected { expected: expected.into(), found: found.into() })
    }

    /// Says that the problem lies within the named member of what the path has begun with so far.
    #[cold]
    #[must_use]
    pub fn in_field(mut self, name: &str) -> Self {
        let path = &mut self.0.path;
        if !path.is_empty() && !path.starts_with('[') {
            path.insert(0, '.');
        }
        path.insert_str(0, name);
        self
    }

    /// Says that the problem lies within an element of a list, a set or a map.
    #[cold]
    #[must_use]
    pub fn in_element(mut self, index: usize) -> Self {
        let path = &mut self.0.path;
        if !path.is_empty() && !path.starts_with('[') {
            path.insert(0, '.');
        }
        path.insert_str(0, &format!("[{index}]"));
        self
    }

    /// The same problem in a message that has no place in the input.
    #[cold]
    #[must_use]
    pub(crate) fn without_offset(mut self) -> Self {
        self.0.offset = None;
        self
    }

    /// What is wrong.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.0.problem
    }

    /// The byte of the input at which it was noticed, from 0.
    #[must_use]
    pub fn offset(&self) -> Option<usize> {
        self.0.offset
    }

    /// Where in the message it is, like `items[3].price`; empty for the message itself.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.0.path
    }

    /// Whose fault it is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self.0.problem {
            Problem::Limit { .. } => ErrorKind::Limit,
            Problem::NotInSchema { .. } => ErrorKind::Schema,
            _ => ErrorKind::Input,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Detail { problem, offset, path } = &*self.0;
        if !path.is_empty() {
            write!(out, "{path}: ")?;
        }
        write!(out, "{problem}")?;
        match offset {
            Some(offset) => write!(out, ", at byte {offset}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::{Error, ErrorKind};

    #[test]
    fn the_path_reads_from_the_outside_in() {
        let error = Error::limit(7, "levels", 64);
        assert_eq!(error.kind(), ErrorKind::Limit);
        let error = error.in_field("price").in_element(3).in_field("items").in_field("request");
        assert_eq!(error.to_string(), "request.items[3].price: more than 64 levels, at byte 7");
        let nested = Error::truncated(0, "a list").in_element(1).in_element(2).in_field("rows");
        assert_eq!(nested.path(), "rows[2][1]");
    }
}
