//! `kefu migrate cutover`: the old system stops writing, the last of what it wrote comes over and is compared, and from
//! then on what is here counts.
//!
//! Each step may be the last one before a crash: the command is given again and goes through all of them, which does no
//! harm. Until the last one, nothing here says that it is over; after it, nothing more is read of the source.

use std::{collections::HashMap, process::Stdio, time::Duration};

use kefu_app::{App, Exit, Failure, Text};
use kefu_store::{
    Store,
    import::{FollowPosition, FollowState, ImportAction, TableState},
};
use serde::Serialize;
use tokio::time::Instant;

use crate::{
    args::{CutoverArgs, FenceArgs},
    check::{self, Plan, Sources},
    copy::report_of,
    follow::{self, FollowEnded, Following, Positions},
    letters::{Letters, write_private},
    progress::say,
    report,
    settings::Settings,
    source::Position,
    target::{self, Sink, Target, Waiting},
    verify,
};

/// It is not time yet.
const NOT_READY: Exit = Exit::Verdict(6);

/// How often changes are awaited before the fence, until few enough are left.
const ROUNDS: u32 = 20;

/// What came of it.
#[derive(Debug, Default, Serialize)]
struct Report {
    /// Whether what is here counts now.
    cut_over: bool,
    /// Why not.
    obstacles: Vec<String>,
    /// How far behind it was before the fence.
    lag_ms: u64,
    /// From the beginning of the fence until what is here counts.
    outage_ms: u64,
    /// Of that: the fence, the rest of the changes, and comparing them.
    fence_ms: u64,
    drain_ms: u64,
    compare_ms: u64,
    /// Rows that changed since this began, and were compared behind the fence.
    compared: u64,
    /// Where each source ended.
    ends: HashMap<String, String>,
}

/// Runs `kefu migrate cutover`.
pub(crate) fn run(app: &App, args: &CutoverArgs) -> Result<Exit, Failure> {
    let settings = Settings::load(&args.file.file)?;
    settings.require_tables()?;
    app.block_on(async {
        check_inbox(args.inbox.as_deref(), &settings)?;
        let sources = Sources::open(&settings).await?;
        let plan = check::plan(&settings, &sources).await?;
        plan.refuse()?;
        follow::check(&settings, &sources, &plan).await?;
        let dir = settings.data_dir.clone();
        let at_store = |error| target::failure(&dir, error);
        let Some(mut target) = take(app, args, &settings).await? else { return Ok(Exit::Interrupted) };
        let store = target.store.clone();
        let cutting =
            Cutting { app, args, settings: &settings, sources: &sources, plan: &plan, store: &store };
        let ended = cutting.run(&mut target.sink).await;
        let (closed, store) = target.close(false).await;
        store.close().await;
        let report = ended?;
        closed.map_err(at_store)?;
        let json = serde_json::to_string_pretty(&report).map_err(Failure::internal)?;
        let name =
            args.inbox.as_ref().map_or("cutover.json".to_owned(), |inbox| format!("cutover-{inbox}.json"));
        let path = settings.work_dir().join(name);
        write_private(&path, &json).map_err(|error| {
            let path = path.display();
            Failure::new(Exit::Io, Text::new(format!("cannot write {path}"), format!("无法写入 {path}")))
                .because(error)
        })?;
        report::print(app, args.format, &report, || report.markdown())?;
        Ok(if report.cut_over { Exit::Ok } else { NOT_READY })
    })?
}

/// How long somebody who follows and a daemon that waits have for the hand-over.
const HAND_OVER: Duration = Duration::from_secs(30);

/// Takes the store, or connects to whoever serves it. Where it is somebody's who follows, `kefu serve --standby` is to take
/// it over for an inbox to be switched.
async fn take(app: &App, args: &CutoverArgs, settings: &Settings) -> Result<Option<Target>, Failure> {
    let (dir, stop) = (&settings.data_dir, app.stop());
    let locked = match Target::take(dir, true, Waiting::No, &stop).await {
        Err(failure) if failure.exit() == Exit::Locked && args.inbox.is_some() => failure,
        taken => return taken,
    };
    let file = settings.hand_over_file();
    report::save(&file, "")?;
    let taken = tokio::time::timeout(HAND_OVER, Target::take(dir, true, Waiting::Daemon, &stop)).await;
    // Who follows has taken it away, unless nobody does.
    drop(std::fs::remove_file(&file));
    taken.unwrap_or_else(|_| {
        Err(locked.hint(Text::new(
            "start `kefu serve --standby` on it, which `kefu migrate run --follow` hands it over to",
            "请在其上启动 `kefu serve --standby`,`kefu migrate run --follow` 会将其交出",
        )))
    })
}

