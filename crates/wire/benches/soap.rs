//! SOAP to JSON and back, one core: `cargo bench -p kefu-wire --bench soap -- [--rounds N]`.
//!
//! Megabytes are those of the SOAP side. The message is a reply with many orders of ten members each.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod compare;

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use kefu_wire::{
    Limits, MemoryLoader,
    soap::{Direction, Options, Version, from_json, to_json},
    wsdl::{self, Definitions},
};

const WSDL: &str = r#"<definitions targetNamespace="urn:shop" xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:tns="urn:shop"
    xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/">
  <types><xs:schema targetNamespace="urn:shop" elementFormDefault="qualified">
    <xs:element name="List"><xs:complexType/></xs:element>
    <xs:complexType name="Node"><xs:sequence>
      <xs:element name="node" type="tns:Node" minOccurs="0" maxOccurs="unbounded"/>
      <xs:element name="any" minOccurs="0" maxOccurs="unbounded"/>
      <xs:element name="n" type="xs:int" minOccurs="0" maxOccurs="unbounded"/>
    </xs:sequence><xs:anyAttribute/></xs:complexType>
    <xs:element name="ListResponse"><xs:complexType><xs:sequence>
      <xs:element name="tree" type="tns:Node" minOccurs="0"/>
      <xs:element name="order" minOccurs="0" maxOccurs="unbounded"><xs:complexType><xs:sequence>
        <xs:element name="number" type="xs:long"/><xs:element name="customer" type="xs:string"/>
        <xs:element name="price" type="xs:decimal"/><xs:element name="weight" type="xs:double"/>
        <xs:element name="made" type="xs:dateTime"/><xs:element name="paid" type="xs:boolean"/>
        <xs:element name="status" type="xs:token"/><xs:element name="remark" type="xs:string" minOccurs="0"/>
        <xs:element name="item" type="xs:string" minOccurs="0" maxOccurs="unbounded"/>
      </xs:sequence><xs:attribute name="id" type="xs:int"/></xs:complexType></xs:element>
    </xs:sequence></xs:complexType></xs:element>
  </xs:schema></types>
  <message name="In"><part name="parameters" element="tns:List"/></message>
  <message name="Out"><part name="parameters" element="tns:ListResponse"/></message>
  <portType name="T"><operation name="List"><input message="tns:In"/><output message="tns:Out"/></operation></portType>
  <binding name="B" type="tns:T"><soap:binding transport="http://schemas.xmlsoap.org/soap/http"/>
    <operation name="List"><soap:operation soapAction="l"/><input><soap:body use="literal"/></input>
      <output><soap:body use="literal"/></output></operation></binding>
  <service name="S"><port name="P" binding="tns:B"><soap:address location="http://localhost/"/></port></service>
</definitions>"#;

fn rounds() -> u32 {
    let mut given = std::env::args().skip(1);
    let mut rounds = 200;
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

fn order(index: usize) -> String {
    format!(
        "{{\"@id\":{index},\"number\":{},\"customer\":\"customer {index} of the shop\",\"price\":\"{index}.50\",\
         \"weight\":{}.25,\"made\":\"2026-01-31T23:59:59+08:00\",\"paid\":{},\"status\":\"open\",\
         \"remark\":\"handle with care, please: glass & paper\",\"item\":[\"cup {index}\",\"plate {index}\"]}}",
        5_000_000_000_u64 + 7919 * index as u64,
        17 * index,
        index.is_multiple_of(2),
    )
}

/// The shortest of many runs, which others on the machine disturb the least; in nanoseconds.
fn measure(rounds: u32, mut run: impl FnMut()) -> f64 {
    let mut best = Duration::MAX;
    for _ in 0..rounds {
        let begun = Instant::now();
        run();
        best = best.min(begun.elapsed());
    }
    best.as_secs_f64() * 1e9
}

fn main() {
    let rounds = rounds();
    let limits = Limits::default();
    let loader = MemoryLoader::default().with("a.wsdl", WSDL);
    let (definitions, _) = wsdl::load(&loader, "a.wsdl", &limits).expect("the description is right");
    if let Some(folder) = compare::folder() {
        return for_comparison(&folder, &definitions);
    }
    for count in [10, 2_000] {
        let orders: Vec<_> = (0..count).map(order).collect();
        both_ways(&definitions, &format!("{{\"order\":[{}]}}", orders.join(",")), count, rounds);
    }
}

/// A reply of 2,000 orders, as others measure it too.
fn for_comparison(folder: &std::path::Path, definitions: &Definitions) {
    let (limits, options) = (Limits::default(), Options::default());
    let (_, operation) = definitions.find_operation("List").expect("it is there");
    let orders: Vec<_> = (0..2_000).map(order).collect();
    let json = format!("{{\"order\":[{}]}}", orders.join(","));
    let write = |out: &mut Vec<u8>| {
        let (reply, json) = (Direction::Reply, black_box(json.as_bytes()));
        from_json::message(definitions, operation, reply, Version::V11, json, &[], &limits, &options, out)
    };
    let mut xml = Vec::new();
    write(&mut xml).expect("the JSON is right");
    for (name, content) in
        [("orders.wsdl", WSDL.as_bytes()), ("orders.json", json.as_bytes()), ("orders.xml", &xml)]
    {
        compare::write(folder, name, content);
    }
    let mut out = Vec::new();
    compare::figure("SOAP to JSON", xml.len(), || {
        out.clear();
        let xml = black_box(&xml);
        let read =
            to_json::message(definitions, operation, Direction::Reply, xml, &limits, &options, &mut out);
        black_box(read).expect("it was just written");
    });
    compare::figure("JSON to SOAP", xml.len(), || {
        out.clear();
        write(&mut out).expect("it was written before");
    });
}

#[expect(clippy::cast_precision_loss, reason = "lengths of a megabyte")]
fn both_ways(definitions: &Definitions, json: &str, count: usize, rounds: u32) {
    let (limits, options) = (Limits::default(), Options::default());
    let (_, operation) = definitions.find_operation("List").expect("it is there");
    let write = |out: &mut Vec<u8>| {
        let reply = Direction::Reply;
        from_json::message(
            definitions,
            operation,
            reply,
            Version::V11,
            json.as_bytes(),
            &[],
            &limits,
            &options,
            out,
        )
    };
    let mut xml = Vec::new();
    write(&mut xml).expect("the JSON is right");
    let read = |out: &mut Vec<u8>| {
        to_json::message(definitions, operation, Direction::Reply, &xml, &limits, &options, out)
    };
    let mut again = Vec::new();
    read(&mut again).expect("the message is right");
    assert_eq!(again.len(), json.len());
    let mut out = Vec::with_capacity(xml.len() * 2);
    let to = measure(rounds, || {
        out.clear();
        drop(black_box(read(&mut out)));
    });
    let from = measure(rounds, || {
        out.clear();
        drop(black_box(write(&mut out)));
    });
    for (name, nanoseconds) in [("to JSON", to), ("from JSON", from)] {
        let rate = xml.len() as f64 * 1e3 / nanoseconds;
        println!(
            "{count:>5} orders, {:>8} bytes, {name:<9} {nanoseconds:>10.0} ns {rate:>5.0} MB/s",
            xml.len()
        );
    }
}
