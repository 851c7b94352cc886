use proptest::prelude::*;

use super::*;

fn begun() -> Conversation {
    let mut head = Conversation::new(ConversationKey(1), Uuid::nil(), InboxKey(1), VisitorKey(1), Micros(0));
    head.on_message(Principal::Visitor(VisitorKey(1)), MessageKind::Text, Micros(1)).unwrap();
    head
}

fn entry(sender: Principal, kind: MessageKind, created_at: Micros) -> Entry {
    Entry {
        pos: 0,
        conversation: ConversationKey(1),
        seq: 0,
        prev_pos: 0,
        prev_public_seq: 0,
        id: Uuid::nil(),
        client_id: None,
        sender,
        kind,
        text: String::new(),
        event: None,
        data: None,
        quote_seq: None,
        revision: crate::Revision::Intact,
        created_at,
    }
}

#[test]
fn who_joins_writes_beside_the_owner_and_leaves_with_the_end() {
    let (lin, boss) = (AgentKey(1), AgentKey(2));
    let mut head = begun();
    assert_eq!(head.join(boss), Err(Refusal::State(State::Queued)), "there is nobody to join");
    head.assign(lin).unwrap();
    assert_eq!(head.join(lin), Ok(None));
    assert_eq!(head.join(boss).unwrap().unwrap().code, EventCode::Joined);
    assert_eq!(head.join(boss), Ok(None));
    assert_eq!(head.on_message(Principal::Agent(boss), MessageKind::Text, Micros(2)), None);
    assert_eq!((head.assignee, &head.joined[..]), (Some(lin), &[boss][..]));
    head.requeue(Micros(3)).unwrap();
    assert_eq!(head.on_message(Principal::Agent(boss), MessageKind::Text, Micros(4)), None, "it still waits");
    head.assign(lin).unwrap();
    assert_eq!(head.leave(boss).unwrap().code, EventCode::Left);
    assert_eq!(head.leave(boss), None);
    for agent in 10..18 {
        head.join(AgentKey(agent)).unwrap();
    }
    assert_eq!(head.join(boss), Err(Refusal::Crowded));
    head.resolve(Micros(5)).unwrap();
    assert!(head.joined.is_empty());
}

#[test]
fn a_visitor_ends_what_it_began_once_and_comes_back_with_the_next_message() {
    let visitor = Principal::Visitor(VisitorKey(1));
    let mut head = Conversation::new(ConversationKey(1), Uuid::nil(), InboxKey(1), VisitorKey(1), Micros(0));
    assert_eq!(head.end(Micros(1)), Err(Refusal::State(State::New)));
    head = begun();
    assert_eq!(head.end(Micros(2)).unwrap().unwrap().code, EventCode::Resolved);
    assert_eq!((head.state, head.queued_at, head.resolved_at), (State::Resolved, None, Some(Micros(2))));
    assert_eq!((head.end(Micros(3)), head.resolved_at), (Ok(None), Some(Micros(2))), "it ended once");
    assert_eq!(head.on_message(visitor, MessageKind::Text, Micros(4)).unwrap().code, EventCode::Reopened);
    head.assign(AgentKey(1)).unwrap();
    head.pend(None).unwrap();
    assert_eq!(head.end(Micros(5)).unwrap().unwrap().agent, Some(AgentKey(1)), "its agent stays on record");
}

#[test]
fn what_is_set_aside_until_a_time_comes_back_to_its_agent_and_any_change_forgets_the_time() {
    let (lin, visitor) = (AgentKey(1), Principal::Visitor(VisitorKey(1)));
    let until = Some(Micros(9));
    let mut head = begun();
    assert_eq!(head.pend(until), Err(Refusal::State(State::Queued)));
    head.assign(lin).unwrap();
    assert_eq!(head.wake(), Err(Refusal::State(State::Open)));
    assert_eq!(head.pend(until).unwrap().until, until);
    assert_eq!(head.pend(None), Err(Refusal::State(State::Pending)), "it is set aside already");
    assert_eq!(head.pend(Some(Micros(10))).unwrap().until, Some(Micros(10)), "for longer");
    let mut woken = head.clone();
    assert_eq!(woken.wake().unwrap().agent, Some(lin));
    assert_eq!((woken.state, woken.snoozed_until), (State::Open, None));
    let changes: [fn(&mut Conversation) -> bool; 5] = [
        |head| head.end(Micros(3)).is_ok(),
        |head| head.take_up(AgentKey(2)).is_ok(),
        |head| head.transfer(None, Micros(3)).is_ok(),
        |head| head.take_over(AgentKey(2)).is_ok(),
        |head| head.requeue(Micros(3)).is_ok(),
    ];
    for change in changes {
        let mut changed = head.clone();
        assert!(change(&mut changed));
        assert_ne!(changed.state, State::Pending);
        assert_eq!((changed.snoozed_until, changed.wake().is_err()), (None, true));
    }
    head.on_message(visitor, MessageKind::Text, Micros(4)).unwrap();
    assert_eq!((head.state, head.snoozed_until), (State::Open, None), "the visitor came first");
}

