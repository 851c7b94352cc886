//! Settings and descriptions of targets, read strictly: an unknown key is an error that names it.

use std::str::FromStr as _;

use kefu_app::ByteSize;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _},
};
use serde_json::{Map, Value};

use super::SourceOpenError;
use crate::source::Target;

/// Reads the settings of a source.
pub(super) fn read<T: DeserializeOwned>(settings: &Value) -> Result<T, SourceOpenError> {
    if !settings.is_object() {
        return Err(SourceOpenError::new("", "a source's settings are a map"));
    }
    strict(settings.clone()).map_err(|(path, text)| SourceOpenError { path, text })
}

/// Reads what a target says of itself: the keys of its type that only the source knows, and those below `access`.
pub(super) fn read_target<T: DeserializeOwned>(target: &Target) -> Result<T, String> {
    let mut members = match &target.access {
        Value::Object(members) => members.clone(),
        Value::Null => Map::new(),
        _ => return Err("access: must be a map".to_owned()),
    };
    if let Some(Value::Object(inner)) = members.get("access").cloned() {
        members.remove("access");
        members.extend(inner);
    }
    strict(Value::Object(members)).map_err(|(path, text)| format!("{path}: {text}"))
}

/// Reads what a mutation says of itself.
pub(super) fn read_call<T: DeserializeOwned>(operation: &Value) -> Result<T, String> {
    if !operation.is_object() {
        return Err("must be a map".to_owned());
    }
    strict(operation.clone()).map_err(|(path, text)| format!("{path}: {text}"))
}

/// Reads a value; the error is a path and what is wrong there.
fn strict<T: DeserializeOwned>(value: Value) -> Result<T, (String, String)> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let path = if path == "." { String::new() } else { path };
        (path, error.into_inner().to_string())
    })
}

/// How many bytes an answer may have: `16 MiB`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Bytes(pub(super) usize);

impl Default for Bytes {
    fn default() -> Self {
        Self(16 << 20)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        ByteSize::from_str(&text).map(|size| Self(size.as_usize())).map_err(D::Error::custom)
    }
}

/// How many there may be; at least one.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "usize")]
pub(super) struct Count(pub(super) usize);

impl TryFrom<usize> for Count {
    type Error = &'static str;

    fn try_from(count: usize) -> Result<Self, Self::Error> {
        if (1..=10_000).contains(&count) { Ok(Self(count)) } else { Err("must be from 1 to 10000") }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Example {
        #[serde(default)]
        bytes_max: Bytes,
        pool: Option<Count>,
    }

    #[test]
    fn settings_are_read_and_mistakes_name_their_key() {
        let good = read::<Example>(&json!({"bytes_max": "1 MiB", "pool": 3})).unwrap();
        assert_eq!((good.bytes_max.0, good.pool), (1 << 20, Some(Count(3))));
        for (value, path) in [
            (json!({"pool": 0}), "pool"),
            (json!({"bytes_max": "much"}), "bytes_max"),
            (json!({"pol": 3}), "pol"),
            (json!([]), ""),
        ] {
            assert_eq!(read::<Example>(&value).unwrap_err().path, path, "{value}");
        }
    }
}
