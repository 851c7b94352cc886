//! What every back-end promises. A new one is a [`Server`] and a line with `conformance!`.

use std::{
    collections::{BTreeMap, HashSet},
    future::pending,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use kefu_bus::{Event, Group, Outcome, Pattern};
use tokio::sync::Barrier;

use crate::{
    servers::{Server, limits},
    support::{content, events, ids, listener},
};

fn pattern(text: &str) -> Pattern {
    text.parse().unwrap()
}

fn group(name: &str) -> Group {
    name.parse().unwrap()
}

/// Runs every check against a server.
macro_rules! conformance {
    ($server:ty) => {
        conformance!($server:
            each_group_hears_every_event,
            members_of_a_group_share,
            events_of_a_key_come_in_order_and_one_at_a_time,
            what_is_to_be_told_again_waits_and_holds_its_key,
            what_fails_is_tried_until_it_works,
            dead_letters_are_laid_aside,
            a_slow_group_slows_no_other,
            what_a_killed_client_had_is_told_to_the_next,
            what_is_left_at_a_stop_is_told_to_the_next,
            what_was_confirmed_outlives_a_killed_server,
            subscriptions_outlive_a_killed_server,
        );
    };
    ($server:ty: $($check:ident,)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $check() {
                if let Some(server) = <$server as $crate::servers::Server>::start().await {
                    $crate::conformance::$check(server).await;
                }
            }
        )*
    };
}

pub(crate) use conformance;

pub(crate) async fn each_group_hears_every_event<S: Server>(server: S) {
    let bus = server.bus(limits(64, 8)).await;
    let (sales, mut heard_by_sales) = content();
    let (qa, mut heard_by_qa) = content();
    let mut sales = bus.subscribe(&pattern("message.created"), &group("sales"), sales);
    let mut qa = bus.subscribe(&pattern("message.created"), &group("qa"), qa);
    tokio::join!(sales.ready(), qa.ready());
    let told = events("message.created", 1, 300, 10);
    bus.publish(&told[..1]).await.unwrap();
    bus.publish(&told[1..]).await.unwrap();
    for heard in [&mut heard_by_sales, &mut heard_by_qa] {
        let heard = heard.distinct(told.len()).await;
        assert_eq!(ids(heard.iter().map(|(event, _)| event)), ids(&told));
        let (event, attempt) = heard.iter().find(|(event, _)| event.id == told[7].id).unwrap();
        assert_eq!((format!("{event:?}"), *attempt), (format!("{:?}", told[7]), 1));
    }
    sales.stop(Duration::from_secs(5)).await;
    qa.stop(Duration::from_secs(5)).await;
}

pub(crate) async fn members_of_a_group_share<S: Server>(server: S) {
    // Neither member goes on before the other has something as well.
    let both = Arc::new(Barrier::new(2));
    let member = || {
        let both = Arc::clone(&both);
        let is_first = Arc::new(Mutex::new(true));
        listener(move |_, _| {
            let both = Arc::clone(&both);
            let is_first = std::mem::replace(&mut *is_first.lock().unwrap(), false);
            Box::pin(async move {
                if is_first {
                    both.wait().await;
                }
                Outcome::Done
            })
        })
    };
    let (one_bus, other_bus) = (server.bus(limits(16, 1)).await, server.bus(limits(16, 1)).await);
    let ((one, mut heard_by_one), (other, mut heard_by_other)) = (member(), member());
    let mut one = one_bus.subscribe(&pattern("chat.rated"), &group("qa"), one);
    let mut other = other_bus.subscribe(&pattern("chat.rated"), &group("qa"), other);
    tokio::join!(one.ready(), other.ready());
    let told = events("chat.rated", 1, 40, 40);
    one_bus.publish(&told).await.unwrap();
    let mut seen = Vec::new();
    while ids(&seen).len() < told.len() {
        let (event, _) = tokio::select! {
            call = heard_by_one.next() => call,
            call = heard_by_other.next() => call,
        };
        seen.push(event);
    }
    assert_eq!(ids(&seen), ids(&told));
    assert_eq!(seen.len(), told.len(), "an event was told to both");
    one.stop(Duration::from_secs(5)).await;
    other.stop(Duration::from_secs(5)).await;
}

pub(crate) async fn events_of_a_key_come_in_order_and_one_at_a_time<S: Server>(server: S) {
    let bus = server.bus(limits(64, 16)).await;
    let busy = Arc::new(Mutex::new(HashSet::new()));
    let (handler, mut heard) = listener(move |event: Event, _| {
        let busy = Arc::clone(&busy);
        assert!(busy.lock().unwrap().insert(event.key.clone()), "two events of {} at a time", event.key);
        Box::pin(async move {
            for _ in 0..event.position.unwrap() % 5 {
                tokio::task::yield_now().await;
            }
            busy.lock().unwrap().remove(&event.key);
            Outcome::Done
        })
    });
    let mut subscription = bus.subscribe(&pattern("message.created"), &group("sales"), handler);
    subscription.ready().await;
    let told = events("message.created", 1, 600, 7);
    for part in told.chunks(100) {
        bus.publish(part).await.unwrap();
    }
    let mut last = BTreeMap::new();
    for (event, _) in heard.distinct(told.len()).await {
        let before = last.insert(event.key.clone(), event.position);
        assert!(before < Some(event.position), "{}: {before:?} before {:?}", event.key, event.position);
    }
    subscription.stop(Duration::from_secs(5)).await;
}

