//! Faults in the words of the one protocol and of the other.

use super::object;
use crate::{Error, Limits, json, thrift::ApplicationException};

/// What a body says of a fault.
pub(super) enum Said<'b> {
    /// `{"$exception":"Name",…}`: the name, and the other members.
    Exception(String, Vec<object::Member<'b>>),
    /// `{"$fault":{…}}`: what is in it.
    Fault(Vec<object::Member<'b>>),
    /// `{"$failure":{…}}`.
    Failure(ApplicationException),
}

/// Whether a body is a fault, by its first member.
pub(super) fn is_fault(body: &[u8]) -> bool {
    let inner = body.trim_ascii_start().strip_prefix(b"{").unwrap_or_default().trim_ascii_start();
    [&b"\"$exception\""[..], b"\"$fault\"", b"\"$failure\""].iter().any(|name| inner.starts_with(name))
}

/// Reads the body of a fault.
///
/// # Errors
/// It is none of the three forms.
pub(super) fn read<'b>(body: &'b [u8], limits: &Limits) -> Result<Said<'b>, Error> {
    let mut members = object::all(body, limits)?;
    let first = members.first().map(|member| member.name.clone().into_owned()).unwrap_or_default();
    match first.as_str() {
        "$exception" => {
            let name = members.remove(0);
            let text = object::text(name.value, limits)
                .ok_or_else(|| Error::unexpected(name.at, "the name of an exception", "another value"))?;
            Ok(Said::Exception(text, members))
        }
        "$fault" => Ok(Said::Fault(object::all(members[0].value.as_bytes(), limits)?)),
        "$failure" => {
            let mut failure = ApplicationException::default();
            for member in object::all(members[0].value.as_bytes(), limits)? {
                match &*member.name {
                    "type" => failure.kind = kind(member.value),
                    "message" => failure.message = object::text(member.value, limits).unwrap_or_default(),
                    _ => {}
                }
            }
            Ok(Said::Failure(failure))
        }
        _ => {
            Err(Error::unexpected(0, "$exception, $fault or $failure as the first member", "another object"))
        }
    }
}

fn kind(number: &str) -> crate::thrift::ApplicationExceptionKind {
    crate::thrift::ApplicationExceptionKind::from_number(number.parse().unwrap_or_default())
}

/// The first text of a fault's reason.
pub(super) fn reason(members: &[object::Member<'_>], limits: &Limits) -> String {
    let found = members.iter().find(|member| member.name == "reason");
    let text = found.and_then(|reason| {
        let texts = object::all(reason.value.as_bytes(), limits).ok()?;
        let first = texts.first().map_or(reason.value, |text| text.value);
        object::text(first, limits)
    });
    text.unwrap_or_else(|| "fault".to_owned())
}

/// The body of a failure.
pub(super) fn write_failure(failure: &ApplicationException) -> Vec<u8> {
    let mut out = format!("{{\"$failure\":{{\"type\":{},\"message\":", failure.kind as i32).into_bytes();
    json::write_text(&mut out, &failure.message);
    out.extend_from_slice(b"}}");
    out
}

/// `{"$fault":{"code":"Server","reason":{"en":…}` up to the detail, which the caller writes with what closes it.
pub(super) fn begin_server_fault(reason: &str) -> Vec<u8> {
    let mut out = b"{\"$fault\":{\"code\":\"Server\",\"reason\":{\"en\":".to_vec();
    json::write_text(&mut out, reason);
    out.push(b'}');
    out
}

/// The members of an object, one after the other.
pub(super) fn write_members(out: &mut Vec<u8>, members: &[object::Member<'_>]) {
    for (index, member) in members.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        json::write_text(out, &member.name);
        out.push(b':');
        out.extend_from_slice(member.value.as_bytes());
    }
}

/// A name without the file that it stands in.
pub(super) fn bare_name(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(_, bare)| bare)
}
