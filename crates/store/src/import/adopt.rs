//! What was made here and has a row at a source by now: from then on it counts as what became of that row.

use kefu_core::Micros;
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

use super::importer::Importer;
use super::record::Entity;
use super::switch;
use crate::StoreError;
use crate::sql::{self, Args};

/// Something that was made here, and the row that stands for it there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Adopted {
    /// The table of the row.
    pub table: i64,
    /// Its key there.
    pub key: Vec<u8>,
    /// What it is here: a visitor, a conversation, a message or a ticket.
    pub entity: Entity,
    /// Row number, or place in the log.
    pub place: i64,
    /// The id that is made of the key; it takes the place of the one that it had.
    pub id: Uuid,
    /// When it was made, as the row has it; nothing, where what stands here stays.
    pub created_at: Option<Micros>,
}

impl Importer {
    /// Has these count as brought over; what is known already stays. Returns how many were new.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub async fn adopt(&mut self, rows: &[Adopted]) -> Result<u64, StoreError> {
        self.forget_heads().await?;
        let all = async |conn: &mut SqliteConnection| {
            let mut count = 0;
            for row in rows {
                // No hash is that of nothing: the row is compared when it is read next.
                const NOTE: &str = "INSERT INTO migrate_map (source_table, key, entity, place, hash)
                    VALUES (?, ?, ?, ?, x'') ON CONFLICT (source_table, key) DO NOTHING";
                let args = Args::default().int(row.table).blob(&row.key);
                let args = args.int(row.entity.number()).int(row.place);
                if sql::execute(conn, NOTE, args).await? == 0 {
                    continue;
                }
                count += 1;
                // Whoever followed its table may have passed it over: it is read once more.
                switch::note_late(conn, &[(row.table, row.key.clone(), None)]).await?;
                let rename = match row.entity {
                    Entity::Visitor => {
                        "UPDATE visitor SET id = ?, created_at = coalesce(?, created_at) WHERE key = ?"
                    }
                    Entity::Conversation => {
                        "UPDATE conversation SET id = ?, created_at = coalesce(?, created_at) WHERE key = ?"
                    }
                    Entity::Message => {
                        "UPDATE log SET id = ?, created_at = coalesce(?, created_at) WHERE pos = ?"
                    }
                    Entity::Ticket => {
                        "UPDATE ticket SET id = ?, created_at = coalesce(?, created_at) WHERE number = ?"
                    }
                    Entity::Agent | Entity::Canned | Entity::Article => continue,
                };
                let args = Args::default().blob(row.id.as_bytes());
                let args = args.int(row.created_at.map(|at| at.0)).int(row.place);
                sql::execute(conn, rename, args).await?;
            }
            Ok(count)
        };
        let count = self.writer().alone(all).await?;
        for row in rows {
            self.reach(row.table, &row.key);
        }
        Ok(count)
    }
}
