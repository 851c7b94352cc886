//! Results between SOAP, whose replies are objects of members, and those that return a value.

use std::collections::BTreeMap;

use kefu_wire::{Error, Problem};
use serde_json::value::RawValue;

/// What is done to the JSON of a result on its way.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) enum Reshape {
    /// Nothing.
    #[default]
    Keep,
    /// A member of an object is all of it.
    Unwrap(String),
    /// It becomes a member of an object.
    Wrap(String),
    /// It is nothing, which is an object without members here.
    Empty,
    /// It is an object without members, which is nothing here.
    Void,
}

impl Reshape {
    pub(crate) fn apply(&self, json: Vec<u8>) -> Result<Vec<u8>, Error> {
        match self {
            Self::Keep => Ok(json),
            Self::Empty => Ok(b"{}".to_vec()),
            Self::Void => Ok(b"null".to_vec()),
            Self::Wrap(_) if json == b"null" => Ok(b"{}".to_vec()),
            Self::Wrap(name) => {
                let name = serde_json::Value::from(name.as_str()).to_string();
                Ok([b"{", name.as_bytes(), b":", &json, b"}"].concat())
            }
            Self::Unwrap(name) => {
                let members: BTreeMap<String, &RawValue> = serde_json::from_slice(&json)
                    .map_err(|error| Error::new(Problem::Malformed(error.to_string().into())))?;
                Ok(members.get(name).map_or("null", |value| value.get()).as_bytes().to_vec())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_digits() {
        let long = "{\"a\":1,\"result\":{\"x\":12345678901234567890.5}}";
        let unwrapped = Reshape::Unwrap("result".to_owned()).apply(long.into()).unwrap();
        assert_eq!(unwrapped, b"{\"x\":12345678901234567890.5}");
        let wrapped = Reshape::Wrap("r\"".to_owned()).apply(b"1.50".to_vec()).unwrap();
        assert_eq!(wrapped, b"{\"r\\\"\":1.50}");
        assert_eq!(Reshape::Unwrap("none".to_owned()).apply(b"{}".to_vec()).unwrap(), b"null");
        assert_eq!(Reshape::Wrap("r".to_owned()).apply(b"null".to_vec()).unwrap(), b"{}");
        assert!(Reshape::Unwrap("r".to_owned()).apply(b"[1]".to_vec()).is_err());
    }
}
