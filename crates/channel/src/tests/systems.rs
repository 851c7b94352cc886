//! Systems that speak SOAP or Thrift as channels.

use kefu_wire::MemoryLoader;

use super::{NOW_MS, given};
use crate::{Channel, FileError, HttpResponse, Next, Outbound, Plain, Refusal, Seed, Tokens, Verdict, lint};

const DESK: &str = include_str!("../../../../fixtures/channels/ticketdesk.yaml");
const CHAT: &str = include_str!("../../../../fixtures/channels/oldchat.yaml");

fn beside() -> MemoryLoader {
    MemoryLoader::default()
        .with("ticketdesk.wsdl", include_str!("../../../../fixtures/channels/ticketdesk.wsdl"))
        .with("oldchat.thrift", include_str!("../../../../fixtures/channels/oldchat.thrift"))
}

fn load(yaml: &str) -> Result<Channel, Vec<FileError>> {
    Channel::load_with(yaml, &beside())
}

#[test]
fn examples_of_both_kinds_hold_and_nothing_is_forgotten() {
    for yaml in [DESK, CHAT] {
        let channel = load(yaml).unwrap();
        let verdicts = channel.test();
        assert!(verdicts.is_passed(), "{verdicts:#?}");
        assert_eq!(lint(&channel, yaml), Vec::<String>::new());
        let rules = yaml.lines().take_while(|line| *line != "test:").count();
        assert!(rules <= 80, "{}: {rules} lines of rules", channel.id());
    }
}

#[test]
fn what_is_wrong_with_a_description_is_said_with_its_line() {
    for (yaml, from, to, expected) in [
        (DESK, "ticketdesk.wsdl }", "other.wsdl }", "schema.wsdl: other.wsdl:1:1: there is no such file"),
        (DESK, "schema: { wsdl: ticketdesk.wsdl }\n", "", "receive.format: `schema` must name"),
        (
            DESK,
            "method: AddReply",
            "method: AddRepyl",
            "send.text.call.method: the schema has no `AddRepyl`; did you mean `AddReply`?",
        ),
        (
            DESK,
            "wsdl: ticketdesk.wsdl",
            "idl: oldchat.thrift",
            "schema: `service` must say which is meant: Outbox, Inbox",
        ),
        (
            DESK,
            "  format: soap",
            "  format: thrift",
            "receive.format: `schema` must name the description of the messages, `idl`",
        ),
        (DESK, "  format: soap\n", "", "receive.reply.result: only calls of SOAP and Thrift have a result"),
        (
            CHAT,
            "service: Inbox",
            "service: Inbux",
            "schema.service: the interface file has no service `Inbux`; did you mean `Inbox`?",
        ),
        (CHAT, "protocol: compact", "version: \"1.1\"", "schema.version: a version is of SOAP"),
        (CHAT, "protocol: compact", "protocol: compat", "unknown value `compat`; did you mean `compact`?"),
    ] {
        assert!(yaml.contains(from), "{from}");
        let errors = load(&yaml.replacen(from, to, 1)).expect_err(to);
        let said: String = errors.iter().map(|error| format!("{error}\n")).collect();
        assert!(said.contains(expected), "{said}");
    }
    // Alone, a file that names a description cannot be used.
    let errors = Channel::load(DESK).unwrap_err();
    assert!(errors[0].message.contains("there is no such file"), "{errors:?}");
}

#[test]
fn a_call_that_cannot_be_read_gets_a_fault() {
    let channel = load(DESK).unwrap();
    let given = given(&channel);
    let envelope = |version: &str, body: &str| {
        format!("<s:Envelope xmlns:s='{version}'><s:Body>{body}</s:Body></s:Envelope>")
    };
    for (body, code) in [
        (envelope("http://schemas.xmlsoap.org/soap/envelope/", "<Unknown/>"), "<faultcode>soap:Client<"),
        (envelope("http://www.w3.org/2003/05/soap-envelope", "<Unknown/>"), "<soap:Value>soap:Sender<"),
        ("no XML".to_owned(), "<faultcode>soap:Client<"),
    ] {
        let plain = Plain { body: body.into_bytes(), ..Plain::default() };
        let signed = channel.sign(&plain, &given, NOW_MS, Seed([7; 16])).unwrap();
        let received = channel.receive(&signed.request(), &given, NOW_MS);
        assert!(matches!(received.verdict, Verdict::Malformed(_)), "{:?}", received.verdict);
        assert_eq!(received.reply.status, 400);
        let said = String::from_utf8(received.reply.body).unwrap();
        assert!(said.contains(code), "{said}");
    }
}

