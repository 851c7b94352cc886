//! Numbers with a unit: durations and sizes.

use std::{fmt, str::FromStr, time::Duration};

use super::{
    setting::{Raw, Scalar, ScalarKind, Setting, Shape, Shown},
    values::{takes, wrong_type, wrong_value},
};
use crate::Text;

const DURATION_UNITS: [(&str, u128); 6] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
];

impl Setting for Duration {
    fn describe(&self) -> Shape {
        let nanoseconds = self.as_nanos();
        let shown = DURATION_UNITS
            .iter()
            .find(|(_, size)| nanoseconds != 0 && nanoseconds.is_multiple_of(*size))
            .map(|(unit, size)| format!("{}{unit}", nanoseconds / size))
            .unwrap_or_else(|| format!("{}us", nanoseconds / 1_000));
        let shown = if nanoseconds == 0 { "0s".to_owned() } else { shown };
        Shape::Value {
            takes: Text::new("a duration such as 500ms, 30s, 5m or 2h", "形如 500ms、30s、5m 或 2h 的时长"),
            shown: Shown::Plain(shown, true),
        }
    }

    fn assign(&mut self, _path: &[&str], raw: &Raw) -> Result<(), Text> {
        let takes = takes(self);
        let Raw::Scalar(Scalar { text, kind: ScalarKind::Text | ScalarKind::Untyped }) = raw else {
            return Err(wrong_type(&takes, raw));
        };
        let nanoseconds = quantity(text, &DURATION_UNITS).ok_or_else(|| wrong_value(&takes, text, ""))?;
        let nanoseconds = u64::try_from(nanoseconds).map_err(|_| wrong_value(&takes, text, ""))?;
        *self = Self::from_nanos(nanoseconds);
        Ok(())
    }
}

const SIZE_UNITS: [(&str, u128); 8] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

/// A number of bytes, written with its unit: `64 KiB`.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct ByteSize(pub u64);

impl ByteSize {
    /// Returns the size where memory is counted.
    pub fn as_usize(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = u128::from(self.0);
        let (unit, size) = SIZE_UNITS
            .into_iter()
            .filter(|(unit, _)| unit.len() != 2)
            .find(|(_, size)| bytes != 0 && bytes.is_multiple_of(*size))
            .unwrap_or(("B", 1));
        write!(f, "{} {unit}", bytes / size)
    }
}

impl FromStr for ByteSize {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        quantity(text, &SIZE_UNITS)
            .and_then(|bytes| u64::try_from(bytes).ok())
            .map(Self)
            .ok_or("a whole number and a unit are needed")
    }
}

crate::setting_from_text!(ByteSize, "a size such as 64 KiB or 10 MiB", "形如 64 KiB 或 10 MiB 的大小");

/// Reads a whole number and its unit, with or without a space between.
fn quantity(text: &str, units: &[(&str, u128)]) -> Option<u128> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let unit = unit.trim_start();
    let (_, size) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u128>().ok()?.checked_mul(*size)
}
