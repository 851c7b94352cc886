//! Constants and defaults: they become JSON of their type, with references resolved.

use base64::Engine as _;

use super::{Checker, Target, Typedef};
use crate::thrift::{
    idl::model::{ConstBody, ConstValue, Requiredness, StructKind, TypeBody},
    json,
    schema::{EnumId, StructId, Type},
};

/// How deep constants may nest when their references are resolved.
const DEPTH_MAX: u32 = 128;

impl Checker<'_> {
    /// A value of a type as JSON; none if something was reported as an error.
    pub(super) fn const_json(&mut self, file: usize, ty: Type, value: &ConstValue) -> Option<String> {
        let mut out = Vec::new();
        self.constant(file, ty, value, 0, &mut out)?;
        String::from_utf8(out).ok()
    }

    fn mismatch(&mut self, file: usize, ty: Type, value: &ConstValue) -> Option<()> {
        let found = match &value.body {
            ConstBody::Integer(_) => "an integer",
            ConstBody::Double(_) => "a number with a fraction",
            ConstBody::Text(_) => "a text",
            ConstBody::Word(_) => "a name",
            ConstBody::List(_) => "a list",
            ConstBody::Map(_) => "a map",
        };
        let expected = match ty {
            Type::Bool => "true, false, 1 or 0".to_owned(),
            Type::I8 | Type::I16 | Type::I32 | Type::I64 => "an integer".to_owned(),
            Type::Double => "a number".to_owned(),
            Type::String | Type::Binary => "a text".to_owned(),
            Type::Uuid => "a UUID as a text".to_owned(),
            Type::Enum(id) => format!("a value of the enum `{}`", self.schema.enumeration(id).name),
            Type::Struct(id) => format!("a map of the fields of `{}`", self.schema.structure(id).name),
            Type::List(_) | Type::Set(_) => "a list".to_owned(),
            Type::Map(_) => "a map".to_owned(),
        };
        self.error(file, value.at, format!("expected {expected}, found {found}"));
        None
    }

    fn constant(
        &mut self,
        file: usize,
        ty: Type,
        value: &ConstValue,
        depth: u32,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        let cost = match &value.body {
            ConstBody::Text(text) => 1 + text.len() as u64 / 64,
            _ => 1,
        };
        let Some(left) = self.const_nodes.checked_sub(cost) else {
            // Once is enough.
            if !self.const_nodes_exceeded {
                self.const_nodes_exceeded = true;
                let max = self.const_nodes_max;
                self.error(file, value.at, format!("the constants come to more than {max} values"));
            }
            return None;
        };
        self.const_nodes = left;
        if depth == DEPTH_MAX {
            let message = format!("constants nest more than {DEPTH_MAX} deep, or refer to themselves");
            self.error(file, value.at, message);
            return None;
        }
        if let ConstBody::Word(word) = &value.body {
            return self.word(file, ty, value, word, depth, out);
        }
        match (ty, &value.body) {
            (Type::Bool, ConstBody::Integer(integer)) => {
                if !matches!(integer, 0 | 1) {
                    self.warn(file, value.at, format!("{integer} is read as true"));
                }
                out.extend_from_slice(if *integer == 0 { b"false" } else { b"true" });
            }
            (Type::I8, ConstBody::Integer(integer)) => self.integer(file, value, *integer, 8, out),
            (Type::I16, ConstBody::Integer(integer)) => self.integer(file, value, *integer, 16, out),
            (Type::I32, ConstBody::Integer(integer)) => self.integer(file, value, *integer, 32, out),
            (Type::I64, ConstBody::Integer(integer)) => self.integer(file, value, *integer, 64, out),
            #[expect(
                clippy::cast_precision_loss,
                reason = "the author wrote an integer where a double stands"
            )]
            (Type::Double, ConstBody::Integer(integer)) => json::write_double(out, *integer as f64),
            (Type::Double, ConstBody::Double(double)) if double.is_finite() => {
                json::write_double(out, *double)
            }
            (Type::String, ConstBody::Text(text)) => json::write_text(out, text),
            (Type::Binary, ConstBody::Text(text)) => json::write_text(out, &json::BASE64.encode(text)),
            (Type::Uuid, ConstBody::Text(text)) => match json::parse_uuid(text) {
                Some(uuid) => json::write_uuid(out, uuid),
                None => return self.mismatch(file, ty, value),
            },
            (Type::Enum(id), ConstBody::Integer(integer)) => {
                self.enum_integer(file, id, value, *integer, out)?
            }
            (Type::List(id) | Type::Set(id), ConstBody::List(values)) => {
                let element = self.schema.element(id);
                out.push(b'[');
                for (index, value) in values.iter().enumerate() {
                    if index > 0 {
                        out.push(b',');
                    }
                    self.constant(file, element, value, depth + 1, out)?;
                }
                out.push(b']');
            }
            // `{}` for an empty list and `[]` for an empty map are common slips that do no harm.
            (Type::List(_) | Type::Set(_), ConstBody::Map(entries)) if entries.is_empty() => {
                out.extend_from_slice(b"[]");
            }
            (Type::Map(_), ConstBody::List(values)) if values.is_empty() => {
                self.map(file, ty, &[], depth, out)?
            }
            (Type::Map(_), ConstBody::Map(entries)) => self.map(file, ty, entries, depth, out)?,
            (Type::Struct(id), ConstBody::Map(entries)) => {
                self.structure(file, id, value, entries, depth, out)?
            }
            _ => return self.mismatch(file, ty, value),
        }
        Some(())
    }

    fn integer(&mut self, file: usize, value: &ConstValue, integer: i64, bits: u32, out: &mut Vec<u8>) {
        let unused = 64 - bits;
        let kept = integer << unused >> unused;
        if kept != integer {
            self.warn(file, value.at, format!("{integer} has more than {bits} bits and is cut to {kept}"));
        }
        json::write_i64(out, kept);
    }

    fn enum_integer(
        &mut self,
        file: usize,
        id: EnumId,
        value: &ConstValue,
        integer: i64,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        let enumeration = self.schema.enumeration(id);
        let quoted = i32::try_from(integer).ok().and_then(|number| enumeration.quoted_name_of(number));
        if let Some(quoted) = quoted {
            out.extend_from_slice(quoted);
            return Some(());
        }
        let message = format!("the enum `{}` has no value {integer}", enumeration.name);
        self.error(file, value.at, message);
        None
    }

    fn map(
        &mut self,
        file: usize,
        ty: Type,
        entries: &[(ConstValue, ConstValue)],
        depth: u32,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        let Type::Map(id) = ty else { return None };
        let (key_type, value_type) = self.schema.pair(id);
        let is_object = key_type.is_object_key();
        out.push(if is_object { b'{' } else { b'[' });
        for (index, (key, value)) in entries.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            if is_object {
                let from = out.len();
                self.constant(file, key_type, key, depth + 1, out)?;
                if out.get(from) != Some(&b'"') {
                    out.insert(from, b'"');
                    out.push(b'"');
                }
                out.push(b':');
                self.constant(file, value_type, value, depth + 1, out)?;
            } else {
                out.push(b'[');
                self.constant(file, key_type, key, depth + 1, out)?;
                out.push(b',');
                self.constant(file, value_type, value, depth + 1, out)?;
                out.push(b']');
            }
        }
        out.push(if is_object { b'}' } else { b']' });
        Some(())
    }

    fn structure(
        &mut self,
        file: usize,
        id: StructId,
        whole: &ConstValue,
        entries: &[(ConstValue, ConstValue)],
        depth: u32,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        let mut seen = crate::thrift::schema::Seen::default();
        out.push(b'{');
        for (index, (key, value)) in entries.iter().enumerate() {
            let structure = self.schema.structure(id);
            let ConstBody::Text(name) = &key.body else {
                let message = format!("expected the name of a field of `{}` in quotes", structure.name);
                self.error(file, key.at, message);
                return None;
            };
            let Some(position) = structure.position_of_name(name) else {
                let message = format!("`{}` has no field {name:?}", structure.name);
                self.error(file, key.at, message);
                return None;
            };
            if !seen.insert(position) {
                self.error(file, key.at, format!("the field {name:?} is given twice"));
                return None;
            }
            let field = &structure.fields()[position];
            out.extend_from_slice(if index == 0 { &field.key[1..] } else { &field.key });
            let ty = field.ty;
            self.constant(file, ty, value, depth + 1, out)?;
        }
        out.push(b'}');
        let structure = self.schema.structure(id);
        if structure.kind == StructKind::Union && entries.len() != 1 {
            let message =
                format!("the union `{}` has exactly one field, not {}", structure.name, entries.len());
            self.error(file, whole.at, message);
            return None;
        }
        let missing = structure.missing(&seen).filter(|field| field.requiredness == Requiredness::Required);
        if let Some(field) = missing {
            let message = format!("the required field `{}` of `{}` has no value", field.name, structure.name);
            self.warn(file, whole.at, message);
        }
        Some(())
    }

    /// The name of a constant, or of an enum's value.
    fn word(
        &mut self,
        file: usize,
        ty: Type,
        value: &ConstValue,
        word: &str,
        depth: u32,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        let found = self
            .split(file, word)
            .find_map(|(target, rest)| Some((target, *self.names[target].consts.get(rest)?)));
        if let Some((target, index)) = found {
            let constant = &self.sources[target].file.consts[index].value;
            return self.constant(target, ty, constant, depth + 1, out);
        }
        let named = self.split(file, word).find_map(|(target, rest)| self.enum_of(target, rest));
        if let Type::Enum(id) = ty {
            // As compilers do: the last part names a value of the enum that is expected, whatever stands before it.
            let last = word.rsplit('.').next().unwrap_or(word);
            let enumeration = self.schema.enumeration(id);
            if let Some(number) = enumeration.number_of(last) {
                if named.is_none_or(|(named, _)| named != id) {
                    let message = format!("`{word}` is read as `{}.{last}`", enumeration.name);
                    self.warn(file, value.at, message);
                }
                return self.enum_integer(file, id, value, number.into(), out);
            }
        }
        if let Some((id, name)) = named {
            let enumeration = self.schema.enumeration(id);
            let Some(number) = enumeration.number_of(name) else {
                let message = format!("the enum `{}` has no value `{name}`", enumeration.name);
                self.error(file, value.at, message);
                return None;
            };
            if matches!(ty, Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Double) {
                let number = ConstValue { at: value.at, body: ConstBody::Integer(number.into()) };
                return self.constant(file, ty, &number, depth + 1, out);
            }
            return self.mismatch(file, ty, value);
        }
        self.error(file, value.at, format!("no constant or value of an enum is named `{word}`"));
        None
    }

    /// Splits `Enum.VALUE` where the first part names an enum of the file.
    fn enum_of<'n>(&self, file: usize, name: &'n str) -> Option<(EnumId, &'n str)> {
        let (enumeration, value) = name.rsplit_once('.')?;
        let index = *self.names[file].types.get(enumeration)?;
        let id = match self.targets[file][index] {
            Target::Is(Type::Enum(id)) => id,
            // The name of a typedef serves, too.
            Target::Typedef => match self.typedefs[file][index] {
                Typedef::Is(Type::Enum(id)) => id,
                _ => return None,
            },
            Target::Is(_) => return None,
        };
        debug_assert!(!matches!(self.sources[file].file.types[index].body, TypeBody::Struct(..)), "an enum");
        Some((id, value))
    }
}
