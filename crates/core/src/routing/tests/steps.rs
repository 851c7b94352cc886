//! Random steps taken by routing and by the model side by side.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::{
    super::{
        Due, LastAgent, Level, Overflow, Priority, Profile, Routing, Rules, Sticky, Strategy as HandOut, Wait,
    },
    model::{Model, Stand},
};
use crate::{AgentKey, AgentStatus, ConversationKey, Micros, SkillKey, TeamKey};

const SECOND: i64 = 1_000_000;
const AGENTS: i64 = 7;
const TEAMS: i64 = 5;
const SKILLS: i64 = 3;
const CONVERSATIONS: i64 = 30;

#[derive(Clone, Debug)]
enum Step {
    Agent { agent: AgentKey, profile: Profile },
    Socket { agent: AgentKey, opened: bool },
    Team { team: Option<TeamKey>, rules: Rules },
    RemoveTeam { team: TeamKey },
    Wait { conversation: ConversationKey, wait: Wait, ago: i64, met_ago: i64 },
    Leave { conversation: ConversationKey },
    Own { conversation: ConversationKey, agent: AgentKey, counts: bool },
    Accept { nth: usize },
    Decline { nth: usize },
    Requeue { nth: usize },
    Advance { micros: i64 },
}

/// Row numbers on both sides of 128, from where on they have no bit of their own.
fn team_key(n: i64) -> TeamKey {
    TeamKey(n * 40)
}

fn skill_key(n: i64) -> SkillKey {
    SkillKey(n * 70)
}

fn seconds(most: i64) -> impl Strategy<Value = i64> {
    (0..=most).prop_map(|n| n * SECOND)
}

fn some_of<T: Clone + std::fmt::Debug + 'static>(
    count: i64,
    most: usize,
    what: fn(i64) -> T,
) -> impl Strategy<Value = Vec<T>> {
    proptest::collection::btree_set(0..count, 0..=most)
        .prop_map(move |chosen| chosen.into_iter().map(what).collect())
}

fn profile() -> impl Strategy<Value = Profile> {
    let status = prop_oneof![
        6 => Just(AgentStatus::Online),
        1 => Just(AgentStatus::Busy),
        1 => Just(AgentStatus::Away)
    ];
    let skills = proptest::collection::btree_map(0..SKILLS, 1..=5_u8, 0..=3);
    let teams = some_of(TEAMS, 3, team_key);
    (status, 0..5_u32, proptest::bool::weighted(0.1), teams, skills).prop_map(
        |(status, capacity, disabled, teams, skills)| Profile {
            status,
            capacity,
            disabled,
            teams,
            skills: skills.into_iter().map(|(s, l)| (skill_key(s), Level::new(l).unwrap())).collect(),
        },
    )
}

fn rules() -> impl Strategy<Value = Rules> {
    let strategy = prop_oneof![Just(HandOut::LeastBusy), Just(HandOut::RoundRobin), Just(HandOut::Skill)];
    let sticky = (seconds(60), seconds(20)).prop_map(|(window_us, wait_us)| Sticky { window_us, wait_us });
    let overflow =
        (seconds(15), 0..TEAMS).prop_map(|(after_us, team)| Overflow { after_us, team: team_key(team) });
    let some = proptest::option::of::<BoxedStrategy<i64>>;
    (
        strategy,
        proptest::option::of(sticky),
        proptest::option::of(overflow),
        some(seconds(15).boxed()),
        some(seconds(15).boxed()),
    )
        .prop_map(|(strategy, sticky, overflow, accept_timeout_us, relax_after_us)| Rules {
            strategy,
            sticky,
            overflow,
            accept_timeout_us: accept_timeout_us.map(|us| us + SECOND),
            max_queue: None,
            relax_after_us,
        })
}

fn step() -> impl Strategy<Value = Step> {
    let agent = || (0..AGENTS).prop_map(AgentKey);
    let conversation = || (0..CONVERSATIONS).prop_map(ConversationKey);
    let priority = prop_oneof![
        1 => Just(Priority::Low),
        4 => Just(Priority::Normal),
        1 => Just(Priority::High),
        1 => Just(Priority::Urgent)
    ];
    // One team more than there are: unknown ones wait for anybody.
    let team = proptest::option::weighted(0.8, (0..=TEAMS).prop_map(team_key));
    let last = proptest::option::of(agent().prop_map(|agent| LastAgent { agent, at: Micros(0) }));
    let wait = (team, some_of(SKILLS, 2, skill_key), priority, last)
        .prop_map(|(team, skills, priority, last)| Wait { since: Micros(0), team, skills, priority, last });
    prop_oneof![
        3 => (agent(), profile()).prop_map(|(agent, profile)| Step::Agent { agent, profile }),
        4 => (agent(), proptest::bool::weighted(0.7)).prop_map(|(agent, opened)| Step::Socket { agent, opened }),
        2 => (proptest::option::weighted(0.8, (0..TEAMS).prop_map(team_key)), rules())
            .prop_map(|(team, rules)| Step::Team { team, rules }),
        1 => (0..TEAMS).prop_map(|team| Step::RemoveTeam { team: team_key(team) }),
        8 => (conversation(), wait, seconds(10), seconds(30))
            .prop_map(|(conversation, wait, ago, met_ago)| Step::Wait { conversation, wait, ago, met_ago }),
        2 => conversation().prop_map(|conversation| Step::Leave { conversation }),
        2 => (conversation(), agent(), proptest::bool::weighted(0.8))
            .prop_map(|(conversation, agent, counts)| Step::Own { conversation, agent, counts }),
        2 => any::<usize>().prop_map(|nth| Step::Accept { nth }),
        1 => any::<usize>().prop_map(|nth| Step::Decline { nth }),
        1 => any::<usize>().prop_map(|nth| Step::Requeue { nth }),
        4 => seconds(8).prop_map(|micros| Step::Advance { micros }),
    ]
}

