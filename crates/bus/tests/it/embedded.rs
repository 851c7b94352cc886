//! The embedded bus: the promises, going back, and what a process that is killed leaves.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
    path::Path,
    process::Stdio,
    sync::Arc,
};

use futures_util::future::BoxFuture;
use kefu_bus::{
    Event, Outcome,
    embedded::{Order, Runner, Subscriber, Telling, Told},
};
use kefu_store::EventPosition;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Command,
    sync::mpsc,
};
use uuid::Uuid;

use crate::{
    conformance::conformance,
    house::{House, Open, begin, hearing},
    support::{events, number},
};

// A group is one task of one process: it has no members.
conformance!(House:
    each_group_hears_every_event,
    events_of_a_key_come_in_order_and_one_at_a_time,
    what_is_to_be_told_again_waits_and_holds_its_key,
    what_fails_is_tried_until_it_works,
    dead_letters_are_laid_aside,
    a_slow_group_slows_no_other,
    a_poisonous_group_slows_no_other,
    what_a_killed_client_had_is_told_to_the_next,
    what_is_left_at_a_stop_is_told_to_the_next,
    what_was_confirmed_outlives_a_killed_server,
);

/// Where the other process finds its store, and the number of its first event.
const STORE: &str = "KEFU_BUS_TEST_STORE";
const FIRST: &str = "KEFU_BUS_TEST_FIRST";
const GROUPS: [&str; 2] = ["sales", "qa"];
const KEYS: u32 = 5;
const ROUNDS: usize = 6;

/// Something that a group was told.
#[derive(Clone, Debug)]
struct Line {
    group: String,
    number: u32,
    event: Uuid,
    delivery: Uuid,
}

/// Notes what it was told before it says that it has it.
type Note = Arc<dyn Fn(Line) + Send + Sync>;

/// A subscriber that is well most of the time.
struct Teller {
    group: &'static str,
    note: Note,
}

impl Subscriber for Teller {
    fn tell<'a>(&'a self, telling: Telling<'a>) -> BoxFuture<'a, Told> {
        let (event, attempt) = (&telling.heard.event, telling.attempt);
        let number = number(event);
        Box::pin(async move {
            let outcome = match (self.group, number % 7, attempt) {
                ("qa", 0, 1) => Outcome::Again { after: None, why: "not now".to_owned() },
                ("qa", 1, 1) => panic!("a subscriber that is not well"),
                _ => Outcome::Done,
            };
            if outcome == Outcome::Done {
                let (group, event, delivery) = (self.group.to_owned(), event.id, telling.delivery);
                (self.note)(Line { group, number, event, delivery });
            }
            Told { outcome, attempt: None }
        })
    }
}

/// Has both groups hear.
async fn listen(open: &Open, note: Note) -> Vec<mpsc::Sender<Order>> {
    let mut all = Vec::new();
    for group in GROUPS {
        let teller = Arc::new(Teller { group, note: Arc::clone(&note) });
        let runner: Runner = begin(open, hearing(group, teller), Some(EventPosition::default())).await;
        let (orders, received) = mpsc::channel(1);
        drop(tokio::spawn(runner.run(received)));
        all.push(orders);
    }
    all
}

/// What is noted within this process.
fn notes() -> (Note, mpsc::UnboundedReceiver<Line>) {
    let (lines, heard) = mpsc::unbounded_channel();
    (Arc::new(move |line| drop(lines.send(line))), heard)
}

#[tokio::test]
async fn a_group_goes_back_to_a_position() {
    let folder = TempDir::new().unwrap();
    let mut open = Open::new(folder.path()).await;
    let (note, mut heard) = notes();
    open.write(&events("message.created", 1, 6, 2)).await;
    let orders = listen(&open, note).await;
    open.caught_up("sales").await;
    open.caught_up("qa").await;
    let mut first = BTreeMap::new();
    while let Ok(line) = heard.try_recv() {
        first.insert((line.group, line.number), line.delivery);
    }
    assert_eq!(first.len(), 12);
    // Behind the third entry of the log.
    orders[0].send(Order::Rewind(EventPosition { pos: 3, number: 0 })).await.unwrap();
    let mut again = BTreeMap::new();
    while again.len() < 3 {
        let line = heard.recv().await.unwrap();
        again.insert((line.group, line.number), line.delivery);
    }
    open.caught_up("sales").await;
    assert!(heard.try_recv().is_err(), "more than was asked for");
    let sales = |number| ("sales".to_owned(), number);
    assert_eq!(again.keys().cloned().collect::<Vec<_>>(), [sales(4), sales(5), sales(6)]);
    assert!(again.iter().all(|(told, delivery)| first[told] == *delivery), "under the same ids");
}

