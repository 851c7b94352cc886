//! Against Apache's library for Python: `pip install thrift`; `PYTHON` names another interpreter than `python3`.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use super::{Shop, lines, text};

/// Reads or writes calls of `getOrder(1: i64 id)`: `python3 -c PEER read|write PROTOCOL TRANSPORT`.
const PEER: &str = r#"
import json, sys
from thrift.Thrift import TType
from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.protocol.TCompactProtocol import TCompactProtocol
from thrift.protocol.TJSONProtocol import TJSONProtocol
from thrift.transport.TTransport import TFramedTransport, TMemoryBuffer

do, protocol, transport = sys.argv[1:]
protocol = {"binary": TBinaryProtocol, "compact": TCompactProtocol, "json": TJSONProtocol}[protocol]
wrap = TFramedTransport if transport == "framed" else lambda buffer: buffer
if do == "write":
    buffer = TMemoryBuffer()
    outer = wrap(buffer)
    for number in (1, -7, 2 ** 53 + 1):
        out = protocol(outer)
        out.writeMessageBegin("getOrder", 1, abs(number) % 1000)
        out.writeStructBegin("getOrder_args")
        out.writeFieldBegin("id", TType.I64, 1)
        out.writeI64(number)
        out.writeFieldEnd()
        out.writeFieldStop()
        out.writeStructEnd()
        out.writeMessageEnd()
        outer.flush()
    sys.stdout.buffer.write(buffer.getvalue())
else:
    outer = wrap(TMemoryBuffer(sys.stdin.buffer.read()))
    for _ in range(3):
        source = protocol(outer)
        name, kind, sequence = source.readMessageBegin()
        source.readStructBegin()
        _, field_type, field_id = source.readFieldBegin()
        assert (field_type, field_id) == (TType.I64, 1)
        number = source.readI64()
        source.readFieldEnd()
        source.readFieldBegin()
        source.readStructEnd()
        source.readMessageEnd()
        print(json.dumps([name, kind, sequence, number]))
"#;

fn peer(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut command = Command::new(python);
    command.args(["-c", PEER]).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    output.stdout
}

fn is_there() -> bool {
    let python = std::env::var("PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let import = Command::new(python).args(["-c", "import thrift"]).stderr(Stdio::null()).status();
    if import.is_ok_and(|status| status.success()) {
        return true;
    }
    // Past the capture of output, so that it is seen.
    drop(writeln!(std::io::stderr(), "SKIPPED: Apache's library for Python is missing (pip install thrift)"));
    false
}

#[test]
fn calls_of_apaches_library_are_read_and_written() {
    if !is_there() {
        return;
    }
    let shop = Shop::new();
    for protocol in ["binary", "compact", "json"] {
        for transport in ["none", "framed"] {
            let theirs = peer(&["write", protocol, transport], b"");
            let json = shop.convert("--idl shop.thrift --service Shop", theirs.clone());
            let ids: Vec<Value> = lines(&json).iter().map(|call| call["arguments"]["id"].clone()).collect();
            assert_eq!(
                ids,
                [json!(1), json!(-7), json!(9_007_199_254_740_993_i64)],
                "{protocol}, {transport}"
            );
            let flags =
                format!("--idl shop.thrift --service Shop --protocol {protocol} --transport {transport}");
            let ours = shop.convert(&flags, json);
            let read = peer(&["read", protocol, transport], &ours);
            let expected = "[\"getOrder\", 1, 1, 1]\n[\"getOrder\", 1, 7, -7]\n[\"getOrder\", 1, 993, 9007199254740993]\n";
            assert_eq!(text(&read), expected, "{protocol}, {transport}");
            if protocol != "json" {
                assert_eq!(ours, theirs, "{protocol}, {transport}");
            }
        }
    }
}
