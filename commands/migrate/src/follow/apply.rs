//! Rows that changed, read again and written.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use kefu_app::{Exit, Failure, Stop};
use kefu_store::{
    StoreError,
    import::{
        Begin, Checkpoint, Entity, FollowPosition, FollowState, ImportBatch, ImportRow, ImportTable, Outcome,
        Refused, TableSetup,
    },
};
use tokio::time::Instant;

use super::{BEAT, group::Groups};
use crate::{
    cast::Changed,
    check::{Plan, Sources},
    letters::{Letter, Letters},
    mapping::{DeadRow, Grouper, Lookups, TableMap},
    reading::lookups,
    settings::Settings,
    source::{Dirty, Keyed, Request, Session, Source, SourceRow, hash_there, refused},
    target::{self, Sink},
    value::{Value, decode_key, encode_key},
};

/// Keys that are looked at together where nothing waits for them.
const KEYS: u32 = 500;

/// How often rows are read again when the source goes away meanwhile, and for how long at most.
const ATTEMPTS: u32 = 30;
const PATIENCE: Duration = Duration::from_secs(180);

/// Rows that were mapped.
#[derive(Default)]
pub(super) struct Mapped {
    pub(super) rows: Vec<ImportRow>,
    dead: Vec<DeadRow>,
    changed: Changed,
}

impl Mapped {
    pub(super) fn add(&mut self, map: &TableMap, lookups: &Lookups, grouper: &mut Grouper, row: SourceRow) {
        let (row, dead) = map.map(row.key, &row.values, lookups, grouper, &mut self.changed);
        self.rows.push(row);
        self.dead.extend(dead);
    }
}

/// A table that changes.
pub(super) struct Target {
    pub(super) map: Arc<TableMap>,
    pub(super) source: Arc<Source>,
    /// Which of the sources that are followed; nothing, for one that is not.
    pub(super) live: Option<usize>,
    pub(super) table: ImportTable,
    request: Request,
    keyed: Option<Keyed>,
    lookups: Lookups,
    groups: Groups,
    /// The last dead letter that was tried again; those behind it come next.
    dead_after: Vec<u8>,
}

/// What counts as lately, for the rate.
struct Window {
    begun: Instant,
    changes: u64,
}

/// Writes what changes.
pub(super) struct Applier<'a> {
    pub(super) settings: &'a Settings,
    sink: &'a mut Sink,
    letters: &'a mut Letters,
    dead: u64,
    pub(super) targets: Vec<Target>,
    positions: Vec<FollowPosition>,
    pub(super) sessions: Vec<Session>,
    windows: Vec<Window>,
    written_at: Vec<Instant>,
    /// Somebody may be there by now whom a dead letter refers to.
    has_new_people: bool,
    retried_at: Instant,
    /// Rows that changed, if somebody wants to know.
    pub(super) touched: Option<BTreeSet<(usize, Vec<u8>)>>,
}

impl<'a> Applier<'a> {
    pub(super) async fn open(
        settings: &'a Settings,
        sources: &Sources,
        plan: &Plan,
        sink: &'a mut Sink,
        letters: &'a mut Letters,
        positions: Vec<FollowPosition>,
    ) -> Result<Self, Failure> {
        let mut targets = Vec::new();
        for (index, map) in settings.tables.iter().enumerate() {
            let source = Arc::clone(sources.get(&map.source)?);
            let setup = TableSetup { name: map.name(), mapping: map.hash() };
            let table = sink.begin(&setup, Begin::Continue, target::now()).await;
            let table = table.map_err(|error| target::failure(&settings.data_dir, error))?;
            if table.mapping != setup.mapping {
                let name = &setup.name;
                return Err(refused(
                    format!("cannot follow `{name}`: its mapping is another one than it was copied by"),
                    format!("无法跟随 `{name}`:其映射与复制时不同"),
                ));
            }
            let request = Request {
                table: map.from.clone(),
                key: plan.key(index).to_vec(),
                columns: map.columns.clone(),
                position: None,
                page_rows: settings.page_rows,
            };
            let live = positions.iter().position(|position| position.source == map.source);
            let keyed = match source.server().filter(|_| live.is_some()) {
                Some(server) => Some(server.keyed(request.clone()).await?),
                None => None,
            };
            let lookups = lookups(&source, map).await?;
            let (map, groups) = (Arc::clone(map), Groups::default());
            let dead_after = Vec::new();
            targets.push(Target { map, source, live, table, request, keyed, lookups, groups, dead_after });
        }
        let mut sessions = Vec::new();
        for position in &positions {
            let server = sources.get(&position.source)?.server();
            sessions.push(server.ok_or_else(|| Failure::internal("a source is no server"))?.session());
        }
        let now = Instant::now();
        Ok(Self {
            settings,
            sink,
            letters,
            dead: 0,
            targets,
            windows: positions.iter().map(|_| Window { begun: now, changes: 0 }).collect(),
            written_at: vec![now; positions.len()],
            positions,
            sessions,
            has_new_people: true,
            retried_at: now,
            touched: None,
        })
    }

