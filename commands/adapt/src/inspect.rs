//! `kefu adapt inspect`: what an interface file or a description has, for people and for programs.

mod soap;
mod thrift;

use std::{io::Read as _, path::Path};

use kefu_app::{App, Exit, Failure};
use kefu_wire::{Diagnostic, Limits, thrift as wire, wsdl, xsd};
use serde_json::{Value, json};

use crate::{
    args::{InspectArgs, ReportFormat},
    convert,
    detect::Root,
    schema::{self, Loaded, eprintln_line},
    shown,
};

/// As much of a file is looked at to see what it is.
const LOOKED_AT: u64 = 64 << 10;

/// Prints what the file has; warnings go to standard error, or with JSON into it.
pub(crate) fn run(app: &App, args: &InspectArgs) -> Result<Exit, Failure> {
    let (file, include, limits) = (&args.file, &args.include, Limits::default());
    let Loaded { schema, warnings } = match kind(file)? {
        Kind::Thrift => schema::idl(file, include, &limits)?.map(|schema| match args.format {
            ReportFormat::Text => thrift::text(&schema),
            ReportFormat::Json => wire::json_schema::document(&schema),
        }),
        Kind::Wsdl => schema::wsdl(file, include, &limits)?.map(|definitions| match args.format {
            ReportFormat::Text => soap::text(&definitions),
            ReportFormat::Json => wsdl::json_schema(&definitions),
        }),
        Kind::Xsd => schema::xsd(file, include, &limits)?.map(|schemas| match args.format {
            ReportFormat::Text => soap::schemas_text(&schemas),
            ReportFormat::Json => xsd::json_schema(&schemas),
        }),
    };
    match (args.format, schema) {
        (ReportFormat::Text, Ok(text)) => {
            // Line by line, so that the ends of lines stay.
            app.print(&text.lines().map(|line| shown::line(line) + "\n").collect::<String>())?;
            for warning in &warnings {
                eprintln_line(&shown::line(&warning.to_string()));
            }
            Ok(Exit::Ok)
        }
        (ReportFormat::Text, Err(errors)) => Err(schema::failure(file, &errors)),
        (ReportFormat::Json, Ok(schema)) => {
            app.print(&document(args, &schema, &[], &warnings))?;
            Ok(Exit::Ok)
        }
        (ReportFormat::Json, Err(errors)) => {
            app.print(&document(args, "null", &errors, &warnings))?;
            Err(schema::failure(file, &errors))
        }
    }
}

/// What a file is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Thrift,
    Wsdl,
    Xsd,
}

/// Tells XML by its first byte, and what it is by its root; whatever else it is, it is read as Thrift.
fn kind(file: &Path) -> Result<Kind, Failure> {
    // That a file is not there is told with its place by those who read it.
    if !file.exists() {
        return Ok(Kind::Thrift);
    }
    let (reader, _) = convert::open(Some(file))?;
    let mut seen = Vec::new();
    reader.take(LOOKED_AT).read_to_end(&mut seen).map_err(|error| convert::cannot_read(Some(file), error))?;
    let text = seen.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&seen).trim_ascii_start();
    Ok(match Root::of(&seen) {
        _ if !text.starts_with(b"<") => Kind::Thrift,
        Some(root) if root.is_schema() => Kind::Xsd,
        _ => Kind::Wsdl,
    })
}

/// `{"file":…,"errors":[],"warnings":[],"schema":{…}}`, where the schema has `$defs` and `services` or `elements`.
fn document(args: &InspectArgs, schema: &str, errors: &[Diagnostic], warnings: &[Diagnostic]) -> String {
    let findings = |findings: &[Diagnostic]| -> Value { findings.iter().map(finding).collect() };
    let file = Value::from(args.file.display().to_string());
    let (errors, warnings) = (findings(errors), findings(warnings));
    format!("{{\"file\":{file},\"errors\":{errors},\"warnings\":{warnings},\"schema\":{schema}}}\n")
}

fn finding(finding: &Diagnostic) -> Value {
    let Diagnostic { file, line, column, message, .. } = finding;
    json!({ "file": file, "line": line, "column": column, "message": message })
}
