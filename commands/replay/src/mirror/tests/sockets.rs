use std::ops::ControlFlow;

use flate2::{Compress, Compression, FlushCompress};
use kefu_protocol::ws::{self, Incoming, Opcode, Role, accept_key};
use kefu_traffic::http::head_len;
use tokio::net::TcpSocket;

use super::*;

const MASK: Option<[u8; 4]> = Some([1, 2, 3, 4]);
const HANDSHAKE: &str = "GET /ws?room=7 HTTP/1.1\r\nHost: old\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: b2xkb2xkb2xkb2xkb2xkbw==\r\n\
                         Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

/// How a server agrees, or does not, given the key.
type Agrees = fn(&str) -> String;

fn agreed(key: &str) -> String {
    let accept = accept_key(key);
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    )
}

fn refused(_: &str) -> String {
    "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n".to_owned()
}

/// A server of WebSockets that tells each head and message, and answers each message.
async fn sockets(agrees: Agrees, answer: fn(&str) -> String) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(session(stream, agrees, answer, sender.clone()));
        }
    });
    (url, receiver)
}

async fn session(
    mut stream: TcpStream,
    agrees: Agrees,
    answer: fn(&str) -> String,
    told: mpsc::UnboundedSender<String>,
) {
    let mut bytes = Vec::new();
    while head_len(&bytes, 0).is_none() {
        if stream.read_buf(&mut bytes).await.unwrap_or_default() == 0 {
            return;
        }
    }
    let head = String::from_utf8(bytes).unwrap();
    let key = head.split_once("Sec-WebSocket-Key: ").unwrap().1.split("\r\n").next().unwrap().to_owned();
    // The test may not listen any more.
    drop(told.send(head));
    drop(stream.write_all(agrees(&key).as_bytes()).await);
    let mut reader = ws::Reader::new(Role::Server, 1 << 20);
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).await.unwrap_or_default();
        if read == 0 {
            return;
        }
        let mut out = Vec::new();
        let fed = reader.feed(&mut buffer[..read], |incoming| {
            let text = match incoming {
                Incoming::Text(text) => text.into_owned(),
                Incoming::Binary(bytes) => format!("{} bytes", bytes.len()),
                Incoming::Close(_) => "close".to_owned(),
                Incoming::Ping(_) | Incoming::Pong(_) => return ControlFlow::Continue(()),
            };
            ws::encode(Opcode::Text, answer(&text).as_bytes(), None, &mut out);
            drop(told.send(text));
            ControlFlow::<()>::Continue(())
        });
        assert!(fed.is_ok());
        drop(stream.write_all(&out).await);
    }
}

fn echo(text: &str) -> String {
    format!("echo {text}")
}

/// Opens a WebSocket through a mirror.
async fn open(mirror: &Mirror) -> TcpStream {
    let mut client = mirror.client().await;
    let key = "b2xkb2xkb2xkb2xkb2xkbw==";
    let answer = exchange(&mut client, HANDSHAKE, agreed(key).len()).await;
    assert_eq!(answer, agreed(key));
    client
}

/// Says a text, and waits for what is answered.
async fn say(client: &mut TcpStream, text: &str, answer: &str) {
    let mut frame = Vec::new();
    ws::encode(Opcode::Text, text.as_bytes(), MASK, &mut frame);
    client.write_all(&frame).await.unwrap();
    let mut expected = Vec::new();
    ws::encode(Opcode::Text, answer.as_bytes(), None, &mut expected);
    let mut got = vec![0; expected.len()];
    client.read_exact(&mut got).await.unwrap();
    assert_eq!(got, expected);
}

async fn next(told: &mut mpsc::UnboundedReceiver<String>) -> String {
    told.recv().await.unwrap()
}

#[tokio::test]
async fn the_shadow_hears_what_clients_say_over_websockets() {
    let (upstream, mut asked) = sockets(agreed, echo).await;
    let (shadow, mut copied) = sockets(agreed, |_| "something else".to_owned()).await;
    let mirror = Mirror::start(&args(&upstream, Some(&shadow))).await;
    let mut client = open(&mirror).await;
    assert_eq!(next(&mut asked).await, HANDSHAKE, "byte for byte");
    for text in ["one", "two"] {
        say(&mut client, text, &format!("echo {text}")).await;
    }
    let mut frames = Vec::new();
    ws::encode(Opcode::Ping, b"", MASK, &mut frames);
    ws::encode(Opcode::Binary, b"abc", MASK, &mut frames);
    client.write_all(&frames).await.unwrap();
    let head = next(&mut copied).await;
    assert!(head.starts_with("GET /ws?room=7 HTTP/1.1\r\nHost: old\r\n"), "{head}");
    assert!(head.contains("X-Kefu-Replay: ") && head.contains("Protocol: chat\r\n"), "{head}");
    assert!(!head.contains("Extensions") && !head.contains("b2xkb2xk"), "{head}");
    for expected in ["one", "two", "3 bytes"] {
        assert_eq!(next(&mut copied).await, expected);
    }
    drop(client);
    // The session ends with that of the client.
    assert_eq!(next(&mut copied).await, "close");
    let sockets = Arc::clone(&mirror.statistics.sockets);
    let figures = mirror.end().await;
    assert_eq!((figures.fates[&Fate::Session], figures.said), (1, 3));
    let sockets = socket::Figures::count(&sockets, |figures| *figures);
    assert_eq!((sockets.opened, sockets.sent), (1, 3));
}

