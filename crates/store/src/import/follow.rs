//! Sources that are followed: where each stands, and what becomes of rows that are not there any more.

use std::borrow::BorrowMut;

use kefu_core::Micros;
use serde::{Deserialize, Serialize};
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::importer::{Importer, Prepared};
use super::record::Entity;
use super::step::{FILTERED, MapRow};
use super::switch;
use crate::rows::{Columns, int};
use crate::sql::{self, Args};
use crate::{Store, StoreError, Writer};

/// How far following a source has come.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub enum FollowState {
    /// Its tables are being copied; changes since then come after that.
    #[default]
    Copying,
    /// Its changes come over as they are made.
    Following,
    /// What is here has taken its place: nothing more is read of it.
    CutOver,
}

impl FollowState {
    /// The word that stands for it in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Copying => "copying",
            Self::Following => "following",
            Self::CutOver => "cut_over",
        }
    }

    fn read(number: i64) -> Result<Self, StoreError> {
        match number {
            0 => Ok(Self::Copying),
            1 => Ok(Self::Following),
            2 => Ok(Self::CutOver),
            _ => Err(StoreError::corrupt(format!("{number} names no state of a source"))),
        }
    }
}

/// Where a source is followed from.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct FollowPosition {
    /// Name of the source.
    pub source: String,
    /// In its words.
    pub position: String,
    /// Tables that were begun before this were not read behind the position.
    pub since: Micros,
    /// How far it has come.
    pub state: FollowState,
    /// How long after it was written there the last change was here, in microseconds.
    pub lag_us: u64,
    /// Rows that were read again because they changed.
    pub changes: u64,
    /// The same in the last second.
    pub rate: u64,
    /// When this was written.
    pub updated_at: Micros,
}

const COLUMNS: &str = "SELECT source, position, since, state, lag, changes, rate, updated_at
    FROM migrate_position ORDER BY source";

impl<W: BorrowMut<Writer>> Importer<W> {
    /// Where each source is followed from.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn positions(&mut self) -> Result<Vec<FollowPosition>, StoreError> {
        let rows = sql::rows(self.writer().reading(), COLUMNS, Args::default()).await?;
        rows.iter().map(read).collect()
    }

    /// Writes positions down, all of them or none.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn set_positions(&mut self, positions: &[FollowPosition]) -> Result<(), StoreError> {
        let all = async |conn: &mut SqliteConnection| {
            for position in positions {
                write(conn, position).await?;
            }
            Ok(())
        };
        self.writer().alone(all).await
    }

    /// Takes away what became of these rows of a table, because they are not there any more. References to it stay
    /// whole: a message is recalled, an agent disabled, a visitor nameless, a conversation over, a ticket closed and
    /// empty, an article archived; a canned reply is gone. Returns how many there were.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn bury(&mut self, table: i64, entity: Entity, keys: &[Vec<u8>]) -> Result<u64, StoreError> {
        const KNOWN: &str =
            "SELECT entity, place FROM migrate_map WHERE source_table = ? AND key = ? AND entity >= 0";
        let mut graves = Vec::new();
        for key in keys {
            let args = Args::default().int(table).blob(key);
            if let Some(row) = sql::row(self.writer().reading(), KNOWN, args).await? {
                let mut columns = Columns::of(&row);
                let (was, place): (i64, i64) = (columns.take()?, columns.take()?);
                graves.push((key, was, place));
            }
        }
        let places: Vec<_> = graves.iter().map(|(_, _, place)| (entity.number(), *place)).collect();
        let switched = self.in_switched(places).await?;
        let is_late = |place: i64| switched.contains(&(entity.number(), place));
        let late = graves.extract_if(.., |(_, _, place)| is_late(*place));
        let late: Vec<_> = late.map(|(key, ..)| (table, key.clone(), None)).collect();
        let in_time = keys.iter().filter(|_| self.is_catching_up()).map(|key| (table, key.clone()));
        let in_time: Vec<_> = in_time.collect();
        if graves.is_empty() && late.is_empty() && in_time.is_empty() {
            return Ok(0);
        }
        if entity == Entity::Conversation {
            self.forget_heads().await?;
        }
        let bury = async |conn: &mut SqliteConnection| {
            switch::note_late(conn, &late).await?;
            switch::forget_late(conn, &in_time).await?;
            for (key, was, place) in &graves {
                if *place == 0 {
                    const FORGET: &str = "DELETE FROM migrate_map WHERE source_table = ? AND key = ?";
                    sql::execute(conn, FORGET, Args::default().int(table).blob(key)).await?;
                    continue;
                }
                const MARK: &str =
                    "UPDATE migrate_map SET entity = ?, hash = x'' WHERE source_table = ? AND key = ?";
                // What a filter leaves out by now is buried already.
                if *was != FILTERED {
                    take_away(conn, entity, *place).await?;
                }
                let args = Args::default().int(-entity.number()).int(table).blob(key);
                sql::execute(conn, MARK, args).await?;
            }
            Ok(())
        };
        self.writer().alone(bury).await?;
        Ok(graves.len() as u64)
    }

    /// Keys of a table's dead letters, the first so many behind `after`; with those that were late in an inbox that was switched
    /// back since.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn dead_keys(
        &mut self,
        table: i64,
        after: &[u8],
        limit: u32,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        const SQL: &str = "SELECT key FROM migrate_map WHERE source_table = ?1 AND entity = 0 AND key > ?2
            UNION SELECT key FROM migrate_late WHERE source_table = ?1 AND key > ?2
                AND NOT EXISTS (SELECT 1 FROM migrate_inbox WHERE switched_at IS NOT NULL)
            ORDER BY key LIMIT ?3";
        self.map_keys(SQL, table, after, limit).await
    }

    /// Keys of a table of which something is here, the first so many behind `after`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn known_keys(
        &mut self,
        table: i64,
        after: &[u8],
        limit: u32,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        const SQL: &str = "SELECT key FROM migrate_map
            WHERE source_table = ? AND entity >= 0 AND key > ? ORDER BY key LIMIT ?";
        self.map_keys(SQL, table, after, limit).await
    }

    async fn map_keys(
        &mut self,
        sql: &'static str,
        table: i64,
        after: &[u8],
        limit: u32,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        let args = Args::default().int(table).blob(after).int(i64::from(limit));
        let rows = sql::rows(self.writer().reading(), sql, args).await?;
        rows.iter().map(|row| Columns::of(row).take()).collect()
    }
}

