use std::collections::HashMap;

use kefu_core::{InboxKey, Micros, TicketPriority, TicketStatus};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use uuid::Uuid;

use super::record::{
    AgentRecord, ArticleRecord, CannedRecord, ConversationRecord, Entity, MessageRecord, Record, Sender,
    TicketRecord, VisitorRecord,
};
use super::switch;
use crate::rows::{self, Columns, int};
use crate::sql::{self, Args, Join};
use crate::tickets::nth;
use crate::{Store, StoreError, knowledge};

/// What became of a row, as it is now.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// A record, read back from where it is; nothing, if it is not there any more.
    Record(Option<Box<Record>>),
    /// Nothing: a filter left it out.
    Filtered,
    /// Nothing: it could not be used.
    Dead,
    /// Something in an inbox that was switched: whatever its row says by now.
    Switched,
}

/// How many rows became what.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct MapCounts {
    /// Records.
    pub mapped: u64,
    /// Left out by a filter.
    pub filtered: u64,
    /// Could not be used.
    pub dead: u64,
    /// Were something until their rows were deleted there.
    pub gone: u64,
    /// Conversations that no row stands for.
    pub opened: u64,
    /// Changed after their inbox was switched.
    pub late: u64,
}

/// Reads back what was brought over.
pub struct ImportReader {
    store: Store,
    lookup: Join,
    late: Join,
}

impl ImportReader {
    /// A reader of `store`.
    #[must_use]
    pub fn new(store: Store) -> Self {
        let lookup = Join::new(
            "SELECT asked.column1, known.entity, known.place FROM (",
            3,
            ") AS asked CROSS JOIN migrate_map AS known
                ON known.source_table = asked.column2 AND known.key = asked.column3",
        );
        Self { store, lookup, late: switch::late_lookup() }
    }

