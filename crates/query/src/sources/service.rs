//! Services: rows are what operations answer, found by a path in it.

mod access;
mod http;
pub(super) mod openapi;
mod settings;
mod soap;
mod template;
mod thrift;

use std::{
    collections::HashMap,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use futures_util::{StreamExt as _, TryStreamExt as _, future::BoxFuture, stream};
use kefu_upstream::{CallError, Trouble};
use serde_json::{Map, Value as Json};
use tokio::time::timeout_at;

pub(super) use self::access::Described;
use self::{
    access::{Access, Bindings, Prepared, Way, prepared, prepared_call},
    http::Http,
    settings::Common,
    soap::Soap,
    template::json_of,
    thrift::Thrift,
};
use super::{
    SourceOpenError,
    fit::{Raw, at},
    gather::Gather,
    settings::{read_call, read_target},
    trouble::{garbage, refused, timed_out, trouble},
};
use crate::{
    rows::Rows,
    scalar::Value,
    source::{Abilities, Call, Fetch, Fetching, Keys, Source, SourceError, Target, TroubleKind},
};

/// Rows that a change may answer.
const CHANGE_ROWS_MAX: usize = 1_000;

/// What an operation answered.
pub(super) enum Answered {
    /// This.
    Value(Json),
    /// That there is none, or something went wrong, under this name: a status, an exception or the code of a fault.
    Failed { name: String, error: SourceError },
}

/// Keys that were asked for, and the answer if there is one.
type Asked<'a> = (&'a [Value], Option<Json>);

/// One protocol beneath.
pub(super) trait Client: Send + Sync + 'static {
    type Operation: Send + Sync + 'static;

    /// Finds the operation that is described.
    fn operation(&self, described: &Described) -> Result<Self::Operation, String>;

    /// Calls it with the JSON of its arguments, an object.
    fn call<'a>(
        &'a self,
        operation: &'a Self::Operation,
        arguments: Map<String, Json>,
    ) -> BoxFuture<'a, Result<Answered, SourceError>>;

    /// How it is called, for people.
    fn native(&self, operation: &Self::Operation) -> String;
}

/// A service.
pub(super) struct ServiceSource<C: Client> {
    client: C,
    common: Common,
    /// What targets and changes are described as, by their names.
    targets: Mutex<HashMap<String, Arc<Prepared<C::Operation>>>>,
}

/// Opens a service of JSON over HTTP.
pub(super) fn http(settings: &Json, dir: &Path) -> Result<ServiceSource<Http>, SourceOpenError> {
    let (client, common) = http::open(settings, dir)?;
    Ok(ServiceSource::new(client, common))
}

/// Opens a service of SOAP.
pub(super) fn soap(settings: &Json, dir: &Path) -> Result<ServiceSource<Soap>, SourceOpenError> {
    let (client, common) = soap::open(settings, dir)?;
    Ok(ServiceSource::new(client, common))
}

/// Opens a service of Thrift.
pub(super) fn thrift(settings: &Json, dir: &Path) -> Result<ServiceSource<Thrift>, SourceOpenError> {
    let (client, common) = thrift::open(settings, dir)?;
    Ok(ServiceSource::new(client, common))
}

impl<C: Client> ServiceSource<C> {
    fn new(client: C, common: Common) -> Self {
        Self { client, common, targets: Mutex::default() }
    }

    fn prepared(&self, target: &Target) -> Result<Arc<Prepared<C::Operation>>, String> {
        let mut targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = targets.get(&target.name) {
            return Ok(Arc::clone(known));
        }
        let access: Access = read_target(target)?;
        let made = Arc::new(prepared(access, target, |described| self.client.operation(described))?);
        targets.insert(target.name.clone(), Arc::clone(&made));
        Ok(made)
    }

    /// Calls an operation; none if it says that there is nothing.
    async fn ask(
        &self,
        way: &Way<C::Operation>,
        bindings: &Bindings<'_>,
    ) -> Result<Option<Json>, SourceError> {
        let arguments = way.template.filled(bindings).map_err(refused)?;
        match self.client.call(&way.operation, arguments).await? {
            Answered::Value(value) => Ok(Some(value)),
            Answered::Failed { name, error } => {
                if way.absent.contains(&name) {
                    Ok(None)
                } else {
                    Err(error)
                }
            }
        }
    }

