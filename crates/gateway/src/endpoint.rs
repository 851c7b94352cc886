use std::{
    sync::{Arc, atomic::AtomicI64},
    time::{Duration, Instant},
};

use http::Method;
use kefu_upstream::{
    Answer, Breaker, CallError, PoolState, RestClient, RestOperation, SoapClient, ThriftClient, Trouble,
};
use kefu_wire::{
    Limits,
    thrift::{Options, Schema},
    wsdl::{Definitions, Operation as SoapOperation, Port},
};
use prometheus_client::metrics::gauge::Gauge;
use tokio::{
    sync::{Semaphore, mpsc},
    time::timeout,
};

use crate::{
    metrics::EndpointMetrics,
    outcome::{Fate, Outcome, Refusal, Statuses, bare},
    parameters::Parameter,
    reshape::Reshape,
};

/// The first pause before a call is repeated; it doubles.
const RETRY_PAUSE: Duration = Duration::from_millis(20);
/// What who is refused for want of room is told to wait.
const BUSY_PAUSE: Duration = Duration::from_secs(1);

/// A bridge between two sides.
pub(crate) struct Endpoint {
    pub(crate) name: String,
    /// Whether everybody may call it, where others need a key.
    pub(crate) is_public: bool,
    pub(crate) inbound: Inbound,
    pub(crate) upstream: Upstream,
    /// In the order of the upstream's own lists of them.
    pub(crate) operations: Vec<Operation>,
    pub(crate) timeout: Duration,
    pub(crate) retries: u32,
    pub(crate) breaker: Breaker,
    pub(crate) places: Semaphore,
    pub(crate) limits: Limits,
    pub(crate) metrics: EndpointMetrics,
    /// In a rehearsal: who is told of calls that are not made, because they may change something.
    pub(crate) rehearsal: Option<mpsc::Sender<HeldBack>>,
}

/// A call that a rehearsal did not make.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct HeldBack {
    /// Which bridge.
    pub bridge: String,
    /// Which operation of it.
    pub operation: String,
}

/// An operation, by its name on the inbound side.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) name: String,
    pub(crate) is_idempotent: bool,
    /// Whether it changes nothing.
    pub(crate) is_safe: bool,
    pub(crate) statuses: Statuses,
    pub(crate) reshape: Reshape,
    /// Where it is served, if the inbound side is JSON.
    pub(crate) route: Option<Route>,
}

/// Where an operation is served.
#[derive(Debug)]
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) parameters: Vec<Parameter>,
}

/// The side that others call.
pub(crate) enum Inbound {
    Json,
    /// Nobody but the process that it runs in.
    Internal,
    Soap(SoapSide),
    Thrift(ThriftSide),
}

/// A service of SOAP that we are.
pub(crate) struct SoapSide {
    pub(crate) path: String,
    pub(crate) definitions: Arc<Definitions>,
    pub(crate) service: usize,
    /// The files of the description by their paths, itself first.
    pub(crate) files: Vec<(String, Vec<u8>)>,
}

impl SoapSide {
    pub(crate) fn ports(&self) -> &[Port] {
        self.definitions
            .services
            .get(self.service)
            .map(|service| service.ports.as_slice())
            .unwrap_or_default()
    }
}

/// A service of Thrift that we are.
pub(crate) struct ThriftSide {
    pub(crate) schema: Arc<Schema>,
    pub(crate) service: String,
    pub(crate) options: Options,
    pub(crate) path: Option<String>,
}

impl ThriftSide {
    /// Whether a name before a function means this service, of a bridge with that name.
    pub(crate) fn is_called(&self, bridge: &str, wanted: &str) -> bool {
        [bridge, &self.service, bare(&self.service)].contains(&wanted)
    }
}

/// The side that is called, with what it knows of each operation.
pub(crate) enum Upstream {
    Rest { client: RestClient, operations: Vec<RestOperation> },
    Soap { client: SoapClient, definitions: Arc<Definitions>, operations: Vec<SoapOperationPlace> },
    Thrift { client: ThriftClient, functions: Vec<String> },
}

/// Where an operation stands in a description: service, port, operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SoapOperationPlace(pub(crate) usize, pub(crate) usize, pub(crate) usize);

impl SoapOperationPlace {
    pub(crate) fn find(self, definitions: &Definitions) -> Option<&SoapOperation> {
        definitions.services.get(self.0)?.ports.get(self.1)?.operations.get(self.2)
    }
}

impl Upstream {
    async fn call(&self, index: usize, arguments: &[u8]) -> Result<Answer, CallError> {
        const KNOWN: &str = "every operation has its counterpart: they are made together";
        match self {
            Self::Rest { client, operations } => {
                client.call(operations.get(index).expect(KNOWN), arguments).await
            }
            Self::Soap { client, definitions, operations } => {
                let place = operations.get(index).expect(KNOWN);
                client.call(place.find(definitions).expect(KNOWN), arguments).await
            }
            Self::Thrift { client, functions } => {
                client.call(functions.get(index).expect(KNOWN), arguments).await
            }
        }
    }

