//! From the elements of description files to services.

use std::collections::HashMap;

use super::{
    SOAP_11, SOAP_12, WSDL,
    load::Files,
    model::{Definitions, FaultShape, Header, MessageShape, Operation, Port, Service, Style},
};
use crate::{
    Diagnostic,
    soap::Version,
    xml::{Element, is_ncname},
    xsd::{self, ANY_TYPE, Content, Documents, ElementId, QualifiedName, Schemas, TypeKind},
};

pub(super) fn build(files: &Files, documents: &mut Documents<'_>) -> Result<Definitions, Diagnostic> {
    let schemas = xsd::build_files(&files.schemas, documents)?;
    let mut builder = Builder { files, documents, schemas, index: HashMap::new() };
    builder.index();
    let mut services = Vec::new();
    for (file, root) in files.files.iter().enumerate().map(|(index, file)| (index, &file.root)) {
        for service in root.elements().filter(|part| part.is(WSDL, "service")) {
            services.push(builder.service(Place { file, element: service })?);
        }
    }
    if services.is_empty() {
        // A description without services: each binding is as good as a port.
        let mut ports = Vec::new();
        for (file, root) in files.files.iter().enumerate().map(|(index, file)| (index, &file.root)) {
            for binding in root.elements().filter(|part| part.is(WSDL, "binding")) {
                let name = binding.attribute("name").unwrap_or_default().to_owned();
                ports.extend(builder.binding(Place { file, element: binding }, name, String::new())?);
            }
        }
        if !ports.is_empty() {
            services.push(Service { name: String::new(), doc: None, ports });
        }
    }
    Ok(Definitions { schemas: builder.schemas, services })
}

#[derive(Clone, Copy)]
struct Place<'d> {
    file: usize,
    element: &'d Element,
}

impl<'d> Place<'d> {
    fn parts(self, local: &'static str) -> impl Iterator<Item = Self> {
        let file = self.file;
        self.element
            .elements()
            .filter(move |part| part.is(WSDL, local))
            .map(move |element| Place { file, element })
    }

    fn attribute(self, name: &str) -> &'d str {
        self.element.attribute(name).unwrap_or_default()
    }

    fn doc(self) -> Option<String> {
        let text = self.element.child(WSDL, "documentation")?.text();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        (!text.is_empty()).then_some(text)
    }

    /// An element of the binding to SOAP, of either version.
    fn soap(self, local: &str) -> Option<(&'d Element, Version)> {
        let of = |namespace, version| self.element.child(namespace, local).map(|found| (found, version));
        of(SOAP_11, Version::V11).or_else(|| of(SOAP_12, Version::V12))
    }
}

struct Builder<'b, 'd, 'l> {
    files: &'d Files,
    documents: &'b mut Documents<'l>,
    schemas: Schemas,
    /// Definitions by what they are, their namespaces and their names.
    index: HashMap<(&'d str, &'d str, &'d str), Place<'d>>,
}

/// What a binding says of all its operations and of one of them.
struct Binding<'d> {
    style: &'d str,
    version: Version,
}

/// A part of a message.
struct Part<'d> {
    place: Place<'d>,
    name: &'d str,
    element: Option<ElementId>,
}

impl<'d> Builder<'_, 'd, '_> {
    fn error(&self, place: Place<'_>, message: impl Into<String>) -> Diagnostic {
        let source = self.files.files.get(place.file).map_or(usize::MAX, |file| file.source);
        self.documents.error(source, place.element.offset, message)
    }

    fn warn(&mut self, place: Place<'_>, message: impl Into<String>) {
        let source = self.files.files.get(place.file).map_or(usize::MAX, |file| file.source);
        self.documents.warn(source, place.element.offset, message);
    }

    fn index(&mut self) {
        for (file, root) in self.files.files.iter().enumerate().map(|(index, file)| (index, &file.root)) {
            let target = root.attribute("targetNamespace").unwrap_or_default();
            for element in root.elements().filter(|part| &*part.namespace == WSDL) {
                if let Some(name) = element.attribute("name") {
                    self.index.entry((&*element.local, target, name)).or_insert(Place { file, element });
                }
            }
        }
    }

