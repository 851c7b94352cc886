//! SOAP through `kefu adapt`: to JSON, to Thrift and back, and what is said of it when it cannot be done.

use serde_json::{Value, json};

use super::{Shop, lines, text};

const WSDL: &str = include_str!("../../../crates/wire/tests/wsdl/wrapped.wsdl");
const IDL: &str = "\
enum Status { new = 1, open = 2, done = 3 }
struct Ticket {
  1: required i64 id; 2: required string title; 3: optional Status status; 4: optional list<string> label;
  5: optional binary file; 6: optional list<Ticket> child
}
struct Answer { 1: i64 id }
exception Refused { 1: required string why }
service Tickets {
  i64 CreateTicket(1: required Ticket ticket, 2: optional bool urgent) throws (1: Refused refused)
  oneway void Forget(1: i64 id)
}
";

fn tickets() -> Shop {
    let shop = Shop::new();
    shop.write("tickets.wsdl", WSDL);
    shop.write("tickets.thrift", IDL);
    shop
}

const CREATE: &str =
    r#"{"ticket":{"id":7,"title":"a < b 客服","status":"open","label":["x"],"file":"aGk="},"urgent":true}"#;

/// Messages of both sides, as JSON has them without an operation being named.
fn messages() -> String {
    [
        format!(r#"{{"message":"call","method":"CreateTicket","sequence":1,"arguments":{CREATE}}}"#).as_str(),
        r#"{"message":"oneway","method":"Forget","sequence":2,"arguments":{"id":7}}"#,
        r#"{"message":"reply","method":"CreateTicket","sequence":3,"result":{"id":12}}"#,
    ]
    .map(|line| line.to_owned() + "\n")
    .concat()
}

#[test]
fn soap_comes_back_as_it_was() {
    let shop = tickets();
    let flags = "--wsdl tickets.wsdl";
    for version in ["", " --soap 1.1", " --soap 1.2"] {
        let soap = shop.convert(&format!("{flags}{version}"), messages());
        assert_eq!(text(&soap).matches("<soap:Envelope").count(), 3);
        assert_eq!(text(&soap).matches("soap-envelope").count(), if version.ends_with('2') { 3 } else { 0 });
        assert_eq!(text(&shop.convert(flags, soap.clone())), messages());
        // One after the other, with blanks or without, with a mark and with comments between them.
        let close = text(&soap).replace(">\n<", "><");
        assert_eq!(text(&shop.convert(flags, format!("\u{feff}{close}<!-- end -->"))), messages());
        let told = shop.adapt("detect --format json", soap);
        let told: Value = serde_json::from_slice(&told.stdout).unwrap();
        assert_eq!(told["format"], "soap");
        assert_eq!(told["body"], json!({ "namespace": "urn:tickets", "name": "CreateTicket" }));
    }
    let named = format!("{flags} --op CreateTicket");
    let soap = shop.convert(&named, CREATE);
    assert_eq!(text(&shop.convert(&named, soap)), format!("{CREATE}\n"));
    assert_eq!(shop.convert(flags, ""), b"");
}

#[test]
fn headers_and_faults_are_members() {
    let shop = tickets();
    let flags = "--wsdl tickets.wsdl --op CreateTicket";
    let call = r#"{"$headers":{"Session":"abc"},"ticket":{"id":1,"title":""}}"#;
    let soap = shop.convert(flags, call);
    assert_eq!(text(&shop.convert(flags, soap)), format!("{call}\n"));
    let fault = r#"{"$fault":{"code":"Client","reason":{"en":"no"},"detail":{"Refused":{"why":"busy"}}}}"#;
    let soap = shop.convert(&format!("{flags} --to soap"), fault);
    assert!(text(&soap).contains("<faultcode>soap:Client</faultcode>"), "{}", text(&soap));
    assert_eq!(text(&shop.convert(flags, soap.clone())), format!("{fault}\n"));
    let (code, said) = shop.refused("--wsdl tickets.wsdl", soap);
    assert!(code == 65 && said.contains("the operation must be named"), "{said}");
}

#[test]
fn soap_becomes_thrift_and_thrift_soap() {
    let shop = tickets();
    let flags = "--wsdl tickets.wsdl --idl tickets.thrift --service Tickets";
    let soap = shop.convert("--wsdl tickets.wsdl", messages());
    for protocol in ["binary", "compact", "json"] {
        for transport in ["none", "framed", "header", "header --zlib"] {
            let written = format!("{flags} --protocol {protocol} --transport {transport}");
            let thrift = shop.convert(&format!("{written} --from soap"), soap.clone());
            // What Thrift's own side says of it.
            let json = shop.convert("--idl tickets.thrift --service Tickets", thrift.clone());
            let reply = messages().replace("{\"id\":12}", "12");
            assert_eq!(text(&json), reply, "{written}");
            assert_eq!(text(&shop.convert(flags, thrift)), text(&soap), "{written}");
        }
    }
    // A fault that both sides declare.
    let thrown = r#"{"message":"reply","method":"CreateTicket","sequence":1,"result":{"$exception":"Refused","why":"busy"}}"#;
    let thrift = shop.convert("--idl tickets.thrift --service Tickets", thrown);
    let soap = shop.convert(flags, thrift.clone());
    assert!(text(&soap).contains("<n2:Refused><n2:why>busy</n2:why></n2:Refused>"), "{}", text(&soap));
    let back = shop.convert(&format!("{flags} --op CreateTicket --protocol binary --to thrift"), soap);
    assert_eq!(back, thrift);
}

#[test]
fn a_struct_is_the_body_or_its_only_part() {
    let shop = tickets();
    let flags = "--wsdl tickets.wsdl --op CreateTicket --idl tickets.thrift";
    let reply = shop.convert("--wsdl tickets.wsdl --op CreateTicket --side response", "{\"id\":12}");
    let answer = shop.convert(&format!("{flags} --struct Answer"), reply.clone());
    assert_eq!(shop.convert("--idl tickets.thrift --struct Answer", answer.clone()), b"{\"id\":12}\n");
    let back = shop.convert(&format!("{flags} --struct Answer --side response --protocol binary"), answer);
    assert_eq!(text(&back), text(&reply));
    // A part of the body that is no field of the struct is the struct.
    shop.write(
        "shop.wsdl",
        WSDL.replace("<xs:element name=\"urgent\" type=\"xs:boolean\" minOccurs=\"0\"/>", ""),
    );
    let call = "{\"ticket\":{\"id\":7,\"title\":\"a\"}}";
    let soap = shop.convert("--wsdl shop.wsdl --op CreateTicket", call);
    let flags = "--wsdl shop.wsdl --op CreateTicket --idl tickets.thrift --struct Ticket";
    let ticket = shop.convert(flags, soap.clone());
    assert_eq!(
        shop.convert("--idl tickets.thrift --struct Ticket", ticket.clone()),
        b"{\"id\":7,\"title\":\"a\"}\n"
    );
    assert_eq!(shop.convert(&format!("{flags} --protocol binary"), ticket), soap);
}

#[test]
fn errors_of_soap_name_their_place() {
    let shop = tickets();
    let flags = "--wsdl tickets.wsdl --op CreateTicket";
    let good = shop.convert(flags, CREATE);
    let bad = text(&good).replace("<n3:id>7<", "<n3:id>seven<");
    let input = format!("{}{bad}", text(&good));
    let (code, said) = shop.refused(flags, input.clone());
    let at = input.find("<n3:id>seven").unwrap();
    let start =
        "kefu: cannot convert message 2 of standard input: ticket.id: expected an integer within its bounds";
    assert!(code == 65 && said.starts_with(start), "{said}");
    assert!(said.contains(", line 4;") && at > good.len(), "{said}");

    let input = CREATE.replace("\"id\":7", "\"id\":\"x\"");
    let at = input.find("\"x\"").unwrap();
    let (code, said) = shop.refused(flags, format!("{CREATE}\n{input}\n"));
    let at = format!("at byte {}, line 2;", CREATE.len() + 1 + at);
    assert!(
        code == 65 && said.contains("message 2 of standard input: ticket.id: ") && said.contains(&at),
        "{said}"
    );
    let whole = format!("{{\"message\":\"call\",\"method\":\"CreateTicket\",\"arguments\":{input}}}");
    let at = format!("at byte {}, line 1;", whole.find("\"x\"").unwrap());
    let (_, said) = shop.refused("--wsdl tickets.wsdl", whole);
    assert!(said.contains(&at), "{said}");
    // Of SOAP that is Thrift, the place in between is nobody's.
    let idl = IDL.replace("2: required string title", "2: required i32 title");
    shop.write("other.thrift", idl);
    let (code, said) =
        shop.refused("--wsdl tickets.wsdl --idl other.thrift --service Tickets --to thrift", good.clone());
    assert!(
        code == 65 && said.contains("ticket.title: ") && said.contains("in the message from byte 0 on"),
        "{said}"
    );

    let output = shop.adapt(&format!("convert {flags} --keep-going"), format!("{bad}{}", text(&good)));
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout), format!("{CREATE}\n"));
    shop.write("out.json", "before");
    assert_eq!(shop.refused(&format!("{flags} -o out.json"), bad).0, 65);
    assert_eq!(shop.read("out.json"), b"before");
}

