//! What agents read of personal data: the store holds it whole, views show it masked.

use std::{borrow::Cow, sync::Arc};

use kefu_core::Audience;
use kefu_text::{
    mask::{self, Kind, Kinds},
    words::map_strings,
};
use serde_json::{Map, Value};

use crate::problem::Problem;

/// Which personal data a reader gets masked; every kind, unless somebody says otherwise.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Masking(Kinds);

impl Masking {
    /// Masks nothing: for what is revealed.
    pub(crate) const NONE: Self = Self(Kinds::NONE);

    pub(crate) fn new(kinds: Kinds) -> Self {
        Self(kinds)
    }

    /// The same for a reader: a visitor reads its own words as they are.
    pub(crate) fn of(self, audience: Audience) -> Self {
        if audience == Audience::Agent { self } else { Self::NONE }
    }

    /// Whether anything is masked.
    pub(crate) fn is_on(self) -> bool {
        self != Self::NONE
    }

    /// Free text; without a copy where nothing is found.
    pub(crate) fn text(self, text: &str) -> Cow<'_, str> {
        if self.is_on() { mask::mask(text, self.0) } else { Cow::Borrowed(text) }
    }

    /// The same for a text that is owned.
    pub(crate) fn string(self, text: String) -> String {
        match self.text(&text) {
            Cow::Owned(masked) => masked,
            Cow::Borrowed(_) => text,
        }
    }

    /// The same for a name that is shared.
    pub(crate) fn name(self, name: &Arc<str>) -> Arc<str> {
        match self.text(name) {
            Cow::Owned(masked) => masked.into(),
            Cow::Borrowed(_) => Arc::clone(name),
        }
    }

    /// A text in which what a reader knows already and names in full, `known`, stays.
    pub(crate) fn text_but<'a>(self, text: &'a str, known: &str) -> Cow<'a, str> {
        if self.is_on() { mask::mask_but(text, self.0, known) } else { Cow::Borrowed(text) }
    }

    /// A telephone number.
    pub(crate) fn phone(self, value: &str) -> String {
        let is_masked = self.0.contains(Kind::Phone) || self.0.contains(Kind::Landline);
        if is_masked { mask::field(Kind::Phone, value) } else { self.text(value).into_owned() }
    }

    /// An e-mail address.
    pub(crate) fn email(self, value: &str) -> String {
        if self.0.contains(Kind::Email) {
            mask::field(Kind::Email, value)
        } else {
            self.text(value).into_owned()
        }
    }

    /// A site's own fields.
    pub(crate) fn map(self, mut map: Map<String, Value>) -> Map<String, Value> {
        if self.is_on() {
            map.values_mut().for_each(|value| mask::mask_json(value, self.0));
        }
        map
    }

    /// What a message holds besides its text, as JSON; numbers are places and stay.
    pub(crate) fn data(self, json: &str) -> Cow<'_, str> {
        if !self.is_on() {
            return Cow::Borrowed(json);
        }
        map_strings(json, |text| match self.text(text) {
            Cow::Owned(masked) => Some(masked),
            Cow::Borrowed(_) => None,
        })
    }

    /// What a message with a file holds: of that, only the file's name is a person's words.
    pub(crate) fn file(self, json: &str) -> Cow<'_, str> {
        if !self.is_on() {
            return Cow::Borrowed(json);
        }
        let Ok(mut data) = serde_json::from_str::<Map<String, Value>>(json) else {
            return Cow::Borrowed(json);
        };
        let Some(Value::String(name)) = data.get_mut("name") else { return Cow::Borrowed(json) };
        match self.text(name) {
            Cow::Borrowed(_) => return Cow::Borrowed(json),
            Cow::Owned(masked) => *name = masked,
        }
        Cow::Owned(Value::Object(data).to_string())
    }

    /// What a reader who was shown `stored` as `shown` wants to have instead: nothing, when it sends back what it
    /// was shown.
    ///
    /// # Errors
    /// When it holds stars in the place of what is stored, which would be lost.
    pub(crate) fn rewritten(
        self,
        field: &'static str,
        stored: &str,
        shown: &str,
        wanted: String,
    ) -> Result<Option<String>, Problem> {
        if wanted == shown {
            return Ok(None);
        }
        let hidden = mask::find(stored).into_iter().map(|span| self.text(&stored[span.range]).into_owned());
        let is_partly_shown = shown != stored
            && hidden.filter(|piece| !stored.contains(piece)).any(|piece| wanted.contains(&piece));
        if is_partly_shown {
            let detail =
                "holds stars in the place of personal data: write it in full, or leave the field out";
            return Err(Problem::invalid(field, detail));
        }
        Ok(Some(wanted))
    }

    /// The same for a site's own fields: values that come back as they were shown stay what they are.
    pub(crate) fn rewritten_map(self, stored: &Map<String, Value>, wanted: &mut Map<String, Value>) {
        let shown = self.map(stored.clone());
        for (name, value) in wanted {
            if let (Some(stored), Some(shown)) = (stored.get(name), shown.get(name)) {
                restore(stored, shown, value);
            }
        }
    }
}

