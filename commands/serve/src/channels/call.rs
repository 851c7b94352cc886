//! Requests of a channel: with the values that the service gives for some time, at its pace, and once more when those
//! values are no longer good.

use std::{sync::Arc, time::Duration};

use kefu_channel::{Fault, HttpRequest, HttpResponse, Next, Refusal, Tokens};
use kefu_gateway::Undelivered;
use kefu_store::ChannelChange;

use super::{Channels, Live, millis};
use crate::clock;

/// How often a service that does not answer at all is tried: about 40 minutes.
const UNANSWERED_TRIES_MAX: u32 = 45;

/// Why something could not be done.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Halt {
    /// It is to be tried again after so long.
    Later { after: Duration, reason: String },
    /// As before, but the service was not even asked: it does not count as a try.
    Aside { after: Duration },
    /// It will not be done.
    Never(String),
}

/// A request that is not for a value but for what is wanted.
pub(super) enum Wanted {
    /// The file goes first.
    Upload(HttpRequest),
    /// The request itself.
    Call(HttpRequest),
}

/// Somebody who wants something of the service.
pub(super) struct Caller<'c> {
    channels: &'c Channels,
    live: &'c Live,
    /// How often it was tried, this time included.
    pub(super) tries: u32,
    used: Arc<Tokens>,
    has_refreshed: bool,
}

impl<'c> Caller<'c> {
    pub(super) fn new(channels: &'c Channels, live: &'c Live, tries_before: u32) -> Self {
        let used = live.tokens.all();
        Self { channels, live, tries: tries_before.saturating_add(1), used, has_refreshed: false }
    }

    /// The request that comes next, once the service gave all values that it needs.
    pub(super) async fn next(
        &mut self,
        make: impl Fn(&Tokens, i64) -> Result<Next, Fault>,
    ) -> Result<Wanted, Halt> {
        // Each round gets one value; a file has few.
        for _ in 0..16 {
            self.used = self.live.tokens.all();
            match make(&self.used, millis(clock::now()))? {
                Next::Call(request) => return Ok(Wanted::Call(request)),
                Next::Upload(request) => return Ok(Wanted::Upload(request)),
                Next::Token { name, .. } => self.get_token(&name, &make).await?,
            }
        }
        Err(Halt::Never("the values that the service gives do not last".to_owned()))
    }

    async fn get_token(
        &self,
        name: &str,
        make: &impl Fn(&Tokens, i64) -> Result<Next, Fault>,
    ) -> Result<(), Halt> {
        let Self { channels, live, .. } = self;
        let _alone = live.tokens.asking.lock().await;
        // Whoever asked before may have got it.
        let Next::Token { name: still, request } = make(&live.tokens.all(), millis(clock::now()))? else {
            return Ok(());
        };
        if still != name {
            return Ok(());
        }
        let answer = self.ask(&request, None).await?;
        let now_ms = millis(clock::now());
        let token = live.file.token(name, Ok(&answer), &live.given, self.tries, now_ms)?;
        if let Some(token) = live.tokens.keep(name.to_owned(), token, &channels.secrets) {
            let keep = ChannelChange::Token { channel: live.row.key, token };
            if let Err(problem) = channels.write(vec![keep]).await {
                tracing::warn!(%problem, "a value of a channel is not kept over a restart");
            }
        }
        Ok(())
    }

    /// Makes a request.
    pub(super) async fn ask(&self, request: &HttpRequest, file: Option<&[u8]>) -> Result<HttpResponse, Halt> {
        self.live.pace.turn().await;
        match self.channels.courier.send(request, file).await {
            Ok(answer) => Ok(answer),
            Err(Undelivered::Open(after)) => Err(Halt::Aside { after }),
            Err(error @ Undelivered::Unwritable(_)) => Err(Halt::Never(error.to_string())),
            Err(Undelivered::Trouble(trouble)) if self.tries < UNANSWERED_TRIES_MAX => {
                let after =
                    Duration::from_secs(1 << self.tries.saturating_sub(1).min(6)).min(super::PATIENCE);
                Err(Halt::Later { after, reason: trouble.to_string() })
            }
            Err(error @ Undelivered::Trouble(_)) => Err(Halt::Never(error.to_string())),
        }
    }

    /// What a refusal means: to go on at once when it was a value that is no longer good, for the first time.
    pub(super) async fn refused(&mut self, refusal: Refusal) -> Result<(), Halt> {
        match refusal {
            Refusal::RefreshTokens { names } if !self.has_refreshed => {
                self.has_refreshed = true;
                self.live.tokens.forget(&names, &self.used);
                let channel = self.live.row.key;
                let dropped = ChannelChange::DropTokens { channel, names };
                if let Err(problem) = self.channels.write(vec![dropped]).await {
                    tracing::warn!(%problem, "a value of a channel that is no longer good stays in the store");
                }
                Ok(())
            }
            refusal => Err(refusal.into()),
        }
    }
}

impl From<Refusal> for Halt {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Retry { after_ms, reason } => {
                Self::Later { after: Duration::from_millis(after_ms), reason }
            }
            Refusal::RefreshTokens { .. } => {
                Self::Never("the service does not take the values that it gave itself".to_owned())
            }
            Refusal::Failed { reason } => Self::Never(reason),
        }
    }
}

impl From<Fault> for Halt {
    fn from(fault: Fault) -> Self {
        Self::Never(fault.to_string())
    }
}
