use super::{
    super::{
        ANY_SIMPLE_TYPE, ANY_TYPE, SOAP_ENC_11, SOAP_ENC_12,
        model::{AttributeUse, Complex, Content, Form, Particle, Term, TypeId, TypeKind, UNBOUNDED},
    },
    Builder, Kind, Place, State, is_true,
};
use crate::Diagnostic;

/// The namespace of descriptions, one attribute of which says what arrays hold.
const WSDL: &str = "http://schemas.xmlsoap.org/wsdl/";

impl<'d> Builder<'_, 'd, '_> {
    /// What a `complexType` is derived from, and what it is.
    pub(super) fn complex(&mut self, place: Place<'d>) -> Result<(TypeId, Complex), Diagnostic> {
        let mixed = place.attribute("mixed").is_some_and(is_true);
        if let Some(content) = place.part("simpleContent") {
            return self.simple_content(content);
        }
        if let Some(content) = place.part("complexContent") {
            let mixed = content.attribute("mixed").map_or(mixed, is_true);
            return self.complex_content(content, mixed);
        }
        let mut complex = Complex::new(self.model(place)?);
        complex.mixed = mixed;
        self.attributes(place, &mut complex)?;
        Ok((ANY_TYPE, complex))
    }

    fn model(&mut self, place: Place<'d>) -> Result<Content, Diagnostic> {
        let is_model = |part: &Place<'_>| matches!(part.local(), "sequence" | "choice" | "all" | "group");
        let Some(model) = place.parts().find(is_model) else { return Ok(Content::Empty) };
        Ok(self.particle(model)?.map_or(Content::Empty, Content::Elements))
    }

    fn derivation(&self, content: Place<'d>) -> Result<(Place<'d>, &'d str), Diagnostic> {
        let how = content.parts().find(|part| matches!(part.local(), "extension" | "restriction"));
        let base = how.and_then(|how| Some((how, how.attribute("base")?)));
        base.ok_or_else(|| self.error(content, "a type does not say what it is derived from"))
    }

    fn simple_content(&mut self, content: Place<'d>) -> Result<(TypeId, Complex), Diagnostic> {
        let (how, name) = self.derivation(content)?;
        let base = self.type_of(how, name)?;
        self.ensure(base)?;
        let mut complex = match &self.schemas.ty(base).kind {
            TypeKind::Simple(_) => Complex::new(Content::Simple(base)),
            TypeKind::Complex(complex) => complex.clone(),
        };
        self.spend_many(how, complex.attributes.len())?;
        let text = match complex.content {
            Content::Simple(text) => text,
            _ => ANY_SIMPLE_TYPE,
        };
        complex.content = Content::Simple(text);
        if how.local() == "restriction" {
            let (restricted, simple) = self.simple_restriction(how, Some(text))?;
            let id = self.new_type(None, State::Done);
            let ty = &mut self.schemas.types[id.0 as usize];
            ty.base = Some(restricted);
            ty.kind = TypeKind::Simple(simple);
            complex.content = Content::Simple(id);
        }
        self.attributes(how, &mut complex)?;
        Ok((base, complex))
    }

    fn complex_content(&mut self, content: Place<'d>, mixed: bool) -> Result<(TypeId, Complex), Diagnostic> {
        let (how, name) = self.derivation(content)?;
        let base = self.type_of(how, name)?;
        self.ensure(base)?;
        let (namespace, local) = self.resolve(how, name)?;
        let is_array = local == "Array" && matches!(namespace, SOAP_ENC_11 | SOAP_ENC_12);
        let inherited = match &self.schemas.ty(base).kind {
            TypeKind::Complex(complex) if base != ANY_TYPE => complex.clone(),
            TypeKind::Complex(_) => Complex::new(Content::Empty),
            TypeKind::Simple(_) => {
                return Err(self.error(how, "complex content is derived from a simple type"));
            }
        };
        let copied = match &inherited.content {
            Content::Elements(particle) => parts(particle),
            _ => 0,
        };
        self.spend_many(how, copied + inherited.attributes.len())?;
        let own = self.model(how)?;
        let mut complex = Complex::new(own);
        complex.attributes = inherited.attributes;
        complex.any_attribute = inherited.any_attribute && how.local() == "extension";
        complex.mixed = mixed || (how.local() == "extension" && inherited.mixed);
        if is_array || matches!(inherited.content, Content::Array(_)) {
            let item = self.array_item(how, &complex.content)?;
            complex.content = Content::Array(item.or(match inherited.content {
                Content::Array(item) => item,
                _ => None,
            }));
            complex.attributes.clear();
            return Ok((base, complex));
        }
        if how.local() == "extension" {
            complex.content = match (inherited.content, complex.content) {
                (before, Content::Empty) => before,
                (Content::Elements(before), Content::Elements(after)) => {
                    self.spend(how)?;
                    let parts = vec![before, after];
                    Content::Elements(Particle { min: 1, max: 1, term: Term::Sequence(parts) })
                }
                (_, after) => after,
            };
        }
        self.attributes(how, &mut complex)?;
        Ok((base, complex))
    }

