//! Roles of the company's own, and that somebody who may do everything is always left.

use kefu_core::{Agent, CustomRole, Micros, Principal};
use kefu_protocol::frame::ErrorCode;
use kefu_store::{AccessChange, AuditRecord, Change};
use uuid::Uuid;

use super::{
    api::{Answer, RoleChange},
    batch::{Pending, Work},
    task::Task,
};
use crate::{problem::Problem, view::Directory};

/// Most roles of the company's own.
const ROLES_MAX: usize = 200;

impl Task {
    /// Makes or changes a role in the group.
    pub(super) fn apply_role(
        &mut self,
        change: RoleChange,
        reply: Answer<CustomRole>,
        now: Micros,
        work: &mut Work,
    ) {
        match self.role_row(&change, now, work) {
            Ok(role) => {
                work.audit(change.audit, ("role", role.id));
                work.changes.push(Change::Access(AccessChange::Role(role.clone())));
                work.answers.push(Pending::Role { role, reply });
            }
            Err(problem) => drop(reply.send(Err(problem))),
        }
    }

    fn role_row(&mut self, change: &RoleChange, now: Micros, work: &Work) -> Result<CustomRole, Problem> {
        let mut staged = self.staged(work);
        let had_admin = staged.has_admin();
        let mut role = match change.id {
            Some(id) => staged.roles.get(&id).cloned().ok_or_else(|| Problem::not_found("role"))?,
            None if staged.roles.len() >= ROLES_MAX => {
                let detail = format!("there are {ROLES_MAX} roles: delete one first");
                return Err(Problem::new(ErrorCode::Conflict, detail));
            }
            None => CustomRole {
                id: self.ids.next(now),
                name: String::new(),
                rights: kefu_core::Rights::NONE,
                created_at: now,
            },
        };
        if let Some(name) = &change.name {
            if staged.roles.values().any(|other| other.id != role.id && other.name == *name) {
                let conflict = Problem::new(ErrorCode::Conflict, "another role has this name");
                return Err(Problem { field: Some("name"), ..conflict });
            }
            role.name.clone_from(name);
        }
        role.rights = change.rights.unwrap_or(role.rights);
        staged.roles.insert(role.id, role.clone());
        if had_admin && !staged.has_admin() { Err(last_admin()) } else { Ok(role) }
    }

    /// Deletes a role in the group.
    pub(super) fn drop_role(&mut self, id: Uuid, audit: AuditRecord, reply: Answer<()>, work: &mut Work) {
        let staged = self.staged(work);
        let refused = if !staged.roles.contains_key(&id) {
            Some(Problem::not_found("role"))
        } else if staged.agents.values().any(|agent| agent.custom_role == Some(id)) {
            Some(Problem::new(ErrorCode::Conflict, "agents have this role: give them another one first"))
        } else {
            None
        };
        if let Some(problem) = refused {
            return drop(reply.send(Err(problem)));
        }
        work.audit(Some(audit), ("role", id));
        work.changes.push(Change::Access(AccessChange::DropRole(id)));
        work.answers.push(Pending::RoleGone { id, reply });
    }

    /// Refuses an agent's new rights when its role does not exist, or when nobody would be left who may do
    /// everything.
    pub(super) fn check_rights(&self, agent: &Agent, work: &Work) -> Result<(), Problem> {
        let mut staged = self.staged(work);
        if agent.custom_role.is_some_and(|id| !staged.roles.contains_key(&id)) {
            return Err(Problem::invalid("custom_role_id", "there is no such role"));
        }
        let had_admin = staged.has_admin();
        staged.agents.insert(agent.key, agent.clone());
        if had_admin && !staged.has_admin() { Err(last_admin()) } else { Ok(()) }
    }

    /// Agents and roles as this group leaves them so far.
    fn staged(&self, work: &Work) -> Directory {
        let mut staged = (*self.directory).clone();
        for pending in &work.answers {
            match pending {
                Pending::Agent { agent, .. } => drop(staged.agents.insert(agent.key, agent.clone())),
                Pending::Role { role, .. } => drop(staged.roles.insert(role.id, role.clone())),
                Pending::RoleGone { id, .. } => drop(staged.roles.remove(id)),
                _ => {}
            }
        }
        staged
    }

    /// Has a committed role count: for routing at once, for connections from their next beginning on.
    pub(super) fn role_committed(&mut self, role: &CustomRole, now: Micros) {
        let rights_before = self.directory.roles.get(&role.id).map(|before| before.rights);
        self.change_directory(|directory| drop(directory.roles.insert(role.id, role.clone())));
        if rights_before.is_none_or(|before| before == role.rights) {
            return;
        }
        let agents: Vec<_> = self.directory.agents.values().cloned().collect();
        for agent in agents.iter().filter(|agent| agent.custom_role == Some(role.id)) {
            let profile = self.profile(agent);
            self.routing.set_agent(agent.key, profile, now);
            self.close_connections_of(Principal::Agent(agent.key));
        }
    }
}

fn last_admin() -> Problem {
    Problem::new(ErrorCode::Conflict, "nobody would be left who may do everything: make another admin first")
}
