//! An interface file of Thrift, written down.

use std::fmt::Write as _;

use kefu_wire::thrift::{
    Schema, Type,
    schema::{Function, Requiredness, Service, Struct, StructKind},
};

/// The file as an interface file might have it, without its comments.
pub(super) fn text(schema: &Schema) -> String {
    let mut blocks = Vec::new();
    blocks.extend(schema.services().iter().map(|service| service_text(schema, service)));
    let structs = schema.structures().filter(|(_, structure)| !structure.synthetic);
    blocks.extend(structs.map(|(_, structure)| struct_text(schema, structure)));
    blocks.extend(schema.enumerations().iter().map(|enumeration| {
        let values = enumeration.values.iter().map(|(name, number)| format!("  {name} = {number}\n"));
        format!("enum {}\n{}", enumeration.name, values.collect::<String>())
    }));
    let constants = schema.constants().iter();
    let constants = constants.map(|constant| {
        format!("const {} {} = {}\n", type_name(schema, constant.ty), constant.name, constant.json)
    });
    let constants: String = constants.collect();
    if !constants.is_empty() {
        blocks.push(constants);
    }
    blocks.join("\n")
}

fn service_text(schema: &Schema, service: &Service) -> String {
    let mut out = format!("service {}", service.name);
    if let Some(extended) = service.extends.and_then(|index| schema.services().get(index)) {
        let _written = write!(out, " extends {}", extended.name);
    }
    out.push('\n');
    for function in &service.functions {
        let _written = writeln!(out, "  {}", function_text(schema, function));
    }
    out
}

fn function_text(schema: &Schema, function: &Function) -> String {
    let oneway = if function.oneway { "oneway " } else { "" };
    let returns = function.returns.map_or_else(|| "void".to_owned(), |ty| type_name(schema, ty));
    let arguments = schema.structure(function.arguments).fields().iter();
    let arguments: Vec<_> = arguments
        .map(|field| format!("{}: {} {}", field.id, type_name(schema, field.ty), field.name))
        .collect();
    let throws = schema.structure(function.result).fields().iter();
    let throws = throws.filter(|field| !(field.id == 0 && function.returns.is_some()));
    let throws: Vec<_> =
        throws.map(|field| format!("{}: {} {}", field.id, type_name(schema, field.ty), field.name)).collect();
    let throws = if throws.is_empty() { String::new() } else { format!(" throws ({})", throws.join(", ")) };
    format!("{oneway}{returns} {}({}){throws}", function.name, arguments.join(", "))
}

fn struct_text(schema: &Schema, structure: &Struct) -> String {
    let kind = match structure.kind {
        StructKind::Struct => "struct",
        StructKind::Union => "union",
        StructKind::Exception => "exception",
    };
    let mut out = format!("{kind} {}\n", structure.name);
    for field in structure.fields() {
        let requiredness = match field.requiredness {
            Requiredness::Required => "required ",
            Requiredness::Optional => "optional ",
            Requiredness::Default => "",
        };
        let default = field.default.as_ref().map(|json| format!(" = {json}")).unwrap_or_default();
        let (id, ty, name) = (field.id, type_name(schema, field.ty), &field.name);
        let _written = writeln!(out, "  {id}: {requiredness}{ty} {name}{default}");
    }
    out
}

/// A type as interface files have it; how deep containers nest was limited when the schema was read.
fn type_name(schema: &Schema, ty: Type) -> String {
    match ty {
        Type::Binary => "binary".to_owned(),
        Type::Enum(id) => schema.enumeration(id).name.clone(),
        Type::Struct(id) => schema.structure(id).name.clone(),
        Type::List(id) => format!("list<{}>", type_name(schema, schema.element(id))),
        Type::Set(id) => format!("set<{}>", type_name(schema, schema.element(id))),
        Type::Map(id) => {
            let (key, value) = schema.pair(id);
            format!("map<{}, {}>", type_name(schema, key), type_name(schema, value))
        }
        other => other.wire().name().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use kefu_wire::{Limits, MemoryLoader, thrift::idl};

    use super::*;

    #[test]
    fn the_text_reads_like_the_file() {
        let source = "enum State { NEW, PAID = 5 }
            exception NotFound { 1: required string why = \"gone\" }
            struct Order { 1: required i64 id; 2: optional map<string, list<binary>> parts; 3: State state }
            const i32 MAX = 7
            service Base { void ping() }
            service Shop extends Base {
                Order get(1: i64 id) throws (1: NotFound missing), oneway void log(1: set<uuid> ids)
            }";
        let loader = MemoryLoader::default().with("shop.thrift", source);
        let (schema, _) = idl::load(&loader, "shop.thrift", &[], &Limits::default()).expect("it is right");
        assert_eq!(
            text(&schema),
            "service Base
  void ping()

service Shop extends Base
  Order get(1: i64 id) throws (1: NotFound missing)
  oneway void log(1: set<uuid> ids)

exception NotFound
  1: required string why = \"gone\"

struct Order
  1: required i64 id
  2: optional map<string, list<binary>> parts
  3: State state

enum State
  NEW = 0
  PAID = 5

const i32 MAX = 7
"
        );
    }
}
