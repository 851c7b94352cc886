//! Tables on their way from a source: read, mapped, and handed on within a bound of bytes.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use kefu_app::{Failure, Stop};
use kefu_store::import::{Found, ImportRow};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::{
    cast::Changed,
    mapping::{DeadRow, Grouper, LookupTable, Lookups, TableMap},
    source::{Request, Source, refused},
    throttle::Throttle,
    value::Value,
};

/// About what a row takes besides its texts, once it is mapped.
const ROW_BYTES: usize = 512;

/// Rows of a table in which values are looked up.
const LOOKUP_ROWS_MAX: usize = 200_000;

/// Rows of one table, mapped.
pub(crate) struct Bunch {
    /// The table's place in the list of all.
    pub(crate) table: usize,
    pub(crate) rows: Vec<ImportRow>,
    pub(crate) dead: Vec<DeadRow>,
    pub(crate) changed: Changed,
    /// Rows that were read.
    pub(crate) read: u64,
    pub(crate) position: Option<Vec<u8>>,
    pub(crate) is_end: bool,
    /// Its bytes, given back when it is gone.
    _room: OwnedSemaphorePermit,
}

/// Where bunches go.
#[derive(Clone)]
pub(crate) struct Outlet {
    sender: mpsc::Sender<Bunch>,
    room: Arc<Semaphore>,
    room_kib: u32,
    throttle: Arc<Throttle>,
}

impl Outlet {
    /// An outlet that holds so many bytes, and its other end.
    pub(crate) fn new(bytes: u64, throttle: Arc<Throttle>) -> (Self, mpsc::Receiver<Bunch>) {
        let room_kib = u32::try_from(bytes / 1024).unwrap_or(u32::MAX).min(1 << 20);
        // The bytes are the bound; bunches are never that small.
        let (sender, receiver) = mpsc::channel(256);
        let room = Arc::new(Semaphore::new(room_kib as usize));
        (Self { sender, room, room_kib, throttle }, receiver)
    }
}

/// A table that is to be read.
pub(crate) struct Reading {
    pub(crate) table: usize,
    pub(crate) source: Arc<Source>,
    pub(crate) map: Arc<TableMap>,
    pub(crate) request: Request,
    /// Only these keys, if there is a choice.
    pub(crate) only: Option<HashSet<Vec<u8>>>,
}

impl Reading {
    /// Reads to the end, or until nobody wants more.
    pub(crate) async fn run(self, outlet: Outlet, stop: Stop) -> Result<(), Failure> {
        let lookups = tokio::select! {
            biased;
            () = stop.clone().requested() => return Ok(()),
            lookups = lookups(&self.source, &self.map) => lookups?,
        };
        let mut grouper = Grouper::default();
        let is_flowed_to = self.source.is_flowed_to().await?;
        let mut cursor = self.source.read(self.request.clone()).await?;
        let mut read = 0;
        loop {
            outlet.throttle.wait(read, &stop).await;
            let page = tokio::select! {
                biased;
                () = stop.clone().requested() => return Ok(()),
                page = cursor.next() => page?,
            };
            read = page.rows.len() as u64;
            let (mut rows, mut dead, mut changed) =
                (Vec::with_capacity(page.rows.len()), Vec::new(), Changed::new());
            let mut bytes = 0;
            let made = match is_flowed_to {
                true => {
                    let keys: Vec<_> = page.rows.iter().map(|row| row.key.as_slice()).collect();
                    self.source.made(&self.map.from, &keys).await?
                }
                false => HashSet::new(),
            };
            for row in page.rows {
                let is_wanted = self.only.as_ref().is_none_or(|only| only.contains(&row.key));
                let is_wanted = is_wanted && !made.contains(&row.key);
                bytes += row.values.iter().map(Value::weight).sum::<usize>() + row.key.len() + ROW_BYTES;
                let (mapped, unusable) =
                    self.map.map(row.key, &row.values, &lookups, &mut grouper, &mut changed);
                if is_wanted {
                    rows.push(mapped);
                    dead.extend(unusable);
                }
            }
            let kib = u32::try_from(bytes / 1024).unwrap_or(u32::MAX).clamp(1, outlet.room_kib);
            let room = Arc::clone(&outlet.room).acquire_many_owned(kib).await;
            let Ok(room) = room else { return Ok(()) };
            let (position, is_end, table) = (page.position, page.is_end, self.table);
            let bunch = Bunch { table, rows, dead, changed, read, position, is_end, _room: room };
            if outlet.sender.send(bunch).await.is_err() || is_end {
                break;
            }
        }
        Ok(())
    }
}

/// Has rows that flowed back from here, and are known here by other names, count as those of inboxes that were switched.
pub(crate) async fn leave_made(
    source: &Source,
    table: &str,
    keys: &[&[u8]],
    found: &mut [Option<Found>],
) -> Result<(), Failure> {
    let missing = keys.iter().zip(found.iter()).filter(|(_, found)| found.is_none());
    let missing: Vec<_> = missing.map(|(key, _)| *key).collect();
    let made = source.made(table, &missing).await?;
    for (key, found) in keys.iter().zip(found) {
        if found.is_none() && made.contains(*key) {
            *found = Some(Found::Switched);
        }
    }
    Ok(())
}

/// Has the small tables in which values are looked up in memory.
pub(crate) async fn lookups(source: &Source, map: &TableMap) -> Result<Lookups, Failure> {
    let mut lookups = HashMap::new();
    for wanted in map.lookups() {
        let (table, key, value) = wanted;
        if lookups.contains_key(wanted) {
            continue;
        }
        let request = Request {
            table: table.clone(),
            key: vec![key.clone()],
            columns: vec![key.clone(), value.clone()],
            position: None,
            page_rows: 4096,
        };
        let (mut cursor, mut found) = (source.read(request).await?, LookupTable::new());
        loop {
            let page = cursor.next().await?;
            found.extend(page.rows.iter().map(|row| (row.values[0].to_string(), row.values[1].to_string())));
            if found.len() > LOOKUP_ROWS_MAX {
                return Err(refused(
                    format!("cannot look up values in `{table}`: it has more than {LOOKUP_ROWS_MAX} rows"),
                    format!("无法在 `{table}` 中查找:超过 {LOOKUP_ROWS_MAX} 行"),
                ));
            }
            if page.is_end {
                break;
            }
        }
        lookups.insert(wanted.clone(), found);
    }
    Ok(lookups)
}
