//! The interface language: files are read with what they include, checked, and become a [`Schema`](super::Schema).
//!
//! What the Apache compiler accepts is accepted, its legacy forms with a warning. All findings are reported, not
//! only the first: one for a file whose grammar is broken, all for files that can be read.
//!
//! Source: the Thrift interface description language, <https://thrift.apache.org/docs/idl>.

mod check;
mod findings;
mod lexer;
mod load;
mod model;
mod parser;

#[cfg(test)]
mod tests;

use self::findings::{Findings, Lines};
pub use self::model::{Requiredness, StructKind};
use super::Schema;
use crate::{Diagnostic, Limits, Loader, SchemaErrors, Severity};

/// Reads the file at `path` with all that it includes.
///
/// Files are looked for beside the file that includes them, then in the `search` folders. The warnings come with
/// the schema.
///
/// # Errors
/// All that is wrong with the files, with the place of each finding.
pub fn load(
    loader: &dyn Loader,
    path: &str,
    search: &[&str],
    limits: &Limits,
) -> Result<(Schema, Vec<Diagnostic>), SchemaErrors> {
    let mut sources = load::Sources::default();
    sources.load(loader, path, search, limits);
    let load::Sources { files, findings, .. } = sources;
    if findings.has_errors() {
        return Err(SchemaErrors(findings.into_vec()));
    }
    let (schema, findings) = check::check(&files, limits, findings);
    if findings.has_errors() {
        return Err(SchemaErrors(findings.into_vec()));
    }
    Ok((schema, findings.into_vec()))
}
