use std::collections::BTreeMap;

use kefu_core::{ConversationKey, InboxKey};
use proptest::prelude::*;

use super::*;
use crate::tests::{NOW, open, run, visitor};
use crate::{
    Batch, Block, BlockChange, BlockTarget, Change, Opened, PAGES_MAX, PageVisit, RecordSet, Writer,
};

const BY: Uuid = Uuid::from_u128(0xa1);

async fn write(writer: &mut Writer, changes: Vec<Change>) -> Result<(), StoreError> {
    let set = RecordSet { changes, audit: Vec::new() };
    writer.commit(&Batch { records: vec![set], ..Batch::default() }).await.unwrap().records.remove(0)
}

async fn change(writer: &mut Writer, change: CustomerChange) -> Result<(), StoreError> {
    write(writer, vec![Change::Customer(change)]).await
}

/// A store with nameless visitors 1 to `count`.
async fn with_visitors(dir: &std::path::Path, count: i64) -> (Opened, Vec<Visitor>) {
    let mut opened = open(dir).await.unwrap();
    let visitors: Vec<_> = (1..=count).map(|key| visitor(VisitorKey(key), None, false)).collect();
    let changes = visitors.iter().cloned().map(Change::Visitor).collect();
    opened.writer.commit(&Batch { changes, ..Batch::default() }).await.unwrap();
    (opened, visitors)
}

fn edit(id: Uuid, version: i64, name: &str) -> CustomerChange {
    CustomerChange::Edit {
        id,
        version,
        at: NOW.plus_seconds(9),
        name: Some(name.to_owned()),
        email: None,
        phone: None,
        note: None,
        attributes: None,
    }
}

fn merge(id: u128, target: Uuid, sources: &[Uuid]) -> CustomerChange {
    let id = Uuid::from_u128(id);
    CustomerChange::Merge { id, target, sources: sources.to_vec(), at: NOW, made_by: BY }
}

fn unmerge(id: u128, target: Uuid) -> CustomerChange {
    CustomerChange::Unmerge { target, id: Uuid::from_u128(id), at: NOW }
}

fn phone(id: u128, value: &str, verified: bool) -> CustomerIdentity {
    CustomerIdentity {
        id: Uuid::from_u128(id),
        kind: IdentityKind::Phone,
        scope: String::new(),
        value: value.to_owned(),
        verified,
        visitor: None,
        created_at: NOW,
    }
}

async fn close(opened: Opened) {
    opened.writer.close().await.unwrap();
    opened.store.close().await;
}

#[test]
fn a_visitor_is_its_own_customer_until_somebody_changes_it() {
    run(async |dir| {
        let (mut opened, visitors) = with_visitors(dir.path(), 2).await;
        let id = visitors[0].id;
        let before = opened.store.customer(id).await.unwrap().unwrap();
        assert_eq!((before.id, before.version, before.name.as_str()), (id, 0, "Grace"));
        assert_eq!(opened.store.customer_of(&visitors[0]).await.unwrap(), id);
        assert_eq!(opened.store.customer_identities(&before).await.unwrap()[0].id, id);

        change(&mut opened.writer, edit(id, 0, "王芳")).await.unwrap();
        let stale = change(&mut opened.writer, edit(id, 0, "x")).await;
        assert!(matches!(stale, Err(StoreError::Stale("customer"))), "{stale:?}");
        let after = opened.store.customer(id).await.unwrap().unwrap();
        assert_eq!((after.id, after.version, after.name.as_str()), (id, 1, "王芳"));
        assert_eq!(opened.store.customer_visitors(&after).await.unwrap(), [visitors[0].key]);
        // A stale first change makes no row.
        assert!(change(&mut opened.writer, edit(visitors[1].id, 3, "x")).await.is_err());
        assert_eq!(opened.store.customer(visitors[1].id).await.unwrap().unwrap().version, 0);
        assert!(opened.store.customer(Uuid::from_u128(1)).await.unwrap().is_none());
        close(opened).await;
    });
}

#[test]
fn conversations_follow_the_customer() {
    run(async |dir| {
        let (mut opened, visitors) = with_visitors(dir.path(), 3).await;
        for key in 1..=6 {
            let id = Uuid::from_u128(u128::try_from(key).unwrap());
            let visitor = VisitorKey((key - 1) % 3 + 1);
            let now = NOW.plus_seconds(key);
            let head = Conversation::new(ConversationKey(key), id, InboxKey(1), visitor, now);
            opened.writer.commit(&Batch { conversations: vec![head], ..Batch::default() }).await.unwrap();
        }
        let id = visitors[0].id;
        change(&mut opened.writer, merge(1, id, &[visitors[2].id])).await.unwrap();
        let merged = opened.store.customer(visitors[2].id).await.unwrap().unwrap();
        assert_eq!(merged.id, id);
        let keys = opened.store.customer_visitors(&merged).await.unwrap();
        let (page, next) = opened.store.conversations_of(&keys, None, 3).await.unwrap();
        assert_eq!(page.items.iter().map(|c| c.key.0).collect::<Vec<_>>(), [6, 4, 3]);
        let (page, next) = opened.store.conversations_of(&keys, next, 3).await.unwrap();
        assert_eq!((page.items[0].key.0, page.items.len(), next), (1, 1, None));
        close(opened).await;
    });
}

