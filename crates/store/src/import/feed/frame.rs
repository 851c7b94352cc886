//! How requests and answers stand on a connection: a length in four bytes, the greatest first, and so much JSON.

use std::io;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use super::FRAME_BYTES_MAX;

/// The version of what is said here.
pub const FEED_VERSION: u32 = 1;

/// The name of the socket in the data directory.
pub const SOCKET: &str = "migrate.sock";

/// What who connects says first.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub struct FeedHello {
    /// [`FEED_VERSION`] of who connects.
    pub version: u32,
    /// Whether it takes the place of one that follows.
    pub takes_over: bool,
}

/// What is answered to that.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum FeedWelcome {
    /// Requests may come.
    Ready,
    /// Somebody else feeds the store.
    Busy,
    /// Another kefu speaks here.
    OtherVersion(u32),
}

/// Reads the next frame; nothing, where the other side has ended.
///
/// # Errors
/// The connection is broken, or what came is no frame of this kind.
pub async fn read_frame<T: DeserializeOwned>(from: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<T>> {
    let mut length = [0; 4];
    match from.read_exact(&mut length).await {
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(error) => return Err(error),
    }
    let length = u32::from_be_bytes(length) as usize;
    if length > FRAME_BYTES_MAX {
        let text = format!("a frame of {length} bytes is longer than {FRAME_BYTES_MAX}");
        return Err(io::Error::new(io::ErrorKind::InvalidData, text));
    }
    // What is only announced takes no room.
    let mut bytes = Vec::new();
    if from.take(length as u64).read_to_end(&mut bytes).await? < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(serde_json::from_slice(&bytes)?))
}

/// Writes a frame.
///
/// # Errors
/// The connection is broken, or `value` is too long for a frame.
pub async fn write_frame(to: &mut (impl AsyncWrite + Unpin), value: &impl Serialize) -> io::Result<()> {
    let mut bytes = vec![0; 4];
    serde_json::to_writer(&mut bytes, value)?;
    let length = bytes.len() - 4;
    if length > FRAME_BYTES_MAX {
        let text = format!("a frame of {length} bytes is longer than {FRAME_BYTES_MAX}");
        return Err(io::Error::new(io::ErrorKind::InvalidData, text));
    }
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    bytes[..4].copy_from_slice(&length.to_be_bytes());
    to.write_all(&bytes).await?;
    to.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::run;

    #[test]
    fn frames_come_back_and_what_is_none_is_an_error() {
        run(async |_| {
            let (mut there, mut here) = tokio::io::duplex(1 << 16);
            let hello = FeedHello { version: 1, takes_over: true };
            write_frame(&mut there, &hello).await.unwrap();
            assert_eq!(read_frame::<FeedHello>(&mut here).await.unwrap(), Some(hello));
            there.write_all(&[0, 0, 0, 2, b'{', b'}']).await.unwrap();
            assert!(read_frame::<FeedHello>(&mut here).await.is_err());
            there.write_all(&[0xff, 0, 0, 0]).await.unwrap();
            let error = read_frame::<FeedHello>(&mut here).await.unwrap_err().to_string();
            assert_eq!(error, "a frame of 4278190080 bytes is longer than 16777216");
            there.write_all(&[0, 0, 0, 9, b'{']).await.unwrap();
            drop(there);
            assert!(read_frame::<FeedHello>(&mut here).await.is_err());
            assert_eq!(read_frame::<FeedHello>(&mut here).await.unwrap(), None);
            let long = "x".repeat(FRAME_BYTES_MAX);
            assert!(write_frame(&mut tokio::io::sink(), &long).await.is_err());
        });
    }
}
