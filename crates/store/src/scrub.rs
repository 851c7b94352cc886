//! What SQLite leaves in the unused space of pages, and how it goes.
//!
//! With `secure_delete` SQLite zeroes what it frees, but for one place: when cells move between neighbouring pages
//! because a text grew, shrank or went, it writes the pages' cells anew and lets stand what was between the pointers to
//! the cells and the cells themselves (`rebuildPage` in its `btree.c`). So copies of what moved stay there, where no query
//! finds them, whatever becomes of the original. In the search index they do not: there a row fills its page.
//!
//! By the [file format](https://sqlite.org/fileformat2.html#b_tree_pages) this space is unused, so zeroes there change
//! nothing that SQLite reads: they are written beneath it, and a crash at any byte leaves a sound store.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::mem::ManuallyDrop;
use std::ops::Range;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

use crate::StoreError;

/// The header that the first page begins with.
const FILE_HEADER: usize = 100;

/// The header of the write-ahead log, and that of each page in it.
const WAL_HEADER: u64 = 32;
const FRAME_HEADER: u64 = 24;

/// Pages that are read together.
const CHUNK: u32 = 256;

/// Pages that one look reads at most (64 MiB): the log of changes grows meanwhile.
const LOOK_PAGES: u32 = 16 * 1024;

/// Pages that one look finds at most, about: the writer waits while they are written.
const FOUND_MAX: usize = 1024;

/// A database's file, beside those who have it open in SQLite.
pub(crate) struct PageFile {
    path: PathBuf,
    /// Open until the process ends: with any descriptor of a file that is closed, all locks go that the process has on
    /// the file, SQLite's too (POSIX; <https://sqlite.org/howtocorrupt.html>, 2.2).
    file: ManuallyDrop<File>,
    page_bytes: usize,
}

impl PageFile {
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let file = File::options().read(true).write(true).open(path);
        let file = ManuallyDrop::new(file.map_err(|error| StoreError::file(path, error))?);
        let mut size = [0; 2];
        file.read_exact_at(&mut size, 16).map_err(|error| StoreError::file(path, error))?;
        let page_bytes = match u16::from_be_bytes(size) {
            1 => 65_536,
            size if size >= 512 && size.is_power_of_two() => usize::from(size),
            size => return Err(StoreError::Corrupt(format!("{} has pages of {size}", path.display()))),
        };
        Ok(Self { path: path.to_owned(), file, page_bytes })
    }

    /// How many pages the file has.
    fn pages(&self) -> Result<u32, StoreError> {
        let bytes = self.file.metadata().map_err(|error| self.failed(error))?.len();
        Ok(u32::try_from(bytes / self.page_bytes as u64).unwrap_or(u32::MAX))
    }

    /// Where a page begins; they are numbered from 1 on.
    fn offset(&self, number: u32) -> u64 {
        u64::from(number - 1) * self.page_bytes as u64
    }

    /// Those of `count` pages from `first` on in whose unused space something stands.
    fn look(&self, first: u32, count: u32, pages: u32) -> Result<Vec<u32>, StoreError> {
        let mut bytes = vec![0; count as usize * self.page_bytes];
        self.file.read_exact_at(&mut bytes, self.offset(first)).map_err(|error| self.failed(error))?;
        let numbered = (first..).zip(bytes.chunks(self.page_bytes));
        let found = numbered.filter(|(number, page)| dirt(page, *number, pages).is_some());
        Ok(found.map(|(number, _)| number).collect())
    }

    /// Zeroes the unused space of these pages. Nobody may move pages into the file meanwhile.
    fn clean(&self, numbers: impl IntoIterator<Item = u32>) -> Result<(), StoreError> {
        let pages = self.pages()?;
        let mut page = vec![0; self.page_bytes];
        for number in numbers.into_iter().filter(|number| (1..=pages).contains(number)) {
            let offset = self.offset(number);
            self.file.read_exact_at(&mut page, offset).map_err(|error| self.failed(error))?;
            if let Some(range) = dirt(&page, number, pages) {
                let zeroes = vec![0; range.len()];
                let written = self.file.write_all_at(&zeroes, offset + range.start as u64);
                written.map_err(|error| self.failed(error))?;
            }
        }
        Ok(())
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.file.sync_data().map_err(|error| self.failed(error))
    }

    fn failed(&self, error: io::Error) -> StoreError {
        StoreError::file(&self.path, error)
    }
}

/// The unused space of a page, if something other than zeroes stands in it.
fn dirt(page: &[u8], number: u32, pages: u32) -> Option<Range<usize>> {
    let range = unused(page, number, pages)?;
    page.get(range.clone())?.iter().any(|byte| *byte != 0).then_some(range)
}

