//! Second factors: codes that change every 30 seconds (TOTP, RFC 6238, over HOTP, RFC 4226) with SHA-1 and six
//! digits, which is what every program that shows such codes can do; and recovery codes for when it is lost.

use hmac::{Hmac, KeyInit as _, Mac as _};
use kefu_core::Micros;
use sha1::Sha1;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// What secrets of second factors are sealed for.
pub(crate) const SEAL_PURPOSE: &str = "totp secret";

/// Bytes of a secret: as many as SHA-1 gives (RFC 4226 §4).
pub(crate) const SECRET_BYTES: usize = 20;

/// How many recovery codes there are.
pub(crate) const RECOVERY_CODES: usize = 10;

/// Longest code that is looked at, in bytes.
pub(crate) const CODE_BYTES_MAX: usize = 64;

/// Random bytes of a recovery code: 80 bits are guessed by nobody who has the hashes.
const RECOVERY_BYTES: usize = 10;

/// How long a code is shown, in seconds.
const STEP_S: i64 = 30;

/// By how many steps two clocks may be apart.
const STEPS_APART: i64 = 1;

/// RFC 4648 §6.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What somebody typed as a code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Typed {
    /// Six digits from the program.
    Code(u32),
    /// A recovery code, by its hash.
    Recovery([u8; 32]),
}

impl Typed {
    /// Reads either kind; blanks and hyphens between the characters are how they are shown.
    pub(crate) fn read(text: &str) -> Option<Self> {
        if text.len() > CODE_BYTES_MAX {
            return None;
        }
        let bare: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        if bare.len() == 6 && bare.bytes().all(|byte| byte.is_ascii_digit()) {
            return bare.parse().ok().map(Self::Code);
        }
        let bare = bare.to_ascii_uppercase();
        let is_recovery =
            bare.len() == RECOVERY_BYTES * 8 / 5 && bare.bytes().all(|byte| BASE32.contains(&byte));
        is_recovery.then(|| Self::Recovery(recovery_hash(&bare)))
    }
}

/// The step whose code `code` is, near `now` and later than `last_step`.
pub(crate) fn find_step(secret: &[u8], code: u32, now: Micros, last_step: i64) -> Option<i64> {
    let current = now.0.div_euclid(1_000_000).div_euclid(STEP_S);
    let steps = current - STEPS_APART..=current + STEPS_APART;
    // All are looked at: how long it takes tells nothing.
    steps.fold(None, |found, step| {
        let is_right = bool::from(hotp(secret, step.unsigned_abs()).ct_eq(&code));
        if is_right && step > last_step { Some(step) } else { found }
    })
}

/// The code of a counter (RFC 4226 §5.3).
fn hotp(secret: &[u8], counter: u64) -> u32 {
    let mut mac = Hmac::<Sha1>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(&counter.to_be_bytes());
    let hash = mac.finalize().into_bytes();
    let offset = usize::from(hash[hash.len() - 1] & 0x0f);
    let four = [hash[offset], hash[offset + 1], hash[offset + 2], hash[offset + 3]];
    (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000
}

/// The code that a program shows at `now`.
#[cfg(test)]
pub(crate) fn code_at(secret: &[u8], now: Micros) -> String {
    format!("{:06}", hotp(secret, now.0.div_euclid(1_000_000).div_euclid(STEP_S).unsigned_abs()))
}

/// A secret as people type it.
pub(crate) fn base32(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 8 / 5 + 1);
    let (mut bits, mut held) = (0_u32, 0);
    for byte in bytes {
        bits = bits << 8 | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            text.push(char::from(BASE32[(bits >> held & 31) as usize]));
        }
    }
    if held > 0 {
        text.push(char::from(BASE32[(bits << (5 - held) & 31) as usize]));
    }
    text
}

