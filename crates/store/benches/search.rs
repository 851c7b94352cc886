//! Search over a store of many messages: `cargo bench -p kefu-store --bench search -- [options]`.
//!
//! `--rows N` messages (1,000,000), `--dir DIR` keeps the store there, and takes the one that is there,
//! `--queries N` per kind of query (200), `--limit N` hits per page (50).
//!
//! Instead of searching: `--fill` only makes the store and its index; `--live SECONDS` writes 5,000 messages a second for
//! so long and measures what it costs to index them; `--url http://HOST:PORT` asks the server there that has the
//! store, as the agent of `KEFU_ADMIN_EMAIL` and `KEFU_ADMIN_PASSWORD`, and prints JSON with `--json`.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[path = "search/fill.rs"]
mod fill;
#[path = "search/http.rs"]
mod http;
#[path = "search/texts.rs"]
mod texts;

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use fill::{AGENTS, BEGIN, Desk, LENGTH, STEP, fill};
use kefu_core::{AgentKey, InboxKey, Micros, Revision, VisitorKey};
use kefu_store::{Batch, Change, Indexer, OpenOptions, Opened, SearchQuery, SearchScope, Store, open};
use texts::{Random, Texts};
use uuid::Uuid;

struct Args {
    rows: usize,
    dir: Option<PathBuf>,
    queries: usize,
    limit: usize,
    live: Option<usize>,
    only_fill: bool,
    url: Option<String>,
    json: bool,
}

fn args() -> Args {
    let mut args = Args {
        rows: 1_000_000,
        dir: None,
        queries: 200,
        limit: 50,
        live: None,
        only_fill: false,
        url: None,
        json: false,
    };
    let mut given = std::env::args().skip(1);
    while let Some(name) = given.next() {
        let mut value = || given.next().unwrap_or_else(|| panic!("{name} needs a value"));
        let number = |text: String| text.parse::<usize>().unwrap_or_else(|_| panic!("{text} is no number"));
        match name.as_str() {
            "--rows" => args.rows = number(value()),
            "--dir" => args.dir = Some(value().into()),
            "--queries" => args.queries = number(value()),
            "--limit" => args.limit = number(value()),
            "--fill" => args.only_fill = true,
            "--url" => args.url = Some(value()),
            "--json" => args.json = true,
            "--live" => args.live = Some(number(value())),
            "--bench" => {}
            _ => panic!("{name} is not known"),
        }
    }
    args
}

async fn opened(dir: &Path) -> Opened {
    let options = OpenOptions { dir: dir.to_owned(), epoch_if_new: Uuid::nil(), now: Micros(1), readers: 4 };
    open(options).await.expect("the store opens")
}

/// Processor time so far of the threads that yield to others: those of the index.
fn used() -> Duration {
    let tasks = std::fs::read_dir("/proc/self/task").expect("Linux lists a process's threads");
    let stats = tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("stat")).ok());
    let ticks = stats.map(|stat| {
        // The 14th, 15th and 19th fields: times in hundredths of a second, and niceness; the second one may hold spaces.
        let fields: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let field = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
        if field(16) > 0 { field(11) + field(12) } else { 0 }
    });
    Duration::from_millis(ticks.sum::<u64>() * 10)
}

/// Memory of this process in MiB: what it has now, and the most that it had.
fn memory() -> (f64, f64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let value = |name| status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    let number = |name| value(name).split_whitespace().next().and_then(|value| value.parse::<f64>().ok());
    (number("VmRSS:").unwrap_or(0.0) / 1_024.0, number("VmHWM:").unwrap_or(0.0) / 1_024.0)
}

