//! Dead letters: what could not be used, why, and what stood there. The file may hold personal data: only its owner
//! reads it.

use std::{
    collections::BTreeMap,
    fs::{DirBuilder, File},
    io::{self, BufRead as _, BufReader, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kefu_app::{Exit, Failure, Text};
use serde::{Deserialize, Serialize};

use crate::{
    mapping::DeadRow,
    target::now,
    value::{Value, show_key},
};

/// Most bytes of a value that are written down.
const RAW_MAX: usize = 4096;

/// Why a row is not here.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Letter {
    /// Source and table.
    pub(crate) table: String,
    /// The key as people read it.
    pub(crate) key: String,
    /// The same as it is kept, in Base64.
    pub(crate) key_base64: String,
    /// The column, or the field if it is made of several; empty for the whole row.
    pub(crate) column: String,
    /// Why, in one word.
    pub(crate) code: String,
    /// More about it.
    pub(crate) detail: String,
    /// What stood there, as text; the beginning, if it is long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) raw: Option<String>,
    /// The same in Base64, where it is no text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) raw_base64: Option<String>,
    /// When, in microseconds since 1970 (UTC).
    pub(crate) at_us: i64,
}

impl Letter {
    pub(crate) fn new(table: &str, key: &[u8], column: &str, code: &str, detail: &str) -> Self {
        Self {
            table: table.to_owned(),
            key: show_key(key),
            key_base64: STANDARD.encode(key),
            column: column.to_owned(),
            code: code.to_owned(),
            detail: detail.to_owned(),
            raw: None,
            raw_base64: None,
            at_us: now().0,
        }
    }

    pub(crate) fn of(table: &str, dead: &DeadRow) -> Self {
        let mut letter = Self::new(table, &dead.key, &dead.bad.column, dead.bad.code, &dead.bad.detail);
        match &dead.raw {
            Some(Value::Bytes(bytes)) if std::str::from_utf8(bytes).is_err() => {
                letter.raw_base64 = Some(STANDARD.encode(&bytes[..bytes.len().min(RAW_MAX)]));
            }
            Some(value) => {
                let mut raw = value.to_string();
                raw.truncate(raw.floor_char_boundary(RAW_MAX));
                letter.raw = Some(raw);
            }
            None => {}
        }
        letter
    }

    /// The key as it is kept.
    pub(crate) fn key_bytes(&self) -> Option<Vec<u8>> {
        STANDARD.decode(&self.key_base64).ok()
    }
}

/// The file, open to be added to.
pub(crate) struct Letters {
    path: PathBuf,
    file: Option<File>,
}

impl Letters {
    /// Of a directory that need not be there yet.
    pub(crate) fn new(dir: &Path) -> Self {
        Self { path: dir.join("dead-letters.jsonl"), file: None }
    }

    /// Writes letters down; when this returns, they survive the loss of power.
    pub(crate) fn write(&mut self, letters: &[Letter]) -> Result<(), Failure> {
        if letters.is_empty() {
            return Ok(());
        }
        self.append(letters).map_err(|error| self.failure("write", "写入", error))
    }

    fn append(&mut self, letters: &[Letter]) -> io::Result<()> {
        let mut lines = Vec::new();
        for letter in letters {
            serde_json::to_writer(&mut lines, letter)?;
            lines.push(b'\n');
        }
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                let dir = self.path.parent().unwrap_or(Path::new(""));
                DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
                let mut file =
                    File::options().append(true).create(true).read(true).mode(0o600).open(&self.path)?;
                File::open(dir)?.sync_all()?;
                // A line that a crash cut off is ended, so that it spoils no other one.
                if !ends_with_line(&mut file)? {
                    file.write_all(b"\n")?;
                }
                self.file.insert(file)
            }
        };
        file.write_all(&lines)?;
        file.sync_data()
    }

    /// The last letter of each key; lines that a crash cut off are left out.
    pub(crate) fn read(&self) -> Result<BTreeMap<(String, String), Letter>, Failure> {
        let file = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            opened => opened.map_err(|error| self.failure("read", "读取", error))?,
        };
        let mut letters = BTreeMap::new();
        for line in BufReader::new(file).split(b'\n') {
            let line = line.map_err(|error| self.failure("read", "读取", error))?;
            if let Ok(letter) = serde_json::from_slice::<Letter>(&line) {
                letters.insert((letter.table.clone(), letter.key_base64.clone()), letter);
            }
        }
        Ok(letters)
    }

    fn failure(&self, en: &str, zh: &str, error: io::Error) -> Failure {
        let path = self.path.display();
        Failure::new(Exit::Io, Text::new(format!("cannot {en} {path}"), format!("无法{zh} {path}")))
            .because(error)
    }
}

fn ends_with_line(file: &mut File) -> io::Result<bool> {
    use std::io::{Read as _, Seek as _, SeekFrom};
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// Writes a file that only its owner reads, in place of what was there.
pub(crate) fn write_private(path: &Path, text: &str) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new(""));
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::{cast::Bad, value::encode_key};

    fn letter(key: i64, code: &'static str) -> Letter {
        let key = encode_key([&Value::Int(key)]);
        let bad = Bad::new("name", code, "why");
        Letter::of("old/user", &DeadRow { key, bad, raw: Some(Value::Bytes(b"caf\xe9".to_vec())) })
    }

    #[test]
    fn the_last_word_on_a_key_is_read_back_and_only_its_owner_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let mut letters = Letters::new(&dir.path().join("migrate"));
        assert_eq!(letters.read().unwrap().len(), 0);
        letters.write(&[letter(1, "invalid_utf8"), letter(2, "too_long")]).unwrap();
        letters.write(&[letter(1, "missing")]).unwrap();
        let read = letters.read().unwrap();
        let words: Vec<_> = read.values().map(|letter| (letter.key.as_str(), letter.code.as_str())).collect();
        assert_eq!(words, [("1", "missing"), ("2", "too_long")]);
        assert_eq!(read.values().next().unwrap().raw_base64.as_deref(), Some("Y2Fm6Q=="));
        let mode =
            std::fs::metadata(dir.path().join("migrate/dead-letters.jsonl")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_line_that_a_crash_cut_off_spoils_no_other_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("dead-letters.jsonl");
        std::fs::write(&path, b"{\"table\":\"old/u").unwrap();
        let mut letters = Letters::new(dir.path());
        letters.write(&[letter(1, "missing")]).unwrap();
        assert_eq!(letters.read().unwrap().len(), 1);
    }
}
