use super::{Content, Schemas, TypeKind, load};
use crate::{Limits, MemoryLoader, SchemaErrors};

pub(crate) fn schema(body: &str) -> Result<Schemas, SchemaErrors> {
    let text = format!(
        "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' xmlns='urn:t' targetNamespace='urn:t' \
         elementFormDefault='qualified'>{body}</xs:schema>"
    );
    let loader = MemoryLoader::default().with("t.xsd", text);
    load(&loader, "t.xsd", &Limits::default()).map(|(schemas, _)| schemas)
}

#[test]
fn redefinition_and_chameleons() {
    let loader = MemoryLoader::default()
        .with(
            "main.xsd",
            "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' xmlns='urn:m' targetNamespace='urn:m'>
             <xs:redefine schemaLocation='old.xsd'>
               <xs:complexType name='A'><xs:complexContent><xs:extension base='A'>
                 <xs:sequence><xs:element name='y' type='xs:int'/></xs:sequence>
               </xs:extension></xs:complexContent></xs:complexType>
               <xs:group name='G'><xs:sequence><xs:group ref='G'/><xs:element name='h' type='xs:int'/></xs:sequence>
               </xs:group>
             </xs:redefine>
             <xs:import namespace='http://www.w3.org/XML/1998/namespace' schemaLocation='http://www.w3.org/xml.xsd'/>
             <xs:element name='root'><xs:complexType>
               <xs:sequence><xs:element name='a' type='A'/><xs:group ref='G'/></xs:sequence>
               <xs:attribute ref='xml:lang'/>
             </xs:complexType></xs:element>
           </xs:schema>",
        )
        .with(
            "old.xsd",
            "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'>
             <xs:complexType name='A'><xs:sequence><xs:element name='x' type='xs:int'/></xs:sequence>
             </xs:complexType>
             <xs:group name='G'><xs:sequence><xs:element name='g' type='xs:int'/></xs:sequence></xs:group>
           </xs:schema>",
        );
    let (schemas, warnings) =
        load(&loader, "main.xsd", &Limits::default()).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(warnings, []);
    let members = |id| match &schemas.ty(id).kind {
        TypeKind::Complex(complex) => complex.members.iter().map(|member| member.json_name.clone()).collect(),
        TypeKind::Simple(_) => Vec::new(),
    };
    let root = schemas.element(schemas.find_element("urn:m", "root").expect("it is there"));
    assert_eq!(members(root.ty), ["a", "g", "h"]);
    assert_eq!(members(schemas.find_type("urn:m", "A").expect("it is there")), ["x", "y"]);
    let TypeKind::Complex(complex) = &schemas.ty(root.ty).kind else { panic!("it is complex") };
    assert_eq!(complex.attributes[0].json_name, "@lang");
    assert!(matches!(complex.content, Content::Elements(_)));
}

#[test]
fn what_is_refused() {
    let cases = [
        ("<xs:element name='a' type='Nope'/>", "there is no type {urn:t}Nope"),
        ("<xs:element name='a' type='p:x'/>", "the prefix of \"p:x\" is not declared"),
        (
            "<xs:group name='G'><xs:sequence><xs:group ref='G'/></xs:sequence></xs:group>
             <xs:complexType name='A'><xs:group ref='G'/></xs:complexType>",
            "the group \"G\" is within itself",
        ),
        (
            "<xs:complexType name='A'><xs:complexContent><xs:extension base='A'/></xs:complexContent></xs:complexType>",
            "this type is derived from itself",
        ),
        ("<xs:include schemaLocation='../../etc/passwd'/>", "cannot find \"../../etc/passwd\""),
        ("<xs:include schemaLocation='file:///etc/passwd'/>", "cannot find \"file:///etc/passwd\""),
    ];
    for (body, expected) in cases {
        let errors = schema(body).expect_err(expected);
        assert!(errors.to_string().contains(expected), "{errors}");
    }
}

#[test]
fn groups_that_grow_are_refused() {
    use std::fmt::Write as _;
    let mut body =
        String::from("<xs:group name='G0'><xs:sequence><xs:element name='e'/></xs:sequence></xs:group>");
    for index in 1..40 {
        let group = format!("<xs:group ref='G{}'/>", index - 1).repeat(10);
        write!(body, "<xs:group name='G{index}'><xs:sequence>{group}</xs:sequence></xs:group>")
            .expect("memory");
    }
    body.push_str("<xs:complexType name='A'><xs:group ref='G39'/></xs:complexType>");
    let errors = schema(&body).expect_err("too many");
    assert!(errors.to_string().contains("more than"), "{errors}");
}

#[test]
fn the_well_known_schemas_are_right() {
    let namespaces = [
        crate::xml::XML,
        super::SOAP_ENC_11,
        super::SOAP_ENC_12,
        crate::soap::ENVELOPE_11,
        crate::soap::ENVELOPE_12,
        "http://www.w3.org/2005/05/xmlmime",
        "http://www.w3.org/2004/08/xop/include",
        "http://www.w3.org/2005/08/addressing",
        "http://www.w3.org/2000/09/xmldsig#",
    ];
    let imports: String =
        namespaces.iter().map(|namespace| format!("<xs:import namespace='{namespace}'/>")).collect();
    let schemas = schema(&imports).unwrap_or_else(|errors| panic!("{errors}"));
    assert!(schemas.find_type(super::SOAP_ENC_11, "Array").is_some());
    assert!(schemas.find_element("http://www.w3.org/2005/08/addressing", "To").is_some());
    let json: serde_json::Value = serde_json::from_str(&super::json_schema(&schemas)).expect("it is JSON");
    assert!(json["elements"].is_object());
}
