//! Where records go: a stream or a file, as .gor, as lines of JSON, or as an HTTP Archive.

use std::{
    fs::File,
    io::{self, BufWriter, Write},
    path::Path,
};

use kefu_app::{Exit, Failure, Language, Text};
use kefu_traffic::gor::{Chunks, FileWriter, Pattern, Record, create_private, sync, write_record};

use crate::{
    args::{FormatName, OutputArgs},
    forms::{self, Archive},
};

/// Takes records.
pub(crate) struct Output {
    sink: Sink,
    name: Text,
}

enum Sink {
    GorFile(FileWriter),
    Gor(BufWriter<io::Stdout>),
    Lines(Stream),
    Archive { archive: Archive, out: Stream },
}

/// A stream or a file of text.
struct Stream {
    writer: BufWriter<Box<dyn Write + Send>>,
    file: Option<File>,
}

impl Output {
    /// Opens what the arguments name.
    ///
    /// # Errors
    ///
    /// The file cannot be made, or is there already.
    pub(crate) fn open(args: &OutputArgs) -> Result<Self, Failure> {
        let path = args.output.as_deref().filter(|path| *path != Path::new("-"));
        let format = args.to.unwrap_or_else(|| path.map_or(FormatName::Gor, by_name));
        let name = match path {
            Some(path) => Text::from(path.display().to_string()),
            None => Text::new("standard output", "标准输出"),
        };
        let failed = |error: io::Error| {
            let is_there = error.kind() == io::ErrorKind::AlreadyExists;
            let failure = cannot_write(Exit::Create, &name).because(error);
            let hint = Text::new(
                "choose another name, or write over it with --replace",
                "请换一个名称,或用 --replace 覆盖",
            );
            if is_there { failure.hint(hint) } else { failure }
        };
        let sink = match (format, path) {
            (FormatName::Gor, Some(path)) => {
                let chunks = if args.replace { Chunks::Replace } else { Chunks::New };
                // A percent sign in the name is meant as it is here.
                let mut files = FileWriter::new(Pattern::fixed(path.to_string_lossy()), chunks);
                files.prepare().map_err(failed)?;
                Sink::GorFile(files)
            }
            (FormatName::Gor, None) => Sink::Gor(BufWriter::new(io::stdout())),
            (format, path) => {
                let mut out = Stream::open(path, args.replace).map_err(failed)?;
                if format == FormatName::Har {
                    let archive = Archive::begin(&mut out.writer).map_err(failed)?;
                    Sink::Archive { archive, out }
                } else {
                    Sink::Lines(out)
                }
            }
        };
        Ok(Self { sink, name })
    }

    /// Writes a record; says whether somebody reads on.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub(crate) fn write(&mut self, record: Record) -> Result<bool, Failure> {
        let written = match &mut self.sink {
            Sink::GorFile(files) => files.write(&record, jiff::civil::DateTime::ZERO),
            Sink::Gor(out) => write_record(out, &record).map(|_| ()),
            Sink::Lines(out) => writeln!(out.writer, "{}", forms::line(&record)),
            Sink::Archive { archive, out } => archive.add(record, &mut out.writer),
        };
        self.told(written)
    }

    /// Hands what was written to the system, so that others see it and it outlives this process.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        let flushed = match &mut self.sink {
            Sink::GorFile(files) => files.flush(),
            Sink::Gor(out) => out.flush(),
            Sink::Lines(out) | Sink::Archive { out, .. } => out.writer.flush(),
        };
        self.told(flushed).map(|_| ())
    }

    /// Ends the output; a file is synced.
    ///
    /// # Errors
    ///
    /// It cannot be written.
    pub(crate) fn finish(self) -> Result<(), Failure> {
        let Self { sink, name } = self;
        let finished = match sink {
            Sink::GorFile(files) => files.finish().map(|_| ()),
            Sink::Gor(mut out) => out.flush(),
            Sink::Lines(out) => out.finish(),
            Sink::Archive { archive, mut out } => archive.end(&mut out.writer).and_then(|()| out.finish()),
        };
        match finished {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                Err(cannot_write(Exit::Io, &name).because(error))
            }
            _ => Ok(()),
        }
    }

    fn told(&self, written: io::Result<()>) -> Result<bool, Failure> {
        match written {
            Ok(()) => Ok(true),
            // A reader that has gone away (`| head`) is no mistake.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(cannot_write(Exit::Io, &self.name).because(error)),
        }
    }
}

impl Stream {
    fn open(path: Option<&Path>, replace: bool) -> io::Result<Self> {
        let file = path.map(|path| create_private(path, replace)).transpose()?;
        let writer: Box<dyn Write + Send> = match &file {
            Some(file) => Box::new(file.try_clone()?),
            None => Box::new(io::stdout()),
        };
        Ok(Self { writer: BufWriter::with_capacity(256 << 10, writer), file })
    }

    fn finish(mut self) -> io::Result<()> {
        self.writer.flush()?;
        self.file.map_or(Ok(()), |file| sync(&file))
    }
}

/// What a file is to be by its name.
fn by_name(path: &Path) -> FormatName {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("ndjson" | "jsonl") => FormatName::Ndjson,
        Some("har") => FormatName::Har,
        _ => FormatName::Gor,
    }
}

fn cannot_write(exit: Exit, name: &Text) -> Failure {
    let (en, zh) = (name.in_language(Language::English), name.in_language(Language::Chinese));
    Failure::new(exit, Text::new(format!("cannot write {en}"), format!("无法写入 {zh}")))
}
