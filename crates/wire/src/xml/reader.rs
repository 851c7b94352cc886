mod attributes;
mod fragment;
mod scope;
mod texts;

use std::{borrow::Cow, collections::HashMap};

use quick_xml::events::Event as Token;

use self::{
    scope::{FEW, index_of},
    texts::{normalize_lines, reference},
};
use super::names::{illegal_character, is_ncname};
use crate::{Error, Limits, Problem};

/// A name and the namespace that it belongs to; the empty one is none.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Name<'x> {
    /// The namespace.
    pub namespace: &'x str,
    /// The name in it.
    pub local: &'x str,
}

/// An attribute of an element; declarations of namespaces are none.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Attribute<'x> {
    /// Its name.
    pub name: Name<'x>,
    /// Its value, with references resolved and blanks normalized.
    pub value: Cow<'x, str>,
}

/// What a prefix stands for; the empty prefix is the default namespace.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Binding<'x> {
    /// The prefix.
    pub prefix: &'x str,
    /// The namespace; empty where the default namespace ends.
    pub namespace: &'x str,
}

/// What comes next in a document. Comments and processing instructions are passed over.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Event<'x> {
    /// An element begins; [`Reader::attributes`] has its attributes.
    Start(Name<'x>),
    /// A part of a text; there may be several in a row.
    Text(Cow<'x, str>),
    /// The element that was begun last ends.
    End,
    /// The document ends.
    Eof,
}

/// Reads a document event by event.
pub struct Reader<'x> {
    input: &'x str,
    /// Where `input` begins in what errors count from.
    base: usize,
    tokens: quick_xml::Reader<&'x [u8]>,
    limits: Limits,
    bindings: Vec<Binding<'x>>,
    /// Where the bindings of each prefix are, from the time on when there are many.
    by_prefix: Option<HashMap<&'x str, Vec<usize>>>,
    /// For each open element, how many bindings were there before it.
    open: Vec<usize>,
    /// How many bindings were there before the element that has just ended.
    ended: Option<usize>,
    attributes: Vec<Attribute<'x>>,
    ends_at_once: bool,
    has_root: bool,
    start: usize,
    nodes: u64,
    /// How many bindings are outside of the fragment that is passed over.
    outside: Option<usize>,
    /// Which of them it uses.
    used: Vec<usize>,
}

impl<'x> Reader<'x> {
    /// Reads a document from its bytes.
    ///
    /// # Errors
    /// It is too long, or is not UTF-8 or has a character that XML does not have.
    pub fn new(input: &'x [u8], limits: &Limits) -> Result<Self, Error> {
        if input.len() > limits.message_bytes_max {
            return Err(Error::limit(0, "bytes in a message", limits.message_bytes_max as u64));
        }
        let text =
            std::str::from_utf8(input).map_err(|error| Error::at(error.valid_up_to(), Problem::NotUtf8))?;
        if let Some(at) = illegal_character(text) {
            return Err(Error::malformed(at, "this character must not be in XML"));
        }
        let (input, base) = text.strip_prefix('\u{FEFF}').map_or((text, 0), |rest| (rest, 3));
        Ok(Self::over(input, base, Vec::new(), limits))
    }

    /// Reads an element of a document again, whose bytes were found right before.
    pub(crate) fn fragment(
        input: &'x str,
        base: usize,
        bindings: Vec<Binding<'x>>,
        depth: usize,
        limits: &Limits,
    ) -> Self {
        let mut limits = *limits;
        limits.xml_depth_max = limits.xml_depth_max.saturating_sub(depth);
        Self::over(input, base, bindings, &limits)
    }

    fn over(input: &'x str, base: usize, bindings: Vec<Binding<'x>>, limits: &Limits) -> Self {
        Self {
            input,
            base,
            tokens: quick_xml::Reader::from_str(input),
            limits: *limits,
            by_prefix: (bindings.len() > FEW).then(|| index_of(&bindings)),
            bindings,
            open: Vec::new(),
            ended: None,
            attributes: Vec::new(),
            ends_at_once: false,
            has_root: false,
            start: 0,
            nodes: 0,
            outside: None,
            used: Vec::new(),
        }
    }

