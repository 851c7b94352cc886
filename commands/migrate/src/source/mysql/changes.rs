//! Which rows of a server change: the binary log, read for keys alone.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use kefu_app::{Exit, Failure, Text};
use tokio::time::{Instant, timeout};

use super::{
    Server,
    columns::{KeyColumn, KeyPart},
    ddl::{self, Effect},
    event::{Bytes, Event, Table, What},
    image::read_image,
    log::Position,
    session::Session,
    wire::{Wire, WireError},
};
use crate::{
    source::{
        live::{Dirty, Position as AnyPosition, Watched},
        recopy, refused,
    },
    value::encode_key,
};

/// Keys that are handed on at once, and how long the first of them waits for others.
const KEYS_MAX: usize = 500;
const GATHER: Duration = Duration::from_millis(200);

/// A server that says nothing for so long is asked again; it sends something every second.
const SILENCE: Duration = Duration::from_secs(15);

/// How often a server that is away is called again, and the longest time between two calls.
const ATTEMPTS: u32 = 30;
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// Errors of a server: it cannot send its log, which may also be for a moment; and it has no room.
const LOG_BROKEN: u16 = 1236;
const TOO_MANY_CONNECTIONS: u16 = 1040;

/// After so many of the former it is for good.
const REFUSALS: u32 = 4;

/// A table as the catalogue has it.
struct Known {
    /// What becomes of its rows, and by which key; nothing, if values are looked up in it.
    targets: Vec<(usize, Vec<(usize, KeyColumn)>)>,
    is_looked_up: bool,
    columns: usize,
}

/// The changes of a server, from a position on.
pub(crate) struct Changes {
    server: Server,
    session: Session,
    database: String,
    known: HashMap<String, Arc<Known>>,
    /// Tables by the numbers that events have.
    numbered: HashMap<u64, Option<(Arc<Known>, Table)>>,
    wire: Option<Wire>,
    replica: u32,
    /// Between two transactions.
    position: Position,
    /// Where the next event is.
    place: Position,
    is_in_transaction: bool,
    has_rows: bool,
    /// Whether events end in checksums.
    has_checksums: bool,
    heard_at: Instant,
    targets: Vec<usize>,
    parts: Vec<Vec<KeyPart>>,
    dirty: Dirty,
}

/// Why reading stops for a while, or for good.
enum Stopped {
    Away(WireError),
    For(Failure),
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        match failure.exit() {
            Exit::Unavailable => {
                Self::Away(std::io::Error::from(std::io::ErrorKind::ConnectionRefused).into())
            }
            _ => Self::For(failure),
        }
    }
}

impl Changes {
    /// Of these tables.
    pub(crate) async fn open(
        server: &Server,
        position: Position,
        watched: &[Watched],
    ) -> Result<Self, Failure> {
        let mut conn = server.connect().await?;
        let mut known: HashMap<String, Known> = HashMap::new();
        for table in watched {
            let columns = server.columns(&mut conn, &table.name).await?;
            let key = |name: &String| {
                let index = columns.iter().position(|column| column.name == *name)?;
                Some((index, columns[index].key()?))
            };
            let target = match &table.target {
                Some((target, names)) => {
                    let key: Option<Vec<_>> = names.iter().map(key).collect();
                    let name = &table.name;
                    let unknown = || {
                        refused(
                            format!("cannot follow `{name}` by its key"),
                            format!("无法按键跟随 `{name}`"),
                        )
                    };
                    Some((*target, key.ok_or_else(unknown)?))
                }
                None => None,
            };
            let new = || Known { targets: Vec::new(), is_looked_up: false, columns: columns.len() };
            let known = known.entry(table.name.clone()).or_insert_with(new);
            known.is_looked_up |= target.is_none();
            known.targets.extend(target);
        }
        let mut number = [0; 4];
        getrandom::fill(&mut number).map_err(|error| Failure::internal(error.to_string()))?;
        let known = known.into_iter().map(|(name, known)| (name, Arc::new(known))).collect();
        // No other replica of the server may have this number.
        Ok(Self::at(server, position, known, u32::from_le_bytes(number) | 1 << 31))
    }

