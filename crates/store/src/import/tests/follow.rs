use kefu_core::{Event, EventCode};

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

/// What is here counts from now on.
async fn switch(fixture: &mut Fixture) {
    fixture.importer.feed_inbox("web", Uuid::from_u128(0xd1), NOW).await.unwrap();
    assert!(fixture.importer.switch(None, NOW).await.unwrap());
}

#[test]
fn what_was_written_here_after_the_switch_is_told_apart_with_where_its_conversation_came_from() {
    run(async |dir| {
        let mut fixture = Fixture::with_people(dir.path()).await;
        let messages = fixture.messages;
        fixture.put(messages, vec![row(1, message(1, Sender::Visitor, "old"))], None).await.unwrap();
        // What was written here before does not count.
        let mut head = fixture.head(CONVERSATION).await;
        crate::tests::grow(fixture.importer.writer(), &mut head, 1).await.unwrap();
        switch(&mut fixture).await;
        let begin = fixture.store.changed_begin().await.unwrap();
        assert!(fixture.store.changed_here(begin, 10).await.unwrap().is_empty());
        crate::tests::grow(fixture.importer.writer(), &mut head, 2).await.unwrap();
        fixture.importer.settle().await.unwrap();
        assert_eq!(fixture.store.changed_begin().await.unwrap(), begin);
        let changed = fixture.store.changed_here(begin, 1).await.unwrap();
        let written = fixture.store.written_here(&changed.written).await.unwrap();
        assert_eq!(written.len(), 1);
        assert_eq!(written[0].origin, Some(("old/people".to_owned(), vec![2])));
        assert_eq!((written[0].conversation, written[0].visitor.as_deref()), (CONVERSATION, Some("v-1")));
        let rest = fixture.store.changed_here(changed.upto, 10).await.unwrap();
        assert_eq!((rest.written.len(), rest.conversations.len(), rest.visitors.len()), (1, 1, 1));
        assert!(fixture.store.changed_here(rest.upto, 10).await.unwrap().is_empty());
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
        switch(&mut fixture).await;
        let begin = fixture.store.changed_begin().await.unwrap();
        let mut head = fixture.head(CONVERSATION).await;
        crate::tests::grow(fixture.importer.writer(), &mut head, 1).await.unwrap();
        fixture.importer.settle().await.unwrap();
        let places = fixture.store.changed_here(begin, 10).await.unwrap().written;
        let written = fixture.store.written_here(&places).await.unwrap();
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
        // It was written here all the same, until its row is read.
        assert_eq!(fixture.store.changed_here(begin, 10).await.unwrap().written, places);
        let pos = written[0].pos;
        let rows = fixture.store.import_rows(table, Entity::Message, &[pos, 77]).await.unwrap();
        assert_eq!(rows, [(pos, ImportedRow { key: vec![9], hash: None })].into());
        fixture.importer.switch_back(&[]).await.unwrap();
        // The row is read, and says what it says there, in the place where it is.
        fixture
            .put(messages, vec![row(9, message(9, Sender::Visitor, "as it is there"))], None)
            .await
            .unwrap();
        let again = fixture.store.records_here(Entity::Message, &[pos]).await.unwrap();
        let [RecordHere { place, record: Record::Message(said), is_gone: false }] = &again[..] else {
            panic!("it is there: {again:?}");
        };
        assert_eq!((*place, said.id, said.text.as_str()), (pos, Uuid::from_u128(9), "as it is there"));
        assert!(fixture.store.changed_here(begin, 10).await.unwrap().written.is_empty());
        fixture.importer.close().await.unwrap();
        fixture.store.close().await;
    });
}

/// Writes the entry that tells of a change, and the change.
async fn tell(fixture: &mut Fixture, head: &mut Conversation, event: Event, change: crate::Change) {
    let pos = fixture.importer.writer().next_pos();
    let id = u128::try_from(pos).unwrap();
    let mut entry = crate::tests::text(Principal::Agent(kefu_core::AgentKey(1)), id, "it was changed");
    (entry.kind, entry.event) = (MessageKind::Event, Some(event));
    head.append(&mut entry, pos);
    let batch = Batch {
        entries: vec![entry],
        grown: vec![head.clone().into()],
        changes: vec![change],
        ..Batch::default()
    };
    fixture.importer.writer().commit(&batch).await.unwrap();
}

