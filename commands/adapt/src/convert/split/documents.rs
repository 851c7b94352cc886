//! Where a document of JSON ends.

/// Finds the end of a JSON document by its brackets, a few bytes at a time.
#[derive(Debug, Default)]
pub(super) struct DocumentScan {
    position: usize,
    pub(super) start: Option<usize>,
    depth: usize,
    in_string: bool,
    is_escaped: bool,
    /// A number or a word, which ends where something else begins.
    in_word: bool,
}

impl DocumentScan {
    pub(super) fn is_closed(&self) -> bool {
        self.depth == 0 && !self.in_string
    }

    /// Where the first document begins and ends; at the end of the input, all that there is.
    pub(super) fn scan(&mut self, pending: &[u8], at_end: bool) -> Option<(usize, usize)> {
        while let Some(byte) = pending.get(self.position) {
            let at = self.position;
            if self.start.is_none() {
                if byte.is_ascii_whitespace() {
                    self.position += 1;
                    continue;
                }
                self.start = Some(at);
                self.in_word = !matches!(byte, b'{' | b'[' | b'"' | b'}' | b']');
            }
            let start = self.start.unwrap_or(at);
            if self.in_word {
                if at > start && (byte.is_ascii_whitespace() || matches!(byte, b'{' | b'[' | b'"')) {
                    return Some((start, at));
                }
                self.position += 1;
                continue;
            }
            self.position += 1;
            match byte {
                _ if self.is_escaped => self.is_escaped = false,
                b'\\' if self.in_string => self.is_escaped = true,
                b'"' => self.in_string = !self.in_string,
                _ if self.in_string => continue,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => continue,
            }
            if self.depth == 0 && !self.in_string && !self.is_escaped {
                return Some((start, self.position));
            }
        }
        let start = if at_end { self.start } else { None };
        let end = pending.trim_ascii_end().len();
        start.map(|start| (start, end.max(start)))
    }
}
