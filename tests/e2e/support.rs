//! What the tests share: the binary in a clean environment, and the tree that it was built from.

pub(crate) mod audit;
pub(crate) mod crowd;
pub(crate) mod http;
pub(crate) mod ports;
pub(crate) mod random;
pub(crate) mod server;
pub(crate) mod shim;
pub(crate) mod socket;
pub(crate) mod vendor;
pub(crate) mod writer;

use std::path::{Path, PathBuf};

use assert_cmd::Command;

/// The binary, free of what the environment of the tests may set.
pub(crate) fn kefu() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kefu"));
    for (name, _) in std::env::vars_os() {
        let shown = name.to_string_lossy();
        if shown.starts_with("KEFU_") || shown.starts_with("LC_") || shown == "LANG" {
            command.env_remove(&name);
        }
    }
    command
}

/// The root of the source tree.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Reads a file of the source tree.
pub(crate) fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// All source files below the root, relative to it, without what is built or downloaded.
pub(crate) fn files() -> Vec<PathBuf> {
    fn walk(dir: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let built = matches!(&*name, "target" | "node_modules" | "dist" | ".git" | ".test" | "corpus");
            if entry.file_type().unwrap().is_dir() {
                if !built {
                    walk(&entry.path(), found);
                }
            } else {
                found.push(entry.path().strip_prefix(root()).unwrap().to_owned());
            }
        }
    }
    let mut found = Vec::new();
    walk(root(), &mut found);
    found.sort();
    found
}
