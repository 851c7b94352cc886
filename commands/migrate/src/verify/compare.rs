//! One table whose two sides are compared.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::{Duration, Instant},
};

use kefu_app::{Failure, Stop};
use kefu_store::{
    Store, StoreError,
    import::{Found, Hash, ImportReader, ImportRow, ImportTable, Outcome, Record, hash_of},
};

use super::{
    Difference, VerifiedTable, say_resumed,
    state::{Current, State, decode_all, encode_all},
};
use crate::{
    cast::Changed,
    check::{Plan, Sources},
    mapping::{Grouper, Lookups, TableMap},
    progress::Progress,
    reading::{leave_made, lookups},
    settings::Settings,
    source::{Request, Source, SourceRow, refused},
    target,
    throttle::Throttle,
    value::show_key,
};

/// Sums of keys: the more, the fewer keys are looked at because of one.
const BUCKETS: usize = 4096;

/// Differences that are listed of each table; all are counted.
const LISTED_MAX: usize = 100;

/// Keys that are read back at once.
const KEYS: u32 = 8192;

/// Rows that are looked at once more; of the others the first look counts.
const OPEN_MAX: usize = 10_000;

/// Keys that can be repaired at once.
const REPAIRED_MAX: usize = 100_000;

/// How often it is noted how far it is.
const NOTE_EVERY: Duration = Duration::from_secs(5);

/// What all tables share.
pub(super) struct Context<'a> {
    pub(super) settings: &'a Settings,
    pub(super) sources: &'a Sources,
    pub(super) plan: &'a Plan,
    pub(super) store: &'a Store,
}

/// A table whose two sides are compared.
pub(super) struct Comparing<'a> {
    settings: &'a Settings,
    map: Arc<TableMap>,
    source: Arc<Source>,
    key: Vec<String>,
    table: Option<ImportTable>,
    reader: ImportReader,
    said: VerifiedTable,
    buckets: Vec<(u64, u64)>,
    /// Of both sides, without the rows that are to be looked at once more.
    sums: [u128; 2],
    /// Keys that are to be looked at once more.
    open: BTreeSet<Vec<u8>>,
    /// Keys that could be repaired.
    keys: Vec<Vec<u8>>,
    position: Option<Vec<u8>>,
    buffer: Vec<u8>,
}

impl<'a> Comparing<'a> {
    pub(super) async fn new(context: &Context<'a>, index: usize) -> Result<Self, Failure> {
        let Context { settings, sources, plan, store } = *context;
        let map = Arc::clone(&settings.tables[index]);
        let name = map.name();
        let known =
            store.import_tables().await.map_err(|error| target::failure(&settings.data_dir, error))?;
        let table = known.into_iter().find(|table| table.name == name);
        if table.as_ref().is_some_and(|table| table.mapping != map.hash()) {
            return Err(refused(
                format!("cannot verify `{name}`: its mapping is another one than it was brought over by"),
                format!("无法校验 `{name}`:其映射与迁移时不同"),
            ));
        }
        Ok(Self {
            source: Arc::clone(sources.get(&map.source)?),
            key: plan.key(index).to_vec(),
            reader: ImportReader::new(store.clone()),
            said: VerifiedTable { table: name, ..VerifiedTable::default() },
            buckets: vec![(0, 0); BUCKETS],
            sums: [0; 2],
            open: BTreeSet::new(),
            keys: Vec::new(),
            position: None,
            buffer: Vec::new(),
            settings,
            map,
            table,
        })
    }

    fn at_store(&self, error: StoreError) -> Failure {
        target::failure(&self.settings.data_dir, error)
    }

    fn request(&self) -> Request {
        Request {
            table: self.map.from.clone(),
            key: self.key.clone(),
            columns: self.map.columns.clone(),
            position: self.position.clone(),
            page_rows: self.settings.page_rows,
        }
    }

