//! The desk's loop: take what waits, apply, commit, deliver, route.

use std::{
    collections::{BTreeSet, HashMap, HashSet, VecDeque},
    sync::{Arc, atomic::Ordering},
    time::{Duration, Instant},
};

use kefu_core::{
    AgentKey, Bots, ClockRules, Clocks, ConversationKey, Entry, Micros, Principal, Routing, SkillKey, State,
};
use kefu_socket::{ConnectionId, Hub};
use kefu_store::{OpenWork, Store, StoreError, Writer};
use tokio::{
    sync::mpsc,
    time::{MissedTickBehavior, interval},
};
use tokio_util::task::TaskTracker;

use super::{
    DeskOptions, Shared,
    api::{Change, Command, Send},
    batch::{Pending, Work},
    connections::Peer,
    deliver::Hint,
    gather::gather,
    hot::HotSet,
    ids::Ids,
};
use crate::{clock, metrics::Metrics, problem::Problem, view::Directory};

/// How many requests one group takes at most.
const GROUP_LEN: usize = 1024;

/// How many connections one principal may have; the oldest gives way.
const CONNECTIONS_MAX: usize = 8;

/// How often the desk looks after itself.
const TICK: Duration = Duration::from_secs(1);

/// How many sessions are looked at for expiry in each tick: a million in about four hours.
const SESSIONS_MAX: u32 = 64;

/// What the desk's task owns.
pub(super) struct Task {
    pub(super) writer: Writer,
    pub(super) store: Store,
    pub(super) hot: HotSet,
    pub(super) routing: Routing,
    pub(super) hub: Hub<Principal, ConversationKey, Peer>,
    pub(super) directory: Arc<Directory>,
    pub(super) shared: Arc<Shared>,
    pub(super) ids: Ids,
    pub(super) metrics: Arc<Metrics>,
    pub(super) tracker: TaskTracker,
    /// For replays, which report back; weak, so that the desk ends with its last handle.
    pub(super) queue: mpsc::WeakSender<Command>,
    /// What is measured against time.
    pub(super) clocks: Clocks,
    /// What bots have not answered yet.
    pub(super) bots: Bots,
    /// The skills that were named, by name.
    pub(super) skills: HashMap<String, SkillKey>,
    /// The conversations of each agent that have not ended: those that it has, and those that it joined.
    pub(super) desks: HashMap<AgentKey, HashSet<ConversationKey>>,
    /// Connections that have not said yet what they hold, oldest first.
    pub(super) fresh: VecDeque<(Instant, ConnectionId)>,
    pub(super) hints: Vec<Hint>,
    /// Agents' connections, for what every agent is told.
    pub(super) agent_connections: Vec<ConnectionId>,
    /// Agents without a connection, and when they leave what they joined.
    pub(super) absent: HashMap<AgentKey, Micros>,
    /// What is set aside until a time.
    pub(super) snoozed: BTreeSet<(Micros, ConversationKey)>,
    /// When agents got their first connection, or lost their last one.
    pub(super) moved_at: HashMap<AgentKey, Micros>,
    /// How long they have to come back.
    pub(super) grace_us: i64,
    pub(super) heartbeat_s: u32,
    hot_conversations: usize,
}

