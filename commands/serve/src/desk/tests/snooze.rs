//! What is set aside until a time, and what is marked as unread.

use super::*;
use crate::view::ConversationView;

impl Office {
    /// A conversation that `agent` has taken.
    async fn taken(&self, agent: &Identity, number: u8) -> (Identity, Uuid) {
        let (visitor, opened) = self.visitor(number).await;
        let id = opened.conversation_id;
        self.desk.send(&visitor, id, Uuid::from_u128(1), text("hello")).await.unwrap();
        self.desk.act(agent, id, Act::Accept).await.unwrap();
        (visitor, id)
    }

    async fn until_open(&self, who: &Identity, id: Uuid, line: &Line) -> ConversationView {
        // It may have been taken up before anybody listened.
        loop {
            let view = self.desk.conversation(who, id).await.unwrap();
            if view.state != State::Pending {
                return view;
            }
            line.next("conversation").await;
        }
    }
}

#[tokio::test]
async fn what_is_set_aside_comes_back_at_its_time_also_after_a_restart() {
    let office = Office::open().await;
    let lin = office.agent("lin", Role::Agent, 1).await;
    let (_, one) = office.taken(&lin, 1).await;
    let (visitor, two) = office.taken(&lin, 2).await;
    let soon = clock::now().plus(300_000);
    for (id, until) in [(one, soon), (two, soon.plus_seconds(3600))] {
        let view = office.desk.act(&lin, id, Act::Pend(Some(until))).await.unwrap();
        assert_eq!((view.state, view.snoozed_until.unwrap().micros()), (State::Pending, until.0));
        assert_eq!(office.desk.conversation(&visitor, two).await.unwrap().snoozed_until, None);
    }
    let office = office.reopen().await;
    let line = office.line(&lin).await;
    line.resume(&[]).await;
    let view = office.until_open(&lin, one, &line).await;
    assert_eq!((view.state, view.assignee.unwrap().id, view.snoozed_until), (State::Open, lin.id, None));
    let (log, _) = office.desk.messages(&lin, one, Range::Newest { limit: 2 }).await.unwrap();
    let [aside, woken] = &log[..] else { unreachable!() };
    assert_eq!(aside.event.as_ref().unwrap().until.unwrap().micros(), soon.0);
    let woken = woken.event.as_ref().unwrap();
    assert!(woken.code == kefu_core::EventCode::Reopened && woken.by.is_none());
    // The visitor comes first: nothing is left to come.
    assert_eq!(office.desk.conversation(&lin, two).await.unwrap().state, State::Pending);
    office.desk.send(&visitor, two, Uuid::from_u128(2), text("I am back")).await.unwrap();
    let view = office.desk.conversation(&lin, two).await.unwrap();
    assert_eq!((view.state, view.snoozed_until), (State::Open, None));
    assert!(office.desk.store.snoozed().await.unwrap().is_empty());
}

#[tokio::test]
async fn without_its_agent_what_comes_back_goes_to_the_queue() {
    let office = Office::open().await;
    let boss = office.agent("boss", Role::Supervisor, 0).await;
    let lin = office.agent("lin", Role::Agent, 1).await;
    let (_, id) = office.taken(&lin, 1).await;
    office.desk.act(&lin, id, Act::Pend(Some(clock::now().plus(300_000)))).await.unwrap();
    // After a restart what is set aside is at nobody's desk in memory, so it stays when its agent goes.
    let office = office.reopen().await;
    let gone = AgentChange { id: Some(lin.id), disabled: Some(true), ..AgentChange::default() };
    office.desk.put_agent(gone).await.unwrap();
    let line = office.line(&boss).await;
    line.resume(&[]).await;
    let all = Watch { scope: Scope::All, id: None };
    office.desk.post(watch_of(&line, all, true)).await;
    let view = office.until_open(&boss, id, &line).await;
    assert_eq!((view.state, view.assignee.is_none()), (State::Queued, true));
}

#[tokio::test]
async fn a_mark_stays_until_an_agent_reads_and_visitors_see_nothing_of_it() {
    let office = Office::open().await;
    let lin = office.agent("lin", Role::Agent, 1).await;
    let (visitor, id) = office.taken(&lin, 1).await;
    let line = office.line(&lin).await;
    line.resume(&[]).await;
    line.until("resumed").await;
    let read = office.desk.conversation(&lin, id).await.unwrap().last_seq;
    office.desk.act(&lin, id, Act::Read { seq: read }).await.unwrap();
    assert!(office.desk.act(&lin, id, Act::MarkUnread).await.unwrap().marked_unread);
    assert_eq!(line.next("conversation").await["conversation"]["marked_unread"], true);
    let seen = office.desk.conversation(&visitor, id).await.unwrap();
    assert_eq!((seen.marked_unread, seen.agent_read_seq), (false, read), "what was read stays read");
    let office = office.reopen().await;
    assert!(office.desk.conversation(&lin, id).await.unwrap().marked_unread);
    office.desk.act(&lin, id, Act::Read { seq: read }).await.unwrap();
    assert!(!office.desk.conversation(&lin, id).await.unwrap().marked_unread);
    office.desk.send(&visitor, id, Uuid::from_u128(3), text("hello?")).await.unwrap();
    let waits = office.desk.conversation(&lin, id).await.unwrap().unanswered_since;
    assert!(waits.is_some());
    office.desk.send(&visitor, id, Uuid::from_u128(4), text("hello??")).await.unwrap();
    assert_eq!(office.desk.conversation(&lin, id).await.unwrap().unanswered_since, waits);
    office.desk.send(&lin, id, Uuid::from_u128(5), text("here I am")).await.unwrap();
    assert_eq!(office.desk.conversation(&lin, id).await.unwrap().unanswered_since, None);
}