    /// One that stands at a position.
    fn at(server: &Server, position: Position, known: HashMap<String, Arc<Known>>, replica: u32) -> Self {
        Self {
            database: server.database().to_owned(),
            session: server.session(),
            server: server.clone(),
            known,
            numbered: HashMap::new(),
            wire: None,
            replica,
            place: position.clone(),
            position,
            is_in_transaction: false,
            has_rows: false,
            has_checksums: false,
            heard_at: Instant::now(),
            targets: Vec::new(),
            parts: Vec::new(),
            dirty: Dirty::default(),
        }
    }

    /// What changed next, or that there is nothing for now.
    pub(crate) async fn next(&mut self) -> Result<Dirty, Failure> {
        let mut attempt = 0;
        loop {
            let gathered = match self.gather().await {
                Ok(is_idle) => self.hand_on(is_idle).await,
                Err(stopped) => Err(stopped),
            };
            match gathered {
                Ok(dirty) => return Ok(dirty),
                Err(Stopped::For(failure)) => return Err(failure),
                Err(Stopped::Away(error)) => {
                    attempt += 1;
                    self.wire = None;
                    self.session.reset();
                    if let WireError::Refused(LOG_BROKEN, _) = &error
                        && attempt >= REFUSALS
                    {
                        let lost =
                            self.server.lost(&self.position, "the server cannot read it", "服务器无法读取");
                        return Err(lost.because(error));
                    }
                    if attempt > ATTEMPTS {
                        return Err(self.server.unavailable().because(error));
                    }
                    if attempt == 1 {
                        tracing::warn!(%error, "the source does not answer, calling it again");
                    }
                    tokio::time::sleep(Duration::from_millis(100 << attempt.min(6)).min(PAUSE_MAX)).await;
                }
            }
        }
    }

    /// Reads until there is enough; whether there is no more for now.
    async fn gather(&mut self) -> Result<bool, Stopped> {
        if self.wire.is_none() {
            self.connect().await?;
        }
        loop {
            let begun = self.dirty.read_at.map(|(first, _)| first);
            let is_due = begun.is_some_and(|first| first.elapsed() >= GATHER);
            if self.parts.len() >= KEYS_MAX || is_due && !self.is_in_transaction {
                return Ok(false);
            }
            let Some(wire) = &mut self.wire else { return Ok(true) };
            match timeout(GATHER, wire.event()).await {
                Err(_) if self.heard_at.elapsed() > SILENCE => {
                    return Err(Stopped::Away(std::io::Error::from(std::io::ErrorKind::TimedOut).into()));
                }
                // A server sends what it has at once.
                Err(_) => return Ok(!self.is_in_transaction),
                Ok(event) => {
                    self.heard_at = Instant::now();
                    let event = event.map_err(Stopped::Away)?;
                    let event = Event::read(&event, self.has_checksums)
                        .map_err(|_| self.strange("an event that cannot be read"))?;
                    // It says where it is once a second, and nothing else then.
                    let is_heartbeat = event.what == What::Heartbeat;
                    self.take(event).await?;
                    if is_heartbeat && begun.is_none() && !self.is_in_transaction {
                        return Ok(true);
                    }
                }
            }
        }
    }

