//! Who is connected: hello, resume, watches, typing, presence.

use std::{
    borrow::Cow,
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use kefu_core::{
    Action, AgentKey, AgentStatus, Conversation, ConversationKey, Principal, TeamKey, VisitorKey,
};
use kefu_protocol::{
    frame::{self, ErrorCode, Head, MAX_HELLO_CONVERSATIONS, Position, Scope, ServerFrame, Status, Watch},
    ws::CloseCode,
};
use kefu_socket::ConnectionId;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::{
    api::Connect,
    apply::{allowed, sees_all},
    batch::{Pending, Work},
    task::Task,
};
use crate::{audit, clock, identity::Identity, problem::Problem, readings::Look, view::timestamp};

/// A client that has not said so long what it holds is taken to hold what `hello` said.
const RESUME_WAIT: Duration = Duration::from_secs(10);

/// Over how long clients are spread when they are told to come back, for each thousand of them.
const SPREAD_MS_PER_THOUSAND: u32 = 250;

/// The last entry of each conversation that a client holds.
pub(super) type Positions = Vec<(ConversationKey, u64)>;

/// What the desk keeps with a connection.
pub(super) struct Peer {
    pub(super) who: Arc<Identity>,
    /// Hears of changes of every conversation.
    pub(super) watches_all: bool,
    /// Hears of changes of the conversations of these teams.
    pub(super) watches_teams: Vec<TeamKey>,
    phase: Phase,
}

/// How far a connection has come.
enum Phase {
    /// Has not said what it holds; these are the ends of the logs as `hello` named them.
    Fresh(Positions),
    /// Is being sent what it missed; these are the conversations that it came to hear of meanwhile.
    Replaying(Positions),
    /// Hears everything as it is committed.
    Live,
}

impl Peer {
    pub(super) fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Live)
    }
}

impl Task {
    /// Makes a connection known and greets it.
    pub(super) fn connect(&mut self, connect: Connect, reply: oneshot::Sender<ConnectionId>) {
        let Connect { who, outbox, connection_id, conversations } = connect;
        let mut keys: Vec<_> = match who.principal {
            Principal::Agent(agent) => self.desks.get(&agent).into_iter().flatten().copied().collect(),
            _ => conversations.iter().filter_map(|id| self.hot.key(*id)).collect(),
        };
        let rules = (&*self.directory, &self.routing);
        let may_read = |head: &Conversation| allowed(rules, &who, Action::Read, head).is_ok();
        keys.retain(|key| self.hot.peek(*key).is_some_and(|hot| may_read(&hot.conversation)));
        let audience = who.audience();
        let ends: Vec<_> = keys
            .iter()
            .filter_map(|key| Some((*key, self.hot.get(*key)?.conversation.last_seq(audience))))
            .collect();
        let heads = ends.iter().take(MAX_HELLO_CONVERSATIONS);
        let heads = heads.filter_map(|(key, last_seq)| {
            Some(Head { id: self.hot.peek(*key)?.conversation.id, last_seq: *last_seq })
        });
        let hello = ServerFrame::Hello(frame::Hello {
            epoch: Cow::Borrowed(&self.shared.epoch),
            connection_id,
            heartbeat_s: self.heartbeat_s,
            principal: who.party(),
            conversations: heads.collect(),
        });
        outbox.push(hello.encode());
        let peer = Peer {
            who: Arc::clone(&who),
            watches_all: false,
            watches_teams: Vec::new(),
            phase: Phase::Fresh(ends),
        };
        let (connection, replaced) = self.hub.open(who.principal, outbox, peer);
        if let Some(oldest) = replaced.and_then(|replaced| self.hub.get(replaced)) {
            oldest.outbox.close(CloseCode::REPLACED, "too many connections: the oldest gives way");
        }
        for key in keys {
            self.hub.subscribe(connection, key);
        }
        self.fresh.push_back((Instant::now(), connection));
        match who.principal {
            Principal::Agent(agent) if who.hears_conversations() => {
                // Who may no longer join has to leave.
                if sees_all(&who) {
                    self.absent.remove(&agent);
                }
                self.agent_connections.push(connection);
                let now = clock::now();
                if self.routing.socket(agent, true, now) {
                    self.moved_at.insert(agent, now);
                    self.announce_presence(agent);
                }
            }
            Principal::Agent(_) => {}
            principal if self.hub.connections_of(&principal).nth(1).is_none() => {
                self.announce_visitor(&who, connection, Status::Online);
            }
            _ => {}
        }
        if reply.send(connection).is_err() {
            self.disconnect(connection);
        }
    }

