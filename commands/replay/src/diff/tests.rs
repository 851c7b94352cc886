use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use kefu_app::ByteSize;
use kefu_traffic::gor::{Kind, Record, write_record};

use super::*;
use crate::args::{AskingArgs, ComparisonArgs, DiffFormat, LimitArgs, SourceArgs, TranslateArgs};

/// Says what to answer to a request by its number; none ends the connection.
type Script = fn(u64, u64) -> Option<String>;

/// A server whose answers are made of the number in the request's path and of a count of its own.
fn serve(script: Script) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let count = Arc::new(AtomicU64::new(0));
        for stream in listener.incoming() {
            let count = Arc::clone(&count);
            std::thread::spawn(move || connection(stream.unwrap(), script, &count));
        }
    });
    url
}

fn connection(mut stream: TcpStream, script: Script, count: &AtomicU64) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let (mut first, mut len) = (String::new(), 0);
        loop {
            let mut line = String::new();
            if reader.read_line(&mut line).unwrap_or_default() == 0 {
                return;
            }
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                len = value.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
            if first.is_empty() {
                first = line;
            }
        }
        reader.read_exact(&mut vec![0; len]).unwrap();
        let number = first.split(['/', ' ']).filter_map(|word| word.parse().ok()).next().unwrap();
        let Some(body) = script(number, count.fetch_add(1, Ordering::Relaxed)) else { return };
        let answer =
            format!("HTTP/1.1 200 OK\r\nDate: {body}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

/// A different time and id at each answer.
fn order(number: u64, count: u64, price: u64) -> Option<String> {
    let at = 1_700_000_000_000_u64 + count * 7919 + u64::from(std::process::id());
    let id = (count + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ at;
    Some(format!(
        "{{\"at\":{at},\"id\":\"{id:016x}\",\"number\":{number},\"items\":[{{\"price\":{price}}}]}}"
    ))
}

fn old(number: u64, count: u64) -> Option<String> {
    order(number, count, 7)
}

fn old_again(number: u64, count: u64) -> Option<String> {
    order(number, count + 1_000_003, 7)
}

fn new(number: u64, count: u64) -> Option<String> {
    order(number, count + 2_000_003, 7)
}

fn wrong(number: u64, count: u64) -> Option<String> {
    order(number, count + 2_000_003, if number == 777 { 8 } else { 7 })
}

fn record(kind: Kind, number: u64, payload: String) -> Record {
    let connection = number % 50;
    Record {
        kind,
        id: format!("{connection:08x}{number:016x}"),
        timestamp: i64::try_from(number).unwrap(),
        latency: Some(0),
        extra: format!("c=10.0.0.1:{connection} s=10.0.0.2:80 n={number}"),
        payload: payload.into_bytes(),
    }
}

fn request(number: u64) -> Record {
    record(Kind::Request, number, format!("GET /orders/{number} HTTP/1.1\r\nHost: a\r\n\r\n"))
}

fn answer(number: u64, body: &str) -> Record {
    record(Kind::Response, number, format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
}

struct Case {
    folder: tempfile::TempDir,
    args: DiffArgs,
}

impl Case {
    fn new(records: &[Record], candidate: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let size = ByteSize(1 << 20);
        let args = DiffArgs {
            input: vec![Self::write(&folder, "in.gor", records)],
            source: SourceArgs {
                port: Vec::new(),
                limits: LimitArgs { max_message: size, max_memory: size },
            },
            primary: None,
            secondary: None,
            candidate: candidate.parse().unwrap(),
            asking: AskingArgs {
                allow_host: Vec::new(),
                ca_file: None,
                unsafe_methods: false,
                connections: 8,
                timeout: Duration::from_secs(20),
            },
            translation: TranslateArgs::default(),
            sample: Share(100.0),
            comparison: ComparisonArgs {
                rules: None,
                examples: 3,
                threshold: Share(0.0),
                format: DiffFormat::Text,
                report: Vec::new(),
            },
        };
        Self { folder, args }
    }

    fn write(folder: &tempfile::TempDir, name: &str, records: &[Record]) -> PathBuf {
        let path = folder.path().join(name);
        let mut bytes = Vec::new();
        for record in records {
            write_record(&mut bytes, record).unwrap();
        }
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn file(&self, name: &str, records: &[Record]) -> Option<Answerer> {
        Some(Answerer::File(Self::write(&self.folder, name, records)))
    }

    /// The fields that differ, with how often, and the exit code.
    fn go(&self) -> (Vec<(String, u64)>, Exit, Read) {
        let (_handle, stop) = Stop::new();
        let comparing = Comparing::new(&self.args, stop).unwrap();
        let (reading, queues) = comparing.reading(&self.args, Language::English).unwrap();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let read =
            runtime.block_on(comparing.clone().all(reading, queues, &self.args, Language::English)).unwrap();
        let tally = locked(&comparing.tally);
        let found =
            tally.findings().0.iter().map(|finding| (finding.field.to_owned(), finding.of.raw)).collect();
        (found, exit(&tally, &read, self.args.comparison.threshold), read)
    }
}

/// Many answers where the environment asks for them, fewer otherwise.
fn count() -> u64 {
    std::env::var("KEFU_EXCHANGES").ok().and_then(|count| count.parse().ok()).unwrap_or(1500)
}

#[test]
fn a_wrong_field_is_found_among_answers_that_all_differ_and_nothing_where_there_is_nothing() {
    let requests: Vec<Record> = (0..count()).map(request).collect();
    for (candidate, expected, code) in [
        (wrong as Script, vec![("body:/items/*/price".to_owned(), 1)], DIFFERENT),
        (new as Script, vec![], Exit::Ok),
    ] {
        let mut case = Case::new(&requests, &serve(candidate));
        case.args.primary = serve(old).parse().ok();
        case.args.secondary = serve(old_again).parse().ok();
        let (found, exit, _) = case.go();
        assert_eq!((found, exit), (expected, code));
    }
}

#[test]
fn recorded_answers_are_compared_with_those_of_a_server() {
    let records: Vec<Record> =
        (770..780).flat_map(|number| [request(number), answer(number, &old(number, 0).unwrap())]).collect();
    let mut case = Case::new(&records, &serve(wrong));
    let rules = case.folder.path().join("diff.yaml");
    std::fs::write(
        &rules,
        "kefu_diff: 1\nignore:\n  - field: 'body:/at'\ntolerances:\n  - {field: 'body:/id', like: hex}\n",
    )
    .unwrap();
    case.args.comparison.rules = Some(rules);
    // The recording has no Date, which is not compared; nor is the length of the body as such.
    assert_eq!((case.go().0, case.go().1), (vec![("body:/items/*/price".to_owned(), 1)], DIFFERENT));
    case.args.comparison.threshold = Share(10.0);
    assert_eq!(case.go().1, Exit::Ok, "one of ten is no more than a tenth");
    case.args.sample = Share(0.0);
    let (found, exit, read) = case.go();
    assert_eq!((found.len(), exit, read.account.of(Reason::Sample)), (0, UNANSWERED, 10));
}

#[test]
fn two_files_of_answers_are_compared_without_a_server() {
    let (one, two) = ("{\"a\":1}", "{\"a\":2}");
    let requests: Vec<Record> = (0..6).map(request).collect();
    let answers =
        |body: fn(u64) -> &'static str| (0..5).map(|number| answer(number, body(number))).collect::<Vec<_>>();
    let mut case = Case::new(&requests, "-");
    case.args.primary = case.file("old.gor", &answers(|_| "{\"a\":1}"));
    case.args.candidate =
        case.file("new.gor", &answers(|number| if number == 3 { "{\"a\":2}" } else { "{\"a\":1}" })).unwrap();
    assert_eq!((case.go().0, case.go().1), (vec![("body:/a".to_owned(), 1)], DIFFERENT));
    // Without the requests as well.
    let mut case = Case::new(&[answer(1, one), answer(2, one)], "-");
    case.args.candidate = case.file("new.gor", &[answer(2, two), answer(1, one)]).unwrap();
    assert_eq!(case.go().0, [("body:/a".to_owned(), 1)]);
    case.args.candidate = case.file("same.gor", &[answer(2, one), answer(1, one)]).unwrap();
    assert_eq!((case.go().0, case.go().1), (vec![], Exit::Ok));
    // What the candidate does not have is a difference, what there is nothing to compare with is none.
    case.args.candidate = case.file("fewer.gor", &[answer(2, one)]).unwrap();
    assert_eq!(case.go().0, [("answer".to_owned(), 1)]);
}

#[test]
fn answers_that_do_not_come_are_differences_of_their_own() {
    let records: Vec<Record> = (0..4).flat_map(|number| [request(number), answer(number, "{}")]).collect();
    let case = Case::new(&records, &serve(|number, _| (number != 2).then(|| "{}".to_owned())));
    assert_eq!((case.go().0, case.go().1), (vec![("answer".to_owned(), 1)], DIFFERENT));
    let case = Case::new(&[request(0), request(1)], &serve(old));
    let (found, exit, _) = case.go();
    assert_eq!((found.len(), exit), (0, UNANSWERED), "nothing was recorded");
}

#[test]
fn what_changes_something_is_not_sent_and_hosts_are_named() {
    let text = "POST /orders/1 HTTP/1.1\r\nContent-Length: 0\r\n\r\n".to_owned();
    let records = [record(Kind::Request, 1, text), answer(1, "{}"), request(2), answer(2, "{}")];
    let mut case = Case::new(&records, &serve(|_, _| Some("{}".to_owned())));
    let (_, exit, read) = case.go();
    assert_eq!((exit, read.account.of(Reason::UnsafeMethod)), (Exit::Ok, 1));
    case.args.asking.unsafe_methods = true;
    assert_eq!(case.go().2.account.of(Reason::UnsafeMethod), 0);
    let (_handle, stop) = Stop::new();
    case.args.candidate = Answerer::Url("http://192.0.2.1:80".to_owned());
    let refused = Comparing::new(&case.args, stop.clone()).err().unwrap();
    assert_eq!(refused.exit(), Exit::Verdict(4));
    case.args.candidate = Answerer::Url("http://127.0.0.1:1".to_owned());
    case.args.primary = Some(case.args.candidate.clone());
    assert_eq!(Comparing::new(&case.args, stop).err().unwrap().exit(), Exit::Usage);
}

#[test]
fn a_damaged_file_is_told_after_all_that_could_be_compared() {
    let case = Case::new(&[request(1), answer(1, "{}")], &serve(|_, _| Some("{}".to_owned())));
    let path = &case.args.input[0];
    let mut bytes = std::fs::read(path).unwrap();
    bytes.extend_from_slice(b"1 cut 5 0\nGET /orders/2 HT");
    std::fs::write(path, bytes).unwrap();
    let (found, exit, read) = case.go();
    assert_eq!((found.len(), exit, read.outcome.complaints), (0, DAMAGED, 1));
}
