use proptest::prelude::*;

use super::*;

fn terms(text: &str) -> String {
    let mut out = String::new();
    index_terms(text, &mut out);
    out
}

fn matched(text: &str) -> String {
    query(text, LastWord::Whole).to_match()
}

fn highlighted<'a>(text: &'a str, typed: &str) -> Vec<&'a str> {
    highlights(text, &query(typed, LastWord::Prefix)).into_iter().map(|range| &text[range]).collect()
}

/// FTS5 in small: strings of terms, AND, and a star for a prefix, over one document under the `ascii` tokenizer.
fn finds(document: &str, expression: &str) -> bool {
    let tokens = |text: &str| -> Vec<String> {
        let is_token = |c: char| c.is_ascii_alphanumeric() || !c.is_ascii();
        text.split(|c| !is_token(c)).filter(|token| !token.is_empty()).map(str::to_ascii_lowercase).collect()
    };
    let document = tokens(document);
    expression.split(" AND ").all(|phrase| {
        let (phrase, prefix) = phrase.strip_suffix('*').map_or((phrase, false), |phrase| (phrase, true));
        let inner = phrase.strip_prefix('"').and_then(|phrase| phrase.strip_suffix('"')).expect("a string");
        assert!(!inner.contains('"'), "{expression}");
        let wanted = tokens(inner);
        let Some((last, others)) = wanted.split_last() else { return false };
        document.windows(wanted.len()).any(|window| {
            let end = &window[others.len()];
            window[..others.len()] == *others && if prefix { end.starts_with(last) } else { end == last }
        })
    })
}

#[test]
fn text_becomes_pairs_and_words() {
    for (text, expected) in [
        ("", ""),
        ("退款", "退款 款"),
        ("我要退款。", "我要 要退 退款 款"),
        ("款", "款"),
        ("Hello, World", "hello world"),
        ("退款OK了", "退款 款 ok 了"),
        ("ＡＢＣ１２３", "abc123"),
        ("bob.lee@example.com", "bob lee example com"),
        ("订单SF-2026/0012", "订单 单 sf 2026 0012"),
        ("訂單", "订单 单"),
        ("Crème Brûlée", "creme brulee"),
        ("カタカナ", "カタ タカ カナ ナ"),
        ("한국어", "한국 국어 어"),
        ("a\"b*c(d)\u{0}^e:f", "a b c d e f"),
        ("退\u{200b}款", "退款 款"),
        ("😀", ""),
    ] {
        assert_eq!(terms(text), expected, "{text}");
    }
    let mut out = "a".to_owned();
    index_terms("退款", &mut out);
    assert_eq!(out, "a 退款 款");
}

#[test]
fn a_very_long_word_is_cut_in_index_and_query_alike() {
    let text = "x".repeat(1_000);
    assert_eq!(terms(&text).len(), 64);
    assert!(finds(&terms(&text), &matched(&text)));
    assert_eq!(highlighted(&text, &text).len(), 1);
}

#[test]
fn a_query_becomes_strings_joined_by_and() {
    for (text, expected) in [
        ("", "\"\""),
        ("，。!", "\"\""),
        ("退款", "\"退款\""),
        ("我要退款", "\"我要 要退 退款\""),
        ("款", "\"款\"*"),
        ("退款 订单", "\"退款\" AND \"订单\""),
        ("退款，订单", "\"退款\" AND \"订单\""),
        ("退款 退款", "\"退款\""),
        ("iPhone退款", "\"iphone\" AND \"退款\""),
        ("\"iPhone退款ok\"", "\"iphone 退款 款 ok\""),
        ("“退款 OK”", "\"退款 款 ok\""),
        ("\"a b\" c", "\"a b\" AND \"c\""),
        ("\"a b", "\"a b\""),
        ("bob.lee@example.com", "\"bob lee example com\""),
        ("hello world", "\"hello\" AND \"world\""),
        ("SF-2026/0012", "\"sf 2026 0012\""),
        ("a OR b NOT c NEAR(d)", "\"a\" AND \"or\" AND \"b\" AND \"not\" AND \"c\" AND \"near\" AND \"d\""),
        ("x\" OR 1=1 --", "\"x\" AND \"or 1 1\""),
        ("text:*", "\"text\""),
    ] {
        assert_eq!(matched(text), expected, "{text}");
    }
}

#[test]
fn the_last_word_may_go_on() {
    let prefix = |text| query(text, LastWord::Prefix).to_match();
    assert_eq!(prefix("refund ord"), "\"refund\" AND \"ord\"*");
    assert_eq!(prefix("bob@exa"), "\"bob exa\"*");
    assert_eq!(prefix("refund "), "\"refund\"");
    assert_eq!(prefix("\"refund\""), "\"refund\"");
    assert_eq!(prefix("退款"), "\"退款\"");
}

#[test]
fn a_query_is_bounded() {
    let many: String = (0..1_000).map(|number| format!("w{number} ")).collect();
    assert_eq!(query(&many, LastWord::Whole).to_match().matches(" AND ").count(), 15);
    assert!(matched(&"退款单".repeat(1_000)).len() < 3_000);
}

