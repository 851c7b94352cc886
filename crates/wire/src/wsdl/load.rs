use super::WSDL;
use crate::{
    Diagnostic,
    xml::{Child, Element},
    xsd::{Documents, Followed, SchemaFiles, XSD},
};

/// The files of a description.
#[derive(Default)]
pub(super) struct Files {
    pub(super) files: Vec<File>,
    pub(super) schemas: SchemaFiles,
}

pub(super) struct File {
    pub(super) source: usize,
    pub(super) root: Element,
}

pub(super) fn read(documents: &mut Documents<'_>, path: &str) -> Result<Files, Diagnostic> {
    let (source, root) = documents.read(path)?;
    let mut files = Files::default();
    add(documents, &mut files, source, root)?;
    let mut next = 0;
    while let Some(file) = files.files.get(next) {
        let source = file.source;
        let imports: Vec<_> = file
            .root
            .elements()
            .filter(|part| part.is(WSDL, "import"))
            .map(|part| {
                let attribute = |name: &str| part.attribute(name).map(str::to_owned);
                (part.offset, attribute("location"), attribute("namespace"))
            })
            .collect();
        for (offset, location, namespace) in imports {
            match documents.follow(source, offset, location.as_deref(), namespace.as_deref(), "")? {
                Followed::Known => {}
                Followed::New(source, root) => add(documents, &mut files, source, root)?,
                Followed::Missing => {
                    let location = location.unwrap_or_default();
                    return Err(documents.error(source, offset, format!("cannot find {location:?}")));
                }
            }
        }
        next += 1;
    }
    files.schemas.follow_all(documents)?;
    Ok(files)
}

fn add(
    documents: &mut Documents<'_>,
    files: &mut Files,
    source: usize,
    mut root: Element,
) -> Result<(), Diagnostic> {
    // Some import schemas as if they were descriptions.
    if root.is(XSD, "schema") {
        return files.schemas.push(documents, source, root, None);
    }
    if !root.is(WSDL, "definitions") {
        let found = format!("expected definitions of WSDL 1.1, found {{{}}}{}", root.namespace, root.local);
        return Err(documents.error(source, root.offset, found));
    }
    for part in &mut root.children {
        let Child::Element(types) = part else { continue };
        if !types.is(WSDL, "types") {
            continue;
        }
        for schema in std::mem::take(&mut types.children) {
            match schema {
                Child::Element(schema) if schema.is(XSD, "schema") => {
                    files.schemas.push(documents, source, schema, None)?;
                }
                _ => {}
            }
        }
    }
    files.files.push(File { source, root });
    Ok(())
}