    pub(super) fn positions(&self) -> &[FollowPosition] {
        &self.positions
    }

    /// Whether this process has the store to itself.
    pub(super) fn is_here(&self) -> bool {
        self.sink.is_here()
    }

    /// Dead letters that were written.
    pub(super) fn dead(&self) -> u64 {
        self.dead
    }

    pub(super) fn at_store(&self, error: StoreError) -> Failure {
        target::failure(&self.settings.data_dir, error)
    }

    /// Takes away what was deleted at a source before its position was taken, where tables had been copied earlier.
    pub(super) async fn sweep(&mut self) -> Result<(), Failure> {
        for index in 0..self.targets.len() {
            let target = &self.targets[index];
            let Some(live) = target.live else { continue };
            if self.positions[live].state != FollowState::Copying || target.table.pass < 2 {
                continue;
            }
            let (table, mut after) = (target.table.key, Vec::new());
            loop {
                let keys = self.sink.keys(table, false, &after, KEYS).await;
                let keys = keys.map_err(|error| self.at_store(error))?;
                let Some(last) = keys.last() else { break };
                after.clone_from(last);
                let values: Vec<_> = keys.iter().filter_map(|key| decode_key(key)).collect();
                self.sessions[live].begin(None, None).await?;
                let present = self.read(index, &values).await?;
                self.sessions[live].end().await?;
                let present: HashSet<_> = present.into_iter().map(|row| row.key).collect();
                let absent: Vec<_> = keys.into_iter().filter(|key| !present.contains(key)).collect();
                self.bury(index, &absent).await?;
            }
        }
        for position in &mut self.positions {
            position.state = FollowState::Following;
            position.updated_at = target::now();
            let written = self.sink.set_positions(std::slice::from_ref(position)).await;
            written.map_err(|error| target::failure(&self.settings.data_dir, error))?;
        }
        Ok(())
    }

