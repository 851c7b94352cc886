//! The file that says what is not compared, and what is as good as equal.

use std::path::Path;

use kefu_app::{Exit, Failure, Text};
use kefu_channel::{read_file, wrong_at};
use serde::{Deserialize, Deserializer, de::Error as _};

use super::tolerance::Tolerance;
use crate::{
    endpoint,
    pattern::{EndpointPattern, FieldPattern},
    yaml,
};

/// Headers that differ from answer to answer, or belong to the connection and not to the answer.
pub(super) const VOLATILE: [&str; 29] = [
    "age",
    "alt-svc",
    "cf-ray",
    "connection",
    "content-length",
    "date",
    "etag",
    "expires",
    "keep-alive",
    "last-modified",
    "nel",
    "report-to",
    "request-id",
    "server",
    "server-timing",
    "traceparent",
    "tracestate",
    "transfer-encoding",
    "vary",
    "via",
    "x-amzn-trace-id",
    "x-cache",
    "x-correlation-id",
    "x-powered-by",
    "x-ratelimit-remaining",
    "x-ratelimit-reset",
    "x-request-id",
    "x-response-time",
    "x-runtime",
];

/// Rules that come with kefu, for the translations of these names.
const SHIPPED: [(&str, &str); 1] = [("gofly", include_str!("../../translations/gofly-diff.yaml"))];

/// What a comparison goes by.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rules {
    /// The version of the format: 1.
    #[serde(rename = "kefu_diff", deserialize_with = "version")]
    _version: (),
    /// Headers that usually differ are not compared.
    #[serde(default = "yes")]
    pub(super) ignore_volatile_headers: bool,
    /// What is not compared.
    #[serde(default)]
    ignore: Vec<Ignored>,
    /// How the items of lists are put side by side.
    #[serde(default)]
    arrays: Vec<ArrayRule>,
    /// What is as good as equal.
    #[serde(default)]
    tolerances: Vec<Tolerance>,
    /// Requests that are alike, the first that fits.
    #[serde(default)]
    endpoints: Vec<EndpointPattern>,
    /// From when on a difference is more than noise.
    #[serde(default)]
    pub(super) thresholds: Thresholds,
}

/// A field that is not compared.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ignored {
    field: FieldPattern,
    #[serde(default)]
    endpoint: Option<EndpointPattern>,
}

/// How the items of a list are put side by side; without a rule by their places.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ArrayRule {
    field: FieldPattern,
    #[serde(default)]
    endpoint: Option<EndpointPattern>,
    by: Alignment,
}

/// What puts items side by side.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(try_from = "String")]
pub(super) enum Alignment {
    /// The same value of this member.
    Key(String),
    /// Being equal: order does not matter.
    Value,
}

impl TryFrom<String> for Alignment {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.strip_prefix("key:") {
            Some(name) if !name.is_empty() => Ok(Self::Key(name.to_owned())),
            None if text == "value" => Ok(Self::Value),
            _ => Err(format!("{text:?} is neither key:NAME nor value")),
        }
    }
}

/// From when on the differences of a field are more than noise, in percent.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Thresholds {
    /// The differences beyond the noise, of all differences.
    pub(super) relative: f64,
    /// The differences beyond the noise, of all answers.
    pub(super) absolute: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { relative: 20.0, absolute: 0.03 }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            _version: (),
            ignore_volatile_headers: true,
            ignore: Vec::new(),
            arrays: Vec::new(),
            tolerances: Vec::new(),
            endpoints: Vec::new(),
            thresholds: Thresholds::default(),
        }
    }
}

fn version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    match u32::deserialize(deserializer)? {
        1 => Ok(()),
        other => Err(D::Error::custom(format!("this kefu reads version 1 of the format, not {other}"))),
    }
}

fn yes() -> bool {
    true
}

/// What answers are about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// The path without the query.
    path: String,
    /// What it is counted under.
    pub(crate) endpoint: String,
}

