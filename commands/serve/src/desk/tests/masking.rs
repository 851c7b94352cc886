//! Personal data in what is told over connections.

use super::*;

const PHONE: &str = "13800138000";

/// The connection's frames up to a message with this number, none of which may tell the number.
async fn masked_until(line: &Line, seq: u64) -> Vec<Value> {
    let mut seen = Vec::new();
    loop {
        let frames = line.until("message").await;
        let is_last = frames.last().is_some_and(|frame| frame["seq"].as_u64() == Some(seq));
        seen.extend(frames);
        if is_last {
            break;
        }
    }
    for frame in &seen {
        assert!(!frame.to_string().contains(PHONE), "{frame}");
    }
    seen
}

#[tokio::test]
async fn agents_hear_masked_what_visitors_hear_whole() {
    let office = Office::open().await;
    let lin = office.agent("lin", Role::Agent, 3).await;
    let line = office.line(&lin).await;
    line.resume(&[]).await;
    line.until("resumed").await;
    let (visitor, opened) = office.visitor(1).await;
    let id = opened.conversation_id;
    let own = office.line(&visitor).await;
    own.resume(&[]).await;
    own.until("resumed").await;
    let said = |number: u128| office.desk.send(&visitor, id, Uuid::from_u128(number), text(PHONE));
    said(1).await.unwrap();
    assert_eq!(own.next("message").await["text"], PHONE);
    let hint = line.next("conversation").await;
    assert_eq!(hint["conversation"]["last_message"]["text"], "138****8000", "{hint}");
    let last = said(2).await.unwrap().seq;
    let frames = masked_until(&line, last).await;
    assert_eq!(frames.last().unwrap()["text"], "138****8000");
    // An edit, and what is sent again to who comes back.
    let how = kefu_core::Revise::Edit(format!("{PHONE}!"));
    office.desk.revise(&visitor, id, last, how).await.unwrap();
    let edited = office.desk.conversation(&lin, id).await.unwrap().last_seq;
    masked_until(&line, edited).await;
    let again = office.line(&lin).await;
    again.resume(&[(id, 0)]).await;
    let frames = again.until("resumed").await;
    let texts: Vec<_> = frames.iter().filter(|frame| frame["kind"] == "text").collect();
    assert_eq!(texts.len(), 2, "{frames:?}");
    assert!(
        texts.iter().all(|frame| frame["text"].as_str().unwrap().starts_with("138****8000")),
        "{texts:?}"
    );
}
