//! The markup of go-fly in plain words: `face[微笑]`, `img[address]`, `file[address]`, `attachment[{…}]`, `[title]link[address]`.

use std::borrow::Cow;

/// A text without markup. Its files are not brought over: their addresses stay.
pub(super) fn gofly(text: &str) -> Cow<'_, str> {
    if !text.contains('[') {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('[') {
        let (before, inside) = (&rest[..at], &rest[at + 1..]);
        let known = ["face", "img", "file", "attachment"].into_iter().find(|name| before.ends_with(name));
        let replaced = match known {
            Some("attachment") => attachment(inside),
            Some(name) => enclosed(inside).map(|(value, after)| {
                let plain = match name {
                    "face" => format!("[{value}]"),
                    "img" => format!("[图片 {value}]"),
                    _ => format!("[文件 {value}]"),
                };
                (plain, after)
            }),
            None => link(inside),
        };
        match replaced {
            Some((plain, after)) => {
                out.push_str(&before[..before.len() - known.map_or(0, str::len)]);
                out.push_str(&plain);
                rest = after;
            }
            None => {
                out.push_str(&rest[..=at]);
                rest = inside;
            }
        }
    }
    out.push_str(rest);
    out.into()
}

/// What stands before the next bracket, and what follows it.
fn enclosed(inside: &str) -> Option<(&str, &str)> {
    inside.split_once(']').filter(|(value, _)| !value.contains('['))
}

/// `title]link[address]`.
fn link(inside: &str) -> Option<(String, &str)> {
    let (title, after) = enclosed(inside)?;
    let (address, after) = enclosed(after.strip_prefix("link[")?)?;
    Some((format!("{title} ({address})"), after))
}

/// A JSON object, in which there may be brackets, and its end.
fn attachment(inside: &str) -> Option<(String, &str)> {
    let mut objects = serde_json::Deserializer::from_str(inside).into_iter::<serde_json::Value>();
    let object = objects.next()?.ok()?;
    let after = inside[objects.byte_offset()..].strip_prefix(']')?;
    let word = |name| object.get(name).and_then(serde_json::Value::as_str).unwrap_or_default();
    Some((format!("[文件 {} {}]", word("name"), word("path")), after))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn markup_becomes_words() {
        assert_eq!(gofly("你好face[微笑]再见"), "你好[微笑]再见");
        assert_eq!(gofly("img[/static/upload/a.png]"), "[图片 /static/upload/a.png]");
        assert_eq!(gofly("see [Shop]link[https://shop.example]!"), "see Shop (https://shop.example)!");
        let json = r#"attachment[{"name":"a]b.pdf","path":"/x","size":1}] ok"#;
        assert_eq!(gofly(json), "[文件 a]b.pdf /x] ok");
        assert_eq!(
            gofly("file[/static/upload/2026November/x.zip]"),
            "[文件 /static/upload/2026November/x.zip]"
        );
    }

    #[test]
    fn what_only_looks_like_markup_stays() {
        for text in ["a[0] = b[1]", "face[", "attachment[x]", "[x]link", "img[[]", "[]"] {
            assert!(gofly(text).contains('['), "{text}");
        }
        assert_eq!(gofly("a[0] = b[1]"), "a[0] = b[1]");
        assert_eq!(gofly("attachment[x]"), "attachment[x]");
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "(face|img|file|attachment|link|\\[|\\]|\\{|\\}|\"|:|好){0,12}") {
            gofly(&text);
        }
    }
}
