//! What is sent twice is made once: its id follows from who sends it and from the sender's own id of it, so that the
//! store refuses the second one.

use kefu_protocol::frame::ErrorCode;
use kefu_text::words::may_be_masked;
use sha2::{Digest as _, Sha256};
use uuid::{Builder, Uuid};

use super::session::fresh_id;
use crate::problem::Problem;

/// The id of what `sender` makes in `place` under its own `client_id`; without one it is like no other.
pub(super) fn id_of(place: &[u8], sender: Uuid, client_id: Option<Uuid>) -> Result<Uuid, Problem> {
    let Some(client_id) = client_id else { return fresh_id() };
    let mut hash = Sha256::new();
    // Two ids of one length, and then a place: no two triples are the same bytes.
    hash.update(sender.as_bytes());
    hash.update(client_id.as_bytes());
    hash.update(place);
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    Ok(Builder::from_custom_bytes(bytes).into_uuid())
}

/// Checks that what is stored under a `client_id` is what was sent again, or what the list of sensitive words left of
/// it then: the list may be another one by now.
pub(super) fn check(stored: &str, sent: &str) -> Result<(), Problem> {
    if may_be_masked(stored, sent) { Ok(()) } else { Err(other_body()) }
}

/// The refusal of a `client_id` that stands for something else already.
pub(super) fn other_body() -> Problem {
    let detail = "this client_id was used for another message";
    Problem { field: Some("client_id"), ..Problem::new(ErrorCode::Conflict, detail) }
}
