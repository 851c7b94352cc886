//! A chat server as small as can be, that makes mistakes on demand.

use std::{
    collections::HashMap,
    io,
    ops::ControlFlow,
    sync::{Arc, Mutex, MutexGuard},
};

use bytes::Bytes;
use kefu_protocol::{
    frame::{
        Ack, ClientFrame, Error, ErrorCode, Head, Hello, Message, MessageKind, Party, PartyKind, Send,
        ServerFrame, Timestamp, Watch, Watching,
    },
    ws::{CloseCode, Incoming, Reader, Role, close_frame},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    sync::mpsc::{UnboundedSender, unbounded_channel},
};
use uuid::Uuid;

use super::{self as testing, Io, Requests};

/// What goes wrong with every tenth message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fault {
    Nothing,
    Lose,
    Duplicate,
    /// Delivers it after the one that follows.
    Swap,
    Refuse,
    /// Neither acks nor stores it.
    Ignore,
    /// Closes the sender's connection as slow.
    Close,
    /// Answers the second half of all upgrades with 503, once each.
    PutOff,
    /// Answers reads with something else.
    FailReads,
}

/// The server; it ends with its value.
pub(crate) struct Server(pub(crate) testing::Server);

struct Shared {
    fault: Fault,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    conversations: Vec<Conversation>,
    agents: Vec<String>,
    sockets: HashMap<String, UnboundedSender<Bytes>>,
    sends: u64,
    upgrades: HashMap<String, u32>,
    reads: u64,
    watchers: Vec<(Uuid, UnboundedSender<Bytes>)>,
}

struct Conversation {
    id: Uuid,
    visitor: String,
    log: Vec<Message<'static>>,
    held: Option<Bytes>,
}

impl Server {
    pub(crate) fn start(fault: Fault) -> Self {
        let shared = Arc::new(Shared { fault, state: Mutex::default() });
        let serve = move |requests| {
            let shared = Arc::clone(&shared);
            async move { serve(requests, &shared).await }
        };
        Self(testing::Server::start(serve))
    }

    /// The same over TLS.
    #[cfg(feature = "tls")]
    pub(crate) fn start_tls() -> Self {
        let shared = Arc::new(Shared { fault: Fault::Nothing, state: Mutex::default() });
        let serve = move |requests| {
            let shared = Arc::clone(&shared);
            async move { serve(requests, &shared).await }
        };
        Self(testing::Server::start_tls(serve))
    }
}

