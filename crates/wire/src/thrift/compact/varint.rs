/// What reading a varint gives.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Varint {
    /// The value and how many bytes it took.
    Value(u64, usize),
    Truncated,
    /// More bytes than the type can have, or bits beyond its width.
    Overlong,
}

/// Reads a varint of at most `bits` bits, seven in a byte, lowest first.
#[inline]
pub(crate) fn read_varint(bytes: &[u8], bits: u32) -> Varint {
    if let Some(byte @ 0..0x80) = bytes.first() {
        return Varint::Value(u64::from(*byte), 1);
    }
    read_long(bytes, bits)
}

fn read_long(bytes: &[u8], bits: u32) -> Varint {
    let mut value = 0;
    let mut shift = 0;
    for (index, byte) in bytes.iter().enumerate() {
        let part = u64::from(byte & 0x7F);
        if shift >= bits || (shift + 7 > bits && part >> (bits - shift) != 0) {
            return Varint::Overlong;
        }
        value |= part << shift;
        if byte & 0x80 == 0 {
            return Varint::Value(value, index + 1);
        }
        shift += 7;
    }
    if shift >= bits { Varint::Overlong } else { Varint::Truncated }
}

/// Writes a varint.
#[inline]
pub(crate) fn write_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

#[cfg(test)]
mod tests {
    use super::{Varint, read_varint, write_varint};

    #[test]
    fn edges() {
        for value in [0, 1, 127, 128, 300, u64::from(u32::MAX), u64::MAX - 1, u64::MAX] {
            let mut out = Vec::new();
            write_varint(&mut out, value);
            assert_eq!(read_varint(&out, 64), Varint::Value(value, out.len()));
            assert_eq!(read_varint(&out[..out.len() - 1], 64), Varint::Truncated, "{value}");
        }
        assert_eq!(read_varint(&[0xFF, 0xFF, 0xFF, 0xFF, 0x0F], 32), Varint::Value(0xFFFF_FFFF, 5));
        assert_eq!(read_varint(&[0xFF, 0xFF, 0xFF, 0xFF, 0x1F], 32), Varint::Overlong);
        assert_eq!(read_varint(&[0x80, 0x80, 0x80, 0x80, 0x80, 0x00], 32), Varint::Overlong);
        assert_eq!(read_varint(&[0xFF; 11], 64), Varint::Overlong);
        assert_eq!(read_varint(&[0x80; 10], 64), Varint::Overlong);
    }
}
