//! Changes that are made at the sources while their tables are copied, and after that.
//!
//! A source says which rows changed, and nothing else of what it says is used: the rows are read again and mapped as
//! the copy reads and maps them. So a row is never two things by two ways, and reading a change twice does no harm.
//! What was read up to a position is committed before the position or with it.

mod apply;
mod compare;
mod group;
mod progress;

use std::{collections::HashMap, time::Duration};

use kefu_app::{App, Exit, Failure, Stop, Text};
use kefu_core::Micros;
use kefu_store::{
    Store,
    import::{FollowPosition, FollowState},
};
use tokio::{sync::mpsc, task::JoinSet, time::Instant};

use self::{apply::Applier, progress::FollowProgress};
use crate::{
    check::{Plan, Sources},
    letters::Letters,
    mapping::TableMap,
    settings::Settings,
    source::{Changes, Dirty, Position, Server, Watched, refused},
    target::{self, Sink},
};

/// The time between looks at how long a source keeps its changes.
const LOOK: Duration = Duration::from_secs(60);

/// The time between two notes of where an idle source stands, and between two tries of dead letters whose references
/// may have come.
const BEAT: Duration = Duration::from_secs(5);

/// Bunches of changes that wait.
const WAITING: usize = 2;

/// Why changes of a source cannot be followed, and what helps.
pub(crate) async fn obstacles(
    settings: &Settings,
    plan: &Plan,
    name: &str,
    server: &Server,
) -> Result<Vec<Text>, Failure> {
    let tables = settings.tables.iter().enumerate().filter(|(_, map)| map.source == name);
    let tables: Vec<(&TableMap, &[String])> = tables.map(|(index, map)| (&**map, plan.key(index))).collect();
    server.obstacles(&tables).await
}

/// The sources of which there is something to follow.
fn live<'s>(settings: &Settings, sources: &'s Sources) -> Vec<(&'s str, &'s Server)> {
    let is_used = |name: &str| settings.tables.iter().any(|map| map.source == name);
    let servers = sources.iter().filter_map(|(name, source)| Some((name, source.server()?)));
    servers.filter(|(name, _)| is_used(name)).collect()
}

/// Fails if some source cannot be followed.
pub(crate) async fn check(settings: &Settings, sources: &Sources, plan: &Plan) -> Result<(), Failure> {
    let live = live(settings, sources);
    if live.is_empty() {
        let text = Text::new("cannot follow: no table comes from a server", "无法跟随:没有来自服务器的表");
        return Err(Failure::new(Exit::Usage, text));
    }
    for (name, server) in live {
        if let Some(obstacle) = obstacles(settings, plan, name, server).await?.first() {
            let (en, zh) = (
                obstacle.in_language(kefu_app::Language::English),
                obstacle.in_language(kefu_app::Language::Chinese),
            );
            let text = Text::new(
                format!("cannot follow source `{name}`: {en}"),
                format!("无法跟随来源 `{name}`:{zh}"),
            );
            let hint = Text::new(
                "without --follow it is copied as it is now",
                "不使用 --follow 时,将按当前内容复制",
            );
            return Err(Failure::new(Exit::Verdict(3), text).hint(hint));
        }
    }
    Ok(())
}

/// Where each source is followed from.
pub(crate) struct Positions(Vec<FollowPosition>);

impl Positions {
    /// Whether what is here has taken all sources' place.
    pub(crate) async fn are_cut_over(sink: &mut Sink, settings: &Settings) -> Result<bool, Failure> {
        let known = sink.positions().await.map_err(|error| target::failure(&settings.data_dir, error))?;
        Ok(!known.is_empty() && known.iter().all(|position| position.state == FollowState::CutOver))
    }

