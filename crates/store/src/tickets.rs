//! Tickets: what is to be taken care of, with comments and the history of every field.

use kefu_core::{
    AgentKey, ConversationKey, InboxKey, Micros, Principal, Ticket, TicketContact, TicketField, TicketLine,
    TicketPriority, TicketStatus, VisitorKey,
};
use kefu_text::terms::Query;
use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::reader::first;
use crate::rows::{Columns, principal};
use crate::sql::Args;
use crate::{Cursor, Store, StoreError};

/// A change of tickets.
#[derive(Clone, Debug)]
pub enum TicketChange {
    /// Adds a ticket; its number and version are the store's to give.
    Open {
        /// The ticket, with its tags and conversations.
        ticket: Box<Ticket>,
        /// Who makes it.
        by: Principal,
    },
    /// Replaces the fields of a ticket that may change, but not its conversations.
    Update {
        /// As it is afterwards; `version` is the one that the change was made for.
        ticket: Box<Ticket>,
        /// What its history says of it.
        lines: Vec<TicketLine>,
        /// Who changes it.
        by: Principal,
    },
    /// Adds a comment.
    Comment {
        /// Public id of the ticket.
        ticket: Uuid,
        /// The comment.
        comment: TicketComment,
    },
    /// Links a conversation; one that is linked already stays so.
    Link {
        /// Public id of the ticket.
        ticket: Uuid,
        /// Public id of the conversation.
        conversation: Uuid,
        /// Who links it.
        by: Principal,
        /// When.
        at: Micros,
    },
    /// Ends a link; one that is not there is [`StoreError::Stale`].
    Unlink {
        /// Public id of the ticket.
        ticket: Uuid,
        /// Public id of the conversation.
        conversation: Uuid,
        /// Who ends it.
        by: Principal,
        /// When.
        at: Micros,
    },
}

/// Something that was said about a ticket; never changed.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TicketComment {
    /// Public id.
    pub id: Uuid,
    /// Who wrote it.
    pub author: Principal,
    /// For agents only.
    pub internal: bool,
    /// What was written.
    pub text: String,
    /// When.
    pub created_at: Micros,
}

/// A line of a ticket's history.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TicketHistory {
    /// When.
    pub at: Micros,
    /// Who.
    pub actor: Principal,
    /// What.
    pub line: TicketLine,
}

/// Which tickets are wanted: those that fulfil every condition that is set.
#[derive(Clone, Debug, Default)]
pub struct TicketFilter {
    /// The one with this number.
    pub number: Option<i64>,
    /// Those that stand there.
    pub status: Option<TicketStatus>,
    /// Those of this priority.
    pub priority: Option<TicketPriority>,
    /// Those that this agent works on, or nobody.
    pub assignee: Option<Option<AgentKey>>,
    /// Those of this visitor.
    pub requester: Option<VisitorKey>,
    /// Those that are not solved and were due before.
    pub due_before: Option<Micros>,
    /// Those of this conversation.
    pub conversation: Option<ConversationKey>,
    /// Those of this team, or of none.
    pub team: Option<Option<Uuid>>,
    /// Those in which something is found.
    pub words: Option<TicketWords>,
}

/// What is searched for in tickets.
#[derive(Clone, Debug)]
pub struct TicketWords {
    /// Found in the subject, the body and the name of the contact together, or in one comment.
    pub query: Query,
    /// Whether comments for agents only count, too.
    pub internal: bool,
    /// The ticket with this number is found whatever it says.
    pub number: Option<i64>,
}

/// How many comments of one ticket are looked at for words.
const FOUND_COMMENTS_MAX: i64 = 20;

/// Columns of a ticket, as [`ticket`] reads them.
pub(crate) const COLUMNS: &str = "ticket.number, ticket.id, ticket.inbox, ticket.requester, ticket.subject, ticket.body, \
    ticket.contact_name, ticket.contact_email, ticket.contact_phone, ticket.status, ticket.priority, \
    ticket.assignee, ticket.team, ticket.due_at, ticket.created_at, ticket.updated_at, ticket.solved_at, \
    ticket.version, \
    (SELECT group_concat(hex(tag.id), ',' ORDER BY tag.id) FROM ticket_tag JOIN tag ON tag.key = ticket_tag.tag \
        WHERE ticket_tag.ticket = ticket.number), \
    (SELECT group_concat(hex(conversation.id), ',' ORDER BY conversation.id) FROM ticket_conversation \
        JOIN conversation ON conversation.key = ticket_conversation.conversation \
        WHERE ticket_conversation.ticket = ticket.number)";

