//! From the elements of schema files to descriptors.

mod complex;
mod simple;

pub(super) use self::complex::is_many;

use std::collections::HashMap;

use super::{
    SOAP_ENC_11, SOAP_ENC_12, XSD,
    builtin::{self, ANY_TYPE},
    documents::Documents,
    load::{SchemaFile, SchemaFiles},
    members,
    model::{
        Element as Declaration, ElementId, Form, Particle, QualifiedName, Schemas, Term, Type, TypeId,
        TypeKind, UNBOUNDED,
    },
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
    builder.index();
    builder.all()?;
    builder.finish()
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
enum Kind {
    Type,
    Element,
    Attribute,
    Group,
    AttributeGroup,
}

type Key = (Kind, String, String);

/// An element of a schema file, and what is needed to understand it.
#[derive(Clone, Copy)]
struct Place<'d> {
    file: usize,
    element: &'d Element,
    /// The name of what this redefines.
    redefines: Option<&'d str>,
}

impl<'d> Place<'d> {
    fn at(self, element: &'d Element) -> Self {
        Self { element, ..self }
    }

    /// The elements in it that mean something.
    fn parts(self) -> impl Iterator<Item = Self> {
        let is_part = |element: &&Element| &*element.namespace == XSD && &*element.local != "annotation";
        self.element.elements().filter(is_part).map(move |element| self.at(element))
    }

    fn part(self, local: &str) -> Option<Self> {
        self.parts().find(|part| &*part.element.local == local)
    }

    fn local(self) -> &'d str {
        &self.element.local
    }

    fn attribute(self, name: &str) -> Option<&'d str> {
        self.element.attribute(name)
    }

    fn doc(self) -> Option<String> {
        let annotation = self.element.child(XSD, "annotation")?;
        let texts: Vec<String> = annotation
            .elements()
            .filter(|part| part.is(XSD, "documentation"))
            .map(|part| part.text().split_whitespace().collect::<Vec<_>>().join(" "))
            .filter(|text| !text.is_empty())
            .collect();
        (!texts.is_empty()).then(|| texts.join("\n"))
    }
}

enum State<'d> {
    Done,
    Open,
    Waiting(Place<'d>),
}

