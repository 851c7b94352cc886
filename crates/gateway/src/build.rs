//! From a bridge file to bridges: schemas are read, operations are matched, routes are laid.

mod described;
mod inbound;
mod operations;
mod routes;
mod upstream;

use std::{
    fmt,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use kefu_app::{Effective, Failure, Text, load_file};
use kefu_upstream::Breaker;
use kefu_wire::{
    Limits,
    thrift::{Options, Schema, Unknown},
    wsdl::Definitions,
};
use tokio::sync::{Semaphore, mpsc};

use crate::{
    endpoint::{Endpoint, HeldBack, Inbound, SoapSide, ThriftSide},
    metrics::Metrics,
    router::Router,
    settings::{BridgeFile, EndpointFile, InboundKind, UpstreamKind},
};

/// Endpoints of a file at most.
const ENDPOINTS_MAX: usize = 256;

/// Something in a bridge file or a schema that its author might want to know.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Warning(pub(crate) String);

impl fmt::Display for Warning {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// Bridges that can be served, from one file or several.
pub struct Bridge {
    /// Where HTTP is served; nowhere if that is another server's.
    pub(crate) listen: Option<SocketAddr>,
    /// Connections of that listener at most.
    pub(crate) connections_max: usize,
    pub(crate) drain: Duration,
    pub(crate) endpoints: Vec<Arc<Endpoint>>,
    pub(crate) router: Router,
    pub(crate) ports: Vec<Port>,
    pub(crate) warnings: Vec<Warning>,
}

/// A port of Thrift.
#[derive(Clone, Debug)]
pub(crate) struct Port {
    pub(crate) address: SocketAddr,
    /// That of its first bridge.
    pub(crate) name: String,
    /// Connections at most.
    pub(crate) connections_max: usize,
    /// Indexes of the bridges on it.
    pub(crate) endpoints: Vec<usize>,
}

/// Where bridges come from and where they go.
#[derive(Clone)]
pub(crate) struct Source {
    pub(crate) files: Vec<PathBuf>,
    /// The path below which all of it is, within another server.
    pub(crate) prefix: Option<&'static str>,
    /// In a rehearsal: who is told of calls that are not made.
    pub(crate) rehearsal: Option<mpsc::Sender<HeldBack>>,
}

/// What is read of the sides before operations are matched.
enum Side {
    Json,
    Soap { definitions: Arc<Definitions>, service: usize, files: Vec<(String, Vec<u8>)> },
    Thrift { schema: Arc<Schema>, service: String },
}

/// A bridge file while bridges are made of it.
struct Build<'a> {
    source: &'a Source,
    file: &'a Effective<BridgeFile>,
    /// What its paths are relative to.
    base: PathBuf,
    warnings: Vec<Warning>,
}

impl Bridge {
    /// Reads bridge files and all schemas that they name.
    pub(crate) fn load(source: &Source, metrics: &Metrics) -> Result<Self, Failure> {
        let mut bridge = Self {
            listen: None,
            connections_max: 0,
            drain: Duration::ZERO,
            endpoints: Vec::new(),
            router: Router::default(),
            ports: Vec::new(),
            warnings: Vec::new(),
        };
        for path in &source.files {
            bridge.add(source, path, metrics)?;
        }
        Ok(bridge)
    }

    fn add(&mut self, source: &Source, path: &Path, metrics: &Metrics) -> Result<(), Failure> {
        let file = load_file::<BridgeFile>(path)?;
        let base = path.parent().unwrap_or(Path::new("")).to_owned();
        let mut build = Build { source, file: &file, base, warnings: Vec::new() };
        if source.prefix.is_none() {
            self.listen = Some(file.listen);
        }
        self.connections_max = file.connections as usize;
        self.drain = self.drain.max(file.drain);
        if file.connections == 0 {
            return Err(file.reject("connections", Text::new("must be at least 1", "至少为 1")));
        }
        let count = file.endpoints.iter().count();
        if count == 0 || count > ENDPOINTS_MAX {
            let text = Text::new(
                format!("must have from 1 to {ENDPOINTS_MAX} bridges"),
                format!("必须有 1 到 {ENDPOINTS_MAX} 个桥接"),
            );
            return Err(file.reject("endpoints", text));
        }
        for (index, settings) in file.endpoints.iter().enumerate() {
            let endpoint = build.endpoint(index, settings, metrics)?;
            if self.endpoints.iter().any(|other| other.name == endpoint.name) {
                let text = Text::new("another bridge has this name", "另一个桥接已使用此名称");
                return Err(build.reject(index, "name", text));
            }
            build.lay_routes(self, index, &endpoint, &settings.inbound)?;
            self.endpoints.push(Arc::new(endpoint));
        }
        self.warnings.append(&mut build.warnings);
        Ok(())
    }

    /// The bridge of this name.
    pub(crate) fn endpoint(&self, name: &str) -> Option<&Arc<Endpoint>> {
        self.endpoints.iter().find(|endpoint| endpoint.name == name)
    }

    /// The names of all bridges.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.endpoints.iter().map(|endpoint| endpoint.name.as_str())
    }

    /// The names of a bridge's operations; none if there is no such bridge.
    #[must_use]
    pub fn operations(&self, bridge: &str) -> Option<Vec<&str>> {
        let endpoint = self.endpoint(bridge)?;
        Some(endpoint.operations.iter().map(|operation| operation.name.as_str()).collect())
    }

    /// Whether calling an operation twice does no more than calling it once.
    #[must_use]
    pub fn is_idempotent(&self, bridge: &str, operation: &str) -> bool {
        let endpoint = self.endpoint(bridge);
        let operations = endpoint.into_iter().flat_map(|endpoint| &endpoint.operations);
        operations.into_iter().any(|known| known.name == operation && known.is_idempotent)
    }

    /// The bridges and their operations, for people.
    pub(crate) fn describe(&self) -> String {
        let mut out = self.listen.map(|address| format!("HTTP on {address}\n")).unwrap_or_default();
        for (index, endpoint) in self.endpoints.iter().enumerate() {
            let port = self.ports.iter().find(|port| port.endpoints.contains(&index));
            let port = port.map(|port| format!(", Thrift on {}", port.address)).unwrap_or_default();
            out.push_str(&format!("{}{port}\n", endpoint.name));
            for operation in &endpoint.operations {
                let route = match (&operation.route, &endpoint.inbound) {
                    (Some(route), _) => format!("{} {}", route.method, route.path),
                    (None, Inbound::Soap(side)) => format!("POST {}", side.path),
                    (None, Inbound::Thrift(ThriftSide { path: Some(path), .. })) => format!("POST {path}"),
                    (None, _) => "call".to_owned(),
                };
                out.push_str(&format!("  {} ({route})\n", operation.name));
            }
        }
        out
    }
}

