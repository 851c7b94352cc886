//! What one commit of an import writes, beside what every commit does.

use kefu_core::{
    Agent, AgentKey, ConversationKey, Entry, Inbox, InboxKey, MessageKind, Micros, Principal, TicketStatus,
    Visitor, VisitorKey,
};
use kefu_text::terms::index_terms;
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

use super::article;
use super::follow::{self, FollowPosition};
use super::former;
use super::progress::{self, ImportTable};
use super::record::{AgentRecord, ArticleRecord, CannedRecord, Hash, TicketRecord};
use super::switch;
use crate::canned::{CannedReply, owner_number};
use crate::rows::{int, kind_number, principal_number, role_number};
use crate::sql::{self, Args, Bulk};
use crate::tickets::{priority_number, status_number};
use crate::writer::{agents, bind_agent, bind_visitor, visitors, write_change};
use crate::{Change, StoreError};

/// Entity numbers of rows that became nothing.
pub(super) const DEAD: i64 = 0;
pub(super) const FILTERED: i64 = 1;

/// What a commit writes besides entries, heads and plain changes.
#[derive(Debug, Default)]
pub(crate) struct Step {
    pub(super) new_agents: Vec<Agent>,
    /// Agents that are there already.
    pub(super) agents: Vec<(i64, AgentRecord)>,
    /// Keys of new agents, and by what the older system knew their passwords.
    pub(super) passwords: Vec<(i64, String)>,
    pub(super) visitors: Vec<Visitor>,
    /// Conversations that are in another inbox by now, which what writes heads leaves as it is.
    pub(super) moved: Vec<(ConversationKey, InboxKey)>,
    pub(super) rewritten: Vec<Rewritten>,
    pub(super) phones: Vec<(Uuid, String, Micros)>,
    pub(super) tickets: Vec<(i64, TicketRecord, TicketPlaces)>,
    pub(super) canned: Vec<(i64, CannedRecord, Option<AgentKey>)>,
    pub(super) articles: Vec<(i64, ArticleRecord)>,
    pub(super) map: Vec<MapRow>,
    /// What rows were that a filter leaves out by now.
    pub(super) left_out: Vec<MapRow>,
    /// Rows that changed after their inbox was switched, with the id of a conversation.
    pub(super) late: Vec<(i64, Vec<u8>, Option<Uuid>)>,
    /// Rows that may have been late, and are not any more.
    pub(super) in_time: Vec<(i64, Vec<u8>)>,
    pub(super) table: Option<ImportTable>,
    pub(super) position: Option<FollowPosition>,
}

/// The row numbers that a ticket refers to.
#[derive(Clone, Copy, Debug)]
pub(super) struct TicketPlaces {
    pub(super) inbox: InboxKey,
    pub(super) requester: Option<VisitorKey>,
    pub(super) assignee: Option<AgentKey>,
}

/// What became of a row.
#[derive(Clone, Debug)]
pub(super) struct MapRow {
    pub(super) table: i64,
    pub(super) key: Vec<u8>,
    pub(super) entity: i64,
    pub(super) place: i64,
    pub(super) hash: Option<Hash>,
}

/// A message that says something else by now.
#[derive(Clone, Debug)]
pub(super) struct Rewritten {
    pub(super) pos: i64,
    pub(super) kind: MessageKind,
    pub(super) sender: Principal,
    pub(super) text: String,
    pub(super) data: Option<String>,
    pub(super) at: Micros,
    /// Whether it was recalled because its row was gone, and is there again.
    pub(super) is_back: bool,
}

/// The statements of every commit of an import.
pub(crate) struct Statements {
    log: Bulk,
    map: Bulk,
    agents: Bulk,
    visitors: Bulk,
    tickets: Bulk,
    ticket_words: Bulk,
}

const LOG_COLUMNS: usize = 13;

/// Telephone numbers that one statement notes.
const PHONES: usize = 512;

