//! What is said of a migration, as Markdown, JSON and HTML.

mod html;

use std::{collections::BTreeMap, path::Path};

use kefu_app::{App, Exit, Failure, Text};
use kefu_store::import::{FollowPosition, ImportTable, MapCounts};
use serde::Serialize;

use crate::{
    args::{ReportArgs, ReportFormat},
    letters::write_private,
};

/// Keys of late rows that are shown to people.
const LATE_SHOWN: usize = 10;

/// How far a migration has come.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Report {
    /// Whether all tables are done.
    pub(crate) done: bool,
    pub(crate) tables: Vec<TableReport>,
    /// Sources that are followed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) sources: Vec<SourceReport>,
    /// Inboxes that are switched one by one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) inboxes: Vec<InboxReport>,
    /// Rows that changed after their inbox was switched, the first of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) late: Vec<LateReport>,
    /// Of this run; nothing, where nothing was run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) run: Option<RunReport>,
    /// What inboxes keep only for a time, and how much of it is older than that already.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) outdated: Vec<OutdatedReport>,
    /// Where dumps are damaged: what is behind that is not here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) damaged: Vec<String>,
}

/// An inbox, and whether what is here counts in it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct InboxReport {
    pub(crate) inbox: String,
    /// In microseconds since 1970 (UTC); nothing, while the older system has it.
    pub(crate) switched_at_us: Option<i64>,
}

/// A row that changed after its inbox was switched: nothing became of that.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct LateReport {
    pub(crate) table: String,
    pub(crate) key: String,
}

/// What would be erased at once, because its time is over.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct OutdatedReport {
    pub(crate) inbox: String,
    /// What kind of things.
    pub(crate) kind: &'static str,
    /// For how many days the inbox keeps them.
    pub(crate) days: u32,
    /// How many are older.
    pub(crate) count: u64,
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
    /// Rows that were deleted there since.
    pub(crate) gone: u64,
    /// Rows that changed after their inbox was switched.
    pub(crate) late: u64,
    /// Conversations made of messages.
    pub(crate) opened: u64,
    /// Rows of this pass that were not the same before.
    pub(crate) written: u64,
    /// Values that were changed on the way.
    pub(crate) changed: BTreeMap<String, u64>,
}

/// How far behind a source this is.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SourceReport {
    pub(crate) source: String,
    pub(crate) state: &'static str,
    /// In the words of the source, and as people read it.
    pub(crate) position: serde_json::Value,
    pub(crate) place: String,
    /// How long after it was written there the last change was here.
    pub(crate) lag_ms: u64,
    /// Rows that changed since it is followed, and how many of them in the last second.
    pub(crate) changes: u64,
    pub(crate) changes_per_second: u64,
    /// When this was written, in microseconds since 1970 (UTC): a source that is idle says so every few seconds.
    pub(crate) at_us: i64,
}

impl SourceReport {
    pub(crate) fn new(position: &FollowPosition) -> Self {
        Self {
            source: position.source.clone(),
            state: position.state.as_str(),
            position: serde_json::from_str(&position.position).unwrap_or_default(),
            place: place(&position.position),
            lag_ms: position.lag_us / 1000,
            changes: position.changes,
            changes_per_second: position.rate,
            at_us: position.updated_at.0,
        }
    }
}

#[cfg(feature = "live")]
fn place(position: &str) -> String {
    crate::source::Position::read(position).map_or_else(|_| String::new(), |position| position.place())
}

#[cfg(not(feature = "live"))]
fn place(_: &str) -> String {
    String::new()
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
            gone: counts.gone,
            late: counts.late,
            opened: counts.opened,
            written: table.written,
            changed: table.changed.clone(),
        }
    }
}

impl Report {
    /// Whether something of the sources is not here.
    pub(crate) fn is_incomplete(&self) -> bool {
        !self.damaged.is_empty() || self.tables.iter().any(|table| table.dead > 0)
    }

    pub(crate) fn markdown(&self) -> String {
        let mut out = String::from(
            "| table | state | pass | rows | mapped | filtered | dead | gone | made | written |\n|---|---|--:|--:|--:|--:|--:|--:|--:|--:|\n",
        );
        for table in &self.tables {
            let TableReport {
                table, state, pass, rows, mapped, filtered, dead, gone, opened, written, ..
            } = table;
            out.push_str(&format!("| {table} | {state} | {pass} | {rows} | {mapped} | {filtered} | {dead} | {gone} | {opened} | {written} |\n"
            ));
        }
        for table in &self.tables {
            for (what, count) in &table.changed {
                out.push_str(&format!("\n- {}: {what}, {count} values", table.table));
            }
        }
        for OutdatedReport { inbox, kind, days, count } in &self.outdated {
            out.push_str(&format!(
                "\n- **{kind}**: {count} are older than the {days} days for which the inbox `{inbox}` keeps them; the daemon erases them soon after it starts\n"
            ));
        }
        for InboxReport { inbox, switched_at_us } in &self.inboxes {
            let state = if switched_at_us.is_some() { "switched" } else { "the older system has it" };
            out.push_str(&format!("\n- inbox {inbox}: {state}\n"));
        }
        for table in self.tables.iter().filter(|table| table.late > 0) {
            let late = self.late.iter().filter(|late| late.table == table.table);
            let keys: Vec<_> = late.take(LATE_SHOWN).map(|late| late.key.as_str()).collect();
            out.push_str(&format!(
                "\n- **late**: {} rows of {} changed after their inbox was switched, such as {}\n",
                table.late,
                table.table,
                keys.join(", ")
            ));
        }
        for source in &self.sources {
            let SourceReport { source, state, place, lag_ms, changes, changes_per_second, .. } = source;
            let behind_s = *lag_ms as f64 / 1000.0;
            out.push_str(&format!(
                "\n- source {source}: {state}, {changes} changes, {changes_per_second}/s, {behind_s:.1} s behind, at {place}\n"
            ));
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
    app.print(&written(format, value, markdown)?)
}

/// Prints it, and writes it to the file that it is to go to.
pub(crate) fn deliver(
    app: &App,
    args: &ReportArgs,
    value: &impl Serialize,
    markdown: impl Fn() -> String,
) -> Result<(), Failure> {
    if let Some(path) = &args.report {
        let format = match path.extension().and_then(|ending| ending.to_str()) {
            Some("html" | "htm") => ReportFormat::Html,
            Some("json") => ReportFormat::Json,
            _ => ReportFormat::Markdown,
        };
        save(path, &written(format, value, &markdown)?)?;
    }
    print(app, args.format, value, markdown)
}

/// Writes a file that only its owner reads.
pub(crate) fn save(path: &Path, text: &str) -> Result<(), Failure> {
    write_private(path, text).map_err(|error| {
        let path = path.display();
        Failure::new(Exit::Io, Text::new(format!("cannot write {path}"), format!("无法写入 {path}")))
            .because(error)
    })
}

/// A text as it stands in a cell of a table.
pub(crate) fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

fn written(
    format: ReportFormat,
    value: &impl Serialize,
    markdown: impl FnOnce() -> String,
) -> Result<String, Failure> {
    Ok(match format {
        ReportFormat::Markdown => markdown(),
        ReportFormat::Html => html::page("kefu migrate", &markdown()),
        ReportFormat::Json => serde_json::to_string_pretty(value).map_err(Failure::internal)? + "\n",
    })
}
