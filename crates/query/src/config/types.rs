//! Types: their fields, their row policies and what leads from one to another.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kefu_bus::Pattern;

use crate::model::{Argument, CacheRule, Field, Kind, Listing, Mask, Policy, Relation};
use crate::scalar::Scalar;
use crate::source::{Abilities, Column, Comparison, Order, Target};

use super::policy;
use super::reader::{At, Keys, Reader, near};

/// Where a type's objects come from is said by these keys, which only its source understands.
const ACCESS: [&str; 3] = ["table", "collection", "access"];
/// Items of a page, where the file does not say.
const PAGE_DEFAULT: u64 = 20;
const PAGE_MAX: u64 = 100;
/// No file may allow larger pages.
const PAGE_LIMIT: u64 = 10_000;

/// No rows are kept for longer.
const CACHE_TTL_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// Names that the file declares.
pub(super) struct Names<'n> {
    pub(super) sources: Vec<&'n str>,
    pub(super) kinds: Vec<&'n str>,
    pub(super) enums: Vec<(String, Arc<[String]>)>,
}

impl Names<'_> {
    /// The scalar of a name such as `Int` or that of an enum.
    fn scalar(&self, name: &str) -> Option<Scalar> {
        Some(match name {
            "Int" => Scalar::Int,
            "BigInt" => Scalar::BigInt,
            "Float" => Scalar::Float,
            "Decimal" => Scalar::Decimal,
            "Boolean" => Scalar::Boolean,
            "String" => Scalar::String,
            "ID" => Scalar::Id,
            "DateTime" => Scalar::DateTime,
            "Date" => Scalar::Date,
            "JSON" => Scalar::Json,
            name => {
                let (_, values) = self.enums.iter().find(|(known, _)| known == name)?;
                Scalar::Enum(Arc::clone(values))
            }
        })
    }

    fn scalar_names(&self) -> impl Iterator<Item = &str> {
        const BUILT_IN: [&str; 10] =
            ["Int", "BigInt", "Float", "Decimal", "Boolean", "String", "ID", "DateTime", "Date", "JSON"];
        BUILT_IN.into_iter().chain(self.enums.iter().map(|(name, _)| name.as_str()))
    }

    /// Reads a type such as `[String!]!`.
    fn value_type(&self, reader: &mut Reader<'_>, at: &At<'_>) -> Option<ValueType> {
        let text = reader.text(at)?;
        let bare = text.strip_suffix('!').unwrap_or(text);
        let is_nullable = bare.len() == text.len();
        let inner = bare.strip_prefix('[').and_then(|inner| inner.strip_suffix(']'));
        let name = inner.map_or(bare, |inner| inner.strip_suffix('!').unwrap_or(inner));
        let Some(scalar) = self.scalar(name) else {
            let near = near(name, self.scalar_names());
            reader.wrong(at, format!("unknown type `{name}`{near}; other types are reached by relations"));
            return None;
        };
        Some(ValueType { text: text.to_owned(), scalar, is_list: inner.is_some(), is_nullable })
    }

    /// The place of a type.
    pub(super) fn kind(&self, reader: &mut Reader<'_>, at: &At<'_>) -> Option<usize> {
        let name = reader.text(at)?;
        let found = self.kinds.iter().position(|known| *known == name);
        if found.is_none() {
            let near = near(name, self.kinds.iter().copied());
            reader.wrong(at, format!("unknown type `{name}`{near}"));
        }
        found
    }

    /// The place of a source.
    pub(super) fn source(&self, reader: &mut Reader<'_>, at: &At<'_>) -> Option<usize> {
        let name = reader.text(at)?;
        let found = self.sources.iter().position(|known| *known == name);
        if found.is_none() {
            let near = near(name, self.sources.iter().copied());
            reader.wrong(at, format!("unknown source `{name}`{near}"));
        }
        found
    }

    /// Arguments by name.
    pub(super) fn arguments(&self, reader: &mut Reader<'_>, at: Option<&At<'_>>) -> Vec<Argument> {
        let Some(at) = at else { return Vec::new() };
        let members = reader.members(at);
        let mut arguments = Vec::with_capacity(members.len());
        for (name, at) in members {
            check_name(reader, &at, name);
            if let Some(ty) = self.value_type(reader, &at) {
                let ValueType { text, scalar, is_list, .. } = ty;
                arguments.push(Argument { name: name.to_owned(), type_text: text, scalar, is_list });
            }
        }
        arguments
    }
}

