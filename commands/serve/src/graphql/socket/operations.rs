use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
};

use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use kefu_protocol::{frame::ErrorCode, ws::CloseCode};
use kefu_query::{Response, Subscription};
use kefu_socket::{Flow, Handler, Outbox};
use serde_json::{Map, Value};
use tokio::task::AbortHandle;

use super::{
    close,
    messages::{self, Said},
};
use crate::{
    auth::Shown,
    clock,
    graphql::{
        own::Own,
        question::{Asker, Question, asker, refusal, refused},
    },
    problem::Problem,
    services::Services,
};

/// Operations of one socket that may be under way.
const OPERATIONS_MAX: usize = 32;

/// Longest `authorization` of a payload, in bytes.
const AUTHORIZATION_BYTES: usize = 300;

/// What a socket has asked; cheap to clone.
#[derive(Clone)]
pub(super) struct Operations(Arc<Inner>);

struct Inner {
    services: Services,
    outbox: Arc<Outbox>,
    address: IpAddr,
    /// What shows who it is.
    credentials: Mutex<HeaderMap>,
    /// It has said who it is.
    has_begun: AtomicBool,
    /// That was found to be so.
    is_known: AtomicBool,
    running: Mutex<HashMap<String, AbortHandle>>,
}

/// The side of a socket that hears its client.
pub(super) struct Hearing {
    operations: Operations,
}

impl Operations {
    pub(super) fn new(services: Services, credentials: HeaderMap, address: IpAddr) -> Self {
        let outbox = services.registry.open();
        Self(Arc::new(Inner {
            services,
            outbox,
            address,
            credentials: Mutex::new(credentials),
            has_begun: AtomicBool::new(false),
            is_known: AtomicBool::new(false),
            running: Mutex::default(),
        }))
    }

    pub(super) fn outbox(&self) -> Arc<Outbox> {
        Arc::clone(&self.0.outbox)
    }

    pub(super) fn handler(&self) -> Hearing {
        Hearing { operations: self.clone() }
    }

    pub(super) fn has_begun(&self) -> bool {
        self.0.has_begun.load(Relaxed)
    }

    pub(super) fn is_known(&self) -> bool {
        self.0.is_known.load(Relaxed)
    }

    /// Gives up all that is under way.
    pub(super) fn end(&self) {
        for (_, operation) in self.running().drain() {
            operation.abort();
        }
    }

    fn running(&self) -> MutexGuard<'_, HashMap<String, AbortHandle>> {
        self.0.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn asker(&self) -> Result<Asker, Problem> {
        let credentials = self.0.credentials.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let shown = Shown {
            headers: &credentials,
            query_token: None,
            address: Some(self.0.address),
            method_is_unsafe: true,
            require_origin: true,
            is_for_enrolling: false,
        };
        asker(&self.0.services, shown, self.0.address).await
    }

    /// Lets a client in that says who it is.
    async fn greet(self, payload: Map<String, Value>) {
        let named = payload.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        if let Some((_, value)) = named {
            let value = value.as_str().filter(|value| value.len() <= AUTHORIZATION_BYTES);
            match value.and_then(|value| HeaderValue::from_str(value).ok()) {
                Some(value) => {
                    let mut credentials = self.0.credentials.lock().unwrap_or_else(PoisonError::into_inner);
                    credentials.insert(AUTHORIZATION, value);
                }
                None => return self.0.outbox.close(close::FORBIDDEN, "Forbidden"),
            }
        }
        match self.asker().await {
            Ok(_) => {
                self.0.is_known.store(true, Relaxed);
                self.0.outbox.push(messages::acknowledged());
            }
            Err(problem) if problem.code == ErrorCode::Unavailable => {
                self.0.outbox.close(CloseCode::RESTART, "try again");
            }
            Err(_) => self.0.outbox.close(close::FORBIDDEN, "Forbidden"),
        }
    }

    /// Ends the socket of somebody who may not have it any more: clients come back with a new token, if they have one.
    pub(super) async fn look(&self) {
        match self.asker().await {
            Err(problem) if matches!(problem.code, ErrorCode::Unauthorized | ErrorCode::Forbidden) => {
                self.0.outbox.close(close::FORBIDDEN, "Forbidden: the session has ended");
            }
            // Whether it may cannot be told now.
            _ => {}
        }
    }

