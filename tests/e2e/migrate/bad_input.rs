//! What cannot work is refused before anything is written, and says what to do.

use serde_json::json;

use super::{Migration, dispositions, mariadb::Mariadb};
use crate::support::shim::Shim;

const SOURCE: &str = "version: 1\nsources:\n  old: { kind: mysql, url_env: OLD_MYSQL_URL }\n";

fn people(more: &str) -> String {
    format!("{SOURCE}tables:\n  - from: people\n    to: visitor\n    columns: {{ name: name }}\n{more}")
}

#[track_caller]
fn refused(yaml: &str, said: &str) {
    let migration = Migration::of_server(yaml, "mysql://nobody:topsecret@127.0.0.1:1/old");
    let refusal = migration.refusal(&["run"], 78);
    assert!(refusal.contains(said), "{refusal}");
    assert!(!refusal.contains("topsecret"), "{refusal}");
    assert!(!migration.data().exists());
}

#[test]
fn a_file_that_makes_no_sense_is_refused_with_its_line() {
    refused(
        &people("    colums: {}\n"),
        "migrate.yaml:8: unknown key `tables.0.colums`; did you mean `columns`?",
    );
    refused(
        &people("    to: agent\n"),
        "migrate.yaml:8: key `tables.0.to` is repeated, it already stands in line 6",
    );
    refused(&people("    fields:\n      nmae: { column: n }\n"), "did you mean `name`?");
    refused(
        &people("    fields:\n      name: { column: n }\n"),
        "migrate.yaml:9: `tables.0.fields.name`: is said twice",
    );
    refused(
        &people("    fields:\n      email: { column: a, value: b }\n"),
        "must say one of `column`, `join`",
    );
    refused(&people("    fields:\n      email: { template: \"{a\" }\n"), "has a brace that is not closed");
    refused(&people("").replace("to: visitor", "to: visitors"), "must be one of agent, visitor");
    refused(&people("").replace("version: 1", "version: 2"), "`version`: must be 1");
    refused(
        &people("").replace("OLD_MYSQL_URL", "NO_SUCH_VARIABLE"),
        "the variable NO_SUCH_VARIABLE is not set",
    );
    refused(SOURCE, "the file has no `tables`");
    refused("version: 1\n", "`sources`: must name at least one");
    refused(
        &people("").replace("OLD_MYSQL_URL }", "OLD_MYSQL_URL, timezone: Mars/Olympus }"),
        "no time zone of this name",
    );
    let messages =
        format!("{SOURCE}tables:\n  - {{ from: m, to: message, columns: {{ text: t, occurred_at: o }} }}\n");
    refused(&messages, "needs the field `conversation`");
    let lost = format!(
        "{SOURCE}tables:\n  - {{ from: c, to: conversation, columns: {{ visitor: v, created_at: o }} }}\n"
    );
    refused(&lost, "no table becomes `visitor`");
    let words = people("").replace(
        "to: visitor\n    columns: { name: name }",
        "to: agent\n    columns: { name: name, email: e }",
    );
    refused(
        &format!("{words}    fields:\n      role: {{ column: r, map: {{ x: boss }} }}\n"),
        "must be one of agent, supervisor, admin",
    );
}

#[test]
fn a_server_that_is_not_there_or_lets_nobody_in_is_said_without_its_password() {
    let migration = Migration::of_server(&people(""), "mysql://reader:topsecret@127.0.0.1:1/old");
    let refusal = migration.refusal(&["run"], 69);
    assert!(refusal.contains("cannot read source `old`") && !refusal.contains("topsecret"), "{refusal}");
    let refusal = Migration::of_server(&people(""), "http://topsecret").refusal(&["run"], 78);
    assert!(refusal.contains("mysql://user:password@host") && !refusal.contains("topsecret"), "{refusal}");
    let refusal = Migration::of_server(&people(""), "mysql://a:topsecret@127.0.0.1:1").refusal(&["run"], 78);
    assert!(refusal.contains("names no database") && !refusal.contains("topsecret"), "{refusal}");
    let Some(mariadb) = Mariadb::start() else { return };
    let wrong = mariadb.url().replace("se%3Acret", "topsecret");
    let refusal = Migration::of_server(&people(""), &wrong).refusal(&["run"], 3);
    assert!(refusal.contains("Access denied") && !refusal.contains("topsecret"), "{refusal}");
}

