//! Requests with the answers that files have to them.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
};

use kefu_app::{Failure, Language, Stop};
use kefu_traffic::gor::{Kind, Record};
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore, mpsc},
};

use super::{
    answers::AnswerFile,
    rules::{Asked, Rules},
};
use crate::{
    account::{Account, Reason},
    args::Share,
    message::Parts,
    run::{Prepared, Rewrites, Skipped, connection},
    socket::Figures,
    source::{Outcome, Source},
    translate::Translator,
};

/// Requests that wait for the answer that was recorded have at most so many bytes.
const WAITING_BYTES: usize = 64 << 20;

/// A request, and what is known of its answers.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) id: String,
    /// Its method and target.
    pub(super) line: String,
    pub(super) asked: Asked,
    /// What servers are sent; nothing is if it is not known.
    pub(super) prepared: Option<Prepared>,
    /// The request as it was recorded, if it is to be translated.
    pub(super) original: Option<Record>,
    pub(super) primary: Had,
    pub(super) secondary: Option<Had>,
    pub(super) candidate: Had,
    /// Its share of what may be held.
    pub(super) _held: OwnedSemaphorePermit,
}

/// What a worker is to do.
#[derive(Debug)]
pub(super) enum Work {
    /// Have a request answered.
    Exchange(Box<Exchange>),
    /// Go on with a WebSocket session.
    Socket { record: Record, held: OwnedSemaphorePermit },
}

/// An answer, or that it is yet to be asked for.
#[derive(Debug)]
pub(super) enum Had {
    /// As a file has it, if it has it.
    Known(Option<Vec<u8>>),
    /// A server has it.
    Asked,
}

/// Where one side's answers come from, as far as files are read for it.
pub(super) enum Side {
    /// The input.
    Recorded,
    /// A file beside it.
    File(Box<AnswerFile>),
    /// A server.
    Server,
}

impl Side {
    fn answer(&mut self, id: &str, recorded: &mut Option<Vec<u8>>) -> Had {
        match self {
            Self::Recorded => Had::Known(recorded.take()),
            Self::File(file) => Had::Known(file.take(id)),
            Self::Server => Had::Asked,
        }
    }

    fn complaints(&self) -> u64 {
        match self {
            Self::File(file) => file.complaints(),
            Self::Recorded | Self::Server => 0,
        }
    }
}

/// What is read, and for whom.
pub(super) struct Reading {
    pub(super) source: Source,
    pub(super) primary: Side,
    pub(super) secondary: Option<Side>,
    pub(super) candidate: Side,
    pub(super) rewrites: Rewrites,
    pub(super) translator: Option<Arc<Translator>>,
    pub(super) sample: Share,
    /// Those who take exchanges; the same one takes all of a recorded connection.
    pub(super) workers: Vec<mpsc::Sender<Work>>,
    pub(super) room: Arc<Semaphore>,
}

/// The least that an exchange counts for, and the unit of room.
pub(super) const UNIT: usize = 1 << 10;

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) outcome: Outcome,
    /// Of requests, and of recorded answers without one; emitted are those that were handed to a worker.
    pub(super) account: Account,
    /// What became of WebSocket sessions.
    pub(super) sockets: Figures,
}

/// Sessions that are known at once; messages of more are left out.
const SESSIONS_MAX: usize = 100_000;

/// Hands what belongs to WebSocket sessions to their workers.
struct Sorting<'a> {
    translator: Option<Arc<Translator>>,
    sample: Share,
    workers: Vec<mpsc::Sender<Work>>,
    room: Arc<Semaphore>,
    runtime: &'a Handle,
    /// The workers of sessions, by their ids, and whether the answer to the handshake is still to come.
    sessions: HashMap<String, (usize, bool)>,
    account: Account,
}

