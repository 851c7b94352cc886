use std::sync::Arc;

use kefu_app::Language;

use super::*;
use crate::settings::Settings;

/// The table of a file that becomes this.
fn table(tables: &str, entity: Entity) -> Arc<TableMap> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("migrate.yaml");
    let head = "version: 1\nsources: { old: { kind: mongodump, path: dump } }\ntables:\n";
    std::fs::write(&path, format!("{head}{tables}")).unwrap();
    let settings = Settings::load(&path).unwrap();
    settings.tables.iter().find(|map| map.entity == entity).cloned().unwrap()
}

fn inverse(tables: &str, entity: Entity) -> Inverse {
    Inverse::of(&table(tables, entity)).unwrap()
}

const PEOPLE: &str = "  - { from: staff, to: agent, columns: { name: name, email: mail } }
  - { from: guest, to: visitor, columns: { name: name } }
  - { from: talk, to: conversation, columns: { visitor: guest, created_at: at } }
";

/// The messages of a file.
fn messages(fields: &str) -> Arc<TableMap> {
    let yaml = format!(
        "{PEOPLE}  - from: said
    to: message
    columns: {{ occurred_at: at, conversation: talk }}
    fields:
{fields}    filter:
      - {{ column: deleted, is: ['0'] }}
      - {{ column: gone, empty: true }}
"
    );
    table(&yaml, Entity::Message)
}

const SENDER: &str = "      sender: { column: side, map: { k: agent, v: visitor } }\n";

fn problems(fields: &str) -> Vec<String> {
    let problems = Inverse::of(&messages(fields)).unwrap_err();
    problems.iter().map(|text| text.in_language(Language::English).to_owned()).collect()
}

fn cells<const N: usize>(cells: [(&str, Cell); N]) -> Cells {
    cells.map(|(name, cell)| (name.to_owned(), cell)).into_iter().collect()
}

fn text(text: &str) -> Cell {
    Cell::Value(Value::Text(text.to_owned()))
}

#[test]
fn what_is_a_column_there_becomes_one_again() {
    let fields = "      text: { column: body }
      sender: { column: side, map: { k: agent, v: visitor, b: bot } }
      agent: { column: by, refers_to: staff }
";
    let inverse = Inverse::of(&messages(fields)).unwrap();
    assert_eq!(
        (inverse.refers_to("agent"), inverse.refers_to("conversation")),
        (Some("staff"), Some("talk"))
    );
    let mut row = Cells::new();
    assert_eq!(inverse.set(&mut row, "text", Here::Text("hi")), Set::Yes);
    assert_eq!(inverse.set(&mut row, "sender", Here::Word("agent")), Set::Yes);
    assert_eq!(inverse.set(&mut row, "agent", Here::Reference(Value::Int(7))), Set::Yes);
    assert_eq!(inverse.set(&mut row, "occurred_at", Here::Time(Micros(5))), Set::Yes);
    // Of those nothing is known there.
    assert_eq!(inverse.set(&mut row, "sender", Here::Word("system")), Set::NoWord);
    assert_eq!(inverse.set(&mut row, "kind", Here::Word("note")), Set::NoColumn);
    inverse.fix(&mut row);
    let mut wanted = cells([
        ("at", Cell::Time(Micros(5), TimeUnit::Seconds)),
        ("body", text("hi")),
        ("by", Cell::Value(Value::Int(7))),
        ("deleted", text("0")),
        ("gone", Cell::Value(Value::Null)),
        ("side", text("k")),
    ]);
    assert_eq!(row, wanted);
    // It is taken back, and nobody has it any more.
    assert!(inverse.take_away(&mut row, Micros(9)));
    assert_eq!(inverse.set(&mut row, "agent", Here::Nothing), Set::Yes);
    wanted.insert("gone".to_owned(), Cell::Time(Micros(9), TimeUnit::Seconds));
    wanted.insert("by".to_owned(), Cell::Value(Value::Null));
    assert_eq!(row, wanted);
}

#[test]
fn what_says_of_a_row_that_it_is_taken_away_is_said_by_its_filter() {
    for (filter, wanted) in [
        ("column: deleted, is: ['0'], gone: '1'", Some(Some("1"))),
        ("column: deleted, is_not: ['true']", Some(Some("true"))),
        ("column: deleted, empty: true", Some(None)),
        ("column: deleted, is: ['0']", None),
        ("column: deleted, is_not: ['1', '2']", None),
        ("column: deleted, empty: false", None),
    ] {
        let yaml = format!(
            "  - {{ from: guest, to: visitor, columns: {{ name: name }}, filter: [{{ {filter} }}] }}\n"
        );
        let inverse = inverse(&yaml, Entity::Visitor);
        assert_eq!(inverse.gone.as_ref().map(|(_, word)| word.as_deref()), wanted, "{filter}");
        assert_eq!(inverse.take_away(&mut Cells::new(), Micros(0)), wanted.is_some());
    }
}

