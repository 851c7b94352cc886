//! What happens in a store is passed on to a bus with a server, below topics of those who hear it there.

use std::{path::PathBuf, sync::Arc, time::Duration};

use kefu_bus::{
    Bus, Event, Handler, Handling, Outcome, Topic,
    embedded::{Order, Plain},
};
use kefu_store::EventPosition;
use serde_json::Value;
use tempfile::TempDir;
use tokio::sync::mpsc;

use crate::{
    house::{Open, begin, hearing},
    servers::{NatsServer, Nsqd, Server, limits},
    support::{content, events, ids, numbers},
};

/// Passes events on below a topic.
struct Passer {
    bus: Arc<Bus>,
    above: Topic,
}

impl Handler for Passer {
    fn handle<'a>(&'a self, event: &'a Event, _: u32) -> Handling<'a> {
        Box::pin(async move {
            match self.bus.publish_below(&self.above, std::slice::from_ref(event)).await {
                Ok(()) => Outcome::Done,
                Err(error) => Outcome::Again { after: None, why: error.to_string() },
            }
        })
    }
}

async fn pass(open: &Open, bus: &Arc<Bus>, above: &str) -> mpsc::Sender<Order> {
    let passer = Passer { bus: Arc::clone(bus), above: above.parse().unwrap() };
    let listener = hearing(above, Arc::new(Plain(Arc::new(passer))));
    let runner = begin(open, listener, Some(EventPosition::default())).await;
    let (orders, received) = mpsc::channel(1);
    drop(tokio::spawn(runner.run(received)));
    orders
}

async fn what_is_passed_on_stays_the_event_that_it_is<S: Server<Client = Bus>>() {
    let Some(server) = S::start().await else { return };
    let folder = TempDir::new().unwrap();
    let mut open = Open::new(folder.path()).await;
    let bus = Arc::new(server.bus(limits(64, 8)).await);
    let ((sales, mut heard_by_sales), (qa, mut heard_by_qa)) = (content(), content());
    let group = "archive".parse().unwrap();
    let mut sales = bus.subscribe(&"sales.message.created".parse().unwrap(), &group, sales);
    let mut qa = bus.subscribe(&"qa.message.created".parse().unwrap(), &group, qa);
    tokio::join!(sales.ready(), qa.ready());
    let _passing = (pass(&open, &bus, "sales").await, pass(&open, &bus, "qa").await);
    let told = events("message.created", 1, 3, 1);
    open.write(&told).await;
    let mut all = Vec::new();
    for heard in [&mut heard_by_sales, &mut heard_by_qa] {
        let heard: Vec<_> = heard.distinct(told.len()).await.into_iter().map(|(event, _)| event).collect();
        assert_eq!(numbers(&heard), numbers(&told));
        for event in &heard {
            let envelope: Value = serde_json::from_slice(&event.to_json().unwrap()).unwrap();
            assert_eq!(envelope["type"], "message.created");
            let schema = envelope["dataschema"].as_str().unwrap().strip_prefix("urn:kefu:event:").unwrap();
            let file = format!("../../docs/events/{}.json", schema.replace(':', ".v"));
            assert!(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(&file).is_file(), "{file}");
        }
        all.push(ids(&heard));
    }
    assert_eq!(all[0], all[1], "one event has one id, wherever it is told");
    sales.stop(Duration::from_secs(5)).await;
    qa.stop(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn what_is_passed_on_to_nsq_stays_the_event_that_it_is() {
    what_is_passed_on_stays_the_event_that_it_is::<Nsqd>().await;
}

#[tokio::test]
async fn what_is_passed_on_to_nats_stays_the_event_that_it_is() {
    what_is_passed_on_stays_the_event_that_it_is::<NatsServer>().await;
}
