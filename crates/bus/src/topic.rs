use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Longest name of a topic, in bytes: what NSQ takes.
const LENGTH_MAX: usize = 64;

/// What an event is about: lower-case words with dots between them, such as `conversation.created`.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Topic(String);

impl Topic {
    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Topic {
    type Err = TopicError;

    fn from_str(name: &str) -> Result<Self, TopicError> {
        checked(name, is_word).map(|()| Self(name.to_owned()))
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Topics by name: `*` stands for one word, `>` at the end for one or more, as with NATS; `>` alone for all.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Pattern(String);

impl Pattern {
    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a topic is one of them.
    #[must_use]
    pub fn matches(&self, topic: &Topic) -> bool {
        let mut words = topic.0.split('.');
        for wanted in self.0.split('.') {
            match (wanted, words.next()) {
                (">", Some(_)) => return true,
                ("*", Some(_)) => {}
                (wanted, Some(word)) if wanted == word => {}
                _ => return false,
            }
        }
        words.next().is_none()
    }
}

impl FromStr for Pattern {
    type Err = TopicError;

    fn from_str(name: &str) -> Result<Self, TopicError> {
        let body = if name == ">" {
            return Ok(Self(name.to_owned()));
        } else {
            name.strip_suffix(".>").unwrap_or(name)
        };
        checked(body, |word| word == "*" || is_word(word)).map(|()| Self(name.to_owned()))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// Why a name is none of a topic.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TopicError {
    /// It is too long.
    #[error("a topic of more than {LENGTH_MAX} bytes")]
    Long,
    /// A part of it is not a word.
    #[error("`{0}` is not a word of a topic: those have lower-case letters, digits and `_`")]
    Word(String),
}

fn is_word(word: &str) -> bool {
    !word.is_empty()
        && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

fn checked(name: &str, good: impl Fn(&str) -> bool) -> Result<(), TopicError> {
    if name.len() > LENGTH_MAX {
        return Err(TopicError::Long);
    }
    match name.split('.').find(|word| !good(word)) {
        Some(word) => Err(TopicError::Word(word.to_owned())),
        None => Ok(()),
    }
}

macro_rules! by_text {
    ($type:ident) => {
        impl TryFrom<String> for $type {
            type Error = TopicError;

            fn try_from(name: String) -> Result<Self, TopicError> {
                name.parse()
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> Self {
                name.0
            }
        }
    };
}

by_text!(Topic);
by_text!(Pattern);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_by_word() {
        let cases = [
            (">", "chat.rated", true),
            ("chat.rated", "chat.rated", true),
            ("chat.*", "chat.rated", true),
            ("*.created", "message.created", true),
            ("chat.>", "chat.rated.again", true),
            ("chat.>", "chat", false),
            ("chat.*", "chat.rated.again", false),
            ("chat", "chat.rated", false),
            ("chat.rated.again", "chat.rated", false),
        ];
        for (pattern, topic, expected) in cases {
            let (pattern, topic): (Pattern, Topic) = (pattern.parse().unwrap(), topic.parse().unwrap());
            assert_eq!(pattern.matches(&topic), expected, "{pattern} {topic}");
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for name in ["", ".", "a.", "A.b", "a b", "*", "a.>"] {
            assert!(name.parse::<Topic>().is_err(), "{name}");
        }
        for name in ["", "a..b", "a.>.b", ">.a", "a*"] {
            assert!(name.parse::<Pattern>().is_err(), "{name}");
        }
        assert_eq!("a".repeat(65).parse::<Topic>(), Err(TopicError::Long));
    }
}
