use std::sync::Arc;

use kefu_core::Micros;
use kefu_store::{AuditActor, AuditRecord, OpenOptions};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::{
    io::AsyncReadExt as _,
    net::{TcpListener, UdpSocket},
};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::*;
use crate::{clock, desk::DeskOptions, metrics::Metrics};

struct Office {
    desk: Desk,
    store: Store,
    _dir: TempDir,
}

impl Office {
    async fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let options =
            OpenOptions { dir: dir.path().into(), epoch_if_new: Uuid::nil(), now: clock::now(), readers: 1 };
        let opened = kefu_store::open(options).await.unwrap();
        let options = DeskOptions {
            store: opened.store.clone(),
            writer: opened.writer,
            metrics: Arc::new(Metrics::new()),
            tracker: TaskTracker::new(),
            queue_bytes: 1 << 20,
            hot_conversations: 10,
            grace: Duration::from_secs(180),
            masking: crate::masking::Masking::default(),
            words: Arc::default(),
            links: crate::files::Links::default(),
            heartbeat_s: 25,
        };
        Self { desk: Desk::start(options).await.unwrap(), store: opened.store, _dir: dir }
    }

    async fn write(&self, lines: usize) {
        let record = AuditRecord {
            at: Micros(1),
            actor: AuditActor::System,
            address: None,
            action: "test.done",
            target: None,
            detail: json!({"名": "值"}),
        };
        let set = RecordSet { changes: Vec::new(), audit: vec![record; lines] };
        self.desk.record(set).await.unwrap();
    }

    fn follower(&self, receiver: &str) -> Follower {
        self.follower_in(receiver, false)
    }

    fn follower_in(&self, receiver: &str, is_shadow: bool) -> Follower {
        let outgoing = Outgoing::new(Arc::new(Metrics::new()), is_shadow);
        Follower::new(self.store.clone(), self.desk.clone(), receiver.parse().unwrap(), outgoing)
    }
}

fn number(message: &str) -> i64 {
    let (head, body) = message.split_once(" - ").unwrap();
    assert!(head.starts_with("<86>1 1970-01-01T00:00:00.000001Z ") && head.ends_with(" test.done"), "{head}");
    serde_json::from_str::<Value>(body).unwrap()["number"].as_i64().unwrap()
}

#[tokio::test]
async fn nothing_leaves_a_rehearsal_and_what_would_have_is_listed() {
    let office = Office::open().await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let receiver = format!("udp://{}", socket.local_addr().unwrap());
    for lines in [3, 2] {
        office.write(lines).await;
        let mut follower = office.follower_in(&receiver, true);
        assert!(!follower.step().await.unwrap());
        assert!(!follower.step().await.unwrap(), "what is listed is not listed again");
    }
    let calls = office.store.shadow_calls(None, 9).await.unwrap();
    let calls: Vec<_> = calls.iter().map(|call| (&*call.kind, &*call.target, &*call.summary)).collect();
    let of = |summary| ("syslog", &*receiver, summary);
    assert_eq!(calls, [of("lines 4 to 5 of the audit log"), of("lines 1 to 3 of the audit log")]);
    assert_eq!(socket.try_recv(&mut [0; 9]).unwrap_err().kind(), io::ErrorKind::WouldBlock);
}

#[tokio::test]
async fn a_restart_goes_on_where_the_last_run_ended() {
    let office = Office::open().await;
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let receiver = format!("udp://{}", socket.local_addr().unwrap());
    let mut seen = Vec::new();
    for _ in 0..2 {
        office.write(2).await;
        let mut follower = office.follower(&receiver);
        assert!(!follower.step().await.unwrap());
        assert!(!follower.step().await.unwrap(), "nothing is new");
        let mut bytes = [0; 4096];
        for _ in 0..2 {
            let size = timeout(PATIENCE, socket.recv(&mut bytes)).await.unwrap().unwrap();
            seen.push(number(std::str::from_utf8(&bytes[..size]).unwrap()));
        }
    }
    assert_eq!(seen, [1, 2, 3, 4]);
}

/// Reads one message with counted octets.
async fn counted(stream: &mut tokio::net::TcpStream) -> String {
    let mut length = 0;
    loop {
        match stream.read_u8().await.unwrap() {
            b' ' => break,
            digit => length = length * 10 + usize::from(digit - b'0'),
        }
    }
    let mut bytes = vec![0; length];
    stream.read_exact(&mut bytes).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn a_receiver_that_goes_away_misses_nothing() {
    let office = Office::open().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut follower = office.follower(&format!("tcp://{}", listener.local_addr().unwrap()));
    office.write(LINES_MAX + 1).await;
    let (mut stream, more) = {
        let accepted = async { listener.accept().await.unwrap().0 };
        tokio::join!(accepted, follower.step())
    };
    assert!(more.unwrap());
    for expected in 1..=256 {
        assert_eq!(number(&counted(&mut stream).await), expected);
    }
    // What it was sent last may be lost with it, so that is sent again.
    drop(stream);
    office.write(1).await;
    let run = tokio::spawn(follower.run());
    let mut stream = timeout(PATIENCE, listener.accept()).await.unwrap().unwrap().0;
    for expected in 1..=258 {
        let message = timeout(PATIENCE, counted(&mut stream)).await.unwrap();
        assert_eq!(number(&message), expected);
    }
    run.abort();
}

#[tokio::test]
async fn a_receiver_that_is_away_keeps_the_place() {
    let office = Office::open().await;
    office.write(1).await;
    // A port that nobody is given.
    let mut follower = office.follower("tcp://127.0.0.1:1");
    assert!(follower.step().await.is_err());
    assert_eq!((follower.sent, office.store.audit_sent().await.unwrap()), (0, 0));
}
