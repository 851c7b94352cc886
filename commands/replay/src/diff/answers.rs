//! Answers that somebody else wrote down, found by the ids of their requests while files are read side by side.

use std::{
    collections::{HashMap, VecDeque},
    path::PathBuf,
};

use kefu_app::{Failure, Language};
use kefu_traffic::gor::{GorError, Kind, Record};

use crate::{
    args::SourceArgs,
    source::{Complaints, Source},
};

/// Answers that nobody has asked for yet have at most so many bytes.
const AHEAD_BYTES: usize = 64 << 20;
/// One that so many others overtook is not waited for any more.
const OVERTAKEN: u64 = 20_000;

/// A file of answers.
pub(super) struct AnswerFile {
    records: Box<dyn Iterator<Item = Result<Record, (PathBuf, GorError)>> + Send>,
    /// With the numbers that they came by.
    waiting: HashMap<String, VecDeque<(u64, Record)>>,
    order: VecDeque<Came>,
    bytes: usize,
    read: u64,
    asked: u64,
    complaints: Complaints,
}

/// An answer that came before it was asked for.
struct Came {
    id: String,
    number: u64,
    /// How many were asked for then.
    asked: u64,
}

impl AnswerFile {
    /// Opens a file.
    ///
    /// # Errors
    ///
    /// It cannot be read, or is no .gor.
    pub(super) fn open(path: PathBuf, args: &SourceArgs, language: Language) -> Result<Self, Failure> {
        let records = Source::open(&[path], args)?.into_records()?;
        Ok(Self {
            records: Box::new(records),
            waiting: HashMap::new(),
            order: VecDeque::new(),
            bytes: 0,
            read: 0,
            asked: 0,
            complaints: Complaints::new(language),
        })
    }

    /// The answer to a request, unless it is missing or too far from where its request is.
    pub(super) fn take(&mut self, id: &str) -> Option<Vec<u8>> {
        self.asked += 1;
        if let Some(answers) = self.waiting.get_mut(id) {
            let answer = answers.pop_front();
            if answers.is_empty() {
                self.waiting.remove(id);
            }
            if let Some((_, answer)) = answer {
                self.bytes -= answer.payload.len();
                return Some(answer.payload);
            }
        }
        self.forget_overtaken();
        while self.bytes < AHEAD_BYTES {
            match self.records.next()? {
                Err((path, error)) => self.complaints.say(&path, &error),
                Ok(record) if !matches!(record.kind, Kind::Response | Kind::Replayed) => {}
                Ok(record) if record.id == id => return Some(record.payload),
                Ok(record) => {
                    self.bytes += record.payload.len();
                    let came = Came { id: record.id.clone(), number: self.read, asked: self.asked };
                    self.waiting.entry(record.id.clone()).or_default().push_back((self.read, record));
                    self.order.push_back(came);
                    self.read += 1;
                }
            }
        }
        None
    }

    /// Places at which the file is damaged.
    pub(super) fn complaints(&self) -> u64 {
        self.complaints.end();
        self.complaints.count
    }

    fn forget_overtaken(&mut self) {
        while let Some(Came { id, number, .. }) =
            self.order.pop_front_if(|came| came.asked + OVERTAKEN < self.asked)
        {
            let Some(answers) = self.waiting.get_mut(&id) else { continue };
            // What was taken meanwhile is not there any more.
            if let Some((_, answer)) = answers.pop_front_if(|(waiting, _)| *waiting == number) {
                self.bytes -= answer.payload.len();
            }
            if answers.is_empty() {
                self.waiting.remove(&id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use kefu_app::ByteSize;
    use kefu_traffic::gor::write_record;

    use super::*;
    use crate::args::LimitArgs;

    fn file(ids: &[&str]) -> (tempfile::TempDir, AnswerFile) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.gor");
        let mut bytes = Vec::new();
        for (number, id) in ids.iter().enumerate() {
            let kind = if number % 2 == 0 { Kind::Replayed } else { Kind::Response };
            let record = Record {
                kind,
                id: (*id).to_owned(),
                timestamp: i64::try_from(number).unwrap(),
                latency: None,
                extra: String::new(),
                payload: number.to_string().into_bytes(),
            };
            write_record(&mut bytes, &record).unwrap();
        }
        std::fs::write(&path, bytes).unwrap();
        let size = ByteSize(1 << 20);
        let limits = LimitArgs { max_message: size, max_memory: size };
        let args = SourceArgs { port: Vec::new(), limits };
        (folder, AnswerFile::open(path, &args, Language::English).unwrap())
    }

    #[test]
    fn answers_are_found_in_any_order_and_those_of_one_id_in_theirs() {
        let (_folder, mut file) = file(&["a", "b", "c", "a", "d"]);
        let mut take = |id: &str| file.take(id).map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(take("c").as_deref(), Some("2"));
        assert_eq!((take("a").as_deref(), take("a").as_deref(), take("a")), (Some("0"), Some("3"), None));
        assert_eq!((take("x"), take("b").as_deref(), take("d").as_deref()), (None, Some("1"), Some("4")));
        assert_eq!(file.bytes, 0);
    }

    #[test]
    fn what_nobody_asks_for_is_forgotten_in_the_end() {
        let (_folder, mut file) = file(&["a", "b"]);
        assert!(file.take("none").is_none());
        assert_eq!(file.bytes, 2);
        file.asked += OVERTAKEN + 1;
        assert!(file.take("none").is_none());
        assert_eq!((file.bytes, file.waiting.len(), file.order.len()), (0, 0, 0));
    }
}
