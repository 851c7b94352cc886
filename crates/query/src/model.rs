//! What the configuration says, with every name resolved.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kefu_bus::Pattern;

use crate::limits::Limits;
use crate::scalar::{Scalar, Value};
use crate::source::{Abilities, Comparison, Order, Target};
use crate::trace::TraceSettings;

/// Types, roots and limits.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) sources: Vec<SourceSettings>,
    pub(crate) kinds: Vec<Kind>,
    /// Names and values of enums that are declared.
    pub(crate) enums: Vec<(String, Arc<[String]>)>,
    pub(crate) queries: Vec<Root>,
    pub(crate) changes: Vec<Change>,
    pub(crate) feeds: Vec<Feed>,
    pub(crate) limits: Limits,
    /// Where spans go, if anywhere.
    pub(crate) traces: Option<TraceSettings>,
    /// For the seals of cursors; random when the file gives none.
    pub(crate) cursor_secret: Option<String>,
}

/// A source, and how it is treated.
#[derive(Clone, Debug)]
pub(crate) struct SourceSettings {
    pub(crate) name: String,
    pub(crate) kind: String,
    /// What only the source understands.
    pub(crate) settings: serde_json::Value,
    pub(crate) timeout: Duration,
    /// Calls that are under way at most.
    pub(crate) concurrency: usize,
    /// Failures in a row that open its breaker, and for how long.
    pub(crate) breaker: (u32, Duration),
    /// Keys of one fetch at most.
    pub(crate) max_in: usize,
}

/// A type of objects.
#[derive(Debug)]
pub(crate) struct Kind {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) source: usize,
    pub(crate) target: Arc<Target>,
    /// Known once its source is open.
    pub(crate) abilities: Abilities,
    /// As many as the target has columns, in their order.
    pub(crate) fields: Vec<Field>,
    pub(crate) relations: Vec<Relation>,
    pub(crate) roles: Option<Vec<String>>,
    /// Which rows a role sees; of a type without any, all.
    pub(crate) policies: Option<BTreeMap<String, Policy>>,
    /// Cost of a row.
    pub(crate) cost: u64,
    /// How long its rows are kept, if they are.
    pub(crate) cache: Option<CacheRule>,
}

/// How long rows are kept.
#[derive(Clone, Debug)]
pub(crate) struct CacheRule {
    pub(crate) ttl: Duration,
    /// Topics whose events make them old.
    pub(crate) topics: Vec<Pattern>,
}

/// What a field is beyond its column.
#[derive(Debug)]
pub(crate) struct Field {
    /// Its type as the schema has it, such as `[String!]!`.
    pub(crate) type_text: String,
    pub(crate) description: Option<String>,
    /// Whether it is there for joins and policies only.
    pub(crate) is_hidden: bool,
    pub(crate) comparisons: Vec<Comparison>,
    pub(crate) is_sorted: bool,
    pub(crate) roles: Option<Vec<String>>,
    /// What those outside its roles see of it.
    pub(crate) mask: Option<Mask>,
}

/// What remains of a value that one may not see.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mask {
    /// `a***@example.com`.
    Email,
    /// `138****5678`.
    Phone,
    /// Its last four characters.
    Last4,
    /// Nothing but `***`.
    All,
}

/// A field that leads to objects of another type.
#[derive(Debug)]
pub(crate) struct Relation {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) to: usize,
    /// None: it leads to one object.
    pub(crate) listing: Option<Listing>,
    /// Column here whose value the column `on` has there.
    pub(crate) from: usize,
    pub(crate) on: usize,
    pub(crate) roles: Option<Vec<String>>,
}

/// How a list is given.
#[derive(Clone, Debug)]
pub(crate) struct Listing {
    /// Whether in pages with cursors.
    pub(crate) is_paged: bool,
    /// Items where the query does not say how many; all that there are when there is no number.
    pub(crate) default: Option<u64>,
    pub(crate) max: u64,
    pub(crate) order: Vec<Order>,
    pub(crate) has_filter: bool,
    pub(crate) has_sort: bool,
}

/// A field of `Query`.
#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) kind: usize,
    pub(crate) how: RootHow,
    /// What its source is given besides.
    pub(crate) arguments: Vec<Argument>,
    pub(crate) roles: Option<Vec<String>>,
    pub(crate) cost: u64,
}

