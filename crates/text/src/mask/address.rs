//! Postal addresses in Chinese: named levels from large to small, then numbers with their units.
//!
//! An address is a street, estate or village with a number, or two units of a building. Provinces, cities and
//! districts stay: they say where a customer lives no more exactly than statistics do.

use super::{
    Kind, number,
    scan::{Found, Scope},
};
use crate::fold::{is_spaced, is_unspaced};

mod names;

use names::Name;

/// The units that numbers have, with their ranks: a smaller part of a building has a higher one.
const UNITS: &[(&str, u8)] = &[
    ("号楼", BUILDING),
    ("號樓", BUILDING),
    ("号院", GATE),
    ("号", GATE),
    ("號", GATE),
    ("弄", LANE),
    ("组", LANE),
    ("組", LANE),
    ("栋", BUILDING),
    ("棟", BUILDING),
    ("幢", BUILDING),
    ("座", BUILDING),
    ("单元", ENTRANCE),
    ("單元", ENTRANCE),
    ("层", FLOOR),
    ("層", FLOOR),
    ("楼", FLOOR),
    ("樓", FLOOR),
    ("室", ROOM),
    ("房", ROOM),
];
const LANE: u8 = 0;
const GATE: u8 = 1;
const BUILDING: u8 = 2;
const ENTRANCE: u8 = 3;
const FLOOR: u8 = 4;
const ROOM: u8 = 5;

/// What makes something else of a unit before it: line 2, shop 3, a seat, the 4th employee.
const OTHERWISE: &[char] =
    &['线', '線', '店', '码', '碼', '员', '員', '机', '機', '馆', '台', '位', '桌', '文', '谈'];
/// What counts something that is no room.
const MEASURES: &[char] = &[
    '元', '块', '件', '个', '台', '只', '条', '包', '箱', '斤', '天', '年', '月', '日', '人', '号', '多',
    '次', '分', '万', '千', '克', '米', '平',
];

/// Reads the address whose first unit begins here.
pub(super) fn around(scope: Scope<'_>, at: usize) -> Option<Found> {
    let first = unit(scope, at)?;
    let start = number_before(scope, at, first.rank)?;
    let units = Units::read(scope, first);
    let named = names::before(scope, skip_space_before(scope, start));
    let is_address = match named {
        Some((Name::Street, _)) => units.first <= BUILDING,
        Some((Name::Estate, _)) => units.first <= ENTRANCE || units.count > 1,
        Some((Name::Place, _)) => units.count > 1 || matches!(units.first, BUILDING | ENTRANCE | ROOM),
        Some((Name::Region { levels }, _)) => units.are_exact() || levels > 1 && units.first <= BUILDING,
        None => units.are_exact(),
    };
    let start = named.map_or(start, |(_, name)| name);
    is_address.then_some(Found { kind: Kind::Address, range: start..units.end, masked: false })
}

#[derive(Clone, Copy)]
struct Unit {
    rank: u8,
    end: usize,
}

fn unit(scope: Scope<'_>, at: usize) -> Option<Unit> {
    let rest = scope.rest(at);
    let (word, rank) = UNITS.iter().find(|(word, _)| rest.starts_with(word))?;
    let end = at + word.len();
    let otherwise = scope.at(end).is_some_and(|(c, _)| OTHERWISE.contains(&c));
    (!otherwise).then_some(Unit { rank: *rank, end })
}

/// A row of numbers with units, each a smaller part than the one before.
struct Units {
    first: u8,
    last: u8,
    count: usize,
    /// One of them is a building, an entrance or a room.
    has_inner: bool,
    end: usize,
}

impl Units {
    fn read(scope: Scope<'_>, first: Unit) -> Self {
        let mut units = Self { first: first.rank, last: first.rank, count: 0, has_inner: false, end: 0 };
        units.push(first);
        while let Some(next) = units.next(scope) {
            units.push(next);
        }
        units
    }

