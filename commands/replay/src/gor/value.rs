//! Values as Go and goreplay write them: durations, sizes, and limits behind a bar.

use std::time::Duration;

/// More than this is no length of time that anybody waits: a hundred years.
const SECONDS_MAX: f64 = 3.2e9;

/// Reads a duration of Go: `300ms`, `1h2m`, `1.5s`, `0`.
pub(super) fn duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut seconds = 0.0;
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let end = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let unit = match &rest[..end] {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        seconds += number * unit;
        rest = &rest[end..];
    }
    (seconds <= SECONDS_MAX).then(|| Duration::from_secs_f64(seconds))
}

/// Reads a size: bytes, also in base 16, or with `k`, `m`, `g`, `t`, each with or without a `b`.
pub(super) fn size(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    if let Some(digits) = text.strip_prefix("0x") {
        return u64::from_str_radix(digits, 16).ok();
    }
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let shift = match unit.strip_suffix('b').unwrap_or(unit) {
        "" => 0,
        "k" => 10,
        "m" => 20,
        "g" => 30,
        "t" => 40,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(1 << shift)
}

/// What an input or an output is limited to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Limit {
    /// So many a second; what is more is dropped.
    PerSecond(u64),
    /// So many of a hundred; of a file, its speed.
    Percent(f64),
}

/// Takes the limit off what stands before it: `requests.gor|200%`.
pub(super) fn limited(text: &str) -> Result<(&str, Option<Limit>), String> {
    let Some((target, limit)) = text.rsplit_once('|') else { return Ok((text, None)) };
    let wrong = || format!("the limit `{limit}` is no number and no percentage");
    let read = match limit.strip_suffix('%') {
        Some(percent) => percent.parse().ok().filter(|percent| *percent >= 0.0).map(Limit::Percent),
        None => limit.parse().ok().map(Limit::PerSecond),
    };
    Ok((target, Some(read.ok_or_else(wrong)?)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_of_go() {
        for (text, millis) in
            [("300ms", 300), ("1h2m", 3_720_000), ("1.5s", 1500), ("0", 0), ("1m1s1ms", 61_001)]
        {
            assert_eq!(duration(text), Some(Duration::from_millis(millis)), "{text}");
        }
        for bad in ["", "5", "s", "1d", "1h-2m", "1..s", "99999999999h", "-1s"] {
            assert_eq!(duration(bad), None, "{bad}");
        }
    }

    #[test]
    fn sizes_as_documented_and_as_read() {
        for (text, bytes) in [
            ("123", 123),
            ("0x10", 16),
            ("12kb", 12 << 10),
            ("32MB", 32 << 20),
            ("256m", 256 << 20),
            ("1tb", 1 << 40),
        ] {
            assert_eq!(size(text), Some(bytes), "{text}");
        }
        for bad in ["", "x", "1pb", "-1", "0xg", "99999999999tb"] {
            assert_eq!(size(bad), None, "{bad}");
        }
    }

    #[test]
    fn limits_stand_behind_a_bar() {
        assert_eq!(limited("a.gor"), Ok(("a.gor", None)));
        assert_eq!(limited("a.gor|200%"), Ok(("a.gor", Some(Limit::Percent(200.0)))));
        assert_eq!(limited("http://a|b|50"), Ok(("http://a|b", Some(Limit::PerSecond(50)))));
        for bad in ["a|", "a|x", "a|-5%", "a|%"] {
            assert!(limited(bad).is_err(), "{bad}");
        }
    }
}
