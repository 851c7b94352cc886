//! The HTML of the pages.

use std::{fmt::Write as _, ops::Range};

use kefu_core::{Inbox, Language};
use kefu_store::{Article, ArticleHit, ArticleText, Category};
use kefu_text::terms::{self, Query};

use super::{STYLE_PATH, address};
use crate::{html::escape, markdown};

/// Most characters of a page's description.
const DESCRIPTION_CHARS: usize = 150;

/// Most characters around what was found.
const SNIPPET_CHARS: usize = 120;

const STRING: &str = "a string takes all that is written";

/// What the pages say in one language.
struct Words {
    tag: &'static str,
    help: &'static str,
    search: &'static str,
    find: &'static str,
    other: &'static str,
    nothing: &'static str,
    not_found: &'static str,
    missing: &'static str,
    failed: &'static str,
    changed: &'static str,
    switch: &'static str,
}

const ZH: Words = Words {
    tag: "zh-CN",
    help: "帮助中心",
    search: "搜索帮助",
    find: "搜索",
    other: "其他",
    nothing: "这里还没有文章。",
    not_found: "没有找到相关文章,换个词试试。",
    missing: "这个页面不存在,或者已经下线。",
    failed: "帮助中心暂时打不开,请稍后再试。",
    changed: "更新于",
    switch: "语言",
};

const EN: Words = Words {
    tag: "en",
    help: "Help",
    search: "Search the help pages",
    find: "Search",
    other: "Other",
    nothing: "There are no articles yet.",
    not_found: "Nothing was found. Try another word.",
    missing: "This page does not exist, or not any more.",
    failed: "The help pages cannot be shown now. Please try again in a while.",
    changed: "Changed on",
    switch: "Language",
};

/// What stands around the content of a page.
struct Frame<'a> {
    language: Language,
    title: String,
    description: String,
    /// The inbox, and the path of this page in each language that has it.
    inbox: Option<(&'a Inbox, Vec<(Language, String)>)>,
    /// Where the daemon is reached, if it knows.
    base: &'a str,
    words: &'a str,
}

/// All articles by category.
pub(super) fn index(
    inbox: &Inbox,
    language: Language,
    categories: &[Category],
    articles: &[Article],
) -> String {
    let words = words(language);
    let mut main = String::new();
    writeln!(main, "<h1>{}</h1>", words.help).expect(STRING);
    if articles.is_empty() {
        writeln!(main, "<p>{}</p>", words.nothing).expect(STRING);
    }
    for category in categories {
        let name = category.names.get(&language).or_else(|| category.names.values().next());
        let of_it = articles.iter().filter(|article| article.category == Some(category.id));
        shelf(&mut main, inbox, language, name.map_or("", String::as_str), of_it);
    }
    let is_loose = |article: &&Article| {
        article.category.is_none_or(|id| categories.iter().all(|category| category.id != id))
    };
    let name = if categories.is_empty() { "" } else { words.other };
    shelf(&mut main, inbox, language, name, articles.iter().filter(is_loose));
    frame(&Frame { title: words.help.to_owned(), ..Frame::list(inbox, language) }, &main)
}

fn shelf<'a>(
    main: &mut String,
    inbox: &Inbox,
    language: Language,
    name: &str,
    articles: impl Iterator<Item = &'a Article>,
) {
    let mut items = String::new();
    for article in articles {
        let Some(text) = article.texts.get(&language) else { continue };
        let href = address(&inbox.slug, language, Some(&article.slug));
        writeln!(items, "<li><a href=\"{}\">{}</a></li>", escape(&href), escape(&text.title)).expect(STRING);
    }
    if items.is_empty() {
        return;
    }
    if !name.is_empty() {
        writeln!(main, "<h2>{}</h2>", escape(name)).expect(STRING);
    }
    writeln!(main, "<ul class=\"articles\">\n{items}</ul>").expect(STRING);
}

/// What a search found.
pub(super) fn found(
    inbox: &Inbox,
    language: Language,
    typed: &str,
    query: &Query,
    hits: &[ArticleHit],
) -> String {
    let words = words(language);
    let mut main = String::new();
    writeln!(main, "<h1>{}</h1>", words.help).expect(STRING);
    if hits.is_empty() {
        writeln!(main, "<p>{}</p>", words.not_found).expect(STRING);
    } else {
        main.push_str("<ul class=\"articles\">\n");
        for hit in hits {
            let href = address(&inbox.slug, language, Some(&hit.slug));
            let title = marked(&hit.title, &terms::highlights(&hit.title, query));
            let body = markdown::to_text(&hit.body);
            let ranges = terms::highlights(&body, query);
            let piece = terms::snippet(&body, &ranges, SNIPPET_CHARS);
            let (before, after) =
                (if piece.is_cut_before { "…" } else { "" }, if piece.is_cut_after { "…" } else { "" });
            let piece = marked(piece.text, &piece.highlights);
            writeln!(main, "<li><a href=\"{}\">{title}</a><p>{before}{piece}{after}</p></li>", escape(&href))
                .expect(STRING);
        }
        main.push_str("</ul>\n");
    }
    let title = format!("{typed} - {}", words.help);
    frame(&Frame { title, words: typed, ..Frame::list(inbox, language) }, &main)
}

