//! A server of HTTP whose behaviour is known.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use crate::testing::{self, Requests};

/// What it does with requests.
#[derive(Clone, Copy, Debug)]
pub(super) enum Behaviour {
    Answer,
    /// Takes so long for each.
    Delay(Duration),
    /// Stands still for a while, again and again, and answers at once otherwise.
    Stall {
        every: Duration,
        length: Duration,
    },
    /// Closes the connection in the place of every so manyth answer.
    Drop(u64),
    /// Refuses every so manyth.
    Refuse(u64),
    /// Answers in chunks.
    Chunks,
    /// Never answers.
    Silence,
    /// Says something else.
    Babble,
    /// Closes the connection after each answer.
    Close,
}

/// The server; it ends with its value.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    requests: Arc<AtomicU64>,
    server: testing::Server,
}

impl Server {
    pub(super) fn start(behaviour: Behaviour) -> Self {
        let (requests, start) = (Arc::new(AtomicU64::new(0)), Instant::now());
        let counter = Arc::clone(&requests);
        let server = testing::Server::start(move |requests| {
            let counter = Arc::clone(&counter);
            async move { serve(requests, behaviour, &counter, start).await }
        });
        Self { address: server.address, requests, server }
    }

    /// Requests that came.
    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// How much too late its thread was woken at worst, in milliseconds.
    pub(super) fn late_ms(&self) -> f64 {
        self.server.late_ms()
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const LAST: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello";
const CHUNKS: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
const REFUSED: &str = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";

async fn serve(
    mut requests: Requests,
    behaviour: Behaviour,
    counter: &AtomicU64,
    start: Instant,
) -> io::Result<()> {
    while let Some(request) = requests.next().await? {
        let number = counter.fetch_add(1, Ordering::Relaxed) + 1;
        let answer = match behaviour {
            Behaviour::Answer => OK,
            Behaviour::Delay(delay) => {
                tokio::time::sleep(delay).await;
                OK
            }
            Behaviour::Stall { every, length } => {
                let into = start.elapsed().as_nanos() % every.as_nanos();
                let into = Duration::from_nanos(into as u64);
                tokio::time::sleep(length.saturating_sub(into)).await;
                OK
            }
            Behaviour::Drop(every) if number.is_multiple_of(every) => return Ok(()),
            Behaviour::Refuse(every) if number.is_multiple_of(every) => REFUSED,
            Behaviour::Drop(_) | Behaviour::Refuse(_) => OK,
            Behaviour::Chunks => CHUNKS,
            Behaviour::Silence => {
                // Until the client has had enough.
                requests.next().await?;
                return Ok(());
            }
            Behaviour::Babble => "220 mail.example ready\r\n\r\n",
            Behaviour::Close => LAST,
        };
        requests.say(answer).await?;
        if matches!(behaviour, Behaviour::Close) || request.header("connection") == Some("close") {
            return Ok(());
        }
    }
    Ok(())
}
