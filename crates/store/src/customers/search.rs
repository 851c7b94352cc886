use std::collections::HashSet;

use uuid::Uuid;

use super::Customer;
use crate::rows::Columns;
use crate::sql::Args;
use crate::{Store, StoreError, reader};

/// Where a search goes on: in which of the lists that it looks through, and after which row.
pub type SearchCursor = (i64, i64);

/// Which values a search wants whole, not their beginning.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Whole {
    /// None: a beginning is enough.
    Nothing,
    /// Everything but names.
    ButNames,
    /// Everything.
    All,
}

/// A list by one column: what is found from `?1` on and before `?2`, the text `?1` itself only after row `?3`; and
/// the text of a row.
struct List {
    column: &'static str,
    find: &'static str,
    text: &'static str,
}

macro_rules! list {
    ($table:literal, $column:literal, $index:literal, $present:literal, $from:literal, $id:literal) => {
        List {
            column: $column,
            find: concat!(
                "SELECT ",
                $table,
                ".key, ",
                $id,
                " FROM ",
                $table,
                " INDEXED BY ",
                $index,
                $from,
                " WHERE ",
                $table,
                ".",
                $column,
                $present,
                " AND ",
                $table,
                ".",
                $column,
                " >= ?1 COLLATE NOCASE",
                " AND ",
                $table,
                ".",
                $column,
                " < ?2 COLLATE NOCASE",
                " AND (",
                $table,
                ".",
                $column,
                " > ?1 COLLATE NOCASE OR ",
                $table,
                ".key > ?3)",
                " ORDER BY ",
                $table,
                ".",
                $column,
                " COLLATE NOCASE, ",
                $table,
                ".key LIMIT ?4"
            ),
            text: concat!("SELECT ", $column, " FROM ", $table, " WHERE key = ?"),
        }
    };
}

/// In the order in which they are looked through.
static LISTS: [List; 7] = [
    list!("customer", "name", "customer_name", " <> ''", "", "id"),
    list!("customer", "email", "customer_email", " <> ''", "", "id"),
    list!("customer", "phone", "customer_phone", " <> ''", "", "id"),
    list!(
        "identity",
        "value",
        "identity_value",
        " <> ''",
        " JOIN customer ON customer.key = identity.customer",
        "customer.id"
    ),
    list!("visitor", "name", "visitor_name", " <> ''", "", "id"),
    list!("visitor", "email", "visitor_email", " <> ''", "", "id"),
    list!("visitor", "external_id", "visitor_external", " IS NOT NULL", "", "id"),
];

/// Below every character that a text may go on with.
const FIRST: char = '\u{1}';

/// Above every character that a text may go on with.
const LAST: char = '\u{10ffff}';

impl Store {
    /// Customers whose name, e-mail address, telephone number, other identity or company's own id begins with
    /// `prefix`, in upper or lower case, or is just that as far as `whole` says so; and where the search goes on if
    /// it does.
    ///
    /// A customer that is found in several ways stands once on a page, and may come again on a later one.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn find_customers(
        &self,
        prefix: &str,
        whole: Whole,
        cursor: Option<SearchCursor>,
        limit: usize,
    ) -> Result<(Vec<Customer>, Option<SearchCursor>), StoreError> {
        let (first, mut after) = cursor.unwrap_or((0, i64::MIN));
        let first = usize::try_from(first).unwrap_or(LISTS.len());
        let (mut found, mut seen, mut last) = (Vec::new(), HashSet::new(), None);
        for (number, list) in LISTS.iter().enumerate().skip(first) {
            let begin = match after {
                i64::MIN => prefix.to_owned(),
                key => match self.one(list.text, Args::default().int(key), reader::first).await? {
                    Some(text) => text,
                    // The row is gone, and with it the place: the list begins anew.
                    None => prefix.to_owned(),
                },
            };
            let wants_whole = match whole {
                Whole::Nothing => false,
                Whole::ButNames => list.column != "name",
                Whole::All => true,
            };
            let end = format!("{prefix}{}", if wants_whole { FIRST } else { LAST });
            let wanted = limit - found.len() + 1;
            let args = Args::default().text(&begin).text(&end).int(after);
            let args = args.int(i64::try_from(wanted).unwrap_or(i64::MAX));
            let hits = self.all(list.find, args, hit).await?;
            for (key, id) in hits {
                if found.len() == limit {
                    return Ok((found, last));
                }
                last = Some((i64::try_from(number).unwrap_or(i64::MAX), key));
                if let Some(customer) = self.customer(id).await?
                    && seen.insert(customer.id)
                {
                    found.push(customer);
                }
            }
            after = i64::MIN;
        }
        Ok((found, None))
    }
}

fn hit(row: &sqlx::sqlite::SqliteRow) -> Result<(i64, Uuid), StoreError> {
    let mut columns = Columns::of(row);
    Ok((columns.take()?, columns.uuid()?))
}
