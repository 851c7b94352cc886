//! Teams.

use kefu_core::{FieldVersions, Micros, Team, TeamKey, TeamSettings};
use kefu_protocol::frame::ErrorCode;
use kefu_store::Change;

use super::{
    api::{Answer, TeamChange},
    batch::{Pending, Work},
    people::check_version,
    task::Task,
};
use crate::problem::Problem;

impl Task {
    /// Makes, changes or takes away a team in the group.
    pub(super) fn apply_team(
        &mut self,
        change: TeamChange,
        reply: Answer<Team>,
        now: Micros,
        work: &mut Work,
    ) {
        match self.team_row(&change, now, work) {
            Ok(team) => {
                work.audit(change.audit, ("team", team.id));
                work.changes.push(match change.ends {
                    true => Change::EndTeam(team.key),
                    false => Change::Team(team.clone()),
                });
                work.answers.push(Pending::Team { team, ends: change.ends, reply });
            }
            Err(problem) => drop(reply.send(Err(problem))),
        }
    }

    fn team_row(&mut self, change: &TeamChange, now: Micros, work: &Work) -> Result<Team, Problem> {
        let pending = || {
            work.answers.iter().rev().filter_map(|pending| match pending {
                Pending::Team { team, ends, .. } => Some((team, *ends)),
                _ => None,
            })
        };
        let mut team = match change.id {
            Some(id) => {
                let changed = pending().find(|(team, _)| team.id == id);
                let known =
                    changed.map_or_else(|| self.directory.team(id), |(team, ends)| (!ends).then_some(team));
                known.cloned().ok_or_else(|| Problem::not_found("team"))?
            }
            None => Team {
                key: self.writer.next_team_key(),
                id: self.ids.next(now),
                name: String::new(),
                settings: TeamSettings::default(),
                versions: FieldVersions::default(),
                created_at: now,
            },
        };
        check_version("team", &team.versions, change.seen)?;
        let before = team.clone();
        if let Some(name) = &change.name {
            let taken = |other: &Team| other.key != team.key && other.name == *name;
            if pending().any(|(team, _)| taken(team)) || self.directory.teams.values().any(taken) {
                let conflict = Problem::new(ErrorCode::Conflict, "another team has this name");
                return Err(Problem { field: Some("name"), ..conflict });
            }
            team.name.clone_from(name);
        }
        if let Some(settings) = &change.settings {
            team.settings.clone_from(settings);
        }
        if change.id.is_some() {
            team.versions.change(team.changed_since(&before));
        }
        Ok(team)
    }

    /// Makes a committed team known to routing and to everybody else.
    pub(super) fn team_committed(&mut self, team: &Team, ends: bool, now: Micros) {
        let (key, changed) = (team.key, team.clone());
        self.change_directory(|directory| {
            if ends {
                directory.teams.remove(&key);
                for agent in directory.agents.values_mut() {
                    agent.teams.retain(|team| *team != key);
                }
            } else {
                directory.teams.insert(key, changed);
            }
        });
        if ends {
            self.routing.remove_team(key, now);
        }
        // A team that helps out is named by others' rules.
        self.set_teams(now);
    }

    /// Makes all teams known to routing.
    pub(super) fn set_teams(&mut self, now: Micros) {
        let key_of = |id| self.directory.team(id).map(|team| team.key);
        let rules: Vec<(TeamKey, _)> =
            self.directory.teams.values().map(|team| (team.key, team.settings.rules(key_of))).collect();
        for (key, rules) in rules {
            self.routing.set_team(Some(key), rules, now);
        }
    }
}