    /// Where the last event begins.
    #[must_use]
    pub fn offset(&self) -> usize {
        self.base + self.start
    }

    /// Where the last event ends.
    pub(crate) fn end_offset(&self) -> usize {
        self.base + self.position()
    }

    fn position(&self) -> usize {
        usize::try_from(self.tokens.buffer_position()).unwrap_or(usize::MAX).min(self.input.len())
    }

    /// All that is read.
    pub(super) fn input(&self) -> &'x str {
        self.input
    }

    /// The bytes between two offsets.
    pub(crate) fn slice(&self, from: usize, to: usize) -> &'x str {
        self.input.get(from - self.base..to - self.base).unwrap_or_default()
    }

    /// The attributes of the element that began last, until the next event.
    #[must_use]
    pub fn attributes(&self) -> &[Attribute<'x>] {
        &self.attributes
    }

    pub(crate) fn take_attributes(&mut self) -> Vec<Attribute<'x>> {
        std::mem::take(&mut self.attributes)
    }

    /// Gives back a buffer that was taken.
    pub(crate) fn return_attributes(&mut self, mut attributes: Vec<Attribute<'x>>) {
        attributes.clear();
        if self.attributes.capacity() < attributes.capacity() && self.attributes.is_empty() {
            self.attributes = attributes;
        }
    }

    /// How many elements are open.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.open.len()
    }

    /// The declarations in scope; later ones hide earlier ones.
    #[must_use]
    pub fn bindings(&self) -> &[Binding<'x>] {
        &self.bindings
    }

    /// How many declarations were in scope before the element that began last.
    pub(crate) fn outer_bindings(&self) -> usize {
        self.open.last().copied().unwrap_or(0)
    }

    /// The next event.
    ///
    /// # Errors
    /// The document is malformed, has what is refused, or is beyond a limit.
    #[expect(clippy::should_implement_trait, reason = "what an iterator would give is wrapped twice")]
    pub fn next(&mut self) -> Result<Event<'x>, Error> {
        if let Some(before) = self.ended.take()
            && before < self.bindings.len()
        {
            self.end_bindings(before);
        }
        if self.ends_at_once {
            self.ends_at_once = false;
            self.close();
            return Ok(Event::End);
        }
        loop {
            let from = self.position();
            self.start = from;
            let token = self.tokens.read_event().map_err(|error| {
                let at = usize::try_from(self.tokens.error_position()).unwrap_or(usize::MAX);
                Error::malformed(self.base + at.min(self.input.len()), error.to_string())
            })?;
            let raw = self.input.get(from..self.position()).unwrap_or_default();
            match token {
                Token::Start(tag) => {
                    let name_len = tag.name().as_ref().len();
                    return self.begin(raw, name_len, raw.len().saturating_sub(1)).map(Event::Start);
                }
                Token::Empty(tag) => {
                    let name_len = tag.name().as_ref().len();
                    self.ends_at_once = true;
                    return self.begin(raw, name_len, raw.len().saturating_sub(2)).map(Event::Start);
                }
                Token::End(_) => {
                    self.attributes.clear();
                    self.close();
                    return Ok(Event::End);
                }
                Token::Text(_) if raw.is_empty() => {}
                Token::Text(_) => {
                    if let Some(text) = self.text(raw)? {
                        return Ok(Event::Text(text));
                    }
                }
                Token::CData(_) => {
                    let inner = raw
                        .strip_prefix("<![CDATA[")
                        .and_then(|raw| raw.strip_suffix("]]>"))
                        .unwrap_or_default();
                    self.check_within("a text")?;
                    self.check_length(inner.len())?;
                    return Ok(Event::Text(normalize_lines(inner)));
                }
                Token::GeneralRef(_) => {
                    self.check_within("a reference")?;
                    let name =
                        raw.strip_prefix('&').and_then(|raw| raw.strip_suffix(';')).unwrap_or_default();
                    return Ok(Event::Text(reference(name, self.base + from)?));
                }
                Token::Decl(declaration) => {
                    if from != 0 {
                        return Err(Error::malformed(
                            self.base + from,
                            "the XML declaration is not at the start",
                        ));
                    }
                    if let Some(encoding) = declaration.encoding() {
                        let name = encoding
                            .map_err(|error| Error::malformed(self.base + from, error.to_string()))?;
                        if !["utf-8", "us-ascii", "utf8"].contains(&name.to_ascii_lowercase().as_str()) {
                            return Err(Error::unexpected(
                                self.base + from,
                                "the encoding UTF-8",
                                format!("{name:?}"),
                            ));
                        }
                    }
                }
                Token::DocType(_) => {
                    return Err(Error::malformed(self.base + from, "a document type is refused"));
                }
                Token::Comment(_) | Token::PI(_) => {}
                Token::Eof => {
                    if !self.open.is_empty() {
                        return Err(Error::truncated(self.base + from, "an element"));
                    }
                    if !self.has_root {
                        return Err(Error::truncated(self.base + from, "a document"));
                    }
                    return Ok(Event::Eof);
                }
            }
        }
    }

    fn close(&mut self) {
        // Its declarations hold for its text, which is often resolved only now.
        self.ended = self.open.pop();
    }

    fn check_within(&self, what: &str) -> Result<(), Error> {
        if self.open.is_empty() {
            return Err(Error::malformed(
                self.offset(),
                format!("{what} stands outside of the root element"),
            ));
        }
        Ok(())
    }

    fn check_length(&self, len: usize) -> Result<(), Error> {
        if len > self.limits.string_bytes_max {
            return Err(Error::limit(self.offset(), "bytes in a text", self.limits.string_bytes_max as u64));
        }
        Ok(())
    }

    /// An element: `raw` is its tag, whose attributes end before `end`.
    fn begin(&mut self, raw: &'x str, name_len: usize, end: usize) -> Result<Name<'x>, Error> {
        let at = self.start;
        if self.open.is_empty() && std::mem::replace(&mut self.has_root, true) {
            return Err(Error::malformed(self.base + at, "there is a second root element"));
        }
        self.enter()?;
        let name = raw.get(1..1 + name_len).unwrap_or_default();
        if raw.len() > name_len + 2 {
            let tag = raw.get(1..end.max(1)).unwrap_or_default();
            if tag.len() > name_len {
                self.read_attributes(tag, name_len)?;
            }
        }
        let (prefix, local) = self.split(name, at + 1)?;
        self.named(prefix, local, at)
    }

    /// Opens an element.
    fn enter(&mut self) -> Result<(), Error> {
        self.nodes += 1;
        if self.nodes > self.limits.nodes_max {
            return Err(Error::limit(self.offset(), "elements", self.limits.nodes_max));
        }
        if self.open.len() >= self.limits.xml_depth_max {
            return Err(Error::limit(self.offset(), "levels of elements", self.limits.xml_depth_max as u64));
        }
        self.open.push(self.bindings.len());
        self.attributes.clear();
        Ok(())
    }

    /// The name of the element that was opened last.
    fn named(&mut self, prefix: &'x str, local: &'x str, at: usize) -> Result<Name<'x>, Error> {
        if prefix == "xmlns" {
            return Err(Error::malformed(self.base + at, "the prefix xmlns is only for declarations"));
        }
        Ok(Name { namespace: self.lookup(prefix, at)?, local })
    }

    fn check_name_len(&self, len: usize, at: usize) -> Result<(), Error> {
        if len > self.limits.xml_name_bytes_max {
            let max = self.limits.xml_name_bytes_max as u64;
            return Err(Error::limit(self.base + at, "bytes in a name", max));
        }
        Ok(())
    }

    fn split(&self, name: &'x str, at: usize) -> Result<(&'x str, &'x str), Error> {
        self.check_name_len(name.len(), at)?;
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        let begins_with_colon = name.as_bytes().first() == Some(&b':');
        let is_right = is_ncname(local) && (prefix.is_empty() || is_ncname(prefix)) && !begins_with_colon;
        if is_right {
            Ok((prefix, local))
        } else {
            Err(Error::malformed(self.base + at, format!("{name:?} is no name")))
        }
    }
}

pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}
