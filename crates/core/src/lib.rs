//! The domain of kefu: principals, messages, conversations and routing, as pure state machines.
//!
//! *Invariant:* this crate knows no clock, socket, database, task or random source. Times, ids and
//! log positions come from the caller, so every transition can be replayed exactly.

mod access;
mod bot;
mod clocks;
mod content;
mod conversation;
mod hours;
mod keys;
mod knowledge;
mod message;
mod office;
mod principal;
mod rate;
mod reports;
mod retention;
mod revise;
mod rights;
mod routing;
mod template;
mod ticket;
mod time;
mod timers;
mod versions;
mod widget;
mod wrap_up;

pub use access::{Action, may};
pub use bot::{BotRule, BotSettings, Bots, Question};
pub use clocks::{Alarm, Clock, ClockRules, Clocks, Silence};
pub use content::{Content, ContentError, DATA_BYTES_MAX, FieldKind, FileData, FileRef, FormField};
pub use conversation::{Conversation, JOINED_MAX, Rating, Refusal, State};
pub use hours::{Day, DayHours, Hours, HoursConfig, HoursError, SpecialDay, Week};
pub use knowledge::{ArticleState, Language};
pub use message::{Audience, Entry, Event, EventCode, MessageKind, Revision};
pub use office::{
    InboxSettings, OverflowSettings, SettingError, StickySettings, Team, TeamSettings, check_skills,
};
pub use principal::{
    Agent, AgentKey, AgentStatus, ConversationKey, CustomRole, Inbox, InboxKey, Principal, Role, SkillKey,
    TeamKey, Visitor, VisitorKey,
};
pub use rate::{Limit, Meter};
pub use reports::{
    Contact, Durations, Fact, Figures, Group, Grouping, Labels, Met, Occurrence, Report, ReportFilter, Step,
};
pub use retention::{Kept, RETENTION_DAYS_MAX, Retention};
pub use revise::{EDIT_WINDOW_SECONDS, RECALL_WINDOW_SECONDS, Revise, Unrevised, revise};
pub use rights::{Permission, Rights};
pub use routing::{
    Assignment, Due, LastAgent, Level, Outlook, Overflow, Priority, Profile, Routing, Rules, Sticky,
    Strategy, Wait,
};
pub use template::{
    TEMPLATE_VALUE_CHARS, TEMPLATE_VARIABLES_MAX, Template, TemplateError, TemplateErrorKind, Variable,
};
pub use ticket::{
    Ticket, TicketContact, TicketField, TicketLine, TicketPatch, TicketPriority, TicketRefusal, TicketStatus,
};
pub use time::Micros;
pub use versions::FieldVersions;
pub use widget::{WidgetSettings, WidgetSide};
pub use wrap_up::{Summary, SummaryError, WrapUp};
