//! The bot of an inbox: what it answers by itself, what makes it give a conversation to a person, and until when it
//! has to have done one or the other.

use serde::{Deserialize, Serialize};

use crate::{ConversationKey, Micros, SettingError, keys::KeyMap, timers::Timers};

/// Words by which a visitor asks for a person, whatever an inbox adds to them.
const HANDOVER_WORDS: [&str; 8] =
    ["人工", "转人工", "人工客服", "真人", "agent", "human", "operator", "representative"];

/// What the bot says to a message that nothing answers, when the inbox says nothing else.
const FALLBACK: &str = "抱歉，没有找到答案。换个说法试试，或回复“人工”转人工客服。\n\
    Sorry, I found no answer. Try other words, or write \"human\" to reach a person.";

/// How much of what a visitor asks is looked at, in characters.
const READ_CHARS: usize = 2000;

/// How many rules a bot may have.
const RULES_MAX: usize = 200;

/// How many keywords a rule may have.
const KEYWORDS_MAX: usize = 20;

/// How many words an inbox may add to [`HANDOVER_WORDS`].
const WORDS_MAX: usize = 50;

/// How long a name or a word may be, in characters.
const WORD_CHARS_MAX: usize = 60;

/// How long a reply may be, in characters.
const REPLY_CHARS_MAX: usize = 2000;

/// After how many messages without an answer a bot must give up at the latest.
const AFTER_MAX: u32 = 10;

/// How long a bot may take for an answer, in milliseconds.
const TIMEOUT_MS: std::ops::RangeInclusive<u32> = 100..=30_000;

/// How many conversations one call of [`Bots::tick`] gives at most.
const TICK_MAX: usize = 256;

/// After how long a conversation that [`Bots::tick`] gave and nobody took is given again.
const RETRY_US: i64 = 5_000_000;

/// The bot of an inbox.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BotSettings {
    /// Whether it answers: one that is off keeps its settings.
    #[serde(default = "yes", skip_serializing_if = "Clone::clone")]
    pub enabled: bool,
    /// Shown to visitors as the sender.
    pub name: String,
    /// What it says first in each conversation; nothing when it is empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub greeting: String,
    /// What it answers to which words; the first that fits counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<BotRule>,
    /// Whether it looks for an answer in the inbox's published articles when no rule fits.
    #[serde(default)]
    pub articles: bool,
    /// Words by which visitors ask for a person, besides the usual ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub handover_words: Vec<String>,
    /// After how many messages that nothing answered a person takes over.
    #[serde(default = "first")]
    pub handover_after: u32,
    /// What it says to those before; there is a usual text.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub fallback: String,
    /// How long it may take for an answer; then a person takes over.
    #[serde(default = "two_seconds")]
    pub timeout_ms: u32,
}

/// What a bot answers to some words.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct BotRule {
    /// One of them is enough.
    pub keywords: Vec<String>,
    /// Whether a line of the message must be just that; otherwise it must hold it.
    #[serde(default)]
    pub exact: bool,
    /// The answer.
    pub reply: String,
}

fn yes() -> bool {
    true
}

fn first() -> u32 {
    1
}

fn two_seconds() -> u32 {
    2000
}