    fn ask_for<'a>(
        &'a self,
        way: &'a Way<C::Operation>,
        keys: &'a [Value],
        arguments: &'a [(String, Value)],
    ) -> BoxFuture<'a, Result<Asked<'a>, SourceError>> {
        Box::pin(async move {
            let answer = self.ask(way, &Bindings { keys, arguments, limit: None }).await?;
            Ok((keys, answer))
        })
    }

    async fn rows(&self, fetch: &Fetch) -> Result<Rows, SourceError> {
        let prepared = self.prepared(&fetch.target).map_err(refused)?;
        if fetch.filter.is_some() || !fetch.order.is_empty() || fetch.after.is_some() {
            return Err(refused("a service neither filters nor sorts"));
        }
        let mut gather = Gather::new(
            &fetch.target,
            &fetch.columns,
            fetch.rows_max,
            self.common.bytes_max,
            self.common.zone,
        );
        match &fetch.keys {
            Some(keys) => self.by_keys(&prepared, fetch, keys, &mut gather).await?,
            None => {
                let way = prepared
                    .list
                    .as_ref()
                    .ok_or_else(|| refused("the service has no operation that lists"))?;
                let bindings = Bindings { keys: &[], arguments: &fetch.arguments, limit: fetch.limit };
                if let Some(answer) = self.ask(way, &bindings).await? {
                    let mut room = fetch.limit.unwrap_or(u64::MAX);
                    way.rows(&answer, |row, _| add(&mut gather, fetch, row, None, &mut room))?;
                }
            }
        }
        Ok(gather.finish())
    }

    async fn by_keys(
        &self,
        prepared: &Prepared<C::Operation>,
        fetch: &Fetch,
        keys: &Keys,
        gather: &mut Gather<'_>,
    ) -> Result<(), SourceError> {
        let way = prepared.by(keys.column).ok_or_else(|| {
            let field = &fetch.target.columns[keys.column].field;
            refused(format!("`{}` has no operation that finds it by `{field}`", fetch.target.name))
        })?;
        let calls: Vec<_> =
            keys.values.chunks(way.keys_max).map(|keys| self.ask_for(way, keys, &fetch.arguments)).collect();
        let mut answers = stream::iter(calls).buffered(self.common.connections);
        let mut room = fetch.limit.unwrap_or(u64::MAX);
        while let Some((keys, answer)) = answers.try_next().await? {
            let Some(answer) = answer else { continue };
            // Who is asked for one key need not repeat it.
            let only = if let [key] = keys { Some(key) } else { None };
            let mut room_of_key = fetch.limit_per_key.filter(|_| way.keys_max == 1).unwrap_or(u64::MAX);
            way.rows(&answer, |row, key| {
                let text;
                let key = match key {
                    Some(key) => {
                        text = Value::Text(key.to_owned());
                        Some((keys_column(fetch), &text))
                    }
                    None => only.map(|key| (keys_column(fetch), key)),
                };
                if room_of_key == 0 {
                    return Ok(());
                }
                room_of_key -= 1;
                add(gather, fetch, row, key, &mut room)
            })?;
        }
        Ok(())
    }

    async fn change(&self, call: &Call) -> Result<Rows, SourceError> {
        let described: Described = read_call(&call.operation).map_err(refused)?;
        let way = prepared_call(described, |described| self.client.operation(described)).map_err(refused)?;
        let bindings = Bindings { keys: &[], arguments: &call.arguments, limit: None };
        let answer = self.ask(&way, &bindings).await?;
        let (bytes_max, zone) = (self.common.bytes_max, self.common.zone);
        let mut gather = Gather::new(&call.target, &call.columns, CHANGE_ROWS_MAX, bytes_max, zone);
        if let Some(answer) = answer {
            way.rows(&answer, |row, _| {
                gather.row()?;
                for (place, column) in call.columns.iter().enumerate() {
                    let found = at(row, &call.target.columns[*column].name);
                    gather.cell(place, found.map_or(Raw::Null, Raw::Json))?;
                }
                Ok(())
            })?;
        }
        Ok(gather.finish())
    }
}

