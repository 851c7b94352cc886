//! How many events are told and heard per second over a server that runs already:
//! `cargo bench -p kefu-bus --features nats,nsq --bench bus -- nsq HOST:PORT [--events N] [--batch N] [--size BYTES]
//! [--tellers N] [--hearers N]`.
//!
//! Prints one line of JSON. `scripts/bench-bus` starts the servers and puts the figures beside those of their own tools.
//! With `json` in place of a back-end it says what an event costs without a server: nanoseconds to write one and to read
//! it.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use kefu_bus::{Bus, Event, Handler, Handling, Limits, Nats, NatsSettings, Nsq, NsqSettings, Outcome};
use kefu_core::Micros;
use serde_json::value::RawValue;
use tokio::sync::Notify;
use uuid::Uuid;

struct Options {
    backend: String,
    address: String,
    events: usize,
    batch: usize,
    size: usize,
    /// Who tells at the same time.
    tellers: usize,
    /// Members of the group, which share what was told.
    hearers: usize,
}

fn options() -> Result<Options, String> {
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    let backend = words.next().ok_or("say which back-end: nsq, nats, or json for none")?;
    let address = if backend == "json" { Some(String::new()) } else { words.next() };
    let address = address.ok_or("say where the server is: HOST:PORT")?;
    let mut options =
        Options { backend, address, events: 200_000, batch: 200, size: 400, tellers: 2, hearers: 1 };
    while let Some(word) = words.next() {
        let number = words.next().and_then(|number| number.parse().ok());
        let number: usize = number.ok_or_else(|| format!("{word} wants a number"))?;
        match word.as_str() {
            "--events" => options.events = number,
            "--batch" => options.batch = number,
            "--size" => options.size = number,
            "--tellers" => options.tellers = number.max(1),
            "--hearers" => options.hearers = number.max(1),
            _ => return Err(format!("unknown option {word}")),
        }
    }
    Ok(options)
}

async fn open(options: &Options) -> Result<Bus, String> {
    let limits = Limits { in_hand_max: 2500, concurrency_max: 64, ..Limits::default() };
    let publish_max = Duration::from_secs(60);
    match options.backend.as_str() {
        "nsq" => {
            let nsqd = options.address.parse().map_err(|error| format!("{}: {error}", options.address))?;
            let settings = NsqSettings { nsqd: vec![nsqd], limits, publish_max, ..NsqSettings::default() };
            Nsq::open(settings).map(Bus::Nsq).map_err(|error| error.to_string())
        }
        "nats" => {
            let servers = vec![format!("nats://{}", options.address)];
            let settings = NatsSettings { servers, limits, publish_max, ..NatsSettings::default() };
            Nats::open(settings).await.map(Bus::Nats).map_err(|error| error.to_string())
        }
        other => Err(format!("unknown back-end {other}")),
    }
}

/// Counts, and tells when it has counted enough.
struct Counter {
    left: AtomicUsize,
    done: Notify,
}

impl Handler for Counter {
    fn handle<'a>(&'a self, _: &'a Event, _: u32) -> Handling<'a> {
        if self.left.fetch_sub(1, Relaxed) == 1 {
            self.done.notify_one();
        }
        Box::pin(async { Outcome::Done })
    }
}

/// Events that are as long as asked for when they are written.
fn events(options: &Options) -> Vec<Event> {
    let make = |number: usize, text: usize| Event {
        id: Uuid::from_u64_pair(u64::from(std::process::id()), number as u64),
        topic: "bench.told".parse().expect("a topic"),
        key: format!("conversation-{}", number % 1000),
        position: Some(number as i64),
        at: Micros(1_750_000_000_000_000),
        version: 1,
        data: RawValue::from_string(format!("{{\"text\":\"{}\"}}", "x".repeat(text))).expect("JSON"),
    };
    let bare = make(options.events, 0).to_json().expect("an event").len();
    (0..options.events).map(|number| make(number, options.size.saturating_sub(bare))).collect()
}

/// Nanoseconds to write an event and to read it.
fn measure_json(options: &Options) -> Result<(), String> {
    let events = events(options);
    let per_event = |begun: Instant| begun.elapsed().as_nanos() / events.len() as u128;
    let begun = Instant::now();
    let written: Result<Vec<_>, _> = events.iter().map(Event::to_json).collect();
    let write = per_event(begun);
    let written = written.map_err(|error| error.to_string())?;
    let begun = Instant::now();
    for json in &written {
        drop(std::hint::black_box(Event::from_json(json).map_err(|error| error.to_string())?));
    }
    println!("{{\"backend\":\"json\",\"write_ns\":{write},\"read_ns\":{}}}", per_event(begun));
    Ok(())
}

async fn measure(options: &Options) -> Result<(), String> {
    let bus = Arc::new(open(options).await?);
    let counter = Arc::new(Counter { left: AtomicUsize::new(options.events), done: Notify::new() });
    let (pattern, group) = ("bench.told".parse().expect("a pattern"), "bench".parse().expect("a group"));
    // The server has to know the group before there is anything to hear.
    let mut subscription = bus.subscribe(&pattern, &group, Arc::clone(&counter) as Arc<dyn Handler>);
    subscription.ready().await;
    subscription.stop(Duration::from_secs(5)).await;
    let events = events(options);
    let begun = Instant::now();
    let mut tellers = Vec::new();
    for part in events.chunks(options.events.div_ceil(options.tellers)) {
        let (bus, part, batch) = (Arc::clone(&bus), part.to_vec(), options.batch);
        tellers.push(tokio::spawn(async move {
            for batch in part.chunks(batch) {
                bus.publish(batch).await.map_err(|error| error.to_string())?;
            }
            Ok::<(), String>(())
        }));
    }
    for teller in tellers {
        teller.await.map_err(|error| error.to_string())??;
    }
    let told = begun.elapsed();
    let begun = Instant::now();
    let hearer = |_| bus.subscribe(&pattern, &group, Arc::clone(&counter) as Arc<dyn Handler>);
    let subscriptions: Vec<_> = (0..options.hearers).map(hearer).collect();
    counter.done.notified().await;
    let heard = begun.elapsed();
    for subscription in subscriptions {
        subscription.stop(Duration::from_secs(30)).await;
    }
    let rate = |elapsed: Duration| (options.events as f64 / elapsed.as_secs_f64()).round();
    println!(
        "{{\"backend\":\"{}\",\"told_per_s\":{},\"heard_per_s\":{}}}",
        options.backend,
        rate(told),
        rate(heard)
    );
    Ok(())
}

fn main() -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let options = options()?;
    if options.backend == "json" { measure_json(&options) } else { runtime.block_on(measure(&options)) }
}
