//! Tickets in a system of others, behind a bridge: read when somebody looks, written by way of the store.
//!
//! What an agent asks for is durable before it is answered, and is sent by one task ([`worker`]). What did not get
//! there is sent again; what may have been done is sent again only where that does no harm, and is otherwise for an
//! agent to decide. What became of it is told in the conversation.

mod cache;
mod mapping;
mod rules;
mod worker;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock, atomic::AtomicBool},
};

use kefu_app::{Exit, Failure, Text};
use kefu_core::VisitorKey;
use kefu_gateway::{Bridge, Called, Server};
use kefu_store::{Customer, ExternalKind, Store, StoreError};
use serde_json::{Value, json};
use tokio::sync::{Mutex, Notify};

use self::cache::Cache;
pub(crate) use self::{
    mapping::{ExternalComment, ExternalTicket},
    rules::Rules,
};

/// Ids of one customer that are asked for at most.
const IDS_MAX: usize = 8;

/// A ticket system of others.
pub(crate) struct TicketService {
    path: PathBuf,
    server: Arc<Server>,
    rules: RwLock<Arc<Rules>>,
    cache: Cache,
    /// Something was asked for.
    asked: Notify,
    is_closing: AtomicBool,
    /// Held while something is being sent.
    sending: Mutex<()>,
}

/// Why the ticket system gave no answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Unanswered {
    /// A word for programs.
    pub(crate) code: &'static str,
    /// A sentence for people.
    pub(crate) detail: String,
}

/// What was found of a customer.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    pub(crate) tickets: Vec<ExternalTicket>,
    /// What could not be asked; the tickets are then not all.
    pub(crate) errors: Vec<Unanswered>,
}

/// The refusal of a ticket system where there are no bridges.
pub(crate) fn no_bridges() -> Text {
    Text::new(
        "there are no bridges that it could be behind: `gateway` names none",
        "没有可用的桥接:`gateway` 未指定任何文件",
    )
}

impl TicketService {
    /// Reads the file, and checks that the bridges have what it names.
    ///
    /// # Errors
    /// For what is wrong with it first, with its place.
    pub(crate) fn load(path: &Path, server: Arc<Server>) -> Result<Self, Failure> {
        let rules = read(path, &server.in_force())?;
        Ok(Self {
            path: path.to_owned(),
            server,
            rules: RwLock::new(Arc::new(rules)),
            cache: Cache::default(),
            asked: Notify::new(),
            is_closing: AtomicBool::new(false),
            sending: Mutex::new(()),
        })
    }

    /// Reads the bridge files and this one again; if anything is wrong with any of them, all stay as they were.
    ///
    /// # Errors
    /// For what is wrong first.
    pub(crate) async fn reload(&self) -> Result<(), Failure> {
        let mut rules = None;
        self.server
            .reload_if(|bridge| {
                rules = Some(Arc::new(read(&self.path, bridge)?));
                Ok(())
            })
            .await?;
        if let Some(rules) = rules {
            *self.rules.write().unwrap_or_else(PoisonError::into_inner) = rules;
        }
        self.cache.forget();
        Ok(())
    }

    /// What the file says.
    pub(crate) fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.rules.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Something is to be sent.
    pub(crate) fn wake(&self) {
        self.asked.notify_one();
    }

    /// The tickets of a customer, as they were a moment ago at most unless `is_fresh` is wanted.
    ///
    /// # Errors
    /// When the store cannot be read; what the ticket system does not answer is told beside what is found.
    pub(crate) async fn list(
        &self,
        store: &Store,
        customer: &Customer,
        visitors: &[VisitorKey],
        is_fresh: bool,
    ) -> Result<Found, StoreError> {
        if let Some(tickets) = self.cache.get(customer.id).filter(|_| !is_fresh) {
            return Ok(Found { tickets, errors: Vec::new() });
        }
        let age = self.cache.current();
        let rules = self.rules();
        let ids = match rules.lists_by_external_id() {
            true => external_ids(store, visitors).await?.into_iter().map(Some).collect(),
            false => vec![None],
        };
        let mut found = Found::default();
        for id in ids {
            let scope = json!({ "customer": shown(customer), "external_id": id });
            match self.ask_list(&rules, &scope).await {
                Ok(tickets) => found.tickets.extend(tickets),
                Err(error) => found.errors.push(error),
            }
        }
        let mut known = BTreeSet::new();
        found.tickets.retain(|ticket| known.insert(ticket.number.clone()));
        if found.errors.is_empty() {
            self.cache.put(customer.id, age, &found.tickets);
        }
        Ok(found)
    }

