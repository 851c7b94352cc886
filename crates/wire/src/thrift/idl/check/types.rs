//! References to types, typedefs and enums.

use super::{Checker, Target, Typedef, index_of};
use crate::thrift::{
    idl::model::{BaseType, EnumValue, ReferenceBody, TypeBody, TypeReference},
    schema::{ElementId, PairId, Type},
};

/// How many typedefs of typedefs are followed.
const CHAIN_MAX: u32 = 256;

impl Checker<'_> {
    /// The type that a reference stands for; none if that was reported as an error.
    pub(super) fn resolve(&mut self, file: usize, reference: &TypeReference) -> Option<Type> {
        self.resolve_within(file, reference, 0)
    }

    fn resolve_within(&mut self, file: usize, reference: &TypeReference, chain: u32) -> Option<Type> {
        let at = reference.at;
        Some(match &reference.body {
            ReferenceBody::Void => {
                self.error(file, at, "`void` is no type of a value");
                return None;
            }
            ReferenceBody::Base(base) => match base {
                BaseType::Bool => Type::Bool,
                BaseType::I8 => Type::I8,
                BaseType::I16 => Type::I16,
                BaseType::I32 => Type::I32,
                BaseType::I64 => Type::I64,
                BaseType::Double => Type::Double,
                BaseType::String => Type::String,
                BaseType::Binary => Type::Binary,
                BaseType::Uuid => Type::Uuid,
            },
            ReferenceBody::Named(name) => self.resolve_name(file, at, name, chain)?,
            ReferenceBody::List(element) => Type::List(self.element(file, at, element, chain)?),
            ReferenceBody::Set(element) => Type::Set(self.element(file, at, element, chain)?),
            ReferenceBody::Map(key, value) => {
                let pair = (self.resolve_within(file, key, chain)?, self.resolve_within(file, value, chain)?);
                let depth = self.depth(pair.0).max(self.depth(pair.1)) + 1;
                self.check_depth(file, at, depth)?;
                let id = PairId(index_of(self.schema.pairs.len()));
                self.schema.pairs.push(pair);
                self.pair_depths.push(depth);
                Type::Map(id)
            }
        })
    }

    fn element(&mut self, file: usize, at: usize, element: &TypeReference, chain: u32) -> Option<ElementId> {
        let element = self.resolve_within(file, element, chain)?;
        let depth = self.depth(element) + 1;
        self.check_depth(file, at, depth)?;
        let id = ElementId(index_of(self.schema.elements.len()));
        self.schema.elements.push(element);
        self.element_depths.push(depth);
        Some(id)
    }

    fn depth(&self, ty: Type) -> u32 {
        match ty {
            Type::List(id) | Type::Set(id) => self.element_depths[id.0 as usize],
            Type::Map(id) => self.pair_depths[id.0 as usize],
            _ => 0,
        }
    }

    fn check_depth(&mut self, file: usize, at: usize, depth: u32) -> Option<()> {
        if depth > self.depth_max {
            self.error(file, at, format!("containers nest more than {} deep", self.depth_max));
            return None;
        }
        Some(())
    }

    fn resolve_name(&mut self, file: usize, at: usize, name: &str, chain: u32) -> Option<Type> {
        let found = self
            .split(file, name)
            .find_map(|(target, rest)| self.names[target].types.get(rest).map(|index| (target, *index)));
        let Some((target, index)) = found else {
            if name == "slist" {
                self.warn(file, at, "`slist` is deprecated; it is read as `string`");
                return Some(Type::String);
            }
            let is_service =
                self.split(file, name).any(|(target, rest)| self.names[target].services.contains_key(rest));
            let message = if is_service {
                format!("the service `{name}` is no type of a value")
            } else {
                format!("the type `{name}` is not defined")
            };
            self.error(file, at, message);
            return None;
        };
        match self.targets[target][index] {
            Target::Is(ty) => Some(ty),
            Target::Typedef => self.resolve_typedef(target, index, chain),
        }
    }

    fn resolve_typedef(&mut self, file: usize, index: usize, chain: u32) -> Option<Type> {
        let definition = &self.sources[file].file.types[index];
        match self.typedefs[file][index] {
            Typedef::Is(ty) => return Some(ty),
            Typedef::Broken => return None,
            Typedef::Open => {
                let message = format!("the typedef `{}` stands for itself", definition.name.text);
                self.error(file, definition.name.at, message);
                return None;
            }
            Typedef::Unseen => {}
        }
        let TypeBody::Typedef(reference) = &definition.body else { return None };
        if chain == CHAIN_MAX {
            let message = format!("more than {CHAIN_MAX} typedefs of typedefs, before they were defined");
            self.error(file, definition.name.at, message);
            return None;
        }
        self.typedefs[file][index] = Typedef::Open;
        let resolved = self.resolve_within(file, reference, chain + 1);
        self.typedefs[file][index] = resolved.map_or(Typedef::Broken, Typedef::Is);
        resolved
    }

    pub(super) fn resolve_typedefs(&mut self) {
        for (file, source) in self.sources.iter().enumerate() {
            for (index, definition) in source.file.types.iter().enumerate() {
                if !matches!(definition.body, TypeBody::Typedef(_)) {
                    continue;
                }
                if let Some(ty) = self.resolve_typedef(file, index, 0) {
                    let name = self.qualified(file, &definition.name.text);
                    self.schema.typedefs.push((name, ty));
                }
            }
        }
    }

    /// Names and numbers of an enum: a value without a number has that of the one before, plus one.
    pub(super) fn enum_values(&mut self, file: usize, values: &[EnumValue]) -> Vec<(String, i32)> {
        let mut numbered: Vec<(String, i32)> = Vec::with_capacity(values.len());
        let mut names = std::collections::HashSet::new();
        let mut numbers = std::collections::HashMap::new();
        let mut next: i64 = 0;
        for value in values {
            let name = &value.name;
            let (number, at) = value.number.unwrap_or((next, name.at));
            if !names.insert(&name.text) {
                self.error(file, name.at, format!("the value `{}` is defined twice in this enum", name.text));
            }
            next = number.saturating_add(1);
            let Ok(number) = i32::try_from(number) else {
                self.error(file, at, format!("the number {number} of `{}` has more than 32 bits", name.text));
                continue;
            };
            if number < 0 {
                self.warn(file, at, format!("the number {number} of `{}` is negative", name.text));
            }
            if let Some(first) = numbers.insert(number, &name.text) {
                self.warn(file, at, format!("`{}` and `{first}` have the same number {number}", name.text));
            }
            numbered.push((name.text.clone(), number));
        }
        numbered
    }
}