    /// Forgets a connection that has ended.
    pub(super) fn disconnect(&mut self, connection: ConnectionId) {
        let Some(conn) = self.hub.get(connection) else { return };
        let who = Arc::clone(&conn.meta.who);
        if let Principal::Visitor(_) = who.principal
            && self.hub.connections_of(&who.principal).nth(1).is_none()
        {
            self.announce_visitor(&who, connection, Status::Offline);
        }
        drop(self.hub.close(connection));
        if let Principal::Agent(agent) = who.principal
            && who.hears_conversations()
        {
            let now = clock::now();
            self.agent_connections.retain(|other| *other != connection);
            if self.hub.connections_of(&who.principal).next().is_none() {
                self.absent.insert(agent, now.plus(self.grace_us));
            }
            if self.routing.socket(agent, false, now) {
                self.moved_at.insert(agent, now);
                self.announce_presence(agent);
            }
        }
    }

    /// A client says what it holds.
    pub(super) async fn resume(&mut self, connection: ConnectionId, epoch: &str, held: &[Position]) {
        let Some(conn) = self.hub.get_mut(connection) else { return };
        let Phase::Fresh(ends) = &mut conn.meta.phase else {
            let problem =
                Problem::new(ErrorCode::BadFrame, "resume is the first frame of a connection or none");
            return self.push_error(connection, None, None, &problem);
        };
        let mut positions = std::mem::take(ends);
        conn.meta.phase = Phase::Replaying(Vec::new());
        if epoch != self.shared.epoch && !epoch.is_empty() {
            let epoch = Cow::Borrowed(self.shared.epoch.as_str());
            self.push(connection, &ServerFrame::Reset(frame::Reset { epoch, conversation_id: None }));
            return self.advance(connection, positions, 0).await;
        }
        for Position { conversation_id, seq } in held {
            let key = self.hot.key(*conversation_id);
            let Some(slot) = positions.iter_mut().find(|(known, _)| Some(*known) == key) else {
                let problem = Problem::not_found("conversation");
                self.push_error(connection, None, Some(*conversation_id), &problem);
                continue;
            };
            if *seq > slot.1 {
                let epoch = Cow::Borrowed(self.shared.epoch.as_str());
                let reset = frame::Reset { epoch, conversation_id: Some(*conversation_id) };
                self.push(connection, &ServerFrame::Reset(reset));
            } else {
                slot.1 = *seq;
            }
        }
        self.advance(connection, positions, 0).await;
    }

    /// Connections that kept silent too long are taken to hold what `hello` said.
    pub(super) async fn start_the_silent(&mut self) {
        while let Some((opened, connection)) = self.fresh.front().copied() {
            if opened.elapsed() < RESUME_WAIT {
                break;
            }
            self.fresh.pop_front();
            self.start(connection).await;
        }
    }

    /// Starts a connection at the ends that `hello` named, if it has not started yet.
    pub(super) async fn start(&mut self, connection: ConnectionId) {
        let Some(conn) = self.hub.get_mut(connection) else { return };
        if let Phase::Fresh(ends) = &mut conn.meta.phase {
            let positions = std::mem::take(ends);
            conn.meta.phase = Phase::Replaying(Vec::new());
            let keys = conn.topics().to_vec();
            if let Err(error) = self.hot.load(&mut self.writer, &self.store, Vec::new(), keys).await {
                return self.push_error(connection, None, None, &error.into());
            }
            self.advance(connection, positions, 0).await;
        }
    }

    /// The conversations that a connection came to hear of while it was being sent what it missed.
    pub(super) fn take_gained(&mut self, connection: ConnectionId) -> Positions {
        match self.hub.get_mut(connection).map(|conn| &mut conn.meta.phase) {
            Some(Phase::Replaying(gained)) => std::mem::take(gained),
            _ => Vec::new(),
        }
    }

    /// From now on the connection hears everything.
    pub(super) fn go_live(&mut self, connection: ConnectionId) {
        if let Some(conn) = self.hub.get_mut(connection) {
            conn.meta.phase = Phase::Live;
            conn.outbox.push(ServerFrame::Resumed.encode());
        }
    }

    /// Tells the others that somebody types.
    pub(super) fn typing(&mut self, connection: ConnectionId, conversation: Uuid, on: bool) {
        let Some(who) = self.hub.get(connection).map(|conn| Arc::clone(&conn.meta.who)) else { return };
        match self.snapshot(&who, conversation) {
            Ok(snapshot) => {
                let typing = frame::Typing { conversation_id: conversation, from: self.named(&who), on };
                let frame = ServerFrame::Typing(typing).encode();
                self.publish_hint(snapshot.conversation.key, Some(connection), &frame);
            }
            Err(problem) => self.push_error(connection, None, Some(conversation), &problem),
        }
    }

