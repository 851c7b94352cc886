use super::{envelope, read, write};
use crate::{
    Limits,
    soap::{
        Direction, ENVELOPE_11, Options, Version, from_json,
        security::{Password, Security, Token, digest, header_block},
        to_json,
    },
    wsdl::tests::definitions,
    xsd::tests::schema,
};

#[test]
fn a_wrapped_request() {
    let (definitions, _) = definitions("wrapped.wsdl");
    let body = "<t:CreateTicket xmlns:t='urn:tickets' xmlns='urn:tickets:data'>
        <t:ticket><id>12345678901</id><title> a &lt; <![CDATA[b]]> </title><status>open</status>
          <from xsi:type='Customer' vip='1'><name>王</name><phone> 1  2 </phone></from>
          <label>one</label><price currency='CNY'>10.50</price><due xsi:nil='true'/><file>aGk =</file>
          <child><id>-1</id><title/></child></t:ticket>
        <t:urgent>0</t:urgent></t:CreateTicket>";
    let header = "<t:Session xmlns:t='urn:tickets' s:mustUnderstand='1'>abc</t:Session>
        <o:Other xmlns:o='urn:o' s:mustUnderstand='1' a='1'><o:x/></o:Other>";
    let xml = envelope(Version::V11, header, body);
    let (json, message) = read(&definitions, "CreateTicket", Direction::Request, &xml).expect("right");
    let expected = concat!(
        r#"{"$headers":{"Session":"abc","#,
        r#""$unknown":[{"$xml":"<o:Other xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:o='urn:o' "#,
        r#"s:mustUnderstand='1' a='1'><o:x/></o:Other>"}]},"#,
        r#""ticket":{"id":12345678901,"title":" a < b ","status":"open","#,
        r#""from":{"$type":"{urn:tickets:data}Customer","@vip":true,"name":"王","phone":"1 2"},"#,
        r#""label":["one"],"price":{"@currency":"CNY","#,
        r##""#text":"10.50"},"due":null,"file":"aGk=","child":[{"id":-1,"title":""}]},"urgent":false}"##
    );
    assert_eq!(json, expected);
    assert_eq!(message.not_understood, ["{urn:o}Other"]);
    assert_eq!((message.version, message.is_fault), (Version::V11, false));
    // And back, twice: the order of members is that of the schema.
    let again = write(&definitions, "CreateTicket", Direction::Request, Version::V11, &json).expect("right");
    let (json, _) = read(&definitions, "CreateTicket", Direction::Request, &again).expect("right");
    assert_eq!(json, expected);
}

#[test]
fn members_in_another_order() {
    let (definitions, _) = definitions("wrapped.wsdl");
    let json = r#"{"urgent":true,"ticket":{"label":["a","b"],"title":"<x>","id":1}}"#;
    let xml = write(&definitions, "CreateTicket", Direction::Request, Version::V12, json).expect("right");
    let body = &xml[xml.find("<soap:Body>").expect("it has a body")..];
    assert_eq!(
        body,
        "<soap:Body><n2:CreateTicket><n2:ticket><n3:id>1</n3:id><n3:title>&lt;x&gt;</n3:title>\
         <n3:label>a</n3:label><n3:label>b</n3:label></n2:ticket><n2:urgent>true</n2:urgent></n2:CreateTicket>\
         </soap:Body></soap:Envelope>"
    );
}

