//! What a query may be: limits before anything is built, validation, and limits on what it comes to.

use apollo_compiler::ExecutableDocument;
use apollo_compiler::Schema;
use apollo_compiler::ast::{DirectiveList, Value as AstValue};
use apollo_compiler::executable::{Operation, Selection, SelectionSet};
use apollo_compiler::parser::Parser;
use apollo_compiler::validation::{DiagnosticList, Valid};
use serde_json::Value as Json;

use crate::limits::Limits;
use crate::refusal::Refusal;

/// Errors of a query that are told: more of them tell nothing more.
const ERRORS_MAX: usize = 10;
/// Selections within each other once fragments stand where they are spread.
const NESTING_MAX: usize = 200;
/// Bytes of an operation's name.
const NAME_BYTES_MAX: usize = 256;
/// Variables within each other.
const VARIABLE_DEPTH_MAX: usize = 32;

/// A query that is valid and small enough.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) executable: Valid<ExecutableDocument>,
    /// Variables that decide which fields there are.
    pub(crate) guards: Vec<String>,
}

/// Reads and checks a query.
pub(crate) fn admit(query: &str, schema: &Valid<Schema>, limits: &Limits) -> Result<Document, Vec<Refusal>> {
    if query.len() > limits.max_bytes {
        let message = format!("the query has {} bytes of at most {}", query.len(), limits.max_bytes);
        return Err(vec![Refusal { status: 413, ..Refusal::over(message) }]);
    }
    let mut parser = Parser::new().token_limit(limits.max_tokens).recursion_limit(limits.max_recursion);
    let document = parser.parse_ast(query, "query");
    let document = document.map_err(|with| told("GRAPHQL_PARSE_FAILED", &with.errors))?;
    let executable = document.to_executable_validate(schema);
    let executable = executable.map_err(|errors| told("GRAPHQL_VALIDATION_FAILED", &errors.errors))?;
    let mut measure = Measure { document: &executable, limits, size: Size::default(), guards: Vec::new() };
    for operation in executable.operations.iter() {
        measure.operation(operation).map_err(|refusal| vec![refusal])?;
    }
    let guards = measure.guards;
    Ok(Document { executable, guards })
}

fn told(code: &'static str, errors: &DiagnosticList) -> Vec<Refusal> {
    errors.iter().take(ERRORS_MAX).map(|error| Refusal::of_graphql(code, &error.to_json())).collect()
}

/// Checks what the variables come to, before they are looked at.
pub(crate) fn check_variables(
    variables: &serde_json::Map<String, Json>,
    limits: &Limits,
) -> Result<(), Refusal> {
    let mut left = limits.max_variable_values;
    for value in variables.values() {
        if !fits(value, VARIABLE_DEPTH_MAX, &mut left) {
            let max = limits.max_variable_values;
            let message =
                format!("the variables have more than {max} values, or {VARIABLE_DEPTH_MAX} levels");
            return Err(Refusal::over(message));
        }
    }
    Ok(())
}

fn fits(value: &Json, depth: usize, left: &mut usize) -> bool {
    if depth == 0 || *left == 0 {
        return false;
    }
    *left -= 1;
    match value {
        Json::Array(items) => items.iter().all(|item| fits(item, depth - 1, left)),
        Json::Object(entries) => entries.values().all(|item| fits(item, depth - 1, left)),
        _ => true,
    }
}

/// Checks the name of an operation.
pub(crate) fn check_operation_name(name: Option<&str>) -> Result<(), Refusal> {
    match name {
        Some(name) if name.len() > NAME_BYTES_MAX => {
            Err(Refusal::over(format!("the operation's name has more than {NAME_BYTES_MAX} bytes")))
        }
        _ => Ok(()),
    }
}

/// Counts what a document comes to once each fragment stands where it is spread.
struct Measure<'d> {
    document: &'d Valid<ExecutableDocument>,
    limits: &'d Limits,
    size: Size,
    guards: Vec<String>,
}

#[derive(Default)]
struct Size {
    /// Fields and fragments of all operations.
    expanded: usize,
    aliases: usize,
    directives: usize,
    root_fields: usize,
}

impl<'d> Measure<'d> {
    fn operation(&mut self, operation: &'d Operation) -> Result<(), Refusal> {
        self.size = Size { expanded: self.size.expanded, ..Size::default() };
        self.directives(&operation.directives)?;
        self.selections(&operation.selection_set, 0, 0, false)
    }

    fn selections(
        &mut self,
        set: &'d SelectionSet,
        depth: usize,
        nesting: usize,
        is_introspection: bool,
    ) -> Result<(), Refusal> {
        if nesting > NESTING_MAX {
            return Err(Refusal::over(format!("more than {NESTING_MAX} selections are within each other")));
        }
        for selection in &set.selections {
            self.size.expanded += 1;
            over("fields with fragments expanded", self.size.expanded, self.limits.max_expanded_fields)?;
            self.directives(selection.directives())?;
            match selection {
                Selection::Field(field) => {
                    let is_introspection = is_introspection || field.name.starts_with("__");
                    if !is_introspection {
                        over("fields within each other", depth + 1, self.limits.max_depth)?;
                    }
                    if depth == 0 {
                        self.size.root_fields += 1;
                        over("root fields", self.size.root_fields, self.limits.max_root_fields)?;
                    }
                    if field.alias.is_some() {
                        self.size.aliases += 1;
                        over("aliases", self.size.aliases, self.limits.max_aliases)?;
                    }
                    self.selections(&field.selection_set, depth + 1, nesting + 1, is_introspection)?;
                }
                Selection::InlineFragment(inline) => {
                    self.selections(&inline.selection_set, depth, nesting + 1, is_introspection)?;
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.fragment_name) {
                        self.selections(&fragment.selection_set, depth, nesting + 1, is_introspection)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn directives(&mut self, directives: &DirectiveList) -> Result<(), Refusal> {
        self.size.directives += directives.len();
        over("directives", self.size.directives, self.limits.max_directives)?;
        for directive in
            directives.iter().filter(|directive| matches!(directive.name.as_str(), "skip" | "include"))
        {
            let value = directive.specified_argument_by_name("if");
            if let Some(AstValue::Variable(name)) = value.map(|value| &**value)
                && !self.guards.iter().any(|known| known == name.as_str())
            {
                self.guards.push(name.to_string());
            }
        }
        Ok(())
    }
}

fn over(what: &str, count: usize, max: usize) -> Result<(), Refusal> {
    if count > max { Err(Refusal::over(format!("more than {max} {what}"))) } else { Ok(()) }
}
