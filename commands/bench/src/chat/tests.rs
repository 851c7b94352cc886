//! Scenarios against a server whose mistakes are known: each must be seen, and nothing else.

use clap::Parser as _;
use kefu_app::{Language, Stop};

use super::ChatSettings;
use crate::{
    args::{ChatArgs, Format},
    progress::Progress,
    report::{Connections, Report},
    testing::chat::{Fault, Server},
};

#[derive(clap::Parser)]
struct Line {
    #[command(flatten)]
    args: ChatArgs,
}

fn bench(fault: Fault, flags: &str) -> Result<Report, String> {
    let server = Server::start(fault);
    bench_at(&server.0.url(), flags)
}

fn bench_at(url: &str, flags: &str) -> Result<Report, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(3).enable_all().build().unwrap();
    runtime.block_on(async {
        let flags = ["bench", "--url", url, "--admin-email", "a@b.c", "--admin-password", "x"]
            .into_iter()
            .chain(flags.split_whitespace());
        let settings = ChatSettings::new(&Line::parse_from(flags).args).unwrap();
        let (_handle, stop) = Stop::new();
        let report = super::run(&settings, Progress::silent(), &stop)
            .await
            .map_err(|failure| failure.line(Language::English))?;
        Ok(report.expect("nobody stopped it"))
    })
}

const STEADY: &str = "--visitors 12 --agents 3 --rate 400 --warmup 100ms --duration 400ms";

fn connections(report: &Report) -> &Connections {
    report.connections.as_ref().unwrap()
}

/// Sent, lost, duplicates, reordered, gaps, unanswered, errors.
fn counters(report: &Report) -> [u64; 7] {
    let messages = report.messages.clone().unwrap();
    assert_eq!(messages.nonsense, 0);
    let errors = messages.errors.values().sum();
    let [lost, duplicates] = [messages.lost, messages.duplicates];
    [messages.sent, lost, duplicates, messages.reordered, messages.gaps, messages.unanswered, errors]
}

#[test]
fn a_server_without_fault_is_found_without_fault() {
    let report = bench(Fault::Nothing, STEADY).unwrap();
    let messages = report.messages.clone().unwrap();
    // 12 first messages, 50 ms of ramp at half the rate, 450 ms at the full one.
    assert_eq!(counters(&report), [202, 0, 0, 0, 0, 0, 0], "{}", report.to(Format::Text));
    assert_eq!((messages.acked, messages.delivered), (202, 202));
    assert_eq!(report.delivery_ms.unwrap().count, 160);
    assert_eq!(report.ack_ms.unwrap().count, 160);
    assert_eq!((connections(&report).open, connections(&report).lost), (15, 0));
}

#[cfg(feature = "tls")]
#[test]
fn with_tls_as_without_it() {
    let server = Server::start_tls();
    let url = format!("https://localhost:{}", server.0.address.port());
    let authority = crate::testing::tls_file("authority.pem");
    let flags = format!("{STEADY} --supervisors 1 --reads-per-second 50 --ca-file {}", authority.display());
    let report = bench_at(&url, &flags).unwrap();
    assert_eq!(counters(&report), [202, 0, 0, 0, 0, 0, 0], "{}", report.to(Format::Text));
    assert_eq!((connections(&report).open, connections(&report).lost), (16, 0));
    assert_eq!(report.reads.unwrap().failed, 0);
}

#[test]
fn meanwhile_supervisors_watch_and_somebody_reads() {
    let flags = format!("{STEADY} --supervisors 2 --reads-per-second 400");
    let report = bench(Fault::Nothing, &flags).unwrap();
    assert_eq!(counters(&report), [202, 0, 0, 0, 0, 0, 0], "{}", report.to(Format::Text));
    assert_eq!((connections(&report).open, connections(&report).lost), (17, 0));
    // Eight of the twelve conversations are watched, 160 messages are measured.
    let watched = report.watched_ms.unwrap().count;
    assert!((104..=108).contains(&watched), "{watched}");
    let reads = report.reads.unwrap();
    assert_eq!((reads.answered, reads.failed, reads.latency_ms.count), (160, 0, 160));
    assert_eq!(reads.by_kind_ms.len(), 9, "{:?}", reads.by_kind_ms.keys());
    let failing = bench(Fault::FailReads, &flags).unwrap().reads.unwrap();
    assert_eq!((failing.answered, failing.failed), (144, 16));
    assert_eq!(failing.failures.get("unreadable"), Some(&16));
}

