//! What agents say of a conversation when they end it.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::SettingError;

/// Most categories of an inbox.
const CATEGORIES_MAX: usize = 200;

/// Most characters of a category.
const CATEGORY_CHARS_MAX: usize = 100;

/// What an inbox wants to know of a conversation that an agent ends.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct WrapUp {
    /// No agent ends a conversation without it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// What conversations are about; a slash leads to what is within, such as `Orders/Damaged`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<String>,
}

/// What an agent says of a conversation that it ends.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Summary {
    /// What it was about: one of the inbox's categories.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Whether the visitor got what it came for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub solved: Option<bool>,
}

/// Why a conversation does not end like this.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum SummaryError {
    /// Nothing was said.
    #[error("the inbox wants a summary of what ends")]
    Missing,
    /// There are categories, and none was named.
    #[error("one of the inbox's categories must be named")]
    NoCategory,
    /// Such a category is not, or no longer, among those of the inbox.
    #[error("the inbox has no such category")]
    OtherCategory,
    /// It was not said whether it is solved.
    #[error("it must be said whether it is solved")]
    Unsaid,
}

impl SummaryError {
    /// The field that is to blame.
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Self::Missing => "summary",
            Self::NoCategory | Self::OtherCategory => "summary.category",
            Self::Unsaid => "summary.solved",
        }
    }
}

impl WrapUp {
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
        let wrong = |what| Err(SettingError::Wrong { field: "wrap_up.categories", what });
        if self.categories.len() > CATEGORIES_MAX {
            return wrong(format!("must be at most {CATEGORIES_MAX}"));
        }
        let mut seen = HashSet::new();
        for category in &self.categories {
            let is_line = category.trim() == category && !category.chars().any(char::is_control);
            if category.is_empty() || !is_line || category.chars().nth(CATEGORY_CHARS_MAX).is_some() {
                let what = format!("must each be a line of 1 to {CATEGORY_CHARS_MAX} characters");
                return wrong(what);
            }
            if !seen.insert(category) {
                return wrong(format!("has {category:?} twice"));
            }
        }
        Ok(())
    }

    /// Whether a conversation may end with this, or without anything.
    ///
    /// # Errors
    /// When something is wanted that was not said, or the category is none of the inbox.
    pub fn takes(&self, summary: Option<&Summary>) -> Result<(), SummaryError> {
        let Some(summary) = summary else {
            return if self.required { Err(SummaryError::Missing) } else { Ok(()) };
        };
        match &summary.category {
            Some(category) if !self.categories.contains(category) => Err(SummaryError::OtherCategory),
            None if self.required && !self.categories.is_empty() => Err(SummaryError::NoCategory),
            _ if self.required && summary.solved.is_none() => Err(SummaryError::Unsaid),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrap_up(required: bool, categories: &[&str]) -> WrapUp {
        WrapUp { required, categories: categories.iter().map(|&name| name.to_owned()).collect() }
    }

    #[test]
    fn categories_are_held_against_their_limits() {
        assert_eq!(wrap_up(true, &["Orders", "Orders/Damaged", "退款"]).check(), Ok(()));
        let long = "x".repeat(CATEGORY_CHARS_MAX + 1);
        for categories in [&["a", "a"][..], &[""], &[" a"], &["a\n"], &[long.as_str()]] {
            let error = wrap_up(false, categories).check().unwrap_err();
            assert_eq!(error.field(), "wrap_up.categories", "{categories:?}");
        }
        assert!(wrap_up(false, &["a"; CATEGORIES_MAX + 1]).check().is_err());
        assert!(serde_json::from_str::<WrapUp>(r#"{"category":[]}"#).is_err());
        assert!(wrap_up(false, &[]).is_empty());
    }

    #[test]
    fn only_what_is_required_must_be_said_and_categories_are_those_of_the_inbox() {
        let said = |category: Option<&str>, solved| Summary { category: category.map(str::to_owned), solved };
        let free = wrap_up(false, &["Orders"]);
        assert_eq!(free.takes(None), Ok(()));
        assert_eq!(free.takes(Some(&said(None, None))), Ok(()));
        assert_eq!(free.takes(Some(&said(Some("Other"), None))), Err(SummaryError::OtherCategory));
        let strict = wrap_up(true, &["Orders"]);
        assert_eq!(strict.takes(None), Err(SummaryError::Missing));
        assert_eq!(strict.takes(Some(&said(None, Some(true)))), Err(SummaryError::NoCategory));
        assert_eq!(strict.takes(Some(&said(Some("Orders"), None))), Err(SummaryError::Unsaid));
        assert_eq!(strict.takes(Some(&said(Some("Orders"), Some(false)))), Ok(()));
        assert_eq!(wrap_up(true, &[]).takes(Some(&said(None, Some(true)))), Ok(()));
    }
}
