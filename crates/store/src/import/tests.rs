mod follow;
mod switch;

use std::path::Path;

use kefu_core::{
    ArticleState, Audience, Conversation, Entry, Language, MessageKind, Micros, Principal, Revision, Role,
    State, TicketPriority, TicketStatus,
};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::tests::{NOW, open, run};
use crate::{Batch, Indexer, Range, SearchQuery, SearchScope, Store, StoreError};

const AGENT: Uuid = Uuid::from_u128(0xa1);
const VISITOR: Uuid = Uuid::from_u128(0xb1);
const CONVERSATION: Uuid = Uuid::from_u128(0xc1);

/// An importer with its tables.
struct Fixture {
    importer: Importer,
    store: Store,
    people: i64,
    messages: i64,
}

impl Fixture {
    async fn open(dir: &Path) -> Self {
        let opened = open(dir).await.unwrap();
        let mut importer = Importer::new(opened.writer).await.unwrap();
        importer.ensure_inbox("web", Uuid::from_u128(0xd1), NOW).await.unwrap();
        let mut keys = Vec::new();
        for name in ["old/people", "old/message"] {
            let setup = TableSetup { name: name.to_owned(), mapping: [7; 16] };
            keys.push(importer.begin(&setup, Begin::Continue, NOW).await.unwrap().key);
        }
        Self { importer, store: opened.store, people: keys[0], messages: keys[1] }
    }

    /// With an agent, a visitor and its conversation.
    async fn with_people(dir: &Path) -> Self {
        let mut fixture = Self::open(dir).await;
        let (people, records) = (fixture.people, vec![agent(), visitor(), conversation()]);
        for (number, record) in records.into_iter().enumerate() {
            let rows = vec![row(number as u8, record)];
            assert_eq!(fixture.put(people, rows, None).await.unwrap(), []);
        }
        fixture
    }

    async fn put(
        &mut self,
        table: i64,
        rows: Vec<ImportRow>,
        checkpoint: Option<Checkpoint>,
    ) -> Result<Vec<Refused>, StoreError> {
        let batch = ImportBatch { table, rows, checkpoint, detach: false };
        let prepared = self.importer.prepare(&batch).await?;
        let refused = prepared.refused().to_vec();
        self.importer.commit(prepared).await?;
        Ok(refused)
    }

    async fn head(&mut self, id: Uuid) -> Conversation {
        self.importer.writer().conversations(&[id]).await.unwrap().remove(0)
    }

    /// What the conversation says, in its order.
    async fn said(&mut self) -> Vec<(u64, String)> {
        self.importer.settle().await.unwrap();
        let head = self.head(CONVERSATION).await;
        let page =
            self.store.messages(&head, Audience::Agent, Range::After { seq: 0, limit: 100 }).await.unwrap();
        page.items.into_iter().map(|entry| (entry.seq, entry.text)).collect()
    }
}

fn row(key: u8, record: Record) -> ImportRow {
    ImportRow { key: vec![key], outcome: Outcome::Record(Box::new(record)) }
}

fn agent() -> Record {
    let (name, email) = ("小李".to_owned(), "li@example.com".to_owned());
    Record::Agent(AgentRecord {
        id: AGENT,
        name,
        email,
        role: Role::Agent,
        disabled: false,
        created_at: NOW,
        password: String::new(),
    })
}

fn visitor() -> Record {
    Record::Visitor(VisitorRecord {
        id: VISITOR,
        inbox: "web".into(),
        external_id: Some("v-1".to_owned()),
        verified: true,
        name: "访客".to_owned(),
        email: String::new(),
        phone: "13800000000".to_owned(),
        attributes: "{}".to_owned(),
        created_at: NOW,
        last_seen_at: NOW,
    })
}

fn conversation() -> Record {
    Record::Conversation(head(CONVERSATION))
}

