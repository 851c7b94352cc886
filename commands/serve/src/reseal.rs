//! The rotation of the secret key while the daemon runs.
//!
//! `kefu serve rotate-key` adds a key to the file and sends SIGHUP. The daemon then reads the file again, and seals
//! anew what older keys sealed: in small steps, each durable by itself, each only if the secret is still the same.
//! What is left over, because the daemon stopped half-way, is done at its next start.

use kefu_core::AgentKey;
use kefu_store::{AccessChange, AuditActor, AuditRecord, Change, RecordSet};
use serde_json::json;
use tokio::signal::unix::Signal;

use crate::{
    auth::{Secrets, totp},
    clock,
    desk::InboxChange,
    http::INBOX_SEAL_PURPOSE,
    problem::Problem,
    services::Services,
};

/// How many second factors one step looks at.
const STEP: u32 = 64;

/// Seals anew what is left over, then again after each SIGHUP, for ever.
pub(crate) async fn follow(services: &Services, mut hangups: Option<Signal>) {
    loop {
        match reseal(services).await {
            Ok(0) => {}
            Ok(secrets) => tracing::info!(secrets, "sealed anew under the newest secret key"),
            Err(problem) => {
                tracing::warn!(%problem, "not everything could be sealed anew: SIGHUP tries again")
            }
        }
        let hangup = match &mut hangups {
            Some(hangups) => hangups.recv().await,
            None => None,
        };
        match hangup {
            Some(()) => reload(services).await,
            None => std::future::pending().await,
        }
    }
}

async fn reload(services: &Services) {
    match services.secrets.reload() {
        Ok(false) => tracing::info!("the secret keys were read again; the newest is the same"),
        Ok(true) => {
            tracing::info!("there is a new secret key");
            note(services, AuditActor::Shell, "secrets.rotated", json!({})).await;
        }
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "the secret keys stay what they were");
        }
    }
}

/// Seals anew whatever an older key sealed; returns how many secrets that were.
///
/// # Errors
/// When the store cannot be read or written. What cannot be opened is left as it is.
pub(crate) async fn reseal(services: &Services) -> Result<usize, Problem> {
    let count = reseal_inboxes(services).await? + reseal_second_factors(services).await?;
    #[cfg(feature = "channels")]
    let count = count + reseal_channels(services).await?;
    #[cfg(feature = "events")]
    let count = count + reseal_subscriptions(services).await?;
    if count > 0 {
        note(services, AuditActor::System, "secrets.resealed", json!({"secrets": count})).await;
    }
    Ok(count)
}

async fn reseal_inboxes(services: &Services) -> Result<usize, Problem> {
    let mut count = 0;
    for inbox in services.desk.directory().inboxes.values() {
        let before = inbox.sealed_secret.clone();
        let Some(after) = anew(&services.secrets, INBOX_SEAL_PURPOSE, &before) else { continue };
        let resealed_secret = Some((before, after));
        let change = InboxChange { id: Some(inbox.id), resealed_secret, ..InboxChange::default() };
        services.desk.put_inbox(change).await?;
        count += 1;
    }
    Ok(count)
}

async fn reseal_second_factors(services: &Services) -> Result<usize, Problem> {
    let (mut count, mut after) = (0, AgentKey(i64::MIN));
    loop {
        let step = services.store.totps(after, STEP).await?;
        let Some(last) = step.last() else { return Ok(count) };
        after = last.agent;
        let changes: Vec<_> = step
            .into_iter()
            .filter_map(|factor| {
                let after = anew(&services.secrets, totp::SEAL_PURPOSE, &factor.sealed)?;
                let (agent, before) = (factor.agent, factor.sealed);
                Some(Change::Access(AccessChange::TotpResealed { agent, before, after }))
            })
            .collect();
        if !changes.is_empty() {
            count += changes.len();
            services.desk.record(RecordSet { changes, audit: Vec::new() }).await?;
        }
    }
}

#[cfg(feature = "channels")]
async fn reseal_channels(services: &Services) -> Result<usize, Problem> {
    let channels = services.store.channels().await?;
    let changes: Vec<_> = channels
        .into_iter()
        .filter_map(|channel| {
            let after = anew(&services.secrets, crate::channels::SEAL_PURPOSE, &channel.sealed)?;
            let (id, before) = (channel.id, channel.sealed);
            Some(Change::Channel(kefu_store::ChannelChange::Resealed { id, before, after }))
        })
        .collect();
    let count = changes.len();
    if count > 0 {
        services.desk.record(RecordSet { changes, audit: Vec::new() }).await?;
        services.channels.refresh().await?;
    }
    Ok(count)
}

#[cfg(feature = "events")]
async fn reseal_subscriptions(services: &Services) -> Result<usize, Problem> {
    let subscriptions = services.store.event_subscriptions().await?;
    let changes = subscriptions.into_iter().filter_map(|row| {
        let after = anew(&services.secrets, crate::events::SEAL_PURPOSE, &row.sealed)?;
        Some(kefu_store::EventChange::Resealed { id: row.id, before: row.sealed, after })
    });
    let changes: Vec<_> = changes.collect();
    let count = changes.len();
    if count > 0 {
        services.events.write(changes).await?;
    }
    Ok(count)
}

/// `blob` under the newest key, if it is under another one.
fn anew(secrets: &Secrets, purpose: &str, blob: &[u8]) -> Option<Vec<u8>> {
    if blob.is_empty() || secrets.is_current(blob) {
        return None;
    }
    let sealed = secrets.open(purpose, blob).and_then(|plain| secrets.seal(purpose, &plain));
    sealed.inspect_err(|error| tracing::error!(%error, purpose, "a secret cannot be sealed anew")).ok()
}

async fn note(services: &Services, actor: AuditActor, action: &'static str, detail: serde_json::Value) {
    let record = AuditRecord { at: clock::now(), actor, address: None, action, target: None, detail };
    let set = RecordSet { changes: Vec::new(), audit: vec![record] };
    if let Err(problem) = services.desk.record(set).await {
        tracing::error!(%problem, action, "the audit log does not take a line");
    }
}
