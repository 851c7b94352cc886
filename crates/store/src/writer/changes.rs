use kefu_core::{Agent, Inbox, Principal, Team, TeamKey, Visitor};
use sqlx::sqlite::SqliteConnection;

use super::{canned, tags, tickets};
use crate::rows::{principal_number, role_number, status_number};
use crate::sql::{self, Args};
use crate::{Change, Session, StoreError, schema};

/// Writes one change, inside the transaction of its batch.
pub(super) async fn write(conn: &mut SqliteConnection, change: &Change) -> Result<(), StoreError> {
    match change {
        Change::Visitor(visitor) => write_visitor(conn, visitor).await,
        Change::Inbox(inbox) => write_inbox(conn, inbox).await,
        Change::Agent(agent) => write_agent(conn, agent).await,
        Change::Team(team) => write_team(conn, team).await,
        Change::EndTeam(team) => end_team(conn, *team).await,
        Change::Session(session) => write_session(conn, session).await,
        Change::Password { agent, hash } => {
            let args = Args::default().text(hash).int(agent.0);
            sql::execute(conn, "UPDATE agent SET password_hash = ? WHERE key = ?", args).await.map(drop)
        }
        Change::SessionRenewed { token_hash, at, expires_at, user_agent, address } => {
            const SQL: &str =
                "UPDATE session SET last_seen_at = ?, expires_at = ?, user_agent = ?, address = ?
                WHERE token_hash = ?";
            let args = Args::default().int(at.0).int(expires_at.map(|at| at.0));
            sql::execute(conn, SQL, args.text(user_agent).text(address).blob(token_hash)).await.map(drop)
        }
        Change::SessionSeen { token_hash, at } => {
            let args = Args::default().int(at.0).blob(token_hash);
            sql::execute(conn, "UPDATE session SET last_seen_at = ? WHERE token_hash = ?", args)
                .await
                .map(drop)
        }
        Change::EndSession(id) => {
            let args = Args::default().blob(id.as_bytes());
            sql::execute(conn, "DELETE FROM session WHERE id = ?", args).await.map(drop)
        }
        Change::EndToken(token_hash) => {
            let args = Args::default().blob(token_hash);
            sql::execute(conn, "DELETE FROM session WHERE token_hash = ?", args).await.map(drop)
        }
        Change::EndSessionsOf(principal) => end_sessions_of(conn, *principal).await,
        Change::Revise { pos, revision, text } => super::revise::write(conn, *pos, *revision, text).await,
        Change::Ticket(change) => tickets::write(conn, change).await,
        Change::External(change) => super::external::write(conn, change).await,
        Change::Tag(change) => tags::write(conn, change).await,
        Change::Mention(change) => super::mentions::write(conn, change).await,
        Change::Canned(change) => canned::write(conn, change).await,
        #[cfg(feature = "query")]
        Change::Card(change) => super::cards::write(conn, change).await,
        #[cfg(feature = "channels")]
        Change::Channel(change) => super::channels::write(conn, change).await,
        Change::File(change) => super::files::write(conn, change).await,
        Change::Knowledge(change) => super::knowledge::write(conn, change).await,
        Change::Customer(change) => super::customers::write(conn, change).await,
        Change::Block(change) => super::blocks::write(conn, change).await,
        Change::Privacy(change) => super::privacy::write(conn, change).await,
        Change::Pages { visitor, visits } => super::pages::write(conn, *visitor, visits).await,
        Change::Shadow(change) => super::shadow::write(conn, change).await,
        Change::Access(change) => super::access::write(conn, change).await,
        #[cfg(feature = "events")]
        Change::Event(change) => super::events::write(conn, change).await,
        Change::SetupToken(Some(hash)) => schema::set_meta_blob(conn, "setup_token_hash", hash).await,
        Change::SetupToken(None) => schema::remove_meta(conn, "setup_token_hash").await,
    }
}

macro_rules! visitor_insert {
    () => {
        "INSERT INTO visitor
            (key, id, inbox, external_id, verified, name, email, attributes, created_at, last_seen_at)"
    };
}

macro_rules! visitor_update {
    () => {
        "ON CONFLICT (key) DO UPDATE SET
            external_id = excluded.external_id, verified = excluded.verified, name = excluded.name,
            email = excluded.email, attributes = excluded.attributes, last_seen_at = excluded.last_seen_at
        WHERE erased_at IS NULL"
    };
}

/// The statement that writes many visitors; [`bind_visitor`] binds one.
#[cfg(feature = "import")]
pub(crate) fn visitors() -> sql::Bulk {
    sql::Bulk::new(visitor_insert!(), 10, visitor_update!())
}

pub(crate) fn bind_visitor(args: &mut Args, visitor: &Visitor) {
    args.add_int(visitor.key.0);
    args.add_blob(visitor.id.as_bytes());
    args.add_int(visitor.inbox.0);
    args.add_opt_text(visitor.external_id.as_deref());
    args.add_int(i64::from(visitor.verified));
    args.add_text(&visitor.name);
    args.add_text(&visitor.email);
    args.add_text(&visitor.attributes);
    args.add_int(visitor.created_at.0);
    args.add_int(visitor.last_seen_at.0);
}

async fn write_visitor(conn: &mut SqliteConnection, visitor: &Visitor) -> Result<(), StoreError> {
    const SQL: &str =
        concat!(visitor_insert!(), " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ", visitor_update!());
    super::events::identified(conn, visitor).await?;
    let mut args = Args::default();
    bind_visitor(&mut args, visitor);
    sql::execute(conn, SQL, args).await.map(drop)
}

