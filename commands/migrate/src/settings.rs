//! What a migration file means.

mod compile;

use std::{
    collections::{HashMap, HashSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::tz::TimeZone;
use kefu_app::{Effective, Exit, Failure, Text, load_file, load_text};

use self::compile::Compiling;
use crate::{
    file::{MigrateFile, Orphans, Preset, SourceFile, SourceKind},
    mapping::TableMap,
};

const GOFLY: &str = include_str!("presets/gofly.yaml");

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
    /// In the order in which they are copied: what refers to others comes after them.
    pub(crate) tables: Vec<Arc<TableMap>>,
}

/// Where records come from.
#[derive(Debug)]
pub(crate) struct SourceSettings {
    pub(crate) name: String,
    pub(crate) place: Place,
}

/// Where a source is.
#[derive(Debug)]
pub(crate) enum Place {
    /// Where the address of a server is to be had.
    #[cfg(feature = "mysql")]
    Mysql(kefu_app::Secret),
    /// A folder or an archive.
    Dump(PathBuf),
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
            zones.insert(name.to_owned(), zone);
            sources.push(SourceSettings { name: name.to_owned(), place: place(&file, &at, source, base)? });
        }
        if sources.is_empty() {
            return Err(file.reject("sources", Text::new("must name at least one", "至少需要一个来源")));
        }
        let preset = match file.preset {
            Preset::Generic => None,
            Preset::Gofly => Some(load_text::<MigrateFile>("preset gofly", GOFLY)?),
        };
        let own: HashSet<&str> = file.tables.iter().map(|table| table.from.as_str()).collect();
        let inherited = preset.iter().flat_map(|preset| {
            preset.tables.iter().enumerate().map(move |(index, table)| (preset, index, table))
        });
        let inherited = inherited.filter(|(_, _, table)| !own.contains(table.from.as_str()));
        let tables = file.tables.iter().enumerate().map(|(index, table)| (&file, index, table));
        let all: Vec<_> = inherited.chain(tables).collect();
        let kinds: HashMap<&str, &str> =
            all.iter().map(|(.., table)| (table.from.as_str(), table.to.as_str())).collect();
        let mut compiled = Vec::new();
        for (file_of, index, table) in &all {
            let compiling = Compiling { file: file_of, at: format!("tables.{index}"), table, kinds: &kinds };
            compiled.push(Arc::new(compiling.compile(&file, &zones)?));
        }
        let mut names = HashSet::new();
        if let Some(twice) = compiled.iter().find(|table| !names.insert(table.name())) {
            let text = format!("table `{}` is there twice", twice.from);
            return Err(file.reject("tables", Text::new(text, format!("表 `{}` 重复", twice.from))));
        }
        compiled.sort_by_key(|table| table.entity);
        Ok(Self {
            sources,
            data_dir: base.join(&file.target.data_dir),
            inbox: file.target.inbox.clone(),
            detach: file.target.orphans == Orphans::Detach,
            max_bad_rows: file.rules.max_bad_rows,
            page_rows: file.copy.rows.clamp(1, 65_536),
            buffer_bytes: file.copy.buffer.0.clamp(1 << 20, 1 << 30),
            readers: (file.copy.readers as usize).clamp(1, 64),
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
            Text::new("must be said: mysql or mongodump", "必须说明:mysql 或 mongodump"),
        )
    })?;
    match kind {
        #[cfg(feature = "mysql")]
        SourceKind::Mysql => address(file, at, source, base).map(Place::Mysql),
        #[cfg(not(feature = "mysql"))]
        SourceKind::Mysql => Err(file.reject(
            &format!("{at}.kind"),
            Text::new("this kefu was built without `mysql`", "此 kefu 构建时未包含 `mysql`"),
        )),
        SourceKind::Mongodump => match &source.path {
            Some(path) => Ok(Place::Dump(base.join(path))),
            None => Err(file.reject(
                &format!("{at}.path"),
                Text::new("must be said: the folder or the archive", "必须说明:目录或归档文件"),
            )),
        },
    }
}

/// The address of a server, which stands in no file that others read.
#[cfg(feature = "mysql")]
fn address(
    file: &Effective<MigrateFile>,
    at: &str,
    source: &SourceFile,
    base: &Path,
) -> Result<kefu_app::Secret, Failure> {
    let found = match (&source.url_env, &source.url_file) {
        (Some(name), None) => std::env::var(name).map_err(|_| {
            let text = Text::new(format!("the variable {name} is not set"), format!("未设置环境变量 {name}"));
            file.reject(&format!("{at}.url_env"), text)
        })?,
        (None, Some(path)) => std::fs::read_to_string(base.join(path))
            .map_err(|error| file.reject(&format!("{at}.url_file"), Text::from(error.to_string())))?,
        _ => {
            let text = Text::new(
                "say `url_env` or `url_file`, one of them",
                "请在 `url_env` 与 `url_file` 中择一填写",
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
