use std::{borrow::Cow, collections::HashMap};

use quick_xml::events::{Event as Token, attributes::Attributes};

use super::{
    XML, XMLNS,
    names::{illegal_character, is_ncname},
};
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
    /// Where the bindings of each prefix are, made when there are many.
    by_prefix: HashMap<&'x str, Vec<usize>>,
    /// For each open element how many bindings were there before it.
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
            by_prefix: index(&bindings),
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
        self.open.last().copied().unwrap_or_default()
    }

    /// The namespace of a name in a value, such as that of `xsi:type`; none if its prefix is not declared.
    #[must_use]
    pub fn resolve(&self, name: &'x str) -> Option<Name<'x>> {
        let name = name.trim_matches([' ', '\t', '\n', '\r']);
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        let namespace = self.namespace(prefix)?;
        is_ncname(local).then_some(Name { namespace, local })
    }

    pub(crate) fn namespace(&self, prefix: &str) -> Option<&'x str> {
        if prefix == "xml" {
            return Some(XML);
        }
        let found = self.binding_of(prefix).and_then(|index| self.bindings.get(index));
        found.map(|binding| binding.namespace).or(prefix.is_empty().then_some(""))
    }

    /// The binding of a prefix that hides the others.
    fn binding_of(&self, prefix: &str) -> Option<usize> {
        if self.bindings.len() <= FEW {
            return self.bindings.iter().rposition(|binding| binding.prefix == prefix);
        }
        self.by_prefix.get(prefix)?.last().copied()
    }

    fn end_bindings(&mut self, before: usize) {
        for ended in self.bindings.drain(before..) {
            if let Some(places) = self.by_prefix.get_mut(ended.prefix) {
                places.pop();
            }
        }
    }

    fn lookup(&mut self, prefix: &str, at: usize) -> Result<&'x str, Error> {
        if prefix == "xml" {
            return Ok(XML);
        }
        match self.binding_of(prefix) {
            Some(index) => {
                if self.outside.is_some_and(|outer| index < outer) && !self.used.contains(&index) {
                    self.used.push(index);
                }
                Ok(self.bindings[index].namespace)
            }
            None if prefix.is_empty() => Ok(""),
            None => Err(Error::malformed(self.base + at, format!("the prefix {prefix:?} is not declared"))),
        }
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

    fn text(&self, raw: &'x str) -> Result<Option<Cow<'x, str>>, Error> {
        if self.open.is_empty() {
            if raw.bytes().all(is_blank) {
                return Ok(None);
            }
            self.check_within("a text")?;
        }
        self.check_length(raw.len())?;
        if let Some(at) = memchr::memmem::find(raw.as_bytes(), b"]]>") {
            return Err(Error::malformed(self.offset() + at, "`]]>` stands in a text"));
        }
        Ok(Some(normalize_lines(raw)))
    }

    /// An element: `raw` is its tag, whose attributes end before `end`.
    fn begin(&mut self, raw: &'x str, name_len: usize, end: usize) -> Result<Name<'x>, Error> {
        let at = self.start;
        if self.open.is_empty() && std::mem::replace(&mut self.has_root, true) {
            return Err(Error::malformed(self.base + at, "there is a second root element"));
        }
        self.nodes += 1;
        if self.nodes > self.limits.nodes_max {
            return Err(Error::limit(self.base + at, "elements", self.limits.nodes_max));
        }
        if self.open.len() >= self.limits.xml_depth_max {
            return Err(Error::limit(self.base + at, "levels of elements", self.limits.xml_depth_max as u64));
        }
        self.open.push(self.bindings.len());
        self.attributes.clear();
        let name = raw.get(1..1 + name_len).unwrap_or_default();
        if raw.len() > name_len + 2 {
            let tag = raw.get(1..end.max(1)).unwrap_or_default();
            if tag.len() > name_len {
                self.read_attributes(tag, name_len)?;
            }
        }
        let (prefix, local) = self.split(name, at + 1)?;
        if prefix == "xmlns" {
            return Err(Error::malformed(self.base + at, "the prefix xmlns is only for declarations"));
        }
        Ok(Name { namespace: self.lookup(prefix, at)?, local })
    }

    fn split(&self, name: &'x str, at: usize) -> Result<(&'x str, &'x str), Error> {
        if name.len() > self.limits.xml_name_bytes_max {
            return Err(Error::limit(
                self.base + at,
                "bytes in a name",
                self.limits.xml_name_bytes_max as u64,
            ));
        }
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        let is_right = is_ncname(local) && (prefix.is_empty() || is_ncname(prefix)) && !name.starts_with(':');
        if is_right {
            Ok((prefix, local))
        } else {
            Err(Error::malformed(self.base + at, format!("{name:?} is no name")))
        }
    }

    fn read_attributes(&mut self, tag: &'x str, name_len: usize) -> Result<(), Error> {
        let at = self.start + 1;
        let mut declared = 0;
        let mut raw: Vec<(&'x str, &'x str, Cow<'x, str>, usize)> = Vec::new();
        let mut attributes = Attributes::new(tag, name_len);
        let mut count = 0;
        let mut last_end = name_len;
        for attribute in attributes.with_checks(false) {
            let attribute = attribute.map_err(|error| Error::malformed(self.base + at, error.to_string()))?;
            count += 1;
            if count > self.limits.xml_attributes_max + self.limits.xml_declarations_max {
                break;
            }
            let key: &'x str = attribute.key.0;
            let Cow::Borrowed(value) = attribute.value else {
                return Err(Error::malformed(self.base + at, "the attributes cannot be read"));
            };
            let place = |part: &str| part.as_ptr().addr().saturating_sub(tag.as_ptr().addr());
            let here = at + place(key);
            if !tag
                .as_bytes()
                .get(last_end..place(key))
                .is_some_and(|gap| gap.first().is_some_and(|byte| is_blank(*byte)))
            {
                return Err(Error::malformed(self.base + here, "a blank is missing between attributes"));
            }
            last_end = place(value) + value.len() + 1;
            let (prefix, local) = self.split(key, here)?;
            let value = self.attribute_value(value, here)?;
            if prefix == "xmlns" || key == "xmlns" {
                declared += 1;
                let prefix = if prefix.is_empty() { "" } else { local };
                let Cow::Borrowed(namespace) = value else {
                    return Err(Error::malformed(
                        self.base + here,
                        "a reference or a line end stands in the name of a namespace",
                    ));
                };
                self.declare(prefix, namespace, here, declared)?;
            } else {
                raw.push((prefix, local, value, here));
            }
        }
        if raw.len() > self.limits.xml_attributes_max
            || count > self.limits.xml_attributes_max + self.limits.xml_declarations_max
        {
            return Err(Error::limit(self.base + at, "attributes", self.limits.xml_attributes_max as u64));
        }
        for (prefix, local, value, here) in raw {
            let namespace = if prefix.is_empty() { "" } else { self.lookup(prefix, here)? };
            if namespace == super::super::soap::XSI
                && local == "type"
                && self.outside.is_some()
                && let Some((prefix, _)) = value.split_once(':')
            {
                self.lookup(prefix.trim_start(), here)?;
            }
            self.attributes.push(Attribute { name: Name { namespace, local }, value });
        }
        self.check_duplicates()
    }

    fn check_duplicates(&self) -> Result<(), Error> {
        let attributes = &self.attributes;
        let is_twice = if attributes.len() <= 8 {
            attributes
                .iter()
                .enumerate()
                .any(|(index, one)| attributes[..index].iter().any(|other| other.name == one.name))
        } else {
            let mut names: Vec<_> =
                attributes.iter().map(|one| (one.name.local, one.name.namespace)).collect();
            names.sort_unstable();
            names.windows(2).any(|pair| pair[0] == pair[1])
        };
        if is_twice {
            return Err(Error::malformed(self.offset(), "an attribute stands there twice"));
        }
        Ok(())
    }

    fn declare(
        &mut self,
        prefix: &'x str,
        namespace: &'x str,
        at: usize,
        declared: usize,
    ) -> Result<(), Error> {
        let at = self.base + at;
        if declared > self.limits.xml_declarations_max {
            let max = self.limits.xml_declarations_max as u64;
            return Err(Error::limit(at, "namespace declarations in an element", max));
        }
        if self.bindings.len() >= self.limits.xml_bindings_max {
            return Err(Error::limit(
                at,
                "namespace declarations in scope",
                self.limits.xml_bindings_max as u64,
            ));
        }
        if namespace.len() > self.limits.xml_namespace_bytes_max {
            let max = self.limits.xml_namespace_bytes_max as u64;
            return Err(Error::limit(at, "bytes in a namespace", max));
        }
        let before = self.outer_bindings();
        if self.bindings[before..].iter().any(|binding| binding.prefix == prefix) {
            return Err(Error::malformed(at, format!("the prefix {prefix:?} is declared twice")));
        }
        if prefix == "xml" {
            if namespace == XML {
                return Ok(());
            }
            return Err(Error::malformed(at, "the prefix xml cannot be bound again"));
        }
        if prefix == "xmlns" || namespace == XML || namespace == XMLNS {
            return Err(Error::malformed(at, "this namespace cannot be bound"));
        }
        if namespace.is_empty() && !prefix.is_empty() {
            return Err(Error::malformed(at, format!("the prefix {prefix:?} is bound to nothing")));
        }
        self.by_prefix.entry(prefix).or_default().push(self.bindings.len());
        self.bindings.push(Binding { prefix, namespace });
        Ok(())
    }

    fn attribute_value(&self, raw: &'x str, at: usize) -> Result<Cow<'x, str>, Error> {
        self.check_length(raw.len())?;
        let special = |byte: &u8| matches!(byte, b'<' | b'&' | b'\n' | b'\r' | b'\t');
        if !raw.as_bytes().iter().any(special) {
            return Ok(Cow::Borrowed(raw));
        }
        let mut value = String::with_capacity(raw.len());
        let mut rest = raw;
        while let Some(index) = rest.bytes().position(|byte| special(&byte)) {
            value.push_str(&rest[..index]);
            let tail = &rest[index..];
            if let Some(after) = tail.strip_prefix('&') {
                let (name, after) = after
                    .split_once(';')
                    .ok_or_else(|| Error::malformed(self.base + at, "`&` begins no reference"))?;
                value.push_str(&reference(name, self.base + at)?);
                rest = after;
            } else if tail.starts_with('<') {
                return Err(Error::malformed(self.base + at, "`<` stands in an attribute"));
            } else {
                value.push(' ');
                rest = tail.strip_prefix("\r\n").unwrap_or(&tail[1..]);
            }
        }
        value.push_str(rest);
        Ok(Cow::Owned(value))
    }

    /// Passes over the rest of the element that began last.
    pub(crate) fn skip(&mut self) -> Result<(), Error> {
        let depth = self.depth();
        while self.depth() >= depth {
            self.next()?;
        }
        Ok(())
    }

    /// From now on sees which outer declarations the element uses that began last, until [`Self::end_fragment`].
    pub(crate) fn begin_fragment(&mut self) -> Result<(), Error> {
        self.used.clear();
        self.outside = Some(self.outer_bindings());
        self.use_own_tag(self.start)
    }

    /// Ends what [`Self::begin_fragment`] began; [`Self::used`] has the declarations.
    pub(crate) fn end_fragment(&mut self) {
        self.outside = None;
    }

    /// Sees which declarations the tag uses that was read last.
    fn use_own_tag(&mut self, start: usize) -> Result<(), Error> {
        let raw = self.input.get(start + 1..self.position()).unwrap_or_default();
        let name_len = raw.bytes().position(|byte| is_blank(byte) || matches!(byte, b'/' | b'>'));
        let name = raw.get(..name_len.unwrap_or(raw.len())).unwrap_or_default();
        let (prefix, _) = name.split_once(':').unwrap_or_default();
        self.lookup(prefix, start)?;
        if self.attributes.is_empty() {
            return Ok(());
        }
        for attribute in Attributes::new(raw, name.len()).with_checks(false).flatten() {
            let key: &'x str = attribute.key.0;
            let value = match attribute.value {
                Cow::Borrowed(value) if key.ends_with(":type") => value,
                _ => "",
            };
            for (prefix, _) in [key, value].into_iter().filter_map(|name| name.split_once(':')) {
                if self.namespace(prefix).is_some() {
                    self.lookup(prefix, start)?;
                }
            }
        }
        Ok(())
    }

    /// The outer declarations that the fragment uses that was passed over.
    pub(crate) fn used(&self) -> impl Iterator<Item = Binding<'x>> {
        self.used.iter().filter_map(|index| self.bindings.get(*index).copied())
    }
}

/// As many bindings are looked through one after the other.
const FEW: usize = 8;

fn index<'x>(bindings: &[Binding<'x>]) -> HashMap<&'x str, Vec<usize>> {
    let mut places: HashMap<&'x str, Vec<usize>> = HashMap::new();
    for (index, binding) in bindings.iter().enumerate() {
        places.entry(binding.prefix).or_default().push(index);
    }
    places
}