#[test]
fn what_a_server_has_not_is_said_by_plan_and_run() {
    let Some(mariadb) = Mariadb::start() else { return };
    mariadb.old(
        "CREATE TABLE people (id int PRIMARY KEY, name varchar(9), code int, UNIQUE (code));
         CREATE TABLE keyless (name varchar(9));
         CREATE VIEW seen AS SELECT * FROM people;",
    );
    let refused = |yaml: &str, said: &str| {
        let migration = Migration::of_server(yaml, &mariadb.url());
        let plan = migration.report(&["plan"], 3);
        assert_eq!(plan["can_run"], false);
        assert!(plan["tables"][0]["problems"][0].as_str().unwrap().contains(said), "{plan:#}");
        assert!(migration.refusal(&["run"], 3).contains(said));
        assert!(!migration.data().exists());
    };
    let with = |from: &str, to: &str| people("").replace(from, to);
    refused(&with("from: people", "from: poeple"), "there is no table `poeple`; did you mean `people`?");
    refused(&with("name: name", "name: nmae"), "there is no column `nmae`; did you mean `name`?");
    refused(&with("from: people", "from: keyless"), "it has no primary key");
    refused(&with("from: people", "from: seen"), "it has no primary key");
    refused(&people("    key: [name]\n"), "no unique index without NULL has just the columns name");
    // NULL may stand in it more than once, and no page comes behind NULL.
    refused(&people("    key: [code]\n"), "no unique index without NULL has just the columns code");
}

#[test]
fn too_many_rows_that_cannot_be_used_stop_a_run() {
    let Some(mariadb) = Mariadb::start() else { return };
    let mut sql =
        String::from("CREATE TABLE people (id int PRIMARY KEY, name varchar(9), born varchar(20));\n");
    for id in 0..50 {
        sql += &format!("INSERT INTO people VALUES ({id}, 'n', 'yesterday');\n");
    }
    mariadb.old(&sql);
    let yaml = people("").replace("{ name: name }", "{ name: name, created_at: born }");
    let migration = Migration::of_server(
        &format!("{yaml}rules: {{ max_bad_rows: 10 }}\ncopy: {{ rows: 5 }}\n"),
        &mariadb.url(),
    );
    let report = migration.report(&["run"], 5);
    assert_eq!(dispositions(&report, "old/people")[0], 0);
    assert!(migration.letters().len() > 10 && migration.letters().len() < 30);
    assert_eq!(report["done"], false);
}

#[test]
fn two_agents_of_one_address_are_one_agent_and_a_dead_letter() {
    let Some(mariadb) = Mariadb::start() else { return };
    mariadb.old(
        "CREATE TABLE people (id int PRIMARY KEY, name varchar(9));
         INSERT INTO people VALUES (1, 'a'), (2, 'b'), (3, 'A'), (4, 'c');",
    );
    let yaml = people("").replace(
        "to: visitor\n    columns: { name: name }",
        "to: agent\n    columns: { name: name, email: name }",
    );
    let migration = Migration::of_server(&yaml, &mariadb.url());
    let report = migration.report(&["run"], 4);
    assert_eq!(dispositions(&report, "old/people"), [3, 0, 1]);
    let letters = migration.letters();
    assert_eq!((&letters[0]["key"], &letters[0]["code"]), (&json!("3"), &json!("taken")));
    assert_eq!(
        migration.query("SELECT email FROM agent ORDER BY key"),
        [[json!("a")], [json!("b")], [json!("c")]]
    );
}

#[test]
fn a_store_that_is_in_use_and_a_server_that_is_another_one_are_refused() {
    let Some(mariadb) = Mariadb::start() else { return };
    mariadb.old(
        "CREATE TABLE people (id int PRIMARY KEY, name varchar(9)); INSERT INTO people VALUES (1, 'a');",
    );
    let migration = Migration::of_server(&people(""), &mariadb.url());
    migration.report(&["run"], 0);
    migration.query("UPDATE migrate_source SET identity = 'mysql:elsewhere/old'");
    let refusal = migration.refusal(&["run"], 3);
    assert!(refusal.contains("but it was `mysql:elsewhere/old`"), "{refusal}");
    migration.report(&["run", "--accept-change"], 0);
    migration.report(&["run"], 0);

    let lock =
        std::fs::File::options().read(true).write(true).open(migration.data().join("kefu.lock")).unwrap();
    lock.lock().unwrap();
    let refusal = migration.refusal(&["run"], 75);
    assert!(refusal.contains("the store is in use"), "{refusal}");
    // Looking and comparing take no lock.
    migration.report(&["verify"], 0);
}

