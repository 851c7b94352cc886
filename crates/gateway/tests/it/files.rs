//! Bridge files: what is wrong with them is said with its place, and a new one takes the place of an old one.

use std::sync::atomic::{AtomicBool, Ordering};

use kefu_app::Language;
use kefu_gateway::Server;
use serde_json::json;

use crate::support::{Api, Bridge, Client, fixture, write};

fn refused(text: &str) -> String {
    let dir = tempfile::tempdir().unwrap();
    write(&dir, text);
    match Server::load(&dir.path().join("bridge.yaml")) {
        Ok(_) => panic!("it is taken:\n{text}"),
        Err(failure) => {
            assert_eq!(failure.exit(), kefu_app::Exit::Config);
            failure.line(Language::English).replace(&format!("{}/", dir.path().display()), "")
        }
    }
}

#[test]
fn the_example_is_right() {
    let server = Server::load(&fixture("bridge.yaml")).unwrap_or_else(|failure| {
        panic!("{}", failure.line(Language::English));
    });
    let text = server.describe();
    for line in [
        "HTTP on 127.0.0.1:8090",
        "  getOrder (GET /shop/orders/{id})",
        "  tags (POST /shop/tags)",
        "  GetTicket (GET /tickets/{id})",
        "  GetTicket (POST /soap/tickets)",
        "shop-thrift, Thrift on 127.0.0.1:9090",
        "  getOrder (POST /thrift/shop)",
    ] {
        assert!(text.lines().any(|known| known == line), "{line}\n{text}");
    }
    assert_eq!(server.warnings(), []);
}

