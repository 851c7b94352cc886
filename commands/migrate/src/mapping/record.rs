//! The fields of a row put together.

use std::{borrow::Cow, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kefu_core::{ArticleState, Language, MessageKind, Micros, Role, State, TicketPriority, TicketStatus};
use kefu_store::import::{
    AgentRecord, ArticleRecord, CannedRecord, ConversationRecord, Entity, MessageRecord, Record, Sender,
    TicketRecord, VisitorRecord,
};
use uuid::Uuid;

use super::{
    FieldKind, Grouper, TableMap,
    field::{FieldRule, Lookups, fields_of, shortened},
};
use crate::{
    cast::{Bad, Changed, truth},
    file::{Markup, TimeUnit},
    ids::identity,
    value::{Value, encode_key},
};

/// What becomes of a row that no filter leaves out.
pub(super) fn record(
    table: &TableMap,
    row: &[Value],
    key: &[u8],
    lookups: &Lookups,
    grouper: &mut Grouper,
    changed: &mut Changed,
) -> Result<Record, Bad> {
    let id = identity(&table.source, &table.alias, key);
    let mut row = Row { table, row, lookups, changed, next: 0 };
    Ok(match table.entity {
        Entity::Agent => Record::Agent(AgentRecord {
            id,
            name: row.text()?,
            email: row.text()?.to_lowercase(),
            role: match row.word()? {
                "admin" => Role::Admin,
                "supervisor" => Role::Supervisor,
                _ => Role::Agent,
            },
            disabled: row.truth()?,
            created_at: row.time()?.unwrap_or_default(),
            password: row.text()?,
        }),
        Entity::Visitor => visitor(id, &mut row)?,
        Entity::Conversation => {
            let (visitor, assignee) = (row.required_reference()?, row.reference()?);
            let state = state(row.word()?);
            let created_at = row.required_time()?;
            let resolved_at = row.time()?.or(Some(created_at)).filter(|_| state == State::Resolved);
            let inbox = row.inbox()?;
            Record::Conversation(ConversationRecord {
                id,
                inbox,
                visitor,
                assignee,
                state,
                created_at,
                resolved_at,
            })
        }
        Entity::Message => message(id, key, &mut row, grouper)?,
        Entity::Ticket => ticket(id, &mut row)?,
        Entity::Canned => Record::Canned(CannedRecord {
            id,
            owner: row.reference()?,
            folder: row.text()?,
            shortcut: row.text()?,
            title: row.text()?,
            text: row.text()?,
            created_at: row.time()?.unwrap_or_default(),
        }),
        Entity::Article => article(id, &mut row)?,
    })
}

/// Longest name of an article in addresses.
const SLUG_LEN: usize = 80;

fn article(id: Uuid, row: &mut Row<'_>) -> Result<Record, Bad> {
    let slug = slug(&row.text()?);
    let category_name = row.text()?;
    let category = (!category_name.is_empty())
        .then(|| identity("kefu", "category", &encode_key([&Value::Text(category_name.clone())])));
    let state = match row.word()? {
        "draft" => ArticleState::Draft,
        "archived" => ArticleState::Archived,
        _ => ArticleState::Published,
    };
    let language = Language::from_word(row.word()?).unwrap_or(Language::Zh);
    let (title, body) = (row.text()?, row.text()?);
    let created_at = row.time()?.unwrap_or_default();
    Ok(Record::Article(ArticleRecord {
        id,
        slug: if slug.is_empty() { id.to_string() } else { slug },
        category,
        category_name,
        state,
        language,
        title,
        body,
        created_at,
        updated_at: row.time()?.unwrap_or(created_at),
    }))
}

/// A name as addresses have it: lower-case letters, digits and single hyphens.
fn slug(text: &str) -> String {
    let mut slug = String::new();
    for c in text.chars().map(|c| c.to_ascii_lowercase()) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(SLUG_LEN);
    slug.trim_end_matches('-').to_owned()
}

fn visitor(id: Uuid, row: &mut Row<'_>) -> Result<Record, Bad> {
    let external_id = Some(row.text()?).filter(|id| !id.is_empty());
    let (verified, name, email, phone) = (row.truth()?, row.text()?, row.text()?, row.text()?);
    let attributes = row.object()?;
    let created_at = row.time()?.unwrap_or_default();
    Ok(Record::Visitor(VisitorRecord {
        id,
        inbox: row.table.inbox.clone(),
        verified: verified && external_id.is_some(),
        external_id,
        name,
        email,
        phone,
        attributes,
        created_at,
        last_seen_at: row.time()?.unwrap_or(created_at),
    }))
}

fn ticket(id: Uuid, row: &mut Row<'_>) -> Result<Record, Bad> {
    let (requester, assignee) = (row.reference()?, row.reference()?);
    let (subject, body) = (row.text()?, row.text()?);
    let (contact_name, contact_email, contact_phone) = (row.text()?, row.text()?, row.text()?);
    let status = TicketStatus::from_word(row.word()?).unwrap_or(TicketStatus::New);
    let priority = TicketPriority::from_word(row.word()?).unwrap_or(TicketPriority::Normal);
    let created_at = row.required_time()?;
    let updated_at = row.time()?.unwrap_or(created_at);
    Ok(Record::Ticket(TicketRecord {
        id,
        inbox: row.inbox()?,
        requester,
        assignee,
        subject,
        body,
        contact_name,
        contact_email,
        contact_phone,
        status,
        priority,
        created_at,
        updated_at,
    }))
}

fn message(id: Uuid, key: &[u8], row: &mut Row<'_>, grouper: &mut Grouper) -> Result<Record, Bad> {
    let conversation = row.reference()?;
    let sender = row.word()?;
    let agent = row.reference()?;
    let kind = if row.word()? == "note" { MessageKind::Note } else { MessageKind::Text };
    let text = row.text()?;
    let occurred_at = row.required_time()?;
    let inbox = row.inbox()?;
    let sender = match (sender, agent) {
        ("agent", Some(agent)) => Sender::Agent(agent),
        ("agent", None) => {
            return Err(Bad::new("agent", "missing", "an agent wrote it, but it is not said who"));
        }
        ("bot", _) => Sender::Bot,
        ("system", _) => Sender::System,
        _ => Sender::Visitor,
    };
    let (conversation, opens) = match conversation {
        Some(conversation) => (conversation, None),
        None => grouped(key, row, grouper, (occurred_at, inbox))?,
    };
    Ok(Record::Message(MessageRecord {
        id,
        conversation,
        opens,
        sender,
        kind,
        text,
        data: None,
        occurred_at,
    }))
}

/// The conversation that a message is in, and that conversation itself.
type Grouped = (Uuid, Option<Box<(Vec<u8>, ConversationRecord)>>);

/// The conversation of a message that names none.
fn grouped(
    key: &[u8],
    row: &Row<'_>,
    grouper: &mut Grouper,
    (at, inbox): (Micros, Arc<str>),
) -> Result<Grouped, Bad> {
    let table = row.table;
    let Some(group) = &table.group else {
        return Err(Bad::new("conversation", "missing", "it is not said in which conversation it is"));
    };
    let column = |index: usize| encode_key([&row.row[index]]);
    let visitor = column(group.visitor.0);
    let agent = group.agent.as_ref().filter(|(index, _)| !is_nothing(&row.row[*index]));
    let agent_key = agent.map_or_else(Vec::new, |(index, _)| column(*index));
    let open = grouper.place(group, &visitor, (&agent_key, &inbox), key, at);
    let id = identity(&table.source, &format!("{}#conversation", table.alias), &open.first);
    let record = ConversationRecord {
        id,
        inbox,
        visitor: identity(&table.source, &group.visitor.1, &visitor),
        assignee: agent.map(|(_, agents)| identity(&table.source, agents, &open.agent)),
        state: State::Resolved,
        created_at: open.begun,
        resolved_at: None,
    };
    Ok((id, Some(Box::new((open.first.clone(), record)))))
}

fn state(word: &str) -> State {
    match word {
        "new" => State::New,
        "queued" => State::Queued,
        "open" => State::Open,
        "pending" => State::Pending,
        _ => State::Resolved,
    }
}

fn is_nothing(value: &Value) -> bool {
    matches!(value, Value::Null) || matches!(value, Value::Text(text) if text.is_empty())
}

/// A row whose fields are taken in their order.
struct Row<'a> {
    table: &'a TableMap,
    row: &'a [Value],
    lookups: &'a Lookups,
    changed: &'a mut Changed,
    next: usize,
}

