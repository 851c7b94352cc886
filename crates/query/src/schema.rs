//! The schema of a model: its text, and what `apollo-compiler` makes of it.

use std::collections::BTreeSet;
use std::fmt::{self, Write as _};

use apollo_compiler::collections::HashMap;
use apollo_compiler::schema::Implementers;
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Schema};

use crate::config::{COMPARISONS, ConfigError, Mistake};
use crate::model::{Argument, Kind, Listing, Model, RootHow};
use crate::source::Comparison;

/// Mistakes of the schema that are told: the later ones follow from the earlier.
const MISTAKES_MAX: usize = 10;

/// The schema that clients see.
pub(crate) struct Published {
    pub(crate) sdl: String,
    pub(crate) schema: Valid<Schema>,
    /// For introspection.
    pub(crate) implementers: HashMap<Name, Implementers>,
}

impl fmt::Debug for Published {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.sdl)
    }
}

/// Writes the schema of a model and checks it.
pub(crate) fn publish(model: &Model) -> Result<Published, ConfigError> {
    let sdl = sdl(model);
    let checked = Schema::parse_and_validate(sdl.as_str(), "schema.graphql");
    let schema = checked.map_err(|with| {
        let errors = with.errors.iter().take(MISTAKES_MAX);
        let mistakes = errors.map(|error| {
            let message = format!("the schema that this gives is not valid: {}", error.error);
            Mistake { line: 1, path: String::new(), message }
        });
        ConfigError { file: None, mistakes: mistakes.collect() }
    })?;
    let implementers = schema.implementers_map();
    Ok(Published { sdl, schema, implementers })
}

/// The schema as text.
fn sdl(model: &Model) -> String {
    let mut out = Out(String::new());
    let used = used_scalars(model);
    for (name, about) in SCALARS.iter().filter(|(name, _)| used.contains(name)) {
        out.description("", Some(about));
        out.line(format_args!("scalar {name}"));
    }
    for (name, values) in &model.enums {
        out.line(format_args!("enum {name} {{ {} }}", values.join(" ")));
    }
    roots(&mut out, model);
    let (paged, filtered, sorted) = lists(model);
    for (place, kind) in model.kinds.iter().enumerate() {
        object(&mut out, model, kind);
        if paged.contains(&place) {
            connection(&mut out, kind);
        }
        if filtered.contains(&place) {
            filter(&mut out, kind);
        }
        if sorted.contains(&place) {
            order(&mut out, kind);
        }
    }
    if !paged.is_empty() {
        out.line(format_args!(
            "type PageInfo {{\n  hasNextPage: Boolean!\n  hasPreviousPage: Boolean!\n  startCursor: String\n  \
             endCursor: String\n}}"
        ));
    }
    if !sorted.is_empty() {
        out.line(format_args!("enum Direction {{ ASC DESC }}"));
    }
    out.0
}

const SCALARS: [(&str, &str); 5] = [
    ("BigInt", "A whole number of 64 bits, as a number."),
    ("Decimal", "An exact decimal, as a text."),
    ("DateTime", "A moment as in RFC 3339: UTC, with milliseconds."),
    ("Date", "A day, such as 2026-11-29."),
    ("JSON", "Any JSON."),
];

struct Out(String);

impl Out {
    fn line(&mut self, text: fmt::Arguments<'_>) {
        self.0.write_fmt(text).expect("a string takes everything");
        self.0.push('\n');
    }

    fn description(&mut self, indent: &str, text: Option<&str>) {
        if let Some(text) = text {
            let quoted = text.replace('\\', "\\\\").replace('"', "\\\"").replace(['\n', '\r'], " ");
            self.line(format_args!("{indent}\"{quoted}\""));
        }
    }
}

fn used_scalars(model: &Model) -> BTreeSet<&str> {
    let fields = model.kinds.iter().flat_map(|kind| kind.fields.iter().map(|field| field.type_text.as_str()));
    let arguments = model.queries.iter().flat_map(|root| &root.arguments);
    let arguments = arguments.chain(model.changes.iter().flat_map(|change| &change.arguments));
    let arguments = arguments.chain(model.feeds.iter().flat_map(|feed| &feed.arguments));
    let texts = fields.chain(arguments.map(|argument| argument.type_text.as_str()));
    texts.map(|text| text.trim_matches(['[', ']', '!'])).collect()
}

/// Types that are given in pages, those with filters and those with orders.
fn lists(model: &Model) -> (BTreeSet<usize>, BTreeSet<usize>, BTreeSet<usize>) {
    let roots = model.queries.iter().filter_map(|root| match &root.how {
        RootHow::List(listing) => Some((root.kind, listing)),
        RootHow::By(_) => None,
    });
    let relations = model.kinds.iter().flat_map(|kind| &kind.relations);
    let relations = relations.filter_map(|relation| Some((relation.to, relation.listing.as_ref()?)));
    let (mut paged, mut filtered, mut sorted) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for (kind, listing) in roots.chain(relations) {
        if listing.is_paged {
            paged.insert(kind);
        }
        if listing.has_filter {
            filtered.insert(kind);
        }
        if listing.has_sort {
            sorted.insert(kind);
        }
    }
    (paged, filtered, sorted)
}

