use std::{collections::HashSet, rc::Rc};

use kefu_app::{Exit, Failure, Text};
use tokio::{task::JoinSet, time::timeout};

use super::{link::Link, seat::Seat};
use crate::scenario::runner::{self, World};

/// Agents at work from before the first flow until after the last; they go with this.
pub(in crate::scenario) struct Staff {
    _tasks: JoinSet<()>,
}

impl Staff {
    /// Connects agents, each of whom goes through the scenario's steps for every conversation that comes.
    pub(in crate::scenario) async fn start(world: &Rc<World>, tokens: Vec<String>) -> Result<Self, Failure> {
        let mut tasks = JoinSet::new();
        for (number, token) in (0..).zip(tokens) {
            let link = Link::new(Rc::clone(world), token, None);
            let opened = timeout(world.timeout, link.open([number, world.seed ^ number])).await;
            if let Err(why) = opened.unwrap_or(Err("timeout")) {
                let text =
                    Text::new(format!("cannot connect an agent: {why}"), format!("无法连接客服: {why}"));
                return Err(Failure::new(Exit::Unavailable, text));
            }
            tasks.spawn_local(work(Rc::clone(world), link));
        }
        Ok(Self { _tasks: tasks })
    }
}

/// An agent at work.
async fn work(world: Rc<World>, link: Rc<Link>) {
    let (mut conversations, mut known) = (JoinSet::new(), HashSet::new());
    while let Some(came) = link.next_conversation().await {
        while conversations.try_join_next().is_some() {}
        // What waits for anybody is taken only by who says so.
        if (came.is_own || world.scenario.has_accept()) && known.insert(came.conversation) {
            let (world, seat) = (Rc::clone(&world), Seat::of(Rc::clone(&link), came));
            conversations.spawn_local(async move { runner::attend(&world, seat).await });
        }
    }
}
