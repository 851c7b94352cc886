use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use apollo_compiler::executable::Operation;
use apollo_compiler::response::{JsonMap, serde_json_bytes};
use apollo_compiler::validation::Valid;
use apollo_compiler::{introspection, request};
use serde_json::value::RawValue;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use crate::admit::{self, Document};
use crate::answer::Response;
use crate::bind::{self, Bound, Given};
use crate::cache::Cache;
use crate::config::{self, ConfigError, Mistake};
use crate::cursor::Seal;
use crate::explain::{Analyzed, Explanation};
use crate::guarded::Guarded;
use crate::model::{Kind, Model, RootHow};
use crate::plan::{self, Plan};
use crate::project::Projector;
use crate::refusal::Refusal;
use crate::run::Run;
use crate::scalar::Value;
use crate::schema::{self, Published};
use crate::source::Source;
use crate::sources;

/// Queries, and plans, that are kept.
const DOCUMENTS_MAX: usize = 1_000;
const PLANS_MAX: usize = 2_000;

/// Answers queries as a configuration says. A clone is the same engine.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    model: Model,
    published: Published,
    sources: Vec<Arc<Guarded>>,
    seal: Seal,
    documents: Cache<[u8; 32], Arc<Document>>,
    plans: Cache<PlanKey, Arc<Plan>>,
    counters: Counters,
}

/// What a plan depends on: query, operation, roles, and the variables that decide which fields there are.
type PlanKey = ([u8; 32], Option<String>, Vec<String>, Vec<bool>);

#[derive(Debug, Default)]
struct Counters {
    requests: AtomicU64,
    refused: AtomicU64,
    project_nanos: AtomicU64,
}

/// A request, as GraphQL over HTTP has it.
#[derive(Clone, Debug)]
pub struct Request {
    /// The query; may be left out when the server knows its hash.
    pub query: Option<String>,
    /// Which operation of the query, if it has several.
    pub operation_name: Option<String>,
    /// Values of its variables.
    pub variables: serde_json::Map<String, Json>,
    /// SHA-256 of the query, by which it is kept (automatic persisted queries).
    pub sha256: Option<[u8; 32]>,
    /// When nobody waits for the answer any more.
    pub deadline: Instant,
    /// Whether the plan is told, for those who may see it.
    pub explain: Explain,
    /// Whether it may change anything; a request by `GET` may not.
    pub allow_mutation: bool,
}

/// What is told of a plan in the answer's `extensions.explain`.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Explain {
    /// Nothing.
    #[default]
    None,
    /// What would be done; nothing is.
    Plan,
    /// What was done, beside the answer.
    Analyze,
}

/// Who asks.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// Roles, by which fields, rows and masks are chosen.
    pub roles: Vec<String>,
    /// Values of `$session.name` in row policies.
    pub values: BTreeMap<String, Value>,
    /// Who may be given the same rows of one fetch: those with the same text here.
    pub scope: String,
}

/// What a source did since the start.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SourceMetrics {
    /// Its name.
    pub name: String,
    /// Fetches and changes that were asked of it.
    pub fetches: u64,
    /// Fetches that another one under way answered.
    pub shared: u64,
    /// Fetches that were asked a second time.
    pub retries: u64,
    /// Those that gave nothing, time-outs included.
    pub failures: u64,
    /// Those that ran out of time.
    pub timeouts: u64,
    /// Those that its breaker refused.
    pub refused_by_breaker: u64,
    /// Rows that it gave.
    pub rows: u64,
    /// Time that it took, all calls together.
    pub time: Duration,
    /// Whether its breaker is open.
    pub is_open: bool,
}

/// What the engine did since the start.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Metrics {
    /// Requests.
    pub requests: u64,
    /// Those of them that were refused before any source was asked.
    pub refused: u64,
    /// Time that writing answers took, all together.
    pub project: Duration,
    /// By source, in the order of the file.
    pub sources: Vec<SourceMetrics>,
}

/// A request that is ready to be carried out.
struct Prepared {
    plan: Arc<Plan>,
    bound: Vec<Bound>,
    /// Of what is asked about the schema.
    introspected: Option<JsonMap>,
    hash: [u8; 32],
    is_cached: bool,
}

impl Engine {
    /// Reads a configuration and opens its sources. `dir` is where the files are that it names; `own` stands behind
    /// sources of the kind `kefu`.
    ///
    /// # Errors
    /// All that is wrong with the file, and the sources that cannot be opened.
    pub async fn open(yaml: &str, dir: &Path, own: Option<Arc<dyn Source>>) -> Result<Self, ConfigError> {
        Self::open_with(yaml, async |kind, settings| match (kind, &own) {
            ("kefu", Some(own)) => Ok(Arc::clone(own)),
            ("kefu", None) => Err(("kind".to_owned(), "the own store is not open here".to_owned())),
            (other, _) => {
                let opened = sources::open(other, &settings, dir).await;
                opened.map_err(|error| (error.path, error.text))
            }
        })
        .await
    }

