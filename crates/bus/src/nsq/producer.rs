//! Tells events to an nsqd and waits until it has them.

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};
use tracing::{debug, warn};

use super::{
    frame::Frame,
    wire::{Server, Wire, WireError, refused},
};
use crate::PublishError;

/// Connections to one nsqd at most, which works on each of them by itself.
const CONNECTIONS_MAX: usize = 2;
/// Commands that wait for an answer at most; further ones wait for their turn.
const UNANSWERED_MAX: usize = 256;
/// Commands that wait for their turn at most; whoever has further ones waits.
const QUEUE_MAX: usize = 64;

type Answer = Result<(), PublishError>;

/// A command, and who waits for what becomes of it.
struct Request {
    command: Bytes,
    answer: oneshot::Sender<Answer>,
}

/// Connections for telling events to one nsqd, made when there is something to tell and kept.
pub(super) struct Producers([Producer; CONNECTIONS_MAX]);

impl Producers {
    pub(super) fn start(server: &Arc<Server>) -> Self {
        Self(std::array::from_fn(|_| Producer::start(Arc::clone(server))))
    }

    /// Sends commands in order over the least busy connection, and drops those from the front of `commands` that the
    /// nsqd carried out.
    pub(super) async fn send(&self, commands: &mut VecDeque<Bytes>) -> Answer {
        // The first one of several: as long as one is enough, no second is made.
        match self.0.iter().min_by_key(|producer| Arc::strong_count(&producer.busy)) {
            Some(producer) => producer.send(commands).await,
            None => Err(PublishError::closed()),
        }
    }
}

/// One of them.
struct Producer {
    requests: mpsc::Sender<Request>,
    /// Shared by those who send something over it.
    busy: Arc<()>,
    task: JoinHandle<()>,
}

impl Producer {
    fn start(server: Arc<Server>) -> Self {
        let (requests, queue) = mpsc::channel(QUEUE_MAX);
        Self { requests, busy: Arc::default(), task: tokio::spawn(serve(server, queue)) }
    }

    async fn send(&self, commands: &mut VecDeque<Bytes>) -> Answer {
        let _busy = Arc::clone(&self.busy);
        let mut answers = Vec::with_capacity(commands.len());
        for command in &*commands {
            let (answer, to_come) = oneshot::channel();
            if self.requests.send(Request { command: command.clone(), answer }).await.is_err() {
                break;
            }
            answers.push(to_come);
        }
        for answer in answers {
            answer.await.unwrap_or_else(|_| Err(PublishError::closed()))?;
            commands.pop_front();
        }
        if commands.is_empty() { Ok(()) } else { Err(PublishError::closed()) }
    }
}

impl Drop for Producer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(server: Arc<Server>, mut queue: mpsc::Receiver<Request>) {
    while let Some(first) = queue.recv().await {
        match server.open().await {
            Ok((wire, _)) => {
                debug!(address = %server.address, "connected to nsqd to tell events");
                if let Err(error) = Session::new(wire, first).run(&server, &mut queue).await {
                    warn!(address = %server.address, %error, "the connection to nsqd that events are told on ended");
                }
            }
            Err(error) => {
                let away = || PublishError::away(&server.address, &error);
                drop(first.answer.send(Err(away())));
                // Whoever waited meanwhile would wait as long again.
                while let Ok(request) = queue.try_recv() {
                    drop(request.answer.send(Err(away())));
                }
            }
        }
    }
}

struct Session {
    wire: Wire,
    unanswered: VecDeque<oneshot::Sender<Answer>>,
}

impl Session {
    fn new(wire: Wire, first: Request) -> Self {
        let mut session = Self { wire, unanswered: VecDeque::new() };
        session.take(first);
        session
    }

    fn take(&mut self, request: Request) {
        self.wire.send_written(&request.command);
        self.unanswered.push_back(request.answer);
    }

    fn may_take(&self) -> bool {
        self.wire.has_room() && self.unanswered.len() < UNANSWERED_MAX
    }

    async fn run(mut self, server: &Server, queue: &mut mpsc::Receiver<Request>) -> Result<(), WireError> {
        let outcome = loop {
            tokio::select! {
                frame = self.wire.frame() => {
                    let heard = frame.and_then(|frame| self.hear_all(server, &frame));
                    if heard.is_err() {
                        break heard;
                    }
                }
                request = queue.recv(), if self.may_take() => {
                    let Some(request) = request else { break Ok(()) };
                    self.take(request);
                    // What else waits leaves with it.
                    while self.may_take() && let Ok(request) = queue.try_recv() {
                        self.take(request);
                    }
                }
            }
        };
        let cause = outcome.as_ref().err().map_or_else(String::new, ToString::to_string);
        for answer in self.unanswered.drain(..) {
            drop(answer.send(Err(PublishError::away(&server.address, &cause))));
        }
        outcome
    }

    fn hear_all(&mut self, server: &Server, first: &Frame) -> Result<(), WireError> {
        self.hear(server, first)?;
        while let Some(frame) = self.wire.here()? {
            self.hear(server, &frame)?;
        }
        Ok(())
    }

    /// Answers come in the order of their commands.
    fn hear(&mut self, server: &Server, frame: &Frame) -> Result<(), WireError> {
        let answer = match frame {
            Frame::Response(text) if text[..] == *b"OK" => Ok(()),
            Frame::Error(_) => {
                let answer = refused(frame).to_string();
                Err(PublishError::Refused { server: server.address.clone(), answer })
            }
            Frame::Response(_) | Frame::Message { .. } => return Err(refused(frame)),
        };
        match self.unanswered.pop_front() {
            // Whoever asked may have gone.
            Some(waiting) => drop(waiting.send(answer)),
            None => return Err(refused(frame)),
        }
        Ok(())
    }
}
