//! Rows become objects of the answer: those of each parent, filtered, sorted and cut to what was asked for.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use crate::bind::Bound;
use crate::model::Kind;
use crate::rows::{Cell, Rows};
use crate::scalar::Value;
use crate::source::{Comparison, Filter, Order};
use crate::value::{self, Normal};

/// Objects of a step.
#[derive(Debug, Default)]
pub(crate) struct Gathered {
    parts: Vec<Arc<Rows>>,
    /// In the order of the answer; a row is there once for each parent that it belongs to.
    objects: Vec<At>,
    /// Objects of each parent, and whether there are more.
    groups: Vec<Group>,
}

/// A row of a part.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct At {
    part: u32,
    row: u32,
}

/// Objects of one parent.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    pub(crate) objects: Range<usize>,
    pub(crate) has_more: bool,
}

/// Keys of the parents of a step, each once, and which of them each parent has.
pub(crate) struct ParentKeys {
    pub(crate) values: Vec<Value>,
    places: HashMap<Normal<'static>, usize>,
    of_parent: Vec<Option<usize>>,
}

impl Gathered {
    /// Objects.
    pub(crate) fn len(&self) -> usize {
        self.objects.len()
    }

    /// The objects of a parent; a root has one.
    pub(crate) fn group(&self, parent: usize) -> &Group {
        &self.groups[parent]
    }

    /// A cell of an object.
    pub(crate) fn cell(&self, object: usize, place: usize) -> Cell<'_> {
        let At { part, row } = self.objects[object];
        self.parts[part as usize].cell(row as usize, place)
    }
}

impl ParentKeys {
    /// Takes the keys out of the parents' rows, in the scalar of the column where they are looked for.
    pub(crate) fn of(parents: &Gathered, place: usize, kind: &Kind, on: usize) -> Self {
        let scalar = &kind.target.columns[on].scalar;
        let mut keys =
            Self { values: Vec::new(), places: HashMap::new(), of_parent: Vec::with_capacity(parents.len()) };
        for parent in 0..parents.len() {
            let normal = value::normal(parents.cell(parent, place), scalar);
            let found = normal.and_then(|normal| keys.place(normal, &kind.target.columns[on].scalar));
            keys.of_parent.push(found);
        }
        keys
    }

    fn place(&mut self, normal: Normal<'_>, scalar: &crate::scalar::Scalar) -> Option<usize> {
        if let Some(place) = self.places.get(&normal) {
            return Some(*place);
        }
        // What the scalar there has no value for is found nowhere.
        let value = value::denormal(&normal, scalar)?;
        let place = self.values.len();
        self.values.push(value);
        self.places.insert(normal.into_owned(), place);
        Some(place)
    }
}

/// Gathers rows of which each belongs to the only parent.
pub(crate) fn of_root(kind: &Kind, bound: &Bound, parts: Vec<Arc<Rows>>) -> Gathered {
    let mut rows = all(&parts).collect::<Vec<_>>();
    let has_more = Refiner { kind, bound, parts: &parts }.refine(&mut rows);
    let group = Group { objects: 0..rows.len(), has_more };
    Gathered { parts, objects: rows, groups: vec![group] }
}

/// Gathers rows by their keys. None, when there are more objects than may be.
pub(crate) fn of_parents(
    kind: &Kind,
    bound: &Bound,
    on: usize,
    keys: &ParentKeys,
    parts: Vec<Arc<Rows>>,
    objects_max: usize,
) -> Option<Gathered> {
    let place = bound.columns.iter().position(|column| *column == on)?;
    let scalar = &kind.target.columns[on].scalar;
    let mut buckets: Vec<Vec<At>> = vec![Vec::new(); keys.values.len()];
    for at in all(&parts) {
        let cell = parts[at.part as usize].cell(at.row as usize, place);
        // Rows that were not asked for are nobody's.
        let key = value::normal(cell, scalar).and_then(|normal| keys.places.get(&normal));
        if let Some(key) = key {
            buckets[*key].push(at);
        }
    }
    let refiner = Refiner { kind, bound, parts: &parts };
    let more: Vec<bool> = buckets.iter_mut().map(|bucket| refiner.refine(bucket)).collect();
    let mut objects = Vec::new();
    let mut groups = Vec::with_capacity(keys.of_parent.len());
    for key in &keys.of_parent {
        let begin = objects.len();
        let has_more = key.is_some_and(|key| {
            objects.extend_from_slice(&buckets[key]);
            more[key]
        });
        if objects.len() > objects_max {
            return None;
        }
        groups.push(Group { objects: begin..objects.len(), has_more });
    }
    Some(Gathered { parts, objects, groups })
}

