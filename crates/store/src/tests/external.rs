use kefu_core::{AgentKey, ConversationKey, Event, EventCode, MessageKind, Micros, Principal, VisitorKey};
use uuid::Uuid;

use super::{NOW, conversation, open, run, text, visitor};
use crate::{
    Batch, Change, ExternalChange, ExternalKind, ExternalState, ExternalWrite, PrivacyChange, RecordSet,
    Settled, Store, StoreError, Writer,
};

fn asked(id: u128, conversation: ConversationKey) -> ExternalWrite {
    ExternalWrite {
        number: i64::try_from(id).unwrap(),
        id: Uuid::from_u128(id),
        conversation,
        agent: AgentKey(1),
        kind: ExternalKind::Create,
        state: ExternalState::Waiting,
        ticket: None,
        body: r#"{"subject":"secret words"}"#.to_owned(),
        digest: [7; 32],
        reason: String::new(),
        tries: 0,
        due_at: Some(NOW),
        created_at: NOW,
        updated_at: NOW,
    }
}

async fn change(writer: &mut Writer, change: ExternalChange) -> Result<(), StoreError> {
    let set = RecordSet { changes: vec![Change::External(change)], audit: Vec::new() };
    let committed = writer.commit(&Batch { records: vec![set], ..Batch::default() }).await.unwrap();
    committed.records.into_iter().next().unwrap()
}

fn settled(id: u128, state: ExternalState, due_at: Option<Micros>) -> ExternalChange {
    let ticket = (state == ExternalState::Done).then(|| "T-7".to_owned());
    let reason = if state == ExternalState::Done { "" } else { "why" }.to_owned();
    ExternalChange::Settle(Settled { id: Uuid::from_u128(id), state, ticket, reason, due_at, at: NOW })
}

async fn due(store: &Store, at: Micros) -> Vec<u128> {
    store.external_due(at, 9).await.unwrap().iter().map(|write| write.id.as_u128()).collect()
}

async fn known(writer: &mut Writer) {
    let changes = vec![Change::Visitor(visitor(VisitorKey(1), None, false))];
    writer.commit(&Batch { changes, ..Batch::default() }).await.unwrap();
}