#[test]
fn operations_have_the_names_of_the_file_on_the_side_of_json() {
    let describe = |inbound: &str, upstream: &str, operations: &str, others: bool| {
        let dir = tempfile::tempdir().unwrap();
        let text = format!(
            "endpoints:\n  - name: a\n    inbound: {inbound}\n    upstream: {upstream}\n    operations: {operations}\n    \
             others: {others}\n"
        );
        write(&dir, &text);
        let server = Server::load(&dir.path().join("bridge.yaml"));
        server.map(|server| server.describe()).map_err(|failure| failure.line(Language::English))
    };
    let json = "{kind: json, path: /shop}";
    let shop = "{kind: thrift, idl: '@/shop.thrift', address: 'x:1'}";
    let text = describe(json, shop, "{get: {upstream: getOrder}}", true).unwrap();
    assert!(text.contains("  get (POST /shop/get)\n") && !text.contains("getOrder"), "{text}");
    assert!(text.contains("  touch (POST /shop/touch)\n"), "{text}");
    let text = describe(json, shop, "{get: {upstream: getOrder}}", false).unwrap();
    assert_eq!(text.lines().count(), 3, "{text}");
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    let json = "    inbound: {kind: json, path: /shop}\n";
    let shop = "    upstream: {kind: thrift, idl: '@/shop.thrift', address: '127.0.0.1:1'}\n";
    let tickets = "    upstream: {kind: soap, wsdl: '@/tickets.wsdl'}\n";
    let rest = "    upstream: {kind: json, address: 'http://x/'}\n";
    let soap = "    inbound: {kind: soap, path: /s, wsdl: '@/tickets.wsdl'}\n";
    let thrift = "    inbound: {kind: thrift, listen: '127.0.0.1:9', idl: '@/shop.thrift'}\n";
    let cases: &[(&[&str], &str)] = &[
        (
            &[json, shop, "    timout: 1s\n"],
            "bridge.yaml:5: unknown key `endpoints.0.timout`; did you mean `timeout`?",
        ),
        (&[json, shop, "    timeout: 1\n"], "`endpoints.0.timeout` must be a duration"),
        (&[json, shop, "    body: 0 B\n"], "`endpoints.0.body`: must be more than nothing"),
        (&[shop], "bridge.yaml:2: `endpoints.0.inbound.kind`: must be there"),
        (&[json], "`endpoints.0.upstream.kind`: must be there"),
        (&["    inbound: {kind: json, path: shop}\n", shop], "must be a path like /shop"),
        (&["    inbound: {kind: jsno, path: /shop}\n", shop], "did you mean `json`?"),
        (
            &["    inbound: {kind: json, path: /s, wsdl: x}\n", shop],
            "`endpoints.0.inbound.wsdl`: means nothing to json",
        ),
        (&[json, rest], "both sides speak json"),
        (&[json, "    upstream: {kind: json, idl: x}\n", ""], "both sides speak json"),
        (
            &[soap, "    upstream: {kind: json, idl: x, address: 'http://x'}\n"],
            "`endpoints.0.upstream.idl`: means nothing to json",
        ),
        (
            &[json, "    upstream: {kind: thrift, address: 'x:1'}\n"],
            "`endpoints.0.upstream.idl`: must be there",
        ),
        (
            &[json, "    upstream: {kind: thrift, idl: none.thrift, address: 'x:1'}\n"],
            "the schema none.thrift cannot be used",
        ),
        (
            &[json, "    upstream: {kind: thrift, idl: '@/shop.thrift', address: x}\n"],
            "there is no port from 1 to 65535",
        ),
        (
            &[json, "    upstream: {kind: thrift, idl: '@/shop.thrift', address: 'x:1', service: Shp}\n"],
            "there is no service \"Shp\", only: Shop",
        ),
        (
            &[json, "    upstream: {kind: soap, wsdl: '@/tickets.wsdl', address: 'x:1'}\n"],
            "must begin with http://",
        ),
        (
            &[json, "    upstream: {kind: soap, wsdl: '@/tickets.wsdl', username: u}\n"],
            "`endpoints.0.upstream.password_file`: must be there",
        ),
        (
            &[json, "    upstream: {kind: soap, wsdl: '@/tickets.wsdl', authorization_file: none}\n"],
            "cannot read none",
        ),
        (
            &[
                json,
                "    upstream: {kind: thrift, idl: '@/shop.thrift', address: 'x:1', authorization_file: x}\n",
            ],
            "`endpoints.0.upstream.authorization_file`: means nothing to an address without http",
        ),
        (
            &[
                json,
                "    upstream: {kind: thrift, idl: '@/shop.thrift', address: 'http://x', transport: header}\n",
            ],
            "`endpoints.0.upstream.transport`: means nothing to an address of http",
        ),
        (
            &[
                json,
                "    upstream: {kind: thrift, idl: '@/shop.thrift', address: 'x:1', transport: ttheader, protocol: compact}\n",
            ],
            "`endpoints.0.upstream.protocol`: kitex knows only `protocol: binary` within a TTHeader",
        ),
        (
            &[json, "    upstream: {kind: soap, wsdl: '@/tickets.wsdl', ca_file: none}\n"],
            "`endpoints.0.upstream.ca_file`: means nothing to an address without TLS",
        ),
        (
            &[
                json,
                "    upstream: {kind: soap, wsdl: '@/tickets.wsdl', address: 'https://x', ca_file: none}\n",
            ],
            "cannot use ",
        ),
        (&[json, shop, "    operations: {getOrdr: {}}\n"], "the schema has no operation \"getOrdr\""),
        (
            &[json, shop, "    operations: {get: {upstream: x}}\n"],
            "`endpoints.0.operations.get.upstream`: the schema has no operation \"x\"",
        ),
        (&[json, shop, "    operations: {touch: {method: get}}\n"], "must be one of GET, POST"),
        (&[json, shop, "    operations: {touch: {path: '/{x}'}}\n"], "\"x\" is no member of the call"),
        (&[json, shop, "    operations: {touch: {path: '/tags'}}\n"], "the path /shop/tags cannot be served"),
        (
            &[json, shop, "    operations: {touch: {statuses: {X: 200}}}\n"],
            "must be a status from 400 to 599",
        ),
        (&[json, shop, "    operations: {touch: {result: x}}\n"], "means nothing to a bridge without soap"),
        (&[json, tickets, "    operations: {GetTicket: {result: x}}\n"], "is no member of the reply"),
        (&[thrift, tickets, ""], "the two sides have no operation in common"),
        (&[thrift, shop, "    operations: {touch: {path: /x}}\n"], "means nothing to a bridge without json"),
    ];
    for (parts, expected) in cases {
        let text = format!("endpoints:\n  - name: a\n{}", parts.concat());
        let said = refused(&text);
        assert!(said.contains(expected), "{said}\n{text}");
    }
    assert!(refused("listen: 127.0.0.1:0\n").contains("must have from 1 to 256 bridges"));
    let twice = format!("endpoints:\n  - name: a\n{json}{shop}  - name: a\n{soap}{rest}");
    assert!(refused(&twice).contains("bridge.yaml:5: `endpoints.1.name`: another bridge has this name"));
    let twice = format!("endpoints:\n  - name: a\n{json}{shop}  - name: b\n{json}{shop}");
    assert!(refused(&twice).contains("the path /shop"), "{}", refused(&twice));
}

