//! A YAML file as a tree that keeps duplicate keys and knows the line of each key.
//!
//! The parser tells the place of an error only. So each node has a number, given in the order of reading, and the
//! line of a node is found by reading again and failing there: exact, and cheap for files of this size.

use std::{cell::Cell, fmt};

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::setting::{Scalar, ScalarKind};

/// The largest file that is read, in bytes.
pub const MAX_FILE_BYTES: u64 = 256 * 1024;
/// Groups within groups.
const MAX_DEPTH: u32 = 16;
/// Keys and values in a file.
const MAX_NODES: u32 = 20_000;

/// What stands at a key.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    Scalar(Scalar),
    List(Vec<Node>),
    /// Keys in the order of the file, with their numbers; a key may be there twice.
    Map(Vec<(u32, String, Node)>),
}

/// Why a file cannot be read, and where.
#[derive(Debug)]
pub(super) struct YamlError {
    pub(super) line: Option<usize>,
    pub(super) message: String,
}

/// Reads a file; an empty one is an empty map.
pub(super) fn parse(text: &str) -> Result<Node, YamlError> {
    read(text, None).map_err(|error| YamlError {
        line: error.location().map(|place| place.line()).filter(|line| *line > 0),
        message: without_place(&error),
    })
}

/// Returns the line of the node `number`, from 1.
pub(super) fn line_of(text: &str, number: u32) -> Option<usize> {
    read(text, Some(number)).err()?.location().map(|place| place.line())
}

fn read(text: &str, stop_at: Option<u32>) -> Result<Node, serde_yaml::Error> {
    let next = Cell::new(0);
    let walk = Walk { next: &next, stop_at, depth: 0 };
    match walk.deserialize(serde_yaml::Deserializer::from_str(text)) {
        Ok(Node::Scalar(Scalar { kind: ScalarKind::Null, .. })) => Ok(Node::Map(Vec::new())),
        other => other,
    }
}

/// Takes " at line 3 column 5" off: the line is said elsewhere.
fn without_place(error: &serde_yaml::Error) -> String {
    let text = error.to_string();
    match text.find(" at line ") {
        Some(at) if !text[at..].contains(", ") => text[..at].to_owned(),
        _ => text,
    }
}

#[derive(Clone, Copy)]
struct Walk<'a> {
    next: &'a Cell<u32>,
    stop_at: Option<u32>,
    depth: u32,
}

impl<'a> Walk<'a> {
    fn scalar<E: de::Error>(self, text: &dyn ToString, kind: ScalarKind) -> Result<Node, E> {
        self.number()?;
        Ok(Node::Scalar(Scalar { text: text.to_string(), kind }))
    }

    /// Numbers the present node, and fails at the one that is looked for.
    fn number<E: de::Error>(self) -> Result<u32, E> {
        let number = self.next.get();
        if self.stop_at == Some(number) {
            return Err(E::custom("here"));
        }
        if number >= MAX_NODES {
            return Err(E::custom(format!("more than {MAX_NODES} keys and values")));
        }
        self.next.set(number + 1);
        Ok(number)
    }

    fn deeper<E: de::Error>(self) -> Result<Walk<'a>, E> {
        if self.depth == MAX_DEPTH {
            return Err(E::custom(format!("more than {MAX_DEPTH} levels")));
        }
        Ok(Walk { depth: self.depth + 1, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value, a list or a map, without a tag")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Node, E> {
        self.scalar(&"", ScalarKind::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Node, E> {
        self.scalar(&"", ScalarKind::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Node, E> {
        self.scalar(&value, ScalarKind::Boolean)
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Node, E> {
        self.scalar(&value, ScalarKind::Number)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Node, E> {
        self.scalar(&value, ScalarKind::Number)
    }

    fn visit_i128<E: de::Error>(self, value: i128) -> Result<Node, E> {
        self.scalar(&value, ScalarKind::Number)
    }

    fn visit_u128<E: de::Error>(self, value: u128) -> Result<Node, E> {
        self.scalar(&value, ScalarKind::Number)
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Node, E> {
        self.scalar(&value, ScalarKind::Number)
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Node, E> {
        self.scalar(&value, ScalarKind::Text)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        self.number()?;
        let inner = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        self.number()?;
        let inner = self.deeper()?;
        let mut entries = Vec::new();
        loop {
            let number = self.next.get();
            let Some(key) = map.next_key_seed(inner)? else { return Ok(Node::Map(entries)) };
            let Node::Scalar(Scalar { text, .. }) = key else {
                return Err(de::Error::custom("a key must be a word"));
            };
            entries.push((number, text, map.next_value_seed(inner)?));
        }
    }
}
