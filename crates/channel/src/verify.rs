//! Whether a request is from the service.

use base64::Engine as _;
use kefu_wire::BASE64;

use super::{
    crypto::{self, Hasher},
    file::{Basic, Encoding, Fixed, Fresh, Hash, Hmac, Proof, Sha1Sorted, StandardWebhooks, Unit, Verify},
    reference::{Reference, Sources, header},
};

/// How far the times of Standard Webhooks may be off.
pub(super) const STANDARD_WITHIN_MS: i64 = 300_000;
/// Signatures that are looked at in a header which may have several.
const SIGNATURES_MAX: usize = 8;

impl Verify {
    /// Says why the request is not from the service, for the log.
    pub(super) fn check(&self, sources: &Sources<'_>, now_ms: i64) -> Result<(), String> {
        match &self.proof {
            Proof::Sha1Sorted(proof) => sha1_sorted(proof, sources),
            Proof::Hash(Hash { alg, over, encode, prefix, equals }) => {
                let mut hasher = Hasher::new(*alg);
                over.feed(sources, &mut |bytes| hasher.feed(bytes)).map_err(|missing| absent(&missing))?;
                digest(&hasher.finish(), equals, prefix, *encode, sources)
            }
            Proof::Hmac(Hmac { alg, key, over, encode, prefix, equals }) => {
                let mut hasher = Hasher::keyed(*alg, &find(key, sources)?);
                over.feed(sources, &mut |bytes| hasher.feed(bytes)).map_err(|missing| absent(&missing))?;
                digest(&hasher.finish(), equals, prefix, *encode, sources)
            }
            Proof::Static(Fixed { value, equals }) => {
                let (value, expected) = (find(value, sources)?, find(equals, sources)?);
                right(!expected.is_empty() && crypto::equal(&value, &expected), value_name(&self.proof))
            }
            Proof::Basic(proof) => basic(proof, sources),
            Proof::StandardWebhooks(proof) => standard_webhooks(proof, sources, now_ms),
            Proof::Fresh(Fresh { value, unit, within }) => {
                let within = i64::try_from(within.0).unwrap_or(i64::MAX);
                fresh(&find(value, sources)?, *unit, within, now_ms)
            }
        }
    }
}

fn value_name(proof: &Proof) -> String {
    match proof {
        Proof::Static(Fixed { value, .. }) => value.to_string(),
        _ => "the signature".to_owned(),
    }
}

fn absent(reference: &Reference) -> String {
    format!("{reference} is not there")
}

fn find<'r>(reference: &Reference, sources: &Sources<'r>) -> Result<std::borrow::Cow<'r, [u8]>, String> {
    reference.find(sources).ok_or_else(|| absent(reference))
}

fn right(is_right: bool, what: impl std::fmt::Display) -> Result<(), String> {
    if is_right { Ok(()) } else { Err(format!("{what} is not right")) }
}

fn sha1_sorted(proof: &Sha1Sorted, sources: &Sources<'_>) -> Result<(), String> {
    let parts = proof.parts.iter().map(|part| find(part, sources)).collect::<Result<Vec<_>, _>>()?;
    let written = find(&proof.equals, sources)?;
    let digest = crypto::sha1_sorted(parts.iter().map(AsRef::as_ref).collect());
    right(crypto::equal(digest.as_bytes(), &written.to_ascii_lowercase()), &proof.equals)
}

fn digest(
    digest: &[u8],
    equals: &Reference,
    prefix: &str,
    encoding: Encoding,
    sources: &Sources<'_>,
) -> Result<(), String> {
    let written = find(equals, sources)?;
    let written = written
        .strip_prefix(prefix.as_bytes())
        .ok_or_else(|| format!("{equals} does not begin with {prefix:?}"))?;
    right(crypto::is_digest(digest, written, encoding), equals)
}

fn basic(proof: &Basic, sources: &Sources<'_>) -> Result<(), String> {
    let written =
        header(sources.request.headers, "authorization").ok_or("header.authorization is not there")?;
    let (scheme, written) = written.split_once(' ').unwrap_or((written, ""));
    let (user, password) = (find(&proof.user, sources)?, find(&proof.password, sources)?);
    let expected = [&user[..], b":", &password[..]].concat();
    let written = BASE64.decode(written.trim()).unwrap_or_default();
    let is_right =
        scheme.eq_ignore_ascii_case("basic") && !password.is_empty() && crypto::equal(&written, &expected);
    right(is_right, "header.authorization")
}

/// The key of Standard Webhooks: base64 after `whsec_`.
pub(super) fn standard_key(written: &[u8]) -> Option<Vec<u8>> {
    BASE64.decode(written.strip_prefix(b"whsec_").unwrap_or(written)).ok().filter(|key| !key.is_empty())
}

fn standard_webhooks(proof: &StandardWebhooks, sources: &Sources<'_>, now_ms: i64) -> Result<(), String> {
    let named = |name: &str| {
        header(sources.request.headers, name).ok_or_else(|| format!("header.{name} is not there"))
    };
    let (id, time, written) =
        (named("webhook-id")?, named("webhook-timestamp")?, named("webhook-signature")?);
    fresh(time.as_bytes(), Unit::Seconds, STANDARD_WITHIN_MS, now_ms)?;
    let key = standard_key(&find(&proof.key, sources)?)
        .ok_or_else(|| format!("{} is no key in base64", proof.key))?;
    let digest = standard_digest(&key, id, time, sources.request.body);
    let signatures = written.split(' ').take(SIGNATURES_MAX).filter_map(|one| one.strip_prefix("v1,"));
    let right_ones =
        signatures.filter(|one| crypto::is_digest(&digest, one.as_bytes(), Encoding::Base64)).count();
    right(right_ones > 0, "header.webhook-signature")
}

pub(super) fn standard_digest(key: &[u8], id: &str, time: &str, body: &[u8]) -> Vec<u8> {
    let mut hasher = Hasher::keyed(super::file::Algorithm::Sha256, key);
    [id.as_bytes(), b".", time.as_bytes(), b".", body].into_iter().for_each(|bytes| hasher.feed(bytes));
    hasher.finish()
}

fn fresh(written: &[u8], unit: Unit, within_ms: i64, now_ms: i64) -> Result<(), String> {
    let time: Option<i64> = std::str::from_utf8(written).ok().and_then(|text| text.trim().parse().ok());
    let time = time.ok_or("the request's time is no number")?;
    let time = match unit {
        Unit::Seconds => time.saturating_mul(1_000),
        Unit::Milliseconds => time,
    };
    if time.saturating_sub(now_ms).saturating_abs() <= within_ms {
        Ok(())
    } else {
        Err(format!("the request's time is off by more than {} s", within_ms / 1_000))
    }
}
