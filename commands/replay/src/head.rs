//! A request's head as lines that can be changed one by one; what is not changed stays byte for byte.

/// The head of a request.
#[derive(Clone, Debug)]
pub(crate) struct EditedHead {
    /// The first line and the header lines, with their ends.
    lines: Vec<Vec<u8>>,
    /// How lines end.
    end: &'static [u8],
    /// The empty line.
    last: Vec<u8>,
}

impl EditedHead {
    /// Takes a whole head apart.
    pub(crate) fn of(head: &[u8]) -> Self {
        let mut lines: Vec<Vec<u8>> =
            head.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect();
        let last = lines.pop_if(|line| line.trim_ascii().is_empty()).unwrap_or_default();
        let end =
            if lines.first().is_some_and(|line| !line.ends_with(b"\r\n")) { &b"\n"[..] } else { b"\r\n" };
        Self { lines, end, last }
    }

    /// All of it.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        [self.lines.concat(), self.last.clone()].concat()
    }

    /// Puts a header in place of those of its name, or behind the others.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
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

    /// Takes the headers of a name away.
    pub(crate) fn remove(&mut self, name: &str) {
        let mut number = 0;
        self.lines.retain(|line| {
            number += 1;
            number == 1 || !is_named(line, name)
        });
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
        edited.remove("b");
        assert_eq!(edited.bytes(), b"GET /:x HTTP/1.1\r\nhOST:  a\r\nodd\r\nC: 4\r\n\r\n");
        let mut bare = EditedHead::of(b"GET / HTTP/1.1\nA: b\n\n");
        bare.set("C", "d");
        assert_eq!(bare.bytes(), b"GET / HTTP/1.1\nA: b\nC: d\n\n");
    }
}
