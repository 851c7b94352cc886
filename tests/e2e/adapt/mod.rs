//! `kefu adapt` from outside: files and pipes in, files and pipes out, and what is said when it cannot be done.

mod channel;
mod mock;
mod peer;
mod serve;
mod soap;

use std::{
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Output, Stdio},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::kefu;

const IDL: &str = "\
enum State { NEW, PAID = 5 }
exception NotFound { 1: required string why }
struct Item { 1: required string name; 2: double price; 3: optional Item inner }
struct Order { 1: required i64 id; 2: optional list<Item> items; 3: optional State state; 4: optional binary seal }
service Shop {
    Order getOrder(1: i64 id) throws (1: NotFound missing)
    oneway void log(1: string line)
}
";

/// A folder with an interface file, in which the command is run.
struct Shop(TempDir);

impl Shop {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("shop.thrift"), IDL).unwrap();
        Self(dir)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path().join(name), bytes).unwrap();
    }

    fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path().join(name)).unwrap()
    }

    /// Runs `kefu adapt` with words between spaces.
    fn adapt(&self, line: &str, input: impl Into<Vec<u8>>) -> Output {
        let words: Vec<&str> = line.split_whitespace().collect();
        kefu().current_dir(self.path()).arg("adapt").args(words).write_stdin(input).output().unwrap()
    }

    fn convert(&self, line: &str, input: impl Into<Vec<u8>>) -> Vec<u8> {
        let output = self.adapt(&format!("convert {line}"), input);
        assert_eq!(complaints(&output.stderr), "", "{line}");
        assert_eq!(output.status.code(), Some(0), "{line}");
        output.stdout
    }

    /// Converts in vain; gives the exit code and what was said.
    fn refused(&self, line: &str, input: impl Into<Vec<u8>>) -> (i32, String) {
        let output = self.adapt(&format!("convert {line}"), input);
        (output.status.code().unwrap(), text(&output.stderr).to_owned())
    }

    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// What was said but how far it has come, of which a slow machine hears every few seconds.
