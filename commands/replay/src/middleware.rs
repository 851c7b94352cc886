//! A program that messages go through, by goreplay's protocol: a line of hexadecimal digits for each on its standard
//! input, the header with four fields, a line feed and the message; on its standard output what is to go on.
//!
//! It answers when it likes and in any order. What it says nothing of is dropped. It is never waited for without
//! end: one that takes nothing and says nothing, or that ends early, is a failure.

use std::{
    collections::{HashMap, VecDeque},
    io::{BufRead as _, BufReader, Read as _, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel},
    time::{Duration, Instant},
};

use kefu_app::{Exit, Failure, Language, Text};
use kefu_traffic::gor::{Kind, Record};

use crate::shown;

/// So many messages are between this process and the other, in each direction.
const QUEUE: usize = 16;
/// A middleware that neither takes nor gives anything for so long has stalled.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks at what it gives while it takes nothing.
const LOOK: Duration = Duration::from_millis(5);
/// A line has at most so many bytes: a message and its header, twice.
const LINE_MAX: u64 = 2 * (64 << 20);
/// So many messages keep what a header of four fields has no place for.
const EXTRAS_MAX: usize = 10_000;
/// So many of its lines that are no messages are told.
const COMPLAINTS_MAX: u64 = 10;

/// The program while it runs.
pub(crate) struct Middleware {
    command: String,
    child: Child,
    input: Option<SyncSender<Vec<u8>>>,
    output: Receiver<Result<Record, String>>,
    extras: Extras,
    patience: Duration,
    language: Language,
    /// Messages that it was given.
    pub(crate) given: u64,
    /// Messages that it gave back.
    pub(crate) returned: u64,
    /// Lines that are no messages.
    pub(crate) malformed: u64,
}

