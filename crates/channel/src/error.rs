use std::fmt;

/// Why a channel could not do something: which key of the file, and what was wrong.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    /// Whose fault it is.
    pub kind: FaultKind,
    /// The key of the file that was being carried out, such as `messages.map.text`; may be empty.
    pub key: String,
    /// What is wrong.
    pub message: String,
}

/// Whose fault a [`Fault`] is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FaultKind {
    /// What the service sent does not fit the file.
    Input,
    /// A limit of the file is reached.
    Limit,
    /// A secret or a setting has no value, or the file does not say how to do it.
    Setup,
}

impl Fault {
    #[cold]
    pub(super) fn input(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind: FaultKind::Input, key: key.into(), message: message.into() }
    }

    #[cold]
    pub(super) fn limit(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind: FaultKind::Limit, key: key.into(), message: message.into() }
    }

    #[cold]
    pub(super) fn setup(key: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind: FaultKind::Setup, key: key.into(), message: message.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.key.as_str() {
            "" => out.write_str(&self.message),
            key => write!(out, "{key}: {}", self.message),
        }
    }
}

impl std::error::Error for Fault {}
