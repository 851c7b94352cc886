//! What became of messages that a service has: it is told, as far as it can be.

use kefu_channel::{Amendment, Outbound};
use kefu_core::{Entry, Revision};
use kefu_store::ChannelSend;

use super::{
    Channels, Live,
    call::{Caller, Halt, Wanted},
};

/// What an entry became that a service has as something else; nothing when there is nothing to tell.
pub(super) fn amendment(entry: &Entry) -> Option<Amendment> {
    match entry.revision {
        Revision::Edited => Some(Amendment::Edit),
        Revision::Recalled => Some(Amendment::Recall),
        // What is erased is not to be told of.
        Revision::Intact | Revision::Erased => None,
    }
}

/// Tells the service what became of a message, part for part. Parts that it was told of before are told again: they
/// become what they are.
pub(super) async fn tell(
    channels: &Channels,
    live: &Live,
    send: &ChannelSend,
    message: &Outbound,
    amendment: Amendment,
) -> Result<(), Halt> {
    let never = |why: &str| Halt::Never(why.to_owned());
    if !live.file.amends(amendment) {
        return Err(never(match amendment {
            Amendment::Edit => "the service cannot change messages that it has",
            Amendment::Recall => "the service cannot take back messages that it has",
        }));
    }
    let parts = match amendment {
        Amendment::Edit => live.file.parts(message),
        Amendment::Recall => vec![message.clone(); send.external_ids.len()],
    };
    if parts.len() != send.external_ids.len() {
        return Err(never("the new text would be another number of messages there than the old one"));
    }
    let mut tries = send.tries;
    for (part, name) in parts.into_iter().zip(&send.external_ids) {
        tell_part(channels, live, &Outbound { sent: name.clone(), ..part }, amendment, tries).await?;
        tries = 0;
    }
    Ok(())
}

async fn tell_part(
    channels: &Channels,
    live: &Live,
    part: &Outbound,
    amendment: Amendment,
    tries: u32,
) -> Result<(), Halt> {
    let mut caller = Caller::new(channels, live, tries);
    loop {
        let wanted = caller
            .next(|tokens, now_ms| live.file.amend(amendment, part, &live.given, tokens, now_ms))
            .await?;
        let (Wanted::Call(request) | Wanted::Upload(request)) = wanted;
        let answer = caller.ask(&request, None).await?;
        match live.file.amended(amendment, Ok(&answer), &live.given, caller.tries) {
            Ok(()) => return Ok(()),
            Err(refusal) => caller.refused(refusal).await?,
        }
    }
}
