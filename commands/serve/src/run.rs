//! The life of the daemon: everything is checked, taken and opened before anybody is let in, and given back in
//! the opposite order.

#[cfg(test)]
mod tests;

use std::{
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Router, extract::DefaultBodyLimit};
use kefu_app::{App, Effective, Exit, Failure, Secret, Stop, Text};
use kefu_socket::Registry;
use kefu_store::{Indexer, OpenOptions, StoreError, StoreMetrics};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    time::timeout,
};
use tokio_util::task::TaskTracker;

#[cfg(feature = "channels")]
use crate::channels::run as carry_channels;
#[cfg(feature = "events")]
use crate::events::run as tell_events;
#[cfg(feature = "graphql")]
use crate::graphql::attend;
use crate::{
    args::{Args, StoreCommand},
    assets,
    auth::{Secrets, Token},
    clock,
    demo::{self, DemoDir, LogIn},
    desk::{Desk, DeskOptions, ReadingOptions},
    files::Links,
    first::{self, FirstAdmin},
    gateway::{self, Bridges},
    graphql::{self, Graphql},
    health, help, http,
    listener::{self, ListenerLimits},
    live, maintenance,
    metrics::Metrics,
    opening::{bind, store_failure},
    outgoing::{self, Outgoing},
    privacy, reseal,
    services::{Foundation, Services, seconds},
    settings::Settings,
    standby,
    syslog::Follower,
    words::{self, Words},
};

/// Connections to the store that read.
const READERS: usize = 4;

/// How often silent connections are looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// Runs `kefu serve` to its end.
///
/// # Errors
/// The settings are wrong, the port or the store cannot be had, or the store cannot be written.
pub fn run(app: &App, args: &Args) -> Result<Exit, Failure> {
    match &args.command {
        Some(StoreCommand::Backup(args)) => return maintenance::backup(app, args),
        Some(StoreCommand::Restore(args)) => return maintenance::restore(app, args),
        Some(StoreCommand::Check(args)) => return maintenance::check(app, args),
        Some(StoreCommand::Audit(args)) => return maintenance::audit(app, args),
        Some(StoreCommand::Report(args)) => return maintenance::report(app, args),
        #[cfg(feature = "events")]
        Some(StoreCommand::Events(args)) => return maintenance::events(app, args),
        Some(StoreCommand::Privacy(args)) => return maintenance::privacy(app, args),
        #[cfg(feature = "graphql")]
        Some(StoreCommand::Query(args)) => return maintenance::query(app, args),
        Some(StoreCommand::RotateKey(args)) => return maintenance::rotate_key(app, args),
        None => {}
    }
    let settings = Settings::load(app, args)?;
    check_secret_key(&settings)?;
    let words = load_words(&settings)?;
    let bridges = Bridges::load(&settings, args.shadow)?;
    if args.check_config {
        app.block_on(Graphql::load(&settings))??;
        app.print(&settings.print(args.format.unwrap_or_default()))?;
        return Ok(Exit::Ok);
    }
    let first_admin = FirstAdmin::from_environment()?;
    let place = place(args, &settings)?;
    bridges.warn();
    app.block_on(serve(app, args, place, settings.into_inner(), words, bridges, first_admin))?
}

/// The directory of the store; of a demo, a throw-away one unless a flag names another: what a configuration file
/// names is a real store.
fn place(args: &Args, settings: &Settings) -> Result<DemoDir, Failure> {
    match (&args.data_dir, args.demo) {
        (Some(dir), _) => Ok(DemoDir::kept(dir.clone())),
        (None, true) => DemoDir::throw_away(),
        (None, false) => settings.store_dir().map(DemoDir::kept),
    }
}

/// Refuses a key that is none, before anything is opened; without one it is the data directory's.
fn check_secret_key(settings: &Effective<Settings>) -> Result<(), Failure> {
    match configured_key(settings) {
        None => Ok(()),
        Some(key) => Secrets::load(Path::new(""), Some(key)).map(drop).map_err(|_| {
            settings.reject(
                "secret_key",
                Text::new(
                    "must be keys of 32 bytes in hexadecimal or base64, separated by commas",
                    "必须是十六进制或 base64 表示的 32 字节密钥,多个以逗号分隔",
                ),
            )
        }),
    }
}

/// Reads the list of sensitive words, before anything is opened.
fn load_words(settings: &Effective<Settings>) -> Result<Words, Failure> {
    Words::load(settings.words.as_deref()).map_err(|error| {
        settings.reject("words", Text::new(error.to_string(), format!("无法使用敏感词文件:{error}")))
    })
}

fn configured_key(settings: &Settings) -> Option<&str> {
    settings.secret_key.as_ref().map(Secret::reveal)
}

