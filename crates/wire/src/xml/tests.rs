use proptest::prelude::{any, prop_assert_eq, proptest};

use super::{Element, Event, Reader, escape_attribute, escape_text};
use crate::{Error, ErrorKind, Limits};

fn events(input: &[u8]) -> Result<Vec<String>, Error> {
    let mut reader = Reader::new(input, &Limits::default())?;
    let mut found = Vec::new();
    loop {
        match reader.next()? {
            Event::Start(name) => {
                let attributes = reader.attributes().iter();
                let attributes = attributes
                    .map(|one| format!(" {{{}}}{}={}", one.name.namespace, one.name.local, one.value));
                found.push(format!(
                    "<{{{}}}{}{}",
                    name.namespace,
                    name.local,
                    attributes.collect::<String>()
                ));
            }
            Event::Text(text) => found.push(text.into_owned()),
            Event::End => found.push(">".to_owned()),
            Event::Eof => return Ok(found),
        }
    }
}

#[test]
fn names_belong_to_namespaces() {
    let xml = "<?xml version='1.0' encoding='UTF-8'?>\r\n<a xmlns='u:1' xmlns:p=\"u:2\" p:x='1' y='a&lt;b\n'>\
               <p:b/>t&#x41;&amp;\r\n<![CDATA[<x>]]><!-- c --><c xmlns=''>1</c></a>\n";
    let found = events(xml.as_bytes()).expect("right");
    let expected =
        ["<{u:1}a {u:2}x=1 {}y=a<b ", "<{u:2}b", ">", "t", "A", "&", "\n", "<x>", "<{}c", "1", ">", ">"];
    assert_eq!(found, expected);
}

#[test]
fn what_is_refused() {
    let cases: [(&[u8], &str); 25] = [
        (b"<!DOCTYPE a><a/>", "a document type is refused, at byte 0"),
        (b"<a>&x;</a>", "only the predefined entities are allowed, at byte 3"),
        (b"<a b='&x;'/>", "only the predefined entities are allowed, at byte 3"),
        (b"<a>&#0;</a>", "this is no reference to a character of XML, at byte 3"),
        (b"<a>&#xD800;</a>", "this is no reference to a character of XML, at byte 3"),
        (b"<p:a/>", "the prefix \"p\" is not declared, at byte 0"),
        (b"<a p:b='1'/>", "the prefix \"p\" is not declared, at byte 3"),
        (b"<a b='1' b='2'/>", "an attribute stands there twice, at byte 0"),
        (b"<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>", "an attribute stands there twice, at byte 0"),
        (b"<a xmlns:p='u' xmlns:p='v'/>", "the prefix \"p\" is declared twice, at byte 15"),
        (b"<a xmlns:p=''/>", "the prefix \"p\" is bound to nothing, at byte 3"),
        (b"<a xmlns:xml='u'/>", "the prefix xml cannot be bound again, at byte 3"),
        (b"<a b='<'/>", "`<` stands in an attribute, at byte 3"),
        (b"<a b='1'c='2'/>", "a blank is missing between attributes, at byte 8"),
        (b"<1/>", "\"1\" is no name, at byte 1"),
        (b"<a/><b/>", "there is a second root element, at byte 4"),
        (b"x<a/>", "a text stands outside of the root element, at byte 0"),
        (b"<a>", "the input ends within an element, at byte 3"),
        (b"", "the input ends within a document, at byte 0"),
        (b"<a>\xff</a>", "text is not UTF-8, at byte 3"),
        (b"<a>\x01</a>", "this character must not be in XML, at byte 3"),
        (b"<a>]]></a>", "`]]>` stands in a text, at byte 3"),
        (
            b"<?xml version='1.0' encoding='UTF-16'?><a/>",
            "expected the encoding UTF-8, found \"UTF-16\", at byte 0",
        ),
        (b"<a><?xml version='1.0'?></a>", "the XML declaration is not at the start, at byte 3"),
        (b"<xmlns:a/>", "the prefix xmlns is only for declarations, at byte 0"),
    ];
    for (input, expected) in cases {
        let error = events(input).expect_err(expected);
        assert_eq!(error.to_string(), expected, "{}", String::from_utf8_lossy(input));
    }
    assert!(events(b"<a></b>").is_err());
    assert!(events(b"<a").is_err());
}

