//! `kefu adapt convert`: a stream of messages from one form into the other.

mod adapted;
mod codec;
mod envelope;
mod input;
mod output;
mod sniff;
mod split;
mod trouble;
mod whole;
mod work;

use std::{fs::File, io, path::Path, time::Duration};

use kefu_app::{App, Exit, Failure, Language, Stop, Text};
use kefu_wire::{
    Error,
    thrift::{MessageKind, Protocol},
};

pub(crate) use self::output::Output;
use self::{
    adapted::Adapted,
    codec::Codec,
    input::Input,
    sniff::{Known, NotTold, Told},
    split::{Cut, Sequence, Splitter},
    trouble::Place,
    work::{Unconverted, Work},
};
use crate::{
    PARTLY,
    args::{ConvertArgs, Format, TransportName},
    progress::Progress,
    schema::eprintln_line,
    settings::{Content, ConvertSettings},
    shown,
};

/// How long an interrupted conversion may take to notice.
const STOP: Duration = Duration::from_millis(500);

/// Converts, and stops half-way when the user says so.
pub(crate) fn run(app: &App, args: &ConvertArgs) -> Result<Exit, Failure> {
    let settings = ConvertSettings::new(args)?;
    let (reader, total) = open(settings.input.as_deref())?;
    let output = Output::open(settings.output.as_deref())?;
    let unfinished = output.unfinished_path();
    let (stop, language) = (app.stop(), app.language());
    let seen = stop.clone();
    app.block_on(async move {
        let work = move || {
            let mut run = Run {
                settings: &settings,
                input: Input::new(reader),
                output,
                progress: Progress::new(total, language),
                language,
                stop: seen,
                number: 0,
                converted: 0,
                failed: 0,
            };
            let ended = run.all();
            run.progress.erase();
            run.finish(ended)
        };
        let mut work = tokio::task::spawn_blocking(work);
        tokio::select! {
            ended = &mut work => ended.unwrap_or_else(|panic| Err(Failure::internal(panic))),
            () = stop.requested() => match tokio::time::timeout(STOP, work).await {
                Ok(ended) => ended.unwrap_or_else(|panic| Err(Failure::internal(panic))),
                // It waits for input that does not come; what it has written is not wanted.
                Err(_) => {
                    if let Some(path) = unfinished {
                        drop(std::fs::remove_file(path));
                    }
                    Ok(Exit::Interrupted)
                }
            },
        }
    })?
}

/// Opens the input, and says how long it is if that is known.
pub(crate) fn open(path: Option<&Path>) -> Result<(Box<dyn io::Read + Send>, Option<u64>), Failure> {
    let Some(path) = path else { return Ok((Box::new(io::stdin()), None)) };
    let file = File::open(path).map_err(|error| {
        cannot_read(Some(path), error).hint(Text::new("is the path right?", "路径是否正确?"))
    })?;
    let total = file.metadata().ok().filter(|metadata| metadata.is_file()).map(|metadata| metadata.len());
    Ok((Box::new(file), total))
}

pub(crate) fn cannot_read(path: Option<&Path>, error: io::Error) -> Failure {
    use Language::{Chinese, English};
    let name = shown::input_name(path);
    let (en, zh) = (name.in_language(English), name.in_language(Chinese));
    Failure::new(Exit::Io, Text::new(format!("cannot read {en}"), format!("无法读取 {zh}"))).because(error)
}

/// What a message is called in JSON.
pub(crate) fn kind_name(kind: MessageKind) -> &'static str {
    envelope::Kind::from(kind).name()
}

/// How a run came to its end.
enum Ended {
    /// All of the input was seen.
    AtEnd,
    /// Nobody reads the output any more.
    Unread,
    /// The user wants no more.
    Stopped,
}

/// A conversion under way.
struct Run<'s> {
    settings: &'s ConvertSettings,
    input: Input,
    output: Output,
    progress: Progress,
    language: Language,
    stop: Stop,
    /// The message, from 1.
    number: u64,
    converted: u64,
    failed: u64,
}

