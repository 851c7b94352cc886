use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
    ops::ControlFlow,
    time::Duration,
};

use kefu_protocol::{
    frame::{ClientFrame, Position, Resume, ServerFrame},
    ws::{CloseCode, Incoming, Opcode, encode},
};
use uuid::Uuid;

use super::{
    scan::{self, Seen},
    stamp::Stamp,
    tally::Tally,
};

/// The mask of frames that are always the same; what it hides is no secret here.
pub(crate) const FIXED_MASK: [u8; 4] = [0x6b, 0x65, 0x66, 0x75];

/// How far a connection has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum State {
    Closed,
    /// Until the socket is writable.
    Connecting,
    /// Until the server has answered the upgrade.
    Upgrading,
    /// Until the server's `hello`.
    Greeting,
    /// Until the server's `resumed`.
    Resuming,
    Live,
}

/// One end of the conversation: what it has seen, whatever the socket beneath it.
#[derive(Debug)]
pub(crate) struct Peer {
    pub(crate) state: State,
    pub(crate) view: View,
    /// When the last `resumed` came.
    pub(crate) caught_up_at: Duration,
}

/// The last entry seen of every conversation.
#[derive(Debug)]
pub(crate) enum View {
    /// A visitor has one.
    Visitor { conversation: Uuid, last_seq: u64 },
    /// An agent has many.
    Agent(Positions),
    /// A supervisor looks on at some that are others'.
    Supervisor(Positions),
}

pub(crate) type Positions = HashMap<Uuid, u64, BuildHasherDefault<IdHasher>>;

/// Takes the bits of a UUID as they are: most of them are random.
#[derive(Debug, Default)]
pub(crate) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 = self.0.rotate_left(5) ^ u64::from_le_bytes(word);
        }
    }

    fn finish(&self) -> u64 {
        // The map looks at the top bits and the bottom bits.
        self.0.wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
}

/// What a peer needs while it looks at a frame.
pub(crate) struct Context<'a> {
    pub(crate) tally: &'a mut Tally,
    /// Bytes to be sent once all input has been looked at.
    pub(crate) replies: &'a mut Vec<u8>,
    /// How often the server wants a sign of life, in seconds.
    pub(crate) heartbeat_s: &'a mut u32,
    pub(crate) run: u32,
    pub(crate) now: Duration,
}

impl Peer {
    pub(crate) fn new(view: View) -> Self {
        Self { state: State::Closed, view, caught_up_at: Duration::ZERO }
    }

    /// Takes one frame from the server; breaks with how the connection ended.
    pub(crate) fn receive(
        &mut self,
        incoming: Incoming<'_>,
        context: &mut Context<'_>,
    ) -> ControlFlow<Option<CloseCode>> {
        match incoming {
            Incoming::Text(text) => self.read(&text, context),
            Incoming::Ping(body) => encode(Opcode::Pong, body, Some(FIXED_MASK), context.replies),
            Incoming::Close(close) => return ControlFlow::Break(close.map(|close| close.code)),
            Incoming::Pong(_) => {}
            Incoming::Binary(_) => context.tally.broken += 1,
        }
        ControlFlow::Continue(())
    }

    fn read(&mut self, json: &str, context: &mut Context<'_>) {
        match scan::read(json, context.run) {
            Seen::Ack(ack) => {
                // A repeat has no place in the order.
                if let Some(prev_seq) = ack.prev_seq {
                    self.place(ack.conversation, ack.seq, prev_seq, None, context.tally);
                }
                match Stamp::unpack(ack.client_id, context.run) {
                    Some(stamp) => context.tally.ack(stamp, context.now),
                    None => context.tally.strangers += 1,
                }
            }
            Seen::Message(message) => {
                let is_receiver = !matches!(self.view, View::Supervisor(_));
                // Who looks on gets what another has got already, but gets it once.
                let stamp = message.stamp.filter(|_| is_receiver);
                self.place(message.conversation, message.seq, message.prev_seq, stamp, context.tally);
                match message.stamp {
                    Some(stamp) if is_receiver => context.tally.deliver(stamp, context.now),
                    Some(stamp) => context.tally.watch(stamp, context.now),
                    None => {}
                }
            }
            Seen::Frame(frame) => self.control(frame, context),
            Seen::Nothing => {}
            Seen::Broken => context.tally.broken += 1,
        }
    }