    /// Goes on where an earlier comparison was stopped.
    pub(super) fn resume(&mut self, state: &mut State) {
        let Some(current) = state.take(&self.said.table).filter(|known| known.buckets.len() == BUCKETS)
        else {
            return;
        };
        let sum = |digits: &String| u128::from_str_radix(digits, 16).ok();
        let (Some(there), Some(here)) = (sum(&current.sums[0]), sum(&current.sums[1])) else { return };
        self.sums = [there, here];
        self.buckets = current.buckets;
        self.open = decode_all(&current.open).into_iter().collect();
        self.keys = decode_all(&current.keys);
        self.position = Some(current.position);
        self.said = current.said;
    }

    fn note(&self, state: &mut State) -> Result<(), Failure> {
        // What conversations messages make is known from the beginning only.
        let Some(position) = self.position.clone().filter(|_| self.map.group.is_none()) else {
            return Ok(());
        };
        let open: Vec<_> = self.open.iter().cloned().collect();
        let mut said = self.said.clone();
        if self.settings.seal.is_some() {
            said.differences.iter_mut().for_each(|difference| difference.fields.clear());
        }
        state.note(Current {
            said,
            position,
            buckets: self.buckets.clone(),
            sums: self.sums.map(|sum| format!("{sum:x}")),
            open: encode_all(&open),
            keys: encode_all(&self.keys),
        })
    }

    /// Compares all of it; returns whether that came to its end.
    pub(super) async fn run(
        &mut self,
        progress: &mut Progress,
        throttle: &Throttle,
        stop: &Stop,
        state: &mut State,
        retry_after: Duration,
    ) -> Result<bool, Failure> {
        if self.position.is_some() {
            say_resumed(self.said.source_rows, &self.said.table, progress.language());
        }
        let opening = async {
            let lookups = lookups(&self.source, &self.map).await?;
            let mut cursor = self.source.read(self.request()).await?;
            let first = cursor.next().await?;
            Ok::<_, Failure>((lookups, cursor, first))
        };
        let (lookups, mut cursor, first) = tokio::select! {
            biased;
            () = stop.clone().requested() => return Ok(false),
            opened = opening => opened?,
        };
        let (mut grouper, mut changed) = (Grouper::default(), Changed::new());
        let mut noted = Instant::now();
        let mut next = Some(first);
        while let Some(page) = next {
            let map = |row: SourceRow| comparable(&self.map, row, &lookups, &mut grouper, &mut changed);
            let rows: Vec<ImportRow> = page.rows.into_iter().map(map).collect();
            // While this page is looked up here, the source makes the next one.
            let read_on = async {
                if page.is_end {
                    return Ok(None);
                }
                throttle.wait(rows.len() as u64, stop).await;
                tokio::select! {
                    biased;
                    () = stop.clone().requested() => Ok(None),
                    page = cursor.next() => page.map(Some),
                }
            };
            let (compared, read) = tokio::join!(self.compare(&rows), read_on);
            compared?;
            progress.add(&self.said.table, rows.len() as u64);
            self.position = page.position.or(self.position.take());
            next = read?;
            if next.is_none() && !page.is_end {
                self.note(state)?;
                return Ok(false);
            }
            if noted.elapsed() >= NOTE_EVERY {
                self.note(state)?;
                noted = Instant::now();
            }
        }
        self.position = None;
        let ending = async {
            self.find_extra().await?;
            if !self.open.is_empty() {
                tokio::time::sleep(retry_after).await;
                self.look_again(&lookups).await?;
            }
            Ok::<_, Failure>(true)
        };
        tokio::select! {
            biased;
            () = stop.clone().requested() => Ok(false),
            ended = ending => ended,
        }
    }

    /// What came of it, and the keys that could be repaired.
    pub(super) fn end(mut self) -> (VerifiedTable, Vec<Vec<u8>>) {
        self.said.source_hash = format!("{:032x}", self.sums[0]);
        self.said.target_hash = format!("{:032x}", self.sums[1]);
        (self.said, self.keys)
    }

