//! What lies between commands and frames and the bytes of a connection: compression. Bytes in, bytes out.

use std::io;

use bytes::{Buf as _, BytesMut};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::snappy;

/// Bytes that are moved at a time.
const BLOCK_BYTES: usize = 16 << 10;

/// Compression that an nsqd agreed to, or none.
pub(super) enum Layer {
    Plain,
    Snappy(Box<(snappy::Reader, snappy::Writer)>),
    Deflate(Box<(Decompress, Compress)>),
}

impl Layer {
    pub(super) fn snappy() -> Self {
        Self::Snappy(Box::default())
    }

    pub(super) fn deflate(level: u32) -> Self {
        // Without the head and tail of zlib, as nsqd has it.
        Self::Deflate(Box::new((Decompress::new(false), Compress::new(Compression::new(level), false))))
    }

    /// Moves some bytes from the connection to what frames are read from; says whether there were any.
    ///
    /// Few at a time: how much little input can grow to is for the reader of frames to bound.
    pub(super) fn read(&mut self, raw: &mut BytesMut, plain: &mut BytesMut) -> io::Result<bool> {
        match self {
            Self::Plain if raw.is_empty() => Ok(false),
            Self::Plain if plain.is_empty() => {
                std::mem::swap(raw, plain);
                Ok(true)
            }
            Self::Plain => {
                plain.extend_from_slice(raw);
                raw.clear();
                Ok(true)
            }
            Self::Snappy(both) => both.0.read(raw, plain).map_err(io::Error::other),
            Self::Deflate(both) => inflate(&mut both.0, raw, plain),
        }
    }

    /// Moves all of `plain` to what goes out on the connection, where the other side can read it at once.
    pub(super) fn write(&mut self, plain: &mut BytesMut, raw: &mut BytesMut) -> io::Result<()> {
        match self {
            Self::Plain if raw.is_empty() => std::mem::swap(plain, raw),
            Self::Plain => raw.extend_from_slice(plain),
            Self::Snappy(both) => both.1.write(plain, raw).map_err(io::Error::other)?,
            Self::Deflate(both) => deflate(&mut both.1, plain, raw)?,
        }
        plain.clear();
        Ok(())
    }
}

fn inflate(stream: &mut Decompress, raw: &mut BytesMut, plain: &mut BytesMut) -> io::Result<bool> {
    let mut block = [0; BLOCK_BYTES];
    let (read, written) = (stream.total_in(), stream.total_out());
    let status = stream.decompress(raw, &mut block, FlushDecompress::Sync).map_err(io::Error::other)?;
    if status == Status::StreamEnd {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    raw.advance((stream.total_in() - read) as usize);
    let written = (stream.total_out() - written) as usize;
    plain.extend_from_slice(&block[..written]);
    Ok(written > 0)
}

fn deflate(stream: &mut Compress, mut plain: &[u8], raw: &mut BytesMut) -> io::Result<()> {
    let mut block = [0; BLOCK_BYTES];
    loop {
        let (read, written) = (stream.total_in(), stream.total_out());
        stream.compress(plain, &mut block, FlushCompress::Sync).map_err(io::Error::other)?;
        plain = &plain[(stream.total_in() - read) as usize..];
        let written = (stream.total_out() - written) as usize;
        raw.extend_from_slice(&block[..written]);
        // A block that is not full is the end of a flush.
        if plain.is_empty() && written < block.len() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        // Each moves a few hundred kilobytes, which takes a while without optimisation.
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn what_goes_in_comes_out_however_it_is_cut(
            parts in proptest::collection::vec((any::<u8>(), 1_usize..70_000), 1..4),
            cut in 1_usize..20_000,
            kind in 0..3,
        ) {
            let layer = || match kind {
                0 => Layer::Plain,
                1 => Layer::snappy(),
                _ => Layer::deflate(6),
            };
            let (mut ours, mut theirs, mut raw, mut all) = (layer(), layer(), BytesMut::new(), Vec::new());
            for (byte, length) in parts {
                let part: Vec<u8> = (0..length).map(|at| byte.wrapping_mul((at % 251) as u8)).collect();
                all.extend_from_slice(&part);
                ours.write(&mut BytesMut::from(&part[..]), &mut raw).unwrap();
            }
            let (mut input, mut plain) = (BytesMut::new(), BytesMut::new());
            for piece in raw.chunks(cut) {
                input.extend_from_slice(piece);
                while theirs.read(&mut input, &mut plain).unwrap() {}
            }
            prop_assert!(plain[..] == all[..]);
        }

        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let (mut raw, mut plain) = (BytesMut::from(&bytes[..]), BytesMut::new());
            let mut layer = Layer::deflate(6);
            while layer.read(&mut raw, &mut plain).unwrap_or(false) {}
        }
    }
}
