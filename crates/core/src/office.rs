//! Teams, and what an inbox wants of its conversations, as they are kept and come over the API.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    BotSettings, ClockRules, FieldVersions, Hours, HoursConfig, HoursError, Micros, Overflow,
    RETENTION_DAYS_MAX, Retention, Rules, Silence, Sticky, Strategy, TeamKey, WidgetSettings, WrapUp,
    versions::differing,
};

/// The longest duration that a setting may name: 30 days.
const SECONDS_MAX: u32 = 30 * 24 * 60 * 60;

/// How many conversations may wait for one team at most.
const QUEUE_MAX: u32 = 1_000_000;

/// How many skills a conversation may ask for.
const SKILLS_MAX: usize = 10;

/// How many skills an agent may have.
const AGENT_SKILLS_MAX: usize = 100;

/// How long the name of a skill may be, in characters.
const SKILL_CHARS_MAX: usize = 60;

/// A department.
#[derive(Clone, Debug)]
pub struct Team {
    /// Row number.
    pub key: TeamKey,
    /// Public id.
    pub id: Uuid,
    /// Shown to agents.
    pub name: String,
    /// How its queue is handed out.
    pub settings: TeamSettings,
    /// How often it was changed.
    pub versions: FieldVersions,
    /// When it was made.
    pub created_at: Micros,
}

impl Team {
    /// The fields that are not as they were in `before`.
    #[must_use]
    pub fn changed_since(&self, before: &Self) -> Vec<String> {
        let name = (self.name != before.name).then(|| "name".to_owned());
        name.into_iter().chain(differing(&before.settings, &self.settings)).collect()
    }
}

/// How a team's queue is handed out; durations are seconds.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct TeamSettings {
    /// Which of those who may take a conversation gets it.
    pub strategy: Strategy,
    /// The preference for the agent who had the visitor last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sticky: Option<StickySettings>,
    /// The team that helps out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub overflow: Option<OverflowSettings>,
    /// How long an agent has to accept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accept_timeout_s: Option<u32>,
    /// How many conversations may wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_queue: Option<u32>,
    /// After how long the skills that were asked for no longer count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub relax_after_s: Option<u32>,
}

/// See [`Sticky`].
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct StickySettings {
    /// How long after they last met the preference lasts.
    pub window_s: u32,
    /// How long a conversation waits for that agent.
    #[serde(default)]
    pub wait_s: u32,
}

/// See [`Overflow`].
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct OverflowSettings {
    /// After how long of waiting.
    pub after_s: u32,
    /// Who then may take it, too.
    pub team_id: Uuid,
}

/// What an inbox wants of its conversations; durations are seconds.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct InboxSettings {
    /// The team that its conversations wait for; anybody when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team_id: Option<Uuid>,
    /// What an agent must know to answer here.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skills: Vec<String>,
    /// When somebody answers; always when nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<HoursConfig>,
    /// How long a conversation should wait at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting_target_s: Option<u32>,
    /// How long until an agent first answers at most.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_response_target_s: Option<u32>,
    /// After how much silence the visitor is warned that the conversation will end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_warn_s: Option<u32>,
    /// After how much silence the conversation ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idle_close_s: Option<u32>,
    /// Whose silence counts.
    pub silence: Silence,
    /// Its public help page is not shown.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub help_hidden: bool,
    /// For how long things are kept.
    #[serde(skip_serializing_if = "Retention::is_empty")]
    pub retention: Retention,
    /// Who answers first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bot: Option<Box<BotSettings>>,
    /// How its widget looks, and what it asks first.
    #[serde(skip_serializing_if = "WidgetSettings::is_empty")]
    pub widget: WidgetSettings,
    /// What agents say of its conversations when they end them.
    #[serde(skip_serializing_if = "WrapUp::is_empty")]
    pub wrap_up: WrapUp,
}

