//! What expressions may do.

use std::sync::LazyLock;

use minijinja::{Environment, ErrorKind, UndefinedBehavior, value::ValueKind};

use super::Data;

/// What an expression may cost: one for each step, and one for each 64 bytes that it makes.
const FUEL: u64 = 50_000;

/// The filters that a file may use.
pub(crate) const FILTERS: [&str; 34] = [
    "abs",
    "bool",
    "date",
    "default",
    "first",
    "flatten",
    "float",
    "fromjson",
    "int",
    "items",
    "join",
    "last",
    "length",
    "lines",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "select",
    "selectattr",
    "sort",
    "split",
    "string",
    "sum",
    "tojson",
    "trim",
    "upper",
    "urlencode",
];

pub(super) static ENVIRONMENT: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
    environment.set_fuel(Some(FUEL));
    for name in ["range", "dict", "debug", "namespace"] {
        environment.remove_global(name);
    }
    environment.add_filter("fromjson", |text: &str| -> Result<Data, minijinja::Error> {
        serde_json::from_str(text).map_err(|error| wrong(format!("it is no JSON: {error}")))
    });
    environment.add_filter("tojson", |value: &Data| -> Result<String, minijinja::Error> {
        serde_json::to_string(value).map_err(|error| wrong(format!("it cannot be JSON: {error}")))
    });
    environment.add_filter("flatten", flatten);
    environment.add_filter("urlencode", |text: &str| crate::url::encode(text));
    environment.add_filter("date", |text: &str| -> Result<i64, minijinja::Error> {
        crate::mapping::date_ms(text).ok_or_else(|| wrong(format!("{text:?} is no date of RFC 3339")))
    });
    environment
});

/// Items that `flatten` makes at most.
const FLAT_ITEMS_MAX: usize = 10_000;

/// The items of lists within lists, by a path such as `changes.value.messages`; of each object, the one around its
/// list is its member `outer`.
fn flatten(list: &Data, path: &str) -> Result<Data, minijinja::Error> {
    let mut level: Vec<(Data, Data)> = list.try_iter()?.map(|item| (item, Data::UNDEFINED)).collect();
    for name in path.split('.') {
        let mut next = Vec::new();
        for (object, _) in level {
            let Ok(member) = object.get_attr(name) else { continue };
            match member.kind() {
                ValueKind::Undefined | ValueKind::None => {}
                ValueKind::Seq => next.extend(member.try_iter()?.map(|item| (item, object.clone()))),
                _ => next.push((member, object)),
            }
            if next.len() > FLAT_ITEMS_MAX {
                return Err(wrong(format!("more than {FLAT_ITEMS_MAX} items")));
            }
        }
        level = next;
    }
    let with_outer = |(item, outer): (Data, Data)| match item.kind() {
        ValueKind::Map => {
            let names = item.try_iter().into_iter().flatten();
            let members = names.filter_map(|name| item.get_item(&name).ok().map(|value| (name, value)));
            Data::from_pairs(members.chain([(Data::from("outer"), outer)]))
        }
        _ => item,
    };
    Ok(level.into_iter().map(with_outer).collect())
}

fn wrong(message: String) -> minijinja::Error {
    minijinja::Error::new(ErrorKind::InvalidOperation, message)
}

/// Finds filters that a file may not use, before anything runs; what stands in quotes is passed over.
pub(super) fn check_filters(source: &str) -> Result<(), String> {
    let mut quote = None;
    let mut rest = source.char_indices();
    while let Some((at, character)) = rest.next() {
        match (quote, character) {
            (Some(_), '\\') => drop(rest.next()),
            (Some(open), _) if open == character => quote = None,
            (None, '\'' | '"') => quote = Some(character),
            (None, '|') => {
                let name: &str = source[at + 1..].trim_start();
                let end = name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len());
                let name = &name[..end];
                if !name.is_empty() && !FILTERS.contains(&name) {
                    let near = crate::load::near(name, FILTERS.into_iter());
                    return Err(format!("unknown filter `{name}`{near}"));
                }
            }
            _ => {}
        }
    }
    Ok(())
}
