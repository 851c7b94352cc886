use std::{collections::VecDeque, ops::ControlFlow, sync::Arc, time::Duration};

use kefu_protocol::ws::{Incoming, Opcode, Reader, Role, encode, text_frame};
use kefu_socket::{Connection, Ended, Flow, Handler, Limits, Outbox, Registry, run};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::timeout,
};

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A handler made of a closure.
pub(crate) struct Each<F>(pub(crate) F);

impl<F: FnMut(&str) -> Flow + Send> Handler for Each<F> {
    fn message(&mut self, text: &str) -> Flow {
        self.0(text)
    }
}

/// Sends every message back; `close` closes.
pub(crate) fn echo(outbox: &Arc<Outbox>) -> impl Handler + use<> {
    let outbox = Arc::clone(outbox);
    Each(move |text: &str| {
        if text == "close" {
            return Flow::Close(kefu_protocol::ws::CloseCode(4003), "as told");
        }
        outbox.push(text_frame(text));
        Flow::Continue
    })
}

/// What a peer receives.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Event {
    Text(String),
    Ping,
    Pong(Vec<u8>),
    Close(Option<(u16, String)>),
    End,
}

/// The other end of a connection.
pub(crate) struct Peer {
    pub(crate) stream: TcpStream,
    reader: Reader,
    events: VecDeque<Event>,
}

/// Waits for what is sure to come.
pub(crate) async fn patiently<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(30), future).await.expect("it comes in time")
}

/// Both ends of a TCP connection: the server's, the client's.
pub(crate) async fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let (accepted, connected) = tokio::join!(listener.accept(), TcpStream::connect(address));
    let (server, client) = (accepted.expect("a peer came").0, connected.expect("it listens"));
    server.set_nodelay(true).expect("it is a TCP socket");
    (server, client)
}

/// A registry whose handshakes do not keep a test waiting.
pub(crate) fn registry() -> Arc<Registry> {
    Registry::new(limits(), 1000)
}

pub(crate) fn limits() -> Limits {
    Limits { close_timeout: Duration::from_millis(200), ..Limits::default() }
}

/// A running connection with an echo behind it.
pub(crate) async fn serve_echo(registry: &Arc<Registry>) -> (Peer, Arc<Outbox>, JoinHandle<Ended>) {
    serve(registry, echo).await
}

/// A running connection with any handler.
pub(crate) async fn serve<H: Handler + 'static>(
    registry: &Arc<Registry>,
    handler: impl FnOnce(&Arc<Outbox>) -> H,
) -> (Peer, Arc<Outbox>, JoinHandle<Ended>) {
    let (peer, outbox, connection) = connect(registry, handler).await;
    (peer, outbox, tokio::spawn(connection))
}

/// A connection that does not run yet.
pub(crate) async fn connect<H: Handler>(
    registry: &Arc<Registry>,
    handler: impl FnOnce(&Arc<Outbox>) -> H,
) -> (Peer, Arc<Outbox>, Connection<H>) {
    let (server, client) = pair().await;
    let outbox = registry.open();
    let handler = handler(&outbox);
    let connection = run(server, &[], Arc::clone(&outbox), handler);
    (Peer::new(client), outbox, connection)
}

/// A client's frame.
pub(crate) fn frame(opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    encode(opcode, payload, Some(KEY), &mut frame);
    frame
}

impl Peer {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { stream, reader: Reader::new(Role::Client, u32::MAX), events: VecDeque::new() }
    }

    pub(crate) async fn send(&mut self, opcode: Opcode, payload: &[u8]) {
        self.write(&frame(opcode, payload)).await;
    }

    pub(crate) async fn text(&mut self, text: &str) {
        self.send(Opcode::Text, text.as_bytes()).await;
    }

    pub(crate) async fn close(&mut self, code: u16) {
        self.send(Opcode::Close, &code.to_be_bytes()).await;
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        patiently(self.stream.write_all(bytes)).await.expect("the stream is not reset");
    }

    /// The next frame, or the end of the stream.
    pub(crate) async fn next(&mut self) -> Event {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            if let Some(event) = self.events.pop_front() {
                return event;
            }
            let count = patiently(self.stream.read(&mut buffer)).await.expect("the stream is not reset");
            if count == 0 {
                return Event::End;
            }
            let events = &mut self.events;
            let flow: ControlFlow<()> = self
                .reader
                .feed(&mut buffer[..count], |incoming| {
                    events.push_back(incoming.into());
                    ControlFlow::Continue(())
                })
                .expect("the server keeps the protocol");
            assert!(flow.is_continue());
        }
    }

    pub(crate) async fn expect_text(&mut self, text: &str) {
        assert_eq!(self.next().await, Event::Text(text.to_owned()));
    }

    pub(crate) async fn expect_close(&mut self, code: u16) {
        match self.next().await {
            Event::Close(Some((received, _))) => assert_eq!(received, code),
            other => panic!("{other:?} is no close"),
        }
    }
}

impl From<Incoming<'_>> for Event {
    fn from(incoming: Incoming<'_>) -> Self {
        match incoming {
            Incoming::Text(text) => Self::Text(text.into_owned()),
            Incoming::Ping(_) => Self::Ping,
            Incoming::Pong(body) => Self::Pong(body.to_vec()),
            Incoming::Close(close) => {
                Self::Close(close.map(|close| (close.code.0, close.reason.into_owned())))
            }
            Incoming::Binary(_) => panic!("the server sends no binary frames"),
        }
    }
}
