//! Typed reading of the tree: what is wrong is noted, and reading goes on.

use std::time::Duration;

use super::{
    ConfigError, Mistake,
    tree::{self, Entry, Node, What},
};

/// More mistakes than these are not looked for: nobody reads them.
const MISTAKES_MAX: usize = 100;

/// Gathers mistakes.
pub(super) struct Reader<'y> {
    yaml: &'y str,
    mistakes: Vec<(u32, String, String)>,
}

/// A node with the way to it.
#[derive(Clone)]
pub(super) struct At<'n> {
    pub(super) node: &'n Node,
    pub(super) path: String,
}

/// A map whose keys are taken one by one.
pub(super) struct Keys<'n> {
    pub(super) at: At<'n>,
    entries: &'n [Entry],
    taken: Vec<&'static str>,
}

impl<'y> Reader<'y> {
    pub(super) fn new(yaml: &'y str) -> Self {
        Self { yaml, mistakes: Vec::new() }
    }

    /// Notes that something is wrong with a node.
    pub(super) fn wrong(&mut self, at: &At<'_>, message: impl Into<String>) {
        self.note(at.node.number, at.path.clone(), message.into());
    }

    fn note(&mut self, number: u32, path: String, message: String) {
        if self.mistakes.len() < MISTAKES_MAX {
            self.mistakes.push((number, path, message));
        }
    }

    /// Whether nothing is wrong so far.
    pub(super) fn is_right(&self) -> bool {
        self.mistakes.is_empty()
    }

    /// What is wrong, in the order of the file.
    pub(super) fn finish(mut self) -> Result<(), ConfigError> {
        if self.mistakes.is_empty() {
            return Ok(());
        }
        self.mistakes.sort();
        self.mistakes.dedup();
        let mistakes = self.mistakes.into_iter().map(|(number, path, message)| Mistake {
            line: tree::line_of(self.yaml, number),
            path,
            message,
        });
        Err(ConfigError { file: None, mistakes: mistakes.collect() })
    }

    /// The keys of a map.
    pub(super) fn keys<'n>(&mut self, at: &At<'n>) -> Option<Keys<'n>> {
        let entries = self.entries(at)?;
        Some(Keys { at: at.clone(), entries, taken: Vec::new() })
    }

    /// The entries of a map with names that the file chooses.
    pub(super) fn members<'n>(&mut self, at: &At<'n>) -> Vec<(&'n str, At<'n>)> {
        let Some(entries) = self.entries(at) else { return Vec::new() };
        entries.iter().map(|entry| (entry.key.as_str(), at.down(&entry.key, &entry.node))).collect()
    }

    fn entries<'n>(&mut self, at: &At<'n>) -> Option<&'n [Entry]> {
        let What::Map(entries) = &at.node.what else {
            self.wrong(at, "a map is needed");
            return None;
        };
        for (place, entry) in entries.iter().enumerate() {
            if entries[..place].iter().any(|earlier| earlier.key == entry.key) {
                self.note(entry.number, at.below(&entry.key), "this key is there twice".to_owned());
            }
        }
        Some(entries)
    }

    pub(super) fn text<'n>(&mut self, at: &At<'n>) -> Option<&'n str> {
        if let What::Text(text) = &at.node.what {
            return Some(text);
        }
        self.wrong(at, "a text is needed");
        None
    }

    pub(super) fn flag(&mut self, at: &At<'_>) -> Option<bool> {
        if let What::Boolean(value) = at.node.what {
            return Some(value);
        }
        self.wrong(at, "`true` or `false` is needed");
        None
    }

    /// A whole number within bounds.
    pub(super) fn number(&mut self, at: &At<'_>, min: u64, max: u64) -> Option<u64> {
        let number = match &at.node.what {
            What::Number(number) => number.as_u64(),
            _ => None,
        };
        let number = number.filter(|number| (min..=max).contains(number));
        if number.is_none() {
            self.wrong(at, format!("a whole number from {min} to {max} is needed"));
        }
        number
    }

    /// A duration such as `500ms` or `2s`.
    pub(super) fn duration(&mut self, at: &At<'_>, max: Duration) -> Option<Duration> {
        let read = match &at.node.what {
            What::Text(text) => duration(text),
            _ => None,
        };
        let read = read.filter(|read| !read.is_zero() && *read <= max);
        if read.is_none() {
            let max = max.as_secs();
            self.wrong(at, format!("a duration such as 500ms or 2s is needed, at most {max}s"));
        }
        read
    }

    /// A list, or one item in its place.
    pub(super) fn items<'n>(&mut self, at: &At<'n>) -> Vec<At<'n>> {
        match &at.node.what {
            What::List(items) => {
                items.iter().enumerate().map(|(place, node)| at.down(&place.to_string(), node)).collect()
            }
            _ => vec![at.clone()],
        }
    }

    /// A list of texts, or one text in its place.
    pub(super) fn texts(&mut self, at: &At<'_>) -> Vec<String> {
        let items = self.items(at);
        items.iter().filter_map(|item| self.text(item).map(str::to_owned)).collect()
    }

    /// Notes the keys that nobody took.
    pub(super) fn unknown(&mut self, keys: &Keys<'_>) {
        for entry in keys.entries.iter().filter(|entry| !keys.taken.contains(&entry.key.as_str())) {
            let near = near(&entry.key, keys.taken.iter().copied());
            let message = format!("unknown key `{}`{near}", entry.key);
            self.note(entry.number, keys.at.below(&entry.key), message);
        }
    }
}

impl<'n> At<'n> {
    /// The root of a file.
    pub(super) fn root(node: &'n Node) -> Self {
        Self { node, path: String::new() }
    }

    fn below(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    fn down(&self, key: &str, node: &'n Node) -> Self {
        Self { node, path: self.below(key) }
    }
}

impl<'n> Keys<'n> {
    /// The value of a key, if it is there.
    pub(super) fn take(&mut self, key: &'static str) -> Option<At<'n>> {
        self.taken.push(key);
        let entry = self.entries.iter().find(|entry| entry.key == key)?;
        Some(self.at.down(key, &entry.node))
    }

    /// The value of a key that must be there.
    pub(super) fn need(&mut self, key: &'static str, reader: &mut Reader<'_>) -> Option<At<'n>> {
        let found = self.take(key);
        if found.is_none() {
            reader.wrong(&self.at, format!("`{key}` is missing"));
        }
        found
    }

    /// What nobody took, for whoever understands it.
    pub(super) fn rest(&self) -> serde_json::Value {
        let rest = self.entries.iter().filter(|entry| !self.taken.contains(&entry.key.as_str()));
        serde_json::Value::Object(rest.map(|entry| (entry.key.clone(), entry.node.to_json())).collect())
    }
}

/// `; did you mean …?`, if a name is near.
pub(super) fn near<'k>(name: &str, known: impl Iterator<Item = &'k str>) -> String {
    let likeness = |other: &str| {
        // Of short names, two letters that changed places are half of it.
        if strsim::osa_distance(name, other) == 1 { 1.0 } else { strsim::jaro_winkler(name, other) }
    };
    let likely = known.map(|other| (likeness(other), other)).filter(|(likeness, _)| *likeness > 0.75);
    let nearest = likely.max_by(|(a, _), (b, _)| a.total_cmp(b));
    nearest.map(|(_, other)| format!("; did you mean `{other}`?")).unwrap_or_default()
}

fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    match unit.trim_start() {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_secs(number.checked_mul(60)?)),
        "h" => Some(Duration::from_secs(number.checked_mul(3600)?)),
        _ => None,
    }
}