impl TicketFilter {
    /// The conditions and their values, in order.
    fn conditions(&self) -> (String, Args) {
        let mut sql = String::from("1");
        let mut args = Args::default();
        if let Some(number) = self.number {
            sql.push_str(" AND ticket.number = ?");
            args.add_int(number);
        }
        if let Some(status) = self.status {
            sql.push_str(" AND ticket.status = ?");
            args.add_int(status_number(status));
        }
        if let Some(priority) = self.priority {
            sql.push_str(" AND ticket.priority = ?");
            args.add_int(priority_number(priority));
        }
        if let Some(assignee) = self.assignee {
            sql.push_str(" AND ticket.assignee IS ?");
            args.add_int(assignee.map(|agent| agent.0));
        }
        if let Some(requester) = self.requester {
            sql.push_str(" AND ticket.requester = ?");
            args.add_int(requester.0);
        }
        if let Some(before) = self.due_before {
            sql.push_str(" AND ticket.due_at < ? AND ticket.status IN (0, 1, 2)");
            args.add_int(before.0);
        }
        if let Some(conversation) = self.conversation {
            sql.push_str(
                " AND ticket.number IN (SELECT ticket FROM ticket_conversation WHERE conversation = ?)",
            );
            args.add_int(conversation.0);
        }
        if let Some(team) = &self.team {
            sql.push_str(" AND ticket.team IS ?");
            args.add_opt_blob(team.as_ref().map(|team| &team.as_bytes()[..]));
        }
        if let Some(TicketWords { query, internal, number }) = &self.words {
            sql.push_str(
                " AND (ticket.number IN (SELECT rowid FROM ticket_search WHERE ticket_search MATCH ?)
                OR ticket.number IN (SELECT ticket FROM ticket_comment WHERE internal <= ? AND key IN
                    (SELECT rowid FROM ticket_comment_search WHERE ticket_comment_search MATCH ?))
                OR ticket.number = ?)",
            );
            let expression = query.to_match();
            args = args.text(&expression).int(i64::from(*internal)).text(&expression).int(*number);
        }
        (sql, args)
    }
}

impl Store {
    /// The ticket with this public id.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn ticket(&self, id: Uuid) -> Result<Option<Ticket>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM ticket WHERE ticket.id = ?");
        self.one(AssertSqlSafe(sql), Args::default().blob(id.as_bytes()), ticket).await
    }

    /// A page of the tickets that pass `filter`, newest activity first, and where it goes on if it does.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn tickets(
        &self,
        filter: &TicketFilter,
        cursor: Option<Cursor>,
        limit: usize,
    ) -> Result<(Vec<Ticket>, Option<Cursor>), StoreError> {
        let (conditions, args) = filter.conditions();
        let sql = format!(
            "SELECT {COLUMNS} FROM ticket WHERE {conditions} AND (ticket.updated_at, ticket.number) < (?, ?)
             ORDER BY ticket.updated_at DESC, ticket.number DESC LIMIT ?"
        );
        let (time, number) = cursor.unwrap_or((i64::MAX, i64::MAX));
        let args = args.int(time).int(number).int(one_more(limit));
        let mut items = self.all(AssertSqlSafe(sql), args, ticket).await?;
        let has_more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| has_more).map(|last| (last.updated_at.0, last.number));
        Ok((items, next))
    }

    /// What the comments of a ticket say in which `query` is found, the last ones first; without `internal` only
    /// public ones.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn ticket_comments_with(
        &self,
        ticket: &Ticket,
        query: &Query,
        internal: bool,
    ) -> Result<Vec<String>, StoreError> {
        const SQL: &str = "SELECT text FROM ticket_comment WHERE ticket = ? AND internal <= ? AND key IN
            (SELECT rowid FROM ticket_comment_search WHERE ticket_comment_search MATCH ?)
            ORDER BY key DESC LIMIT ?";
        let args = Args::default().int(ticket.number).int(i64::from(internal)).text(&query.to_match());
        self.all(SQL, args.int(FOUND_COMMENTS_MAX), first).await
    }

    /// What a ticket was about when it was made.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn ticket_subject_at_first(&self, ticket: &Ticket) -> Result<String, StoreError> {
        const SQL: &str = "SELECT before FROM ticket_history
            WHERE ticket = ? AND field = 'subject' AND before IS NOT NULL ORDER BY key LIMIT 1";
        let before = self.one(SQL, Args::default().int(ticket.number), first).await?;
        Ok(before.unwrap_or_else(|| ticket.subject.clone()))
    }

    /// A page of a ticket's comments, oldest first, and where it goes on; without `internal` only public ones.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn ticket_comments(
        &self,
        ticket: &Ticket,
        internal: bool,
        cursor: Option<Cursor>,
        limit: usize,
    ) -> Result<(Vec<TicketComment>, Option<Cursor>), StoreError> {
        const SQL: &str =
            "SELECT key, created_at, id, author_kind, author, internal, text FROM ticket_comment
            WHERE ticket = ? AND key > ? AND internal <= ? ORDER BY key LIMIT ?";
        let args = Args::default().int(ticket.number).int(cursor.map_or(0, |(_, key)| key));
        let args = args.int(i64::from(internal)).int(one_more(limit));
        Ok(paged(self.all(SQL, args, comment).await?, limit))
    }

    /// A comment on a ticket.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn ticket_comment(
        &self,
        ticket: &Ticket,
        id: Uuid,
    ) -> Result<Option<TicketComment>, StoreError> {
        const SQL: &str =
            "SELECT key, created_at, id, author_kind, author, internal, text FROM ticket_comment
            WHERE id = ? AND ticket = ?";
        let args = Args::default().blob(id.as_bytes()).int(ticket.number);
        Ok(self.one(SQL, args, comment).await?.map(|(_, comment)| comment))
    }

    /// A page of a ticket's history, oldest first, and where it goes on.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn ticket_history(
        &self,
        ticket: &Ticket,
        cursor: Option<Cursor>,
        limit: usize,
    ) -> Result<(Vec<TicketHistory>, Option<Cursor>), StoreError> {
        const SQL: &str = "SELECT key, at, actor_kind, actor, field, before, after FROM ticket_history
            WHERE ticket = ? AND key > ? ORDER BY key LIMIT ?";
        let args = Args::default().int(ticket.number).int(cursor.map_or(0, |(_, key)| key));
        Ok(paged(self.all(SQL, args.int(one_more(limit)), history).await?, limit))
    }
}

