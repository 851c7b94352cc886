//! The attributes of an object.

use super::Encoder;
use crate::{
    Error, json,
    soap::{ENVELOPE_11, ENVELOPE_12, XSI},
    xml::{Attribute, Reader},
    xsd::{Complex, SOAP_ENC_11, SOAP_ENC_12},
};

impl<'s, 'x> Encoder<'s, 'x> {
    pub(super) fn attributes(
        &mut self,
        reader: &Reader<'x>,
        complex: &'s Complex,
        attributes: &[Attribute<'x>],
    ) -> Result<(), Error> {
        let schemas = self.schemas();
        let mut found = 0_usize;
        for attribute in attributes {
            let name = attribute.name;
            match (name.namespace, name.local) {
                (XSI | ENVELOPE_11 | ENVELOPE_12, _) => continue,
                (SOAP_ENC_11 | SOAP_ENC_12, _) | ("", "id" | "href") if self.refs.is_some() => continue,
                _ => {}
            }
            let known = complex.attributes.iter().find(|known| {
                known.name.local == name.local && schemas.namespace(known.name.namespace) == name.namespace
            });
            if let Some(known) = known {
                found += usize::from(known.required);
                self.key(&known.json_name);
                self.values
                    .write(known.ty, &attribute.value, reader, &mut self.out)
                    .map_err(|error| error.in_field(&known.json_name))?;
                continue;
            }
            let key = match name.namespace {
                "" => format!("@{}", name.local),
                namespace => format!("@{{{namespace}}}{}", name.local),
            };
            if self.values.strict && !complex.any_attribute {
                let found = format!("the attribute {key:?}");
                return Err(Error::unexpected(reader.offset(), "an attribute of the type", found));
            }
            let is_taken = complex.attributes.iter().any(|known| known.json_name == key);
            self.key(if is_taken { key.replacen('@', "@{}", 1) } else { key }.as_str());
            json::write_text(&mut self.out, &attribute.value);
        }
        if self.values.strict && found < complex.attributes.iter().filter(|known| known.required).count() {
            return Err(Error::malformed(reader.offset(), "a required attribute is missing"));
        }
        Ok(())
    }
}
