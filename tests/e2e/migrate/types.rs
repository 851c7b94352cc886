//! Values that drivers and other migrators lose.

use serde_json::{Value, json};

use super::{Migration, dispositions, mariadb::Mariadb, table};

fn yaml(rules: &str, fields: &str) -> String {
    format!(
        "version: 1
sources:
  old: {{ kind: mysql, url_env: OLD_MYSQL_URL, timezone: Asia/Shanghai }}
rules: {{ {rules} }}
tables:
  - from: people
    to: visitor
    columns: {{ name: name, created_at: born }}
    fields:
{fields}
"
    )
}

#[test]
fn no_type_of_a_server_is_lost_on_the_way() {
    let Some(mariadb) = Mariadb::start() else { return };
    mariadb.old(
        "CREATE TABLE people (id bigint unsigned PRIMARY KEY, name varchar(20) CHARACTER SET latin1, born datetime(6),
            big bigint unsigned, money decimal(30,10), bits bit(10), kind enum('a','b'), kinds set('x','y','z'),
            doc json, gbk varchar(20) CHARACTER SET gbk, since year, raw binary(4), half double, day date, at timestamp NULL,
            small tinyint(1));
         INSERT INTO people VALUES (18446744073709551615, 'caf\u{e9}', '2026-05-06 08:00:00.000001', 18446744073709551615,
            12345678901234567890.0123456789, b'1000000001', 'b', 'x,z', '{\"a\": [1, \"\u{1f468}\u{200d}\u{1f469}\"]}', '退款',
            0, X'61620000', 0.1, '0009-12-04', '2026-05-06 00:00:00', 2),
            (0, '', '1970-01-01 08:00:00', 0, 0, b'0', 'a', '', 'null', '', 2155, X'00000000', -1e300, '9999-12-31', NULL, 0);",
    );
    let fields = "      attributes: { object: [big, money, bits, kind, kinds, doc, gbk, since, raw, half, day, at, small] }";
    let migration = Migration::of_server(&yaml("", fields), &mariadb.url());
    let report = migration.report(&["run"], 0);
    assert_eq!(dispositions(&report, "old/people"), [2, 0, 0]);
    let rows = migration.query("SELECT name, created_at, attributes FROM visitor ORDER BY created_at DESC");
    assert_eq!((&rows[0][0], &rows[0][1]), (&json!("café"), &json!(1_778_025_600_000_001_i64)));
    let attributes: Value = serde_json::from_str(rows[0][2].as_str().unwrap()).unwrap();
    assert_eq!(
        attributes,
        json!({
            "big": 18_446_744_073_709_551_615_u64, "money": "12345678901234567890.0123456789", "bits": 513,
            "kind": "b", "kinds": "x,z", "doc": "{\"a\": [1, \"\u{1f468}\u{200d}\u{1f469}\"]}", "gbk": "退款",
            "since": "0000", "raw": "ab", "half": 0.1, "day": "0009-12-04",
            "at": mariadb.old("SET time_zone = '+00:00'; SELECT at FROM people WHERE at IS NOT NULL").trim(), "small": 2
        })
    );
    assert_eq!((&rows[1][0], &rows[1][1]), (&json!(""), &json!(0)));
    assert_eq!(table(&report, "old/people")["changed"]["nul removed in raw"], 2);
    assert_eq!(migration.report(&["verify"], 0)["same"], true);
}

