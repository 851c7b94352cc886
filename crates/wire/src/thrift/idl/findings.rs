use crate::{Diagnostic, Severity};

/// Where the lines of a file begin.
#[derive(Debug)]
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn new(text: &str) -> Self {
        Self(std::iter::once(0).chain(text.match_indices('\n').map(|(index, _)| index + 1)).collect())
    }

    /// Line and column of a byte, both from 1; columns of absurdly long lines count bytes.
    pub(super) fn position(&self, text: &str, offset: usize) -> (usize, usize) {
        const COUNTED_MAX: usize = 10_000;
        let line = self.0.partition_point(|start| *start <= offset);
        let start = self.0.get(line.saturating_sub(1)).copied().unwrap_or_default();
        let column = match text.get(start..offset) {
            Some(before) if before.len() <= COUNTED_MAX => before.chars().count(),
            _ => offset.saturating_sub(start),
        };
        (line, column + 1)
    }
}

/// Findings, as many as anybody would read.
#[derive(Debug, Default)]
pub(super) struct Findings {
    found: Vec<Diagnostic>,
    errors: usize,
}

impl Findings {
    const EACH_MAX: usize = 1_000;

    /// Adds a finding, which is made only if there is room for it.
    pub(super) fn push(&mut self, severity: Severity, make: impl FnOnce(Severity) -> Diagnostic) {
        if !self.is_full(severity) {
            self.errors += usize::from(severity == Severity::Error);
            self.found.push(make(severity));
        }
    }

    /// Whether there is no room for more of these.
    pub(super) fn is_full(&self, severity: Severity) -> bool {
        let same = if severity == Severity::Error { self.errors } else { self.found.len() - self.errors };
        same >= Self::EACH_MAX
    }

    pub(super) fn has_errors(&self) -> bool {
        self.errors > 0
    }

    pub(super) fn into_vec(self) -> Vec<Diagnostic> {
        self.found
    }
}
