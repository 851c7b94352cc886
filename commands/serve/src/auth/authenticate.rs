use std::{net::IpAddr, time::Duration};

#[cfg(feature = "bridge")]
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{
    HeaderMap, HeaderName,
    header::{AUTHORIZATION, HOST, ORIGIN, REFERER},
};
use kefu_core::{Micros, Permission, Principal, Rights};
use kefu_protocol::frame::ErrorCode;
use kefu_store::Session;

use super::{
    cookie, key,
    origin::{Origin, is_own},
    token,
    token::TokenKind,
};
use crate::{clock, identity::Identity, problem::Problem, services::Services, settings::RequireTotp};

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// How seldom the last use of a session is written.
const SEEN_EVERY: i64 = 5 * 60 * 1_000_000;

/// What a request shows of who sends it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shown<'a> {
    /// With the bearer token or the cookie.
    pub(crate) headers: &'a HeaderMap,
    /// A token in place of the header.
    pub(crate) query_token: Option<&'a str>,
    /// Where it comes from.
    pub(crate) address: Option<IpAddr>,
    /// Its method changes something.
    pub(crate) method_is_unsafe: bool,
    /// Even if not, by cookie it must come from the daemon's own page.
    pub(crate) require_origin: bool,
    /// It is for those, too, who must set up a second factor before anything else.
    pub(crate) is_for_enrolling: bool,
}

/// Says who sends a request: by bearer token, by the one in the query, or by the cookie.
///
/// The cookie comes along whether or not its owner's page asked; where that matters, with unsafe methods
/// and where `require_origin` says so, the page must be the daemon's own.
///
/// # Errors
/// `unauthorized` without a valid session or key, `forbidden` for a page of somebody else and for who must set up
/// a second factor first.
pub(crate) async fn authenticate(services: &Services, shown: Shown<'_>) -> Result<Identity, Problem> {
    let Shown { headers, query_token, address, method_is_unsafe, require_origin, is_for_enrolling } = shown;
    let shown = match headers.get(AUTHORIZATION) {
        Some(_) => Some(bearer(headers).ok_or_else(Problem::unauthorized)?),
        None => query_token,
    };
    let (token, by_cookie) = match shown {
        Some(token) => (token, false),
        None => (cookie::token(headers).ok_or_else(Problem::unauthorized)?, true),
    };
    if by_cookie && (method_is_unsafe || require_origin) && !from_own_page(services, headers) {
        let detail = "a request by cookie must come from a page of this daemon: the Origin is another one";
        return Err(Problem::new(ErrorCode::Forbidden, detail));
    }
    let (kind, hash) = token::recognise(token).ok_or_else(Problem::unauthorized)?;
    if kind == TokenKind::Setup || (by_cookie && kind != TokenKind::Agent) {
        return Err(Problem::unauthorized());
    }
    let now = clock::now();
    if kind == TokenKind::Key {
        return key::identify(services, &hash, address, now).await;
    }
    let session = services.store.session(&hash).await?.ok_or_else(Problem::unauthorized)?;
    if has_ended(&session, services.settings.limits.agent_session, now) {
        return Err(Problem::unauthorized());
    }
    let identity = identity(services, &session).await?;
    if !is_for_enrolling && must_enrol(services, &identity).await? {
        let detail = "set up a second factor first: POST /api/v1/auth/totp";
        return Err(Problem { field: Some("totp"), ..Problem::new(ErrorCode::Forbidden, detail) });
    }
    if is_stale(&session, now) {
        services.desk.session_seen(hash, now);
    }
    Ok(identity)
}

/// The token of an `Authorization` header, if it is of that kind.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The password of an `Authorization` header of HTTP's basic kind (RFC 7617), for clients that have nothing else.
#[cfg(feature = "bridge")]
pub(crate) fn basic_password(headers: &HeaderMap) -> Option<String> {
    let (scheme, pair) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    let pair = scheme.eq_ignore_ascii_case("basic").then(|| BASE64_STANDARD.decode(pair.trim()).ok())??;
    let (_, password) = std::str::from_utf8(&pair).ok()?.split_once(':')?;
    Some(password.to_owned())
}

/// Browsers name the page in `Origin`; where they leave it out, with plain reads of the same origin, in one of
/// the headers that no page can write.
fn from_own_page(services: &Services, headers: &HeaderMap) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let is_own = |origin: &str| is_own(origin, text(HOST), services.settings.public_url.as_deref());
    if let Some(origin) = headers.get(ORIGIN) {
        return origin.to_str().is_ok_and(is_own);
    }
    match text(SEC_FETCH_SITE) {
        Some(site) => site == "same-origin",
        None => text(REFERER).and_then(Origin::of_url).is_some_and(|origin| is_own(&origin.to_string())),
    }
}