    fn control(&mut self, frame: ServerFrame<'_>, context: &mut Context<'_>) {
        match frame {
            ServerFrame::Hello(hello) => {
                self.state = State::Resuming;
                *context.heartbeat_s = hello.heartbeat_s;
                let positions = match &mut self.view {
                    View::Visitor { conversation, last_seq } => {
                        vec![Position { conversation_id: *conversation, seq: *last_seq }]
                    }
                    // An agent takes what is there as read.
                    View::Agent(positions) | View::Supervisor(positions) => {
                        positions.extend(hello.conversations.iter().map(|head| (head.id, head.last_seq)));
                        vec![]
                    }
                };
                let resume = ClientFrame::Resume(Resume { epoch: hello.epoch, positions });
                encode(Opcode::Text, resume.to_json().as_bytes(), Some(FIXED_MASK), context.replies);
            }
            ServerFrame::Resumed => {
                self.state = State::Live;
                self.caught_up_at = context.now;
            }
            ServerFrame::Watching(watching) => {
                context.tally.watches += 1;
                if let (View::Supervisor(positions), Some(id), Some(seq)) =
                    (&mut self.view, watching.id, watching.last_seq)
                {
                    positions.insert(id, seq);
                }
            }
            ServerFrame::Error(error) => context.tally.error(error.code, context.now),
            // A run has one epoch: whoever says otherwise has lost something.
            ServerFrame::Reset(_) => context.tally.gaps += 1,
            _ => {}
        }
    }

