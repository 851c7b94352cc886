//! Types as JSON Schema (2020-12), by the rules of [`soap`](crate::soap).

use super::{
    model::{Atom, Complex, Content, Element, Facets, Member, Type, TypeId, TypeKind, Value},
    schemas::Schemas,
};
use crate::json;

pub(crate) const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// All types as `$defs`, and all global elements under `elements`.
#[must_use]
pub fn document(schemas: &Schemas) -> String {
    let mut writer = SchemaWriter::new(schemas);
    writer.open(b'{');
    writer.text_member("$schema", DIALECT);
    writer.definitions();
    writer.key("elements");
    writer.open(b'{');
    let mut elements: Vec<_> = schemas.global_elements().map(|(_, element)| element).collect();
    elements.sort_by_key(|element| schemas.clark(&element.name));
    for element in elements {
        writer.key(&schemas.clark(&element.name));
        writer.element(element);
    }
    writer.close(b'}');
    writer.close(b'}');
    writer.finish()
}

pub(crate) struct SchemaWriter<'s> {
    schemas: &'s Schemas,
    out: Vec<u8>,
}

impl<'s> SchemaWriter<'s> {
    pub(crate) fn new(schemas: &'s Schemas) -> Self {
        Self { schemas, out: Vec::new() }
    }

    pub(crate) fn finish(self) -> String {
        // Only texts and ASCII were written.
        String::from_utf8(self.out).unwrap_or_default()
    }

    pub(crate) fn comma(&mut self) {
        if !matches!(self.out.last(), None | Some(b'{' | b'[' | b':')) {
            self.out.push(b',');
        }
    }

    pub(crate) fn open(&mut self, bracket: u8) {
        self.comma();
        self.out.push(bracket);
    }

    pub(crate) fn close(&mut self, bracket: u8) {
        self.out.push(bracket);
    }

    pub(crate) fn key(&mut self, name: &str) {
        self.comma();
        json::write_text(&mut self.out, name);
        self.out.push(b':');
    }

    pub(crate) fn text(&mut self, text: &str) {
        self.comma();
        json::write_text(&mut self.out, text);
    }

    pub(crate) fn text_member(&mut self, name: &str, text: &str) {
        self.key(name);
        json::write_text(&mut self.out, text);
    }

    /// Members whose values are JSON already.
    pub(crate) fn raw(&mut self, members: &str) {
        self.comma();
        self.out.extend_from_slice(members.as_bytes());
    }

    fn key_of(id: TypeId, ty: &Type) -> String {
        match &ty.name {
            Some(name) => format!("{}.{}", name.local, name.namespace.0),
            None => format!("anonymous.{}", id.0),
        }
    }

    pub(crate) fn definitions(&mut self) {
        let schemas = self.schemas;
        self.key("$defs");
        self.open(b'{');
        for (id, ty) in schemas.types() {
            if let TypeKind::Complex(complex) = &ty.kind {
                self.key(&Self::key_of(id, ty));
                self.open(b'{');
                if let Some(name) = &ty.name {
                    self.text_member("title", &schemas.clark(name));
                }
                if let Some(doc) = &ty.doc {
                    self.text_member("description", doc);
                }
                self.complex(complex);
                self.close(b'}');
            }
        }
        self.close(b'}');
    }

    pub(crate) fn element(&mut self, element: &Element) {
        self.open(b'{');
        if let Some(doc) = &element.doc {
            self.text_member("description", doc);
        }
        if element.nillable {
            self.key("anyOf");
            self.open(b'[');
            self.open(b'{');
            self.type_members(element.ty);
            self.close(b'}');
            self.raw("{\"type\":\"null\"}");
            self.close(b']');
        } else {
            self.type_members(element.ty);
        }
        self.close(b'}');
    }

