//! Records by conditions, keys and order: what the data layer asks of kefu's own records.

use kefu_core::{AgentKey, Conversation, State, Ticket, TicketPriority, TicketStatus, Visitor};
use sqlx::AssertSqlSafe;
use uuid::Uuid;

use crate::rows::{self, state_number};
use crate::sql::Args;
use crate::tickets::{self, priority_number, status_number};
use crate::{Store, StoreError};

/// Which records.
#[derive(Clone, Debug, Default)]
pub struct Select {
    /// Only those with one of these keys; each has at most [`Select::limit_per_key`].
    pub keys: Option<SelectKey>,
    /// Only those for which this holds.
    pub condition: Condition,
    /// By what they are sorted, and whether the largest comes first.
    pub order: Vec<(Field, bool)>,
    /// Only those behind the one with these values of the columns of `order`.
    pub after: Option<Vec<Place>>,
    /// At most so many.
    pub limit: u64,
    /// At most so many for each key.
    pub limit_per_key: Option<u64>,
    /// Only those that somebody may read.
    pub readable: Readable,
}

/// Who reads.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Readable {
    /// Somebody who may read all of them.
    #[default]
    All,
    /// An agent who may read its own conversations and those that wait for it.
    By(AgentKey),
}

/// Keys of records.
#[derive(Clone, Debug)]
pub enum SelectKey {
    /// Public ids.
    Ids(Vec<Uuid>),
    /// Public ids of the visitors whose they are.
    Visitors(Vec<Uuid>),
    /// Agents who have them.
    Agents(Vec<AgentKey>),
    /// Numbers of tickets.
    Numbers(Vec<i64>),
    /// The company's own ids of visitors.
    ExternalIds(Vec<String>),
}

/// A condition on records. One that is about a field which they do not have holds for none.
#[derive(Clone, Debug)]
pub enum Condition {
    /// All of these hold.
    All(Vec<Condition>),
    /// One of these holds.
    Any(Vec<Condition>),
    /// This does not hold.
    Not(Box<Condition>),
    /// A conversation is in one of these states.
    States(Vec<State>),
    /// A ticket is in one of these.
    Statuses(Vec<TicketStatus>),
    /// A ticket has one of these.
    Priorities(Vec<TicketPriority>),
    /// A moment or a number compares to another one.
    Compare(Field, Sign, i64),
}

impl Default for Condition {
    fn default() -> Self {
        Self::All(Vec::new())
    }
}

/// How two numbers compare.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sign {
    /// They are the same.
    Equal,
    /// The first is less.
    Below,
    /// The first is not more.
    AtMost,
    /// The first is more.
    Above,
    /// The first is not less.
    AtLeast,
}

/// What records are sorted and compared by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Field {
    /// Their public id; only sorted by.
    Id,
    /// When they were made.
    CreatedAt,
    /// When they last changed.
    UpdatedAt,
    /// Number of a ticket.
    Number,
}

/// Where a list goes on in one column of its order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    /// A number or a moment.
    Number(i64),
    /// A public id.
    Id(Uuid),
}

impl Store {
    /// Conversations in which something was said.
    ///
    /// The order goes by times that may lag by some seconds, see [`Store`].
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn select_conversations(&self, select: &Select) -> Result<Vec<Conversation>, StoreError> {
        let mut text = Text::default();
        let columns = rows::conversation_columns!();
        if select.keys.is_some() {
            text.keyed(select, columns, "conversation", "visitor", |text| {
                text.push("state <> 0 AND ").readable(select.readable, Text::conversation_of);
            });
        } else {
            // Each part is read in the order of an index, and no further than it has to be.
            text.push(&format!("SELECT {columns} FROM ("));
            for (place, (index, condition)) in parts(select.readable).into_iter().enumerate() {
                text.push(if place == 0 { "SELECT * FROM (" } else { " UNION ALL SELECT * FROM (" });
                text.push(&format!("SELECT {columns} FROM conversation INDEXED BY {index} WHERE "));
                text.conversation_part(select.readable, condition).push(" AND ").wanted(select);
                text.order(select).limit(select.limit).push(")");
            }
            text.push(")").order(select).limit(select.limit);
        }
        self.all(AssertSqlSafe(text.sql), text.args, rows::conversation).await
    }

