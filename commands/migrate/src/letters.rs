//! Dead letters: what could not be used, why, and what stood there. The file may hold personal data: only its owner
//! reads it, it may be sealed, and what is in it expires.

use std::{
    collections::BTreeMap,
    fs::{self, DirBuilder, File},
    io::{self, BufRead as _, BufReader, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kefu_app::{Exit, Failure, Text};
use kefu_core::Micros;
use serde::{Deserialize, Serialize};

use crate::{
    mapping::DeadRow,
    seal::Seal,
    settings::Settings,
    target::now,
    value::{RAW_MAX, Value, show_key},
};

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

/// A line of a file that is sealed.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    sealed: String,
}

/// What else is kept beside the letters, and expires with them.
const REPORTS: [&str; 5] = ["report.json", "report.md", "verify.json", "verify.md", "verify-progress.json"];

/// A day in microseconds.
const DAY: i64 = 24 * 3600 * 1_000_000;

/// The file, open to be added to.
pub(crate) struct Letters {
    path: PathBuf,
    seal: Option<Seal>,
    keep_days: u32,
    file: Option<File>,
}

impl Letters {
    /// Those of a migration; their directory need not be there yet.
    pub(crate) fn of(settings: &Settings) -> Self {
        Self::new(&settings.work_dir(), settings.seal.clone(), settings.keep_days)
    }

    fn new(dir: &Path, seal: Option<Seal>, keep_days: u32) -> Self {
        Self { path: dir.join("dead-letters.jsonl"), seal, keep_days, file: None }
    }

    /// Removes letters and reports that have been kept for long enough.
    pub(crate) fn expire(&self, now: Micros) -> Result<(), Failure> {
        if self.keep_days == 0 {
            return Ok(());
        }
        let before = now.0.saturating_sub(i64::from(self.keep_days) * DAY);
        let gone = |path: &Path| {
            let changed = fs::metadata(path).and_then(|metadata| metadata.modified()).ok()?;
            let changed = changed.duration_since(UNIX_EPOCH).ok()?.as_micros();
            (i64::try_from(changed).ok()? < before).then_some(())
        };
        for name in REPORTS {
            let path = self.path.with_file_name(name);
            if gone(&path).is_some() {
                fs::remove_file(&path).map_err(|error| self.failure("write", "写入", error))?;
            }
        }
        let mut kept = Vec::new();
        let mut is_less = false;
        for letter in self.all()? {
            match letter.at_us >= before {
                true => self.line(&letter, &mut kept)?,
                false => is_less = true,
            }
        }
        if !is_less {
            return Ok(());
        }
        let next = self.path.with_extension("jsonl.next");
        let written = private(&next).and_then(|mut file| {
            file.write_all(&kept)?;
            file.sync_data()?;
            fs::rename(&next, &self.path)
        });
        written.map_err(|error| self.failure("write", "写入", error))
    }

    /// Adds a letter as a line.
    fn line(&self, letter: &Letter, lines: &mut Vec<u8>) -> Result<(), Failure> {
        let text = serde_json::to_vec(letter).map_err(Failure::internal)?;
        match &self.seal {
            Some(seal) => {
                let sealed = Sealed { sealed: seal.seal(&text)? };
                lines.extend(serde_json::to_vec(&sealed).map_err(Failure::internal)?);
            }
            None => lines.extend(text),
        }
        lines.push(b'\n');
        Ok(())
    }

    /// Writes letters down; when this returns, they survive the loss of power.
    pub(crate) fn write(&mut self, letters: &[Letter]) -> Result<(), Failure> {
        if letters.is_empty() {
            return Ok(());
        }
        let mut lines = Vec::new();
        for letter in letters {
            self.line(letter, &mut lines)?;
        }
        self.append(&lines).map_err(|error| self.failure("write", "写入", error))
    }

    fn append(&mut self, lines: &[u8]) -> io::Result<()> {
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
        file.write_all(lines)?;
        file.sync_data()
    }

    /// The last letter of each key; lines that a crash cut off are left out.
    pub(crate) fn read(&self) -> Result<BTreeMap<(String, String), Letter>, Failure> {
        let letters = self.all()?.into_iter();
        Ok(letters.map(|letter| ((letter.table.clone(), letter.key_base64.clone()), letter)).collect())
    }

    /// All letters, in the order in which they were written.
    fn all(&self) -> Result<Vec<Letter>, Failure> {
        let file = match File::open(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            opened => opened.map_err(|error| self.failure("read", "读取", error))?,
        };
        let mut letters = Vec::new();
        for line in BufReader::new(file).split(b'\n') {
            let line = line.map_err(|error| self.failure("read", "读取", error))?;
            if let Ok(Sealed { sealed }) = serde_json::from_slice(&line) {
                let opened = self.seal.as_ref().and_then(|seal| seal.open(&sealed));
                let text = opened.ok_or_else(|| self.sealed())?;
                letters.extend(serde_json::from_slice::<Letter>(&text));
            } else {
                letters.extend(serde_json::from_slice::<Letter>(&line));
            }
        }
        Ok(letters)
    }

    fn sealed(&self) -> Failure {
        let path = self.path.display();
        let text =
            Text::new(format!("cannot read {path}: it is sealed"), format!("无法读取 {path}:内容已加密"));
        let hint = Text::new("name its key under `letters.key_file`", "请在 `letters.key_file` 中写明其密钥");
        Failure::new(Exit::Config, text).hint(hint)
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
    private(path)?.write_all(text.as_bytes())
}

/// An empty file that only its owner reads.
fn private(path: &Path) -> io::Result<File> {
    File::options().write(true).create(true).truncate(true).mode(0o600).open(path)
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
        let mut letters = Letters::new(&dir.path().join("migrate"), None, 0);
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
        let mut letters = Letters::new(dir.path(), None, 0);
        letters.write(&[letter(1, "missing")]).unwrap();
        assert_eq!(letters.read().unwrap().len(), 1);
    }

    #[test]
    fn sealed_letters_are_read_with_their_key_alone() {
        let dir = tempfile::tempdir().unwrap();
        let seal = Seal::from_text(&"07".repeat(32));
        let mut letters = Letters::new(dir.path(), seal.clone(), 0);
        letters.write(&[letter(1, "missing")]).unwrap();
        let file = fs::read_to_string(dir.path().join("dead-letters.jsonl")).unwrap();
        assert!(file.starts_with("{\"sealed\":\"") && !file.contains("missing"), "{file}");
        assert_eq!(Letters::new(dir.path(), seal, 0).read().unwrap().len(), 1);
        assert_eq!(Letters::new(dir.path(), None, 0).read().unwrap_err().exit(), Exit::Config);
    }

    #[test]
    fn letters_and_reports_expire() {
        let dir = tempfile::tempdir().unwrap();
        let mut letters = Letters::new(dir.path(), None, 30);
        let (mut old, new) = (letter(1, "missing"), letter(2, "missing"));
        old.at_us -= 31 * DAY;
        letters.write(&[old, new]).unwrap();
        write_private(&dir.path().join("verify.json"), "{}").unwrap();
        letters.expire(now()).unwrap();
        let left: Vec<_> = letters.read().unwrap().into_values().map(|letter| letter.key).collect();
        assert_eq!(left, ["2"]);
        assert!(dir.path().join("verify.json").exists());
        letters.expire(Micros(now().0 + 31 * DAY)).unwrap();
        assert_eq!(letters.read().unwrap().len(), 0);
        assert!(!dir.path().join("verify.json").exists());
    }
}
