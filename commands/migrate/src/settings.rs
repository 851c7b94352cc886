//! What a migration file means.

mod compile;

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use jiff::tz::TimeZone;
use kefu_app::{Effective, Exit, Failure, Language, Text, load_file, load_text};

use self::compile::Compiling;
use crate::{
    file::{MigrateFile, Orphans, Preset, SourceFile, SourceKind, TableFile},
    mapping::TableMap,
    seal::Seal,
    source::Tails,
};

const GOFLY: &str = include_str!("presets/gofly.yaml");
const LIVEHELPERCHAT: &str = include_str!("presets/livehelperchat.yaml");
const CHATWOOT: &str = include_str!("presets/chatwoot.yaml");

/// A migration file that makes sense.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) sources: Vec<SourceSettings>,
    pub(crate) data_dir: PathBuf,
    pub(crate) inbox: String,
    pub(crate) detach: bool,
    pub(crate) max_bad_rows: u64,
    pub(crate) page_rows: u32,
    pub(crate) buffer_bytes: u64,
    pub(crate) readers: usize,
    /// Rows a second at most; 0 for no limit.
    pub(crate) rows_per_second: u64,
    /// For how many days dead letters and reports are kept; 0 for ever.
    pub(crate) keep_days: u32,
    /// What dead letters are sealed under.
    pub(crate) seal: Option<Seal>,
    /// In the order in which they are copied: what refers to others comes after them.
    pub(crate) tables: Vec<Arc<TableMap>>,
}

/// Where records come from.
#[derive(Debug)]
pub(crate) struct SourceSettings {
    pub(crate) name: String,
    pub(crate) place: Place,
    /// What becomes of the damaged part of a dump.
    pub(crate) tails: Tails,
    /// The address under which it may be written to: what is made here flows back after a cutover.
    #[cfg(feature = "live")]
    pub(crate) write: Option<kefu_app::Secret>,
    /// The zone of times that name none.
    #[cfg(feature = "live")]
    pub(crate) zone: TimeZone,
    /// How long a query of a server is to take.
    pub(crate) query_time: Duration,
    /// Statements that a server may run at once while it is read; 0 for no limit.
    pub(crate) threads_running_max: u32,
}

/// Where a source is.
#[derive(Debug)]
pub(crate) enum Place {
    /// Where the address of a server is to be had.
    #[cfg(feature = "mysql")]
    Mysql(kefu_app::Secret),
    /// The same of MongoDB.
    #[cfg(feature = "mongo")]
    Mongo(kefu_app::Secret),
    /// A folder or an archive.
    Dump(PathBuf),
    /// A file of SQL.
    Sql(PathBuf),
}

