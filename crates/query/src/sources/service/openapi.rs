//! OpenAPI files, as far as it takes to call operations.

use std::path::Path;

use ::http::Method;
use serde_json::Value as Json;

use crate::sources::file;

static METHODS: [(&str, Method); 5] = [
    ("get", Method::GET),
    ("post", Method::POST),
    ("put", Method::PUT),
    ("patch", Method::PATCH),
    ("delete", Method::DELETE),
];

/// A description of a service.
#[derive(Debug)]
pub(in crate::sources) struct OpenApi(pub(in crate::sources) Json);

/// An operation of it.
#[derive(Clone, Copy, Debug)]
pub(in crate::sources) struct Operation<'o> {
    pub(in crate::sources) id: &'o str,
    pub(in crate::sources) method: &'o Method,
    pub(in crate::sources) path: &'o str,
    pub(in crate::sources) node: &'o Json,
}

impl OpenApi {
    /// Reads a file of YAML or JSON.
    pub(in crate::sources) fn read(file: &Path) -> Result<Self, String> {
        let json = file::yaml(file)?;
        let version = json["openapi"].as_str().unwrap_or_default();
        if !version.starts_with("3.") {
            return Err(format!("{} is no description of OpenAPI 3", file.display()));
        }
        Ok(Self(json))
    }

    /// The address of its first server, if it names a host.
    pub(in crate::sources) fn server(&self) -> Option<&str> {
        self.0["servers"][0]["url"].as_str().filter(|url| url.contains("://"))
    }

    /// Its operations that have names.
    pub(in crate::sources) fn operations(&self) -> impl Iterator<Item = Operation<'_>> {
        let paths = self.0["paths"].as_object().into_iter().flatten();
        paths.flat_map(|(path, item)| {
            METHODS.iter().filter_map(move |(name, method)| {
                let node = item.get(name)?;
                Some(Operation { id: node["operationId"].as_str()?, method, path, node })
            })
        })
    }

    /// The method and the path of an operation.
    pub(in crate::sources) fn operation(&self, id: &str) -> Result<(Method, String), String> {
        let found = self.operations().find(|operation| operation.id == id);
        found.map(|operation| (operation.method.clone(), operation.path.to_owned())).ok_or_else(|| {
            let known: Vec<&str> = self.operations().map(|operation| operation.id).take(20).collect();
            format!("there is no operation {id:?}, only: {}", known.join(", "))
        })
    }

    /// What a schema is behind its reference.
    pub(in crate::sources) fn resolved<'s>(&'s self, schema: &'s Json) -> &'s Json {
        let mut schema = schema;
        // References that lead in a circle lead nowhere.
        for _ in 0..16 {
            let Some(reference) = schema["$ref"].as_str() else { return schema };
            let found = reference.strip_prefix('#').and_then(|pointer| self.0.pointer(pointer));
            let Some(found) = found else { return schema };
            schema = found;
        }
        schema
    }
}
