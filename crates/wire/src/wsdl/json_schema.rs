//! Operations and types as JSON Schema (2020-12), by the rules of [`soap`](crate::soap).

use super::model::{Definitions, MessageShape, Operation, Style};
use crate::{
    soap::Version,
    xsd::{DIALECT, SchemaWriter, TypeKind},
};

/// All types as `$defs`, and all services with their ports and operations under `services`.
#[must_use]
pub fn document(definitions: &Definitions) -> String {
    let mut writer = SchemaWriter::new(&definitions.schemas);
    writer.open(b'{');
    writer.text_member("$schema", DIALECT);
    writer.definitions();
    writer.key("services");
    writer.open(b'{');
    for service in &definitions.services {
        writer.key(&service.name);
        writer.open(b'{');
        if let Some(doc) = &service.doc {
            writer.text_member("description", doc);
        }
        writer.key("ports");
        writer.open(b'{');
        for port in &service.ports {
            writer.key(&port.name);
            writer.open(b'{');
            writer.text_member("soap", if port.version == Version::V11 { "1.1" } else { "1.2" });
            writer.text_member("location", &port.location);
            writer.key("operations");
            writer.open(b'{');
            for operation in &port.operations {
                writer.key(&operation.name);
                self::operation(&mut writer, definitions, operation);
            }
            writer.close(b'}');
            writer.close(b'}');
        }
        writer.close(b'}');
        writer.close(b'}');
    }
    writer.close(b'}');
    writer.close(b'}');
    writer.finish()
}

fn operation(writer: &mut SchemaWriter<'_>, definitions: &Definitions, operation: &Operation) {
    writer.open(b'{');
    if let Some(doc) = &operation.doc {
        writer.text_member("description", doc);
    }
    writer.text_member("action", &operation.action);
    let style = match operation.style {
        Style::Wrapped => "wrapped",
        Style::Bare => "bare",
        Style::Rpc if operation.input.encoded => "rpc/encoded",
        Style::Rpc => "rpc/literal",
    };
    writer.text_member("style", style);
    writer.key("input");
    shape(writer, definitions, &operation.input);
    writer.key("output");
    match &operation.output {
        Some(output) => shape(writer, definitions, output),
        None => writer.raw("null"),
    }
    writer.key("faults");
    writer.open(b'{');
    for fault in &operation.faults {
        let element = definitions.schemas.element(fault.element);
        writer.key(&element.name.local);
        writer.element(element);
    }
    writer.close(b'}');
    writer.close(b'}');
}

fn shape(writer: &mut SchemaWriter<'_>, definitions: &Definitions, shape: &MessageShape) {
    let schemas = &definitions.schemas;
    writer.open(b'{');
    match &schemas.ty(shape.content).kind {
        TypeKind::Complex(_) if shape.headers.is_empty() => writer.type_members(shape.content),
        TypeKind::Complex(_) => {
            writer.key("allOf");
            writer.open(b'[');
            writer.open(b'{');
            writer.type_members(shape.content);
            writer.close(b'}');
            writer.open(b'{');
            writer.key("properties");
            writer.open(b'{');
            writer.key("$headers");
            writer.open(b'{');
            writer.raw("\"type\":\"object\"");
            writer.key("properties");
            writer.open(b'{');
            for header in &shape.headers {
                writer.key(&header.json_name);
                writer.element(schemas.element(header.element));
            }
            writer.close(b'}');
            writer.close(b'}');
            writer.close(b'}');
            writer.close(b'}');
            writer.close(b']');
        }
        TypeKind::Simple(_) => {}
    }
    writer.close(b'}');
}