    /// What became of the rows of `table` with these keys: one answer for each key, nothing where nothing did.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn found(&self, table: i64, keys: &[&[u8]]) -> Result<Vec<Option<Found>>, StoreError> {
        let mut lease = self.store.lease().await?;
        let conn = lease.conn();
        let asked: Vec<_> = keys.iter().enumerate().collect();
        let bind = |args: &mut Args, (index, key): &(usize, &&[u8])| {
            args.add_int(int(*index as u64));
            args.add_int(table);
            args.add_blob(key);
        };
        let mut places: HashMap<Entity, Vec<(i64, usize)>> = HashMap::new();
        let mut found = vec![None; keys.len()];
        for row in &self.lookup.rows(conn, &asked, bind).await? {
            let mut columns = Columns::of(row);
            let (index, entity, place) = (columns.number::<usize>()?, columns.take()?, columns.take()?);
            let slot = found.get_mut(index).ok_or_else(|| StoreError::corrupt("a look-up went astray"))?;
            *slot = Some(match entity {
                super::step::DEAD => Found::Dead,
                super::step::FILTERED => Found::Filtered,
                gone if gone < 0 => continue,
                entity => {
                    places.entry(Entity::read(entity)?).or_default().push((place, index));
                    Found::Record(None)
                }
            });
        }
        let switched: Vec<_> = switch::switched(conn).await?.into_iter().collect();
        if !switched.is_empty() {
            for row in &self.late.rows(conn, &asked, bind).await? {
                let index = Columns::of(row).number::<usize>()?;
                let slot =
                    found.get_mut(index).ok_or_else(|| StoreError::corrupt("a look-up went astray"))?;
                *slot = Some(Found::Switched);
            }
        }
        for (entity, mut places) in places {
            // In the order of where they are, neighbours are read together.
            places.sort_unstable();
            let wanted: Vec<_> = places.iter().map(|(place, _)| *place).collect();
            let elsewhere = switch::places_in(conn, entity, &wanted, &switched).await?;
            for (_, index) in places.iter().filter(|(place, _)| elsewhere.contains(place)) {
                found[*index] = Some(Found::Switched);
            }
            places.retain(|(_, index)| found[*index] == Some(Found::Record(None)));
            let mut wanted = places.iter().peekable();
            for (place, record) in records(conn, entity, places.iter().map(|(place, _)| *place)).await? {
                while wanted.next_if(|(before, _)| *before < place).is_some() {}
                if let Some((_, index)) = wanted.next_if(|(known, _)| *known == place) {
                    found[*index] = Some(Found::Record(Some(Box::new(record))));
                }
            }
        }
        Ok(found)
    }

    /// Which of the rows of `table` with these keys are something in the inbox `slug`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn in_inbox(&self, table: i64, keys: &[&[u8]], slug: &str) -> Result<Vec<bool>, StoreError> {
        const INBOX: &str = "SELECT key FROM inbox WHERE slug = ?";
        let mut lease = self.store.lease().await?;
        let conn = lease.conn();
        let mut inside = vec![false; keys.len()];
        let Some(row) = sql::row(conn, INBOX, Args::default().text(slug)).await? else { return Ok(inside) };
        let inbox = InboxKey(Columns::of(&row).take()?);
        let asked: Vec<_> = keys.iter().enumerate().collect();
        let bind = |args: &mut Args, (index, key): &(usize, &&[u8])| {
            args.add_int(int(*index as u64));
            args.add_int(table);
            args.add_blob(key);
        };
        let mut places: HashMap<Entity, HashMap<i64, usize>> = HashMap::new();
        for row in &self.lookup.rows(conn, &asked, bind).await? {
            let mut columns = Columns::of(row);
            let (index, entity, place) =
                (columns.number::<usize>()?, columns.take::<i64>()?, columns.take()?);
            if let Ok(entity) = Entity::read(entity.abs()) {
                places.entry(entity).or_default().insert(place, index);
            }
        }
        for (entity, places) in places {
            let wanted: Vec<_> = places.keys().copied().collect();
            for place in switch::places_in(conn, entity, &wanted, &[inbox]).await? {
                if let Some(index) = places.get(&place) {
                    inside[*index] = true;
                }
            }
        }
        Ok(inside)
    }

    /// How many rows of `table` became what.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn counts(&self, table: i64) -> Result<MapCounts, StoreError> {
        const SQL: &str = "SELECT count(*) FILTER (WHERE source_table > 0 AND entity > 1),
                count(*) FILTER (WHERE source_table > 0 AND entity = 1),
                count(*) FILTER (WHERE source_table > 0 AND entity = 0),
                count(*) FILTER (WHERE source_table > 0 AND entity < 0), count(*) FILTER (WHERE source_table < 0),
                (SELECT count(*) FROM migrate_late WHERE source_table = ?1)
            FROM migrate_map WHERE source_table IN (?1, -?1)";
        let read = |row: &SqliteRow| {
            let mut columns = Columns::of(row);
            Ok(MapCounts {
                mapped: columns.number()?,
                filtered: columns.number()?,
                dead: columns.number()?,
                gone: columns.number()?,
                opened: columns.number()?,
                late: columns.number()?,
            })
        };
        Ok(self.store.one(SQL, Args::default().int(table), read).await?.unwrap_or_default())
    }

    /// The next `limit` keys of `table` behind `after`, in order.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn keys(&self, table: i64, after: &[u8], limit: u32) -> Result<Vec<Vec<u8>>, StoreError> {
        const SQL: &str = "SELECT key FROM migrate_map WHERE source_table = ? AND entity >= 0 AND key > ? ORDER BY key LIMIT ?";
        let args = Args::default().int(table).blob(after).int(i64::from(limit));
        self.store.all(SQL, args, |row| Columns::of(row).take()).await
    }

    /// Which of these visitors and agents the store has.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn known_people(&self, ids: &[Uuid]) -> Result<Vec<Uuid>, StoreError> {
        const SQL: &str = "SELECT id FROM agent WHERE id IN (SELECT unhex(value) FROM json_each(?1))
            UNION ALL SELECT id FROM visitor WHERE id IN (SELECT unhex(value) FROM json_each(?1))";
        self.store.all(SQL, Args::default().uuids(ids), |row| Columns::of(row).uuid()).await
    }
}

