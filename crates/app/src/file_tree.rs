//! A file and what may be read along with it: below a root, and nothing else.

use std::{
    fs::{self, File},
    io::{self, ErrorKind, Read as _},
    path::{Path, PathBuf},
};

/// A file, the folders to search for what it includes, and the nearest folder that holds all of them.
///
/// Nothing outside of that root is read, not even over a symbolic link.
#[derive(Clone, Debug)]
pub struct FileTree {
    root: PathBuf,
    folder: PathBuf,
    file: String,
    search: Vec<String>,
    file_bytes_max: u64,
}

/// Why there is no such tree.
#[derive(Debug)]
pub enum FileTreeError {
    /// A folder cannot be entered.
    Folder(PathBuf, io::Error),
    /// The path of the file names none, or cannot be written in UTF-8.
    Name(&'static str),
}

impl FileTree {
    /// Finds the root of `file` and the folders `include`; files of more than `file_bytes_max` bytes are cut off one
    /// byte behind that, so that they are seen to be too long.
    ///
    /// # Errors
    /// A folder is not there, or a path is not UTF-8.
    pub fn around(file: &Path, include: &[PathBuf], file_bytes_max: u64) -> Result<Self, FileTreeError> {
        let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = canonical(folder)?;
        let search = include.iter().map(|folder| canonical(folder)).collect::<Result<Vec<_>, _>>()?;
        let root = search.iter().fold(folder.clone(), |root, folder| common(&root, folder));
        let relative = |path: &Path| {
            let path = path.strip_prefix(&root).unwrap_or(path);
            path.to_str().map(str::to_owned).ok_or(FileTreeError::Name("its path is not UTF-8"))
        };
        let name = file.file_name().ok_or(FileTreeError::Name("it names no file"))?;
        let file = relative(&folder.join(name))?;
        let search = search.iter().map(|folder| relative(folder)).collect::<Result<_, _>>()?;
        Ok(Self { root, folder, file, search, file_bytes_max })
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of the file.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The file, from the root.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The folders to search, from the root.
    #[must_use]
    pub fn search(&self) -> Vec<&str> {
        self.search.iter().map(String::as_str).collect()
    }

    /// Reads a file by its path from the root; none if there is none.
    ///
    /// # Errors
    /// It leads out of the root, is no file, or cannot be read.
    pub fn read(&self, path: &str) -> io::Result<Option<Vec<u8>>> {
        let place = match self.root.join(path).canonicalize() {
            Ok(place) => place,
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        if !place.starts_with(&self.root) {
            return Err(io::Error::other("a link leads out of the folders given"));
        }
        if !fs::metadata(&place).is_ok_and(|metadata| metadata.is_file()) {
            return Err(io::Error::other("it is no file"));
        }
        let mut bytes = Vec::new();
        File::open(&place)?.take(self.file_bytes_max + 1).read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    }
}

fn canonical(folder: &Path) -> Result<PathBuf, FileTreeError> {
    folder.canonicalize().map_err(|error| FileTreeError::Folder(folder.to_owned(), error))
}

/// The nearest folder that holds both.
fn common(a: &Path, b: &Path) -> PathBuf {
    a.components().zip(b.components()).take_while(|(a, b)| a == b).map(|(a, _)| a).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outside_of_the_root_is_read() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("in")).unwrap();
        fs::write(dir.path().join("in/main"), "0123456789").unwrap();
        fs::write(dir.path().join("secret"), "x").unwrap();
        let tree = FileTree::around(&dir.path().join("in/main"), &[], 4).unwrap();
        assert_eq!((tree.file(), tree.search()), ("main", Vec::new()));
        assert_eq!(tree.read("main").unwrap().unwrap(), b"01234", "one byte more than it may have");
        assert!(tree.read("none").unwrap().is_none());
        assert!(tree.read("../secret").is_err());
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(dir.path().join("secret"), dir.path().join("in/link")).unwrap();
            assert!(tree.read("link").unwrap_err().to_string().contains("leads out"));
        }
        let wider = FileTree::around(&dir.path().join("in/main"), &[dir.path().to_owned()], 4).unwrap();
        assert_eq!((wider.file(), wider.search()), ("in/main", vec![""]));
        assert!(wider.read("secret").unwrap().is_some());
        let missing = FileTree::around(&dir.path().join("none/main"), &[], 4);
        assert!(matches!(missing, Err(FileTreeError::Folder(..))));
    }
}
