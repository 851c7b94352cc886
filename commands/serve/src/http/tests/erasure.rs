//! An erasure among much that stays: pages that were split and texts that moved keep nothing, over the API either.

use std::{fs, path::Path};

use http::Method;
use kefu_core::{Content, MessageKind, Principal, Revise, Rights, Role};
use serde_json::json;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::office::{Ask, Guest, Office, bytes_of};
use crate::{identity::Identity, privacy::Eraser};

/// Messages of the customer who is erased.
const MINE: usize = 10_000;
/// Messages of others, between those.
const OTHERS: usize = 2_500;
/// Messages that are on their way at once.
const AT_ONCE: usize = 250;
/// Each so many-th message is edited.
const EDITED: usize = 7;

/// A text of the message with this number that begins with `mark`: most are short, some have pages of their own.
fn text(mark: &str, number: usize) -> String {
    let chars = match number % 100 {
        99 => 16_000,
        49 => 4_000,
        rest => 10 + rest * 37 % 400,
    };
    let filler = format!(" {mark}{number:05} 包裹还没有到");
    let text = filler.repeat(1 + chars / filler.chars().count());
    format!("{mark}{number:05}{}", text.chars().take(chars).collect::<String>())
}

/// How often the files of `dir` say this.
fn count(dir: &Path, mark: &str) -> usize {
    let files = fs::read_dir(dir).unwrap().map(|file| file.unwrap().path()).filter(|path| path.is_file());
    let count_in = |bytes: Vec<u8>| bytes.windows(mark.len()).filter(|part| *part == mark.as_bytes()).count();
    files.map(|path| count_in(bytes_of(&path))).sum()
}

async fn identity(office: &Office, guest: &Guest) -> Identity {
    let visitor = office.services.store.visitor_by_id(guest.id).await.unwrap().unwrap();
    Identity {
        principal: Principal::Visitor(visitor.key),
        id: guest.id,
        name: "".into(),
        role: None,
        rights: Rights::default(),
        inbox: Some(visitor.inbox),
        session: Uuid::nil(),
        key: None,
    }
}

/// Says the messages with these numbers, all at once, in their order; returns who said which `seq`.
async fn say(
    office: &Office,
    people: &[(Identity, Uuid)],
    messages: &[(usize, String)],
) -> Vec<(usize, usize, u64)> {
    let mut sends = JoinSet::new();
    for (number, text) in messages {
        let (who, at) = (number % people.len(), *number);
        let (identity, conversation) = people[who].clone();
        let (desk, text) = (office.services.desk.clone(), text.clone());
        let id = Uuid::from_u128(1 << 64 | at as u128);
        sends.spawn(async move {
            let content = Content::text(MessageKind::Text, text);
            (at, who, desk.send(&identity, conversation, id, content).await.unwrap().seq)
        });
    }
    sends.join_all().await
}

#[tokio::test]
async fn an_erasure_among_much_that_stays_leaves_no_byte() {
    let office = Office::open().await;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    let mut guests = Vec::new();
    let mut people = Vec::new();
    for _ in 0..7 {
        let guest = office.guest().await;
        people.push((identity(&office, &guest).await, guest.conversation));
        guests.push(guest);
    }
    let (mine, others) = people.split_at(3);
    let merge = json!({"from": [guests[1].id, guests[2].id]});
    let merged = office.post(&format!("/customers/{}/merge", guests[0].id), &admin, merge).await;
    assert_eq!(merged.status, 200, "{}", merged.body);

    let share = AT_ONCE * OTHERS / MINE;
    for round in 0..MINE / AT_ONCE {
        let batch = |mark: &str, size: usize| -> Vec<_> {
            (round * size..(round + 1) * size).map(|number| (number, text(mark, number))).collect()
        };
        let said = say(&office, mine, &batch("zqmine", AT_ONCE)).await;
        say(&office, others, &batch("zqothers", share)).await;
        let mut edits = JoinSet::new();
        for (number, who, seq) in said.into_iter().filter(|(number, _, _)| number % EDITED == 0) {
            let ((identity, conversation), desk) = (mine[who].clone(), office.services.desk.clone());
            // Longer or shorter than before.
            let how = Revise::Edit(text("zqminedit", number * 31 + 13));
            edits.spawn(async move { desk.revise(&identity, conversation, seq, how).await.unwrap() });
        }
        edits.join_all().await;
    }
    let dir = office.dir.path();
    assert!(count(dir, "zqmine") >= MINE, "what is erased later is there in letters");

    let erase = format!("/customers/{}/erase", guests[0].id);
    assert_eq!(office.ask(Method::POST, &erase, None, &Ask::by(&admin)).await.status, 202);
    Eraser::of(&office.services).run_all().await.unwrap();
    let view = office.get(&format!("/customers/{}/privacy", guests[0].id), &admin).await.body;
    assert_eq!(view["erasure"]["state"], "finished", "{view}");
    assert_eq!(count(dir, "zqmine"), 0, "while it is served");
    assert!(count(dir, "zqothers") >= OTHERS, "what others said stays");
    for (who, (_, conversation)) in others.iter().enumerate() {
        let path = format!("/conversations/{conversation}/messages?after_seq=0&limit=500");
        let page = office.get(&path, &guests[3 + who].token).await.body;
        let first = page["items"].as_array().unwrap().iter().find(|item| item["kind"] == "text").unwrap();
        assert!(first["text"].as_str().unwrap().starts_with("zqothers"), "{first}");
    }
    office.services.desk.stop().await;
    office.services.indexer.close().await;
    assert_eq!(kefu_store::check(dir).await.unwrap(), Vec::<String>::new());
    assert_eq!(count(dir, "zqmine"), 0);
}
