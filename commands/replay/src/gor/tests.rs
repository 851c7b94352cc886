use std::{ffi::OsString, fs};

use kefu_traffic::gor::{Kind, Reader, Record, write_record};

use super::{
    flags::{Does, FLAGS, Takes, parse},
    plan::{Origin, Plan, To},
    *,
};

fn words(line: &str) -> Vec<OsString> {
    line.split(' ').filter(|word| !word.is_empty()).map(OsString::from).collect()
}

fn planned(line: &str) -> Result<Plan, String> {
    let parsed = parse(&words(line)).map_err(|failure| failure.line(Language::English))?;
    Plan::new(&parsed, "abcdefgh").map_err(|failure| failure.line(Language::English))
}

/// A value that each flag takes, for those that take one and are carried out.
const VALUES: &[(&str, &str)] = &[
    ("exit-after", "1h2m"),
    ("input-dummy", "0"),
    ("input-file", "none.gor|200%"),
    ("input-file-max-wait", "300ms"),
    ("input-raw", "dump.pcap:80,8080"),
    ("input-raw-engine", "pcap_file"),
    ("input-raw-protocol", "http"),
    ("input-raw-realip-header", "X-Real-IP"),
    ("input-raw-bpf-filter", "tcp port 80"),
    ("input-raw-buffer-size", "64mb"),
    ("input-tcp", ":28020"),
    ("output-file", "out-%Y.gor"),
    ("output-file-size-limit", "256m"),
    ("output-file-queue-limit", "0"),
    ("output-file-max-size-limit", "1tb"),
    ("output-http", "http://user:word@127.0.0.1:8081|50%"),
    ("output-http-workers", "10"),
    ("output-http-timeout", "5s"),
    ("output-http-redirects", "0"),
    ("output-tcp", "127.0.0.1:28020"),
    ("http-allow-method", "GET"),
    ("http-allow-url", "^/api"),
    ("http-disallow-url", "^/admin"),
    ("http-allow-header", "X-A: ^b"),
    ("http-disallow-header", "X-A: ^b"),
    ("http-basic-auth-filter", "^tom:"),
    ("http-header-limiter", "X-User: 25%"),
    ("http-param-limiter", "user: 1/4"),
    ("http-set-header", "X-A: b"),
    ("http-set-param", "a=b"),
    ("http-rewrite-url", "/v1/(.*):/v2/$1"),
    ("http-rewrite-header", "Host: a,b"),
    ("middleware", "cat"),
];

#[test]
fn every_flag_is_taken_or_says_what_is_there_in_its_place() {
    for known in FLAGS {
        let value = VALUES.iter().find(|(name, _)| *name == known.name).map_or("1", |(_, value)| value);
        for (dash, joint) in [("-", "="), ("--", " ")] {
            let text = match known.takes {
                Takes::Nothing => format!("{dash}{}", known.name),
                Takes::Value => format!("{dash}{}{joint}{value}", known.name),
            };
            let line: Vec<OsString> = if joint == "=" {
                vec![OsString::from(&text)]
            } else {
                text.splitn(2, ' ').map(OsString::from).collect()
            };
            match (known.does, parse(&line)) {
                (Does::It, Ok(parsed)) => {
                    let expected = if known.takes == Takes::Nothing { "true" } else { value };
                    assert_eq!(parsed.given.len(), 1, "{text}");
                    assert_eq!((parsed.given[0].name, &*parsed.given[0].value), (known.name, expected));
                    let base = [OsString::from("--input-dummy=0"), OsString::from("--output-null")];
                    let whole = parse(&[&base[..], &line].concat()).unwrap();
                    assert!(Plan::new(&whole, "").is_ok(), "{text}");
                }
                (Does::Anyway(why), Ok(parsed)) => assert_eq!(parsed.passed_over, [(known.name, why)]),
                (Does::Instead(what), Err(failure)) => {
                    assert_eq!(failure.exit(), Exit::Usage);
                    assert!(failure.line(Language::English).ends_with(what), "{text}");
                }
                (does, parsed) => panic!("{text}: {does:?} {parsed:?}"),
            }
        }
    }
    assert_eq!(
        FLAGS.iter().map(|known| known.name).collect::<std::collections::HashSet<_>>().len(),
        FLAGS.len()
    );
}

