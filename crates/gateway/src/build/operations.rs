//! Which operation of one side is which of the other.

use http::Method;
use kefu_app::{Failure, Text};
use kefu_upstream::Template;
use kefu_wire::{
    wsdl::{Definitions, Operation as SoapOperation},
    xsd::TypeKind,
};

use super::{Build, Side, Warning};
use crate::{
    endpoint::{Operation, Route, SoapOperationPlace},
    outcome::Statuses,
    parameters::{self, Parameter},
    reshape::Reshape,
    settings::{EndpointFile, OperationFile},
};

/// An operation of the inbound side and its counterpart, by their names.
pub(super) struct Pair<'a> {
    pub(super) name: String,
    pub(super) upstream: String,
    pub(super) settings: Option<&'a OperationFile>,
}

/// The names of the operations of a side; none if it takes any.
pub(super) fn names(side: &Side) -> Option<Vec<String>> {
    match side {
        Side::Json => None,
        Side::Soap { definitions, service, .. } => Some(soap_names(definitions, *service)),
        Side::Thrift { schema, service } => {
            let service = schema.find_service(service).ok()?;
            Some(schema.functions(service).map(|function| function.name.clone()).collect())
        }
    }
}

fn soap_names(definitions: &Definitions, service: usize) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for operation in definitions.services[service].ports.iter().flat_map(|port| &port.operations) {
        if !names.contains(&operation.name) {
            names.push(operation.name.clone());
        }
    }
    names
}

/// An operation of a description, in the first port that has it.
pub(super) fn soap_operation<'d>(
    definitions: &'d Definitions,
    service: usize,
    name: &str,
) -> Option<&'d SoapOperation> {
    let operations = definitions.services[service].ports.iter().flat_map(|port| &port.operations);
    operations.into_iter().find(|operation| operation.name == name)
}

/// The same in one port.
pub(super) fn soap_place(
    definitions: &Definitions,
    service: usize,
    port: usize,
    name: &str,
) -> Option<SoapOperationPlace> {
    let operations = &definitions.services[service].ports[port].operations;
    let found = operations.iter().position(|operation| operation.name == name)?;
    Some(SoapOperationPlace(service, port, found))
}

/// The members that can stand in an address, of an operation of a side.
pub(super) fn parameters_of(side: &Side, name: &str) -> Vec<Parameter> {
    match side {
        Side::Json => Vec::new(),
        Side::Soap { definitions, service, .. } => soap_operation(definitions, *service, name)
            .map(|operation| parameters::of_operation(definitions, operation))
            .unwrap_or_default(),
        Side::Thrift { schema, service } => schema
            .find_service(service)
            .and_then(|service| schema.find_function(service, name))
            .map(|function| parameters::of_function(schema, function))
            .unwrap_or_default(),
    }
}

/// The members of a reply.
fn reply_members(side: &Side, name: &str) -> Option<Vec<String>> {
    let Side::Soap { definitions, service, .. } = side else { return None };
    let output = soap_operation(definitions, *service, name)?.output.as_ref()?;
    match &definitions.schemas.ty(output.content).kind {
        TypeKind::Complex(complex) => {
            Some(complex.members.iter().map(|member| member.json_name.clone()).collect())
        }
        TypeKind::Simple(_) => None,
    }
}