/// How the objects of a root are found.
#[derive(Debug)]
pub(crate) enum RootHow {
    /// One, by the values of these columns.
    By(Vec<usize>),
    /// All that match.
    List(Listing),
}

/// A field of `Mutation`.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) source: usize,
    pub(crate) kind: usize,
    pub(crate) is_list: bool,
    /// What only the source understands.
    pub(crate) operation: serde_json::Value,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) roles: Option<Vec<String>>,
}

/// A field of `Subscription`, fed by the bus.
#[derive(Debug)]
pub(crate) struct Feed {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    /// Topics whose events it hears.
    pub(crate) topics: Vec<Pattern>,
    pub(crate) arguments: Vec<Argument>,
    /// Arguments, and where in the data of an event the value is that each asks for.
    pub(crate) filters: Vec<(String, String)>,
    /// Columns by which the object of an event is found, and where in its data their values are.
    pub(crate) key: Vec<(usize, String)>,
    pub(crate) kind: usize,
    pub(crate) roles: Option<Vec<String>>,
}

/// An argument that a source understands.
#[derive(Clone, Debug)]
pub(crate) struct Argument {
    pub(crate) name: String,
    pub(crate) type_text: String,
    pub(crate) scalar: Scalar,
    pub(crate) is_list: bool,
}

/// A rule for rows: all of these hold.
#[derive(Clone, Debug)]
pub(crate) struct Policy(pub(crate) Vec<Rule>);

/// A column compares to values.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) column: usize,
    pub(crate) is_negated: bool,
    pub(crate) by: Comparison,
    pub(crate) operands: Vec<Operand>,
}

/// What a column is compared to.
#[derive(Clone, Debug)]
pub(crate) enum Operand {
    /// A value of the file.
    Fixed(Value),
    /// A value of the session, by name.
    Session(String),
}

impl Model {
    /// The place of a field of `Mutation` among all that are fetched, in which those of `Query` come first.
    pub(crate) fn field_of_change(&self, change: usize) -> usize {
        self.queries.len() + change
    }

    /// The same for a field of `Subscription`.
    pub(crate) fn field_of_feed(&self, feed: usize) -> usize {
        self.field_of_change(self.changes.len()) + feed
    }

    /// The same for a relation of a type.
    pub(crate) fn field_of_relation(&self, kind: usize, relation: usize) -> usize {
        let before = self.kinds[..kind].iter().map(|kind| kind.relations.len()).sum::<usize>();
        self.field_of_feed(self.feeds.len()) + before + relation
    }

    /// Fields that are fetched, such as `Query.users`, in the order of their places.
    pub(crate) fn field_names(&self) -> impl Iterator<Item = String> {
        let queries = self.queries.iter().map(|root| format!("Query.{}", root.name));
        let changes = self.changes.iter().map(|change| format!("Mutation.{}", change.name));
        let feeds = self.feeds.iter().map(|feed| format!("Subscription.{}", feed.name));
        let relations = self.kinds.iter().flat_map(|kind| {
            kind.relations.iter().map(|relation| format!("{}.{}", kind.name, relation.name))
        });
        queries.chain(changes).chain(feeds).chain(relations)
    }

    /// The name of one of them.
    pub(crate) fn field_name(&self, place: usize) -> String {
        self.field_names().nth(place).unwrap_or_default()
    }
}

impl Kind {
    /// The column of a field.
    pub(crate) fn column(&self, field: &str) -> Option<usize> {
        self.target.columns.iter().position(|column| column.field == field)
    }

    /// How many keys of a column its source takes at once, if it finds rows by it.
    pub(crate) fn keys_at_once(&self, column: usize) -> Option<usize> {
        let found = self.abilities.keys.iter().find(|(of, _)| *of == column);
        found.map(|(_, at_once)| (*at_once).max(1))
    }

    /// Whether there are columns that queries may filter by.
    pub(crate) fn has_filter(&self) -> bool {
        self.fields.iter().any(|field| !field.comparisons.is_empty())
    }

    /// Whether there are columns that queries may sort by.
    pub(crate) fn has_sort(&self) -> bool {
        self.fields.iter().any(|field| field.is_sorted)
    }
}

/// Whether one of the session's roles is among those that a rule names.
pub(crate) fn allows(rule: Option<&Vec<String>>, roles: &[String]) -> bool {
    rule.is_none_or(|allowed| allowed.iter().any(|role| roles.contains(role)))
}
