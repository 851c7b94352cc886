//! kefu's own records as a source of the data layer, as far as whoever asks may read them.
//!
//! Rights and masking are those of the REST interface. What a list is sorted or cut by is only promised where the store
//! has an index for it.
//!
//! *Invariant:* the data layer carries a request out within the task that asks, and shares fetches only among askers of
//! one scope. So the reader is that of the task, see [`Own::asks`]; where there is none, nothing is read.

mod articles;
mod column;
mod conversations;
mod messages;
mod people;
mod select;
mod seq;
mod tickets;

#[cfg(test)]
mod tests;

use std::{net::IpAddr, sync::Arc};

use kefu_query::{Abilities, Call, Fetch, Fetching, Rows, Source, SourceError, Target, TroubleKind};
use kefu_store::{Readable, Store, StoreError};

pub(crate) use people::role as role_word;

use super::Asker;
use crate::{desk::Desk, identity::Identity, masking::Masking, problem::Problem, services::Services};

/// The records of a store, for one reader.
#[derive(Clone)]
pub(crate) struct Own {
    pub(crate) desk: Desk,
    pub(crate) store: Store,
    pub(crate) masking: Masking,
    pub(crate) who: Arc<Identity>,
    /// Where it asks from.
    pub(crate) address: IpAddr,
}

/// The source: whoever asks is who [`Own::asks`].
pub(crate) struct OwnRecords;

/// Kinds of records, by their word in the configuration.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Records {
    Conversations,
    Messages,
    Visitors,
    Customers,
    Agents,
    Tickets,
    Articles,
    Ratings,
}

impl Records {
    const ALL: [(&'static str, Self); 8] = [
        ("conversations", Self::Conversations),
        ("messages", Self::Messages),
        ("visitors", Self::Visitors),
        ("customers", Self::Customers),
        ("agents", Self::Agents),
        ("tickets", Self::Tickets),
        ("articles", Self::Articles),
        ("ratings", Self::Ratings),
    ];

    /// What `access: { records: … }` of a target says.
    fn of(target: &Target) -> Result<Self, String> {
        let word = target.access["access"]["records"].as_str().unwrap_or_default();
        let found = Self::ALL.iter().find(|(known, _)| *known == word).map(|(_, records)| *records);
        found.ok_or_else(|| {
            let words: Vec<_> = Self::ALL.iter().map(|(word, _)| *word).collect();
            format!("`records` must be one of {}", words.join(", "))
        })
    }

    /// The names of its columns.
    fn columns(self) -> Vec<&'static str> {
        match self {
            Self::Conversations => column::names(conversations::COLUMNS),
            Self::Ratings => column::names(conversations::RATING_COLUMNS),
            Self::Messages => column::names(messages::COLUMNS),
            Self::Visitors => column::names(people::VISITOR_COLUMNS),
            Self::Customers => column::names(people::CUSTOMER_COLUMNS),
            Self::Agents => column::names(people::AGENT_COLUMNS),
            Self::Tickets => column::names(tickets::COLUMNS),
            Self::Articles => column::names(articles::COLUMNS),
        }
    }

    /// What can be asked of it, by names of columns.
    fn offer(self) -> Offer {
        match self {
            Self::Conversations => conversations::OFFER,
            Self::Ratings => conversations::RATING_OFFER,
            Self::Messages => messages::OFFER,
            Self::Visitors => people::VISITOR_OFFER,
            Self::Customers => people::CUSTOMER_OFFER,
            Self::Agents => people::AGENT_OFFER,
            Self::Tickets => tickets::OFFER,
            Self::Articles => articles::OFFER,
        }
    }
}

/// [`Abilities`] by names of columns.
struct Offer {
    lists: bool,
    limits: bool,
    limits_per_key: bool,
    filters: &'static [&'static str],
    sorts: &'static [&'static str],
    /// With how many are taken at once.
    keys: &'static [(&'static str, usize)],
}

/// Says what is wrong with a type of the configuration whose source is kefu's own store.
pub(crate) fn check(target: &Target) -> Result<(), String> {
    let known = Records::of(target)?.columns();
    match target.columns.iter().find(|own| !known.contains(&&*column::plain(&own.name))) {
        None => Ok(()),
        Some(unknown) => {
            Err(format!("there is no column `{}`; there are {}", unknown.name, known.join(", ")))
        }
    }
}

fn abilities(target: &Target) -> Abilities {
    let Ok(offer) = Records::of(target).map(Records::offer) else { return Abilities::default() };
    let place = |name: &str| target.columns.iter().position(|own| column::plain(&own.name) == name);
    let places = |names: &[&str]| names.iter().filter_map(|name| place(name)).collect();
    Abilities {
        lists: offer.lists,
        filters: places(offer.filters),
        sorts: places(offer.sorts),
        limits: offer.limits,
        keys: offer.keys.iter().filter_map(|(name, most)| Some((place(name)?, *most))).collect(),
        limits_per_key: offer.limits_per_key,
        counts: false,
        is_idempotent: true,
    }
}

