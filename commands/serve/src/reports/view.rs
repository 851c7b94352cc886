use jiff::tz::TimeZone;
use kefu_core::{Durations, Figures, Group, Grouping, Met, Micros, Report};
use kefu_protocol::frame::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Names, query::word};

/// Figures over a range of time.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Report)]
pub(crate) struct ReportView {
    #[schema(value_type = String, format = DateTime)]
    pub(crate) from: Timestamp,
    /// Not part of it.
    #[schema(value_type = String, format = DateTime)]
    pub(crate) to: Timestamp,
    #[schema(example = "Asia/Shanghai")]
    pub(crate) zone: String,
    /// What the rows stand for.
    #[schema(example = "day")]
    pub(crate) by: &'static str,
    /// Everything, each counted once.
    pub(crate) total: FiguresView,
    /// Those that something was counted for.
    pub(crate) rows: Vec<RowView>,
}

/// Figures of one hour, day, agent, team, inbox or tag.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReportRow)]
pub(crate) struct RowView {
    /// When the hour or day begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(crate) begins_at: Option<Timestamp>,
    /// Of the agent, team, inbox or tag; null for what has none, or one that is gone.
    pub(crate) id: Option<Uuid>,
    /// Its name, or the hour or day as clocks and calendars there show it; null for what has none.
    pub(crate) name: Option<String>,
    pub(crate) figures: FiguresView,
}

/// What was counted; see the operations guide for what each figure means.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Figures)]
pub(crate) struct FiguresView {
    pub(crate) opened: u64,
    pub(crate) handled: u64,
    pub(crate) missed: u64,
    pub(crate) abandoned: u64,
    pub(crate) resolved: u64,
    pub(crate) resolved_by_clock: u64,
    pub(crate) transfers: u64,
    pub(crate) messages_in: u64,
    pub(crate) messages_out: u64,
    pub(crate) messages_bot: u64,
    pub(crate) queue_wait: DurationsView,
    pub(crate) first_response: DurationsView,
    pub(crate) response: DurationsView,
    pub(crate) handling: DurationsView,
    pub(crate) ratings: RatingsView,
    pub(crate) waiting_target: MetView,
    pub(crate) first_response_target: MetView,
}

/// Durations in seconds; percentiles are exact to three digits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Durations)]
pub(crate) struct DurationsView {
    pub(crate) count: u64,
    pub(crate) mean_s: Option<f64>,
    pub(crate) p50_s: Option<f64>,
    pub(crate) p90_s: Option<f64>,
    pub(crate) max_s: Option<f64>,
}

/// What visitors gave.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Ratings)]
pub(crate) struct RatingsView {
    pub(crate) count: u64,
    pub(crate) invited: u64,
    pub(crate) mean: Option<f64>,
    /// How many of each score, 1 first.
    pub(crate) scores: [u64; 5],
    /// The share of 4 and 5.
    pub(crate) satisfied: Option<f64>,
    /// Ratings for each contact that ended.
    pub(crate) participation: Option<f64>,
}

/// How often a target of the inboxes was kept.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Met)]
pub(crate) struct MetView {
    pub(crate) met: u64,
    pub(crate) of: u64,
    pub(crate) share: Option<f64>,
}

impl ReportView {
    pub(crate) fn new(
        report: &Report,
        (from, to): (Micros, Micros),
        grouping: Grouping,
        zone: &TimeZone,
        names: &Names,
    ) -> Self {
        let rows = report.rows.iter();
        Self {
            from: Timestamp::from_micros(from.0),
            to: Timestamp::from_micros(to.0),
            zone: zone.iana_name().unwrap_or("UTC").to_owned(),
            by: word(grouping),
            total: FiguresView::from(&report.total),
            rows: rows.map(|(group, figures)| RowView::new(*group, figures, grouping, zone, names)).collect(),
        }
    }
}

impl RowView {
    fn new(group: Group, figures: &Figures, grouping: Grouping, zone: &TimeZone, names: &Names) -> Self {
        let named = match group {
            Group::Time(_) => None,
            Group::Agent(key) => key.and_then(|key| names.agent(key)),
            Group::Team(key) => key.and_then(|key| names.team(key)),
            Group::Inbox(key) => key.and_then(|key| names.inbox(key)),
            Group::Tag(key) => key.and_then(|key| names.tag(key)),
        };
        let begins_at = match group {
            Group::Time(at) => Some(at),
            _ => None,
        };
        let (id, name) = named.cloned().unzip();
        let name = name.or_else(|| clock_name(begins_at?, grouping, zone));
        let begins_at = begins_at.map(|at| Timestamp::from_micros(at.0));
        Self { begins_at, id, name, figures: FiguresView::from(figures) }
    }
}

/// What the clock and the calendar show at the beginning of an hour or day.
fn clock_name(at: Micros, grouping: Grouping, zone: &TimeZone) -> Option<String> {
    let time = zone.to_datetime(jiff::Timestamp::from_microsecond(at.0).ok()?);
    let date = time.date();
    Some(match grouping {
        Grouping::Hour => format!("{date} {:02}:{:02}", time.hour(), time.minute()),
        _ => date.to_string(),
    })
}

impl From<&Figures> for FiguresView {
    fn from(figures: &Figures) -> Self {
        Self {
            opened: figures.opened,
            handled: figures.handled,
            missed: figures.missed,
            abandoned: figures.abandoned,
            resolved: figures.resolved,
            resolved_by_clock: figures.resolved_by_clock,
            transfers: figures.transfers,
            messages_in: figures.messages_in,
            messages_out: figures.messages_out,
            messages_bot: figures.messages_bot,
            queue_wait: DurationsView::from(&figures.queue_wait),
            first_response: DurationsView::from(&figures.first_response),
            response: DurationsView::from(&figures.response),
            handling: DurationsView::from(&figures.handling),
            ratings: RatingsView {
                count: figures.ratings(),
                invited: figures.invited,
                mean: figures.mean_score().map(thousandths),
                scores: figures.scores,
                satisfied: figures.satisfied().map(thousandths),
                participation: figures.participation().map(thousandths),
            },
            waiting_target: MetView::from(figures.waiting_target),
            first_response_target: MetView::from(figures.first_response_target),
        }
    }
}

impl From<&Durations> for DurationsView {
    fn from(durations: &Durations) -> Self {
        let seconds = |micros: Option<i64>| micros.map(|micros| thousandths(micros as f64 / 1_000_000.0));
        Self {
            count: durations.count(),
            mean_s: seconds(durations.mean()),
            p50_s: seconds(durations.percentile(50)),
            p90_s: seconds(durations.percentile(90)),
            max_s: seconds(durations.max()),
        }
    }
}

impl From<Met> for MetView {
    fn from(met: Met) -> Self {
        Self { met: met.met, of: met.of, share: met.share().map(thousandths) }
    }
}

fn thousandths(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
