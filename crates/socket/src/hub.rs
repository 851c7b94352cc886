mod principals;

use std::{collections::HashMap, hash::Hash, sync::Arc};

use bytes::Bytes;
use slab::Slab;

use crate::{
    Outbox, Pushed,
    few::Few,
    hub::principals::{Next, Principals},
};

/// Capacity under which a map is not worth shrinking.
const ROOM_KEPT: usize = 64;

/// Names a connection of a [`Hub`]; never names another one that took its place.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct ConnectionId {
    slot: u32,
    serial: u32,
}

/// Who is connected and who hears what.
///
/// A plain data structure of one owner: no lock, no task, no clock. `P` is whom a connection belongs
/// to, `T` what it can hear of, `M` what its owner keeps with it.
#[derive(Debug)]
pub struct Hub<P, T, M = ()> {
    conns: Slab<Conn<P, T, M>>,
    principals: Principals,
    topics: HashMap<T, Few<u32>>,
    per_principal_max: usize,
    serial: u32,
    /// Connections closed since memory was last given back.
    closed: usize,
}

/// A connection of a [`Hub`].
#[derive(Debug)]
pub struct Conn<P, T, M = ()> {
    /// What it has still to send.
    pub outbox: Arc<Outbox>,
    /// What the hub's owner keeps with it.
    pub meta: M,
    principal: P,
    topics: Few<T>,
    serial: u32,
    next: Next,
}

impl<P, T: PartialEq, M> Conn<P, T, M> {
    /// Whom it belongs to.
    pub fn principal(&self) -> &P {
        &self.principal
    }

    /// What it hears of.
    pub fn topics(&self) -> &[T] {
        self.topics.as_slice()
    }
}

impl<P: Eq + Hash, T: Clone + Eq + Hash, M> Hub<P, T, M> {
    /// An empty hub with so many connections for each principal.
    pub fn new(per_principal_max: usize) -> Self {
        Self {
            conns: Slab::new(),
            principals: Principals::default(),
            topics: HashMap::new(),
            per_principal_max,
            serial: 0,
            closed: 0,
        }
    }

    /// Adds a connection. When its principal has too many now, also returns the oldest, which the
    /// caller is to close.
    pub fn open(
        &mut self,
        principal: P,
        outbox: Arc<Outbox>,
        meta: M,
    ) -> (ConnectionId, Option<ConnectionId>) {
        self.serial = self.serial.wrapping_add(1);
        let serial = self.serial;
        let conn = Conn { outbox, meta, principal, topics: Few::None, serial, next: Next::NONE };
        let slot = u32::try_from(self.conns.insert(conn)).expect("a process has fewer than 2^32 connections");
        self.principals.add(&mut self.conns, slot);
        let id = ConnectionId { slot, serial };
        let principal = &self.conns[slot as usize].principal;
        let replaced = if self.connections_of(principal).nth(self.per_principal_max).is_some() {
            self.connections_of(principal).next().map(|(oldest, _)| oldest)
        } else {
            None
        };
        (id, replaced)
    }

    /// Removes a connection and all that it heard. Its outbox is left as it is.
    pub fn close(&mut self, id: ConnectionId) -> Option<Conn<P, T, M>> {
        self.get(id)?;
        self.principals.remove(&mut self.conns, id.slot);
        let conn = self.conns.remove(id.slot as usize);
        for topic in conn.topics.as_slice() {
            leave(&mut self.topics, topic, id.slot);
        }
        self.give_back();
        Some(conn)
    }

    /// A connection, while it is open.
    pub fn get(&self, id: ConnectionId) -> Option<&Conn<P, T, M>> {
        self.conns.get(id.slot as usize).filter(|conn| conn.serial == id.serial)
    }

    /// A connection, while it is open.
    pub fn get_mut(&mut self, id: ConnectionId) -> Option<&mut Conn<P, T, M>> {
        self.conns.get_mut(id.slot as usize).filter(|conn| conn.serial == id.serial)
    }

