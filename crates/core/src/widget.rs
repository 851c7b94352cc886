//! How the widget of an inbox looks, and what it asks before the first message.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::{FormField, SettingError, content::check_fields};

/// Most questions before the first message: more send people away.
const PRE_CHAT_MAX: usize = 4;

/// The look of an inbox's widget, and its questions.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct WidgetSettings {
    /// The brand's colour, such as `#3366cc`; the widget has one of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub colour: Option<String>,
    /// The corner of the page that it is in.
    pub side: WidgetSide,
    /// Asked of whoever is not known, before the first message.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub pre_chat: Vec<FormField>,
    /// Whether visitors see who is there before they write. Names of people are published by choice only.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub team_shown: bool,
}

/// A lower corner of the page, as its language goes: right is left where one writes from right to left.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum WidgetSide {
    /// The left one.
    Left,
    /// The right one.
    #[default]
    Right,
}

impl WidgetSettings {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Holds everything against its limit.
    ///
    /// # Errors
    /// For the first that is wrong.
    pub(crate) fn check(&self) -> Result<(), SettingError> {
        let wrong = |field, what: String| Err(SettingError::Wrong { field, what });
        if self.colour.as_deref().is_some_and(|colour| !is_colour(colour)) {
            return wrong("widget.colour", "must be like #3366cc".to_owned());
        }
        if self.pre_chat.len() > PRE_CHAT_MAX {
            return wrong("widget.pre_chat", format!("must be at most {PRE_CHAT_MAX} questions"));
        }
        if let Err(error) = check_fields(&self.pre_chat) {
            return wrong("widget.pre_chat", error.to_string());
        }
        let mut names = HashSet::new();
        if let Some(twice) = self.pre_chat.iter().find(|field| !names.insert(&field.name)) {
            return wrong("widget.pre_chat", format!("has two questions with the name {:?}", twice.name));
        }
        Ok(())
    }
}

fn is_colour(text: &str) -> bool {
    let digits = text.strip_prefix('#').unwrap_or_default();
    digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_and_questions_are_held_against_their_limits() {
        let checked = |text: &str| serde_json::from_str::<WidgetSettings>(text).unwrap().check();
        let question = |name: &str| format!(r#"{{"name":"{name}","label":"?","type":"text"}}"#);
        let asks = |names: &[&str]| {
            let questions: Vec<_> = names.iter().map(|name| question(name)).collect();
            format!(r#"{{"pre_chat":[{}]}}"#, questions.join(","))
        };
        assert_eq!(checked("{}"), Ok(()));
        assert_eq!(checked(r##"{"colour":"#1859C9","side":"left"}"##), Ok(()));
        assert_eq!(checked(&asks(&["name", "email", "phone", "order"])), Ok(()));
        for (text, field) in [
            (r#"{"colour":"red"}"#.to_owned(), "widget.colour"),
            (r##"{"colour":"#12345é"}"##.to_owned(), "widget.colour"),
            (asks(&["a", "b", "c", "d", "e"]), "widget.pre_chat"),
            (asks(&["a", "a"]), "widget.pre_chat"),
            (asks(&[""]), "widget.pre_chat"),
            (r#"{"pre_chat":[{"name":"a","label":"?","type":"select"}]}"#.to_owned(), "widget.pre_chat"),
        ] {
            assert_eq!(checked(&text).unwrap_err().field(), field, "{text}");
        }
        assert!(serde_json::from_str::<WidgetSettings>(r#"{"side":"top"}"#).is_err());
    }
}
