//! Visitors and agents in a scenario, against a chat server whose mistakes are known.

use kefu_app::{Language, Stop};
use tempfile::TempDir;

use super::settings;
use crate::{
    args::Format,
    progress::Progress,
    report::{Messages, Report},
    testing::chat::{Fault, Server},
};

const TALK: &str = r#"
load: {rate: 40, duration: 500ms, warmup: 0s, concurrency: 40}
timeout: 20s
agents:
  count: 2
  steps:
    - accept: true
    - hear: question
    - read: true
    - say: An answer to ${conversation}.
    - resolve: true
flows:
  - name: visitor
    steps:
      - visit: web
      - say: A question of ${number}.
      - delivered: true
      - hear: answer
      - rate: 5
"#;

fn bench(fault: Fault, text: &str) -> Report {
    let (server, dir) = (Server::start(fault), TempDir::new().unwrap());
    let flags = format!("--target {} --admin-email a@b.c --admin-password x", server.0.url());
    let settings = settings(&dir, text, &flags).unwrap();
    let (_handle, stop) = Stop::new();
    super::super::run(settings, Progress::silent(), &stop)
        .unwrap_or_else(|failure| panic!("{}", failure.line(Language::English)))
        .unwrap()
}

fn messages(report: &Report) -> &Messages {
    report.messages.as_ref().unwrap()
}

#[test]
fn visitors_and_agents_talk_and_everything_is_counted() {
    // Spread over so much time that most of it happens within the measured part.
    let report = bench(Fault::Nothing, &TALK.replace("rate: 40, duration: 500ms", "rate: 10, duration: 2s"));
    let (text, found) = (report.to(Format::Text), messages(&report));
    assert_eq!((report.flows["visitor"].done, report.flows["visitor"].failed), (20, 0), "{text}");
    // What comes to an agent after the measured part is not measured.
    assert!(report.flows["agent"].done > 10 && report.flows["agent"].failed == 0, "{text}");
    assert_eq!((found.sent, found.acked, found.delivered), (40, 40, 40), "{text}");
    assert_eq!(
        (found.lost, found.duplicates, found.reordered, found.gaps, found.nonsense),
        (0, 0, 0, 0, 0),
        "{text}"
    );
    // Also where the visitor was gone before the service had answered.
    assert_eq!(report.steps["agent/resolve"].latency_ms.count, report.flows["agent"].done, "{text}");
    for step in ["visitor/visit", "visitor/say", "visitor/delivered", "visitor/rate"] {
        assert_eq!(
            (report.steps[step].latency_ms.count, report.steps[step].failed),
            (20, 0),
            "{step}: {text}"
        );
    }
}

#[test]
fn what_is_lost_doubled_and_refused_is_seen() {
    // Who waits in vain does so for the whole of it.
    let hasty = TALK.replace("timeout: 20s", "timeout: 3s");
    let lost = bench(Fault::Lose, &hasty);
    // Every tenth of what is said reaches nobody; who waits for it waits in vain.
    let timeouts = lost.requests.as_ref().unwrap().errors["timeout"];
    assert!(timeouts > 0 && messages(&lost).lost >= timeouts, "{}", lost.to(Format::Text));
    let doubled = bench(Fault::Duplicate, TALK);
    assert_eq!(
        (messages(&doubled).duplicates, messages(&doubled).lost),
        (4, 0),
        "{}",
        doubled.to(Format::Text)
    );
    let refused = bench(Fault::Refuse, &hasty);
    assert!(refused.requests.as_ref().unwrap().errors["conflict"] > 0, "{}", refused.to(Format::Text));
    assert_eq!(messages(&refused).lost, 0, "{}", refused.to(Format::Text));
}

#[test]
fn what_was_missed_comes_after_the_drop() {
    let text = TALK
        .replace(
            "      - hear: answer\n",
            "      - drop: true\n      - think: 50ms\n      - resume: true\n      - hear: answer\n",
        )
        .replace("    - say: An answer", "    - think: 20ms\n    - say: An answer");
    let report = bench(Fault::Nothing, &text);
    let (shown, found) = (report.to(Format::Text), messages(&report));
    assert_eq!(
        (report.flows["visitor"].done, report.steps["visitor/resume"].latency_ms.count),
        (20, 20),
        "{shown}"
    );
    assert_eq!((found.delivered, found.lost, found.gaps, found.duplicates), (40, 0, 0, 0), "{shown}");
}

#[test]
fn steps_that_cannot_follow_each_other_are_refused() {
    let dir = TempDir::new().unwrap();
    for (from, to, wanted) in [
        ("      - visit: web\n", "", "must come after a step with `visit`"),
        ("      - rate: 5", "      - rate: 6", "must be from 1 to 5"),
        ("      - rate: 5", "      - resume: true", "must come after a step with `drop`"),
        (
            "      - hear: answer",
            "      - drop: true\n      - hear: answer",
            "must come after a step with `resume`",
        ),
        ("      - rate: 5", "      - resolve: true", "is for agents"),
        ("    - accept: true", "    - rate: 1", "is for visitors"),
        ("  count: 2\n", "", "must say how many agents there are"),
        ("      - rate: 5", "      - visit: web", "must come first in a flow"),
        ("      - rate: 5", "      - {rate: 5, socket: x}", "has no meaning in a step with `rate`"),
    ] {
        assert!(TALK.contains(from), "{from}");
        let flags = "--target http://127.0.0.1:9 --admin-email a@b.c --admin-password x";
        let error = settings(&dir, &TALK.replacen(from, to, 1), flags).unwrap_err();
        assert!(error.contains(wanted), "{to}: {error}");
    }
    let error = settings(&dir, TALK, "--target http://127.0.0.1:9").unwrap_err();
    assert!(error.contains("give --admin-email"), "{error}");
    let flags = "--target http://127.0.0.1:9 --admin-email a@b.c --admin-password x --procs 2";
    assert!(settings(&dir, TALK, flags).unwrap_err().contains("--procs does not go with agents"));
}
