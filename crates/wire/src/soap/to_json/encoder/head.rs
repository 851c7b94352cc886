//! What attributes say of an element: its type, that it is nil, or that it stands elsewhere.

use std::borrow::Cow;

use super::{Encoder, expect_end};
use crate::{
    Error,
    soap::XSI,
    xml::{Attribute, Reader},
    xsd::{SOAP_ENC_11, SOAP_ENC_12, TypeId},
};

/// What the attributes of an element say of its content.
#[derive(Default)]
pub(super) struct Head<'x> {
    pub(super) nil: bool,
    pub(super) explicit: Option<TypeId>,
    pub(super) href: Option<Cow<'x, str>>,
    pub(super) array_type: Option<Cow<'x, str>>,
}

impl<'x> Encoder<'_, 'x> {
    /// Whether the encoding of SOAP names a type of XML Schema by its own namespace, or the other way round.
    pub(super) fn is_twin(&self, one: TypeId, other: TypeId) -> bool {
        let schemas = self.schemas();
        let (Some(one), Some(other)) = (&schemas.ty(one).name, &schemas.ty(other).name) else { return false };
        let encoded = |namespace: &str| matches!(namespace, SOAP_ENC_11 | SOAP_ENC_12);
        let spaces = (schemas.namespace(one.namespace), schemas.namespace(other.namespace));
        one.local == other.local
            && ((encoded(spaces.0) && spaces.1 == crate::xsd::XSD)
                || (spaces.0 == crate::xsd::XSD && encoded(spaces.1)))
    }

    pub(super) fn head(&self, reader: &Reader<'x>, attributes: &[Attribute<'x>]) -> Result<Head<'x>, Error> {
        let mut head = Head::default();
        for attribute in attributes {
            let value = attribute.value.as_ref();
            match (attribute.name.namespace, attribute.name.local) {
                (XSI, "nil") => head.nil = matches!(value.trim(), "true" | "1"),
                (XSI, "type") => {
                    let (prefix, local) = value.trim().split_once(':').unwrap_or(("", value.trim()));
                    let namespace = reader.namespace(prefix).ok_or_else(|| {
                        Error::malformed(reader.offset(), format!("the prefix {prefix:?} is not declared"))
                    })?;
                    let found = self.schemas().find_type(namespace, local);
                    if found.is_none() && self.values.strict {
                        let found = format!("{{{namespace}}}{local}");
                        return Err(Error::unexpected(reader.offset(), "a type of the schema", found));
                    }
                    head.explicit = found;
                }
                ("", "href") | (SOAP_ENC_12, "ref") if self.refs.is_some() => {
                    head.href = Some(attribute.value.clone());
                }
                (SOAP_ENC_11, "arrayType") | (SOAP_ENC_12, "itemType") => {
                    head.array_type = Some(attribute.value.clone());
                }
                (SOAP_ENC_11, "offset" | "position") => {
                    return Err(Error::malformed(reader.offset(), "arrays with gaps are not understood"));
                }
                _ => {}
            }
        }
        Ok(head)
    }

    /// The value of an element that another refers to.
    pub(super) fn referred(
        &mut self,
        reader: &mut Reader<'x>,
        href: &str,
        declared: TypeId,
    ) -> Result<(), Error> {
        let at = reader.offset();
        let limits = self.limits;
        let Some(refs) = &mut self.refs else { return expect_end(reader) };
        let mut target = refs.enter(href, at, reader.depth(), &limits)?;
        target.next()?;
        let result = self.value(&mut target, declared, None);
        if let Some(refs) = &mut self.refs {
            refs.leave();
        }
        result?;
        expect_end(reader)
    }

    pub(super) fn item_type(&self, reader: &Reader<'x>, name: &str) -> Option<TypeId> {
        let name = name.split('[').next()?.trim();
        let (prefix, local) = name.split_once(':').unwrap_or(("", name));
        let found = self.schemas().find_type(reader.namespace(prefix)?, local)?;
        (found != crate::xsd::ANY_TYPE && local != "anyType" && local != "ur-type").then_some(found)
    }
}
