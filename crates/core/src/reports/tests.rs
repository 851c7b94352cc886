use jiff::tz::{TimeZone, TimeZoneDatabase};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::{
    AgentKey, ClockRules, Conversation, ConversationKey, Event, EventCode, InboxKey, MessageKind, Micros,
    Principal, Rating, Refusal, TeamKey, VisitorKey,
};

const VISITOR: Principal = Principal::Visitor(VisitorKey(1));
const LIN: AgentKey = AgentKey(1);
const ZHOU: AgentKey = AgentKey(2);

fn at(seconds: i64) -> Micros {
    Micros(seconds * 1_000_000)
}

/// Follows a log whose entries are named by their second, sender and event.
fn facts(steps: &[(i64, Principal, Option<Event>)]) -> Vec<(i64, Option<i64>, Occurrence)> {
    let (mut contact, mut facts) = (Contact::default(), Vec::new());
    for (second, sender, event) in steps {
        contact.apply(Step { at: at(*second), sender: *sender, event: *event }, &mut facts);
    }
    let second = |micros: Micros| micros.0 / 1_000_000;
    facts.iter().map(|fact| (second(fact.at), fact.agent.map(|agent| agent.0), fact.what)).collect()
}

fn event(code: EventCode, agent: Option<AgentKey>) -> Option<Event> {
    Some(Event { agent, ..Event::of(code) })
}

fn seconds(count: i64) -> i64 {
    count * 1_000_000
}

#[test]
fn a_contact_from_its_first_message_to_its_rating() {
    let told = facts(&[
        (0, VISITOR, None),
        (0, Principal::System, event(EventCode::Queued, None)),
        (5, Principal::Bot, None),
        (8, VISITOR, None),
        (20, Principal::System, event(EventCode::Assigned, Some(LIN))),
        (30, Principal::Agent(LIN), None),
        (31, Principal::Agent(LIN), None),
        (40, VISITOR, None),
        (45, Principal::Agent(LIN), event(EventCode::Transferred, Some(ZHOU))),
        (60, Principal::Agent(ZHOU), None),
        (70, Principal::Agent(ZHOU), event(EventCode::RatingInvited, Some(ZHOU))),
        (80, Principal::Agent(ZHOU), event(EventCode::Resolved, Some(ZHOU))),
        (90, VISITOR, Some(Event { score: Some(4), agent: Some(ZHOU), ..Event::of(EventCode::Rated) })),
    ]);
    let (lin, zhou) = (Some(1), Some(2));
    assert_eq!(
        told,
        [
            (0, None, Occurrence::Opened),
            (0, None, Occurrence::Received),
            (5, None, Occurrence::SentByBot),
            (8, None, Occurrence::Received),
            (20, lin, Occurrence::Waited(seconds(20))),
            (30, lin, Occurrence::Sent),
            (30, lin, Occurrence::Response(seconds(30))),
            (30, lin, Occurrence::FirstResponse(seconds(30))),
            (30, lin, Occurrence::Handled),
            (31, lin, Occurrence::Sent),
            (40, lin, Occurrence::Received),
            (45, lin, Occurrence::Transferred),
            (45, lin, Occurrence::Held(seconds(25))),
            (60, zhou, Occurrence::Sent),
            (60, zhou, Occurrence::Response(seconds(20))),
            (60, zhou, Occurrence::Handled),
            (70, zhou, Occurrence::Invited),
            (80, zhou, Occurrence::Held(seconds(35))),
            (80, zhou, Occurrence::Resolved { by_clock: false }),
            (90, zhou, Occurrence::Rated(4)),
        ]
    );
}

#[test]
fn who_is_never_answered_was_missed() {
    let waiting = [
        (0, VISITOR, None),
        (0, Principal::System, event(EventCode::Queued, None)),
        (60, Principal::Agent(LIN), event(EventCode::Resolved, None)),
    ];
    let told = facts(&waiting);
    assert!(told.contains(&(60, None, Occurrence::Abandoned(seconds(60)))), "{told:?}");
    assert!(told.contains(&(60, None, Occurrence::Missed(seconds(60)))), "{told:?}");
    // An agent had it and wrote nothing; a bot's answer is none.
    let told = facts(&[
        (0, VISITOR, None),
        (0, Principal::System, event(EventCode::Queued, None)),
        (1, Principal::System, event(EventCode::Assigned, Some(LIN))),
        (2, Principal::Bot, None),
        (9, Principal::System, event(EventCode::Resolved, Some(LIN))),
    ]);
    assert!(told.contains(&(9, Some(1), Occurrence::Missed(seconds(9)))), "{told:?}");
    assert!(told.contains(&(9, Some(1), Occurrence::Resolved { by_clock: true })), "{told:?}");
    assert!(!told.iter().any(|(.., what)| matches!(what, Occurrence::Abandoned(_) | Occurrence::Handled)));
}

