//! Writes the answer from the rows of the steps, in the order in which it was asked for.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::answer::{FieldError, Segment};
use crate::cursor::Seal;
use crate::gather::{Gathered, Group};
use crate::guarded::Failure;
use crate::model::Kind;
use crate::plan::{EdgeOp, InfoOp, Op, PageOp, RootOp, Shape, Step};
use crate::rows::Cell;
use crate::run::Run;
use crate::scalar::Scalar;
use crate::write;

/// Writes answers.
pub(crate) struct Projector<'r> {
    run: &'r Run<'r>,
    seal: &'r Seal,
    out: Vec<u8>,
    /// The way to what is being written.
    path: Vec<Segment<'r>>,
    errors: Vec<FieldError>,
    /// Errors beyond those that are told.
    untold: usize,
    is_too_large: bool,
}

/// What was written.
pub(crate) struct Projected {
    /// The value of `data`.
    pub(crate) data: Vec<u8>,
    pub(crate) errors: Vec<FieldError>,
    pub(crate) untold: usize,
    pub(crate) is_too_large: bool,
}

/// Something that may not be null is; what is around it becomes null.
struct Propagate;

impl<'r> Projector<'r> {
    pub(crate) fn new(run: &'r Run<'r>, seal: &'r Seal) -> Self {
        let out = Vec::with_capacity(4 << 10);
        Self { run, seal, out, path: Vec::new(), errors: Vec::new(), untold: 0, is_too_large: false }
    }

    /// Writes `data`. `introspected` gives the fields of the schema.
    pub(crate) fn data(mut self, introspected: &dyn Fn(&str) -> Option<Box<RawValue>>) -> Projected {
        self.out.push(b'{');
        for root in &self.run.plan.roots {
            match root {
                RootOp::Typename(whole) => self.raw(whole),
                RootOp::Introspect { lead, key } => {
                    self.raw(lead);
                    let found = introspected(key);
                    self.raw(found.as_ref().map_or("null", |json| json.get()));
                }
                RootOp::Step { lead, step } => {
                    self.raw(lead);
                    self.step(*step, 0);
                }
            }
        }
        self.out.push(b'}');
        let Self { out: data, errors, untold, is_too_large, .. } = self;
        Projected { data, errors, untold, is_too_large }
    }

    fn raw(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// Writes what a step gives to one of its parents; null, where it gives nothing.
    fn step(&mut self, place: usize, parent: usize) {
        let run = self.run;
        let step = &run.plan.steps[place];
        let key = step.path.last().expect("a step has a response key");
        let (begin, depth) = (self.out.len(), self.path.len());
        self.path.push(Segment::Key(Cow::Borrowed(key)));
        let written = match run.outcome(place).map(|outcome| &outcome.objects) {
            Some(Ok(objects)) => self.group(step, objects, parent),
            Some(Err(failure)) => self.failed(step, failure),
            None => Err(Propagate),
        };
        if written.is_err() {
            self.out.truncate(begin);
            self.raw("null");
        }
        self.path.truncate(depth);
    }

    fn group(&mut self, step: &'r Step, objects: &'r Gathered, parent: usize) -> Result<(), Propagate> {
        let group = objects.group(parent);
        match &step.shape {
            Shape::One(ops) => match group.objects.len() {
                0 => {
                    self.raw("null");
                    Ok(())
                }
                1 => self.object(step, objects, group.objects.start, ops),
                _ => {
                    let message = "there are several objects in the place of one".to_owned();
                    self.error("SOURCE_GARBAGE", Some(step), message, None, false);
                    Err(Propagate)
                }
            },
            Shape::List(ops) => self.list(step, objects, group, ops),
            Shape::Page(ops) => self.page(step, objects, parent, ops),
        }
    }

    fn list(
        &mut self,
        step: &'r Step,
        objects: &'r Gathered,
        group: &Group,
        ops: &'r [Op],
    ) -> Result<(), Propagate> {
        self.out.push(b'[');
        for (index, object) in group.objects.clone().enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            self.path.push(Segment::Index(index));
            self.object(step, objects, object, ops)?;
            self.path.pop();
        }
        self.out.push(b']');
        Ok(())
    }

