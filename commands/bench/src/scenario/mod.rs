//! `kefu bench run`: scenarios from YAML, what callers do step by step.

mod alarm;
mod build;
mod chat;
mod client;
pub(crate) mod data;
mod file;
mod presets;
mod record;
mod report;
mod runner;
mod socket;
mod template;

use std::{
    cell::{Cell, RefCell},
    path::Path,
    rc::Rc,
    time::{Duration, Instant},
};

use kefu_app::{Effective, Failure, Stop, Text, load_file, load_text};

use crate::{
    admin::Admin,
    args::{PaceArgs, RunArgs},
    chat::{Wanted, staff},
    descriptors,
    observed::Observed,
    process,
    procs::{self, Moment, Parent, cpu},
    progress::Progress,
    queue::{Pace, Queue, Window},
    report::Report,
    share::Share,
    target::{Target, Url},
    threshold::Threshold,
    usage,
    watch::Watch,
};
use build::Scenario;
use chat::{Ledger, Staff};
use client::Client;
use file::ScenarioFile;
use record::{Figures, Record};
use runner::World;

/// A run of a scenario, checked before anything is opened.
#[derive(Debug)]
pub(crate) struct ScenarioSettings {
    name: String,
    target: Target,
    server: Observed,
    procs: u32,
    /// Which part of the load this process has, if others have the rest.
    share: Option<Share>,
    timeout: Duration,
    concurrency: u32,
    pace: Pace,
    seed: u64,
    scheduled_per_s: Option<f64>,
    /// Who makes the agents that take part; present whenever there are any.
    admin: Option<Admin>,
    warmup: Duration,
    duration: Duration,
    scenario: Scenario,
}

impl ScenarioSettings {
    pub(crate) fn new(args: &RunArgs) -> Result<Self, Failure> {
        let (file, base) = load(&args.scenario)?;
        let scenario = build::build(&file, &base, &args.set)?;
        let target = args.target.as_deref().unwrap_or(&file.target);
        if target.is_empty() {
            return Err(usage("cannot do without a target", "缺少目标").hint(Text::new(
                "give --target, or `target` in the scenario",
                "请给出 --target, 或在场景中写明 `target`",
            )));
        }
        let (spread, ca_file) = (args.spread, args.ca_file.as_deref());
        let url = Url::find(target, spread.source_addresses, &args.allow_host, ca_file)?;
        if url.path != "/" {
            return Err(usage(format!("cannot use the target {target}"), format!("无法使用目标 {target}"))
                .hint(Text::new(
                    "it has no path: paths are those of the steps",
                    "目标中没有路径: 路径写在步骤里",
                )));
        }
        let load = &file.load;
        let (warmup, duration) = (args.warmup.unwrap_or(load.warmup), args.duration.unwrap_or(load.duration));
        if duration.is_zero() {
            return Err(usage("the duration must be more than nothing", "时长必须大于零"));
        }
        let concurrency = args.concurrency.unwrap_or(load.concurrency);
        if concurrency == 0 {
            return Err(file.reject("load.concurrency", Text::new("must be at least 1", "至少为 1")));
        }
        if spread.procs > concurrency {
            return Err(usage("--procs exceeds the concurrency", "--procs 超过了并发数"));
        }
        let connections = concurrency.saturating_mul(2);
        descriptors::reserve(connections, spread.procs, scenario.agents == 0)?;
        descriptors::ports(&url.target, connections)?;
        let admin = if scenario.agents > 0 { Some(admin(args)?) } else { None };
        let share = spread.part();
        let pace = PaceArgs { profile: load.profile, arrivals: load.arrivals, seed: load.seed };
        let rate = args.rate.unwrap_or(load.rate);
        let (pace, scheduled_per_s) = if rate == 0.0 {
            pace.refuse()?;
            (Pace::Closed, None)
        } else {
            let (arrivals, mean) = pace.arrivals(rate, warmup, duration)?;
            (Pace::Open(share.arrivals(arrivals, u64::MAX)), Some(mean))
        };
        let address = url.target.address;
        Ok(Self {
            name: args.scenario.clone(),
            // A part of the load leaves that to whoever gathers the parts.
            server: match spread.share {
                None => Observed::find(&args.watch, address, &args.allow_host)?,
                Some(_) => Observed::Nothing,
            },
            procs: spread.procs,
            share: spread.share,
            timeout: file.timeout,
            concurrency: share.of_u32(concurrency),
            pace,
            seed: load.seed,
            scheduled_per_s,
            admin,
            warmup,
            duration,
            scenario,
            target: url.target,
        })
    }

