//! Where the result goes: a stream, or a file that is whole or not there.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, Write},
    path::{Path, PathBuf},
};

use kefu_app::{Exit, Failure, Text};

/// Takes what is converted.
pub(crate) struct Output {
    writer: BufWriter<Box<dyn Write + Send>>,
    name: Text,
    /// The file that takes the place of another in the end.
    unfinished: Option<Unfinished>,
    /// Whether somebody may be reading along.
    is_stream: bool,
}

/// A file under a name of its own, which goes away unless it is finished.
#[derive(Debug)]
struct Unfinished {
    file: File,
    path: PathBuf,
    target: PathBuf,
    is_finished: bool,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_finished {
            // There is nothing more that could be done about it.
            drop(fs::remove_file(&self.path));
        }
    }
}

impl Output {
    /// Opens standard output, or begins a file beside `path`.
    ///
    /// # Errors
    /// The file cannot be made.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else {
            let writer: Box<dyn Write + Send> = Box::new(io::stdout());
            let name = Text::new("standard output", "标准输出");
            return Ok(Self { writer: BufWriter::new(writer), name, unfinished: None, is_stream: true });
        };
        let name = Text::from(path.display().to_string());
        let failed = |error: io::Error| cannot_write(Exit::Create, &name).because(error);
        // A device or a pipe is written to as it is; behind a link, the file is replaced and not the link.
        let target = match path.canonicalize() {
            Ok(target) => target,
            Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
            Err(error) => return Err(failed(error)),
        };
        let existing = fs::metadata(&target).ok();
        if existing.as_ref().is_some_and(|metadata| !metadata.is_file()) {
            let file = OpenOptions::new().write(true).open(&target).map_err(failed)?;
            let writer: Box<dyn Write + Send> = Box::new(file);
            return Ok(Self { writer: BufWriter::new(writer), name, unfinished: None, is_stream: true });
        }
        let unfinished = Unfinished::create(target).map_err(failed)?;
        if let Some(metadata) = existing {
            unfinished.file.set_permissions(metadata.permissions()).map_err(failed)?;
        }
        let writer: Box<dyn Write + Send> = Box::new(unfinished.file.try_clone().map_err(failed)?);
        let writer = BufWriter::with_capacity(256 << 10, writer);
        Ok(Self { writer, name, unfinished: Some(unfinished), is_stream: false })
    }

    /// The name under which the file is being written.
    pub(super) fn unfinished_path(&self) -> Option<PathBuf> {
        self.unfinished.as_ref().map(|unfinished| unfinished.path.clone())
    }

    /// Writes a message.
    pub(crate) fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.writer.write_all(bytes)
    }

    /// Hands on what was written, where somebody may be reading along.
    pub(super) fn flush_stream(&mut self) -> io::Result<()> {
        if self.is_stream { self.writer.flush() } else { Ok(()) }
    }

    /// Says that it cannot be written.
    pub(crate) fn failure(&self, error: io::Error) -> Failure {
        cannot_write(Exit::Io, &self.name).because(error)
    }

    /// Ends the output without what a file would have become; what a stream was given is handed on.
    pub(super) fn abandon(mut self) {
        // Nobody is left to tell when it cannot be written.
        drop(self.flush_stream());
    }

    /// Ends the output: a file is synced and takes its place.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        let finished = self.writer.flush().and_then(|()| match self.unfinished.take() {
            Some(unfinished) => unfinished.finish(),
            None => Ok(()),
        });
        match finished {
            // A reader that has gone away (`| head`) is no mistake.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            finished => finished.map_err(|error| self.failure(error)),
        }
    }
}

impl Unfinished {
    fn create(target: PathBuf) -> io::Result<Self> {
        let name = target.file_name().ok_or(io::ErrorKind::IsADirectory)?.to_string_lossy().into_owned();
        let process = std::process::id();
        // What another process that died has left is not touched.
        for attempt in 0..100 {
            let path = target.with_file_name(format!(".{name}.{process}-{attempt}.part"));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => return Ok(Self { file, path, target, is_finished: false }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    fn finish(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.path, &self.target)?;
        self.is_finished = true;
        let folder = self.target.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
}

fn cannot_write(exit: Exit, name: &Text) -> Failure {
    use kefu_app::Language::{Chinese, English};
    let (en, zh) = (name.in_language(English), name.in_language(Chinese));
    Failure::new(exit, Text::new(format!("cannot write {en}"), format!("无法写入 {zh}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_whole_or_as_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("out.json");
        fs::write(&path, "before").unwrap();
        let mut output = Output::open(Some(&path)).unwrap();
        output.write(b"half").unwrap();
        drop(output);
        assert_eq!(
            (fs::read_to_string(&path).unwrap().as_str(), names(dir.path())),
            ("before", vec!["out.json".to_owned()])
        );
        let mut output = Output::open(Some(&path)).unwrap();
        output.write(b"after").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "before");
        output.finish().unwrap();
        assert_eq!(
            (fs::read_to_string(&path).unwrap().as_str(), names(dir.path())),
            ("after", vec!["out.json".to_owned()])
        );
        let failure = Output::open(Some(&dir.path().join("none/out"))).err().unwrap();
        assert_eq!(failure.exit(), Exit::Create);
    }
}
