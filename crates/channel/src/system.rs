//! Systems that speak SOAP or Thrift: calls and answers by the description that lies beside a channel's file.

use std::sync::Arc;

use kefu_wire::{
    Limits, Loader, SchemaErrors, Severity,
    adapter::{Adapter as _, Kind, Message, SoapAdapter, ThriftAdapter},
    soap::{self, Direction, Version, peek},
    thrift::{
        self, Protocol, Schema,
        detect::{Transport, detect},
        idl,
        transport::framed,
    },
    wsdl::{self, Definitions, Operation, Port},
};
use serde_json::{Map, Value as Json, json};

use super::file::{SchemaRule, SoapVersion, ThriftProtocol};

/// What the messages of a system look like.
#[derive(Debug)]
pub(super) enum System {
    Soap { definitions: Arc<Definitions>, version: Option<Version> },
    Thrift { schema: Arc<Schema>, service: String, protocol: Protocol },
}

/// How a call came, which its answer repeats.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    method: String,
    wants_answer: bool,
    form: Form,
}

#[derive(Clone, Copy, Debug)]
enum Form {
    Soap(Version),
    Thrift { protocol: Protocol, is_framed: bool, sequence: i32 },
}

/// A message as it goes over HTTP.
#[derive(Debug)]
pub(super) struct Encoded {
    pub(super) content_type: String,
    /// What the header `SOAPAction` says.
    pub(super) action: Option<String>,
    pub(super) bytes: Vec<u8>,
}

/// An answer to a call.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) content_type: &'static str,
    /// The status that a fault has.
    pub(super) status: Option<u16>,
    pub(super) bytes: Vec<u8>,
}

/// Values of a message, which all become values of expressions.
const NODES_MAX: u64 = 50_000;

fn limits() -> Limits {
    Limits { nodes_max: NODES_MAX, ..Limits::default() }
}

const THRIFT: &str = "application/x-thrift";

impl System {
    /// Reads the description that a file names; an error has the key that it is about.
    pub(super) fn load(rule: &SchemaRule, loader: &dyn Loader) -> Result<Self, (&'static str, String)> {
        match (&rule.wsdl, &rule.idl) {
            (Some(file), None) => {
                if rule.service.is_some() || rule.protocol.is_some() {
                    return Err(("schema", "`service` and `protocol` are of Thrift".to_owned()));
                }
                let loaded = wsdl::load(loader, file, &Limits::default());
                let (definitions, _) = loaded.map_err(|errors| ("schema.wsdl", first(&errors)))?;
                let version = rule.version.map(|version| match version {
                    SoapVersion::V11 => Version::V11,
                    SoapVersion::V12 => Version::V12,
                });
                Ok(Self::Soap { definitions: Arc::new(definitions), version })
            }
            (None, Some(file)) => {
                if rule.version.is_some() {
                    return Err(("schema.version", "a version is of SOAP".to_owned()));
                }
                let loaded = idl::load(loader, file, &[], &Limits::default());
                let (schema, _) = loaded.map_err(|errors| ("schema.idl", first(&errors)))?;
                let service = service(&schema, rule.service.as_deref())?;
                let protocol = match rule.protocol.unwrap_or_default() {
                    ThriftProtocol::Binary => Protocol::Binary,
                    ThriftProtocol::Compact => Protocol::Compact,
                    ThriftProtocol::Json => Protocol::Json,
                };
                Ok(Self::Thrift { schema: Arc::new(schema), service, protocol })
            }
            _ => Err(("schema", "name either a description, `wsdl`, or an interface file, `idl`".to_owned())),
        }
    }

    /// The names of what can be called.
    pub(super) fn methods(&self) -> Vec<&str> {
        match self {
            Self::Soap { definitions, .. } => {
                let ports = definitions.services.iter().flat_map(|service| &service.ports);
                ports.flat_map(|port| &port.operations).map(|operation| operation.name.as_str()).collect()
            }
            Self::Thrift { schema, service, .. } => {
                let functions = schema.find_service(service).map(|service| schema.functions(service));
                functions.into_iter().flatten().map(|function| function.name.as_str()).collect()
            }
        }
    }