    fn object(
        &mut self,
        step: &'r Step,
        objects: &'r Gathered,
        object: usize,
        ops: &'r [Op],
    ) -> Result<(), Propagate> {
        if self.out.len() > self.run.model.limits.max_answer_bytes {
            self.is_too_large = true;
            return Err(Propagate);
        }
        let kind = &self.run.model.kinds[step.kind];
        self.out.push(b'{');
        for op in ops {
            match op {
                Op::Typename(whole) => self.raw(whole),
                Op::Column { lead, key, place, column, mask } => {
                    self.raw(lead);
                    let cell = objects.cell(object, *place);
                    match (cell, mask) {
                        (Cell::Null, _) => self.null(step, kind, *column, key)?,
                        (cell, Some(mask)) => write::masked(&mut self.out, cell, *mask),
                        (cell, None) => self.cell(step, kind, *column, key, cell)?,
                    }
                }
                Op::Step { lead, step } => {
                    self.raw(lead);
                    self.step(*step, object);
                }
            }
        }
        self.out.push(b'}');
        Ok(())
    }

    fn cell(
        &mut self,
        step: &'r Step,
        kind: &'r Kind,
        column: usize,
        key: &'r str,
        cell: Cell<'_>,
    ) -> Result<(), Propagate> {
        let of = &kind.target.columns[column];
        let begin = self.out.len();
        let written = if of.is_list {
            let has_nulls = !kind.fields[column].type_text.contains("!]");
            write::list(&mut self.out, cell, &of.scalar, has_nulls)
        } else {
            write::cell(&mut self.out, cell, &of.scalar)
        };
        if written.is_ok() {
            return Ok(());
        }
        self.out.truncate(begin);
        let ty = &kind.fields[column].type_text;
        let message = format!("`{}.{}` has a value that is no `{ty}`", kind.name, of.field);
        self.error("SOURCE_GARBAGE", Some(step), message, Some(key), false);
        if !of.is_nullable {
            return Err(Propagate);
        }
        self.raw("null");
        Ok(())
    }

    fn null(&mut self, step: &'r Step, kind: &'r Kind, column: usize, key: &'r str) -> Result<(), Propagate> {
        let of = &kind.target.columns[column];
        if of.is_nullable {
            self.raw("null");
            return Ok(());
        }
        let message = format!("`{}.{}` is null and may not be", kind.name, of.field);
        self.error("SOURCE_GARBAGE", Some(step), message, Some(key), false);
        Err(Propagate)
    }

    fn page(
        &mut self,
        step: &'r Step,
        objects: &'r Gathered,
        parent: usize,
        ops: &'r [PageOp],
    ) -> Result<(), Propagate> {
        let group = objects.group(parent);
        self.out.push(b'{');
        for op in ops {
            match op {
                PageOp::Typename(whole) => self.raw(whole),
                PageOp::Nodes { lead, key, ops } => {
                    self.raw(lead);
                    self.path.push(Segment::Key(Cow::Borrowed(key)));
                    self.list(step, objects, group, ops)?;
                    self.path.pop();
                }
                PageOp::Edges { lead, key, ops } => {
                    self.raw(lead);
                    self.path.push(Segment::Key(Cow::Borrowed(key)));
                    self.edges(step, objects, group, ops)?;
                    self.path.pop();
                }
                PageOp::Info { lead, ops } => {
                    self.raw(lead);
                    self.info(step, objects, group, ops);
                }
                PageOp::Total { lead, key, step } => {
                    self.raw(lead);
                    self.total(*step, key, parent);
                }
            }
        }
        self.out.push(b'}');
        Ok(())
    }

    /// Writes how many objects of a parent a step has counted; null, where it could not.
    fn total(&mut self, place: usize, key: &'r str, parent: usize) {
        let run = self.run;
        let step = &run.plan.steps[place];
        let (begin, depth) = (self.out.len(), self.path.len());
        self.path.push(Segment::Key(Cow::Borrowed(key)));
        let written = match run.outcome(place).map(|outcome| &outcome.objects) {
            Some(Ok(objects)) => {
                let bound = self.bound(step);
                let mut found = objects.group(parent).objects.clone();
                let count = match (bound.is_count, found.len()) {
                    (true, 1) => found.next().map(|row| objects.cell(row, bound.columns.len())),
                    (true, _) => None,
                    (false, count) => i64::try_from(count).ok().map(Cell::Int),
                };
                let written = write::cell(&mut self.out, count.unwrap_or(Cell::Int(0)), &Scalar::Int);
                written.map_err(|_| {
                    let message = "there are more than an `Int` can say".to_owned();
                    self.error("SOURCE_TOO_MUCH", Some(step), message, None, false);
                    Propagate
                })
            }
            Some(Err(failure)) => self.failed(step, failure),
            None => Err(Propagate),
        };
        if written.is_err() {
            self.out.truncate(begin);
            self.raw("null");
        }
        self.path.truncate(depth);
    }

