use std::{net::SocketAddr, ops::ControlFlow};

use kefu_app::{ByteSize, Language};
use kefu_protocol::ws::{self, Incoming, Opcode, Role, accept_key};
use kefu_traffic::{gor::write_record, http::head_len};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};

use super::*;
use crate::{
    args::{FilterArgs, LimitArgs, SourceArgs, Speed},
    run::{
        engine::Figures,
        feed::{FileFeed, Pace, Reading},
        report,
    },
    screen::Rules,
    source::Source,
};

const OPENED: &str = "1";

fn record(kind: Kind, id: &str, extra: &str, payload: &str) -> Record {
    let (id, extra) = (id.to_owned(), extra.to_owned());
    Record { kind, id, timestamp: 0, latency: None, extra, payload: payload.into() }
}

fn handshake(id: &str) -> Record {
    record(
        Kind::Request,
        id,
        "",
        "GET /ws?a=b HTTP/1.1\r\nhOsT: old\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: b2xkb2xkb2xkb2xkb2xkbw==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n",
    )
}

/// A server of one session: agrees, says something and a ping, and gives what it heard.
async fn serve(listener: TcpListener, is_agreed: bool, messages: usize) -> (String, Vec<String>) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut bytes = Vec::new();
    while head_len(&bytes, 0).is_none() {
        stream.read_buf(&mut bytes).await.unwrap();
    }
    let head = String::from_utf8(bytes).unwrap();
    let key = head.split_once("Sec-WebSocket-Key: ").unwrap().1.split("\r\n").next().unwrap().to_owned();
    let accept = if is_agreed { accept_key(&key) } else { OPENED.to_owned() };
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    let mut out = answer.into_bytes();
    ws::encode(Opcode::Text, b"welcome", None, &mut out);
    ws::encode(Opcode::Ping, b"?", None, &mut out);
    stream.write_all(&out).await.unwrap();
    let mut heard = Vec::new();
    let mut reader = ws::Reader::new(Role::Server, 1 << 20);
    while is_agreed && heard.len() < messages {
        let mut buffer = [0; 1024];
        let read = stream.read(&mut buffer).await.unwrap_or_default();
        if read == 0 {
            break;
        }
        let fed = reader.feed(&mut buffer[..read], |incoming| {
            heard.push(match incoming {
                Incoming::Text(text) => text.into_owned(),
                Incoming::Binary(bytes) => format!("{} bytes", bytes.len()),
                Incoming::Ping(_) => "ping".to_owned(),
                Incoming::Pong(bytes) => format!("pong {}", String::from_utf8_lossy(bytes)),
                Incoming::Close(_) => "close".to_owned(),
            });
            ControlFlow::<()>::Continue(())
        });
        assert!(fed.is_ok());
    }
    (head, heard)
}

/// What a server heard besides the answer to its ping, which comes when it comes.
fn said(mut heard: Vec<String>) -> Vec<String> {
    let before = heard.len();
    heard.retain(|text| text != "pong ?");
    assert_eq!(heard.len() + 1, before);
    heard
}

fn player(target: SocketAddr) -> Player {
    let headers = vec!["X-Kefu-Replay: 1".parse().unwrap()];
    let rewrites = Rewrites { headers, unsafe_methods: false };
    Player::new(target, rewrites, Duration::from_secs(20), Limits::default(), None, Handle::current())
}

