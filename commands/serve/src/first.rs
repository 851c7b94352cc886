//! What an empty store gets: an inbox, and a way to its first admin.

use std::{fmt, path::Path};

use kefu_app::{Exit, Failure, Text};
use kefu_core::Role;

use crate::{
    auth::{Token, TokenKind, password},
    desk::{AgentChange, Desk, InboxChange},
    problem::Problem,
};

const EMAIL: &str = "KEFU_ADMIN_EMAIL";
const PASSWORD: &str = "KEFU_ADMIN_PASSWORD";
const PASSWORD_FILE: &str = "KEFU_ADMIN_PASSWORD_FILE";

/// Largest file that is read as a password, in bytes.
const MAX_FILE_BYTES: usize = 4096;

/// The first admin, as the environment names it; looked at only while there is no admin.
pub(crate) struct FirstAdmin {
    email: String,
    password: String,
}

impl FirstAdmin {
    /// Reads the environment; nothing there is `None`.
    ///
    /// # Errors
    /// When only a part of it is there, or it cannot be used.
    pub(crate) fn from_environment() -> Result<Option<Self>, Failure> {
        Self::read(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, Failure> {
        let password = match (variable(PASSWORD), variable(PASSWORD_FILE)) {
            (Some(_), Some(_)) => {
                return Err(refuse(
                    &format!("{PASSWORD} and {PASSWORD_FILE} exclude each other"),
                    &format!("{PASSWORD} 与 {PASSWORD_FILE} 只能设置其一"),
                ));
            }
            (Some(password), None) => Some(password),
            (None, Some(file)) => Some(read_password(Path::new(&file))?),
            (None, None) => None,
        };
        match (variable(EMAIL), password) {
            (None, None) => Ok(None),
            (Some(email), Some(password)) => {
                let email = email.trim().to_lowercase();
                if !is_plausible(&email) {
                    return Err(refuse(
                        &format!("{EMAIL}: `{email}` is no e-mail address"),
                        &format!("{EMAIL}:`{email}` 不是电子邮件地址"),
                    ));
                }
                password::check_rules(&password).map_err(|problem| {
                    refuse(&format!("{PASSWORD}: {problem}"), &format!("{PASSWORD}:{problem}"))
                })?;
                Ok(Some(Self { email, password }))
            }
            (Some(_), None) => Err(refuse(
                &format!("{EMAIL} is set, and neither {PASSWORD} nor {PASSWORD_FILE}"),
                &format!("设置了 {EMAIL},但没有设置 {PASSWORD} 或 {PASSWORD_FILE}"),
            )),
            (None, Some(_)) => Err(refuse(
                &format!("an admin's password is set, and no {EMAIL}"),
                &format!("设置了管理员密码,但没有设置 {EMAIL}"),
            )),
        }
    }
}

impl fmt::Debug for FirstAdmin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FirstAdmin").field("email", &self.email).finish_non_exhaustive()
    }
}

fn read_password(file: &Path) -> Result<String, Failure> {
    let name = file.display();
    let text = std::fs::read_to_string(file).map_err(|error| {
        refuse(&format!("{PASSWORD_FILE}: {name}"), &format!("{PASSWORD_FILE}:{name}")).because(error)
    })?;
    if text.len() > MAX_FILE_BYTES {
        return Err(refuse(
            &format!("{PASSWORD_FILE}: {name} is longer than {MAX_FILE_BYTES} bytes"),
            &format!("{PASSWORD_FILE}:{name} 超过 {MAX_FILE_BYTES} 字节"),
        ));
    }
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn is_plausible(email: &str) -> bool {
    email.len() <= 254
        && !email.contains(|c: char| c.is_whitespace() || c.is_control())
        && email.rsplit_once('@').is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty())
}

fn refuse(en: &str, zh: &str) -> Failure {
    Failure::new(
        Exit::Config,
        Text::new(format!("cannot make the first admin: {en}"), format!("无法创建首位管理员:{zh}")),
    )
}