    /// Those that are known, or new ones: taken before anything is read. With `recopy` all are new.
    pub(crate) async fn take(
        sink: &mut Sink,
        settings: &Settings,
        sources: &Sources,
        recopy: bool,
    ) -> Result<Self, Failure> {
        let at_store = |error| target::failure(&settings.data_dir, error);
        let known = sink.positions().await.map_err(at_store)?;
        let mut positions = Vec::new();
        for (name, server) in live(settings, sources) {
            let found = known.iter().find(|position| position.source == name);
            if found.is_some_and(|found| found.state == FollowState::CutOver) {
                return Err(refused(
                    format!("cannot follow source `{name}`: what is here has taken its place"),
                    format!("无法跟随来源 `{name}`:此处的数据已取代它"),
                ));
            }
            if let Some(found) = found.filter(|_| !recopy) {
                server.check(&Position::read(&found.position)?).await?;
                positions.push(found.clone());
                continue;
            }
            let begun = server.begin().await?;
            let now = target::now();
            let mut since = now;
            for map in settings.tables.iter().filter(|map| map.source == name) {
                let table = sink.table(&map.name()).await.map_err(at_store)?;
                since = since.max(table.map_or(Micros(0), |table| table.started_at.plus(1)));
            }
            let position = FollowPosition {
                source: name.to_owned(),
                position: begun.written(),
                since,
                updated_at: now,
                ..FollowPosition::default()
            };
            sink.set_positions(std::slice::from_ref(&position)).await.map_err(at_store)?;
            positions.push(position);
        }
        Ok(Self(positions))
    }

    /// When each was taken: tables that were begun before that are read again.
    pub(crate) fn since(&self) -> HashMap<String, Micros> {
        self.0.iter().map(|position| (position.source.clone(), position.since)).collect()
    }

    /// Looks whether the positions are still good for something while tables are copied; ends only if one is not.
    pub(crate) async fn watch(&self, sources: &Sources) -> Failure {
        loop {
            tokio::time::sleep(LOOK).await;
            for position in &self.0 {
                let checked = async {
                    let source = sources.get(&position.source)?;
                    let Some(server) = source.server() else { return Ok(()) };
                    server.check(&Position::read(&position.position)?).await?;
                    warn_of_retention(&position.source, server, target::now().since(position.updated_at))
                        .await
                };
                match checked.await {
                    Err(failure) if failure.exit() != Exit::Unavailable => return failure,
                    _ => {}
                }
            }
        }
    }
}

/// Warns when changes are nearly as old as the source keeps them.
async fn warn_of_retention(name: &str, server: &Server, age_us: i64) -> Result<(), Failure> {
    let Some(kept) = server.retention().await? else { return Ok(()) };
    let age = Duration::from_micros(age_us.max(0).unsigned_abs());
    if age > kept.mul_f64(0.8) {
        let (age_s, kept_s) = (age.as_secs(), kept.as_secs());
        tracing::warn!(source = name, age_s, kept_s, "the source soon purges changes that were not read yet");
    }
    Ok(())
}

/// How following came to its end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum FollowEnded {
    /// Everything up to the end that was asked for is here.
    AtEnd,
    Stopped,
    TooMany,
    /// Somebody is to serve the store.
    HandedOver,
}

/// What follows, and what it needs of the copy before it.
pub(crate) struct Following<'a> {
    settings: &'a Settings,
    sources: &'a Sources,
    applier: Applier<'a>,
    receiver: mpsc::Receiver<(usize, Result<Dirty, Failure>)>,
    tasks: JoinSet<()>,
    progress: FollowProgress,
    next_look: Instant,
}

impl<'a> Following<'a> {
    /// Begins where the sources stand; takes away what was deleted before their positions were taken.
    pub(crate) async fn open(
        app: &App,
        settings: &'a Settings,
        sources: &'a Sources,
        plan: &Plan,
        writing: (&'a mut Sink, &'a mut Letters),
        positions: Positions,
    ) -> Result<Self, Failure> {
        let (sink, letters) = writing;
        let mut applier = Applier::open(settings, sources, plan, sink, letters, positions.0).await?;
        applier.sweep().await?;
        let (sender, receiver) = mpsc::channel(WAITING);
        let mut tasks = JoinSet::new();
        for (index, position) in applier.positions().iter().enumerate() {
            let (server, watched) = watched(settings, plan, sources, &position.source)?;
            let mut changes = Changes::open(server, Position::read(&position.position)?, &watched).await?;
            let sender = sender.clone();
            tasks.spawn(async move {
                loop {
                    let next = changes.next().await;
                    let is_over = next.is_err();
                    if sender.send((index, next)).await.is_err() || is_over {
                        break;
                    }
                }
            });
        }
        let progress = FollowProgress::new(app.language());
        let next_look = Instant::now() + LOOK;
        Ok(Self { settings, sources, applier, receiver, tasks, progress, next_look })
    }

