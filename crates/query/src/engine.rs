mod check;
mod metrics;
mod prepare;
mod request;
mod subscription;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use kefu_bus::Topic;
use kefu_upstream::TraceContext;
use serde_json::value::RawValue;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};
use tokio::sync::Semaphore;

use crate::admit::Document;
use crate::answer::Response;
use crate::bind::Bound;
use crate::cache::Cache;
use crate::config::{self, ConfigError};
use crate::cursor::Seal;
use crate::explain::{Analyzed, Explanation};
use crate::guarded::Guarded;
use crate::kept::Kept;
use crate::model::Model;
use crate::plan::Plan;
use crate::project::{Projected, Projector};
use crate::refusal::Refusal;
use crate::run::Run;
use crate::schema::{self, Published};
use crate::source::Source;
use crate::sources;
use crate::trace::{Attribute, Below, Exporter, Tracer};

use check::Wrong;
use metrics::Counters;
use prepare::{PlanKey, Prepared};

pub use metrics::{FieldMetrics, Metrics, SourceMetrics};
pub use request::{Explain, Request, Session};
pub use subscription::Subscription;

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
    kept: Kept,
    /// Places for subscriptions.
    subscriptions: Arc<Semaphore>,
    exporter: Option<Exporter>,
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
        let mut wrong = Wrong::new(yaml);
        let mut sources = Vec::with_capacity(model.sources.len());
        for settings in &model.sources {
            match open(&settings.kind, settings.settings.clone()).await {
                Ok(source) => sources.push(Arc::new(Guarded::new(settings.clone(), source))),
                Err((key, message)) => {
                    let path = format!("sources.{}.{key}", settings.name);
                    wrong.add(path.trim_end_matches('.'), message);
                }
            }
        }
        wrong.end()?;
        wrong.check(&mut model, &sources)?;
        let published = schema::publish(&model)?;
        let seal = match &model.cursor_secret {
            Some(secret) => Seal::new(secret.as_bytes()),
            None => {
                let mut secret = [0; 32];
                getrandom::fill(&mut secret).map_err(|error| ConfigError::whole(1, error.to_string()))?;
                Seal::new(&secret)
            }
        };
        let exporter = model.traces.clone().map(Exporter::new).transpose();
        let exporter = exporter.map_err(|error| ConfigError::whole(1, format!("traces: {error}")))?;
        let (documents, plans) = (Cache::new(DOCUMENTS_MAX), Cache::new(PLANS_MAX));
        let (counters, kept) = (Counters::new(&model), Kept::new(&model));
        let subscriptions = Arc::new(Semaphore::new(model.limits.max_subscriptions));
        Ok(Self(Arc::new(Inner {
            model,
            published,
            sources,
            seal,
            documents,
            plans,
            counters,
            kept,
            subscriptions,
            exporter,
        })))
    }

    /// The schema.
    #[must_use]
    pub fn sdl(&self) -> &str {
        &self.0.published.sdl
    }

    /// Answers a request. What goes wrong is in the answer.
    pub async fn execute(&self, request: &Request, session: &Session) -> Response {
        self.execute_within(request, session, None).await
    }

    /// Answers a request that is part of a trace.
    pub async fn execute_within(
        &self,
        request: &Request,
        session: &Session,
        came_with: Option<TraceContext>,
    ) -> Response {
        let inner = &*self.0;
        let begun = Instant::now();
        let tracer = inner.tracer(came_with);
        let below = Below::request(tracer.as_ref(), came_with);
        let response = inner.answer(request, session, begun, below).await;
        if let (Some(tracer), Some(exporter)) = (tracer, &inner.exporter) {
            let (name, mut attributes) = inner.about(request);
            attributes.push(("http.response.status_code", Attribute::Count(response.status.into())));
            let error = (response.status >= 400).then_some("REFUSED");
            exporter.tell(tracer.end(name, begun, attributes, error));
        }
        response
    }

    /// Sends what is traced to the collector of the configuration, for ever; there may be none.
    pub async fn export_traces(&self) {
        match &self.0.exporter {
            Some(exporter) => exporter.run().await,
            None => std::future::pending().await,
        }
    }

    /// Whether rows are kept until an event of this topic, so that it has to be told of it.
    #[must_use]
    pub fn keeps_until(&self, topic: &Topic) -> bool {
        let rules = self.0.model.kinds.iter().flat_map(|kind| &kind.cache);
        rules.flat_map(|rule| &rule.topics).any(|pattern| pattern.matches(topic))
    }

    /// Tells of an event: rows are not given from the cache any more, of types that have a rule for its topic.
    pub fn invalidate(&self, topic: &Topic) {
        self.0.kept.invalidate(&self.0.model, topic);
    }

    /// What was done since the start.
    #[must_use]
    pub fn metrics(&self) -> Metrics {
        self.0.counters.read(&self.0.sources, self.0.exporter.as_ref())
    }
}

