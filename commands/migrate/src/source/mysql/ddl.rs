//! Statements in the log of rows: what they do to tables that are followed.

/// What a statement does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Effect {
    /// A transaction begins or ends.
    Begin,
    End,
    /// It changes what one of the tables is, or its rows as a statement.
    Touches,
    /// Nothing of that.
    None,
}

/// Finds out what `sql` does; `is_followed` knows the tables by database, if one is named, and name.
pub(super) fn effect(sql: &str, is_followed: impl Fn(Option<&str>, &str) -> bool) -> Effect {
    let words = words(sql);
    let word = |index: usize| words.get(index).map_or("", |word: &Word| word.keyword.as_str());
    let anywhere = || names(&words).any(|(database, name)| is_followed(database, name));
    let has = |keyword: &str| words.iter().any(|word| word.keyword == keyword);
    let touches = match word(0) {
        "BEGIN" => return Effect::Begin,
        "START" if word(1) == "TRANSACTION" => return Effect::Begin,
        "COMMIT" | "ROLLBACK" if word(1) != "TO" => return Effect::End,
        _ if has("TEMPORARY") => false,
        "CREATE" if has("TABLE") && !has("INDEX") => {
            let name = words.iter().position(|word| word.keyword == "TABLE").unwrap_or(0) + 1;
            let skipped = words[name..]
                .iter()
                .position(|word| !["IF", "NOT", "EXISTS"].contains(&word.keyword.as_str()));
            let name = &words[name + skipped.unwrap_or(0)..];
            names(&name[..name.len().min(3)])
                .next()
                .is_some_and(|(database, name)| is_followed(database, name))
        }
        "CREATE" | "DROP" | "ALTER" | "RENAME" | "TRUNCATE" => {
            anywhere()
                || (word(1) == "DATABASE" || word(1) == "SCHEMA")
                    && word(0) == "DROP"
                    && is_followed(words.last().map(|word| word.name.as_str()), "")
        }
        "INSERT" | "UPDATE" | "DELETE" | "REPLACE" | "LOAD" | "WITH" | "CALL" => anywhere(),
        _ => false,
    };
    if touches { Effect::Touches } else { Effect::None }
}

/// A word or a sign of a statement.
#[derive(Debug, PartialEq)]
struct Word {
    /// In capital letters; empty, if it is a quoted name.
    keyword: String,
    /// As it stands there.
    name: String,
}

/// Names, with the database before them if one is named.
fn names(words: &[Word]) -> impl Iterator<Item = (Option<&str>, &str)> {
    words.iter().enumerate().filter(|(_, word)| word.name != ".").map(|(index, word)| {
        let is_dotted = index >= 2 && words[index - 1].name == ".";
        let database = is_dotted.then(|| words[index - 2].name.as_str());
        (database, word.name.as_str())
    })
}

/// Words, quoted names and dots; comments and texts are left out.
fn words(sql: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let until = |rest: &str, end: &str| rest.find(end).map_or(rest.len(), |at| at + end.len());
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        let length = match first {
            // What stands in `/*! … */` is carried out.
            '/' if rest.starts_with("/*!") || rest.starts_with("/*M!") => {
                rest.find(|c: char| !"/*M!0123456789".contains(c)).unwrap_or(rest.len())
            }
            '/' if rest.starts_with("/*") => until(rest, "*/"),
            '#' => until(rest, "\n"),
            '-' if rest.starts_with("-- ") => until(rest, "\n"),
            '\'' | '"' => quoted(rest, first),
            '`' => {
                let length = quoted(rest, '`');
                let inner = rest.get(1..length.saturating_sub(1)).unwrap_or_default().replace("``", "`");
                words.push(Word { keyword: String::new(), name: inner });
                length
            }
            '.' => {
                words.push(Word { keyword: String::new(), name: ".".to_owned() });
                1
            }
            c if is_word(c) => {
                let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
                let name = rest[..length].to_owned();
                words.push(Word { keyword: name.to_uppercase(), name });
                length
            }
            c => c.len_utf8(),
        };
        rest = &rest[length.max(1)..];
    }
    words
}

/// The length of a quoted piece with its quotes; doubled ones and, in texts, those behind a backslash do not end it.
fn quoted(text: &str, quote: char) -> usize {
    let mut chars = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' && quote != '`' {
            chars.next();
        } else if c == quote {
            if chars.peek().is_some_and(|(_, next)| *next == quote) {
                chars.next();
            } else {
                return at + 1;
            }
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(sql: &str) -> Effect {
        effect(sql, |database, name| {
            database.is_none_or(|database| database == "old") && (name == "message" || name.is_empty())
        })
    }

    #[test]
    fn statements_that_touch_a_followed_table_are_known() {
        for sql in [
            "ALTER TABLE message ADD COLUMN x int",
            "alter table `old`.`message` drop column y",
            "/* app:7 */ TRUNCATE TABLE message",
            "DROP TABLE IF EXISTS `other`,`message` /* generated by server */",
            "RENAME TABLE message TO message_old",
            "CREATE OR REPLACE TABLE message (id int)",
            "CREATE UNIQUE INDEX i ON message (id)",
            "DROP DATABASE old",
            "/*!40000 ALTER TABLE `message` DISABLE KEYS */",
            "UPDATE message SET x = 'y'",
        ] {
            assert_eq!(of(sql), Effect::Touches, "{sql}");
        }
        for sql in [
            "CREATE TABLE other LIKE message",
            "CREATE TABLE IF NOT EXISTS copy_of AS SELECT * FROM message",
            "ALTER TABLE other.message ADD x int",
            "INSERT INTO log VALUES ('DROP TABLE message', \"x\\\"message\")",
            "CREATE TEMPORARY TABLE message (id int)",
            "SAVEPOINT message",
            "ROLLBACK TO message",
            "ALTER TABLE messages ADD x int -- message",
            "DROP DATABASE other",
            "FLUSH TABLES",
            "# Dum",
        ] {
            assert_eq!(of(sql), Effect::None, "{sql}");
        }
        assert_eq!(
            [of("BEGIN"), of("START TRANSACTION"), of("COMMIT"), of("ROLLBACK")],
            [Effect::Begin, Effect::Begin, Effect::End, Effect::End]
        );
    }

    proptest! {
        #[test]
        fn no_text_panics(sql in ".{0,60}", tail in "[`'\"/*!. -]{0,8}") {
            of(&format!("ALTER {sql}{tail}"));
        }
    }
}