    async fn connect(&mut self) -> Result<(), Stopped> {
        self.server.check(&self.position).await?;
        // Checksums are known here; so are numbers of transactions of MariaDB. A sign of life comes every second.
        const SETTINGS: &str = "SET @master_binlog_checksum = 'CRC32', @source_binlog_checksum = 'CRC32',
            @mariadb_slave_capability = 4, @master_heartbeat_period = 1000000000,
            @source_heartbeat_period = 1000000000";
        let connecting = async {
            let mut wire = Wire::connect(self.server.address()).await?;
            wire.execute(SETTINGS).await?;
            wire.dump(self.replica, &self.position.file, self.position.offset).await?;
            Ok(wire)
        };
        let connected = timeout(super::CONNECT, connecting).await;
        let timed_out = |_| WireError::Io(std::io::ErrorKind::TimedOut.into());
        match connected.map_err(timed_out).and_then(|connected| connected) {
            Ok(wire) => self.wire = Some(wire),
            Err(WireError::Refused(number, text))
                if ![LOG_BROKEN, TOO_MANY_CONNECTIONS].contains(&number) =>
            {
                let name = &self.server.name;
                return Err(Stopped::For(
                    refused(format!("cannot follow source `{name}`"), format!("无法跟随来源 `{name}`"))
                        .because(WireError::Refused(number, text)),
                ));
            }
            Err(error) => return Err(Stopped::Away(error)),
        }
        self.numbered.clear();
        self.place = self.position.clone();
        (self.is_in_transaction, self.has_rows, self.has_checksums) = (false, false, false);
        self.heard_at = Instant::now();
        Ok(())
    }

    async fn take(&mut self, event: Event) -> Result<(), Stopped> {
        if let Some(end) = event.end.filter(|_| event.at.is_some()) {
            self.place.offset = end;
        }
        match event.what {
            What::Format { has_checksums } => {
                self.has_checksums = has_checksums;
                self.pass();
            }
            What::Between => self.pass(),
            What::Rotate { file, offset } => self.rotate(&file, offset).await?,
            What::Gtid { domain, server, number } => {
                self.place.gtid.insert(domain, (server, number));
                self.is_in_transaction = true;
            }
            What::Query { database, sql } => self.query(&database, &sql)?,
            What::Commit => self.commit(),
            What::Table { number, table } => self.table(number, table)?,
            What::Rows { table, columns, present, images } => {
                self.rows(table, columns, &present, &images)?;
                self.dirty.written_at = event.at.or(self.dirty.written_at);
            }
            What::Prepared if self.has_rows => {
                return Err(self.stop("it has distributed transactions (XA)", "其中有分布式事务(XA)").into());
            }
            What::Prepared => self.commit(),
            What::Compressed => {
                return Err(self
                    .stop(
                        "it is compressed: turn `log_bin_compress` or `binlog_transaction_compression` off",
                        "日志已压缩:请关闭 `log_bin_compress` 或 `binlog_transaction_compression`",
                    )
                    .into());
            }
            What::Incident => {
                return Err(self.stop("the server has lost some of it", "服务器丢失了部分日志").into());
            }
            What::Heartbeat | What::Other => {}
        }
        Ok(())
    }

    /// Everything up to here is whole.
    fn commit(&mut self) {
        (self.is_in_transaction, self.has_rows) = (false, false);
        self.position = self.place.clone();
    }

    /// What a server writes at the beginning of a file, and now and then between two transactions, is passed without one:
    /// where the log ends may be behind it.
    fn pass(&mut self) {
        if !self.is_in_transaction && !self.has_rows {
            self.position = self.place.clone();
        }
    }

    async fn rotate(&mut self, file: &[u8], offset: u64) -> Result<(), Stopped> {
        let offset = u32::try_from(offset).map_err(|_| self.strange("a place beyond 4 GiB"))?;
        // The name as it is, or without the checksum that may follow it.
        let names = [Some(file), file.len().checked_sub(4).map(|length| &file[..length])];
        let names: Vec<_> =
            names.into_iter().flatten().filter_map(|name| std::str::from_utf8(name).ok()).collect();
        if names.contains(&self.place.file.as_str()) {
            return Ok(());
        }
        for name in names {
            // What is no file of the log would be asked for in vain for ever.
            if self.server.has_file(name).await? {
                self.place.file = name.to_owned();
                self.place.offset = offset;
                self.commit();
                return Ok(());
            }
        }
        Err(self.strange("a name of a file that its log does not have"))
    }

