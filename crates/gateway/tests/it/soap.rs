//! JSON to SOAP and SOAP to JSON and Thrift: bridges in a row.

use http::Request;
use kefu_wire::soap::ENVELOPE_11;
use serde_json::json;

use crate::support::{Api, Bridge};

/// A bridge that is a SOAP service before the API.
async fn back(api: &Api) -> Bridge {
    Bridge::start(&format!(
        "listen: 127.0.0.1:0
endpoints:
  - name: back
    inbound: {{kind: soap, path: /soap/tickets, wsdl: '@/tickets.wsdl'}}
    upstream: {{kind: json, address: 'http://{}/api'}}
    operations:
      GetTicket: {{method: GET, path: '/tickets/{{id}}', result: ticket, statuses: {{NoTicket: 404}}}}
",
        api.address
    ))
    .await
}

#[tokio::test]
async fn both_versions_carry_calls_and_faults_both_ways() {
    let api = Api::start().await;
    let back = back(&api).await;
    let address = back.address("http");
    let mut text = "listen: 127.0.0.1:0\nendpoints:\n".to_owned();
    for version in ["1.1", "1.2"] {
        text.push_str(&format!(
            "  - name: v{}
    inbound: {{kind: json, path: '/{version}'}}
    upstream: {{kind: soap, wsdl: '@/tickets.wsdl', address: 'http://{address}/soap/tickets', version: '{version}'}}
    operations:
      GetTicket: {{method: GET, path: '/{{id}}', statuses: {{NoTicket: 404}}}}
",
            version.replace('.', "-")
        ));
    }
    let front = Bridge::start(&text).await;
    let client = front.client();
    for version in ["1.1", "1.2"] {
        let ticket = json!({"id": 7, "subject": "打印机 <&>", "priority": "high", "tag": ["a", "b"]});
        let answered = client.get(&format!("/{version}/7")).await;
        assert_eq!(
            (answered.status, &answered.json),
            (200, &json!({ "ticket": ticket })),
            "{}",
            answered.text
        );
        let answered =
            client.post(&format!("/{version}/CreateTicket"), json!({"ticket": {"subject": "x"}})).await;
        assert_eq!((answered.status, answered.json), (200, json!({"id": 4711})));
        let answered =
            client.post(&format!("/{version}/Comment"), json!({"id": 7, "text": ["a", "b"]})).await;
        assert_eq!((answered.status, answered.json), (200, json!({})), "{}", answered.text);

        let answered = client.get(&format!("/{version}/404")).await;
        assert_eq!(answered.status, 404, "{}", answered.text);
        assert_eq!(answered.json["$fault"]["detail"], json!({"NoTicket": {"id": 404}}), "{}", answered.text);
        let answered = client.get(&format!("/{version}/500")).await;
        assert_eq!((answered.status, &answered.json["code"]), (502, &json!("fault")), "{}", answered.text);
        let answered =
            client.post(&format!("/{version}/CreateTicket"), json!({"ticket": {"priority": "low"}})).await;
        assert_eq!(answered.status, 400, "{}", answered.text);
        assert_eq!(answered.json["path"], "ticket.subject", "{}", answered.text);
    }
}

#[tokio::test]
async fn the_description_leads_back_to_the_bridge() {
    let api = Api::start().await;
    let back = back(&api).await;
    let client = back.client();
    let own = format!("http://{}/soap/tickets", back.address("http"));
    let answered = client.get("/soap/tickets?wsdl").await;
    assert_eq!(answered.text.matches(&format!("location=\"{own}\"")).count(), 2, "{}", answered.text);
    assert!(
        answered.text.contains(&format!("schemaLocation=\"{own}?wsdl=tickets.xsd\"")),
        "{}",
        answered.text
    );
    let answered = client.get("/soap/tickets?wsdl=tickets.xsd").await;
    assert!(answered.text.contains("complexType name=\"Ticket\""), "{}", answered.text);
    assert_eq!(client.get("/soap/tickets?wsdl=../shop.thrift").await.status, 404);
    assert_eq!(client.get("/soap/tickets").await.status, 404);
    assert_eq!(client.call(http::Method::PUT, "/soap/tickets", "").await.status, 405);
}

