//! What is said in conversations, as it is asked of the desk.

use std::{net::IpAddr, sync::Arc};

use kefu_core::{Audience, Content, Conversation, Entry, MessageKind, Revise};
use kefu_store::{AuditRecord, Range};
use serde_json::json;
use uuid::Uuid;

use super::{
    Desk,
    api::{self, Act, Command, Reply, Send, Sent},
    handle::units,
};
#[cfg(test)]
use crate::words::Words;
use crate::{
    audit, clock,
    identity::Identity,
    problem::Problem,
    readings::Look,
    view::{MessageView, VisitorBrief},
    words::Screened,
};

impl Desk {
    /// Adds a message to a conversation; returns when it is durable.
    pub(crate) async fn send(
        &self,
        who: &Identity,
        conversation: Uuid,
        client_id: Uuid,
        content: Content,
    ) -> Result<Sent, Problem> {
        let (units, screened) = (units(&content), self.words.message(who.principal, &content));
        let who = Arc::new(who.clone());
        self.ask(|reply| {
            let reply = Reply::Call(reply);
            Command::Send(Send { who, conversation, client_id, content, screened, units, audit: None, reply })
        })
        .await
    }

    /// Says something to the agent who has a conversation, which its visitor does not see; returns when that and the
    /// line of the audit log are durable.
    pub(crate) async fn whisper(
        &self,
        who: &Identity,
        conversation: Uuid,
        client_id: Uuid,
        text: String,
        audit: AuditRecord,
    ) -> Result<Sent, Problem> {
        let content = Content::whisper(text);
        let (who, units, audit) = (Arc::new(who.clone()), units(&content), Some(Box::new(audit)));
        self.ask(|reply| {
            let reply = Reply::Call(reply);
            Command::Send(Send { who, conversation, client_id, content, screened: None, units, audit, reply })
        })
        .await
    }

    /// Changes or takes back the message with this `seq`; returns when that is durable.
    pub(crate) async fn revise(
        &self,
        who: &Identity,
        conversation: Uuid,
        seq: u64,
        mut how: Revise,
    ) -> Result<(), Problem> {
        let (_, entry) = self.entry(who, conversation, seq).await?;
        let entry = Box::new(entry);
        let mut flagged = Vec::new();
        if let Revise::Edit(text) = &mut how
            && entry.kind != MessageKind::Note
        {
            let masking = self.directory().masking.of(who.audience());
            let shown = masking.text(&entry.text).into_owned();
            match masking.rewritten("text", &entry.text, &shown, std::mem::take(text))? {
                Some(wanted) => *text = wanted,
                None => text.clone_from(&entry.text),
            }
            flagged = self.screen(who, "text", text)?.flagged;
        }
        self.act(who, conversation, Act::Revise { entry, how, flagged }).await.map(drop)
    }

    /// Puts what the list says in the place of `field`, a text that is no message.
    ///
    /// # Errors
    /// `rejected` when it must not pass.
    pub(crate) fn screen(
        &self,
        who: &Identity,
        field: &'static str,
        text: &mut String,
    ) -> Result<Screened, Problem> {
        let Some(mut screened) = self.words.text(who.principal, text) else { return Ok(Screened::default()) };
        if screened.is_blocked {
            return Err(Screened::refusal(field));
        }
        if let Some(masked) = screened.text.take() {
            *text = masked;
        }
        Ok(*screened)
    }

    /// The list of sensitive words.
    #[cfg(test)]
    pub(crate) fn words(&self) -> &Words {
        &self.words
    }

    /// What the list of sensitive words says of a message.
    pub(crate) fn screened(&self, who: &Identity, content: &Content) -> Option<Box<Screened>> {
        self.words.message(who.principal, content)
    }

    /// The message with this `seq`, with nothing masked.
    pub(crate) async fn whole_message(
        &self,
        who: &Identity,
        conversation: Uuid,
        seq: u64,
    ) -> Result<MessageView, Problem> {
        let (visitor, entry) = self.entry(who, conversation, seq).await?;
        let directory = self.directory();
        // The visitor's side has everything in clear.
        let from = directory.party(entry.sender, &visitor, Audience::Visitor).into();
        Ok(directory.whole_view(entry, conversation, from, who.audience()))
    }

    async fn entry(
        &self,
        who: &Identity,
        conversation: Uuid,
        seq: u64,
    ) -> Result<(Arc<VisitorBrief>, Entry), Problem> {
        let snapshot = self.snapshot(who, conversation).await?;
        let range = Range::After { seq: seq.saturating_sub(1), limit: 1 };
        let page = self.store.messages(&snapshot.conversation, who.audience(), range).await?;
        let entry = page.items.into_iter().find(|entry| entry.seq == seq);
        Ok((snapshot.visitor, entry.ok_or_else(|| Problem::not_found("message"))?))
    }

    /// A page of a conversation's log, oldest first, and whether there is more in the asked direction.
    pub(crate) async fn messages(
        &self,
        who: &Identity,
        conversation: Uuid,
        range: Range,
    ) -> Result<(Vec<MessageView>, bool), Problem> {
        let snapshot = self.snapshot(who, conversation).await?;
        self.page(who, &snapshot, range).await
    }

    /// As [`Desk::messages`], for somebody at `address`: that an agent reads what is none of its own gets a line of the
    /// audit log before it is answered, one in an hour.
    pub(crate) async fn read_messages(
        &self,
        who: &Identity,
        address: IpAddr,
        conversation: Uuid,
        range: Range,
    ) -> Result<(Vec<MessageView>, bool), Problem> {
        let snapshot = self.snapshot(who, conversation).await?;
        if let kefu_core::Principal::Agent(agent) = who.principal
            && snapshot.conversation.is_foreign_to(agent)
        {
            self.note_reading(who, address, &snapshot.conversation).await?;
        }
        self.page(who, &snapshot, range).await
    }

    async fn note_reading(
        &self,
        who: &Identity,
        address: IpAddr,
        head: &Conversation,
    ) -> Result<(), Problem> {
        let (reader, now) = (who.key.unwrap_or(who.id), clock::now());
        if !self.shared.readings.begins(reader, head.key, Look::Read, now) {
            return Ok(());
        }
        if !self.is_writable() {
            // On a standby, or when the disk is full, people still have to see what goes on.
            tracing::info!(%reader, conversation = %head.id, "a conversation of others is read; nothing can be written");
            return Ok(());
        }
        let line = audit::record(who, address, audit::READ, Some(("conversation", head.id)), json!({}));
        audit::write(self, line).await?;
        self.shared.readings.note(reader, head.key, Look::Read, now);
        Ok(())
    }

    async fn page(
        &self,
        who: &Identity,
        snapshot: &api::Snapshot,
        range: Range,
    ) -> Result<(Vec<MessageView>, bool), Problem> {
        let (head, audience) = (&snapshot.conversation, who.audience());
        let page = self.store.messages(head, audience, range).await?;
        let directory = self.directory();
        let items = page
            .items
            .into_iter()
            .map(|entry| directory.message_view(entry, head.id, &snapshot.visitor, audience))
            .collect();
        Ok((items, page.has_more))
    }
}
