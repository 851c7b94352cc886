use kefu_core::{AgentKey, CustomRole};
use sqlx::sqlite::SqliteConnection;

use crate::access::rights_text;
use crate::sql::{self, Args};
use crate::{AccessChange, ApiKey, StoreError, schema};

/// Writes one change, inside the transaction of its batch.
pub(super) async fn write(conn: &mut SqliteConnection, change: &AccessChange) -> Result<(), StoreError> {
    match change {
        AccessChange::Role(role) => write_role(conn, role).await,
        AccessChange::DropRole(id) => {
            let args = Args::default().blob(id.as_bytes());
            sql::execute(conn, "DELETE FROM role WHERE id = ?", args).await.map(drop)
        }
        AccessChange::Key(key) => write_key(conn, key).await,
        AccessChange::KeySeen { id, at } => {
            let args = Args::default().int(at.0).blob(id.as_bytes());
            sql::execute(conn, "UPDATE api_key SET last_used_at = ? WHERE id = ?", args).await.map(drop)
        }
        AccessChange::DropKey(id) => {
            let args = Args::default().blob(id.as_bytes());
            one(sql::execute(conn, "DELETE FROM api_key WHERE id = ?", args).await?, "key")
        }
        AccessChange::Totp { agent, sealed } => {
            const SQL: &str = "INSERT INTO totp (agent, sealed, is_confirmed, last_step) VALUES (?, ?, 0, 0)
                ON CONFLICT (agent) DO UPDATE SET sealed = excluded.sealed WHERE is_confirmed = 0";
            let args = Args::default().int(agent.0).blob(sealed);
            one(sql::execute(conn, SQL, args).await?, "second factor")
        }
        AccessChange::TotpConfirmed { agent, sealed, step, recovery } => {
            confirm(conn, *agent, sealed, *step, recovery).await
        }
        AccessChange::TotpUsed { agent, step } => {
            const SQL: &str =
                "UPDATE totp SET last_step = ?1 WHERE agent = ?2 AND is_confirmed = 1 AND last_step < ?1";
            one(sql::execute(conn, SQL, Args::default().int(*step).int(agent.0)).await?, "second factor")
        }
        AccessChange::RecoveryUsed { agent, hash } => {
            let args = Args::default().int(agent.0).blob(hash);
            let dropped =
                sql::execute(conn, "DELETE FROM recovery_code WHERE agent = ? AND hash = ?", args).await?;
            one(dropped, "recovery code")
        }
        AccessChange::DropTotp(agent) => {
            let args = || Args::default().int(agent.0);
            sql::execute(conn, "DELETE FROM recovery_code WHERE agent = ?", args()).await?;
            one(sql::execute(conn, "DELETE FROM totp WHERE agent = ?", args()).await?, "second factor")
        }
        AccessChange::TotpResealed { agent, before, after } => {
            let args = Args::default().blob(after).int(agent.0).blob(before);
            sql::execute(conn, "UPDATE totp SET sealed = ? WHERE agent = ? AND sealed = ?", args)
                .await
                .map(drop)
        }
        AccessChange::AuditSent(number) => schema::set_meta_int(conn, "audit_sent", *number).await,
    }
}

/// Refuses a change that found nothing to change.
fn one(changed: u64, what: &'static str) -> Result<(), StoreError> {
    if changed == 0 { Err(StoreError::Stale(what)) } else { Ok(()) }
}

async fn write_role(conn: &mut SqliteConnection, role: &CustomRole) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO role (id, name, permissions, created_at) VALUES (?, ?, ?, ?)
        ON CONFLICT (id) DO UPDATE SET name = excluded.name, permissions = excluded.permissions";
    let args = Args::default()
        .blob(role.id.as_bytes())
        .text(&role.name)
        .text(&rights_text(role.rights))
        .int(role.created_at.0);
    sql::execute(conn, SQL, args).await.map(drop)
}

async fn write_key(conn: &mut SqliteConnection, key: &ApiKey) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO api_key
        (token_hash, id, owner, name, scopes, networks, created_at, expires_at, last_used_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
    let networks = serde_json::to_string(&key.networks).expect("a list of strings is plain JSON");
    let args = Args::default()
        .blob(&key.token_hash)
        .blob(key.id.as_bytes())
        .int(key.owner.0)
        .text(&key.name)
        .text(&rights_text(key.scopes))
        .text(&networks)
        .int(key.created_at.0)
        .int(key.expires_at.map(|at| at.0))
        .int(key.last_used_at.map(|at| at.0));
    sql::execute(conn, SQL, args).await.map(drop)
}

async fn confirm(
    conn: &mut SqliteConnection,
    agent: AgentKey,
    sealed: &[u8],
    step: i64,
    recovery: &[[u8; 32]],
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE totp SET is_confirmed = 1, last_step = ?
        WHERE agent = ? AND is_confirmed = 0 AND sealed = ?";
    let args = Args::default().int(step).int(agent.0).blob(sealed);
    one(sql::execute(conn, SQL, args).await?, "second factor")?;
    let args = Args::default().int(agent.0);
    sql::execute(conn, "DELETE FROM recovery_code WHERE agent = ?", args).await?;
    for hash in recovery {
        let args = Args::default().int(agent.0).blob(hash);
        sql::execute(conn, "INSERT INTO recovery_code (agent, hash) VALUES (?, ?)", args).await?;
    }
    Ok(())
}
