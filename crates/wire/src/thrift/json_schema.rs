//! A schema's types and functions as JSON Schema (2020-12), by the rules of [`to_json`](super::to_json).

use super::{
    json,
    schema::{Enum, Function, Requiredness, Schema, Service, Struct, StructId, StructKind, Type},
};

const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// All types as `$defs`, and all services with their functions under `services`.
#[must_use]
pub fn document(schema: &Schema) -> String {
    let mut writer = SchemaWriter { schema, out: Vec::new() };
    writer.open(b'{');
    writer.text_member("$schema", DIALECT);
    writer.definitions(&vec![true; schema.structs.len()], &vec![true; schema.enums.len()]);
    writer.key("services");
    writer.open(b'{');
    for service in schema.services() {
        writer.key(&service.name);
        writer.service(service);
    }
    writer.close(b'}');
    writer.close(b'}');
    writer.finish()
}

/// One struct, with those types as `$defs` that it leads to.
#[must_use]
pub fn structure(schema: &Schema, id: StructId) -> String {
    let mut reached = Reached {
        schema,
        structs: vec![false; schema.structs.len()],
        enums: vec![false; schema.enums.len()],
    };
    reached.walk(Type::Struct(id));
    let mut writer = SchemaWriter { schema, out: Vec::new() };
    writer.open(b'{');
    writer.text_member("$schema", DIALECT);
    writer.key("$ref");
    writer.reference(&schema.structure(id).name);
    // What was asked for may be the arguments of a function.
    writer.definitions_with(&reached.structs, &reached.enums, Some(id));
    writer.close(b'}');
    writer.finish()
}

/// What can be reached from a type.
struct Reached<'s> {
    schema: &'s Schema,
    structs: Vec<bool>,
    enums: Vec<bool>,
}

impl Reached<'_> {
    fn walk(&mut self, start: Type) {
        let mut open = vec![start];
        while let Some(ty) = open.pop() {
            match ty {
                Type::Enum(id) => self.enums[id.0 as usize] = true,
                Type::List(id) | Type::Set(id) => open.push(self.schema.element(id)),
                Type::Map(id) => {
                    let (key, value) = self.schema.pair(id);
                    open.extend([key, value]);
                }
                Type::Struct(id) if !self.structs[id.0 as usize] => {
                    self.structs[id.0 as usize] = true;
                    open.extend(self.schema.structure(id).fields().iter().map(|field| field.ty));
                }
                _ => {}
            }
        }
    }
}

struct SchemaWriter<'s> {
    schema: &'s Schema,
    out: Vec<u8>,
}

