use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::mpsc::{Receiver, channel},
};

use kefu_traffic::gor::{Kind, Reader, Record, write_record};

use super::*;
use crate::{
    account::Reason,
    args::{FilterArgs, LimitArgs, Speed, TranslateArgs},
    target::REFUSED,
    testing::nobody,
};

/// What a server is to do with a request.
type Answer = fn(&str) -> Option<&'static str>;

/// A server that tells each request that it gets, with the number of its connection.
fn serve(answer: Answer) -> (SocketAddr, Receiver<(usize, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            let (stream, sender) = (stream.unwrap(), sender.clone());
            std::thread::spawn(move || {
                connection(stream, answer, |text| sender.send((number, text)).is_ok())
            });
        }
    });
    (address, receiver)
}

fn connection(mut stream: TcpStream, answer: Answer, told: impl Fn(String) -> bool) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut text = String::new();
        let mut len = 0;
        loop {
            let from = text.len();
            if reader.read_line(&mut text).unwrap_or_default() == 0 {
                return;
            }
            let line = text[from..].to_ascii_lowercase();
            if let Some(value) = line.strip_prefix("content-length:") {
                len = value.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; len];
        reader.read_exact(&mut body).unwrap();
        text.push_str(str::from_utf8(&body).unwrap());
        let answer = answer(&text);
        if !told(text) {
            return;
        }
        match answer {
            Some(answer) => stream.write_all(answer.as_bytes()).unwrap(),
            None => return,
        }
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn request(connection: u32, number: u32, timestamp_ms: i64, method: &str) -> Record {
    let text = format!("{method} /{connection}/{number} HTTP/1.1\r\nhOsT: old\r\nContent-Length: 1\r\n\r\n#");
    Record {
        kind: Kind::Request,
        id: format!("{connection:08x}{number:016x}"),
        timestamp: timestamp_ms * 1_000_000,
        latency: Some(0),
        extra: format!("c=10.0.0.1:{connection} s=10.0.0.2:80 n={number}"),
        payload: text.into_bytes(),
    }
}

struct Run {
    folder: tempfile::TempDir,
    args: RunArgs,
}

impl Run {
    fn new(records: &[Record], target: SocketAddr) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("in.gor");
        let mut bytes = Vec::new();
        for record in records {
            write_record(&mut bytes, record).unwrap();
        }
        std::fs::write(&path, bytes).unwrap();
        let size = kefu_app::ByteSize(1 << 20);
        let args = RunArgs {
            input: vec![path],
            target: format!("http://{target}"),
            allow_host: Vec::new(),
            ca_file: None,
            unsafe_methods: false,
            dry_run: false,
            speed: Speed::Max,
            rate: None,
            ramp: Duration::ZERO,
            times: 1,
            connections: 64,
            timeout: Duration::from_secs(5),
            filters: FilterArgs::default(),
            no_mark: true,
            translation: TranslateArgs::default(),
            limits: LimitArgs { max_message: size, max_memory: size },
            output: None,
            replace: false,
            format: ReportFormat::Text,
        };
        Self { folder, args }
    }

    fn go(&self) -> (Figures, Fed) {
        let (_handle, stop) = Stop::new();
        self.go_until(&stop)
    }

    fn go_until(&self, stop: &Stop) -> (Figures, Fed) {
        let args = &self.args;
        let rewrites = rewrites(args).unwrap();
        let translator =
            args.translation.translate.as_ref().map(|path| {
                Arc::new(Translator::load(path, &[], host(&args.target), rewrites.clone()).unwrap())
            });
        let heard = (Language::English, stop.clone());
        let reading = reading(args, pace(args).unwrap(), rewrites, translator.clone(), heard).unwrap();
        let plan = Plan {
            target: target(&args.target, &args.allow_host, None).unwrap(),
            connections: args.connections,
            timeout: args.timeout,
            limits: Limits::default(),
        };
        let path = self.folder.path().join("out.gor");
        let output = FileWriter::new(Pattern::fixed(path.to_string_lossy()), Chunks::Replace);
        let (engine, waker) = Engine::new(plan, Some(output), translator).unwrap();
        let mut files = FileFeed::start(reading, waker);
        let figures = engine.run(&mut files.feed, stop).unwrap();
        let fed = files.finish().unwrap();
        assert_eq!(figures.answered + figures.lost.values().sum::<u64>(), {
            let connect = figures.lost.get(&slot::Lost::Connect).copied().unwrap_or_default();
            figures.sent + connect
        });
        let account = report::account(&figures, &fed);
        let dropped: u64 = account.reasons().map(|(_, count)| count).sum();
        assert_eq!(account.seen, account.emitted + dropped + account.in_flight, "{account:?}");
        (figures, fed)
    }

    fn answers(&self) -> Vec<Record> {
        let bytes = std::fs::read(self.folder.path().join("out.gor")).unwrap();
        Reader::new(&bytes[..], 1 << 20).map(Result::unwrap).collect()
    }
}