async fn identity(services: &Services, session: &Session) -> Result<Identity, Problem> {
    match session.principal {
        Principal::Agent(key) => {
            let directory = services.desk.directory();
            let agent = directory.agents.get(&key).filter(|agent| !agent.disabled);
            let agent = agent.ok_or_else(Problem::unauthorized)?;
            Ok(Identity {
                principal: session.principal,
                id: agent.id,
                name: agent.name.clone(),
                role: Some(agent.role),
                rights: directory.rights_of(agent),
                inbox: None,
                session: session.id,
                key: None,
            })
        }
        Principal::Visitor(key) => {
            let visitor = services.store.visitor(key).await?.ok_or_else(Problem::unauthorized)?;
            Ok(Identity {
                principal: session.principal,
                id: visitor.id,
                name: visitor.name,
                role: None,
                rights: Rights::NONE,
                inbox: Some(visitor.inbox),
                session: session.id,
                key: None,
            })
        }
        Principal::Bot | Principal::System => Err(Problem::unauthorized()),
    }
}

/// Whether the settings demand a second factor of an agent that has none.
async fn must_enrol(services: &Services, who: &Identity) -> Result<bool, Problem> {
    let Principal::Agent(agent) = who.principal else { return Ok(false) };
    Ok(needs_totp(services.settings.require_totp, who.rights)
        && services.store.totp(agent).await?.is_none_or(|totp| !totp.is_confirmed))
}

/// Whether who has these rights needs a second factor. Admins are all who may let others in.
pub(crate) fn needs_totp(required: RequireTotp, rights: Rights) -> bool {
    match required {
        RequireTotp::None => false,
        RequireTotp::Admins => rights.has(Permission::Agents) || rights.has(Permission::Keys),
        RequireTotp::All => true,
    }
}

/// Visitors' sessions end at their expiry, agents' also when they were not seen for long.
fn has_ended(session: &Session, agent_idle: Duration, now: Micros) -> bool {
    let idle = i64::try_from(agent_idle.as_micros()).unwrap_or(i64::MAX);
    let is_idle = matches!(session.principal, Principal::Agent(_)) && unseen(session, now) >= idle;
    is_idle || session.expires_at.is_some_and(|expiry| expiry <= now)
}

fn unseen(session: &Session, now: Micros) -> i64 {
    now.0.saturating_sub(session.last_seen_at.0)
}

fn is_stale(session: &Session, now: Micros) -> bool {
    unseen(session, now) >= SEEN_EVERY
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use kefu_core::{AgentKey, VisitorKey};
    use proptest::prelude::*;

    use super::*;

    fn bearer_of(value: &[u8]) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_bytes(value).ok()?);
        bearer(&headers).map(str::to_owned)
    }

    #[test]
    fn only_bearer_tokens_are_taken() {
        assert_eq!(bearer_of(b"Bearer ka_x").as_deref(), Some("ka_x"));
        assert_eq!(bearer_of(b"bearer  ka_x").as_deref(), Some("ka_x"));
        for other in [&b"Basic ka_x"[..], b"Bearer", b"", b"Bearer\xff ka_x"] {
            assert_eq!(bearer_of(other), None);
        }
    }

    #[cfg(feature = "bridge")]
    #[test]
    fn a_password_is_all_behind_the_first_colon() {
        let password_of = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
            basic_password(&headers)
        };
        assert_eq!(password_of("Basic dXNlcjprazpfeA==").as_deref(), Some("kk:_x"));
        assert_eq!(password_of("basic  Omtr").as_deref(), Some("kk"));
        for other in ["Basic", "Basic !", "Basic dXNlcg==", "Basic /w==", "Bearer dXNlcjpr"] {
            assert_eq!(password_of(other), None, "{other}");
        }
    }

    #[test]
    fn sessions_end() {
        let now = Micros(1_800_000_000_000_000);
        let session = |principal, seen_s: i64, expires_s: Option<i64>| Session {
            token_hash: [0; 32],
            id: uuid::Uuid::nil(),
            principal,
            inbox: None,
            created_at: now,
            last_seen_at: now.plus_seconds(-seen_s),
            expires_at: expires_s.map(|seconds| now.plus_seconds(seconds)),
            user_agent: String::new(),
            address: String::new(),
        };
        let (agent, visitor) = (Principal::Agent(AgentKey(1)), Principal::Visitor(VisitorKey(1)));
        let ended = |session: &Session| has_ended(session, Duration::from_secs(60), now);
        assert!(!ended(&session(agent, 59, Some(1))));
        assert!(ended(&session(agent, 60, Some(1))));
        assert!(ended(&session(agent, 0, Some(0))));
        assert!(!ended(&session(visitor, 600, Some(1))));
        assert!(!ended(&session(visitor, 600, None)));
        assert!(ended(&session(visitor, 0, Some(-1))));
        assert!(is_stale(&session(visitor, 300, None), now) && !is_stale(&session(visitor, 299, None), now));
    }

    proptest! {
        #[test]
        fn no_header_panics(authorization in proptest::collection::vec(any::<u8>(), 0..80), cookies in "\\PC{0,80}") {
            bearer_of(&authorization);
            let mut headers = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_bytes(cookies.as_bytes()) {
                headers.insert(http::header::COOKIE, value);
            }
            let found = cookie::token(&headers).unwrap_or_default();
            prop_assert!(token::recognise(found).is_none());
        }
    }
}
