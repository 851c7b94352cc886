//! Digests and ciphers of chat services.

use aes::{
    Aes256,
    cipher::{Array, BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _},
};
use base64::Engine as _;
use hmac::{Hmac, KeyInit as _, Mac as _};
use kefu_wire::BASE64;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};
use subtle::ConstantTimeEq as _;

use super::file::{Algorithm, Encoding};

/// Whether two texts are the same, in a time that does not tell where they differ.
pub(super) fn equal(one: &[u8], other: &[u8]) -> bool {
    one.ct_eq(other).into()
}

/// Whether `written` is this digest.
pub(super) fn is_digest(digest: &[u8], written: &[u8], encoding: Encoding) -> bool {
    match encoding {
        Encoding::Hex => equal(encode(digest, encoding).as_bytes(), &written.to_ascii_lowercase()),
        Encoding::Base64 => BASE64.decode(written).is_ok_and(|written| equal(digest, &written)),
    }
}

pub(super) fn encode(digest: &[u8], encoding: Encoding) -> String {
    match encoding {
        Encoding::Hex => {
            let digit = |half: u8| char::from_digit(u32::from(half), 16).unwrap_or('0');
            digest.iter().flat_map(|&byte| [digit(byte >> 4), digit(byte & 15)]).collect()
        }
        Encoding::Base64 => BASE64.encode(digest),
    }
}

/// A digest that is fed piece by piece.
pub(super) enum Hasher {
    Sha1(Sha1),
    Sha256(Sha256),
    Sha512(Sha512),
    HmacSha1(Hmac<Sha1>),
    HmacSha256(Hmac<Sha256>),
    HmacSha512(Hmac<Sha512>),
}

const ANY_LENGTH: &str = "HMAC takes keys of any length";

impl Hasher {
    pub(super) fn new(algorithm: Algorithm) -> Self {
        match algorithm {
            Algorithm::Sha1 => Self::Sha1(Sha1::new()),
            Algorithm::Sha256 => Self::Sha256(Sha256::new()),
            Algorithm::Sha512 => Self::Sha512(Sha512::new()),
        }
    }

    pub(super) fn keyed(algorithm: Algorithm, key: &[u8]) -> Self {
        match algorithm {
            Algorithm::Sha1 => Self::HmacSha1(Hmac::new_from_slice(key).expect(ANY_LENGTH)),
            Algorithm::Sha256 => Self::HmacSha256(Hmac::new_from_slice(key).expect(ANY_LENGTH)),
            Algorithm::Sha512 => Self::HmacSha512(Hmac::new_from_slice(key).expect(ANY_LENGTH)),
        }
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha1(hasher) => hasher.update(bytes),
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
            Self::HmacSha1(hasher) => hasher.update(bytes),
            Self::HmacSha256(hasher) => hasher.update(bytes),
            Self::HmacSha512(hasher) => hasher.update(bytes),
        }
    }

    pub(super) fn finish(self) -> Vec<u8> {
        match self {
            Self::Sha1(hasher) => hasher.finalize().to_vec(),
            Self::Sha256(hasher) => hasher.finalize().to_vec(),
            Self::Sha512(hasher) => hasher.finalize().to_vec(),
            Self::HmacSha1(hasher) => hasher.finalize().into_bytes().to_vec(),
            Self::HmacSha256(hasher) => hasher.finalize().into_bytes().to_vec(),
            Self::HmacSha512(hasher) => hasher.finalize().into_bytes().to_vec(),
        }
    }
}

/// SHA-1 over the parts in the order of their bytes, in hexadecimal.
pub(super) fn sha1_sorted(mut parts: Vec<&[u8]>) -> String {
    parts.sort_unstable();
    let mut hasher = Hasher::new(Algorithm::Sha1);
    parts.into_iter().for_each(|part| hasher.feed(part));
    encode(&hasher.finish(), Encoding::Hex)
}

const BLOCK: usize = 16;
/// WeChat's padding goes up to blocks of 32 bytes, though those of AES have 16.
const WX_PADDING: usize = 32;
const WX_RANDOM: usize = 16;

