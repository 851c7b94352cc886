//! Passwords of agents that came with their older system's hashes, until each has signed in here once.

use md5::{Digest as _, Md5};

use super::password;

/// Before the Argon2 hash of what MD5 made of a password, in hexadecimal digits: how `kefu migrate` keeps them.
const MD5: &str = "md5+";

/// Before hashes of bcrypt.
const BCRYPT: [&str; 3] = ["$2a$", "$2b$", "$2y$"];

/// Whether a hash is one of an older system.
pub(super) fn is_one(hash: &str) -> bool {
    hash.starts_with(MD5) || BCRYPT.iter().any(|begin| hash.starts_with(begin))
}

/// Whether `password` is that of an older system's hash; nothing, if it is none.
pub(super) fn matches(password: &str, hash: &str) -> Option<bool> {
    if let Some(hash) = hash.strip_prefix(MD5) {
        let digits = Md5::digest(password).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        return Some(password::matches_here(&digits, hash));
    }
    is_one(hash).then(|| bcrypt::verify(password, hash).unwrap_or(false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_password_of_an_older_system_matches() {
        // MD5 of `agent`, as go-fly keeps it.
        let md5 = password::hash("b33aed8f3134996703dc39f9a7c95783".to_owned()).await.unwrap();
        let md5 = format!("{MD5}{md5}");
        // Made by PHP's password_hash("secret", PASSWORD_BCRYPT, ["cost" => 4]).
        let bcrypt = "$2y$04$socmZshhNVgLDoDfxqDSbOP73LYlH0NRsyG9rCIjR42B1THznUq1S";
        for (right, hash) in [("agent", md5.as_str()), ("secret", bcrypt)] {
            assert!(is_one(hash));
            assert_eq!(matches(right, hash), Some(true), "{hash}");
            assert_eq!(matches("another", hash), Some(false), "{hash}");
        }
        assert_eq!(matches("x", "$2y$04$short"), Some(false));
        assert_eq!(matches("x", &md5[MD5.len()..]), None);
    }
}
