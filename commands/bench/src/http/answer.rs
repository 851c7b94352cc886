//! Reads answers of HTTP/1.1 and keeps nothing of them.

use kefu_traffic::{
    http::{Start, chunk_size, head_len, parse_head},
    tcp::Side,
};
use memchr::memchr;

/// A longer head is refused.
const HEAD_MAX: usize = 64 << 10;
/// A longer line between chunks is refused.
const LINE_MAX: usize = 4 << 10;

/// An answer that is on its way.
#[derive(Debug, Default)]
pub(crate) struct Answer {
    state: State,
    status: u16,
    is_last: bool,
    /// A head or a line that has not come whole.
    kept: Vec<u8>,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum State {
    #[default]
    Head,
    Fixed(u64),
    ChunkSize,
    Chunk(u64),
    ChunkEnd,
    Trailer,
    UntilEnd,
}

/// An answer that is whole.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Whole {
    pub(crate) status: u16,
    /// The connection is not to be used again.
    pub(crate) is_last: bool,
}

/// What comes is no HTTP, or too large.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Unreadable;

impl Answer {
    /// Takes what came. With `is_bodiless`, as after HEAD, lengths are those of a body that does not follow.
    pub(crate) fn take(&mut self, mut input: &[u8], is_bodiless: bool) -> Result<Option<Whole>, Unreadable> {
        while !input.is_empty() {
            let used = match self.state {
                State::Head => self.head(input, is_bodiless)?,
                State::Fixed(left) => self.skip(input, left, State::Fixed),
                State::Chunk(left) => self.skip(input, left, State::Chunk),
                State::ChunkSize | State::ChunkEnd | State::Trailer => self.line(input)?,
                State::UntilEnd => input.len(),
            };
            input = &input[used..];
            self.pass_empty();
            if self.state == State::Fixed(0) {
                // Nobody has asked for more.
                return if input.is_empty() { Ok(Some(self.finish())) } else { Err(Unreadable) };
            }
        }
        Ok(None)
    }

    /// The server has closed the connection.
    pub(crate) fn end(&mut self) -> Option<Whole> {
        (self.state == State::UntilEnd).then(|| self.finish())
    }

    /// Forgets what came.
    pub(crate) fn reset(&mut self) {
        self.state = State::Head;
        self.kept.clear();
    }

    fn finish(&mut self) -> Whole {
        self.reset();
        Whole { status: self.status, is_last: self.is_last }
    }

    fn head(&mut self, input: &[u8], is_bodiless: bool) -> Result<usize, Unreadable> {
        let before = self.kept.len();
        if before == 0
            && let Some(len) = head_len(input, 0)
        {
            self.begin(&input[..len], is_bodiless)?;
            return Ok(len);
        }
        self.kept.extend_from_slice(input);
        match head_len(&self.kept, before) {
            Some(len) => {
                let mut head = std::mem::take(&mut self.kept);
                self.begin(&head[..len], is_bodiless)?;
                head.clear();
                self.kept = head;
                Ok(len - before)
            }
            None if self.kept.len() > HEAD_MAX => Err(Unreadable),
            None => Ok(input.len()),
        }
    }

    fn begin(&mut self, bytes: &[u8], is_bodiless: bool) -> Result<(), Unreadable> {
        let head = parse_head(Side::Server, bytes).map_err(|_| Unreadable)?;
        let Start::Response { status } = head.start else { return Err(Unreadable) };
        (self.status, self.is_last) = (status, head.is_last);
        self.state = match status {
            // Another protocol was not asked for.
            101 => return Err(Unreadable),
            100..=199 => State::Head,
            204 | 304 => State::Fixed(0),
            _ if is_bodiless => State::Fixed(0),
            _ if head.is_chunked => State::ChunkSize,
            _ => match head.content_length.filter(|_| !head.has_transfer_coding) {
                Some(len) => State::Fixed(len),
                None => {
                    self.is_last = true;
                    State::UntilEnd
                }
            },
        };
        Ok(())
    }

    fn skip(&mut self, input: &[u8], left: u64, state: fn(u64) -> State) -> usize {
        let used = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
        self.state = state(left - used as u64);
        used
    }

    /// A chunk that is over is followed by the end of its line.
    fn pass_empty(&mut self) {
        if self.state == State::Chunk(0) {
            self.state = State::ChunkEnd;
        }
    }

