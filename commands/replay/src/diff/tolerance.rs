//! Values that are as good as equal.

use serde::Deserialize;
use serde_json::Value;

use crate::pattern::{EndpointPattern, FieldPattern};

/// A rule by which two values of a field are as good as equal.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tolerance {
    pub(super) field: FieldPattern,
    #[serde(default)]
    pub(super) endpoint: Option<EndpointPattern>,
    /// Numbers that are so near to each other.
    #[serde(default)]
    number: Option<f64>,
    /// Numbers that are so near to each other, in percent of the larger.
    #[serde(default)]
    percent: Option<f64>,
    /// Times that are so many seconds from each other.
    #[serde(default)]
    seconds: Option<f64>,
    /// Values that look alike.
    #[serde(default)]
    like: Option<Class>,
    /// Texts that are equal but for the size of letters and the white space in them.
    #[serde(default)]
    loose_text: bool,
}

/// What a value looks like.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Class {
    /// 32 hexadecimal digits, with or without hyphens.
    Uuid,
    /// A date with a time, or a number of seconds since 1970 or of a thousandth part of them.
    Time,
    /// A number, or digits.
    Number,
    /// Hexadecimal digits.
    Hex,
    /// A text that is not empty.
    Text,
}

impl Tolerance {
    /// Whether it says anything, and something possible.
    pub(super) fn check(&self) -> Result<(), String> {
        let distances = [self.number, self.percent, self.seconds];
        let said = distances.iter().flatten().count()
            + usize::from(self.like.is_some())
            + usize::from(self.loose_text);
        if said != 1 {
            return Err("it needs one of number, percent, seconds, like and loose_text".to_owned());
        }
        if distances.iter().flatten().any(|distance| !distance.is_finite() || *distance < 0.0) {
            return Err("a distance is a number from 0".to_owned());
        }
        Ok(())
    }

    /// Whether two values are as good as equal.
    pub(super) fn allows(&self, left: &Value, right: &Value) -> bool {
        let near = |distance: f64, of: fn(&Value) -> Option<f64>| {
            of(left).zip(of(right)).is_some_and(|(left, right)| (left - right).abs() <= distance)
        };
        if let Some(distance) = self.number {
            return near(distance, number);
        }
        if let Some(percent) = self.percent {
            let larger = [left, right].into_iter().filter_map(number).map(f64::abs).fold(0.0, f64::max);
            return near(larger * percent / 100.0, number);
        }
        if let Some(distance) = self.seconds {
            return near(distance, seconds);
        }
        if self.loose_text {
            let (Value::String(left), Value::String(right)) = (left, right) else { return false };
            let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
            return words(left) == words(right);
        }
        self.like.is_some_and(|class| class.has(left) && class.has(right))
    }
}

impl Class {
    fn has(self, value: &Value) -> bool {
        let text = value.as_str().unwrap_or_default();
        let is_hex = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match self {
            Self::Uuid => {
                let digits: String = text.split('-').collect();
                digits.len() == 32 && is_hex(&digits)
            }
            Self::Time => seconds(value).is_some_and(|seconds| seconds > 1e8),
            Self::Number => number(value).is_some(),
            Self::Hex => is_hex(text),
            Self::Text => !text.is_empty(),
        }
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
        _ => None,
    }
}

/// Seconds since 1970, of a date or of a number in seconds, milliseconds, microseconds or nanoseconds.
#[expect(clippy::cast_precision_loss, reason = "times are compared to a part of a second")]
fn seconds(value: &Value) -> Option<f64> {
    if let Some(number) = number(value) {
        let units = [(1e17, 1e9), (1e14, 1e6), (1e11, 1e3)];
        let unit = units.iter().find(|(least, _)| number.abs() >= *least).map_or(1.0, |(_, unit)| *unit);
        return Some(number / unit);
    }
    let text = value.as_str()?.trim();
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Some(time.as_microsecond() as f64 / 1e6);
    }
    // A time of an unknown zone: its distance to another of the same kind is known.
    let time: jiff::civil::DateTime = text.parse().ok()?;
    let time = jiff::tz::TimeZone::UTC.to_timestamp(time).ok()?;
    Some(time.as_microsecond() as f64 / 1e6)
}

#[cfg(test)]
mod tests {
    use kefu_channel::read_file;
    use serde_json::json;

    use super::*;

    fn allows(rule: &str, left: &Value, right: &Value) -> bool {
        let rule: Tolerance = read_file(&format!("field: body:/a\n{rule}\n")).unwrap();
        rule.check().unwrap();
        rule.allows(left, right)
    }

    #[test]
    fn what_is_near_or_alike_is_as_good_as_equal() {
        assert!(allows("number: 0.01", &json!(1.0), &json!(1.005)));
        assert!(!allows("number: 0.01", &json!(1.0), &json!("x")));
        assert!(
            allows("percent: 5", &json!("100"), &json!(104)) && !allows("percent: 1", &json!(1), &json!(2))
        );
        assert!(allows("seconds: 2", &json!("2026-11-29T05:00:00Z"), &json!(1_795_928_401)));
        assert!(allows("seconds: 2", &json!("2026-11-29 05:00:00"), &json!("2026-11-29 05:00:01")));
        assert!(!allows("seconds: 2", &json!("2026-11-29 05:00:00"), &json!("2026-11-29 05:00:03")));
        let (a, b) =
            (json!("0198c0de-0000-7000-8000-000000000001"), json!("0198c0de000070008000000000000002"));
        assert!(allows("like: uuid", &a, &b) && !allows("like: uuid", &a, &json!("x")));
        assert!(allows("like: time", &json!(1_795_928_401_000_u64), &json!("2026-11-29T05:00:00Z")));
        assert!(!allows("like: time", &json!(7), &json!(8)));
        assert!(allows("loose_text: true", &json!(" A  b"), &json!("a b")));
    }

    #[test]
    fn a_rule_says_one_thing() {
        for wrong in ["", "number: 1\nlike: uuid", "number: -1", "loose_text: false"] {
            let rule: Tolerance = read_file(&format!("field: body:/a\n{wrong}\n")).unwrap();
            assert!(rule.check().is_err(), "{wrong}");
        }
    }
}