#[test]
fn flags_that_do_not_go_together_are_refused() {
    let shop = tickets();
    for (flags, code, said) in [
        ("--from soap --idl tickets.thrift --struct Ticket", 64, "SOAP needs --wsdl FILE"),
        ("--from thrift --wsdl tickets.wsdl", 64, "Thrift needs --idl FILE"),
        ("--to json --wsdl tickets.wsdl --idl tickets.thrift --service Tickets", 64, "leave out one of them"),
        ("--wsdl tickets.wsdl --idl tickets.thrift --struct Ticket", 64, "--struct needs --op"),
        ("--wsdl tickets.wsdl --op CreateTickets", 78, "did you mean `CreateTicket`?"),
        ("--wsdl tickets.wsdl --user desk", 64, "KEFU_SOAP_PASSWORD"),
        ("--wsdl tickets.wsdl --user desk --password-file none", 78, "cannot read the password in none"),
        ("--wsdl none.wsdl", 78, "none.wsdl"),
        ("--op CreateTicket", 64, "--wsdl"),
    ] {
        let (found, message) = shop.refused(flags, "");
        assert!(found == code && message.contains(said), "{flags}: {found} {message}");
    }
    shop.write("bad.wsdl", "<definitions xmlns='http://schemas.xmlsoap.org/wsdl/'>\n<types>");
    let (code, said) = shop.refused("--wsdl bad.wsdl", "");
    assert!(code == 78 && said.contains("bad.wsdl:2:"), "{said}");
}

