mod sockets;

use std::{collections::BTreeSet, path::Path};

use kefu_app::{ByteSize, StopHandle};
use kefu_traffic::gor::{Kind, Reader, Record};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader},
    sync::mpsc,
    task::JoinHandle,
};

use super::{
    statistics::{Fate, Figures, Reason},
    *,
};
use crate::{
    args::{
        AskingArgs, ComparisonArgs, DiffFormat, LimitArgs, LiveArgs, RedactionArgs, Rule, Share, SourceArgs,
        TranslateArgs,
    },
    run::Lost,
    socket,
    testing::{hold, nobody},
};

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// What a server does with a request.
#[derive(Clone, Copy)]
enum Behaviour {
    Answers(fn(&str) -> String),
    /// It takes everything and says nothing.
    Hangs,
}

/// A server that tells each request that it gets.
async fn server(behaviour: Behaviour) -> (String, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(served(BufReader::new(stream), behaviour, sender.clone()));
        }
    });
    (url, receiver)
}

async fn served(mut stream: BufReader<TcpStream>, behaviour: Behaviour, told: mpsc::UnboundedSender<String>) {
    loop {
        let (mut text, mut len) = (String::new(), 0);
        loop {
            let from = text.len();
            if stream.read_line(&mut text).await.unwrap_or_default() == 0 {
                return;
            }
            if let Some(value) = text[from..].to_ascii_lowercase().strip_prefix("content-length:") {
                len = value.trim().parse().unwrap();
            }
            if text[from..].trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; len];
        stream.read_exact(&mut body).await.unwrap();
        text.push_str(str::from_utf8(&body).unwrap());
        // The test may not listen any more.
        drop(told.send(text.clone()));
        if let Behaviour::Answers(answer) = behaviour
            && stream.write_all(answer(&text).as_bytes()).await.is_err()
        {
            return;
        }
    }
}

fn args(upstream: &str, shadow: Option<&str>) -> MirrorArgs {
    let size = ByteSize(1 << 20);
    MirrorArgs {
        listen: Some("127.0.0.1:0".parse().unwrap()),
        upstream: Some(upstream.to_owned()),
        live: LiveArgs {
            interface: Vec::new(),
            bpf: None,
            snaplen: 65_536,
            ring: size,
            promisc: false,
            exit_after: None,
            stats: Duration::ZERO,
        },
        max_connections: 100,
        drain: Duration::from_secs(20),
        shadow: shadow.map(str::to_owned),
        sample: Share(100.0),
        queue: 1000,
        asking: AskingArgs {
            allow_host: Vec::new(),
            ca_file: None,
            unsafe_methods: false,
            connections: 4,
            timeout: Duration::from_secs(20),
        },
        translation: TranslateArgs::default(),
        diff: false,
        comparison: ComparisonArgs {
            rules: None,
            examples: 3,
            threshold: Share(0.0),
            format: DiffFormat::Text,
            report: Vec::new(),
        },
        output: None,
        replace: false,
        redaction: RedactionArgs { redact: Rule::DEFAULT.to_vec() },
        source: SourceArgs {
            port: Vec::new(),
            limits: LimitArgs { max_message: size, max_memory: ByteSize(16 << 20) },
        },
    }
}

/// A mirror at work.
struct Mirror {
    address: SocketAddr,
    statistics: Arc<Statistics>,
    tally: Arc<Mutex<Tally>>,
    handle: StopHandle,
    task: JoinHandle<Result<(), Failure>>,
}

impl Mirror {
    async fn start(args: &MirrorArgs) -> Self {
        Self::on(TcpListener::bind(args.listen.unwrap()).await.unwrap(), args)
    }

    fn on(listener: TcpListener, args: &MirrorArgs) -> Self {
        let address = listener.local_addr().unwrap();
        let settings = Settings::new(args).unwrap();
        let (statistics, tally) = (Arc::clone(&settings.statistics), Arc::clone(&settings.tally));
        let (handle, stop) = Stop::new();
        let task = tokio::spawn(serve(listener, settings, stop));
        Self { address, statistics, tally, handle, task }
    }

