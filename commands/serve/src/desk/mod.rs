//! The desk: the one task that changes conversations, people and settings.
//!
//! Requests come in over one bounded channel. The task takes all that wait, applies them to copies of
//! what they touch, commits the outcome in one transaction, and only then answers, tells the sockets and
//! keeps the copies. A commit that fails changes nothing: every request of the group is refused.
//!
//! The desk is the single owner of routing, of the hub and of the store's writer, so none of them has a lock.

mod api;
mod apply;
mod batch;
mod bot;
#[cfg(feature = "channels")]
mod channels;
mod connections;
mod deliver;
mod erase;
mod files;
mod gather;
mod hot;
mod ids;
mod people;
mod reading;
mod replay;
mod roles;
mod routing;
mod task;
mod teams;
mod timed;

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use kefu_core::{
    Action, Audience, Content, Conversation, CustomRole, Entry, Inbox, InboxKey, MessageKind, Micros, Revise,
    VisitorKey,
};
use kefu_socket::ConnectionId;
use kefu_store::{AuditRecord, Range, RecordSet, Scrub, Store, View, Writer};
use serde_json::json;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

pub(crate) use api::{
    Act, AgentChange, Change, Command, Connect, Ending, InboxChange, NewVisitor, OpenedVisitor, Reply,
    RoleChange, Send, Sent, TeamChange,
};
#[cfg(feature = "channels")]
pub(crate) use channels::{Arrival, Arrivals, Arrived};
pub(crate) use reading::ReadingOptions;

use crate::{
    audit, clock,
    files::Links,
    identity::Identity,
    masking::Masking,
    metrics::Metrics,
    problem::Problem,
    readings::{Look, Readings},
    view::{AgentView, ConversationView, Directory, MessageView, VisitorBrief},
    words::{Screened, Words},
};

/// Bytes that one unit of the queue's budget stands for.
const UNIT_BYTES: usize = 64;

/// How many requests may wait for the desk.
const QUEUE_LEN: usize = 8192;

/// What the desk is made of.
pub(crate) struct DeskOptions {
    pub(crate) store: Store,
    pub(crate) writer: Writer,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) tracker: TaskTracker,
    /// How many bytes of messages may wait.
    pub(crate) queue_bytes: usize,
    /// How many idle conversations stay in memory.
    pub(crate) hot_conversations: usize,
    /// How often clients are told to ping, in seconds.
    pub(crate) heartbeat_s: u32,
    /// How long conversations stay with an agent whose last connection has ended.
    pub(crate) grace: Duration,
    /// What agents get masked of personal data.
    pub(crate) masking: Masking,
    /// Words that are not wanted in messages.
    pub(crate) words: Arc<Words>,
    /// Makes the addresses of files.
    pub(crate) links: Links,
}

/// A handle on the desk; cheap to clone.
#[derive(Clone)]
pub(crate) struct Desk {
    queue: mpsc::Sender<Command>,
    shared: Arc<Shared>,
    store: Store,
    words: Arc<Words>,
}

/// What handles may look at without asking.
struct Shared {
    budget: Semaphore,
    directory: RwLock<Arc<Directory>>,
    anyone_online: AtomicBool,
    /// How many bots may look for an answer at once.
    bot_places: Arc<Semaphore>,
    /// What agents read of others.
    readings: Readings,
    /// The last write to the store did not fail.
    is_writable: AtomicBool,
    /// What is known of chat services.
    #[cfg(feature = "channels")]
    channels: channels::Shared,
    epoch: String,
}

