//! A disk that is full, and one that is slow.

use std::{
    fs,
    time::{Duration, Instant},
};

use serde_json::json;

use crate::support::{
    audit::{Sent, audit_settled, whole_log},
    random::eventually,
    server::Place,
    shim::Shim,
    socket::Socket,
    writer::Writer,
};

#[test]
fn a_full_disk_refuses_clearly_and_recovers() {
    let place = Place::new();
    let server = place.start_on(&Shim::default()).expect("a start");
    let mut writer = Writer::visitor(server.visitor(), 1);
    writer.connect(server.address).expect("a connection");
    writer.chatter(server.address, 20, 4).expect("acknowledgements");
    let ready = || server.call("GET", "/readyz", None, None).status;
    // It says no while a commit takes long.
    eventually("/readyz says that all is well", || (ready() == 200).then_some(()));
    let full = place.path().join(".full");
    for round in 0..2 {
        let (before, refused) = (writer.sent.len(), writer.refused.values().sum::<u64>());
        fs::write(&full, "").unwrap();
        writer.send(&format!("{round}: no room")).expect("a connection");
        let refusals = |writer: &Writer| writer.refused.values().sum::<u64>();
        writer.pump_until(|writer, _| refusals(writer) > refused).expect("a connection");
        writer.post(server.address, &format!("{round}: no room either")).expect("an answer");
        assert_eq!(writer.refused.keys().collect::<Vec<_>>(), ["unavailable"], "round {round}");
        assert_eq!(refusals(&writer), refused + 2);
        assert!(writer.sent[before..].iter().all(|sent| sent.acked.is_none()), "something was acknowledged");
        eventually("/readyz says that nothing can be written", || (ready() == 503).then_some(()));
        assert_eq!(server.call("GET", "/healthz", None, None).status, 200, "the process itself is well");
        // Reading goes on.
        let conversation = &writer.conversations[0];
        let log = whole_log(&server, &writer.token, conversation);
        let is_refused = |text: &str| text.starts_with(&format!("{round}: no room"));
        assert!(!log.iter().any(|entry| is_refused(&entry.text)), "a refused message is there");

        fs::remove_file(&full).unwrap();
        eventually("/readyz says that it is over", || (ready() == 200).then_some(()));
        // On the same connection: the same messages again, then new ones.
        writer.send_again().expect("a connection");
        writer.settle().expect("acknowledgements");
        writer.chatter(server.address, 20, 4).expect("acknowledgements");
    }
    // A message that was refused and never sent again must not appear, now or after a restart.
    fs::write(&full, "").unwrap();
    let refused = writer.refused["unavailable"];
    writer.send("given up").expect("a connection");
    writer.pump_until(|writer, _| writer.refused["unavailable"] > refused).expect("a connection");
    let given_up = writer.sent.pop().unwrap();
    fs::remove_file(&full).unwrap();
    eventually("/readyz says that it is over", || (ready() == 200).then_some(()));
    let conversation = writer.conversations[0].clone();
    for is_restarted in [false, true] {
        let server = if is_restarted { &place.start() } else { &server };
        let log = whole_log(server, &writer.token, &conversation);
        assert_eq!(audit_settled(&conversation, &log, &writer.sent), "", "{given_up:?}");
        if !is_restarted {
            server.die();
        }
    }
    place.check();
}

