//! How far a comparison has come, in a file beside the store: nobody holds the store for writing meanwhile.

use std::{collections::BTreeMap, fs, io, path::PathBuf};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kefu_app::Failure;
use kefu_store::import::hash_of;
use serde::{Deserialize, Serialize};

use super::VerifiedTable;
use crate::{check::Sources, report, settings::Settings, target};

/// After so long what was compared first is too old to say anything of now: a day.
const AGE_MAX_US: i64 = 24 * 3600 * 1_000_000;

/// How far a comparison has come.
#[derive(Debug)]
pub(super) struct State {
    path: PathBuf,
    written: Written,
}

/// The file.
#[derive(Debug, Default, Deserialize, Serialize)]
struct Written {
    /// A hash of what is compared: of anything else it says nothing.
    of: String,
    begun_us: i64,
    /// Tables that are compared, with the keys that could be repaired.
    done: Vec<(VerifiedTable, Vec<String>)>,
    current: Option<Current>,
}

/// How far a table has come.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Current {
    pub(super) said: VerifiedTable,
    /// Where reading goes on.
    pub(super) position: Vec<u8>,
    /// Count and sum of each bucket of keys.
    pub(super) buckets: Vec<(u64, u64)>,
    /// As hexadecimal digits: JSON has no such numbers.
    pub(super) sums: [String; 2],
    /// Keys that are to be looked at once more.
    pub(super) open: Vec<String>,
    pub(super) keys: Vec<String>,
}

impl State {
    /// What an earlier comparison of the same left, unless it is too old or not wanted.
    pub(super) fn open(
        settings: &Settings,
        sources: &Sources,
        wanted: &[usize],
        is_fresh: bool,
    ) -> Result<Self, Failure> {
        let path = settings.work_dir().join("verify-progress.json");
        let mut identity = BTreeMap::new();
        for index in wanted {
            let table = &settings.tables[*index];
            let source = sources.get(&table.source)?.identity();
            identity.insert(table.name(), format!("{:02x?} {source}", table.hash()));
        }
        let of = encode(&hash_of(format!("{identity:?}").as_bytes()));
        let now = target::now().0;
        let known = fs::read(&path).ok().and_then(|bytes| serde_json::from_slice::<Written>(&bytes).ok());
        let known = known
            .filter(|known| !is_fresh && known.of == of && (0..AGE_MAX_US).contains(&(now - known.begun_us)));
        let written = known.unwrap_or_else(|| Written { of, begun_us: now, ..Written::default() });
        Ok(Self { path, written })
    }

    /// What came of a table that is compared already.
    pub(super) fn done(&self, table: &str) -> Option<(VerifiedTable, Vec<Vec<u8>>)> {
        let (table, keys) = self.written.done.iter().find(|(known, _)| known.table == table)?;
        Some((table.clone(), decode_all(keys)))
    }

    /// How far this table has come, if it has begun.
    pub(super) fn take(&mut self, table: &str) -> Option<Current> {
        self.written.current.take().filter(|current| current.said.table == table)
    }

    /// Notes how far a table has come.
    pub(super) fn note(&mut self, current: Current) -> Result<(), Failure> {
        self.written.current = Some(current);
        self.write()
    }

    /// Notes what came of a table.
    pub(super) fn finish(&mut self, table: &VerifiedTable, keys: &[Vec<u8>]) -> Result<(), Failure> {
        self.written.current = None;
        self.written.done.push((table.clone(), encode_all(keys)));
        self.write()
    }

    /// Half a file says nothing: the new one takes the place of the old one at once.
    fn write(&self) -> Result<(), Failure> {
        let next = self.path.with_extension("json.next");
        report::save(&next, &serde_json::to_string(&self.written).map_err(Failure::internal)?)?;
        fs::rename(&next, &self.path).map_err(Failure::internal)
    }

    /// Everything is compared.
    pub(super) fn remove(self) -> Result<(), Failure> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Failure::internal(error)),
            _ => Ok(()),
        }
    }
}

pub(super) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub(super) fn encode_all(keys: &[Vec<u8>]) -> Vec<String> {
    keys.iter().map(|key| encode(key)).collect()
}

pub(super) fn decode_all(keys: &[String]) -> Vec<Vec<u8>> {
    keys.iter().filter_map(|key| STANDARD.decode(key).ok()).collect()
}
