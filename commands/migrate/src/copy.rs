//! Bringing records over: readers on one side, one writer on the other.

mod copier;
#[cfg(feature = "live")]
mod following;

use std::{collections::HashMap, path::Path, sync::Arc, time::Duration};

use kefu_app::{App, Exit, Failure, Text};
use kefu_core::{Kept, Micros};
use kefu_store::{
    Outdated, Store,
    import::{ImportReader, TableState},
};

use self::copier::Copier;
use crate::{
    args::{ReportArgs, RetryArgs, RunArgs},
    check::{self, Sources},
    letters::Letters,
    progress::{Progress, say},
    report::{self, InboxReport, LateReport, OutdatedReport, Report, RunReport, SourceReport, TableReport},
    settings::Settings,
    source::Tails,
    target::{self, Target, Waiting},
    throttle::Throttle,
    value::show_key,
};

/// Rows differ, or some are dead letters.
pub(crate) const DIFFERENT: Exit = Exit::Verdict(4);
/// More rows cannot be used than is allowed.
const TOO_MANY: Exit = Exit::Verdict(5);

/// Runs `kefu migrate run`.
pub(crate) fn run(app: &App, args: &RunArgs) -> Result<Exit, Failure> {
    let mut settings = Settings::load(&args.file.file)?;
    settings.require_tables()?;
    let tails = match args.skip_corrupt_tail {
        true => settings.skip_corrupt_tails(app.language()),
        false => Tails::default(),
    };
    let follow = match (args.follow, args.recopy) {
        (false, _) => Follow::No,
        (true, false) => Follow::Yes,
        (true, true) => Follow::Anew,
    };
    let work = Work { accept_change: args.accept_change, retry: None, follow, tails };
    let option = if args.follow { " --follow" } else { "" };
    let command = format!("kefu migrate run -f {}{option}", args.file.file.display());
    app.block_on(copy(app, settings, work, &args.report, command))?
}

/// Runs `kefu migrate dead-letter retry`.
pub(crate) fn retry(app: &App, args: &RetryArgs) -> Result<Exit, Failure> {
    let settings = Settings::load(&args.file.file)?;
    settings.require_tables()?;
    let mut keys = Keys::new();
    for letter in Letters::of(&settings).read()?.values() {
        keys.entry(letter.table.clone()).or_default().extend(letter.key_bytes());
    }
    let work = Work { accept_change: false, retry: Some(keys), follow: Follow::No, tails: Tails::default() };
    let command = format!("kefu migrate dead-letter retry -f {}", args.file.file.display());
    let report = ReportArgs { format: args.format, report: None };
    app.block_on(copy(app, settings, work, &report, command))?
}

/// Brings these rows over again, whatever became of them before.
pub(crate) async fn repair(
    app: &App,
    settings: &Settings,
    sources: &Sources,
    plan: &check::Plan,
    keys: Keys,
) -> Result<(), Failure> {
    let work = Work { accept_change: false, retry: Some(keys), follow: Follow::No, tails: Tails::default() };
    let Some(mut opened) = Copying::open(app, settings, &work, None, Waiting::No).await? else {
        return Ok(());
    };
    opened.copier.is_repair = true;
    let (ended, _, store) = Box::pin(opened.run(app, settings, sources, plan, &work)).await?;
    store.close().await;
    ended.map(drop)
}

/// Keys of rows, by table.
pub(crate) type Keys = HashMap<String, Vec<Vec<u8>>>;

