//! Thrift over TCP and HTTP.

use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use kefu_app::Stop;
use kefu_upstream::{Framing, StreamError, ThriftStream, frame};
use kefu_wire::{
    Error,
    thrift::{
        ApplicationException, ApplicationExceptionKind, Protocol,
        detect::{self, BYTES_NEEDED, Transport},
        rpc::{self, Body, Send},
        schema::Function,
    },
};
use serde_json::{Map, Value};
use std::{sync::Arc, time::Duration};
use tokio::{net::TcpStream, time::timeout};

use super::{HttpResponse, json, read_body, response};
use crate::{
    endpoint::{Endpoint, Inbound, ThriftSide},
    outcome::{Outcome, Refusal, bare},
};

const THRIFT: &str = "application/x-thrift";
/// How long a connection may say nothing between its calls.
const IDLE_MAX: Duration = Duration::from_secs(600);
/// How long a message may take from its first byte to its last, in either direction.
const MESSAGE_MAX: Duration = Duration::from_secs(30);

/// Serves a connection to its end; `endpoint` is asked before every call, so that a new bridge file is in force at once.
pub(crate) async fn serve(
    stream: TcpStream,
    endpoint: impl Fn() -> Option<Arc<Endpoint>>,
    stop: Stop,
) -> Result<(), StreamError> {
    let Some(limits) = endpoint().map(|endpoint| endpoint.limits) else { return Ok(()) };
    let mut stream = ThriftStream::new(stream, limits);
    let mut spoken = None;
    loop {
        if stream.is_empty() {
            let more = tokio::select! {
                more = timeout(IDLE_MAX, stream.fill()) => more,
                () = stop.clone().requested() => return Ok(()),
            };
            match more {
                Ok(Ok(0)) | Err(_) => return Ok(()),
                Ok(more) => more?,
            };
        }
        let Ok(incoming) = timeout(MESSAGE_MAX, next(&mut stream, &mut spoken)).await else { return Ok(()) };
        let Some((incoming, framing)) = incoming? else { return Ok(()) };
        let Some(endpoint) = endpoint() else { return Ok(()) };
        let Inbound::Thrift(side) = &endpoint.inbound else { return Ok(()) };
        let reply = answer(&endpoint, side, incoming.protocol, &incoming.message).await?;
        if let Some(reply) = reply {
            let (sequence, zlib) = incoming.header.unwrap_or_default();
            let framing = match framing {
                Framing::Header { .. } => Framing::Header { zlib },
                framing => framing,
            };
            let sequence = sequence.cast_signed();
            let bytes = frame(reply, framing, incoming.protocol, sequence, Vec::new())?;
            // Who does not take its answer gives its place up.
            let Ok(sent) = timeout(MESSAGE_MAX, stream.send(&bytes)).await else { return Ok(()) };
            sent?;
        }
    }
}

type Spoken = Option<(Protocol, Framing)>;

/// The next message; the first one tells what is spoken.
async fn next(
    stream: &mut ThriftStream<TcpStream>,
    spoken: &mut Spoken,
) -> Result<Option<(kefu_upstream::Incoming, Framing)>, StreamError> {
    let (protocol, framing) = loop {
        if let Some(spoken) = *spoken {
            break spoken;
        }
        if let Some(found) = detect::detect(stream.peek()) {
            let framing = match found.transport {
                Transport::Unframed => Some(Framing::Unframed),
                Transport::Framed => Some(Framing::Framed),
                Transport::Header => Some(Framing::Header { zlib: false }),
                Transport::Http => None,
            };
            // A header says the protocol in each message.
            if let Some(framing) = framing {
                *spoken = Some((found.protocol.unwrap_or(Protocol::Binary), framing));
                continue;
            }
        }
        if stream.peek().len() >= BYTES_NEEDED || stream.fill().await? == 0 {
            let text = "the connection does not begin with a message of Thrift";
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, text).into());
        }
    };
    Ok(stream.receive(protocol, framing).await?.map(|incoming| (incoming, framing)))
}

/// Answers a request whose body is a message.
pub(crate) async fn answer_http(
    endpoint: &Endpoint,
    side: &ThriftSide,
    request: Request<Incoming>,
) -> HttpResponse {
    if request.method() != Method::POST {
        return json::problem(&Refusal::new("bad_method", 405, "calls of Thrift come by POST"));
    }
    let limit = endpoint.limits.message_bytes_max;
    let body = match read_body(request.into_body(), limit, endpoint.timeout).await {
        Ok(body) => body,
        Err(refusal) => return json::problem(&refusal),
    };
    let found = detect::detect(&body).filter(|found| found.transport == Transport::Unframed);
    let Some(protocol) = found.and_then(|found| found.protocol) else {
        return json::problem(&Refusal::new("bad_call", 400, "the body is no message of Thrift"));
    };
    match answer(endpoint, side, protocol, &body).await {
        Ok(reply) => response(StatusCode::OK, THRIFT, reply.unwrap_or_default()),
        Err(error) => json::problem(&Refusal::of_call(&error)),
    }
}

