//! Teams, offers and what comes with time.

use kefu_core::{InboxSettings, TeamSettings};
use serde_json::json;

use super::*;
use crate::desk::TeamChange;

impl Office {
    pub(super) async fn team(&self, name: &str, settings: Value) -> kefu_core::Team {
        let settings: TeamSettings = serde_json::from_value(settings).unwrap();
        let change =
            TeamChange { name: Some(name.into()), settings: Some(settings), ..TeamChange::default() };
        self.desk.put_team(change).await.unwrap()
    }

    pub(super) async fn member(&self, name: &str, team: &kefu_core::Team) -> Identity {
        let agent = self.agent(name, Role::Agent, 4).await;
        let teams = Some(vec![team.id]);
        self.desk
            .put_agent(AgentChange { id: Some(agent.id), teams, ..AgentChange::default() })
            .await
            .unwrap();
        agent
    }

    pub(super) async fn settle(&self, settings: Value) {
        let settings: InboxSettings = serde_json::from_value(settings).unwrap();
        let change =
            InboxChange { id: Some(self.inbox.id), settings: Some(settings), ..InboxChange::default() };
        self.desk.put_inbox(change).await.unwrap();
    }
}

impl Line {
    /// The next hint of a conversation with this change.
    pub(super) async fn hint(&self, change: &str) -> Value {
        loop {
            let hint = self.next("conversation").await;
            if hint["change"] == change {
                return hint["conversation"].clone();
            }
        }
    }
}

#[tokio::test]
async fn an_offer_that_runs_out_goes_to_the_next_of_the_team() {
    let office = Office::open().await;
    let team = office.team("Refunds", json!({"accept_timeout_s": 1})).await;
    let stranger = office.agent("zhou", Role::Agent, 4).await;
    let (lin, wang) = (office.member("lin", &team).await, office.member("wang", &team).await);
    office.settle(json!({"team_id": team.id})).await;
    let (first, second) = (office.line(&lin).await, office.line(&wang).await);
    let _online = office.line(&stranger).await;
    let (visitor, opened) = office.visitor(1).await;
    office.desk.send(&visitor, opened.conversation_id, Uuid::from_u128(1), text("refund?")).await.unwrap();
    let offered = first.hint("offered").await;
    assert_eq!(offered["state"], "queued");
    assert_eq!(offered["team"]["name"], "Refunds");
    let asked = offered["offer"]["agent"]["id"].as_str().unwrap().to_owned();
    let (deaf, other) = if asked == lin.id.to_string() { (&first, &second) } else { (&second, &first) };
    deaf.hint("offer_missed").await;
    loop {
        let again = other.hint("offered").await;
        if again["offer"]["agent"]["id"] != asked.as_str() {
            assert_eq!(again["offer"]["agent"]["id"], other.who.id.to_string());
            break;
        }
    }
    let view = office.desk.act(&other.who, opened.conversation_id, Act::Accept).await.unwrap();
    assert_eq!(view.state, State::Open);
    assert_eq!(view.assignee.unwrap().id, other.who.id);
}

#[tokio::test]
async fn a_declined_offer_and_a_transfer_go_to_who_is_left() {
    let office = Office::open().await;
    let team = office.team("Refunds", json!({"accept_timeout_s": 600})).await;
    let lin = office.member("lin", &team).await;
    let wang = office.agent("wang", Role::Agent, 4).await;
    let (one, _two) = (office.line(&lin).await, office.line(&wang).await);
    let (visitor, opened) = office.visitor(1).await;
    let id = opened.conversation_id;
    office.desk.send(&visitor, id, Uuid::from_u128(1), text("hello")).await.unwrap();
    let view = office.desk.conversation(&visitor, id).await.unwrap();
    assert_eq!(view.state, State::Open, "who waits for anybody is not offered but given");
    let owner = view.assignee.unwrap().id;
    let owner = if owner == lin.id { &lin } else { &wang };
    let view = office.desk.act(owner, id, Act::TransferToTeam(team.id)).await.unwrap();
    assert_eq!((view.state, view.team.unwrap().id), (State::Queued, team.id));
    let offered = one.hint("offered").await;
    assert_eq!(offered["offer"]["agent"]["id"], lin.id.to_string());
    office.desk.act(&lin, id, Act::Decline).await.unwrap();
    let refused = office.desk.act(&wang, id, Act::Decline).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotFound, "it waits for a team of others");
    let change = TeamChange { id: Some(team.id), ends: true, ..TeamChange::default() };
    office.desk.put_team(change).await.unwrap();
    // He was asked again, as there was nobody else.
    office.desk.act(&lin, id, Act::Decline).await.unwrap();
    let (conversations, _) =
        office.desk.conversations(&wang, View::AgentAll(key_of(&wang)), None, None, 9).await.unwrap();
    assert_eq!(conversations[0].state, State::Open, "without the team it waits for anybody");
}

