//! Services, their functions, and what they extend.

use std::collections::HashSet;

use super::{Checker, structs::Owner};
use crate::thrift::{
    idl::model::{self, ReferenceBody, Requiredness, StructKind},
    schema::{Field, Function, Service},
};

impl Checker<'_> {
    pub(super) fn resolve_services(&mut self) {
        // Where the services of each file begin among all.
        let mut starts = Vec::new();
        let mut total = 0;
        for source in self.sources {
            starts.push(total);
            total += source.file.services.len();
        }
        for (file, source) in self.sources.iter().enumerate() {
            for service in &source.file.services {
                let extends = service.extends.as_ref().and_then(|name| self.extended(file, name, &starts));
                let functions = self.functions(file, service);
                let name = self.qualified(file, &service.name.text);
                self.schema.services.push(Service { name, doc: service.doc.clone(), extends, functions });
            }
        }
        self.check_extends(&starts);
    }

    fn extended(&mut self, file: usize, name: &model::Name, starts: &[usize]) -> Option<usize> {
        let found = self
            .split(file, &name.text)
            .find_map(|(target, rest)| Some(starts[target] + self.names[target].services.get(rest)?));
        if found.is_none() {
            self.error(file, name.at, format!("the service `{}` is not defined", name.text));
        }
        found
    }

    /// No circles, and a function that hides another is worth a word.
    fn check_extends(&mut self, starts: &[usize]) {
        // With the limit on tokens, chains are walked in full only as long as they are short.
        const CHAIN_MAX: usize = 32;
        // So many names are enough for anybody.
        const HIDDEN_MAX: usize = 8;
        for (file, source) in self.sources.iter().enumerate() {
            for (index, service) in source.file.services.iter().enumerate() {
                let own = starts[file] + index;
                let names: HashSet<&str> =
                    service.functions.iter().map(|function| function.name.text.as_str()).collect();
                let mut hidden = Vec::new();
                let mut next = self.schema.services[own].extends;
                let mut length = 0;
                while let Some(at) = next {
                    length += 1;
                    if at == own || length > CHAIN_MAX {
                        let message = if at == own {
                            format!("the service `{}` extends itself", service.name.text)
                        } else {
                            format!("more than {CHAIN_MAX} services extend each other")
                        };
                        self.error(file, service.name.at, message);
                        // The schema is refused; nobody shall walk in circles until then.
                        self.schema.services[own].extends = None;
                        break;
                    }
                    let inherited = &self.schema.services[at];
                    let repeated = inherited.functions.iter().filter(|f| names.contains(f.name.as_str()));
                    let repeated = repeated.take(HIDDEN_MAX.saturating_sub(hidden.len()));
                    hidden.extend(repeated.map(|function| format!("{}.{}", inherited.name, function.name)));
                    next = inherited.extends;
                }
                for name in hidden {
                    let message = format!("the service `{}` redefines `{name}`", service.name.text);
                    self.warn(file, service.name.at, message);
                }
            }
        }
    }

    fn functions(&mut self, file: usize, service: &model::Service) -> Vec<Function> {
        let mut names = HashSet::new();
        let mut functions = Vec::with_capacity(service.functions.len());
        for function in &service.functions {
            let name = &function.name;
            if !names.insert(&name.text) {
                self.error(file, name.at, format!("the function `{}` is defined twice", name.text));
            }
            functions.extend(self.function(file, &service.name.text, function));
        }
        functions
    }

    fn function(&mut self, file: usize, service: &str, function: &model::Function) -> Option<Function> {
        let name = &function.name.text;
        let is_void = matches!(function.returns.body, ReferenceBody::Void);
        if function.oneway && !is_void {
            self.error(file, function.returns.at, format!("the oneway function `{name}` returns something"));
        }
        if function.oneway && !function.throws.is_empty() {
            self.error(
                file,
                function.throws[0].name.at,
                format!("the oneway function `{name}` throws something"),
            );
        }
        let arguments = self.fields(file, &function.arguments, Owner::Arguments);
        let mut results = self.fields(file, &function.throws, Owner::Throws);
        let returns = if is_void { None } else { Some(self.resolve(file, &function.returns)?) };
        if let Some(ty) = returns {
            if results.iter().any(|field| field.id == 0) {
                self.error(
                    file,
                    function.name.at,
                    format!("the id 0 of what `{name}` throws is that of its result"),
                );
            }
            results.push(Field::new("success".to_owned(), 0, ty, Requiredness::Optional));
        }
        let service = self.qualified(file, service);
        let arguments_id = self.synthetic(format!("{service}.{name}.arguments"), arguments);
        let result_id = self.synthetic(format!("{service}.{name}.result"), results);
        self.resolve_defaults(file, arguments_id, &function.arguments);
        Some(Function {
            name: name.clone(),
            doc: function.doc.clone(),
            oneway: function.oneway,
            returns,
            arguments: arguments_id,
            result: result_id,
            annotations: function.annotations.clone(),
        })
    }

    fn synthetic(&mut self, name: String, fields: Vec<Field>) -> crate::thrift::StructId {
        let id = self.new_struct(name, StructKind::Struct);
        let structure = &mut self.schema.structs[id.0 as usize];
        structure.synthetic = true;
        structure.set_fields(fields);
        id
    }
}
