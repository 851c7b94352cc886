use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// The time that a refused connection may take to read its answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// A refused connection's request is read up to here, in bytes, and thrown away.
const MAX_DRAIN: u64 = 16 * 1024;

const BODY: &str = concat!(
    r#"{"type":"about:blank","title":"Service Unavailable","status":503,"#,
    r#""detail":"there are too many connections","code":"unavailable","retry_after_ms":5000}"#
);

/// Says that there are too many connections, without reading a request first.
pub(super) async fn answer(mut stream: TcpStream) {
    let answer = format!(
        "HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/problem+json\r\ncontent-length: {}\r\n\
         retry-after: 5\r\ncache-control: no-store\r\nconnection: close\r\n\r\n{BODY}",
        BODY.len()
    );
    let farewell = async {
        stream.write_all(answer.as_bytes()).await?;
        stream.shutdown().await?;
        // Closing with bytes unread would reset the connection, and the answer might be lost with it.
        tokio::io::copy(&mut stream.take(MAX_DRAIN), &mut tokio::io::sink()).await
    };
    // Somebody who does not wait for the answer misses nothing else.
    drop(timeout(PATIENCE, farewell).await);
}