#[test]
fn a_sender_names_itself_without_its_password_on_the_command_line() {
    let shop = tickets();
    shop.write("password", "s3cret\n");
    let flags = "--wsdl tickets.wsdl --op CreateTicket --user desk --password-file password --timestamp 60";
    let soap = shop.convert(flags, CREATE);
    let soap = text(&soap);
    assert!(soap.contains("<wsse:Username>desk</wsse:Username>") && soap.contains(">s3cret<"), "{soap}");
    assert!(soap.contains("<wsu:Created>20") && soap.contains("<wsu:Expires>20"), "{soap}");
    let soap = shop.convert(&format!("{flags} --password-digest"), CREATE);
    assert!(!text(&soap).contains("s3cret") && text(&soap).contains("#PasswordDigest"));
    // It is a header block like any other when it comes back, and replies have none.
    let back = lines(&shop.convert("--wsdl tickets.wsdl --op CreateTicket", soap));
    assert!(back[0]["$headers"]["$unknown"][0]["$xml"].as_str().unwrap().contains("Timestamp"));
    let reply = shop.convert(&format!("{flags} --side response"), "{\"id\":1}");
    assert!(!text(&reply).contains("wsse"));
}

#[test]
fn attachments_are_read_from_their_package() {
    let shop = tickets();
    let flags = "--wsdl tickets.wsdl --op CreateTicket";
    let include =
        "<n3:file><x:Include xmlns:x=\"http://www.w3.org/2004/08/xop/include\" href=\"cid:1@x\"/></n3:file>";
    let envelope = shop.convert(flags, CREATE);
    let envelope = text(&envelope).replace("<n3:file>aGk=</n3:file>", include);
    let package = format!(
        "MIME-Version: 1.0\r\nContent-Type: Multipart/Related; boundary=\"b\"; type=\"application/xop+xml\"\r\n\r\n\
         --b\r\nContent-Type: application/xop+xml\r\n\r\n{envelope}\r\n--b\r\nContent-ID: <1@x>\r\n\r\nhi\r\n--b--\r\n"
    );
    assert_eq!(text(&shop.convert(flags, package.clone())), format!("{CREATE}\n"));
    let told = shop.adapt("detect", package.clone());
    assert!(text(&told.stdout).contains("package    with attachments"));
    let (code, said) = shop.refused(flags, package.replace("cid:1@x", "http://localhost/x"));
    assert!(code == 65 && said.contains("ticket.file"), "{said}");
}