    /// Has a connection hear of a topic. Returns whether that is new.
    pub fn subscribe(&mut self, id: ConnectionId, topic: T) -> bool {
        let Some(conn) = self.get_mut(id) else { return false };
        if conn.topics().contains(&topic) {
            return false;
        }
        conn.topics.push(topic.clone());
        self.topics.entry(topic).or_default().push(id.slot);
        true
    }

    /// Has a connection no longer hear of a topic. Returns whether it did.
    pub fn unsubscribe(&mut self, id: ConnectionId, topic: &T) -> bool {
        let Some(conn) = self.get_mut(id) else { return false };
        let was_there = conn.topics.remove(topic);
        if was_there {
            leave(&mut self.topics, topic, id.slot);
        }
        was_there
    }

    /// Those who hear of a topic.
    pub fn subscribers(&self, topic: &T) -> impl Iterator<Item = (ConnectionId, &Conn<P, T, M>)> {
        let slots = self.topics.get(topic).map_or(&[][..], Few::as_slice);
        self.listed(slots.iter().copied())
    }

    /// The connections of a principal, oldest first.
    pub fn connections_of(&self, principal: &P) -> impl Iterator<Item = (ConnectionId, &Conn<P, T, M>)> {
        self.listed(self.principals.slots(&self.conns, principal))
    }

    /// All connections.
    pub fn iter(&self) -> impl Iterator<Item = (ConnectionId, &Conn<P, T, M>)> {
        self.conns.iter().filter_map(|(slot, conn)| {
            Some((ConnectionId { slot: u32::try_from(slot).ok()?, serial: conn.serial }, conn))
        })
    }

    /// Sends to all who hear of a topic, except one, the frame that `frame` has for each: encoded
    /// once, it is shared. Returns how many outboxes took it.
    pub fn publish(
        &self,
        topic: &T,
        except: Option<ConnectionId>,
        mut frame: impl FnMut(&Conn<P, T, M>) -> Option<Bytes>,
    ) -> usize {
        self.subscribers(topic)
            .filter(|(id, _)| Some(*id) != except)
            .filter_map(|(_, conn)| Some(conn.outbox.push(frame(conn)?)))
            .filter(|pushed| *pushed == Pushed::Queued)
            .count()
    }

    /// Open connections.
    pub fn len(&self) -> usize {
        self.conns.len()
    }

    /// Whether nobody is connected.
    pub fn is_empty(&self) -> bool {
        self.conns.is_empty()
    }

    /// Topics that somebody hears of.
    pub fn topic_count(&self) -> usize {
        self.topics.len()
    }

    /// Principals that are connected.
    pub fn principal_count(&self) -> usize {
        self.principals.len()
    }

    fn listed(
        &self,
        slots: impl Iterator<Item = u32>,
    ) -> impl Iterator<Item = (ConnectionId, &Conn<P, T, M>)> {
        slots.filter_map(|slot| {
            let conn = self.conns.get(slot as usize)?;
            Some((ConnectionId { slot, serial: conn.serial }, conn))
        })
    }

    /// Returns memory once many connections were closed; its cost is spread over them.
    fn give_back(&mut self) {
        self.closed += 1;
        if self.conns.is_empty() {
            self.conns = Slab::new();
        } else if self.closed < self.conns.capacity() / 4 {
            return;
        }
        self.closed = 0;
        if self.conns.len() < self.conns.capacity() / 4 {
            self.conns.shrink_to_fit();
        }
        self.principals.shrink(&self.conns);
        shrink(&mut self.topics);
    }
}

/// Takes a slot off a topic's list, and the topic off the map when it was the last.
fn leave<T: Eq + Hash>(topics: &mut HashMap<T, Few<u32>>, topic: &T, slot: u32) {
    let Some(slots) = topics.get_mut(topic) else { return };
    slots.remove(&slot);
    if slots.as_slice().is_empty() {
        topics.remove(topic);
    }
}

fn shrink<T: Eq + Hash>(topics: &mut HashMap<T, Few<u32>>) {
    if topics.capacity() > ROOM_KEPT && topics.len() < topics.capacity() / 4 {
        topics.shrink_to(topics.len() * 2);
    }
}

#[cfg(test)]
mod tests;