/// One article.
pub(super) fn article(
    base: &str,
    inbox: &Inbox,
    language: Language,
    article: &Article,
    text: &ArticleText,
) -> String {
    let words = words(language);
    let plain = markdown::to_text(&text.body);
    let description = plain.split_whitespace().collect::<Vec<_>>().join(" ");
    let here = |language: &Language| (*language, address(&inbox.slug, *language, Some(&article.slug)));
    let at = jiff::Timestamp::from_microsecond(text.created_at.0).unwrap_or_default();
    let main = format!(
        "<article>\n<h1>{}</h1>\n{}</article>\n<p class=\"dim\">{} <time>{}</time></p>\n",
        escape(&text.title),
        markdown::to_html(&text.body),
        words.changed,
        at.strftime("%Y-%m-%d"),
    );
    let about = Frame {
        title: text.title.clone(),
        description: description.chars().take(DESCRIPTION_CHARS).collect(),
        inbox: Some((inbox, article.texts.keys().map(here).collect())),
        base,
        ..Frame::list(inbox, language)
    };
    frame(&about, &main)
}

/// What stands where nothing is.
pub(super) fn missing(language: Language) -> String {
    notice(language, words(language).missing)
}

/// What is said when the store cannot be read.
pub(super) fn failed(language: Language) -> String {
    notice(language, words(language).failed)
}

fn notice(language: Language, text: &str) -> String {
    let title = words(language).help.to_owned();
    let about = Frame { language, title, description: String::new(), inbox: None, base: "", words: "" };
    frame(&about, &format!("<p>{text}</p>\n"))
}

impl<'a> Frame<'a> {
    /// Of a page with a list, which is there in every language.
    fn list(inbox: &'a Inbox, language: Language) -> Self {
        let here = |language: Language| (language, address(&inbox.slug, language, None));
        Self {
            language,
            title: String::new(),
            description: String::new(),
            inbox: Some((inbox, Language::ALL.into_iter().map(here).collect())),
            base: "",
            words: "",
        }
    }
}

fn frame(about: &Frame<'_>, main: &str) -> String {
    let words = words(about.language);
    let mut out = format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <link rel=\"stylesheet\" href=\"{STYLE_PATH}\">\n",
        words.tag
    );
    let name = about.inbox.as_ref().map_or("", |(inbox, _)| &*inbox.name);
    let title = if name.is_empty() { about.title.clone() } else { format!("{} - {name}", about.title) };
    writeln!(out, "<title>{}</title>", escape(&title)).expect(STRING);
    if !about.description.is_empty() {
        writeln!(out, "<meta name=\"description\" content=\"{}\">", escape(&about.description))
            .expect(STRING);
    }
    let Some((inbox, places)) = &about.inbox else {
        write!(out, "</head>\n<body>\n<main>\n{main}</main>\n</body>\n</html>\n").expect(STRING);
        return out;
    };
    if !about.base.is_empty() {
        for (language, path) in places {
            let href = escape(&format!("{}{path}", about.base));
            if *language == about.language {
                writeln!(out, "<link rel=\"canonical\" href=\"{href}\">").expect(STRING);
            }
            let tag = self::words(*language).tag;
            writeln!(out, "<link rel=\"alternate\" hreflang=\"{tag}\" href=\"{href}\">").expect(STRING);
        }
    }
    let home = escape(&address(&inbox.slug, about.language, None));
    write!(
        out,
        "</head>\n<body>\n<header>\n<a href=\"{home}\">{}</a>\n<nav aria-label=\"{}\">",
        escape(name),
        words.switch
    )
    .expect(STRING);
    for (language, path) in places.iter().filter(|(language, _)| *language != about.language) {
        let (tag, name) = match language {
            Language::Zh => (ZH.tag, "中文"),
            Language::En => (EN.tag, "English"),
        };
        write!(out, "<a href=\"{}\" lang=\"{tag}\" hreflang=\"{tag}\">{name}</a>", escape(path))
            .expect(STRING);
    }
    write!(
        out,
        "</nav>\n</header>\n<form role=\"search\" action=\"{home}\">\n\
         <input type=\"search\" name=\"q\" maxlength=\"256\" value=\"{}\" aria-label=\"{}\" placeholder=\"{}\">\n\
         <button>{}</button>\n</form>\n<main>\n{main}</main>\n</body>\n</html>\n",
        escape(about.words),
        words.search,
        words.search,
        words.find,
    )
    .expect(STRING);
    out
}

/// A text in which something is marked.
fn marked(text: &str, ranges: &[Range<usize>]) -> String {
    let mut out = String::new();
    let mut end = 0;
    for range in ranges {
        // They are in order, on character boundaries, see `terms::highlights`.
        let (Some(before), Some(found)) = (text.get(end..range.start), text.get(range.clone())) else {
            continue;
        };
        write!(out, "{}<mark>{}</mark>", escape(before), escape(found)).expect(STRING);
        end = range.end;
    }
    out.push_str(&escape(&text[end..]));
    out
}

fn words(language: Language) -> &'static Words {
    match language {
        Language::Zh => &ZH,
        Language::En => &EN,
    }
}