    fn push(&mut self, unit: Unit) {
        self.last = unit.rank;
        self.count += 1;
        self.has_inner |= matches!(unit.rank, BUILDING | ENTRANCE | ROOM);
        self.end = unit.end;
    }

    fn next(&self, scope: Scope<'_>) -> Option<Unit> {
        let mut start = self.end;
        if let Some((' ' | '-' | ',', after)) = scope.at(start) {
            start = after;
        }
        let number = Number::read(scope, start)?;
        if let Some(unit) = unit(scope, number.end) {
            return (unit.rank > self.last && number.suits(unit.rank)).then_some(unit);
        }
        // The room's number alone: 3栋501.
        let next = scope.at(number.end).map(|(c, _)| c);
        let ends = !next.is_some_and(|c| c.is_ascii_alphanumeric() || c == '.' || MEASURES.contains(&c));
        let is_plain = matches!(number.digits, 3..=4) && number.digits == number.characters();
        let is_room = matches!(self.last, BUILDING | ENTRANCE) && is_plain && ends;
        // The digits may as well begin a telephone number.
        let is_room = is_room && number::at(scope, start).is_none();
        is_room.then_some(Unit { rank: ROOM, end: number.end })
    }

    /// Says whether the units alone tell a door.
    fn are_exact(&self) -> bool {
        self.count > 1 && self.has_inner
    }
}

/// A house number: digits, perhaps with a letter or a part (`88-1`), or Chinese numerals.
#[derive(Default)]
struct Number {
    digits: usize,
    letters: usize,
    numerals: usize,
    joints: usize,
    end: usize,
}

/// The longest house number, in characters.
const NUMBER_MAX: usize = 8;

impl Number {
    fn read(scope: Scope<'_>, start: usize) -> Option<Self> {
        let mut number = Self { end: start, ..Self::default() };
        while let Some((c, after)) = scope.at(number.end)
            && number.count(c)
        {
            if number.characters() > NUMBER_MAX {
                return None;
            }
            number.end = after;
        }
        (number.end > start).then_some(number)
    }

    /// Counts a character that a house number may have.
    fn count(&mut self, c: char) -> bool {
        let count = match c {
            '0'..='9' => &mut self.digits,
            'a'..='z' | 'A'..='Z' => &mut self.letters,
            '零' | '〇' | '一' | '二' | '三' | '四' | '五' | '六' | '七' | '八' | '九' | '十' | '百' => {
                &mut self.numerals
            }
            '-' | '之' | '第' | '#' => &mut self.joints,
            _ => return false,
        };
        *count += 1;
        true
    }

    fn characters(&self) -> usize {
        self.digits + self.letters + self.numerals + self.joints
    }

    fn suits(&self, rank: u8) -> bool {
        let numbered =
            self.digits + self.numerals > 0 && self.digits <= 5 && self.numerals <= 5 && self.letters <= 1;
        let lettered =
            self.digits + self.numerals == 0 && self.letters == 1 && matches!(rank, BUILDING | ENTRANCE);
        numbered || lettered
    }
}

/// Finds the start of the number that ends here.
fn number_before(scope: Scope<'_>, end: usize, rank: u8) -> Option<usize> {
    let mut start = skip_space_before(scope, end);
    let mut number = Number::default();
    while let Some((c, before)) = scope.before(start) {
        if !number.count(c) {
            // Decimals are no house number.
            let decimal = c == '.' && scope.before(before).is_some_and(|(c, _)| c.is_ascii_digit());
            if is_spaced(c) || decimal {
                return None;
            }
            break;
        }
        if number.characters() > NUMBER_MAX {
            return None;
        }
        start = before;
    }
    (number.suits(rank) && !scope.is_behind_stars(start)).then_some(start)
}

fn skip_space_before(scope: Scope<'_>, end: usize) -> usize {
    scope.before(end).filter(|(c, _)| *c == ' ').map_or(end, |(_, start)| start)
}
