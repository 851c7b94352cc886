//! WebSocket sessions that somebody follows: what a new system says in them, beside what the old one says.

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
    socket::{Figures, Held, Matching, Means, Next, Session},
    translate::Translator,
};

/// What messages have in the place of a method.
const METHOD: &str = "WS";
/// What stands for a message that does not come.
const NOT_SAID: &str = "not said";

/// The sessions of a worker that are open.
pub(crate) struct Sockets {
    means: Means,
    /// By what messages that are translated are compared, and where that is counted.
    compared: Option<(Arc<Rules>, Arc<Mutex<Tally>>)>,
    open: HashMap<String, Socket>,
    /// The ids of those that give way to others of their name.
    alone: HashMap<String, String>,
    /// Those of which nothing more comes.
    ended: Vec<JoinHandle<()>>,
}

struct Socket {
    sender: mpsc::UnboundedSender<Next>,
    task: JoinHandle<()>,
}

impl Sockets {
    pub(crate) fn new(means: Means, compared: Option<(Arc<Rules>, Arc<Mutex<Tally>>)>) -> Self {
        Self { means, compared, open: HashMap::new(), alone: HashMap::new(), ended: Vec::new() }
    }

    /// Takes a handshake or a message; what the client said is sent when this ends.
    pub(crate) async fn take(&mut self, record: Record, held: Held) {
        match record.kind {
            Kind::Request => self.begin(record).await,
            Kind::ToServer => {
                let (sent, is_sent) = oneshot::channel();
                let is_text = record.field("op") != Some("bin");
                let next = Next::Message {
                    due: Instant::now(),
                    is_text,
                    payload: record.payload,
                    _sent: Some(sent),
                    _held: held,
                };
                self.said(&record.id, next);
                // It ends with whoever was to send it.
                drop(is_sent.await);
            }
            _ => {
                if let Some(socket) = self.open.get(&record.id) {
                    // A session that is at its end hears nothing more.
                    drop(socket.sender.send(Next::Heard { payload: record.payload, _held: held }));
                }
            }
        }
    }

    /// Nothing more comes for a session; if what was said in it is not known as a whole, the rest of it is not compared.
    pub(crate) fn close(&mut self, id: &str, is_lost: bool) {
        let Some(Socket { sender, task }) = self.open.remove(id) else { return };
        if is_lost {
            // One that is at its end compares nothing any more.
            drop(sender.send(Next::Lost));
        }
        self.alone.retain(|_, known| known != id);
        self.ended.retain(|task| !task.is_finished());
        self.ended.push(task);
    }

    /// Waits until every session has heard what it was to hear, or for as long as that may take.
    pub(crate) async fn end(self) {
        let Self { open, ended, .. } = self;
        let (senders, tasks): (Vec<_>, Vec<_>) =
            open.into_values().map(|Socket { sender, task }| (sender, task)).unzip();
        drop(senders);
        for task in tasks.into_iter().chain(ended) {
            // One that has panicked has compared nothing.
            drop(task.await);
        }
    }

    async fn begin(&mut self, record: Record) {
        let translator = self.means.translator.clone();
        if let Some(alone) = translator.as_ref().and_then(|it| it.seat(&record)).and_then(|seat| seat.alone)
            && let Some(before) = self.alone.insert(alone, record.id.clone())
            && let Some(Socket { sender, task }) = self.open.remove(&before)
        {
            drop(sender);
            drop(task.await);
        }
        let (sender, queue) = mpsc::unbounded_channel();
        let (opened, is_open) = oneshot::channel();
        let matching = translator.and_then(|translator| self.matching(translator, &record));
        let id = record.id.clone();
        let session = Session {
            means: self.means.clone(),
            begin: Instant::now(),
            opened: Some(opened),
            matching,
            request: record,
        };
        let task = tokio::spawn(session.play(queue));
        self.open.insert(id, Socket { sender, task });
        drop(is_open.await);
    }

    /// Hands on what the client said; what comes for a session that has given way to another is left out.
    fn said(&self, id: &str, next: Next) {
        match self.open.get(id) {
            None => Figures::count(&self.means.figures, |figures| figures.untranslated += 1),
            Some(socket) if socket.sender.send(next).is_err() => {
                Figures::count(&self.means.figures, |figures| figures.unsent += 1);
            }
            Some(_) => {}
        }
    }

    /// Compares what is put side by side.
    fn matching(&self, translator: Arc<Translator>, handshake: &Record) -> Option<Matching> {
        let (rules, tally) = self.compared.clone()?;
        let target = Parts::of(handshake).and_then(|parts| Some(parts.request()?.1.to_owned()));
        let target = target.unwrap_or_default();
        let path = target.split('?').next().unwrap_or_default().to_owned();
        let id = handshake.id.clone();
        let handshake = handshake.clone();
        Some(Matching::new(Box::new(move |name, recorded, heard| {
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
        })))
    }
}