/// Refuses an inbox that no row is of.
fn check_inbox(inbox: Option<&str>, settings: &Settings) -> Result<(), Failure> {
    let (Some(inbox), known) = (inbox, settings.inboxes()) else { return Ok(()) };
    if known.contains(inbox) {
        return Ok(());
    }
    let known: Vec<_> = known.iter().map(|known| &**known).collect();
    let known = known.join(", ");
    let text = Text::new(
        format!("cannot switch `{inbox}`: the file names {known}"),
        format!("无法切换 `{inbox}`:文件中的收件箱为 {known}"),
    );
    Err(Failure::new(Exit::Usage, text))
}

struct Cutting<'a> {
    app: &'a App,
    args: &'a CutoverArgs,
    settings: &'a Settings,
    sources: &'a Sources,
    plan: &'a Plan,
    store: &'a Store,
}

impl Cutting<'_> {
    async fn run(&self, sink: &mut Sink) -> Result<Report, Failure> {
        let at_store = |error| target::failure(&self.settings.data_dir, error);
        let mut report = Report::default();
        let known = sink.positions().await.map_err(at_store)?;
        if !known.is_empty() && known.iter().all(|position| position.state == FollowState::CutOver) {
            report.cut_over = true;
            return Ok(report);
        }
        let fed = self.store.fed_inboxes().await.map_err(at_store)?;
        let inbox = fed.iter().find(|fed| Some(&fed.slug) == self.args.inbox.as_ref());
        if inbox.is_some_and(|inbox| inbox.switched_at.is_some()) {
            report.cut_over = true;
            return Ok(report);
        }
        report.obstacles = self.obstacles(&known).await?;
        if !report.obstacles.is_empty() {
            return Ok(report);
        }
        let positions = Positions::take(sink, self.settings, self.sources, false).await?;
        let mut letters = Letters::of(self.settings);
        let writing = (&mut *sink, &mut letters);
        let mut following =
            Following::open(self.app, self.settings, self.sources, self.plan, writing, positions).await?;
        following.remember();
        let drained = self.through(&mut following, &mut report).await;
        following.close().await?;
        drained?;
        if report.obstacles.is_empty() {
            self.flip(sink, &mut report).await?;
        }
        Ok(report)
    }

    /// What has to be done first.
    async fn obstacles(&self, known: &[FollowPosition]) -> Result<Vec<String>, Failure> {
        let report = report_of(self.settings, self.store, None).await?;
        let mut found = Vec::new();
        let mut add = |text: Text| found.push(text.in_language(self.app.language()).to_owned());
        let is_shadow = self.store.is_shadow().await;
        if is_shadow.map_err(|error| target::failure(&self.settings.data_dir, error))? {
            add(Text::new(
                "the store is that of a rehearsal, from which nothing goes out: bring the records over into a store of its own",
                "这是演练用的数据库,不会向外发送任何内容:请迁移到单独的数据库",
            ));
        }
        let is_copied =
            report.done && report.tables.iter().all(|table| table.state == TableState::Done.as_str());
        let is_followed = |map: &std::sync::Arc<crate::mapping::TableMap>| {
            let is_live = self.sources.get(&map.source).is_ok_and(|source| source.is_live());
            let is_known = known
                .iter()
                .any(|position| position.source == map.source && position.state == FollowState::Following);
            !is_live || is_known
        };
        if !is_copied || !self.settings.tables.iter().all(is_followed) {
            add(Text::new(
                "not everything was copied and followed: `kefu migrate run --follow`",
                "尚未全部复制并跟随:请执行 `kefu migrate run --follow`",
            ));
        }
        let dead: u64 = report.tables.iter().map(|table| table.dead).sum();
        if dead > 0 && !self.args.accept_dead_letters {
            add(Text::new(
                format!(
                    "{dead} rows are dead letters: `kefu migrate dead-letter list`, then `--accept-dead-letters`"
                ),
                format!(
                    "有 {dead} 行死信:请查看 `kefu migrate dead-letter list`,然后使用 `--accept-dead-letters`"
                ),
            ));
        }
        if let Some(problem) = self.comparison() {
            add(problem);
        }
        Ok(found)
    }

    /// What is wrong with the last comparison of both sides.
    fn comparison(&self) -> Option<Text> {
        let path = self.settings.work_dir().join(verify::REPORT);
        let read = std::fs::read(&path)
            .ok()
            .and_then(|json| serde_json::from_slice::<serde_json::Value>(&json).ok());
        let age = std::fs::metadata(&path).and_then(|about| about.modified()).ok();
        let age = age.and_then(|at| at.elapsed().ok());
        match (read, age) {
            (Some(said), Some(age)) if age <= self.args.verified_within && said["complete"] == true => {
                (said["same"] != true).then(|| {
                    Text::new(
                        "both sides were not the same when they were compared: `kefu migrate verify`",
                        "上次比较时两边不一致:请执行 `kefu migrate verify`",
                    )
                })
            }
            _ => Some(Text::new(
                "both sides were not compared as a whole lately: `kefu migrate verify`",
                "近期未完整比较两边:请执行 `kefu migrate verify`",
            )),
        }
    }

    /// Waits until little is left, puts up the fence, and brings over what is left.
    async fn through(&self, following: &mut Following<'_>, report: &mut Report) -> Result<(), Failure> {
        for round in 1.. {
            let begun = Instant::now();
            if !self.drain(following, report).await? {
                return Ok(());
            }
            report.lag_ms = millis(begun);
            if begun.elapsed() <= self.args.max_lag {
                break;
            }
            if round == ROUNDS {
                self.obstacle(report, &Text::new("the changes do not get fewer", "变更没有减少"));
                return Ok(());
            }
        }
        let begun = Instant::now();
        self.fence().await?;
        report.fence_ms = millis(begun);
        let behind_fence = Instant::now();
        let is_drained = self.drain(following, report).await;
        report.drain_ms = millis(behind_fence);
        let comparing = Instant::now();
        let compared = match is_drained {
            Ok(true) => following.compare(self.store, self.args.inbox.as_deref()).await.map(Some),
            Ok(false) => Ok(None),
            Err(failure) => Err(failure),
        };
        report.compare_ms = millis(comparing);
        if let Ok(Some((compared, differing))) = &compared {
            report.compared = *compared;
            if let Some(first) = differing.first() {
                let count = differing.len();
                let text = Text::new(
                    format!(
                        "{count} rows that changed lately differ, such as {first}: `kefu migrate verify`"
                    ),
                    format!("近期变更的行中有 {count} 行不一致,例如 {first}:请执行 `kefu migrate verify`"),
                );
                self.obstacle(report, &text);
            }
        }
        if compared.is_err() || !report.obstacles.is_empty() {
            self.lift().await?;
        }
        compared?;
        report.outage_ms = millis(begun);
        Ok(())
    }

    fn obstacle(&self, report: &mut Report, text: &Text) {
        report.obstacles.push(text.in_language(self.app.language()).to_owned());
    }

    /// Brings over what the sources have by now; whether it came to its end.
    async fn drain(&self, following: &mut Following<'_>, report: &mut Report) -> Result<bool, Failure> {
        let mut ends = HashMap::new();
        for (name, source) in self.sources.iter() {
            if let Some(server) = source.server() {
                ends.insert(name.to_owned(), server.end().await?);
            }
        }
        report.ends = ends.iter().map(|(name, end)| (name.clone(), Position::place(end))).collect();
        match following.run(Some(&ends), &self.app.stop()).await? {
            FollowEnded::AtEnd => return Ok(true),
            FollowEnded::Stopped | FollowEnded::HandedOver => {
                self.obstacle(report, &Text::new("it was stopped", "已被停止"));
            }
            FollowEnded::TooMany => {
                self.obstacle(report, &Text::new("too many rows cannot be used", "无法使用的行过多"));
            }
        }
        Ok(false)
    }

    /// Has the old system stop writing.
    async fn fence(&self) -> Result<(), Failure> {
        let FenceArgs { fence, read_only, .. } = &self.args.fence;
        if *read_only {
            set_read_only(self.sources, true).await?;
        }
        match fence {
            Some(command) => shell(command, self.args.fence_timeout, self.args.inbox.as_deref()).await,
            None => Ok(()),
        }
    }

    /// Has it write again.
    async fn lift(&self) -> Result<(), Failure> {
        let FenceArgs { fence, unfence, read_only } = &self.args.fence;
        let unfence = (unfence.as_deref(), self.args.inbox.as_deref());
        lift(self.sources, unfence, *read_only, self.args.fence_timeout).await?;
        let unfence = unfence.0;
        if fence.is_some() && unfence.is_none() {
            let text = Text::new(
                "kefu migrate: the old system stays behind its fence; have it write again yourself",
                "kefu migrate: 旧系统仍处于禁止写入状态;请自行恢复写入",
            );
            say(text.in_language(self.app.language()));
        }
        Ok(())
    }

    /// From now on what is here counts.
    async fn flip(&self, sink: &mut Sink, report: &mut Report) -> Result<(), Failure> {
        let at_store = |error| target::failure(&self.settings.data_dir, error);
        let begun = Instant::now();
        sink.switch(self.args.inbox.as_deref()).await.map_err(at_store)?;
        report.outage_ms += millis(begun);
        report.cut_over = true;
        let mut detail = serde_json::json!({ "outage_ms": report.outage_ms, "ends": report.ends });
        let action = match &self.args.inbox {
            Some(inbox) => {
                detail["inbox"] = inbox.as_str().into();
                ImportAction::InboxSwitched
            }
            None => ImportAction::CutOver,
        };
        sink.note(action, detail).await.map_err(at_store)
    }
}