    /// Reads a call: `{"method","arguments"}`, and how it came.
    pub(super) fn read_call(&self, bytes: &[u8]) -> Result<(Json, Caller), String> {
        let limits = limits();
        let (message, form) = match self {
            Self::Soap { .. } => {
                let version = peek::peek(bytes, &limits).map_err(|error| no_call("SOAP", &error))?.version;
                let adapter = self.soap(Some(version), Direction::Request);
                let message = adapter.and_then(|adapter| adapter.to_internal(bytes));
                (message.map_err(|error| no_call("SOAP", &error))?, Form::Soap(version))
            }
            Self::Thrift { .. } => {
                let (protocol, is_framed, inner) = unframed(bytes, &limits)?;
                let message = self.thrift(protocol).and_then(|adapter| adapter.to_internal(inner));
                let message = message.map_err(|error| no_call("Thrift", &error))?;
                let sequence = message.sequence;
                (message, Form::Thrift { protocol, is_framed, sequence })
            }
        };
        if !matches!(message.kind, Kind::Call | Kind::Oneway) {
            return Err("the message is no call".to_owned());
        }
        let wants_answer = message.kind == Kind::Call;
        let call = json!({ "method": message.name, "arguments": content(&message)? });
        Ok((call, Caller { method: message.name, wants_answer, form }))
    }

    /// Writes the answer to a call; none if the call wants none.
    pub(super) fn write_answer(
        &self,
        caller: &Caller,
        result: Option<&Json>,
    ) -> Result<Option<Answer>, String> {
        if !caller.wants_answer {
            return Ok(None);
        }
        let is_fault = result.is_some_and(is_fault);
        let kind = if is_fault { Kind::Fault } else { Kind::Reply };
        let message = |sequence: i32, nothing: &str| {
            let body = result.map_or_else(|| nothing.to_owned(), Json::to_string).into_bytes();
            Message { name: caller.method.clone(), kind, sequence, headers: Vec::new(), body }
        };
        let mut status = None;
        let (content_type, bytes) = match caller.form {
            Form::Soap(version) => {
                status = is_fault.then_some(500);
                let adapter = self.soap(Some(version), Direction::Reply);
                let bytes = adapter.and_then(|adapter| adapter.from_internal(&message(0, "{}")));
                let content_type = match version {
                    Version::V11 => "text/xml; charset=utf-8",
                    Version::V12 => "application/soap+xml; charset=utf-8",
                };
                (content_type, bytes.map_err(|error| error.to_string())?)
            }
            Form::Thrift { protocol, is_framed, sequence } => {
                let adapter = self.thrift(protocol);
                let bytes = adapter.and_then(|adapter| adapter.from_internal(&message(sequence, "null")));
                let bytes = bytes.map_err(|error| error.to_string())?;
                (THRIFT, if is_framed { frame(&bytes)? } else { bytes })
            }
        };
        Ok(Some(Answer { content_type, status, bytes }))
    }

    /// Writes the answer to a call of ours, as the system would.
    pub(super) fn answer_of(&self, method: &str, result: &Json) -> Result<Vec<u8>, String> {
        let form = match self {
            Self::Soap { version, .. } => {
                let port = self.operation(method, *version).map(|(port, _)| port.version);
                Form::Soap(version.or(port).unwrap_or_default())
            }
            Self::Thrift { protocol, .. } => {
                Form::Thrift { protocol: *protocol, is_framed: false, sequence: 1 }
            }
        };
        let caller = Caller { method: method.to_owned(), wants_answer: true, form };
        let answer = self.write_answer(&caller, Some(result))?;
        Ok(answer.map(|answer| answer.bytes).unwrap_or_default())
    }

