//! Reads IDL files of others: `KEFU_THRIFT_CORPUS=<folder> cargo test -p kefu-wire --test corpus`.
//!
//! The folder is a checkout of Apache Thrift or anything else; its files are not ours to commit. All files whose
//! names end in `.thrift` are read, each as a root. Ends of paths that are wrong on purpose stand, with commas
//! between, in `KEFU_THRIFT_REFUSED`.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use kefu_wire::{
    Limits, LoadError, Loader,
    thrift::{idl, json_schema},
};

/// Files below a folder.
struct Folder(PathBuf);

impl Loader for Folder {
    fn load(&self, path: &str) -> Result<Option<Vec<u8>>, LoadError> {
        match fs::read(self.0.join(path)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(LoadError { path: path.to_owned(), cause: error.to_string() }),
        }
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        if path.is_dir() && !path.is_symlink() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "thrift") {
            found.push(path);
        }
    }
}

#[test]
fn files_of_others_are_read() {
    let Some(root) = std::env::var_os("KEFU_THRIFT_CORPUS").map(PathBuf::from) else {
        let why = "SKIPPED: KEFU_THRIFT_CORPUS names no folder of .thrift files";
        // Past the capture of output, so that it is seen.
        drop(writeln!(std::io::stderr(), "{why}"));
        return;
    };
    let refused = std::env::var("KEFU_THRIFT_REFUSED").unwrap_or_default();
    let refused: Vec<&str> = refused.split(',').filter(|name| !name.is_empty()).collect();
    let mut found = Vec::new();
    files(&root, &mut found);
    found.sort();
    assert!(!found.is_empty(), "there are files");
    let loader = Folder(root.clone());
    // Some files expect to be called with the folders of others.
    let mut folders: Vec<String> = found
        .iter()
        .filter_map(|file| file.strip_prefix(&root).ok()?.parent())
        .map(|folder| folder.to_string_lossy().into_owned())
        .collect();
    folders.dedup();
    let mut wrong = Vec::new();
    for file in &found {
        let path = file.strip_prefix(&root).expect("it is below").to_string_lossy().into_owned();
        let search: Vec<&str> = ["test"].into_iter().chain(folders.iter().map(String::as_str)).collect();
        let expected = !refused.iter().any(|name| path.ends_with(name));
        match idl::load(&loader, &path, &search, &Limits::default()) {
            Ok((schema, _)) => {
                let document: Result<serde_json::Value, _> =
                    serde_json::from_str(&json_schema::document(&schema));
                if !expected || document.is_err() {
                    wrong.push(format!("{path}: is read"));
                }
            }
            Err(errors) if expected => wrong.push(errors.to_string()),
            Err(_) => {}
        }
    }
    println!("{} files read, {} not as expected", found.len(), wrong.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
