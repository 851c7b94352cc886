//! Requests as a service would make them: for trying a channel out, and for its examples.

use std::collections::BTreeMap;

use super::{
    Channel, Fault, Given, Method, Request,
    crypto::{self, Hasher},
    file::{Cipher, Encoding, Format, Hash, Hmac, Proof, Unit, Verify, WxAes},
    reference::{Reference, Sources},
    system::System,
    url,
    verify::{standard_digest, standard_key},
};

/// What the service wants to say.
#[derive(Clone, Debug, Default)]
pub struct Plain {
    /// How it asks.
    pub method: Method,
    /// Parameters of its address.
    pub query: Vec<(String, String)>,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body, without cover.
    pub body: Vec<u8>,
}

/// A request with its cover and its signatures.
#[derive(Clone, Debug, Default)]
pub struct Signed {
    /// How it asks.
    pub method: Method,
    /// What follows the `?` of its address.
    pub query: String,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Signed {
    /// Itself as it comes.
    #[must_use]
    pub fn request(&self) -> Request<'_> {
        let Self { method, query, headers, body } = self;
        Request { method: *method, query, headers, body }
    }
}

/// What is chosen by chance in a request.
#[derive(Clone, Copy, Debug)]
pub struct Seed(pub [u8; 16]);

impl Channel {
    /// Covers and signs a request as the service would. Headers and parameters that are there already are kept.
    ///
    /// # Errors
    /// A value is missing, or a signature is over something that cannot be made up.
    pub fn sign(&self, plain: &Plain, given: &Given, now_ms: i64, seed: Seed) -> Result<Signed, Fault> {
        let receive = self.file.receive.as_ref();
        let receive = receive.ok_or_else(|| Fault::setup("receive", "the service sends no requests"))?;
        let (inner, system) = (plain.body.clone(), self.system.as_ref());
        let mut work = Work { plain: plain.clone(), inner, given, system, now_ms, seed };
        if let Some(name) = self.missing(given).first() {
            return Err(Fault::setup("", format!("{name} has no value")));
        }
        let cover = receive.decrypt.iter().find(|one| one.on.is_none_or(|on| on == plain.method));
        if let Some(cover) = cover {
            work.cover(&cover.cipher, receive.format)?;
        }
        let proofs: Vec<&Verify> =
            receive.verify.iter().filter(|one| one.on.is_none_or(|on| on == plain.method)).collect();
        // Times first, as signatures are over them.
        for one in &proofs {
            if let Proof::Fresh(fresh) = &one.proof {
                work.set(&fresh.value, &time(now_ms, fresh.unit))?;
            }
        }
        for one in &proofs {
            work.prove(&one.proof, receive.format)?;
        }
        let Plain { method, query, headers, body } = work.plain;
        let query = query.iter().map(|(name, value)| format!("{}={}", url::encode(name), url::encode(value)));
        Ok(Signed { method, query: query.collect::<Vec<_>>().join("&"), headers, body })
    }
}

fn time(now_ms: i64, unit: Unit) -> String {
    match unit {
        Unit::Seconds => (now_ms / 1_000).to_string(),
        Unit::Milliseconds => now_ms.to_string(),
    }
}

struct Work<'g> {
    plain: Plain,
    /// The body without cover.
    inner: Vec<u8>,
    given: &'g Given,
    system: Option<&'g System>,
    now_ms: i64,
    seed: Seed,
}