fn tickets(api: &Api, name: &str, path: &str) -> String {
    format!(
        "listen: 127.0.0.1:0
endpoints:
  - name: {name}
    inbound: {{kind: soap, path: {path}, wsdl: '@/tickets.wsdl'}}
    upstream: {{kind: json, address: 'http://{}/api'}}
",
        api.address
    )
}

#[tokio::test]
async fn a_new_file_takes_over_and_a_bad_one_changes_nothing() {
    let api = Api::start().await;
    let bridge = Bridge::start(&tickets(&api, "one", "/one")).await;
    let client = bridge.client();
    assert_eq!(client.get("/one?wsdl").await.status, 200);

    write(&bridge.dir, &tickets(&api, "two", "/two"));
    bridge.server.reload().await.unwrap();
    // The connection is the same: its listener has not changed.
    assert_eq!((client.get("/one?wsdl").await.status, client.get("/two?wsdl").await.status), (404, 200));

    write(&bridge.dir, &tickets(&api, "two", "/two").replace("json", "jsno"));
    assert!(bridge.server.reload().await.is_err());
    assert_eq!(client.get("/two?wsdl").await.status, 200);

    // An address that another has is no reason to give up one's own.
    let taken = format!("listen: {}", api.address);
    write(&bridge.dir, &tickets(&api, "two", "/three").replace("listen: 127.0.0.1:0", &taken));
    let failure = bridge.server.reload().await.unwrap_err();
    assert_eq!(failure.exit(), kefu_app::Exit::Unavailable);
    assert_eq!(client.get("/two?wsdl").await.status, 200);

    let before = bridge.address("http");
    write(&bridge.dir, &tickets(&api, "two", "/four").replace("127.0.0.1:0", "127.0.0.2:0"));
    bridge.server.reload().await.unwrap();
    let after = bridge.address("http");
    assert_ne!(before, after);
    let client = Client::new(after);
    assert_eq!(client.get("/four?wsdl").await.status, 200);
    let metrics = client.get("/metrics").await.text;
    assert!(metrics.contains("kefu_gateway_reloads_total{outcome=\"refused\"} 2"), "{metrics}");
    bridge.stop().await;
}

#[tokio::test]
async fn a_stop_waits_for_the_calls_under_way() {
    // An API that answers when it is allowed to.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    static ASKED: AtomicBool = AtomicBool::new(false);
    let (allow, allowed) = tokio::sync::oneshot::channel::<()>();
    tokio::spawn(async move {
        use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
        let (mut stream, _) = listener.accept().await.unwrap();
        drop(stream.read(&mut [0; 4096]).await);
        ASKED.store(true, Ordering::Relaxed);
        allowed.await.unwrap();
        let answer = b"HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(answer).await.unwrap();
    });
    let bridge = Bridge::start(&format!(
        "listen: 127.0.0.1:0
endpoints:
  - name: tickets
    inbound: {{kind: json, path: /t}}
    upstream: {{kind: soap, wsdl: '@/tickets.wsdl', address: 'http://{address}/'}}
"
    ))
    .await;
    let client = bridge.client();
    let call = tokio::spawn(async move { client.post("/t/GetTicket", json!({"id": 1})).await.status });
    while !ASKED.load(Ordering::Relaxed) {
        tokio::task::yield_now().await;
    }
    bridge.handle().request();
    allow.send(()).unwrap();
    // An empty body is no envelope, but it is an answer.
    assert_eq!(call.await.unwrap(), 502);
    bridge.stop().await;
}
