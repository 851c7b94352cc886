//! What tests share: addresses where nobody listens, or soon nobody will.

use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// An address where nobody listens, nor can while its socket is there.
pub(crate) fn nobody() -> (SocketAddr, TcpSocket) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    (socket.local_addr().unwrap(), socket)
}

/// Both ends of a connection to a listener to which there is no other yet: they keep its port from others when it is gone.
pub(crate) async fn hold(listener: &TcpListener) -> [TcpStream; 2] {
    let near = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (far, _) = listener.accept().await.unwrap();
    [near, far]
}
