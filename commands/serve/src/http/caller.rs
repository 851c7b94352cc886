use std::{convert::Infallible, net::IpAddr};

use axum::{extract::FromRequestParts, http::request::Parts};

use super::{Api, fields};
use crate::address::Peer;

const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// Where a request comes from.
#[derive(Clone, Debug)]
pub(super) struct Caller {
    pub(super) address: IpAddr,
    /// What the client calls itself.
    pub(super) user_agent: String,
    /// The client reaches the daemon over TLS.
    pub(super) secure: bool,
}

impl FromRequestParts<Api> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Infallible> {
        let settings = &api.services.settings;
        let public = settings.public_url.as_deref();
        // Behind a proxy its word is taken; to claim TLS that is not there only costs the claimant its cookie.
        let forwarded = !settings.trusted_proxies.is_empty()
            && parts.headers.get(FORWARDED_PROTO).is_some_and(|value| value == "https");
        Ok(Self {
            address: Peer::address(parts.extensions.get()),
            user_agent: fields::user_agent(&parts.headers),
            secure: forwarded || public.is_some_and(|url| url.starts_with("https://")),
        })
    }
}
