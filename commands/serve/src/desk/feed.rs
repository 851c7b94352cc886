//! What an older system's records come by while the daemon runs: batches of `kefu migrate`, written between groups.

use std::collections::HashSet;

use kefu_core::{InboxKey, Micros};
use kefu_store::{
    StoreError,
    import::{FeedAnswer, FeedRequest, Importer},
};

use super::{Desk, api::Command, task::Task};
use crate::{clock, problem::Problem};

impl Desk {
    /// Does what who feeds the store asks; returns when it is durable.
    pub(crate) async fn feed(&self, request: FeedRequest) -> Result<FeedAnswer, Problem> {
        self.ask(|reply| Command::Feed { request: Box::new(request), reply }).await
    }
}

impl Task {
    /// Carries out what feeds the store, each request in a transaction of its own, before the others are looked at.
    pub(super) async fn feed(&mut self, commands: &mut Vec<Command>) {
        let feeds: Vec<_> =
            commands.extract_if(.., |command| matches!(command, Command::Feed { .. })).collect();
        for command in feeds {
            if let Command::Feed { request, reply } = command {
                // Who asked may be gone: it asks again.
                reply.send(Ok(self.take_feed(*request).await)).ok();
            }
        }
    }

    async fn take_feed(&mut self, request: FeedRequest) -> FeedAnswer {
        let fed = match Importer::beside(&mut self.writer).await {
            Ok(mut importer) => importer.carry_out(request).await,
            Err(error) => return FeedAnswer::Failed(error.into()),
        };
        // Nobody but this changes what is fed, and of visitors who say something else of themselves nothing is kept.
        let (directory, visitors) = (&self.directory, fed.visitors.into_iter().collect::<HashSet<_>>());
        self.hot.forget(|hot| {
            fed.is_anybody_gone
                || directory.is_fed(hot.conversation.inbox)
                || visitors.contains(&hot.conversation.visitor)
        });
        if fed.is_directory_changed
            && let Err(error) = self.follow_feed(clock::now()).await
        {
            tracing::error!(error = &error as &dyn std::error::Error, "cannot read what was fed");
        }
        fed.answer
    }

    /// Follows agents and inboxes that came, and serves the inboxes that were switched.
    async fn follow_feed(&mut self, now: Micros) -> Result<(), StoreError> {
        let (agents, inboxes) = (self.store.agents().await?, self.store.inboxes().await?);
        let fed = fed(self.store.fed_inboxes().await?);
        let switched: HashSet<_> = self.directory.fed.difference(&fed).copied().collect();
        let begun: HashSet<_> = fed.difference(&self.directory.fed).copied().collect();
        for agent in agents {
            if self.directory.agents.get(&agent.key) != Some(&agent) {
                let ends = agent.disabled;
                self.agent_committed(&agent, ends, now);
            }
        }
        self.change_directory(|directory| {
            directory.inboxes.extend(inboxes.into_iter().map(|inbox| (inbox.key, inbox)));
            directory.fed = fed;
        });
        if switched.is_empty() && begun.is_empty() {
            return Ok(());
        }
        let mut open = self.store.open_work().await?;
        for work in open.iter().filter(|work| begun.contains(&work.inbox)) {
            self.routing.leave(work.key, now);
            self.clocks.ends(work.key);
            self.bots.leave(work.key);
        }
        open.retain(|work| switched.contains(&work.inbox));
        self.take_up(open, now).await?;
        self.route(now).await;
        Ok(())
    }
}

/// Those that are not switched yet.
pub(super) fn fed(inboxes: Vec<kefu_store::import::FedInbox>) -> HashSet<InboxKey> {
    inboxes.into_iter().filter(|inbox| inbox.switched_at.is_none()).map(|inbox| inbox.key).collect()
}
