//! The variables that an operation declares.
//!
//! A card's values are texts; which of them have to be numbers its query says. This looks no further than the
//! declarations: whether the query is right is the data layer's to say.

/// Names and types of the variables of a text's first operation that has any.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Operation(Vec<(String, String)>);

impl Operation {
    /// Reads the declarations of a query; of what is none, there are none.
    pub(crate) fn of(text: &str) -> Self {
        let mut variables = Vec::new();
        let mut rest = text;
        // Declarations are in the first parentheses before the first brace.
        let Some(open) = outside(rest, &['(', '{']) else { return Self(variables) };
        if !rest[open..].starts_with('(') {
            return Self(variables);
        }
        rest = &rest[open + 1..];
        while let Some(place) = outside(rest, &['$', ')']) {
            if rest[place..].starts_with(')') {
                break;
            }
            rest = &rest[place + 1..];
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            let Some(declared) = after.trim_start().strip_prefix(':') else { continue };
            let declared = declared.trim_start();
            let end = declared.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
            let (kind, after) = declared.split_at(end.unwrap_or(declared.len()));
            if !name.is_empty() {
                variables.push((name.to_owned(), kind.to_owned()));
            }
            rest = after;
        }
        Self(variables)
    }

    /// The type of a variable, without `!`; empty for a list.
    pub(crate) fn type_of(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, kind)| kind.as_str())
    }

    /// A text as a variable takes it: a number where its type is one and the text is, too.
    pub(crate) fn value(&self, name: &str, text: &str) -> serde_json::Value {
        use serde_json::Value;
        let number = match self.type_of(name) {
            Some("Int" | "BigInt") => text.parse::<i64>().ok().map(Value::from),
            Some("Float") => text.parse::<f64>().ok().map(Value::from),
            Some("Boolean") => text.parse::<bool>().ok().map(Value::from),
            _ => None,
        };
        number.unwrap_or_else(|| Value::from(text))
    }
}

/// The first of these characters that is in no comment and no string.
fn outside(text: &str, wanted: &[char]) -> Option<usize> {
    let mut is_comment = false;
    let mut is_string = false;
    let mut is_escaped = false;
    for (place, c) in text.char_indices() {
        if is_comment {
            is_comment = c != '\n';
        } else if is_string {
            is_string = is_escaped || c != '"';
            is_escaped = c == '\\' && !is_escaped;
        } else if wanted.contains(&c) {
            return Some(place);
        } else {
            is_comment = c == '#';
            is_string = c == '"';
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_what_the_query_declares() {
        let text = "# ($id: Float)\nquery Of($id: Int!, $ids: [Int!] = [1], $note: String = \"$x: Int)\", $big:BigInt) { user(id: $id) { id } }";
        let operation = Operation::of(text);
        assert_eq!(operation.type_of("id"), Some("Int"));
        assert_eq!(operation.type_of("ids"), Some(""));
        assert_eq!(operation.type_of("note"), Some("String"));
        assert_eq!(operation.type_of("big"), Some("BigInt"));
        assert_eq!(operation.type_of("x"), None);
        assert_eq!(operation.value("id", "42"), json!(42));
        assert_eq!(operation.value("id", "x42"), json!("x42"));
        assert_eq!(operation.value("note", "42"), json!("42"));
        assert_eq!(Operation::of("{ user(id: 1) { id } }").type_of("id"), None);
        assert_eq!(Operation::of("mutation($a: Boolean) { a }").value("a", "true"), json!(true));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "[($\":#\\\\{)a\n!]{0,60}") {
            Operation::of(&text);
        }
    }
}
