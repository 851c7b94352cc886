//! Web Services Description Language 1.1: services, their operations, and what their messages look like.
//!
//! Source: WSDL 1.1 (W3C note of 2001) and its binding to SOAP 1.2 (2006).

mod build;
mod emit;
mod json_schema;
mod load;
mod model;
mod of_thrift;
mod relocate;

#[cfg(test)]
pub(crate) mod tests;

pub use self::{
    emit::{FieldSpec, OperationSpec, ServiceSpec, TypeSpec, emit},
    json_schema::document as json_schema,
    model::{Definitions, FaultShape, Header, MessageShape, Operation, Port, Service, Style},
    of_thrift::of_thrift,
    relocate::relocate,
};
use crate::{Diagnostic, Limits, Loader, SchemaErrors, xsd::Documents};

/// The namespace of descriptions.
pub const WSDL: &str = "http://schemas.xmlsoap.org/wsdl/";
pub(crate) const SOAP_11: &str = "http://schemas.xmlsoap.org/wsdl/soap/";
pub(crate) const SOAP_12: &str = "http://schemas.xmlsoap.org/wsdl/soap12/";

/// Reads the description at `path` with all that it imports; the warnings come with it.
///
/// What is not understood, such as a binding that is not of SOAP, is passed over with a warning. The network is
/// never asked: see [`xsd::load`](crate::xsd::load).
///
/// # Errors
/// What is wrong with the description or its schemas, with its place.
pub fn load(
    loader: &dyn Loader,
    path: &str,
    limits: &Limits,
) -> Result<(Definitions, Vec<Diagnostic>), SchemaErrors> {
    let mut documents = Documents::new(loader, limits);
    match load::read(&mut documents, path).and_then(|files| build::build(&files, &mut documents)) {
        Ok(definitions) => Ok((definitions, documents.warnings)),
        Err(error) => Err(SchemaErrors(vec![error])),
    }
}