impl Settings {
    /// Reads and checks the file.
    pub(crate) fn load(path: &Path) -> Result<Self, Failure> {
        let file = load_file::<MigrateFile>(path)?;
        if file.version != 1 {
            return Err(file.reject("version", Text::new("must be 1", "必须是 1")));
        }
        let base = path.parent().unwrap_or(Path::new(""));
        let mut sources = Vec::new();
        let mut zones = HashMap::new();
        for (name, source) in file.sources.iter() {
            let at = format!("sources.{name}");
            let zone = TimeZone::get(&source.timezone).map_err(|_| {
                file.reject(
                    &format!("{at}.timezone"),
                    Text::new(
                        "no time zone of this name; one is `Asia/Shanghai`",
                        "没有这个时区;例如 `Asia/Shanghai`",
                    ),
                )
            })?;
            zones.insert(name.to_owned(), zone.clone());
            sources.push(SourceSettings {
                name: name.to_owned(),
                place: place(&file, &at, source, base)?,
                tails: Tails::default(),
                #[cfg(feature = "live")]
                write: write_address(&file, &at, source, base)?,
                #[cfg(feature = "live")]
                zone,
                query_time: file.throttle.query_time,
                threads_running_max: file.throttle.threads_running_max,
            });
        }
        if sources.is_empty() {
            return Err(file.reject("sources", Text::new("must name at least one", "至少需要一个来源")));
        }
        let preset = match file.preset {
            Preset::Generic => None,
            Preset::Gofly => Some(load_text::<MigrateFile>("preset gofly", GOFLY)?),
            Preset::Livehelperchat => {
                Some(load_text::<MigrateFile>("preset livehelperchat", LIVEHELPERCHAT)?)
            }
            Preset::Chatwoot => Some(load_text::<MigrateFile>("preset chatwoot", CHATWOOT)?),
        };
        let own: HashSet<&str> = file.tables.iter().map(TableFile::name).collect();
        let inherited = preset.iter().flat_map(|preset| {
            preset.tables.iter().enumerate().map(move |(index, table)| (preset, index, table))
        });
        let inherited = inherited.filter(|(_, _, table)| !own.contains(table.name()));
        let tables = file.tables.iter().enumerate().map(|(index, table)| (&file, index, table));
        let all: Vec<_> = inherited.chain(tables).collect();
        let kinds: HashMap<&str, &str> =
            all.iter().map(|(.., table)| (table.name(), table.to.as_str())).collect();
        let mut compiled = Vec::new();
        for (file_of, index, table) in &all {
            let compiling = Compiling { file: file_of, at: format!("tables.{index}"), table, kinds: &kinds };
            compiled.push(Arc::new(compiling.compile(&file, &zones)?));
        }
        let mut names = HashSet::new();
        if let Some(twice) = compiled.iter().find(|table| !names.insert(table.name())) {
            let text = format!("table `{}` is there twice: give one of them an `alias`", twice.alias);
            let zh = format!("表 `{}` 重复:请为其中一个指定 `alias`", twice.alias);
            return Err(file.reject("tables", Text::new(text, zh)));
        }
        compiled.sort_by_key(|table| table.entity);
        let rows_per_second = file.throttle.rows_per_second;
        // At a low speed pages are small: a second's worth is waited for at once, not a minute's.
        let second = u32::try_from(rows_per_second).unwrap_or(u32::MAX).max(1);
        let page_rows =
            file.copy.rows.clamp(1, 65_536).min(if rows_per_second == 0 { u32::MAX } else { second });
        Ok(Self {
            sources,
            data_dir: base.join(&file.target.data_dir),
            inbox: file.target.inbox.clone(),
            detach: file.target.orphans == Orphans::Detach,
            max_bad_rows: file.rules.max_bad_rows,
            page_rows,
            buffer_bytes: file.copy.buffer.0.clamp(1 << 20, 1 << 30),
            readers: (file.copy.readers as usize).clamp(1, 64),
            rows_per_second,
            keep_days: file.letters.keep_days,
            seal: seal(&file, base)?,
            tables: compiled,
        })
    }

    /// Refuses a file that says nothing of tables.
    pub(crate) fn require_tables(&self) -> Result<(), Failure> {
        if self.tables.is_empty() {
            let text = Text::new(
                "cannot bring over anything: the file has no `tables`",
                "无法迁移:文件中没有 `tables`",
            );
            let hint = Text::new("`kefu migrate plan` drafts them", "`kefu migrate plan` 可以生成草稿");
            return Err(Failure::new(Exit::Config, text).hint(hint));
        }
        Ok(())
    }

    /// Has dumps end where they are damaged; what says then where that is.
    pub(crate) fn skip_corrupt_tails(&mut self, language: Language) -> Tails {
        let tails = Tails::skipped(language);
        for source in &mut self.sources {
            source.tails = tails.clone();
        }
        tails
    }

    /// The inboxes that rows can be of.
    pub(crate) fn inboxes(&self) -> BTreeSet<Arc<str>> {
        let named = self.tables.iter().flat_map(|table| table.inboxes.iter().cloned());
        named.chain([self.inbox.as_str().into()]).collect()
    }

    /// The file that asks who follows to give the store to a daemon that waits for it.
    pub(crate) fn hand_over_file(&self) -> PathBuf {
        self.work_dir().join("hand-over")
    }

