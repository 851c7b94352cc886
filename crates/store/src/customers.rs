//! Customers: who the people behind visitors are.
//!
//! A conversation belongs to a visitor for ever; a visitor belongs to a customer, which a person may change by
//! merging. Nearly all visitors are customers of their own and have no row here: such a customer has the
//! visitor's id and version 0. Its first change makes the row, which keeps that id.

mod search;

pub use search::{SearchCursor, Whole};

use kefu_core::{Conversation, Micros, Visitor, VisitorKey};
use uuid::Uuid;

use crate::rows::{self, Columns};
use crate::sql::Args;
use crate::{Cursor, Page, Store, StoreError};

/// How many identities besides its visitors a customer may have.
pub const IDENTITIES_MAX: usize = 100;

/// How many visitors of a customer are looked at.
const VISITORS_MAX: i64 = 1000;

/// How many merges of a customer are shown.
const MERGES_MAX: i64 = 100;

/// A person, as far as is known.
#[derive(Clone, Debug)]
pub struct Customer {
    /// Public id.
    pub id: Uuid,
    /// May be empty.
    pub name: String,
    /// May be empty.
    pub email: String,
    /// May be empty.
    pub phone: String,
    /// What agents keep in mind; may be empty.
    pub note: String,
    /// A JSON object.
    pub attributes: String,
    /// When it was first seen.
    pub created_at: Micros,
    /// When somebody last changed it.
    pub updated_at: Micros,
    /// How often it was changed; what a change was made for.
    pub version: i64,
    place: Place,
}

/// Where a customer is in the store.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    /// A row of its own.
    Row(i64),
    /// Only this visitor's.
    Visitor(VisitorKey),
}

/// What tells who somebody is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum IdentityKind {
    /// A visitor, known by its token or, if it proved one, by the company's own id.
    Visitor,
    /// A person's id for one app of WeChat.
    WechatOpenid,
    /// A person's id for all apps of one account of WeChat.
    WechatUnionid,
    /// A telephone number.
    Phone,
    /// An e-mail address.
    Email,
}

impl IdentityKind {
    pub(crate) fn number(self) -> i64 {
        self as i64
    }

    fn read(number: i64) -> Result<Self, StoreError> {
        match number {
            0 => Ok(Self::Visitor),
            1 => Ok(Self::WechatOpenid),
            2 => Ok(Self::WechatUnionid),
            3 => Ok(Self::Phone),
            4 => Ok(Self::Email),
            _ => Err(StoreError::corrupt(format!("{number} names no kind of identity"))),
        }
    }
}

/// One way in which a customer is known.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CustomerIdentity {
    /// Public id; a visitor's own.
    pub id: Uuid,
    /// What it is.
    pub kind: IdentityKind,
    /// Where the value is unique; may be empty.
    pub scope: String,
    /// The value; empty for a visitor.
    pub value: String,
    /// Somebody made sure of it. A verified value belongs to one customer only.
    pub verified: bool,
    /// The visitor, if it is one.
    pub visitor: Option<VisitorKey>,
    /// When it was added.
    pub created_at: Micros,
}

/// A merge that was not undone.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CustomerMerge {
    /// Public id.
    pub id: Uuid,
    /// When.
    pub at: Micros,
    /// Public id of the agent who did it.
    pub made_by: Uuid,
    /// A customer that was merged, by public id; one request may name several.
    pub source: Uuid,
}

/// A change of customers. What names no customer that stands for itself is [`StoreError::Stale`].
#[derive(Clone, Debug)]
pub enum CustomerChange {
    /// Changes what is known; what is `None` stays.
    Edit {
        /// Whose, by public id.
        id: Uuid,
        /// What the change was made for.
        version: i64,
        /// When.
        at: Micros,
        /// Its name.
        name: Option<String>,
        /// Its e-mail address.
        email: Option<String>,
        /// Its telephone number.
        phone: Option<String>,
        /// What agents keep in mind.
        note: Option<String>,
        /// A JSON object.
        attributes: Option<String>,
    },
    /// Moves all identities of the sources to the target, and writes down which.
    Merge {
        /// Public id of the merge.
        id: Uuid,
        /// Into which customer.
        target: Uuid,
        /// Which customers.
        sources: Vec<Uuid>,
        /// When.
        at: Micros,
        /// Public id of the agent who does it.
        made_by: Uuid,
    },
    /// Gives back what a merge moved. A merge that a later one was built on cannot be undone before it.
    Unmerge {
        /// Into which customer it was.
        target: Uuid,
        /// The merge.
        id: Uuid,
        /// When.
        at: Micros,
    },
    /// Adds an identity that is no visitor; a conflict when it is there, or verified for somebody else.
    AddIdentity {
        /// Whose, by public id.
        customer: Uuid,
        /// What is added.
        identity: CustomerIdentity,
    },
    /// Takes an identity away that is no visitor.
    DropIdentity {
        /// Whose, by public id.
        customer: Uuid,
        /// Public id of the identity.
        id: Uuid,
    },
}

