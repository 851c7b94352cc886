use std::{
    cell::RefCell,
    collections::{HashMap, VecDeque},
    rc::Rc,
    time::Duration,
};

use kefu_protocol::{
    frame::{
        ClientFrame, Message, MessageKind, PartyKind, Position, Resume, SUBPROTOCOL, Send, SendKind,
        ServerFrame,
    },
    ws::CloseCode,
};
use serde::Deserialize;
use tokio::{sync::Notify, task::JoinSet, time::Instant};
use uuid::Uuid;

use super::ledger::until;
use crate::scenario::{
    runner::World,
    socket::{Socket, SocketError},
};

/// What nobody has asked for is kept up to so many messages of a conversation, the newest.
const HEARD_MAX: usize = 256;
/// Until a server has said how often it wants a sign of life.
const HEARTBEAT: Duration = Duration::from_secs(25);

/// A connection of a visitor or an agent, and what it has seen, whatever became of the socket beneath it.
pub(in crate::scenario) struct Link {
    world: Rc<World>,
    token: String,
    is_agent: bool,
    state: RefCell<State>,
    changed: Notify,
    outgoing: RefCell<VecDeque<Out>>,
    has_outgoing: Notify,
    /// Drives the socket, if there is one.
    task: RefCell<JoinSet<()>>,
}

#[derive(Default)]
struct State {
    phase: Phase,
    own_id: Option<Uuid>,
    /// The last entry seen of every conversation.
    positions: HashMap<Uuid, u64>,
    heard: HashMap<Uuid, VecDeque<Heard>>,
    /// What the server said to messages of this connection: nothing against it, or an error.
    answers: HashMap<Uuid, Option<&'static str>>,
    /// Conversations that came to this agent, or wait for one.
    came: VecDeque<Came>,
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Phase {
    #[default]
    Opening,
    Live,
    Ended(&'static str),
}

/// Something that the other side has said.
pub(super) struct Heard {
    pub(super) seq: u64,
    pub(super) text: String,
}

/// A conversation that has come to an agent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Came {
    pub(super) conversation: Uuid,
    /// It is this agent's already.
    pub(super) is_own: bool,
}

enum Out {
    Frame(String),
    Close,
}

/// What agents are told of a conversation, as far as it matters here.
#[derive(Deserialize)]
struct Hint {
    id: Uuid,
    state: String,
    assignee: Option<Assignee>,
}

#[derive(Deserialize)]
struct Assignee {
    id: Uuid,
}

impl Link {
    /// A connection that is not opened yet; a visitor has a conversation and a place in it.
    pub(super) fn new(world: Rc<World>, token: String, own: Option<(Uuid, u64)>) -> Rc<Self> {
        let state = State { positions: own.into_iter().collect(), ..State::default() };
        Rc::new(Self {
            world,
            token,
            is_agent: own.is_none(),
            state: RefCell::new(state),
            changed: Notify::new(),
            outgoing: RefCell::default(),
            has_outgoing: Notify::new(),
            task: RefCell::default(),
        })
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    pub(super) fn is_agent(&self) -> bool {
        self.is_agent
    }

    /// Connects, names what it holds, and waits until all that it missed has come.
    pub(super) async fn open(self: &Rc<Self>, random: [u64; 2]) -> Result<(), &'static str> {
        let headers = [("authorization", format!("Bearer {}", self.token))];
        let socket = Socket::open(&self.world.target, "/ws", SUBPROTOCOL, &headers, random).await;
        let socket = socket.map_err(|error| error.name())?;
        self.state.borrow_mut().phase = Phase::Opening;
        self.outgoing.borrow_mut().clear();
        self.drive(socket);
        until(&self.changed, || match self.state.borrow().phase {
            Phase::Opening => None,
            Phase::Live => Some(Ok(())),
            Phase::Ended(why) => Some(Err(why)),
        })
        .await
    }

    /// Has a task of its own pass on what comes and goes.
    fn drive(self: &Rc<Self>, socket: Socket) {
        let link = Rc::clone(self);
        let mut task = self.task.borrow_mut();
        task.abort_all();
        task.spawn_local(async move {
            let ended = drive(&link, socket).await.err().map_or("closed", |error| error.name());
            link.state.borrow_mut().phase = Phase::Ended(ended);
            link.changed.notify_waiters();
        });
    }

    /// Ends the connection without a word, as a lost network does.
    pub(super) fn cut(&self) {
        self.task.borrow_mut().abort_all();
        self.state.borrow_mut().phase = Phase::Ended("cut");
        self.changed.notify_waiters();
    }

    /// Ends the connection as it should be.
    pub(super) fn close(&self) {
        self.push(Out::Close);
    }

    /// Says something and waits until the server has it.
    pub(super) async fn say(
        &self,
        client_id: Uuid,
        conversation: Uuid,
        text: &str,
    ) -> Result<(), &'static str> {
        self.world.ledger.borrow_mut().say(client_id, conversation, !self.is_agent);
        let send = Send {
            client_id,
            conversation_id: conversation,
            kind: SendKind::Text,
            text: text.into(),
            data: None,
            quote_seq: None,
        };
        self.tell(&ClientFrame::Send(send));
        let answer = until(&self.changed, || {
            let mut state = self.state.borrow_mut();
            match (state.answers.remove(&client_id), state.phase) {
                (Some(answer), _) => Some(answer),
                (None, Phase::Ended(why)) => Some(Some(why)),
                (None, _) => None,
            }
        });
        answer.await.map_or(Ok(()), Err)
    }

    /// Waits until a message has reached who it is for.
    pub(super) async fn delivered(&self, client_id: Uuid) {
        let ledger = &self.world.ledger;
        let Some(arrival) = ledger.borrow_mut().arrival(client_id) else { return };
        until(&arrival, || (!ledger.borrow().is_under_way(client_id)).then_some(())).await;
    }

