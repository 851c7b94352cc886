//! Elements and content models.

use super::{
    super::model::{Element as Declaration, ElementId, Form, Particle, QualifiedName, Term, UNBOUNDED},
    Builder, Place,
    index::Kind,
    is_true,
};
use crate::{Diagnostic, xsd::ANY_TYPE};

impl<'d> Builder<'_, 'd, '_> {
    pub(super) fn new_element(&mut self, name: QualifiedName) -> ElementId {
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
    pub(super) fn find_element(&mut self, namespace: &str, local: &str) -> Option<ElementId> {
        let named = self.index.get(&(Kind::Element, namespace, local))?;
        if let Some(id) = named.built.get() {
            return Some(ElementId(id));
        }
        let id = ElementId(u32::try_from(self.schemas.elements.len()).unwrap_or(u32::MAX));
        named.built.set(Some(id.0));
        let place = named.place;
        let name = self.name(namespace, local);
        self.schemas.global_elements.insert(&name, id);
        self.new_element(name);
        self.waiting_elements.push((id, place));
        Some(id)
    }

    pub(super) fn fill_element(&mut self, id: ElementId, place: Place<'d>) -> Result<(), Diagnostic> {
        let mut inherits = None;
        for head in place.attribute("substitutionGroup").into_iter().flat_map(str::split_whitespace) {
            if let Some(((_, namespace, local), _)) = self.look_up(Kind::Element, place, head)?
                && let Some(head) = self.find_element(namespace, local)
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

    pub(super) fn form(&self, place: Place<'d>, default: &str) -> Form {
        let form = place.attribute("form");
        let file = self.files.get(place.file);
        match form.or_else(|| file.and_then(|file| file.root.attribute(default))) {
            Some("qualified") => Form::Qualified,
            _ => Form::Unqualified,
        }
    }

    pub(super) fn occurs(&self, place: Place<'d>) -> Result<(u32, u32), Diagnostic> {
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
    pub(super) fn particle(&mut self, place: Place<'d>) -> Result<Option<Particle>, Diagnostic> {
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

    pub(super) fn element_term(&mut self, place: Place<'d>) -> Result<Term, Diagnostic> {
        let element = match (place.attribute("ref"), place.attribute("name")) {
            (Some(name), _) => match self.look_up(Kind::Element, place, name)? {
                Some(((_, namespace, local), _)) => self.find_element(namespace, local),
                None => {
                    let (namespace, local) = self.resolve(place, name)?;
                    let name = self.name(namespace, local);
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
