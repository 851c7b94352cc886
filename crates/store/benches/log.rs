//! Durable messages per second, by batch size: `cargo bench -p kefu-store -- [options]`.
//!
//! `--rows N` messages per measurement, `--conversations N`, `--batch N[,N…]`, `--dir DIR` on the disk
//! to measure, `--backup` to take backups all the time; `--fill DIR N` adds N messages to a store and
//! measures how long it takes to open it; with `--crash` it then breaks off in the middle of more.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kefu_core::{
    Conversation, ConversationKey, Entry, InboxKey, MessageKind, Micros, Principal, Revision, VisitorKey,
};
use kefu_store::{Batch, OpenOptions, Opened, Writer, open};
use uuid::Uuid;

const TEXT: &str = "Hello, my order has not arrived yet. Can you tell me where it is, please?";

struct Args {
    rows: usize,
    conversations: usize,
    batches: Vec<usize>,
    dir: PathBuf,
    backup: bool,
    crash: bool,
    fill: Option<(PathBuf, usize)>,
}

fn args() -> Args {
    let mut args = Args {
        rows: 200_000,
        conversations: 15_000,
        batches: vec![1, 32, 128, 512],
        dir: std::env::temp_dir(),
        backup: false,
        crash: false,
        fill: None,
    };
    let mut given = std::env::args().skip(1);
    while let Some(name) = given.next() {
        let mut value = || given.next().unwrap_or_else(|| panic!("{name} needs a value"));
        let number = |text: String| text.parse::<usize>().unwrap_or_else(|_| panic!("{text} is no number"));
        match name.as_str() {
            "--rows" => args.rows = number(value()),
            "--conversations" => args.conversations = number(value()),
            "--batch" => args.batches = value().split(',').map(|one| number(one.to_owned())).collect(),
            "--dir" => args.dir = value().into(),
            "--fill" => args.fill = Some((value().into(), number(value()))),
            "--backup" => args.backup = true,
            "--crash" => args.crash = true,
            "--bench" => {}
            _ => panic!("{name} is not known"),
        }
    }
    args
}

/// What sends messages: the heads, and a fixed sequence of random numbers.
struct Load {
    heads: Vec<Conversation>,
    stamps: Vec<u64>,
    stamp: u64,
    random: u64,
}

impl Load {
    async fn new(writer: &mut Writer, conversations: usize) -> Self {
        let mut heads = Vec::with_capacity(conversations);
        for _ in 0..conversations {
            let key = writer.next_conversation_key();
            let id = Uuid::from_u128(u128::from(key.0.cast_unsigned()));
            heads.push(Conversation::new(key, id, InboxKey(1), VisitorKey(key.0), Micros(1)));
        }
        for some in heads.chunks(1_000) {
            commit(writer, &Batch { conversations: some.to_vec(), ..Batch::default() }).await;
        }
        Self { stamps: vec![0; heads.len()], heads, stamp: 0, random: 0x9e37_79b9_7f4a_7c15 }
    }

