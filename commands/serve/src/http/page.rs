//! Lists in parts.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Serialize;
use utoipa::ToSchema;

use super::body::parameter;
use crate::problem::Problem;

/// Items of a page when the request does not say.
const LIMIT_DEFAULT: usize = 50;
/// Most items of a page.
const LIMIT_MAX: usize = 500;

/// A part of a list.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    /// There is more of the list.
    pub(super) has_more: bool,
    /// Goes into `cursor` to get it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// A list that fits one page.
    pub(super) fn whole(items: Vec<T>) -> Self {
        Self { items, has_more: false, next_cursor: None }
    }

    /// A part after which the list goes on at `next`.
    pub(super) fn part(items: Vec<T>, next: Option<(i64, i64)>) -> Self {
        Self { items, has_more: next.is_some(), next_cursor: next.map(write_cursor) }
    }
}

/// The number of items that a request wants.
pub(super) fn limit(value: Option<&str>) -> Result<usize, Problem> {
    match parameter("limit", value)?.unwrap_or(LIMIT_DEFAULT) {
        limit @ 1..=LIMIT_MAX => Ok(limit),
        _ => Err(Problem::invalid("limit", format!("a page has between 1 and {LIMIT_MAX} items"))),
    }
}

/// The place where a list goes on.
pub(super) fn cursor(value: Option<&str>) -> Result<Option<(i64, i64)>, Problem> {
    let read = |text| read_cursor(text).ok_or_else(|| Problem::invalid("cursor", "this is no cursor"));
    value.map(read).transpose()
}

/// Opaque to clients: two numbers in base64.
fn write_cursor((time, key): (i64, i64)) -> String {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&time.to_be_bytes());
    bytes[8..].copy_from_slice(&key.to_be_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn read_cursor(text: &str) -> Option<(i64, i64)> {
    if text.len() != 22 {
        return None;
    }
    let bytes: [u8; 16] = BASE64_URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
    let both = u128::from_be_bytes(bytes);
    Some(((both >> 64) as i64, both as i64))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn limits_have_bounds() {
        assert_eq!(limit(None), Ok(50));
        assert_eq!(limit(Some("500")), Ok(500));
        for bad in ["0", "501", "-1", "x", "", "99999999999999999999"] {
            assert_eq!(limit(Some(bad)).unwrap_err().field, Some("limit"), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn cursors_come_back(time: i64, key: i64) {
            prop_assert_eq!(read_cursor(&write_cursor((time, key))), Some((time, key)));
        }

        #[test]
        fn no_cursor_panics(text in "\\PC{0,30}", like in "[A-Za-z0-9_-]{22}") {
            cursor(Some(&text)).ok();
            cursor(Some(&like)).ok();
        }
    }
}
