//! Flows on a schedule: each is a task of the one thread that has all of them.

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    rc::Rc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{HeaderValue, Request};
use kefu_app::{Failure, Stop};
use serde_json::Value;
use tokio::{task::JoinSet, time::timeout};

use super::{
    alarm::Alarm,
    build::{Action, Capture, Flow, Scenario, Step},
    chat::{DRAIN, Ledger, Outcome, Seat},
    client::Client,
    data::plain,
    record::{Ended, Record, TIMEOUT},
    socket::{Socket, SocketError},
    template::Values,
};
use crate::{queue::Queue, share::Share, target::Target};

/// Time between two looks at whether to stop.
const TICK: Duration = Duration::from_millis(50);
/// After a stop, flows under way are waited for so long.
const STOPPING: Duration = Duration::from_secs(1);

/// Everything that flows share.
pub(super) struct World {
    pub(super) scenario: Scenario,
    pub(super) client: Client,
    pub(super) target: Target,
    pub(super) timeout: Duration,
    pub(super) seed: u64,
    pub(super) start: Instant,
    pub(super) record: RefCell<Record>,
    /// What visitors and agents of kefu said to each other.
    pub(super) ledger: RefCell<Ledger>,
    /// What each flow has been chosen less than its weight asks for.
    pub(super) owed: RefCell<Vec<i64>>,
    pub(super) begun: Cell<u64>,
    /// Conversations that agents have had.
    pub(super) attended: Cell<u64>,
    /// Conversations that agents are at.
    pub(super) attending: Cell<u64>,
    /// Which part of the flows is of this process: they have numbers of their own.
    pub(super) share: Share,
}

impl World {
    pub(super) fn now(&self) -> Duration {
        self.start.elapsed()
    }

    /// What names stand for in the flow of this number.
    fn values(&self, number: u64) -> Values<'_> {
        let rows = self.scenario.data.iter().map(|rows| &rows[(number % rows.len() as u64) as usize]);
        Values {
            captured: HashMap::new(),
            rows: rows.collect(),
            variables: Some(&self.scenario.variables),
            number,
            random: Cell::new(self.seed ^ number.wrapping_mul(0xD134_2543_DE82_EF95)),
        }
    }

    /// The number of the next flow; those of other processes lie between.
    fn next_number(&self) -> u64 {
        let begun = self.begun.get();
        self.begun.set(begun + 1);
        begun * u64::from(self.share.of) + u64::from(self.share.number)
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
    if world.scenario.agents > 0 && !is_interrupted {
        drain(world, stop).await;
    }
    Ok(is_interrupted)
}

