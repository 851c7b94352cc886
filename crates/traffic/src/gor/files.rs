//! Files of records on a disk: patterns of names to read, and chunks to write.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Component, Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use jiff::civil::DateTime;

use super::{Pattern, Record, write_record};

/// What is kept before it is handed to the system.
const BUFFER: usize = 256 << 10;

/// How the files that are written are named and cut.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Chunks {
    /// One file of exactly this name, which must not be there yet.
    New,
    /// One file of exactly this name, in place of what is there.
    Replace,
    /// One file of exactly this name, behind what is there.
    Append,
    /// `name_0`, `name_1` and so on, after the highest number that is there.
    Numbered {
        /// A file has at most so many records.
        records_max: u64,
        /// A file is ended once it has so many bytes before compression.
        bytes_max: u64,
    },
}

/// Writes records into files that only their owner may read.
#[derive(Debug)]
pub struct FileWriter {
    pattern: Pattern,
    chunks: Chunks,
    current: Option<Open>,
    paths: Vec<PathBuf>,
}

#[derive(Debug)]
struct Open {
    name: String,
    sink: Sink,
    records: u64,
    bytes: u64,
}

#[derive(Debug)]
enum Sink {
    Plain(BufWriter<File>),
    /// A member of its own after each flush, so that what was flushed can be read whatever follows.
    Gzip {
        file: BufWriter<File>,
        member: Option<GzEncoder<Vec<u8>>>,
    },
}

impl FileWriter {
    /// Will write to names made by `pattern`.
    pub fn new(pattern: Pattern, chunks: Chunks) -> Self {
        Self { pattern, chunks, current: None, paths: Vec::new() }
    }

    /// Opens the file if its name is known before any record, so that what is wrong shows at once.
    ///
    /// # Errors
    ///
    /// The file cannot be made.
    pub fn prepare(&mut self) -> io::Result<()> {
        if self.pattern.is_fixed() && self.current.is_none() {
            let name = self.pattern.text().to_owned();
            self.open(name)?;
        }
        Ok(())
    }

    /// Writes a record into the file whose turn it is.
    ///
    /// # Errors
    ///
    /// A file cannot be made or written.
    pub fn write(&mut self, record: &Record, now: DateTime) -> io::Result<()> {
        let name = self.pattern.name(record, now);
        let is_full = |open: &Open| match self.chunks {
            Chunks::Numbered { records_max, bytes_max } => {
                open.records >= records_max || open.bytes >= bytes_max
            }
            _ => false,
        };
        if self.current.as_ref().is_none_or(|open| open.name != name || is_full(open)) {
            self.close()?;
            self.open(name)?;
        }
        let Some(open) = &mut self.current else { return Ok(()) };
        open.bytes += write_record(&mut open.sink, record)?;
        open.records += 1;
        Ok(())
    }

    /// Hands everything to the system.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub fn flush(&mut self) -> io::Result<()> {
        self.current.as_mut().map_or(Ok(()), |open| open.sink.flush())
    }

    /// Ends the last file and says which were written.
    ///
    /// # Errors
    ///
    /// It cannot be written or synced.
    pub fn finish(mut self) -> io::Result<Vec<PathBuf>> {
        self.close()?;
        Ok(self.paths)
    }

    fn open(&mut self, name: String) -> io::Result<()> {
        // Files that a changing name leads back to are continued: only the first time something must not be there.
        let path = match self.chunks {
            Chunks::Numbered { .. } => numbered(Path::new(&name))?,
            _ => PathBuf::from(&name),
        };
        let is_known = self.paths.contains(&path);
        let mut options = OpenOptions::new();
        match self.chunks {
            _ if is_known => options.append(true),
            Chunks::New | Chunks::Numbered { .. } => options.write(true).create_new(true),
            Chunks::Replace => options.write(true).create(true).truncate(true),
            Chunks::Append => options.append(true).create(true),
        };
        let file = BufWriter::with_capacity(BUFFER, private(&mut options, &path)?);
        let is_gzip = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("gz"));
        let sink = if is_gzip { Sink::Gzip { file, member: None } } else { Sink::Plain(file) };
        if !is_known {
            self.paths.push(path);
        }
        self.current = Some(Open { name, sink, records: 0, bytes: 0 });
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        let Some(mut open) = self.current.take() else { return Ok(()) };
        open.sink.flush()?;
        match &open.sink {
            Sink::Plain(file) | Sink::Gzip { file, .. } => sync(file.get_ref()),
        }
    }
}

/// Makes a file that nobody but its owner may read; one that is there is an error unless it is to be replaced.
///
/// # Errors
///
/// The file cannot be made.
pub fn create_private(path: &Path, replace: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    if replace {
        options.write(true).create(true).truncate(true)
    } else {
        options.write(true).create_new(true)
    };
    private(&mut options, path)
}

