//! Secrets at rest: XChaCha20-Poly1305 under a key of the installation, which is kept outside the store.
//!
//! Keys are rotated: a fresh one is added behind the others and seals from then on, while the others go on opening
//! what they sealed, also in backups.

use std::{
    fmt, fs,
    io::{self, Write as _},
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use base64::{Engine as _, prelude::BASE64_STANDARD};
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};

/// Name of the key file in the data directory.
const FILE_NAME: &str = "secret.key";
/// First byte of a blob.
const VERSION: u8 = 1;
/// Bytes of the key's own id in a blob: after a rotation it tells which key opens it.
const KEY_ID_LEN: usize = 4;
const NONCE_LEN: usize = 24;
const HEADER_LEN: usize = 1 + KEY_ID_LEN + NONCE_LEN;

/// Most keys in a file.
const KEYS_MAX: usize = 16;

/// The keys that seal secrets which kefu must be able to read again: the newest one seals, all of them open.
pub(crate) struct Secrets {
    ring: RwLock<Arc<Ring>>,
    /// Where the keys come from, unless from the configuration.
    file: Option<PathBuf>,
}

/// Keys, oldest first; never empty.
struct Ring(Vec<Key>);

struct Key {
    cipher: XChaCha20Poly1305,
    id: [u8; KEY_ID_LEN],
    /// A key of its own, for [`Secrets::pseudonym`].
    pseudonyms: [u8; 32],
    /// A key of its own, for [`Secrets::sign`].
    signatures: [u8; 32],
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretsError {
    /// The configured key is not one.
    #[error("the secret key is not 32 bytes in hexadecimal or base64")]
    Configured,
    /// The file holds something else.
    #[error("{} does not hold keys of 32 bytes in hexadecimal or base64, one a line", .0.display())]
    File(PathBuf),
    /// The file holds so many keys that no more is taken.
    #[error("{} holds {KEYS_MAX} keys: remove those that no backup needs any more", .0.display())]
    Full(PathBuf),
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
    /// Takes the configured keys, separated by commas, or those in `data_dir`, where one is made when there is none.
    ///
    /// # Errors
    /// When a key is malformed, or the file cannot be read or made.
    pub(crate) fn load(data_dir: &Path, configured: Option<&str>) -> Result<Self, SecretsError> {
        if let Some(text) = configured {
            let ring = Ring::parse(text.split(',')).ok_or(SecretsError::Configured)?;
            return Ok(Self { ring: RwLock::new(Arc::new(ring)), file: None });
        }
        let path = data_dir.join(FILE_NAME);
        let ring = match read_key_file(&path) {
            Err(SecretsError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                let made = make_key_file(data_dir, &path);
                Ring(vec![Key::new(&made.map_err(|source| SecretsError::Io { path: path.clone(), source })?)])
            }
            read => read?,
        };
        Ok(Self { ring: RwLock::new(Arc::new(ring)), file: Some(path) })
    }

    /// Seals and opens with one key.
    #[cfg(test)]
    pub(crate) fn new(key: &[u8; 32]) -> Self {
        Self { ring: RwLock::new(Arc::new(Ring(vec![Key::new(key)]))), file: None }
    }

    /// Reads the file again; says whether another key seals from now on. Configured keys stay what they are.
    ///
    /// # Errors
    /// When the file cannot be read or holds something else: the keys stay what they were.
    pub(crate) fn reload(&self) -> Result<bool, SecretsError> {
        let Some(path) = &self.file else { return Ok(false) };
        let read = Arc::new(read_key_file(path)?);
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        let has_changed = ring.newest().id != read.newest().id;
        *ring = read;
        Ok(has_changed)
    }

    /// Adds a fresh key to the file in `data_dir`, behind those that are there; returns how many it holds then.
    ///
    /// # Errors
    /// When there is no file of keys, when it is full, when it cannot be written, or when somebody else is about it.
    pub(crate) fn rotate(data_dir: &Path) -> Result<usize, SecretsError> {
        let path = data_dir.join(FILE_NAME);
        let fresh = path.with_extension("key.new");
        let failed = |source| SecretsError::Io { path: fresh.clone(), source };
        read_key_file(&path)?;
        // Whoever makes this file has the turn: what is read from now on is what is replaced.
        let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh);
        let rotated = match &mut file {
            Ok(file) => append_key(&path, file),
            Err(_) => Ok(0),
        };
        file.map_err(failed)?;
        let renamed = rotated.and_then(|keys| {
            fs::rename(&fresh, &path).map_err(failed)?;
            fs::File::open(data_dir).and_then(|dir| dir.sync_all()).map_err(failed)?;
            Ok(keys)
        });
        if renamed.is_err() {
            // Nothing was replaced, or it is gone already.
            fs::remove_file(&fresh).ok();
        }
        renamed
    }

