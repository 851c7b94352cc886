//! Truth tests: what a server of known behaviour does must be what the report says. Bounds are wide enough for a machine
//! that has other work, and too narrow for a tool that overlooks what happened.

mod server;

use std::time::Duration;

use clap::Parser as _;
use kefu_app::{Language, Stop};

use super::HttpSettings;
use crate::{
    args::{Format, HttpArgs},
    progress::Progress,
    report::{Report, Requests},
    testing::nobody,
};
use server::{Behaviour, Server};

#[derive(clap::Parser)]
struct Line {
    #[command(flatten)]
    args: HttpArgs,
}

fn settings(url: &str, flags: &str) -> Result<HttpSettings, String> {
    let warmup = if flags.contains("--warmup") { "" } else { "--warmup 0s" };
    let flags = ["bench", url].into_iter().chain(warmup.split_whitespace().chain(flags.split_whitespace()));
    HttpSettings::new(&Line::parse_from(flags).args).map_err(|failure| failure.line(Language::English))
}

fn bench(server: &Server, flags: &str) -> Report {
    let settings = settings(&format!("http://{}/", server.address), flags).unwrap();
    let (_handle, stop) = Stop::new();
    super::run(&settings, Progress::silent(), &stop).unwrap().unwrap()
}

/// Whoever is woken later than this, in milliseconds, measures the machine and not the server.
const LATE_MS: f64 = 30.0;
const RUNS: usize = 20;

/// Runs against a server of its own, again and again until both were woken in time.
fn bench_in_time(behaviour: Behaviour, flags: &str) -> Report {
    for _ in 0..RUNS {
        let server = Server::start(behaviour);
        let report = bench(&server, flags);
        if server.late_ms() < LATE_MS && report.generator.lateness_max_ms < LATE_MS {
            return report;
        }
    }
    panic!("the machine kept time in none of {RUNS} runs, and what they measured says nothing");
}

fn requests(report: &Report) -> &Requests {
    report.requests.as_ref().unwrap()
}

#[test]
fn everything_on_a_schedule_is_sent_and_answered() {
    let server = Server::start(Behaviour::Answer);
    let report = bench(&server, "-c 8 -r 500 -d 1s");
    let found = requests(&report);
    assert_eq!(
        (found.answered, found.failed, server.requests()),
        (500, 0, 500),
        "{}",
        report.to(Format::Text)
    );
    assert_eq!(found.statuses.get("200"), Some(&500));
    assert_eq!((report.latency_ms.unwrap().count, report.service_ms.unwrap().count), (500, 500));
    assert_eq!((found.scheduled_per_s, found.opened), (Some(500.0), 8));
    assert_eq!(found.bytes_received, 500 * 43);
    let seconds: u64 = report.intervals.iter().map(|interval| interval.answered).sum();
    // What came within the second, however few that were: the last answers come later.
    let meanwhile = (found.answered_per_s * found.measured_s).round() as u64;
    assert!(seconds == meanwhile && seconds <= 500, "{meanwhile} {:?}", report.intervals);
}

#[test]
fn a_warm_up_is_not_measured() {
    let server = Server::start(Behaviour::Answer);
    let report = bench(&server, "-c 2 -r 200 -d 500ms --warmup 400ms");
    // 20 while the rate rises, 40 at the full rate.
    assert_eq!((requests(&report).answered, server.requests()), (100, 160));
}

#[test]
fn a_fixed_delay_is_the_latency() {
    let report = bench_in_time(Behaviour::Delay(Duration::from_millis(50)), "-c 20 -r 100 -d 1s");
    for summary in [report.latency_ms.unwrap(), report.service_ms.unwrap()] {
        assert!(summary.min >= 50.0 && summary.p50 < 90.0, "{}", report.to(Format::Text));
    }
}

/// One second in ten, scaled down: a fifth of the time nothing is answered.
const STALL: Behaviour =
    Behaviour::Stall { every: Duration::from_millis(1000), length: Duration::from_millis(200) };

