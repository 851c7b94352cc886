/// How values become JSON and come from it, where there is a choice.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Options {
    /// How integers of 64 bits are written; both forms are always read.
    pub i64_style: I64Style,
    /// Whether fields that are absent are written with their defaults: as a reader would see them in JSON, as
    /// generated code would send them in Thrift. Without it absent stays absent.
    pub fill_defaults: bool,
    /// What becomes of fields that the schema does not have.
    pub unknown_fields: Unknown,
    /// What becomes of members of JSON that the schema does not have; those that are kept are kept in `$unknown`.
    pub unknown_members: Unknown,
}

/// How integers of 64 bits are written in JSON.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum I64Style {
    /// As numbers, whatever their size.
    #[default]
    Number,
    /// As strings.
    String,
    /// As numbers where a double holds them exactly, up to 2^53, and else as strings.
    JsSafe,
}

/// What becomes of what the schema does not have.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Unknown {
    /// It is kept if it can be kept, and else refused: fields in `$unknown`, byte for byte.
    #[default]
    Keep,
    /// It is left out.
    Drop,
    /// It is an error.
    Refuse,
}