    /// Writes a call.
    pub(super) fn write_call(&self, method: &str, arguments: &Json) -> Result<Encoded, String> {
        let body = arguments.to_string().into_bytes();
        let message =
            Message { name: method.to_owned(), kind: Kind::Call, sequence: 1, headers: Vec::new(), body };
        match self {
            Self::Soap { version, .. } => {
                let (port, operation) = self
                    .operation(method, *version)
                    .ok_or_else(|| format!("there is no operation {method}"))?;
                let version = version.unwrap_or(port.version);
                let adapter = self.soap(Some(version), Direction::Request);
                let bytes = adapter.and_then(|adapter| adapter.from_internal(&message));
                let action = (version == Version::V11).then(|| {
                    let plain = |c: &char| !c.is_control() && *c != '"';
                    format!("\"{}\"", operation.action.chars().filter(plain).collect::<String>())
                });
                let content_type = version.content_type(&operation.action);
                Ok(Encoded { content_type, action, bytes: bytes.map_err(|error| error.to_string())? })
            }
            Self::Thrift { protocol, .. } => {
                let bytes = self.thrift(*protocol).and_then(|adapter| adapter.from_internal(&message));
                let bytes = bytes.map_err(|error| error.to_string())?;
                Ok(Encoded { content_type: THRIFT.to_owned(), action: None, bytes })
            }
        }
    }

    /// Reads the answer to a call: `{"result"}` or `{"fault"}`.
    pub(super) fn read_answer(&self, method: &str, bytes: &[u8]) -> Result<Json, String> {
        let message = match self {
            Self::Soap { .. } => self
                .soap(None, Direction::Reply)
                .and_then(|adapter| adapter.operation(method))
                .and_then(|adapter| adapter.to_internal(bytes)),
            Self::Thrift { .. } => {
                let (protocol, _, inner) = unframed(bytes, &limits())?;
                self.thrift(protocol).and_then(|adapter| adapter.to_internal(inner))
            }
        };
        let message = message.map_err(|error| error.to_string())?;
        let mut content = content(&message)?;
        let name = if message.kind == Kind::Fault { "fault" } else { "result" };
        if name == "fault" {
            // What is said of a fault; an exception says its name among its members.
            let inner =
                ["$fault", "$failure"].into_iter().find_map(|name| Some(content.get_mut(name)?.take()));
            content = inner.unwrap_or(content);
        }
        Ok(Json::Object(Map::from_iter([(name.to_owned(), content)])))
    }

    /// What a call is answered that cannot be read; of Thrift there is nothing to say without the call's number.
    pub(super) fn refusal(&self, bytes: &[u8]) -> Option<(&'static str, Vec<u8>)> {
        let Self::Soap { .. } = self else { return None };
        let version = peek::peek(bytes, &limits()).map_or(Version::V11, |peeked| peeked.version);
        let (content_type, fault) = match version {
            Version::V11 => (
                "text/xml; charset=utf-8",
                "<faultcode>soap:Client</faultcode><faultstring>the message cannot be read</faultstring>",
            ),
            Version::V12 => (
                "application/soap+xml; charset=utf-8",
                "<soap:Code><soap:Value>soap:Sender</soap:Value></soap:Code><soap:Reason>\
                 <soap:Text xml:lang=\"en\">the message cannot be read</soap:Text></soap:Reason>",
            ),
        };
        let envelope = version.envelope();
        let text = format!(
            "<soap:Envelope xmlns:soap=\"{envelope}\"><soap:Body><soap:Fault>{fault}</soap:Fault></soap:Body></soap:Envelope>"
        );
        Some((content_type, text.into_bytes()))
    }

    /// The operation of a name, of a port of this version if there is one.
    fn operation(&self, name: &str, version: Option<Version>) -> Option<(&Port, &Operation)> {
        let Self::Soap { definitions, .. } = self else { return None };
        let ports = definitions.services.iter().flat_map(|service| &service.ports);
        let mut ports = ports.filter(|port| version.is_none_or(|version| port.version == version));
        let found = ports.find_map(|port| Some((port, port.operations.iter().find(|one| one.name == name)?)));
        found.or_else(|| definitions.find_operation(name))
    }

