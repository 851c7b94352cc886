//! Attributes and declarations of namespaces.

use std::borrow::Cow;

use quick_xml::events::attributes::Attributes;

use super::{
    super::{XML, XMLNS},
    Attribute, Binding, Name, Reader, is_blank,
    scope::{FEW, index_of},
    texts::reference,
};
use crate::Error;

impl<'x> Reader<'x> {
    pub(super) fn read_attributes(&mut self, tag: &'x str, name_len: usize) -> Result<(), Error> {
        let at = self.start + 1;
        let mut declared = 0;
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
                // The declarations of its prefix may follow it: until all are read, the prefix stands for itself.
                self.attributes.push(Attribute { name: Name { namespace: prefix, local }, value });
            }
        }
        if self.attributes.len() > self.limits.xml_attributes_max
            || count > self.limits.xml_attributes_max + self.limits.xml_declarations_max
        {
            return Err(Error::limit(self.base + at, "attributes", self.limits.xml_attributes_max as u64));
        }
        for index in 0..self.attributes.len() {
            self.resolve_attribute(index, tag, at)?;
        }
        self.check_duplicates()
    }

    /// Finds the namespace of an attribute, and sees which declarations its value uses.
    fn resolve_attribute(&mut self, index: usize, tag: &str, at: usize) -> Result<(), Error> {
        let Name { namespace: prefix, local } = self.attributes[index].name;
        if prefix.is_empty() {
            return Ok(());
        }
        let here = at + prefix.as_ptr().addr().saturating_sub(tag.as_ptr().addr());
        let namespace = self.lookup(prefix, here)?;
        self.attributes[index].name.namespace = namespace;
        if self.outside.is_some() && namespace == crate::soap::XSI && local == "type" {
            let value = self.attributes[index].value.clone();
            if let Some((prefix, _)) = value.split_once(':') {
                self.lookup(prefix.trim_start(), here)?;
            }
        }
        Ok(())
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
        let index = self.bindings.len();
        self.bindings.push(Binding { prefix, namespace });
        match &mut self.by_prefix {
            Some(by_prefix) => by_prefix.entry(prefix).or_default().push(index),
            None if index == FEW => self.by_prefix = Some(index_of(&self.bindings)),
            None => {}
        }
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
}