async fn serve(
    app: &App,
    args: &Args,
    place: DemoDir,
    settings: Settings,
    words: Words,
    bridges: Bridges,
    first_admin: Option<FirstAdmin>,
) -> Result<Exit, Failure> {
    let graphql = Graphql::load(&settings).await?;
    let mut listener = bind(settings.listen)?;
    let address = listener.local_addr().map_err(Failure::internal)?;
    let dir = place.path().to_owned();
    let wanted = settings.limits.max_connections;
    // Before the store is taken: from then on a rotation of the key may signal this process.
    let hangups = signal(SignalKind::hangup());
    let hangups = hangups.inspect_err(|error| tracing::warn!(%error, "SIGHUP cannot be watched")).ok();
    // Each gets every signal.
    let (words, rereads) = (Arc::new(words), signal(SignalKind::hangup()).ok());
    let settings = settings.fitted();
    let open = async || {
        let (words, bridges) = (Arc::clone(&words), bridges.clone());
        open(&dir, settings.clone(), words, bridges, graphql.clone(), args.shadow).await
    };
    let (services, store_metrics) = if args.standby {
        app.print(&format!(
            "listening on http://{address}\nstandby  until the store in {} is free\n",
            dir.display()
        ))?;
        let read = async || open_reading(&dir, settings.clone(), args.shadow).await;
        let taken = Box::pin(standby::take_over(listener, &settings, &dir, app.stop(), read, open)).await?;
        let Some((opened, same)) = taken else {
            app.print("stopped\n")?;
            return Ok(Exit::Ok);
        };
        listener = same;
        opened
    } else {
        open().await?
    };
    let demo = args.demo;
    let log_ins = match demo {
        true => demo::prepare(&services.desk, &services.store, &dir).await?,
        false => Vec::new(),
    };
    first::ensure_inbox(&services.desk).await.map_err(first::cannot_store)?;
    let capacity = services.settings.limits.agent_capacity_default;
    let token = first::ensure_admin(&services.desk, first_admin, capacity).await?;
    bridges.open(&services).await?;
    prepare_events(&services).await?;
    let available = services.settings.limits.max_connections;
    if available < wanted {
        tracing::warn!(
            wanted,
            available,
            "fewer connections than configured: the system's limit of open files is too low"
        );
    }
    app.print(&welcome(address, &services.settings, demo, token.as_ref(), &log_ins))?;
    let registry = Arc::clone(&services.registry);
    let background = services.clone();
    tokio::select! {
        () = sweep(&registry) => {}
        () = keep_up(services.clone()) => {}
        () = privacy::keep(&background) => {}
        () = privacy::keep_no_longer(&background) => {}
        () = reseal::follow(&background, hangups) => {}
        () = pass_audit_on(&background) => {}
        () = carry_channels(&background, app.stop()) => {}
        () = tell_events(&background, app.stop()) => {}
        () = attend(&background) => {}
        () = bridges.keep(&background, app.language()) => {}
        () = take_feed(&background, &dir) => {}
        () = words::follow(words, Arc::clone(&background.metrics), rereads) => {}
        () = background.files.sweep() => {}
        () = until_stopped(listener, services, store_metrics, demo, app.stop()) => {}
    }
    app.print("stopped\n")?;
    drop(place);
    Ok(Exit::Ok)
}

/// A build without migrations has nobody to feed it.
#[cfg(not(feature = "migrate"))]
async fn take_feed(_: &Services, _: &Path) {
    std::future::pending().await
}

/// Takes what `kefu migrate` brings while the store is served, for ever.
#[cfg(feature = "migrate")]
async fn take_feed(services: &Services, dir: &Path) {
    crate::feed::run(&services.desk, dir).await;
}

/// A build without channels has nothing to carry.
#[cfg(not(feature = "channels"))]
async fn carry_channels(_: &Services, _: Stop) {
    std::future::pending().await
}

/// Has what is configured hear of everything from here on.
#[cfg(feature = "events")]
async fn prepare_events(services: &Services) -> Result<(), Failure> {
    services.events.prepare().await.map_err(first::cannot_store)
}

/// A build without events has nobody to ready.
#[cfg(not(feature = "events"))]
async fn prepare_events(_: &Services) -> Result<(), Failure> {
    Ok(())
}

/// A build without events has nobody to tell.
#[cfg(not(feature = "events"))]
async fn tell_events(_: &Services, _: Stop) {
    std::future::pending().await
}

/// A build without a data layer has none to attend to.
#[cfg(not(feature = "graphql"))]
async fn attend(_: &Services) {
    std::future::pending().await
}

/// Sends the audit log to where the settings say, for ever.
async fn pass_audit_on(services: &Services) {
    match services.settings.audit.syslog.clone() {
        Some(receiver) => {
            let (store, desk) = (services.store.clone(), services.desk.clone());
            match Box::pin(Follower::new(store, desk, receiver, services.outgoing.clone()).run()).await {}
        }
        None => std::future::pending().await,
    }
}

