//! The sections of the file, from the top.

mod feed;
mod traces;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value as Json;

use crate::limits::Limits;
use crate::model::{Change, Kind, Model, Root, RootHow, SourceSettings};

use super::reader::{At, Keys, Reader};
use super::tree::What;
use super::types::{self, Names, check_name};

/// Time that any call may be given.
const TIMEOUT_MAX: Duration = Duration::from_secs(300);
/// Types, and sources, of a file.
const MEMBERS_MAX: usize = 1_000;

/// Reads the whole file.
pub(super) fn file(
    reader: &mut Reader<'_>,
    at: &At<'_>,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Option<Model> {
    let mut keys = reader.keys(at)?;
    if let Some(version) = keys.need("version", reader) {
        reader.number(&version, 1, 1);
    }
    let limits = keys.take("limits").map(|at| limits(reader, &at)).unwrap_or_default();
    let cursor_secret = keys.take("cursor_secret").and_then(|at| {
        let text = reader.text(&at)?;
        expand(reader, &at, text, variable)
    });
    let traces_at = keys.take("traces");
    let traces = traces::traces(reader, traces_at.as_ref().unwrap_or(at), traces_at.is_some(), variable);
    let sources_at = keys.need("sources", reader);
    let enums_at = keys.take("enums");
    let types_at = keys.need("types", reader);
    let (query_at, mutation_at, subscription_at) =
        (keys.need("query", reader), keys.take("mutation"), keys.take("subscription"));
    reader.unknown(&keys);

    let source_members = members(reader, sources_at.as_ref());
    let kind_members = members(reader, types_at.as_ref());
    let names = Names {
        sources: source_members.iter().map(|(name, _)| *name).collect(),
        kinds: kind_members.iter().map(|(name, _)| *name).collect(),
        enums: members(reader, enums_at.as_ref())
            .iter()
            .filter_map(|(n, at)| enum_of(reader, n, at))
            .collect(),
    };
    let sources: Vec<_> =
        source_members.iter().filter_map(|(name, at)| source(reader, name, at, variable)).collect();
    let mut kinds: Vec<_> =
        kind_members.iter().filter_map(|(name, at)| types::kind(reader, name, at, &names)).collect();
    if kinds.len() != kind_members.len() || sources.len() != source_members.len() {
        // What refers to them by place cannot be read.
        return None;
    }
    for (place, (_, at)) in kind_members.iter().enumerate() {
        let relations_at = reader.keys(at).and_then(|mut keys| keys.take("relations"));
        if let Some(at) = relations_at {
            kinds[place].relations = types::relations(reader, &at, place, &kinds, &names);
        }
    }
    let queries = members(reader, query_at.as_ref());
    let queries: Vec<_> = queries.iter().filter_map(|(n, at)| root(reader, n, at, &kinds, &names)).collect();
    if let Some(at) = query_at.filter(|_| queries.is_empty() && reader.is_right()) {
        reader.wrong(&at, "there is no query");
    }
    let changes = members(reader, mutation_at.as_ref());
    let changes = changes.iter().filter_map(|(name, at)| change(reader, name, at, &names)).collect();
    let feeds = members(reader, subscription_at.as_ref());
    let feeds = feeds.iter().filter_map(|(name, at)| feed::feed(reader, name, at, &kinds, &names)).collect();
    Some(Model { sources, kinds, enums: names.enums, queries, changes, feeds, limits, traces, cursor_secret })
}

fn members<'n>(reader: &mut Reader<'_>, at: Option<&At<'n>>) -> Vec<(&'n str, At<'n>)> {
    let Some(at) = at else { return Vec::new() };
    let mut members = reader.members(at);
    if members.len() > MEMBERS_MAX {
        reader.wrong(at, format!("more than {MEMBERS_MAX} members"));
        members.truncate(MEMBERS_MAX);
    }
    members
}

