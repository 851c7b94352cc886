use std::{borrow::Cow, sync::Arc};

use super::{Adapter, Kind, Message, fault, object};
use crate::{
    Error, Limits, Problem, json,
    soap::{
        Direction, Options, Version, from_json,
        mtom::{self, Package},
        peek::{self, Peeked},
        to_json,
    },
    wsdl::{Definitions, Operation, Port},
    xsd::{Member, TypeKind},
};

/// Makes the header blocks of a request, such as those of [`security`](crate::soap::security); asked for each message.
pub type Blocks = Arc<dyn Fn() -> Result<Vec<String>, Error> + Send + Sync>;

/// Messages of SOAP, alone or with their attachments.
#[derive(Clone)]
pub struct SoapAdapter {
    definitions: Arc<Definitions>,
    operation: Option<String>,
    direction: Option<Direction>,
    version: Option<Version>,
    blocks: Option<Blocks>,
    bare_requests: bool,
    bare_replies: bool,
    limits: Limits,
    options: Options,
}

impl SoapAdapter {
    /// Messages of any operation of a description, told by what is in the body.
    #[must_use]
    pub fn new(definitions: Arc<Definitions>, limits: &Limits, options: Options) -> Self {
        Self {
            definitions,
            operation: None,
            direction: None,
            version: None,
            blocks: None,
            bare_requests: false,
            bare_replies: false,
            limits: *limits,
            options,
        }
    }

    /// All messages are of this operation, whatever their name.
    ///
    /// # Errors
    /// The description has none of this name.
    pub fn operation(mut self, name: &str) -> Result<Self, Error> {
        self.find(name)?;
        self.operation = Some(name.to_owned());
        Ok(self)
    }

    /// All messages go this way.
    #[must_use]
    pub fn direction(mut self, direction: Direction) -> Self {
        self.direction = Some(direction);
        self
    }

    /// What is written is of this version, and not of that which the operation's port has.
    #[must_use]
    pub fn version(mut self, version: Version) -> Self {
        self.version = Some(version);
        self
    }

    /// Requests get these header blocks.
    #[must_use]
    pub fn blocks(mut self, blocks: Blocks) -> Self {
        self.blocks = Some(blocks);
        self
    }

    /// The body of a message that goes this way and has one member at most is that member's value, or `null`: as
    /// Thrift has replies.
    #[must_use]
    pub fn bare(mut self, direction: Direction) -> Self {
        match direction {
            Direction::Request => self.bare_requests = true,
            Direction::Reply => self.bare_replies = true,
        }
        self
    }

    /// The operation of a name: of a port of the version that is asked for, if there is one.
    fn find(&self, name: &str) -> Result<(&Port, &Operation), Error> {
        let services = self.definitions.services.iter();
        let of_version = services
            .flat_map(|service| &service.ports)
            .filter(|port| self.version.is_none_or(|version| port.version == version))
            .find_map(|port| Some((port, port.operations.iter().find(|one| one.name == name)?)));
        of_version
            .or_else(|| self.definitions.find_operation(name))
            .ok_or_else(|| Error::new(Problem::NotInSchema { kind: "operation", name: name.to_owned() }))
    }

    /// The operation of a message, and which way it goes.
    fn told(&self, peeked: &Peeked) -> Result<(&Operation, Direction), Error> {
        let direction = if peeked.is_fault { Some(Direction::Reply) } else { self.direction };
        let named = self.operation.as_ref().map(|name| self.find(name)).transpose()?.map(|found| found.1);
        if let (Some(operation), Some(direction)) = (named, direction) {
            return Ok((operation, direction));
        }
        if peeked.is_fault {
            let rule = "a fault does not say which operation it is of, so the operation must be named";
            return Err(Error::malformed(peeked.offset, rule));
        }
        let directions = match direction {
            Some(direction) => vec![direction],
            None => vec![Direction::Request, Direction::Reply],
        };
        let services = self.definitions.services.iter();
        let operations: Vec<&Operation> = match named {
            Some(operation) => vec![operation],
            None => services.flat_map(|one| &one.ports).flat_map(|port| &port.operations).collect(),
        };
        for direction in directions {
            let found = operations.iter().find(|operation| {
                let shape = match direction {
                    Direction::Request => Some(&operation.input),
                    Direction::Reply => operation.output.as_ref(),
                };
                shape.is_some_and(|shape| {
                    shape.begins_with(&self.definitions.schemas, &peeked.namespace, &peeked.local)
                })
            });
            if let Some(operation) = found {
                return Ok((operation, direction));
            }
        }
        let found = format!("{{{}}}{}", peeked.namespace, peeked.local);
        Err(Error::unexpected(peeked.offset, "a message of an operation of the description", found))
    }

    /// The only member of messages that are bare, if there is one at all; none if messages are not.
    fn bare_member(&self, operation: &Operation, direction: Direction) -> Option<Option<&Member>> {
        let (is_bare, shape) = match direction {
            Direction::Request => (self.bare_requests, Some(&operation.input)),
            Direction::Reply => (self.bare_replies, operation.output.as_ref()),
        };
        let shape = shape.filter(|_| is_bare)?;
        let TypeKind::Complex(complex) = &self.definitions.schemas.ty(shape.content).kind else {
            return None;
        };
        match complex.members.as_slice() {
            [] => Some(None),
            [member] => Some(Some(member)),
            _ => None,
        }
    }

