use crate::ws::{ProtocolError, Role};

/// What a frame is (RFC 6455 §5.2).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Opcode {
    /// The next part of a fragmented message.
    Continuation = 0x0,
    /// A message in UTF-8, or its first part.
    Text = 0x1,
    /// A message of bytes, or its first part.
    Binary = 0x2,
    /// The closing handshake.
    Close = 0x8,
    /// A question for a sign of life.
    Ping = 0x9,
    /// The answer to a ping.
    Pong = 0xA,
}

impl Opcode {
    /// Whether frames of this kind may stand within a fragmented message.
    pub fn is_control(self) -> bool {
        self as u8 & 0x8 != 0
    }

    fn from_bits(bits: u8) -> Result<Self, ProtocolError> {
        Ok(match bits {
            0x0 => Self::Continuation,
            0x1 => Self::Text,
            0x2 => Self::Binary,
            0x8 => Self::Close,
            0x9 => Self::Ping,
            0xA => Self::Pong,
            other => return Err(ProtocolError::ReservedOpcode(other)),
        })
    }
}

/// A frame's header, read and checked on its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    pub(crate) fin: bool,
    pub(crate) opcode: Opcode,
    pub(crate) mask: Option<[u8; 4]>,
    /// Bytes of the header itself.
    pub(crate) len: usize,
    pub(crate) payload_len: u64,
}

/// A header, or how many bytes of input it takes to know more.
pub(crate) enum Parsed {
    Incomplete(usize),
    Header(Header),
}

impl Header {
    /// Reads the header at the start of `input`, refusing what is wrong as soon as it is visible.
    pub(crate) fn parse(input: &[u8], receiver: Role) -> Result<Parsed, ProtocolError> {
        let [first, second, ..] = *input else { return Ok(Parsed::Incomplete(2)) };
        if first & 0x70 != 0 {
            return Err(ProtocolError::ReservedBits);
        }
        let fin = first & 0x80 != 0;
        let opcode = Opcode::from_bits(first & 0x0F)?;
        let masked = second & 0x80 != 0;
        match (receiver, masked) {
            (Role::Server, false) => return Err(ProtocolError::Unmasked),
            (Role::Client, true) => return Err(ProtocolError::Masked),
            _ => {}
        }
        let short = second & 0x7F;
        if opcode.is_control() {
            if !fin {
                return Err(ProtocolError::FragmentedControl);
            }
            if short > 125 {
                return Err(ProtocolError::ControlTooLong);
            }
        }
        let length_end = match short {
            0..=125 => 2,
            126 => 4,
            _ => 10,
        };
        let len = if masked { length_end + 4 } else { length_end };
        let Some(head) = input.get(..len) else { return Ok(Parsed::Incomplete(len)) };
        // Big-endian, however many bytes the length takes.
        let payload_len = match &head[2..length_end] {
            [] => u64::from(short),
            extended => extended.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte)),
        };
        if payload_len >> 63 != 0 {
            return Err(ProtocolError::LengthTopBit);
        }
        let mask = head[length_end..].first_chunk::<4>().copied();
        Ok(Parsed::Header(Self { fin, opcode, mask, len, payload_len }))
    }
}
