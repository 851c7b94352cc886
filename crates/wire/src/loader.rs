use std::collections::BTreeMap;

/// Gives schema files to those who read schemas.
///
/// Paths are relative to a root of the loader's choice, use `/` and were [normalized](normalize) before: they
/// never leave the root by their spelling. Symbolic links are the loader's own matter.
pub trait Loader {
    /// The bytes of a file, or none if there is no such file.
    ///
    /// # Errors
    /// The file is there and cannot be read.
    fn load(&self, path: &str) -> Result<Option<Vec<u8>>, LoadError>;
}

/// A file is there and cannot be read.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("cannot read {path}: {cause}")]
pub struct LoadError {
    /// The path that was asked for.
    pub path: String,
    /// Why it cannot be read.
    pub cause: String,
}

/// Files that are in memory already: bundled ones, uploaded ones, those of tests.
#[derive(Clone, Debug, Default)]
pub struct MemoryLoader {
    files: BTreeMap<String, Vec<u8>>,
}

impl MemoryLoader {
    /// Adds a file, or replaces it.
    #[must_use]
    pub fn with(mut self, path: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.files.insert(path.to_owned(), bytes.into());
        self
    }
}

impl Loader for MemoryLoader {
    fn load(&self, path: &str) -> Result<Option<Vec<u8>>, LoadError> {
        Ok(self.files.get(path).cloned())
    }
}

/// Joins a path to a folder, both below the loader's root, and takes `.` and `..` out of it.
///
/// Gives none for what leaves the root: absolute paths, drives, addresses, too many `..`.
#[must_use]
pub fn normalize(folder: &str, path: &str) -> Option<String> {
    if path.starts_with('/') || path.contains(['\\', ':', '\0']) {
        return None;
    }
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::normalize;

    #[test]
    fn paths_stay_below_the_root() {
        assert_eq!(normalize("a/b", "../c.thrift").as_deref(), Some("a/c.thrift"));
        assert_eq!(normalize("", "./x//y.thrift").as_deref(), Some("x/y.thrift"));
        for outside in ["/etc/passwd", "../x", "a/../../x", "c:/x", "..\\x", "http://x/y", "", "."] {
            assert_eq!(normalize("", outside), None, "{outside}");
        }
    }
}