#[test]
fn recorded_bytes_are_sent_in_the_order_of_their_connections() {
    let (address, told) = serve(|_| Some(OK));
    let records: Vec<Record> = (0..20)
        .flat_map(|number| (1..6).map(move |connection| request(connection, number, 0, "GET")))
        .collect();
    let run = Run::new(&records, address);
    let (figures, _) = run.go();
    assert_eq!((figures.sent, figures.answered, figures.statuses[&200]), (100, 100, 100));
    assert!(figures.opened <= 5, "{}", figures.opened);
    let mut seen: Vec<_> = told.try_iter().map(|(_, text)| text).collect();
    assert_eq!(seen.len(), 100);
    for connection in 1..6 {
        let start = format!("GET /{connection}/");
        let order: Vec<_> = seen.iter().filter(|text| text.starts_with(&start)).cloned().collect();
        let expected: Vec<_> = (0..20)
            .map(|number| String::from_utf8(request(connection, number, 0, "GET").payload).unwrap())
            .collect();
        assert_eq!(order, expected);
    }
    seen.sort();
    let answers = run.answers();
    assert_eq!(answers.len(), 100);
    assert!(answers.iter().all(|answer| answer.kind == Kind::Replayed && answer.payload == OK.as_bytes()));
    let mut ids: Vec<_> = answers.into_iter().map(|answer| answer.id).collect();
    let mut sent: Vec<_> = records.into_iter().map(|record| record.id).collect();
    ids.sort();
    sent.sort();
    assert_eq!(ids, sent);
}

#[test]
fn requests_are_sent_when_they_are_due() {
    let (address, told) = serve(|_| Some(OK));
    let records: Vec<Record> =
        (0..20).map(|number| request(number, 0, i64::from(number) * 20, "GET")).collect();
    let mut run = Run::new(&records, address);
    run.args.speed = Speed::Times(2.0);
    run.args.times = 2;
    let (figures, _) = run.go();
    // 19 steps of 10 ms, one between the rounds, and 19 again: never sooner, whatever the machine is busy with.
    assert!(figures.elapsed >= Duration::from_millis(390), "{:?}", figures.elapsed);
    assert_eq!((figures.answered, told.try_iter().count()), (40, 40));
    assert_eq!(figures.late.count(), 40);
}

#[test]
fn only_what_is_safe_is_sent_unless_all_is_wanted() {
    let (address, told) = serve(|_| Some(OK));
    let records = [request(1, 0, 0, "GET"), request(1, 1, 0, "POST"), request(1, 2, 0, "DELETE")];
    let mut run = Run::new(&records, address);
    let (figures, fed) = run.go();
    assert_eq!((figures.sent, fed.account.of(Reason::UnsafeMethod)), (1, 2));
    run.args.unsafe_methods = true;
    run.args.no_mark = false;
    run.args.filters.set_header = vec!["Host: new".parse().unwrap()];
    assert_eq!(run.go().0.sent, 3);
    let seen: Vec<_> = told.try_iter().map(|(_, text)| text).collect();
    assert!(seen[3].starts_with("DELETE /1/2 HTTP/1.1\r\nHost: new\r\nContent-Length: 1\r\nX-Kefu-Replay: "));
}

#[test]
fn what_was_not_sent_before_a_stop_is_in_flight() {
    let (address, told) = serve(|_| Some(OK));
    let hour_ms = 3_600_000;
    let records: Vec<Record> =
        (0..600).map(|number| request(1, number, if number == 0 { 0 } else { hour_ms }, "GET")).collect();
    let mut run = Run::new(&records, address);
    run.args.speed = Speed::Times(1.0);
    let (handle, stop) = Stop::new();
    std::thread::spawn(move || {
        told.recv().unwrap();
        handle.request();
    });
    let (figures, fed) = run.go_until(&stop);
    assert_eq!(report::account(&figures, &fed).in_flight + figures.sent, fed.account.emitted);
    assert_eq!(figures.sent, 1);
}