fn head(id: Uuid) -> ConversationRecord {
    ConversationRecord {
        id,
        inbox: "web".into(),
        visitor: VISITOR,
        assignee: Some(AGENT),
        state: State::Resolved,
        created_at: NOW,
        resolved_at: Some(NOW.plus_seconds(60)),
    }
}

fn message(number: u8, sender: Sender, text: &str) -> Record {
    Record::Message(MessageRecord {
        id: Uuid::from_u128(0xe000 + u128::from(number)),
        conversation: CONVERSATION,
        opens: None,
        sender,
        kind: MessageKind::Text,
        text: text.to_owned(),
        data: None,
        occurred_at: NOW.plus_seconds(i64::from(number)),
    })
}

#[test]
fn a_conversation_of_another_inbox_moves_there_with_all_that_it_says() {
    run(async |dir| {
        let mut fixture = Fixture::with_people(dir.path()).await;
        let (people, messages) = (fixture.people, fixture.messages);
        fixture.importer.ensure_inbox("shop", Uuid::from_u128(0xd2), NOW).await.unwrap();
        fixture.put(messages, vec![row(1, message(1, Sender::Visitor, "one"))], None).await.unwrap();
        let moved = ConversationRecord { inbox: "shop".into(), ..head(CONVERSATION) };
        fixture.put(people, vec![row(2, Record::Conversation(moved.clone()))], None).await.unwrap();
        assert_eq!(fixture.said().await, [(1, "one".to_owned())]);
        let reader = ImportReader::new(fixture.store.clone());
        let found = reader.found(people, &[&[2]]).await.unwrap();
        let Some(Found::Record(Some(found))) = &found[0] else { panic!("{found:?}") };
        let Record::Conversation(found) = &**found else { panic!("{found:?}") };
        assert_eq!(found.inbox, moved.inbox);
        fixture.importer.close().await.unwrap();
        fixture.store.close().await;
    });
}

fn checkpoint(position: &[u8], is_end: bool, rows: u64) -> Option<Checkpoint> {
    Some(Checkpoint {
        position: Some(position.to_vec()),
        is_end,
        rows,
        written: 0,
        changed: Default::default(),
        at: NOW,
    })
}

#[test]
fn what_is_brought_over_is_read_back_field_by_field() {
    run(async |dir| {
        let mut fixture = Fixture::with_people(dir.path()).await;
        let rows = vec![
            row(1, message(1, Sender::Visitor, "你好,请问什么时候发货?")),
            row(2, message(2, Sender::Agent(AGENT), "今天发货 🎉")),
        ];
        let messages = fixture.messages;
        assert_eq!(fixture.put(messages, rows.clone(), checkpoint(b"2", true, 2)).await.unwrap(), []);
        let ticket = Record::Ticket(TicketRecord {
            id: Uuid::from_u128(0xf1),
            inbox: "web".into(),
            requester: Some(VISITOR),
            assignee: None,
            subject: "Refund".to_owned(),
            body: "please".to_owned(),
            contact_name: "Grace".to_owned(),
            contact_email: String::new(),
            contact_phone: String::new(),
            status: TicketStatus::Solved,
            priority: TicketPriority::High,
            created_at: NOW,
            updated_at: NOW.plus(1),
        });
        let canned = Record::Canned(CannedRecord {
            id: Uuid::from_u128(0xf2),
            owner: Some(AGENT),
            folder: "常见问题".to_owned(),
            shortcut: "hi".to_owned(),
            title: "Hello".to_owned(),
            text: "您好".to_owned(),
            created_at: NOW,
        });
        let people = fixture.people;
        let more = vec![row(10, ticket.clone()), row(11, canned.clone())];
        assert_eq!(fixture.put(people, more, None).await.unwrap(), []);

        let reader = ImportReader::new(fixture.store.clone());
        let keys: Vec<[u8; 1]> = [0, 1, 2, 10, 11].map(|key| [key]).to_vec();
        let keys: Vec<&[u8]> = keys.iter().map(<[u8; 1]>::as_slice).collect();
        let found = reader.found(people, &keys).await.unwrap();
        let wanted = [agent(), visitor(), conversation(), ticket, canned];
        let wanted = wanted.map(|record| Some(Found::Record(Some(Box::new(record)))));
        assert_eq!(found, wanted);
        let found = reader.found(messages, &[&[1], &[2], &[3]]).await.unwrap();
        let record = |row: &ImportRow| match &row.outcome {
            Outcome::Record(record) => Some(Found::Record(Some(record.clone()))),
            _ => None,
        };
        assert_eq!(found, [record(&rows[0]), record(&rows[1]), None]);
        assert_eq!(reader.counts(messages).await.unwrap(), MapCounts { mapped: 2, ..MapCounts::default() });
        assert_eq!(
            fixture.said().await,
            [(1, "你好,请问什么时候发货?".to_owned()), (2, "今天发货 🎉".to_owned())]
        );
        let head = fixture.head(CONVERSATION).await;
        assert_eq!((head.agent_read_seq, head.unanswered_at), (2, None));
        fixture.importer.close().await.unwrap();
        fixture.store.close().await;
    });
}

