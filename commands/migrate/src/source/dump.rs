//! Files that mongodump wrote: a folder of collections, or an archive of all of them, compressed or not.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use kefu_app::Failure;

use super::{
    PAGE_BYTES, Page, Request, SourceRow, TableInfo,
    archive::Crc64,
    bson::{Broken, elements, fields},
    refused,
    stream::{Stream, newest, unreadable},
    tails::Tails,
};
use crate::value::{Value, encode_key};

/// Documents that are looked at to know the fields of a collection.
pub(super) const SAMPLE: usize = 100;

/// Bytes of an archive that are looked at for the same.
const SAMPLE_BYTES: u64 = 32 << 20;

/// A folder or an archive.
#[derive(Debug)]
pub(crate) struct Dump {
    path: PathBuf,
    identity: String,
    shape: Shape,
    tails: Tails,
}

/// How collections lie in a dump; names are `database.collection` where there are several databases.
#[derive(Debug)]
enum Shape {
    Folder(BTreeMap<String, PathBuf>),
    Archive(BTreeMap<String, (String, String)>),
}

impl Dump {
    pub(crate) fn open(path: &Path, tails: &Tails) -> Result<Self, Failure> {
        let metadata = fs::metadata(path).map_err(|error| unreadable(path, error))?;
        let mut changed = newest(&metadata);
        let shape = if metadata.is_dir() {
            let (files, changed_inside) = collections(path)?;
            changed = changed.max(changed_inside);
            Shape::Folder(files)
        } else {
            Shape::Archive(namespaces(path)?)
        };
        let size: u64 = match &shape {
            Shape::Folder(files) => {
                files.values().filter_map(|file| fs::metadata(file).ok()).map(|file| file.len()).sum()
            }
            Shape::Archive(_) => metadata.len(),
        };
        let name = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let identity = format!("mongodump:{} {size} bytes of {changed}", name.display());
        Ok(Self { path: path.to_owned(), identity, shape, tails: tails.clone() })
    }

    pub(crate) fn identity(&self) -> &str {
        &self.identity
    }

    pub(crate) fn tables(&self) -> Result<Vec<TableInfo>, Failure> {
        match &self.shape {
            Shape::Folder(files) => {
                files.iter().map(|(name, file)| folder_table(name, file, &self.tails)).collect()
            }
            Shape::Archive(names) => archive_tables(&self.path, names, &self.tails),
        }
    }

    pub(crate) fn read(&self, request: Request) -> Result<Cursor, Failure> {
        let missing = || {
            let table = &request.table;
            refused(
                format!("cannot read `{table}`: the dump has no such collection"),
                format!("无法读取 `{table}`:转储中没有这个集合"),
            )
        };
        let (path, wanted) = match &self.shape {
            Shape::Folder(files) => (files.get(&request.table).ok_or_else(missing)?, None),
            Shape::Archive(names) => {
                (&self.path, Some(names.get(&request.table).ok_or_else(missing)?.clone()))
            }
        };
        let mut stream = Stream::open(path)?;
        let mut archive = wanted.map(|wanted| Archive { wanted, block: Block::None, crc: Crc64::default() });
        match (&request.position, &mut archive) {
            (None, None) => {}
            (None, Some(_)) => stream.skip_prelude(|_| Ok(()))?,
            (Some(position), archive) => {
                let (offset, crc) = read_position(position).ok_or_else(|| {
                    refused("cannot go on: the position cannot be read", "无法继续:位置无法读取")
                })?;
                stream.seek(offset)?;
                if let Some(archive) = archive {
                    archive.crc = Crc64(crc);
                    archive.block = Block::Own;
                }
            }
        }
        let names = [&request.key[..], &request.columns].concat();
        Ok(Cursor { stream, archive, names, request, tails: self.tails.clone(), is_over: false })
    }
}