fn keys_column(fetch: &Fetch) -> usize {
    fetch.keys.as_ref().map_or(usize::MAX, |keys| keys.column)
}

/// Adds a row, unless there is no room for it; `key` is what it was found by.
fn add(
    gather: &mut Gather<'_>,
    fetch: &Fetch,
    row: &Json,
    key: Option<(usize, &Value)>,
    room: &mut u64,
) -> Result<(), SourceError> {
    if *room == 0 {
        return Ok(());
    }
    *room -= 1;
    gather.row()?;
    for (place, column) in fetch.columns.iter().enumerate() {
        let found = at(row, &fetch.target.columns[*column].name);
        match (found, key) {
            (None | Some(Json::Null), Some((of, value))) if of == *column => {
                gather.cell(place, Raw::Json(&json_of(value)))?;
            }
            (found, _) => gather.cell(place, found.map_or(Raw::Null, Raw::Json))?,
        }
    }
    Ok(())
}

/// What became of a call that has no answer.
fn call_trouble(error: &CallError) -> SourceError {
    let kind = match error {
        CallError::Unwritable(_) | CallError::Failed(_) => TroubleKind::Refused,
        CallError::Unreadable(_) => TroubleKind::Garbage,
        CallError::Status { status, .. } => match status {
            408 | 425 | 429 | 500..=599 => TroubleKind::Unavailable,
            _ => TroubleKind::Refused,
        },
        CallError::Trouble(Trouble::TimedOut) => TroubleKind::Timeout,
        CallError::Trouble(Trouble::TooLong(_)) => TroubleKind::TooMuch,
        CallError::Trouble(_) | CallError::Open { .. } => TroubleKind::Unavailable,
    };
    match error {
        // What a service says of its failure may repeat what it was asked.
        CallError::Failed(failure) => trouble(kind, format!("the service failed ({:?})", failure.kind)),
        error => trouble(kind, error.to_string()),
    }
}

/// The JSON of an answer.
fn json_answer(bytes: &[u8]) -> Result<Json, SourceError> {
    serde_json::from_slice(bytes).map_err(|_| garbage("the service's answer is no JSON"))
}

impl<C: Client> Source for ServiceSource<C> {
    fn check(&self, target: &Target) -> Result<(), String> {
        self.prepared(target).map(drop)
    }

    fn check_call(&self, operation: &Json, arguments: &[&str], _target: &Target) -> Result<(), String> {
        let described: Described = read_call(operation)?;
        let way = prepared_call(described, |described| self.client.operation(described))?;
        way.template.check(|name| arguments.contains(&name))
    }

    fn abilities(&self, target: &Target) -> Abilities {
        let Ok(prepared) = self.prepared(target) else { return Abilities::default() };
        Abilities {
            lists: prepared.list.is_some(),
            limits: prepared.list.is_some(),
            keys: prepared.keys(),
            is_idempotent: true,
            ..Abilities::default()
        }
    }

    fn fetch<'a>(&'a self, fetch: &'a Fetch) -> Fetching<'a> {
        Box::pin(async move {
            timeout_at(fetch.deadline.into(), self.rows(fetch)).await.unwrap_or_else(|_| Err(timed_out()))
        })
    }

    fn call<'a>(&'a self, call: &'a Call) -> Fetching<'a> {
        Box::pin(async move {
            timeout_at(call.deadline.into(), self.change(call)).await.unwrap_or_else(|_| Err(timed_out()))
        })
    }

    fn native(&self, fetch: &Fetch) -> Option<String> {
        let prepared = self.prepared(&fetch.target).ok()?;
        let way = match &fetch.keys {
            Some(keys) => prepared.by(keys.column)?,
            None => prepared.list.as_ref()?,
        };
        Some(self.client.native(&way.operation))
    }
}
