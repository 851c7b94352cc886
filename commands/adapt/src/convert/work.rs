//! What is done with each message of an input.

use kefu_wire::{
    Error,
    thrift::{
        Protocol,
        transport::{
            framed,
            header::{self, HeaderFrame},
            ttheader::{self, TtHeaderFrame},
        },
    },
};

use super::{
    adapted::{Adapted, NotAdapted},
    codec::Codec,
    split::Piece,
};
use crate::{
    args::{Format, TransportName},
    settings::ConvertSettings,
};

/// What is done with each message.
pub(super) enum Work {
    ToJson(Protocol),
    ToThrift(Protocol, TransportName),
    /// Over the form between all others; with what goes around the message, if it becomes one of Thrift.
    Adapted {
        adapted: Box<Adapted>,
        from: Format,
        frame: Option<(Protocol, TransportName)>,
    },
}

impl Work {
    /// Whether the input has lines.
    pub(super) fn is_of_text(&self) -> bool {
        match self {
            Self::ToJson(_) => false,
            Self::ToThrift(..) => true,
            Self::Adapted { from, .. } => *from != Format::Thrift,
        }
    }

    /// Converts one message and appends it, with what goes around it, to `out`.
    pub(super) fn convert(
        &self,
        codec: &Codec<'_>,
        settings: &ConvertSettings,
        bytes: &[u8],
        piece: &Piece,
        number: u64,
        out: &mut Vec<u8>,
    ) -> Result<(), Unconverted> {
        match self {
            Self::ToJson(protocol) => {
                match &piece.unpacked {
                    Some((protocol, message)) => codec.to_json(*protocol, message, out)?,
                    None => codec.to_json(*protocol, bytes, out)?,
                }
                out.push(b'\n');
                Ok(())
            }
            Self::ToThrift(protocol, transport) => {
                in_frame(*protocol, *transport, settings.zlib, out, |out| {
                    Ok(codec.to_thrift(*protocol, bytes, number, out)?)
                })
            }
            Self::Adapted { adapted, frame: Some((protocol, transport)), .. } => {
                in_frame(*protocol, *transport, settings.zlib, out, |out| {
                    Ok(adapted.convert(bytes, piece, number, out)?)
                })
            }
            Self::Adapted { adapted, frame: None, .. } => {
                adapted.convert(bytes, piece, number, out)?;
                out.push(b'\n');
                Ok(())
            }
        }
    }
}

/// A message that is not converted.
pub(super) struct Unconverted {
    pub(super) error: Error,
    /// Where the bytes of the error count from in the message; none if they are not those of the message.
    pub(super) from: Option<usize>,
}

impl From<Error> for Unconverted {
    fn from(error: Error) -> Self {
        Self { error, from: Some(0) }
    }
}

impl From<NotAdapted> for Unconverted {
    fn from(why: NotAdapted) -> Self {
        match why {
            NotAdapted::Read(error) => error.into(),
            NotAdapted::Write(error, from) => Self { error, from },
        }
    }
}

/// Writes a message of Thrift with what goes around it; `write` says the number of the call.
fn in_frame(
    protocol: Protocol,
    transport: TransportName,
    zlib: bool,
    out: &mut Vec<u8>,
    write: impl FnOnce(&mut Vec<u8>) -> Result<i32, Unconverted>,
) -> Result<(), Unconverted> {
    match transport {
        TransportName::None => write(out).map(drop),
        TransportName::Framed => {
            let begin = framed::begin(out);
            write(out)?;
            Ok(framed::end(out, begin)?)
        }
        TransportName::Header => {
            let mut message = Vec::new();
            let sequence = write(&mut message)?.cast_unsigned();
            let headers = Vec::new();
            Ok(header::encode(&HeaderFrame { protocol, flags: 0, sequence, headers, zlib, message }, out)?)
        }
        TransportName::Ttheader => {
            let mut message = Vec::new();
            let sequence = write(&mut message)?.cast_unsigned();
            Ok(ttheader::encode(&TtHeaderFrame { sequence, headers: Vec::new(), message }, out)?)
        }
    }
}
