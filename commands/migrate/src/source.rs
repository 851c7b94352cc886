//! Where records come from.

mod archive;
pub(crate) mod bson;
mod column;
mod dump;
#[cfg(feature = "live")]
pub(crate) mod live;
#[cfg(feature = "mongo")]
mod mongo;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "live")]
mod paging;
pub(crate) mod sql;
mod stream;
mod tails;
#[cfg(feature = "live")]
mod writing;

use std::collections::HashSet;

use kefu_app::{Exit, Failure, Text};

pub(crate) use self::tails::Tails;

#[cfg(feature = "live")]
pub(crate) use self::live::{Changes, Dirty, Keyed, PAGE_ROWS, Position, Server, Session, Watched};
#[cfg(all(feature = "mysql", fuzzing))]
pub(crate) use self::mysql::fuzz as fuzz_binary_log;

#[cfg(feature = "live")]
pub(crate) use self::writing::{Cell, Cells, NOTES, Note, Unwritten, Writer, hash_there};
use crate::{
    settings::{Place, SourceSettings},
    value::Value,
};

/// A source refuses what is asked of it.
pub(crate) const REFUSED: Exit = Exit::Verdict(3);

/// Bytes of rows that are read ahead of what becomes of them.
pub(crate) const PAGE_BYTES: usize = 2 << 20;

/// A table or a collection as its source has it.
#[derive(Clone, Debug, Default)]
pub(crate) struct TableInfo {
    pub(crate) name: String,
    /// Columns and their types; of documents, those of the first ones.
    pub(crate) columns: Vec<(String, String)>,
    /// Columns of the primary key.
    pub(crate) key: Vec<String>,
    /// Other sets of columns that no two rows share.
    pub(crate) unique: Vec<Vec<String>>,
    /// About how many rows it has.
    pub(crate) rows: Option<u64>,
    /// About how many bytes.
    pub(crate) bytes: Option<u64>,
    /// Whether documents may have other columns, too.
    pub(crate) is_open: bool,
}

/// What is read of a table.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) table: String,
    pub(crate) key: Vec<String>,
    pub(crate) columns: Vec<String>,
    /// Where reading goes on.
    pub(crate) position: Option<Vec<u8>>,
    pub(crate) page_rows: u32,
}

/// A row: its key and its columns, in the order in which they were asked for.
#[derive(Debug)]
pub(crate) struct SourceRow {
    pub(crate) key: Vec<u8>,
    pub(crate) values: Vec<Value>,
}

/// Some rows, and where reading goes on behind them.
#[derive(Debug, Default)]
pub(crate) struct Page {
    pub(crate) rows: Vec<SourceRow>,
    pub(crate) position: Option<Vec<u8>>,
    pub(crate) is_end: bool,
}

/// An open source.
#[derive(Debug)]
pub(crate) enum Source {
    #[cfg(feature = "live")]
    Server(Box<Server>),
    Dump(dump::Dump),
    Sql(sql::SqlDump),
}

/// A table that is being read.
pub(crate) enum Cursor {
    #[cfg(feature = "mysql")]
    Mysql(Box<mysql::Cursor>),
    #[cfg(feature = "mongo")]
    Mongo(Box<mongo::Cursor>),
    Dump(Box<dump::Cursor>),
    Sql(Box<sql::Cursor>),
}

impl Source {
    pub(crate) async fn open(settings: &SourceSettings) -> Result<Self, Failure> {
        match &settings.place {
            #[cfg(feature = "mysql")]
            Place::Mysql(address) => {
                let server = mysql::Server::open(settings, address).await?;
                Ok(Self::Server(Box::new(Server::Mysql(Box::new(server)))))
            }
            #[cfg(feature = "mongo")]
            Place::Mongo(address) => {
                let server = mongo::Server::open(settings, address).await?;
                Ok(Self::Server(Box::new(Server::Mongo(server))))
            }
            Place::Dump(path) => dump::Dump::open(path, &settings.tails).map(Self::Dump),
            Place::Sql(path) => sql::SqlDump::open(path, &settings.tails).map(Self::Sql),
        }
    }

    /// What it is: another one has other keys.
    pub(crate) fn identity(&self) -> &str {
        match self {
            #[cfg(feature = "live")]
            Self::Server(server) => server.identity(),
            Self::Dump(dump) => dump.identity(),
            Self::Sql(dump) => dump.identity(),
        }
    }

    /// Whether what it has can change between two runs.
    pub(crate) fn is_live(&self) -> bool {
        match self {
            #[cfg(feature = "live")]
            Self::Server(_) => true,
            Self::Dump(_) | Self::Sql(_) => false,
        }
    }

