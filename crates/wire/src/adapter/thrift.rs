use std::sync::Arc;

use super::{Adapter, Kind, Message, fault};
use crate::{
    Error, Limits, Problem, json,
    thrift::{
        ApplicationException, ApplicationExceptionKind, Options, Protocol, Schema, StructId, Type, Unknown,
        from_json,
        rpc::{self, Body, Send},
        schema::Function,
        to_json,
    },
};

/// Messages or structs of Thrift, without what goes around them.
///
/// Thrift has no place for headers: they are left out or refused as the options say of members that the schema does
/// not have.
#[derive(Clone, Debug)]
pub struct ThriftAdapter {
    schema: Arc<Schema>,
    content: Content,
    protocol: Protocol,
    limits: Limits,
    options: Options,
}

#[derive(Clone, Debug)]
enum Content {
    Struct(StructId),
    Service { service: String, method: Option<String> },
}

impl ThriftAdapter {
    /// Each message is such a struct, union or exception.
    ///
    /// # Errors
    /// The schema has none of this name.
    pub fn structs(
        schema: Arc<Schema>,
        name: &str,
        protocol: Protocol,
        limits: &Limits,
        options: &Options,
    ) -> Result<Self, Error> {
        let content = Content::Struct(schema.find_struct(name)?);
        Ok(Self { schema, content, protocol, limits: *limits, options: *options })
    }

    /// Each message is a call, a reply or an exception of a service; of one method of it, if that is named. Then
    /// messages that come in under another name are of that method all the same.
    ///
    /// # Errors
    /// The schema has no such service or method.
    pub fn service(
        schema: Arc<Schema>,
        service: &str,
        method: Option<&str>,
        protocol: Protocol,
        limits: &Limits,
        options: &Options,
    ) -> Result<Self, Error> {
        let found = schema.find_service(service)?;
        if let Some(method) = method {
            schema.find_function(found, method)?;
        }
        let content = Content::Service { service: service.to_owned(), method: method.map(str::to_owned) };
        Ok(Self { schema, content, protocol, limits: *limits, options: *options })
    }

    /// The exception that a member of a fault's detail is.
    fn declared(&self, function: &Function, name: &str) -> Option<&str> {
        let fields = self.schema.structure(function.result).fields().iter();
        let mut thrown = fields.filter(|field| !(field.id == 0 && function.returns.is_some()));
        let exception = thrown.find_map(|field| match field.ty {
            Type::Struct(id) if field.name == name => Some(id),
            Type::Struct(id)
                if fault::bare_name(&self.schema.structure(id).name) == fault::bare_name(name) =>
            {
                Some(id)
            }
            _ => None,
        })?;
        Some(&self.schema.structure(exception).name)
    }

    /// A fault in the words of Thrift: an exception that the function declares, as JSON, or a failure.
    fn fault(
        &self,
        function: &Function,
        body: &[u8],
    ) -> Result<Result<Vec<u8>, ApplicationException>, Error> {
        let exception = |name: &str, members: &[super::object::Member<'_>]| {
            let mut out = b"{\"$exception\":".to_vec();
            json::write_text(&mut out, name);
            out.extend_from_slice(if members.is_empty() { b"" } else { b"," });
            fault::write_members(&mut out, members);
            out.push(b'}');
            out
        };
        let kind = ApplicationExceptionKind::InternalError;
        match fault::read(body, &self.limits)? {
            fault::Said::Exception(name, members) => Ok(match self.declared(function, &name) {
                Some(name) => Ok(exception(name, &members)),
                None => Err(ApplicationException { message: name, kind }),
            }),
            fault::Said::Failure(failure) => Ok(Err(failure)),
            fault::Said::Fault(members) => {
                let detail = members.iter().find(|member| member.name == "detail");
                if let Some(detail) = detail {
                    for member in super::object::all(detail.value.as_bytes(), &self.limits)? {
                        let Some(name) = self.declared(function, &member.name) else { continue };
                        if member.value.starts_with('{') {
                            let members = super::object::all(member.value.as_bytes(), &self.limits)?;
                            return Ok(Ok(exception(name, &members)));
                        }
                    }
                }
                Ok(Err(ApplicationException { message: fault::reason(&members, &self.limits), kind }))
            }
        }
    }
}

impl Adapter for ThriftAdapter {
    fn to_internal(&self, input: &[u8]) -> Result<Message, Error> {
        let Self { schema, protocol, limits, options, .. } = self;
        let mut body = Vec::new();
        match &self.content {
            Content::Struct(id) => {
                to_json::convert(schema, *id, *protocol, input, limits, options, &mut body)?;
                let name = schema.structure(*id).name.clone();
                Ok(Message { name, body, ..Message::default() })
            }
            Content::Service { service, method } => {
                let service = schema.find_service(service)?;
                let received =
                    rpc::read_message(schema, service, *protocol, input, limits, options, &mut body)?;
                if let Some(method) = method.as_ref().filter(|method| **method != received.function) {
                    let found = format!("one of {}", received.function);
                    return Err(Error::unexpected(0, format!("a message of {method}"), found));
                }
                let kind = match &received.body {
                    Body::Call => Kind::Call,
                    Body::Oneway => Kind::Oneway,
                    Body::Returned => Kind::Reply,
                    Body::Thrown => Kind::Fault,
                    Body::Failed(failure) => {
                        body = fault::write_failure(failure);
                        Kind::Fault
                    }
                };
                let (name, sequence) = (received.function, received.sequence);
                Ok(Message { name, kind, sequence, headers: Vec::new(), body })
            }
        }
    }

    fn from_internal(&self, message: &Message) -> Result<Vec<u8>, Error> {
        let Self { schema, protocol, limits, options, .. } = self;
        if !message.headers.is_empty() && options.unknown_members != Unknown::Drop {
            let rule = "Thrift has no place for header blocks";
            return Err(Error::new(Problem::Malformed(rule.into())).in_field("$headers"));
        }
        let mut out = Vec::new();
        match &self.content {
            Content::Struct(_) if message.kind == Kind::Fault => Err(Error::at(
                0,
                Problem::Unexpected { expected: "a struct".into(), found: "a fault".into() },
            )),
            Content::Struct(id) => {
                from_json::convert(schema, *id, *protocol, &message.body, limits, options, &mut out)?;
                Ok(out)
            }
            Content::Service { service, method } => {
                let service = schema.find_service(service)?;
                let function = schema.find_function(service, method.as_ref().unwrap_or(&message.name))?;
                let thrown;
                let send = match message.kind {
                    Kind::Call | Kind::Oneway | Kind::Data => Send::Call(&message.body),
                    Kind::Reply => Send::Reply(&message.body),
                    Kind::Fault => {
                        thrown = self.fault(function, &message.body)?;
                        match &thrown {
                            Ok(exception) => Send::Reply(exception),
                            Err(failure) => Send::Failure(failure),
                        }
                    }
                };
                let (name, sequence) = (&function.name, message.sequence);
                rpc::write_message(
                    schema, function, *protocol, name, sequence, send, limits, options, &mut out,
                )?;
                Ok(out)
            }
        }
    }
}