#[test]
fn merges_that_make_no_sense_are_refused() {
    run(async |dir| {
        let (mut opened, visitors) = with_visitors(dir.path(), 4).await;
        let [a, b, c, d] = [0, 1, 2, 3].map(|index: usize| visitors[index].id);
        let writer = &mut opened.writer;
        assert!(change(writer, merge(1, a, &[a])).await.is_err());
        change(writer, merge(1, a, &[b])).await.unwrap();
        // What was merged stands for itself no longer, neither as source nor as target.
        assert!(change(writer, merge(2, c, &[b])).await.is_err());
        assert!(change(writer, merge(2, b, &[c])).await.is_err());
        assert!(change(writer, edit(b, 0, "x")).await.is_err());
        assert!(change(writer, merge(2, d, &[c, c])).await.is_err());
        // A merge that a later one was built on stays until that one is undone.
        change(writer, merge(3, c, &[a])).await.unwrap();
        assert!(change(writer, unmerge(1, a)).await.is_err());
        assert!(change(writer, unmerge(1, c)).await.is_err());
        change(writer, unmerge(3, c)).await.unwrap();
        assert!(change(writer, unmerge(3, c)).await.is_err());
        change(writer, unmerge(1, a)).await.unwrap();
        for visitor in &visitors {
            assert_eq!(opened.store.customer_of(visitor).await.unwrap(), visitor.id);
        }
        close(opened).await;
    });
}

#[test]
fn a_verified_value_belongs_to_one_customer() {
    run(async |dir| {
        let (mut opened, visitors) = with_visitors(dir.path(), 2).await;
        let add = |who: usize, identity| CustomerChange::AddIdentity { customer: visitors[who].id, identity };
        let writer = &mut opened.writer;
        change(writer, add(0, phone(1, "+8613800000000", true))).await.unwrap();
        let taken = change(writer, add(1, phone(2, "+8613800000000", true))).await;
        assert!(matches!(taken, Err(StoreError::Conflict(_))), "{taken:?}");
        // What is merely claimed links nobody.
        change(writer, add(1, phone(3, "+8613800000000", false))).await.unwrap();
        assert!(change(writer, add(1, phone(4, "+8613800000000", false))).await.is_err());
        assert_eq!(opened.store.customer_of(&visitors[1]).await.unwrap(), visitors[1].id);

        let drop = |id| CustomerChange::DropIdentity { customer: visitors[0].id, id };
        assert!(change(writer, drop(Uuid::from_u128(3))).await.is_err());
        assert!(change(writer, drop(visitors[0].id)).await.is_err());
        change(writer, drop(Uuid::from_u128(1))).await.unwrap();
        let customer = opened.store.customer(visitors[0].id).await.unwrap().unwrap();
        assert_eq!(opened.store.customer_identities(&customer).await.unwrap().len(), 1);
        close(opened).await;
    });
}

#[test]
fn customers_are_found_by_how_something_of_them_begins() {
    run(async |dir| {
        let mut opened = open(dir.path()).await.unwrap();
        let mut changes = Vec::new();
        for key in 1..=9 {
            let mut row = visitor(VisitorKey(key), Some(&format!("crm-{key}")), key % 2 == 0);
            row.name = format!("li{key}").into();
            row.email = format!("LI{key}@example.com");
            changes.push(Change::Visitor(row));
        }
        opened.writer.commit(&Batch { changes, ..Batch::default() }).await.unwrap();
        let first = visitor(VisitorKey(1), None, false).id;
        change(&mut opened.writer, edit(first, 0, "Li Wei")).await.unwrap();
        let identity = phone(1, "+8613900000000", false);
        change(&mut opened.writer, CustomerChange::AddIdentity { customer: first, identity }).await.unwrap();

        for (prefix, count) in
            [("LI", 9), ("li w", 1), ("li3@", 1), ("crm-", 9), ("+86139", 1), ("x", 0), ("i1", 0)]
        {
            let mut ids = std::collections::BTreeSet::new();
            let mut cursor = None;
            loop {
                let (page, next) =
                    opened.store.find_customers(prefix, Whole::Nothing, cursor, 2).await.unwrap();
                assert!(page.len() <= 2);
                ids.extend(page.into_iter().map(|customer| customer.id));
                cursor = next;
                if cursor.is_none() {
                    break;
                }
            }
            assert_eq!(ids.len(), count, "{prefix}");
        }
        close(opened).await;
    });
}

