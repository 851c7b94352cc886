mod erasure;
mod filters;
mod life;
mod revisions;

use std::path::Path;

use kefu_core::{
    AgentKey, Audience, Conversation, Entry, InboxKey, MessageKind, Principal, Revision, VisitorKey,
};
use kefu_text::terms::{self, LastWord};
use uuid::Uuid;

use super::key::SEGMENT_LEN;
use super::{Indexer, SearchPage, SearchQuery, SearchScope};
use crate::tests::{NOW, open};
use crate::{Batch, Change, Store, Writer};

/// A store with conversations that are written in.
struct Chat {
    writer: Writer,
    store: Store,
    indexer: Indexer,
    heads: Vec<Conversation>,
    entries: Vec<Entry>,
}

impl Chat {
    /// With `count` conversations: each has a visitor of its own, in inbox 1 or 2 by turns.
    async fn open(dir: &Path, count: i64) -> Self {
        let opened = open(dir).await.unwrap();
        let indexer = Indexer::start(&opened.store).unwrap();
        let mut chat = Self {
            writer: opened.writer,
            store: opened.store,
            indexer,
            heads: Vec::new(),
            entries: Vec::new(),
        };
        for number in 0..count {
            let key = chat.writer.next_conversation_key();
            let id = Uuid::from_u128(0xc0_0000 + key.0 as u128);
            let (inbox, visitor) = (InboxKey(1 + number % 2), VisitorKey(100 + number));
            chat.heads.push(Conversation::new(key, id, inbox, visitor, NOW));
        }
        let batch = Batch { conversations: chat.heads.clone(), ..Batch::default() };
        chat.writer.commit(&batch).await.unwrap();
        chat
    }

    /// Writes these, each in a conversation, in one transaction; one second passes with each.
    async fn say(&mut self, texts: &[(usize, MessageKind, &str)]) {
        let mut batch = Batch::default();
        for (number, (conversation, kind, text)) in texts.iter().enumerate() {
            let head = &mut self.heads[*conversation];
            let pos = self.writer.next_pos() + number as i64;
            let sender = match kind {
                MessageKind::Text => Principal::Visitor(head.visitor),
                _ => Principal::Agent(AgentKey(1)),
            };
            let mut entry = crate::tests::text(sender, pos as u128, text);
            entry.kind = *kind;
            head.append(&mut entry, pos);
            batch.entries.push(entry);
        }
        batch.grown.extend(
            self.heads
                .iter()
                .filter(|head| batch.entries.iter().any(|entry| entry.conversation == head.key))
                .map(|head| head.clone().into()),
        );
        self.writer.commit(&batch).await.unwrap();
        self.entries.extend(batch.entries);
    }

    async fn say_text(&mut self, conversation: usize, text: &str) {
        self.say(&[(conversation, MessageKind::Text, text)]).await;
    }

    /// Lets an entry say something else from now on, or nothing.
    async fn revise(&mut self, pos: i64, revision: Revision, text: &str) {
        let change = Change::Revise { pos, revision, text: text.to_owned() };
        let batch = Batch { changes: vec![change], ..Batch::default() };
        self.writer.commit(&batch).await.unwrap();
        let entry = self.entries.iter_mut().find(|entry| entry.pos == pos).unwrap();
        entry.text = text.to_owned();
    }

    /// Gives a conversation to an agent.
    async fn assign(&mut self, conversation: usize, agent: i64) {
        let head = &mut self.heads[conversation];
        head.on_message(Principal::Visitor(head.visitor), MessageKind::Text, NOW);
        head.assign(AgentKey(agent)).unwrap();
        let batch = Batch { conversations: vec![head.clone()], ..Batch::default() };
        self.writer.commit(&batch).await.unwrap();
    }

    /// Texts that fill more than two segments, one in ten of them `text`, the others unlike any in a test.
    async fn fill(&mut self, text: &str) {
        let texts: Vec<_> = (0..SEGMENT_LEN * 5 / 2)
            .map(|number| {
                (number % self.heads.len(), MessageKind::Text, if number % 10 == 0 { text } else { "filler" })
            })
            .collect();
        self.say(&texts).await;
    }

    /// The texts found, newest first.
    async fn find(&self, query: &SearchQuery) -> Vec<String> {
        let page = self.search(query).await;
        page.hits.into_iter().map(|hit| hit.entry.text).collect()
    }

    async fn search(&self, query: &SearchQuery) -> SearchPage {
        self.store.search(query).await.unwrap()
    }

    async fn close(self) {
        self.indexer.close().await;
        self.writer.close().await.unwrap();
        self.store.close().await;
    }
}

fn all(text: &str) -> SearchQuery {
    SearchQuery::new(text, SearchScope::All, 1_000)
}

/// What a search has to find, by reading everything.
fn expected(chat: &Chat, query: &SearchQuery) -> Vec<i64> {
    let text = terms::query(&query.text, LastWord::Whole);
    let fits = |entry: &&Entry| {
        let head = chat.heads.iter().find(|head| head.key == entry.conversation).unwrap();
        let audience = match query.scope {
            SearchScope::Visitor(_) => Audience::Visitor,
            _ => Audience::Agent,
        };
        entry.kind != MessageKind::Event
            && audience.sees(entry.kind)
            && query.scope.includes(head)
            && query.conversation.is_none_or(|key| key == head.key)
            && query.visitors.as_ref().is_none_or(|keys| keys.contains(&head.visitor))
            && query.assignee.is_none_or(|agent| head.assignee == Some(agent))
            && query.inbox.is_none_or(|inbox| head.inbox == inbox)
            && query.kind.is_none_or(|kind| kind == entry.kind)
            && query.from.is_none_or(|from| entry.created_at >= from)
            && query.until.is_none_or(|until| entry.created_at < until)
            && query.before.is_none_or(|before| entry.pos < before)
            && terms::matches(&entry.text, &text)
    };
    chat.entries.iter().rev().filter(fits).map(|entry| entry.pos).collect()
}
