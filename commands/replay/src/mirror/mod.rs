//! `kefu replay mirror`: a proxy whose upstream answers, or connections that go by, while a shadow gets copies of what is
//! asked.

mod copies;
mod passing;
mod record;
mod relay;
mod shadow;
mod statistics;
mod tap;

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, atomic::AtomicUsize},
    time::Duration,
};

use kefu_app::{App, Exit, Failure, Language, Stop, Text};
use kefu_traffic::http::Limits;
use tokio::{
    io::AsyncWriteExt as _,
    net::{TcpListener, TcpStream},
    runtime::Handle,
    sync::Semaphore,
    task::JoinSet,
    time::{sleep, timeout},
};

use self::{
    passing::Passing,
    record::{Recorder, Writing},
    shadow::{Comparing, Plan, Shadow},
    statistics::Statistics,
    tap::{Listeners, Tap},
};
use crate::{
    PARTLY,
    args::MirrorArgs,
    diff::{DIFFERENT, Live, Reports, Rules, Subject, Tally, locked, redaction, rewrites},
    live::Live as Capture,
    redact::Redaction,
    shown,
    target::{Target, host, target, upstream},
    translate::Translator,
};

/// The upstream must take a connection within this time.
const CONNECT: Duration = Duration::from_secs(5);
/// Between two looks at whether a connection may end.
const LOOK: Duration = Duration::from_millis(20);
/// After a connection could not be taken for want of something, what is there may end first.
const EXHAUSTED: Duration = Duration::from_millis(100);
/// What the client of an upstream that cannot be reached gets.
const BAD_GATEWAY: &[u8] = b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// Mirrors until it is asked to stop, and prints how it went.
pub(crate) fn run(app: &App, args: &MirrorArgs) -> Result<Exit, Failure> {
    let reports = Reports::new(&args.comparison)?.only_facts(!args.diff)?;
    check(args)?;
    let settings = Settings::new(args)?;
    let (tally, statistics) = (Arc::clone(&settings.tally), Arc::clone(&settings.statistics));
    let translator = settings.shadow.as_ref().and_then(|plan| plan.translator.clone());
    let live = args.diff.then(|| Live::start(&tally, app.language()));
    let (stop, language) = (app.stop(), app.language());
    let ended = app.block_on(async {
        match args.listen {
            Some(address) => Ok(serve(listen(address, language).await?, settings, stop).await),
            None => {
                let capture = Capture::open(&args.live, &args.source.port, args.source.limits)?;
                Ok(watch(capture, settings, language, stop).await)
            }
        }
    })??;
    if let Some(live) = live {
        live.end();
    }
    let counts = statistics.counts(args.shadow.is_some(), args.output.is_some());
    let subject = Subject {
        primary: args.upstream.clone().unwrap_or_else(|| args.live.interface.join(", ")),
        secondary: None,
        candidate: args.shadow.clone().unwrap_or_default(),
        counts,
        untranslated: translator.map(|translator| translator.left()).unwrap_or_default(),
        threshold: args.comparison.threshold,
    };
    let tally = locked(&tally);
    reports.write(app, &tally, &subject)?;
    ended?;
    let is_different = args.diff && tally.wrong_percent() > args.comparison.threshold.0;
    Ok(match () {
        () if is_different => DIFFERENT,
        () if statistics.figures().packets_dropped > 0 => PARTLY,
        () => Exit::Ok,
    })
}

/// Refuses to watch what goes by for nobody, and what the shadow itself is sent.
fn check(args: &MirrorArgs) -> Result<(), Failure> {
    let refused = |hint: Text| {
        let text = Text::new("cannot watch what goes by", "无法监听经过的流量");
        Err(Failure::new(Exit::Usage, text).hint(hint))
    };
    if args.live.interface.is_empty() {
        return Ok(());
    }
    if args.shadow.is_none() {
        return refused(Text::new(
            "name who gets a copy with --shadow; `kefu replay capture` writes a file",
            "请用 --shadow 指定副本发给谁;写入文件请用 `kefu replay capture`",
        ));
    }
    if args.source.port.is_empty() && args.live.bpf.is_none() {
        return refused(Text::new(
            "name the ports of the old system with --port",
            "请用 --port 指定旧系统的端口",
        ));
    }
    Ok(())
}