#[test]
fn a_sync_that_fails_acknowledges_nothing() {
    let place = Place::new();
    let server = place.start_on(&Shim::default()).expect("a start");
    let mut writer = Writer::visitor(server.visitor(), 1);
    writer.connect(server.address).expect("a connection");
    writer.chatter(server.address, 10, 4).expect("acknowledgements");
    let broken = place.path().join(".broken");
    // Refused messages are sent again, and take their place then.
    let unordered = |writer: &Writer| {
        writer.sent.iter().map(|sent| Sent { order: None, ..sent.clone() }).collect::<Vec<_>>()
    };
    for is_killed in [false, true] {
        let before = writer.sent.len();
        let refused = writer.refused.values().sum::<u64>();
        fs::write(&broken, "").unwrap();
        for number in 0..3 {
            writer.send(&format!("{number} was not synced")).expect("a connection");
        }
        let refusals = |writer: &Writer| writer.refused.values().sum::<u64>();
        writer.pump_until(|writer, _| refusals(writer) >= refused + 3).expect("a connection");
        assert!(writer.sent[before..].iter().all(|sent| sent.acked.is_none()), "something was acknowledged");
        fs::remove_file(&broken).unwrap();
        if is_killed {
            // What was written before the sync failed may be there now: sent again, it is there once.
            server.die();
            let server = place.start();
            writer.connect(server.address).expect("a connection");
            writer.settle().expect("acknowledgements");
            let conversation = &writer.conversations[0];
            let log = whole_log(&server, &writer.token, conversation);
            assert_eq!(audit_settled(conversation, &log, &unordered(&writer)), "");
        } else {
            let ready = || server.call("GET", "/readyz", None, None).status == 200;
            eventually("/readyz says that it is over", || ready().then_some(()));
            writer.send_again().expect("a connection");
            writer.settle().expect("acknowledgements");
        }
    }
    place.check();
}

#[test]
fn a_slow_store_acknowledges_late_and_in_order_while_typing_flows() {
    const SYNC: Duration = Duration::from_millis(50);
    let place = Place::new();
    let first = place.start();
    let admin = first.sign_in();
    let visitor = first.visitor();
    first.stop();
    let slow = Shim { fsync_us: SYNC.as_micros() as u64, ..Shim::default() };
    let server = place.start_on(&slow).expect("a start");
    let mut agent = Socket::open(server.address, &admin).expect("a connection");
    let hello = agent.wait_for("hello");
    let resume = json!({ "type": "resume", "epoch": hello["epoch"], "positions": [] });
    agent.say(&resume).expect("a connection");
    agent.wait_for("resumed");
    let mut writer = Writer::visitor(visitor, 1);
    writer.connect(server.address).expect("a connection");
    // Assigned to the only agent, who then hears the visitor type.
    writer.send("first").expect("a connection");
    writer.settle().expect("an acknowledgement");
    agent.wait_for("message");
    let conversation = writer.conversations[0].clone();
    let typing = json!({ "type": "typing", "conversation_id": conversation, "on": true });
    // How long a commit takes is up to the disk; how many there are is not.
    let commits = || server.metric("kefu_commit_seconds_count");
    let at_first = commits();
    for number in 0..10 {
        let (before, begun) = (commits(), Instant::now());
        writer.send(&format!("{number}, slowly")).expect("a connection");
        writer.socket.as_mut().unwrap().say(&typing).expect("a connection");
        let heard = agent.wait_for("typing");
        assert_eq!(heard["conversation_id"], *conversation);
        writer.settle().expect("an acknowledgement");
        assert!(begun.elapsed() >= SYNC, "acknowledged before the sync: {:?}", begun.elapsed());
        // Beside the message's own, a commit or two may be under way.
        let caused = commits() - before;
        assert!(caused <= 3.0, "{caused} commits for one message");
    }
    // Typing does not cause another each time.
    let caused = commits() - at_first;
    assert!(caused <= 15.0, "typing is committed: {caused} commits for ten messages");
    // Many at once share a sync, and are acknowledged in their order: the writer checks each.
    let before = commits();
    for number in 0..200 {
        writer.send(&format!("{number} of many")).expect("a connection");
    }
    writer.settle().expect("acknowledgements");
    let caused = commits() - before;
    assert!(caused < 100.0, "every message waits for a commit of its own: {caused} for 200");
    let log = whole_log(&server, &admin, &conversation);
    assert_eq!(audit_settled(&conversation, &log, &writer.sent), "");
}