    pub(crate) fn pool(&self) -> PoolState {
        match self {
            Self::Rest { client, .. } => client.http().state(),
            Self::Soap { client, .. } => client.http().state(),
            Self::Thrift { client, .. } => client.state(),
        }
    }
}

/// Counts a call for as long as it is under way, however it ends.
struct InFlight<'a>(&'a Gauge<i64, AtomicI64>);

impl<'a> InFlight<'a> {
    fn new(gauge: &'a Gauge<i64, AtomicI64>) -> Self {
        gauge.inc();
        Self(gauge)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}

impl Endpoint {
    /// The index of an operation of the inbound side.
    pub(crate) fn find(&self, name: &str) -> Option<usize> {
        self.operations.iter().position(|operation| operation.name == name)
    }

    /// Calls an operation for somebody outside, with the JSON of its arguments.
    pub(crate) async fn call(&self, index: usize, arguments: &[u8]) -> Outcome {
        match (&self.rehearsal, self.operations.get(index)) {
            (Some(tell), Some(operation)) if !operation.is_safe => {
                let call = HeldBack { bridge: self.name.clone(), operation: operation.name.clone() };
                // Nobody may be left to tell, at a stop.
                drop(tell.send(call).await);
                let text = "this is a rehearsal: the call may change something, and is not made";
                Outcome::Refused(Refusal::new("rehearsal", 503, text))
            }
            _ => self.carry_out(index, arguments).await,
        }
    }

    /// Calls an operation with the JSON of its arguments.
    pub(crate) async fn carry_out(&self, index: usize, arguments: &[u8]) -> Outcome {
        let begun = Instant::now();
        let Some(operation) = self.operations.get(index) else {
            return Outcome::Refused(Refusal::new("unknown_operation", 404, "there is no such operation"));
        };
        let outcome = self.outcome(index, operation, arguments).await;
        let took = begun.elapsed();
        self.metrics.called(&operation.name, outcome.name(), took);
        tracing::debug!(
            endpoint = self.name,
            operation = operation.name,
            outcome = outcome.name(),
            took_us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
            "called"
        );
        outcome
    }

    async fn outcome(&self, index: usize, operation: &Operation, arguments: &[u8]) -> Outcome {
        let Ok(_place) = self.places.try_acquire() else {
            let busy = Refusal::new("busy", 503, "too many calls are under way");
            return Outcome::Refused(Refusal { retry_after: Some(BUSY_PAUSE), fate: Fate::NotSent, ..busy });
        };
        let _in_flight = InFlight::new(&self.metrics.in_flight);
        let result = match timeout(self.timeout, self.tries(index, operation, arguments)).await {
            Ok(result) => result,
            Err(_) => {
                let error = CallError::Trouble(Trouble::TimedOut);
                self.note(operation, &error);
                Err(error)
            }
        };
        let is_rest = matches!(self.upstream, Upstream::Rest { .. });
        match Outcome::new(result, &operation.statuses, is_rest) {
            Outcome::Returned(json) => match operation.reshape.apply(json) {
                Ok(json) => Outcome::Returned(json),
                Err(error) => Outcome::Refused(Refusal::of_answer(&error)),
            },
            outcome => outcome,
        }
    }

    /// Calls once, or several times if that does no harm.
    async fn tries(
        &self,
        index: usize,
        operation: &Operation,
        arguments: &[u8],
    ) -> Result<Answer, CallError> {
        let mut left = if operation.is_idempotent { self.retries } else { 0 };
        let mut pause = RETRY_PAUSE;
        loop {
            if let Err(retry_after) = self.breaker.ask(Instant::now()) {
                return Err(CallError::Open { retry_after });
            }
            let error = match self.upstream.call(index, arguments).await {
                Ok(answer) => {
                    self.breaker.succeeded();
                    return Ok(answer);
                }
                Err(error) => error,
            };
            self.note(operation, &error);
            if left == 0 || !error.is_outage() {
                return Err(error);
            }
            left -= 1;
            self.metrics.retries.inc();
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }

    /// Notes that a try failed. Errors of messages have a part of them in their text and are not logged.
    fn note(&self, operation: &Operation, error: &CallError) {
        if error.is_outage() {
            self.breaker.failed(Instant::now());
            self.metrics.failed(error.name());
            tracing::warn!(endpoint = self.name, operation = operation.name, %error, "the upstream did not answer");
        } else if !matches!(error, CallError::Unwritable(_)) {
            self.breaker.succeeded();
            self.metrics.failed(error.name());
        }
    }
}
