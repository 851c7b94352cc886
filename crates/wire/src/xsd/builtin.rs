//! The types that come with XML Schema.

use super::{
    XSD,
    model::{Atom, Complex, Content, Facets, QualifiedName, Simple, Type, TypeId, TypeKind, Value},
    schemas::Schemas,
};

/// What every type is derived from.
pub(crate) const ANY_TYPE: TypeId = TypeId(0);
/// What every simple type is derived from.
pub(crate) const ANY_SIMPLE_TYPE: TypeId = TypeId(1);
pub(crate) const STRING: TypeId = TypeId(2);
pub(crate) const BASE64_BINARY: TypeId = TypeId(3);

const FREE: (i128, i128) = (i128::MIN, i128::MAX);

const fn integer(bounds: (i128, i128)) -> Atom {
    Atom::Integer { min: bounds.0, max: bounds.1 }
}

/// Names, what they are derived from, and what they are.
const ATOMS: [(&str, &str, Atom); 43] = [
    ("string", "anySimpleType", Atom::String),
    ("base64Binary", "anySimpleType", Atom::Base64),
    ("normalizedString", "string", Atom::Normalized),
    ("token", "normalizedString", Atom::Token),
    ("language", "token", Atom::Token),
    ("Name", "token", Atom::Token),
    ("NCName", "Name", Atom::Token),
    ("ID", "NCName", Atom::Token),
    ("IDREF", "NCName", Atom::Token),
    ("ENTITY", "NCName", Atom::Token),
    ("NMTOKEN", "token", Atom::Token),
    ("anyURI", "anySimpleType", Atom::Token),
    ("QName", "anySimpleType", Atom::QName),
    ("NOTATION", "anySimpleType", Atom::QName),
    ("hexBinary", "anySimpleType", Atom::Hex),
    ("boolean", "anySimpleType", Atom::Boolean),
    ("decimal", "anySimpleType", Atom::Decimal),
    ("float", "anySimpleType", Atom::Double),
    ("double", "anySimpleType", Atom::Double),
    ("integer", "decimal", integer(FREE)),
    ("nonPositiveInteger", "integer", integer((i128::MIN, 0))),
    ("negativeInteger", "nonPositiveInteger", integer((i128::MIN, -1))),
    ("long", "integer", integer((i64::MIN as i128, i64::MAX as i128))),
    ("int", "long", integer((i32::MIN as i128, i32::MAX as i128))),
    ("short", "int", integer((i16::MIN as i128, i16::MAX as i128))),
    ("byte", "short", integer((i8::MIN as i128, i8::MAX as i128))),
    ("nonNegativeInteger", "integer", integer((0, i128::MAX))),
    ("unsignedLong", "nonNegativeInteger", integer((0, u64::MAX as i128))),
    ("unsignedInt", "unsignedLong", integer((0, u32::MAX as i128))),
    ("unsignedShort", "unsignedInt", integer((0, u16::MAX as i128))),
    ("unsignedByte", "unsignedShort", integer((0, u8::MAX as i128))),
    ("positiveInteger", "nonNegativeInteger", integer((1, i128::MAX))),
    ("duration", "anySimpleType", Atom::Token),
    ("dateTime", "anySimpleType", Atom::Token),
    ("time", "anySimpleType", Atom::Token),
    ("date", "anySimpleType", Atom::Token),
    ("gYearMonth", "anySimpleType", Atom::Token),
    ("gYear", "anySimpleType", Atom::Token),
    ("gMonthDay", "anySimpleType", Atom::Token),
    ("gDay", "anySimpleType", Atom::Token),
    ("gMonth", "anySimpleType", Atom::Token),
    // Of XML Schema 1.1, and in use.
    ("dateTimeStamp", "dateTime", Atom::Token),
    ("dayTimeDuration", "duration", Atom::Token),
];

const LISTS: [(&str, &str); 3] = [("IDREFS", "IDREF"), ("ENTITIES", "ENTITY"), ("NMTOKENS", "NMTOKEN")];

/// Schemas that have these types and nothing else; the first namespace is none.
pub(super) fn schemas() -> Schemas {
    let mut schemas = Schemas::default();
    schemas.intern_namespace("");
    let namespace = schemas.intern_namespace(XSD);
    let simple = |value| TypeKind::Simple(Simple { value, facets: Facets::default() });
    let mut add = |local: &str, base: Option<&str>, kind| {
        let name = QualifiedName { namespace, local: local.to_owned() };
        let base = base.and_then(|base| schemas.named_types.get(namespace, base));
        let id = TypeId(u32::try_from(schemas.types.len()).unwrap_or(u32::MAX));
        schemas.named_types.insert(&name, id);
        schemas.types.push(Type { name: Some(name), base, is_abstract: false, doc: None, kind });
        id
    };
    let mut any = Complex::new(Content::Any);
    (any.any_attribute, any.mixed, any.has_any) = (true, true, true);
    add("anyType", None, TypeKind::Complex(any));
    add("anySimpleType", Some("anyType"), simple(Value::Atom(Atom::String)));
    let mut ids = Vec::new();
    for (local, base, atom) in ATOMS {
        ids.push((local, add(local, Some(base), simple(Value::Atom(atom)))));
    }
    for (local, item) in LISTS {
        let item = ids.iter().find(|(name, _)| *name == item).map_or(STRING, |(_, id)| *id);
        add(local, Some("anySimpleType"), simple(Value::List(item)));
    }
    schemas
}