    /// Whether `blob` is sealed under the key that seals now.
    pub(crate) fn is_current(&self, blob: &[u8]) -> bool {
        blob.get(1..=KEY_ID_LEN) == Some(self.ring().newest().id.as_slice())
    }

    /// Seals `plain`; `purpose` must be named again to open it.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub(crate) fn seal(&self, purpose: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|_| SealError::Random)?;
        let ring = self.ring();
        let key = ring.newest();
        let mut blob = Vec::with_capacity(HEADER_LEN + plain.len() + 16);
        blob.push(VERSION);
        blob.extend_from_slice(&key.id);
        blob.extend_from_slice(&nonce);
        let payload = Payload { msg: plain, aad: purpose.as_bytes() };
        let sealed = key.cipher.encrypt(&XNonce::from(nonce), payload).map_err(|_| SealError::Damaged)?;
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
        let ring = self.ring();
        let key = ring.0.iter().find(|key| key.id == key_id).ok_or(SealError::OtherKey)?;
        let nonce: [u8; NONCE_LEN] = nonce.try_into().map_err(|_| SealError::Damaged)?;
        let payload = Payload { msg: sealed, aad: purpose.as_bytes() };
        key.cipher.decrypt(&XNonce::from(nonce), payload).map_err(|_| SealError::Damaged)
    }

    /// A pseudonym of `text` that only who has the key can make: to recognise what must not be written down. It is
    /// another one after a rotation.
    pub(crate) fn pseudonym(&self, text: &str) -> String {
        let ring = self.ring();
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&ring.newest().pseudonyms).expect("HMAC takes keys of any length");
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }

    /// A signature of `text`, which holds for `purpose` alone.
    pub(crate) fn sign(&self, purpose: &str, text: &str) -> [u8; 32] {
        self.ring().newest().signer(purpose, text).finalize().into_bytes().into()
    }

    /// Whether `signature` was made by [`Secrets::sign`], under any of the keys.
    pub(crate) fn has_signed(&self, purpose: &str, text: &str, signature: &[u8]) -> bool {
        self.ring().0.iter().any(|key| key.signer(purpose, text).verify_slice(signature).is_ok())
    }

    fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Ring {
    /// Keys as texts, oldest first; nothing when one is none, or when there is none at all.
    fn parse<'a>(texts: impl Iterator<Item = &'a str>) -> Option<Self> {
        let keys: Option<Vec<_>> = texts.map(|text| parse_key(text).map(|key| Key::new(&key))).collect();
        keys.filter(|keys| (1..=KEYS_MAX).contains(&keys.len())).map(Self)
    }

    fn newest(&self) -> &Key {
        self.0.last().expect("a ring has a key")
    }
}

impl Key {
    fn signer(&self, purpose: &str, text: &str) -> Hmac<Sha256> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(&self.signatures).expect("HMAC takes keys of any length");
        mac.update(purpose.as_bytes());
        mac.update(b"\0");
        mac.update(text.as_bytes());
        mac
    }

    fn new(key: &[u8; 32]) -> Self {
        let digest = Sha256::digest(key);
        let mut id = [0; KEY_ID_LEN];
        id.copy_from_slice(&digest[..KEY_ID_LEN]);
        let pseudonyms = Sha256::new().chain_update(b"pseudonyms").chain_update(key).finalize().into();
        let signatures = Sha256::new().chain_update(b"signatures").chain_update(key).finalize().into();
        Self { cipher: XChaCha20Poly1305::new(key.into()), id, pseudonyms, signatures }
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

fn read_key_file(path: &Path) -> Result<Ring, SecretsError> {
    let read = fs::read_to_string(path);
    let text = read.map_err(|source| SecretsError::Io { path: path.to_owned(), source })?;
    if fs::metadata(path).is_ok_and(|meta| meta.mode() & 0o077 != 0) {
        tracing::warn!(path = %path.display(), "others may read the secret key: set its mode to 0600");
    }
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    Ring::parse(lines).ok_or_else(|| SecretsError::File(path.to_owned()))
}

/// Writes the keys at `path` and a fresh one to `file`; returns how many that makes.
fn append_key(path: &Path, file: &mut fs::File) -> Result<usize, SecretsError> {
    let failed = |source| SecretsError::Io { path: path.to_owned(), source };
    let keys = read_key_file(path)?.0.len();
    if keys >= KEYS_MAX {
        return Err(SecretsError::Full(path.to_owned()));
    }
    let mut text = fs::read_to_string(path).map_err(failed)?.trim_end().to_owned();
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(io::Error::other).map_err(failed)?;
    text.push_str(&format!("\n{}\n", BASE64_STANDARD.encode(key)));
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)?;
    Ok(keys + 1)
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
mod tests;
