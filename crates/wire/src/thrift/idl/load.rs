//! A file and what it includes.

use std::collections::HashMap;

use super::{Diagnostic, Findings, Lines, Severity, lexer::SyntaxError, model::File, parser};
use crate::{Limits, Loader, normalize};

/// A file that was read.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) path: String,
    pub(super) text: String,
    lines: Lines,
    pub(super) file: File,
    /// What stands before names of this file elsewhere: its own name without `.thrift`.
    pub(super) prefix: String,
    /// The files that it includes, by their index.
    pub(super) includes: Vec<usize>,
}

impl Source {
    pub(super) fn diagnostic(&self, severity: Severity, at: usize, message: String) -> Diagnostic {
        let (line, column) = self.lines.position(&self.text, at);
        Diagnostic { severity, file: self.path.clone(), line, column, message }
    }
}

/// All files; the first is the one that was asked for.
#[derive(Debug, Default)]
pub(super) struct Sources {
    pub(super) files: Vec<Source>,
    pub(super) findings: Findings,
    known: HashMap<String, usize>,
    /// The files that are being read, outermost first.
    open: Vec<usize>,
    bytes: usize,
    tokens: usize,
}

impl Sources {
    pub(super) fn load(&mut self, loader: &dyn Loader, path: &str, search: &[&str], limits: &Limits) {
        self.tokens = limits.schema_tokens_max;
        let Some(path) = normalize("", path) else {
            self.refuse(path, "the path leaves the root");
            return;
        };
        match loader.load(&path) {
            Err(error) => self.refuse(&path, &error.to_string()),
            Ok(None) => self.refuse(&path, "there is no such file"),
            Ok(Some(bytes)) => {
                self.add(loader, path, bytes, search, limits);
            }
        }
    }

    /// The file that was asked for cannot be read at all.
    fn refuse(&mut self, path: &str, message: &str) {
        let (file, message) = (path.to_owned(), message.to_owned());
        let make = |severity| Diagnostic { severity, file, line: 1, column: 1, message };
        self.findings.push(Severity::Error, make);
    }

    fn add(
        &mut self,
        loader: &dyn Loader,
        path: String,
        bytes: Vec<u8>,
        search: &[&str],
        limits: &Limits,
    ) -> usize {
        let index = self.files.len();
        self.known.insert(path.clone(), index);
        let name = path.rsplit('/').next().unwrap_or(&path);
        let prefix = name.strip_suffix(".thrift").unwrap_or(name).to_owned();
        self.bytes += bytes.len();
        let (text, failure) = if self.bytes > limits.schema_bytes_max {
            (String::new(), Some(format!("the schema has more than {} bytes", limits.schema_bytes_max)))
        } else {
            match String::from_utf8(bytes) {
                Ok(text) => (text, None),
                Err(error) => {
                    let valid = error.utf8_error().valid_up_to();
                    let text = String::from_utf8_lossy(&error.into_bytes()[..valid]).into_owned();
                    (text, Some("this is not UTF-8".to_owned()))
                }
            }
        };
        let parsed = match failure {
            Some(message) => Err(SyntaxError::new(text.len(), message)),
            None => parser::parse(&text, limits, &mut self.tokens),
        };
        let (file, error) = match parsed {
            Ok(file) => (file, None),
            Err(error) => (File::default(), Some(error)),
        };
        let lines = Lines::new(&text);
        let source = Source { path, text, lines, file, prefix, includes: Vec::new() };
        if let Some(SyntaxError { at, message }) = error {
            self.findings.push(Severity::Error, |severity| source.diagnostic(severity, at, message));
        }
        for (at, message) in &source.file.warnings {
            let make = |severity| source.diagnostic(severity, *at, message.clone());
            self.findings.push(Severity::Warning, make);
        }
        self.files.push(source);
        self.open.push(index);
        let includes: Vec<(String, usize)> = self.files[index]
            .file
            .includes
            .iter()
            .map(|include| (include.path.clone(), include.at))
            .collect();
        for (included, at) in includes {
            match self.include(loader, index, &included, search, limits) {
                Ok(target) => self.files[index].includes.push(target),
                Err(message) => {
                    let source = &self.files[index];
                    self.findings.push(Severity::Error, |severity| source.diagnostic(severity, at, message));
                }
            }
        }
        self.open.pop();
        index
    }

    fn include(
        &mut self,
        loader: &dyn Loader,
        from: usize,
        included: &str,
        search: &[&str],
        limits: &Limits,
    ) -> Result<usize, String> {
        let folder = self.files[from].path.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
        let folders = std::iter::once(folder.as_str()).chain(search.iter().copied());
        let mut candidates: Vec<String> = Vec::new();
        for folder in folders {
            if let Some(path) = normalize(folder, included).filter(|path| !candidates.contains(path)) {
                candidates.push(path);
            }
        }
        if candidates.is_empty() {
            return Err(format!("the path {included:?} leaves the root"));
        }
        for path in candidates {
            if let Some(index) = self.known.get(&path) {
                if let Some(start) = self.open.iter().position(|open| open == index) {
                    let names =
                        self.open[start..].iter().chain([index]).map(|file| self.files[*file].path.as_str());
                    let names: Vec<_> = names.collect();
                    return Err(format!("files include each other in a circle: {}", names.join(" → ")));
                }
                return Ok(*index);
            }
            let Some(bytes) = loader.load(&path).map_err(|error| error.to_string())? else { continue };
            if self.open.len() >= limits.schema_levels_max {
                return Err(format!(
                    "more than {} levels of files that include files",
                    limits.schema_levels_max
                ));
            }
            if self.files.len() >= limits.schema_files_max {
                return Err(format!("the schema has more than {} files", limits.schema_files_max));
            }
            return Ok(self.add(loader, path, bytes, search, limits));
        }
        Err(format!("cannot find {included:?} beside this file or in the folders to search"))
    }
}
