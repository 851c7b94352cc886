use super::{Definitions, FieldSpec, OperationSpec, ServiceSpec, Style, TypeSpec, emit, load};
use crate::{Diagnostic, Limits, MemoryLoader, soap::Version};

pub(crate) const WRAPPED: &str = include_str!("../../tests/wsdl/wrapped.wsdl");

pub(crate) fn definitions(name: &str) -> (Definitions, Vec<Diagnostic>) {
    let loader = MemoryLoader::default()
        .with("wrapped.wsdl", WRAPPED)
        .with("bare.wsdl", include_str!("../../tests/wsdl/bare.wsdl"))
        .with("types/bare.wsdl", include_str!("../../tests/wsdl/types/bare.wsdl"))
        .with("types/bare.xsd", include_str!("../../tests/wsdl/types/bare.xsd"))
        .with("rpc.wsdl", include_str!("../../tests/wsdl/rpc.wsdl"));
    load(&loader, name, &Limits::default()).unwrap_or_else(|errors| panic!("{errors}"))
}

fn operations(definitions: &Definitions) -> Vec<String> {
    let mut found = Vec::new();
    for service in &definitions.services {
        for port in &service.ports {
            for one in &port.operations {
                let wrapper = one.input.wrapper.as_ref().map(|name| definitions.schemas.clark(name));
                let headers: Vec<_> =
                    one.input.headers.iter().map(|header| header.json_name.as_str()).collect();
                found.push(format!(
                    "{} {:?} {} {:?} {:?} headers {headers:?} encoded {} reply {} faults {}",
                    port.name,
                    port.version,
                    one.name,
                    one.style,
                    wrapper.unwrap_or_default(),
                    one.input.encoded,
                    one.output.is_some(),
                    one.faults.len()
                ));
            }
        }
    }
    found
}

#[test]
fn the_styles() {
    let (wrapped, warnings) = definitions("wrapped.wsdl");
    assert_eq!(
        operations(&wrapped),
        [
            "Tickets11 V11 CreateTicket Wrapped \"{urn:tickets}CreateTicket\" headers [\"Session\"] encoded false \
             reply true faults 1",
            "Tickets11 V11 Forget Wrapped \"{urn:tickets}Forget\" headers [] encoded false reply false faults 0",
            "Tickets12 V12 Forget Wrapped \"{urn:tickets}Forget\" headers [] encoded false reply false faults 0",
        ]
    );
    let warnings: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        ["wrapped.wsdl:97:5: warning: the port \"Plain\" is not of SOAP and is passed over"]
    );
    let (bare, _) = definitions("bare.wsdl");
    assert_eq!(operations(&bare), ["B V12 Find Bare \"\" headers [] encoded false reply true faults 0"]);
    let (rpc, _) = definitions("rpc.wsdl");
    assert_eq!(
        operations(&rpc),
        [
            "B V11 Sort Rpc \"{urn:sort}Sort\" headers [] encoded true reply true faults 0",
            "B V11 Add Rpc \"{urn:add}Add\" headers [] encoded false reply true faults 0",
        ]
    );
    let (port, operation) = wrapped.find_operation("CreateTicket").expect("it is there");
    assert_eq!((port.version, operation.style), (Version::V11, Style::Wrapped));
    assert_eq!(
        (operation.doc.as_deref(), operation.action.as_str()),
        (Some("Makes a ticket."), "urn:tickets/Create")
    );
    let found = port.find_by_element(&wrapped.schemas, "urn:tickets", "Forget").expect("it is there");
    assert_eq!(found.name, "Forget");
}