fn limits(reader: &mut Reader<'_>, at: &At<'_>) -> Limits {
    let mut limits = Limits::default();
    let Some(mut keys) = reader.keys(at) else { return limits };
    let size = |reader: &mut Reader<'_>, keys: &mut Keys<'_>, key, max, place: &mut usize| {
        let read = keys.take(key).and_then(|at| reader.number(&at, 1, max));
        if let Some(read) = read.and_then(|read| usize::try_from(read).ok()) {
            *place = read;
        }
    };
    size(reader, &mut keys, "max_bytes", 1 << 20, &mut limits.max_bytes);
    size(reader, &mut keys, "max_tokens", 100_000, &mut limits.max_tokens);
    size(reader, &mut keys, "max_recursion", 500, &mut limits.max_recursion);
    size(reader, &mut keys, "max_depth", 50, &mut limits.max_depth);
    size(reader, &mut keys, "max_aliases", 10_000, &mut limits.max_aliases);
    size(reader, &mut keys, "max_root_fields", 1_000, &mut limits.max_root_fields);
    size(reader, &mut keys, "max_directives", 1_000, &mut limits.max_directives);
    size(reader, &mut keys, "max_expanded_fields", 100_000, &mut limits.max_expanded_fields);
    size(reader, &mut keys, "max_rows", 1_000_000, &mut limits.max_rows);
    size(reader, &mut keys, "max_answer_bytes", 1 << 30, &mut limits.max_answer_bytes);
    size(reader, &mut keys, "max_errors", 10_000, &mut limits.max_errors);
    size(reader, &mut keys, "max_subscriptions", 100_000, &mut limits.max_subscriptions);
    size(reader, &mut keys, "max_variable_values", 1_000_000, &mut limits.max_variable_values);
    if let Some(cost) = keys.take("max_cost").and_then(|at| reader.number(&at, 1, u64::MAX)) {
        limits.max_cost = cost;
    }
    if let Some(time) = keys.take("request_timeout").and_then(|at| reader.duration(&at, TIMEOUT_MAX)) {
        limits.request_timeout = time;
    }
    if let Some(at) = keys.take("introspection") {
        limits.introspection = match at.node.what {
            What::Boolean(true) => None,
            What::Boolean(false) => Some(Vec::new()),
            _ => Some(reader.texts(&at)),
        };
    }
    reader.unknown(&keys);
    limits
}

fn source(
    reader: &mut Reader<'_>,
    name: &str,
    at: &At<'_>,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Option<SourceSettings> {
    check_name(reader, at, name);
    let mut keys = reader.keys(at)?;
    let kind = keys.need("kind", reader).and_then(|at| reader.text(&at).map(str::to_owned));
    let timeout = keys.take("timeout").and_then(|at| reader.duration(&at, TIMEOUT_MAX));
    let concurrency = keys.take("concurrency").and_then(|at| reader.number(&at, 1, 10_000));
    let max_in = keys.take("max_in").and_then(|at| reader.number(&at, 1, 10_000));
    let breaker = keys.take("breaker").map(|at| breaker(reader, &at)).unwrap_or(BREAKER);
    let rest = keys.rest();
    let settings = expand_all(reader, at, rest, variable);
    Some(SourceSettings {
        name: name.to_owned(),
        // What is wrong was noted, and reading goes on to find the rest.
        kind: kind.unwrap_or_default(),
        settings,
        timeout: timeout.unwrap_or(Duration::from_secs(2)),
        concurrency: concurrency.and_then(|number| usize::try_from(number).ok()).unwrap_or(16),
        breaker,
        max_in: max_in.and_then(|number| usize::try_from(number).ok()).unwrap_or(500),
    })
}

/// Failures in a row that open a breaker, and how long it stays open.
const BREAKER: (u32, Duration) = (10, Duration::from_secs(5));

fn breaker(reader: &mut Reader<'_>, at: &At<'_>) -> (u32, Duration) {
    let Some(mut keys) = reader.keys(at) else { return BREAKER };
    let failures = keys.take("failures").and_then(|at| reader.number(&at, 0, 1_000));
    let pause = keys.take("pause").and_then(|at| reader.duration(&at, TIMEOUT_MAX));
    reader.unknown(&keys);
    let failures = failures.and_then(|failures| u32::try_from(failures).ok());
    (failures.unwrap_or(BREAKER.0), pause.unwrap_or(BREAKER.1))
}