#[test]
fn no_flag_of_goreplay_is_unknown() {
    let lines = include_str!("tests/goreplay-flags.txt").lines().filter(|line| !line.starts_with('#'));
    let mut count = 0;
    for line in lines {
        let (name, takes) = match line.split_once(' ') {
            Some((name, _)) => (name, Takes::Nothing),
            None => (line, Takes::Value),
        };
        let known = FLAGS.iter().find(|known| known.name == name);
        assert_eq!(known.map(|known| known.takes), Some(takes), "--{name}");
        count += 1;
    }
    assert_eq!(count, 92 + 19);
}

#[test]
fn the_grammar_is_that_of_go_and_a_word_for_true_may_follow() {
    let names = |line: &str| {
        let parsed = parse(&words(line)).unwrap();
        parsed.given.iter().map(|given| format!("{}={}", given.name, given.value)).collect::<Vec<_>>()
    };
    assert_eq!(names("--split-output true --exit-after 5s"), ["split-output=true", "exit-after=5s"]);
    assert_eq!(names("-split-output=false -stats"), ["stats=true"]);
    assert_eq!(names("--http-set-header -x:1"), ["http-set-header=-x:1"]);
    for (line, says) in [
        ("file-server :8000", "python3 -m http.server"),
        ("requests.gor", "`requests.gor` is no flag"),
        ("--output-htp x", "unknown flag --output-htp"),
        ("--output-file", "--output-file lacks its value"),
        ("--stats=maybe", "is not true or false"),
        ("--input-file a.gor --output-null --exit-after 5", "`5` is no value for --exit-after"),
        ("--input-file a.gor|x --output-null", "is no number and no percentage"),
        ("--input-file a.gor|0% --output-null", "a speed is from 0.1%"),
        ("--input-file s3://a --output-null", "aws s3 cp"),
        ("--input-raw k8s://pod/a:80 --output-null", "kubectl debug"),
        ("--input-raw :http --output-null", "a port is a number"),
        ("--input-raw :80 --input-raw-engine vxlan --output-null", "there are libpcap"),
        ("--input-dummy 0 --output-http https://127.0.0.1", "TLS is not spoken"),
        ("--input-dummy 0 --output-http http://127.0.0.1/path", "--http-rewrite-url"),
        ("--input-dummy 0 --output-http http://127.0.0.1 --output-http-redirects 3", "not followed"),
        ("--input-dummy 0 --output-null --http-allow-url (", "`(` is no value for --http-allow-url"),
        ("--input-dummy 0 --output-null --http-header-limiter a:b", "25%"),
        ("--input-dummy 0", "an input and an output are needed"),
        ("--input-raw :8081 --output-http http://127.0.0.1:8081", "that would never end"),
        ("--input-raw : --output-http http://127.0.0.1:8081", "that would never end"),
    ] {
        let said = planned(line).err().unwrap_or_default();
        assert!(said.contains(says), "{line}: {said}");
    }
}

#[test]
fn what_is_captured_and_where_it_goes() {
    let plan = planned("--input-raw 127.0.0.1:80,81 --output-http http://tom:pw@127.0.0.1:8081").unwrap();
    let Origin::Live { args, ports, capture } = &plan.inputs[0].from else { panic!() };
    assert_eq!((args.interface.as_slice(), ports.as_slice()), (&["lo".to_owned()][..], &[80, 81][..]));
    assert_eq!(args.bpf.as_deref(), Some("(tcp port 80 or tcp port 81) and host 127.0.0.1"));
    assert!(!capture.responses);
    let To::Http(http) = &plan.outputs[0].to else { panic!() };
    let headers: Vec<_> = http.headers.iter().map(|line| format!("{}: {}", line.name, line.value)).collect();
    assert_eq!(headers, ["Host: 127.0.0.1:8081", "Authorization: Basic dG9tOnB3"]);
    for line in ["--http-original-host", "--http-set-header Host:x"] {
        let plan = planned(&format!("--input-dummy 0 --output-http 127.0.0.1 {line}")).unwrap();
        let To::Http(http) = &plan.outputs[0].to else { panic!() };
        assert!(http.headers.is_empty() && http.address.port() == 80);
    }
}

