use kefu_core::{Micros, Principal, Ticket, TicketField, TicketLine};
use kefu_text::terms::index_terms;
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

use super::{events, tags};
use crate::rows::{int, principal_number};
use crate::sql::{self, Args};
use crate::tickets::{TicketChange, TicketComment, priority_number, status_number};
use crate::{HappenedKind, StoreError};

/// Writes a change of tickets, inside the transaction of its batch.
pub(super) async fn write(conn: &mut SqliteConnection, change: &TicketChange) -> Result<(), StoreError> {
    match change {
        TicketChange::Open { ticket, by } => open(conn, ticket, *by).await,
        TicketChange::Update { ticket, lines, by } => update(conn, ticket, lines, *by).await,
        TicketChange::Comment { ticket, comment } => add_comment(conn, *ticket, comment).await,
        TicketChange::Link { ticket, conversation, by, at } => {
            let number = touch(conn, *ticket, *at).await?;
            link(conn, number, *conversation, *by, *at).await
        }
        TicketChange::Unlink { ticket, conversation, by, at } => {
            unlink(conn, *ticket, *conversation, *by, *at).await
        }
    }
}

async fn open(conn: &mut SqliteConnection, ticket: &Ticket, by: Principal) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO ticket
        (id, inbox, requester, subject, body, contact_name, contact_email, contact_phone, status, priority,
         assignee, team, due_at, created_at, updated_at, solved_at, version)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1) RETURNING number";
    let mut args = Args::default()
        .blob(ticket.id.as_bytes())
        .int(ticket.inbox.0)
        .int(ticket.requester.map(|visitor| visitor.0))
        .text(&ticket.subject)
        .text(&ticket.body)
        .text(&ticket.contact.name)
        .text(&ticket.contact.email)
        .text(&ticket.contact.phone)
        .int(status_number(ticket.status))
        .int(priority_number(ticket.priority))
        .int(ticket.assignee.map(|agent| agent.0));
    args.add_opt_blob(ticket.team.as_ref().map(|team| team.as_bytes().as_slice()));
    let args = args
        .int(ticket.due_at.map(|at| at.0))
        .int(ticket.created_at.0)
        .int(ticket.updated_at.0)
        .int(ticket.solved_at.map(|at| at.0));
    let row = sql::row(conn, SQL, args).await?;
    let row = row.ok_or_else(|| StoreError::corrupt("a new ticket has no number"))?;
    let number: i64 = row.try_get_unchecked(0)?;
    index(conn, number, ticket).await?;
    tags::set_of_ticket(conn, number, &ticket.tags).await?;
    for conversation in &ticket.conversations {
        link(conn, number, *conversation, by, ticket.created_at).await?;
    }
    events::happened(conn, HappenedKind::TicketMade, number, (0, 0), by, ticket.created_at).await
}

async fn update(
    conn: &mut SqliteConnection,
    ticket: &Ticket,
    lines: &[TicketLine],
    by: Principal,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE ticket SET subject = ?, status = ?, priority = ?, assignee = ?, team = ?,
            due_at = ?, updated_at = max(updated_at, ?), solved_at = ?, version = version + 1
        WHERE id = ? AND version = ? RETURNING number";
    let mut args = Args::default()
        .text(&ticket.subject)
        .int(status_number(ticket.status))
        .int(priority_number(ticket.priority))
        .int(ticket.assignee.map(|agent| agent.0));
    args.add_opt_blob(ticket.team.as_ref().map(|team| team.as_bytes().as_slice()));
    let args = args
        .int(ticket.due_at.map(|at| at.0))
        .int(ticket.updated_at.0)
        .int(ticket.solved_at.map(|at| at.0))
        .blob(ticket.id.as_bytes())
        .int(int(ticket.version));
    let row = sql::row(conn, SQL, args).await?.ok_or(StoreError::Stale("ticket"))?;
    let number: i64 = row.try_get_unchecked(0)?;
    // A trigger has taken away what it said before.
    if lines.iter().any(|line| line.field == TicketField::Subject) {
        index(conn, number, ticket).await?;
    }
    if lines.iter().any(|line| line.field == TicketField::Tags) {
        tags::set_of_ticket(conn, number, &ticket.tags).await?;
    }
    let mut keys = (0, 0);
    for line in lines {
        let key = add_line(conn, number, line, by, ticket.updated_at).await?;
        keys = (if keys.0 == 0 { key } else { keys.0 }, key);
    }
    events::happened(conn, HappenedKind::TicketChanged, number, keys, by, ticket.updated_at).await
}

