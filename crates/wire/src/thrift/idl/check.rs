//! What grammar cannot say: names are defined once and found, types fit, ids are unique.

mod consts;
mod services;
mod structs;
mod types;

use std::collections::HashMap;

use super::{
    Findings, Severity,
    load::Source,
    model::{Name, StructKind, TypeBody},
};
use crate::{
    Limits,
    thrift::{
        Schema,
        schema::{Const, Enum, EnumId, Struct, StructId, Type},
    },
};

/// Checks all files and resolves them into one schema, which is of use only if no finding is an error.
pub(super) fn check(sources: &[Source], limits: &Limits, findings: Findings) -> (Schema, Findings) {
    let mut checker = Checker {
        sources,
        names: Vec::new(),
        targets: Vec::new(),
        typedefs: Vec::new(),
        schema: Schema::default(),
        element_depths: Vec::new(),
        pair_depths: Vec::new(),
        depth_max: limits.schema_depth_max,
        const_nodes: limits.schema_const_nodes_max,
        const_nodes_max: limits.schema_const_nodes_max,
        const_nodes_exceeded: false,
        findings,
    };
    checker.collect_names();
    checker.collect_targets();
    checker.resolve_typedefs();
    checker.resolve_structs();
    checker.resolve_services();
    checker.resolve_consts();
    (checker.schema, checker.findings)
}

/// What a name of a type stands for.
#[derive(Clone, Copy, Debug)]
enum Target {
    Typedef,
    Is(Type),
}

/// How far a typedef is.
#[derive(Clone, Copy, Debug)]
enum Typedef {
    /// Nobody asked for it yet.
    Unseen,
    /// It is being resolved: whoever comes back to it has gone round in a circle.
    Open,
    /// What is wrong with it was reported.
    Broken,
    Is(Type),
}

/// The names of a file, and the index of what they name.
#[derive(Default)]
struct Names<'a> {
    types: HashMap<&'a str, usize>,
    consts: HashMap<&'a str, usize>,
    services: HashMap<&'a str, usize>,
}

struct Checker<'a> {
    sources: &'a [Source],
    names: Vec<Names<'a>>,
    /// By file, by type definition.
    targets: Vec<Vec<Target>>,
    /// Typedefs by file, by definition.
    typedefs: Vec<Vec<Typedef>>,
    schema: Schema,
    /// How deep containers nest, for each element type and each pair of the schema.
    element_depths: Vec<u32>,
    pair_depths: Vec<u32>,
    depth_max: u32,
    const_nodes: u64,
    const_nodes_max: u64,
    /// Whether more was reported already.
    const_nodes_exceeded: bool,
    findings: Findings,
}

impl<'a> Checker<'a> {
    fn error(&mut self, file: usize, at: usize, message: impl Into<String>) {
        let source = &self.sources[file];
        self.findings.push(Severity::Error, |severity| source.diagnostic(severity, at, message.into()));
    }

    fn warn(&mut self, file: usize, at: usize, message: impl Into<String>) {
        let source = &self.sources[file];
        self.findings.push(Severity::Warning, |severity| source.diagnostic(severity, at, message.into()));
    }

    /// The name that the schema gives to what a file defines.
    fn qualified(&self, file: usize, name: &str) -> String {
        if file == 0 { name.to_owned() } else { format!("{}.{name}", self.sources[file].prefix) }
    }

    fn collect_names(&mut self) {
        for (file, source) in self.sources.iter().enumerate() {
            let mut names = Names::default();
            let types = source.file.types.iter().map(|definition| &definition.name);
            self.collect(file, &mut names.types, types, "type");
            let consts = source.file.consts.iter().map(|definition| &definition.name);
            self.collect(file, &mut names.consts, consts, "constant");
            let services = source.file.services.iter().map(|definition| &definition.name);
            self.collect(file, &mut names.services, services, "service");
            for service in &source.file.services {
                if names.types.contains_key(service.name.text.as_str()) {
                    let message = format!("`{}` is the name of a type already", service.name.text);
                    self.error(file, service.name.at, message);
                }
            }
            self.names.push(names);
        }
    }

    fn collect(
        &mut self,
        file: usize,
        into: &mut HashMap<&'a str, usize>,
        names: impl Iterator<Item = &'a Name>,
        what: &str,
    ) {
        into.reserve(names.size_hint().0);
        for (index, name) in names.enumerate() {
            if name.text.contains('.') {
                self.error(file, name.at, format!("the name of a {what} has no dot"));
            }
            if into.insert(&name.text, index).is_some() {
                self.error(file, name.at, format!("the {what} `{}` is defined twice", name.text));
            }
        }
    }

    /// Gives every struct and enum its place in the schema, so that they can refer to each other.
    fn collect_targets(&mut self) {
        for (file, source) in self.sources.iter().enumerate() {
            let mut targets = Vec::with_capacity(source.file.types.len());
            for definition in &source.file.types {
                let name = self.qualified(file, &definition.name.text);
                targets.push(match &definition.body {
                    TypeBody::Typedef(_) => Target::Typedef,
                    TypeBody::StringEnum => Target::Is(Type::String),
                    TypeBody::Enum(values) => {
                        let values = self.enum_values(file, values);
                        let id = EnumId(index_of(self.schema.enums.len()));
                        self.schema.enums.push(Enum::new(name, definition.doc.clone(), values));
                        Target::Is(Type::Enum(id))
                    }
                    TypeBody::Struct(kind, _) => Target::Is(Type::Struct(self.new_struct(name, *kind))),
                });
            }
            self.typedefs.push(vec![Typedef::Unseen; targets.len()]);
            self.targets.push(targets);
        }
    }

    fn new_struct(&mut self, name: String, kind: StructKind) -> StructId {
        let id = StructId(index_of(self.schema.structs.len()));
        self.schema.structs.push(Struct::new(name, kind));
        id
    }

    fn resolve_consts(&mut self) {
        for (file, source) in self.sources.iter().enumerate() {
            for constant in &source.file.consts {
                let Some(ty) = self.resolve(file, &constant.type_reference) else { continue };
                let Some(json) = self.const_json(file, ty, &constant.value) else { continue };
                let name = self.qualified(file, &constant.name.text);
                self.schema.consts.push(Const { name, ty, json });
            }
        }
    }

    /// Splits a dotted name into the file that it leads to and the rest, for every way to split it.
    fn split<'n>(&self, file: usize, name: &'n str) -> impl Iterator<Item = (usize, &'n str)> + use<'a, 'n> {
        let sources = self.sources;
        let includes = if name.contains('.') { sources[file].includes.as_slice() } else { &[] };
        let elsewhere = includes.iter().filter_map(move |include| {
            let rest = name.strip_prefix(sources[*include].prefix.as_str())?.strip_prefix('.')?;
            Some((*include, rest))
        });
        std::iter::once((file, name)).chain(elsewhere)
    }
}

/// The limit on tokens keeps all indices far below this.
fn index_of(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
