//! `schema`: the description of a system that speaks SOAP or Thrift.

use serde::Deserialize;

/// Where it is described what the messages of a system look like.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct SchemaRule {
    /// A description of SOAP, beside the channel's file.
    #[serde(default)]
    pub(in super::super) wsdl: Option<String>,
    /// The version of SOAP that is sent; without this, that of the description's first port.
    #[serde(default)]
    pub(in super::super) version: Option<SoapVersion>,
    /// An interface file of Thrift, beside the channel's file.
    #[serde(default)]
    pub(in super::super) idl: Option<String>,
    /// The service of the interface file, if it has several.
    #[serde(default)]
    pub(in super::super) service: Option<String>,
    /// The format of messages of Thrift that are sent; without this, the binary one.
    #[serde(default)]
    pub(in super::super) protocol: Option<ThriftProtocol>,
}

/// A version of SOAP.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
pub(in super::super) enum SoapVersion {
    /// SOAP 1.1.
    #[serde(rename = "1.1")]
    V11,
    /// SOAP 1.2.
    #[serde(rename = "1.2")]
    V12,
}

/// A format of messages of Thrift.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum ThriftProtocol {
    /// TBinaryProtocol.
    #[default]
    Binary,
    /// TCompactProtocol.
    Compact,
    /// TJSONProtocol.
    Json,
}
