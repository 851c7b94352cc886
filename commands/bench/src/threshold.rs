//! Conditions on a report, such as `p99<=20ms`.

use std::str::FromStr;

use crate::report::Metric;

/// A condition that a run must meet.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    text: String,
    pub(crate) metric: Metric,
    comparison: Comparison,
    value: f64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Comparison {
    AtMost,
    Below,
    AtLeast,
    Above,
    Equal,
    Unequal,
}

/// Where a condition cannot be understood.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("at character {at}: {what}")]
pub struct ThresholdError {
    /// Counted from 1.
    pub at: usize,
    /// What is wrong there.
    pub what: String,
}

/// Longer operators before their beginnings.
const COMPARISONS: [(&str, Comparison); 6] = [
    ("<=", Comparison::AtMost),
    (">=", Comparison::AtLeast),
    ("==", Comparison::Equal),
    ("!=", Comparison::Unequal),
    ("<", Comparison::Below),
    (">", Comparison::Above),
];

impl Threshold {
    /// The condition as it was written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Whether a measured value meets the condition.
    pub(crate) fn holds(&self, measured: f64) -> bool {
        match self.comparison {
            Comparison::AtMost => measured <= self.value,
            Comparison::Below => measured < self.value,
            Comparison::AtLeast => measured >= self.value,
            Comparison::Above => measured > self.value,
            Comparison::Equal => measured == self.value,
            Comparison::Unequal => measured != self.value,
        }
    }

    /// Whether a value does not meet it and neither does any that is higher.
    pub(crate) fn is_beyond(&self, measured: f64) -> bool {
        let is_bound = matches!(self.comparison, Comparison::AtMost | Comparison::Below | Comparison::Equal);
        is_bound && measured >= self.value && !self.holds(measured)
    }
}

impl FromStr for Threshold {
    type Err = ThresholdError;

    fn from_str(text: &str) -> Result<Self, ThresholdError> {
        // Parts are slices of the text, so that their place is known.
        let error = |part: &str, what: String| {
            let offset = part.as_ptr() as usize - text.as_ptr() as usize;
            Err(ThresholdError { at: text[..offset].chars().count() + 1, what })
        };
        let rest = text.trim_start();
        let (name, rest) = split(rest, |c| c.is_ascii_alphanumeric() || c == '_');
        let Some(metric) = Metric::from_name(name) else {
            let known = Metric::ALL.map(Metric::name).join(", ");
            let what = if name.is_empty() {
                "a measure is missing".into()
            } else {
                format!("unknown measure `{name}`")
            };
            return error(if name.is_empty() { rest } else { name }, format!("{what}; known are {known}"));
        };
        let rest = rest.trim_start();
        let Some((operator, comparison)) =
            COMPARISONS.into_iter().find(|(operator, _)| rest.starts_with(operator))
        else {
            return error(rest, "one of <= < >= > == != is missing".into());
        };
        let rest = rest[operator.len()..].trim_start();
        let (number, rest) = split(rest, |c| c.is_ascii_digit() || c == '.' || c == '_');
        let Ok(number_value) = number.replace('_', "").parse::<f64>() else {
            let what = if number.is_empty() {
                "a number is missing".into()
            } else {
                format!("`{number}` is no number")
            };
            return error(if number.is_empty() { rest } else { number }, what);
        };
        let unit = rest.trim();
        let units = metric.units();
        let Some((_, factor)) = units.iter().find(|(known, _)| *known == unit) else {
            let known: Vec<_> = units.iter().map(|(unit, _)| *unit).filter(|unit| !unit.is_empty()).collect();
            let what = if known.is_empty() {
                format!("{} has no unit", metric.name())
            } else {
                format!("{} is given in {}", metric.name(), known.join(", "))
            };
            return error(rest.trim_start(), what);
        };
        Ok(Self { text: text.trim().to_owned(), metric, comparison, value: number_value * factor })
    }
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|c| !belongs(c)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn holds(text: &str, measured: f64) -> bool {
        text.parse::<Threshold>().unwrap().holds(measured)
    }

    #[test]
    fn conditions_are_understood() {
        assert!(holds("p99<=20ms", 20.0) && !holds("p99<=20ms", 20.1));
        assert!(holds(" p99 < 0.02 s ", 19.9) && !holds("p99<0.02s", 20.0));
        assert!(holds("p50<=900us", 0.9));
        assert!(holds("loss==0", 0.0) && !holds("loss==0", 1.0));
        assert!(holds("rate>=30_000", 30_000.0));
        assert!(holds("rss_mb<=60", 60.0) && !holds("rss_mb<60", 60.0));
        assert!(holds("rss_per_connection<=2KiB", 2048.0) && holds("rss_per_connection<=2048", 2048.0));
        assert!(holds("catch_up<=10s", 10.0) && holds("catch_up<=10000ms", 10.0));
        assert!(holds("duplicates!=1", 0.0) && holds("connections>14999", 15_000.0));
    }

    #[test]
    fn errors_name_the_place() {
        let place = |text: &str| {
            let error = text.parse::<Threshold>().unwrap_err();
            (error.at, error.what)
        };
        assert_eq!(place("p99=20ms"), (4, "one of <= < >= > == != is missing".into()));
        assert_eq!(place("p99<=ms"), (6, "a number is missing".into()));
        assert_eq!(place("p99<=1.2.3ms"), (6, "`1.2.3` is no number".into()));
        assert_eq!(place("p99 <= 20 kg"), (11, "p99 is given in ms, s, us".into()));
        assert_eq!(place("loss==0ms"), (8, "loss has no unit".into()));
        let (at, what) = place("  p98<=1ms");
        assert_eq!(at, 3);
        assert!(what.starts_with("unknown measure `p98`; known are p50, "), "{what}");
        assert_eq!(place("").0, 1);
        assert_eq!(place("延迟<1").0, 1);
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(text in ".{0,30}", near in "(p99|loss|rate) ?[<>=!]{0,2} ?[0-9._]{0,6} ?[a-z]{0,3}") {
            for text in [text, near] {
                if let Err(error) = text.parse::<Threshold>() {
                    prop_assert!(error.at <= text.chars().count() + 1);
                }
            }
        }
    }
}
