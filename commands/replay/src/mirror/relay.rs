//! Bytes from a client to the upstream and back, as they come.

use std::{
    future::poll_fn,
    io,
    pin::{Pin, pin},
    task::Poll,
    time::Duration,
};

use kefu_traffic::tcp::Side;
use tokio::{
    io::AsyncWriteExt as _,
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    time::timeout,
};

use super::tap::Tap;

/// How much is read at once.
const READ: usize = 16 << 10;
/// A client that says nothing more on a connection which the upstream has ended is waited for so long.
const LINGER: Duration = Duration::from_secs(30);

/// How one direction has ended.
enum Ended {
    /// Everything was passed on.
    Said,
    /// Whoever speaks is gone.
    Speaker,
    /// Whoever listens is gone.
    Listener,
}

/// Passes everything on in both directions until both have ended.
pub(super) async fn relay(client: TcpStream, upstream: TcpStream, tap: &Tap) {
    let (from_client, to_client) = client.into_split();
    let (from_upstream, to_upstream) = upstream.into_split();
    let mut asked = pin!(pass(from_client, to_upstream, Side::Client, tap));
    let mut answered = pin!(pass(from_upstream, to_client, Side::Server, tap));
    tokio::select! {
        ended = &mut asked => {
            // A client that has said everything still gets its answers, and so does one whom the upstream cuts short.
            if !matches!(ended, Ended::Speaker) {
                answered.await;
            }
        }
        ended = &mut answered => {
            if matches!(ended, Ended::Said) {
                linger(asked, tap).await;
            }
        }
    }
}

/// Waits for the rest of what a client says to an upstream that says nothing more.
async fn linger(mut asked: Pin<&mut impl Future<Output = Ended>>, tap: &Tap) {
    loop {
        let before = tap.said();
        let is_over = timeout(LINGER, asked.as_mut()).await.is_ok();
        // Of HTTP, one that says no more is as good as one that ends; other protocols end as they please.
        if is_over || (tap.said() == before && !tap.is_upgraded()) {
            return;
        }
    }
}

/// Passes on what one side says.
async fn pass(from: OwnedReadHalf, mut to: OwnedWriteHalf, side: Side, tap: &Tap) -> Ended {
    loop {
        let Ok(bytes) = next(&from).await else { return Ended::Speaker };
        if bytes.is_empty() {
            tap.ended(side);
            return if to.shutdown().await.is_ok() { Ended::Said } else { Ended::Listener };
        }
        // What a client says is heard before it is passed on, so that its answer cannot come before it.
        if side == Side::Client {
            tap.data(side, &bytes);
        }
        let mut passing = pin!(to.write_all(&bytes));
        let begun = poll_fn(|context| Poll::Ready(passing.as_mut().poll(context))).await;
        // An answer is heard once as much of it has left as the client takes at once, so that nobody waits for its being
        // heard. Both directions are one task: nothing that the client says to it is heard before.
        if side == Side::Server && !matches!(begun, Poll::Ready(Err(_))) {
            tap.data(side, &bytes);
        }
        let passed = match begun {
            Poll::Ready(passed) => passed,
            Poll::Pending => passing.await,
        };
        if passed.is_err() {
            return Ended::Listener;
        }
    }
}

/// What comes next, nothing at the end; a connection on which nothing comes has no buffer.
async fn next(from: &OwnedReadHalf) -> io::Result<Vec<u8>> {
    loop {
        from.readable().await?;
        let mut bytes = Vec::with_capacity(READ);
        match from.try_read_buf(&mut bytes) {
            Ok(_) => return Ok(bytes),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}
