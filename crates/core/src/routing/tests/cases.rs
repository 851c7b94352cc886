//! One rule at a time.

use super::super::{
    Due, LastAgent, Level, Overflow, Priority, Profile, Routing, Rules, Sticky, Strategy, Wait,
    tick::RETRY_US,
};
use crate::{AgentKey, AgentStatus, ConversationKey, Micros, SkillKey, TeamKey};

const SECOND: i64 = 1_000_000;
const TEAM: Option<TeamKey> = Some(TeamKey(1));
const OTHER: Option<TeamKey> = Some(TeamKey(2));
const RETURNS: SkillKey = SkillKey(1);
const FRENCH: SkillKey = SkillKey(200);

/// A desk whose clock the test moves.
#[derive(Default)]
struct Office {
    routing: Routing,
    now: Micros,
}

fn agent(capacity: u32) -> Profile {
    Profile {
        status: AgentStatus::Online,
        capacity,
        teams: vec![TeamKey(1)],
        skills: Vec::new(),
        disabled: false,
    }
}

fn knowing(capacity: u32, skills: &[(SkillKey, u8)]) -> Profile {
    let skills = skills.iter().map(|(skill, level)| (*skill, Level::new(*level).unwrap()));
    Profile { skills: skills.collect(), ..agent(capacity) }
}

impl Office {
    fn with(rules: Rules) -> Self {
        let mut office = Self { now: Micros(1_000 * SECOND), ..Self::default() };
        office.routing.set_team(TEAM, rules, office.now);
        office.routing.set_team(OTHER, Rules::default(), office.now);
        office.routing.set_grace(Some(180 * SECOND));
        office
    }

    fn comes(&mut self, key: i64, profile: Profile) {
        self.routing.set_agent(AgentKey(key), profile, self.now);
        self.routing.socket(AgentKey(key), true, self.now);
    }

    fn drops(&mut self, key: i64) {
        self.routing.socket(AgentKey(key), false, self.now);
    }

    fn waits_as(&mut self, key: i64, wait: Wait) {
        self.routing.wait(ConversationKey(key), wait, self.now);
    }

    fn waits(&mut self, key: i64) {
        self.waits_as(key, self.wait());
    }

    fn wait(&self) -> Wait {
        Wait { team: TEAM, ..Wait::since(self.now) }
    }

    /// Hands out everything and confirms it: conversation, agent.
    fn hand_out(&mut self) -> Vec<(i64, i64)> {
        let mut given = Vec::new();
        while let Some(assignment) = self.routing.assign(self.now) {
            self.routing.confirm(assignment.conversation, self.now);
            given.push((assignment.conversation.0, assignment.agent.0));
            self.routing.check();
        }
        given
    }

    /// Lets time pass.
    fn pass(&mut self, seconds: i64) -> Vec<Due> {
        self.now = self.now.plus(seconds * SECOND);
        let due = self.routing.tick(self.now);
        self.routing.check();
        due
    }
}

#[test]
fn without_any_team_the_least_busy_is_chosen_and_equals_take_turns() {
    let mut office = Office::default();
    for key in [1, 2] {
        office.comes(key, agent(8));
    }
    for key in 0..4 {
        office.waits_as(key, Wait::since(Micros(key)));
    }
    assert_eq!(office.hand_out(), [(0, 1), (1, 2), (2, 1), (3, 2)]);
    assert_eq!(office.routing.next_deadline(), None);
    // Nobody is waited for without a grace: what an absent agent has stays.
    office.drops(1);
    assert_eq!(office.pass(1_000_000), []);
    assert_eq!(office.routing.owner_of(ConversationKey(0)), Some(AgentKey(1)));
}

#[test]
fn the_urgent_first_then_the_longest_waiting() {
    let mut office = Office::with(Rules::default());
    office.waits(1);
    let wait = office.wait();
    office.waits_as(2, Wait { since: Micros(0), ..wait.clone() });
    office.waits_as(3, Wait { priority: Priority::High, ..wait.clone() });
    office.waits_as(4, Wait { priority: Priority::Low, since: Micros(0), ..wait });
    office.comes(1, agent(9));
    assert_eq!(office.hand_out(), [(3, 1), (2, 1), (1, 1), (4, 1)]);
}

