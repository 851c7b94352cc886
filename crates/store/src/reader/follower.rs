use kefu_core::{Conversation, ConversationKey};
use uuid::Uuid;

use super::Store;
use crate::writer::{Left, heads_by_id, heads_by_key};
use crate::{StoreError, schema};

/// Knows exact heads of a store that another process writes: as a start after a crash does, it reads what the log has
/// beyond the rows.
///
/// It holds what the writer has not folded yet, some tens of thousands of entries without their texts at most.
#[derive(Default)]
pub struct Follower {
    left: Left,
    /// The position of the last entry that was read.
    end: i64,
}

impl Follower {
    /// Reads what was committed since the last call.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn catch_up(&mut self, store: &Store) -> Result<(), StoreError> {
        let mut lease = store.lease().await?;
        // Before the log: rows that are read from now on have at least this.
        let folded: i64 = schema::meta(lease.conn(), "folded_pos").await?.unwrap_or(0);
        let end = schema::pragma(lease.conn(), "SELECT max(pos) FROM log").await?;
        let new = Left::read(lease.conn(), self.end.max(folded), end).await?;
        let followed = self.left.follow(folded, new);
        // What failed holds nothing any more: the next call begins anew.
        self.end = if followed.is_ok() { end } else { 0 };
        followed
    }

    /// The heads with these public ids or keys as of [`Follower::catch_up`] or later, in no order; unknown ones are
    /// left out.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn heads(
        &self,
        store: &Store,
        ids: &[Uuid],
        keys: &[ConversationKey],
    ) -> Result<Vec<Conversation>, StoreError> {
        let mut lease = store.lease().await?;
        let mut heads = heads_by_id(lease.conn(), ids).await?;
        heads.extend(heads_by_key(lease.conn(), keys).await?);
        heads.iter_mut().try_for_each(|head| self.left.grow(head))?;
        Ok(heads)
    }
}

#[cfg(test)]
mod tests {
    use kefu_core::Audience;

    use super::*;
    use crate::tests::{conversation, grow, open, run, shown};
    use crate::{Range, open_reading};

    #[test]
    fn heads_are_exact_while_another_writes() {
        run(|dir| async move {
            let opened = open(dir.path()).await.unwrap();
            let mut writer = opened.writer;
            let store = open_reading(dir.path(), 2).await.unwrap();
            let mut follower = Follower::default();
            follower.catch_up(&store).await.unwrap();
            let mut one = conversation(&mut writer, 1).await;
            let mut other = conversation(&mut writer, 2).await;
            for round in 1..=3 {
                let entries = grow(&mut writer, &mut one, 40).await.unwrap();
                grow(&mut writer, &mut other, 3).await.unwrap();
                let lags = store.conversations(crate::View::All, None, None, 9).await.unwrap().0;
                assert!(lags.items.iter().all(|head| head.last_seq < one.last_seq), "round {round}");
                follower.catch_up(&store).await.unwrap();
                let mut found = follower.heads(&store, &[one.id], &[other.key]).await.unwrap();
                found.sort_by_key(|head| head.key);
                assert_eq!(shown(&found), shown([&one, &other]), "round {round}");
                let newest = Range::Newest { limit: 40 };
                let page = store.messages(&found[0], Audience::Agent, newest).await.unwrap();
                assert_eq!(shown(&page.items), shown(&entries), "round {round}");
            }
            assert!(follower.heads(&store, &[Uuid::from_u128(9)], &[]).await.unwrap().is_empty());
            writer.close().await.unwrap();
            follower.catch_up(&store).await.unwrap();
            assert_eq!(follower.left.len(), 0, "what is folded is forgotten");
            let found = follower.heads(&store, &[], &[one.key]).await.unwrap();
            assert_eq!(shown(&found), shown([&one]));
        });
    }
}