#[test]
fn who_waits_for_an_answer_waits_since_the_first_message_that_has_none() {
    let (visitor, agent) = (Principal::Visitor(VisitorKey(1)), Principal::Agent(AgentKey(1)));
    let mut head = begun();
    let write = |head: &mut Conversation, by, kind, at| {
        let mut entry = entry(by, kind, Micros(at));
        let pos = head.last_pos + 1;
        head.append(&mut entry, pos);
        head.unanswered_at
    };
    assert_eq!(write(&mut head, visitor, MessageKind::Text, 2), Some(Micros(2)));
    assert_eq!(write(&mut head, visitor, MessageKind::Text, 3), Some(Micros(2)));
    assert_eq!(write(&mut head, agent, MessageKind::Note, 4), Some(Micros(2)), "a note answers nobody");
    head.marked_unread = true;
    assert_eq!(write(&mut head, agent, MessageKind::Text, 5), None);
    assert!(!head.marked_unread, "who answers has read");
    assert_eq!(write(&mut head, visitor, MessageKind::Text, 6), Some(Micros(6)));
    assert_eq!(write(&mut head, Principal::System, MessageKind::Text, 7), Some(Micros(6)));
    assert_eq!(write(&mut head, Principal::Bot, MessageKind::Text, 8), None);
    write(&mut head, visitor, MessageKind::Text, 9);
    head.resolve(Micros(10)).unwrap();
    assert_eq!(head.unanswered_at, None, "what has ended needs no answer");
}

#[test]
fn a_conversation_is_taken_over_from_whoever_has_it() {
    let (lin, boss) = (AgentKey(1), AgentKey(2));
    let mut head = begun();
    assert_eq!(head.take_over(boss).unwrap().unwrap().agent, Some(boss), "also from the queue");
    assert_eq!((head.state, head.queued_at), (State::Open, None));
    head.transfer(Some(lin), Micros(2)).unwrap();
    head.join(boss).unwrap();
    head.pend(None).unwrap();
    assert_eq!(head.take_over(boss).unwrap().unwrap().code, EventCode::TakenOver);
    assert_eq!((head.state, head.assignee, head.joined.len()), (State::Open, Some(boss), 0));
    assert_eq!(head.take_over(boss), Ok(None));
    head.resolve(Micros(3)).unwrap();
    assert_eq!(head.take_over(lin), Err(Refusal::State(State::Resolved)));
}

#[test]
fn the_bot_has_what_is_open_without_an_agent() {
    let (lin, visitor) = (AgentKey(1), Principal::Visitor(VisitorKey(1)));
    let mut head = Conversation::new(ConversationKey(1), Uuid::nil(), InboxKey(1), VisitorKey(1), Micros(0));
    assert!(head.meet_bot() && head.is_with_bot() && !head.takes_capacity());
    assert!(!head.meet_bot(), "only what is new");
    assert_eq!(head.on_message(visitor, MessageKind::Text, Micros(1)), None, "it does not wait");
    assert_eq!((head.pend(None), head.join(lin)), (Err(Refusal::Bot), Err(Refusal::Bot)));
    let mut accepted = head.clone();
    assert_eq!(accepted.assign(lin).unwrap().code, EventCode::Assigned);
    let mut written = head.clone();
    let event = written.on_message(Principal::Agent(lin), MessageKind::Text, Micros(2)).unwrap();
    assert_eq!((event.code, written.assignee), (EventCode::Assigned, Some(lin)));
    let mut ended = head.clone();
    ended.resolve(Micros(2)).unwrap();
    assert_eq!(ended.on_message(visitor, MessageKind::Text, Micros(3)).unwrap().code, EventCode::Reopened);
    assert_eq!(ended.state, State::Queued, "who comes back gets a person");
    assert_eq!(head.hand_over(Micros(5)).unwrap().code, EventCode::Queued);
    assert_eq!((head.queued_at, head.asked_at), (Some(Micros(5)), Some(Micros(5))));
    assert_eq!(head.hand_over(Micros(6)), Err(Refusal::State(State::Queued)));
    head.assign(lin).unwrap();
    assert_eq!(head.hand_over(Micros(6)), Err(Refusal::State(State::Open)));
}

proptest! {
    /// Whatever happens, who has a conversation does not take part beside itself, nobody does twice, and nobody is
    /// left in one that has ended.
    #[test]
    fn participants_are_others_and_each_once(steps in proptest::collection::vec((0..10_u8, 0..12_i64), 0..60)) {
        let mut head = begun();
        for (now, (step, agent)) in (2..).zip(steps) {
            let (agent, now) = (AgentKey(agent), Micros(now));
            let before = head.clone();
            let refused = match step {
                0 => head.join(agent).is_err(),
                1 => head.take_over(agent).is_err(),
                2 => head.assign(agent).is_err(),
                3 => head.transfer(Some(agent), now).is_err(),
                4 => head.transfer(None, now).is_err(),
                5 => head.pend(None).is_err(),
                6 => head.resolve(now).is_err(),
                7 => head.take_up(agent).is_err(),
                8 => {
                    head.on_message(Principal::Agent(agent), MessageKind::Text, now);
                    false
                }
                _ => head.leave(agent).is_none(),
            };
            if refused {
                prop_assert_eq!(format!("{before:?}"), format!("{head:?}"), "a refusal changes nothing");
            }
            let mut once = head.joined.clone();
            once.sort_unstable();
            once.dedup();
            prop_assert_eq!(once.len(), head.joined.len());
            prop_assert!(head.joined.len() <= JOINED_MAX);
            prop_assert!(head.assignee.is_none_or(|owner| !head.joined.contains(&owner)));
            prop_assert!(head.state != State::Resolved || head.joined.is_empty());
            prop_assert_eq!(head.queued_at.is_some(), head.state == State::Queued);
        }
    }
}
