use std::collections::HashMap;

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

/// Types and elements of all schemas that were read together.
#[derive(Clone, Debug, Default)]
pub struct Schemas {
    pub(crate) namespaces: Vec<String>,
    pub(crate) namespace_ids: HashMap<String, NamespaceId>,
    pub(crate) types: Vec<Type>,
    pub(crate) elements: Vec<Element>,
    pub(crate) named_types: HashMap<QualifiedName, TypeId>,
    pub(crate) global_elements: HashMap<QualifiedName, ElementId>,
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
    pub(crate) by_name: HashMap<String, Vec<u32>>,
    /// Members by their names in JSON.
    pub(crate) by_json_name: HashMap<String, u32>,
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

impl Schemas {
    /// The name of a namespace, empty for none.
    #[must_use]
    pub fn namespace(&self, id: NamespaceId) -> &str {
        self.namespaces.get(id.0 as usize).map_or("", String::as_str)
    }

    /// The namespaces.
    #[must_use]
    pub fn namespaces(&self) -> &[String] {
        &self.namespaces
    }

    /// A type.
    #[must_use]
    pub fn ty(&self, id: TypeId) -> &Type {
        &self.types[id.0 as usize]
    }

    /// An element.
    #[must_use]
    pub fn element(&self, id: ElementId) -> &Element {
        &self.elements[id.0 as usize]
    }

    /// The types with their ids.
    pub fn types(&self) -> impl Iterator<Item = (TypeId, &Type)> {
        (0..).map(TypeId).zip(&self.types)
    }

    /// The global elements with their ids, in no particular order.
    pub fn global_elements(&self) -> impl Iterator<Item = (ElementId, &Element)> {
        self.global_elements.values().map(|id| (*id, self.element(*id)))
    }

    pub(crate) fn find_namespace(&self, namespace: &str) -> Option<NamespaceId> {
        self.namespace_ids.get(namespace).copied()
    }

    pub(crate) fn intern_namespace(&mut self, namespace: &str) -> NamespaceId {
        self.find_namespace(namespace).unwrap_or_else(|| {
            let id = NamespaceId(u32::try_from(self.namespaces.len()).unwrap_or(u32::MAX));
            self.namespaces.push(namespace.to_owned());
            self.namespace_ids.insert(namespace.to_owned(), id);
            id
        })
    }

    fn name(&self, namespace: &str, local: &str) -> Option<QualifiedName> {
        Some(QualifiedName { namespace: self.find_namespace(namespace)?, local: local.to_owned() })
    }

    /// The type of a name.
    #[must_use]
    pub fn find_type(&self, namespace: &str, local: &str) -> Option<TypeId> {
        self.named_types.get(&self.name(namespace, local)?).copied()
    }

    /// The global element of a name.
    #[must_use]
    pub fn find_element(&self, namespace: &str, local: &str) -> Option<ElementId> {
        self.global_elements.get(&self.name(namespace, local)?).copied()
    }

    /// Whether a type is another or is derived from it.
    #[must_use]
    pub fn is_derived(&self, mut ty: TypeId, from: TypeId) -> bool {
        // A chain of bases has no circle.
        loop {
            if ty == from || from == super::ANY_TYPE {
                return true;
            }
            match self.ty(ty).base {
                Some(base) => ty = base,
                None => return false,
            }
        }
    }

    /// The name of a type as `{namespace}name`.
    #[must_use]
    pub fn clark(&self, name: &QualifiedName) -> String {
        match self.namespace(name.namespace) {
            "" => name.local.clone(),
            namespace => format!("{{{namespace}}}{}", name.local),
        }
    }
}

impl Schemas {
    /// A type whose members are these elements, in this order: that of a message.
    pub(crate) fn add_message(&mut self, parts: &[ElementId]) -> TypeId {
        let particle = |(index, element): (u32, &ElementId)| Particle {
            min: 1,
            max: 1,
            term: Term::Element { element: *element, members: vec![index] },
        };
        let sequence = Term::Sequence((0..).zip(parts).map(particle).collect());
        let mut complex = Complex::new(Content::Elements(Particle { min: 1, max: 1, term: sequence }));
        for (index, element) in (0..).zip(parts) {
            let name = self.element(*element).name.clone();
            let is_taken = complex.by_json_name.contains_key(&name.local);
            let json_name = if is_taken { self.clark(&name) } else { name.local.clone() };
            complex.by_json_name.insert(json_name.clone(), index);
            complex.by_name.entry(name.local).or_default().push(index);
            complex.members.push(Member { element: *element, json_name, many: false, required: true });
        }
        let id = TypeId(u32::try_from(self.types.len()).unwrap_or(u32::MAX));
        let kind = TypeKind::Complex(complex);
        self.types.push(Type {
            name: None,
            base: Some(super::ANY_TYPE),
            is_abstract: false,
            doc: None,
            kind,
        });
        id
    }

    /// An element of a message that has a type and no declaration.
    pub(crate) fn add_part(&mut self, local: &str, ty: TypeId) -> ElementId {
        let id = ElementId(u32::try_from(self.elements.len()).unwrap_or(u32::MAX));
        self.elements.push(Element {
            name: QualifiedName { namespace: NamespaceId(0), local: local.to_owned() },
            ty,
            nillable: true,
            is_abstract: false,
            default: None,
            fixed: None,
            substitutes: Vec::new(),
            doc: None,
        });
        id
    }
}

impl Complex {
    pub(crate) fn new(content: Content) -> Self {
        Self {
            attributes: Vec::new(),
            any_attribute: false,
            mixed: false,
            content,
            members: Vec::new(),
            by_name: HashMap::new(),
            by_json_name: HashMap::new(),
            interleaved: false,
            has_any: false,
        }
    }
}
