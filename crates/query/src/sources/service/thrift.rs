//! Thrift, described by an interface file.

use std::{path::Path, sync::Arc};

use futures_util::future::BoxFuture;
use kefu_upstream::{Answer, Framing, Reach, ThriftClient, ThriftSettings};
use kefu_wire::thrift::{Options, Protocol, Schema, Unknown};
use serde_json::{Map, Value as Json};

use super::{
    Answered, Client, Described, call_trouble, json_answer,
    settings::{Common, ProtocolName, TransportName, settings},
    soap::chosen,
};
use crate::{
    source::SourceError,
    sources::{SourceOpenError, file, trouble::refused},
};

/// A service.
pub(in crate::sources) struct Thrift {
    client: ThriftClient,
    schema: Arc<Schema>,
    service: String,
}

pub(super) fn open(json: &Json, dir: &Path) -> Result<(Thrift, Common), SourceOpenError> {
    const OWN: &[&str] = &["idl", "service", "protocol", "transport", "multiplexed"];
    let settings = settings(json, "thrift", OWN)?;
    let file = settings.idl.as_ref().ok_or_else(|| SourceOpenError::new("idl", "must be there"))?;
    let schema = file::idl(&dir.join(file)).map_err(|text| SourceOpenError::new("idl", text))?;
    let schema = Arc::new(schema);
    let wanted = settings.service.as_deref();
    let names = schema.services().iter().map(|service| service.name.as_str());
    // Those of included files are chosen only by their names.
    let names: Vec<&str> = names.filter(|name| wanted.is_some() || !name.contains('.')).collect();
    let service = names[chosen(&names, wanted)?].to_owned();
    let common = settings.common();
    let thrift = ThriftSettings {
        endpoint: settings.endpoint(None)?,
        reach: Reach::Internal,
        tls: settings.tls(dir)?,
        connections_max: common.connections,
        authorization: settings.authorization(dir)?,
        protocol: match settings.protocol {
            ProtocolName::Binary => Protocol::Binary,
            ProtocolName::Compact => Protocol::Compact,
            ProtocolName::Json => Protocol::Json,
        },
        framing: match settings.transport {
            TransportName::Framed => Framing::Framed,
            TransportName::Unframed => Framing::Unframed,
            TransportName::Header => Framing::Header { zlib: false },
            TransportName::HeaderZlib => Framing::Header { zlib: true },
        },
        multiplexed: settings.multiplexed.clone(),
        limits: settings.limits(),
        // Services grow: what they say that we do not know yet is no reason to fail.
        options: Options { unknown_members: Unknown::Drop, ..Options::default() },
    };
    let client = ThriftClient::new(&thrift, Arc::clone(&schema), &service)
        .map_err(|error| SourceOpenError::new("ca_file", error.to_string()))?;
    Ok((Thrift { client, schema, service }, common))
}

impl Client for Thrift {
    /// The function's name.
    type Operation = String;

    fn operation(&self, described: &Described) -> Result<String, String> {
        let op = described.op.as_deref().ok_or("op: must be there")?;
        let service = self.schema.find_service(&self.service).map_err(|error| format!("op: {error}"))?;
        let function = self.schema.find_function(service, op).map_err(|error| format!("op: {error}"))?;
        Ok(function.name.clone())
    }

    fn call<'a>(
        &'a self,
        operation: &'a String,
        arguments: Map<String, Json>,
    ) -> BoxFuture<'a, Result<Answered, SourceError>> {
        Box::pin(async move {
            let arguments = Json::Object(arguments).to_string();
            match self.client.call(operation, arguments.as_bytes()).await {
                Ok(Answer::Returned(json)) => Ok(Answered::Value(json_answer(&json)?)),
                Ok(Answer::Thrown(json)) => {
                    let thrown = json_answer(&json)?;
                    let name = thrown["$exception"].as_str().unwrap_or_default().to_owned();
                    let error = refused(format!("the service threw {name}"));
                    Ok(Answered::Failed { name, error })
                }
                Ok(_) => Ok(Answered::Value(Json::Null)),
                Err(error) => Err(call_trouble(&error)),
            }
        })
    }

    fn native(&self, operation: &String) -> String {
        format!("{}.{operation}", self.service)
    }
}