/// Writes as a busy site does; says what it costs with and without an index.
async fn live(store: &mut Opened, seconds: usize) {
    const EVERY: Duration = Duration::from_millis(20);
    const SIZE: usize = 100;
    let mut desk = Desk::new();
    for with_index in [false, true] {
        let indexer = with_index.then(|| Indexer::start(&store.store).expect("the indexer starts"));
        if let Some(indexer) = &indexer {
            indexer.catch_up().await.expect("the log is indexed");
        }
        let before = used();
        let mut ticks = tokio::time::interval(EVERY);
        let mut behind_max = 0;
        let rounds = seconds * 50;
        for _ in 0..rounds {
            ticks.tick().await;
            let batch = desk.batch(&mut store.writer, SIZE);
            store.writer.commit(&batch).await.expect("a commit succeeds");
            behind_max = behind_max.max(store.store.search_metrics().behind.load(Relaxed));
        }
        let cost = (used() - before).as_secs_f64() * 1e6 / (rounds * SIZE) as f64;
        let (now, most) = memory();
        println!(
            "{} index: {cost:.2} us of processor time each; {now:.1} MiB, at most {most:.1}; {behind_max} behind",
            if with_index { "with" } else { "without" },
        );
        if let Some(indexer) = indexer {
            indexer.close().await;
        }
    }
}

async fn index(store: &Store, dir: &Path) -> Indexer {
    let (begun, before) = (Instant::now(), used());
    let indexer = Indexer::start(store).expect("the indexer starts");
    indexer.catch_up().await.expect("the log is indexed");
    let indexed = store.search_metrics().indexed.load(Relaxed);
    let elapsed = begun.elapsed();
    let bytes = std::fs::metadata(dir.join("search.db")).map_or(0, |file| file.len());
    println!(
        "indexed after {:.2} s, {:.2} us of processor time each; {indexed} entries, {:.1} MiB, {:.1} bytes each",
        elapsed.as_secs_f64(),
        (used() - before).as_secs_f64() * 1e6 / indexed as f64,
        bytes as f64 / 1_048_576.0,
        bytes as f64 / indexed as f64,
    );
    indexer
}

/// What is asked for, and with which filters.
struct Kind {
    name: &'static str,
    words: Words,
    filter: Narrow,
}

/// Makes the words of a query.
type Words = fn(&Texts, &mut Random) -> String;

/// Narrows a query down, given how many conversations there are.
type Narrow = fn(&mut SearchQuery, &mut Random, rows: i64);

const WORDS: [(&str, Words); 8] = [
    ("most frequent", |texts, random| texts.chinese(random.below(20)).to_owned()),
    ("退款", |_, _| "退款".to_owned()),
    ("medium", |texts, random| texts.chinese(400 + random.below(2_000)).to_owned()),
    ("rare", |texts, random| texts.rare(random)),
    ("absent", |_, random| texts::absent(random)),
    ("one character", |texts, random| texts.chinese(random.below(2_000)).chars().take(1).collect()),
    ("two words", |texts, random| {
        format!("{} {}", texts.chinese(random.below(300)), texts.chinese(300 + random.below(3_000)))
    }),
    ("English", |texts, random| texts.english(random.below(100)).to_owned()),
];

const FILTERS: [(&str, Narrow); 7] = [
    ("–", |_, _, _| {}),
    ("visitor", |query, random, rows| {
        query.visitors =
            Some(vec![VisitorKey(1 + random.below(1 + rows.cast_unsigned() / LENGTH / 4) as i64)]);
    }),
    ("agent", |query, random, _| query.assignee = Some(AgentKey(1 + random.below(AGENTS as u64) as i64))),
    ("inbox", |query, random, _| query.inbox = Some(InboxKey(1 + random.below(5) as i64))),
    ("a week", |query, random, rows| {
        let from = random.below(rows.cast_unsigned()) as i64;
        query.from = Some(Micros(BEGIN + from * STEP));
        query.until = Some(Micros(BEGIN + (from + 604_800) * STEP));
    }),
    ("agent's scope", |query, random, _| {
        query.scope = SearchScope::Agent(AgentKey(1 + random.below(AGENTS as u64) as i64));
    }),
    ("unknown agent", |query, _, _| query.assignee = Some(AgentKey(AGENTS + 1))),
];

