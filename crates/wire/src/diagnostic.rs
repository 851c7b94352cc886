use std::fmt;

/// A finding in a schema file, displayed as `file:line:column: message`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Diagnostic {
    /// Whether the schema can be used in spite of it.
    pub severity: Severity,
    /// The file, as the loader was asked for it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub message: String,
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Severity {
    /// The schema cannot be used.
    Error,
    /// The schema can be used; its author might want to know.
    Warning,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { severity, file, line, column, message } = self;
        let word = if *severity == Severity::Warning { "warning: " } else { "" };
        write!(out, "{file}:{line}:{column}: {word}{message}")
    }
}

/// A schema that cannot be used, with all that is wrong with it; warnings stand among the errors.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SchemaErrors(pub Vec<Diagnostic>);

impl fmt::Display for SchemaErrors {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.0.iter().enumerate() {
            write!(out, "{}{diagnostic}", if index == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl std::error::Error for SchemaErrors {}
