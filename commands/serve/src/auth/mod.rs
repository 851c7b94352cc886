//! Who somebody is: passwords, tokens, cookies and proofs of a visitor's identity.
//!
//! *Invariant:* a password, token or secret leaves this module hashed or sealed, or in the one answer that
//! shows it to its owner.

mod authenticate;
mod cookie;
mod extract;
#[cfg(feature = "migrate")]
mod former;
pub(crate) mod hex;
mod key;
mod origin;
pub(crate) mod password;
mod sealed;
mod token;
pub(crate) mod totp;
pub(crate) mod visitor;

#[cfg(feature = "bridge")]
pub(crate) use authenticate::basic_password;
pub(crate) use authenticate::{Shown, authenticate, bearer, needs_totp};
pub(crate) use cookie::{clear_cookie, session_cookie};
pub(crate) use extract::{
    Enrolling, Leaving, Signed, SignedAgent, SignedVisitor, require, require_person, require_scope,
};
pub(crate) use origin::{Origin, is_own};
pub(crate) use sealed::{Secrets, SecretsError};
pub(crate) use token::{Token, TokenKind, recognise};
