//! The audit log: who did what, each line chained to the one before it by a hash.
//!
//! A line's hash is SHA-256 over the hash of the line before it and the line's own text, so a line that is
//! changed, added or taken out later is found by [`Store::verify_audit`]. That lines were cut off at the end
//! shows only beside a copy: the number and hash of the last line are what to keep elsewhere.

use kefu_core::Micros;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::sql::Args;
use crate::{Store, StoreError, rows};

/// The hash before the first line.
pub(crate) const GENESIS: [u8; 32] = [0; 32];

/// Lines that one read takes at most.
const LINES_MAX: usize = 1000;

/// Who did something.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum AuditActor {
    /// An agent, by public id.
    Agent(Uuid),
    /// A visitor, by public id.
    Visitor(Uuid),
    /// An API key, by public id.
    Key(Uuid),
    /// Who works on the server's own shell.
    Shell,
    /// kefu itself.
    System,
    /// Nobody who could be named: a failed sign-in.
    Unknown,
}

impl AuditActor {
    fn parts(&self) -> (&'static str, Option<Uuid>) {
        match self {
            Self::Agent(id) => ("agent", Some(*id)),
            Self::Visitor(id) => ("visitor", Some(*id)),
            Self::Key(id) => ("key", Some(*id)),
            Self::Shell => ("shell", None),
            Self::System => ("system", None),
            Self::Unknown => ("unknown", None),
        }
    }
}

/// What is to be written to the audit log.
#[derive(Clone, Debug)]
pub struct AuditRecord {
    /// When.
    pub at: Micros,
    /// Who.
    pub actor: AuditActor,
    /// From which network address, when there is one.
    pub address: Option<String>,
    /// What was done, such as `agent.changed`.
    pub action: &'static str,
    /// The kind of thing that it was done to, such as `agent`, and its public id.
    pub target: Option<(&'static str, Uuid)>,
    /// More, without personal data: the audit log outlives an erase.
    pub detail: serde_json::Value,
}

/// A line of the audit log.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct AuditLine {
    /// 1, 2, 3 …
    pub number: i64,
    /// When, in microseconds since 1970 (UTC).
    pub at_us: i64,
    /// `agent`, `visitor`, `key`, `shell`, `system` or `unknown`.
    pub actor_kind: String,
    /// Public id of the actor, if it has one.
    pub actor_id: Option<Uuid>,
    /// Where it came from.
    pub address: Option<String>,
    /// What was done.
    pub action: String,
    /// The kind of thing that it was done to.
    pub target_kind: Option<String>,
    /// Its public id.
    pub target_id: Option<Uuid>,
    /// More.
    pub detail: serde_json::Value,
    /// The chain's hash after this line, in hexadecimal digits.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub hash: String,
}

/// What the check of the chain found.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct AuditVerdict {
    /// Lines that were checked.
    pub lines: i64,
    /// The hash after the last of them.
    pub head: String,
    /// The first line that does not follow from the one before it.
    pub broken_at: Option<i64>,
}

/// The text of a line that its hash covers: JSON with the fields in their order, without the hash itself.
pub(crate) fn sealed_text(number: i64, record: &AuditRecord) -> String {
    let (actor_kind, actor_id) = record.actor.parts();
    line_text(&AuditLine {
        number,
        at_us: record.at.0,
        actor_kind: actor_kind.to_owned(),
        actor_id,
        address: record.address.clone(),
        action: record.action.to_owned(),
        target_kind: record.target.map(|(kind, _)| kind.to_owned()),
        target_id: record.target.map(|(_, id)| id),
        detail: record.detail.clone(),
        hash: String::new(),
    })
}

fn line_text(line: &AuditLine) -> String {
    serde_json::to_string(line).expect("strings, numbers and JSON values are plain JSON")
}

/// The hash after a line.
pub(crate) fn link(before: &[u8; 32], text: &str) -> [u8; 32] {
    Sha256::new().chain_update(before).chain_update(text).finalize().into()
}

fn parse(number: i64, text: &str, hash: &[u8]) -> Result<AuditLine, StoreError> {
    let corrupt = |what: &str| StoreError::corrupt(format!("line {number} of the audit log {what}"));
    let value: serde_json::Value = serde_json::from_str(text).map_err(|_| corrupt("is no JSON"))?;
    let word = |field: &str| value[field].as_str().map(str::to_owned);
    let id = |field: &str| value[field].as_str().and_then(|id| Uuid::try_parse(id).ok());
    Ok(AuditLine {
        number,
        at_us: value["at_us"].as_i64().ok_or_else(|| corrupt("has no time"))?,
        actor_kind: word("actor_kind").ok_or_else(|| corrupt("has no actor"))?,
        actor_id: id("actor_id"),
        address: word("address"),
        action: word("action").ok_or_else(|| corrupt("has no action"))?,
        target_kind: word("target_kind"),
        target_id: id("target_id"),
        detail: value["detail"].clone(),
        hash: hex(&rows::hash(hash)?),
    })
}

fn hex(hash: &[u8; 32]) -> String {
    use std::fmt::Write as _;
    hash.iter().fold(String::with_capacity(64), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes all that is written");
        text
    })
}

