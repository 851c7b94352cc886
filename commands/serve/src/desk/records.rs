//! People, settings and records, as they are asked of the desk.

use std::sync::Arc;

use kefu_core::{CustomRole, Inbox, Micros};
use kefu_store::{AuditRecord, RecordSet, Scrub};
use uuid::Uuid;

use super::{
    Desk,
    api::{AgentChange, Command, InboxChange, RoleChange, TeamChange},
};
use crate::{problem::Problem, view::AgentView};

impl Desk {
    /// Makes or changes an agent.
    pub(crate) async fn put_agent(&self, change: AgentChange) -> Result<AgentView, Problem> {
        self.ask(|reply| Command::PutAgent { change: Box::new(change), reply }).await
    }

    /// Makes, changes or takes away a team.
    pub(crate) async fn put_team(&self, change: TeamChange) -> Result<kefu_core::Team, Problem> {
        self.ask(|reply| Command::PutTeam { change: Box::new(change), reply }).await
    }

    /// Makes or changes an inbox.
    pub(crate) async fn put_inbox(&self, change: InboxChange) -> Result<Inbox, Problem> {
        self.ask(|reply| Command::PutInbox { change: Box::new(change), reply }).await
    }

    /// Makes or changes a role.
    pub(crate) async fn put_role(&self, change: RoleChange) -> Result<CustomRole, Problem> {
        self.ask(|reply| Command::PutRole { change: Box::new(change), reply }).await
    }

    /// Deletes a role that no agent has.
    pub(crate) async fn drop_role(&self, id: Uuid, audit: AuditRecord) -> Result<(), Problem> {
        self.ask(|reply| Command::DropRole { id, audit: Box::new(audit), reply }).await
    }

    /// All agents, with what they are doing.
    pub(crate) async fn agents(&self) -> Result<Vec<AgentView>, Problem> {
        self.ask(|reply| Command::Agents { reply }).await
    }

    /// Records a session.
    #[cfg(test)]
    pub(crate) async fn open_session(&self, session: kefu_store::Session) -> Result<(), Problem> {
        let changes = vec![kefu_store::Change::Session(session)];
        self.record(RecordSet { changes, audit: Vec::new() }).await
    }

    /// Notes that a session was used; not waited for.
    pub(crate) fn session_seen(&self, token_hash: [u8; 32], at: Micros) {
        drop(self.try_post(Command::SessionSeen { token_hash, at }));
    }

    /// Ends a session and its sockets.
    pub(crate) async fn end_session(&self, id: Uuid) -> Result<(), Problem> {
        self.ask(|reply| Command::EndSession { id, reply }).await
    }

    /// Whether there is an admin who can sign in.
    pub(crate) async fn has_admin(&self) -> Result<bool, Problem> {
        Ok(self.store.has_admin().await?)
    }

    /// Sets or forgets the one-time token of the first admin.
    pub(crate) async fn set_setup_token(&self, hash: Option<[u8; 32]>) -> Result<(), Problem> {
        self.ask(|reply| Command::SetupToken { hash, reply }).await
    }

    /// Writes records outside the conversations, all of the set or nothing of it; returns when they are durable.
    ///
    /// # Errors
    /// `conflict` when a value is taken, or when a record is not what its change was made for.
    pub(crate) async fn record(&self, set: RecordSet) -> Result<(), Problem> {
        self.ask(|reply| Command::Record { set: Box::new(set), reply }).await
    }

    /// Empties the store's write-ahead log and cleans what `scrub` noted, or begins a scrub; `unavailable` while
    /// somebody reads what is in the log.
    pub(crate) async fn scrub(&self, scrub: Option<Arc<Scrub>>) -> Result<Arc<Scrub>, Problem> {
        self.ask(|reply| Command::Scrub { scrub, reply }).await
    }
}