    /// Holds an entry against the one before it.
    fn place(
        &mut self,
        conversation: Uuid,
        seq: u64,
        prev_seq: u64,
        stamp: Option<Stamp>,
        tally: &mut Tally,
    ) {
        let last_seq = match &mut self.view {
            View::Visitor { conversation: own, last_seq } if *own == conversation => last_seq,
            View::Visitor { .. } => {
                tally.strangers += 1;
                return;
            }
            // The first entry of a conversation that was given to this agent now.
            View::Agent(positions) | View::Supervisor(positions) => {
                positions.entry(conversation).or_insert(prev_seq)
            }
        };
        if seq > *last_seq {
            if prev_seq != *last_seq {
                tally.gaps += 1;
            }
            *last_seq = seq;
        } else if !stamp.is_some_and(|stamp| tally.is_delivered(stamp)) {
            tally.reordered += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use kefu_protocol::frame::{
        Ack, Head, Hello, Message, MessageKind, Party, PartyKind, Reset, Scope, Timestamp, Watching,
    };

    use super::*;
    use crate::queue::Window;

    const RUN: u32 = 5;
    const CONVERSATION: Uuid = Uuid::from_u128(9);

    struct Bench {
        peer: Peer,
        tally: Tally,
        replies: Vec<u8>,
    }

    fn bench(view: View) -> Bench {
        Bench { peer: Peer::new(view), tally: Tally::new(1, true), replies: Vec::new() }
    }

    fn visitor(last_seq: u64) -> Bench {
        bench(View::Visitor { conversation: CONVERSATION, last_seq })
    }

    impl Bench {
        fn take(&mut self, frame: &ServerFrame<'_>) {
            let mut context = Context {
                tally: &mut self.tally,
                replies: &mut self.replies,
                heartbeat_s: &mut 0,
                run: RUN,
                now: Duration::ZERO,
            };
            let text = Incoming::Text(frame.to_json().into());
            assert!(self.peer.receive(text, &mut context).is_continue());
        }

        fn message(&mut self, seq: u64, prev_seq: u64, stamp: Option<Stamp>) {
            let text = stamp.map_or("hello".into(), |stamp| format!("load {} x", stamp.pack(RUN)));
            self.take(&ServerFrame::Message(Message {
                conversation_id: CONVERSATION,
                seq,
                prev_seq,
                id: CONVERSATION,
                client_id: None,
                from: party(),
                kind: MessageKind::Text,
                text: text.into(),
                event: None,
                data: None,
                quote_seq: None,
                revision: None,
                created_at: Timestamp::from_micros(0),
            }));
        }
    }

    fn party() -> Party<'static> {
        Party { kind: PartyKind::Agent, id: None, name: "A".into() }
    }

    #[test]
    fn gaps_reorders_and_duplicates() {
        let mut bench = visitor(3);
        let stamp = bench.tally.send(0, Duration::ZERO, Duration::ZERO);
        bench.message(4, 3, Some(stamp));
        bench.message(6, 4, None);
        assert_eq!((bench.tally.gaps, bench.tally.reordered, bench.tally.duplicates), (0, 0, 0));
        bench.message(9, 8, None);
        bench.message(7, 6, None);
        bench.message(4, 3, Some(stamp));
        assert_eq!((bench.tally.gaps, bench.tally.reordered, bench.tally.duplicates), (1, 1, 1));
    }

    #[test]
    fn an_ack_takes_its_place_and_a_repeat_does_not() {
        let mut bench = visitor(0);
        let client_id = bench.tally.send(0, Duration::ZERO, Duration::ZERO).pack(RUN);
        let mut ack = Ack {
            client_id,
            conversation_id: CONVERSATION,
            seq: 1,
            prev_seq: Some(0),
            id: CONVERSATION,
            created_at: Timestamp::from_micros(0),
            warning: None,
        };
        bench.take(&ServerFrame::Ack(ack));
        ack.prev_seq = None;
        bench.take(&ServerFrame::Ack(ack));
        bench.message(2, 1, None);
        assert_eq!((bench.tally.acked, bench.tally.gaps, bench.tally.reordered), (1, 0, 0));
    }

    #[test]
    fn a_greeting_is_answered_with_the_position() {
        let mut bench = visitor(8);
        bench.take(&ServerFrame::Hello(Hello {
            epoch: "e".into(),
            connection_id: CONVERSATION,
            heartbeat_s: 25,
            principal: party(),
            conversations: vec![Head { id: CONVERSATION, last_seq: 11 }],
        }));
        assert_eq!(bench.peer.state, State::Resuming);
        kefu_protocol::ws::apply_mask(&mut bench.replies[6..], FIXED_MASK);
        let json = String::from_utf8_lossy(&bench.replies[6..]).into_owned();
        assert!(
            json.ends_with(&format!(r#""positions":[{{"conversation_id":"{CONVERSATION}","seq":8}}]}}"#)),
            "{json}"
        );
        bench.take(&ServerFrame::Resumed);
        assert_eq!(bench.peer.state, State::Live);
    }

    #[test]
    fn a_supervisor_looks_on_from_where_the_watch_began() {
        let mut bench = bench(View::Supervisor(Positions::default()));
        let stamps = [(); 2].map(|()| bench.tally.send(0, Duration::ZERO, Duration::ZERO));
        for id in [None, Some(CONVERSATION)] {
            let (scope, last_seq) = id.map_or((Scope::All, None), |_| (Scope::Conversation, Some(4)));
            bench.take(&ServerFrame::Watching(Watching { scope, id, last_seq }));
        }
        bench.message(5, 4, Some(stamps[0]));
        assert_eq!((bench.tally.watches, bench.tally.watched.count(), bench.tally.delivered), (2, 0, 0));
        bench.tally.measure(Window { from: Duration::ZERO, to: Duration::MAX });
        // The receiver has it: that does not excuse a second time here.
        bench.tally.deliver(stamps[1], Duration::ZERO);
        bench.message(8, 7, Some(stamps[1]));
        bench.message(8, 7, Some(stamps[1]));
        let tally = &bench.tally;
        assert_eq!((tally.gaps, tally.reordered, tally.duplicates, tally.watched.count()), (1, 1, 0, 2));
    }

    #[test]
    fn an_agent_meets_conversations_midway_but_holds_what_hello_named() {
        let mut bench = bench(View::Agent(Positions::default()));
        bench.message(7, 5, None);
        bench.message(8, 7, None);
        assert_eq!(bench.tally.gaps, 0);
        bench.message(11, 9, None);
        bench.take(&ServerFrame::Reset(Reset { epoch: "e".into(), conversation_id: None }));
        assert_eq!(bench.tally.gaps, 2);
    }
}