/// A statement on visitors and their telephone numbers: `given` has the id, the number and the time of each.
macro_rules! given {
    ($into:literal, $select:literal) => {
        concat!(
            $into,
            " WITH given (id, phone, at) AS MATERIALIZED
                (SELECT unhex(value ->> 0), value ->> 1, value ->> 2 FROM json_each(?)) ",
            $select
        )
    };
}

impl Default for Statements {
    fn default() -> Self {
        Self {
            // What is brought over was not taken when it is written here: both times are when it was written there.
            log: Bulk::new(
                "INSERT INTO log (pos, conversation, seq, prev_pos, prev_public_seq, kind, sender_kind, sender,
                    created_at, occurred_at, id, text, data)",
                LOG_COLUMNS,
                "",
            ),
            map: Bulk::new(
                "INSERT INTO migrate_map (source_table, key, entity, place, hash)",
                5,
                "ON CONFLICT (source_table, key) DO UPDATE SET
                    entity = excluded.entity, place = excluded.place, hash = excluded.hash",
            ),
            agents: agents(),
            visitors: visitors(),
            tickets: Bulk::new(
                "INSERT INTO ticket (number, id, inbox, requester, subject, body, contact_name, contact_email,
                    contact_phone, status, priority, assignee, created_at, updated_at, solved_at, version)",
                16,
                "ON CONFLICT (number) DO UPDATE SET
                    inbox = excluded.inbox, requester = excluded.requester, subject = excluded.subject, body = excluded.body,
                    contact_name = excluded.contact_name, contact_email = excluded.contact_email,
                    contact_phone = excluded.contact_phone, status = excluded.status, priority = excluded.priority,
                    assignee = excluded.assignee, updated_at = excluded.updated_at, solved_at = excluded.solved_at,
                    version = version + 1",
            ),
            ticket_words: Bulk::new("INSERT INTO ticket_search (rowid, words)", 2, ""),
        }
    }
}

impl Statements {
    /// Writes entries, without their anchors.
    pub(crate) async fn write_entries(
        &self,
        conn: &mut SqliteConnection,
        entries: &[Entry],
    ) -> Result<(), StoreError> {
        self.log.insert(conn, entries, bind).await
    }

    /// Writes `step`; entries and heads of the same commit are there already.
    pub(crate) async fn write(&self, conn: &mut SqliteConnection, step: &Step) -> Result<(), StoreError> {
        self.agents.insert(conn, &step.new_agents, bind_agent).await?;
        for (key, agent) in &step.agents {
            update_agent(conn, *key, agent).await?;
            former::put(conn, *key, &agent.password).await?;
        }
        for (key, password) in &step.passwords {
            former::put(conn, *key, password).await?;
        }
        self.visitors.insert(conn, &step.visitors, bind_visitor).await?;
        follow::bury_filtered(conn, &step.left_out).await?;
        for (conversation, inbox) in &step.moved {
            const SQL: &str = "UPDATE conversation SET inbox = ? WHERE key = ?";
            sql::execute(conn, SQL, Args::default().int(inbox.0).int(conversation.0)).await?;
        }
        for message in &step.rewritten {
            rewrite(conn, message).await?;
        }
        put_phones(conn, &step.phones).await?;
        self.put_tickets(conn, &step.tickets).await?;
        for (key, canned, owner) in &step.canned {
            put_canned(conn, *key, canned, *owner).await?;
        }
        for (key, article) in &step.articles {
            article::put(conn, *key, article).await?;
        }
        self.map
            .insert(conn, &step.map, |args, row| {
                args.add_int(row.table);
                args.add_blob(&row.key);
                args.add_int(row.entity);
                args.add_int(row.place);
                args.add_blob(row.hash.as_ref().map_or(&[], |hash| hash));
            })
            .await?;
        switch::note_late(conn, &step.late).await?;
        switch::forget_late(conn, &step.in_time).await?;
        if let Some(table) = &step.table {
            progress::advance(conn, table).await?;
        }
        match &step.position {
            Some(position) => follow::write(conn, position).await,
            None => Ok(()),
        }
    }
}

