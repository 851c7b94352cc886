use serde_json::Value as Json;

use crate::config::COMPARISONS;
use crate::model::{Kind, allows};
use crate::plan::Step;
use crate::scalar::Value;
use crate::source::{Comparison, Filter, Order};
use crate::value;

use super::literal;

/// Conditions of a query at most.
const CONDITIONS_MAX: usize = 100;
/// Values of one list in a condition.
const VALUES_MAX: usize = 1_000;

/// Arguments of a field.
pub(super) struct Arguments<'a> {
    pub(super) step: &'a Step,
    pub(super) kind: &'a Kind,
    pub(super) variables: &'a serde_json::Map<String, Json>,
    pub(super) roles: &'a [String],
}

/// Which part of a list is asked for.
pub(super) struct Page {
    pub(super) take: Option<u64>,
    pub(super) is_backwards: bool,
    pub(super) cursor: Option<String>,
}

impl Arguments<'_> {
    /// The value of an argument; none where it is not there, or null.
    fn get(&self, name: &str) -> Option<Json> {
        let (_, given) = self.step.given.iter().find(|(given, _)| given == name)?;
        literal(given, self.variables).filter(|json| !json.is_null())
    }

    /// The value by which an object is found.
    pub(super) fn by(&self, column: usize) -> Result<Value, String> {
        let column = &self.kind.target.columns[column];
        let json = self.get(&column.field).unwrap_or(Json::Null);
        if json.is_null() {
            return Err(format!("`{}` is missing", column.field));
        }
        value::from_json(&json, &column.scalar).map_err(|message| format!("`{}`: {message}", column.field))
    }

    /// What only the source understands.
    pub(super) fn declared(&self) -> Result<Vec<(String, Value)>, String> {
        let mut declared = Vec::with_capacity(self.step.declared.len());
        for argument in &self.step.declared {
            let Some((_, given)) = self.step.given.iter().find(|(name, _)| *name == argument.name) else {
                continue;
            };
            let Some(json) = literal(given, self.variables) else { continue };
            let read = match (&json, argument.is_list) {
                (Json::Null, _) => Ok(Value::Null),
                (json, true) => {
                    let values = value::list_from_json(json, &argument.scalar);
                    values.map(|values| Value::Json(values.iter().map(value::to_json).collect()))
                }
                (json, false) => value::from_json(json, &argument.scalar),
            };
            let read = read.map_err(|message| format!("`{}`: {message}", argument.name))?;
            declared.push((argument.name.clone(), read));
        }
        Ok(declared)
    }

    pub(super) fn page(&self) -> Result<Page, String> {
        let Some(listing) = &self.step.listing else {
            return Ok(Page { take: None, is_backwards: false, cursor: None });
        };
        let count = |name: &str| match self.get(name) {
            None => Ok(None),
            Some(json) => {
                let count = json.as_u64().filter(|count| *count <= listing.max);
                count.map(Some).ok_or_else(|| format!("`{name}` goes from 0 to {}", listing.max))
            }
        };
        let (first, last) = (count("first")?, count("last")?);
        let cursor = |name: &str| self.get(name).and_then(|json| json.as_str().map(str::to_owned));
        let (after, before) = (cursor("after"), cursor("before"));
        let is_backwards = last.is_some() || before.is_some();
        if is_backwards && (first.is_some() || after.is_some()) {
            return Err("`first` goes with `after`, and `last` with `before`".to_owned());
        }
        let take = first.or(last).or(listing.default);
        Ok(Page { take, is_backwards, cursor: after.or(before) })
    }

    /// The order asked for, or that of the configuration.
    pub(super) fn order(&self) -> Result<Vec<Order>, String> {
        let Some(listing) = &self.step.listing else { return Ok(Vec::new()) };
        if !listing.has_sort {
            return Ok(listing.order.clone());
        }
        let Some(json) = self.get("orderBy") else { return Ok(listing.order.clone()) };
        let items = match &json {
            Json::Array(items) => items.as_slice(),
            one => std::slice::from_ref(one),
        };
        let mut order: Vec<Order> = Vec::with_capacity(items.len());
        for item in items {
            let entries: Vec<_> = item.as_object().into_iter().flatten().collect();
            let [(name, direction)] = entries.as_slice() else {
                return Err("each item of `orderBy` has one field".to_owned());
            };
            let column = self.kind.column(name).ok_or_else(|| format!("`orderBy` has no field `{name}`"))?;
            self.allow(column)?;
            let is_descending = direction.as_str() == Some("DESC");
            if !order.iter().any(|known| known.column == column) {
                order.push(Order { column, is_descending });
            }
        }
        Ok(order)
    }

    pub(super) fn filter(&self) -> Result<Option<Filter>, String> {
        if !self.step.listing.as_ref().is_some_and(|listing| listing.has_filter) {
            return Ok(None);
        }
        let Some(json) = self.get("where") else { return Ok(None) };
        let mut left = CONDITIONS_MAX;
        self.condition(&json, &mut left).map(Some).map_err(|message| format!("`where`: {message}"))
    }

    fn condition(&self, json: &Json, left: &mut usize) -> Result<Filter, String> {
        let entries = json.as_object().ok_or("an object is needed")?;
        let mut all = Vec::with_capacity(entries.len());
        for (name, json) in entries {
            *left = left.checked_sub(1).ok_or_else(|| format!("more than {CONDITIONS_MAX} conditions"))?;
            match (name.as_str(), self.kind.column(name)) {
                (_, Some(column)) => self.comparisons(column, json, &mut all)?,
                ("and", None) => all.push(Filter::All(self.conditions(json, left)?)),
                ("or", None) => all.push(Filter::Any(self.conditions(json, left)?)),
                ("not", None) => all.push(Filter::Not(Box::new(self.condition(json, left)?))),
                (name, None) => return Err(format!("there is no field `{name}`")),
            }
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Filter::All(all) })
    }

    fn conditions(&self, json: &Json, left: &mut usize) -> Result<Vec<Filter>, String> {
        match json {
            Json::Array(items) => items.iter().map(|item| self.condition(item, left)).collect(),
            one => Ok(vec![self.condition(one, left)?]),
        }
    }

    /// What a role does not see it does not find out by asking for it either.
    fn allow(&self, column: usize) -> Result<(), String> {
        if allows(self.kind.fields[column].roles.as_ref(), self.roles) {
            return Ok(());
        }
        Err(format!("`{}` is not for this role", self.kind.target.columns[column].field))
    }

    fn comparisons(&self, column: usize, json: &Json, all: &mut Vec<Filter>) -> Result<(), String> {
        self.allow(column)?;
        let of = &self.kind.target.columns[column];
        let entries = json.as_object().ok_or_else(|| format!("`{}` needs an object", of.field))?;
        for (word, json) in entries {
            let found = COMPARISONS.iter().find(|(known, _)| known == word);
            let (_, by) = found.ok_or_else(|| format!("there is no comparison `{word}`"))?;
            if json.is_null() {
                // A condition that is dropped would give more than was asked for.
                return Err(format!("`{}.{word}` is null; `isNull` asks for what is not there", of.field));
            }
            if *by == Comparison::IsNull {
                let is_null = Filter::Compare { column, by: Comparison::IsNull, values: Vec::new() };
                let is_wanted = json.as_bool().unwrap_or(true);
                all.push(if is_wanted { is_null } else { Filter::Not(Box::new(is_null)) });
                continue;
            }
            let values = match by {
                Comparison::In => value::list_from_json(json, &of.scalar),
                _ => value::from_json(json, &of.scalar).map(|value| vec![value]),
            };
            let values = values.map_err(|message| format!("`{}.{word}`: {message}", of.field))?;
            if values.len() > VALUES_MAX {
                return Err(format!("`{}.{word}` has more than {VALUES_MAX} values", of.field));
            }
            all.push(Filter::Compare { column, by: *by, values });
        }
        Ok(())
    }
}