#[test]
fn a_stall_is_seen_by_every_request_that_was_due_in_it() {
    let report = bench_in_time(STALL, "-c 4 -r 400 -d 3s");
    let (latency, service) = (report.latency_ms.unwrap(), report.service_ms.unwrap());
    let text = report.to(Format::Text);
    assert_eq!(latency.count, 1200, "{text}");
    // A fifth of all is due within a stall, and waits for a tenth of a second on average.
    assert!((60.0..180.0).contains(&latency.p90), "{text}");
    assert!((150.0..400.0).contains(&latency.p99), "{text}");
    assert!((10.0..60.0).contains(&latency.mean), "{text}");
    // Four connections stand still; what waits for them is not in their service time.
    assert!(service.p90 < 50.0 && service.mean < latency.mean / 3.0, "{text}");
}

#[test]
fn a_closed_loop_overlooks_the_stall_and_says_so() {
    let server = Server::start(STALL);
    let report = bench(&server, "-c 4 -d 3s");
    let latency = report.latency_ms.unwrap();
    let text = report.to(Format::Text);
    assert!(latency.p90 < 50.0 && latency.max > 150.0, "{text}");
    assert!(text.contains("what callers would have seen is told with --rate"), "{text}");
    assert_eq!((requests(&report).answered, server.requests()), (latency.count, latency.count), "{text}");
}

#[test]
fn dropped_connections_are_counted_one_by_one() {
    let server = Server::start(Behaviour::Drop(1000));
    let report = bench(&server, "-c 4 -r 3000 -d 1s");
    let found = requests(&report);
    assert_eq!((found.answered, found.failed), (2997, 3), "{}", report.to(Format::Text));
    assert_eq!(found.errors.get("closed"), Some(&3));
    // One that was dropped at the end may not be needed again.
    assert!((6..=7).contains(&found.opened), "{}", found.opened);
    assert!((found.error_percent() - 0.1).abs() < 1e-9);
}

#[test]
fn refusals_are_answers_and_failures() {
    let server = Server::start(Behaviour::Refuse(10));
    let report = bench(&server, "-c 4 -r 500 -d 1s");
    let found = requests(&report);
    assert_eq!((found.answered, found.failed, found.error_percent()), (500, 50, 10.0));
    assert_eq!((found.errors.get("status_503"), found.statuses.get("503")), (Some(&50), Some(&50)));
}

#[test]
fn silence_is_told_as_what_it_took_at_least() {
    let server = Server::start(Behaviour::Silence);
    let report = bench(&server, "-c 2 -r 20 -d 500ms --timeout 200ms");
    let found = requests(&report);
    let text = report.to(Format::Text);
    assert_eq!((found.answered, found.failed), (0, 10), "{text}");
    let unsent = found.errors.get("unsent").copied().unwrap_or(0);
    assert_eq!(found.errors.get("timeout").copied().unwrap_or(0) + unsent, 10, "{text}");
    assert!(report.latency_ms.unwrap().min >= 150.0, "{text}");
}

#[test]
fn a_number_of_requests_is_kept_to() {
    let server = Server::start(Behaviour::Answer);
    assert_eq!(requests(&bench(&server, "-c 8 -n 250 -d 30s")).answered, 250);
    assert_eq!(requests(&bench(&server, "-c 8 -n 50 -r 1000 -d 30s")).answered, 50);
    assert_eq!(server.requests(), 300);
}

#[test]
fn bodies_methods_and_framings() {
    let server = Server::start(Behaviour::Chunks);
    let body = "x".repeat(200_000);
    let report = bench(&server, &format!("-c 2 -n 20 -b {body}"));
    assert_eq!(
        (requests(&report).answered, requests(&report).failed),
        (20, 0),
        "{}",
        report.to(Format::Text)
    );
    assert!(requests(&report).bytes_sent > 4_000_000);
    let server = Server::start(Behaviour::Close);
    let report = bench(&server, "-c 2 -n 20");
    assert_eq!((requests(&report).answered, requests(&report).opened), (20, 20));
    let server = Server::start(Behaviour::Answer);
    let report = bench(&server, "-c 2 -n 20 --no-keep-alive");
    assert_eq!((requests(&report).answered, requests(&report).opened), (20, 20));
    let server = Server::start(Behaviour::Babble);
    let report = bench(&server, "-c 2 -n 20 -r 200");
    assert_eq!(requests(&report).errors.get("unreadable"), Some(&20));
}

