use proptest::{
    collection::vec,
    prelude::{Just, Strategy, any, prop_assert_eq, prop_oneof, proptest},
};
use serde_json::{Map, Value, json};

use super::{envelope, read, write};
use crate::{
    Limits, MemoryLoader,
    soap::{Direction, Options, Version, from_json, to_json},
    wsdl::{self, tests::WRAPPED, tests::definitions},
    xsd::{self, tests::schema},
};

/// A type: how it is written, and what a value of it can be.
#[derive(Clone, Debug)]
enum Shape {
    Simple(&'static str),
    Enumeration,
    List,
    Structure { fields: Vec<Field>, attribute: bool, is_choice: bool },
    Text,
}

#[derive(Clone, Debug)]
struct Field {
    shape: Shape,
    optional: bool,
    many: bool,
    nillable: bool,
}

const SIMPLE: [&str; 11] = [
    "string",
    "token",
    "int",
    "long",
    "unsignedLong",
    "boolean",
    "double",
    "decimal",
    "base64Binary",
    "dateTime",
    "QName",
];

fn shape() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        8 => (0..SIMPLE.len()).prop_map(|index| Shape::Simple(SIMPLE[index])),
        1 => Just(Shape::Enumeration),
        1 => Just(Shape::List),
        1 => Just(Shape::Text),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        let field = (inner, any::<bool>(), any::<bool>(), any::<bool>())
            .prop_map(|(shape, optional, many, nillable)| Field { shape, optional, many, nillable });
        (vec(field, 0..6), any::<bool>(), any::<bool>())
            .prop_map(|(fields, attribute, is_choice)| Shape::Structure { fields, attribute, is_choice })
    })
}

impl Shape {
    fn xsd(&self, out: &mut String) {
        match self {
            Self::Simple(name) => {
                *out += &format!("<xs:simpleType><xs:restriction base='xs:{name}'/></xs:simpleType>");
            }
            Self::Enumeration => {
                *out += "<xs:simpleType><xs:restriction base='xs:string'><xs:enumeration value='a b'/>\
                         <xs:enumeration value='ü'/></xs:restriction></xs:simpleType>";
            }
            Self::List => *out += "<xs:simpleType><xs:list itemType='xs:int'/></xs:simpleType>",
            Self::Text => {
                *out += "<xs:complexType><xs:simpleContent><xs:extension base='xs:int'>\
                         <xs:attribute name='unit' use='required'/></xs:extension></xs:simpleContent></xs:complexType>";
            }
            Self::Structure { fields, attribute, is_choice } => {
                let group = if *is_choice { "choice" } else { "sequence" };
                let many = if *is_choice { " minOccurs='0' maxOccurs='unbounded'" } else { "" };
                *out += &format!("<xs:complexType><xs:{group}{many}>");
                for (index, field) in fields.iter().enumerate() {
                    let least = i32::from(!field.optional && !is_choice);
                    let most = if field.many { "unbounded" } else { "1" };
                    let nillable = field.nillable;
                    *out += &format!(
                        "<xs:element name='e{index}' minOccurs='{least}' maxOccurs='{most}' nillable='{nillable}'>"
                    );
                    field.shape.xsd(out);
                    *out += "</xs:element>";
                }
                *out += &format!("</xs:{group}>");
                if *attribute {
                    *out += "<xs:attribute name='n' type='xs:int'/>";
                }
                *out += "</xs:complexType>";
            }
        }
    }

