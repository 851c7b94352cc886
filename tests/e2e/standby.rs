//! Two processes on one store: one serves, the other waits, and takes over.

use std::time::Instant;

use serde_json::json;

use crate::support::{
    crowd::Crowd,
    http,
    random::{Random, Seed, eventually, patience},
    server::{Place, Server},
};

fn readiness(server: &Server) -> (u16, String) {
    let answer = http::request(server.address, "GET", "/readyz", None, None).expect("a standby answers");
    (answer.status, answer.body)
}

/// Waits until the standby serves; says how long that took since `began`.
#[track_caller]
fn taken_over(standby: &Server, began: Instant, what: &str) {
    eventually("the standby is ready", || (readiness(standby).0 == 200).then_some(()));
    eprintln!("ready {} ms after {what}", began.elapsed().as_millis());
}

/// Sends a message to the active process, and finds it at the standby, which takes none itself.
#[track_caller]
fn reads_along(standby: &Server, active: &Server) {
    let admin = active.sign_in();
    let (token, conversation) = active.visitor();
    let path = format!("/api/v1/conversations/{conversation}/messages");
    let message = |number: u32| {
        let client_id = format!("00000000-0000-7000-8000-{number:012}");
        json!({"client_id": client_id, "kind": "text", "text": format!("message {number}")})
    };
    for number in 1..=3 {
        let sent = active.call("POST", &path, Some(&token), Some(&message(number))).expect(201);
        let began = Instant::now();
        eventually("the standby has what was acknowledged", || {
            let page = standby.call("GET", &path, Some(&token), None);
            // It may not have opened the store yet.
            let page = (page.status == 200).then(|| page.expect(200))?;
            let found = page["items"].as_array().unwrap().iter().find(|item| item["id"] == sent["id"])?;
            assert_eq!((&found["seq"], &found["text"]), (&sent["seq"], &message(number)["text"]));
            Some(())
        });
        eprintln!("read at the standby {} ms after it was acknowledged", began.elapsed().as_millis());
    }
    let listed =
        standby.call("GET", "/api/v1/conversations?view=all&limit=100", Some(&admin), None).expect(200);
    let listed = listed["items"].as_array().unwrap();
    assert!(listed.iter().any(|item| item["id"] == conversation.as_str()), "{listed:?}");
    let refused = standby.call("POST", &path, Some(&token), Some(&message(4)));
    assert_eq!(refused.expect(503)["code"], "unavailable");
}

#[test]
fn a_standby_takes_over_with_everything_that_was_acknowledged() {
    let seed = Seed::choose();
    let mut random = Random::new(seed.0);
    let place = Place::new();
    let mut active = place.start();
    let mut crowd = Crowd::new(&active, random.next());
    for round in 0..4 {
        let standby = place.start_with(&["--standby"]);
        assert_eq!(readiness(&standby), (503, "standby\n".to_owned()));
        let unheard = standby.call("POST", "/api/v1/widget/sessions", None, Some(&json!({"inbox": "web"})));
        assert_eq!(unheard.expect(503)["code"], "unavailable");
        crowd.come_back(&active);
        let address = active.address;
        crowd.write_until_gone(address, &active, || {
            reads_along(&standby, &active);
            std::thread::sleep(std::time::Duration::from_millis(random.between(50, 300)));
            active.signal(if round % 2 == 0 { "KILL" } else { "TERM" });
        });
        let status = active.ended(patience()).expect("it was told to end");
        let began = Instant::now();
        taken_over(&standby, began, &format!("the end of the active process ({status})"));
        crowd.come_back(&standby);
        active = standby;
    }
    crowd.look_back(&active);
    active.stop();
    place.check();
}

#[test]
fn a_standby_that_is_not_needed_stops_when_it_is_asked_to() {
    let place = Place::new();
    let active = place.start();
    let standby = place.start_with(&["--standby"]);
    standby.stop();
    // It says no while a commit takes long.
    eventually("the active process is ready", || (readiness(&active).0 == 200).then_some(()));
    active.stop();
}
