use std::io::Read;

use memchr::{memchr, memmem};

use super::{
    GorError, Problem, Record, SEPARATOR, View,
    record::{Header, field},
};
use crate::input::Input;

/// A longer record is refused unless the caller says otherwise.
pub const RECORD_MAX: usize = 64 << 20;
/// A longer first line is no header.
const HEADER_MAX: usize = 4096;

/// Reads records one after the other, with no more than one in memory.
///
/// Gives each record, and errors between them. After an error that is not fatal the next record follows; one that is
/// about a record that could be read all the same comes right after it ([`GorError::is_of_given`]).
#[derive(Debug)]
pub struct Reader<R> {
    input: Input<R>,
    finder: memmem::Finder<'static>,
    /// Finds a length in a first line.
    len: memmem::Finder<'static>,
    record_max: usize,
    /// Pending bytes of the record that was given last, and its separator.
    used: usize,
    /// Pending bytes in which there is no separator.
    searched: usize,
    /// What is to be said of the record that was given last.
    notice: Option<GorError>,
    /// The rest of a record that is left out comes next.
    is_skipping: bool,
    is_over: bool,
}

/// Where a record ends.
struct Cut {
    header: usize,
    /// The end of the payload, from the start of the record.
    end: usize,
    /// Bytes that belong to it, the separator among them.
    used: usize,
    problem: Option<Problem>,
}

impl<R: Read> Reader<R> {
    /// Reads from a stream that is not compressed; records of more than `record_max` bytes are left out.
    pub fn new(reader: R, record_max: usize) -> Self {
        Self {
            input: Input::new(reader),
            finder: memmem::Finder::new(SEPARATOR),
            len: memmem::Finder::new(b"len="),
            record_max,
            used: 0,
            searched: 0,
            notice: None,
            is_skipping: false,
            is_over: false,
        }
    }

    /// How far it has read, in bytes of the stream.
    pub fn offset(&self) -> u64 {
        self.input.offset() + self.used as u64
    }

