use kefu_core::{AgentKey, Conversation, ConversationKey, InboxKey, State, VisitorKey};
use uuid::Uuid;

use super::{NOW, agent, open, run, visitor};
use crate::{Batch, Change, Condition, Field, Place, Readable, Select, SelectKey, Sign, Store, StoreError};

/// Sixty conversations of five visitors in all states, of two agents, with equal times among them.
fn some() -> Vec<Conversation> {
    let states = [State::New, State::Queued, State::Open, State::Pending, State::Resolved];
    (1..=60)
        .map(|number: i64| {
            let now = NOW.plus_seconds(number * 7 % 13);
            let id = Uuid::from_u128(1000 - u128::try_from(number).unwrap());
            let visitor = VisitorKey(number % 5 + 1);
            let mut head = Conversation::new(ConversationKey(number), id, InboxKey(1), visitor, now);
            head.state = states[usize::try_from(number % 7 % 5).unwrap()];
            head.assignee =
                (!matches!(head.state, State::New | State::Queued)).then_some(AgentKey(number % 2));
            head.queued_at = (head.state == State::Queued).then_some(now);
            head
        })
        .collect()
}

async fn numbers(store: &Store, select: &Select) -> Result<Vec<i64>, StoreError> {
    let found = store.select_conversations(select).await?;
    Ok(found.into_iter().map(|head| head.key.0).collect())
}

/// A visitor.
fn person(number: i64) -> kefu_core::Visitor {
    visitor(VisitorKey(number), None, false)
}

/// The order of lists: newest activity first, then the largest id.
fn newest() -> Vec<(Field, bool)> {
    vec![(Field::UpdatedAt, true), (Field::Id, true)]
}

fn sorted<'a>(heads: impl Iterator<Item = &'a Conversation>) -> Vec<i64> {
    let mut heads: Vec<_> = heads.filter(|head| head.state != State::New).collect();
    heads.sort_by_key(|head| std::cmp::Reverse((head.updated_at, head.id)));
    heads.into_iter().map(|head| head.key.0).collect()
}

#[test]
fn what_is_selected_is_what_a_scan_finds() {
    run(|dir| async move {
        let mut opened = open(dir.path()).await.unwrap();
        let heads = some();
        let people = (1..=5).map(|key| Change::Visitor(person(key)));
        let changes = people.chain([Change::Agent(agent(AgentKey(1), "ada@example.com"))]).collect();
        let batch = Batch { conversations: heads.clone(), changes, ..Batch::default() };
        opened.writer.commit(&batch).await.unwrap();
        let store = &opened.store;
        let me = AgentKey(1);
        let mine = |head: &Conversation| head.assignee == Some(me) || head.state == State::Queued;
        for readable in [Readable::All, Readable::By(me)] {
            let may = |head: &&Conversation| readable == Readable::All || mine(head);
            let all = Select { order: newest(), limit: 1000, readable, ..Select::default() };
            assert_eq!(numbers(store, &all).await.unwrap(), sorted(heads.iter().filter(may)));
            let condition = Condition::All(vec![
                Condition::Not(Box::new(Condition::States(vec![State::Pending]))),
                Condition::Any(vec![
                    Condition::Compare(Field::UpdatedAt, Sign::AtLeast, NOW.plus_seconds(6).0),
                    Condition::States(vec![State::Resolved]),
                ]),
            ]);
            let is_wanted = |head: &&Conversation| {
                head.state != State::Pending
                    && (head.updated_at >= NOW.plus_seconds(6) || head.state == State::Resolved)
            };
            let some = Select { condition, ..all.clone() };
            let expected = sorted(heads.iter().filter(may).filter(is_wanted));
            assert_eq!(numbers(store, &some).await.unwrap(), expected);
            let mut paged = Vec::new();
            let mut page = Select { limit: 3, ..some };
            loop {
                let found = store.select_conversations(&page).await.unwrap();
                let Some(last) = found.last() else { break };
                page.after = Some(vec![Place::Number(last.updated_at.0), Place::Id(last.id)]);
                paged.extend(found.into_iter().map(|head| head.key.0));
            }
            assert_eq!(paged, expected);
            let ids = (2..=4).map(|number| person(number).id).collect();
            let of = Select { keys: Some(SelectKey::Visitors(ids)), limit_per_key: Some(2), ..all };
            let mut expected: Vec<i64> = Vec::new();
            for number in 2..=4 {
                let own = heads.iter().filter(|head| head.visitor == VisitorKey(number)).filter(may);
                expected.extend(sorted(own).into_iter().take(2));
            }
            let mut found = numbers(store, &of).await.unwrap();
            found.sort_unstable();
            expected.sort_unstable();
            assert_eq!(found, expected);
        }
        let ids = (1..=5).map(|number| person(number).id).collect();
        let select = Select { keys: Some(SelectKey::Ids(ids)), limit: 10, ..Select::default() };
        assert_eq!(store.select_visitors(&select).await.unwrap().len(), 5);
        let stranger = Select { readable: Readable::By(AgentKey(7)), ..select };
        let known = store.select_visitors(&stranger).await.unwrap();
        let waiting = |key| heads.iter().any(|head| head.visitor == key && head.state == State::Queued);
        assert!(known.iter().all(|visitor| waiting(visitor.key)) && !known.is_empty());
        assert!(store.select_rated(&Select { limit: 9, ..Select::default() }).await.unwrap().is_empty());
        opened.writer.close().await.unwrap();
    });
}