#[test]
fn a_row_that_is_the_same_writes_nothing_and_one_that_is_not_changes_its_message() {
    run(async |dir| {
        let mut fixture = Fixture::with_people(dir.path()).await;
        let messages = fixture.messages;
        let rows = |text| {
            vec![row(1, message(1, Sender::Visitor, "one")), row(2, message(2, Sender::Visitor, text))]
        };
        fixture.put(messages, rows("two"), None).await.unwrap();
        let batch = |text| ImportBatch { table: messages, rows: rows(text), checkpoint: None, detach: false };
        assert_eq!(fixture.importer.prepare(&batch("two")).await.unwrap().written(), 0);
        let prepared = fixture.importer.prepare(&batch("zwei")).await.unwrap();
        assert_eq!(prepared.written(), 1);
        fixture.importer.commit(prepared).await.unwrap();
        assert_eq!(fixture.said().await, [(1, "one".to_owned()), (2, "zwei".to_owned())]);
        fixture.importer.close().await.unwrap();
        fixture.store.close().await;
    });
}

#[test]
fn rows_that_cannot_be_stored_are_refused_by_themselves() {
    run(async |dir| {
        let mut fixture = Fixture::with_people(dir.path()).await;
        let mut lost = message(2, Sender::Visitor, "lost");
        let Record::Message(inner) = &mut lost else { unreachable!() };
        inner.conversation = Uuid::from_u128(0xdead);
        let stranger = Sender::Agent(Uuid::from_u128(0xbad));
        let rows = vec![
            row(1, message(1, Sender::Visitor, "one")),
            row(2, lost),
            row(3, message(3, stranger, "whose?")),
            row(4, message(4, Sender::Visitor, "four")),
            row(4, message(4, Sender::Visitor, "four again")),
            ImportRow { key: vec![5], outcome: Outcome::Filtered },
            ImportRow { key: vec![6], outcome: Outcome::Dead },
        ];
        let messages = fixture.messages;
        let refused = fixture.put(messages, rows.clone(), None).await.unwrap();
        let codes: Vec<_> = refused.iter().map(|refused| (refused.index, &*refused.code)).collect();
        assert_eq!(codes, [(1, "unknown_conversation"), (2, "unknown_agent"), (4, "duplicate_key")]);
        assert_eq!(fixture.said().await, [(1, "one".to_owned()), (2, "four".to_owned())]);
        let counts = ImportReader::new(fixture.store.clone()).counts(messages).await.unwrap();
        assert_eq!(counts, MapCounts { mapped: 2, filtered: 1, dead: 3, ..MapCounts::default() });

        // Once what was missing is there, the same row becomes something after all.
        let batch =
            ImportBatch { table: messages, rows: rows[2..3].to_vec(), checkpoint: None, detach: true };
        let prepared = fixture.importer.prepare(&batch).await.unwrap();
        assert_eq!(prepared.refused(), []);
        fixture.importer.commit(prepared).await.unwrap();
        assert_eq!(fixture.said().await.last(), Some(&(3, "whose?".to_owned())));
        fixture.importer.close().await.unwrap();
        fixture.store.close().await;
    });
}