#[test]
fn a_bot_is_not_waited_for() {
    let told = facts(&[
        (0, Principal::Bot, None),
        (0, VISITOR, None),
        (1, Principal::Bot, None),
        (50, VISITOR, None),
        (50, VISITOR, event(EventCode::HandedOver, None)),
        (50, Principal::System, event(EventCode::Queued, None)),
        (60, Principal::System, event(EventCode::Assigned, Some(LIN))),
        (65, Principal::Agent(LIN), None),
    ]);
    let opened: Vec<_> = told.iter().filter(|(_, _, what)| *what == Occurrence::Opened).collect();
    assert_eq!(opened, [&(50, None, Occurrence::Opened)], "{told:?}");
    assert!(told.contains(&(60, Some(1), Occurrence::Waited(seconds(10)))), "{told:?}");
    assert!(told.contains(&(65, Some(1), Occurrence::FirstResponse(seconds(15)))), "{told:?}");
    let solved = facts(&[
        (0, VISITOR, None),
        (1, Principal::Bot, None),
        (900, Principal::System, event(EventCode::Resolved, None)),
    ]);
    assert!(!solved.iter().any(|(_, _, what)| matches!(what, Occurrence::Missed(_))), "{solved:?}");
}

#[test]
fn who_takes_over_takes_it_from_somebody_and_an_erasure_ends_it_once() {
    let told = facts(&[
        (0, VISITOR, None),
        (0, Principal::System, event(EventCode::Assigned, Some(LIN))),
        (5, Principal::Agent(ZHOU), event(EventCode::TakenOver, Some(ZHOU))),
        (9, Principal::System, event(EventCode::Erased, None)),
        (9, Principal::System, event(EventCode::Erased, None)),
    ]);
    assert!(told.contains(&(5, Some(1), Occurrence::Transferred)), "{told:?}");
    assert!(told.contains(&(9, Some(2), Occurrence::Held(seconds(4)))), "{told:?}");
    let ends = told.iter().filter(|(_, _, what)| matches!(what, Occurrence::Resolved { .. }));
    assert_eq!(ends.collect::<Vec<_>>(), [&(9, Some(2), Occurrence::Resolved { by_clock: false })]);
}

#[test]
fn an_agent_who_writes_first_is_not_answering() {
    let told = facts(&[
        (0, Principal::Agent(LIN), None),
        (0, Principal::Agent(LIN), event(EventCode::Reopened, Some(LIN))),
        (9, Principal::Agent(LIN), event(EventCode::Resolved, Some(LIN))),
    ]);
    let what: Vec<_> = told.iter().map(|(.., what)| *what).collect();
    assert_eq!(
        what,
        [
            Occurrence::Opened,
            Occurrence::Sent,
            Occurrence::Handled,
            Occurrence::Held(seconds(9)),
            Occurrence::Resolved { by_clock: false },
        ]
    );
}

#[test]
fn what_is_set_aside_stays_one_contact() {
    let told = facts(&[
        (0, VISITOR, None),
        (0, Principal::System, event(EventCode::Queued, None)),
        (1, Principal::Agent(LIN), event(EventCode::Assigned, Some(LIN))),
        (2, Principal::Agent(LIN), event(EventCode::Pending, Some(LIN))),
        (3, VISITOR, None),
        (3, VISITOR, event(EventCode::Reopened, Some(LIN))),
        (5, Principal::Agent(LIN), event(EventCode::Resolved, Some(LIN))),
    ]);
    assert_eq!(told.iter().filter(|(.., what)| *what == Occurrence::Opened).count(), 1, "{told:?}");
    assert!(told.contains(&(5, Some(1), Occurrence::Held(seconds(4)))), "{told:?}");
}

#[test]
fn targets_that_nobody_kept_count_once_they_have_passed() {
    let targets = ClockRules { waiting_us: Some(10), first_response_us: Some(10), ..ClockRules::default() };
    let mut figures = Figures::default();
    for what in [
        Occurrence::Waited(10),
        Occurrence::Waited(11),
        Occurrence::Abandoned(5),
        Occurrence::Abandoned(50),
        Occurrence::FirstResponse(3),
        Occurrence::Missed(11),
        Occurrence::Missed(9),
    ] {
        figures.add(&Fact { at: at(0), agent: None, team: None, what }, targets);
        Figures::default().add(&Fact { at: at(0), agent: None, team: None, what }, ClockRules::default());
    }
    assert_eq!(figures.waiting_target, Met { met: 1, of: 3 });
    assert_eq!(figures.first_response_target, Met { met: 1, of: 2 });
    assert_eq!((figures.abandoned, figures.missed), (2, 2));
}