async fn serve(mut requests: Requests, shared: &Shared) -> io::Result<()> {
    while let Some(request) = requests.next().await? {
        if request.line.starts_with("GET /ws") {
            let token = request.token().unwrap();
            if shared.fault == Fault::PutOff && shared.puts_off(token) {
                return requests.answer("503 Busy", "Retry-After: 1\r\n", "").await;
            }
            let stream = requests.upgrade(&request, Some("kefu.v1")).await?;
            return shared.chat(stream, token).await;
        }
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let answer = shared.rest(&request.line, &body).to_string();
        requests.answer("200 OK", "", &answer).await?;
    }
    Ok(())
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn puts_off(&self, token: &str) -> bool {
        let mut state = self.state();
        let count = state.upgrades.entry(token.to_owned()).or_default();
        *count += 1;
        *count == 1 && token.ends_with(['0', '2', '4', '6', '8'])
    }

    fn rest(&self, request: &str, body: &Value) -> Value {
        let mut state = self.state();
        match request {
            "POST /api/v1/widget/sessions" => {
                let number = state.conversations.len();
                let id = Uuid::from_u128(0xC0_FFEE << 96 | number as u128);
                let visitor = format!("visitor-{number}");
                let answer = json!({"token": visitor, "visitor_id": id, "conversation_id": id, "epoch": "e", "last_seq": 0});
                state.conversations.push(Conversation { id, visitor, log: Vec::new(), held: None });
                answer
            }
            "POST /api/v1/auth/login" => {
                let email = body["email"].as_str().unwrap().to_owned();
                if email.starts_with("bench-agent-") && !state.agents.contains(&email) {
                    state.agents.push(email.clone());
                }
                json!({"token": email, "agent": {}})
            }
            // One agent is left from an earlier run.
            "GET /api/v1/agents?limit=500" => json!({
                "items": [{"id": Uuid::nil(), "email": "bench-agent-0@bench.invalid", "load": 3}], "has_more": false,
            }),
            "PUT /api/v1/agents/me/status" | "POST /api/v1/agents" => json!({"id": Uuid::nil()}),
            request if request.starts_with("PATCH /api/v1/agents/") => json!({"id": Uuid::nil()}),
            request if request.starts_with("POST /api/v1/conversations/") => json!({}),
            request if request.starts_with("GET ") => {
                state.reads += 1;
                if self.fault == Fault::FailReads && state.reads.is_multiple_of(10) {
                    json!(null)
                } else {
                    state.read(request)
                }
            }
            other => panic!("unexpected request {other}"),
        }
    }

    async fn chat(&self, stream: Box<dyn Io>, token: &str) -> io::Result<()> {
        let (mut input, mut output) = tokio::io::split(stream);
        let (sender, mut queue) = unbounded_channel::<Bytes>();
        let is_visitor = token.starts_with("visitor-");
        let own: Vec<_> = {
            let state = self.state();
            state
                .conversations
                .iter()
                .filter(|conversation| conversation.visitor == token)
                .map(head)
                .collect()
        };
        let principal = party(if is_visitor { PartyKind::Visitor } else { PartyKind::Agent });
        let hello = Hello {
            epoch: "e".into(),
            connection_id: Uuid::nil(),
            heartbeat_s: 1,
            principal,
            conversations: own,
        };
        sender.send(ServerFrame::Hello(hello).encode()).unwrap();
        let write = async move {
            while let Some(frame) = queue.recv().await {
                output.write_all(&frame).await?;
                output.flush().await?;
                if frame[0] == 0x88 {
                    break;
                }
            }
            output.shutdown().await
        };
        let read = async {
            let mut reader = Reader::new(Role::Server, 1 << 16);
            let mut buffer = vec![0; 1 << 16];
            loop {
                let count = input.read(&mut buffer).await?;
                if count == 0 {
                    break;
                }
                let flow = reader.feed::<()>(&mut buffer[..count], |incoming| {
                    if let Incoming::Text(text) = incoming {
                        self.frame(token, ClientFrame::parse(&text).unwrap(), &sender);
                    }
                    ControlFlow::Continue(())
                });
                assert_eq!(flow, Ok(ControlFlow::Continue(())));
            }
            self.state().sockets.remove(token);
            drop(sender);
            io::Result::Ok(())
        };
        tokio::try_join!(write, read).map(drop)
    }

    fn frame(&self, token: &str, frame: ClientFrame<'_>, socket: &UnboundedSender<Bytes>) {
        let tell = |frame: ServerFrame<'_>| drop(socket.send(frame.encode()));
        match frame {
            ClientFrame::Ping => tell(ServerFrame::Pong),
            ClientFrame::Resume(resume) => {
                let mut state = self.state();
                for position in &resume.positions {
                    let conversation = state.conversations.iter().find(|c| c.id == position.conversation_id);
                    for message in &conversation.unwrap().log[position.seq as usize..] {
                        tell(ServerFrame::Message(message.clone()));
                    }
                }
                tell(ServerFrame::Resumed);
                state.sockets.insert(token.to_owned(), socket.clone());
            }
            ClientFrame::Send(send) => self.send(token, &send, socket),
            ClientFrame::Watch(Watch { scope, id }) => {
                assert!(token.starts_with("bench-supervisor-"));
                let mut state = self.state();
                let watched = state.conversations.iter().find(|conversation| Some(conversation.id) == id);
                let last_seq = watched.map(|conversation| head(conversation).last_seq);
                tell(ServerFrame::Watching(Watching { scope, id, last_seq }));
                state.watchers.extend(id.map(|id| (id, socket.clone())));
            }
            ClientFrame::Read { .. } => {}
            other => panic!("unexpected frame {other:?}"),
        }
    }

    fn send(&self, token: &str, send: &Send<'_>, socket: &UnboundedSender<Bytes>) {
        let mut state = self.state();
        let State { conversations, agents, sockets, sends, watchers, .. } = &mut *state;
        *sends += 1;
        let is_bad = *sends % 10 == 0;
        let fault = if is_bad { self.fault } else { Fault::Nothing };
        let number = conversations.iter().position(|c| c.id == send.conversation_id).unwrap();
        let conversation = &mut conversations[number];
        match fault {
            Fault::Ignore => return,
            Fault::Close => {
                drop(socket.send(close_frame(CloseCode::SLOW, "slow")));
                return;
            }
            Fault::Refuse => {
                let error = Error {
                    client_id: Some(send.client_id),
                    conversation_id: None,
                    code: ErrorCode::Conflict,
                    message: "no".into(),
                    field: None,
                    retry_after_ms: None,
                };
                drop(socket.send(ServerFrame::Error(error).encode()));
                return;
            }
            _ => {}
        }
        let from_visitor = conversation.visitor == token;
        let prev_seq = conversation.log.len() as u64;
        let message = Message {
            conversation_id: send.conversation_id,
            seq: prev_seq + 1,
            prev_seq,
            id: send.client_id,
            client_id: Some(send.client_id),
            from: party(if from_visitor { PartyKind::Visitor } else { PartyKind::Agent }),
            kind: MessageKind::Text,
            text: send.text.clone().into_owned().into(),
            event: None,
            data: None,
            quote_seq: None,
            revision: None,
            created_at: Timestamp::from_micros(0),
        };
        conversation.log.push(message.clone());
        let ack = Ack {
            client_id: send.client_id,
            conversation_id: send.conversation_id,
            seq: prev_seq + 1,
            prev_seq: Some(prev_seq),
            id: send.client_id,
            created_at: Timestamp::from_micros(0),
            warning: None,
        };
        drop(socket.send(ServerFrame::Ack(ack).encode()));
        let receiver =
            if from_visitor { agents.get(number % agents.len().max(1)) } else { Some(&conversation.visitor) };
        let Some(receiver) = receiver.and_then(|token| sockets.get(token)) else { return };
        let frame = ServerFrame::Message(message).encode();
        for (_, watcher) in watchers.iter().filter(|(id, _)| *id == send.conversation_id) {
            drop(watcher.send(frame.clone()));
        }
        let frames = match fault {
            Fault::Lose => vec![],
            Fault::Duplicate => vec![frame.clone(), frame],
            Fault::Swap => {
                conversation.held = Some(frame);
                vec![]
            }
            _ => [Some(frame), conversation.held.take()].into_iter().flatten().collect(),
        };
        for frame in frames {
            drop(receiver.send(frame));
        }
    }
}

impl State {
    fn read(&self, request: &str) -> Value {
        let Some(rest) = request.strip_prefix("GET /api/v1/conversations/") else {
            return json!({"items": []});
        };
        let (id, query) = rest.split_once("/messages").unwrap();
        let conversation =
            self.conversations.iter().find(|conversation| conversation.id.to_string() == id).unwrap();
        let before: Option<u64> = query.strip_prefix("?before_seq=").map(|seq| seq.parse().unwrap());
        let end = before.map_or(conversation.log.len(), |seq| seq as usize - 1);
        let seqs =
            conversation.log[end.saturating_sub(3)..end].iter().map(|message| json!({"seq": message.seq}));
        json!({"items": seqs.collect::<Vec<_>>()})
    }
}

fn head(conversation: &Conversation) -> Head {
    Head { id: conversation.id, last_seq: conversation.log.len() as u64 }
}

fn party(kind: PartyKind) -> Party<'static> {
    Party { kind, id: Some(Uuid::nil()), name: "somebody".into() }
}