    /// Waits until there is such a file.
    #[cfg(feature = "live")]
    pub(crate) async fn asked_to_hand_over(&self) {
        let file = self.hand_over_file();
        while !file.exists() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// Where dead letters and reports are kept.
    pub(crate) fn work_dir(&self) -> PathBuf {
        self.data_dir.join("migrate")
    }
}

fn place(
    file: &Effective<MigrateFile>,
    at: &str,
    source: &SourceFile,
    base: &Path,
) -> Result<Place, Failure> {
    let kind = source.kind.ok_or_else(|| {
        file.reject(
            &format!("{at}.kind"),
            Text::new(
                "must be said: mysql, mongodb, mongodump or sqldump",
                "必须说明:mysql、mongodb、mongodump 或 sqldump",
            ),
        )
    })?;
    match kind {
        #[cfg(feature = "mysql")]
        SourceKind::Mysql => read_address(file, at, source, base).map(Place::Mysql),
        #[cfg(not(feature = "mysql"))]
        SourceKind::Mysql => Err(without(file, at, "mysql")),
        #[cfg(feature = "mongo")]
        SourceKind::Mongodb => read_address(file, at, source, base).map(Place::Mongo),
        #[cfg(not(feature = "mongo"))]
        SourceKind::Mongodb => Err(without(file, at, "mongo")),
        SourceKind::Mongodump => path(file, at, source, base).map(Place::Dump),
        SourceKind::Sqldump => path(file, at, source, base).map(Place::Sql),
    }
}

/// A server of this kind cannot be read here.
#[cfg(not(all(feature = "mysql", feature = "mongo")))]
fn without(file: &Effective<MigrateFile>, at: &str, feature: &str) -> Failure {
    let text = Text::new(
        format!("this kefu was built without `{feature}`"),
        format!("此 kefu 构建时未包含 `{feature}`"),
    );
    file.reject(&format!("{at}.kind"), text)
}

fn path(
    file: &Effective<MigrateFile>,
    at: &str,
    source: &SourceFile,
    base: &Path,
) -> Result<PathBuf, Failure> {
    let said = source.path.as_ref().map(|path| base.join(path));
    said.ok_or_else(|| {
        let text = Text::new("must be said: what was dumped", "必须说明:转储文件的位置");
        file.reject(&format!("{at}.path"), text)
    })
}

/// What dead letters are sealed under, if they are.
fn seal(file: &Effective<MigrateFile>, base: &Path) -> Result<Option<Seal>, Failure> {
    let Some(path) = &file.letters.key_file else { return Ok(None) };
    let at = "letters.key_file";
    let text = std::fs::read_to_string(base.join(path))
        .map_err(|error| file.reject(at, Text::from(error.to_string())))?;
    let seal = Seal::from_text(text.trim());
    let no_key = || {
        let text = Text::new(
            "has no key of 32 bytes in hexadecimal digits or Base64; `openssl rand -hex 32` makes one",
            "不含 32 字节的密钥(十六进制或 Base64);可用 `openssl rand -hex 32` 生成",
        );
        file.reject(at, text)
    };
    seal.ok_or_else(no_key).map(Some)
}

/// The address of a server.
#[cfg(feature = "live")]
fn read_address(
    file: &Effective<MigrateFile>,
    at: &str,
    source: &SourceFile,
    base: &Path,
) -> Result<kefu_app::Secret, Failure> {
    let said = (source.url_env.as_deref(), source.url_file.as_deref());
    address(file, at, ["url_env", "url_file"], said, base)
}

/// The same for writing, if there is one.
#[cfg(feature = "live")]
fn write_address(
    file: &Effective<MigrateFile>,
    at: &str,
    source: &SourceFile,
    base: &Path,
) -> Result<Option<kefu_app::Secret>, Failure> {
    let said = (source.write_url_env.as_deref(), source.write_url_file.as_deref());
    if said == (None, None) {
        return Ok(None);
    }
    if !matches!(source.kind, Some(SourceKind::Mysql | SourceKind::Mongodb)) {
        let key = if said.0.is_some() { "write_url_env" } else { "write_url_file" };
        let text = Text::new("is only for `mysql` and `mongodb`", "只用于 `mysql` 与 `mongodb`");
        return Err(file.reject(&format!("{at}.{key}"), text));
    }
    address(file, at, ["write_url_env", "write_url_file"], said, base).map(Some)
}

/// An address, which stands in no file that others read.
#[cfg(feature = "live")]
fn address(
    file: &Effective<MigrateFile>,
    at: &str,
    [env, path_key]: [&str; 2],
    said: (Option<&str>, Option<&Path>),
    base: &Path,
) -> Result<kefu_app::Secret, Failure> {
    let found = match said {
        (Some(name), None) => std::env::var(name).map_err(|_| {
            let text = Text::new(format!("the variable {name} is not set"), format!("未设置环境变量 {name}"));
            file.reject(&format!("{at}.{env}"), text)
        })?,
        (None, Some(path)) => std::fs::read_to_string(base.join(path))
            .map_err(|error| file.reject(&format!("{at}.{path_key}"), Text::from(error.to_string())))?,
        _ => {
            let text = Text::new(
                format!("say `{env}` or `{path_key}`, one of them"),
                format!("请在 `{env}` 与 `{path_key}` 中择一填写"),
            );
            return Err(file.reject(at, text));
        }
    };
    Ok(kefu_app::Secret::new(found.trim()))
}

/// What somebody may have meant.
pub(crate) fn near<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let distance = |known: &str| strsim::damerau_levenshtein(name, known);
    known.filter(|known| distance(known) <= 2 + known.len() / 6).min_by_key(|known| distance(known))
}
