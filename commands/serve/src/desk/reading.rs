//! The desk of a standby: it has no writer and no live state, and answers from the store.

use std::{sync::Arc, time::Duration};

use kefu_core::{Action, AgentStatus, Audience, Conversation, ConversationKey};
use kefu_store::{Follower, Store, StoreError};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::{
    Shared,
    api::{Command, Reply, Send, Snapshot, agent_view},
    hot::HotSet,
};
use crate::{
    files::Links,
    identity::Identity,
    masking::Masking,
    problem::Problem,
    standby,
    view::{AgentView, ConversationView, Directory},
};

/// How often it looks at what the other process has written.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What a desk that only reads is made of.
pub(crate) struct ReadingOptions {
    pub(crate) store: Store,
    pub(crate) tracker: TaskTracker,
    /// What agents get masked of personal data.
    pub(crate) masking: Masking,
    /// Makes the addresses of files.
    pub(crate) links: Links,
}

/// What the task owns.
pub(super) struct Reading {
    store: Store,
    shared: Arc<Shared>,
    follower: Follower,
    masking: Masking,
    links: Links,
}

impl Reading {
    /// Reads people, settings and the end of the log.
    pub(super) async fn load(options: ReadingOptions, shared: Arc<Shared>) -> Result<Self, StoreError> {
        let ReadingOptions { store, masking, links, .. } = options;
        let mut reading = Self { store, shared, follower: Follower::default(), masking, links };
        reading.look().await?;
        Ok(reading)
    }

    /// Runs until the last handle is gone or somebody asks to stop.
    pub(super) async fn run(mut self, mut requests: mpsc::Receiver<Command>) {
        let mut looks = interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                _ = looks.tick() => {
                    if let Err(error) = self.look().await {
                        tracing::warn!(error = &error as &dyn std::error::Error, "cannot follow the store");
                    }
                }
                command = requests.recv() => match command {
                    Some(Command::Stop { reply }) => return reply.send(()).unwrap_or(()),
                    Some(command) => self.answer(command).await,
                    None => return,
                }
            }
        }
    }

    /// Follows what was written since the last time.
    async fn look(&mut self) -> Result<(), StoreError> {
        self.follower.catch_up(&self.store).await?;
        let store = &self.store;
        let directory = Directory {
            agents: store.agents().await?.into_iter().map(|agent| (agent.key, agent)).collect(),
            teams: store.teams().await?.into_iter().map(|team| (team.key, team)).collect(),
            roles: store.roles().await?.into_iter().map(|role| (role.id, role)).collect(),
            inboxes: store.inboxes().await?.into_iter().map(|inbox| (inbox.key, inbox)).collect(),
            #[cfg(feature = "migrate")]
            fed: super::feed::fed(store.fed_inboxes().await?),
            masking: self.masking,
            links: self.links.clone(),
        };
        let mut shared = self.shared.directory.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        *shared = Arc::new(directory);
        Ok(())
    }

    async fn answer(&self, command: Command) {
        // Whoever asked may have stopped waiting.
        match command {
            Command::Snapshot { who, conversation, reply } => {
                reply.send(self.snapshot(&who, conversation).await).ok();
            }
            Command::Views { who, conversations, reply } => {
                reply.send(self.views(who.audience(), &conversations).await.map_err(Problem::from)).ok();
            }
            Command::Agents { reply } => {
                reply.send(Ok(self.agents())).ok();
            }
            // Of what is left then, nobody waits for it, or the end of its reply says enough.
            command => {
                if let Some(Command::Send(Send { units, reply: Reply::Call(reply), .. })) =
                    command.refuse(&standby::refusal())
                {
                    self.shared.budget.add_permits(units as usize);
                    reply.send(Err(standby::refusal())).ok();
                }
            }
        }
    }

    fn directory(&self) -> Arc<Directory> {
        let directory = self.shared.directory.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        Arc::clone(&directory)
    }

    async fn conversations(&self, ids: &[Uuid], keys: &[ConversationKey]) -> Result<HotSet, StoreError> {
        let heads = self.follower.heads(&self.store, ids, keys).await?;
        let mut found = HotSet::default();
        found.bring(heads, &self.store).await?;
        Ok(found)
    }

    async fn snapshot(&self, who: &Identity, id: Uuid) -> Result<Snapshot, Problem> {
        let found = self.conversations(&[id], &[]).await?;
        let hot = found.key(id).and_then(|key| found.peek(key));
        // What an agent was only offered is not known here.
        let hot = hot.filter(|hot| self.directory().may(who, Action::Read, &hot.conversation));
        let hot = hot.ok_or_else(|| Problem::not_found("conversation"))?;
        Ok(Snapshot {
            conversation: Conversation::clone(&hot.conversation),
            visitor: Arc::clone(&hot.visitor),
        })
    }

    async fn views(
        &self,
        audience: Audience,
        keys: &[ConversationKey],
    ) -> Result<Vec<ConversationView>, StoreError> {
        let (found, directory) = (self.conversations(&[], keys).await?, self.directory());
        let found = keys.iter().filter_map(|key| found.peek(*key));
        let view = |hot: &super::hot::Hot| {
            directory.conversation(&hot.conversation, &hot.visitor, hot.last_message(audience), audience)
        };
        Ok(found.map(view).collect())
    }

    /// Who is here and what they have is known to the other process alone.
    fn agents(&self) -> Vec<AgentView> {
        let directory = self.directory();
        let mut agents: Vec<_> = directory.agents.values().collect();
        agents.sort_unstable_by_key(|agent| agent.key);
        let view = |agent: &&kefu_core::Agent| {
            let (rights, teams) = (directory.rights_of(agent), directory.team_ids(&agent.teams));
            agent_view(agent, rights, (AgentStatus::Offline, None), 0, teams)
        };
        agents.iter().map(view).collect()
    }
}
