//! The desk over a real store, without sockets: outboxes are read by hand.

use std::{sync::Arc, time::Duration};

use kefu_core::{AgentStatus, Content, MessageKind, Role, State};
use kefu_protocol::{
    frame::{ErrorCode, Position, Scope, Watch},
    ws::CloseCode,
};
use kefu_socket::{ConnectionId, Limits, Outbox, Registry, payload};
use kefu_store::{OpenOptions, Range, Session, View};
use serde_json::Value;
use tempfile::TempDir;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::{
    Act, AgentChange, Command, Connect, Desk, DeskOptions, InboxChange, NewVisitor, OpenedVisitor, Reply,
    Send, units,
};
use crate::{clock, identity::Identity, metrics::Metrics, problem::Problem};

mod bot;
mod ends;
#[cfg(feature = "migrate")]
mod feed;
mod masking;
mod oversee;
mod snooze;
mod teams;

/// A desk over a store in a directory of its own.
struct Office {
    desk: Desk,
    registry: Arc<Registry>,
    tracker: TaskTracker,
    inbox: kefu_core::Inbox,
    dir: TempDir,
}

/// A connection whose frames the test reads.
struct Line {
    id: ConnectionId,
    who: Arc<Identity>,
    outbox: Arc<Outbox>,
    desk: Desk,
}

impl Office {
    async fn open() -> Self {
        Self::open_in(tempfile::tempdir().unwrap()).await
    }

    async fn open_in(dir: TempDir) -> Self {
        Self::open_with(dir, Duration::from_secs(180)).await
    }

    async fn open_with(dir: TempDir, grace: Duration) -> Self {
        let options = OpenOptions {
            dir: dir.path().into(),
            epoch_if_new: Uuid::from_u128(7),
            now: clock::now(),
            readers: 2,
        };
        let opened = kefu_store::open(options).await.unwrap();
        let tracker = TaskTracker::new();
        let desk = Desk::start(DeskOptions {
            store: opened.store,
            writer: opened.writer,
            metrics: Arc::new(Metrics::new()),
            tracker: tracker.clone(),
            queue_bytes: 1 << 20,
            hot_conversations: 100,
            heartbeat_s: 25,
            grace,
            masking: crate::settings::Settings::default().privacy.masking(),
            words: Arc::default(),
            links: crate::files::Links::default(),
        })
        .await
        .unwrap();
        let inbox = match desk.directory().inbox_by_slug("web") {
            Some(inbox) => inbox.clone(),
            None => {
                let change = InboxChange {
                    slug: Some("web".into()),
                    name: Some("Web".into()),
                    ..InboxChange::default()
                };
                desk.put_inbox(change).await.unwrap()
            }
        };
        // Whoever reads here shares its thread with all that write: nobody is closed for being slow.
        let limits = Limits { queue_bytes_max: 4 << 20, ..Limits::default() };
        Self { desk, registry: Registry::new(limits, 0), tracker, inbox, dir }
    }

    async fn reopen(self) -> Self {
        self.desk.stop().await;
        let Self { desk, tracker, dir, .. } = self;
        drop(desk);
        tracker.close();
        tokio::time::timeout(Duration::from_secs(60), tracker.wait())
            .await
            .expect("no task outlives the desk");
        Self::open_in(dir).await
    }

    async fn agent(&self, name: &str, role: Role, capacity: u32) -> Identity {
        let view = self
            .desk
            .put_agent(AgentChange {
                name: Some(name.into()),
                email: Some(format!("{name}@example.com")),
                role: Some(role),
                capacity: Some(capacity),
                ..AgentChange::default()
            })
            .await
            .unwrap();
        let directory = self.desk.directory();
        let agent = directory.agent(view.id).unwrap();
        Identity {
            principal: kefu_core::Principal::Agent(agent.key),
            id: agent.id,
            name: agent.name.clone(),
            role: Some(role),
            rights: role.rights(),
            inbox: None,
            session: Uuid::from_u128(u128::from(capacity)),
            key: None,
        }
    }

    async fn visitor(&self, number: u8) -> (Identity, OpenedVisitor) {
        let opened = self
            .desk
            .open_visitor(NewVisitor {
                inbox: self.inbox.key,
                existing: None,
                external_id: None,
                verified: false,
                name: Some(format!("v{number}")),
                email: None,
                attributes: None,
                token_hash: [number; 32],
                is_renewal: false,
                address: "127.0.0.1".into(),
                user_agent: String::new(),
                expires_at: None,
            })
            .await
            .unwrap();
        let row = self.desk.store.visitor_by_id(opened.visitor_id).await.unwrap().unwrap();
        let identity = Identity {
            principal: kefu_core::Principal::Visitor(row.key),
            id: row.id,
            name: row.name,
            role: None,
            rights: kefu_core::Rights::NONE,
            inbox: Some(self.inbox.key),
            session: Uuid::nil(),
            key: None,
        };
        (identity, opened)
    }