    fn query(&mut self, database: &[u8], sql: &[u8]) -> Result<(), Stopped> {
        let (database, sql) = (String::from_utf8_lossy(database), String::from_utf8_lossy(sql));
        let is_followed = |named: Option<&str>, name: &str| {
            named.unwrap_or(&database) == self.database && (name.is_empty() || self.known.contains_key(name))
        };
        match ddl::effect(&sql, is_followed) {
            Effect::Begin => self.is_in_transaction = true,
            Effect::Touches => {
                let shown: String = sql.chars().take(120).collect();
                let en =
                    format!("a table that is followed was changed by `{shown}`; look at `kefu migrate plan`");
                let zh = format!("被跟随的表已被 `{shown}` 更改;请查看 `kefu migrate plan`");
                return Err(self.stop(&en, &zh).into());
            }
            // Within a transaction a savepoint ends nothing.
            Effect::None if self.has_rows => {}
            Effect::End | Effect::None => self.commit(),
        }
        Ok(())
    }

    fn table(&mut self, number: u64, table: Table) -> Result<(), Stopped> {
        let is_ours = table.database == self.database.as_bytes();
        let name = String::from_utf8_lossy(&table.name);
        let known = self.known.get(&*name).filter(|_| is_ours).cloned();
        if let Some(known) = &known
            && known.columns != table.shapes.len()
        {
            let (en, zh) = (format!("`{name}` had other columns"), format!("`{name}` 的列与当时不同"));
            return Err(self.stop(&en, &zh).into());
        }
        self.numbered.insert(number, known.map(|known| (known, table)));
        Ok(())
    }

    fn rows(
        &mut self,
        number: u64,
        columns: usize,
        present: &[Vec<u8>],
        images: &[u8],
    ) -> Result<(), Stopped> {
        self.has_rows = true;
        let Some(Some((known, table))) = self.numbered.get(&number) else { return Ok(()) };
        let (known, table) = (Arc::clone(known), table.clone());
        let now = Instant::now();
        self.dirty.read_at = Some((self.dirty.read_at.map_or(now, |(first, _)| first), now));
        self.dirty.place = Some(AnyPosition::Mysql(self.place.clone()));
        if known.is_looked_up {
            self.dirty.looked_up.insert(String::from_utf8_lossy(&table.name).into_owned());
        }
        for (target, key) in &known.targets {
            let found = self.keys(&table, columns, present, images, key)?;
            self.targets.extend(vec![*target; found.len()]);
            self.parts.extend(found);
        }
        Ok(())
    }

    /// The keys that rows had and have.
    fn keys(
        &self,
        table: &Table,
        columns: usize,
        present: &[Vec<u8>],
        images: &[u8],
        key: &[(usize, KeyColumn)],
    ) -> Result<Vec<Vec<KeyPart>>, Stopped> {
        let broken = || self.strange("rows that cannot be read");
        if columns != table.shapes.len() {
            return Err(broken());
        }
        let wanted: Vec<usize> = key.iter().map(|(index, _)| *index).collect();
        let mut bytes = Bytes(images);
        let mut found = Vec::new();
        while !bytes.0.is_empty() {
            let mut before: Vec<Option<Vec<u8>>> = vec![None; wanted.len()];
            for present in present {
                let image = read_image(&mut bytes, &table.shapes, present, &wanted).map_err(|_| broken())?;
                // Columns that stayed may be left out of the second image.
                let image: Vec<_> =
                    image.into_iter().zip(before).map(|(now, before)| now.or(before)).collect();
                let whole: Option<Vec<KeyPart>> = image
                    .iter()
                    .zip(key)
                    .map(|(bytes, (_, column))| bytes.as_ref().map(|bytes| column.value(bytes)))
                    .collect();
                match whole {
                    Some(key) => found.push(key),
                    None => {
                        return Err(self
                            .stop(
                                "keys are not in it: `binlog_row_image` must be FULL",
                                "其中没有键:`binlog_row_image` 必须为 FULL",
                            )
                            .into());
                    }
                }
                before = image;
            }
        }
        Ok(found)
    }