/// Both, side by side.
struct Pair {
    routing: Routing,
    model: Model,
    /// Decides whether what was chosen is carried out.
    dice: u64,
    /// Chosen, and to be confirmed or undone later.
    pending: Vec<ConversationKey>,
}

impl Pair {
    fn roll(&mut self, sides: u64) -> u64 {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.dice >> 33) % sides
    }

    /// The conversations of the model that stand so.
    fn standing(&self, so: impl Fn(&Stand) -> bool) -> Vec<ConversationKey> {
        self.model.cases.iter().filter(|(_, case)| so(&case.stand)).map(|(key, _)| *key).collect()
    }

    fn take(&mut self, step: Step) {
        let now = self.model.now;
        let Self { routing, model, .. } = self;
        match step {
            Step::Agent { agent, profile } => {
                routing.set_agent(agent, profile.clone(), now);
                model.set_agent(agent, &profile);
            }
            Step::Socket { agent, opened } => {
                routing.socket(agent, opened, now);
                model.socket(agent, opened);
            }
            Step::Team { team, rules } => {
                routing.set_team(team, rules, now);
                match team {
                    Some(team) => drop(model.teams.insert(team, rules)),
                    None => model.general = rules,
                }
                model.teams_changed();
            }
            Step::RemoveTeam { team } => {
                routing.remove_team(team, now);
                model.teams.remove(&team);
                model.teams_changed();
            }
            Step::Wait { conversation, mut wait, ago, met_ago } => {
                wait.since = now.plus(-ago);
                wait.last = wait.last.map(|last| LastAgent { at: now.plus(-met_ago), ..last });
                self.pending.retain(|pending| *pending != conversation);
                routing.wait(conversation, wait.clone(), now);
                model.wait(conversation, wait);
            }
            Step::Leave { conversation } => {
                self.pending.retain(|pending| *pending != conversation);
                routing.leave(conversation, now);
                model.cases.remove(&conversation);
            }
            Step::Own { conversation, agent, counts } => {
                self.pending.retain(|pending| *pending != conversation);
                routing.own(conversation, agent, counts, now);
                model.own(conversation, agent, counts);
            }
            Step::Accept { nth } => self.answer(nth, true),
            Step::Decline { nth } => self.answer(nth, false),
            Step::Requeue { nth } => {
                let owned = self.standing(|stand| matches!(stand, Stand::Owned { .. }));
                if !owned.is_empty() {
                    self.routing.requeue(owned[nth % owned.len()], now);
                    self.model.requeue(owned[nth % owned.len()]);
                }
            }
            // Second by second, so that the model sees one moment at a time, as routing does.
            Step::Advance { micros } => {
                for _ in 0..micros / SECOND {
                    self.model.now = self.model.now.plus(SECOND);
                    self.tick();
                }
            }
        }
    }

    fn answer(&mut self, nth: usize, accepts: bool) {
        let offered = self.standing(|stand| matches!(stand, Stand::Offered { .. }));
        if offered.is_empty() {
            return;
        }
        let conversation = offered[nth % offered.len()];
        let Stand::Offered { agent, until } = self.model.cases[&conversation].stand else { unreachable!() };
        let now = self.model.now;
        assert_eq!(self.routing.offer_of(conversation), Some((agent, until)));
        if accepts {
            self.routing.own(conversation, agent, true, now);
            self.model.own(conversation, agent, true);
        } else {
            assert!(!self.routing.decline(conversation, AgentKey(AGENTS), now));
            assert!(self.routing.decline(conversation, agent, now));
            self.model.pass_on(conversation, Some(agent));
        }
    }

    /// What is due is told by both; some of it is carried out.
    fn tick(&mut self) {
        let now = self.model.now;
        let mut told = self.routing.tick(now);
        let mut expected = self.model.tick();
        let order = |due: &Due| format!("{due:?}");
        // A row of missed offers has no order between those of one moment.
        let blank = |due: &mut Due| {
            if let Due::OfferMissed { in_a_row, .. } = due {
                *in_a_row = 0;
            }
        };
        told.iter_mut().chain(&mut expected).for_each(blank);
        told.sort_by_key(order);
        expected.sort_by_key(order);
        assert_eq!(told, expected);
        assert!(self.routing.next_deadline().is_none_or(|at| at > now));
        for due in told {
            if let Due::Requeue { conversation, since, .. } = due
                && self.roll(2) == 0
            {
                self.routing.requeue(conversation, now);
                self.model.requeue(conversation);
                assert_eq!(self.routing.waiting_since(conversation), Some(since));
            }
        }
    }

    /// Both name the same pairs until neither has more to say; returns whether that came so far.
    fn assign(&mut self) -> bool {
        let now = self.model.now;
        let mut undone = 0;
        loop {
            // The caller may stop at any time, and something else may happen first.
            if self.roll(12) == 0 {
                return false;
            }
            let given = self.routing.assign(now);
            let expected = self.model.assign();
            assert_eq!(given.map(|a| (a.conversation, a.agent, a.offer_until)), expected);
            self.routing.check();
            let Some(given) = given else { return true };
            let conversation = given.conversation;
            assert_eq!(self.routing.waiting_since(conversation), None);
            match self.roll(8) {
                0 if undone < 3 => {
                    undone += 1;
                    self.routing.undo(conversation, now);
                    self.model.undo(conversation);
                }
                1 => self.pending.push(conversation),
                _ => {
                    self.routing.confirm(conversation, now);
                    self.model.confirm(conversation);
                }
            }
        }
    }

    /// Carries out or gives up what was left for later.
    fn finish_pending(&mut self) {
        let now = self.model.now;
        for conversation in std::mem::take(&mut self.pending) {
            if self.roll(3) == 0 {
                self.routing.undo(conversation, now);
                self.model.undo(conversation);
            } else {
                self.routing.confirm(conversation, now);
                self.model.confirm(conversation);
            }
        }
    }

    /// Both say the same of everything, and the invariants hold.
    fn compare(&self, is_done: bool) {
        self.routing.check();
        let model = &self.model;
        for key in (0..CONVERSATIONS).map(ConversationKey) {
            let stand = model.cases.get(&key).map(|case| case.stand);
            let owner = match stand {
                Some(Stand::Owned { agent, .. }) => Some(agent),
                _ => None,
            };
            let offer = match stand {
                Some(Stand::Offered { agent, until }) => Some((agent, until)),
                _ => None,
            };
            let waiting = stand == Some(Stand::Waiting);
            let since = model.cases.get(&key).filter(|_| waiting).map(|case| case.wait.since);
            assert_eq!(self.routing.owner_of(key), owner, "{key:?}");
            assert_eq!(self.routing.offer_of(key), offer, "{key:?}");
            assert_eq!(self.routing.waiting_since(key), since, "{key:?}");
            let position = self.routing.outlook(key, model.now).map(|outlook| outlook.position);
            assert_eq!(position, model.position(key).filter(|_| waiting), "{key:?}");
            let is_stuck = is_done && waiting && !model.takers(&model.cases[&key]).is_empty();
            assert!(!is_stuck, "somebody free may take {key:?}");
        }
        for agent in (0..AGENTS).map(AgentKey) {
            assert_eq!(self.routing.load_of(agent), model.load(agent), "{agent:?}");
        }
        assert_eq!(self.routing.waiting_count(), model.queue().len());
        let known: BTreeSet<_> = self.routing.items.keys().copied().collect();
        assert_eq!(known, model.cases.keys().copied().collect());
    }
}