#[test]
fn errors_name_the_path() {
    let (definitions, _) = definitions("wrapped.wsdl");
    let cases = [
        (r#"{"ticket":{"id":1}}"#, "ticket.title: the required field is missing, at byte 10"),
        (r#"{"ticket":{"id":1,"title":5}}"#, "ticket.title: expected a string, found 5, at byte 26"),
        (
            r#"{"ticket":{"id":1,"title":"","status":"gone"}}"#,
            "ticket.status: expected one of \"new\", \"open\", \"done\", found \"gone\", at byte 38",
        ),
        (
            r#"{"ticket":{"id":1,"title":"","child":[{"id":1,"title":"","id":2}]}}"#,
            "ticket.child[0].id: this name stands there twice, at byte 57",
        ),
        (
            r#"{"ticket":{"id":9999999999999999999,"title":""}}"#,
            "ticket.id: expected an integer within its bounds, found 9999999999999999999, at byte 16",
        ),
        (
            r#"{"ticket":null}"#,
            "ticket: expected a value, as the element is not nillable, found null, at byte 10",
        ),
        (
            r#"{"ticket":{"id":1,"title":"","from":{"name":"x"}}}"#,
            "ticket.from: the type is abstract: $type must name one that is derived from it, at byte 36",
        ),
        (
            r##"{"ticket":{"id":1,"title":"","price":{"#text":"1"}}}"##,
            "ticket.price.@currency: the required field is missing, at byte 37",
        ),
        (r#"{"ticket":{"id":1,"title":"\u0000"}}"#, "ticket.title: XML has no character '\\0', at byte 26"),
        (r#"{"nope":1}"#, "expected a member of the type, found \"nope\", at byte 1"),
        (
            r#"{"$headers":{"Nope":1},"ticket":{"id":1,"title":""}}"#,
            "$headers: expected a header block of the operation, found \"Nope\", at byte 13",
        ),
    ];
    for (json, expected) in cases {
        let error =
            write(&definitions, "CreateTicket", Direction::Request, Version::V11, json).expect_err(expected);
        assert_eq!(error.to_string(), expected);
    }
    let cases = [
        (
            "<t:ticket><d:id>x</d:id></t:ticket>",
            "ticket.id: expected an integer within its bounds, found \"x\"",
        ),
        (
            "<t:ticket><d:child><d:id/></d:child></t:ticket>",
            "ticket.child[0].id: expected an integer within its bounds, found \"\"",
        ),
        ("<t:ticket>x</t:ticket>", "ticket: expected an element, found a text"),
        ("<t:ticket><d:id>1</d:id><d:id>1</d:id></t:ticket>", "ticket.id: this element stands there twice"),
        (
            "<t:ticket><d:title><b/></d:title></t:ticket>",
            "ticket.title: expected a text, found the element \"b\"",
        ),
        (
            "<t:ticket xsi:type='d:Customer'/>",
            "ticket: expected a type derived from {urn:tickets:data}Ticket, found {urn:tickets:data}Customer",
        ),
    ];
    for (ticket, expected) in cases {
        let body = format!(
            "<t:CreateTicket xmlns:t='urn:tickets' xmlns:d='urn:tickets:data'>{ticket}</t:CreateTicket>"
        );
        let error =
            read(&definitions, "CreateTicket", Direction::Request, &envelope(Version::V11, "", &body))
                .expect_err(expected);
        assert!(error.to_string().starts_with(expected), "{error}");
        assert!(error.offset().is_some_and(|at| at > 200), "{error}");
    }
}

#[test]
fn faults() {
    let (definitions, _) = definitions("wrapped.wsdl");
    let json = r#"{"$fault":{"code":"Client","reason":{"en":"no"},"role":"urn:r","detail":{"Refused":{"why":"busy"},"$unknown":[{"$xml":"<x/>"}]}}}"#;
    let xml = write(&definitions, "CreateTicket", Direction::Reply, Version::V11, json).expect("right");
    let (again, message) = read(&definitions, "CreateTicket", Direction::Reply, &xml).expect("right");
    assert!(message.is_fault);
    assert_eq!(again, json);
    let json = r#"{"$fault":{"code":"Sender","subcodes":["{urn:e}Bad","{urn:e}Worse"],"reason":{"en":"no","zh":"不"},"detail":{"Refused":{"why":"busy"}}}}"#;
    let xml = write(&definitions, "CreateTicket", Direction::Reply, Version::V12, json).expect("right");
    let (again, message) = read(&definitions, "CreateTicket", Direction::Reply, &xml).expect("right");
    assert_eq!((message.is_fault, message.version), (true, Version::V12));
    assert_eq!(again, json);
    let xml = envelope(
        Version::V11,
        "",
        "<s:Fault><faultcode>s:Server</faultcode><faultstring>x</faultstring><detail>text</detail></s:Fault>",
    );
    let (json, _) = read(&definitions, "Forget", Direction::Reply, &xml).expect("right");
    assert_eq!(json, r##"{"$fault":{"code":"Server","reason":{"en":"x"},"detail":{"#text":"text"}}}"##);
}

#[test]
fn namespaces_that_cannot_be_declared_are_refused() {
    let (definitions, _) = definitions("wrapped.wsdl");
    for namespace in ["u>rn", "u&rn", "u rn", "u<rn"] {
        let json = format!(r#"{{"$fault":{{"code":"{{{namespace}}}Bad"}}}}"#);
        let error =
            write(&definitions, "CreateTicket", Direction::Reply, Version::V12, &json).expect_err(namespace);
        assert_eq!(error.path(), "$fault.code");
    }
}

#[test]
fn substitutes_and_alternation() {
    let (definitions, _) = definitions("bare.wsdl");
    let xml = envelope(Version::V12, "", "<q:query xmlns:q='urn:bare'> 7 </q:query>");
    let (json, _) = read(&definitions, "Find", Direction::Request, &xml).expect("right");
    assert_eq!(json, r#"{"query":7}"#);
    let xml = envelope(
        Version::V12,
        "",
        "<q:shape xmlns:q='urn:bare'><q:square>1</q:square><gap>0</gap><q:circle>2</q:circle><q:square>3</q:square>\
         <q:other/></q:shape>",
    );
    let (json, _) = read(&definitions, "Find", Direction::Reply, &xml).expect("right");
    assert_eq!(
        json,
        r#"{"shape":{"circle":[2],"square":[1,3],"gap":[0],"$unknown":[{"$xml":"<q:other xmlns:q=\"urn:bare\"/>"}]}}"#
    );
    let xml = write(&definitions, "Find", Direction::Reply, Version::V12, &json).expect("right");
    assert_eq!(read(&definitions, "Find", Direction::Reply, &xml).expect("right").0, json);
}

#[test]
fn rpc() {
    let (definitions, _) = definitions("rpc.wsdl");
    let body = "<m:Sort xmlns:m='urn:sort' xmlns:e='http://schemas.xmlsoap.org/soap/encoding/' xmlns:t='urn:rpc'>
        <count xsi:type='xsd:int'>2</count>
        <items xsi:type='e:Array' e:arrayType='t:Item[2]'><x href='#1'/><x href='#2'/></items>
        <tags xsi:type='e:Array' e:arrayType='xsd:string[2]'><x xsi:type='e:string'>a</x><x xsi:nil='1'/></tags></m:Sort>
        <multiRef id='1' xmlns:t='urn:rpc' xsi:type='t:Item'><name xsi:type='xsd:string'>one</name><next href='#2'/></multiRef>
        <multiRef id='2'><name href='#n'/></multiRef><multiRef id='n'>two</multiRef>";
    let (json, _) =
        read(&definitions, "Sort", Direction::Request, &envelope(Version::V11, "", body)).expect("right");
    let expected =
        r#"{"count":2,"items":[{"name":"one","next":{"name":"two"}},{"name":"two"}],"tags":["a",null]}"#;
    assert_eq!(json, expected);
    for version in [Version::V11, Version::V12] {
        let xml = write(&definitions, "Sort", Direction::Request, version, &json).expect("right");
        assert!(
            xml.contains(if version == Version::V11 { "enc:arrayType=\"n" } else { "enc:itemType=\"n" }),
            "{xml}"
        );
        assert_eq!(read(&definitions, "Sort", Direction::Request, &xml).expect("right").0, expected);
    }
    let xml = write(&definitions, "Add", Direction::Request, Version::V11, &json).expect("right");
    assert_eq!(read(&definitions, "Add", Direction::Request, &xml).expect("right").0, expected);
    // The name of a reply's wrapper says nothing.
    let reply = "<m:whatever xmlns:m='urn:add'><return><item><name>x</name></item></return></m:whatever>";
    let (json, _) =
        read(&definitions, "Add", Direction::Reply, &envelope(Version::V11, "", reply)).expect("right");
    assert_eq!(json, r#"{"return":[{"name":"x"}]}"#);
}

/// A type's body, and what must be the same after a round trip: XML content and JSON.
fn round(body: &str, xml: &str, json: &str) {
    let schemas = schema(body).unwrap_or_else(|errors| panic!("{errors}"));
    let id = schemas.find_element("urn:t", "r").expect("it is there");
    let (limits, options) = (Limits::default(), Options::default());
    let document = format!("<r xmlns='urn:t' xmlns:q='urn:q' xmlns:xsi='{}' {xml}</r>", crate::soap::XSI);
    let mut out = Vec::new();
    to_json::element(&schemas, id, document.as_bytes(), &limits, &options, &mut out)
        .unwrap_or_else(|error| panic!("{error}: {document}"));
    assert_eq!(String::from_utf8_lossy(&out), json);
    let mut written = Vec::new();
    from_json::element(&schemas, id, &out, &limits, &options, &mut written)
        .unwrap_or_else(|error| panic!("{error}: {json}"));
    let mut again = Vec::new();
    to_json::element(&schemas, id, &written, &limits, &options, &mut again)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&written)));
    assert_eq!(String::from_utf8_lossy(&again), json, "{}", String::from_utf8_lossy(&written));
}

#[test]
fn values() {
    let simple = |ty: &str, xml: &str, json: &str| {
        round(&format!("<xs:element name='r' type='xs:{ty}'/>"), &format!(">{xml}"), json);
    };
    simple("string", " a\tb ", "\" a\\tb \"");
    simple("normalizedString", " a\tb", "\" a b\"");
    simple("token", "  a \t b\n", "\"a b\"");
    simple("boolean", " 1 ", "true");
    simple("int", " +007 ", "7");
    simple("unsignedLong", "18446744073709551615", "\"18446744073709551615\"");
    simple("integer", "9223372036854775808", "\"9223372036854775808\"");
    simple(
        "integer",
        "99999999999999999999999999999999999999999999",
        "\"99999999999999999999999999999999999999999999\"",
    );
    simple("decimal", "10.50", "\"10.50\"");
    simple("double", "1.5E3", "1500.0");
    simple("double", "-0", "-0.0");
    simple("float", "INF", "\"Infinity\"");
    simple("float", "NaN", "\"NaN\"");
    simple("dateTime", "2026-01-31T23:59:59+08:00", "\"2026-01-31T23:59:59+08:00\"");
    simple("base64Binary", "aG k=", "\"aGk=\"");
    simple("hexBinary", "0aFF", "\"0aFF\"");
    simple("QName", "q:x", "\"{urn:q}x\"");
    simple("NMTOKENS", " a  b ", "[\"a\",\"b\"]");
    simple("anyType", "a", "\"a\"");
    simple("anySimpleType", "a", "\"a\"");
    round(
        "<xs:element name='r'><xs:simpleType><xs:union memberTypes='xs:int xs:boolean'><xs:simpleType>
           <xs:restriction base='xs:string'><xs:enumeration value='x'/></xs:restriction></xs:simpleType></xs:union>
         </xs:simpleType></xs:element>",
        ">x",
        "\"x\"",
    );
    round(
        "<xs:element name='r'><xs:simpleType><xs:list><xs:simpleType><xs:union memberTypes='xs:int xs:boolean'/>
         </xs:simpleType></xs:list></xs:simpleType></xs:element>",
        ">1 true 22",
        "[1,true,22]",
    );
    round("<xs:element name='r' type='xs:int' default='5'/>", ">", "5");
    round("<xs:element name='r' nillable='true' type='xs:int'/>", "xsi:nil='true'>", "null");
}

#[test]
fn structures() {
    let complex = |body: &str, xml: &str, json: &str| {
        round(
            &format!("<xs:element name='r'><xs:complexType>{body}</xs:complexType></xs:element>"),
            xml,
            json,
        );
    };
    complex(
        "<xs:all><xs:element name='a'/><xs:element name='b' minOccurs='0'/></xs:all>",
        "><a>2</a><b>1</b>",
        r#"{"a":"2","b":"1"}"#,
    );
    complex(
        "<xs:sequence><xs:any minOccurs='0' maxOccurs='3'/></xs:sequence><xs:anyAttribute/>",
        "x='1' q:y='2'><q:a q:b='1'>t</q:a>",
        r#"{"@x":"1","@{urn:q}y":"2","$any":[{"$xml":"<q:a xmlns:q=\"urn:q\" q:b='1'>t</q:a>"}]}"#,
    );
    complex(
        "<xs:sequence maxOccurs='unbounded'><xs:element name='a' type='xs:int'/><xs:element name='b' type='xs:int'/>
         </xs:sequence>",
        "><a>1</a><b>2</b><a>3</a><b>4</b>",
        r#"{"a":[1,3],"b":[2,4]}"#,
    );
    complex(
        "<xs:choice><xs:element name='a' type='xs:int'/><xs:sequence><xs:element name='b'/><xs:element name='c'/>
         </xs:sequence></xs:choice>",
        "><b>1</b><c>2</c>",
        r#"{"b":"1","c":"2"}"#,
    );
    complex("<xs:sequence/>", ">", "{}");
    let mixed =
        "<xs:element name='r'><xs:complexType mixed='true'><xs:sequence><xs:element name='b'/></xs:sequence>
         </xs:complexType></xs:element>";
    let schemas = schema(mixed).expect("right");
    let id = schemas.find_element("urn:t", "r").expect("it is there");
    let mut out = Vec::new();
    let xml = "<r xmlns='urn:t'>x<b>1</b>y</r>";
    to_json::element(&schemas, id, xml.as_bytes(), &Limits::default(), &Options::default(), &mut out)
        .expect("right");
    assert_eq!(
        String::from_utf8_lossy(&out),
        format!("{{\"$xml\":\"{xml}\"}}").replace("='urn:t'", "='urn:t'")
    );
    let mut written = Vec::new();
    from_json::element(&schemas, id, &out, &Limits::default(), &Options::default(), &mut written)
        .expect("right");
    assert_eq!(String::from_utf8_lossy(&written), xml);
}

#[test]
fn a_choice_takes_one() {
    let schemas = schema(
        "<xs:element name='r'><xs:complexType><xs:choice><xs:element name='a'/><xs:element name='b'/></xs:choice>
         </xs:complexType></xs:element>",
    )
    .expect("right");
    let id = schemas.find_element("urn:t", "r").expect("it is there");
    let write = |json: &str| {
        from_json::element(
            &schemas,
            id,
            json.as_bytes(),
            &Limits::default(),
            &Options::default(),
            &mut Vec::new(),
        )
        .expect_err("wrong")
        .to_string()
    };
    assert_eq!(write(r#"{"a":"","b":""}"#), "b: there are more values than the type allows here, at byte 12");
    assert_eq!(write("{}"), "expected one of a, b, found none of them, at byte 0");
}

#[test]
fn markup_stays_where_it_belongs() {
    let (definitions, _) = definitions("bare.wsdl");
    for copy in [
        "<a/><b/>",
        "x",
        "<a>",
        "</soap:Body>",
        "<!DOCTYPE a><a/>",
        "<p:a/>",
        "<?xml version='1.0'?><a/>",
        "",
    ] {
        let json = serde_json::json!({"shape": {"gap": [1], "$unknown": [{"$xml": copy}]}}).to_string();
        let error = write(&definitions, "Find", Direction::Reply, Version::V11, &json).expect_err(copy);
        assert_eq!(error.path(), "shape.$unknown", "{error}");
    }
}

#[test]
fn strict_refuses_what_is_not_in_the_schema() {
    let schemas = schema(
        "<xs:element name='r'><xs:complexType><xs:sequence><xs:element name='a' type='xs:int'/></xs:sequence>
         <xs:attribute name='n' use='required'/></xs:complexType></xs:element>",
    )
    .expect("right");
    let id = schemas.find_element("urn:t", "r").expect("it is there");
    for xml in ["><a>1</a>", " n='1'>", " n='1' m='1'><a>1</a>", " n='1'><a>1</a><b/>"] {
        let document = format!("<r xmlns='urn:t'{xml}</r>");
        for (strict, is_right) in [(false, true), (true, false)] {
            let options = Options { strict };
            let result = to_json::element(
                &schemas,
                id,
                document.as_bytes(),
                &Limits::default(),
                &options,
                &mut Vec::new(),
            );
            assert_eq!(result.is_ok(), is_right, "{document} {result:?}");
        }
    }
}

#[test]
fn attachments_are_those_of_the_package() {
    let (definitions, _) = definitions("wrapped.wsdl");
    let operation = definitions.find_operation("CreateTicket").expect("it is there").1;
    let message = |href: &str| {
        let body = format!(
            "<t:CreateTicket xmlns:t='urn:tickets' xmlns='urn:tickets:data'><t:ticket><id>1</id><title/><file>
             <x:Include xmlns:x='{}' href='{href}'/></file></t:ticket></t:CreateTicket>",
            crate::soap::XOP
        );
        let xml = envelope(Version::V11, "", &body);
        let get = |id: &str| (id == "a@b").then_some(&b"hi"[..]);
        let mut out = Vec::new();
        let (limits, options) = (Limits::default(), Options::default());
        let result = to_json::message_with(
            &definitions,
            operation,
            Direction::Request,
            xml.as_bytes(),
            &get,
            &limits,
            &options,
            &mut out,
        );
        result.map(|_| String::from_utf8(out).expect("it is UTF-8"))
    };
    assert_eq!(message("cid:a@b").expect("right"), r#"{"ticket":{"id":1,"title":"","file":"aGk="}}"#);
    for href in ["http://localhost/", "cid:c@d", "file:///etc/passwd", ""] {
        assert!(message(href).is_err());
    }
}

#[test]
fn user_names_and_time_stamps() {
    // The digest by its definition, computed with another tool.
    let nonce = b"0123456789abcdef";
    let created = "2026-01-31T23:59:59Z";
    assert_eq!(digest(nonce, created, "secret"), "VStI5fGjh/KsRFm2v9odgaYM80w=");
    let (definitions, _) = definitions("wrapped.wsdl");
    let operation = definitions.find_operation("Forget").expect("it is there").1;
    for password in [Password::Text("secret"), Password::Digest { password: "secret", nonce, created }] {
        let security =
            Security { user: Some(("a<b", password)), timestamp: Some((created, "2026-02-01T00:04:59Z")) };
        let block = header_block(&security).expect("legal");
        let mut out = Vec::new();
        let (limits, options) = (Limits::default(), Options::default());
        let json = br#"{"id":1}"#;
        let blocks = [block];
        let (request, v11) = (Direction::Request, Version::V11);
        from_json::message(&definitions, operation, request, v11, json, &blocks, &limits, &options, &mut out)
            .expect("right");
        let token = Token::read(&out, &limits).expect("right").expect("it has one");
        assert_eq!(token.username, "a<b");
        assert!(token.is_right("secret") && !token.is_right("Secret") && !token.is_right(""));
        assert_eq!(token.timestamp, Some((created.to_owned(), "2026-02-01T00:04:59Z".to_owned())));
        assert!(!format!("{token:?} {security:?}").contains("secret"));
    }
    let none = format!("<s:Envelope xmlns:s='{ENVELOPE_11}'><s:Body/></s:Envelope>");
    assert_eq!(Token::read(none.as_bytes(), &Limits::default()), Ok(None));
}
