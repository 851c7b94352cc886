//! A plan with the values of one request: what each fetch asks, what its source does of it, and what it costs.

mod arguments;

use apollo_compiler::ast;
use serde_json::Value as Json;

use crate::cursor::Seal;
use crate::model::{Feed, Kind, Model, Operand, Policy};
use crate::plan::{How, Plan, Step};
use crate::refusal::Refusal;
use crate::scalar::{Scalar, Value};
use crate::source::{Comparison, Filter, Keys, Order};
use crate::value;
use arguments::{Arguments, Page};

/// Values of a request.
pub(crate) struct Given<'r> {
    /// Coerced.
    pub(crate) variables: &'r serde_json::Map<String, Json>,
    pub(crate) roles: &'r [String],
    /// `$session.x` of row policies.
    pub(crate) session: &'r std::collections::BTreeMap<String, Value>,
    pub(crate) seal: &'r Seal,
    /// Data of the event that a subscription answers.
    pub(crate) event: Option<&'r Json>,
}

/// What a step asks.
#[derive(Debug)]
pub(crate) struct Bound {
    /// Those of the step first, then what only conditions and orders need.
    pub(crate) columns: Vec<usize>,
    pub(crate) keys: Option<Keys>,
    /// Conditions that the source looks at, and those that are looked at here.
    pub(crate) filter: Option<Filter>,
    pub(crate) residual: Option<Filter>,
    pub(crate) order: Vec<Order>,
    pub(crate) is_order_pushed: bool,
    /// The place behind which, or before which, a page is.
    pub(crate) after: Option<Vec<Value>>,
    /// Objects wanted, of each list.
    pub(crate) take: Option<u64>,
    pub(crate) limit: Limit,
    /// Whether the end of a list is asked for, which is fetched in the opposite order.
    pub(crate) is_backwards: bool,
    pub(crate) arguments: Vec<(String, Value)>,
    /// Whether the source counts its rows.
    pub(crate) is_count: bool,
    /// Keys of one fetch, where rows are found by keys.
    pub(crate) chunk: usize,
    pub(crate) estimate: Estimate,
}

/// Who stops after so many rows.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Limit {
    /// We do, if anybody.
    Here,
    /// The source, after so many in all.
    InAll(u64),
    /// The source, after so many for each key.
    ForEachKey(u64),
}

/// What a step is expected to come to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Estimate {
    pub(crate) objects: u64,
    pub(crate) calls: u64,
    pub(crate) cost: u64,
}

/// Objects of a list that is given whole, for the estimate, at the root and below an object.
const WHOLE_LIST: (u64, u64) = (100, 10);

/// Binds all steps, and refuses a plan that costs too much.
pub(crate) fn bind(model: &Model, plan: &Plan, given: &Given<'_>) -> Result<Vec<Bound>, Refusal> {
    let mut bound: Vec<Bound> = Vec::with_capacity(plan.steps.len());
    for step in &plan.steps {
        let mut next = bind_step(model, step, given).map_err(|message| {
            let refusal = Refusal::bad("BAD_USER_INPUT", message).below(&step.path);
            Refusal { locations: step.location.into_iter().collect(), ..refusal }
        })?;
        next.estimate = estimate(model, step, &next, &bound);
        bound.push(next);
    }
    let cost = cost(&bound);
    if cost > model.limits.max_cost {
        let message =
            format!("the query costs {cost} of at most {}: ask for fewer items", model.limits.max_cost);
        return Err(Refusal::over(message));
    }
    Ok(bound)
}

/// Cost of a plan.
pub(crate) fn cost(bound: &[Bound]) -> u64 {
    bound.iter().fold(0, |sum, step| sum.saturating_add(step.estimate.cost))
}

