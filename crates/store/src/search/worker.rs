use std::collections::BTreeMap;
use std::sync::atomic::Ordering::Relaxed;

use sqlx::Connection as _;
use tracing::{info, warn};

use super::file::IndexFile;
use super::key::{Posting, SEGMENTS_MAX};
use super::offsets::Offsets;
use super::source::{SLICE_LEN, Source};
use super::state::{Shared, State};
use crate::{StoreError, open};

/// Entries, and bytes of their texts, that are taken in together at most.
const INTAKE_LEN: i64 = 4_096;
const INTAKE_BYTES: usize = 1 << 18;

/// Revisions that are followed together at most: each segment that they touch is read once.
const REVISIONS_LEN: usize = 1_024;

/// The open index and the log that it follows.
pub(super) struct Worker {
    source: Source,
    file: IndexFile,
    state: State,
    /// The file, or the log of its changes, still has what was taken out of it.
    is_unsettled: bool,
}

impl Worker {
    /// Opens the index, or makes it anew if it is not one of this log.
    pub(super) async fn open(shared: &Shared) -> Result<Self, StoreError> {
        let mut log = open::connect_reading(&shared.dir.join(open::FILE)).await?;
        let opened = match IndexFile::open(&shared.dir, &mut log).await? {
            Some(opened) => Some(opened),
            None => {
                info!("the search index is damaged or of another log or version: it is written anew");
                shared.renew()?;
                IndexFile::open(&shared.dir, &mut log).await?
            }
        };
        let (file, known) = opened.ok_or_else(|| StoreError::corrupt("a new index cannot be used"))?;
        let state = State::new(known.segments, known.revised);
        shared.publish(state.clone());
        // A crash may have come before the last time that it was settled.
        Ok(Self { source: Source::new(log), file, state, is_unsettled: true })
    }

    /// Does a part of what is to be done; returns whether there may be more.
    pub(super) async fn step(&mut self, shared: &Shared) -> Result<bool, StoreError> {
        if self.follow_revisions(shared).await? {
            return Ok(true);
        }
        if self.state.tail.is_full() {
            self.write(shared).await?;
            return Ok(true);
        }
        self.take_in(shared).await
    }

    /// Takes in entries that are not indexed yet; returns whether there are more.
    async fn take_in(&mut self, shared: &Shared) -> Result<bool, StoreError> {
        let mut intake = self.state.tail.intake();
        let (from, mut bytes, mut is_end) = (intake.next(), 0, false);
        while !is_end && !intake.is_full() && bytes < INTAKE_BYTES && intake.next() - from < INTAKE_LEN {
            let slice = self.source.from(intake.next()).await?;
            let mut count = 0;
            for entry in self.source.entries(&slice) {
                let entry = entry?;
                while intake.next() < entry.pos && !intake.is_full() {
                    // There is no such entry.
                    intake.push(0, |_| {});
                }
                if intake.is_full() {
                    break;
                }
                intake.push(entry.conversation, |emit| entry.each_term(emit));
                bytes += entry.text.len();
                count += 1;
            }
            is_end = count < SLICE_LEN && !intake.is_full();
        }
        if intake.next() > from {
            self.state.tail.add(intake);
            shared.publish(self.state.clone());
        }
        let end = if is_end { self.state.tail.end() } else { self.source.end().await? };
        shared.metrics.behind.store(u64::try_from(end - self.state.tail.end()).unwrap_or(0), Relaxed);
        Ok(!is_end)
    }

    /// Makes a segment of the tail.
    async fn write(&mut self, shared: &Shared) -> Result<(), StoreError> {
        let number = self.state.segments.len();
        if number >= SEGMENTS_MAX {
            return Err(StoreError::Full);
        }
        let last_id = self.source.id(self.state.tail.end() - 1).await?;
        self.file.write(number, &self.state.tail, &last_id, self.state.revised).await?;
        self.state = self.state.with_segment();
        shared.publish(self.state.clone());
        Ok(())
    }

    /// Indexes anew what was revised since the last time; returns whether there was anything.
    ///
    /// The entries' texts are read after the revisions, so what is not indexed yet will have them too.
    async fn follow_revisions(&mut self, shared: &Shared) -> Result<bool, StoreError> {
        let revisions = self.source.revised(self.state.revised, REVISIONS_LEN).await?;
        let Some((last, _)) = revisions.last() else { return Ok(false) };
        let mut in_tail = Offsets::default();
        let mut in_segments: BTreeMap<usize, Offsets> = BTreeMap::new();
        for &(_, pos) in &revisions {
            if let Some((number, offset)) = self.state.segment_of(pos) {
                in_segments.entry(number).or_default().insert(offset);
            } else if let Some(offset) = self.state.tail.offset_of(pos) {
                in_tail.insert(offset);
            }
        }
        for (number, offsets) in &in_segments {
            let Some(start) = self.state.segments.get(*number).map(|segment| segment.start) else { continue };
            let postings = self.postings(start, offsets).await?;
            self.is_unsettled = true;
            self.file.revise(*number, offsets, &postings).await?;
        }
        if !in_segments.is_empty() {
            self.file.revised(*last).await?;
        }
        if !in_tail.is_empty() {
            let postings = self.postings(self.state.tail.start, &in_tail).await?;
            self.state.tail.revise(&in_tail, &postings);
        }
        self.state.revised = *last;
        shared.publish(self.state.clone());
        Ok(true)
    }

    /// The postings of these entries as they are now, in order.
    async fn postings(&mut self, start: i64, offsets: &Offsets) -> Result<Vec<Posting>, StoreError> {
        let positions: Vec<_> = offsets.ascending().map(|offset| start + i64::from(offset)).collect();
        let mut postings = Vec::new();
        for positions in positions.chunks(SLICE_LEN as usize) {
            let slice = self.source.at(positions).await?;
            for entry in self.source.entries(&slice) {
                let entry = entry?;
                let offset = (entry.pos - start) as u16;
                entry.each_term(|term| postings.push(Posting::new(term, offset)));
            }
        }
        postings.sort_unstable();
        postings.dedup();
        Ok(postings)
    }

    /// Follows all revisions; then leaves nothing in the files of what entries said before.
    pub(super) async fn settle(&mut self, shared: &Shared) -> Result<(), StoreError> {
        while self.follow_revisions(shared).await? {}
        if self.is_unsettled {
            self.file.settle().await?;
            self.is_unsettled = false;
        }
        Ok(())
    }

    pub(super) fn is_unsettled(&self) -> bool {
        self.is_unsettled
    }

    pub(super) async fn close(mut self) {
        // Those who read the file may be the last to close it, and they cannot move the log's pages.
        match self.file.settle().await {
            Ok(()) | Err(StoreError::Busy) => {}
            Err(error) => warn!(error = &error as &dyn std::error::Error, "cannot settle the search index"),
        }
        if let Err(error) = self.file.conn.close().await {
            warn!(error = &error as &dyn std::error::Error, "cannot close the search index");
        }
        self.source.close().await;
    }
}
