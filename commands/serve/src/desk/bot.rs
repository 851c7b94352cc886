//! The bot of an inbox: what it answers is found outside the desk's task, and said or given up within it.
//!
//! *Invariant:* a conversation that the bot has is open without an agent, and its last message is the visitor's
//! exactly as long as that is not answered. So after a restart the log says who still has to be given to a person.

use std::{collections::HashSet, sync::Arc, time::Duration};

use kefu_core::{
    ArticleState, BotSettings, Conversation, ConversationKey, Entry, Event, EventCode, InboxKey, MessageKind,
    Micros, Principal, Question, State,
};
use kefu_protocol::frame::Change;
use kefu_store::{ArticleFilter, ArticleHit, KnowledgeChange, Store, StoreError};
use kefu_text::terms::{self, LastWord};
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use uuid::Uuid;

use super::{
    api::{BotAnswer, BotOutcome, Command},
    batch::{Origin, Work, draft},
    deliver::Hint,
    task::Task,
};
use crate::{clock, markdown, view::Directory};

/// How many bots may look for an answer at once; whoever comes then gets a person.
pub(super) const DECISIONS_MAX: usize = 16;

/// How many conversations are read at once at the start.
const START_PAGE: usize = 500;

/// How many articles are looked at for an answer.
const ARTICLES_MAX: usize = 5;

/// How much of an article the bot says, in characters.
const ARTICLE_CHARS: usize = 1000;

/// What a visitor's message means to the bot.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Turn {
    /// The conversation begins, and the bot has it.
    Meets,
    /// The bot is to answer.
    Stays,
    /// It goes to a person: the visitor asks for one, or kefu has no bot there any more.
    Leaves(Principal),
}

impl Task {
    /// Gives a new conversation to the bot. It greets before the visitor's message, which it still has to answer.
    pub(super) fn meet_bot(&mut self, key: ConversationKey, now: Micros, work: &mut Work) {
        let Some(touched) = work.touched.get_mut(&key) else { return };
        touched.is_row_changed |= touched.head_mut().meet_bot();
        let bot = bot_of(&self.directory, touched.conversation.inbox);
        let greeting = bot.map(|bot| bot.greeting.clone()).unwrap_or_default();
        if !greeting.is_empty() {
            self.bot_says(key, greeting, now, work);
        }
    }

    fn bot_says(&mut self, key: ConversationKey, text: String, now: Micros, work: &mut Work) {
        let entry = draft(self.ids.next(now), Principal::Bot, MessageKind::Text, text, None, None, now);
        work.append(key, entry, Origin::Event);
    }

    /// Has a conversation of this group wait for a person, if the bot has it; `by` says why.
    pub(super) fn hand_over(&mut self, key: ConversationKey, by: Principal, now: Micros, work: &mut Work) {
        let Some(touched) = work.touched.get_mut(&key) else { return };
        if let Ok(event) = touched.head_mut().hand_over(now) {
            self.append_event(key, Event::of(EventCode::HandedOver), by, now, work);
            self.append_event(key, event, Principal::System, now, work);
        }
    }

    /// Carries out what a bot has come to, unless the visitor wrote again or a person has the conversation.
    pub(super) fn apply_bot(&mut self, answer: BotAnswer, now: Micros, work: &mut Work) {
        let BotAnswer { conversation: key, pos, outcome } = answer;
        let Some(hot) = self.hot.get(key) else { return };
        let current = work.current(&hot.conversation);
        if !current.is_with_bot() || current.last_public_message_pos != pos {
            return;
        }
        let inbox = current.inbox;
        work.touch(&hot.conversation);
        let directory = Arc::clone(&self.directory);
        let Some(bot) = bot_of(&directory, inbox) else {
            return self.hand_over(key, Principal::System, now, work);
        };
        match outcome {
            BotOutcome::Says { text, article } => {
                self.bot_says(key, text, now, work);
                let used = article.map(|id| kefu_store::Change::Knowledge(KnowledgeChange::Used(id)));
                work.changes.extend(used);
            }
            BotOutcome::Nothing if self.bots.missed(key) < bot.handover_after => {
                self.bot_says(key, bot.fallback().to_owned(), now, work);
            }
            BotOutcome::Nothing => self.hand_over(key, Principal::Bot, now, work),
            BotOutcome::Failed => self.hand_over(key, Principal::System, now, work),
        }
    }