    async fn client(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Ends it, and checks that every request that was seen has its place in the figures.
    async fn end(self) -> Figures {
        self.handle.request();
        self.task.await.unwrap().unwrap();
        let figures = std::mem::take(&mut *self.statistics.figures());
        let Figures { requests, fates, in_flight, .. } = &figures;
        assert_eq!(requests.seen, requests.emitted + requests.dropped(), "{figures:?}");
        if !fates.is_empty() {
            assert_eq!(requests.emitted, fates.values().sum::<u64>() + in_flight, "{figures:?}");
        }
        let done = socket::Figures::count(&self.statistics.sockets, |sockets| sockets.done());
        assert!(figures.handed() >= done, "what is left is under way: {figures:?}");
        figures
    }
}

/// Sends bytes, and reads until so many have come.
async fn exchange(stream: &mut TcpStream, request: &str, len: usize) -> String {
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = vec![0; len];
    stream.read_exact(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()
}

fn get(number: u64) -> String {
    format!("GET /items/{number} HTTP/1.1\r\nhOsT: old\r\nCookie: sid=secret\r\n\r\n")
}

fn ok(_: &str) -> String {
    OK.to_owned()
}

/// Many requests where the environment asks for them, fewer otherwise.
fn count() -> u64 {
    std::env::var("KEFU_EXCHANGES").ok().and_then(|count| count.parse().ok()).unwrap_or(1000)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shadow_gets_exactly_what_clients_ask() {
    let (upstream, mut asked) = server(Behaviour::Answers(ok)).await;
    let (shadow, mut copied) = server(Behaviour::Answers(ok)).await;
    let mut args = args(&upstream, Some(&shadow));
    args.queue = 100_000;
    let mirror = Mirror::start(&args).await;
    let count = count();
    let mut clients = JoinSet::new();
    for client in 0..10 {
        let mut stream = mirror.client().await;
        clients.spawn(async move {
            for number in (client..count).step_by(10) {
                assert_eq!(exchange(&mut stream, &get(number), OK.len()).await, OK);
            }
        });
    }
    while let Some(ended) = clients.join_next().await {
        ended.unwrap();
    }
    let figures = mirror.end().await;
    assert_eq!((figures.requests.seen, figures.fates[&Fate::Answered], figures.in_flight), (count, count, 0));
    let (mut real, mut copies) = (Vec::new(), Vec::new());
    while let Ok(text) = asked.try_recv() {
        real.push(text);
    }
    while let Ok(text) = copied.try_recv() {
        // All the same but for the mark.
        let (before, mark) = text.split_once("X-Kefu-Replay: ").unwrap();
        copies.push(format!("{before}{}", mark.split_once("\r\n").unwrap().1));
    }
    assert_eq!(real.len() as u64, count);
    real.sort();
    copies.sort();
    assert_eq!(real, copies);
}

#[tokio::test]
async fn a_shadow_that_hangs_delays_nobody_and_what_does_not_fit_is_counted() {
    let (upstream, _asked) = server(Behaviour::Answers(ok)).await;
    let (shadow, mut copied) = server(Behaviour::Hangs).await;
    let mut args = args(&upstream, Some(&shadow));
    (args.queue, args.drain) = (5, Duration::from_millis(100));
    let mirror = Mirror::start(&args).await;
    let mut stream = mirror.client().await;
    // Every answer is there before the shadow has said anything, and it never will.
    for number in 0..50 {
        assert_eq!(exchange(&mut stream, &get(number), OK.len()).await, OK);
    }
    assert!(copied.recv().await.unwrap().starts_with("GET /items/0 "));
    drop(stream);
    let figures = mirror.end().await;
    assert_eq!((figures.requests.seen, figures.responses.emitted), (50, 50));
    assert_eq!((figures.fates[&Fate::Dropped(Reason::QueueFull)], figures.in_flight), (45, 5));
}

#[tokio::test]
async fn a_shadow_that_is_not_there_or_goes_away_costs_only_its_own_answers() {
    let (upstream, _asked) = server(Behaviour::Answers(ok)).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let shadow = format!("http://{}", listener.local_addr().unwrap());
    let _held = hold(&listener).await;
    let mirror = Mirror::start(&args(&upstream, Some(&shadow))).await;
    let mut stream = mirror.client().await;
    assert_eq!(exchange(&mut stream, &get(0), OK.len()).await, OK);
    // It takes the first connection and is killed.
    let (killed, _) = listener.accept().await.unwrap();
    drop((killed, listener));
    for number in 1..5 {
        assert_eq!(exchange(&mut stream, &get(number), OK.len()).await, OK);
    }
    drop(stream);
    let figures = mirror.end().await;
    let failed: u64 =
        [Lost::Closed, Lost::Connect].iter().filter_map(|why| figures.fates.get(&Fate::Failed(*why))).sum();
    assert_eq!((failed, figures.in_flight), (5, 0), "{figures:?}");
}

#[tokio::test]
async fn answers_go_through_piece_by_piece_and_other_protocols_as_they_are() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = format!("http://{}", listener.local_addr().unwrap());
    let (shadow, _copied) = server(Behaviour::Answers(ok)).await;
    let mirror = Mirror::start(&args(&upstream, Some(&shadow))).await;
    let mut client = mirror.client().await;
    client.write_all(get(0).as_bytes()).await.unwrap();
    let (mut server, _) = listener.accept().await.unwrap();
    let mut buffer = vec![0; get(0).len()];
    server.read_exact(&mut buffer).await.unwrap();
    assert_eq!(buffer, get(0).as_bytes(), "byte for byte");
    // The first piece arrives though the second is not even written.
    for piece in
        ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", "3\r\ndef\r\n", "0\r\n\r\n"]
    {
        server.write_all(piece.as_bytes()).await.unwrap();
        assert_eq!(exchange(&mut client, "", piece.len()).await, piece);
    }
    let upgrade = "GET /ws HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    client.write_all(upgrade.as_bytes()).await.unwrap();
    server.read_exact(&mut vec![0; upgrade.len()]).await.unwrap();
    let switched = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
    server.write_all(switched.as_bytes()).await.unwrap();
    assert_eq!(exchange(&mut client, "", switched.len()).await, switched);
    for bytes in [&b"\x81\x05hello"[..], b"\x00\xff no frame at all"] {
        server.write_all(bytes).await.unwrap();
        let mut got = vec![0; bytes.len()];
        client.read_exact(&mut got).await.unwrap();
        assert_eq!(got, bytes);
        client.write_all(bytes).await.unwrap();
        server.read_exact(&mut got).await.unwrap();
        assert_eq!(got, bytes);
    }
    // A client that has said everything still hears.
    client.shutdown().await.unwrap();
    assert_eq!(server.read(&mut [0; 1]).await.unwrap(), 0);
    server.write_all(b"bye").await.unwrap();
    drop(server);
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).await.unwrap();
    assert_eq!(rest, b"bye");
    let figures = mirror.end().await;
    assert_eq!((figures.fates[&Fate::Answered], figures.fates[&Fate::Session]), (1, 1));
}

#[tokio::test]
async fn only_what_is_safe_is_copied_and_what_kefu_sent_is_not_copied_again() {
    let (upstream, _asked) = server(Behaviour::Answers(ok)).await;
    let (shadow, mut copied) = server(Behaviour::Answers(ok)).await;
    let post = "POST /send HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi";
    for is_unsafe in [false, true] {
        let mut args = args(&upstream, Some(&shadow));
        args.asking.unsafe_methods = is_unsafe;
        let mirror = Mirror::start(&args).await;
        let mut stream = mirror.client().await;
        exchange(&mut stream, post, OK.len()).await;
        exchange(&mut stream, "GET / HTTP/1.1\r\nX-Kefu-Replay: 1\r\n\r\n", OK.len()).await;
        drop(stream);
        let figures = mirror.end().await;
        let fate = if is_unsafe { Fate::Answered } else { Fate::Dropped(Reason::UnsafeMethod) };
        assert_eq!((figures.fates[&fate], figures.fates[&Fate::Dropped(Reason::Replay)]), (1, 1));
        assert_eq!(copied.try_recv().is_ok(), is_unsafe);
    }
}

fn right(_: &str) -> String {
    "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{\"price\":7}".to_owned()
}

fn wrong(text: &str) -> String {
    let price = if text.contains("/items/3 ") { 8 } else { 7 };
    format!("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n{{\"price\":{price}}}")
}

#[tokio::test]
async fn answers_are_compared_meanwhile() {
    let (upstream, _asked) = server(Behaviour::Answers(right)).await;
    let (shadow, _copied) = server(Behaviour::Answers(wrong)).await;
    let mut args = args(&upstream, Some(&shadow));
    args.diff = true;
    let mirror = Mirror::start(&args).await;
    let mut stream = mirror.client().await;
    for number in 0..10 {
        exchange(&mut stream, &get(number), right("").len()).await;
    }
    drop(stream);
    let tally = Arc::clone(&mirror.tally);
    mirror.end().await;
    let tally = locked(&tally);
    assert_eq!(tally.found(), [("GET /items/{id}".to_owned(), "body:/price".to_owned(), 1)]);
}

fn records(path: &Path) -> Vec<Record> {
    Reader::new(&std::fs::read(path).unwrap()[..], 1 << 20).map(Result::unwrap).collect()
}

#[tokio::test]
async fn what_is_said_is_written_without_its_secrets() {
    let (upstream, _asked) = server(Behaviour::Answers(ok)).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("seen.gor");
    let mut args = args(&upstream, None);
    args.output = Some(path.clone());
    let mirror = Mirror::start(&args).await;
    let mut stream = mirror.client().await;
    for number in 0..3 {
        exchange(&mut stream, &get(number), OK.len()).await;
    }
    drop(stream);
    let figures = mirror.end().await;
    assert_eq!((figures.recorded, figures.unrecorded), (6, 0));
    let records = records(&path);
    let ids = |kind: Kind| -> BTreeSet<&str> {
        records.iter().filter(|record| record.kind == kind).map(|record| record.id.as_str()).collect()
    };
    assert_eq!((ids(Kind::Request).len(), ids(Kind::Request)), (3, ids(Kind::Response)));
    let text = String::from_utf8_lossy(&records[0].payload);
    assert!(
        text.starts_with("GET /items/0 HTTP/1.1\r\nhOsT: old\r\nCookie: sid=") && !text.contains("secret")
    );
    assert!(Settings::new(&args).is_err(), "the file is there already");
}

#[tokio::test]
async fn what_is_under_way_is_answered_after_the_wish_to_stop() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = format!("http://{}", listener.local_addr().unwrap());
    let mirror = Mirror::start(&args(&upstream, None)).await;
    let mut client = mirror.client().await;
    client.write_all(get(0).as_bytes()).await.unwrap();
    let (mut server, _) = listener.accept().await.unwrap();
    server.read_exact(&mut vec![0; get(0).len()]).await.unwrap();
    let mut silent = mirror.client().await;
    let _quiet = listener.accept().await.unwrap();
    mirror.handle.request();
    // A connection on which nothing is under way ends at once.
    assert_eq!(silent.read(&mut [0; 1]).await.unwrap_or_default(), 0);
    server.write_all(OK.as_bytes()).await.unwrap();
    assert_eq!(exchange(&mut client, "", OK.len()).await, OK);
    assert_eq!(client.read(&mut [0; 1]).await.unwrap_or_default(), 0);
    assert_eq!(mirror.end().await.requests.seen, 1);
}

#[tokio::test]
async fn clients_of_an_upstream_that_is_not_there_are_told() {
    let (address, _socket) = nobody();
    let upstream = format!("http://{address}");
    let mirror = Mirror::start(&args(&upstream, None)).await;
    let mut answer = Vec::new();
    mirror.client().await.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 502 "));
    assert_eq!(mirror.end().await.unreachable, 1);
}
