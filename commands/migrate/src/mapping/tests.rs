use kefu_app::Language;
use kefu_core::{Micros, Role};
use kefu_store::import::{Outcome, Record, Sender};

use super::*;
use crate::{ids::identity, settings::Settings, value::encode_key};

/// The tables of a file.
fn tables(yaml: &str) -> Result<Vec<Arc<TableMap>>, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("migrate.yaml");
    let head = "version: 1\nsources: { old: { kind: mongodump, path: dump } }\n";
    std::fs::write(&path, format!("{head}{yaml}")).unwrap();
    Settings::load(&path).map(|settings| settings.tables).map_err(|failure| failure.line(Language::English))
}

fn mapped(map: &TableMap, row: &[Value], changed: &mut Changed) -> Result<Outcome, (String, &'static str)> {
    let key = encode_key([&Value::Int(7)]);
    let (row, dead) = map.map(key, row, &Lookups::new(), &mut Grouper::default(), changed);
    match dead {
        Some(dead) => Err((dead.bad.column, dead.bad.code)),
        None => Ok(row.outcome),
    }
}

fn record(map: &TableMap, row: &[Value]) -> Result<Record, (String, &'static str)> {
    match mapped(map, row, &mut Changed::new())? {
        Outcome::Record(record) => Ok(*record),
        outcome => panic!("{outcome:?}"),
    }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

#[test]
fn fields_are_renamed_joined_split_mapped_and_filled_in() {
    let tables = tables(
        "tables:
  - from: staff
    to: agent
    columns: { email: mail }
    fields:
      name: { join: [first, last], separator: ' ' }
      role: { column: level, map: { '9': admin }, otherwise: empty }
      disabled: { column: state, separator: '/', part: 2, map: { off: 'yes', '*': 'no' } }
",
    )
    .unwrap();
    let map = &tables[0];
    assert_eq!(map.columns, ["mail", "first", "last", "level", "state"]);
    let row = [text("A@Example.com"), text("Ada"), text("L"), Value::Int(9), text("x/off/y")];
    let Record::Agent(agent) = record(map, &row).unwrap() else { panic!() };
    assert_eq!((agent.email.as_str(), agent.name.as_str()), ("a@example.com", "Ada L"));
    assert_eq!((agent.role, agent.disabled, agent.created_at), (Role::Admin, true, Micros(0)));
    assert_eq!(agent.id, identity("old", "staff", &encode_key([&Value::Int(7)])));
    let row = [text("a@b"), Value::Null, text("L"), Value::Int(1), Value::Null];
    let Record::Agent(agent) = record(map, &row).unwrap() else { panic!() };
    assert_eq!((agent.name.as_str(), agent.role, agent.disabled), ("L", Role::Agent, false));
    let row = [Value::Null, text("Ada"), Value::Null, Value::Null, Value::Null];
    assert_eq!(record(map, &row), Err(("email".to_owned(), "missing")));
}

#[test]
fn attributes_keep_what_json_can_hold_exactly() {
    let tables = tables(
        "tables:
  - { from: v, to: visitor, fields: { attributes: { object: [a, b, c, d, e] }, phone: { template: '+{p}' } } }
",
    )
    .unwrap();
    let row = [
        Value::UInt(u64::MAX),
        Value::Null,
        text(""),
        Value::Json("{\"x\":[1]}".to_owned()),
        Value::Float(f64::NAN),
        text("86"),
    ];
    let Record::Visitor(visitor) = record(&tables[0], &row).unwrap() else { panic!() };
    assert_eq!(visitor.attributes, r#"{"a":18446744073709551615,"d":{"x":[1]},"e":"NaN"}"#);
    assert_eq!(visitor.phone, "+86");
}

#[test]
fn filters_leave_rows_out_before_anything_is_wrong_with_them() {
    let tables = tables(
        "tables:
  - from: v
    to: visitor
    columns: { created_at: at }
    filter: [{ column: gone, empty: true }, { column: kind, is_not: [test] }]
",
    )
    .unwrap();
    let row = |gone: Value, kind: &str| [text("nonsense"), gone, text(kind)];
    let mut changed = Changed::new();
    assert!(matches!(mapped(&tables[0], &row(Value::Int(1), "real"), &mut changed), Ok(Outcome::Filtered)));
    assert!(matches!(mapped(&tables[0], &row(Value::Null, "test"), &mut changed), Ok(Outcome::Filtered)));
    let bad = mapped(&tables[0], &row(Value::Null, "real"), &mut changed).unwrap_err();
    assert_eq!(bad, ("at".to_owned(), "no_time"));
}

#[test]
fn words_and_lengths_that_do_not_fit_make_dead_letters() {
    let yaml = "tables:
  - { from: user, to: agent, columns: { name: n, email: n } }
  - { from: v, to: visitor, columns: { name: n } }
  - { from: c, to: conversation, columns: { visitor: v, created_at: at } }
  - from: m
    to: message
    columns: { conversation: c, text: t, occurred_at: at, agent: a }
    fields: { sender: { column: s, map: { x: agent, y: visitor } } }
";
    let tables = tables(yaml).unwrap();
    let map = tables.last().unwrap();
    let row = |sender: &str, agent: Value, said: &str| {
        [Value::Int(1), text(said), Value::Int(5), agent, text(sender)]
    };
    let Record::Message(message) = record(map, &row("x", Value::Int(3), "hi")).unwrap() else { panic!() };
    assert_eq!(message.sender, Sender::Agent(identity("old", "user", &encode_key([&Value::Int(3)]))));
    assert_eq!(message.conversation, identity("old", "c", &encode_key([&Value::Int(1)])));
    assert_eq!(message.occurred_at, Micros(5_000_000));
    assert_eq!(record(map, &row("x", Value::Null, "hi")), Err(("agent".to_owned(), "missing")));
    assert_eq!(record(map, &row("z", Value::Null, "hi")), Err(("s".to_owned(), "unmapped")));
    let long = "x".repeat((1 << 20) + 1);
    assert_eq!(record(map, &row("y", Value::Null, &long)), Err(("t".to_owned(), "too_long")));
}

#[test]
fn a_field_that_there_is_not_and_a_reference_that_leads_nowhere_are_refused() {
    let said = |yaml: &str| tables(yaml).unwrap_err();
    let refusal = said("tables:\n  - { from: v, to: visitor, columns: { nmae: n } }\n");
    assert!(refusal.contains("`visitor` has no such field; did you mean `name`?"), "{refusal}");
    let refusal =
        said("tables:\n  - { from: c, to: canned, columns: { owner: o, title: t, text: t, shortcut: s } }\n");
    assert!(refusal.contains("no table becomes `agent`"), "{refusal}");
    let refusal = said("tables:\n  - { from: a, to: agent, columns: { name: n } }\n");
    assert!(refusal.contains("needs the field `email`"), "{refusal}");
}

#[test]
fn the_preset_is_a_file_that_makes_sense_and_takes_tables_of_ones_own() {
    let names = |tables: &[Arc<TableMap>]| tables.iter().map(|table| table.from.clone()).collect::<Vec<_>>();
    let preset = tables("preset: gofly\n").unwrap();
    assert_eq!(names(&preset), ["user", "visitor", "message", "reply_item"]);
    assert!(preset[2].group.is_some());
    let own = tables(
        "preset: gofly\ntables:\n  - { from: user, to: agent, key: [name], columns: { name: name, email: mail } }\n",
    );
    let own = own.unwrap();
    assert_eq!(names(&own).len(), 4);
    assert_eq!(own[0].columns, ["name", "mail"]);
}

#[test]
fn a_mapping_that_changes_is_another_one() {
    let hash = |yaml: &str| tables(yaml).unwrap()[0].hash();
    let table = "tables:\n  - { from: v, to: visitor, columns: { name: n } }\n";
    assert_eq!(hash(table), hash(table));
    assert_ne!(hash(table), hash(&table.replace(": n }", ": m }")));
    assert_ne!(hash(table), hash(&format!("{table}rules: {{ zero_date: epoch }}\n")));
}
