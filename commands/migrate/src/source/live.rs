//! Servers whose changes can be followed, whatever they speak.
//!
//! Each kind of server has the same parts: where its changes stand ([`Position`]), what changed since then ([`Changes`]),
//! and rows that are read again by their keys ([`Session`], [`Keyed`]).

use std::{collections::HashSet, time::Duration};

use kefu_app::{Failure, Text};
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

#[cfg(feature = "mongo")]
use super::mongo;
#[cfg(feature = "mysql")]
use super::mysql;
use super::{Note, Request, SourceRow, TableInfo, refused};
use crate::{mapping::TableMap, value::Value};

/// Rows of one value that are read at once.
pub(crate) const PAGE_ROWS: usize = 1024;

/// A server.
#[derive(Debug)]
pub(crate) enum Server {
    #[cfg(feature = "mysql")]
    Mysql(Box<mysql::Server>),
    #[cfg(feature = "mongo")]
    Mongo(mongo::Server),
}

/// Where changes are followed from: between two transactions, or behind a change.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Position {
    #[cfg(feature = "mysql")]
    Mysql(mysql::Position),
    #[cfg(feature = "mongo")]
    Mongo(mongo::Position),
}

/// A table whose changes matter.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    pub(crate) name: String,
    /// Which it is of those that become something, and its key; nothing, if values are looked up in it.
    pub(crate) target: Option<(usize, Vec<String>)>,
}

/// What changed.
#[derive(Debug, Default)]
pub(crate) struct Dirty {
    /// Keys by table, each once.
    pub(crate) keys: Vec<(usize, Vec<Value>)>,
    /// Tables in which values are looked up.
    pub(crate) looked_up: HashSet<String>,
    /// Up to where everything is known; nothing within a transaction.
    pub(crate) position: Option<Position>,
    /// Where the last of it is.
    pub(crate) place: Option<Position>,
    /// When the last change was written, in seconds since 1970.
    pub(crate) written_at: Option<u32>,
    /// When the first and the last of it was read.
    pub(crate) read_at: Option<(Instant, Instant)>,
    /// There is no more for now.
    pub(crate) is_idle: bool,
}

/// The changes of a server, from a position on.
pub(crate) enum Changes {
    #[cfg(feature = "mysql")]
    Mysql(Box<mysql::Changes>),
    #[cfg(feature = "mongo")]
    Mongo(Box<mongo::Changes>),
}

/// A connection that rows are read on.
pub(crate) enum Session {
    #[cfg(feature = "mysql")]
    Mysql(Box<mysql::Session>),
    #[cfg(feature = "mongo")]
    Mongo(Box<mongo::Session>),
}

/// A table whose rows are read again.
pub(crate) enum Keyed {
    #[cfg(feature = "mysql")]
    Mysql(mysql::Keyed),
    #[cfg(feature = "mongo")]
    Mongo(mongo::Keyed),
}

impl Position {
    /// What [`Position::written`] wrote.
    pub(crate) fn read(text: &str) -> Result<Self, Failure> {
        serde_json::from_str(text).map_err(|error| {
            refused("cannot go on: the position cannot be read", "无法继续:位置无法读取").because(error)
        })
    }

    /// As it is kept.
    pub(crate) fn written(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers are plain JSON")
    }

    /// As people read it: `mbin.000004:4711`, or `1764406342:3`.
    pub(crate) fn place(&self) -> String {
        match self {
            #[cfg(feature = "mysql")]
            Self::Mysql(position) => position.place(),
            #[cfg(feature = "mongo")]
            Self::Mongo(position) => position.place(),
        }
    }

    /// Whether `other` is not behind this.
    pub(crate) fn has_reached(&self, other: &Self) -> bool {
        match (self, other) {
            #[cfg(feature = "mysql")]
            (Self::Mysql(position), Self::Mysql(other)) => position.has_reached(other),
            #[cfg(feature = "mongo")]
            (Self::Mongo(position), Self::Mongo(other)) => position.has_reached(other),
            #[cfg(all(feature = "mysql", feature = "mongo"))]
            _ => false,
        }
    }
}

/// The file names another kind of server by now.
#[cfg(all(feature = "mysql", feature = "mongo"))]
fn mixed() -> Failure {
    refused(
        "cannot go on: the source is another kind of server than it was",
        "无法继续:来源的服务器类型与之前不同",
    )
}

impl Server {
    pub(crate) fn identity(&self) -> &str {
        match self {
            #[cfg(feature = "mysql")]
            Self::Mysql(server) => server.identity(),
            #[cfg(feature = "mongo")]
            Self::Mongo(server) => server.identity(),
        }
    }

