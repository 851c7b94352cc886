//! Tags without attributes and texts without references, of which most of a message is made: they are read right here.
//! All else is read by quick-xml, which goes on where this has left off.

use std::io::BufRead as _;

use super::{Event, Open, Reader, is_blank};
use crate::Error;

/// ASCII characters that may stand in a name.
const IN_NAME: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        let character = byte as u8;
        table[byte] = character.is_ascii_alphanumeric() || matches!(character, b'_' | b'-' | b'.');
        byte += 1;
    }
    table
};

fn begins_name(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

impl<'x> Reader<'x> {
    /// The next event within the root, if it is one of these.
    ///
    /// quick-xml is always between two tokens here: it is given no text within the root, behind which it would wait for
    /// a tag.
    pub(super) fn plain(&mut self) -> Result<Option<Event<'x>>, Error> {
        let from = self.position();
        let rest = self.input.as_bytes().get(from..).unwrap_or_default();
        match rest {
            [b'<', b'/', ..] => self.plain_end(from, &rest[2..]),
            [b'<', first, ..] if begins_name(*first) => self.plain_start(from, &rest[1..]),
            [b'<' | b'&', ..] => Ok(None),
            _ => {
                let Some(len) = memchr::memchr2(b'<', b'&', rest) else { return Ok(None) };
                self.start = from;
                self.advance(len);
                let raw = self.input.get(from..from + len).unwrap_or_default();
                Ok(self.text(raw)?.map(Event::Text))
            }
        }
    }

    /// A tag that begins with a name; `rest` is what follows the `<`.
    fn plain_start(&mut self, from: usize, rest: &[u8]) -> Result<Option<Event<'x>>, Error> {
        let len = |bytes: &[u8]| bytes.iter().position(|byte| !IN_NAME[usize::from(*byte)]);
        let Some(mut end) = len(rest) else { return Ok(None) };
        let mut colon = None;
        if rest.get(end) == Some(&b':') && rest.get(end + 1).is_some_and(|first| begins_name(*first)) {
            colon = Some(end);
            let Some(local) = len(&rest[end + 1..]) else { return Ok(None) };
            end += 1 + local;
        }
        let (ends_at_once, closing) = match &rest[end..] {
            [b'>', ..] => (false, 1),
            [b'/', b'>', ..] => (true, 2),
            _ => return Ok(None),
        };
        self.check_name_len(end, from + 1)?;
        let name = self.input.get(from + 1..from + 1 + end).unwrap_or_default();
        self.start = from;
        self.advance(1 + end + closing);
        self.ends_at_once = ends_at_once;
        self.enter(Some(name))?;
        let (prefix, local) = match colon {
            Some(colon) => (name.get(..colon).unwrap_or_default(), name.get(colon + 1..).unwrap_or_default()),
            None => ("", name),
        };
        self.named(prefix, local, from).map(|name| Some(Event::Start(name)))
    }

    /// The end of an element that was begun here; `rest` is what follows the `</`.
    fn plain_end(&mut self, from: usize, rest: &[u8]) -> Result<Option<Event<'x>>, Error> {
        let Some(Open { name: Some(name), .. }) = self.open.last() else { return Ok(None) };
        let len = if rest.strip_prefix(name.as_bytes()).and_then(<[u8]>::first) == Some(&b'>') {
            name.len()
        } else {
            let end =
                memchr::memchr(b'>', rest).ok_or_else(|| Error::truncated(self.base + from, "a tag"))?;
            let found = rest[..end].trim_ascii_end();
            if found != name.as_bytes() || !rest[found.len()..end].iter().all(|byte| is_blank(*byte)) {
                let found = String::from_utf8_lossy(found);
                let rule = format!("expected `</{name}>`, but `</{found}>` was found");
                return Err(Error::malformed(self.base + from, format!("ill-formed document: {rule}")));
            }
            end
        };
        self.start = from;
        self.advance(len + 3);
        self.attributes.clear();
        self.close();
        Ok(Some(Event::End))
    }

    fn advance(&mut self, len: usize) {
        self.tokens.stream().consume(len);
    }
}