struct ValueType {
    text: String,
    scalar: Scalar,
    is_list: bool,
    is_nullable: bool,
}

/// Notes a name that GraphQL does not have.
pub(super) fn check_name(reader: &mut Reader<'_>, at: &At<'_>, name: &str) {
    let starts = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let is_word = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if !starts || !is_word || name.starts_with("__") {
        reader.wrong(at, "a name has letters, digits and `_`, and begins with neither a digit nor `__`");
    }
}

/// A type without its relations.
pub(super) fn kind(reader: &mut Reader<'_>, name: &str, at: &At<'_>, names: &Names<'_>) -> Option<Kind> {
    check_name(reader, at, name);
    let mut keys = reader.keys(at)?;
    let source = keys.need("source", reader).and_then(|at| names.source(reader, &at));
    let (columns, fields) = fields(reader, &mut keys, names);
    let key = keys.take("key").map(|at| key(reader, &at, &columns)).unwrap_or_default();
    let policies = keys.take("row_policy").map(|at| policies(reader, &at, &columns));
    let roles = keys.take("roles").map(|at| reader.texts(&at));
    let description = keys.take("description").and_then(|at| reader.text(&at).map(str::to_owned));
    let cost = keys.take("cost").and_then(|at| reader.number(&at, 0, 1_000)).unwrap_or(1);
    let cache = keys.take("cache").and_then(|at| cache(reader, &at));
    let access = ACCESS.into_iter().filter_map(|key| Some((key.to_owned(), keys.take(key)?.node.to_json())));
    let access = serde_json::Value::Object(access.collect());
    // Read once all types are known.
    let _relations = keys.take("relations");
    reader.unknown(&keys);
    Some(Kind {
        name: name.to_owned(),
        description,
        // What is wrong was noted, and reading goes on to find the rest.
        source: source.unwrap_or_default(),
        target: Arc::new(Target { name: name.to_owned(), columns, key, access }),
        abilities: Abilities::default(),
        fields,
        relations: Vec::new(),
        roles,
        policies,
        cost,
        cache,
    })
}

/// How long rows are kept.
fn cache(reader: &mut Reader<'_>, at: &At<'_>) -> Option<CacheRule> {
    let mut keys = reader.keys(at)?;
    let ttl = keys.need("ttl", reader).and_then(|at| reader.duration(&at, CACHE_TTL_MAX));
    let topics = keys.take("until").map(|at| topics(reader, &at)).unwrap_or_default();
    reader.unknown(&keys);
    Some(CacheRule { ttl: ttl?, topics })
}

/// Topics of the bus by name, with `*` for one word and `>` for the rest.
pub(super) fn topics(reader: &mut Reader<'_>, at: &At<'_>) -> Vec<Pattern> {
    let mut topics = Vec::new();
    for item in reader.items(at) {
        match reader.text(&item).map(str::parse) {
            Some(Ok(topic)) => topics.push(topic),
            Some(Err(error)) => reader.wrong(&item, format!("{error}")),
            None => {}
        }
    }
    topics
}

fn fields(reader: &mut Reader<'_>, keys: &mut Keys<'_>, names: &Names<'_>) -> (Vec<Column>, Vec<Field>) {
    let (mut columns, mut fields) = (Vec::new(), Vec::new());
    let Some(at) = keys.need("fields", reader) else { return (columns, fields) };
    for (name, at) in reader.members(&at) {
        check_name(reader, &at, name);
        if let Some((column, field)) = field(reader, name, &at, names) {
            columns.push(column);
            fields.push(field);
        }
    }
    if fields.iter().all(|field| field.is_hidden) {
        reader.wrong(&at, "there is no field that is not hidden");
    }
    (columns, fields)
}