/// Waits until what was said last has reached who it is for and agents have done their last step, within reason.
async fn drain(world: &World, stop: &Stop) {
    let deadline = world.now() + DRAIN;
    let is_over = || world.ledger.borrow().on_their_way() == 0 && world.attending.get() == 0;
    while !is_over() && world.now() < deadline && !stop.is_requested() {
        tokio::time::sleep(TICK).await;
    }
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

async fn flow(world: &Rc<World>, due: Duration) {
    let flow = &world.scenario.flows[world.choose()];
    go_through(world, flow, None, world.next_number(), due).await;
}

/// An agent goes through the steps for a conversation that has come.
pub(super) async fn attend(world: &Rc<World>, seat: Seat) {
    // It takes no number away from the flows.
    let number = u64::MAX - world.attended.get();
    world.attended.set(world.attended.get() + 1);
    world.attending.set(world.attending.get() + 1);
    go_through(world, &world.scenario.attendance, Some(seat), number, world.now()).await;
    world.attending.set(world.attending.get() - 1);
}

async fn go_through(world: &Rc<World>, flow: &Flow, seat: Option<Seat>, number: u64, due: Duration) {
    let mut values = world.values(number);
    if let Some(seat) = &seat {
        values.captured.insert("conversation", seat.conversation().to_string());
    }
    let mut caller = Caller { world, values, sockets: HashMap::new(), seat, begun: due, due };
    let mut is_done = true;
    for step in &flow.steps {
        match caller.step(step).await {
            Next::Step => {}
            Next::End => break,
            Next::Failed => {
                is_done = false;
                break;
            }
        }
    }
    if let Some(seat) = caller.seat {
        seat.leave(world, is_done);
    }
    world.record.borrow_mut().flow(&flow.name, due, is_done);
}

/// How a flow goes on after a step.
enum Next {
    Step,
    /// It is over before its last step, and that is as it may be.
    End,
    Failed,
}

/// Somebody who goes through a flow.
struct Caller<'a> {
    world: &'a Rc<World>,
    values: Values<'a>,
    /// By the name that the scenario gives them.
    sockets: HashMap<&'a str, Socket>,
    seat: Option<Seat>,
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

fn or_late(got: Result<Got, tokio::time::error::Elapsed>) -> Got {
    got.unwrap_or_else(|_| Got::failed(TIMEOUT))
}

impl<'a> Caller<'a> {
    /// Does a step.
    async fn step(&mut self, step: &'a Step) -> Next {
        let begun = self.world.now();
        let limit = self.world.timeout;
        let got = match &step.action {
            Action::Think(from, to) => {
                let share = (self.values.next() >> 11) as f64 / (1_u64 << 53) as f64;
                tokio::time::sleep(*from + (*to - *from).mul_f64(share)).await;
                self.due = self.world.now();
                return Next::Step;
            }
            Action::Send { on, text } => {
                self.due = begun;
                let text = text.fill(&self.values);
                self.world.record.borrow_mut().figures.bytes_sent += text.len() as u64;
                let Some(socket) = self.sockets.get_mut(on.as_str()) else { return Next::Failed };
                match timeout(limit, socket.send(&text)).await {
                    Ok(Ok(())) => return Next::Step,
                    Ok(Err(error)) => Got::failed(error.name()),
                    Err(_) => Got::failed(TIMEOUT),
                }
            }
            Action::Close { on, code } => {
                if let (Some(socket), Some(code)) = (self.sockets.remove(on.as_str()), code) {
                    // Whether the server hears it makes no difference to what was measured.
                    drop(timeout(limit, socket.close(*code)).await);
                }
                return Next::Step;
            }
            Action::Request { .. } => or_late(timeout(limit, self.request(&step.action)).await),
            Action::Open { .. } => or_late(timeout(limit, self.open(&step.action)).await),
            Action::Receive { on, text } => {
                let wanted = text.fill(&self.values);
                or_late(timeout(limit, self.receive(on, &wanted)).await)
            }
            Action::Visit(inbox) => {
                let inbox = inbox.fill(&self.values);
                let visit = Seat::visit(self.world, &inbox, &mut self.values);
                match timeout(limit, visit).await {
                    Ok(Ok(seat)) => {
                        self.seat = Some(seat);
                        Got::text(String::new())
                    }
                    Ok(Err(why)) => Got::failed(why),
                    Err(_) => Got::failed(TIMEOUT),
                }
            }
            Action::Chat(chat) => {
                let Some(seat) = &mut self.seat else { return Next::Failed };
                match timeout(limit, seat.act(self.world, chat, &self.values)).await {
                    Ok(Outcome::Done) => Got::text(String::new()),
                    Ok(Outcome::Passed) => {
                        self.due = self.world.now();
                        return Next::Step;
                    }
                    Ok(Outcome::Over) => return Next::End,
                    Ok(Outcome::Failed(why)) => Got::failed(why),
                    Err(_) => Got::failed(TIMEOUT),
                }
            }
        };
        self.ended(step, begun, &got)
    }

    /// Notes what a step came to that waited for somebody else.
    fn ended(&mut self, step: &'a Step, begun: Duration, got: &Got) -> Next {
        let error = got.error.or_else(|| self.capture(step, got).then_some("capture"));
        let now = self.world.now();
        let mut record = self.world.record.borrow_mut();
        record.figures.bytes_received += got.text.len() as u64;
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
        if error.is_none() { Next::Step } else { Next::Failed }
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
        self.world.record.borrow_mut().figures.bytes_sent += body.len() as u64;
        let Ok(request) = request.body(body) else { return Got::failed("bad_path") };
        let response = match self.world.client.send(request).await {
            Ok(response) => response,
            Err(failed) => return Got::failed(failed),
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

    async fn open(&mut self, action: &'a Action) -> Got {
        let Action::Open { on, path, headers, subprotocol } = action else { return Got::failed("broken") };
        let headers: Vec<_> =
            headers.iter().map(|(name, value)| (name.as_str(), value.fill(&self.values))).collect();
        let random = [self.values.next(), self.values.next()];
        let path = path.fill(&self.values);
        match Socket::open(&self.world.target, &path, subprotocol, &headers, random).await {
            Ok(socket) => {
                self.sockets.insert(on, socket);
                Got::text(String::new())
            }
            Err(error) => Got::failed(error.name()),
        }
    }

    async fn receive(&mut self, on: &str, wanted: &str) -> Got {
        let Some(socket) = self.sockets.get_mut(on) else { return Got::failed(SocketError::Closed.name()) };
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