impl Source for OwnRecords {
    fn abilities(&self, target: &Target) -> Abilities {
        abilities(target)
    }

    fn check(&self, target: &Target) -> Result<(), String> {
        check(target)
    }

    fn fetch<'a>(&'a self, fetch: &'a Fetch) -> Fetching<'a> {
        Box::pin(async move {
            let own = READER.try_with(Own::clone);
            let own = own.map_err(|_| trouble(TroubleKind::Refused, "nobody asks"))?;
            let records = Records::of(&fetch.target).map_err(|text| trouble(TroubleKind::Refused, text))?;
            own.read(records, fetch).await
        })
    }

    fn call<'a>(&'a self, _: &'a Call) -> Fetching<'a> {
        Box::pin(async { Err(only_read()) })
    }

    fn native(&self, fetch: &Fetch) -> Option<String> {
        native(fetch)
    }
}

tokio::task_local! {
    /// Who asks.
    static READER: Own;
}

impl Own {
    /// Carries out a request of the reader.
    pub(crate) async fn asks<F: Future>(self, request: F) -> F::Output {
        READER.scope(self, request).await
    }

    /// The records for whoever asks.
    pub(crate) fn of(services: &Services, asker: &Asker) -> Self {
        Self {
            desk: services.desk.clone(),
            store: services.store.clone(),
            masking: services.settings.privacy.masking(),
            who: Arc::clone(&asker.who),
            address: asker.address,
        }
    }

    async fn read(&self, records: Records, fetch: &Fetch) -> Result<Rows, SourceError> {
        match records {
            Records::Conversations => conversations::fetch(self, fetch).await,
            Records::Ratings => conversations::ratings(self, fetch).await,
            Records::Messages => messages::fetch(self, fetch).await,
            Records::Visitors => people::visitors(self, fetch).await,
            Records::Customers => people::customers(self, fetch).await,
            Records::Agents => people::agents(self, fetch),
            Records::Tickets => tickets::fetch(self, fetch).await,
            Records::Articles => articles::fetch(self, fetch).await,
        }
    }

    /// Which conversations the reader may read; `None` for one who may read none.
    fn readable(&self) -> Option<Readable> {
        use kefu_core::{Permission, Principal};
        match self.who.principal {
            Principal::System => Some(Readable::All),
            Principal::Agent(_) if self.who.may(Permission::AllConversations) => Some(Readable::All),
            Principal::Agent(agent) if self.who.may(Permission::Chat) => Some(Readable::By(agent)),
            _ => None,
        }
    }

    fn may(&self, permission: kefu_core::Permission) -> bool {
        self.who.principal == kefu_core::Principal::System || self.who.may(permission)
    }
}

/// How the store is asked, for EXPLAIN.
fn native(fetch: &Fetch) -> Option<String> {
    let records = fetch.target.access["access"]["records"].as_str()?;
    let column = |place: &usize| fetch.target.columns.get(*place).map(|own| own.name.as_str());
    let columns: Vec<_> = fetch.columns.iter().filter_map(column).collect();
    let mut text = format!("{records} ({})", columns.join(", "));
    if let Some(keys) = &fetch.keys {
        let name = column(&keys.column).unwrap_or_default();
        text.push_str(&format!(" by {name} ({})", keys.values.len()));
    }
    if let Some(limit) = fetch.limit {
        text.push_str(&format!(" at most {limit}"));
    }
    Some(text)
}

fn trouble(kind: TroubleKind, text: impl Into<String>) -> SourceError {
    SourceError { kind, text: text.into(), retry_after: None }
}

fn only_read() -> SourceError {
    trouble(
        TroubleKind::Refused,
        "kefu's own records are only read here: changes go through the REST interface",
    )
}

/// What the reader may not know of, it is refused as a whole.
fn not_allowed() -> SourceError {
    trouble(TroubleKind::Refused, "the reader may not read these records")
}

fn unread(error: &StoreError) -> SourceError {
    tracing::error!(error = error as &dyn std::error::Error, "the data layer cannot read the store");
    trouble(TroubleKind::Unavailable, "the store cannot be read now")
}

fn refused(problem: &Problem) -> SourceError {
    let kind = match problem.code {
        kefu_protocol::frame::ErrorCode::Unavailable => TroubleKind::Unavailable,
        _ => TroubleKind::Refused,
    };
    trouble(kind, problem.detail.to_string())
}