    /// What an array holds: by `wsdl:arrayType`, or by the only element of its content.
    fn array_item(&mut self, how: Place<'d>, content: &Content) -> Result<Option<TypeId>, Diagnostic> {
        for attribute in how.parts().filter(|part| part.local() == "attribute") {
            let Some(name) = attribute.element.attribute_of(WSDL, "arrayType") else { continue };
            let (name, sizes) = name.split_at(name.find('[').unwrap_or(name.len()));
            let mut item = self.type_of(attribute, name)?;
            if sizes.contains(',') {
                self.warn(
                    attribute,
                    "an array of several dimensions is not understood; anything is taken for it",
                );
                return Ok(None);
            }
            for _ in 1..sizes.matches('[').count() {
                self.spend(attribute)?;
                let array = self.new_type(None, State::Done);
                let complex = Complex::new(Content::Array(Some(item)));
                self.schemas.types[array.0 as usize].kind = TypeKind::Complex(complex);
                item = array;
            }
            return Ok(Some(item));
        }
        let mut content = match content {
            Content::Elements(particle) => Some(particle),
            _ => None,
        };
        while let Some(particle) = content {
            match &particle.term {
                Term::Element { element, .. } => return Ok(Some(self.schemas.element(*element).ty)),
                Term::Sequence(parts) => content = parts.first(),
                _ => break,
            }
        }
        Ok(None)
    }

    fn attributes(&mut self, place: Place<'d>, complex: &mut Complex) -> Result<(), Diagnostic> {
        for part in place.parts() {
            match part.local() {
                "attribute" => self.attribute(part, complex)?,
                "anyAttribute" => complex.any_attribute = true,
                "attributeGroup" => {
                    self.spend(part)?;
                    let name = part.attribute("ref").unwrap_or_default();
                    if let Some((_, group)) = self.look_up(Kind::AttributeGroup, part, name)? {
                        if self.open_groups.contains(&std::ptr::from_ref(group.element)) {
                            return Err(self.error(part, format!("the group {name:?} is within itself")));
                        }
                        self.open_groups.push(group.element);
                        self.nested(part, |builder| builder.attributes(group, complex))?;
                        self.open_groups.pop();
                    } else {
                        complex.any_attribute = true;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn attribute(&mut self, part: Place<'d>, complex: &mut Complex) -> Result<(), Diagnostic> {
        self.spend(part)?;
        let (name, declared) = match (part.attribute("ref"), part.attribute("name")) {
            (Some(reference), _) => {
                let found = self.look_up(Kind::Attribute, part, reference)?;
                let (namespace, local) = self.resolve(part, reference)?;
                (self.name(namespace, local), found.map(|(_, place)| place))
            }
            (None, Some(local)) => {
                let namespace = match self.form(part, "attributeFormDefault") {
                    Form::Qualified => self.target(part),
                    Form::Unqualified => "",
                };
                (self.name(namespace, local), Some(part))
            }
            (None, None) => return Err(self.error(part, "an attribute has neither name nor ref")),
        };
        complex.attributes.retain(|known| known.name != name);
        if part.attribute("use") == Some("prohibited") {
            return Ok(());
        }
        let ty = match declared {
            Some(place) => match (place.attribute("type"), place.part("simpleType")) {
                (Some(name), _) => self.type_of(place, name)?,
                (None, Some(inline)) => self.anonymous(inline)?,
                (None, None) => ANY_SIMPLE_TYPE,
            },
            None => ANY_SIMPLE_TYPE,
        };
        let value = |name: &str| {
            let own = part.attribute(name);
            own.or_else(|| declared.and_then(|place| place.attribute(name))).map(str::to_owned)
        };
        let plain = format!("@{}", name.local);
        let is_taken = complex.attributes.iter().any(|known| known.json_name == plain);
        let json_name = if is_taken { format!("@{}", self.schemas.clark(&name)) } else { plain };
        if complex.attributes.len() >= self.documents.limits.xml_attributes_max {
            let max = self.documents.limits.xml_attributes_max;
            return Err(self.error(part, format!("a type has more than {max} attributes")));
        }
        let (default, fixed) = (value("default"), value("fixed"));
        let required = part.attribute("use") == Some("required");
        complex.attributes.push(AttributeUse { name, json_name, ty, required, default, fixed });
        Ok(())
    }
}

/// How many parts a content model has.
fn parts(particle: &Particle) -> usize {
    match &particle.term {
        Term::Sequence(inner) | Term::Choice(inner) | Term::All(inner) => {
            1 + inner.iter().map(parts).sum::<usize>()
        }
        Term::Element { .. } | Term::Any => 1,
    }
}

/// Whether a bound allows more than one.
pub(in crate::xsd) fn is_many(max: u32) -> bool {
    max > 1 || max == UNBOUNDED
}