/// What is wrong with a setting of a team, an inbox or an agent.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SettingError {
    /// A number is too large.
    #[error("must be at most {max}")]
    TooLarge {
        /// Which field.
        field: &'static str,
        /// The largest.
        max: u32,
    },
    /// A number of days that is none or too large.
    #[error("must be between 1 and {RETENTION_DAYS_MAX} days")]
    Days {
        /// Which field.
        field: &'static str,
    },
    /// Too many skills, or a name that is empty or too long.
    #[error("must be at most {max} names of 1 to {SKILL_CHARS_MAX} characters, and levels between 1 and 5")]
    Skills {
        /// How many.
        max: usize,
    },
    /// A warning that comes after the end.
    #[error("must come before the conversation ends: less than idle_close_s")]
    Warning,
    /// Something of the bot or the widget is empty, too long or out of range.
    #[error("{what}")]
    Wrong {
        /// Which field.
        field: &'static str,
        /// What it must be.
        what: String,
    },
    /// The opening hours are wrong.
    #[error("{0}")]
    Hours(#[from] HoursError),
}

impl SettingError {
    /// The field that is to blame.
    #[must_use]
    pub fn field(&self) -> &'static str {
        match self {
            Self::TooLarge { field, .. } | Self::Days { field } | Self::Wrong { field, .. } => field,
            Self::Skills { .. } => "skills",
            Self::Warning => "idle_warn_s",
            Self::Hours(_) => "hours",
        }
    }
}

impl TeamSettings {
    /// Holds every number against its limit.
    ///
    /// # Errors
    /// For the first that is over it.
    pub fn check(&self) -> Result<(), SettingError> {
        seconds("sticky.window_s", self.sticky.map(|sticky| sticky.window_s))?;
        seconds("sticky.wait_s", self.sticky.map(|sticky| sticky.wait_s))?;
        seconds("overflow.after_s", self.overflow.map(|overflow| overflow.after_s))?;
        seconds("accept_timeout_s", self.accept_timeout_s)?;
        at_most("max_queue", self.max_queue, QUEUE_MAX)?;
        seconds("relax_after_s", self.relax_after_s)
    }

    /// As routing takes it; `team` knows the teams by their public ids.
    #[must_use]
    pub fn rules(&self, team: impl Fn(Uuid) -> Option<TeamKey>) -> Rules {
        Rules {
            strategy: self.strategy,
            sticky: self
                .sticky
                .map(|sticky| Sticky { window_us: us(sticky.window_s), wait_us: us(sticky.wait_s) }),
            overflow: self.overflow.and_then(|overflow| {
                Some(Overflow { after_us: us(overflow.after_s), team: team(overflow.team_id)? })
            }),
            accept_timeout_us: self.accept_timeout_s.map(us),
            max_queue: self.max_queue,
            relax_after_us: self.relax_after_s.map(us),
        }
    }
}

impl InboxSettings {
    /// Holds everything against its limit; returns the opening hours, if there are any.
    ///
    /// # Errors
    /// For the first that is wrong.
    pub fn check(&self) -> Result<Option<Hours>, SettingError> {
        seconds("waiting_target_s", self.waiting_target_s)?;
        seconds("first_response_target_s", self.first_response_target_s)?;
        seconds("idle_warn_s", self.idle_warn_s)?;
        seconds("idle_close_s", self.idle_close_s)?;
        self.retention.check()?;
        if let Some(warn) = self.idle_warn_s
            && self.idle_close_s.is_none_or(|close| warn >= close)
        {
            return Err(SettingError::Warning);
        }
        if self.skills.len() > SKILLS_MAX || !self.skills.iter().all(|skill| is_skill(skill)) {
            return Err(SettingError::Skills { max: SKILLS_MAX });
        }
        if let Some(bot) = &self.bot {
            bot.check()?;
        }
        self.widget.check()?;
        self.wrap_up.check()?;
        Ok(self.hours.as_ref().map(Hours::new).transpose()?)
    }

    /// Who answers first, unless it is switched off.
    #[must_use]
    pub fn bot(&self) -> Option<&BotSettings> {
        self.bot.as_deref().filter(|bot| bot.enabled)
    }

