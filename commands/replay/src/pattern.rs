//! What a rule is about: fields such as `body:/items/*/price`, and endpoints such as `GET /users/{id}`.

use serde::Deserialize;

/// A part of a path as a rule has it.
#[derive(Clone, Debug, Eq, PartialEq)]
enum Segment {
    Exact(String),
    /// `*`: one segment.
    Any,
    /// `{name}`: one segment that has a name.
    Named(String),
    /// `**`: any number of them.
    Rest,
}

/// A path as a rule has it.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Path(Vec<Segment>);

impl Path {
    fn parse(text: &str) -> Self {
        let segments = text.split('/').map(|segment| match segment {
            "**" => Segment::Rest,
            "*" => Segment::Any,
            name if name.len() > 2 && name.starts_with('{') && name.ends_with('}') => {
                Segment::Named(name[1..name.len() - 1].to_owned())
            }
            exact => Segment::Exact(exact.to_owned()),
        });
        Self(segments.collect())
    }

    /// Whether a path fits; the last `**` is the only one that is ever tried again.
    fn fits(&self, path: &[&str]) -> bool {
        let (mut at, mut of) = (0, 0);
        let mut rest = None;
        while of < path.len() {
            match self.0.get(at) {
                Some(Segment::Rest) => {
                    rest = Some((at, of));
                    at += 1;
                    continue;
                }
                Some(Segment::Any | Segment::Named(_)) => {
                    (at, of) = (at + 1, of + 1);
                    continue;
                }
                Some(Segment::Exact(exact)) if exact == path[of] => {
                    (at, of) = (at + 1, of + 1);
                    continue;
                }
                _ => {}
            }
            let Some((rest_at, rest_of)) = rest else { return false };
            rest = Some((rest_at, rest_of + 1));
            (at, of) = (rest_at + 1, rest_of + 1);
        }
        self.0[at..].iter().all(|segment| *segment == Segment::Rest)
    }
}

/// A field of answers.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub(crate) struct FieldPattern(Kind);

#[derive(Clone, Debug, Eq, PartialEq)]
enum Kind {
    /// A word that stands for itself: `status`, `answer` or `body`.
    Word(String),
    /// A name of headers in small letters; an asterisk at its end stands for the rest.
    Header(String),
    Body(Path),
}

impl TryFrom<String> for FieldPattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let kind = match text.split_once(':') {
            None if matches!(text.as_str(), "status" | "answer" | "body") => Some(Kind::Word(text.clone())),
            Some(("header", name)) if !name.is_empty() => Some(Kind::Header(name.to_ascii_lowercase())),
            Some(("body", path)) if path.starts_with('/') => Some(Kind::Body(Path::parse(&path[1..]))),
            _ => None,
        };
        kind.map(Self).ok_or_else(|| {
            format!("{text:?} is no field such as status, header:x-version, body or body:/items/*/price")
        })
    }
}

impl FieldPattern {
    /// Whether a field fits, named as differences are.
    pub(crate) fn fits(&self, field: &str) -> bool {
        match &self.0 {
            Kind::Word(word) => field == word,
            Kind::Header(name) => field.strip_prefix("header:").is_some_and(|field| {
                name.strip_suffix('*').map_or(field == name, |start| field.starts_with(start))
            }),
            Kind::Body(path) => field
                .strip_prefix("body:/")
                .is_some_and(|field| path.fits(&field.split('/').collect::<Vec<_>>())),
        }
    }
}

/// Requests that are alike.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub(crate) struct EndpointPattern {
    /// As it is written.
    text: String,
    method: Option<String>,
    path: Path,
}

impl TryFrom<String> for EndpointPattern {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (method, path) = match text.split_once(' ') {
            Some((method, path)) => (Some(method.to_owned()), path),
            None => (None, text.as_str()),
        };
        if !path.starts_with('/') || path.contains([' ', '?']) {
            return Err(format!("{text:?} is no endpoint such as /static/** or GET /users/{{name}}/orders"));
        }
        let path = Path::parse(path);
        Ok(Self { method, path, text })
    }
}

impl EndpointPattern {
    /// Whether a request fits, by its method and the path of its target.
    pub(crate) fn fits(&self, method: &str, path: &str) -> bool {
        self.method.as_ref().is_none_or(|known| known == method)
            && self.path.fits(&path.split('/').collect::<Vec<_>>())
    }

    /// As it is written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The segments of a path that fits which have names, as far as they stand before a `**`.
    pub(crate) fn named<'a>(&'a self, path: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let before = self.path.0.iter().take_while(|segment| **segment != Segment::Rest);
        before.zip(path.split('/')).filter_map(|(segment, part)| match segment {
            Segment::Named(name) => Some((name.as_str(), part)),
            _ => None,
        })
    }

    /// The endpoint that such requests are.
    pub(crate) fn name(&self, method: &str) -> String {
        match self.method {
            Some(_) => self.text.clone(),
            None => format!("{method} {}", self.text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_fit_by_their_segments() {
        let fits =
            |pattern: &str, field: &str| FieldPattern::try_from(pattern.to_owned()).unwrap().fits(field);
        assert!(fits("status", "status") && !fits("status", "body"));
        assert!(fits("header:X-Request-*", "header:x-request-id") && !fits("header:x-a", "header:x-ab"));
        assert!(fits("body:/items/*/price", "body:/items/*/price"));
        assert!(fits("body:/**/at", "body:/at") && fits("body:/**/at", "body:/a/*/b/at"));
        assert!(fits("body:/a/**", "body:/a/b/c") && fits("body:/a/**/c/**/e", "body:/a/c/d/c/e"));
        assert!(!fits("body:/a/*", "body:/a/b/c") && !fits("body:/**/at", "body:/at/x"));
        for bad in ["bdy:/a", "body:a", "header:", "cookie"] {
            assert!(FieldPattern::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }

    #[test]
    fn endpoints_fit_by_method_and_path() {
        let of = |pattern: &str| EndpointPattern::try_from(pattern.to_owned()).unwrap();
        assert!(of("GET /u/{name}/x").fits("GET", "/u/anna/x") && !of("GET /u/{name}").fits("POST", "/u/a"));
        assert!(of("/static/**").fits("GET", "/static/a/b.js"));
        assert_eq!(of("/u/{a}/x/{b}/**").named("/u/1/x/2/3").collect::<Vec<_>>(), [("a", "1"), ("b", "2")]);
        assert_eq!(of("/static/**").name("HEAD"), "HEAD /static/**");
        assert_eq!(of("GET /u/{name}").name("GET"), "GET /u/{name}");
        for bad in ["users", "GET users", "/a b", "/a?b=c"] {
            assert!(EndpointPattern::try_from(bad.to_owned()).is_err(), "{bad}");
        }
    }
}