fn field(reader: &mut Reader<'_>, name: &str, at: &At<'_>, names: &Names<'_>) -> Option<(Column, Field)> {
    let mut keys = reader.keys(at)?;
    let ty = keys.need("type", reader).and_then(|at| names.value_type(reader, &at));
    let column = keys.take("column").and_then(|at| reader.text(&at).map(str::to_owned));
    let filter = keys.take("filter");
    let is_sorted = keys.take("sort").and_then(|at| reader.flag(&at)).unwrap_or(false);
    let roles = keys.take("roles").map(|at| reader.texts(&at));
    let mask_at = keys.take("mask");
    let mask = mask_at.as_ref().and_then(|at| mask(reader, at));
    let is_hidden = keys.take("hidden").and_then(|at| reader.flag(&at)).unwrap_or(false);
    let description = keys.take("description").and_then(|at| reader.text(&at).map(str::to_owned));
    reader.unknown(&keys);
    let ty = ty?;
    let is_text = matches!(ty.scalar, Scalar::String | Scalar::Id) && !ty.is_list;
    if let Some(at) = mask_at {
        if !is_text {
            reader.wrong(&at, "only a `String` or an `ID` can be masked");
        }
        if roles.is_none() {
            reader.wrong(&at, "`roles` is missing: those who see the value as it is");
        }
    }
    if is_sorted && (ty.is_list || ty.scalar == Scalar::Json) {
        reader.wrong(at, "lists and `JSON` cannot be sorted by");
    }
    let comparisons = filter.map(|at| comparisons(reader, &at, &ty)).unwrap_or_default();
    let column = Column {
        field: name.to_owned(),
        name: column.unwrap_or_else(|| name.to_owned()),
        scalar: ty.scalar,
        is_list: ty.is_list,
        is_nullable: ty.is_nullable,
    };
    Some((column, Field { type_text: ty.text, description, is_hidden, comparisons, is_sorted, roles, mask }))
}

fn mask(reader: &mut Reader<'_>, at: &At<'_>) -> Option<Mask> {
    const MASKS: [(&str, Mask); 4] =
        [("email", Mask::Email), ("phone", Mask::Phone), ("last4", Mask::Last4), ("all", Mask::All)];
    let name = reader.text(at)?;
    let found = MASKS.iter().find(|(known, _)| *known == name).map(|(_, mask)| *mask);
    if found.is_none() {
        let near = near(name, MASKS.iter().map(|(known, _)| *known));
        reader.wrong(at, format!("unknown mask `{name}`{near}; known are email, phone, last4, all"));
    }
    found
}

/// Comparisons by the names that they have in queries.
pub(crate) const COMPARISONS: [(&str, Comparison); 9] = [
    ("eq", Comparison::Equal),
    ("in", Comparison::In),
    ("lt", Comparison::Below),
    ("lte", Comparison::AtMost),
    ("gt", Comparison::Above),
    ("gte", Comparison::AtLeast),
    ("contains", Comparison::Contains),
    ("begins", Comparison::Begins),
    ("isNull", Comparison::IsNull),
];

fn suits(by: Comparison, ty: &ValueType) -> bool {
    let is_text = matches!(ty.scalar, Scalar::String | Scalar::Id);
    match by {
        Comparison::IsNull => ty.is_nullable,
        _ if ty.is_list || ty.scalar == Scalar::Json => false,
        Comparison::Equal | Comparison::In => true,
        Comparison::Contains | Comparison::Begins => is_text,
        _ => !matches!(ty.scalar, Scalar::Boolean | Scalar::Enum(_)),
    }
}

