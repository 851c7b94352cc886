use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;

use crate::audit::{AuditActor, AuditRecord, GENESIS, link, sealed_text};
use crate::sql::{self, Args};
use crate::{StoreError, rows};

/// The end of the audit log's chain.
#[derive(Clone, Copy)]
pub(super) struct Chain {
    number: i64,
    hash: [u8; 32],
}

impl Chain {
    pub(super) async fn read(conn: &mut SqliteConnection) -> Result<Self, StoreError> {
        const SQL: &str = "SELECT number, hash FROM audit ORDER BY number DESC LIMIT 1";
        match sql::row(conn, SQL, Args::default()).await? {
            Some(row) => {
                Ok(Self { number: row.try_get_unchecked(0)?, hash: rows::hash(row.try_get_unchecked(1)?)? })
            }
            None => Ok(Self { number: 0, hash: GENESIS }),
        }
    }

    /// Adds a line.
    pub(super) async fn append(
        &mut self,
        conn: &mut SqliteConnection,
        record: &AuditRecord,
    ) -> Result<(), StoreError> {
        const SQL: &str = "INSERT INTO audit (number, at, actor, action, target, text, hash)
            VALUES (?, ?, ?, ?, ?, ?, ?)";
        let number = self.number + 1;
        let text = sealed_text(number, record);
        let hash = link(&self.hash, &text);
        let actor = match &record.actor {
            AuditActor::Agent(id) | AuditActor::Visitor(id) | AuditActor::Key(id) => Some(*id),
            AuditActor::Shell | AuditActor::System | AuditActor::Unknown => None,
        };
        let mut args = Args::default().int(number).int(record.at.0);
        args.add_opt_blob(actor.as_ref().map(|id| id.as_bytes().as_slice()));
        args.add_text(record.action);
        args.add_opt_blob(record.target.as_ref().map(|(_, id)| id.as_bytes().as_slice()));
        sql::execute(conn, SQL, args.text(&text).blob(&hash)).await?;
        *self = Self { number, hash };
        Ok(())
    }
}
