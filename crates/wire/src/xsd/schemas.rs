use std::collections::HashMap;

use super::{
    builtin::ANY_TYPE,
    model::{
        Complex, Content, Element, ElementId, Member, NamespaceId, Particle, QualifiedName, Term, Type,
        TypeId, TypeKind,
    },
    names::Names,
};

/// As many namespaces are looked through one after the other.
const FEW: usize = 8;

/// Types and elements of all schemas that were read together.
#[derive(Clone, Debug, Default)]
pub struct Schemas {
    pub(crate) namespaces: Vec<String>,
    pub(crate) namespace_ids: HashMap<String, NamespaceId>,
    pub(crate) types: Vec<Type>,
    pub(crate) elements: Vec<Element>,
    pub(crate) named_types: Names<TypeId>,
    pub(crate) global_elements: Names<ElementId>,
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
        self.global_elements.values().map(|id| (id, self.element(id)))
    }

    pub(crate) fn find_namespace(&self, namespace: &str) -> Option<NamespaceId> {
        if self.namespaces.len() <= FEW {
            let index = self.namespaces.iter().position(|known| known == namespace)?;
            return Some(NamespaceId(u32::try_from(index).unwrap_or(u32::MAX)));
        }
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

    /// The type of a name.
    #[must_use]
    pub fn find_type(&self, namespace: &str, local: &str) -> Option<TypeId> {
        self.named_types.get(self.find_namespace(namespace)?, local)
    }

    /// The global element of a name.
    #[must_use]
    pub fn find_element(&self, namespace: &str, local: &str) -> Option<ElementId> {
        self.global_elements.get(self.find_namespace(namespace)?, local)
    }

    /// Whether a type is another or is derived from it.
    #[must_use]
    pub fn is_derived(&self, mut ty: TypeId, from: TypeId) -> bool {
        // A chain of bases has no circle.
        loop {
            if ty == from || from == ANY_TYPE {
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
        for element in parts {
            let name = self.element(*element).name.clone();
            let is_first = complex.names.add(&name.local);
            let json_name = if is_first { name.local } else { self.clark(&name) };
            complex.members.push(Member { element: *element, json_name, many: false, required: true });
        }
        let id = TypeId(u32::try_from(self.types.len()).unwrap_or(u32::MAX));
        let kind = TypeKind::Complex(complex);
        self.types.push(Type { name: None, base: Some(ANY_TYPE), is_abstract: false, doc: None, kind });
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
