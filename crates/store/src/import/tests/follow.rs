use super::*;

/// What every table says of what was brought over, as far as people see it.
async fn seen(fixture: &mut Fixture) -> Vec<(u64, String, Revision)> {
    fixture.importer.settle().await.unwrap();
    let head = fixture.head(CONVERSATION).await;
    let page =
        fixture.store.messages(&head, Audience::Agent, Range::After { seq: 0, limit: 100 }).await.unwrap();
    page.items.into_iter().map(|entry| (entry.seq, entry.text, entry.revision)).collect()
}

#[test]
fn a_message_whose_row_is_gone_is_recalled_in_its_place_and_may_come_back() {
    run(async |dir| {
        let mut fixture = Fixture::with_people(dir.path()).await;
        let messages = fixture.messages;
        let rows = vec![
            row(1, message(1, Sender::Visitor, "one")),
            row(2, message(2, Sender::Visitor, "two")),
            ImportRow { key: vec![3], outcome: Outcome::Dead },
        ];
        fixture.put(messages, rows.clone(), None).await.unwrap();
        let keys = [vec![1], vec![3], vec![9]];
        assert_eq!(fixture.importer.bury(messages, Entity::Message, &keys).await.unwrap(), 2);
        assert_eq!(fixture.importer.bury(messages, Entity::Message, &keys).await.unwrap(), 0);
        let gone = (1, String::new(), Revision::Recalled);
        assert_eq!(seen(&mut fixture).await, [gone, (2, "two".to_owned(), Revision::Intact)]);
        let reader = ImportReader::new(fixture.store.clone());
        assert_eq!(reader.found(messages, &[&[1]]).await.unwrap(), [None]);
        assert_eq!(reader.keys(messages, &[], 10).await.unwrap(), [vec![2]]);
        let counts = MapCounts { mapped: 1, gone: 1, ..MapCounts::default() };
        assert_eq!(reader.counts(messages).await.unwrap(), counts);

        fixture.put(messages, rows[..1].to_vec(), None).await.unwrap();
        assert_eq!(seen(&mut fixture).await[0], (1, "one".to_owned(), Revision::Intact));
        fixture.importer.close().await.unwrap();
        fixture.store.close().await;
    });
}

#[test]
fn what_a_filter_leaves_out_by_now_is_taken_away_and_comes_back_when_it_does_not() {
    run(async |dir| {
        let mut fixture = Fixture::with_people(dir.path()).await;
        let messages = fixture.messages;
        let rows = vec![row(1, message(1, Sender::Visitor, "one"))];
        fixture.put(messages, rows.clone(), None).await.unwrap();
        let out = vec![ImportRow { key: vec![1], outcome: Outcome::Filtered }];
        for _ in 0..2 {
            fixture.put(messages, out.clone(), None).await.unwrap();
            assert_eq!(seen(&mut fixture).await, [(1, String::new(), Revision::Recalled)]);
        }
        fixture.put(messages, rows.clone(), None).await.unwrap();
        assert_eq!(seen(&mut fixture).await, [(1, "one".to_owned(), Revision::Intact)]);
        // A row that was left out and then deleted is known as what it was.
        fixture.put(messages, out, None).await.unwrap();
        fixture.importer.bury(messages, Entity::Message, &[vec![1]]).await.unwrap();
        fixture.put(messages, rows, None).await.unwrap();
        assert_eq!(seen(&mut fixture).await, [(1, "one".to_owned(), Revision::Intact)]);
        fixture.importer.close().await.unwrap();
        fixture.store.close().await;
    });
}

#[test]
fn people_whose_rows_are_gone_free_their_names_and_leave_what_refers_to_them_whole() {
    run(async |dir| {
        let mut fixture = Fixture::with_people(dir.path()).await;
        let (people, messages) = (fixture.people, fixture.messages);
        fixture.put(messages, vec![row(1, message(1, Sender::Agent(AGENT), "one"))], None).await.unwrap();
        for (entity, key) in [(Entity::Agent, 0), (Entity::Visitor, 1), (Entity::Conversation, 2)] {
            assert_eq!(fixture.importer.bury(people, entity, &[vec![key]]).await.unwrap(), 1);
        }
        // Another agent may have the same address now, and the visitor's id is free.
        let (mut twin, mut other) = (agent(), visitor());
        let Record::Agent(inner) = &mut twin else { unreachable!() };
        inner.id = Uuid::from_u128(0xa2);
        let Record::Visitor(inner) = &mut other else { unreachable!() };
        inner.id = Uuid::from_u128(0xb2);
        assert_eq!(fixture.put(people, vec![row(20, twin), row(21, other)], None).await.unwrap(), []);
        assert_eq!(seen(&mut fixture).await, [(1, "one".to_owned(), Revision::Intact)]);
        assert_eq!(fixture.head(CONVERSATION).await.state, State::Resolved);
        fixture.importer.close().await.unwrap();
        fixture.store.close().await;
    });
}

