use proptest::prelude::*;

use super::*;

fn reader(sql: &str) -> Reader<&[u8]> {
    Reader::new(Lexer::new(sql.as_bytes(), 0, 1), "", Session::default())
}

/// The statements that say something, and the rows of those that have any.
fn read(sql: &str) -> Vec<(Statement, Vec<Vec<String>>)> {
    let mut reader = reader(sql);
    let mut found = Vec::new();
    while let Some(statement) = reader.next().unwrap() {
        let mut rows = Vec::new();
        if let Statement::Rows { form, .. } = &statement {
            let mut row = Row::default();
            while reader.row(*form, &mut row).unwrap() {
                rows.push(shown(&row));
            }
        }
        if statement != Statement::Other {
            found.push((statement, rows));
        }
    }
    found
}

fn shown(row: &Row) -> Vec<String> {
    let text = |range: &Range<usize>| String::from_utf8_lossy(&row.bytes[range.clone()]).into_owned();
    let cell = |cell: &Cell| match cell {
        Cell::Null => "null".to_owned(),
        Cell::Number(range) => text(range),
        Cell::Text(range) => format!("'{}'", text(range)),
        Cell::Bytes(range) => format!("x{}", text(range)),
    };
    row.cells.iter().map(cell).collect()
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn a_table_is_known_by_its_columns_and_keys() {
    let sql = "/*!40101 SET @saved_cs_client = @@character_set_client */;
CREATE TABLE `odd``name` (
  `id` bigint(20) unsigned NOT NULL AUTO_INCREMENT COMMENT 'not, a (primary key',
  `kind` enum('a','b''c') NOT NULL DEFAULT 'a',
  `at` timestamp NULL DEFAULT NULL,
  `twice` int(11) GENERATED ALWAYS AS (`id` * (2 + 1)) STORED,
  PRIMARY KEY (`id`),
  UNIQUE KEY `kinds` (`kind`,`id`) USING BTREE,
  UNIQUE KEY `ats` (`at`),
  UNIQUE KEY `part` (`kind`(3)),
  KEY `other` (`kind`),
  CONSTRAINT `c` FOREIGN KEY (`kind`) REFERENCES `t` (`a`, `b`) ON DELETE CASCADE
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;";
    let found = read(sql);
    let [(Statement::Create(created), _)] = &found[..] else { panic!("{found:?}") };
    assert_eq!(created.name, "odd`name");
    let column = |name: &str, declared: &str| (name.to_owned(), declared.to_owned());
    assert_eq!(
        created.columns,
        [
            column("id", "bigint(20) unsigned"),
            column("kind", "enum('a','b'c')"),
            column("at", "timestamp"),
            column("twice", "int(11)")
        ]
    );
    assert_eq!(created.key, ["id"]);
    // NULL may stand more than once in what may be NULL, and a part of a column is not the column.
    assert_eq!(created.unique, [names(&["kind", "id"])]);
}

#[test]
fn rows_are_read_however_they_are_written() {
    let sql = "INSERT INTO `t` VALUES
(1,'it''s',NULL,-1.5e3,0x4142,_binary 'a\\0b',_utf8mb4'x',TRUE),
(2,\"d\",null,+7,X'','',b'1',false);
REPLACE INTO db.t (`a`, b) VALUES (1,2),(3,4) ON DUPLICATE KEY UPDATE a = VALUES(a);";
    let mut reader = reader(sql);
    let mut row = Row::default();
    let rows = |table: &str, columns: &[&str]| {
        Some(Statement::Rows { table: table.to_owned(), columns: names(columns), form: Form::Insert })
    };
    assert_eq!(reader.next().unwrap(), rows("t", &[]));
    assert!(reader.row(Form::Insert, &mut row).unwrap());
    assert_eq!(shown(&row), ["1", "'it's'", "null", "-1.5e3", "xAB", "xa\0b", "'x'", "1"]);
    assert!(reader.row(Form::Insert, &mut row).unwrap());
    assert_eq!(shown(&row), ["2", "'d'", "null", "7", "x", "''", "x\u{1}", "0"]);
    assert!(!reader.row(Form::Insert, &mut row).unwrap());
    assert_eq!(reader.next().unwrap(), rows("db.t", &["a", "b"]));
    assert_eq!(reader.skip_rows(Form::Insert).unwrap(), 3);
    assert_eq!(reader.next().unwrap(), None);
}

#[test]
fn what_stands_between_other_delimiters_is_no_row() {
    let sql = "DELIMITER ;;
CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW BEGIN INSERT INTO t VALUES (9); SET @a = 'it''s;;'; END ;;
DELIMITER ;
INSERT INTO t VALUES (1);";
    let found = read(sql);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].1, [["1"]]);
}

#[test]
fn what_a_session_sets_is_known() {
    let said = |sql: &str| {
        let mut reader = reader(sql);
        while reader.next().unwrap().is_some() {}
        (reader.session.clone(), reader.database().to_owned())
    };
    let (session, database) = said(
        "/*!40101 SET NAMES latin1 */; /*!40103 SET TIME_ZONE='+00:00' */; USE `a b`;
        SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='ANSI,NO_BACKSLASH_ESCAPES'; SET TIME_ZONE=@OLD_TIME_ZONE;",
    );
    assert_eq!((session.charset.as_str(), session.is_utc, session.has_escapes), ("latin1", true, false));
    assert_eq!(database, "a b");
    let (session, _) = said("SET client_encoding = 'UTF8'; SET standard_conforming_strings = on;");
    assert_eq!((session.charset.as_str(), session.has_escapes), ("utf8", false));
}

#[test]
fn a_dump_of_postgresql_is_read_too() {
    let sql = "\\restrict abc
CREATE FUNCTION public.f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN x := 'it''s; '; END; $$;
CREATE TABLE public.messages (
    id bigint NOT NULL,
    content text,
    created_at timestamp(6) without time zone NOT NULL,
    \"private\" boolean DEFAULT false,
    kind character varying(255)
);
COPY public.messages (id, content, created_at, private, kind) FROM stdin;
1\ta\\tb\\\\c\\x41\\101\t2026-01-01 00:00:00\tt\t\\N
2\t\t2026-01-01 00:00:00\tf\tx
\\.

ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_pkey PRIMARY KEY (id);
";
    let found = read(sql);
    let [(Statement::Create(created), _), (Statement::Rows { table, columns, form }, rows), (key, _)] =
        &found[..]
    else {
        panic!("{found:#?}")
    };
    assert_eq!(created.columns[2].1, "timestamp(6) without time zone");
    assert_eq!(created.columns[4].1, "character varying(255)");
    assert_eq!((table.as_str(), columns.len(), *form), ("messages", 5, Form::Copy));
    assert_eq!(rows[0], ["'1'", "'a\tb\\cAA'", "'2026-01-01 00:00:00'", "'t'", "null"]);
    assert_eq!(rows[1][1], "''");
    let expected = Statement::Key { table: "messages".to_owned(), is_primary: true, columns: names(&["id"]) };
    assert_eq!(*key, expected);
}

#[test]
fn what_cannot_be_read_is_said_with_its_line() {
    let fault = |sql: &str| {
        let mut reader = reader(sql);
        let mut row = Row::default();
        loop {
            let read = match reader.next() {
                Ok(Some(Statement::Rows { form, .. })) => loop {
                    match reader.row(form, &mut row) {
                        Ok(true) => {}
                        Ok(false) => break Ok(()),
                        Err(fault) => break Err(fault),
                    }
                },
                Ok(Some(_)) => Ok(()),
                Ok(None) => panic!("nothing is wrong"),
                Err(fault) => Err(fault),
            };
            match read {
                Ok(()) => {}
                Err(Fault::Broken { line, what, .. }) => return (line, what),
                Err(Fault::Unread(error)) => panic!("{error}"),
            }
        }
    };
    assert_eq!(fault("INSERT INTO t VALUES\n(1,2"), (2, "it ends too early"));
    assert_eq!(
        fault("INSERT INTO t VALUES (1,\nnow())"),
        (2, "a value is an expression, which cannot be read")
    );
    assert_eq!(fault("INSERT INTO t VALUES (1 2)"), (1, "here should be a comma or the end of a row"));
    assert_eq!(
        fault("\nINSERT INTO t SELECT 1;"),
        (2, "here should be VALUES: rows that are selected cannot be read")
    );
    assert_eq!(fault("COPY t (a) FROM stdin;\n1\n"), (3, "it ends too early"));
    assert_eq!(fault("CREATE TABLE t (`a` int,"), (1, "a table has no end"));
}

proptest! {
    #[test]
    fn no_file_panics(
        words in proptest::collection::vec(
            prop_oneof![
                Just("CREATE TABLE"), Just("INSERT INTO"), Just("COPY"), Just("VALUES"), Just("("), Just(")"), Just(","),
                Just(";"), Just("\n"), Just("'a'"), Just("`b`"), Just("NULL"), Just("-"), Just("1"), Just("_binary"),
                Just("PRIMARY KEY"), Just("/*!40101"), Just("*/"), Just("SET"), Just("="), Just("FROM stdin"), Just("\\."),
                Just("DELIMITER |"), Just("$$"), Just("ALTER TABLE"), Just("USE"), Just("."), Just("\"c\"")
            ],
            0..40,
        ),
    ) {
        let sql = words.join(" ");
        let mut reader = reader(&sql);
        let mut row = Row::default();
        while let Ok(Some(statement)) = reader.next() {
            if let Statement::Rows { form, .. } = statement {
                while matches!(reader.row(form, &mut row), Ok(true)) {}
            }
        }
    }
}
