//! What is kept for long enough goes, and nothing else does.

use http::Method;
use kefu_core::Role;
use kefu_protocol::frame::ErrorCode;
use kefu_store::{Belongings, Change, FileChange, Outdated, PrivacyChange};
use serde_json::json;

use super::{
    office::{Ask, Guest, Office},
    privacy::{say, secret, traces},
    records::id,
    rights::{Case, case},
};
use crate::{clock, privacy::retention::Sweeper};

/// The rows of the table of rights.
pub(super) fn cases() -> Vec<Case> {
    vec![case(Method::GET, "/privacy/retention", None, [401, 403, 403, 403, 403, 403, 200])]
}

/// A conversation with a file, a page and a ticket, in which everything says `name`.
async fn ended(office: &Office, agent: &str, name: &str, client: u128) -> Guest {
    let guest = office.taken_by(agent).await;
    say(office, guest.conversation, &guest.token, client, json!({"text": secret(name)})).await;
    let file = office.uploaded(&guest, &format!("{}.txt", secret(name)), secret(name).as_bytes()).await;
    assert_eq!(office.send_file(&guest, client + 1, "file", file).await.status, 201);
    let page = json!({"url": "https://shop.example/1", "title": secret(name)});
    assert_eq!(office.post("/widget/pages", &guest.token, page).await.status, 204);
    office.services.trails.write(&office.services.desk).await;
    let ticket =
        json!({"subject": secret(name), "body": secret(name), "conversation_ids": [guest.conversation]});
    let made = office.post("/tickets", agent, ticket).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let solve = json!({"version": 1, "status": "solved"});
    let path = format!("/tickets/{}", id(&made.body));
    let solved = office.ask(Method::PATCH, &path, Some(solve), &Ask::by(agent)).await;
    assert_eq!(solved.status, 200, "{}", solved.body);
    let path = format!("/conversations/{}/resolve", guest.conversation);
    assert_eq!(office.ask(Method::POST, &path, None, &Ask::by(agent)).await.status, 200);
    guest
}

#[tokio::test]
async fn what_was_kept_for_long_enough_leaves_nothing_in_any_file() {
    let office = Office::open().await;
    let agent = office.token_of(office.agent("lin", Role::Agent).await).await;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    let old = ended(&office, &agent, "outdated", 10).await;
    let held = ended(&office, &agent, "held", 20).await;
    let open = office.taken_by(&agent).await;
    say(&office, open.conversation, &open.token, 30, json!({"text": secret("open")})).await;
    let hold = format!("/customers/{}/hold", held.id);
    let hold = office.ask(Method::PUT, &hold, Some(json!({"reason": "a lawsuit"})), &Ask::by(&admin)).await;
    assert_eq!(hold.status, 200, "{}", hold.body);
    let inbox = office.services.desk.directory().inbox_by_slug("web").unwrap().id;
    let keep = async |retention| {
        let body = json!({"settings": {"retention": retention}});
        office.ask(Method::PATCH, &format!("/inboxes/{inbox}"), Some(body), &Ask::by(&admin)).await
    };
    let refused = keep(json!({"files_days": 0})).await;
    assert_eq!((refused.status, &refused.body["field"]), (400, &json!("retention.files_days")));
    let days = json!({"messages_days": 30, "files_days": 30, "tickets_days": 30, "pages_days": 30});
    let kept = keep(days).await;
    assert_eq!(kept.status, 200, "{}", kept.body);
    let dir = office.dir.path();
    let mut sweeper = Sweeper::of(&office.services);
    let now = clock::now();
    sweeper.sweep(now.plus_seconds(29 * 24 * 60 * 60)).await.unwrap();
    assert!(!traces(dir, &["outdated"]).is_empty(), "not yet");
    sweeper.sweep(now.plus_seconds(31 * 24 * 60 * 60)).await.unwrap();

    assert_eq!(traces(dir, &["outdated"]), Vec::<String>::new());
    assert!(!traces(dir, &["open"]).is_empty(), "a conversation that goes on stays");
    for (kind, place) in [("held", "kefu.db"), ("held", "/files/")] {
        assert!(traces(dir, &[kind]).iter().any(|trace| trace.contains(place)), "{kind} in {place}");
    }
    let path = format!("/conversations/{}/messages?limit=500", old.conversation);
    let page = office.get(&path, &admin).await.body;
    let items = page["items"].as_array().unwrap();
    assert!(items.iter().map(|item| item["seq"].as_u64().unwrap()).eq(1..=items.len() as u64), "{page}");
    assert_eq!(items.last().unwrap()["event"]["code"], "erased", "{page}");
    let (status, before) = (office.get("/privacy/retention", &admin).await, items.len());
    let of_web: Vec<_> = status.body["items"].as_array().unwrap().iter().take(4).collect();
    assert!(of_web.iter().all(|view| view["days"] == 30 && view["due"] == 0), "{}", status.body);
    let swept = office.trail().await.into_iter().filter(|(action, _)| action == "retention.swept").count();

    // Once more, long after: nothing is left to do, and nothing is told again.
    sweeper.sweep(now.plus_seconds(99 * 24 * 60 * 60)).await.unwrap();
    assert_eq!(office.get(&path, &admin).await.body["items"].as_array().unwrap().len(), before);
    let again = office.trail().await.into_iter().filter(|(action, _)| action == "retention.swept").count();
    assert_eq!((swept, again), (1, 1));
    let metrics = office.services.metrics.text(&crate::metrics::Observed::default(), "");
    assert!(metrics.contains("kefu_retention_erased_total{kind=\"messages\"} 1"), "{metrics}");
}

