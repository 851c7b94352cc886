//! From a bridge file to bridges: schemas are read, operations are matched, routes are laid.

mod operations;
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
use tokio::sync::Semaphore;

use crate::{
    endpoint::{Endpoint, Inbound, SoapSide, ThriftSide},
    metrics::Metrics,
    router::{Router, Target},
    schemas::{self, Described},
    settings::{BridgeFile, EndpointFile, InboundFile, InboundKind, ListenAddress, UpstreamKind},
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

/// A bridge file that can be served.
pub struct Bridge {
    pub(crate) listen: SocketAddr,
    pub(crate) connections_max: usize,
    pub(crate) drain: Duration,
    pub(crate) endpoints: Vec<Arc<Endpoint>>,
    pub(crate) router: Router,
    /// Ports of Thrift: the endpoint's index and the address.
    pub(crate) ports: Vec<(usize, SocketAddr)>,
    pub(crate) warnings: Vec<Warning>,
}

/// What is read of the sides before operations are matched.
enum Side {
    Json,
    Soap { definitions: Arc<Definitions>, service: usize, files: Vec<(String, Vec<u8>)> },
    Thrift { schema: Arc<Schema>, service: String },
}

/// A bridge file while bridges are made of it.
struct Build<'a> {
    file: &'a Effective<BridgeFile>,
    /// What its paths are relative to.
    base: PathBuf,
    warnings: Vec<Warning>,
}

