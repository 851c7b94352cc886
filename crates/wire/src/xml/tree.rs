use std::{fmt, ops::Deref, ops::Range, rc::Rc};

use super::reader::{Event, Reader};
use crate::{Error, Limits};

/// An element with all that is in it: what schemas are read from, never messages.
#[derive(Debug)]
pub struct Element {
    /// Its namespace, empty for none.
    pub namespace: Rc<str>,
    /// Its name.
    pub local: Text,
    /// Where it begins.
    pub offset: usize,
    /// Its attributes: namespace, name, value.
    pub attributes: Vec<(Rc<str>, Text, Text)>,
    /// What is in it.
    pub children: Vec<Child>,
    scope: Rc<Scope>,
}

/// What stands in an element.
#[derive(Debug)]
pub enum Child {
    /// An element.
    Element(Element),
    /// A text.
    Text(String),
}

/// A name or a value, where it stands in its document: a schema of a megabyte has a hundred thousand of them.
#[derive(Clone)]
pub struct Text {
    document: Rc<str>,
    place: Range<usize>,
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        self.document.get(self.place.clone()).unwrap_or_default()
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(out)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self)
    }
}

#[derive(Debug, Default)]
struct Scope {
    outer: Option<Rc<Scope>>,
    own: Vec<(Box<str>, Rc<str>)>,
}

/// A document, and what its parts are kept in.
struct Document<'x> {
    input: &'x str,
    text: Rc<str>,
    no_namespace: Rc<str>,
}

impl Document<'_> {
    fn text(&self, part: &str) -> Text {
        let start = part.as_ptr().addr().wrapping_sub(self.input.as_ptr().addr());
        let place = start..start.wrapping_add(part.len());
        if start <= place.end && place.end <= self.input.len() {
            return Text { document: self.text.clone(), place };
        }
        // A value that does not stand there as it is.
        Text { document: part.into(), place: 0..part.len() }
    }

    fn namespace(&self, namespace: &str) -> Rc<str> {
        if namespace.is_empty() { self.no_namespace.clone() } else { namespace.into() }
    }
}

impl Element {
    /// Reads a document.
    ///
    /// # Errors
    /// As [`Reader::next`].
    pub fn parse(input: &[u8], limits: &Limits) -> Result<Self, Error> {
        let mut reader = Reader::new(input, limits)?;
        let input = reader.input();
        let document = Document { input, text: input.into(), no_namespace: "".into() };
        let mut open: Vec<Self> = Vec::new();
        let mut root = None;
        loop {
            match reader.next()? {
                Event::Start(name) => {
                    let outer = open.last().map(|parent| &parent.scope);
                    let new = &reader.bindings()[reader.outer_bindings()..];
                    let scope = match outer {
                        Some(outer) if new.is_empty() => outer.clone(),
                        outer => Rc::new(Scope {
                            outer: outer.cloned(),
                            own: new.iter().map(|one| (one.prefix.into(), one.namespace.into())).collect(),
                        }),
                    };
                    let namespace = match open.last() {
                        Some(parent) if &*parent.namespace == name.namespace => parent.namespace.clone(),
                        _ => document.namespace(name.namespace),
                    };
                    let attributes = reader.attributes().iter().map(|one| {
                        let name = document.text(one.name.local);
                        (document.namespace(one.name.namespace), name, document.text(&one.value))
                    });
                    open.push(Self {
                        namespace,
                        local: document.text(name.local),
                        offset: reader.offset(),
                        attributes: attributes.collect(),
                        children: Vec::new(),
                        scope,
                    });
                }
                Event::Text(text) => {
                    if let Some(parent) = open.last_mut() {
                        match parent.children.last_mut() {
                            Some(Child::Text(before)) => before.push_str(&text),
                            _ => parent.children.push(Child::Text(text.into_owned())),
                        }
                    }
                }
                Event::End => {
                    let ended = open.pop();
                    match (open.last_mut(), ended) {
                        (Some(parent), Some(ended)) => parent.children.push(Child::Element(ended)),
                        (None, ended) => root = ended,
                        _ => {}
                    }
                }
                Event::Eof => return root.ok_or_else(|| Error::truncated(0, "a document")),
            }
        }
    }

    /// Whether it has this name.
    #[must_use]
    pub fn is(&self, namespace: &str, local: &str) -> bool {
        &*self.local == local && &*self.namespace == namespace
    }

    /// The value of an attribute without a namespace.
    #[must_use]
    pub fn attribute(&self, local: &str) -> Option<&str> {
        self.attribute_of("", local)
    }

    /// The value of an attribute.
    #[must_use]
    pub fn attribute_of(&self, namespace: &str, local: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|one| &*one.1 == local && &*one.0 == namespace);
        found.map(|one| &*one.2)
    }

    /// The elements in it.
    pub fn elements(&self) -> impl Iterator<Item = &Self> {
        self.children.iter().filter_map(|child| match child {
            Child::Element(element) => Some(element),
            Child::Text(_) => None,
        })
    }

    /// The first element in it that has this name.
    #[must_use]
    pub fn child(&self, namespace: &str, local: &str) -> Option<&Self> {
        self.elements().find(|element| element.is(namespace, local))
    }

    /// The text right in it.
    #[must_use]
    pub fn text(&self) -> String {
        let texts = self.children.iter().filter_map(|child| match child {
            Child::Text(text) => Some(text.as_str()),
            Child::Element(_) => None,
        });
        texts.collect()
    }

    /// Namespace and name of a qualified name in a value; none if its prefix is not declared.
    #[must_use]
    pub fn resolve<'e, 't>(&'e self, name: &'t str) -> Option<(&'e str, &'t str)> {
        let name = name.trim();
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        if prefix == "xml" {
            return Some((super::XML, local));
        }
        let mut scope = Some(&self.scope);
        while let Some(here) = scope {
            if let Some((_, namespace)) = here.own.iter().find(|(bound, _)| &**bound == prefix) {
                return Some((namespace, local));
            }
            scope = here.outer.as_ref();
        }
        prefix.is_empty().then_some(("", local))
    }
}
