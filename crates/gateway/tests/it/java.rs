//! Against JAX-WS, as old services in Java have it: `apt-get install default-jdk-headless libjaxws-java`, then
//! `cargo test -p kefu-gateway --test it -- java`. Without them the test says that it is skipped.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use serde_json::json;

use crate::{
    peer::{Peer, run, skipped},
    support::{Bridge, Client},
};

/// The library and what it needs, as Debian has them.
const JARS: &str = "/usr/share/java";

/// Since Java 17, libraries of before may not make classes at run time unless they are allowed to.
const OPENED: [&str; 2] = ["--add-opens", "java.base/java.lang=ALL-UNNAMED"];

fn class_path(classes: &Path) -> String {
    let mut jars: Vec<String> = vec![classes.display().to_string()];
    let names = [
        "jaxws-rt",
        "jaxws-ri-runtime",
        "jaxws-api",
        "jws-api",
        "jaxb-api",
        "jaxb-core",
        "jaxb-impl",
        "jaxb-runtime",
        "javax.activation",
        "javax.xml.soap-api",
        "saaj-impl",
        "geronimo-annotation-1.3-spec",
        "FastInfoset",
        "gmbal",
        "istack-commons-runtime",
        "metro-policy",
        "mimepull",
        "stax-ex",
        "stax2-api",
        "streambuffer",
        "txw2",
        "woodstox-core",
    ];
    jars.extend(names.iter().map(|name| format!("{JARS}/{name}.jar")));
    jars.join(":")
}

/// Compiles the peer, if Java and the library are on this machine.
fn compiled(classes: &Path) -> bool {
    let source = format!("{}/tests/java/Desk.java", env!("CARGO_MANIFEST_DIR"));
    let mut javac = Command::new("javac");
    javac.args(["-cp", &class_path(classes), "-d"]).arg(classes).arg(source);
    let compiled = javac.stdout(Stdio::null()).stderr(Stdio::piped()).output();
    let is_there = Path::new(JARS).join("jaxws-rt.jar").exists();
    match compiled {
        Ok(output) if output.status.success() => true,
        Ok(output) if is_there => panic!("{}", String::from_utf8_lossy(&output.stderr)),
        _ => {
            skipped("javac with JAX-WS is not on this machine");
            false
        }
    }
}

fn java(classes: &Path, arguments: &[&str]) -> Command {
    let mut java = Command::new("java");
    java.args(OPENED).args(["-cp", &class_path(classes), "Desk"]).args(arguments);
    java
}

/// Their description, with its types beside it: nothing is fetched while one is read.
async fn save_description(dir: &Path, name: &str, port: u64) {
    let client = Client::new(([127, 0, 0, 1], u16::try_from(port).unwrap()).into());
    let wsdl = client.get(&format!("/{name}?wsdl")).await.text;
    let types = client.get(&format!("/{name}?xsd=1")).await.text;
    let (head, rest) = wsdl.split_once("schemaLocation=\"").expect("its types are a file of their own");
    let (_, tail) = rest.split_once('"').unwrap();
    let wsdl = format!("{head}schemaLocation=\"{name}.xsd\"{tail}");
    std::fs::write(dir.join(format!("{name}.wsdl")), wsdl).unwrap();
    std::fs::write(dir.join(format!("{name}.xsd")), types).unwrap();
}

/// JSON and their client, our bridge, their server, over both versions of SOAP.
#[tokio::test]
async fn jax_ws_meets_itself_and_json_over_a_bridge() {
    let dir = tempfile::tempdir().unwrap();
    if !compiled(dir.path()) {
        return;
    }
    let mut serve = java(dir.path(), &["serve"]);
    serve.stderr(Stdio::null());
    let desk = Peer::start(serve);
    let mut text = "listen: 127.0.0.1:0\nendpoints:\n".to_owned();
    for (version, name) in [("1.1", "desk11"), ("1.2", "desk12")] {
        let port = desk.said[version].as_u64().unwrap();
        save_description(dir.path(), name, port).await;
        let wsdl = dir.path().join(format!("{name}.wsdl"));
        let upstream = format!(
            "{{kind: soap, wsdl: '{}', address: 'http://127.0.0.1:{port}/{name}', version: '{version}'}}",
            wsdl.display()
        );
        text.push_str(&format!(
            "  - name: {name}-json
    inbound: {{kind: json, path: '/{name}'}}
    upstream: {upstream}
    operations: {{find: {{method: GET, path: '/tickets/{{id}}', result: ticket, statuses: {{NoTicket: 404}}}}}}
  - name: {name}-soap
    inbound: {{kind: soap, path: '/soap/{name}', wsdl: '{}'}}
    upstream: {upstream}
",
            wsdl.display()
        ));
    }
    let bridge = Bridge::start(&text).await;
    let client = bridge.client();
    for (version, name) in [("1.1", "desk11"), ("1.2", "desk12")] {
        let found = client.get(&format!("/{name}/tickets/9007199254740993")).await;
        let ticket = json!({
            "id": 9_007_199_254_740_993_i64, "subject": "打印机 <&>", "price": "10.50", "urgent": true,
            "lines": [{"name": "x1", "count": 1}, {"name": "x2", "count": 2}], "data": "/+8=",
        });
        assert_eq!((found.status, &found.json), (200, &ticket), "{version}: {}", found.text);
        let echoed = client.post(&format!("/{name}/echo"), json!({ "ticket": ticket })).await;
        assert_eq!((echoed.status, &echoed.json["ticket"]), (200, &ticket), "{version}: {}", echoed.text);
        let none = client.get(&format!("/{name}/tickets/-7")).await;
        assert_eq!(none.status, 404, "{version}: {}", none.text);
        assert!(none.text.contains("there is no ticket -7"), "{}", none.text);
        let wsdl = format!("http://{}/soap/{name}?wsdl", bridge.address("http"));
        let said = run(java(dir.path(), &["call", version, &wsdl])).await;
        assert_eq!(said, [format!("{version} ok")]);
    }
}
