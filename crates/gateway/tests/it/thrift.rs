//! JSON to Thrift and Thrift to JSON: two bridges in a row, so that each protocol and transport is written by a client
//! and read by a server.

use serde_json::json;

use crate::support::{Api, Bridge, Client};

/// A bridge that is a Thrift service before the API.
async fn back(api: &Api) -> Bridge {
    Bridge::start(&format!(
        "listen: 127.0.0.1:0
endpoints:
  - name: back
    inbound: {{kind: thrift, listen: '127.0.0.1:0', path: /thrift, idl: '@/shop.thrift'}}
    upstream: {{kind: json, address: 'http://{}/api'}}
    operations:
      getOrder: {{method: GET, path: '/orders/{{id}}', statuses: {{NotFound: 404}}}}
",
        api.address
    ))
    .await
}

/// A bridge that is JSON before a Thrift service, once for each way to speak to it.
async fn front(addresses: &[(String, String, String)]) -> Bridge {
    let mut text = "listen: 127.0.0.1:0\nendpoints:\n".to_owned();
    for (name, address, more) in addresses {
        text.push_str(&format!(
            "  - name: {name}
    inbound: {{kind: json, path: /{name}, i64: js-safe}}
    upstream: {{kind: thrift, idl: '@/shop.thrift', address: '{address}'{more}}}
    operations:
      getOrder: {{method: GET, path: '/orders/{{id}}', statuses: {{NotFound: 404}}}}
"
        ));
    }
    Bridge::start(&text).await
}

async fn calls_pass(client: &Client, name: &str) {
    let order = json!({
        "id": "9007199254740993",
        "items": [{"name": "茶 <&>", "price": 0.1}],
        "state": "PAID",
        "seal": "AAEC"
    });
    let answered = client.get(&format!("/{name}/orders/9007199254740993")).await;
    assert_eq!((answered.status, answered.json), (200, order.clone()), "{name}: {}", answered.text);
    let answered = client.post(&format!("/{name}/putOrder"), json!({ "order": order })).await;
    assert_eq!((answered.status, answered.json), (200, order), "{name}: {}", answered.text);

    let answered = client.get(&format!("/{name}/orders/404")).await;
    assert_eq!(answered.status, 404, "{name}: {}", answered.text);
    assert_eq!(answered.headers["content-type"], "application/problem+json");
    let exception = json!({"$exception": "NotFound", "why": "there is no order 404"});
    assert_eq!(answered.json["exception"], exception, "{name}");

    let answered = client.get(&format!("/{name}/orders/500")).await;
    assert_eq!((answered.status, &answered.json["code"]), (502, &json!("upstream_failed")), "{name}");

    let answered = client.post(&format!("/{name}/touch"), json!({"id": 1})).await;
    assert_eq!((answered.status, answered.text.as_str()), (204, ""), "{name}");
    let answered = client.post(&format!("/{name}/note"), json!({"line": name})).await;
    assert_eq!(answered.status, 202, "{name}");
    let tags = json!({"names": ["a", "", "é"], "loud": true});
    assert_eq!(client.post(&format!("/{name}/tags"), tags).await.json, json!(["A", "", "É"]), "{name}");
}

#[tokio::test]
async fn every_protocol_and_transport_carries_calls_both_ways() {
    let api = Api::start().await;
    let back = back(&api).await;
    let (tcp, http) = (back.address("back"), back.address("http"));
    let mut ways = Vec::new();
    for protocol in ["binary", "compact", "json"] {
        for transport in ["framed", "unframed", "header", "header-zlib"] {
            let more = format!(", protocol: {protocol}, transport: {transport}");
            ways.push((format!("{protocol}-{transport}"), tcp.to_string(), more));
        }
        let more = format!(", protocol: {protocol}");
        ways.push((format!("{protocol}-http"), format!("http://{http}/thrift"), more));
    }
    ways.push(("ttheader".to_owned(), tcp.to_string(), ", transport: ttheader".to_owned()));
    ways.push(("multiplexed".to_owned(), tcp.to_string(), ", multiplexed: Shop".to_owned()));
    let front = front(&ways).await;
    let client = front.client();
    for (name, ..) in &ways {
        // Twice, so that connections are used again.
        calls_pass(&client, name).await;
        calls_pass(&client, name).await;
    }
    let noted = api.wait_for("/api/note").await;
    assert_eq!(noted, json!({"line": "binary-framed"}));
    let metrics = client.get("/metrics").await.text;
    let line = "kefu_gateway_calls_total{endpoint=\"compact-header\",operation=\"getOrder\",outcome=\"exception\"} 2";
    assert!(metrics.contains(line), "{metrics}");
    let line = "kefu_gateway_pool_connections{endpoint=\"compact-header\",state=\"idle\"} 1";
    assert!(metrics.contains(line), "{metrics}");
    front.stop().await;
    back.stop().await;
}

