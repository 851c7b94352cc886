//! What is said to nsqd: commands of its protocol V2.

use std::time::Duration;

use bytes::{BufMut as _, BytesMut};

use super::frame::MessageId;
use crate::{Group, Topic};

/// What a connection begins with.
pub(super) const MAGIC: &[u8] = b"  V2";

/// A command.
#[derive(Clone, Copy, Debug)]
pub(super) enum Command<'a> {
    /// Says who we are and what we can, in JSON.
    Identify(&'a [u8]),
    /// Asks for the messages of a topic as one of a channel.
    Subscribe(&'a Topic, &'a Group),
    /// Takes up to so many messages at a time.
    Ready(usize),
    /// A message is done.
    Finish(&'a MessageId),
    /// A message is to come again after so long.
    Requeue(&'a MessageId, Duration),
    /// A message is being worked on.
    Touch(&'a MessageId),
    /// No more messages, please.
    Close,
    /// A sign of life.
    Nothing,
    /// Tells one message.
    Publish(&'a str, &'a [u8]),
    /// Tells several messages of a topic at once.
    PublishAll(&'a str, &'a [Vec<u8>]),
}

impl Command<'_> {
    /// Writes the command.
    pub(super) fn write(self, out: &mut BytesMut) {
        match self {
            Self::Identify(json) => {
                out.extend_from_slice(b"IDENTIFY\n");
                sized(out, json);
            }
            Self::Subscribe(topic, group) => line(out, &["SUB ", topic.as_str(), " ", group.as_str()]),
            Self::Ready(count) => line(out, &["RDY ", &count.to_string()]),
            Self::Finish(id) => with_id(out, b"FIN ", id, ""),
            Self::Requeue(id, after) => with_id(out, b"REQ ", id, &format!(" {}", after.as_millis())),
            Self::Touch(id) => with_id(out, b"TOUCH ", id, ""),
            Self::Close => out.extend_from_slice(b"CLS\n"),
            Self::Nothing => out.extend_from_slice(b"NOP\n"),
            Self::Publish(topic, body) => {
                line(out, &["PUB ", topic]);
                sized(out, body);
            }
            Self::PublishAll(topic, bodies) => {
                line(out, &["MPUB ", topic]);
                let bytes = 4 + bodies.iter().map(|body| 4 + body.len()).sum::<usize>();
                out.extend_from_slice(&size(bytes));
                out.extend_from_slice(&size(bodies.len()));
                for body in bodies {
                    sized(out, body);
                }
            }
        }
    }
}

fn line(out: &mut BytesMut, words: &[&str]) {
    for word in words {
        out.extend_from_slice(word.as_bytes());
    }
    out.put_u8(b'\n');
}

fn with_id(out: &mut BytesMut, name: &[u8], id: &MessageId, rest: &str) {
    out.extend_from_slice(name);
    out.extend_from_slice(id);
    out.extend_from_slice(rest.as_bytes());
    out.put_u8(b'\n');
}

fn sized(out: &mut BytesMut, body: &[u8]) {
    out.extend_from_slice(&size(body.len()));
    out.extend_from_slice(body);
}

fn size(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).expect("bodies have a few mebibytes at most").to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_written_as_they_are_documented() {
        let (topic, group) = ("chat.rated".parse().unwrap(), "qa".parse().unwrap());
        let id = b"0123456789abcdef";
        let bodies = [b"ab".to_vec(), b"c".to_vec()];
        for (command, expected) in [
            (Command::Identify(b"{}"), &b"IDENTIFY\n\0\0\0\x02{}"[..]),
            (Command::Subscribe(&topic, &group), b"SUB chat.rated qa\n"),
            (Command::Ready(12), b"RDY 12\n"),
            (Command::Finish(id), b"FIN 0123456789abcdef\n"),
            (Command::Requeue(id, Duration::from_millis(1500)), b"REQ 0123456789abcdef 1500\n"),
            (Command::Touch(id), b"TOUCH 0123456789abcdef\n"),
            (Command::Close, b"CLS\n"),
            (Command::Nothing, b"NOP\n"),
            (Command::Publish("a.b", b"xyz"), b"PUB a.b\n\0\0\0\x03xyz"),
            (Command::PublishAll("a", &bodies), b"MPUB a\n\0\0\0\x0F\0\0\0\x02\0\0\0\x02ab\0\0\0\x01c"),
        ] {
            let mut out = BytesMut::new();
            command.write(&mut out);
            assert_eq!(&out[..], expected, "{command:?}");
        }
    }
}