/// Takes a fence down, of one inbox if there is one.
pub(crate) async fn lift(
    sources: &Sources,
    (unfence, inbox): (Option<&str>, Option<&str>),
    read_only: bool,
    patience: Duration,
) -> Result<(), Failure> {
    if read_only {
        set_read_only(sources, false).await?;
    }
    match unfence {
        Some(command) => shell(command, patience, inbox).await,
        None => Ok(()),
    }
}

async fn set_read_only(sources: &Sources, is_up: bool) -> Result<(), Failure> {
    for (_, source) in sources.iter() {
        if let Some(server) = source.server() {
            server.set_read_only(is_up).await?;
        }
    }
    Ok(())
}

fn millis(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// Runs a command line, which is said; what it prints goes to standard error.
async fn shell(line: &str, patience: Duration, inbox: Option<&str>) -> Result<(), Failure> {
    say(&format!("kefu migrate: {line}"));
    let failed = || {
        let text = Text::new(format!("the fence failed: `{line}`"), format!("禁止写入的命令失败:`{line}`"));
        Failure::new(NOT_READY, text)
    };
    let deadline = Instant::now() + patience;
    let mut child = std::process::Command::new("/bin/sh")
        .args(["-c", line])
        .envs(inbox.map(|inbox| ("KEFU_INBOX", inbox)))
        .stdin(Stdio::null())
        .stdout(std::io::stderr())
        .spawn()
        .map_err(|error| failed().because(error))?;
    loop {
        match child.try_wait().map_err(|error| failed().because(error))? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(failed().because(status.to_string())),
            None if Instant::now() >= deadline => {
                drop(child.kill());
                drop(child.wait());
                return Err(failed().because(format!("it takes longer than {} s", patience.as_secs())));
            }
            None => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

impl Report {
    fn markdown(&self) -> String {
        if !self.obstacles.is_empty() {
            let lines = self.obstacles.iter().map(|obstacle| format!("- {obstacle}\n"));
            return format!("Not ready:\n\n{}", lines.collect::<String>());
        }
        if self.ends.is_empty() {
            return "What is here has taken the old system's place already.\n".to_owned();
        }
        let Self { outage_ms, fence_ms, drain_ms, compare_ms, compared, lag_ms, .. } = self;
        let mut ends: Vec<_> = self.ends.iter().map(|(name, end)| format!("{name} at {end}")).collect();
        ends.sort();
        format!(
            "What is here counts from now on; {}.\n\nNobody could write for {outage_ms} ms: fence {fence_ms} ms, the rest of the changes \
             {drain_ms} ms, comparing {compared} rows {compare_ms} ms. It was {lag_ms} ms behind before.\n",
            ends.join(", ")
        )
    }
}