/// Where nothing is: between the pointers to a b-tree page's cells and the cells. `None` for pages of other kinds, and for
/// the few that cannot be told from them in files of more than 128 GiB.
fn unused(page: &[u8], number: u32, pages: u32) -> Option<Range<usize>> {
    let at = if number == 1 { FILE_HEADER } else { 0 };
    let header = page.get(at..at + 8)?;
    let header_bytes = match header[0] {
        0x02 | 0x05 => 12,
        0x0a | 0x0d => 8,
        _ => return None,
    };
    // Parts of long records and of the list of free pages begin with the number of another page, or 0.
    let first = u32::from_be_bytes([header[0], header[1], header[2], header[3]]);
    if number > 1 && first <= pages {
        return None;
    }
    let cells = usize::from(u16::from_be_bytes([header[3], header[4]]));
    let start = match u16::from_be_bytes([header[5], header[6]]) {
        0 => 65_536,
        start => usize::from(start),
    };
    let end = at + header_bytes + 2 * cells;
    (end < start && start <= page.len()).then_some(end..start)
}

/// The numbers of all pages that the write-ahead log has, and perhaps of some that it had.
fn pages_of_wal(path: &Path, page_bytes: usize) -> io::Result<BTreeSet<u32>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeSet::new()),
        file => file?,
    };
    let frame = FRAME_HEADER + page_bytes as u64;
    let frames = file.metadata()?.len().saturating_sub(WAL_HEADER) / frame;
    let mut number = [0; 4];
    let mut numbers = BTreeSet::new();
    for index in 0..frames {
        file.read_exact_at(&mut number, WAL_HEADER + index * frame)?;
        numbers.insert(u32::from_be_bytes(number));
    }
    Ok(numbers)
}

/// A scrub of the store that is under way: while there is one, only [`Writer::scrub`](crate::Writer::scrub) moves pages
/// from the write-ahead log into the file.
///
/// What was erased before it began is nowhere in the store's file when [`Scrub::look`] has come to the end and what it
/// found is clean. It looks at the file as it was when the log was last moved into it; whatever is committed beside it goes
/// through the log, whose pages are noted before they are moved, and cleaned with those that were found.
pub struct Scrub {
    file: Arc<PageFile>,
    state: Mutex<State>,
    _turn: OwnedMutexGuard<()>,
}

struct State {
    /// The page to look at next.
    next: u32,
    /// The last one to look at, once it is known: those that come later are noted when they are moved.
    last: Option<u32>,
    /// Pages to be cleaned.
    noted: BTreeSet<u32>,
}

impl Scrub {
    pub(crate) fn new(file: Arc<PageFile>, turn: OwnedMutexGuard<()>) -> Self {
        Self { file, state: Mutex::new(State { next: 1, last: None, noted: BTreeSet::new() }), _turn: turn }
    }

    /// Looks at a part of the file, beside whoever reads and writes; returns whether there is more to look at. What it
    /// found waits for [`Writer::scrub`](crate::Writer::scrub).
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn look(self: &Arc<Self>) -> Result<bool, StoreError> {
        self.look_at(LOOK_PAGES).await
    }

    async fn look_at(self: &Arc<Self>, most: u32) -> Result<bool, StoreError> {
        let scrub = Arc::clone(self);
        blocking(move || {
            let mut state = scrub.state();
            let pages = scrub.file.pages()?;
            let last = *state.last.get_or_insert(pages);
            let end = last.min(state.next.saturating_add(most - 1));
            let mut found = 0;
            while state.next <= end && found < FOUND_MAX {
                let count = CHUNK.min(end - state.next + 1);
                let dirty = scrub.file.look(state.next, count, pages)?;
                found += dirty.len();
                state.noted.extend(dirty);
                state.next += count;
            }
            Ok(state.next <= last)
        })
        .await
    }

    /// Makes durable what was cleaned.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn sync(self: &Arc<Self>) -> Result<(), StoreError> {
        let scrub = Arc::clone(self);
        blocking(move || scrub.file.sync()).await
    }

    /// Notes the pages that are about to be moved into the file.
    pub(crate) async fn note(self: &Arc<Self>, wal: PathBuf) -> Result<(), StoreError> {
        let scrub = Arc::clone(self);
        blocking(move || {
            let numbers = pages_of_wal(&wal, scrub.file.page_bytes);
            scrub.state().noted.append(&mut numbers.map_err(|error| StoreError::file(&wal, error))?);
            Ok(())
        })
        .await
    }

    /// Cleans what was noted.
    pub(crate) async fn clean(self: &Arc<Self>) -> Result<(), StoreError> {
        let scrub = Arc::clone(self);
        blocking(move || {
            let mut state = scrub.state();
            scrub.file.clean(state.noted.iter().copied())?;
            state.noted.clear();
            Ok(())
        })
        .await
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs what waits for the disk beside the tasks.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| StoreError::Io(error.into()))?
}

#[cfg(test)]
mod tests;
