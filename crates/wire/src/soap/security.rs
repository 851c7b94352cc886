//! WS-Security: a user's name and password, and how long a message is valid.
//!
//! Sources: Web Services Security, UsernameToken Profile 1.1 and SOAP Message Security 1.1 (OASIS).

use base64::Engine as _;
use sha1::{Digest as _, Sha1};

use super::{ENVELOPE_11, ENVELOPE_12};
use crate::{
    Error, Limits, json,
    xml::{Event, Reader, escape_text},
};

const WSSE: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
const WSU: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
const PROFILE: &str = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0";
const BASE64: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary";

/// How a password is sent.
#[derive(Clone, Copy, Eq, PartialEq)]
pub enum Password<'a> {
    /// As it is: only over TLS.
    Text(&'a str),
    /// As a digest, with a value that is used once and the time at which it was made.
    Digest {
        /// The password.
        password: &'a str,
        /// Random bytes, never used before.
        nonce: &'a [u8],
        /// The time, like `2026-01-31T23:59:59Z`.
        created: &'a str,
    },
}

impl std::fmt::Debug for Password<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(match self {
            Self::Text(_) => "Password::Text(…)",
            Self::Digest { .. } => "Password::Digest(…)",
        })
    }
}

/// What a header block says; each part may be absent.
#[derive(Clone, Copy, Debug, Default)]
pub struct Security<'a> {
    /// Who sends the message.
    pub user: Option<(&'a str, Password<'a>)>,
    /// When the message was made and when it is no longer valid.
    pub timestamp: Option<(&'a str, &'a str)>,
}

/// `Base64(SHA-1(nonce + created + password))`.
#[must_use]
pub fn digest(nonce: &[u8], created: &str, password: &str) -> String {
    let mut hash = Sha1::new();
    hash.update(nonce);
    hash.update(created);
    hash.update(password);
    json::BASE64.encode(hash.finalize())
}

/// The header block, for [`from_json::message`](super::from_json::message).
///
/// # Errors
/// A text has a character that XML does not have.
pub fn header_block(security: &Security<'_>) -> Result<String, Error> {
    let mut out = format!("<wsse:Security xmlns:wsse=\"{WSSE}\" xmlns:wsu=\"{WSU}\">").into_bytes();
    if let Some((created, expires)) = security.timestamp {
        out.extend_from_slice(b"<wsu:Timestamp>");
        element(&mut out, "wsu:Created", "", created)?;
        element(&mut out, "wsu:Expires", "", expires)?;
        out.extend_from_slice(b"</wsu:Timestamp>");
    }
    if let Some((name, password)) = security.user {
        out.extend_from_slice(b"<wsse:UsernameToken>");
        element(&mut out, "wsse:Username", "", name)?;
        match password {
            Password::Text(password) => {
                element(&mut out, "wsse:Password", &format!(" Type=\"{PROFILE}#PasswordText\""), password)?;
            }
            Password::Digest { password, nonce, created } => {
                let digest = digest(nonce, created, password);
                element(&mut out, "wsse:Password", &format!(" Type=\"{PROFILE}#PasswordDigest\""), &digest)?;
                let nonce = json::BASE64.encode(nonce);
                element(&mut out, "wsse:Nonce", &format!(" EncodingType=\"{BASE64}\""), &nonce)?;
                element(&mut out, "wsu:Created", "", created)?;
            }
        }
        out.extend_from_slice(b"</wsse:UsernameToken>");
    }
    out.extend_from_slice(b"</wsse:Security>");
    // Texts and ASCII were written.
    Ok(String::from_utf8(out).unwrap_or_default())
}

fn element(out: &mut Vec<u8>, name: &str, attributes: &str, text: &str) -> Result<(), Error> {
    out.extend_from_slice(format!("<{name}{attributes}>").as_bytes());
    escape_text(text, out)?;
    out.extend_from_slice(format!("</{name}>").as_bytes());
    Ok(())
}

