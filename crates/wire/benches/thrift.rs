//! Thrift to JSON and back, one core: `cargo bench -p kefu-wire -- [--rounds N]`.
//!
//! Megabytes are those of the Thrift side, unless said otherwise. The medium message is nested, about 6 KB in the
//! binary protocol with about 280 fields; the small one is about 110 bytes.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod compare;

use std::{
    fmt::Write as _,
    hint::black_box,
    time::{Duration, Instant},
};

use kefu_wire::{
    Limits, MemoryLoader,
    thrift::{Options, Protocol, Schema, StructId, from_json, idl, to_json},
};

const IDL: &str = "
enum Status { NEW = 0, OPEN = 1, DONE = 2 }
struct Simple {
  1: bool flag; 2: double price; 3: i32 count; 4: i64 order_number; 5: string title; 6: Status status
}
struct Middle {
  1: string name; 2: list<Simple> items; 3: map<string, string> labels; 4: Simple best;
  5: list<i64> numbers; 6: set<i32> codes; 7: optional string note; 8: map<i64, string> by_id
}
struct Order {
  1: required string id; 2: list<Middle> parts; 3: Middle main; 4: map<string, Simple> named; 5: string remark
}";

fn rounds() -> u32 {
    let mut given = std::env::args().skip(1);
    let mut rounds = 20_000;
    while let Some(name) = given.next() {
        match name.as_str() {
            "--rounds" => {
                let value = given.next().and_then(|value| value.parse().ok());
                rounds = value.expect("--rounds needs a number");
            }
            "--bench" => {}
            "--compare" => drop(given.next()),
            _ => panic!("{name} is not known"),
        }
    }
    rounds
}

fn simple(index: usize) -> String {
    let status = ["NEW", "OPEN", "DONE"][index % 3];
    let number = 5_000_000_000_i64 + 7919 * i64::try_from(index).unwrap_or_default();
    format!(
        "{{\"flag\":{},\"price\":{}.25,\"count\":{},\"order_number\":{number},\"title\":\"an order of article {index} for the shop\",\"status\":\"{status}\"}}",
        index.is_multiple_of(2),
        17 * index,
        31 * index,
    )
}

fn middle(index: usize) -> String {
    let items: Vec<_> = (0..6).map(|item| simple(index * 10 + item)).collect();
    let labels: Vec<_> = (0..5).map(|label| format!("\"label_{label}\":\"value number {label}\"")).collect();
    let numbers: Vec<_> = (0..10).map(|number| (number * 123_456_789_i64).to_string()).collect();
    let codes: Vec<_> = (0..10).map(|code| (code * 1013).to_string()).collect();
    let by_id: Vec<_> =
        (0..4).map(|id| format!("\"{}\":\"customer {id}\"", 1_000_000_007_i64 * (id + 1))).collect();
    format!(
        "{{\"name\":\"part {index} of the order\",\"items\":[{}],\"labels\":{{{}}},\"best\":{},\"numbers\":[{}],\"codes\":[{}],\"note\":\"{}\",\"by_id\":{{{}}}}}",
        items.join(","),
        labels.join(","),
        simple(index),
        numbers.join(","),
        codes.join(","),
        "handle with care, please: glass, ".repeat(3),
        by_id.join(","),
    )
}

fn medium() -> String {
    let parts: Vec<_> = (0..4).map(middle).collect();
    let mut named = String::new();
    for index in 0..4 {
        write!(named, "{}\"article {index}\":{}", if index > 0 { "," } else { "" }, simple(index))
            .expect("memory");
    }
    format!(
        "{{\"id\":\"0193-5f2a\",\"parts\":[{}],\"main\":{},\"named\":{{{named}}},\"remark\":\"{}\"}}",
        parts.join(","),
        middle(9),
        "the customer asked for a delivery before noon. ".repeat(4)
    )
}

/// The shortest of many short runs, which others on the machine disturb the least; in nanoseconds for one round.
fn measure(rounds: u32, mut run: impl FnMut()) -> f64 {
    let mut best = Duration::MAX;
    let batches = rounds.clamp(1, 200);
    let batch = rounds.div_ceil(batches);
    for _ in 0..batches {
        let begun = Instant::now();
        for _ in 0..batch {
            run();
        }
        best = best.min(begun.elapsed());
    }
    best.as_secs_f64() * 1e9 / f64::from(batch)
}

