//! What the sources have, beside what the file says of them.

use std::{collections::HashMap, sync::Arc};

use kefu_app::{Failure, Language, Text};

use crate::{
    mapping::TableMap,
    settings::{Settings, near},
    source::{Source, TableInfo, refused},
};

/// The open sources, by name.
pub(crate) struct Sources(Vec<(String, Arc<Source>)>);

impl Sources {
    pub(crate) async fn open(settings: &Settings) -> Result<Self, Failure> {
        let mut sources = Vec::new();
        for source in &settings.sources {
            sources.push((source.name.clone(), Arc::new(Source::open(source).await?)));
        }
        Ok(Self(sources))
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Arc<Source>)> {
        self.0.iter().map(|(name, source)| (name.as_str(), source))
    }

    pub(crate) fn get(&self, name: &str) -> Result<&Arc<Source>, Failure> {
        let found = self.iter().find(|(known, _)| *known == name);
        found.map(|(_, source)| source).ok_or_else(|| Failure::internal(format!("source {name} is not open")))
    }
}

/// What is known before anything is read.
pub(crate) struct Plan {
    /// In the order of the file's tables.
    pub(crate) tables: Vec<TableCheck>,
    /// Tables that nothing becomes of, with their sources.
    pub(crate) unmapped: Vec<(String, TableInfo)>,
}

/// A table of the file beside that of its source.
pub(crate) struct TableCheck {
    pub(crate) map: Arc<TableMap>,
    pub(crate) key: Vec<String>,
    pub(crate) rows: Option<u64>,
    pub(crate) bytes: Option<u64>,
    /// It is not there, and need not be.
    pub(crate) is_missing: bool,
    /// Columns that nothing becomes of.
    pub(crate) unplaced: Vec<String>,
    /// Why it cannot be read.
    pub(crate) problems: Vec<Text>,
}

impl Plan {
    /// Fails at the first thing that cannot work.
    pub(crate) fn refuse(&self) -> Result<(), Failure> {
        for table in &self.tables {
            if let Some(problem) = table.problems.first() {
                let name = table.map.name();
                let (en, zh) =
                    (problem.in_language(Language::English), problem.in_language(Language::Chinese));
                return Err(refused(
                    format!("cannot bring `{name}` over: {en}"),
                    format!("无法迁移 `{name}`:{zh}"),
                ));
            }
        }
        Ok(())
    }

    /// Takes away what need not be there and is not, here and in the settings.
    pub(crate) fn leave_out_missing(&mut self, settings: &mut Settings) {
        let is_there: Vec<bool> = self.tables.iter().map(|table| !table.is_missing).collect();
        let mut kept = is_there.iter();
        settings.tables.retain(|_| kept.next() == Some(&true));
        self.tables.retain(|table| !table.is_missing);
    }

    /// The key of the table at `index`.
    pub(crate) fn key(&self, index: usize) -> &[String] {
        &self.tables[index].key
    }

    /// About how many rows there are; nothing, if some source does not say.
    pub(crate) fn rows(&self) -> Option<u64> {
        self.tables.iter().map(|table| table.rows).sum()
    }
}

/// Compares the file with what the sources have.
pub(crate) async fn plan(settings: &Settings, sources: &Sources) -> Result<Plan, Failure> {
    let mut known: HashMap<&str, Vec<TableInfo>> = HashMap::new();
    for (name, source) in sources.iter() {
        known.insert(name, source.tables().await?);
    }
    let mut tables = Vec::new();
    for map in &settings.tables {
        let there = known.get(map.source.as_str()).map_or(&[][..], Vec::as_slice);
        tables.push(check(map, there));
    }
    let is_used = |source: &str, name: &str| {
        let is_mapped = |map: &Arc<TableMap>| map.source == source && map.from == name;
        let is_looked_up =
            |map: &Arc<TableMap>| map.source == source && map.lookups().any(|(table, ..)| table == name);
        settings.tables.iter().any(|map| is_mapped(map) || is_looked_up(map))
    };
    let mut unmapped = Vec::new();
    for (source, there) in known {
        let rest = there.into_iter().filter(|table| !is_used(source, &table.name));
        unmapped.extend(rest.map(|table| (source.to_owned(), table)));
    }
    unmapped.sort_by(|(a, x), (b, y)| (a, &x.name).cmp(&(b, &y.name)));
    Ok(Plan { tables, unmapped })
}

fn check(map: &Arc<TableMap>, there: &[TableInfo]) -> TableCheck {
    let mut check = TableCheck {
        map: Arc::clone(map),
        key: map.key.clone(),
        rows: None,
        bytes: None,
        is_missing: false,
        unplaced: Vec::new(),
        problems: Vec::new(),
    };
    let Some(info) = there.iter().find(|table| table.name == map.from) else {
        if map.is_optional {
            check.is_missing = true;
            return check;
        }
        check.problems.push(missing("table", "表", &map.from, there.iter().map(|table| table.name.as_str())));
        return check;
    };
    (check.rows, check.bytes) = (info.rows, info.bytes);
    if check.key.is_empty() {
        check.key.clone_from(&info.key);
    }
    if check.key.is_empty() {
        check.problems.push(Text::new(
            "it has no primary key: name columns that no two rows share under `key`",
            "没有主键:请在 `key` 中写明唯一的列",
        ));
    }
    let is_key = |columns: &[String]| {
        let mut sorted = columns.to_vec();
        sorted.sort();
        [&info.key].into_iter().chain(&info.unique).any(|unique| {
            let mut unique = unique.clone();
            unique.sort();
            unique == sorted
        })
    };
    if !check.key.is_empty() && !is_key(&check.key) {
        let key = check.key.join(", ");
        check.problems.push(Text::new(
            format!(
                "no unique index without NULL has just the columns {key}: rows could be lost or met twice"
            ),
            format!("没有恰好由 {key} 组成且不含 NULL 的唯一索引:可能遗漏或重复行"),
        ));
    }
    let names = || info.columns.iter().map(|(name, _)| name.as_str());
    for column in check.key.iter().chain(&map.columns) {
        // The fields of documents are known only as far as some of them were looked at.
        if !info.is_open && !names().any(|name| name == column) {
            check.problems.push(missing("column", "列", column, names()));
        }
    }
    let is_placed = |name: &str| {
        let has = |column: &String| {
            column == name || column.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
        };
        check.key.iter().chain(&map.columns).any(has)
    };
    check.unplaced = names().filter(|name| !is_placed(name)).map(str::to_owned).collect();
    check
}

fn missing<'n>(en: &str, zh: &str, name: &str, known: impl Iterator<Item = &'n str>) -> Text {
    match near(name, known) {
        Some(near) => Text::new(
            format!("there is no {en} `{name}`; did you mean `{near}`?"),
            format!("没有{zh} `{name}`;您是想写 `{near}` 吗?"),
        ),
        None => Text::new(format!("there is no {en} `{name}`"), format!("没有{zh} `{name}`")),
    }
}
