//! Schema files that settings name, with what they include.

use std::path::Path;

use kefu_app::{FileTree, FileTreeError};
use kefu_wire::{
    Limits, LoadError, Loader, SchemaErrors,
    thrift::{Schema, idl},
    wsdl::{self, Definitions},
};

/// The folder around a schema file.
struct Tree(FileTree);

impl Tree {
    fn around(file: &Path) -> Result<Self, String> {
        let limit = Limits::default().schema_bytes_max as u64;
        FileTree::around(file, &[], limit).map(Self).map_err(|error| match error {
            FileTreeError::Folder(folder, error) => format!("the folder {}: {error}", folder.display()),
            FileTreeError::Name(why) => why.to_owned(),
        })
    }
}

impl Loader for Tree {
    fn load(&self, path: &str) -> Result<Option<Vec<u8>>, LoadError> {
        self.0.read(path).map_err(|error| LoadError { path: path.to_owned(), cause: error.to_string() })
    }
}

fn joined(file: &Path, errors: &SchemaErrors) -> String {
    format!("the schema {} cannot be used: {}", file.display(), errors.to_string().replace('\n', "; "))
}

/// Reads a description of services of SOAP.
pub(super) fn wsdl(file: &Path) -> Result<Definitions, String> {
    let tree = Tree::around(file)?;
    let read = wsdl::load(&tree, tree.0.file(), &Limits::default());
    read.map(|(definitions, _)| definitions).map_err(|errors| joined(file, &errors))
}

/// Reads an interface file of Thrift.
pub(super) fn idl(file: &Path) -> Result<Schema, String> {
    let tree = Tree::around(file)?;
    let read = idl::load(&tree, tree.0.file(), &[], &Limits::default());
    read.map(|(schema, _)| schema).map_err(|errors| joined(file, &errors))
}

/// Reads a file of YAML or JSON.
pub(super) fn yaml(file: &Path) -> Result<serde_json::Value, String> {
    let tree = Tree::around(file)?;
    let bytes = tree.0.read(tree.0.file()).map_err(|error| format!("{}: {error}", file.display()))?;
    let bytes = bytes.ok_or_else(|| format!("there is no file {}", file.display()))?;
    if bytes.len() > Limits::default().schema_bytes_max {
        return Err(format!("{} has too many bytes", file.display()));
    }
    serde_yaml::from_slice(&bytes).map_err(|error| format!("{}: {error}", file.display()))
}
