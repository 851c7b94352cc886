use std::{error::Error, io::Write as _};

use crate::{Exit, Language, Text};

/// Why a command stopped, the exit code that says so, and what to do about it.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    exit: Exit,
    message: Text,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
    hint: Option<Text>,
}

impl Failure {
    /// A failure whose message reads "cannot …" (无法…), without a full stop.
    pub fn new(exit: Exit, message: impl Into<Text>) -> Self {
        Self { exit, message: message.into(), source: None, hint: None }
    }

    /// A defect of kefu itself.
    pub fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(
            Exit::Internal,
            Text::new("cannot go on, this is a defect of kefu", "无法继续,这是 kefu 的缺陷"),
        )
        .because(source)
    }

    /// Adds the cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Adds what the user can do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Text>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Returns the exit code.
    pub fn exit(&self) -> Exit {
        self.exit
    }

    /// Writes the failure, its causes and its hint as one line, without the program's name.
    pub fn line(&self, language: Language) -> String {
        let mut line = self.message.in_language(language).to_owned();
        let mut cause = self.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // Some libraries repeat their source in their own text.
            if !line.ends_with(&text) {
                line.push_str(": ");
                line.push_str(&text);
            }
            cause = error.source();
        }
        if let Some(hint) = &self.hint {
            line.push_str("; ");
            line.push_str(hint.in_language(language));
        }
        one_line(&line)
    }

    /// Prints `kefu: cannot …: cause; hint` to standard error.
    pub fn report(&self, language: Language) {
        // Nobody is left to tell when standard error is gone.
        drop(writeln!(std::io::stderr(), "kefu: {}", self.line(language)));
    }
}

/// Joins lines, and takes control characters out: a name from outside must not drive the terminal.
pub(crate) fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.trim().chars() {
        match c {
            '\n' | '\r' | '\t' => {
                if !line.ends_with(' ') {
                    line.push(' ');
                }
            }
            c if c.is_control() => line.push('\u{fffd}'),
            c => line.push(c),
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("disk said no\nthen more")]
    struct Outer(#[source] std::io::Error);

    fn failure() -> Failure {
        let inner = std::io::Error::other("input/output\u{1b}[2J error");
        Failure::new(Exit::Io, Text::new("cannot write", "无法写入"))
            .because(Outer(inner))
            .hint(Text::new("free some space", "请清理磁盘"))
    }

    #[test]
    fn a_failure_is_one_line_with_causes_and_hint() {
        assert_eq!(
            failure().line(Language::English),
            "cannot write: disk said no then more: input/output\u{fffd}[2J error; free some space"
        );
        assert!(failure().line(Language::Chinese).starts_with("无法写入: "));
        assert!(failure().line(Language::Chinese).ends_with("; 请清理磁盘"));
    }

    #[test]
    fn a_cause_that_was_already_said_is_not_repeated() {
        let failure = Failure::new(Exit::Io, "cannot read: gone").because(std::io::Error::other("gone"));
        assert_eq!(failure.line(Language::English), "cannot read: gone");
    }
}
