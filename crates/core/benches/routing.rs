//! How long one decision of routing takes with 500 agents, 50 teams and 5,000 waiting conversations.
//!
//! `cargo bench -p kefu-core --bench routing [part of a name]` prints the distribution for each shape of work and ends with an error when the 99th
//! percentile of one is above the target. A decision is all that routing does about one event: counting who
//! became free, choosing, and taking note that it was carried out.

#![expect(clippy::print_stdout, reason = "a benchmark reports on standard output")]

use std::process::ExitCode;

use hdrhistogram::Histogram;
use kefu_core::{
    AgentKey, AgentStatus, Assignment, ConversationKey, Due, LastAgent, Level, Micros, Overflow, Priority,
    Profile, Routing, Rules, SkillKey, Sticky, Strategy, TeamKey, Wait,
};
use rustix::time::{ClockId, clock_gettime};

const AGENTS: i64 = 500;
const TEAMS: i64 = 50;
const SKILLS: u64 = 20;
const WAITING: i64 = 5_000;
const CAPACITY: u32 = 8;
const TARGET_NS: u64 = 50_000;
const SECOND: i64 = 1_000_000;

/// SplitMix64 (Steele, Lea and Flood, 2014).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % sides
    }

    fn key(&mut self, sides: i64) -> i64 {
        self.roll(sides.unsigned_abs()).cast_signed()
    }
}

/// What the conversations of a shape ask for.
#[derive(Clone, Copy)]
struct Shape {
    /// Share of conversations that wait for a team, in percent.
    in_teams: u64,
    /// How many skills each needs.
    skills: usize,
    /// What is set in every team besides its strategy.
    rules: Rules,
    strategy: Option<Strategy>,
}

/// Works in a shape for so many rounds.
type Measure = fn(Shape, usize) -> Times;

/// A service desk.
struct Floor {
    routing: Routing,
    dice: Dice,
    now: Micros,
    last_key: i64,
    /// What waits, and some that does not any more.
    queue: Vec<ConversationKey>,
    shape: Shape,
}

impl Floor {
    /// Everybody is online and has `load` conversations; [`WAITING`] wait.
    fn new(shape: Shape, load: u32) -> Self {
        let dice = Dice(7);
        let mut floor =
            Self { routing: Routing::default(), dice, now: Micros(1), last_key: 0, queue: Vec::new(), shape };
        let strategies = [Strategy::LeastBusy, Strategy::RoundRobin, Strategy::Skill];
        floor.routing.set_grace(Some(180 * SECOND));
        let strategy = |n: usize| shape.strategy.unwrap_or(strategies[n % 3]);
        floor.routing.set_team(None, Rules { strategy: strategy(0), ..shape.rules }, floor.now);
        for (n, team) in (0..TEAMS).map(TeamKey).enumerate() {
            let overflow =
                shape.rules.overflow.map(|o| Overflow { team: TeamKey((team.0 + 1) % TEAMS), ..o });
            let rules = Rules { strategy: strategy(n), overflow, ..shape.rules };
            floor.routing.set_team(Some(team), rules, floor.now);
        }
        for agent in (0..AGENTS).map(AgentKey) {
            let profile = floor.profile();
            floor.routing.set_agent(agent, profile, floor.now);
            for _ in 0..load {
                let (key, wait) = (floor.next_key(), Wait::since(floor.now));
                floor.routing.restore(key, agent, true, wait, floor.now);
            }
            floor.routing.socket(agent, true, floor.now);
        }
        for _ in 0..WAITING {
            floor.arrive();
        }
        floor
    }

    fn next_key(&mut self) -> ConversationKey {
        self.last_key += 1;
        ConversationKey(self.last_key)
    }

    fn some_skills(&mut self, count: usize) -> Vec<SkillKey> {
        let mut skills = Vec::new();
        while skills.len() < count {
            let skill = SkillKey(self.dice.roll(SKILLS).cast_signed());
            if !skills.contains(&skill) {
                skills.push(skill);
            }
        }
        skills
    }

    fn profile(&mut self) -> Profile {
        let levels = [1, 2, 3, 4, 5].map(|level| Level::new(level).unwrap_or_default());
        Profile {
            status: AgentStatus::Online,
            capacity: CAPACITY,
            disabled: false,
            teams: (0..3).map(|_| TeamKey(self.dice.key(TEAMS))).collect(),
            skills: self.some_skills(5).into_iter().zip(levels).collect(),
        }
    }

    fn a_wait(&mut self) -> Wait {
        self.now = self.now.plus(1_000);
        let priority = match self.dice.roll(20) {
            0 => Priority::Urgent,
            1 | 2 => Priority::High,
            _ => Priority::Normal,
        };
        let team = (self.dice.roll(100) < self.shape.in_teams).then(|| TeamKey(self.dice.key(TEAMS)));
        let last = (self.shape.rules.sticky.is_some() && self.dice.roll(2) == 0)
            .then(|| LastAgent { agent: AgentKey(self.dice.key(AGENTS)), at: self.now });
        Wait { since: self.now, team, skills: self.some_skills(self.shape.skills), priority, last }
    }

