//! Fields of structs, of arguments and of throws.

use std::collections::HashSet;

use super::{Checker, Target};
use crate::Severity;
use crate::thrift::{
    idl::model::{self, Requiredness, StructKind, TypeBody},
    schema::{Field, StructId, Type},
};

/// Whose fields they are; some rules differ.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Owner {
    Struct,
    Union,
    Arguments,
    Throws,
}

impl Checker<'_> {
    pub(super) fn resolve_structs(&mut self) {
        let mut defaults = Vec::new();
        for (file, source) in self.sources.iter().enumerate() {
            for (index, definition) in source.file.types.iter().enumerate() {
                let TypeBody::Struct(kind, fields) = &definition.body else { continue };
                let Target::Is(Type::Struct(id)) = self.targets[file][index] else { continue };
                let owner = if *kind == StructKind::Union { Owner::Union } else { Owner::Struct };
                let resolved = self.fields(file, fields, owner);
                let structure = &mut self.schema.structs[id.0 as usize];
                structure.set_fields(resolved);
                structure.doc.clone_from(&definition.doc);
                structure.annotations.clone_from(&definition.annotations);
                defaults.push((file, id, fields));
            }
        }
        // A default may be a struct of any file, so that all fields come first.
        for (file, id, fields) in defaults {
            self.resolve_defaults(file, id, fields);
        }
    }

    pub(super) fn resolve_defaults(&mut self, file: usize, id: StructId, fields: &[model::Field]) {
        let is_union = self.schema.structure(id).kind == StructKind::Union;
        let mut defaults = 0;
        for field in fields {
            let Some(default) = &field.default else { continue };
            defaults += 1;
            if is_union && defaults > 1 {
                self.error(file, default.at, "only one field of a union can have a default");
            }
            let structure = self.schema.structure(id);
            let Some(position) = structure.position_of_name(&field.name.text) else { continue };
            let ty = structure.fields()[position].ty;
            if let Some(json) = self.const_json(file, ty, default) {
                self.schema.structs[id.0 as usize].set_default(position, json);
            }
        }
    }

    /// Ids, names and types of fields, without their defaults.
    pub(super) fn fields(&mut self, file: usize, fields: &[model::Field], owner: Owner) -> Vec<Field> {
        let mut resolved = Vec::with_capacity(fields.len());
        let mut names = HashSet::new();
        let mut ids = HashSet::new();
        let mut implicit: i64 = -1;
        for field in fields {
            // Nobody reads more of what is wrong, and the schema is refused anyway.
            if self.findings.is_full(Severity::Error) {
                break;
            }
            let name = &field.name;
            if name.text.contains('.') {
                self.error(file, name.at, "the name of a field has no dot");
            }
            if !names.insert(&name.text) {
                self.error(file, name.at, format!("the field `{}` is defined twice", name.text));
            }
            let (id, at) = self.field_id(file, field, &mut implicit);
            if !ids.insert(id) {
                self.error(file, at, format!("the id {id} of `{}` is taken by another field", name.text));
            }
            let ty = self.resolve(file, &field.type_reference);
            let Some(ty) = ty else { continue };
            if owner == Owner::Throws && !self.is_exception(ty) {
                let message = format!(
                    "what a function throws is an exception, and the type of `{}` is none",
                    name.text
                );
                self.error(file, field.type_reference.at, message);
            }
            let requiredness = self.requiredness(file, field, owner);
            let mut field_of_schema = Field::new(name.text.clone(), id, ty, requiredness);
            field_of_schema.doc.clone_from(&field.doc);
            field_of_schema.annotations.clone_from(&field.annotations);
            resolved.push(field_of_schema);
        }
        resolved
    }

    fn is_exception(&self, ty: Type) -> bool {
        matches!(ty, Type::Struct(id) if self.schema.structure(id).kind == StructKind::Exception)
    }

    /// A field without an id gets -1, -2 and so on; one with too many bits is cut, as generated code does.
    fn field_id(&mut self, file: usize, field: &model::Field, implicit: &mut i64) -> (i16, usize) {
        let name = &field.name;
        let (id, at) = match field.id {
            None => {
                let id = *implicit;
                *implicit -= 1;
                if !self.findings.is_full(Severity::Warning) {
                    let message =
                        format!("`{}` has no id and gets {id}; others may count differently", name.text);
                    self.warn(file, name.at, message);
                }
                (id, name.at)
            }
            Some((id, at)) => {
                if id <= 0 {
                    if id != *implicit {
                        let message = format!(
                            "the id {id} of `{}` is not positive; compilers may replace it by {implicit}",
                            name.text
                        );
                        self.warn(file, at, message);
                    }
                    *implicit = (*implicit - 1).min(id.saturating_sub(1));
                }
                (id, at)
            }
        };
        let cut = i16::from_le_bytes([id.to_le_bytes()[0], id.to_le_bytes()[1]]);
        if i64::from(cut) != id {
            let message = format!("the id {id} of `{}` has more than 16 bits and is cut to {cut}", name.text);
            self.warn(file, at, message);
        }
        (cut, at)
    }

    fn requiredness(&mut self, file: usize, field: &model::Field, owner: Owner) -> Requiredness {
        let (name, at) = (&field.name.text, field.name.at);
        match (owner, field.requiredness) {
            (Owner::Union, Requiredness::Required) => {
                self.warn(file, at, format!("`{name}` is read as optional: no field of a union is required"));
                Requiredness::Optional
            }
            (Owner::Union | Owner::Throws, _) => Requiredness::Optional,
            (Owner::Arguments, Requiredness::Optional) => {
                self.warn(
                    file,
                    at,
                    format!("`{name}` is read without `optional`, which arguments cannot be"),
                );
                Requiredness::Default
            }
            (_, requiredness) => requiredness,
        }
    }
}