    /// A value, by numbers that are chosen at random.
    fn value(&self, random: &mut impl FnMut(usize) -> usize) -> Value {
        let texts = ["", "a", " <&>\"' ", "\t\r\n", "客服", "]]>", "a longer one without anything"];
        match self {
            Self::Simple("string") => json!(texts[random(texts.len())]),
            Self::Simple("token") => json!(["", "a b", "客服"][random(3)]),
            Self::Simple("int") => json!([0, -1, i32::MAX, i32::MIN][random(4)]),
            Self::Simple("long") => json!([0, -1, i64::MAX, i64::MIN][random(4)]),
            Self::Simple("unsignedLong") => [json!(7), json!("18446744073709551615")][random(2)].clone(),
            Self::Simple("boolean") => json!(random(2) == 0),
            Self::Simple("double") => {
                [json!(0.1), json!(-0.0), json!(1e300), json!("NaN"), json!("-Infinity")][random(5)].clone()
            }
            Self::Simple("decimal") => json!(["0", "-10.50", "123456789012345678901234567890.5"][random(3)]),
            Self::Simple("base64Binary") => json!(["", "aGk=", "/+8="][random(3)]),
            Self::Simple("dateTime") => json!("2026-01-31T00:00:00.000+08:00"),
            Self::Simple(_) => json!(["a", "{urn:other}b", "{urn:t}c"][random(3)]),
            Self::Enumeration => json!(["a b", "ü"][random(2)]),
            Self::List => json!((0..random(3)).map(|_| random(1_000)).collect::<Vec<_>>()),
            Self::Text => json!({"@unit": texts[random(texts.len())], "#text": random(100)}),
            Self::Structure { fields, attribute, is_choice } => {
                let mut members = Map::new();
                if *attribute && random(2) == 0 {
                    members.insert("@n".to_owned(), json!(random(100)));
                }
                for (index, field) in fields.iter().enumerate() {
                    if (field.optional || *is_choice) && random(3) == 0 {
                        continue;
                    }
                    let mut one = || {
                        if field.nillable && random(4) == 0 {
                            Value::Null
                        } else {
                            field.shape.value(&mut *random)
                        }
                    };
                    let value = if field.many || *is_choice {
                        let first = one();
                        let more = [one(), one()];
                        let count = random(3);
                        Value::Array(std::iter::once(first).chain(more.into_iter().take(count)).collect())
                    } else {
                        one()
                    };
                    members.insert(format!("e{index}"), value);
                }
                Value::Object(members)
            }
        }
    }
}

proptest! {
    #[test]
    fn json_to_xml_and_back(shape in shape(), mut seed in 1..u64::MAX) {
        let mut body = String::from("<xs:element name='r'>");
        shape.xsd(&mut body);
        body += "</xs:element>";
        let schemas = schema(&body).unwrap_or_else(|errors| panic!("{errors}: {body}"));
        let value = shape.value(&mut |bound| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            usize::try_from(seed >> 33).unwrap_or_default() % bound
        });
        let id = schemas.find_element("urn:t", "r").expect("it is there");
        let (limits, options) = (Limits::default(), Options { strict: true });
        let mut xml = Vec::new();
        from_json::element(&schemas, id, value.to_string().as_bytes(), &limits, &options, &mut xml)
            .unwrap_or_else(|error| panic!("{error}: {value} {body}"));
        let mut out = Vec::new();
        to_json::element(&schemas, id, &xml, &limits, &options, &mut out)
            .unwrap_or_else(|error| panic!("{error}: {value} {}", String::from_utf8_lossy(&xml)));
        let again: Value = serde_json::from_slice(&out).expect("it is JSON");
        prop_assert_eq!(again, value, "{}", String::from_utf8_lossy(&xml));
    }

    #[test]
    fn nothing_panics(
        name in prop_oneof![Just(0), Just(1), Just(2)],
        at in any::<usize>(),
        put in "[<>/a-z:='\" &;#!\\[\\]0-9{},$@]{0,12}",
        cut in 0..40_usize,
    ) {
        // A message, its JSON and the description, each broken at some place.
        let (file, operation, body) = [
            ("wrapped.wsdl", "CreateTicket", "<t:CreateTicket xmlns:t='urn:tickets' xmlns='urn:tickets:data'><t:ticket><id>1</id><title>x</title><from xsi:type='Customer' vip='1'><name>a</name></from><due xsi:nil='1'/></t:ticket></t:CreateTicket>"),
            ("bare.wsdl", "Find", "<q:query xmlns:q='urn:bare'>7</q:query>"),
            ("rpc.wsdl", "Sort", "<m:Sort xmlns:m='urn:sort'><count>1</count><items><i href='#1'/></items><tags/></m:Sort><r id='1'><name>x</name></r>"),
        ][name];
        let broken = |text: &str| {
            let mut at = at % (text.len() + 1);
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            let mut end = (at + cut).min(text.len());
            while !text.is_char_boundary(end) {
                end += 1;
            }
            format!("{}{put}{}", &text[..at], &text[end..])
        };
        let (definitions, _) = definitions(file);
        let xml = envelope(Version::V11, "<h xmlns='urn:h'/>", body);
        let (json, _) = read(&definitions, operation, Direction::Request, &xml).expect("right");
        drop(read(&definitions, operation, Direction::Request, &broken(&xml)));
        drop(write(&definitions, operation, Direction::Request, Version::V11, &broken(&json)));
        if file == "wrapped.wsdl" {
            let loader = MemoryLoader::default().with("a.wsdl", broken(WRAPPED));
            drop(wsdl::load(&loader, "a.wsdl", &Limits::default()));
            drop(xsd::load(&loader, "a.wsdl", &Limits::default()));
        }
    }
}
