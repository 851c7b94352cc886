//! Clients of upstreams.

use std::{path::Path, sync::Arc};

use http::HeaderValue;
use kefu_app::{Failure, Text};
use kefu_upstream::{
    Credentials, Endpoint as Address, Framing, HttpClient, HttpSettings, PasswordForm, Reach, RestClient,
    RestOperation, SoapClient, ThriftClient, ThriftSettings, TlsError, TlsSettings,
};
use kefu_wire::{
    Limits,
    soap::Version,
    thrift::{I64Style, Options, Protocol},
};

use super::{
    Build, Side, Warning,
    operations::{Pair, soap_operation, soap_place},
};
use crate::{
    endpoint::{Operation, Upstream},
    settings::{
        EndpointFile, IntegerStyle, PasswordStyle, ProtocolName, ReachName, SoapVersion, TransportName,
        UpstreamFile, UpstreamKind,
    },
};

/// Bytes of a secret at most.
const SECRET_BYTES_MAX: u64 = 16 << 10;

impl Build<'_> {
    /// Makes the client of an endpoint, and matches its operations with those of the inbound side.
    pub(super) fn upstream(
        &mut self,
        index: usize,
        settings: &EndpointFile,
        inbound: &Side,
        limits: &Limits,
    ) -> Result<(Upstream, Vec<Operation>), Failure> {
        let upstream = &settings.upstream;
        let kind = upstream.kind.unwrap_or_default();
        self.check_keys(index, upstream, kind)?;
        let side = self.upstream_side(index, upstream, kind, inbound)?;
        let pairs = self.pairs(index, settings, inbound, &side)?;
        let prefix = match inbound {
            Side::Json => self.served_at(settings),
            Side::Soap { .. } | Side::Thrift { .. } => None,
        };
        let prefix = prefix.as_deref();
        let operations = pairs.iter().map(|pair| self.operation(index, pair, prefix, inbound, &side));
        let operations = operations.collect::<Result<Vec<_>, _>>()?;
        let client = match &side {
            Side::Json => {
                let address = self.address(index, upstream, None)?;
                let requests = pairs.iter().map(|pair| {
                    self.method_and_path(index, pair, &pair.upstream)
                        .map(|(method, path)| RestOperation { method, path })
                });
                let operations = requests.collect::<Result<_, _>>()?;
                let http = self.http(index, upstream, address, limits)?;
                Upstream::Rest { client: RestClient::new(http), operations }
            }
            Side::Soap { .. } => self.soap_client(index, upstream, &side, &pairs, limits)?,
            Side::Thrift { schema, service } => {
                let address = self.address(index, upstream, None)?;
                let i64_style = match settings.inbound.i64 {
                    IntegerStyle::Number => I64Style::Number,
                    IntegerStyle::String => I64Style::String,
                    IntegerStyle::JsSafe => I64Style::JsSafe,
                };
                let settings = ThriftSettings {
                    endpoint: address,
                    reach: reach(upstream),
                    tls: self.tls(index, upstream)?,
                    connections_max: upstream.connections as usize,
                    authorization: self.authorization(index, upstream)?,
                    protocol: protocol(upstream.protocol),
                    framing: framing(upstream.transport),
                    multiplexed: upstream.multiplexed.clone(),
                    limits: *limits,
                    options: Options { i64_style, ..Options::default() },
                };
                let client = ThriftClient::new(&settings, Arc::clone(schema), service)
                    .map_err(|error| self.bad_tls(index, &error))?;
                let functions = pairs.iter().map(|pair| pair.upstream.clone()).collect();
                Upstream::Thrift { client, functions }
            }
        };
        Ok((client, operations))
    }

    fn check_keys(&self, index: usize, upstream: &UpstreamFile, kind: UpstreamKind) -> Result<(), Failure> {
        let (soap, thrift) = (kind == UpstreamKind::Soap, kind == UpstreamKind::Thrift);
        let default = UpstreamFile::default();
        for (key, is_set, belongs) in [
            ("idl", upstream.idl.is_some(), thrift),
            ("include", !upstream.include.is_empty(), thrift),
            ("service", upstream.service.is_some(), soap || thrift),
            ("protocol", upstream.protocol != default.protocol, thrift),
            ("transport", upstream.transport != default.transport, thrift),
            ("multiplexed", upstream.multiplexed.is_some(), thrift),
            ("wsdl", upstream.wsdl.is_some(), soap),
            ("version", upstream.version.is_some(), soap),
            ("username", upstream.username.is_some(), soap),
            ("password_file", upstream.password_file.is_some(), soap),
            ("password_form", upstream.password_form != default.password_form, soap),
            ("validity", upstream.validity.is_some(), soap),
        ] {
            if is_set && !belongs {
                let kind = match kind {
                    UpstreamKind::Json => "json",
                    UpstreamKind::Soap => "soap",
                    UpstreamKind::Thrift => "thrift",
                };
                return Err(self.superfluous(index, &format!("upstream.{key}"), kind));
            }
        }
        if upstream.transport == TransportName::Ttheader && upstream.protocol != ProtocolName::Binary {
            let text = Text::new(
                "kitex knows only `protocol: binary` within a TTHeader",
                "kitex 的 TTHeader 只支持 `protocol: binary`",
            );
            return Err(self.reject(index, "upstream.protocol", text));
        }
        Ok(())
    }

    /// Reads the schema of the upstream, or takes that of the inbound side.
    fn upstream_side(
        &mut self,
        index: usize,
        upstream: &UpstreamFile,
        kind: UpstreamKind,
        inbound: &Side,
    ) -> Result<Side, Failure> {
        let wanted = upstream.service.as_deref();
        match kind {
            UpstreamKind::Json => Ok(Side::Json),
            UpstreamKind::Soap => {
                let definitions = match (&upstream.wsdl, inbound) {
                    (Some(wsdl), _) => Arc::new(self.description(index, "upstream.wsdl", wsdl)?.definitions),
                    (None, Side::Soap { definitions, .. }) => Arc::clone(definitions),
                    (None, _) => return Err(self.missing(index, "upstream.wsdl")),
                };
                let service = self.soap_service(index, "upstream.service", &definitions, wanted)?;
                Ok(Side::Soap { definitions, service, files: Vec::new() })
            }
            UpstreamKind::Thrift => {
                let (schema, default) = match (&upstream.idl, inbound) {
                    (Some(idl), _) => {
                        (Arc::new(self.interface(index, "upstream.idl", idl, &upstream.include)?), None)
                    }
                    (None, Side::Thrift { schema, service }) => (Arc::clone(schema), Some(service.as_str())),
                    (None, _) => return Err(self.missing(index, "upstream.idl")),
                };
                let wanted = wanted.or(default);
                let service = self.thrift_service(index, "upstream.service", &schema, wanted)?;
                Ok(Side::Thrift { schema, service })
            }
        }
    }

    fn soap_client(
        &mut self,
        index: usize,
        upstream: &UpstreamFile,
        side: &Side,
        pairs: &[Pair<'_>],
        limits: &Limits,
    ) -> Result<Upstream, Failure> {
        let Side::Soap { definitions, service, .. } = side else {
            return Err(self.missing(index, "upstream.wsdl"));
        };
        let ports = &definitions.services[*service].ports;
        let version = match upstream.version {
            None => ports[0].version,
            Some(SoapVersion::V11) => Version::V11,
            Some(SoapVersion::V12) => Version::V12,
        };
        let Some(port) = ports.iter().position(|port| port.version == version) else {
            let text = Text::new("the service has no port of this version", "该服务没有此版本的端口");
            return Err(self.reject(index, "upstream.version", text));
        };
        let address = self.address(index, upstream, Some(&ports[port].location))?;
        let places = pairs.iter().map(|pair| {
            soap_place(definitions, *service, port, &pair.upstream).ok_or_else(|| {
                let is_elsewhere = soap_operation(definitions, *service, &pair.upstream).is_some();
                let text = Text::new(
                    format!(
                        "the port has no operation {:?} (another one has: {is_elsewhere})",
                        pair.upstream
                    ),
                    format!("该端口没有操作 {:?}(其他端口有:{is_elsewhere})", pair.upstream),
                );
                self.reject(index, "upstream.version", text)
            })
        });
        let operations = places.collect::<Result<_, _>>()?;
        let credentials = self.credentials(index, upstream)?;
        let is_open =
            !address.is_tls && credentials.as_ref().is_some_and(|one| one.form == PasswordForm::Text);
        if is_open {
            self.warnings
                .push(Warning(format!("the password for {address} is sent as it is and without TLS")));
        }
        let http = self.http(index, upstream, address, limits)?;
        let client = SoapClient::new(http, Arc::clone(definitions), version, credentials, *limits);
        Ok(Upstream::Soap { client, definitions: Arc::clone(definitions), operations })
    }

    fn address(
        &self,
        index: usize,
        upstream: &UpstreamFile,
        default: Option<&str>,
    ) -> Result<Address, Failure> {
        let text =
            upstream.address.as_deref().or(default).ok_or_else(|| self.missing(index, "upstream.address"))?;
        let address: Address = text.parse().map_err(|error: kefu_upstream::EndpointError| {
            self.reject(index, "upstream.address", Text::from(error.to_string()))
        })?;
        if !address.is_http() && upstream.kind != Some(UpstreamKind::Thrift) {
            let text = Text::new("must begin with http:// or https://", "必须以 http:// 或 https:// 开头");
            return Err(self.reject(index, "upstream.address", text));
        }
        for (key, is_set, belongs, what) in [
            (
                "authorization_file",
                upstream.authorization_file.is_some(),
                address.is_http(),
                "an address without http",
            ),
            (
                "transport",
                upstream.transport != TransportName::default(),
                !address.is_http(),
                "an address of http",
            ),
            ("ca_file", upstream.ca_file.is_some(), address.is_tls, "an address without TLS"),
            (
                "certificate_file",
                upstream.certificate_file.is_some(),
                address.is_tls,
                "an address without TLS",
            ),
        ] {
            if is_set && !belongs {
                return Err(self.superfluous(index, &format!("upstream.{key}"), what));
            }
        }
        Ok(address)
    }

    fn http(
        &self,
        index: usize,
        upstream: &UpstreamFile,
        endpoint: Address,
        limits: &Limits,
    ) -> Result<HttpClient, Failure> {
        let settings = HttpSettings {
            endpoint,
            reach: reach(upstream),
            tls: self.tls(index, upstream)?,
            connections_max: upstream.connections as usize,
            body_bytes_max: limits.message_bytes_max,
            authorization: self.authorization(index, upstream)?,
        };
        HttpClient::new(&settings).map_err(|error| self.bad_tls(index, &error))
    }

    fn tls(&self, index: usize, upstream: &UpstreamFile) -> Result<TlsSettings, Failure> {
        let identity = match (&upstream.certificate_file, &upstream.key_file) {
            (Some(certificate), Some(key)) => Some((self.path(certificate), self.path(key))),
            (None, None) => None,
            (Some(_), None) => return Err(self.missing(index, "upstream.key_file")),
            (None, Some(_)) => return Err(self.missing(index, "upstream.certificate_file")),
        };
        Ok(TlsSettings { ca_file: upstream.ca_file.as_deref().map(|path| self.path(path)), identity })
    }

    fn bad_tls(&self, index: usize, error: &TlsError) -> Failure {
        self.reject(index, "upstream.ca_file", Text::from(error.to_string()))
    }

    fn authorization(&self, index: usize, upstream: &UpstreamFile) -> Result<Option<HeaderValue>, Failure> {
        let key = "upstream.authorization_file";
        let Some(path) = &upstream.authorization_file else { return Ok(None) };
        let secret = self.secret(index, key, path)?;
        let mut value = HeaderValue::try_from(secret).map_err(|_| {
            let text = Text::new("the file has what no header can say", "文件内容不能作为请求头");
            self.reject(index, key, text)
        })?;
        value.set_sensitive(true);
        Ok(Some(value))
    }

    fn credentials(&self, index: usize, upstream: &UpstreamFile) -> Result<Option<Credentials>, Failure> {
        let (username, path) = match (&upstream.username, &upstream.password_file) {
            (Some(username), Some(path)) => (username.clone(), path),
            (None, None) => return Ok(None),
            (Some(_), None) => return Err(self.missing(index, "upstream.password_file")),
            (None, Some(_)) => return Err(self.missing(index, "upstream.username")),
        };
        Ok(Some(Credentials {
            username,
            password: self.secret(index, "upstream.password_file", path)?,
            form: match upstream.password_form {
                PasswordStyle::Text => PasswordForm::Text,
                PasswordStyle::Digest => PasswordForm::Digest,
            },
            validity: upstream.validity,
        }))
    }

    /// Reads a secret from its file, without the line end at its end.
    fn secret(&self, index: usize, key: &str, path: &Path) -> Result<String, Failure> {
        let failed = |cause: String| {
            let file = path.display();
            let text = Text::new(format!("cannot read {file}: {cause}"), format!("无法读取 {file}:{cause}"));
            self.reject(index, key, text)
        };
        let place = self.path(path);
        let size = std::fs::metadata(&place).map_err(|error| failed(error.to_string()))?.len();
        if size > SECRET_BYTES_MAX {
            return Err(failed(format!("it has more than {SECRET_BYTES_MAX} bytes")));
        }
        let text = std::fs::read_to_string(&place).map_err(|error| failed(error.to_string()))?;
        let secret = text.trim_end_matches(['\n', '\r']).to_owned();
        if secret.is_empty() { Err(failed("it is empty".to_owned())) } else { Ok(secret) }
    }
}

fn reach(upstream: &UpstreamFile) -> Reach {
    match upstream.reach {
        ReachName::Internal => Reach::Internal,
        ReachName::Public => Reach::Public,
    }
}

fn protocol(name: ProtocolName) -> Protocol {
    match name {
        ProtocolName::Binary => Protocol::Binary,
        ProtocolName::Compact => Protocol::Compact,
        ProtocolName::Json => Protocol::Json,
    }
}

fn framing(name: TransportName) -> Framing {
    match name {
        TransportName::Framed => Framing::Framed,
        TransportName::Unframed => Framing::Unframed,
        TransportName::Header => Framing::Header { zlib: false },
        TransportName::HeaderZlib => Framing::Header { zlib: true },
        TransportName::Ttheader => Framing::TtHeader,
    }
}