    /// Waits for a message of the other side that has a text in it.
    pub(super) async fn hear(&self, conversation: Uuid, wanted: &str) -> Result<Heard, &'static str> {
        until(&self.changed, || {
            let mut state = self.state.borrow_mut();
            let phase = state.phase;
            let heard = state.heard.entry(conversation).or_default();
            if let Some(at) = heard.iter().position(|heard| heard.text.contains(wanted)) {
                return heard.drain(..=at).next_back().map(Ok);
            }
            match phase {
                Phase::Ended(why) => Some(Err(why)),
                _ => None,
            }
        })
        .await
    }

    /// Waits for the next conversation that comes to this agent; `None` when the connection has ended.
    pub(super) async fn next_conversation(&self) -> Option<Came> {
        until(&self.changed, || {
            let mut state = self.state.borrow_mut();
            match (state.came.pop_front(), state.phase) {
                (Some(came), _) => Some(Some(came)),
                (None, Phase::Ended(_)) => Some(None),
                (None, _) => None,
            }
        })
        .await
    }

    /// Whether anything of a conversation has come.
    pub(super) fn knows(&self, conversation: Uuid) -> bool {
        self.state.borrow().positions.contains_key(&conversation)
    }

    /// Sends a frame.
    pub(super) fn tell(&self, frame: &ClientFrame<'_>) {
        self.push(Out::Frame(frame.to_json()));
    }

    fn push(&self, out: Out) {
        self.outgoing.borrow_mut().push_back(out);
        self.has_outgoing.notify_one();
    }

    /// Takes a frame from the server.
    fn take(&self, json: &str) {
        match ServerFrame::parse(json) {
            Ok(Some(frame)) => self.frame(frame),
            Ok(None) => {}
            Err(_) => self.world.ledger.borrow_mut().counts.nonsense += 1,
        }
        self.changed.notify_waiters();
    }

    fn frame(&self, frame: ServerFrame<'_>) {
        let (mut state, mut ledger) = (self.state.borrow_mut(), self.world.ledger.borrow_mut());
        let now = self.world.now();
        match frame {
            ServerFrame::Hello(hello) => {
                state.own_id = hello.principal.id;
                let mut positions = Vec::new();
                if self.is_agent {
                    // What was there before is taken as read.
                    let heads = hello.conversations.iter().map(|head| (head.id, head.last_seq));
                    state.positions.extend(heads);
                } else {
                    let held = state.positions.iter();
                    positions.extend(held.map(|(id, seq)| Position { conversation_id: *id, seq: *seq }));
                }
                self.tell(&ClientFrame::Resume(Resume { epoch: hello.epoch, positions }));
            }
            ServerFrame::Resumed => state.phase = Phase::Live,
            ServerFrame::Ack(ack) => {
                if let Some(prev_seq) = ack.prev_seq {
                    let last_seq = state.positions.entry(ack.conversation_id).or_insert(prev_seq);
                    ledger.place(last_seq, ack.seq, prev_seq, None);
                }
                state.answers.insert(ack.client_id, None);
                ledger.ack(ack.client_id, now);
            }
            ServerFrame::Error(error) => {
                if let Some(client_id) = error.client_id {
                    state.answers.insert(client_id, Some(error.code.as_str()));
                    ledger.refuse(client_id);
                }
            }
            ServerFrame::Message(message) => {
                let is_new = !state.positions.contains_key(&message.conversation_id);
                let last_seq = state.positions.entry(message.conversation_id).or_insert(message.prev_seq);
                ledger.place(last_seq, message.seq, message.prev_seq, message.client_id);
                if let Some(client_id) = message.client_id.filter(|_| self.is_from_other(&message)) {
                    ledger.deliver(client_id, now);
                }
                if is_new && self.is_agent {
                    state.came.push_back(Came { conversation: message.conversation_id, is_own: true });
                }
                if self.is_from_other(&message) {
                    let heard = state.heard.entry(message.conversation_id).or_default();
                    if heard.len() == HEARD_MAX {
                        heard.pop_front();
                    }
                    heard.push_back(Heard { seq: message.seq, text: message.text.into_owned() });
                }
            }
            ServerFrame::Conversation(hint) if self.is_agent => {
                let Ok(hint) = serde_json::from_str::<Hint>(hint.conversation.get()) else { return };
                let is_own = hint.assignee.is_some_and(|assignee| Some(assignee.id) == state.own_id);
                if is_own || hint.state == "queued" {
                    state.came.push_back(Came { conversation: hint.id, is_own });
                }
            }
            // A run has one epoch: whoever says otherwise has lost something.
            ServerFrame::Reset(_) => ledger.counts.gaps += 1,
            _ => {}
        }
    }

    fn is_from_other(&self, message: &Message<'_>) -> bool {
        let is_by_visitor = message.from.kind == PartyKind::Visitor;
        message.kind == MessageKind::Text && is_by_visitor == self.is_agent
    }
}

/// Passes frames between a connection and its socket until it ends.
async fn drive(link: &Link, mut socket: Socket) -> Result<(), SocketError> {
    let mut sign_at = Instant::now() + HEARTBEAT;
    loop {
        tokio::select! {
            text = socket.receive(|_| true) => link.take(&text?),
            () = link.has_outgoing.notified() => {}
            () = tokio::time::sleep_until(sign_at) => {
                sign_at += HEARTBEAT;
                link.tell(&ClientFrame::Ping);
            }
        }
        loop {
            let Some(out) = link.outgoing.borrow_mut().pop_front() else { break };
            match out {
                Out::Frame(json) => socket.send(&json).await?,
                Out::Close => return socket.close(CloseCode(1000)).await,
            }
        }
    }
}
