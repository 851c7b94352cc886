//! An operation becomes a tree of fetches, and a shape into which their rows are written.
//!
//! A plan depends on the document, the operation, the roles of who asks, and the variables that decide which fields
//! there are; so these are its key in the cache. What other variables say is put in by [`bind`](crate::bind).

mod collect;

use apollo_compiler::Node;
use apollo_compiler::ast::{self, OperationType};
use apollo_compiler::executable::{Field, Operation};

use crate::admit::Document;
use crate::model::{Argument, Change, Kind, Listing, Mask, Model, Relation, Root, RootHow, allows};
use crate::refusal::Refusal;
use collect::{Collected, Collector};

/// What is done for an operation.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) is_mutation: bool,
    /// Of a subscription, what feeds it.
    pub(crate) feed: Option<usize>,
    /// Fields of the answer, in its order.
    pub(crate) roots: Vec<RootOp>,
    /// Each behind the one it depends on.
    pub(crate) steps: Vec<Step>,
    pub(crate) is_introspection: bool,
}

/// A field at the root.
#[derive(Debug)]
pub(crate) enum RootOp {
    /// Written as it is, with its name and a comma before it if it is not the first.
    Typename(Box<str>),
    /// Of the schema, by response key.
    Introspect { lead: Box<str>, key: String },
    /// What a step gives.
    Step { lead: Box<str>, step: usize },
}

/// A fetch, or a change.
#[derive(Debug)]
pub(crate) struct Step {
    /// Its place in the plan.
    pub(crate) place: usize,
    pub(crate) kind: usize,
    pub(crate) source: usize,
    pub(crate) how: How,
    /// Which field of the schema it is, see [`Model::field_name`].
    pub(crate) field: usize,
    pub(crate) listing: Option<Listing>,
    /// Arguments that its source understands.
    pub(crate) declared: Vec<Argument>,
    /// What the query gives.
    pub(crate) given: Vec<(String, Node<ast::Value>)>,
    /// Columns that its rows have, by place in the target.
    pub(crate) columns: Vec<usize>,
    pub(crate) shape: Shape,
    /// Steps that need its rows.
    pub(crate) children: Vec<usize>,
    /// Response keys down to it.
    pub(crate) path: Vec<String>,
    /// Line and column in the query.
    pub(crate) location: Option<(usize, usize)>,
    /// Cost of a row.
    pub(crate) weight: u64,
    /// Whether cursors are asked for.
    pub(crate) has_cursors: bool,
    /// Whether only how many there are is asked for.
    pub(crate) is_count: bool,
}

/// How rows are found.
#[derive(Clone, Debug)]
pub(crate) enum How {
    /// By the values of these columns.
    By(Vec<usize>),
    /// All that match.
    List,
    /// By the values of another step's rows.
    Relation {
        parent: usize,
        /// Place of the values in the rows of the parent.
        place: usize,
        on: usize,
    },
    /// By the values that an event of this feed has.
    Event(usize),
    /// As what a change answers.
    Change(usize),
}

/// What is written of a step.
#[derive(Debug)]
pub(crate) enum Shape {
    One(Vec<Op>),
    List(Vec<Op>),
    Page(Vec<PageOp>),
}

/// A field of an object. `lead` is its name, quoted, with a comma before it if it is not the first.
#[derive(Debug)]
pub(crate) enum Op {
    Typename(Box<str>),
    Column { lead: Box<str>, key: Box<str>, place: usize, column: usize, mask: Option<Mask> },
    Step { lead: Box<str>, step: usize },
}

/// A field of a page.
#[derive(Debug)]
pub(crate) enum PageOp {
    Typename(Box<str>),
    Nodes {
        lead: Box<str>,
        key: Box<str>,
        ops: Vec<Op>,
    },
    Edges {
        lead: Box<str>,
        key: Box<str>,
        ops: Vec<EdgeOp>,
    },
    Info {
        lead: Box<str>,
        ops: Vec<InfoOp>,
    },
    /// How many there are, as a step says.
    Total {
        lead: Box<str>,
        key: Box<str>,
        step: usize,
    },
}

/// A field of an edge.
#[derive(Debug)]
pub(crate) enum EdgeOp {
    Typename(Box<str>),
    Cursor(Box<str>),
    Node { lead: Box<str>, key: Box<str>, ops: Vec<Op> },
}

/// A field of `PageInfo`.
#[derive(Debug)]
pub(crate) enum InfoOp {
    Typename(Box<str>),
    HasNext(Box<str>),
    HasPrevious(Box<str>),
    Start(Box<str>),
    End(Box<str>),
}