    /// Follows an entry of a conversation that the bot has, once it is durable.
    pub(super) fn follow_bot(&mut self, entry: &Entry, inbox: InboxKey) {
        let key = entry.conversation;
        match entry.sender {
            Principal::Visitor(_) if entry.kind.is_public_message() => self.ask_bot(entry, inbox),
            Principal::Bot if entry.kind.is_public_message() => self.bots.answered(key),
            _ => {}
        }
    }

    fn ask_bot(&mut self, entry: &Entry, inbox: InboxKey) {
        // From now on: what the disk took for the message is not taken off the bot's time.
        let (key, now) = (entry.conversation, clock::now());
        let timeout_ms = bot_of(&self.directory, inbox).map_or(0, |bot| bot.timeout_ms);
        // What is no text says nothing to a bot.
        let text = if entry.kind == MessageKind::Text { &*entry.text } else { "" };
        let question = self.bots.asked(key, text, entry.pos, now.plus(i64::from(timeout_ms) * 1000));
        let Ok(place) = Arc::clone(&self.shared.bot_places).try_acquire_owned() else {
            return self.bots.give_up(key, now);
        };
        let decision = Decision {
            directory: Arc::clone(&self.directory),
            store: self.store.clone(),
            queue: self.queue.clone(),
            conversation: key,
            inbox,
            question,
            _place: place,
        };
        drop(self.tracker.spawn(decision.run()));
    }

    /// Follows a conversation that the bot begins to have, or has no longer.
    pub(super) fn bot_moved(&mut self, key: ConversationKey, before: Option<&Conversation>) {
        let Some(hot) = self.hot.peek(key) else { return };
        let (had, has) = (before.is_some_and(Conversation::is_with_bot), hot.conversation.is_with_bot());
        if has && !had {
            // No event tells that it is not new any more.
            let change = Change::Updated;
            self.hints.push(Hint { conversation: key, change, was_queued: false, lost_by: None });
        }
        if had && !has {
            self.bots.leave(key);
            let head = Arc::clone(&hot.conversation);
            // What is measured of agents begins with the hand-over.
            self.clocks.ends(key);
            self.watch_clock(&head);
            if let Some(at) = head.asked_at {
                self.clocks.wrote(key, Principal::Visitor(head.visitor), at);
            }
        }
    }

    /// Has those wait for a person to whom the bot owed an answer when the process ended.
    pub(super) async fn start_bots(
        &mut self,
        keys: &[ConversationKey],
        now: Micros,
    ) -> Result<(), StoreError> {
        for keys in keys.chunks(START_PAGE) {
            let heads = self.writer.conversations_by_key(keys).await?;
            let places: Vec<_> = heads.iter().map(|head| head.last_public_message_pos).collect();
            for last in self.store.entries_at(&places).await? {
                if matches!(last.sender, Principal::Visitor(_)) {
                    self.bots.give_up(last.conversation, now);
                }
            }
        }
        Ok(())
    }

    /// Has those wait for a person whose question was not answered in time.
    pub(super) async fn keep_bots_in_time(&mut self, now: Micros) {
        while self.bots.next_deadline().is_some_and(|at| at <= now) {
            let due = self.bots.tick(now);
            let loaded = self.hot.load(&mut self.writer, &self.store, Vec::new(), due.clone()).await;
            if let Err(error) = loaded {
                tracing::error!(error = &error as &dyn std::error::Error, "cannot read what a bot left");
                break;
            }
            let mut work = Work::new(self.writer.next_pos());
            for key in &due {
                let Some(hot) = self.hot.get(*key) else { continue };
                work.touch(&hot.conversation);
                self.hand_over(*key, Principal::System, now, &mut work);
            }
            if !self.commit(work, now).await {
                break;
            }
            due.iter().for_each(|key| self.bots.leave(*key));
        }
    }
}

/// What a message means to the bot; nothing when it is not for the bot.
pub(super) fn bot_turn(
    directory: &Directory,
    head: &Conversation,
    sender: Principal,
    text: &str,
) -> Option<Turn> {
    let is_new = head.state == State::New;
    if !matches!(sender, Principal::Visitor(_)) || !(is_new || head.is_with_bot()) {
        return None;
    }
    match bot_of(directory, head.inbox) {
        None => (!is_new).then_some(Turn::Leaves(Principal::System)),
        Some(bot) if bot.wants_person(text) => Some(Turn::Leaves(sender)),
        Some(_) if is_new => Some(Turn::Meets),
        Some(_) => Some(Turn::Stays),
    }
}

