use std::fmt;

/// The language in which kefu speaks to its user.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Language {
    /// English, the default.
    #[default]
    English,
    /// Chinese as written in mainland China (zh-CN).
    Chinese,
}

impl Language {
    /// Chooses by the first of `KEFU_LANG`, `LC_ALL`, `LC_MESSAGES` and `LANG` that is not empty.
    pub fn from_environment() -> Self {
        Self::choose(|name| std::env::var(name).ok())
    }

    fn choose(variable: impl Fn(&str) -> Option<String>) -> Self {
        let chosen = ["KEFU_LANG", "LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .filter_map(variable)
            .find(|value| !value.is_empty())
            .unwrap_or_default();
        if chosen.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("zh")) {
            Self::Chinese
        } else {
            Self::English
        }
    }
}

/// A text in both languages.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Text {
    en: String,
    zh: String,
}

impl Text {
    /// A text in English and in Chinese.
    pub fn new(en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { en: en.into(), zh: zh.into() }
    }

    /// Returns the text in `language`.
    pub fn in_language(&self, language: Language) -> &str {
        match language {
            Language::English => &self.en,
            Language::Chinese => &self.zh,
        }
    }
}

/// The same words in both languages: names, numbers, text that is not ours.
impl From<String> for Text {
    fn from(text: String) -> Self {
        Self { zh: text.clone(), en: text }
    }
}

/// The same words in both languages: names, numbers, text that is not ours.
impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::new(text, text)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.en)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choose(variables: &[(&str, &str)]) -> Language {
        Language::choose(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_first_variable_that_is_not_empty_decides() {
        assert_eq!(choose(&[]), Language::English);
        assert_eq!(choose(&[("LANG", "zh_CN.UTF-8")]), Language::Chinese);
        assert_eq!(choose(&[("LANG", "zh_CN.UTF-8"), ("LC_ALL", "C")]), Language::English);
        assert_eq!(choose(&[("LANG", "zh_CN.UTF-8"), ("LC_ALL", "")]), Language::Chinese);
        assert_eq!(choose(&[("LC_ALL", "en_US"), ("KEFU_LANG", "zh-CN")]), Language::Chinese);
        assert_eq!(choose(&[("KEFU_LANG", "é")]), Language::English);
    }
}
