//! Reads the two frames that come by the ten thousand with a glance at their bytes.
//!
//! The glance fits the order of fields that the server writes. Whatever looks otherwise is read in
//! full, with the same result.

use kefu_protocol::frame::ServerFrame;
use uuid::Uuid;

use super::{stamp::Stamp, template::TEXT_PREFIX};

/// What a frame means to a load generator.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is looked at and dropped, one at a time")]
pub(crate) enum Seen<'a> {
    Ack(AckSeen),
    Message(MessageSeen),
    /// Something else that matters.
    Frame(ServerFrame<'a>),
    /// A hint, or an addition to the protocol.
    Nothing,
    /// Not a frame of the protocol.
    Broken,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct AckSeen {
    pub(crate) client_id: Uuid,
    pub(crate) conversation: Uuid,
    pub(crate) seq: u64,
    pub(crate) prev_seq: Option<u64>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct MessageSeen {
    pub(crate) conversation: Uuid,
    pub(crate) seq: u64,
    pub(crate) prev_seq: u64,
    /// From the text, if it is one of this run.
    pub(crate) stamp: Option<Stamp>,
}

/// Reads a frame from the server.
pub(crate) fn read(json: &str, run: u32) -> Seen<'_> {
    glance(json, run).unwrap_or_else(|| study(json, run))
}

fn glance(json: &str, run: u32) -> Option<Seen<'_>> {
    let rest = json.strip_prefix(r#"{"type":""#)?;
    let (word, _) = rest.split_at_checked(rest.bytes().take(16).position(|byte| byte == b'"')?)?;
    let mut cursor = Cursor(&rest[word.len()..]);
    match word {
        "ack" => {
            cursor.literal(r#"","client_id":""#)?;
            let client_id = cursor.uuid()?;
            cursor.literal(r#"","conversation_id":""#)?;
            let conversation = cursor.uuid()?;
            cursor.literal(r#"","seq":"#)?;
            let seq = cursor.number()?;
            let prev_seq = match cursor.literal(r#","prev_seq":"#) {
                Some(()) => Some(cursor.number()?),
                None => None,
            };
            // Were prev_seq further behind, this would miss it.
            cursor.literal(r#","id":""#)?;
            Some(Seen::Ack(AckSeen { client_id, conversation, seq, prev_seq }))
        }
        "message" => {
            cursor.literal(r#"","conversation_id":""#)?;
            let conversation = cursor.uuid()?;
            cursor.literal(r#"","seq":"#)?;
            let seq = cursor.number()?;
            cursor.literal(r#","prev_seq":"#)?;
            let prev_seq = cursor.number()?;
            cursor.literal(r#","id":""#)?;
            // A quote within a string is escaped, so that this stands only where a field begins.
            let text = &cursor.0[cursor.0.find(r#","text":""#)? + 9..];
            let stamp = stamp(text, run);
            Some(Seen::Message(MessageSeen { conversation, seq, prev_seq, stamp }))
        }
        "conversation" | "typing" | "read" | "presence" | "pong" => Some(Seen::Nothing),
        _ => None,
    }
}

fn study(json: &str, run: u32) -> Seen<'_> {
    match ServerFrame::parse(json) {
        Ok(Some(ServerFrame::Ack(ack))) => Seen::Ack(AckSeen {
            client_id: ack.client_id,
            conversation: ack.conversation_id,
            seq: ack.seq,
            prev_seq: ack.prev_seq,
        }),
        Ok(Some(ServerFrame::Message(message))) => Seen::Message(MessageSeen {
            conversation: message.conversation_id,
            seq: message.seq,
            prev_seq: message.prev_seq,
            stamp: stamp(&message.text, run),
        }),
        Ok(Some(
            ServerFrame::Conversation(_)
            | ServerFrame::Typing(_)
            | ServerFrame::Read(_)
            | ServerFrame::Presence(_)
            | ServerFrame::Pong,
        ))
        | Ok(None) => Seen::Nothing,
        Ok(Some(frame)) => Seen::Frame(frame),
        Err(_) => Seen::Broken,
    }
}

fn stamp(text: &str, run: u32) -> Option<Stamp> {
    let id = Cursor(text.strip_prefix(TEXT_PREFIX)?).uuid()?;
    Stamp::unpack(id, run)
}

struct Cursor<'a>(&'a str);

impl Cursor<'_> {
    fn literal(&mut self, literal: &str) -> Option<()> {
        self.0 = self.0.strip_prefix(literal)?;
        Some(())
    }

    fn uuid(&mut self) -> Option<Uuid> {
        let (id, rest) = self.0.split_at_checked(uuid::fmt::Hyphenated::LENGTH)?;
        self.0 = rest;
        Uuid::try_parse_ascii(id.as_bytes()).ok()
    }

    fn number(&mut self) -> Option<u64> {
        let end = self.0.bytes().take(20).take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.0.split_at(end);
        self.0 = rest;
        digits.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use kefu_protocol::frame::{
        Ack, Event, EventCode, Message, MessageKind, Name, Party, PartyKind, Status, Timestamp,
    };
    use proptest::prelude::*;

    use super::*;

    const RUN: u32 = 77;

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            ".{0,40}",
            any::<u128>().prop_map(|id| format!("{TEXT_PREFIX}{} tail", Uuid::from_u128(id))),
            (0..1_u32 << 20, 0..1_u32 << 30, 0..1_u64 << 40).prop_map(|(sender, counter, micros)| {
                format!("{TEXT_PREFIX}{} tail", Stamp { sender, counter, micros }.pack(RUN))
            }),
            Just(r#"","text":"load "#.to_owned()),
        ]
    }

    fn acks(seen: &Seen<'_>) -> AckSeen {
        let Seen::Ack(ack) = seen else { panic!("{seen:?}") };
        *ack
    }

    fn messages(seen: &Seen<'_>) -> MessageSeen {
        let Seen::Message(message) = seen else { panic!("{seen:?}") };
        *message
    }

    proptest! {
        #[test]
        fn a_glance_at_an_ack_is_as_good_as_reading_it(
            ids: [u128; 3],
            seq: u64,
            prev_seq: Option<u64>,
            micros in 0..4_000_000_000_000_000_i64,
        ) {
            let [client_id, conversation_id, id] = ids.map(Uuid::from_u128);
            let created_at = Timestamp::from_micros(micros);
            let ack = Ack { client_id, conversation_id, seq, prev_seq, id, created_at, warning: None };
            let json = ServerFrame::Ack(ack).to_json();
            let seen = acks(&glance(&json, RUN).expect("the server writes it so"));
            prop_assert_eq!(seen, acks(&study(&json, RUN)));
        }

        #[test]
        fn a_glance_at_a_message_is_as_good_as_reading_it(
            ids: [u128; 3],
            client_id: Option<u128>,
            seqs: [u64; 2],
            name in text(),
            text in text(),
            is_event: bool,
        ) {
            let [conversation_id, id, from] = ids.map(Uuid::from_u128);
            let event = Event {
                code: EventCode::Assigned,
                agent: Some(Name { id, name: "\",\"text\":\"".into() }),
                by: None,
                score: None,
                seq: None,
                until: None,
            };
            let message = Message {
                conversation_id,
                seq: seqs[0],
                prev_seq: seqs[1],
                id,
                client_id: client_id.map(Uuid::from_u128),
                from: Party { kind: PartyKind::Visitor, id: Some(from), name: name.into() },
                kind: MessageKind::Text,
                text: text.into(),
                event: is_event.then_some(event),
                data: None,
                quote_seq: None,
                revision: None,
                created_at: Timestamp::from_micros(0),
            };
            let json = ServerFrame::Message(message).to_json();
            let seen = messages(&glance(&json, RUN).expect("the server writes it so"));
            prop_assert_eq!(seen, messages(&study(&json, RUN)));
        }

        #[test]
        fn other_orders_and_spaces_are_read_in_full(seq: u64, client: u128) {
            let id = Uuid::from_u128(client);
            let json = format!(
                r#"{{ "seq": {seq}, "type": "ack", "created_at": "1970-01-01T00:00:00Z", "id": "{id}",
                   "conversation_id": "{id}", "client_id": "{id}" }}"#
            );
            let expected = AckSeen { client_id: id, conversation: id, seq, prev_seq: None };
            prop_assert_eq!(acks(&read(&json, RUN)), expected);
        }

        #[test]
        fn arbitrary_text_never_panics(text in ".{0,80}", frame in r#"\{"type":"(ack|message)","[a-z_]{0,20}":"?[0-9a-f-]{0,40}.{0,20}"#) {
            for json in [text, frame] {
                prop_assert!(!matches!(read(&json, RUN), Seen::Frame(ServerFrame::Ack(_))));
            }
        }
    }

    #[test]
    fn the_rest_is_told_apart() {
        assert!(matches!(read(r#"{"type":"pong"}"#, RUN), Seen::Nothing));
        assert!(matches!(read(r#"{"type":"sticker"}"#, RUN), Seen::Nothing));
        assert!(matches!(read(r#"{"type":"resumed"}"#, RUN), Seen::Frame(ServerFrame::Resumed)));
        assert!(matches!(read("{", RUN), Seen::Broken));
        let party = Party { kind: PartyKind::Agent, id: None, name: "x".into() };
        let presence =
            kefu_protocol::frame::Presence { from: party, status: Status::Busy, reason: None, since: None };
        assert!(matches!(read(&ServerFrame::Presence(presence).to_json(), RUN), Seen::Nothing));
    }
}