    /// One more conversation waits.
    fn arrive(&mut self) {
        let (key, wait) = (self.next_key(), self.a_wait());
        self.routing.wait(key, wait, self.now);
        self.queue.push(key);
    }

    /// Some visitors leave and others come, so that the queue is not only what nobody can take.
    fn refill(&mut self) {
        for _ in 0..3 {
            let index = usize::try_from(self.dice.roll(self.queue.len() as u64)).unwrap_or(0);
            let key = self.queue.swap_remove(index);
            if self.routing.waiting_since(key).is_some() {
                self.routing.leave(key, self.now);
            }
        }
        while self.routing.waiting_count() < usize::try_from(WAITING).unwrap_or(usize::MAX) {
            self.arrive();
        }
    }

    fn assign(&mut self) -> Option<Assignment> {
        let given = self.routing.assign(self.now)?;
        self.routing.confirm(given.conversation, self.now);
        Some(given)
    }

    /// Hands out until nobody can take anything, and keeps what was handed out.
    fn drain(&mut self, held: &mut Vec<Assignment>) {
        while let Some(given) = self.assign() {
            held.push(given);
        }
    }
}

/// Times of one shape, in nanoseconds.
struct Times(Histogram<u64>);

impl Times {
    fn new() -> Self {
        Self(Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("the bounds are in order"))
    }

    fn measure<T>(&mut self, what: impl FnOnce() -> T) -> T {
        let began = cpu_time_ns();
        let result = std::hint::black_box(what());
        self.0.saturating_record(cpu_time_ns() - began);
        result
    }

    /// Prints a line; returns whether the target is met.
    fn print(&self, name: &str) -> bool {
        let at = |quantile| micros(self.0.value_at_quantile(quantile));
        let met = self.0.value_at_quantile(0.99) <= TARGET_NS;
        println!(
            "{name:<58} {:>7} {:>8} {:>8} {:>8} {:>8}{}",
            self.0.len(),
            at(0.5),
            at(0.99),
            at(0.999),
            micros(self.0.max()),
            if met { "" } else { "  above the target" }
        );
        met
    }
}

/// What this thread has had of a processor, in nanoseconds: who else uses the machine makes no difference.
fn cpu_time_ns() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    u64::try_from(time.tv_sec * 1_000_000_000 + time.tv_nsec).unwrap_or(0)
}

fn micros(ns: u64) -> String {
    format!("{}.{:02}", ns / 1_000, ns % 1_000 / 10)
}

/// Everybody is full: a conversation comes and nobody can take it.
fn all_busy(shape: Shape, rounds: usize) -> Times {
    let mut times = Times::new();
    let mut floor = Floor::new(shape, CAPACITY);
    for _ in 0..rounds {
        let (key, wait) = (floor.next_key(), floor.a_wait());
        let given = times.measure(|| {
            floor.routing.wait(key, wait, floor.now);
            floor.routing.assign(floor.now)
        });
        assert_eq!(given, None);
        floor.routing.leave(key, floor.now);
    }
    times
}

/// Everybody is full but one, who has ended a conversation and gets the next.
fn one_comes_free(shape: Shape, rounds: usize) -> Times {
    let mut times = Times::new();
    let mut floor = Floor::new(shape, CAPACITY - 1);
    let mut held = Vec::new();
    floor.drain(&mut held);
    floor.refill();
    floor.drain(&mut held);
    for _ in 0..rounds {
        let index = usize::try_from(floor.dice.roll(held.len().max(1) as u64)).unwrap_or(0);
        let ended = held.swap_remove(index);
        let given = times.measure(|| {
            floor.routing.leave(ended.conversation, floor.now);
            floor.assign()
        });
        held.extend(given);
        floor.refill();
        floor.drain(&mut held);
    }
    times
}

/// Everybody has room, and what waits needs skills that nobody has: one comes that can be taken.
fn all_free(shape: Shape, rounds: usize) -> Times {
    let mut times = Times::new();
    let mut floor = Floor::new(shape, CAPACITY / 2);
    let mut held = Vec::new();
    loop {
        floor.drain(&mut held);
        if held.is_empty() {
            break;
        }
        for given in held.drain(..) {
            floor.routing.leave(given.conversation, floor.now);
        }
    }
    while floor.routing.waiting_count() < usize::try_from(WAITING).unwrap_or(usize::MAX) {
        let (key, mut wait) = (floor.next_key(), floor.a_wait());
        wait.skills.push(SkillKey(SKILLS.cast_signed()));
        floor.routing.wait(key, wait, floor.now);
    }
    for _ in 0..rounds {
        let (key, wait) = (floor.next_key(), floor.a_wait());
        let given = times.measure(|| {
            floor.routing.wait(key, wait, floor.now);
            floor.assign()
        });
        floor.routing.leave(given.map_or(key, |given| given.conversation), floor.now);
    }
    times
}

