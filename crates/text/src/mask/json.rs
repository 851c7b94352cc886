//! Personal data in values of unknown shape, such as the data of an event.

use std::borrow::Cow;

use serde_json::Value;

use super::{Kinds, mask};

/// Masks every string and number in a value, at any depth; a number in which something is masked becomes a string.
/// Names of fields stay: they are a site's own words.
pub fn mask_json(value: &mut Value, kinds: Kinds) {
    let mut values = vec![value];
    while let Some(value) = values.pop() {
        match value {
            Value::String(text) => {
                if let Cow::Owned(masked) = mask(text, kinds) {
                    *text = masked;
                }
            }
            Value::Number(number) => {
                if let Cow::Owned(masked) = mask(&number.to_string(), kinds) {
                    *value = Value::String(masked);
                }
            }
            Value::Array(items) => values.extend(items),
            Value::Object(fields) => values.extend(fields.values_mut()),
            Value::Null | Value::Bool(_) => {}
        }
    }
}
