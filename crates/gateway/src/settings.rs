//! The bridge file as it is written; what it means is found out in [`build`](crate::build).

use std::{
    fmt,
    net::{AddrParseError, SocketAddr},
    path::PathBuf,
    str::FromStr,
    time::Duration,
};

use kefu_app::{ByteSize, Groups, Named, setting_from_choices, setting_from_text, settings};

settings! {
    /// A bridge file.
    pub struct BridgeFile {
        /// Address of all that comes over HTTP, and of `/metrics`, `/healthz` and `/readyz`.
        pub listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 8090)),
        /// Connections of each listener at most; the next ones wait.
        pub connections: u32 = 1024,
        /// How long calls that are under way at a stop may take to end.
        pub drain: Duration = Duration::from_secs(10),
        /// The bridges.
        pub endpoints: Groups<EndpointFile> = Groups::default(),
    }
}

settings! {
    /// A bridge.
    pub struct EndpointFile {
        /// Its name in logs and metrics.
        pub name: String = String::new(),
        /// Whether everybody who reaches it may call it within `kefu serve`; others need a key with the scope `gateway`.
        pub public: bool = false,
        /// The side that others call.
        pub inbound: InboundFile = InboundFile::default(),
        /// The side that is called.
        pub upstream: UpstreamFile = UpstreamFile::default(),
        /// Operations that need more said than their name.
        pub operations: Named<OperationFile> = Named::default(),
        /// Whether operations that are not listed are bridged, too, to those of the same name.
        pub others: bool = true,
        /// How long a call may take, with all that is done for it.
        pub timeout: Duration = Duration::from_secs(10),
        /// How often a call of an idempotent operation is repeated if the upstream does not answer.
        pub retries: u32 = 1,
        /// When the upstream is left alone.
        pub breaker: BreakerFile = BreakerFile::default(),
        /// The longest request and the longest answer.
        pub body: ByteSize = ByteSize(1 << 20),
        /// Calls under way at most; more are refused.
        pub concurrency: u32 = 256,
    }
}

settings! {
    /// When an upstream is left alone.
    pub struct BreakerFile {
        /// After so many calls in a row without an answer; 0 means never.
        pub failures: u32 = 5,
        /// For so long; then one call tries.
        pub pause: Duration = Duration::from_secs(10),
    }
}

settings! {
    /// The side that others call.
    pub struct InboundFile {
        /// What they speak: `json`, `soap` or `thrift`; `internal` if nobody but kefu itself calls.
        pub kind: Option<InboundKind> = None,
        /// Path at which it is served over HTTP; operations of `json` are below it.
        pub path: Option<String> = None,
        /// Address of a port for `thrift` over TCP; protocol and transport are told from the first bytes. Several bridges
        /// with one address are told apart by the name before each function.
        pub listen: Option<ListenAddress> = None,
        /// Interface file of `thrift`.
        pub idl: Option<PathBuf> = None,
        /// Folders in which included interface files are looked for, too.
        pub include: Vec<PathBuf> = Vec::new(),
        /// Service of the interface file or the description, if it has several.
        pub service: Option<String> = None,
        /// Description of `soap`.
        pub wsdl: Option<PathBuf> = None,
        /// How integers of 64 bits are written in `json`: `number`, `string` or `js-safe`.
        pub i64: IntegerStyle = IntegerStyle::Number,
    }
}

settings! {
    /// The side that is called.
    pub struct UpstreamFile {
        /// What it speaks: `json`, `soap` or `thrift`.
        pub kind: Option<UpstreamKind> = None,
        /// Where it is: `http://…`, `https://…`, or `host:port` for `thrift` over TCP (`tls://host:port` with TLS).
        pub address: Option<String> = None,
        /// Which addresses its host may have: `internal` is all but link-local ones, `public` those of the open network.
        pub reach: ReachName = ReachName::Internal,
        /// Connections at most.
        pub connections: u32 = 64,
        /// Interface file of `thrift`; that of the inbound side if it is left out.
        pub idl: Option<PathBuf> = None,
        /// Folders in which included interface files are looked for, too.
        pub include: Vec<PathBuf> = Vec::new(),
        /// Service of the interface file or the description, if it has several.
        pub service: Option<String> = None,
        /// Format of messages of `thrift`.
        pub protocol: ProtocolName = ProtocolName::Binary,
        /// What goes around messages of `thrift` over TCP.
        pub transport: TransportName = TransportName::Framed,
        /// Name of the service before each function's, if the `thrift` server has several.
        pub multiplexed: Option<String> = None,
        /// Description of `soap`; that of the inbound side if it is left out.
        pub wsdl: Option<PathBuf> = None,
        /// Version of `soap`; that of the description's first port if it is left out.
        pub version: Option<SoapVersion> = None,
        /// Who sends messages of `soap`, after WS-Security.
        pub username: Option<String> = None,
        /// File with that user's password, without its last line end.
        pub password_file: Option<PathBuf> = None,
        /// How the password is sent.
        pub password_form: PasswordStyle = PasswordStyle::Text,
        /// How long messages of `soap` say that they are valid.
        pub validity: Option<Duration> = None,
        /// File with what the header `Authorization` says.
        pub authorization_file: Option<PathBuf> = None,
        /// File of certificates (PEM) that are trusted beside those of the system.
        pub ca_file: Option<PathBuf> = None,
        /// File of the certificate (PEM) that is shown to the upstream.
        pub certificate_file: Option<PathBuf> = None,
        /// File of that certificate's key (PEM).
        pub key_file: Option<PathBuf> = None,
    }
}

