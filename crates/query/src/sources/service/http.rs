//! JSON over HTTP, described in the configuration itself or by an OpenAPI file.

use std::path::Path;

use ::http::Method;
use futures_util::future::BoxFuture;
use kefu_upstream::{Answer, CallError, RestClient, RestOperation, Template as PathTemplate};
use serde_json::{Map, Value as Json};

use super::{
    Answered, Client, Described, call_trouble, json_answer,
    openapi::OpenApi,
    settings::{Common, settings},
};
use crate::{source::SourceError, sources::SourceOpenError};

/// A service.
pub(in crate::sources) struct Http {
    client: RestClient,
    openapi: Option<OpenApi>,
}

pub(super) fn open(json: &Json, dir: &Path) -> Result<(Http, Common), SourceOpenError> {
    let settings = settings(json, "http", &["openapi"])?;
    let openapi = match &settings.openapi {
        Some(file) => {
            Some(OpenApi::read(&dir.join(file)).map_err(|text| SourceOpenError::new("openapi", text))?)
        }
        None => None,
    };
    let endpoint = settings.endpoint(openapi.as_ref().and_then(OpenApi::server))?;
    let client = RestClient::new(settings.http(dir, endpoint)?);
    Ok((Http { client, openapi }, settings.common()))
}

impl Http {
    fn described(&self, described: &Described) -> Result<(Method, String), String> {
        let written = [
            (Method::GET, &described.get),
            (Method::POST, &described.post),
            (Method::PUT, &described.put),
            (Method::PATCH, &described.patch),
            (Method::DELETE, &described.delete),
        ];
        let mut written = written.into_iter().filter_map(|(method, path)| Some((method, path.clone()?)));
        match (written.next(), written.next(), &described.op) {
            (Some(one), None, None) => Ok(one),
            (None, None, Some(op)) => {
                let openapi = self.openapi.as_ref().ok_or("op: the source has no openapi file")?;
                openapi.operation(op).map_err(|text| format!("op: {text}"))
            }
            _ => Err("get: one of get, post, put, patch, delete and op must be there".to_owned()),
        }
    }
}

impl Client for Http {
    type Operation = RestOperation;

    fn operation(&self, described: &Described) -> Result<RestOperation, String> {
        let (method, path) = self.described(described)?;
        let key = if described.op.is_some() { "op".to_owned() } else { method.as_str().to_lowercase() };
        let path = PathTemplate::parse(&path).map_err(|error| format!("{key}: {error}"))?;
        Ok(RestOperation { method, path })
    }

    fn call<'a>(
        &'a self,
        operation: &'a RestOperation,
        arguments: Map<String, Json>,
    ) -> BoxFuture<'a, Result<Answered, SourceError>> {
        Box::pin(async move {
            let arguments = Json::Object(arguments).to_string();
            match self.client.call(operation, arguments.as_bytes()).await {
                Ok(Answer::Returned(json)) => Ok(Answered::Value(json_answer(&json)?)),
                Ok(_) => Ok(Answered::Value(Json::Null)),
                Err(error @ CallError::Status { status, .. }) => {
                    Ok(Answered::Failed { name: status.to_string(), error: call_trouble(&error) })
                }
                Err(error) => Err(call_trouble(&error)),
            }
        })
    }

    fn native(&self, operation: &RestOperation) -> String {
        format!("{} {}", operation.method, operation.path.text())
    }
}
