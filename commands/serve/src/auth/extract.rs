use axum::{extract::FromRequestParts, http::request::Parts};
use kefu_core::{Permission, Principal};

use super::authenticate;
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

/// Refuses whoever may not do this.
pub(crate) fn require(who: &Identity, permission: Permission) -> Result<(), Problem> {
    if who.may(permission) { Ok(()) } else { Err(Problem::forbidden()) }
}

impl FromRequestParts<Api> for Signed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        let unsafe_method = !parts.method.is_safe();
        let identity = authenticate(&api.services, &parts.headers, None, unsafe_method, false).await?;
        if let Some(scope) = parts.extensions.get::<CorsScope>() {
            scope.set(identity.inbox);
        }
        let address = Peer::address(parts.extensions.get());
        api.services.blocks.check(&identity, address, clock::now())?;
        Ok(Self(identity))
    }
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