async fn measure(
    store: &Store,
    args: &Args,
    kind: &Kind,
    texts: &Texts,
    random: &mut Random,
) -> Vec<Duration> {
    let mut times = Vec::with_capacity(args.queries);
    let (mut hits, mut cut) = (0, 0);
    for _ in 0..args.queries {
        let mut query = SearchQuery::new(&(kind.words)(texts, random), SearchScope::All, args.limit);
        (kind.filter)(&mut query, random, args.rows as i64);
        let begun = Instant::now();
        let page = store.search(&query).await.expect("the store is searched");
        times.push(begun.elapsed());
        hits += page.hits.len();
        cut += usize::from(page.next.is_some() && page.hits.len() < args.limit);
    }
    times.sort_unstable();
    println!(
        "| {} | {:.2} | {:.2} | {:.2} | {:.2} | {:.1} | {cut} |",
        kind.name,
        ms(quantile(&times, 50)),
        ms(quantile(&times, 95)),
        ms(quantile(&times, 99)),
        ms(quantile(&times, 100)),
        hits as f64 / args.queries as f64,
    );
    times
}

async fn search(store: &Store, args: &Args) {
    let (texts, mut random) = (Texts::new(), Random::new(2));
    let mut all = Vec::new();
    let mut unfiltered = Vec::new();
    println!(
        "| words, filter | p50 ms | p95 ms | p99 ms | max ms | hits | cut short |\n|---|---|---|---|---|---|---|"
    );
    for (filter_name, filter) in FILTERS {
        for (words_name, words) in WORDS {
            let name: &'static str = Box::leak(format!("{words_name}, {filter_name}").into_boxed_str());
            let times = measure(store, args, &Kind { name, words, filter }, &texts, &mut random).await;
            if filter_name == "–" {
                unfiltered.extend_from_slice(&times);
            }
            all.extend(times);
        }
    }
    for (name, mut times) in [("all without filters", unfiltered), ("all", all)] {
        times.sort_unstable();
        println!(
            "{name}: {} searches, p50 {:.2} ms, p95 {:.2} ms, p99 {:.2} ms, max {:.2} ms",
            times.len(),
            ms(quantile(&times, 50)),
            ms(quantile(&times, 95)),
            ms(quantile(&times, 99)),
            ms(quantile(&times, 100)),
        );
    }
}

fn quantile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() - 1) * percent / 100]
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

async fn run(args: &Args, dir: &Path) {
    let mut store = opened(dir).await;
    let missing = args.rows.saturating_sub(usize::try_from(store.writer.next_pos() - 1).unwrap_or(0));
    if missing > 0 {
        fill(&mut store, missing).await;
    }
    if let Some(seconds) = args.live {
        live(&mut store, seconds).await;
        return store.writer.close().await.expect("the store closes");
    }
    let indexer = index(&store.store, dir).await;
    if args.only_fill {
        indexer.close().await;
        store.store.close().await;
        return store.writer.close().await.expect("the store closes");
    }
    search(&store.store, args).await;
    let erase = |part| Change::Revise {
        pos: args.rows as i64 * part / 21,
        revision: Revision::Erased,
        text: String::new(),
    };
    let batch = Batch { changes: (1..=20).map(erase).collect(), ..Batch::default() };
    store.writer.commit(&batch).await.expect("a commit succeeds");
    let begun = Instant::now();
    indexer.settle().await.expect("the entries are taken out");
    println!("20 entries of as many segments taken out in {:.1} ms", ms(begun.elapsed()));
    indexer.close().await;
    store.store.close().await;
    store.writer.close().await.expect("the store closes");
    let store = opened(dir).await;
    index(&store.store, dir).await.close().await;
    store.writer.close().await.expect("the store closes");
}

fn main() {
    let args = args();
    if let Some(url) = &args.url {
        return http::run(url, args.queries, args.json);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build();
    let runtime = runtime.expect("a runtime starts");
    let temporary = std::env::temp_dir().join(format!("kefu-bench-search-{}", std::process::id()));
    runtime.block_on(run(&args, args.dir.as_deref().unwrap_or(&temporary)));
    if args.dir.is_none() {
        std::fs::remove_dir_all(&temporary).expect("the directory goes");
    }
}