#[test]
fn an_answer_comes_in_the_words_of_the_call() {
    let channel = load(CHAT).unwrap();
    let given = given(&channel);
    // The binary protocol, in a frame and alone: `ping`-like calls have no answer, `lines` has the number of lines.
    let call = b"\x80\x01\0\x01\0\0\0\x05lines\0\0\0\x09\x0f\0\x01\x0c\0\0\0\0\0";
    let framed = [&u32::try_from(call.len()).unwrap().to_be_bytes()[..], call].concat();
    let answer = b"\x80\x01\0\x02\0\0\0\x05lines\0\0\0\x09\x08\0\0\0\0\0\0\0";
    for (body, expected) in [
        (call.to_vec(), answer.to_vec()),
        (framed, [&u32::try_from(answer.len()).unwrap().to_be_bytes()[..], answer].concat()),
    ] {
        let plain = Plain { body, ..Plain::default() };
        let signed = channel.sign(&plain, &given, NOW_MS, Seed([7; 16])).unwrap();
        let received = channel.receive(&signed.request(), &given, NOW_MS);
        assert_eq!(received.verdict, Verdict::Accepted);
        assert_eq!(received.reply.content_type, "application/x-thrift");
        assert_eq!(received.reply.body, expected);
    }
}

#[test]
fn a_fault_is_quoted_and_what_is_no_answer_is_tried_again() {
    let channel = load(DESK).unwrap();
    let mut given = given(&channel);
    given.settings.insert("desk_url".to_owned(), "http://desk.example/soap".to_owned());
    let message =
        Outbound { id: "m".to_owned(), thread: "T".to_owned(), text: "x".to_owned(), ..Outbound::default() };
    let Next::Call(request) = channel.send(&message, &given, &Tokens::new(), NOW_MS).unwrap() else {
        panic!()
    };
    assert!(request.body.starts_with(b"<?xml"));
    let fault = "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><s:Fault>\
        <faultcode>s:Client</faultcode><faultstring>no such ticket</faultstring></s:Fault></s:Body></s:Envelope>";
    let answer =
        |status, body: &str| HttpResponse { status, headers: Vec::new(), body: body.as_bytes().to_vec() };
    match channel.sent(&message, Ok(&answer(500, fault)), &given, 1) {
        Err(Refusal::Failed { reason }) => assert!(reason.contains("no such ticket"), "{reason}"),
        other => panic!("{other:?}"),
    }
    assert!(matches!(
        channel.sent(&message, Ok(&answer(502, "<html>")), &given, 1),
        Err(Refusal::Retry { .. })
    ));
    assert!(matches!(
        channel.sent(&message, Ok(&answer(200, "<html>")), &given, 1),
        Err(Refusal::Failed { .. })
    ));
}

#[test]
fn large_calls_are_refused_before_they_become_values() {
    let channel = load(DESK).unwrap();
    let given = given(&channel);
    let body = format!(
        "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/' xmlns='urn:ticketdesk'><s:Body><NotesWritten>{}\
         </NotesWritten></s:Body></s:Envelope>",
        "<x/>".repeat(200_000)
    );
    let plain = Plain { body: body.into_bytes(), ..Plain::default() };
    let signed = channel.sign(&plain, &given, NOW_MS, Seed([7; 16])).unwrap();
    match channel.receive(&signed.request(), &given, NOW_MS).verdict {
        Verdict::Malformed(fault) => assert!(fault.message.contains("more than 50000 elements"), "{fault}"),
        other => panic!("{other:?}"),
    }
}
