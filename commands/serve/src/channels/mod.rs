//! Chat services that are connected by a file: what they post comes in, what agents say goes out to them.
//!
//! A row of the store makes a channel: the file, and the operator's values, sealed. What is in use is made from the row
//! anew whenever that changes; a worker that has become old ends when it is done with what it began.
//!
//! *Invariant:* a request is answered once what it brought is durable; a message for a service has a row that was written
//! with it, and the row says that the service has it only after the service said so. So nothing is lost, what comes
//! twice is in the log once, and what goes out may go out twice when the process ends in between.

mod amending;
mod arrival;
mod call;
mod checking;
mod erasing;
mod incoming;
mod media;
mod pace;
mod pulling;
mod refused;
mod sending;
mod texts;
mod tokens;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use kefu_app::Stop;
use kefu_channel::{Channel, FileError, Given};
use kefu_core::Micros;
use kefu_gateway::{Courier, CourierSettings, Relay};
use kefu_store::{Change, ChannelChange, RecordSet, Store, StoreError};
use kefu_wire::MemoryLoader;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{Mutex, Notify},
    task::JoinSet,
};
use uuid::Uuid;

pub(crate) use checking::{Checked, check};
pub(crate) use erasing::spared;
pub(crate) use incoming::router;
pub(crate) use refused::read_again;

use self::{pace::Pace, tokens::Keeper};
use crate::{
    auth::Secrets,
    blocks::Blocks,
    clock,
    desk::Desk,
    files::Files,
    metrics::Metrics,
    outgoing::Outgoing,
    problem::Problem,
    services::Services,
    settings::{ChannelSettings, Settings},
};

/// What seals the operator's values.
pub(crate) const SEAL_PURPOSE: &str = "channel";

/// For how long it is kept what was sent, and what could not be read or sent.
const KEPT_SECONDS: i64 = 30 * 24 * 60 * 60;

/// How often it is looked for what was kept for long enough.
const EXPIRE_EVERY: Duration = Duration::from_secs(10 * 60);

/// What waits at most until it is looked at again, whatever is known of when that is due.
const PATIENCE: Duration = Duration::from_secs(60);

/// All channels.
pub(crate) struct Channels {
    desk: Desk,
    store: Store,
    secrets: Arc<Secrets>,
    files: Arc<Files>,
    blocks: Arc<Blocks>,
    outgoing: Outgoing,
    metrics: Arc<Metrics>,
    courier: Courier,
    /// Where services reach files, if that is known.
    public_url: Option<String>,
    live: RwLock<HashMap<Uuid, Arc<Live>>>,
    /// Held while they are read anew: the last who reads has seen every change.
    reload: Mutex<()>,
    /// Some became others.
    changed: Notify,
}

/// A channel in use.
pub(crate) struct Live {
    /// As the store has it.
    pub(crate) row: kefu_store::Channel,
    /// Its file.
    pub(crate) file: Channel,
    given: Given,
    tokens: Keeper,
    pace: Pace,
    /// Another one has taken its place.
    is_retired: AtomicBool,
    /// There is something to send.
    sends: Notify,
    /// There is a file to fetch.
    fetches: Notify,
    /// There is a list to read.
    pulls: Notify,
    /// Its worker's turn, handed on to the one that takes its place: only one sends at a time.
    turns: Arc<Turns>,
}

/// A channel's file and its values, of which it may be made.
struct Opened {
    file: Channel,
    given: Given,
}

/// What is done by one at a time.
#[derive(Default)]
struct Turns {
    sending: Mutex<()>,
    fetching: Mutex<()>,
    pulling: Mutex<()>,
}

/// The operator's values, as they are sealed.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Values {
    #[serde(default)]
    pub(crate) secrets: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) settings: BTreeMap<String, String>,
}

/// What channels work with.
pub(crate) struct ChannelsOptions {
    pub(crate) desk: Desk,
    pub(crate) store: Store,
    pub(crate) secrets: Arc<Secrets>,
    pub(crate) files: Arc<Files>,
    pub(crate) blocks: Arc<Blocks>,
    pub(crate) outgoing: Outgoing,
    pub(crate) metrics: Arc<Metrics>,
}