#[tokio::test]
async fn what_cannot_be_understood_is_a_fault() {
    let api = Api::start().await;
    let back = back(&api).await;
    let client = back.client();
    let ticket = "<t:GetTicket xmlns:t='urn:example:tickets'><t:id>7</t:id></t:GetTicket>";
    let envelope = |namespace: &str, header: &str, body: &str| {
        format!(
            "<s:Envelope xmlns:s='{namespace}'><s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
        )
    };
    let must = "<x:Lock xmlns:x='urn:x' s:mustUnderstand='1'/>";
    for (body, status, said) in [
        (envelope(ENVELOPE_11, "", ticket), 200, "<"),
        (envelope(ENVELOPE_11, must, ticket), 500, "soap:MustUnderstand"),
        (envelope(ENVELOPE_11, "", "<other/>"), 500, "no operation"),
        (envelope(ENVELOPE_11, "", &ticket.replace('7', "x")), 500, "soap:Client"),
        (envelope("urn:other", "", ticket), 500, "soap:Client"),
        ("<!DOCTYPE x [<!ENTITY e 'x'>]><x>&e;</x>".to_owned(), 500, "soap:Client"),
        ("no xml".to_owned(), 500, "soap:Client"),
    ] {
        let request =
            Request::post("/soap/tickets").header("content-type", "text/xml").body(body.clone().into());
        let answered = client.send(request.unwrap()).await;
        assert_eq!(answered.status, status, "{body}\n{}", answered.text);
        assert!(answered.text.contains(said), "{body}\n{}", answered.text);
    }
}

/// The same operations as a Thrift service; the reply's only member is what the function returns.
const TICKETS: &str = "
exception NoTicket { 1: i64 id }
struct Ticket { 1: optional i64 id; 2: string subject; 3: optional string priority; 4: optional list<string> tag }
service Tickets {
  Ticket GetTicket(1: i64 id) throws (1: NoTicket missing)
  i64 CreateTicket(1: Ticket ticket)
  void Comment(1: i64 id, 2: list<string> text)
}
";

#[tokio::test]
async fn soap_and_thrift_meet_without_json_outside() {
    let api = Api::start().await;
    let back = back(&api).await;
    // Thrift before SOAP, SOAP before that Thrift, and JSON before that SOAP.
    let thrift = |upstream: &str| {
        format!(
            "listen: 127.0.0.1:0
endpoints:
  - name: thrift
    inbound: {{kind: thrift, listen: '127.0.0.1:0', idl: tickets.thrift}}
    upstream: {{kind: soap, wsdl: '@/tickets.wsdl', address: '{upstream}'}}
"
        )
    };
    let dir = tempfile::tempdir().unwrap();
    let idl = dir.path().join("tickets.thrift");
    std::fs::write(&idl, TICKETS).unwrap();
    let idl = idl.display().to_string();
    let soap = format!("http://{}/soap/tickets", back.address("http"));
    let middle = Bridge::start(&thrift(&soap).replace("tickets.thrift", &idl)).await;
    let outer = Bridge::start(&format!(
        "listen: 127.0.0.1:0
endpoints:
  - name: soap
    inbound: {{kind: soap, path: /soap, wsdl: '@/tickets.wsdl'}}
    upstream: {{kind: thrift, idl: '{idl}', address: '{}'}}
",
        middle.address("thrift")
    ))
    .await;
    let front = Bridge::start(&format!(
        "listen: 127.0.0.1:0
endpoints:
  - name: json
    inbound: {{kind: json, path: /t}}
    upstream: {{kind: soap, wsdl: '@/tickets.wsdl', address: 'http://{}/soap'}}
",
        outer.address("http")
    ))
    .await;
    let client = front.client();
    let ticket = json!({"id": 7, "subject": "打印机 <&>", "priority": "high", "tag": ["a", "b"]});
    let answered = client.post("/t/GetTicket", json!({"id": 7})).await;
    assert_eq!((answered.status, &answered.json), (200, &json!({ "ticket": ticket })), "{}", answered.text);
    let answered = client.post("/t/CreateTicket", json!({"ticket": {"subject": "x"}})).await;
    assert_eq!((answered.status, answered.json), (200, json!({"id": 4711})), "{}", answered.text);
    let answered = client.post("/t/Comment", json!({"id": 7, "text": ["a"]})).await;
    assert_eq!((answered.status, answered.json), (200, json!({})), "{}", answered.text);
    let answered = client.post("/t/GetTicket", json!({"id": 404})).await;
    assert_eq!(answered.json["$fault"]["detail"], json!({"NoTicket": {"id": 404}}), "{}", answered.text);
}
