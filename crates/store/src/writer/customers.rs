use kefu_core::Micros;
use sqlx::Row as _;
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

use crate::sql::{self, Args};
use crate::{CustomerChange, CustomerIdentity, StoreError};

/// What is stale when a customer is not what a change was made for.
const STALE: StoreError = StoreError::Stale("customer");

/// Changes customers.
pub(super) async fn write(conn: &mut SqliteConnection, change: &CustomerChange) -> Result<(), StoreError> {
    match change {
        CustomerChange::Edit { .. } => edit(conn, change).await,
        CustomerChange::Merge { id, target, sources, at, made_by } => {
            for customer in sources.iter().chain([target]) {
                check_not_erased(conn, *customer).await?;
            }
            let target = row_of(conn, *target, *at).await?;
            for source in sources {
                let source = row_of(conn, *source, *at).await?;
                merge(conn, *id, source, target, *at, *made_by).await?;
            }
            Ok(())
        }
        CustomerChange::Unmerge { target, id, at } => {
            check_not_erased(conn, *target).await?;
            unmerge(conn, *target, *id, *at).await
        }
        CustomerChange::AddIdentity { customer, identity } => {
            let customer = row_of(conn, *customer, identity.created_at).await?;
            add_identity(conn, customer, identity).await
        }
        CustomerChange::DropIdentity { customer, id } => {
            const SQL: &str = "DELETE FROM identity WHERE id = ? AND visitor IS NULL
                AND customer = (SELECT key FROM customer WHERE id = ?)";
            let args = Args::default().blob(id.as_bytes()).blob(customer.as_bytes());
            let dropped = sql::execute(conn, SQL, args).await?;
            if dropped == 0 { Err(StoreError::Stale("identity")) } else { Ok(()) }
        }
    }
}

/// While a customer is being erased, who it is stays as it is.
async fn check_not_erased(conn: &mut SqliteConnection, customer: Uuid) -> Result<(), StoreError> {
    const SQL: &str = "SELECT 1 FROM erasure WHERE customer = ? AND finished_at IS NULL";
    let under_way = sql::row(conn, SQL, Args::default().blob(customer.as_bytes())).await?;
    if under_way.is_some() { Err(STALE) } else { Ok(()) }
}

async fn edit(conn: &mut SqliteConnection, change: &CustomerChange) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE customer SET
            name = coalesce(?, name), email = coalesce(?, email), phone = coalesce(?, phone),
            note = coalesce(?, note), attributes = coalesce(?, attributes),
            updated_at = ?, version = version + 1
        WHERE key = ? AND version = ?";
    let CustomerChange::Edit { id, version, at, name, email, phone, note, attributes } = change else {
        return Ok(());
    };
    let key = row_of(conn, *id, *at).await?;
    let mut args = Args::default();
    for field in [name, email, phone, note, attributes] {
        args.add_opt_text(field.as_deref());
    }
    let changed = sql::execute(conn, SQL, args.int(at.0).int(key).int(*version)).await?;
    if changed == 0 { Err(STALE) } else { Ok(()) }
}

/// The row of a customer that stands for itself; makes it when the customer is only a visitor so far.
pub(super) async fn row_of(conn: &mut SqliteConnection, id: Uuid, now: Micros) -> Result<i64, StoreError> {
    const MAKE: &str = "INSERT INTO customer
        (id, name, email, phone, note, attributes, created_at, updated_at, version)
        SELECT id, name, email, '', '', attributes, created_at, created_at, 0 FROM visitor
        WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM identity WHERE identity.visitor = visitor.key)";
    const LINK: &str =
        "INSERT INTO identity (id, customer, kind, scope, value, verified, visitor, created_at)
        SELECT visitor.id, customer.key, 0, '', '', 0, visitor.key, ?2
        FROM visitor JOIN customer ON customer.id = visitor.id WHERE visitor.id = ?1";
    if let Some(key) = live_row(conn, id).await? {
        return Ok(key);
    }
    // A customer that was merged has a row already: then this is a conflict of its id.
    match sql::execute(conn, MAKE, Args::default().blob(id.as_bytes())).await? {
        0 => return Err(STALE),
        _ => sql::execute(conn, LINK, Args::default().blob(id.as_bytes()).int(now.0)).await?,
    };
    live_row(conn, id).await?.ok_or(STALE)
}