    /// The measured part.
    fn window(&self) -> Window {
        Window { from: self.warmup, to: self.warmup + self.duration }
    }

    /// What the scenario itself asks of a run.
    pub(crate) fn thresholds(&self) -> &[Threshold] {
        &self.scenario.thresholds
    }
}

/// Who makes the agents of a scenario that has some.
fn admin(args: &RunArgs) -> Result<Admin, Failure> {
    if args.spread.procs > 1 {
        return Err(usage("--procs does not go with agents", "--procs 不能与客服同时使用").hint(Text::new(
            "what one process sends would arrive in another; see kefu bench chat --procs",
            "一个进程发送的消息会到达另一个进程; 参见 kefu bench chat --procs",
        )));
    }
    args.admin.admin()?.ok_or_else(|| {
        usage("cannot make the scenario's agents without an admin", "没有管理员, 无法创建场景中的客服").hint(
            Text::new(
                "give --admin-email and --admin-password-file",
                "请提供 --admin-email 和 --admin-password-file",
            ),
        )
    })
}

/// The file of this name, or else the preset, and where its own paths start from.
fn load(name: &str) -> Result<(Effective<ScenarioFile>, std::path::PathBuf), Failure> {
    let path = Path::new(name);
    if let Some(text) = presets::text(name)
        && !path.exists()
    {
        return Ok((load_text(name, text)?, std::path::PathBuf::new()));
    }
    if path.extension().is_none() && !path.exists() {
        let known = presets::names();
        return Err(usage(
            format!("cannot find the scenario {name}: neither a file nor one of {known}"),
            format!("找不到场景 {name}: 既不是文件, 也不是 {known} 之一"),
        ));
    }
    Ok((load_file(path)?, path.parent().unwrap_or(Path::new("")).to_owned()))
}

/// Reads a scenario from a text that names no files of data.
#[cfg(feature = "fuzzing")]
pub(crate) fn check(text: &str, base: &Path) -> Result<(), Failure> {
    let file: Effective<ScenarioFile> = load_text("fuzz.yaml", text)?;
    if file.data.iter().next().is_none() {
        build::build(&file, base, &[])?;
    }
    Ok(())
}

/// The text of a scenario, as it can be copied and changed.
pub(crate) fn show(name: &str) -> Result<String, Failure> {
    if let Some(text) = presets::text(name) {
        return Ok(text.to_owned());
    }
    std::fs::read_to_string(name)
        .map_err(|error| usage(format!("cannot read {name}"), format!("无法读取 {name}")).because(error))
}

/// Runs the scenario; must be called outside of any runtime's own work. `None` when this process had a part of it, or when
/// it was stopped before anything was measured.
pub(crate) fn run(
    settings: ScenarioSettings,
    mut progress: Progress,
    stop: &Stop,
) -> Result<Option<Report>, Failure> {
    let shown = report::Shown::of(&settings);
    let mut watch = Watching { server: settings.server.clone(), window: settings.window(), watch: None };
    let figures = if settings.procs > 1 && settings.share.is_none() {
        together(&settings, stop, &mut progress, &mut watch)?
    } else {
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::internal)?;
        tokio::task::LocalSet::new().block_on(&runtime, go(settings, stop, &mut progress, &mut watch))?
    };
    let has_measured = |figures: &Figures| {
        figures.latency.count() > 0 || !figures.errors.is_empty() || !figures.is_interrupted
    };
    Ok(figures.filter(has_measured).map(|figures| report::report(&shown, &figures, watch.watch.as_ref())))
}

/// The server, watched from when measuring begins.
struct Watching {
    server: Observed,
    window: Window,
    watch: Option<Watch>,
}

impl Watching {
    /// So much of the run is over.
    fn tick(&mut self, now: Duration) {
        if self.window.holds(now) {
            self.watch.get_or_insert_with(|| Watch::begin(&self.server, now)).tick(now);
        }
    }
}