impl Bridge {
    /// Reads a bridge file and all schemas that it names.
    pub(crate) fn load(path: &Path, metrics: &Metrics) -> Result<Self, Failure> {
        let file = load_file::<BridgeFile>(path)?;
        let base = path.parent().unwrap_or(Path::new("")).to_owned();
        let mut build = Build { file: &file, base, warnings: Vec::new() };
        let mut bridge = Self {
            listen: file.listen,
            connections_max: file.connections as usize,
            drain: file.drain,
            endpoints: Vec::new(),
            router: Router::default(),
            ports: Vec::new(),
            warnings: Vec::new(),
        };
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
            if bridge.endpoints.iter().any(|other| other.name == endpoint.name) {
                let text = Text::new("another bridge has this name", "另一个桥接已使用此名称");
                return Err(build.reject(index, "name", text));
            }
            build.lay_routes(&mut bridge, index, &endpoint, &settings.inbound)?;
            bridge.endpoints.push(Arc::new(endpoint));
        }
        bridge.warnings = build.warnings;
        Ok(bridge)
    }

    /// The bridges and their operations, for people.
    pub(crate) fn describe(&self) -> String {
        let mut out = format!("HTTP on {}\n", self.listen);
        for (index, endpoint) in self.endpoints.iter().enumerate() {
            let port = self.ports.iter().find(|(known, _)| *known == index);
            let port = port.map(|(_, address)| format!(", Thrift on {address}")).unwrap_or_default();
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
        let side = self.inbound(index, &settings.inbound)?;
        let upstream_kind = settings.upstream.kind.ok_or_else(|| self.missing(index, "upstream.kind"))?;
        if matches!(side, Side::Json) && upstream_kind == UpstreamKind::Json {
            let text =
                Text::new("both sides speak json, there is nothing to convert", "两侧都是 json,无需转换");
            return Err(self.reject(index, "upstream.kind", text));
        }
        let (upstream, operations) = self.upstream(index, settings, &side, &limits)?;
        let inbound = match side {
            Side::Json => Inbound::Json,
            Side::Soap { definitions, service, files } => {
                let path = settings.inbound.path.clone().unwrap_or_default();
                Inbound::Soap(SoapSide { path, definitions, service, files })
            }
            Side::Thrift { schema, service } => {
                // Services grow: what they say that we do not know yet is no reason to fail.
                let unknown = if upstream_kind == UpstreamKind::Json { Unknown::Drop } else { Unknown::Keep };
                let options = Options { unknown_members: unknown, ..Options::default() };
                let path = settings.inbound.path.clone();
                Inbound::Thrift(ThriftSide { schema, service, options, path })
            }
        };
        Ok(Endpoint {
            name: settings.name.clone(),
            inbound,
            upstream,
            operations,
            timeout: settings.timeout,
            retries: settings.retries.min(10),
            breaker: Breaker::new(settings.breaker.failures, settings.breaker.pause),
            places: Semaphore::new(settings.concurrency as usize),
            limits,
            metrics: metrics.endpoint(&settings.name),
        })
    }

    /// Reads what the inbound side is, and refuses what does not belong to its kind.
    fn inbound(&mut self, index: usize, settings: &InboundFile) -> Result<Side, Failure> {
        let kind = settings.kind.ok_or_else(|| self.missing(index, "inbound.kind"))?;
        let (soap, thrift) = (kind == InboundKind::Soap, kind == InboundKind::Thrift);
        for (path, is_set, belongs) in [
            ("inbound.listen", settings.listen.is_some(), thrift),
            ("inbound.idl", settings.idl.is_some(), thrift),
            ("inbound.include", !settings.include.is_empty(), thrift),
            ("inbound.wsdl", settings.wsdl.is_some(), soap),
            ("inbound.service", settings.service.is_some(), soap || thrift),
        ] {
            if is_set && !belongs {
                return Err(self.superfluous(index, path, &kind_name(kind)));
            }
        }
        match (&settings.path, kind) {
            (Some(path), _) if !is_plain_path(path) => {
                let text = Text::new(
                    "must be a path like /shop, without a / at its end",
                    "必须是形如 /shop 的路径,末尾不带 /",
                );
                return Err(self.reject(index, "inbound.path", text));
            }
            (None, InboundKind::Json | InboundKind::Soap) => return Err(self.missing(index, "inbound.path")),
            (None, InboundKind::Thrift) if settings.listen.is_none() => {
                let text = Text::new("`listen` or `path` must be there", "必须填写 `listen` 或 `path`");
                return Err(self.reject(index, "inbound.listen", text));
            }
            _ => {}
        }
        match kind {
            InboundKind::Json => Ok(Side::Json),
            InboundKind::Soap => {
                let wsdl = settings.wsdl.as_ref().ok_or_else(|| self.missing(index, "inbound.wsdl"))?;
                let Described { definitions, files } = self.description(index, "inbound.wsdl", wsdl)?;
                let service =
                    self.soap_service(index, "inbound.service", &definitions, settings.service.as_deref())?;
                Ok(Side::Soap { definitions: Arc::new(definitions), service, files })
            }
            InboundKind::Thrift => {
                let idl = settings.idl.as_ref().ok_or_else(|| self.missing(index, "inbound.idl"))?;
                let schema = self.interface(index, "inbound.idl", idl, &settings.include)?;
                let service =
                    self.thrift_service(index, "inbound.service", &schema, settings.service.as_deref())?;
                Ok(Side::Thrift { schema: Arc::new(schema), service })
            }
        }
    }

    fn interface(
        &mut self,
        index: usize,
        key: &str,
        file: &Path,
        include: &[PathBuf],
    ) -> Result<Schema, Failure> {
        let include: Vec<PathBuf> = include.iter().map(|folder| self.path(folder)).collect();
        let limits = Limits::default();
        schemas::thrift(&self.path(file), &include, &limits, &mut self.warnings)
            .map_err(|cause| self.unusable(index, key, file, &cause))
    }

    fn description(&mut self, index: usize, key: &str, file: &Path) -> Result<Described, Failure> {
        let limits = Limits::default();
        schemas::soap(&self.path(file), &limits, &mut self.warnings)
            .map_err(|cause| self.unusable(index, key, file, &cause))
    }

    fn unusable(&self, index: usize, key: &str, file: &Path, cause: &str) -> Failure {
        let file = file.display();
        let text = Text::new(
            format!("the schema {file} cannot be used: {cause}"),
            format!("无法使用架构文件 {file}:{cause}"),
        );
        self.reject(index, key, text)
    }

    /// Chooses a service: the one that is named, or the only one.
    fn choose(
        &self,
        index: usize,
        key: &str,
        names: &[&str],
        wanted: Option<&str>,
    ) -> Result<usize, Failure> {
        let known = names.join(", ");
        match (wanted, names) {
            (Some(wanted), names) => names.iter().position(|name| *name == wanted).ok_or_else(|| {
                let text = Text::new(
                    format!("there is no service {wanted:?}, only: {known}"),
                    format!("没有服务 {wanted:?},只有:{known}"),
                );
                self.reject(index, key, text)
            }),
            (None, [_]) => Ok(0),
            (None, []) => {
                Err(self.reject(index, key, Text::new("the schema has no service", "架构文件中没有服务")))
            }
            (None, _) => {
                let text = Text::new(
                    format!("must name one of the services: {known}"),
                    format!("必须指定其中一个服务:{known}"),
                );
                Err(self.reject(index, key, text))
            }
        }
    }

    fn thrift_service(
        &self,
        index: usize,
        key: &str,
        schema: &Schema,
        wanted: Option<&str>,
    ) -> Result<String, Failure> {
        let all = schema.services().iter().map(|service| service.name.as_str());
        // Those of included files are chosen only by their names.
        let names: Vec<&str> = all.filter(|name| wanted.is_some() || !name.contains('.')).collect();
        self.choose(index, key, &names, wanted).map(|chosen| names[chosen].to_owned())
    }

    fn soap_service(
        &self,
        index: usize,
        key: &str,
        definitions: &Definitions,
        wanted: Option<&str>,
    ) -> Result<usize, Failure> {
        let names: Vec<&str> = definitions.services.iter().map(|service| service.name.as_str()).collect();
        let chosen = self.choose(index, key, &names, wanted)?;
        if definitions.services[chosen].ports.is_empty() {
            let text = Text::new("the service has no port of SOAP", "该服务没有 SOAP 端口");
            return Err(self.reject(index, key, text));
        }
        Ok(chosen)
    }

    fn lay_routes(
        &self,
        bridge: &mut Bridge,
        index: usize,
        endpoint: &Endpoint,
        inbound: &InboundFile,
    ) -> Result<(), Failure> {
        let router = &mut bridge.router;
        let laid = match &endpoint.inbound {
            Inbound::Json => {
                let routes = endpoint.operations.iter().enumerate();
                let mut routes =
                    routes.filter_map(|(number, operation)| Some((number, operation.route.as_ref()?)));
                routes.try_for_each(|(number, route)| {
                    let target = Target::Json { endpoint: index, operation: number };
                    router
                        .add(&route.method, &route.path, target)
                        .map_err(|cause| (route.path.clone(), cause))
                })
            }
            Inbound::Soap(side) => router.add_all(&side.path, Target::Soap { endpoint: index }),
            Inbound::Thrift(ThriftSide { path: Some(path), .. }) => {
                router.add_all(path, Target::Thrift { endpoint: index })
            }
            Inbound::Thrift(_) => Ok(()),
        };
        laid.map_err(|(path, cause)| {
            let text = Text::new(
                format!("the path {path} cannot be served: {cause}"),
                format!("无法提供路径 {path}:{cause}"),
            );
            self.reject(index, "inbound.path", text)
        })?;
        if let Some(ListenAddress(address)) = inbound.listen {
            let is_taken = |other: &SocketAddr| *other == address && address.port() != 0;
            if is_taken(&bridge.listen) || bridge.ports.iter().any(|(_, other)| is_taken(other)) {
                let text = Text::new("the address is used twice", "该地址被使用了两次");
                return Err(self.reject(index, "inbound.listen", text));
            }
            bridge.ports.push((index, address));
        }
        Ok(())
    }
}

fn kind_name(kind: InboundKind) -> String {
    use clap::ValueEnum as _;
    kind.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

/// Whether a path is literal, so that it is the same for who lays and who follows it.
fn is_plain_path(path: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '~');
    path.starts_with('/') && !path.ends_with('/') && !path.contains("//") && path.chars().all(is_plain)
}
