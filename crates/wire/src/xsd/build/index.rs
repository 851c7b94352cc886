//! Definitions by their names, and what names refer to.

use std::{cell::Cell, collections::hash_map::Entry};

use super::{
    super::{SOAP_ENC_11, SOAP_ENC_12, XSD},
    Builder,
};
use crate::{Diagnostic, xml::Element};

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Kind {
    Type,
    Element,
    Attribute,
    Group,
    AttributeGroup,
}

pub(super) type Key<'d> = (Kind, &'d str, &'d str);

/// A definition that has a name.
pub(super) struct Named<'d> {
    pub(super) place: Place<'d>,
    /// The number of the type or the element that it became.
    pub(super) built: Cell<Option<u32>>,
}

/// An element of a schema file, and what is needed to understand it.
#[derive(Clone, Copy)]
pub(super) struct Place<'d> {
    pub(super) file: usize,
    pub(super) element: &'d Element,
    /// The name of what this redefines.
    pub(super) redefines: Option<&'d str>,
}

impl<'d> Place<'d> {
    pub(super) fn at(self, element: &'d Element) -> Self {
        Self { element, ..self }
    }

    /// The elements in it that mean something.
    pub(super) fn parts(self) -> impl Iterator<Item = Self> {
        let is_part = |element: &&Element| &*element.namespace == XSD && &*element.local != "annotation";
        self.element.elements().filter(is_part).map(move |element| self.at(element))
    }

    pub(super) fn part(self, local: &str) -> Option<Self> {
        self.parts().find(|part| &*part.element.local == local)
    }

    pub(super) fn local(self) -> &'d str {
        &self.element.local
    }

    pub(super) fn attribute(self, name: &str) -> Option<&'d str> {
        self.element.attribute(name)
    }

    pub(super) fn doc(self) -> Option<String> {
        let annotation = self.element.child(XSD, "annotation")?;
        let texts: Vec<String> = annotation
            .elements()
            .filter(|part| part.is(XSD, "documentation"))
            .map(|part| part.text().split_whitespace().collect::<Vec<_>>().join(" "))
            .filter(|text| !text.is_empty())
            .collect();
        (!texts.is_empty()).then(|| texts.join("\n"))
    }
}

impl<'d> Builder<'_, 'd, '_> {
    /// Finds all definitions that have names; gives the names in the order in which they stand there.
    pub(super) fn index(&mut self) -> Vec<Key<'d>> {
        let files = self.files;
        let mut keys = Vec::new();
        for (file, schema) in files.iter().enumerate() {
            for element in schema.root.elements().filter(|child| &*child.namespace == XSD) {
                if &*element.local == "redefine" {
                    for part in element.elements() {
                        let place = Place { file, element: part, redefines: part.attribute("name") };
                        keys.extend(self.index_one(&schema.target, place));
                    }
                } else {
                    keys.extend(self.index_one(&schema.target, Place { file, element, redefines: None }));
                }
            }
        }
        keys
    }

    fn index_one(&mut self, target: &'d str, place: Place<'d>) -> Option<Key<'d>> {
        let kind = match place.local() {
            "simpleType" | "complexType" => Kind::Type,
            "element" => Kind::Element,
            "attribute" => Kind::Attribute,
            "group" => Kind::Group,
            "attributeGroup" => Kind::AttributeGroup,
            _ => return None,
        };
        let key = (kind, target, place.attribute("name")?);
        // The file that redefines comes before the one that it redefines.
        match self.index.entry(key) {
            Entry::Vacant(entry) => {
                // What comes with XML Schema is as it is.
                let builtin = if target == XSD { self.schemas.find_type(target, key.2) } else { None };
                let built = builtin.filter(|_| kind == Kind::Type).map(|id| id.0);
                entry.insert(Named { place, built: Cell::new(built) });
                Some(key)
            }
            Entry::Occupied(known) => {
                if known.get().place.redefines.is_some() && place.redefines.is_none() {
                    self.originals.entry(key).or_insert(place);
                }
                None
            }
        }
    }

    /// Namespace and name of a qualified name in an attribute.
    pub(super) fn resolve(&self, place: Place<'d>, name: &'d str) -> Result<(&'d str, &'d str), Diagnostic> {
        let Some((namespace, local)) = place.element.resolve(name) else {
            return Err(self.error(place, format!("the prefix of {name:?} is not declared")));
        };
        let chameleon = self.files.get(place.file).is_some_and(|file| file.chameleon);
        let namespace = if namespace.is_empty() && chameleon { self.target(place) } else { namespace };
        Ok((namespace, local))
    }

    /// What a reference is to; none, and a warning, if nothing is known of its namespace.
    pub(super) fn look_up(
        &mut self,
        kind: Kind,
        place: Place<'d>,
        name: &'d str,
    ) -> Result<Option<(Key<'d>, Place<'d>)>, Diagnostic> {
        let (namespace, local) = self.resolve(place, name)?;
        let key = (kind, namespace, local);
        let is_original = place.redefines == Some(key.2) && key.1 == self.target(place);
        let original = self.originals.get(&key).filter(|_| is_original && kind != Kind::Element);
        let found = original.copied().or_else(|| self.index.get(&key).map(|named| named.place));
        if let Some(found) = found {
            return Ok(Some((key, found)));
        }
        let what = match kind {
            Kind::Type => "type",
            Kind::Element => "element",
            Kind::Attribute => "attribute",
            Kind::Group => "group",
            Kind::AttributeGroup => "attribute group",
        };
        let is_known = key.1 == XSD || self.files.iter().any(|file| file.target == key.1);
        let message = format!("there is no {what} {{{}}}{}", key.1, key.2);
        if is_known && !matches!(key.1, SOAP_ENC_11 | SOAP_ENC_12) {
            return Err(self.error(place, message));
        }
        self.warn(place, message + "; anything is taken for it");
        Ok(None)
    }
}
