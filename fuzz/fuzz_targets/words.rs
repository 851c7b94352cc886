//! A list from anywhere and a message from a stranger: neither makes the matcher panic or a range split a character.

#![no_main]

use kefu_text::words::{Direction, Limits, List, Matcher, Scratch, mask_hits};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &str)| {
    let (file, text) = input;
    let Ok(list) = List::parse(file, Limits { bytes_max: 1_024, words_max: 32 }) else { return };
    let Ok(matcher) = Matcher::new(list) else { return };
    let mut scratch = Scratch::default();
    for direction in [Direction::In, Direction::Out] {
        let verdict = matcher.check(text, direction, &mut scratch);
        for hit in &verdict.hits {
            assert!(!text[hit.range.clone()].is_empty());
            assert!(verdict.action >= Some(hit.action));
        }
        assert!(mask_hits(text, &verdict.hits).len() <= text.len());
        assert_eq!(matcher.check(text, direction, &mut scratch), verdict);
    }
});
