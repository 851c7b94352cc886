//! Flows on a schedule: each is a task of the one thread that has all of them.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderValue, Request};
use kefu_app::{Failure, Stop};
use kefu_upstream::{HttpClient, Trouble};
use serde_json::Value;
use tokio::{task::JoinSet, time::timeout};

use super::{
    alarm::Alarm,
    build::{Action, Capture, Flow, Scenario, Step},
    data::plain,
    record::{Ended, Record, TIMEOUT},
    socket::{Socket, SocketError},
    template::Values,
};
use crate::{
    queue::{Queue, Window},
    target::Target,
};

/// Time between two looks at whether to stop.
const TICK: Duration = Duration::from_millis(50);
/// After a stop, flows under way are waited for so long.
const STOPPING: Duration = Duration::from_secs(1);

/// Everything that flows share.
pub(super) struct World {
    pub(super) scenario: Scenario,
    pub(super) client: HttpClient,
    pub(super) target: Target,
    pub(super) timeout: Duration,
    pub(super) seed: u64,
    pub(super) start: Instant,
    pub(super) record: RefCell<Record>,
    /// What each flow has been chosen less than its weight asks for.
    pub(super) owed: RefCell<Vec<i64>>,
    pub(super) begun: Cell<u64>,
}

impl World {
    fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// The flow whose turn it is: each as often as its weight says, and evenly spread.
    fn choose(&self) -> usize {
        let mut owed = self.owed.borrow_mut();
        let flows = &self.scenario.flows;
        for (owed, flow) in owed.iter_mut().zip(flows) {
            *owed += i64::from(flow.weight);
        }
        let chosen = (0..flows.len()).rev().max_by_key(|index| owed[*index]).unwrap_or_default();
        owed[chosen] -= flows.iter().map(|flow| i64::from(flow.weight)).sum::<i64>();
        chosen
    }
}

/// Runs flows until all that are due have ended; says whether the run was stopped before.
pub(super) async fn drive(
    world: &Rc<World>,
    mut queue: Queue,
    concurrency: usize,
    stop: &Stop,
    look: &mut dyn FnMut(Duration),
) -> Result<bool, Failure> {
    let alarm = Alarm::new();
    let (mut flows, mut is_interrupted) = (JoinSet::new(), false);
    let mut end = world.record.borrow().window.to;
    loop {
        let now = world.now();
        look(now);
        if stop.is_requested() && !is_interrupted {
            is_interrupted = true;
            end = end.min(now);
            let mut record = world.record.borrow_mut();
            record.window.to = end.max(record.window.from);
            queue.stop();
        }
        begin(world, &mut queue, &mut flows, concurrency, end);
        // What has not had its turn by now will not have it; flows under way end by themselves, step by step.
        while now > end + world.timeout
            && queue.has_waiting()
            && let Some(due) = queue.take(now, end)
        {
            world.record.borrow_mut().unsent(due, now);
        }
        if (flows.is_empty() && queue.is_over(now, end)) || (is_interrupted && now > end + STOPPING) {
            break;
        }
        let next = queue.next_due().map_or(now + TICK, |due| due.min(now + TICK));
        tokio::select! {
            () = alarm.sleep(world.start + next) => {}
            Some(ended) = flows.join_next() => ended.map_err(Failure::internal)?,
        }
    }
    Ok(is_interrupted)
}

/// Begins what is due, as far as there is room.
fn begin(world: &Rc<World>, queue: &mut Queue, flows: &mut JoinSet<()>, concurrency: usize, end: Duration) {
    let late = |due: Duration, now: Duration| {
        let mut record = world.record.borrow_mut();
        if record.window.holds(due) {
            record.lateness.record(due, now);
        }
    };
    loop {
        while flows.try_join_next().is_some() {}
        let now = world.now();
        if flows.len() >= concurrency {
            while let Some(due) = queue.notice(now) {
                late(due, now);
            }
            return;
        }
        if !queue.has_waiting()
            && let Some(due) = queue.notice(now)
        {
            late(due, now);
        }
        let Some(due) = queue.take(now, end) else { return };
        let world = Rc::clone(world);
        flows.spawn_local(async move { flow(&world, due).await });
    }
}

async fn flow(world: &World, due: Duration) {
    let number = world.begun.get();
    world.begun.set(number + 1);
    let flow = &world.scenario.flows[world.choose()];
    let rows = world.scenario.data.iter().map(|rows| &rows[(number % rows.len() as u64) as usize]);
    let values = Values {
        captured: std::collections::HashMap::new(),
        rows: rows.collect(),
        variables: Some(&world.scenario.variables),
        number,
        random: Cell::new(world.seed ^ number.wrapping_mul(0xD134_2543_DE82_EF95)),
    };
    let mut caller = Caller { world, flow, values, socket: None, begun: due, due };
    let mut is_done = true;
    for step in &flow.steps {
        if !caller.step(step).await {
            is_done = false;
            break;
        }
    }
    world.record.borrow_mut().flow(&caller.flow.name, due, is_done);
}

/// Somebody who goes through a flow.
struct Caller<'a> {
    world: &'a World,
    flow: &'a Flow,
    values: Values<'a>,
    socket: Option<Socket>,
    /// When the flow was due.
    begun: Duration,
    /// When the next step is due.
    due: Duration,
}

/// What a step got, if it waits for something.
struct Got {
    status: Option<u16>,
    error: Option<&'static str>,
    text: Bytes,
    headers: http::HeaderMap,
}

impl Got {
    fn failed(error: &'static str) -> Self {
        Self { status: None, error: Some(error), text: Bytes::new(), headers: http::HeaderMap::new() }
    }

