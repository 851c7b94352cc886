//! Copies for the shadow of what goes by on network interfaces: nobody stands in anybody's way.

use std::{collections::HashMap, sync::Arc};

use kefu_app::Failure;
use kefu_traffic::{
    gor::{Kind, Record},
    http::Ended,
};
use tokio::runtime::Handle;

use super::{
    copies::Copies,
    record::Recorder,
    shadow::Shadow,
    statistics::{Reason, Statistics},
};
use crate::{
    message::Parts,
    run::{connection, connection_between},
    source::Sink,
};

/// So many connections are told apart; requests of more are dropped.
const CONNECTIONS_MAX: usize = 100_000;
/// A connection without a session is forgotten after so many ticks without a message: two minutes.
const TICKS_MAX: u64 = 1200;

/// Takes what is captured.
pub(super) struct Passing {
    shadow: Arc<Shadow>,
    recorder: Option<Recorder>,
    statistics: Arc<Statistics>,
    /// Where those who ask the shadow run.
    runtime: Handle,
    connections: HashMap<u64, Passed>,
    ticks: u64,
}

/// A connection that goes by.
struct Passed {
    copies: Copies,
    /// When something was last said on it.
    tick: u64,
}

impl Passing {
    pub(super) fn new(
        shadow: Arc<Shadow>,
        recorder: Option<Recorder>,
        statistics: Arc<Statistics>,
        runtime: Handle,
    ) -> Self {
        Self { shadow, recorder, statistics, runtime, connections: HashMap::new(), ticks: 0 }
    }

    /// What is copied of the connection of a record.
    fn copies(&mut self, record: &Record) -> Option<&mut Copies> {
        let key = connection(record);
        if self.connections.len() >= CONNECTIONS_MAX && !self.connections.contains_key(&key) {
            return None;
        }
        let (shadow, tick) = (&self.shadow, self.ticks);
        let passed = self
            .connections
            .entry(key)
            .or_insert_with(|| Passed { copies: Copies::new(Arc::clone(shadow), key), tick });
        passed.tick = tick;
        Some(&mut passed.copies)
    }
}

impl Sink for Passing {
    fn take(&mut self, record: Record) -> Result<(), Failure> {
        let runtime = self.runtime.clone();
        let _entered = runtime.enter();
        if let Some(recorder) = &self.recorder {
            recorder.take(record.clone());
        }
        let number = record.field("n").and_then(|number| number.parse().ok());
        let statistics = Arc::clone(&self.statistics);
        let copies = self.copies(&record);
        match (record.kind, number, copies) {
            (Kind::Request, Some(number), Some(copies)) => {
                let wants_websocket = Parts::of(&record).is_some_and(|parts| parts.head.is_websocket);
                copies.request(record, number, wants_websocket);
            }
            (Kind::Request, ..) => statistics.dropped(Reason::QueueFull),
            (Kind::Response, Some(number), Some(copies)) => {
                if let Some(status) = Parts::of(&record).and_then(|parts| parts.status()) {
                    copies.response(number, status, record.payload);
                }
            }
            (Kind::ToServer | Kind::ToClient, _, Some(copies)) => copies.message(record),
            (Kind::ToServer, ..) => statistics.said(true, Err(Reason::NoSession)),
            _ => {}
        }
        Ok(())
    }

    fn tick(&mut self) -> Result<(), Failure> {
        self.ticks += 1;
        if self.ticks.is_multiple_of(TICKS_MAX) {
            let old = self.ticks - TICKS_MAX;
            self.connections.retain(|_, passed| passed.tick > old || passed.copies.has_session());
        }
        Ok(())
    }

    fn ended(&mut self, ended: Ended) {
        let Ended { client, server, is_lost } = ended;
        let key = connection_between(&client.to_string(), Some(&server.to_string()));
        if let Some(mut passed) = self.connections.remove(&key)
            && is_lost
        {
            passed.copies.lost();
        }
    }
}
