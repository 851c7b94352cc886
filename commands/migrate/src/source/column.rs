//! How a column of an SQL database is read, by its declared type.

/// What a column holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Column {
    Int,
    UInt,
    Bit,
    Float,
    Text,
    Bytes,
    Temporal { is_utc: bool },
}

impl Column {
    /// Of a type as the catalogue writes it: `bigint(20) unsigned`.
    pub(super) fn of(declared: &str) -> Self {
        let word = declared.split(['(', ' ']).next().unwrap_or_default();
        match word {
            "tinyint" | "smallint" | "mediumint" | "int" | "integer" | "bigint" => {
                if declared.contains("unsigned") { Self::UInt } else { Self::Int }
            }
            "bit" => Self::Bit,
            "float" | "double" | "real" => Self::Float,
            "date" | "datetime" | "time" | "year" => Self::Temporal { is_utc: false },
            "timestamp" => Self::Temporal { is_utc: true },
            "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => Self::Bytes,
            _ => Self::Text,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_by_what_the_catalogue_says() {
        assert_eq!(Column::of("bigint(20) unsigned"), Column::UInt);
        assert_eq!(Column::of("tinyint(1)"), Column::Int);
        assert_eq!(Column::of("decimal(65,30)"), Column::Text);
        assert_eq!(Column::of("enum('a','b')"), Column::Text);
        assert_eq!(Column::of("bit(8)"), Column::Bit);
        assert_eq!(Column::of("timestamp"), Column::Temporal { is_utc: true });
        assert_eq!(Column::of("datetime(6)"), Column::Temporal { is_utc: false });
    }
}