#[test]
fn what_is_asked_is_sent_in_order_once_and_says_what_became_of_it() {
    run(|dir| async move {
        let mut opened = open(dir.path()).await.unwrap();
        let (writer, store) = (&mut opened.writer, &opened.store);
        known(writer).await;
        let (one, other) = (conversation(writer, 1).await.key, conversation(writer, 1).await.key);
        for (id, place) in [(1, one), (2, one), (3, other)] {
            change(writer, ExternalChange::Ask(Box::new(asked(id, place)))).await.unwrap();
        }
        let again = change(writer, ExternalChange::Ask(Box::new(asked(1, one)))).await;
        assert!(matches!(again, Err(StoreError::Conflict(_))), "{again:?}");
        let nowhere = change(writer, ExternalChange::Ask(Box::new(asked(9, ConversationKey(99))))).await;
        assert!(matches!(nowhere, Err(StoreError::Stale("conversation"))), "{nowhere:?}");
        assert_eq!(store.external_write(Uuid::from_u128(1)).await.unwrap(), Some(asked(1, one)));
        assert_eq!(due(store, NOW).await, [1, 3], "what a conversation asks is done in its order");

        let begin = |id: u128| ExternalChange::Begin { id: Uuid::from_u128(id), at: NOW };
        change(writer, begin(1)).await.unwrap();
        assert!(matches!(change(writer, begin(1)).await, Err(StoreError::Stale(_))), "it is sent once");
        assert_eq!(due(store, NOW).await, [3]);
        assert_eq!(store.external_cut_off().await.unwrap().len(), 1);
        let later = NOW.plus_seconds(8);
        change(writer, settled(1, ExternalState::Waiting, Some(later))).await.unwrap();
        assert_eq!(due(store, NOW).await, [3], "the second waits for the first");
        assert_eq!(due(store, later).await, [3, 1]);
        change(writer, begin(1)).await.unwrap();
        change(writer, settled(1, ExternalState::Done, None)).await.unwrap();
        let done = store.external_write(Uuid::from_u128(1)).await.unwrap().unwrap();
        assert_eq!((done.body.as_str(), done.ticket.as_deref(), done.tries), ("", Some("T-7"), 2));
        assert!(store.has_external_ticket(&[VisitorKey(1)], "T-7").await.unwrap());
        assert!(!store.has_external_ticket(&[VisitorKey(2)], "T-7").await.unwrap());
        assert_eq!(due(store, NOW).await, [2, 3]);

        change(writer, begin(2)).await.unwrap();
        change(writer, settled(2, ExternalState::Unknown, None)).await.unwrap();
        let repeat = |id: u128| ExternalChange::Repeat { id: Uuid::from_u128(id), at: NOW };
        let dismiss = |id: u128| ExternalChange::Dismiss { id: Uuid::from_u128(id), at: NOW };
        assert!(
            matches!(change(writer, repeat(1)).await, Err(StoreError::Stale(_))),
            "what is done stays done"
        );
        change(writer, repeat(2)).await.unwrap();
        assert_eq!(due(store, NOW).await, [2, 3]);
        assert!(
            matches!(change(writer, dismiss(2)).await, Err(StoreError::Stale(_))),
            "it is on its way again"
        );
        change(writer, begin(2)).await.unwrap();
        change(writer, settled(2, ExternalState::Failed, None)).await.unwrap();
        change(writer, dismiss(2)).await.unwrap();
        let listed = store.external_writes(one, 9).await.unwrap();
        let listed: Vec<_> =
            listed.iter().map(|one| (one.id.as_u128(), one.state, one.body.as_str())).collect();
        assert_eq!(listed, [(2, ExternalState::Dismissed, ""), (1, ExternalState::Done, "")]);
        opened.writer.close().await.unwrap();
    });
}

#[test]
fn an_erasure_takes_what_is_asked_and_what_events_name() {
    run(|dir| async move {
        let mut opened = open(dir.path()).await.unwrap();
        let (writer, store) = (&mut opened.writer, &opened.store);
        known(writer).await;
        let mut head = conversation(writer, 1).await;
        change(writer, ExternalChange::Ask(Box::new(asked(1, head.key)))).await.unwrap();
        let about = store.external_writes_about(&[VisitorKey(1)], 0, 9).await.unwrap();
        assert_eq!(about, [asked(1, head.key)]);
        let mut entry = text(Principal::System, 5, "a ticket is made");
        entry.kind = MessageKind::Note;
        entry.event = Some(Event::of(EventCode::TicketCreated));
        entry.data = Some(r#"{"number":"T-7"}"#.into());
        head.append(&mut entry, writer.next_pos());
        let pos = entry.pos;
        let batch = Batch { entries: vec![entry], conversations: vec![head.clone()], ..Batch::default() };
        writer.commit(&batch).await.unwrap();

        let customer = visitor(VisitorKey(1), None, false).id;
        let erase = [
            PrivacyChange::Erase { customer, at: NOW, by: None, spared: Vec::new() },
            PrivacyChange::EraseEntries(vec![pos]),
        ];
        let changes = erase.into_iter().map(Change::Privacy).collect();
        writer.commit(&Batch { changes, ..Batch::default() }).await.unwrap();
        assert_eq!(store.external_write(Uuid::from_u128(1)).await.unwrap(), None);
        let left = store.entries_at(&[pos]).await.unwrap();
        assert_eq!(
            (left[0].data.as_deref(), left[0].event.map(|event| event.code)),
            (None, Some(EventCode::TicketCreated))
        );
        change(writer, settled(1, ExternalState::Done, None)).await.unwrap();
        let late = change(writer, ExternalChange::Ask(Box::new(asked(2, head.key)))).await;
        assert!(matches!(late, Err(StoreError::Stale("conversation"))), "{late:?}");
        opened.writer.close().await.unwrap();
    });
}