    /// As the clocks take it.
    #[must_use]
    pub fn clock_rules(&self) -> ClockRules {
        ClockRules {
            waiting_us: self.waiting_target_s.map(us),
            first_response_us: self.first_response_target_s.map(us),
            warn_after_us: self.idle_warn_s.map(us),
            close_after_us: self.idle_close_s.map(us),
            silence: self.silence,
        }
    }
}

/// Checks what an agent knows and how well.
///
/// # Errors
/// When it is too much, a name is empty or too long, or a level is not between 1 and 5.
pub fn check_skills(skills: &BTreeMap<String, u8>) -> Result<(), SettingError> {
    let fits = |(name, level): (&String, &u8)| is_skill(name) && (1..=5).contains(level);
    if skills.len() > AGENT_SKILLS_MAX || !skills.iter().all(fits) {
        return Err(SettingError::Skills { max: AGENT_SKILLS_MAX });
    }
    Ok(())
}

fn is_skill(name: &str) -> bool {
    !name.trim().is_empty() && name.chars().count() <= SKILL_CHARS_MAX && !name.chars().any(char::is_control)
}

fn seconds(field: &'static str, value: Option<u32>) -> Result<(), SettingError> {
    at_most(field, value, SECONDS_MAX)
}

fn at_most(field: &'static str, value: Option<u32>, max: u32) -> Result<(), SettingError> {
    if value.is_some_and(|value| value > max) { Err(SettingError::TooLarge { field, max }) } else { Ok(()) }
}

fn us(seconds: u32) -> i64 {
    i64::from(seconds) * 1_000_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_held_against_their_limits() {
        let team = |text: &str| serde_json::from_str::<TeamSettings>(text).unwrap();
        assert_eq!(team("{}").check(), Ok(()));
        assert_eq!(team("{}").rules(|_| None), Rules::default());
        let over = team(r#"{"sticky":{"window_s":99999999}}"#).check().unwrap_err();
        assert_eq!(over.field(), "sticky.window_s");
        let inbox = |text: &str| serde_json::from_str::<InboxSettings>(text).unwrap();
        assert!(inbox("{}").check().unwrap().is_none());
        assert!(inbox(r#"{"bot":{"name":"K"}}"#).bot().is_some());
        let off = inbox(r#"{"bot":{"name":"K","enabled":false}}"#);
        assert!(off.bot().is_none() && off.bot.is_some(), "it is kept while it is off");
        for (text, field) in [
            (r#"{"idle_warn_s":60}"#, "idle_warn_s"),
            (r#"{"idle_warn_s":60,"idle_close_s":60}"#, "idle_warn_s"),
            (r#"{"skills":[" "]}"#, "skills"),
            (r#"{"hours":{"time_zone":"Mars/Base"}}"#, "hours"),
            (r#"{"bot":{"name":""}}"#, "bot.name"),
            (r#"{"widget":{"colour":"red"}}"#, "widget.colour"),
            (r#"{"wrap_up":{"categories":[""]}}"#, "wrap_up.categories"),
            (r#"{"waiting_target_s":4000000000}"#, "waiting_target_s"),
            (r#"{"retention":{"files_days":0}}"#, "retention.files_days"),
            (r#"{"retention":{"pages_days":36501}}"#, "retention.pages_days"),
        ] {
            assert_eq!(inbox(text).check().unwrap_err().field(), field, "{text}");
        }
        assert!(serde_json::from_str::<InboxSettings>(r#"{"team":1}"#).is_err());
        let levels = |level| BTreeMap::from([("退款".to_owned(), level)]);
        assert!(check_skills(&levels(5)).is_ok() && check_skills(&levels(6)).is_err());
    }

    #[test]
    fn a_team_that_is_not_there_helps_nobody() {
        let id = Uuid::from_u128(7);
        let overflow = Some(OverflowSettings { after_s: 5, team_id: id });
        let settings = TeamSettings { overflow, ..TeamSettings::default() };
        assert_eq!(settings.rules(|_| None).overflow, None);
        let known = settings.rules(|asked| (asked == id).then_some(TeamKey(3)));
        assert_eq!(known.overflow, Some(Overflow { after_us: 5_000_000, team: TeamKey(3) }));
    }
}
