//! Bringing records over: readers on one side, one writer on the other.

mod copier;
#[cfg(feature = "mysql")]
mod following;

use std::{collections::HashMap, time::Duration};

use kefu_app::{App, Exit, Failure, Text};
use kefu_store::{
    Indexer, Opened, Store,
    import::{ImportReader, Importer, TableState},
};

use self::copier::Copier;
use crate::{
    args::{ReportFormat, RetryArgs, RunArgs},
    check::{self, Sources},
    letters::{Letters, write_private},
    progress::{Progress, say},
    report::{self, Report, RunReport, SourceReport, TableReport},
    settings::Settings,
    target,
};

/// Rows differ, or some are dead letters.
pub(crate) const DIFFERENT: Exit = Exit::Verdict(4);
/// More rows cannot be used than is allowed.
const TOO_MANY: Exit = Exit::Verdict(5);

/// Runs `kefu migrate run`.
pub(crate) fn run(app: &App, args: &RunArgs) -> Result<Exit, Failure> {
    let settings = Settings::load(&args.file.file)?;
    settings.require_tables()?;
    let follow = match (args.follow, args.recopy) {
        (false, _) => Follow::No,
        (true, false) => Follow::Yes,
        (true, true) => Follow::Anew,
    };
    let work = Work { accept_change: args.accept_change, retry: None, follow };
    let option = if args.follow { " --follow" } else { "" };
    let command = format!("kefu migrate run -f {}{option}", args.file.file.display());
    app.block_on(copy(app, settings, work, args.format, command))?
}

/// Runs `kefu migrate dead-letter retry`.
pub(crate) fn retry(app: &App, args: &RetryArgs) -> Result<Exit, Failure> {
    let settings = Settings::load(&args.file.file)?;
    settings.require_tables()?;
    let mut keys: HashMap<String, Vec<Vec<u8>>> = HashMap::new();
    for letter in Letters::new(&settings.work_dir()).read()?.values() {
        keys.entry(letter.table.clone()).or_default().extend(letter.key_bytes());
    }
    let work = Work { accept_change: false, retry: Some(keys), follow: Follow::No };
    let command = format!("kefu migrate dead-letter retry -f {}", args.file.file.display());
    app.block_on(copy(app, settings, work, args.format, command))?
}

/// What is to be done.
struct Work {
    accept_change: bool,
    /// Only these keys of these tables, whatever was read before.
    retry: Option<HashMap<String, Vec<Vec<u8>>>>,
    follow: Follow,
}

/// Whether changes come after the copy, until somebody stops it.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Follow {
    No,
    /// From where an earlier run was.
    Yes,
    /// From now on.
    Anew,
}