fn all(parts: &[Arc<Rows>]) -> impl Iterator<Item = At> {
    let parts = parts.iter().zip(0_u32..);
    parts.flat_map(|(rows, part)| (0_u32..).take(rows.len()).map(move |row| At { part, row }))
}

/// Does what the source did not.
struct Refiner<'a> {
    kind: &'a Kind,
    bound: &'a Bound,
    parts: &'a [Arc<Rows>],
}

impl Refiner<'_> {
    /// Leaves the objects that were asked for, in their order, and says whether there are more.
    fn refine(&self, rows: &mut Vec<At>) -> bool {
        let bound = self.bound;
        if let Some(residual) = &bound.residual {
            rows.retain(|at| self.holds(residual, *at).unwrap_or(false));
        }
        if !bound.is_order_pushed {
            rows.sort_by(|a, b| self.compare(*a, *b));
            if let Some(after) = &bound.after {
                rows.retain(|at| self.is_behind(*at, after));
            }
        }
        let take = bound.take.and_then(|take| usize::try_from(take).ok()).unwrap_or(usize::MAX);
        let has_more = rows.len() > take;
        rows.truncate(take);
        if bound.is_backwards {
            rows.reverse();
        }
        has_more
    }

    fn cell(&self, at: At, column: usize) -> Cell<'_> {
        let place = self.bound.columns.iter().position(|known| *known == column);
        let place = place.expect("columns of conditions and orders are fetched");
        self.parts[at.part as usize].cell(at.row as usize, place)
    }

    fn normal(&self, at: At, column: usize) -> Option<Normal<'_>> {
        value::normal(self.cell(at, column), &self.kind.target.columns[column].scalar)
    }

    fn compare(&self, a: At, b: At) -> Ordering {
        let orders = self.bound.order.iter();
        let mut orders = orders.map(|Order { column, is_descending }| {
            let order = self.normal(a, *column).cmp(&self.normal(b, *column));
            if *is_descending { order.reverse() } else { order }
        });
        orders.find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
    }

    fn is_behind(&self, at: At, after: &[Value]) -> bool {
        for (Order { column, is_descending }, value) in self.bound.order.iter().zip(after) {
            let scalar = &self.kind.target.columns[*column].scalar;
            let order = self.normal(at, *column).cmp(&value::normal_value(value, scalar));
            let order = if *is_descending { order.reverse() } else { order };
            if order.is_ne() {
                return order.is_gt();
            }
        }
        false
    }

    /// Whether a condition holds; none, where null leaves it open.
    fn holds(&self, filter: &Filter, at: At) -> Option<bool> {
        match filter {
            Filter::All(all) => {
                let mut whole = Some(true);
                for filter in all {
                    match self.holds(filter, at) {
                        Some(false) => return Some(false),
                        None => whole = None,
                        Some(true) => {}
                    }
                }
                whole
            }
            Filter::Any(any) => {
                let mut whole = Some(false);
                for filter in any {
                    match self.holds(filter, at) {
                        Some(true) => return Some(true),
                        None => whole = None,
                        Some(false) => {}
                    }
                }
                whole
            }
            Filter::Not(inner) => self.holds(inner, at).map(|holds| !holds),
            Filter::Compare { column, by, values } => self.compares(at, *column, *by, values),
        }
    }

    fn compares(&self, at: At, column: usize, by: Comparison, values: &[Value]) -> Option<bool> {
        if by == Comparison::IsNull {
            return Some(matches!(self.cell(at, column), Cell::Null));
        }
        let scalar = &self.kind.target.columns[column].scalar;
        let cell = self.normal(at, column)?;
        let mut values = values.iter().filter_map(|value| value::normal_value(value, scalar));
        if by == Comparison::In {
            return Some(values.any(|value| value == cell));
        }
        let value = values.next()?;
        Some(match (by, &cell, &value) {
            (Comparison::Contains, Normal::Text(cell), Normal::Text(value)) => cell.contains(&**value),
            (Comparison::Begins, Normal::Text(cell), Normal::Text(value)) => cell.starts_with(&**value),
            (Comparison::Equal, ..) => cell == value,
            (Comparison::Below, ..) => cell < value,
            (Comparison::AtMost, ..) => cell <= value,
            (Comparison::Above, ..) => cell > value,
            (Comparison::AtLeast, ..) => cell >= value,
            _ => false,
        })
    }
}