impl Task {
    /// Loads people, settings and open work.
    pub(super) async fn load(
        options: DeskOptions,
        queue: mpsc::WeakSender<Command>,
        shared: Arc<Shared>,
    ) -> Result<Self, StoreError> {
        let (store, masking, links) = (options.store, options.masking, options.links);
        let agents = store.agents().await?.into_iter().map(|agent| (agent.key, agent)).collect();
        let teams = store.teams().await?.into_iter().map(|team| (team.key, team)).collect();
        let roles = store.roles().await?.into_iter().map(|role| (role.id, role)).collect();
        let inboxes = store.inboxes().await?.into_iter().map(|inbox| (inbox.key, inbox)).collect();
        let mut task = Self {
            writer: options.writer,
            store,
            hot: HotSet::default(),
            routing: Routing::default(),
            clocks: Clocks::default(),
            bots: Bots::default(),
            skills: HashMap::new(),
            hub: Hub::new(CONNECTIONS_MAX),
            directory: Arc::default(),
            shared,
            ids: Ids::new(),
            metrics: options.metrics,
            tracker: options.tracker,
            queue,
            desks: HashMap::new(),
            fresh: VecDeque::new(),
            hints: Vec::new(),
            agent_connections: Vec::new(),
            absent: HashMap::new(),
            moved_at: HashMap::new(),
            snoozed: BTreeSet::new(),
            grace_us: i64::try_from(options.grace.as_micros()).unwrap_or(i64::MAX),
            heartbeat_s: options.heartbeat_s,
            hot_conversations: options.hot_conversations,
        };
        #[cfg(feature = "migrate")]
        let fed = super::feed::fed(task.store.fed_inboxes().await?);
        task.change_directory(|directory| {
            *directory = Directory {
                agents,
                roles,
                inboxes,
                teams,
                #[cfg(feature = "migrate")]
                fed,
                masking,
                links,
            };
        });
        let now = clock::now();
        task.routing.set_grace(Some(task.grace_us));
        task.set_teams(now);
        for agent in Arc::clone(&task.directory).agents.values() {
            let profile = task.profile(agent);
            task.routing.set_agent(agent.key, profile, now);
        }
        let mut open = task.store.open_work().await?;
        open.retain(|work| !task.directory.is_fed(work.inbox));
        let snoozed = task.store.snoozed().await?;
        task.snoozed = snoozed.into_iter().map(|(key, until)| (until, key)).collect();
        task.take_up(open, now).await?;
        Ok(task)
    }

    /// Has what is open wait, and be answered in time.
    pub(super) async fn take_up(&mut self, open: Vec<OpenWork>, now: Micros) -> Result<(), StoreError> {
        let (mut timed, mut with_bot) = (Vec::new(), Vec::new());
        for conversation in open {
            let key = conversation.key;
            let inbox = self.directory.inboxes.get(&conversation.inbox);
            if inbox.is_some_and(|inbox| inbox.settings.clock_rules() != ClockRules::default()) {
                timed.push(key);
            }
            for agent in &conversation.joined {
                self.desks.entry(*agent).or_default().insert(key);
                self.absent.insert(*agent, now.plus(self.grace_us));
            }
            let wait = self.wait_of(&conversation);
            match (conversation.state, conversation.assignee) {
                (State::Queued, _) => self.routing.wait(key, wait, now),
                (State::Open, None) => with_bot.push(key),
                (State::Open | State::Pending, Some(agent)) => {
                    self.desks.entry(agent).or_default().insert(key);
                    self.routing.restore(key, agent, conversation.state == State::Open, wait, now);
                }
                _ => {}
            }
        }
        self.start_clocks(&timed).await?;
        self.start_bots(&with_bot, now).await
    }

    /// Runs until the last handle is gone or somebody asks to stop.
    pub(super) async fn run(mut self, mut requests: mpsc::Receiver<Command>) {
        let mut waiting = Vec::with_capacity(GROUP_LEN);
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut has_idle_work = true;
        let mut began = None;
        loop {
            tokio::select! {
                biased;
                count = requests.recv_many(&mut waiting, GROUP_LEN) => {
                    if count == 0 {
                        break;
                    }
                    gather(&mut requests, &mut waiting, GROUP_LEN, began).await;
                    began = Some(Instant::now());
                    if let Some(reply) = self.take(&mut waiting).await {
                        self.say_goodbye();
                        self.end(Some(reply)).await;
                        return;
                    }
                    has_idle_work = true;
                }
                _ = tick.tick() => {
                    self.look_after().await;
                    has_idle_work = true;
                }
                // While nothing can be written, the tick finds out when that is over.
                () = std::future::ready(()), if has_idle_work && self.is_writable() => {
                    let folded = self.writer.idle_work().await;
                    self.note_write(folded.as_ref().err());
                    has_idle_work = folded.unwrap_or(false);
                }
            }
        }
        self.end(None).await;
    }

    async fn end(self, reply: Option<tokio::sync::oneshot::Sender<()>>) {
        if let Err(error) = self.writer.close().await {
            tracing::error!(error = &error as &dyn std::error::Error, "cannot close the store cleanly");
        }
        if let Some(reply) = reply {
            // Whoever asked may have stopped waiting.
            reply.send(()).ok();
        }
    }

