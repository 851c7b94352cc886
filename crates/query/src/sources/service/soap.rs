//! SOAP, described by a WSDL.

use std::{path::Path, sync::Arc};

use futures_util::future::BoxFuture;
use kefu_upstream::{Answer, Credentials, PasswordForm, SoapClient};
use kefu_wire::{soap::Version, wsdl::Definitions};
use serde_json::{Map, Value as Json};

use super::{
    Answered, Client, Described, call_trouble, json_answer,
    settings::{Common, PasswordStyle, Settings, secret, settings},
};
use crate::{
    source::SourceError,
    sources::{SourceOpenError, file, trouble::refused},
};

/// A service.
pub(in crate::sources) struct Soap {
    client: SoapClient,
    definitions: Arc<Definitions>,
    service: usize,
    port: usize,
}

pub(super) fn open(json: &Json, dir: &Path) -> Result<(Soap, Common), SourceOpenError> {
    const OWN: &[&str] = &["wsdl", "service", "version", "username", "password_file", "password_form"];
    let settings = settings(json, "soap", OWN)?;
    let file = settings.wsdl.as_ref().ok_or_else(|| SourceOpenError::new("wsdl", "must be there"))?;
    let definitions = file::wsdl(&dir.join(file)).map_err(|text| SourceOpenError::new("wsdl", text))?;
    let definitions = Arc::new(definitions);
    let names: Vec<&str> = definitions.services.iter().map(|service| service.name.as_str()).collect();
    let service = chosen(&names, settings.service.as_deref())?;
    let port = port(&definitions, service, settings.version.as_deref())?;
    let place = &definitions.services[service].ports[port];
    let endpoint = settings.endpoint(Some(&place.location))?;
    let version = place.version;
    let http = settings.http(dir, endpoint)?;
    let credentials = credentials(&settings, dir)?;
    let client = SoapClient::new(http, Arc::clone(&definitions), version, credentials, settings.limits());
    Ok((Soap { client, definitions, service, port }, settings.common()))
}

/// The service that is named, or the only one.
pub(super) fn chosen(names: &[&str], wanted: Option<&str>) -> Result<usize, SourceOpenError> {
    let known = names.join(", ");
    match (wanted, names) {
        (Some(wanted), names) => names.iter().position(|name| *name == wanted).ok_or_else(|| {
            SourceOpenError::new("service", format!("there is no service {wanted:?}, only: {known}"))
        }),
        (None, [_]) => Ok(0),
        (None, []) => Err(SourceOpenError::new("service", "the schema has no service")),
        (None, _) => Err(SourceOpenError::new("service", format!("must name one of the services: {known}"))),
    }
}

fn port(definitions: &Definitions, service: usize, wanted: Option<&str>) -> Result<usize, SourceOpenError> {
    let ports = &definitions.services[service].ports;
    let wanted = match wanted {
        None => ports.first().map(|port| port.version),
        Some("1.1") => Some(Version::V11),
        Some("1.2") => Some(Version::V12),
        Some(_) => return Err(SourceOpenError::new("version", "must be \"1.1\" or \"1.2\"")),
    };
    let found = ports.iter().position(|port| Some(port.version) == wanted);
    found.ok_or_else(|| SourceOpenError::new("version", "the service has no port of this version"))
}

fn credentials(settings: &Settings, dir: &Path) -> Result<Option<Credentials>, SourceOpenError> {
    let (username, file) = match (&settings.username, &settings.password_file) {
        (Some(username), Some(file)) => (username.clone(), file),
        (None, None) => return Ok(None),
        (Some(_), None) => return Err(SourceOpenError::new("password_file", "must be there")),
        (None, Some(_)) => return Err(SourceOpenError::new("username", "must be there")),
    };
    let form = match settings.password_form {
        PasswordStyle::Text => PasswordForm::Text,
        PasswordStyle::Digest => PasswordForm::Digest,
    };
    Ok(Some(Credentials {
        username,
        password: secret("password_file", &dir.join(file))?,
        form,
        validity: None,
    }))
}

/// An operation of the port.
#[derive(Debug)]
pub(in crate::sources) struct PortOperation {
    /// Its place there.
    place: usize,
    /// Where the path to its rows begins.
    begin: Option<String>,
}

impl Client for Soap {
    type Operation = PortOperation;

    fn operation(&self, described: &Described) -> Result<PortOperation, String> {
        let op = described.op.as_deref().ok_or("op: must be there")?;
        let operations = &self.definitions.services[self.service].ports[self.port].operations;
        let place = operations.iter().position(|operation| operation.name == op).ok_or_else(|| {
            let known: Vec<&str> = operations.iter().map(|operation| operation.name.as_str()).collect();
            format!("op: there is no operation {op:?}, only: {}", known.join(", "))
        })?;
        let begin = described.result.as_deref().and_then(|path| path.split('.').next()).map(str::to_owned);
        Ok(PortOperation { place, begin })
    }

    fn call<'a>(
        &'a self,
        operation: &'a PortOperation,
        arguments: Map<String, Json>,
    ) -> BoxFuture<'a, Result<Answered, SourceError>> {
        Box::pin(async move {
            let PortOperation { place, begin } = operation;
            let operation = &self.definitions.services[self.service].ports[self.port].operations[*place];
            let arguments = Json::Object(arguments).to_string();
            match self.client.call(operation, arguments.as_bytes()).await {
                Ok(Answer::Returned(json)) => {
                    Ok(Answered::Value(bare(json_answer(&json)?, begin.as_deref())))
                }
                Ok(Answer::Fault(json)) => {
                    let fault = json_answer(&json)?;
                    // The code is of the service; its reason may repeat what it was asked.
                    let fault = &fault["$fault"];
                    let mut codes =
                        fault["subcodes"].as_array().into_iter().flatten().filter_map(Json::as_str);
                    let name =
                        codes.next_back().or_else(|| fault["code"].as_str()).unwrap_or_default().to_owned();
                    let error = refused(format!("the service answered with the fault {name}"));
                    Ok(Answered::Failed { name, error })
                }
                Ok(_) => Ok(Answered::Value(Json::Null)),
                Err(error) => Err(call_trouble(&error)),
            }
        })
    }

    fn native(&self, operation: &PortOperation) -> String {
        let service = &self.definitions.services[self.service];
        format!("{}.{}", service.name, service.ports[self.port].operations[operation.place].name)
    }
}

/// What the only part of a reply holds, unless the path to the rows begins with that part; another reply is left as it is.
fn bare(value: Json, begin: Option<&str>) -> Json {
    match value {
        Json::Object(members)
            if members.len() == 1 && !begin.is_some_and(|name| members.contains_key(name)) =>
        {
            members.into_iter().next().map_or(Json::Null, |(_, value)| value)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_only_part_is_the_reply_unless_the_path_begins_with_it() {
        let wrapped = json!({"GetTicketsResult": {"ticket": [1, 2]}});
        assert_eq!(bare(wrapped.clone(), Some("ticket")), json!({"ticket": [1, 2]}));
        assert_eq!(bare(wrapped, None), json!({"ticket": [1, 2]}));
        assert_eq!(bare(json!({"ticket": [1, 2]}), Some("ticket")), json!({"ticket": [1, 2]}));
        assert_eq!(bare(json!({"ticket": [1, 2]}), None), json!([1, 2]));
        assert_eq!(bare(json!({"a": 1, "b": 2}), None), json!({"a": 1, "b": 2}));
    }
}