/// Has a file on its disk; a device or a pipe is on none.
///
/// # Errors
///
/// The system cannot do it.
pub fn sync(file: &File) -> io::Result<()> {
    if file.metadata()?.is_file() { file.sync_all() } else { Ok(()) }
}

/// Opens a file that nobody but its owner may read.
fn private(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
        let file = options.mode(0o600).open(path)?;
        // What was there keeps its mode otherwise; a device or a pipe is left as it is.
        if file.metadata()?.is_file() {
            file.set_permissions(fs::Permissions::from_mode(0o600))?;
        }
        Ok(file)
    }
    #[cfg(not(unix))]
    options.open(path)
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(file) => file.write(bytes),
            Self::Gzip { file, member } => {
                let encoder = member.get_or_insert_with(|| GzEncoder::new(Vec::new(), Compression::fast()));
                let written = encoder.write(bytes)?;
                let done = encoder.get_mut();
                if done.len() >= BUFFER {
                    file.write_all(done)?;
                    done.clear();
                }
                Ok(written)
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(file) => file.flush(),
            Self::Gzip { file, member } => {
                if let Some(encoder) = member.take() {
                    file.write_all(&encoder.finish()?)?;
                }
                file.flush()
            }
        }
    }
}

/// The stem without a number, the number and the extension: `a_7.gor.gz` is `a`, 7 and `.gor.gz`.
fn parts(name: &str) -> (&str, Option<u64>, &str) {
    let dot = name.find('.').filter(|dot| *dot > 0).unwrap_or(name.len());
    let (stem, extension) = name.split_at(dot);
    let number = stem.rsplit_once('_').and_then(|(base, number)| Some((base, number.parse().ok()?)));
    match number {
        Some((base, number)) => (base, Some(number), extension),
        None => (stem, None, extension),
    }
}

/// The path with the number after the highest that is there.
fn numbered(path: &Path) -> io::Result<PathBuf> {
    let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?.to_string_lossy().into_owned();
    let (base, _, extension) = parts(&name);
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut next = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?.file_name();
        let entry = entry.to_string_lossy();
        if let (known, Some(number), end) = parts(&entry)
            && known == base
            && end == extension
        {
            next = next.max(number + 1);
        }
    }
    Ok(path.with_file_name(format!("{base}_{next}{extension}")))
}

/// The files that a pattern of `*`, `?` and `[a-z]` names, in order; a path without any of them is itself.
///
/// # Errors
///
/// A folder cannot be read.
pub fn expand(pattern: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = vec![PathBuf::new()];
    for component in pattern.components() {
        let text = component.as_os_str().to_string_lossy();
        if !matches!(component, Component::Normal(_)) || !text.contains(['*', '?', '[']) {
            found.iter_mut().for_each(|path| path.push(component));
            continue;
        }
        let mut deeper = Vec::new();
        for folder in &found {
            let listed = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
            let entries = match fs::read_dir(listed) {
                Ok(entries) => entries,
                Err(error)
                    if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
                {
                    continue;
                }
                Err(error) => return Err(error),
            };
            for entry in entries {
                let name = entry?.file_name();
                if matches(text.as_bytes(), name.to_string_lossy().as_bytes()) {
                    deeper.push(folder.join(name));
                }
            }
        }
        deeper.sort();
        found = deeper;
    }
    Ok(found)
}

/// Whether a name fits a pattern; the last `*` is the only one that is ever tried again.
pub(super) fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut of) = (0, 0);
    let mut star = None;
    while of < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, of));
                at += 1;
                continue;
            }
            Some(_) => {
                if let Some(used) = one(&pattern[at..], name[of]) {
                    (at, of) = (at + used, of + 1);
                    continue;
                }
            }
            None => {}
        }
        let Some((star_at, star_of)) = star else { return false };
        star = Some((star_at, star_of + 1));
        (at, of) = (star_at + 1, star_of + 1);
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

/// How much of the pattern stands for one byte, if it fits.
fn one(pattern: &[u8], byte: u8) -> Option<usize> {
    match *pattern {
        [b'?', ..] => Some(1),
        [b'[', ref rest @ ..] => {
            let end = rest.iter().skip(1).position(|byte| *byte == b']')? + 1;
            let (is_negated, mut class) = match rest[..end] {
                [b'^' | b'!', ..] => (true, &rest[1..end]),
                _ => (false, &rest[..end]),
            };
            let mut is_in = false;
            while let [first, tail @ ..] = class {
                (is_in, class) = match tail {
                    [b'-', last, tail @ ..] => (is_in || (*first..=*last).contains(&byte), tail),
                    tail => (is_in || *first == byte, tail),
                };
            }
            (is_in != is_negated).then_some(end + 2)
        }
        [known, ..] => (known == byte).then_some(1),
        [] => None,
    }
}
