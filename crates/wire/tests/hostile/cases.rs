//! Inputs of a megabyte that cost the most by the byte, for the test of their memory and the benchmark of their time.

use std::sync::Arc;

use kefu_wire::{
    Error, Limits, MemoryLoader,
    soap::{Direction, Options, Version, from_json, to_json},
    thrift::{self, Protocol, idl},
    wsdl::{self, Definitions},
    xsd,
};

/// One input, and what is done with it.
pub(crate) struct Case {
    pub(crate) name: String,
    /// The length of the input.
    pub(crate) bytes: usize,
    /// Gives the length of what comes out, or why the input is refused.
    pub(crate) run: Box<dyn Fn() -> Result<usize, String>>,
}

impl Case {
    fn new(
        name: impl Into<String>,
        input: Vec<u8>,
        run: impl Fn(&[u8], &mut Vec<u8>) -> Result<(), Error> + 'static,
    ) -> Self {
        let bytes = input.len();
        let run = move || {
            let mut out = Vec::new();
            run(&input, &mut out).map_err(|error| error.to_string())?;
            Ok(out.len())
        };
        Self { name: name.into(), bytes, run: Box::new(run) }
    }
}

const MEGABYTE: usize = 1 << 20;

/// A service whose reply may be a tree of anything.
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

/// All cases.
pub(crate) fn all() -> Vec<Case> {
    let mut cases = to_soap_json();
    cases.extend(from_soap_json());
    cases.extend(descriptions());
    cases.extend(to_thrift_json());
    cases.extend(from_thrift_json());
    cases.extend(interface_files());
    cases
}

fn definitions() -> Arc<Definitions> {
    let loader = MemoryLoader::default().with("a.wsdl", WSDL);
    let (definitions, _) = wsdl::load(&loader, "a.wsdl", &Limits::default()).expect("it is right");
    Arc::new(definitions)
}

fn to_soap_json() -> Vec<Case> {
    let definitions = definitions();
    let fill = |one: &str| one.repeat(MEGABYTE / one.len());
    let deep = "<node>".repeat(120) + &"</node>".repeat(120);
    let attributes: String = (0..250).map(|index| format!(" a{index}=''")).collect();
    let declarations: String = (0..60).map(|index| format!(" xmlns:a{index}='u{index}'")).collect();
    let nested = |content: &str| {
        let open = |letter: char| {
            let declarations: String =
                (0..60).map(|index| format!(" xmlns:{letter}{index}='u{index}'")).collect();
            format!("<node{declarations}>")
        };
        format!("{}{content}{}", ('a'..='p').map(open).collect::<String>(), "</node>".repeat(16))
    };
    let cases = [
        ("empty elements", fill("<n>1</n>")),
        ("empty structures", fill("<node/>")),
        ("unknown elements", fill("<x/>")),
        ("texts of any type", fill("<any/>")),
        ("copies of any type", fill("<any><q/></any>")),
        ("deep structures", fill(&deep)),
        ("many attributes", fill(&format!("<node{attributes}/>"))),
        ("many declarations", fill(&format!("<node{declarations}><any/></node>"))),
        ("prefixes in scope", nested(&fill("<a1:x/><b3:x/>"))),
        ("uses in a copy", nested(&format!("<any>{}</any>", fill("<a1:x/><b3:x/>")))),
        ("references", format!("<any>{}</any>", fill("&lt;"))),
        ("comments", fill("<!---->")),
        (
            "80,000 attributes",
            format!("<node{}/>", (0..80_000).map(|index| format!(" a{index}=''")).collect::<String>()),
        ),
    ];
    let cases = cases.map(|(name, content)| {
        let xml = format!(
            "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body><ListResponse xmlns='urn:shop'>\
             <tree>{content}</tree></ListResponse></s:Body></s:Envelope>"
        );
        let definitions = Arc::clone(&definitions);
        Case::new(format!("SOAP to JSON: {name}"), xml.into_bytes(), move |xml, out| {
            let (limits, options) = (Limits::default(), Options::default());
            let (_, operation) = definitions.find_operation("List").expect("it is there");
            to_json::message(&definitions, operation, Direction::Reply, xml, &limits, &options, out).map(drop)
        })
    });
    cases.into()
}

