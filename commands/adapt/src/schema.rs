//! Interface files from disk: below a root, and nothing else.

#[cfg(feature = "bridge")]
use std::cell::RefCell;
use std::path::{Component, Path, PathBuf};

use kefu_app::{Exit, Failure, FileTree, FileTreeError, Text};
use kefu_wire::{
    Diagnostic, Limits, LoadError, Loader, SchemaErrors, Severity,
    thrift::{Schema, idl},
    wsdl::{self, Definitions},
    xsd::{self, Schemas},
};

use crate::shown;

/// The files of a tree, as schemas ask for them.
struct Tree(FileTree);

impl Loader for Tree {
    fn load(&self, path: &str) -> Result<Option<Vec<u8>>, LoadError> {
        self.0.read(path).map_err(|error| LoadError { path: path.to_owned(), cause: error.to_string() })
    }
}

/// A schema, or what is wrong with it, with names of files as the user would write them.
pub(crate) struct Loaded<S> {
    pub(crate) schema: Result<S, Vec<Diagnostic>>,
    pub(crate) warnings: Vec<Diagnostic>,
}

/// What reading a schema gives.
type Outcome<S> = Result<(S, Vec<Diagnostic>), SchemaErrors>;

/// Reads an interface file of Thrift with all that it includes.
///
/// # Errors
/// A folder is not there, or the file is outside of what the system can name in UTF-8.
pub(crate) fn idl(file: &Path, include: &[PathBuf], limits: &Limits) -> Result<Loaded<Schema>, Failure> {
    let site = Site::new(file, include, limits)?;
    Ok(site.read(|loader, path, search| idl::load(loader, path, search, limits)))
}

/// Reads a description with all that it imports.
///
/// # Errors
/// As [`idl`].
pub(crate) fn wsdl(
    file: &Path,
    include: &[PathBuf],
    limits: &Limits,
) -> Result<Loaded<Definitions>, Failure> {
    Ok(Site::new(file, include, limits)?.read(|loader, path, _| wsdl::load(loader, path, limits)))
}

/// Names of files and what is in them.
#[cfg(feature = "bridge")]
pub(crate) type Files = Vec<(String, Vec<u8>)>;

/// Reads a description and gives the files that it was read from, its own first.
///
/// # Errors
/// It cannot be used.
#[cfg(feature = "bridge")]
pub(crate) fn wsdl_with_files(file: &Path) -> Result<(Definitions, Files), Failure> {
    let files = RefCell::default();
    let loaded = Site::new(file, &[], &Limits::default())?
        .read(|loader, path, _| wsdl::load(&Recorder { loader, files: &files }, path, &Limits::default()));
    let definitions = loaded.require(file)?;
    Ok((definitions, files.into_inner()))
}

/// Keeps what is read.
#[cfg(feature = "bridge")]
struct Recorder<'l> {
    loader: &'l dyn Loader,
    files: &'l RefCell<Files>,
}

#[cfg(feature = "bridge")]
impl Loader for Recorder<'_> {
    fn load(&self, path: &str) -> Result<Option<Vec<u8>>, LoadError> {
        let loaded = self.loader.load(path)?;
        self.files.borrow_mut().extend(loaded.clone().map(|bytes| (path.to_owned(), bytes)));
        Ok(loaded)
    }
}

/// Reads a schema of XML with all that it imports.
///
/// # Errors
/// As [`idl`].
pub(crate) fn xsd(file: &Path, include: &[PathBuf], limits: &Limits) -> Result<Loaded<Schemas>, Failure> {
    Ok(Site::new(file, include, limits)?.read(|loader, path, _| xsd::load(loader, path, limits)))
}

/// Files beside a file, and below its folder.
///
/// # Errors
/// The folder is not there.
pub(crate) fn beside(file: &Path) -> Result<impl Loader + use<>, Failure> {
    Site::new(file, &[], &Limits::default()).map(|site| site.tree)
}

/// Where a file is, and from where others may be read along with it.
struct Site {
    tree: Tree,
    /// The root as the user would write it.
    shown: PathBuf,
}

impl Site {
    fn new(file: &Path, include: &[PathBuf], limits: &Limits) -> Result<Self, Failure> {
        let bytes_max = limits.schema_bytes_max as u64;
        let tree = FileTree::around(file, include, bytes_max).map_err(|error| match error {
            FileTreeError::Folder(folder, error) => no_folder(&folder, error),
            FileTreeError::Name(why) => unusable(file).because(why),
        })?;
        let shown = shown_root(tree.root(), tree.folder(), file);
        Ok(Self { tree: Tree(tree), shown })
    }