    pub(crate) async fn tables(&self) -> Result<Vec<TableInfo>, Failure> {
        match self {
            #[cfg(feature = "mysql")]
            Self::Mysql(server) => server.tables().await,
            #[cfg(feature = "mongo")]
            Self::Mongo(server) => server.tables().await,
        }
    }

    /// Why changes of these tables cannot be followed, and what helps; with the keys of the tables.
    pub(crate) async fn obstacles(&self, tables: &[(&TableMap, &[String])]) -> Result<Vec<Text>, Failure> {
        match self {
            #[cfg(feature = "mysql")]
            Self::Mysql(server) => server.obstacles(tables).await,
            #[cfg(feature = "mongo")]
            Self::Mongo(server) => server.obstacles(tables).await,
        }
    }

    /// Where changes are followed from that are not in what is read from now on.
    pub(crate) async fn begin(&self) -> Result<Position, Failure> {
        match self {
            #[cfg(feature = "mysql")]
            Self::Mysql(server) => server.begin().await.map(Position::Mysql),
            #[cfg(feature = "mongo")]
            Self::Mongo(server) => server.begin().map(Position::Mongo),
        }
    }

    /// Fails if what comes behind a position cannot be read any more.
    pub(crate) async fn check(&self, position: &Position) -> Result<(), Failure> {
        match (self, position) {
            #[cfg(feature = "mysql")]
            (Self::Mysql(server), Position::Mysql(position)) => server.check(position).await,
            #[cfg(feature = "mongo")]
            (Self::Mongo(server), Position::Mongo(position)) => server.check(position).await,
            #[cfg(all(feature = "mysql", feature = "mongo"))]
            _ => Err(mixed()),
        }
    }

    /// Where its changes end now.
    pub(crate) async fn end(&self) -> Result<Position, Failure> {
        match self {
            #[cfg(feature = "mysql")]
            Self::Mysql(server) => server.end().await.map(Position::Mysql),
            #[cfg(feature = "mongo")]
            Self::Mongo(server) => server.end().await.map(Position::Mongo),
        }
    }

    /// How long it keeps its changes; nothing, if for ever or if it does not say.
    pub(crate) async fn retention(&self) -> Result<Option<Duration>, Failure> {
        match self {
            #[cfg(feature = "mysql")]
            Self::Mysql(server) => server.retention().await,
            #[cfg(feature = "mongo")]
            Self::Mongo(server) => server.retention().await,
        }
    }

    /// Has nobody but administrators write, or everybody again.
    #[cfg_attr(not(feature = "mysql"), expect(unused_variables, reason = "only MySQL has such a switch"))]
    pub(crate) async fn set_read_only(&self, is_up: bool) -> Result<(), Failure> {
        match self {
            #[cfg(feature = "mysql")]
            Self::Mysql(server) => server.set_read_only(is_up).await,
            #[cfg(feature = "mongo")]
            Self::Mongo(_) => Err(refused(
                "cannot have MongoDB refuse writes: it has no such switch; name a command under `--fence`",
                "无法让 MongoDB 拒绝写入:它没有这样的开关;请用 `--fence` 指定命令",
            )),
        }
    }

    /// A connection to read rows again.
    pub(crate) fn session(&self) -> Session {
        match self {
            #[cfg(feature = "mysql")]
            Self::Mysql(server) => Session::Mysql(Box::new(server.session())),
            #[cfg(feature = "mongo")]
            Self::Mongo(server) => Session::Mongo(Box::new(server.session())),
        }
    }

    /// Prepares reading rows of a table again.
    pub(crate) async fn keyed(&self, request: Request) -> Result<Keyed, Failure> {
        match self {
            #[cfg(feature = "mysql")]
            Self::Mysql(server) => server.keyed(request).await.map(Keyed::Mysql),
            #[cfg(feature = "mongo")]
            Self::Mongo(server) => Ok(Keyed::Mongo(server.keyed(request))),
        }
    }
}

impl Changes {
    /// Of these tables.
    pub(crate) async fn open(
        server: &Server,
        position: Position,
        watched: &[Watched],
    ) -> Result<Self, Failure> {
        match (server, position) {
            #[cfg(feature = "mysql")]
            (Server::Mysql(server), Position::Mysql(position)) => {
                let changes = mysql::Changes::open(server, position, watched).await?;
                Ok(Self::Mysql(Box::new(changes)))
            }
            #[cfg(feature = "mongo")]
            (Server::Mongo(server), Position::Mongo(position)) => {
                Ok(Self::Mongo(Box::new(mongo::Changes::open(server, position, watched))))
            }
            #[cfg(all(feature = "mysql", feature = "mongo"))]
            _ => Err(mixed()),
        }
    }