    /// Conversations that were rated, by key.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn select_rated(&self, select: &Select) -> Result<Vec<Conversation>, StoreError> {
        let mut text = Text::default();
        text.keyed(select, rows::conversation_columns!(), "conversation", "visitor", |text| {
            text.push("rating_score IS NOT NULL AND ").readable(select.readable, Text::conversation_of);
        });
        self.all(AssertSqlSafe(text.sql), text.args, rows::conversation).await
    }

    /// Visitors, by key; an agent knows those of whom it may read a conversation.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn select_visitors(&self, select: &Select) -> Result<Vec<Visitor>, StoreError> {
        let mut text = Text::default();
        text.keyed(select, rows::visitor_columns!(), "visitor", "key", |text| {
            text.push("erased_at IS NULL AND ").readable(select.readable, |text, agent| {
                text.push("EXISTS (SELECT 1 FROM conversation WHERE conversation.visitor = visitor.key AND ");
                text.conversation_of(agent);
                text.push(")");
            });
        });
        self.all(AssertSqlSafe(text.sql), text.args, rows::visitor).await
    }

    /// Tickets.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn select_tickets(&self, select: &Select) -> Result<Vec<Ticket>, StoreError> {
        let mut text = Text::default();
        let columns = tickets::COLUMNS;
        match select.keys {
            Some(_) => text.keyed(select, columns, "ticket", "requester", |text| {
                text.push("1");
            }),
            None => {
                text.push(&format!("SELECT {columns} FROM ticket WHERE ")).wanted(select);
                text.order(select).limit(select.limit);
            }
        }
        self.all(AssertSqlSafe(text.sql), text.args, tickets::ticket).await
    }
}

/// An index and what the rows in it fulfil.
type Part = (&'static str, &'static str);

/// What there is to read, in parts that have nothing in common; `?` is the agent.
fn parts(readable: Readable) -> Vec<Part> {
    match readable {
        Readable::All => {
            vec![("conversation_live", "state IN (1, 2, 3)"), ("conversation_ended", "state = 4")]
        }
        Readable::By(_) => vec![
            ("conversation_mine", "assignee = ? AND state IN (2, 3)"),
            ("conversation_waiting", FOR_AGENT),
            ("conversation_ended_mine", "assignee = ? AND state = 4"),
        ],
    }
}

/// What waits for anybody, for a team that is gone, or for a team of the agent.
const FOR_AGENT: &str = "state = 1 AND (team IS NULL OR team NOT IN (SELECT key FROM team)
    OR team IN (SELECT value FROM json_each((SELECT teams FROM agent WHERE key = ?))))";

/// A statement in the making, with the values of its placeholders.
#[derive(Default)]
struct Text {
    sql: String,
    args: Args,
}

