//! Articles' Markdown (CommonMark, with tables and strikethrough) as HTML for anybody, and as plain text.

use pulldown_cmark::{CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd, html};

/// The HTML of a text.
///
/// HTML in the text is shown, not used; addresses that are not of the web or of mail lead nowhere; pictures are links,
/// so that nothing is fetched from elsewhere. Headings begin at the second level: the first is the article's title.
pub(crate) fn to_html(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    html::push_html(&mut out, parser(text).map(tame));
    out
}

/// The plain text of a text: a line for each paragraph, item, row and heading, with the addresses of its links.
pub(crate) fn to_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut addresses = Vec::new();
    for event in parser(text).map(tame) {
        match event {
            Event::Text(text) | Event::Code(text) => out.push_str(&text),
            Event::SoftBreak => out.push(' '),
            Event::HardBreak | Event::Rule => end_line(&mut out),
            Event::Start(Tag::Item) => {
                end_line(&mut out);
                out.push_str("- ");
            }
            Event::Start(Tag::Link { dest_url, .. }) => addresses.push((out.len(), dest_url)),
            Event::End(TagEnd::Link) => {
                let Some((start, address)) = addresses.pop() else { continue };
                if !address.is_empty() && out.get(start..) != Some(&*address) {
                    out.push_str(&format!(" ({address})"));
                }
            }
            Event::End(TagEnd::TableCell) => out.push(' '),
            Event::End(
                TagEnd::Paragraph
                | TagEnd::Heading(_)
                | TagEnd::Item
                | TagEnd::CodeBlock
                | TagEnd::TableHead
                | TagEnd::TableRow,
            ) => end_line(&mut out),
            _ => {}
        }
    }
    out.truncate(out.trim_end().len());
    out
}

fn parser(text: &str) -> Parser<'_> {
    Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH)
}

fn tame(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
        Event::End(TagEnd::HtmlBlock) => Event::End(TagEnd::Paragraph),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Link { dest_url: address(link_type, dest_url), link_type, title, id })
        }
        Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Link { dest_url: address(link_type, dest_url), link_type, title, id })
        }
        Event::End(TagEnd::Image) => Event::End(TagEnd::Link),
        Event::Start(Tag::Heading { level, id, classes, attrs }) => {
            Event::Start(Tag::Heading { level: below(level), id, classes, attrs })
        }
        Event::End(TagEnd::Heading(level)) => Event::End(TagEnd::Heading(below(level))),
        other => other,
    }
}

/// An address that may be followed; otherwise an empty one, which leads to the page itself.
fn address(link_type: LinkType, address: CowStr<'_>) -> CowStr<'_> {
    let has_scheme =
        |scheme: &str| address.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    let is_mail = link_type == LinkType::Email || has_scheme("mailto:");
    if is_mail || has_scheme("https://") || has_scheme("http://") { address } else { CowStr::Borrowed("") }
}

fn below(level: HeadingLevel) -> HeadingLevel {
    match level {
        HeadingLevel::H1 => HeadingLevel::H2,
        HeadingLevel::H2 => HeadingLevel::H3,
        HeadingLevel::H3 => HeadingLevel::H4,
        HeadingLevel::H4 => HeadingLevel::H5,
        HeadingLevel::H5 | HeadingLevel::H6 => HeadingLevel::H6,
    }
}

fn end_line(out: &mut String) {
    out.truncate(out.trim_end_matches(' ').len());
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_could_run_is_shown_instead() {
        for (text, html) in [
            ("# 退款\n\n**三天**", "<h2>退款</h2>\n<p><strong>三天</strong></p>\n"),
            ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
            ("a <img src=x onerror=alert(1)> b", "&lt;img src=x onerror=alert(1)&gt;"),
            ("[x](javascript:alert(1))", "<a href=\"\">x</a>"),
            ("[x](JaVaScRiPt:alert(1))", "<a href=\"\">x</a>"),
            ("[x](data:text/html,x)", "<a href=\"\">x</a>"),
            ("[x](//evil.example)", "<a href=\"\">x</a>"),
            ("[x](https://a.example/\"onclick=)", "https://a.example/%22onclick="),
            ("![pic](https://a.example/1.png)", "<a href=\"https://a.example/1.png\">pic</a>"),
            ("<help@example.com>", "<a href=\"mailto:help@example.com\">"),
            ("|a|b|\n|-|-|\n|1|2|", "<td>1</td>"),
        ] {
            let found = to_html(text);
            assert!(found.contains(html), "{text}: {found}");
        }
    }

    #[test]
    fn plain_text_has_lines_and_addresses() {
        let text =
            "# 退款\n\n打开 [订单](https://shop.example/orders)。\n\n1. 选择\n2. 提交\n\n|a|b|\n|-|-|\n|1|2|";
        assert_eq!(
            to_text(text),
            "退款\n打开 订单 (https://shop.example/orders)。\n- 选择\n- 提交\na b\n1 2"
        );
        assert_eq!(to_text("<https://a.example/>"), "https://a.example/");
    }

    proptest! {
        #[test]
        fn no_text_makes_a_tag_of_its_own(text in "[-<>\\[\\]()!#*_`|~&;:\"'/a-z \n退]{0,80}") {
            let html = to_html(&text);
            for tag in html.split('<').skip(1) {
                let name = tag.trim_start_matches('/').split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap();
                let known = ["p", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "a", "em", "strong", "del",
                    "code", "pre", "hr", "br", "blockquote", "table", "thead", "tbody", "tr", "th", "td"];
                prop_assert!(known.contains(&name), "{name} in {html}");
            }
            to_text(&text);
        }
    }
}
