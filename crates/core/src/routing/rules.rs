use serde::{Deserialize, Serialize};

use crate::{Agent, AgentKey, AgentStatus, Micros, SkillKey, TeamKey};

/// Which of those who may take a conversation gets it.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Who has the fewest conversations; among equals, who has waited longest for a new one.
    #[default]
    LeastBusy,
    /// Who has waited longest for a new one, however many they have.
    RoundRobin,
    /// Whose levels in the skills that it asks for add up highest; among equals, the least busy.
    Skill,
}

/// How a team's queue is handed out. The default is what happens without any team: least busy first, nothing
/// more. Durations are microseconds; below zero counts as zero.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Rules {
    /// Which of those who may take a conversation gets it.
    pub strategy: Strategy,
    /// Prefer the agent who had the visitor last.
    pub sticky: Option<Sticky>,
    /// Who else may take what waits too long.
    pub overflow: Option<Overflow>,
    /// How long an agent has to accept before the conversation goes to another; without it an assignment is final.
    pub accept_timeout_us: Option<i64>,
    /// How many conversations may wait; more are up to the caller, see [`crate::Routing::room_in`].
    pub max_queue: Option<u32>,
    /// After how long a conversation no longer needs the skills that it asked for.
    pub relax_after_us: Option<i64>,
}

/// The preference for the agent who had the visitor last.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Sticky {
    /// How long after they last met the preference lasts.
    pub window_us: i64,
    /// How long a conversation waits for that agent, from when it began to wait, while the agent is full or
    /// has just dropped off. Zero: goes to somebody else at once.
    pub wait_us: i64,
}

/// The team that helps out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Overflow {
    /// After how long of waiting. In a chain of teams the times add up.
    pub after_us: i64,
    /// Who then may take it, too.
    pub team: TeamKey,
}

/// How well somebody knows something: 1 to 5.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Level(u8);

impl Level {
    /// The best.
    pub const MAX: Self = Self(5);

    /// `None` when `level` is not between 1 and 5.
    #[must_use]
    pub fn new(level: u8) -> Option<Self> {
        (1..=5).contains(&level).then_some(Self(level))
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0
    }
}

impl Default for Level {
    /// The middle: for whom no level is given.
    fn default() -> Self {
        Self(3)
    }
}

/// What routing has to know of an agent.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Profile {
    /// What it says of itself; [`AgentStatus::Away`] is a break.
    pub status: AgentStatus,
    /// How many conversations it may have at once.
    pub capacity: u32,
    /// Gets nothing, and loses what it has.
    pub disabled: bool,
    /// The teams that it works for.
    pub teams: Vec<TeamKey>,
    /// What it knows, and how well.
    pub skills: Vec<(SkillKey, Level)>,
}

impl Default for Profile {
    /// Somebody of whom nothing is known: gets nothing.
    fn default() -> Self {
        Self {
            status: AgentStatus::Away,
            capacity: 0,
            disabled: false,
            teams: Vec::new(),
            skills: Vec::new(),
        }
    }
}

impl From<&Agent> for Profile {
    /// An agent in no team and without skills.
    fn from(agent: &Agent) -> Self {
        Self { status: agent.status, capacity: agent.capacity, disabled: agent.disabled, ..Self::default() }
    }
}

impl Profile {
    /// Brings teams and skills in order; of a skill that is named twice the highest level counts.
    pub(super) fn normalised(mut self) -> Self {
        self.teams.sort_unstable();
        self.teams.dedup();
        self.skills.sort_unstable_by_key(|(skill, level)| (*skill, std::cmp::Reverse(*level)));
        self.skills.dedup_by_key(|(skill, _)| *skill);
        self
    }

    pub(super) fn is_in(&self, team: TeamKey) -> bool {
        self.teams.binary_search(&team).is_ok()
    }

    fn level(&self, skill: SkillKey) -> Option<Level> {
        let place = self.skills.binary_search_by_key(&skill, |(known, _)| *known).ok()?;
        Some(self.skills[place].1)
    }

    pub(super) fn knows_all(&self, skills: &[SkillKey]) -> bool {
        skills.iter().all(|skill| self.level(*skill).is_some())
    }

    /// The sum of the levels in `skills`.
    pub(super) fn score(&self, skills: &[SkillKey]) -> u32 {
        skills.iter().filter_map(|skill| self.level(*skill)).map(|level| u32::from(level.0)).sum()
    }
}

/// How urgent a conversation is; the more urgent go first, however long others have waited.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// When nothing else waits.
    Low,
    /// The usual.
    #[default]
    Normal,
    /// Before the usual.
    High,
    /// Before everything.
    Urgent,
}

/// Who had a visitor last, and until when.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LastAgent {
    /// The agent.
    pub agent: AgentKey,
    /// When they last met.
    pub at: Micros,
}

/// How a conversation waits.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Wait {
    /// Since when.
    pub since: Micros,
    /// For which team; for anybody when `None`, or when there is no such team.
    pub team: Option<TeamKey>,
    /// What an agent has to know, all of it.
    pub skills: Vec<SkillKey>,
    /// How urgent it is.
    pub priority: Priority,
    /// Who had the visitor last.
    pub last: Option<LastAgent>,
}

impl Wait {
    /// Waits since `since` for anybody.
    #[must_use]
    pub fn since(since: Micros) -> Self {
        Self { since, team: None, skills: Vec::new(), priority: Priority::Normal, last: None }
    }

    pub(super) fn normalised(mut self) -> Self {
        self.skills.sort_unstable();
        self.skills.dedup();
        self
    }
}