impl Step {
    /// Whether it makes or changes agents.
    pub(super) fn has_agents(&self) -> bool {
        !(self.new_agents.is_empty() && self.agents.is_empty())
    }

    /// Roughly how many pages its rows touch that are not next to each other.
    pub(crate) fn scattered(&self) -> usize {
        self.map.len() / 64
            + (self.rewritten.len() + self.tickets.len() + self.canned.len() + self.articles.len()) * 3
    }
}

fn bind(args: &mut Args, entry: &Entry) {
    let (sender_kind, sender) = principal_number(entry.sender);
    args.add_int(entry.pos);
    args.add_int(entry.conversation.0);
    args.add_int(int(entry.seq));
    args.add_int(entry.prev_pos);
    args.add_int(int(entry.prev_public_seq));
    args.add_int(kind_number(entry.kind));
    args.add_int(sender_kind);
    args.add_int(sender);
    args.add_int(entry.created_at.0);
    args.add_int(entry.created_at.0);
    args.add_blob(entry.id.as_bytes());
    args.add_text(&entry.text);
    args.add_opt_text(entry.data.as_deref());
}

async fn update_agent(conn: &mut SqliteConnection, key: i64, agent: &AgentRecord) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE agent SET name = ?, email = ?, role = ?, disabled = ? WHERE key = ?";
    let args = Args::default()
        .text(&agent.name)
        .text(&agent.email.to_lowercase())
        .int(role_number(agent.role))
        .int(i64::from(agent.disabled))
        .int(key);
    sql::execute(conn, SQL, args).await.map(drop)
}

/// What was edited, recalled or erased here since stays as it is.
async fn rewrite(conn: &mut SqliteConnection, message: &Rewritten) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE log
        SET kind = ?, sender_kind = ?, sender = ?, text = ?, data = ?, created_at = ?, occurred_at = ?, revision = 0
        WHERE pos = ? AND revision IN (0, ?)";
    let (sender_kind, sender) = principal_number(message.sender);
    let mut args = Args::default().int(kind_number(message.kind)).int(sender_kind).int(sender);
    args.add_text(&message.text);
    args.add_opt_text(message.data.as_deref());
    let args = args.int(message.at.0).int(message.at.0).int(message.pos);
    sql::execute(conn, SQL, args.int(if message.is_back { 2 } else { 0 })).await.map(drop)
}

/// Notes telephone numbers of visitors, each in the row of its customer, which is made if it is missing. What a visitor
/// was merged with here stays as it is.
async fn put_phones(
    conn: &mut SqliteConnection,
    phones: &[(Uuid, String, Micros)],
) -> Result<(), StoreError> {
    const MAKE: &str = given!(
        "INSERT INTO customer (id, name, email, phone, note, attributes, created_at, updated_at, version)",
        "SELECT visitor.id, name, email, phone, '', attributes, created_at, created_at, 0
        FROM given JOIN visitor ON visitor.id = given.id
        WHERE phone <> '' AND NOT EXISTS (SELECT 1 FROM identity WHERE identity.visitor = visitor.key)"
    );
    const LINK: &str = given!(
        "INSERT INTO identity (id, customer, kind, scope, value, verified, visitor, created_at)",
        "SELECT visitor.id, customer.key, 0, '', '', 0, visitor.key, given.at
        FROM given JOIN visitor ON visitor.id = given.id JOIN customer ON customer.id = visitor.id
        WHERE NOT EXISTS (SELECT 1 FROM identity WHERE identity.visitor = visitor.key)"
    );
    const CHANGE: &str = "UPDATE customer SET phone = value ->> 1 FROM json_each(?)
        WHERE customer.id = unhex(value ->> 0) AND merged_into IS NULL AND phone <> value ->> 1";
    for phones in phones.chunks(PHONES) {
        let given: Vec<_> =
            phones.iter().map(|(id, phone, at)| (id.simple().to_string(), phone, at.0)).collect();
        let given = serde_json::to_string(&given).expect("texts and numbers are plain JSON");
        for sql in [MAKE, LINK, CHANGE] {
            sql::execute(conn, sql, Args::default().text(&given)).await?;
        }
    }
    Ok(())
}