/// A field of a row.
struct Taken<'a> {
    name: &'static str,
    kind: FieldKind,
    /// Whether a record needs it.
    required: bool,
    /// How it is made and what it is, if the mapping says so.
    found: Option<(&'a FieldRule, Cow<'a, Value>)>,
}

impl<'a> Row<'a> {
    /// The next field.
    fn take(&mut self) -> Result<Taken<'a>, Bad> {
        let (name, kind, required) = fields_of(self.table.entity)[self.next];
        let table = self.table;
        let rule = table.fields[self.next].as_ref();
        self.next += 1;
        let found = match rule {
            Some(rule) => {
                let names = &table.columns;
                let value = rule.value(self.row, names, &table.rules, self.lookups, self.changed)?;
                Some((rule, value))
            }
            None => None,
        };
        Ok(Taken { name, kind, required, found })
    }

    fn text(&mut self) -> Result<String, Bad> {
        let Taken { name, kind, required, found } = self.take()?;
        let limit = if let FieldKind::Text(limit) = kind { limit } else { usize::MAX };
        let text = match found {
            Some((rule, value)) => rule.text(&value, limit, &self.table.rules, self.changed)?,
            None => String::new(),
        };
        // A message may be empty; a name may not.
        if required && text.is_empty() && self.table.entity != Entity::Message {
            return Err(missing(name));
        }
        Ok(text)
    }

    fn word(&mut self) -> Result<&'static str, Bad> {
        let Taken { kind, found, .. } = self.take()?;
        let FieldKind::Word(words) = kind else { return Ok("") };
        let Some((rule, value)) = found else { return Ok(words[0]) };
        if is_nothing(&value) {
            return Ok(words[0]);
        }
        let text = value.to_string();
        let word = words.iter().find(|word| **word == text);
        word.copied().ok_or_else(|| {
            let detail = format!("`{}` is none of {}", shortened(&text), words.join(", "));
            Bad::new(&rule.column, "unknown_word", detail)
        })
    }

    fn inbox(&mut self) -> Result<Arc<str>, Bad> {
        let Some((rule, value)) = self.take()?.found else { return Ok(Arc::clone(&self.table.inbox)) };
        if is_nothing(&value) {
            return Ok(Arc::clone(&self.table.inbox));
        }
        let slug = value.to_string();
        let known = self.table.inboxes.iter().find(|known| ***known == slug);
        known.cloned().ok_or_else(|| {
            let detail = format!("`{}` is no inbox of the mapping", shortened(&slug));
            Bad::new(&rule.column, "unknown_inbox", detail)
        })
    }

    fn truth(&mut self) -> Result<bool, Bad> {
        let Some((rule, value)) = self.take()?.found else { return Ok(false) };
        truth(&value.to_string()).ok_or_else(|| {
            let detail = format!("`{}` is neither yes nor no", shortened(&value.to_string()));
            Bad::new(&rule.column, "unknown_word", detail)
        })
    }

    fn time(&mut self) -> Result<Option<Micros>, Bad> {
        let Some((rule, value)) = self.take()?.found else { return Ok(None) };
        let unit: TimeUnit = rule.unit;
        self.table.rules.moment(&rule.column, &value, unit, self.changed)
    }

    fn required_time(&mut self) -> Result<Micros, Bad> {
        let name = fields_of(self.table.entity)[self.next].0;
        self.time()?.ok_or_else(|| missing(name))
    }

    fn reference(&mut self) -> Result<Option<Uuid>, Bad> {
        let Some((rule, value)) = self.take()?.found else { return Ok(None) };
        let table = rule.refers_to.as_deref().filter(|_| !is_nothing(&value));
        Ok(table.map(|table| identity(&self.table.source, table, &encode_key([&*value]))))
    }

    fn required_reference(&mut self) -> Result<Uuid, Bad> {
        let name = fields_of(self.table.entity)[self.next].0;
        self.reference()?.ok_or_else(|| missing(name))
    }

    /// A JSON object; what is none becomes the field `value` of one.
    fn object(&mut self) -> Result<String, Bad> {
        let Some((rule, value)) = self.take()?.found else { return Ok("{}".to_owned()) };
        let text = rule.text(&value, 64 << 10, &self.table.rules, self.changed)?;
        if text.is_empty() {
            return Ok("{}".to_owned());
        }
        let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
        let mut parsed = parse(&text);
        if parsed.is_none() && rule.markup == Markup::Json {
            let decoded = STANDARD.decode(text.trim()).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            parsed = decoded.as_deref().and_then(parse);
        }
        Ok(match parsed {
            Some(object @ serde_json::Value::Object(_)) => object.to_string(),
            Some(other) => serde_json::json!({ "value": other }).to_string(),
            None => serde_json::json!({ "value": text }).to_string(),
        })
    }
}

fn missing(field: &str) -> Bad {
    Bad::new(field, "missing", "nothing is known")
}
