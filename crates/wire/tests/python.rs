//! Against libraries for Python: `pip install thrift thriftpy2`, then `cargo test -p kefu-wire --test python`.
//!
//! `PYTHON` names another interpreter than `python3`, such as that of a virtual environment. Without a library its
//! tests say that they are skipped. Apache's library has no IDL at run time and is driven without a schema;
//! thriftpy2 reads the same IDL as we do.

mod peer;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use kefu_wire::{
    Limits, MemoryLoader,
    thrift::{
        BinaryReader, CompactWriter, MessageHead, MessageKind, Options, Protocol, Reader as _, Schema, TType,
        Type, Writer as _, copy_value, detect, from_json,
        idl::{self, Requiredness, StructKind},
        raw, rpc, to_json,
        transport::header::{self, HeaderFrame},
    },
};
use serde_json::{Value, json};

use self::peer::{Interpreter, Peer};

const PROTOCOLS: [Protocol; 3] = [Protocol::Binary, Protocol::Compact, Protocol::Json];

/// Starts the peer, if its library is on this machine.
fn start(library: &str, script: &str, arguments: &[&str]) -> Option<Peer> {
    let import = format!("import {library}");
    let python = Interpreter { program: ("PYTHON", "python3"), check: ["-c", &import], needs: library };
    Peer::start(&python, &format!("python/{script}"), arguments)
}

fn apache() -> Option<Peer> {
    start("thrift", "apache.py", &[])
}

fn bytes_of(peer: &mut Peer, request: &Value) -> Vec<u8> {
    let answer = peer.ask(request);
    BASE64.decode(answer["b64"].as_str().expect("bytes")).expect("base64")
}

/// A fixed sequence of random numbers (Marsaglia's xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or_default() % bound
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())].clone()
    }
}

const TYPES: [&str; 11] =
    ["bool", "i8", "i16", "i32", "i64", "double", "string", "struct", "list", "set", "map"];

fn value(random: &mut Random, ttype: &str, depth: usize) -> Value {
    let count = if depth > 3 { 0 } else { random.pick(&[0, 1, 2, 3, 14, 15, 16]) };
    let count = if depth > 1 { count % 4 } else { count };
    match ttype {
        "bool" => json!(random.below(2) == 0),
        "i8" => json!(random.pick(&[0, -1, 127, -128])),
        "i16" => json!(random.pick(&[0, -1, 32767, -32768, 200])),
        "i32" => json!(random.pick(&[0, -1, i32::MAX, i32::MIN, 70_000])),
        "i64" => json!(random.pick(&[0, -1, i64::MAX, i64::MIN, 1 << 53])),
        "double" => random.pick(&[json!(0.5), json!(-1.25e10), json!(0.1), json!("NaN"), json!("-Infinity")]),
        "string" => {
            json!(random.pick(&["", "a", "客服 \"x\" \\ \n", "a longer text without anything in it"]))
        }
        "struct" => fields(random, depth + 1),
        "list" | "set" => {
            let element = random.pick(&TYPES);
            json!([element, (0..count).map(|_| value(random, element, depth + 1)).collect::<Vec<_>>()])
        }
        _ => {
            let key = random.pick(&["i32", "string", "i64", "i8"]);
            let mapped = random.pick(&TYPES);
            let entries =
                (0..count).map(|_| json!([value(random, key, depth + 1), value(random, mapped, depth + 1)]));
            json!([key, mapped, entries.collect::<Vec<_>>()])
        }
    }
}

fn fields(random: &mut Random, depth: usize) -> Value {
    let count = if depth > 3 { 0 } else { random.below(6) };
    let mut id = 0;
    let mut fields = serde_json::Map::new();
    for _ in 0..count {
        id += random.pick(&[1, 2, 15, 16, 300]);
        let ttype = random.pick(&TYPES);
        fields.insert(id.to_string(), json!({ ttype: value(random, ttype, depth) }));
    }
    Value::Object(fields)
}

fn read(protocol: Protocol, bytes: &[u8]) -> Value {
    let mut out = Vec::new();
    raw::to_json(protocol, bytes, &Limits::default(), &mut out)
        .unwrap_or_else(|error| panic!("{protocol:?}: {error}: {bytes:?}"));
    serde_json::from_slice(&out).expect("it is JSON")
}