    fn text(text: String) -> Self {
        Self { error: None, text: text.into(), ..Self::failed("") }
    }
}

impl<'a> Caller<'a> {
    /// Does a step; false ends the flow.
    async fn step(&mut self, step: &'a Step) -> bool {
        let begun = self.world.now();
        let limit = self.world.timeout;
        let got = match &step.action {
            Action::Think(from, to) => {
                let share = (self.values.next() >> 11) as f64 / (1_u64 << 53) as f64;
                tokio::time::sleep(*from + (*to - *from).mul_f64(share)).await;
                self.due = self.world.now();
                return true;
            }
            Action::Send(text) => {
                self.due = begun;
                let text = text.fill(&self.values);
                self.world.record.borrow_mut().bytes_sent += text.len() as u64;
                let Some(socket) = &mut self.socket else { return false };
                match timeout(limit, socket.send(&text)).await {
                    Ok(Ok(())) => return true,
                    Ok(Err(error)) => Got::failed(error.name()),
                    Err(_) => Got::failed(TIMEOUT),
                }
            }
            Action::Close(code) => {
                if let (Some(socket), Some(code)) = (self.socket.take(), code) {
                    // Whether the server hears it makes no difference to what was measured.
                    drop(timeout(limit, socket.close(*code)).await);
                }
                return true;
            }
            Action::Request { .. } => {
                timeout(limit, self.request(&step.action)).await.unwrap_or_else(|_| Got::failed(TIMEOUT))
            }
            Action::Open { .. } => {
                timeout(limit, self.open(&step.action)).await.unwrap_or_else(|_| Got::failed(TIMEOUT))
            }
            Action::Receive(text) => {
                let wanted = text.fill(&self.values);
                timeout(limit, self.receive(&wanted)).await.unwrap_or_else(|_| Got::failed(TIMEOUT))
            }
        };
        let error = got.error.or_else(|| self.capture(step, &got).then_some("capture"));
        let now = self.world.now();
        let mut record = self.world.record.borrow_mut();
        record.bytes_received += got.text.len() as u64;
        record.ended(&Ended {
            name: &step.name,
            flow: self.begun,
            due: self.due,
            begun,
            now,
            status: got.status,
            error,
        });
        self.due = now;
        error.is_none()
    }

    async fn request(&self, action: &Action) -> Got {
        let Action::Request { method, path, headers, body, status, text } = action else {
            return Got::failed("broken");
        };
        let body = Bytes::from(body.fill(&self.values));
        let mut request = Request::builder().method(method.clone()).uri(path.fill(&self.values));
        for (name, value) in headers {
            let Ok(value) = HeaderValue::try_from(value.fill(&self.values)) else {
                return Got::failed("bad_header");
            };
            request = request.header(name, value);
        }
        self.world.record.borrow_mut().bytes_sent += body.len() as u64;
        let Ok(request) = request.body(body) else { return Got::failed("bad_path") };
        let response = match self.world.client.send(request).await {
            Ok(response) => response,
            Err(Trouble::Connect(_)) => return Got::failed("unreachable"),
            Err(Trouble::Broken(_)) => return Got::failed("closed"),
            Err(Trouble::TimedOut) => return Got::failed(TIMEOUT),
            Err(Trouble::TooLong(_)) => return Got::failed("too_long"),
        };
        let (head, answer) = response.into_parts();
        let found = head.status.as_u16();
        let is_expected = status.map_or(found < 400, |status| status == found);
        let text = text.fill(&self.values);
        let error = match () {
            () if !is_expected => Some("expect_status"),
            () if memchr::memmem::find(&answer, text.as_bytes()).is_none() => Some("expect_body"),
            () => None,
        };
        Got { status: Some(found), error, text: answer, headers: head.headers }
    }

    async fn open(&mut self, action: &Action) -> Got {
        let Action::Open { path, headers, subprotocol } = action else { return Got::failed("broken") };
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| (name.as_str(), value.fill(&self.values))).collect();
        let random = [self.values.next(), self.values.next()];
        let Target { address, authority, .. } = &self.world.target;
        let path = path.fill(&self.values);
        match Socket::open(*address, authority, &path, subprotocol, &headers, random).await {
            Ok(socket) => {
                self.socket = Some(socket);
                Got::text(String::new())
            }
            Err(error) => Got::failed(error.name()),
        }
    }

    async fn receive(&mut self, wanted: &str) -> Got {
        let Some(socket) = &mut self.socket else { return Got::failed(SocketError::Closed.name()) };
        match socket.receive(|text| text.contains(wanted)).await {
            Ok(text) => Got::text(text),
            Err(error) => Got::failed(error.name()),
        }
    }

    /// Keeps what the step asks for; true if something is not there.
    fn capture(&mut self, step: &'a Step, got: &Got) -> bool {
        let json = step.captures.iter().any(|(_, capture)| matches!(capture, Capture::Pointer(_)));
        let json: Option<Value> = if json { serde_json::from_slice(&got.text).ok() } else { None };
        for (name, capture) in &step.captures {
            let found = match capture {
                Capture::Pointer(pointer) => json.as_ref().and_then(|json| json.pointer(pointer)).map(plain),
                Capture::Header(header) => {
                    got.headers.get(header).and_then(|value| Some(value.to_str().ok()?.to_owned()))
                }
            };
            let Some(found) = found else { return true };
            self.values.captured.insert(name, found);
        }
        false
    }
}

/// The measured part of a run.
pub(super) fn window(warmup: Duration, duration: Duration) -> Window {
    Window { from: warmup, to: warmup + duration }
}
