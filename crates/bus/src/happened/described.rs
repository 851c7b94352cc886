//! One declaration gives the type of an event's data, its JSON schema and an example.

use kefu_protocol::frame::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

/// A type that says what its JSON is.
pub(super) trait Described {
    /// Its schema (JSON Schema 2020-12).
    fn schema() -> Value;
    /// What its JSON may be.
    fn example() -> Value;
}

/// Declares a struct of an event's data; each field is a doc comment, a type and an example.
macro_rules! data {
    (
        #[doc = $doc:literal]
        pub(super) struct $name:ident {
            $( #[doc = $field_doc:literal] $field:ident: $type:ty $(= $example:expr)?, )+
        }
    ) => {
        #[doc = $doc]
        #[derive(Clone, Debug, serde::Serialize)]
        pub(super) struct $name {
            $( #[doc = $field_doc] pub(super) $field: $type, )+
        }

        impl crate::happened::described::Described for $name {
            fn schema() -> serde_json::Value {
                let mut properties = serde_json::Map::new();
                $({
                    let mut schema = <$type as crate::happened::described::Described>::schema();
                    schema["description"] = serde_json::Value::from($field_doc.trim());
                    properties.insert(stringify!($field).to_owned(), schema);
                })+
                serde_json::json!({
                    "type": "object",
                    "description": $doc.trim(),
                    "properties": properties,
                    "required": [$(stringify!($field)),+],
                })
            }

            fn example() -> serde_json::Value {
                let mut example = serde_json::Map::new();
                $({
                    let value = <$type as crate::happened::described::Described>::example();
                    $( let value = { drop(value); serde_json::Value::from($example) }; )?
                    example.insert(stringify!($field).to_owned(), value);
                })+
                serde_json::Value::Object(example)
            }
        }
    };
}

pub(super) use data;

macro_rules! plain {
    ($($type:ty: $schema:expr, $example:expr;)+) => {
        $(impl Described for $type {
            fn schema() -> Value {
                $schema
            }

            fn example() -> Value {
                $example
            }
        })+
    };
}

plain! {
    String: json!({"type": "string"}), json!("");
    &'static str: json!({"type": "string"}), json!("");
    bool: json!({"type": "boolean"}), json!(true);
    u8: json!({"type": "integer", "minimum": 0, "maximum": 255}), json!(1);
    u64: json!({"type": "integer", "minimum": 0}), json!(1);
    i64: json!({"type": "integer"}), json!(1);
    Uuid: json!({"type": "string", "format": "uuid"}), json!("0197a9c0-0000-7000-8000-000000000000");
    Timestamp: json!({"type": "string", "format": "date-time"}), json!("2026-11-29T09:00:00.000Z");
    serde_json::Map<String, Value>: json!({"type": "object"}), json!({});
}

impl<T: Described> Described for Option<T> {
    fn schema() -> Value {
        json!({"anyOf": [T::schema(), {"type": "null"}]})
    }

    fn example() -> Value {
        T::example()
    }
}

impl<T: Described> Described for Vec<T> {
    fn schema() -> Value {
        json!({"type": "array", "items": T::schema()})
    }

    fn example() -> Value {
        json!([T::example()])
    }
}