#[test]
fn round_robin_does_not_look_at_loads() {
    let mut office = Office::with(Rules { strategy: Strategy::RoundRobin, ..Rules::default() });
    for key in [1, 2, 3] {
        office.comes(key, agent(8));
    }
    for key in 100..105 {
        office.routing.own(ConversationKey(key), AgentKey(1), true, office.now);
    }
    for key in 0..4 {
        office.waits(key);
    }
    assert_eq!(office.hand_out(), [(0, 1), (1, 2), (2, 3), (3, 1)]);
}

#[test]
fn the_most_skilled_first_and_among_equals_the_least_busy() {
    let mut office = Office::with(Rules { strategy: Strategy::Skill, ..Rules::default() });
    office.comes(1, knowing(2, &[(RETURNS, 2), (FRENCH, 2)]));
    office.comes(2, knowing(2, &[(RETURNS, 5)]));
    office.comes(3, knowing(2, &[(RETURNS, 3), (FRENCH, 4)]));
    office.comes(4, agent(8));
    let wait = office.wait();
    for key in 0..3 {
        office.waits_as(key, Wait { skills: vec![FRENCH, RETURNS, FRENCH], ..wait.clone() });
    }
    assert_eq!(office.hand_out(), [(0, 3), (1, 3), (2, 1)]);
    office.waits_as(5, Wait { skills: vec![RETURNS], ..wait.clone() });
    office.waits_as(6, Wait { skills: vec![FRENCH], ..wait });
    office.waits(7);
    assert_eq!(office.hand_out(), [(5, 2), (6, 1), (7, 4)]);
}

#[test]
fn what_needs_a_skill_waits_until_it_is_relaxed() {
    let mut office = Office::with(Rules { relax_after_us: Some(60 * SECOND), ..Rules::default() });
    office.comes(1, agent(8));
    let wait = office.wait();
    office.waits_as(0, Wait { skills: vec![FRENCH], ..wait });
    assert_eq!(office.hand_out(), []);
    assert_eq!(office.pass(59), []);
    assert_eq!(office.pass(1), [Due::Relaxed { conversation: ConversationKey(0) }]);
    assert_eq!(office.hand_out(), [(0, 1)]);
}

#[test]
fn the_last_agent_is_preferred_but_not_waited_for() {
    let sticky = Some(Sticky { window_us: 3_600 * SECOND, wait_us: 0 });
    let mut office = Office::with(Rules { sticky, ..Rules::default() });
    office.comes(1, agent(8));
    office.comes(2, agent(1));
    let met = |office: &Office, seconds: i64| Wait {
        last: Some(LastAgent { agent: AgentKey(2), at: office.now.plus(-seconds * SECOND) }),
        ..office.wait()
    };
    office.waits_as(0, met(&office, 3_599));
    assert_eq!(office.hand_out(), [(0, 2)]);
    office.waits_as(1, met(&office, 10));
    assert_eq!(office.hand_out(), [(1, 1)], "the last agent is full");
    office.routing.leave(ConversationKey(0), office.now);
    office.waits_as(2, met(&office, 3_600));
    office.waits(3);
    assert_eq!(office.hand_out(), [(2, 2), (3, 1)], "long ago: the least busy, by chance the same");
}

#[test]
fn a_configured_wait_for_the_last_agent_ends() {
    let sticky = Some(Sticky { window_us: 3_600 * SECOND, wait_us: 30 * SECOND });
    let mut office = Office::with(Rules { sticky, ..Rules::default() });
    office.comes(1, agent(8));
    office.comes(2, agent(1));
    let met = |office: &Office| Wait {
        last: Some(LastAgent { agent: AgentKey(2), at: office.now }),
        ..office.wait()
    };
    office.waits_as(0, met(&office));
    office.waits_as(1, met(&office));
    assert_eq!(office.hand_out(), [(0, 2)], "the other waits though somebody else is free");
    assert_eq!(office.pass(29), []);
    office.routing.leave(ConversationKey(0), office.now);
    assert_eq!(office.hand_out(), [(1, 2)]);
    office.waits_as(2, met(&office));
    office.pass(29);
    assert_eq!(office.hand_out(), []);
    office.pass(1);
    assert_eq!(office.hand_out(), [(2, 1)]);
    // Nobody waits for somebody who takes a break.
    office.waits_as(3, met(&office));
    assert_eq!(office.hand_out(), []);
    office.routing.set_agent(AgentKey(2), Profile { status: AgentStatus::Away, ..agent(1) }, office.now);
    assert_eq!(office.hand_out(), [(3, 1)]);
}