    async fn found(&self, keys: &[&[u8]]) -> Result<Vec<Option<Found>>, Failure> {
        let Some(table) = &self.table else { return Ok(vec![None; keys.len()]) };
        let mut found = self.reader.found(table.key, keys).await.map_err(|error| self.at_store(error))?;
        leave_made(&self.source, &self.map.from, keys, &mut found).await?;
        Ok(found)
    }

    /// Compares a page of rows with what is here under their keys.
    async fn compare(&mut self, rows: &[ImportRow]) -> Result<(), Failure> {
        self.said.source_rows += rows.len() as u64;
        let keys: Vec<&[u8]> = rows.iter().map(|row| row.key.as_slice()).collect();
        let found = self.found(&keys).await?;
        let mut sums = [0_u128; 2];
        rows.iter().for_each(|row| add_key(&mut self.buckets, &row.key));
        let is_compared = |(_, found): &(_, &Option<Found>)| !matches!(found, Some(Found::Switched));
        for (row, found) in rows.iter().zip(&found).filter(is_compared) {
            sums[0] = sums[0].wrapping_add(row_sum(&row.key, wanted_hash(&row.outcome, &mut self.buffer)));
            if let Some(found) = found {
                sums[1] = sums[1].wrapping_add(row_sum(&row.key, found_hash(found, &mut self.buffer)));
            }
        }
        if sums[0] == sums[1] {
            self.add(sums);
            return Ok(());
        }
        let may_change = self.source.is_live();
        for (row, found) in rows.iter().zip(&found).filter(is_compared) {
            let difference = self.difference(row, found.as_ref()).await?;
            match difference {
                Some(_) if may_change && self.open.len() < OPEN_MAX => {
                    self.open.insert(row.key.clone());
                }
                difference => self.count(&row.key, difference),
            }
        }
        Ok(())
    }

    fn add(&mut self, sums: [u128; 2]) {
        self.sums = [0, 1].map(|side| self.sums[side].wrapping_add(sums[side]));
    }

    /// How a row differs from what is here.
    async fn difference(
        &mut self,
        row: &ImportRow,
        found: Option<&Found>,
    ) -> Result<Option<Differing>, Failure> {
        let mut outcome = row.outcome.clone();
        let mut there = wanted_hash(&outcome, &mut self.buffer);
        let Some(found) = found else {
            return Ok(Some(Differing {
                sums: [row_sum(&row.key, there), 0],
                what: MISSING,
                fields: BTreeMap::new(),
            }));
        };
        let here = found_hash(found, &mut self.buffer);
        if there != here
            && self.settings.detach
            && let Outcome::Record(record) = outcome
        {
            outcome = Outcome::Record(Box::new(self.detached(*record).await?));
            there = wanted_hash(&outcome, &mut self.buffer);
        }
        // A record that was refused for what it refers to is a dead letter, not a difference.
        if matches!((&outcome, found), (Outcome::Record(_), Found::Dead)) {
            there = here;
        }
        let sums = [row_sum(&row.key, there), row_sum(&row.key, here)];
        if there == here {
            self.add(sums);
            return Ok(None);
        }
        Ok(Some(Differing { sums, what: DIFFERENT, fields: fields(&outcome, found) }))
    }

    /// Counts a difference, and lists it if there are not too many.
    fn count(&mut self, key: &[u8], difference: Option<Differing>) {
        let Some(Differing { sums, what, fields }) = difference else { return };
        self.add(sums);
        match what {
            MISSING => self.said.missing += 1,
            DIFFERENT => self.said.different += 1,
            _ => self.said.extra += 1,
        }
        if what != EXTRA && self.keys.len() < REPAIRED_MAX {
            self.keys.push(key.to_vec());
        }
        if self.said.differences.len() < LISTED_MAX {
            self.said.differences.push(Difference { key: show_key(key), what: what.to_owned(), fields });
        }
    }

