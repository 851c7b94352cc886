//! What stands in a file, before names are resolved. Places are byte offsets into the file.

/// A name as it is written, and where.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) at: usize,
}

/// One file.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) includes: Vec<Include>,
    pub(super) types: Vec<TypeDefinition>,
    pub(super) consts: Vec<Const>,
    pub(super) services: Vec<Service>,
    /// Findings that do not stop the reading.
    pub(super) warnings: Vec<(usize, String)>,
}

#[derive(Debug)]
pub(super) struct Include {
    pub(super) path: String,
    pub(super) at: usize,
}

/// A definition that gives a type its name.
#[derive(Debug)]
pub(super) struct TypeDefinition {
    pub(super) name: Name,
    pub(super) doc: Option<String>,
    pub(super) annotations: Vec<(String, String)>,
    pub(super) body: TypeBody,
}

#[derive(Debug)]
pub(super) enum TypeBody {
    Typedef(TypeReference),
    /// Values by name, numbers where they are given.
    Enum(Vec<EnumValue>),
    /// The legacy `senum`: a string whose values are listed but not checked.
    StringEnum,
    Struct(StructKind, Vec<Field>),
}

#[derive(Debug)]
pub(super) struct EnumValue {
    pub(super) name: Name,
    pub(super) number: Option<(i64, usize)>,
}

/// What kind of struct a struct is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StructKind {
    /// Any of its fields may be set.
    Struct,
    /// Exactly one of its fields is set.
    Union,
    /// It can be thrown.
    Exception,
}

#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: Name,
    pub(super) id: Option<(i64, usize)>,
    pub(super) requiredness: Requiredness,
    pub(super) type_reference: TypeReference,
    pub(super) default: Option<Box<ConstValue>>,
    pub(super) doc: Option<String>,
    pub(super) annotations: Vec<(String, String)>,
}

/// Whether a field must be there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Requiredness {
    /// A message without it is refused.
    Required,
    /// It may be absent.
    Optional,
    /// Generated code always writes it and never insists on reading it.
    Default,
}

#[derive(Clone, Debug)]
pub(super) struct TypeReference {
    pub(super) at: usize,
    pub(super) body: ReferenceBody,
}

#[derive(Clone, Debug)]
pub(super) enum ReferenceBody {
    Void,
    Base(BaseType),
    Named(String),
    List(Box<TypeReference>),
    Set(Box<TypeReference>),
    Map(Box<TypeReference>, Box<TypeReference>),
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum BaseType {
    Bool,
    I8,
    I16,
    I32,
    I64,
    Double,
    String,
    Binary,
    Uuid,
}

#[derive(Debug)]
pub(super) struct Const {
    pub(super) name: Name,
    pub(super) type_reference: TypeReference,
    pub(super) value: ConstValue,
}

#[derive(Clone, Debug)]
pub(super) struct ConstValue {
    pub(super) at: usize,
    pub(super) body: ConstBody,
}

#[derive(Clone, Debug)]
pub(super) enum ConstBody {
    Integer(i64),
    Double(f64),
    Text(String),
    /// A constant or an enum's value.
    Word(String),
    List(Vec<ConstValue>),
    Map(Vec<(ConstValue, ConstValue)>),
}

#[derive(Debug)]
pub(super) struct Service {
    pub(super) name: Name,
    pub(super) extends: Option<Name>,
    pub(super) functions: Vec<Function>,
    pub(super) doc: Option<String>,
}

#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: Name,
    pub(super) oneway: bool,
    pub(super) returns: TypeReference,
    pub(super) arguments: Vec<Field>,
    pub(super) throws: Vec<Field>,
    pub(super) doc: Option<String>,
    pub(super) annotations: Vec<(String, String)>,
}
