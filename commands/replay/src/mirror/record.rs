//! Writes what was seen, on a thread of its own: a slow disk holds up nobody.

use std::{
    io,
    path::Path,
    sync::{
        Arc,
        mpsc::{RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use kefu_app::{Exit, Failure, Text};
use kefu_traffic::gor::{Chunks, FileWriter, Pattern, Record};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::statistics::Statistics;
use crate::redact::Redaction;

/// So many records wait for the disk.
const QUEUE: usize = 4096;
/// And so many bytes of them.
const QUEUE_BYTES: usize = 64 << 20;
/// What was seen is handed to the system no later than this.
const FLUSH: Duration = Duration::from_secs(1);

/// Takes records to be written.
pub(super) struct Recorder {
    sender: SyncSender<(Record, OwnedSemaphorePermit)>,
    room: Arc<Semaphore>,
    statistics: Arc<Statistics>,
}

/// The thread that writes.
pub(super) struct Writing(JoinHandle<io::Result<()>>);

impl Recorder {
    /// Opens the file, and begins to write.
    ///
    /// # Errors
    ///
    /// The file cannot be made.
    pub(super) fn start(
        path: &Path,
        replace: bool,
        redaction: Option<Redaction>,
        statistics: Arc<Statistics>,
    ) -> Result<(Self, Writing), Failure> {
        let chunks = if replace { Chunks::Replace } else { Chunks::New };
        let mut files = FileWriter::new(Pattern::fixed(path.to_string_lossy()), chunks);
        files.prepare().map_err(|error| {
            let name = path.display();
            Failure::new(Exit::Create, Text::new(format!("cannot write {name}"), format!("无法写入 {name}")))
                .because(error)
                .hint(Text::new(
                    "choose another name, or write over it with --replace",
                    "请换一个名称,或用 --replace 覆盖",
                ))
        })?;
        let (sender, receiver) = sync_channel::<(Record, OwnedSemaphorePermit)>(QUEUE);
        let counted = Arc::clone(&statistics);
        let thread = std::thread::spawn(move || {
            let mut redaction = redaction;
            let mut flushed = Instant::now();
            loop {
                match receiver.recv_timeout(FLUSH) {
                    Ok((mut record, _room)) => {
                        if let Some(redaction) = &mut redaction {
                            redaction.apply(&mut record);
                        }
                        files.write(&record, jiff::civil::DateTime::ZERO)?;
                        counted.figures().recorded += 1;
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => return files.finish().map(|_| ()),
                }
                if flushed.elapsed() >= FLUSH {
                    files.flush()?;
                    flushed = Instant::now();
                }
            }
        });
        let room = Arc::new(Semaphore::new(QUEUE_BYTES));
        Ok((Self { sender, room, statistics }, Writing(thread)))
    }

    /// Has a record written if there is room.
    pub(super) fn take(&self, record: Record) {
        let bytes = u32::try_from(record.payload.len()).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).try_acquire_many_owned(bytes);
        let is_taken = room.is_ok_and(|room| self.sender.try_send((record, room)).is_ok());
        if !is_taken {
            self.statistics.figures().unrecorded += 1;
        }
    }
}

impl Writing {
    /// Waits until everything is on the disk; the recorder must be gone.
    ///
    /// # Errors
    ///
    /// Something could not be written.
    pub(super) fn finish(self) -> Result<(), Failure> {
        let cannot = || Failure::new(Exit::Io, Text::new("cannot write what was seen", "无法写出所见的消息"));
        match self.0.join() {
            Ok(written) => written.map_err(|error| cannot().because(error)),
            Err(_) => Err(Failure::internal("the thread that writes has panicked")),
        }
    }
}
