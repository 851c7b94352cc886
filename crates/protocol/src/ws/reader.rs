use std::ops::ControlFlow;

use crate::ws::{Decoder, Incoming, ProtocolError, Role, Step};

/// A [`Decoder`] that also keeps what is left of a read: the bytes of a frame that was cut in two.
///
/// Made for readers that share one buffer among many connections: frames are decoded in that buffer,
/// and a connection owns memory only while a frame of its own is incomplete.
#[derive(Debug)]
pub struct Reader {
    decoder: Decoder,
    rest: Option<Box<Rest>>,
}

#[derive(Debug)]
struct Rest(Vec<u8>);

impl Reader {
    /// Creates a reader that refuses messages of more than `max_message` bytes.
    pub fn new(role: Role, max_message: u32) -> Self {
        Self { decoder: Decoder::new(role, max_message), rest: None }
    }

    /// Decodes `input`, as read from the socket, and hands every message to `each` in order.
    ///
    /// When `each` breaks, what was not decoded yet is kept and comes first at the next call, whose
    /// input may be empty. Otherwise at most one incomplete frame is kept: no more than the limit of a
    /// message and 14 bytes.
    ///
    /// # Errors
    ///
    /// The peer broke the protocol; messages before that point have been handed over.
    pub fn feed<B>(
        &mut self,
        mut input: &mut [u8],
        mut each: impl FnMut(Incoming<'_>) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B>, ProtocolError> {
        if let Some(rest) = self.rest.take() {
            match self.finish_rest(*rest, &mut input, &mut each)? {
                ControlFlow::Continue(()) if self.rest.is_none() => {}
                flow => return Ok(flow),
            }
        }
        while !input.is_empty() {
            let (consumed, flow) = match self.decoder.next(input)? {
                Step::Incoming { incoming, consumed } => (consumed, each(incoming)),
                Step::Fragment { consumed } => (consumed, ControlFlow::Continue(())),
                Step::Incomplete { .. } => {
                    self.keep(input.to_vec());
                    break;
                }
            };
            input = &mut input[consumed..];
            if flow.is_break() {
                self.keep(input.to_vec());
                return Ok(flow);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Whether neither a cut frame nor a fragmented message is under way.
    pub fn is_idle(&self) -> bool {
        self.rest.is_none() && self.decoder.is_idle()
    }

    /// Decodes what an earlier read left, taking from `input` only what completes its last frame.
    fn finish_rest<B>(
        &mut self,
        Rest(mut rest): Rest,
        input: &mut &mut [u8],
        each: &mut impl FnMut(Incoming<'_>) -> ControlFlow<B>,
    ) -> Result<ControlFlow<B>, ProtocolError> {
        let mut at = 0;
        while at < rest.len() {
            let (consumed, flow) = match self.decoder.next(&mut rest[at..])? {
                Step::Incoming { incoming, consumed } => (consumed, each(incoming)),
                Step::Fragment { consumed } => (consumed, ControlFlow::Continue(())),
                Step::Incomplete { needed } => {
                    let missing = needed - (rest.len() - at);
                    let taken = missing.min(input.len());
                    let (head, tail) = std::mem::take(input).split_at_mut(taken);
                    rest.extend_from_slice(head);
                    *input = tail;
                    if taken < missing {
                        rest.drain(..at);
                        self.keep(rest);
                        return Ok(ControlFlow::Continue(()));
                    }
                    continue;
                }
            };
            at += consumed;
            if flow.is_break() {
                rest.drain(..at);
                rest.extend_from_slice(input);
                self.keep(rest);
                return Ok(flow);
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn keep(&mut self, bytes: Vec<u8>) {
        self.rest = (!bytes.is_empty()).then(|| Box::new(Rest(bytes)));
    }
}
