//! Cards of the details column: queries of the data layer, and how their answers are shown.

use std::collections::BTreeMap;

use kefu_core::Micros;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::reader::first;
use crate::rows::Columns;
use crate::sql::Args;
use crate::{Store, StoreError};

/// A card.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Card {
    /// Public id.
    pub id: Uuid,
    /// Where it stands among the others, from the smallest on.
    pub position: i64,
    /// What it is called, by language.
    pub titles: BTreeMap<String, String>,
    /// Public ids of the inboxes that it is for; all when there are none.
    pub inboxes: Vec<Uuid>,
    /// What is asked.
    pub query: String,
    /// Where the value of each of the query's variables comes from.
    pub variables: BTreeMap<String, String>,
    /// How the answer is shown, as JSON that its maker has checked.
    pub view: String,
    /// Whether it is shown at all.
    pub is_enabled: bool,
    /// When it was made.
    pub created_at: Micros,
    /// When it last changed.
    pub updated_at: Micros,
    /// Rises with each change.
    pub version: u32,
}

/// A change of cards.
#[derive(Clone, Debug)]
pub enum CardChange {
    /// Adds one.
    Add(Box<Card>),
    /// Replaces all of it but its id and when it was made.
    Replace {
        /// As it is afterwards.
        card: Box<Card>,
        /// Its version, as far as its changer knew.
        seen: u32,
    },
    /// Removes one.
    Remove(Uuid),
}

macro_rules! columns {
    () => {
        "id, position, titles, inboxes, query, variables, view, is_enabled, created_at, updated_at, version"
    };
}

impl Store {
    /// All cards, in their order.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn cards(&self) -> Result<Vec<Card>, StoreError> {
        const SQL: &str = concat!("SELECT ", columns!(), " FROM card ORDER BY position, created_at, id");
        self.all(SQL, Args::default(), card).await
    }

    /// The card with this public id.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn card(&self, id: Uuid) -> Result<Option<Card>, StoreError> {
        const SQL: &str = concat!("SELECT ", columns!(), " FROM card WHERE id = ?");
        self.one(SQL, Args::default().blob(id.as_bytes()), card).await
    }

    /// How many cards there are.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn count_cards(&self) -> Result<i64, StoreError> {
        Ok(self.one("SELECT count(*) FROM card", Args::default(), first).await?.unwrap_or(0))
    }
}

fn card(row: &SqliteRow) -> Result<Card, StoreError> {
    let mut columns = Columns::of(row);
    Ok(Card {
        id: columns.uuid()?,
        position: columns.take()?,
        titles: columns.json("the title of a card")?,
        inboxes: columns.json("the inboxes of a card")?,
        query: columns.take()?,
        variables: columns.json("the variables of a card")?,
        view: columns.take()?,
        is_enabled: columns.take()?,
        created_at: Micros(columns.take()?),
        updated_at: Micros(columns.take()?),
        version: columns.number()?,
    })
}
