use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use kefu_core::{FileData, Micros};
use uuid::Uuid;

use crate::{auth::Secrets, clock};

/// What the signatures are for.
const PURPOSE: &str = "files";

/// Into how many steps the life of an address is divided: within one, it stays the same and browsers keep the file.
const STEPS: i64 = 4;

/// Makes and checks the addresses of files. The one by default makes none.
#[derive(Clone, Default)]
pub(crate) struct Links(Option<Arc<Signer>>);

struct Signer {
    secrets: Arc<Secrets>,
    life_s: i64,
}

impl Links {
    /// Addresses that hold for `life` at most.
    pub(crate) fn new(secrets: Arc<Secrets>, life: Duration) -> Self {
        let life_s = i64::try_from(life.as_secs()).unwrap_or(i64::MAX / 4).max(STEPS);
        Self(Some(Arc::new(Signer { secrets, life_s })))
    }

    /// The data of a message with its file's address in it.
    pub(crate) fn add_to<'a>(&self, data: &'a str) -> Cow<'a, str> {
        let parsed = serde_json::from_str::<FileData<'_>>(data).ok();
        let url = parsed.and_then(|file| self.address(file.file_id, &file.name, clock::now()));
        match (url, data.strip_suffix('}')) {
            // An address has no character that JSON writes otherwise.
            (Some(url), Some(open)) => Cow::Owned(format!("{open},\"url\":\"{url}\"}}")),
            _ => Cow::Borrowed(data),
        }
    }

    /// Where a file can be fetched from `now` on, relative to the daemon.
    pub(crate) fn address(&self, id: Uuid, name: &str, now: Micros) -> Option<String> {
        let signer = self.0.as_ref()?;
        let step = signer.life_s / STEPS;
        let expires = (now.0 / 1_000_000 + signer.life_s) / step * step;
        let signature = BASE64_URL_SAFE_NO_PAD.encode(signer.secrets.sign(PURPOSE, &signed(id, expires)));
        Some(format!("/files/{id}/{}?expires={expires}&signature={signature}", percent(name)))
    }

    /// Whether an address with these parameters was made here and still holds.
    pub(crate) fn is_valid(&self, id: Uuid, expires: &str, signature: &str, now: Micros) -> bool {
        let Some(signer) = &self.0 else { return false };
        let (Ok(expires), Ok(signature)) = (expires.parse(), BASE64_URL_SAFE_NO_PAD.decode(signature)) else {
            return false;
        };
        signer.secrets.has_signed(PURPOSE, &signed(id, expires), &signature) && expires > now.0 / 1_000_000
    }
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Links(…)")
    }
}

fn signed(id: Uuid, expires: i64) -> String {
    format!("{id}\n{expires}")
}

/// Writes a text so that it can stand in a path, and in the extended parameters of headers (RFC 8187).
pub(crate) fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte.into());
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_for_its_file_and_its_time() {
        let links = Links::new(Arc::new(Secrets::new(&[1; 32])), Duration::from_secs(3600));
        let (id, now) = (Uuid::from_u128(7), Micros(1_790_000_000_000_000));
        let url = links.address(id, "a b/发票.pdf", now).unwrap();
        let (path, query) = url.split_once('?').unwrap();
        assert_eq!(path, format!("/files/{id}/a%20b%2F%E5%8F%91%E7%A5%A8.pdf"));
        let (expires, signature) = query.split_once('&').unwrap();
        let expires = expires.strip_prefix("expires=").unwrap();
        let signature = signature.strip_prefix("signature=").unwrap();
        assert!(links.is_valid(id, expires, signature, now));
        assert!(links.is_valid(id, expires, signature, now.plus_seconds(2700)));
        assert!(!links.is_valid(id, expires, signature, now.plus_seconds(3601)));
        assert!(!links.is_valid(Uuid::from_u128(8), expires, signature, now));
        let later = (expires.parse::<i64>().unwrap() + 1).to_string();
        for (expires, signature) in [(&*later, signature), (expires, ""), (expires, "AAAA"), ("x", signature)]
        {
            assert!(!links.is_valid(id, expires, signature, now), "{expires} {signature}");
        }
        let other = Links::new(Arc::new(Secrets::new(&[2; 32])), Duration::from_secs(3600));
        assert!(!other.is_valid(id, expires, signature, now));
    }

    #[test]
    fn the_address_is_added_to_the_data() {
        let links = Links::new(Arc::new(Secrets::new(&[1; 32])), Duration::from_secs(3600));
        let id = Uuid::from_u128(7);
        let data = format!(r#"{{"file_id":"{id}","name":"a\"b.png","size":3,"media_type":"image/png"}}"#);
        let shown: serde_json::Value = serde_json::from_str(&links.add_to(&data)).unwrap();
        assert!(shown["url"].as_str().unwrap().starts_with(&format!("/files/{id}/a%22b.png?expires=")));
        assert_eq!(Links::default().add_to(&data), data);
    }
}