/// What is to be done.
struct Work {
    accept_change: bool,
    /// Only these keys of these tables, whatever was read before.
    retry: Option<Keys>,
    follow: Follow,
    /// Where dumps are damaged that are read as far as they are whole.
    tails: Tails,
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
    mut settings: Settings,
    work: Work,
    args: &ReportArgs,
    command: String,
) -> Result<Exit, Failure> {
    let sources = Sources::open(&settings).await?;
    let mut plan = check::plan(&settings, &sources).await?;
    plan.refuse()?;
    #[cfg(feature = "live")]
    if work.follow != Follow::No {
        crate::follow::check(&settings, &sources, &plan).await?;
    }
    #[cfg(not(feature = "live"))]
    if work.follow != Follow::No {
        return Err(without_servers());
    }
    plan.leave_out_missing(&mut settings);
    let mut waiting = match work.follow {
        Follow::Yes | Follow::Anew if is_chatted_in(&settings).await => {
            say_handed_over(app, Waiting::Daemon);
            Waiting::Daemon
        }
        _ => Waiting::No,
    };
    let mut is_again = false;
    let (ended, run, store) = loop {
        let Some(mut copying) = Copying::open(app, &settings, &work, plan.rows(), waiting).await? else {
            say_stopped(app, &command);
            return Ok(Exit::Interrupted);
        };
        copying.copier.is_again = is_again;
        let (ended, run, store) = Box::pin(copying.run(app, &settings, &sources, &plan, &work)).await?;
        waiting = match ended {
            Ok(Ended::HandedOver) => {
                // Whoever asked may ask again.
                drop(std::fs::remove_file(settings.hand_over_file()));
                Waiting::HandOver
            }
            Ok(Ended::Lost) => Waiting::Daemon,
            _ => break (ended, run, store),
        };
        is_again = true;
        store.close().await;
        say_handed_over(app, waiting);
    };
    let ended = ended?;
    let mut report = report_of(&settings, &store, Some(run)).await?;
    report.outdated = outdated(&settings, &store).await?;
    report.damaged = work.tails.met();
    store.close().await;
    save(&settings, &report)?;
    report::deliver(app, args, &report, || report.markdown())?;
    match ended {
        Ended::AtEnd if report.is_incomplete() => Ok(DIFFERENT),
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
        Ended::Stopped | Ended::HandedOver | Ended::Lost => {
            say_stopped(app, &command);
            Ok(Exit::Interrupted)
        }
    }
}

/// Whether some inbox counts here: then the store is for the daemon, and who follows waits for it.
async fn is_chatted_in(settings: &Settings) -> bool {
    let Ok(store) = target::open_reading(&settings.data_dir).await else { return false };
    let fed = store.fed_inboxes().await.unwrap_or_default();
    store.close().await;
    fed.iter().any(|inbox| inbox.switched_at.is_some()) && fed.iter().any(|inbox| inbox.switched_at.is_none())
}

fn say_stopped(app: &App, command: &str) {
    let text = Text::new(
        format!("kefu migrate: stopped; go on with `{command}`"),
        format!("kefu migrate: 已停止;继续请执行 `{command}`"),
    );
    say(text.in_language(app.language()));
}

/// Says who has the store now.
fn say_handed_over(app: &App, waiting: Waiting) {
    let text = match waiting {
        Waiting::HandOver => Text::new(
            "kefu migrate: the store is for `kefu serve` now, which is fed from here on",
            "kefu migrate: 数据库已交给 `kefu serve`,此后由此处向其传送",
        ),
        _ => Text::new(
            "kefu migrate: waiting until `kefu serve` takes what comes",
            "kefu migrate: 正在等待 `kefu serve` 接收",
        ),
    };
    say(text.in_language(app.language()));
}

/// The open store and who writes it.
struct Copying<'a> {
    dir: &'a Path,
    copier: Copier<'a>,
}

impl<'a> Copying<'a> {
    /// Nothing, if it was stopped before there was anybody to write.
    async fn open(
        app: &App,
        settings: &'a Settings,
        work: &Work,
        total: Option<u64>,
        waiting: Waiting,
    ) -> Result<Option<Self>, Failure> {
        let dir = settings.data_dir.as_path();
        let Some(target) = Target::take(dir, false, waiting, &app.stop()).await? else { return Ok(None) };
        let letters = Letters::of(settings);
        letters.expire(target::now())?;
        let copier = Copier {
            dir,
            target,
            is_again: false,
            letters,
            progress: Progress::new(total, app.language()),
            throttle: Arc::new(Throttle::of(settings, app.language())),
            tables: Vec::new(),
            detach: settings.detach,
            dead: 0,
            max_dead: settings.max_bad_rows,
            is_retry: work.retry.is_some(),
            is_repair: false,
            since: HashMap::new(),
        };
        Ok(Some(Self { dir, copier }))
    }