    /// Looks once more at rows that were not the same; who changes rows meanwhile has had some time.
    async fn look_again(&mut self, lookups: &Lookups) -> Result<(), Failure> {
        let open: Vec<_> = std::mem::take(&mut self.open).into_iter().collect();
        let mut there = self.read_again(&open, lookups).await?;
        for keys in open.chunks(KEYS as usize) {
            let slices: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
            let found = self.found(&slices).await?;
            for (key, found) in keys.iter().zip(&found) {
                let difference = match (there.remove(key), found) {
                    (_, Some(Found::Switched)) => None,
                    (Some(row), found) => self.difference(&row, found.as_ref()).await?,
                    (None, Some(_)) => Some(Differing { sums: [0; 2], what: EXTRA, fields: BTreeMap::new() }),
                    (None, None) => None,
                };
                self.said.settled += u64::from(difference.is_none());
                self.count(key, difference);
            }
        }
        Ok(())
    }

    /// The rows with these keys, as far as the source has them.
    async fn read_again(
        &self,
        keys: &[Vec<u8>],
        lookups: &Lookups,
    ) -> Result<HashMap<Vec<u8>, ImportRow>, Failure> {
        let request = self.request();
        let (mut grouper, mut changed) = (Grouper::default(), Changed::new());
        let mut rows = HashMap::new();
        let mut map = |row: SourceRow| comparable(&self.map, row, lookups, &mut grouper, &mut changed);
        // What conversations messages make is known from the beginning only.
        if self.map.group.is_none()
            && let Some(found) = self.source.rows(&request, keys).await
        {
            rows.extend(found?.into_iter().map(|row| (row.key.clone(), map(row))));
            return Ok(rows);
        }
        let wanted: HashSet<&[u8]> = keys.iter().map(Vec::as_slice).collect();
        let mut cursor = self.source.read(request).await?;
        loop {
            let page = cursor.next().await?;
            for row in page.rows {
                let is_wanted = wanted.contains(row.key.as_slice());
                let row = map(row);
                if is_wanted {
                    rows.insert(row.key.clone(), row);
                }
            }
            if page.is_end {
                return Ok(rows);
            }
        }
    }

    /// A record without what it refers to that is not here.
    async fn detached(&self, record: Record) -> Result<Record, Failure> {
        let asked = std::cell::RefCell::new(Vec::new());
        let record = record.detached(|id| {
            asked.borrow_mut().push(*id);
            true
        });
        let known =
            self.reader.known_people(&asked.into_inner()).await.map_err(|error| self.at_store(error))?;
        let known: HashSet<_> = known.into_iter().collect();
        Ok(record.detached(|id| known.contains(id)))
    }

    /// Finds keys that only this side has: where the sums of keys differ, and then one by one.
    async fn find_extra(&mut self) -> Result<(), Failure> {
        let Some(table) = self.table.as_ref().map(|table| table.key) else { return Ok(()) };
        let mut here = vec![(0, 0); BUCKETS];
        self.each_key(table, |key| add_key(&mut here, key)).await?;
        self.said.target_rows = here.iter().map(|(count, _)| count).sum();
        let differing: HashSet<usize> =
            (0..BUCKETS).filter(|bucket| here[*bucket] != self.buckets[*bucket]).collect();
        if differing.is_empty() {
            return Ok(());
        }
        let mut extra: BTreeSet<Vec<u8>> = BTreeSet::new();
        self.each_key(table, |key| {
            if differing.contains(&bucket(key).0) {
                extra.insert(key.to_vec());
            }
        })
        .await?;
        let mut cursor = self.source.read(Request { columns: Vec::new(), ..self.request() }).await?;
        loop {
            let page = cursor.next().await?;
            for row in &page.rows {
                extra.remove(&row.key);
            }
            if page.is_end {
                break;
            }
        }
        let may_change = self.source.is_live();
        for key in extra {
            if may_change && self.open.len() < OPEN_MAX {
                self.open.insert(key);
            } else {
                self.count(&key, Some(Differing { sums: [0; 2], what: EXTRA, fields: BTreeMap::new() }));
            }
        }
        Ok(())
    }

    async fn each_key(&self, table: i64, mut see: impl FnMut(&[u8])) -> Result<(), Failure> {
        let mut last = Vec::new();
        loop {
            let keys = self.reader.keys(table, &last, KEYS).await.map_err(|error| self.at_store(error))?;
            keys.iter().for_each(|key| see(key));
            match keys.into_iter().next_back() {
                Some(key) => last = key,
                None => return Ok(()),
            }
        }
    }
}