    /// Begins a watch: at once, or, where nobody else would know of it, when the audit log says so.
    pub(super) fn begin_watch(
        &mut self,
        connection: ConnectionId,
        watch: Watch,
        address: IpAddr,
        work: &mut Work,
    ) {
        let overseen = self.overseen(connection, watch);
        let Some((who, id)) = overseen else { return self.watch(connection, watch, true) };
        let line = audit::record(&who, address, audit::WATCHED, None, serde_json::json!({}));
        work.audit(Some(line), ("conversation", id));
        work.answers.push(Pending::Watch { connection, watch });
    }

    /// Who begins to listen in on a conversation of others by this watch, and on which.
    fn overseen(&mut self, connection: ConnectionId, watch: Watch) -> Option<(Arc<Identity>, Uuid)> {
        let (Scope::Conversation, Some(id)) = (watch.scope, watch.id) else { return None };
        let conn = self.hub.get(connection)?;
        let (who, key) = (Arc::clone(&conn.meta.who), self.hot.key(id)?);
        let Principal::Agent(agent) = who.principal else { return None };
        if conn.topics().contains(&key) {
            return None;
        }
        let head = self.snapshot(&who, id).ok()?.conversation;
        let reader = who.key.unwrap_or(who.id);
        let is_new = || self.shared.readings.begins(reader, key, Look::Watch, clock::now());
        (head.is_foreign_to(agent) && is_new()).then_some((who, id))
    }

    /// Begins or ends a watch.
    pub(super) fn watch(&mut self, connection: ConnectionId, watch: Watch, on: bool) {
        let Some(conn) = self.hub.get_mut(connection) else { return };
        let who = Arc::clone(&conn.meta.who);
        let last_seq = match (watch.scope, watch.id) {
            (Scope::Conversation, Some(id)) => {
                let snapshot = match self.snapshot(&who, id) {
                    Ok(snapshot) if who.role.is_some() => snapshot,
                    Ok(_) => return self.push_error(connection, None, Some(id), &Problem::forbidden()),
                    Err(problem) => return self.push_error(connection, None, Some(id), &problem),
                };
                let Conversation { key, assignee, .. } = snapshot.conversation;
                if on {
                    self.subscribe(connection, key);
                } else if assignee.map(Principal::Agent) != Some(who.principal) {
                    self.hub.unsubscribe(connection, &key);
                }
                Some(snapshot.conversation.last_seq(who.audience()))
            }
            (Scope::Team, id) => {
                let teams = match self.watched_teams(&who, id) {
                    Ok(teams) => teams,
                    Err(problem) => return self.push_error(connection, None, None, &problem),
                };
                if let Some(conn) = self.hub.get_mut(connection) {
                    conn.meta.watches_teams.retain(|team| !teams.contains(team));
                    conn.meta.watches_teams.extend(teams.into_iter().filter(|_| on));
                }
                None
            }
            (Scope::All, _) if sees_all(&who) => {
                conn.meta.watches_all = on;
                None
            }
            _ => return self.push_error(connection, None, None, &Problem::forbidden()),
        };
        if on {
            let watching = frame::Watching { scope: watch.scope, id: watch.id, last_seq };
            self.push(connection, &ServerFrame::Watching(watching));
        }
    }

    /// The teams that a watch is about: the named one, or all that an agent works for. Who does not oversee everything
    /// may watch its own.
    fn watched_teams(&self, who: &Identity, id: Option<Uuid>) -> Result<Vec<TeamKey>, Problem> {
        let agent = match who.principal {
            Principal::Agent(key) if who.hears_conversations() => self.directory.agents.get(&key),
            _ => None,
        };
        let own = &agent.ok_or_else(Problem::forbidden)?.teams;
        let Some(id) = id else { return Ok(own.clone()) };
        let team = self.directory.team(id).ok_or_else(|| Problem::not_found("team"))?.key;
        if sees_all(who) || own.contains(&team) { Ok(vec![team]) } else { Err(Problem::forbidden()) }
    }

    /// Has a visitor's connections hear of its new conversation.
    pub(super) fn subscribe_visitor(&mut self, visitor: VisitorKey, key: ConversationKey) {
        self.subscribe_all(Principal::Visitor(visitor), key);
    }

    /// Has an agent's connections hear of a conversation that it got.
    pub(super) fn subscribe_agent(&mut self, agent: AgentKey, key: ConversationKey) {
        self.subscribe_all(Principal::Agent(agent), key);
    }

