//! To which trace a call belongs, as the W3C's Trace Context has it.

use std::{fmt, str::FromStr};

use http::HeaderValue;

/// A place in a trace: the header `traceparent`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TraceContext {
    /// The trace.
    pub trace: [u8; 16],
    /// What the call is a part of.
    pub span: [u8; 8],
    /// Whether it is recorded.
    pub is_sampled: bool,
}

/// A text is no `traceparent`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("not a traceparent such as 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
pub struct TraceContextError;

tokio::task_local! {
    static CONTEXT: TraceContext;
}

/// Does work whose calls over HTTP tell the other end which trace they belong to.
pub async fn within_trace<F: Future>(context: TraceContext, work: F) -> F::Output {
    CONTEXT.scope(context, work).await
}

/// The header of a call that is made now.
pub(crate) fn traceparent() -> Option<HeaderValue> {
    let context = CONTEXT.try_with(|context| *context).ok()?;
    HeaderValue::try_from(context.to_string()).ok()
}

impl fmt::Display for TraceContext {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("00-")?;
        for byte in self.trace {
            write!(out, "{byte:02x}")?;
        }
        out.write_str("-")?;
        for byte in self.span {
            write!(out, "{byte:02x}")?;
        }
        write!(out, "-{:02x}", u8::from(self.is_sampled))
    }
}

impl FromStr for TraceContext {
    type Err = TraceContextError;

    fn from_str(text: &str) -> Result<Self, TraceContextError> {
        read(text).ok_or(TraceContextError)
    }
}

fn read(text: &str) -> Option<TraceContext> {
    let mut parts = text.split('-');
    let [version] = digits::<1>(parts.next()?)?;
    let (trace, span) = (digits(parts.next()?)?, digits(parts.next()?)?);
    let [flags] = digits::<1>(parts.next()?)?;
    // Later versions may say more; this one does not.
    let is_whole = version > 0 && version < 0xff || version == 0 && parts.next().is_none();
    (is_whole && trace != [0; 16] && span != [0; 8]).then_some(TraceContext {
        trace,
        span,
        is_sampled: flags & 1 == 1,
    })
}

/// Bytes of as many pairs of lower-case hexadecimal digits.
fn digits<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let mut bytes = [0; N];
    if text.len() != 2 * N {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_context_is_none() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let read = good.parse::<TraceContext>().unwrap();
        assert!(read.is_sampled);
        assert_eq!(read.to_string(), good);
        assert_eq!(format!("cc{}-what else", &good[2..]).parse(), Ok(read));
        for bad in [
            "",
            "00",
            &good[..54],
            &format!("{good}-more"),
            &good.to_uppercase(),
            &format!("ff{}", &good[2..]),
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b716920333é-01",
        ] {
            assert_eq!(bad.parse::<TraceContext>(), Err(TraceContextError), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_context_is_read_back(trace: [u8; 16], span: [u8; 8], is_sampled: bool) {
            prop_assume!(trace != [0; 16] && span != [0; 8]);
            let context = TraceContext { trace, span, is_sampled };
            prop_assert_eq!(context.to_string().parse(), Ok(context));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,80}") {
            prop_assert!(text.parse::<TraceContext>().is_err() || text.len() >= 55);
        }
    }
}
