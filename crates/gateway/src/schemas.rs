//! Interface files and descriptions from disk.

use std::{
    cell::RefCell,
    path::{Path, PathBuf},
};

use kefu_app::{FileTree, FileTreeError};
use kefu_wire::{
    Limits, LoadError, Loader, SchemaErrors,
    thrift::{Schema, idl},
    wsdl::{self, Definitions},
};

use crate::build::Warning;

/// The files of a tree, and which of them were asked for.
struct Tree {
    tree: FileTree,
    files: RefCell<Vec<(String, Vec<u8>)>>,
}

impl Tree {
    fn around(file: &Path, include: &[PathBuf], limits: &Limits) -> Result<Self, String> {
        let tree = FileTree::around(file, include, limits.schema_bytes_max as u64);
        let tree = tree.map_err(|error| match error {
            FileTreeError::Folder(folder, error) => format!("the folder {}: {error}", folder.display()),
            FileTreeError::Name(why) => why.to_owned(),
        })?;
        Ok(Self { tree, files: RefCell::default() })
    }
}

impl Loader for Tree {
    fn load(&self, path: &str) -> Result<Option<Vec<u8>>, LoadError> {
        let read = self.tree.read(path);
        let read = read.map_err(|error| LoadError { path: path.to_owned(), cause: error.to_string() })?;
        if let Some(bytes) = &read {
            self.files.borrow_mut().push((path.to_owned(), bytes.clone()));
        }
        Ok(read)
    }
}

fn joined(errors: &SchemaErrors) -> String {
    errors.to_string().replace('\n', "; ")
}

/// Reads an interface file with what it includes.
pub(crate) fn thrift(
    file: &Path,
    include: &[PathBuf],
    limits: &Limits,
    warnings: &mut Vec<Warning>,
) -> Result<Schema, String> {
    let tree = Tree::around(file, include, limits)?;
    let (schema, found) =
        idl::load(&tree, tree.tree.file(), &tree.tree.search(), limits).map_err(|errors| joined(&errors))?;
    warnings.extend(found.into_iter().map(|finding| Warning(finding.to_string())));
    Ok(schema)
}

/// A description and the files it was read from, that of the description itself first.
pub(crate) struct Described {
    pub(crate) definitions: Definitions,
    pub(crate) files: Vec<(String, Vec<u8>)>,
}

/// Reads a description with what it imports.
pub(crate) fn soap(file: &Path, limits: &Limits, warnings: &mut Vec<Warning>) -> Result<Described, String> {
    let tree = Tree::around(file, &[], limits)?;
    let (definitions, found) =
        wsdl::load(&tree, tree.tree.file(), limits).map_err(|errors| joined(&errors))?;
    warnings.extend(found.into_iter().map(|finding| Warning(finding.to_string())));
    Ok(Described { definitions, files: tree.files.into_inner() })
}
