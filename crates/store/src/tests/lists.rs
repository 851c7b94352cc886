use std::cmp::Reverse;

use kefu_core::{
    Agent, AgentKey, Conversation, FieldVersions, InboxKey, Principal, State, Team, TeamKey, TeamSettings,
    VisitorKey,
};

use super::{NOW, agent, open, run, shown};
use crate::{Batch, Change, MentionChange, OpenWork, Store, View};
use uuid::Uuid;

/// Forty conversations in all states, two agents, two inboxes, with equal times among them.
fn some() -> Vec<Conversation> {
    let states = [State::New, State::Queued, State::Open, State::Pending, State::Resolved];
    (1..=40)
        .map(|number: i64| {
            let now = NOW.plus_seconds(number * 7 % 13);
            let id = Uuid::from_u128(u128::try_from(number).unwrap());
            let key = kefu_core::ConversationKey(number);
            let mut head = Conversation::new(key, id, InboxKey(number % 2), VisitorKey(number % 3), now);
            head.state = states[usize::try_from(number % 5).unwrap()];
            head.assignee =
                (!matches!(head.state, State::New | State::Queued)).then_some(AgentKey(number % 4 / 2));
            head.team = [None, Some(TeamKey(1)), Some(TeamKey(2)), Some(TeamKey(99))]
                [usize::try_from(number / 5 % 4).unwrap()];
            head.queued_at = (head.state == State::Queued).then_some(now);
            head.resolved_at = (head.state == State::Resolved).then_some(now);
            head
        })
        .collect()
}

type Belongs<'a> = &'a dyn Fn(&Conversation) -> bool;

async fn paged(store: &Store, view: View, inbox: Option<InboxKey>) -> Vec<i64> {
    let mut keys = Vec::new();
    let mut cursor = None;
    loop {
        let (page, next) = store.conversations(view, inbox, cursor, 3).await.unwrap();
        assert_eq!(page.has_more, next.is_some());
        keys.extend(page.items.iter().map(|head| head.key.0));
        cursor = next;
        if cursor.is_none() {
            return keys;
        }
    }
}

