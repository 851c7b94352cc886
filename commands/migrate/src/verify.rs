//! Both sides read again and compared: every row by what it is mapped to now, and every key that is only here.
//!
//! Rows are compared by key, so no order of the source's matters. Sums of hashes tell whether a page is the same; only in
//! one that is not, rows are looked at, and only in buckets of keys whose sums differ, keys are looked for that the
//! source has not.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::Instant,
};

use kefu_app::{App, Exit, Failure, Stop, Text};
use kefu_store::{
    Store,
    import::{Found, Hash, ImportReader, ImportRow, ImportTable, Outcome, Record, hash_of},
};
use serde::Serialize;

use crate::{
    args::VerifyArgs,
    cast::Changed,
    check::{self, Plan, Sources},
    copy::DIFFERENT,
    letters::write_private,
    mapping::{Grouper, TableMap},
    progress::Progress,
    reading::lookups,
    report,
    settings::{Settings, near},
    source::{Request, Source, refused},
    target,
    value::show_key,
};

/// Sums of keys: the more, the fewer keys are looked at because of one.
const BUCKETS: usize = 4096;

/// Differences that are listed of each table; all are counted.
const LISTED_MAX: usize = 100;

/// Keys that are read back at once.
const KEYS: u32 = 8192;

/// What came of comparing.
#[derive(Debug, Default, Serialize)]
struct Verified {
    same: bool,
    milliseconds: u64,
    tables: Vec<VerifiedTable>,
}

#[derive(Debug, Default, Serialize)]
struct VerifiedTable {
    table: String,
    source_rows: u64,
    target_rows: u64,
    /// Rows that are something else there than here.
    different: u64,
    /// Rows that are only there.
    missing: u64,
    /// Keys that are only here.
    extra: u64,
    /// Order-independent sums of the hashes of all rows, as hexadecimal digits.
    source_hash: String,
    target_hash: String,
    differences: Vec<Difference>,
}

#[derive(Debug, Serialize)]
struct Difference {
    key: String,
    what: &'static str,
    /// Fields that are not the same: there and here.
    fields: BTreeMap<String, [serde_json::Value; 2]>,
}

/// Runs `kefu migrate verify`.
pub(crate) fn run(app: &App, args: &VerifyArgs) -> Result<Exit, Failure> {
    let settings = Settings::load(&args.file.file)?;
    settings.require_tables()?;
    for wanted in &args.tables {
        let names = || settings.tables.iter().map(|table| table.from.as_str());
        if !names().any(|name| name == wanted) {
            let hint =
                near(wanted, names()).map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            return Err(Failure::new(
                Exit::Usage,
                Text::new(
                    format!("cannot verify `{wanted}`: no such table{hint}"),
                    format!("无法校验 `{wanted}`:没有这个表{hint}"),
                ),
            ));
        }
    }
    app.block_on(async {
        let begun = Instant::now();
        let sources = Sources::open(&settings).await?;
        let plan = check::plan(&settings, &sources).await?;
        plan.refuse()?;
        let store = target::open_reading(&settings.data_dir).await?;
        let mut verified = Verified { same: true, ..Verified::default() };
        let mut progress = Progress::new(plan.rows(), app.language());
        for (index, map) in settings.tables.iter().enumerate() {
            if !args.tables.is_empty() && !args.tables.contains(&map.from) {
                continue;
            }
            let comparing = Comparing::new(&settings, &sources, &plan, index, &store).await?;
            let table = comparing.run(&mut progress, &app.stop()).await?;
            verified.same &= table.is_same();
            verified.tables.push(table);
        }
        progress.end();
        store.close().await;
        if app.stop().is_requested() {
            return Ok(Exit::Interrupted);
        }
        verified.milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        save(&settings, &verified)?;
        report::print(app, args.format, &verified, || verified.markdown())?;
        Ok(if verified.same { Exit::Ok } else { DIFFERENT })
    })?
}

fn save(settings: &Settings, verified: &Verified) -> Result<(), Failure> {
    let path = settings.work_dir().join("verify.json");
    let json = serde_json::to_string_pretty(verified).map_err(Failure::internal)?;
    write_private(&path, &json).map_err(|error| {
        let path = path.display();
        Failure::new(Exit::Io, Text::new(format!("cannot write {path}"), format!("无法写入 {path}")))
            .because(error)
    })
}

/// A table whose two sides are compared.
struct Comparing<'a> {
    settings: &'a Settings,
    map: Arc<TableMap>,
    source: Arc<Source>,
    key: Vec<String>,
    table: Option<ImportTable>,
    reader: ImportReader,
    said: VerifiedTable,
    buckets: Vec<(u64, u64)>,
    sums: [u128; 2],
    buffer: Vec<u8>,
}