#[test]
fn what_is_changed_here_is_named_once_and_read_as_it_is_by_now() {
    run(async |dir| {
        let mut fixture = Fixture::with_people(dir.path()).await;
        let messages = fixture.messages;
        let rows = (1..=40).map(|number| row(number, message(number, Sender::Visitor, "old"))).collect();
        fixture.put(messages, rows, None).await.unwrap();
        fixture.importer.settle().await.unwrap();
        switch(&mut fixture).await;
        let begin = fixture.store.changed_begin().await.unwrap();
        let mut head = fixture.head(CONVERSATION).await;
        let first = fixture.importer.writer().next_pos() - 40;
        for (seq, code) in [(3, EventCode::Edited), (40, EventCode::Recalled)] {
            let event = Event { seq: Some(seq), ..Event::of(code) };
            let revision = if code == EventCode::Edited { Revision::Edited } else { Revision::Recalled };
            let text = if code == EventCode::Edited { "new" } else { "" };
            let pos = first + i64::try_from(seq).unwrap() - 1;
            let revise = crate::Change::Revise { pos, revision, text: text.to_owned() };
            tell(&mut fixture, &mut head, event, revise).await;
        }
        let changed = fixture.store.changed_here(begin, 10).await.unwrap();
        assert_eq!(changed.revised, [first + 2, first + 39].into());
        assert_eq!((changed.written.len(), changed.conversations.len()), (0, 1));
        let mut here =
            fixture.store.records_here(Entity::Message, &[first + 2, first + 39, 9999]).await.unwrap();
        here.sort_by_key(|here| here.place);
        let said: Vec<_> = here
            .iter()
            .map(|here| match &here.record {
                Record::Message(message) => (here.place - first, message.text.as_str(), here.is_gone),
                _ => unreachable!("messages were asked for"),
            })
            .collect();
        assert_eq!(said, [(2, "new", false), (39, "", true)]);
        let rows = fixture.store.import_rows(messages, Entity::Message, &[first + 2]).await.unwrap();
        assert_eq!(rows[&(first + 2)].hash, Some(message(3, Sender::Visitor, "old").hash(&mut Vec::new())));
        assert_eq!(fixture.store.place_of(Entity::Visitor, VISITOR).await.unwrap(), Some(1));
        fixture.importer.close().await.unwrap();
        fixture.store.close().await;
    });
}

#[test]
fn what_agents_change_of_a_customer_is_a_change_of_its_visitor() {
    run(async |dir| {
        let mut fixture = Fixture::with_people(dir.path()).await;
        fixture.importer.settle().await.unwrap();
        switch(&mut fixture).await;
        let begin = fixture.store.changed_begin().await.unwrap();
        let edit = crate::CustomerChange::Edit {
            id: VISITOR,
            version: 0,
            at: NOW,
            name: Some("王女士".to_owned()),
            email: None,
            phone: Some("139".to_owned()),
            note: None,
            attributes: None,
        };
        let audit = crate::AuditRecord {
            at: NOW,
            actor: crate::AuditActor::Shell,
            address: None,
            action: "customer.changed",
            target: Some(("customer", VISITOR)),
            detail: serde_json::json!({}),
        };
        let set = crate::RecordSet { changes: vec![crate::Change::Customer(edit)], audit: vec![audit] };
        let batch = Batch { records: vec![set], ..Batch::default() };
        let committed = fixture.importer.writer().commit(&batch).await.unwrap();
        assert!(committed.records.iter().all(Result::is_ok));
        let changed = fixture.store.changed_here(begin, 10).await.unwrap();
        assert_eq!(changed.visitors.len(), 1);
        let places = Vec::from_iter(changed.visitors);
        let here = fixture.store.records_here(Entity::Visitor, &places).await.unwrap();
        let Record::Visitor(visitor) = &here[0].record else { unreachable!("a visitor was asked for") };
        assert_eq!((visitor.name.as_str(), visitor.phone.as_str()), ("王女士", "139"));
        fixture.importer.close().await.unwrap();
        fixture.store.close().await;
    });
}
