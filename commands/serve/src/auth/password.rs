//! Passwords of agents: Argon2id, a few at a time.

use std::sync::{Arc, LazyLock};

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::problem::Problem;

/// Fewest characters of a password.
pub(crate) const MIN_CHARS: usize = 10;
/// Most characters of a password.
pub(crate) const MAX_CHARS: usize = 256;

/// Memory of one hash, passes and lanes: the first choice of OWASP's password storage cheat sheet.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// How many hashes are computed at once; each takes [`MEMORY_KIB`] and a core.
const AT_ONCE: usize = 2;
/// How many more may wait for their turn.
const WAITING: usize = 64;

/// Memory is the process's, so the bound on it is too.
static TURNS: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(AT_ONCE)));
static QUEUE: Semaphore = Semaphore::const_new(AT_ONCE + WAITING);

/// Verified against when the account does not exist, so that the answer takes as long as for one that does.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| compute("nobody signs in with this").ok());

/// Refuses passwords that are too short or too long to hash.
pub(crate) fn check_rules(password: &str) -> Result<(), Problem> {
    let chars = password.chars().take(MAX_CHARS + 1).count();
    if chars < MIN_CHARS {
        return Err(Problem::invalid("password", format!("a password has at least {MIN_CHARS} characters")));
    }
    if chars > MAX_CHARS {
        return Err(Problem::invalid("password", format!("a password has at most {MAX_CHARS} characters")));
    }
    Ok(())
}

/// The hash of `password` as a PHC string, with a salt of its own.
pub(crate) async fn hash(password: String) -> Result<String, Problem> {
    let turn = turn().await?;
    let computed = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        compute(&password)
    });
    match computed.await {
        Ok(Ok(hash)) => Ok(hash),
        Ok(Err(error)) => {
            tracing::error!(%error, "cannot hash a password");
            Err(Problem::unavailable("the password cannot be stored now"))
        }
        Err(_) => Err(busy()),
    }
}

/// Whether `password` is the one that `hash` was made of. Without a hash it takes as long and is `false`.
pub(crate) async fn verify(password: String, hash: Option<String>) -> Result<bool, Problem> {
    // Longer ones were never stored; the work stays the same.
    let too_long = password.len() > MAX_CHARS * 4;
    let password = if too_long { String::new() } else { password };
    let turn = turn().await?;
    let verified = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        let known = hash.is_some() && !too_long;
        let Some(hash) = hash.as_deref().or(NOBODY.as_deref()) else { return false };
        matches(&password, hash) && known
    });
    verified.await.map_err(|_| busy())
}

/// A turn outlives a caller that goes away: the hash is computed to its end either way.
async fn turn() -> Result<OwnedSemaphorePermit, Problem> {
    let _place = QUEUE.try_acquire().map_err(|_| busy())?;
    Arc::clone(&TURNS).acquire_owned().await.map_err(|_| busy())
}

fn busy() -> Problem {
    Problem::unavailable("too many people sign in at this moment")
}

fn argon2() -> Argon2<'static> {
    let params =
        Params::new(MEMORY_KIB, PASSES, LANES, None).expect("the parameters are within Argon2's bounds");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn compute(password: &str) -> Result<String, argon2::password_hash::Error> {
    let hash: PasswordHash = argon2().hash_password(password.as_bytes())?;
    Ok(hash.to_string())
}

/// Whether a hash is of an older system, and a right password is to be hashed anew.
#[cfg(feature = "migrate")]
pub(crate) fn is_former(hash: &str) -> bool {
    super::former::is_one(hash)
}

fn matches(password: &str, hash: &str) -> bool {
    #[cfg(feature = "migrate")]
    if let Some(is_right) = super::former::matches(password, hash) {
        return is_right;
    }
    matches_here(password, hash)
}

/// Whether it is the password of one of Argon2's hashes.
pub(super) fn matches_here(password: &str, hash: &str) -> bool {
    // The parameters are those that stand in the hash.
    argon2().verify_password(password.as_bytes(), hash).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_same_password_matches() {
        let stored = hash("correct horse".to_owned()).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(verify("correct horse".to_owned(), Some(stored.clone())).await.unwrap());
        assert!(!verify("correct horsf".to_owned(), Some(stored.clone())).await.unwrap());
        assert!(!verify("x".repeat(5000), Some(stored.clone())).await.unwrap());
        assert_ne!(stored, hash("correct horse".to_owned()).await.unwrap());
    }

    #[tokio::test]
    async fn nobody_and_nonsense_never_match() {
        assert!(!verify("nobody signs in with this".to_owned(), None).await.unwrap());
        for hash in ["", "$argon2id$", "plain", "$argon2id$v=19$m=8,t=1,p=1$c2FsdA$!"] {
            assert!(!verify(String::new(), Some(hash.to_owned())).await.unwrap(), "{hash}");
        }
    }

    #[test]
    fn rules_count_characters() {
        assert!(check_rules("九个字的密码不行吗").is_err());
        assert!(check_rules("十个字的密码就可以了").is_ok());
        assert!(check_rules(&"a".repeat(MAX_CHARS)).is_ok());
        assert_eq!(check_rules(&"a".repeat(MAX_CHARS + 1)).unwrap_err().field, Some("password"));
    }
}
