//! What comes from outside, before it reaches a terminal.

use kefu_app::{Language, Text};

/// Takes control characters out of a line: a name in a file must not drive the terminal.
pub(crate) fn line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// Prints a line to standard error.
pub(crate) fn say(text: &Text, language: Language) {
    use std::io::Write as _;
    // Nobody is left to tell when standard error is gone.
    drop(writeln!(std::io::stderr(), "kefu replay: {}", line(text.in_language(language))));
}

/// A number of bytes for people: `512.0 MB`.
#[expect(clippy::cast_precision_loss, reason = "one digit after the point is shown")]
pub(crate) fn bytes(count: u64) -> String {
    let (mut value, mut unit) = (count as f64, "B");
    for larger in ["kB", "MB", "GB", "TB"] {
        if value < 1000.0 {
            break;
        }
        (value, unit) = (value / 1000.0, larger);
    }
    if unit == "B" { format!("{count} B") } else { format!("{value:.1} {unit}") }
}

/// A time as RFC 3339 has it, with nanoseconds.
pub(crate) fn time(nanos: i64) -> String {
    match jiff::Timestamp::from_nanosecond(i128::from(nanos)) {
        Ok(time) => format!("{time:.9}"),
        Err(_) => nanos.to_string(),
    }
}

/// A table whose first column is aligned to the left, in plain text.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| wide(cell)).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or_default()).collect();
    let mut out = String::new();
    for row in rows {
        let mut text = String::new();
        for (column, cell) in row.iter().enumerate() {
            let padding = " ".repeat(widths[column] - wide(cell));
            let gap = if column == 0 { "" } else { "  " };
            text.push_str(&if column == 0 {
                format!("{cell}{padding}")
            } else {
                format!("{gap}{padding}{cell}")
            });
        }
        out.push_str(text.trim_end());
        out.push('\n');
    }
    out
}

/// Columns that a text takes: Chinese characters take two.
fn wide(text: &str) -> usize {
    text.chars().map(|c| if ('\u{1100}'..='\u{ffdc}').contains(&c) && c > '\u{2e7f}' { 2 } else { 1 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_sizes_times_and_tables_are_fit_for_a_terminal() {
        assert_eq!(line("a\u{1b}[2J"), "a\u{fffd}[2J");
        assert_eq!([0, 999, 1000, 512_000_000].map(bytes), ["0 B", "999 B", "1.0 kB", "512.0 MB"]);
        assert_eq!(time(1_700_000_000_000_000_001), "2023-11-14T22:13:20.000000001Z");
        let rows = [vec!["请求".to_owned(), "5".to_owned()], vec!["a".to_owned(), "1000".to_owned()]];
        assert_eq!(table(&rows), "请求     5\na     1000\n");
    }
}