fn bind_step(model: &Model, step: &Step, given: &Given<'_>) -> Result<Bound, String> {
    let kind = &model.kinds[step.kind];
    let arguments = Arguments { step, kind, variables: given.variables, roles: given.roles };
    let mut conditions = Vec::new();
    if !matches!(step.how, How::Change(_)) {
        conditions.extend(policy(kind, given));
    }
    conditions.extend(arguments.filter()?);
    let values = match &step.how {
        How::By(columns) => columns
            .iter()
            .map(|column| Ok((*column, arguments.by(*column)?)))
            .collect::<Result<_, String>>()?,
        How::Event(feed) => of_event(kind, &model.feeds[*feed], given)?,
        _ => Vec::new(),
    };
    let mut keys = None;
    for (column, value) in values {
        if keys.is_none() && kind.keys_at_once(column).is_some() {
            keys = Some(Keys { column, values: vec![value] });
        } else {
            conditions.push(Filter::Compare { column, by: Comparison::Equal, values: vec![value] });
        }
    }
    let Page { mut take, mut is_backwards, mut cursor } = arguments.page()?;
    let mut order = arguments.order()?;
    if step.is_count {
        // All pages have the same count.
        (take, is_backwards, cursor, order) = (None, false, None, Vec::new());
    }
    let is_paged = step.listing.as_ref().is_some_and(|listing| listing.is_paged);
    if is_paged && !step.is_count {
        let rest = kind.target.key.iter().filter(|key| !order.iter().any(|order| order.column == **key));
        let rest: Vec<_> = rest.map(|key| Order { column: *key, is_descending: false }).collect();
        order.extend(rest);
    }
    let after = match cursor {
        Some(cursor) => Some(given.seal.open(&cursor, kind, &order)?),
        None => None,
    };
    if is_backwards {
        for order in &mut order {
            order.is_descending = !order.is_descending;
        }
    }
    let (filter, residual) = split(kind, conditions);
    let abilities = &kind.abilities;
    let is_order_pushed = order.iter().all(|order| abilities.sorts.contains(&order.column));
    let chunk = match step.how {
        How::Relation { on, .. } => kind.keys_at_once(on).unwrap_or(1).min(model.sources[step.source].max_in),
        _ => 1,
    };
    let is_count = step.is_count && residual.is_none();
    let mut bound = Bound {
        columns: step.columns.clone(),
        is_count,
        keys,
        filter,
        residual,
        order,
        is_order_pushed,
        after,
        take,
        limit: Limit::Here,
        is_backwards,
        arguments: arguments.declared()?,
        chunk,
        estimate: Estimate::default(),
    };
    if is_order_pushed && bound.residual.is_none() {
        bound.limit = limit(step, kind, &bound, is_paged);
    }
    columns_too(kind, step, is_paged, &mut bound);
    Ok(bound)
}

/// Has the source stop where it can: a page's first item too many says that there are more.
fn limit(step: &Step, kind: &Kind, bound: &Bound, is_paged: bool) -> Limit {
    let wanted = match (&step.listing, bound.take) {
        // One too many says that what should be one is not.
        (None, _) => Some(2),
        (Some(_), Some(take)) => Some(take.saturating_add(u64::from(is_paged))),
        (Some(_), None) => None,
    };
    match (wanted, &step.how) {
        (Some(wanted), How::Relation { .. }) if kind.abilities.limits_per_key => Limit::ForEachKey(wanted),
        // One key is asked for at a time, so that its limit is that of the fetch.
        (Some(wanted), How::Relation { .. }) if bound.chunk == 1 && kind.abilities.limits => {
            Limit::InAll(wanted)
        }
        (Some(wanted), How::By(_) | How::Event(_) | How::List) if kind.abilities.limits => {
            Limit::InAll(wanted)
        }
        _ => Limit::Here,
    }
}

/// Adds columns that only conditions, orders and cursors need.
fn columns_too(kind: &Kind, step: &Step, is_paged: bool, bound: &mut Bound) {
    let mut needed = Vec::new();
    if let Some(residual) = &bound.residual {
        columns_of(residual, &mut needed);
    }
    if !bound.is_order_pushed || is_paged && step.has_cursors {
        needed.extend(bound.order.iter().map(|order| order.column));
    }
    for column in needed {
        if !bound.columns.contains(&column) {
            bound.columns.push(column);
        }
    }
    if bound.columns.is_empty() && !bound.is_count {
        // Rows without cells could not be counted.
        bound.columns.push(kind.target.key.first().copied().unwrap_or(0));
    }
}

fn columns_of(filter: &Filter, into: &mut Vec<usize>) {
    match filter {
        Filter::All(all) | Filter::Any(all) => all.iter().for_each(|filter| columns_of(filter, into)),
        Filter::Not(inner) => columns_of(inner, into),
        Filter::Compare { column, .. } => into.push(*column),
    }
}

/// Parts conditions into those of the source and those that are left.
fn split(kind: &Kind, conditions: Vec<Filter>) -> (Option<Filter>, Option<Filter>) {
    let mut flat = Vec::with_capacity(conditions.len());
    for condition in conditions {
        match condition {
            Filter::All(all) => flat.extend(all),
            other => flat.push(other),
        }
    }
    let (pushed, left): (Vec<_>, Vec<_>) = flat.into_iter().partition(|condition| {
        let mut columns = Vec::new();
        columns_of(condition, &mut columns);
        columns.iter().all(|column| kind.abilities.filters.contains(column))
    });
    let whole = |mut all: Vec<Filter>| match all.len() {
        0 => None,
        1 => all.pop(),
        _ => Some(Filter::All(all)),
    };
    (whole(pushed), whole(left))
}