/// Makes the inbox `web` in a store without any.
///
/// # Errors
/// When the store does not take it.
pub(crate) async fn ensure_inbox(desk: &Desk) -> Result<(), Problem> {
    if !desk.directory().inboxes.is_empty() {
        return Ok(());
    }
    let web =
        InboxChange { slug: Some("web".to_owned()), name: Some("Web".to_owned()), ..InboxChange::default() };
    desk.put_inbox(web).await.map(drop)
}

/// Makes the first admin in a store without any who can sign in, as one is that only an older system filled, or else
/// the one-time token with which somebody will: a fresh one at each start, of which the store keeps the hash only.
///
/// # Errors
/// When the store does not take it, or the system gives no random bytes.
pub(crate) async fn ensure_admin(
    desk: &Desk,
    admin: Option<FirstAdmin>,
    capacity: u32,
) -> Result<Option<Token>, Failure> {
    if desk.has_admin().await.map_err(cannot_store)? {
        return Ok(None);
    }
    let Some(FirstAdmin { email, password }) = admin else {
        let token = Token::fresh(TokenKind::Setup).map_err(Failure::internal)?;
        desk.set_setup_token(Some(token.hash())).await.map_err(cannot_store)?;
        return Ok(Some(token));
    };
    let name = email.split('@').next().unwrap_or_default().to_owned();
    let password_hash = password::hash(password).await.map_err(Failure::internal)?;
    let change = AgentChange {
        name: Some(name),
        email: Some(email),
        role: Some(Role::Admin),
        capacity: Some(capacity),
        password_hash: Some(password_hash),
        ..AgentChange::default()
    };
    desk.put_agent(change).await.map_err(cannot_store)?;
    desk.set_setup_token(None).await.map_err(cannot_store)?;
    Ok(None)
}

/// The store refuses what every start has to write.
pub(crate) fn cannot_store(problem: Problem) -> Failure {
    Failure::new(Exit::Io, Text::new("cannot write to the store", "无法写入数据库")).because(problem)
}

#[cfg(test)]
mod tests {
    use kefu_app::Language;

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Option<FirstAdmin>, String> {
        let variable = |name: &str| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        };
        FirstAdmin::read(variable).map_err(|failure| {
            assert_eq!(failure.exit(), Exit::Config);
            failure.line(Language::English)
        })
    }

    #[test]
    fn the_environment_names_all_or_nothing() {
        assert!(read(&[]).unwrap().is_none());
        let admin = read(&[(EMAIL, " Lin@Example.com"), (PASSWORD, "long enough it is")]).unwrap().unwrap();
        assert_eq!(admin.email, "lin@example.com");
        assert!(!format!("{admin:?}").contains("long enough"));
        for (variables, said) in [
            (&[(EMAIL, "a@b")][..], "neither KEFU_ADMIN_PASSWORD nor"),
            (&[(PASSWORD, "long enough it is")], "no KEFU_ADMIN_EMAIL"),
            (&[(EMAIL, "a@b"), (PASSWORD, "x"), (PASSWORD_FILE, "y")], "exclude each other"),
            (&[(EMAIL, "a@b"), (PASSWORD, "short")], "KEFU_ADMIN_PASSWORD: "),
            (&[(EMAIL, "a b@c"), (PASSWORD, "long enough it is")], "is no e-mail address"),
            (&[(EMAIL, "a@b"), (PASSWORD_FILE, "/nowhere/at/all")], "/nowhere/at/all: No such file"),
        ] {
            let line = read(variables).unwrap_err();
            assert!(line.starts_with("cannot make the first admin: ") && line.contains(said), "{line}");
        }
    }

    #[test]
    fn a_password_file_may_end_in_a_newline() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("password");
        std::fs::write(&file, "from a file, long\r\n").unwrap();
        let file = file.to_str().unwrap();
        let admin = read(&[(EMAIL, "a@b"), (PASSWORD_FILE, file)]).unwrap().unwrap();
        assert_eq!(admin.password, "from a file, long");
    }
}