    async fn line(&self, who: &Identity) -> Line {
        let who = Arc::new(who.clone());
        let outbox = self.registry.open();
        let conversations = self.desk.conversations_of(&who, 10).await.unwrap();
        let connect = Connect {
            who: Arc::clone(&who),
            outbox: Arc::clone(&outbox),
            connection_id: Uuid::from_u128(1),
            conversations,
        };
        let id = self.desk.connect(connect).await.unwrap();
        Line { id, who, outbox, desk: self.desk.clone() }
    }
}

impl Line {
    async fn resume(&self, positions: &[(Uuid, u64)]) {
        let epoch = self.desk.epoch().to_owned();
        self.resume_at(&epoch, positions).await;
    }

    async fn resume_at(&self, epoch: &str, positions: &[(Uuid, u64)]) {
        let positions =
            positions.iter().map(|&(conversation_id, seq)| Position { conversation_id, seq }).collect();
        self.desk.post(Command::Resume { connection: self.id, epoch: epoch.into(), positions }).await;
    }

    async fn send(&self, conversation: Uuid, client_id: u128, text: &str) {
        let send = Send {
            who: Arc::clone(&self.who),
            conversation,
            client_id: Uuid::from_u128(client_id),
            units: units(&Content::text(MessageKind::Text, text)),
            screened: None,
            content: Content::text(MessageKind::Text, text),
            audit: None,
            reply: Reply::Socket(self.id),
        };
        self.desk.post(Command::Send(send)).await;
    }

    /// All frames up to the next one of `kind`, which is the last.
    async fn until(&self, kind: &str) -> Vec<Value> {
        let mut seen = Vec::new();
        let wait = async {
            loop {
                let frames = std::future::poll_fn(|cx| self.outbox.poll_frames(cx, 1)).await;
                for frame in frames.expect("the connection is open") {
                    let Some(json) = payload(&frame) else { continue };
                    let value: Value = serde_json::from_slice(&json).unwrap();
                    let is_last = value["type"] == kind;
                    seen.push(value);
                    if is_last {
                        return;
                    }
                }
            }
        };
        if tokio::time::timeout(Duration::from_secs(60), wait).await.is_err() {
            panic!("no {kind} in {seen:#?}");
        }
        seen
    }

    async fn next(&self, kind: &str) -> Value {
        self.until(kind).await.pop().unwrap()
    }
}

fn watch_of(line: &Line, watch: Watch, on: bool) -> Command {
    Command::Watch { connection: line.id, watch, on, address: std::net::Ipv4Addr::LOCALHOST.into() }
}

fn seqs(frames: &[Value]) -> Vec<u64> {
    frames.iter().filter(|f| f["type"] == "message").map(|f| f["seq"].as_u64().unwrap()).collect()
}

fn text(text: &str) -> Content {
    Content::text(MessageKind::Text, text)
}

fn note(text: &str) -> Content {
    Content::text(MessageKind::Note, text)
}