/// What a received header block says; passwords are checked with [`Token::is_right`].
#[derive(Clone, Default, Eq, PartialEq)]
pub struct Token {
    /// Who sends the message.
    pub username: String,
    /// The value that is used once, which its receiver keeps for as long as messages are valid.
    pub nonce: Vec<u8>,
    /// When the token was made.
    pub created: String,
    /// When the message was made and when it is no longer valid.
    pub timestamp: Option<(String, String)>,
    secret: String,
    is_digest: bool,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { username, created, timestamp, is_digest, .. } = self;
        out.debug_struct("Token")
            .field("username", username)
            .field("created", created)
            .field("timestamp", timestamp)
            .field("is_digest", is_digest)
            .finish_non_exhaustive()
    }
}

impl Token {
    /// Reads the header block of a message; none if it has none.
    ///
    /// Whether the times are near enough and the nonce is new is for the caller to see, who has a clock and a memory.
    ///
    /// # Errors
    /// The message is malformed or beyond a limit, or a nonce is no base64.
    pub fn read(envelope: &[u8], limits: &Limits) -> Result<Option<Self>, Error> {
        let mut reader = Reader::new(envelope, limits)?;
        let mut token = Self::default();
        let mut path: Vec<(&str, &str)> = Vec::new();
        let mut found = false;
        loop {
            let name = match reader.next()? {
                Event::Start(name) => name,
                Event::Text(_) => continue,
                Event::End => {
                    path.pop();
                    continue;
                }
                Event::Eof => return Ok(found.then_some(token)),
            };
            path.push((name.namespace, name.local));
            // Only what stands where it belongs: a copy elsewhere says nothing.
            let is_within = path.len() > 2
                && path[1].1 == "Header"
                && path[1].0 == path[0].0
                && matches!(path[0].0, ENVELOPE_11 | ENVELOPE_12)
                && path[2] == (WSSE, "Security");
            if path.len() == 2 && path[1].1 == "Body" {
                return Ok(found.then_some(token));
            }
            if !is_within || path.len() != 5 {
                if is_within
                    && path.len() == 4
                    && path[3] == (WSSE, "UsernameToken")
                    && std::mem::replace(&mut found, true)
                {
                    return Err(Error::malformed(reader.offset(), "there are two tokens"));
                }
                continue;
            }
            let at = reader.offset();
            token.is_digest |= reader.attributes().iter().any(|one| {
                name.local == "Password" && one.name.local == "Type" && one.value.ends_with("#PasswordDigest")
            });
            let text = read_text(&mut reader)?;
            path.pop();
            match (path[3], (name.namespace, name.local)) {
                ((WSSE, "UsernameToken"), (WSSE, "Username")) => token.username = text,
                ((WSSE, "UsernameToken"), (WSSE, "Password")) => token.secret = text,
                ((WSSE, "UsernameToken"), (WSSE, "Nonce")) => {
                    token.nonce = json::BASE64
                        .decode(text.trim())
                        .map_err(|_| Error::malformed(at, "the nonce is no base64"))?;
                }
                ((WSSE, "UsernameToken"), (WSU, "Created")) => token.created = text,
                ((WSU, "Timestamp"), (WSU, "Created")) => {
                    token.timestamp.get_or_insert_default().0 = text;
                }
                ((WSU, "Timestamp"), (WSU, "Expires")) => {
                    token.timestamp.get_or_insert_default().1 = text;
                }
                _ => {}
            }
        }
    }

    /// Whether the password is that of the sender; how long it takes says nothing of it.
    #[must_use]
    pub fn is_right(&self, password: &str) -> bool {
        let expected = if self.is_digest {
            digest(&self.nonce, self.created.trim(), password)
        } else {
            password.to_owned()
        };
        let sent = if self.is_digest { self.secret.trim() } else { &self.secret };
        // Of equal length whatever was sent.
        let (sent, expected) = (Sha1::digest(sent), Sha1::digest(expected));
        sent.iter().zip(&expected).fold(0, |found, (one, other)| found | (one ^ other)) == 0
    }
}

/// The text of the element that was begun last; what is in it that is no text is passed over.
fn read_text(reader: &mut Reader<'_>) -> Result<String, Error> {
    let mut text = String::new();
    loop {
        match reader.next()? {
            Event::Text(part) => text.push_str(&part),
            Event::Start(_) => reader.skip()?,
            Event::End | Event::Eof => return Ok(text),
        }
    }
}
