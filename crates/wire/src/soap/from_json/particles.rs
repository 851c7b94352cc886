//! The order of elements, which JSON does not have.

use std::vec::IntoIter;

use super::{super::tape::NodeId, decoder::Decoder};
use crate::{
    Error, Problem,
    xsd::{Complex, Particle, Term},
};

impl<'s> Decoder<'s, '_, '_> {
    /// Writes those values that may stand in a part of the content.
    pub(super) fn particle(
        &mut self,
        complex: &'s Complex,
        particle: &'s Particle,
        base: usize,
        object: NodeId,
        any: &mut IntoIter<NodeId>,
    ) -> Result<(), Error> {
        match &particle.term {
            Term::Element { members, .. } => self.elements(complex, particle, members, base, object),
            Term::Any => {
                for _ in 0..particle.max {
                    let Some(copy) = any.next() else { break };
                    self.copy(copy, None).map_err(|error| error.in_field("$any"))?;
                }
                Ok(())
            }
            Term::Sequence(parts) | Term::All(parts) => {
                let mut written = 0;
                while written < particle.max {
                    let has_copies = any.len() > 0 && parts.iter().any(|part| matches!(part.term, Term::Any));
                    let has_more = has_copies || self.is_available(particle, base);
                    // What must stand there is missed where it is looked for.
                    if !has_more && (written > 0 || particle.min == 0) {
                        break;
                    }
                    let before = self.out.len();
                    self.parts(complex, parts, base, object, any)?;
                    written += 1;
                    if self.out.len() == before {
                        break;
                    }
                }
                Ok(())
            }
            Term::Choice(parts) => {
                let mut written = 0;
                while written < particle.max {
                    let Some(part) = parts.iter().find(|part| self.is_available(part, base)) else { break };
                    let before = self.out.len();
                    self.particle(complex, part, base, object, any)?;
                    written += 1;
                    if self.out.len() == before {
                        break;
                    }
                }
                if written == 0 {
                    if any.len() > 0 && parts.iter().any(|part| matches!(part.term, Term::Any)) {
                        // As often as the wildcard or the choice may be repeated: what is left is written in the end.
                        return any.next().map_or(Ok(()), |copy| self.copy(copy, None));
                    }
                    if particle.min > 0 && !parts.is_empty() && !parts.iter().any(can_be_empty) {
                        let names: Vec<String> =
                            parts.iter().filter_map(|part| first_name(complex, part)).take(8).collect();
                        let expected = format!("one of {}", names.join(", "));
                        return Err(Error::unexpected(self.tape.offset(object), expected, "none of them"));
                    }
                }
                Ok(())
            }
        }
    }

    fn parts(
        &mut self,
        complex: &'s Complex,
        parts: &'s [Particle],
        base: usize,
        object: NodeId,
        any: &mut IntoIter<NodeId>,
    ) -> Result<(), Error> {
        for part in parts {
            self.particle(complex, part, base, object, any)?;
        }
        Ok(())
    }

    fn elements(
        &mut self,
        complex: &'s Complex,
        particle: &Particle,
        members: &[u32],
        base: usize,
        object: NodeId,
    ) -> Result<(), Error> {
        let schemas = self.schemas;
        let mut written = 0;
        for index in members {
            let member = &complex.members[*index as usize];
            while written < particle.max {
                let slot = &mut self.slots[base + *index as usize];
                if slot.remaining == 0 {
                    break;
                }
                let (node, position) = (slot.next, slot.index);
                slot.remaining -= 1;
                slot.index += 1;
                if slot.remaining > 0 {
                    slot.next = self.tape.after(node);
                }
                self.element(schemas.element(member.element), node).map_err(|error| {
                    let error = if member.many { error.in_element(position) } else { error };
                    error.in_field(&member.json_name)
                })?;
                written += 1;
            }
        }
        if written < particle.min {
            let error = Error::at(self.tape.offset(object), Problem::MissingField);
            return Err(match members.first() {
                Some(index) => error.in_field(&complex.members[*index as usize].json_name),
                None => error,
            });
        }
        Ok(())
    }

    /// Whether there are values for a part.
    fn is_available(&self, particle: &Particle, base: usize) -> bool {
        match &particle.term {
            Term::Element { members, .. } => {
                members.iter().any(|index| self.slots[base + *index as usize].remaining > 0)
            }
            Term::Any => false,
            Term::Sequence(parts) | Term::All(parts) | Term::Choice(parts) => {
                parts.iter().any(|part| self.is_available(part, base))
            }
        }
    }
}

fn can_be_empty(particle: &Particle) -> bool {
    particle.min == 0
        || match &particle.term {
            Term::Element { .. } | Term::Any => false,
            Term::Sequence(parts) | Term::All(parts) => parts.iter().all(can_be_empty),
            Term::Choice(parts) => parts.is_empty() || parts.iter().any(can_be_empty),
        }
}

fn first_name(complex: &Complex, particle: &Particle) -> Option<String> {
    match &particle.term {
        Term::Element { members, .. } => {
            members.first().map(|index| complex.members[*index as usize].json_name.clone())
        }
        Term::Any => None,
        Term::Sequence(parts) | Term::All(parts) | Term::Choice(parts) => {
            parts.iter().find_map(|part| first_name(complex, part))
        }
    }
}