#[test]
fn lists_are_what_a_scan_finds() {
    run(|dir| async move {
        let mut opened = open(dir.path()).await.unwrap();
        let heads = some();
        let teams = [(1, "Refunds"), (2, "Sales")].map(|(key, name)| {
            Change::Team(Team {
                key: TeamKey(key),
                id: Uuid::from_u128(u128::try_from(key).unwrap()),
                name: name.to_owned(),
                settings: TeamSettings::default(),
                versions: FieldVersions::default(),
                created_at: NOW,
            })
        });
        let colleague = Agent { teams: vec![TeamKey(2)], ..agent(AgentKey(1), "ada@example.com") };
        let mention = |agents: Vec<AgentKey>, number, seq| {
            let conversation = kefu_core::ConversationKey(number);
            Change::Mention(MentionChange::Add { agents, conversation, seq })
        };
        let (me, ada) = (AgentKey(1), AgentKey(0));
        let seen = MentionChange::Seen { agent: me, conversation: kefu_core::ConversationKey(9), seq: 3 };
        let calls = (1..=12).map(|number| mention(vec![me, ada], number, 3));
        let more = [mention(vec![me], 8, 5), mention(vec![ada], 30, 1), Change::Mention(seen)];
        let changes = teams.into_iter().chain([Change::Agent(colleague)]).chain(calls).chain(more).collect();
        let batch = Batch { conversations: heads.clone(), changes, ..Batch::default() };
        opened.writer.commit(&batch).await.unwrap();
        let live = |head: &Conversation| !matches!(head.state, State::New | State::Resolved);
        let mine = move |head: &Conversation| head.assignee == Some(me);
        // Team 99 is gone.
        let for_me = |head: &Conversation| head.state == State::Queued && head.team != Some(TeamKey(1));
        let called = |head: &Conversation| head.key.0 <= 12 && head.key.0 != 9;
        let views: [(View, Belongs<'_>); 9] = [
            (View::Mine(me), &|head| mine(head) && live(head)),
            (View::Waiting, &|head| head.state == State::Queued),
            (View::WaitingFor(me), &for_me),
            (View::All, &live),
            (View::AgentAll(me), &|head| for_me(head) || mine(head) && live(head)),
            (View::Ended { assignee: None }, &|head| head.state == State::Resolved),
            (View::Ended { assignee: Some(me) }, &|head| head.state == State::Resolved && mine(head)),
            (View::OfVisitor(VisitorKey(2)), &|head| head.visitor == VisitorKey(2)),
            (View::Mentioned(me), &called),
        ];
        for (view, belongs) in views {
            for inbox in [None, Some(InboxKey(0)), Some(InboxKey(1))] {
                let mut expected: Vec<_> = heads
                    .iter()
                    .filter(|head| belongs(head) && inbox.is_none_or(|inbox| head.inbox == inbox))
                    .collect();
                match view {
                    View::Waiting | View::WaitingFor(_) => {
                        expected.sort_by_key(|head| (head.queued_at, head.key))
                    }
                    _ => expected.sort_by_key(|head| Reverse((head.updated_at, head.key))),
                }
                let expected: Vec<_> = expected.iter().map(|head| head.key.0).collect();
                assert!(!expected.is_empty());
                assert_eq!(paged(&opened.store, view, inbox).await, expected, "{view:?} {inbox:?}");
                let count = opened.store.count(view, inbox, 100).await.unwrap();
                assert_eq!(count, expected.len(), "{view:?} {inbox:?}");
                assert_eq!(opened.store.count(view, inbox, 1).await.unwrap(), 1, "no further than asked");
            }
        }
        let work = opened.store.open_work().await.unwrap();
        let mut work: Vec<_> = work.iter().map(shown).collect();
        let expected = heads.iter().filter(|head| live(head) && head.state != State::Pending);
        let mut expected: Vec<_> = expected.map(|head| shown(OpenWork::from(head))).collect();
        work.sort_unstable();
        expected.sort_unstable();
        assert_eq!(work, expected);
        opened.writer.close().await.unwrap();
    });
}

#[test]
fn a_state_shows_at_once_and_growth_after_folding() {
    run(|dir| async move {
        let mut opened = open(dir.path()).await.unwrap();
        let mut head = super::conversation(&mut opened.writer, 1).await;
        head.on_message(Principal::Visitor(VisitorKey(1)), kefu_core::MessageKind::Text, NOW).unwrap();
        let batch = Batch { conversations: vec![head.clone()], ..Batch::default() };
        opened.writer.commit(&batch).await.unwrap();
        super::grow(&mut opened.writer, &mut head, 2).await.unwrap();
        let listed = opened.store.conversations(View::All, None, None, 1).await.unwrap().0.items;
        assert_eq!((listed[0].state, listed[0].last_seq), (State::Queued, 0));
        let exact = opened.writer.conversations_by_key(&[head.key]).await.unwrap();
        assert_eq!(exact[0].last_seq, 2);
        assert!(!opened.writer.idle_work().await.unwrap(), "young entries gather first");
        opened.writer.close().await.unwrap();
        let opened = open(dir.path()).await.unwrap();
        let listed = opened.store.conversations(View::All, None, None, 1).await.unwrap().0.items;
        assert_eq!(listed[0].last_seq, 2);
        opened.writer.close().await.unwrap();
    });
}

#[test]
fn what_is_set_aside_until_a_time_and_how_fast_answers_came() {
    run(|dir| async move {
        let mut opened = open(dir.path()).await.unwrap();
        let mut heads = some();
        for (number, head) in (1..).zip(&mut heads) {
            head.snoozed_until = (head.state == State::Pending).then(|| NOW.plus(number));
            head.asked_at = Some(NOW);
            head.answered_at = (number % 2 == 0).then(|| NOW.plus(number));
        }
        let batch = Batch { conversations: heads.clone(), ..Batch::default() };
        opened.writer.commit(&batch).await.unwrap();
        let mut snoozed = opened.store.snoozed().await.unwrap();
        let expected = heads.iter().filter_map(|head| Some((head.key, head.snoozed_until?)));
        let mut expected: Vec<_> = expected.collect();
        snoozed.sort_unstable();
        expected.sort_unstable();
        assert!(!expected.is_empty());
        assert_eq!(snoozed, expected);
        let waits = async |inbox, since| {
            let mut waits = opened.store.first_responses(InboxKey(inbox), since).await.unwrap();
            waits.sort_unstable();
            waits
        };
        let even: Vec<_> = (2..=40).step_by(2).collect();
        assert_eq!(waits(0, NOW.plus(-1)).await, even);
        assert_eq!((waits(1, NOW.plus(-1)).await, waits(0, NOW).await), (vec![], vec![]));
        opened.writer.close().await.unwrap();
    });
}

#[test]
fn a_call_stands_until_its_newest_note_was_looked_at() {
    run(|dir| async move {
        let mut opened = open(dir.path()).await.unwrap();
        let agent = AgentKey(1);
        let head = super::conversation(&mut opened.writer, 1).await;
        let conversation = head.key;
        let seen = |seq| Change::Mention(MentionChange::Seen { agent, conversation, seq });
        let called = |seq| Change::Mention(MentionChange::Add { agents: vec![agent], conversation, seq });
        let mut after = async |change| {
            let batch = Batch { changes: vec![change], ..Batch::default() };
            opened.writer.commit(&batch).await.unwrap();
            opened.store.count(View::Mentioned(agent), None, 9).await.unwrap()
        };
        assert_eq!(after(called(4)).await, 1);
        assert_eq!(after(called(7)).await, 1);
        assert_eq!(after(called(5)).await, 1);
        assert_eq!(after(seen(6)).await, 1, "a newer note has come meanwhile");
        assert_eq!(after(seen(7)).await, 0);
        opened.writer.close().await.unwrap();
    });
}
