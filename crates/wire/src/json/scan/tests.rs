use super::{Scanner, integer};
use crate::Limits;

fn string(json: &str) -> Option<String> {
    let mut scratch = Vec::new();
    let mut scanner = Scanner::new(json, &Limits::default());
    let text = scanner.string(&mut scratch, "a string").ok()?;
    let text = String::from_utf8(text.to_vec()).ok()?;
    scanner.end().ok()?;
    Some(text)
}

#[test]
fn strings_and_their_escapes() {
    assert_eq!(
        string(r#" "a long text without any escape 客服" "#).as_deref(),
        Some("a long text without any escape 客服")
    );
    assert_eq!(
        string(r#""\"\\\/\b\f\n\r\t\u0041\ud83d\ude00 and more of it""#).as_deref(),
        Some("\"\\/\u{8}\u{c}\n\r\tA😀 and more of it")
    );
    for bad in
        [r#""open"#, r#""\x""#, r#""\ud83d""#, r#""\ude00""#, r#""\ud83dx""#, "\"\n\"", r#""\u12"#, "x"]
    {
        assert_eq!(string(bad), None, "{bad}");
    }
}

#[test]
fn integers_to_the_edges() {
    assert_eq!(integer(b"-9223372036854775808,"), Some((i64::MIN, 20)));
    assert_eq!(integer(b"9223372036854775807"), Some((i64::MAX, 19)));
    assert_eq!(integer(b"0"), Some((0, 1)));
    for bad in
        ["9223372036854775808", "-9223372036854775809", "01", "-", "", "123456789012345678901234567890"]
    {
        assert_eq!(integer(bad.as_bytes()), None, "{bad}");
    }
}

#[test]
fn doubles_follow_the_grammar() {
    let double = |text: &str| {
        let mut scanner = Scanner::new(text, &Limits::default());
        let value = scanner.double().ok()?;
        scanner.end().ok().map(|()| value)
    };
    assert_eq!(double("-0.0").map(f64::to_bits), Some((-0.0_f64).to_bits()));
    assert_eq!(double("1.5e-7"), Some(1.5e-7));
    assert_eq!(double("5"), Some(5.0));
    for bad in ["1.", ".5", "+1", "1e", "01", "1e999", "NaN", "0x1"] {
        assert_eq!(double(bad), None, "{bad}");
    }
}

#[test]
fn skipping_is_bounded_in_depth() {
    let mut scratch = Vec::new();
    let deep = "[".repeat(100_000);
    assert!(Scanner::new(&deep, &Limits::default()).skip(&mut scratch).is_err());
    let mut scanner = Scanner::new(r#"{"a":[1,{"b":null}],"c":true} "#, &Limits::default());
    assert!(scanner.skip(&mut scratch).is_ok() && scanner.end().is_ok());
}
