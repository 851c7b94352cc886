//! What a request did, as spans of OpenTelemetry: the request, each field that is fetched, and each call of a source.

mod exporter;
mod otlp;

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use kefu_upstream::TraceContext;

use crate::guarded::Failure;

pub(crate) use exporter::{Exporter, TraceSettings};

/// Spans of a request that are told.
const SPANS_MAX: usize = 1_000;

/// Something that took time.
#[derive(Clone, Debug)]
pub(crate) struct Span {
    pub(crate) id: [u8; 8],
    pub(crate) parent: Option<[u8; 8]>,
    pub(crate) name: String,
    pub(crate) kind: SpanKind,
    pub(crate) begun: Instant,
    pub(crate) ended: Instant,
    pub(crate) attributes: Vec<(&'static str, Attribute)>,
    /// The code of what went wrong.
    pub(crate) error: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum SpanKind {
    Internal,
    Server,
    Client,
}

#[derive(Clone, Debug)]
pub(crate) enum Attribute {
    Text(String),
    Count(usize),
}

/// Gathers the spans of one request.
#[derive(Debug)]
pub(crate) struct Tracer {
    trace: [u8; 16],
    /// Where the request came from.
    parent: Option<[u8; 8]>,
    /// The span of the request itself; the others count up from it.
    root: u64,
    spans: Mutex<Vec<Span>>,
    next: std::sync::atomic::AtomicU64,
}

/// Spans of a request, on their way out.
#[derive(Debug)]
pub(crate) struct Traced {
    pub(crate) trace: [u8; 16],
    pub(crate) spans: Vec<Span>,
}

/// Where a part of a request belongs: below which span its own are.
#[derive(Clone, Copy)]
pub(crate) struct Below<'t> {
    tracer: Option<&'t Tracer>,
    /// Told to sources when nothing is recorded here.
    passed_on: Option<TraceContext>,
    parent: [u8; 8],
}

/// A span that has begun.
pub(crate) struct Open<'t> {
    below: Below<'t>,
    id: [u8; 8],
    begun: Instant,
}

impl Tracer {
    /// For a request that came with a context, or with none.
    pub(crate) fn new(came_with: Option<TraceContext>) -> Option<Self> {
        let (mut trace, mut root) = ([0; 16], [0; 8]);
        getrandom::fill(&mut trace).ok()?;
        getrandom::fill(&mut root).ok()?;
        // Not so near the end that counting up would come to nothing, which is no id.
        let root = u64::from_be_bytes(root) >> 1 | 1;
        Some(Self {
            trace: came_with.map_or(trace, |context| context.trace),
            parent: came_with.map(|context| context.span),
            root,
            spans: Mutex::default(),
            next: (root + 1).into(),
        })
    }

    fn id(&self) -> [u8; 8] {
        self.next.fetch_add(1, std::sync::atomic::Ordering::Relaxed).to_be_bytes()
    }

    fn add(&self, span: Span) {
        let mut spans = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        if spans.len() < SPANS_MAX {
            spans.push(span);
        }
    }

    /// Ends the request.
    pub(crate) fn end(
        self,
        name: String,
        begun: Instant,
        attributes: Vec<(&'static str, Attribute)>,
        error: Option<&'static str>,
    ) -> Traced {
        let mut spans = self.spans.into_inner().unwrap_or_else(PoisonError::into_inner);
        spans.push(Span {
            id: self.root.to_be_bytes(),
            parent: self.parent,
            name,
            kind: SpanKind::Server,
            begun,
            ended: Instant::now(),
            attributes,
            error,
        });
        Traced { trace: self.trace, spans }
    }
}

impl<'t> Below<'t> {
    /// Of a request that is traced, or passes on what it came with.
    pub(crate) fn request(tracer: Option<&'t Tracer>, came_with: Option<TraceContext>) -> Self {
        let parent = tracer.map_or([0; 8], |tracer| tracer.root.to_be_bytes());
        Self { tracer, passed_on: came_with, parent }
    }

    /// Begins a part.
    pub(crate) fn begin(self) -> Open<'t> {
        let id = self.tracer.map_or([0; 8], Tracer::id);
        Open { below: self, id, begun: Instant::now() }
    }
}

impl<'t> Open<'t> {
    /// For what is a part of it.
    pub(crate) fn below(&self) -> Below<'t> {
        Below { parent: self.id, ..self.below }
    }

    /// What a source is told.
    pub(crate) fn context(&self) -> Option<TraceContext> {
        match self.below.tracer {
            Some(tracer) => Some(TraceContext { trace: tracer.trace, span: self.id, is_sampled: true }),
            None => self.below.passed_on,
        }
    }

    /// Ends it.
    pub(crate) fn end(
        self,
        kind: SpanKind,
        error: Option<&Failure>,
        about: impl FnOnce() -> (String, Vec<(&'static str, Attribute)>),
    ) {
        let Some(tracer) = self.below.tracer else { return };
        let (name, attributes) = about();
        let (id, parent, begun) = (self.id, Some(self.below.parent), self.begun);
        let error = error.map(|failure| failure.code);
        tracer.add(Span { id, parent, name, kind, begun, ended: Instant::now(), attributes, error });
    }
}
