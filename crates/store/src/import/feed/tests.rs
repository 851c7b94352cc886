use kefu_core::{ArticleState, Language, Principal, Role, State};
use proptest::prelude::*;

use super::*;
use crate::import::{
    AgentRecord, ArticleRecord, ImportReader, MessageRecord, Sender, VisitorRecord, settle_left,
};
use crate::tests::{NOW, open, run};
use crate::{Batch, Range};

const VISITOR: Uuid = Uuid::from_u128(0xb1);
const CONVERSATION: Uuid = Uuid::from_u128(0xc1);

fn row(key: u8, record: Record) -> ImportRow {
    ImportRow { key: vec![key], outcome: Outcome::Record(Box::new(record)) }
}

fn visitor() -> Record {
    Record::Visitor(VisitorRecord {
        id: VISITOR,
        inbox: "web".into(),
        external_id: Some("v-1".to_owned()),
        verified: true,
        name: "访客".to_owned(),
        email: String::new(),
        phone: String::new(),
        attributes: "{}".to_owned(),
        created_at: NOW,
        last_seen_at: NOW,
    })
}

fn conversation() -> ConversationRecord {
    ConversationRecord {
        id: CONVERSATION,
        inbox: "web".into(),
        visitor: VISITOR,
        assignee: None,
        state: State::Resolved,
        created_at: NOW,
        resolved_at: None,
    }
}

/// A message of a conversation that no row stands for.
fn message(number: u8) -> Record {
    Record::Message(MessageRecord {
        id: Uuid::from_u128(0xe000 + u128::from(number)),
        conversation: CONVERSATION,
        opens: Some(Box::new((vec![1], conversation()))),
        sender: Sender::Visitor,
        kind: kefu_core::MessageKind::Text,
        text: format!("said {number}"),
        data: None,
        occurred_at: NOW.plus_seconds(i64::from(number)),
    })
}

fn put(table: i64, rows: &[ImportRow], told: Vec<Refused>) -> FeedRequest {
    let batch = ImportBatch { table, ..ImportBatch::default() };
    FeedRequest::Put { batch: FeedBatch::of(&batch, rows, None), position: None, told }
}

#[test]
fn what_is_sent_arrives_with_what_hashes_leave_out() {
    let article = Record::Article(ArticleRecord {
        id: VISITOR,
        slug: "a".to_owned(),
        category: Some(CONVERSATION),
        category_name: "退款".to_owned(),
        state: ArticleState::Draft,
        language: Language::Zh,
        title: "t".to_owned(),
        body: "b".to_owned(),
        created_at: NOW,
        updated_at: NOW,
    });
    let rows = [
        row(1, message(1)),
        row(2, article),
        ImportRow { key: vec![3], outcome: Outcome::Dead },
        ImportRow { key: vec![4], outcome: Outcome::Filtered },
    ];
    let json = serde_json::to_vec(&put(7, &rows, Vec::new())).unwrap();
    let FeedRequest::Put { batch, .. } = serde_json::from_slice(&json).unwrap() else { panic!() };
    let batch = ImportBatch::from(batch);
    assert_eq!(batch.table, 7);
    for (sent, arrived) in rows.iter().zip(&batch.rows) {
        assert_eq!(format!("{sent:?}"), format!("{arrived:?}"));
    }
}