#[tokio::test]
async fn what_does_not_fit_is_refused_and_says_where() {
    let api = Api::start().await;
    let back = back(&api).await;
    let other = ", multiplexed: Other".to_owned();
    let front = front(&[
        ("shop".to_owned(), back.address("back").to_string(), String::new()),
        ("other".to_owned(), back.address("back").to_string(), other),
    ])
    .await;
    let client = front.client();
    let body = json!({"order": {"id": 1, "items": [{"name": 7}]}});
    let answered = client.post("/shop/putOrder", body).await;
    assert_eq!(
        (answered.status, &answered.json["path"]),
        (400, &json!("order.items[0].name")),
        "{}",
        answered.text
    );
    for (path, status) in [
        ("/shop/orders/seven", 400),
        ("/shop/orders/7?more=1", 400),
        ("/shop/putOrder", 405),
        ("/shop/none", 404),
        ("/none", 404),
    ] {
        let answered = client.get(path).await;
        assert_eq!((answered.status, &answered.json["status"]), (status, &json!(status)), "{path}");
    }
    assert_eq!(client.get("/shop/putOrder").await.headers["allow"], "POST");
    let request = http::Request::post("/shop/touch").header("content-type", "text/plain").body("{}".into());
    assert_eq!(client.send(request.unwrap()).await.status, 415);
    // A server of several services that does not have the one that is asked for.
    assert_eq!(client.post("/other/touch", json!({"id": 1})).await.status, 501);
}

/// An address that nobody has: it was given back a moment ago.
fn free() -> std::net::SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[tokio::test]
async fn several_services_share_a_port_and_are_told_apart_by_name() {
    let (api, port) = (Api::start().await, free());
    let bridge = |second: &str| {
        format!(
            "listen: 127.0.0.1:0
endpoints:
  - name: shop
    inbound: {{kind: thrift, listen: '{port}', idl: '@/shop.thrift'}}
    upstream: {{kind: json, address: 'http://{api}/api'}}
    body: 4 KiB
  - name: stock
    inbound: {{kind: thrift, listen: '{port}', idl: {second}}}
    upstream: {{kind: json, address: 'http://{api}/stock'}}
",
            api = api.address
        )
    };
    let dir = tempfile::tempdir().unwrap();
    let stock = dir.path().join("stock.thrift");
    std::fs::write(&stock, "service Stock { list<string> tags(1: list<string> names, 2: bool loud) }")
        .unwrap();
    let stock = stock.display().to_string();
    let back = Bridge::start(&bridge(&stock)).await;
    assert_eq!(back.address("shop"), port);
    assert_eq!(back.server.addresses().len(), 2, "one listener for both, and that of HTTP");

    let mut ways = vec![("unnamed", "'@/shop.thrift'".to_owned(), "")];
    for name in ["Shop", "shop"] {
        ways.push((name, "'@/shop.thrift'".to_owned(), name));
    }
    ways.push(("stock", format!("'{stock}'"), "Stock"));
    let mut text = "listen: 127.0.0.1:0\nendpoints:\n".to_owned();
    for (name, idl, wanted) in &ways {
        let named = if wanted.is_empty() { String::new() } else { format!(", multiplexed: {wanted}") };
        text.push_str(&format!(
            "  - name: to-{name}\n    inbound: {{kind: json, path: /to-{name}}}\n    \
             upstream: {{kind: thrift, idl: {idl}, address: '{port}'{named}}}\n"
        ));
    }
    let front = Bridge::start(&text).await;
    let client = front.client();
    let tags = |loud: bool| json!({"names": ["a"], "loud": loud});
    for name in ["Shop", "shop", "stock"] {
        let answered = client.post(&format!("/to-{name}/tags"), tags(true)).await;
        assert_eq!((answered.status, answered.json), (200, json!(["A"])), "{name}: {}", answered.text);
    }
    let unnamed = client.post("/to-unnamed/tags", tags(false)).await;
    assert_eq!(unnamed.status, 501, "{}", unnamed.text);
    assert!(unnamed.text.contains("names none of the services here: Shop, Stock"), "{}", unnamed.text);
    // What is too long for the one is not for the other.
    let long =
        |name: &str| (format!("/to-{name}/tags"), json!({"names": ["x".repeat(8 << 10)], "loud": false}));
    let ((shop, body), (stock, same)) = (long("Shop"), long("stock"));
    let refused = client.post(&shop, body).await;
    assert!(refused.status >= 400 && refused.text.contains("more than 4096 bytes"), "{}", refused.text);
    assert_eq!(client.post(&stock, same).await.status, 200);

    let twice = tempfile::tempdir().unwrap();
    crate::support::write(&twice, &bridge("'@/shop.thrift'"));
    let Err(failure) = kefu_gateway::Server::load(&twice.path().join("bridge.yaml")) else { panic!() };
    let line = failure.line(kefu_app::Language::English);
    assert!(line.contains("another bridge on this port is the service Shop, too"), "{line}");
}