    /// The definition that a qualified name refers to.
    fn find(&self, from: Place<'d>, kind: &'static str, name: &str) -> Result<Place<'d>, Diagnostic> {
        let Some((namespace, local)) = from.element.resolve(name) else {
            return Err(self.error(from, format!("the prefix of {name:?} is not declared")));
        };
        if let Some(found) = self.index.get(&(kind, namespace, local)) {
            return Ok(*found);
        }
        Err(self.error(from, format!("there is no {kind} {{{namespace}}}{local}")))
    }

    fn service(&mut self, place: Place<'d>) -> Result<Service, Diagnostic> {
        let mut ports = Vec::new();
        for port in place.parts("port") {
            let name = port.attribute("name").to_owned();
            let Some((address, _)) = port.soap("address") else {
                self.warn(port, format!("the port {name:?} is not of SOAP and is passed over"));
                continue;
            };
            let location = address.attribute("location").unwrap_or_default().to_owned();
            let binding = self.find(port, "binding", port.attribute("binding"))?;
            ports.extend(self.binding(binding, name, location)?);
        }
        Ok(Service { name: place.attribute("name").to_owned(), doc: place.doc(), ports })
    }

    fn binding(
        &mut self,
        place: Place<'d>,
        name: String,
        location: String,
    ) -> Result<Option<Port>, Diagnostic> {
        let Some((soap, version)) = place.soap("binding") else {
            let message =
                format!("the binding {:?} is not of SOAP and is passed over", place.attribute("name"));
            self.warn(place, message);
            return Ok(None);
        };
        let transport = soap.attribute("transport").unwrap_or_default();
        if !transport.contains("http") {
            self.warn(place, format!("the transport {transport:?} is not HTTP"));
        }
        let style = soap.attribute("style").unwrap_or("document");
        let port_type = self.find(place, "portType", place.attribute("type"))?;
        let mut operations: Vec<Operation> = Vec::new();
        let mut abstractions: HashMap<&str, Vec<Place<'d>>> = HashMap::new();
        for operation in port_type.parts("operation") {
            abstractions.entry(operation.attribute("name")).or_default().push(operation);
        }
        for bound in place.parts("operation") {
            let name = bound.attribute("name");
            let input_name = bound.parts("input").next().and_then(|input| input.element.attribute("name"));
            let mut candidates = abstractions.get(name).cloned().unwrap_or_default();
            if candidates.len() > 1 {
                self.warn(bound, format!("the operation {name:?} is overloaded"));
                candidates.sort_by_key(|operation| {
                    let own =
                        operation.parts("input").next().and_then(|input| input.element.attribute("name"));
                    own != input_name
                });
            }
            let Some(abstraction) = candidates.first().copied() else {
                return Err(self.error(bound, format!("the port type has no operation {name:?}")));
            };
            operations.extend(self.operation(bound, abstraction, &Binding { style, version })?);
        }
        Ok(Some(Port { name, version, location, operations }))
    }

    fn operation(
        &mut self,
        bound: Place<'d>,
        abstraction: Place<'d>,
        binding: &Binding<'d>,
    ) -> Result<Option<Operation>, Diagnostic> {
        let name = bound.attribute("name");
        if !is_ncname(name) {
            return Err(self.error(bound, format!("{name:?} is no name of an operation")));
        }
        let soap = bound.soap("operation").map(|(soap, _)| soap);
        let style = soap.and_then(|soap| soap.attribute("style")).unwrap_or(binding.style);
        let action = soap.and_then(|soap| soap.attribute("soapAction")).unwrap_or_default().to_owned();
        let Some(input) = abstraction.parts("input").next() else {
            self.warn(abstraction, format!("the operation {name:?} has no request and is passed over"));
            return Ok(None);
        };
        let is_rpc = style == "rpc";
        let binding = Binding { style, version: binding.version };
        let (input, wrapped) = self.shape(name, input, bound.parts("input").next(), &binding, None)?;
        let output = match abstraction.parts("output").next() {
            None => None,
            Some(output) => {
                let bound = bound.parts("output").next();
                let response = format!("{name}Response");
                Some(self.shape(&response, output, bound, &binding, Some(wrapped))?.0)
            }
        };
        let mut faults = Vec::new();
        for fault in abstraction.parts("fault") {
            let message = self.find(fault, "message", fault.attribute("message"))?;
            match self.parts(message)?.into_iter().next() {
                Some(Part { element: Some(element), .. }) => {
                    faults.push(FaultShape { name: fault.attribute("name").to_owned(), element });
                }
                Some(Part { place, name, element: None }) => {
                    // Of RPC style: an element without a namespace, named after the part.
                    let element = self.typed_part(place, name)?;
                    faults.push(FaultShape { name: fault.attribute("name").to_owned(), element });
                }
                None => self.warn(fault, "the message of the fault has no part"),
            }
        }
        let style = match (is_rpc, wrapped) {
            (true, _) => Style::Rpc,
            (false, true) => Style::Wrapped,
            (false, false) => Style::Bare,
        };
        let doc = abstraction.doc();
        Ok(Some(Operation { name: name.to_owned(), doc, action, style, input, output, faults }))
    }

    fn parts(&mut self, message: Place<'d>) -> Result<Vec<Part<'d>>, Diagnostic> {
        let mut parts = Vec::new();
        for place in message.parts("part") {
            let element = match place.element.attribute("element") {
                None => None,
                Some(name) => {
                    let Some((namespace, local)) = place.element.resolve(name) else {
                        return Err(self.error(place, format!("the prefix of {name:?} is not declared")));
                    };
                    let found = self.schemas.find_element(namespace, local);
                    Some(found.ok_or_else(|| {
                        self.error(place, format!("there is no element {{{namespace}}}{local}"))
                    })?)
                }
            };
            parts.push(Part { place, name: place.attribute("name"), element });
        }
        Ok(parts)
    }

    /// An element for a part that only has a type.
    fn typed_part(&mut self, place: Place<'d>, name: &str) -> Result<ElementId, Diagnostic> {
        if !is_ncname(name) {
            return Err(self.error(place, format!("{name:?} is no name of a part")));
        }
        let ty = match place.element.attribute("type").map(|name| (name, place.element.resolve(name))) {
            None => ANY_TYPE,
            Some((name, None)) => {
                return Err(self.error(place, format!("the prefix of {name:?} is not declared")));
            }
            Some((_, Some((namespace, local)))) => match self.schemas.find_type(namespace, local) {
                Some(ty) => ty,
                None => return Err(self.error(place, format!("there is no type {{{namespace}}}{local}"))),
            },
        };
        Ok(self.schemas.add_part(name, ty))
    }

    /// What a message looks like, and whether it is wrapped. For a reply it is known whether the request is.
    fn shape(
        &mut self,
        name: &str,
        abstraction: Place<'d>,
        bound: Option<Place<'d>>,
        binding: &Binding<'d>,
        request_wrapped: Option<bool>,
    ) -> Result<(MessageShape, bool), Diagnostic> {
        let message = self.find(abstraction, "message", abstraction.attribute("message"))?;
        let mut parts = self.parts(message)?;
        let body = bound.and_then(|bound| {
            // Parts of MIME multipart bindings: the body is in the first.
            bound.soap("body").or_else(|| {
                let related = bound.element.elements().find(|part| &*part.local == "multipartRelated")?;
                let element = related.elements().next()?;
                Place { file: bound.file, element }.soap("body")
            })
        });
        let body = body.map(|(body, _)| body);
        let mut headers = Vec::new();
        if let Some(bound) = bound {
            headers = self.headers(bound, message, &mut parts)?;
        }
        if let Some(named) = body.and_then(|body| body.attribute("parts")) {
            let named: Vec<&str> = named.split_whitespace().collect();
            parts.retain(|part| named.contains(&part.name));
        }
        let encoded = body.and_then(|body| body.attribute("use")) == Some("encoded");
        if binding.style == "rpc" {
            let mut elements = Vec::new();
            for part in &parts {
                match part.element {
                    Some(element) => {
                        self.warn(
                            part.place,
                            "a part of an RPC message has an element where it should have a type",
                        );
                        elements.push(element);
                    }
                    None => elements.push(self.typed_part(part.place, part.name)?),
                }
            }
            let namespace = body.and_then(|body| body.attribute("namespace")).unwrap_or_default();
            let namespace = self.schemas.intern_namespace(namespace);
            let wrapper = Some(QualifiedName { namespace, local: name.to_owned() });
            let content = self.schemas.add_message(&elements);
            let any_wrapper = request_wrapped.is_some();
            return Ok((MessageShape { wrapper, any_wrapper, content, encoded, headers }, false));
        }
        if encoded {
            self.warn(message, "document style with the encoding of SOAP is read as if it were literal");
        }
        if let [Part { element: Some(element), name: part, .. }] = parts.as_slice() {
            let declared = self.schemas.element(*element);
            let is_plain = match &self.schemas.ty(declared.ty).kind {
                TypeKind::Complex(complex) => {
                    !complex.mixed
                        && complex.attributes.is_empty()
                        && !complex.any_attribute
                        && matches!(complex.content, Content::Empty | Content::Elements(_))
                }
                TypeKind::Simple(_) => false,
            };
            let is_named = declared.name.local == name || *part == "parameters";
            let wrapped = is_plain && !declared.is_abstract && request_wrapped.unwrap_or(is_named);
            if wrapped {
                let wrapper = Some(declared.name.clone());
                let content = declared.ty;
                return Ok((
                    MessageShape { wrapper, any_wrapper: false, content, encoded: false, headers },
                    true,
                ));
            }
        }
        let mut elements = Vec::new();
        for part in &parts {
            match part.element {
                Some(element) => elements.push(element),
                None => {
                    self.warn(
                        part.place,
                        "a part of a document message has a type where it should have an element",
                    );
                    elements.push(self.typed_part(part.place, part.name)?);
                }
            }
        }
        let content = self.schemas.add_message(&elements);
        Ok((MessageShape { wrapper: None, any_wrapper: false, content, encoded: false, headers }, false))
    }

    /// The header blocks of a message; parts of the message itself that are header blocks are taken from `parts`.
    fn headers(
        &mut self,
        bound: Place<'d>,
        message: Place<'d>,
        parts: &mut Vec<Part<'d>>,
    ) -> Result<Vec<Header>, Diagnostic> {
        let mut headers: Vec<Header> = Vec::new();
        let is_header =
            |part: &&Element| &*part.local == "header" && matches!(&*part.namespace, SOAP_11 | SOAP_12);
        for header in bound.element.elements().filter(is_header) {
            let place = Place { file: bound.file, element: header };
            let of = self.find(place, "message", place.attribute("message"))?;
            let name = place.attribute("part");
            let found = self.parts(of)?.into_iter().find(|part| part.name == name);
            let Some(part) = found else {
                return Err(self.error(place, format!("the message has no part {name:?}")));
            };
            let element = match part.element {
                Some(element) => element,
                None => self.typed_part(part.place, part.name)?,
            };
            let declared = &self.schemas.element(element).name;
            let is_taken = headers.iter().any(|known| known.json_name == declared.local);
            let json_name = if is_taken { self.schemas.clark(declared) } else { declared.local.clone() };
            headers.push(Header { element, json_name });
            if std::ptr::eq(of.element, message.element) {
                parts.retain(|other| other.name != name);
            }
        }
        Ok(headers)
    }
}