    /// A fault in the words of SOAP.
    fn fault(&self, operation: &Operation, body: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        Ok(match fault::read(body, &self.limits)? {
            fault::Said::Fault(_) => None,
            fault::Said::Failure(failure) => {
                let mut out = fault::begin_server_fault(&failure.message);
                out.extend_from_slice(b"}}");
                Some(out)
            }
            fault::Said::Exception(name, members) => {
                let schemas = &self.definitions.schemas;
                let mut declared = operation.faults.iter();
                let element = declared.find_map(|fault| {
                    let local = &schemas.element(fault.element).name.local;
                    let is_it = [local, &fault.name].iter().any(|one| *one == fault::bare_name(&name));
                    is_it.then_some(local)
                });
                let mut out = fault::begin_server_fault(&name);
                out.extend_from_slice(b",\"detail\":{");
                match element {
                    Some(local) => {
                        json::write_text(&mut out, local);
                        out.extend_from_slice(b":{");
                        fault::write_members(&mut out, &members);
                        out.push(b'}');
                    }
                    // Nobody reads it by a schema; nothing is lost either.
                    None => {
                        out.extend_from_slice(b"\"#text\":");
                        json::write_text(&mut out, &String::from_utf8_lossy(body));
                    }
                }
                out.extend_from_slice(b"}}}");
                Some(out)
            }
        })
    }
}

impl Adapter for SoapAdapter {
    fn to_internal(&self, input: &[u8]) -> Result<Message, Error> {
        let (limits, options) = (&self.limits, &self.options);
        let package = match mtom::content_type_of(input) {
            Some(content_type) => Some(Package::read(&content_type, input, limits)?),
            None => None,
        };
        let envelope = package.as_ref().map_or(input, |package| &package.root);
        // Parts are copied or at another place, so their bytes have no place in the input.
        let placed = |error: Error| if package.is_some() { error.without_offset() } else { error };
        let peeked = peek::peek(envelope, limits).map_err(placed)?;
        let (operation, direction) = self.told(&peeked).map_err(placed)?;
        let mut body = Vec::new();
        let attachments = |id: &str| package.as_ref().and_then(|package| package.part(id));
        let message = to_json::message_with(
            &self.definitions,
            operation,
            direction,
            envelope,
            &attachments,
            limits,
            options,
            &mut body,
        )
        .map_err(placed)?;
        let headers = if body.starts_with(b"{\"$headers\":") {
            object::take_headers(&mut body, limits)?
        } else {
            Vec::new()
        };
        let kind = match direction {
            _ if message.is_fault => Kind::Fault,
            Direction::Request if operation.output.is_none() => Kind::Oneway,
            Direction::Request => Kind::Call,
            Direction::Reply => Kind::Reply,
        };
        if !message.is_fault {
            match self.bare_member(operation, direction) {
                Some(None) if body == b"{}" => body = b"null".to_vec(),
                Some(Some(member)) => body = only(&body, member, limits)?,
                _ => {}
            }
        }
        Ok(Message { name: operation.name.clone(), kind, sequence: 0, headers, body })
    }

    fn from_internal(&self, message: &Message) -> Result<Vec<u8>, Error> {
        let (port, operation) = self.find(self.operation.as_ref().unwrap_or(&message.name))?;
        let direction = match message.kind {
            Kind::Call | Kind::Oneway => Direction::Request,
            Kind::Reply | Kind::Fault => Direction::Reply,
            Kind::Data => self.direction.unwrap_or(Direction::Request),
        };
        let version = self.version.unwrap_or(port.version);
        let mut body = Cow::Borrowed(message.body.as_slice());
        if message.kind == Kind::Fault {
            if let Some(fault) = self.fault(operation, &message.body)? {
                body = fault.into();
            }
        } else if let Some(member) = self.bare_member(operation, direction) {
            body = match member {
                _ if message.body.trim_ascii() == b"null" => b"{}".to_vec().into(),
                Some(member) => {
                    let mut out = vec![b'{'];
                    json::write_text(&mut out, &member.json_name);
                    out.push(b':');
                    out.extend_from_slice(&message.body);
                    out.push(b'}');
                    out.into()
                }
                None => body,
            };
        }
        let body = object::with_headers(&body, &message.headers)?;
        let blocks = match (&self.blocks, direction) {
            (Some(blocks), Direction::Request) => blocks()?,
            _ => Vec::new(),
        };
        let mut out = Vec::new();
        let (limits, options) = (&self.limits, &self.options);
        from_json::message(
            &self.definitions,
            operation,
            direction,
            version,
            &body,
            &blocks,
            limits,
            options,
            &mut out,
        )?;
        Ok(out)
    }
}

/// The value of the only member; where it is absent, an array without items, or `null`.
fn only(body: &[u8], member: &Member, limits: &Limits) -> Result<Vec<u8>, Error> {
    let mut members = object::all(body, limits)?;
    match members.as_slice() {
        [] if member.many => Ok(b"[]".to_vec()),
        [] => Ok(b"null".to_vec()),
        [found] if found.name == member.json_name => Ok(members.remove(0).value.as_bytes().to_vec()),
        _ => Ok(body.to_vec()),
    }
}