impl Store {
    /// The customer with this public id: itself, or the one that it was merged into.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn customer(&self, id: Uuid) -> Result<Option<Customer>, StoreError> {
        const SQL: &str = "WITH RECURSIVE up (key, next) AS (
                SELECT key, merged_into FROM customer WHERE id = ?
                UNION SELECT customer.key, customer.merged_into
                FROM customer JOIN up ON customer.key = up.next)
            SELECT key, id, name, email, phone, note, attributes, created_at, updated_at, version
            FROM customer WHERE key = (SELECT key FROM up WHERE next IS NULL)";
        if let Some(customer) = self.one(SQL, Args::default().blob(id.as_bytes()), customer).await? {
            return Ok(Some(customer));
        }
        Ok(self.visitor_by_id(id).await?.map(Customer::from))
    }

    /// The public id of a visitor's customer.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn customer_of(&self, visitor: &Visitor) -> Result<Uuid, StoreError> {
        const SQL: &str = "SELECT customer.id FROM identity JOIN customer ON customer.key = identity.customer
            WHERE identity.visitor = ?";
        let found = self.one(SQL, Args::default().int(visitor.key.0), |row| Columns::of(row).uuid()).await?;
        Ok(found.unwrap_or(visitor.id))
    }

    /// The visitors of a customer, at most 1,000, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn customer_visitors(&self, customer: &Customer) -> Result<Vec<VisitorKey>, StoreError> {
        const SQL: &str = "SELECT visitor FROM identity WHERE customer = ? AND visitor IS NOT NULL ORDER BY visitor LIMIT ?";
        match customer.place {
            Place::Visitor(key) => Ok(vec![key]),
            Place::Row(key) => {
                let args = Args::default().int(key).int(VISITORS_MAX);
                self.all(SQL, args, |row| Ok(VisitorKey(Columns::of(row).take()?))).await
            }
        }
    }

    /// The identities of a customer, its visitors among them, oldest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn customer_identities(
        &self,
        customer: &Customer,
    ) -> Result<Vec<CustomerIdentity>, StoreError> {
        const SQL: &str = "SELECT id, kind, scope, value, verified, visitor, created_at
            FROM identity WHERE customer = ? ORDER BY created_at, key LIMIT ?";
        match customer.place {
            Place::Visitor(key) => Ok(vec![CustomerIdentity {
                id: customer.id,
                kind: IdentityKind::Visitor,
                scope: String::new(),
                value: String::new(),
                verified: false,
                visitor: Some(key),
                created_at: customer.created_at,
            }]),
            Place::Row(key) => {
                self.all(SQL, Args::default().int(key).int(VISITORS_MAX), |row| {
                    let mut columns = Columns::of(row);
                    Ok(CustomerIdentity {
                        id: columns.uuid()?,
                        kind: IdentityKind::read(columns.take()?)?,
                        scope: columns.take()?,
                        value: columns.take()?,
                        verified: columns.take()?,
                        visitor: columns.optional()?.map(VisitorKey),
                        created_at: Micros(columns.take()?),
                    })
                })
                .await
            }
        }
    }

    /// The last merges into a customer that were not undone, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn customer_merges(&self, customer: &Customer) -> Result<Vec<CustomerMerge>, StoreError> {
        const SQL: &str = "SELECT customer_merge.id, at, made_by, source.id
            FROM customer_merge JOIN customer AS source ON source.key = customer_merge.source
            WHERE target = ? AND undone_at IS NULL ORDER BY customer_merge.key DESC LIMIT ?";
        let Place::Row(key) = customer.place else { return Ok(Vec::new()) };
        self.all(SQL, Args::default().int(key).int(MERGES_MAX), |row| {
            let mut columns = Columns::of(row);
            Ok(CustomerMerge {
                id: columns.uuid()?,
                at: Micros(columns.take()?),
                made_by: columns.uuid()?,
                source: columns.uuid()?,
            })
        })
        .await
    }

    /// A page of the conversations of these visitors in every state, newest activity first, and where it goes on.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn conversations_of(
        &self,
        visitors: &[VisitorKey],
        cursor: Option<Cursor>,
        limit: usize,
    ) -> Result<(Page<Conversation>, Option<Cursor>), StoreError> {
        const SQL: &str = concat!(
            "SELECT ",
            rows::conversation_columns!(),
            " FROM conversation INDEXED BY conversation_visitor
             WHERE visitor IN (SELECT value FROM json_each(?)) AND (updated_at, key) < (?, ?)
             ORDER BY updated_at DESC, key DESC LIMIT ?"
        );
        let (time, key) = cursor.unwrap_or((i64::MAX, i64::MAX));
        let args = Args::default()
            .ints(visitors.iter().map(|visitor| visitor.0))
            .int(time)
            .int(key)
            .int(i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1));
        let mut items = self.all(SQL, args, rows::conversation).await?;
        let has_more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| has_more).map(|last| (last.updated_at.0, last.key.0));
        Ok((Page { items, has_more }, next))
    }
}

impl Customer {
    /// The visitor that it is, if it is only one and has no row.
    pub(crate) fn only_visitor(&self) -> Option<VisitorKey> {
        match self.place {
            Place::Visitor(key) => Some(key),
            Place::Row(_) => None,
        }
    }
}

impl From<Visitor> for Customer {
    fn from(visitor: Visitor) -> Self {
        Self {
            id: visitor.id,
            name: visitor.name.as_ref().to_owned(),
            email: visitor.email,
            phone: String::new(),
            note: String::new(),
            attributes: visitor.attributes,
            created_at: visitor.created_at,
            updated_at: visitor.created_at,
            version: 0,
            place: Place::Visitor(visitor.key),
        }
    }
}

fn customer(row: &sqlx::sqlite::SqliteRow) -> Result<Customer, StoreError> {
    let mut columns = Columns::of(row);
    let place = Place::Row(columns.take()?);
    Ok(Customer {
        id: columns.uuid()?,
        name: columns.take()?,
        email: columns.take()?,
        phone: columns.take()?,
        note: columns.take()?,
        attributes: columns.take()?,
        created_at: Micros(columns.take()?),
        updated_at: Micros(columns.take()?),
        version: columns.take()?,
        place,
    })
}

#[cfg(test)]
mod tests;
