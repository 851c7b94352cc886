use std::sync::Arc;

use apollo_compiler::executable::Operation;
use apollo_compiler::response::{JsonMap, serde_json_bytes};
use apollo_compiler::validation::Valid;
use apollo_compiler::{introspection, request};
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use crate::admit::{self, Document};
use crate::bind::{self, Bound, Given};
use crate::plan::{self, Plan};
use crate::refusal::Refusal;
use crate::schema::Published;

use super::{Inner, Request, Session};

/// What a plan depends on: query, operation, roles, and the variables that decide which fields there are.
pub(super) type PlanKey = ([u8; 32], Option<String>, Vec<String>, Vec<bool>);

/// A request that is ready to be carried out, but for the values of its variables.
pub(super) struct Prepared {
    pub(super) plan: Arc<Plan>,
    pub(super) variables: serde_json::Map<String, Json>,
    /// Of what is asked about the schema.
    pub(super) introspected: Option<JsonMap>,
    pub(super) hash: [u8; 32],
    pub(super) is_cached: bool,
}

impl Inner {
    pub(super) fn prepare(&self, request: &Request, session: &Session) -> Result<Prepared, Vec<Refusal>> {
        let one = |refusal| vec![refusal];
        let (hash, document) = self.document(request)?;
        admit::check_operation_name(request.operation_name.as_deref()).map_err(one)?;
        admit::check_variables(&request.variables, &self.model.limits).map_err(one)?;
        let executable = &document.executable;
        let of_request = |error: request::RequestError| {
            vec![Refusal::of_request("BAD_USER_INPUT", &error, &executable.sources)]
        };
        let operation = executable.operations.get(request.operation_name.as_deref()).map_err(of_request)?;
        if operation.is_mutation() && !request.allow_mutation {
            let message = "a mutation needs a request by POST";
            return Err(one(Refusal { status: 405, ..Refusal::bad("BAD_REQUEST", message) }));
        }
        let given = serde_json_bytes::to_value(&request.variables).ok();
        let given = given.and_then(|given| given.as_object().cloned()).unwrap_or_default();
        let coerced = request::coerce_variable_values(&self.published.schema, operation, &given);
        let coerced = coerced.map_err(of_request)?;
        let variables = match serde_json::to_value(&*coerced) {
            Ok(Json::Object(variables)) => variables,
            _ => serde_json::Map::new(),
        };
        let guard = |name: &str| variables.get(name) == Some(&Json::Bool(true));
        let (plan, is_cached) = self.plan(hash, &document, operation, session, &guard)?;
        let introspected = match plan.is_introspection {
            true => Some(self.introspect(&document, operation, &coerced).map_err(of_request)?),
            false => None,
        };
        Ok(Prepared { plan, variables, introspected, hash, is_cached })
    }

    /// Puts the values of a request into its plan, and for a subscription those of an event.
    pub(super) fn bind(
        &self,
        prepared: &Prepared,
        session: &Session,
        event: Option<&Json>,
    ) -> Result<Vec<Bound>, Refusal> {
        let Session { roles, values, .. } = session;
        let given = Given { variables: &prepared.variables, roles, session: values, seal: &self.seal, event };
        bind::bind(&self.model, &prepared.plan, &given)
    }

    fn document(&self, request: &Request) -> Result<([u8; 32], Arc<Document>), Vec<Refusal>> {
        let Some(query) = &request.query else {
            let hash =
                request.sha256.ok_or_else(|| vec![Refusal::bad("BAD_REQUEST", "`query` is missing")])?;
            let known = self.documents.get(&hash).map(|document| (hash, document));
            // What clients of persisted queries expect before they send the query itself.
            let unknown = Refusal::bad("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound");
            return known.ok_or_else(|| vec![Refusal { status: 200, ..unknown }]);
        };
        let hash: [u8; 32] = Sha256::digest(query).into();
        if request.sha256.is_some_and(|given| given != hash) {
            return Err(vec![Refusal::bad("BAD_REQUEST", "the hash is not that of the query")]);
        }
        if let Some(document) = self.documents.get(&hash) {
            return Ok((hash, document));
        }
        let document = admit::admit(query, &self.published.schema, &self.model.limits)?;
        let document = Arc::new(document);
        self.documents.insert(hash, Arc::clone(&document));
        Ok((hash, document))
    }

    fn plan(
        &self,
        hash: [u8; 32],
        document: &Document,
        operation: &Operation,
        session: &Session,
        guard: &dyn Fn(&str) -> bool,
    ) -> Result<(Arc<Plan>, bool), Vec<Refusal>> {
        let mut roles = session.roles.clone();
        roles.sort();
        let guards = document.guards.iter().map(|name| guard(name)).collect();
        let key = (hash, operation.name.as_ref().map(ToString::to_string), roles, guards);
        if let Some(plan) = self.plans.get(&key) {
            return Ok((plan, true));
        }
        let plan = Arc::new(plan::plan(&self.model, document, operation, &session.roles, guard)?);
        self.plans.insert(key, Arc::clone(&plan));
        Ok((plan, false))
    }

    fn introspect(
        &self,
        document: &Document,
        operation: &Operation,
        variables: &Valid<JsonMap>,
    ) -> Result<JsonMap, request::RequestError> {
        let Published { schema, implementers, .. } = &self.published;
        introspection::check_max_depth(&document.executable, operation)?;
        let answer =
            introspection::partial_execute(schema, implementers, &document.executable, operation, variables)?;
        Ok(answer.data.unwrap_or_default())
    }
}
