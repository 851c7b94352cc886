//! Words in the strings of JSON, and messages with words masked beside the same without.

use std::borrow::Cow;

/// Calls `change` with each string of compact JSON, names of fields excepted, and puts in its place what it returns.
#[must_use]
pub fn map_strings<'a>(json: &'a str, mut change: impl FnMut(&str) -> Option<String>) -> Cow<'a, str> {
    let (mut out, mut kept, mut at) = (String::new(), 0, 0);
    while let Some(start) = json[at..].find('"').map(|offset| at + offset) {
        let end = end_of_string(json, start);
        let is_name = json[end..].starts_with(':');
        at = end;
        if is_name {
            continue;
        }
        let Ok(text) = serde_json::from_str::<Cow<'_, str>>(&json[start..end]) else { continue };
        if let Some(changed) = change(&text) {
            out.push_str(&json[kept..start]);
            out.push_str(&serde_json::Value::String(changed).to_string());
            kept = end;
        }
    }
    if kept == 0 {
        return Cow::Borrowed(json);
    }
    out.push_str(&json[kept..]);
    Cow::Owned(out)
}

/// The end of the string that begins at `start` with a quote.
fn end_of_string(json: &str, start: usize) -> usize {
    let mut is_escaped = false;
    for (index, byte) in json.bytes().enumerate().skip(start + 1) {
        match byte {
            b'"' if !is_escaped => return index + 1,
            b'\\' => is_escaped = !is_escaped,
            _ => is_escaped = false,
        }
    }
    json.len()
}

/// Says whether `masked` may be `text` with words masked, by whatever list: what is left of it stands in `text` in
/// the same order.
#[must_use]
pub fn may_be_masked(masked: &str, text: &str) -> bool {
    if !masked.contains('*') {
        return masked == text;
    }
    let mut rest = text.chars();
    masked.chars().filter(|c| *c != '*').all(|wanted| rest.any(|c| c == wanted))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn names_of_fields_and_the_order_stay() {
        let json = r#"{"z":"bad","bad":["a \"bad\"",1,{"x":"\\"}],"y":"bad\\"}"#;
        let mapped = map_strings(json, |text| text.contains("bad").then(|| text.replace("bad", "***")));
        assert_eq!(mapped, r#"{"z":"***","bad":["a \"***\"",1,{"x":"\\"}],"y":"***\\"}"#);
        assert!(matches!(map_strings(json, |_| None), Cow::Borrowed(_)));
    }

    #[test]
    fn a_message_is_known_by_what_is_left_of_it() {
        assert!(may_be_masked("请 ***", "请 加 微信"));
        assert!(may_be_masked("同", "同"));
        assert!(!may_be_masked("别的 ***", "请 加 微信"));
        assert!(!may_be_masked("请", "请 加 微信"));
    }

    proptest! {
        #[test]
        fn whatever_the_strings_are(values: Vec<String>, broken in "[\"\\\\:a退]{0,12}") {
            let json = json!({"values": values}).to_string();
            let mapped = map_strings(&json, |text| Some(format!("{text}\"")));
            let wanted: Vec<_> = values.iter().map(|text| format!("{text}\"")).collect();
            prop_assert_eq!(serde_json::from_str::<Value>(&mapped).unwrap(), json!({"values": wanted}));
            // What is no JSON comes through without harm.
            drop(map_strings(&broken, |text| Some(text.to_owned())));
        }
    }
}
