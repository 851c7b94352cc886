use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;

use crate::rows::Rows;
use crate::scalar::{Scalar, Value};

/// Where rows come from: a database, a service, or kefu's own store.
///
/// An implementation keeps its own connections, bounds how many calls are under way, and gives up at a fetch's
/// deadline; when the future is dropped it stops the work at the other end where the protocol lets it.
pub trait Source: Send + Sync {
    /// Whether a target is described in a way that the source can serve, and what is wrong with it otherwise. Asked at
    /// start, before the other end is; what a later fetch finds wrong, such as a column that is not there, it answers.
    ///
    /// # Errors
    /// The key within the description, and what is wrong with it.
    fn check(&self, target: &Target) -> Result<(), String> {
        let _ = target;
        Ok(())
    }

    /// The same for a change: `arguments` are the names of what it takes, `target` is the type of what it answers.
    ///
    /// # Errors
    /// As for a target.
    fn check_call(
        &self,
        operation: &serde_json::Value,
        arguments: &[&str],
        target: &Target,
    ) -> Result<(), String> {
        let _ = (operation, arguments, target);
        Ok(())
    }

    /// What it does by itself with a target. The rest is done with its rows.
    fn abilities(&self, target: &Target) -> Abilities;

    /// Fetches rows with the columns that were asked for, in that order.
    fn fetch<'a>(&'a self, fetch: &'a Fetch) -> Fetching<'a>;

    /// Carries out a change, and gives what it answers as rows of the target. Never done twice.
    fn call<'a>(&'a self, call: &'a Call) -> Fetching<'a>;

    /// What will be asked, in the source's own language with placeholders for values, for those who may see it.
    fn native(&self, fetch: &Fetch) -> Option<String>;
}

/// Rows to come.
pub type Fetching<'a> = BoxFuture<'a, Result<Rows, SourceError>>;

/// A type of the configuration in its source: a table, a collection, or the operations that give its objects.
#[derive(Clone, Debug)]
pub struct Target {
    /// Name of the type.
    pub name: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Which of them are the key, by place.
    pub key: Vec<usize>,
    /// The part of the configuration that only the source understands, such as `table:` or `access:`; read once, when
    /// the source is opened.
    pub access: serde_json::Value,
}

/// A column of a [`Target`].
#[derive(Clone, Debug)]
pub struct Column {
    /// Name of the field.
    pub field: String,
    /// Its name in the source; a path with dots for what lies within.
    pub name: String,
    /// What its values are, or those of its list.
    pub scalar: Scalar,
    /// Whether it is a list, given as [`Cell::Json`](crate::Cell::Json).
    pub is_list: bool,
    /// Whether it may be null.
    pub is_nullable: bool,
}

/// What a source does by itself with a target.
#[derive(Clone, Debug, Default)]
pub struct Abilities {
    /// Whether it can list rows without keys.
    pub lists: bool,
    /// Columns that it filters by itself, with every comparison.
    pub filters: Vec<usize>,
    /// Columns that it sorts by.
    pub sorts: Vec<usize>,
    /// Whether it stops after so many rows.
    pub limits: bool,
    /// Columns by which it finds rows, and how many keys it takes at once: one, where there is only an operation for a
    /// single key.
    pub keys: Vec<(usize, usize)>,
    /// Whether it can stop after so many rows for each key.
    pub limits_per_key: bool,
    /// Whether it counts rows without giving them.
    pub counts: bool,
    /// Whether asking the same twice is safe.
    pub is_idempotent: bool,
}

/// What is asked of a source.
#[derive(Clone, Debug)]
pub struct Fetch {
    /// Of what.
    pub target: Arc<Target>,
    /// Which columns, by place in the target; rows have exactly these.
    pub columns: Vec<usize>,
    /// Rows are counted and not given: there is one with how many there are, or one for each key that has any, with the key,
    /// which is the only column then, and how many.
    pub is_count: bool,
    /// Only rows for which this holds; in columns that the source filters by itself.
    pub filter: Option<Filter>,
    /// Only rows with one of these keys.
    pub keys: Option<Keys>,
    /// In which order; in columns that the source sorts by. Within each key when `limit_per_key` is given.
    pub order: Vec<Order>,
    /// Only rows behind the one with these values of the columns of `order`, for pages.
    pub after: Option<Vec<Value>>,
    /// At most so many rows.
    pub limit: Option<u64>,
    /// At most so many rows for each key.
    pub limit_per_key: Option<u64>,
    /// Named values for an operation that lists, such as the words of a search.
    pub arguments: Vec<(String, Value)>,
    /// More rows than these are an error, so that a source that gives without end costs only its own fields.
    pub rows_max: usize,
    /// When to give up.
    pub deadline: Instant,
}

impl Fetch {
    /// Cells of its rows.
    #[must_use]
    pub fn width(&self) -> usize {
        self.columns.len() + usize::from(self.is_count)
    }
}

/// Keys that rows are to have.
#[derive(Clone, Debug)]
pub struct Keys {
    /// The column.
    pub column: usize,
    /// Its values, each once, none null, of the column's scalar.
    pub values: Vec<Value>,
}

/// A condition.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// All of these hold; true when there are none.
    All(Vec<Filter>),
    /// One of these holds; false when there are none.
    Any(Vec<Filter>),
    /// This does not hold.
    Not(Box<Filter>),
    /// A column compares to a value.
    Compare {
        /// The column.
        column: usize,
        /// How.
        by: Comparison,
        /// To what; a list for [`Comparison::In`].
        values: Vec<Value>,
    },
}

/// How a column compares to values. Nothing but [`Comparison::IsNull`] holds for null.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Comparison {
    /// Equal to the value.
    Equal,
    /// One of the values.
    In,
    /// Below the value.
    Below,
    /// At most the value.
    AtMost,
    /// Above the value.
    Above,
    /// At least the value.
    AtLeast,
    /// A text that has the value in it; whether case counts is the source's.
    Contains,
    /// A text that begins with the value.
    Begins,
    /// Null, without a value.
    IsNull,
}

/// A column to sort by.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Order {
    /// The column.
    pub column: usize,
    /// Largest first. Null is the smallest.
    pub is_descending: bool,
}

/// A change that is asked of a source.
#[derive(Clone, Debug)]
pub struct Call {
    /// Name of the mutation in the configuration.
    pub name: String,
    /// The part of the configuration that only the source understands.
    pub operation: serde_json::Value,
    /// Its arguments.
    pub arguments: Vec<(String, Value)>,
    /// Type of what comes back.
    pub target: Arc<Target>,
    /// Columns of what comes back.
    pub columns: Vec<usize>,
    /// When to give up.
    pub deadline: Instant,
}

/// Why a source gave nothing.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{text}")]
pub struct SourceError {
    /// What kind of trouble it is.
    pub kind: TroubleKind,
    /// For operators: what happened and where; may name tables and addresses, never values.
    pub text: String,
    /// How long the source asks to be left alone.
    pub retry_after: Option<Duration>,
}

/// Kinds of trouble with a source.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TroubleKind {
    /// It took too long.
    Timeout,
    /// It could not be reached, or is overloaded.
    Unavailable,
    /// It refused what was asked.
    Refused,
    /// What it gave is not what the configuration promises.
    Garbage,
    /// It gave more than is allowed.
    TooMuch,
}