impl Run<'_> {
    /// Converts message after message.
    fn all(&mut self) -> Result<Ended, Failure> {
        let settings = self.settings;
        let codec = Codec::new(settings).map_err(Failure::internal)?;
        let told = self.tell(&codec)?;
        let (work, sequence) = self.directed(told).map_err(Failure::internal)?;
        let is_text = work.is_of_text();
        let mut splitter = Splitter::new(sequence, settings.limits);
        let mut out = Vec::new();
        loop {
            if self.stop.is_requested() {
                return Ok(Ended::Stopped);
            }
            let cut = match splitter.cut(self.input.pending(), self.input.is_at_end()) {
                Ok(cut) => cut,
                Err(error) => {
                    self.number += 1;
                    let place = Place::of(&error, &self.input, 0, is_text);
                    self.fail(&error, place)?;
                    if splitter.recover(self.input.pending()) {
                        continue;
                    }
                    self.say_lost();
                    return Ok(Ended::AtEnd);
                }
            };
            let piece = match cut {
                Cut::Piece(piece) => piece,
                Cut::Skip(len) => {
                    self.input.consume(len);
                    continue;
                }
                Cut::More => {
                    if let Err(error) = self.output.flush_stream() {
                        return self.unwritten(error);
                    }
                    self.input.fill().map_err(|error| cannot_read(settings.input.as_deref(), error))?;
                    continue;
                }
                Cut::End => return Ok(Ended::AtEnd),
            };
            self.number += 1;
            out.clear();
            match work.convert(
                &codec,
                settings,
                &self.input.pending()[piece.from..piece.to],
                &piece,
                self.number,
                &mut out,
            ) {
                Ok(()) => {
                    self.converted += 1;
                    if let Err(error) = self.output.write(&out) {
                        return self.unwritten(error);
                    }
                }
                Err(Unconverted { error, from }) => {
                    let place = match from {
                        _ if piece.is_compressed => Place::Compressed { from: self.input.offset() },
                        Some(from) => Place::of(&error, &self.input, piece.from + from, is_text),
                        None => Place::Within { from: self.input.offset() + piece.from as u64 },
                    };
                    self.fail(&error, place)?;
                }
            }
            self.input.consume(piece.used);
            self.progress.set(self.input.offset());
        }
    }

    /// Reads as much as it takes to know what the input is.
    fn tell(&mut self, codec: &Codec<'_>) -> Result<Told, Failure> {
        let settings = self.settings;
        let fits = |protocol, bytes: &[u8]| codec.is_known_struct(protocol, bytes);
        let known = Known {
            from: settings.from,
            formats: settings.formats,
            protocol: settings.protocol,
            transport: settings.transport,
            may_be_structs: matches!(settings.content, Content::Struct(_) | Content::SchemaLess),
            may_be_values: matches!(settings.content, Content::Bodies { reply: true, .. }),
            fits: if matches!(settings.content, Content::Struct(_)) { Some(&fits) } else { None },
        };
        loop {
            match sniff::tell(known, self.input.pending(), self.input.is_at_end(), &settings.limits) {
                Ok(told) => return Ok(told),
                Err(NotTold::Failure(failure)) => return Err(failure),
                Err(NotTold::More) => {
                    let len = self.input.pending().len();
                    // Each look begins at the start: not after every read.
                    let enough = if len < 256 << 10 { len + 1 } else { len * 2 };
                    while self.input.pending().len() < enough && !self.input.is_at_end() {
                        self.input.fill().map_err(|error| cannot_read(settings.input.as_deref(), error))?;
                    }
                }
            }
        }
    }

    /// What is to be done with the input, and how its messages follow each other.
    fn directed(&mut self, told: Told) -> Result<(Work, Sequence), Error> {
        let settings = self.settings;
        let protocol = settings.protocol.unwrap_or(Protocol::Binary);
        let frame = (protocol, settings.transport.unwrap_or(TransportName::None));
        let (from, read_as, sequence) = match told {
            Told::Json => {
                self.skip_byte_order_mark();
                let sequence =
                    if settings.lines || self.has_lines() { Sequence::Lines } else { Sequence::Documents };
                (Format::Json, protocol, sequence)
            }
            Told::Soap { is_package } => {
                self.skip_byte_order_mark();
                let sequence = match (is_package, settings.lines) {
                    (true, _) => Sequence::Whole,
                    (false, true) => Sequence::Lines,
                    (false, false) => Sequence::Elements,
                };
                (Format::Soap, protocol, sequence)
            }
            Told::Thrift { protocol, transport, has_envelope } => {
                let is_struct = match settings.content {
                    Content::Struct(_) => true,
                    Content::SchemaLess => !has_envelope,
                    Content::Messages(_) | Content::Bodies { .. } => false,
                };
                let sequence = match transport {
                    TransportName::Framed => Sequence::Framed,
                    TransportName::Header => Sequence::Header,
                    TransportName::Ttheader => Sequence::TtHeader,
                    TransportName::None if is_struct => Sequence::Structs(protocol),
                    TransportName::None => Sequence::Messages(protocol),
                };
                (Format::Thrift, protocol, sequence)
            }
        };
        let work = match (from, settings.other(from)) {
            (Format::Thrift, Format::Json) => Work::ToJson(read_as),
            (Format::Json, Format::Thrift) => Work::ToThrift(frame.0, frame.1),
            (from, to) => {
                let adapted = Box::new(Adapted::new(settings, from, read_as)?);
                Work::Adapted { adapted, from, frame: (to == Format::Thrift).then_some(frame) }
            }
        };
        Ok((work, sequence))
    }

    fn skip_byte_order_mark(&mut self) {
        let mark = sniff::BYTE_ORDER_MARK;
        // A failure to read is met again, and told, when the first message is read.
        while self.input.pending().len() < mark.len() && !self.input.is_at_end() && self.input.fill().is_ok()
        {
        }
        if self.input.pending().starts_with(mark) {
            self.input.consume(mark.len());
        }
    }

    /// Reads the first line of JSON, if it is not beyond the limit, to see whether it is a document.
    fn has_lines(&mut self) -> bool {
        loop {
            let pending = self.input.pending();
            let has_line = pending.trim_ascii_start().contains(&b'\n');
            let is_enough = self.input.is_at_end() || pending.len() > self.settings.limits.message_bytes_max;
            // As above.
            if has_line || is_enough || self.input.fill().is_err() {
                return split::has_lines(self.input.pending());
            }
        }
    }

    /// Reports a message that is not converted; without --keep-going that is the end.
    fn fail(&mut self, error: &Error, place: Place) -> Result<(), Failure> {
        let failure = trouble::failure(error, place, self.number, self.settings.input.as_deref());
        if !self.settings.keep_going {
            return Err(failure);
        }
        self.failed += 1;
        self.progress.erase();
        failure.report(self.language);
        Ok(())
    }

    /// Says that the end of a message cannot be found.
    fn say_lost(&mut self) {
        let at = self.input.offset();
        let text = Text::new(
            format!(
                "kefu adapt: what follows byte {at} is left out: where the next message begins cannot be known"
            ),
            format!("kefu adapt: 字节 {at} 之后的内容已略过:无法得知下一条消息从哪里开始"),
        );
        self.progress.erase();
        eprintln_line(text.in_language(self.language));
    }

    fn unwritten(&self, error: io::Error) -> Result<Ended, Failure> {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Ok(Ended::Unread);
        }
        Err(self.output.failure(error))
    }

    /// Puts the output in its place, unless the run has failed.
    fn finish(self, ended: Result<Ended, Failure>) -> Result<Exit, Failure> {
        let ended = match ended {
            Ok(ended) => ended,
            Err(failure) => {
                self.output.abandon();
                return Err(failure);
            }
        };
        match ended {
            Ended::Unread => return Ok(Exit::Ok),
            Ended::Stopped => {
                self.output.abandon();
                return Ok(Exit::Interrupted);
            }
            Ended::AtEnd => self.output.finish()?,
        }
        if self.failed == 0 {
            return Ok(Exit::Ok);
        }
        let (converted, failed) = (self.converted, self.failed);
        let text = Text::new(
            format!("kefu adapt: {converted} messages converted, {failed} not"),
            format!("kefu adapt: 已转换 {converted} 条消息,{failed} 条未能转换"),
        );
        eprintln_line(text.in_language(self.language));
        Ok(PARTLY)
    }
}