/// Plans an operation. `guard` gives the variables that decide which fields there are.
pub(crate) fn plan(
    model: &Model,
    document: &Document,
    operation: &Operation,
    roles: &[String],
    guard: &dyn Fn(&str) -> bool,
) -> Result<Plan, Vec<Refusal>> {
    let collector = Collector { document: &document.executable, guard };
    let mut planner =
        Planner { model, roles, collector, steps: Vec::new(), refusals: Vec::new(), feed: None };
    let collected = planner.collector.of_set(&operation.selection_set);
    let (roots, is_introspection) = match operation.operation_type {
        OperationType::Query => planner.queries(&collected),
        OperationType::Mutation => (planner.changes(&collected), false),
        OperationType::Subscription => (planner.feed(&collected), false),
    };
    if !planner.refusals.is_empty() {
        return Err(planner.refusals);
    }
    let is_mutation = operation.operation_type == OperationType::Mutation;
    let Planner { steps, feed, .. } = planner;
    Ok(Plan { is_mutation, feed, roots, steps, is_introspection })
}

struct Planner<'m, 'd> {
    model: &'m Model,
    roles: &'m [String],
    collector: Collector<'d>,
    steps: Vec<Step>,
    refusals: Vec<Refusal>,
    feed: Option<usize>,
}

