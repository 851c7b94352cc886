//! The socket by which `kefu migrate` feeds a store that is served.
//!
//! It stands in the data directory and takes nobody but the user whose daemon this is. One process feeds at a time, so
//! that what is read earlier never comes after what is read later; a cutover takes the place of one that follows.

use std::{
    io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use kefu_store::import::{
    FEED_VERSION, FeedHello, FeedRequest, FeedWelcome, SOCKET, read_frame, write_frame,
};
use tokio::{
    net::{UnixListener, UnixStream},
    sync::{OwnedMutexGuard, watch},
    task::JoinSet,
};

use crate::desk::Desk;

/// Connections at most: the one that feeds, and those that are told to wait.
const CONNECTIONS_MAX: usize = 8;

/// Who feeds, and who may.
#[derive(Clone)]
struct Turns {
    /// Held by whoever feeds.
    turn: Arc<tokio::sync::Mutex<()>>,
    /// Whether that is a cutover; nobody takes its place.
    is_cutover: Arc<Mutex<bool>>,
    /// Counts the cutovers, each of which ends whoever feeds.
    cutovers: watch::Sender<u64>,
}

/// Takes what feeds the store in `dir`, for ever.
pub(crate) async fn run(desk: &Desk, dir: &Path) {
    let path = dir.join(SOCKET);
    let listener = match bind(&path) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "`kefu migrate` cannot feed this store");
            return std::future::pending().await;
        }
    };
    let _socket = Socket(path);
    let turns = Turns { turn: Arc::default(), is_cutover: Arc::default(), cutovers: watch::Sender::new(0) };
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            Some(_) = open.join_next() => {}
            accepted = listener.accept(), if open.len() < CONNECTIONS_MAX => match accepted {
                Ok((stream, _)) => {
                    let (desk, turns) = (desk.clone(), turns.clone());
                    open.spawn(async move {
                        if let Err(error) = serve(stream, &desk, &turns).await {
                            tracing::warn!(%error, "what feeds the store has ended");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot take what feeds the store");
                    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
                }
            },
        }
    }
}

/// Whoever holds the store's lock may have the place of a socket that a crash left behind.
fn bind(path: &Path) -> io::Result<UnixListener> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// The socket's file, which goes with it.
struct Socket(PathBuf);

impl Drop for Socket {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

async fn serve(mut stream: UnixStream, desk: &Desk, turns: &Turns) -> io::Result<()> {
    let (me, peer) = (rustix::process::geteuid().as_raw(), stream.peer_cred()?.uid());
    if peer != me && peer != 0 {
        let text = format!("user {peer} may not feed the store");
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, text));
    }
    let Some(hello) = read_frame::<FeedHello>(&mut stream).await? else { return Ok(()) };
    if hello.version != FEED_VERSION {
        return write_frame(&mut stream, &FeedWelcome::OtherVersion(FEED_VERSION)).await;
    }
    let Some(_turn) = turns.take(hello.takes_over).await else {
        return write_frame(&mut stream, &FeedWelcome::Busy).await;
    };
    // Those that came before this one do not end it.
    let mut ended = turns.cutovers.subscribe();
    write_frame(&mut stream, &FeedWelcome::Ready).await?;
    tracing::info!(is_cutover = hello.takes_over, "`kefu migrate` feeds the store");
    loop {
        let request = tokio::select! {
            _ = ended.changed() => return Ok(()),
            request = read_frame::<FeedRequest>(&mut stream) => request?,
        };
        let Some(request) = request else { return Ok(()) };
        // A daemon that stops is as good as gone: who feeds comes back.
        let Ok(answer) = desk.feed(request).await else { return Ok(()) };
        write_frame(&mut stream, &answer).await?;
    }
}

/// The turn to feed.
struct Turn<'t> {
    turns: &'t Turns,
    is_cutover: bool,
    _guard: OwnedMutexGuard<()>,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.is_cutover {
            self.turns.set_cutover(false);
        }
    }
}

impl Turns {
    /// The turn to feed; nothing while somebody else has it who is not to be ended.
    async fn take(&self, is_cutover: bool) -> Option<Turn<'_>> {
        let turn = Arc::clone(&self.turn);
        let guard = if is_cutover {
            if self.set_cutover(true) {
                return None;
            }
            self.cutovers.send_modify(|count| *count += 1);
            turn.lock_owned().await
        } else {
            turn.try_lock_owned().ok()?
        };
        Some(Turn { turns: self, is_cutover, _guard: guard })
    }

    /// Notes whether a cutover feeds; returns whether one did before.
    fn set_cutover(&self, is_one: bool) -> bool {
        std::mem::replace(&mut *self.is_cutover.lock().unwrap_or_else(PoisonError::into_inner), is_one)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_feeds_at_a_time_and_a_cutover_takes_the_place_of_who_follows() {
        let turns =
            Turns { turn: Arc::default(), is_cutover: Arc::default(), cutovers: watch::Sender::new(0) };
        let follower = turns.take(false).await.unwrap();
        assert!(turns.take(false).await.is_none());
        let mut ended = turns.cutovers.subscribe();
        // It begins when the last request of the other one was answered.
        let (cutover, ()) = tokio::join!(turns.take(true), async {
            ended.changed().await.unwrap();
            drop(follower);
        });
        assert!(turns.take(true).await.is_none() && turns.take(false).await.is_none());
        drop(cutover.unwrap());
        assert!(turns.take(false).await.is_some());
    }

    #[tokio::test]
    async fn a_socket_that_was_left_behind_is_replaced_and_is_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(SOCKET);
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        let listener = bind(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        UnixStream::connect(&path).await.unwrap();
        drop(listener);
        drop(Socket(path.clone()));
        assert!(!path.exists());
    }
}
