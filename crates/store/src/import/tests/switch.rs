use super::*;

/// A conversation of each of two inboxes with a message in it; the first inbox is switched.
async fn switched(dir: &Path) -> Fixture {
    let mut fixture = Fixture::with_people(dir).await;
    let (people, messages) = (fixture.people, fixture.messages);
    for (number, slug) in ["web", "shop"].into_iter().enumerate() {
        fixture.importer.feed_inbox(slug, Uuid::from_u128(0xd1 + number as u128), NOW).await.unwrap();
    }
    let shop = ConversationRecord { inbox: "shop".into(), ..head(OTHER) };
    fixture.put(people, vec![row(3, Record::Conversation(shop))], None).await.unwrap();
    let rows = vec![row(1, message(1, Sender::Visitor, "web")), row(2, elsewhere(2, "shop"))];
    fixture.put(messages, rows, None).await.unwrap();
    assert!(fixture.importer.switch(Some("web"), NOW).await.unwrap());
    fixture
}

const OTHER: Uuid = Uuid::from_u128(0xc2);

/// A message of the other conversation.
fn elsewhere(number: u8, text: &str) -> Record {
    let Record::Message(inner) = message(number, Sender::Visitor, text) else { unreachable!() };
    Record::Message(MessageRecord { conversation: OTHER, ..inner })
}

async fn late(fixture: &Fixture) -> Vec<(String, u8)> {
    let late = fixture.store.late_rows(100).await.unwrap();
    late.into_iter().map(|late| (late.table, late.key[0])).collect()
}

#[test]
fn what_changes_in_an_inbox_that_was_switched_is_late_and_all_else_goes_on() {
    run(async |dir| {
        let mut fixture = Box::pin(switched(dir.path())).await;
        let (people, messages) = (fixture.people, fixture.messages);
        // The same as before is not late.
        let same = vec![row(1, message(1, Sender::Visitor, "web"))];
        assert_eq!(fixture.put(messages, same, None).await.unwrap(), []);
        assert_eq!(late(&fixture).await, []);

        let new = ConversationRecord { id: Uuid::from_u128(0xc3), ..head(CONVERSATION) };
        let back = ConversationRecord { inbox: "shop".into(), ..head(CONVERSATION) };
        let rows = vec![row(2, Record::Conversation(back)), row(4, Record::Conversation(new.clone()))];
        assert_eq!(fixture.put(people, rows, None).await.unwrap(), []);
        let Record::Message(inner) = message(5, Sender::Visitor, "of a conversation that is not here") else {
            panic!()
        };
        let rows = vec![
            row(1, message(1, Sender::Visitor, "changed")),
            row(2, elsewhere(2, "changed")),
            row(3, message(3, Sender::Visitor, "new")),
            row(4, elsewhere(4, "new")),
            row(5, Record::Message(MessageRecord { conversation: new.id, ..inner })),
        ];
        assert_eq!(fixture.put(messages, rows, None).await.unwrap(), []);
        assert_eq!(fixture.importer.bury(messages, Entity::Message, &[vec![1], vec![2]]).await.unwrap(), 1);
        let names =
            |table: &str, keys: &[u8]| keys.iter().map(|key| (table.to_owned(), *key)).collect::<Vec<_>>();
        let wanted = [names("old/people", &[2, 4]), names("old/message", &[1, 3, 5])].concat();
        assert_eq!(late(&fixture).await, wanted);
        assert_eq!(fixture.said().await, [(1, "web".to_owned())]);

        let reader = ImportReader::new(fixture.store.clone());
        let found = reader.found(messages, &[&[1], &[2], &[3], &[4]]).await.unwrap();
        assert_eq!(
            (&found[0], &found[1], &found[2]),
            (&Some(Found::Switched), &None, &Some(Found::Switched))
        );
        assert!(matches!(&found[3], Some(Found::Record(Some(_)))), "{found:?}");
        assert_eq!(
            reader.in_inbox(messages, &[&[1], &[4], &[9]], "shop").await.unwrap(),
            [false, true, false]
        );
        assert_eq!(reader.counts(messages).await.unwrap().late, 3);
        fixture.importer.close().await.unwrap();
        fixture.store.close().await;
    });
}

#[test]
fn what_a_filter_or_a_mistake_makes_nothing_of_stays_where_it_was_switched() {
    run(async |dir| {
        let mut fixture = Box::pin(switched(dir.path())).await;
        let messages = fixture.messages;
        for outcome in [Outcome::Filtered, Outcome::Dead] {
            fixture.put(messages, vec![ImportRow { key: vec![1], outcome }], None).await.unwrap();
            assert_eq!(fixture.said().await, [(1, "web".to_owned())]);
        }
        assert_eq!(late(&fixture).await, [("old/message".to_owned(), 1)]);
        fixture.importer.close().await.unwrap();
        fixture.store.close().await;
    });
}

