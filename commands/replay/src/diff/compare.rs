//! Two answers to one request, field by field.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{
    answer::{Answer, Body},
    rules::{Alignment, Asked, Rules},
};
use crate::endpoint;

/// An answer, or in a word why there is none.
pub(crate) type Given = Result<Answer, &'static str>;

/// Fields of one pair that are told apart; more are too many to be understood.
const FIELDS_MAX: usize = 500;
/// A shown value has at most so many bytes.
const SHOWN_MAX: usize = 200;

/// A field in which two answers differ.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Difference {
    pub(super) kind: Kind,
    /// What each of them has.
    pub(super) left: String,
    pub(super) right: String,
}

/// How two answers differ.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Kind {
    /// Only one of them is there.
    Answer,
    /// Another value.
    Value,
    /// A value of another type.
    Type,
    /// Only the first has it.
    Missing,
    /// Only the second has it.
    Extra,
    /// A list of another length.
    Length,
    /// A list of the same items in another order.
    Order,
}

impl Kind {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Value => "value",
            Self::Type => "type",
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Length => "length",
            Self::Order => "order",
        }
    }
}

/// The differences of two answers by the names of their fields; of several at one field, the first.
pub(super) type Differences = BTreeMap<String, Difference>;

/// Compares two answers.
pub(super) fn compare(left: &Given, right: &Given, asked: &Asked, rules: &Rules) -> Differences {
    let mut comparison = Comparison { rules, asked, found: BTreeMap::new() };
    match (left, right) {
        (Ok(left), Ok(right)) => {
            comparison.status(left, right);
            comparison.headers(left, right);
            comparison.body(left, right);
        }
        (Err(_), Err(_)) => {}
        (left, right) => {
            let shown = |given: &Given| match given {
                Ok(answer) => format!("status {}", answer.status),
                Err(why) => (*why).to_owned(),
            };
            comparison.note("answer".to_owned(), Kind::Answer, || (shown(left), shown(right)));
        }
    }
    comparison.found
}

struct Comparison<'a> {
    rules: &'a Rules,
    asked: &'a Asked,
    found: Differences,
}