fn one_more(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)
}

/// At most `limit` items, and the place of the last one if there are more.
fn paged<T>(mut found: Vec<(Cursor, T)>, limit: usize) -> (Vec<T>, Option<Cursor>) {
    let has_more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| has_more).map(|(cursor, _)| *cursor);
    (found.into_iter().map(|(_, item)| item).collect(), next)
}

pub(crate) fn ticket(row: &SqliteRow) -> Result<Ticket, StoreError> {
    let mut columns = Columns::of(row);
    Ok(Ticket {
        number: columns.take()?,
        id: columns.uuid()?,
        inbox: InboxKey(columns.take()?),
        requester: columns.optional()?.map(VisitorKey),
        subject: columns.take()?,
        body: columns.take()?,
        contact: TicketContact { name: columns.take()?, email: columns.take()?, phone: columns.take()? },
        status: nth(&TicketStatus::ALL, columns.take()?)?,
        priority: nth(&TicketPriority::ALL, columns.take()?)?,
        assignee: columns.optional()?.map(AgentKey),
        team: columns.optional_uuid()?,
        due_at: columns.optional()?.map(Micros),
        created_at: Micros(columns.take()?),
        updated_at: Micros(columns.take()?),
        solved_at: columns.optional()?.map(Micros),
        version: columns.number()?,
        tags: ids(columns.optional()?)?,
        conversations: ids(columns.optional()?)?,
    })
}

fn comment(row: &SqliteRow) -> Result<(Cursor, TicketComment), StoreError> {
    let mut columns = Columns::of(row);
    let (key, at): (i64, i64) = (columns.take()?, columns.take()?);
    let comment = TicketComment {
        id: columns.uuid()?,
        author: principal(columns.take()?, columns.optional()?)?,
        internal: columns.take()?,
        text: columns.take()?,
        created_at: Micros(at),
    };
    Ok(((at, key), comment))
}

fn history(row: &SqliteRow) -> Result<(Cursor, TicketHistory), StoreError> {
    let mut columns = Columns::of(row);
    let (key, at): (i64, i64) = (columns.take()?, columns.take()?);
    let actor = principal(columns.take()?, columns.optional()?)?;
    let field: &str = columns.take()?;
    let field = TicketField::from_word(field)
        .ok_or_else(|| StoreError::corrupt(format!("a ticket has no field `{field}`")))?;
    let line = TicketLine { field, before: columns.optional()?, after: columns.optional()? };
    Ok(((at, key), TicketHistory { at: Micros(at), actor, line }))
}

/// Ids as `group_concat(hex(id))` lists them.
fn ids(list: Option<&str>) -> Result<Vec<Uuid>, StoreError> {
    let list = list.unwrap_or_default();
    let ids = list.split(',').filter(|id| !id.is_empty()).map(Uuid::try_parse);
    ids.collect::<Result<_, _>>().map_err(|_| StoreError::corrupt("an id has not 16 bytes"))
}

pub(crate) fn nth<T: Copy>(all: &[T], number: i64) -> Result<T, StoreError> {
    let one = usize::try_from(number).ok().and_then(|index| all.get(index)).copied();
    one.ok_or_else(|| StoreError::corrupt(format!("{number} is no word of a ticket")))
}

pub(crate) fn status_number(status: TicketStatus) -> i64 {
    match status {
        TicketStatus::New => 0,
        TicketStatus::Open => 1,
        TicketStatus::Pending => 2,
        TicketStatus::Solved => 3,
        TicketStatus::Closed => 4,
    }
}

pub(crate) fn priority_number(priority: TicketPriority) -> i64 {
    match priority {
        TicketPriority::Low => 0,
        TicketPriority::Normal => 1,
        TicketPriority::High => 2,
        TicketPriority::Urgent => 3,
    }
}