async fn write_inbox(conn: &mut SqliteConnection, inbox: &Inbox) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO inbox
        (key, id, slug, name, greeting, origins, identity_required, sealed_secret, created_at, settings,
         versions)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (key) DO UPDATE SET
            slug = excluded.slug, name = excluded.name, greeting = excluded.greeting,
            origins = excluded.origins, identity_required = excluded.identity_required,
            sealed_secret = excluded.sealed_secret, settings = excluded.settings,
            versions = excluded.versions";
    let origins = json(&inbox.origins);
    let args = Args::default()
        .int(inbox.key.0)
        .blob(inbox.id.as_bytes())
        .text(&inbox.slug)
        .text(&inbox.name)
        .text(&inbox.greeting)
        .text(&origins)
        .int(i64::from(inbox.identity_required))
        .blob(&inbox.sealed_secret)
        .int(inbox.created_at.0)
        .text(&json(&inbox.settings))
        .text(&json(&inbox.versions));
    sql::execute(conn, SQL, args).await.map(drop)
}

macro_rules! agent_insert {
    () => {
        "INSERT INTO agent
            (key, id, name, email, role, status, capacity, disabled, created_at, teams, skills, custom_role,
            status_reason, status_at)"
    };
}

macro_rules! agent_update {
    () => {
        "ON CONFLICT (key) DO UPDATE SET
            name = excluded.name, email = excluded.email, role = excluded.role, status = excluded.status,
            capacity = excluded.capacity, disabled = excluded.disabled, teams = excluded.teams,
            skills = excluded.skills, custom_role = excluded.custom_role,
            status_reason = excluded.status_reason, status_at = excluded.status_at"
    };
}

/// The statement that writes many agents; [`bind_agent`] binds one.
#[cfg(feature = "import")]
pub(crate) fn agents() -> sql::Bulk {
    sql::Bulk::new(agent_insert!(), 14, agent_update!())
}

pub(crate) fn bind_agent(args: &mut Args, agent: &Agent) {
    args.add_int(agent.key.0);
    args.add_blob(agent.id.as_bytes());
    args.add_text(&agent.name);
    args.add_text(&agent.email);
    args.add_int(role_number(agent.role));
    args.add_int(status_number(agent.status));
    args.add_int(i64::from(agent.capacity));
    args.add_int(i64::from(agent.disabled));
    args.add_int(agent.created_at.0);
    args.add_text(&json(&agent.teams));
    args.add_text(&json(&agent.skills));
    args.add_opt_blob(agent.custom_role.as_ref().map(|id| id.as_bytes().as_slice()));
    args.add_opt_text(agent.status_reason.as_deref());
    args.add_int(agent.status_at.0);
}

async fn write_agent(conn: &mut SqliteConnection, agent: &Agent) -> Result<(), StoreError> {
    const SQL: &str =
        concat!(agent_insert!(), " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ", agent_update!());
    let mut args = Args::default();
    bind_agent(&mut args, agent);
    sql::execute(conn, SQL, args).await.map(drop)
}

async fn write_team(conn: &mut SqliteConnection, team: &Team) -> Result<(), StoreError> {
    const SQL: &str =
        "INSERT INTO team (key, id, name, settings, versions, created_at) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (key) DO UPDATE SET
            name = excluded.name, settings = excluded.settings, versions = excluded.versions";
    let args = Args::default()
        .int(team.key.0)
        .blob(team.id.as_bytes())
        .text(&team.name)
        .text(&json(&team.settings))
        .text(&json(&team.versions))
        .int(team.created_at.0);
    sql::execute(conn, SQL, args).await.map(drop)
}

async fn end_team(conn: &mut SqliteConnection, team: TeamKey) -> Result<(), StoreError> {
    const AGENTS: &str = "UPDATE agent SET teams =
            (SELECT json_group_array(value) FROM json_each(agent.teams) WHERE value <> ?1)
        WHERE ?1 IN (SELECT value FROM json_each(agent.teams))";
    sql::execute(conn, AGENTS, Args::default().int(team.0)).await?;
    sql::execute(conn, "DELETE FROM team WHERE key = ?", Args::default().int(team.0)).await.map(drop)
}

fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).expect("names, numbers and settings are plain JSON")
}

async fn write_session(conn: &mut SqliteConnection, session: &Session) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO session
        (token_hash, id, principal_kind, principal, inbox, created_at, last_seen_at, expires_at, user_agent,
         address)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let (kind, key) = principal_number(session.principal);
    let args = Args::default()
        .blob(&session.token_hash)
        .blob(session.id.as_bytes())
        .int(kind)
        .int(key)
        .int(session.inbox.map(|inbox| inbox.0))
        .int(session.created_at.0)
        .int(session.last_seen_at.0)
        .int(session.expires_at.map(|at| at.0))
        .text(&session.user_agent)
        .text(&session.address);
    sql::execute(conn, SQL, args).await.map(drop)
}

async fn end_sessions_of(conn: &mut SqliteConnection, principal: Principal) -> Result<(), StoreError> {
    let (kind, key) = principal_number(principal);
    let args = Args::default().int(kind).int(key);
    sql::execute(conn, "DELETE FROM session WHERE principal_kind = ? AND principal = ?", args).await.map(drop)
}
