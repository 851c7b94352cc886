mod attachments;
mod backups;
#[cfg(feature = "query")]
mod cards;
#[cfg(feature = "channels")]
mod channels;
mod external;
mod files;
mod knowledge;
mod lists;
mod people;
mod records;
#[cfg(feature = "query")]
mod select;
mod shadow;
mod tickets;
mod upgrades;

use std::path::Path;

use kefu_core::{
    Agent, AgentKey, AgentStatus, Conversation, Entry, FieldVersions, Inbox, InboxKey, InboxSettings,
    MessageKind, Micros, Principal, Revision, Role, TeamKey, Visitor, VisitorKey,
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::{Batch, OpenOptions, Opened, StoreError, Writer};

/// A time that every test begins at.
pub(crate) const NOW: Micros = Micros(1_790_000_000_000_000);

pub(crate) fn options(dir: &Path) -> OpenOptions {
    OpenOptions { dir: dir.to_owned(), epoch_if_new: Uuid::from_u128(0xe0), now: NOW, readers: 2 }
}

pub(crate) async fn open(dir: &Path) -> Result<Opened, StoreError> {
    crate::open(options(dir)).await
}

/// Runs `test` with a fresh directory; afterwards no task is left.
pub(crate) fn run<F: Future>(test: impl FnOnce(TempDir) -> F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let output = runtime.block_on(test(TempDir::new().unwrap()));
    runtime.block_on(tokio::task::yield_now());
    assert_eq!(runtime.metrics().num_alive_tasks(), 0);
    output
}

pub(crate) fn text(sender: Principal, id: u128, text: &str) -> Entry {
    Entry {
        pos: 0,
        conversation: kefu_core::ConversationKey(0),
        seq: 0,
        prev_pos: 0,
        prev_public_seq: 0,
        id: Uuid::from_u128(id),
        client_id: Some(Uuid::from_u128(id << 64)),
        sender,
        kind: MessageKind::Text,
        text: text.to_owned(),
        event: None,
        data: None,
        quote_seq: None,
        revision: Revision::Intact,
        created_at: NOW.plus_seconds(i64::try_from(id).unwrap()),
    }
}

/// Makes a conversation and commits it.
pub(crate) async fn conversation(writer: &mut Writer, visitor: i64) -> Conversation {
    let key = writer.next_conversation_key();
    let id = Uuid::from_u128(0xc0_0000 + u128::try_from(key.0).unwrap());
    let conversation = Conversation::new(key, id, InboxKey(1), VisitorKey(visitor), NOW);
    let batch = Batch { conversations: vec![conversation.clone()], ..Batch::default() };
    writer.commit(&batch).await.unwrap();
    conversation
}

/// Commits `count` texts of its visitor, one transaction.
pub(crate) async fn grow(
    writer: &mut Writer,
    head: &mut Conversation,
    count: u64,
) -> Result<Vec<Entry>, StoreError> {
    let mut grown = head.clone();
    let mut batch = Batch::default();
    for pos in (writer.next_pos()..).take(usize::try_from(count).unwrap()) {
        let id = u128::try_from(pos).unwrap();
        let mut entry = text(Principal::Visitor(head.visitor), id, "Where is my order?");
        grown.append(&mut entry, pos);
        batch.entries.push(entry);
    }
    batch.grown.push(grown.clone().into());
    writer.commit(&batch).await?;
    *head = grown;
    Ok(batch.entries)
}

pub(crate) fn agent(key: AgentKey, email: &str) -> Agent {
    Agent {
        key,
        id: Uuid::from_u128(0xa0_0000 + u128::try_from(key.0).unwrap()),
        name: "Ada".into(),
        email: email.to_owned(),
        role: Role::Supervisor,
        status: AgentStatus::Busy,
        status_reason: Some("meal".into()),
        status_at: NOW.plus(5),
        capacity: 4,
        disabled: false,
        teams: vec![TeamKey(3)],
        skills: [("退款".to_owned(), 4)].into(),
        custom_role: None,
        created_at: NOW,
    }
}

pub(crate) fn visitor(key: VisitorKey, external_id: Option<&str>, verified: bool) -> Visitor {
    Visitor {
        key,
        id: Uuid::from_u128(0xb0_0000 + u128::try_from(key.0).unwrap()),
        inbox: InboxKey(1),
        external_id: external_id.map(str::to_owned),
        verified,
        name: "Grace".into(),
        email: String::new(),
        attributes: "{}".to_owned(),
        created_at: NOW,
        last_seen_at: NOW,
        erased_at: None,
    }
}

pub(crate) fn inbox(key: InboxKey, slug: &str) -> Inbox {
    Inbox {
        key,
        id: Uuid::from_u128(0xd0_0000 + u128::try_from(key.0).unwrap()),
        slug: slug.to_owned(),
        name: "Shop".to_owned(),
        greeting: "Hello".to_owned(),
        settings: InboxSettings::default(),
        origins: vec!["https://shop.example".to_owned()],
        identity_required: true,
        sealed_secret: vec![1, 2, 3],
        versions: FieldVersions::default(),
        created_at: NOW,
    }
}

/// What the domain's types can be compared by.
pub(crate) fn shown(value: impl std::fmt::Debug) -> String {
    format!("{value:?}")
}