#[test]
fn a_chain_of_teams_helps_out_one_after_the_other() {
    let overflow = |after, team| Rules {
        overflow: Some(Overflow { after_us: after * SECOND, team: TeamKey(team) }),
        ..Rules::default()
    };
    let mut office = Office::with(overflow(10, 2));
    office.routing.set_team(OTHER, overflow(5, 3), office.now);
    // A circle ends where it began.
    office.routing.set_team(Some(TeamKey(3)), overflow(1, 1), office.now);
    office.comes(3, Profile { teams: vec![TeamKey(3)], ..agent(8) });
    office.waits(0);
    assert_eq!(office.hand_out(), []);
    let conversation = ConversationKey(0);
    assert_eq!(office.pass(10), [Due::Overflowed { conversation, team: TeamKey(2) }]);
    assert_eq!(office.hand_out(), []);
    assert_eq!(office.pass(5), [Due::Overflowed { conversation, team: TeamKey(3) }]);
    assert_eq!(office.routing.next_deadline(), None);
    // Its own team comes first.
    office.waits_as(1, Wait { since: office.now.plus(-20 * SECOND), ..office.wait() });
    office.comes(1, agent(1));
    assert_eq!(office.hand_out(), [(1, 1), (0, 3)]);
}

#[test]
fn an_offer_that_is_ignored_goes_to_the_next_until_nobody_is_left() {
    let mut office = Office::with(Rules { accept_timeout_us: Some(20 * SECOND), ..Rules::default() });
    office.comes(1, agent(1));
    office.comes(2, agent(1));
    office.waits(0);
    let conversation = ConversationKey(0);
    let given = office.routing.assign(office.now).unwrap();
    assert_eq!(given.offer_until, Some(office.now.plus(20 * SECOND)));
    office.routing.confirm(conversation, office.now);
    assert_eq!(office.routing.load_of(AgentKey(1)), 1, "an offer takes capacity");
    let missed = |agent, in_a_row| Due::OfferMissed { conversation, agent: AgentKey(agent), in_a_row };
    assert_eq!(office.pass(19), []);
    assert_eq!(office.pass(1), [missed(1, 1)]);
    assert_eq!(office.routing.waiting_since(conversation), Some(office.now.plus(-20 * SECOND)));
    assert_eq!(office.hand_out(), [(0, 2)]);
    assert_eq!(office.pass(20), [missed(2, 1)]);
    assert_eq!(office.hand_out(), [(0, 1)], "everybody has let it pass: from the beginning");
    assert_eq!(office.pass(20), [missed(1, 2)]);
    assert_eq!(office.hand_out(), [(0, 2)]);
    office.routing.own(conversation, AgentKey(2), true, office.now);
    assert_eq!(office.routing.owner_of(conversation), Some(AgentKey(2)));
    assert_eq!(office.pass(1_000), []);
    assert_eq!(office.routing.load_of(AgentKey(2)), 1);
}

#[test]
fn who_let_it_pass_is_asked_again_when_the_last_other_one_goes() {
    let mut office = Office::with(Rules { accept_timeout_us: Some(20 * SECOND), ..Rules::default() });
    office.comes(1, agent(1));
    office.comes(2, agent(1));
    office.routing.own(ConversationKey(9), AgentKey(2), true, office.now);
    office.waits(0);
    assert_eq!(office.hand_out(), [(0, 1)]);
    assert!(office.routing.decline(ConversationKey(0), AgentKey(1), office.now));
    assert_eq!(office.hand_out(), [], "the other one is full, but there");
    office.drops(2);
    assert_eq!(office.hand_out(), [(0, 1)]);
}

#[test]
fn a_break_gives_offers_back_and_keeps_conversations() {
    let mut office = Office::with(Rules { accept_timeout_us: Some(20 * SECOND), ..Rules::default() });
    office.comes(1, agent(3));
    office.routing.own(ConversationKey(9), AgentKey(1), true, office.now);
    office.waits(0);
    assert_eq!(office.hand_out(), [(0, 1)]);
    office.routing.set_agent(AgentKey(1), Profile { status: AgentStatus::Busy, ..agent(3) }, office.now);
    let withdrawn = Due::OfferWithdrawn { conversation: ConversationKey(0), agent: AgentKey(1) };
    assert_eq!(office.pass(0), [withdrawn]);
    assert_eq!(office.hand_out(), []);
    assert_eq!(office.routing.owner_of(ConversationKey(9)), Some(AgentKey(1)));
    office.routing.set_agent(AgentKey(1), agent(3), office.now);
    assert_eq!(office.hand_out(), [(0, 1)], "it was not missed");
}

