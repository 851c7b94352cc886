//! What every back-end promises. A new one is a [`Server`] and a line with `conformance!`.

use std::{
    collections::{BTreeMap, HashSet},
    future::pending,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use kefu_bus::{Event, Outcome};
use tokio::sync::Barrier;

use crate::{
    servers::{Client as _, Server, Subscribed as _, limits},
    support::{PATIENCE, content, events, listener, number, numbers},
};

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
            a_poisonous_group_slows_no_other,
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
    let mut sales = bus.subscribe("message.created", "sales", sales);
    let mut qa = bus.subscribe("message.created", "qa", qa);
    tokio::join!(sales.ready(), qa.ready());
    let told = events("message.created", 1, 300, 10);
    bus.publish(&told[..1]).await.unwrap();
    bus.publish(&told[1..]).await.unwrap();
    for heard in [&mut heard_by_sales, &mut heard_by_qa] {
        let heard = heard.distinct(told.len()).await;
        assert_eq!(numbers(heard.iter().map(|(event, _)| event)), numbers(&told));
        assert!(heard.iter().all(|(event, attempt)| event.topic == told[0].topic && *attempt == 1));
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
    let mut one = one_bus.subscribe("message.created", "qa", one);
    let mut other = other_bus.subscribe("message.created", "qa", other);
    tokio::join!(one.ready(), other.ready());
    let told = events("message.created", 1, 40, 40);
    one_bus.publish(&told).await.unwrap();
    let mut seen = Vec::new();
    while numbers(&seen).len() < told.len() {
        let (event, _) = tokio::select! {
            call = heard_by_one.next() => call,
            call = heard_by_other.next() => call,
        };
        seen.push(event);
    }
    assert_eq!(numbers(&seen), numbers(&told));
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
            for _ in 0..number(&event) % 5 {
                tokio::task::yield_now().await;
            }
            busy.lock().unwrap().remove(&event.key);
            Outcome::Done
        })
    });
    let mut subscription = bus.subscribe("message.created", "sales", handler);
    subscription.ready().await;
    let told = events("message.created", 1, 600, 7);
    for part in told.chunks(100) {
        bus.publish(part).await.unwrap();
    }
    let mut last = BTreeMap::new();
    for (event, _) in heard.distinct(told.len()).await {
        let before = last.insert(event.key.clone(), number(&event));
        assert!(before < Some(number(&event)), "{}: {before:?} before {event:?}", event.key);
    }
    subscription.stop(Duration::from_secs(5)).await;
}

pub(crate) async fn what_is_to_be_told_again_waits_and_holds_its_key<S: Server>(server: S) {
    const WAIT: Duration = Duration::from_millis(300);
    let bus = server.bus(limits(64, 8)).await;
    let calls = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&calls);
    let (handler, mut heard) = listener(move |event: Event, attempt| {
        noted.lock().unwrap().push((number(&event), attempt, Instant::now()));
        Box::pin(async move {
            if number(&event) == 1 && attempt == 1 {
                Outcome::Again { after: Some(WAIT), why: "not yet".to_owned() }
            } else {
                Outcome::Done
            }
        })
    });
    let mut subscription = bus.subscribe("message.created", "sales", handler);
    subscription.ready().await;
    // The first and the third have the same key.
    let told = events("message.created", 1, 3, 2);
    bus.publish(&told).await.unwrap();
    while number(&heard.next().await.0) != 3 {}
    let calls = calls.lock().unwrap().clone();
    let of_key: Vec<_> = calls.iter().filter(|(number, ..)| *number != 2).collect();
    let order: Vec<_> = of_key.iter().map(|(number, attempt, _)| (*number, *attempt)).collect();
    assert_eq!(order, [(1, 1), (1, 2), (3, 1)]);
    assert!(of_key[1].2 - of_key[0].2 >= WAIT, "{calls:?}");
    subscription.stop(Duration::from_secs(5)).await;
}

pub(crate) async fn what_fails_is_tried_until_it_works<S: Server>(server: S) {
    let bus = server.bus(limits(64, 8)).await;
    let (handler, mut heard) = listener(|event: Event, attempt| {
        Box::pin(async move {
            match (number(&event), attempt) {
                (1, 1) => panic!("a handler that is not well"),
                (1, 2) => Outcome::Again { after: None, why: "busy".to_owned() },
                _ => Outcome::Done,
            }
        })
    });
    let mut subscription = bus.subscribe("message.created", "qa", handler);
    subscription.ready().await;
    let told = events("message.created", 1, 3, 3);
    bus.publish(&told).await.unwrap();
    let mut attempts = Vec::new();
    let mut others = HashSet::new();
    while attempts.len() < 3 || others.len() < 2 {
        let (event, attempt) = heard.next().await;
        if number(&event) == 1 {
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
            match number(&event) {
                1 => Outcome::Dead { why: "no such customer".to_owned() },
                _ => Outcome::Done,
            }
        })
    });
    let mut subscription = bus.subscribe("message.created", "sales", handler);
    subscription.ready().await;
    bus.publish(&events("message.created", 1, 2, 1)).await.unwrap();
    // The next one of the same key comes.
    assert_eq!((number(&heard.next().await.0), number(&heard.next().await.0)), (1, 2));
    let letters = server.laid_aside("message.created", "sales", 1).await;
    assert_eq!(letters, [(1, "no such customer".to_owned())]);
    subscription.stop(Duration::from_secs(5)).await;
    assert!(heard.now().is_empty(), "a dead letter was told again");
}