/// All come at once to a full queue: each hand-out until everybody is full.
fn the_morning(shape: Shape, rounds: usize) -> Times {
    let mut times = Times::new();
    while times.0.len() < rounds as u64 {
        let mut floor = Floor::new(shape, 0);
        while times.measure(|| floor.assign()).is_some() {}
    }
    times
}

/// An offer is ignored and goes to somebody else.
fn an_offer_runs_out(shape: Shape, rounds: usize) -> Times {
    let mut times = Times::new();
    let mut floor = Floor::new(shape, CAPACITY - 1);
    while floor.assign().is_some() {
        floor.now = floor.now.plus(1_000);
    }
    while times.0.len() < rounds as u64 {
        let Some(at) = floor.routing.next_deadline() else { break };
        floor.now = floor.now.max(at);
        let began = cpu_time_ns();
        let due = floor.routing.tick(floor.now);
        let given = std::iter::from_fn(|| floor.assign()).take(due.len()).count();
        let took = cpu_time_ns() - began;
        // Few run out in the same moment, but some do.
        for _ in 0..given {
            times.0.saturating_record(took / given as u64);
        }
        for missed in due {
            if let Due::OfferMissed { conversation, .. } = missed
                && floor.dice.roll(8) == 0
            {
                floor.routing.leave(conversation, floor.now);
            }
        }
        floor.refill();
        while floor.assign().is_some() {
            floor.now = floor.now.plus(1_000);
        }
    }
    times
}

/// What the measuring itself takes.
fn nothing(_: Shape, rounds: usize) -> Times {
    let mut times = Times::new();
    (0..rounds).for_each(|_| times.measure(|| ()));
    times
}

/// The place in the queue and the time to wait, for any that waits.
fn outlook(shape: Shape, rounds: usize) -> Times {
    let mut times = Times::new();
    let mut floor = Floor::new(shape, CAPACITY);
    for _ in 0..rounds {
        let key = ConversationKey(floor.last_key - floor.dice.key(WAITING));
        assert!(times.measure(|| floor.routing.outlook(key, floor.now)).is_some());
    }
    times
}

fn main() -> ExitCode {
    // `cargo test --benches` only wants to know that it runs.
    let rounds = if std::env::args().any(|argument| argument == "--bench") { 50_000 } else { 20 };
    let plain =
        Shape { in_teams: 0, skills: 0, rules: Rules::default(), strategy: Some(Strategy::LeastBusy) };
    let teams = Shape { in_teams: 90, strategy: None, ..plain };
    let skilled = Shape { skills: 2, ..teams };
    let no_teams = Shape { in_teams: 0, skills: 3, strategy: Some(Strategy::Skill), ..plain };
    let sticky = Some(Sticky { window_us: 3_600 * SECOND, wait_us: 30 * SECOND });
    let overflow = Some(Overflow { after_us: SECOND, team: TeamKey(0) });
    let everything = Shape { rules: Rules { sticky, overflow, ..Rules::default() }, ..skilled };
    let offers = Rules { accept_timeout_us: Some(20 * SECOND), ..Rules::default() };
    let offers = Shape { rules: offers, ..skilled };
    println!("{:<58} {:>7} {:>8} {:>8} {:>8} {:>8}", "microseconds", "rounds", "p50", "p99", "p99.9", "max");
    let shapes: &[(&str, Measure, Shape)] = &[
        ("nothing: what measuring takes", nothing, plain),
        ("all busy, no teams", all_busy, plain),
        ("all busy, teams and 2 skills of 20", all_busy, skilled),
        ("all busy, teams, 2 skills, sticky, overflow", all_busy, everything),
        ("one comes free, no teams", one_comes_free, plain),
        ("one comes free, teams", one_comes_free, teams),
        ("one comes free, teams and 2 skills of 20", one_comes_free, skilled),
        ("one comes free, teams, 2 skills, sticky, overflow", one_comes_free, everything),
        ("one comes free, no teams, 3 skills of 20, most skilled", one_comes_free, no_teams),
        ("all free, one comes, teams and 2 skills", all_free, skilled),
        ("all free, one comes, no teams, 3 skills, most skilled", all_free, no_teams),
        ("500 come to 5,000 waiting, teams and 2 skills", the_morning, skilled),
        ("an offer runs out and goes to another", an_offer_runs_out, offers),
        ("place in the queue and estimate", outlook, teams),
    ];
    let wanted: Vec<_> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let mut met = true;
    for (name, measure, shape) in shapes {
        if wanted.is_empty() || wanted.iter().any(|part| name.contains(part)) {
            met &= measure(*shape, rounds).print(name);
        }
    }
    if met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
