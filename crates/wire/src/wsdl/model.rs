use crate::{
    soap::Version,
    xsd::{ElementId, QualifiedName, Schemas, TypeId, TypeKind},
};

/// A description that was read.
#[derive(Clone, Debug)]
pub struct Definitions {
    /// The types, with those of messages among them.
    pub schemas: Schemas,
    /// The services.
    pub services: Vec<Service>,
}

/// A service.
#[derive(Clone, Debug)]
pub struct Service {
    /// Its name.
    pub name: String,
    /// What the description says of it.
    pub doc: Option<String>,
    /// Where and how it can be reached.
    pub ports: Vec<Port>,
}

/// An address of a service, and how messages to it look.
#[derive(Clone, Debug)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// The version of SOAP.
    pub version: Version,
    /// The address.
    pub location: String,
    /// The operations.
    pub operations: Vec<Operation>,
}

/// How a body is made of the parts of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Style {
    /// One element whose members are the parameters.
    Wrapped,
    /// The elements of the parts.
    Bare,
    /// An element named after the operation, with an element for each part.
    Rpc,
}

/// An operation.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Its name.
    pub name: String,
    /// What the description says of it.
    pub doc: Option<String>,
    /// The action, which requests name.
    pub action: String,
    /// How bodies are made.
    pub style: Style,
    /// The request.
    pub input: MessageShape,
    /// The reply; none if the operation is one-way.
    pub output: Option<MessageShape>,
    /// The faults that it declares.
    pub faults: Vec<FaultShape>,
}

/// What a message looks like.
#[derive(Clone, Debug)]
pub struct MessageShape {
    /// The element right in the body; none if there may be several.
    pub wrapper: Option<QualifiedName>,
    /// Whether the wrapper may have another name.
    pub any_wrapper: bool,
    /// The type of the members.
    pub content: TypeId,
    /// Whether the encoding of SOAP is in use.
    pub encoded: bool,
    /// The header blocks.
    pub headers: Vec<Header>,
}

/// A header block of a message.
#[derive(Clone, Debug)]
pub struct Header {
    /// The element.
    pub element: ElementId,
    /// Its name in JSON.
    pub json_name: String,
}

/// A declared fault.
#[derive(Clone, Debug)]
pub struct FaultShape {
    /// Its name.
    pub name: String,
    /// The element in the detail.
    pub element: ElementId,
}

impl Definitions {
    /// The first port that has an operation of this name, and the operation; of the first port if it is one of
    /// several.
    #[must_use]
    pub fn find_operation(&self, name: &str) -> Option<(&Port, &Operation)> {
        let ports = self.services.iter().flat_map(|service| &service.ports);
        ports
            .flat_map(|port| port.operations.iter().map(move |operation| (port, operation)))
            .find(|(_, operation)| operation.name == name)
    }
}

impl MessageShape {
    /// Whether the first element of a body may be this one; an empty name is that of an empty body.
    #[must_use]
    pub fn begins_with(&self, schemas: &Schemas, namespace: &str, local: &str) -> bool {
        let is_it =
            |name: &QualifiedName| name.local == local && schemas.namespace(name.namespace) == namespace;
        if let Some(wrapper) = &self.wrapper {
            return is_it(wrapper);
        }
        let TypeKind::Complex(complex) = &schemas.ty(self.content).kind else { return false };
        match complex.members.first() {
            Some(member) => is_it(&schemas.element(member.element).name),
            None => local.is_empty(),
        }
    }
}

impl Port {
    /// The operation whose request has this element in its body, as a server finds it.
    #[must_use]
    pub fn find_by_element<'d>(
        &'d self,
        schemas: &Schemas,
        namespace: &str,
        local: &str,
    ) -> Option<&'d Operation> {
        self.operations.iter().find(|operation| operation.input.begins_with(schemas, namespace, local))
    }
}