#[test]
fn pages_are_kept_up_to_a_number() {
    run(async |dir| {
        let (mut opened, visitors) = with_visitors(dir.path(), 2).await;
        let visit = |number: usize| PageVisit {
            at: NOW.plus_seconds(i64::try_from(number).unwrap()),
            url: format!("https://shop.example/{number}"),
            title: String::new(),
            referrer: String::new(),
        };
        let key = visitors[0].key;
        for part in [0..3, 3..PAGES_MAX + 2, 0..0] {
            let visits = part.map(visit).collect();
            write(&mut opened.writer, vec![Change::Pages { visitor: key, visits }]).await.unwrap();
        }
        let visits = opened.store.page_visits(key).await.unwrap();
        assert_eq!(visits.len(), PAGES_MAX);
        assert_eq!((&visits[0], visits.last().unwrap()), (&visit(PAGES_MAX + 1), &visit(2)));
        assert!(opened.store.page_visits(visitors[1].key).await.unwrap().is_empty());
        close(opened).await;
    });
}

#[test]
fn a_target_is_blocked_once_and_expired_blocks_give_way() {
    run(async |dir| {
        let mut opened = open(dir.path()).await.unwrap();
        let block = |id: u128, made_s, expires_s: Option<i64>| Block {
            id: Uuid::from_u128(id),
            target: BlockTarget::Range("192.0.2.0/24".to_owned()),
            reason: "spam".to_owned(),
            made_by: BY,
            made_at: NOW.plus_seconds(made_s),
            expires_at: expires_s.map(|seconds| NOW.plus_seconds(seconds)),
        };
        let add = |block| vec![Change::Block(BlockChange::Add(block))];
        write(&mut opened.writer, add(block(1, 0, Some(10)))).await.unwrap();
        assert!(matches!(
            write(&mut opened.writer, add(block(2, 9, None))).await,
            Err(StoreError::Conflict(_))
        ));
        write(&mut opened.writer, add(block(3, 10, None))).await.unwrap();
        assert_eq!(opened.store.blocks().await.unwrap(), [block(3, 10, None)]);
        let mut other = block(4, 10, Some(20));
        other.target = BlockTarget::Visitor(BY);
        write(&mut opened.writer, add(other)).await.unwrap();
        let expired = Change::Block(BlockChange::DropExpired(NOW.plus_seconds(20)));
        write(&mut opened.writer, vec![expired]).await.unwrap();
        let end = |id| vec![Change::Block(BlockChange::Drop(Uuid::from_u128(id)))];
        assert!(write(&mut opened.writer, end(4)).await.is_err());
        write(&mut opened.writer, end(3)).await.unwrap();
        assert!(opened.store.blocks().await.unwrap().is_empty());
        close(opened).await;
    });
}

/// To whom everything belongs: visitors and other identities by public id.
async fn belongings(store: &Store, visitors: &[Visitor]) -> BTreeMap<Uuid, Uuid> {
    let mut belongings = BTreeMap::new();
    for visitor in visitors {
        let id = store.customer_of(visitor).await.unwrap();
        let customer = store.customer(id).await.unwrap().unwrap();
        assert_eq!(customer.id, id, "a visitor belongs to a customer that stands for itself");
        assert_eq!(store.customer(visitor.id).await.unwrap().unwrap().id, id, "an old id leads on");
        for identity in store.customer_identities(&customer).await.unwrap() {
            belongings.insert(identity.id, id);
        }
    }
    belongings
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Merges undone in reverse order give back what was, whatever the merges were.
    #[test]
    fn merges_undone_in_reverse_give_the_original(
        steps in prop::collection::vec((0..8_usize, prop::collection::vec(0..8_usize, 1..4)), 1..12),
    ) {
        run(async |dir| {
            let (mut opened, visitors) = with_visitors(dir.path(), 8).await;
            for (index, visitor) in visitors.iter().enumerate().step_by(2) {
                let identity = phone(u128::try_from(index).unwrap() + 1, &format!("+86{index}"), index % 4 == 0);
                let add = CustomerChange::AddIdentity { customer: visitor.id, identity };
                change(&mut opened.writer, add).await.unwrap();
            }
            let mut states = vec![belongings(&opened.store, &visitors).await];
            let mut done = Vec::new();
            for (number, (target, sources)) in (1_000..).zip(steps) {
                let target = visitors[target].id;
                let sources: Vec<_> = sources.into_iter().map(|index| visitors[index].id).collect();
                let merged = change(&mut opened.writer, merge(number, target, &sources)).await;
                let now = belongings(&opened.store, &visitors).await;
                if merged.is_ok() {
                    done.push((number, target));
                    states.push(now);
                } else {
                    assert_eq!(&now, states.last().unwrap(), "a refused merge changes nothing");
                }
            }
            for (number, target) in done.into_iter().rev() {
                states.pop();
                change(&mut opened.writer, unmerge(number, target)).await.unwrap();
                assert_eq!(&belongings(&opened.store, &visitors).await, states.last().unwrap());
            }
            close(opened).await;
        });
    }
}
