//! A YAML file as a tree that keeps duplicate keys and finds the line of each node.
//!
//! The parser tells the place of an error only. So each node has a number, given in the order of reading, and the line
//! of a node is found by reading again and failing there: exact, and only done for mistakes.

use std::{cell::Cell, fmt};

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

/// No file is larger, in bytes.
const FILE_BYTES_MAX: usize = 1 << 20;
/// Maps and lists within each other.
const DEPTH_MAX: u32 = 32;
/// Keys and values of a file, those that aliases repeat included.
const NODES_MAX: u32 = 100_000;
/// Brackets that may be open, those in texts included: the reader looks at all of them at each word.
const OPEN_MAX: usize = 128;

/// A node of the file.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) number: u32,
    pub(super) what: What,
}

/// What stands there.
#[derive(Clone, Debug)]
pub(super) enum What {
    Null,
    Boolean(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    /// In the order of the file; a key may be there twice.
    Map(Vec<Entry>),
}

/// A key and its value.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) number: u32,
    pub(super) key: String,
    pub(super) node: Node,
}

/// Reads a file; an empty one is an empty map.
pub(super) fn parse(yaml: &str) -> Result<Node, (usize, String)> {
    if yaml.len() > FILE_BYTES_MAX {
        return Err((1, format!("the file has more than {FILE_BYTES_MAX} bytes")));
    }
    if nests_deeper(yaml) {
        return Err((1, format!("more than {OPEN_MAX} brackets are open")));
    }
    read(yaml, None).map_err(|error| {
        let line = error.location().map_or(1, |place| place.line());
        (within(yaml, line), without_place(&error))
    })
}

/// The line of a node, from 1.
pub(super) fn line_of(yaml: &str, number: u32) -> usize {
    let place = read(yaml, Some(number)).err().and_then(|error| error.location());
    within(yaml, place.map_or(1, |place| place.line()))
}

/// What stops at the end of a file is at its last line.
fn within(yaml: &str, line: usize) -> usize {
    line.clamp(1, yaml.lines().count().max(1))
}

impl Node {
    /// The node as JSON, for what only a source understands.
    pub(super) fn to_json(&self) -> serde_json::Value {
        match &self.what {
            What::Null => serde_json::Value::Null,
            What::Boolean(value) => (*value).into(),
            What::Number(number) => serde_json::Value::Number(number.clone()),
            What::Text(text) => text.clone().into(),
            What::List(items) => items.iter().map(Self::to_json).collect(),
            What::Map(entries) => {
                let entries = entries.iter().map(|entry| (entry.key.clone(), entry.node.to_json()));
                serde_json::Value::Object(entries.collect())
            }
        }
    }
}

fn nests_deeper(yaml: &str) -> bool {
    let mut open = 0_usize;
    yaml.bytes().any(|byte| {
        match byte {
            b'[' | b'{' => open += 1,
            b']' | b'}' => open = open.saturating_sub(1),
            _ => {}
        }
        open > OPEN_MAX
    })
}

fn read(yaml: &str, stop_at: Option<u32>) -> Result<Node, serde_yaml::Error> {
    let next = Cell::new(0);
    let node =
        Walk { next: &next, stop_at, depth: 0 }.deserialize(serde_yaml::Deserializer::from_str(yaml))?;
    Ok(match node.what {
        What::Null => Node { what: What::Map(Vec::new()), ..node },
        _ => node,
    })
}

/// Takes " at line 3 column 5" off: the line is said elsewhere.
fn without_place(error: &serde_yaml::Error) -> String {
    let text = error.to_string();
    text.find(" at line ").map_or(text.as_str(), |at| &text[..at]).to_owned()
}

#[derive(Clone, Copy)]
struct Walk<'a> {
    next: &'a Cell<u32>,
    stop_at: Option<u32>,
    depth: u32,
}

impl<'a> Walk<'a> {
    /// Numbers the present node, and fails at the one that is looked for.
    fn number<E: de::Error>(self) -> Result<u32, E> {
        let number = self.next.get();
        if self.stop_at == Some(number) {
            return Err(E::custom("here"));
        }
        if number >= NODES_MAX {
            return Err(E::custom(format!("more than {NODES_MAX} keys and values")));
        }
        self.next.set(number + 1);
        Ok(number)
    }

    fn leaf<E: de::Error>(self, what: What) -> Result<Node, E> {
        Ok(Node { number: self.number()?, what })
    }

    fn deeper<E: de::Error>(self) -> Result<Walk<'a>, E> {
        if self.depth == DEPTH_MAX {
            return Err(E::custom(format!("more than {DEPTH_MAX} levels")));
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

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a value, a list or a map, without a tag")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Node, E> {
        self.leaf(What::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Node, E> {
        self.leaf(What::Null)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Node, E> {
        self.leaf(What::Boolean(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Node, E> {
        self.leaf(What::Number(value.into()))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Node, E> {
        self.leaf(What::Number(value.into()))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Node, E> {
        let number = Number::from_f64(value).ok_or_else(|| E::custom("a number must be finite"))?;
        self.leaf(What::Number(number))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Node, E> {
        self.leaf(What::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let number = self.number()?;
        let inner = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(inner)? {
            items.push(item);
        }
        Ok(Node { number, what: What::List(items) })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let number = self.number()?;
        let inner = self.deeper()?;
        let mut entries = Vec::new();
        while let Some(key) = map.next_key_seed(inner)? {
            let word = match key.what {
                What::Text(text) => text,
                What::Boolean(value) => value.to_string(),
                What::Number(value) => value.to_string(),
                _ => return Err(de::Error::custom("a key must be a word")),
            };
            entries.push(Entry { number: key.number, key: word, node: map.next_value_seed(inner)? });
        }
        Ok(Node { number, what: What::Map(entries) })
    }
}
