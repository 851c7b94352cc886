//! The gateway: bridges to other systems within the daemon, on its own listener and on ports of Thrift.
//!
//! What is theirs is `kefu_gateway`'s; here is who may call them, and that nothing leaves in a rehearsal.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    middleware,
    response::{IntoResponse as _, Response},
    routing::any,
};
use http::{HeaderMap, HeaderValue, StatusCode, header::WWW_AUTHENTICATE, request::Parts};
use kefu_app::{Effective, Failure, Language, Stop};
use kefu_core::Permission;
use kefu_gateway::{HeldBack, Server};
use kefu_protocol::frame::ErrorCode;
use kefu_store::{AuditActor, AuditRecord, RecordSet};
use serde_json::{Value, json};
use tokio::{
    signal::unix::{SignalKind, signal},
    sync::mpsc,
};

use crate::{
    address::Peer,
    auth::{Shown, authenticate, basic_password, require},
    clock,
    external::TicketService,
    http::envelope,
    problem::Problem,
    services::Services,
    settings::Settings,
};

/// Where bridges begin.
const PREFIX: &str = "/gateway";

/// Calls that a rehearsal did not make and that are not listed yet, at most; more wait.
const HELD_BACK_MAX: usize = 256;

/// Bridges, if there are any; cheap to clone.
#[derive(Clone, Default)]
pub(crate) struct Bridges(Option<Arc<Inner>>);

struct Inner {
    server: Arc<Server>,
    tickets: Option<Arc<TicketService>>,
    /// Calls that a rehearsal did not make, until somebody lists them.
    held_back: Mutex<Option<mpsc::Receiver<HeldBack>>>,
}

impl Bridges {
    /// Reads the bridge files of the settings, and what they say of a ticket system of others; nothing is bound or
    /// connected to.
    ///
    /// # Errors
    /// For the first thing that is wrong with a file, with its place.
    pub(crate) fn load(settings: &Effective<Settings>, is_shadow: bool) -> Result<Self, Failure> {
        Self::read(&settings.gateway, settings.ticket_service.as_deref(), is_shadow, settings)
    }

    fn read(
        files: &[PathBuf],
        tickets: Option<&std::path::Path>,
        is_shadow: bool,
        settings: &Effective<Settings>,
    ) -> Result<Self, Failure> {
        if files.is_empty() {
            return match tickets {
                None => Ok(Self::default()),
                Some(_) => Err(settings.reject("ticket_service", crate::external::no_bridges())),
            };
        }
        let (tell, held_back) = mpsc::channel(HELD_BACK_MAX);
        let server = Server::within(files, PREFIX, is_shadow.then_some(tell))?;
        let tickets = match tickets {
            Some(file) => Some(Arc::new(TicketService::load(file, Arc::clone(&server))?)),
            None => None,
        };
        Ok(Self(Some(Arc::new(Inner { server, tickets, held_back: Mutex::new(Some(held_back)) }))))
    }

    /// Bridges of tests.
    #[cfg(test)]
    pub(crate) fn of(files: &[PathBuf], tickets: Option<&std::path::Path>, is_shadow: bool) -> Self {
        let layers = kefu_app::Layers::new(None, Vec::new(), &["serve"]).unwrap_or_default();
        let settings = layers.load::<Settings>("serve", &kefu_app::Flags::new());
        let read = settings.and_then(|settings| Self::read(files, tickets, is_shadow, &settings));
        read.unwrap_or_else(|failure| panic!("{}", failure.line(Language::English)))
    }

    /// What the authors of the files might want to know.
    pub(crate) fn warn(&self) {
        for warning in self.0.iter().flat_map(|inner| inner.server.warnings()) {
            tracing::warn!("{warning}");
        }
    }

    /// The ticket system of others, if there is one.
    pub(crate) fn tickets(&self) -> Option<&Arc<TicketService>> {
        self.0.as_ref()?.tickets.as_ref()
    }

    /// Opens ports of Thrift, and writes down which bridges are served.
    ///
    /// # Errors
    /// An address cannot be bound, or the store cannot be written.
    pub(crate) async fn open(&self, services: &Services) -> Result<(), Failure> {
        let Some(inner) = &self.0 else { return Ok(()) };
        inner.server.open().await?;
        inner.note(services, "gateway.opened").await.map_err(crate::first::cannot_store)
    }

    /// The metrics as text, without the line that ends them.
    pub(crate) fn metrics_text(&self) -> String {
        self.0.as_ref().map(|inner| inner.server.metrics_text()).unwrap_or_default()
    }

    /// Reads the files again at SIGHUP, lists what a rehearsal does not send, and sends what agents ask of a ticket
    /// system of others, for ever.
    pub(crate) async fn keep(&self, services: &Services, language: Language) {
        match &self.0 {
            Some(inner) => {
                tokio::join!(
                    inner.follow(services, language),
                    inner.list_held_back(services),
                    inner.serve_tickets(services)
                );
            }
            None => std::future::pending().await,
        }
    }