    /// Begins an operation of that name, unless there is one.
    fn begin(&self, id: String, payload: Value) -> Flow {
        let mut running = self.running();
        if running.contains_key(&id) {
            drop(running);
            let text = format!("Subscriber for {id} already exists");
            self.0.outbox.close(close::SUBSCRIBER_EXISTS, &text);
            return Flow::Continue;
        }
        if running.len() >= OPERATIONS_MAX {
            drop(running);
            let text = format!("at most {OPERATIONS_MAX} operations of a socket are carried out at once");
            self.answer(&id, &refusal(429, "rate_limited", &text));
            return Flow::Continue;
        }
        let operation = self.clone().carry_out(id.clone(), payload);
        // Held until the name is noted: the operation takes it out again, however soon it is done.
        running.insert(id, self.0.services.tracker.spawn(operation).abort_handle());
        Flow::Continue
    }

    fn give_up(&self, id: &str) {
        if let Some(operation) = self.running().remove(id) {
            operation.abort();
        }
    }

    async fn carry_out(self, id: String, payload: Value) {
        let is_done = match self.ask(&id, payload).await {
            Ok(response) => self.answer(&id, &response),
            Err(problem) => self.answer(&id, &refused(&problem)),
        };
        self.running().remove(&id);
        if !is_done {
            self.0.outbox.push(messages::complete(&id));
        }
        // What is asked next waits for a client that does not read.
        self.0.outbox.drained().await;
    }

    async fn ask(&self, id: &str, payload: Value) -> Result<Response, Problem> {
        let Inner { services, address, .. } = &*self.0;
        services.limits.request(*address, clock::now())?;
        let asker = self.asker().await?;
        let question = match Question::read(payload) {
            Ok(question) => Question { allow_mutation: true, ..question },
            Err(text) => return Ok(refusal(400, "bad_request", &text)),
        };
        match question.subscription(services, &asker) {
            Ok(Some(subscription)) => Box::pin(self.follow(id, subscription, &asker)).await,
            Ok(None) => Ok(Box::pin(question.ask(services, &services.graphql, &asker)).await),
            Err(refused) => Ok(refused),
        }
    }

    /// Answers anew for each event, until it is given up; returns why it cannot go on.
    async fn follow(&self, id: &str, subscription: Subscription, first: &Asker) -> Result<Response, Problem> {
        let Inner { services, outbox, .. } = &*self.0;
        let Some(inner) = &services.graphql.0 else { return Err(Problem::unauthorized()) };
        let subscription = Arc::new(subscription);
        let mut listening = inner.feeds.listen(Arc::clone(&subscription), &services.store).await?;
        while let Some(data) = listening.next().await {
            let asker = self.asker().await?;
            if asker.who.rights != first.who.rights || asker.who.role != first.who.role {
                let text = "the rights of this account have changed: subscribe again";
                return Ok(refusal(403, "forbidden", text));
            }
            let own = Own::of(services, &asker);
            if let Some(response) = own.asks(subscription.answer(&data)).await {
                let (frame, is_last) = messages::answer(id, &response.body);
                if is_last {
                    return Ok(response);
                }
                outbox.push(frame);
                outbox.drained().await;
            }
        }
        outbox.close(CloseCode::SLOW, "too slow: more has happened than was read");
        Ok(refusal(503, "unavailable", "more has happened than was read: subscribe again"))
    }

    /// Sends an answer; says whether it is the end of its operation.
    fn answer(&self, id: &str, response: &Response) -> bool {
        let (frame, is_last) = messages::answer(id, &response.body);
        self.0.outbox.push(frame);
        is_last
    }
}

impl Handler for Hearing {
    fn message(&mut self, text: &str) -> Flow {
        let Some(said) = Said::read(text) else {
            return Flow::Close(close::BAD_MESSAGE, "Invalid message received");
        };
        let operations = &self.operations;
        match said {
            Said::Init(_) if operations.0.has_begun.swap(true, Relaxed) => {
                Flow::Close(close::TOO_MANY_INITS, "Too many initialisation requests")
            }
            // Nothing more is read until it is known who it is.
            Said::Init(payload) => Flow::Wait(Box::pin(operations.clone().greet(payload))),
            Said::Ping(payload) => {
                operations.0.outbox.push(messages::pong(payload));
                Flow::Continue
            }
            Said::Pong => Flow::Continue,
            Said::Subscribe { .. } if !operations.is_known() => {
                Flow::Close(close::UNAUTHORIZED, "Unauthorized")
            }
            Said::Subscribe { id, payload } => operations.begin(id, payload),
            Said::Complete { id } => {
                operations.give_up(&id);
                Flow::Continue
            }
        }
    }
}
