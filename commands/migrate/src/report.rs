//! What is said of a migration, as JSON and as Markdown.

use std::collections::BTreeMap;

use kefu_app::{App, Failure};
use kefu_store::import::{ImportTable, MapCounts};
use serde::Serialize;

use crate::args::ReportFormat;

/// How far a migration has come.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Report {
    /// Whether all tables are done.
    pub(crate) done: bool,
    pub(crate) tables: Vec<TableReport>,
    /// Of this run; nothing, where nothing was run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<RunReport>,
}

/// How far a table has come.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TableReport {
    pub(crate) table: String,
    pub(crate) state: &'static str,
    pub(crate) pass: u32,
    /// Rows read in this pass; each key of the source is counted once in one of the next three.
    pub(crate) rows: u64,
    pub(crate) mapped: u64,
    pub(crate) filtered: u64,
    pub(crate) dead: u64,
    /// Conversations made of messages.
    pub(crate) opened: u64,
    /// Rows of this pass that were not the same before.
    pub(crate) written: u64,
    /// Values that were changed on the way.
    pub(crate) changed: BTreeMap<String, u64>,
}

/// What a run did.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct RunReport {
    pub(crate) rows: u64,
    pub(crate) milliseconds: u64,
    pub(crate) rows_per_second: u64,
    /// Dead letters written in this run.
    pub(crate) dead_letters: u64,
}

impl TableReport {
    pub(crate) fn new(table: &ImportTable, counts: MapCounts) -> Self {
        Self {
            table: table.name.clone(),
            state: table.state.as_str(),
            pass: table.pass,
            rows: table.rows,
            mapped: counts.mapped,
            filtered: counts.filtered,
            dead: counts.dead,
            opened: counts.opened,
            written: table.written,
            changed: table.changed.clone(),
        }
    }
}

impl Report {
    pub(crate) fn markdown(&self) -> String {
        let mut out = String::from(
            "| table | state | pass | rows | mapped | filtered | dead | made | written |\n|---|---|--:|--:|--:|--:|--:|--:|--:|\n",
        );
        for table in &self.tables {
            let TableReport { table, state, pass, rows, mapped, filtered, dead, opened, written, .. } = table;
            out.push_str(&format!("| {table} | {state} | {pass} | {rows} | {mapped} | {filtered} | {dead} | {opened} | {written} |\n"
            ));
        }
        for table in &self.tables {
            for (what, count) in &table.changed {
                out.push_str(&format!("\n- {}: {what}, {count} values", table.table));
            }
        }
        if let Some(run) = &self.run {
            let seconds = run.milliseconds as f64 / 1000.0;
            out.push_str(&format!(
                "\n{} rows in {seconds:.1} s, {} rows/s; {} dead letters\n",
                run.rows, run.rows_per_second, run.dead_letters
            ));
        }
        out
    }
}

/// Prints something for people or for programs.
pub(crate) fn print(
    app: &App,
    format: ReportFormat,
    value: &impl Serialize,
    markdown: impl FnOnce() -> String,
) -> Result<(), Failure> {
    match format {
        ReportFormat::Markdown => app.print(&markdown()),
        ReportFormat::Json => {
            let mut json = serde_json::to_string_pretty(value).map_err(Failure::internal)?;
            json.push('\n');
            app.print(&json)
        }
    }
}