impl Default for Masking {
    fn default() -> Self {
        Self(Kinds::ALL)
    }
}

/// Puts back what is as it was shown. Attributes are at most 8 KiB and JSON is read to a depth of 128.
fn restore(stored: &Value, shown: &Value, value: &mut Value) {
    if value == shown {
        value.clone_from(stored);
        return;
    }
    match (stored, shown, value) {
        (Value::Object(stored), Value::Object(shown), Value::Object(value)) => {
            for (name, value) in value {
                if let (Some(stored), Some(shown)) = (stored.get(name), shown.get(name)) {
                    restore(stored, shown, value);
                }
            }
        }
        (Value::Array(stored), Value::Array(shown), Value::Array(value)) => {
            for ((stored, shown), value) in stored.iter().zip(shown).zip(value) {
                restore(stored, shown, value);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_visitor_reads_its_own_words() {
        let text = "我的手机 13800138000";
        let masking = Masking::default();
        assert_eq!(masking.of(Audience::Agent).text(text), "我的手机 138****8000");
        assert!(matches!(masking.of(Audience::Visitor).text(text), Cow::Borrowed(_)));
        let none = Masking::NONE;
        assert_eq!(
            (none.phone("13800138000"), none.email("a@b.cn")),
            ("13800138000".into(), "a@b.cn".into())
        );
    }

    #[test]
    fn what_comes_back_masked_changes_nothing() {
        let masking = Masking::default();
        let stored = "call 13800138000 at noon";
        let shown = masking.text(stored).into_owned();
        let rewritten = |wanted: &str| masking.rewritten("note", stored, &shown, wanted.to_owned());
        assert_eq!(rewritten(&shown), Ok(None));
        assert_eq!(rewritten("call me *later*"), Ok(Some("call me *later*".to_owned())));
        assert_eq!(rewritten(stored), Ok(Some(stored.to_owned())));
        assert_eq!(rewritten("call 138****8000 at one").unwrap_err().field, Some("note"));
    }

    #[test]
    fn attributes_that_come_back_masked_stay() {
        let map = |value: Value| value.as_object().unwrap().clone();
        let stored =
            map(json!({"tel": 13_800_138_000_u64, "plan": "gold", "to": {"mail": "bob@example.com"}}));
        let masking = Masking::default();
        let mut wanted = masking.map(stored.clone());
        assert_ne!(wanted, stored);
        wanted.insert("plan".to_owned(), json!("free"));
        masking.rewritten_map(&stored, &mut wanted);
        assert_eq!(wanted["plan"], "free");
        assert_eq!((&wanted["tel"], &wanted["to"]), (&stored["tel"], &stored["to"]));
    }

    proptest! {
        #[test]
        fn places_stay_numbers(latitude in -90.0..90.0_f64, longitude in -180.0..180.0_f64) {
            let data = json!({"latitude": latitude, "longitude": longitude}).to_string();
            let masking = Masking::default();
            prop_assert!(matches!(masking.data(&data), Cow::Borrowed(_)), "{}", data);
        }
    }
}