impl Rules {
    /// Reads a file, or one that comes with kefu; without one, the defaults.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or something in it is wrong.
    pub(crate) fn load(path: Option<&Path>) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self::default()) };
        let shipped = SHIPPED.iter().find(|(name, _)| Path::new(name) == path);
        let text = match shipped {
            Some((_, text)) => (*text).to_owned(),
            None => yaml::text(path)?,
        };
        Self::read(&text).map_err(|error| yaml::wrong(path, &error))
    }

    fn read(text: &str) -> Result<Self, kefu_channel::FileError> {
        let rules: Self = read_file(text)?;
        for (index, tolerance) in rules.tolerances.iter().enumerate() {
            if let Err(why) = tolerance.check() {
                return Err(wrong_at(text, &format!("tolerances.{index}"), why));
            }
        }
        for (key, percent) in
            [("relative", rules.thresholds.relative), ("absolute", rules.thresholds.absolute)]
        {
            if !(0.0..=100.0).contains(&percent) {
                let why = "it is a percentage from 0 to 100".to_owned();
                return Err(wrong_at(text, &format!("thresholds.{key}"), why));
            }
        }
        Ok(rules)
    }

    /// What a request is counted under.
    pub(crate) fn asked(&self, method: &str, target: &str) -> Asked {
        let path = endpoint::path(target);
        let known = self.endpoints.iter().find(|pattern| pattern.fits(method, path));
        let endpoint = match known {
            Some(pattern) => pattern.name(method),
            None => format!("{method} {}", endpoint::template(target)),
        };
        Asked { method: method.to_owned(), path: path.to_owned(), endpoint }
    }

    /// What an answer is counted under whose request is not known.
    pub(crate) fn asked_unknown() -> Asked {
        Asked { method: String::new(), path: String::new(), endpoint: "?".to_owned() }
    }

    /// Whether a field is not compared.
    pub(super) fn ignores(&self, field: &str, asked: &Asked) -> bool {
        let is_volatile = |field: &str| {
            self.ignore_volatile_headers
                && field.strip_prefix("header:").is_some_and(|name| VOLATILE.binary_search(&name).is_ok())
        };
        is_volatile(field)
            || self.ignore.iter().any(|rule| rule.field.fits(field) && asked.fits(rule.endpoint.as_ref()))
    }

    /// How the items of a list are put side by side, if not by their places.
    pub(super) fn alignment(&self, field: &str, asked: &Asked) -> Option<&Alignment> {
        let is_for = |rule: &&ArrayRule| rule.field.fits(field) && asked.fits(rule.endpoint.as_ref());
        self.arrays.iter().find(is_for).map(|rule| &rule.by)
    }

    /// What is as good as equal in a field.
    pub(super) fn tolerances<'a>(
        &'a self,
        field: &'a str,
        asked: &'a Asked,
    ) -> impl Iterator<Item = &'a Tolerance> {
        self.tolerances
            .iter()
            .filter(move |rule| rule.field.fits(field) && asked.fits(rule.endpoint.as_ref()))
    }
}

impl Asked {
    fn fits(&self, endpoint: Option<&EndpointPattern>) -> bool {
        endpoint.is_none_or(|pattern| pattern.fits(&self.method, &self.path))
    }
}

/// A failure that is not about a file's text.
pub(crate) fn cannot_compare(why: Text) -> Failure {
    Failure::new(Exit::Usage, Text::new("cannot compare answers", "无法比较应答")).hint(why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_has_its_line() {
        for (text, expected) in [
            ("kefu_diff: 1\nignored: []\n", "unknown key `ignored`; did you mean `ignore`?"),
            ("kefu_diff: 2\n", "this kefu reads version 1 of the format, not 2"),
            ("kefu_diff: 1\nignore:\n  - field: bdy:/a\n", "3:"),
            ("kefu_diff: 1\ntolerances:\n  - field: status\n", "3:"),
            ("kefu_diff: 1\nthresholds:\n  relative: 200\n", "3:13: thresholds.relative: it is a percentage"),
            (
                "kefu_diff: 1\narrays:\n  - {field: 'body:/a', by: id}\n",
                "\"id\" is neither key:NAME nor value",
            ),
        ] {
            let error = Rules::read(text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
        assert!(Rules::read("kefu_diff: 1\n").is_ok());
        assert!(Rules::load(Some(Path::new("gofly"))).is_ok());
        assert!(VOLATILE.is_sorted(), "it is looked through by halves");
    }

    #[test]
    fn rules_are_for_their_endpoints() {
        let rules = Rules::read(
            "kefu_diff: 1\n\
             ignore:\n  - {field: 'body:/**/at'}\n  - {field: status, endpoint: 'POST /login'}\n\
             endpoints: ['/shops/{shop}/**']\n",
        )
        .unwrap();
        let login = rules.asked("POST", "/login?x=1");
        assert_eq!(login.endpoint, "POST /login");
        assert!(rules.ignores("status", &login) && rules.ignores("body:/a/at", &login));
        assert!(rules.ignores("header:date", &login) && !rules.ignores("header:x-a", &login));
        let shop = rules.asked("GET", "/shops/anna/items/7");
        assert_eq!(shop.endpoint, "GET /shops/{shop}/**");
        assert!(!rules.ignores("status", &shop));
        assert_eq!(rules.asked("GET", "/users/7").endpoint, "GET /users/{id}");
    }
}
