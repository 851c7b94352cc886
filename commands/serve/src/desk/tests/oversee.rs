//! Supervisors who join and take over, and watches of teams.

use serde_json::json;

use super::*;

async fn live(office: &Office, who: &Identity) -> Line {
    let line = office.line(who).await;
    line.resume(&[]).await;
    line.until("resumed").await;
    line
}

#[tokio::test]
async fn who_joins_hears_everything_also_after_a_restart_and_the_old_owner_is_told() {
    let office = Office::open().await;
    let (lin, boss) =
        (office.agent("lin", Role::Agent, 1).await, office.agent("boss", Role::Supervisor, 0).await);
    let lin_line = live(&office, &lin).await;
    let boss_line = live(&office, &boss).await;
    let (visitor, opened) = office.visitor(1).await;
    let id = opened.conversation_id;
    office.desk.send(&visitor, id, Uuid::from_u128(1), text("hello")).await.unwrap();
    office.desk.act(&boss, id, Act::Join).await.unwrap();
    for line in [&lin_line, &boss_line] {
        while line.next("message").await["event"]["code"] != "joined" {}
    }
    office.desk.send(&visitor, id, Uuid::from_u128(2), text("two of you?")).await.unwrap();
    assert_eq!(boss_line.next("message").await["text"], "two of you?");
    let office = office.reopen().await;
    let (lin_line, boss_line) = (live(&office, &lin).await, office.line(&boss).await);
    assert_eq!(boss_line.next("hello").await["conversations"][0]["id"], id.to_string());
    boss_line.resume(&[]).await;
    boss_line.until("resumed").await;
    office.desk.act(&boss, id, Act::TakeOver).await.unwrap();
    let told = lin_line.hint("taken_over").await;
    assert_eq!(told["assignee"]["id"], boss.id.to_string());
    assert_eq!(boss_line.next("message").await["event"]["code"], "taken_over");
    let agents = office.desk.agents().await.unwrap();
    let load = |who: &Identity| agents.iter().find(|agent| agent.id == who.id).unwrap().load;
    assert_eq!((load(&lin), load(&boss)), (0, 1), "what is taken over counts, beyond the capacity too");
}

#[tokio::test]
async fn who_joined_and_does_not_come_back_leaves() {
    let office = Office::open_with(tempfile::tempdir().unwrap(), Duration::from_secs(1)).await;
    let (lin, boss) =
        (office.agent("lin", Role::Agent, 1).await, office.agent("boss", Role::Supervisor, 0).await);
    let lin_line = live(&office, &lin).await;
    let boss_line = live(&office, &boss).await;
    let (visitor, opened) = office.visitor(1).await;
    let id = opened.conversation_id;
    office.desk.send(&visitor, id, Uuid::from_u128(1), text("hello")).await.unwrap();
    office.desk.act(&boss, id, Act::Join).await.unwrap();
    office.desk.post(Command::Disconnect(boss_line.id)).await;
    let left = loop {
        let message = lin_line.next("message").await;
        if message["event"]["code"] == "left" {
            break message;
        }
    };
    assert_eq!(left["event"]["agent"]["id"], boss.id.to_string());
    assert!(office.desk.conversation(&lin, id).await.unwrap().joined.is_empty());
}

#[tokio::test]
async fn a_team_is_watched_by_its_members_without_what_is_said_and_by_supervisors() {
    let office = Office::open().await;
    let team = office.team("Refunds", json!({})).await;
    office.settle(json!({"team_id": team.id})).await;
    let (lin, wang) = (office.member("lin", &team).await, office.member("wang", &team).await);
    let (zhou, boss) =
        (office.agent("zhou", Role::Agent, 0).await, office.agent("boss", Role::Supervisor, 0).await);
    let lines = [live(&office, &wang).await, live(&office, &boss).await];
    let stranger = live(&office, &zhou).await;
    let watch = Watch { scope: Scope::Team, id: Some(team.id) };
    for line in lines.iter().chain([&stranger]) {
        office.desk.post(watch_of(line, watch, true)).await;
    }
    assert_eq!(stranger.next("error").await["code"], "forbidden");
    let (visitor, opened) = office.visitor(1).await;
    let id = opened.conversation_id;
    office.desk.send(&visitor, id, Uuid::from_u128(1), text("refund?")).await.unwrap();
    office.desk.act(&lin, id, Act::Accept).await.ok();
    let owner = office.desk.conversation(&boss, id).await.unwrap().assignee.unwrap().id;
    if owner != lin.id {
        office.desk.act(&boss, id, Act::Transfer(Some(lin.id))).await.unwrap();
    }
    office.desk.act(&lin, id, Act::Pend(None)).await.unwrap();
    let [member, overseer] = &lines;
    assert_eq!(member.hint("pending").await["last_message"], Value::Null);
    assert_eq!(overseer.hint("pending").await["last_message"]["text"], "refund?");
    office.desk.post(watch_of(member, watch, false)).await;
    office.desk.act(&lin, id, Act::Reopen).await.unwrap();
    office.desk.act(&lin, id, Act::Resolve(None)).await.unwrap();
    overseer.hint("resolved").await;
    let own = Watch { scope: Scope::Team, id: None };
    office.desk.post(watch_of(member, own, true)).await;
    let frames = member.until("watching").await;
    assert!(frames.iter().all(|frame| frame["type"] != "conversation"), "{frames:?}");
}

#[tokio::test]
async fn a_watch_of_what_is_others_is_audited_once_before_anything_is_heard() {
    let office = Office::open().await;
    let (lin, boss) =
        (office.agent("lin", Role::Agent, 1).await, office.agent("boss", Role::Supervisor, 0).await);
    let boss_line = live(&office, &boss).await;
    let (visitor, opened) = office.visitor(1).await;
    let id = opened.conversation_id;
    office.desk.send(&visitor, id, Uuid::from_u128(1), text("hello")).await.unwrap();
    let watch = Watch { scope: Scope::Conversation, id: Some(id) };
    let watched = async || {
        let lines = office.desk.store.audit_lines(0, 100).await.unwrap();
        lines.into_iter().filter(|line| line.action == "conversation.watched").collect::<Vec<_>>()
    };
    office.desk.post(watch_of(&boss_line, watch, true)).await;
    boss_line.next("watching").await;
    assert!(watched().await.is_empty(), "what waits is anybody's to look at");
    office.desk.post(watch_of(&boss_line, watch, false)).await;
    office.desk.act(&lin, id, Act::Accept).await.unwrap();
    for again in [true, false, false] {
        office.desk.post(watch_of(&boss_line, watch, true)).await;
        boss_line.next("watching").await;
        let lines = watched().await;
        assert_eq!(lines.len(), 1, "a watch that goes on, or goes on soon, is one watch: {lines:?}");
        assert_eq!((lines[0].actor_id, lines[0].target_id), (Some(boss.id), Some(id)));
        if again {
            office.desk.post(watch_of(&boss_line, watch, false)).await;
        }
    }
    office.desk.send(&visitor, id, Uuid::from_u128(2), text("are you there?")).await.unwrap();
    assert_eq!(boss_line.next("message").await["text"], "are you there?");
    let lin_line = live(&office, &lin).await;
    office.desk.post(watch_of(&lin_line, watch, true)).await;
    lin_line.next("watching").await;
    assert_eq!(watched().await.len(), 1, "its own agent watches nobody");
}