    /// The server whose changes can be followed.
    #[cfg(feature = "live")]
    pub(crate) fn server(&self) -> Option<&Server> {
        match self {
            Self::Server(server) => Some(server),
            Self::Dump(_) | Self::Sql(_) => None,
        }
    }

    /// Its tables, with their columns.
    pub(crate) async fn tables(&self) -> Result<Vec<TableInfo>, Failure> {
        match self {
            #[cfg(feature = "live")]
            Self::Server(server) => server.tables().await,
            Self::Dump(dump) => tokio::task::block_in_place(|| dump.tables()),
            Self::Sql(dump) => tokio::task::block_in_place(|| dump.tables()),
        }
    }

    /// Begins to read.
    pub(crate) async fn read(&self, request: Request) -> Result<Cursor, Failure> {
        match self {
            #[cfg(feature = "live")]
            Self::Server(server) => match &**server {
                #[cfg(feature = "mysql")]
                Server::Mysql(server) => {
                    server.read(request).await.map(|cursor| Cursor::Mysql(Box::new(cursor)))
                }
                #[cfg(feature = "mongo")]
                Server::Mongo(server) => server.read(request).map(|cursor| Cursor::Mongo(Box::new(cursor))),
            },
            Self::Dump(dump) => tokio::task::block_in_place(|| dump.read(request))
                .map(|cursor| Cursor::Dump(Box::new(cursor))),
            Self::Sql(dump) => {
                tokio::task::block_in_place(|| dump.read(request)).map(|cursor| Cursor::Sql(Box::new(cursor)))
            }
        }
    }

    /// The rows with these keys, as far as they are there; none where keys cannot be asked for.
    #[cfg_attr(not(feature = "live"), expect(unused_variables, reason = "only servers look rows up"))]
    pub(crate) async fn rows(
        &self,
        request: &Request,
        keys: &[Vec<u8>],
    ) -> Option<Result<Vec<SourceRow>, Failure>> {
        match self {
            #[cfg(feature = "live")]
            Self::Server(server) => match &**server {
                #[cfg(feature = "mysql")]
                Server::Mysql(server) => Some(server.rows(request, keys).await),
                #[cfg(feature = "mongo")]
                Server::Mongo(server) => server.rows(request, keys).await,
            },
            Self::Dump(_) | Self::Sql(_) => None,
        }
    }
}

impl Source {
    /// Whether something flows back to it, so that it has notes of that.
    pub(crate) async fn is_flowed_to(&self) -> Result<bool, Failure> {
        match self {
            #[cfg(feature = "live")]
            Self::Server(server) => Ok(server.tables().await?.iter().any(|table| table.name == NOTES)),
            Self::Dump(_) | Self::Sql(_) => Ok(false),
        }
    }

    /// Which of these keys of a table are of rows that a flow back has added.
    #[cfg_attr(
        not(feature = "live"),
        expect(unused_variables, reason = "only to servers something flows back")
    )]
    pub(crate) async fn made(&self, table: &str, keys: &[&[u8]]) -> Result<HashSet<Vec<u8>>, Failure> {
        match self {
            #[cfg(feature = "live")]
            Self::Server(_) if keys.is_empty() => Ok(HashSet::new()),
            #[cfg(feature = "live")]
            Self::Server(server) => {
                let mut session = server.session();
                session.begin(None, None).await?;
                let notes = session.noted(table, keys).await?.into_iter();
                session.end().await?;
                Ok(notes.filter(|note| note.is_made).filter_map(|note| Some(note.row?.1)).collect())
            }
            Self::Dump(_) | Self::Sql(_) => Ok(HashSet::new()),
        }
    }
}

impl Cursor {
    /// The next rows; after the last ones it has no more.
    pub(crate) async fn next(&mut self) -> Result<Page, Failure> {
        match self {
            #[cfg(feature = "mysql")]
            Self::Mysql(cursor) => cursor.next().await,
            #[cfg(feature = "mongo")]
            Self::Mongo(cursor) => cursor.next().await,
            Self::Dump(cursor) => tokio::task::block_in_place(|| cursor.next()),
            Self::Sql(cursor) => tokio::task::block_in_place(|| cursor.next()),
        }
    }
}

/// A failure that names the source's fault.
pub(crate) fn refused(en: impl Into<String>, zh: impl Into<String>) -> Failure {
    Failure::new(REFUSED, Text::new(en, zh))
}

/// What helps when a position is of no use.
#[cfg(feature = "live")]
fn recopy() -> Text {
    Text::new(
        "`kefu migrate run --follow --recopy` with the same file reads all tables again, and follows from now on",
        "使用同一文件执行 `kefu migrate run --follow --recopy`,将重新读取所有表,并从现在起跟随",
    )
}
