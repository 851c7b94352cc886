use std::{
    collections::{HashMap, HashSet},
    path::Path,
    sync::Arc,
};

use kefu_app::{Failure, Stop, Text};
use kefu_core::Micros;
use kefu_store::{
    StoreError,
    import::{
        Begin, Checkpoint, Entity, FollowState, ImportAction, ImportBatch, ImportRow, ImportTable, Outcome,
        Refused, TableSetup, TableState,
    },
};
use tokio::{sync::mpsc, task::JoinSet};

use super::{Ended, Work};
use crate::{
    check::{self, Sources},
    ids::identity,
    letters::{Letter, Letters},
    mapping::TableMap,
    progress::Progress,
    reading::{Bunch, Outlet, Reading},
    settings::Settings,
    source::{Request, refused},
    target,
    throttle::Throttle,
};

/// A table of the file and of the store.
pub(super) struct Target {
    map: Arc<TableMap>,
    table: ImportTable,
    /// Nothing of it is to be read.
    is_done: bool,
}

/// The writer's side.
pub(super) struct Copier<'a> {
    pub(super) dir: &'a Path,
    pub(super) target: target::Target,
    /// Somebody else has served the store before.
    pub(super) is_again: bool,
    pub(super) letters: Letters,
    pub(super) progress: Progress,
    pub(super) throttle: Arc<Throttle>,
    pub(super) tables: Vec<Target>,
    pub(super) detach: bool,
    pub(super) dead: u64,
    pub(super) max_dead: u64,
    pub(super) is_retry: bool,
    /// What became of rows before counts for nothing.
    pub(super) is_repair: bool,
    /// When the positions of the sources that are followed were taken: what was read before is read again.
    pub(super) since: HashMap<String, Micros>,
}

