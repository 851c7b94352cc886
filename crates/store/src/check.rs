use std::path::Path;

use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{Connection as _, Row as _};

use crate::files::copy;
use crate::sql::{self, Args};
use crate::{FileDir, StoreError, open, schema, search};

/// What must find nothing, and what it means if it does: the rest of the sentence after the number.
const RULES: [(&str, &str); 8] = [
    (
        "does not follow the entry before it in its conversation",
        "SELECT log.pos FROM log LEFT JOIN log AS prev ON prev.pos = log.prev_pos
         WHERE CASE WHEN log.prev_pos = 0 THEN log.seq <> 1 OR log.prev_public_seq <> 0
            ELSE prev.pos IS NULL OR prev.pos >= log.pos OR prev.conversation <> log.conversation
                OR prev.seq <> log.seq - 1
                OR log.prev_public_seq <> iif(prev.kind = 1, prev.prev_public_seq, prev.seq) END
         LIMIT 20",
    ),
    (
        "is the position of a conversation's last entry, but its entries are not 1, 2, 3 …",
        "SELECT max(pos) FROM log GROUP BY conversation HAVING count(*) <> max(seq) LIMIT 20",
    ),
    (
        "belongs to no conversation",
        "SELECT pos FROM log WHERE conversation NOT IN (SELECT key FROM conversation) LIMIT 20",
    ),
    (
        "is a folded entry that its conversation does not count",
        "SELECT log.pos FROM log JOIN conversation ON conversation.key = log.conversation
         WHERE log.pos <= (SELECT value FROM meta WHERE key = 'folded_pos') AND log.seq > conversation.last_seq
         LIMIT 20",
    ),
    (
        "is the key of a conversation whose head is not in the log",
        "SELECT key FROM conversation LEFT JOIN log ON log.pos = conversation.last_pos
         WHERE iif(conversation.last_seq = 0, conversation.last_pos <> 0,
            log.pos IS NULL OR log.conversation <> conversation.key OR log.seq <> conversation.last_seq)
         LIMIT 20",
    ),
    (
        "is an anchor's position, but not of its entry",
        "SELECT anchor.pos FROM anchor LEFT JOIN log ON log.pos = anchor.pos
         WHERE log.pos IS NULL OR log.conversation <> anchor.conversation OR log.seq <> anchor.seq LIMIT 20",
    ),
    (
        "anchors are missing",
        "SELECT log.anchors - anchor.anchors
         FROM (SELECT count(*) AS anchors FROM log WHERE seq % 32 = 0) AS log,
            (SELECT count(*) AS anchors FROM anchor) AS anchor
         WHERE log.anchors <> anchor.anchors",
    ),
    (
        "client ids are missing",
        "SELECT log.ids - dedupe.ids
         FROM (SELECT count(*) AS ids FROM log WHERE client_id IS NOT NULL
                AND pos <= (SELECT value FROM meta WHERE key = 'folded_pos')) AS log,
            (SELECT count(*) AS ids FROM dedupe) AS dedupe
         WHERE log.ids > dedupe.ids",
    ),
];

/// Everything that is wrong with the store in `dir`: nothing, if all is well. Reads all of it, and may
/// run while another process has it open.
///
/// # Errors
/// When the store cannot be read, or is not one that this build knows.
pub async fn check(dir: &Path) -> Result<Vec<String>, StoreError> {
    let file = dir.join(open::FILE);
    let mut conn = open::connect_reading(&file).await?;
    if schema::identify(&mut conn, &file).await? == 0 {
        return Err(StoreError::Foreign(file));
    }
    // One snapshot for all rules.
    sql::script(&mut conn, "BEGIN").await?;
    let mut problems = integrity(&mut conn).await?;
    if problems.is_empty() {
        for (what, sql) in RULES {
            let found = sql::rows(&mut conn, sql, Args::default()).await?;
            let numbers = found.iter().map(number).collect::<Result<Vec<_>, _>>()?;
            problems.extend(numbers.into_iter().map(|number| format!("{number} {what}")));
        }
    }
    let found =
        if problems.is_empty() { copy::check(&mut conn, &FileDir::of(dir)).await? } else { Vec::new() };
    sql::script(&mut conn, "COMMIT").await?;
    if !found.is_empty() {
        // What was removed meanwhile has lost its bytes rightly.
        let ids: Vec<_> = found.iter().map(|(id, _)| *id).collect();
        let known = copy::still_known(&mut conn, &ids).await?;
        let wrong = found.into_iter().filter(|(id, _)| known.contains(id));
        problems.extend(wrong.map(|(id, what)| format!("the file {id} {what}")));
    }
    conn.close().await?;
    problems.extend(search::check(dir).await?);
    Ok(problems)
}

fn number(row: &SqliteRow) -> Result<i64, StoreError> {
    Ok(row.try_get_unchecked(0)?)
}

/// What SQLite itself finds wrong.
pub(crate) async fn integrity(conn: &mut SqliteConnection) -> Result<Vec<String>, StoreError> {
    problems(conn, "PRAGMA integrity_check").await
}

/// What SQLite finds wrong without comparing indexes and tables.
pub(crate) async fn quick(conn: &mut SqliteConnection) -> Result<Vec<String>, StoreError> {
    problems(conn, "PRAGMA quick_check").await
}

async fn problems(conn: &mut SqliteConnection, sql: &'static str) -> Result<Vec<String>, StoreError> {
    let rows = match sql::rows(conn, sql, Args::default()).await {
        Ok(rows) => rows,
        Err(StoreError::Corrupt(what)) => return Ok(vec![what]),
        Err(error) => return Err(error),
    };
    let mut problems = Vec::new();
    for row in &rows {
        let problem: String = row.try_get_unchecked(0)?;
        if problem != "ok" {
            problems.push(problem);
        }
    }
    Ok(problems)
}