    async fn ask_list(&self, rules: &Rules, scope: &Value) -> Result<Vec<ExternalTicket>, Unanswered> {
        let arguments = rules.list.arguments(scope).map_err(misfit)?;
        let result = self.call(rules, &rules.list.operation, &arguments).await?;
        rules.tickets(&result).map_err(misfit)
    }

    /// One ticket of a customer with what was said about it, where the file says how to get that.
    ///
    /// # Errors
    /// The ticket system does not answer; `None` if the file does not say how.
    pub(crate) async fn get(
        &self,
        customer: &Customer,
        number: &str,
    ) -> Result<Option<(ExternalTicket, Vec<ExternalComment>)>, Unanswered> {
        let rules = self.rules();
        let Some(get) = &rules.get else { return Ok(None) };
        let scope = json!({ "customer": shown(customer), "number": number });
        let arguments = get.call.arguments(&scope).map_err(misfit)?;
        let result = self.call(&rules, &get.call.operation, &arguments).await?;
        rules.ticket_of(get, &result).map(Some).map_err(misfit)
    }

    /// Whether a ticket of this number is one of a customer's: it was listed in the last hour, or made from here.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn has(
        &self,
        store: &Store,
        customer: &Customer,
        visitors: &[VisitorKey],
        number: &str,
    ) -> Result<bool, StoreError> {
        if self.cache.has_listed(customer.id, number) || store.has_external_ticket(visitors, number).await? {
            return Ok(true);
        }
        let found = self.list(store, customer, visitors, true).await?;
        Ok(found.tickets.iter().any(|ticket| ticket.number == number))
    }

    async fn call(&self, rules: &Rules, operation: &str, arguments: &Value) -> Result<Value, Unanswered> {
        match self.server.call(&rules.bridge, operation, arguments).await {
            Called::Returned(value) => Ok(value),
            Called::Failed { code, detail, .. } => Err(Unanswered { code, detail }),
        }
    }
}

/// What the ticket system says, or what is asked of it, is not what the file expects.
fn misfit(detail: String) -> Unanswered {
    Unanswered { code: "bad_mapping", detail }
}

/// What expressions see of a customer.
fn shown(customer: &Customer) -> Value {
    let attributes: Value = serde_json::from_str(&customer.attributes).unwrap_or_default();
    json!({
        "id": customer.id, "name": customer.name, "email": customer.email, "phone": customer.phone,
        "attributes": attributes,
    })
}

/// The company's own ids of a customer, as far as they are proven: others could be anybody's.
async fn external_ids(store: &Store, visitors: &[VisitorKey]) -> Result<Vec<String>, StoreError> {
    let visitors = store.visitors(visitors).await?;
    let ids =
        visitors.into_iter().filter(|visitor| visitor.verified).filter_map(|visitor| visitor.external_id);
    Ok(ids.collect::<BTreeSet<_>>().into_iter().take(IDS_MAX).collect())
}

fn read(path: &Path, bridge: &Bridge) -> Result<Rules, Failure> {
    let name = path.display();
    let unusable = || {
        let text = Text::new(format!("cannot use {name}"), format!("无法使用 {name}"));
        Failure::new(Exit::Config, text)
    };
    let yaml = fs::read_to_string(path).map_err(|error| unusable().because(error))?;
    Rules::read(&yaml, bridge).map_err(|error| unusable().because(format!("{name}:{error}")))
}

/// The word for what is asked.
pub(crate) fn kind_word(kind: ExternalKind) -> &'static str {
    match kind {
        ExternalKind::Create => "create",
        ExternalKind::Update => "update",
        ExternalKind::Comment => "comment",
    }
}