/// Listens, and says where.
async fn listen(address: SocketAddr, language: Language) -> Result<TcpListener, Failure> {
    let cannot = |error: io::Error| {
        let text = Text::new(format!("cannot listen on {address}"), format!("无法监听 {address}"));
        Failure::new(Exit::Unavailable, text).because(error)
    };
    let listener = TcpListener::bind(address).await.map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    let text = Text::new(format!("listening on {address}"), format!("正在监听 {address}"));
    shown::say(&text, language);
    Ok(listener)
}

/// What a mirror is to do, validated.
struct Settings {
    /// Who answers, unless somebody else's connections are watched.
    upstream: Option<Target>,
    connections_max: usize,
    drain: Duration,
    shadow: Option<Plan>,
    comparing: Option<Comparing>,
    tally: Arc<Mutex<Tally>>,
    statistics: Arc<Statistics>,
    recording: Option<(Recorder, Writing)>,
    limits: Limits,
    held_max: usize,
}

impl Settings {
    fn new(args: &MirrorArgs) -> Result<Self, Failure> {
        let ca_file = args.asking.ca_file.as_deref();
        let limits = Limits { message: args.source.limits.max_message.as_usize(), ..Limits::default() };
        let plan = |url: &String| -> Result<Plan, Failure> {
            Ok(Plan {
                target: target(url, &args.asking.allow_host, ca_file)?,
                connections: args.asking.connections,
                timeout: args.asking.timeout,
                limits,
                sample: args.sample,
                queue: args.queue,
                rewrites: rewrites(&args.asking)?,
                translator: args
                    .translation
                    .translate
                    .as_ref()
                    .map(|path| {
                        let translator = Translator::load(
                            path,
                            &args.translation.setting,
                            host(url),
                            rewrites(&args.asking)?,
                        )?;
                        Ok(Arc::new(translator))
                    })
                    .transpose()?,
            })
        };
        let rules = Arc::new(Rules::load(args.comparison.rules.as_deref())?);
        let tally = Tally::new(Arc::clone(&rules), redaction()?, args.comparison.examples, false);
        let (tally, statistics) = (Arc::new(Mutex::new(tally)), Arc::new(Statistics::default()));
        let shadow = args.shadow.as_ref().map(plan).transpose()?;
        // The file is made last: what else is wrong leaves none behind.
        let recording = args.output.as_ref().map(|path| {
            Recorder::start(
                path,
                args.replace,
                Redaction::new(&args.redaction.redact)?,
                Arc::clone(&statistics),
            )
        });
        Ok(Self {
            upstream: args.upstream.as_ref().map(|url| upstream(url, ca_file)).transpose()?,
            connections_max: args.max_connections,
            drain: args.drain,
            shadow,
            comparing: args.diff.then(|| Comparing { rules, tally: Arc::clone(&tally) }),
            tally,
            statistics,
            recording: recording.transpose()?,
            limits,
            held_max: args.source.limits.max_memory.as_usize(),
        })
    }
}