#[test]
fn a_position_is_written_with_the_rows_that_were_read_up_to_it() {
    run(async |dir| {
        let mut fixture = Fixture::with_people(dir.path()).await;
        let position = FollowPosition {
            source: "old".to_owned(),
            position: "here".to_owned(),
            since: NOW,
            state: FollowState::Following,
            lag_us: 7,
            changes: 8,
            rate: 9,
            updated_at: NOW.plus(1),
        };
        let messages = fixture.messages;
        let batch = |rows| ImportBatch { table: messages, rows, checkpoint: None, detach: false };
        let rows = vec![row(1, message(1, Sender::Visitor, "one"))];
        let mut prepared = fixture.importer.prepare(&batch(rows)).await.unwrap();
        prepared.reach(position.clone());
        assert_eq!(fixture.store.follow_positions().await.unwrap(), []);
        fixture.importer.commit(prepared).await.unwrap();
        assert_eq!(fixture.store.follow_positions().await.unwrap(), std::slice::from_ref(&position));
        let later = FollowPosition { position: "there".to_owned(), state: FollowState::CutOver, ..position };
        fixture.importer.set_positions(std::slice::from_ref(&later)).await.unwrap();
        assert_eq!(fixture.importer.positions().await.unwrap(), [later]);
        fixture.importer.close().await.unwrap();
        fixture.store.close().await;
    });
}

#[test]
fn what_was_written_here_after_the_last_import_is_told_apart_with_where_its_conversation_came_from() {
    run(async |dir| {
        let mut fixture = Fixture::with_people(dir.path()).await;
        let messages = fixture.messages;
        fixture.put(messages, vec![row(1, message(1, Sender::Visitor, "old"))], None).await.unwrap();
        let end = fixture.store.import_end().await.unwrap();
        assert_eq!(fixture.store.written_here(end, 10).await.unwrap(), []);
        let mut head = fixture.head(CONVERSATION).await;
        crate::tests::grow(fixture.importer.writer(), &mut head, 2).await.unwrap();
        fixture.importer.settle().await.unwrap();
        assert_eq!(fixture.store.import_end().await.unwrap(), end);
        let written = fixture.store.written_here(end, 1).await.unwrap();
        assert_eq!(written.len(), 1);
        assert_eq!(written[0].origin, Some(("old/people".to_owned(), vec![2])));
        assert_eq!((written[0].conversation, written[0].visitor.as_deref()), (CONVERSATION, Some("v-1")));
        assert_eq!(fixture.store.written_here(written[0].pos, 10).await.unwrap().len(), 1);
        fixture.importer.close().await.unwrap();
        fixture.store.close().await;
    });
}

#[test]
fn what_was_made_here_and_has_a_row_by_now_is_what_became_of_that_row() {
    run(async |dir| {
        let mut fixture = Fixture::with_people(dir.path()).await;
        let messages = fixture.messages;
        fixture.put(messages, vec![row(1, message(1, Sender::Visitor, "old"))], None).await.unwrap();
        let end = fixture.store.import_end().await.unwrap();
        let mut head = fixture.head(CONVERSATION).await;
        crate::tests::grow(fixture.importer.writer(), &mut head, 1).await.unwrap();
        fixture.importer.settle().await.unwrap();
        let written = fixture.store.messages_behind(end, 10).await.unwrap();
        assert_eq!(written.len(), 1);
        let table = fixture.importer.table("old/message").await.unwrap().unwrap().key;
        let adopted = Adopted {
            table,
            key: vec![9],
            entity: Entity::Message,
            place: written[0].pos,
            id: Uuid::from_u128(9),
            created_at: None,
        };
        // Twice is as good as once.
        assert_eq!(fixture.importer.adopt(std::slice::from_ref(&adopted)).await.unwrap(), 1);
        assert_eq!(fixture.importer.adopt(std::slice::from_ref(&adopted)).await.unwrap(), 0);
        assert_eq!(fixture.store.import_end().await.unwrap(), written[0].pos);
        let keys = fixture.store.import_keys(table, Entity::Message, &[written[0].pos, 77]).await.unwrap();
        assert_eq!(keys, [(written[0].pos, vec![9])].into());
        // The row is read, and says what it says there, in the place where it is.
        fixture
            .put(messages, vec![row(9, message(9, Sender::Visitor, "as it is there"))], None)
            .await
            .unwrap();
        let again = fixture.store.messages_behind(end, 10).await.unwrap();
        assert_eq!(
            (again.len(), again[0].pos, again[0].text.as_str()),
            (1, written[0].pos, "as it is there")
        );
        assert_eq!(again[0].id, Uuid::from_u128(9));
        let [conversation, visitor] = again[0].places;
        let here = fixture.store.visitor_here(visitor).await.unwrap().unwrap();
        assert_eq!(here.external_id.as_deref(), Some("v-1"));
        assert!(fixture.store.conversation_here(conversation).await.unwrap().is_some());
        assert_eq!(fixture.store.visitor_here(i64::MAX).await.unwrap(), None);
        fixture.importer.close().await.unwrap();
        fixture.store.close().await;
    });
}