#[tokio::test]
async fn what_waits_for_a_team_is_for_its_members_alone() {
    let office = Office::open().await;
    let team = office.team("Refunds", json!({})).await;
    office.settle(json!({"team_id": team.id})).await;
    let (lin, zhou) = (office.member("lin", &team).await, office.agent("zhou", Role::Agent, 4).await);
    let boss = office.agent("boss", Role::Supervisor, 0).await;
    let (visitor, opened) = office.visitor(1).await;
    let id = opened.conversation_id;
    office.desk.send(&visitor, id, Uuid::from_u128(1), text("refund?")).await.unwrap();
    let code = |result: Result<_, Problem>| result.map(drop).unwrap_err().code;
    assert_eq!(code(office.desk.conversation(&zhou, id).await), ErrorCode::NotFound);
    assert_eq!(code(office.desk.act(&zhou, id, Act::Accept).await), ErrorCode::NotFound);
    let log = office.desk.messages(&zhou, id, Range::Newest { limit: 9 }).await.map(drop);
    assert_eq!(log.unwrap_err().code, ErrorCode::NotFound);
    for who in [&lin, &boss] {
        assert_eq!(office.desk.conversation(who, id).await.unwrap().state, State::Queued);
    }
    let listed = async |who: &Identity, view: View| {
        office.desk.conversations(who, view, None, None, 9).await.unwrap().0.len()
    };
    for (who, count) in [(&lin, 1), (&zhou, 0)] {
        assert_eq!(listed(who, View::WaitingFor(key_of(who))).await, count);
        assert_eq!(listed(who, View::AgentAll(key_of(who))).await, count);
    }
    let change = TeamChange { id: Some(team.id), ends: true, ..TeamChange::default() };
    office.desk.put_team(change).await.unwrap();
    assert_eq!(
        listed(&zhou, View::WaitingFor(key_of(&zhou))).await,
        1,
        "without a team it waits for anybody"
    );
    office.desk.act(&zhou, id, Act::Accept).await.unwrap();
}

#[tokio::test]
async fn a_watch_of_what_waits_ends_when_somebody_else_takes_it() {
    let office = Office::open().await;
    let (lin, zhou) = (office.agent("lin", Role::Agent, 0).await, office.agent("zhou", Role::Agent, 0).await);
    let line = office.line(&zhou).await;
    line.resume(&[]).await;
    line.until("resumed").await;
    let (visitor, opened) = office.visitor(1).await;
    let id = opened.conversation_id;
    office.desk.send(&visitor, id, Uuid::from_u128(1), text("hello")).await.unwrap();
    let watch = Watch { scope: Scope::Conversation, id: Some(id) };
    office.desk.post(watch_of(&line, watch, true)).await;
    line.next("watching").await;
    office.desk.send(&visitor, id, Uuid::from_u128(2), text("still there?")).await.unwrap();
    assert_eq!(line.next("message").await["text"], "still there?");
    office.desk.act(&lin, id, Act::Accept).await.unwrap();
    line.hint("assigned").await;
    office.desk.send(&visitor, id, Uuid::from_u128(3), text("between us")).await.unwrap();
    office.desk.act(&lin, id, Act::Transfer(Some(zhou.id))).await.unwrap();
    let frames = line.until("message").await;
    assert_eq!(frames.last().unwrap()["event"]["code"], "transferred", "{frames:?}");
}

#[tokio::test]
async fn silence_warns_and_then_ends_a_conversation() {
    let office = Office::open().await;
    office.settle(json!({"idle_warn_s": 1, "idle_close_s": 2})).await;
    let lin = office.agent("lin", Role::Agent, 4).await;
    let line = office.line(&lin).await;
    line.resume(&[]).await;
    let (visitor, opened) = office.visitor(1).await;
    let id = opened.conversation_id;
    office.desk.send(&visitor, id, Uuid::from_u128(1), text("hello")).await.unwrap();
    office.desk.send(&lin, id, Uuid::from_u128(2), text("what is it about?")).await.unwrap();
    let mut codes = Vec::new();
    while codes.last().is_none_or(|code| code != "resolved") {
        let message = line.next("message").await;
        codes.extend(message["event"]["code"].as_str().map(str::to_owned));
    }
    assert_eq!(codes, ["queued", "assigned", "idle_warned", "resolved"]);
    let view = office.desk.conversation(&visitor, id).await.unwrap();
    assert_eq!(view.state, State::Resolved);
}

fn key_of(who: &Identity) -> kefu_core::AgentKey {
    let kefu_core::Principal::Agent(key) = who.principal else { unreachable!("an agent is asked for") };
    key
}

#[tokio::test]
async fn who_does_not_come_back_loses_the_conversation_to_who_is_there() {
    let office = Office::open_with(tempfile::tempdir().unwrap(), Duration::from_secs(1)).await;
    let (lin, wang) = (office.agent("lin", Role::Agent, 4).await, office.agent("wang", Role::Agent, 4).await);
    let first = office.line(&lin).await;
    let (visitor, opened) = office.visitor(1).await;
    let id = opened.conversation_id;
    office.desk.send(&visitor, id, Uuid::from_u128(1), text("hello")).await.unwrap();
    let owner = office.desk.conversation(&visitor, id).await.unwrap().assignee.unwrap();
    assert_eq!(owner.id, lin.id);
    let second = office.line(&wang).await;
    office.desk.post(Command::Disconnect(first.id)).await;
    let moved = second.hint("assigned").await;
    assert_eq!(moved["assignee"]["id"], wang.id.to_string());
    let (log, _) = office.desk.messages(&wang, id, Range::Newest { limit: 9 }).await.unwrap();
    let codes: Vec<_> =
        log.iter().filter_map(|message| message.event.as_ref()).map(|event| event.code).collect();
    use kefu_core::EventCode::{Assigned, Queued, Transferred};
    assert_eq!(codes, [Queued, Assigned, Transferred, Assigned]);
}
