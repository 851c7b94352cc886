//! WebSocket sessions that are compared: what a new system says in them beside what the old one said.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use kefu_traffic::gor::{Kind, Record};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
    time::Instant,
};

use super::{Answer, Answers, Found, Tally, locked, rules::Rules};
use crate::{
    message::Parts,
    socket::{Figures, Matching, Means, Next, Session},
    translate::Translator,
};

/// What messages have in the place of a method.
const METHOD: &str = "WS";
/// What stands for a message that does not come.
const NOT_SAID: &str = "not said";

/// The sessions of a worker that are open.
pub(super) struct Sockets {
    means: Means,
    translator: Arc<Translator>,
    rules: Arc<Rules>,
    tally: Arc<Mutex<Tally>>,
    open: HashMap<String, Socket>,
    /// The ids of those that give way to others of their name.
    alone: HashMap<String, String>,
}

struct Socket {
    sender: mpsc::UnboundedSender<Next>,
    task: JoinHandle<()>,
}

impl Sockets {
    pub(super) fn new(
        means: Means,
        translator: Arc<Translator>,
        rules: Arc<Rules>,
        tally: Arc<Mutex<Tally>>,
    ) -> Self {
        Self { means, translator, rules, tally, open: HashMap::new(), alone: HashMap::new() }
    }

    /// Takes a handshake or a message; what the client said is sent when this ends.
    pub(super) async fn take(&mut self, record: Record) {
        match record.kind {
            Kind::Request => self.begin(record).await,
            Kind::ToServer => {
                let (sent, is_sent) = oneshot::channel();
                self.next(
                    &record.id,
                    Next::Message {
                        due: Instant::now(),
                        is_text: record.field("op") != Some("bin"),
                        payload: record.payload.clone(),
                        _sent: Some(sent),
                        _held: None,
                    },
                );
                // It ends with whoever was to send it.
                drop(is_sent.await);
            }
            _ => self.next(&record.id, Next::Heard(record.payload.clone())),
        }
    }

    /// Waits until every session has heard what it was to hear, or for as long as that may take.
    pub(super) async fn end(self) {
        let (senders, tasks): (Vec<_>, Vec<_>) =
            self.open.into_values().map(|Socket { sender, task }| (sender, task)).unzip();
        drop(senders);
        for task in tasks {
            // One that has panicked has compared nothing.
            drop(task.await);
        }
    }

    async fn begin(&mut self, record: Record) {
        if let Some(alone) = self.translator.seat(&record).and_then(|seat| seat.alone)
            && let Some(before) = self.alone.insert(alone, record.id.clone())
            && let Some(Socket { sender, task }) = self.open.remove(&before)
        {
            drop(sender);
            drop(task.await);
        }
        let (sender, queue) = mpsc::unbounded_channel();
        let (opened, is_open) = oneshot::channel();
        let session = Session {
            means: self.means.clone(),
            begin: Instant::now(),
            opened: Some(opened),
            matching: Some(self.matching(&record)),
            request: record.clone(),
        };
        let task = tokio::spawn(session.play(queue));
        self.open.insert(record.id, Socket { sender, task });
        drop(is_open.await);
    }

    fn next(&self, id: &str, next: Next) {
        if let Some(socket) = self.open.get(id)
            && socket.sender.send(next).is_err()
        {
            Figures::count(&self.means.figures, |figures| figures.unsent += 1);
        }
    }

    /// Compares what is put side by side.
    fn matching(&self, handshake: &Record) -> Matching {
        let target = Parts::of(handshake).and_then(|parts| Some(parts.request()?.1.to_owned()));
        let target = target.unwrap_or_default();
        let path = target.split('?').next().unwrap_or_default().to_owned();
        let id = handshake.id.clone();
        let (translator, rules) = (Arc::clone(&self.translator), Arc::clone(&self.rules));
        let tally = Arc::clone(&self.tally);
        let handshake = handshake.clone();
        Matching::new(Box::new(move |name, recorded, heard| {
            let Some(recorded) = recorded else { return translator.is_more(&handshake, name) };
            let line = format!("{METHOD} {path}/{name}");
            let asked = rules.asked(METHOD, &format!("{path}/{name}"));
            let answers = Answers {
                primary: Ok(Answer::of_message(recorded)),
                secondary: None,
                candidate: heard.map(Answer::of_message).ok_or(NOT_SAID),
            };
            let found = Found::of(&answers, &asked, &rules);
            locked(&tally).add(&id, &line, &asked, found);
        }))
    }
}