    fn line(&mut self, input: &[u8]) -> Result<usize, Unreadable> {
        let Some(end) = memchr(b'\n', input) else {
            self.kept.extend_from_slice(input);
            return if self.kept.len() > LINE_MAX { Err(Unreadable) } else { Ok(input.len()) };
        };
        let kept = std::mem::take(&mut self.kept);
        let whole: &[u8] = if kept.is_empty() { &input[..end] } else { &[&kept, &input[..end]].concat() };
        let line = whole.strip_suffix(b"\r").unwrap_or(whole);
        self.state = match self.state {
            State::ChunkSize => match chunk_size(line).ok_or(Unreadable)? {
                0 => State::Trailer,
                size => State::Chunk(size),
            },
            State::ChunkEnd if line.is_empty() => State::ChunkSize,
            State::ChunkEnd => return Err(Unreadable),
            _ if line.is_empty() => State::Fixed(0),
            _ => State::Trailer,
        };
        Ok(end + 1)
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    /// Whether nothing is left of the answer before.
    fn is_fresh(answer: &Answer) -> bool {
        answer.state == State::Head && answer.kept.is_empty()
    }

    fn read(text: &str) -> Result<Option<Whole>, Unreadable> {
        Answer::default().take(text.as_bytes(), false)
    }

    const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n";
    const FIXED: &str = "HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello";

    #[test]
    fn answers_end_where_they_should() {
        let whole = |status, is_last| Ok(Some(Whole { status, is_last }));
        assert_eq!(read(CHUNKED), whole(200, false));
        assert_eq!(read(FIXED), whole(404, true));
        assert_eq!(read("HTTP/1.1 204 No Content\r\n\r\n"), whole(204, false));
        assert_eq!(read("HTTP/1.1 304 x\r\nContent-Length: 9\r\n\r\n"), whole(304, false));
        assert_eq!(read(&format!("HTTP/1.1 100 Continue\r\n\r\n{FIXED}")), whole(404, true));
        assert_eq!(read("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"), whole(200, true));
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";
        assert_eq!(Answer::default().take(head.as_bytes(), true), whole(200, false));
        assert_eq!(read(head), Ok(None));
    }

    #[test]
    fn without_a_length_the_end_of_the_connection_is_the_end() {
        let mut answer = Answer::default();
        assert_eq!(answer.take(b"HTTP/1.1 200 OK\r\n\r\nhello", false), Ok(None));
        assert_eq!(answer.end(), Some(Whole { status: 200, is_last: true }));
        assert!(is_fresh(&answer));
        assert_eq!(Answer::default().end(), None);
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for text in [
            "SSH-2.0-x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab",
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
        ] {
            assert_eq!(read(text), Err(Unreadable), "{text}");
        }
        assert_eq!(read(&"x".repeat(HEAD_MAX + 1)), Err(Unreadable));
        let line =
            format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}", "1".repeat(LINE_MAX + 1));
        assert_eq!(read(&line), Err(Unreadable));
    }

    proptest! {
        #[test]
        fn however_it_is_cut(cuts in vec(1..40_usize, 0..60), chunked: bool) {
            let text = if chunked { CHUNKED } else { FIXED };
            let (mut answer, mut rest, mut seen) = (Answer::default(), text.as_bytes(), None);
            for cut in cuts.into_iter().chain([usize::MAX]) {
                let (part, after) = rest.split_at(cut.min(rest.len()));
                rest = after;
                prop_assert!(seen.is_none() || part.is_empty());
                if let Some(whole) = answer.take(part, false).unwrap() {
                    seen = Some(whole);
                }
            }
            prop_assert_eq!(seen.map(|whole| whole.status), Some(if chunked { 200 } else { 404 }));
            prop_assert!(is_fresh(&answer));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..200), tail in "[ -~\r\n]{0,200}") {
            let read = Answer::default().take(&bytes, false);
            prop_assert!(read.is_err() || bytes.starts_with(b"HTTP/1.") || read == Ok(None));
            let near = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{tail}");
            let read = Answer::default().take(near.as_bytes(), false);
            prop_assert!(read.is_ok_and(|whole| whole.is_none_or(|whole| whole.status == 200)) || read.is_err());
        }
    }
}
