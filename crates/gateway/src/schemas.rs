//! Interface files and descriptions from disk.

use std::{
    cell::RefCell,
    fs::{self, File},
    io::{ErrorKind, Read as _},
    path::{Path, PathBuf},
};

use kefu_wire::{
    Limits, LoadError, Loader, SchemaErrors,
    thrift::{Schema, idl},
    wsdl::{self, Definitions},
};

use crate::build::Warning;

/// Files below a folder, and which of them were asked for; links do not lead out of it.
struct Folder {
    root: PathBuf,
    bytes_max: u64,
    files: RefCell<Vec<(String, Vec<u8>)>>,
}

impl Loader for Folder {
    fn load(&self, path: &str) -> Result<Option<Vec<u8>>, LoadError> {
        let failed = |cause: String| LoadError { path: path.to_owned(), cause };
        let place = match self.root.join(path).canonicalize() {
            Ok(place) => place,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(failed(error.to_string())),
        };
        if !place.starts_with(&self.root) || !fs::metadata(&place).is_ok_and(|found| found.is_file()) {
            return Err(failed("it is no file below the folders given".to_owned()));
        }
        let mut bytes = Vec::new();
        File::open(&place)
            .and_then(|file| file.take(self.bytes_max + 1).read_to_end(&mut bytes))
            .map_err(|error| failed(error.to_string()))?;
        self.files.borrow_mut().push((path.to_owned(), bytes.clone()));
        Ok(Some(bytes))
    }
}

/// Where a schema is to be read from: a root, and the file and the folders to search below it.
struct Place {
    folder: Folder,
    file: String,
    search: Vec<String>,
}

impl Place {
    fn new(file: &Path, include: &[PathBuf], limits: &Limits) -> Result<Self, String> {
        let failed = |error: std::io::Error| error.to_string();
        let path = file.canonicalize().map_err(failed)?;
        let folder = path.parent().ok_or("it names no file")?.to_owned();
        let include = include.iter().map(|folder| {
            folder.canonicalize().map_err(|error| format!("the folder {}: {error}", folder.display()))
        });
        let include = include.collect::<Result<Vec<_>, _>>()?;
        let root = include.iter().fold(folder, |root, folder| {
            root.components().zip(folder.components()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
        });
        let relative = |path: &Path| {
            let path = path.strip_prefix(&root).unwrap_or(path);
            path.to_str().map(str::to_owned).ok_or("its path is not UTF-8")
        };
        let search = include.iter().map(|folder| relative(folder)).collect::<Result<_, _>>()?;
        let file = relative(&path)?;
        let bytes_max = limits.schema_bytes_max as u64;
        Ok(Self { folder: Folder { root, bytes_max, files: RefCell::default() }, file, search })
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
    let place = Place::new(file, include, limits)?;
    let search: Vec<&str> = place.search.iter().map(String::as_str).collect();
    let (schema, found) =
        idl::load(&place.folder, &place.file, &search, limits).map_err(|errors| joined(&errors))?;
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
    let place = Place::new(file, &[], limits)?;
    let (definitions, found) =
        wsdl::load(&place.folder, &place.file, limits).map_err(|errors| joined(&errors))?;
    warnings.extend(found.into_iter().map(|finding| Warning(finding.to_string())));
    Ok(Described { definitions, files: place.folder.files.into_inner() })
}
