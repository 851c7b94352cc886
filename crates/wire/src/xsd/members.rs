//! What can be said of content models when all of the schema is known.

use std::collections::{HashMap, hash_map::Entry};

use super::{
    build::is_many,
    model::{Complex, Content, Element, ElementId, Member, Particle, Term, TypeKind},
    names::MemberNames,
    schemas::Schemas,
};

pub(super) fn finish(
    schemas: &mut Schemas,
    substitutions: &[(ElementId, ElementId)],
    budget: &mut u64,
) -> Result<(), String> {
    substitutes(schemas, substitutions, budget)?;
    let Schemas { types, elements, namespaces, .. } = schemas;
    for ty in types {
        if let TypeKind::Complex(complex) = &mut ty.kind {
            members(complex, elements, namespaces, budget)?;
        }
    }
    Ok(())
}

fn spend(budget: &mut u64) -> Result<(), String> {
    *budget =
        budget.checked_sub(1).ok_or("the schema comes to too many elements when groups are written out")?;
    Ok(())
}

/// What can stand for an element can be stood for itself.
fn substitutes(
    schemas: &mut Schemas,
    substitutions: &[(ElementId, ElementId)],
    budget: &mut u64,
) -> Result<(), String> {
    let mut direct: Vec<Vec<ElementId>> = vec![Vec::new(); schemas.elements.len()];
    for (head, member) in substitutions {
        direct[head.0 as usize].push(*member);
    }
    // For each element the head that it was last found for.
    let mut found_for = vec![u32::MAX; schemas.elements.len()];
    for head in (0..).map(ElementId).take(direct.len()) {
        if direct[head.0 as usize].is_empty() {
            continue;
        }
        found_for[head.0 as usize] = head.0;
        let mut open = vec![head];
        let mut all = Vec::new();
        while let Some(element) = open.pop() {
            for member in &direct[element.0 as usize] {
                spend(budget)?;
                if std::mem::replace(&mut found_for[member.0 as usize], head.0) != head.0 {
                    all.push(*member);
                    open.push(*member);
                }
            }
        }
        all.sort_unstable_by_key(|element| element.0);
        schemas.elements[head.0 as usize].substitutes = all;
    }
    Ok(())
}

struct Walk<'a> {
    elements: &'a [Element],
    members: Vec<Member>,
    by_element: HashMap<(u32, &'a str), u32>,
    interleaved: bool,
    has_any: bool,
}

fn members(
    complex: &mut Complex,
    elements: &[Element],
    namespaces: &[String],
    budget: &mut u64,
) -> Result<(), String> {
    let has_any = complex.has_any;
    let Complex { content: Content::Elements(particle), .. } = complex else { return Ok(()) };
    let mut walk =
        Walk { elements, members: Vec::new(), by_element: HashMap::new(), interleaved: false, has_any };
    walk.particle(particle, false, true, budget)?;
    let Walk { mut members, interleaved, has_any, .. } = walk;
    let mut names = MemberNames::default();
    for member in &mut members {
        let name = &elements[member.element.0 as usize].name;
        if !names.add(&name.local) {
            let namespace = namespaces.get(name.namespace.0 as usize).map_or("", String::as_str);
            member.json_name = format!("{{{namespace}}}{}", name.local);
        }
    }
    complex.members = members;
    complex.names = names;
    complex.interleaved = interleaved;
    complex.has_any = has_any;
    Ok(())
}

impl Walk<'_> {
    /// Numbers the elements of a part; gives how many it has.
    fn particle(
        &mut self,
        particle: &mut Particle,
        many: bool,
        required: bool,
        budget: &mut u64,
    ) -> Result<usize, String> {
        let repeats = is_many(particle.max);
        let many = many || repeats;
        let required = required && particle.min > 0;
        let count = match &mut particle.term {
            Term::Any => {
                self.has_any = true;
                1
            }
            Term::Element { element, members } => {
                members.clear();
                let head = *element;
                let declaration = &self.elements[head.0 as usize];
                let alone = declaration.substitutes.is_empty();
                if !declaration.is_abstract {
                    members.push(self.member(head, many, required && alone, budget)?);
                }
                for substitute in &declaration.substitutes {
                    if !self.elements[substitute.0 as usize].is_abstract {
                        members.push(self.member(*substitute, many, false, budget)?);
                    }
                }
                // Those that can stand for one another may alternate.
                members.len()
            }
            Term::Choice(parts) => self.parts(parts, many, false, budget)?,
            Term::Sequence(parts) | Term::All(parts) => self.parts(parts, many, required, budget)?,
        };
        if repeats && count > 1 {
            self.interleaved = true;
        }
        Ok(count)
    }

    fn parts(
        &mut self,
        parts: &mut [Particle],
        many: bool,
        required: bool,
        budget: &mut u64,
    ) -> Result<usize, String> {
        let mut count = 0;
        for part in parts {
            count += self.particle(part, many, required, budget)?;
        }
        Ok(count)
    }

    fn member(
        &mut self,
        element: ElementId,
        many: bool,
        required: bool,
        budget: &mut u64,
    ) -> Result<u32, String> {
        spend(budget)?;
        let name = &self.elements[element.0 as usize].name;
        let index = u32::try_from(self.members.len()).unwrap_or(u32::MAX);
        match self.by_element.entry((name.namespace.0, &name.local)) {
            Entry::Occupied(known) => {
                // The same name in two places: what it holds is an array, even if the places exclude each other.
                let member = &mut self.members[*known.get() as usize];
                member.many = true;
                member.required |= required;
                self.interleaved = true;
                Ok(*known.get())
            }
            Entry::Vacant(entry) => {
                entry.insert(index);
                self.members.push(Member { element, json_name: name.local.clone(), many, required });
                Ok(index)
            }
        }
    }
}
