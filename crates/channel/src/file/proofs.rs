//! What proves that a request is from a service, and what takes its cover off.

use serde::Deserialize;

use super::{Format, Method, Span};
use crate::reference::{Reference, Template};

/// One proof; exactly one of its keys besides `on` is there.
#[derive(Debug, Deserialize)]
#[serde(try_from = "VerifyKeys")]
pub(in super::super) struct Verify {
    pub(in super::super) on: Option<Method>,
    pub(in super::super) proof: Proof,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct VerifyKeys {
    #[serde(default)]
    on: Option<Method>,
    #[serde(default)]
    sha1_sorted: Option<Sha1Sorted>,
    #[serde(default)]
    hash: Option<Hash>,
    #[serde(default)]
    hmac: Option<Hmac>,
    #[serde(default, rename = "static")]
    fixed: Option<Fixed>,
    #[serde(default)]
    basic: Option<Basic>,
    #[serde(default)]
    standard_webhooks: Option<StandardWebhooks>,
    #[serde(default)]
    fresh: Option<Fresh>,
}

impl TryFrom<VerifyKeys> for Verify {
    type Error = &'static str;

    fn try_from(keys: VerifyKeys) -> Result<Self, Self::Error> {
        let VerifyKeys { on, sha1_sorted, hash, hmac, fixed, basic, standard_webhooks, fresh } = keys;
        let proofs = [
            sha1_sorted.map(Proof::Sha1Sorted),
            hash.map(Proof::Hash),
            hmac.map(Proof::Hmac),
            fixed.map(Proof::Static),
            basic.map(Proof::Basic),
            standard_webhooks.map(Proof::StandardWebhooks),
            fresh.map(Proof::Fresh),
        ];
        let mut proofs = proofs.into_iter().flatten();
        match (proofs.next(), proofs.next()) {
            (Some(proof), None) => Ok(Self { on, proof }),
            _ => Err("each proof is one of sha1_sorted, hash, hmac, static, basic, standard_webhooks, fresh"),
        }
    }
}

/// What proves that a request is from the service.
#[derive(Debug)]
pub(in super::super) enum Proof {
    Sha1Sorted(Sha1Sorted),
    Hash(Hash),
    Hmac(Hmac),
    Static(Fixed),
    Basic(Basic),
    StandardWebhooks(StandardWebhooks),
    Fresh(Fresh),
}

/// SHA-1 over the parts in the order of their bytes, in hexadecimal, as WeChat has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Sha1Sorted {
    /// The parts.
    pub(in super::super) parts: Vec<Reference>,
    /// Where the digest is.
    pub(in super::super) equals: Reference,
}

/// A digest over a text in which the secret is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Hash {
    /// Which digest.
    #[serde(default)]
    pub(in super::super) alg: Algorithm,
    /// What it is over.
    pub(in super::super) over: Template,
    /// How it is written.
    #[serde(default)]
    pub(in super::super) encode: Encoding,
    /// What stands before it.
    #[serde(default)]
    pub(in super::super) prefix: String,
    /// Where it is.
    pub(in super::super) equals: Reference,
}

/// A digest with a key.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Hmac {
    /// Which digest.
    #[serde(default)]
    pub(in super::super) alg: Algorithm,
    /// The key.
    pub(in super::super) key: Reference,
    /// What it is over.
    pub(in super::super) over: Template,
    /// How it is written.
    #[serde(default)]
    pub(in super::super) encode: Encoding,
    /// What stands before it.
    #[serde(default)]
    pub(in super::super) prefix: String,
    /// Where it is.
    pub(in super::super) equals: Reference,
}

/// A value that only the service knows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Fixed {
    /// Where it is.
    pub(in super::super) value: Reference,
    /// What it is.
    pub(in super::super) equals: Reference,
}

/// HTTP Basic authentication.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Basic {
    /// The name.
    pub(in super::super) user: Reference,
    /// The password.
    pub(in super::super) password: Reference,
}

/// Signatures as <https://www.standardwebhooks.com> describes them, with times within 5 minutes.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct StandardWebhooks {
    /// The key, as `whsec_…` or in base64.
    pub(in super::super) key: Reference,
}

/// A time that must be near; it proves nothing without a signature over it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct Fresh {
    /// Where the time is.
    pub(in super::super) value: Reference,
    /// What it counts since 1970.
    #[serde(default)]
    pub(in super::super) unit: Unit,
    /// How far it may be from now, either way.
    pub(in super::super) within: Span,
}

/// What a time counts.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
pub(in super::super) enum Unit {
    /// Seconds.
    #[default]
    #[serde(rename = "s")]
    Seconds,
    /// Milliseconds.
    #[serde(rename = "ms")]
    Milliseconds,
}

/// Digests.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum Algorithm {
    /// SHA-1, for services that know nothing better.
    Sha1,
    /// SHA-256.
    #[default]
    Sha256,
    /// SHA-512.
    Sha512,
}

/// How a digest is written.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub(in super::super) enum Encoding {
    /// In hexadecimal.
    #[default]
    Hex,
    /// In base64.
    Base64,
}

/// What takes a cover off; exactly one of `wx_aes` and `feishu_aes` is there.
#[derive(Debug, Deserialize)]
#[serde(try_from = "DecryptKeys")]
pub(in super::super) struct Decrypt {
    pub(in super::super) on: Option<Method>,
    /// What is beneath; expressions see it as `body`.
    pub(in super::super) format: Option<Format>,
    pub(in super::super) cipher: Cipher,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct DecryptKeys {
    #[serde(default)]
    on: Option<Method>,
    #[serde(default)]
    format: Option<Format>,
    #[serde(default)]
    wx_aes: Option<WxAes>,
    #[serde(default)]
    feishu_aes: Option<FeishuAes>,
}

impl TryFrom<DecryptKeys> for Decrypt {
    type Error = &'static str;

    fn try_from(keys: DecryptKeys) -> Result<Self, Self::Error> {
        let DecryptKeys { on, format, wx_aes, feishu_aes } = keys;
        let cipher = match (wx_aes, feishu_aes) {
            (Some(cipher), None) => Cipher::Wx(cipher),
            (None, Some(cipher)) => Cipher::Feishu(cipher),
            _ => return Err("each cover is one of wx_aes and feishu_aes"),
        };
        Ok(Self { on, format, cipher })
    }
}

/// How something is covered.
#[derive(Debug)]
pub(in super::super) enum Cipher {
    Wx(WxAes),
    Feishu(FeishuAes),
}

/// The cover of WeChat, WeCom and DingTalk: AES-256-CBC over random bytes, a length, the text and a name.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct WxAes {
    /// What is covered.
    pub(in super::super) field: Reference,
    /// The `EncodingAESKey` of 43 characters.
    pub(in super::super) key: Reference,
    /// The name that must stand beneath: the app's or the company's id.
    pub(in super::super) id: Reference,
}

/// The cover of Feishu: AES-256-CBC with the key's SHA-256, after its initial vector.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct FeishuAes {
    /// What is covered.
    pub(in super::super) field: Reference,
    /// The key, as the operator has it.
    pub(in super::super) key: Reference,
}
