//! Bridges as a part of another server.

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt as _, Full};
use kefu_app::Language;
use kefu_gateway::{Called, Fate, HeldBack, Server};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::support::{Api, write};

/// Files with a bridge of JSON to SOAP that needs a key, one of Thrift for everybody, and one for nobody outside.
fn files(api: &Api) -> (tempfile::TempDir, Vec<std::path::PathBuf>) {
    let dir = tempfile::tempdir().unwrap();
    let soap = format!(
        "endpoints:
  - name: tickets
    inbound: {{kind: soap, path: /elsewhere, wsdl: '@/tickets.wsdl'}}
    upstream: {{kind: json, address: 'http://{0}/api'}}
    operations: {{GetTicket: {{method: GET, path: '/tickets/{{id}}', result: ticket}}}}
  - name: shop
    public: true
    inbound: {{kind: thrift, listen: '127.0.0.1:0', idl: '@/shop.thrift'}}
    upstream: {{kind: json, address: 'http://{0}/api'}}
",
        api.address
    );
    write(&dir, &soap);
    let first = dir.path().join("first.yaml");
    std::fs::rename(dir.path().join("bridge.yaml"), &first).unwrap();
    let own = format!(
        "endpoints:
  - name: own
    inbound: {{kind: internal}}
    upstream: {{kind: json, address: 'http://{}/api'}}
    operations:
      order: {{method: GET, path: '/orders/{{id}}'}}
      change: {{method: POST, path: /putOrder}}
",
        api.address
    );
    write(&dir, &own);
    let second = dir.path().join("bridge.yaml");
    (dir, vec![first, second])
}

fn within(files: &[std::path::PathBuf], rehearsal: Option<mpsc::Sender<HeldBack>>) -> std::sync::Arc<Server> {
    Server::within(files, "/gateway", rehearsal)
        .unwrap_or_else(|failure| panic!("{}", failure.line(Language::English)))
}

async fn ask(server: &Server, method: Method, path: &str, body: &'static str) -> (u16, String) {
    let request = Request::builder().method(method).uri(path).header("content-type", "text/xml");
    let answer = server.answer(request.body(Full::new(Bytes::from(body))).unwrap()).await;
    let (head, body) = answer.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    (head.status.as_u16(), String::from_utf8_lossy(&body).into_owned())
}

const ENVELOPE: &str = "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body>\
    <GetTicket xmlns='urn:example:tickets'><id>7</id></GetTicket></e:Body></e:Envelope>";

#[tokio::test]
async fn bridges_are_below_the_prefix_and_their_name() {
    let api = Api::start().await;
    let (_dir, files) = files(&api);
    let server = within(&files, None);
    let (status, text) = ask(&server, Method::POST, "/gateway/tickets", ENVELOPE).await;
    assert!(status == 200 && text.contains("打印机 &lt;&amp;&gt;"), "{status} {text}");
    let (status, text) = ask(&server, Method::GET, "/gateway/tickets?wsdl", "").await;
    assert!(status == 200 && text.contains("http://localhost/gateway/tickets"), "{status} {text}");
    for path in ["/elsewhere", "/gateway/own/order", "/gateway/none", "/metrics"] {
        assert_eq!(ask(&server, Method::POST, path, "{}").await.0, 404, "{path}");
    }
    let publicity = ["tickets", "shop", "own", "none"].map(|name| server.is_public(name));
    assert_eq!(publicity, [Some(false), Some(true), None, None]);
    server.open().await.unwrap();
    let listening: Vec<String> = server.addresses().into_iter().map(|(name, _)| name).collect();
    assert_eq!(listening, ["shop"], "no listener of HTTP");
    let metrics = server.metrics_text();
    let line =
        "kefu_gateway_calls_total{endpoint=\"tickets\",operation=\"GetTicket\",outcome=\"returned\"} 1";
    assert!(metrics.contains(line) && !metrics.contains("# EOF"), "{metrics}");
}

#[tokio::test]
async fn the_process_itself_calls_by_name() {
    let api = Api::start().await;
    let (_dir, files) = files(&api);
    let server = within(&files, None);
    let Called::Returned(order) = server.call("own", "order", &json!({"id": 7})).await else { panic!() };
    assert_eq!(order["state"], "PAID");
    let known = server.in_force();
    assert_eq!(known.names().collect::<Vec<_>>(), ["tickets", "shop", "own"]);
    assert_eq!((known.operations("own"), known.operations("none")), (Some(vec!["order", "change"]), None));
    let twice = ["order", "change", "none"].map(|name| known.is_idempotent("own", name));
    assert_eq!(twice, [true, false, false]);
    let fate = async |bridge: &str, operation: &str, arguments: Value| match server
        .call(bridge, operation, &arguments)
        .await
    {
        Called::Failed { code, fate, .. } => (code, fate),
        Called::Returned(value) => panic!("{value}"),
    };
    assert_eq!(fate("own", "order", json!({"id": 404})).await, ("upstream_status", Fate::Refused));
    assert_eq!(fate("own", "order", json!({"id": 500})).await, ("upstream_status", Fate::Unknown));
    assert_eq!(fate("own", "order", json!({})).await, ("bad_call", Fate::Refused));
    assert_eq!(fate("own", "none", json!({})).await, ("unknown_operation", Fate::Refused));
}

#[tokio::test]
async fn what_may_change_something_is_not_called_in_a_rehearsal_but_told() {
    let api = Api::start().await;
    let (_dir, files) = files(&api);
    let (tell, mut told) = mpsc::channel(8);
    let server = within(&files, Some(tell));
    let comment = "<e:Envelope xmlns:e='http://schemas.xmlsoap.org/soap/envelope/'><e:Body>\
        <Comment xmlns='urn:example:tickets'><id>7</id><text>x</text></Comment></e:Body></e:Envelope>";
    assert_eq!(ask(&server, Method::POST, "/gateway/tickets", ENVELOPE).await.0, 200);
    let (status, text) = ask(&server, Method::POST, "/gateway/tickets", comment).await;
    assert!(status == 500 && text.contains("this is a rehearsal"), "{status} {text}");
    let held = HeldBack { bridge: "tickets".to_owned(), operation: "Comment".to_owned() };
    assert_eq!(told.try_recv(), Ok(held));
    assert_eq!(api.asked.lock().unwrap().len(), 1, "only what reads");
}

#[tokio::test]
async fn what_does_not_go_together_is_refused() {
    let api = Api::start().await;
    let (dir, mut files) = files(&api);
    let refused = |files: &[std::path::PathBuf]| match Server::within(files, "/gateway", None) {
        Ok(_) => panic!("it is taken"),
        Err(failure) => failure.line(Language::English),
    };
    let line = refused(&[files[0].clone(), files[0].clone()]);
    assert!(line.contains("first.yaml:2: `endpoints.0.name`: another bridge has this name"), "{line}");
    let private = std::fs::read_to_string(&files[0]).unwrap().replace("public: true", "public: false");
    files[0] = dir.path().join("private.yaml");
    std::fs::write(&files[0], private).unwrap();
    let line = refused(&files);
    assert!(line.contains("private.yaml:8: `endpoints.1.inbound.listen`: nothing on a port"), "{line}");
    let own =
        std::fs::read_to_string(&files[1]).unwrap().replace("{kind: internal}", "{kind: internal, path: /x}");
    std::fs::write(&files[1], own).unwrap();
    let line = refused(&files[1..]);
    assert!(line.contains("`endpoints.0.inbound.path`: means nothing to internal"), "{line}");
}
