use super::{
    TType,
    protocol::{Reader, Writer},
};
use crate::Error;

/// Copies a value from one wire format into another, without a schema.
///
/// `TJSONProtocol` does not tell text from bytes: its strings are copied as text.
///
/// # Errors
/// The input is malformed or beyond a limit.
pub fn copy_value<'a>(
    reader: &mut impl Reader<'a>,
    ttype: TType,
    writer: &mut impl Writer,
) -> Result<(), Error> {
    match ttype {
        TType::Bool => writer.bool(reader.bool()?),
        TType::I8 => writer.i8(reader.i8()?),
        TType::I16 => writer.i16(reader.i16()?),
        TType::I32 => writer.i32(reader.i32()?),
        TType::I64 => writer.i64(reader.i64()?),
        TType::Double => writer.double(reader.double()?),
        TType::String => writer.string(&reader.string()?),
        TType::Uuid => writer.uuid(reader.uuid()?),
        TType::Struct => {
            reader.struct_begin()?;
            writer.struct_begin();
            while let Some((ttype, id)) = reader.field_begin()? {
                writer.field_begin(ttype, id);
                copy_value(reader, ttype, writer)?;
                writer.field_end();
                reader.field_end()?;
            }
            writer.struct_end();
            reader.struct_end()?;
        }
        TType::List | TType::Set => {
            let head = reader.list_begin()?;
            let mark = writer.list_begin(head.element, head.count);
            if let Some(element) = head.element {
                for _ in 0..head.count {
                    copy_value(reader, element, writer)?;
                }
            }
            writer.list_end(mark, head.count);
            reader.list_end()?;
        }
        TType::Map => {
            let head = reader.map_begin()?;
            let mark = writer.map_begin(head.key, head.value, head.count);
            if let (Some(key), Some(value)) = (head.key, head.value) {
                for _ in 0..head.count {
                    copy_value(reader, key, writer)?;
                    copy_value(reader, value, writer)?;
                }
            }
            writer.map_end(mark, head.count);
            reader.map_end()?;
        }
    }
    Ok(())
}

/// Copies a whole message, envelope and all, without a schema.
///
/// # Errors
/// The input is malformed, beyond a limit, or longer than its message.
pub fn copy_message<'a>(reader: &mut impl Reader<'a>, writer: &mut impl Writer) -> Result<(), Error> {
    let head = reader.message_begin()?;
    writer.message_begin(&head);
    copy_value(reader, TType::Struct, writer)?;
    reader.message_end()?;
    writer.message_end();
    reader.end()
}
