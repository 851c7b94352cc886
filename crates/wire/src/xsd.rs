//! XML Schema, read at run time into descriptors that are made for converting by them.
//!
//! What a schema says of structure is read whole: elements, types, groups, wildcards, derivation, substitution,
//! redefinition. Identity constraints are passed over; patterns are kept and not matched.
//!
//! Source: XML Schema 1.0, parts 1 and 2 (second edition), <https://www.w3.org/TR/xmlschema-1/>.

mod build;
mod builtin;
mod bundle;
mod documents;
mod json_schema;
mod load;
mod members;
mod model;
mod names;
mod schemas;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use self::{
    builtin::{ANY_SIMPLE_TYPE, ANY_TYPE, BASE64_BINARY, STRING},
    documents::{Documents, Followed},
    json_schema::{DIALECT, SchemaWriter},
    load::SchemaFiles,
};
pub use self::{
    json_schema::document as json_schema,
    model::{
        Atom, AttributeUse, Complex, Content, Element, ElementId, Facets, Form, Member, NamespaceId,
        Particle, QualifiedName, Simple, Term, Type, TypeId, TypeKind, UNBOUNDED, Value,
    },
    schemas::Schemas,
};
use crate::{Diagnostic, Limits, Loader, SchemaErrors};

/// The namespace of XML Schema.
pub const XSD: &str = "http://www.w3.org/2001/XMLSchema";
/// The namespace of the encoding of SOAP 1.1.
pub const SOAP_ENC_11: &str = "http://schemas.xmlsoap.org/soap/encoding/";
/// The namespace of the encoding of SOAP 1.2.
pub const SOAP_ENC_12: &str = "http://www.w3.org/2003/05/soap-encoding";

/// Reads the schema at `path` with all that it includes, imports and redefines.
///
/// What is not found through the loader is looked for among the well-known schemas that come with this crate; an
/// import that is not found at all is a warning. The network is never asked.
///
/// # Errors
/// What is wrong with the schema, with its place.
pub fn load(
    loader: &dyn Loader,
    path: &str,
    limits: &Limits,
) -> Result<(Schemas, Vec<Diagnostic>), SchemaErrors> {
    let mut documents = Documents::new(loader, limits);
    let mut files = SchemaFiles::default();
    let loaded = documents.read(path).and_then(|(source, root)| files.add_root(&mut documents, source, root));
    let built = loaded.and_then(|()| build::build(&files, &mut documents));
    match built {
        Ok(schemas) => Ok((schemas, documents.warnings)),
        Err(error) => Err(SchemaErrors(vec![error])),
    }
}

pub(crate) fn build_files(files: &SchemaFiles, documents: &mut Documents<'_>) -> Result<Schemas, Diagnostic> {
    build::build(files, documents)
}
