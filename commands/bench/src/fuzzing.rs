//! What reads the answers and files of others, for the targets in `fuzz/`.

use std::path::Path;

use crate::{http::answer::Answer, scenario};

/// Reads an answer of HTTP in pieces of so many bytes: its status and whether it is the last of its connection, if it is
/// whole; `Err` if it is none.
///
/// # Errors
///
/// It is no answer, or more follows.
pub fn answer(bytes: &[u8], piece: usize, is_bodiless: bool) -> Result<Option<(u16, bool)>, ()> {
    let (mut answer, mut rest) = (Answer::default(), bytes);
    while !rest.is_empty() {
        let (part, after) = rest.split_at(piece.clamp(1, rest.len()));
        rest = after;
        if let Some(whole) = answer.take(part, is_bodiless).map_err(drop)? {
            return if rest.is_empty() { Ok(Some((whole.status, whole.is_last))) } else { Err(()) };
        }
    }
    Ok(None)
}

/// Reads rows, as CSV and as lines of JSON.
pub fn data(text: &str) {
    for is_json in [false, true] {
        // That it is no data is as good an answer as any.
        drop(scenario::data::rows("rows", text, is_json));
    }
}

/// Reads a scenario, as far as it needs no other file.
pub fn scenario(text: &str) {
    drop(scenario::check(text, Path::new("")));
}