impl Sorting<'_> {
    /// Takes a record of a session; gives back what is none.
    fn take(&mut self, record: Record) -> Option<Record> {
        let Some(translator) = self.translator.clone() else { return Some(record) };
        let worker = match record.kind {
            Kind::Request => {
                let Some(seat) = translator.seat(&record) else { return Some(record) };
                self.account.seen += 1;
                if !self.sample.has(connection(&record)) {
                    self.account.dropped(Reason::Sample, 1);
                    return None;
                }
                if self.sessions.len() >= SESSIONS_MAX {
                    self.account.dropped(Reason::NoSession, 1);
                    return None;
                }
                let worker = usize::try_from(seat.lane % self.workers.len() as u64).unwrap_or_default();
                self.sessions.insert(record.id.clone(), (worker, true));
                worker
            }
            Kind::Response => {
                // What the server says to the handshake is said by the session.
                let is_expected = self.sessions.get_mut(&record.id).map(|(_, is_expected)| is_expected);
                let is_of_session = is_expected.is_some_and(std::mem::take);
                return (!is_of_session).then_some(record);
            }
            Kind::ToServer | Kind::ToClient => {
                self.account.seen += 1;
                let Some((worker, _)) = self.sessions.get(&record.id) else {
                    self.account.dropped(Reason::NoSession, 1);
                    return None;
                };
                *worker
            }
            _ => return Some(record),
        };
        let units = u32::try_from(record.payload.len() / UNIT + 1).unwrap_or(u32::MAX);
        let Ok(held) = self.runtime.block_on(Arc::clone(&self.room).acquire_many_owned(units)) else {
            return None;
        };
        self.account.emitted += 1;
        // A worker ends only when everything does.
        drop(self.workers[worker].blocking_send(Work::Socket { record, held }));
        None
    }
}

impl Reading {
    /// Reads everything, and hands each exchange to the worker of its connection.
    pub(super) fn all(
        self,
        rules: &Rules,
        language: Language,
        stop: &Stop,
        runtime: &Handle,
    ) -> Result<Read, Failure> {
        let Self { source, rewrites, translator, sample, workers, room, .. } = self;
        let (mut primary, mut secondary, mut candidate) = (self.primary, self.secondary, self.candidate);
        let mut read = Read::default();
        let mut sorting = Sorting {
            translator: translator.clone().filter(|translator| translator.has_sockets()),
            sample,
            workers: workers.clone(),
            room: Arc::clone(&room),
            runtime,
            sessions: HashMap::new(),
            account: Account::default(),
        };
        let mut pairs = Pairs { is_paired: matches!(primary, Side::Recorded), ..Pairs::default() };
        let mut give = |request: Option<Record>, answer: Option<Record>| {
            let Some(of) = request.as_ref().or(answer.as_ref()) else { return };
            let (id, connection) = (of.id.clone(), connection(of));
            read.account.seen += 1;
            if !sample.has(connection) {
                return read.account.dropped(Reason::Sample, 1);
            }
            let lane = match (&translator, &request) {
                (Some(translator), Some(request)) => translator.lane(request),
                _ => connection,
            };
            let original = request.clone().filter(|_| translator.is_some());
            let mut recorded = answer.map(|answer| answer.payload);
            let (line, asked, prepared) = match request.map(|request| prepared(rules, &rewrites, request)) {
                None => (String::new(), Rules::asked_unknown(), None),
                Some(Ok((line, asked, prepared))) => (line, asked, Some(prepared)),
                Some(Err(why)) => return read.account.dropped(why.into(), 1),
            };
            let bytes = prepared.as_ref().map_or(0, |prepared| prepared.bytes.len())
                + recorded.as_ref().map_or(0, Vec::len);
            let units = u32::try_from(bytes / UNIT + 1).unwrap_or(u32::MAX);
            let Ok(held) = runtime.block_on(Arc::clone(&room).acquire_many_owned(units)) else {
                return;
            };
            let exchange = Exchange {
                line,
                asked,
                prepared,
                original,
                primary: primary.answer(&id, &mut recorded),
                secondary: secondary.as_mut().map(|side| side.answer(&id, &mut recorded)),
                candidate: candidate.answer(&id, &mut recorded),
                id,
                _held: held,
            };
            let worker = usize::try_from(lane % workers.len() as u64).unwrap_or_default();
            read.account.emitted += 1;
            // A worker ends only when everything does.
            drop(workers[worker].blocking_send(Work::Exchange(Box::new(exchange))));
        };
        let outcome = source.read(language, stop, &mut |record| {
            if let Some(record) = sorting.take(record) {
                pairs.take(record, &mut give);
            }
            Ok(())
        })?;
        if !outcome.is_stopped {
            pairs.end(&mut give);
        }
        read.outcome = outcome;
        read.account.add(&sorting.account);
        let sides = [Some(&primary), secondary.as_ref(), Some(&candidate)];
        read.outcome.complaints += sides.into_iter().flatten().map(Side::complaints).sum::<u64>();
        Ok(read)
    }
}