fn explained(explanation: &Explanation<'_>) -> Json {
    json!({ "explain": explanation.to_json() })
}

impl Inner {
    async fn answer(
        &self,
        request: &Request,
        session: &Session,
        begun: Instant,
        below: Below<'_>,
    ) -> Response {
        self.counters.requests.fetch_add(1, Ordering::Relaxed);
        let bound = self.prepare(request, session).and_then(|prepared| {
            if prepared.plan.feed.is_some() {
                let message = "a subscription needs a connection that stays open";
                return Err(vec![Refusal::bad("BAD_REQUEST", message)]);
            }
            let bound = self.bind(&prepared, session, None).map_err(|refusal| vec![refusal])?;
            Ok((prepared, bound))
        });
        let (prepared, bound) = match bound {
            Ok(ready) => ready,
            Err(refusals) => {
                self.counters.refused.fetch_add(1, Ordering::Relaxed);
                return Response::refused(&refusals);
            }
        };
        if request.explain == Explain::Plan {
            return Response::explained(&explained(&self.explanation(&prepared, &bound, session)));
        }
        let deadline = request.deadline.min(begun + self.model.limits.request_timeout);
        let run = self.run(&prepared, &bound, session, deadline, below).await;
        let (projected, project) = self.project(&prepared, &run);
        let extensions = (request.explain == Explain::Analyze).then(|| {
            let analyzed = Some(Analyzed { run: &run, total: begun.elapsed(), project });
            explained(&Explanation { analyzed, ..self.explanation(&prepared, &bound, session) })
        });
        Response::of(projected, extensions.as_ref())
    }

    /// Carries out all that a plan asks for.
    async fn run<'r>(
        &'r self,
        prepared: &'r Prepared,
        bound: &'r [Bound],
        session: &'r Session,
        deadline: Instant,
        below: Below<'r>,
    ) -> Run<'r> {
        let all = (&self.model, &self.sources[..], &self.kept);
        let run = Run::new(all, &prepared.plan, bound, deadline, &session.scope, below);
        run.all().await;
        self.counters.count(&run);
        run
    }

    fn tracer(&self, came_with: Option<TraceContext>) -> Option<Tracer> {
        self.exporter.as_ref()?.tracer(came_with)
    }

    /// The name of a request in traces, and what is told of it; never its text, which may have values in it.
    fn about(&self, request: &Request) -> (String, Vec<(&'static str, Attribute)>) {
        let known = request.query.as_ref().map(|query| Sha256::digest(query).into()).or(request.sha256);
        let document = known.and_then(|hash: [u8; 32]| self.documents.get(&hash));
        let operation = document
            .as_ref()
            .and_then(|document| document.executable.operations.get(request.operation_name.as_deref()).ok());
        let Some(operation) = operation else { return ("GraphQL request".to_owned(), Vec::new()) };
        let kind = operation.operation_type.name().to_owned();
        let mut attributes = vec![("graphql.operation.type", Attribute::Text(kind.clone()))];
        let Some(name) = &operation.name else { return (kind, attributes) };
        attributes.push(("graphql.operation.name", Attribute::Text(name.to_string())));
        (format!("{kind} {name}"), attributes)
    }

    /// Writes `data`, and says how long that took.
    fn project(&self, prepared: &Prepared, run: &Run<'_>) -> (Projected, Duration) {
        let begun = Instant::now();
        let introspected = |key: &str| -> Option<Box<RawValue>> {
            let value = prepared.introspected.as_ref()?.get(key)?;
            serde_json::value::to_raw_value(value).ok()
        };
        let projected = Projector::new(run, &self.seal).data(&introspected);
        let took = begun.elapsed();
        let nanos = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.counters.project_nanos.fetch_add(nanos, Ordering::Relaxed);
        (projected, took)
    }

    fn explanation<'e>(
        &'e self,
        prepared: &'e Prepared,
        bound: &'e [Bound],
        session: &'e Session,
    ) -> Explanation<'e> {
        let id = prepared.hash.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        Explanation {
            model: &self.model,
            sources: &self.sources,
            plan: &prepared.plan,
            bound,
            roles: &session.roles,
            id,
            is_cached: prepared.is_cached,
            analyzed: None,
        }
    }
}