#[test]
fn inspect_lists_a_description() {
    let shop = tickets();
    let output = shop.adapt("inspect tickets.wsdl", "");
    assert_eq!(output.status.code(), Some(0));
    let said = text(&output.stdout);
    for line in [
        "service Tickets",
        "    CreateTicket(ticket: Ticket, urgent?: boolean) -> (id: long)",
        "      fault: Refused: { why: string }",
    ] {
        assert!(said.lines().any(|found| found == line), "{line} is not in {said}");
    }
    assert!(text(&output.stderr).contains("tickets.wsdl:97:5: warning: the port \"Plain\""), "{output:?}");
    let output = shop.adapt("inspect tickets.wsdl --format json", "");
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    let port = &document["schema"]["services"]["Tickets"]["ports"]["Tickets11"];
    assert_eq!(port["operations"]["CreateTicket"]["action"], "urn:tickets/Create");
    assert_eq!(document["warnings"][0]["line"], 97);
    shop.write("a.xsd", "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:element name='a' type='xs:int'/></xs:schema>");
    assert_eq!(text(&shop.adapt("inspect a.xsd", "").stdout), "element a: int\n");
    shop.write("b.xsd", "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'><xs:element name='a' type='xs:inte'/></xs:schema>");
    let output = shop.adapt("inspect b.xsd --format json", "");
    assert_eq!(output.status.code(), Some(78));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["errors"][0]["line"], 1);
}

#[test]
fn a_service_of_thrift_is_described_for_clients_of_soap() {
    let shop = tickets();
    let flags = "wsdl tickets.thrift --address http://localhost/soap";
    let output = shop.adapt(&format!("{flags} -o own.wsdl --namespace urn:own"), "");
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""));
    // The same message on both sides.
    let thrift = "--idl tickets.thrift --service Tickets";
    let call = format!(
        "{{\"message\":\"call\",\"method\":\"CreateTicket\",\"sequence\":1,\"arguments\":{CREATE}}}\n"
    );
    let soap = shop.convert(&format!("--wsdl own.wsdl {thrift}"), shop.convert(thrift, call.as_str()));
    assert!(text(&soap).contains("\"urn:own\""), "{}", text(&soap));
    assert_eq!(text(&shop.convert("--wsdl own.wsdl", soap)), call);
    assert!(text(&shop.adapt("inspect own.wsdl", "").stdout).contains("port TicketsSoap12, SOAP 1.2"));

    shop.write("odd.thrift", "service A { void put(1: map<string, i32> m) void ping() } service B {}");
    let refused = |line: &str| {
        let output = shop.adapt(line, "");
        (output.status.code().unwrap(), text(&output.stderr).to_owned())
    };
    let (code, said) = refused("wsdl odd.thrift --address http://x");
    assert!(code == 64 && said.contains("which service is meant: A, B"), "{said}");
    let (code, said) = refused("wsdl odd.thrift --address http://x --service C");
    assert!(code == 78 && said.contains("no service \"C\""), "{said}");
    let (code, said) = refused("wsdl odd.thrift --address http://x --service A");
    assert!(
        code == 65 && said.contains("put.m: a map has no counterpart") && said.contains("--keep-going"),
        "{said}"
    );
    let output = shop.adapt("wsdl odd.thrift --address http://x --service A --keep-going", "");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("\"ping\"") && !text(&output.stdout).contains("\"put\""));
}

#[test]
fn hostile_xml_is_refused_in_no_time() {
    let shop = tickets();
    let body = |inside: &str| {
        format!(
            "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><t:CreateTicket xmlns:t='urn:tickets'>\
             {inside}</t:CreateTicket></s:Body></s:Envelope>"
        )
    };
    let bomb = "<!DOCTYPE a [<!ENTITY a 'aaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>]><a>&b;</a>".to_owned();
    let attributes: String = (0..80_000).map(|index| format!(" a{index}=''")).collect();
    for (input, code) in [
        (bomb, 65),
        (body(&format!("<t:ticket{attributes}/>")), 2),
        (body(&"<a>".repeat(200_000)), 2),
        (body(&("<a>".repeat(100_000) + &"</a>".repeat(100_000))), 2),
    ] {
        let (found, said) = shop.refused("--wsdl tickets.wsdl", input);
        assert!(found == code, "{found} {}", &said[..said.len().min(300)]);
    }
}