    /// Reads a configuration, with sources that `open` opens by kind and settings; its errors are a key of these and what is
    /// wrong with it.
    ///
    /// # Errors
    /// As [`Engine::open`].
    pub async fn open_with(
        yaml: &str,
        open: impl AsyncFn(&str, Json) -> Result<Arc<dyn Source>, (String, String)>,
    ) -> Result<Self, ConfigError> {
        let mut model = config::load(yaml, &|name| std::env::var(name).ok())?;
        let mut wrong = Wrong { yaml, mistakes: Vec::new() };
        let mut sources = Vec::with_capacity(model.sources.len());
        for settings in &model.sources {
            match open(&settings.kind, settings.settings.clone()).await {
                Ok(source) => sources.push(Arc::new(Guarded::new(settings.clone(), source))),
                Err((key, message)) => wrong.add(&format!("sources.{}.{key}", settings.name), message),
            }
        }
        wrong.end()?;
        for kind in &mut model.kinds {
            let source = &sources[kind.source].source;
            match source.check(&kind.target) {
                Ok(()) => kind.abilities = source.abilities(&kind.target),
                Err(message) => wrong.add(&format!("types.{}", kind.name), message),
            }
        }
        for change in &model.changes {
            let arguments: Vec<_> = change.arguments.iter().map(|argument| argument.name.as_str()).collect();
            let source = &sources[change.source].source;
            let checked = source.check_call(&change.operation, &arguments, &model.kinds[change.kind].target);
            if let Err(message) = checked {
                wrong.add(&format!("mutation.{}", change.name), message);
            }
        }
        wrong.end()?;
        wrong.check(&model);
        wrong.end()?;
        let published = schema::publish(&model)?;
        let seal = match &model.cursor_secret {
            Some(secret) => Seal::new(secret.as_bytes()),
            None => {
                let mut secret = [0; 32];
                getrandom::fill(&mut secret).map_err(|error| ConfigError::whole(1, error.to_string()))?;
                Seal::new(&secret)
            }
        };
        let (documents, plans) = (Cache::new(DOCUMENTS_MAX), Cache::new(PLANS_MAX));
        let counters = Counters::default();
        Ok(Self(Arc::new(Inner { model, published, sources, seal, documents, plans, counters })))
    }

    /// The schema.
    #[must_use]
    pub fn sdl(&self) -> &str {
        &self.0.published.sdl
    }

    /// Answers a request. What goes wrong is in the answer.
    pub async fn execute(&self, request: &Request, session: &Session) -> Response {
        let inner = &*self.0;
        let begun = Instant::now();
        inner.counters.requests.fetch_add(1, Ordering::Relaxed);
        let prepared = match inner.prepare(request, session) {
            Ok(prepared) => prepared,
            Err(refusals) => {
                inner.counters.refused.fetch_add(1, Ordering::Relaxed);
                return Response::refused(&refusals);
            }
        };
        if request.explain == Explain::Plan {
            return Response::explained(&explained(&inner.explanation(&prepared, session)));
        }
        let (model, sources) = (&inner.model, &inner.sources);
        let deadline = request.deadline.min(begun + model.limits.request_timeout);
        let run = Run::new(model, sources, &prepared.plan, &prepared.bound, deadline, &session.scope);
        run.all().await;
        let projecting = Instant::now();
        let introspected = |key: &str| -> Option<Box<RawValue>> {
            let value = prepared.introspected.as_ref()?.get(key)?;
            serde_json::value::to_raw_value(value).ok()
        };
        let projected = Projector::new(&run, &inner.seal).data(&introspected);
        let project = projecting.elapsed();
        let nanos = u64::try_from(project.as_nanos()).unwrap_or(u64::MAX);
        inner.counters.project_nanos.fetch_add(nanos, Ordering::Relaxed);
        let extensions = (request.explain == Explain::Analyze).then(|| {
            let analyzed = Some(Analyzed { run: &run, total: begun.elapsed(), project });
            explained(&Explanation { analyzed, ..inner.explanation(&prepared, session) })
        });
        Response::of(projected, extensions.as_ref())
    }

    /// What was done since the start.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let sources = self.0.sources.iter().map(|source| {
            let counters = &source.counters;
            SourceMetrics {
                name: source.settings.name.clone(),
                fetches: read(&counters.fetches),
                shared: read(&counters.shared),
                retries: read(&counters.retries),
                failures: read(&counters.failures),
                timeouts: read(&counters.timeouts),
                refused_by_breaker: read(&counters.refused_by_breaker),
                rows: read(&counters.rows),
                time: Duration::from_micros(read(&counters.micros)),
                is_open: source.is_open(),
            }
        });
        let counters = &self.0.counters;
        Metrics {
            requests: read(&counters.requests),
            refused: read(&counters.refused),
            project: Duration::from_nanos(read(&counters.project_nanos)),
            sources: sources.collect(),
        }
    }
}

