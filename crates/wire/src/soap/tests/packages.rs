use proptest::prelude::{any, proptest};

use crate::{
    Limits,
    soap::{
        Direction, Options, Version, from_json,
        mtom::{self, Package},
        to_json,
    },
    wsdl::tests::definitions,
};

#[test]
fn there_and_back() {
    let (definitions, _) = definitions("wrapped.wsdl");
    let operation = definitions.find_operation("CreateTicket").expect("it is there").1;
    let (limits, options) = (Limits::default(), Options::default());
    let json =
        r#"{"ticket":{"id":1,"title":"","file":"DQoNCi0tYg0K","child":[{"id":2,"title":"","file":"aGk="}]}}"#;
    let (envelope, parts) = from_json::message_with_parts(
        &definitions,
        operation,
        Direction::Request,
        Version::V12,
        json.as_bytes(),
        &[],
        4,
        &limits,
        &options,
    )
    .expect("right");
    assert_eq!(parts, [b"\r\n\r\n--b\r\n".to_vec()]);
    assert!(mtom::write(Version::V12, "", &envelope, &parts, "b").is_err());
    let (content_type, bytes) =
        mtom::write(Version::V12, "urn:a", &envelope, &parts, "other").expect("right");
    let package = Package::read(&content_type, &bytes, &limits).expect("right");
    assert_eq!(package.root, envelope);
    assert_eq!(package.parts().collect::<Vec<_>>(), [("1@parts.invalid", parts[0].as_slice())]);
    let get = |id: &str| package.part(id);
    let mut out = Vec::new();
    let request = Direction::Request;
    to_json::message_with(&definitions, operation, request, &package.root, &get, &limits, &options, &mut out)
        .expect("right");
    assert_eq!(String::from_utf8_lossy(&out), json);
}

#[test]
fn packages_of_others() {
    let body =
        b"preamble\r\n--=_x\r\nContent-Type: text/xml\r\n\r\n<a/>\r\n--=_x  \r\ncontent-id:\r\n <p@q>\r\n\
                 Content-Transfer-Encoding: BASE64\r\n\r\naG\r\nk=\r\n--=_x--\r\nepilogue";
    let package =
        Package::read("Multipart/Related; boundary=\"=_x\"", body, &Limits::default()).expect("right");
    assert_eq!(package.root.as_ref(), b"<a/>");
    assert_eq!(package.part("p%40q"), Some(&b"hi"[..]));
    assert_eq!(package.part("p"), None);
    let plain = Package::read("text/xml", b"<a/>", &Limits::default()).expect("right");
    assert_eq!((plain.root.as_ref(), plain.parts().count()), (&b"<a/>"[..], 0));
    let cases: [(&str, &[u8]); 6] = [
        ("multipart/related", b""),
        ("multipart/related; boundary=x", b"--x\r\n\r\n<a/>"),
        ("multipart/related; boundary=x", b"--x--"),
        ("multipart/related; boundary=x", b"--x\r\nA: b\r\n--x--"),
        ("multipart/related; boundary=x; start=\"<no>\"", b"--x\r\n\r\n<a/>\r\n--x--"),
        ("multipart/related; boundary=x", b"--x\r\nContent-Transfer-Encoding: x-uu\r\n\r\n<a/>\r\n--x--"),
    ];
    for (content_type, body) in cases {
        assert!(Package::read(content_type, body, &Limits::default()).is_err(), "{content_type}");
    }
    let many = "--x\r\n\r\n\r\n".repeat(300) + "--x--";
    assert!(Package::read("multipart/related; boundary=x", many.as_bytes(), &Limits::default()).is_err());
}

proptest! {
    #[test]
    fn nothing_panics(content_type in "[a-z/;=\"<> \\\\]{0,30}", body in "[-x\r\n: a]{0,60}", bytes in any::<Vec<u8>>()) {
        for content_type in [content_type.as_str(), "multipart/related; boundary=x"] {
            for body in [body.as_bytes(), &bytes] {
                drop(Package::read(content_type, body, &Limits::default()));
            }
        }
    }
}