/// Answers a message; none if it wants no answer.
///
/// # Errors
/// Its envelope cannot be read, so that there is nobody to answer.
pub(crate) async fn answer(
    endpoint: &Endpoint,
    side: &ThriftSide,
    protocol: Protocol,
    message: &[u8],
) -> Result<Option<Vec<u8>>, Error> {
    let head = rpc::read_head(protocol, message, &endpoint.limits)?;
    let sequence = head.sequence;
    let (multiplexed, name) = head.split();
    let service = side.schema.find_service(&side.service)?;
    let is_other = multiplexed.is_some_and(|name| name != service.name && name != bare(&service.name));
    let found = side.schema.find_function(service, name).ok().filter(|_| !is_other);
    let Some((function, index)) = found.zip(endpoint.find(name)) else {
        let text = format!("there is no function {:?}", head.name);
        // Any function does for a failure, whose shape is always the same.
        let Some(any) = side.schema.functions(service).next() else { return Ok(None) };
        return failure(side, any, protocol, name, sequence, ApplicationExceptionKind::UnknownMethod, text)
            .map(Some);
    };
    let mut arguments = Vec::new();
    let read = rpc::read_message(
        &side.schema,
        service,
        protocol,
        message,
        &endpoint.limits,
        &side.options,
        &mut arguments,
    );
    let kind = match read {
        Ok(received) => received.body,
        Err(error) => {
            let kind = ApplicationExceptionKind::ProtocolError;
            return failure(side, function, protocol, name, sequence, kind, error.to_string()).map(Some);
        }
    };
    if !matches!(kind, Body::Call | Body::Oneway) {
        let (kind, text) = (ApplicationExceptionKind::InvalidMessageType, "this is no call".to_owned());
        return failure(side, function, protocol, name, sequence, kind, text).map(Some);
    }
    let outcome = endpoint.call(index, &arguments).await;
    if function.oneway || kind == Body::Oneway {
        return Ok(None);
    }
    let json = match outcome {
        Outcome::Returned(json) => Ok(json),
        Outcome::Nothing => Ok(b"null".to_vec()),
        Outcome::Refused(refusal) => exception(side, function, &refusal),
    };
    let text = match json {
        Ok(json) => {
            let mut out = Vec::new();
            let body = Send::Reply(&json);
            let written = rpc::write_message(
                &side.schema,
                function,
                protocol,
                name,
                sequence,
                body,
                &endpoint.limits,
                &side.options,
                &mut out,
            );
            match written {
                Ok(()) => return Ok(Some(out)),
                Err(error) => Refusal::of_answer(&error).detail,
            }
        }
        Err(text) => text,
    };
    failure(side, function, protocol, name, sequence, ApplicationExceptionKind::InternalError, text).map(Some)
}

/// A refusal as an exception that the function declares, if it declares one of that name; else as a text.
fn exception(side: &ThriftSide, function: &Function, refusal: &Refusal) -> Result<Vec<u8>, String> {
    let declared = refusal.declared.as_ref().and_then(|(name, members)| {
        let throws = side.schema.structure(function.result).fields().iter().filter(|field| field.id != 0);
        let found = throws.into_iter().find_map(|field| match field.ty {
            kefu_wire::thrift::Type::Struct(id) => {
                let structure = side.schema.structure(id);
                (bare(&structure.name) == bare(name)).then_some(structure)
            }
            _ => None,
        })?;
        let mut object = Map::new();
        object.insert("$exception".to_owned(), found.name.as_str().into());
        // Of problem details and the like, what the exception has.
        let is_known = |name: &str| name.starts_with('$') || found.position_of_name(name).is_some();
        let members = members.as_object()?.iter().filter(|(name, _)| is_known(name));
        object.extend(members.map(|(name, value)| (name.clone(), value.clone())));
        Some(Value::Object(object).to_string().into_bytes())
    });
    declared.ok_or_else(|| refusal.detail.clone())
}

fn failure(
    side: &ThriftSide,
    function: &Function,
    protocol: Protocol,
    name: &str,
    sequence: i32,
    kind: ApplicationExceptionKind,
    message: String,
) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    let exception = ApplicationException { message, kind };
    let body = Send::Failure(&exception);
    let limits = kefu_wire::Limits::default();
    rpc::write_message(
        &side.schema,
        function,
        protocol,
        name,
        sequence,
        body,
        &limits,
        &side.options,
        &mut out,
    )?;
    Ok(out)
}