    async fn hand_on(&mut self, is_idle: bool) -> Result<Dirty, Stopped> {
        let values = self.session.resolve(&self.parts).await?;
        self.parts.clear();
        let mut gathered = HashSet::new();
        for (target, key) in std::mem::take(&mut self.targets).into_iter().zip(values) {
            if gathered.insert((target, encode_key(&key))) {
                self.dirty.keys.push((target, key));
            }
        }
        let mut dirty = std::mem::take(&mut self.dirty);
        dirty.position = (!self.is_in_transaction).then(|| AnyPosition::Mysql(self.position.clone()));
        dirty.is_idle = is_idle;
        Ok(dirty)
    }

    /// What is behind the position cannot be followed.
    fn stop(&self, en: &str, zh: &str) -> Failure {
        self.server.lost(&self.place, en, zh)
    }

    fn strange(&self, what: &str) -> Stopped {
        let name = &self.server.name;
        let text = Text::new(
            format!("cannot follow source `{name}`: it sent {what}"),
            format!("无法跟随来源 `{name}`:收到无法识别的内容({what})"),
        );
        Stopped::For(Failure::new(Exit::Verdict(3), text).hint(recopy()))
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeMap, str::FromStr as _};

    use sqlx::mysql::MySqlConnectOptions;

    use super::{super::wire::Address, *};

    fn changes(file: &str, offset: u32) -> Changes {
        const URL: &str = "mysql://reader@127.0.0.1/old";
        let options = MySqlConnectOptions::from_str(URL).unwrap();
        let server = Server {
            name: "old".to_owned(),
            address: Address::of(&options, URL),
            options,
            identity: String::new(),
            query_time: Duration::from_secs(1),
            threads_running_max: 0,
        };
        let gtid = BTreeMap::from([(0, (7, 12))]);
        let position = Position { file: file.to_owned(), offset, gtid, ..Position::default() };
        Changes::at(&server, position, HashMap::new(), 1)
    }

    /// Where it stands after each of these events: when it was written, where the next one is, and what it says.
    fn positions(changes: &mut Changes, events: Vec<(u32, u32, What)>) -> Vec<u32> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let some = |number: u32| Some(number).filter(|number| *number > 0);
        let take = |(at, end, what): (u32, u32, What)| {
            let event = Event { at: some(at), end: some(end), what };
            assert!(runtime.block_on(changes.take(event)).is_ok());
            changes.position.offset
        };
        events.into_iter().map(take).collect()
    }

    fn gtid(number: u64) -> What {
        What::Gtid { domain: 0, server: 7, number }
    }

    #[test]
    fn what_a_file_begins_with_is_passed_without_a_transaction() {
        let mut changes = changes("mbin.000002", 4);
        let format = What::Format { has_checksums: true };
        let begin = vec![(1, 256, format), (1, 285, What::Between), (1, 329, What::Between)];
        assert_eq!(positions(&mut changes, begin), [256, 285, 329]);
        assert_eq!(changes.position.gtid, BTreeMap::from([(0, (7, 12))]));
        let end = Position { file: "mbin.000002".to_owned(), offset: 329, ..Position::default() };
        assert!(changes.position.has_reached(&end) && changes.has_checksums);
        // Within a transaction nothing is passed, and its end takes all of it.
        let transaction = vec![(1, 371, gtid(13)), (1, 400, What::Other), (1, 420, What::Between)];
        assert_eq!(positions(&mut changes, transaction), [329, 329, 329]);
        assert_eq!(positions(&mut changes, vec![(1, 460, What::Commit)]), [460]);
        assert_eq!(changes.position.gtid, BTreeMap::from([(0, (7, 13))]));
    }

    #[test]
    fn what_the_server_makes_up_for_a_connection_moves_nothing() {
        let mut changes = changes("mbin.000002", 4711);
        let rotate = What::Rotate { file: b"mbin.000002".to_vec(), offset: 4711 };
        let format = What::Format { has_checksums: false };
        let (gtids, alive) = (What::Between, What::Heartbeat);
        let made_up = vec![(0, 0, rotate), (1, 0, format), (0, 285, gtids), (0, 4800, alive)];
        assert_eq!(positions(&mut changes, made_up), [4711; 4]);
    }
}
