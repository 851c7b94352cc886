//! All that is known of a customer, as one JSON document that is written piece by piece.

use std::collections::{HashMap, VecDeque};

use kefu_core::{
    AgentKey, Audience, Conversation, ConversationKey, Entry, Micros, Principal, Ticket, Visitor, VisitorKey,
};
use kefu_store::{Customer, IdentityKind, Range, Store, StoreError, StoredFile, TicketFilter};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::view::timestamp;

/// What the document calls its shape.
const FORMAT: &str = "kefu.customer-export.v1";

/// Messages that are in memory at once: about 2 MiB of the longest ones.
const MESSAGES: usize = 32;

/// Tickets, and comments and lines of history, that are read at once.
const TICKETS: usize = 8;
const COMMENTS: usize = 100;

/// Files that are read at once.
const FILES: usize = 100;

/// Writes the document. Each call of [`Export::next`] gives some of it.
pub(crate) struct Export {
    store: Store,
    customer: Customer,
    visitors: Vec<Visitor>,
    keys: Vec<VisitorKey>,
    agents: HashMap<AgentKey, Value>,
    made_at: Micros,
    place: Place,
    /// Conversations that are read but not written.
    waiting: VecDeque<Conversation>,
    /// Something stands before in the list that is being written.
    is_first: bool,
    /// Files that the document names and whose bytes were not taken yet, when the bytes are wanted.
    files: Option<Vec<StoredFile>>,
}

/// What the bytes of a file are called beside the document.
pub(crate) fn beside(file: &StoredFile) -> String {
    format!("{}-{}", file.id, file.name)
}

/// Where the document stands.
enum Place {
    Begin,
    Visitors(usize),
    Tickets {
        after: i64,
    },
    /// What was asked of a ticket system of others.
    Asked {
        after: i64,
    },
    /// What departments were told.
    #[cfg(feature = "events")]
    Told {
        after: i64,
    },
    Conversations {
        after: ConversationKey,
    },
    Messages {
        conversation: Box<Conversation>,
        seq: u64,
    },
    Done,
}