#[tokio::test]
async fn messages_that_are_compressed_go_through_as_they_are_and_the_shadow_gets_what_they_say() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = format!("http://{}", listener.local_addr().unwrap());
    let (shadow, mut copied) = sockets(agreed, echo).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seen.gor");
    let mut args = args(&upstream, Some(&shadow));
    args.output = Some(path.clone());
    let mirror = Mirror::start(&args).await;
    let mut client = mirror.client().await;
    client.write_all(HANDSHAKE.as_bytes()).await.unwrap();
    let (mut server, _) = listener.accept().await.unwrap();
    server.read_exact(&mut vec![0; HANDSHAKE.len()]).await.unwrap();
    let switched = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                    Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
    server.write_all(switched.as_bytes()).await.unwrap();
    assert_eq!(exchange(&mut client, "", switched.len()).await, switched);
    let mut deflate = Compress::new(Compression::best(), false);
    for text in ["call 13800138000", "call 13800138000 again"] {
        let mut payload = Vec::with_capacity(1000);
        deflate.compress_vec(text.as_bytes(), &mut payload, FlushCompress::Sync).unwrap();
        payload.truncate(payload.len() - 4);
        let mut frame = Vec::new();
        ws::encode(Opcode::Text, &payload, MASK, &mut frame);
        frame[0] |= 0x40;
        client.write_all(&frame).await.unwrap();
        let mut got = vec![0; frame.len()];
        server.read_exact(&mut got).await.unwrap();
        assert_eq!(got, frame);
    }
    assert!(!next(&mut copied).await.contains("Extensions"));
    assert_eq!(next(&mut copied).await, "call 13800138000");
    assert_eq!(next(&mut copied).await, "call 13800138000 again");
    // A server that says nothing more still hears.
    server.shutdown().await.unwrap();
    assert_eq!(client.read(&mut [0; 1]).await.unwrap(), 0);
    let mut ping = Vec::new();
    ws::encode(Opcode::Ping, b"", MASK, &mut ping);
    client.write_all(&ping).await.unwrap();
    let mut got = vec![0; ping.len()];
    server.read_exact(&mut got).await.unwrap();
    assert_eq!(got, ping);
    drop(client);
    mirror.end().await;
    let said: Vec<_> = records(&path)
        .into_iter()
        .filter(|record| record.kind == Kind::ToServer)
        .map(|record| {
            (String::from_utf8(record.payload.clone()).unwrap(), record.field("redacted").is_some())
        })
        .collect();
    assert_eq!(said, [("call 99999999999".to_owned(), true), ("call 99999999999 again".to_owned(), true)]);
}

#[tokio::test]
async fn what_a_client_says_to_the_begin_of_an_answer_is_written_behind_it() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seen.gor");
    let mut args = args(&format!("http://{}", listener.local_addr().unwrap()), None);
    args.output = Some(path.clone());
    // So little room that a part of what is read at once leaves and the rest has to wait.
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_send_buffer_size(1).unwrap();
    socket.bind(args.listen.unwrap()).unwrap();
    let mirror = Mirror::on(socket.listen(1).unwrap(), &args);
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(1).unwrap();
    let mut client = socket.connect(mirror.address).await.unwrap();
    client.write_all(HANDSHAKE.as_bytes()).await.unwrap();
    let (mut server, _) = listener.accept().await.unwrap();
    server.read_exact(&mut vec![0; HANDSHAKE.len()]).await.unwrap();
    let mut said = agreed("b2xkb2xkb2xkb2xkb2xkbw==").into_bytes();
    ws::encode(Opcode::Text, b"welcome", None, &mut said);
    let begin = said.len();
    ws::encode(Opcode::Text, &[b'x'; 15_000], None, &mut said);
    server.write_all(&said).await.unwrap();
    let mut got = vec![0; begin];
    client.read_exact(&mut got).await.unwrap();
    let mut hello = Vec::new();
    ws::encode(Opcode::Text, b"hello", MASK, &mut hello);
    client.write_all(&hello).await.unwrap();
    server.read_exact(&mut vec![0; hello.len()]).await.unwrap();
    got.resize(said.len(), 0);
    client.read_exact(&mut got[begin..]).await.unwrap();
    assert_eq!(got, said, "byte for byte");
    drop((client, server));
    mirror.end().await;
    let order: Vec<_> = records(&path).iter().map(|record| (record.kind, record.payload.len())).collect();
    let frames =
        [(Kind::ToClient, "welcome".len()), (Kind::ToClient, 15_000), (Kind::ToServer, "hello".len())];
    assert_eq!((order[0].0, order[1].0, &order[2..]), (Kind::Request, Kind::Response, &frames[..]));
}

