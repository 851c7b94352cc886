use kefu_core::AgentKey;
use uuid::Uuid;

use super::{NOW, conversation, open, run};
use crate::{
    Batch, CannedChange, CannedFilter, CannedReply, Change, RecordSet, StoreError, Tag, TagChange, Writer,
};

async fn record(
    writer: &mut Writer,
    changes: impl IntoIterator<Item = Change>,
) -> Vec<Result<(), StoreError>> {
    let set = |change| RecordSet { changes: vec![change], audit: Vec::new() };
    let batch = Batch { records: changes.into_iter().map(set).collect(), ..Batch::default() };
    writer.commit(&batch).await.unwrap().records
}

fn tag(number: u128, name: &str) -> Tag {
    Tag {
        id: Uuid::from_u128(number),
        name: name.to_owned(),
        colour: "#3366cc".to_owned(),
        group: String::new(),
        created_at: NOW,
    }
}

fn reply(number: u128, owner: Option<i64>, shortcut: &str) -> CannedReply {
    CannedReply {
        id: Uuid::from_u128(number),
        owner: owner.map(AgentKey),
        folder: "first".to_owned(),
        shortcut: shortcut.to_owned(),
        title: "Greeting".to_owned(),
        text: "您好 {{visitor.name}}".to_owned(),
        uses: 0,
        created_at: NOW,
        updated_at: NOW,
    }
}

#[test]
fn tags_are_unique_whatever_their_case() {
    run(|dir| async move {
        let opened = open(dir.path()).await.unwrap();
        let (mut writer, store) = (opened.writer, opened.store);
        let add = |tag: Tag| Change::Tag(TagChange::Add(tag));
        let outcomes =
            record(&mut writer, [add(tag(1, "Été")), add(tag(2, "été")), add(tag(3, "退款"))]).await;
        assert!(matches!(outcomes[..], [Ok(()), Err(StoreError::Conflict(_)), Ok(())]), "{outcomes:?}");
        let grouped = Tag { group: "a".to_owned(), ..tag(1, "Sommer") };
        let replace = |tag| Change::Tag(TagChange::Replace(tag));
        let outcomes = record(
            &mut writer,
            [replace(grouped.clone()), replace(tag(3, "SOMMER")), replace(tag(9, "none"))],
        )
        .await;
        let expected =
            matches!(outcomes[..], [Ok(()), Err(StoreError::Conflict(_)), Err(StoreError::Stale("tag"))]);
        assert!(expected, "{outcomes:?}");
        assert_eq!(store.tags().await.unwrap(), [tag(3, "退款"), grouped]);
        assert_eq!(store.count_tags().await.unwrap(), 2);
        assert_eq!(store.tags_by_id(&[Uuid::from_u128(3), Uuid::nil()]).await.unwrap(), [tag(3, "退款")]);
        writer.close().await.unwrap();
    });
}

#[test]
fn a_removed_tag_is_gone_everywhere_at_once_and_its_rows_in_slices() {
    run(|dir| async move {
        let opened = open(dir.path()).await.unwrap();
        let (mut writer, store) = (opened.writer, opened.store);
        let (one, two) = (tag(1, "one"), tag(2, "two"));
        record(&mut writer, [&one, &two].map(|tag| Change::Tag(TagChange::Add(tag.clone())))).await;
        let mut heads = Vec::new();
        for _ in 0..3 {
            heads.push(conversation(&mut writer, 1).await.key);
        }
        let set = |conversation, tags: &[Uuid]| {
            let (tags, agent) = (tags.to_vec(), Some(AgentKey(1)));
            Change::Tag(TagChange::Conversation { conversation, tags, agent, at: NOW })
        };
        record(&mut writer, heads.iter().map(|head| set(*head, &[two.id, one.id]))).await;
        assert_eq!(store.tags_of(heads[0]).await.unwrap(), [one.clone(), two.clone()]);
        let outcomes = record(&mut writer, [set(heads[0], &[one.id]), set(heads[1], &[Uuid::nil()])]).await;
        assert!(matches!(outcomes[..], [Ok(()), Err(StoreError::Stale("tag"))]));
        assert_eq!(store.tags_of(heads[0]).await.unwrap(), std::slice::from_ref(&one));
        assert_eq!(store.tags_of(heads[1]).await.unwrap().len(), 2);

        let remove = || Change::Tag(TagChange::Remove(one.id));
        let outcomes = record(&mut writer, [remove(), remove()]).await;
        assert!(matches!(outcomes[..], [Ok(()), Err(StoreError::Stale("tag"))]));
        assert_eq!(store.tags_of(heads[0]).await.unwrap(), []);
        assert_eq!(store.tags_of(heads[1]).await.unwrap(), [two]);
        let left = store.removed_tag().await.unwrap().unwrap();
        record(&mut writer, [Change::Tag(TagChange::Purge(left))]).await;
        assert_eq!(store.removed_tag().await.unwrap(), None);
        let sql = "SELECT count(*) FROM conversation_tag";
        let rows: Option<i64> =
            store.one(sql, crate::sql::Args::default(), crate::reader::first).await.unwrap();
        assert_eq!(rows, Some(2));
        writer.close().await.unwrap();
    });
}

