//! Databases of SQL.

use serde_json::json;

use super::{
    super::open,
    people::{self, Limits, NAMES},
    *,
};
use crate::source::{Keys, TroubleKind};

/// Fills `people` over declared changes, and reads it in all ways.
async fn everything_is_as_the_rows_say(source: &dyn Source, limits: Limits, casts: [&str; 9]) {
    let target = people::people(json!({"table": "people"}), "id");
    let rows = people::rows(limits);
    let places: Vec<String> = NAMES
        .iter()
        .zip(casts)
        .map(
            |(name, cast)| {
                if cast.is_empty() { format!(":{name}") } else { format!("CAST(:{name} AS {cast})") }
            },
        )
        .collect();
    let insert = json!({"statement": format!("INSERT INTO people VALUES ({})", places.join(", "))});
    for row in &rows {
        let arguments: Vec<(&str, Given)> = NAMES.into_iter().zip(row.iter().cloned()).collect();
        source.call(&change(&target, insert.clone(), &arguments)).await.unwrap();
    }
    people::checked(source, &target, &rows, limits).await;
}

async fn run(source: &dyn Source, statements: &[&str]) {
    let nothing = target("Nothing", vec![column("affected_rows", Scalar::BigInt)], json!({}));
    for statement in statements {
        let call = change(&nothing, json!({"statement": statement}), &[]);
        if let Err(error) = source.call(&call).await {
            panic!("{statement}: {error}");
        }
    }
}

/// What is wrong is said by name, and says nothing of values.
async fn mistakes_are_named(source: &dyn Source) {
    let lost = target("Lost", vec![column("id", Scalar::Int)], json!({"table": "no_such_table"}));
    let error = refusal(source, &everything(&lost)).await;
    assert!(error.kind == TroubleKind::Refused && error.text.contains("no_such_table"), "{error}");
    let column_lost = target("Lost", vec![column("no_such_column", Scalar::Int)], json!({"table": "people"}));
    let error = refusal(source, &everything(&column_lost)).await;
    assert!(error.kind == TroubleKind::Refused && error.text.contains("no_such_column"), "{error}");
    let misfit = target("Wrong", vec![column("name", Scalar::Int)], json!({"table": "people"}));
    let error = refusal(source, &everything(&misfit)).await;
    assert_eq!(
        (error.kind, error.text.as_str()),
        (TroubleKind::Garbage, "column `name` of `Wrong`: found a text where an Int is promised")
    );
    for (access, key) in
        [(json!({"tabel": "people"}), "tabel"), (json!({}), "table"), (json!({"table": 1}), "table")]
    {
        let wrong = target("Wrong", vec![column("id", Scalar::Int)], access);
        assert!(source.check(&wrong).unwrap_err().contains(key));
    }
    let id = target("Wrong", vec![column("id", Scalar::Int)], json!({"table": "people"}));
    let unknown =
        source.check_call(&json!({"statement": "DELETE FROM people WHERE id = :id"}), &["other"], &id);
    assert_eq!(unknown.unwrap_err(), "statement: `:id` is none of the arguments");
}

/// A key that the column cannot hold is not found, and spoils nothing for the others.
async fn strange_keys_match_nothing(source: &dyn Source) {
    let target = target("Person", vec![column("id", Scalar::Id)], json!({"table": "people"}));
    let texts = ["1", "01", "+1", "1x", "x", "", "1.0", "'", "\0", "1e0", " 1", "99999999999999999999", "2"];
    let values = texts.map(|text| Given::Text(text.to_owned())).to_vec();
    let mut found =
        fetched(source, &Fetch { keys: Some(Keys { column: 0, values }), ..everything(&target) }).await;
    found.sort();
    assert_eq!(found, [["'1'"], ["'2'"]]);
}

/// What an answer is longer than is not read.
async fn long_answers_are_refused(source: &dyn Source) {
    let target = target("Long", vec![column("text", Scalar::String)], json!({"table": "long_texts"}));
    let error = refusal(source, &everything(&target)).await;
    assert_eq!(error.kind, TroubleKind::TooMuch, "{error}");
}

