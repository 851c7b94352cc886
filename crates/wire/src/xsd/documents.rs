use std::collections::HashSet;

use super::{bundle, load::parent_folder};
use crate::{Diagnostic, Limits, Loader, Severity, normalize, xml::Element};

/// Files of a schema or of a description, as they are read.
pub(crate) struct Documents<'l> {
    loader: &'l dyn Loader,
    pub(crate) limits: Limits,
    sources: Vec<Source>,
    seen: HashSet<String>,
    bytes: usize,
    pub(crate) warnings: Vec<Diagnostic>,
}

struct Source {
    path: String,
    /// Where lines begin, after the first.
    lines: Vec<usize>,
}

/// How many warnings anybody would read.
const WARNINGS_MAX: usize = 1_000;

impl<'l> Documents<'l> {
    pub(crate) fn new(loader: &'l dyn Loader, limits: &Limits) -> Self {
        Self {
            loader,
            limits: *limits,
            sources: Vec::new(),
            seen: HashSet::new(),
            bytes: 0,
            warnings: Vec::new(),
        }
    }

    /// A finding in a file; columns count bytes.
    pub(crate) fn error(&self, source: usize, offset: usize, message: impl Into<String>) -> Diagnostic {
        let (file, line, column) = match self.sources.get(source) {
            Some(source) => {
                let line = source.lines.partition_point(|start| *start <= offset);
                let start = line.checked_sub(1).and_then(|line| source.lines.get(line)).copied().unwrap_or(0);
                (source.path.clone(), line + 1, offset.saturating_sub(start) + 1)
            }
            None => (String::new(), 1, 1),
        };
        Diagnostic { severity: Severity::Error, file, line, column, message: message.into() }
    }

    pub(crate) fn warn(&mut self, source: usize, offset: usize, message: impl Into<String>) {
        if self.warnings.len() < WARNINGS_MAX {
            let warning = self.error(source, offset, message);
            self.warnings.push(Diagnostic { severity: Severity::Warning, ..warning });
        }
    }

    /// Reads the file that was asked for.
    pub(crate) fn read(&mut self, path: &str) -> Result<(usize, Element), Diagnostic> {
        let refuse = |message: &str| Diagnostic {
            severity: Severity::Error,
            file: path.to_owned(),
            line: 1,
            column: 1,
            message: message.to_owned(),
        };
        let Some(path) = normalize("", path) else { return Err(refuse("the path leaves the root")) };
        match self.loader.load(&path) {
            Err(error) => Err(refuse(&error.to_string())),
            Ok(None) => Err(refuse("there is no such file")),
            Ok(Some(bytes)) => {
                self.seen.insert(path.clone());
                self.parse(path, &bytes)
            }
        }
    }

    fn parse(&mut self, path: String, bytes: &[u8]) -> Result<(usize, Element), Diagnostic> {
        let source = self.sources.len();
        let lines = memchr::memchr_iter(b'\n', bytes).map(|at| at + 1).collect();
        self.sources.push(Source { path, lines });
        self.bytes += bytes.len();
        if self.sources.len() > self.limits.schema_files_max {
            return Err(self.error(source, 0, format!("more than {} files", self.limits.schema_files_max)));
        }
        if self.bytes > self.limits.schema_bytes_max {
            return Err(self.error(source, 0, format!("more than {} bytes", self.limits.schema_bytes_max)));
        }
        let limits = Limits { message_bytes_max: self.limits.schema_bytes_max, ..self.limits };
        match Element::parse(bytes, &limits) {
            Ok(root) => Ok((source, root)),
            Err(error) => {
                Err(self.error(source, error.offset().unwrap_or_default(), error.problem().to_string()))
            }
        }
    }

    /// Reads what a file refers to: none if that was read already or cannot be found. `key` tells apart readings of
    /// one file that mean different things.
    pub(crate) fn follow(
        &mut self,
        from: usize,
        offset: usize,
        location: Option<&str>,
        namespace: Option<&str>,
        key: &str,
    ) -> Result<Followed, Diagnostic> {
        let folder = self.sources.get(from).map(|source| parent_folder(&source.path)).unwrap_or_default();
        let mut candidates = Vec::new();
        if let Some(location) = location {
            let bare = location.split(['?', '#']).next().unwrap_or_default();
            match bare.split_once("://") {
                // A catalogue: what stands at an address may lie in a folder named after its host.
                Some((_, rest)) => candidates.push(rest.to_owned()),
                None => candidates.extend(normalize(&folder, bare)),
            }
        }
        for path in candidates.iter().filter_map(|path| normalize("", path)) {
            let seen = format!("{path}{key}");
            if self.seen.contains(&seen) {
                return Ok(Followed::Known);
            }
            let loaded = self.loader.load(&path);
            if let Some(bytes) = loaded.map_err(|error| self.error(from, offset, error.to_string()))? {
                self.seen.insert(seen);
                return self.parse(path, &bytes).map(|(source, root)| Followed::New(source, root));
            }
        }
        let Some((namespace, text)) = namespace.and_then(|name| Some((name, bundle::find(name)?))) else {
            return Ok(Followed::Missing);
        };
        let path = format!("bundle:{namespace}");
        if !self.seen.insert(path.clone()) {
            return Ok(Followed::Known);
        }
        self.parse(path, text.as_bytes()).map(|(source, root)| Followed::New(source, root))
    }
}

/// What came of following a reference.
pub(crate) enum Followed {
    New(usize, Element),
    Known,
    Missing,
}