    fn edges(
        &mut self,
        step: &'r Step,
        objects: &'r Gathered,
        group: &Group,
        ops: &'r [EdgeOp],
    ) -> Result<(), Propagate> {
        self.out.push(b'[');
        for (index, object) in group.objects.clone().enumerate() {
            self.out.extend_from_slice(if index > 0 { b",{" } else { b"{" });
            self.path.push(Segment::Index(index));
            for op in ops {
                match op {
                    EdgeOp::Typename(whole) => self.raw(whole),
                    EdgeOp::Cursor(lead) => {
                        self.raw(lead);
                        self.cursor(step, objects, object);
                    }
                    EdgeOp::Node { lead, key, ops } => {
                        self.raw(lead);
                        self.path.push(Segment::Key(Cow::Borrowed(key)));
                        self.object(step, objects, object, ops)?;
                        self.path.pop();
                    }
                }
            }
            self.path.pop();
            self.out.push(b'}');
        }
        self.out.push(b']');
        Ok(())
    }

    fn info(&mut self, step: &'r Step, objects: &'r Gathered, group: &Group, ops: &'r [InfoOp]) {
        let bound = self.bound(step);
        let has_begin = bound.after.is_some();
        let (has_next, has_previous) =
            if bound.is_backwards { (has_begin, group.has_more) } else { (group.has_more, has_begin) };
        self.out.push(b'{');
        for op in ops {
            match op {
                InfoOp::Typename(whole) => self.raw(whole),
                InfoOp::HasNext(lead) => {
                    self.raw(lead);
                    self.raw(if has_next { "true" } else { "false" });
                }
                InfoOp::HasPrevious(lead) => {
                    self.raw(lead);
                    self.raw(if has_previous { "true" } else { "false" });
                }
                InfoOp::Start(lead) | InfoOp::End(lead) => {
                    self.raw(lead);
                    let mut range = group.objects.clone();
                    let object =
                        if matches!(op, InfoOp::Start(_)) { range.next() } else { range.next_back() };
                    match object {
                        Some(object) => self.cursor(step, objects, object),
                        None => self.raw("null"),
                    }
                }
            }
        }
        self.out.push(b'}');
    }

    fn cursor(&mut self, step: &'r Step, objects: &'r Gathered, object: usize) {
        let bound = self.bound(step);
        let kind = &self.run.model.kinds[step.kind];
        let cell = |column: usize| {
            let place = bound.columns.iter().position(|known| *known == column);
            place.map_or(Cell::Null, |place| objects.cell(object, place))
        };
        self.out.push(b'"');
        self.seal.write(&mut self.out, kind, &bound.order, bound.is_backwards, &cell);
        self.out.push(b'"');
    }

    fn bound(&self, step: &Step) -> &'r crate::bind::Bound {
        &self.run.bound[step.place]
    }

    fn failed(&mut self, step: &'r Step, failure: &Failure) -> Result<(), Propagate> {
        let name = &self.run.sources[failure.source].settings.name;
        let message = failure.message(name);
        self.error(failure.code, Some(step), message, None, failure.is_retryable);
        Err(Propagate)
    }

    fn error(
        &mut self,
        code: &'static str,
        step: Option<&Step>,
        message: String,
        key: Option<&str>,
        is_retryable: bool,
    ) {
        if self.errors.len() >= self.run.model.limits.max_errors {
            self.untold += 1;
            return;
        }
        let path = self.path.iter().cloned().chain(key.map(|key| Segment::Key(key.into())));
        let path = path.map(Segment::into_owned).collect();
        self.errors.push(FieldError {
            message,
            code,
            path,
            location: step.and_then(|step| step.location).filter(|_| key.is_none()),
            source: step.map(|step| self.run.sources[step.source].settings.name.clone()),
            is_retryable,
        });
    }
}