#[test]
fn a_value_that_is_taken_fails_the_batch_and_leaves_nothing() {
    run(async |dir| {
        let mut fixture = Fixture::with_people(dir.path()).await;
        let (people, mut twin) = (fixture.people, agent());
        let Record::Agent(inner) = &mut twin else { unreachable!() };
        inner.id = Uuid::from_u128(0xa2);
        let refused = fixture.put(people, vec![row(9, twin)], None).await;
        assert!(matches!(refused, Err(StoreError::Conflict(_))), "{refused:?}");
        let found = ImportReader::new(fixture.store.clone()).found(people, &[&[9]]).await.unwrap();
        assert_eq!(found, [None]);
        fixture.importer.close().await.unwrap();
        fixture.store.close().await;
    });
}

#[test]
fn a_message_makes_the_conversation_that_no_row_stands_for_once() {
    run(async |dir| {
        let mut fixture = Fixture::with_people(dir.path()).await;
        let id = Uuid::from_u128(0xc2);
        let opening = |number: u8| {
            let mut record = message(number, Sender::Visitor, "hello");
            let Record::Message(inner) = &mut record else { unreachable!() };
            inner.conversation = id;
            let mut head = head(id);
            head.resolved_at = None;
            inner.opens = Some(Box::new((vec![1], head)));
            row(number, record)
        };
        let messages = fixture.messages;
        for number in [1, 2] {
            assert_eq!(fixture.put(messages, vec![opening(number)], None).await.unwrap(), []);
        }
        fixture.importer.settle().await.unwrap();
        let head = fixture.head(id).await;
        assert_eq!((head.last_seq, head.resolved_at), (2, Some(NOW.plus_seconds(2))));
        let counts = ImportReader::new(fixture.store.clone()).counts(messages).await.unwrap();
        assert_eq!(counts, MapCounts { mapped: 2, opened: 1, ..MapCounts::default() });
        fixture.importer.close().await.unwrap();
        fixture.store.close().await;
    });
}

#[test]
fn a_run_that_was_not_closed_goes_on_where_its_last_commit_was_and_search_finds_it() {
    run(async |dir| {
        let mut fixture = Fixture::with_people(dir.path()).await;
        let messages = fixture.messages;
        let rows = vec![row(1, message(1, Sender::Visitor, "退款"))];
        fixture.put(messages, rows, checkpoint(b"one", false, 1)).await.unwrap();
        fixture.store.close().await;
        // As a crash leaves it: nothing was folded, nothing was closed.
        drop(fixture.importer);

        let mut fixture = Fixture::open(dir.path()).await;
        let table = fixture.importer.table("old/message").await.unwrap().unwrap();
        assert_eq!(
            (table.position.as_deref(), table.state, table.rows),
            (Some(&b"one"[..]), TableState::Copying, 1)
        );
        let rows = vec![row(2, message(2, Sender::Agent(AGENT), "退款已办理"))];
        fixture.put(messages, rows, checkpoint(b"two", true, 1)).await.unwrap();
        assert_eq!(fixture.said().await, [(1, "退款".to_owned()), (2, "退款已办理".to_owned())]);
        let table = fixture.importer.table("old/message").await.unwrap().unwrap();
        assert_eq!((table.state, table.rows, table.written), (TableState::Done, 2, 2));
        let head = fixture.head(CONVERSATION).await;
        assert_eq!((head.visitor_read_seq, head.agent_read_seq, head.unanswered_at), (2, 2, None));

        let indexer = Indexer::start(&fixture.store).unwrap();
        indexer.catch_up().await.unwrap();
        let query = SearchQuery::new("退款", SearchScope::All, 10);
        let found = fixture.store.search(&query).await.unwrap();
        assert_eq!(found.hits.len(), 2);
        indexer.close().await;
        fixture.importer.close().await.unwrap();
        fixture.store.close().await;
    });
}

