//! What is not a declared result: `TApplicationException`.

use super::{
    TType,
    protocol::{Reader, Writer},
};
use crate::{Error, Problem};

/// A failure that a function does not declare; the body of a message of kind exception.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ApplicationException {
    /// What happened.
    pub message: String,
    /// What kind of failure it is.
    pub kind: ApplicationExceptionKind,
}

/// The kinds of [`ApplicationException`], by their numbers on the wire.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[repr(i32)]
#[expect(missing_docs, reason = "the protocol's own names")]
pub enum ApplicationExceptionKind {
    #[default]
    Unknown = 0,
    UnknownMethod = 1,
    InvalidMessageType = 2,
    WrongMethodName = 3,
    BadSequenceId = 4,
    MissingResult = 5,
    InternalError = 6,
    ProtocolError = 7,
    InvalidTransform = 8,
    InvalidProtocol = 9,
    UnsupportedClientType = 10,
}

impl ApplicationExceptionKind {
    /// The kind of a number; those that came later than this are unknown.
    #[must_use]
    pub fn from_number(number: i32) -> Self {
        match number {
            1 => Self::UnknownMethod,
            2 => Self::InvalidMessageType,
            3 => Self::WrongMethodName,
            4 => Self::BadSequenceId,
            5 => Self::MissingResult,
            6 => Self::InternalError,
            7 => Self::ProtocolError,
            8 => Self::InvalidTransform,
            9 => Self::InvalidProtocol,
            10 => Self::UnsupportedClientType,
            _ => Self::Unknown,
        }
    }
}

impl ApplicationException {
    /// Reads the struct.
    ///
    /// # Errors
    /// The input is malformed or beyond a limit.
    pub fn read<'a>(reader: &mut impl Reader<'a>) -> Result<Self, Error> {
        let mut exception = Self::default();
        reader.struct_begin()?;
        while let Some(field) = reader.field_begin()? {
            match field {
                (TType::String, 1) => {
                    let at = reader.offset();
                    let message = reader.string()?.into_owned();
                    exception.message =
                        String::from_utf8(message).map_err(|_| Error::at(at, Problem::NotUtf8))?;
                }
                (TType::I32, 2) => exception.kind = ApplicationExceptionKind::from_number(reader.i32()?),
                (ttype, _) => reader.skip(ttype)?,
            }
            reader.field_end()?;
        }
        reader.struct_end()?;
        Ok(exception)
    }

    /// Writes the struct.
    pub fn write(&self, writer: &mut impl Writer) {
        writer.struct_begin();
        writer.field_begin(TType::String, 1);
        writer.string(self.message.as_bytes());
        writer.field_end();
        writer.field_begin(TType::I32, 2);
        writer.i32(self.kind as i32);
        writer.field_end();
        writer.struct_end();
    }
}
