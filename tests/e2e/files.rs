//! Files from outside: what was answered is there after a kill, in a backup and after its restore.

use std::{io::Write as _, net::SocketAddr, sync::Mutex, thread, time::Duration};

use serde_json::{Value, json};

use crate::support::{
    http::{self, Answer},
    random::eventually,
    server::{Place, Server},
};

/// Bytes of each file: so many that they come in pieces.
const FILE_BYTES: usize = 300_000;

/// A visitor's session: its token and its conversation.
type Session = (String, String);

/// Uploads a text that only this number has.
fn upload(address: SocketAddr, (token, conversation): &Session, number: u64) -> std::io::Result<Answer> {
    let part = "--XYZ\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../a.txt\"\r\n\r\n";
    let body = format!("{part}{}\r\n--XYZ--\r\n", content(number));
    let head = format!(
        "POST /api/v1/conversations/{conversation}/files HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Authorization: Bearer {token}\r\nContent-Type: multipart/form-data; boundary=XYZ\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    http::raw(address, &[head.as_bytes(), body.as_bytes()])
}

fn content(number: u64) -> String {
    format!("{number:08} ").repeat(FILE_BYTES / 9)
}

/// The numbers of files that are not what was uploaded, among those that were answered.
fn lost(server: &Server, session: &Session, answered: &[(u64, String)]) -> Vec<u64> {
    let whole = |number: u64, id: &str| {
        let view = server.call("GET", &format!("/api/v1/files/{id}"), Some(&session.0), None);
        let url = (view.status == 200).then(|| view.json()["url"].as_str().unwrap().to_owned());
        let file = url.map(|url| server.call("GET", &url, None, None));
        file.is_some_and(|file| file.status == 200 && file.body == content(number))
    };
    answered.iter().filter(|(number, id)| !whole(*number, id)).map(|(number, _)| *number).collect()
}

#[test]
fn a_kill_while_files_come_in_loses_none_that_was_answered() {
    let place = Place::with("  files:\n    visitor_daily: 0 B\n    min_free: 0 B\n");
    let mut server = place.start();
    let session = server.visitor();
    let answered = Mutex::new(Vec::new());
    for round in 0..3u64 {
        let (address, session, answered) = (server.address, &session, &answered);
        let before = answered.lock().unwrap().len();
        thread::scope(|scope| {
            for thread in 0..4u64 {
                scope.spawn(move || {
                    for number in 0.. {
                        let number = round * 1_000_000 + thread * 10_000 + number;
                        // The daemon is gone.
                        let Ok(answer) = upload(address, session, number) else { return };
                        let id = answer.expect(201)["id"].as_str().unwrap().to_owned();
                        answered.lock().unwrap().push((number, id));
                    }
                });
            }
            eventually("files", || (answered.lock().unwrap().len() >= before + 12).then_some(()));
            server.die();
        });
        server.kill();
        server = place.start();
        assert_eq!(lost(&server, session, &answered.lock().unwrap()), [] as [u64; 0], "round {round}");
    }
    server.stop();
    place.check();
}

/// Clients that write on after a refusal take a reset for a broken network, and never read why.
#[test]
fn a_refusal_lets_its_client_finish() {
    let place = Place::new();
    let server = place.start();
    let conversation = server.visitor().1;
    let mut stream = http::connect(server.address).unwrap();
    let head = format!(
        "POST /api/v1/conversations/{conversation}/files HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
         Authorization: Bearer kv_nobody\r\nContent-Type: multipart/form-data; boundary=XYZ\r\n\
         Content-Length: 3000\r\n\r\n",
        server.address
    );
    stream.write_all(head.as_bytes()).unwrap();
    for _ in 0..3 {
        // Who is too slow is not waited for; the answer counts.
        if stream.write_all(&[b'x'; 1000]).is_err() {
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(http::read_answer(&mut stream).unwrap().status, 401);
    server.stop();
}

/// Who asks before sending is refused without being told to send.
#[test]
fn a_refusal_does_not_ask_for_what_it_refuses() {
    let place = Place::new();
    let server = place.start();
    let conversation = server.visitor().1;
    let mut stream = http::connect(server.address).unwrap();
    let head = format!(
        "POST /api/v1/conversations/{conversation}/files HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\
         Authorization: Bearer kv_nobody\r\nContent-Type: multipart/form-data; boundary=XYZ\r\n\
         Content-Length: 3000\r\nExpect: 100-continue\r\n\r\n",
        server.address
    );
    stream.write_all(head.as_bytes()).unwrap();
    assert_eq!(http::read_answer(&mut stream).unwrap().status, 401);
    server.stop();
}

#[test]
fn a_backup_and_its_restore_have_the_files() {
    let place = Place::with("  files:\n    min_free: 0 B\n");
    let server = place.start();
    let session = server.visitor();
    let mut answered = Vec::new();
    for number in 0..3 {
        let answer = upload(server.address, &session, number).unwrap().expect(201);
        answered.push((number, answer["id"].as_str().unwrap().to_owned()));
    }
    let sent = json!({"client_id": "00000000-0000-4000-8000-000000000001", "kind": "file", "data": {"file_id": answered[0].1}});
    let path = format!("/api/v1/conversations/{}/messages", session.1);
    server.call("POST", &path, Some(&session.0), Some(&sent)).expect(201);
    let made = place.run(&["serve", "backup", "--to", "copy.db", "--format", "json"]);
    assert!(made.status.success(), "{made:?}");
    let report: Value = serde_json::from_slice(&made.stdout).unwrap();
    assert_eq!((&report["files"], &report["files_missing"]), (&json!(3), &json!([])));
    // What is taken back later is in the backup nevertheless.
    let recalled = server.call("DELETE", &format!("{path}/1"), Some(&session.0), None);
    assert_eq!(recalled.status, 204, "{recalled:?}");
    eventually("the bytes are gone", || {
        let name = answered[0].1.replace('-', "");
        let dir = place.path().join("data/files").join(&name[30..]);
        (!dir.join(name).exists()).then_some(())
    });
    server.stop();
    let restored = place.run(&["serve", "restore", "copy.db", "--replace"]);
    assert!(restored.status.success(), "{restored:?}");
    place.check();
    let server = place.start();
    assert_eq!(lost(&server, &session, &answered), [] as [u64; 0]);
    server.stop();
}