/// Which lines of the audit log are wanted.
#[derive(Clone, Debug, Default)]
pub struct AuditFilter {
    /// Only what this agent, visitor or key did.
    pub actor_id: Option<Uuid>,
    /// Only what was done to this thing.
    pub target_id: Option<Uuid>,
    /// Only this action, or, when it ends in `.`, all that begin with it.
    pub action: Option<String>,
    /// Not before.
    pub after: Option<Micros>,
    /// Before.
    pub before: Option<Micros>,
}

impl Store {
    /// Lines of the audit log after line `after`, oldest first, at most `limit` (and never above 1,000).
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn audit_lines(&self, after: i64, limit: usize) -> Result<Vec<AuditLine>, StoreError> {
        const SQL: &str = "SELECT number, text, hash FROM audit WHERE number > ? ORDER BY number LIMIT ?";
        let limit = i64::try_from(limit.min(LINES_MAX)).unwrap_or(0);
        self.all(SQL, Args::default().int(after).int(limit), line).await
    }

    /// Lines of the audit log that pass `filter`, newest first, before line `before`, at most `limit`.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn find_audit(
        &self,
        filter: &AuditFilter,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<AuditLine>, StoreError> {
        const SQL: &str = "SELECT number, text, hash FROM audit
            WHERE number < ?1
              AND (?2 IS NULL OR actor = ?2) AND (?3 IS NULL OR target = ?3)
              AND (?4 IS NULL OR action = ?4 OR (?5 AND substr(action, 1, length(?4)) = ?4))
              AND at >= ?6 AND at < ?7
            ORDER BY number DESC LIMIT ?8";
        let mut args = Args::default().int(before.unwrap_or(i64::MAX));
        args.add_opt_blob(filter.actor_id.as_ref().map(|id| id.as_bytes().as_slice()));
        args.add_opt_blob(filter.target_id.as_ref().map(|id| id.as_bytes().as_slice()));
        args.add_opt_text(filter.action.as_deref());
        let args = args
            .int(i64::from(filter.action.as_deref().is_some_and(|action| action.ends_with('.'))))
            .int(filter.after.map_or(i64::MIN, |at| at.0))
            .int(filter.before.map_or(i64::MAX, |at| at.0))
            .int(i64::try_from(limit.min(LINES_MAX)).unwrap_or(0));
        self.all(SQL, args, line).await
    }

    /// Follows the chain from its first line to its last.
    ///
    /// # Errors
    /// When the store cannot be read. A broken chain is a verdict, not an error.
    pub async fn verify_audit(&self) -> Result<AuditVerdict, StoreError> {
        const SQL: &str = "SELECT number, text, hash, at, actor, action, target FROM audit WHERE number > ?
            ORDER BY number LIMIT ?";
        let (mut lines, mut head, mut broken_at) = (0, GENESIS, None);
        loop {
            let limit = i64::try_from(LINES_MAX).unwrap_or(0);
            let rows = self.all(SQL, Args::default().int(lines).int(limit), SealedRow::read).await?;
            if rows.is_empty() {
                break;
            }
            for row in &rows {
                if !row.follows(lines + 1, &head) {
                    broken_at = Some(lines + 1);
                    break;
                }
                lines += 1;
                head = row.hash;
            }
            if broken_at.is_some() {
                break;
            }
        }
        Ok(AuditVerdict { lines, head: hex(&head), broken_at })
    }
}

fn line(row: &SqliteRow) -> Result<AuditLine, StoreError> {
    parse(row.try_get_unchecked(0)?, row.try_get_unchecked(1)?, row.try_get_unchecked(2)?)
}

/// A row as the check of the chain reads it.
struct SealedRow {
    number: i64,
    text: String,
    hash: [u8; 32],
    at: i64,
    actor: Option<Vec<u8>>,
    action: String,
    target: Option<Vec<u8>>,
}

impl SealedRow {
    fn read(row: &SqliteRow) -> Result<Self, StoreError> {
        Ok(Self {
            number: row.try_get_unchecked(0)?,
            text: row.try_get_unchecked(1)?,
            hash: rows::hash(row.try_get_unchecked(2)?)?,
            at: row.try_get_unchecked(3)?,
            actor: row.try_get_unchecked(4)?,
            action: row.try_get_unchecked(5)?,
            target: row.try_get_unchecked(6)?,
        })
    }

    /// Whether this is line `number` and follows the hash `before`. What it is searched by must agree with its
    /// text, or a line could be hidden from searches without a change of the text.
    fn follows(&self, number: i64, before: &[u8; 32]) -> bool {
        if self.number != number || link(before, &self.text) != self.hash {
            return false;
        }
        let Ok(line) = parse(number, &self.text, &self.hash) else { return false };
        let same_id = |stored: &Option<Vec<u8>>, id: Option<Uuid>| {
            stored.as_deref() == id.as_ref().map(|id| id.as_bytes().as_slice())
        };
        self.at == line.at_us
            && self.action == line.action
            && same_id(&self.actor, line.actor_id)
            && same_id(&self.target, line.target_id)
    }
}

#[cfg(test)]
mod tests;