#[test]
fn what_was_found_is_highlighted() {
    for (text, typed, expected) in [
        ("我要退款，退款！", "退款", &["退款", "退款"][..]),
        ("我要退款", "要退 退款", &["要退款"]),
        ("我要退款", "款", &["款"]),
        ("Refund my Refunds", "refund", &["Refund", "Refund"]),
        ("ＲＥＦＵＮＤ", "refund", &["ＲＥＦＵＮＤ"]),
        ("Crème", "creme", &["Crème"]),
        ("訂單", "订单", &["訂單"]),
        ("mail bob.lee@example.com now", "bob.lee@example.com", &["bob.lee@example.com"]),
        ("退款OK了", "\"款ok了\"", &["款OK了"]),
        ("退款 OK", "\"退款 ok\"", &["退款 OK"]),
        ("退款", "订单", &[]),
        ("退款", "", &[]),
        ("class", "\"ass\"", &[]),
    ] {
        assert_eq!(highlighted(text, typed), expected, "{text} / {typed}");
    }
}

#[test]
fn a_snippet_surrounds_the_first_highlight() {
    let text = "零一二三四五六七八九退款甲乙丙丁戊己庚辛";
    let ranges = highlights(text, &query("退款", LastWord::Whole));
    let cut = snippet(text, &ranges, 8);
    assert_eq!(cut.text, "八九退款甲乙丙丁");
    assert_eq!((cut.is_cut_before, cut.is_cut_after), (true, true));
    assert_eq!(cut.highlights.iter().map(|range| &cut.text[range.clone()]).collect::<Vec<_>>(), ["退款"]);
    let end = snippet(text, &[text.len() - 3..text.len()], 5);
    assert_eq!((end.text, end.is_cut_before, end.is_cut_after), ("丁戊己庚辛", true, false));
    assert_eq!(snippet(text, &[], 3).text, "零一二");
    assert_eq!(snippet("短", &[], 10).text, "短");
    assert_eq!(snippet(text, &ranges, 1).text, "退");
    assert_eq!(snippet(text, &ranges, 0).text, "");
}

/// Text of the scripts that matter, with signs between.
fn any_text() -> impl Strategy<Value = String> {
    prop_oneof!["[退款订单訂單要ａＡa1 ，.@\"*-]{0,20}", "(?s).{0,30}", "[一-龥]{2,12}"]
}

proptest! {
    #[test]
    fn every_two_characters_of_chinese_are_found(text in "[一-龥]{2,12}([a-z，。 ]{1,3}[一-龥]{2,12})?") {
        let index = terms(&text);
        let characters: Vec<_> = text.chars().collect();
        for length in 1..=4 {
            for window in characters.windows(length).filter(|window| window.iter().all(|c| is_unspaced(*c))) {
                let part: String = window.iter().collect();
                prop_assert!(finds(&index, &matched(&part)), "{} in {}", part, text);
                let query = query(&part, LastWord::Whole);
                prop_assert!(!highlights(&text, &query).is_empty());
            }
        }
    }

    #[test]
    fn a_text_finds_itself_and_is_highlighted(text in any_text(), quoted in any::<bool>()) {
        let typed = if quoted { format!("\"{}\"", text.replace('"', " ")) } else { text.clone() };
        let query = query(&typed, LastWord::Whole);
        let found = finds(&terms(&text), &query.to_match());
        prop_assert_eq!(found, !query.is_empty());
        prop_assert_eq!(!highlights(&text, &query).is_empty(), found);
    }

    #[test]
    fn found_is_highlighted_and_highlighted_is_found(text in any_text(), typed in any_text()) {
        let query = query(&typed, LastWord::Prefix);
        let ranges = highlights(&text, &query);
        let found = finds(&terms(&text), &query.to_match());
        prop_assert!(!found || !ranges.is_empty());
        prop_assert!(found || ranges.is_empty() || query.phrases.len() > 1);
        let mut last = 0;
        for range in &ranges {
            prop_assert!(range.start >= last && text.get(range.clone()).is_some_and(|part| !part.is_empty()));
            last = range.end;
        }
    }

    #[test]
    fn terms_and_queries_have_a_safe_alphabet(text in any_text()) {
        let is_safe = |c: char| script(c).is_some() && !c.is_ascii_uppercase();
        let index = terms(&text);
        prop_assert!(index.is_empty() || index.split(' ').all(|term| !term.is_empty() && term.chars().all(is_safe)));
        let expression = query(&text, LastWord::Prefix).to_match();
        let bare = expression.replace("\" AND \"", " ").replace("\"* AND \"", " ");
        let bare = bare.strip_suffix('*').unwrap_or(&bare);
        let inner = bare.strip_prefix('"').and_then(|bare| bare.strip_suffix('"')).expect("a string");
        prop_assert!(inner.chars().all(|c| is_safe(c) || c == ' '), "{}", expression);
    }

    #[test]
    fn a_snippet_is_a_piece_of_the_text(
        text in any_text(), from in 0_usize..60, length in 0_usize..20, characters_max in 0_usize..30
    ) {
        let cut = snippet(&text, &[from..from + length, from + length..from + length + 2], characters_max);
        prop_assert!(cut.text.chars().count() <= characters_max);
        prop_assert!(text.contains(cut.text));
        prop_assert_eq!(cut.is_cut_before || cut.is_cut_after, cut.text != text);
        for range in cut.highlights {
            prop_assert!(cut.text.get(range).is_some());
        }
    }
}
