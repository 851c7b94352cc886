use std::sync::{Arc, Mutex, PoisonError};

use kefu_channel::{Token, Tokens};
use kefu_store::ChannelToken;

use crate::auth::Secrets;

/// What seals values that services gave.
const PURPOSE: &str = "channel token";

/// Values that a service gave for some time.
pub(super) struct Keeper {
    tokens: Mutex<Arc<Tokens>>,
    /// Only one asks for a value: some services forget the one before.
    pub(super) asking: tokio::sync::Mutex<()>,
}

impl Keeper {
    /// Those that the store has; what cannot be opened is asked for anew.
    pub(super) fn new(sealed: Vec<ChannelToken>, secrets: &Secrets) -> Self {
        let opened = sealed.into_iter().filter_map(|token| {
            let plain = secrets.open(PURPOSE, &token.sealed).ok()?;
            let value = String::from_utf8(plain).ok()?;
            Some((token.name, Token { value, renew_at_ms: token.renew_at_ms }))
        });
        Self { tokens: Mutex::new(Arc::new(opened.collect())), asking: tokio::sync::Mutex::default() }
    }

    /// All of them.
    pub(super) fn all(&self) -> Arc<Tokens> {
        Arc::clone(&self.tokens.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Keeps one; returns it as the store keeps it, if it can be sealed.
    pub(super) fn keep(&self, name: String, token: Token, secrets: &Secrets) -> Option<ChannelToken> {
        let sealed = secrets.seal(PURPOSE, token.value.as_bytes()).ok();
        let renew_at_ms = token.renew_at_ms;
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::make_mut(&mut tokens).insert(name.clone(), token);
        Some(ChannelToken { name, sealed: sealed?, renew_at_ms })
    }

    /// Forgets those that are still what they were in `used`: others may have been given meanwhile.
    pub(super) fn forget(&self, names: &[String], used: &Tokens) {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        for name in names {
            if tokens.get(name) == used.get(name) {
                Arc::make_mut(&mut tokens).remove(name);
            }
        }
    }
}
