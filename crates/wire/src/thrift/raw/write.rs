use crate::{
    Error,
    thrift::{TType, json, protocol::Reader},
};

pub(super) fn structure<'a>(reader: &mut impl Reader<'a>, out: &mut Vec<u8>) -> Result<(), Error> {
    reader.struct_begin()?;
    out.push(b'{');
    let mut any = false;
    while let Some((ttype, id)) = reader.field_begin()? {
        out.extend_from_slice(if any { b",\"" } else { b"\"" });
        any = true;
        json::write_i64(out, id.into());
        out.extend_from_slice(b"\":{\"");
        out.extend_from_slice(ttype.name().as_bytes());
        out.extend_from_slice(b"\":");
        value(reader, ttype, out).map_err(|error| error.in_field(&id.to_string()))?;
        out.push(b'}');
        reader.field_end()?;
    }
    out.push(b'}');
    reader.struct_end()
}

fn value<'a>(reader: &mut impl Reader<'a>, ttype: TType, out: &mut Vec<u8>) -> Result<(), Error> {
    match ttype {
        TType::Bool => out.extend_from_slice(if reader.bool()? { b"true" } else { b"false" }),
        TType::I8 => json::write_i64(out, reader.i8()?.into()),
        TType::I16 => json::write_i64(out, reader.i16()?.into()),
        TType::I32 => json::write_i64(out, reader.i32()?.into()),
        TType::I64 => json::write_i64(out, reader.i64()?),
        TType::Double => double(reader.double()?, out),
        TType::Uuid => json::write_uuid(out, reader.uuid()?),
        TType::Struct => structure(reader, out)?,
        TType::String => {
            let text = reader.string()?;
            if !json::write_string(out, &text) {
                out.extend_from_slice(b"{\"b64\":");
                json::write_base64(out, &text);
                out.push(b'}');
            }
        }
        TType::List | TType::Set => {
            let head = reader.list_begin()?;
            out.push(b'[');
            type_name(head.element, out);
            out.extend_from_slice(b",[");
            if let Some(element) = head.element {
                for index in 0..head.count {
                    if index > 0 {
                        out.push(b',');
                    }
                    value(reader, element, out).map_err(|error| error.in_element(index as usize))?;
                }
            }
            out.extend_from_slice(b"]]");
            reader.list_end()?;
        }
        TType::Map => {
            let head = reader.map_begin()?;
            out.push(b'[');
            type_name(head.key, out);
            out.push(b',');
            type_name(head.value, out);
            out.extend_from_slice(b",[");
            if let (Some(key_type), Some(value_type)) = (head.key, head.value) {
                for index in 0..head.count {
                    out.extend_from_slice(if index > 0 { b",[" } else { b"[" });
                    value(reader, key_type, out).map_err(|error| error.in_element(index as usize))?;
                    out.push(b',');
                    value(reader, value_type, out).map_err(|error| error.in_element(index as usize))?;
                    out.push(b']');
                }
            }
            out.extend_from_slice(b"]]");
            reader.map_end()?;
        }
    }
    Ok(())
}

fn type_name(ttype: Option<TType>, out: &mut Vec<u8>) {
    match ttype {
        Some(ttype) => json::write_text(out, ttype.name()),
        None => out.extend_from_slice(b"null"),
    }
}

fn double(value: f64, out: &mut Vec<u8>) {
    if value.is_nan() && value.to_bits() != f64::NAN.to_bits() {
        out.extend_from_slice(format!("{{\"bits\":\"{:016x}\"}}", value.to_bits()).as_bytes());
    } else {
        json::write_double(out, value);
    }
}
