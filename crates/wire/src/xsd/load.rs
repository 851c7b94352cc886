use super::{
    XSD,
    documents::{Documents, Followed},
};
use crate::{Diagnostic, xml::Element};

pub(super) fn parent_folder(path: &str) -> String {
    path.rsplit_once('/').map_or(String::new(), |(folder, _)| folder.to_owned())
}

/// A schema element that was read.
pub(crate) struct SchemaFile {
    pub(super) source: usize,
    pub(super) root: Element,
    pub(super) target: String,
    /// Whether names without a namespace mean its target: it was included by a schema that has one.
    pub(super) chameleon: bool,
}

/// All schemas that were read.
#[derive(Default)]
pub(crate) struct SchemaFiles {
    pub(super) files: Vec<SchemaFile>,
}

impl SchemaFiles {
    /// Adds a schema and follows what it refers to.
    pub(crate) fn add_root(
        &mut self,
        documents: &mut Documents<'_>,
        source: usize,
        root: Element,
    ) -> Result<(), Diagnostic> {
        self.push(documents, source, root, None)?;
        self.follow_all(documents)
    }

    /// Follows what the schemas refer to: in the order in which they were found, without recursion.
    pub(crate) fn follow_all(&mut self, documents: &mut Documents<'_>) -> Result<(), Diagnostic> {
        let mut next = 0;
        while next < self.files.len() {
            self.follow(documents, next)?;
            next += 1;
        }
        Ok(())
    }

    /// Adds a schema, which is not followed yet.
    pub(crate) fn push(
        &mut self,
        documents: &Documents<'_>,
        source: usize,
        root: Element,
        includer: Option<&str>,
    ) -> Result<(), Diagnostic> {
        if !root.is(XSD, "schema") {
            let message = format!("expected a schema, found {:?}", root.local);
            return Err(documents.error(source, root.offset, message));
        }
        let own = root.attribute("targetNamespace").unwrap_or_default();
        let chameleon = own.is_empty() && includer.is_some_and(|includer| !includer.is_empty());
        let target = match includer {
            Some(includer) if chameleon => includer.to_owned(),
            Some(includer) if own != includer => {
                let message = format!("expected the target namespace {includer:?}, found {own:?}");
                return Err(documents.error(source, root.offset, message));
            }
            _ => own.to_owned(),
        };
        self.files.push(SchemaFile { source, root, target, chameleon });
        Ok(())
    }

    fn follow(&mut self, documents: &mut Documents<'_>, index: usize) -> Result<(), Diagnostic> {
        let file = &self.files[index];
        let (source, target) = (file.source, file.target.clone());
        let mut references = Vec::new();
        for child in file.root.elements().filter(|child| &*child.namespace == XSD) {
            let location = child.attribute("schemaLocation").map(str::to_owned);
            match &*child.local {
                "include" | "redefine" => references.push((child.offset, location, None)),
                "import" => {
                    let namespace = child.attribute("namespace").unwrap_or_default().to_owned();
                    references.push((child.offset, location, Some(namespace)));
                }
                _ => {}
            }
        }
        for (offset, location, import) in references {
            let is_import = import.is_some();
            let key = if is_import { String::new() } else { format!(" in {target}") };
            let followed = documents.follow(source, offset, location.as_deref(), import.as_deref(), &key)?;
            match followed {
                Followed::Known => {}
                Followed::New(source, root) => {
                    self.push(documents, source, root, (!is_import).then_some(target.as_str()))?;
                }
                Followed::Missing if is_import => {
                    let namespace = import.unwrap_or_default();
                    let is_here = self.files.iter().any(|file| file.target == namespace);
                    // Several schemas of one description import each other without a location.
                    if !is_here && location.is_some() {
                        let location = location.unwrap_or_default();
                        let message = format!("the schema of {namespace:?} was not found at {location:?}");
                        documents.warn(source, offset, message);
                    }
                }
                Followed::Missing => {
                    let location = location.unwrap_or_default();
                    return Err(documents.error(source, offset, format!("cannot find {location:?}")));
                }
            }
        }
        Ok(())
    }
}