/// Has several processes go through the scenario, and adds up what they measured.
fn together(
    settings: &ScenarioSettings,
    stop: &Stop,
    progress: &mut Progress,
    watch: &mut Watching,
) -> Result<Option<Figures>, Failure> {
    let mut began = None;
    let parts = procs::gather(settings.procs, stop, progress, &mut |progress, moment| match moment {
        Moment::Met(_) => {
            began = Some(Instant::now());
            progress.measure(settings.warmup, settings.duration, None);
        }
        Moment::Tick => {
            if let Some(began) = began {
                watch.tick(began.elapsed());
                progress.set(began.elapsed().as_secs());
            }
        }
    })?;
    progress.end();
    Ok(parts.map(|parts| {
        parts.iter().fold(Figures::default(), |mut whole, part| {
            whole.merge(part);
            whole
        })
    }))
}

/// Goes through the scenario; nothing is left of a part, which is told to whoever gathers them.
async fn go(
    settings: ScenarioSettings,
    stop: &Stop,
    progress: &mut Progress,
    watch: &mut Watching,
) -> Result<Option<Figures>, Failure> {
    let ScenarioSettings { warmup, duration, concurrency, .. } = settings;
    let window = settings.window();
    let tokens = agents(&settings, progress).await?;
    let parent = settings.share.map(|_| Parent::new());
    let start = match &parent {
        None => Instant::now(),
        Some(parent) => {
            parent.arrive()?;
            let Some(start) = parent.wait() else { return Ok(None) };
            start
        }
    };
    let world = Rc::new(World {
        owed: RefCell::new(vec![0; settings.scenario.flows.len()]),
        scenario: settings.scenario,
        client: Client::new(settings.target.clone()),
        target: settings.target,
        timeout: settings.timeout,
        seed: settings.seed,
        start,
        record: RefCell::new(Record::new(window)),
        begun: Cell::new(0),
        attended: Cell::new(0),
        attending: Cell::new(0),
        ledger: RefCell::new(Ledger::new(window)),
        share: settings.share.unwrap_or(Share::WHOLE),
    });
    let staff = Staff::start(&world, tokens).await?;
    progress.measure(warmup, duration, None);
    let (mut used, mut told) = ((cpu(), None), Ok(()));
    let mut look = |now: Duration| {
        if now < window.from {
            used.0 = cpu();
        } else if now >= window.to {
            used.1.get_or_insert_with(cpu);
        }
        watch.tick(now);
        progress.set(now.as_secs());
        if let Some(interval) = world.record.borrow_mut().series.tick(now) {
            progress.interval(now.as_secs(), interval);
            if let Some(parent) = &parent
                && told.is_ok()
            {
                told = parent.second(interval);
            }
        }
    };
    let queue = Queue::new(&settings.pace, u64::MAX);
    let is_interrupted = runner::drive(&world, queue, concurrency as usize, stop, &mut look).await?;
    told?;
    progress.end();
    drop(staff);
    let used = used.1.unwrap_or_else(cpu).saturating_sub(used.0);
    let mut figures = world.record.replace(Record::new(window)).finish(world.start.elapsed(), used);
    figures.opened = world.client.opened();
    figures.rss = process::usage(std::process::id()).map_or(0, |usage| usage.rss);
    figures.is_interrupted = is_interrupted;
    if world.scenario.has_chat() {
        let ledger = world.ledger.replace(Ledger::new(window));
        figures.chat = Some(ledger.finish(world.scenario.agents > 0));
    }
    let Some(parent) = parent else { return Ok(Some(figures)) };
    parent.tell(&figures)?;
    Ok(None)
}

/// Makes the agents of the scenario, and gives their tokens.
async fn agents(settings: &ScenarioSettings, progress: &mut Progress) -> Result<Vec<String>, Failure> {
    let Some(admin) = &settings.admin else { return Ok(Vec::new()) };
    let wanted = Wanted {
        target: &settings.target,
        admin,
        agents: settings.scenario.agents,
        first_agent: 0,
        supervisors: 0,
        // All of them, whoever else is there.
        capacity: settings.concurrency.saturating_mul(10),
    };
    Ok(staff(&wanted, progress).await?.0)
}

#[cfg(test)]
mod tests;
