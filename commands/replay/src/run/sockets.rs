//! WebSocket sessions of a recording, with the recorded times between messages.
//!
//! They run beside the thread that sends requests: a message is due to the millisecond here, and to the microsecond there.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use kefu_app::Stop;
use kefu_traffic::{
    gor::{Kind, Record},
    http::Limits,
};
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
    task::JoinSet,
    time::Instant,
};

use super::prepare::Rewrites;
use crate::{
    account::Reason,
    message::Parts,
    socket::{Figures as Sockets, Means, Next, Session},
    target::Target,
    translate::Translator,
};

/// Messages that are ahead of their time have at most so many bytes.
const AHEAD_BYTES: usize = 64 << 20;
/// Sessions at once; more are left out and counted.
const SESSIONS_MAX: usize = 10_000;

/// Begins sessions as a recording has them.
pub(super) struct Player {
    means: Means,
    start: Instant,
    runtime: Handle,
    room: Arc<Semaphore>,
    sessions: HashMap<String, mpsc::UnboundedSender<Next>>,
    /// The ids of those that give way to others of their name.
    alone: HashMap<String, String>,
    tasks: JoinSet<()>,
}

impl Player {
    /// Will send to a server; times are from now on.
    pub(super) fn new(
        target: impl Into<Target>,
        rewrites: Rewrites,
        timeout: Duration,
        limits: Limits,
        translator: Option<Arc<Translator>>,
        runtime: Handle,
    ) -> Self {
        let (target, headers) = (target.into(), rewrites.headers);
        let figures = Arc::new(Mutex::default());
        Self {
            means: Means { target, headers, translator, timeout, limits, figures },
            start: Instant::now(),
            runtime,
            room: Arc::new(Semaphore::new(AHEAD_BYTES)),
            sessions: HashMap::new(),
            alone: HashMap::new(),
            tasks: JoinSet::new(),
        }
    }

    /// Takes a record that is of a WebSocket session, or says why nothing is sent of it; others are left alone.
    pub(super) fn take(
        &mut self,
        record: &Record,
        due: impl FnOnce() -> Duration,
    ) -> Option<Result<(), Reason>> {
        match record.kind {
            Kind::Request => {
                let is_websocket = Parts::of(record).is_some_and(|parts| {
                    parts.head.is_websocket && matches!(parts.request(), Some(("GET", _)))
                });
                let seat = match &self.means.translator {
                    Some(translator) => Some(translator.seat(record).filter(|_| is_websocket)?),
                    None => None,
                };
                is_websocket.then(|| {
                    self.open(record, due(), seat.and_then(|seat| seat.alone));
                    Ok(())
                })
            }
            Kind::ToServer => {
                let is_text = record.field("op") != Some("bin");
                let start = self.start;
                let is_taken = self.next(&record.id, record.payload.len(), |held| Next::Message {
                    due: start + due(),
                    is_text,
                    payload: record.payload.clone(),
                    _sent: None,
                    _held: vec![held],
                });
                Some(is_taken.then_some(()).ok_or(Reason::NoSession))
            }
            Kind::ToClient => {
                // What it was matters only to a translation, which may not expect it.
                let payload = self.means.translator.as_ref().map(|_| record.payload.clone());
                let payload = payload.unwrap_or_default();
                self.next(&record.id, 0, |held| Next::Heard { payload, _held: vec![held] });
                Some(Err(Reason::Response))
            }
            _ => None,
        }
    }

    /// Waits until all sessions are at their end, or for the wish to stop, and says what became of them.
    pub(super) fn finish(self, stop: &Stop) -> Sockets {
        let Self { mut tasks, sessions, means, runtime, .. } = self;
        // Nothing more comes: each ends after its last message.
        drop(sessions);
        runtime.block_on(async {
            let all = async { while tasks.join_next().await.is_some() {} };
            tokio::select! {
                () = all => {}
                () = stop.clone().requested() => {}
            }
        });
        Sockets::count(&means.figures, |figures| *figures)
    }

    fn open(&mut self, record: &Record, due: Duration, alone: Option<String>) {
        while self.tasks.try_join_next().is_some() {}
        self.sessions.retain(|_, session| !session.is_closed());
        if self.tasks.len() >= SESSIONS_MAX {
            Sockets::count(&self.means.figures, |figures| figures.failed += 1);
            return;
        }
        if let Some(alone) = alone {
            let sessions = &self.sessions;
            self.alone.retain(|_, id| sessions.contains_key(id));
            // Nothing more comes for the one before.
            let before = self.alone.insert(alone, record.id.clone());
            drop(before.and_then(|before| self.sessions.remove(&before)));
        }
        let (sender, queue) = mpsc::unbounded_channel();
        self.sessions.insert(record.id.clone(), sender);
        let session = Session {
            means: self.means.clone(),
            request: record.clone(),
            begin: self.start + due,
            opened: None,
            matching: None,
        };
        self.tasks.spawn_on(session.play(queue), &self.runtime);
    }

    /// Hands something to its session; says whether there is one.
    fn next(&mut self, id: &str, len: usize, next: impl FnOnce(OwnedSemaphorePermit) -> Next) -> bool {
        let Some(session) = self.sessions.get(id) else { return false };
        let permits = u32::try_from(len.min(AHEAD_BYTES)).unwrap_or(u32::MAX);
        let Ok(held) = self.runtime.block_on(Arc::clone(&self.room).acquire_many_owned(permits)) else {
            return false;
        };
        // A session that is at its end counts what it does not send.
        if let Err(mpsc::error::SendError(Next::Message { .. })) = session.send(next(held)) {
            Sockets::count(&self.means.figures, |figures| figures.unsent += 1);
        }
        true
    }
}

#[cfg(test)]
mod tests;