macro_rules! at {
    ($table:literal, $key:literal) => {
        concat!(
            " FROM json_each(?) AS wanted CROSS JOIN ",
            $table,
            " ON ",
            $table,
            ".",
            $key,
            " = wanted.value "
        )
    };
}

const AGENT: &str =
    concat!("SELECT agent.key, agent.id, name, email, role, disabled, created_at", at!("agent", "key"));

const VISITOR: &str = concat!(
    "SELECT visitor.key, visitor.id, inbox.slug, visitor.external_id, visitor.verified, visitor.name,
        visitor.email, coalesce(customer.phone, ''), visitor.attributes, visitor.created_at,
        visitor.last_seen_at",
    at!("visitor", "key"),
    "JOIN inbox ON inbox.key = visitor.inbox LEFT JOIN identity ON identity.visitor = visitor.key
     LEFT JOIN customer ON customer.key = identity.customer"
);

const CONVERSATION: &str = concat!(
    "SELECT conversation.key, conversation.id, inbox.slug, visitor.id, agent.id, state,
        conversation.created_at, resolved_at",
    at!("conversation", "key"),
    "JOIN inbox ON inbox.key = conversation.inbox JOIN visitor ON visitor.key = conversation.visitor
     LEFT JOIN agent ON agent.key = conversation.assignee"
);

const MESSAGE: &str = concat!(
    "SELECT pos, log.id, conversation.id, sender_kind, agent.id, kind, text, data, log.created_at",
    at!("log", "pos"),
    "JOIN conversation ON conversation.key = log.conversation
     LEFT JOIN agent ON sender_kind = 1 AND agent.key = sender"
);

const TICKET: &str = concat!(
    "SELECT number, ticket.id, inbox.slug, visitor.id, agent.id, subject, body, contact_name, contact_email,
        contact_phone, ticket.status, priority, ticket.created_at, updated_at",
    at!("ticket", "number"),
    "JOIN inbox ON inbox.key = ticket.inbox LEFT JOIN visitor ON visitor.key = ticket.requester
     LEFT JOIN agent ON agent.key = ticket.assignee"
);

const CANNED: &str = concat!(
    "SELECT canned_reply.key, canned_reply.id, agent.id, folder, shortcut, title, text, canned_reply.created_at",
    at!("canned_reply", "key"),
    "LEFT JOIN agent ON agent.key = canned_reply.owner"
);

const ARTICLE: &str = concat!(
    "SELECT article.key, article.id, slug, category, state, language, title, body, article.created_at, updated_at",
    at!("article", "key"),
    "JOIN article_text ON article_text.article = article.key AND is_current = 1"
);

