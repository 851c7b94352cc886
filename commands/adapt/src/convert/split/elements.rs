//! Where a document of XML ends, by its tags; what is in them is for those who read it.

use memchr::{memchr, memchr3, memmem};

/// Finds the end of a root element, a few bytes at a time.
#[derive(Debug, Default)]
pub(super) struct ElementScan {
    position: usize,
    pub(super) start: Option<usize>,
    depth: usize,
    /// Whether there is anything but comments and instructions.
    pub(super) has_element: bool,
}

/// What stands between `<` and `>`.
enum Markup {
    Open,
    Empty,
    Close,
    /// A comment, an instruction, a declaration.
    Other,
    /// What it is, or where it ends, is not known yet.
    Unfinished,
}

impl ElementScan {
    /// Where the first document begins and ends; at the end of the input, all that there is.
    pub(super) fn scan(&mut self, pending: &[u8], at_end: bool) -> Option<(usize, usize)> {
        if self.start.is_none() {
            let start = pending.len() - pending.trim_ascii_start().len();
            self.position = start;
            self.start = (start < pending.len()).then_some(start);
        }
        let start = self.start?;
        // Text where an element must begin.
        self.has_element |= pending[start] != b'<';
        while let Some(open) = memchr(b'<', &pending[self.position..]) {
            let open = self.position + open;
            let (markup, end) = markup(pending, open);
            self.position = match markup {
                Markup::Unfinished => {
                    self.position = open;
                    return at_end.then(|| self.rest(start, pending));
                }
                _ => end,
            };
            match markup {
                Markup::Open => {
                    self.has_element = true;
                    self.depth += 1;
                    continue;
                }
                Markup::Close => self.depth = self.depth.saturating_sub(1),
                Markup::Empty => {}
                Markup::Other | Markup::Unfinished => continue,
            }
            self.has_element = true;
            if self.depth == 0 {
                return Some((start, self.position));
            }
        }
        self.position = pending.len();
        at_end.then(|| self.rest(start, pending))
    }

    fn rest(&mut self, start: usize, pending: &[u8]) -> (usize, usize) {
        // A tag that does not end is for whoever reads it to complain of.
        self.has_element |= self.position < pending.len();
        (start, pending.trim_ascii_end().len().max(start))
    }
}

/// What begins at `open`, and where it ends.
fn markup(pending: &[u8], open: usize) -> (Markup, usize) {
    let rest = &pending[open..];
    let after = |from: usize, end: &[u8]| {
        let found = rest.get(from..).and_then(|inner| memmem::find(inner, end));
        found.map_or((Markup::Unfinished, 0), |at| (Markup::Other, open + from + at + end.len()))
    };
    match rest {
        [_, b'!', b'-', b'-', ..] => after(4, b"-->"),
        _ if rest.starts_with(b"<![CDATA[") => after(9, b"]]>"),
        _ if b"<![CDATA[".starts_with(rest) || b"<!--".starts_with(rest) => (Markup::Unfinished, 0),
        [_, b'!', ..] => after(2, b">"),
        [_, b'?', ..] => after(2, b"?>"),
        _ => tag(pending, open),
    }
}

fn tag(pending: &[u8], open: usize) -> (Markup, usize) {
    let mut position = open + 1;
    loop {
        let Some(found) = memchr3(b'>', b'"', b'\'', &pending[position..]) else {
            return (Markup::Unfinished, 0);
        };
        let at = position + found;
        if pending[at] == b'>' {
            let markup = match (pending[open + 1], pending[at - 1]) {
                (b'/', _) => Markup::Close,
                (_, b'/') => Markup::Empty,
                _ => Markup::Open,
            };
            return (markup, at + 1);
        }
        match memchr(pending[at], &pending[at + 1..]) {
            Some(quote) => position = at + 1 + quote + 1,
            None => return (Markup::Unfinished, 0),
        }
    }
}
