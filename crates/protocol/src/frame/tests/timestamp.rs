use proptest::prelude::*;

use crate::frame::Timestamp;

const YEAR_10000: i64 = 253_402_300_800_000_000;

fn micros(text: &str) -> Option<i64> {
    text.parse().ok().map(Timestamp::micros)
}

#[test]
fn known_instants() {
    for (text, expected) in [
        ("1970-01-01T00:00:00.000Z", 0),
        ("2001-09-09T01:46:40.000Z", 1_000_000_000_000_000),
        ("2000-02-29T23:59:59.999Z", 951_868_799_999_000),
        ("1969-12-31T23:59:59.999Z", -1000),
        ("9999-12-31T23:59:59.999Z", YEAR_10000 - 1000),
        ("0000-01-01T00:00:00.000Z", -62_167_219_200_000_000),
    ] {
        assert_eq!(micros(text), Some(expected), "{text}");
        assert_eq!(Timestamp::from_micros(expected).to_string(), text);
    }
}

#[test]
fn other_forms_are_read() {
    for (text, expected) in [
        ("1970-01-01t00:00:01z", 1_000_000),
        ("1970-01-01 00:00:01Z", 1_000_000),
        ("1970-01-01T08:00:00+08:00", 0),
        ("1969-12-31T19:00:00.5-05:00", 500_000),
        ("1970-01-01T00:00:00.123456789Z", 123_456),
        ("1970-01-01T00:00:60Z", 60_000_000),
    ] {
        assert_eq!(micros(text), Some(expected), "{text}");
    }
}

#[test]
fn what_is_no_time_is_refused() {
    for text in [
        "",
        "1970",
        "1970-01-01",
        "1970-01-01T00:00:00",
        "1970-01-01T00:00:00.Z",
        "1970-01-01T00:00:00.1234567890Z",
        "1970-00-01T00:00:00Z",
        "1970-13-01T00:00:00Z",
        "1970-02-29T00:00:00Z",
        "1900-02-29T00:00:00Z",
        "1970-04-31T00:00:00Z",
        "1970-01-01T24:00:00Z",
        "1970-01-01T00:60:00Z",
        "1970-01-01T00:00:61Z",
        "1970-01-01T00:00:00+24:00",
        "1970-01-01T00:00:00+0800",
        "1970-01-01T00:00:00ZZ",
        "+970-01-01T00:00:00Z",
        "0000-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "１970-01-01T00:00:00Z",
    ] {
        assert_eq!(micros(text), None, "{text}");
    }
}

#[test]
fn beyond_the_calendar_is_its_edge() {
    assert_eq!(Timestamp::from_micros(i64::MAX).to_string(), "9999-12-31T23:59:59.999Z");
    assert_eq!(Timestamp::from_micros(i64::MIN).to_string(), "0000-01-01T00:00:00.000Z");
}

proptest! {
    #[test]
    fn the_years_1970_to_9999_come_back(millis in 0..YEAR_10000 / 1000, below in 0..1000_i64) {
        let text = Timestamp::from_micros(millis * 1000 + below).to_string();
        prop_assert_eq!(text.len(), Timestamp::LEN);
        prop_assert_eq!(micros(&text), Some(millis * 1000));
        let json = serde_json::to_string(&Timestamp::from_micros(millis * 1000)).unwrap();
        prop_assert_eq!(serde_json::from_str::<Timestamp>(&json).unwrap().micros(), millis * 1000);
    }

    #[test]
    fn order_is_the_order_of_the_texts(a in 0..YEAR_10000, b in 0..YEAR_10000) {
        let (earlier, later) = (Timestamp::from_micros(a.min(b)), Timestamp::from_micros(a.max(b)));
        prop_assert!(earlier.to_string() <= later.to_string());
    }

    #[test]
    fn arbitrary_text_never_panics(text in ".{0,40}", digits in "[0-9TZ:.+-]{18,32}") {
        for text in [text, digits] {
            if let Some(micros) = micros(&text) {
                prop_assert_eq!(Timestamp::from_micros(micros).micros(), micros);
            }
        }
    }
}
