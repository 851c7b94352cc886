//! Proofs of who a visitor is: a plain HMAC of its id, or a signed token with an expiry.
//!
//! The tokens are JSON Web Tokens (RFC 7519) signed with HS256 and nothing else. They are verified here
//! rather than by a library: the well-kept one brings an RSA implementation with an open advisory, and
//! what one algorithm needs is a MAC, base64 and JSON, all of which are here anyway.

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use kefu_core::Micros;
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::Sha256;

/// Longest token that is looked at, in bytes.
pub(crate) const MAX_JWT_BYTES: usize = 4096;
/// How far ahead a token may expire, in seconds.
pub(crate) const MAX_LIFETIME_S: i64 = 24 * 3600;
/// How far two clocks may be apart, in seconds.
const LEEWAY_S: i64 = 60;

/// What a signed token says of its bearer.
#[derive(Debug, Deserialize)]
pub(crate) struct Claims {
    /// The company's own id of this person.
    pub(crate) sub: String,
    exp: Option<f64>,
    nbf: Option<f64>,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) attributes: Option<Map<String, Value>>,
}

/// Why a token proves nothing.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum JwtError {
    #[error("the token is longer than {MAX_JWT_BYTES} bytes")]
    TooLong,
    #[error("the token is malformed")]
    Malformed,
    #[error("the token is not signed with HS256")]
    Algorithm,
    #[error("the token's signature is wrong")]
    Signature,
    #[error("the token has no `exp`")]
    NoExpiry,
    #[error("the token has expired")]
    Expired,
    #[error("the token expires more than 24 hours from now")]
    TooLasting,
    #[error("the token is not valid yet")]
    Early,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    /// Extensions that must be understood; none are.
    crit: Option<Value>,
}

/// Whether `proof` is the hexadecimal HMAC-SHA256 of `external_id`, compared in constant time.
pub(crate) fn proves(secret: &[u8], external_id: &str, proof: &str) -> bool {
    let Some(proof) = super::hex::decode(proof) else { return false };
    mac(secret, external_id.as_bytes()).verify_slice(&proof).is_ok()
}

/// What `token` says, if it is signed with `secret` and valid at `now`.
///
/// # Errors
/// The first reason why it proves nothing.
pub(crate) fn verify_jwt(secret: &[u8], token: &str, now: Micros) -> Result<Claims, JwtError> {
    if token.len() > MAX_JWT_BYTES {
        return Err(JwtError::TooLong);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(JwtError::Malformed)?;
    let (header, payload) = signed.split_once('.').ok_or(JwtError::Malformed)?;
    let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| JwtError::Malformed)?;
    if header.alg != "HS256" || header.crit.is_some() {
        return Err(JwtError::Algorithm);
    }
    mac(secret, signed.as_bytes()).verify_slice(&decode(signature)?).map_err(|_| JwtError::Signature)?;
    let claims: Claims = serde_json::from_slice(&decode(payload)?).map_err(|_| JwtError::Malformed)?;
    check_times(&claims, now)?;
    Ok(claims)
}

fn check_times(claims: &Claims, now: Micros) -> Result<(), JwtError> {
    let now_s = now.0.div_euclid(1_000_000) as f64;
    let expiry = claims.exp.ok_or(JwtError::NoExpiry)?;
    if expiry <= now_s - LEEWAY_S as f64 {
        return Err(JwtError::Expired);
    }
    if expiry > now_s + (MAX_LIFETIME_S + LEEWAY_S) as f64 {
        return Err(JwtError::TooLasting);
    }
    match claims.nbf {
        Some(start) if start > now_s + LEEWAY_S as f64 => Err(JwtError::Early),
        _ => Ok(()),
    }
}

fn decode(part: &str) -> Result<Vec<u8>, JwtError> {
    BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| JwtError::Malformed)
}

fn mac(secret: &[u8], text: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(text);
    mac
}

#[cfg(test)]
mod tests;