impl Text {
    fn push(&mut self, sql: &str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    fn int(&mut self, value: i64) -> &mut Self {
        self.args.add_int(value);
        self
    }

    fn conversation_part(&mut self, readable: Readable, condition: &str) -> &mut Self {
        if let Readable::By(agent) = readable {
            self.int(agent.0);
        }
        self.push(condition)
    }

    fn readable(&mut self, readable: Readable, of: impl FnOnce(&mut Self, AgentKey)) -> &mut Self {
        match readable {
            Readable::All => {
                self.push("1");
            }
            Readable::By(agent) => of(self, agent),
        }
        self
    }

    /// That the agent may read a conversation.
    fn conversation_of(&mut self, agent: AgentKey) {
        self.int(agent.0).int(agent.0).push(&format!("(assignee = ? OR {FOR_AGENT})"));
    }

    /// Records of some keys, at most so many of each; `by_visitor` is the column with a visitor.
    fn keyed(
        &mut self,
        select: &Select,
        columns: &str,
        table: &str,
        by_visitor: &str,
        may: impl FnOnce(&mut Self),
    ) {
        let Some(keys) = &select.keys else {
            self.push(&format!("SELECT {columns} FROM {table} WHERE 0"));
            return;
        };
        let column = match keys {
            SelectKey::Ids(_) => "id",
            SelectKey::Visitors(_) => by_visitor,
            SelectKey::Agents(_) => "assignee",
            SelectKey::Numbers(_) => "number",
            SelectKey::ExternalIds(_) => "external_id",
        };
        if select.limit_per_key.is_some() {
            self.push(&format!("SELECT {columns} FROM {table} WHERE {table}.rowid IN (SELECT place FROM ("));
            self.push(&format!("SELECT {table}.rowid AS place, row_number() OVER (PARTITION BY {column}"));
            self.order(select).push(&format!(") AS nth FROM {table} WHERE "));
        } else {
            self.push(&format!("SELECT {columns} FROM {table} WHERE "));
        }
        self.push(&format!("{table}.{column} IN ("));
        self.keys(keys).push(") AND ");
        may(self);
        self.push(" AND ").wanted(select);
        if let Some(most) = select.limit_per_key {
            self.int(rows::int(most)).push(") WHERE nth <= ?)");
        }
        self.order(select).limit(select.limit);
    }

    fn keys(&mut self, keys: &SelectKey) -> &mut Self {
        let ids = "SELECT unhex(value) FROM json_each(?)";
        let numbers = "SELECT value FROM json_each(?)";
        let args = std::mem::take(&mut self.args);
        let sql = match keys {
            SelectKey::Ids(values) => {
                self.args = args.uuids(values);
                ids.to_owned()
            }
            SelectKey::Visitors(values) => {
                self.args = args.uuids(values);
                format!("SELECT key FROM visitor WHERE id IN ({ids})")
            }
            SelectKey::Agents(values) => {
                self.args = args.ints(values.iter().map(|agent| agent.0));
                numbers.to_owned()
            }
            SelectKey::Numbers(values) => {
                self.args = args.ints(values.iter().copied());
                numbers.to_owned()
            }
            SelectKey::ExternalIds(values) => {
                let json = serde_json::to_string(values).expect("texts are plain JSON");
                self.args = args.text(&json);
                numbers.to_owned()
            }
        };
        self.push(&sql)
    }

    /// The condition, and where the list goes on.
    fn wanted(&mut self, select: &Select) -> &mut Self {
        self.condition(&select.condition);
        if let Some(after) = &select.after {
            self.push(" AND ").behind(&select.order, after);
        }
        self
    }

    fn condition(&mut self, condition: &Condition) -> &mut Self {
        match condition {
            Condition::All(all) => self.joined(all, "1", " AND "),
            Condition::Any(any) => self.joined(any, "0", " OR "),
            Condition::Not(not) => self.push("NOT ").condition(not),
            Condition::States(states) => self.one_of("state", states.iter().map(|one| state_number(*one))),
            Condition::Statuses(all) => self.one_of("status", all.iter().map(|one| status_number(*one))),
            Condition::Priorities(all) => {
                self.one_of("priority", all.iter().map(|one| priority_number(*one)))
            }
            Condition::Compare(field, sign, value) => {
                let sign = match sign {
                    Sign::Equal => "=",
                    Sign::Below => "<",
                    Sign::AtMost => "<=",
                    Sign::Above => ">",
                    Sign::AtLeast => ">=",
                };
                self.int(*value).push(&format!("{} {sign} ?", column(*field)))
            }
        }
    }

    fn joined(&mut self, conditions: &[Condition], none: &str, between: &str) -> &mut Self {
        self.push("(").push(none);
        for condition in conditions {
            self.push(between).condition(condition);
        }
        self.push(")")
    }

    fn one_of(&mut self, column: &str, numbers: impl Iterator<Item = i64>) -> &mut Self {
        let numbers: Vec<_> = numbers.map(|number| number.to_string()).collect();
        self.push(&format!("{column} IN ({})", numbers.join(",")))
    }

    /// That a row comes after one with these values: equal in the first columns, behind it in the next one.
    fn behind(&mut self, order: &[(Field, bool)], after: &[Place]) -> &mut Self {
        self.push("(0");
        let columns: Vec<_> = order.iter().zip(after).collect();
        for end in 0..columns.len() {
            self.push(" OR (1");
            for ((field, _), place) in &columns[..end] {
                self.place(**place).push(&format!(" AND {} = ?", column(*field)));
            }
            let ((field, is_descending), place) = columns[end];
            let sign = if *is_descending { "<" } else { ">" };
            self.place(*place).push(&format!(" AND {} {sign} ?)", column(*field)));
        }
        // Rows before it need not be looked at one by one.
        if let Some(((field, is_descending), place)) = columns.first() {
            let sign = if *is_descending { "<=" } else { ">=" };
            self.place(**place).push(&format!(") AND {} {sign} ?", column(*field)))
        } else {
            self.push(")")
        }
    }

    fn place(&mut self, place: Place) -> &mut Self {
        match place {
            Place::Number(number) => self.args.add_int(number),
            Place::Id(id) => self.args.add_blob(id.as_bytes()),
        }
        self
    }

    fn order(&mut self, select: &Select) -> &mut Self {
        if select.order.is_empty() {
            return self;
        }
        self.push(" ORDER BY ");
        for (place, (field, is_descending)) in select.order.iter().enumerate() {
            let (comma, way) =
                (if place == 0 { "" } else { ", " }, if *is_descending { " DESC" } else { "" });
            self.push(&format!("{comma}{}{way}", column(*field)));
        }
        self
    }

    fn limit(&mut self, limit: u64) -> &mut Self {
        self.int(rows::int(limit)).push(" LIMIT ?")
    }
}

fn column(field: Field) -> &'static str {
    match field {
        Field::Id => "id",
        Field::CreatedAt => "created_at",
        Field::UpdatedAt => "updated_at",
        Field::Number => "number",
    }
}