impl<'d> Planner<'_, 'd> {
    fn queries(&mut self, collected: &Collected<'d>) -> (Vec<RootOp>, bool) {
        let mut is_introspection = false;
        let mut roots = Vec::with_capacity(collected.len());
        for (key, fields) in collected {
            let lead = lead(key, roots.is_empty());
            match fields[0].name.as_str() {
                "__typename" => roots.push(RootOp::Typename(format!("{lead}\"Query\"").into())),
                "__schema" | "__type" => {
                    is_introspection = true;
                    roots.push(RootOp::Introspect { lead, key: (*key).to_owned() });
                }
                name => {
                    let queries = &self.model.queries;
                    let Some(place) = queries.iter().position(|root| root.name == name) else { continue };
                    let step = self.root(place, key, fields);
                    roots.push(RootOp::Step { lead, step });
                }
            }
        }
        if is_introspection && !allows(self.model.limits.introspection.as_ref(), self.roles) {
            self.refusals.push(Refusal::forbidden("the schema is not for this role"));
        }
        (roots, is_introspection)
    }

    fn changes(&mut self, collected: &Collected<'d>) -> Vec<RootOp> {
        let mut roots = Vec::with_capacity(collected.len());
        for (key, fields) in collected {
            let lead = lead(key, roots.is_empty());
            let name = fields[0].name.as_str();
            if name == "__typename" {
                roots.push(RootOp::Typename(format!("{lead}\"Mutation\"").into()));
            } else if let Some(place) = self.model.changes.iter().position(|change| change.name == name) {
                let step = self.change(place, key, fields);
                roots.push(RootOp::Step { lead, step });
            }
        }
        roots
    }

    /// A subscription has one field, whose object is found by the key that an event has.
    fn feed(&mut self, collected: &Collected<'d>) -> Vec<RootOp> {
        let mut roots = Vec::with_capacity(1);
        for (key, fields) in collected {
            let feeds = &self.model.feeds;
            let Some(place) = feeds.iter().position(|feed| feed.name == fields[0].name.as_str()) else {
                continue;
            };
            let feed = &self.model.feeds[place];
            self.feed = Some(place);
            self.allow(feed.roles.as_ref(), fields, &[(*key).to_owned()]);
            let field = self.model.field_of_feed(place);
            let step = self.step((feed.kind, field), How::Event(place), vec![(*key).to_owned()], fields);
            let step = self.add(step, fields);
            roots.push(RootOp::Step { lead: lead(key, roots.is_empty()), step });
        }
        roots
    }

    fn root(&mut self, place: usize, key: &str, fields: &[&'d Node<Field>]) -> usize {
        let root: &Root = &self.model.queries[place];
        self.allow(root.roles.as_ref(), fields, &[key.to_owned()]);
        let (how, listing) = match &root.how {
            RootHow::By(columns) => (How::By(columns.clone()), None),
            RootHow::List(listing) => (How::List, Some(listing.clone())),
        };
        let step = Step {
            listing,
            declared: root.arguments.clone(),
            weight: root.cost.saturating_mul(self.model.kinds[root.kind].cost),
            ..self.step((root.kind, place), how, vec![key.to_owned()], fields)
        };
        self.add(step, fields)
    }

    fn change(&mut self, place: usize, key: &str, fields: &[&'d Node<Field>]) -> usize {
        let change: &Change = &self.model.changes[place];
        self.allow(change.roles.as_ref(), fields, &[key.to_owned()]);
        let field = self.model.field_of_change(place);
        let all = Listing {
            is_paged: false,
            default: None,
            max: u64::MAX,
            order: Vec::new(),
            has_filter: false,
            has_sort: false,
        };
        let step = Step {
            source: change.source,
            listing: change.is_list.then_some(all),
            declared: change.arguments.clone(),
            ..self.step((change.kind, field), How::Change(place), vec![key.to_owned()], fields)
        };
        self.add(step, fields)
    }

    fn relation(&mut self, place: usize, parent: usize, key: &str, fields: &[&'d Node<Field>]) -> usize {
        let (model, kind) = (self.model, self.steps[parent].kind);
        let relation: &Relation = &model.kinds[kind].relations[place];
        let mut path = self.steps[parent].path.clone();
        path.push(key.to_owned());
        self.allow(relation.roles.as_ref(), fields, &path);
        let how = How::Relation { parent, place: self.place(parent, relation.from), on: relation.on };
        let field = model.field_of_relation(kind, place);
        let mut step =
            Step { listing: relation.listing.clone(), ..self.step((relation.to, field), how, path, fields) };
        step.columns.push(relation.on);
        let step = self.add(step, fields);
        self.steps[parent].children.push(step);
        step
    }

    fn step(
        &mut self,
        (kind, field): (usize, usize),
        how: How,
        path: Vec<String>,
        fields: &[&'d Node<Field>],
    ) -> Step {
        let of = &self.model.kinds[kind];
        self.allow(of.roles.as_ref(), fields, &path);
        let given = fields[0].arguments.iter();
        let given = given.map(|argument| (argument.name.to_string(), argument.value.clone()));
        let location = fields[0].name.location();
        let location = location.and_then(|span| span.line_column(&self.collector.document.sources));
        Step {
            place: self.steps.len(),
            kind,
            source: of.source,
            how,
            field,
            listing: None,
            declared: Vec::new(),
            given: given.collect(),
            columns: Vec::new(),
            shape: Shape::List(Vec::new()),
            children: Vec::new(),
            path,
            location: location.map(|place| (place.line, place.column)),
            weight: of.cost,
            has_cursors: false,
            is_count: false,
        }
    }

    /// Takes in a step, and what is selected of it.
    fn add(&mut self, step: Step, fields: &[&'d Node<Field>]) -> usize {
        let model = self.model;
        let (place, kind) = (self.steps.len(), &model.kinds[step.kind]);
        let listing = step.listing.as_ref().map(|listing| listing.is_paged);
        self.steps.push(step);
        let shape = match listing {
            None => Shape::One(self.ops(place, kind, fields)),
            Some(false) => Shape::List(self.ops(place, kind, fields)),
            Some(true) => Shape::Page(self.page(place, kind, fields)),
        };
        self.steps[place].shape = shape;
        place
    }

    fn ops(&mut self, step: usize, kind: &Kind, fields: &[&'d Node<Field>]) -> Vec<Op> {
        let collected = self.collector.of_fields(fields);
        let mut ops = Vec::with_capacity(collected.len());
        for (key, fields) in &collected {
            let lead = lead(key, ops.is_empty());
            let name = fields[0].name.as_str();
            if name == "__typename" {
                ops.push(Op::Typename(format!("{lead}\"{}\"", kind.name).into()));
            } else if let Some(column) = kind.column(name) {
                let field = &kind.fields[column];
                let mask = if allows(field.roles.as_ref(), self.roles) {
                    None
                } else {
                    if field.mask.is_none() {
                        self.forbid(fields, &self.below(step, key));
                    }
                    field.mask
                };
                let place = self.place(step, column);
                ops.push(Op::Column { lead, key: (*key).into(), place, column, mask });
            } else if let Some(place) = kind.relations.iter().position(|relation| relation.name == name) {
                let step = self.relation(place, step, key, fields);
                ops.push(Op::Step { lead, step });
            }
        }
        ops
    }

    fn page(&mut self, step: usize, kind: &Kind, fields: &[&'d Node<Field>]) -> Vec<PageOp> {
        let collected = self.collector.of_fields(fields);
        let mut ops = Vec::with_capacity(collected.len());
        let is_count = |name: &str| matches!(name, "totalCount" | "__typename");
        let is_counted = collected.iter().any(|(_, fields)| fields[0].name.as_str() == "totalCount");
        let mut count = None;
        if is_counted && collected.iter().all(|(_, fields)| is_count(fields[0].name.as_str())) {
            // Nothing else is asked for, so nothing else is fetched.
            self.steps[step].is_count = true;
            count = Some(step);
        }
        for (key, fields) in &collected {
            let (lead, key) = (lead(key, ops.is_empty()), Box::from(*key));
            ops.push(match fields[0].name.as_str() {
                "totalCount" => {
                    let step = *count.get_or_insert_with(|| self.count(step, &key));
                    PageOp::Total { lead, key, step }
                }
                "nodes" => PageOp::Nodes { lead, key, ops: self.ops(step, kind, fields) },
                "edges" => PageOp::Edges { lead, key, ops: self.edges(step, kind, fields) },
                "pageInfo" => PageOp::Info { lead, ops: self.info(step, fields) },
                _ => PageOp::Typename(format!("{lead}\"{}Connection\"", kind.name).into()),
            });
        }
        ops
    }

    /// A step that counts what another one fetches a page of.
    fn count(&mut self, step: usize, key: &str) -> usize {
        let of = &self.steps[step];
        let columns = match of.how {
            How::Relation { on, .. } => vec![on],
            _ => Vec::new(),
        };
        let count = Step {
            place: self.steps.len(),
            how: of.how.clone(),
            listing: of.listing.clone(),
            declared: of.declared.clone(),
            given: of.given.clone(),
            columns,
            shape: Shape::Page(Vec::new()),
            children: Vec::new(),
            path: self.below(step, key),
            has_cursors: false,
            is_count: true,
            ..*of
        };
        let place = count.place;
        if let How::Relation { parent, .. } = count.how {
            self.steps[parent].children.push(place);
        }
        self.steps.push(count);
        place
    }

    fn edges(&mut self, step: usize, kind: &Kind, fields: &[&'d Node<Field>]) -> Vec<EdgeOp> {
        let collected = self.collector.of_fields(fields);
        let mut ops = Vec::with_capacity(collected.len());
        for (key, fields) in &collected {
            let (lead, key) = (lead(key, ops.is_empty()), Box::from(*key));
            ops.push(match fields[0].name.as_str() {
                "cursor" => {
                    self.steps[step].has_cursors = true;
                    EdgeOp::Cursor(lead)
                }
                "node" => EdgeOp::Node { lead, key, ops: self.ops(step, kind, fields) },
                _ => EdgeOp::Typename(format!("{lead}\"{}Edge\"", kind.name).into()),
            });
        }
        ops
    }

    fn info(&mut self, step: usize, fields: &[&'d Node<Field>]) -> Vec<InfoOp> {
        let collected = self.collector.of_fields(fields);
        let mut ops = Vec::with_capacity(collected.len());
        for (key, fields) in &collected {
            let lead = lead(key, ops.is_empty());
            let name = fields[0].name.as_str();
            self.steps[step].has_cursors |= name.ends_with("Cursor");
            ops.push(match name {
                "hasNextPage" => InfoOp::HasNext(lead),
                "hasPreviousPage" => InfoOp::HasPrevious(lead),
                "startCursor" => InfoOp::Start(lead),
                "endCursor" => InfoOp::End(lead),
                _ => InfoOp::Typename(format!("{lead}\"PageInfo\"").into()),
            });
        }
        ops
    }

    /// The place of a column in the rows of a step.
    fn place(&mut self, step: usize, column: usize) -> usize {
        let columns = &mut self.steps[step].columns;
        columns.iter().position(|known| *known == column).unwrap_or_else(|| {
            columns.push(column);
            columns.len() - 1
        })
    }

    fn below(&self, step: usize, key: &str) -> Vec<String> {
        let mut path = self.steps[step].path.clone();
        path.push(key.to_owned());
        path
    }

    fn allow(&mut self, rule: Option<&Vec<String>>, fields: &[&'d Node<Field>], path: &[String]) {
        if !allows(rule, self.roles) {
            self.forbid(fields, path);
        }
    }

    fn forbid(&mut self, fields: &[&'d Node<Field>], path: &[String]) {
        let field = fields[0];
        let refusal = Refusal::forbidden(format!("`{}` is not for this role", field.name)).below(path);
        let sources = &self.collector.document.sources;
        self.refusals.push(refusal.at(field.name.location(), sources));
    }
}

/// A field's name as the answer has it, behind the one before it.
fn lead(key: &str, is_first: bool) -> Box<str> {
    if is_first { format!("\"{key}\":").into() } else { format!(",\"{key}\":").into() }
}