    /// The members of a type's schema.
    pub(crate) fn type_members(&mut self, id: TypeId) {
        let ty = self.schemas.ty(id);
        match &ty.kind {
            TypeKind::Complex(_) => self.text_member("$ref", &format!("#/$defs/{}", Self::key_of(id, ty))),
            TypeKind::Simple(simple) => {
                if let Some(doc) = &ty.doc {
                    self.text_member("description", doc);
                }
                self.value(&simple.value);
                self.facets(&simple.facets, &simple.value);
            }
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Atom(Atom::Boolean) => self.raw("\"type\":\"boolean\""),
            Value::Atom(Atom::Integer { min, max }) => {
                let fits = i64::try_from(*min).is_ok() && i64::try_from(*max).is_ok();
                if fits {
                    self.raw(&format!("\"type\":\"integer\",\"minimum\":{min},\"maximum\":{max}"));
                } else {
                    self.raw("\"type\":[\"integer\",\"string\"],\"pattern\":\"^[+-]?[0-9]+$\"");
                }
            }
            Value::Atom(Atom::Decimal) => self.raw("\"type\":\"string\",\"format\":\"decimal\""),
            Value::Atom(Atom::Double) => {
                self.raw("\"anyOf\":[{\"type\":\"number\"},{\"enum\":[\"NaN\",\"Infinity\",\"-Infinity\"]}]");
            }
            Value::Atom(Atom::Base64) => self.raw("\"type\":\"string\",\"contentEncoding\":\"base64\""),
            Value::Atom(Atom::Hex) => self.raw("\"type\":\"string\",\"contentEncoding\":\"base16\""),
            Value::Atom(_) => self.raw("\"type\":\"string\""),
            Value::List(item) => {
                self.raw("\"type\":\"array\"");
                self.key("items");
                self.open(b'{');
                self.type_members(*item);
                self.close(b'}');
            }
            Value::Union(types) => {
                self.key("anyOf");
                self.open(b'[');
                for ty in types {
                    self.open(b'{');
                    self.type_members(*ty);
                    self.close(b'}');
                }
                self.close(b']');
            }
        }
    }

    fn facets(&mut self, facets: &Facets, value: &Value) {
        let is_text = matches!(value, Value::Atom(Atom::String | Atom::Normalized | Atom::Token));
        if is_text && !facets.enumeration.is_empty() {
            self.key("enum");
            self.open(b'[');
            for value in &facets.enumeration {
                self.text(value);
            }
            self.close(b']');
        }
        let names = match value {
            Value::List(_) => Some(("minItems", "maxItems")),
            _ if is_text => Some(("minLength", "maxLength")),
            _ => None,
        };
        if let Some((least, most)) = names {
            for (name, length) in [(least, facets.length_min), (most, facets.length_max)] {
                if let Some(length) = length {
                    self.key(name);
                    self.out.extend_from_slice(length.to_string().as_bytes());
                }
            }
        }
    }

    pub(crate) fn complex(&mut self, complex: &Complex) {
        if complex.mixed || matches!(complex.content, Content::Any) {
            self.raw(
                "\"type\":[\"string\",\"object\",\"null\"],\"properties\":{\"$xml\":{\"type\":\"string\"}}",
            );
            return;
        }
        if let Content::Array(item) = &complex.content {
            self.raw("\"type\":\"array\"");
            if let Some(item) = item {
                self.key("items");
                self.open(b'{');
                self.type_members(*item);
                self.close(b'}');
            }
            return;
        }
        self.raw("\"type\":\"object\"");
        self.key("properties");
        self.open(b'{');
        let mut required = Vec::new();
        for attribute in &complex.attributes {
            self.key(&attribute.json_name);
            self.open(b'{');
            self.type_members(attribute.ty);
            self.close(b'}');
            required.extend(attribute.required.then_some(&attribute.json_name));
        }
        if let Content::Simple(text) = complex.content {
            self.key("#text");
            self.open(b'{');
            self.type_members(text);
            self.close(b'}');
        }
        for member in &complex.members {
            self.member(member);
            required.extend(member.required.then_some(&member.json_name));
        }
        if complex.has_any {
            self.raw("\"$any\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}");
        }
        self.close(b'}');
        if !required.is_empty() {
            self.key("required");
            self.open(b'[');
            for name in required {
                self.text(name);
            }
            self.close(b']');
        }
    }

    fn member(&mut self, member: &Member) {
        let element = self.schemas.element(member.element);
        self.key(&member.json_name);
        if member.many {
            self.open(b'{');
            self.raw("\"type\":\"array\"");
            self.key("items");
            self.element(element);
            self.close(b'}');
        } else {
            self.element(element);
        }
    }
}