impl Build<'_> {
    /// Matches the operations of both sides.
    pub(super) fn pairs<'s>(
        &mut self,
        index: usize,
        settings: &'s EndpointFile,
        inbound: &Side,
        upstream: &Side,
    ) -> Result<Vec<Pair<'s>>, Failure> {
        let (ours, theirs) = (names(inbound), names(upstream));
        let mut pairs = Vec::new();
        for (name, operation) in settings.operations.iter() {
            let key = format!("operations.{name}");
            if ours.as_ref().is_some_and(|ours| !ours.iter().any(|known| known == name)) {
                return Err(self.unknown_operation(index, &key, name, ours.as_deref()));
            }
            let wanted = operation.upstream.as_deref().unwrap_or(name);
            if theirs.as_ref().is_some_and(|theirs| !theirs.iter().any(|known| known == wanted)) {
                let key = if operation.upstream.is_some() { format!("{key}.upstream") } else { key };
                return Err(self.unknown_operation(index, &key, wanted, theirs.as_deref()));
            }
            pairs.push(Pair {
                name: name.to_owned(),
                upstream: wanted.to_owned(),
                settings: Some(operation),
            });
        }
        if settings.others {
            // Without names of our own, what the upstream has under the name that it has there.
            let by_name = ours.is_some();
            for name in ours.or_else(|| theirs.clone()).unwrap_or_default() {
                let is_listed =
                    pairs.iter().any(|pair| if by_name { pair.name == name } else { pair.upstream == name });
                if is_listed {
                    continue;
                }
                if theirs.as_ref().is_some_and(|theirs| !theirs.contains(&name)) {
                    let warning = format!("{}: the upstream has no operation {name:?}", settings.name);
                    self.warnings.push(Warning(warning));
                    continue;
                }
                pairs.push(Pair { upstream: name.clone(), name, settings: None });
            }
        }
        if pairs.is_empty() {
            let text = Text::new("the two sides have no operation in common", "两侧没有共同的操作");
            return Err(self.reject(index, "operations", text));
        }
        Ok(pairs)
    }

    fn unknown_operation(&self, index: usize, key: &str, name: &str, known: Option<&[String]>) -> Failure {
        let known =
            known.unwrap_or_default().iter().take(20).map(String::as_str).collect::<Vec<_>>().join(", ");
        let text = Text::new(
            format!("the schema has no operation {name:?}, only: {known}"),
            format!("架构文件中没有操作 {name:?},只有:{known}"),
        );
        self.reject(index, key, text)
    }

    /// What a bridge knows of an operation.
    pub(super) fn operation(
        &self,
        index: usize,
        pair: &Pair<'_>,
        prefix: Option<&str>,
        inbound: &Side,
        upstream: &Side,
    ) -> Result<Operation, Failure> {
        let key = |inner: &str| format!("operations.{}.{inner}", pair.name);
        // Of what nobody outside calls, the side of JSON is only the upstream.
        let is_internal = matches!(inbound, Side::Json) && prefix.is_none();
        let is_json = matches!(upstream, Side::Json) || (matches!(inbound, Side::Json) && !is_internal);
        let settings = pair.settings;
        for (inner, is_set) in [
            ("method", settings.is_some_and(|settings| settings.method.is_some())),
            ("path", settings.is_some_and(|settings| settings.path.is_some())),
        ] {
            if is_set && !is_json {
                return Err(self.superfluous(index, &key(inner), "a bridge without json"));
            }
        }
        let own_name = if matches!(inbound, Side::Json) { &pair.name } else { &pair.upstream };
        let (method, path) = self.method_and_path(index, pair, own_name)?;
        let parameters = match (inbound, upstream) {
            (Side::Json, upstream) => parameters_of(upstream, &pair.upstream),
            (inbound, _) => parameters_of(inbound, &pair.name),
        };
        if is_json
            && !is_internal
            && let Some(name) = path.names().find(|name| !parameters.iter().any(|known| known.name == *name))
        {
            let text = Text::new(
                format!("{name:?} is no member of the call that can stand in a path"),
                format!("{name:?} 不是可以放在路径中的调用成员"),
            );
            return Err(self.reject(index, &key("path"), text));
        }
        let is_safe = is_json && matches!(method, Method::GET | Method::HEAD);
        let is_idempotent = is_safe || (is_json && matches!(method, Method::PUT | Method::DELETE));
        let route =
            prefix.map(|prefix| Route { method, path: format!("{prefix}{}", path.text()), parameters });
        let mut statuses = Vec::new();
        for (name, status) in settings.iter().flat_map(|settings| settings.statuses.iter()) {
            if !(400..600).contains(status) {
                let text = Text::new("must be a status from 400 to 599", "必须是 400 到 599 之间的状态码");
                return Err(self.reject(index, &key(&format!("statuses.{name}")), text));
            }
            statuses.push((name.to_owned(), *status));
        }
        Ok(Operation {
            name: pair.name.clone(),
            is_idempotent: settings.and_then(|settings| settings.idempotent).unwrap_or(is_idempotent),
            is_safe: settings.and_then(|settings| settings.safe).unwrap_or(is_safe),
            statuses: Statuses(statuses),
            reshape: self.reshape(index, pair, inbound, upstream)?,
            route,
        })
    }

    /// How an operation is called on the side of JSON, where its name is `own_name`.
    pub(super) fn method_and_path(
        &self,
        index: usize,
        pair: &Pair<'_>,
        own_name: &str,
    ) -> Result<(Method, Template), Failure> {
        let key = |inner: &str| format!("operations.{}.{inner}", pair.name);
        let settings = pair.settings;
        let method = match settings.and_then(|settings| settings.method.as_deref()) {
            None => Method::POST,
            Some(text) => {
                let known = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];
                known.into_iter().find(|method| method.as_str() == text).ok_or_else(|| {
                    let text = Text::new(
                        "must be one of GET, POST, PUT, PATCH, DELETE",
                        "必须是 GET、POST、PUT、PATCH、DELETE 之一",
                    );
                    self.reject(index, &key("method"), text)
                })?
            }
        };
        let default = format!("/{own_name}");
        let path = settings.and_then(|settings| settings.path.as_deref()).unwrap_or(&default);
        let path = Template::parse(path)
            .map_err(|error| self.reject(index, &key("path"), Text::from(error.to_string())))?;
        Ok((method, path))
    }

    fn reshape(
        &self,
        index: usize,
        pair: &Pair<'_>,
        inbound: &Side,
        upstream: &Side,
    ) -> Result<Reshape, Failure> {
        let explicit = pair.settings.and_then(|settings| settings.result.as_deref());
        let (ours, theirs) = (reply_members(inbound, &pair.name), reply_members(upstream, &pair.upstream));
        let is_one_soap = matches!(inbound, Side::Soap { .. }) != matches!(upstream, Side::Soap { .. });
        let members = ours.as_ref().or(theirs.as_ref());
        if let Some(result) = explicit {
            let key = format!("operations.{}.result", pair.name);
            if !is_one_soap {
                return Err(self.superfluous(index, &key, "a bridge without soap on one side alone"));
            }
            if !members.is_some_and(|members| members.iter().any(|member| member == result)) {
                let text = Text::new("is no member of the reply", "不是应答的成员");
                return Err(self.reject(index, &key, text));
            }
            let result = result.to_owned();
            return Ok(if ours.is_some() { Reshape::Wrap(result) } else { Reshape::Unwrap(result) });
        }
        Ok(match (inbound, upstream, members.map(Vec::as_slice)) {
            (Side::Soap { .. }, Side::Soap { .. }, _) => Reshape::Keep,
            (Side::Soap { .. }, _, Some([])) => Reshape::Empty,
            (Side::Soap { .. }, Side::Thrift { .. }, Some([only])) => Reshape::Wrap(only.clone()),
            (Side::Thrift { .. }, Side::Soap { .. }, Some([only])) => Reshape::Unwrap(only.clone()),
            (Side::Thrift { .. }, Side::Soap { .. }, Some([])) => Reshape::Void,
            _ => Reshape::Keep,
        })
    }
}