/// Takes off the cover of WeChat, WeCom and DingTalk. `None` for whatever is wrong, as no more may be told.
#[must_use]
pub fn wx_decrypt(covered: &[u8], encoding_key: &[u8], id: &[u8]) -> Option<Vec<u8>> {
    let key = wx_key(encoding_key)?;
    let mut plain = BASE64.decode(covered.trim_ascii()).ok()?;
    cbc_decrypt(&mut plain, &key, key.first_chunk()?)?;
    unpad(&mut plain, WX_PADDING)?;
    let (length, rest) = plain.get(WX_RANDOM..)?.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (text, name) = rest.split_at_checked(length)?;
    equal(name, id).then(|| text.to_vec())
}

/// Covers a text as WeChat would.
pub(super) fn wx_encrypt(
    text: &[u8],
    encoding_key: &[u8],
    id: &[u8],
    random: [u8; WX_RANDOM],
) -> Option<String> {
    let key = wx_key(encoding_key)?;
    let length = u32::try_from(text.len()).ok()?.to_be_bytes();
    let mut bytes = [&random[..], &length, text, id].concat();
    pad(&mut bytes, WX_PADDING);
    cbc_encrypt(&mut bytes, &key, key.first_chunk()?);
    Some(BASE64.encode(bytes))
}

fn wx_key(encoding_key: &[u8]) -> Option<[u8; 32]> {
    // 43 characters of base64 have two bits too many, which WeChat leaves as they come.
    BASE64.decode(encoding_key).ok()?.try_into().ok()
}

/// Takes off the cover of Feishu. `None` for whatever is wrong.
#[must_use]
pub fn feishu_decrypt(covered: &[u8], encrypt_key: &[u8]) -> Option<Vec<u8>> {
    let bytes = BASE64.decode(covered.trim_ascii()).ok()?;
    let (vector, rest) = bytes.split_first_chunk::<BLOCK>()?;
    let mut plain = rest.to_vec();
    cbc_decrypt(&mut plain, &Sha256::digest(encrypt_key).into(), vector)?;
    unpad(&mut plain, BLOCK)?;
    Some(plain)
}

/// Covers a text as Feishu would.
pub(super) fn feishu_encrypt(text: &[u8], encrypt_key: &[u8], vector: [u8; BLOCK]) -> String {
    let mut bytes = text.to_vec();
    pad(&mut bytes, BLOCK);
    cbc_encrypt(&mut bytes, &Sha256::digest(encrypt_key).into(), &vector);
    BASE64.encode([&vector[..], &bytes].concat())
}

fn cbc_decrypt(bytes: &mut [u8], key: &[u8; 32], vector: &[u8; BLOCK]) -> Option<()> {
    let (blocks, rest) = Array::<u8, _>::slice_as_chunks_mut(bytes);
    if blocks.is_empty() || !rest.is_empty() {
        return None;
    }
    cbc::Decryptor::<Aes256>::new(key.into(), vector.into()).decrypt_blocks(blocks);
    Some(())
}

fn cbc_encrypt(padded: &mut [u8], key: &[u8; 32], vector: &[u8; BLOCK]) {
    let (blocks, _) = Array::<u8, _>::slice_as_chunks_mut(padded);
    cbc::Encryptor::<Aes256>::new(key.into(), vector.into()).encrypt_blocks(blocks);
}

/// PKCS#7, whose last byte says how many bytes there are of it.
fn unpad(bytes: &mut Vec<u8>, block: usize) -> Option<()> {
    let count = usize::from(*bytes.last()?);
    if !(1..=block).contains(&count) || count > bytes.len() {
        return None;
    }
    let kept = bytes.len() - count;
    let wrong = bytes[kept..].iter().fold(0, |wrong, &byte| wrong | usize::from(byte) ^ count);
    (wrong == 0).then(|| bytes.truncate(kept))
}

fn pad(bytes: &mut Vec<u8>, block: usize) {
    let count = block - bytes.len() % block;
    bytes.resize(bytes.len() + count, u8::try_from(count).unwrap_or(0));
}
