//! What two spellings of the same text have in common.
//!
//! Folded are: case, full-width and other compatibility forms (Unicode NFKD, UAX #15), diacritics of
//! alphabets, traditional characters (one by one, after Unihan), and invisible characters, which vanish.
//! Kana and Hangul stay composed. Text that was typed in decomposed Hangul is left as it is.

use std::sync::LazyLock;

use icu_normalizer::{DecomposingNormalizerBorrowed, properties::CanonicalCompositionBorrowed};

const DATA: &str = include_str!("../data/simplified.txt");

const TABLE_START: u32 = 0x3400;
const TABLE_END: u32 = 0xA000;

/// The simplified form of each character from U+3400 on, the character itself where there is none.
static SIMPLIFIED: LazyLock<Box<[u16]>> = LazyLock::new(|| {
    let mut table: Box<[u16]> = (TABLE_START..TABLE_END).map(|code| code as u16).collect();
    for line in DATA.lines().filter(|line| !line.starts_with('#')) {
        let mut pair = line.chars();
        if let (Some(from), Some(to)) = (pair.next(), pair.next()) {
            table[(u32::from(from) - TABLE_START) as usize] = u32::from(to) as u16;
        }
    }
    table
});

const DECOMPOSED: DecomposingNormalizerBorrowed<'static> = DecomposingNormalizerBorrowed::new_nfkd();
const COMPOSED: CanonicalCompositionBorrowed<'static> = CanonicalCompositionBorrowed::new();

/// Hands on each character of the folded text, with the byte range of the original that it stands for.
/// One original character may become several, which then share the range.
pub(crate) fn fold(text: &str, mut emit: impl FnMut(char, usize, usize)) {
    let simplified = &**SIMPLIFIED;
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at].is_ascii() {
            emit(char::from(bytes[at].to_ascii_lowercase()), at, at + 1);
            at += 1;
            continue;
        }
        let Some(c) = text[at..].chars().next() else { return };
        let end = at + c.len_utf8();
        match c {
            '\u{3400}'..'\u{a000}' => {
                let index = (u32::from(c) - TABLE_START) as usize;
                emit(char::from_u32(u32::from(simplified[index])).unwrap_or(c), at, end);
            }
            // General and CJK punctuation that folding would not change; U+3000 is a space.
            '\u{2010}'..='\u{2023}' | '\u{3001}'..='\u{3029}' => emit(c, at, end),
            '\u{3000}' => emit(' ', at, end),
            '\u{ff01}'..='\u{ff5e}' => emit(narrow(c).to_ascii_lowercase(), at, end),
            '\u{3040}'..='\u{30ff}' | '\u{ff66}'..='\u{ff9d}' => {
                let (kana, end) = voiced(text, c, end);
                emit(kana, at, end);
                at = end;
                continue;
            }
            '\u{ac00}'..='\u{d7a3}' => emit(c, at, end),
            _ if is_invisible(c) => {}
            _ => fold_any(c, |c| emit(c, at, end)),
        }
        at = end;
    }
}

/// Folds what is rare enough to be looked up.
fn fold_any(c: char, mut emit: impl FnMut(char)) {
    for part in DECOMPOSED.normalize_iter(std::iter::once(c)).filter(|part| !is_mark(*part)) {
        for lower in part.to_lowercase().filter(|lower| !is_mark(*lower)) {
            let (first, second) = match lower {
                'ß' => ('s', Some('s')),
                'æ' => ('a', Some('e')),
                'œ' => ('o', Some('e')),
                'ø' => ('o', None),
                'ł' => ('l', None),
                'đ' => ('d', None),
                'ı' => ('i', None),
                'ς' => ('σ', None),
                // Compatibility ideographs decompose into ordinary ones.
                '\u{3400}'..'\u{a000}' => (simplify(lower), None),
                other => (other, None),
            };
            emit(first);
            second.into_iter().for_each(&mut emit);
        }
    }
}

fn simplify(c: char) -> char {
    let index = u32::from(c).checked_sub(TABLE_START).map(|index| index as usize);
    let code = index.and_then(|index| SIMPLIFIED.get(index));
    code.and_then(|code| char::from_u32(u32::from(*code))).unwrap_or(c)
}

