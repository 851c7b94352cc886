//! Search over a store of many messages: `cargo bench -p kefu-store --bench search -- [options]`.
//!
//! `--rows N` messages (1,000,000), `--dir DIR` keeps the store there, and takes the one that is there,
//! `--queries N` per kind of query (200), `--limit N` hits per page (50).

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

#[path = "search/texts.rs"]
mod texts;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use kefu_core::{
    AgentKey, Conversation, Entry, InboxKey, MessageKind, Micros, Principal, Revision, VisitorKey,
};
use kefu_store::{
    Batch, Change, Indexer, OpenOptions, Opened, SearchQuery, SearchScope, Store, Writer, open,
};
use texts::{Random, Texts};
use uuid::Uuid;

/// Conversations that are under way at any time.
const ACTIVE: usize = 3_000;

/// Messages of a conversation, on average.
const LENGTH: u64 = 10;

const AGENTS: i64 = 60;
const INBOXES: i64 = 5;

/// The first message's time, and how far apart they are: 10,000,000 take 116 days.
const BEGIN: i64 = 1_790_000_000_000_000;
const STEP: i64 = 1_000_000;

struct Args {
    rows: usize,
    dir: Option<PathBuf>,
    queries: usize,
    limit: usize,
}

fn args() -> Args {
    let mut args = Args { rows: 1_000_000, dir: None, queries: 200, limit: 50 };
    let mut given = std::env::args().skip(1);
    while let Some(name) = given.next() {
        let mut value = || given.next().unwrap_or_else(|| panic!("{name} needs a value"));
        let number = |text: String| text.parse::<usize>().unwrap_or_else(|_| panic!("{text} is no number"));
        match name.as_str() {
            "--rows" => args.rows = number(value()),
            "--dir" => args.dir = Some(value().into()),
            "--queries" => args.queries = number(value()),
            "--limit" => args.limit = number(value()),
            "--bench" => {}
            _ => panic!("{name} is not known"),
        }
    }
    args
}

/// Conversations that come, are answered by an agent, and end.
struct Desk {
    active: Vec<Conversation>,
    random: Random,
    texts: Texts,
}

impl Desk {
    fn new() -> Self {
        Self { active: Vec::new(), random: Random::new(1), texts: Texts::new() }
    }

    /// A transaction of `size` messages, with what they make of their conversations.
    fn batch(&mut self, writer: &mut Writer, size: usize) -> Batch {
        let mut batch = Batch::default();
        let mut grown = vec![false; ACTIVE];
        for pos in (writer.next_pos()..).take(size) {
            let now = Micros(BEGIN + pos * STEP);
            let mut index = self.random.below(ACTIVE as u64) as usize;
            if index >= self.active.len() || self.random.below(LENGTH) == 0 {
                index = self.replace(index, writer, now, &mut batch);
            }
            let head = &mut self.active[index];
            let kind = if self.random.below(25) == 0 { MessageKind::Note } else { MessageKind::Text };
            let agent = head.assignee.unwrap_or(AgentKey(1));
            let sender = match (kind, self.random.below(2)) {
                (MessageKind::Text, 0) => Principal::Visitor(head.visitor),
                _ => Principal::Agent(agent),
            };
            let mut entry = Entry {
                pos,
                conversation: head.key,
                seq: 0,
                prev_pos: 0,
                prev_public_seq: 0,
                id: Uuid::from_u64_pair(self.random.next(), pos.cast_unsigned()),
                client_id: Some(Uuid::from_u64_pair(pos.cast_unsigned(), self.random.next())),
                sender,
                kind,
                text: self.texts.message(&mut self.random),
                event: None,
                data: None,
                quote_seq: None,
                revision: Revision::Intact,
                created_at: now,
            };
            head.append(&mut entry, pos);
            batch.entries.push(entry);
            grown[index] = true;
        }
        // What began in this transaction stands among the new heads already.
        let new = batch.conversations.iter().enumerate().map(|(place, head)| (head.key, place));
        let new: HashMap<_, _> = new.collect();
        for (head, _) in self.active.iter().zip(grown).filter(|(_, grown)| *grown) {
            match new.get(&head.key) {
                Some(place) => batch.conversations[*place] = head.clone(),
                None => batch.grown.push(head.clone()),
            }
        }
        batch
    }

    /// Ends the conversation at `index` and begins another one there, or where there is room; returns where.
    fn replace(&mut self, index: usize, writer: &mut Writer, now: Micros, batch: &mut Batch) -> usize {
        let key = writer.next_conversation_key();
        let inbox = InboxKey(1 + (self.random.below(INBOXES as u64) as i64).min(self.random.below(5) as i64));
        // Every other conversation is of a visitor who was here before.
        let visitor = VisitorKey(1 + self.random.below(1 + key.0.cast_unsigned() / 2) as i64);
        let id = Uuid::from_u128(u128::from(key.0.cast_unsigned()));
        let mut head = Conversation::new(key, id, inbox, visitor, now);
        head.on_message(Principal::Visitor(visitor), MessageKind::Text, now);
        let agent = AgentKey(1 + self.random.below(AGENTS as u64) as i64);
        head.assign(agent).expect("it waits");
        batch.conversations.push(head.clone());
        if index < self.active.len() {
            let mut ended = std::mem::replace(&mut self.active[index], head);
            ended.resolve(now).expect("it is open");
            batch.conversations.retain(|other| other.key != ended.key);
            batch.conversations.push(ended);
            index
        } else {
            self.active.push(head);
            self.active.len() - 1
        }
    }
}

async fn opened(dir: &Path) -> Opened {
    let options = OpenOptions { dir: dir.to_owned(), epoch_if_new: Uuid::nil(), now: Micros(1), readers: 4 };
    open(options).await.expect("the store opens")
}

async fn fill(writer: &mut Writer, rows: usize) {
    let begun = Instant::now();
    let mut desk = Desk::new();
    for done in (0..rows).step_by(4_096) {
        let batch = desk.batch(writer, 4_096.min(rows - done));
        writer.commit(&batch).await.expect("a commit succeeds");
    }
    println!("filled with {rows} messages in {:.1} s", begun.elapsed().as_secs_f64());
}

/// Processor time of this process so far.
fn used() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The 14th and 15th fields, in hundredths of a second; the second one may hold spaces.
    let fields: Vec<_> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
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
        fill(&mut store.writer, missing).await;
    }
    let indexer = index(&store.store, dir).await;
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
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build();
    let runtime = runtime.expect("a runtime starts");
    let temporary = std::env::temp_dir().join(format!("kefu-bench-search-{}", std::process::id()));
    runtime.block_on(run(&args, args.dir.as_deref().unwrap_or(&temporary)));
    if args.dir.is_none() {
        std::fs::remove_dir_all(&temporary).expect("the directory goes");
    }
}
