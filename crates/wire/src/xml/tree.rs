use std::rc::Rc;

use super::reader::{Event, Reader};
use crate::{Error, Limits};

/// An element with all that is in it: what schemas are read from, never messages.
#[derive(Debug)]
pub struct Element {
    /// Its namespace, empty for none.
    pub namespace: Rc<str>,
    /// Its name.
    pub local: Box<str>,
    /// Where it begins.
    pub offset: usize,
    /// Its attributes: namespace, name, value.
    pub attributes: Vec<(Box<str>, Box<str>, Box<str>)>,
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

#[derive(Debug, Default)]
struct Scope {
    outer: Option<Rc<Scope>>,
    own: Vec<(Box<str>, Rc<str>)>,
}

impl Element {
    /// Reads a document.
    ///
    /// # Errors
    /// As [`Reader::next`].
    pub fn parse(input: &[u8], limits: &Limits) -> Result<Self, Error> {
        let mut reader = Reader::new(input, limits)?;
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
                        _ => name.namespace.into(),
                    };
                    let attributes = reader.attributes().iter().map(|one| {
                        (one.name.namespace.into(), one.name.local.into(), one.value.as_ref().into())
                    });
                    open.push(Self {
                        namespace,
                        local: name.local.into(),
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
    pub fn resolve<'t>(&self, name: &'t str) -> Option<(Rc<str>, &'t str)> {
        let name = name.trim();
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        if prefix == "xml" {
            return Some((super::XML.into(), local));
        }
        let mut scope = Some(&self.scope);
        while let Some(here) = scope {
            if let Some((_, namespace)) = here.own.iter().find(|(bound, _)| &**bound == prefix) {
                return Some((namespace.clone(), local));
            }
            scope = here.outer.as_ref();
        }
        prefix.is_empty().then(|| ("".into(), local))
    }
}