fn explained(explanation: &Explanation<'_>) -> Json {
    json!({ "explain": explanation.to_json() })
}

impl Inner {
    fn prepare(&self, request: &Request, session: &Session) -> Result<Prepared, Vec<Refusal>> {
        let one = |refusal| vec![refusal];
        let (hash, document) = self.document(request)?;
        admit::check_operation_name(request.operation_name.as_deref()).map_err(one)?;
        admit::check_variables(&request.variables, &self.model.limits).map_err(one)?;
        let executable = &document.executable;
        let of_request = |error: &request::RequestError| {
            vec![Refusal::of_request("BAD_USER_INPUT", error, &executable.sources)]
        };
        let operation = executable.operations.get(request.operation_name.as_deref());
        let operation = operation.map_err(|error| of_request(&error))?.clone();
        if operation.is_mutation() && !request.allow_mutation {
            let message = "a mutation needs a request by POST";
            return Err(one(Refusal { status: 405, ..Refusal::bad("BAD_REQUEST", message) }));
        }
        let given = serde_json_bytes::to_value(&request.variables).ok();
        let given = given.and_then(|given| given.as_object().cloned()).unwrap_or_default();
        let coerced = request::coerce_variable_values(&self.published.schema, &operation, &given);
        let coerced = coerced.map_err(|error| of_request(&error))?;
        let variables = serde_json::to_value(&*coerced).ok();
        let variables = match variables {
            Some(Json::Object(variables)) => variables,
            _ => serde_json::Map::new(),
        };
        let guard = |name: &str| variables.get(name) == Some(&Json::Bool(true));
        let (plan, is_cached) = self.plan(hash, &document, &operation, session, &guard)?;
        let introspected = match plan.is_introspection {
            true => {
                Some(self.introspect(&document, &operation, &coerced).map_err(|error| of_request(&error))?)
            }
            false => None,
        };
        let given = Given {
            variables: &variables,
            roles: &session.roles,
            session: &session.values,
            seal: &self.seal,
        };
        let bound = bind::bind(&self.model, &plan, &given).map_err(one)?;
        Ok(Prepared { plan, bound, introspected, hash, is_cached })
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
        let key = (hash, operation.name.as_ref().map(|name| name.to_string()), roles, guards);
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

    fn explanation<'e>(&'e self, prepared: &'e Prepared, session: &'e Session) -> Explanation<'e> {
        let id = prepared.hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        Explanation {
            model: &self.model,
            sources: &self.sources,
            plan: &prepared.plan,
            bound: &prepared.bound,
            roles: &session.roles,
            id,
            is_cached: prepared.is_cached,
            analyzed: None,
        }
    }
}

/// What is wrong once sources are open.
struct Wrong<'y> {
    yaml: &'y str,
    mistakes: Vec<Mistake>,
}

impl Wrong<'_> {
    fn add(&mut self, path: &str, message: String) {
        self.mistakes.push(config::mistake_at(self.yaml, path, message));
    }

    fn end(&mut self) -> Result<(), ConfigError> {
        let mistakes = std::mem::take(&mut self.mistakes);
        if mistakes.is_empty() { Ok(()) } else { Err(ConfigError { file: None, mistakes }) }
    }

    /// Checks that sources can find what the file has them find.
    fn check(&mut self, model: &Model) {
        for kind in &model.kinds {
            for relation in &kind.relations {
                let to = &model.kinds[relation.to];
                if to.keys_at_once(relation.on).is_none() {
                    let path = format!("types.{}.relations.{}", kind.name, relation.name);
                    self.add(&path, not_found_by(model, to, relation.on));
                }
            }
        }
        for root in &model.queries {
            let kind = &model.kinds[root.kind];
            let path = format!("query.{}", root.name);
            match &root.how {
                RootHow::By(columns) => {
                    let has_key = columns.iter().any(|column| kind.keys_at_once(*column).is_some());
                    if !has_key && !kind.abilities.lists {
                        self.add(&path, not_found_by(model, kind, columns[0]));
                    }
                }
                RootHow::List(_) if !kind.abilities.lists => {
                    let source = &model.sources[kind.source].name;
                    self.add(&path, format!("`{source}` has no way to list `{}`", kind.name));
                }
                RootHow::List(_) => {}
            }
        }
    }
}

fn not_found_by(model: &Model, kind: &Kind, column: usize) -> String {
    let (source, field) = (&model.sources[kind.source].name, &kind.target.columns[column].field);
    format!("`{source}` does not find `{}` by `{field}`", kind.name)
}
