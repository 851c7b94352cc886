//! A description of services, or a schema of XML, written down.

use std::fmt::Write as _;

use kefu_wire::{
    soap::Version,
    wsdl::{Definitions, MessageShape, Operation, Port, Style},
    xsd::{Atom, Complex, Content, Element, Facets, Member, Schemas, Simple, Type, TypeId, TypeKind, Value},
};

/// How deep types without a name are written out.
const DEPTH_MAX: usize = 8;

/// Services with their ports and operations, then types.
pub(super) fn text(definitions: &Definitions) -> String {
    let mut blocks = Vec::new();
    for service in &definitions.services {
        let mut out = format!("service {}\n", service.name);
        for port in &service.ports {
            out.push_str(&port_text(definitions, port));
        }
        blocks.push(out);
    }
    blocks.extend(types(&definitions.schemas));
    blocks.join("\n")
}

/// Elements that a document may begin with, then types.
pub(super) fn schemas_text(schemas: &Schemas) -> String {
    let mut elements: Vec<&Element> = schemas.global_elements().map(|(_, element)| element).collect();
    elements.sort_by_key(|element| schemas.clark(&element.name));
    let lines = elements.iter().map(|element| {
        format!("element {}: {}\n", schemas.clark(&element.name), type_name(schemas, element.ty, 0))
    });
    let mut blocks = vec![lines.collect::<String>()];
    blocks.extend(types(schemas));
    blocks.retain(|block| !block.is_empty());
    blocks.join("\n")
}

fn port_text(definitions: &Definitions, port: &Port) -> String {
    let version = if port.version == Version::V11 { "1.1" } else { "1.2" };
    let mut out = format!("  port {}, SOAP {version}, at {}\n", port.name, port.location);
    for operation in &port.operations {
        let _written = writeln!(out, "    {}", operation_text(definitions, operation));
        let style = match operation.style {
            Style::Wrapped => "document/literal wrapped",
            Style::Bare => "document/literal bare",
            Style::Rpc if operation.input.encoded => "rpc/encoded",
            Style::Rpc => "rpc/literal",
        };
        let _written = write!(out, "      {style}");
        if !operation.action.is_empty() {
            let _written = write!(out, ", action {}", operation.action);
        }
        out.push('\n');
        for (name, shape) in [("request", Some(&operation.input)), ("response", operation.output.as_ref())] {
            for header in shape.map_or(&[][..], |shape| &shape.headers) {
                let element = definitions.schemas.element(header.element);
                let ty = type_name(&definitions.schemas, element.ty, 0);
                let _written = writeln!(out, "      header of the {name}: {}: {ty}", header.json_name);
            }
        }
        for fault in &operation.faults {
            let element = definitions.schemas.element(fault.element);
            let ty = type_name(&definitions.schemas, element.ty, 0);
            let _written = writeln!(out, "      fault: {}: {ty}", element.name.local);
        }
    }
    out
}

fn operation_text(definitions: &Definitions, operation: &Operation) -> String {
    let parts = |shape: &MessageShape| match &definitions.schemas.ty(shape.content).kind {
        TypeKind::Complex(complex) => members(&definitions.schemas, complex, 0).join(", "),
        TypeKind::Simple(_) => String::new(),
    };
    let input = parts(&operation.input);
    match &operation.output {
        Some(output) => format!("{}({input}) -> ({})", operation.name, parts(output)),
        None => format!("oneway {}({input})", operation.name),
    }
}

/// The types that have a name and are not those of XML Schema or of SOAP.
fn types(schemas: &Schemas) -> Vec<String> {
    let mut found: Vec<(String, String)> = Vec::new();
    for (id, ty) in schemas.types() {
        let Some(name) = &ty.name else { continue };
        let is_own = ![kefu_wire::xsd::XSD, kefu_wire::xsd::SOAP_ENC_11, kefu_wire::xsd::SOAP_ENC_12]
            .contains(&schemas.namespace(name.namespace));
        if is_own {
            found.push((schemas.clark(name), type_text(schemas, id, ty)));
        }
    }
    found.sort();
    found.into_iter().map(|(_, text)| text).collect()
}

