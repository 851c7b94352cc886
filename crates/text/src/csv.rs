//! Rows of comma-separated values that a spreadsheet opens without running anything.
//!
//! Quoting follows RFC 4180. A cell whose text a spreadsheet would take for a formula begins with an apostrophe,
//! as OWASP advises against CSV injection; spreadsheets do not show it.

use std::fmt::{Display, Write as _};

use crate::fold::{is_invisible, narrow};

/// The byte-order mark by which Excel knows that a file is UTF-8: what a file for people begins with.
pub const BOM: &str = "\u{feff}";

/// Appends rows to a buffer, which the caller may send and clear between two rows.
#[derive(Debug)]
pub struct Row<'a> {
    out: &'a mut String,
    is_empty: bool,
}

impl<'a> Row<'a> {
    /// Begins a row at the end of `out`.
    pub fn new(out: &'a mut String) -> Self {
        Self { out, is_empty: true }
    }

    /// Appends a cell of foreign text, made harmless.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        self.separate();
        write_cell(text, self.out);
        self
    }

    /// Appends a number, or whatever else is known to be harmless: no apostrophe guards a minus sign.
    #[must_use]
    pub fn number(mut self, number: impl Display) -> Self {
        self.separate();
        write!(self.out, "{number}").expect("a string takes every write");
        self
    }

    /// Ends the row.
    pub fn end(self) {
        self.out.push_str("\r\n");
    }

    fn separate(&mut self) {
        if !self.is_empty {
            self.out.push(',');
        }
        self.is_empty = false;
    }
}

fn write_cell(text: &str, out: &mut String) {
    let guard = if is_formula(text) { "'" } else { "" };
    let edge = |c: char| c.is_whitespace();
    let quoted =
        text.contains([',', '"', '\r', '\n', ';', '\t']) || text.starts_with(edge) || text.ends_with(edge);
    if !quoted {
        out.push_str(guard);
        out.push_str(text);
        return;
    }
    out.push('"');
    out.push_str(guard);
    for (index, part) in text.split('"').enumerate() {
        if index > 0 {
            out.push_str("\"\"");
        }
        out.push_str(part);
    }
    out.push('"');
}

/// Says whether a spreadsheet could run a cell: programs differ in which leading characters they overlook.
fn is_formula(text: &str) -> bool {
    if text.starts_with(['\t', '\r', '\n']) {
        return true;
    }
    let overlooked = |c: char| c.is_whitespace() || c.is_control() || is_invisible(c);
    let first = text.chars().find(|c| !overlooked(*c));
    first.is_some_and(|c| matches!(narrow(c), '=' | '+' | '-' | '@') || matches!(c, '\u{2212}' | '\u{fe63}'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cell(text: &str) -> String {
        let mut out = String::new();
        write_cell(text, &mut out);
        out
    }

    #[test]
    fn plain_text_stays_plain() {
        for text in ["", "abc", "退款", "a=b", "3-4", "bob@example.com", "a 'b' c"] {
            assert_eq!(cell(text), text);
        }
    }

    #[test]
    fn what_separates_is_quoted() {
        for (text, written) in [
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("one\r\ntwo", "\"one\r\ntwo\""),
            (" edge", "\" edge\""),
            ("a;b", "\"a;b\""),
        ] {
            assert_eq!(cell(text), written);
        }
    }

    #[test]
    fn formulas_are_disarmed() {
        for (text, written) in [
            ("=1+1", "'=1+1"),
            ("+86 138", "'+86 138"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "\"'\t=1\""),
            ("\rx", "\"'\rx\""),
            ("＝1+1", "'＝1+1"),
            ("＋1", "'＋1"),
            ("－1", "'－1"),
            ("＠a", "'＠a"),
            ("  =1", "\"'  =1\""),
            ("\u{feff}=1", "'\u{feff}=1"),
            ("=HYPERLINK(\"x\",1)", "\"'=HYPERLINK(\"\"x\"\",1)\""),
        ] {
            assert_eq!(cell(text), written);
        }
    }

    #[test]
    fn a_row_is_cells_and_a_line_end() {
        let mut out = BOM.to_owned();
        Row::new(&mut out).text("name").text("").number(-5).number(0.25).end();
        Row::new(&mut out).end();
        assert_eq!(out, "\u{feff}name,,-5,0.25\r\n\r\n");
    }

    proptest! {
        #[test]
        fn a_cell_is_read_back_and_is_no_formula(text in "(?s).{0,20}|[=+@\",;\t\r\n '-]{0,8}") {
            let written = cell(&text);
            let inner = match written.strip_prefix('"') {
                Some(rest) => rest.strip_suffix('"').unwrap().replace("\"\"", "\""),
                None => {
                    prop_assert!(!written.contains([',', '"', '\r', '\n']));
                    written
                }
            };
            prop_assert!(!inner.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠']));
            prop_assert_eq!(inner.strip_prefix('\'').filter(|_| is_formula(&text)).unwrap_or(&inner), &text);
        }
    }
}