/// Empty maps of the compact protocol say nothing of their types: so neither side may.
fn without_types_of_empty_maps(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if name == "map" && member[2] == json!([]) {
                    *member = json!([null, null, []]);
                }
                without_types_of_empty_maps(member);
            }
        }
        Value::Array(values) => {
            if values.len() == 3 && values[2] == json!([]) {
                *values = vec![Value::Null, Value::Null, json!([])];
            }
            values.iter_mut().for_each(without_types_of_empty_maps);
        }
        _ => {}
    }
}

#[test]
fn the_apache_library_writes_and_reads_the_same() {
    let Some(mut peer) = apache() else { return };
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..400 {
        let value = fields(&mut random, 0);
        for protocol in PROTOCOLS {
            let name = protocol.name();
            let theirs = bytes_of(&mut peer, &json!({"do": "write", "protocol": name, "value": value}));
            let mut ours = Vec::new();
            raw::from_json(protocol, value.to_string().as_bytes(), &Limits::default(), &mut ours)
                .unwrap_or_else(|error| panic!("{error}: {value}"));
            if protocol != Protocol::Json {
                assert_eq!(ours, theirs, "{name}: {value}");
            }
            let (mut read, mut expected) = (read(protocol, &theirs), value.clone());
            let mut back =
                peer.ask(&json!({"do": "read", "protocol": name, "b64": BASE64.encode(&ours)}))["value"]
                    .take();
            if protocol == Protocol::Compact {
                for value in [&mut read, &mut expected, &mut back] {
                    without_types_of_empty_maps(value);
                }
            }
            assert!(read == expected, "{name}: {read}\n{expected}");
            assert!(back == expected, "{name}: {back}\n{expected}");
        }
    }
}

#[test]
fn the_apache_library_s_messages_are_read() {
    let Some(mut peer) = apache() else { return };
    let limits = Limits::default();
    let value = json!({"1": {"i32": 5}, "2": {"string": "x"}});
    for (protocol, old) in [
        (Protocol::Binary, false),
        (Protocol::Binary, true),
        (Protocol::Compact, false),
        (Protocol::Json, false),
    ] {
        let request = json!({"do": "message", "protocol": protocol.name(), "old": old, "value": value});
        let bytes = bytes_of(&mut peer, &request);
        let detected = detect::detect(&bytes).expect("it is a message");
        assert_eq!((detected.protocol, detected.is_old), (Some(protocol), old));
        let head = rpc::read_head(protocol, &bytes, &limits);
        let expected = MessageHead { name: "S:ping".into(), kind: MessageKind::Call, sequence: 7 };
        assert_eq!(head, Ok(expected), "{protocol:?}");
    }
    for zlib in [false, true] {
        let request =
            json!({"do": "message", "protocol": "binary", "header": true, "zlib": zlib, "value": value});
        let bytes = bytes_of(&mut peer, &request);
        let (frame, consumed) = header::decode(&bytes, &limits).expect("it is a frame").expect("it is whole");
        assert_eq!((consumed, frame.zlib, frame.protocol), (bytes.len(), zlib, Protocol::Binary));
        assert_eq!(frame.headers, [("trace".to_owned(), "abc".to_owned())]);
        // And back: the same message, compact, in a frame of ours.
        let mut reader = BinaryReader::new(&frame.message, &limits).expect("it is short");
        let head = reader.message_begin().expect("it is a message");
        let mut message = Vec::new();
        let mut writer = CompactWriter::new(&mut message);
        writer.message_begin(&head);
        copy_value(&mut reader, TType::Struct, &mut writer).expect("it is a struct");
        let frame = HeaderFrame { protocol: Protocol::Compact, message, ..frame };
        let mut out = Vec::new();
        header::encode(&frame, &mut out).expect("it is short");
        let answer = peer.ask(&json!({"do": "unframe", "protocol": "compact", "b64": BASE64.encode(&out)}));
        let expected =
            json!({"name": "S:ping", "kind": 1, "sequence": 7, "headers": {"trace": "abc"}, "value": value});
        assert_eq!(answer, expected, "zlib: {zlib}");
    }
}

