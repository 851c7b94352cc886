//! Descriptions of our own operations, so that old clients can call us.
//!
//! The style is document/literal wrapped, which all clients know; each service has a port of SOAP 1.1 and one of
//! SOAP 1.2 at one address.

use super::{SOAP_11, SOAP_12, WSDL};
use crate::{
    Error, Problem,
    xml::{escape_attribute, escape_text, is_ncname},
    xsd::XSD,
};

/// A service that is to be described.
#[derive(Clone, Debug, Default)]
pub struct ServiceSpec {
    /// Its name.
    pub name: String,
    /// The namespace of its operations and types.
    pub namespace: String,
    /// Its address.
    pub location: String,
    /// What people should know of it.
    pub doc: Option<String>,
    /// Types by their names, which fields may refer to.
    pub types: Vec<(String, TypeSpec)>,
    /// The operations.
    pub operations: Vec<OperationSpec>,
}

/// An operation that is to be described. Its action is the namespace, `/` and its name.
#[derive(Clone, Debug, Default)]
pub struct OperationSpec {
    /// Its name.
    pub name: String,
    /// What people should know of it.
    pub doc: Option<String>,
    /// The members of the request.
    pub input: Vec<FieldSpec>,
    /// The members of the reply; none if the operation is one-way.
    pub output: Option<Vec<FieldSpec>>,
    /// The faults: names, and their members.
    pub faults: Vec<(String, Vec<FieldSpec>)>,
}

/// A member of a message or of a type.
#[derive(Clone, Debug)]
pub struct FieldSpec {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: TypeSpec,
    /// Whether it must be there.
    pub required: bool,
    /// Whether it is an array.
    pub many: bool,
    /// Whether it may be null.
    pub nullable: bool,
}

/// A type, much as JSON Schema has them.
#[derive(Clone, Debug)]
pub enum TypeSpec {
    /// `true` or `false`.
    Boolean,
    /// An integer of 8 bits.
    Byte,
    /// An integer of 16 bits.
    Short,
    /// An integer of 32 bits.
    Int,
    /// An integer of 64 bits.
    Integer,
    /// A floating-point number.
    Number,
    /// A decimal number of any precision.
    Decimal,
    /// A text.
    String,
    /// A date and a time.
    DateTime,
    /// A date.
    Date,
    /// Bytes.
    Bytes,
    /// One of these texts.
    Enum(Vec<String>),
    /// Members.
    Object(Vec<FieldSpec>),
    /// One of the types of the service.
    Named(String),
}

impl FieldSpec {
    /// A member that must be there, once.
    #[must_use]
    pub fn new(name: &str, ty: TypeSpec) -> Self {
        Self { name: name.to_owned(), ty, required: true, many: false, nullable: false }
    }
}

/// How deep types may stand in types without a name.
const DEPTH_MAX: usize = 32;

/// The description, as WSDL 1.1.
///
/// # Errors
/// A name is none, a type is not there, or a text has a character that XML does not have.
pub fn emit(service: &ServiceSpec) -> Result<String, Error> {
    let mut emitter = Emitter { service, out: Vec::new() };
    emitter.definitions()?;
    // Texts and ASCII were written.
    Ok(String::from_utf8(emitter.out).unwrap_or_default())
}

struct Emitter<'s> {
    service: &'s ServiceSpec,
    out: Vec<u8>,
}