impl Middleware {
    /// Starts a command, whose words are what is between spaces.
    ///
    /// # Errors
    ///
    /// It cannot be started.
    pub(crate) fn start(command: &str, language: Language) -> Result<Self, Failure> {
        let mut words = command.split_whitespace();
        let program = words.next().unwrap_or_default();
        let started = Command::new(program).args(words).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = started.map_err(|error| {
            let text = Text::new(
                format!("cannot start the middleware `{command}`"),
                format!("无法启动中间件 `{command}`"),
            );
            Failure::new(Exit::Unavailable, text).because(error)
        })?;
        let (input, lines) = sync_channel(QUEUE);
        let (records, output) = sync_channel(QUEUE);
        if let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) {
            std::thread::spawn(move || write(stdin, &lines));
            std::thread::spawn(move || read(stdout, &records));
        }
        Ok(Self {
            command: command.to_owned(),
            child,
            input: Some(input),
            output,
            extras: Extras::default(),
            patience: PATIENCE,
            language,
            given: 0,
            returned: 0,
            malformed: 0,
        })
    }

    /// Hands a message to the program, and what the program has given meanwhile to `out`.
    ///
    /// # Errors
    ///
    /// The program has ended or stalled, or what `out` gives.
    pub(crate) fn exchange(
        &mut self,
        mut record: Record,
        out: &mut impl FnMut(Record) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut line = hex(&record.to_plain());
        self.extras.keep(&mut record);
        let mut heard = Instant::now();
        while let Some(input) = &self.input {
            match input.try_send(line) {
                Ok(()) => break,
                Err(TrySendError::Full(back)) => line = back,
                Err(TrySendError::Disconnected(_)) => return Err(self.ended()),
            }
            match self.output.recv_timeout(LOOK) {
                Ok(item) => {
                    heard = Instant::now();
                    self.returned(item, out)?;
                }
                Err(RecvTimeoutError::Timeout) if heard.elapsed() < self.patience => {}
                Err(RecvTimeoutError::Timeout) => return Err(self.stalled()),
                Err(RecvTimeoutError::Disconnected) => return Err(self.ended()),
            }
        }
        self.given += 1;
        self.tick(out)
    }

    /// Hands what the program has given to `out`.
    ///
    /// # Errors
    ///
    /// The program has ended, or what `out` gives.
    pub(crate) fn tick(
        &mut self,
        out: &mut impl FnMut(Record) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        loop {
            match self.output.try_recv() {
                Ok(item) => self.returned(item, out)?,
                Err(TryRecvError::Empty) => return Ok(()),
                Err(TryRecvError::Disconnected) => return Err(self.ended()),
            }
        }
    }

    /// Lets the program end, and hands what it still gives to `out`.
    ///
    /// # Errors
    ///
    /// It does not end, or ends with an error.
    pub(crate) fn finish(
        &mut self,
        out: &mut impl FnMut(Record) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.input = None;
        loop {
            match self.output.recv_timeout(self.patience) {
                Ok(item) => self.returned(item, out)?,
                Err(RecvTimeoutError::Timeout) => return Err(self.stalled()),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let status = self.reap().map_err(Failure::internal)?;
        if status.success() {
            return Ok(());
        }
        let text = Text::new(
            format!("cannot rely on the middleware `{}`, which ended with an error", self.command),
            format!("中间件 `{}` 以错误结束,其结果不可靠", self.command),
        );
        Err(Failure::new(Exit::Unavailable, text).because(status.to_string()))
    }

    fn returned(
        &mut self,
        item: Result<Record, String>,
        out: &mut impl FnMut(Record) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        match item {
            Ok(mut record) => {
                self.returned += 1;
                self.extras.give_back(&mut record);
                out(record)
            }
            Err(reason) => {
                self.malformed += 1;
                if self.malformed <= COMPLAINTS_MAX {
                    let text = Text::new(
                        format!("the middleware wrote a line that is no message: {reason}"),
                        format!("中间件写出的一行不是消息:{reason}"),
                    );
                    shown::say(&text, self.language);
                }
                Ok(())
            }
        }
    }

    fn ended(&mut self) -> Failure {
        let text = Text::new(
            format!("cannot go on without the middleware `{}`, which has ended", self.command),
            format!("中间件 `{}` 已退出,无法继续", self.command),
        );
        let failure = Failure::new(Exit::Unavailable, text);
        match self.reap() {
            Ok(status) => failure.because(status.to_string()),
            Err(error) => failure.because(error),
        }
    }

    /// How the program has ended, which says nothing more; if it goes on nevertheless, it is ended.
    fn reap(&mut self) -> std::io::Result<ExitStatus> {
        let begun = Instant::now();
        while begun.elapsed() < self.patience {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(LOOK);
        }
        self.child.kill()?;
        self.child.wait()
    }

    fn stalled(&mut self) -> Failure {
        // Nobody waits for it again; that it may have ended just now is no mistake.
        drop(self.child.kill());
        let seconds = self.patience.as_secs();
        let text = Text::new(
            format!("cannot go on with the middleware `{}`, which has stalled", self.command),
            format!("中间件 `{}` 停滞,无法继续", self.command),
        );
        Failure::new(Exit::Unavailable, text).hint(Text::new(
            format!("it has read and written nothing for {seconds} s"),
            format!("它在 {seconds} 秒内既未读取也未写出"),
        ))
    }
}

impl Drop for Middleware {
    fn drop(&mut self) {
        // One that has ended already is no mistake.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Writes lines until there are no more, which ends the program's input.
fn write(mut stdin: ChildStdin, lines: &Receiver<Vec<u8>>) {
    for line in lines {
        if stdin.write_all(&line).is_err() {
            return;
        }
    }
}

/// Reads lines until there are no more.
fn read(stdout: ChildStdout, records: &SyncSender<Result<Record, String>>) {
    let mut reader = BufReader::new(stdout);
    let mut line = Vec::new();
    loop {
        line.clear();
        match reader.by_ref().take(LINE_MAX).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let text = line.trim_ascii();
        if text.is_empty() {
            continue;
        }
        let record =
            unhex(text).and_then(|bytes| Record::from_plain(&bytes).map_err(|problem| problem.to_string()));
        if records.send(record).is_err() {
            return;
        }
    }
}

/// A line of digits, and its end.
fn hex(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut line = Vec::with_capacity(bytes.len() * 2 + 1);
    for byte in bytes {
        line.extend([DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
    line.push(b'\n');
    line
}

fn unhex(digits: &[u8]) -> Result<Vec<u8>, String> {
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let (pairs, rest) = digits.as_chunks::<2>();
    let bytes: Option<Vec<u8>> =
        pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect();
    bytes.filter(|_| rest.is_empty()).ok_or_else(|| "it is no sequence of bytes in hexadecimal".to_owned())
}

/// What headers of four fields have no place for, kept until the message comes back.
#[derive(Default)]
struct Extras {
    kept: HashMap<(u8, String), String>,
    order: VecDeque<(u8, String)>,
}

impl Extras {
    fn keep(&mut self, record: &mut Record) {
        if record.extra.is_empty() {
            return;
        }
        let key = (record.kind.byte(), record.id.clone());
        self.order.push_back(key.clone());
        self.kept.insert(key, std::mem::take(&mut record.extra));
        if self.order.len() > EXTRAS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.kept.remove(&oldest);
        }
    }

    fn give_back(&mut self, record: &mut Record) {
        // A message may come back more than once.
        if let Some(extra) = self.kept.get(&(record.kind.byte(), record.id.clone())) {
            record.extra.clone_from(extra);
        }
    }
}

/// Whether a message is one that middlewares know.
pub(crate) fn is_known(kind: Kind) -> bool {
    matches!(kind, Kind::Request | Kind::Response | Kind::Replayed)
}

#[cfg(test)]
mod tests;
