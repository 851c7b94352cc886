//! One connection to a server, over which recorded requests go one after the other, byte for byte.

use std::{io, time::Duration};

use kefu_traffic::{
    http::{Limits, Message, Output, Session},
    tcp::Side,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

use crate::{run::Lost, target::Target};

/// How much is read at once.
const READ: usize = 16 << 10;

/// Asks one server, over a connection that is kept.
#[derive(Debug)]
pub(crate) struct Client {
    target: Target,
    timeout: Duration,
    limits: Limits,
    link: Option<Link>,
}

#[derive(Debug)]
struct Link {
    stream: TcpStream,
    session: Session,
    buffer: Vec<u8>,
    /// Answers that came over it.
    answers: u64,
}

/// Why there is no answer, and whether the server may have seen the request.
struct Failed {
    why: Lost,
    is_unseen: bool,
}

impl Client {
    /// Will ask a server, each request for no longer than `timeout`.
    pub(crate) fn new(target: impl Into<Target>, timeout: Duration, limits: Limits) -> Self {
        Self { target: target.into(), timeout, limits, link: None }
    }

    /// Sends a request and waits for its answer.
    ///
    /// One that is safe is sent again when the kept connection turns out to be closed.
    ///
    /// # Errors
    ///
    /// There is no answer.
    pub(crate) async fn ask(&mut self, bytes: &[u8], is_safe: bool) -> Result<Message, Lost> {
        match timeout(self.timeout, self.ask_twice(bytes, is_safe)).await {
            Ok(result) => result,
            Err(_) => {
                // What comes later would be taken for the answer to what is asked next.
                self.link = None;
                Err(Lost::Timeout)
            }
        }
    }

    async fn ask_twice(&mut self, bytes: &[u8], is_safe: bool) -> Result<Message, Lost> {
        match self.ask_once(bytes).await {
            Err(Failed { is_unseen: true, .. }) if is_safe => {
                self.ask_once(bytes).await.map_err(|failed| failed.why)
            }
            result => result.map_err(|failed| failed.why),
        }
    }

    async fn ask_once(&mut self, bytes: &[u8]) -> Result<Message, Failed> {
        // While it is used it is not kept: whatever goes wrong, it is not used again.
        let mut link = match self.link.take() {
            Some(link) => link,
            None => Link::open(self.target, self.limits)
                .await
                .map_err(|_| Failed { why: Lost::Connect, is_unseen: false })?,
        };
        let (answer, is_kept) = link.exchange(bytes).await?;
        if is_kept && !answer.head.is_last {
            self.link = Some(link);
        }
        Ok(answer)
    }
}

impl Link {
    async fn open(target: Target, limits: Limits) -> io::Result<Self> {
        let stream = target.connect().await?;
        Ok(Self { stream, session: Session::new(limits), buffer: vec![0; READ], answers: 0 })
    }

    /// Sends a request and reads its answer; says whether more can be asked over the connection.
    async fn exchange(&mut self, bytes: &[u8]) -> Result<(Message, bool), Failed> {
        // What the answer has to be read by is the request as a whole.
        self.session.data(Side::Client, bytes, 0, &mut |_| {});
        let (mut reader, mut writer) = self.stream.split();
        let mut writing = std::pin::pin!(writer.write_all(bytes));
        let (mut is_written, mut has_answer) = (false, false);
        loop {
            // Whoever answers before it has read everything must not wait for us, nor we for it.
            let read = tokio::select! {
                written = &mut writing, if !is_written => {
                    is_written = true;
                    // Why it broke off may be in the answer.
                    drop(written);
                    continue;
                }
                read = reader.read(&mut self.buffer) => read.unwrap_or_default(),
            };
            let before = self.session.totals();
            let mut answer = None;
            let mut out = |output: Output| {
                if let Output::Response { message, .. } = output {
                    answer.get_or_insert(message);
                }
            };
            if read > 0 {
                has_answer = true;
                self.session.data(Side::Server, &self.buffer[..read], 0, &mut out);
            } else {
                self.session.ended(Side::Server, &mut out);
            }
            let totals = self.session.totals();
            let is_foreign =
                totals.responses.dropped() > before.responses.dropped() || totals.other_bytes > 0;
            if let Some(answer) = answer {
                self.answers += 1;
                return Ok((answer, is_written && read > 0));
            }
            if is_foreign && read > 0 {
                return Err(Failed { why: Lost::Unreadable, is_unseen: false });
            }
            if read == 0 {
                return Err(Failed { why: Lost::Closed, is_unseen: !has_answer && self.answers > 0 });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use tokio::net::TcpListener;

    use super::*;
    use crate::testing::hold;

    const GET: &[u8] = b"GET / HTTP/1.1\r\n\r\n";

    fn client(target: SocketAddr) -> Client {
        Client::new(target, Duration::from_secs(5), Limits::default())
    }

    /// Answers each connection by what it says for it, piece by piece, a piece for each read.
    async fn server(connections: Vec<Vec<&'static str>>) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            for answers in connections {
                let (mut stream, _) = listener.accept().await.unwrap();
                for answer in answers {
                    let mut buffer = [0; 1024];
                    if stream.read(&mut buffer).await.unwrap_or_default() == 0 {
                        break;
                    }
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            }
        });
        address
    }

    const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    #[tokio::test]
    async fn requests_share_a_connection_until_it_ends() {
        let close = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
        let target = server(vec![vec![OK, OK, close], vec![OK]]).await;
        let mut client = client(target);
        for expected in [38 + 2, 38 + 2] {
            assert_eq!(client.ask(GET, true).await.unwrap().bytes.len(), expected);
        }
        assert!(client.ask(GET, true).await.unwrap().head.is_last);
        assert!(client.ask(GET, true).await.is_ok());
    }

    #[tokio::test]
    async fn a_safe_request_is_asked_again_when_the_kept_connection_was_closed() {
        let target = server(vec![vec![OK], vec![OK], vec![OK]]).await;
        let mut client = client(target);
        assert!(client.ask(GET, true).await.is_ok());
        assert!(client.ask(GET, true).await.is_ok());
        assert_eq!(client.ask(b"POST / HTTP/1.1\r\n\r\n", false).await.unwrap_err(), Lost::Closed);
    }

    #[tokio::test]
    async fn what_is_no_answer_says_why() {
        let target =
            server(vec![vec!["I am no server of HTTP"], vec!["HTTP/1.1 200 OK\r\n\r\nto the end"]]).await;
        let mut client = client(target);
        assert_eq!(client.ask(GET, true).await.unwrap_err(), Lost::Unreadable);
        // It ends with its connection.
        assert!(client.ask(GET, true).await.unwrap().bytes.ends_with(b"to the end"));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let target = listener.local_addr().unwrap();
        let _held = hold(&listener).await;
        let mut slow = Client::new(target, Duration::from_millis(50), Limits::default());
        assert_eq!(slow.ask(GET, true).await.unwrap_err(), Lost::Timeout);
        drop(listener);
        assert_eq!(slow.ask(GET, true).await.unwrap_err(), Lost::Connect);
    }
}
