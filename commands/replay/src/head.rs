//! The head of a message as lines that can be changed one by one; what is not changed stays byte for byte.

use std::{borrow::Cow, ops::Range};

/// The head of a message.
#[derive(Clone, Debug)]
pub(crate) struct EditedHead {
    /// The first line and the header lines, with their ends.
    lines: Vec<Vec<u8>>,
    /// How lines end.
    end: &'static [u8],
    /// The empty line.
    last: Vec<u8>,
    is_changed: bool,
}

impl EditedHead {
    /// Takes a whole head apart.
    pub(crate) fn of(head: &[u8]) -> Self {
        let mut lines: Vec<Vec<u8>> =
            head.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        let last = lines.pop_if(|line| line.trim_ascii().is_empty()).unwrap_or_default();
        let end =
            if lines.first().is_some_and(|line| !line.ends_with(b"\r\n")) { &b"\n"[..] } else { b"\r\n" };
        Self { lines, end, last, is_changed: false }
    }

    /// All of it.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        [self.lines.concat(), self.last.clone()].concat()
    }

    /// Whether anything was changed.
    pub(crate) fn is_changed(&self) -> bool {
        self.is_changed
    }

    /// What stands between the method and the version.
    pub(crate) fn target(&self) -> Cow<'_, str> {
        let (line, target) = self.first();
        String::from_utf8_lossy(&line[target])
    }

    /// Puts another target in place.
    pub(crate) fn set_target(&mut self, target: &str) {
        let (line, place) = self.first();
        // What would end the line or the target is no part of it.
        let target = target.replace([' ', '\r', '\n'], "%20");
        let line = [&line[..place.start], target.as_bytes(), &line[place.end..]].concat();
        if let Some(first) = self.lines.first_mut() {
            *first = line;
            self.is_changed = true;
        }
    }

    /// The first line, and where the target is in it.
    fn first(&self) -> (&[u8], Range<usize>) {
        let line = self.lines.first().map(Vec::as_slice).unwrap_or_default();
        let start = memchr::memchr(b' ', line).map_or(line.len(), |space| space + 1);
        let end = memchr::memrchr(b' ', line).filter(|end| *end >= start).unwrap_or(line.len());
        (line, start..end)
    }

    /// The value of the first header of a name.
    pub(crate) fn header(&self, name: &str) -> Option<Cow<'_, str>> {
        let line = &self.lines[self.place(name)?];
        let colon = memchr::memchr(b':', line)?;
        Some(String::from_utf8_lossy(line[colon + 1..].trim_ascii()))
    }

    /// Takes every header of a name away.
    pub(crate) fn remove(&mut self, name: &str) {
        let mut is_first = true;
        let before = self.lines.len();
        self.lines.retain(|line| std::mem::take(&mut is_first) || !is_named(line, name));
        self.is_changed |= self.lines.len() < before;
    }

    /// Puts a header in place of those of its name, or behind the others.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.is_changed = true;
        let line = [name.as_bytes(), b": ", value.as_bytes(), self.end].concat();
        match self.place(name) {
            Some(place) => {
                self.lines[place] = line;
                let mut number = 0;
                self.lines.retain(|line| {
                    number += 1;
                    number <= place + 1 || !is_named(line, name)
                });
            }
            None => self.lines.push(line),
        }
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.lines.iter().skip(1).position(|line| is_named(line, name)).map(|place| place + 1)
    }
}

fn is_named(line: &[u8], name: &str) -> bool {
    let colon = memchr::memchr(b':', line).unwrap_or_default();
    line[..colon].trim_ascii_end().eq_ignore_ascii_case(name.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_changed_stays() {
        let head = b"GET /:x HTTP/1.1\r\nhOST:  a\r\nb: 1\r\nB : 2\r\nodd\r\n\r\n";
        let mut edited = EditedHead::of(head);
        assert_eq!(edited.bytes(), head);
        edited.set("B", "3");
        edited.set("C", "4");
        assert_eq!(edited.bytes(), b"GET /:x HTTP/1.1\r\nhOST:  a\r\nB: 3\r\nodd\r\nC: 4\r\n\r\n");
        assert_eq!((edited.header("b").as_deref(), edited.header("no")), (Some("3"), None));
        edited.remove("B");
        edited.set_target("/new line\r\n");
        assert_eq!(edited.bytes(), b"GET /new%20line%20%20 HTTP/1.1\r\nhOST:  a\r\nodd\r\nC: 4\r\n\r\n");
        let mut bare = EditedHead::of(b"GET / HTTP/1.1\nA: b\n\n");
        bare.set("C", "d");
        assert_eq!(bare.bytes(), b"GET / HTTP/1.1\nA: b\nC: d\n\n");
    }
}