fn from_soap_json() -> Vec<Case> {
    let definitions = definitions();
    let fill = |one: &str| one.repeat(MEGABYTE / one.len());
    let cases = [
        ("numbers", format!("{{\"tree\":{{\"n\":[{}1]}}}}", fill("1,"))),
        ("empty structures", format!("{{\"tree\":{{\"node\":[{}{{}}]}}}}", fill("{},"))),
        ("attributes", format!("{{\"tree\":{{\"node\":[{}{{}}]}}}}", fill("{\"@a\":\"\"},"))),
        ("texts", format!("{{\"tree\":{{\"any\":[{}\"\"]}}}}", fill("\"<\","))),
        ("copies", format!("{{\"tree\":{{\"any\":[{}\"\"]}}}}", fill("{\"$xml\":\"<a/>\"},"))),
        ("brackets", "[".repeat(MEGABYTE)),
    ];
    let cases = cases.map(|(name, json)| {
        let definitions = Arc::clone(&definitions);
        Case::new(format!("JSON to SOAP: {name}"), json.into_bytes(), move |json, out| {
            let (limits, options) = (Limits::default(), Options::default());
            let (_, operation) = definitions.find_operation("List").expect("it is there");
            let (reply, version) = (Direction::Reply, Version::V11);
            from_json::message(&definitions, operation, reply, version, json, &[], &limits, &options, out)
        })
    });
    cases.into()
}

fn descriptions() -> Vec<Case> {
    let many = |one: &dyn Fn(usize) -> String| {
        let mut text = String::new();
        let mut index = 0;
        while text.len() < 1_000_000 {
            text.push_str(&one(index));
            index += 1;
        }
        text
    };
    let schema = |body: &str| {
        format!(
            "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' xmlns='t' targetNamespace='t'>{body}</xs:schema>"
        )
    };
    let base: String = (0..5_000).map(|index| format!("<xs:element name='a{index}'/>")).collect();
    let values: String = (0..5_000).map(|index| format!("<xs:enumeration value='{index}'/>")).collect();
    let cases = [
        ("elements", schema(&many(&|index| format!("<xs:element name='a{index}' type='xs:int'/>")))),
        (
            "fields",
            schema(&format!(
                "<xs:complexType name='a'><xs:sequence>{}</xs:sequence></xs:complexType>",
                many(&|index| format!("<xs:element name='a{index}' type='a'/>"))
            )),
        ),
        (
            "wide bases",
            schema(&format!(
                "<xs:complexType name='b'><xs:sequence>{base}</xs:sequence></xs:complexType>{}",
                many(&|index| format!(
                    "<xs:complexType name='c{index}'><xs:complexContent><xs:extension base='b'/></xs:complexContent></xs:complexType>"
                ))
            )),
        ),
        (
            "enumerations",
            schema(&format!(
                "<xs:simpleType name='b'><xs:restriction base='xs:string'>{values}</xs:restriction></xs:simpleType>{}",
                many(&|index| format!(
                    "<xs:simpleType name='c{index}'><xs:restriction base='b'/></xs:simpleType>"
                ))
            )),
        ),
        (
            "substitutes",
            schema(
                &many(&|index| format!("<xs:element name='a{}' substitutionGroup='a{index}'/>", index + 1))
                    .replace("<xs:element name='a1'", "<xs:element name='a0'/><xs:element name='a1'"),
            ),
        ),
        (
            "attributes",
            schema(&format!(
                "<xs:complexType name='a'>{}</xs:complexType>",
                many(&|index| format!("<xs:attribute name='a{index}'/>"))
            )),
        ),
        (
            "messages",
            format!(
                "<definitions xmlns='http://schemas.xmlsoap.org/wsdl/' targetNamespace='t' xmlns:t='t' \
                 xmlns:s='http://schemas.xmlsoap.org/wsdl/soap/'>{}<portType name='p'>{}</portType>\
                 <binding name='b' type='t:p'><s:binding transport='http'/>{}</binding></definitions>",
                (0..8_000).map(|index| format!("<message name='m{index}'/>")).collect::<String>(),
                (0..8_000)
                    .map(|index| format!(
                        "<operation name='o{index}'><input message='t:m{index}'/></operation>"
                    ))
                    .collect::<String>(),
                (0..8_000).map(|index| format!("<operation name='o{index}'/>")).collect::<String>(),
            ),
        ),
    ];
    let cases = cases.map(|(name, text)| {
        let bytes = text.len();
        let loader = MemoryLoader::default().with("a", text.as_str());
        let run = move || {
            let limits = Limits::default();
            let failed = if text.starts_with("<xs") {
                xsd::load(&loader, "a", &limits).err()
            } else {
                wsdl::load(&loader, "a", &limits).err()
            };
            failed.map_or(Ok(0), |error| Err(error.to_string()))
        };
        Case { name: format!("schema: {name}"), bytes, run: Box::new(run) }
    });
    cases.into()
}

