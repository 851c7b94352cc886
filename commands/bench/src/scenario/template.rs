use std::{collections::HashMap, fmt::Write as _, rc::Rc};

/// A text with `${name}` in it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Template {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(String),
    Name(Rc<str>),
}

/// A name that is not closed or empty.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("`${{` at character {at} must be followed by a name and `}}`")]
pub(super) struct TemplateError {
    /// Counted from 1.
    at: usize,
}

/// Names that always stand for something.
pub(super) const BUILT_IN: [&str; 3] = ["uuid", "number", "address"];

impl Template {
    pub(super) fn parse(text: &str) -> Result<Self, TemplateError> {
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some(begin) = rest.find("${") {
            let error = TemplateError { at: text[..text.len() - rest.len() + begin].chars().count() + 1 };
            let (before, after) = (&rest[..begin], &rest[begin + 2..]);
            let end = after.find('}').ok_or_else(|| error.clone())?;
            let name = after[..end].trim();
            if name.is_empty() || name.contains(|c: char| !(c.is_alphanumeric() || "_-.".contains(c))) {
                return Err(error);
            }
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(Part::Name(name.into()));
            rest = &after[end + 1..];
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { parts })
    }

    /// The names in it.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Name(name) => Some(&**name),
            Part::Text(_) => None,
        })
    }

    /// The text with values in the place of names.
    pub(super) fn fill(&self, values: &Values<'_>) -> String {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Name(name) => values.write(name, &mut out),
            }
        }
        out
    }
}

/// What names stand for in a flow: the nearest wins.
#[derive(Debug, Default)]
pub(super) struct Values<'a> {
    /// What earlier steps kept.
    pub(super) captured: HashMap<&'a str, String>,
    /// Rows, as `name.column`.
    pub(super) rows: Vec<&'a HashMap<String, String>>,
    pub(super) variables: Option<&'a HashMap<String, String>>,
    /// The number of the flow.
    pub(super) number: u64,
    /// Random bits of the flow.
    pub(super) random: std::cell::Cell<u64>,
}

impl Values<'_> {
    fn write(&self, name: &str, out: &mut String) {
        let row = || self.rows.iter().find_map(|row| row.get(name));
        let variable = || self.variables.and_then(|variables| variables.get(name));
        if let Some(value) = self.captured.get(name).or_else(row).or_else(variable) {
            out.push_str(value);
            return;
        }
        let written = match name {
            "uuid" => write!(out, "{}", self.uuid()),
            "number" => write!(out, "{}", self.number),
            "address" => write!(out, "{}", self.address()),
            // Names are checked before the run; what a step was to keep and is not there stands for nothing.
            _ => Ok(()),
        };
        debug_assert!(written.is_ok(), "writing to a string does not fail");
    }

    pub(super) fn uuid(&self) -> uuid::Uuid {
        let bits = [self.next(), self.next()].map(u64::to_ne_bytes);
        uuid::Builder::from_random_bytes(std::array::from_fn(|byte| bits[byte / 8][byte % 8])).into_uuid()
    }

    /// An address of 10.0.0.0/8, for services that tell callers apart by a header.
    fn address(&self) -> std::net::Ipv4Addr {
        let [a, b, c, _] = (self.next() as u32).to_be_bytes();
        std::net::Ipv4Addr::new(10, a, b, c)
    }

    /// splitmix64, after Steele, Lea and Flood.
    pub(super) fn next(&self) -> u64 {
        let state = self.random.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
        self.random.set(state);
        let bits = (state ^ state >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let bits = (bits ^ bits >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ bits >> 31
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_in() {
        let template = Template::parse("a${x}b${ users.id }${none}$}").unwrap();
        assert_eq!(template.names().collect::<Vec<_>>(), ["x", "users.id", "none"]);
        let row =
            HashMap::from([("users.id".to_owned(), "7".to_owned()), ("x".to_owned(), "row".to_owned())]);
        let mut values = Values { rows: vec![&row], ..Values::default() };
        assert_eq!(template.fill(&values), "arowb7$}");
        values.captured.insert("x", "kept".to_owned());
        assert_eq!(template.fill(&values), "akeptb7$}");
    }

    #[test]
    fn built_in_names() {
        let values = Values { number: 5, ..Values::default() };
        let [one, other] = [(); 2].map(|()| Template::parse("${uuid}").unwrap().fill(&values));
        assert_ne!(one, other);
        assert_eq!(one.parse::<uuid::Uuid>().unwrap().get_version_num(), 4);
        assert_eq!(Template::parse("${number}").unwrap().fill(&values), "5");
        let [one, other] = [(); 2].map(|()| Template::parse("${address}").unwrap().fill(&values));
        assert!(one.starts_with("10.") && one != other);
    }

    #[test]
    fn what_is_not_closed_is_refused_with_its_place() {
        for (text, at) in [("${", 1), ("é${a", 2), ("${a}${}", 5), ("${a b}", 1)] {
            assert_eq!(Template::parse(text), Err(TemplateError { at }), "{text}");
        }
    }
}