pub(crate) async fn a_slow_group_slows_no_other<S: Server>(server: S) {
    let bus = server.bus(limits(4, 2)).await;
    let (stuck, mut heard_by_stuck) = listener(|_, _| Box::pin(pending()));
    let (quick, mut heard_by_quick) = content();
    let mut stuck = bus.subscribe("message.created", "stuck", stuck);
    let mut quick = bus.subscribe("message.created", "quick", quick);
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

pub(crate) async fn a_poisonous_group_slows_no_other<S: Server>(server: S) {
    let bus = server.bus(limits(16, 4)).await;
    let (poisoned, mut heard_by_poisoned) = listener(|event: Event, attempt| {
        Box::pin(async move {
            match (number(&event) + attempt) % 3 {
                0 => panic!("fed with poison"),
                1 => Outcome::Again { after: Some(Duration::ZERO), why: "poison".to_owned() },
                _ => Outcome::Again { after: None, why: "poison".to_owned() },
            }
        })
    });
    let (well, mut heard_by_well) = content();
    let mut poisoned = bus.subscribe("message.created", "poisoned", poisoned);
    let mut well = bus.subscribe("message.created", "well", well);
    tokio::join!(poisoned.ready(), well.ready());
    let told = events("message.created", 1, 300, 30);
    bus.publish(&told).await.unwrap();
    let heard = heard_by_well.distinct(told.len()).await;
    assert_eq!(numbers(heard.iter().map(|(event, _)| event)), numbers(&told));
    // It is still tried, and nothing behind what fails is.
    while heard_by_poisoned.next().await.1 < 2 {}
    poisoned.stop(Duration::from_secs(5)).await;
    let mut last = BTreeMap::new();
    for event in heard_by_poisoned.now() {
        let first = *last.entry(event.key.clone()).or_insert(number(&event));
        assert_eq!(first, number(&event), "one that is behind another was told");
    }
    well.stop(Duration::from_secs(5)).await;
}

/// A listener that is done with some events and then hangs, with as many as it may have at a time.
fn half(count: u32) -> (Arc<impl kefu_bus::Handler>, crate::support::Heard) {
    listener(move |event: Event, _| {
        Box::pin(async move { if number(&event) <= count { Outcome::Done } else { pending().await } })
    })
}

pub(crate) async fn what_a_killed_client_had_is_told_to_the_next<S: Server>(server: S) {
    let server = server.impatient().await;
    let told = events("message.created", 1, 60, 60);
    let done: Vec<Event> = {
        let bus = server.bus(limits(16, 8)).await;
        let (handler, mut heard) = half(10);
        let mut subscription = bus.subscribe("message.created", "sales", handler);
        subscription.ready().await;
        bus.publish(&told).await.unwrap();
        let heard = heard.distinct(18).await;
        heard.into_iter().map(|(event, _)| event).filter(|event| number(event) <= 10).collect()
        // Its connections end here, with nothing said.
    };
    let bus = server.bus(limits(16, 8)).await;
    let (handler, mut heard) = content();
    let subscription = bus.subscribe("message.created", "sales", handler);
    let mut seen = numbers(&done);
    while seen.len() < told.len() {
        seen.insert(number(&heard.next().await.0));
    }
    assert_eq!(seen, numbers(&told));
    subscription.stop(Duration::from_secs(5)).await;
}

pub(crate) async fn what_is_left_at_a_stop_is_told_to_the_next<S: Server>(server: S) {
    let bus = server.bus(limits(16, 8)).await;
    let told = events("message.created", 1, 60, 60);
    let (handler, mut heard) = half(10);
    let mut subscription = bus.subscribe("message.created", "sales", handler);
    subscription.ready().await;
    bus.publish(&told).await.unwrap();
    let mut seen = numbers(heard.distinct(18).await.iter().map(|(event, _)| event));
    // Long enough for what is on its way to get here, and to be given back with the rest.
    subscription.stop(Duration::from_secs(1)).await;
    seen.retain(|number| *number <= 10);
    let (handler, mut heard) = content();
    let subscription = bus.subscribe("message.created", "sales", handler);
    while seen.len() < told.len() {
        seen.insert(number(&heard.next().await.0));
    }
    assert_eq!(seen, numbers(&told));
    subscription.stop(Duration::from_secs(5)).await;
}

pub(crate) async fn what_was_confirmed_outlives_a_killed_server<S: Server>(mut server: S) {
    let bus = server.bus(limits(64, 8)).await;
    // The server knows the group, which is not there.
    let (handler, _) = content();
    let mut subscription = bus.subscribe("message.created", "sales", handler);
    subscription.ready().await;
    subscription.stop(Duration::from_secs(5)).await;
    let told = events("message.created", 1, 200, 10);
    bus.publish(&told[..199]).await.unwrap();
    server.has_sorted("message.created", "sales", 199).await;
    server.kill().await;
    let begun = Instant::now();
    let error = bus.publish(&told[199..]).await.unwrap_err();
    assert!(error.contains("cannot be told events"), "{error}");
    assert!(begun.elapsed() < Duration::from_secs(30));
    server.restart().await;
    // The client is still the same one.
    let told_again = async {
        while bus.publish(&told[199..]).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(3 * PATIENCE, told_again).await.unwrap();
    let (handler, mut heard) = content();
    let subscription = bus.subscribe("message.created", "sales", handler);
    let heard = heard.distinct(told.len()).await;
    assert_eq!(numbers(heard.iter().map(|(event, _)| event)), numbers(&told));
    subscription.stop(Duration::from_secs(5)).await;
}

pub(crate) async fn subscriptions_outlive_a_killed_server<S: Server>(mut server: S) {
    let bus = server.bus(limits(64, 8)).await;
    let (handler, mut heard) = content();
    let mut subscription = bus.subscribe("message.created", "sales", handler);
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
    tokio::time::timeout(3 * PATIENCE, told_again).await.unwrap();
    while number(&heard.next().await.0) != 2 {}
    subscription.stop(Duration::from_secs(5)).await;
}
