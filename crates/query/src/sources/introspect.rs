//! A draft of a configuration from sources as they are, for its author to cut down.

#[cfg(feature = "mongo")]
mod mongo;
mod relations;
mod schema;
mod sql;
mod yaml;

use std::{
    collections::BTreeSet,
    path::Path,
    time::{Duration, Instant},
};

use serde_json::Value as Json;

use super::{SourceOpenError, open_sql};
use crate::source::SourceError;

/// How long a source may take to be looked at.
const TIME: Duration = Duration::from_secs(30);

/// Types of a source at most; the rest of a large system is better left out of one file.
const TYPES_MAX: usize = 300;

/// A source that a draft is made of.
#[derive(Clone, Debug)]
pub struct DraftSource {
    /// Its name in the draft.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// Its settings, as [`open`](super::open) takes them.
    pub settings: Json,
}

/// Why there is no draft.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// A source cannot be opened.
    #[error("source `{source_name}`: {error}")]
    Open {
        /// Its name.
        source_name: String,
        /// What is wrong with its settings.
        error: SourceOpenError,
    },
    /// A source cannot be read.
    #[error("source `{source_name}`: {error}")]
    Read {
        /// Its name.
        source_name: String,
        /// What happened.
        error: SourceError,
    },
}

/// A type of the draft.
#[derive(Clone, Debug, Default)]
struct Drafted {
    name: String,
    source: String,
    /// What it is called at the source.
    at: String,
    /// Lines that say how its source finds it.
    access: Vec<String>,
    /// Fields by which its source finds it; all, if there are none.
    found_by: Vec<String>,
    key: Vec<String>,
    fields: Vec<DraftField>,
    /// Whether it can be listed.
    lists: bool,
    relations: Vec<DraftRelation>,
    /// What its author should know.
    notes: Vec<String>,
}

#[derive(Clone, Debug)]
struct DraftField {
    name: String,
    column: String,
    /// `Int`, `[String]`, or the values of an enum.
    scalar: DraftScalar,
    is_nullable: bool,
    /// A column elsewhere that it names: the other's name at the source and the column.
    refers: Option<(String, String)>,
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum DraftScalar {
    Plain(&'static str),
    List(&'static str),
    Enum(Vec<String>),
}

#[derive(Clone, Debug)]
struct DraftRelation {
    name: String,
    to: String,
    is_many: bool,
    from: String,
    on: String,
    is_guessed: bool,
}

/// Looks at sources and drafts a configuration of all of them, with relations from foreign keys and from names.
///
/// # Errors
/// A source cannot be opened or read.
pub async fn draft(sources: &[DraftSource], dir: &Path) -> Result<String, DraftError> {
    let mut types = Vec::new();
    for source in sources {
        let mut found = looked_at(source, dir).await?;
        found.truncate(TYPES_MAX);
        for drafted in &mut found {
            drafted.source.clone_from(&source.name);
        }
        types.append(&mut found);
    }
    named_apart(&mut types);
    relations::relate(&mut types);
    Ok(yaml::written(sources, &types))
}

async fn looked_at(source: &DraftSource, dir: &Path) -> Result<Vec<Drafted>, DraftError> {
    let failed = |error| DraftError::Open { source_name: source.name.clone(), error };
    let unread = |error| DraftError::Read { source_name: source.name.clone(), error };
    let deadline = Instant::now() + TIME;
    match source.kind.as_str() {
        "http" | "http_json" | "soap" | "thrift" => {
            // What is wrong with the settings is said as it would be later.
            super::open(&source.kind, &source.settings, dir).await.map_err(failed)?;
            schema::types(&source.kind, &source.settings, dir).map_err(failed)
        }
        #[cfg(feature = "mongo")]
        "mongodb" => {
            let opened = super::mongo::open(&source.settings).await.map_err(failed)?;
            mongo::types(&opened, deadline).await.map_err(unread)
        }
        kind => {
            let catalogue = open_sql(kind, &source.settings, dir).await.map_err(failed)?;
            sql::types(&*catalogue, deadline).await.map_err(unread)
        }
    }
}

/// Types of one name get the names of their sources in front.
fn named_apart(types: &mut [Drafted]) {
    let mut taken = BTreeSet::new();
    for drafted in types {
        let plain = drafted.name.clone();
        if !taken.insert(drafted.name.clone()) {
            drafted.name = format!("{}{plain}", type_name(&drafted.source));
        }
        let mut number = 2;
        while drafted.name != plain && !taken.insert(drafted.name.clone()) {
            drafted.name = format!("{}{plain}{number}", type_name(&drafted.source));
            number += 1;
        }
    }
}

/// Words of a name, whatever stands between them.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_new = true;
    let mut was_lower = false;
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() {
            is_new = true;
            continue;
        }
        if is_new || (c.is_ascii_uppercase() && was_lower) {
            words.push(String::new());
        }
        (is_new, was_lower) = (false, !c.is_ascii_uppercase());
        if let Some(word) = words.last_mut() {
            word.push(c.to_ascii_lowercase());
        }
    }
    words
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + letters.as_str())
}

/// `t_user_orders` as `UserOrder`.
fn type_name(name: &str) -> String {
    let mut words = words(name);
    if words.len() > 1 && matches!(words[0].as_str(), "t" | "tb" | "tbl") {
        words.remove(0);
    }
    if let Some(last) = words.last_mut() {
        *last = singular(last);
    }
    let name: String = words.iter().map(|word| capital(word)).collect();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) { name } else { format!("Type{name}") }
}

fn singular(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("ies") {
        return format!("{stem}y");
    }
    let is_plural = word.len() > 3 && word.ends_with('s') && !word.ends_with("ss") && !word.ends_with("us");
    word[..word.len() - usize::from(is_plural)].to_owned()
}

fn plural(word: &str) -> String {
    match word.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{stem}ies"),
        _ if word.ends_with('s') => format!("{word}es"),
        _ => format!("{word}s"),
    }
}

/// `created_at` as `createdAt`.
fn field_name(name: &str) -> String {
    let words = words(name);
    let name: String = words
        .iter()
        .enumerate()
        .map(|(place, word)| if place == 0 { word.clone() } else { capital(word) })
        .collect();
    if name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        name
    } else {
        format!("field{}", capital(&name))
    }
}

/// A field of a name at the source; names that are taken get a number.
fn field(fields: &[DraftField], column: &str, scalar: DraftScalar, is_nullable: bool) -> DraftField {
    let plain = field_name(column);
    let mut name = plain.clone();
    let mut number = 2;
    while fields.iter().any(|field| field.name == name) {
        name = format!("{plain}{number}");
        number += 1;
    }
    DraftField { name, column: column.to_owned(), scalar, is_nullable, refers: None }
}

/// Whether values can be those of an enum in GraphQL.
fn are_names<'v>(mut values: impl Iterator<Item = &'v str>) -> bool {
    values.all(|value| {
        let is_name = value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        is_name
            && value.starts_with(|c: char| c.is_ascii_alphabetic())
            && !matches!(value, "true" | "false" | "null")
    })
}

#[cfg(test)]
mod tests;