/// What a ticket is found by.
fn words_of(ticket: &TicketRecord) -> String {
    let mut words = String::new();
    for text in [&ticket.subject, &ticket.body, &ticket.contact_name] {
        index_terms(text, &mut words);
    }
    words
}

impl Statements {
    async fn put_tickets(
        &self,
        conn: &mut SqliteConnection,
        tickets: &[(i64, TicketRecord, TicketPlaces)],
    ) -> Result<(), StoreError> {
        const FORGET: &str = "DELETE FROM ticket_search WHERE rowid IN
            (SELECT number FROM ticket WHERE number IN (SELECT value FROM json_each(?)))";
        if tickets.is_empty() {
            return Ok(());
        }
        let numbers = tickets.iter().map(|(number, ..)| *number);
        sql::execute(conn, FORGET, Args::default().ints(numbers)).await?;
        self.tickets.insert(conn, tickets, bind_ticket).await?;
        let bind_words = |args: &mut Args, (number, ticket, _): &(i64, TicketRecord, TicketPlaces)| {
            args.add_int(*number);
            args.add_text(&words_of(ticket));
        };
        self.ticket_words.insert(conn, tickets, bind_words).await
    }
}

fn bind_ticket(args: &mut Args, (number, ticket, places): &(i64, TicketRecord, TicketPlaces)) {
    let is_solved = matches!(ticket.status, TicketStatus::Solved | TicketStatus::Closed);
    args.add_int(*number);
    args.add_blob(ticket.id.as_bytes());
    args.add_int(places.inbox.0);
    args.add_int(places.requester.map(|visitor| visitor.0));
    args.add_text(&ticket.subject);
    args.add_text(&ticket.body);
    args.add_text(&ticket.contact_name);
    args.add_text(&ticket.contact_email);
    args.add_text(&ticket.contact_phone);
    args.add_int(status_number(ticket.status));
    args.add_int(priority_number(ticket.priority));
    args.add_int(places.assignee.map(|agent| agent.0));
    args.add_int(ticket.created_at.0);
    args.add_int(ticket.updated_at.0);
    args.add_int(is_solved.then_some(ticket.updated_at.0));
    args.add_int(1);
}

async fn put_canned(
    conn: &mut SqliteConnection,
    key: i64,
    canned: &CannedRecord,
    owner: Option<AgentKey>,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO canned_reply
        (key, id, owner, folder, shortcut, title, text, folded, uses, created_at, updated_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?)
        ON CONFLICT (key) DO UPDATE SET
            owner = excluded.owner, folder = excluded.folder, shortcut = excluded.shortcut, title = excluded.title,
            text = excluded.text, folded = excluded.folded, updated_at = excluded.updated_at";
    let reply = CannedReply {
        id: canned.id,
        owner,
        folder: canned.folder.clone(),
        shortcut: canned.shortcut.clone(),
        title: canned.title.clone(),
        text: canned.text.clone(),
        uses: 0,
        created_at: canned.created_at,
        updated_at: canned.created_at,
    };
    let args = Args::default()
        .int(key)
        .blob(reply.id.as_bytes())
        .int(owner_number(owner))
        .text(&reply.folder)
        .text(&reply.shortcut)
        .text(&reply.title)
        .text(&reply.text)
        .text(&reply.folded())
        .int(reply.created_at.0)
        .int(reply.updated_at.0);
    sql::execute(conn, SQL, args).await.map(drop)
}

/// Adds an inbox that the store does not have; who runs it gives it a secret later, if it needs one.
pub(super) async fn put_inbox(conn: &mut SqliteConnection, inbox: &Inbox) -> Result<(), StoreError> {
    write_change(conn, &Change::Inbox(Box::new(inbox.clone()))).await
}