impl Desk {
    /// Loads what the desk needs and starts its task on `options.tracker`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn start(options: DeskOptions) -> Result<Self, kefu_store::StoreError> {
        let (queue, requests) = mpsc::channel(QUEUE_LEN);
        let shared = Arc::new(Shared {
            budget: Semaphore::new(options.queue_bytes.div_ceil(UNIT_BYTES)),
            directory: RwLock::default(),
            anyone_online: AtomicBool::new(false),
            bot_places: Arc::new(Semaphore::new(bot::DECISIONS_MAX)),
            readings: Readings::default(),
            is_writable: AtomicBool::new(true),
            #[cfg(feature = "channels")]
            channels: channels::Shared::default(),
            epoch: options.store.epoch().await?,
        });
        let (store, words) = (options.store.clone(), Arc::clone(&options.words));
        let desk = Self { queue, shared, store, words };
        let tracker = options.tracker.clone();
        let task = task::Task::load(options, desk.queue.downgrade(), Arc::clone(&desk.shared)).await?;
        drop(tracker.spawn(task.run(requests)));
        Ok(desk)
    }

    /// A desk that has no writer: it answers from a store that another process serves, as of the last second, and
    /// refuses whatever would change anything.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) async fn reading(options: ReadingOptions) -> Result<Self, kefu_store::StoreError> {
        let (queue, requests) = mpsc::channel(QUEUE_LEN);
        let shared = Arc::new(Shared {
            // No message is taken, so none waits.
            budget: Semaphore::new(Semaphore::MAX_PERMITS),
            directory: RwLock::default(),
            anyone_online: AtomicBool::new(false),
            bot_places: Arc::new(Semaphore::new(0)),
            readings: Readings::default(),
            is_writable: AtomicBool::new(false),
            #[cfg(feature = "channels")]
            channels: channels::Shared::default(),
            epoch: options.store.epoch().await?,
        });
        let desk = Self { queue, shared, store: options.store.clone(), words: Arc::default() };
        let tracker = options.tracker.clone();
        let reading = reading::Reading::load(options, Arc::clone(&desk.shared)).await?;
        drop(tracker.spawn(reading.run(requests)));
        Ok(desk)
    }

    /// The life of the store.
    pub(crate) fn epoch(&self) -> &str {
        &self.shared.epoch
    }

    /// Agents and inboxes as they are now.
    pub(crate) fn directory(&self) -> Arc<Directory> {
        let directory = self.shared.directory.read().unwrap_or_else(std::sync::PoisonError::into_inner);
        Arc::clone(&directory)
    }

    /// Whether an agent would take a conversation now.
    pub(crate) fn anyone_online(&self) -> bool {
        self.shared.anyone_online.load(Ordering::Relaxed)
    }

    /// Whether the store could be written when it was last tried.
    pub(crate) fn is_writable(&self) -> bool {
        self.shared.is_writable.load(Ordering::Relaxed)
    }

    /// How many requests wait.
    pub(crate) fn queue_depth(&self) -> usize {
        self.queue.max_capacity() - self.queue.capacity()
    }

    /// Adds a message to a conversation; returns when it is durable.
    pub(crate) async fn send(
        &self,
        who: &Identity,
        conversation: Uuid,
        client_id: Uuid,
        content: Content,
    ) -> Result<Sent, Problem> {
        let (units, screened) = (units(&content), self.words.message(who.principal, &content));
        let who = Arc::new(who.clone());
        self.ask(|reply| {
            let reply = Reply::Call(reply);
            Command::Send(Send { who, conversation, client_id, content, screened, units, audit: None, reply })
        })
        .await
    }

    /// Says something to the agent who has a conversation, which its visitor does not see; returns when that and the
    /// line of the audit log are durable.
    pub(crate) async fn whisper(
        &self,
        who: &Identity,
        conversation: Uuid,
        client_id: Uuid,
        text: String,
        audit: AuditRecord,
    ) -> Result<Sent, Problem> {
        let content = Content::whisper(text);
        let (who, units, audit) = (Arc::new(who.clone()), units(&content), Some(Box::new(audit)));
        self.ask(|reply| {
            let reply = Reply::Call(reply);
            Command::Send(Send { who, conversation, client_id, content, screened: None, units, audit, reply })
        })
        .await
    }

    /// Puts a connection's command in the queue at once, if there is room.
    ///
    /// # Errors
    /// The command, when it has to wait: then [`Desk::post`] does.
    #[expect(clippy::result_large_err, reason = "what does not fit at once is posted again, as it is")]
    pub(crate) fn try_post(&self, command: Command) -> Result<(), Command> {
        if let Command::Send(send) = &command {
            match self.shared.budget.try_acquire_many(send.units) {
                Ok(permit) => permit.forget(),
                Err(_) => return Err(command),
            }
        }
        self.queue.try_send(command).map_err(|error| {
            let command = error.into_inner();
            if let Command::Send(send) = &command {
                self.shared.budget.add_permits(send.units as usize);
            }
            command
        })
    }

    /// Puts a command in the queue as soon as there is room; does nothing once the desk has stopped.
    pub(crate) async fn post(&self, command: Command) {
        drop(self.enqueue(command).await);
    }

    /// Changes a conversation; returns when the change is durable.
    pub(crate) async fn act(
        &self,
        who: &Identity,
        conversation: Uuid,
        act: Act,
    ) -> Result<ConversationView, Problem> {
        let who = Arc::new(who.clone());
        self.ask(|reply| {
            let reply = Some(reply);
            Command::Act(Change { who, conversation, act, connection: None, audit: None, reply })
        })
        .await
    }

    /// As [`Desk::act`], with a line of the audit log if anything changes.
    pub(crate) async fn act_audited(
        &self,
        who: &Identity,
        conversation: Uuid,
        act: Act,
        audit: AuditRecord,
    ) -> Result<ConversationView, Problem> {
        let (who, audit) = (Arc::new(who.clone()), Some(Box::new(audit)));
        self.ask(|reply| {
            let reply = Some(reply);
            Command::Act(Change { who, conversation, act, connection: None, audit, reply })
        })
        .await
    }

    /// Changes or takes back the message with this `seq`; returns when that is durable.
    pub(crate) async fn revise(
        &self,
        who: &Identity,
        conversation: Uuid,
        seq: u64,
        mut how: Revise,
    ) -> Result<(), Problem> {
        let (_, entry) = self.entry(who, conversation, seq).await?;
        let entry = Box::new(entry);
        let mut flagged = Vec::new();
        if let Revise::Edit(text) = &mut how
            && entry.kind != MessageKind::Note
        {
            let masking = self.directory().masking.of(who.audience());
            let shown = masking.text(&entry.text).into_owned();
            match masking.rewritten("text", &entry.text, &shown, std::mem::take(text))? {
                Some(wanted) => *text = wanted,
                None => text.clone_from(&entry.text),
            }
            flagged = self.screen(who, "text", text)?.flagged;
        }
        self.act(who, conversation, Act::Revise { entry, how, flagged }).await.map(drop)
    }

    /// Puts what the list says in the place of `field`, a text that is no message.
    ///
    /// # Errors
    /// `rejected` when it must not pass.
    pub(crate) fn screen(
        &self,
        who: &Identity,
        field: &'static str,
        text: &mut String,
    ) -> Result<Screened, Problem> {
        let Some(mut screened) = self.words.text(who.principal, text) else { return Ok(Screened::default()) };
        if screened.is_blocked {
            return Err(Screened::refusal(field));
        }
        if let Some(masked) = screened.text.take() {
            *text = masked;
        }
        Ok(*screened)
    }

    /// The list of sensitive words.
    #[cfg(test)]
    pub(crate) fn words(&self) -> &Words {
        &self.words
    }

    /// What the list of sensitive words says of a message.
    pub(crate) fn screened(&self, who: &Identity, content: &Content) -> Option<Box<Screened>> {
        self.words.message(who.principal, content)
    }

    /// The message with this `seq`, with nothing masked.
    pub(crate) async fn whole_message(
        &self,
        who: &Identity,
        conversation: Uuid,
        seq: u64,
    ) -> Result<MessageView, Problem> {
        let (visitor, entry) = self.entry(who, conversation, seq).await?;
        let directory = self.directory();
        // The visitor's side has everything in clear.
        let from = directory.party(entry.sender, &visitor, Audience::Visitor).into();
        Ok(directory.whole_view(entry, conversation, from, who.audience()))
    }

    async fn entry(
        &self,
        who: &Identity,
        conversation: Uuid,
        seq: u64,
    ) -> Result<(Arc<VisitorBrief>, Entry), Problem> {
        let snapshot = self.snapshot(who, conversation).await?;
        let range = Range::After { seq: seq.saturating_sub(1), limit: 1 };
        let page = self.store.messages(&snapshot.conversation, who.audience(), range).await?;
        let entry = page.items.into_iter().find(|entry| entry.seq == seq);
        Ok((snapshot.visitor, entry.ok_or_else(|| Problem::not_found("message"))?))
    }

    /// A conversation's head.
    pub(crate) async fn conversation(
        &self,
        who: &Identity,
        conversation: Uuid,
    ) -> Result<ConversationView, Problem> {
        let key = self.snapshot(who, conversation).await?.conversation.key;
        let mut views = self.views(who, vec![key]).await?;
        views.pop().ok_or_else(|| Problem::not_found("conversation"))
    }

    /// A page of a conversation's log, oldest first, and whether there is more in the asked direction.
    pub(crate) async fn messages(
        &self,
        who: &Identity,
        conversation: Uuid,
        range: Range,
    ) -> Result<(Vec<MessageView>, bool), Problem> {
        let snapshot = self.snapshot(who, conversation).await?;
        self.page(who, &snapshot, range).await
    }

    /// As [`Desk::messages`], for somebody at `address`: that an agent reads what is none of its own gets a line of the
    /// audit log before it is answered, one in an hour.
    pub(crate) async fn read_messages(
        &self,
        who: &Identity,
        address: IpAddr,
        conversation: Uuid,
        range: Range,
    ) -> Result<(Vec<MessageView>, bool), Problem> {
        let snapshot = self.snapshot(who, conversation).await?;
        if let kefu_core::Principal::Agent(agent) = who.principal
            && snapshot.conversation.is_foreign_to(agent)
        {
            self.note_reading(who, address, &snapshot.conversation).await?;
        }
        self.page(who, &snapshot, range).await
    }

    async fn note_reading(
        &self,
        who: &Identity,
        address: IpAddr,
        head: &Conversation,
    ) -> Result<(), Problem> {
        let (reader, now) = (who.key.unwrap_or(who.id), clock::now());
        if !self.shared.readings.begins(reader, head.key, Look::Read, now) {
            return Ok(());
        }
        if !self.is_writable() {
            // On a standby, or when the disk is full, people still have to see what goes on.
            tracing::info!(%reader, conversation = %head.id, "a conversation of others is read; nothing can be written");
            return Ok(());
        }
        let line = audit::record(who, address, audit::READ, Some(("conversation", head.id)), json!({}));
        audit::write(self, line).await?;
        self.shared.readings.note(reader, head.key, Look::Read, now);
        Ok(())
    }

    async fn page(
        &self,
        who: &Identity,
        snapshot: &api::Snapshot,
        range: Range,
    ) -> Result<(Vec<MessageView>, bool), Problem> {
        let (head, audience) = (&snapshot.conversation, who.audience());
        let page = self.store.messages(head, audience, range).await?;
        let directory = self.directory();
        let items = page
            .items
            .into_iter()
            .map(|entry| directory.message_view(entry, head.id, &snapshot.visitor, audience))
            .collect();
        Ok((items, page.has_more))
    }

    /// A page of conversations and where the next one begins.
    pub(crate) async fn conversations(
        &self,
        who: &Identity,
        view: View,
        inbox: Option<InboxKey>,
        cursor: Option<(i64, i64)>,
        limit: usize,
    ) -> Result<(Vec<ConversationView>, Option<(i64, i64)>), Problem> {
        let (page, next) = self.store.conversations(view, inbox, cursor, limit).await?;
        let directory = self.directory();
        // Who was called may have lost the right to read there since.
        let is_shown =
            |c: &&Conversation| !matches!(view, View::Mentioned(_)) || directory.may(who, Action::Read, c);
        let keys = page.items.iter().filter(is_shown).map(|conversation| conversation.key).collect();
        Ok((self.views(who, keys).await?, next))
    }

    /// A page of what `who` may read of the conversations of these visitors, and where the next one begins.
    pub(crate) async fn conversations_of_visitors(
        &self,
        who: &Identity,
        visitors: &[VisitorKey],
        cursor: Option<(i64, i64)>,
        limit: usize,
    ) -> Result<(Vec<ConversationView>, Option<(i64, i64)>), Problem> {
        let (page, next) = self.store.conversations_of(visitors, cursor, limit).await?;
        let directory = self.directory();
        let readable = page.items.iter().filter(|c| directory.may(who, Action::Read, c));
        let keys = readable.map(|conversation| conversation.key).collect();
        Ok((self.views(who, keys).await?, next))
    }

    /// Ends the connections of visitors who are blocked.
    pub(crate) async fn close_blocked(&self, visitors: Vec<VisitorKey>) {
        if !visitors.is_empty() {
            self.post(Command::CloseBlocked(visitors)).await;
        }
    }

    /// Opens a session of a visitor: with its newest conversation that has not ended, or a new one.
    pub(crate) async fn open_visitor(&self, new: NewVisitor) -> Result<OpenedVisitor, Problem> {
        let latest = match new.existing {
            None => None,
            Some(visitor) => {
                let (page, _) = self.store.conversations(View::OfVisitor(visitor), None, None, 1).await?;
                page.items.first().filter(|c| c.state != kefu_core::State::Resolved).map(|c| c.key)
            }
        };
        self.ask(|reply| Command::OpenVisitor { new: Box::new(new), latest, reply }).await
    }

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

    /// Follows the beginning of an erasure: ends what these visitors have open, and forgets who they are.
    pub(crate) async fn forget(&self, visitors: Vec<VisitorKey>) {
        self.post(Command::Forget(visitors)).await;
    }

    /// Ends a conversation of which everything is erased, and tells whoever hears of it.
    pub(crate) async fn end_erased(
        &self,
        conversation: kefu_core::ConversationKey,
        note: kefu_store::PrivacyChange,
    ) -> Result<(), Problem> {
        self.ask(|reply| Command::EndErased { conversation, note, reply }).await
    }

    /// Tells the agents of a conversation what became of something outside, and writes the change that says so; returns
    /// when both are durable.
    #[cfg_attr(not(feature = "bridge"), expect(dead_code, reason = "only bridges tell of what is outside"))]
    pub(crate) async fn tell(
        &self,
        conversation: kefu_core::ConversationKey,
        event: kefu_core::Event,
        data: &serde_json::Value,
        change: kefu_store::Change,
    ) -> Result<(), Problem> {
        let (data, change) = (data.to_string().into_boxed_str(), Box::new(change));
        self.ask(|reply| Command::Tell { conversation, event, data, change, reply }).await
    }

    /// Empties the store's write-ahead log and cleans what `scrub` noted, or begins a scrub; `unavailable` while
    /// somebody reads what is in the log.
    pub(crate) async fn scrub(&self, scrub: Option<Arc<Scrub>>) -> Result<Arc<Scrub>, Problem> {
        self.ask(|reply| Command::Scrub { scrub, reply }).await
    }

    /// All agents, with what they are doing.
    pub(crate) async fn agents(&self) -> Result<Vec<AgentView>, Problem> {
        self.ask(|reply| Command::Agents { reply }).await
    }

    /// Makes a connection known: its outbox gets `hello` and what follows.
    pub(crate) async fn connect(&self, connect: Connect) -> Option<ConnectionId> {
        let (reply, answer) = oneshot::channel();
        self.post(Command::Connect { connect: Box::new(connect), reply }).await;
        answer.await.ok()
    }

    /// A visitor's conversations, newest first, for [`Desk::connect`].
    pub(crate) async fn conversations_of(&self, who: &Identity, limit: usize) -> Result<Vec<Uuid>, Problem> {
        let kefu_core::Principal::Visitor(visitor) = who.principal else { return Ok(Vec::new()) };
        let (page, _) = self.store.conversations(View::OfVisitor(visitor), None, None, limit).await?;
        Ok(page.items.into_iter().map(|conversation| conversation.id).collect())
    }

    /// Finishes what waits, tells all connections to come back later, and closes the store.
    pub(crate) async fn stop(&self) {
        let (reply, answer) = oneshot::channel();
        self.post(Command::Stop { reply }).await;
        drop(answer.await);
    }

    /// A conversation's exact head, for whoever may do `action` with it.
    ///
    /// # Errors
    /// `not_found` for whoever may not read it, `forbidden` for whoever may only read it.
    pub(crate) async fn head(
        &self,
        who: &Identity,
        conversation: Uuid,
        action: Action,
    ) -> Result<Conversation, Problem> {
        let head = self.snapshot(who, conversation).await?.conversation;
        // Reading was allowed a moment ago.
        let may = action == Action::Read || self.directory().may(who, action, &head);
        if may { Ok(head) } else { Err(Problem::forbidden()) }
    }

    async fn snapshot(&self, who: &Identity, conversation: Uuid) -> Result<api::Snapshot, Problem> {
        let who = Arc::new(who.clone());
        self.ask(|reply| Command::Snapshot { who, conversation, reply }).await
    }

    async fn views(
        &self,
        who: &Identity,
        conversations: Vec<kefu_core::ConversationKey>,
    ) -> Result<Vec<ConversationView>, Problem> {
        if conversations.is_empty() {
            return Ok(Vec::new());
        }
        let tags = match who.principal {
            kefu_core::Principal::Agent(_) => Some(self.store.tag_ids_of(&conversations).await?),
            _ => None,
        };
        let who = Arc::new(who.clone());
        let mut views = self.ask(|reply| Command::Views { who, conversations, reply }).await?;
        if let Some(tags) = tags {
            let mut of: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
            for (conversation, tag) in tags {
                of.entry(conversation).or_default().push(tag);
            }
            for view in &mut views {
                view.tags = Some(of.remove(&view.id).unwrap_or_default());
            }
        }
        Ok(views)
    }

    async fn ask<T>(&self, command: impl FnOnce(api::Answer<T>) -> Command) -> Result<T, Problem> {
        let (reply, answer) = oneshot::channel();
        self.enqueue(command(reply)).await?;
        answer.await.map_err(|_| stopping())?
    }

    /// Waits for room in the queue, for the command and for its bytes. Who stops waiting, because its peer has
    /// gone, holds nothing of either.
    async fn enqueue(&self, command: Command) -> Result<(), Problem> {
        let bytes = match &command {
            Command::Send(send) => {
                Some(self.shared.budget.acquire_many(send.units).await.map_err(|_| stopping())?)
            }
            _ => None,
        };
        let place = self.queue.reserve().await.map_err(|_| stopping())?;
        // The desk gives them back when it has taken the command.
        if let Some(bytes) = bytes {
            bytes.forget();
        }
        place.send(command);
        Ok(())
    }
}

/// Units of the byte budget that a message takes.
pub(crate) fn units(content: &Content) -> u32 {
    // A text is at most a few hundred kilobytes, see `check_text`.
    u32::try_from(content.len() / UNIT_BYTES + 4).unwrap_or(u32::MAX)
}

fn stopping() -> Problem {
    Problem::unavailable("the daemon is stopping")
}

#[cfg(test)]
mod tests;