const DIFFERENT: &str = "different";
const MISSING: &str = "missing";
const EXTRA: &str = "extra";

/// A row that is not the same on both sides.
struct Differing {
    /// What it adds to the sums of both sides.
    sums: [u128; 2],
    what: &'static str,
    /// Fields that are not the same: there and here.
    fields: BTreeMap<String, [serde_json::Value; 2]>,
}

/// What is to become of a row, as far as it can be read back.
fn comparable(
    map: &TableMap,
    row: SourceRow,
    lookups: &Lookups,
    grouper: &mut Grouper,
    changed: &mut Changed,
) -> ImportRow {
    let mut row = map.map(row.key, &row.values, lookups, grouper, changed).0;
    if let Outcome::Record(record) = row.outcome {
        row.outcome = Outcome::Record(Box::new(record.without_password()));
    }
    row
}

/// The bucket of a key, and what it adds to its sum.
fn bucket(key: &[u8]) -> (usize, u64) {
    let hash = hash_of(key);
    let word = |at: usize| hash[at..at + 8].iter().fold(0_u64, |word, byte| word << 8 | u64::from(*byte));
    (word(0) as usize % BUCKETS, word(8))
}

fn add_key(buckets: &mut [(u64, u64)], key: &[u8]) {
    let (bucket, number) = bucket(key);
    let (count, sum) = &mut buckets[bucket];
    (*count, *sum) = (*count + 1, sum.wrapping_add(number));
}

/// What a row adds to the sum of its table: two rows that swap what they hold change it.
fn row_sum(key: &[u8], hash: Hash) -> u128 {
    u128::from_be_bytes(hash_of(&[&hash, key].concat()))
}

/// The hash of what a row is to become; what becomes nothing has one, too.
fn wanted_hash(outcome: &Outcome, buffer: &mut Vec<u8>) -> Hash {
    match outcome {
        Outcome::Record(record) => record.hash(buffer),
        Outcome::Filtered => [1; 16],
        Outcome::Dead => [2; 16],
    }
}

fn found_hash(found: &Found, buffer: &mut Vec<u8>) -> Hash {
    match found {
        Found::Record(Some(record)) => record.hash(buffer),
        Found::Filtered => [1; 16],
        Found::Dead => [2; 16],
        Found::Record(None) => [3; 16],
        Found::Switched => [4; 16],
    }
}

/// The fields that are not the same, there and here.
fn fields(outcome: &Outcome, found: &Found) -> BTreeMap<String, [serde_json::Value; 2]> {
    let shown = |record: &Record| match serde_json::to_value(record) {
        Ok(serde_json::Value::Object(variants)) => variants.into_iter().next().map(|(_, fields)| fields),
        _ => None,
    };
    let there = match outcome {
        Outcome::Record(record) => shown(record),
        _ => None,
    };
    let here = match found {
        Found::Record(Some(record)) => shown(record),
        _ => None,
    };
    let (Some(serde_json::Value::Object(there)), Some(serde_json::Value::Object(here))) = (there, here)
    else {
        return BTreeMap::new();
    };
    let differing = there.into_iter().filter_map(|(name, there)| {
        let here = here.get(&name).cloned().unwrap_or_default();
        (there != here).then_some((name, [there, here]))
    });
    differing.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swapped_rows_change_the_sum_and_their_order_does_not() {
        let (a, b) = ([7; 16], [8; 16]);
        let sum = |rows: [(&[u8], Hash); 2]| {
            rows.iter().fold(0, |sum: u128, (key, hash)| sum.wrapping_add(row_sum(key, *hash)))
        };
        assert_eq!(sum([(b"1", a), (b"2", b)]), sum([(b"2", b), (b"1", a)]));
        assert_ne!(sum([(b"1", a), (b"2", b)]), sum([(b"1", b), (b"2", a)]));
    }
}