/// The collections in a folder and in the folders of its databases, and when the last of them was written.
fn collections(dir: &Path) -> Result<(BTreeMap<String, PathBuf>, u128), Failure> {
    let mut found: Vec<(String, String, PathBuf)> = Vec::new();
    let mut changed = 0;
    let mut look = |dir: &Path, database: &str, found: &mut Vec<(String, String, PathBuf)>| {
        let mut inner = Vec::new();
        for entry in fs::read_dir(dir).map_err(|error| unreadable(dir, error))? {
            let entry = entry.map_err(|error| unreadable(dir, error))?;
            let (path, name) = (entry.path(), entry.file_name().to_string_lossy().into_owned());
            let metadata = entry.metadata().map_err(|error| unreadable(&path, error))?;
            if metadata.is_dir() {
                inner.push((name, path));
                continue;
            }
            let collection = name.strip_suffix(".bson").or_else(|| name.strip_suffix(".bson.gz"));
            let is_own = |name: &&str| !name.starts_with("system.") && *name != "oplog";
            if let Some(collection) = collection.filter(is_own) {
                changed = changed.max(newest(&metadata));
                found.push((database.to_owned(), collection.to_owned(), path));
            }
        }
        Ok::<_, Failure>(inner)
    };
    for (database, path) in look(dir, "", &mut found)? {
        look(&path, &database, &mut found)?;
    }
    if found.is_empty() {
        let shown = dir.display();
        return Err(refused(
            format!("cannot read {shown}: there is no .bson file in it"),
            format!("无法读取 {shown}:其中没有 .bson 文件"),
        ));
    }
    let single = found.iter().all(|(database, ..)| *database == found[0].0);
    let name = |database: &str, collection: &str| {
        if single { collection.to_owned() } else { format!("{database}.{collection}") }
    };
    let named = found.iter().map(|(database, collection, path)| (name(database, collection), path.clone()));
    Ok((named.collect(), changed))
}

/// The collections that the prelude of an archive lists.
fn namespaces(path: &Path) -> Result<BTreeMap<String, (String, String)>, Failure> {
    let mut found = Vec::new();
    let mut stream = Stream::open(path)?;
    stream.skip_prelude(|document| {
        let wanted = ["db", "collection"].map(str::to_owned);
        if let [Value::Text(database), Value::Text(collection)] = &fields(document, &wanted)?[..]
            && !collection.starts_with("system.")
            && !collection.is_empty()
        {
            found.push((database.clone(), collection.clone()));
        }
        Ok(())
    })?;
    let single = found.iter().all(|(database, _)| Some(database) == found.first().map(|(first, _)| first));
    let name = |namespace: &(String, String)| {
        if single { namespace.1.clone() } else { format!("{}.{}", namespace.0, namespace.1) }
    };
    Ok(found.into_iter().map(|namespace| (name(&namespace), namespace)).collect())
}

fn folder_table(name: &str, file: &Path, tails: &Tails) -> Result<TableInfo, Failure> {
    let mut stream = Stream::open(file)?;
    let mut table = new_table(name);
    table.bytes = fs::metadata(file).ok().map(|metadata| metadata.len());
    let mut look = || {
        for _ in 0..SAMPLE {
            let Some(document) = stream.document()? else { break };
            sample(&mut table, document).map_err(|broken| stream.damaged(&broken))?;
        }
        Ok(())
    };
    look().or_else(|failure| if tails.end_at(&failure) { Ok(()) } else { Err(failure) })?;
    Ok(table)
}

fn archive_tables(
    path: &Path,
    names: &BTreeMap<String, (String, String)>,
    tails: &Tails,
) -> Result<Vec<TableInfo>, Failure> {
    let mut tables: Vec<(&(String, String), usize, TableInfo)> =
        names.iter().map(|(name, namespace)| (namespace, 0, new_table(name))).collect();
    let mut stream = Stream::open(path)?;
    stream.skip_prelude(|_| Ok(()))?;
    let mut look = || {
        while stream.offset < SAMPLE_BYTES {
            let Some(header) = stream.header()? else { break };
            let index = tables.iter().position(|((database, collection), ..)| {
                *database == header.database && *collection == header.collection
            });
            while let Some(document) = stream.block_document()? {
                let Some((_, seen, table)) = index.map(|index| &mut tables[index]) else { continue };
                if *seen < SAMPLE {
                    *seen += 1;
                    sample(table, document).map_err(|broken| stream.damaged(&broken))?;
                }
            }
        }
        Ok(())
    };
    look().or_else(|failure| if tails.end_at(&failure) { Ok(()) } else { Err(failure) })?;
    Ok(tables.into_iter().map(|(.., table)| table).collect())
}

