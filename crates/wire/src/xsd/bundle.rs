//! Minimal forms of well-known schemas, so that what refers to them can be read without a network.

/// The schema of a namespace.
pub(super) fn find(namespace: &str) -> Option<String> {
    let body = match namespace {
        crate::xml::XML => XML.to_owned(),
        super::SOAP_ENC_11 | super::SOAP_ENC_12 => soap_encoding(),
        "http://schemas.xmlsoap.org/soap/envelope/" | "http://www.w3.org/2003/05/soap-envelope" => {
            ENVELOPE.to_owned()
        }
        "http://www.w3.org/2005/05/xmlmime" | "http://www.w3.org/2004/11/xmlmime" => XMLMIME.to_owned(),
        "http://www.w3.org/2004/08/xop/include" => XOP.to_owned(),
        "http://www.w3.org/2005/08/addressing" | "http://schemas.xmlsoap.org/ws/2004/08/addressing" => {
            ADDRESSING.to_owned()
        }
        "http://www.w3.org/2000/09/xmldsig#" => DSIG.to_owned(),
        _ => return None,
    };
    // The prefix xml is bound already, and nothing else may be bound to its namespace.
    let default =
        if namespace == crate::xml::XML { String::new() } else { format!(" xmlns=\"{namespace}\"") };
    Some(format!(
        "<xs:schema xmlns:xs=\"{}\"{default} targetNamespace=\"{namespace}\" \
         elementFormDefault=\"qualified\">{body}</xs:schema>",
        super::XSD
    ))
}

const XML: &str = r#"
<xs:attribute name="lang" type="xs:string"/><xs:attribute name="base" type="xs:anyURI"/>
<xs:attribute name="id" type="xs:ID"/>
<xs:attribute name="space"><xs:simpleType><xs:restriction base="xs:NCName">
  <xs:enumeration value="default"/><xs:enumeration value="preserve"/>
</xs:restriction></xs:simpleType></xs:attribute>
<xs:attributeGroup name="specialAttrs">
  <xs:attribute ref="xml:base"/><xs:attribute ref="xml:lang"/><xs:attribute ref="xml:space"/><xs:attribute ref="xml:id"/>
</xs:attributeGroup>"#;

const ENVELOPE: &str = r#"
<xs:attribute name="mustUnderstand" type="xs:boolean"/><xs:attribute name="actor" type="xs:anyURI"/>
<xs:attribute name="role" type="xs:anyURI"/><xs:attribute name="relay" type="xs:boolean"/>
<xs:attribute name="encodingStyle" type="xs:anyURI"/>"#;

const XMLMIME: &str = r#"
<xs:attribute name="contentType" type="xs:string"/><xs:attribute name="expectedContentTypes" type="xs:string"/>
<xs:complexType name="base64Binary"><xs:simpleContent><xs:extension base="xs:base64Binary">
  <xs:attribute ref="contentType"/></xs:extension></xs:simpleContent></xs:complexType>
<xs:complexType name="hexBinary"><xs:simpleContent><xs:extension base="xs:hexBinary">
  <xs:attribute ref="contentType"/></xs:extension></xs:simpleContent></xs:complexType>"#;

const XOP: &str = r#"
<xs:element name="Include" type="Include"/>
<xs:complexType name="Include"><xs:sequence>
  <xs:any minOccurs="0" maxOccurs="unbounded"/></xs:sequence>
  <xs:attribute name="href" type="xs:anyURI" use="required"/><xs:anyAttribute/></xs:complexType>"#;

const ADDRESSING: &str = r#"
<xs:complexType name="AttributedURIType"><xs:simpleContent><xs:extension base="xs:anyURI"><xs:anyAttribute/>
  </xs:extension></xs:simpleContent></xs:complexType>
<xs:complexType name="RelatesToType"><xs:simpleContent><xs:extension base="xs:anyURI">
  <xs:attribute name="RelationshipType" type="xs:anyURI"/><xs:anyAttribute/></xs:extension></xs:simpleContent>