/// A desk that is at work: every team has rules, everybody is there.
fn opening() -> impl Strategy<Value = Vec<Step>> {
    let teams = proptest::collection::vec(rules(), usize::try_from(TEAMS).unwrap() + 1);
    let people = proptest::collection::vec(profile(), usize::try_from(AGENTS).unwrap());
    (teams, people).prop_map(|(teams, people)| {
        let keys = std::iter::once(None).chain((0..TEAMS).map(|n| Some(team_key(n))));
        let teams = keys.zip(teams).map(|(team, rules)| Step::Team { team, rules });
        let people = (0..).map(AgentKey).zip(people);
        let people = people.flat_map(|(agent, profile)| {
            [Step::Agent { agent, profile }, Step::Socket { agent, opened: true }]
        });
        teams.chain(people).collect()
    })
}

fn run(opening: Vec<Step>, steps: Vec<Step>, grace_us: Option<i64>, dice: u64) {
    let mut pair = Pair { routing: Routing::default(), model: Model::default(), dice, pending: Vec::new() };
    pair.routing.set_grace(grace_us);
    pair.model.grace_us = grace_us;
    pair.model.now = Micros(1_000 * SECOND);
    opening.into_iter().for_each(|step| pair.take(step));
    for step in steps {
        pair.take(step);
        pair.tick();
        pair.finish_pending();
        // What was withdrawn or lost while it was on its way.
        pair.tick();
        let is_done = pair.assign();
        pair.compare(is_done);
    }
}

proptest! {
    #[test]
    fn routing_decides_as_the_model_does(
        // Now and then the desk is empty in the beginning.
        opening in prop_oneof![4 => opening().boxed(), 1 => Just(Vec::new()).boxed()],
        steps in proptest::collection::vec(step(), 1..80),
        grace_us in proptest::option::weighted(0.8, seconds(12)),
        dice in any::<u64>(),
    ) {
        run(opening, steps, grace_us, dice);
    }
}