#[test]
fn who_is_back_in_time_has_lost_nothing() {
    let mut office = Office::with(Rules::default());
    office.comes(1, agent(3));
    office.waits(0);
    office.hand_out();
    office.drops(1);
    assert_eq!(office.pass(179), []);
    assert!(office.routing.socket(AgentKey(1), true, office.now));
    assert!(!office.routing.socket(AgentKey(1), true, office.now));
    assert_eq!(office.pass(1_000), []);
    assert_eq!(office.routing.owner_of(ConversationKey(0)), Some(AgentKey(1)));
}

#[test]
fn who_stays_away_loses_what_is_open_and_it_waits_at_its_old_place() {
    let mut office = Office::with(Rules::default());
    office.comes(1, agent(3));
    let since = office.now;
    office.waits(0);
    office.hand_out();
    office.routing.own(ConversationKey(8), AgentKey(1), false, office.now);
    office.drops(1);
    office.pass(100);
    office.waits(5);
    let requeue = Due::Requeue { conversation: ConversationKey(0), agent: AgentKey(1), since };
    assert_eq!(office.pass(80), [requeue], "what was set aside stays");
    assert_eq!(office.pass(0), []);
    assert_eq!(office.routing.next_deadline(), Some(office.now.plus(RETRY_US)), "told again if not done");
    assert_eq!(office.pass(5), [requeue]);
    office.routing.requeue(ConversationKey(0), office.now);
    assert_eq!(office.routing.waiting_since(ConversationKey(0)), Some(since));
    assert_eq!(office.routing.next_deadline(), None);
    office.comes(2, agent(3));
    assert_eq!(office.hand_out(), [(0, 2), (5, 2)]);
}

#[test]
fn after_a_restart_owners_have_the_grace_to_come_back() {
    let mut office = Office::with(Rules::default());
    let wait = Wait { since: Micros(5), ..office.wait() };
    office.routing.set_agent(AgentKey(1), agent(3), office.now);
    for key in [1, 2] {
        office.routing.restore(ConversationKey(key), AgentKey(key), true, wait.clone(), office.now);
    }
    office.pass(100);
    office.comes(1, agent(3));
    let lost = Due::Requeue { conversation: ConversationKey(2), agent: AgentKey(2), since: Micros(5) };
    assert_eq!(office.pass(80), [lost]);
}

#[test]
fn disabling_gives_everything_back_at_once() {
    let mut office = Office::with(Rules { accept_timeout_us: Some(20 * SECOND), ..Rules::default() });
    office.comes(1, agent(3));
    office.routing.own(ConversationKey(8), AgentKey(1), true, office.now);
    office.routing.own(ConversationKey(9), AgentKey(1), false, office.now);
    office.waits(0);
    assert_eq!(office.hand_out(), [(0, 1)]);
    office.routing.set_agent(AgentKey(1), Profile { disabled: true, ..agent(3) }, office.now);
    let (agent, since) = (AgentKey(1), office.now);
    let lost = |key| Due::Requeue { conversation: ConversationKey(key), agent, since };
    let withdrawn = Due::OfferWithdrawn { conversation: ConversationKey(0), agent };
    assert_eq!(office.pass(0), [withdrawn, lost(8), lost(9)]);
    assert!(!office.routing.anyone_online() && !office.routing.anyone_in(TEAM));
}

#[test]
fn what_could_not_be_carried_out_waits_at_its_old_place() {
    let mut office = Office::with(Rules::default());
    office.comes(1, agent(1));
    office.waits(0);
    office.pass(1);
    office.waits(1);
    let given = office.routing.assign(office.now).unwrap();
    assert_eq!(given.conversation, ConversationKey(0));
    assert_eq!(office.routing.load_of(AgentKey(1)), 1);
    assert_eq!(office.routing.assign(office.now), None);
    office.routing.undo(ConversationKey(0), office.now);
    assert_eq!(office.routing.load_of(AgentKey(1)), 0);
    assert_eq!(office.hand_out(), [(0, 1)]);
    // What was carried out is not undone by that.
    office.routing.undo(ConversationKey(0), office.now);
    assert_eq!(office.routing.owner_of(ConversationKey(0)), Some(AgentKey(1)));
}

