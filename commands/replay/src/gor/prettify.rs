//! Bodies as a reader would have them: without chunks and compression, and with a length that says so.

use kefu_traffic::gor::Record;

use super::plan::MESSAGE_MAX;
use crate::{coding::decoded, head::EditedHead, message::Parts};

/// Takes chunks and compression off a message; one that does not come apart stays as it is.
pub(super) fn prettify(record: &mut Record) {
    let Some(parts) = Parts::of(record) else { return };
    let coding = parts.header("content-encoding");
    if coding.is_none() && !parts.head.is_chunked {
        return;
    }
    let mut body = parts.body().into_owned();
    let mut head = EditedHead::of(parts.head_bytes);
    if let Some(coding) = coding {
        let Some(plain) = decoded(&coding, &body, MESSAGE_MAX as usize) else { return };
        body = plain;
        head.remove("Content-Encoding");
    }
    head.remove("Transfer-Encoding");
    head.set("Content-Length", &body.len().to_string());
    let mut payload = head.bytes();
    payload.extend_from_slice(&body);
    record.payload = payload;
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::{Compression, write::GzEncoder};
    use kefu_traffic::gor::Kind;

    use super::*;

    fn pretty(payload: &[u8]) -> Vec<u8> {
        let (id, extra) = (String::new(), String::new());
        let mut record = Record {
            kind: Kind::Response,
            id,
            timestamp: 0,
            latency: None,
            extra,
            payload: payload.to_vec(),
        };
        prettify(&mut record);
        record.payload
    }

    #[test]
    fn chunks_and_compression_come_off_and_the_length_is_right() {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(b"hello").unwrap();
        let body = encoder.finish().unwrap();
        let head = "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n";
        let chunk = format!("{:x}\r\n", body.len());
        let message = [head.as_bytes(), chunk.as_bytes(), &body, b"\r\n0\r\n\r\n"].concat();
        assert_eq!(pretty(&message), b"HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 5\r\n\r\nhello");
        let broken = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc";
        assert_eq!(pretty(broken), broken);
        let plain = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
        assert_eq!(pretty(plain), plain);
    }
}