/// Has searches find a ticket by what it says.
async fn index(conn: &mut SqliteConnection, number: i64, ticket: &Ticket) -> Result<(), StoreError> {
    let mut words = String::new();
    for text in [&ticket.subject, &ticket.body, &ticket.contact.name] {
        index_terms(text, &mut words);
    }
    let sql = "INSERT INTO ticket_search (rowid, words) VALUES (?, ?)";
    sql::execute(conn, sql, Args::default().int(number).text(&words)).await.map(drop)
}

async fn add_comment(
    conn: &mut SqliteConnection,
    ticket: Uuid,
    comment: &TicketComment,
) -> Result<(), StoreError> {
    const SQL: &str =
        "INSERT INTO ticket_comment (id, ticket, author_kind, author, internal, text, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING key";
    let number = touch(conn, ticket, comment.created_at).await?;
    let (kind, author) = principal_number(comment.author);
    let args = Args::default()
        .blob(comment.id.as_bytes())
        .int(number)
        .int(kind)
        .int(author)
        .int(i64::from(comment.internal))
        .text(&comment.text)
        .int(comment.created_at.0);
    let key = inserted(conn, SQL, args).await?;
    let mut words = String::new();
    index_terms(&comment.text, &mut words);
    let index = "INSERT INTO ticket_comment_search (rowid, words) VALUES (?, ?)";
    sql::execute(conn, index, Args::default().int(key).text(&words)).await?;
    let (by, at) = (comment.author, comment.created_at);
    events::happened(conn, HappenedKind::TicketCommented, number, (key, key), by, at).await
}

/// Notes that something happened to a ticket; returns its number.
async fn touch(conn: &mut SqliteConnection, ticket: Uuid, at: Micros) -> Result<i64, StoreError> {
    const SQL: &str = "UPDATE ticket SET updated_at = max(updated_at, ?) WHERE id = ? RETURNING number";
    let row = sql::row(conn, SQL, Args::default().int(at.0).blob(ticket.as_bytes())).await?;
    Ok(row.ok_or(StoreError::Stale("ticket"))?.try_get_unchecked(0)?)
}

async fn link(
    conn: &mut SqliteConnection,
    number: i64,
    conversation: Uuid,
    by: Principal,
    at: Micros,
) -> Result<(), StoreError> {
    const SQL: &str = "INSERT OR IGNORE INTO ticket_conversation (ticket, conversation) VALUES (?, ?)";
    let row = sql::row(
        conn,
        "SELECT key FROM conversation WHERE id = ?",
        Args::default().blob(conversation.as_bytes()),
    );
    let key: i64 = row.await?.ok_or(StoreError::Stale("conversation"))?.try_get_unchecked(0)?;
    if sql::execute(conn, SQL, Args::default().int(number).int(key)).await? == 0 {
        return Ok(());
    }
    let after = Some(conversation.to_string());
    add_line(conn, number, &TicketLine { field: TicketField::Conversation, before: None, after }, by, at)
        .await
        .map(drop)
}

async fn unlink(
    conn: &mut SqliteConnection,
    ticket: Uuid,
    conversation: Uuid,
    by: Principal,
    at: Micros,
) -> Result<(), StoreError> {
    const SQL: &str = "DELETE FROM ticket_conversation WHERE ticket = ?
        AND conversation = (SELECT key FROM conversation WHERE id = ?)";
    let number = touch(conn, ticket, at).await?;
    if sql::execute(conn, SQL, Args::default().int(number).blob(conversation.as_bytes())).await? == 0 {
        return Err(StoreError::Stale("link"));
    }
    let before = Some(conversation.to_string());
    add_line(conn, number, &TicketLine { field: TicketField::Conversation, before, after: None }, by, at)
        .await
        .map(drop)
}

/// Adds a line to the history; returns its key.
async fn add_line(
    conn: &mut SqliteConnection,
    number: i64,
    line: &TicketLine,
    by: Principal,
    at: Micros,
) -> Result<i64, StoreError> {
    const SQL: &str = "INSERT INTO ticket_history (ticket, at, actor_kind, actor, field, before, after)
        VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING key";
    let (kind, actor) = principal_number(by);
    let mut args = Args::default().int(number).int(at.0).int(kind).int(actor).text(line.field.as_str());
    args.add_opt_text(line.before.as_deref());
    args.add_opt_text(line.after.as_deref());
    inserted(conn, SQL, args).await
}

/// Runs an `INSERT` of one row; returns the key that it names at its end.
async fn inserted(conn: &mut SqliteConnection, sql: &'static str, args: Args) -> Result<i64, StoreError> {
    let row = sql::row(conn, sql, args).await?;
    Ok(row.ok_or_else(|| StoreError::corrupt("a new row has no key"))?.try_get_unchecked(0)?)
}
