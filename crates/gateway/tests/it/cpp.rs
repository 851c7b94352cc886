//! Against Apache's library for C++: `apt-get install g++ thrift-compiler libthrift-dev libboost-dev`, then
//! `cargo test -p kefu-gateway --test it -- cpp`. Without them the test says that it is skipped.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::{
    peer::{Peer, run, skipped},
    peers::{json_calls, thrift_test, upstream},
    support::Bridge,
};

/// Compiles the peer with what their compiler makes of the interface file, if both are on this machine.
fn compiled(dir: &Path) -> Option<PathBuf> {
    // Debian's compiler is older than uuids.
    let idl = fs::read_to_string(thrift_test()).unwrap();
    let known: String =
        idl.lines().filter(|line| !line.contains("uuid")).map(|line| format!("{line}\n")).collect();
    fs::write(dir.join("thrift_test.thrift"), known).unwrap();
    let mut thrift = Command::new("thrift");
    thrift
        .args(["--gen", "cpp", "-out", "."])
        .arg("thrift_test.thrift")
        .current_dir(dir)
        .stdout(Stdio::null());
    let headers = ["thrift/TProcessor.h", "boost/numeric/conversion/cast.hpp"];
    let has_headers = headers.iter().all(|header| Path::new("/usr/include").join(header).exists());
    if !thrift.status().is_ok_and(|status| status.success()) || !has_headers {
        skipped("Apache's library for C++ and its compiler are not on this machine");
        return None;
    }
    let peer = format!("{}/tests/cpp/peer.cpp", env!("CARGO_MANIFEST_DIR"));
    let sources = ["ThriftTest.cpp", "thrift_test_types.cpp", &peer];
    let compilers = sources.map(|source| {
        let mut compiler = Command::new("g++");
        compiler.args(["-std=c++17", "-O0", "-w", "-I.", "-c", source]).current_dir(dir);
        compiler.spawn().unwrap()
    });
    for mut compiler in compilers {
        assert!(compiler.wait().unwrap().success());
    }
    let mut linker = Command::new("g++");
    linker.args([
        "-o",
        "peer",
        "ThriftTest.o",
        "thrift_test_types.o",
        "peer.o",
        "-lthriftz",
        "-lthrift",
        "-lz",
    ]);
    assert!(linker.arg("-pthread").current_dir(dir).status().unwrap().success());
    Some(dir.join("peer"))
}

/// Their client, our bridge, their server, each in another way than the other; and JSON before their server.
#[tokio::test]
async fn cpp_meets_itself_and_json_over_a_bridge() {
    let dir = tempfile::tempdir().unwrap();
    let Some(peer) = compiled(dir.path()) else { return };
    let program = |arguments: &[String]| {
        let mut command = Command::new(&peer);
        command.args(arguments);
        command
    };
    let server = Peer::start(program(&["serve".to_owned()]));
    let ports: Vec<_> = server.said.as_object().unwrap().iter().collect();
    let idl = dir.path().join("thrift_test.thrift").display().to_string();
    let mut text = "listen: 127.0.0.1:0\nendpoints:\n".to_owned();
    for (at, (way, _)) in ports.iter().enumerate() {
        let (other, port) = ports[(at + 1) % ports.len()];
        let upstream = upstream(other, port.as_u64().unwrap());
        text.push_str(&format!(
            "  - name: {way}
    inbound: {{kind: thrift, listen: '127.0.0.1:0', idl: '{idl}'}}
    upstream: {{kind: thrift, {upstream}}}
"
        ));
    }
    let bridge = Bridge::start(&text).await;
    let mut arguments = vec!["call".to_owned()];
    arguments.extend(ports.iter().map(|(way, _)| format!("{way}={}", bridge.address(way).port())));
    let said = run(program(&arguments)).await;
    assert_eq!((said.len(), ports.len()), (8, 8), "{said:#?}");
    json_calls(&server).await;
}