/// What takes too long ends in time, and at the server too.
async fn what_hangs_is_stopped(source: &dyn Source) {
    let slow = target("Slow", vec![column("id", Scalar::Int)], json!({"table": "slow"}));
    let begun = Instant::now();
    let fetch = Fetch { deadline: begun + Duration::from_millis(600), ..everything(&slow) };
    let error = refusal(source, &fetch).await;
    assert_eq!(error.kind, TroubleKind::Timeout, "{error}");
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[tokio::test]
async fn sqlite_answers_as_the_rows_say() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.db"), b"").unwrap();
    let settings = json!({"file": "a.db", "bytes_max": "1 MiB"});
    let source = open("sqlite", &settings, dir.path()).await.unwrap();
    run(
        &*source,
        &[
            "CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT, level INTEGER, score REAL, big BIGINT,
                price NUMERIC, at TEXT, day TEXT, state TEXT)",
            "CREATE VIEW many AS WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n LIMIT 10000000) SELECT id FROM n",
            "CREATE VIEW slow AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS id FROM n",
            "CREATE VIEW long_texts AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100)
                SELECT hex(zeroblob(100000)) AS text FROM n",
        ],
    )
    .await;
    let limits = Limits { has_nul: true, big_max: i64::MAX.unsigned_abs() };
    everything_is_as_the_rows_say(&*source, limits, [""; 9]).await;
    mistakes_are_named(&*source).await;
    strange_keys_match_nothing(&*source).await;
    long_answers_are_refused(&*source).await;
    what_hangs_is_stopped(&*source).await;
    // Counting without end would go on beneath.
    eventually("no statement runs on", || async { !is_busy().await }).await;
    let many = target("Many", vec![column("id", Scalar::Int)], json!({"table": "many"}));
    people::bounded(&*source, &many).await;
    changes_answer(&*source, "INSERT INTO people (id, name) VALUES (:id, :name) RETURNING id, name").await;
    let locked = open("sqlite", &json!({"file": "a.db", "read_only": true}), dir.path()).await.unwrap();
    let person = target("Person", vec![column("id", Scalar::Int)], json!({"table": "people"}));
    let write = json!({"statement": "DELETE FROM people"});
    assert_eq!(locked.check_call(&write, &[], &person).unwrap_err(), "statement: the source is read_only");
    assert_eq!(locked.call(&change(&person, write, &[])).await.unwrap_err().kind, TroubleKind::Refused);
    let missing = open("sqlite", &json!({"file": "b.db"}), dir.path()).await.unwrap();
    assert_eq!(refusal(&*missing, &everything(&person)).await.kind, TroubleKind::Unavailable);
}

/// Whether threads of SQLite have used a processor for a moment.
async fn is_busy() -> bool {
    let before = ticks_of_sqlite();
    tokio::time::sleep(Duration::from_millis(300)).await;
    // Of 30; others want the processor as well.
    ticks_of_sqlite().saturating_sub(before) > 5
}

/// Time on a processor, in hundredths of a second, of all threads on which SQLite runs.
fn ticks_of_sqlite() -> u64 {
    let threads = std::fs::read_dir("/proc/self/task").unwrap();
    let of_one = |thread: std::fs::DirEntry| {
        // One may end meanwhile.
        let stat = std::fs::read_to_string(thread.path().join("stat")).ok()?;
        let (head, fields) = stat.rsplit_once(") ")?;
        let (_, name) = head.split_once('(')?;
        // Its state is the third field of all; the time in its own code is the 14th, that in the system the next.
        let mut times = fields.split(' ').skip(11).map_while(|field| field.parse::<u64>().ok());
        name.starts_with("sqlx-sqlite").then_some(times.next()? + times.next()?)
    };
    threads.flatten().filter_map(of_one).sum()
}