#[test]
fn dates_that_there_are_not_follow_their_rules_and_are_counted() {
    let Some(mariadb) = Mariadb::start() else { return };
    mariadb.old(
        "SET sql_mode = 'ALLOW_INVALID_DATES';
         CREATE TABLE people (id int PRIMARY KEY, name varchar(20), born datetime, seen date);
         INSERT INTO people VALUES (1, 'a', '0000-00-00 00:00:00', '2026-01-01'), (2, 'b', '2026-02-30', '2026-01-01'),
            (3, 'c', '2026-02-00', '0000-00-00'), (4, 'd', NULL, NULL), (5, 'e', '0009-12-04', '2026-01-01');",
    );
    let fields = "      last_seen_at: { column: seen }";
    let migration = Migration::of_server(&yaml("", fields), &mariadb.url());
    let report = migration.report(&["run"], 4);
    assert_eq!(dispositions(&report, "old/people"), [3, 0, 2]);
    assert_eq!(table(&report, "old/people")["changed"], json!({ "zero_date in born": 1 }));
    let letters = migration.letters();
    let said: Vec<_> = letters
        .iter()
        .map(|letter| json!([letter["key"], letter["column"], letter["code"], letter["raw"]]))
        .collect();
    assert_eq!(
        said,
        [
            json!(["2", "born", "partial_date", "2026-02-30 00:00:00"]),
            json!(["3", "born", "partial_date", "2026-02-00 00:00:00"])
        ]
    );

    // Another rule, and what was dead comes over.
    migration.write(&yaml("zero_date: reject, partial_date: first", fields));
    let refusal = migration.refusal(&["run"], 3);
    assert!(refusal.contains("the mapping of `old/people` is another one than before"), "{refusal}");
    let report = migration.report(&["run", "--accept-change"], 4);
    assert_eq!(dispositions(&report, "old/people"), [3, 0, 2]);
    let codes: Vec<_> =
        migration.letters().iter().map(|letter| json!([letter["key"], letter["code"]])).collect();
    assert_eq!(codes, [json!(["1", "zero_date"]), json!(["3", "zero_date"])]);
    mariadb.old("UPDATE people SET born = '2026-01-01' WHERE id = 1");
    let report = migration.report(&["dead-letter", "retry"], 4);
    assert_eq!(dispositions(&report, "old/people"), [4, 0, 1]);
    assert_eq!(migration.letters().len(), 1);
}

#[test]
fn bytes_that_are_no_text_follow_their_rule() {
    let Some(mariadb) = Mariadb::start() else { return };
    mariadb.old(
        "CREATE TABLE people (id int PRIMARY KEY, name blob, born datetime);
         INSERT INTO people VALUES (1, X'636166E9', '2026-01-01'), (2, X'E4BDA0', '2026-01-01');",
    );
    let migration = Migration::of_server(&yaml("", ""), &mariadb.url());
    assert_eq!(dispositions(&migration.report(&["run"], 4), "old/people"), [1, 0, 1]);
    let letters = migration.letters();
    assert_eq!(
        (&letters[0]["code"], &letters[0]["raw_base64"]),
        (&json!("invalid_utf8"), &json!("Y2Fm6Q=="))
    );
    let replace = Migration::of_server(&yaml("invalid_utf8: replace", ""), &mariadb.url());
    let report = replace.report(&["run"], 0);
    assert_eq!(table(&report, "old/people")["changed"], json!({ "invalid_utf8 replaced in name": 1 }));
    assert_eq!(
        replace.query("SELECT name FROM visitor ORDER BY name"),
        [[json!("caf\u{fffd}")], [json!("你")]]
    );
}

/// Pages follow keys of several columns, of text that its collation sorts in its own way, and beyond what is signed.
#[test]
fn keys_of_every_kind_are_paged_through_without_a_loss() {
    let Some(mariadb) = Mariadb::start() else { return };
    let mut sql = String::from(
        "CREATE TABLE people (a int, b varchar(20) COLLATE utf8mb4_general_ci, name varchar(40), born datetime, PRIMARY KEY (a, b))
            DEFAULT CHARSET=utf8mb4;\n",
    );
    for a in [-3, 0, 7] {
        for b in ["", "Z", "a", "B", "é", "中", "a b", "%", "_"] {
            sql += &format!("INSERT INTO people VALUES ({a}, '{b}', '{a}/{b}', '2026-01-01');\n");
        }
    }
    mariadb.old(&sql);
    let yaml = format!("{}copy: {{ rows: 2 }}\n", yaml("", ""));
    let migration = Migration::of_server(&yaml, &mariadb.url());
    assert_eq!(dispositions(&migration.report(&["run"], 0), "old/people"), [27, 0, 0]);
    let mut there: Vec<_> = mariadb.old("SELECT name FROM people").lines().map(|name| json!(name)).collect();
    there.sort_by_key(Value::to_string);
    let mut here: Vec<_> = migration.query("SELECT name FROM visitor").into_iter().flatten().collect();
    here.sort_by_key(Value::to_string);
    assert_eq!(here, there);
    assert_eq!(migration.report(&["verify"], 0)["same"], true);
}
