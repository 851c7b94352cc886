//! A file becomes a channel, or a list of what is wrong with it, each with its line.

mod check;
mod locate;

use std::fmt;

use kefu_wire::{Loader, MemoryLoader};
use serde::de::DeserializeOwned;

use super::{
    Given, Kind, Window,
    file::{File, Span},
    model::Pull,
    system::System,
    url::Origin,
};

/// No file is larger.
const FILE_BYTES_MAX: usize = 256 << 10;

/// A chat service, by its file.
#[derive(Debug)]
pub struct Channel {
    pub(super) file: File,
    pub(super) hosts: Vec<HostRule>,
    /// What speaks SOAP or Thrift, by the description that the file names.
    pub(super) system: Option<System>,
}

/// Where requests may go.
#[derive(Debug)]
pub(super) enum HostRule {
    Origin(Origin),
    /// The origin of the address in this setting.
    Setting(String),
}

/// What is wrong in a file, displayed as `12:5: send.text: …`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct FileError {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
    /// The key, such as `send.text.json`; empty for the file as a whole.
    pub key: String,
    /// What is wrong, and what would be right.
    pub message: String,
}

impl fmt::Display for FileError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, key, message } = self;
        write!(out, "{line}:{column}: ")?;
        if !key.is_empty() {
            write!(out, "{key}: ")?;
        }
        out.write_str(message)
    }
}

impl std::error::Error for FileError {}

impl Channel {
    /// Reads a `channel.yaml` that stands alone.
    ///
    /// # Errors
    /// All that is wrong with it; of a file that is not built right, the first.
    pub fn load(yaml: &str) -> Result<Self, Vec<FileError>> {
        Self::load_with(yaml, &MemoryLoader::default())
    }

    /// Reads a `channel.yaml` and the description of its messages that it may name; `loader` gives files beside it.
    ///
    /// # Errors
    /// As [`Channel::load`].
    pub fn load_with(yaml: &str, loader: &dyn Loader) -> Result<Self, Vec<FileError>> {
        let file: File = read(yaml).map_err(|error| vec![error])?;
        let (hosts, mut errors) = check::hosts(&file);
        let system = match file.schema.as_ref().map(|schema| System::load(schema, loader)) {
            Some(Ok(system)) => Some(system),
            Some(Err((key, message))) => {
                errors.push((key.to_owned(), message));
                None
            }
            None => None,
        };
        errors.extend(check::all(&file, &hosts, system.as_ref()));
        if errors.is_empty() {
            return Ok(Self { file, hosts, system });
        }
        let errors = errors.into_iter().map(|(key, message)| error_at(yaml, key, message));
        let mut errors: Vec<_> = errors.collect();
        errors.sort_by_key(|error| (error.line, error.column));
        Err(errors)
    }

    /// Its name in addresses and settings.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.file.id.0
    }

    /// Its name for people.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.file.name
    }

    /// What the operator must know before using it.
    #[must_use]
    pub fn about(&self) -> &str {
        self.file.about.as_deref().unwrap_or_default()
    }

    /// Whether it is on where nobody turned it on or off.
    #[must_use]
    pub fn is_enabled(&self) -> bool {
        self.file.enabled
    }

    /// The names of its secrets.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        self.file.secrets.iter().map(|name| name.0.as_str())
    }

    /// The names of its settings.
    pub fn settings(&self) -> impl Iterator<Item = &str> {
        self.file.settings.iter().map(|name| name.0.as_str())
    }

    /// The secrets and settings that have no value, such as `secret.token`.
    #[must_use]
    pub fn missing(&self, given: &Given) -> Vec<String> {
        let lacks = |value: Option<&String>| value.is_none_or(String::is_empty);
        let secrets = self.secrets().filter(|name| lacks(given.secrets.get(*name)));
        let settings = self.settings().filter(|name| lacks(given.settings.get(*name)));
        let secrets = secrets.map(|name| format!("secret.{name}"));
        secrets.chain(settings.map(|name| format!("setting.{name}"))).collect()
    }

    /// Whether the service posts to us.
    #[must_use]
    pub fn receives(&self) -> bool {
        self.file.receive.is_some()
    }

    /// Whether messages of this kind go as what they are; the others go as texts.
    #[must_use]
    pub fn sends(&self, kind: Kind) -> bool {
        self.file.send.contains_key(&kind)
    }

    /// How many requests it takes to get the bytes of a file; 0 if [`Media::url`](super::Media::url) is all there is.
    #[must_use]
    pub fn fetch_steps(&self) -> usize {
        self.file.fetch.len()
    }

    /// The list to look at every so many milliseconds, if there is one.
    #[must_use]
    pub fn poll(&self) -> Option<(Pull, u64)> {
        let Span(every) = self.file.pull.as_ref()?.every?;
        Some((Pull { list: String::new(), notice: serde_json::Value::Null }, every))
    }

    /// For how many milliseconds the service may send a message again.
    #[must_use]
    pub fn dedupe_ttl_ms(&self) -> u64 {
        let dedupe = self.file.messages.as_ref().and_then(|messages| messages.dedupe.as_ref());
        dedupe.map_or(super::file::day().0, |dedupe| dedupe.ttl.0)
    }

    /// How many messages may answer a customer, and for how long.
    #[must_use]
    pub fn window(&self) -> Window {
        let rule = &self.file.window;
        Window { within_ms: rule.within.map(|span| span.0), messages: rule.messages }
    }

    /// How many requests the service takes in how many milliseconds.
    #[must_use]
    pub fn rate(&self) -> Option<(u32, u64)> {
        self.file.limits.rate.map(|rate| (rate.requests, rate.per_ms))
    }

    /// The most bytes of a request that are read.
    #[must_use]
    pub fn body_bytes_max(&self) -> usize {
        self.file.limits.body.0
    }
}

/// Reads a file, which may cost no more than a file needs.
pub(super) fn read<T: DeserializeOwned>(yaml: &str) -> Result<T, FileError> {
    let whole = |message: String| FileError { line: 1, column: 1, key: String::new(), message };
    if yaml.len() > FILE_BYTES_MAX {
        return Err(whole(format!("the file has more than {FILE_BYTES_MAX} bytes")));
    }
    if locate::nests_deeper(yaml) {
        return Err(whole("brackets nest too deep".to_owned()));
    }
    locate::size(yaml).map_err(|error| locate::built_wrong(&error))?;
    serde_yaml::from_str(yaml).map_err(|error| locate::built_wrong(&error))
}

/// What is wrong at a key, with the key's place.
pub(super) fn error_at(yaml: &str, key: String, message: String) -> FileError {
    let (line, column) = locate::key(yaml, &key);
    FileError { line, column, key, message }
}

/// `; did you mean …?`, if a name is near.
pub(super) fn near<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> String {
    let likeness = |other: &str| {
        // Of short names, two letters that changed places are half of it.
        if strsim::osa_distance(name, other) == 1 { 1.0 } else { strsim::jaro_winkler(name, other) }
    };
    let likely = known.map(|other| (likeness(other), other)).filter(|(likeness, _)| *likeness > 0.75);
    let nearest = likely.max_by(|(a, _), (b, _)| a.total_cmp(b));
    nearest.map(|(_, other)| format!("; did you mean `{other}`?")).unwrap_or_default()
}
