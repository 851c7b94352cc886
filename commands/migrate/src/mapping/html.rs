//! HTML as Markdown: headings, paragraphs, lists, links, pictures and what is strong; all else is its text alone.

use std::borrow::Cow;

/// A text without tags; one that has none stays as it is.
pub(super) fn markdown(html: &str) -> Cow<'_, str> {
    if !html.contains(['<', '&']) {
        return html.into();
    }
    let mut writer = Writer::default();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        writer.text(&rest[..at]);
        rest = &rest[at..];
        if let Some(after) = rest.strip_prefix("<!--") {
            rest = after.split_once("-->").map_or("", |(_, after)| after);
            continue;
        }
        let is_tag = rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'));
        let Some((tag, after)) = rest[1..].split_once('>').filter(|_| is_tag) else {
            writer.text("<");
            rest = &rest[1..];
            continue;
        };
        rest = after;
        let name = tag.trim_start_matches('/').split(|c: char| !c.is_ascii_alphanumeric()).next();
        let name = name.unwrap_or_default().to_ascii_lowercase();
        if matches!(name.as_str(), "script" | "style") && !tag.starts_with('/') {
            // Its end is the first one that there is, whatever stands before it.
            let end = rest.to_ascii_lowercase().find(&format!("</{name}"));
            rest = end.map_or("", |end| rest[end..].split_once('>').map_or("", |(_, after)| after));
            continue;
        }
        writer.tag(&name, tag);
    }
    writer.text(rest);
    writer.end().into()
}

#[derive(Default)]
struct Writer {
    out: String,
    /// Where the links that are open lead; nowhere, if that is not to be followed.
    links: Vec<Option<String>>,
}

impl Writer {
    /// Text, in which blanks and lines are one blank.
    fn text(&mut self, text: &str) {
        for c in decoded(text).chars() {
            if !c.is_whitespace() {
                self.out.push(c);
            } else if !self.out.is_empty() && !self.out.ends_with([' ', '\n']) {
                self.out.push(' ');
            }
        }
    }

    /// Begins a line, behind an empty one if it is of a part of its own.
    fn line(&mut self, is_part: bool) {
        self.out.truncate(self.out.trim_end_matches(' ').len());
        if self.out.is_empty() {
            return;
        }
        let wanted = if is_part { "\n\n" } else { "\n" };
        while !self.out.ends_with(wanted) {
            self.out.push('\n');
        }
    }

    fn tag(&mut self, name: &str, tag: &str) {
        let is_end = tag.starts_with('/');
        match name {
            "br" => self.line(false),
            "p" | "div" | "ul" | "ol" | "table" | "blockquote" | "section" | "article" | "pre" => {
                self.line(true)
            }
            "tr" => self.line(false),
            "td" | "th" if is_end => self.out.push(' '),
            "li" => {
                self.line(false);
                if !is_end {
                    self.out.push_str("- ");
                }
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.line(true);
                if !is_end {
                    let level = usize::from(name.as_bytes()[1] - b'0');
                    self.out.extend(["#".repeat(level).as_str(), " "]);
                }
            }
            "b" | "strong" => self.out.push_str("**"),
            "a" if !is_end => {
                let address = attribute(tag, "href").filter(|address| is_followed(address));
                if address.is_some() {
                    self.out.push('[');
                }
                self.links.push(address);
            }
            "a" => {
                if let Some(Some(address)) = self.links.pop() {
                    self.out.push_str(&format!("]({address})"));
                }
            }
            "img" => {
                if let Some(address) = attribute(tag, "src").filter(|address| is_followed(address)) {
                    let alt = attribute(tag, "alt").unwrap_or_default();
                    self.out.push_str(&format!("![{alt}]({address})"));
                }
            }
            _ => {}
        }
    }

    fn end(mut self) -> String {
        while self.links.pop().flatten().is_some() {
            self.out.push(']');
        }
        self.out.trim().to_owned()
    }
}

/// Whether an address leads somewhere, rather than doing something.
fn is_followed(address: &str) -> bool {
    let scheme = address.split(['/', '?', '#']).next().unwrap_or_default();
    let scheme = scheme.split_once(':').map(|(scheme, _)| scheme.trim().to_ascii_lowercase());
    let is_plain = !address.contains(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '<' | '>'));
    is_plain && scheme.is_none_or(|scheme| matches!(scheme.as_str(), "http" | "https" | "mailto" | "tel"))
}

/// An attribute of a tag, between quotes or without.
fn attribute(tag: &str, wanted: &str) -> Option<String> {
    let mut rest = tag.split_once(char::is_whitespace)?.1;
    while let Some((name, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let (value, next) = match after.chars().next() {
            Some(quote @ ('"' | '\'')) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
            _ => after.split_once(char::is_whitespace).unwrap_or((after, "")),
        };
        // Attributes without a value may stand before it.
        if name.trim().rsplit(char::is_whitespace).next()?.eq_ignore_ascii_case(wanted) {
            return Some(decoded(value).trim().to_owned());
        }
        rest = next;
    }
    None
}

/// A text without entities; those that are not known stay.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return text.into();
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let found = after.split_once(';').filter(|(name, _)| name.len() <= 8);
        match found.and_then(|(name, after)| entity(name).map(|c| (c, after))) {
            Some((c, after)) => {
                out.push(c);
                rest = after;
            }
            None => {
                out.push('&');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out.into()
}

fn entity(name: &str) -> Option<char> {
    let number = name.strip_prefix('#').and_then(|digits| match digits.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => digits.parse().ok(),
    });
    match (name, number) {
        (_, Some(number)) => char::from_u32(number).filter(|c| *c != '\0'),
        ("amp", _) => Some('&'),
        ("lt", _) => Some('<'),
        ("gt", _) => Some('>'),
        ("quot", _) => Some('"'),
        ("apos", _) => Some('\''),
        ("nbsp", _) => Some(' '),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_html_shows_is_there_as_markdown() {
        let html = "<h2 class=x>怎么付款</h2>\n<p>用 <b>微信</b>&nbsp;或<br>支付宝 &amp; &#x4F60;</p><ul><li>一<li>二</ul>\
            <a href='https://x.example/?a=1&amp;b=2' target=_blank>看这里</a><img alt=\"图\" src=/a.png><script>alert(1)</script>";
        assert_eq!(
            markdown(html),
            "## 怎么付款\n\n用 **微信** 或\n支付宝 & 你\n\n- 一\n- 二\n\n[看这里](https://x.example/?a=1&b=2)![图](/a.png)"
        );
        assert_eq!(markdown("plain 文字\n\n- stays"), "plain 文字\n\n- stays");
        assert_eq!(markdown("a < b && c <!-- x > y -->d"), "a < b && c d");
    }

    #[test]
    fn what_does_something_is_no_link() {
        assert_eq!(markdown("<a href=\"javascript:alert(1)\">x</a>"), "x");
        assert_eq!(markdown("<a href=\" JavaScript:alert(1)\">x</a>"), "x");
        assert_eq!(markdown("<img src='data:text/html,x'>y"), "y");
        assert_eq!(markdown("<a href='/a'>x"), "[x]");
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "(<|>|/|&|;|#|=|\"|'|a|href|img|li|script|x|好| |!--|--){0,20}") {
            markdown(&text);
        }
    }
}