/// A change answers what its statement returns, or the row that it changed, or how many.
async fn changes_answer(source: &dyn Source, returning: &str) {
    let person = target(
        "Person",
        vec![column("id", Scalar::Int), column("name", Scalar::String)],
        json!({"table": "people"}),
    );
    let hostile = "'); DROP TABLE people; -- 😀";
    let arguments = [("id", Given::Int(1_000)), ("name", Given::Text(hostile.to_owned()))];
    let given = [["1000".to_owned(), format!("'{hostile}'")]];
    if !returning.is_empty() {
        let rows = source.call(&change(&person, json!({"statement": returning}), &arguments)).await.unwrap();
        assert_eq!(shown(&rows), given);
    } else {
        let insert =
            json!({"statement": "INSERT INTO people (id, name) VALUES (:id, :name)", "read_back": "id"});
        source.check_call(&insert, &["id", "name"], &person).unwrap();
        assert_eq!(shown(&source.call(&change(&person, insert, &arguments)).await.unwrap()), given);
    }
    let rename = json!({"statement": "UPDATE people SET name = :name WHERE id = :id", "read_back": "id"});
    source.check_call(&rename, &["id", "name"], &person).unwrap();
    let arguments = [("id", Given::Int(1_000)), ("name", Given::Null)];
    let rows = source.call(&change(&person, rename.clone(), &arguments)).await.unwrap();
    assert_eq!(shown(&rows), [["1000", "-"]]);
    let nobody = [("id", Given::Int(-5)), ("name", Given::Null)];
    assert!(source.call(&change(&person, rename, &nobody)).await.unwrap().is_empty());
    let count = target("Count", vec![column("affected_rows", Scalar::Int)], json!({}));
    let delete = change(
        &count,
        json!({"statement": "DELETE FROM people WHERE id >= :id"}),
        &[("id", Given::Int(1_000))],
    );
    assert_eq!(shown(&source.call(&delete).await.unwrap()), [["1"]]);
    // The names of a key twice is no reason to say them.
    let twice = change(
        &person,
        json!({"statement": "INSERT INTO people (id, name) VALUES (:id, :name)"}),
        &[("id", Given::Int(1)), ("name", Given::Text("secret".to_owned()))],
    );
    let error = source.call(&twice).await.unwrap_err();
    assert!(
        error.kind == TroubleKind::Refused && !error.text.contains("secret") && !error.text.contains("'1'"),
        "{error}"
    );
}

#[cfg(feature = "mysql")]
#[tokio::test]
async fn mariadb_answers_as_the_rows_say() {
    let Some(server) = servers::Server::mariadb() else { return };
    let url = |database: &str| format!("mysql://root@127.0.0.1:{}/{database}", server.port);
    let dir = server.dir.path();
    let settings = json!({"url": url("mysql"), "bytes_max": "1 MiB"});
    let mysql = open("mysql", &settings, dir).await.unwrap();
    let nothing = target("Nothing", vec![column("affected_rows", Scalar::BigInt)], json!({}));
    let create = json!({"statement": "CREATE DATABASE IF NOT EXISTS old CHARACTER SET utf8mb4"});
    servers::until("MariaDB answers", async || {
        // Each try has a deadline of its own.
        mysql.call(&change(&nothing, create.clone(), &[])).await
    })
    .await;
    let settings = json!({"url": url("old"), "bytes_max": "1 MiB"});
    let source = open("mysql", &settings, dir).await.unwrap();
    run(
        &*source,
        &[
            "CREATE TABLE people (id INT PRIMARY KEY, name VARCHAR(100) COLLATE utf8mb4_nopad_bin, level SMALLINT, score DOUBLE,
                big BIGINT UNSIGNED, price DECIMAL(30, 4), at DATETIME(6), day DATE, state ENUM('SHUT', 'OPEN'))",
            "CREATE VIEW many AS SELECT seq AS id FROM seq_1_to_10000000",
            "CREATE VIEW slow AS SELECT SLEEP(60) AS id",
            "CREATE VIEW long_texts AS SELECT REPEAT('x', 100000) AS text FROM seq_1_to_100",
            "CREATE TABLE odd (id INT, bits BIT(12), bin BINARY(2), tiny TINYINT UNSIGNED, f FLOAT, ts TIMESTAMP NULL,
                j JSON, y YEAR, t TIME, zero DATETIME)",
            "INSERT INTO odd VALUES (1, b'101', 'ab', 200, 0.5, '2026-11-29 08:00:00', '{\"a\":{\"b\":[1]}}', 2026, '-12:00:00', '0000-00-00')",
            "INSERT INTO odd VALUES (2, NULL, x'ff01', NULL, NULL, NULL, NULL, NULL, NULL, NULL)",
        ],
    )
    .await;
    everything_is_as_the_rows_say(&*source, Limits { has_nul: true, big_max: u64::MAX }, [""; 9]).await;
    mistakes_are_named(&*source).await;
    strange_keys_match_nothing(&*source).await;
    long_answers_are_refused(&*source).await;
    let many = target("Many", vec![column("id", Scalar::Int)], json!({"table": "many"}));
    people::bounded(&*source, &many).await;
    what_hangs_is_stopped(&*source).await;
    let running = target(
        "Running",
        vec![column("INFO", Scalar::String)],
        json!({"table": "information_schema.PROCESSLIST"}),
    );
    eventually("the server has stopped the statement", || async {
        let infos = fetched(&*source, &everything(&running)).await;
        !infos.iter().any(|info| info[0].contains("`slow`"))
    })
    .await;
    // What was open when the server let go of it is opened again.
    let columns = vec![column("ID", Scalar::BigInt), column("COMMAND", Scalar::String)];
    let open_ones = target("Open", columns, json!({"table": "information_schema.PROCESSLIST"}));
    let idle = servers::until("connections are idle", async || {
        // The server says so a moment after it has answered.
        let all = fetched(&*mysql, &everything(&open_ones)).await;
        let idle: Vec<_> = all.into_iter().filter(|one| one[1] == "'Sleep'").collect();
        if idle.is_empty() { Err("none is") } else { Ok(idle) }
    })
    .await;
    for one in idle {
        let kill = change(&nothing, json!({"statement": format!("KILL {}", one[0])}), &[]);
        // One that has ended by itself is no longer known.
        if let Err(error) = mysql.call(&kill).await {
            assert!(error.text.contains("(error 1094)"), "{error}");
        }
    }
    odd_types_fit(&*source).await;
    changes_answer(&*source, "").await;
    changes_answer(&*source, "INSERT INTO people (id, name) VALUES (:id, :name) RETURNING id, name").await;
    drafts::tables_are_drafted("oldShop", "mysql", json!({"url": url("old")})).await;
    let bad = json!({"url": "mysql://root:wrong@127.0.0.1:1/old"});
    let lost = open("mysql", &bad, dir).await.unwrap();
    assert_eq!(refusal(&*lost, &everything(&many)).await.kind, TroubleKind::Unavailable);
    for (settings, path) in [
        (json!({"url": "mysql://root:secret@127.0.0.1/"}), "url"),
        (json!({"url": "postgres://127.0.0.1/x"}), "url"),
        (json!({"url": 1}), "url"),
        (json!({"url": "mysql://x/y", "poll": 3}), "poll"),
    ] {
        let error = open("mysql", &settings, dir).await.map(drop).unwrap_err();
        assert!(error.path == path && !error.text.contains("secret"), "{error}");
    }
}