impl Work<'_> {
    fn cover(&mut self, cipher: &Cipher, format: Format) -> Result<(), Fault> {
        let wrong = || Fault::setup("receive.decrypt", "the key is not of the form that the cipher takes");
        let (field, covered) = match cipher {
            Cipher::Wx(WxAes { field, key, id }) => {
                let plain = match field {
                    Reference::Query(name) => {
                        url::parameter(&self.plain.query, name).unwrap_or_default().as_bytes().to_vec()
                    }
                    _ => self.inner.clone(),
                };
                let (key, id) = (self.value(key, format)?, self.value(id, format)?);
                (field, crypto::wx_encrypt(&plain, &key, &id, self.seed.0).ok_or_else(wrong)?)
            }
            Cipher::Feishu(cipher) => {
                let key = self.value(&cipher.key, format)?;
                (&cipher.field, crypto::feishu_encrypt(&self.inner, &key, self.seed.0))
            }
        };
        match (field, format) {
            (Reference::Query(name), _) => {
                self.plain.query.retain(|(other, _)| other != name);
                self.plain.query.push((name.clone(), covered));
            }
            (Reference::Body(path), Format::Json) => {
                let object = path.iter().rev().fold(serde_json::Value::from(covered), |inner, name| {
                    serde_json::Value::Object([(name.clone(), inner)].into_iter().collect())
                });
                self.plain.body = object.to_string().into_bytes();
            }
            (Reference::Body(path), Format::Xml) => {
                let name = path.join(".");
                self.plain.body = format!("<xml><{name}><![CDATA[{covered}]]></{name}></xml>").into_bytes();
            }
            _ => return Err(Fault::setup("receive.decrypt", "a cover of this place cannot be made")),
        }
        Ok(())
    }

    fn prove(&mut self, proof: &Proof, format: Format) -> Result<(), Fault> {
        match proof {
            Proof::Fresh(_) => Ok(()),
            Proof::Sha1Sorted(proof) => {
                let parts =
                    proof.parts.iter().map(|part| self.value(part, format)).collect::<Result<Vec<_>, _>>()?;
                let digest = crypto::sha1_sorted(parts.iter().map(Vec::as_slice).collect());
                self.set(&proof.equals, &digest)
            }
            Proof::Hash(Hash { alg, over, encode, prefix, equals }) => {
                self.complete(over.references(), format)?;
                let mut hasher = Hasher::new(*alg);
                self.feed(over, format, &mut hasher);
                self.set(equals, &format!("{prefix}{}", crypto::encode(&hasher.finish(), *encode)))
            }
            Proof::Hmac(Hmac { alg, key, over, encode, prefix, equals }) => {
                self.complete(over.references(), format)?;
                let mut hasher = Hasher::keyed(*alg, &self.value(key, format)?);
                self.feed(over, format, &mut hasher);
                self.set(equals, &format!("{prefix}{}", crypto::encode(&hasher.finish(), *encode)))
            }
            Proof::Static(proof) => {
                if matches!(proof.value, Reference::Body(_)) {
                    return Ok(());
                }
                let value = self.value(&proof.equals, format)?;
                self.set(&proof.value, &String::from_utf8_lossy(&value))
            }
            Proof::Basic(proof) => {
                let (user, password) =
                    (self.value(&proof.user, format)?, self.value(&proof.password, format)?);
                let pair = crypto::encode(&[&user[..], b":", &password].concat(), Encoding::Base64);
                self.set(&Reference::Header("authorization".to_owned()), &format!("Basic {pair}"))
            }
            Proof::StandardWebhooks(proof) => {
                let key = standard_key(&self.value(&proof.key, format)?);
                let key = key.ok_or_else(|| Fault::setup("receive.verify", "the key is not in base64"))?;
                let id = crypto::encode(&self.seed.0, Encoding::Hex);
                let time = time(self.now_ms, Unit::Seconds);
                let digest = standard_digest(&key, &id, &time, &self.plain.body);
                let signature = format!("v1,{}", crypto::encode(&digest, Encoding::Base64));
                for (name, value) in
                    [("webhook-id", &id), ("webhook-timestamp", &time), ("webhook-signature", &signature)]
                {
                    self.set(&Reference::Header(name.to_owned()), value)?;
                }
                Ok(())
            }
        }
    }

    /// Makes up what a signature is over and the caller did not give.
    fn complete<'r>(
        &mut self,
        mut references: impl Iterator<Item = &'r Reference>,
        format: Format,
    ) -> Result<(), Fault> {
        references.try_for_each(|reference| self.value(reference, format).map(drop))
    }

    fn feed(&self, over: &super::reference::Template, format: Format, hasher: &mut Hasher) {
        let body = super::body::Body::read(&self.plain.body, format, self.system).ok();
        let sources = self.sources(body.as_ref());
        // All references were completed before.
        drop(over.feed(&sources, &mut |bytes| hasher.feed(bytes)));
    }

    fn sources<'s>(&'s self, body: Option<&'s super::body::Body>) -> Sources<'s> {
        let Plain { method, query, headers, body: bytes } = &self.plain;
        let request = Request { method: *method, query: "", headers, body: bytes };
        Sources { request, query, given: self.given, body }
    }

    /// What a reference names; a header or a parameter that is not there is made up.
    fn value(&mut self, reference: &Reference, format: Format) -> Result<Vec<u8>, Fault> {
        let body = matches!(reference, Reference::Body(_))
            .then(|| super::body::Body::read(&self.plain.body, format, self.system).ok());
        let found = reference.find(&self.sources(body.flatten().as_ref())).map(std::borrow::Cow::into_owned);
        if let Some(found) = found {
            return Ok(found);
        }
        let is_time = |name: &str| name.to_ascii_lowercase().contains("time");
        let made_up = match reference {
            Reference::Header(name) | Reference::Query(name) if is_time(name) => {
                time(self.now_ms, Unit::Seconds)
            }
            Reference::Header(_) | Reference::Query(_) => crypto::encode(&self.seed.0[..4], Encoding::Hex),
            _ => return Err(Fault::setup("receive.verify", format!("{reference} is not there"))),
        };
        self.set(reference, &made_up)?;
        Ok(made_up.into_bytes())
    }

    fn set(&mut self, reference: &Reference, value: &str) -> Result<(), Fault> {
        let (list, name) = match reference {
            Reference::Header(name) => (&mut self.plain.headers, name),
            Reference::Query(name) => (&mut self.plain.query, name),
            _ => {
                return Err(Fault::setup(
                    "receive.verify",
                    format!("{reference} cannot be put into a request"),
                ));
            }
        };
        if !list.iter().any(|(other, _)| other.eq_ignore_ascii_case(name)) {
            list.push((name.clone(), value.to_owned()));
        }
        Ok(())
    }
}

/// Headers or parameters of an example.
pub(super) fn pairs(map: &BTreeMap<String, String>) -> Vec<(String, String)> {
    map.iter().map(|(name, value)| (name.clone(), value.clone())).collect()
}
