//! Groups that a file may have as many of as it likes: lists of them, and maps under names of the user's choice.
//!
//! Only files have them; variables and flags cannot name what is not declared.

use super::setting::{Raw, Scalar, ScalarKind, Setting, Shape};
use crate::Text;

/// Groups in a list.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Groups<T>(Vec<T>);

/// Settings under names of the user's choice, in the order of the file.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Named<T>(Vec<(String, T)>);

impl<T> Default for Groups<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Default for Named<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> Groups<T> {
    /// The groups in their order.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.0.iter()
    }
}

impl<T> Named<T> {
    /// Names and what stands under them.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &T)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// What stands under a name.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

/// Says that a group is there before anything in it is.
pub(super) fn presence() -> Raw {
    Raw::Scalar(Scalar { text: String::new(), kind: ScalarKind::Null })
}

impl<T: Setting + Default> Setting for Groups<T> {
    fn describe(&self) -> Shape {
        Shape::List(Box::new(T::default().describe()))
    }

    fn assign(&mut self, path: &[&str], raw: &Raw) -> Result<(), Text> {
        let index = path.split_first().and_then(|(first, rest)| Some((first.parse::<usize>().ok()?, rest)));
        let Some((index, rest)) = index.filter(|(index, _)| *index <= self.0.len()) else {
            return Err(Text::new("must be a list of groups", "必须是由若干组设置组成的列表"));
        };
        if index == self.0.len() {
            self.0.push(T::default());
        }
        if rest.is_empty() { Ok(()) } else { self.0[index].assign(rest, raw) }
    }
}

impl<T: Setting + Default> Setting for Named<T> {
    fn describe(&self) -> Shape {
        Shape::Named(Box::new(T::default().describe()))
    }

    fn assign(&mut self, path: &[&str], raw: &Raw) -> Result<(), Text> {
        let Some((name, rest)) = path.split_first() else {
            return Err(Text::new("must be a group of named settings", "必须是一组具名的设置"));
        };
        let index = self.0.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            self.0.push(((*name).to_owned(), T::default()));
            self.0.len() - 1
        });
        let value = &mut self.0[index].1;
        let is_presence = rest.is_empty() && *raw == presence();
        if is_presence && matches!(value.describe(), Shape::Group(_)) {
            return Ok(());
        }
        value.assign(rest, raw)
    }
}
