use std::{collections::BTreeSet, sync::Arc};

use bytes::Bytes;
use proptest::{collection::vec, prelude::*};

use crate::{ConnectionId, Hub, Limits, Outbox, Registry};

const PER_PRINCIPAL: usize = 3;

#[derive(Clone, Debug)]
enum Step {
    Open(u8),
    Close(usize),
    Subscribe(usize, u8),
    Unsubscribe(usize, u8),
    Publish(u8, Option<usize>),
}

fn step() -> impl Strategy<Value = Step> {
    let nth = 0..12_usize;
    prop_oneof![
        3 => (0..4_u8).prop_map(Step::Open),
        1 => nth.clone().prop_map(Step::Close),
        3 => (nth.clone(), 0..5_u8).prop_map(|(nth, topic)| Step::Subscribe(nth, topic)),
        1 => (nth.clone(), 0..5_u8).prop_map(|(nth, topic)| Step::Unsubscribe(nth, topic)),
        2 => (0..5_u8, proptest::option::of(nth)).prop_map(|(topic, except)| Step::Publish(topic, except)),
    ]
}

/// The same, without any index.
#[derive(Default)]
struct Naive(Vec<NaiveConn>);

struct NaiveConn {
    id: ConnectionId,
    principal: u8,
    outbox: Arc<Outbox>,
    topics: BTreeSet<u8>,
}

impl Naive {
    fn id(&self, nth: usize, gone: &[ConnectionId]) -> Option<ConnectionId> {
        // The last ones are names of connections that are no more.
        self.0.get(nth).map(|conn| conn.id).or_else(|| gone.get(nth.checked_sub(self.0.len())?).copied())
    }

    fn find(&mut self, id: ConnectionId) -> Option<&mut NaiveConn> {
        self.0.iter_mut().find(|conn| conn.id == id)
    }

    fn of(&self, principal: u8) -> Vec<ConnectionId> {
        self.0.iter().filter(|conn| conn.principal == principal).map(|conn| conn.id).collect()
    }
}

fn agree(hub: &Hub<u8, u8>, naive: &Naive) {
    assert_eq!(hub.len(), naive.0.len());
    for principal in 0..4 {
        let ids: Vec<_> = hub.connections_of(&principal).map(|(id, _)| id).collect();
        assert_eq!(ids, naive.of(principal));
    }
    for topic in 0..5 {
        let mut outboxes: Vec<_> =
            hub.subscribers(&topic).map(|(_, conn)| Arc::as_ptr(&conn.outbox)).collect();
        let hearers = naive.0.iter().filter(|conn| conn.topics.contains(&topic));
        let mut expected: Vec<_> = hearers.map(|conn| Arc::as_ptr(&conn.outbox)).collect();
        outboxes.sort_unstable();
        expected.sort_unstable();
        assert_eq!(outboxes, expected);
    }
    for conn in &naive.0 {
        let found = hub.get(conn.id).expect("it is open");
        assert_eq!(*found.principal(), conn.principal);
        assert_eq!(found.topics().iter().copied().collect::<BTreeSet<_>>(), conn.topics);
    }
    let topics: BTreeSet<_> = naive.0.iter().flat_map(|conn| &conn.topics).collect();
    assert_eq!(hub.topic_count(), topics.len());
    let principals: BTreeSet<_> = naive.0.iter().map(|conn| conn.principal).collect();
    assert_eq!(hub.principal_count(), principals.len());
}

proptest! {
    #[test]
    fn agrees_with_a_naive_model(steps in vec(step(), 1..80)) {
        let registry = Registry::new(Limits::default(), 0);
        let mut hub = Hub::new(PER_PRINCIPAL);
        let mut naive = Naive::default();
        let mut gone = Vec::new();
        for step in steps {
            match step {
                Step::Open(principal) => {
                    let outbox = registry.open();
                    let (id, replaced) = hub.open(principal, Arc::clone(&outbox), ());
                    naive.0.push(NaiveConn { id, principal, outbox, topics: BTreeSet::new() });
                    let siblings = naive.of(principal);
                    let expected = (siblings.len() > PER_PRINCIPAL).then(|| siblings[0]);
                    prop_assert_eq!(replaced, expected);
                    if let Some(old) = replaced {
                        prop_assert!(hub.close(old).is_some());
                        naive.0.retain(|conn| conn.id != old);
                        gone.push(old);
                    }
                }
                Step::Close(nth) => {
                    let Some(id) = naive.id(nth, &gone) else { continue };
                    prop_assert_eq!(hub.close(id).is_some(), naive.find(id).is_some());
                    prop_assert!(hub.close(id).is_none());
                    naive.0.retain(|conn| conn.id != id);
                    gone.push(id);
                }
                Step::Subscribe(nth, topic) => {
                    let Some(id) = naive.id(nth, &gone) else { continue };
                    let is_new = naive.find(id).is_some_and(|conn| conn.topics.insert(topic));
                    prop_assert_eq!(hub.subscribe(id, topic), is_new);
                }
                Step::Unsubscribe(nth, topic) => {
                    let Some(id) = naive.id(nth, &gone) else { continue };
                    let was_there = naive.find(id).is_some_and(|conn| conn.topics.remove(&topic));
                    prop_assert_eq!(hub.unsubscribe(id, &topic), was_there);
                }
                Step::Publish(topic, except) => {
                    let except = except.and_then(|nth| naive.id(nth, &gone));
                    let frame = Bytes::from_static(b"frame");
                    // Odd principals are another audience, for which there is nothing.
                    let count = hub.publish(&topic, except, |conn| {
                        (conn.principal() % 2 == 0).then(|| frame.clone())
                    });
                    let mut expected = 0;
                    for conn in &naive.0 {
                        let hears = conn.topics.contains(&topic)
                            && Some(conn.id) != except
                            && conn.principal % 2 == 0;
                        prop_assert_eq!(conn.outbox.take_frames(9).len(), usize::from(hears));
                        expected += usize::from(hears);
                    }
                    prop_assert_eq!(count, expected);
                }
            }
            agree(&hub, &naive);
        }
    }
}

#[test]
fn memory_returns_after_churn() {
    let registry = Registry::new(Limits::default(), 0);
    let mut hub: Hub<u32, u32> = Hub::new(8);
    for _ in 0..3 {
        let ids: Vec<_> = (0..5000)
            .map(|principal| {
                let (id, replaced) = hub.open(principal, registry.open(), ());
                assert_eq!(replaced, None);
                hub.subscribe(id, principal / 2);
                id
            })
            .collect();
        for id in ids {
            hub.close(id).expect("it is open");
        }
        assert_eq!((hub.conns.capacity(), hub.topics.capacity(), hub.principal_count()), (0, 0, 0));
        assert!(registry.is_empty());
    }
}

#[test]
fn an_id_does_not_name_its_successor() {
    let registry = Registry::new(Limits::default(), 0);
    let mut hub: Hub<u8, u8> = Hub::new(8);
    let (first, _) = hub.open(1, registry.open(), ());
    hub.close(first);
    let (second, _) = hub.open(2, registry.open(), ());
    assert_ne!(first, second);
    assert!(hub.get(first).is_none());
    assert!(!hub.subscribe(first, 1));
    assert!(hub.close(first).is_none());
    assert_eq!(hub.len(), 1);
}