    fn soap(&self, version: Option<Version>, direction: Direction) -> Result<SoapAdapter, kefu_wire::Error> {
        let Self::Soap { definitions, .. } = self else { return Err(other_kind("operation")) };
        let adapter = SoapAdapter::new(Arc::clone(definitions), &limits(), soap::Options::default());
        let adapter = adapter.direction(direction);
        Ok(match version {
            Some(version) => adapter.version(version),
            None => adapter,
        })
    }

    fn thrift(&self, protocol: Protocol) -> Result<ThriftAdapter, kefu_wire::Error> {
        let Self::Thrift { schema, service, .. } = self else { return Err(other_kind("function")) };
        let options = thrift::Options::default();
        ThriftAdapter::service(Arc::clone(schema), service, None, protocol, &limits(), &options)
    }
}

#[cold]
fn other_kind(kind: &'static str) -> kefu_wire::Error {
    kefu_wire::Error::new(kefu_wire::Problem::NotInSchema { kind, name: String::new() })
}

#[cold]
fn no_call(what: &str, error: &kefu_wire::Error) -> String {
    format!("the body is no call of {what}: {error}")
}

/// The first of several errors.
fn first(errors: &SchemaErrors) -> String {
    let mut errors = errors.0.iter().filter(|finding| finding.severity == Severity::Error);
    errors.next().map(ToString::to_string).unwrap_or_default()
}

/// The service that is named, or the only one of the file itself.
fn service(schema: &Schema, wanted: Option<&str>) -> Result<String, (&'static str, String)> {
    let all: Vec<&str> = schema.services().iter().map(|service| service.name.as_str()).collect();
    let own: Vec<&str> = all.iter().copied().filter(|name| !name.contains('.')).collect();
    match (wanted, own.as_slice()) {
        (Some(wanted), _) if all.contains(&wanted) => Ok(wanted.to_owned()),
        (Some(wanted), _) => {
            let near = super::load::near(wanted, all.iter().copied());
            Err(("schema.service", format!("the interface file has no service `{wanted}`{near}")))
        }
        (None, [only]) => Ok((*only).to_owned()),
        (None, []) => Err(("schema.idl", "the interface file has no service".to_owned())),
        (None, several) => {
            Err(("schema", format!("`service` must say which is meant: {}", several.join(", "))))
        }
    }
}

/// The protocol of a message, whether it is in a frame, and itself.
fn unframed<'b>(bytes: &'b [u8], limits: &Limits) -> Result<(Protocol, bool, &'b [u8]), String> {
    let refuse = || "the body is no message of Thrift".to_owned();
    let found = detect(bytes).ok_or_else(refuse)?;
    let protocol = found.protocol.ok_or_else(refuse)?;
    match found.transport {
        Transport::Unframed => Ok((protocol, false, bytes)),
        Transport::Framed => match framed::decode(bytes, limits).map_err(|error| error.to_string())? {
            Some((inner, taken)) if taken == bytes.len() => Ok((protocol, true, inner)),
            _ => Err("the body is not one frame of Thrift".to_owned()),
        },
        Transport::Header | Transport::TtHeader | Transport::Http => Err(refuse()),
    }
}

fn frame(message: &[u8]) -> Result<Vec<u8>, String> {
    let mut out = Vec::with_capacity(message.len() + 4);
    let begin = framed::begin(&mut out);
    out.extend_from_slice(message);
    framed::end(&mut out, begin).map_err(|error| error.to_string())?;
    Ok(out)
}

/// Whether a result is an exception, a fault or a failure.
fn is_fault(result: &Json) -> bool {
    ["$exception", "$fault", "$failure"].iter().any(|name| result.get(name).is_some())
}

/// The body of a message, with its headers as `$headers`.
fn content(message: &Message) -> Result<Json, String> {
    let value = |bytes: &[u8]| serde_json::from_slice(bytes).map_err(|error| error.to_string());
    let mut body: Json = value(&message.body)?;
    if let (Json::Object(members), false) = (&mut body, message.headers.is_empty()) {
        let headers = message.headers.iter().map(|(name, bytes)| Ok((name.clone(), value(bytes)?)));
        members.insert("$headers".to_owned(), Json::Object(headers.collect::<Result<_, String>>()?));
    }
    Ok(body)
}
