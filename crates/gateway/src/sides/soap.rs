//! SOAP over HTTP.

mod description;

use http::{HeaderMap, HeaderValue, Method, StatusCode, header, request::Parts};
use kefu_wire::{
    Error, Limits,
    soap::{Direction, ENVELOPE_11, ENVELOPE_12, Options, Version, from_json, mtom::Package, to_json},
    wsdl::Operation,
    xml::{Event, Reader, escape_text},
    xsd::TypeKind,
};
use serde_json::{Map, Value, json};

use super::{HttpResponse, json as json_side, response, retry_after};
use crate::{
    endpoint::{Endpoint, SoapSide},
    outcome::{Outcome, Refusal, bare},
};

/// Whose doing a fault is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Code {
    Sender,
    Receiver,
    MustUnderstand,
    VersionMismatch,
}

/// Answers a request to the path of a service.
pub(crate) async fn answer(endpoint: &Endpoint, side: &SoapSide, head: &Parts, body: &[u8]) -> HttpResponse {
    if head.method == Method::GET {
        return match description::asked_for(head.uri.query().unwrap_or_default()) {
            Some(file) => description::answer(side, &head.headers, file.as_deref()),
            None => json_side::problem(&Refusal::new(
                "not_found",
                404,
                "the description is at ?wsdl, calls come by POST",
            )),
        };
    }
    if head.method != Method::POST {
        return json_side::problem(&Refusal::new("bad_method", 405, "calls of SOAP come by POST"));
    }
    let content_type = text(&head.headers, header::CONTENT_TYPE.as_str());
    let package = match Package::read(content_type, body, &endpoint.limits) {
        Ok(package) => package,
        Err(error) => return plain_fault(Version::V11, Code::Sender, &error.to_string()),
    };
    let (version, element) = match first_element(&package.root, &endpoint.limits) {
        Ok(found) => found,
        Err(error) => return plain_fault(Version::V11, Code::Sender, &error.to_string()),
    };
    let Some(port) = side.ports().iter().find(|port| port.version == version) else {
        let known = if version == Version::V11 { Version::V12 } else { Version::V11 };
        return plain_fault(known, Code::VersionMismatch, "the service does not speak this version of SOAP");
    };
    let schemas = &side.definitions.schemas;
    let by_element =
        element.as_ref().and_then(|(namespace, local)| port.find_by_element(schemas, namespace, local));
    let action = text(&head.headers, "soapaction").trim_matches('"');
    let by_action =
        || port.operations.iter().find(|operation| !action.is_empty() && operation.action == action);
    let Some(operation) = by_element.or_else(by_action) else {
        let name = element.map(|(namespace, local)| format!("{{{namespace}}}{local}")).unwrap_or_default();
        return plain_fault(version, Code::Sender, &format!("there is no operation for {name:?}"));
    };
    let mut arguments = Vec::new();
    let read = to_json::message_with(
        &side.definitions,
        operation,
        Direction::Request,
        &package.root,
        &|id| package.part(id),
        &endpoint.limits,
        &Options::default(),
        &mut arguments,
    );
    match read {
        Ok(message) if !message.not_understood.is_empty() => {
            let reason = format!("header blocks are not understood: {}", message.not_understood.join(", "));
            return plain_fault(version, Code::MustUnderstand, &reason);
        }
        Ok(message) if message.is_fault => return plain_fault(version, Code::Sender, "this is no request"),
        Ok(_) => {}
        Err(error) => return plain_fault(version, Code::Sender, &error.to_string()),
    }
    let Some(index) = endpoint.find(&operation.name) else {
        return plain_fault(
            version,
            Code::Sender,
            &format!("the operation {:?} is not bridged", operation.name),
        );
    };
    let outcome = endpoint.call(index, &arguments).await;
    write(endpoint, side, operation, version, outcome)
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

type ElementName = (String, String);

/// The version of an envelope and the first element in its body.
fn first_element(input: &[u8], limits: &Limits) -> Result<(Version, Option<ElementName>), Error> {
    let mut reader = Reader::new(input, limits)?;
    let mut version = None;
    let mut is_in_body = false;
    loop {
        let name = match reader.next()? {
            Event::Start(name) => name,
            Event::Text(_) => continue,
            Event::End if is_in_body => return Ok((version.unwrap_or_default(), None)),
            Event::End => continue,
            Event::Eof => return Err(Error::at(input.len(), kefu_wire::Problem::Truncated("an envelope"))),
        };
        match (version, name.namespace, name.local) {
            (None, ENVELOPE_11, "Envelope") => version = Some(Version::V11),
            (None, ENVELOPE_12, "Envelope") => version = Some(Version::V12),
            (None, ..) => {
                let found = format!("{{{}}}{}", name.namespace, name.local);
                let (expected, found) = ("an envelope of SOAP 1.1 or 1.2".into(), found.into());
                return Err(Error::at(reader.offset(), kefu_wire::Problem::Unexpected { expected, found }));
            }
            (Some(version), namespace, local) if is_in_body => {
                return Ok((version, Some((namespace.to_owned(), local.to_owned()))));
            }
            (Some(version), namespace, "Body") if namespace == version.envelope() && reader.depth() == 2 => {
                is_in_body = true;
            }
            (Some(_), ..) => {
                let depth = reader.depth();
                while reader.depth() >= depth {
                    reader.next()?;
                }
            }
        }
    }
}

/// Writes what came of a call.
fn write(
    endpoint: &Endpoint,
    side: &SoapSide,
    operation: &Operation,
    version: Version,
    outcome: Outcome,
) -> HttpResponse {
    if operation.output.is_none() && !matches!(outcome, Outcome::Refused(_)) {
        return response(StatusCode::ACCEPTED, "", "");
    }
    let written = |json: &[u8]| {
        let mut out = Vec::new();
        let (direction, options) = (Direction::Reply, Options::default());
        from_json::message(
            &side.definitions,
            operation,
            direction,
            version,
            json,
            &[],
            &endpoint.limits,
            &options,
            &mut out,
        )
        .map(|()| out)
    };
    let refusal = match outcome {
        Outcome::Returned(json) => match written(&json) {
            Ok(envelope) => return enveloped(version, StatusCode::OK, envelope),
            Err(error) => Refusal::of_answer(&error),
        },
        Outcome::Nothing => match written(b"{}") {
            Ok(envelope) => return enveloped(version, StatusCode::OK, envelope),
            Err(error) => Refusal::of_answer(&error),
        },
        Outcome::Refused(refusal) => refusal,
    };
    let code = if refusal.is_of_caller() { Code::Sender } else { Code::Receiver };
    let declared = fault_json(side, operation, &refusal, code);
    let declared = declared.and_then(|json| written(json.to_string().as_bytes()).ok());
    let mut answer = match declared {
        Some(envelope) => enveloped(version, status(version, code), envelope),
        None => plain_fault(version, code, &refusal.detail),
    };
    if let Some(pause) = refusal.retry_after {
        *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        retry_after(&mut answer, pause);
    }
    answer
}

/// A refusal that has a fault of its own: the upstream's, or one that the operation declares.
fn fault_json(side: &SoapSide, operation: &Operation, refusal: &Refusal, code: Code) -> Option<Value> {
    if let Some(fault) = &refusal.fault {
        return Some(json!({ "$fault": fault }));
    }
    let (name, given) = refusal.declared.as_ref()?;
    let schemas = &side.definitions.schemas;
    let mut elements = operation.faults.iter().map(|fault| schemas.element(fault.element));
    let element = elements.find(|element| element.name.local == bare(name))?;
    let mut members = given.clone();
    if let (TypeKind::Complex(complex), Value::Object(members)) = (&schemas.ty(element.ty).kind, &mut members)
    {
        // Of problem details and the like, what the fault has.
        members.retain(|name, _| complex.members.iter().any(|member| member.json_name == *name));
    }
    let code = if code == Code::Sender { "Client" } else { "Server" };
    let detail = Map::from_iter([(bare(name).to_owned(), members)]);
    Some(json!({ "$fault": { "code": code, "reason": { "en": refusal.detail }, "detail": detail } }))
}

fn status(version: Version, code: Code) -> StatusCode {
    match (version, code) {
        (Version::V12, Code::Sender) => StatusCode::BAD_REQUEST,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

fn enveloped(version: Version, status: StatusCode, envelope: Vec<u8>) -> HttpResponse {
    let mut answer = response(status, "", envelope);
    if let Ok(content_type) = HeaderValue::try_from(version.content_type("")) {
        answer.headers_mut().insert(header::CONTENT_TYPE, content_type);
    }
    answer
}

/// A fault without a detail.
fn plain_fault(version: Version, code: Code, reason: &str) -> HttpResponse {
    let mut text = Vec::new();
    // A text from outside may have what XML cannot say.
    let reason: String = reason.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if escape_text(&reason, &mut text).is_err() {
        text = b"the reason cannot be written".to_vec();
    }
    let reason = String::from_utf8_lossy(&text);
    let name = match (version, code) {
        (Version::V11, Code::Sender) => "Client",
        (Version::V11, Code::Receiver) => "Server",
        (Version::V12, Code::Sender) => "Sender",
        (Version::V12, Code::Receiver) => "Receiver",
        (_, Code::MustUnderstand) => "MustUnderstand",
        (_, Code::VersionMismatch) => "VersionMismatch",
    };
    let fault = match version {
        Version::V11 => format!("<faultcode>soap:{name}</faultcode><faultstring>{reason}</faultstring>"),
        Version::V12 => format!(
            "<soap:Code><soap:Value>soap:{name}</soap:Value></soap:Code>\
             <soap:Reason><soap:Text xml:lang=\"en\">{reason}</soap:Text></soap:Reason>"
        ),
    };
    let envelope = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soap:Envelope xmlns:soap=\"{}\"><soap:Body>\
         <soap:Fault>{fault}</soap:Fault></soap:Body></soap:Envelope>",
        version.envelope()
    );
    enveloped(version, status(version, code), envelope.into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_operation_is_told_by_the_first_element_of_the_body() {
        let envelope = |namespace: &str, inner: &str| {
            format!("<e:Envelope xmlns:e='{namespace}' xmlns='urn:x'>{inner}</e:Envelope>")
        };
        let first = |text: &str| first_element(text.as_bytes(), &Limits::default());
        let name = |local: &str| Some(("urn:x".to_owned(), local.to_owned()));
        let header = "<e:Header><a><e:Body><wrong/></e:Body></a></e:Header><e:Body> <right/></e:Body>";
        assert_eq!(first(&envelope(ENVELOPE_11, header)).unwrap(), (Version::V11, name("right")));
        assert_eq!(first(&envelope(ENVELOPE_12, "<e:Body/>")).unwrap(), (Version::V12, None));
        assert!(first(&envelope("urn:other", "<e:Body/>")).is_err());
        assert!(first("<x").is_err());
        assert!(first(&envelope(ENVELOPE_11, "")).is_err());
    }
}