fn bot_of(directory: &Directory, inbox: InboxKey) -> Option<&BotSettings> {
    directory.inboxes.get(&inbox).and_then(|inbox| inbox.settings.bot())
}

/// The search for an answer.
struct Decision {
    directory: Arc<Directory>,
    store: Store,
    queue: mpsc::WeakSender<Command>,
    conversation: ConversationKey,
    inbox: InboxKey,
    question: Question,
    _place: OwnedSemaphorePermit,
}

impl Decision {
    async fn run(self) {
        let left = self.question.until.since(clock::now()).max(0).unsigned_abs();
        let outcome = match tokio::time::timeout(Duration::from_micros(left), self.decide()).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a bot cannot look for an answer");
                BotOutcome::Failed
            }
            Err(_) => BotOutcome::Failed,
        };
        if let Some(queue) = self.queue.upgrade() {
            let (conversation, pos) = (self.conversation, self.question.pos);
            drop(queue.send(Command::Bot(BotAnswer { conversation, pos, outcome })).await);
        }
    }

    /// A rule's answer, or else an article.
    async fn decide(&self) -> Result<BotOutcome, StoreError> {
        let Some(bot) = bot_of(&self.directory, self.inbox) else { return Ok(BotOutcome::Failed) };
        if let Some(reply) = bot.reply_to(&self.question.text) {
            return Ok(BotOutcome::Says { text: reply.to_owned(), article: None });
        }
        let inbox = self.directory.inboxes.get(&self.inbox).map(|inbox| inbox.id);
        let found = match inbox {
            Some(inbox) if bot.articles => self.find_article(inbox).await?,
            _ => None,
        };
        Ok(found.map_or(BotOutcome::Nothing, |hit| BotOutcome::Says {
            text: article_text(&hit),
            article: Some(hit.id),
        }))
    }

    /// The best article that has all words of the question, or else one whose title is mostly in it.
    async fn find_article(&self, inbox: Uuid) -> Result<Option<ArticleHit>, StoreError> {
        let query = terms::query(&self.question.text, LastWord::Whole);
        let state = Some(ArticleState::Published);
        let filter = ArticleFilter { state, inbox: Some(inbox), ..ArticleFilter::default() };
        if let Some(hit) = self.store.search_articles(&query, &filter, 1).await?.pop() {
            return Ok(Some(hit));
        }
        let hits = self.store.suggest_articles(&query, &filter, ARTICLES_MAX).await?;
        Ok(hits.into_iter().find(|hit| is_about(&hit.title, &self.question.text)))
    }
}

/// Whether at least half of a title's terms are in the question.
fn is_about(title: &str, question: &str) -> bool {
    let mut asked = HashSet::new();
    terms::each_term(question, |term| {
        asked.insert(term.to_owned());
    });
    let (mut all, mut common) = (0, 0);
    terms::each_term(title, |term| {
        all += 1;
        common += usize::from(asked.contains(term));
    });
    common > 0 && common * 2 >= all
}

/// What the bot says of an article: its title and how it begins.
fn article_text(hit: &ArticleHit) -> String {
    let body = markdown::to_text(&hit.body);
    let end = body.char_indices().nth(ARTICLE_CHARS).map(|(end, _)| end);
    let (begin, more) = end.map_or((&*body, ""), |end| (&body[..end], "…"));
    format!("{}\n\n{begin}{more}", hit.title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_about_a_question_that_has_half_of_it() {
        assert!(is_about("申请退款", "请问怎么申请退款？"));
        assert!(is_about("如何申请退款", "怎么申请退款"));
        assert!(!is_about("Return a parcel", "I return it"));
        assert!(!is_about("", "anything") && !is_about("退款", ""));
    }

    #[test]
    fn an_article_is_said_by_its_beginning() {
        let hit = |body: String| ArticleHit {
            id: Uuid::nil(),
            slug: "refund".into(),
            language: kefu_core::Language::En,
            title: "Refunds".into(),
            body,
        };
        assert_eq!(article_text(&hit("**Three** days.".into())), "Refunds\n\nThree days.");
        let long = article_text(&hit("长".repeat(ARTICLE_CHARS + 1)));
        assert!(long.ends_with("长…"));
        assert_eq!(long.chars().count(), "Refunds\n\n".len() + ARTICLE_CHARS + 1);
    }
}
