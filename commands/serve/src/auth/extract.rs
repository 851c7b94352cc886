use axum::{extract::FromRequestParts, http::request::Parts};
use kefu_core::{Permission, Principal};
use kefu_protocol::frame::ErrorCode;

use super::{Shown, authenticate};
use crate::{
    address::Peer,
    clock,
    http::{Api, CorsScope},
    identity::Identity,
    problem::Problem,
};

/// Whoever sends the request, signed in.
#[derive(Debug)]
pub(crate) struct Signed(pub(crate) Identity);

/// An agent.
#[derive(Debug)]
pub(crate) struct SignedAgent(pub(crate) Identity);

/// A visitor.
#[derive(Debug)]
pub(crate) struct SignedVisitor(pub(crate) Identity);

/// An agent, even one who must set up a second factor before anything else.
#[derive(Debug)]
pub(crate) struct Enrolling(pub(crate) Identity);

/// Whoever is signed in, an agent even when it must set up a second factor before anything else.
#[derive(Debug)]
pub(crate) struct Leaving(pub(crate) Identity);

/// Refuses programs: what is about passwords, sessions, keys and second factors is for the person itself.
pub(crate) fn require_person(who: &Identity) -> Result<(), Problem> {
    if who.key.is_none() {
        return Ok(());
    }
    Err(Problem::new(ErrorCode::Forbidden, "a key cannot do this: sign in"))
}

/// Refuses programs whose key has none of these scopes, for what every person of the company may see.
pub(crate) fn require_scope(who: &Identity, scopes: &[Permission]) -> Result<(), Problem> {
    if who.key.is_none() || scopes.iter().any(|scope| who.may(*scope)) {
        return Ok(());
    }
    Err(Problem::new(ErrorCode::Forbidden, "the key has no scope for this"))
}

/// Refuses whoever may not do this.
pub(crate) fn require(who: &Identity, permission: Permission) -> Result<(), Problem> {
    if who.may(permission) { Ok(()) } else { Err(Problem::forbidden()) }
}

impl FromRequestParts<Api> for Signed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let identity = identify(parts, api, false).await?;
        if let Some(scope) = parts.extensions.get::<CorsScope>() {
            scope.set(identity.inbox);
        }
        let address = Peer::address(parts.extensions.get());
        api.services.blocks.check(&identity, address, clock::now())?;
        Ok(Self(identity))
    }
}

impl FromRequestParts<Api> for Enrolling {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let identity = identify(parts, api, true).await?;
        match identity.principal {
            Principal::Agent(_) => Ok(Self(identity)),
            _ => Err(Problem::forbidden()),
        }
    }
}

impl FromRequestParts<Api> for Leaving {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        identify(parts, api, true).await.map(Self)
    }
}

async fn identify(parts: &Parts, api: &Api, is_for_enrolling: bool) -> Result<Identity, Problem> {
    let shown = Shown {
        headers: &parts.headers,
        query_token: None,
        address: parts.extensions.get::<Peer>().map(|peer| peer.0),
        method_is_unsafe: !parts.method.is_safe(),
        require_origin: false,
        is_for_enrolling,
    };
    authenticate(&api.services, shown).await
}

impl FromRequestParts<Api> for SignedAgent {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let Signed(identity) = Signed::from_request_parts(parts, api).await?;
        match identity.principal {
            Principal::Agent(_) => Ok(Self(identity)),
            _ => Err(Problem::forbidden()),
        }
    }
}

impl FromRequestParts<Api> for SignedVisitor {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let Signed(identity) = Signed::from_request_parts(parts, api).await?;
        match identity.principal {
            Principal::Visitor(_) => Ok(Self(identity)),
            _ => Err(Problem::forbidden()),
        }
    }
}
