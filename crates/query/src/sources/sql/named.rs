//! Statements of declared changes, whose values have names: `:name`.

use std::fmt::Write as _;

use super::{
    bind::{Bind, Statement},
    dialect::{Dialect, Times},
};
use crate::{
    scalar::Value,
    sources::zone::{self, Zone},
};

/// A piece of a statement.
#[derive(Debug, Eq, PartialEq)]
enum Piece<'s> {
    Text(&'s str),
    Name(&'s str),
}

/// Takes a statement apart at its names, which are none within quotes and comments.
fn pieces(sql: &str) -> Result<Vec<Piece<'_>>, String> {
    let bytes = sql.as_bytes();
    let (mut pieces, mut from, mut at) = (Vec::new(), 0, 0);
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    while at < bytes.len() {
        let rest = &sql[at..];
        let next = match bytes[at] {
            quote @ (b'\'' | b'"' | b'`') => {
                let end = rest[1..].find(char::from(quote)).ok_or("statement: a quote is not closed")?;
                at + end + 2
            }
            b'-' if rest.starts_with("--") => rest.find('\n').map_or(bytes.len(), |end| at + end),
            b'/' if rest.starts_with("/*") => {
                at + rest.find("*/").ok_or("statement: a comment is not closed")? + 2
            }
            b';' if !rest[1..].trim().is_empty() => {
                return Err("statement: there is something behind a semicolon".to_owned());
            }
            b'?' | b'$' => return Err("statement: values have names, such as :id".to_owned()),
            b':' if rest.starts_with("::") => at + 2,
            b':' if bytes.get(at + 1).is_some_and(is_name) => {
                let end = bytes[at + 1..].iter().position(|byte| !is_name(byte));
                let end = end.map_or(bytes.len(), |end| at + 1 + end);
                pieces.extend([Piece::Text(&sql[from..at]), Piece::Name(&sql[at + 1..end])]);
                from = end;
                end
            }
            _ => at + rest.chars().next().map_or(1, char::len_utf8),
        };
        at = next;
    }
    pieces.push(Piece::Text(&sql[from..]));
    Ok(pieces)
}

/// The names in a statement.
pub(super) fn names(sql: &str) -> Result<Vec<&str>, String> {
    let pieces = pieces(sql)?.into_iter();
    Ok(pieces.filter_map(|piece| if let Piece::Name(name) = piece { Some(name) } else { None }).collect())
}

/// A statement with the values of its names; what is not given is null.
pub(super) fn bound(
    dialect: Dialect,
    sql: &str,
    arguments: &[(String, Value)],
    zone: Zone,
) -> Result<Statement, String> {
    let mut statement = Statement::default();
    for piece in pieces(sql)? {
        match piece {
            Piece::Text(text) => statement.push(text),
            Piece::Name(name) => {
                let value = arguments.iter().find(|(known, _)| known == name);
                // A value that is none has no type, which this server asks every place for.
                if dialect == Dialect::Postgres && value.is_none_or(|(_, value)| *value == Value::Null) {
                    statement.push("NULL");
                    continue;
                }
                statement.binds.push(bind(dialect, value.map_or(&Value::Null, |(_, value)| value), zone));
                match dialect {
                    Dialect::Postgres => {
                        let number = statement.binds.len();
                        write!(statement.sql, "${number}").expect("a text takes what is written to it");
                    }
                    Dialect::MySql | Dialect::Sqlite { .. } => statement.push("?"),
                }
            }
        }
    }
    Ok(statement)
}

fn bind(dialect: Dialect, value: &Value, zone: Zone) -> Bind {
    match value {
        Value::Null => Bind::Null,
        Value::Boolean(value) => Bind::Boolean(*value),
        Value::Int(number) => Bind::Int(*number),
        Value::Unsigned(number) => Bind::Unsigned(*number),
        Value::Float(number) => Bind::Float(*number),
        Value::Text(text) => Bind::Text(text.clone()),
        Value::Json(json) => Bind::Text(json.to_string()),
        Value::Moment(moment) => match dialect {
            Dialect::Sqlite { times: Times::Seconds } => Bind::Int(moment.0.div_euclid(1_000_000)),
            Dialect::Sqlite { times: Times::Milliseconds } => Bind::Int(moment.0.div_euclid(1_000)),
            Dialect::Sqlite { times: Times::Microseconds } => Bind::Int(moment.0),
            Dialect::Postgres => zone::rfc3339(*moment).map_or(Bind::Null, Bind::Text),
            Dialect::MySql | Dialect::Sqlite { .. } => {
                zone.time(*moment).map_or(Bind::Null, |time| Bind::Text(zone::sql(time)))
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_found_where_they_are_names() {
        let sql = "UPDATE t SET a = :a, b = ':no', c = x::int -- :no\n, /* :no */ `:no` = :b_2 WHERE d = :a;";
        assert_eq!(names(sql), Ok(vec!["a", "b_2", "a"]));
        for wrong in ["UPDATE t SET a = ?", "x = $1", "x = 'a", "/* x", "DELETE FROM a; DELETE FROM b"] {
            assert!(names(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn values_are_bound_and_never_written() {
        let arguments = [("a".to_owned(), Value::Text("'; DROP TABLE t; --".to_owned()))];
        let made = bound(Dialect::Postgres, "UPDATE t SET a = :a WHERE b = :b", &arguments, Zone::default());
        let made = made.unwrap();
        assert_eq!(made.sql, "UPDATE t SET a = $1 WHERE b = NULL");
        assert_eq!(made.binds, [Bind::Text("'; DROP TABLE t; --".to_owned())]);
    }

    proptest! {
        #[test]
        fn any_text_is_a_statement_or_is_refused(sql in ".*", other in "[:'\"`?$;a-z /*-]*") {
            for sql in [sql, other] {
                if let Ok(pieces) = pieces(&sql) {
                    let again: String = pieces.iter().map(|piece| match piece {
                        Piece::Text(text) => (*text).to_owned(),
                        Piece::Name(name) => format!(":{name}"),
                    }).collect();
                    prop_assert_eq!(again, sql);
                }
            }
        }
    }
}
