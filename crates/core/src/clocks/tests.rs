use super::*;
use crate::{AgentKey, VisitorKey};

const CONVERSATION: ConversationKey = ConversationKey(1);
const VISITOR: Principal = Principal::Visitor(VisitorKey(1));
const AGENT: Principal = Principal::Agent(AgentKey(1));
const RULES: ClockRules = ClockRules {
    waiting_us: Some(60_000_000),
    first_response_us: Some(90_000_000),
    warn_after_us: Some(300_000_000),
    close_after_us: Some(400_000_000),
    silence: Silence::Visitor,
};

fn second(n: i64) -> Micros {
    Micros(n * 1_000_000)
}

/// What comes due up to `until`, each confirmed when it is told, with the second.
fn run(clocks: &mut Clocks, until: i64) -> Vec<(i64, Alarm)> {
    let mut told = Vec::new();
    while let Some(at) = clocks.next_deadline().filter(|at| *at <= second(until)) {
        for alarm in clocks.tick(at) {
            clocks.confirm(&alarm, at);
            told.push((at.0 / 1_000_000, alarm));
        }
    }
    told
}

#[test]
fn targets_are_missed_once() {
    let mut clocks = Clocks::default();
    clocks.waits(CONVERSATION, second(0), RULES);
    clocks.wrote(CONVERSATION, VISITOR, second(0));
    clocks.wrote(CONVERSATION, Principal::Bot, second(1));
    let breach = |clock, at| Alarm::Breach { conversation: CONVERSATION, clock, at: second(at) };
    assert_eq!(run(&mut clocks, 80), [(60, breach(Clock::Waiting, 60))]);
    // Waits again since the same moment: no new breach.
    clocks.opens(CONVERSATION, second(81), RULES);
    clocks.wrote(CONVERSATION, VISITOR, second(82));
    assert_eq!(run(&mut clocks, 95), [(90, breach(Clock::FirstResponse, 90))]);
    clocks.waits(CONVERSATION, second(100), RULES);
    assert_eq!(run(&mut clocks, 900), [(160, breach(Clock::Waiting, 160))]);
    clocks.ends(CONVERSATION);
    assert!(clocks.is_empty() && clocks.next_deadline().is_none());
}

#[test]
fn an_answer_in_time_stops_the_clocks() {
    let mut clocks = Clocks::default();
    clocks.waits(CONVERSATION, second(0), RULES);
    clocks.wrote(CONVERSATION, VISITOR, second(0));
    clocks.opens(CONVERSATION, second(59), RULES);
    clocks.wrote(CONVERSATION, AGENT, second(89));
    clocks.wrote(CONVERSATION, VISITOR, second(95));
    assert_eq!(run(&mut clocks, 100_000), []);
}

#[test]
fn a_silent_visitor_is_warned_and_the_conversation_ends() {
    let mut clocks = Clocks::default();
    clocks.opens(CONVERSATION, second(0), RULES);
    clocks.wrote(CONVERSATION, AGENT, second(10));
    let warning = |closes_at| Alarm::WarnIdle { conversation: CONVERSATION, closes_at: second(closes_at) };
    assert_eq!(run(&mut clocks, 320), [(310, warning(410))]);
    // The warning itself breaks no silence; the visitor's word does.
    clocks.wrote(CONVERSATION, Principal::System, second(311));
    clocks.wrote(CONVERSATION, VISITOR, second(400));
    assert_eq!(run(&mut clocks, 5_000), []);
    clocks.wrote(CONVERSATION, AGENT, second(5_000));
    let close = Alarm::CloseIdle { conversation: CONVERSATION };
    assert_eq!(run(&mut clocks, 9_000), [(5_300, warning(5_400)), (5_400, close)]);
    assert!(clocks.is_empty());
}

#[test]
fn whoever_wrote_last_can_be_meant() {
    let mut clocks = Clocks::default();
    let rules = ClockRules { silence: Silence::Anybody, first_response_us: None, ..RULES };
    clocks.wrote(CONVERSATION, VISITOR, second(0));
    clocks.waits(CONVERSATION, second(0), ClockRules { waiting_us: None, ..rules });
    clocks.wrote(CONVERSATION, VISITOR, second(0));
    clocks.opens(CONVERSATION, second(1_000), rules);
    // Three hundred seconds after it was taken up, not after it was written.
    assert_eq!(run(&mut clocks, 1_350).len(), 1);
    clocks.rests(CONVERSATION);
    assert_eq!(run(&mut clocks, 100_000), []);
    clocks.opens(CONVERSATION, second(100_000), rules);
    assert_eq!(run(&mut clocks, 200_000).len(), 2);
}

#[test]
fn a_late_warning_leaves_the_visitor_its_time() {
    let mut clocks = Clocks::default();
    clocks.opens(CONVERSATION, second(0), RULES);
    clocks.wrote(CONVERSATION, AGENT, second(0));
    let alarms = clocks.tick(second(1_000));
    assert!(matches!(alarms[..], [Alarm::WarnIdle { .. }]), "{alarms:?}");
    clocks.confirm(&alarms[0], second(1_000));
    assert_eq!(clocks.next_deadline(), Some(second(1_100)));
}

#[test]
fn what_is_not_confirmed_is_told_again() {
    let mut clocks = Clocks::default();
    clocks.opens(CONVERSATION, second(0), RULES);
    clocks.wrote(CONVERSATION, AGENT, second(0));
    let first = clocks.tick(second(300));
    assert_eq!(clocks.tick(second(300)), []);
    assert_eq!(clocks.next_deadline(), Some(second(305)));
    assert_eq!(clocks.tick(second(305)), first);
}

#[test]
fn a_tick_is_bounded_and_says_that_there_is_more() {
    let mut clocks = Clocks::default();
    for n in 0..1_000 {
        clocks.waits(ConversationKey(n), second(0), RULES);
    }
    let mut told = 0;
    while clocks.next_deadline().is_some_and(|at| at <= second(60)) {
        let alarms = clocks.tick(second(60));
        assert!(alarms.len() <= TICK_MAX);
        told += alarms.len();
    }
    assert_eq!((told, clocks.len()), (1_000, 1_000));
}
