use std::collections::HashMap;

use kefu_core::{AgentKey, InboxKey, TeamKey};
use kefu_store::{Store, StoreError};
use uuid::Uuid;

/// What agents, teams, inboxes and tags are called.
pub(crate) struct Names {
    agents: HashMap<i64, (Uuid, String)>,
    teams: HashMap<i64, (Uuid, String)>,
    inboxes: HashMap<i64, (Uuid, String)>,
    tags: HashMap<i64, (Uuid, String)>,
}

impl Names {
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn load(store: &Store) -> Result<Self, StoreError> {
        let agents = store.agents().await?.into_iter();
        let teams = store.teams().await?.into_iter();
        let inboxes = store.inboxes().await?.into_iter();
        let tags = store.tag_names().await?.into_iter();
        Ok(Self {
            agents: agents.map(|agent| (agent.key.0, (agent.id, agent.name.to_string()))).collect(),
            teams: teams.map(|team| (team.key.0, (team.id, team.name))).collect(),
            inboxes: inboxes.map(|inbox| (inbox.key.0, (inbox.id, inbox.name))).collect(),
            tags: tags.map(|(key, id, name)| (key, (id, name))).collect(),
        })
    }

    pub(crate) fn agent(&self, AgentKey(key): AgentKey) -> Option<&(Uuid, String)> {
        self.agents.get(&key)
    }

    pub(crate) fn team(&self, TeamKey(key): TeamKey) -> Option<&(Uuid, String)> {
        self.teams.get(&key)
    }

    pub(crate) fn inbox(&self, InboxKey(key): InboxKey) -> Option<&(Uuid, String)> {
        self.inboxes.get(&key)
    }

    pub(crate) fn tag(&self, key: i64) -> Option<&(Uuid, String)> {
        self.tags.get(&key)
    }

    pub(crate) fn agent_by_id(&self, id: Uuid) -> Option<AgentKey> {
        key(&self.agents, id).map(AgentKey)
    }

    pub(crate) fn team_by_id(&self, id: Uuid) -> Option<TeamKey> {
        key(&self.teams, id).map(TeamKey)
    }

    pub(crate) fn inbox_by_id(&self, id: Uuid) -> Option<InboxKey> {
        key(&self.inboxes, id).map(InboxKey)
    }

    pub(crate) fn tag_by_id(&self, id: Uuid) -> Option<i64> {
        key(&self.tags, id)
    }
}

fn key(names: &HashMap<i64, (Uuid, String)>, wanted: Uuid) -> Option<i64> {
    names.iter().find(|(_, (id, _))| *id == wanted).map(|(key, _)| *key)
}