/// Makes kana full-width and joins it with the sound mark that follows it.
fn voiced(text: &str, c: char, end: usize) -> (char, usize) {
    let wide = |c: char| match c {
        '\u{ff66}'..='\u{ff9d}' => DECOMPOSED.normalize_iter(std::iter::once(c)).next().unwrap_or(c),
        '\u{ff9e}' => '\u{3099}',
        '\u{ff9f}' => '\u{309a}',
        _ => c,
    };
    let kana = wide(c);
    let Some(next) = text[end..].chars().next() else { return (kana, end) };
    let mark = wide(next);
    if !matches!(mark, '\u{3099}' | '\u{309a}') {
        return (kana, end);
    }
    COMPOSED.compose(kana, mark).map_or((kana, end), |joined| (joined, end + next.len_utf8()))
}

/// The ASCII form of a full-width character; others stay as they are.
pub(crate) fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => c,
    }
}

/// Says whether a character belongs to a script that is written without spaces between words.
pub(crate) fn is_unspaced(c: char) -> bool {
    matches!(c,
        '\u{3005}'..='\u{3007}'
            | '\u{3021}'..='\u{3029}'
            | '\u{3031}'..='\u{3035}'
            | '\u{3041}'..='\u{3096}'
            | '\u{309d}'..='\u{309f}'
            | '\u{30a1}'..='\u{30fa}'
            | '\u{30fc}'..='\u{30ff}'
            | '\u{3105}'..='\u{312f}'
            | '\u{31a0}'..='\u{31bf}'
            | '\u{31f0}'..='\u{31ff}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{3fffd}')
}

/// Says whether a character is a letter or digit of a script with spaces between words.
pub(crate) fn is_spaced(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() } else { !is_unspaced(c) && c.is_alphanumeric() }
}

/// Diacritics, enclosing marks and half marks.
fn is_mark(c: char) -> bool {
    matches!(c,
        '\u{300}'..='\u{36f}'
            | '\u{1ab0}'..='\u{1aff}'
            | '\u{1dc0}'..='\u{1dff}'
            | '\u{20d0}'..='\u{20ff}'
            | '\u{3099}'..='\u{309a}'
            | '\u{fe20}'..='\u{fe2f}')
}

/// What takes no room on a screen: zero-width characters, direction marks, variation selectors, tags.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}')
        || is_mark(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn folded(text: &str) -> String {
        let mut out = String::new();
        fold(text, |c, _, _| out.push(c));
        out
    }

    #[test]
    fn spellings_of_the_same_text_fold_alike() {
        for (text, same) in [
            ("Hello", "hello"),
            ("ＨＥＬＬＯ　１２３！", "hello 123!"),
            ("Crème Brûlée, Ångström, Łódź, Straße", "creme brulee, angstrom, lodz, strasse"),
            ("cre\u{300}me", "creme"),
            ("訂單退款，電話", "订单退款,电话"),
            ("裏面、綫上、羣組", "里面、线上、群组"),
            ("敏\u{200b}感\u{feff}词", "敏感词"),
            ("①㎏ﬁ℡", "1kgfitel"),
            ("ｶﾞﾊﾟｰ が", "ガパー が"),
            ("か\u{3099}", "が"),
            ("한국어", "한국어"),
            ("⼀\u{f900}", "一岂"),
            ("Ω ΣΑΣ", "ω σασ"),
            ("😀👍🏽", "😀👍🏽"),
        ] {
            assert_eq!(folded(text), same, "{text}");
        }
    }

    #[test]
    fn the_table_maps_each_character_to_one_that_stays() {
        let pairs = DATA.lines().filter(|line| !line.starts_with('#'));
        for pair in pairs {
            let [from, to] = pair.chars().collect::<Vec<_>>()[..] else { panic!("{pair}") };
            assert_eq!((simplify(from), simplify(to)), (to, to), "{pair}");
        }
    }

    proptest! {
        #[test]
        fn ranges_are_ordered_and_on_boundaries(text in "\\PC{0,40}|[ｶ-ﾟか-ん\u{3099}\u{300}-\u{36f}a-z]{0,20}") {
            let mut last = (0, 0);
            fold(&text, |_, start, end| {
                assert!(text.get(start..end).is_some_and(|part| !part.is_empty()));
                assert!((start, end) == last || start >= last.1);
                last = (start, end);
            });
        }

        #[test]
        fn folding_twice_is_folding_once(text in "\\PC{0,40}") {
            let once = folded(&text);
            prop_assert_eq!(folded(&once), once);
        }
    }
}