impl Channels {
    /// Reads what is there.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn open(options: ChannelsOptions, settings: &Settings) -> Result<Self, StoreError> {
        let ChannelsOptions { desk, store, secrets, files, blocks, outgoing, metrics } = options;
        let channels = Self {
            desk,
            store,
            secrets,
            files,
            blocks,
            outgoing,
            metrics,
            courier: courier(&settings.channels, settings.files.max_size.as_usize()),
            public_url: settings.public_url.clone(),
            live: RwLock::default(),
            reload: Mutex::default(),
            changed: Notify::new(),
        };
        channels.refresh().await?;
        Ok(channels)
    }

    /// Reads what is there anew; from then on the channels are as they are in the store.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn refresh(&self) -> Result<(), StoreError> {
        let _alone = self.reload.lock().await;
        let rows = self.store.channels().await?;
        // Before anything can come in: what is sent in the inboxes of channels gets its row from here on.
        self.desk.set_channel_inboxes(rows.iter().map(|row| row.inbox).collect::<HashSet<_>>());
        let before = self.live.read().unwrap_or_else(PoisonError::into_inner).clone();
        let mut after = HashMap::new();
        for row in rows.into_iter().filter(|row| row.is_enabled) {
            let old = before.get(&row.id);
            if let Some(same) = old.filter(|old| old.row == row) {
                after.insert(row.id, Arc::clone(same));
                continue;
            }
            let (id, turns) = (row.id, old.map(|old| Arc::clone(&old.turns)).unwrap_or_default());
            match Box::pin(self.made(row, turns)).await? {
                Ok(live) => drop(after.insert(id, Arc::new(live))),
                // The list of channels says so as well.
                Err(why) => tracing::error!(channel = %id, why, "a channel cannot be used"),
            }
        }
        for (id, old) in &before {
            if after.get(id).is_none_or(|new| !Arc::ptr_eq(new, old)) {
                old.retire();
            }
        }
        *self.live.write().unwrap_or_else(PoisonError::into_inner) = after;
        self.changed.notify_one();
        Ok(())
    }

    /// Makes a channel of its row, or says why that cannot be.
    async fn made(
        &self,
        row: kefu_store::Channel,
        turns: Arc<Turns>,
    ) -> Result<Result<Live, String>, StoreError> {
        let Opened { file, given } = match self.opened(&row).await? {
            Ok(opened) => opened,
            Err(why) => return Ok(Err(why)),
        };
        let tokens = Keeper::new(self.store.channel_tokens(row.key).await?, &self.secrets);
        Ok(Ok(Live {
            given,
            tokens,
            pace: Pace::new(file.rate()),
            is_retired: AtomicBool::new(false),
            sends: Notify::new(),
            fetches: Notify::new(),
            pulls: Notify::new(),
            turns,
            row,
            file,
        }))
    }

    /// Reads the file of a channel and opens its values, or says why that cannot be.
    async fn opened(&self, row: &kefu_store::Channel) -> Result<Result<Opened, String>, StoreError> {
        let file = match loaded(&row.yaml, &self.store.channel_files(row.key).await?) {
            Ok(file) => file,
            Err(errors) => return Ok(Err(errors.first().map(ToString::to_string).unwrap_or_default())),
        };
        let given = self.values(&row.sealed);
        Ok(given.map(|Values { secrets, settings }| Opened { file, given: Given { secrets, settings } }))
    }

    /// The operator's values.
    ///
    /// # Errors
    /// They cannot be opened.
    pub(crate) fn values(&self, sealed: &[u8]) -> Result<Values, String> {
        if sealed.is_empty() {
            return Ok(Values::default());
        }
        let plain = self.secrets.open(SEAL_PURPOSE, sealed).map_err(|error| error.to_string())?;
        serde_json::from_slice(&plain).map_err(|_| "its values are damaged".to_owned())
    }

    /// Seals the operator's values.
    ///
    /// # Errors
    /// There are no random bytes.
    pub(crate) fn seal(&self, values: &Values) -> Result<Vec<u8>, Problem> {
        let plain = serde_json::to_vec(values).expect("texts are plain JSON");
        self.secrets.seal(SEAL_PURPOSE, &plain).map_err(|error| {
            tracing::error!(%error, "cannot seal the values of a channel");
            Problem::unavailable("the values cannot be sealed now")
        })
    }

    /// The channel in use with this id.
    pub(crate) fn get(&self, id: Uuid) -> Option<Arc<Live>> {
        self.live.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// Tells whoever sends that there is something again.
    pub(crate) fn send_now(&self) {
        self.all().iter().for_each(|live| live.sends.notify_one());
    }

    fn all(&self) -> Vec<Arc<Live>> {
        self.live.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    async fn write(&self, changes: Vec<ChannelChange>) -> Result<(), Problem> {
        let changes = changes.into_iter().map(Change::Channel).collect();
        self.desk.record(RecordSet { changes, audit: Vec::new() }).await
    }
}

impl Live {
    /// Has its workers end when they are done with what they began.
    fn retire(&self) {
        self.is_retired.store(true, Ordering::Relaxed);
        self.sends.notify_one();
        self.fetches.notify_one();
        self.pulls.notify_one();
    }

    fn is_retired(&self) -> bool {
        self.is_retired.load(Ordering::Relaxed)
    }
}

/// Sends and fetches, for ever; once `stop` is asked for, only to the end of what was begun.
pub(crate) async fn run(services: &Services, stop: Stop) {
    let channels = &services.channels;
    let mut workers = JoinSet::new();
    let mut known: HashMap<Uuid, Arc<Live>> = HashMap::new();
    let mut ticks = tokio::time::interval(EXPIRE_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        known.retain(|_, live| !live.is_retired());
        for live in channels.all() {
            if known.insert(live.row.id, Arc::clone(&live)).is_none() {
                workers.spawn(sending::run(Arc::clone(channels), Arc::clone(&live)));
                workers.spawn(media::run(Arc::clone(channels), Arc::clone(&live)));
                workers.spawn(pulling::run(Arc::clone(channels), live));
            }
        }
        tokio::select! {
            () = channels.changed.notified() => {}
            () = channels.desk.next_sends() => channels.send_now(),
            Some(_) = workers.join_next(), if !workers.is_empty() => {}
            _ = ticks.tick() => expire(channels).await,
            () = stop.clone().requested() => break,
        }
    }
    // What a service has taken is written down before the desk ends, so that it does not go out again.
    channels.all().iter().for_each(|live| live.retire());
    while workers.join_next().await.is_some() {}
    std::future::pending().await
}

async fn expire(channels: &Channels) {
    let now = clock::now();
    let expire = ChannelChange::Expire { now, before: now.plus_seconds(-KEPT_SECONDS) };
    // A store without channels is not written for nothing.
    let written = match channels.store.channel_inboxes().await {
        Ok(inboxes) if inboxes.is_empty() => Ok(()),
        Ok(_) => channels.write(vec![expire]).await,
        Err(error) => Err(error.into()),
    };
    if let Err(problem) = written {
        tracing::warn!(%problem, "what channels kept for long enough goes later");
    }
}

/// Reads the file of a channel, and the descriptions of SOAP and Thrift that lie beside it.
///
/// # Errors
/// All that is wrong with them.
pub(crate) fn loaded(yaml: &str, files: &[(String, String)]) -> Result<Channel, Vec<FileError>> {
    let beside =
        files.iter().fold(MemoryLoader::default(), |all, (name, text)| all.with(name, text.as_str()));
    Channel::load_with(yaml, &beside)
}

fn courier(settings: &ChannelSettings, answer_bytes_max: usize) -> Courier {
    let relays = settings.relays.iter().map(|relay| relay.0.parse::<Relay>());
    Courier::new(CourierSettings {
        relays: relays.map(|relay| relay.expect("it was checked when it was read")).collect(),
        timeout: settings.timeout,
        answer_bytes_max,
    })
}

/// Milliseconds, as the files of channels count them.
fn millis(at: Micros) -> i64 {
    at.0 / 1_000
}

/// How long it is until then; not longer than it is worth to wait.
fn wait_until(at: Option<Micros>) -> Duration {
    let Some(at) = at else { return PATIENCE };
    let micros = at.0.saturating_sub(clock::now().0).max(0).unsigned_abs();
    Duration::from_micros(micros).min(PATIENCE)
}