impl Emitter<'_> {
    fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn attribute(&mut self, name: &str, value: &str) -> Result<(), Error> {
        self.raw(&format!(" {name}=\""));
        escape_attribute(value, &mut self.out)?;
        self.raw("\"");
        Ok(())
    }

    fn doc(&mut self, doc: Option<&String>) -> Result<(), Error> {
        if let Some(doc) = doc {
            self.raw("<documentation>");
            escape_text(doc, &mut self.out)?;
            self.raw("</documentation>\n");
        }
        Ok(())
    }

    fn check_names<'n>(&self, names: impl Iterator<Item = &'n str>) -> Result<(), Error> {
        let mut seen = std::collections::HashSet::new();
        for name in names {
            if !is_ncname(name) {
                return Err(Error::new(Problem::Malformed(format!("{name:?} is no name of XML").into())));
            }
            if !seen.insert(name) {
                return Err(Error::new(Problem::Malformed(
                    format!("the name {name:?} stands there twice").into(),
                )));
            }
        }
        Ok(())
    }

    fn definitions(&mut self) -> Result<(), Error> {
        let service = self.service;
        let operations = || service.operations.iter();
        self.check_names(std::iter::once(service.name.as_str()))?;
        self.check_names(service.types.iter().map(|(name, _)| name.as_str()))?;
        // Elements and messages share their names.
        let replies: Vec<String> = operations()
            .filter(|operation| operation.output.is_some())
            .map(|operation| format!("{}Response", operation.name))
            .collect();
        let mut faults: Vec<&(String, Vec<FieldSpec>)> = Vec::new();
        for fault in operations().flat_map(|operation| &operation.faults) {
            if !faults.iter().any(|known| known.0 == fault.0) {
                faults.push(fault);
            }
        }
        let names = operations().map(|operation| operation.name.as_str());
        let names = names
            .chain(replies.iter().map(String::as_str))
            .chain(faults.iter().map(|fault| fault.0.as_str()));
        self.check_names(names)?;
        self.raw("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<definitions");
        self.attribute("name", &service.name)?;
        self.attribute("targetNamespace", &service.namespace)?;
        self.attribute("xmlns:tns", &service.namespace)?;
        self.raw(&format!(
            " xmlns=\"{WSDL}\" xmlns:xs=\"{XSD}\" xmlns:soap=\"{SOAP_11}\" xmlns:soap12=\"{SOAP_12}\">\n<types>\n<xs:schema"
        ));
        self.attribute("targetNamespace", &service.namespace)?;
        self.raw(" elementFormDefault=\"qualified\">\n");
        for (name, ty) in &service.types {
            match ty {
                TypeSpec::Object(fields) => {
                    self.raw(&format!("<xs:complexType name=\"{name}\">"));
                    self.fields(fields, 0).map_err(|error| error.in_field(name))?;
                    self.raw("</xs:complexType>\n");
                }
                ty => {
                    self.raw(&format!("<xs:simpleType name=\"{name}\">"));
                    self.simple(ty).map_err(|error| error.in_field(name))?;
                    self.raw("</xs:simpleType>\n");
                }
            }
        }
        for operation in operations() {
            self.element(&operation.name, &operation.input)?;
            if let Some(output) = &operation.output {
                self.element(&format!("{}Response", operation.name), output)?;
            }
        }
        for (name, fields) in &faults {
            self.element(name, fields)?;
        }
        self.raw("</xs:schema>\n</types>\n");
        for operation in operations() {
            self.message(&operation.name);
        }
        for name in replies.iter().chain(faults.iter().map(|fault| &fault.0)) {
            self.message(name);
        }
        self.port_type()?;
        self.binding("soap", "Soap11")?;
        self.binding("soap12", "Soap12")?;
        self.raw(&format!("<service name=\"{}\">\n", service.name));
        self.doc(service.doc.as_ref())?;
        for (prefix, port) in [("soap", "Soap11"), ("soap12", "Soap12")] {
            let name = format!("{}{port}", service.name);
            self.raw(&format!("<port name=\"{name}\" binding=\"tns:{name}\"><{prefix}:address"));
            self.attribute("location", &service.location)?;
            self.raw("/></port>\n");
        }
        self.raw("</service>\n</definitions>\n");
        Ok(())
    }

    fn message(&mut self, name: &str) {
        self.raw(&format!(
            "<message name=\"{name}\"><part name=\"parameters\" element=\"tns:{name}\"/></message>\n"
        ));
    }

    fn element(&mut self, name: &str, fields: &[FieldSpec]) -> Result<(), Error> {
        self.raw(&format!("<xs:element name=\"{name}\"><xs:complexType>"));
        self.fields(fields, 0).map_err(|error| error.in_field(name))?;
        self.raw("</xs:complexType></xs:element>\n");
        Ok(())
    }

    fn port_type(&mut self) -> Result<(), Error> {
        let service = self.service;
        self.raw(&format!("<portType name=\"{}\">\n", service.name));
        for OperationSpec { name, doc, output, faults, .. } in &service.operations {
            self.raw(&format!("<operation name=\"{name}\">"));
            self.doc(doc.as_ref())?;
            self.raw(&format!("<input message=\"tns:{name}\"/>"));
            if output.is_some() {
                self.raw(&format!("<output message=\"tns:{name}Response\"/>"));
            }
            for (fault, _) in faults {
                self.raw(&format!("<fault name=\"{fault}\" message=\"tns:{fault}\"/>"));
            }
            self.raw("</operation>\n");
        }
        self.raw("</portType>\n");
        Ok(())
    }

    fn binding(&mut self, prefix: &str, suffix: &str) -> Result<(), Error> {
        let service = self.service;
        self.raw(&format!(
            "<binding name=\"{0}{suffix}\" type=\"tns:{0}\">\n<{prefix}:binding style=\"document\" \
             transport=\"http://schemas.xmlsoap.org/soap/http\"/>\n",
            service.name
        ));
        for OperationSpec { name, output, faults, .. } in &service.operations {
            self.raw(&format!("<operation name=\"{name}\"><{prefix}:operation"));
            self.attribute("soapAction", &format!("{}/{name}", service.namespace))?;
            let body = format!("<{prefix}:body use=\"literal\"/>");
            self.raw(&format!("/><input>{body}</input>"));
            if output.is_some() {
                self.raw(&format!("<output>{body}</output>"));
            }
            for (fault, _) in faults {
                self.raw(&format!(
                    "<fault name=\"{fault}\"><{prefix}:fault name=\"{fault}\" use=\"literal\"/></fault>"
                ));
            }
            self.raw("</operation>\n");
        }
        self.raw("</binding>\n");
        Ok(())
    }

    fn fields(&mut self, fields: &[FieldSpec], depth: usize) -> Result<(), Error> {
        if depth > DEPTH_MAX {
            return Err(Error::new(Problem::Limit { what: "levels of types", max: DEPTH_MAX as u64 }));
        }
        self.check_names(fields.iter().map(|field| field.name.as_str()))?;
        self.raw("<xs:sequence>");
        for field in fields {
            let FieldSpec { name, ty, required, many, nullable } = field;
            self.raw(&format!("<xs:element name=\"{name}\""));
            if !required || *many {
                self.raw(" minOccurs=\"0\"");
            }
            if *many {
                self.raw(" maxOccurs=\"unbounded\"");
            }
            if *nullable {
                self.raw(" nillable=\"true\"");
            }
            let result = match ty {
                TypeSpec::Object(fields) => {
                    self.raw("><xs:complexType>");
                    let result = self.fields(fields, depth + 1);
                    self.raw("</xs:complexType></xs:element>");
                    result
                }
                TypeSpec::Enum(_) => {
                    self.raw("><xs:simpleType>");
                    let result = self.simple(ty);
                    self.raw("</xs:simpleType></xs:element>");
                    result
                }
                ty => self.type_name(ty).map(|ty| self.raw(&format!(" type=\"{ty}\"/>"))),
            };
            result.map_err(|error| error.in_field(name))?;
        }
        self.raw("</xs:sequence>");
        Ok(())
    }

    fn simple(&mut self, ty: &TypeSpec) -> Result<(), Error> {
        if let TypeSpec::Enum(values) = ty {
            self.raw("<xs:restriction base=\"xs:string\">");
            for value in values {
                self.raw("<xs:enumeration");
                self.attribute("value", value)?;
                self.raw("/>");
            }
        } else {
            let base = self.type_name(ty)?;
            self.raw(&format!("<xs:restriction base=\"{base}\">"));
        }
        self.raw("</xs:restriction>");
        Ok(())
    }

    fn type_name(&self, ty: &TypeSpec) -> Result<String, Error> {
        let builtin = match ty {
            TypeSpec::Boolean => "boolean",
            TypeSpec::Byte => "byte",
            TypeSpec::Short => "short",
            TypeSpec::Int => "int",
            TypeSpec::Integer => "long",
            TypeSpec::Number => "double",
            TypeSpec::Decimal => "decimal",
            TypeSpec::String | TypeSpec::Enum(_) | TypeSpec::Object(_) => "string",
            TypeSpec::DateTime => "dateTime",
            TypeSpec::Date => "date",
            TypeSpec::Bytes => "base64Binary",
            TypeSpec::Named(name) => {
                if self.service.types.iter().any(|(known, _)| known == name) {
                    return Ok(format!("tns:{name}"));
                }
                return Err(Error::new(Problem::NotInSchema { kind: "type", name: name.clone() }));
            }
        };
        Ok(format!("xs:{builtin}"))
    }
}