</xs:complexType>
<xs:complexType name="ContentType"><xs:sequence>
  <xs:any minOccurs="0" maxOccurs="unbounded"/></xs:sequence><xs:anyAttribute/></xs:complexType>
<xs:complexType name="EndpointReferenceType"><xs:sequence>
  <xs:element name="Address" type="AttributedURIType"/>
  <xs:element name="ReferenceParameters" type="ContentType" minOccurs="0"/>
  <xs:element name="Metadata" type="ContentType" minOccurs="0"/>
  <xs:any minOccurs="0" maxOccurs="unbounded"/></xs:sequence><xs:anyAttribute/>
</xs:complexType>
<xs:element name="EndpointReference" type="EndpointReferenceType"/>
<xs:element name="MessageID" type="AttributedURIType"/><xs:element name="RelatesTo" type="RelatesToType"/>
<xs:element name="ReplyTo" type="EndpointReferenceType"/><xs:element name="From" type="EndpointReferenceType"/>
<xs:element name="FaultTo" type="EndpointReferenceType"/><xs:element name="To" type="AttributedURIType"/>
<xs:element name="Action" type="AttributedURIType"/><xs:attribute name="IsReferenceParameter" type="xs:boolean"/>"#;

const DSIG: &str = r#"
<xs:complexType name="ContentType"><xs:sequence>
  <xs:any minOccurs="0" maxOccurs="unbounded" processContents="lax"/></xs:sequence><xs:anyAttribute/>
</xs:complexType>
<xs:element name="Signature" type="ContentType"/><xs:element name="KeyInfo" type="ContentType"/>
<xs:simpleType name="CryptoBinary"><xs:restriction base="xs:base64Binary"/></xs:simpleType>
<xs:simpleType name="DigestValueType"><xs:restriction base="xs:base64Binary"/></xs:simpleType>"#;

/// The encodings of SOAP: an array, and a twin of each type of XML Schema.
fn soap_encoding() -> String {
    let twins = [
        "string",
        "normalizedString",
        "token",
        "language",
        "Name",
        "NCName",
        "NMTOKEN",
        "anyURI",
        "QName",
        "hexBinary",
        "base64Binary",
        "boolean",
        "decimal",
        "float",
        "double",
        "integer",
        "nonPositiveInteger",
        "negativeInteger",
        "long",
        "int",
        "short",
        "byte",
        "nonNegativeInteger",
        "unsignedLong",
        "unsignedInt",
        "unsignedShort",
        "unsignedByte",
        "positiveInteger",
        "duration",
        "dateTime",
        "time",
        "date",
        "gYearMonth",
        "gYear",
        "gMonthDay",
        "gDay",
        "gMonth",
    ];
    let mut body = String::from(
        r#"<xs:attribute name="arrayType" type="xs:string"/><xs:attribute name="offset" type="xs:string"/>
<xs:attribute name="itemType" type="xs:QName"/><xs:attribute name="arraySize" type="xs:string"/>
<xs:attributeGroup name="commonAttributes"><xs:anyAttribute/></xs:attributeGroup>
<xs:attributeGroup name="arrayAttributes"><xs:attribute ref="arrayType"/></xs:attributeGroup>
<xs:group name="Array"><xs:sequence><xs:any minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:group>
<xs:complexType name="Array"><xs:sequence>
  <xs:any minOccurs="0" maxOccurs="unbounded"/></xs:sequence></xs:complexType>
<xs:simpleType name="base64"><xs:restriction base="xs:base64Binary"/></xs:simpleType>"#,
    );
    for twin in twins {
        body.push_str(&format!(
            "<xs:simpleType name=\"{twin}\"><xs:restriction base=\"xs:{twin}\"/></xs:simpleType>"
        ));
    }
    body
}