/// Only what an import brings is read; what somebody writes here afterwards is not.
#[test]
fn what_is_written_here_later_stays_unread_whatever_is_imported_again() {
    run(async |dir| {
        let mut fixture = Fixture::with_people(dir.path()).await;
        let messages = fixture.messages;
        let rows = vec![row(1, message(1, Sender::Bot, "one")), row(2, message(2, Sender::Visitor, "two"))];
        fixture.put(messages, rows.clone(), None).await.unwrap();
        let mut head = fixture.head(CONVERSATION).await;
        // It is so from the commit on, without anything that settles it.
        assert_eq!((head.visitor_read_seq, head.agent_read_seq, head.unanswered_at), (2, 2, None));
        let pos = fixture.importer.writer().next_pos();
        let mut entry = Entry {
            pos,
            conversation: head.key,
            seq: 0,
            prev_pos: 0,
            prev_public_seq: 0,
            id: Uuid::from_u128(0xe999),
            client_id: None,
            sender: Principal::Visitor(head.visitor),
            kind: MessageKind::Text,
            text: "three".to_owned(),
            event: None,
            data: None,
            quote_seq: None,
            revision: Revision::Intact,
            created_at: NOW.plus_seconds(99),
        };
        head.append(&mut entry, pos);
        let batch = Batch { entries: vec![entry], conversations: vec![head], ..Batch::default() };
        fixture.importer.writer().commit(&batch).await.unwrap();
        fixture.importer.close().await.unwrap();
        fixture.store.close().await;

        let mut fixture = Fixture::open(dir.path()).await;
        let more = vec![row(3, message(3, Sender::Bot, "late"))];
        fixture.put(messages, [rows, more].concat(), None).await.unwrap();
        fixture.importer.settle().await.unwrap();
        let head = fixture.head(CONVERSATION).await;
        assert_eq!((head.last_seq, head.agent_read_seq), (4, 2));
        fixture.importer.close().await.unwrap();
        fixture.store.close().await;
    });
}

#[test]
fn what_is_forgotten_is_written_again_although_it_is_the_same() {
    run(async |dir| {
        let mut fixture = Fixture::with_people(dir.path()).await;
        let messages = fixture.messages;
        let rows =
            vec![row(1, message(1, Sender::Visitor, "one")), row(2, message(2, Sender::Visitor, "two"))];
        fixture.put(messages, rows.clone(), None).await.unwrap();
        fixture.importer.forget(messages, &[vec![2], vec![9]]).await.unwrap();
        let batch = ImportBatch { table: messages, rows, checkpoint: None, detach: false };
        let prepared = fixture.importer.prepare(&batch).await.unwrap();
        assert_eq!(prepared.written(), 1);
        fixture.importer.commit(prepared).await.unwrap();
        assert_eq!(fixture.importer.prepare(&batch).await.unwrap().written(), 0);
        fixture.importer.close().await.unwrap();
        fixture.store.close().await;
    });
}

#[test]
fn telephone_numbers_of_many_are_read_back_and_change() {
    run(async |dir| {
        let mut fixture = Fixture::open(dir.path()).await;
        let people = fixture.people;
        let visitor = |number: u8, phone: &str| {
            let Record::Visitor(mut inner) = visitor() else { unreachable!() };
            inner.id = Uuid::from_u128(0xb00 + u128::from(number));
            inner.external_id = Some(format!("v-{number}"));
            inner.phone = phone.to_owned();
            Record::Visitor(inner)
        };
        let all = |phones: [&str; 4]| {
            phones
                .iter()
                .zip(0..)
                .map(|(phone, number)| row(number, visitor(number, phone)))
                .collect::<Vec<_>>()
        };
        for phones in [["1", "", "3\"'", "4"], ["1", "2", "", "5"]] {
            assert_eq!(fixture.put(people, all(phones), None).await.unwrap(), []);
            let reader = ImportReader::new(fixture.store.clone());
            let found = reader.found(people, &[&[0], &[1], &[2], &[3]]).await.unwrap();
            let read = found.iter().map(|found| match found {
                Some(Found::Record(Some(record))) => match &**record {
                    Record::Visitor(visitor) => visitor.phone.clone(),
                    other => panic!("{other:?}"),
                },
                other => panic!("{other:?}"),
            });
            assert_eq!(read.collect::<Vec<_>>(), phones);
        }
        fixture.importer.close().await.unwrap();
        fixture.store.close().await;
    });
}