pub(super) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Line ends are one character each.
fn normalize_lines(raw: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\r', raw.as_bytes()).is_none() {
        return Cow::Borrowed(raw);
    }
    Cow::Owned(raw.replace("\r\n", "\n").replace('\r', "\n"))
}

/// What a reference stands for, given its name.
fn reference(name: &str, at: usize) -> Result<Cow<'static, str>, Error> {
    let number = match name {
        "lt" => return Ok(Cow::Borrowed("<")),
        "gt" => return Ok(Cow::Borrowed(">")),
        "amp" => return Ok(Cow::Borrowed("&")),
        "quot" => return Ok(Cow::Borrowed("\"")),
        "apos" => return Ok(Cow::Borrowed("'")),
        name => name.strip_prefix('#'),
    };
    let Some(digits) = number else {
        return Err(Error::malformed(at, "only the predefined entities are allowed"));
    };
    let (digits, radix) = digits.strip_prefix('x').map_or((digits, 10), |digits| (digits, 16));
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| char::from(byte).is_digit(radix));
    let c = is_number.then(|| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32)).flatten();
    match c {
        Some(c) if illegal_character(c.encode_utf8(&mut [0; 4])).is_none() => Ok(Cow::Owned(c.to_string())),
        _ => Err(Error::malformed(at, "this is no reference to a character of XML")),
    }
}