pub(super) fn new_table(name: &str) -> TableInfo {
    TableInfo { name: name.to_owned(), key: vec!["_id".to_owned()], is_open: true, ..TableInfo::default() }
}

pub(super) fn sample(table: &mut TableInfo, document: &[u8]) -> Result<(), Broken> {
    for element in elements(document)? {
        let element = element?;
        if !table.columns.iter().any(|(name, _)| name == element.name) {
            table.columns.push((element.name.to_owned(), element.kind().to_owned()));
        }
    }
    Ok(())
}

/// Where reading goes on: a byte and the checksum of what came before it.
fn write_position(offset: u64, crc: u64) -> Vec<u8> {
    [offset.to_be_bytes(), crc.to_be_bytes()].concat()
}

fn read_position(bytes: &[u8]) -> Option<(u64, u64)> {
    let (offset, crc) = bytes.split_first_chunk()?;
    Some((u64::from_be_bytes(*offset), u64::from_be_bytes(crc.try_into().ok()?)))
}

/// A collection within an archive.
struct Archive {
    wanted: (String, String),
    block: Block,
    crc: Crc64,
}

/// The block that is being read.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Block {
    None,
    Own,
    Foreign,
}

/// A collection that is being read.
pub(crate) struct Cursor {
    stream: Stream,
    archive: Option<Archive>,
    /// The fields that are read: those of the key, then the others.
    names: Vec<String>,
    request: Request,
    tails: Tails,
    is_over: bool,
}

impl Cursor {
    pub(crate) fn next(&mut self) -> Result<Page, Failure> {
        let mut page = Page::default();
        let mut bytes = 0;
        while page.rows.len() < self.request.page_rows as usize && bytes < PAGE_BYTES {
            match self.row() {
                Ok(Some(row)) => {
                    bytes += self.stream.document.len();
                    page.rows.push(row);
                }
                Ok(None) => self.is_over = true,
                Err(failure) if self.tails.end_at(&failure) => self.is_over = true,
                Err(failure) => return Err(failure),
            }
            if self.is_over {
                break;
            }
        }
        page.is_end = self.is_over;
        let crc = self.archive.as_ref().map_or(0, |archive| archive.crc.0);
        // Behind the end there is no block to go on in.
        page.position = (!page.is_end).then(|| write_position(self.stream.offset, crc));
        Ok(page)
    }

    /// The next document of the collection as a row.
    fn row(&mut self) -> Result<Option<SourceRow>, Failure> {
        if !self.advance()? {
            return Ok(None);
        }
        let read = fields(&self.stream.document, &self.names);
        let mut key = read.map_err(|broken| self.stream.damaged(&broken))?;
        let values = key.split_off(self.request.key.len());
        Ok(Some(SourceRow { key: encode_key(&key), values }))
    }

    /// Goes to the next document of the collection; returns whether there is one.
    fn advance(&mut self) -> Result<bool, Failure> {
        if self.is_over {
            return Ok(false);
        }
        let Some(archive) = &mut self.archive else { return Ok(self.stream.document()?.is_some()) };
        loop {
            match archive.block {
                Block::None => {
                    let Some(header) = self.stream.header()? else {
                        return Err(self.stream.truncated());
                    };
                    let is_own = header.database == archive.wanted.0 && header.collection == archive.wanted.1;
                    if is_own && header.is_end {
                        if header.crc != archive.crc.0 {
                            let what = "the checksum of the collection is not that of its documents";
                            return Err(self.stream.damaged_at(self.stream.offset, what));
                        }
                        return Ok(false);
                    }
                    archive.block = if is_own { Block::Own } else { Block::Foreign };
                }
                Block::Own | Block::Foreign => match self.stream.block_document()? {
                    None => archive.block = Block::None,
                    Some(document) if archive.block == Block::Own => {
                        archive.crc.update(document);
                        return Ok(true);
                    }
                    Some(_) => {}
                },
            }
        }
    }
}