fn prepared(
    rules: &Rules,
    rewrites: &Rewrites,
    request: Record,
) -> Result<(String, Asked, Prepared), Skipped> {
    let (line, asked) = {
        let parts = Parts::of(&request).ok_or(Skipped::Malformed)?;
        let (method, target) = parts.request().ok_or(Skipped::Malformed)?;
        (format!("{method} {target}"), rules.asked(method, target))
    };
    Ok((line, asked, rewrites.prepare(request)?))
}

/// Puts requests and recorded answers together.
#[derive(Debug, Default)]
struct Pairs {
    /// The recorded answers are wanted.
    is_paired: bool,
    has_requests: bool,
    waiting: HashMap<String, VecDeque<(u64, Record)>>,
    order: VecDeque<(String, u64)>,
    number: u64,
    bytes: usize,
}

impl Pairs {
    fn take(&mut self, record: Record, give: &mut impl FnMut(Option<Record>, Option<Record>)) {
        match record.kind {
            Kind::Request if self.is_paired => {
                self.has_requests = true;
                self.bytes += record.payload.len();
                self.number += 1;
                self.order.push_back((record.id.clone(), self.number));
                self.waiting.entry(record.id.clone()).or_default().push_back((self.number, record));
                while self.bytes > WAITING_BYTES {
                    self.let_go(give);
                }
                if self.order.len() > 2 * self.waiting.len() + 1000 {
                    let waiting = &self.waiting;
                    self.order.retain(|(id, number)| {
                        waiting.get(id).is_some_and(|known| known.iter().any(|(known, _)| known == number))
                    });
                }
            }
            Kind::Request => give(Some(record), None),
            Kind::Response | Kind::Replayed if self.is_paired => match self.pop(&record.id) {
                Some(request) => give(Some(request), Some(record)),
                // Files of answers alone are compared as well.
                None if !self.has_requests => give(None, Some(record)),
                None => {}
            },
            _ => {}
        }
    }

    /// The request that has waited longest with this id.
    fn pop(&mut self, id: &str) -> Option<Record> {
        let waiting = self.waiting.get_mut(id)?;
        let request = waiting.pop_front();
        if waiting.is_empty() {
            self.waiting.remove(id);
        }
        let (_, request) = request?;
        self.bytes -= request.payload.len();
        Some(request)
    }

    /// Gives the request that has waited longest, without an answer.
    fn let_go(&mut self, give: &mut impl FnMut(Option<Record>, Option<Record>)) {
        let Some((id, number)) = self.order.pop_front() else { return };
        let is_there =
            |waiting: &VecDeque<(u64, Record)>| waiting.front().is_some_and(|(known, _)| *known == number);
        if self.waiting.get(&id).is_some_and(is_there)
            && let Some(request) = self.pop(&id)
        {
            give(Some(request), None);
        }
    }

    fn end(mut self, give: &mut impl FnMut(Option<Record>, Option<Record>)) {
        while !self.order.is_empty() {
            self.let_go(give);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: Kind, id: &str, payload: &str) -> Record {
        let extra = String::new();
        Record { kind, id: id.to_owned(), timestamp: 0, latency: None, extra, payload: payload.into() }
    }

    #[test]
    fn requests_get_their_answers_in_the_order_of_their_ids() {
        let mut given = Vec::new();
        let mut give = |request: Option<Record>, answer: Option<Record>| {
            let text =
                |record: Option<Record>| record.map(|record| String::from_utf8(record.payload).unwrap());
            given.push((text(request), text(answer)));
        };
        let mut pairs = Pairs { is_paired: true, ..Pairs::default() };
        for (kind, id, payload) in [
            (Kind::Response, "z", "alone"),
            (Kind::Request, "a", "1"),
            (Kind::Request, "b", "2"),
            (Kind::Request, "a", "3"),
            (Kind::Response, "z", "none asked"),
            (Kind::Response, "b", "two"),
            (Kind::Replayed, "a", "one"),
            (Kind::Request, "c", "4"),
        ] {
            pairs.take(record(kind, id, payload), &mut give);
        }
        pairs.end(&mut give);
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(
            given,
            [
                (None, some("alone")),
                (some("2"), some("two")),
                (some("1"), some("one")),
                (some("3"), None),
                (some("4"), None),
            ]
        );
    }
}
