use std::io::{self, Write};

use super::{
    Record, SEPARATOR,
    record::{field, holds_separator},
};

/// Writes one record; says how many bytes it has.
///
/// The header gets the field `len` if a separator in the payload would end the record too early. A latency that is not
/// there is written as 0, so that readers of four fields have them.
///
/// # Errors
///
/// It cannot be written, or its id holds a space or a line feed.
pub fn write_record(out: &mut impl Write, record: &Record) -> io::Result<u64> {
    let is_word = |text: &str| !text.contains([' ', '\n']);
    if !is_word(&record.id) || record.extra.contains('\n') || matches!(record.kind.byte(), b' ' | b'\n') {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "a field of the header holds a space or a line",
        ));
    }
    let Record { kind, id, timestamp, latency, extra, payload } = record;
    let mut header = Vec::with_capacity(96);
    header.push(kind.byte());
    write!(header, " {id} {timestamp} {}", latency.unwrap_or_default())?;
    let said = field(extra, "len").and_then(|said| said.parse().ok());
    for part in extra.split(' ').filter(|part| !part.is_empty()) {
        // A length that is not that of the payload any more is not carried on.
        if !part.starts_with("len=") || said == Some(payload.len()) {
            write!(header, " {part}")?;
        }
    }
    if said != Some(payload.len()) && holds_separator(payload) {
        write!(header, " len={}", payload.len())?;
    }
    header.push(b'\n');
    out.write_all(&header)?;
    out.write_all(payload)?;
    out.write_all(SEPARATOR)?;
    Ok((header.len() + payload.len() + SEPARATOR.len()) as u64)
}
