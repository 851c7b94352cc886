use std::{collections::BTreeMap, fmt, ops::Deref};

use super::{
    layers::refuse,
    render::{REDACTED, yaml_lines},
    setting::{Setting, Shown},
};
use crate::{Failure, Language, Text};

/// Where a value came from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// A line of the configuration file.
    File {
        /// The file as the user named it.
        file: String,
        /// The line, from 1.
        line: usize,
    },
    /// An environment variable.
    Variable(String),
    /// A flag, with its dashes.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { file, line } => write!(f, "{file}:{line}"),
            Self::Variable(name) => f.write_str(name),
            Self::Flag(name) => f.write_str(name),
        }
    }
}

/// How the effective configuration is printed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, clap::ValueEnum)]
pub enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
}

/// The path of a key from the top of a file; a file without sections has none before it.
pub(super) fn full_path(section: &str, path: &str) -> String {
    match (section, path) {
        ("", path) => path.to_owned(),
        (section, "") => section.to_owned(),
        (section, path) => format!("{section}.{path}"),
    }
}

/// A section after all layers, and where each of its values came from.
#[derive(Clone, Debug)]
pub struct Effective<T> {
    settings: T,
    section: String,
    origins: BTreeMap<String, Origin>,
}

impl<T> Deref for Effective<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.settings
    }
}

impl<T: Setting> Effective<T> {
    pub(super) fn new(settings: T, section: &str, origins: BTreeMap<String, Origin>) -> Self {
        Self { settings, section: section.to_owned(), origins }
    }

    /// Gives the settings away.
    pub fn into_inner(self) -> T {
        self.settings
    }

    /// Says where the value at `path` came from.
    pub fn origin(&self, path: &str) -> &Origin {
        self.origins.get(path).unwrap_or(&Origin::Default)
    }

    /// Refuses the value at `path`, with its place: for what a command checks across several values.
    ///
    /// What is missing is refused where the group stands that lacks it.
    pub fn reject(&self, path: &str, text: impl Into<Text>) -> Failure {
        let text = text.into();
        let path_full = full_path(&self.section, path);
        let outer = std::iter::successors(Some(path), |path| path.rsplit_once('.').map(|(outer, _)| outer));
        let origin = outer.filter_map(|path| self.origins.get(path)).next().unwrap_or(&Origin::Default);
        refuse(
            &origin.to_string(),
            &Text::new(
                format!("`{path_full}`: {}", text.in_language(Language::English)),
                format!("`{path_full}`:{}", text.in_language(Language::Chinese)),
            ),
            0,
        )
    }

    /// Writes every value and its origin; secrets are redacted. As text it is YAML that kefu reads again.
    pub fn print(&self, format: Format) -> String {
        match format {
            Format::Text => self.text(),
            Format::Json => self.json(),
        }
    }

    fn text(&self) -> String {
        let mut lines = Vec::new();
        yaml_lines(&self.settings.describe(), "", 1, &mut lines, &|path, value| {
            (value, format!("# {}", self.origin(path)))
        });
        let width = lines.iter().map(|(line, _)| line.chars().count()).max().unwrap_or_default();
        let mut out = format!("{}:\n", self.section);
        for (line, comment) in lines {
            let padding = width - line.chars().count();
            let line = format!("{line}{:padding$}  {comment}", "");
            out.push_str(line.trim_end());
            out.push('\n');
        }
        out
    }

    fn json(&self) -> String {
        let mut values = Vec::new();
        self.settings.describe().each_value(&mut |path, _, shown| {
            let origin = self.origin(&path).to_string();
            values.push(serde_json::json!({
                "key": format!("{}.{path}", self.section),
                "value": json_value(shown),
                "origin": origin,
            }));
        });
        let mut out = format!("{:#}", serde_json::Value::Array(values));
        out.push('\n');
        out
    }
}

fn json_value(shown: &Shown) -> serde_json::Value {
    match shown {
        Shown::Unset => serde_json::Value::Null,
        Shown::Plain(text, true) => text.as_str().into(),
        Shown::Plain(text, false) => serde_json::from_str(text).unwrap_or_else(|_| text.as_str().into()),
        Shown::List(items) => items.iter().map(json_value).collect(),
        Shown::Redacted => REDACTED.into(),
    }
}
