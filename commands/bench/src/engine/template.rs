use kefu_protocol::{
    frame::{ClientFrame, Send, SendKind},
    ws::{Opcode, apply_mask, encode_header},
};
use uuid::Uuid;

/// Every text begins like this, then comes the stamp.
pub(crate) const TEXT_PREFIX: &str = "load ";
/// Makes the text about as long as a sentence in a chat.
const TEXT_REST: &str = " where is my parcel? 我的包裹到哪了?";

/// Length of a UUID in text.
const UUID_LEN: usize = uuid::fmt::Hyphenated::LENGTH;

/// A client's `send` frame, serialised once; ids are put in place for each message.
#[derive(Debug)]
pub(crate) struct Template {
    bytes: Vec<u8>,
    /// Length of the header without the mask.
    mask_at: usize,
    client_id_at: usize,
    conversation_at: usize,
    stamp_at: usize,
}

impl Template {
    pub(crate) fn new() -> Self {
        // Two ids that nothing else in the frame looks like.
        let [first, second] = [Uuid::from_u128(1), Uuid::from_u128(2)];
        let frame = ClientFrame::Send(Send {
            client_id: first,
            conversation_id: second,
            kind: SendKind::Text,
            text: format!("{TEXT_PREFIX}{first}{TEXT_REST}").into(),
            data: None,
            quote_seq: None,
        });
        let json = frame.to_json();
        let header = encode_header(Opcode::Text, json.len(), Some([0; 4]));
        let place = |found: Option<usize>| header.len() + found.expect("the id was just written");
        let (first, second) = (first.to_string(), second.to_string());
        Self {
            mask_at: header.len() - 4,
            client_id_at: place(json.find(&first)),
            conversation_at: place(json.find(&second)),
            stamp_at: place(json.rfind(&first)),
            bytes: [&header[..], json.as_bytes()].concat(),
        }
    }

    /// Appends a masked frame to `out`.
    pub(crate) fn write(&self, stamp: Uuid, conversation: Uuid, mask: [u8; 4], out: &mut Vec<u8>) {
        let start = out.len();
        out.extend_from_slice(&self.bytes);
        let frame = &mut out[start..];
        let (header, payload_at) = (self.mask_at, self.mask_at + 4);
        frame[header..payload_at].copy_from_slice(&mask);
        let mut text = [0; UUID_LEN];
        let stamp = stamp.hyphenated().encode_lower(&mut text).as_bytes();
        frame[self.client_id_at..self.client_id_at + UUID_LEN].copy_from_slice(stamp);
        frame[self.stamp_at..self.stamp_at + UUID_LEN].copy_from_slice(stamp);
        let conversation = conversation.hyphenated().encode_lower(&mut text).as_bytes();
        frame[self.conversation_at..self.conversation_at + UUID_LEN].copy_from_slice(conversation);
        apply_mask(&mut frame[payload_at..], mask);
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use kefu_protocol::ws::{Incoming, Reader, Role};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_patched_frame_is_the_frame_serialised_anew(client: u128, conversation: u128, mask: [u8; 4]) {
            let [client_id, conversation_id] = [client, conversation].map(Uuid::from_u128);
            let mut out = b"before".to_vec();
            Template::new().write(client_id, conversation_id, mask, &mut out);
            let mut texts = Vec::new();
            let flow = Reader::new(Role::Server, 4096).feed::<()>(&mut out[6..], |incoming| {
                let Incoming::Text(text) = incoming else { panic!("{incoming:?}") };
                texts.push(text.into_owned());
                ControlFlow::Continue(())
            });
            prop_assert_eq!(flow, Ok(ControlFlow::Continue(())));
            let expected = Send {
                client_id,
                conversation_id,
                kind: SendKind::Text,
                text: format!("{TEXT_PREFIX}{client_id}{TEXT_REST}").into(),
                data: None,
                quote_seq: None,
            };
            prop_assert_eq!(texts.len(), 1);
            prop_assert_eq!(ClientFrame::parse(&texts[0]).unwrap(), ClientFrame::Send(expected));
        }
    }
}
