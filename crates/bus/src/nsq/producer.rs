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

/// A connection for telling, made when there is something to tell and kept.
pub(super) struct Producer {
    requests: mpsc::Sender<Request>,
    task: JoinHandle<()>,
}

impl Producer {
    pub(super) fn start(server: Arc<Server>) -> Self {
        let (requests, queue) = mpsc::channel(QUEUE_MAX);
        Self { requests, task: tokio::spawn(serve(server, queue)) }
    }

    /// Sends commands in order, and drops those from the front of `commands` that the nsqd carried out.
    pub(super) async fn send(&self, commands: &mut VecDeque<Bytes>) -> Answer {
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

    async fn run(mut self, server: &Server, queue: &mut mpsc::Receiver<Request>) -> Result<(), WireError> {
        let outcome = loop {
            let may_take = self.wire.has_room() && self.unanswered.len() < UNANSWERED_MAX;
            tokio::select! {
                frame = self.wire.frame() => match frame {
                    Ok(frame) => if let Err(error) = self.hear(server, &frame) { break Err(error) },
                    Err(error) => break Err(error),
                },
                request = queue.recv(), if may_take => match request {
                    Some(request) => self.take(request),
                    None => break Ok(()),
                },
            }
        };
        let cause = outcome.as_ref().err().map_or_else(String::new, ToString::to_string);
        for answer in self.unanswered.drain(..) {
            drop(answer.send(Err(PublishError::away(&server.address, &cause))));
        }
        outcome
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
