//! What a service is told of messages that it has, and what it is asked to find out whether it can be spoken to.

use super::{
    Channel, Fault, Given, Next, Outbound, Refusal, Tokens, expression::data, file::Amend, respond::Answered,
    send::of_outbound,
};

/// What becomes of a message that a service has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Amendment {
    /// Another text.
    Edit,
    /// It is taken back.
    Recall,
}

impl Amendment {
    /// Both of them.
    pub(super) const ALL: [Self; 2] = [Self::Edit, Self::Recall];

    /// Its key in files.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Edit => "edit",
            Self::Recall => "recall",
        }
    }
}

impl Channel {
    /// Whether the service can be told that a message became this.
    #[must_use]
    pub fn amends(&self, amendment: Amendment) -> bool {
        self.amend_rules(amendment).is_some()
    }

    pub(super) fn amend_rules(&self, amendment: Amendment) -> Option<&Amend> {
        match amendment {
            Amendment::Edit => self.file.edit.as_ref(),
            Amendment::Recall => self.file.recall.as_ref(),
        }
    }

    /// The next request with which the service learns what became of a message; [`Outbound::sent`] is its name there.
    ///
    /// # Errors
    /// As [`Channel::send`].
    pub fn amend(
        &self,
        amendment: Amendment,
        message: &Outbound,
        given: &Given,
        tokens: &Tokens,
        now_ms: i64,
    ) -> Result<Next, Fault> {
        let key = amendment.as_str();
        let rules = self.amend_rules(amendment).ok_or_else(|| no_way(amendment))?;
        if message.sent.is_none() {
            return Err(Fault::input(key, "the service gave the message no name when it took it"));
        }
        let call = rules.call().map_err(|why| Fault::setup(key, why))?;
        let mut scope = self.outgoing_scope(given, now_ms);
        scope.insert("msg", data(of_outbound(message)));
        self.next(key, call, scope, given, tokens, now_ms)
    }

    /// Reads the answer to that.
    ///
    /// # Errors
    /// The service leaves the message as it is.
    pub fn amended(
        &self,
        amendment: Amendment,
        answer: Answered<'_>,
        given: &Given,
        tries: u32,
    ) -> Result<(), Refusal> {
        let rules = self.amend_rules(amendment).ok_or_else(|| no_way(amendment))?;
        let (key, call, already) = (amendment.as_str(), rules.call(), rules.already.as_ref());
        self.settled(key, call, already, answer, given, tries, &rules.retry).map(drop)
    }

    /// Whether there is a request that tells whether the values are good.
    #[must_use]
    pub fn has_check(&self) -> bool {
        self.file.check.is_some()
    }

    /// The names of the values that the service gives for some time.
    pub fn tokens(&self) -> impl Iterator<Item = &str> {
        self.file.tokens.keys().map(String::as_str)
    }

    /// The request that gets a value which the service gives for some time.
    ///
    /// # Errors
    /// As [`Channel::send`].
    pub fn token_request(&self, name: &str, given: &Given, now_ms: i64) -> Result<super::HttpRequest, Fault> {
        self.ready(given)?;
        self.token_call(name, given, now_ms)
    }

    /// The next request on the way to know whether the values are good.
    ///
    /// # Errors
    /// As [`Channel::send`].
    pub fn check(&self, given: &Given, tokens: &Tokens, now_ms: i64) -> Result<Next, Fault> {
        let rules = self.file.check.as_ref().ok_or_else(|| Fault::setup("check", "there is no check"))?;
        let call = rules.call().map_err(|why| Fault::setup("check", why))?;
        self.next("check", call, self.outgoing_scope(given, now_ms), given, tokens, now_ms)
    }

    /// Reads the answer to that.
    ///
    /// # Errors
    /// The service does not take the values.
    pub fn checked(&self, answer: Answered<'_>, given: &Given) -> Result<(), Refusal> {
        let rules = self.file.check.as_ref().ok_or_else(|| Fault::setup("check", "there is no check"))?;
        self.accepted("check", rules.call(), answer, given, 1).map(drop)
    }
}

#[cold]
fn no_way(amendment: Amendment) -> Fault {
    let what = match amendment {
        Amendment::Edit => "the service cannot change messages that it has",
        Amendment::Recall => "the service cannot take messages back that it has",
    };
    Fault::setup(amendment.as_str(), what)
}
