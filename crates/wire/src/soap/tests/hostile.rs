use super::{envelope, read, write};
use crate::{
    ErrorKind,
    soap::{Direction, Version},
    wsdl::tests::definitions,
};

#[test]
fn references_in_circles_and_bombs() {
    let (definitions, _) = definitions("rpc.wsdl");
    let sort = |items: &str, refs: &str| {
        let body = format!("<m:Sort xmlns:m='urn:sort'><items>{items}</items></m:Sort>{refs}");
        read(&definitions, "Sort", Direction::Request, &envelope(Version::V11, "", &body))
    };
    let error = sort("<i href='#1'/>", "<r id='1'><next href='#1'/></r>").expect_err("a circle");
    assert!(error.to_string().contains("contains itself"), "{error}");
    let error = sort("<i href='#1'/>", "<r id='1'><next href='#2'/></r><r id='2'><next href='#1'/></r>")
        .expect_err("a circle");
    assert!(error.to_string().contains("contains itself"), "{error}");
    assert!(sort("<i href='#9'/>", "").is_err());
    assert!(sort("<i href='http://localhost/'/>", "").is_err());
    assert!(sort("", "<r id='1'/><r id='1'/>").is_err());
    // A text that is referred to by all of many elements.
    let many = "<i href='#1'/>".repeat(20_000);
    let error =
        sort(&many, &format!("<r id='1'><name>{}</name></r>", "x".repeat(10_000))).expect_err("a bomb");
    assert_eq!(error.kind(), ErrorKind::Limit);
    let ids: String = (0..10_001).map(|index| format!("<r id='{index}'/>")).collect();
    assert_eq!(sort("", &ids).expect_err("too many").kind(), ErrorKind::Limit);
    // A chain that is deeper than elements may be.
    let chain: String =
        (0..500).map(|index| format!("<r id='{index}'><next href='#{}'/></r>", index + 1)).collect();
    assert_eq!(sort("<i href='#0'/>", &chain).expect_err("too deep").kind(), ErrorKind::Limit);
}

#[test]
fn deep_messages() {
    let (definitions, _) = definitions("wrapped.wsdl");
    let deep = format!(
        "<t:CreateTicket xmlns:t='urn:tickets' xmlns='urn:tickets:data'><t:ticket>{}</t:ticket></t:CreateTicket>",
        "<child>".repeat(1_000) + &"</child>".repeat(1_000)
    );
    let error = read(&definitions, "CreateTicket", Direction::Request, &envelope(Version::V11, "", &deep))
        .expect_err("deep");
    assert_eq!(error.kind(), ErrorKind::Limit);
    let json =
        format!("{{\"ticket\":{}{}}}", r#"{"id":1,"title":"","child":["#.repeat(100), "]}".repeat(100));
    assert!(write(&definitions, "CreateTicket", Direction::Request, Version::V11, &json).is_ok());
    let json =
        format!("{{\"ticket\":{}{}}}", r#"{"id":1,"title":"","child":["#.repeat(126), "]}".repeat(126));
    let error =
        write(&definitions, "CreateTicket", Direction::Request, Version::V11, &json).expect_err("deep");
    assert_eq!(error.kind(), ErrorKind::Limit);
}

#[test]
fn elements_that_no_schema_has() {
    let (definitions, _) = definitions("wrapped.wsdl");
    let ask = |count: usize| {
        let body = format!(
            "<t:CreateTicket xmlns:t='urn:tickets' xmlns='urn:tickets:data'><t:ticket><id>1</id><title/>{}</t:ticket>\
             </t:CreateTicket>",
            "<x/>".repeat(count)
        );
        read(&definitions, "CreateTicket", Direction::Request, &envelope(Version::V11, "", &body))
    };
    assert!(ask(65_536).is_ok());
    let error = ask(65_537).expect_err("each becomes many times longer");
    assert_eq!(error.kind(), ErrorKind::Limit);
    assert!(error.to_string().contains("65536 elements that the schema does not have"), "{error}");
}

#[test]
fn envelopes_that_are_none() {
    let (definitions, _) = definitions("wrapped.wsdl");
    for xml in [
        "<a/>",
        "<Envelope/>",
        "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'/>",
        "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body/></s:Envelope>",
        "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><x/></s:Body></s:Envelope>",
        "<!DOCTYPE s:Envelope [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><s:Envelope/>",
        "",
    ] {
        assert!(read(&definitions, "CreateTicket", Direction::Request, xml).is_err(), "{xml}");
    }
}
