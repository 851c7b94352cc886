//! Files of SQL: those of a real `mariadb-dump`, and some that are written here.

use std::{path::Path, process::Command};

use serde_json::{Value, json};

use super::{Migration, dispositions, gofly, mariadb::Mariadb, table};

/// Values that escape badly, in every type that a dump writes in its own way.
const NASTY: &str = "
CREATE TABLE people (id bigint unsigned PRIMARY KEY, name varchar(200), born datetime(6), big bigint unsigned,
  money decimal(30,10), bits bit(10), kind enum('a','it''s'), kinds set('x','y','z'), doc json, `gbk` varchar(20) CHARACTER SET gbk,
  since year, raw varbinary(300), half double, day date, at timestamp NULL, `odd``name,(` int, small tinyint(1),
  twice int GENERATED ALWAYS AS (small * 2) STORED, UNIQUE KEY named (name)) DEFAULT CHARSET=utf8mb4;
INSERT INTO people (id, name, born, big, money, bits, kind, kinds, doc, gbk, since, raw, half, day, at, `odd``name,(`, small) VALUES
  (18446744073709551615, 'caf\u{e9} \\\\ \\' \" \\n\\r\\t \\Z ); -- /* # \u{1f468}\u{200d}\u{1f469}', '2026-05-06 08:00:00.000001', 18446744073709551615,
   12345678901234567890.0123456789, b'1000000001', 'it''s', 'x,z', '{\"a\": [1, \"\\\\n''\"]}', '退款', 0, X'00275C22FF0A1A', 0.1, '0009-12-04',
   '2026-05-06 00:00:00', -7, 2),
  (0, '%_\\\\%', '1970-01-01 08:00:00', 0, -0.5, b'0', 'a', '', 'null', '', 2155, X'', -1e300, '9999-12-31', NULL, NULL, 0),
  (7, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TRIGGER t BEFORE INSERT ON people FOR EACH ROW SET NEW.name = CONCAT(NEW.name, ';'), NEW.small = 1;
CREATE VIEW seen AS SELECT id FROM people;
";

const FIELDS: &str =
    "[big, money, bits, kind, kinds, doc, gbk, since, raw, half, day, at, 'odd`name,(', small]";

fn yaml(source: &str) -> String {
    format!(
        "version: 1
sources:
  old: {{ {source}, timezone: Asia/Shanghai }}
rules: {{ invalid_utf8: replace }}
tables:
  - from: people
    to: visitor
    columns: {{ name: name, created_at: born }}
    fields:
      attributes: {{ object: {FIELDS} }}
"
    )
}

/// Writes a dump of the database `old`; whether there is a `mariadb-dump`.
fn dumped(mariadb: &Mariadb, path: &Path, more: &[&str]) -> bool {
    let mut command = Command::new("mariadb-dump");
    command.args(["--no-defaults", "--user=root", "--triggers", "--routines"]).arg(mariadb.socket_arg());
    let output = match command.args(more).arg("old").output() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            assert!(std::env::var("KEFU_REQUIRE_PEERS").as_deref() != Ok("1"), "there is no mariadb-dump");
            eprintln!("SKIPPED: there is no mariadb-dump");
            return false;
        }
        output => output.unwrap(),
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::write(path, output.stdout).unwrap();
    true
}

fn people(migration: &Migration) -> Vec<Vec<Value>> {
    migration.query("SELECT id, name, created_at, attributes FROM visitor ORDER BY id")
}

#[test]
fn a_dump_of_a_server_comes_over_as_the_server_itself_does() {
    let Some(mariadb) = Mariadb::start() else { return };
    mariadb.old(NASTY);
    let live = Migration::of_server(&yaml("kind: mysql, url_env: OLD_MYSQL_URL"), &mariadb.url());
    live.report(&["run"], 0);
    let expected = people(&live);
    assert_eq!(expected.len(), 3);
    let ways: [&[&str]; 6] = [
        &[],
        &["--hex-blob"],
        &["--complete-insert", "--skip-extended-insert"],
        &["--skip-add-locks", "--skip-comments"],
        &["--replace", "--no-tablespaces", "--skip-opt", "--order-by-primary"],
        &["--databases"],
    ];
    for way in ways {
        let migration = Migration::new(&yaml("kind: sqldump, path: dump.sql"));
        if !dumped(&mariadb, &migration.path().join("dump.sql"), way) {
            return;
        }
        let report = migration.report(&["run"], 0);
        assert_eq!(dispositions(&report, "old/people"), [3, 0, 0], "{way:?}");
        assert_eq!(people(&migration), expected, "{way:?}");
        assert_eq!(migration.report(&["verify"], 0)["same"], true, "{way:?}");
    }
}

