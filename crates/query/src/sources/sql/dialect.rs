//! What differs between the languages of servers.

/// The language of a server.
#[cfg_attr(
    not(any(test, all(feature = "mysql", feature = "postgres"))),
    expect(dead_code, reason = "which languages are spoken is said by the features")
)]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::sources) enum Dialect {
    MySql,
    Postgres,
    /// `times` is how times are kept, as the format has no type for them.
    Sqlite {
        times: Times,
    },
}

/// How a file of SQLite keeps times.
#[derive(Clone, Copy, Debug, Default, serde::Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(in crate::sources) enum Times {
    /// As texts that SQLite's own functions read.
    #[default]
    Text,
    /// As seconds since 1970.
    Seconds,
    /// As milliseconds since 1970.
    Milliseconds,
    /// As microseconds since 1970.
    Microseconds,
}

/// What a column really holds, as far as it matters to conditions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::sources) enum Kind {
    Int,
    Decimal,
    Float,
    Boolean,
    Bit,
    Text,
    Bytes,
    Uuid,
    Date,
    /// A time without a zone.
    Time,
    /// A time with a zone.
    Moment,
    Json,
    Array,
    /// Something that is compared as a text.
    Other,
}

impl Dialect {
    /// Of a type as the catalogue writes it.
    pub(in crate::sources) fn kind(self, declared: &str) -> Kind {
        let lower = declared.to_ascii_lowercase();
        match self {
            Self::MySql => mysql(&lower),
            Self::Postgres => postgres(&lower),
            Self::Sqlite { .. } => sqlite(&lower),
        }
    }

    /// A name in quotes.
    pub(in crate::sources) fn quoted(self, name: &str) -> String {
        match self {
            Self::MySql => format!("`{}`", name.replace('`', "``")),
            Self::Postgres | Self::Sqlite { .. } => format!("\"{}\"", name.replace('"', "\"\"")),
        }
    }

    /// A table's name, dots between schema and table.
    pub(in crate::sources) fn table(self, name: &str) -> String {
        let parts: Vec<_> = name.split('.').map(|part| self.quoted(part)).collect();
        parts.join(".")
    }
}

fn word(declared: &str) -> &str {
    declared.split(['(', ' ']).next().unwrap_or_default()
}

fn mysql(declared: &str) -> Kind {
    match word(declared) {
        "tinyint" | "smallint" | "mediumint" | "int" | "integer" | "bigint" | "year" => Kind::Int,
        "bit" => Kind::Bit,
        "decimal" | "numeric" => Kind::Decimal,
        "float" | "double" | "real" => Kind::Float,
        "date" => Kind::Date,
        "datetime" | "timestamp" => Kind::Time,
        "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => Kind::Bytes,
        "json" => Kind::Json,
        "enum" | "set" | "time" | "uuid" | "inet4" | "inet6" => Kind::Other,
        _ => Kind::Text,
    }
}

fn postgres(declared: &str) -> Kind {
    if declared.ends_with("[]") {
        return Kind::Array;
    }
    match declared {
        "smallint" | "integer" | "bigint" => Kind::Int,
        "real" | "double precision" => Kind::Float,
        "boolean" => Kind::Boolean,
        "text" | "name" | "character varying" => Kind::Text,
        "bytea" => Kind::Bytes,
        "uuid" => Kind::Uuid,
        "date" => Kind::Date,
        "json" | "jsonb" => Kind::Json,
        declared => match (word(declared), declared.ends_with("with time zone")) {
            ("numeric", _) => Kind::Decimal,
            ("timestamp", true) => Kind::Moment,
            ("timestamp", false) => Kind::Time,
            ("character", _) if declared.starts_with("character varying") => Kind::Text,
            _ => Kind::Other,
        },
    }
}

/// By the rules of affinity that SQLite itself has.
fn sqlite(declared: &str) -> Kind {
    if declared.contains("int") {
        Kind::Int
    } else if ["char", "clob", "text"].iter().any(|part| declared.contains(part)) {
        Kind::Text
    } else if declared.is_empty() || declared.contains("blob") {
        Kind::Bytes
    } else if ["real", "floa", "doub"].iter().any(|part| declared.contains(part)) {
        Kind::Float
    } else {
        Kind::Decimal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_from_the_catalogue() {
        for (dialect, declared, kind) in [
            (Dialect::MySql, "bigint(20) unsigned", Kind::Int),
            (Dialect::MySql, "decimal(65,30)", Kind::Decimal),
            (Dialect::MySql, "enum('a','b')", Kind::Other),
            (Dialect::MySql, "datetime(6)", Kind::Time),
            (Dialect::MySql, "varchar(10)", Kind::Text),
            (Dialect::Postgres, "numeric(10,2)", Kind::Decimal),
            (Dialect::Postgres, "timestamp(3) with time zone", Kind::Moment),
            (Dialect::Postgres, "timestamp without time zone", Kind::Time),
            (Dialect::Postgres, "character varying(20)", Kind::Text),
            (Dialect::Postgres, "character(4)", Kind::Other),
            (Dialect::Postgres, "integer[]", Kind::Array),
            (Dialect::Postgres, "inet", Kind::Other),
            (Dialect::Sqlite { times: Times::Text }, "VARCHAR(9)", Kind::Text),
            (Dialect::Sqlite { times: Times::Text }, "DATETIME", Kind::Decimal),
        ] {
            assert_eq!(dialect.kind(declared), kind, "{declared}");
        }
    }

    #[test]
    fn names_cannot_leave_their_quotes() {
        assert_eq!(Dialect::MySql.table("old.a`b"), "`old`.`a``b`");
        assert_eq!(Dialect::Postgres.quoted("a\"; DROP"), "\"a\"\"; DROP\"");
    }
}