#[test]
fn the_rest_is_switched_with_the_sources_and_all_may_be_switched_back() {
    run(async |dir| {
        let mut fixture = Box::pin(switched(dir.path())).await;
        let position = FollowPosition { source: "old".to_owned(), ..FollowPosition::default() };
        fixture.importer.set_positions(&[position]).await.unwrap();
        let states = async |fixture: &Fixture| {
            let fed = fixture.store.fed_inboxes().await.unwrap();
            fed.into_iter().map(|fed| (fed.slug, fed.switched_at)).collect::<Vec<_>>()
        };
        assert_eq!(states(&fixture).await, [("shop".to_owned(), None), ("web".to_owned(), Some(NOW))]);
        assert!(!fixture.importer.switch(Some("web"), NOW.plus_seconds(1)).await.unwrap());
        assert!(fixture.importer.switch(None, NOW.plus_seconds(2)).await.unwrap());
        let wanted = [("shop".to_owned(), Some(NOW.plus_seconds(2))), ("web".to_owned(), Some(NOW))];
        assert_eq!(states(&fixture).await, wanted);
        assert_eq!(fixture.store.follow_positions().await.unwrap()[0].state, FollowState::CutOver);
        let following = FollowPosition { source: "old".to_owned(), ..FollowPosition::default() };
        fixture.importer.switch_back(std::slice::from_ref(&following)).await.unwrap();
        assert_eq!(fixture.store.follow_positions().await.unwrap(), [following]);
        assert!(states(&fixture).await.iter().all(|(_, at)| at.is_none()));
        fixture.importer.close().await.unwrap();
        fixture.store.close().await;
    });
}

#[test]
fn what_is_written_in_the_first_inbox_counts_from_its_switch_on_and_what_the_others_are_fed_with_does_not() {
    run(async |dir| {
        let mut fixture = Box::pin(switched(dir.path())).await;
        let messages = fixture.messages;
        let mut head = fixture.head(CONVERSATION).await;
        let begin = fixture.store.changed_begin().await.unwrap();
        let places = begin.pos + 1..=begin.pos + 4;
        let mut wanted = std::collections::BTreeSet::new();
        for number in [3, 4] {
            let written = crate::tests::grow(fixture.importer.writer(), &mut head, 1).await.unwrap();
            wanted.insert(written[0].pos);
            let fed = vec![row(number, elsewhere(number, "fed"))];
            assert_eq!(fixture.put(messages, fed, None).await.unwrap(), []);
        }
        fixture.importer.settle().await.unwrap();
        assert!(fixture.importer.switch(None, NOW.plus_seconds(2)).await.unwrap());
        assert_eq!(fixture.store.changed_begin().await.unwrap(), begin);
        let changed = fixture.store.changed_here(begin, 10).await.unwrap();
        assert_eq!((&changed.written, changed.conversations.len()), (&wanted, 1));
        assert_eq!(changed.upto.pos, begin.pos + 4);
        let all = fixture.store.written_here(&places.collect()).await.unwrap();
        let imported: Vec<_> = all.iter().map(|written| written.is_imported).collect();
        assert_eq!(imported, [false, true, false, true]);
        fixture.importer.switch_back(&[]).await.unwrap();
        // From the next switch on it is that one which counts.
        assert!(fixture.importer.switch(Some("shop"), NOW.plus_seconds(3)).await.unwrap());
        assert_eq!(fixture.store.changed_begin().await.unwrap().pos, begin.pos + 4);
        fixture.importer.close().await.unwrap();
        fixture.store.close().await;
    });
}

#[test]
fn what_was_late_is_read_again_once_its_inbox_is_switched_back() {
    run(async |dir| {
        let mut fixture = Box::pin(switched(dir.path())).await;
        let messages = fixture.messages;
        let rows = || {
            vec![row(1, message(1, Sender::Visitor, "changed")), row(3, message(3, Sender::Visitor, "new"))]
        };
        fixture.put(messages, rows(), None).await.unwrap();
        fixture.put(messages, vec![row(5, message(5, Sender::Visitor, "soon gone"))], None).await.unwrap();
        assert_eq!(late(&fixture).await.len(), 3);
        assert!(fixture.importer.dead_keys(messages, &[], 10).await.unwrap().is_empty());
        fixture.importer.switch_back(&[]).await.unwrap();
        let asked = fixture.importer.dead_keys(messages, &[1], 10).await.unwrap();
        assert_eq!(asked, [vec![3], vec![5]]);
        fixture.importer.bury(messages, Entity::Message, &[vec![5]]).await.unwrap();
        fixture.put(messages, rows(), None).await.unwrap();
        assert_eq!(late(&fixture).await, []);
        assert!(fixture.importer.dead_keys(messages, &[], 10).await.unwrap().is_empty());
        assert_eq!(fixture.said().await, [(1, "changed".to_owned()), (2, "new".to_owned())]);
        fixture.importer.close().await.unwrap();
        fixture.store.close().await;
    });
}