impl Build<'_> {
    fn reject(&self, index: usize, path: &str, text: impl Into<Text>) -> Failure {
        self.file.reject(&format!("endpoints.{index}.{path}"), text)
    }

    fn missing(&self, index: usize, path: &str) -> Failure {
        self.reject(index, path, Text::new("must be there", "必须填写"))
    }

    fn superfluous(&self, index: usize, path: &str, kind: &str) -> Failure {
        let text = Text::new(format!("means nothing to {kind}"), format!("对 {kind} 没有意义"));
        self.reject(index, path, text)
    }

    fn path(&self, path: &Path) -> PathBuf {
        self.base.join(path)
    }

    /// The path at which a bridge is served over HTTP, if it is.
    fn served_at(&self, settings: &EndpointFile) -> Option<String> {
        match (settings.inbound.kind, self.source.prefix) {
            (Some(InboundKind::Internal), _) => None,
            (_, Some(prefix)) => Some(format!("{prefix}/{}", settings.name)),
            (_, None) => settings.inbound.path.clone(),
        }
    }

    fn endpoint(
        &mut self,
        index: usize,
        settings: &EndpointFile,
        metrics: &Metrics,
    ) -> Result<Endpoint, Failure> {
        let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if settings.name.is_empty() || settings.name.len() > 64 || !settings.name.chars().all(is_name) {
            let text = Text::new(
                "must be a name of letters, digits, - and _",
                "必须是由字母、数字、- 和 _ 组成的名称",
            );
            return Err(self.reject(index, "name", text));
        }
        for (path, is_zero) in [
            ("timeout", settings.timeout.is_zero()),
            ("body", settings.body.0 == 0),
            ("concurrency", settings.concurrency == 0),
            ("upstream.connections", settings.upstream.connections == 0),
        ] {
            if is_zero {
                return Err(self.reject(index, path, Text::new("must be more than nothing", "必须大于零")));
            }
        }
        let bytes = settings.body.as_usize();
        let limits = Limits { message_bytes_max: bytes, string_bytes_max: bytes, ..Limits::default() };
        let side = self.inbound(index, settings)?;
        let upstream_kind = settings.upstream.kind.ok_or_else(|| self.missing(index, "upstream.kind"))?;
        let is_internal = settings.inbound.kind == Some(InboundKind::Internal);
        if matches!(side, Side::Json) && upstream_kind == UpstreamKind::Json && !is_internal {
            let text =
                Text::new("both sides speak json, there is nothing to convert", "两侧都是 json,无需转换");
            return Err(self.reject(index, "upstream.kind", text));
        }
        let (upstream, operations) = self.upstream(index, settings, &side, &limits)?;
        let inbound = match side {
            Side::Json if is_internal => Inbound::Internal,
            Side::Json => Inbound::Json,
            Side::Soap { definitions, service, files } => {
                let path = self.served_at(settings).unwrap_or_default();
                Inbound::Soap(SoapSide { path, definitions, service, files })
            }
            Side::Thrift { schema, service } => {
                // Services grow: what they say that we do not know yet is no reason to fail.
                let unknown = if upstream_kind == UpstreamKind::Json { Unknown::Drop } else { Unknown::Keep };
                let options = Options { unknown_members: unknown, ..Options::default() };
                let path = self.served_at(settings);
                Inbound::Thrift(ThriftSide { schema, service, options, path })
            }
        };
        Ok(Endpoint {
            name: settings.name.clone(),
            is_public: settings.public,
            inbound,
            upstream,
            operations,
            timeout: settings.timeout,
            retries: settings.retries.min(10),
            breaker: Breaker::new(settings.breaker.failures, settings.breaker.pause),
            places: Semaphore::new(settings.concurrency as usize),
            limits,
            metrics: metrics.endpoint(&settings.name),
            rehearsal: self.source.rehearsal.clone(),
        })
    }
}