/// Opens the store and starts what works on it.
async fn open(
    dir: &Path,
    settings: Settings,
    words: Arc<Words>,
    bridges: Bridges,
    graphql: Graphql,
    is_shadow: bool,
) -> Result<(Services, Arc<StoreMetrics>), Failure> {
    let options = OpenOptions {
        dir: dir.to_owned(),
        epoch_if_new: maintenance::random_uuid()?,
        now: clock::now(),
        readers: READERS,
    };
    #[cfg_attr(
        not(feature = "migrate"),
        expect(unused_mut, reason = "only a migration leaves something behind")
    )]
    let mut opened = kefu_store::open(options).await.map_err(|error| store_failure(dir, error))?;
    #[cfg(feature = "migrate")]
    kefu_store::import::settle_left(&mut opened.writer).await.map_err(|error| store_failure(dir, error))?;
    if opened.recovered > 0 {
        tracing::info!(entries = opened.recovered, "read back what the last run had not folded in");
    }
    outgoing::check(&opened.store, dir, is_shadow).await?;
    let secrets = Arc::new(load_secrets(dir, &settings)?);
    let links = Links::new(Arc::clone(&secrets), settings.files.link_life);
    let indexer = Indexer::start(&opened.store).map_err(|error| store_failure(dir, error))?;
    let metrics = Arc::new(Metrics::new());
    let tracker = TaskTracker::new();
    let store_metrics = opened.writer.metrics();
    let desk = Desk::start(DeskOptions {
        store: opened.store.clone(),
        writer: opened.writer,
        metrics: Arc::clone(&metrics),
        tracker: tracker.clone(),
        queue_bytes: settings.limits.queue.as_usize(),
        hot_conversations: settings.limits.hot_conversations as usize,
        heartbeat_s: seconds(settings.heartbeat),
        grace: settings.agent_grace,
        masking: settings.privacy.masking(),
        words,
        links: links.clone(),
    });
    let desk = desk.await.map_err(|error| store_failure(dir, error))?;
    let outgoing = Outgoing::new(Arc::clone(&metrics), is_shadow);
    outgoing.mark(&desk, &opened.store).await.map_err(first::cannot_store)?;
    let store = opened.store;
    let services = Services::new(Foundation {
        desk,
        store,
        indexer,
        settings,
        secrets,
        links,
        outgoing,
        bridges,
        graphql,
        metrics,
        tracker,
    });
    Ok((services.await.map_err(|error| store_failure(dir, error))?, store_metrics))
}

/// Opens a store that another process serves for what a standby answers.
async fn open_reading(dir: &Path, settings: Settings, is_shadow: bool) -> Result<Services, Failure> {
    let failed = |error| store_failure(dir, error);
    let store = kefu_store::open_reading(dir, READERS).await.map_err(failed)?;
    // Who makes a store makes its key before its first inbox: here none is ever made.
    if store.inboxes().await.map_err(failed)?.is_empty() {
        return Err(failed(StoreError::Busy));
    }
    outgoing::check(&store, dir, is_shadow).await?;
    let secrets = Arc::new(load_secrets(dir, &settings)?);
    let links = Links::new(Arc::clone(&secrets), settings.files.link_life);
    let (metrics, tracker) = (Arc::new(Metrics::new()), TaskTracker::new());
    let desk = Desk::reading(ReadingOptions {
        store: store.clone(),
        tracker: tracker.clone(),
        masking: settings.privacy.masking(),
        links: links.clone(),
    });
    let desk = desk.await.map_err(failed)?;
    let (indexer, outgoing) = (Indexer::closed(), Outgoing::new(Arc::clone(&metrics), is_shadow));
    let services = Services::new(Foundation {
        desk,
        store,
        indexer,
        settings,
        secrets,
        links,
        outgoing,
        bridges: Bridges::default(),
        graphql: Graphql::default(),
        metrics,
        tracker,
    });
    services.await.map_err(failed)
}

fn load_secrets(dir: &Path, settings: &Settings) -> Result<Secrets, Failure> {
    Secrets::load(dir, configured_key(settings)).map_err(|error| {
        let place = dir.display();
        Failure::new(
            Exit::Create,
            Text::new(format!("cannot use the secret key in {place}"), format!("无法使用 {place} 中的密钥")),
        )
        .because(error)
        .hint(Text::new("restore the file, or set serve.secret_key", "请恢复该文件,或设置 serve.secret_key"))
    })
}

/// How often the pages that visitors looked at are written.
const TRAILS_EVERY: Duration = Duration::from_secs(5);

/// Writes page trails and forgets expired blocks, for ever.
async fn keep_up(services: Services) {
    let mut ticks = tokio::time::interval(TRAILS_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        services.trails.write(&services.desk).await;
        services.blocks.forget_expired(&services.desk, &services.store, clock::now()).await;
    }
}