/// Puts variables of the environment in the place of `${NAME}`, in all texts.
fn expand_all(
    reader: &mut Reader<'_>,
    at: &At<'_>,
    json: Json,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Json {
    match json {
        Json::String(text) => expand(reader, at, &text, variable).map_or(Json::Null, Json::String),
        Json::Array(items) => items.into_iter().map(|item| expand_all(reader, at, item, variable)).collect(),
        Json::Object(entries) => {
            let entries =
                entries.into_iter().map(|(key, json)| (key, expand_all(reader, at, json, variable)));
            Json::Object(entries.collect())
        }
        other => other,
    }
}

fn expand(
    reader: &mut Reader<'_>,
    at: &At<'_>,
    text: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Option<String> {
    let mut out = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        out.push_str(&rest[..start]);
        let Some(end) = rest[start..].find('}') else {
            reader.wrong(at, "`${` has no `}`");
            return None;
        };
        let name = &rest[start + 2..start + end];
        let Some(value) = variable(name) else {
            reader.wrong(at, format!("the environment has no variable `{name}`"));
            return None;
        };
        out.push_str(&value);
        rest = &rest[start + end + 1..];
    }
    out.push_str(rest);
    Some(out)
}

fn enum_of(reader: &mut Reader<'_>, name: &str, at: &At<'_>) -> Option<(String, Arc<[String]>)> {
    check_name(reader, at, name);
    let values = reader.texts(at);
    for (place, value) in values.iter().enumerate() {
        check_name(reader, at, value);
        if values[..place].contains(value) {
            reader.wrong(at, format!("`{value}` is there twice"));
        }
    }
    if values.is_empty() {
        reader.wrong(at, "an enum needs values");
    }
    Some((name.to_owned(), values.into()))
}

fn root(reader: &mut Reader<'_>, name: &str, at: &At<'_>, kinds: &[Kind], names: &Names<'_>) -> Option<Root> {
    check_name(reader, at, name);
    let mut keys = reader.keys(at)?;
    let kind = keys.need("type", reader).and_then(|at| names.kind(reader, &at));
    let (by_at, list_at) = (keys.take("by"), keys.take("list"));
    let roles = keys.take("roles").map(|at| reader.texts(&at));
    let cost = keys.take("cost").and_then(|at| reader.number(&at, 0, 1_000)).unwrap_or(1);
    let description = keys.take("description").and_then(|at| reader.text(&at).map(str::to_owned));
    let arguments_at = keys.take("args");
    let arguments = names.arguments(reader, arguments_at.as_ref());
    let is_paged = list_at.as_ref().is_some_and(|at| types::is_paged(reader, at, "relay"));
    let listing = types::listing(reader, &mut keys, kind.map(|kind| &kinds[kind]), is_paged);
    reader.unknown(&keys);
    let kind = kind?;
    let how = match (by_at, list_at) {
        (Some(by), None) => {
            let by = reader.items(&by);
            let columns = &kinds[kind].target.columns;
            let by: Vec<_> = by.iter().filter_map(|at| types::column(reader, at, columns)).collect();
            if by.iter().any(|column| columns[*column].is_list) {
                reader.wrong(at, "objects are not found by lists");
            }
            if by.is_empty() {
                reader.wrong(at, "`by` names the fields by which the object is found");
            }
            RootHow::By(by)
        }
        (None, Some(_)) => RootHow::List(listing),
        _ => {
            reader.wrong(at, "either `by: [field]` for one object or `list: relay` (or `plain`) is needed");
            return None;
        }
    };
    Some(Root { name: name.to_owned(), description, kind, how, arguments, roles, cost })
}

fn change(reader: &mut Reader<'_>, name: &str, at: &At<'_>, names: &Names<'_>) -> Option<Change> {
    check_name(reader, at, name);
    let mut keys = reader.keys(at)?;
    let source = keys.need("source", reader).and_then(|at| names.source(reader, &at));
    let arguments_at = keys.take("args");
    let arguments = names.arguments(reader, arguments_at.as_ref());
    let roles = keys.take("roles").map(|at| reader.texts(&at));
    let description = keys.take("description").and_then(|at| reader.text(&at).map(str::to_owned));
    let is_list = keys.take("many").and_then(|at| reader.flag(&at)).unwrap_or(false);
    let kind = keys.need("returns", reader).and_then(|at| names.kind(reader, &at));
    let operation = keys.rest();
    Some(Change {
        name: name.to_owned(),
        description,
        source: source.unwrap_or_default(),
        kind: kind?,
        is_list,
        operation,
        arguments,
        roles,
    })
}