#[test]
fn a_full_queue_is_said_and_nothing_is_refused() {
    let mut office = Office::with(Rules { max_queue: Some(2), ..Rules::default() });
    assert_eq!((office.routing.room_in(TEAM), office.routing.room_in(OTHER)), (Some(2), None));
    for key in 0..3 {
        office.waits(key);
    }
    assert_eq!((office.routing.room_in(TEAM), office.routing.waiting_in(TEAM)), (Some(0), 3));
    office.comes(1, agent(2));
    office.hand_out();
    assert_eq!(office.routing.room_in(TEAM), Some(1));
}

#[test]
fn the_place_and_the_time_to_wait() {
    let mut office = Office::with(Rules::default());
    office.comes(1, agent(1));
    for key in 0..6 {
        office.waits(key);
    }
    let outlook = |office: &Office, key| {
        let outlook = office.routing.outlook(ConversationKey(key), office.now)?;
        Some((outlook.position, outlook.wait_us.map(|us| us / SECOND)))
    };
    assert_eq!(office.hand_out(), [(0, 1)]);
    assert_eq!((outlook(&office, 0), outlook(&office, 1)), (None, Some((1, None))));
    for key in 0..3 {
        office.pass(60);
        office.routing.leave(ConversationKey(key), office.now);
        assert_eq!(office.hand_out(), [(key + 1, 1)]);
    }
    assert_eq!(outlook(&office, 4), Some((1, Some(60))));
    assert_eq!(outlook(&office, 5), Some((2, Some(120))));
    office.pass(60);
    assert_eq!(outlook(&office, 5), Some((2, Some(160))), "it takes longer by now");
}

#[test]
fn what_waits_for_a_team_that_is_gone_waits_for_anybody() {
    let mut office = Office::with(Rules::default());
    office.comes(1, Profile { teams: vec![], ..agent(5) });
    office.waits(0);
    office.waits_as(1, Wait { team: Some(TeamKey(77)), ..office.wait() });
    assert_eq!(office.hand_out(), [(1, 1)]);
    office.routing.remove_team(TeamKey(1), office.now);
    assert_eq!(office.hand_out(), [(0, 1)]);
}

#[test]
fn what_moves_to_another_queue_while_it_is_handed_out_is_not_lost() {
    let mut office = Office::with(Rules::default());
    office.comes(1, agent(3));
    office.waits(0);
    office.routing.assign(office.now).unwrap();
    office.waits_as(0, Wait::since(office.now));
    assert_eq!(office.hand_out(), [(0, 1)]);
}

#[test]
fn what_is_relaxed_in_the_moment_in_which_somebody_lapses_is_told() {
    let sticky = Some(Sticky { window_us: 3_600 * SECOND, wait_us: 3_600 * SECOND });
    let rules = Rules { sticky, relax_after_us: Some(180 * SECOND), ..Rules::default() };
    let mut office = Office::with(rules);
    office.comes(1, knowing(1, &[(FRENCH, 1)]));
    office.routing.own(ConversationKey(9), AgentKey(1), true, office.now);
    let last = Some(LastAgent { agent: AgentKey(1), at: office.now });
    office.waits_as(0, Wait { skills: vec![FRENCH], last, ..office.wait() });
    office.drops(1);
    let due = office.pass(180);
    assert!(due.contains(&Due::Relaxed { conversation: ConversationKey(0) }), "{due:?}");
}

#[test]
fn rules_may_change_between_two_assignments() {
    let mut office = Office::with(Rules::default());
    for key in 0..3 {
        office.waits(key);
    }
    office.comes(1, agent(3));
    let first = office.routing.assign(office.now).unwrap();
    office.routing.set_team(TEAM, Rules { strategy: Strategy::RoundRobin, ..Rules::default() }, office.now);
    office.routing.undo(first.conversation, office.now);
    assert_eq!(office.hand_out(), [(0, 1), (1, 1), (2, 1)]);
}

#[test]
fn a_tick_is_bounded_and_says_that_there_is_more() {
    let mut office = Office::with(Rules::default());
    office.comes(1, agent(1));
    for key in 0..1_000 {
        office.routing.own(ConversationKey(key), AgentKey(1), true, office.now);
    }
    office.drops(1);
    let mut told = office.pass(180).len();
    assert_eq!(told, 256);
    while office.routing.next_deadline() == Some(office.now) {
        told += office.pass(0).len();
    }
    assert_eq!(told, 1_000);
}
