//! Exact decimals, compared digit by digit: no fraction of a machine keeps what a column of money does.

use std::cmp::Ordering;
use std::fmt;

/// A decimal in the one form that it has: no zero that says nothing, and no minus before nothing.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Decimal {
    is_negative: bool,
    /// Digits before the point, the first of which is not zero.
    whole: Box<str>,
    /// Digits behind it, the last of which is not zero.
    fraction: Box<str>,
}

impl Decimal {
    /// Reads a number without an exponent.
    pub(crate) fn of(text: &str) -> Option<Self> {
        if !is_decimal(text) {
            return None;
        }
        let digits = text.strip_prefix('-').unwrap_or(text);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
        let is_zero = whole.is_empty() && fraction.is_empty();
        let is_negative = digits.len() < text.len() && !is_zero;
        Some(Self { is_negative, whole: whole.into(), fraction: fraction.into() })
    }

    /// Compares without the signs: more digits before the point are more, and behind it the first that differs decides.
    fn size(&self, other: &Self) -> Ordering {
        let by_length = self.whole.len().cmp(&other.whole.len());
        by_length.then_with(|| self.whole.cmp(&other.whole)).then_with(|| self.fraction.cmp(&other.fraction))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.is_negative, other.is_negative) {
            (false, false) => self.size(other),
            (true, true) => other.size(self),
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { is_negative, whole, fraction } = self;
        let (sign, whole) = (if *is_negative { "-" } else { "" }, if whole.is_empty() { "0" } else { whole });
        let point = if fraction.is_empty() { "" } else { "." };
        write!(out, "{sign}{whole}{point}{fraction}")
    }
}

/// Whether it is a number without an exponent.
pub(crate) fn is_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    all(whole) && all(fraction)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> Decimal {
        Decimal::of(text).unwrap()
    }

    #[test]
    fn decimals_are_compared_exactly() {
        let rising = [
            "-100",
            "-20.5",
            "-9.999999999999999999",
            "-9.99",
            "-0.1",
            "-0.01",
            "0",
            "0.01",
            "0.1",
            "9007199254740992",
            "9007199254740992.000000001",
            "9007199254740993",
            "100000000000000000000.1",
        ];
        for pair in rising.windows(2) {
            assert!(of(pair[0]) < of(pair[1]), "{pair:?}");
        }
        for (a, b) in [("1.50", "1.5"), ("007", "7"), ("-0.0", "0"), ("0.10", "00.1")] {
            assert_eq!(of(a), of(b));
            assert_eq!(of(a).to_string(), of(b).to_string());
        }
        for other in ["", "-", "1e5", "NaN", "1.", ".5", "+1", "1.2.3"] {
            assert_eq!(Decimal::of(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn the_order_is_that_of_numbers(a in -1_000_000_i64..1_000_000, b in -1_000_000_i64..1_000_000, point in 0_usize..7) {
            let text = |number: i64| {
                let digits = format!("{:0>7}", number.unsigned_abs());
                let (whole, fraction) = digits.split_at(digits.len() - point);
                let sign = if number < 0 { "-" } else { "" };
                if point == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole:0>1}.{fraction}") }
            };
            prop_assert_eq!(of(&text(a)).cmp(&of(&text(b))), a.cmp(&b));
            prop_assert_eq!(of(&of(&text(a)).to_string()), of(&text(a)));
        }
    }
}