impl Comparison<'_> {
    /// Writes a difference down unless it is ignored.
    fn note(&mut self, field: String, kind: Kind, shown: impl FnOnce() -> (String, String)) {
        if self.found.len() >= FIELDS_MAX
            || self.found.contains_key(&field)
            || self.rules.ignores(&field, self.asked)
        {
            return;
        }
        let (left, right) = shown();
        self.found.insert(field, Difference { kind, left, right });
    }

    fn status(&mut self, left: &Answer, right: &Answer) {
        let values = (Value::from(left.status), Value::from(right.status));
        self.leaf("status".to_owned(), Kind::Value, &values.0, &values.1);
    }

    fn headers(&mut self, left: &Answer, right: &Answer) {
        let names: BTreeSet<&str> =
            left.headers.iter().chain(&right.headers).map(|(name, _)| name.as_str()).collect();
        for name in names {
            let field = format!("header:{name}");
            let text = |value: Option<String>| value.map_or(Value::Null, Value::String);
            let (left, right) = (text(left.header(name)), text(right.header(name)));
            let kind = match (&left, &right) {
                (Value::Null, _) => Kind::Extra,
                (_, Value::Null) => Kind::Missing,
                _ => Kind::Value,
            };
            self.leaf(field, kind, &left, &right);
        }
    }

    fn body(&mut self, left: &Answer, right: &Answer) {
        match (&left.body, &right.body) {
            (Body::Json(left), Body::Json(right)) => self.value(&mut Vec::new(), left, right),
            (left, right) if left == right => {}
            (Body::Text(left), Body::Text(right)) => {
                let values = (Value::from(left.as_str()), Value::from(right.as_str()));
                let is_allowed = |rules: &Rules, asked: &Asked| {
                    rules.tolerances("body", asked).any(|rule| rule.allows(&values.0, &values.1))
                };
                if !is_allowed(self.rules, self.asked) {
                    let at =
                        left.bytes().zip(right.bytes()).take_while(|(left, right)| left == right).count();
                    self.note("body".to_owned(), Kind::Value, || {
                        (described(left.as_bytes(), Some(at)), described(right.as_bytes(), Some(at)))
                    });
                }
            }
            (left, right) => {
                let kind = if std::mem::discriminant(left) == std::mem::discriminant(right) {
                    Kind::Value
                } else {
                    Kind::Type
                };
                let shown = |body: &Body| match body {
                    Body::Json(value) => cut(&value.to_string()),
                    Body::Text(text) => described(text.as_bytes(), Some(0)),
                    Body::Binary(bytes) => described(bytes, None),
                };
                self.note("body".to_owned(), kind, || (shown(left), shown(right)));
            }
        }
    }

    fn value(&mut self, path: &mut Vec<String>, left: &Value, right: &Value) {
        match (left, right) {
            (Value::Object(left), Value::Object(right)) => {
                for (name, value) in left {
                    path.push(segment(name));
                    match right.get(name) {
                        Some(other) => self.value(path, value, other),
                        None => self.note(named(path), Kind::Missing, || (shown(value), "–".to_owned())),
                    }
                    path.pop();
                }
                for (name, value) in right.iter().filter(|(name, _)| !left.contains_key(*name)) {
                    path.push(segment(name));
                    self.note(named(path), Kind::Extra, || ("–".to_owned(), shown(value)));
                    path.pop();
                }
            }
            (Value::Array(left), Value::Array(right)) => self.list(path, left, right),
            _ => self.leaf(named(path), Kind::Value, left, right),
        }
    }

    fn list(&mut self, path: &mut Vec<String>, left: &[Value], right: &[Value]) {
        let alignment = self.rules.alignment(&named(path), self.asked).cloned();
        match alignment {
            Some(Alignment::Key(key)) => self.by_key(path, &key, left, right),
            Some(Alignment::Value) => {
                if sorted(left) != sorted(right) {
                    let kind = if left.len() == right.len() { Kind::Value } else { Kind::Length };
                    self.note(named(path), kind, || (list_shown(left), list_shown(right)));
                }
            }
            None => {
                if left.len() != right.len() {
                    self.note(named(path), Kind::Length, || (list_shown(left), list_shown(right)));
                } else if left != right && left.len() > 1 && sorted(left) == sorted(right) {
                    self.note(named(path), Kind::Order, || (list_shown(left), list_shown(right)));
                    return;
                }
                path.push("*".to_owned());
                for (left, right) in left.iter().zip(right) {
                    self.value(path, left, right);
                }
                path.pop();
            }
        }
    }

    /// Puts items with the same key side by side.
    fn by_key(&mut self, path: &mut Vec<String>, key: &str, left: &[Value], right: &[Value]) {
        let of = |item: &Value| item.get(key).map(Value::to_string);
        let mut others: HashMap<Option<String>, Vec<&Value>> = HashMap::new();
        for item in right.iter().rev() {
            others.entry(of(item)).or_default().push(item);
        }
        path.push("*".to_owned());
        for item in left {
            match others.get_mut(&of(item)).and_then(Vec::pop) {
                Some(other) => self.value(path, item, other),
                None => self.note(named(path), Kind::Missing, || (shown(item), "–".to_owned())),
            }
        }
        if let Some(item) = others.values().flatten().next() {
            self.note(named(path), Kind::Extra, || ("–".to_owned(), shown(item)));
        }
        path.pop();
    }

    /// Compares what has no parts, or is of two types.
    fn leaf(&mut self, field: String, kind: Kind, left: &Value, right: &Value) {
        let is_equal = match (left, right) {
            (Value::Number(left), Value::Number(right)) => {
                left == right || left.as_f64().zip(right.as_f64()).is_some_and(same_number)
            }
            (left, right) => left == right,
        };
        if is_equal || self.rules.tolerances(&field, self.asked).any(|rule| rule.allows(left, right)) {
            return;
        }
        let is_same_type = std::mem::discriminant(left) == std::mem::discriminant(right);
        let kind = if kind == Kind::Value && !is_same_type { Kind::Type } else { kind };
        self.note(field, kind, || (shown(left), shown(right)));
    }
}