#[test]
fn who_is_not_there_makes_the_run_invalid() {
    let (address, _socket) = nobody();
    let url = format!("http://{address}/");
    let (_handle, stop) = Stop::new();
    let failure = super::run(&settings(&url, "-c 2 -n 5").unwrap(), Progress::silent(), &stop).unwrap_err();
    assert_eq!(failure.exit(), crate::INVALID);
    assert!(
        failure.line(Language::English).contains("0 are open: refused"),
        "{}",
        failure.line(Language::English)
    );
}

#[test]
fn a_stop_ends_the_run_with_the_report_so_far() {
    let server = Server::start(Behaviour::Answer);
    let settings = settings(&format!("http://{}/", server.address), "-c 2 -r 500 -d 1h").unwrap();
    let (handle, stop) = Stop::new();
    let stopper = std::thread::spawn(move || {
        while server.requests() < 100 {
            std::thread::sleep(Duration::from_millis(1));
        }
        handle.request();
        server
    });
    let report = super::run(&settings, Progress::silent(), &stop).unwrap().unwrap();
    let server = stopper.join().unwrap();
    assert!(report.interrupted && requests(&report).measured_s < 60.0);
    assert!(requests(&report).answered >= 99 && server.requests() >= 100, "{}", report.to(Format::Text));
    assert_eq!(requests(&report).failed, 0);
    assert_eq!(crate::exit(&report), kefu_app::Exit::Interrupted);
}

#[test]
fn arrivals_at_random_come_in_the_same_number_each_time() {
    let server = Server::start(Behaviour::Answer);
    let flags = "-c 8 -r 400 -d 1s --arrivals poisson --seed 5";
    let (first, second) = (bench(&server, flags), bench(&server, flags));
    assert_eq!(requests(&first).answered, requests(&second).answered);
    assert!((300..500).contains(&requests(&first).answered));
}

#[test]
fn a_spike_is_in_the_seconds_it_belongs_to() {
    let report = bench_in_time(Behaviour::Answer, "-c 8 -r 100 -d 5s --profile spike:10");
    assert_eq!(requests(&report).answered, 400 + 1000, "{}", report.to(Format::Text));
    let middle = report.intervals[2].answered;
    assert!((700..=1300).contains(&middle), "{:?}", report.intervals);
}

#[cfg(feature = "tls")]
#[test]
fn with_tls_as_without_it_if_the_certificate_is_trusted() {
    let server = crate::testing::Server::start_tls(async |mut requests| {
        while requests.next().await?.is_some() {
            requests.answer("200 OK", "", "hello").await?;
        }
        Ok(())
    });
    let url = format!("https://localhost:{}/", server.address.port());
    let (_handle, stop) = Stop::new();
    let trusting = format!("--ca-file {}", crate::testing::tls_file("authority.pem").display());
    for flags in ["-c 3 -n 60", "-c 3 -n 30 -r 100", "-c 2 -n 10 --no-keep-alive"] {
        let settings = settings(&url, &format!("{flags} {trusting}")).unwrap();
        let report = super::run(&settings, Progress::silent(), &stop).unwrap().unwrap();
        assert_eq!(requests(&report).failed, 0, "{}", report.to(Format::Text));
        assert_eq!(requests(&report).answered, settings.plan.requests);
    }
    // Some certificate of the system is needed for there to be any trust at all; this one is trusted by nobody.
    if let Ok(settings) = settings(&url, "-c 1 -n 1") {
        let failure = super::run(&settings, Progress::silent(), &stop).unwrap_err();
        assert!(failure.line(Language::English).contains("tls"), "{}", failure.line(Language::English));
    }
}
