//! Rows from files: CSV with a head, or lines of JSON.

use std::{collections::HashMap, fs::File, io::Read as _, path::Path};

use serde_json::Value;

/// A larger file is refused.
const BYTES_MAX: u64 = 64 << 20;

/// A row, by `name.column`.
pub(crate) type Row = HashMap<String, String>;

/// Why a file is no data.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DataError {
    #[error("cannot read it: {0}")]
    Read(#[from] std::io::Error),
    #[error("it is larger than {} MiB", BYTES_MAX >> 20)]
    TooLarge,
    #[error("line {line}: {what}")]
    Line { line: usize, what: String },
    #[error("there are no rows in it")]
    Empty,
}

/// Reads the rows of a file; what it is, its name says.
pub(super) fn read(name: &str, path: &Path) -> Result<Vec<Row>, DataError> {
    let mut text = String::new();
    File::open(path)?.take(BYTES_MAX + 1).read_to_string(&mut text)?;
    if text.len() as u64 > BYTES_MAX {
        return Err(DataError::TooLarge);
    }
    let is_json = path.extension().is_some_and(|extension| extension != "csv");
    rows(name, &text, is_json)
}

/// The rows in a text, lines of JSON or CSV.
pub(crate) fn rows(name: &str, text: &str, is_json: bool) -> Result<Vec<Row>, DataError> {
    let rows = if is_json { lines_of_json(name, text)? } else { csv(name, text)? };
    if rows.is_empty() { Err(DataError::Empty) } else { Ok(rows) }
}

fn lines_of_json(name: &str, text: &str) -> Result<Vec<Row>, DataError> {
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    lines
        .map(|(text, line)| {
            let wrong = |what: String| DataError::Line { line, what };
            let value: Value = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
            let Value::Object(fields) = value else { return Err(wrong("it is no object".into())) };
            Ok(fields.iter().map(|(key, value)| (format!("{name}.{key}"), plain(value))).collect())
        })
        .collect()
}

/// A value as it stands in a text: strings without quotes.
pub(super) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Comma-separated values after RFC 4180: cells in quotes may hold commas, line ends and doubled quotes.
fn csv(name: &str, text: &str) -> Result<Vec<Row>, DataError> {
    let mut records = records(text)?.into_iter();
    let Some((_, head)) = records.next() else { return Ok(Vec::new()) };
    records
        .map(|(line, cells)| {
            if cells.len() != head.len() {
                let what = format!("it has {} cells, the head has {}", cells.len(), head.len());
                return Err(DataError::Line { line, what });
            }
            Ok(head.iter().map(|column| format!("{name}.{}", column.trim())).zip(cells).collect())
        })
        .collect()
}

/// The cells of each record, and the line that it begins in; empty lines are passed over.
fn records(text: &str) -> Result<Vec<(usize, Vec<String>)>, DataError> {
    let (mut records, mut line) = (Vec::new(), 1);
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    while !rest.is_empty() {
        let begin = line;
        let (mut cells, mut is_over) = (Vec::new(), false);
        while !is_over {
            let cell;
            (cell, rest) = match rest.strip_prefix('"') {
                Some(quoted) => quoted_cell(quoted)
                    .ok_or_else(|| DataError::Line { line: begin, what: "a quote is not closed".into() })?,
                None => {
                    let end = rest.find([',', '\n']).unwrap_or(rest.len());
                    (rest[..end].trim_end_matches('\r').to_owned(), &rest[end..])
                }
            };
            line += cell.matches('\n').count();
            cells.push(cell);
            rest = rest.strip_prefix('\r').unwrap_or(rest);
            (is_over, rest) = match rest.strip_prefix(',') {
                Some(after) => (false, after),
                None => (true, rest),
            };
        }
        if !rest.is_empty() {
            rest = rest.strip_prefix('\n').ok_or_else(|| DataError::Line {
                line: begin,
                what: "a closing quote must be followed by a comma or the end of the line".into(),
            })?;
        }
        line += 1;
        if cells != [""] {
            records.push((begin, cells));
        }
    }
    Ok(records)
}

/// The cell up to its closing quote, and what follows.
fn quoted_cell(text: &str) -> Option<(String, &str)> {
    let (mut cell, mut rest) = (String::new(), text);
    loop {
        let end = rest.find('"')?;
        cell.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(after) => {
                cell.push('"');
                rest = after;
            }
            None => return Some((cell, rest)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cells(text: &str) -> Vec<Vec<String>> {
        records(text).unwrap().into_iter().map(|(_, cells)| cells).collect()
    }

    #[test]
    fn cells_in_quotes_hold_anything() {
        let text = "\u{feff}id,name\r\n1,\"a, \"\"b\"\"\nc\"\r\n\r\n2,\n";
        assert_eq!(cells(text), [vec!["id", "name"], vec!["1", "a, \"b\"\nc"], vec!["2", ""]]);
        let rows = csv("users", text).unwrap();
        assert_eq!((rows.len(), rows[1]["users.id"].as_str()), (2, "2"));
    }

    #[test]
    fn mistakes_have_their_line() {
        let wrong = |text: &str| csv("x", text).unwrap_err().to_string();
        assert_eq!(wrong("a,b\n1,2\n3\n"), "line 3: it has 1 cells, the head has 2");
        assert_eq!(wrong("a\n\"1\n"), "line 2: a quote is not closed");
        assert!(wrong("a\n\"1\"x\n").starts_with("line 2: a closing quote"), "{}", wrong("a\n\"1\"x\n"));
        assert_eq!(lines_of_json("x", "{}\n\n[1]").unwrap_err().to_string(), "line 3: it is no object");
    }

    #[test]
    fn lines_of_json_are_rows() {
        let rows = lines_of_json("u", "{\"id\": 7, \"name\": \"x\", \"on\": true}\n").unwrap();
        assert_eq!([&rows[0]["u.id"], &rows[0]["u.name"], &rows[0]["u.on"]], ["7", "x", "true"]);
    }

    proptest! {
        #[test]
        fn what_is_quoted_comes_back(table in proptest::collection::vec(proptest::collection::vec("[a-z,\"\n\r]{1,5}", 2..4), 1..5)) {
            let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
            let lines: Vec<String> =
                table.iter().map(|row| row.iter().map(quoted).collect::<Vec<_>>().join(",")).collect();
            prop_assert_eq!(cells(&lines.join("\n")), table);
        }

        #[test]
        fn arbitrary_text_never_panics(text in ".{0,60}", near in "[a,\"\n\r]{0,30}") {
            drop(records(&text));
            drop(records(&near));
        }
    }
}
