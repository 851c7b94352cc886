//! The same over HTTP: searches for words of two characters, and lists of conversations, one after the other.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use serde_json::{Value, json};

use crate::texts::{self, Random, Texts};
use crate::{ms, quantile};

/// Requests of each kind before those that are measured.
const WARM_UP: usize = 5;

/// What a kind of request asks for.
type Path = fn(&Texts, &mut Random) -> String;

/// Kinds of requests: what they are, the percentile that has a target and the target in milliseconds, what is asked for.
const KINDS: [(&str, usize, f64, Path); 10] = [
    ("frequent word", 95, 50.0, |texts, random| search(texts.chinese(random.below(20)))),
    ("medium word", 95, 50.0, |texts, random| search(texts.chinese(400 + random.below(2_000)))),
    ("rare word", 95, 50.0, |texts, random| search(&texts.rare(random))),
    ("absent word", 95, 50.0, |_, random| search(&texts::absent(random))),
    ("medium word, a day", 95, 50.0, |texts, random| {
        let day = 22 + random.below(8);
        let words = search(texts.chinese(400 + random.below(2_000)));
        format!("{words}&after=2026-09-{day}T00:00:00Z&before=2026-09-{}T00:00:00Z", day + 1)
    }),
    ("any of these", 95, 50.0, |texts, random| match random.below(4) {
        0 => search(texts.chinese(random.below(20))),
        1 => search(texts.chinese(400 + random.below(2_000))),
        2 => search(&texts.rare(random)),
        _ => search(&texts::absent(random)),
    }),
    ("list, mine", 99, 10.0, |_, _| "/api/v1/conversations?view=mine".to_owned()),
    ("list, waiting", 99, 10.0, |_, _| "/api/v1/conversations?view=waiting".to_owned()),
    ("list, all", 99, 10.0, |_, _| "/api/v1/conversations?view=all".to_owned()),
    ("list, ended", 99, 10.0, |_, _| "/api/v1/conversations?view=ended".to_owned()),
];

/// A search for the first two characters of a word.
fn search(word: &str) -> String {
    let two: String = word.chars().take(2).collect();
    let encoded: String = two.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!("/api/v1/search?q={encoded}")
}

/// A kept connection.
struct Client {
    stream: BufReader<TcpStream>,
    token: String,
}

impl Client {
    fn sign_in(url: &str) -> Self {
        let address =
            url.strip_prefix("http://").expect("the address begins with http://").trim_end_matches('/');
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_nodelay(true).expect("a socket is told not to wait");
        let mut client = Self { stream: BufReader::new(stream), token: String::new() };
        let variable = |name| std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
        let body =
            json!({"email": variable("KEFU_ADMIN_EMAIL"), "password": variable("KEFU_ADMIN_PASSWORD")});
        let answer = client.ask("POST /api/v1/auth/login", &body.to_string());
        client.token = answer["token"].as_str().expect("a sign-in gives a token").to_owned();
        client
    }

    /// Sends a request; returns the answer, once it is there as a whole.
    fn ask(&mut self, request: &str, body: &str) -> Value {
        let authorization = match self.token.as_str() {
            "" => String::new(),
            token => format!("authorization: Bearer {token}\r\n"),
        };
        let head = format!(
            "{request} HTTP/1.1\r\nhost: bench\r\n{authorization}content-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.get_mut().write_all(head.as_bytes()).expect("the server reads");
        let mut line = String::new();
        let mut next = |stream: &mut BufReader<TcpStream>| {
            line.clear();
            stream.read_line(&mut line).expect("the server answers");
            line.trim_end().to_ascii_lowercase()
        };
        let status = next(&mut self.stream);
        let mut length = 0;
        loop {
            let header = next(&mut self.stream);
            if header.is_empty() {
                break;
            }
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length is a number");
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).expect("the server answers");
        assert!(status.contains(" 200"), "{status}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).expect("an answer is JSON")
    }
}

/// Asks the server at `url`, each kind of request so often; prints a table, or JSON.
pub(crate) fn run(url: &str, queries: usize, as_json: bool) {
    let mut client = Client::sign_in(url);
    let (texts, mut random) = (Texts::new(), Random::new(4));
    let mut rows = Vec::new();
    if !as_json {
        println!(
            "| over HTTP | target | p50 ms | p95 ms | p99 ms | max ms | items | |\n|---|---|---|---|---|---|---|---|"
        );
    }
    for (name, percentile, target_ms, path) in KINDS {
        let mut times = Vec::with_capacity(queries);
        let mut items = 0;
        for number in 0..WARM_UP + queries {
            let request = format!("GET {}", path(&texts, &mut random));
            let begun = Instant::now();
            let answer = client.ask(&request, "");
            if number >= WARM_UP {
                times.push(begun.elapsed());
                items += answer["items"].as_array().map_or(0, Vec::len);
            }
        }
        times.sort_unstable();
        let at = |percent| ms(quantile(&times, percent));
        let holds = at(percentile) <= target_ms;
        let items = items as f64 / queries as f64;
        if !as_json {
            println!(
                "| {name} | p{percentile} ≤ {target_ms} ms | {:.2} | {:.2} | {:.2} | {:.2} | {items:.1} | {} |",
                at(50),
                at(95),
                at(99),
                at(100),
                if holds { "holds" } else { "**fails**" },
            );
        }
        rows.push(json!({
            "name": name, "requests": queries, "p50_ms": at(50), "p95_ms": at(95), "p99_ms": at(99), "max_ms": at(100),
            "items": items, "percentile": percentile, "target_ms": target_ms, "holds": holds,
        }));
    }
    if as_json {
        println!("{:#}", json!({ "rows": rows }));
    }
}