    fn random(&mut self) -> u64 {
        // Xorshift, Marsaglia 2003.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }

    fn batch(&mut self, pos: i64, size: usize) -> Batch {
        let mut batch = Batch { entries: Vec::with_capacity(size), ..Batch::default() };
        let mut touched = Vec::with_capacity(size);
        self.stamp += 1;
        for pos in (pos..).take(size) {
            let number = self.random();
            let index = usize::try_from(number % self.heads.len() as u64).unwrap_or(0);
            let head = &mut self.heads[index];
            let id = Uuid::from_u64_pair(number, pos.cast_unsigned());
            let mut entry = Entry {
                pos,
                conversation: ConversationKey(0),
                seq: 0,
                prev_pos: 0,
                prev_public_seq: 0,
                id,
                client_id: Some(Uuid::from_u64_pair(pos.cast_unsigned(), number)),
                sender: Principal::Visitor(head.visitor),
                kind: MessageKind::Text,
                text: TEXT.to_owned(),
                event: None,
                data: None,
                quote_seq: None,
                revision: Revision::Intact,
                created_at: Micros(1_790_000_000_000_000 + pos * 20),
            };
            head.append(&mut entry, pos);
            batch.entries.push(entry);
            if self.stamps[index] != self.stamp {
                self.stamps[index] = self.stamp;
                touched.push(index);
            }
        }
        batch.grown = touched.into_iter().map(|index| self.heads[index].clone().into()).collect();
        batch
    }
}

async fn commit(writer: &mut Writer, batch: &Batch) {
    writer.commit(batch).await.expect("a commit succeeds");
}

async fn opened(dir: &Path) -> Opened {
    let options = OpenOptions { dir: dir.to_owned(), epoch_if_new: Uuid::nil(), now: Micros(1), readers: 2 };
    open(options).await.expect("the store opens")
}

/// Bytes that this process caused to be written to disks.
fn written() -> u64 {
    let io = std::fs::read_to_string("/proc/self/io").unwrap_or_default();
    let line = io.lines().find_map(|line| line.strip_prefix("write_bytes: "));
    line.and_then(|bytes| bytes.parse().ok()).unwrap_or(0)
}

async fn measure(args: &Args, size: usize) {
    let dir = args.dir.join(format!("kefu-bench-log-{}-{size}", std::process::id()));
    let mut store = opened(&dir).await;
    let writer = &mut store.writer;
    let mut load = Load::new(writer, args.conversations).await;
    // A batch of one costs a sync each: fewer of them tell as much.
    let rounds = (args.rows / size).min(if size == 1 { 5_000 } else { usize::MAX });
    let mut times: Vec<Duration> = Vec::with_capacity(rounds);
    let mut lookups = Duration::ZERO;
    let mut wal = 0;
    let backups = args.backup.then(|| tokio::spawn(back_up(dir.clone())));
    let (begun, bytes) = (Instant::now(), written());
    for _ in 0..rounds {
        let batch = load.batch(writer.next_pos(), size);
        let asked: Vec<_> = batch
            .entries
            .iter()
            .filter_map(|entry| Some((entry.conversation, entry.sender, entry.client_id?)))
            .collect();
        let before = Instant::now();
        let repeats = writer.duplicates(&asked).await.expect("the store reads");
        assert!(repeats.iter().all(Option::is_none));
        lookups += before.elapsed();
        commit(writer, &batch).await;
        times.push(before.elapsed());
        wal = wal.max(writer.wal_bytes());
    }
    let elapsed = begun.elapsed();
    if let Some(backups) = backups {
        backups.abort();
        println!("backups ended: {:?}", backups.await.is_err_and(|error| error.is_cancelled()));
    }
    let metrics = writer.metrics();
    store.writer.close().await.expect("the store closes");
    let (total, bytes) = (rounds * size, written() - bytes);
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 1000].as_secs_f64() * 1e3;
    println!(
        "batch {size:>4}: {:>7.0} msg/s, commit p50 {:.2} p99 {:.2} p99.9 {:.2} max {:.2} ms, look-up {:.2} \
         us/msg, {:.1} KiB/msg, wal {:.0} MiB, {:?}",
        total as f64 / elapsed.as_secs_f64(),
        at(500),
        at(990),
        at(999),
        at(1000),
        lookups.as_secs_f64() * 1e6 / total as f64,
        bytes as f64 / total as f64 / 1024.0,
        wal as f64 / 1_048_576.0,
        metrics
    );
    std::fs::remove_dir_all(&dir).expect("the directory goes");
}

async fn back_up(dir: PathBuf) {
    for number in 1.. {
        let begun = Instant::now();
        kefu_store::backup(&dir, &dir.join("copy.db")).await.expect("a backup succeeds");
        println!("backup {number} took {:.0} ms", ms(begun.elapsed()));
    }
}

async fn fill(args: &Args, dir: &Path, rows: usize) {
    let begun = Instant::now();
    let mut store = opened(dir).await;
    println!("opened in {:.2} ms, {} messages read back", ms(begun.elapsed()), store.recovered);
    let mut load = Load::new(&mut store.writer, args.conversations).await;
    let begun = Instant::now();
    add(&mut store.writer, &mut load, rows).await;
    store.writer.close().await.expect("the store closes");
    println!("filled in {:.1} s", begun.elapsed().as_secs_f64());
    for _ in 0..3 {
        let begun = Instant::now();
        let store = opened(dir).await;
        let elapsed = begun.elapsed();
        store.writer.close().await.expect("the store closes");
        println!("opened in {:.2} ms, closed after {:.2} ms", ms(elapsed), ms(begun.elapsed()));
    }
    if args.crash {
        let mut store = opened(dir).await;
        add(&mut store.writer, &mut load, 60_000).await;
        std::process::abort();
    }
}

async fn add(writer: &mut Writer, load: &mut Load, rows: usize) {
    for done in (0..rows).step_by(4_096) {
        let batch = load.batch(writer.next_pos(), 4_096.min(rows - done));
        commit(writer, &batch).await;
    }
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn main() {
    let args = args();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().worker_threads(2).build();
    let runtime = runtime.expect("a runtime starts");
    runtime.block_on(async {
        if let Some((dir, rows)) = &args.fill {
            return fill(&args, dir, *rows).await;
        }
        for &size in &args.batches {
            measure(&args, size).await;
        }
    });
}