#[test]
fn a_state_without_a_word_is_that_of_a_conversation_that_goes_on() {
    let yaml = "  - { from: guest, to: visitor, columns: { name: name } }
  - from: talk
    to: conversation
    columns: { visitor: guest, created_at: at }
    fields:
      state: { column: status, map: { '0': open, '1': resolved, '2': pending } }
";
    let inverse = inverse(yaml, Entity::Conversation);
    for (word, wanted) in [("open", "0"), ("queued", "0"), ("new", "0"), ("pending", "2"), ("resolved", "1")]
    {
        let mut row = Cells::new();
        assert_eq!(inverse.set(&mut row, "state", Here::Word(word)), Set::Yes);
        assert_eq!(row, cells([("status", text(wanted))]), "{word}");
    }
    assert!(inverse.is_one_word("state", "queued", "open"));
    assert!(!inverse.is_one_word("state", "queued", "resolved"));
    // Of a ticket a word that is missing is missing.
    let yaml = "  - from: issue
    to: ticket
    columns: { subject: title, created_at: at }
    fields:
      status: { column: status, map: { '0': open, '1': closed } }
";
    let inverse = super::Inverse::of(&table(yaml, Entity::Ticket)).unwrap();
    assert_eq!(inverse.set(&mut Cells::new(), "status", Here::Word("pending")), Set::NoWord);
    assert_eq!(inverse.set(&mut Cells::new(), "priority", Here::Word("high")), Set::NoColumn);
}

#[test]
fn attributes_become_the_columns_that_they_were_made_of() {
    let object = "  - { from: guest, to: visitor, columns: { name: name }, fields: { attributes: { object: [city, age, tags] } } }\n";
    let made = inverse(object, Entity::Visitor);
    let mut row = Cells::new();
    let json = r#"{"city":"上海","age":7,"tags":["a"]}"#;
    assert_eq!(made.set(&mut row, "attributes", Here::Object(json)), Set::Yes);
    let tags = Cell::Value(Value::Json(r#"["a"]"#.to_owned()));
    assert_eq!(row, cells([("city", text("上海")), ("age", Cell::Value(Value::Int(7))), ("tags", tags)]));
    // What has no column there stays here as a whole: half of it would be something else.
    let more = r#"{"city":"北京","plan":"gold"}"#;
    assert_eq!(made.set(&mut row, "attributes", Here::Object(more)), Set::NoWord);
    let json = "  - { from: guest, to: visitor, columns: { name: name, attributes: extra } }\n";
    let mut row = Cells::new();
    assert_eq!(inverse(json, Entity::Visitor).set(&mut row, "attributes", Here::Object(more)), Set::Yes);
    assert_eq!(row, cells([("extra", Cell::Value(Value::Json(more.to_owned())))]));
}

#[test]
fn what_has_no_inverse_is_named() {
    let plain = "      text: { column: body }\n";
    for (fields, field) in [
        (format!("{plain}{}", SENDER.replace("v: visitor", "v: visitor, w: visitor")), "`sender`"),
        (format!("      text: {{ join: [a, b] }}\n{SENDER}"), "`text`"),
        (format!("      text: {{ column: body, markup: html }}\n{SENDER}"), "`text`"),
        (plain.to_owned(), "agent"),
        (format!("{plain}      sender: {{ column: side, map: {{ v: visitor, '*': agent }} }}\n"), "`sender`"),
    ] {
        let problems = problems(&fields);
        assert!(problems.len() == 1 && problems[0].contains(field), "{fields}: {problems:?}");
    }
}

#[test]
fn an_inbox_is_the_first_of_the_values_that_stand_for_it() {
    let of = |map: &str| {
        let yaml = format!(
            "  - {{ from: guest, to: visitor, columns: {{ name: name }} }}
  - from: talk
    to: conversation
    columns: {{ visitor: guest, created_at: at }}
    fields: {{ inbox: {{ column: site, map: {map}, otherwise: empty }} }}
"
        );
        inverse(&yaml, Entity::Conversation)
    };
    let all = of("{ '1': web, '3': shop, '2': shop, '*': help }");
    let mut row = Cells::new();
    for (slug, site) in [("web", "1"), ("shop", "2")] {
        assert_eq!(all.set(&mut row, "inbox", Here::Text(slug)), Set::Yes);
        assert_eq!(row, cells([("site", text(site))]));
    }
    assert_eq!(all.set(&mut row, "inbox", Here::Text("help")), Set::NoWord);
    assert_eq!(all.left_out, [""; 0]);
    // Rows that say nothing are of the target's inbox.
    let mut row = Cells::new();
    assert_eq!(of("{ '2': shop }").set(&mut row, "inbox", Here::Text("web")), Set::NoColumn);
    assert_eq!(row, Cells::new());
}