    /// Carries out one group of requests; returns who asked to stop, if anybody did.
    async fn take(&mut self, commands: &mut Vec<Command>) -> Option<tokio::sync::oneshot::Sender<()>> {
        let now = clock::now();
        #[cfg(feature = "migrate")]
        self.feed(commands).await;
        if let Err(error) = self.load_for(commands).await {
            return self.refuse_all(commands, error);
        }
        let mut earlier = match self.earlier(commands).await {
            Ok(earlier) => earlier.into_iter(),
            Err(error) => return self.refuse_all(commands, error),
        };
        let mut work = Work::new(self.writer.next_pos());
        let mut stop = None;
        let mut units = 0;
        for command in commands.drain(..) {
            match command {
                Command::Send(mut send) => {
                    units += send.units as usize;
                    let earlier = earlier.next().flatten();
                    let file = self.find_file(&mut send.content).await;
                    #[cfg(feature = "channels")]
                    let closed = self.closed_window(&send, now, &mut work).await;
                    #[cfg(not(feature = "channels"))]
                    let closed = None;
                    self.apply_send(send, earlier, file, closed, now, &mut work);
                }
                Command::Act(change) => self.apply_act(change, now, &mut work),
                Command::Bot(answer) => self.apply_bot(answer, now, &mut work),
                #[cfg(feature = "channels")]
                Command::Receive { arrivals, reply } => self.receive(*arrivals, reply, now, &mut work).await,
                Command::OpenVisitor { new, latest, reply } => {
                    let known = match new.existing {
                        Some(key) => self.store.visitor(key).await.unwrap_or_default(),
                        None => None,
                    };
                    self.apply_visitor(*new, known, latest, reply, now, &mut work);
                }
                Command::PutAgent { change, reply } => self.apply_agent(*change, reply, now, &mut work),
                Command::PutTeam { change, reply } => self.apply_team(*change, reply, now, &mut work),
                Command::PutInbox { change, reply } => self.apply_inbox(*change, reply, now, &mut work),
                Command::PutRole { change, reply } => self.apply_role(*change, reply, now, &mut work),
                Command::DropRole { id, audit, reply } => self.drop_role(id, *audit, reply, &mut work),
                Command::SessionSeen { token_hash, at } => {
                    work.changes.push(kefu_store::Change::SessionSeen { token_hash, at });
                }
                Command::EndSession { id, reply } => {
                    work.changes.push(kefu_store::Change::EndSession(id));
                    work.answers.push(Pending::EndSession { id, reply });
                }
                Command::SetupToken { hash, reply } => {
                    work.changes.push(kefu_store::Change::SetupToken(hash));
                    work.answers.push(Pending::Done { reply });
                }
                Command::Record { set, reply } => {
                    work.records.push(*set);
                    work.recorders.push(Some(reply));
                }
                Command::EndErased { conversation, note, reply } => {
                    match self.may_end(conversation, &note, now).await {
                        Ok(()) => self.end_erased(conversation, note, reply, now, &mut work),
                        // Whoever asked may have stopped waiting.
                        Err(error) => drop(reply.send(Err(error.into()))),
                    }
                }
                Command::Tell { conversation, event, data, change, reply } => {
                    self.tell(conversation, event, data, *change, now, &mut work);
                    work.answers.push(Pending::Done { reply });
                }
                Command::Watch { connection, watch, on: true, address } => {
                    self.begin_watch(connection, watch, address, &mut work);
                }
                Command::Stop { reply } => stop = Some(reply),
                other => self.answer_now(other).await,
            }
        }
        let new = self.queue_new(now, &mut work);
        let given = self.assign_new(now, &mut work);
        if !self.commit(work, now).await {
            given.iter().for_each(|assignment| self.routing.undo(assignment.conversation, now));
            new.iter().for_each(|key| self.routing.leave(*key, now));
        }
        self.shared.budget.add_permits(units);
        self.route(now).await;
        self.flush_hints();
        stop
    }

    /// Requests that change nothing durable.
    async fn answer_now(&mut self, command: Command) {
        match command {
            Command::Snapshot { who, conversation, reply } => {
                drop(reply.send(self.snapshot(&who, conversation)))
            }
            Command::Views { who, conversations, reply } => {
                let views = conversations.iter().filter_map(|key| self.view(*key, who.audience())).collect();
                drop(reply.send(Ok(views)));
            }
            Command::Agents { reply } => {
                let mut agents: Vec<_> = self.directory.agents.values().collect();
                agents.sort_unstable_by_key(|agent| agent.key);
                let views = agents.into_iter().map(|agent| self.view_of(agent)).collect();
                drop(reply.send(Ok(views)));
            }
            Command::Connect { connect, reply } => self.connect(*connect, reply),
            Command::Disconnect(connection) => self.disconnect(connection),
            Command::Resume { connection, epoch, positions } => {
                self.resume(connection, &epoch, &positions).await
            }
            Command::Replayed { connection, positions, rounds } => {
                self.advance(connection, positions, rounds).await;
            }
            Command::Forget(visitors) => self.forget(visitors),
            Command::Scrub { scrub, reply } => self.scrub(scrub, reply).await,
            Command::CloseBlocked(visitors) => self.close_blocked(&visitors),
            Command::Typing { connection, conversation, on } => self.typing(connection, conversation, on),
            Command::Watch { connection, watch, on, .. } => self.watch(connection, watch, on),
            _ => unreachable!("commands that change durable state are applied to the group"),
        }
    }

