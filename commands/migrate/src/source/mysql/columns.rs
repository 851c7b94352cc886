//! Columns in the order in which images of rows have them, and keys that are read from such images.

use kefu_app::Failure;
use sqlx::{Row as _, mysql::MySqlConnection};

use super::Server;
use crate::value::Value;

/// A column as the catalogue has it.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: String,
    /// As it was declared: `bigint(20) unsigned`.
    declared: String,
    charset: Option<String>,
}

/// How a value of a key is read from an image.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum KeyColumn {
    Int,
    UInt,
    /// In UTF-8.
    Text,
    /// In another charset, which the server converts.
    Foreign(String),
    /// Zeros at the end are not in the image of a column of a fixed length.
    Bytes {
        length: usize,
    },
}

/// A value of a key, or what becomes one.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum KeyPart {
    Value(Value),
    Foreign { charset: String, bytes: Vec<u8> },
}

impl Column {
    /// How it is read as a part of a key; nothing, where that is not known.
    pub(super) fn key(&self) -> Option<KeyColumn> {
        let word = self.declared.split(['(', ' ']).next().unwrap_or_default();
        Some(match word {
            "tinyint" | "smallint" | "mediumint" | "int" | "integer" | "bigint" => {
                if self.declared.contains("unsigned") { KeyColumn::UInt } else { KeyColumn::Int }
            }
            "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" => match &self.charset {
                Some(charset) if !["utf8", "utf8mb3", "utf8mb4", "ascii"].contains(&charset.as_str()) => {
                    KeyColumn::Foreign(charset.clone())
                }
                _ => KeyColumn::Text,
            },
            "binary" => {
                let length = self.declared.strip_prefix("binary(")?.split(')').next()?.parse().ok()?;
                KeyColumn::Bytes { length }
            }
            "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => KeyColumn::Bytes { length: 0 },
            _ => return None,
        })
    }
}

impl KeyColumn {
    /// The value that these bytes of an image are; as the copy reads it.
    pub(super) fn value(&self, bytes: &[u8]) -> KeyPart {
        let number = || bytes.iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        KeyPart::Value(match self {
            Self::UInt => Value::unsigned(number()),
            Self::Int => {
                let unused = 64 - u32::try_from(bytes.len() * 8).unwrap_or(64).clamp(8, 64);
                Value::Int(number().cast_signed() << unused >> unused)
            }
            Self::Text => match std::str::from_utf8(bytes) {
                Ok(text) => Value::Text(text.to_owned()),
                Err(_) => Value::Bytes(bytes.to_vec()),
            },
            Self::Bytes { length } => {
                let mut bytes = bytes.to_vec();
                bytes.resize(bytes.len().max(*length), 0);
                Value::Bytes(bytes)
            }
            Self::Foreign(charset) => {
                return KeyPart::Foreign { charset: charset.clone(), bytes: bytes.to_vec() };
            }
        })
    }
}

impl Server {
    /// Columns of a table in their order, those that are not shown too.
    pub(super) async fn columns(
        &self,
        conn: &mut MySqlConnection,
        table: &str,
    ) -> Result<Vec<Column>, Failure> {
        const SQL: &str = "SELECT CAST(COLUMN_NAME AS CHAR), CAST(COLUMN_TYPE AS CHAR),
                CAST(CHARACTER_SET_NAME AS CHAR)
            FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ?
            ORDER BY ORDINAL_POSITION";
        let rows = sqlx::query(SQL).bind(table).fetch_all(conn).await.map_err(|error| self.failure(error))?;
        let read = |row: &sqlx::mysql::MySqlRow| {
            let (name, declared, charset) =
                (row.try_get_unchecked(0)?, row.try_get_unchecked(1)?, row.try_get_unchecked(2)?);
            Ok(Column { name, declared, charset })
        };
        rows.iter().map(read).collect::<Result<_, _>>().map_err(|error: sqlx::Error| self.failure(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(declared: &str, charset: Option<&str>) -> Column {
        Column { name: "k".to_owned(), declared: declared.to_owned(), charset: charset.map(str::to_owned) }
    }

    fn value(declared: &str, charset: Option<&str>, bytes: &[u8]) -> KeyPart {
        column(declared, charset).key().unwrap().value(bytes)
    }

    #[test]
    fn keys_are_read_as_the_copy_reads_them() {
        let of = |declared, bytes: &[u8]| value(declared, None, bytes);
        assert_eq!(of("int(11)", &[0xff, 0xff, 0xff, 0xff]), KeyPart::Value(Value::Int(-1)));
        assert_eq!(of("mediumint(9)", &[0xfe, 0xff, 0xff]), KeyPart::Value(Value::Int(-2)));
        assert_eq!(of("int(10) unsigned", &[0xff; 4]), KeyPart::Value(Value::Int(0xffff_ffff)));
        assert_eq!(of("bigint(20) unsigned", &[0xff; 8]), KeyPart::Value(Value::UInt(u64::MAX)));
        assert_eq!(of("bigint(20)", &[0xff; 8]), KeyPart::Value(Value::Int(-1)));
        assert_eq!(of("binary(4)", &[1, 2]), KeyPart::Value(Value::Bytes(vec![1, 2, 0, 0])));
        assert_eq!(of("varbinary(4)", &[1, 0]), KeyPart::Value(Value::Bytes(vec![1, 0])));
        let text = value("varchar(9)", Some("utf8mb4"), "键".as_bytes());
        assert_eq!(text, KeyPart::Value(Value::Text("键".to_owned())));
        let foreign = value("varchar(9)", Some("latin1"), b"caf\xe9");
        assert_eq!(foreign, KeyPart::Foreign { charset: "latin1".to_owned(), bytes: b"caf\xe9".to_vec() });
        for unknown in ["datetime", "decimal(10,0)", "enum('a')", "double", "bit(8)", "uuid"] {
            assert_eq!(column(unknown, None).key(), None, "{unknown}");
        }
    }
}