impl Copier<'_> {
    fn at_store(&self, error: StoreError) -> Failure {
        target::failure(self.dir, error)
    }

    pub(super) async fn all(
        &mut self,
        settings: &Settings,
        sources: &Sources,
        plan: &check::Plan,
        work: &Work,
        stop: Stop,
    ) -> Result<Ended, Failure> {
        self.begin(settings, sources, work).await?;
        if self.is_repair {
            self.forget(work).await?;
        }
        if !self.since.is_empty() && self.tables.iter().all(|target| target.is_done) {
            return Ok(Ended::AtEnd);
        }
        for entity in Entity::ALL {
            let mut readings = Vec::new();
            for (index, target) in self.tables.iter().enumerate() {
                if target.map.entity != entity || target.is_done {
                    continue;
                }
                let only = match &work.retry {
                    None => None,
                    Some(keys) => match keys.get(&target.table.name) {
                        Some(keys) => Some(keys.iter().cloned().collect()),
                        None => continue,
                    },
                };
                let request = Request {
                    table: target.map.from.clone(),
                    key: plan.key(index).to_vec(),
                    columns: target.map.columns.clone(),
                    position: target.table.position.clone().filter(|_| only.is_none()),
                    page_rows: settings.page_rows,
                };
                let source = Arc::clone(sources.get(&target.map.source)?);
                readings.push(Reading { table: index, source, map: Arc::clone(&target.map), request, only });
            }
            match self.phase(readings, settings, &stop).await? {
                Ended::AtEnd => {}
                ended => return Ok(ended),
            }
        }
        self.target.sink.settle().await.map_err(|error| self.at_store(error))?;
        self.note(if self.is_repair { ImportAction::Repaired } else { ImportAction::Copied }).await?;
        Ok(Ended::AtEnd)
    }

    /// Takes every table up where it has to be taken up.
    async fn begin(&mut self, settings: &Settings, sources: &Sources, work: &Work) -> Result<(), Failure> {
        let now = self.since.values().fold(target::now(), |now, since| now.max(*since));
        for inbox in settings.inboxes() {
            let id = identity("kefu", "inbox", inbox.as_bytes());
            let made = self.target.sink.ensure_inbox(&inbox, id, !self.since.is_empty(), now).await;
            made.map_err(|error| target::failure(self.dir, error))?;
        }
        let positions = self.target.sink.positions().await.map_err(|error| self.at_store(error))?;
        if positions.iter().any(|position| position.state == FollowState::CutOver) {
            return Err(refused(
                "cannot read the sources: what is here has taken their place",
                "无法读取来源:此处的数据已取代它们",
            ));
        }
        let mut moved = HashSet::new();
        for (name, source) in sources.iter() {
            let found = source.identity();
            let known = self.target.sink.source_identity(name, found, work.accept_change, now).await;
            let known = known.map_err(|error| self.at_store(error))?;
            if known != found {
                if !work.accept_change {
                    return Err(changed(name, &known, found));
                }
                moved.insert(name.to_owned());
            }
        }
        let mut known = Vec::new();
        for map in &settings.tables {
            known.push(self.target.sink.table(&map.name()).await.map_err(|error| self.at_store(error))?);
        }
        let last = known.iter().flatten().map(|table| table.pass).max().unwrap_or(1);
        let is_following = !self.since.is_empty();
        let is_over = !is_following
            && known.iter().all(|table| {
                table.as_ref().is_some_and(|table| table.pass == last && table.state == TableState::Done)
            });
        for (map, known) in settings.tables.iter().zip(known) {
            let setup = TableSetup { name: map.name(), mapping: map.hash() };
            let is_other = known.as_ref().is_some_and(|known| known.mapping != setup.mapping);
            let is_moved = moved.contains(&map.source);
            let since = self.since.get(&map.source).copied();
            let is_before =
                since.is_some_and(|since| known.as_ref().is_some_and(|known| known.started_at < since));
            if is_other && !work.accept_change {
                return Err(remapped(&setup.name));
            }
            let (begin, is_done) = match &known {
                _ if self.is_retry => (Begin::Continue, known.is_none()),
                None => (Begin::Continue, false),
                Some(_) if is_over || is_other || is_moved || is_before => (Begin::Again, false),
                Some(known) if known.pass < last && !is_following => (Begin::Again, false),
                Some(known) if known.state == TableState::Done => (Begin::Continue, true),
                // What conversations its messages make is known from its beginning only.
                Some(_) if map.group.is_some() => (Begin::Restart, false),
                Some(_) => (Begin::Continue, false),
            };
            let table =
                self.target.sink.begin(&setup, begin, now).await.map_err(|error| self.at_store(error))?;
            self.tables.push(Target { map: Arc::clone(map), table, is_done });
        }
        Ok(())
    }

    /// Has the rows that are to be repaired count as others than they are here.
    async fn forget(&mut self, work: &Work) -> Result<(), Failure> {
        for target in &self.tables {
            let keys = work.retry.as_ref().and_then(|keys| keys.get(&target.table.name));
            if let Some(keys) = keys {
                let forgotten = self.target.sink.forget(target.table.key, keys).await;
                forgotten.map_err(|error| target::failure(self.dir, error))?;
            }
        }
        Ok(())
    }

    /// Reads tables that do not refer to each other, several at once, and writes what they become.
    async fn phase(
        &mut self,
        readings: Vec<Reading>,
        settings: &Settings,
        stop: &Stop,
    ) -> Result<Ended, Failure> {
        let (outlet, mut bunches) = Outlet::new(settings.buffer_bytes, Arc::clone(&self.throttle));
        let mut tasks: JoinSet<Result<(), Failure>> = JoinSet::new();
        let mut waiting = readings.into_iter();
        for reading in waiting.by_ref().take(settings.readers) {
            tasks.spawn(reading.run(outlet.clone(), stop.clone()));
        }
        loop {
            tokio::select! {
                biased;
                Some(bunch) = bunches.recv() => {
                    self.write(bunch).await?;
                    if self.dead > self.max_dead {
                        return Ok(Ended::TooMany);
                    }
                    if stop.is_requested() {
                        return Ok(Ended::Stopped);
                    }
                }
                ended = tasks.join_next() => match ended {
                    Some(ended) => {
                        ended.map_err(Failure::internal)??;
                        if let Some(reading) = waiting.next() {
                            tasks.spawn(reading.run(outlet.clone(), stop.clone()));
                        }
                    }
                    None => break,
                },
            }
        }
        self.drain(bunches).await?;
        Ok(if stop.is_requested() { Ended::Stopped } else { Ended::AtEnd })
    }

    /// Writes what readers that have ended left behind.
    async fn drain(&mut self, mut bunches: mpsc::Receiver<Bunch>) -> Result<(), Failure> {
        while let Ok(bunch) = bunches.try_recv() {
            self.write(bunch).await?;
        }
        Ok(())
    }

    /// Writes a bunch: what cannot be used is durable before the place behind it is.
    async fn write(&mut self, bunch: Bunch) -> Result<(), Failure> {
        let (key, name) = {
            let table = &self.tables[bunch.table].table;
            (table.key, table.name.clone())
        };
        let checkpoint = Checkpoint {
            position: bunch.position,
            is_end: bunch.is_end,
            rows: bunch.read,
            written: 0,
            changed: bunch.changed,
            at: target::now(),
        };
        let checkpoint = (!self.is_retry).then_some(checkpoint);
        let batch = ImportBatch { table: key, rows: bunch.rows, checkpoint, detach: self.detach };
        let letters: Vec<_> = bunch.dead.iter().map(|dead| Letter::of(&name, dead)).collect();
        self.keep(&letters)?;
        match self.put(&name, &batch).await {
            Err(StoreError::Conflict(_)) => self.one_by_one(&name, batch).await?,
            put => {
                put.map_err(|error| self.at_store(error))??;
            }
        }
        self.progress.add(&name, bunch.read);
        Ok(())
    }

    /// Writes a batch; returns how many rows it changed.
    async fn put(&mut self, name: &str, batch: &ImportBatch) -> Result<Result<u64, Failure>, StoreError> {
        let Self { target, letters, dead, .. } = self;
        let keep = |refused: &[Refused]| {
            let letter = |refused: &Refused| {
                Letter::new(name, &batch.rows[refused.index].key, "", &refused.code, &refused.detail)
            };
            let refused: Vec<_> = refused.iter().map(letter).collect();
            *dead += refused.len() as u64;
            letters.write(&refused)
        };
        target.sink.put(batch, None, keep).await
    }

    /// A value of some row is taken: each row by itself, then the place behind them.
    async fn one_by_one(&mut self, name: &str, mut batch: ImportBatch) -> Result<(), Failure> {
        let rows = std::mem::take(&mut batch.rows);
        let mut written = 0;
        for row in rows {
            let alone = |row| ImportBatch {
                table: batch.table,
                rows: vec![row],
                checkpoint: None,
                detach: batch.detach,
            };
            let key = row.key.clone();
            match self.put(name, &alone(row)).await {
                Ok(changed) => written += changed?,
                Err(StoreError::Conflict(what)) => {
                    self.keep(&[Letter::new(name, &key, "", "taken", &what)])?;
                    let dead = ImportRow { key, outcome: Outcome::Dead };
                    self.put(name, &alone(dead)).await.map_err(|error| self.at_store(error))??;
                }
                Err(error) => return Err(self.at_store(error)),
            }
        }
        if let Some(checkpoint) = &mut batch.checkpoint {
            checkpoint.written = written;
        }
        self.put(name, &batch).await.map_err(|error| self.at_store(error))?.map(drop)
    }

    fn keep(&mut self, letters: &[Letter]) -> Result<(), Failure> {
        self.letters.write(letters)?;
        self.dead += letters.len() as u64;
        Ok(())
    }

    /// Has the audit log say what was done.
    async fn note(&mut self, action: ImportAction) -> Result<(), Failure> {
        let tables: Vec<_> = self.tables.iter().map(|target| target.table.name.as_str()).collect();
        let detail =
            serde_json::json!({ "tables": tables, "rows": self.progress.done(), "dead_letters": self.dead });
        self.target.sink.note(action, detail).await.map_err(|error| self.at_store(error))
    }
}

fn changed(name: &str, known: &str, found: &str) -> Failure {
    refused(
        format!("cannot go on: source `{name}` is `{found}`, but it was `{known}` when it was first read"),
        format!("无法继续:来源 `{name}` 现为 `{found}`,首次读取时为 `{known}`"),
    )
    .hint(Text::new(
        "with --accept-change it is taken for the same; its rows are compared one by one",
        "使用 --accept-change 可将其视为同一来源;将逐行比较",
    ))
}

fn remapped(table: &str) -> Failure {
    refused(
        format!("cannot go on: the mapping of `{table}` is another one than before"),
        format!("无法继续:`{table}` 的映射与之前不同"),
    )
    .hint(Text::new("with --accept-change it is read anew", "使用 --accept-change 将重新读取"))
}