pub(crate) async fn what_is_to_be_told_again_waits_and_holds_its_key<S: Server>(server: S) {
    const WAIT: Duration = Duration::from_millis(300);
    let bus = server.bus(limits(64, 8)).await;
    let (handler, mut heard) = listener(|event: Event, attempt| {
        Box::pin(async move {
            if event.position == Some(1) && attempt == 1 {
                Outcome::Again { after: Some(WAIT), why: "not yet".to_owned() }
            } else {
                Outcome::Done
            }
        })
    });
    let mut subscription = bus.subscribe(&pattern("ticket.created"), &group("sales"), handler);
    subscription.ready().await;
    let begun = Instant::now();
    // The first and the third have the same key.
    let told = events("ticket.created", 1, 3, 2);
    bus.publish(&told).await.unwrap();
    let mut calls = Vec::new();
    for _ in 0..4 {
        let (event, attempt) = heard.next().await;
        calls.push((event.position.unwrap(), attempt, begun.elapsed()));
    }
    let of_key: Vec<_> = calls.iter().filter(|(position, ..)| *position != 2).collect();
    let order: Vec<_> = of_key.iter().map(|(position, attempt, _)| (*position, *attempt)).collect();
    assert_eq!(order, [(1, 1), (1, 2), (3, 1)]);
    assert!(of_key[1].2 - of_key[0].2 >= WAIT - Duration::from_millis(5), "{calls:?}");
    subscription.stop(Duration::from_secs(5)).await;
}

pub(crate) async fn what_fails_is_tried_until_it_works<S: Server>(server: S) {
    let bus = server.bus(limits(64, 8)).await;
    let (handler, mut heard) = listener(|event: Event, attempt| {
        Box::pin(async move {
            match (event.position, attempt) {
                (Some(1), 1) => panic!("a handler that is not well"),
                (Some(1), 2) => Outcome::Again { after: None, why: "busy".to_owned() },
                _ => Outcome::Done,
            }
        })
    });
    let mut subscription = bus.subscribe(&pattern("chat.rated"), &group("qa"), handler);
    subscription.ready().await;
    let told = events("chat.rated", 1, 3, 3);
    bus.publish(&told).await.unwrap();
    let mut attempts = Vec::new();
    let mut others = HashSet::new();
    while attempts.len() < 3 || others.len() < 2 {
        let (event, attempt) = heard.next().await;
        if event.position == Some(1) {
            attempts.push(attempt);
        } else {
            others.insert(event.id);
        }
    }
    assert_eq!(attempts, [1, 2, 3]);
    subscription.stop(Duration::from_secs(5)).await;
}

