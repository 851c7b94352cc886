use std::borrow::Cow;

use crate::{Error, Limits, Problem, json::Scanner};

/// A whole JSON document, so that members can be found in any order without reading twice.
pub(super) struct Tape<'j> {
    text: &'j str,
    nodes: Vec<Node>,
    limits: Limits,
}

/// A value, after its members' names.
#[derive(Clone, Copy, Debug)]
struct Node {
    kind: Kind,
    /// Where it begins in the text.
    at: u32,
    /// The node after it and all that is in it; of a string, which has nothing in it, its length.
    extent: u32,
}

/// The extent of a string that does not stand there as it is.
const ESCAPED: u32 = u32::MAX;

/// What a value is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Kind {
    Object,
    Array,
    String,
    Number,
    Boolean,
    Null,
}

/// A value of a [`Tape`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct NodeId(u32);

impl<'j> Tape<'j> {
    pub(super) fn read(input: &'j [u8], limits: &Limits) -> Result<Self, Error> {
        if input.len() > limits.message_bytes_max || u32::try_from(input.len()).is_err() {
            return Err(Error::limit(0, "bytes in a message", limits.message_bytes_max as u64));
        }
        let text =
            std::str::from_utf8(input).map_err(|error| Error::at(error.valid_up_to(), Problem::NotUtf8))?;
        // An element may be a member and an item.
        let depth = u32::try_from(limits.xml_depth_max.saturating_mul(2)).unwrap_or(u32::MAX);
        let limits = Limits { depth_max: depth, ..*limits };
        let mut tape = Self { text, nodes: Vec::new(), limits };
        let mut scanner = Scanner::new(text, &limits);
        let mut scratch = Vec::new();
        tape.value(&mut scanner, &mut scratch)?;
        scanner.end()?;
        Ok(tape)
    }

    /// The length of the document.
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    pub(super) fn root() -> NodeId {
        NodeId(0)
    }

    fn value(&mut self, scanner: &mut Scanner<'j>, scratch: &mut Vec<u8>) -> Result<(), Error> {
        let found = scanner.peek();
        let at = scanner.offset();
        if self.nodes.len() as u64 >= self.limits.nodes_max {
            return Err(Error::limit(at, "values", self.limits.nodes_max));
        }
        let index = self.nodes.len();
        let kind = match found {
            Some(b'"') => Kind::String,
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b't' | b'f') => Kind::Boolean,
            Some(b'n') => Kind::Null,
            _ => Kind::Number,
        };
        self.nodes.push(Node { kind, at: u32::try_from(at).unwrap_or(u32::MAX), extent: 0 });
        match kind {
            Kind::Object | Kind::Array => {
                let open = if kind == Kind::Object { b'{' } else { b'[' };
                scanner.enter(open, "a value")?;
                if !scanner.eat(open + 2) {
                    loop {
                        if kind == Kind::Object {
                            let _ = scanner.peek();
                            let at = u32::try_from(scanner.offset()).unwrap_or(u32::MAX);
                            let extent = string(scanner, scratch, "a name in quotes")?;
                            self.nodes.push(Node { kind: Kind::String, at, extent });
                            scanner.expect(b':', "`:`")?;
                        }
                        self.value(scanner, scratch)?;
                        if !scanner.more(open + 2)? {
                            break;
                        }
                    }
                }
                scanner.leave();
            }
            Kind::String => {
                self.nodes[index].extent = string(scanner, scratch, "a value")?;
                return Ok(());
            }
            _ => scanner.skip(scratch)?,
        }
        self.nodes[index].extent = u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        Ok(())
    }

    fn node(&self, id: NodeId) -> Node {
        self.nodes.get(id.0 as usize).copied().unwrap_or(Node { kind: Kind::Null, at: 0, extent: u32::MAX })
    }

    pub(super) fn kind(&self, id: NodeId) -> Kind {
        self.node(id).kind
    }

    pub(super) fn offset(&self, id: NodeId) -> usize {
        self.node(id).at as usize
    }

    /// The items of an array.
    pub(super) fn items(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let end = self.after(id).0;
        let mut next = id.0 + 1;
        std::iter::from_fn(move || {
            let item = (next < end).then_some(NodeId(next))?;
            next = self.after(item).0;
            Some(item)
        })
    }

    /// The item after another of the same array.
    pub(super) fn after(&self, id: NodeId) -> NodeId {
        let node = self.node(id);
        NodeId(if node.kind == Kind::String { id.0 + 1 } else { node.extent })
    }

    pub(super) fn first(id: NodeId) -> NodeId {
        NodeId(id.0 + 1)
    }

    /// The members of an object: names as they are in the text, and values.
    pub(super) fn members(&self, id: NodeId) -> impl Iterator<Item = (NodeId, NodeId)> + '_ {
        let mut nodes = self.items(id);
        std::iter::from_fn(move || Some((nodes.next()?, nodes.next()?)))
    }

    /// A string or a name, if it stands there as it is.
    fn plain(&self, id: NodeId) -> Option<&'j str> {
        let node = self.node(id);
        let start = node.at as usize + 1;
        let is_plain = node.kind == Kind::String && node.extent != ESCAPED;
        is_plain.then(|| self.text.get(start..start + node.extent as usize)).flatten()
    }

    /// A string or a name; `scratch` holds it if it has escapes.
    pub(super) fn string<'t>(&'t self, id: NodeId, scratch: &'t mut Vec<u8>) -> Result<&'t str, Error> {
        if let Some(plain) = self.plain(id) {
            return Ok(plain);
        }
        let at = self.offset(id);
        let mut scanner = Scanner::new(self.text.get(at..).unwrap_or_default(), &self.limits);
        let bytes = scanner.string(scratch, "a string")?;
        std::str::from_utf8(bytes).map_err(|_| Error::at(at, Problem::NotUtf8))
    }

    /// A string that outlives the tape, as far as it stands in the text.
    pub(super) fn text(&self, id: NodeId) -> Result<Cow<'j, str>, Error> {
        if let Some(plain) = self.plain(id) {
            return Ok(Cow::Borrowed(plain));
        }
        let mut scratch = Vec::new();
        self.string(id, &mut scratch).map(|text| Cow::Owned(text.to_owned()))
    }

    /// A number as it stands in the text.
    pub(super) fn number(&self, id: NodeId) -> &'j str {
        let rest = self.text.get(self.offset(id)..).unwrap_or_default();
        let end =
            rest.bytes().position(|byte| !matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'));
        rest.get(..end.unwrap_or(rest.len())).unwrap_or_default()
    }

    pub(super) fn is_true(&self, id: NodeId) -> bool {
        self.text.as_bytes().get(self.offset(id)) == Some(&b't')
    }

    #[cold]
    pub(super) fn unexpected(
        &self,
        id: NodeId,
        expected: impl Into<std::borrow::Cow<'static, str>>,
    ) -> Error {
        let found = match self.kind(id) {
            Kind::Object => "an object",
            Kind::Array => "an array",
            Kind::String => "a string",
            Kind::Number => "a number",
            Kind::Boolean => "a boolean",
            Kind::Null => "null",
        };
        Error::unexpected(self.offset(id), expected, found)
    }
}

/// Passes over a string; gives its extent.
fn string(scanner: &mut Scanner<'_>, scratch: &mut Vec<u8>, expected: &'static str) -> Result<u32, Error> {
    let plain = scanner.string_or_scratch(scratch, expected)?;
    Ok(plain.map_or(ESCAPED, |plain| u32::try_from(plain.len()).unwrap_or(ESCAPED)))
}
