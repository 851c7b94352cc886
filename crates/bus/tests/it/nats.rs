//! NATS JetStream: the promises, and what its own tools see.

use std::time::Duration;

use futures_util::StreamExt as _;
use kefu_bus::{Bus, Event, Nats, NatsLogin, NatsSettings, Outcome};

use crate::{
    conformance::conformance,
    servers::{NatsServer, Server as _, limits},
    support::{content, events, eventually, listener},
};

conformance!(NatsServer);

#[tokio::test]
async fn what_is_told_twice_is_kept_once() {
    let Some(server) = NatsServer::start().await else { return };
    let bus = server.bus(limits(64, 8)).await;
    let told = events("message.created", 1, 10, 2);
    bus.publish(&told).await.unwrap();
    bus.publish(&told).await.unwrap();
    let mut stream = server.client().await.get_stream("KEFU").await.unwrap();
    let info = stream.info().await.unwrap();
    assert_eq!((info.state.messages, &info.config.subjects[..]), (10, &["kefu.>".to_owned()][..]));
}

#[tokio::test]
async fn an_event_that_is_told_at_two_topics_is_laid_aside_at_both() {
    let Some(server) = NatsServer::start().await else { return };
    let bus = server.bus(limits(64, 8)).await;
    let (handler, mut heard) =
        listener(|_, _| Box::pin(async { Outcome::Dead { why: "no such customer".to_owned() } }));
    let mut subscription = bus.subscribe(&"*.chat.rated".parse().unwrap(), &"qa".parse().unwrap(), handler);
    subscription.ready().await;
    let told = events("chat.rated", 1, 1, 1);
    for above in ["sales", "support", "sales"] {
        bus.publish_below(&above.parse().unwrap(), &told).await.unwrap();
    }
    let ids = [heard.next().await.0.id, heard.next().await.0.id];
    assert_eq!(ids, [told[0].id; 2]);
    let client = server.client().await;
    eventually("there are two letters", || async {
        let mut stream = client.get_stream("KEFU_DEAD").await.unwrap();
        stream.info().await.unwrap().state.messages == 2
    })
    .await;
    assert!(heard.now().is_empty(), "told twice at one topic, it is kept once");
    subscription.stop(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn others_tell_and_hear_the_same_events() {
    let Some(server) = NatsServer::start().await else { return };
    let bus = server.bus(limits(64, 8)).await;
    let (handler, mut heard) = content();
    // Wildcards are those of NATS.
    let mut subscription = bus.subscribe(&"chat.*".parse().unwrap(), &"qa".parse().unwrap(), handler);
    subscription.ready().await;
    let client = server.client().await;
    let mut all = client.client().subscribe("kefu.>").await.unwrap();
    let told = events("chat.rated", 1, 1, 1);
    let publish = async |body: Vec<u8>| {
        client.publish("kefu.chat.rated", body.into()).await.unwrap().await.unwrap();
    };
    publish(told[0].to_json().unwrap()).await;
    assert_eq!(format!("{:?}", heard.next().await), format!("{:?}", (&told[0], 1)));
    publish(b"what is no event".to_vec()).await;
    assert_eq!(server.dead("chat.rated", 1).await, [b"what is no event"]);
    let told = events("chat.closed", 2, 1, 1);
    bus.publish(&told).await.unwrap();
    assert_eq!(heard.next().await.0.id, told[0].id);
    // Whoever knows only NATS hears it, too.
    let message = loop {
        let message = all.next().await.unwrap();
        if message.subject.as_str() == "kefu.chat.closed" {
            break message;
        }
    };
    assert_eq!(Event::from_json(&message.payload).unwrap().id, told[0].id);
    let headers = message.headers.unwrap();
    assert_eq!(headers.get("Nats-Msg-Id").unwrap().as_str(), told[0].id.to_string());
    assert_eq!(headers.get("Content-Type").unwrap().as_str(), "application/cloudevents+json");
    // Nothing is left to be told to the group.
    let stream = client.get_stream("KEFU").await.unwrap();
    eventually("everything is finished", || async {
        let info = stream.consumer_info("qa+chat-ANY").await.unwrap();
        (info.num_ack_pending, info.num_pending) == (0, 0)
    })
    .await;
    subscription.stop(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn a_login_is_used() {
    let Some(server) = NatsServer::with(&["--user", "kefu", "--pass", "secret"]).await else { return };
    let told = events("chat.rated", 1, 1, 1);
    for (password, is_good) in [("secret", true), ("guess", false)] {
        let login = NatsLogin::User { name: "kefu".to_owned(), password: password.to_owned() };
        let publish_max = Duration::from_secs(if is_good { 10 } else { 1 });
        let settings = NatsSettings { login, publish_max, ..server.settings(limits(8, 8)) };
        assert!(!format!("{settings:?}").contains(password));
        let bus = Bus::Nats(Nats::open(settings).await.unwrap());
        assert_eq!(bus.publish(&told).await.is_ok(), is_good);
    }
}

#[tokio::test]
async fn settings_that_cannot_be_used_are_refused() {
    for (servers, name, expected) in [
        (vec![], "kefu", "the settings name no server"),
        (vec!["nats://:x"], "kefu", "cannot use the address `nats://:x`"),
        // Whatever is wrong with it, a login in it is not told.
        (vec!["nats://me:secret@bus:x"], "kefu", "cannot use the address `bus:x`"),
        (vec!["nats://me:secret@bus:4222"], "kefu", "the address of bus has a login in it"),
        (vec!["nats://127.0.0.1:1"], "Kefu.", "`Kefu.` is no name for a stream"),
    ] {
        let servers = servers.into_iter().map(str::to_owned).collect();
        let settings = NatsSettings { servers, name: name.to_owned(), ..NatsSettings::default() };
        let error = Nats::open(settings).await.err().unwrap().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
