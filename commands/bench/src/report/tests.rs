use super::*;

fn steady() -> Report {
    let latency =
        Summary { count: 150_000, min: 0.2, mean: 0.9, p50: 0.8, p90: 1.4, p99: 4.25, p999: 9.5, max: 31.0 };
    let mut report = Report {
        form: "chat".into(),
        scenario: "steady".into(),
        target: "http://127.0.0.1:8080".into(),
        connections: Some(Connections {
            visitors: 12_000,
            senders: 12_000,
            agents: 60,
            supervisors: 0,
            opened_per_s: 9000.0,
            open: 12_059,
            lost: 1,
            lost_by_code: [("4008".to_owned(), 1)].into(),
        }),
        messages: Some(Messages {
            scheduled_per_s: Some(5000.0),
            measured_s: 30.0,
            sent: 180_000,
            acked: 179_999,
            delivered: 179_998,
            acked_per_s: 4999.9,
            complete_per_s: 4999.8,
            unanswered: 1,
            lost: 1,
            duplicates: 2,
            reordered: 3,
            gaps: 4,
            nonsense: 0,
            errors: [("rate_limited".to_owned(), 7)].into(),
        }),
        latency_ms: Some(latency),
        service_ms: Some(Summary { p99: 4.0, ..latency }),
        ack_ms: Some(latency),
        delivery_ms: Some(latency),
        server: Some(Server {
            pid: Some(42),
            rss_mb: 55.5,
            rss_peak_mb: 61.0,
            fds: 12_100,
            cpu_us_per_message: Some(41.3),
            cpu_load: 0.21,
        }),
        generator: Generator {
            lateness_p99_ms: 0.07,
            lateness_max_ms: 1.5,
            cpu_us_per_message: Some(12.3),
            cpu_load: Some(0.06),
            rss_mb: None,
        },
        ..Report::default()
    };
    let thresholds = ["p99<=20ms", "loss==0", "catch_up<=10s"].map(|text| text.parse().unwrap());
    report.check(&thresholds);
    report
}

