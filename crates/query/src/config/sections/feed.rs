//! Fields of `Subscription`: what they hear, and of which object it is told.

use crate::model::{Argument, Feed, Kind};
use crate::scalar::Scalar;

use super::super::reader::{At, Reader, near};
use super::super::types::{self, Names, check_name};

/// Bytes of a path into the data of an event.
const PATH_BYTES_MAX: usize = 256;

pub(super) fn feed(
    reader: &mut Reader<'_>,
    name: &str,
    at: &At<'_>,
    kinds: &[Kind],
    names: &Names<'_>,
) -> Option<Feed> {
    check_name(reader, at, name);
    let mut keys = reader.keys(at)?;
    let topics = keys.need("bus", reader).map(|at| types::topics(reader, &at));
    let arguments_at = keys.take("args");
    let arguments = names.arguments(reader, arguments_at.as_ref());
    let filters = keys.take("where").map(|at| filters(reader, &at, &arguments)).unwrap_or_default();
    let kind = keys.need("type", reader).and_then(|at| names.kind(reader, &at));
    let key_at = keys.need("key", reader);
    let roles = keys.take("roles").map(|at| reader.texts(&at));
    let description = keys.take("description").and_then(|at| reader.text(&at).map(str::to_owned));
    reader.unknown(&keys);
    if let Some(unused) = arguments.iter().find(|own| !filters.iter().any(|(name, _)| *name == own.name)) {
        let name = &unused.name;
        reader.wrong(at, format!("`where` does not say which value of an event `{name}` asks for"));
    }
    let kind = kind?;
    let key = key_at.map(|at| key(reader, &at, &kinds[kind])).unwrap_or_default();
    let name = name.to_owned();
    Some(Feed { name, description, topics: topics?, arguments, filters, key, kind, roles })
}

/// Arguments, and the value of an event that each asks for.
fn filters(reader: &mut Reader<'_>, at: &At<'_>, arguments: &[Argument]) -> Vec<(String, String)> {
    let mut filters = Vec::new();
    for (name, at) in reader.members(at) {
        match arguments.iter().find(|argument| argument.name == name) {
            Some(argument) if argument.scalar == Scalar::Json => {
                reader.wrong(&at, format!("`{name}` is `JSON`, which equals nothing"));
            }
            Some(_) => filters.extend(path(reader, &at).map(|path| (name.to_owned(), path))),
            None => {
                let near = near(name, arguments.iter().map(|argument| argument.name.as_str()));
                reader.wrong(&at, format!("`{name}` is none of `args`{near}"));
            }
        }
    }
    filters
}

/// Fields of the type, and where an event has their values.
fn key(reader: &mut Reader<'_>, at: &At<'_>, kind: &Kind) -> Vec<(usize, String)> {
    let mut key = Vec::new();
    for (name, at) in reader.members(at) {
        let Some(column) = types::column_named(reader, &at, name, &kind.target.columns) else { continue };
        if kind.target.columns[column].is_list || kind.target.columns[column].scalar == Scalar::Json {
            reader.wrong(&at, "objects are not found by lists or `JSON`");
        }
        key.extend(path(reader, &at).map(|path| (column, path)));
    }
    if key.is_empty() {
        reader.wrong(at, "a field of the type is needed, and where an event has its value: `id: ticket.id`");
    }
    key
}

/// A path with dots into the data of an event.
fn path(reader: &mut Reader<'_>, at: &At<'_>) -> Option<String> {
    let path = reader.text(at)?;
    if path.len() > PATH_BYTES_MAX || path.split('.').any(str::is_empty) {
        reader.wrong(at, "a path with dots such as `conversation.id` is needed");
        return None;
    }
    Some(path.to_owned())
}
