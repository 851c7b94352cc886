use jiff::civil::DateTime;

use super::Record;

/// The name of a file of records, in which `%Y %m %d %H %M %S %NS %r %t %i` stand for the local time, the id and the
/// type of the record that is written, and the run.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Pattern {
    text: String,
    instance: String,
    is_fixed: bool,
}

impl Pattern {
    /// A pattern and what `%i` stands for.
    pub fn new(text: &str, instance: &str) -> Self {
        Self { text: text.to_owned(), instance: instance.to_owned(), is_fixed: !text.contains('%') }
    }

    /// A name in which nothing stands for anything.
    pub fn fixed(text: impl Into<String>) -> Self {
        Self { text: text.into(), instance: String::new(), is_fixed: true }
    }

    /// The pattern itself.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether every record goes to the same name.
    pub fn is_fixed(&self) -> bool {
        self.is_fixed
    }

    /// The name for a record that is written at `now`.
    pub fn name(&self, record: &Record, now: DateTime) -> String {
        if self.is_fixed() {
            return self.text.clone();
        }
        let mut name = String::with_capacity(self.text.len() + 16);
        let mut rest = self.text.as_str();
        while let Some((before, after)) = rest.split_once('%') {
            name.push_str(before);
            let (used, text) = self.token(after, record, now);
            match text {
                Some(text) => name.push_str(&text),
                None => name.push('%'),
            }
            rest = &after[used..];
        }
        name.push_str(rest);
        name
    }

    /// What stands for the token at the start of `text`, and how long it is.
    fn token(&self, text: &str, record: &Record, now: DateTime) -> (usize, Option<String>) {
        if text.starts_with("NS") {
            return (2, Some(format!("{:09}", now.subsec_nanosecond())));
        }
        let shown = match text.as_bytes().first() {
            Some(b'Y') => format!("{:04}", now.year()),
            Some(b'm') => format!("{:02}", now.month()),
            Some(b'd') => format!("{:02}", now.day()),
            Some(b'H') => format!("{:02}", now.hour()),
            Some(b'M') => format!("{:02}", now.minute()),
            Some(b'S') => format!("{:02}", now.second()),
            Some(b'r') => file_safe(&record.id),
            Some(b't') => file_safe(&char::from(record.kind.byte()).to_string()),
            Some(b'i') => self.instance.clone(),
            _ => return (0, None),
        };
        (1, Some(shown))
    }
}

/// An id comes from outside: it must not lead to another folder.
fn file_safe(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect()
}