fn roots(out: &mut Out, model: &Model) {
    out.line(format_args!("type Query {{"));
    for root in &model.queries {
        let kind = &model.kinds[root.kind];
        out.description("  ", root.description.as_deref());
        let mut arguments = declared(&root.arguments);
        let ty = match &root.how {
            RootHow::By(columns) => {
                let by = columns.iter().map(|column| {
                    let ty = kind.fields[*column].type_text.trim_end_matches('!');
                    format!("{}: {ty}!", kind.target.columns[*column].field)
                });
                arguments.extend(by);
                kind.name.clone()
            }
            RootHow::List(listing) => {
                arguments.extend(of_listing(&kind.name, listing));
                list_type(&kind.name, listing)
            }
        };
        field(out, &root.name, &arguments, &ty);
    }
    out.line(format_args!("}}"));
    if !model.changes.is_empty() {
        out.line(format_args!("type Mutation {{"));
        for change in &model.changes {
            let name = &model.kinds[change.kind].name;
            out.description("  ", change.description.as_deref());
            let ty = if change.is_list { format!("[{name}!]") } else { name.clone() };
            field(out, &change.name, &declared(&change.arguments), &ty);
        }
        out.line(format_args!("}}"));
    }
    if !model.feeds.is_empty() {
        out.line(format_args!("type Subscription {{"));
        for feed in &model.feeds {
            out.description("  ", feed.description.as_deref());
            field(out, &feed.name, &declared(&feed.arguments), &model.kinds[feed.kind].name);
        }
        out.line(format_args!("}}"));
    }
}

fn object(out: &mut Out, model: &Model, kind: &Kind) {
    out.description("", kind.description.as_deref());
    out.line(format_args!("type {} {{", kind.name));
    for (column, of) in kind.target.columns.iter().zip(&kind.fields).filter(|(_, of)| !of.is_hidden) {
        out.description("  ", of.description.as_deref());
        // What is masked may have nothing left, and a policy of fields is no reason to lose the object.
        field(out, &column.field, &[], &of.type_text);
    }
    for relation in &kind.relations {
        let to = &model.kinds[relation.to].name;
        out.description("  ", relation.description.as_deref());
        match &relation.listing {
            None => field(out, &relation.name, &[], to),
            Some(listing) => field(out, &relation.name, &of_listing(to, listing), &list_type(to, listing)),
        }
    }
    out.line(format_args!("}}"));
}

fn field(out: &mut Out, name: &str, arguments: &[String], ty: &str) {
    if arguments.is_empty() {
        out.line(format_args!("  {name}: {ty}"));
    } else {
        out.line(format_args!("  {name}({}): {ty}", arguments.join(", ")));
    }
}

fn declared(arguments: &[Argument]) -> Vec<String> {
    arguments.iter().map(|argument| format!("{}: {}", argument.name, argument.type_text)).collect()
}

fn list_type(name: &str, listing: &Listing) -> String {
    if listing.is_paged { format!("{name}Connection") } else { format!("[{name}!]") }
}

fn of_listing(name: &str, listing: &Listing) -> Vec<String> {
    let mut arguments = vec!["first: Int".to_owned()];
    if listing.is_paged {
        arguments.extend(["after: String", "last: Int", "before: String"].map(str::to_owned));
    }
    if listing.has_filter {
        arguments.push(format!("where: {name}Filter"));
    }
    if listing.has_sort {
        arguments.push(format!("orderBy: [{name}Order!]"));
    }
    arguments
}

fn connection(out: &mut Out, kind: &Kind) {
    let name = &kind.name;
    // Only where its source counts without giving what it counts.
    let total = if kind.abilities.counts { "\n  totalCount: Int" } else { "" };
    out.line(format_args!(
        "type {name}Connection {{\n  edges: [{name}Edge!]!\n  nodes: [{name}!]!\n  pageInfo: PageInfo!{total}\n}}"
    ));
    out.line(format_args!("type {name}Edge {{\n  cursor: String!\n  node: {name}!\n}}"));
}

fn filter(out: &mut Out, kind: &Kind) {
    let name = &kind.name;
    let compared = || {
        let fields = kind.target.columns.iter().zip(&kind.fields);
        fields.filter(|(_, field)| !field.comparisons.is_empty() && !field.is_hidden)
    };
    out.line(format_args!("input {name}Filter {{"));
    out.line(format_args!("  and: [{name}Filter!]\n  or: [{name}Filter!]\n  not: {name}Filter"));
    for (column, _) in compared() {
        out.line(format_args!("  {}: {name}_{}_Filter", column.field, column.field));
    }
    out.line(format_args!("}}"));
    for (column, field) in compared() {
        out.line(format_args!("input {name}_{}_Filter {{", column.field));
        let ty = field.type_text.trim_end_matches('!');
        for (word, by) in COMPARISONS.iter().filter(|(_, by)| field.comparisons.contains(by)) {
            match by {
                Comparison::In => out.line(format_args!("  {word}: [{ty}!]")),
                Comparison::IsNull => out.line(format_args!("  {word}: Boolean")),
                _ => out.line(format_args!("  {word}: {ty}")),
            }
        }
        out.line(format_args!("}}"));
    }
}

fn order(out: &mut Out, kind: &Kind) {
    out.line(format_args!("input {}Order {{", kind.name));
    for (column, field) in kind.target.columns.iter().zip(&kind.fields) {
        if field.is_sorted && !field.is_hidden {
            out.line(format_args!("  {}: Direction", column.field));
        }
    }
    out.line(format_args!("}}"));
}
