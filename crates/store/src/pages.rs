//! The pages that visitors looked at.

use kefu_core::{Micros, VisitorKey};

use crate::rows::Columns;
use crate::sql::Args;
use crate::{Store, StoreError};

/// How many of the pages that a visitor looked at are kept.
pub const PAGES_MAX: usize = 100;

/// A page that a visitor looked at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PageVisit {
    /// When.
    pub at: Micros,
    /// Where.
    pub url: String,
    /// What the page calls itself; may be empty.
    pub title: String,
    /// From which page the visitor came; may be empty.
    pub referrer: String,
}

impl Store {
    /// The last pages that a visitor looked at, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn page_visits(&self, visitor: VisitorKey) -> Result<Vec<PageVisit>, StoreError> {
        const SQL: &str =
            "SELECT at, url, title, referrer FROM page_visit WHERE visitor = ? ORDER BY number DESC";
        self.all(SQL, Args::default().int(visitor.0), |row| {
            let mut columns = Columns::of(row);
            Ok(PageVisit {
                at: Micros(columns.take()?),
                url: columns.take()?,
                title: columns.take()?,
                referrer: columns.take()?,
            })
        })
        .await
    }
}
