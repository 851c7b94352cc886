//! Opaque bearer tokens: 32 random bytes, of which the store keeps a hash only.

use std::fmt;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use sha2::{Digest as _, Sha256};

/// Random bytes of a token.
const BYTES: usize = 32;
/// Characters of that in base64 without padding.
const CHARS: usize = 43;

/// Whose token it is; its first characters tell, so that a leaked one is recognised.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum TokenKind {
    /// A visitor of one inbox.
    Visitor,
    /// A signed-in agent.
    Agent,
    /// Whoever makes the first admin.
    Setup,
    /// A program that acts as an agent.
    Key,
}

impl TokenKind {
    fn prefix(self) -> &'static str {
        match self {
            Self::Visitor => "kv_",
            Self::Agent => "ka_",
            Self::Setup => "ks_",
            Self::Key => "kefu_",
        }
    }
}

/// A fresh token, shown once.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct Token {
    text: String,
    hash: [u8; 32],
}

impl Token {
    /// Makes one.
    ///
    /// # Errors
    /// When the system gives no random bytes.
    pub(crate) fn fresh(kind: TokenKind) -> Result<Self, getrandom::Error> {
        let mut bytes = [0; BYTES];
        getrandom::fill(&mut bytes)?;
        let text = format!("{}{}", kind.prefix(), BASE64_URL_SAFE_NO_PAD.encode(bytes));
        Ok(Self { hash: digest(&text), text })
    }

    /// What the bearer shows.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// What the store keeps.
    pub(crate) fn hash(&self) -> [u8; 32] {
        self.hash
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// The kind and hash of a text that has the form of a token.
pub(crate) fn recognise(text: &str) -> Option<(TokenKind, [u8; 32])> {
    let kind = [TokenKind::Visitor, TokenKind::Agent, TokenKind::Setup, TokenKind::Key]
        .into_iter()
        .find(|kind| text.starts_with(kind.prefix()))?;
    let random = &text[kind.prefix().len()..];
    let plausible = random.len() == CHARS
        && random.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    plausible.then(|| (kind, digest(text)))
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fresh_tokens_are_recognised_and_differ() {
        for kind in [TokenKind::Visitor, TokenKind::Agent, TokenKind::Setup, TokenKind::Key] {
            let (one, other) = (Token::fresh(kind).unwrap(), Token::fresh(kind).unwrap());
            assert_eq!(recognise(one.text()), Some((kind, one.hash())));
            assert_ne!(one.text(), other.text());
            assert_eq!(format!("{one:?}"), "Token(…)");
        }
    }

    #[test]
    fn other_texts_are_not_hashed() {
        for text in ["", "kv_", "kv_short", "xx_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "kv_é"] {
            assert_eq!(recognise(text), None, "{text}");
        }
        assert_eq!(recognise(&format!("ka_{}", "A".repeat(44))), None);
        assert_eq!(recognise(&format!("ka_{}=", "A".repeat(42))), None);
    }
}