#[tokio::test]
async fn a_shadow_that_refuses_or_is_not_there_costs_only_its_own_sessions() {
    let (upstream, _asked) = sockets(agreed, echo).await;
    let (refusing, _copied) = sockets(refused, echo).await;
    let (address, _socket) = nobody();
    for shadow in [refusing, format!("http://{address}")] {
        let mirror = Mirror::start(&args(&upstream, Some(&shadow))).await;
        let mut client = open(&mirror).await;
        for number in 0..5 {
            say(&mut client, &number.to_string(), &format!("echo {number}")).await;
        }
        drop(client);
        let sockets = Arc::clone(&mirror.statistics.sockets);
        let figures = mirror.end().await;
        let sockets = socket::Figures::count(&sockets, |figures| *figures);
        assert_eq!((figures.said, sockets.failed, sockets.unsent), (5, 1, 5));
    }
}

#[tokio::test]
async fn a_session_that_waits_for_the_shadow_for_too_long_is_given_up_and_counted() {
    let (upstream, _asked) = sockets(agreed, echo).await;
    // It takes the connection, and does not even read.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut args = args(&upstream, Some(&format!("http://{}", listener.local_addr().unwrap())));
    args.drain = Duration::from_millis(100);
    let mirror = Mirror::start(&args).await;
    let mut client = open(&mirror).await;
    for number in 0..600 {
        say(&mut client, &number.to_string(), &format!("echo {number}")).await;
    }
    drop(client);
    let figures = mirror.end().await;
    let dropped: u64 = figures.unsaid.values().sum();
    // Of a thousand places the handshake has one, and what the old system says has others.
    assert_eq!(
        (figures.said, dropped > 90, figures.unsaid.contains_key(&Reason::NoSession)),
        (600, true, true)
    );
    drop(listener);
}

#[tokio::test]
async fn an_upgrade_that_the_old_system_refuses_is_none_for_the_shadow() {
    let (upstream, _asked) = sockets(refused, echo).await;
    let (shadow, mut copied) = sockets(agreed, echo).await;
    let mirror = Mirror::start(&args(&upstream, Some(&shadow))).await;
    let mut client = mirror.client().await;
    assert_eq!(exchange(&mut client, HANDSHAKE, refused("").len()).await, refused(""));
    drop(client);
    // One that is not answered at all counts alike.
    let mut client = mirror.client().await;
    client.write_all(HANDSHAKE.as_bytes()).await.unwrap();
    client.shutdown().await.unwrap();
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).await.unwrap();
    let figures = mirror.end().await;
    assert_eq!((figures.fates[&Fate::Dropped(Reason::Upgrade)], copied.try_recv().is_err()), (2, true));
}

fn price(text: &str) -> String {
    format!("{{\"of\":\"{text}\",\"price\":7}}")
}

fn other_price(text: &str) -> String {
    format!(
        "{{\"item\":\"{}\",\"cost\":{}}}",
        text.trim_start_matches("ask "),
        if text == "ask two" { 8 } else { 7 }
    )
}

#[tokio::test]
async fn sessions_are_translated_and_what_is_said_in_them_is_compared() {
    let (upstream, _asked) = sockets(agreed, price).await;
    let (shadow, mut copied) = sockets(agreed, other_price).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.yaml");
    let file = "kefu_translate: 1\nname: a\ncalls: []\nsockets:\n  - socket: GET /ws\n    open: {path: /new}\n    \
                says:\n      - {send: '= \"ask \" ~ message.text'}\n    \
                hears:\n      - {message: {of: '= message.json.item', price: '= message.json.cost'}}\n";
    std::fs::write(&path, file).unwrap();
    let mut args = args(&upstream, Some(&shadow));
    args.diff = true;
    args.translation.translate = Some(path);
    let mirror = Mirror::start(&args).await;
    let mut client = open(&mirror).await;
    for text in ["one", "two", "three"] {
        say(&mut client, text, &price(text)).await;
    }
    assert!(next(&mut copied).await.starts_with("GET /new HTTP/1.1\r\n"));
    for text in ["ask one", "ask two", "ask three"] {
        assert_eq!(next(&mut copied).await, text);
    }
    drop(client);
    let (tally, sockets) = (Arc::clone(&mirror.tally), Arc::clone(&mirror.statistics.sockets));
    mirror.end().await;
    let sockets = socket::Figures::count(&sockets, |figures| *figures);
    assert_eq!((sockets.opened, sockets.sent, sockets.untranslated), (1, 3, 0));
    let tally = locked(&tally);
    assert_eq!(tally.found(), [("WS /ws/message".to_owned(), "body:/price".to_owned(), 1)]);
}