    /// Brings the conversations that the requests name into memory.
    async fn load_for(&mut self, commands: &[Command]) -> Result<(), StoreError> {
        let mut ids = Vec::new();
        let mut keys = Vec::new();
        for command in commands {
            match command {
                Command::Send(Send { conversation, .. })
                | Command::Act(Change { conversation, .. })
                | Command::Snapshot { conversation, .. } => ids.push(*conversation),
                Command::Typing { conversation, .. } => ids.push(*conversation),
                Command::Watch { watch, .. } => ids.extend(watch.id),
                Command::Resume { connection, .. } | Command::Replayed { connection, .. } => {
                    keys.extend(self.hub.get(*connection).into_iter().flat_map(|conn| conn.topics()));
                }
                Command::Connect { connect, .. } => {
                    ids.extend_from_slice(&connect.conversations);
                    if let Principal::Agent(agent) = connect.who.principal {
                        keys.extend(self.desks.get(&agent).into_iter().flatten());
                    }
                }
                Command::Bot(answer) => keys.push(answer.conversation),
                Command::Views { conversations, .. } => keys.extend_from_slice(conversations),
                Command::EndErased { conversation, .. } | Command::Tell { conversation, .. } => {
                    keys.push(*conversation);
                }
                Command::OpenVisitor { latest, .. } => keys.extend(*latest),
                Command::PutAgent { change, .. } if change.disabled == Some(true) => {
                    let agent = change.id.and_then(|id| self.directory.agent(id));
                    keys.extend(agent.and_then(|agent| self.desks.get(&agent.key)).into_iter().flatten());
                }
                _ => {}
            }
        }
        self.hot.load(&mut self.writer, &self.store, ids, keys).await
    }

    /// What the messages among the requests repeat, in their order.
    async fn earlier(&mut self, commands: &[Command]) -> Result<Vec<Option<Entry>>, StoreError> {
        let mut asked = Vec::new();
        for command in commands {
            if let Command::Send(send) = command {
                // A conversation that does not exist has no messages either.
                let key = self.hot.key(send.conversation).unwrap_or(ConversationKey(0));
                asked.push((key, send.who.principal, send.client_id));
            }
        }
        if asked.is_empty() { Ok(Vec::new()) } else { self.writer.duplicates(&asked).await }
    }

    /// Makes a group durable and tells everybody, or refuses all of it; returns whether it is durable.
    pub(super) async fn commit(&mut self, mut work: Work, now: Micros) -> bool {
        if work.is_empty() {
            return true;
        }
        #[cfg(feature = "channels")]
        let has_sends = self.queue_sends(now, &mut work);
        let batch = work.batch();
        let mut outcome = Ok(Vec::new());
        if !batch.is_empty() {
            let began = Instant::now();
            outcome = self.writer.commit(&batch).await.map(|committed| committed.records);
            self.metrics.commit(began.elapsed(), batch.entries.len());
            self.note_write(outcome.as_ref().err());
        }
        match outcome {
            Ok(records) => {
                for (reply, outcome) in work.recorders.drain(..).zip(records) {
                    if let Some(reply) = reply {
                        drop(reply.send(outcome.map_err(Problem::from)));
                    }
                }
                #[cfg(feature = "channels")]
                if has_sends {
                    self.tell_sends();
                }
                #[cfg(feature = "events")]
                if has_news(&batch) {
                    self.shared.commits.send_replace(());
                }
                work.entries = batch.entries;
                self.make_offers(&work.offers, now);
                self.deliver(work, now);
                true
            }
            Err(error) => {
                self.refuse_work(work, &Problem::from(error));
                false
            }
        }
    }

