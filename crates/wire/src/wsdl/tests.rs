use super::{Definitions, Style, load};
use crate::{Limits, MemoryLoader, soap::Version, thrift::idl::Diagnostic};

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