#[test]
fn canned_replies_are_found_by_their_words_and_sorted_by_use() {
    run(|dir| async move {
        let opened = open(dir.path()).await.unwrap();
        let (mut writer, store) = (opened.writer, opened.store);
        let add = |reply| Change::Canned(CannedChange::Add(reply));
        let (shared, own, other) = (reply(1, None, "hi"), reply(2, Some(1), "hi"), reply(3, Some(2), "hi"));
        let all = [&shared, &own, &other, &reply(4, Some(1), "hi")].map(|reply| add(reply.clone()));
        let outcomes = record(&mut writer, all).await;
        assert!(matches!(outcomes[..], [Ok(()), Ok(()), Ok(()), Err(StoreError::Conflict(_))]));
        let used = |id: u128| Change::Canned(CannedChange::Used(Uuid::from_u128(id)));
        record(&mut writer, [used(1), used(1), used(2), used(99)]).await;
        let list = |owner: i64, text: &str, folder: Option<&str>| {
            let filter = CannedFilter { text: text.to_owned(), folder: folder.map(str::to_owned) };
            let store = store.clone();
            async move {
                let (mut ids, mut cursor) = (Vec::new(), None);
                loop {
                    let (page, next) =
                        store.canned_replies(AgentKey(owner), &filter, cursor, 1).await.unwrap();
                    ids.extend(page.iter().map(|reply| (reply.id.as_u128(), reply.uses)));
                    cursor = next;
                    if cursor.is_none() {
                        break ids;
                    }
                }
            }
        };
        assert_eq!(list(1, "", None).await, [(1, 2), (2, 1)]);
        assert_eq!(list(2, "您好", Some("first")).await, [(1, 2), (3, 0)]);
        assert_eq!(list(1, "GREET", None).await.len(), 2);
        assert_eq!(list(1, "%", None).await, []);
        assert_eq!(list(1, "", Some("second")).await, []);
        assert_eq!(store.count_canned(Some(AgentKey(1))).await.unwrap(), 1);
        writer.close().await.unwrap();
    });
}

#[test]
fn a_canned_reply_that_changed_meanwhile_stays() {
    run(|dir| async move {
        let opened = open(dir.path()).await.unwrap();
        let (mut writer, store) = (opened.writer, opened.store);
        record(&mut writer, [Change::Canned(CannedChange::Add(reply(1, None, "hi")))]).await;
        let replace = |title: &str, seconds| {
            let reply = CannedReply {
                title: title.to_owned(),
                updated_at: NOW.plus_seconds(seconds),
                ..reply(1, None, "hi")
            };
            Change::Canned(CannedChange::Replace { reply, seen: NOW })
        };
        let outcomes = record(&mut writer, [replace("one", 1), replace("two", 2)]).await;
        assert!(matches!(outcomes[..], [Ok(()), Err(StoreError::Stale(_))]));
        let id = Uuid::from_u128(1);
        assert_eq!(store.canned_reply(id).await.unwrap().unwrap().title, "one");
        let remove = || Change::Canned(CannedChange::Remove(id));
        let outcomes = record(&mut writer, [remove(), remove()]).await;
        assert!(matches!(outcomes[..], [Ok(()), Err(StoreError::Stale(_))]));
        assert_eq!(store.canned_reply(id).await.unwrap(), None);
        writer.close().await.unwrap();
    });
}
