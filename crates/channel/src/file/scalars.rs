//! Values that are written as short texts.

use serde::Deserialize;

/// The version of the format.
#[derive(Debug, Deserialize)]
#[serde(try_from = "u64")]
pub(in super::super) struct FormatVersion;

impl TryFrom<u64> for FormatVersion {
    type Error = String;

    fn try_from(version: u64) -> Result<Self, String> {
        match version {
            1 => Ok(Self),
            other => Err(format!("version {other} of the format is not known to this kefu, which reads 1")),
        }
    }
}

/// A name of letters, digits, `-` and `_`.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub(in super::super) struct Identifier(pub(in super::super) String);

impl TryFrom<String> for Identifier {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let fits = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        if fits && name.starts_with(|first: char| first.is_ascii_alphabetic()) && name.len() <= 64 {
            Ok(Self(name))
        } else {
            Err(format!("{name:?} is no name: up to 64 letters, digits, - and _, a letter first"))
        }
    }
}

/// Milliseconds, written `500ms`, `5s`, `10m`, `48h` or `7d`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub(in super::super) struct Span(pub(in super::super) u64);

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        span(&text).map(Self)
    }
}

fn span(text: &str) -> Result<u64, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let unit = match &text[digits..] {
        "ms" => Some(1),
        "s" => Some(1_000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        "d" => Some(86_400_000),
        _ => None,
    };
    let number: Option<u64> = text[..digits].parse().ok();
    let span = number.zip(unit).and_then(|(number, unit): (u64, u64)| number.checked_mul(unit));
    span.filter(|&ms| ms <= 366 * 86_400_000)
        .ok_or_else(|| format!("{text:?} is no time such as 500ms, 5s, 10m, 48h or 7d, up to a year"))
}

/// A shortest and a longest wait, written `1s..60s`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub(in super::super) struct Backoff {
    pub(in super::super) from_ms: u64,
    pub(in super::super) to_ms: u64,
}

impl TryFrom<String> for Backoff {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (from, to) = text.split_once("..").ok_or_else(|| format!("{text:?} is not like 1s..60s"))?;
        let (from_ms, to_ms) = (span(from)?, span(to)?);
        if from_ms == 0 || from_ms > to_ms {
            return Err(format!("{text:?} does not go from a shorter wait to a longer one"));
        }
        Ok(Self { from_ms, to_ms })
    }
}

/// Bytes, written as a number, `64KiB` or `1MiB`; 16 MiB at most.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub(in super::super) struct Bytes(pub(in super::super) usize);

impl TryFrom<String> for Bytes {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let unit = match &text[digits..] {
            "B" => Some(1),
            "KiB" => Some(1 << 10),
            "MiB" => Some(1 << 20),
            _ => None,
        };
        let number: Option<usize> = text[..digits].parse().ok();
        let bytes = number.zip(unit).and_then(|(number, unit): (usize, usize)| number.checked_mul(unit));
        bytes
            .filter(|&bytes| bytes > 0 && bytes <= 16 << 20)
            .map(Self)
            .ok_or_else(|| format!("{text:?} is no size such as 512B, 64KiB or 1MiB, up to 16MiB"))
    }
}

/// Requests in a time, written `50/s` or `1000/m`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub(in super::super) struct Rate {
    pub(in super::super) requests: u32,
    pub(in super::super) per_ms: u64,
}

impl TryFrom<String> for Rate {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let read = text.split_once('/').and_then(|(requests, unit)| {
            Some((
                requests.parse().ok().filter(|&requests: &u32| requests > 0)?,
                span(&format!("1{unit}")).ok()?,
            ))
        });
        let (requests, per_ms) = read.ok_or_else(|| format!("{text:?} is no rate such as 50/s or 1000/m"))?;
        Ok(Self { requests, per_ms })
    }
}
