use kefu_core::{ConversationKey, InboxKey, Micros, VisitorKey};
use tempfile::TempDir;
use uuid::Uuid;

use super::{NOW, conversation, open, run};
use crate::{
    Batch, Change, Channel, ChannelChange, ChannelMedia, ChannelRefusal, ChannelThread, ChannelToken,
    RecordSet, SendState, Store, StoreError, Writer,
};

fn channel() -> Channel {
    Channel {
        key: 0,
        id: Uuid::from_u128(0xe1),
        inbox: InboxKey(1),
        name: "WeChat".to_owned(),
        yaml: "kefu_channel: 1".to_owned(),
        is_enabled: true,
        sealed: vec![1, 2, 3],
        version: 1,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn thread(channel: i64, sender: &str, conversation: ConversationKey) -> ChannelThread {
    ChannelThread {
        key: 0,
        channel,
        thread: "t".to_owned(),
        sender: sender.to_owned(),
        visitor: VisitorKey(1),
        conversation,
        context: "{}".to_owned(),
        last_at: NOW,
        reply_until: Some(NOW.plus_seconds(60)),
        quota: Some(5),
        sent: 0,
    }
}

async fn write(writer: &mut Writer, changes: Vec<ChannelChange>) -> Result<(), StoreError> {
    let changes = changes.into_iter().map(Change::Channel).collect();
    let records = vec![RecordSet { changes, audit: Vec::new() }];
    writer.commit(&Batch { records, ..Batch::default() }).await.unwrap().records.remove(0)
}

/// A channel with a thread that has a conversation; the channel's key and the conversation's.
async fn connected(writer: &mut Writer, store: &Store) -> (i64, ConversationKey) {
    write(writer, vec![ChannelChange::Add(Box::new(channel()))]).await.unwrap();
    let key = store.channels().await.unwrap()[0].key;
    let conversation = conversation(writer, 1).await.key;
    write(writer, vec![ChannelChange::Thread(Box::new(thread(key, "u", conversation)))]).await.unwrap();
    (key, conversation)
}

fn queue(conversation: ConversationKey, seq: u64) -> ChannelChange {
    ChannelChange::Queue { conversation, pos: i64::try_from(seq).unwrap(), seq, at: NOW }
}

#[test]
fn a_channel_is_changed_for_the_version_that_there_is() {
    run(async |dir: TempDir| {
        let mut opened = open(dir.path()).await.unwrap();
        let (writer, store) = (&mut opened.writer, opened.store.clone());
        write(writer, vec![ChannelChange::Add(Box::new(channel()))]).await.unwrap();
        let row = store.channels().await.unwrap().remove(0);
        assert_eq!(row, Channel { key: row.key, ..channel() });
        assert_eq!(store.channel_inboxes().await.unwrap(), [InboxKey(1)]);
        let changed = Channel { name: "B".to_owned(), is_enabled: false, ..row.clone() };
        write(writer, vec![ChannelChange::Update(Box::new(changed.clone()))]).await.unwrap();
        let late = write(writer, vec![ChannelChange::Update(Box::new(changed))]).await;
        assert!(matches!(late, Err(StoreError::Stale("channel"))), "{late:?}");
        let row = store.channels().await.unwrap().remove(0);
        assert_eq!((row.name.as_str(), row.is_enabled, row.version), ("B", false, 2));
        for (before, after) in [(vec![9], vec![8]), (vec![1, 2, 3], vec![7])] {
            let resealed = ChannelChange::Resealed { id: row.id, before, after };
            write(writer, vec![resealed]).await.unwrap();
        }
        assert_eq!(store.channels().await.unwrap()[0].sealed, [7]);
        write(writer, vec![ChannelChange::Remove(row.id)]).await.unwrap();
        assert!(store.channels().await.unwrap().is_empty());
        let gone = write(writer, vec![ChannelChange::Remove(row.id)]).await;
        assert!(matches!(gone, Err(StoreError::Stale("channel"))), "{gone:?}");
        opened.writer.close().await.unwrap();
        store.close().await;
    });
}

#[test]
fn messages_of_one_thread_go_one_after_the_other_and_those_of_several_do_not_wait() {
    run(async |dir: TempDir| {
        let mut opened = open(dir.path()).await.unwrap();
        let (writer, store) = (&mut opened.writer, opened.store.clone());
        let (key, first) = connected(writer, &store).await;
        let second = conversation(writer, 1).await.key;
        write(writer, vec![ChannelChange::Thread(Box::new(thread(key, "v", second)))]).await.unwrap();
        let elsewhere = conversation(writer, 1).await.key;
        let queued = [queue(first, 1), queue(first, 2), queue(second, 1), queue(elsewhere, 1)];
        write(writer, queued.into()).await.unwrap();
        let due = async |now| {
            let due = store.channel_sends_due(key, now, 9).await.unwrap();
            due.into_iter().map(|send| (send.conversation, send.seq)).collect::<Vec<_>>()
        };
        assert_eq!(due(NOW).await, [(first, 1), (second, 1)]);
        let heads = store.channel_sends_due(key, NOW, 9).await.unwrap();
        let later = NOW.plus_seconds(5);
        let tried = ChannelChange::Tried { key: heads[0].key, next_at: later, error: "503".to_owned() };
        write(writer, vec![tried]).await.unwrap();
        assert_eq!(due(NOW).await, [(second, 1)], "what is behind waits with it");
        assert_eq!(store.channel_next_send(key).await.unwrap(), Some(NOW));
        assert_eq!(due(later).await.len(), 2);
        let sent = |key| sent(key, "x", 0);
        let (of_first, of_second) = (heads[0].key, heads[1].key);
        let part = ChannelChange::PartSent { key: of_first, external_id: None };
        write(writer, vec![part, sent(of_first), sent(of_second)]).await.unwrap();
        assert_eq!(due(NOW).await, [(first, 2)]);
        // What the service has is not taken back by who was late.
        let failed = ChannelChange::Failed { key: of_first, at: later, error: "late".to_owned() };
        write(writer, vec![failed]).await.unwrap();
        let sends = store.channel_sends_of(first, 0, 9).await.unwrap();
        let states: Vec<_> = sends.iter().map(|send| (send.seq, send.state, send.parts)).collect();
        assert_eq!(states, [(1, SendState::Sent, 2), (2, SendState::Waiting, 0)]);
        assert_eq!(sends[0].external_ids, [None, Some("x".to_owned())], "each part has a name, or none");
        assert_eq!(store.channel_sends_of(first, 2, 9).await.unwrap().len(), 1);
        opened.writer.close().await.unwrap();
        store.close().await;
    });
}

fn sent(key: i64, name: &str, revisions: u32) -> ChannelChange {
    ChannelChange::Sent { key, at: NOW.plus_seconds(5), external_id: Some(name.to_owned()), revisions }
}

#[test]
fn a_service_is_told_of_changes_that_it_does_not_have() {
    run(async |dir: TempDir| {
        let mut opened = open(dir.path()).await.unwrap();
        let (writer, store) = (&mut opened.writer, opened.store.clone());
        let (key, conversation) = connected(writer, &store).await;
        let revised = |seq| ChannelChange::Revised { conversation, seq, at: NOW };
        // One is changed before it is sent, one while it is, one after, one is taken back, and one is none of ours.
        let queued = (1..=4).map(|seq| queue(conversation, seq)).chain([revised(1), revised(9)]);
        write(writer, queued.collect()).await.unwrap();
        let sends = store.channel_sends_of(conversation, 0, 9).await.unwrap();
        let keys: Vec<_> = sends.iter().map(|send| send.key).collect();
        assert_eq!(sends.iter().map(|send| send.revisions).collect::<Vec<_>>(), [1, 0, 0, 0]);
        let changes = vec![
            sent(keys[0], "a", 1),
            revised(2),
            sent(keys[1], "b", 0),
            sent(keys[2], "c", 0),
            revised(3),
            ChannelChange::Withdrawn(keys[3]),
        ];
        write(writer, changes).await.unwrap();
        let states = async || {
            let sends = store.channel_sends_of(conversation, 0, 9).await.unwrap();
            sends.iter().map(|send| (send.seq, send.state)).collect::<Vec<_>>()
        };
        let changing = SendState::Changing;
        assert_eq!(states().await, [(1, SendState::Sent), (2, changing), (3, changing)]);
        assert_eq!(store.channel_thread_of(conversation).await.unwrap().unwrap().sent, 3);
        let due = store.channel_sends_due(key, NOW.plus_seconds(5), 9).await.unwrap();
        assert_eq!(due.iter().map(|send| send.seq).collect::<Vec<_>>(), [2], "one after the other");
        // Changed again while the service is told: it is told again.
        let told = |revisions| ChannelChange::Told { key: keys[1], at: NOW, revisions };
        write(writer, vec![revised(2), told(1)]).await.unwrap();
        assert_eq!(states().await[1], (2, changing));
        let failed = ChannelChange::Failed { key: keys[2], at: NOW, error: "too old".to_owned() };
        write(writer, vec![told(2), failed]).await.unwrap();
        assert_eq!(states().await, [(1, SendState::Sent), (2, SendState::Sent), (3, SendState::Outdated)]);
        write(writer, vec![ChannelChange::Again { conversation, seq: 3, at: NOW }]).await.unwrap();
        assert_eq!(states().await[2], (3, changing));
        opened.writer.close().await.unwrap();
        store.close().await;
    });
}

#[test]
fn files_beside_a_channels_own_are_replaced_and_end_with_it() {
    run(async |dir: TempDir| {
        let mut opened = open(dir.path()).await.unwrap();
        let (writer, store) = (&mut opened.writer, opened.store.clone());
        let (key, _) = connected(writer, &store).await;
        let id = channel().id;
        let file = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        for files in [vec![file("b.xsd", "1"), file("a.wsdl", "2")], vec![file("a.wsdl", "3")]] {
            write(writer, vec![ChannelChange::Files { id, files }]).await.unwrap();
        }
        assert_eq!(store.channel_files(key).await.unwrap(), [file("a.wsdl", "3")]);
        write(writer, vec![ChannelChange::Remove(id)]).await.unwrap();
        assert_eq!(store.channel_files(key).await.unwrap(), []);
        opened.writer.close().await.unwrap();
        store.close().await;
    });
}

#[test]
fn a_failed_message_is_sent_again_when_it_is_asked_for() {
    run(async |dir: TempDir| {
        let mut opened = open(dir.path()).await.unwrap();
        let (writer, store) = (&mut opened.writer, opened.store.clone());
        let (key, conversation) = connected(writer, &store).await;
        write(writer, vec![queue(conversation, 1)]).await.unwrap();
        let again = || vec![ChannelChange::Again { conversation, seq: 1, at: NOW }];
        let not_failed = write(writer, again()).await;
        assert!(matches!(not_failed, Err(StoreError::Stale("message"))), "{not_failed:?}");
        let send = store.channel_sends_due(key, NOW, 1).await.unwrap().remove(0);
        let failed = ChannelChange::Failed { key: send.key, at: NOW, error: "45015".to_owned() };
        write(writer, vec![failed]).await.unwrap();
        let health = store.channel_health(key).await.unwrap();
        assert_eq!((health.waiting, health.failed, health.last_error.as_deref()), (0, 1, Some("45015")));
        write(writer, again()).await.unwrap();
        assert_eq!(store.channel_sends_due(key, NOW, 1).await.unwrap()[0].tries, 0);
        opened.writer.close().await.unwrap();
        store.close().await;
    });
}

#[test]
fn what_follows_a_customers_message_counts_until_the_next_one() {
    run(async |dir: TempDir| {
        let mut opened = open(dir.path()).await.unwrap();
        let (writer, store) = (&mut opened.writer, opened.store.clone());
        let (key, first) = connected(writer, &store).await;
        write(writer, vec![queue(first, 1), queue(first, 2)]).await.unwrap();
        let of = async |conversation| store.channel_thread_of(conversation).await.unwrap().unwrap();
        assert_eq!(of(first).await.left(), Some(3));
        // The same person goes on in another conversation; the one before still leads there.
        let second = conversation(writer, 1).await.key;
        write(writer, vec![ChannelChange::Thread(Box::new(thread(key, "u", second)))]).await.unwrap();
        assert_eq!((of(first).await.left(), of(first).await.conversation), (Some(5), second));
        assert_eq!(of(first).await, of(second).await);
        assert_eq!(store.channel_threads_of(VisitorKey(1)).await.unwrap(), [of(second).await]);
        assert_eq!(store.channel_thread_by_key(of(second).await.key).await.unwrap(), Some(of(second).await));
        opened.writer.close().await.unwrap();
        store.close().await;
    });
}

#[test]
fn what_came_is_known_and_lists_go_on_and_all_of_it_ends_with_the_channel() {
    run(async |dir: TempDir| {
        let mut opened = open(dir.path()).await.unwrap();
        let (writer, store) = (&mut opened.writer, opened.store.clone());
        let (key, conversation) = connected(writer, &store).await;
        let until = NOW.plus_seconds(10);
        let token = ChannelToken { name: "access".to_owned(), sealed: vec![1], renew_at_ms: 7 };
        let list = || "wk1".to_owned();
        let cursor = |cursor: Option<&str>, done: Option<&str>| ChannelChange::Cursor {
            channel: key,
            list: list(),
            cursor: cursor.map(str::to_owned),
            done: done.map(str::to_owned),
        };
        let notice =
            |notice: &str| ChannelChange::Notice { channel: key, list: list(), notice: notice.to_owned() };
        let media = ChannelMedia {
            key: 0,
            channel: key,
            thread: 0,
            conversation,
            conversation_id: Uuid::nil(),
            client_id: Uuid::from_u128(5),
            message: "{}".to_owned(),
            tries: 0,
            next_at: NOW,
        };
        let refusal =
            ChannelRefusal { number: 0, channel: key, at: NOW, reason: "x".to_owned(), request: None };
        let changes = vec![
            ChannelChange::Seen { channel: key, hash: [1; 16], until },
            ChannelChange::Token { channel: key, token: token.clone() },
            notice("n1"),
            cursor(Some("c1"), None),
            ChannelChange::Media(Box::new(media)),
            ChannelChange::Refused(Box::new(refusal)),
            queue(conversation, 1),
        ];
        write(writer, changes).await.unwrap();
        assert!(store.channel_has_seen(key, [1; 16], until).await.unwrap());
        assert!(!store.channel_has_seen(key, [1; 16], until.plus(1)).await.unwrap());
        assert!(!store.channel_has_seen(key, [2; 16], NOW).await.unwrap());
        assert_eq!(store.channel_tokens(key).await.unwrap(), [token]);
        assert_eq!(store.channel_cursor(key, "wk1").await.unwrap().as_deref(), Some("c1"));
        // A notice that came meanwhile is not done with.
        write(writer, vec![notice("n2"), cursor(Some("c2"), Some("n1"))]).await.unwrap();
        assert_eq!(store.channel_notices(key).await.unwrap(), [(list(), "n2".to_owned())]);
        write(writer, vec![cursor(None, Some("n2"))]).await.unwrap();
        assert!(store.channel_notices(key).await.unwrap().is_empty());
        assert_eq!(store.channel_cursor(key, "wk1").await.unwrap().as_deref(), Some("c2"));
        let due = store.channel_media_due(key, NOW, 9).await.unwrap().remove(0);
        assert_eq!((due.client_id, due.conversation), (Uuid::from_u128(5), conversation));
        assert_ne!(due.conversation_id, Uuid::nil());
        let later = NOW.plus_seconds(1);
        write(writer, vec![ChannelChange::MediaTried { key: due.key, next_at: later }]).await.unwrap();
        assert_eq!(store.channel_next_media(key).await.unwrap(), Some(later));
        let refused = store.channel_refusals(key, None, 9).await.unwrap();
        assert_eq!(store.channel_refusals(key, Some(refused[0].number), 9).await.unwrap(), []);
        let expire = |now, before| vec![ChannelChange::Expire { now, before }];
        write(writer, expire(until.plus(1), NOW)).await.unwrap();
        assert!(!store.channel_has_seen(key, [1; 16], NOW).await.unwrap());
        assert_eq!(store.channel_refusals(key, None, 9).await.unwrap().len(), 1);
        write(writer, expire(until, Micros(NOW.0 + 1))).await.unwrap();
        assert_eq!(store.channel_refusals(key, None, 9).await.unwrap(), []);
        let changes = vec![
            ChannelChange::DropTokens { channel: key, names: vec!["access".to_owned()] },
            ChannelChange::MediaDone(due.key),
        ];
        write(writer, changes).await.unwrap();
        assert!(store.channel_tokens(key).await.unwrap().is_empty());
        assert_eq!(store.channel_next_media(key).await.unwrap(), None);
        write(writer, vec![ChannelChange::Remove(channel().id)]).await.unwrap();
        assert_eq!(store.channel_thread_of(conversation).await.unwrap(), None);
        assert_eq!(store.channel_next_send(key).await.unwrap(), None);
        assert_eq!(store.channel_sends_of(conversation, 0, 9).await.unwrap(), []);
        opened.writer.close().await.unwrap();
        store.close().await;
    });
}