fn record(kind: Kind, number: u32, payload: &str) -> Record {
    let id = format!("{number:024x}");
    let timestamp = i64::from(number) * 1_000_000;
    Record { kind, id, timestamp, latency: Some(0), extra: String::new(), payload: payload.into() }
}

/// Runs a command line in a folder with 20 requests and answers in `in.gor`.
fn go(line: &str) -> (tempfile::TempDir, Account, Vec<Done>) {
    let folder = tempfile::tempdir().unwrap();
    let mut bytes = Vec::new();
    for number in 0..20 {
        let request = format!("GET /{number} HTTP/1.1\r\nHost: old\r\n\r\n");
        write_record(&mut bytes, &record(Kind::Request, number, &request)).unwrap();
        let response = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
        write_record(&mut bytes, &record(Kind::Response, number, response)).unwrap();
    }
    fs::write(folder.path().join("in.gor"), bytes).unwrap();
    let line = line.replace("DIR", folder.path().to_str().unwrap());
    let plan = planned(&line).unwrap();
    let (_handle, stop) = Stop::new();
    let (total, done) = work(plan, Language::English, &stop).unwrap();
    for account in done.iter().map(|one| &one.account).chain([&total]) {
        let dropped: u64 = account.reasons().map(|(_, count)| count).sum();
        assert_eq!(account.seen, account.emitted + dropped + account.in_flight, "{line}: {account:?}");
    }
    (folder, total, done)
}

fn read(folder: &tempfile::TempDir, name: &str) -> Vec<Record> {
    let bytes = fs::read(folder.path().join(name)).unwrap();
    Reader::new(&bytes[..], 1 << 20).map(Result::unwrap).collect()
}

#[test]
fn files_go_to_files_in_chunks_through_rules() {
    let (folder, total, done) = go("--input-file DIR/in.gor|1000% --output-file DIR/out.gor \
        --output-file-queue-limit 10 --http-disallow-url ^/1$ --http-set-header X:y --prettify-http");
    assert_eq!((total.seen, total.emitted, total.of(Reason::Filter)), (40, 38, 2));
    assert_eq!(done[0].account.emitted, 38);
    let records: Vec<Record> = (0..4).flat_map(|chunk| read(&folder, &format!("out_{chunk}.gor"))).collect();
    assert_eq!(records.len(), 38);
    assert_eq!(records[0].payload, b"GET /0 HTTP/1.1\r\nHost: old\r\nX: y\r\n\r\n");
    assert_eq!(records[1].payload, b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    assert_eq!(read(&folder, "out_0.gor").len(), 10);
}

#[test]
fn outputs_have_their_turns_and_their_limits() {
    let (folder, _, done) =
        go("--input-file DIR/in.gor --split-output true --output-file DIR/a.gor --output-file DIR/b.gor");
    assert_eq!((read(&folder, "a_0.gor").len(), read(&folder, "b_0.gor").len()), (20, 20));
    assert_eq!(done.len(), 2);
    let (_, _, done) = go("--input-file DIR/in.gor --output-null --output-file DIR/a.gor|5");
    assert_eq!((done[0].account.emitted, done[1].account.of(Reason::Rate)), (40, 15));
    let (_, total, _) = go("--input-file DIR/in.gor|5 --output-null");
    assert_eq!(total.of(Reason::Rate), 15);
}

#[test]
fn a_file_that_is_read_again_ends_with_the_time() {
    let (_, total, done) =
        go("--input-file DIR/in.gor|1000% --input-file-loop --exit-after 2s --output-null");
    assert!(total.seen > 80, "{total:?}");
    assert!(done[0].account.emitted > 80);
    let (_, total, _) = go("--input-file DIR/in.gor --input-file-dry-run --output-null");
    assert_eq!((total.seen, total.in_flight), (40, 40));
}

#[test]
fn one_hands_records_on_to_another() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let received = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        Reader::new(stream, 1 << 20).map(Result::unwrap).count()
    });
    let (_, _, done) = go(&format!("--input-file DIR/in.gor --output-tcp 127.0.0.1:{port}"));
    assert_eq!((done[0].account.emitted, received.join().unwrap()), (40, 40));
}