#[test]
fn a_dump_of_go_fly_is_the_same_as_its_server_and_goes_on_after_a_kill() {
    let Some(mariadb) = Mariadb::start() else { return };
    gofly::fill(&mariadb, 40, 6000);
    let yaml = "version: 1\npreset: gofly\nsources:\n  old: { kind: sqldump, path: dump.sql.gz, timezone: Asia/Shanghai }\n\
        target: { data_dir: data, orphans: detach }\ncopy: { rows: 200 }\n";
    let migration = Migration::new(yaml);
    let plain = migration.path().join("dump.sql");
    if !dumped(&mariadb, &plain, &[]) {
        return;
    }
    assert!(Command::new("gzip").arg(&plain).status().unwrap().success());
    let mut random = crate::support::random::Random::new(5);
    for _ in 0..4 {
        let mut child = migration.start(&["run"]);
        std::thread::sleep(std::time::Duration::from_millis(random.below(600)));
        child.kill().ok();
        child.wait().unwrap();
    }
    let report = migration.report(&["run"], 0);
    assert_eq!(dispositions(&report, "old/message"), [6000, 0, 0]);
    assert_eq!(gofly::said_here(&migration), gofly::said_there(&mariadb));
    gofly::assert_sound(&migration);
    // What the file has of the messages is known, so that progress can be told.
    let plan = migration.report(&["plan"], 0);
    assert_eq!(table(&plan, "old/message")["rows_estimate"], 6000);
}

fn written(sql: &str) -> Migration {
    let migration = Migration::new(
        "version: 1\nsources:\n  old: { kind: sqldump, path: dump.sql }\ntables:\n  - { from: people, to: visitor, columns: { name: name } }\n",
    );
    std::fs::write(migration.path().join("dump.sql"), sql).unwrap();
    migration
}

#[test]
fn a_dump_that_is_cut_off_or_written_otherwise_is_refused_with_its_line() {
    const TABLE: &str =
        "CREATE TABLE `people` (`id` int(11) NOT NULL, `name` varchar(9), PRIMARY KEY (`id`));\n";
    let refused = |sql: &str, code: i32, said: &str| {
        let refusal = written(sql).refusal(&["run"], code);
        assert!(refusal.contains(said) && refusal.lines().count() <= 2, "{refusal}");
    };
    let rows = "INSERT INTO `people` VALUES\n(1,'a'),\n(2,'b');\n";
    refused(&format!("{TABLE}INSERT INTO `people` VALUES\n(1,'a'),\n(2,'b"), 65, "line 4, byte ");
    refused(&format!("{TABLE}INSERT INTO `people` VALUES\n(1,'a',3);\n"), 65, "more or fewer values than");
    refused(
        &format!("{TABLE}INSERT INTO `people` VALUES (1,now());\n"),
        65,
        "is an expression, which cannot be read",
    );
    // Its writer says when it is over.
    let whole = format!("-- MariaDB dump 10.19\n{TABLE}{rows}");
    refused(&whole, 65, "it ends too early: its last line is not there");
    assert_eq!(
        dispositions(
            &written(&format!("{whole}-- Dump completed on 2026-01-01\n")).report(&["run"], 0),
            "old/people"
        ),
        [2, 0, 0]
    );
    // If that is asked for, it is read as far as it is whole, and says where that ends.
    for (sql, at) in [
        (whole, "its last line is not there"),
        (format!("{TABLE}INSERT INTO `people` VALUES\n(1,'a'),\n(2,'b'),\n(3,'c"), "line 5, byte "),
    ] {
        let migration = written(&sql);
        let report = migration.report(&["run", "--skip-corrupt-tail"], 4);
        assert_eq!(dispositions(&report, "old/people"), [2, 0, 0]);
        assert!(report["damaged"][0].as_str().unwrap().contains(at), "{report:#}");
        assert_eq!(migration.report(&["verify", "--skip-corrupt-tail"], 0)["same"], true);
    }
    refused(&format!("/*!40101 SET NAMES latin1 */;\n{TABLE}{rows}"), 3, "it is written in latin1");
    refused("PK\u{3}\u{4} this is a zip", 3, "no statement CREATE TABLE");
    refused(&TABLE.replace("people", "other"), 3, "there is no table `people`");
}

#[test]
fn a_plain_dump_of_postgresql_comes_over() {
    let migration = written(
        "SET standard_conforming_strings = on;
CREATE TABLE public.people (
    id bigint NOT NULL,
    name character varying,
    blocked boolean DEFAULT false NOT NULL
);
COPY public.people (id, name, blocked) FROM stdin;
1\tcaf\u{e9}\\t\\\\N\tt
2\t\\N\tf
\\.
ALTER TABLE ONLY public.people ADD CONSTRAINT people_pkey PRIMARY KEY (id);
",
    );
    assert_eq!(dispositions(&migration.report(&["run"], 0), "old/people"), [2, 0, 0]);
    assert_eq!(
        migration.query("SELECT name FROM visitor ORDER BY key"),
        [[json!("caf\u{e9}\t\\N")], [json!("")]]
    );
}
