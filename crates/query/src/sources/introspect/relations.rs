//! How types hang together: by foreign keys, and by names such as `userId`.

use super::{DraftRelation, DraftScalar, Drafted, capital, field_name, plural};

/// Adds relations, each from both sides where both can be found.
pub(super) fn relate(types: &mut [Drafted]) {
    let mut found = Vec::new();
    for (from, drafted) in types.iter().enumerate() {
        for field in &drafted.fields {
            let target = match &field.refers {
                Some((table, column)) => {
                    declared(types, &drafted.source, table, column).map(|to| (to, false))
                }
                None => named(types, from, &field.name).map(|to| (to, true)),
            };
            let Some(((to, on), is_guessed)) = target else { continue };
            if is_joinable(&field.scalar) {
                found.push((from, field.name.clone(), to, on, is_guessed));
            }
        }
    }
    for (from, field, to, on, is_guessed) in found {
        let stem =
            ["Id", "Ids", "No", "Uuid"].iter().find_map(|end| field.strip_suffix(end)).unwrap_or(&field);
        let one = if stem == field { field_name(&types[to].name) } else { stem.to_owned() };
        let (from_name, to_name) = (types[from].name.clone(), types[to].name.clone());
        if is_found_by(&types[to], &on) {
            let relation = DraftRelation {
                name: one,
                to: to_name.clone(),
                is_many: false,
                from: field.clone(),
                on: on.clone(),
                is_guessed,
            };
            add(&mut types[from], relation, &field);
        }
        if is_found_by(&types[from], &field) {
            let name = plural(&field_name(&from_name));
            let relation =
                DraftRelation { name, to: from_name, is_many: true, from: on, on: field.clone(), is_guessed };
            add(&mut types[to], relation, &field);
        }
    }
}

fn is_joinable(scalar: &DraftScalar) -> bool {
    matches!(scalar, DraftScalar::Plain("Int" | "BigInt" | "String" | "ID"))
}

fn is_found_by(drafted: &Drafted, field: &str) -> bool {
    drafted.found_by.is_empty() || drafted.found_by.iter().any(|known| known == field)
}

/// The type of a table of the same source, and its field.
fn declared(types: &[Drafted], source: &str, table: &str, column: &str) -> Option<(usize, String)> {
    let to = types.iter().position(|other| other.source == source && other.at == table)?;
    let field = types[to].fields.iter().find(|field| field.column == column)?;
    Some((to, field.name.clone()))
}

/// The type that a field such as `userId` names, by its only key.
fn named(types: &[Drafted], from: usize, field: &str) -> Option<(usize, String)> {
    let stem = ["Id", "No", "Uuid"].iter().find_map(|end| field.strip_suffix(end))?;
    let to = types.iter().position(|other| other.name.eq_ignore_ascii_case(stem)).filter(|to| *to != from)?;
    let [key] = types[to].key.as_slice() else { return None };
    let is_joinable = types[to].fields.iter().any(|field| field.name == *key && is_joinable(&field.scalar));
    is_joinable.then(|| (to, key.clone()))
}

/// Names that are taken get the field's name behind them.
fn add(drafted: &mut Drafted, mut relation: DraftRelation, field: &str) {
    let is_taken = |name: &str| {
        drafted.fields.iter().any(|field| field.name == name)
            || drafted.relations.iter().any(|relation| relation.name == name)
    };
    if is_taken(&relation.name) {
        relation.name = format!("{}By{}", relation.name, capital(field));
    }
    if !is_taken(&relation.name) {
        drafted.relations.push(relation);
    }
}