async fn live_row(conn: &mut SqliteConnection, id: Uuid) -> Result<Option<i64>, StoreError> {
    const SQL: &str = "SELECT key FROM customer WHERE id = ? AND merged_into IS NULL";
    let row = sql::row(conn, SQL, Args::default().blob(id.as_bytes())).await?;
    row.map(|row| Ok(row.try_get_unchecked(0)?)).transpose()
}

async fn merge(
    conn: &mut SqliteConnection,
    id: Uuid,
    source: i64,
    target: i64,
    at: Micros,
    made_by: Uuid,
) -> Result<(), StoreError> {
    const NOTE: &str = "INSERT INTO customer_merge (id, at, made_by, source, target, moved)
        VALUES (?1, ?2, ?3, ?4, ?5, (SELECT json_group_array(key) FROM identity WHERE customer = ?4))";
    const MOVE: &str = "UPDATE identity SET customer = ? WHERE customer = ?";
    const CLOSE: &str = "UPDATE customer SET merged_into = ? WHERE key = ?";
    if source == target {
        return Err(STALE);
    }
    let args = Args::default().blob(id.as_bytes()).int(at.0).blob(made_by.as_bytes()).int(source).int(target);
    sql::execute(conn, NOTE, args).await?;
    sql::execute(conn, MOVE, Args::default().int(target).int(source)).await?;
    sql::execute(conn, CLOSE, Args::default().int(target).int(source)).await.map(drop)
}

async fn unmerge(conn: &mut SqliteConnection, target: Uuid, id: Uuid, at: Micros) -> Result<(), StoreError> {
    const FIND: &str = "SELECT key, source, moved FROM customer_merge
        WHERE id = ? AND target = ? AND undone_at IS NULL ORDER BY key DESC";
    const MOVE: &str = "UPDATE identity SET customer = ?
        WHERE customer = ? AND key IN (SELECT value FROM json_each(?))";
    const OPEN: &str = "UPDATE customer SET merged_into = NULL WHERE key = ? AND merged_into = ?";
    const DONE: &str = "UPDATE customer_merge SET undone_at = ? WHERE key = ?";
    let target = live_row(conn, target).await?.ok_or(STALE)?;
    let merges = sql::rows(conn, FIND, Args::default().blob(id.as_bytes()).int(target)).await?;
    if merges.is_empty() {
        return Err(StoreError::Stale("merge"));
    }
    for row in &merges {
        let (key, source): (i64, i64) = (row.try_get_unchecked(0)?, row.try_get_unchecked(1)?);
        let moved: &str = row.try_get_unchecked(2)?;
        sql::execute(conn, MOVE, Args::default().int(source).int(target).text(moved)).await?;
        if sql::execute(conn, OPEN, Args::default().int(source).int(target)).await? == 0 {
            return Err(StoreError::Stale("merge"));
        }
        sql::execute(conn, DONE, Args::default().int(at.0).int(key)).await?;
    }
    Ok(())
}

async fn add_identity(
    conn: &mut SqliteConnection,
    customer: i64,
    identity: &CustomerIdentity,
) -> Result<(), StoreError> {
    const HAS: &str = "SELECT 1 FROM identity
        WHERE customer = ? AND kind = ? AND scope = ? AND value = ? AND visitor IS NULL";
    const ADD: &str = "INSERT INTO identity (id, customer, kind, scope, value, verified, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)";
    let (kind, scope, value) = (identity.kind.number(), &identity.scope, &identity.value);
    let args = Args::default().int(customer).int(kind).text(scope).text(value);
    if sql::row(conn, HAS, args).await?.is_some() {
        return Err(StoreError::Conflict("identity.value".to_owned()));
    }
    let args = Args::default()
        .blob(identity.id.as_bytes())
        .int(customer)
        .int(kind)
        .text(scope)
        .text(value)
        .int(i64::from(identity.verified))
        .int(identity.created_at.0);
    sql::execute(conn, ADD, args).await.map(drop)
}