#[test]
fn beside_chat_a_batch_is_whole_and_a_repeated_one_changes_nothing() {
    run(async |dir| {
        let opened = open(dir.path()).await.unwrap();
        let (mut writer, store) = (opened.writer, opened.store);
        let mut keys = Vec::new();
        for name in ["old/visitor", "old/message"] {
            let setup = TableSetup { name: name.to_owned(), mapping: [7; 16] };
            let begin = FeedRequest::Begin { setup, begin: Begin::Continue, now: NOW };
            let inbox =
                FeedRequest::EnsureInbox { slug: "web".to_owned(), id: VISITOR, is_fed: true, now: NOW };
            let mut importer = Importer::beside(&mut writer).await.unwrap();
            assert!(importer.carry_out(inbox).await.is_directory_changed);
            let FeedAnswer::Table(Some(table)) = importer.carry_out(begin).await.answer else { panic!() };
            keys.push(table.key);
        }
        let mut ask = async |request| Importer::beside(&mut writer).await.unwrap().carry_out(request).await;

        // What is refused is said before anything is committed, and is no obstacle then.
        let orphan = [row(2, message(2))];
        let FeedAnswer::Refused(refused) = ask(put(keys[1], &orphan, Vec::new())).await.answer else {
            panic!()
        };
        assert_eq!((refused[0].index, &*refused[0].code), (0, "unknown_visitor"));
        assert!(matches!(ask(put(keys[1], &orphan, refused)).await.answer, FeedAnswer::Count(0)));

        let fed = ask(put(keys[0], &[row(1, visitor())], Vec::new())).await;
        assert!(matches!((&fed.answer, fed.visitors.len()), (FeedAnswer::Count(1), 1)));
        let said = [row(1, message(1)), row(2, message(2)), row(3, message(3))];
        assert!(matches!(ask(put(keys[1], &said, Vec::new())).await.answer, FeedAnswer::Count(3)));
        assert!(matches!(ask(put(keys[1], &said, Vec::new())).await.answer, FeedAnswer::Count(0)));

        // Who takes the store over after a crash finds conversations as they were written.
        drop(writer);
        store.close().await;
        let opened = open(dir.path()).await.unwrap();
        let (mut writer, store) = (opened.writer, opened.store);
        settle_left(&mut writer).await.unwrap();
        let head = writer.conversations(&[CONVERSATION]).await.unwrap().remove(0);
        assert_eq!((head.last_seq, head.visitor_read_seq, head.unanswered_at), (3, 3, None));
        let page = store
            .messages(&head, kefu_core::Audience::Agent, Range::After { seq: 0, limit: 9 })
            .await
            .unwrap();
        assert_eq!(page.items.len(), 3);
        assert_eq!(page.items[0].sender, Principal::Visitor(head.visitor));
        let counts = ImportReader::new(store.clone()).counts(keys[1]).await.unwrap();
        assert_eq!((counts.mapped, counts.opened), (3, 1));
        writer.commit(&Batch::default()).await.unwrap();
        writer.close().await.unwrap();
        store.close().await;
    });
}

#[test]
fn agents_and_graves_are_told_of() {
    run(async |dir| {
        let opened = open(dir.path()).await.unwrap();
        let (mut writer, store) = (opened.writer, opened.store);
        let setup = TableSetup { name: "old/agent".to_owned(), mapping: [7; 16] };
        let table = Importer::beside(&mut writer).await.unwrap().begin(&setup, Begin::Continue, NOW).await;
        let table = table.unwrap().key;
        let (name, email) = ("小李".to_owned(), "li@example.com".to_owned());
        let agent = AgentRecord {
            id: VISITOR,
            name,
            email,
            role: Role::Agent,
            disabled: false,
            created_at: NOW,
            password: String::new(),
        };
        let rows = [row(1, Record::Agent(agent))];
        let mut ask = async |request| Importer::beside(&mut writer).await.unwrap().carry_out(request).await;
        assert!(ask(put(table, &rows, Vec::new())).await.is_directory_changed);
        let bury = FeedRequest::Bury { table, entity: Entity::Agent, keys: vec![vec![1]] };
        let fed = ask(bury).await;
        assert!(
            matches!(fed.answer, FeedAnswer::Count(1)) && fed.is_anybody_gone && fed.is_directory_changed
        );
        writer.close().await.unwrap();
        store.close().await;
    });
}

proptest! {
    #[test]
    fn nothing_panics_on_bytes_of_others(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        drop(serde_json::from_slice::<FeedRequest>(&bytes));
        drop(serde_json::from_slice::<FeedAnswer>(&bytes));
    }
}