    fn read<S>(self, read: impl FnOnce(&dyn Loader, &str, &[&str]) -> Outcome<S>) -> Loaded<S> {
        let name_for_user = |mut diagnostic: Diagnostic| {
            diagnostic.file = self.shown.join(&diagnostic.file).display().to_string();
            diagnostic
        };
        let (schema, warnings) = match read(&self.tree, self.tree.0.file(), &self.tree.0.search()) {
            Ok((schema, warnings)) => (Ok(schema), warnings),
            Err(SchemaErrors(found)) => {
                let (errors, warnings): (Vec<_>, Vec<_>) =
                    found.into_iter().partition(|finding| finding.severity == Severity::Error);
                (Err(errors.into_iter().map(name_for_user).collect()), warnings)
            }
        };
        Loaded { schema, warnings: warnings.into_iter().map(name_for_user).collect() }
    }
}

impl<S> Loaded<S> {
    /// What becomes of the schema, with the same findings.
    pub(crate) fn map<T>(self, change: impl FnOnce(S) -> T) -> Loaded<T> {
        Loaded { schema: self.schema.map(change), warnings: self.warnings }
    }

    /// The schema, which must be usable; what is wrong with it goes to standard error.
    ///
    /// # Errors
    /// It is not usable.
    pub(crate) fn require(self, file: &Path) -> Result<S, Failure> {
        self.schema.map_err(|errors| failure(file, &errors))
    }
}

/// Says that a file cannot be used; if more than one thing is wrong, all go to standard error first.
pub(crate) fn failure(file: &Path, errors: &[Diagnostic]) -> Failure {
    let failure = unusable(file);
    match errors {
        [error] => failure.because(shown::line(&error.to_string())),
        errors => {
            for error in errors {
                eprintln_line(&shown::line(&error.to_string()));
            }
            let count = errors.len();
            failure.because(format!("{count} errors, listed above"))
        }
    }
    .hint(Text::new(
        "mend the file; folders for what it includes are named with -I",
        "请修正该文件;用 -I 指定所包含文件的目录",
    ))
}

/// Writes a line to standard error; nobody is left to tell when that is gone.
pub(crate) fn eprintln_line(line: &str) {
    use std::io::Write as _;
    drop(writeln!(std::io::stderr(), "{line}"));
}

fn unusable(file: &Path) -> Failure {
    let file = file.display();
    Failure::new(
        Exit::Config,
        Text::new(format!("cannot use the schema {file}"), format!("无法使用架构文件 {file}")),
    )
}

fn no_folder(folder: &Path, error: std::io::Error) -> Failure {
    let folder = folder.display();
    let text =
        Text::new(format!("cannot look for schemas in {folder}"), format!("无法在 {folder} 中查找架构文件"));
    Failure::new(Exit::Config, text).because(error)
}

/// The root as the user would write it: relative to where they are, if it is there or below.
fn shown_root(root: &Path, folder: &Path, file: &Path) -> PathBuf {
    if root == folder {
        return file.parent().unwrap_or(Path::new("")).to_owned();
    }
    let here = std::env::current_dir().and_then(|here| here.canonicalize());
    let below = here.ok().and_then(|here| root.strip_prefix(here).ok().map(Path::to_owned));
    below
        .filter(|path| !path.components().any(|part| part == Component::ParentDir))
        .unwrap_or(root.to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn includes_stay_below_the_folders_given() {
        let dir = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| fs::write(dir.path().join(path), text).unwrap();
        fs::create_dir_all(dir.path().join("shop")).unwrap();
        fs::create_dir_all(dir.path().join("shared")).unwrap();
        write("shared/money.thrift", "struct Money { 1: i64 cents }");
        write("shop/shop.thrift", "include \"money.thrift\"\nstruct Order { 1: money.Money total }");
        write("shop/up.thrift", "include \"../shared/money.thrift\"");
        let limits = Limits::default();
        let load = |file: &str, include: &[PathBuf]| idl(&dir.path().join(file), include, &limits).unwrap();
        let shared = [dir.path().join("shared")];
        assert!(load("shop/shop.thrift", &shared).schema.is_ok());
        assert!(load("shop/up.thrift", &shared).schema.is_ok());
        let errors = load("shop/up.thrift", &[]).schema.err().unwrap();
        assert!(errors[0].to_string().contains("leaves the root"), "{errors:?}");
        assert!(errors[0].file.ends_with("shop/up.thrift"), "{errors:?}");
        assert!(load("shop/none.thrift", &[]).schema.is_err());
        let missing = idl(&dir.path().join("none/x.thrift"), &[], &limits).err().unwrap();
        assert_eq!(missing.exit(), Exit::Config);
    }

    #[cfg(unix)]
    #[test]
    fn links_do_not_lead_out() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("in")).unwrap();
        fs::write(dir.path().join("out.thrift"), "struct Secret {}").unwrap();
        std::os::unix::fs::symlink(dir.path().join("out.thrift"), dir.path().join("in/link.thrift")).unwrap();
        fs::write(dir.path().join("in/main.thrift"), "include \"link.thrift\"").unwrap();
        let errors = idl(&dir.path().join("in/main.thrift"), &[], &Limits::default()).unwrap().schema;
        assert!(errors.err().unwrap()[0].message.contains("leads out"));
    }
}
