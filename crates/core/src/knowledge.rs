//! Words of the knowledge base.

use serde::{Deserialize, Serialize};

/// A language that articles are written in.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Chinese.
    Zh,
    /// English.
    En,
}

/// Whether an article is shown.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ArticleState {
    /// It is being written: agents see it.
    #[default]
    Draft,
    /// Everybody sees it.
    Published,
    /// It is kept, and only those who write the knowledge base see it.
    Archived,
}

impl Language {
    /// All of them, the one first that stands in for the others.
    pub const ALL: [Self; 2] = [Self::Zh, Self::En];

    /// The word that stands for it: an ISO 639-1 code.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }

    /// The language that a word stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.as_str() == word)
    }

    /// The language that a reader prefers, by the `Accept-Language` header (RFC 9110, section 12.5.4); `None` when it
    /// names none of these.
    #[must_use]
    pub fn preferred(accepted: &str) -> Option<Self> {
        let mut best: Option<(Self, f32)> = None;
        for entry in accepted.split(',').take(ENTRIES_MAX) {
            let mut parts = entry.split(';').map(str::trim);
            let tag = parts.next().unwrap_or_default();
            let primary = tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
            let quality =
                parts.find_map(|part| part.strip_prefix("q=")).map_or(Some(1.0), |q| q.parse().ok());
            let (Some(language), Some(quality)) = (Self::from_word(&primary), quality) else { continue };
            if quality > 0.0 && best.is_none_or(|(_, known)| quality > known) {
                best = Some((language, quality));
            }
        }
        best.map(|(language, _)| language)
    }
}

/// How many entries of an `Accept-Language` header are looked at.
const ENTRIES_MAX: usize = 32;

impl ArticleState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Draft, Self::Published, Self::Archived];

    /// The word that stands for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Published => "published",
            Self::Archived => "archived",
        }
    }

    /// The state that a word stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_get_the_language_that_they_prefer() {
        use Language::{En, Zh};
        for (header, expected) in [
            ("zh-CN,zh;q=0.9,en;q=0.8", Some(Zh)),
            ("fr-FR, en;q=0.8, zh;q=0.9", Some(Zh)),
            ("EN-us", Some(En)),
            ("zh;q=0, en;q=0.1", Some(En)),
            ("de, *;q=0.5", None),
            ("en;q=x", None),
            ("", None),
            (";;;,,,", None),
        ] {
            assert_eq!(Language::preferred(header), expected, "{header}");
        }
    }

    #[test]
    fn words_come_back() {
        assert!(Language::ALL.iter().all(|one| Language::from_word(one.as_str()) == Some(*one)));
        assert!(ArticleState::ALL.iter().all(|one| ArticleState::from_word(one.as_str()) == Some(*one)));
        assert_eq!(Language::from_word("de"), None);
    }
}
