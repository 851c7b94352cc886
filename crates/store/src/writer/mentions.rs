use sqlx::sqlite::SqliteConnection;

use crate::sql::{self, Args};
use crate::{MentionChange, StoreError};

/// Changes what agents are called to.
pub(super) async fn write(conn: &mut SqliteConnection, change: &MentionChange) -> Result<(), StoreError> {
    const ADD: &str = "INSERT INTO mention (agent, conversation, seq)
        SELECT value, ?2, ?3 FROM json_each(?1) WHERE true
        ON CONFLICT (agent, conversation) DO UPDATE SET seq = max(seq, excluded.seq)";
    const SEEN: &str = "DELETE FROM mention WHERE agent = ? AND conversation = ? AND seq <= ?";
    let number = |seq: u64| i64::try_from(seq).unwrap_or(i64::MAX);
    match change {
        MentionChange::Add { agents, conversation, seq } => {
            let args = Args::default().ints(agents.iter().map(|agent| agent.0));
            sql::execute(conn, ADD, args.int(conversation.0).int(number(*seq))).await.map(drop)
        }
        MentionChange::Seen { agent, conversation, seq } => {
            let args = Args::default().int(agent.0).int(conversation.0).int(number(*seq));
            sql::execute(conn, SEEN, args).await.map(drop)
        }
    }
}