#[test]
fn filters_and_a_middleware_say_what_is_sent() {
    let (address, told) = serve(|_| Some(OK));
    let records: Vec<Record> = (0..10).map(|number| request(number, number, 0, "GET")).collect();
    let mut run = Run::new(&records, address);
    run.args.filters.not_url = vec!["^/[01]/".parse().unwrap()];
    // Every second message is dropped.
    let script = run.folder.path().join("half.sh");
    std::fs::write(&script, "while read one; do echo $one; read two; done").unwrap();
    run.args.filters.middleware = Some(format!("sh {}", script.display()));
    let (figures, fed) = run.go();
    assert_eq!((fed.account.of(Reason::Middleware), fed.account.of(Reason::Filter)), (5, 1));
    assert_eq!((figures.sent, told.try_iter().count()), (4, 4));
}

#[test]
fn a_connection_that_the_server_ends_is_made_anew() {
    // Each answer ends its connection, one without saying so.
    let (address, told) = serve(|text| match text.contains("/3 ") {
        true => None,
        false => Some("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"),
    });
    let records: Vec<Record> = (0..6).map(|number| request(1, number, 0, "GET")).collect();
    let (figures, _) = Run::new(&records, address).go();
    assert_eq!((figures.answered, figures.lost[&slot::Lost::Closed], figures.opened), (5, 1, 6));
    assert_eq!(told.try_iter().count(), 6);
}

#[test]
fn a_kept_connection_that_was_closed_meanwhile_costs_no_safe_request() {
    let (address, _told) = serve(|text| match text.contains("/1 ") {
        true => Some("HTTP/1.1 200 OK\r\n\r\nuntil the end"),
        false => Some(OK),
    });
    // The second answer ends with its connection, which the server never ends: it is given up.
    let records = [request(1, 0, 0, "GET"), request(1, 1, 0, "GET"), request(2, 0, 0, "GET")];
    let mut run = Run::new(&records, address);
    run.args.timeout = Duration::from_secs(3);
    let (figures, _) = run.go();
    assert_eq!((figures.answered, figures.lost[&slot::Lost::Timeout]), (2, 1));
}

#[test]
fn a_target_that_is_not_there_is_an_error_of_each_request() {
    let (address, _socket) = nobody();
    let records: Vec<Record> = (0..300).map(|number| request(number % 3, number, 0, "GET")).collect();
    let (figures, _) = Run::new(&records, address).go();
    assert_eq!((figures.sent, figures.lost[&slot::Lost::Connect]), (0, 300));
}

#[test]
fn answers_that_are_no_http_are_said_to_be_so() {
    let (address, _told) = serve(|_| Some("I am no server of HTTP, and this is not an answer"));
    let records = [request(1, 0, 0, "GET"), request(2, 0, 0, "HEAD")];
    let (figures, _) = Run::new(&records, address).go();
    assert_eq!(figures.lost[&slot::Lost::Unreadable], 2);
}

#[test]
fn requests_are_translated_when_their_turn_has_come_with_what_was_learned_before() {
    let (address, told) = serve(|text| match text.starts_with("POST /new/login ") {
        true => Some("HTTP/1.1 201 Created\r\nContent-Length: 13\r\n\r\n{\"token\":\"n\"}"),
        false => Some(OK),
    });
    let records: Vec<Record> = (0..3).map(|number| request(1, number, 0, "GET")).collect();
    let mut run = Run::new(&records, address);
    let path = run.folder.path().join("t.yaml");
    let calls = "\
kefu_translate: 1
name: a
calls:
  - call: GET /1/0
    request: {method: POST, path: /new/login, json: {}}
    learn: {token: '= answer.json.token'}
    answer: {status: 200, text: '= \"as \" ~ answer.json.token'}
  - call: GET /1/1
    before: [{method: GET, path: /new/before}]
    request: {method: GET, path: /new, headers: {token: '= session.token'}}
";
    std::fs::write(&path, calls).unwrap();
    (run.args.translation.translate, run.args.unsafe_methods) = (Some(path), true);
    let (figures, _) = run.go();
    assert_eq!((figures.sent, figures.answered, figures.untranslated), (2, 2, 1));
    let seen: Vec<_> = told.try_iter().map(|(_, text)| text.lines().next().unwrap().to_owned()).collect();
    assert_eq!(seen, ["POST /new/login HTTP/1.1", "GET /new/before HTTP/1.1", "GET /new HTTP/1.1"]);
    let answers = run.answers();
    assert!(answers[0].payload.ends_with(b"\r\n\r\nas n"), "in the old system's words");
    assert_eq!(answers[1].payload, OK.as_bytes());
}