impl BotSettings {
    /// Holds everything against its limit.
    ///
    /// # Errors
    /// For the first that is over it.
    pub(crate) fn check(&self) -> Result<(), SettingError> {
        let wrong = |field, what: String| Err(SettingError::Wrong { field, what });
        if !is_word(&self.name) {
            return wrong("bot.name", format!("must have 1 to {WORD_CHARS_MAX} characters"));
        }
        for (field, text) in [("bot.greeting", &self.greeting), ("bot.fallback", &self.fallback)] {
            if text.chars().count() > REPLY_CHARS_MAX {
                return wrong(field, format!("must have at most {REPLY_CHARS_MAX} characters"));
            }
        }
        if self.rules.len() > RULES_MAX {
            return wrong("bot.rules", format!("must be at most {RULES_MAX}"));
        }
        for (index, rule) in self.rules.iter().enumerate() {
            let number = index + 1;
            let count = rule.keywords.len();
            if count == 0 || count > KEYWORDS_MAX || !rule.keywords.iter().all(|word| is_word(word)) {
                let limit = format!("1 to {KEYWORDS_MAX} keywords of 1 to {WORD_CHARS_MAX} characters");
                return wrong("bot.rules", format!("rule {number} must have {limit}"));
            }
            if rule.reply.trim().is_empty() || rule.reply.chars().count() > REPLY_CHARS_MAX {
                let limit = format!("a reply of 1 to {REPLY_CHARS_MAX} characters");
                return wrong("bot.rules", format!("rule {number} must have {limit}"));
            }
        }
        if self.handover_words.len() > WORDS_MAX || !self.handover_words.iter().all(|word| is_word(word)) {
            let what = format!("must be at most {WORDS_MAX} words of 1 to {WORD_CHARS_MAX} characters");
            return wrong("bot.handover_words", what);
        }
        if !(1..=AFTER_MAX).contains(&self.handover_after) {
            return wrong("bot.handover_after", format!("must be between 1 and {AFTER_MAX}"));
        }
        if !TIMEOUT_MS.contains(&self.timeout_ms) {
            let (least, most) = (TIMEOUT_MS.start(), TIMEOUT_MS.end());
            return wrong("bot.timeout_ms", format!("must be between {least} and {most}"));
        }
        Ok(())
    }

    /// Whether `text` asks for a person.
    #[must_use]
    pub fn wants_person(&self, text: &str) -> bool {
        let lines = folded(text);
        let own = self.handover_words.iter().map(String::as_str);
        own.chain(HANDOVER_WORDS).any(|word| holds(&lines, &fold(word)))
    }

    /// The answer of the first rule that fits `text`.
    #[must_use]
    pub fn reply_to(&self, text: &str) -> Option<&str> {
        let lines = folded(text);
        let fits = |rule: &&BotRule| {
            rule.keywords.iter().map(|word| fold(word)).any(|word| match rule.exact {
                true => lines.iter().any(|line| bare(line) == bare(&word)),
                false => holds(&lines, &word),
            })
        };
        self.rules.iter().find(fits).map(|rule| &*rule.reply)
    }

    /// What it says to a message that nothing answers, as long as it does not give up.
    #[must_use]
    pub fn fallback(&self) -> &str {
        if self.fallback.is_empty() { FALLBACK } else { &self.fallback }
    }
}

/// Whether something is left of it once it is folded, and it is not too long.
fn is_word(word: &str) -> bool {
    word.chars().count() <= WORD_CHARS_MAX && !bare(&fold(word)).is_empty()
}

/// The lines of what a visitor wrote, without regard to case, width and spacing.
fn folded(text: &str) -> Vec<String> {
    let end = text.char_indices().nth(READ_CHARS).map_or(text.len(), |(end, _)| end);
    text[..end].lines().map(fold).collect()
}

fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut has_gap = false;
    for c in text.chars() {
        let c = match c {
            '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
            c => c,
        };
        if c.is_whitespace() || matches!(c, '\u{200B}'..='\u{200D}' | '\u{FEFF}') {
            has_gap = true;
            continue;
        }
        // Beside a character that is written without spaces, a space says nothing.
        if has_gap && out.chars().next_back().is_some_and(|before| !is_unspaced(before)) && !is_unspaced(c) {
            out.push(' ');
        }
        has_gap = false;
        out.extend(c.to_lowercase());
    }
    out
}

/// Whether one of the lines holds this word: as a whole, where words are written apart.
fn holds(lines: &[String], word: &str) -> bool {
    let is_apart = |line: &str, at: usize| {
        let (before, after) = (&line[..at], &line[at + word.len()..]);
        !joins(before.chars().next_back(), word.chars().next())
            && !joins(word.chars().next_back(), after.chars().next())
    };
    !word.is_empty() && lines.iter().any(|line| line.match_indices(word).any(|(at, _)| is_apart(line, at)))
}

