use std::sync::Arc;

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn fitted(raw: Raw<'_>, scalar: Scalar, is_list: bool) -> Result<Fitted<'_>, Misfit> {
    let column = Column { field: "f".into(), name: "f".into(), scalar, is_list, is_nullable: true };
    fit(raw, &column, Zone::default())
}

fn one(raw: Raw<'_>, scalar: Scalar) -> Result<Fitted<'_>, Misfit> {
    fitted(raw, scalar, false)
}

fn text(text: &str) -> Raw<'_> {
    Raw::Text(text.into())
}

#[test]
fn numbers_fit_or_are_refused() {
    assert_eq!(one(Raw::Unsigned(7), Scalar::Int), Ok(Fitted::Int(7)));
    assert_eq!(one(Raw::Int(1 << 31), Scalar::Int), Err(Misfit::Beyond));
    assert_eq!(one(Raw::Unsigned(u64::MAX), Scalar::BigInt), Ok(Fitted::Unsigned(u64::MAX)));
    assert_eq!(one(Raw::Decimal("12.000".into()), Scalar::BigInt), Ok(Fitted::Int(12)));
    assert!(one(Raw::Decimal("12.5".into()), Scalar::BigInt).is_err());
    assert!(one(Raw::Float(0.5), Scalar::Int).is_err());
    assert_eq!(one(text("42"), Scalar::Int), Ok(Fitted::Int(42)));
    assert!(one(text("42 "), Scalar::Int).is_err());
    assert_eq!(one(Raw::Float(f64::NAN), Scalar::Float), Err(Misfit::Beyond));
    assert_eq!(one(Raw::Decimal("1.10".into()), Scalar::Decimal), Ok(Fitted::Text("1.10".into())));
    assert!(one(text("1e3"), Scalar::Decimal).is_err());
    assert_eq!(one(Raw::Int(1), Scalar::Boolean), Ok(Fitted::Boolean(true)));
    assert!(one(Raw::Int(2), Scalar::Boolean).is_err());
}

#[test]
fn texts_bytes_and_names_fit_or_are_refused() {
    assert_eq!(one(Raw::Int(5), Scalar::Id), Ok(Fitted::Text("5".into())));
    assert_eq!(one(Raw::Bytes(b"a\0b".into()), Scalar::String), Ok(Fitted::Text("a\0b".into())));
    assert_eq!(one(Raw::Bytes([0xff].as_slice().into()), Scalar::String), Err(Misfit::NoText));
    let names = Scalar::Enum(Arc::from(["OPEN".to_owned()]));
    assert_eq!(one(text("OPEN"), names.clone()), Ok(Fitted::Text("OPEN".into())));
    assert_eq!(one(text("open"), names), Err(Misfit::NoName));
    let object = json!({"a": 1});
    assert!(one(Raw::Json(&object), Scalar::String).is_err());
    assert_eq!(one(Raw::Json(&object), Scalar::Json), Ok(Fitted::Json(r#"{"a":1}"#.into())));
    assert_eq!(one(text("{"), Scalar::Json), Err(Misfit::NoJson));
}

#[test]
fn times_and_days_fit_or_are_refused() {
    assert_eq!(one(text("1970-01-01 00:00:01"), Scalar::DateTime), Ok(Fitted::Moment(Micros(1_000_000))));
    assert_eq!(one(text("1970-01-02T03:04:05Z"), Scalar::Date), Ok(Fitted::Text("1970-01-02".into())));
    assert_eq!(one(text("1970-01-02"), Scalar::Date), Ok(Fitted::Text("1970-01-02".into())));
    assert!(one(text("1970-02-30"), Scalar::Date).is_err());
    assert!(one(text("then"), Scalar::DateTime).is_err());
}

#[test]
fn lists_are_of_what_they_promise() {
    let list = json!([1, "2", null]);
    assert_eq!(fitted(Raw::Json(&list), Scalar::Int, true), Ok(Fitted::Json("[1,2,null]".into())));
    assert_eq!(fitted(text("[true]"), Scalar::Boolean, true), Ok(Fitted::Json("[true]".into())));
    assert!(fitted(Raw::Json(&list), Scalar::Boolean, true).is_err());
    assert!(fitted(text("{}"), Scalar::Int, true).is_err());
    assert!(fitted(Raw::Int(1), Scalar::Int, true).is_err());
}

#[test]
fn paths_lead_into_documents() {
    let document = json!({"a": {"b": [10, {"c": "x"}]}, "a.b": 1});
    assert_eq!(at(&document, "a.b"), Some(&json!(1)));
    assert_eq!(at(&document, "a.b.1.c"), Some(&json!("x")));
    assert_eq!(at(&document, "a.x"), None);
}

proptest! {
    #[test]
    fn what_fits_a_json_column_is_json(text in ".*") {
        if let Ok(Fitted::Json(fitted)) = one(Raw::Text(text.as_str().into()), Scalar::Json) {
            prop_assert!(serde_json::from_str::<Value>(&fitted).is_ok());
        }
    }

    #[test]
    fn nothing_that_is_given_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..20), number in any::<i64>(), float in any::<f64>()) {
        for scalar in [
            Scalar::Int, Scalar::BigInt, Scalar::Float, Scalar::Decimal, Scalar::Boolean, Scalar::String,
            Scalar::Id, Scalar::DateTime, Scalar::Date, Scalar::Json,
        ] {
            for is_list in [false, true] {
                drop(fitted(Raw::Bytes(bytes.as_slice().into()), scalar.clone(), is_list));
                drop(fitted(Raw::Text(String::from_utf8_lossy(&bytes)), scalar.clone(), is_list));
                drop(fitted(Raw::Int(number), scalar.clone(), is_list));
                drop(fitted(Raw::Float(float), scalar.clone(), is_list));
                drop(fitted(Raw::Moment(Micros(number)), scalar.clone(), is_list));
            }
        }
    }
}
