//! What is asked, and by whom.

use std::{net::IpAddr, sync::Arc, time::Instant};

use kefu_core::Permission;
use kefu_protocol::frame::ErrorCode;
use kefu_query::{Explain, Request, Response, Subscription};
use kefu_upstream::TraceContext;
use serde_json::{Map, Value, json};

use super::{Graphql, own::Own, session};
use crate::{
    auth::{Shown, authenticate, hex, require},
    clock,
    identity::Identity,
    problem::Problem,
    services::Services,
};

/// Most characters of the name of an operation.
const NAME_CHARS: usize = 256;

/// A GraphQL request as it arrives, over HTTP or a socket.
#[derive(Clone, Debug, Default)]
pub(crate) struct Question {
    pub(crate) query: Option<String>,
    pub(crate) operation_name: Option<String>,
    pub(crate) variables: Map<String, Value>,
    /// Hash of a query that was sent before.
    pub(crate) sha256: Option<[u8; 32]>,
    pub(crate) explain: Explain,
    pub(crate) allow_mutation: bool,
    /// The trace that it is part of.
    pub(crate) trace: Option<TraceContext>,
}

/// Whoever asks.
#[derive(Clone)]
pub(crate) struct Asker {
    pub(crate) who: Arc<Identity>,
    pub(crate) address: IpAddr,
}

impl Question {
    /// Reads the parameters of a request.
    ///
    /// # Errors
    /// What is wrong with which of them.
    pub(super) fn read(parameters: Value) -> Result<Self, String> {
        let Value::Object(mut parameters) = parameters else {
            let what = if parameters.is_array() { "a list: batches are not taken" } else { "no object" };
            return Err(format!("the request is {what}"));
        };
        let mut text = |name: &str| match parameters.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(format!("`{name}` must be a string")),
        };
        let (query, operation_name) = (text("query")?, text("operationName")?);
        if operation_name.as_ref().is_some_and(|name| name.chars().count() > NAME_CHARS) {
            return Err(format!("`operationName` must be at most {NAME_CHARS} characters"));
        }
        let mut map = |name: &str| match parameters.remove(name) {
            None | Some(Value::Null) => Ok(Map::new()),
            Some(Value::Object(map)) => Ok(map),
            Some(_) => Err(format!("`{name}` must be an object")),
        };
        let (variables, extensions) = (map("variables")?, map("extensions")?);
        let sha256 = extensions.get("persistedQuery").and_then(|persisted| persisted.get("sha256Hash"));
        let sha256 = match sha256 {
            None => None,
            Some(given) => {
                let hash = given.as_str().and_then(hash);
                Some(hash.ok_or("`persistedQuery.sha256Hash` must be 64 hexadecimal digits")?)
            }
        };
        if query.is_none() && sha256.is_none() {
            return Err("there is no `query`".to_owned());
        }
        Ok(Self { query, operation_name, variables, sha256, ..Self::default() })
    }

    fn request(self, deadline: Instant) -> Request {
        Request {
            query: self.query,
            operation_name: self.operation_name,
            variables: self.variables,
            sha256: self.sha256,
            deadline,
            explain: self.explain,
            allow_mutation: self.allow_mutation,
        }
    }

    /// The subscription that it is; none, if it is anything else.
    ///
    /// # Errors
    /// The answer to a subscription that is refused.
    pub(super) fn subscription(
        &self,
        services: &Services,
        asker: &Asker,
    ) -> Result<Option<Subscription>, Response> {
        let Some(engine) = services.graphql.engine() else { return Ok(None) };
        let session = session::of(&services.desk.directory(), &asker.who);
        let request = self.clone().request(Instant::now());
        match engine.subscribe(&request, &session) {
            Ok(subscription) => Ok(Some(subscription)),
            Err(refused) if refused.status == 429 => Err(refused),
            // What is wrong with it, or that it is no subscription, is found again where it is asked.
            Err(_) => Ok(None),
        }
    }

    /// Sends it through the data layer.
    pub(crate) async fn ask(self, services: &Services, graphql: &Graphql, asker: &Asker) -> Response {
        let Some(inner) = &graphql.0 else {
            return refusal(404, "not_found", "there is no data layer");
        };
        let began = Instant::now();
        let own = Own::of(services, asker);
        let session = session::of(&services.desk.directory(), &asker.who);
        let trace = self.trace;
        let request = self.request(began + services.settings.limits.request_timeout);
        let _under_way = inner.metrics.begin();
        let response = own.asks(inner.engine.execute_within(&request, &session, trace)).await;
        inner.metrics.done(response.status, began.elapsed());
        response
    }
}

/// A hash in hexadecimal digits.
fn hash(text: &str) -> Option<[u8; 32]> {
    hex::decode(text)?.try_into().ok()
}

/// All that is wrong with an operation as it stands, whatever the values of its variables will be and whoever will ask, each
/// with its place; nothing where there is no data layer that could say so.
pub(crate) async fn wrong_with(services: &Services, asker: &Asker, text: &str) -> Option<String> {
    services.graphql.engine()?;
    let question = Question {
        query: Some(text.to_owned()),
        explain: Explain::Plan,
        allow_mutation: true,
        ..Question::default()
    };
    let response = question.ask(services, &services.graphql, asker).await;
    let answer: Value = serde_json::from_slice(&response.body).ok()?;
    let errors = answer["errors"].as_array()?.iter();
    let errors = errors.filter(|error| {
        !matches!(error["extensions"]["code"].as_str(), Some("BAD_USER_INPUT" | "FORBIDDEN"))
    });
    let told: Vec<_> = errors.map(placed).collect();
    (!told.is_empty()).then(|| told.join("; "))
}

/// The text of an error behind its place: `3:7: …`.
pub(crate) fn placed(error: &Value) -> String {
    let message = error["message"].as_str().unwrap_or_default();
    let place = &error["locations"][0];
    match (place["line"].as_u64(), place["column"].as_u64()) {
        (Some(line), Some(column)) => format!("{line}:{column}: {message}"),
        _ => message.to_owned(),
    }
}

/// Whether somebody may see how a query is planned and what is asked of which system.
pub(super) fn may_explain(who: &Identity) -> bool {
    who.may(Permission::Inboxes)
}

/// Whoever a request shows to be, if they may ask the data layer.
///
/// # Errors
/// `unauthorized` and `forbidden` as everywhere: by cookie only from the daemon's own pages, whatever the method.
pub(super) async fn asker(services: &Services, shown: Shown<'_>, address: IpAddr) -> Result<Asker, Problem> {
    let who = authenticate(services, shown).await?;
    services.blocks.check(&who, address, clock::now())?;
    require(&who, Permission::Graphql)?;
    Ok(Asker { who: Arc::new(who), address })
}

/// An answer without data.
pub(super) fn refusal(status: u16, code: &str, message: &str) -> Response {
    let body = json!({"errors": [{"message": message, "extensions": {"code": code}}]});
    Response { status, body: body.to_string().into_bytes() }
}

/// The same for what is refused everywhere.
pub(super) fn refused(problem: &Problem) -> Response {
    let code = serde_json::to_value(problem.code);
    let code = code.as_ref().ok().and_then(Value::as_str).unwrap_or("bad_frame");
    let status = match problem.code {
        ErrorCode::BadFrame => 400,
        _ => crate::http::status(problem.code).as_u16(),
    };
    refusal(status, code, &problem.detail)
}