pub(crate) async fn dead_letters_are_laid_aside<S: Server>(server: S) {
    let bus = server.bus(limits(64, 8)).await;
    let (handler, mut heard) = listener(|event: Event, _| {
        Box::pin(async move {
            match event.position {
                Some(1) => Outcome::Dead { why: "no such customer".to_owned() },
                _ => Outcome::Done,
            }
        })
    });
    let mut subscription = bus.subscribe(&pattern("ticket.created"), &group("sales"), handler);
    subscription.ready().await;
    let told = events("ticket.created", 1, 2, 1);
    bus.publish(&told).await.unwrap();
    // The next one of the same key comes.
    assert_eq!(heard.next().await.0.id, told[0].id);
    assert_eq!(heard.next().await.0.id, told[1].id);
    let letters = server.dead("ticket.created", 1).await;
    let letter = Event::from_json(&letters[0]).unwrap();
    assert_eq!(format!("{letter:?}"), format!("{:?}", told[0]));
    let text = String::from_utf8_lossy(&letters[0]);
    assert!(text.contains(r#""kefugroup":"sales","kefuwhy":"no such customer""#), "{text}");
    subscription.stop(Duration::from_secs(5)).await;
    assert!(heard.now().is_empty(), "a dead letter was told again");
}

pub(crate) async fn a_slow_group_slows_no_other<S: Server>(server: S) {
    let bus = server.bus(limits(4, 2)).await;
    let (stuck, mut heard_by_stuck) = listener(|_, _| Box::pin(pending()));
    let (quick, mut heard_by_quick) = content();
    let mut stuck = bus.subscribe(&pattern("message.created"), &group("stuck"), stuck);
    let mut quick = bus.subscribe(&pattern("message.created"), &group("quick"), quick);
    tokio::join!(stuck.ready(), quick.ready());
    let told = events("message.created", 1, 300, 300);
    bus.publish(&told).await.unwrap();
    heard_by_stuck.next().await;
    heard_by_quick.distinct(told.len()).await;
    assert!(heard_by_stuck.now().len() <= 2, "more than the handler was to have at a time");
    // A handler that does not end is not waited for.
    stuck.stop(Duration::ZERO).await;
    quick.stop(Duration::from_secs(5)).await;
}

/// A listener that is done with some events and then hangs, with as many as it may have at a time.
fn half(count: i64) -> (Arc<impl kefu_bus::Handler>, crate::support::Heard) {
    listener(move |event: Event, _| {
        Box::pin(
            async move { if event.position.unwrap() <= count { Outcome::Done } else { pending().await } },
        )
    })
}

pub(crate) async fn what_a_killed_client_had_is_told_to_the_next<S: Server>(server: S) {
    let told = events("message.created", 1, 60, 60);
    let done: Vec<Event> = {
        let bus = server.bus(limits(16, 8)).await;
        let (handler, mut heard) = half(10);
        let mut subscription = bus.subscribe(&pattern("message.created"), &group("sales"), handler);
        subscription.ready().await;
        bus.publish(&told).await.unwrap();
        let heard = heard.distinct(18).await;
        heard.into_iter().map(|(event, _)| event).filter(|event| event.position <= Some(10)).collect()
        // Its connections end here, with nothing said.
    };
    let bus = server.bus(limits(16, 8)).await;
    let (handler, mut heard) = content();
    let subscription = bus.subscribe(&pattern("message.created"), &group("sales"), handler);
    let mut seen = ids(&done);
    while seen.len() < told.len() {
        seen.insert(heard.next().await.0.id);
    }
    assert_eq!(seen, ids(&told));
    subscription.stop(Duration::from_secs(5)).await;
}

pub(crate) async fn what_is_left_at_a_stop_is_told_to_the_next<S: Server>(server: S) {
    let bus = server.bus(limits(16, 8)).await;
    let told = events("message.created", 1, 60, 60);
    let (handler, mut heard) = half(10);
    let mut subscription = bus.subscribe(&pattern("message.created"), &group("sales"), handler);
    subscription.ready().await;
    bus.publish(&told).await.unwrap();
    let mut seen = ids(heard.distinct(18).await.iter().map(|(event, _)| event));
    subscription.stop(Duration::from_millis(50)).await;
    seen.retain(|id| told[..10].iter().any(|event| event.id == *id));
    let (handler, mut heard) = content();
    let subscription = bus.subscribe(&pattern("message.created"), &group("sales"), handler);
    while seen.len() < told.len() {
        seen.insert(heard.next().await.0.id);
    }
    assert_eq!(seen, ids(&told));
    subscription.stop(Duration::from_secs(5)).await;
}

pub(crate) async fn what_was_confirmed_outlives_a_killed_server<S: Server>(mut server: S) {
    let bus = server.bus(limits(64, 8)).await;
    // The server knows the group, which is not there.
    let (handler, _) = content();
    let mut subscription = bus.subscribe(&pattern("message.created"), &group("sales"), handler);
    subscription.ready().await;
    subscription.stop(Duration::from_secs(5)).await;
    let told = events("message.created", 1, 200, 10);
    bus.publish(&told[..199]).await.unwrap();
    server.has_sorted("message.created", "sales", 199).await;
    server.kill().await;
    let begun = Instant::now();
    let error = bus.publish(&told[199..]).await.unwrap_err().to_string();
    assert!(error.contains("127.0.0.1:") && error.contains("cannot be told events"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(10));
    server.restart().await;
    // The client is still the same one.
    let told_again = async {
        while bus.publish(&told[199..]).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::support::PATIENCE, told_again).await.unwrap();
    let (handler, mut heard) = content();
    let subscription = bus.subscribe(&pattern("message.created"), &group("sales"), handler);
    let heard = heard.distinct(told.len()).await;
    assert_eq!(ids(heard.iter().map(|(event, _)| event)), ids(&told));
    subscription.stop(Duration::from_secs(5)).await;
}

pub(crate) async fn subscriptions_outlive_a_killed_server<S: Server>(mut server: S) {
    let bus = server.bus(limits(64, 8)).await;
    let (handler, mut heard) = content();
    let mut subscription = bus.subscribe(&pattern("message.created"), &group("sales"), handler);
    subscription.ready().await;
    let told = events("message.created", 1, 2, 1);
    bus.publish(&told[..1]).await.unwrap();
    heard.distinct(1).await;
    server.kill().await;
    server.restart().await;
    let told_again = async {
        while bus.publish(&told[1..]).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(crate::support::PATIENCE, told_again).await.unwrap();
    while heard.next().await.0.id != told[1].id {}
    subscription.stop(Duration::from_secs(5)).await;
}