#[test]
fn a_steady_run_for_people() {
    let report = steady();
    assert!(!report.is_passed());
    insta::assert_snapshot!(report.to(Format::Text), @r#"
    kefu bench chat, steady, http://127.0.0.1:8080

      connections        12000 visitors (12000 send), 60 agents; 12059 open at the end, 1 lost (4008: 1); 9000 opened/s
      messages           180000 sent, 179999 acked, 179998 delivered
      throughput         5000/s acked, 5000/s acked and delivered, over 30.0 s (scheduled 5000/s)
      integrity          1 lost, 2 duplicates, 3 reordered, 4 gaps, 1 unanswered, 0 nonsense; 7 errors (rate_limited: 7)
      service time, ms   p50 0.80, p90 1.40, p99 4.00, p99.9 9.50, max 31.00, mean 0.90 (150000)
      send to ack, ms    p50 0.80, p90 1.40, p99 4.25, p99.9 9.50, max 31.00, mean 0.90 (150000)
      send to agent, ms  p50 0.80, p90 1.40, p99 4.25, p99.9 9.50, max 31.00, mean 0.90 (150000)
      server             55.5 MB resident (ever 61.0), 41.3 µs of CPU a message, 0.21 processors busy, 12100 descriptors, pid 42
      generator          late by 0.07 ms at p99, 1.50 at most, 12.3 µs of CPU a message, 0.06 processors busy
      ok   p99<=20ms (measured 4.250)
      FAIL loss==0 (measured 1.000)
      FAIL catch_up<=10s (measured nothing)
    "#);
}

#[test]
fn a_steady_run_in_markdown() {
    insta::assert_snapshot!(steady().to(Format::Markdown), @r#"
    | `kefu bench chat`, steady | http://127.0.0.1:8080 |
    |---|---|
    | connections | 12000 visitors (12000 send), 60 agents; 12059 open at the end, 1 lost (4008: 1); 9000 opened/s |
    | messages | 180000 sent, 179999 acked, 179998 delivered |
    | throughput | 5000/s acked, 5000/s acked and delivered, over 30.0 s (scheduled 5000/s) |
    | integrity | 1 lost, 2 duplicates, 3 reordered, 4 gaps, 1 unanswered, 0 nonsense; 7 errors (rate_limited: 7) |
    | service time, ms | p50 0.80, p90 1.40, p99 4.00, p99.9 9.50, max 31.00, mean 0.90 (150000) |
    | send to ack, ms | p50 0.80, p90 1.40, p99 4.25, p99.9 9.50, max 31.00, mean 0.90 (150000) |
    | send to agent, ms | p50 0.80, p90 1.40, p99 4.25, p99.9 9.50, max 31.00, mean 0.90 (150000) |
    | server | 55.5 MB resident (ever 61.0), 41.3 µs of CPU a message, 0.21 processors busy, 12100 descriptors, pid 42 |
    | generator | late by 0.07 ms at p99, 1.50 at most, 12.3 µs of CPU a message, 0.06 processors busy |
    | `p99<=20ms` | holds, measured 4.250 |
    | `loss==0` | **fails**, measured 1.000 |
    | `catch_up<=10s` | **fails**, measured nothing |
    "#);
}

#[test]
fn a_steady_run_in_json() {
    insta::assert_snapshot!(steady().to_json(), @r#"
    {
      "form": "chat",
      "scenario": "steady",
      "target": "http://127.0.0.1:8080",
      "connections": {
        "visitors": 12000,
        "senders": 12000,
        "agents": 60,
        "supervisors": 0,
        "opened_per_s": 9000.0,
        "open": 12059,
        "lost": 1,
        "lost_by_code": {
          "4008": 1
        }
      },
      "latency_ms": {
        "count": 150000,
        "min": 0.2,
        "mean": 0.9,
        "p50": 0.8,
        "p90": 1.4,
        "p99": 4.25,
        "p999": 9.5,
        "max": 31.0
      },
      "service_ms": {
        "count": 150000,
        "min": 0.2,
        "mean": 0.9,
        "p50": 0.8,
        "p90": 1.4,
        "p99": 4.0,
        "p999": 9.5,
        "max": 31.0
      },
      "messages": {
        "scheduled_per_s": 5000.0,
        "measured_s": 30.0,
        "sent": 180000,
        "acked": 179999,
        "delivered": 179998,
        "acked_per_s": 4999.9,
        "complete_per_s": 4999.8,
        "unanswered": 1,
        "lost": 1,
        "duplicates": 2,
        "reordered": 3,
        "gaps": 4,
        "nonsense": 0,
        "errors": {
          "rate_limited": 7
        }
      },
      "ack_ms": {
        "count": 150000,
        "min": 0.2,
        "mean": 0.9,
        "p50": 0.8,
        "p90": 1.4,
        "p99": 4.25,
        "p999": 9.5,
        "max": 31.0
      },
      "delivery_ms": {
        "count": 150000,
        "min": 0.2,
        "mean": 0.9,
        "p50": 0.8,
        "p90": 1.4,
        "p99": 4.25,
        "p999": 9.5,
        "max": 31.0
      },
      "server": {
        "pid": 42,
        "rss_mb": 55.5,
        "rss_peak_mb": 61.0,
        "fds": 12100,
        "cpu_us_per_message": 41.3,
        "cpu_load": 0.21
      },
      "generator": {
        "lateness_p99_ms": 0.07,
        "lateness_max_ms": 1.5,
        "cpu_us_per_message": 12.3,
        "cpu_load": 0.06
      },
      "thresholds": [
        {
          "threshold": "p99<=20ms",
          "measured": 4.25,
          "holds": true
        },
        {
          "threshold": "loss==0",
          "measured": 1.0,
          "holds": false
        },
        {
          "threshold": "catch_up<=10s",
          "measured": null,
          "holds": false
        }
      ],
      "invalid": [],
      "notes": [],
      "interrupted": false,
      "figures": {
        "ack_max": 31.0,
        "ack_p50": 0.8,
        "ack_p99": 4.25,
        "connections": 12059.0,
        "cpu_per_message": 41.3,
        "duplicates": 2.0,
        "errors": 7.0,
        "gaps": 4.0,
        "loss": 1.0,
        "lost_connections": 1.0,
        "max": 31.0,
        "p50": 0.8,
        "p90": 1.4,
        "p99": 4.25,
        "p999": 9.5,
        "rate": 4999.8,
        "reordered": 3.0,
        "rss_mb": 55.5,
        "service_max": 31.0,
        "service_p50": 0.8,
        "service_p90": 1.4,
        "service_p99": 4.0,
        "service_p999": 9.5,
        "unanswered": 1.0
      },
      "intervals": []
    }
    "#);
}

#[test]
fn what_was_read_and_watched_has_its_own_lines() {
    let all =
        Summary { count: 2400, p50: 1.5, p90: 3.0, p99: 9.0, p999: 20.0, max: 31.0, ..Summary::default() };
    let page = Summary { count: 300, p99: 12.0, ..all };
    let mut report = Report {
        watched_ms: Some(Summary { count: 50, p99: 4.0, ..all }),
        reads: Some(Reads {
            scheduled_per_s: 80.0,
            answered: 2400,
            failed: 2,
            failures: [("unavailable".to_owned(), 2)].into(),
            latency_ms: all,
            by_kind_ms: [("mine".to_owned(), all), ("older page".to_owned(), page)].into(),
        }),
        ..steady()
    };
    report.connections.as_mut().unwrap().supervisors = 5;
    let thresholds = ["watched_p99<=5ms", "read_p99<5ms", "read_errors==0"].map(|text| text.parse().unwrap());
    report.check(&thresholds);
    let text = report.to(Format::Text);
    let (_, lines) = text.split_once("send to supervisor").unwrap();
    assert!(text.contains("12000 visitors (12000 send), 60 agents, 5 supervisors; 12059 open"), "{text}");
    insta::assert_snapshot!(lines, @r"
    , ms  p50 1.50, p90 3.00, p99 4.00, p99.9 20.00, max 31.00, mean 0.00 (50)
      reads                   2400 answered (scheduled 80/s), 2 failed (unavailable: 2)
      read to answer, ms      p50 1.50, p90 3.00, p99 9.00, p99.9 20.00, max 31.00, mean 0.00 (2400)
      p99 of each, ms         mine 9.00, older page 12.00
      server                  55.5 MB resident (ever 61.0), 41.3 µs of CPU a message, 0.21 processors busy, 12100 descriptors, pid 42
      generator               late by 0.07 ms at p99, 1.50 at most, 12.3 µs of CPU a message, 0.06 processors busy
      ok   watched_p99<=5ms (measured 4.000)
      FAIL read_p99<5ms (measured 9.000)
      FAIL read_errors==0 (measured 2.000)
    ");
}

#[test]
fn other_scenarios_show_what_they_found() {
    let steps =
        [(5000, 12.5), (15_000, 21.0)].map(|(connections, rss)| Step { connections, rss_mb: Some(rss) });
    let report = Report {
        form: "chat".into(),
        scenario: "idle".into(),
        connections: Some(Connections::default()),
        target: "http://127.0.0.1:8080".into(),
        idle: Some(Idle { steps: steps.into(), held_s: 60.0, rss_per_connection_bytes: Some(850.0) }),
        storm: Some(Storm {
            clients: 15_000,
            missed: 15_000,
            caught_up_s: 3.21,
            catch_up_ms: Summary { count: 15_000, p50: 1500.0, ..Summary::default() },
            retries: 12,
        }),
        invalid: vec!["the generator was late".into()],
        ..Report::default()
    };
    insta::assert_snapshot!(report.to(Format::Text), @r#"
    kefu bench chat, idle, http://127.0.0.1:8080

      connections            0 visitors (0 send), 0 agents; 0 open at the end, 0 lost; 0 opened/s
      server memory          12.5 MB at 5000 connections
      server memory          21.0 MB at 15000 connections
      memory per connection  850 bytes, held for 60 s
      caught up              15000 clients after 3.21 s, 15000 messages missed, 12 retries
      catch-up, ms           p50 1500.00, p90 0.00, p99 0.00, p99.9 0.00, max 0.00, mean 0.00 (15000)
      generator              late by 0.00 ms at p99, 0.00 at most
      INVALID RUN: the generator was late
    "#);
}
