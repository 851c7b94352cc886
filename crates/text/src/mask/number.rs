//! Numbers that are personal: telephones, identity cards, bank cards.

use super::{
    Kind,
    digits::{Digits, Groups, Stars, is_glued},
    hide::hidden,
    scan::{Found, Scope},
};

/// The fewest digits that are a number of any kind.
const DIGITS_MIN: usize = 8;

const IDENTITY_WORDS: &[&str] =
    &["身份证", "身份證", "证件号", "證件號", "identity", "id card", "id no", "id number"];
const CARD_WORDS: &[&str] = &[
    "银行卡",
    "銀行卡",
    "信用卡",
    "储蓄卡",
    "借记卡",
    "卡号",
    "卡號",
    "credit card",
    "debit card",
    "card number",
];

/// Reads the number that begins with this digit.
pub(super) fn at(scope: Scope<'_>, at: usize) -> Option<Found> {
    let digits = Digits::read(scope, at);
    if digits.len() < DIGITS_MIN {
        return None;
    }
    if has_plus(scope, at) {
        return international(&digits);
    }
    if is_glued(scope, at) {
        return None;
    }
    identity(scope, &digits)
        .or_else(|| card(scope, &digits))
        .or_else(|| mobile(&digits))
        .or_else(|| landline(&digits))
}

/// A number between two symbols, if its stars fit and nothing follows that makes it another thing.
fn found(digits: &Digits<'_>, kind: Kind, from: usize, to: usize) -> Option<(Found, Stars)> {
    let second = digits.digit(from + 1);
    let stars = digits.stars(from, to, hidden(kind, to - from, second))?;
    let range = digits.start(from)..digits.end(to - 1);
    Some((Found { kind, range, masked: stars == Stars::Masked }, stars))
}

fn has_plus(scope: Scope<'_>, at: usize) -> bool {
    let plus = scope.before(at).filter(|(c, _)| *c == '+');
    plus.is_some_and(|(_, start)| !scope.before(start).is_some_and(|(c, _)| c.is_ascii_alphanumeric()))
}

/// `+`, the country's code and the number: at most 15 digits (ITU-T E.164), set in any groups.
fn international(digits: &Digits<'_>) -> Option<Found> {
    if digits.value(0, 2) == Some(86)
        && let Some(found) = mobile_from(digits, 2, |_| true)
    {
        return Some(found);
    }
    if digits.digit(0) == Some(0) {
        return None;
    }
    let longest = digits.len().min(15);
    (DIGITS_MIN..=longest).rev().find_map(|to| {
        digits.groups(0, to)?;
        found(digits, Kind::Phone, 0, to).filter(|_| !digits.is_continued(to - 1)).map(|(found, _)| found)
    })
}

/// A mobile number, perhaps right after `86`, `0086` or a trunk `0`.
fn mobile(digits: &Digits<'_>) -> Option<Found> {
    let usual = |groups: Groups| groups.is_singles() || MOBILE_GROUPS.iter().any(|sizes| groups.are(sizes));
    let prefix = match (digits.digit(0)?, digits.digit(1)?) {
        (0, 0) if digits.value(2, 4) == Some(86) => 4,
        (0, 1) => 1,
        (8, 6) => 2,
        _ => 0,
    };
    if prefix > 0 && digits.ends_group(prefix - 1) {
        // The number is found where its own group begins.
        return None;
    }
    mobile_from(digits, prefix, usual)
}

/// How people set the eleven digits of a mobile number.
const MOBILE_GROUPS: &[&[usize]] = &[
    &[11],
    &[3, 4, 4],
    &[3, 8],
    &[7, 4],
    &[4, 3, 4],
    &[4, 4, 3],
    &[3, 3, 5],
    &[5, 6],
    &[6, 5],
    &[5, 3, 3],
    &[3, 4, 2, 2],
];

fn mobile_from(digits: &Digits<'_>, from: usize, usual: impl Fn(Groups) -> bool) -> Option<Found> {
    let to = from + 11;
    if to > digits.len() || digits.digit(from) != Some(1) || !matches!(digits.digit(from + 1), Some(3..=9)) {
        return None;
    }
    digits.groups(from, to).filter(|groups| usual(*groups))?;
    found(digits, Kind::Phone, from, to).filter(|_| !digits.is_continued(to - 1)).map(|(found, _)| found)
}

/// An area code, which begins with 0, and seven or eight digits.
fn landline(digits: &Digits<'_>) -> Option<Found> {
    let area = match (digits.digit(0)?, digits.digit(1)?, digits.digit(2)?) {
        (0, 1, 0) | (0, 2, _) => 3,
        (0, 3..=9, _) => 4,
        _ => return None,
    };
    let local = if area == 3 { 8..=8 } else { 7..=8 };
    local.rev().find_map(|local| {
        let to = area + local;
        let first = if to > digits.len() { return None } else { digits.digit(area) };
        let groups = digits.groups(0, to)?;
        let settings = [&[area, local][..], &[area, local - 4, 4], &[area, 4, local - 4]];
        let usual = groups.is_whole() || settings.iter().any(|sizes| groups.are(sizes));
        let (found, stars) = found(digits, Kind::Landline, 0, to)?;
        let plausible = stars == Stars::Masked || matches!(first, Some(2..=8));
        (usual && plausible && !digits.is_continued(to - 1)).then_some(found)
    })
}

/// The codes of provinces that begin an identity-card number (the first two digits of GB/T 2260).
fn is_province(code: u32) -> bool {
    matches!(code, 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83 | 91)
}

fn is_date(month: u32, day: u32) -> bool {
    matches!(month, 1..=12) && matches!(day, 1..=31)
}