    fn subscribe_all(&mut self, principal: Principal, key: ConversationKey) {
        let hears = |peer: &Peer| peer.who.role.is_none() || peer.who.hears_conversations();
        let connections = self.hub.connections_of(&principal).filter(|(_, conn)| hears(&conn.meta));
        let connections: Vec<_> = connections.map(|(id, _)| id).collect();
        for connection in connections {
            self.subscribe(connection, key);
        }
    }

    /// Has a connection hear of a conversation from its end on.
    fn subscribe(&mut self, connection: ConnectionId, key: ConversationKey) {
        if !self.hub.subscribe(connection, key) {
            return;
        }
        let Some(conn) = self.hub.get_mut(connection) else { return };
        let audience = conn.meta.who.audience();
        if let Phase::Fresh(positions) | Phase::Replaying(positions) = &mut conn.meta.phase {
            positions.push((key, self.hot.peek(key).map_or(0, |hot| hot.conversation.last_seq(audience))));
        }
    }

    /// Has an agent's connections no longer hear of a conversation that it lost.
    pub(super) fn unsubscribe_agent(&mut self, agent: AgentKey, key: ConversationKey) {
        let connections: Vec<_> =
            self.hub.connections_of(&Principal::Agent(agent)).map(|(id, _)| id).collect();
        for connection in connections {
            self.hub.unsubscribe(connection, &key);
        }
    }

    /// Tells all agents what one of them is doing.
    pub(super) fn announce_presence(&self, agent: AgentKey) {
        let Some(row) = self.directory.agents.get(&agent) else { return };
        let (status, since) = self.standing_of(row);
        let reason = row.status_reason.as_deref().map(Cow::Borrowed);
        let reason = reason.filter(|_| matches!(status, AgentStatus::Busy | AgentStatus::Away));
        let status = match status {
            AgentStatus::Online => Status::Online,
            AgentStatus::Busy => Status::Busy,
            AgentStatus::Away => Status::Away,
            AgentStatus::Offline => Status::Offline,
        };
        let from =
            frame::Party { kind: frame::PartyKind::Agent, id: Some(row.id), name: Cow::Borrowed(&*row.name) };
        let frame =
            ServerFrame::Presence(frame::Presence { from, status, reason, since: since.map(timestamp) });
        let frame = frame.encode();
        for connection in &self.agent_connections {
            if let Some(conn) = self.hub.get(*connection) {
                conn.outbox.push(frame.clone());
            }
        }
    }

    /// Tells the agents of a visitor's conversations that it came or went.
    fn announce_visitor(&self, who: &Identity, connection: ConnectionId, status: Status) {
        let Some(conn) = self.hub.get(connection) else { return };
        let frame =
            ServerFrame::Presence(frame::Presence { from: who.party(), status, reason: None, since: None })
                .encode();
        for key in conn.topics() {
            self.hub
                .publish(key, Some(connection), |other| other.meta.who.role.is_some().then(|| frame.clone()));
        }
    }

    /// Ends the connections that a session opened.
    pub(super) fn close_session(&self, session: Uuid) {
        for (_, conn) in self.hub.iter().filter(|(_, conn)| conn.meta.who.session == session) {
            conn.outbox.close(CloseCode::UNAUTHORIZED, "the session has ended");
        }
    }

    /// Ends all connections of a principal.
    pub(super) fn close_connections_of(&self, principal: Principal) {
        for (_, conn) in self.hub.connections_of(&principal) {
            conn.outbox.close(CloseCode::UNAUTHORIZED, "the sign-in has ended");
        }
    }

    /// Ends all connections of visitors who are blocked.
    pub(super) fn close_blocked(&self, visitors: &[VisitorKey]) {
        for visitor in visitors {
            for (_, conn) in self.hub.connections_of(&Principal::Visitor(*visitor)) {
                conn.outbox.close(CloseCode::FORBIDDEN, "blocked");
            }
        }
    }

    /// Tells every connection to come back later, each at another moment, and closes it.
    pub(super) fn say_goodbye(&self) {
        let count = u32::try_from(self.hub.len()).unwrap_or(u32::MAX);
        let spread_ms = count.div_ceil(1000).saturating_mul(SPREAD_MS_PER_THOUSAND);
        for (index, (_, conn)) in self.hub.iter().enumerate() {
            // Even steps over the spread; the clients add their own jitter.
            let share = u64::from(spread_ms) * index as u64 / u64::from(count.max(1));
            let retry_after_ms = 500 + u32::try_from(share).unwrap_or(u32::MAX - 500);
            conn.outbox.push(ServerFrame::Restart { retry_after_ms }.encode());
            conn.outbox.close(CloseCode::RESTART, "the daemon restarts");
        }
    }
}