    /// Refuses every request of a group that could not be committed.
    fn refuse_work(&mut self, work: Work, problem: &Problem) {
        for origin in work.origins {
            if let super::batch::Origin::Message { client_id, reply, .. } = origin {
                self.refuse(reply, client_id, problem.clone());
            }
        }
        for reply in work.recorders.into_iter().flatten() {
            drop(reply.send(Err(problem.clone())));
        }
        for pending in work.answers {
            match pending {
                Pending::Act { reply, .. } => drop(reply.send(Err(problem.clone()))),
                Pending::Repeat { client_id, reply, .. } => self.refuse(reply, client_id, problem.clone()),
                Pending::Opened { reply, .. } => drop(reply.send(Err(problem.clone()))),
                Pending::Agent { reply, .. } => drop(reply.send(Err(problem.clone()))),
                Pending::Team { reply, .. } => drop(reply.send(Err(problem.clone()))),
                Pending::Inbox { reply, .. } => drop(reply.send(Err(problem.clone()))),
                Pending::Role { reply, .. } => drop(reply.send(Err(problem.clone()))),
                Pending::RoleGone { reply, .. }
                | Pending::EndSession { reply, .. }
                | Pending::Done { reply } => drop(reply.send(Err(problem.clone()))),
                Pending::Watch { connection, watch } => self.push_error(connection, None, watch.id, problem),
                Pending::Read { .. } => {}
            }
        }
    }

    /// Refuses a group whose conversations cannot be read; returns who asked to stop, if anybody did.
    fn refuse_all(
        &mut self,
        commands: &mut Vec<Command>,
        error: StoreError,
    ) -> Option<tokio::sync::oneshot::Sender<()>> {
        let problem = Problem::from(error);
        let mut stop = None;
        for command in commands.drain(..) {
            if let Command::Stop { reply } = command {
                stop = Some(reply);
            } else {
                self.refuse_command(command, &problem);
            }
        }
        stop
    }

    /// Refuses a request that was not looked at.
    fn refuse_command(&mut self, command: Command, problem: &Problem) {
        match command.refuse(problem) {
            None => {}
            Some(Command::Send(send)) => {
                self.shared.budget.add_permits(send.units as usize);
                self.refuse(send.reply, send.client_id, problem.clone());
            }
            Some(Command::Disconnect(connection)) => self.disconnect(connection),
            Some(Command::Forget(visitors)) => self.forget(visitors),
            Some(Command::CloseBlocked(visitors)) => self.close_blocked(&visitors),
            Some(
                Command::Resume { connection, .. }
                | Command::Replayed { connection, .. }
                | Command::Watch { connection, .. },
            ) => self.push_error(connection, None, None, problem),
            // Dropping the reply ends the connection, which comes back later.
            Some(_) => {}
        }
    }

    fn is_writable(&self) -> bool {
        self.shared.is_writable.load(Ordering::Relaxed)
    }

    /// Remembers whether the store could be written; says so when that changes.
    fn note_write(&self, error: Option<&StoreError>) {
        // A value that is taken says nothing about the store.
        if matches!(error, Some(StoreError::Conflict(_)))
            || self.shared.is_writable.swap(error.is_none(), Ordering::Relaxed) == error.is_none()
        {
            return;
        }
        match error {
            Some(error) => {
                tracing::error!(error = error as &dyn std::error::Error, "the store cannot be written");
            }
            None => tracing::info!("the store can be written again"),
        }
    }

    async fn look_after(&mut self) {
        if !self.is_writable() {
            let written = self.writer.probe().await;
            self.note_write(written.as_ref().err());
        }
        if self.is_writable() {
            let dropped = self.writer.drop_expired_sessions(clock::now(), SESSIONS_MAX).await;
            self.note_write(dropped.as_ref().err());
        }
        self.start_the_silent().await;
        self.keep_time().await;
        self.hot.sweep(self.hot_conversations);
        self.metrics.wal_bytes(self.writer.wal_bytes());
    }
}

/// Whether something was written of which events are made; what the bus itself writes down is nothing new to it.
#[cfg(feature = "events")]
fn has_news(batch: &kefu_store::Batch) -> bool {
    use kefu_store::Change;
    let is_news = |change: &Change| !matches!(change, Change::Event(_));
    !batch.entries.is_empty()
        || batch.changes.iter().any(is_news)
        || batch.records.iter().any(|set| set.changes.iter().any(is_news))
}