/// What a program that shows codes reads from a picture: Google's key URI format.
pub(crate) fn uri(secret: &[u8], email: &str) -> String {
    let account: String = email
        .bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                char::from(byte).to_string()
            }
            other => format!("%{other:02X}"),
        })
        .collect();
    let secret = base32(secret);
    format!(
        "otpauth://totp/kefu:{account}?secret={secret}&issuer=kefu&algorithm=SHA1&digits=6&period={STEP_S}"
    )
}

/// Fresh recovery codes as they are shown, and the hashes that are kept.
///
/// # Errors
/// When the system gives no random bytes.
pub(crate) fn recovery_codes() -> Result<Vec<(String, [u8; 32])>, getrandom::Error> {
    let fresh = || {
        let mut random = [0; RECOVERY_BYTES];
        getrandom::fill(&mut random)?;
        let bare = base32(&random);
        let shown = [&bare[..4], &bare[4..8], &bare[8..12], &bare[12..]].join("-");
        Ok((shown, recovery_hash(&bare)))
    };
    (0..RECOVERY_CODES).map(|_| fresh()).collect()
}

fn recovery_hash(bare: &str) -> [u8; 32] {
    Sha256::digest(bare.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECRET: &[u8] = b"12345678901234567890";

    fn at(seconds: i64) -> Micros {
        Micros(seconds * 1_000_000)
    }

    #[test]
    fn codes_agree_with_rfc_4226() {
        // Appendix D.
        let codes =
            [755_224, 287_082, 359_152, 969_429, 338_314, 254_676, 287_922, 162_583, 399_871, 520_489];
        for (counter, code) in (0..).zip(codes) {
            assert_eq!(hotp(SECRET, counter), code, "{counter}");
        }
    }

    #[test]
    fn steps_agree_with_rfc_6238() {
        // Appendix B, the last six of its eight digits.
        for (seconds, code) in [
            (59, 287_082),
            (1_111_111_109, 81_804),
            (1_111_111_111, 50_471),
            (1_234_567_890, 5_924),
            (2_000_000_000, 279_037),
            (20_000_000_000, 353_130),
        ] {
            assert_eq!(find_step(SECRET, code, at(seconds), 0), Some(seconds / 30), "{seconds}");
        }
    }

    #[test]
    fn a_step_is_taken_once_and_near_its_time() {
        let code = hotp(SECRET, 100);
        for (seconds, is_right) in [(2969, false), (2970, true), (3000, true), (3059, true), (3060, false)] {
            assert_eq!(find_step(SECRET, code, at(seconds), 0).is_some(), is_right, "{seconds}");
        }
        assert_eq!(find_step(SECRET, code, at(3000), 99), Some(100));
        assert_eq!(find_step(SECRET, code, at(3000), 100), None);
        assert_eq!(find_step(b"another secret", code, at(3000), 0), None);
    }

    #[test]
    fn base32_agrees_with_rfc_4648() {
        for (plain, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(base32(plain.as_bytes()), text);
        }
        let uri = uri(SECRET, "lin+a@example.com");
        assert!(
            uri.starts_with("otpauth://totp/kefu:lin%2Ba%40example.com?secret=GEZDGNBVGY3TQOJQ"),
            "{uri}"
        );
    }

    #[test]
    fn both_kinds_are_read_however_they_are_typed() {
        assert_eq!(Typed::read("012 345"), Some(Typed::Code(12_345)));
        for (shown, hash) in recovery_codes().unwrap() {
            assert_eq!((shown.len(), Typed::read(&shown)), (19, Some(Typed::Recovery(hash))));
            assert_eq!(Typed::read(&shown.to_lowercase().replace('-', " ")), Some(Typed::Recovery(hash)));
        }
        for bad in ["", "12345", "1234567", "１２３４５６", "ABCD-EFGH-IJKL-MNO1", &"1".repeat(65)] {
            assert_eq!(Typed::read(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,80}", secret in proptest::collection::vec(any::<u8>(), 0..80), now: i64) {
            Typed::read(&text);
            find_step(&secret, 1, Micros(now), 0);
        }
    }
}
