//! What a plan does, as text and as JSON; after a run, with what came of it.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::bind::{Bound, Limit, cost};
use crate::guarded::Guarded;
use crate::model::{Kind, Model};
use crate::plan::{How, Plan, RootOp, Step};
use crate::run::{Run, fetch_of};
use crate::source::{Comparison, Filter, Keys, Order};

/// What there is to tell of a plan.
pub(crate) struct Explanation<'e> {
    pub(crate) model: &'e Model,
    pub(crate) sources: &'e [Arc<Guarded>],
    pub(crate) plan: &'e Plan,
    pub(crate) bound: &'e [Bound],
    pub(crate) roles: &'e [String],
    /// First digits of the query's hash.
    pub(crate) id: String,
    pub(crate) is_cached: bool,
    pub(crate) analyzed: Option<Analyzed<'e>>,
}

/// What came of a run.
pub(crate) struct Analyzed<'e> {
    pub(crate) run: &'e Run<'e>,
    pub(crate) total: Duration,
    pub(crate) project: Duration,
}

impl Explanation<'_> {
    /// `{"text":…,"tree":…}`.
    pub(crate) fn to_json(&self) -> Json {
        let roots = self.plan.roots.iter().map(|root| match root {
            RootOp::Typename(_) => json!({ "node": "Const" }),
            RootOp::Introspect { key, .. } => json!({ "node": "Introspect", "path": key }),
            RootOp::Step { step, .. } => self.tree(*step),
        });
        let counts = self.counts().map(|step| self.tree(step));
        let roots: Vec<_> = roots.chain(counts).collect();
        let mut whole = json!({
            "text": self.text(),
            "cost": cost(self.bound),
            "cached": self.is_cached,
            "roles": self.roles,
            "tree": { "node": if self.plan.is_mutation { "Sequence" } else { "Parallel" }, "children": roots },
        });
        if let Some(analyzed) = &self.analyzed {
            whole["analyze"] = json!({ "total_ms": ms(analyzed.total), "project_ms": ms(analyzed.project) });
        }
        whole
    }

    /// Steps at the root that count what a page beside them is of.
    fn counts(&self) -> impl Iterator<Item = usize> {
        let is_root = |step: usize| {
            self.plan.roots.iter().any(|root| matches!(root, RootOp::Step { step: own, .. } if *own == step))
        };
        let counts = self.plan.steps.iter();
        let counts = counts.filter(|step| step.is_count && !matches!(step.how, How::Relation { .. }));
        counts.map(|step| step.place).filter(move |step| !is_root(*step))
    }

    fn text(&self) -> String {
        let mut out = String::new();
        let cached = if self.is_cached { "hit" } else { "miss" };
        let (id, roles, by_source) = (&self.id, self.roles.join(","), self.by_source());
        line(
            &mut out,
            format_args!("Plan #{id}  cost={}{by_source}  cached={cached}  role={roles}", cost(self.bound)),
        );
        for root in &self.plan.roots {
            match root {
                RootOp::Typename(_) => line(&mut out, format_args!("Const")),
                RootOp::Introspect { key, .. } => line(&mut out, format_args!("Introspect $.{key}")),
                RootOp::Step { step, .. } => self.step_text(&mut out, *step, "", ""),
            }
        }
        for step in self.counts() {
            self.step_text(&mut out, step, "", "");
        }
        for (step, bound) in self.plan.steps.iter().zip(self.bound) {
            if let Some(residual) = &bound.residual {
                let (at, filter) = (path(step), self.filter(&self.model.kinds[step.kind], residual));
                line(&mut out, format_args!("Not pushed: Filter $.{at}  {filter}"));
            }
            if !bound.is_order_pushed {
                line(&mut out, format_args!("Not pushed: Sort $.{}", path(step)));
            }
            if step.is_count && !bound.is_count {
                line(&mut out, format_args!("Not pushed: Count $.{}", path(step)));
            }
            if self.is_for_each(step, bound) {
                line(&mut out, format_args!("\u{26a0} ForEach $.{}: one call for each key", path(step)));
            }
        }
        self.analysis(&mut out);
        for (place, step) in self.plan.steps.iter().enumerate() {
            if let Some(native) = self.native(step) {
                line(&mut out, format_args!("native[{place}]: {native}"));
            }
        }
        out
    }

    fn by_source(&self) -> String {
        let mut costs = vec![0_u64; self.sources.len()];
        for (step, bound) in self.plan.steps.iter().zip(self.bound) {
            costs[step.source] = costs[step.source].saturating_add(bound.estimate.cost);
        }
        let costs = costs.iter().zip(self.sources).filter(|(cost, _)| **cost > 0);
        let costs: Vec<_> = costs.map(|(cost, source)| format!("{} {cost}", source.settings.name)).collect();
        if costs.is_empty() { String::new() } else { format!(" ({})", costs.join(", ")) }
    }

    fn step_text(&self, out: &mut String, place: usize, first: &str, rest: &str) {
        let (step, bound) = (&self.plan.steps[place], &self.bound[place]);
        let what = self.describe(step, bound);
        line(out, format_args!("{first}{what}  est {}", bound.estimate.objects));
        for (at, child) in step.children.iter().enumerate() {
            let is_last = at + 1 == step.children.len();
            let (branch, below) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            self.step_text(out, *child, &format!("{rest}{branch}"), &format!("{rest}{below}"));
        }
    }

    fn describe(&self, step: &Step, bound: &Bound) -> String {
        let kind = &self.model.kinds[step.kind];
        let mut out = format!(
            "{:<8} {}.{}  $.{}",
            self.node(step, bound),
            self.sources[step.source].settings.name,
            kind.name,
            path(step)
        );
        if let Some(join) = self.join(step) {
            push(&mut out, format_args!("  {join} IN ≤{}", bound.chunk));
        }
        push(&mut out, format_args!("  cols={}", names(kind, bound.columns.iter().copied())));
        if let Some(keys) = &bound.keys {
            push(&mut out, format_args!("  by {}", kind.target.columns[keys.column].field));
        }
        if let Some(filter) = &bound.filter {
            push(&mut out, format_args!("  where {}", self.filter(kind, filter)));
        }
        if bound.is_order_pushed && !bound.order.is_empty() {
            push(&mut out, format_args!("  order={}", orders(kind, &bound.order)));
        }
        match (bound.limit, bound.take) {
            (Limit::InAll(limit), _) => {
                push(&mut out, format_args!("  limit={limit}"));
            }
            (Limit::ForEachKey(limit), _) => {
                push(&mut out, format_args!("  first {limit}/key"));
            }
            (Limit::Here, Some(take)) => {
                push(&mut out, format_args!("  Limit {take} here"));
            }
            (Limit::Here, None) => {}
        }
        if step.listing.as_ref().is_some_and(|listing| listing.is_paged) {
            out.push_str("  Page");
        }
        out
    }

    /// The fields that a relation goes by.
    fn join(&self, step: &Step) -> Option<String> {
        let How::Relation { parent, place, on } = step.how else { return None };
        let parent = &self.plan.steps[parent];
        let from = &self.model.kinds[parent.kind].target.columns[parent.columns[place]].field;
        Some(format!("{from}→{}", self.model.kinds[step.kind].target.columns[on].field))
    }

    /// The name of a node, as other planners have it.
    fn node(&self, step: &Step, bound: &Bound) -> &'static str {
        match step.how {
            _ if step.is_count => "Count",
            How::Change(_) => "Mutate",
            How::Relation { .. } if self.is_for_each(step, bound) => "ForEach",
            How::Relation { .. } => "Lookup",
            How::By(_) | How::Event(_) if bound.keys.is_some() => "Lookup",
            _ if !step.declared.is_empty() => "Call",
            _ => "Scan",
        }
    }

    fn is_for_each(&self, step: &Step, bound: &Bound) -> bool {
        matches!(step.how, How::Relation { .. }) && bound.chunk == 1 && bound.estimate.calls > 1
    }

    fn filter(&self, kind: &Kind, filter: &Filter) -> String {
        match filter {
            Filter::All(all) => self.joined(kind, all, " AND ", "true"),
            Filter::Any(any) => self.joined(kind, any, " OR ", "false"),
            Filter::Not(inner) => format!("NOT {}", self.filter(kind, inner)),
            Filter::Compare { column, by, .. } => {
                // Values are not told: they may be those of a person.
                let sign = match by {
                    Comparison::Equal => "=?",
                    Comparison::In => " IN ?",
                    Comparison::Below => "<?",
                    Comparison::AtMost => "<=?",
                    Comparison::Above => ">?",
                    Comparison::AtLeast => ">=?",
                    Comparison::Contains => " contains ?",
                    Comparison::Begins => " begins ?",
                    Comparison::IsNull => " is null",
                };
                format!("{}{sign}", kind.target.columns[*column].field)
            }
        }
    }

    fn joined(&self, kind: &Kind, filters: &[Filter], by: &str, none: &str) -> String {
        match filters {
            [] => none.to_owned(),
            [one] => self.filter(kind, one),
            many => {
                let many: Vec<_> = many.iter().map(|filter| self.filter(kind, filter)).collect();
                format!("({})", many.join(by))
            }
        }
    }

    fn analysis(&self, out: &mut String) {
        let Some(analyzed) = &self.analyzed else { return };
        let total = ms(analyzed.total);
        push(out, format_args!("analyze: total {total} ms"));
        for (place, step) in self.plan.steps.iter().enumerate() {
            let Some(outcome) = analyzed.run.outcome(place) else { continue };
            let name = &self.sources[step.source].settings.name;
            let (calls, took, rows) = (outcome.calls, ms(outcome.took), outcome.rows);
            push(out, format_args!(" | {name} $.{} {calls}×{took} ms {rows} rows", path(step)));
            if let Err(failure) = &outcome.objects {
                push(out, format_args!(" {}", failure.code));
            }
        }
        line(out, format_args!(" | project {} ms", ms(analyzed.project)));
    }

    fn native(&self, step: &Step) -> Option<String> {
        let bound = &self.bound[step.place];
        let keys = match step.how {
            How::Change(_) => return None,
            How::Relation { on, .. } => Some(Keys { column: on, values: Vec::new() }),
            _ => bound.keys.clone(),
        };
        let fetch = fetch_of(self.model, step, bound, keys, Instant::now());
        self.sources[step.source].source.native(&fetch)
    }

    fn tree(&self, place: usize) -> Json {
        let (step, bound) = (&self.plan.steps[place], &self.bound[place]);
        let kind = &self.model.kinds[step.kind];
        let (mut pushed, mut residual) = (vec!["project"], Vec::new());
        if bound.filter.is_some() {
            pushed.push("filter");
        }
        if bound.residual.is_some() {
            residual.push("filter");
        }
        if !bound.order.is_empty() {
            if bound.is_order_pushed { pushed.push("sort") } else { residual.push("sort") }
        }
        if bound.take.is_some() {
            if bound.limit == Limit::Here { residual.push("limit") } else { pushed.push("limit") }
        }
        if step.is_count {
            if bound.is_count { pushed.push("count") } else { residual.push("count") }
        }
        let columns: Vec<_> =
            bound.columns.iter().map(|place| kind.target.columns[*place].field.as_str()).collect();
        let field = |column: usize| kind.target.columns[column].field.as_str();
        let (limit, limit_of) = match bound.limit {
            Limit::InAll(limit) => (Some(limit), "all"),
            Limit::ForEachKey(limit) => (Some(limit), "key"),
            Limit::Here => (bound.take, "here"),
        };
        let children: Vec<_> = step.children.iter().map(|child| self.tree(*child)).collect();
        let mut node = json!({
            "node": self.node(step, bound),
            "source": self.sources[step.source].settings.name,
            "target": kind.name,
            "path": path(step),
            "join": self.join(step),
            "keys_at_once": self.join(step).map(|_| bound.chunk),
            "one_call_for_each_key": self.is_for_each(step, bound),
            "by": bound.keys.as_ref().map(|keys| field(keys.column)),
            "columns": columns,
            "order": (!bound.order.is_empty()).then(|| orders(kind, &bound.order)),
            "limit": limit.map(|limit| json!({ "rows": limit, "of": limit_of })),
            "page": step.listing.as_ref().is_some_and(|listing| listing.is_paged),
            "not_pushed": bound.residual.as_ref().map(|filter| self.filter(kind, filter)),
            "predicate": bound.filter.as_ref().map(|filter| self.filter(kind, filter)),
            "pushed": pushed,
            "residual": residual,
            "est_rows": bound.estimate.objects,
            "est_calls": bound.estimate.calls,
            "cost": bound.estimate.cost,
            "native": self.native(step),
            "children": children,
        });
        if let Some(outcome) = self.analyzed.as_ref().and_then(|analyzed| analyzed.run.outcome(place)) {
            node["analyze"] = json!({
                "calls": outcome.calls,
                "rows": outcome.rows,
                "ms": ms(outcome.took),
                "error": outcome.objects.as_ref().err().map(|failure| failure.code),
                "breaker": if self.sources[step.source].is_open() { "open" } else { "closed" },
            });
        }
        node
    }
}

fn path(step: &Step) -> String {
    step.path.join(".")
}

fn names(kind: &Kind, columns: impl Iterator<Item = usize>) -> String {
    let names: Vec<_> = columns.map(|column| kind.target.columns[column].field.as_str()).collect();
    format!("[{}]", names.join(","))
}

fn orders(kind: &Kind, orders: &[Order]) -> String {
    let names = orders.iter().map(|order| {
        let name = &kind.target.columns[order.column].field;
        if order.is_descending { format!("-{name}") } else { name.clone() }
    });
    names.collect::<Vec<_>>().join(",")
}

fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 100_000.0).round() / 100.0
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("a string takes everything");
}

fn line(out: &mut String, text: std::fmt::Arguments<'_>) {
    push(out, text);
    out.push('\n');
}
