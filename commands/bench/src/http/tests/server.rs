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

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::Instant,
};

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
    _runtime: tokio::runtime::Runtime,
}

impl Server {
    pub(super) fn start(behaviour: Behaviour) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&requests);
        runtime.spawn(async move {
            let start = Instant::now();
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let counter = Arc::clone(&counter);
                // A client that goes away is no concern of this server.
                connections.spawn(async move { drop(serve(stream, behaviour, &counter, start).await) });
            }
        });
        Self { address, requests, _runtime: runtime }
    }

    /// Requests that came.
    pub(super) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const LAST: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello";
const CHUNKS: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
const REFUSED: &str = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n";

async fn serve(
    mut stream: TcpStream,
    behaviour: Behaviour,
    counter: &AtomicU64,
    start: Instant,
) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut input = Vec::new();
    loop {
        let end = loop {
            if let Some(end) = input.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            if stream.read_buf(&mut input).await? == 0 {
                return Ok(());
            }
        };
        let head = String::from_utf8_lossy(&input[..end]).to_ascii_lowercase();
        let length =
            head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
        while input.len() < end + length.unwrap_or(0) {
            if stream.read_buf(&mut input).await? == 0 {
                return Ok(());
            }
        }
        input.drain(..end + length.unwrap_or(0));
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
                stream.read_buf(&mut input).await?;
                return Ok(());
            }
            Behaviour::Babble => "220 mail.example ready\r\n\r\n",
            Behaviour::Close => LAST,
        };
        stream.write_all(answer.as_bytes()).await?;
        if matches!(behaviour, Behaviour::Close) || head.contains("connection: close") {
            return Ok(());
        }
    }
}
