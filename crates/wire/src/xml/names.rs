/// Whether a character may begin a name; the colon stands between names.
fn is_name_start(c: char) -> bool {
    matches!(c,
        'A'..='Z' | '_' | 'a'..='z' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}'
        | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}'
        | '\u{10000}'..='\u{EFFFF}')
}

fn is_name_char(c: char) -> bool {
    is_name_start(c)
        || matches!(c, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

/// Whether a text is a name without a colon.
#[must_use]
pub fn is_ncname(text: &str) -> bool {
    let bytes = text.as_bytes();
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    match bytes.first() {
        None => false,
        Some(first) if first.is_ascii_alphabetic() || *first == b'_' => {
            bytes.iter().all(plain) || text.chars().all(is_name_char)
        }
        Some(_) => text.starts_with(is_name_start) && text.chars().all(is_name_char),
    }
}

/// The byte of the first character that XML 1.0 does not have.
pub(super) fn illegal_character(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut offset = 0;
    for chunk in bytes.chunks(64) {
        // Both are rare; the loop over a chunk has no branches.
        let suspect = chunk.iter().fold(false, |found, byte| found | (*byte < 0x20) | (*byte == 0xEF));
        if suspect {
            for (index, byte) in chunk.iter().enumerate() {
                let at = offset + index;
                let is_illegal = match byte {
                    b'\t' | b'\n' | b'\r' => false,
                    0..0x20 => true,
                    0xEF => matches!(bytes.get(at + 1..at + 3), Some([0xBF, 0xBE | 0xBF])),
                    _ => false,
                };
                if is_illegal {
                    return Some(at);
                }
            }
        }
        offset += chunk.len();
    }
    None
}