/// Values of every type of the IDL, as thriftpy2's own model has them: no uuid, and sets are lists.
const IDL: &str = "
enum Color { RED = 1, GREEN = 2 }
struct Inner { 1: required i32 id; 2: optional string name; 3: optional Color color }
union Choice { 1: i32 number; 2: Inner inner; 3: list<string> texts }
struct Root {
  1: optional bool yes; 2: optional byte tiny; 3: optional i16 small; 4: optional i32 normal; 5: optional i64 big;
  6: optional double real; 7: optional string text; 9: optional Inner inner; 10: optional list<Inner> inners;
  11: optional set<i32> codes; 12: optional map<string, i64> counts; 13: optional map<i32, list<string>> lists;
  14: optional Choice choice; 15: optional list<bool> bools; 16: optional list<list<double>> matrix;
  17: optional map<Color, string> colors; 300: optional i32 far
}";

fn value_of(random: &mut Random, schema: &Schema, ty: Type) -> Value {
    let count = random.below(4);
    match ty {
        Type::Bool => value(random, "bool", 0),
        Type::I8 => value(random, "i8", 0),
        Type::I16 => value(random, "i16", 0),
        Type::I32 => value(random, "i32", 0),
        Type::I64 => value(random, "i64", 0),
        Type::Double => json!(random.pick(&[0.5, -0.25, 1e10])),
        Type::String => value(random, "string", 0),
        Type::Enum(_) => json!(random.pick(&["RED", "GREEN"])),
        Type::List(id) | Type::Set(id) => {
            let element = schema.element(id);
            (0..count).map(|_| value_of(random, schema, element)).collect()
        }
        Type::Map(id) => {
            let (key, mapped) = schema.pair(id);
            let mut entries = serde_json::Map::new();
            for _ in 0..count {
                let key = value_of(random, schema, key);
                let key = key.as_str().map_or_else(|| key.to_string(), str::to_owned);
                entries.insert(key, value_of(random, schema, mapped));
            }
            Value::Object(entries)
        }
        Type::Struct(id) => {
            let structure = schema.structure(id);
            let chosen = random.below(structure.fields().len());
            let mut members = serde_json::Map::new();
            for (position, field) in structure.fields().iter().enumerate() {
                let is_set = match structure.kind {
                    StructKind::Union => position == chosen,
                    _ => field.requiredness == Requiredness::Required || random.below(3) > 0,
                };
                if is_set {
                    members.insert(field.name.clone(), value_of(random, schema, field.ty));
                }
            }
            Value::Object(members)
        }
        Type::Binary | Type::Uuid => unreachable!("the IDL has none"),
    }
}

#[test]
fn thriftpy2_reads_the_same_idl_and_the_same_messages() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("root.thrift");
    std::fs::write(&path, IDL).expect("the folder can be written");
    let Some(mut peer) = start("thriftpy2", "thriftpy2_peer.py", &[&path.to_string_lossy()]) else {
        return;
    };
    let loader = MemoryLoader::default().with("root.thrift", IDL);
    let (limits, options) = (Limits::default(), Options::default());
    let (schema, _) = idl::load(&loader, "root.thrift", &[], &limits).expect("the IDL is right");
    let id = schema.find_struct("Root").expect("the IDL has it");
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for _ in 0..300 {
        let value = value_of(&mut random, &schema, Type::Struct(id));
        for protocol in [Protocol::Binary, Protocol::Compact] {
            let name = protocol.name();
            let mut ours = Vec::new();
            from_json::convert(
                &schema,
                id,
                protocol,
                value.to_string().as_bytes(),
                &limits,
                &options,
                &mut ours,
            )
            .unwrap_or_else(|error| panic!("{error}: {value}"));
            let read =
                peer.ask(&json!({"do": "read", "protocol": name, "b64": BASE64.encode(&ours)}))["value"]
                    .take();
            assert!(read == value, "{name}: {read}\n{value}");
            let theirs = bytes_of(&mut peer, &json!({"do": "write", "protocol": name, "value": value}));
            let mut out = Vec::new();
            to_json::convert(&schema, id, protocol, &theirs, &limits, &options, &mut out)
                .unwrap_or_else(|error| panic!("{name}: {error}: {value}"));
            let back: Value = serde_json::from_slice(&out).expect("it is JSON");
            assert!(back == value, "{name}: {back}\n{value}");
        }
    }
}