fn comparisons(reader: &mut Reader<'_>, at: &At<'_>, ty: &ValueType) -> Vec<Comparison> {
    if let super::tree::What::Boolean(all) = at.node.what {
        let all = COMPARISONS.iter().filter(|(_, by)| all && suits(*by, ty));
        return all.map(|(_, by)| *by).collect();
    }
    let mut found = Vec::new();
    for item in reader.items(at) {
        let Some(name) = reader.text(&item) else { continue };
        match COMPARISONS.iter().find(|(known, _)| *known == name) {
            Some((_, by)) if suits(*by, ty) => found.push(*by),
            Some(_) => reader.wrong(&item, format!("`{name}` does not go with `{}`", ty.text)),
            None => {
                let near = near(name, COMPARISONS.iter().map(|(known, _)| *known));
                reader.wrong(&item, format!("unknown comparison `{name}`{near}"));
            }
        }
    }
    found
}

fn key(reader: &mut Reader<'_>, at: &At<'_>, columns: &[Column]) -> Vec<usize> {
    let items = reader.items(at);
    items.iter().filter_map(|item| column(reader, item, columns)).collect()
}

/// The place of a field that a text names.
pub(super) fn column(reader: &mut Reader<'_>, at: &At<'_>, columns: &[Column]) -> Option<usize> {
    let name = reader.text(at)?;
    column_named(reader, at, name, columns)
}

pub(super) fn column_named(
    reader: &mut Reader<'_>,
    at: &At<'_>,
    name: &str,
    columns: &[Column],
) -> Option<usize> {
    let found = columns.iter().position(|column| column.field == name);
    if found.is_none() {
        let near = near(name, columns.iter().map(|column| column.field.as_str()));
        reader.wrong(at, format!("unknown field `{name}`{near}"));
    }
    found
}

fn policies(reader: &mut Reader<'_>, at: &At<'_>, columns: &[Column]) -> BTreeMap<String, Policy> {
    let mut policies = BTreeMap::new();
    for (role, at) in reader.members(at) {
        let Some(text) = reader.text(&at) else { continue };
        match policy::parse(text, columns) {
            Ok(policy) => {
                policies.insert(role.to_owned(), policy);
            }
            Err(message) => reader.wrong(&at, message),
        }
    }
    policies
}

/// The relations of a type, once all types are known.
pub(super) fn relations(
    reader: &mut Reader<'_>,
    at: &At<'_>,
    of: usize,
    kinds: &[Kind],
    names: &Names<'_>,
) -> Vec<Relation> {
    let members = reader.members(at);
    members.iter().filter_map(|(name, at)| relation(reader, name, at, &kinds[of], kinds, names)).collect()
}

fn relation(
    reader: &mut Reader<'_>,
    name: &str,
    at: &At<'_>,
    of: &Kind,
    kinds: &[Kind],
    names: &Names<'_>,
) -> Option<Relation> {
    check_name(reader, at, name);
    if of.column(name).is_some() {
        reader.wrong(at, format!("there is a field `{name}` already"));
    }
    let mut keys = reader.keys(at)?;
    let to = keys.need("to", reader).and_then(|at| names.kind(reader, &at));
    let is_many = keys.take("many").and_then(|at| reader.flag(&at)).unwrap_or(false);
    let on_at = keys.need("on", reader);
    let description = keys.take("description").and_then(|at| reader.text(&at).map(str::to_owned));
    let roles = keys.take("roles").map(|at| reader.texts(&at));
    let page = keys.take("page").map(|at| is_paged(reader, &at, "relay")).unwrap_or(false);
    let target = to.map(|to| &kinds[to]);
    let listing = listing(reader, &mut keys, target, page);
    reader.unknown(&keys);
    if page && !is_many {
        reader.wrong(at, "`page` goes with `many: true`");
    }
    let (to, on_at) = (to?, on_at?);
    let pairs = reader.members(&on_at);
    let [(from_name, to_at)] = pairs.as_slice() else {
        reader.wrong(
            &on_at,
            "one pair is needed: a field of this type, and the field there that has its value",
        );
        return None;
    };
    let from = column_named(reader, to_at, from_name, &of.target.columns);
    let on = column(reader, to_at, &kinds[to].target.columns);
    let (from, on) = (from?, on?);
    let (here, there) = (&of.target.columns[from], &kinds[to].target.columns[on]);
    if here.is_list || there.is_list || !are_joinable(&here.scalar, &there.scalar) {
        let (here, there) = (&of.fields[from].type_text, &kinds[to].fields[on].type_text);
        reader.wrong(&on_at, format!("`{here}` never equals `{there}`"));
    }
    Some(Relation {
        name: name.to_owned(),
        description,
        to,
        listing: is_many.then_some(listing),
        from,
        on,
        roles,
    })
}

