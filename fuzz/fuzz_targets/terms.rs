//! A message and a search from strangers: terms and expressions keep to their alphabet, highlights to characters.

#![no_main]

use kefu_text::terms::{LastWord, highlights, index_terms, query, snippet};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str, u8)| {
    let (text, typed, characters_max) = input;
    let mut terms = String::new();
    index_terms(text, &mut terms);
    assert!(!terms.contains(|c: char| c.is_ascii() && !matches!(c, 'a'..='z' | '0'..='9' | ' ')));
    let query = query(typed, LastWord::Prefix);
    for phrase in query.to_match().split(" AND ") {
        let inner = phrase.strip_suffix('*').unwrap_or(phrase);
        let inner = inner.strip_prefix('"').and_then(|inner| inner.strip_suffix('"')).expect("a string");
        assert!(!inner.contains(|c: char| c.is_ascii() && !matches!(c, 'a'..='z' | '0'..='9' | ' ')));
    }
    let ranges = highlights(text, &query);
    assert!(ranges.iter().all(|range| !text[range.clone()].is_empty()));
    assert!(ranges.windows(2).all(|pair| pair[0].end < pair[1].start));
    let cut = snippet(text, &ranges, usize::from(characters_max));
    assert!(cut.text.chars().count() <= usize::from(characters_max));
    assert!(cut.highlights.iter().all(|range| cut.text.get(range.clone()).is_some()));
});
