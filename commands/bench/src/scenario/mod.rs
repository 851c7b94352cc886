//! `kefu bench run`: scenarios from YAML, what callers do step by step.

mod alarm;
mod build;
mod data;
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
use kefu_upstream::{Endpoint, HttpClient, HttpSettings, Reach, TlsSettings};

use crate::{
    args::{PaceArgs, RunArgs},
    descriptors, process,
    progress::Progress,
    queue::{self, Pace, Queue},
    report::Report,
    target::Url,
    threshold::Threshold,
    usage,
    watch::Watch,
};
use build::Scenario;
use file::ScenarioFile;
use record::Record;
use runner::World;

/// Longest answer that is read.
const ANSWER_MAX: usize = 16 << 20;

/// A run of a scenario, checked before anything is opened.
#[derive(Debug)]
pub(crate) struct ScenarioSettings {
    name: String,
    url: Url,
    server_pid: Option<u32>,
    tls: TlsSettings,
    timeout: Duration,
    concurrency: u32,
    pace: Pace,
    seed: u64,
    scheduled_per_s: Option<f64>,
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
        let url = Url::find(target, 1, &args.allow_host)?;
        if url.path != "/" {
            return Err(usage(format!("cannot use the target {target}"), format!("无法使用目标 {target}"))
                .hint(Text::new(
                    "it has no path: paths are those of the steps",
                    "目标中没有路径: 路径写在步骤里",
                )));
        }
        let opens = scenario.flows.iter().flat_map(|flow| &flow.steps);
        if url.is_tls && opens.clone().any(|step| matches!(step.action, build::Action::Open { .. })) {
            return Err(usage(
                "cannot open a WebSocket over TLS; measure the service behind its proxy",
                "不支持经 TLS 的 WebSocket; 请测量代理之后的服务",
            ));
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
        descriptors::reserve(concurrency.saturating_mul(2), false)?;
        let pace = PaceArgs { profile: load.profile, arrivals: load.arrivals, seed: load.seed };
        let rate = args.rate.unwrap_or(load.rate);
        let (pace, scheduled_per_s) = if rate == 0.0 {
            pace.refuse()?;
            (Pace::Closed, None)
        } else {
            let (arrivals, mean) = pace.arrivals(rate, warmup, duration)?;
            (Pace::Open(queue::part(arrivals, 0, 1, u64::MAX)), Some(mean))
        };
        let address = url.target.address;
        let listener = || address.ip().is_loopback().then(|| process::listener(address.port()))?;
        Ok(Self {
            name: args.scenario.clone(),
            server_pid: args.server_pid.or_else(listener),
            tls: TlsSettings { ca_file: args.ca_file.clone(), identity: None },
            timeout: file.timeout,
            concurrency,
            pace,
            seed: load.seed,
            scheduled_per_s,
            warmup,
            duration,
            scenario,
            url,
        })
    }

    /// What the scenario itself asks of a run.
    pub(crate) fn thresholds(&self) -> &[Threshold] {
        &self.scenario.thresholds
    }
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

/// The text of a scenario, as it can be copied and changed.
pub(crate) fn show(name: &str) -> Result<String, Failure> {
    if let Some(text) = presets::text(name) {
        return Ok(text.to_owned());
    }
    std::fs::read_to_string(name)
        .map_err(|error| usage(format!("cannot read {name}"), format!("无法读取 {name}")).because(error))
}

/// Runs the scenario; must be called outside of any runtime's own work.
pub(crate) fn run(settings: ScenarioSettings, stop: &Stop) -> Result<Option<Report>, Failure> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::internal)?;
    tokio::task::LocalSet::new().block_on(&runtime, go(settings, stop))
}

async fn go(settings: ScenarioSettings, stop: &Stop) -> Result<Option<Report>, Failure> {
    let ScenarioSettings { warmup, duration, concurrency, .. } = settings;
    let Url { is_tls, ref host, ref target, .. } = settings.url;
    let endpoint = Endpoint { is_tls, host: host.clone(), port: target.address.port(), path: "/".into() };
    let client = HttpClient::new(&HttpSettings {
        endpoint,
        reach: Reach::Internal,
        tls: settings.tls.clone(),
        connections_max: concurrency as usize,
        body_bytes_max: ANSWER_MAX,
        authorization: None,
    })
    .map_err(|error| usage("cannot use TLS", "无法使用 TLS").because(error))?;
    let shown = report::Shown::of(&settings);
    let window = runner::window(warmup, duration);
    let world = Rc::new(World {
        owed: RefCell::new(vec![0; settings.scenario.flows.len()]),
        scenario: settings.scenario,
        client,
        target: settings.url.target,
        timeout: settings.timeout,
        seed: settings.seed,
        start: Instant::now(),
        record: RefCell::new(Record::new(window)),
        begun: Cell::new(0),
    });
    let mut progress = Progress::new();
    progress.begin("seconds", (warmup + duration).as_secs());
    let mut watch: Option<Watch> = None;
    let server_pid = settings.server_pid;
    let mut look = |now: Duration| {
        if window.holds(now) {
            watch.get_or_insert_with(|| Watch::begin(server_pid, now)).tick(now);
        }
        if let Some(interval) = world.record.borrow_mut().series.tick(now) {
            progress.interval(now.as_secs(), interval);
        }
    };
    let queue = Queue::new(&settings.pace, u64::MAX);
    let is_interrupted = runner::drive(&world, queue, concurrency as usize, stop, &mut look).await?;
    progress.end();
    let now = world.start.elapsed();
    let mut record = world.record.replace(Record::new(window));
    if record.latency.count() == 0 && is_interrupted {
        return Ok(None);
    }
    if let Some(watch) = &mut watch {
        watch.look(now.min(window.to));
    }
    let intervals = std::mem::replace(&mut record.series, crate::series::Series::new(window.from, window.to));
    let mut report = report::report(&shown, &record, watch.as_ref());
    report.intervals = intervals.finish(now);
    report.interrupted = is_interrupted;
    Ok(Some(report))
}

#[cfg(test)]
mod tests;