fn type_text(schemas: &Schemas, id: TypeId, ty: &Type) -> String {
    let name = ty.name.as_ref().map(|name| schemas.clark(name)).unwrap_or_default();
    let complex = match &ty.kind {
        TypeKind::Simple(simple) => return format!("type {name} = {}\n", simple_text(schemas, simple, 0)),
        TypeKind::Complex(complex) => complex,
    };
    let prefix = if ty.is_abstract { "abstract type" } else { "type" };
    let mut out = format!("{prefix} {name}");
    let base = ty.base.and_then(|base| schemas.ty(base).name.as_ref()).filter(|base| base.local != "anyType");
    if let Some(base) = base {
        let _written = write!(out, " of {}", schemas.clark(base));
    }
    out.push('\n');
    for member in members(schemas, complex, 0) {
        let _written = writeln!(out, "  {member}");
    }
    let derived = schemas.types().filter(|(_, other)| other.base == Some(id));
    let derived: Vec<_> =
        derived.filter_map(|(_, other)| other.name.as_ref().map(|name| schemas.clark(name))).collect();
    if !derived.is_empty() {
        let _written = writeln!(out, "  $type: {}", derived.join(" | "));
    }
    out
}

/// Members as JSON has them: `name: type`, with `?` for those that may be absent and `[]` for arrays.
fn members(schemas: &Schemas, complex: &Complex, depth: usize) -> Vec<String> {
    let mut found = Vec::new();
    for attribute in &complex.attributes {
        let optional = if attribute.required { "" } else { "?" };
        let ty = type_name(schemas, attribute.ty, depth);
        found.push(format!("@{}{optional}: {ty}", attribute.name.local));
    }
    match &complex.content {
        Content::Simple(ty) => found.push(format!("#text: {}", type_name(schemas, *ty, depth))),
        Content::Array(item) => {
            let item = item.map_or_else(|| "any".to_owned(), |item| type_name(schemas, item, depth));
            found.push(format!("{item}[]"));
        }
        Content::Any => found.push("$xml".to_owned()),
        Content::Empty | Content::Elements(_) => {}
    }
    for Member { element, json_name, many, required } in &complex.members {
        let element = schemas.element(*element);
        let optional = if *required { "" } else { "?" };
        let many = if *many { "[]" } else { "" };
        let null = if element.nillable { " | null" } else { "" };
        let ty = type_name(schemas, element.ty, depth);
        found.push(format!("{json_name}{optional}: {ty}{many}{null}"));
    }
    found
}

fn type_name(schemas: &Schemas, id: TypeId, depth: usize) -> String {
    let ty = schemas.ty(id);
    if let Some(name) = &ty.name {
        return name.local.clone();
    }
    if depth >= DEPTH_MAX {
        return "…".to_owned();
    }
    match &ty.kind {
        TypeKind::Simple(simple) => simple_text(schemas, simple, depth + 1),
        TypeKind::Complex(complex) => format!("{{ {} }}", members(schemas, complex, depth + 1).join(", ")),
    }
}

fn simple_text(schemas: &Schemas, simple: &Simple, depth: usize) -> String {
    let Simple { value, facets } = simple;
    if !facets.enumeration.is_empty() {
        let values: Vec<_> = facets.enumeration.iter().map(|value| format!("{value:?}")).collect();
        return values.join(" | ");
    }
    let base = match value {
        Value::Atom(atom) => atom_name(*atom).to_owned(),
        Value::List(item) => format!("list of {}", type_name(schemas, *item, depth + 1)),
        Value::Union(members) => {
            let members: Vec<_> = members.iter().map(|ty| type_name(schemas, *ty, depth + 1)).collect();
            members.join(" | ")
        }
    };
    base + &bounds(facets)
}