#[test]
fn limits() {
    let many = |count: usize, one: &dyn Fn(usize) -> String| (0..count).map(one).collect::<String>();
    let cases = [
        "<a>".repeat(200),
        format!("<a {}/>", many(300, &|index| format!(" a{index}='1'"))),
        format!("<a {}/>", many(80_000, &|index| format!(" a{index}='1'"))),
        format!("<a {}/>", many(65, &|index| format!(" xmlns:a{index}='u'"))),
        format!("<a {}/>", many(40_000, &|index| format!(" xmlns:a{index}='u'"))),
        format!("<{}/>", "a".repeat(1_025)),
        format!("<a xmlns='{}'/>", "a".repeat(2_049)),
        format!("<a>{}</a>", "a".repeat((4 << 20) + 1)),
        format!("<a b='{}'/>", "a".repeat((4 << 20) + 1)),
        "<a/>".repeat(3).replacen("<a/>", "<a>", 1).repeat(130),
    ];
    for input in &cases {
        let error = events(input.as_bytes()).expect_err("too much");
        assert_eq!(error.kind(), ErrorKind::Limit, "{error}: {input:.60}");
    }
}

proptest! {
    #[test]
    fn never_panics(input in any::<Vec<u8>>(), markup in "[<>/a-b:='\" &;!?\\[\\]x#0-9-]{0,60}") {
        drop(events(&input));
        drop(events(markup.as_bytes()));
        drop(Element::parse(markup.as_bytes(), &Limits::default()));
    }

    #[test]
    fn what_is_escaped_is_read_back(text in "[\\PC\t\n\r<>&'\"\\]]{0,40}") {
        let mut out = b"<a b=\"".to_vec();
        escape_attribute(&text, &mut out).expect("legal");
        out.extend_from_slice(b"\">");
        escape_text(&text, &mut out).expect("legal");
        out.extend_from_slice(b"</a>");
        let tree = Element::parse(&out, &Limits::default()).expect("right");
        prop_assert_eq!(tree.attribute("b"), Some(text.as_str()));
        prop_assert_eq!(tree.text(), text);
    }
}

/// What quick-xml alone makes of a document: names of tags, ends, and texts as they stand.
fn alone(input: &str) -> Result<Vec<String>, quick_xml::Error> {
    use quick_xml::events::Event as Token;
    let mut reader = quick_xml::Reader::from_str(input);
    let mut found: Vec<String> = Vec::new();
    loop {
        match reader.read_event()? {
            Token::Start(tag) => found.push(format!("<{}", tag.name().as_ref())),
            Token::Empty(tag) => found.extend([format!("<{}", tag.name().as_ref()), ">".to_owned()]),
            Token::End(_) => found.push(">".to_owned()),
            Token::Text(text) => found.push((*text).to_owned()),
            Token::CData(text) => found.push((*text).to_owned()),
            Token::GeneralRef(_) => found.push("<".to_owned()),
            Token::Eof => return Ok(found),
            _ => {}
        }
    }
}

/// The same by us.
fn ours(input: &str) -> Result<Vec<String>, Error> {
    let mut reader = Reader::new(input.as_bytes(), &Limits::default())?;
    let mut found = Vec::new();
    loop {
        match reader.next()? {
            Event::Start(name) if name.namespace.is_empty() => found.push(format!("<{}", name.local)),
            Event::Start(name) => found.push(format!("<p:{}", name.local)),
            Event::Text(text) => found.push(text.into_owned()),
            Event::End => found.push(">".to_owned()),
            Event::Eof => return Ok(found),
        }
    }
}

proptest! {
    #[test]
    fn what_is_read_here_is_what_quick_xml_reads(
        picked in proptest::collection::vec(0_usize..19, 0..24),
    ) {
        const TOKENS: [&str; 19] = [
            "<a>", "</a>", "<a>", "</a>", "<b/>", "<a x='1>'>", "</a >", "text", "&lt;", "<!-- <c> -->", "<![CDATA[z<]]>",
            "<p:a>", "</p:a>", "<?pi <d>?>", " \n", "<a.b-c>", "</a.b-c>", "</b>", "<客/>",
        ];
        let inner: String = picked.into_iter().map(|index| TOKENS[index]).collect();
        let document = format!("<r xmlns:p='u'>{inner}</r>");
        match (ours(&document), alone(&document)) {
            (Ok(ours), Ok(alone)) => {
                let texts = |found: Vec<String>| found.into_iter().filter(|one| !one.is_empty()).collect::<Vec<_>>();
                prop_assert_eq!(texts(ours), texts(alone), "{}", document);
            }
            (ours, alone) => prop_assert_eq!(ours.is_ok(), alone.is_ok(), "{}", document),
        }
    }
}