#[cfg(feature = "mysql")]
async fn odd_types_fit(source: &dyn Source) {
    let columns = vec![
        column("id", Scalar::Int),
        column("bits", Scalar::Int),
        column("tiny", Scalar::Int),
        column("f", Scalar::Float),
        column("ts", Scalar::DateTime),
        column("j", Scalar::Json),
        column("j.a.b.0", Scalar::Int),
        column("y", Scalar::Int),
        column("t", Scalar::String),
        column("zero", Scalar::DateTime),
    ];
    let odd = target("Odd", columns, json!({"table": "odd"}));
    let order = vec![crate::source::Order { column: 0, is_descending: false }];
    let found = fetched(source, &Fetch { order: order.clone(), ..everything(&odd) }).await;
    let moment = "@1795939200000000";
    assert_eq!(
        found[0],
        ["1", "5", "200", "0.5", moment, r#"{"a":{"b":[1]}}"#, "1", "2026", "'-12:00:00'", "-"]
    );
    assert_eq!(found[1][1..], ["-"; 9]);
    let bytes = target("Odd", vec![column("bin", Scalar::String)], json!({"table": "odd"}));
    let error = refusal(source, &Fetch { order: Vec::new(), ..everything(&bytes) }).await;
    assert_eq!(
        (error.kind, error.text.as_str()),
        (TroubleKind::Garbage, "column `bin` of `Odd`: found bytes that are no text in UTF-8")
    );
    let inner =
        crate::Filter::Compare { column: 6, by: crate::Comparison::Equal, values: vec![Given::Int(1)] };
    let error = refusal(source, &Fetch { filter: Some(inner), ..everything(&odd) }).await;
    assert_eq!(error.kind, TroubleKind::Refused);
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn postgres_answers_as_the_rows_say() {
    let Some(server) = servers::Server::postgres() else { return };
    let dir = server.dir.path();
    let settings =
        json!({"url": format!("postgres://kefu@127.0.0.1:{}/postgres", server.port), "bytes_max": "1 MiB"});
    let source = open("postgres", &settings, dir).await.unwrap();
    let nothing = target("Nothing", vec![column("affected_rows", Scalar::BigInt)], json!({}));
    // What can be tried again, even if it was done and its answer did not come.
    let harmless = json!({"statement": "DROP TYPE IF EXISTS state"});
    servers::until("PostgreSQL answers", async || {
        // Each try has a deadline of its own.
        source.call(&change(&nothing, harmless.clone(), &[])).await
    })
    .await;
    run(
        &*source,
        &[
            "CREATE TYPE state AS ENUM ('SHUT', 'OPEN')",
            "CREATE TABLE people (id integer PRIMARY KEY, name text, level smallint, score double precision,
                big numeric(20), price numeric(30, 4), at timestamptz, day date, state state)",
            "CREATE VIEW many AS SELECT generate_series(1, 10000000) AS id",
            "CREATE VIEW slow AS SELECT 1 AS id, pg_sleep(60)::text AS kefu_slow",
            "CREATE VIEW long_texts AS SELECT repeat('x', 100000) AS text FROM generate_series(1, 100)",
            "CREATE TABLE odd (id uuid, bytes bytea, list integer[], at timestamp, j jsonb, net inet, n numeric)",
            "INSERT INTO odd VALUES ('0198b3a0-0000-7000-8000-000000000001', 'ab', '{1,2}', '2026-11-29 08:00:00.5',
                '{\"a\": [true]}', '10.0.0.1', 12345678901234567890.5)",
        ],
    )
    .await;
    let casts = ["integer", "", "smallint", "", "numeric", "numeric", "timestamptz", "date", "state"];
    everything_is_as_the_rows_say(&*source, Limits { has_nul: false, big_max: u64::MAX }, casts).await;
    mistakes_are_named(&*source).await;
    strange_keys_match_nothing(&*source).await;
    long_answers_are_refused(&*source).await;
    let many = target("Many", vec![column("id", Scalar::Int)], json!({"table": "many"}));
    people::bounded(&*source, &many).await;
    let slow = vec![column("id", Scalar::Int), column("kefu_slow", Scalar::String)];
    let slow = target("Slow", slow, json!({"table": "slow"}));
    let fetch = Fetch { deadline: Instant::now() + Duration::from_millis(600), ..everything(&slow) };
    assert_eq!(refusal(&*source, &fetch).await.kind, TroubleKind::Timeout);
    let columns = vec![column("state", Scalar::String), column("query", Scalar::String)];
    let running = target("Running", columns, json!({"table": "pg_catalog.pg_stat_activity"}));
    eventually("the server has stopped the statement", || async {
        let all = fetched(&*source, &everything(&running)).await;
        !all.iter().any(|row| row[0] == "'active'" && row[1].contains("kefu_slow"))
    })
    .await;
    let mut columns = vec![
        column("id", Scalar::Id),
        column("bytes", Scalar::String),
        column("list", Scalar::Int),
        column("at", Scalar::DateTime),
        column("j.a.0", Scalar::Boolean),
        column("net", Scalar::String),
        column("n", Scalar::Decimal),
    ];
    columns[2].is_list = true;
    let odd = target("Odd", columns, json!({"table": "odd"}));
    let id = "0198b3a0-0000-7000-8000-000000000001";
    let keys = ["x", id].map(|text| Given::Text(text.to_owned())).to_vec();
    let found =
        fetched(&*source, &Fetch { keys: Some(Keys { column: 0, values: keys }), ..everything(&odd) }).await;
    let moment = "@1795939200500000";
    assert_eq!(
        found,
        [[&format!("'{id}'"), "'ab'", "[1,2]", moment, "true", "'10.0.0.1/32'", "'12345678901234567890.5'"]]
    );
    let net = crate::Filter::Compare {
        column: 5,
        by: crate::Comparison::Begins,
        values: vec![Given::Text("10.".to_owned())],
    };
    assert_eq!(fetched(&*source, &Fetch { filter: Some(net), ..everything(&odd) }).await.len(), 1);
    let url = format!("postgres://kefu@127.0.0.1:{}/postgres", server.port);
    drafts::tables_are_drafted("old_shop", "postgres", json!({"url": url})).await;
    changes_answer(&*source, "INSERT INTO people (id, name) VALUES (:id, :name) RETURNING id, name").await;
}