/// `1` and `1.0` are the same number; large whole numbers are compared exactly before.
fn same_number((left, right): (f64, f64)) -> bool {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    left.abs() < EXACT && left == right
}

/// The items in an order of their own.
fn sorted(items: &[Value]) -> Vec<String> {
    let mut items: Vec<String> = items.iter().map(Value::to_string).collect();
    items.sort_unstable();
    items
}

/// A member's name in a path: what looks like an id is one field, as in the paths of requests.
fn segment(name: &str) -> String {
    if endpoint::is_id(name) {
        return "{id}".to_owned();
    }
    if name.contains(['~', '/']) { name.replace('~', "~0").replace('/', "~1") } else { name.to_owned() }
}

fn named(path: &[String]) -> String {
    if path.is_empty() { "body".to_owned() } else { format!("body:/{}", path.join("/")) }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        value => cut(&value.to_string()),
    }
}

fn list_shown(items: &[Value]) -> String {
    let mut text = format!("{} items: [", items.len());
    for (place, item) in items.iter().enumerate() {
        if text.len() > SHOWN_MAX {
            break;
        }
        text.push_str(if place == 0 { "" } else { "," });
        text.push_str(&item.to_string());
    }
    cut(&text)
}

fn cut(text: &str) -> String {
    match text.get(..text.floor_char_boundary(SHOWN_MAX)) {
        Some(start) if start.len() < text.len() => format!("{start}…"),
        _ => text.to_owned(),
    }
}

/// A body by its length and hash, and what is at the place where it differs.
fn described(bytes: &[u8], at: Option<usize>) -> String {
    let digest = Sha256::digest(bytes);
    let hash: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let facts = format!("{} bytes, sha256 {hash}…", bytes.len());
    let Some(at) = at else { return facts };
    let from = at.saturating_sub(20).min(bytes.len());
    let near = String::from_utf8_lossy(&bytes[from..bytes.len().min(at + 60)]);
    format!("{facts}, at byte {at}: {near}")
}

#[cfg(test)]
mod tests {
    use kefu_channel::read_file;
    use proptest::prelude::*;

    use super::*;

    fn answer(body: &str) -> Given {
        Ok(Answer::of(format!("HTTP/1.1 200 OK\r\nDate: now\r\n\r\n{body}").into_bytes()).unwrap())
    }

    fn found(left: &str, right: &str, rules: &str) -> Vec<String> {
        let rules: Rules = read_file(&format!("kefu_diff: 1\n{rules}")).unwrap();
        let differences = compare(&answer(left), &answer(right), &rules.asked("GET", "/a"), &rules);
        differences.iter().map(|(field, difference)| format!("{field} {}", difference.kind.name())).collect()
    }

    #[test]
    fn json_is_compared_by_path() {
        let left =
            r#"{"a":1,"b":{"c":"x"},"d":[1,2,3],"e":null,"f":[{"id":1,"v":1},{"id":2,"v":2}],"12345":1}"#;
        assert_eq!(found(left, left, ""), Vec::<String>::new());
        let right =
            r#"{"a":1.0,"b":{"c":1},"d":[3,2,1],"g":1,"f":[{"id":1,"v":1},{"id":2,"v":3}],"12345":2}"#;
        assert_eq!(
            found(left, right, ""),
            [
                "body:/b/c type",
                "body:/d order",
                "body:/e missing",
                "body:/f/*/v value",
                "body:/g extra",
                "body:/{id} value"
            ]
        );
        assert_eq!(found("[1,2]", "[1,2,3]", ""), ["body length"]);
        assert_eq!(found("{}", "<a/>", ""), ["body type"]);
        assert_eq!(found("9007199254740993", "9007199254740992", ""), ["body value"]);
    }

