//! Carries a plan out: what does not depend on each other at the same time, and changes one after the other.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::{BoxFuture, join_all, try_join_all};

use crate::bind::{Bound, Limit};
use crate::gather::{self, Gathered, ParentKeys};
use crate::guarded::{Failure, Guarded, imprint};
use crate::kept::Kept;
use crate::model::Model;
use crate::plan::{How, Plan, Step};
use crate::rows::Rows;
use crate::source::{Call, Fetch, Keys};
use crate::trace::{Attribute, Below, Open, SpanKind};

/// A plan under way, and what came of its steps.
pub(crate) struct Run<'r> {
    pub(crate) model: &'r Model,
    pub(crate) sources: &'r [Arc<Guarded>],
    pub(crate) plan: &'r Plan,
    pub(crate) bound: &'r [Bound],
    pub(crate) deadline: Instant,
    pub(crate) scope: &'r str,
    pub(crate) kept: &'r Kept,
    below: Below<'r>,
    /// Objects that the answer may still get.
    objects_left: AtomicUsize,
    outcomes: Vec<OnceLock<Outcome>>,
}

/// What came of a step.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) objects: Result<Gathered, Failure>,
    pub(crate) calls: usize,
    pub(crate) rows: usize,
    pub(crate) took: Duration,
}