    /// Copies, closes what wrote, and returns how it ended with what can still be read.
    async fn run(
        self,
        app: &App,
        settings: &Settings,
        sources: &Sources,
        plan: &check::Plan,
        work: &Work,
    ) -> Result<(Result<Ended, Failure>, RunReport, Store), Failure> {
        let Self { dir, mut copier } = self;
        let ended = match work.follow {
            #[cfg(feature = "live")]
            Follow::Yes | Follow::Anew => copier.all_and_follow(app, settings, sources, plan, work).await,
            _ => copier.all(settings, sources, plan, work, app.stop()).await,
        };
        copier.progress.end();
        let ended = if copier.target.sink.is_lost() { Ok(Ended::Lost) } else { ended };
        let run = run_report(copier.progress.done(), copier.dead, copier.progress.elapsed());
        // A search reads itself what is not indexed yet; who asks for the figures wants all of it.
        let (closed, store) = copier.target.close(matches!(ended, Ok(Ended::AtEnd))).await;
        let closed = closed.map_err(|error| target::failure(dir, error));
        Ok((ended.and_then(|ended| closed.map(|()| ended)), run, store))
    }
}

/// What inboxes keep only for a time, and how much of it is older: whoever brings over ten years of messages wants to
/// know before the daemon erases nine of them.
async fn outdated(settings: &Settings, store: &Store) -> Result<Vec<OutdatedReport>, Failure> {
    const DAY: i64 = 24 * 3600 * 1_000_000;
    let at_store = |error| target::failure(&settings.data_dir, error);
    let (mut inboxes, named) = (store.inboxes().await.map_err(at_store)?, settings.inboxes());
    inboxes.retain(|inbox| named.contains(inbox.slug.as_str()));
    let (mut found, now) = (Vec::new(), target::now());
    for inbox in inboxes {
        for kind in [Kept::Messages, Kept::Tickets] {
            let Some(days) = inbox.settings.retention.days(kind) else { continue };
            let before = Micros(now.0.saturating_sub(i64::from(days) * DAY));
            let outdated = Outdated { inbox: inbox.key, before, now };
            let count = store.outdated_count(kind, outdated).await.map_err(at_store)?;
            if count > 0 {
                let inbox = inbox.slug.clone();
                found.push(OutdatedReport { inbox, kind: kind.as_str(), days, count });
            }
        }
    }
    Ok(found)
}

/// Nothing can be followed here.
#[cfg(not(feature = "live"))]
pub(crate) fn without_servers() -> Failure {
    let text = Text::new(
        "cannot follow: this kefu was built without `mysql` and `mongo`",
        "无法跟随:此 kefu 构建时未包含 `mysql` 与 `mongo`",
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

/// Late rows that are listed; all are counted.
const LATE_MAX: u32 = 100;

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
            None => done &= map.is_optional,
        }
    }
    let positions = store.follow_positions().await.map_err(at_store)?;
    let sources = positions.iter().map(SourceReport::new).collect();
    let inboxes = store
        .fed_inboxes()
        .await
        .map_err(at_store)?
        .into_iter()
        .map(|inbox| InboxReport { inbox: inbox.slug, switched_at_us: inbox.switched_at.map(|at| at.0) });
    let late = store.late_rows(LATE_MAX).await.map_err(at_store)?;
    let late = late.into_iter().map(|late| LateReport { table: late.table, key: show_key(&late.key) });
    let (inboxes, late) = (inboxes.collect(), late.collect());
    Ok(Report { done, tables, sources, inboxes, late, run, outdated: Vec::new(), damaged: Vec::new() })
}

fn save(settings: &Settings, report: &Report) -> Result<(), Failure> {
    let json = serde_json::to_string_pretty(report).map_err(Failure::internal)?;
    for (name, text) in [("report.json", json), ("report.md", report.markdown())] {
        report::save(&settings.work_dir().join(name), &text)?;
    }
    Ok(())
}

/// How copying came to its end.
enum Ended {
    AtEnd,
    Stopped,
    TooMany,
    /// The store is for somebody who is to serve it.
    HandedOver,
    /// Who served it is gone.
    Lost,
}
