//! Shorter codes for the letters of a list than UTF-8 has: the automaton takes a step for each byte.

use std::collections::HashMap;

/// The code of all letters that no word has.
const ABSENT: u16 = 0;
/// The codes of one byte: for the absent, and for ASCII letters and digits.
const SINGLES: u16 = 40;
/// The first bytes of the others are those from `SINGLES` to 127; second bytes have the highest bit set, so that no
/// code begins within another.
const DOUBLES: usize = (128 - SINGLES as usize) * 128;
const BASIC_PLANE: usize = 0x1_0000;

/// The letters that the words of a list have.
#[derive(Clone, Debug)]
pub(super) struct Alphabet {
    /// Codes by character, of the basic plane.
    basic: Box<[u16]>,
    others: HashMap<char, u16>,
}

impl Alphabet {
    /// Gives codes to the letters; none if they are too many.
    pub(super) fn of(letters: impl Iterator<Item = char>) -> Option<Self> {
        let mut alphabet =
            Self { basic: vec![ABSENT; BASIC_PLANE].into_boxed_slice(), others: HashMap::new() };
        let (mut single, mut double) = (ABSENT, 0);
        for letter in letters {
            if alphabet.code(letter) != ABSENT {
                continue;
            }
            let code = if letter.is_ascii_alphanumeric() && single + 1 < SINGLES {
                single += 1;
                single
            } else if double < DOUBLES {
                let (first, second) = (double as u16 / 128, double as u16 % 128);
                double += 1;
                ((SINGLES + first) << 8) | 0x80 | second
            } else {
                return None;
            };
            match alphabet.basic.get_mut(letter as usize) {
                Some(place) => *place = code,
                None => {
                    alphabet.others.insert(letter, code);
                }
            }
        }
        Some(alphabet)
    }

    fn code(&self, letter: char) -> u16 {
        match self.basic.get(letter as usize) {
            Some(code) => *code,
            None => self.others.get(&letter).copied().unwrap_or(ABSENT),
        }
    }

    /// Appends the code of a letter.
    pub(super) fn push(&self, letter: char, out: &mut Vec<u8>) {
        let [first, second] = self.code(letter).to_be_bytes();
        if first != 0 {
            out.push(first);
        }
        out.push(second);
    }

    /// The code of a word.
    pub(super) fn encode(&self, word: &str) -> Vec<u8> {
        let mut codes = Vec::with_capacity(word.len());
        word.chars().for_each(|letter| self.push(letter, &mut codes));
        codes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_short_and_no_code_begins_within_another() {
        let letters: String =
            ('a'..='z').chain('0'..='9').chain('一'..='丿').chain('\u{20000}'..='\u{20009}').collect();
        let alphabet = Alphabet::of(letters.chars()).unwrap();
        let codes: Vec<_> =
            letters.chars().map(|letter| alphabet.encode(letter.encode_utf8(&mut [0; 4]))).collect();
        for (index, code) in codes.iter().enumerate() {
            assert!(code[0] < 128 && code[1..].iter().all(|byte| *byte >= 128));
            assert_eq!(code.len(), if index < 36 { 1 } else { 2 });
            assert!(!codes[..index].contains(code));
        }
        assert_eq!(alphabet.encode("龥€"), [0, 0]);
    }

    #[test]
    fn too_many_letters_are_refused() {
        let letters = |count| ('\u{4e00}'..='\u{9fff}').take(count);
        assert!(Alphabet::of(letters(DOUBLES)).is_some());
        assert!(Alphabet::of(letters(DOUBLES + 1)).is_none());
    }
}
