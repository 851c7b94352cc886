//! The REST interface under `/api/v1`.
//!
//! Handlers check what comes in and who asks; what may be done to a conversation is the desk's to say.

mod body;
mod caller;
mod cors;
mod download;
mod envelope;
mod fields;
mod leftover;
mod openapi;
mod page;
mod problem;
mod routes;

use std::sync::Arc;

use axum::{Router, extract::DefaultBodyLimit, middleware, routing::get};
use tokio::sync::{Mutex, Semaphore};

pub(crate) use cors::CorsScope;
pub(crate) use envelope::envelope;
pub(crate) use fields::is_harmless;
pub(crate) use problem::Refused;
#[cfg(feature = "graphql")]
pub(crate) use problem::status;
pub(crate) use routes::{INBOX_SEAL_PURPOSE, widget_config};

use crate::{masking::Masking, services::Services};

/// Where the interface begins.
const BASE: &str = "/api/v1";

/// Locks that proofs of identity are spread over.
const IDENTITY_LOCKS: usize = 64;

/// Reports that are made at once.
const REPORTS_MAX: usize = 2;

/// What handlers share.
#[derive(Clone)]
pub(crate) struct Api {
    pub(crate) services: Services,
    gates: Arc<Gates>,
}

impl Api {
    /// What agents get masked.
    fn masking(&self) -> Masking {
        self.services.settings.privacy.masking()
    }
}

/// What must not happen twice at once.
struct Gates {
    /// The making of the first admin.
    setup: Mutex<()>,
    /// Between the count of the keys and the making of one more.
    keys: Mutex<()>,
    /// The check of the whole audit log.
    verify: Mutex<()>,
    /// Reports, which read a lot.
    reports: Semaphore,
    /// Between the search for a proven visitor and its making: there is one of each.
    identities: [Mutex<()>; IDENTITY_LOCKS],
}

/// Every route under [`BASE`] but the live ones.
pub(crate) fn router(services: Services) -> Router {
    let body_bytes_max = usize::try_from(services.settings.limits.max_body.0).unwrap_or(usize::MAX);
    let gates = Gates {
        setup: Mutex::new(()),
        keys: Mutex::new(()),
        verify: Mutex::new(()),
        reports: Semaphore::new(REPORTS_MAX),
        identities: [const { Mutex::const_new(()) }; IDENTITY_LOCKS],
    };
    let api = Api { services, gates: Arc::new(gates) };
    let routes = routes::routes()
        .router
        .fallback(problem::no_route)
        .method_not_allowed_fallback(problem::no_method)
        .layer(DefaultBodyLimit::max(body_bytes_max))
        .layer(middleware::from_fn_with_state(api.clone(), cors::share))
        .layer(middleware::from_fn_with_state(api.services.clone(), envelope))
        .with_state(api.clone());
    let files = Router::new()
        .route("/files/{id}/{name}", get(download::serve))
        .layer(middleware::from_fn_with_state(api.services.clone(), envelope))
        .with_state(api);
    Router::new().nest(BASE, routes).merge(files)
}

#[cfg(test)]
pub(crate) mod tests;