#[test]
fn operations_as_json_schema() {
    for name in ["wrapped.wsdl", "bare.wsdl", "rpc.wsdl"] {
        let (definitions, _) = definitions(name);
        let text = super::json_schema(&definitions);
        let value: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        assert!(value["services"].as_object().is_some_and(|services| services.len() == 1));
        // Every reference leads somewhere.
        for reference in text.split("\"$ref\":\"#/$defs/").skip(1) {
            let name = reference.split('"').next().unwrap_or_default();
            assert!(value["$defs"].get(name).is_some(), "{name}");
        }
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let cases = [
        (("type=\"tns:TicketsType\"", "type=\"tns:X\""), "there is no portType {urn:tickets}X"),
        (("type=\"d:Ticket\"/>", "type=\"d:Nope\"/>"), "there is no type {urn:tickets:data}Nope"),
        (("element=\"tns:Forget\"", "element=\"tns:Nope\""), "there is no element {urn:tickets}Nope"),
        (
            ("message=\"tns:ForgetIn\"", "message=\"q:ForgetIn\""),
            "the prefix of \"q:ForgetIn\" is not declared",
        ),
        (("base=\"d:Party\"", "base=\"d:Customer\""), "this type is derived from itself"),
        (("maxOccurs=\"unbounded\"", "maxOccurs=\"many\""), "maxOccurs cannot be \"many\""),
        (("<types>", "<types"), "wrapped.wsdl:"),
        (("part=\"session\"", "part=\"nope\""), "the message has no part \"nope\""),
    ];
    for ((from, to), expected) in cases {
        let loader = MemoryLoader::default().with("wrapped.wsdl", WRAPPED.replacen(from, to, 1));
        let errors = load(&loader, "wrapped.wsdl", &Limits::default()).expect_err(expected);
        assert!(errors.to_string().contains(expected), "{errors}");
        assert!(errors.0[0].line > 1, "{errors}");
    }
    let missing = load(&MemoryLoader::default(), "x.wsdl", &Limits::default()).expect_err("nothing there");
    assert_eq!(missing.to_string(), "x.wsdl:1:1: there is no such file");
}

#[test]
fn what_is_emitted_is_read() {
    let field = FieldSpec::new;
    let ticket = TypeSpec::Object(vec![
        field("id", TypeSpec::Integer),
        FieldSpec { many: true, ..field("label", TypeSpec::String) },
        FieldSpec { nullable: true, ..field("due", TypeSpec::DateTime) },
        FieldSpec { required: false, ..field("status", TypeSpec::Named("Status".to_owned())) },
        FieldSpec { many: true, ..field("child", TypeSpec::Named("Ticket".to_owned())) },
    ]);
    let statuses = TypeSpec::Enum(vec!["new".to_owned(), "\"<&\"".to_owned()]);
    let operation = OperationSpec {
        name: "Create".to_owned(),
        doc: Some("Makes a <ticket>.".to_owned()),
        input: vec![field("ticket", TypeSpec::Named("Ticket".to_owned())), field("file", TypeSpec::Bytes)],
        output: Some(vec![field("id", TypeSpec::Integer)]),
        faults: vec![("Refused".to_owned(), vec![field("why", TypeSpec::String)])],
    };
    let forget = OperationSpec { name: "Forget".to_owned(), ..OperationSpec::default() };
    let service = ServiceSpec {
        name: "Kefu".to_owned(),
        namespace: "urn:kefu".to_owned(),
        location: "http://localhost/soap?a=1&b=2".to_owned(),
        doc: None,
        types: vec![("Status".to_owned(), statuses), ("Ticket".to_owned(), ticket)],
        operations: vec![operation, forget],
    };
    let text = emit(&service).expect("right");
    let loader = MemoryLoader::default().with("a.wsdl", text.as_str());
    let (definitions, warnings) =
        load(&loader, "a.wsdl", &Limits::default()).unwrap_or_else(|errors| panic!("{errors}: {text}"));
    assert_eq!(warnings, []);
    assert_eq!(definitions.services[0].ports[1].location, "http://localhost/soap?a=1&b=2");
    assert_eq!(
        operations(&definitions),
        ["Soap11 V11", "Soap12 V12"].map(|port| [
            format!("Kefu{port} Create Wrapped \"{{urn:kefu}}Create\" headers [] encoded false reply true faults 1"),
            format!("Kefu{port} Forget Wrapped \"{{urn:kefu}}Forget\" headers [] encoded false reply false faults 0"),
        ])
        .concat()
    );
    let wrong = |change: &dyn Fn(&mut ServiceSpec)| {
        let mut service = service.clone();
        change(&mut service);
        emit(&service).expect_err("wrong").to_string()
    };
    assert_eq!(wrong(&|service| service.name = "a b".to_owned()), "\"a b\" is no name of XML");
    assert_eq!(
        wrong(&|service| service.operations[1].name = "Create".to_owned()),
        "the name \"Create\" stands there twice"
    );
    assert_eq!(
        wrong(&|service| service.operations[0].input[0].ty = TypeSpec::Named("No".to_owned())),
        "Create.ticket: the schema has no type \"No\""
    );
}

#[test]
fn a_service_of_thrift_is_described() {
    let idl = "enum Status { NEW, DONE } struct Line { 1: required string name; 2: i32 count }
        union Choice { 1: i64 id; 2: string name }
        struct Order { 1: required i64 id; 2: optional list<Line> lines; 3: Status status; 4: Choice by; 5: optional Order next }
        exception Refused { 1: string why }
        struct Odd { 1: map<string, i32> counts }
        service Base { void ping() }
        service Shop extends Base {
          /** Makes an order. */ i64 create(1: required Order order, 2: set<binary> files) throws (1: Refused refused)
          list<Order> find(1: i16 page) oneway void forget(1: i64 id)
          Odd count() void sort(1: list<list<i32>> rows)
        }";
    let loader = MemoryLoader::default().with("shop.thrift", idl);
    let (schema, _) =
        crate::thrift::idl::load(&loader, "shop.thrift", &[], &Limits::default()).expect("right");
    let service = schema.find_service("Shop").expect("it is there");
    let (spec, errors) = super::of_thrift(&schema, service, "urn:shop", "http://localhost/shop");
    let errors: Vec<_> = errors.iter().map(ToString::to_string).collect();
    assert_eq!(
        errors,
        [
            "count.success.Odd.counts: a map has no counterpart in a description of SOAP",
            "sort.rows: a list of lists has no counterpart in a description of SOAP"
        ]
    );
    let types: Vec<_> = spec.types.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(types, ["Line", "Choice", "Order", "Refused", "Status"]);
    let loader = MemoryLoader::default().with("a.wsdl", emit(&spec).expect("right"));
    let (definitions, warnings) = load(&loader, "a.wsdl", &Limits::default()).expect("right");
    assert_eq!(warnings, []);
    let names: Vec<_> =
        definitions.services[0].ports[0].operations.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["create", "find", "forget", "ping"]);
    let (_, create) = definitions.find_operation("create").expect("it is there");
    assert_eq!((create.doc.as_deref(), create.faults.len()), (Some("Makes an order."), 1));
    assert!(definitions.find_operation("forget").is_some_and(|(_, forget)| forget.output.is_none()));
}
