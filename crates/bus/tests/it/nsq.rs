//! NSQ: the promises, and what its own tools see.

use std::{path::PathBuf, time::Duration};

use kefu_bus::{Bus, Event, Nsq, NsqCompression, NsqSettings, Outcome};
use kefu_upstream::TlsSettings;
use tokio::process::Command;

use crate::{
    conformance::conformance,
    servers::{Nsqd, Process, Server as _, get, limits, lines, tool},
    support::{content, events, eventually, ids, listener},
};

conformance!(Nsqd);

fn certificate(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../upstream/tests/tls").join(name)
}

/// Tells events over a connection and hears them again.
async fn round_trip(settings: NsqSettings) {
    let bus = Bus::Nsq(Nsq::open(settings).unwrap());
    let (handler, mut heard) = content();
    let mut subscription =
        bus.subscribe(&"message.created".parse().unwrap(), &"qa".parse().unwrap(), handler);
    subscription.ready().await;
    let mut told = events("message.created", 1, 400, 5);
    let long = format!("\"{}\"", "长".repeat(100_000));
    told[9].data = serde_json::value::RawValue::from_string(long).unwrap();
    for part in told.chunks(37) {
        bus.publish(part).await.unwrap();
    }
    let heard = heard.distinct(told.len()).await;
    assert_eq!(ids(heard.iter().map(|(event, _)| event)), ids(&told));
    for told in [&told[8], &told[9]] {
        let (event, attempt) = heard.iter().find(|(event, _)| event.id == told.id).unwrap();
        assert_eq!((format!("{event:?}"), *attempt), (format!("{told:?}"), 1));
    }
    subscription.stop(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn connections_are_compressed_as_agreed() {
    let Some(nsqd) = Nsqd::start().await else { return };
    for compression in [NsqCompression::Snappy, NsqCompression::Deflate(6)] {
        round_trip(NsqSettings { compression, ..nsqd.settings(limits(64, 8)) }).await;
    }
}

#[tokio::test]
async fn connections_are_encrypted_as_agreed() {
    let (certificate_file, key_file) = (certificate("localhost.pem"), certificate("localhost.key"));
    let options = [
        format!("--tls-cert={}", certificate_file.display()),
        format!("--tls-key={}", key_file.display()),
        "--tls-required=true".to_owned(),
    ];
    let Some(nsqd) = Nsqd::with(&options.each_ref().map(String::as_str)).await else { return };
    let port = nsqd.tcp.rsplit_once(':').unwrap().1;
    let settings = |ca_file: Option<PathBuf>, compression| NsqSettings {
        nsqd: vec![format!("localhost:{port}").parse().unwrap()],
        tls: ca_file.map(|path| TlsSettings { ca_file: Some(path), identity: None }),
        compression,
        ..nsqd.settings(limits(64, 8))
    };
    for compression in [NsqCompression::None, NsqCompression::Snappy, NsqCompression::Deflate(1)] {
        round_trip(settings(Some(certificate("authority.pem")), compression)).await;
    }
    // A stranger is not told anything, neither is anybody in the clear, nor one whom the system does not trust.
    let stranger = settings(Some(certificate("stranger.pem")), NsqCompression::None);
    let in_clear = settings(None, NsqCompression::None);
    let of_system =
        NsqSettings { nsqd: vec![format!("tls://localhost:{port}").parse().unwrap()], ..in_clear.clone() };
    for (settings, expected) in [(stranger, "certificate"), (in_clear, "TLS"), (of_system, "certificate")] {
        let bus = Bus::Nsq(Nsq::open(settings).unwrap());
        let error = bus.publish(&events("message.created", 1, 1, 1)).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn an_nsqd_without_what_is_asked_for_is_not_used() {
    let Some(nsqd) = Nsqd::with(&["--snappy=false"]).await else { return };
    let settings = NsqSettings { compression: NsqCompression::Snappy, ..nsqd.settings(limits(64, 8)) };
    let bus = Bus::Nsq(Nsq::open(settings).unwrap());
    let error = bus.publish(&events("message.created", 1, 1, 1)).await.unwrap_err().to_string();
    assert!(error.contains("it has no Snappy, which the settings ask for"), "{error}");
}

#[tokio::test]
async fn its_own_tools_tell_and_hear_the_same_events() {
    let Some(nsqd) = Nsqd::start().await else { return };
    let (Some(to_nsq), Some(nsq_tail), Some(nsq_stat)) = (tool("to_nsq"), tool("nsq_tail"), tool("nsq_stat"))
    else {
        return;
    };
    let bus = nsqd.bus(limits(64, 8)).await;
    let (handler, mut heard) = content();
    let mut subscription = bus.subscribe(&"chat.rated".parse().unwrap(), &"qa".parse().unwrap(), handler);
    subscription.ready().await;
    // What to_nsq tells is heard, and what is no event is laid aside.
    let told = events("chat.rated", 1, 3, 3);
    let mut input = String::new();
    for event in &told {
        input.push_str(std::str::from_utf8(&event.to_json().unwrap()).unwrap());
        input.push('\n');
    }
    input.push_str("what is no event\n");
    let mut command = Command::new(to_nsq);
    command.args(["--topic", "chat.rated", "--nsqd-tcp-address", &nsqd.tcp]);
    lines(&mut command, &input, usize::MAX).await;
    let heard = heard.distinct(told.len()).await;
    assert_eq!(ids(heard.iter().map(|(event, _)| event)), ids(&told));
    assert_eq!(nsqd.dead("chat.rated", 1).await, [b"what is no event"]);
    // What is told here nsq_tail prints, as one message each.
    let told = events("ticket.created", 1, 3, 3);
    bus.publish(&told).await.unwrap();
    let mut command = Command::new(nsq_tail);
    command.args(["--topic", "ticket.created", "--channel", "tail", "-n", "3"]);
    command.args(["--nsqd-tcp-address", &nsqd.tcp]);
    let printed = lines(&mut command, "", 3).await;
    let printed: Vec<_> = printed.iter().map(|line| Event::from_json(line.as_bytes()).unwrap()).collect();
    assert_eq!(ids(&printed), ids(&told));
    // And nsq_stat counts that everything was finished.
    eventually("everything is finished", || async {
        let channel = nsqd.channel("chat.rated", "qa").await;
        channel["message_count"] == 4 && channel["in_flight_count"] == 0 && channel["depth"] == 0
    })
    .await;
    let mut command = Command::new(nsq_stat);
    command.args(["--topic", "chat.rated", "--channel", "qa", "--nsqd-http-address", &nsqd.http]);
    command.args(["--count", "1", "--interval", "1s"]);
    let printed = lines(&mut command, "", usize::MAX).await.join("\n");
    let numbers: Vec<_> = printed.lines().last().unwrap().split('|').collect();
    assert!(numbers[0].split_whitespace().all(|number| number == "0"), "{printed}");
    subscription.stop(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn a_message_that_is_worked_on_is_not_told_again() {
    let Some(nsqd) = Nsqd::with(&["--msg-timeout=8s"]).await else { return };
    let bus = nsqd.bus(limits(64, 8)).await;
    let (handler, mut heard) = listener(|_, _| {
        Box::pin(async {
            // Longer than nsqd waits for a sign of life.
            tokio::time::sleep(Duration::from_secs(10)).await;
            Outcome::Done
        })
    });
    let mut subscription = bus.subscribe(&"chat.rated".parse().unwrap(), &"qa".parse().unwrap(), handler);
    subscription.ready().await;
    bus.publish(&events("chat.rated", 1, 1, 1)).await.unwrap();
    assert_eq!(heard.next().await.1, 1);
    eventually("the message is finished", || async {
        let channel = nsqd.channel("chat.rated", "qa").await;
        channel["message_count"] == 1 && channel["in_flight_count"] == 0
    })
    .await;
    let channel = nsqd.channel("chat.rated", "qa").await;
    assert_eq!((&channel["timeout_count"], &channel["requeue_count"]), (&0.into(), &0.into()), "{channel}");
    subscription.stop(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn what_is_told_again_while_it_is_in_hand_is_not_handled_again() {
    // However often nsqd hears that it is being worked on, it tells it again.
    let options = ["--msg-timeout=1s", "--max-msg-timeout=1s"];
    let Some(nsqd) = Nsqd::with(&options).await else { return };
    let bus = nsqd.bus(limits(64, 8)).await;
    let (release, released) = tokio::sync::watch::channel(false);
    let (handler, mut heard) = listener(move |_, _| {
        let mut released = released.clone();
        Box::pin(async move {
            drop(released.wait_for(|is_released| *is_released).await);
            Outcome::Done
        })
    });
    let mut subscription = bus.subscribe(&"chat.rated".parse().unwrap(), &"qa".parse().unwrap(), handler);
    subscription.ready().await;
    bus.publish(&events("chat.rated", 1, 1, 1)).await.unwrap();
    eventually("it is told again and again", || async {
        nsqd.channel("chat.rated", "qa").await["timeout_count"].as_u64() >= Some(3)
    })
    .await;
    release.send_replace(true);
    // The last one that was told is finished.
    eventually("the message is finished", || async {
        let channel = nsqd.channel("chat.rated", "qa").await;
        channel["in_flight_count"] == 0 && channel["depth"] == 0
    })
    .await;
    subscription.stop(Duration::from_secs(5)).await;
    // Given up by nsqd in the moment of its end, it may come once more.
    let calls = heard.now().len();
    assert!(calls <= 2, "{calls} calls");
}

#[tokio::test]
async fn a_long_wait_is_left_to_nsqd() {
    let Some(nsqd) = Nsqd::start().await else { return };
    let settings = NsqSettings { hold_max: Duration::from_millis(10), ..nsqd.settings(limits(64, 8)) };
    let bus = Bus::Nsq(Nsq::open(settings).unwrap());
    let (handler, mut heard) = listener(|_, attempt| {
        Box::pin(async move {
            if attempt == 1 {
                Outcome::Again { after: Some(Duration::from_millis(200)), why: "not yet".to_owned() }
            } else {
                Outcome::Done
            }
        })
    });
    let mut subscription = bus.subscribe(&"chat.rated".parse().unwrap(), &"qa".parse().unwrap(), handler);
    subscription.ready().await;
    bus.publish(&events("chat.rated", 1, 1, 1)).await.unwrap();
    assert_eq!((heard.next().await.1, heard.next().await.1), (1, 2));
    assert_eq!(nsqd.channel("chat.rated", "qa").await["requeue_count"], 1);
    subscription.stop(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn nsqlookupd_tells_of_topics_and_of_whoever_has_them() {
    let Some(program) = tool("nsqlookupd") else { return };
    let any = ["--tcp-address=127.0.0.1:0", "--http-address=127.0.0.1:0", "--broadcast-address=127.0.0.1"];
    let marks = ["TCP: listening on", "HTTP: listening on"];
    let (_lookupd, addresses) = Process::start(Command::new(program).args(any), &marks).await;
    let known = format!("--lookupd-tcp-address={}", addresses[0]);
    let (Some(one), Some(other)) = (Nsqd::with(&[&known]).await, Nsqd::with(&[&known]).await) else { return };
    // Each has a topic that the other has not, before anybody listens.
    for (nsqd, topic) in [(&one, "ticket.created"), (&other, "ticket.closed")] {
        nsqd.bus(limits(8, 8)).await.publish(&events(topic, 1, 1, 1)).await.unwrap();
    }
    eventually("nsqlookupd knows both topics", || async {
        get(&addresses[1], "/topics").await["topics"].as_array().is_some_and(|topics| topics.len() == 2)
    })
    .await;
    let settings = NsqSettings {
        nsqd: Vec::new(),
        lookupd: vec![format!("http://{}", addresses[1]).parse().unwrap()],
        lookup_every: Duration::from_millis(100),
        ..one.settings(limits(8, 8))
    };
    let bus = Bus::Nsq(Nsq::open(settings).unwrap());
    let (handler, mut heard) = content();
    let mut subscription = bus.subscribe(&"ticket.*".parse().unwrap(), &"qa".parse().unwrap(), handler);
    subscription.ready().await;
    let topics = |events: &[(Event, u32)]| {
        let mut topics: Vec<_> = events.iter().map(|(event, _)| event.topic.to_string()).collect();
        topics.sort();
        topics
    };
    assert_eq!(topics(&heard.distinct(2).await), ["ticket.closed", "ticket.created"]);
    // A topic that comes up later is found.
    one.bus(limits(8, 8)).await.publish(&events("ticket.merged", 1, 1, 1)).await.unwrap();
    assert_eq!(topics(&heard.distinct(1).await), ["ticket.merged"]);
    let error = bus.publish(&events("ticket.merged", 1, 1, 1)).await.unwrap_err();
    assert_eq!(error.to_string(), "the settings name no server to tell events to");
    subscription.stop(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn the_second_nsqd_is_told_when_the_first_is_away() {
    let Some(nsqd) = Nsqd::start().await else { return };
    let mut settings = nsqd.settings(limits(8, 8));
    // Nothing listens there.
    settings.nsqd.insert(0, "127.0.0.1:1".parse().unwrap());
    let bus = Bus::Nsq(Nsq::open(settings).unwrap());
    bus.publish(&events("chat.rated", 1, 3, 1)).await.unwrap();
    let stats = get(&nsqd.http, "/stats?format=json&topic=chat.rated").await;
    assert_eq!(stats["topics"][0]["message_count"], 3);
}

#[tokio::test]
async fn an_event_that_nsqd_could_not_lay_aside_is_not_told() {
    let bus = Bus::Nsq(Nsq::open(NsqSettings::default()).unwrap());
    let error = bus.publish(&events(&"t".repeat(60), 1, 1, 1)).await.unwrap_err().to_string();
    assert!(error.contains("ttt`: it is too long for NSQ"), "{error}");
    let above = "t".repeat(60).parse().unwrap();
    let error = bus.publish_below(&above, &events("chat.rated", 1, 1, 1)).await.unwrap_err().to_string();
    assert!(error.contains("ttt.chat.rated`: a topic of more than 64 bytes"), "{error}");
}