/// Takes connections until it is asked to stop, then lets what is under way finish for a while.
async fn serve(listener: TcpListener, settings: Settings, stop: Stop) -> Result<(), Failure> {
    let Settings { upstream, connections_max, drain, statistics, .. } = settings;
    let upstream = upstream.ok_or_else(|| Failure::internal("a proxy has an upstream"))?;
    let (shadow, workers) =
        settings.shadow.map(|plan| Shadow::start(plan, settings.comparing.as_ref(), &statistics)).unzip();
    let (recorder, writing) = settings.recording.unzip();
    let mut run = [0; 4];
    getrandom::fill(&mut run).map_err(Failure::internal)?;
    let listeners = Arc::new(Listeners {
        shadow: shadow.map(Arc::new),
        recorder,
        statistics,
        limits: settings.limits,
        held: AtomicUsize::new(0),
        held_max: settings.held_max,
        run: u32::from_be_bytes(run),
    });
    let mut connections = JoinSet::new();
    accept(listener, upstream, connections_max, &listeners, &mut connections, stop).await;
    let ended = timeout(drain, async {
        while connections.join_next().await.is_some() {}
        // Nobody puts anything into the queue any more.
        drop(listeners);
        if let Some(workers) = workers {
            workers.finish().await;
        }
    });
    // What is still under way after that is counted as such.
    drop(ended.await);
    connections.shutdown().await;
    written(writing).await
}

/// Copies what goes by until it is asked to stop, then lets the shadow finish for a while.
async fn watch(capture: Capture, settings: Settings, language: Language, stop: Stop) -> Result<(), Failure> {
    let Settings { drain, statistics, .. } = settings;
    let plan = settings.shadow.ok_or_else(|| Failure::internal("what goes by has a shadow"))?;
    let (shadow, workers) = Shadow::start(plan, settings.comparing.as_ref(), &statistics);
    let (recorder, writing) = settings.recording.unzip();
    let (counted, runtime) = (Arc::clone(&statistics), Handle::current());
    let read = tokio::task::spawn_blocking(move || {
        let mut passing = Passing::new(Arc::new(shadow), recorder, statistics, runtime);
        capture.read(language, &stop, &mut passing)
    });
    let outcome = read.await.map_err(Failure::internal)?;
    // What is still under way after that is counted as such.
    drop(timeout(drain, workers.finish()).await);
    written(writing).await?;
    counted.captured(&outcome?);
    Ok(())
}

/// Waits until everything that was seen is on the disk.
async fn written(writing: Option<Writing>) -> Result<(), Failure> {
    match writing {
        Some(writing) => tokio::task::spawn_blocking(|| writing.finish()).await.map_err(Failure::internal)?,
        None => Ok(()),
    }
}

async fn accept(
    listener: TcpListener,
    upstream: Target,
    connections_max: usize,
    listeners: &Arc<Listeners>,
    connections: &mut JoinSet<()>,
    stop: Stop,
) {
    let places = Arc::new(Semaphore::new(connections_max));
    let mut number = 0;
    let mut stopped = std::pin::pin!(stop.clone().requested());
    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            accepted = accepted => accepted,
            Some(_) = connections.join_next() => continue,
            () = stopped.as_mut() => return,
        };
        let Ok((client, peer)) = accepted else {
            sleep(EXHAUSTED).await;
            continue;
        };
        let (listeners, stop) = (Arc::clone(listeners), stop.clone());
        listeners.statistics.figures().connections += 1;
        connections.spawn(async move {
            connection(client, peer, upstream, listeners, number, stop).await;
            drop(place);
        });
        number += 1;
    }
}

async fn connection(
    mut client: TcpStream,
    peer: SocketAddr,
    upstream: Target,
    listeners: Arc<Listeners>,
    number: u64,
    stop: Stop,
) {
    let Ok(Ok(server)) = timeout(CONNECT, upstream.connect()).await else {
        listeners.statistics.figures().unreachable += 1;
        // A client that does not even take this is gone.
        drop(client.write_all(BAD_GATEWAY).await);
        return;
    };
    // What is passed on is passed on at once.
    drop(client.set_nodelay(true));
    let tap = Tap::new(listeners, number, peer, upstream.address);
    tokio::select! {
        () = relay::relay(client, server, &tap) => {}
        () = idle(&tap, stop) => {}
    }
}

/// After the wish to stop, waits until nothing is under way on a connection.
async fn idle(tap: &Tap, stop: Stop) {
    stop.requested().await;
    while !tap.is_idle() {
        sleep(LOOK).await;
    }
}

#[cfg(test)]
mod tests;
