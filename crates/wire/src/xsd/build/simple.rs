use super::{
    super::model::{Atom, Facets, Simple, TypeId, TypeKind, Value},
    Builder, Place,
};
use crate::{Diagnostic, xsd::ANY_SIMPLE_TYPE};

impl<'d> Builder<'_, 'd, '_> {
    /// What a `simpleType` is derived from, and what it is.
    pub(super) fn simple(&mut self, place: Place<'d>) -> Result<(TypeId, Simple), Diagnostic> {
        let Some(how) = place.parts().next() else {
            return Err(self.error(place, "a simple type says nothing"));
        };
        match how.local() {
            "restriction" => self.simple_restriction(how, None),
            "list" => {
                let item = match (how.attribute("itemType"), how.part("simpleType")) {
                    (Some(name), _) => self.type_of(how, name)?,
                    (None, Some(inline)) => self.anonymous(inline)?,
                    (None, None) => return Err(self.error(how, "a list does not say of what")),
                };
                self.ensure(item)?;
                let value = Value::List(self.as_simple(item));
                Ok((ANY_SIMPLE_TYPE, Simple { value, facets: Facets::default() }))
            }
            "union" => {
                let mut types = Vec::new();
                for name in how.attribute("memberTypes").into_iter().flat_map(str::split_whitespace) {
                    self.spend(how)?;
                    types.push(self.type_of(how, name)?);
                }
                for inline in how.parts().filter(|part| part.local() == "simpleType") {
                    types.push(self.anonymous(inline)?);
                }
                let mut members: Vec<TypeId> = Vec::new();
                for ty in types {
                    self.ensure(ty)?;
                    let ty = self.as_simple(ty);
                    // Unions of unions are one, each type once: else trying them could take forever.
                    let inner = match &self.schemas.ty(ty).kind {
                        TypeKind::Simple(Simple { value: Value::Union(inner), facets })
                            if *facets == Facets::default() =>
                        {
                            inner.clone()
                        }
                        _ => vec![ty],
                    };
                    for ty in inner {
                        self.spend(how)?;
                        if !members.contains(&ty) {
                            members.push(ty);
                        }
                    }
                }
                let types = members;
                Ok((ANY_SIMPLE_TYPE, Simple { value: Value::Union(types), facets: Facets::default() }))
            }
            other => Err(self.error(how, format!("expected restriction, list or union, found {other:?}"))),
        }
    }

    fn as_simple(&self, ty: TypeId) -> TypeId {
        match self.schemas.ty(ty).kind {
            TypeKind::Simple(_) => ty,
            TypeKind::Complex(_) => ANY_SIMPLE_TYPE,
        }
    }

    /// A restriction of a simple type; of `content`, if that is given.
    pub(super) fn simple_restriction(
        &mut self,
        how: Place<'d>,
        content: Option<TypeId>,
    ) -> Result<(TypeId, Simple), Diagnostic> {
        let inline = how.part("simpleType");
        let base = match (inline, content, how.attribute("base")) {
            (Some(inline), _, _) => self.anonymous(inline)?,
            (None, Some(content), _) => content,
            (None, None, Some(name)) => self.type_of(how, name)?,
            (None, None, None) => return Err(self.error(how, "a restriction does not say of what")),
        };
        self.ensure(base)?;
        let base = self.as_simple(base);
        let TypeKind::Simple(simple) = &self.schemas.ty(base).kind else {
            return Err(self.error(how, "a simple type is derived from one that is not"));
        };
        let facets = simple.facets.enumeration.len() + simple.facets.patterns.len();
        let members = if let Value::Union(types) = &simple.value { types.len() } else { 0 };
        let mut simple = simple.clone();
        self.spend_many(how, facets + members)?;
        self.facets(how, &mut simple)?;
        Ok((base, simple))
    }

    fn facets(&self, how: Place<'d>, simple: &mut Simple) -> Result<(), Diagnostic> {
        let facets = &mut simple.facets;
        let mut enumeration = Vec::new();
        let mut patterns = Vec::new();
        for facet in how.parts() {
            let Some(value) = facet.attribute("value") else { continue };
            let number = || {
                value.trim().parse::<u64>().map_err(|_| self.error(facet, format!("{value:?} is no length")))
            };
            let integer = || value.trim().trim_start_matches('+').parse::<i128>().ok();
            let least = |old: Option<i128>, new: Option<i128>| old.max(new);
            let most = |old: Option<i128>, new: Option<i128>| match (old, new) {
                (Some(old), Some(new)) => Some(old.min(new)),
                (old, new) => old.or(new),
            };
            match facet.local() {
                "enumeration" => enumeration.push(value.to_owned()),
                "pattern" => patterns.push(value.to_owned()),
                "length" => {
                    facets.length_min = Some(number()?);
                    facets.length_max = facets.length_min;
                }
                "minLength" => facets.length_min = Some(number()?),
                "maxLength" => facets.length_max = Some(number()?),
                "minInclusive" => facets.integer_min = least(facets.integer_min, integer()),
                "maxInclusive" => facets.integer_max = most(facets.integer_max, integer()),
                "minExclusive" => {
                    let bound = integer().and_then(|bound| bound.checked_add(1));
                    facets.integer_min = least(facets.integer_min, bound);
                }
                "maxExclusive" => {
                    let bound = integer().and_then(|bound| bound.checked_sub(1));
                    facets.integer_max = most(facets.integer_max, bound);
                }
                "whiteSpace" => match (value.trim(), &mut simple.value) {
                    ("collapse", Value::Atom(atom @ (Atom::String | Atom::Normalized))) => {
                        *atom = Atom::Token
                    }
                    ("replace", Value::Atom(atom @ Atom::String)) => *atom = Atom::Normalized,
                    _ => {}
                },
                _ => {}
            }
        }
        if !enumeration.is_empty() {
            facets.enumeration = enumeration;
        }
        facets.patterns.extend(patterns);
        Ok(())
    }
}
