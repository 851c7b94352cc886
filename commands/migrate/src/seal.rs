//! Lines that only who has the key reads: XChaCha20-Poly1305.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce, aead::Aead as _};
use kefu_app::Failure;

const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

/// What seals and opens lines.
#[derive(Clone)]
pub(crate) struct Seal(XChaCha20Poly1305);

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seal(…)")
    }
}

impl Seal {
    /// With a key in hexadecimal digits or Base64.
    pub(crate) fn from_text(text: &str) -> Option<Self> {
        let key: [u8; KEY_BYTES] = match text.len() {
            64 => {
                let digits =
                    (0..KEY_BYTES).map(|at| u8::from_str_radix(text.get(at * 2..at * 2 + 2)?, 16).ok());
                digits.collect::<Option<Vec<_>>>()?.try_into().ok()?
            }
            _ => STANDARD.decode(text).ok()?.try_into().ok()?,
        };
        Some(Self(XChaCha20Poly1305::new(&key.into())))
    }

    /// A text, sealed, in Base64.
    pub(crate) fn seal(&self, text: &[u8]) -> Result<String, Failure> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|error| Failure::internal(error.to_string()))?;
        let sealed = self.0.encrypt(&XNonce::from(nonce), text);
        let sealed = sealed.map_err(|error| Failure::internal(error.to_string()))?;
        Ok(STANDARD.encode([&nonce[..], &sealed].concat()))
    }

    /// What was sealed; nothing, if it was sealed under another key or is damaged.
    pub(crate) fn open(&self, sealed: &str) -> Option<Vec<u8>> {
        let bytes = STANDARD.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_first_chunk::<NONCE_BYTES>()?;
        self.0.decrypt(&XNonce::from(*nonce), sealed).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_opened_by_its_own_key_alone() {
        let one = Seal::from_text(&"a7".repeat(32)).unwrap();
        let sealed = one.seal("手机 138".as_bytes()).unwrap();
        assert!(!sealed.contains("138"));
        assert_eq!(one.open(&sealed).as_deref(), Some("手机 138".as_bytes()));
        assert_ne!(one.seal(b"x").unwrap(), one.seal(b"x").unwrap());
        let other = Seal::from_text(&STANDARD.encode([7; 32])).unwrap();
        assert_eq!(other.open(&sealed), None);
        assert_eq!(one.open("AAAA"), None);
        assert!(Seal::from_text("short").is_none() && Seal::from_text(&"é".repeat(32)).is_none());
    }
}