/// A struct that may hold anything.
fn tree() -> Arc<thrift::Schema> {
    let idl =
        "struct N { 1: optional N a; 2: list<N> b; 3: list<list<list<list<list<i8>>>>> c; 4: string d }";
    let loader = MemoryLoader::default().with("n.thrift", idl);
    Arc::new(idl::load(&loader, "n.thrift", &[], &Limits::default()).expect("it is right").0)
}

fn to_thrift_json() -> Vec<Case> {
    let schema = tree();
    let empty = [&[15, 0, 2, 12, 0, 0x0F, 0x40, 0x00][..], &vec![0; MEGABYTE]].concat();
    let bools = [0x11].repeat(MEGABYTE);
    let unknown = [[0x01, 0xD0, 0x0F].to_vec(), [0x01, 0xD2, 0x0F].to_vec()].concat().repeat(MEGABYTE / 6);
    let deep = [12, 0, 1].repeat(MEGABYTE / 3);
    let cases = [
        ("empty structs", Protocol::Binary, empty),
        ("unknown bools", Protocol::Compact, bools),
        ("unknown fields", Protocol::Compact, unknown),
        ("structs in structs", Protocol::Binary, deep),
    ];
    let cases = cases.map(|(name, protocol, bytes)| {
        let schema = Arc::clone(&schema);
        Case::new(format!("Thrift {} to JSON: {name}", protocol.name()), bytes, move |bytes, out| {
            let (limits, options) = (Limits::default(), thrift::Options::default());
            let id = schema.find_struct("N").expect("it is there");
            thrift::to_json::convert(&schema, id, protocol, bytes, &limits, &options, out)
        })
    });
    cases.into()
}

fn from_thrift_json() -> Vec<Case> {
    let schema = tree();
    let small = format!("[{}1]", "1,".repeat(15));
    let lists = (0..4).fold(small, |inner, _| format!("[{}]", vec![inner; 13].join(",")));
    let inputs = [
        ("lists in lists", format!("{{\"c\":{lists}}}")),
        ("escapes", format!("{{\"d\":\"{}\"}}", "\\u0001".repeat(MEGABYTE / 6))),
        ("small structs", format!("{{\"b\":[{}{{}}]}}", "{\"d\":\"\"},".repeat(MEGABYTE / 9))),
    ];
    let mut cases = Vec::new();
    for (name, json) in inputs {
        for protocol in [Protocol::Binary, Protocol::Compact, Protocol::Json] {
            let schema = Arc::clone(&schema);
            let name = format!("JSON to Thrift {}: {name}", protocol.name());
            cases.push(Case::new(name, json.clone().into_bytes(), move |json, out| {
                let (limits, options) = (Limits::default(), thrift::Options::default());
                let id = schema.find_struct("N").expect("it is there");
                thrift::from_json::convert(&schema, id, protocol, json, &limits, &options, out)
            }));
        }
    }
    cases
}

/// Findings, defaults that grow, typedefs before their targets.
fn interface_files() -> Vec<Case> {
    let typedefs: String = (0..27_000)
        .rev()
        .map(|index| format!("typedef list<T{index}> U{index} typedef i8 T{index}\n"))
        .collect();
    let list = format!("const list<i32> A = [{}]\n", "1 ".repeat(900));
    let consts: String =
        (0..20_000).map(|index| format!("const list<list<i32>> B{index} = [A, A]\n")).collect();
    let cases = [
        ("fields without ids", format!("struct A {{{}}}", "i8 a ".repeat(MEGABYTE / 5))),
        ("typedefs", typedefs),
        ("constants of constants", list + &consts),
    ];
    let cases = cases.map(|(name, text)| {
        let bytes = text.len();
        let loader = MemoryLoader::default().with("a.thrift", text);
        let run = move || match idl::load(&loader, "a.thrift", &[], &Limits::default()) {
            Ok(_) => Ok(0),
            Err(errors) => Err(errors.0.first().map(ToString::to_string).unwrap_or_default()),
        };
        Case { name: format!("IDL: {name}"), bytes, run: Box::new(run) }
    });
    cases.into()
}