fn complaints(stderr: &[u8]) -> String {
    let is_state = |line: &str| {
        line.starts_with("kefu adapt: ") && (line.ends_with(" done") || line.ends_with(" s left"))
    };
    text(stderr).split_inclusive('\n').filter(|line| !is_state(line.trim_end())).collect()
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    text(bytes).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const ORDERS: &str = "\
{\"id\":1,\"items\":[{\"name\":\"茶\",\"price\":2.5,\"inner\":{\"name\":\"x\",\"price\":-0.0}}],\"state\":\"PAID\"}
{\"id\":9007199254740993}
{\"id\":-3,\"state\":77,\"seal\":\"AAH/\"}
";

#[test]
fn structs_come_back_as_they_were_in_every_form() {
    let shop = Shop::new();
    for protocol in ["binary", "compact", "json"] {
        for transport in ["none", "framed", "header", "header --zlib", "ttheader"] {
            if transport == "ttheader" && protocol != "binary" {
                continue;
            }
            let flags =
                format!("--idl shop.thrift --struct Order --protocol {protocol} --transport {transport}");
            let thrift = shop.convert(&format!("{flags} --to thrift"), ORDERS);
            let back = flags.replace(" --zlib", "");
            let json = shop.convert(&format!("{back} --to json"), thrift.clone());
            assert_eq!(text(&json), ORDERS, "{flags}");
            // A header says what is in it; else what fits the schema is what it is.
            let json = shop.convert("--idl shop.thrift --struct Order", thrift);
            assert_eq!(text(&json), ORDERS, "{flags}, detected");
        }
    }
}

#[test]
fn one_document_many_and_lines_are_all_read() {
    let shop = Shop::new();
    let flags = "--idl shop.thrift --struct Order";
    let expected = shop.convert(flags, "{\"id\":1}\n{\"id\":2}\n");
    for same in [
        "{\n  \"id\": 1\n}\n\n{\"id\":\n2}",
        "{\"id\":1}{\"id\":2}",
        "\u{feff}\n\n{\"id\":1}  \r\n\r\n {\"id\":2}",
    ] {
        assert_eq!(shop.convert(flags, same), expected, "{same:?}");
    }
    assert_eq!(shop.convert(flags, ""), b"");
    let json = shop.convert(&format!("{flags} --protocol binary --i64 string"), expected);
    assert_eq!(text(&json), "{\"id\":\"1\"}\n{\"id\":\"2\"}\n");
    let filled = shop.convert(&format!("{flags} --to thrift --fill-defaults"), "{\"id\":1}");
    assert_eq!(shop.convert(&format!("{flags} --protocol binary"), filled), b"{\"id\":1}\n");
}

const MESSAGES: &str = "\
{\"message\":\"call\",\"method\":\"getOrder\",\"sequence\":7,\"arguments\":{\"id\":5}}
{\"message\":\"call\",\"service\":\"Shop\",\"method\":\"getOrder\",\"sequence\":8,\"arguments\":{\"id\":6}}
{\"message\":\"oneway\",\"method\":\"log\",\"sequence\":9,\"arguments\":{\"line\":\"hi\"}}
{\"message\":\"reply\",\"method\":\"getOrder\",\"sequence\":7,\"result\":{\"id\":5}}
{\"message\":\"reply\",\"method\":\"getOrder\",\"sequence\":8,\"result\":{\"$exception\":\"NotFound\",\"why\":\"gone\"}}
{\"message\":\"exception\",\"method\":\"getOrder\",\"sequence\":9,\"failure\":{\"type\":6,\"message\":\"why\"}}
";

#[test]
fn whole_messages_are_detected_and_come_back() {
    let shop = Shop::new();
    for protocol in ["binary", "compact", "json"] {
        for transport in ["none", "framed", "header"] {
            let flags = "--idl shop.thrift --service Shop";
            let thrift =
                shop.convert(&format!("{flags} --protocol {protocol} --transport {transport}"), MESSAGES);
            assert_eq!(text(&shop.convert(flags, thrift.clone())), MESSAGES, "{protocol}, {transport}");
            let raw = shop.convert("--schema-less", thrift.clone());
            assert_eq!(lines(&raw)[0]["fields"], json!({ "1": { "i64": 5 } }), "{protocol}, {transport}");
            let flags = format!("--schema-less --from json --protocol {protocol} --transport {transport}");
            assert_eq!(shop.convert(&flags, raw), thrift, "{protocol}, {transport}");
            let told = shop.adapt("detect --format json", thrift);
            let told: Value = serde_json::from_slice(&told.stdout).unwrap();
            let (message, parts) = (&told["message"], (&told["protocol"], &told["transport"]));
            assert_eq!(parts, (&json!(protocol), &json!(transport)));
            let expected = json!({ "kind": "call", "service": null, "method": "getOrder", "sequence": 7 });
            assert_eq!(message, &expected);
        }
    }
}

#[test]
fn a_method_stands_for_the_envelope() {
    let shop = Shop::new();
    let flags = "--idl shop.thrift --service Shop --method getOrder";
    let calls = shop.convert(flags, "{\"id\":5} {\"id\":6}");
    assert_eq!(text(&shop.convert(flags, calls.clone())), "{\"id\":5}\n{\"id\":6}\n");
    let whole = lines(&shop.convert("--idl shop.thrift --service Shop", calls.clone()));
    assert_eq!((&whole[0]["sequence"], &whole[1]["sequence"]), (&json!(1), &json!(2)));
    let (code, said) = shop.refused(&format!("{flags} --reply"), calls);
    assert_eq!(code, 65);
    assert!(said.contains("expected a reply of getOrder, found a call of getOrder"), "{said}");
    let replies =
        shop.convert(&format!("{flags} --reply --to thrift"), "{\"$exception\":\"NotFound\",\"why\":\"x\"}");
    assert_eq!(
        shop.convert(&format!("{flags} --reply"), replies),
        b"{\"$exception\":\"NotFound\",\"why\":\"x\"}\n"
    );
}

#[test]
fn without_a_schema_fields_have_numbers_and_types() {
    let shop = Shop::new();
    let thrift = shop.convert("--idl shop.thrift --struct Order", "{\"id\":7,\"items\":[{\"name\":\"a\"}]}");
    let raw = shop.convert("--schema-less --from thrift", thrift.clone());
    assert_eq!(
        text(&raw),
        "{\"1\":{\"i64\":7},\"2\":{\"list\":[\"struct\",[{\"1\":{\"string\":\"a\"}}]]}}\n"
    );
    assert_eq!(shop.convert("--schema-less --from json", raw.clone()), thrift);
    let (code, said) = shop.refused("--schema-less", raw);
    assert_eq!(code, 65);
    assert!(said.contains("say --from json or --from thrift"), "{said}");
}

#[test]
fn errors_name_message_byte_line_path_and_what_was_expected() {
    let shop = Shop::new();
    let flags = "--idl shop.thrift --struct Order";
    let input = "{\"id\":1}\n{\"id\":2,\"items\":[{\"name\":\"a\"},{\"name\":\"b\",\"price\":\"dear\"}]}\n";
    shop.write("orders.ndjson", input);
    let (code, said) = shop.refused(&format!("orders.ndjson {flags} -o out.bin"), "");
    assert_eq!(code, 65);
    let at = input.find("\"dear\"").unwrap();
    let start = "kefu: cannot convert message 2 of orders.ndjson: items[1].price: ";
    assert!(said.starts_with(start) && said.contains(&format!("at byte {at}, line 2; ")), "{said}");
    assert_eq!(shop.names(), ["orders.ndjson", "shop.thrift"], "nothing is left half done");

    let (code, said) = shop.refused(flags, "{\"items\":[]}");
    assert_eq!(code, 65);
    assert!(said.contains("message 1 of standard input: id: the required field is missing"), "{said}");

    // The second struct lacks its end.
    let mut thrift = shop.convert(flags, "{\"id\":1}{\"id\":2}");
    let len = thrift.len();
    thrift.truncate(len - 1);
    let (code, said) = shop.refused(&format!("{flags} --protocol binary"), thrift);
    assert_eq!(code, 65);
    assert!(
        said.contains(&format!(
            "message 2 of standard input: the input ends within a field, at byte {}",
            len - 1
        )),
        "{said}"
    );
    assert!(said.contains("is the input complete?"), "{said}");

    let message = "{\"message\":\"call\",\"method\":\"getOrder\",\"arguments\":{\"id\":\"x\"}}";
    let at = message.find("\"x\"").unwrap();
    let (code, said) = shop.refused("--idl shop.thrift --service Shop", message);
    assert_eq!(code, 65);
    assert!(said.contains("arguments.id: ") && said.contains(&format!("at byte {at}, line 1")), "{said}");
    let (code, said) =
        shop.refused("--idl shop.thrift --service Shop", message.replace("getOrder", "getOrders"));
    assert_eq!(code, 65);
    assert!(said.contains("no function \"getOrders\""), "{said}");
}

#[test]
fn chinese_users_are_told_in_chinese() {
    let shop = Shop::new();
    let mut command = kefu();
    command.current_dir(shop.path()).env("KEFU_LANG", "zh-CN").args([
        "adapt",
        "convert",
        "--idl",
        "shop.thrift",
    ]);
    let output = command.args(["--struct", "Order"]).write_stdin("{}").output().unwrap();
    let said = text(&output.stderr);
    assert!(said.starts_with("kefu: 无法转换 标准输入 的第 1 条消息: id: "), "{said}");
}

#[test]
fn schemas_that_cannot_be_used_are_refused_with_their_place() {
    let shop = Shop::new();
    shop.write("bad.thrift", "struct A { 1: Nothing x }\nstruct A { 1: i32 y }\n");
    let (code, said) = shop.refused("--idl bad.thrift --struct A", "");
    assert_eq!(code, 78);
    assert!(said.contains("bad.thrift:1:15: ") && said.contains("bad.thrift:2:"), "{said}");
    assert!(said.contains("kefu: cannot use the schema bad.thrift: 2 errors"), "{said}");
    let (code, said) = shop.refused("--idl none.thrift --struct A", "");
    assert!(code == 78 && said.contains("none.thrift:1:1: there is no such file"), "{said}");
    let (code, said) = shop.refused("--idl shop.thrift --struct Ordre", "");
    assert!(code == 78 && said.contains("no struct \"Ordre\"; did you mean `Order`?"), "{said}");
    let (code, said) = shop.refused("--from json", "");
    assert!(code == 64 && said.contains("--idl FILE"), "{said}");
    let (code, said) = shop.refused("none.bin --schema-less", "");
    assert!(code == 74 && said.contains("cannot read none.bin"), "{said}");
    let (code, said) = shop.refused("shop.thrift --schema-less --from json -o none/out", "");
    assert!(code == 73 && said.contains("cannot write none/out"), "{said}");
}

#[test]
fn limits_have_a_code_of_their_own() {
    let shop = Shop::new();
    let flags = "--idl shop.thrift --struct Order";
    let long = format!("{{\"id\":1,\"items\":[{{\"name\":\"{}\"}}]}}\n", "x".repeat(4096));
    let (code, said) = shop.refused(&format!("{flags} --max-message 1KiB"), format!("{{\"id\":1}}\n{long}"));
    assert_eq!(code, 2);
    assert!(
        said.contains("message 2") && said.contains("more than 1024 bytes") && said.contains("--max-message"),
        "{said}"
    );
    let thrift = shop.convert(&format!("{flags} --transport framed"), long.as_str());
    assert_eq!(
        shop.refused(
            &format!("{flags} --max-message 1KiB --from thrift --protocol binary --transport framed"),
            thrift
        )
        .0,
        2
    );

    let deep = format!("{}{{\"name\":\"x\"}}{}", "{\"name\":\"x\",\"inner\":".repeat(20), "}".repeat(20));
    let flags = "--idl shop.thrift --struct Item";
    let (code, said) = shop.refused(&format!("{flags} --max-depth 20"), deep.as_str());
    assert!(code == 2 && said.contains("--max-depth"), "{said}");
    shop.convert(&format!("{flags} --max-depth 21"), deep);
}

#[test]
fn keep_going_converts_the_rest() {
    let shop = Shop::new();
    let flags = "--idl shop.thrift --struct Order --keep-going --max-message 1KiB";
    let input = format!(
        "{{\"id\":1}}\n{{\"id\":\n{{\"id\":2}}\n{{\"id\":\"{}\"}}\n{{\"id\":3}}\n",
        "9".repeat(300_000)
    );
    shop.write("in.ndjson", input);
    let output = shop.adapt(&format!("convert in.ndjson -o out.bin {flags} --transport framed"), "");
    assert_eq!(output.status.code(), Some(1));
    let said: Vec<&str> = text(&output.stderr).lines().collect();
    assert_eq!(said.len(), 3, "{said:#?}");
    assert!(said[0].contains("message 2 of in.ndjson") && said[0].contains("line 2"), "{said:#?}");
    assert!(
        said[1].contains("message 4 of in.ndjson") && said[1].contains("more than 1024 bytes"),
        "{said:#?}"
    );
    assert_eq!(said[2], "kefu adapt: 3 messages converted, 2 not");

    // In frames, a bad one in the middle is left out.
    let mut frames = shop.read("out.bin");
    let second = frames.len() / 3;
    frames[second + 4] = 0x63;
    let output =
        shop.adapt(&format!("convert {flags} --to json --protocol binary --transport framed"), frames);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout), "{\"id\":1}\n{\"id\":3}\n");
    assert!(text(&output.stderr).contains(&format!("at byte {}", second + 4)), "{output:?}");

    // Without frames nobody knows where the next message begins, and that is said.
    let mut structs = shop.convert("--idl shop.thrift --struct Order", "{\"id\":1}{\"id\":2}{\"id\":3}");
    let second = structs.len() / 3;
    structs[second] = 0x63;
    let output = shop.adapt(&format!("convert {flags} --to json --protocol binary"), structs);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(text(&output.stdout), "{\"id\":1}\n");
    assert!(text(&output.stderr).contains(&format!("what follows byte {second} is left out")), "{output:?}");
}

#[test]
fn a_file_is_replaced_only_when_all_is_converted() {
    let shop = Shop::new();
    shop.write("out.bin", "before");
    let flags = "--idl shop.thrift --struct Order -o out.bin";
    assert_eq!(shop.refused(flags, "{\"id\":1}\n{\"id\":true}\n").0, 65);
    assert_eq!(shop.read("out.bin"), b"before");
    shop.convert(flags, "{\"id\":1}\n");
    assert_eq!(shop.read("out.bin").len(), 12);
    // In place: the input is read while the output is beside it.
    shop.convert("out.bin --idl shop.thrift --struct Order --protocol binary -o out.bin", "");
    assert_eq!(shop.read("out.bin"), b"{\"id\":1}\n");
    assert_eq!(shop.names(), ["out.bin", "shop.thrift"]);
}

#[test]
fn a_pipe_gives_each_message_when_it_is_there() {
    let shop = Shop::new();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_kefu"));
    command.current_dir(shop.path()).args(["adapt", "convert", "--idl", "shop.thrift", "--struct", "Order"]);
    command.args(["--protocol", "compact", "--from", "thrift", "--transport", "none", "--i64", "js-safe"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    for _ in 0..3 {
        stdin.write_all(&[0x16, 0x0E, 0]).unwrap();
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        assert_eq!(line, "{\"id\":7}\n");
    }
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[cfg(target_os = "linux")]
#[test]
fn an_interrupt_leaves_nothing_behind() {
    let shop = Shop::new();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_kefu"));
    command.current_dir(shop.path()).args([
        "adapt",
        "convert",
        "--schema-less",
        "--from",
        "json",
        "-o",
        "out.bin",
    ]);
    let mut child = command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    while shop.names().len() < 2 {
        std::thread::yield_now();
    }
    // Signals are caught by the time that input is taken.
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&[b' '; 1 << 20]).unwrap();
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(kill.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(shop.names(), ["shop.thrift"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_long_stream_takes_little_memory() {
    let shop = Shop::new();
    // 96 MB in, none of it kept: beyond the limit of memory if it were.
    let line = format!("{{\"id\":1,\"items\":[{{\"name\":\"{}\"}}]}}\n", "x".repeat(32_000));
    let script = "ulimit -v 400000; exec \"$0\" adapt convert --idl shop.thrift --struct Order --to thrift";
    let mut command = std::process::Command::new("sh");
    command
        .current_dir(shop.path())
        .args(["-c", script, env!("CARGO_BIN_EXE_kefu")])
        .env("TOKIO_WORKER_THREADS", "1");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let block = line.repeat(32);
    for _ in 0..100 {
        stdin.write_all(block.as_bytes()).unwrap();
    }
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak < 64_000, "{peak} kB");
    drop(stdin);
    assert!(child.wait().unwrap().success());
}

#[test]
fn inspect_lists_what_a_file_has() {
    let shop = Shop::new();
    let output = shop.adapt("inspect shop.thrift", "");
    assert_eq!(output.status.code(), Some(0));
    let said = text(&output.stdout);
    for line in [
        "service Shop",
        "  Order getOrder(1: i64 id) throws (1: NotFound missing)",
        "  oneway void log(1: string line)",
        "  PAID = 5",
    ] {
        assert!(said.lines().any(|found| found == line), "{line} is not in {said}");
    }
    shop.write("old.thrift", "include \"shop.thrift\"\nstruct A { i32 x; 1: shop.Order order }\n");
    let output = shop.adapt("inspect old.thrift --format json", "");
    assert_eq!(output.status.code(), Some(0));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["schema"]["$defs"]["A"]["properties"]["order"]["$ref"], "#/$defs/shop.Order");
    assert!(document["schema"]["services"]["shop.Shop"]["functions"]["getOrder"].is_object());
    assert_eq!(document["warnings"][0]["file"], "old.thrift");
    assert_eq!(document["warnings"][0]["line"], 2);

    shop.write("bad.thrift", "struct {");
    let output = shop.adapt("inspect bad.thrift --format json", "");
    assert_eq!(output.status.code(), Some(78));
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&document["schema"], &document["errors"][0]["line"]), (&Value::Null, &json!(1)));
    assert!(text(&output.stderr).contains("bad.thrift:1:8"), "{output:?}");
}

#[test]
fn detect_says_when_it_cannot_tell() {
    let shop = Shop::new();
    let output = shop.adapt("detect", &b"\x82\x21\x07\x08getOrder\0"[..]);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(
        text(&output.stdout),
        "format     thrift\nprotocol   compact\ntransport  none\ncontent    call getOrder, sequence 7\n"
    );
    shop.write("noise", [0xFF; 100]);
    let output = shop.adapt("detect noise", "");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).starts_with("cannot tell"), "{output:?}");
    assert_eq!(shop.adapt("detect --format json", "").stdout, b"{\"format\":null,\"may_be\":[]}\n");
}

#[test]
fn hostile_input_is_refused_in_no_time() {
    let shop = Shop::new();
    let flags = "--idl shop.thrift --struct Order --protocol binary --transport none";
    // A list of two thousand million elements in ten bytes, and nesting without an end.
    let list = [15, 0, 2, 12, 0x7F, 0xFF, 0xFF, 0xFF];
    for (input, code) in [(list.to_vec(), 65), (b"\x0c\0\x09".repeat(100_000), 2)] {
        let (found, said) = shop.refused(flags, input);
        assert_eq!(found, code, "{said}");
    }
    let (code, said) = shop.refused("--idl shop.thrift --struct Order", "[".repeat(1 << 20));
    assert!(code == 65 || code == 2, "{said}");
}