#[tokio::test]
async fn a_hold_that_comes_while_a_slice_is_on_its_way_stops_it() {
    let office = Office::open().await;
    let agent = office.token_of(office.agent("lin", Role::Agent).await).await;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    let due = ended(&office, &agent, "held", 10).await;
    let main = office.guest().await;
    let merge = json!({"from": [due.id]});
    assert_eq!(office.post(&format!("/customers/{}/merge", main.id), &admin, merge).await.status, 200);
    let (dir, store, now) = (office.dir.path(), &office.services.store, clock::now());
    let sweeper = Sweeper::of(&office.services);
    // What a round looked up before anybody thought of a hold.
    let inbox = office.services.desk.directory().inbox_by_slug("web").unwrap().key;
    let outdated = Outdated { inbox, before: now.plus_seconds(60), now };
    let conversations = store.outdated_conversations(outdated, 10).await.unwrap();
    let files = store.outdated_files(outdated, 10).await.unwrap();
    let tickets = store.outdated_tickets(outdated, 10).await.unwrap();
    let pages = store.outdated_pages(outdated, 10).await.unwrap();
    assert_eq!([conversations.len(), files.len(), tickets.len(), pages.len()], [1; 4]);
    let hold = format!("/customers/{}/hold", due.id);
    let held = office.ask(Method::PUT, &hold, Some(json!({"reason": "a lawsuit"})), &Ask::by(&admin)).await;
    assert_eq!(held.status, 200, "{}", held.body);

    let remove = vec![Change::File(FileChange::Remove(files[0]))];
    let erase = vec![Change::Privacy(PrivacyChange::EraseTickets(tickets.clone()))];
    let trail = PrivacyChange::RemovePages { visitors: pages.clone(), before: outdated.before };
    let key = conversations[0].key;
    let entries = vec![Change::Privacy(PrivacyChange::EraseEntries(vec![conversations[0].last_message_pos]))];
    for (what, changes) in [
        (Belongings::Files(files), remove),
        (Belongings::Tickets(tickets), erase),
        (Belongings::Pages(pages), vec![Change::Privacy(trail)]),
        (Belongings::Conversation(key), entries),
    ] {
        let refused = sweeper.record(what, now, changes).await.unwrap_err();
        assert_eq!(refused.code, ErrorCode::Conflict, "{refused:?}");
    }
    let note = PrivacyChange::Emptied { conversation: key, upto: conversations[0].last_pos };
    let refused = office.services.desk.end_erased(key, note).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Conflict, "{refused:?}");
    assert_eq!(sweeper.empty(&conversations[0], now).await.unwrap_err().code, ErrorCode::Conflict);
    let path = format!("/conversations/{}/messages?limit=500", due.conversation);
    let page = office.get(&path, &admin).await.body;
    assert!(page.to_string().contains(&secret("held")) && !page.to_string().contains("erased"), "{page}");
    assert!(traces(dir, &["held"]).iter().any(|trace| trace.contains("/files/")), "the file is there");
    let ticket = office.get("/tickets", &admin).await.body;
    assert!(ticket.to_string().contains(&secret("held")), "{ticket}");

    // It has gone again: so does everything, at once.
    assert_eq!(office.ask(Method::DELETE, &hold, None, &Ask::by(&admin)).await.status, 204);
    sweeper.empty(&conversations[0], now).await.unwrap();
    let page = office.get(&path, &admin).await.body.to_string();
    assert!(!page.contains(&secret("held")) && page.contains("erased"), "{page}");
}

#[tokio::test]
async fn what_waits_for_a_scrub_is_known_after_a_restart() {
    let office = Office::open().await;
    let agent = office.token_of(office.agent("lin", Role::Agent).await).await;
    let old = ended(&office, &agent, "outdated", 10).await;
    let (store, now) = (&office.services.store, clock::now());
    let sweeper = Sweeper::of(&office.services);
    let inbox = office.services.desk.directory().inbox_by_slug("web").unwrap().key;
    let outdated = Outdated { inbox, before: now.plus_seconds(60), now };
    let due = store.outdated_conversations(outdated, 10).await.unwrap();
    assert_eq!(due[0].id, old.conversation);
    assert_eq!(store.unscrubbed().await.unwrap(), None);
    sweeper.empty(&due[0], now).await.unwrap();
    assert!(store.unscrubbed().await.unwrap().is_some(), "as a process that ends now leaves it");
    // Another process has nothing more to erase, and scrubs.
    Sweeper::of(&office.services).sweep(now).await.unwrap();
    assert_eq!(store.unscrubbed().await.unwrap(), None);
}
