//! What is said to nsqd: commands of its protocol V2.

use std::time::Duration;

use bytes::{BufMut as _, Bytes, BytesMut};

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
    Publish(&'a Topic, &'a [u8]),
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
                line(out, &["PUB ", topic.as_str()]);
                sized(out, body);
            }
        }
    }
}

/// A command that tells several messages of a topic at once (MPUB), written while they are made.
#[derive(Debug)]
pub(super) struct Bundle {
    out: Vec<u8>,
    /// Where the bytes of the command's body are counted; its messages are counted behind that.
    counts: usize,
    messages: usize,
}

impl Bundle {
    /// Begins one, with room for so many bytes of messages.
    pub(super) fn new(topic: &Topic, bytes: usize) -> Self {
        let mut out = Vec::with_capacity(bytes + 80);
        for part in ["MPUB ", topic.as_str(), "\n"] {
            out.extend_from_slice(part.as_bytes());
        }
        let counts = out.len();
        out.extend_from_slice(&[0; 8]);
        Self { out, counts, messages: 0 }
    }

    /// Adds what `write` writes as a message; nothing when it fails.
    pub(super) fn add<E>(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<(), E> {
        let begin = self.out.len();
        self.out.extend_from_slice(&[0; 4]);
        if let Err(error) = write(&mut self.out) {
            self.out.truncate(begin);
            return Err(error);
        }
        self.count(begin, self.out.len() - begin - 4);
        self.messages += 1;
        Ok(())
    }

    /// How many bytes it has.
    pub(super) fn bytes(&self) -> usize {
        self.out.len()
    }

    /// The whole command.
    pub(super) fn finish(mut self) -> Bytes {
        self.count(self.counts, self.out.len() - self.counts - 4);
        self.count(self.counts + 4, self.messages);
        self.out.into()
    }

    fn count(&mut self, at: usize, number: usize) {
        self.out[at..at + 4].copy_from_slice(&size(number));
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
        for (command, expected) in [
            (Command::Identify(b"{}"), &b"IDENTIFY\n\0\0\0\x02{}"[..]),
            (Command::Subscribe(&topic, &group), b"SUB chat.rated qa\n"),
            (Command::Ready(12), b"RDY 12\n"),
            (Command::Finish(id), b"FIN 0123456789abcdef\n"),
            (Command::Requeue(id, Duration::from_millis(1500)), b"REQ 0123456789abcdef 1500\n"),
            (Command::Touch(id), b"TOUCH 0123456789abcdef\n"),
            (Command::Close, b"CLS\n"),
            (Command::Nothing, b"NOP\n"),
            (Command::Publish(&topic, b"xyz"), b"PUB chat.rated\n\0\0\0\x03xyz"),
        ] {
            let mut out = BytesMut::new();
            command.write(&mut out);
            assert_eq!(&out[..], expected, "{command:?}");
        }
    }

    #[test]
    fn a_bundle_counts_what_is_in_it() {
        let mut bundle = Bundle::new(&"a".parse().unwrap(), 0);
        let add = |bundle: &mut Bundle, body: &[u8], outcome: Result<(), ()>| {
            let written = bundle.add(|out| {
                out.extend_from_slice(body);
                outcome
            });
            assert_eq!(written, outcome);
        };
        add(&mut bundle, b"ab", Ok(()));
        add(&mut bundle, b"what cannot be told", Err(()));
        add(&mut bundle, b"c", Ok(()));
        let expected = b"MPUB a\n\0\0\0\x0F\0\0\0\x02\0\0\0\x02ab\0\0\0\x01c";
        assert_eq!(bundle.bytes(), expected.len());
        assert_eq!(bundle.finish()[..], expected[..]);
    }
}
