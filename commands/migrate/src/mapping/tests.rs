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
    assert_eq!(names(&preset), ["user", "visitor", "message", "reply_item", "land_page"]);
    assert!(preset[2].group.is_some());
    let own = tables(
        "preset: gofly\ntables:\n  - { from: user, to: agent, key: [name], columns: { name: name, email: mail } }\n",
    );
    let own = own.unwrap();
    assert_eq!(names(&own).len(), 5);
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

#[test]
fn two_things_become_of_one_table_and_each_has_ids_of_its_own() {
    let tables = tables("preset: livehelperchat\n").unwrap();
    let named = |alias: &str| tables.iter().find(|table| table.alias == alias).unwrap();
    let (visitor, chat, said) = (named("lh_chat_visitor"), named("lh_chat"), named("lh_msg"));
    assert_eq!((visitor.from.as_str(), visitor.name().as_str()), ("lh_chat", "old/lh_chat_visitor"));
    let row = |map: &TableMap, of: &dyn Fn(&str) -> Value| {
        map.columns.iter().map(|column| of(column)).collect::<Vec<_>>()
    };
    let chat_row = row(chat, &|column| match column {
        "id" => Value::Int(7),
        "status" => Value::Int(1),
        "time" => Value::Int(1_770_000_000),
        _ => Value::Int(0),
    });
    let Record::Conversation(conversation) = record(chat, &chat_row).unwrap() else { panic!() };
    assert_eq!(conversation.visitor, identity("old", "lh_chat_visitor", &encode_key([&Value::Int(7)])));
    assert_ne!(conversation.visitor, conversation.id);
    assert_eq!((conversation.state, conversation.assignee), (kefu_core::State::Open, None));
    let sender = |user: i64| {
        let row = row(said, &|column| match column {
            "user_id" => Value::Int(user),
            "msg" => text("hi"),
            _ => Value::Int(7),
        });
        let Record::Message(message) = record(said, &row).unwrap() else { panic!() };
        assert_eq!(message.conversation, conversation.id);
        message.sender
    };
    let agent = identity("old", "lh_users", &encode_key([&Value::Int(3)]));
    assert_eq!(
        [0, -1, -2, 3].map(sender),
        [Sender::Visitor, Sender::System, Sender::Bot, Sender::Agent(agent)]
    );
}

#[test]
fn what_chatwoot_says_of_senders_is_understood() {
    let tables = tables("preset: chatwoot\n").unwrap();
    let map = tables.iter().find(|table| table.from == "messages").unwrap();
    let said = |kind: i64, sender: &str, private: &str| {
        let row: Vec<_> = map
            .columns
            .iter()
            .map(|column| match column.as_str() {
                "message_type" => Value::Int(kind),
                "sender_type" => text(sender),
                "private" => text(private),
                "created_at" => Value::Temporal { text: "2026-01-01 00:00:00".to_owned(), is_utc: true },
                "content" => text("hi"),
                _ => Value::Int(5),
            })
            .collect();
        let Record::Message(message) = record(map, &row).unwrap() else { panic!() };
        (message.sender, message.kind)
    };
    let agent = Sender::Agent(identity("old", "users", &encode_key([&Value::Int(5)])));
    let kind = |is_note| if is_note { kefu_core::MessageKind::Note } else { kefu_core::MessageKind::Text };
    assert_eq!(said(0, "Contact", "f"), (Sender::Visitor, kind(false)));
    assert_eq!(said(1, "User", "t"), (agent, kind(true)));
    assert_eq!(said(1, "AgentBot", "f"), (Sender::Bot, kind(false)));
    assert_eq!(said(1, "", "f"), (Sender::Bot, kind(false)));
    assert_eq!(said(2, "", "f"), (Sender::System, kind(false)));
}

#[test]
fn an_article_has_a_name_for_addresses_and_a_category() {
    let tables = tables(
        "tables:
  - { from: faq, to: article, columns: { slug: s, category: c, title: t, body: b, language: l } }
",
    )
    .unwrap();
    let article = |slug: &str, category: &str| {
        let row = [text(slug), text(category), text("T"), text("B"), text("en")];
        let Record::Article(article) = record(&tables[0], &row).unwrap() else { panic!() };
        article
    };
    assert_eq!(article(" How do I… pay? ", "").slug, "how-do-i-pay");
    let nameless = article("怎么付款", "付款");
    assert_eq!(nameless.slug, nameless.id.to_string());
    assert_eq!(nameless.category, article("x", "付款").category);
    assert_ne!(nameless.category, article("x", "Shipping").category);
    assert_eq!(article("x", "").category, None);
    let row = [text("x"), text(""), text(""), text("B"), text("en")];
    assert_eq!(record(&tables[0], &row), Err(("title".to_owned(), "missing")));
}

#[test]
fn the_inbox_of_a_conversation_is_one_that_the_file_names() {
    let yaml = |inbox: &str| {
        format!(
            "tables:
  - {{ from: v, to: visitor, columns: {{ name: n }} }}
  - from: c
    to: conversation
    columns: {{ visitor: v, created_at: at }}
    fields: {{ inbox: {inbox} }}
"
        )
    };
    let tables = tables(&yaml("{ column: site, map: { '1': web, '2': shop }, otherwise: empty }")).unwrap();
    let map = tables.last().unwrap();
    assert_eq!(map.inboxes, ["web".into(), "shop".into()]);
    let inbox = |site: Value| match record(map, &[Value::Int(1), Value::Int(5), site]).unwrap() {
        Record::Conversation(conversation) => conversation.inbox,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        [inbox(Value::Int(2)), inbox(Value::Int(9)), inbox(Value::Null)].map(|slug| slug.to_string()),
        ["shop", "web", "web"]
    );
    for (bad, wanted) in [
        ("{ column: site }", "migrate.yaml:8"),
        ("{ column: site, map: { '1': shop }, otherwise: keep }", "have a `map` to names of inboxes"),
        ("{ value: 'My Shop' }", "names the inbox `My Shop`"),
    ] {
        let said = self::tables(&yaml(bad)).unwrap_err();
        assert!(said.contains("tables.1.fields.inbox"), "{said}");
        assert!(said.contains(wanted), "{said}");
    }
}

#[test]
fn the_inbox_of_messages_is_that_of_their_conversation() {
    let yaml = |conversations: &str| {
        format!(
            "tables:
  - {{ from: v, to: visitor, columns: {{ name: n }} }}
  - {{ from: c, to: conversation, columns: {{ visitor: v, created_at: at }} }}
  - from: m
    to: message
    columns: {{ text: t, occurred_at: at{conversations}
    fields: {{ inbox: {{ value: shop }} }}
"
        )
    };
    let said = tables(&yaml(", conversation: c }")).unwrap_err();
    assert!(said.contains("is that of the conversation"), "{said}");
    let made = tables(&yaml(" }\n    conversations: { visitor: v, visitors: v, gap: 10m }")).unwrap();
    let row = [text("hello"), Value::Int(5), Value::Int(1)];
    let Record::Message(message) = record(made.last().unwrap(), &row).unwrap() else { panic!() };
    assert_eq!(&*message.opens.unwrap().1.inbox, "shop");
}
