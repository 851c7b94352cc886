use std::collections::BTreeMap;

use jiff::{Timestamp, tz::TimeZone};

use super::{Fact, Figures};
use crate::{AgentKey, ClockRules, InboxKey, Micros, TeamKey};

/// What rows stand for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Grouping {
    /// Hours of the days of the range.
    Hour,
    /// Days.
    Day,
    /// Agents.
    Agent,
    /// Teams.
    Team,
    /// Inboxes.
    Inbox,
    /// Tags that the conversations have now; what has several counts for each.
    Tag,
}

/// What a row stands for; without an agent, team, inbox or tag it is for what has none.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Group {
    /// The hour or day that begins then.
    Time(Micros),
    /// An agent.
    Agent(Option<AgentKey>),
    /// A team.
    Team(Option<TeamKey>),
    /// An inbox.
    Inbox(Option<InboxKey>),
    /// A tag, by its row number.
    Tag(Option<i64>),
}

/// What is counted: what fulfils all of it.
#[derive(Clone, Debug, Default)]
pub struct ReportFilter {
    /// Not before.
    pub from: Micros,
    /// Before.
    pub to: Micros,
    /// Only what concerns this agent.
    pub agent: Option<AgentKey>,
    /// Only what concerned this team.
    pub team: Option<TeamKey>,
    /// Only this inbox.
    pub inbox: Option<InboxKey>,
    /// Only conversations with this tag, by its row number.
    pub tag: Option<i64>,
}

/// What is known of a fact's conversation besides its log.
#[derive(Clone, Copy, Debug, Default)]
pub struct Labels<'a> {
    /// Where it came in.
    pub inbox: Option<InboxKey>,
    /// The inbox's targets.
    pub targets: ClockRules,
    /// Row numbers of its tags.
    pub tags: &'a [i64],
}

/// Figures by group, and all together.
#[derive(Clone, Debug)]
pub struct Report {
    filter: ReportFilter,
    grouping: Grouping,
    zone: TimeZone,
    /// The quarter of an hour that was looked up last, and the hour or day that it is in: clocks change nowhere
    /// within one.
    looked_up: Option<(i64, Micros)>,
    /// Everything that was counted, each once.
    pub total: Figures,
    /// The same by group.
    pub rows: BTreeMap<Group, Figures>,
}

const QUARTER_US: i64 = 15 * 60 * 1_000_000;

impl Report {
    /// One in which nothing was counted yet; hours and days are those of `zone`.
    #[must_use]
    pub fn new(filter: ReportFilter, grouping: Grouping, zone: TimeZone) -> Self {
        Self { filter, grouping, zone, looked_up: None, total: Figures::default(), rows: BTreeMap::new() }
    }

    /// Counts a fact if it is wanted.
    pub fn add(&mut self, fact: &Fact, labels: Labels<'_>) {
        let filter = &self.filter;
        let fits = (filter.from..filter.to).contains(&fact.at)
            && filter.agent.is_none_or(|agent| fact.agent == Some(agent))
            && filter.team.is_none_or(|team| fact.team == Some(team))
            && filter.inbox.is_none_or(|inbox| labels.inbox == Some(inbox))
            && filter.tag.is_none_or(|tag| labels.tags.contains(&tag));
        if !fits {
            return;
        }
        self.total.add(fact, labels.targets);
        let group = match self.grouping {
            Grouping::Hour | Grouping::Day => Group::Time(self.begin(fact.at)),
            Grouping::Agent => Group::Agent(fact.agent),
            Grouping::Team => Group::Team(fact.team),
            Grouping::Inbox => Group::Inbox(labels.inbox),
            Grouping::Tag if labels.tags.is_empty() => Group::Tag(None),
            Grouping::Tag => {
                for tag in labels.tags {
                    self.rows.entry(Group::Tag(Some(*tag))).or_default().add(fact, labels.targets);
                }
                return;
            }
        };
        self.rows.entry(group).or_default().add(fact, labels.targets);
    }

    /// When the hour or day of a moment began.
    fn begin(&mut self, at: Micros) -> Micros {
        let quarter = at.0.div_euclid(QUARTER_US);
        if let Some((known, begin)) = self.looked_up
            && known == quarter
        {
            return begin;
        }
        let begin = begin(at, self.grouping, &self.zone).unwrap_or(at);
        self.looked_up = Some((quarter, begin));
        begin
    }
}

/// `None` for moments that no calendar has.
fn begin(at: Micros, grouping: Grouping, zone: &TimeZone) -> Option<Micros> {
    let at = Timestamp::from_microsecond(at.0).ok()?.to_zoned_datetime(zone.clone());
    let begin = match grouping {
        Grouping::Hour => at.with().minute(0).second(0).subsec_nanosecond(0).build().ok()?,
        _ => at.start_of_day().ok()?,
    };
    Some(Micros(begin.timestamp().as_microsecond()))
}
