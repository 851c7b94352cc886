//! The process that serves the store, over a socket in its data directory: it has the writer, and puts records between
//! the messages of its own.

use std::{io, os::unix::fs::MetadataExt as _, path::Path, time::Duration};

use kefu_app::Failure;
use kefu_store::{
    StoreError,
    import::{
        Checkpoint, FEED_VERSION, FRAME_BYTES_MAX, FeedAnswer, FeedBatch, FeedHello, FeedRequest,
        FeedWelcome, FollowPosition, ImportBatch, ImportRow, Outcome, ROWS_MAX, Record, Refused, SOCKET,
        read_frame, write_frame,
    },
};
use tokio::{net::UnixStream, time::timeout};

/// How long an answer may take: what is asked is small, and chat goes first.
const PATIENCE: Duration = Duration::from_secs(60);

/// Bytes of rows that are sent at once; JSON makes at most six of one.
const BYTES_MAX: usize = FRAME_BYTES_MAX / 8;

/// A connection to the process that serves the store.
pub(crate) struct Remote {
    stream: UnixStream,
    is_lost: bool,
}

/// What came of trying to connect.
pub(crate) enum Connected {
    Ready(Remote),
    /// Another process feeds the store.
    Busy,
    /// Nobody is there.
    Nobody,
}

impl Remote {
    /// Connects to whoever serves the store in `dir`; with `takes_over`, in the place of one that follows.
    pub(crate) async fn connect(dir: &Path, takes_over: bool) -> io::Result<Connected> {
        let Ok(mut stream) = UnixStream::connect(dir.join(SOCKET)).await else {
            return Ok(Connected::Nobody);
        };
        let (owner, peer) = (std::fs::metadata(dir)?.uid(), stream.peer_cred()?.uid());
        if peer != owner && peer != 0 {
            let text = format!("user {peer} serves the socket, but the store is user {owner}'s");
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
        }
        let greeted = async {
            write_frame(&mut stream, &FeedHello { version: FEED_VERSION, takes_over }).await?;
            read_frame(&mut stream).await
        };
        match timeout(PATIENCE, greeted).await {
            Ok(Ok(Some(FeedWelcome::Ready))) => Ok(Connected::Ready(Self { stream, is_lost: false })),
            Ok(Ok(Some(FeedWelcome::Busy))) => Ok(Connected::Busy),
            Ok(Ok(Some(FeedWelcome::OtherVersion(other)))) => {
                let text =
                    format!("the daemon takes version {other} of what feeds it, this is {FEED_VERSION}");
                Err(io::Error::new(io::ErrorKind::Unsupported, text))
            }
            // It goes down, or comes up.
            Ok(Ok(None) | Err(_)) | Err(_) => Ok(Connected::Nobody),
        }
    }

    /// Whether it is gone: what was asked last may have been done or not.
    pub(crate) fn is_lost(&self) -> bool {
        self.is_lost
    }

    /// Asks for something; the answer comes when it is durable.
    pub(super) async fn ask(&mut self, request: &FeedRequest) -> Result<FeedAnswer, StoreError> {
        let asked = async {
            write_frame(&mut self.stream, request).await?;
            read_frame(&mut self.stream).await?.ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
        };
        let answer: io::Result<FeedAnswer> = match timeout(PATIENCE, asked).await {
            Ok(answer) => answer,
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        };
        match answer {
            Ok(FeedAnswer::Failed(failure)) => Err(failure.into()),
            Ok(answer) => Ok(answer),
            Err(error) => {
                self.is_lost = true;
                Err(StoreError::Io(error.into()))
            }
        }
    }

    /// Sends a batch in pieces that chat can wait for; its checkpoint and `position` go with the last of them.
    pub(super) async fn put(
        &mut self,
        batch: &ImportBatch,
        position: Option<&FollowPosition>,
        keep: &mut impl FnMut(&[Refused]) -> Result<(), Failure>,
    ) -> Result<Result<u64, Failure>, StoreError> {
        let (mut written, mut at) = (0, 0);
        loop {
            let end = at + piece(&batch.rows[at..]);
            let is_last = end == batch.rows.len();
            let earlier = written;
            let checkpoint = batch.checkpoint.as_ref().filter(|_| is_last);
            let checkpoint = checkpoint
                .map(|checkpoint| Checkpoint { written: checkpoint.written + earlier, ..checkpoint.clone() });
            let mut told = Vec::new();
            written += loop {
                let request = FeedRequest::Put {
                    batch: FeedBatch::of(batch, &batch.rows[at..end], checkpoint.clone()),
                    position: position.filter(|_| is_last).cloned(),
                    told: told.clone(),
                };
                match self.ask(&request).await? {
                    FeedAnswer::Count(count) => break count,
                    FeedAnswer::Refused(refused) => {
                        let place =
                            |refused: &Refused| Refused { index: at + refused.index, ..refused.clone() };
                        let new = refused.iter().filter(|refused| !told.contains(refused));
                        if let Err(failure) = keep(&new.map(place).collect::<Vec<_>>()) {
                            return Ok(Err(failure));
                        }
                        told = refused;
                    }
                    other => return Err(unexpected(&other)),
                }
            };
            if is_last {
                return Ok(Ok(written));
            }
            at = end;
        }
    }
}

/// What nobody asked for.
pub(super) fn unexpected(answer: &FeedAnswer) -> StoreError {
    StoreError::Io(format!("the daemon answered something else: {answer:?}").into())
}

/// How many of these rows are sent at once.
fn piece(rows: &[ImportRow]) -> usize {
    let (mut bytes, mut count) = (0, 0);
    for row in rows.iter().take(ROWS_MAX) {
        bytes += size(row);
        if bytes > BYTES_MAX && count > 0 {
            break;
        }
        count += 1;
    }
    count
}

fn size(row: &ImportRow) -> usize {
    let text = match &row.outcome {
        Outcome::Record(record) => match &**record {
            Record::Visitor(visitor) => visitor.attributes.len(),
            Record::Message(message) => message.text.len(),
            Record::Ticket(ticket) => ticket.body.len(),
            Record::Canned(canned) => canned.text.len(),
            Record::Article(article) => article.body.len(),
            Record::Agent(_) | Record::Conversation(_) => 0,
        },
        Outcome::Filtered | Outcome::Dead => 0,
    };
    text + row.key.len() + 512
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_is_bounded_in_rows_and_has_one_at_least() {
        let row = |length| ImportRow { key: vec![0; length], outcome: Outcome::Dead };
        assert_eq!(piece(&[]), 0);
        assert_eq!(piece(&vec![row(9); ROWS_MAX + 1]), ROWS_MAX);
        assert_eq!(piece(&[row(BYTES_MAX + 1), row(1)]), 1);
        assert_eq!(piece(&[row(1), row(BYTES_MAX), row(1)]), 1);
    }
}