#[test]
fn filters_and_changes_come_before_a_translation() {
    let (address, told) = serve(|_| Some(OK));
    let records: Vec<Record> = (0..3).map(|number| request(1, number, 0, "GET")).collect();
    let mut run = Run::new(&records, address);
    let path = run.folder.path().join("t.yaml");
    let calls = "\
kefu_translate: 1
name: a
calls:
  - call: GET /renamed
    request: {method: GET, path: /new}
";
    std::fs::write(&path, calls).unwrap();
    run.args.translation.translate = Some(path);
    run.args.filters.not_url = vec!["^/1/2".parse().unwrap()];
    run.args.filters.rewrite_url = vec!["^/1/0$:/renamed".parse().unwrap()];
    let (figures, fed) = run.go();
    let account = report::account(&figures, &fed);
    assert_eq!((account.of(Reason::Filter), account.of(Reason::Untranslated), figures.sent), (1, 1, 1));
    assert!(told.try_iter().next().unwrap().1.starts_with("GET /new HTTP/1.1\r\n"));
}

#[test]
fn a_dry_run_counts_and_sends_nothing() {
    let (address, told) = serve(|_| Some(OK));
    let records: Vec<Record> = (0..5).map(|number| request(1, number, 0, "GET")).collect();
    let run = Run::new(&records, address);
    let (_handle, stop) = Stop::new();
    let rewrites = rewrites(&run.args).unwrap();
    let reading =
        reading(&run.args, pace(&run.args).unwrap(), rewrites, None, (Language::English, stop)).unwrap();
    let poll = mio::Poll::new().unwrap();
    let waker = Arc::new(mio::Waker::new(poll.registry(), mio::Token(0)).unwrap());
    let mut files = FileFeed::start(reading, waker);
    let figures = dry(&mut files.feed).unwrap();
    assert_eq!(figures.unsent, 5);
    assert_eq!(report::account(&figures, &files.finish().unwrap()).in_flight, 5);
    assert_eq!(told.try_iter().count(), 0);
}

#[test]
fn a_target_beyond_this_machine_needs_leave() {
    let exit = |url: &str, allowed: &[&str]| {
        let allowed: Vec<String> = allowed.iter().map(|host| (*host).to_owned()).collect();
        target(url, &allowed, None).map(|target| target.address).map_err(|failure| failure.exit())
    };
    assert_eq!(exit("http://127.0.0.1:8080", &[]), Ok("127.0.0.1:8080".parse().unwrap()));
    assert_eq!(exit("http://[::1]:8080/", &[]), Ok("[::1]:8080".parse().unwrap()));
    assert_eq!(exit("http://127.0.0.2", &[]), Ok("127.0.0.2:80".parse().unwrap()));
    assert_eq!(exit("http://192.0.2.1:8080", &[]), Err(REFUSED));
    assert_eq!(exit("http://192.0.2.1:8080", &["192.0.2.2"]), Err(REFUSED));
    assert_eq!(exit("http://192.0.2.1:8080", &["192.0.2.1"]), Ok("192.0.2.1:8080".parse().unwrap()));
    assert_eq!(exit("https://192.0.2.1", &[]), Err(REFUSED));
    for bad in ["ftp://127.0.0.1", "127.0.0.1:80", "http://", "http://127.0.0.1/a", "http://127.0.0.1:x"] {
        assert_eq!(exit(bad, &[]), Err(Exit::Usage), "{bad}");
    }
}

#[test]
fn speeds_are_factors() {
    assert_eq!("0.5x".parse(), Ok(Speed::Times(0.5)));
    assert_eq!("100".parse(), Ok(Speed::Times(100.0)));
    assert_eq!("max".parse(), Ok(Speed::Max));
    for bad in ["0", "-1x", "fast", "NaN", "1e9"] {
        assert!(bad.parse::<Speed>().is_err(), "{bad}");
    }
}
