//! One session as it is played: what the client said when it is due, and what the new system says to it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use kefu_traffic::{gor::Record, http::Limits};
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc, oneshot},
    time::{Instant, sleep_until, timeout},
};

use super::{Link, Matching};
use crate::{
    args::HeaderLine,
    client::Client,
    head::EditedHead,
    message::Parts,
    target::Target,
    translate::{Heard, Said, Talk, Translator},
};

/// Before something is said, at most so many reads are taken of what has come.
const HEARD_AT_ONCE: usize = 16;

/// What became of sessions.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Figures {
    /// Sessions that began.
    pub(crate) opened: u64,
    /// Those that did not: no connection, no agreement, or too many at once.
    pub(crate) failed: u64,
    /// Those that the target ended while messages were left.
    pub(crate) broken: u64,
    /// Messages that were sent.
    pub(crate) sent: u64,
    /// Messages that were due and could not be sent.
    pub(crate) unsent: u64,
    /// Sessions and messages that the translation leaves out.
    pub(crate) untranslated: u64,
    /// Messages that the target sent, and those that the recorded system did.
    pub(crate) received: u64,
    pub(crate) recorded: u64,
}

impl Figures {
    /// Handshakes and messages of which it is known what became of them.
    pub(crate) fn done(self) -> u64 {
        self.opened + self.failed + self.sent + self.unsent + self.untranslated
    }

    /// Whether something could not be sent.
    pub(crate) fn has_lost(self) -> bool {
        self.failed + self.broken + self.unsent > 0
    }

