//! Passwords that agents had in an older system, by which they sign in here until they have done so once.

use argon2::{Argon2, password_hash::PasswordHasher as _};
use sqlx::sqlite::SqliteConnection;

use crate::StoreError;
use crate::sql::{self, Args};

/// What stands before the Argon2id hash of an MD5 hash, in hexadecimal digits: without a salt, MD5 is as good as the
/// password itself to whoever reads it.
const MD5: &str = "md5+";

/// The greatest cost of bcrypt that is taken: whoever tries to sign in keeps a processor for that long.
const COST_MAX: u8 = 14;

/// Notes by what an agent may sign in, unless a password was set here since. What is neither MD5 nor bcrypt is no
/// password.
pub(super) async fn put(conn: &mut SqliteConnection, key: i64, password: &str) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE agent SET password_hash = ?
        WHERE key = ? AND (password_hash IS NULL OR password_hash NOT LIKE '$argon2%')";
    let Some(hash) = kept(password)? else { return Ok(()) };
    sql::execute(conn, SQL, Args::default().text(&hash).int(key)).await.map(drop)
}

/// What is kept of it.
fn kept(password: &str) -> Result<Option<String>, StoreError> {
    if is_bcrypt(password) {
        return Ok(Some(password.to_owned()));
    }
    if !is_md5(password) {
        return Ok(None);
    }
    let hashed = Argon2::default().hash_password(password.to_ascii_lowercase().as_bytes());
    let hashed = hashed.map_err(|error| StoreError::Internal(error.to_string().into()))?;
    Ok(Some(format!("{MD5}{hashed}")))
}

fn is_md5(password: &str) -> bool {
    password.len() == 32 && password.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Whether it is a hash of bcrypt that can be checked within a second or so: each more of its cost doubles that.
fn is_bcrypt(password: &str) -> bool {
    let is_one =
        password.len() == 60 && ["$2a$", "$2b$", "$2y$"].iter().any(|begin| password.starts_with(begin));
    let cost = password.get(4..6).and_then(|cost| cost.parse::<u8>().ok());
    is_one && cost.is_some_and(|cost| (4..=COST_MAX).contains(&cost))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_too_long_to_check_is_no_password() {
        let bcrypt = "$2y$31$abcdefghijklmnopqrstuuDBJ1d8wZZ0lq4W2q8e3G0Z6jJr1m0dO";
        assert_eq!(kept(bcrypt).unwrap(), None);
    }

    #[test]
    fn what_could_be_read_as_the_password_is_not_kept() {
        let md5 = "B33AED8F3134996703DC39F9A7C95783";
        let kept_of = |password: &str| kept(password).unwrap();
        let hash = kept_of(md5).unwrap();
        assert!(hash.starts_with("md5+$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(kept_of(md5), Some(hash), "each has a salt of its own");
        let bcrypt = "$2y$10$abcdefghijklmnopqrstuuDBJ1d8wZZ0lq4W2q8e3G0Z6jJr1m0dO";
        assert_eq!(kept_of(bcrypt).as_deref(), Some(bcrypt));
        assert_eq!(
            ["", "secret", "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz", "$2y$short"].map(kept_of),
            [None, None, None, None]
        );
    }
}
