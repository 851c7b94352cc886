//! Snappy's framing format, both ways. Bytes in, bytes out.
//!
//! <https://github.com/google/snappy/blob/main/framing_format.txt>

use bytes::{Buf as _, BytesMut};
use snap::raw::{Decoder, Encoder, decompress_len};

/// Bytes of a block at most before it is compressed.
const BLOCK_BYTES_MAX: usize = 1 << 16;
/// Bytes of a chunk at most: what no block can grow to is refused unread.
const CHUNK_BYTES_MAX: usize = BLOCK_BYTES_MAX + BLOCK_BYTES_MAX / 4;

const HEAD: [u8; 10] = *b"\xFF\x06\0\0sNaPpY";

const COMPRESSED: u8 = 0x00;
const PLAIN: u8 = 0x01;
const SKIPPABLE: std::ops::RangeInclusive<u8> = 0x80..=0xFE;
const BEGIN: u8 = 0xFF;

/// Bytes are no stream of Snappy.
#[derive(Debug, thiserror::Error)]
pub(super) enum SnappyError {
    #[error("a chunk of {0} bytes")]
    Size(usize),
    #[error("a chunk of kind {0:#04x}")]
    Kind(u8),
    #[error("the stream does not begin as it must")]
    Begin,
    #[error("the checksum of a chunk does not fit")]
    Checksum,
    #[error(transparent)]
    Block(#[from] snap::Error),
}

/// Reads a stream.
#[derive(Default)]
pub(super) struct Reader {
    has_begun: bool,
    block: Vec<u8>,
}

impl Reader {
    /// Moves one chunk from `input` to `output`; says whether there was a whole one.
    pub(super) fn read(&mut self, input: &mut BytesMut, output: &mut BytesMut) -> Result<bool, SnappyError> {
        let Some((&[kind, a, b, c], _)) = input.split_first_chunk::<4>() else { return Ok(false) };
        let size = u32::from_le_bytes([a, b, c, 0]) as usize;
        if size > CHUNK_BYTES_MAX {
            return Err(SnappyError::Size(size));
        }
        if input.len() < 4 + size {
            return Ok(false);
        }
        input.advance(4);
        let mut chunk = input.split_to(size);
        match kind {
            BEGIN if chunk[..] == HEAD[4..] => self.has_begun = true,
            _ if !self.has_begun => return Err(SnappyError::Begin),
            COMPRESSED | PLAIN if size < 4 => return Err(SnappyError::Size(size)),
            COMPRESSED => {
                let sum = chunk.get_u32_le();
                let length = decompress_len(&chunk)?;
                if length > BLOCK_BYTES_MAX {
                    return Err(SnappyError::Size(length));
                }
                self.block.resize(length, 0);
                Decoder::new().decompress(&chunk, &mut self.block)?;
                checked(sum, &self.block, output)?;
            }
            PLAIN => {
                let sum = chunk.get_u32_le();
                checked(sum, &chunk, output)?;
            }
            kind if SKIPPABLE.contains(&kind) => {}
            kind => return Err(SnappyError::Kind(kind)),
        }
        Ok(true)
    }
}

fn checked(sum: u32, block: &[u8], output: &mut BytesMut) -> Result<(), SnappyError> {
    if masked_sum(block) != sum {
        return Err(SnappyError::Checksum);
    }
    output.extend_from_slice(block);
    Ok(())
}

/// Writes a stream.
pub(super) struct Writer {
    has_begun: bool,
    encoder: Encoder,
    block: Vec<u8>,
}

impl Default for Writer {
    fn default() -> Self {
        Self { has_begun: false, encoder: Encoder::new(), block: Vec::new() }
    }
}

impl Writer {
    /// Appends `input` to `output`, in chunks that can be read at once.
    pub(super) fn write(&mut self, input: &[u8], output: &mut BytesMut) -> Result<(), SnappyError> {
        if !self.has_begun {
            output.extend_from_slice(&HEAD);
            self.has_begun = true;
        }
        for plain in input.chunks(BLOCK_BYTES_MAX) {
            self.block.resize(snap::raw::max_compress_len(plain.len()), 0);
            let size = self.encoder.compress(plain, &mut self.block)?;
            // What hardly gets shorter is sent as it is.
            let (kind, bytes) = if size < plain.len() - plain.len() / 8 {
                (COMPRESSED, &self.block[..size])
            } else {
                (PLAIN, plain)
            };
            let size = u32::try_from(bytes.len() + 4).expect("a block has 64 KiB at most").to_le_bytes();
            output.extend_from_slice(&[kind, size[0], size[1], size[2]]);
            output.extend_from_slice(&masked_sum(plain).to_le_bytes());
            output.extend_from_slice(bytes);
        }
        Ok(())
    }
}

/// CRC-32C, masked as the format says, so that sums of sums do not go wrong.
fn masked_sum(bytes: &[u8]) -> u32 {
    let sum = !bytes.iter().fold(!0_u32, |sum, &byte| TABLE[usize::from(sum as u8 ^ byte)] ^ (sum >> 8));
    sum.rotate_right(15).wrapping_add(0xA282_EAD8)
}

/// CRC-32C of each byte: the polynomial of Castagnoli, bits reversed.
const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut sum = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 1 == 1 { (sum >> 1) ^ 0x82F6_3B78 } else { sum >> 1 };
            bit += 1;
        }
        table[byte] = sum;
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use proptest::prelude::*;

    use super::*;

    fn read(bytes: &[u8], cut: usize) -> Result<Vec<u8>, SnappyError> {
        let (mut reader, mut input, mut output) = (Reader::default(), BytesMut::new(), BytesMut::new());
        for piece in bytes.chunks(cut) {
            input.extend_from_slice(piece);
            while reader.read(&mut input, &mut output)? {}
        }
        Ok(output.to_vec())
    }

    #[test]
    fn what_is_no_stream_is_refused() {
        let mut good = BytesMut::new();
        Writer::default().write(&[b'a'; 100], &mut good).unwrap();
        assert_eq!(read(&good, 7).unwrap(), [b'a'; 100]);
        assert!(matches!(read(&good[10..], 7), Err(SnappyError::Begin)));
        assert!(matches!(read(b"\xFF\x06\0\0sNaPpy", 7), Err(SnappyError::Begin)));
        let mut bad = good.clone();
        bad[15] ^= 1;
        assert!(matches!(read(&bad, 7), Err(SnappyError::Checksum)));
        let with = |chunk: &[u8]| [&good[..], chunk].concat();
        assert!(matches!(read(&with(b"\x02\0\0\0"), 7), Err(SnappyError::Kind(2))));
        assert!(matches!(read(&with(b"\0\0\0\x10"), 7), Err(SnappyError::Size(0x10_0000))));
        // A block that says it has four gigabytes is not made room for.
        let bomb = [&b"\0\x0A\0\0\0\0\0\0"[..], b"\xFF\xFF\xFF\xFF\x0F\0"].concat();
        assert!(matches!(read(&with(&bomb), 7), Err(SnappyError::Size(_))));
        assert_eq!(read(&with(b"\xFE\x02\0\0xx"), 7).unwrap(), [b'a'; 100]);
    }

    proptest! {
        // Each moves a few hundred kilobytes, which takes a while without optimisation.
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn streams_are_those_of_the_reference(
            parts in proptest::collection::vec((any::<u8>(), 1_usize..90_000), 1..4),
            noise in proptest::collection::vec(any::<u8>(), 0..300),
            cut in 1_usize..70_000,
        ) {
            let (mut writer, mut stream, mut plain) = (Writer::default(), BytesMut::new(), noise.clone());
            writer.write(&noise, &mut stream).unwrap();
            for (byte, length) in parts {
                let part: Vec<u8> = (0..length).map(|at| byte.wrapping_add((at / 7) as u8)).collect();
                writer.write(&part, &mut stream).unwrap();
                plain.extend_from_slice(&part);
            }
            prop_assert_eq!(&read(&stream, cut).unwrap(), &plain);
            let mut theirs = Vec::new();
            snap::read::FrameDecoder::new(&stream[..]).read_to_end(&mut theirs).unwrap();
            prop_assert_eq!(&theirs, &plain);
            theirs.clear();
            snap::read::FrameEncoder::new(&plain[..]).read_to_end(&mut theirs).unwrap();
            prop_assert_eq!(&read(&theirs, cut).unwrap(), &plain);
        }

        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            drop(read(&[&HEAD[..], &bytes].concat(), 9));
        }
    }
}
