//! Thrift over TCP and HTTP.

use http::{Method, StatusCode, request::Parts};
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
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};

use super::{HttpResponse, json, response};
use crate::{
    endpoint::{Endpoint, Inbound, ThriftSide},
    outcome::{Outcome, Refusal, bare},
};

const THRIFT: &str = "application/x-thrift";
/// How long a connection may say nothing between its calls.
const IDLE_MAX: Duration = Duration::from_secs(600);
/// How long a message may take from its first byte to its last.
const MESSAGE_MAX: Duration = Duration::from_secs(30);

/// Serves a connection to its end; `bridges` are those on its port, asked for before every call, so that a new bridge
/// file is in force at once. Who does not take an answer within `answer_max` gives its place up.
pub(crate) async fn serve<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    bridges: impl Fn() -> Vec<Arc<Endpoint>>,
    stop: Stop,
    answer_max: Duration,
) -> Result<(), StreamError> {
    // What is too long for the bridge that it is for is found out when that is known.
    let longest = |endpoint: &Arc<Endpoint>| endpoint.limits.message_bytes_max;
    let Some(widest) = bridges().into_iter().max_by_key(longest) else { return Ok(()) };
    let mut stream = ThriftStream::new(stream, widest.limits);
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
        let reply = answer_one(&bridges(), incoming.protocol, &incoming.message).await?;
        if let Some(reply) = reply {
            let (sequence, zlib) = incoming.header.unwrap_or_default();
            let framing = match framing {
                Framing::Header { .. } => Framing::Header { zlib },
                framing => framing,
            };
            let sequence = sequence.cast_signed();
            let bytes = frame(reply, framing, incoming.protocol, sequence, Vec::new())?;
            let Ok(sent) = timeout(answer_max, stream.send(&bytes)).await else { return Ok(()) };
            sent?;
        }
    }
}

/// Answers a message for one of several bridges: the only one, or the one that it names before its function.
async fn answer_one(
    bridges: &[Arc<Endpoint>],
    protocol: Protocol,
    message: &[u8],
) -> Result<Option<Vec<u8>>, Error> {
    let sides = bridges.iter().filter_map(|endpoint| match &endpoint.inbound {
        Inbound::Thrift(side) => Some((&**endpoint, side)),
        Inbound::Json | Inbound::Internal | Inbound::Soap(_) => None,
    });
    let sides: Vec<(&Endpoint, &ThriftSide)> = sides.collect();
    let [first, others @ ..] = sides.as_slice() else { return Ok(None) };
    let widest =
        sides.iter().map(|(endpoint, _)| &endpoint.limits).max_by_key(|limits| limits.message_bytes_max);
    let head = rpc::read_head(protocol, message, widest.unwrap_or(&first.0.limits))?;
    let (wanted, name) = head.split();
    let found = match wanted {
        _ if others.is_empty() => Some(first),
        Some(wanted) => sides.iter().find(|(endpoint, side)| side.is_called(&endpoint.name, wanted)),
        None => None,
    };
    let (endpoint, side) = match found {
        Some(found) => *found,
        None => {
            let known: Vec<&str> = sides.iter().map(|(_, side)| bare(&side.service)).collect();
            let text = format!("{:?} names none of the services here: {}", head.name, known.join(", "));
            return unknown(first.1, protocol, name, head.sequence, text);
        }
    };
    if message.len() > endpoint.limits.message_bytes_max {
        let text = format!("the call has more than {} bytes", endpoint.limits.message_bytes_max);
        return unknown(side, protocol, name, head.sequence, text);
    }
    answer(endpoint, side, protocol, message).await
}

/// Says that there is nobody to carry a call out.
fn unknown(
    side: &ThriftSide,
    protocol: Protocol,
    name: &str,
    sequence: i32,
    text: String,
) -> Result<Option<Vec<u8>>, Error> {
    let service = side.schema.find_service(&side.service)?;
    // Any function does for a failure, whose shape is always the same.
    let Some(any) = side.schema.functions(service).next() else { return Ok(None) };
    failure(side, any, protocol, name, sequence, ApplicationExceptionKind::UnknownMethod, text).map(Some)
}

type Spoken = Option<(Protocol, Framing)>;

/// The next message; the first one tells what is spoken.
async fn next<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut ThriftStream<S>,
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
                Transport::TtHeader => Some(Framing::TtHeader),
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
    head: &Parts,
    body: &[u8],
) -> HttpResponse {
    if head.method != Method::POST {
        return json::problem(&Refusal::new("bad_method", 405, "calls of Thrift come by POST"));
    }
    let found = detect::detect(body).filter(|found| found.transport == Transport::Unframed);
    let Some(protocol) = found.and_then(|found| found.protocol) else {
        return json::problem(&Refusal::new("bad_call", 400, "the body is no message of Thrift"));
    };
    match answer(endpoint, side, protocol, body).await {
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
    let is_other = multiplexed.is_some_and(|wanted| !side.is_called(&endpoint.name, wanted));
    let found = side.schema.find_function(service, name).ok().filter(|_| !is_other);
    let Some((function, index)) = found.zip(endpoint.find(name)) else {
        let text = format!("there is no function {:?}", head.name);
        return unknown(side, protocol, name, sequence, text);
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
