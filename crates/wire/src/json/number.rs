//! Numbers by the grammar of JSON.

/// An integer at the start of `bytes`, and its length.
#[inline]
pub(crate) fn integer(bytes: &[u8]) -> Option<(i64, usize)> {
    let negative = usize::from(bytes.first() == Some(&b'-'));
    let mut value: u64 = 0;
    let mut len = negative;
    while let Some(digit @ 0..=9) = bytes.get(len).map(|byte| byte.wrapping_sub(b'0')) {
        // 18 digits cannot overflow.
        value = if len < 18 {
            value * 10 + u64::from(digit)
        } else {
            value.checked_mul(10)?.checked_add(u64::from(digit))?
        };
        len += 1;
    }
    let digits = len - negative;
    if digits == 0 || (digits > 1 && bytes[negative] == b'0') {
        return None;
    }
    let value = if negative == 1 { 0_i64.checked_sub_unsigned(value)? } else { i64::try_from(value).ok()? };
    Some((value, len))
}

/// The length of the number at the start of `bytes`, by JSON's grammar.
#[inline]
pub(super) fn number_len(bytes: &[u8]) -> Option<usize> {
    let digits = |from: usize| {
        let mut end = from;
        while bytes.get(end).is_some_and(u8::is_ascii_digit) {
            end += 1;
        }
        end
    };
    let start = usize::from(bytes.first() == Some(&b'-'));
    let mut end = digits(start);
    if end == start || (end > start + 1 && bytes[start] == b'0') {
        return None;
    }
    if bytes.get(end) == Some(&b'.') {
        let from = end + 1;
        end = digits(from);
        if end == from {
            return None;
        }
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let from = end + 1 + usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        end = digits(from);
        if end == from {
            return None;
        }
    }
    Some(end)
}
