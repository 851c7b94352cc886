//! Heads and lists of conversations, and changes of them, as they are asked of the desk.

use std::{collections::HashMap, sync::Arc};

use kefu_core::{Action, Conversation, InboxKey, VisitorKey};
use kefu_store::{AuditRecord, View};
use uuid::Uuid;

use super::{
    Desk,
    api::{self, Act, Change, Command, NewVisitor, OpenedVisitor},
};
use crate::{identity::Identity, problem::Problem, view::ConversationView};

impl Desk {
    /// Changes a conversation; returns when the change is durable.
    pub(crate) async fn act(
        &self,
        who: &Identity,
        conversation: Uuid,
        act: Act,
    ) -> Result<ConversationView, Problem> {
        let who = Arc::new(who.clone());
        self.ask(|reply| {
            let reply = Some(reply);
            Command::Act(Change { who, conversation, act, connection: None, audit: None, reply })
        })
        .await
    }

    /// As [`Desk::act`], with a line of the audit log if anything changes.
    pub(crate) async fn act_audited(
        &self,
        who: &Identity,
        conversation: Uuid,
        act: Act,
        audit: AuditRecord,
    ) -> Result<ConversationView, Problem> {
        let (who, audit) = (Arc::new(who.clone()), Some(Box::new(audit)));
        self.ask(|reply| {
            let reply = Some(reply);
            Command::Act(Change { who, conversation, act, connection: None, audit, reply })
        })
        .await
    }

    /// A conversation's head.
    pub(crate) async fn conversation(
        &self,
        who: &Identity,
        conversation: Uuid,
    ) -> Result<ConversationView, Problem> {
        let key = self.snapshot(who, conversation).await?.conversation.key;
        let mut views = self.views(who, vec![key]).await?;
        views.pop().ok_or_else(|| Problem::not_found("conversation"))
    }

    /// A page of conversations and where the next one begins.
    pub(crate) async fn conversations(
        &self,
        who: &Identity,
        view: View,
        inbox: Option<InboxKey>,
        cursor: Option<(i64, i64)>,
        limit: usize,
    ) -> Result<(Vec<ConversationView>, Option<(i64, i64)>), Problem> {
        let (page, next) = self.store.conversations(view, inbox, cursor, limit).await?;
        let directory = self.directory();
        // Who was called may have lost the right to read there since.
        let is_shown =
            |c: &&Conversation| !matches!(view, View::Mentioned(_)) || directory.may(who, Action::Read, c);
        let keys = page.items.iter().filter(is_shown).map(|conversation| conversation.key).collect();
        Ok((self.views(who, keys).await?, next))
    }

    /// A page of what `who` may read of the conversations of these visitors, and where the next one begins.
    pub(crate) async fn conversations_of_visitors(
        &self,
        who: &Identity,
        visitors: &[VisitorKey],
        cursor: Option<(i64, i64)>,
        limit: usize,
    ) -> Result<(Vec<ConversationView>, Option<(i64, i64)>), Problem> {
        let (page, next) = self.store.conversations_of(visitors, cursor, limit).await?;
        let directory = self.directory();
        let readable = page.items.iter().filter(|c| directory.may(who, Action::Read, c));
        let keys = readable.map(|conversation| conversation.key).collect();
        Ok((self.views(who, keys).await?, next))
    }

    /// A visitor's conversations, newest first, for [`Desk::connect`].
    pub(crate) async fn conversations_of(&self, who: &Identity, limit: usize) -> Result<Vec<Uuid>, Problem> {
        let kefu_core::Principal::Visitor(visitor) = who.principal else { return Ok(Vec::new()) };
        let (page, _) = self.store.conversations(View::OfVisitor(visitor), None, None, limit).await?;
        Ok(page.items.into_iter().map(|conversation| conversation.id).collect())
    }

    /// A conversation's exact head, for whoever may do `action` with it.
    ///
    /// # Errors
    /// `not_found` for whoever may not read it, `forbidden` for whoever may only read it.
    pub(crate) async fn head(
        &self,
        who: &Identity,
        conversation: Uuid,
        action: Action,
    ) -> Result<Conversation, Problem> {
        let head = self.snapshot(who, conversation).await?.conversation;
        // Reading was allowed a moment ago.
        if action == Action::Read {
            return Ok(head);
        }
        let directory = self.directory();
        if !directory.may(who, action, &head) {
            return Err(Problem::forbidden());
        }
        directory.check_switched(head.inbox, who.audience()).map(|()| head)
    }

    pub(super) async fn snapshot(
        &self,
        who: &Identity,
        conversation: Uuid,
    ) -> Result<api::Snapshot, Problem> {
        let who = Arc::new(who.clone());
        self.ask(|reply| Command::Snapshot { who, conversation, reply }).await
    }

    async fn views(
        &self,
        who: &Identity,
        conversations: Vec<kefu_core::ConversationKey>,
    ) -> Result<Vec<ConversationView>, Problem> {
        if conversations.is_empty() {
            return Ok(Vec::new());
        }
        let tags = match who.principal {
            kefu_core::Principal::Agent(_) => Some(self.store.tag_ids_of(&conversations).await?),
            _ => None,
        };
        let who = Arc::new(who.clone());
        let mut views = self.ask(|reply| Command::Views { who, conversations, reply }).await?;
        if let Some(tags) = tags {
            let mut of: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
            for (conversation, tag) in tags {
                of.entry(conversation).or_default().push(tag);
            }
            for view in &mut views {
                view.tags = Some(of.remove(&view.id).unwrap_or_default());
            }
        }
        Ok(views)
    }

    /// Opens a session of a visitor: with its newest conversation that has not ended, or a new one.
    pub(crate) async fn open_visitor(&self, new: NewVisitor) -> Result<OpenedVisitor, Problem> {
        let latest = match new.existing {
            None => None,
            Some(visitor) => {
                let (page, _) = self.store.conversations(View::OfVisitor(visitor), None, None, 1).await?;
                page.items.first().filter(|c| c.state != kefu_core::State::Resolved).map(|c| c.key)
            }
        };
        self.ask(|reply| Command::OpenVisitor { new: Box::new(new), latest, reply }).await
    }

    /// Ends the connections of visitors who are blocked.
    pub(crate) async fn close_blocked(&self, visitors: Vec<VisitorKey>) {
        if !visitors.is_empty() {
            self.post(Command::CloseBlocked(visitors)).await;
        }
    }

    /// Follows the beginning of an erasure: ends what these visitors have open, and forgets who they are.
    pub(crate) async fn forget(&self, visitors: Vec<VisitorKey>) {
        self.post(Command::Forget(visitors)).await;
    }

    /// Ends a conversation of which everything is erased, and tells whoever hears of it.
    pub(crate) async fn end_erased(
        &self,
        conversation: kefu_core::ConversationKey,
        note: kefu_store::PrivacyChange,
    ) -> Result<(), Problem> {
        self.ask(|reply| Command::EndErased { conversation, note, reply }).await
    }

    /// Tells the agents of a conversation what became of something outside, and writes the change that says so; returns
    /// when both are durable.
    #[cfg_attr(not(feature = "bridge"), expect(dead_code, reason = "only bridges tell of what is outside"))]
    pub(crate) async fn tell(
        &self,
        conversation: kefu_core::ConversationKey,
        event: kefu_core::Event,
        data: &serde_json::Value,
        change: kefu_store::Change,
    ) -> Result<(), Problem> {
        let (data, change) = (data.to_string().into_boxed_str(), Box::new(change));
        self.ask(|reply| Command::Tell { conversation, event, data, change, reply }).await
    }
}