    /// Brings changes over until these places are reached, or else until it is stopped.
    pub(crate) async fn run(
        &mut self,
        until: Option<&HashMap<String, Position>>,
        stop: &Stop,
    ) -> Result<FollowEnded, Failure> {
        loop {
            let received = tokio::select! {
                () = stop.clone().requested() => return Ok(FollowEnded::Stopped),
                () = self.settings.asked_to_hand_over(), if self.applier.is_here() => {
                    return Ok(FollowEnded::HandedOver);
                }
                received = self.receiver.recv() => received,
            };
            let Some((index, dirty)) = received else { return Ok(FollowEnded::Stopped) };
            if !self.applier.apply(index, dirty?, stop).await? {
                return Ok(FollowEnded::Stopped);
            }
            self.progress.show(self.applier.positions());
            if self.applier.dead() > self.settings.max_bad_rows {
                return Ok(FollowEnded::TooMany);
            }
            self.look().await?;
            if let Some(until) = until
                && self.has_reached(until)?
            {
                return Ok(FollowEnded::AtEnd);
            }
        }
    }

    /// Remembers from now on which rows change.
    pub(crate) fn remember(&mut self) {
        self.applier.remember();
    }

    /// Compares the remembered rows with what is here; returns how many there are, and those that differ.
    /// With `inbox`, only those that are of this inbox.
    pub(crate) async fn compare(
        &mut self,
        store: &Store,
        inbox: Option<&str>,
    ) -> Result<(u64, Vec<String>), Failure> {
        self.applier.compare(store, inbox).await
    }

    fn has_reached(&self, until: &HashMap<String, Position>) -> Result<bool, Failure> {
        for position in self.applier.positions() {
            if let Some(wanted) = until.get(&position.source)
                && !Position::read(&position.position)?.has_reached(wanted)
            {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Looks now and then how long the sources keep what was not read yet.
    async fn look(&mut self) -> Result<(), Failure> {
        if Instant::now() < self.next_look {
            return Ok(());
        }
        self.next_look = Instant::now() + LOOK;
        for position in self.applier.positions() {
            let Some(server) = self.sources.get(&position.source)?.server() else { continue };
            let lag = i64::try_from(position.lag_us).unwrap_or(i64::MAX);
            match warn_of_retention(&position.source, server, lag).await {
                Err(failure) if failure.exit() != Exit::Unavailable => return Err(failure),
                _ => {}
            }
        }
        Ok(())
    }

    /// Notes where each source stands; returns how many dead letters were written.
    pub(crate) async fn close(mut self) -> Result<u64, Failure> {
        self.tasks.shutdown().await;
        self.progress.end();
        let dead = self.applier.dead();
        self.applier.close().await?;
        Ok(dead)
    }
}

/// A source's server, and its tables whose changes matter.
fn watched<'s>(
    settings: &Settings,
    plan: &Plan,
    sources: &'s Sources,
    name: &str,
) -> Result<(&'s Server, Vec<Watched>), Failure> {
    let server = sources.get(name)?.server();
    let server = server.ok_or_else(|| Failure::internal(format!("source {name} is no server")))?;
    let mut watched: Vec<Watched> = Vec::new();
    let tables = || settings.tables.iter().enumerate().filter(|(_, map)| map.source == name);
    for (index, map) in tables() {
        watched.push(Watched { name: map.from.clone(), target: Some((index, plan.key(index).to_vec())) });
    }
    for (_, map) in tables() {
        for (table, ..) in map.lookups() {
            if watched.iter().all(|known| known.name != *table) {
                watched.push(Watched { name: table.clone(), target: None });
            }
        }
    }
    Ok((server, watched))
}
