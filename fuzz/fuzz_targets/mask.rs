//! A message from a stranger: what is masked lies on character boundaries, and masking again changes nothing.

#![no_main]

use kefu_text::mask::{Kind, Kinds, find, mask};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut last = 0;
    for span in find(text) {
        assert!(span.range.start >= last && span.range.start < span.range.end);
        assert!(text.is_char_boundary(span.range.start) && text.is_char_boundary(span.range.end));
        last = span.range.end;
    }
    for kinds in
        [Kinds::ALL, Kinds::ALL.without(Kind::Phone), Kinds::NONE.with(Kind::Address).with(Kind::Email)]
    {
        let once = mask(text, kinds);
        assert_eq!(mask(&once, kinds), once);
    }
});