impl<'a> Comparing<'a> {
    async fn new(
        settings: &'a Settings,
        sources: &Sources,
        plan: &Plan,
        index: usize,
        store: &Store,
    ) -> Result<Self, Failure> {
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
            buffer: Vec::new(),
            settings,
            map,
            table,
        })
    }

    fn at_store(&self, error: kefu_store::StoreError) -> Failure {
        target::failure(&self.settings.data_dir, error)
    }

    fn request(&self) -> Request {
        Request {
            table: self.map.from.clone(),
            key: self.key.clone(),
            columns: self.map.columns.clone(),
            position: None,
            page_rows: self.settings.page_rows,
        }
    }

    async fn run(mut self, progress: &mut Progress, stop: &Stop) -> Result<VerifiedTable, Failure> {
        let lookups = lookups(&self.source, &self.map).await?;
        let mut cursor = self.source.read(self.request()).await?;
        let (mut grouper, mut changed) = (Grouper::default(), Changed::new());
        loop {
            let page = cursor.next().await?;
            let map = |row: crate::source::SourceRow| {
                self.map.map(row.key, &row.values, &lookups, &mut grouper, &mut changed).0
            };
            let rows: Vec<ImportRow> = page.rows.into_iter().map(map).collect();
            self.compare(&rows).await?;
            progress.add(&self.said.table, rows.len() as u64);
            if page.is_end || stop.is_requested() {
                break;
            }
        }
        if !stop.is_requested() {
            self.find_extra().await?;
        }
        self.said.source_hash = format!("{:032x}", self.sums[0]);
        self.said.target_hash = format!("{:032x}", self.sums[1]);
        Ok(self.said)
    }

    /// Compares a page of rows with what is here under their keys.
    async fn compare(&mut self, rows: &[ImportRow]) -> Result<(), Failure> {
        self.said.source_rows += rows.len() as u64;
        let keys: Vec<&[u8]> = rows.iter().map(|row| row.key.as_slice()).collect();
        let found = match &self.table {
            Some(table) => self.reader.found(table.key, &keys).await.map_err(|error| self.at_store(error))?,
            None => vec![None; keys.len()],
        };
        let mut sums = [0_u128; 2];
        for (row, found) in rows.iter().zip(&found) {
            add_key(&mut self.buckets, &row.key);
            sums[0] = sums[0].wrapping_add(row_sum(&row.key, wanted_hash(&row.outcome, &mut self.buffer)));
            if let Some(found) = found {
                sums[1] = sums[1].wrapping_add(row_sum(&row.key, found_hash(found, &mut self.buffer)));
            }
        }
        if sums[0] != sums[1] {
            self.look_at(rows, &found, &mut sums).await?;
        }
        self.sums = [0, 1].map(|side| self.sums[side].wrapping_add(sums[side]));
        Ok(())
    }

    /// Finds the rows of a page that are not the same.
    async fn look_at(
        &mut self,
        rows: &[ImportRow],
        found: &[Option<Found>],
        sums: &mut [u128; 2],
    ) -> Result<(), Failure> {
        for (row, found) in rows.iter().zip(found) {
            let Some(found) = found else {
                self.said.missing += 1;
                self.list(&row.key, "missing", BTreeMap::new());
                continue;
            };
            let mut outcome = row.outcome.clone();
            let here = found_hash(found, &mut self.buffer);
            let before = wanted_hash(&outcome, &mut self.buffer);
            if before != here
                && self.settings.detach
                && let Outcome::Record(record) = outcome
            {
                outcome = Outcome::Record(Box::new(self.detached(*record).await?));
            }
            // A record that was refused for what it refers to is a dead letter, not a difference.
            let is_refused = matches!((&outcome, found), (Outcome::Record(_), Found::Dead));
            let there = wanted_hash(&outcome, &mut self.buffer);
            let settled = if is_refused { here } else { there };
            sums[0] =
                sums[0].wrapping_sub(row_sum(&row.key, before)).wrapping_add(row_sum(&row.key, settled));
            if settled != here {
                self.said.different += 1;
                self.list(&row.key, "different", fields(&outcome, found));
            }
        }
        Ok(())
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
        let mut extra: HashSet<Vec<u8>> = HashSet::new();
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
        self.said.extra = extra.len() as u64;
        let mut sorted: Vec<_> = extra.into_iter().collect();
        sorted.sort();
        for key in sorted {
            self.list(&key, "extra", BTreeMap::new());
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

    fn list(&mut self, key: &[u8], what: &'static str, fields: BTreeMap<String, [serde_json::Value; 2]>) {
        if self.said.differences.len() < LISTED_MAX {
            self.said.differences.push(Difference { key: show_key(key), what, fields });
        }
    }
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

impl VerifiedTable {
    fn is_same(&self) -> bool {
        self.different + self.missing + self.extra == 0
    }
}

impl Verified {
    fn markdown(&self) -> String {
        let mut out = String::from(
            "| table | rows there | rows here | different | missing | extra |\n|---|--:|--:|--:|--:|--:|\n",
        );
        for table in &self.tables {
            let VerifiedTable { table, source_rows, target_rows, different, missing, extra, .. } = table;
            out.push_str(&format!(
                "| {table} | {source_rows} | {target_rows} | {different} | {missing} | {extra} |\n"
            ));
        }
        for table in &self.tables {
            for difference in &table.differences {
                out.push_str(&format!("\n- {} {}: {}", table.table, difference.key, difference.what));
                for (name, [there, here]) in &difference.fields {
                    out.push_str(&format!("; {name} is {there} there and {here} here"));
                }
            }
        }
        let seconds = self.milliseconds as f64 / 1000.0;
        let word = if self.same { "the same" } else { "NOT the same" };
        out.push_str(&format!("\nBoth sides are {word}; compared in {seconds:.1} s.\n"));
        out
    }
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