/// A recording of a session among other requests.
fn recording() -> (tempfile::TempDir, SourceArgs) {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = Vec::new();
    for record in [
        record(Kind::Request, "b", "", "GET / HTTP/1.1\r\n\r\n"),
        handshake("a"),
        record(Kind::Response, "a", "", "HTTP/1.1 101 Switching Protocols\r\n\r\n"),
        record(Kind::ToServer, "a", "op=text", "one"),
        record(Kind::ToClient, "a", "op=text", "welcome"),
        Record { payload: b"GET /no HTTP/1.1\r\nUpgrade: websocket\r\n\r\n".to_vec(), ..handshake("c") },
        record(Kind::ToServer, "c", "op=text", "of a session that is filtered out"),
        record(Kind::ToServer, "d", "op=text", "of a session whose beginning was not recorded"),
    ] {
        write_record(&mut bytes, &record).unwrap();
    }
    std::fs::write(folder.path().join("in.gor"), bytes).unwrap();
    let size = ByteSize(1 << 20);
    let limits = LimitArgs { max_message: size, max_memory: size };
    (folder, SourceArgs { port: Vec::new(), limits })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_are_found_among_other_requests() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = listener.local_addr().unwrap();
    let server = tokio::spawn(serve(listener, true, 3));
    let (folder, args) = recording();
    let path = folder.path().join("in.gor");
    let (_handle, stop) = Stop::new();
    let runtime = Handle::current();
    let rewrites = Rewrites { headers: Vec::new(), unsafe_methods: false };
    let own = rewrites.clone();
    let player = move || Player::new(target, own, Duration::from_secs(20), Limits::default(), None, runtime);
    let filters = FilterArgs {
        not_url: vec!["^/no".parse().unwrap()],
        set_header: vec!["X-New: y".parse().unwrap()],
        ..FilterArgs::default()
    };
    let reading = Reading {
        open: Box::new(move || Source::open(std::slice::from_ref(&path), &args)),
        times: 1,
        pace: Pace::Recorded(Speed::Max),
        rules: Rules::from(&filters),
        middleware: None,
        rewrites,
        translator: None,
        player: Some(Box::new(player)),
        language: Language::English,
        stop,
    };
    let fed = tokio::task::spawn_blocking(move || {
        let poll = mio::Poll::new().unwrap();
        let waker = Arc::new(mio::Waker::new(poll.registry(), mio::Token(0)).unwrap());
        let mut files = FileFeed::start(reading, waker);
        let feed = &mut files.feed;
        let mut requests = 0;
        while !feed.is_over() {
            requests += u64::from(feed.due().is_some() && feed.next().is_some());
            std::thread::sleep(Duration::from_millis(1));
        }
        (requests, files.finish().unwrap())
    });
    let (requests, fed) = fed.await.unwrap();
    assert_eq!(requests, 1);
    let account = report::account(&Figures { sent: requests, ..Figures::default() }, &fed);
    assert_eq!((account.seen, account.emitted, account.in_flight), (8, 3, 0));
    let dropped = [(Reason::Response, 2), (Reason::Filter, 2), (Reason::NoSession, 1)];
    assert_eq!(account.reasons().collect::<Vec<_>>(), dropped);
    assert_eq!(fed.sockets, Sockets { opened: 1, sent: 1, received: 1, recorded: 1, ..Sockets::default() });
    let (head, heard) = server.await.unwrap();
    assert!(head.contains("X-New: y\r\n"), "{head}");
    assert_eq!(said(heard), ["one", "close"]);
}

