//! Secrets at rest: XChaCha20-Poly1305 under one key of the installation.

use std::{
    fmt, fs,
    io::{self, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use sha2::{Digest as _, Sha256};

/// Name of the key file in the data directory.
const FILE_NAME: &str = "secret.key";
/// First byte of a blob.
const VERSION: u8 = 1;
/// Bytes of the key's own id in a blob: after a rotation it tells which key opens it.
const KEY_ID_LEN: usize = 4;
const NONCE_LEN: usize = 24;
const HEADER_LEN: usize = 1 + KEY_ID_LEN + NONCE_LEN;

/// The key that seals secrets which kefu must be able to read again.
pub(crate) struct Secrets {
    cipher: XChaCha20Poly1305,
    key_id: [u8; KEY_ID_LEN],
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretsError {
    /// The configured key is not one.
    #[error("the secret key is not 32 bytes in hexadecimal or base64")]
    Configured,
    /// The file holds something else.
    #[error("{} does not hold a key of 32 bytes in hexadecimal or base64", .0.display())]
    File(PathBuf),
    /// The file cannot be read or made.
    #[error("cannot use {}", path.display())]
    Io {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
}

/// Why a secret cannot be sealed or opened.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum SealError {
    /// The system gives no random bytes.
    #[error("no random bytes can be had")]
    Random,
    /// It was sealed under another key.
    #[error("it was sealed under another secret key")]
    OtherKey,
    /// It is not what was once sealed.
    #[error("the sealed secret is damaged")]
    Damaged,
}

impl Secrets {
    /// Takes the configured key, or the one in `data_dir`, which is made when there is none.
    ///
    /// # Errors
    /// When the key is malformed, or its file cannot be read or made.
    pub(crate) fn load(data_dir: &Path, configured: Option<&str>) -> Result<Self, SecretsError> {
        if let Some(text) = configured {
            return Ok(Self::new(&parse_key(text).ok_or(SecretsError::Configured)?));
        }
        let path = data_dir.join(FILE_NAME);
        match fs::read_to_string(&path) {
            Ok(text) => {
                if fs::metadata(&path).is_ok_and(|meta| meta.mode() & 0o077 != 0) {
                    tracing::warn!(path = %path.display(), "others may read the secret key: set its mode to 0600");
                }
                Ok(Self::new(&parse_key(&text).ok_or(SecretsError::File(path))?))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let made = make_key_file(data_dir, &path);
                made.map(|key| Self::new(&key)).map_err(|source| SecretsError::Io { path, source })
            }
            Err(source) => Err(SecretsError::Io { path, source }),
        }
    }

    /// Seals with this key.
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        let digest = Sha256::digest(key);
        let mut key_id = [0; KEY_ID_LEN];
        key_id.copy_from_slice(&digest[..KEY_ID_LEN]);
        Self { cipher: XChaCha20Poly1305::new(key.into()), key_id }
    }

    /// Seals `plain`; `purpose` must be named again to open it.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub(crate) fn seal(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|_| SealError::Random)?;
        let mut blob = Vec::with_capacity(HEADER_LEN + plain.len() + 16);
        blob.push(VERSION);
        blob.extend_from_slice(&self.key_id);
        blob.extend_from_slice(&nonce);
        let payload = Payload { msg: plain, aad: purpose.as_bytes() };
        let sealed = self.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| SealError::Damaged)?;
        blob.extend_from_slice(&sealed);
        Ok(blob)
    }

    /// What was sealed for `purpose`.
    ///
    /// # Errors
    /// When it was sealed under another key or for another purpose, or is damaged.
    pub(crate) fn open(&self, purpose: &str, blob: &[u8]) -> Result<Vec<u8>, SealError> {
        let (header, sealed) = blob.split_first_chunk::<HEADER_LEN>().ok_or(SealError::Damaged)?;
        let [VERSION, rest @ ..] = header else { return Err(SealError::Damaged) };
        let (key_id, nonce) = rest.split_at(KEY_ID_LEN);
        if key_id != self.key_id {
            return Err(SealError::OtherKey);
        }
        let nonce: [u8; NONCE_LEN] = nonce.try_into().map_err(|_| SealError::Damaged)?;
        let payload = Payload { msg: sealed, aad: purpose.as_bytes() };
        self.cipher.decrypt(&XNonce::from(nonce), payload).map_err(|_| SealError::Damaged)
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(…)")
    }
}

fn parse_key(text: &str) -> Option<[u8; 32]> {
    let text = text.trim();
    let bytes = match text.len() {
        64 => super::hex::decode(text)?,
        44 => BASE64_STANDARD.decode(text).ok()?,
        _ => return None,
    };
    bytes.try_into().ok()
}

/// Writes a fresh key beside its name and then renames it, so that no crash leaves half of one.
fn make_key_file(data_dir: &Path, path: &Path) -> io::Result<[u8; 32]> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(io::Error::other)?;
    let fresh = path.with_extension("key.new");
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
    file.write_all(format!("{}\n", BASE64_STANDARD.encode(key)).as_bytes())?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    fs::File::open(data_dir)?.sync_all()?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_what_it_sealed_and_nothing_else() {
        let secrets = Secrets::new(&[7; 32]);
        let blob = secrets.seal("inbox", b"a secret").unwrap();
        assert_eq!(secrets.open("inbox", &blob).unwrap(), b"a secret");
        assert_ne!(blob, secrets.seal("inbox", b"a secret").unwrap());
        assert_eq!(secrets.open("other", &blob), Err(SealError::Damaged));
        assert_eq!(Secrets::new(&[8; 32]).open("inbox", &blob), Err(SealError::OtherKey));
        for at in 0..blob.len() {
            let mut bad = blob.clone();
            bad[at] ^= 1;
            assert!(secrets.open("inbox", &bad).is_err(), "byte {at}");
            assert!(secrets.open("inbox", &blob[..at]).is_err(), "length {at}");
        }
    }

    #[test]
    fn the_key_file_is_made_once_and_is_private() {
        let dir = tempfile::tempdir().unwrap();
        let blob = Secrets::load(dir.path(), None).unwrap().seal("inbox", b"x").unwrap();
        let path = dir.path().join(FILE_NAME);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert_eq!(Secrets::load(dir.path(), None).unwrap().open("inbox", &blob).unwrap(), b"x");
        fs::write(&path, "short").unwrap();
        assert!(matches!(Secrets::load(dir.path(), None), Err(SecretsError::File(_))));
    }

    #[test]
    fn a_configured_key_may_be_written_in_two_ways() {
        let dir = tempfile::tempdir().unwrap();
        let hex = Secrets::load(dir.path(), Some(&"07".repeat(32))).unwrap();
        let base64 = Secrets::load(dir.path(), Some(&BASE64_STANDARD.encode([7; 32]))).unwrap();
        assert_eq!(hex.key_id, base64.key_id);
        for bad in ["", "07", &"0g".repeat(32), &"é".repeat(32)] {
            assert!(matches!(Secrets::load(dir.path(), Some(bad)), Err(SecretsError::Configured)));
        }
        assert!(!dir.path().join(FILE_NAME).exists());
    }
}
