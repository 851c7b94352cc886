use kefu_store::import::{
    Begin, ConversationRecord, Entity, FeedAnswer, FeedBatch, FeedRequest, ImportBatch, ImportRow,
    MessageRecord, Outcome, Record, Sender, TableSetup, VisitorRecord,
};

use super::*;

const VISITOR: Uuid = Uuid::from_u128(0xb1);
const CONVERSATION: Uuid = Uuid::from_u128(0xc1);

impl Office {
    async fn fed(&self, table: i64, key: u8, record: Record) {
        let row = ImportRow { key: vec![key], outcome: Outcome::Record(Box::new(record)) };
        let batch = ImportBatch { table, ..ImportBatch::default() };
        let batch = FeedBatch::of(&batch, &[row], None);
        let answer =
            self.desk.feed(FeedRequest::Put { batch, position: None, told: Vec::new() }).await.unwrap();
        assert!(matches!(answer, FeedAnswer::Count(1)), "{answer:?}");
    }

    /// An inbox with a conversation that waits, which an older system has still.
    async fn with_shop(&self) -> i64 {
        let now = clock::now();
        let inbox = FeedRequest::EnsureInbox {
            slug: "shop".to_owned(),
            id: Uuid::from_u128(0xd1),
            is_fed: true,
            now,
        };
        self.desk.feed(inbox).await.unwrap();
        let setup = TableSetup { name: "old/all".to_owned(), mapping: [7; 16] };
        let begun = self.desk.feed(FeedRequest::Begin { setup, begin: Begin::Continue, now }).await.unwrap();
        let FeedAnswer::Table(Some(table)) = begun else { panic!("{begun:?}") };
        let visitor = VisitorRecord {
            id: VISITOR,
            inbox: "shop".into(),
            external_id: None,
            verified: false,
            name: "first".to_owned(),
            email: String::new(),
            phone: String::new(),
            attributes: "{}".to_owned(),
            created_at: now,
            last_seen_at: now,
        };
        self.fed(table.key, 1, Record::Visitor(visitor)).await;
        let conversation = ConversationRecord {
            id: CONVERSATION,
            inbox: "shop".into(),
            visitor: VISITOR,
            assignee: None,
            state: State::Queued,
            created_at: now,
            resolved_at: None,
        };
        self.fed(table.key, 2, Record::Conversation(conversation)).await;
        table.key
    }
}

fn said(number: u8, text: &str) -> Record {
    Record::Message(MessageRecord {
        id: Uuid::from_u128(0xe0 + u128::from(number)),
        conversation: CONVERSATION,
        opens: None,
        sender: Sender::Visitor,
        kind: MessageKind::Text,
        text: text.to_owned(),
        data: None,
        occurred_at: clock::now(),
    })
}

#[tokio::test]
async fn what_is_fed_is_read_as_it_comes_and_changed_by_nothing_else_until_it_is_switched() {
    let office = Office::open().await;
    let lin = office.agent("lin", Role::Admin, 3).await;
    let line = office.line(&lin).await;
    line.resume(&[]).await;
    line.until("resumed").await;
    let table = office.with_shop().await;
    office.fed(table, 3, said(3, "one")).await;
    let newest = async || {
        let (page, _) = office.desk.messages(&lin, CONVERSATION, Range::Newest { limit: 10 }).await.unwrap();
        page.into_iter().map(|message| message.text).collect::<Vec<_>>()
    };
    assert_eq!(newest().await, ["one"]);
    office.fed(table, 4, said(4, "two")).await;
    assert_eq!(newest().await, ["one", "two"]);

    // It waits for nobody here, and nobody changes it.
    let view = office.desk.conversation(&lin, CONVERSATION).await.unwrap();
    assert_eq!((view.state, view.assignee.is_none()), (State::Queued, true));
    let refused = office.desk.send(&lin, CONVERSATION, Uuid::from_u128(1), text("no")).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::InboxNotSwitched);
    let refused = office.desk.act(&lin, CONVERSATION, Act::Accept).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::InboxNotSwitched);
    office.desk.act(&lin, CONVERSATION, Act::Read { seq: 2 }).await.unwrap();
    let head = office.desk.head(&lin, CONVERSATION, kefu_core::Action::Manage).await;
    assert_eq!(head.unwrap_err().code, ErrorCode::InboxNotSwitched);
    let shop = office.desk.directory().inbox_by_slug("shop").unwrap().key;
    let office = Office { inbox: kefu_core::Inbox { key: shop, ..office.inbox.clone() }, ..office };
    let new = NewVisitor {
        inbox: shop,
        existing: None,
        external_id: None,
        verified: false,
        name: None,
        email: None,
        attributes: None,
        token_hash: [9; 32],
        is_renewal: false,
        address: String::new(),
        user_agent: String::new(),
        expires_at: None,
    };
    let refused = office.desk.open_visitor(new.clone()).await.unwrap_err();
    assert_eq!((refused.code, refused.retry_after_ms), (ErrorCode::Unavailable, Some(30_000)));

    // A daemon that starts anew knows it still.
    let office = office.reopen().await;
    let refused = office.desk.send(&lin, CONVERSATION, Uuid::from_u128(1), text("no")).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::InboxNotSwitched);

    // From the switch on it is served: who waited is given to who is there.
    let line = office.line(&lin).await;
    line.resume(&[]).await;
    line.until("resumed").await;
    let switch = FeedRequest::Switch { slug: Some("shop".to_owned()), now: clock::now() };
    assert!(matches!(office.desk.feed(switch).await.unwrap(), FeedAnswer::Count(1)));
    let view = office.desk.conversation(&lin, CONVERSATION).await.unwrap();
    assert_eq!((view.state, view.assignee.unwrap().id), (State::Open, lin.id));
    office.desk.send(&lin, CONVERSATION, Uuid::from_u128(2), text("三")).await.unwrap();
    office.desk.open_visitor(new).await.unwrap();

    // What is fed then is late, and what is gone there stays here.
    let gone = FeedRequest::Bury { table, entity: Entity::Message, keys: vec![vec![3]] };
    assert!(matches!(office.desk.feed(gone).await.unwrap(), FeedAnswer::Count(0)));
    let (page, _) = office.desk.messages(&lin, CONVERSATION, Range::Newest { limit: 10 }).await.unwrap();
    let texts: Vec<_> = page.iter().filter(|m| m.event.is_none()).map(|m| m.text.as_str()).collect();
    assert_eq!(texts, ["one", "two", "三"]);
    assert_eq!(office.desk.store.late_rows(9).await.unwrap().len(), 1);
}

#[tokio::test]
async fn people_who_are_fed_are_known_at_once() {
    let office = Office::open().await;
    let lin = office.agent("lin", Role::Admin, 3).await;
    let table = office.with_shop().await;
    let before = office.desk.conversation(&lin, CONVERSATION).await.unwrap();
    assert_eq!(&*before.visitor.name, "first");
    let agent = kefu_store::import::AgentRecord {
        id: Uuid::from_u128(0xa1),
        name: "小李".to_owned(),
        email: "li@example.com".to_owned(),
        role: Role::Agent,
        disabled: false,
        created_at: clock::now(),
        password: String::new(),
    };
    office.fed(table, 7, Record::Agent(agent.clone())).await;
    assert_eq!(&*office.desk.directory().agent(agent.id).unwrap().name, "小李");
    let gone = FeedRequest::Bury { table, entity: Entity::Agent, keys: vec![vec![7]] };
    office.desk.feed(gone).await.unwrap();
    assert!(office.desk.directory().agent(agent.id).unwrap().disabled);
}