#[tokio::test]
async fn a_first_message_queues_and_goes_to_the_free_agent() {
    let office = Office::open().await;
    let lin = office.agent("lin", Role::Agent, 3).await;
    let desk_line = office.line(&lin).await;
    desk_line.resume(&[]).await;
    desk_line.until("resumed").await;
    let (visitor, opened) = office.visitor(1).await;
    let line = office.line(&visitor).await;
    let hello = line.next("hello").await;
    assert_eq!(hello["conversations"][0]["last_seq"], 0);
    line.resume(&[]).await;
    line.until("resumed").await;
    line.send(opened.conversation_id, 1, "退款什么时候到账?").await;
    let ack = line.next("ack").await;
    assert_eq!((ack["seq"].as_u64(), ack["prev_seq"].as_u64()), (Some(1), Some(0)));
    let codes: Vec<_> = [line.next("message").await, line.next("message").await]
        .iter()
        .map(|m| (m["seq"].as_u64().unwrap(), m["event"]["code"].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(codes, [(2, "queued".to_owned()), (3, "assigned".to_owned())]);
    let view = office.desk.conversation(&lin, opened.conversation_id).await.unwrap();
    assert_eq!((view.state, view.assignee.unwrap().id), (State::Open, lin.id));
    let hint = desk_line.next("conversation").await;
    assert_eq!(hint["conversation"]["last_message"]["text"], "退款什么时候到账?");
    line.send(opened.conversation_id, 2, "在吗").await;
    let message = desk_line.next("message").await;
    assert_eq!((message["seq"].as_u64(), message["text"].as_str()), (Some(4), Some("在吗")));
}

#[tokio::test]
async fn a_repeat_is_answered_with_the_first_ack_and_another_body_is_a_conflict() {
    let office = Office::open().await;
    let (visitor, opened) = office.visitor(1).await;
    let id = opened.conversation_id;
    let client_id = Uuid::from_u128(9);
    let first = office.desk.send(&visitor, id, client_id, text("hello")).await.unwrap();
    let line = office.line(&visitor).await;
    line.resume(&[]).await;
    line.until("resumed").await;
    line.send(id, 9, "hello").await;
    let ack = line.next("ack").await;
    assert_eq!(ack["seq"].as_u64(), Some(first.seq));
    assert!(ack.get("prev_seq").is_none(), "a repeat takes no place in the order");
    line.send(id, 9, "other").await;
    assert_eq!(line.next("error").await["code"], "conflict");
    // Two at once, in one group.
    let (a, b) = tokio::join!(
        office.desk.send(&visitor, id, Uuid::from_u128(10), text("twice")),
        office.desk.send(&visitor, id, Uuid::from_u128(10), text("twice")),
    );
    let (a, b) = (a.unwrap(), b.unwrap());
    assert_eq!(a.seq, b.seq);
    assert!(a.repeated != b.repeated);
    let office = office.reopen().await;
    let again = office.desk.send(&visitor, id, client_id, text("hello")).await.unwrap();
    assert!(again.repeated);
    assert_eq!((again.seq, again.id), (first.seq, first.id));
}

#[tokio::test]
async fn a_visitor_sees_no_notes_and_no_gap_where_they_are() {
    let office = Office::open().await;
    let boss = office.agent("boss", Role::Supervisor, 0).await;
    let (visitor, opened) = office.visitor(1).await;
    let id = opened.conversation_id;
    office.desk.send(&visitor, id, Uuid::from_u128(1), text("hello")).await.unwrap();
    office.desk.send(&boss, id, Uuid::from_u128(2), note("vip")).await.unwrap();
    let line = office.line(&visitor).await;
    assert_eq!(line.next("hello").await["conversations"][0]["last_seq"], 2);
    line.resume(&[(id, 0)]).await;
    assert_eq!(seqs(&line.until("resumed").await), [1, 2]);
    office.desk.send(&visitor, id, Uuid::from_u128(3), text("more")).await.unwrap();
    let message = line.next("message").await;
    assert_eq!((message["seq"].as_u64(), message["prev_seq"].as_u64()), (Some(4), Some(2)));
    let refused = office.desk.send(&visitor, id, Uuid::from_u128(4), note("x")).await;
    assert_eq!(refused.unwrap_err().code, ErrorCode::Forbidden);
    let (page, _) = office.desk.messages(&visitor, id, Range::Newest { limit: 10 }).await.unwrap();
    assert_eq!(page.iter().map(|m| m.seq).collect::<Vec<_>>(), [1, 2, 4]);
}

#[tokio::test]
async fn resume_sends_exactly_what_is_missing_and_names_what_is_wrong() {
    let office = Office::open().await;
    let (visitor, opened) = office.visitor(1).await;
    let id = opened.conversation_id;
    for number in 0..600 {
        office.desk.send(&visitor, id, Uuid::from_u128(number), text(&format!("m{number}"))).await.unwrap();
    }
    let line = office.line(&visitor).await;
    line.resume(&[(id, 5), (Uuid::from_u128(404), 1)]).await;
    let frames = line.until("resumed").await;
    // The event that queued it is number 2.
    assert_eq!(seqs(&frames), (6..=601).collect::<Vec<_>>());
    assert!(frames.iter().any(|f| f["type"] == "error" && f["code"] == "not_found"));
    let ahead = office.line(&visitor).await;
    ahead.resume(&[(id, 9999)]).await;
    let frames = ahead.until("resumed").await;
    assert!(frames.iter().any(|f| f["type"] == "reset" && f["conversation_id"] == id.to_string()));
    let other = office.line(&visitor).await;
    other.resume_at("another life", &[(id, 3)]).await;
    let frames = other.until("resumed").await;
    assert!(frames.iter().any(|f| f["type"] == "reset" && f["epoch"] == office.desk.epoch()));
    assert!(seqs(&frames).is_empty());
}

#[tokio::test]
async fn nothing_is_missed_between_replay_and_live() {
    let office = Office::open().await;
    let (visitor, opened) = office.visitor(1).await;
    let id = opened.conversation_id;
    for number in 0..400 {
        office.desk.send(&visitor, id, Uuid::from_u128(number), text("before")).await.unwrap();
    }
    let line = office.line(&visitor).await;
    line.resume(&[(id, 0)]).await;
    let writer = {
        let (desk, visitor) = (office.desk.clone(), visitor.clone());
        tokio::spawn(async move {
            for number in 1000..1400 {
                desk.send(&visitor, id, Uuid::from_u128(number), text("during")).await.unwrap();
            }
        })
    };
    let mut seen = Vec::new();
    while seen.len() < 801 {
        seen.extend(seqs(&line.until("message").await));
    }
    writer.await.unwrap();
    assert_eq!(seen, (1..=801).collect::<Vec<_>>());
}

#[tokio::test]
async fn whoever_comes_in_a_flood_hears_everything_once_and_in_order() {
    const MESSAGES: usize = 3000;
    let office = Office::open().await;
    let (visitor, opened) = office.visitor(1).await;
    let id = opened.conversation_id;
    let sender = Arc::new(office.line(&visitor).await);
    sender.resume(&[]).await;
    let acked = tokio::spawn(collect(Arc::clone(&sender), "ack", MESSAGES));
    let mut listeners = Vec::new();
    for number in 0..MESSAGES {
        // Nobody waits for answers: what has been committed is told while more is written.
        sender.send(id, number as u128, "on and on").await;
        if number % 700 == 500 {
            let line = Arc::new(office.line(&visitor).await);
            line.resume(&[(id, 0)]).await;
            listeners.push(tokio::spawn(collect(line, "message", MESSAGES + 1)));
        }
    }
    for listener in listeners {
        assert_eq!(listener.await.unwrap(), (1..=MESSAGES as u64 + 1).collect::<Vec<_>>());
    }
    assert!(acked.await.unwrap().is_sorted_by(|a, b| a < b));
}

/// The numbers of the next `count` frames of `kind`.
async fn collect(line: Arc<Line>, kind: &'static str, count: usize) -> Vec<u64> {
    let mut seen = Vec::new();
    while seen.len() < count {
        seen.push(line.next(kind).await["seq"].as_u64().unwrap());
    }
    seen
}

#[tokio::test]
async fn others_conversations_do_not_exist() {
    let office = Office::open().await;
    let (_, opened) = office.visitor(1).await;
    let (stranger, _) = office.visitor(2).await;
    let id = opened.conversation_id;
    let code = |result: Result<_, Problem>| result.map(drop).unwrap_err().code;
    assert_eq!(code(office.desk.conversation(&stranger, id).await), ErrorCode::NotFound);
    let sent = office.desk.send(&stranger, id, Uuid::nil(), text("x")).await.map(|_| ());
    assert_eq!(sent.unwrap_err().code, ErrorCode::NotFound);
    let acted = office.desk.act(&stranger, id, Act::Resolve(None)).await;
    assert_eq!(code(acted), ErrorCode::NotFound);
}

#[tokio::test]
async fn a_transfer_moves_the_conversation_and_what_is_heard_of_it() {
    let office = Office::open().await;
    let lin = office.agent("lin", Role::Agent, 5).await;
    let alex = office.agent("alex", Role::Agent, 4).await;
    let lin_line = office.line(&lin).await;
    lin_line.resume(&[]).await;
    lin_line.until("resumed").await;
    let (visitor, opened) = office.visitor(1).await;
    let id = opened.conversation_id;
    office.desk.send(&visitor, id, Uuid::from_u128(1), text("hello")).await.unwrap();
    lin_line.until("conversation").await;
    let alex_line = office.line(&alex).await;
    alex_line.resume(&[]).await;
    alex_line.until("resumed").await;
    let view = office.desk.act(&lin, id, Act::Transfer(Some(alex.id))).await.unwrap();
    assert_eq!(view.assignee.unwrap().id, alex.id);
    alex_line.until("conversation").await;
    office.desk.send(&visitor, id, Uuid::from_u128(2), text("again")).await.unwrap();
    assert_eq!(alex_line.next("message").await["text"], "again");
    let refused = office.desk.act(&lin, id, Act::Resolve(None)).await.map(drop);
    assert_eq!(refused.unwrap_err().code, ErrorCode::NotFound);
    let (page, _) = office.desk.conversations(&alex, View::All, None, None, 10).await.unwrap();
    assert_eq!(page.len(), 1);
}

#[tokio::test]
async fn what_waits_goes_to_who_comes_and_survives_a_restart() {
    let office = Office::open().await;
    let lin = office.agent("lin", Role::Agent, 2).await;
    let mut ids = Vec::new();
    for number in 1..=3 {
        let (visitor, opened) = office.visitor(number).await;
        let id = opened.conversation_id;
        office.desk.send(&visitor, id, Uuid::from_u128(1), text("hello")).await.unwrap();
        ids.push(id);
    }
    let office = office.reopen().await;
    let _line = office.line(&lin).await;
    let agents = office.desk.agents().await.unwrap();
    assert_eq!((agents[0].load, agents[0].status), (2, AgentStatus::Online));
    office.desk.act(&lin, ids[0], Act::Resolve(None)).await.unwrap();
    let states: Vec<_> = states_of(&office, &lin, &ids).await;
    assert_eq!(states, [State::Resolved, State::Open, State::Open]);
    let rated = office
        .desk
        .act(&lin, ids[1], Act::Rate { score: 5, comment: String::new(), flagged: Vec::new() })
        .await
        .map(drop);
    assert_eq!(rated.unwrap_err().code, ErrorCode::Forbidden);
}

async fn states_of(office: &Office, who: &Identity, ids: &[Uuid]) -> Vec<State> {
    let mut states = Vec::new();
    for id in ids {
        states.push(office.desk.conversation(who, *id).await.unwrap().state);
    }
    states
}

#[tokio::test]
async fn disabling_an_agent_ends_its_sockets_and_requeues() {
    let office = Office::open().await;
    let boss = office.agent("boss", Role::Admin, 0).await;
    let lin = office.agent("lin", Role::Agent, 3).await;
    let line = office.line(&lin).await;
    let (visitor, opened) = office.visitor(1).await;
    office.desk.send(&visitor, opened.conversation_id, Uuid::from_u128(1), text("hi")).await.unwrap();
    let change = AgentChange { id: Some(lin.id), disabled: Some(true), ..AgentChange::default() };
    office.desk.put_agent(change).await.unwrap();
    assert_eq!(line.outbox.close_code(), Some(CloseCode::UNAUTHORIZED));
    let view = office.desk.conversation(&boss, opened.conversation_id).await.unwrap();
    assert_eq!((view.state, view.assignee.is_none()), (State::Queued, true));
    let last = AgentChange { id: Some(boss.id), disabled: Some(true), ..AgentChange::default() };
    assert_eq!(office.desk.put_agent(last).await.unwrap_err().code, ErrorCode::Conflict);
}

#[tokio::test]
async fn a_supervisor_watches_from_the_end_and_an_agent_may_not() {
    let office = Office::open().await;
    let boss = office.agent("boss", Role::Supervisor, 0).await;
    let lin = office.agent("lin", Role::Agent, 3).await;
    let line = office.line(&lin).await;
    line.resume(&[]).await;
    let (visitor, opened) = office.visitor(1).await;
    let id = opened.conversation_id;
    office.desk.send(&visitor, id, Uuid::from_u128(1), text("one")).await.unwrap();
    let boss_line = office.line(&boss).await;
    boss_line.resume(&[]).await;
    boss_line.until("resumed").await;
    let watch = Watch { scope: Scope::Conversation, id: Some(id) };
    office.desk.post(watch_of(&boss_line, watch, true)).await;
    assert_eq!(boss_line.next("watching").await["last_seq"], 3);
    office.desk.send(&visitor, id, Uuid::from_u128(2), text("two")).await.unwrap();
    assert_eq!(boss_line.next("message").await["seq"], 4);
    let all = Watch { scope: Scope::All, id: None };
    office.desk.post(watch_of(&line, all, true)).await;
    assert_eq!(line.next("error").await["code"], "forbidden");
}

#[tokio::test]
async fn expired_sessions_are_forgotten_by_and_by() {
    let office = Office::open().await;
    let (visitor, _) = office.visitor(1).await;
    for (number, expires_in_s) in [(2, -1), (3, 3600)] {
        let session = Session {
            token_hash: [number; 32],
            id: Uuid::from_u128(number.into()),
            principal: visitor.principal,
            inbox: visitor.inbox,
            created_at: clock::now(),
            last_seen_at: clock::now(),
            expires_at: Some(clock::now().plus_seconds(expires_in_s)),
            user_agent: String::new(),
            address: String::new(),
        };
        office.desk.open_session(session).await.unwrap();
    }
    let sessions = async || office.desk.store.sessions_of(visitor.principal).await.unwrap();
    let gone = async {
        while sessions().await.iter().any(|session| session.token_hash[0] == 2) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), gone).await.expect("the desk looks after itself");
    let mut left: Vec<_> = sessions().await.iter().map(|session| session.token_hash[0]).collect();
    left.sort_unstable();
    assert_eq!(left, [1, 3]);
}

#[tokio::test]
async fn stopping_tells_everybody_to_come_back() {
    let office = Office::open().await;
    let (visitor, _) = office.visitor(1).await;
    let line = office.line(&visitor).await;
    office.desk.stop().await;
    line.until("restart").await;
    assert_eq!(line.outbox.close_code(), Some(CloseCode::RESTART));
    let refused = office.desk.agents().await.map(drop);
    assert_eq!(refused.unwrap_err().code, ErrorCode::Unavailable);
}

#[tokio::test]
async fn messages_are_edited_and_recalled_in_place() {
    let office = Office::open().await;
    let boss = office.agent("boss", Role::Supervisor, 4).await;
    let (visitor, opened) = office.visitor(1).await;
    let id = opened.conversation_id;
    office.desk.send(&visitor, id, Uuid::from_u128(1), text("my pasword")).await.unwrap();
    office.desk.send(&boss, id, Uuid::from_u128(2), note("secret")).await.unwrap();
    let edit = |words: &str| kefu_core::Revise::Edit(words.to_owned());
    let notes = office.desk.conversation(&boss, id).await.unwrap().last_seq;
    let (all, _) = office.desk.messages(&boss, id, Range::Newest { limit: 50 }).await.unwrap();
    let note_seq = all.iter().find(|message| message.kind == MessageKind::Note).unwrap().seq;
    office.desk.revise(&visitor, id, 1, edit("my password")).await.unwrap();
    let foreign = office.desk.revise(&visitor, id, note_seq, edit("x")).await.unwrap_err();
    assert_eq!(foreign.code, ErrorCode::NotFound, "a visitor knows of no note");
    office.desk.revise(&boss, id, note_seq, edit("other")).await.unwrap();
    let (seen, _) = office.desk.messages(&visitor, id, Range::Newest { limit: 50 }).await.unwrap();
    assert_eq!(seen[0].text, "my password");
    let told: Vec<_> = seen.iter().filter_map(|message| message.event.as_ref()?.seq).collect();
    assert_eq!(told, [1], "the visitor hears of its own edit only");
    assert!(office.desk.conversation(&boss, id).await.unwrap().last_seq > notes);
    office.desk.revise(&visitor, id, 1, kefu_core::Revise::Recall).await.unwrap();
    let again = office.desk.revise(&visitor, id, 1, edit("back")).await.unwrap_err();
    assert_eq!(again.code, ErrorCode::Conflict);
    let view = office.desk.conversation(&visitor, id).await.unwrap();
    assert_eq!(view.last_message.unwrap().text, "");
    let repeat = office.desk.send(&visitor, id, Uuid::from_u128(1), text("my pasword")).await.unwrap();
    assert!(repeat.repeated && repeat.seq == 1, "the repeat of a revised message is no conflict");
    let quote = Content { quote_seq: Some(1), ..text("this one") };
    office.desk.send(&visitor, id, Uuid::from_u128(3), quote).await.unwrap();
    let card = |title: &str| {
        let data =
            format!(r#"{{"title":"{title}","buttons":[{{"label":"go","url":"https://shop.example"}}]}}"#);
        Content::new(MessageKind::Card, String::new(), Some(&data), None).unwrap()
    };
    let refused = office.desk.send(&visitor, id, Uuid::from_u128(5), card("phish")).await.unwrap_err();
    assert_eq!(refused.field, Some("data"), "a visitor puts no buttons before an agent");
    office.desk.send(&boss, id, Uuid::from_u128(6), card("offer")).await.unwrap();
    let nothing = Content { quote_seq: Some(99), ..text("this one") };
    let refused = office.desk.send(&visitor, id, Uuid::from_u128(4), nothing).await.unwrap_err();
    assert_eq!(refused.field, Some("quote_seq"));
}