async fn finished(player: Player) -> Sockets {
    let (_handle, stop) = Stop::new();
    tokio::task::spawn_blocking(move || player.finish(&stop)).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_sent_in_its_order_and_hears_what_the_server_says() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = listener.local_addr().unwrap();
    let server = tokio::spawn(serve(listener, true, 4));
    let mut player = player(target);
    let player = tokio::task::spawn_blocking(move || {
        let records = [
            handshake("a"),
            record(Kind::ToClient, "a", "op=text", "welcome"),
            record(Kind::ToServer, "a", "op=text", "one"),
            record(Kind::ToServer, "a", "op=bin", "two"),
            record(Kind::ToServer, "other", "op=text", "of a session whose beginning was not recorded"),
        ];
        let taken = records
            .iter()
            .enumerate()
            .map(|(place, record)| player.take(record, || Duration::from_millis(5 * place as u64)).unwrap());
        let (heard, orphan) = (Err(Reason::Response), Err(Reason::NoSession));
        assert_eq!(taken.collect::<Vec<_>>(), [Ok(()), heard, Ok(()), Ok(()), orphan]);
        let request = record(Kind::Request, "b", "", "GET / HTTP/1.1\r\n\r\n");
        assert_eq!(player.take(&request, || Duration::ZERO), None);
        player
    });
    let figures = finished(player.await.unwrap()).await;
    assert_eq!(figures, Sockets { opened: 1, sent: 2, received: 1, recorded: 1, ..Sockets::default() });
    let (head, heard) = server.await.unwrap();
    assert!(
        head.starts_with("GET /ws?a=b HTTP/1.1\r\nhOsT: old\r\n") && head.contains("X-Kefu-Replay: 1\r\n"),
        "{head}"
    );
    assert!(!head.contains("Extensions") && !head.contains("b2xkb2xk"), "{head}");
    assert_eq!(said(heard), ["one", "3 bytes", "close"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_begin_or_breaks_off_is_counted() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut refused = player(listener.local_addr().unwrap());
    let server = tokio::spawn(serve(listener, false, 0));
    let refused = tokio::task::spawn_blocking(move || {
        refused.take(&handshake("a"), || Duration::ZERO);
        refused.take(&record(Kind::ToServer, "a", "op=text", "one"), || Duration::ZERO);
        refused
    });
    let figures = finished(refused.await.unwrap()).await;
    assert_eq!(figures, Sockets { failed: 1, unsent: 1, ..Sockets::default() });
    server.await.unwrap();
    // The server goes away after the first message.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut broken = player(listener.local_addr().unwrap());
    let server = tokio::spawn(serve(listener, true, 2));
    let broken = tokio::task::spawn_blocking(move || {
        broken.take(&handshake("a"), || Duration::ZERO);
        broken.take(&record(Kind::ToServer, "a", "op=text", "one"), || Duration::ZERO);
        broken
    });
    let mut broken = broken.await.unwrap();
    server.await.unwrap();
    let broken = tokio::task::spawn_blocking(move || {
        broken.take(&record(Kind::ToServer, "a", "op=text", "late"), || Duration::from_secs(3600));
        broken
    });
    let figures = finished(broken.await.unwrap()).await;
    assert_eq!((figures.opened, figures.sent, figures.unsent), (1, 1, 1), "{figures:?}");
    assert!(figures.has_lost());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_played_in_the_words_of_the_target() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = listener.local_addr().unwrap();
    let server = tokio::spawn(serve(listener, true, 3));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.yaml");
    let file = "kefu_translate: 1\nname: a\ncalls: []\nsockets:\n  - socket: GET /ws\n    open: {path: /new, ready: '= true'}\n    \
                says:\n      - {when: '= message.text == \"one\"', send: eins}\n      - {skip: no}\n    \
                hears:\n      - {message: '= message.text'}\n    unheard:\n      - {when: '= message.text == \"news\"', skip: none}\n";
    std::fs::write(&path, file).unwrap();
    let headers = vec!["X-Kefu-Replay: 1".parse().unwrap()];
    let rewrites = Rewrites { headers, unsafe_methods: false };
    let translator = Translator::load(&path, &[], "new".to_owned(), rewrites.clone()).unwrap();
    let translator = Some(Arc::new(translator));
    let patience = Duration::from_secs(20);
    let mut player =
        Player::new(target, rewrites, patience, Limits::default(), translator, Handle::current());
    let player = tokio::task::spawn_blocking(move || {
        for record in [
            handshake("a"),
            record(Kind::ToClient, "a", "op=text", "news"),
            record(Kind::ToClient, "a", "op=text", "welcome"),
            record(Kind::ToServer, "a", "op=text", "one"),
            record(Kind::ToServer, "a", "op=text", "two"),
        ] {
            player.take(&record, || Duration::ZERO);
        }
        let other = record(Kind::Request, "b", "", "GET /no HTTP/1.1\r\nUpgrade: websocket\r\n\r\n");
        assert_eq!(player.take(&other, || Duration::ZERO), None, "the file does not have it");
        player
    });
    let figures = finished(player.await.unwrap()).await;
    let expected =
        Sockets { opened: 1, sent: 1, untranslated: 1, received: 1, recorded: 1, ..Sockets::default() };
    assert_eq!(figures, expected);
    let (head, heard) = server.await.unwrap();
    assert!(head.starts_with("GET /new HTTP/1.1\r\nHost: new\r\n"), "{head}");
    assert!(head.contains("X-Kefu-Replay: 1\r\n"), "{head}");
    assert_eq!(said(heard), ["eins", "close"]);
}
