use super::names::MemberNames;

/// How many times something may stand there if there is no bound.
pub const UNBOUNDED: u32 = u32::MAX;

/// A namespace of a [`Schemas`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct NamespaceId(pub(crate) u32);

/// A type of a [`Schemas`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct TypeId(pub(crate) u32);

/// An element of a [`Schemas`].
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct ElementId(pub(crate) u32);

/// A name and its namespace.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct QualifiedName {
    /// The namespace.
    pub namespace: NamespaceId,
    /// The name in it.
    pub local: String,
}

/// Whether local names belong to the namespace of their schema.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Form {
    /// They do.
    Qualified,
    /// They belong to none.
    Unqualified,
}

/// A declaration of an element, global or local.
#[derive(Clone, Debug)]
pub struct Element {
    /// Its name.
    pub name: QualifiedName,
    /// The type of its content.
    pub ty: TypeId,
    /// Whether `xsi:nil` may stand for the content.
    pub nillable: bool,
    /// Whether only elements that can stand for it may appear.
    pub is_abstract: bool,
    /// What an empty element means.
    pub default: Option<String>,
    /// The only value that it may have.
    pub fixed: Option<String>,
    /// The elements that can stand for it.
    pub substitutes: Vec<ElementId>,
    /// What the schema says of it.
    pub doc: Option<String>,
}

/// A type.
#[derive(Clone, Debug)]
pub struct Type {
    /// Its name, if it has one.
    pub name: Option<QualifiedName>,
    /// What it is derived from.
    pub base: Option<TypeId>,
    /// Whether only types derived from it may appear.
    pub is_abstract: bool,
    /// What the schema says of it.
    pub doc: Option<String>,
    /// What it allows.
    pub kind: TypeKind,
}

/// What a type allows.
#[derive(Clone, Debug)]
pub enum TypeKind {
    /// Text.
    Simple(Simple),
    /// Attributes and content.
    Complex(Complex),
}

/// What a text means.
#[derive(Clone, Debug)]
pub struct Simple {
    /// What it is.
    pub value: Value,
    /// What of it is allowed.
    pub facets: Facets,
}

/// The structure of a text.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Value {
    /// One value.
    Atom(Atom),
    /// Values with blanks between them.
    List(TypeId),
    /// A value of the first type that has it.
    Union(Vec<TypeId>),
}

/// What a value is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Atom {
    /// A text as it stands.
    String,
    /// A text, with blanks for tabs and line ends.
    Normalized,
    /// A text without blanks around it and with single blanks within: also dates, times and durations.
    Token,
    /// True or false.
    Boolean,
    /// An integer between two bounds.
    Integer {
        /// The least.
        min: i128,
        /// The greatest.
        max: i128,
    },
    /// A decimal number of any precision.
    Decimal,
    /// A floating-point number.
    Double,
    /// Bytes as base64.
    Base64,
    /// Bytes as hexadecimal digits.
    Hex,
    /// A qualified name.
    QName,
}

/// What of a simple type is allowed.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Facets {
    /// The values; empty if there is no enumeration.
    pub enumeration: Vec<String>,
    /// The least length.
    pub length_min: Option<u64>,
    /// The greatest length.
    pub length_max: Option<u64>,
    /// The least integer.
    pub integer_min: Option<i128>,
    /// The greatest integer.
    pub integer_max: Option<i128>,
    /// Regular expressions of XML Schema.
    pub patterns: Vec<String>,
}

impl Facets {
    /// Whether nothing of the type is refused, as is so for most.
    #[inline]
    pub(crate) fn are_none(&self) -> bool {
        self.enumeration.is_empty()
            && self.patterns.is_empty()
            && self.length_min.is_none()
            && self.length_max.is_none()
            && self.integer_min.is_none()
            && self.integer_max.is_none()
    }
}

/// Attributes and content.
#[derive(Clone, Debug)]
pub struct Complex {
    /// The attributes.
    pub attributes: Vec<AttributeUse>,
    /// Whether other attributes may stand beside them.
    pub any_attribute: bool,
    /// Whether texts may stand between the elements.
    pub mixed: bool,
    /// The content.
    pub content: Content,
    /// The elements of the content, each name once.
    pub members: Vec<Member>,
    /// Members by the names of their elements.
    pub(crate) names: MemberNames,
    /// Whether elements of several names may alternate.
    pub(crate) interleaved: bool,
    /// Whether there is a wildcard for elements.
    pub(crate) has_any: bool,
}

/// What stands within an element.
#[derive(Clone, Debug)]
pub enum Content {
    /// Nothing.
    Empty,
    /// A text.
    Simple(TypeId),
    /// Elements.
    Elements(Particle),
    /// Elements of any name that are the items of an array, of SOAP encoding; none if any type.
    Array(Option<TypeId>),
    /// Anything.
    Any,
}

/// A part of a content model, and how often it may stand there.
#[derive(Clone, Debug)]
pub struct Particle {
    /// At least.
    pub min: u32,
    /// At most, or [`UNBOUNDED`].
    pub max: u32,
    /// What.
    pub term: Term,
}

/// A part of a content model.
#[derive(Clone, Debug)]
pub enum Term {
    /// An element; with the members of the type that may stand there.
    Element {
        /// The element.
        element: ElementId,
        /// Its member and those of its substitutes.
        members: Vec<u32>,
    },
    /// All parts one after the other.
    Sequence(Vec<Particle>),
    /// One of the parts.
    Choice(Vec<Particle>),
    /// All parts in any order.
    All(Vec<Particle>),
    /// An element that is not said.
    Any,
}

/// An element of a content model.
#[derive(Clone, Debug)]
pub struct Member {
    /// The element.
    pub element: ElementId,
    /// Its name in JSON.
    pub json_name: String,
    /// Whether it may stand there more than once.
    pub many: bool,
    /// Whether it must stand there.
    pub required: bool,
}

/// An attribute of a type.
#[derive(Clone, Debug)]
pub struct AttributeUse {
    /// Its name.
    pub name: QualifiedName,
    /// Its name in JSON, which begins with `@`.
    pub json_name: String,
    /// Its type.
    pub ty: TypeId,
    /// Whether it must be there.
    pub required: bool,
    /// What it is if it is not there.
    pub default: Option<String>,
    /// The only value that it may have.
    pub fixed: Option<String>,
}

impl Complex {
    pub(crate) fn new(content: Content) -> Self {
        Self {
            attributes: Vec::new(),
            any_attribute: false,
            mixed: false,
            content,
            members: Vec::new(),
            names: MemberNames::default(),
            interleaved: false,
            has_any: false,
        }
    }

    /// The member of a name in JSON, which is that of its element or `{namespace}name`.
    pub(crate) fn find_member(&self, json_name: &str) -> Option<u32> {
        let clark = json_name.strip_prefix('{').and_then(|rest| rest.split_once('}'));
        let local = clark.map_or(json_name, |(_, local)| local);
        let is_it = |index: &u32| {
            self.members.get(*index as usize).is_some_and(|member| member.json_name == json_name)
        };
        self.names.find(local).find(is_it)
    }
}
