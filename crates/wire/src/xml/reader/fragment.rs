//! Elements that are passed over, and what they use of what is around them.

use std::borrow::Cow;

use quick_xml::events::attributes::Attributes;

use super::{Binding, Reader, is_blank};
use crate::Error;

impl<'x> Reader<'x> {
    /// Passes over the rest of the element that began last.
    pub(crate) fn skip(&mut self) -> Result<(), Error> {
        let depth = self.depth();
        while self.depth() >= depth {
            self.next()?;
        }
        Ok(())
    }

    /// From now on sees which outer declarations the element uses that began last, until [`Self::end_fragment`].
    pub(crate) fn begin_fragment(&mut self) -> Result<(), Error> {
        self.used.clear();
        self.outside = Some(self.outer_bindings());
        self.use_own_tag(self.start)
    }

    /// Ends what [`Self::begin_fragment`] began; [`Self::used`] has the declarations.
    pub(crate) fn end_fragment(&mut self) {
        self.outside = None;
    }

    /// Sees which declarations the tag uses that was read last.
    fn use_own_tag(&mut self, start: usize) -> Result<(), Error> {
        let raw = self.input.get(start + 1..self.position()).unwrap_or_default();
        let name_len = raw.bytes().position(|byte| is_blank(byte) || matches!(byte, b'/' | b'>'));
        let name = raw.get(..name_len.unwrap_or(raw.len())).unwrap_or_default();
        let (prefix, _) = name.split_once(':').unwrap_or_default();
        self.lookup(prefix, start)?;
        if self.attributes.is_empty() {
            return Ok(());
        }
        for attribute in Attributes::new(raw, name.len()).with_checks(false).flatten() {
            let key: &'x str = attribute.key.0;
            let value = match attribute.value {
                Cow::Borrowed(value) if key.ends_with(":type") => value,
                _ => "",
            };
            for (prefix, _) in [key, value].into_iter().filter_map(|name| name.split_once(':')) {
                if self.namespace(prefix).is_some() {
                    self.lookup(prefix, start)?;
                }
            }
        }
        Ok(())
    }

    /// The outer declarations that the fragment uses that was passed over.
    pub(crate) fn used(&self) -> impl Iterator<Item = Binding<'x>> {
        self.used.iter().filter_map(|index| self.bindings.get(*index).copied())
    }
}