impl SchemaWriter<'_> {
    fn finish(self) -> String {
        // Only texts and ASCII were written.
        String::from_utf8(self.out).unwrap_or_default()
    }

    fn comma(&mut self) {
        if !matches!(self.out.last(), None | Some(b'{' | b'[' | b':')) {
            self.out.push(b',');
        }
    }

    fn open(&mut self, bracket: u8) {
        self.comma();
        self.out.push(bracket);
    }

    fn close(&mut self, bracket: u8) {
        self.out.push(bracket);
    }

    fn key(&mut self, name: &str) {
        self.comma();
        json::write_text(&mut self.out, name);
        self.out.push(b':');
    }

    fn text_member(&mut self, name: &str, text: &str) {
        self.key(name);
        json::write_text(&mut self.out, text);
    }

    /// Members whose values are JSON already.
    fn raw(&mut self, members: &str) {
        self.comma();
        self.out.extend_from_slice(members.as_bytes());
    }

    fn doc(&mut self, doc: Option<&String>) {
        if let Some(doc) = doc {
            self.text_member("description", doc);
        }
    }

    fn reference(&mut self, name: &str) {
        json::write_text(&mut self.out, &format!("#/$defs/{name}"));
    }

    fn definitions(&mut self, structs: &[bool], enums: &[bool]) {
        self.definitions_with(structs, enums, None);
    }

    fn definitions_with(&mut self, structs: &[bool], enums: &[bool], asked: Option<StructId>) {
        let schema = self.schema;
        self.key("$defs");
        self.open(b'{');
        for (id, definition) in schema.structures() {
            if structs[id.0 as usize] && (!definition.synthetic || asked == Some(id)) {
                self.key(&definition.name);
                self.structure(definition);
            }
        }
        for (definition, _) in schema.enumerations().iter().zip(enums).filter(|(_, reached)| **reached) {
            self.key(&definition.name);
            self.enumeration(definition);
        }
        self.close(b'}');
    }

    fn enumeration(&mut self, enumeration: &Enum) {
        self.open(b'{');
        self.doc(enumeration.doc.as_ref());
        self.key("anyOf");
        self.open(b'[');
        self.open(b'{');
        self.key("enum");
        self.open(b'[');
        for (name, _) in &enumeration.values {
            self.comma();
            json::write_text(&mut self.out, name);
        }
        self.close(b']');
        self.close(b'}');
        self.raw("{\"type\":\"integer\",\"minimum\":-2147483648,\"maximum\":2147483647}");
        self.close(b']');
        self.close(b'}');
    }

    fn structure(&mut self, structure: &Struct) {
        self.open(b'{');
        self.raw("\"type\":\"object\"");
        self.doc(structure.doc.as_ref());
        self.key("properties");
        self.open(b'{');
        if structure.kind == StructKind::Exception {
            self.key("$exception");
            self.open(b'{');
            self.text_member("const", &structure.name);
            self.close(b'}');
        }
        for field in structure.fields() {
            self.key(&field.name);
            self.open(b'{');
            self.doc(field.doc.as_ref());
            self.type_members(field.ty);
            if let Some(default) = &field.default {
                self.key("default");
                self.out.extend_from_slice(default.as_bytes());
            }
            self.close(b'}');
        }
        self.raw("\"$unknown\":{\"type\":\"array\",\"items\":{\"type\":\"object\"}}");
        self.close(b'}');
        let required = |field: &&super::schema::Field| {
            field.requiredness == Requiredness::Required && field.default.is_none()
        };
        if structure.fields().iter().any(|field| required(&field)) {
            self.key("required");
            self.open(b'[');
            for field in structure.fields().iter().filter(required) {
                self.comma();
                json::write_text(&mut self.out, &field.name);
            }
            self.close(b']');
        }
        if structure.kind == StructKind::Union {
            self.raw("\"minProperties\":1,\"maxProperties\":1");
        }
        self.raw("\"additionalProperties\":false");
        self.close(b'}');
    }

    fn service(&mut self, service: &Service) {
        let schema = self.schema;
        self.open(b'{');
        self.doc(service.doc.as_ref());
        if let Some(extended) = service.extends.and_then(|index| schema.services().get(index)) {
            self.text_member("extends", &extended.name);
        }
        self.key("functions");
        self.open(b'{');
        for function in &service.functions {
            self.key(&function.name);
            self.function(function);
        }
        self.close(b'}');
        self.close(b'}');
    }

    fn function(&mut self, function: &Function) {
        let schema = self.schema;
        self.open(b'{');
        self.doc(function.doc.as_ref());
        self.raw(if function.oneway { "\"oneway\":true" } else { "\"oneway\":false" });
        self.key("arguments");
        self.structure(schema.structure(function.arguments));
        self.key("returns");
        match function.returns {
            Some(ty) => self.type_schema(ty),
            None => self.out.extend_from_slice(b"{\"type\":\"null\"}"),
        }
        self.key("throws");
        self.open(b'[');
        let is_success = |id: i16| id == 0 && function.returns.is_some();
        for field in schema.structure(function.result).fields().iter().filter(|field| !is_success(field.id)) {
            self.type_schema(field.ty);
        }
        self.close(b']');
        self.close(b'}');
    }

    fn type_schema(&mut self, ty: Type) {
        self.open(b'{');
        self.type_members(ty);
        self.close(b'}');
    }

    /// The members of a type's schema; the depth of containers was limited when the schema was read.
    fn type_members(&mut self, ty: Type) {
        let schema = self.schema;
        match ty {
            Type::Bool => self.raw("\"type\":\"boolean\""),
            Type::I8 => self.raw("\"type\":\"integer\",\"minimum\":-128,\"maximum\":127"),
            Type::I16 => self.raw("\"type\":\"integer\",\"minimum\":-32768,\"maximum\":32767"),
            Type::I32 => self.raw("\"type\":\"integer\",\"minimum\":-2147483648,\"maximum\":2147483647"),
            Type::I64 => {
                self.raw(
                    "\"type\":[\"integer\",\"string\"],\"format\":\"int64\",\"pattern\":\"^-?[0-9]{1,19}$\"",
                );
            }
            Type::Double => {
                self.raw("\"anyOf\":[{\"type\":\"number\"},{\"enum\":[\"NaN\",\"Infinity\",\"-Infinity\"]}]");
            }
            Type::String => self.raw("\"type\":\"string\""),
            Type::Binary => self.raw("\"type\":\"string\",\"contentEncoding\":\"base64\""),
            Type::Uuid => self.raw("\"type\":\"string\",\"format\":\"uuid\""),
            Type::Enum(id) => {
                self.key("$ref");
                self.reference(&schema.enumeration(id).name);
            }
            Type::Struct(id) => {
                self.key("$ref");
                self.reference(&schema.structure(id).name);
            }
            Type::List(id) | Type::Set(id) => {
                self.raw("\"type\":\"array\"");
                self.key("items");
                self.type_schema(schema.element(id));
            }
            Type::Map(id) => {
                let (key, value) = schema.pair(id);
                if key.is_object_key() {
                    self.raw("\"type\":\"object\"");
                    self.key("additionalProperties");
                    self.type_schema(value);
                } else {
                    self.raw("\"type\":\"array\"");
                    self.key("items");
                    self.open(b'{');
                    self.raw("\"type\":\"array\",\"minItems\":2,\"maxItems\":2");
                    self.key("prefixItems");
                    self.open(b'[');
                    self.type_schema(key);
                    self.type_schema(value);
                    self.close(b']');
                    self.close(b'}');
                }
            }
        }
    }
}