/// A resident identity-card number: 18 places with a check character, or 15 digits as issued until 1999.
/// One that the text announces need not be right: a mistyped number tells as much.
fn identity(scope: Scope<'_>, digits: &Digits<'_>) -> Option<Found> {
    if digits.len() < 15 || !is_province(digits.value(0, 2)?) {
        return None;
    }
    let announced = |groups: Groups| groups.is_whole() && scope.is_announced(digits.start(0), IDENTITY_WORDS);
    if let Some((mut found, stars, check, groups)) = eighteen(scope, digits) {
        found.masked = stars == Stars::Masked;
        if found.masked || is_right_eighteen(digits, check) || announced(groups) {
            return Some(found);
        }
    }
    let groups = digits.groups(0, 15)?;
    let (found, stars) = found(digits, Kind::Identity, 0, 15)?;
    let usual = groups.is_whole() || groups.are(&[6, 6, 3]);
    let right =
        || digits.value(8, 10).zip(digits.value(10, 12)).is_some_and(|(month, day)| is_date(month, day));
    let fits = usual && !digits.is_continued(14) && (stars == Stars::Masked || right() || announced(groups));
    fits.then_some(found)
}

/// The 18 places with the value of the check character, unless something follows them.
fn eighteen(scope: Scope<'_>, digits: &Digits<'_>) -> Option<(Found, Stars, u32, Groups)> {
    if digits.len() < 17 {
        return None;
    }
    let end = digits.end(16);
    if let Some(('x' | 'X', after)) = scope.at(end) {
        let groups = digits.groups(0, 17)?;
        if scope.at(after).is_some_and(|(c, _)| c.is_ascii_alphanumeric()) {
            return None;
        }
        let stars = digits.stars(0, 17, hidden(Kind::Identity, 18, None))?;
        let found = Found { kind: Kind::Identity, range: digits.start(0)..after, masked: false };
        return Some((found, stars, 10, groups));
    }
    if digits.len() < 18 || digits.is_continued(17) {
        return None;
    }
    let groups = digits.groups(0, 18)?;
    let (found, stars) = found(digits, Kind::Identity, 0, 18)?;
    Some((found, stars, u32::from(digits.digit(17)?), groups))
}

/// Checks the date of birth and the check character of GB 11643-1999, which is ISO 7064 MOD 11-2: the weight of
/// each place is 2 to the power of its distance from the end, and the sum is 1 modulo 11.
fn is_right_eighteen(digits: &Digits<'_>, check: u32) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let born = digits.value(6, 10).zip(digits.value(10, 12)).zip(digits.value(12, 14));
    let plausible =
        born.is_some_and(|((year, month), day)| (1850..2150).contains(&year) && is_date(month, day));
    let sum = (0..17).try_fold(0, |sum, index| Some(sum + u32::from(digits.digit(index)?) * WEIGHTS[index]));
    plausible && sum.is_some_and(|sum| (sum + check) % 11 == 1)
}

/// A bank card: 13 to 19 digits that an issuer's prefix begins and whose last one is right. One that the text
/// announces, or that is set in fours as on the card, may have a prefix that is not known here.
fn card(scope: Scope<'_>, digits: &Digits<'_>) -> Option<Found> {
    let longest = digits.len().min(19);
    // No issuer has 0, with which a landline begins that has its stars in the same places.
    let prefix = digits.value(0, 4).filter(|prefix| *prefix >= 1_000)?;
    (13..=longest).rev().find_map(|length| {
        let groups = digits.groups(0, length).filter(|groups| is_set_as_card(*groups, length))?;
        if digits.is_continued(length - 1) {
            return None;
        }
        let (found, stars) = found(digits, Kind::Card, 0, length)?;
        let in_fours = groups.are_fours();
        let known = in_fours || is_issuer(prefix, length);
        let may_be_announced = length >= 15 && (in_fours || groups.is_whole());
        let right = match stars {
            Stars::Masked => known || may_be_announced,
            Stars::Absent => {
                known && is_luhn(digits, length)
                    || may_be_announced && scope.is_announced(digits.start(0), CARD_WORDS)
            }
        };
        right.then_some(found)
    })
}

fn is_set_as_card(groups: Groups, length: usize) -> bool {
    groups.is_whole()
        || groups.is_singles()
        || groups.are_fours()
        || [&[4, 6, 5][..], &[4, 6, 4], &[6, length - 6]].iter().any(|sizes| groups.are(sizes))
}

/// The ranges of ISO/IEC 7812 that the card schemes publish, with the lengths that they issue. UnionPay has 62 and
/// 81; 60, 94 and 95 begin older cards of Chinese banks. None begins with 1, as times in milliseconds do.
fn is_issuer(prefix: u32, length: usize) -> bool {
    match prefix {
        4000..=4999 => matches!(length, 13 | 16),
        5100..=5599 | 2221..=2720 => length == 16,
        3400..=3499 | 3700..=3799 => length == 15,
        3000..=3059 | 3600..=3699 | 3800..=3999 => length == 14,
        3528..=3589 => length == 16,
        6000..=6299 | 6440..=6599 | 8100..=8199 | 9400..=9599 => matches!(length, 16..=19),
        _ => false,
    }
}

/// The check digit of ISO/IEC 7812 (Luhn): counted from the right, every second digit is doubled.
fn is_luhn(digits: &Digits<'_>, length: usize) -> bool {
    let sum = (0..length).try_fold(0, |sum, index| {
        let digit = u32::from(digits.digit(index)?);
        let doubled = (length - index).is_multiple_of(2);
        Some(sum + if doubled { digit * 2 / 10 + digit * 2 % 10 } else { digit })
    });
    sum.is_some_and(|sum: u32| sum.is_multiple_of(10))
}