    /// What changed next, or that there is nothing for now.
    pub(crate) async fn next(&mut self) -> Result<Dirty, Failure> {
        match self {
            #[cfg(feature = "mysql")]
            Self::Mysql(changes) => changes.next().await,
            #[cfg(feature = "mongo")]
            Self::Mongo(changes) => changes.next().await,
        }
    }
}

impl Keyed {
    /// Up to so many keys may be asked for at once.
    pub(crate) fn size(&self) -> usize {
        match self {
            #[cfg(feature = "mysql")]
            Self::Mysql(keyed) => keyed.size(),
            #[cfg(feature = "mongo")]
            Self::Mongo(keyed) => keyed.size(),
        }
    }
}

impl Session {
    /// Begins to see everything that is before `place`, if it was read there lately.
    #[cfg_attr(
        not(feature = "mysql"),
        expect(unused_variables, reason = "only MySQL shows late what it has")
    )]
    pub(crate) async fn begin(
        &mut self,
        place: Option<&Position>,
        read_at: Option<Instant>,
    ) -> Result<(), Failure> {
        match (self, place) {
            #[cfg(feature = "mysql")]
            (Self::Mysql(session), Some(Position::Mysql(place))) => session.begin(place, read_at).await,
            #[cfg(feature = "mysql")]
            (Self::Mysql(session), _) => session.begin(&mysql::Position::default(), read_at).await,
            #[cfg(feature = "mongo")]
            (Self::Mongo(session), Some(Position::Mongo(place))) => session.begin(Some(place)).await,
            #[cfg(feature = "mongo")]
            (Self::Mongo(session), _) => session.begin(None).await,
        }
    }

    /// Sees what comes from now on.
    pub(crate) async fn end(&mut self) -> Result<(), Failure> {
        match self {
            #[cfg(feature = "mysql")]
            Self::Mysql(session) => session.end().await,
            #[cfg(feature = "mongo")]
            Self::Mongo(_) => Ok(()),
        }
    }

    /// Has the next one use a new connection.
    pub(crate) fn reset(&mut self) {
        match self {
            #[cfg(feature = "mysql")]
            Self::Mysql(session) => session.reset(),
            #[cfg(feature = "mongo")]
            Self::Mongo(session) => session.reset(),
        }
    }

    /// The rows of these keys that there are.
    pub(crate) async fn rows(
        &mut self,
        table: &mut Keyed,
        keys: &[Vec<Value>],
    ) -> Result<Vec<SourceRow>, Failure> {
        match (self, table) {
            #[cfg(feature = "mysql")]
            (Self::Mysql(session), Keyed::Mysql(table)) => session.rows(table, keys).await,
            #[cfg(feature = "mongo")]
            (Self::Mongo(session), Keyed::Mongo(table)) => session.rows(table, keys).await,
            #[cfg(all(feature = "mysql", feature = "mongo"))]
            _ => Err(mixed()),
        }
    }

    /// What a flow back has noted of the rows of a table with these keys.
    pub(crate) async fn noted(&mut self, table: &str, keys: &[&[u8]]) -> Result<Vec<Note>, Failure> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        match self {
            #[cfg(feature = "mysql")]
            Self::Mysql(session) => session.noted(table, keys).await,
            #[cfg(feature = "mongo")]
            Self::Mongo(session) => session.noted(table, keys).await,
        }
    }

    /// The next rows that have `value` in `column`, in the order of their keys, behind one of these; fewer than
    /// [`PAGE_ROWS`] at the end.
    pub(crate) async fn rows_of(
        &mut self,
        table: &Keyed,
        column: &str,
        value: &Value,
        after: Option<&[Value]>,
    ) -> Result<Vec<SourceRow>, Failure> {
        match (self, table) {
            #[cfg(feature = "mysql")]
            (Self::Mysql(session), Keyed::Mysql(table)) => session.rows_of(table, column, value, after).await,
            #[cfg(feature = "mongo")]
            (Self::Mongo(session), Keyed::Mongo(table)) => session.rows_of(table, column, value, after).await,
            #[cfg(all(feature = "mysql", feature = "mongo"))]
            _ => Err(mixed()),
        }
    }
}