settings! {
    /// What is to be said of an operation; its name is that of the inbound side.
    pub struct OperationFile {
        /// Its name on the upstream side.
        pub upstream: Option<String> = None,
        /// Its method on the side of `json`.
        pub method: Option<String> = None,
        /// Its path on the side of `json`, with names of members in braces: `/orders/{id}`.
        pub path: Option<String> = None,
        /// Whether calling it twice does no more than calling it once; so are `GET`, `HEAD`, `PUT` and `DELETE`.
        pub idempotent: Option<bool> = None,
        /// Whether it changes nothing, so that a rehearsal may call it; so are `GET` and `HEAD`.
        pub safe: Option<bool> = None,
        /// Member of the reply of `soap` that is all of the result on the other side.
        pub result: Option<String> = None,
        /// Status of `json` for an exception or a fault, by its name.
        pub statuses: Named<u16> = Named::default(),
    }
}

/// An address that need not be there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ListenAddress(pub SocketAddr);

impl Default for ListenAddress {
    fn default() -> Self {
        Self(SocketAddr::from(([127, 0, 0, 1], 0)))
    }
}

impl FromStr for ListenAddress {
    type Err = AddrParseError;

    fn from_str(text: &str) -> Result<Self, AddrParseError> {
        text.parse().map(Self)
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

setting_from_text!(ListenAddress, "an address such as 127.0.0.1:9090", "形如 127.0.0.1:9090 的地址");

/// What the callers of a bridge speak.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, clap::ValueEnum)]
pub enum InboundKind {
    /// JSON over HTTP
    #[default]
    Json,
    /// SOAP 1.1 and 1.2
    Soap,
    /// Thrift over TCP or HTTP
    Thrift,
    /// Nothing: only kefu itself calls
    Internal,
}

/// What the upstream of a bridge speaks.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, clap::ValueEnum)]
pub enum UpstreamKind {
    /// JSON over HTTP
    #[default]
    Json,
    /// SOAP 1.1 or 1.2
    Soap,
    /// Thrift over TCP or HTTP
    Thrift,
}

/// How integers of 64 bits are written in JSON.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, clap::ValueEnum)]
pub enum IntegerStyle {
    /// As numbers
    #[default]
    Number,
    /// As strings
    String,
    /// As numbers up to 2^53, else as strings
    JsSafe,
}

/// Formats of Thrift.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, clap::ValueEnum)]
pub enum ProtocolName {
    /// TBinaryProtocol
    #[default]
    Binary,
    /// TCompactProtocol
    Compact,
    /// TJSONProtocol
    Json,
}

/// What goes around messages of Thrift.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, clap::ValueEnum)]
pub enum TransportName {
    /// A length
    #[default]
    Framed,
    /// Nothing
    Unframed,
    /// A header
    Header,
    /// A header and compression
    HeaderZlib,
    /// A header of kitex
    Ttheader,
}

/// Versions of SOAP.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, clap::ValueEnum)]
pub enum SoapVersion {
    /// SOAP 1.1
    #[default]
    #[value(name = "1.1")]
    V11,
    /// SOAP 1.2
    #[value(name = "1.2")]
    V12,
}

/// How a password is sent.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, clap::ValueEnum)]
pub enum PasswordStyle {
    /// As it is
    #[default]
    Text,
    /// As a digest
    Digest,
}

/// Which addresses a host may have.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, clap::ValueEnum)]
pub enum ReachName {
    /// All but link-local ones
    #[default]
    Internal,
    /// Those of the open network
    Public,
}

setting_from_choices!(InboundKind);
setting_from_choices!(UpstreamKind);
setting_from_choices!(IntegerStyle);
setting_from_choices!(ProtocolName);
setting_from_choices!(TransportName);
setting_from_choices!(SoapVersion);
setting_from_choices!(PasswordStyle);
setting_from_choices!(ReachName);
