use std::ops::Range;

use kefu_core::Micros;

/// Rows as a source gave them: `width` cells each, texts beside each other in one buffer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    width: usize,
    cells: Vec<Kept>,
    text: String,
}

#[derive(Clone, Debug, PartialEq)]
enum Kept {
    Null,
    Boolean(bool),
    Int(i64),
    Unsigned(u64),
    Float(f64),
    Moment(Micros),
    Text(Range<u32>),
    Json(Range<u32>),
}

/// One cell of [`Rows`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// There is nothing.
    Null,
    /// A boolean.
    Boolean(bool),
    /// A whole number.
    Int(i64),
    /// A whole number above `i64::MAX`.
    Unsigned(u64),
    /// A number with a fraction.
    Float(f64),
    /// A moment.
    Moment(Micros),
    /// A text, not escaped.
    Text(&'a str),
    /// JSON that is complete and valid: an object, a list, or anything of a `JSON` column.
    Json(&'a str),
}

impl Rows {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.len().checked_div(self.width).unwrap_or(0)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// Cells of a row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// The cell of a row and a column, counted from nothing.
    ///
    /// # Panics
    /// When either is not there.
    #[must_use]
    pub fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        assert!(column < self.width, "column {column} of {}", self.width);
        match &self.cells[row * self.width + column] {
            Kept::Null => Cell::Null,
            Kept::Boolean(value) => Cell::Boolean(*value),
            Kept::Int(value) => Cell::Int(*value),
            Kept::Unsigned(value) => Cell::Unsigned(*value),
            Kept::Float(value) => Cell::Float(*value),
            Kept::Moment(value) => Cell::Moment(*value),
            Kept::Text(place) => Cell::Text(self.at(place)),
            Kept::Json(place) => Cell::Json(self.at(place)),
        }
    }

    fn at(&self, place: &Range<u32>) -> &str {
        &self.text[place.start as usize..place.end as usize]
    }
}

/// Gathers [`Rows`], cell by cell from the first row's first to the last row's last.
#[derive(Debug, Default)]
pub struct RowsBuilder(Rows);

impl RowsBuilder {
    /// For rows of so many cells.
    #[must_use]
    pub fn new(width: usize) -> Self {
        Self(Rows { width, ..Rows::default() })
    }

    /// Adds a cell.
    ///
    /// # Errors
    /// When the texts come to more than 4 GiB, which is more than any limit of a query lets through.
    pub fn push(&mut self, cell: Cell<'_>) -> Result<(), TooLong> {
        let kept = match cell {
            Cell::Null => Kept::Null,
            Cell::Boolean(value) => Kept::Boolean(value),
            Cell::Int(value) => Kept::Int(value),
            Cell::Unsigned(value) => Kept::Unsigned(value),
            Cell::Float(value) => Kept::Float(value),
            Cell::Moment(value) => Kept::Moment(value),
            Cell::Text(text) => Kept::Text(self.keep(text)?),
            Cell::Json(text) => Kept::Json(self.keep(text)?),
        };
        self.0.cells.push(kept);
        Ok(())
    }

    /// Bytes that texts take up so far.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.text.len()
    }

    /// Rows that are complete so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no complete row yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows.
    ///
    /// # Panics
    /// When the last row is not complete.
    #[must_use]
    pub fn finish(self) -> Rows {
        let whole = self.0.width == 0 || self.0.cells.len().is_multiple_of(self.0.width);
        assert!(whole, "a source gave part of a row");
        self.0
    }

    fn keep(&mut self, text: &str) -> Result<Range<u32>, TooLong> {
        let start = self.0.text.len();
        let end = u32::try_from(start + text.len()).map_err(|_| TooLong)?;
        self.0.text.push_str(text);
        Ok(u32::try_from(start).map_err(|_| TooLong)?..end)
    }
}

/// Rows have more text than they can hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("rows of more than 4 GiB of text")]
pub struct TooLong;