impl Prepared {
    /// Has `position` written in the same transaction.
    pub fn reach(&mut self, position: FollowPosition) {
        self.step.position = Some(position);
    }
}

impl Store {
    /// Where each source is followed from.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn follow_positions(&self) -> Result<Vec<FollowPosition>, StoreError> {
        self.all(COLUMNS, Args::default(), read).await
    }
}

fn read(row: &SqliteRow) -> Result<FollowPosition, StoreError> {
    let mut columns = Columns::of(row);
    Ok(FollowPosition {
        source: columns.take()?,
        position: columns.take()?,
        since: Micros(columns.take()?),
        state: FollowState::read(columns.take()?)?,
        lag_us: columns.number()?,
        changes: columns.number()?,
        rate: columns.number()?,
        updated_at: Micros(columns.take()?),
    })
}

/// Writes a position down, in the transaction of what was read up to it.
pub(super) async fn write(conn: &mut SqliteConnection, position: &FollowPosition) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO migrate_position
        (source, position, since, state, lag, changes, rate, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (source) DO UPDATE SET
            position = excluded.position, since = excluded.since, state = excluded.state, lag = excluded.lag,
            changes = excluded.changes, rate = excluded.rate, updated_at = excluded.updated_at";
    let args = Args::default()
        .text(&position.source)
        .text(&position.position)
        .int(position.since.0)
        .int(position.state as i64)
        .int(int(position.lag_us))
        .int(int(position.changes))
        .int(int(position.rate))
        .int(position.updated_at.0);
    sql::execute(conn, SQL, args).await.map(drop)
}

/// What a filter leaves out by now is taken away like what was deleted.
pub(super) async fn bury_filtered(conn: &mut SqliteConnection, rows: &[MapRow]) -> Result<(), StoreError> {
    for row in rows {
        take_away(conn, Entity::read(row.entity)?, row.place).await?;
    }
    Ok(())
}

async fn take_away(conn: &mut SqliteConnection, entity: Entity, place: i64) -> Result<(), StoreError> {
    // Values that no two may share are free for others.
    let sql = match entity {
        Entity::Agent => {
            "UPDATE agent SET disabled = 1, email = 'deleted-' || lower(hex(id)) || '@kefu.invalid' WHERE key = ?1"
        }
        Entity::Visitor => {
            "UPDATE visitor SET external_id = NULL, verified = 0, name = '', email = '', attributes = '{}'
                WHERE key = ?1"
        }
        Entity::Conversation => {
            "UPDATE conversation SET state = 4, queued_at = NULL, unanswered_at = NULL,
                resolved_at = coalesce(resolved_at, updated_at) WHERE key = ?1"
        }
        Entity::Message => {
            "UPDATE log SET text = '', data = NULL, revision = 2 WHERE pos = ?1 AND revision < 2"
        }
        Entity::Ticket => {
            "UPDATE ticket SET status = 4, subject = '', body = '', contact_name = '', contact_email = '',
                contact_phone = '', solved_at = coalesce(solved_at, updated_at), version = version + 1
                WHERE number = ?1"
        }
        Entity::Canned => "DELETE FROM canned_reply WHERE key = ?1",
        Entity::Article => "UPDATE article SET state = 2, version = version + 1 WHERE key = ?1",
    };
    sql::execute(conn, sql, Args::default().int(place)).await?;
    if entity == Entity::Visitor {
        const PHONE: &str = "UPDATE customer SET phone = ''
            WHERE key = (SELECT customer FROM identity WHERE visitor = ?)";
        sql::execute(conn, PHONE, Args::default().int(place)).await?;
    }
    Ok(())
}