fn bounds(facets: &Facets) -> String {
    let mut found = Vec::new();
    let between = |name: &str, min: Option<String>, max: Option<String>| match (min, max) {
        (None, None) => None,
        (min, max) => Some(format!("{name} {}..{}", min.unwrap_or_default(), max.unwrap_or_default())),
    };
    let text = |number: Option<u64>| number.map(|number| number.to_string());
    found.extend(between("length", text(facets.length_min), text(facets.length_max)));
    let text = |number: Option<i128>| number.map(|number| number.to_string());
    found.extend(between("value", text(facets.integer_min), text(facets.integer_max)));
    found.extend(facets.patterns.iter().map(|pattern| format!("pattern {pattern}")));
    if found.is_empty() { String::new() } else { format!(" ({})", found.join(", ")) }
}

fn atom_name(atom: Atom) -> &'static str {
    match atom {
        Atom::String => "string",
        Atom::Normalized => "normalizedString",
        Atom::Token => "token",
        Atom::Boolean => "boolean",
        Atom::Integer { .. } => "integer",
        Atom::Decimal => "decimal",
        Atom::Double => "double",
        Atom::Base64 => "base64Binary",
        Atom::Hex => "hexBinary",
        Atom::QName => "QName",
    }
}

#[cfg(test)]
mod tests {
    use kefu_wire::{Limits, MemoryLoader, wsdl, xsd};

    use super::*;

    fn definitions(name: &str) -> Definitions {
        let file =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../crates/wire/tests/wsdl").join(name);
        let loader = MemoryLoader::default().with("a.wsdl", std::fs::read(file).expect("it is there"));
        wsdl::load(&loader, "a.wsdl", &Limits::default()).expect("it is right").0
    }

    #[test]
    fn a_description_reads_like_its_operations() {
        assert_eq!(
            text(&definitions("wrapped.wsdl")),
            "service Tickets
  port Tickets11, SOAP 1.1, at http://localhost/tickets
    CreateTicket(ticket: Ticket, urgent?: boolean) -> (id: long)
      document/literal wrapped, action urn:tickets/Create
      header of the request: Session: string
      fault: Refused: { why: string }
    oneway Forget(id: long)
      document/literal wrapped, action urn:tickets/Forget
  port Tickets12, SOAP 1.2, at http://localhost/tickets12
    oneway Forget(id: long)
      document/literal wrapped, action urn:tickets/Forget

type {urn:tickets:data}Customer of {urn:tickets:data}Party
  @vip?: boolean
  name: string
  phone?: token

abstract type {urn:tickets:data}Party
  name: string
  $type: {urn:tickets:data}Customer

type {urn:tickets:data}Status = \"new\" | \"open\" | \"done\"

type {urn:tickets:data}Ticket
  id: long
  title: string
  status?: Status
  from?: Party
  label?: string[]
  price?: { @currency: string, #text: decimal }
  due?: dateTime | null
  file?: base64Binary
  child?: Ticket[]
"
        );
        assert!(text(&definitions("rpc.wsdl")).contains("rpc/encoded"));
    }

    #[test]
    fn a_schema_reads_like_its_elements() {
        let source = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' targetNamespace='urn:a'>
            <xs:element name='size'><xs:simpleType><xs:restriction base='xs:int'>
            <xs:minInclusive value='1'/><xs:maxInclusive value='9'/></xs:restriction></xs:simpleType></xs:element>
            <xs:simpleType name='Codes'><xs:list itemType='xs:token'/></xs:simpleType></xs:schema>";
        let loader = MemoryLoader::default().with("a.xsd", source);
        let (schemas, _) = xsd::load(&loader, "a.xsd", &Limits::default()).expect("it is right");
        assert_eq!(
            schemas_text(&schemas),
            "element {urn:a}size: integer (value 1..9)\n\ntype {urn:a}Codes = list of token\n"
        );
    }
}