#[test]
fn an_article_is_found_and_what_changes_is_another_version_of_it() {
    run(async |dir| {
        let mut fixture = Fixture::open(dir.path()).await;
        let people = fixture.people;
        let article = |body: &str| {
            Record::Article(ArticleRecord {
                id: Uuid::from_u128(0xa7),
                slug: "how-to-pay".to_owned(),
                category: Some(Uuid::from_u128(0xa8)),
                category_name: "付款".to_owned(),
                state: ArticleState::Published,
                language: Language::Zh,
                title: "怎么付款".to_owned(),
                body: body.to_owned(),
                created_at: NOW,
                updated_at: NOW,
            })
        };
        for body in ["微信", "支付宝"] {
            assert_eq!(fixture.put(people, vec![row(1, article(body))], None).await.unwrap(), []);
            let found = ImportReader::new(fixture.store.clone()).found(people, &[&[1]]).await.unwrap();
            let Some(Found::Record(Some(record))) = &found[0] else { panic!("{found:?}") };
            let mut buffer = Vec::new();
            assert_eq!(record.hash(&mut buffer), article(body).hash(&mut buffer));
        }
        let known = fixture.store.article_by_slug("how-to-pay").await.unwrap().unwrap();
        assert_eq!(
            (known.texts[&Language::Zh].version, known.texts[&Language::Zh].body.as_str()),
            (2, "支付宝")
        );
        let categories = fixture.store.categories().await.unwrap();
        assert_eq!(categories[0].names[&Language::Zh], "付款");
        fixture.importer.close().await.unwrap();
        fixture.store.close().await;
    });
}

#[test]
fn a_table_that_is_begun_again_counts_from_nothing() {
    run(async |dir| {
        let mut fixture = Fixture::with_people(dir.path()).await;
        let messages = fixture.messages;
        let rows = vec![row(1, message(1, Sender::Visitor, "one"))];
        fixture.put(messages, rows.clone(), checkpoint(b"1", true, 1)).await.unwrap();
        let setup = TableSetup { name: "old/message".to_owned(), mapping: [7; 16] };
        let table = fixture.importer.begin(&setup, Begin::Again, NOW.plus(1)).await.unwrap();
        assert_eq!((table.pass, table.rows, table.position), (2, 0, None));
        fixture.put(messages, rows, checkpoint(b"1", true, 1)).await.unwrap();
        let table = fixture.importer.table("old/message").await.unwrap().unwrap();
        assert_eq!((table.rows, table.written), (1, 0));
        fixture.importer.close().await.unwrap();
        fixture.store.close().await;
    });
}

proptest! {
    #[test]
    fn different_records_have_different_hashes(text in ".{0,40}", other in ".{0,40}", at in any::<i64>()) {
        let mut buffer = Vec::new();
        let hash = |text: &str, at, buffer: &mut Vec<u8>| {
            let Record::Message(mut record) = message(1, Sender::Bot, text) else { unreachable!() };
            record.occurred_at = Micros(at);
            Record::Message(record).hash(buffer)
        };
        let first = hash(&text, at, &mut buffer);
        prop_assert_eq!(first, hash(&text, at, &mut buffer));
        prop_assert_eq!(first == hash(&other, at, &mut buffer), text == other);
        prop_assert_ne!(first, hash(&text, at.wrapping_add(1), &mut buffer));
    }
}