    #[test]
    fn lists_are_put_side_by_side_as_the_rules_say() {
        let (left, right) =
            (r#"{"f":[{"id":1,"v":1},{"id":2,"v":2}]}"#, r#"{"f":[{"id":2,"v":2},{"id":1,"v":9}]}"#);
        let by = |by: &str| format!("arrays:\n  - {{field: 'body:/f', by: '{by}'}}\n");
        assert_eq!(found(left, right, &by("key:id")), ["body:/f/*/v value"]);
        assert_eq!(found(left, r#"{"f":[{"id":3},{"id":1,"v":1}]}"#, &by("key:id")), ["body:/f/* missing"]);
        assert_eq!(found(r#"{"f":[1,2]}"#, r#"{"f":[2,1]}"#, &by("value")), Vec::<String>::new());
        assert_eq!(found(r#"{"f":[1,2]}"#, r#"{"f":[2]}"#, &by("value")), ["body:/f length"]);
    }

    #[test]
    fn what_is_tolerated_or_ignored_is_no_difference() {
        let (left, right) = (r#"{"a":{"at":1},"n":1.0,"x":1}"#, r#"{"a":{"at":2},"n":1.04,"x":1}"#);
        let rules = "ignore: [{field: 'body:/**/at'}]\ntolerances: [{field: 'body:/n', number: 0.1}]\n";
        assert_eq!(found(left, right, rules), Vec::<String>::new());
        assert_eq!(found(left, right, ""), ["body:/a/at value", "body:/n value"]);
        assert_eq!(
            found("a  B", "a b", "tolerances: [{field: body, loose_text: true}]\n"),
            Vec::<String>::new()
        );
    }

    #[test]
    fn answers_that_are_not_there_differ_from_those_that_are() {
        let rules = Rules::default();
        let asked = rules.asked("GET", "/a");
        let differences = compare(&answer("1"), &Err("timeout"), &asked, &rules);
        let difference = &differences["answer"];
        assert_eq!((difference.left.as_str(), difference.right.as_str()), ("status 200", "timeout"));
        assert!(compare(&Err("timeout"), &Err("closed"), &asked, &rules).is_empty());
        let header =
            |line: &str| Ok(Answer::of(format!("HTTP/1.1 200 OK\r\n{line}\r\n\r\n").into_bytes()).unwrap());
        let differences = compare(&header("X-A: 1"), &header("Server: b"), &asked, &rules);
        assert_eq!(differences.keys().collect::<Vec<_>>(), ["header:x-a"]);
    }

    #[test]
    fn texts_are_shown_where_they_differ() {
        let rules = Rules::default();
        let differences =
            compare(&answer("<p>one</p>"), &answer("<p>two</p>"), &rules.asked("GET", "/"), &rules);
        let Difference { left, right, .. } = &differences["body"];
        assert!(left.contains("10 bytes, sha256") && left.ends_with("at byte 3: <p>one</p>"), "{left}");
        assert!(right.ends_with("<p>two</p>"));
    }

    proptest! {
        #[test]
        fn an_answer_is_equal_to_itself_and_nothing_panics(left in ".{0,200}", right in ".{0,200}") {
            let rules = Rules::default();
            let asked = rules.asked("GET", "/a");
            prop_assert!(compare(&answer(&left), &answer(&left), &asked, &rules).is_empty());
            let there = compare(&answer(&left), &answer(&right), &asked, &rules);
            let back = compare(&answer(&right), &answer(&left), &asked, &rules);
            prop_assert_eq!(there.keys().collect::<Vec<_>>(), back.keys().collect::<Vec<_>>());
        }
    }
}