#[test]
fn without_tables_plan_drafts_them() {
    let Some(mariadb) = Mariadb::start() else { return };
    mariadb.old("CREATE TABLE crm_customer (id int PRIMARY KEY, nickname varchar(9), vip int);");
    let migration = Migration::of_server(SOURCE, &mariadb.url());
    let plan = migration.report(&["plan"], 3);
    let draft = plan["draft"].as_str().unwrap();
    assert_eq!(
        draft,
        "tables:\n  - from: crm_customer\n    to: visitor\n    columns:\n      name: nickname\n    # not placed: vip\n"
    );
    // The draft is a file that works.
    migration.write(&format!("{SOURCE}{draft}"));
    assert_eq!(migration.report(&["plan"], 0)["can_run"], true);
}

#[test]
fn a_disk_that_is_full_loses_nothing_and_the_same_command_goes_on() {
    let Some(mariadb) = Mariadb::start() else { return };
    mariadb.old(
        "CREATE TABLE people (id int PRIMARY KEY, name varchar(200)); INSERT INTO people VALUES (1, 'a');",
    );
    let migration = Migration::of_server(&people(""), &mariadb.url());
    migration.report(&["run"], 0);
    mariadb.old("INSERT INTO people SELECT seq, REPEAT('b', 200) FROM seq_2_to_5000;");
    let full = migration.data().join(".full");
    std::fs::write(&full, "").unwrap();
    let output = migration.run_on(&Shim::default(), &["run"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(74), "{said}");
    assert!(said.contains("free some space; the same command goes on"), "{said}");
    std::fs::remove_file(&full).unwrap();
    assert_eq!(dispositions(&migration.report(&["run"], 0), "old/people"), [5000, 0, 0]);
    assert_eq!(migration.report(&["verify"], 0)["same"], true);
}

#[test]
fn a_server_that_is_killed_and_comes_back_is_read_on() {
    let Some(mut mariadb) = Mariadb::start() else { return };
    mariadb.old(
        "CREATE TABLE people (id int PRIMARY KEY, name varchar(9));
         INSERT INTO people SELECT seq, 'n' FROM seq_1_to_6000;",
    );
    let yaml = format!("{}copy: {{ rows: 100 }}\nthrottle: {{ rows_per_second: 2000 }}\n", people(""));
    let migration = Migration::of_server(&yaml, &mariadb.url());
    let child = migration.start_heard(&["run"]);
    crate::support::random::eventually("some rows are here", || {
        let status = migration.run(&["status", "--format", "json"]);
        let status: serde_json::Value = serde_json::from_slice(&status.stdout).ok()?;
        (status["tables"][0]["rows"].as_u64() > Some(0)).then_some(())
    });
    mariadb.crash();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", super::shown(&output));
    assert_eq!(migration.query("SELECT count(*) FROM visitor"), [[json!(6000)]]);
}

#[test]
fn an_empty_word_of_an_enum_is_a_value_like_any_other() {
    let Some(mariadb) = Mariadb::start() else { return };
    // What a server that is not strict makes of a word that there is not.
    mariadb.old(
        "SET sql_mode = ''; CREATE TABLE people (id int PRIMARY KEY, name varchar(9), level enum('1', '9'));
         INSERT INTO people VALUES (1, 'a', '9'), (2, 'b', 'boss'), (3, 'c', NULL);",
    );
    let yaml = people("    fields:\n      email: { column: level, map: { \"9\": nine } }\n");
    let migration = Migration::of_server(&yaml, &mariadb.url());
    assert_eq!(dispositions(&migration.report(&["run"], 0), "old/people"), [3, 0, 0]);
    assert_eq!(
        migration.query("SELECT email FROM visitor ORDER BY key"),
        [[json!("nine")], [json!("")], [json!("")]]
    );
}