/// Whether two neighbours belong to one word.
fn joins(left: Option<char>, right: Option<char>) -> bool {
    let in_word = |c: char| c.is_alphanumeric() && !is_unspaced(c);
    left.is_some_and(in_word) && right.is_some_and(in_word)
}

/// A folded line without what only surrounds it.
fn bare(line: &str) -> &str {
    line.trim_matches(|c: char| !c.is_alphanumeric())
}

/// Whether a character is of a script that is written without spaces: Han, kana, Hangul.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{2E80}'..='\u{9FFF}' | '\u{AC00}'..='\u{D7AF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{3FFFF}')
}

/// What a bot is asked.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Question {
    /// What the visitor wrote since the last answer, a line for each message.
    pub text: String,
    /// Where the last of these messages stands in the log.
    pub pos: i64,
    /// When somebody else has to answer.
    pub until: Micros,
}

#[derive(Debug, Default)]
struct Talk {
    open: Option<Question>,
    missed: u32,
}

/// What bots have been asked and not answered yet.
///
/// *Invariant:* as long as a question is open, [`Bots::tick`] gives its conversation once its time is over.
#[derive(Debug, Default)]
pub struct Bots {
    talks: KeyMap<ConversationKey, Talk>,
    timers: Timers<ConversationKey>,
}

impl Bots {
    /// The visitor wrote `text`, which stands at `pos`. What it wrote before and was not answered belongs to the same
    /// question, whose time is not prolonged.
    pub fn asked(&mut self, conversation: ConversationKey, text: &str, pos: i64, until: Micros) -> Question {
        let talk = self.talks.entry(conversation).or_default();
        let mut question = talk.open.take().unwrap_or_else(|| Question { text: String::new(), pos, until });
        question.pos = pos;
        if question.text.chars().count() + text.chars().count() >= READ_CHARS {
            question.text.clear();
        }
        if !question.text.is_empty() {
            question.text.push('\n');
        }
        question.text.extend(text.chars().take(READ_CHARS));
        self.timers.set(conversation, Some(question.until));
        talk.open = Some(question.clone());
        question
    }

    /// The bot has answered all that the visitor wrote.
    pub fn answered(&mut self, conversation: ConversationKey) {
        if let Some(talk) = self.talks.get_mut(&conversation) {
            talk.open = None;
            self.timers.set(conversation, None);
        }
    }

    /// Nothing answers the question; returns how often that has happened in this conversation.
    pub fn missed(&mut self, conversation: ConversationKey) -> u32 {
        let talk = self.talks.entry(conversation).or_default();
        talk.missed = talk.missed.saturating_add(1);
        talk.missed
    }

    /// The bot will not answer: the conversation is due at `now`.
    pub fn give_up(&mut self, conversation: ConversationKey, now: Micros) {
        self.talks.entry(conversation).or_default();
        self.timers.set(conversation, Some(now));
    }

    /// The bot has the conversation no longer.
    pub fn leave(&mut self, conversation: ConversationKey) {
        if self.talks.remove(&conversation).is_some() {
            self.timers.set(conversation, None);
        }
    }

    /// When [`Bots::tick`] next has something to tell.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Micros> {
        self.timers.next()
    }

    /// Conversations that a person has to take over by `now`, at most some hundred at once. Each is given again from
    /// time to time until [`Bots::leave`] or [`Bots::answered`].
    #[must_use]
    pub fn tick(&mut self, now: Micros) -> Vec<ConversationKey> {
        let mut due = Vec::new();
        while due.len() < TICK_MAX
            && let Some(conversation) = self.timers.pop(now)
        {
            self.timers.set(conversation, Some(now.plus(RETRY_US)));
            due.push(conversation);
        }
        due
    }
}

#[cfg(test)]
mod tests;
