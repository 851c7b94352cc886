use std::{net::IpAddr, sync::Arc};

use kefu_core::{Content, Limit, Meter};
use kefu_protocol::{
    frame::{self, ClientFrame, ErrorCode, ParseError, ServerFrame},
    ws::CloseCode,
};
use kefu_socket::{ConnectionId, Flow, Handler, Outbox};
use uuid::Uuid;

use super::Live;
use crate::{
    clock,
    desk::{self, Act, Change, Command, Reply, Send},
    identity::Identity,
    problem::Problem,
    view,
};

/// Frames of one connection besides messages: typing, read marks, watches, pings.
const OTHER_FRAMES: Limit = Limit { per_minute: 1200, burst: 300 };

/// One connection's side of the protocol: turns what it says into requests to the desk.
pub(super) struct Frames {
    pub(super) live: Arc<Live>,
    pub(super) who: Arc<Identity>,
    pub(super) outbox: Arc<Outbox>,
    pub(super) connection: ConnectionId,
    /// Where it came from.
    address: IpAddr,
    others: Meter,
    has_begun: bool,
}

impl Frames {
    pub(super) fn new(
        live: Arc<Live>,
        who: Arc<Identity>,
        outbox: Arc<Outbox>,
        connection: ConnectionId,
        address: IpAddr,
    ) -> Self {
        Self { live, who, outbox, connection, address, others: Meter::default(), has_begun: false }
    }

    fn take(&mut self, frame: ClientFrame<'_>) -> Flow {
        let connection = self.connection;
        let is_first = !std::mem::replace(&mut self.has_begun, true);
        if is_first && !matches!(frame, ClientFrame::Resume(_)) {
            // Beginning with anything else means to hold what `hello` said.
            let resume = Command::Resume { connection, epoch: String::new(), positions: Vec::new() };
            if let Flow::Wait(wait) = self.post(resume) {
                // The frame itself must come after: both wait in order.
                let command = self.command(frame);
                let live = Arc::clone(&self.live);
                return Flow::Wait(Box::pin(async move {
                    wait.await;
                    if let Some(command) = command {
                        live.desk.post(command).await;
                    }
                }));
            }
        }
        match self.command(frame) {
            Some(command) => self.post(command),
            None => Flow::Continue,
        }
    }

    /// What a frame asks of the desk; nothing when it is answered here.
    fn command(&mut self, frame: ClientFrame<'_>) -> Option<Command> {
        let connection = self.connection;
        if !matches!(frame, ClientFrame::Send(_)) && self.others.take(OTHER_FRAMES, clock::now()).is_err() {
            return None;
        }
        Some(match frame {
            ClientFrame::Send(send) => return self.send(send),
            ClientFrame::Resume(resume) => {
                Command::Resume { connection, epoch: resume.epoch.into_owned(), positions: resume.positions }
            }
            ClientFrame::Typing { conversation_id, on } => {
                Command::Typing { connection, conversation: conversation_id, on }
            }
            ClientFrame::Read { conversation_id, seq } => Command::Act(Change {
                who: Arc::clone(&self.who),
                conversation: conversation_id,
                act: Act::Read { seq },
                connection: Some(connection),
                audit: None,
                reply: None,
            }),
            ClientFrame::Watch(watch) => self.watch(watch, true),
            ClientFrame::Unwatch(watch) => self.watch(watch, false),
            ClientFrame::Ping => {
                self.outbox.push(self.live.pong.clone());
                return None;
            }
        })
    }

    fn watch(&self, watch: frame::Watch, on: bool) -> Command {
        Command::Watch { connection: self.connection, watch, on, address: self.address }
    }

    fn send(&mut self, send: frame::Send<'_>) -> Option<Command> {
        if let Err(problem) = self.live.limits.message(self.who.principal, clock::now()) {
            self.push_error(Some(send.client_id), &problem);
            return None;
        }
        let kind = view::message_kind(send.kind);
        let data = send.data.as_ref().map(frame::Json::as_str);
        let content = match Content::new(kind, send.text.into_owned(), data, send.quote_seq) {
            Ok(content) => content,
            Err(error) => {
                self.push_error(Some(send.client_id), &Problem::from(error));
                return None;
            }
        };
        Some(Command::Send(Send {
            who: Arc::clone(&self.who),
            conversation: send.conversation_id,
            client_id: send.client_id,
            units: desk::units(&content),
            screened: self.live.desk.screened(&self.who, &content),
            content,
            audit: None,
            reply: Reply::Socket(self.connection),
        }))
    }

    fn post(&self, command: Command) -> Flow {
        match self.live.desk.try_post(command) {
            Ok(()) => Flow::Continue,
            Err(command) => {
                let live = Arc::clone(&self.live);
                Flow::Wait(Box::pin(async move { live.desk.post(command).await }))
            }
        }
    }

    fn refuse(&self, error: ParseError) -> Flow {
        if let Some(code) = error.close {
            return Flow::Close(code, "the frame is not JSON");
        }
        let client_id = error.client_id;
        self.push_error(client_id, &Problem::from(error));
        Flow::Continue
    }

    fn push_error(&self, client_id: Option<Uuid>, problem: &Problem) {
        let error = frame::Error {
            client_id,
            conversation_id: None,
            code: problem.code,
            message: problem.detail.as_ref().into(),
            field: problem.field.map(Into::into),
            retry_after_ms: problem.retry_after_ms,
        };
        self.outbox.push(ServerFrame::Error(error).encode());
    }
}

impl Handler for Frames {
    fn message(&mut self, text: &str) -> Flow {
        // Whoever was blocked meanwhile is told as soon as it says anything, if the desk has not closed it yet.
        if self.live.blocks.check(&self.who, self.address, clock::now()).is_err() {
            return Flow::Close(CloseCode::FORBIDDEN, "blocked");
        }
        match ClientFrame::parse(text) {
            Ok(frame) => self.take(frame),
            Err(error) => self.refuse(error),
        }
    }
}

/// The close code for somebody who may not come in.
pub(super) fn close_code(problem: &Problem) -> CloseCode {
    match problem.code {
        ErrorCode::Unauthorized => CloseCode::UNAUTHORIZED,
        ErrorCode::RateLimited => CloseCode::RATE_LIMITED,
        ErrorCode::Unavailable => CloseCode::RESTART,
        _ => CloseCode::FORBIDDEN,
    }
}
