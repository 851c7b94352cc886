//! What an erasure takes of requests that could not be read: those that name the person.

use kefu_core::Visitor;
use kefu_store::{ChannelRefusal, ChannelThread};

use super::{
    Channels, Opened,
    refused::{Original, method_of, original},
};
use crate::problem::Problem;

/// Refusals that are looked at together.
const STEP: usize = 50;

/// The numbers of those that an erasure of these visitors leaves, of the channels over which they wrote. What cannot be
/// looked into goes, whoever it is of.
///
/// # Errors
/// When the store cannot be read.
pub(crate) async fn spared(channels: &Channels, visitors: &[Visitor]) -> Result<Vec<i64>, Problem> {
    let mut threads = Vec::new();
    for visitor in visitors {
        threads.extend(channels.store.channel_threads_of(visitor.key).await?);
    }
    let names = names(visitors, &threads);
    let mut spared = Vec::new();
    for row in channels.store.channels().await? {
        if !threads.iter().any(|thread| thread.channel == row.key) {
            continue;
        }
        let opened = channels.opened(&row).await?.ok();
        let mut before = None;
        loop {
            let refusals = channels.store.channel_refusals(row.key, before, STEP).await?;
            let Some(last) = refusals.last() else { break };
            before = Some(last.number);
            let of_others =
                refusals.iter().filter(|one| is_of_others(channels, opened.as_ref(), one, &names));
            spared.extend(of_others.map(|refusal| refusal.number));
            // Bodies may be large.
            tokio::task::yield_now().await;
        }
    }
    Ok(spared)
}

/// What the visitors are called, here and at services.
fn names(visitors: &[Visitor], threads: &[ChannelThread]) -> Vec<String> {
    let here = visitors.iter().flat_map(|visitor| {
        [visitor.external_id.clone().unwrap_or_default(), visitor.name.to_string(), visitor.email.clone()]
    });
    let there = threads.iter().flat_map(|thread| [thread.sender.clone(), thread.thread.clone()]);
    let mut names: Vec<_> = here.chain(there).filter(|name| !name.trim().is_empty()).collect();
    names.sort();
    names.dedup();
    names
}

fn is_of_others(
    channels: &Channels,
    opened: Option<&Opened>,
    refusal: &ChannelRefusal,
    names: &[String],
) -> bool {
    if names.iter().any(|name| refusal.reason.contains(name.as_str())) {
        return false;
    }
    if refusal.request.is_none() {
        return true;
    }
    let (Some(Opened { file, given }), Ok(request)) = (opened, original(channels, refusal)) else {
        return false;
    };
    let Original { method, .. } = &request;
    file.mentions(&request.request(method_of(method)), given, names) == Some(false)
}