    /// Takes nothing more, and waits for what is under way.
    pub(crate) async fn close(&self, stop: Stop) {
        let Some(inner) = &self.0 else { return };
        if let Some(tickets) = &inner.tickets {
            tickets.close().await;
        }
        inner.server.run(stop).await;
    }
}

impl Inner {
    async fn follow(&self, services: &Services, language: Language) {
        let mut hangups = match signal(SignalKind::hangup()) {
            Ok(hangups) => hangups,
            Err(error) => {
                tracing::warn!(%error, "bridge files cannot be read again");
                return std::future::pending().await;
            }
        };
        while hangups.recv().await.is_some() {
            match self.reload().await {
                Ok(()) => {
                    tracing::info!("the bridge files are read again");
                    if let Err(problem) = self.note(services, "gateway.reloaded").await {
                        tracing::warn!(%problem, "the audit log does not say so");
                    }
                }
                Err(failure) => {
                    let error = failure.line(language);
                    tracing::error!(error, "the last good bridge files stay in force");
                }
            }
        }
    }

    /// What tickets need must be there in the new files, too.
    async fn reload(&self) -> Result<(), Failure> {
        match &self.tickets {
            Some(tickets) => tickets.reload().await,
            None => self.server.reload().await,
        }
    }

    async fn note(&self, services: &Services, action: &'static str) -> Result<(), Problem> {
        let bridges: Vec<Value> = self.server.bridges().into_iter().map(|bridge| json!(bridge)).collect();
        let record = AuditRecord {
            at: clock::now(),
            actor: AuditActor::System,
            address: None,
            action,
            target: None,
            detail: json!({ "bridges": bridges }),
        };
        crate::audit::write(&services.desk, record).await
    }

    async fn list_held_back(&self, services: &Services) {
        let receiver = self.held_back.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut receiver) = receiver else { return std::future::pending().await };
        while let Some(HeldBack { bridge, operation }) = receiver.recv().await {
            let call = services.outgoing.held_back("gateway", &bridge, || operation.clone());
            let set = RecordSet { changes: call.into_iter().collect(), audit: Vec::new() };
            if let Err(problem) = services.desk.record(set).await {
                tracing::warn!(%problem, bridge, operation, "a call that was not made is not listed");
            }
        }
        std::future::pending().await
    }

    async fn serve_tickets(&self, services: &Services) {
        match &self.tickets {
            Some(tickets) => Arc::clone(tickets).run(services).await,
            None => std::future::pending().await,
        }
    }
}

/// What is served below [`PREFIX`].
pub(crate) fn router(services: Services) -> Router {
    if services.bridges.0.is_none() {
        return Router::new();
    }
    Router::new()
        .route("/gateway/{*path}", any(answer))
        .layer(middleware::from_fn_with_state(services.clone(), envelope))
        .with_state(services)
}

async fn answer(State(services): State<Services>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let path = head.uri.path();
    let name = path.strip_prefix(PREFIX).and_then(|rest| rest.split('/').nth(1)).unwrap_or_default();
    let server = match admitted(&services, name, &head).await {
        Ok(server) => server,
        Err(problem) => return refused(problem),
    };
    server.answer(Request::from_parts(head, body)).await.map(Body::new).into_response()
}

/// Older clients show what they have only when they are asked for it by its name.
fn refused(problem: Problem) -> Response {
    let mut response = problem.into_response();
    if response.status() == StatusCode::UNAUTHORIZED {
        let headers = response.headers_mut();
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"kefu\", charset=\"UTF-8\""));
        headers.append(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// Whether whoever sends this may call the bridge of that name: everybody, or a program with a key for it.
async fn admitted(services: &Services, name: &str, head: &Parts) -> Result<Arc<Server>, Problem> {
    let inner = services.bridges.0.as_ref().ok_or_else(|| Problem::not_found("bridge"))?;
    let is_public = inner.server.is_public(name).ok_or_else(|| Problem::not_found("bridge"))?;
    if !is_public {
        // Clients that know nothing but HTTP's basic authentication give the key as the password, under any name. It is
        // looked up by its hash like any other, so that no time tells how much of it is right.
        let password = basic_password(&head.headers);
        let none = HeaderMap::new();
        let shown = Shown {
            headers: if password.is_some() { &none } else { &head.headers },
            query_token: password.as_deref(),
            address: head.extensions.get::<Peer>().map(|peer| peer.0),
            method_is_unsafe: !head.method.is_safe(),
            require_origin: true,
            is_for_enrolling: false,
        };
        let who = authenticate(services, shown).await?;
        if who.key.is_none() {
            let detail = "only a key opens a bridge: make one with the scope `gateway`";
            return Err(Problem::new(ErrorCode::Forbidden, detail));
        }
        require(&who, Permission::Gateway)?;
    }
    Ok(Arc::clone(&inner.server))
}