#[test]
fn losses_are_counted() {
    // The first messages must get through: the faults begin behind them.
    let report = bench(Fault::Lose, &STEADY.replace("--visitors 12", "--visitors 9")).unwrap();
    // The message after a lost one has a predecessor that was never seen.
    let [sent, lost, duplicates, reordered, gaps, unanswered, errors] = counters(&report);
    assert_eq!([sent, lost, duplicates, reordered, unanswered, errors], [199, 19, 0, 0, 0, 0]);
    assert!(gaps > 0 && gaps <= lost, "{gaps}");
}

#[test]
fn duplicates_are_counted() {
    let report = bench(Fault::Duplicate, STEADY).unwrap();
    assert_eq!(counters(&report), [202, 0, 20, 0, 0, 0, 0]);
}

#[test]
fn changes_of_order_are_counted() {
    let report = bench(Fault::Swap, &STEADY.replace("--visitors 12", "--visitors 9")).unwrap();
    let [sent, lost, duplicates, reordered, gaps, unanswered, errors] = counters(&report);
    assert_eq!([sent, duplicates, unanswered, errors], [199, 0, 0, 0]);
    // Those that nothing follows stay away.
    assert_eq!(reordered + lost, 19);
    assert!(reordered >= 15 && gaps >= reordered, "{}", report.to(Format::Text));
}

#[test]
fn refusals_and_silence_are_no_losses() {
    let nine = STEADY.replace("--visitors 12", "--visitors 9");
    assert_eq!(counters(&bench(Fault::Refuse, &nine).unwrap()), [199, 0, 0, 0, 0, 0, 19]);
    let acks_only = bench(Fault::Ignore, &nine.replace("--agents 3", "--agents 0")).unwrap();
    assert_eq!(counters(&acks_only), [199, 0, 0, 0, 0, 19, 0]);
}

#[test]
fn lost_connections_are_counted_by_code() {
    let report = bench(Fault::Close, &STEADY.replace("--visitors 12", "--visitors 9")).unwrap();
    let lost = connections(&report).lost;
    assert!(lost > 0 && connections(&report).open as u64 + lost == 12, "{}", report.to(Format::Text));
    assert_eq!(connections(&report).lost_by_code.get("4008"), Some(&lost));
}

#[test]
fn connections_that_are_put_off_are_tried_again() {
    let report = bench(Fault::PutOff, STEADY).unwrap();
    assert_eq!(connections(&report).open, 15);
    assert_eq!(counters(&report)[1..], [0; 6]);
}

#[test]
fn at_full_speed_the_rate_is_what_came_through() {
    let flags = "--visitors 8 --agents 2 --max --in-flight 16 --warmup 100ms --duration 2s";
    let report = bench(Fault::Nothing, flags).unwrap();
    assert_eq!(counters(&report)[1..], [0; 6]);
    let messages = report.messages.unwrap();
    assert!(messages.complete_per_s > 100.0 && messages.scheduled_per_s.is_none());
}

#[test]
fn in_a_storm_everybody_comes_back_and_misses_nothing() {
    let report = bench(Fault::Nothing, "--visitors 50 --agents 3 --storm").unwrap();
    let storm = report.storm.clone().unwrap();
    assert_eq!((storm.clients, storm.missed, storm.catch_up_ms.count), (50, 50, 50));
    assert_eq!(counters(&report), [100, 0, 0, 0, 0, 0, 0]);
    assert_eq!(report.messages.unwrap().delivered, 100);
}

#[test]
fn idle_connections_are_held_and_weighed() {
    // The server of this test lives in this process.
    let flags = format!("--visitors 40 --idle --duration 1100ms --server-pid {}", std::process::id());
    let report = bench(Fault::Nothing, &flags).unwrap();
    let idle = report.idle.clone().unwrap();
    assert_eq!(idle.steps.iter().map(|step| step.connections).collect::<Vec<_>>(), [13, 40]);
    assert!(idle.steps.iter().all(|step| step.rss_mb.is_some()));
    assert_eq!((connections(&report).open, connections(&report).lost), (40, 0));
}
