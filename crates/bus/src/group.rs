use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Longest name of a group, in bytes.
const LENGTH_MAX: usize = 32;

/// Who hears together: each group hears every event, and its members share them.
///
/// With NSQ it is a channel, with NATS a part of a durable consumer's name.
#[derive(Clone, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(try_from = "String", into = "String")]
pub struct Group(String);

/// A name is none of a group.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`{0}` is no name of a group: those have 1 to {LENGTH_MAX} lower-case letters, digits, `_` and `-`")]
pub struct GroupError(String);

impl Group {
    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Group {
    type Err = GroupError;

    fn from_str(name: &str) -> Result<Self, GroupError> {
        let is_good =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-');
        if (1..=LENGTH_MAX).contains(&name.len()) && name.bytes().all(is_good) {
            Ok(Self(name.to_owned()))
        } else {
            Err(GroupError(name.chars().take(2 * LENGTH_MAX).collect()))
        }
    }
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl TryFrom<String> for Group {
    type Error = GroupError;

    fn try_from(name: String) -> Result<Self, GroupError> {
        name.parse()
    }
}

impl From<Group> for String {
    fn from(group: Group) -> Self {
        group.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_that_every_server_takes() {
        for name in ["sales", "qa-2", "a_b", &"g".repeat(32)] {
            assert_eq!(name.parse::<Group>().unwrap().as_str(), name);
        }
        for name in ["", "Sales", "a.b", "a b", "a#ephemeral", &"g".repeat(33)] {
            assert!(name.parse::<Group>().is_err(), "{name}");
        }
    }
}
