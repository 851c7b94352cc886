//! Rows while they come in, within the limits of a fetch.

use super::{
    fit::{Raw, fit},
    trouble::{garbage, trouble},
    zone::Zone,
};
use crate::{
    rows::{Cell, Rows, RowsBuilder},
    source::{SourceError, Target, TroubleKind},
};

/// Gathers rows, and gives up when there are too many or they are too long.
pub(super) struct Gather<'a> {
    target: &'a Target,
    columns: &'a [usize],
    rows: RowsBuilder,
    rows_max: usize,
    bytes_max: usize,
    zone: Zone,
}

impl<'a> Gather<'a> {
    pub(super) fn new(
        target: &'a Target,
        columns: &'a [usize],
        rows_max: usize,
        bytes_max: usize,
        zone: Zone,
    ) -> Self {
        Self { target, columns, rows: RowsBuilder::new(columns.len()), rows_max, bytes_max, zone }
    }

    /// Has a count behind the columns of each row.
    pub(super) fn counting(self) -> Self {
        Self { rows: RowsBuilder::new(self.columns.len() + 1), ..self }
    }

    /// Adds a row's count.
    pub(super) fn count(&mut self, raw: &Raw<'_>) -> Result<(), SourceError> {
        let count = match raw {
            Raw::Int(count) => Cell::Int(*count),
            Raw::Unsigned(count) => Cell::Unsigned(*count),
            _ => return Err(garbage(format!("`{}` is counted by what is no number", self.target.name))),
        };
        self.rows.push(count).map_err(|_| trouble(TroubleKind::TooMuch, "more text than rows can hold"))
    }

    /// Begins a row.
    pub(super) fn row(&mut self) -> Result<(), SourceError> {
        if self.rows.len() >= self.rows_max {
            let text = format!("{}: more than {} rows", self.target.name, self.rows_max);
            return Err(trouble(TroubleKind::TooMuch, text));
        }
        Ok(())
    }

    /// Adds the cell of the row's column in this place of those that were asked for.
    pub(super) fn cell(&mut self, place: usize, raw: Raw<'_>) -> Result<(), SourceError> {
        let column = &self.target.columns[self.columns[place]];
        let fitted = fit(raw, column, self.zone).map_err(|misfit| {
            garbage(format!("column `{}` of `{}`: {misfit}", column.name, self.target.name))
        })?;
        let long = |_| trouble(TroubleKind::TooMuch, "more text than rows can hold");
        self.rows.push(fitted.cell()).map_err(long)?;
        if self.rows.bytes() > self.bytes_max {
            let text = format!("{}: more than {} bytes", self.target.name, self.bytes_max);
            return Err(trouble(TroubleKind::TooMuch, text));
        }
        Ok(())
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn finish(self) -> Rows {
        self.rows.finish()
    }
}
