//! What changed of something since somebody looked at it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How often something was changed, and with which change each of its fields last: whoever changes it can be told
/// what others changed meanwhile.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FieldVersions {
    version: u32,
    #[serde(default)]
    fields: BTreeMap<String, u32>,
}

impl Default for FieldVersions {
    fn default() -> Self {
        Self { version: 1, fields: BTreeMap::new() }
    }
}

impl FieldVersions {
    /// 1 when it was made, and one more with each change.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Counts a change of these fields; of none it is no change.
    pub fn change(&mut self, fields: Vec<String>) {
        if !fields.is_empty() {
            self.version = self.version.saturating_add(1);
        }
        self.fields.extend(fields.into_iter().map(|field| (field, self.version)));
    }

    /// The fields that changed after version `seen`.
    pub fn since(&self, seen: u32) -> impl Iterator<Item = &str> {
        let later = self.fields.iter().filter(move |(_, version)| **version > seen);
        later.map(|(field, _)| field.as_str())
    }
}

/// The fields of `settings` that are not the same in both.
pub(crate) fn differing<T: Serialize>(before: &T, after: &T) -> Vec<String> {
    let fields = |settings: &T| match serde_json::to_value(settings) {
        Ok(Value::Object(fields)) => fields,
        _ => serde_json::Map::new(),
    };
    let (before, after) = (fields(before), fields(after));
    let added = after.keys().filter(|name| !before.contains_key(*name));
    let differing = before.keys().chain(added).filter(|name| before.get(*name) != after.get(*name));
    differing.map(|name| format!("settings.{name}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TeamSettings;

    #[test]
    fn who_looked_earlier_is_told_of_more() {
        let mut versions = FieldVersions::default();
        versions.change(vec!["name".to_owned(), "greeting".to_owned()]);
        versions.change(Vec::new());
        versions.change(vec!["name".to_owned()]);
        assert_eq!(versions.version(), 3);
        let since = |seen| versions.since(seen).collect::<Vec<_>>();
        assert_eq!(since(1), ["greeting", "name"]);
        assert_eq!(since(2), ["name"]);
        assert!(since(3).is_empty());
        let kept = serde_json::to_string(&versions).unwrap();
        assert_eq!(serde_json::from_str::<FieldVersions>(&kept).unwrap(), versions);
    }

    #[test]
    fn settings_differ_by_what_is_added_changed_and_taken_away() {
        let settings = |text: &str| serde_json::from_str::<TeamSettings>(text).unwrap();
        let before = settings(r#"{"max_queue":3,"accept_timeout_s":20}"#);
        let after = settings(r#"{"max_queue":4,"relax_after_s":9}"#);
        let named = differing(&before, &after);
        assert_eq!(named, ["settings.accept_timeout_s", "settings.max_queue", "settings.relax_after_s"]);
        assert!(differing(&before, &before.clone()).is_empty());
    }
}
