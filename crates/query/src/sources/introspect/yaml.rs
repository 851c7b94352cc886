//! The draft as a file.

use std::fmt::Write as _;

use serde_json::Value as Json;

use super::{DraftScalar, DraftSource, Drafted, capital, field_name, plural, words};

const INVARIANT: &str = "a text takes what is written to it";

pub(super) fn written(sources: &[DraftSource], types: &[Drafted]) -> String {
    let mut out = "version: 1\nsources:\n".to_owned();
    for source in sources {
        writeln!(out, "  {}:\n    kind: {}", source.name, source.kind).expect(INVARIANT);
        for (key, value) in source.settings.as_object().into_iter().flatten() {
            let value = match value.as_str() {
                // Passwords stay out of files.
                Some(text) if key == "url" && text.contains('@') => {
                    format!("\"${{{}_URL}}\"", words(&source.name).join("_").to_uppercase())
                }
                _ => value.to_string(),
            };
            writeln!(out, "    {key}: {value}").expect(INVARIANT);
        }
    }
    write_enums(&mut out, types);
    out.push_str("types:\n");
    for drafted in types {
        write_type(&mut out, drafted);
    }
    write_queries(&mut out, types);
    out
}

/// The name of an enum of a field.
fn enum_name(drafted: &Drafted, field: &str) -> String {
    format!("{}{}", drafted.name, capital(field))
}

fn write_enums(out: &mut String, types: &[Drafted]) {
    let mut is_first = true;
    for drafted in types {
        for field in &drafted.fields {
            let DraftScalar::Enum(values) = &field.scalar else { continue };
            if std::mem::take(&mut is_first) {
                out.push_str("enums:\n");
            }
            writeln!(out, "  {}: [{}]", enum_name(drafted, &field.name), quoted(values)).expect(INVARIANT);
        }
    }
}

/// Names in quotes, as `NO` and `on` are no names to all readers of YAML.
fn quoted(values: &[String]) -> String {
    let values: Vec<String> = values.iter().map(|value| Json::from(value.as_str()).to_string()).collect();
    values.join(", ")
}

fn write_type(out: &mut String, drafted: &Drafted) {
    for note in &drafted.notes {
        writeln!(out, "  # {}", note.replace('\n', " ")).expect(INVARIANT);
    }
    writeln!(out, "  {}:\n    source: {}", drafted.name, drafted.source).expect(INVARIANT);
    for line in &drafted.access {
        writeln!(out, "    {line}").expect(INVARIANT);
    }
    if !drafted.key.is_empty() {
        writeln!(out, "    key: [{}]", drafted.key.join(", ")).expect(INVARIANT);
    }
    out.push_str("    fields:\n");
    for field in &drafted.fields {
        let ty = match &field.scalar {
            DraftScalar::Plain(name) => (*name).to_owned(),
            DraftScalar::List(name) => format!("[{name}]"),
            DraftScalar::Enum(_) => enum_name(drafted, &field.name),
        };
        let bang = if field.is_nullable { "" } else { "!" };
        let mut more = String::new();
        if field.column != field.name {
            write!(more, ", column: {}", Json::from(field.column.as_str())).expect(INVARIANT);
        }
        if drafted.found_by.is_empty() && (drafted.key.contains(&field.name) || field.refers.is_some()) {
            more.push_str(", filter: [eq, in]");
        }
        writeln!(out, "      {}: {{ type: \"{ty}{bang}\"{more} }}", field.name).expect(INVARIANT);
    }
    if drafted.relations.is_empty() {
        return;
    }
    out.push_str("    relations:\n");
    for relation in &drafted.relations {
        let many = if relation.is_many { ", many: true" } else { "" };
        let guessed = if relation.is_guessed { " # guessed by its name" } else { "" };
        writeln!(
            out,
            "      {}: {{ to: {}{many}, on: {{ {}: {} }} }}{guessed}",
            relation.name, relation.to, relation.from, relation.on
        )
        .expect(INVARIANT);
    }
}

fn write_queries(out: &mut String, types: &[Drafted]) {
    out.push_str("query:\n");
    for drafted in types {
        let one = field_name(&drafted.name);
        let by: Vec<&str> = match drafted.found_by.first() {
            Some(field) => vec![field],
            None => drafted.key.iter().map(String::as_str).collect(),
        };
        if !by.is_empty() {
            writeln!(out, "  {one}: {{ type: {}, by: [{}] }}", drafted.name, by.join(", ")).expect(INVARIANT);
        }
        if drafted.lists {
            let form = if drafted.key.is_empty() { "plain" } else { "relay" };
            let name = plural(&one);
            writeln!(out, "  {name}: {{ type: {}, list: {form} }}", drafted.name).expect(INVARIANT);
        }
    }
}
