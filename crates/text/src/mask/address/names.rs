//! The named levels of an address, read backwards from its number.

use super::{Scope, is_unspaced};

/// The level right before a number.
#[derive(Clone, Copy)]
pub(super) enum Name {
    /// A road, street or lane.
    Street,
    /// Where people live: an estate or a village.
    Estate,
    /// A tower, a square, a park of offices: as often a shop as a home.
    Place,
    /// A province, city, district or town, and how many levels of that sort are named.
    Region { levels: usize },
}

const NAMES: &[(&str, Name)] = &[
    ("大街", Name::Street),
    ("大道", Name::Street),
    ("胡同", Name::Street),
    ("路", Name::Street),
    ("街", Name::Street),
    ("道", Name::Street),
    ("巷", Name::Street),
    ("弄", Name::Street),
    ("小区", Name::Estate),
    ("小區", Name::Estate),
    ("社区", Name::Estate),
    ("社區", Name::Estate),
    ("花园", Name::Estate),
    ("花園", Name::Estate),
    ("家园", Name::Estate),
    ("家園", Name::Estate),
    ("公寓", Name::Estate),
    ("别墅", Name::Estate),
    ("宿舍", Name::Estate),
    ("村", Name::Estate),
    ("苑", Name::Estate),
    ("大厦", Name::Place),
    ("大廈", Name::Place),
    ("广场", Name::Place),
    ("廣場", Name::Place),
    ("中心", Name::Place),
    ("园区", Name::Place),
    ("園區", Name::Place),
    ("产业园", Name::Place),
    ("工业园", Name::Place),
    ("科技园", Name::Place),
];

/// Words that end like a street or a region and are none.
const OTHERS: &[&str] = &[
    "走路", "线路", "線路", "电路", "電路", "思路", "网路", "迷路", "问路", "带路", "半路", "公路", "铁路",
    "鐵路", "套路", "退路", "出路", "逛街", "上街", "知道", "街道", "频道", "頻道", "通道", "渠道", "报道",
    "味道", "难道", "地道", "轨道", "管道", "隧道", "农村", "小区", "小區", "社区", "社區", "园区", "園區",
    "片区", "景区", "校区", "时区", "专区", "禁区", "误区", "超市", "门市", "上市", "股市", "夜市", "城市",
];

const REGIONS: &[char] = &['省', '市', '区', '區', '县', '縣', '旗', '镇', '鎮', '乡', '鄉'];

/// What a name does not contain and stands before one.
const BREAKS: &[char] = &[
    '在', '住', '到', '是', '址', '寄', '送', '去', '至', '从', '往', '于', '给', '的', '了', '来', '我',
    '你', '他', '她', '您', '请', '把', '与', '及', '为', '發', '发', '給', '請',
];

/// How far back a region is looked for, and how much of a name without one is hidden, in characters.
const REACH: usize = 20;
const NAME_MAX: usize = 6;

/// Finds the level that ends here, and where what is to be hidden begins.
pub(super) fn before(scope: Scope<'_>, end: usize) -> Option<(Name, usize)> {
    let text = &scope.text[scope.floor..end];
    let named = NAMES.iter().find(|(word, _)| text.ends_with(word));
    match named {
        Some((word, _)) if is_other(text) && word.chars().count() == 1 => None,
        Some((word, name)) => {
            let first = scope.floor + text.len() - word.len();
            // A level needs a name before its word.
            let has_name =
                scope.before(first).is_some_and(|(c, _)| is_unspaced(c) || c.is_ascii_alphanumeric());
            has_name.then(|| (*name, start_of_name(scope, first)))
        }
        None => {
            let levels = regions(scope, end);
            (levels > 0).then_some((Name::Region { levels }, end))
        }
    }
}

fn is_other(text: &str) -> bool {
    OTHERS.iter().any(|other| text.ends_with(other))
}

/// Walks back to the end of the region before a name, or to what is hardly part of the name.
fn start_of_name(scope: Scope<'_>, end: usize) -> usize {
    let mut start = end;
    let mut nearest = end;
    let mut is_broken = false;
    for count in 0..REACH {
        let Some((c, before)) = scope.before(start) else { break };
        if is_region(scope, start, c) {
            return start;
        }
        is_broken |= BREAKS.contains(&c);
        if !is_unspaced(c) || is_broken && count >= NAME_MAX {
            break;
        }
        start = before;
        if count < NAME_MAX && !is_broken {
            nearest = start;
        }
    }
    nearest
}

fn is_region(scope: Scope<'_>, end: usize, c: char) -> bool {
    REGIONS.contains(&c) && !is_other(&scope.text[scope.floor..end])
}

/// Counts the regions in the words that end here, if they end with one.
fn regions(scope: Scope<'_>, end: usize) -> usize {
    let mut levels = 0;
    let mut start = end;
    for count in 0..REACH {
        let Some((c, before)) = scope.before(start) else { break };
        let region = is_region(scope, start, c);
        if count == 0 && !region || !is_unspaced(c) {
            break;
        }
        levels += usize::from(region);
        start = before;
    }
    levels
}