#[expect(clippy::cast_precision_loss, reason = "lengths of a few kilobytes")]
fn report(name: &str, nanoseconds: f64, bytes: usize, json: usize) {
    let rate = |bytes: usize| bytes as f64 * 1e3 / nanoseconds;
    println!(
        "{name:<34} {nanoseconds:>9.0} ns {:>7.0} MB/s of Thrift {:>7.0} MB/s of JSON",
        rate(bytes),
        rate(json)
    );
}

fn both_ways(name: &str, schema: &Schema, id: StructId, json: &str, rounds: u32) {
    let (limits, options) = (Limits::default(), Options::default());
    for protocol in [Protocol::Binary, Protocol::Compact, Protocol::Json] {
        let mut bytes = Vec::new();
        from_json::convert(schema, id, protocol, json.as_bytes(), &limits, &options, &mut bytes)
            .expect("the message fits the schema");
        let mut out = Vec::new();
        to_json::convert(schema, id, protocol, &bytes, &limits, &options, &mut out)
            .expect("it was just written");
        assert_eq!(String::from_utf8_lossy(&out), json, "what is measured is right");
        println!("{name}, {}: {} bytes of Thrift, {} of JSON", protocol.name(), bytes.len(), json.len());
        let nanoseconds = measure(rounds, || {
            out.clear();
            let read = to_json::convert(schema, id, protocol, black_box(&bytes), &limits, &options, &mut out);
            black_box(read).expect("it was read before");
        });
        report("  to JSON", nanoseconds, bytes.len(), json.len());
        let len = bytes.len();
        let nanoseconds = measure(rounds, || {
            bytes.clear();
            let json = black_box(json.as_bytes());
            let written = from_json::convert(schema, id, protocol, json, &limits, &options, &mut bytes);
            black_box(written).expect("it was written before");
        });
        report("  from JSON", nanoseconds, len, json.len());
    }
}

fn main() {
    let rounds = rounds();
    let loader = MemoryLoader::default().with("bench.thrift", IDL);
    let limits = Limits::default();
    let (schema, _) = idl::load(&loader, "bench.thrift", &[], &limits).expect("the IDL is right");
    let find = |name| schema.find_struct(name).expect("the IDL has it");
    if let Some(folder) = compare::folder() {
        return for_comparison(&folder, &schema, find("Order"));
    }
    both_ways("medium", &schema, find("Order"), &medium(), rounds);
    both_ways("small", &schema, find("Simple"), &simple(7), rounds.saturating_mul(20));

    idl_file();
}

/// The medium message in the binary protocol, as others measure it too.
fn for_comparison(folder: &std::path::Path, schema: &Schema, id: StructId) {
    let (limits, options, protocol) = (Limits::default(), Options::default(), Protocol::Binary);
    let json = medium();
    let mut bytes = Vec::new();
    from_json::convert(schema, id, protocol, json.as_bytes(), &limits, &options, &mut bytes)
        .expect("the message fits the schema");
    for (name, content) in
        [("order.thrift", IDL.as_bytes()), ("order.json", json.as_bytes()), ("order.bin", &bytes)]
    {
        compare::write(folder, name, content);
    }
    let mut out = Vec::new();
    compare::figure("Thrift binary to JSON", bytes.len(), || {
        out.clear();
        let read = to_json::convert(schema, id, protocol, black_box(&bytes), &limits, &options, &mut out);
        black_box(read).expect("it was just written");
    });
    compare::figure("JSON to Thrift binary", bytes.len(), || {
        out.clear();
        let json = black_box(json.as_bytes());
        let written = from_json::convert(schema, id, protocol, json, &limits, &options, &mut out);
        black_box(written).expect("it was written before");
    });
}

fn idl_file() {
    let limits = Limits::default();
    let large: String = (0..2_000)
        .map(|index| {
            let number = |text: String, name: &str| text.replace(name, &format!("{name}{index}"));
            ["Order", "Simple", "Middle", "Status"].into_iter().fold(IDL.to_owned(), number)
        })
        .collect();
    one_load("2,000 copies of the schema", &large, &limits);
}

#[expect(clippy::cast_precision_loss, reason = "a length of a megabyte")]
fn one_load(name: &str, text: &str, limits: &Limits) {
    let loader = MemoryLoader::default().with("large.thrift", text);
    let mut read = true;
    let nanoseconds = measure(20, || {
        read = black_box(idl::load(&loader, "large.thrift", &[], limits)).is_ok();
    });
    let rate = text.len() as f64 * 1e3 / nanoseconds;
    let outcome = if read { "read" } else { "refused" };
    println!(
        "IDL, {name:<28} {:>8} bytes {:>7.1} ms {rate:>5.0} MB/s, {outcome}",
        text.len(),
        nanoseconds / 1e6
    );
}