struct Builder<'b, 'd, 'l> {
    files: &'d [SchemaFile],
    documents: &'b mut Documents<'l>,
    index: HashMap<Key, Place<'d>>,
    /// What was redefined.
    originals: HashMap<Key, Place<'d>>,
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

    fn index(&mut self) {
        for (file, schema) in self.files.iter().enumerate() {
            for element in schema.root.elements().filter(|child| &*child.namespace == XSD) {
                if &*element.local == "redefine" {
                    for part in element.elements() {
                        let place = Place { file, element: part, redefines: part.attribute("name") };
                        self.index_one(&schema.target, place);
                    }
                } else {
                    self.index_one(&schema.target, Place { file, element, redefines: None });
                }
            }
        }
    }

    fn index_one(&mut self, target: &str, place: Place<'d>) {
        let kind = match place.local() {
            "simpleType" | "complexType" => Kind::Type,
            "element" => Kind::Element,
            "attribute" => Kind::Attribute,
            "group" => Kind::Group,
            "attributeGroup" => Kind::AttributeGroup,
            _ => return,
        };
        let Some(name) = place.attribute("name") else { return };
        let key = (kind, target.to_owned(), name.to_owned());
        // The file that redefines comes before the one that it redefines.
        match self.index.get(&key) {
            Some(known) if known.redefines.is_some() && place.redefines.is_none() => {
                self.originals.entry(key).or_insert(place);
            }
            Some(_) => {}
            None => {
                self.index.insert(key, place);
            }
        }
    }

    fn all(&mut self) -> Result<(), Diagnostic> {
        let mut keys: Vec<Key> = self.index.keys().cloned().collect();
        keys.sort_by(|one, other| (&one.1, &one.2).cmp(&(&other.1, &other.2)));
        for (kind, namespace, local) in &keys {
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

    /// Namespace and name of a qualified name in an attribute.
    fn resolve(&self, place: Place<'d>, name: &str) -> Result<(String, String), Diagnostic> {
        let Some((namespace, local)) = place.element.resolve(name) else {
            return Err(self.error(place, format!("the prefix of {name:?} is not declared")));
        };
        let chameleon = self.files.get(place.file).is_some_and(|file| file.chameleon);
        let namespace = if namespace.is_empty() && chameleon { self.target(place) } else { &*namespace };
        Ok((namespace.to_owned(), local.to_owned()))
    }

    /// What a reference is to; none, and a warning, if nothing is known of its namespace.
    fn look_up(
        &mut self,
        kind: Kind,
        place: Place<'d>,
        name: &str,
    ) -> Result<Option<(Key, Place<'d>)>, Diagnostic> {
        let (namespace, local) = self.resolve(place, name)?;
        let key = (kind, namespace, local);
        let is_original = place.redefines == Some(key.2.as_str()) && key.1 == self.target(place);
        let found = if is_original && kind != Kind::Element {
            self.originals.get(&key).or_else(|| self.index.get(&key))
        } else {
            self.index.get(&key)
        };
        if let Some(found) = found {
            return Ok(Some((key, *found)));
        }
        let what = match kind {
            Kind::Type => "type",
            Kind::Element => "element",
            Kind::Attribute => "attribute",
            Kind::Group => "group",
            Kind::AttributeGroup => "attribute group",
        };
        let is_known = key.1 == XSD || self.files.iter().any(|file| file.target == key.1);
        let message = format!("there is no {what} {{{}}}{}", key.1, key.2);
        if is_known && !matches!(key.1.as_str(), SOAP_ENC_11 | SOAP_ENC_12) {
            return Err(self.error(place, message));
        }
        self.warn(place, message + "; anything is taken for it");
        Ok(None)
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
        let name = self.name(namespace, local);
        if let Some(id) = self.schemas.named_types.get(&name) {
            return Some(*id);
        }
        let place = *self.index.get(&(Kind::Type, namespace.to_owned(), local.to_owned()))?;
        let id = self.new_type(Some(name.clone()), State::Waiting(place));
        self.schemas.named_types.insert(name, id);
        self.waiting_types.push(id);
        Some(id)
    }

    fn type_of(&mut self, place: Place<'d>, name: &str) -> Result<TypeId, Diagnostic> {
        let (namespace, local) = self.resolve(place, name)?;
        let is_original = place.redefines == Some(local.as_str()) && namespace == self.target(place);
        if is_original
            && let Some(original) =
                self.originals.get(&(Kind::Type, namespace.clone(), local.clone())).copied()
        {
            let id = self.new_type(None, State::Waiting(original));
            self.waiting_types.push(id);
            return Ok(id);
        }
        if let Some(id) = self.find_type(&namespace, &local) {
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
                    self.index
                        .iter()
                        .find(|(key, _)| key.0 == Kind::Type && key.2 == name)
                        .map(|(_, place)| *place)
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

    fn new_element(&mut self, name: QualifiedName) -> ElementId {
        let id = ElementId(u32::try_from(self.schemas.elements.len()).unwrap_or(u32::MAX));
        self.schemas.elements.push(Declaration {
            name,
            ty: ANY_TYPE,
            nillable: false,
            is_abstract: false,
            default: None,
            fixed: None,
            substitutes: Vec::new(),
            doc: None,
        });
        id
    }

    /// The global element of a name, which is filled later.
    fn find_element(&mut self, namespace: &str, local: &str) -> Option<ElementId> {
        let name = self.name(namespace, local);
        if let Some(id) = self.schemas.global_elements.get(&name) {
            return Some(*id);
        }
        let place = *self.index.get(&(Kind::Element, namespace.to_owned(), local.to_owned()))?;
        let id = self.new_element(name.clone());
        self.schemas.global_elements.insert(name, id);
        self.waiting_elements.push((id, place));
        Some(id)
    }

    fn fill_element(&mut self, id: ElementId, place: Place<'d>) -> Result<(), Diagnostic> {
        let mut inherits = None;
        for head in place.attribute("substitutionGroup").into_iter().flat_map(str::split_whitespace) {
            if let Some(((_, namespace, local), _)) = self.look_up(Kind::Element, place, head)?
                && let Some(head) = self.find_element(&namespace, &local)
            {
                self.substitutions.push((head, id));
                inherits.get_or_insert(head);
            }
        }
        let inline = place.parts().find(|part| matches!(part.local(), "simpleType" | "complexType"));
        let ty = match (place.attribute("type"), inline) {
            (Some(name), _) => self.type_of(place, name)?,
            (None, Some(inline)) => self.anonymous(inline)?,
            (None, None) => {
                self.inherits.extend(inherits.map(|head| (id, head)));
                ANY_TYPE
            }
        };
        let element = &mut self.schemas.elements[id.0 as usize];
        element.ty = ty;
        element.nillable = place.attribute("nillable").is_some_and(is_true);
        element.is_abstract = place.attribute("abstract").is_some_and(is_true);
        element.default = place.attribute("default").map(str::to_owned);
        element.fixed = place.attribute("fixed").map(str::to_owned);
        element.doc = place.doc();
        Ok(())
    }

    fn form(&self, place: Place<'d>, default: &str) -> Form {
        let form = place.attribute("form");
        let file = self.files.get(place.file);
        match form.or_else(|| file.and_then(|file| file.root.attribute(default))) {
            Some("qualified") => Form::Qualified,
            _ => Form::Unqualified,
        }
    }

    fn occurs(&self, place: Place<'d>) -> Result<(u32, u32), Diagnostic> {
        let number = |name: &str| match place.attribute(name).map(str::trim) {
            None => Ok(1),
            Some("unbounded") if name == "maxOccurs" => Ok(UNBOUNDED),
            Some(text) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
                // So many are as good as no bound.
                Ok(text.parse().unwrap_or(UNBOUNDED))
            }
            Some(text) => Err(self.error(place, format!("{name} cannot be {text:?}"))),
        };
        Ok((number("minOccurs")?, number("maxOccurs")?))
    }

    /// A part of a content model; none if it must not appear.
    fn particle(&mut self, place: Place<'d>) -> Result<Option<Particle>, Diagnostic> {
        self.spend(place)?;
        let (min, max) = self.occurs(place)?;
        if max == 0 {
            return Ok(None);
        }
        if min > max {
            return Err(self.error(place, "minOccurs is greater than maxOccurs"));
        }
        let term = match place.local() {
            "element" => self.element_term(place)?,
            "any" => Term::Any,
            "group" => {
                let name = place.attribute("ref").unwrap_or_default();
                let Some((_, group)) = self.look_up(Kind::Group, place, name)? else { return Ok(None) };
                if self.open_groups.contains(&std::ptr::from_ref(group.element)) {
                    return Err(self.error(place, format!("the group {name:?} is within itself")));
                }
                self.open_groups.push(group.element);
                let inner = group.parts().find(|part| matches!(part.local(), "sequence" | "choice" | "all"));
                let inner = match inner {
                    Some(inner) => self.nested(place, |builder| builder.particle(inner))?,
                    None => None,
                };
                self.open_groups.pop();
                let Some(inner) = inner else { return Ok(None) };
                if (inner.min, inner.max) == (1, 1) { inner.term } else { Term::Sequence(vec![inner]) }
            }
            kind @ ("sequence" | "choice" | "all") => {
                let mut parts = Vec::new();
                for part in place.parts() {
                    parts.extend(self.nested(place, |builder| builder.particle(part))?);
                }
                match kind {
                    "sequence" => Term::Sequence(parts),
                    "choice" => Term::Choice(parts),
                    _ => Term::All(parts),
                }
            }
            other => return Err(self.error(place, format!("expected a content model, found {other:?}"))),
        };
        Ok(Some(Particle { min, max, term }))
    }

    fn element_term(&mut self, place: Place<'d>) -> Result<Term, Diagnostic> {
        let element = match (place.attribute("ref"), place.attribute("name")) {
            (Some(name), _) => match self.look_up(Kind::Element, place, name)? {
                Some(((_, namespace, local), _)) => self.find_element(&namespace, &local),
                None => {
                    let (namespace, local) = self.resolve(place, name)?;
                    let name = self.name(&namespace, &local);
                    Some(self.new_element(name))
                }
            },
            (None, Some(local)) => {
                let namespace = match self.form(place, "elementFormDefault") {
                    Form::Qualified => self.target(place),
                    Form::Unqualified => "",
                };
                let name = self.name(namespace, local);
                let id = self.new_element(name);
                self.fill_element(id, place)?;
                Some(id)
            }
            (None, None) => return Err(self.error(place, "an element has neither name nor ref")),
        };
        Ok(element.map_or(Term::Any, |element| Term::Element { element, members: Vec::new() }))
    }
}

fn is_true(text: &str) -> bool {
    matches!(text.trim(), "true" | "1")
}