impl<'r> Run<'r> {
    pub(crate) fn new(
        (model, sources, kept): (&'r Model, &'r [Arc<Guarded>], &'r Kept),
        plan: &'r Plan,
        bound: &'r [Bound],
        deadline: Instant,
        scope: &'r str,
        below: Below<'r>,
    ) -> Self {
        let outcomes = plan.steps.iter().map(|_| OnceLock::new()).collect();
        let objects_left = AtomicUsize::new(model.limits.max_rows);
        Self { model, sources, plan, bound, deadline, scope, kept, below, objects_left, outcomes }
    }

    /// Carries out all steps.
    pub(crate) async fn all(&self) {
        // In the order of the query; beside what is asked for there may be how much there is of it.
        let roots = self.plan.steps.iter().filter(|step| !matches!(step.how, How::Relation { .. }));
        let roots = roots.map(|step| step.place);
        if self.plan.is_mutation {
            for step in roots {
                self.step(step, None, self.below).await;
            }
        } else {
            join_all(roots.map(|step| self.step(step, None, self.below))).await;
        }
    }

    /// What came of a step; none, where it was not reached.
    pub(crate) fn outcome(&self, step: usize) -> Option<&Outcome> {
        self.outcomes[step].get()
    }

    fn step<'s>(
        &'s self,
        place: usize,
        parents: Option<&'s Gathered>,
        below: Below<'s>,
    ) -> BoxFuture<'s, ()> {
        async move {
            let (begun, span) = (Instant::now(), below.begin());
            let mut asked = Asked::default();
            let objects = self.gather(place, parents, &mut asked, span.below()).await;
            let objects = objects.and_then(|objects| self.spend(place, objects));
            let outcome = Outcome { objects, calls: asked.calls, rows: asked.rows, took: begun.elapsed() };
            let outcome = self.outcomes[place].get_or_init(|| outcome);
            if let Ok(objects) = &outcome.objects {
                let children = self.plan.steps[place].children.iter();
                join_all(children.map(|child| self.step(*child, Some(objects), span.below()))).await;
            }
            span.end(SpanKind::Internal, outcome.objects.as_ref().err(), || {
                let step = &self.plan.steps[place];
                let attributes = vec![
                    ("graphql.field.path", Attribute::Text(step.path.join("."))),
                    ("graphql.field.type", Attribute::Text(self.model.kinds[step.kind].name.clone())),
                    ("kefu.calls", Attribute::Count(outcome.calls)),
                    ("kefu.rows", Attribute::Count(outcome.rows)),
                ];
                (self.model.field_name(step.field), attributes)
            });
        }
        .boxed()
    }

    async fn gather(
        &self,
        place: usize,
        parents: Option<&Gathered>,
        asked: &mut Asked,
        below: Below<'_>,
    ) -> Result<Gathered, Failure> {
        let (step, bound) = (&self.plan.steps[place], &self.bound[place]);
        let kind = &self.model.kinds[step.kind];
        let parts = match (&step.how, parents) {
            (How::Change(change), _) => vec![self.call(step, bound, *change, asked, below).await?],
            (How::Relation { place, on, .. }, Some(parents)) => {
                let keys = ParentKeys::of(parents, *place, kind, *on);
                let chunks = keys.values.chunks(bound.chunk);
                let fetches = chunks.map(|values| {
                    let keys = Keys { column: *on, values: values.to_vec() };
                    self.fetch(step, bound, Some(keys), below)
                });
                let fetches: Vec<_> = fetches.collect();
                asked.calls = fetches.len();
                let parts = try_join_all(fetches).await?;
                asked.rows = parts.iter().map(|part| part.len()).sum();
                let max = self.objects_left.load(Ordering::Relaxed);
                let gathered = gather::of_parents(kind, bound, *on, &keys, parts, max);
                return gathered.ok_or_else(|| Failure::too_much(step.source));
            }
            _ => {
                asked.calls = 1;
                let part = self.fetch(step, bound, bound.keys.clone(), below).await?;
                asked.rows = part.len();
                vec![part]
            }
        };
        Ok(gather::of_root(kind, bound, parts))
    }

    async fn fetch(
        &self,
        step: &Step,
        bound: &Bound,
        keys: Option<Keys>,
        below: Below<'_>,
    ) -> Result<Arc<Rows>, Failure> {
        let source = &self.sources[step.source];
        let fetch = fetch_of(self.model, step, bound, keys, self.deadline_of(source));
        // After a change there may be no event yet, and its answer shows what is there.
        let Some(rule) = self.model.kinds[step.kind].cache.as_ref().filter(|_| !self.plan.is_mutation) else {
            return self.ask(step, fetch, below).await;
        };
        let (imprint, begun) = (imprint(&fetch, self.scope), Instant::now());
        if let Some(rows) = self.kept.get(step.kind, &imprint, begun) {
            return Ok(rows);
        }
        let epoch = self.kept.epoch(step.kind);
        let rows = self.ask(step, fetch, below).await?;
        self.kept.keep(imprint, epoch, begun + rule.ttl, &rows);
        Ok(rows)
    }

    async fn ask(&self, step: &Step, fetch: Fetch, below: Below<'_>) -> Result<Arc<Rows>, Failure> {
        let (source, span) = (&self.sources[step.source], below.begin());
        let rows = source.fetch(step.source, fetch, self.scope, span.context()).await;
        self.end(span, step, &rows);
        rows
    }

    fn end(&self, span: Open<'_>, step: &Step, rows: &Result<Arc<Rows>, Failure>) {
        span.end(SpanKind::Client, rows.as_ref().err(), || {
            let settings = &self.sources[step.source].settings;
            let mut attributes = vec![
                ("kefu.source", Attribute::Text(settings.name.clone())),
                ("kefu.source.kind", Attribute::Text(settings.kind.clone())),
            ];
            if let Ok(rows) = rows {
                attributes.push(("kefu.rows", Attribute::Count(rows.len())));
            }
            (format!("{} {}", settings.name, self.model.kinds[step.kind].name), attributes)
        });
    }

    async fn call(
        &self,
        step: &Step,
        bound: &Bound,
        change: usize,
        asked: &mut Asked,
        below: Below<'_>,
    ) -> Result<Arc<Rows>, Failure> {
        let change = &self.model.changes[change];
        let source = &self.sources[change.source];
        let call = Call {
            name: change.name.clone(),
            operation: change.operation.clone(),
            arguments: bound.arguments.clone(),
            target: Arc::clone(&self.model.kinds[step.kind].target),
            columns: bound.columns.clone(),
            deadline: self.deadline_of(source),
        };
        asked.calls = 1;
        let span = below.begin();
        let part = source.call(change.source, &call, self.model.limits.max_rows, span.context()).await;
        self.end(span, step, &part);
        let part = part?;
        asked.rows = part.len();
        Ok(part)
    }

    fn deadline_of(&self, source: &Guarded) -> Instant {
        self.deadline.min(Instant::now() + source.settings.timeout)
    }

    fn spend(&self, place: usize, objects: Gathered) -> Result<Gathered, Failure> {
        let spend = |left: usize| left.checked_sub(objects.len());
        match self.objects_left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend) {
            Ok(_) => Ok(objects),
            Err(_) => Err(Failure::too_much(self.plan.steps[place].source)),
        }
    }
}

/// What was asked of a source for a step.
#[derive(Default)]
struct Asked {
    calls: usize,
    rows: usize,
}

/// What is asked of a source.
pub(crate) fn fetch_of(
    model: &Model,
    step: &Step,
    bound: &Bound,
    keys: Option<Keys>,
    deadline: Instant,
) -> Fetch {
    let (limit, limit_per_key) = match bound.limit {
        Limit::Here => (None, None),
        Limit::InAll(limit) => (Some(limit), None),
        Limit::ForEachKey(limit) => (None, Some(limit)),
    };
    let is_pushed = bound.is_order_pushed;
    Fetch {
        target: Arc::clone(&model.kinds[step.kind].target),
        columns: bound.columns.clone(),
        is_count: bound.is_count,
        filter: bound.filter.clone(),
        keys,
        order: if is_pushed { bound.order.clone() } else { Vec::new() },
        after: if is_pushed { bound.after.clone() } else { None },
        limit,
        limit_per_key,
        arguments: bound.arguments.clone(),
        rows_max: model.limits.max_rows,
        deadline,
    }
}