/// The values in the data of an event by which its object is found.
fn of_event(kind: &Kind, feed: &Feed, given: &Given<'_>) -> Result<Vec<(usize, Value)>, String> {
    let values = feed.key.iter().map(|(column, path)| {
        let json = given.event.and_then(|event| value::within(event, path));
        let json = json.ok_or_else(|| format!("the event has no `{path}`"))?;
        Ok((*column, value::from_json(json, &kind.target.columns[*column].scalar)?))
    });
    values.collect()
}

/// The rows that the roles of the session see: those of any of them.
fn policy(kind: &Kind, given: &Given<'_>) -> Option<Filter> {
    let policies = kind.policies.as_ref()?;
    let policies = given.roles.iter().filter_map(|role| policies.get(role));
    let mut any = Vec::new();
    for policy in policies {
        if policy.0.is_empty() {
            return None;
        }
        any.push(Filter::All(rules(kind, policy, given)));
    }
    if any.len() == 1 { any.pop() } else { Some(Filter::Any(any)) }
}

fn rules(kind: &Kind, policy: &Policy, given: &Given<'_>) -> Vec<Filter> {
    let rules = policy.0.iter().map(|rule| {
        let scalar = &kind.target.columns[rule.column].scalar;
        let mut values = Vec::new();
        for operand in &rule.operands {
            match operand {
                Operand::Fixed(value) => values.push(value.clone()),
                Operand::Session(name) => values.extend(of_session(given, name, scalar)),
            }
        }
        if values.is_empty() {
            // A session without the value sees nothing, also where the rule is turned around.
            return Filter::Any(Vec::new());
        }
        let compare = Filter::Compare { column: rule.column, by: rule.by, values };
        if rule.is_negated { Filter::Not(Box::new(compare)) } else { compare }
    });
    rules.collect()
}

/// Values of the session, in the scalar of the column.
fn of_session(given: &Given<'_>, name: &str, scalar: &Scalar) -> Vec<Value> {
    match given.session.get(name) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Json(Json::Array(items))) => {
            items.iter().filter_map(|item| value::from_json(item, scalar).ok()).collect()
        }
        Some(one) => {
            let normal = value::normal_value(one, scalar);
            normal.and_then(|normal| value::denormal(&normal, scalar)).into_iter().collect()
        }
    }
}

fn estimate(model: &Model, step: &Step, bound: &Bound, before: &[Bound]) -> Estimate {
    let parents = match step.how {
        How::Relation { parent, .. } => before[parent].estimate.objects,
        _ => 1,
    };
    let each = match (&step.listing, bound.take, &step.how) {
        (None, ..) => 1,
        _ if bound.is_count => 1,
        (Some(_), Some(take), _) => take,
        (Some(_), None, How::Relation { .. }) => WHOLE_LIST.1,
        (Some(_), None, _) => WHOLE_LIST.0,
    };
    let objects = parents.saturating_mul(each);
    let chunk = u64::try_from(bound.chunk).unwrap_or(u64::MAX).max(1);
    let calls = parents.div_ceil(chunk);
    let cost = objects.saturating_mul(step.weight).saturating_add(calls);
    debug_assert!(step.source < model.sources.len());
    Estimate { objects, calls, cost }
}

/// A value of a query as JSON, with its variables; none, where a variable has no value.
pub(crate) fn literal(value: &ast::Value, variables: &serde_json::Map<String, Json>) -> Option<Json> {
    Some(match value {
        ast::Value::Null => Json::Null,
        ast::Value::Enum(name) => name.as_str().into(),
        ast::Value::Variable(name) => variables.get(name.as_str())?.clone(),
        ast::Value::String(text) => text.as_str().into(),
        ast::Value::Float(number) => number_of(number.as_str()),
        ast::Value::Int(number) => number_of(number.as_str()),
        ast::Value::Boolean(value) => (*value).into(),
        ast::Value::List(items) => {
            items.iter().map(|item| literal(item, variables).unwrap_or(Json::Null)).collect()
        }
        ast::Value::Object(entries) => {
            let entries = entries.iter();
            let entries =
                entries.filter_map(|(name, value)| Some((name.to_string(), literal(value, variables)?)));
            Json::Object(entries.collect())
        }
    })
}

fn number_of(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or_else(|_| text.into())
}