    /// Rows of these keys that there are.
    pub(super) async fn read(
        &mut self,
        index: usize,
        keys: &[Vec<Value>],
    ) -> Result<Vec<SourceRow>, Failure> {
        let target = &mut self.targets[index];
        let (Some(live), Some(keyed)) = (target.live, &mut target.keyed) else { return Ok(Vec::new()) };
        let mut rows = Vec::new();
        let mut rest = keys;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(keyed.size().min(rest.len()));
            rows.extend(self.sessions[live].rows(keyed, now).await?);
            rest = later;
        }
        Ok(rows)
    }

    async fn bury(&mut self, index: usize, keys: &[Vec<u8>]) -> Result<(), Failure> {
        let target = &self.targets[index];
        let buried = self.sink.bury(target.table.key, target.map.entity, keys).await;
        buried.map_err(|error| self.at_store(error))
    }

    /// Reads what changed again and writes it; a source that goes away meanwhile is asked again. Returns whether all of it
    /// is written, which it is not if it was stopped meanwhile.
    pub(super) async fn apply(
        &mut self,
        live: usize,
        mut dirty: Dirty,
        stop: &Stop,
    ) -> Result<bool, Failure> {
        self.windows[live].changes += dirty.keys.len() as u64;
        self.positions[live].changes += dirty.keys.len() as u64;
        let retried = self.add_dead_letters(live, &mut dirty).await?;
        if let Some(touched) = &mut self.touched {
            touched.extend(dirty.keys.iter().map(|(index, key)| (*index, encode_key(key))));
        }
        let (mut attempt, begun) = (1, Instant::now());
        loop {
            match self.try_to_apply(live, &dirty, &retried, stop).await {
                Err(failure)
                    if failure.exit() == Exit::Unavailable
                        && attempt < ATTEMPTS
                        && begun.elapsed() < PATIENCE =>
                {
                    tracing::warn!(attempt, "the source does not answer, trying again");
                    self.sessions[live].reset();
                    tokio::select! {
                        () = tokio::time::sleep(Duration::from_millis(100 << attempt.min(5))) => {}
                        () = stop.clone().requested() => return Ok(false),
                    }
                    attempt += 1;
                }
                applied => return applied,
            }
        }
    }

    /// Adds rows that could not be used, now and then: what they refer to may be there.
    async fn add_dead_letters(
        &mut self,
        live: usize,
        dirty: &mut Dirty,
    ) -> Result<HashSet<(usize, Vec<u8>)>, Failure> {
        let mut retried = HashSet::new();
        if !self.has_new_people || self.retried_at.elapsed() < BEAT {
            return Ok(retried);
        }
        self.retried_at = Instant::now();
        self.has_new_people = false;
        let mut known: HashSet<(usize, Vec<u8>)> =
            dirty.keys.iter().map(|(index, key)| (*index, encode_key(key))).collect();
        let targets = self.targets.iter_mut().enumerate();
        for (index, target) in targets.filter(|(_, target)| target.live == Some(live)) {
            let keys = self.sink.keys(target.table.key, true, &target.dead_after, KEYS).await;
            let keys = keys.map_err(|error| target::failure(&self.settings.data_dir, error))?;
            let has_more = keys.len() == KEYS as usize;
            target.dead_after = keys.last().filter(|_| has_more).cloned().unwrap_or_default();
            self.has_new_people |= has_more;
            for key in keys {
                let Some(values) = decode_key(&key) else { continue };
                if known.insert((index, key.clone())) {
                    dirty.keys.push((index, values));
                }
                retried.insert((index, key));
            }
        }
        Ok(retried)
    }

    async fn try_to_apply(
        &mut self,
        live: usize,
        dirty: &Dirty,
        retried: &HashSet<(usize, Vec<u8>)>,
        stop: &Stop,
    ) -> Result<bool, Failure> {
        let mut tables: Vec<Vec<&Vec<Value>>> = vec![Vec::new(); self.targets.len()];
        for (index, key) in &dirty.keys {
            tables[*index].push(key);
        }
        let jobs: Vec<_> = tables.into_iter().enumerate().filter(|(_, keys)| !keys.is_empty()).collect();
        if jobs.is_empty() && dirty.looked_up.is_empty() {
            self.advance(live, dirty).await?;
            return Ok(true);
        }
        let read_at = dirty.read_at.map(|(_, last)| last);
        self.sessions[live].begin(dirty.place.as_ref(), read_at).await?;
        if !dirty.looked_up.is_empty() && !self.look_up_again(live, &dirty.looked_up, stop).await? {
            return Ok(false);
        }
        let last = jobs.len().saturating_sub(1);
        let mut is_noted = false;
        for (number, (index, keys)) in jobs.into_iter().enumerate() {
            let mut rest = keys.as_slice();
            while !rest.is_empty() {
                let size = self.targets[index].keyed.as_ref().map_or(1, Keyed::size);
                let (now, later) = rest.split_at(size.min(rest.len()));
                rest = later;
                let now: Vec<Vec<Value>> = now.iter().map(|key| (*key).clone()).collect();
                let mapped = self.map_again(live, index, &now).await?;
                let position =
                    (number == last && rest.is_empty()).then(|| self.reached(live, dirty)).flatten();
                is_noted |= position.is_some();
                self.write(index, mapped, position, retried).await?;
            }
        }
        self.sessions[live].end().await?;
        if is_noted {
            self.written_at[live] = Instant::now();
        } else {
            self.advance(live, dirty).await?;
        }
        Ok(true)
    }

    /// Reads rows again and maps them; what is gone is taken away.
    async fn map_again(&mut self, live: usize, index: usize, keys: &[Vec<Value>]) -> Result<Mapped, Failure> {
        let rows = self.read(index, keys).await?;
        let present: HashSet<&[u8]> = rows.iter().map(|row| row.key.as_slice()).collect();
        let absent = keys.iter().map(encode_key).filter(|key| !present.contains(key.as_slice()));
        let absent: Vec<_> = absent.collect();
        self.bury(index, &absent).await?;
        let mut mapped = self.map(live, index, rows).await?;
        self.leave_own(live, index, &mut mapped).await?;
        Ok(mapped)
    }

    /// Leaves out what flowed back from here, and what nobody has changed since. Of people, who are of no inbox, only those who
    /// are not known by their rows yet.
    async fn leave_own(&mut self, live: usize, index: usize, mapped: &mut Mapped) -> Result<(), Failure> {
        let map = &self.targets[index].map;
        if !matches!(map.entity, Entity::Visitor | Entity::Conversation | Entity::Message | Entity::Ticket) {
            return Ok(());
        }
        let keys: Vec<_> = mapped.rows.iter().map(|row| row.key.as_slice()).collect();
        let notes = self.sessions[live].noted(&map.from, &keys).await?;
        let notes: HashMap<_, _> =
            notes.iter().filter_map(|note| Some((&note.row.as_ref()?.1, note))).collect();
        let is_own = |row: &ImportRow| {
            notes.get(&row.key).is_some_and(|note| {
                note.is_made || map.entity != Entity::Visitor && note.there == Some(hash_there(&row.outcome))
            })
        };
        mapped.rows.retain(|row| !is_own(row));
        Ok(())
    }

    /// Maps rows of a table.
    pub(super) async fn map(
        &mut self,
        live: usize,
        index: usize,
        rows: Vec<SourceRow>,
    ) -> Result<Mapped, Failure> {
        let target = &mut self.targets[index];
        let Some(keyed) = target.keyed.as_ref().filter(|_| target.map.group.is_some()) else {
            let (mut mapped, mut grouper) = (Mapped::default(), Grouper::default());
            for row in rows {
                mapped.add(&target.map, &target.lookups, &mut grouper, row);
            }
            return Ok(mapped);
        };
        let session = &mut self.sessions[live];
        target.groups.map(&target.map, &target.lookups, keyed, session, rows).await
    }

    /// Has values that are looked up in these tables as they are now; rows that they stand in are read again. Returns
    /// whether that came to its end.
    async fn look_up_again(
        &mut self,
        live: usize,
        changed: &HashSet<String>,
        stop: &Stop,
    ) -> Result<bool, Failure> {
        for index in 0..self.targets.len() {
            let target = &mut self.targets[index];
            let is_meant =
                target.live == Some(live) && target.map.lookups().any(|(table, ..)| changed.contains(table));
            if !is_meant {
                continue;
            }
            target.lookups = tokio::select! {
                biased;
                () = stop.clone().requested() => return Ok(false),
                lookups = lookups(&target.source, &target.map) => lookups?,
            };
            target.groups = Groups::default();
            let mut cursor = target.source.read(target.request.clone()).await?;
            let mut grouper = Grouper::default();
            loop {
                let page = tokio::select! {
                    biased;
                    () = stop.clone().requested() => return Ok(false),
                    page = cursor.next() => page?,
                };
                let target = &self.targets[index];
                let mut mapped = Mapped::default();
                for row in page.rows {
                    mapped.add(&target.map, &target.lookups, &mut grouper, row);
                }
                self.write(index, mapped, None, &HashSet::new()).await?;
                if page.is_end {
                    break;
                }
            }
        }
        Ok(true)
    }

    /// Where a source stands once this is written; nothing within a transaction.
    fn reached(&mut self, live: usize, dirty: &Dirty) -> Option<FollowPosition> {
        let now = target::now();
        let window = &mut self.windows[live];
        let position = &mut self.positions[live];
        let elapsed = window.begun.elapsed();
        if elapsed.as_millis() >= 1000 {
            let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
            position.rate = window.changes * 1000 / millis;
            *window = Window { begun: Instant::now(), changes: 0 };
        }
        // A second is as exactly as a server says when it wrote.
        let written = dirty.written_at.map(|at| (i64::from(at) + 1) * 1_000_000);
        let since_written = written.map_or(0, |written| now.0.saturating_sub(written));
        let since_read = dirty.read_at.map_or(0, |(first, _)| first.elapsed().as_micros());
        let lag_us =
            u64::try_from(since_written).unwrap_or(0).max(u64::try_from(since_read).unwrap_or(u64::MAX));
        position.lag_us = if dirty.is_idle && dirty.keys.is_empty() { 0 } else { lag_us };
        position.updated_at = now;
        position.position = dirty.position.as_ref()?.written();
        Some(position.clone())
    }

    /// Notes where a source stands, where nothing of it became anything.
    async fn advance(&mut self, live: usize, dirty: &Dirty) -> Result<(), Failure> {
        let was = self.positions[live].position.clone();
        let Some(position) = self.reached(live, dirty) else { return Ok(()) };
        let since = self.written_at[live].elapsed();
        // What happens in other tables is not worth a transaction each.
        let is_due = since >= BEAT || since.as_millis() >= 1000 && was != position.position;
        if !dirty.keys.is_empty() || is_due {
            self.written_at[live] = Instant::now();
            let written = self.sink.set_positions(std::slice::from_ref(&position)).await;
            written.map_err(|error| self.at_store(error))?;
        }
        Ok(())
    }

    /// Writes rows, and the position with them; what cannot be used is durable before it.
    async fn write(
        &mut self,
        index: usize,
        mapped: Mapped,
        position: Option<FollowPosition>,
        retried: &HashSet<(usize, Vec<u8>)>,
    ) -> Result<(), Failure> {
        let name = self.targets[index].table.name.clone();
        let is_new = |key: &[u8]| !retried.contains(&(index, key.to_vec()));
        let letters: Vec<_> =
            mapped.dead.iter().filter(|dead| is_new(&dead.key)).map(|dead| Letter::of(&name, dead)).collect();
        self.keep(&letters)?;
        let checkpoint =
            Checkpoint { is_end: true, changed: mapped.changed, at: target::now(), ..Checkpoint::default() };
        let batch = ImportBatch {
            table: self.targets[index].table.key,
            rows: mapped.rows,
            checkpoint: Some(checkpoint),
            detach: self.settings.detach,
        };
        self.has_new_people |= !batch.rows.is_empty() && self.targets[index].map.entity < Entity::Message;
        match self.put(&name, &batch, position.clone(), &is_new).await {
            Err(StoreError::Conflict(_)) => self.one_by_one(&name, batch, position, &is_new).await,
            put => put.map_err(|error| self.at_store(error))?,
        }
    }

    async fn put(
        &mut self,
        name: &str,
        batch: &ImportBatch,
        position: Option<FollowPosition>,
        is_new: &impl Fn(&[u8]) -> bool,
    ) -> Result<Result<(), Failure>, StoreError> {
        let Self { sink, letters, dead, .. } = self;
        let keep = |refused: &[Refused]| {
            let refused = refused.iter().map(|refused| (&batch.rows[refused.index].key, refused));
            let refused: Vec<_> = refused
                .filter(|(key, _)| is_new(key))
                .map(|(key, refused)| Letter::new(name, key, "", &refused.code, &refused.detail))
                .collect();
            *dead += refused.len() as u64;
            letters.write(&refused)
        };
        Ok(sink.put(batch, position, keep).await?.map(drop))
    }

    /// A value of some row is taken: each row by itself, then the position behind them.
    async fn one_by_one(
        &mut self,
        name: &str,
        batch: ImportBatch,
        position: Option<FollowPosition>,
        is_new: &impl Fn(&[u8]) -> bool,
    ) -> Result<(), Failure> {
        let ImportBatch { table, rows, checkpoint, detach } = batch;
        for row in rows {
            let key = row.key.clone();
            let alone = |row| ImportBatch { table, rows: vec![row], checkpoint: None, detach };
            match self.put(name, &alone(row), None, is_new).await {
                Ok(put) => put?,
                Err(StoreError::Conflict(what)) => {
                    if is_new(&key) {
                        self.keep(&[Letter::new(name, &key, "", "taken", &what)])?;
                    }
                    let dead = ImportRow { key, outcome: Outcome::Dead };
                    let put = self.put(name, &alone(dead), None, is_new).await;
                    put.map_err(|error| self.at_store(error))??;
                }
                Err(error) => return Err(self.at_store(error)),
            }
        }
        let rest = ImportBatch { table, rows: Vec::new(), checkpoint, detach };
        let put = self.put(name, &rest, position, is_new).await;
        put.map_err(|error| self.at_store(error))?
    }

    fn keep(&mut self, letters: &[Letter]) -> Result<(), Failure> {
        self.letters.write(letters)?;
        self.dead += letters.len() as u64;
        Ok(())
    }

    /// Notes where each source stands, and ends what has ended.
    pub(super) async fn close(self) -> Result<(), Failure> {
        let Self { settings, sink, positions, .. } = self;
        let at_store = |error| target::failure(&settings.data_dir, error);
        sink.set_positions(&positions).await.map_err(at_store)?;
        sink.settle().await.map_err(at_store)
    }
}