#[test]
fn hours_and_days_are_those_of_the_zone() {
    let zone = |name| TimeZoneDatabase::bundled().get(name).unwrap();
    let starts = |grouping, zone, seconds: &[i64]| {
        let filter = ReportFilter { to: Micros(i64::MAX), ..ReportFilter::default() };
        let mut report = Report::new(filter, grouping, zone);
        for second in seconds {
            let fact = Fact { at: at(*second), agent: None, team: None, what: Occurrence::Sent };
            report.add(&fact, Labels::default());
        }
        let start = |group: &Group| match group {
            Group::Time(begin) => begin.0 / 1_000_000,
            _ => panic!("{group:?} is no time"),
        };
        report.rows.keys().map(start).collect::<Vec<_>>()
    };
    // 2026-11-28T15:59:59Z and a second later: midnight in Shanghai.
    let midnight = 1_795_881_600;
    let both = [midnight - 1, midnight];
    assert_eq!(starts(Grouping::Day, zone("Asia/Shanghai"), &both), [midnight - 86_400, midnight]);
    assert_eq!(starts(Grouping::Day, TimeZone::UTC, &both), [midnight - 57_600]);
    // Kolkata is half an hour off.
    assert_eq!(starts(Grouping::Hour, zone("Asia/Kolkata"), &both), [midnight - 1800]);
    // The hour that autumn repeats is two hours: 2026-11-01 in New York.
    let twice = [1_793_511_000, 1_793_514_600];
    assert_eq!(starts(Grouping::Hour, zone("America/New_York"), &twice).len(), 2);
}

/// What people may do in a conversation.
#[derive(Clone, Copy, Debug)]
enum Doing {
    Write(u8),
    Assign(u8),
    Transfer(Option<u8>),
    ToTeam(u8),
    Requeue,
    Pend,
    TakeUp(u8),
    Resolve(bool),
    Invite,
    Rate(u8),
}

fn doing() -> impl Strategy<Value = Doing> {
    prop_oneof![
        6 => (0..4_u8).prop_map(Doing::Write),
        2 => (0..2_u8).prop_map(Doing::Assign),
        1 => proptest::option::of(0..2_u8).prop_map(Doing::Transfer),
        1 => (0..2_u8).prop_map(Doing::ToTeam),
        1 => Just(Doing::Requeue),
        1 => Just(Doing::Pend),
        1 => (0..2_u8).prop_map(Doing::TakeUp),
        2 => any::<bool>().prop_map(Doing::Resolve),
        1 => Just(Doing::Invite),
        1 => (1..6_u8).prop_map(Doing::Rate),
    ]
}

fn agent(number: u8) -> AgentKey {
    AgentKey(i64::from(number) + 1)
}

/// The log that these doings leave behind, by the rules of the domain: one log a conversation.
fn logs(doings: &[Vec<(i64, Doing)>]) -> Vec<Vec<Step>> {
    doings.iter().map(|doings| log(doings)).collect()
}

fn log(doings: &[(i64, Doing)]) -> Vec<Step> {
    let mut head = Conversation::new(ConversationKey(1), Uuid::nil(), InboxKey(1), VisitorKey(1), Micros(0));
    let (mut log, mut now) = (Vec::new(), 0);
    for (passed, doing) in doings {
        now += passed;
        let at = at(now);
        let (sender, done): (_, Result<Event, Refusal>) = match *doing {
            Doing::Write(who) => {
                let sender = [VISITOR, Principal::Agent(LIN), Principal::Agent(ZHOU), Principal::Bot]
                    [usize::from(who)];
                let event = head.on_message(sender, MessageKind::Text, at);
                log.push(Step { at, sender, event: None });
                let by = event.filter(|event| event.agent.is_some()).map_or(Principal::System, |_| sender);
                log.extend(event.map(|event| Step { at, sender: by, event: Some(event) }));
                continue;
            }
            Doing::Assign(to) => (Principal::System, head.assign(agent(to))),
            Doing::Transfer(to) => (Principal::Agent(LIN), head.transfer(to.map(agent), at)),
            Doing::ToTeam(team) => {
                (Principal::Agent(LIN), head.transfer_to_team(TeamKey(i64::from(team)), at))
            }
            Doing::Requeue => (Principal::System, head.requeue(at)),
            Doing::Pend => (Principal::Agent(LIN), head.pend(None)),
            Doing::TakeUp(by) => (Principal::Agent(agent(by)), head.take_up(agent(by))),
            Doing::Resolve(true) => (Principal::System, head.resolve(at)),
            Doing::Resolve(false) => (Principal::Agent(LIN), head.resolve(at)),
            Doing::Invite => (Principal::Agent(LIN), head.invite_rating()),
            Doing::Rate(score) => {
                (VISITOR, head.rate(Rating { score, comment: String::new(), created_at: at }))
            }
        };
        log.extend(done.ok().map(|event| Step { at, sender, event: Some(event) }));
    }
    log
}