    /// Notes something that several count.
    pub(crate) fn count<T>(shared: &Mutex<Self>, change: impl FnOnce(&mut Self) -> T) -> T {
        change(&mut shared.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The share of what may wait that something has, until it is sent or taken.
pub(crate) type Held = Vec<OwnedSemaphorePermit>;

/// What comes next in a session.
pub(crate) enum Next {
    /// The client says something.
    Message {
        due: Instant,
        is_text: bool,
        payload: Vec<u8>,
        /// Gone when it was sent.
        _sent: Option<oneshot::Sender<()>>,
        _held: Held,
    },
    /// The recorded system said something.
    Heard { payload: Vec<u8>, _held: Held },
    /// Something that was said is not known: nothing is compared any more.
    Lost,
}

/// What sessions of a run have in common.
#[derive(Clone)]
pub(crate) struct Means {
    pub(crate) target: Target,
    pub(crate) headers: Vec<HeaderLine>,
    pub(crate) translator: Option<Arc<Translator>>,
    pub(crate) timeout: Duration,
    pub(crate) limits: Limits,
    pub(crate) figures: Arc<Mutex<Figures>>,
}

/// A session that is to begin.
pub(crate) struct Session {
    pub(crate) means: Means,
    /// The recorded handshake.
    pub(crate) request: Record,
    pub(crate) begin: Instant,
    /// Gone when it has begun.
    pub(crate) opened: Option<oneshot::Sender<()>>,
    /// What the old system said is compared, and not only counted.
    pub(crate) matching: Option<Matching>,
}

/// A session that does not begin.
enum Unopened {
    Untranslated,
    Failed,
}

/// A session that goes on.
struct Open {
    link: Link,
    talk: Option<Talk>,
    client: Client,
    matching: Option<Matching>,
    timeout: Duration,
    figures: Arc<Mutex<Figures>>,
    received: u64,
    recorded: u64,
}

impl Means {
    fn count(&self, change: impl FnOnce(&mut Figures)) {
        Figures::count(&self.figures, change);
    }
}

impl Session {
    /// Plays what comes, until nothing more does and everything that was recorded is heard, or for as long as that takes.
    pub(crate) async fn play(mut self, mut queue: mpsc::UnboundedReceiver<Next>) {
        sleep_until(self.begin).await;
        let means = self.means.clone();
        let mut open = match self.open().await {
            Ok(open) => open,
            Err(why) => {
                means.count(|figures| match why {
                    Unopened::Untranslated => figures.untranslated += 1,
                    Unopened::Failed => figures.failed += 1,
                });
                let left = left(queue).await;
                return means.count(|figures| match why {
                    Unopened::Untranslated => figures.untranslated += left,
                    Unopened::Failed => figures.unsent += left,
                });
            }
        };
        means.count(|figures| figures.opened += 1);
        let mut is_open = open.get_ready(means.timeout).await;
        drop(self.opened.take());
        // The message whose time is next, and whether more may come.
        let (mut next, mut is_over) = (None, false);
        let mut end = None;
        while is_open && !(is_over && next.is_none() && end.is_some_and(|end| Instant::now() >= end)) {
            if is_over && next.is_none() {
                if open.has_heard_all() {
                    break;
                }
                end.get_or_insert(Instant::now() + means.timeout);
            }
            let due = match &next {
                Some(Next::Message { due, .. }) => Some(*due),
                _ => end,
            };
            tokio::select! {
                more = queue.recv(), if next.is_none() && !is_over => match more {
                    None => is_over = true,
                    Some(Next::Heard { payload, .. }) => open.was_recorded(payload),
                    Some(Next::Lost) => open.matching = None,
                    Some(message) => next = Some(message),
                },
                () = sleep_until(due.unwrap_or(self.begin)), if due.is_some() => {
                    // Behind an end that has come already nothing is sent.
                    is_open = open.hear_what_has_come().await;
                    if is_open && let Some(Next::Message { is_text, payload, .. }) = next.take() {
                        is_open = open.say(is_text, &payload).await;
                    }
                }
                () = open.link.wait() => is_open = open.hear().await,
            }
        }
        let mut unsent = u64::from(matches!(next, Some(Next::Message { .. })));
        if open.matching.is_none() {
            queue.close();
        }
        while let Some(more) = queue.recv().await {
            match more {
                Next::Heard { payload, .. } => open.was_recorded(payload),
                Next::Lost => open.matching = None,
                Next::Message { .. } => unsent += 1,
            }
        }
        means.count(|figures| {
            figures.unsent += unsent;
            figures.broken += u64::from(unsent > 0);
        });
        open.end(is_open).await;
    }

    async fn open(&mut self) -> Result<Open, Unopened> {
        let Means { target, translator, timeout: patience, limits, .. } = &self.means;
        let mut client = Client::new(*target, *patience, *limits);
        let (head, talk) = match translator {
            None => (self.recorded_head().ok_or(Unopened::Failed)?, None),
            Some(translator) => {
                let handshake = translator.handshake(&self.request).map_err(|_| Unopened::Untranslated)?;
                for before in &handshake.before {
                    // Whether it was necessary shows by what follows.
                    drop(client.ask(before, false).await);
                }
                (EditedHead::of(&handshake.head), Some(handshake.talk))
            }
        };
        let message_max = u32::try_from(limits.message).unwrap_or(u32::MAX);
        let link = timeout(*patience, Link::open(*target, head, message_max)).await.ok().flatten();
        Ok(Open {
            link: link.ok_or(Unopened::Failed)?,
            talk,
            client,
            matching: self.matching.take(),
            timeout: *patience,
            figures: Arc::clone(&self.means.figures),
            received: 0,
            recorded: 0,
        })
    }

    /// The handshake as it was, but for what was agreed on between the recorded client and its server: messages are recorded
    /// as they are.
    fn recorded_head(&self) -> Option<EditedHead> {
        let mut head = EditedHead::of(Parts::of(&self.request)?.head_bytes);
        head.remove("Sec-WebSocket-Extensions");
        for HeaderLine { name, value } in &self.means.headers {
            head.set(name, value);
        }
        Some(head)
    }
}

/// How many messages of the client are not sent any more.
async fn left(mut queue: mpsc::UnboundedReceiver<Next>) -> u64 {
    queue.close();
    let mut left = 0;
    while let Some(next) = queue.recv().await {
        left += u64::from(matches!(next, Next::Message { .. }));
    }
    left
}

impl Open {
    /// Waits until the new system listens; says whether the session goes on.
    async fn get_ready(&mut self, patience: Duration) -> bool {
        let ready = async {
            while self.talk.as_ref().is_some_and(|talk| !talk.is_ready()) {
                self.link.wait().await;
                if !self.hear().await {
                    return false;
                }
            }
            true
        };
        // Whether that it said nothing matters shows by what follows.
        timeout(patience, ready).await.unwrap_or(true)
    }

    /// Takes what has come already, as far as one who never stops leaves room; says whether the session goes on.
    async fn hear_what_has_come(&mut self) -> bool {
        for _ in 0..HEARD_AT_ONCE {
            let has_come = tokio::select! {
                biased;
                () = self.link.wait() => true,
                () = std::future::ready(()) => false,
            };
            if !has_come {
                return true;
            }
            if !self.hear().await {
                return false;
            }
        }
        true
    }

    /// Takes what has come; says whether the session goes on.
    async fn hear(&mut self) -> bool {
        let Some(messages) = self.link.take().await else { return false };
        for message in messages {
            let Some(talk) = &mut self.talk else {
                self.received += 1;
                continue;
            };
            let Heard { reply, message } = talk.hear(&message);
            if let Some(message) = message {
                self.was_heard(message);
            }
            if let Some(reply) = reply
                && !self.send(true, &reply).await
            {
                return false;
            }
        }
        true
    }

    /// Says what the client said; says whether the session goes on.
    async fn say(&mut self, is_text: bool, payload: &[u8]) -> bool {
        let is_sent = match self.talk.as_mut().map(|talk| talk.say(payload)) {
            None => self.send(is_text, payload).await,
            Some(Ok(Said::Message(message))) => self.send(true, &message).await,
            Some(Ok(Said::Request { bytes, is_safe, way })) => {
                let answer = self.client.ask(&bytes, is_safe).await;
                let is_sent = answer.is_ok();
                let message = answer.ok().zip(self.talk.as_ref());
                let message = message.and_then(|(answer, talk)| talk.answered(payload, way, answer.bytes));
                if let Some(message) = message {
                    self.was_heard(message);
                }
                self.count(|figures| *(if is_sent { &mut figures.sent } else { &mut figures.unsent }) += 1);
                return true;
            }
            Some(Err(_)) => {
                self.count(|figures| figures.untranslated += 1);
                return true;
            }
        };
        self.count(|figures| *(if is_sent { &mut figures.sent } else { &mut figures.unsent }) += 1);
        is_sent
    }

    /// Sends a message; says whether the target took it in time.
    async fn send(&mut self, is_text: bool, payload: &[u8]) -> bool {
        timeout(self.timeout, self.link.say(is_text, payload)).await.unwrap_or(false)
    }

    /// The new system has said something in the old one's words.
    fn was_heard(&mut self, message: Vec<u8>) {
        self.received += 1;
        if let (Some(matching), Some(talk)) = (&mut self.matching, &self.talk) {
            matching.heard(talk.name(&message), message);
        }
    }

    /// The old system has said something.
    fn was_recorded(&mut self, message: Vec<u8>) {
        let Some(talk) = &self.talk else {
            self.recorded += 1;
            return;
        };
        if talk.expects(&message) {
            self.recorded += 1;
            if let Some(matching) = &mut self.matching {
                matching.recorded(talk.name(&message), message);
            }
        }
    }

    fn has_heard_all(&self) -> bool {
        match &self.matching {
            Some(matching) => matching.is_complete(),
            None => self.received >= self.recorded,
        }
    }

    async fn end(self, is_open: bool) {
        let (received, recorded) = (self.received, self.recorded);
        self.count(|figures| {
            figures.received += received;
            figures.recorded += recorded;
        });
        if let Some(matching) = self.matching {
            matching.end();
        }
        if is_open {
            self.link.close().await;
        }
    }

    fn count(&self, change: impl FnOnce(&mut Figures)) {
        Figures::count(&self.figures, change);
    }
}
