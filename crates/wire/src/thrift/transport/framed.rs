//! `TFramedTransport`: a length of four bytes before every message.

use crate::{Error, Limits};

/// Cuts the first frame off a stream: its message and how many bytes it took; none if the frame is not all there.
///
/// # Errors
/// The length is negative or beyond the limit on messages.
pub fn decode<'a>(input: &'a [u8], limits: &Limits) -> Result<Option<(&'a [u8], usize)>, Error> {
    let Some((len, rest)) = input.split_first_chunk() else { return Ok(None) };
    let len = i32::from_be_bytes(*len);
    let Ok(len) = usize::try_from(len) else {
        return Err(Error::malformed(0, format!("the length {len} of a frame is negative")));
    };
    if len > limits.message_bytes_max {
        return Err(Error::limit(0, "bytes in a message", limits.message_bytes_max as u64));
    }
    Ok(rest.get(..len).map(|message| (message, len + 4)))
}

/// Begins a frame at the end of `out`; [`end`] closes it.
pub fn begin(out: &mut Vec<u8>) -> usize {
    out.extend_from_slice(&[0; 4]);
    out.len()
}

/// Ends the frame that [`begin`] gave, once the message has been written.
///
/// # Errors
/// The message has more than two gigabytes.
pub fn end(out: &mut [u8], begin: usize) -> Result<(), Error> {
    let len = i32::try_from(out.len().saturating_sub(begin))
        .map_err(|_| Error::limit(0, "bytes in a message", i32::MAX.unsigned_abs().into()))?;
    if let Some(slot) = begin.checked_sub(4).and_then(|from| out.get_mut(from..begin)) {
        slot.copy_from_slice(&len.to_be_bytes());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{begin, decode, end};
    use crate::Limits;

    #[test]
    fn frames_are_cut_as_they_were_made() {
        let mut out = b"before".to_vec();
        let start = begin(&mut out);
        out.extend_from_slice(b"message");
        end(&mut out, start).expect("it is short");
        let limits = Limits::default();
        assert_eq!(decode(&out[6..], &limits), Ok(Some((&b"message"[..], 11))));
        for len in 0..11 {
            assert_eq!(decode(&out[6..6 + len], &limits), Ok(None));
        }
        assert!(decode(&[0xFF, 0xFF, 0xFF, 0xFF], &limits).is_err());
        assert!(decode(&[0x7F, 0xFF, 0xFF, 0xFF], &limits).is_err());
    }
}
