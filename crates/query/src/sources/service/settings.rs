//! Where services are and how they are spoken to.

use std::path::{Path, PathBuf};

use ::http::HeaderValue;
use kefu_upstream::{Endpoint, HttpClient, HttpSettings, Reach, TlsSettings};
use kefu_wire::Limits;
use serde::Deserialize;
use serde_json::Value as Json;

use crate::sources::{
    SourceOpenError,
    settings::{Bytes, Count, read},
    zone::Zone,
};

/// Bytes of a secret at most.
const SECRET_BYTES_MAX: u64 = 16 << 10;

/// What all services are told.
#[derive(Clone, Copy, Debug)]
pub(super) struct Common {
    pub(super) connections: usize,
    pub(super) bytes_max: usize,
    pub(super) zone: Zone,
}

/// The settings of all kinds of services; which of them mean something is checked by kind.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    #[serde(alias = "base", alias = "endpoint", alias = "addr", alias = "url")]
    pub(super) address: Option<String>,
    pub(super) openapi: Option<PathBuf>,
    pub(super) wsdl: Option<PathBuf>,
    pub(super) idl: Option<PathBuf>,
    pub(super) service: Option<String>,
    pub(super) version: Option<String>,
    pub(super) username: Option<String>,
    pub(super) password_file: Option<PathBuf>,
    #[serde(default)]
    pub(super) password_form: PasswordStyle,
    #[serde(default)]
    pub(super) protocol: ProtocolName,
    #[serde(default)]
    pub(super) transport: TransportName,
    pub(super) multiplexed: Option<String>,
    authorization_file: Option<PathBuf>,
    ca_file: Option<PathBuf>,
    certificate_file: Option<PathBuf>,
    key_file: Option<PathBuf>,
    pool: Option<Count>,
    #[serde(default)]
    bytes_max: Bytes,
    #[serde(default)]
    time_zone: Zone,
}

/// How a password is sent.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(super) enum PasswordStyle {
    #[default]
    Text,
    Digest,
}

/// The format of Thrift's messages.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(super) enum ProtocolName {
    #[default]
    Binary,
    Compact,
    Json,
}

/// What goes around them.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(super) enum TransportName {
    #[default]
    Framed,
    Unframed,
    Header,
    HeaderZlib,
}

/// Reads settings of a kind of service, to which only `own` keys beside the common ones mean something.
pub(super) fn settings(settings: &Json, kind: &str, own: &[&str]) -> Result<Settings, SourceOpenError> {
    const ALL: [&str; 11] = [
        "openapi",
        "wsdl",
        "idl",
        "service",
        "version",
        "username",
        "password_file",
        "password_form",
        "protocol",
        "transport",
        "multiplexed",
    ];
    let read: Settings = read(settings)?;
    let wrong = ALL.iter().find(|key| settings.get(**key).is_some() && !own.contains(key));
    match wrong {
        Some(key) => Err(SourceOpenError::new(key, format!("means nothing to {kind}"))),
        None => Ok(read),
    }
}

impl Settings {
    pub(super) fn common(&self) -> Common {
        Common {
            connections: self.pool.map_or(8, |pool| pool.0),
            bytes_max: self.bytes_max.0,
            zone: self.time_zone,
        }
    }

    pub(super) fn limits(&self) -> Limits {
        let bytes = self.bytes_max.0;
        Limits { message_bytes_max: bytes, string_bytes_max: bytes, ..Limits::default() }
    }

    /// The address, or that which a description gives.
    pub(super) fn endpoint(&self, default: Option<&str>) -> Result<Endpoint, SourceOpenError> {
        let text = self.address.as_deref().or(default);
        let text = text.ok_or_else(|| SourceOpenError::new("address", "must be there"))?;
        text.parse()
            .map_err(|error: kefu_upstream::EndpointError| SourceOpenError::new("address", error.to_string()))
    }

    pub(super) fn tls(&self, dir: &Path) -> Result<TlsSettings, SourceOpenError> {
        let identity = match (&self.certificate_file, &self.key_file) {
            (Some(certificate), Some(key)) => Some((dir.join(certificate), dir.join(key))),
            (None, None) => None,
            (Some(_), None) => return Err(SourceOpenError::new("key_file", "must be there")),
            (None, Some(_)) => return Err(SourceOpenError::new("certificate_file", "must be there")),
        };
        Ok(TlsSettings { ca_file: self.ca_file.as_ref().map(|file| dir.join(file)), identity })
    }

    pub(super) fn authorization(&self, dir: &Path) -> Result<Option<HeaderValue>, SourceOpenError> {
        const KEY: &str = "authorization_file";
        let Some(file) = &self.authorization_file else { return Ok(None) };
        let secret = secret(KEY, &dir.join(file))?;
        let mut value = HeaderValue::try_from(secret)
            .map_err(|_| SourceOpenError::new(KEY, "the file has what no header can say"))?;
        value.set_sensitive(true);
        Ok(Some(value))
    }

    pub(super) fn http(&self, dir: &Path, endpoint: Endpoint) -> Result<HttpClient, SourceOpenError> {
        if !endpoint.is_http() {
            return Err(SourceOpenError::new("address", "must begin with http:// or https://"));
        }
        let settings = HttpSettings {
            endpoint,
            reach: Reach::Internal,
            tls: self.tls(dir)?,
            connections_max: self.common().connections,
            body_bytes_max: self.bytes_max.0,
            authorization: self.authorization(dir)?,
        };
        HttpClient::new(&settings).map_err(|error| SourceOpenError::new("ca_file", error.to_string()))
    }
}

/// Reads a secret from its file, without the line end at its end.
pub(super) fn secret(key: &str, file: &Path) -> Result<String, SourceOpenError> {
    let failed =
        |cause: String| SourceOpenError::new(key, format!("cannot read {}: {cause}", file.display()));
    let size = std::fs::metadata(file).map_err(|error| failed(error.to_string()))?.len();
    if size > SECRET_BYTES_MAX {
        return Err(failed(format!("it has more than {SECRET_BYTES_MAX} bytes")));
    }
    let text = std::fs::read_to_string(file).map_err(|error| failed(error.to_string()))?;
    let secret = text.trim_end_matches(['\n', '\r']).to_owned();
    if secret.is_empty() { Err(failed("it is empty".to_owned())) } else { Ok(secret) }
}
