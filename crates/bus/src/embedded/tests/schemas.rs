//! Everything that can happen, held against the committed schemas.

use std::collections::BTreeSet;

use kefu_core::{Ticket, TicketContact, TicketPatch, TicketPriority, TicketStatus};
use kefu_store::{TicketChange, TicketComment};

use super::*;

const CODES: [EventCode; 21] = [
    EventCode::Queued,
    EventCode::Assigned,
    EventCode::Transferred,
    EventCode::Pending,
    EventCode::Resolved,
    EventCode::Reopened,
    EventCode::Rated,
    EventCode::RatingInvited,
    EventCode::Edited,
    EventCode::Recalled,
    EventCode::IdleWarned,
    EventCode::Joined,
    EventCode::Left,
    EventCode::TakenOver,
    EventCode::Erased,
    EventCode::HandedOver,
    EventCode::TicketCreated,
    EventCode::TicketUpdated,
    EventCode::TicketCommented,
    EventCode::TicketFailed,
    EventCode::TicketUnknown,
];

fn ticket(conversation: Uuid) -> Ticket {
    Ticket {
        id: Uuid::from_u128(0xe0),
        number: 0,
        inbox: InboxKey(1),
        requester: Some(VisitorKey(1)),
        subject: "Refund of order 1024".to_owned(),
        body: String::new(),
        contact: TicketContact::default(),
        status: TicketStatus::New,
        priority: TicketPriority::Normal,
        assignee: None,
        team: None,
        due_at: Some(now()),
        tags: Vec::new(),
        conversations: vec![conversation],
        created_at: now(),
        updated_at: now(),
        solved_at: None,
        version: 0,
    }
}

async fn record(house: &House, change: Change) {
    let records = vec![RecordSet { changes: vec![change], audit: Vec::new() }];
    let committed = house.writer.lock().await.commit(&Batch { records, ..Batch::default() }).await;
    committed.unwrap().records.into_iter().for_each(|set| set.unwrap());
}

#[tokio::test]
async fn every_topic_is_told_as_its_schema_says() {
    let dir = TempDir::new().unwrap();
    let mut house = House::open(dir.path(), 1).await;
    house.say(0, "hello").await;
    house.add(0, MessageKind::Note, "between us", None).await;
    for code in CODES {
        let event = LogEvent { seq: Some(1), score: Some(4), until: Some(now()), ..LogEvent::of(code) };
        house.add(0, MessageKind::Event, "", Some(event)).await;
    }
    for code in [EventCode::Edited, EventCode::Recalled] {
        house.add(0, MessageKind::Note, "", Some(LogEvent { seq: Some(2), ..LogEvent::of(code) })).await;
    }
    let by = Principal::Visitor(VisitorKey(1));
    let open = TicketChange::Open { ticket: Box::new(ticket(house.heads[0].id)), by };
    record(&house, Change::Ticket(open)).await;
    let mut made = house.store.ticket(Uuid::from_u128(0xe0)).await.unwrap().unwrap();
    let patch = TicketPatch { status: Some(TicketStatus::Solved), ..TicketPatch::default() };
    let lines = made.apply(patch, now()).unwrap();
    record(&house, Change::Ticket(TicketChange::Update { ticket: Box::new(made.clone()), lines, by })).await;
    let comment = TicketComment {
        id: Uuid::from_u128(0xe1),
        author: by,
        internal: false,
        text: "Thank you".to_owned(),
        created_at: now(),
    };
    record(&house, Change::Ticket(TicketChange::Comment { ticket: made.id, comment })).await;
    record(&house, Change::Visitor(Visitor { name: "Wang Fang".into(), ..visitor(1) })).await;

    let slice = house.bus.reader().slice(EventPosition::default(), 100, |_| true).await.unwrap();
    let mut topics = BTreeSet::new();
    for heard in slice.heard {
        let event = heard.event;
        let kind = Kind::from_topic(event.topic.as_str()).unwrap();
        let data: serde_json::Value = serde_json::from_str(event.data.get()).unwrap();
        assert!(kind.fits(&data), "{kind:?}: {data:#}");
        assert_eq!(crate::Event::from_json(&event.to_json().unwrap()).unwrap().version, kind.version());
        topics.insert(event.topic.to_string());
    }
    let all: BTreeSet<_> = Kind::ALL.into_iter().map(|kind| kind.topic().to_owned()).collect();
    assert_eq!(topics, all, "every topic");
    house.close().await;
}