    /// Reads the next record and leaves it where it is: the next call takes it away.
    ///
    /// It gives what the iterator does.
    pub fn next_view(&mut self) -> Option<Result<View<'_>, GorError>> {
        if let Some(notice) = self.notice.take() {
            return Some(Err(notice));
        }
        if self.is_over {
            return None;
        }
        let used = std::mem::take(&mut self.used);
        self.consume(used);
        let cut = match self.find() {
            Ok(Some(cut)) => cut,
            Ok(None) => {
                self.is_over = true;
                return None;
            }
            Err(error) => {
                self.is_over = error.is_fatal();
                return Some(Err(error));
            }
        };
        let offset = self.input.offset();
        self.used = cut.used;
        let bytes = &self.input.pending()[..cut.end];
        Some(match Header::parse(&bytes[..cut.header]) {
            Ok(Header { kind, id, timestamp, latency, extra }) => {
                let problem = cut.problem.or(timestamp.is_none().then_some(Problem::Timestamp));
                self.notice = problem.map(|problem| GorError { offset, problem });
                let payload = bytes.get(cut.header + 1..).unwrap_or_default();
                Ok(View { kind, id, timestamp: timestamp.unwrap_or_default(), latency, extra, payload })
            }
            Err(problem) => Err(GorError { offset, problem }),
        })
    }

    /// Finds the next record, and where it ends.
    fn find(&mut self) -> Result<Option<Cut>, GorError> {
        if self.is_skipping {
            self.skip()?;
        }
        // A separator right after another: a record of nothing.
        while self.need(13)? && self.input.pending().starts_with(&SEPARATOR[1..]) {
            self.consume(13);
        }
        self.cut()
    }

    /// Finds the end of the record at the start of what is pending.
    fn cut(&mut self) -> Result<Option<Cut>, GorError> {
        let mut lie = None;
        if let Some((header, said)) = self.stated_length()? {
            let end = usize::try_from(said).ok().and_then(|said| said.checked_add(header + 1));
            let used = end.and_then(|end| end.checked_add(SEPARATOR.len()));
            if let (Some(end), Some(used)) = (end, used)
                && end <= self.record_max
                && self.need(used)?
                && self.input.pending()[end..used] == *SEPARATOR
            {
                return Ok(Some(Cut { header, end, used, problem: None }));
            }
            lie = Some(Problem::Length { said });
        }
        loop {
            let pending = self.input.pending();
            let from = self.searched.saturating_sub(SEPARATOR.len() - 1);
            if let Some(found) = self.finder.find(&pending[from..]) {
                let end = from + found;
                if end > self.record_max {
                    return Err(self.too_long());
                }
                let header = memchr(b'\n', &pending[..end]).unwrap_or(end);
                return Ok(Some(Cut { header, end, used: end + SEPARATOR.len(), problem: lie }));
            }
            self.searched = pending.len();
            if pending.len() > self.record_max + SEPARATOR.len() {
                return Err(self.too_long());
            }
            if self.input.is_at_end() {
                return match self.tail() {
                    Some(cut) if cut.end > self.record_max => Err(self.too_long()),
                    cut => Ok(cut),
                };
            }
            self.fill()?;
        }
    }

    /// The end of the header and the length that it states, if it does.
    fn stated_length(&mut self) -> Result<Option<(usize, u64)>, GorError> {
        loop {
            let pending = self.input.pending();
            let looked_at = &pending[..pending.len().min(HEADER_MAX)];
            if let Some(header) = memchr(b'\n', looked_at) {
                if self.len.find(&looked_at[..header]).is_none() {
                    return Ok(None);
                }
                let extra = Header::parse(&looked_at[..header]).map(|header| header.extra);
                let said = extra.ok().and_then(|extra| field(extra, "len")?.parse().ok());
                return Ok(said.map(|said| (header, said)));
            }
            if looked_at.len() == HEADER_MAX || self.input.is_at_end() {
                return Ok(None);
            }
            self.fill()?;
        }
    }

    /// What is left at the end of the stream, without a separator.
    fn tail(&self) -> Option<Cut> {
        let pending = self.input.pending();
        if pending.trim_ascii().is_empty() {
            return None;
        }
        // Of the separator there may be a part; a line feed alone is rather the message's.
        let part =
            (2..SEPARATOR.len()).rev().find(|&part| pending.ends_with(&SEPARATOR[..part])).unwrap_or(0);
        let end = pending.len() - part;
        let header = memchr(b'\n', &pending[..end]).unwrap_or(end);
        Some(Cut { header, end, used: pending.len(), problem: Some(Problem::Unterminated) })
    }

    fn too_long(&mut self) -> GorError {
        self.is_skipping = true;
        GorError { offset: self.input.offset(), problem: Problem::TooLong { limit: self.record_max } }
    }

    /// Reads past the next separator.
    fn skip(&mut self) -> Result<(), GorError> {
        loop {
            let pending = self.input.pending();
            if let Some(found) = self.finder.find(pending) {
                self.consume(found + SEPARATOR.len());
                break;
            }
            let used = pending.len().saturating_sub(SEPARATOR.len() - 1);
            let is_at_end = self.input.is_at_end();
            self.consume(if is_at_end { pending.len() } else { used });
            if is_at_end {
                break;
            }
            self.fill()?;
        }
        self.is_skipping = false;
        Ok(())
    }

    fn consume(&mut self, len: usize) {
        self.input.consume(len);
        self.searched = 0;
    }

    fn need(&mut self, len: usize) -> Result<bool, GorError> {
        let offset = self.input.offset();
        self.input.need(len).map_err(|error| GorError { offset, problem: Problem::Io(error) })
    }

    fn fill(&mut self) -> Result<(), GorError> {
        let offset = self.input.offset();
        self.input.fill().map_err(|error| GorError { offset, problem: Problem::Io(error) })
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Record, GorError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_view().map(|view| view.map(|view| view.to_record()))
    }
}