/// What the steps from the `from`th on complete, followed from the start or from the last end before that.
fn facts_from(log: &[Step], from: usize, is_short: bool) -> Vec<Fact> {
    let ends = |step: &Step| step.event.is_some_and(|event| event.code == EventCode::Resolved);
    let start = if is_short { log[..from].iter().rposition(ends).unwrap_or(0) } else { 0 };
    let (mut contact, mut facts) = (Contact::default(), Vec::new());
    log[start..from].iter().for_each(|step| contact.apply(*step, &mut facts));
    facts.clear();
    log[from..].iter().for_each(|step| contact.apply(*step, &mut facts));
    facts
}

fn count(facts: &[(usize, Fact)], grouping: Grouping, from: i64, to: i64) -> Report {
    let filter = ReportFilter { from: at(from), to: at(to), ..ReportFilter::default() };
    let mut report = Report::new(filter, grouping, TimeZone::UTC);
    for (conversation, fact) in facts {
        let inbox = Some(InboxKey((conversation % 2) as i64));
        report.add(fact, Labels { inbox, ..Labels::default() });
    }
    report
}

/// Every number that adds up.
fn numbers(figures: &Figures) -> Vec<u64> {
    let durations = [&figures.queue_wait, &figures.first_response, &figures.response, &figures.handling];
    let mut numbers = vec![
        figures.opened,
        figures.handled,
        figures.missed,
        figures.abandoned,
        figures.resolved,
        figures.resolved_by_clock,
        figures.transfers,
        figures.messages_in,
        figures.messages_out,
        figures.messages_bot,
        figures.invited,
    ];
    numbers.extend(figures.scores);
    numbers.extend(durations.iter().map(|durations| durations.count()));
    numbers
}

fn sum<'a>(all: impl Iterator<Item = &'a Figures>) -> Vec<u64> {
    all.fold(vec![0; numbers(&Figures::default()).len()], |sum, figures| {
        sum.iter().zip(numbers(figures)).map(|(left, right)| left + right).collect()
    })
}

proptest! {
    #[test]
    fn figures_add_up_whichever_way(
        doings in prop::collection::vec(prop::collection::vec((0..5000_i64, doing()), 0..30), 1..5),
        cut in 0..100_000_i64,
    ) {
        let logs = logs(&doings);
        let told = |(index, log): (usize, &Vec<Step>)| {
            facts_from(log, 0, false).into_iter().map(move |fact| (index, fact)).collect::<Vec<_>>()
        };
        let facts: Vec<_> = logs.iter().enumerate().flat_map(told).collect();
        let end = 1_000_000;
        let whole = count(&facts, Grouping::Hour, 0, end);

        // Every message is counted once, and every contact that began ends or goes on.
        let messages = logs.iter().flatten().filter(|step| step.event.is_none()).count() as u64;
        let total = &whole.total;
        prop_assert_eq!(total.messages_in + total.messages_out + total.messages_bot, messages);
        prop_assert!(total.resolved <= total.opened && total.opened <= total.resolved + logs.len() as u64);
        prop_assert!(total.missed + total.first_response.count() <= total.opened);
        prop_assert!(total.abandoned <= total.resolved);

        for grouping in [Grouping::Hour, Grouping::Day, Grouping::Agent, Grouping::Team, Grouping::Inbox] {
            let report = count(&facts, grouping, 0, end);
            prop_assert_eq!(&report.total, total);
            prop_assert_eq!(sum(report.rows.values()), numbers(total));
        }
        let mut turned = facts.clone();
        turned.reverse();
        let backwards = count(&turned, Grouping::Hour, 0, end);
        prop_assert_eq!((&backwards.total, &backwards.rows), (&whole.total, &whole.rows));

        let parts = [count(&facts, Grouping::Agent, 0, cut), count(&facts, Grouping::Agent, cut, end)];
        prop_assert_eq!(sum(parts.iter().map(|part| &part.total)), numbers(total));
    }

    #[test]
    fn a_log_may_be_followed_from_the_end_before(
        doings in prop::collection::vec((0..5000_i64, doing()), 0..40), from in 0..60_usize,
    ) {
        let log = log(&doings);
        let from = from.min(log.len());
        prop_assert_eq!(facts_from(&log, from, true), facts_from(&log, from, false));
    }
}
