use kefu_core::Micros;
use uuid::Uuid;

use super::{NOW, open, run};
use crate::{Batch, Card, CardChange, Change, RecordSet, StoreError, Writer};

fn card(number: u128, position: i64) -> Card {
    Card {
        id: Uuid::from_u128(number),
        position,
        titles: [("en".to_owned(), "Orders".to_owned()), ("zh-CN".to_owned(), "订单".to_owned())].into(),
        inboxes: vec![Uuid::from_u128(9)],
        query: "query($id: Int!) { user(id: $id) { name } }".to_owned(),
        variables: [("id".to_owned(), "visitor.external_id".to_owned())].into(),
        view: "{\"kind\":\"fields\"}".to_owned(),
        is_enabled: true,
        created_at: NOW,
        updated_at: NOW,
        version: 1,
    }
}

async fn change(writer: &mut Writer, change: CardChange) -> Result<(), StoreError> {
    let set = RecordSet { changes: vec![Change::Card(change)], audit: Vec::new() };
    let batch = Batch { records: vec![set], ..Batch::default() };
    writer.commit(&batch).await.unwrap().records.remove(0)
}

#[test]
fn cards_stand_in_their_order_and_change_once_for_each_version() {
    run(|dir| async move {
        let opened = open(dir.path()).await.unwrap();
        let (mut writer, store) = (opened.writer, opened.store);
        for one in [card(1, 20), card(2, 10)] {
            change(&mut writer, CardChange::Add(one.into())).await.unwrap();
        }
        assert_eq!(store.cards().await.unwrap(), [card(2, 10), card(1, 20)]);
        let changed = Card { position: 5, version: 2, updated_at: Micros(NOW.0 + 1), ..card(1, 20) };
        let replace = || CardChange::Replace { card: changed.clone().into(), seen: 1 };
        change(&mut writer, replace()).await.unwrap();
        assert!(matches!(change(&mut writer, replace()).await, Err(StoreError::Stale("card"))));
        assert_eq!(store.card(changed.id).await.unwrap(), Some(changed.clone()));
        change(&mut writer, CardChange::Remove(changed.id)).await.unwrap();
        let again = change(&mut writer, CardChange::Remove(changed.id)).await;
        assert!(matches!(again, Err(StoreError::Stale("card"))));
        assert_eq!((store.cards().await.unwrap().len(), store.count_cards().await.unwrap()), (1, 1));
        writer.close().await.unwrap();
        store.close().await;
    });
}