impl Export {
    /// Begins the document about `customer`, as of `now`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn of(store: Store, customer: Customer, now: Micros) -> Result<Self, StoreError> {
        let visitors = store.visitors_of_customer(&customer).await?;
        let agents = store.agents().await?;
        let agents = agents
            .iter()
            .map(|agent| (agent.key, json!({"kind": "agent", "id": agent.id, "name": agent.name})));
        Ok(Self {
            keys: visitors.iter().map(|visitor| visitor.key).collect(),
            agents: agents.collect(),
            visitors,
            customer,
            made_at: now,
            place: Place::Begin,
            waiting: VecDeque::new(),
            is_first: true,
            files: None,
            store,
        })
    }

    /// The document says where the bytes of files are, and [`Export::take_files`] whose they are.
    pub(crate) fn with_files(mut self) -> Self {
        self.files = Some(Vec::new());
        self
    }

    /// The files that were named since this was asked before.
    pub(crate) fn take_files(&mut self) -> Vec<StoredFile> {
        self.files.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The next piece; `None` after the last.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn next(&mut self) -> Result<Option<String>, StoreError> {
        let mut out = String::new();
        self.place = match std::mem::replace(&mut self.place, Place::Done) {
            Place::Begin => self.begin(&mut out).await?,
            Place::Visitors(number) => self.visitor(number, &mut out).await?,
            Place::Tickets { after } => self.tickets(after, &mut out).await?,
            Place::Asked { after } => self.asked(after, &mut out).await?,
            #[cfg(feature = "events")]
            Place::Told { after } => self.told(after, &mut out).await?,
            Place::Conversations { after } => self.conversation(after, &mut out).await?,
            Place::Messages { conversation, seq } => self.messages(conversation, seq, &mut out).await?,
            Place::Done => return Ok(None),
        };
        Ok(Some(out))
    }

    async fn begin(&mut self, out: &mut String) -> Result<Place, StoreError> {
        let customer = &self.customer;
        let identities = self.store.customer_identities(customer).await?;
        let identities: Vec<_> = identities
            .iter()
            .filter(|identity| identity.kind != IdentityKind::Visitor)
            .map(|identity| {
                json!({
                    "kind": kind_word(identity.kind), "scope": identity.scope, "value": identity.value,
                    "verified": identity.verified, "created_at": timestamp(identity.created_at),
                })
            })
            .collect();
        let known = json!({
            "id": customer.id, "name": customer.name, "email": customer.email, "phone": customer.phone,
            "note": customer.note, "attributes": parsed(&customer.attributes),
            "created_at": timestamp(customer.created_at), "updated_at": timestamp(customer.updated_at),
            "identities": identities,
        });
        let made_at = json!(timestamp(self.made_at));
        out.push_str(&format!(
            "{{\"format\":\"{FORMAT}\",\"exported_at\":{made_at},\n\"customer\":{known},\n\"visitors\":["
        ));
        Ok(Place::Visitors(0))
    }

    async fn visitor(&mut self, number: usize, out: &mut String) -> Result<Place, StoreError> {
        let Some(visitor) = self.visitors.get(number) else {
            self.next_list("tickets", out);
            return Ok(Place::Tickets { after: 0 });
        };
        let pages = self.store.page_visits(visitor.key).await?;
        let pages: Vec<_> = pages
            .iter()
            .map(|page| {
                json!({"at": timestamp(page.at), "url": page.url, "title": page.title, "referrer": page.referrer})
            })
            .collect();
        let sessions = self.store.sessions_of(Principal::Visitor(visitor.key)).await?;
        let sessions: Vec<_> = sessions
            .iter()
            .map(|session| {
                json!({
                    "created_at": timestamp(session.created_at), "last_seen_at": timestamp(session.last_seen_at),
                    "address": session.address, "user_agent": session.user_agent,
                })
            })
            .collect();
        let key = visitor.key;
        let mut visitor = json!({
            "id": visitor.id, "external_id": visitor.external_id, "verified": visitor.verified,
            "name": visitor.name, "email": visitor.email, "attributes": parsed(&visitor.attributes),
            "created_at": timestamp(visitor.created_at), "last_seen_at": timestamp(visitor.last_seen_at),
            "pages": pages, "sessions": sessions,
        });
        self.add_channels(key, &mut visitor).await?;
        self.item(&visitor, out);
        Ok(Place::Visitors(number + 1))
    }

    /// What chat services call somebody, and what they gave with what was written.
    #[cfg(feature = "channels")]
    async fn add_channels(&self, visitor: VisitorKey, item: &mut Value) -> Result<(), StoreError> {
        let threads = self.store.channel_threads_of(visitor).await?;
        let threads: Vec<_> = threads
            .iter()
            .map(|thread| {
                json!({
                    "thread": thread.thread, "sender": thread.sender, "context": parsed(&thread.context),
                    "last_at": timestamp(thread.last_at),
                })
            })
            .collect();
        item["channels"] = threads.into();
        Ok(())
    }

    /// A build without channels knows of none.
    #[cfg(not(feature = "channels"))]
    async fn add_channels(&self, _: VisitorKey, _: &mut Value) -> Result<(), StoreError> {
        Ok(())
    }

    async fn tickets(&mut self, after: i64, out: &mut String) -> Result<Place, StoreError> {
        let numbers = self.store.tickets_about(&self.keys, after, TICKETS).await?;
        let Some(last) = numbers.last().copied() else {
            self.next_list("external_tickets", out);
            return Ok(Place::Asked { after: 0 });
        };
        for number in numbers {
            let filter = TicketFilter { number: Some(number), ..TicketFilter::default() };
            for ticket in self.store.tickets(&filter, None, 1).await?.0 {
                let ticket = self.ticket(&ticket).await?;
                self.item(&ticket, out);
            }
        }
        Ok(Place::Tickets { after: last })
    }

    async fn ticket(&self, ticket: &Ticket) -> Result<Value, StoreError> {
        let (mut comments, mut history) = (Vec::new(), Vec::new());
        let mut next = None;
        loop {
            let (page, more) = self.store.ticket_comments(ticket, true, next, COMMENTS).await?;
            comments.extend(page.iter().map(|comment| {
                json!({
                    "at": timestamp(comment.created_at), "from": self.party(comment.author),
                    "internal": comment.internal, "text": comment.text,
                })
            }));
            next = more;
            if next.is_none() {
                break;
            }
        }
        loop {
            let (page, more) = self.store.ticket_history(ticket, next, COMMENTS).await?;
            history.extend(page.iter().map(|line| {
                json!({
                    "at": timestamp(line.at), "by": self.party(line.actor), "field": line.line.field.as_str(),
                    "before": line.line.before, "after": line.line.after,
                })
            }));
            next = more;
            if next.is_none() {
                break;
            }
        }
        Ok(json!({
            "id": ticket.id, "number": ticket.number, "subject": ticket.subject, "body": ticket.body,
            "contact": {
                "name": ticket.contact.name, "email": ticket.contact.email, "phone": ticket.contact.phone,
            },
            "status": ticket.status.as_str(), "created_at": timestamp(ticket.created_at),
            "updated_at": timestamp(ticket.updated_at), "comments": comments, "history": history,
        }))
    }

    async fn asked(&mut self, after: i64, out: &mut String) -> Result<Place, StoreError> {
        let writes = self.store.external_writes_about(&self.keys, after, TICKETS).await?;
        let Some(last) = writes.last().map(|write| write.number) else {
            return Ok(self.after_asked(out));
        };
        for write in writes {
            let asked = json!({
                "at": timestamp(write.created_at), "by": self.party(Principal::Agent(write.agent)),
                "ticket": write.ticket, "body": parsed(&write.body), "reason": write.reason,
            });
            self.item(&asked, out);
        }
        Ok(Place::Asked { after: last })
    }

    #[cfg(feature = "events")]
    fn after_asked(&mut self, out: &mut String) -> Place {
        self.next_list("told", out);
        Place::Told { after: 0 }
    }

    #[cfg(not(feature = "events"))]
    fn after_asked(&mut self, out: &mut String) -> Place {
        self.next_list("conversations", out);
        Place::Conversations { after: ConversationKey(0) }
    }

    /// What departments were told, as far as it is still listed, and what they answered.
    #[cfg(feature = "events")]
    async fn told(&mut self, after: i64, out: &mut String) -> Result<Place, StoreError> {
        let told = self.store.event_deliveries_about(&self.keys, after, COMMENTS).await?;
        let Some(last) = told.last().map(|(delivery, _)| delivery.number) else {
            self.next_list("conversations", out);
            return Ok(Place::Conversations { after: ConversationKey(0) });
        };
        for (delivery, subscription) in told {
            let told = json!({
                "at": timestamp(delivery.updated_at), "subscription": subscription, "topic": delivery.topic,
                "event_id": delivery.event, "attempts": parsed(&delivery.attempts),
            });
            self.item(&told, out);
        }
        Ok(Place::Told { after: last })
    }

    async fn conversation(&mut self, after: ConversationKey, out: &mut String) -> Result<Place, StoreError> {
        if self.waiting.is_empty() {
            self.waiting = self.store.conversations_after(&self.keys, after).await?.into();
        }
        let Some(head) = self.waiting.pop_front() else {
            out.push_str("]}\n");
            return Ok(Place::Done);
        };
        let rating = head.rating.as_ref().map(|rating| {
            json!({"score": rating.score, "comment": rating.comment, "at": timestamp(rating.created_at)})
        });
        let about = json!({
            "id": head.id, "created_at": timestamp(head.created_at), "resolved_at": head.resolved_at.map(timestamp),
            "rating": rating, "files": self.files_of(head.key).await?,
        });
        let about = about.to_string();
        // The list of messages is one more field of the object.
        out.push_str(if self.is_first { "\n" } else { ",\n" });
        out.push_str(about.strip_suffix('}').unwrap_or(&about));
        out.push_str(",\"messages\":[");
        self.is_first = true;
        Ok(Place::Messages { conversation: Box::new(head), seq: 0 })
    }

    async fn files_of(&mut self, conversation: ConversationKey) -> Result<Vec<Value>, StoreError> {
        let (mut files, mut after) = (Vec::new(), Uuid::nil());
        loop {
            let page = self.store.files_of_conversation(conversation, after, FILES).await?;
            let Some(last) = page.last() else { return Ok(files) };
            after = last.id;
            files.extend(page.iter().map(|file| {
                let mut item = json!({
                    "id": file.id, "name": file.name, "media_type": file.media_type, "size": file.size,
                    "created_at": timestamp(file.created_at), "from": self.party(file.uploader),
                });
                if self.files.is_some() {
                    item["path"] = json!(beside(file));
                }
                item
            }));
            if let Some(wanted) = &mut self.files {
                wanted.extend(page);
            }
        }
    }

    async fn messages(
        &mut self,
        head: Box<Conversation>,
        seq: u64,
        out: &mut String,
    ) -> Result<Place, StoreError> {
        let range = Range::After { seq, limit: MESSAGES };
        let page = self.store.messages(&head, Audience::Agent, range).await?;
        let last = page.items.last().map(|entry| entry.seq);
        for entry in page.items {
            let message = self.message(entry);
            self.item(&message, out);
        }
        if let (Some(seq), true) = (last, page.has_more) {
            return Ok(Place::Messages { conversation: head, seq });
        }
        out.push_str("]}");
        self.is_first = false;
        Ok(Place::Conversations { after: head.key })
    }

    fn message(&self, entry: Entry) -> Value {
        let mut message = json!({
            "seq": entry.seq, "created_at": timestamp(entry.created_at), "from": self.party(entry.sender),
            "kind": entry.kind, "text": entry.text,
        });
        if let Some(data) = entry.data {
            message["data"] = parsed(&data);
        }
        if let Some(seq) = entry.quote_seq {
            message["quote_seq"] = json!(seq);
        }
        if entry.revision != kefu_core::Revision::Intact {
            message["revision"] = json!(entry.revision);
        }
        message
    }

    fn party(&self, principal: Principal) -> Value {
        match principal {
            Principal::Visitor(_) => json!({"kind": "visitor"}),
            Principal::Agent(key) => self.agents.get(&key).cloned().unwrap_or(json!({"kind": "agent"})),
            Principal::Bot => json!({"kind": "bot"}),
            Principal::System => json!({"kind": "system"}),
        }
    }

    fn item(&mut self, item: &Value, out: &mut String) {
        out.push_str(if self.is_first { "\n" } else { ",\n" });
        self.is_first = false;
        out.push_str(&item.to_string());
    }

    fn next_list(&mut self, name: &str, out: &mut String) {
        self.is_first = true;
        out.push_str(&format!("],\n\"{name}\":["));
    }
}

fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_default()
}

fn kind_word(kind: IdentityKind) -> &'static str {
    match kind {
        IdentityKind::Visitor => "visitor",
        IdentityKind::WechatOpenid => "wechat_openid",
        IdentityKind::WechatUnionid => "wechat_unionid",
        IdentityKind::Phone => "phone",
        IdentityKind::Email => "email",
    }
}
