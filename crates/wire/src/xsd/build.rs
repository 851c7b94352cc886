//! From the elements of schema files to descriptors.

mod complex;
mod elements;
mod index;
mod simple;

pub(super) use self::complex::is_many;
use self::index::{Key, Kind, Named, Place};

use std::collections::HashMap;

use super::{
    builtin::{self, ANY_TYPE},
    documents::Documents,
    load::{SchemaFile, SchemaFiles},
    members,
    model::{ElementId, QualifiedName, Type, TypeId, TypeKind},
    schemas::Schemas,
};
use crate::{Diagnostic, xml::Element};

pub(super) fn build(files: &SchemaFiles, documents: &mut Documents<'_>) -> Result<Schemas, Diagnostic> {
    let schemas = builtin::schemas();
    let states = schemas.types.iter().map(|_| State::Done).collect();
    let mut builder = Builder {
        files: &files.files,
        documents,
        index: HashMap::new(),
        originals: HashMap::new(),
        schemas,
        states,
        waiting_types: Vec::new(),
        waiting_elements: Vec::new(),
        substitutions: Vec::new(),
        inherits: Vec::new(),
        open_groups: Vec::new(),
        depth: 0,
        budget: 0,
    };
    builder.budget = builder.documents.limits.schema_parts_max;
    let keys = builder.index();
    builder.all(&keys)?;
    builder.finish()
}

enum State<'d> {
    Done,
    Open,
    Waiting(Place<'d>),
}

struct Builder<'b, 'd, 'l> {
    files: &'d [SchemaFile],
    documents: &'b mut Documents<'l>,
    index: HashMap<Key<'d>, Named<'d>>,
    /// What was redefined.
    originals: HashMap<Key<'d>, Place<'d>>,
    schemas: Schemas,
    /// How far each type is.
    states: Vec<State<'d>>,
    waiting_types: Vec<TypeId>,
    waiting_elements: Vec<(ElementId, Place<'d>)>,
    /// Heads, and what can stand for them.
    substitutions: Vec<(ElementId, ElementId)>,
    /// Elements that have the types of their heads.
    inherits: Vec<(ElementId, ElementId)>,
    open_groups: Vec<*const Element>,
    depth: u32,
    budget: u64,
}

impl<'d> Builder<'_, 'd, '_> {
    fn error(&self, place: Place<'_>, message: impl Into<String>) -> Diagnostic {
        let source = self.files.get(place.file).map_or(usize::MAX, |file| file.source);
        self.documents.error(source, place.element.offset, message)
    }

    fn warn(&mut self, place: Place<'_>, message: impl Into<String>) {
        let source = self.files.get(place.file).map_or(usize::MAX, |file| file.source);
        self.documents.warn(source, place.element.offset, message);
    }