/// So many ended connections have left memory that is worth giving back.
const MANY_ENDED: usize = 1000;

/// Looks for silent connections, for ever, and gives memory back after many have ended.
async fn sweep(registry: &Registry) {
    let began = Instant::now();
    let mut most = 0;
    let mut ticks = tokio::time::interval(SWEEP_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let swept = registry.sweep(u32::try_from(began.elapsed().as_secs()).unwrap_or(u32::MAX));
        if swept.dead > 0 {
            tracing::debug!(dead = swept.dead, "ended connections that gave no sign of life");
        }
        let open = registry.len();
        most = most.max(open);
        if most - open >= MANY_ENDED {
            most = open;
            // It may take a while: not on a thread that serves.
            drop(tokio::task::spawn_blocking(kefu_app::give_back_memory));
        }
    }
}

/// Serves until `stop`, then: no new connections, requests under way end, clients are told to come back, the store
/// is closed, all within the deadline.
async fn until_stopped(
    listener: TcpListener,
    services: Services,
    store_metrics: Arc<StoreMetrics>,
    demo: bool,
    stop: Stop,
) {
    let limits = ListenerLimits::new(&services.settings);
    let router = router(services.clone(), store_metrics, demo, stop.clone());
    let Services { desk, indexer, tracker, metrics, settings, trails, bridges, graphql, .. } = services;
    let deadline = settings.stop_timeout;
    let stopping = stop.clone();
    listener::serve_connections(listener, router, limits, metrics, stop, deadline, &tracker).await;
    let rest = deadline / 2;
    tracing::info!(open = tracker.len(), "no more connections are taken");
    let drained = async {
        graphql.close();
        // What another system has done is still written down, if it says so in time.
        if timeout(rest / 2, bridges.close(stopping)).await.is_err() {
            tracing::warn!("stopped with calls to other systems under way");
        }
        trails.write(&desk).await;
        desk.stop().await;
        indexer.close().await;
        tracker.close();
        tracker.wait().await;
    };
    match timeout(rest, drained).await {
        Ok(()) => tracing::info!("stopped"),
        Err(_) => tracing::warn!(open = tracker.len(), "stopped at the deadline: what was still open is cut"),
    }
}

/// Everything that is answered.
fn router(services: Services, store_metrics: Arc<StoreMetrics>, demo: bool, stop: Stop) -> Router {
    let max_body = services.settings.limits.max_body.as_usize();
    let desk = services.desk.clone();
    let embedding: assets::EmbeddingOrigins = Arc::new(move |inbox| embedding_origins(&desk, inbox));
    let asked = services.clone();
    let configs: assets::WidgetConfigs = Arc::new(move |inbox| {
        let (services, inbox) = (asked.clone(), inbox.to_owned());
        Box::pin(async move { http::widget_config(&services, &inbox).await })
    });
    let router = live::router(services.clone());
    #[cfg(feature = "channels")]
    let router = router.merge(crate::channels::router(services.clone()));
    router
        .merge(health::router(stop, store_metrics).with_state(services.clone()))
        .merge(help::router(services.clone()))
        .merge(gateway::router(services.clone()))
        .merge(graphql::router(services.clone()))
        .merge(http::router(services))
        .merge(assets::router(demo, embedding, configs))
        .layer(DefaultBodyLimit::max(max_body))
}

/// Which sites may show the widget: those of the named inbox, or of all inboxes together when none is named; an
/// inbox without origins is open to everyone.
fn embedding_origins(desk: &Desk, inbox: Option<&str>) -> Option<Vec<String>> {
    let directory = desk.directory();
    match inbox {
        Some(slug) => {
            let origins =
                directory.inbox_by_slug(slug).map(|inbox| inbox.origins.clone()).unwrap_or_default();
            (!origins.is_empty()).then_some(origins)
        }
        None => {
            let mut all = Vec::new();
            for inbox in directory.inboxes.values() {
                if inbox.origins.is_empty() {
                    return None;
                }
                all.extend(inbox.origins.iter().cloned());
            }
            Some(all)
        }
    }
}

/// What a user has to know, one thing a line.
fn welcome(
    address: SocketAddr,
    settings: &Settings,
    demo: bool,
    token: Option<&Token>,
    log_ins: &[LogIn],
) -> String {
    let here = format!("http://{address}");
    let public = settings.public_url.as_deref().unwrap_or(&here);
    let mut text = format!("listening on {here}\nconsole  {public}/console/\n");
    if demo {
        text.push_str(&format!("demo     {public}/demo\n"));
    }
    if let Some(token) = token {
        text.push_str(&format!("set up   {public}/console/#/setup?token={}\n", token.text()));
    }
    for LogIn { email, password } in log_ins {
        text.push_str(&format!("agent    {email}  password {password}\n"));
    }
    text
}