/// How the columns of a query become a record.
type Read = fn(&mut Columns<'_>) -> Result<Record, StoreError>;

/// The records at these places, as they are now, in the same order; those that are not there are left out.
pub(super) async fn records(
    conn: &mut SqliteConnection,
    entity: Entity,
    places: impl Iterator<Item = i64>,
) -> Result<Vec<(i64, Record)>, StoreError> {
    let args = Args::default().ints(places);
    let (sql, read): (&'static str, Read) = match entity {
        Entity::Agent => (AGENT, agent),
        Entity::Visitor => (VISITOR, visitor),
        Entity::Conversation => (CONVERSATION, conversation),
        Entity::Message => (MESSAGE, message),
        Entity::Ticket => (TICKET, ticket),
        Entity::Canned => (CANNED, canned),
        Entity::Article => (ARTICLE, article),
    };
    let rows = sql::rows(conn, sql, args).await?;
    let read = |row| {
        let mut columns = Columns::of(row);
        Ok((columns.take()?, read(&mut columns)?))
    };
    rows.iter().map(read).collect()
}

fn agent(columns: &mut Columns<'_>) -> Result<Record, StoreError> {
    Ok(Record::Agent(AgentRecord {
        id: columns.uuid()?,
        name: columns.take()?,
        email: columns.take()?,
        role: rows::role(columns.take()?)?,
        disabled: columns.take()?,
        created_at: Micros(columns.take()?),
        password: String::new(),
    }))
}

fn visitor(columns: &mut Columns<'_>) -> Result<Record, StoreError> {
    Ok(Record::Visitor(VisitorRecord {
        id: columns.uuid()?,
        inbox: columns.take::<&str>()?.into(),
        external_id: columns.optional()?,
        verified: columns.take()?,
        name: columns.take()?,
        email: columns.take()?,
        phone: columns.take()?,
        attributes: columns.take()?,
        created_at: Micros(columns.take()?),
        last_seen_at: Micros(columns.take()?),
    }))
}

fn conversation(columns: &mut Columns<'_>) -> Result<Record, StoreError> {
    Ok(Record::Conversation(ConversationRecord {
        id: columns.uuid()?,
        inbox: columns.take::<&str>()?.into(),
        visitor: columns.uuid()?,
        assignee: columns.optional_uuid()?,
        state: rows::state(columns.take()?)?,
        created_at: Micros(columns.take()?),
        resolved_at: columns.optional()?.map(Micros),
    }))
}

fn message(columns: &mut Columns<'_>) -> Result<Record, StoreError> {
    let (id, conversation, sender_kind, agent) =
        (columns.uuid()?, columns.uuid()?, columns.take::<i64>()?, columns.optional_uuid()?);
    let sender = match (sender_kind, agent) {
        (0, _) => Sender::Visitor,
        (1, Some(agent)) => Sender::Agent(agent),
        (1, None) => return Err(StoreError::corrupt("a message is of an agent that is not there")),
        (2, _) => Sender::Bot,
        _ => Sender::System,
    };
    Ok(Record::Message(MessageRecord {
        id,
        conversation,
        opens: None,
        sender,
        kind: rows::kind(columns.take()?)?,
        text: columns.take()?,
        data: columns.optional()?,
        occurred_at: Micros(columns.take()?),
    }))
}

fn ticket(columns: &mut Columns<'_>) -> Result<Record, StoreError> {
    Ok(Record::Ticket(TicketRecord {
        id: columns.uuid()?,
        inbox: columns.take::<&str>()?.into(),
        requester: columns.optional_uuid()?,
        assignee: columns.optional_uuid()?,
        subject: columns.take()?,
        body: columns.take()?,
        contact_name: columns.take()?,
        contact_email: columns.take()?,
        contact_phone: columns.take()?,
        status: nth(&TicketStatus::ALL, columns.take()?)?,
        priority: nth(&TicketPriority::ALL, columns.take()?)?,
        created_at: Micros(columns.take()?),
        updated_at: Micros(columns.take()?),
    }))
}

fn canned(columns: &mut Columns<'_>) -> Result<Record, StoreError> {
    Ok(Record::Canned(CannedRecord {
        id: columns.uuid()?,
        owner: columns.optional_uuid()?,
        folder: columns.take()?,
        shortcut: columns.take()?,
        title: columns.take()?,
        text: columns.take()?,
        created_at: Micros(columns.take()?),
    }))
}

fn article(columns: &mut Columns<'_>) -> Result<Record, StoreError> {
    Ok(Record::Article(ArticleRecord {
        id: columns.uuid()?,
        slug: columns.take()?,
        category: columns.optional_uuid()?,
        category_name: String::new(),
        state: knowledge::state(columns.take()?)?,
        language: knowledge::language(columns.take()?)?,
        title: columns.take()?,
        body: columns.take()?,
        created_at: Micros(columns.take()?),
        updated_at: Micros(columns.take()?),
    }))
}