    fn target(&self, place: Place<'_>) -> &'d str {
        self.files.get(place.file).map_or("", |file| &file.target)
    }

    fn all(&mut self, keys: &[Key<'d>]) -> Result<(), Diagnostic> {
        // The numbers of namespaces, and with them our prefixes, do not change when files are put together differently.
        let mut targets: Vec<&str> = keys.iter().map(|key| key.1).collect();
        targets.dedup();
        targets.sort_unstable();
        for target in targets {
            self.schemas.intern_namespace(target);
        }
        for (kind, namespace, local) in keys {
            match kind {
                Kind::Type => drop(self.find_type(namespace, local)),
                Kind::Element => drop(self.find_element(namespace, local)),
                _ => {}
            }
        }
        loop {
            if let Some((id, place)) = self.waiting_elements.pop() {
                self.fill_element(id, place)?;
            } else if let Some(id) = self.waiting_types.pop() {
                self.ensure(id)?;
            } else {
                return Ok(());
            }
        }
    }

    fn finish(mut self) -> Result<Schemas, Diagnostic> {
        let mut heads: HashMap<ElementId, ElementId> = self.inherits.iter().copied().collect();
        for (element, _) in &self.inherits {
            // The head may itself have the type of its head; those on the way are known then, too.
            let (mut head, mut way) = (*element, Vec::new());
            while let Some(next) = heads.remove(&head) {
                way.push(head);
                head = next;
            }
            let ty = self.schemas.element(head).ty;
            for element in way {
                self.schemas.elements[element.0 as usize].ty = ty;
            }
        }
        members::finish(&mut self.schemas, &self.substitutions, &mut self.budget)
            .map_err(|message| self.documents.error(0, 0, message))?;
        Ok(self.schemas)
    }

    fn spend(&mut self, place: Place<'_>) -> Result<(), Diagnostic> {
        self.spend_many(place, 1)
    }

    /// Counts parts that are written out, or copied to a derived type.
    fn spend_many(&mut self, place: Place<'_>, parts: usize) -> Result<(), Diagnostic> {
        match self.budget.checked_sub(parts as u64) {
            Some(rest) => {
                self.budget = rest;
                Ok(())
            }
            None => {
                let max = self.documents.limits.schema_parts_max;
                Err(self.error(place, format!("more than {max} parts when groups are written out")))
            }
        }
    }

    fn nested<T>(
        &mut self,
        place: Place<'d>,
        inner: impl FnOnce(&mut Self) -> Result<T, Diagnostic>,
    ) -> Result<T, Diagnostic> {
        self.depth += 1;
        if self.depth > self.documents.limits.schema_depth_max {
            let max = self.documents.limits.schema_depth_max;
            return Err(self.error(place, format!("more than {max} levels of types")));
        }
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn name(&mut self, namespace: &str, local: &str) -> QualifiedName {
        QualifiedName { namespace: self.schemas.intern_namespace(namespace), local: local.to_owned() }
    }

    fn new_type(&mut self, name: Option<QualifiedName>, state: State<'d>) -> TypeId {
        let id = TypeId(u32::try_from(self.schemas.types.len()).unwrap_or(u32::MAX));
        let kind = TypeKind::Complex(super::Complex::new(super::Content::Empty));
        self.schemas.types.push(Type { name, base: Some(ANY_TYPE), is_abstract: false, doc: None, kind });
        self.states.push(state);
        id
    }

    /// The type of a name, which is built later.
    fn find_type(&mut self, namespace: &str, local: &str) -> Option<TypeId> {
        let Some(named) = self.index.get(&(Kind::Type, namespace, local)) else {
            return self.schemas.find_type(namespace, local);
        };
        if let Some(id) = named.built.get() {
            return Some(TypeId(id));
        }
        let id = TypeId(u32::try_from(self.schemas.types.len()).unwrap_or(u32::MAX));
        named.built.set(Some(id.0));
        let place = named.place;
        let name = self.name(namespace, local);
        self.schemas.named_types.insert(&name, id);
        self.new_type(Some(name), State::Waiting(place));
        self.waiting_types.push(id);
        Some(id)
    }

    fn type_of(&mut self, place: Place<'d>, name: &'d str) -> Result<TypeId, Diagnostic> {
        let (namespace, local) = self.resolve(place, name)?;
        let is_original = place.redefines == Some(local) && namespace == self.target(place);
        if is_original && let Some(original) = self.originals.get(&(Kind::Type, namespace, local)).copied() {
            let id = self.new_type(None, State::Waiting(original));
            self.waiting_types.push(id);
            return Ok(id);
        }
        if let Some(id) = self.find_type(namespace, local) {
            return Ok(id);
        }
        self.look_up(Kind::Type, place, name).map(|_| ANY_TYPE)
    }

    /// Builds a type now, if it is not yet: something is derived from it.
    fn ensure(&mut self, id: TypeId) -> Result<(), Diagnostic> {
        let state = std::mem::replace(&mut self.states[id.0 as usize], State::Open);
        let place = match state {
            State::Done => {
                self.states[id.0 as usize] = State::Done;
                return Ok(());
            }
            State::Waiting(place) => place,
            State::Open => {
                let name = self.schemas.ty(id).name.as_ref().map(|name| name.local.clone());
                let place = name.and_then(|name| {
                    let found =
                        self.index.iter().find(|(key, _)| key.0 == Kind::Type && key.2 == name.as_str());
                    found.map(|(_, named)| named.place)
                });
                let message = "this type is derived from itself";
                return Err(match place {
                    Some(place) => self.error(place, message),
                    None => self.documents.error(0, 0, message),
                });
            }
        };
        self.nested(place, |builder| builder.build_type(id, place))?;
        self.states[id.0 as usize] = State::Done;
        Ok(())
    }

    fn build_type(&mut self, id: TypeId, place: Place<'d>) -> Result<(), Diagnostic> {
        let (base, kind) = if place.local() == "simpleType" {
            let (base, simple) = self.simple(place)?;
            (base, TypeKind::Simple(simple))
        } else {
            let (base, complex) = self.complex(place)?;
            (base, TypeKind::Complex(complex))
        };
        let ty = &mut self.schemas.types[id.0 as usize];
        ty.is_abstract = place.attribute("abstract").is_some_and(is_true);
        ty.doc = place.doc();
        ty.base = Some(base);
        ty.kind = kind;
        Ok(())
    }

    fn anonymous(&mut self, place: Place<'d>) -> Result<TypeId, Diagnostic> {
        let id = self.new_type(None, State::Waiting(Place { redefines: None, ..place }));
        self.ensure(id)?;
        Ok(id)
    }
}

fn is_true(text: &str) -> bool {
    matches!(text.trim(), "true" | "1")
}
