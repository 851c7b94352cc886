//! `kefu migrate`: the records of older systems brought over, and proven to be the same.
//!
//! A source gives pages of rows behind a position; a mapping makes a record of each row, leaves it out, or says why it
//! cannot be used; the store's importer writes records, what became of each key, and the position in one transaction.
//! So whatever ends a run, the next one goes on where the last transaction was. What cannot be used is durable before
//! the position behind it is.
//!
//! *Invariants:* this crate writes to the store through `kefu_store::import` alone; and nothing to a source, but for what
//! flows back to it after a cutover, under an address of its own (`back`).

mod args;
#[cfg(feature = "live")]
mod back;
mod cast;
mod check;
mod copy;
#[cfg(feature = "live")]
mod cutover;
mod file;
#[cfg(feature = "live")]
mod follow;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod ids;
mod letters;
mod mapping;
mod plan;
mod progress;
mod reading;
mod report;
#[cfg(feature = "live")]
mod rollback;
mod seal;
mod settings;
mod source;
mod status;
mod target;
mod throttle;
mod value;
mod verify;

pub use args::{
    Action, Args, CutoverArgs, DeadLetterAction, DeadLetterArgs, FenceArgs, FileArgs, FinalizeArgs,
    FlowBackArgs, PlanArgs, ReportArgs, ReportFormat, RetryArgs, RollbackArgs, RunArgs, StatusArgs,
    VerifyArgs,
};

use kefu_app::{App, Exit, Failure};
use kefu_store::import::{Found, ImportReader};

use crate::{letters::Letters, settings::Settings};

/// Runs `kefu migrate` to its end.
///
/// # Errors
/// The file cannot be used, a source does not answer or is refused, a dump is damaged, or the store cannot be written.
pub fn run(app: &App, args: &Args) -> Result<Exit, Failure> {
    match &args.action {
        Action::Plan(args) => plan::run(app, args),
        Action::Run(args) => copy::run(app, args),
        Action::Status(args) => status::run(app, args),
        Action::Verify(args) => verify::run(app, args),
        #[cfg(feature = "live")]
        Action::Cutover(args) => cutover::run(app, args),
        #[cfg(not(feature = "live"))]
        Action::Cutover(_) | Action::Rollback(_) | Action::FlowBack(_) | Action::Finalize(_) => {
            Err(copy::without_servers())
        }
        #[cfg(feature = "live")]
        Action::Rollback(args) => rollback::run(app, args),
        #[cfg(feature = "live")]
        Action::FlowBack(args) => back::run(app, args),
        #[cfg(feature = "live")]
        Action::Finalize(args) => back::finalize(app, args),
        Action::DeadLetter(args) => match &args.action {
            DeadLetterAction::List(args) => list(app, args),
            DeadLetterAction::Retry(args) => copy::retry(app, args),
        },
    }
}

/// Reads a binary log of others, for a fuzzer.
#[cfg(all(feature = "mysql", fuzzing))]
pub fn fuzz_binary_log(bytes: &[u8]) {
    source::fuzz_binary_log(bytes);
}

/// Lists the letters of rows that are dead by now.
fn list(app: &App, args: &FileArgs) -> Result<Exit, Failure> {
    let settings = Settings::load(&args.file)?;
    let letters = Letters::of(&settings).read()?;
    let at_store = |error| target::failure(&settings.data_dir, error);
    app.block_on(async {
        let store = target::open_reading(&settings.data_dir).await?;
        let tables = store.import_tables().await.map_err(at_store)?;
        let reader = ImportReader::new(store.clone());
        let mut lines = String::new();
        for letter in letters.values() {
            let (table, key) = (tables.iter().find(|table| table.name == letter.table), letter.key_bytes());
            let (Some(table), Some(key)) = (table, key) else { continue };
            let found = reader.found(table.key, &[&key]).await.map_err(at_store)?;
            if found == [Some(Found::Dead)] || letter.code == "duplicate_key" {
                lines += &serde_json::to_string(letter).map_err(Failure::internal)?;
                lines.push('\n');
            }
        }
        store.close().await;
        app.print(&lines)?;
        Ok(Exit::Ok)
    })?
}
