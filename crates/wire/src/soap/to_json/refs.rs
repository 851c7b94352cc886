use std::{collections::HashMap, rc::Rc};

use crate::{
    Error, Limits,
    xml::{Binding, Event, Reader},
};

/// The elements of a body that have an id.
pub(super) struct Refs<'x> {
    targets: HashMap<&'x str, Target<'x>>,
    /// What is being read, outermost first.
    open: Vec<String>,
    /// Bytes that may still be read again.
    budget: usize,
}

/// An element that has an id: that, where it begins, and what is in scope there.
type Mark<'x> = (&'x str, usize, Rc<[Binding<'x>]>);

struct Target<'x> {
    start: usize,
    raw: &'x str,
    bindings: Rc<[Binding<'x>]>,
    depth: usize,
}

impl<'x> Refs<'x> {
    /// Finds the ids in the element that `reader` has just begun, which is read to its end.
    pub(super) fn find(reader: &mut Reader<'x>, limits: &Limits) -> Result<Self, Error> {
        let begun = reader.offset();
        let mut targets = HashMap::new();
        let mut open: Vec<Option<Mark<'x>>> = vec![None];
        let mut snapshot: Rc<[Binding<'x>]> = Rc::from(reader.bindings());
        let mut copied = 0_usize;
        while !open.is_empty() {
            match reader.next()? {
                Event::Start(_) => {
                    let id = reader.attributes().iter().find_map(|one| match (one.name.local, &one.value) {
                        ("id", std::borrow::Cow::Borrowed(id)) => Some(*id),
                        _ => None,
                    });
                    let mark = id.map(|id| {
                        // What is in scope outside of the element; its own declarations are read with it.
                        let outer = reader.outer_bindings();
                        let scope = &reader.bindings()[..outer];
                        if *snapshot != *scope {
                            copied += outer;
                            snapshot = Rc::from(scope);
                        }
                        (id, reader.offset(), snapshot.clone())
                    });
                    if copied > 16 * limits.xml_bindings_max {
                        return Err(Error::limit(
                            reader.offset(),
                            "declarations around ids",
                            limits.xml_bindings_max as u64,
                        ));
                    }
                    open.push(mark);
                }
                Event::End => {
                    if let Some(Some((id, start, bindings))) = open.pop() {
                        let raw = reader.slice(start, reader.end_offset());
                        let target = Target { start, raw, bindings, depth: reader.depth() };
                        if targets.insert(id, target).is_some() {
                            return Err(Error::malformed(start, format!("the id {id:?} stands there twice")));
                        }
                        if targets.len() > limits.multi_ref_ids_max {
                            return Err(Error::limit(start, "ids", limits.multi_ref_ids_max as u64));
                        }
                    }
                }
                Event::Text(_) => {}
                Event::Eof => break,
            }
        }
        let length = reader.end_offset() - begun;
        // Enough for elements that are shared by a few, and for a reader of each.
        Ok(Self { targets, open: Vec::new(), budget: length.saturating_mul(8) + (64 << 10) })
    }

    /// Begins to read what a reference refers to.
    pub(super) fn enter(
        &mut self,
        href: &str,
        at: usize,
        depth: usize,
        limits: &Limits,
    ) -> Result<Reader<'x>, Error> {
        let id = href.strip_prefix('#').unwrap_or(href);
        let target = self
            .targets
            .get(id)
            .ok_or_else(|| Error::unexpected(at, "the id of an element of this body", format!("{href:?}")))?;
        if self.open.iter().any(|open| open == id) {
            return Err(Error::malformed(at, format!("the element with the id {id:?} contains itself")));
        }
        self.budget =
            self.budget.checked_sub(target.raw.len() + 8 * target.bindings.len()).ok_or_else(|| {
                Error::limit(at, "times the bytes of the body when references are written out", 8)
            })?;
        self.open.push(id.to_owned());
        let depth = depth.max(target.depth);
        Ok(Reader::fragment(target.raw, target.start, target.bindings.to_vec(), depth, limits))
    }

    pub(super) fn leave(&mut self) {
        self.open.pop();
    }
}
