use std::hash::Hasher as _;

use kefu_core::{Entry, Principal};
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

use super::{Asked, Writer};
use crate::rows::{self, int, principal_number};
use crate::sql::{self, Args};
use crate::{StoreError, reader, schema};

/// The key of a store's dedupe hashes; it never changes.
pub(super) struct HashKey(u64, u64);

impl HashKey {
    pub(super) fn new(bytes: [u8; 16]) -> Self {
        let [low, high] = [0, 8].map(|start| {
            let mut half = [0; 8];
            half.copy_from_slice(&bytes[start..start + 8]);
            u64::from_le_bytes(half)
        });
        Self(low, high)
    }

    pub(super) async fn read(conn: &mut SqliteConnection) -> Result<Self, StoreError> {
        let bytes: Option<Vec<u8>> = schema::meta(conn, "dedupe_key").await?;
        let bytes = bytes.and_then(|bytes| <[u8; 16]>::try_from(bytes).ok());
        bytes.map(Self::new).ok_or_else(|| StoreError::corrupt("the store has no dedupe key"))
    }

    /// SipHash-2-4 of the sender and its client id. Kept for ever: it must never change.
    #[expect(deprecated, reason = "the only hasher of std whose algorithm is fixed")]
    pub(super) fn hash(&self, sender: Principal, client_id: Uuid) -> i64 {
        let (kind, key) = principal_number(sender);
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&kind.to_le_bytes());
        bytes[8..16].copy_from_slice(&key.unwrap_or(0).to_le_bytes());
        bytes[16..].copy_from_slice(client_id.as_bytes());
        let mut hasher = std::hash::SipHasher::new_with_keys(self.0, self.1);
        hasher.write(&bytes);
        hasher.finish().cast_signed()
    }
}

impl Writer {
    /// For each message, the entry that its sender stored earlier under the same client id.
    ///
    /// It knows what is committed: repeats within one batch are the caller's to find.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn duplicates(&mut self, asked: &[Asked]) -> Result<Vec<Option<Entry>>, StoreError> {
        let hashes: Vec<i64> =
            asked.iter().map(|&(_, sender, client_id)| self.tail.key().hash(sender, client_id)).collect();
        let mut found: Vec<Option<Entry>> = vec![None; asked.len()];
        let mut older = Vec::with_capacity(asked.len());
        for (index, &hash) in hashes.iter().enumerate() {
            for seq in self.tail.seqs(asked[index].0, hash) {
                if found[index].is_none() {
                    found[index] = self.verified(&asked[index], seq).await?;
                }
            }
            if found[index].is_none() {
                older.push(index);
            }
        }
        for (index, seq) in self.folded_seqs(asked, &hashes, &older).await? {
            if found[index].is_none() {
                found[index] = self.verified(&asked[index], seq).await?;
            }
        }
        Ok(found)
    }

    /// Looks up the messages at `indexes` in the index.
    async fn folded_seqs(
        &mut self,
        asked: &[Asked],
        hashes: &[i64],
        indexes: &[usize],
    ) -> Result<Vec<(usize, i64)>, StoreError> {
        let wanted: Vec<_> =
            indexes.iter().map(|&index| (int(index as u64), asked[index].0.0, hashes[index])).collect();
        let found = self.statements.find_dedupe(&mut self.conn, &wanted).await?;
        found
            .iter()
            .map(|row| {
                let index: i64 = row.try_get_unchecked(0)?;
                let index =
                    usize::try_from(index).map_err(|_| StoreError::corrupt("a look-up went astray"))?;
                Ok((index, row.try_get_unchecked(1)?))
            })
            .collect()
    }

    /// The entry `seq`, if it really is the message asked for and not one whose hash is the same.
    async fn verified(&mut self, asked: &Asked, seq: i64) -> Result<Option<Entry>, StoreError> {
        let &(conversation, sender, client_id) = asked;
        let head = match self.tail.last_pos(conversation) {
            Some(pos) => pos,
            None => {
                let args = Args::default().int(conversation.0);
                let row =
                    sql::row(&mut self.conn, "SELECT last_pos FROM conversation WHERE key = ?", args).await?;
                let last_pos: i64 = row.map_or(Ok(0), |row| row.try_get_unchecked(0))?;
                last_pos.max(self.tail.left_pos(conversation).unwrap_or(0))
            }
        };
        let args = reader::walk_args(conversation, head, seq, seq - 1, None, 1);
        let entry =
            sql::row(&mut self.conn, reader::WALK, args).await?.as_ref().map(rows::entry).transpose()?;
        Ok(entry.filter(|entry| entry.sender == sender && entry.client_id == Some(client_id)))
    }
}

#[cfg(test)]
mod tests {
    use kefu_core::VisitorKey;

    use super::*;

    /// Hashes are kept for ever: another value here would let repeats in.
    #[test]
    fn hash_is_fixed() {
        let key = HashKey::new([7; 16]);
        let client_id = Uuid::from_u128(0x0123_4567_89ab_cdef);
        let visitor = key.hash(Principal::Visitor(VisitorKey(5)), client_id);
        assert_ne!(visitor, key.hash(Principal::Bot, client_id));
        assert_ne!(visitor, HashKey::new([8; 16]).hash(Principal::Visitor(VisitorKey(5)), client_id));
        assert_eq!(visitor, 8_113_166_834_863_254_787);
    }
}