async fn copy(
    app: &App,
    settings: Settings,
    work: Work,
    format: ReportFormat,
    command: String,
) -> Result<Exit, Failure> {
    let sources = Sources::open(&settings).await?;
    let plan = check::plan(&settings, &sources).await?;
    plan.refuse()?;
    #[cfg(feature = "mysql")]
    if work.follow != Follow::No {
        crate::follow::check(&settings, &sources, &plan).await?;
    }
    #[cfg(not(feature = "mysql"))]
    if work.follow != Follow::No {
        return Err(without_servers());
    }
    let dir = settings.data_dir.clone();
    let Opened { writer, store, .. } = target::open(&dir).await?;
    let at_store = |error| target::failure(&dir, error);
    let indexer = Indexer::start(&store).map_err(at_store)?;
    let importer = Importer::new(writer).await.map_err(at_store)?;
    let total = plan.rows();
    let mut copier = Copier {
        dir: &dir,
        importer,
        letters: Letters::new(&settings.work_dir()),
        progress: Progress::new(total, app.language()),
        tables: Vec::new(),
        detach: settings.detach,
        dead: 0,
        max_dead: settings.max_bad_rows,
        is_retry: work.retry.is_some(),
        since: HashMap::new(),
    };
    let ended = match work.follow {
        #[cfg(feature = "mysql")]
        Follow::Yes | Follow::Anew => copier.all_and_follow(app, &settings, &sources, &plan, &work).await,
        _ => copier.all(&settings, &sources, &plan, &work, app.stop()).await,
    };
    copier.progress.end();
    let (rows, dead, elapsed) = (copier.progress.done(), copier.dead, copier.progress.elapsed());
    let closed = copier.importer.close().await.map_err(|error| target::failure(&dir, error));
    if matches!(ended, Ok(Ended::AtEnd)) {
        // A search reads itself what is not indexed yet; who asks for the figures wants all of it.
        indexer.catch_up().await.map_err(|error| target::failure(&dir, error))?;
    }
    indexer.close().await;
    let ended = ended?;
    closed?;
    let report = report_of(&settings, &store, Some(run_report(rows, dead, elapsed))).await?;
    store.close().await;
    save(&settings, &report)?;
    report::print(app, format, &report, || report.markdown())?;
    match ended {
        Ended::AtEnd if report.tables.iter().any(|table| table.dead > 0) => Ok(DIFFERENT),
        Ended::AtEnd => Ok(Exit::Ok),
        Ended::TooMany => {
            let text = Text::new(
                format!(
                    "kefu migrate: stopped, more than {} rows cannot be used; see `kefu migrate dead-letter list`",
                    settings.max_bad_rows
                ),
                format!(
                    "kefu migrate: 已停止,超过 {} 行无法使用;参见 `kefu migrate dead-letter list`",
                    settings.max_bad_rows
                ),
            );
            say(text.in_language(app.language()));
            Ok(TOO_MANY)
        }
        Ended::Stopped => {
            let text = Text::new(
                format!("kefu migrate: stopped; go on with `{command}`"),
                format!("kefu migrate: 已停止;继续请执行 `{command}`"),
            );
            say(text.in_language(app.language()));
            Ok(Exit::Interrupted)
        }
    }
}

/// Nothing can be followed here.
#[cfg(not(feature = "mysql"))]
pub(crate) fn without_servers() -> Failure {
    let text = Text::new(
        "cannot follow: this kefu was built without `mysql`",
        "无法跟随:此 kefu 构建时未包含 `mysql`",
    );
    Failure::new(Exit::Usage, text)
}

fn run_report(rows: u64, dead_letters: u64, elapsed: Duration) -> RunReport {
    let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    RunReport {
        rows,
        milliseconds,
        rows_per_second: rows.saturating_mul(1000) / milliseconds.max(1),
        dead_letters,
    }
}

/// What the store says of the tables of the file.
pub(crate) async fn report_of(
    settings: &Settings,
    store: &Store,
    run: Option<RunReport>,
) -> Result<Report, Failure> {
    let at_store = |error| target::failure(&settings.data_dir, error);
    let reader = ImportReader::new(store.clone());
    let known = store.import_tables().await.map_err(at_store)?;
    let mut tables = Vec::new();
    let mut done = true;
    for map in &settings.tables {
        let name = map.name();
        match known.iter().find(|table| table.name == name) {
            Some(table) => {
                done &= table.state == TableState::Done;
                tables.push(TableReport::new(table, reader.counts(table.key).await.map_err(at_store)?));
            }
            None => done = false,
        }
    }
    let positions = store.follow_positions().await.map_err(at_store)?;
    let sources = positions.iter().map(SourceReport::new).collect();
    Ok(Report { done, tables, sources, run })
}

fn save(settings: &Settings, report: &Report) -> Result<(), Failure> {
    let json = serde_json::to_string_pretty(report).map_err(Failure::internal)?;
    for (name, text) in [("report.json", json), ("report.md", report.markdown())] {
        let path = settings.work_dir().join(name);
        write_private(&path, &text).map_err(|error| {
            let path = path.display();
            Failure::new(Exit::Io, Text::new(format!("cannot write {path}"), format!("无法写入 {path}")))
                .because(error)
        })?;
    }
    Ok(())
}

/// How copying came to its end.
enum Ended {
    AtEnd,
    Stopped,
    TooMany,
}