/// The other half of the test below: writes and tells, until it is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_process_that_is_killed() {
    let (Some(folder), Ok(first)) = (std::env::var_os(STORE), std::env::var(FIRST)) else { return };
    let mut open = Open::new(folder.as_ref()).await;
    // What the test harness says stands on lines of its own.
    let say = |line: String| {
        let mut out = std::io::stdout().lock();
        write!(out, "\n{line} .\n").and_then(|()| out.flush()).unwrap();
    };
    let note: Note = Arc::new(move |Line { group, number, event, delivery }| {
        say(format!("heard {group} {number} {event} {delivery}"));
    });
    let _orders = listen(&open, note).await;
    let mut next = first.parse::<u32>().unwrap();
    loop {
        let count = next % 4 + 1;
        open.write(&events_from(next, count)).await;
        next += count;
        say(format!("wrote {next}"));
    }
}

/// Events whose keys go by their numbers, whatever was written before.
fn events_from(first: u32, count: u32) -> Vec<Event> {
    let mut events = events("message.created", first, count, 1);
    for event in &mut events {
        event.key = format!("conversation-{}", number(event) % KEYS);
    }
    events
}

/// Runs the other process until it has said so many lines, kills it, and returns what it heard and the number behind the
/// last event that it knew to be durable.
async fn run_and_kill(folder: &Path, first: u32, lines_max: usize) -> (Vec<Line>, u32) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["embedded::the_process_that_is_killed", "--exact", "--nocapture"]);
    command.env(STORE, folder).env(FIRST, first.to_string());
    command.stdout(Stdio::piped()).stderr(Stdio::null()).stdin(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
    let (mut heard, mut next, mut count) = (Vec::new(), first, 0);
    while let Some(line) = said.next_line().await.unwrap() {
        let words: Vec<_> = line.split(' ').collect();
        match words[..] {
            ["wrote", number, "."] => next = number.parse().unwrap(),
            ["heard", group, number, event, delivery, "."] => heard.push(Line {
                group: group.to_owned(),
                number: number.parse().unwrap(),
                event: event.parse().unwrap(),
                delivery: delivery.parse().unwrap(),
            }),
            // What the test harness says, or a line that was cut off.
            _ => continue,
        }
        count += 1;
        if count == lines_max {
            // What it said before it died is still read.
            child.start_kill().unwrap();
        }
    }
    assert!(!child.wait().await.unwrap().success() && count >= lines_max, "it ended by itself");
    (heard, next)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_is_killed_loses_nothing_and_invents_nothing() {
    let folder = TempDir::new().unwrap();
    let (mut heard, mut next, mut written) = (Vec::new(), 1, BTreeSet::new());
    for round in 0..ROUNDS {
        let (lines, durable) = run_and_kill(folder.path(), next, 20 + 15 * round).await;
        heard.extend(lines);
        written.extend(next..durable);
        // One that was being written when it died may be there or not; its numbers are not used again.
        next = durable + 10;
    }
    let open = Open::new(folder.path()).await;
    let (note, mut rest) = notes();
    let _orders = listen(&open, note).await;
    for group in GROUPS {
        open.caught_up(group).await;
    }
    while let Ok(line) = rest.try_recv() {
        heard.push(line);
    }
    let end = open.store.event_end().await.unwrap();
    let slice = open.bus.reader().slice(EventPosition::default(), end.pos + 1, |_| true).await.unwrap();
    let messages = slice.heard.iter().map(|heard| &heard.event);
    let log: BTreeMap<u32, Uuid> = messages
        .filter(|event| event.topic.as_str() == "message.created")
        .map(|event| (number(event), event.id))
        .collect();
    assert!(written.iter().all(|number| log.contains_key(number)), "what was confirmed is in the log");
    for group in GROUPS {
        let own: Vec<_> = heard.iter().filter(|line| line.group == group).collect();
        let mut first: BTreeMap<u32, &Line> = BTreeMap::new();
        let mut last: BTreeMap<u32, u32> = BTreeMap::new();
        for line in own {
            let known = *first.entry(line.number).or_insert_with(|| {
                let before = last.insert(line.number % KEYS, line.number);
                assert!(before < Some(line.number), "{group}: {before:?} before {}", line.number);
                line
            });
            assert_eq!((known.event, known.delivery), (line.event, line.delivery), "one event, one id");
        }
        let told: BTreeMap<u32, Uuid> = first.values().map(|line| (line.number, line.event)).collect();
        assert_eq!(told, log, "{group}: none lost, none invented");
    }
}