/// Whether values of one scalar can be those of another: an id is a number here and a text there.
fn are_joinable(here: &Scalar, there: &Scalar) -> bool {
    let is_key = |scalar: &Scalar| {
        matches!(scalar, Scalar::Int | Scalar::BigInt | Scalar::String | Scalar::Id | Scalar::Enum(_))
    };
    let is_exact = !matches!(here, Scalar::Json | Scalar::Float | Scalar::Decimal);
    is_key(here) && is_key(there) || here == there && is_exact
}

pub(super) fn is_paged(reader: &mut Reader<'_>, at: &At<'_>, relay: &str) -> bool {
    match reader.text(at) {
        Some("relay") => true,
        Some("plain") | None => false,
        Some(other) => {
            let near = near(other, ["relay", "plain"].into_iter());
            reader.wrong(at, format!("unknown form `{other}`{near}; `{relay}` gives pages, `plain` a list"));
            false
        }
    }
}

/// How a list is given.
pub(super) fn listing(
    reader: &mut Reader<'_>,
    keys: &mut Keys<'_>,
    kind: Option<&Kind>,
    is_paged: bool,
) -> Listing {
    let default_at = keys.take("default");
    let max = keys.take("max").and_then(|at| reader.number(&at, 1, PAGE_LIMIT));
    let default = default_at.as_ref().and_then(|at| reader.number(at, 0, max.unwrap_or(PAGE_LIMIT)));
    let filter_at = keys.take("filter");
    let filter = filter_at.as_ref().and_then(|at| reader.flag(at));
    let sort_at = keys.take("sort");
    let sort = sort_at.as_ref().and_then(|at| reader.flag(at));
    let order_at = keys.take("order");
    let order = match (&order_at, kind) {
        (Some(at), Some(kind)) => order(reader, at, kind),
        _ => Vec::new(),
    };
    let (can_filter, can_sort) = kind.map_or((false, false), |kind| (kind.has_filter(), kind.has_sort()));
    if let Some(at) = filter_at.filter(|_| filter == Some(true) && !can_filter && kind.is_some()) {
        reader.wrong(&at, "no field of the type has `filter`");
    }
    if let Some(at) = sort_at.filter(|_| sort == Some(true) && !can_sort && kind.is_some()) {
        reader.wrong(&at, "no field of the type has `sort`");
    }
    if is_paged && kind.is_some_and(|kind| kind.target.key.is_empty()) {
        let at = keys.at.clone();
        reader.wrong(&at, "pages need a type with a `key`");
    }
    let max = max.unwrap_or(PAGE_MAX.max(default.unwrap_or(0)));
    Listing {
        is_paged,
        default: default.or(is_paged.then_some(PAGE_DEFAULT.min(max))),
        max,
        order,
        has_filter: filter.unwrap_or(can_filter),
        has_sort: sort.unwrap_or(can_sort),
    }
}

fn order(reader: &mut Reader<'_>, at: &At<'_>, kind: &Kind) -> Vec<Order> {
    let mut orders: Vec<Order> = Vec::new();
    for item in reader.items(at) {
        for (name, at) in reader.members(&item) {
            let Some(column) = column_named(reader, &at, name, &kind.target.columns) else { continue };
            let is_descending = match reader.text(&at) {
                Some("asc") | None => false,
                Some("desc") => true,
                Some(_) => {
                    reader.wrong(&at, "`asc` or `desc` is needed");
                    false
                }
            };
            if kind.target.columns[column].is_list || kind.target.columns[column].scalar == Scalar::Json {
                reader.wrong(&at, "lists and `JSON` cannot be sorted by");
            }
            if !orders.iter().any(|order| order.column == column) {
                orders.push(Order { column, is_descending });
            }
        }
    }
    orders
}
