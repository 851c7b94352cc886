//! What happens to a message between where it is read and where it is written.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use kefu_app::{Failure, Language};
use kefu_traffic::gor::{Kind, Record};

use crate::{
    account::{Account, Reason},
    args::FilterArgs,
    message::Parts,
    middleware::{self, Middleware},
    output::Output,
    redact::Redaction,
    run::MARK,
    screen::{Rules, Screen},
    source::Sink,
};

/// So many requests of a replay wait for their answers.
const IDS_MAX: usize = 1_000_000;

/// What was written is handed to the system so often while messages come.
const FLUSH: Duration = Duration::from_secs(1);

/// What is taken over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    pub(crate) responses: bool,
    /// Messages of a replay by kefu.
    pub(crate) replays: bool,
}

/// What has been written.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Written {
    pub(crate) requests: u64,
    pub(crate) responses: u64,
    pub(crate) frames: u64,
    pub(crate) bytes: u64,
}

/// The steps that messages go through.
pub(crate) struct Pipeline {
    wanted: Wanted,
    own: Own,
    middleware: Option<Middleware>,
    writing: Writing,
    seen: u64,
    flushed: Instant,
}

/// The steps behind the middleware.
struct Writing {
    screen: Screen,
    redaction: Option<Redaction>,
    output: Output,
    written: Written,
    account: Account,
    is_read: bool,
}

/// How it went.
pub(crate) struct Ended {
    pub(crate) written: Written,
    pub(crate) account: Account,
    pub(crate) redaction: Option<Redaction>,
}

impl Pipeline {
    /// Gets ready.
    ///
    /// # Errors
    ///
    /// The middleware cannot be started.
    pub(crate) fn new(
        wanted: Wanted,
        filters: &FilterArgs,
        redaction: Option<Redaction>,
        output: Output,
        language: Language,
    ) -> Result<Self, Failure> {
        let started = filters.middleware.as_ref().map(|command| Middleware::start(command, language));
        let writing = Writing {
            screen: Screen::new(Rules::from(filters)),
            redaction,
            output,
            written: Written::default(),
            account: Account::default(),
            is_read: true,
        };
        Ok(Self {
            wanted,
            own: Own::default(),
            middleware: started.transpose()?,
            writing,
            seen: 0,
            flushed: Instant::now(),
        })
    }

    /// Ends the output, also after something has failed; what was written before that is durable.
    ///
    /// # Errors
    ///
    /// The middleware or the output fails.
    pub(crate) fn finish(mut self) -> Result<Ended, Failure> {
        let writing = &mut self.writing;
        let finished = match &mut self.middleware {
            Some(middleware) => middleware.finish(&mut |record| writing.write(record)),
            None => Ok(()),
        };
        let Writing { output, written, mut account, redaction, .. } = self.writing;
        output.finish()?;
        finished?;
        account.seen = self.seen;
        if let Some(Middleware { given, returned, .. }) = &self.middleware {
            account.seen += returned.saturating_sub(*given);
            account.dropped(Reason::Middleware, given.saturating_sub(*returned));
        }
        Ok(Ended { written, account, redaction })
    }

    /// Why a message is left out before anything else.
    fn left_out(&mut self, record: &Record) -> Option<Reason> {
        if !self.wanted.replays && self.own.is_of_replay(record) {
            return Some(Reason::OwnReplay);
        }
        let is_wanted =
            self.wanted.responses || matches!(record.kind, Kind::Request | Kind::ToServer | Kind::Other(_));
        (!is_wanted).then_some(Reason::Response)
    }
}

impl Sink for Pipeline {
    fn take(&mut self, record: Record) -> Result<(), Failure> {
        self.seen += 1;
        if let Some(reason) = self.left_out(&record) {
            self.writing.account.dropped(reason, 1);
            return Ok(());
        }
        let writing = &mut self.writing;
        match &mut self.middleware {
            Some(middleware) if middleware::is_known(record.kind) => {
                middleware.exchange(record, &mut |record| writing.write(record))
            }
            _ => writing.write(record),
        }
    }

    fn tick(&mut self) -> Result<(), Failure> {
        let writing = &mut self.writing;
        if let Some(middleware) = &mut self.middleware {
            middleware.tick(&mut |record| writing.write(record))?;
        }
        if self.flushed.elapsed() >= FLUSH {
            self.flushed = Instant::now();
            writing.output.flush()?;
        }
        Ok(())
    }
}

impl Writing {
    fn write(&mut self, mut record: Record) -> Result<(), Failure> {
        if !self.is_read {
            self.account.dropped(Reason::Unread, 1);
            return Ok(());
        }
        if let Err(reason) = self.screen.apply(&mut record) {
            self.account.dropped(reason, 1);
            return Ok(());
        }
        if let Some(redaction) = &mut self.redaction {
            redaction.apply(&mut record);
        }
        let (kind, bytes) = (record.kind, record.payload.len() as u64);
        self.is_read = self.output.write(record)?;
        if !self.is_read {
            self.account.dropped(Reason::Unread, 1);
            return Ok(());
        }
        self.account.emitted += 1;
        self.written.bytes += bytes;
        *match kind {
            Kind::Request => &mut self.written.requests,
            Kind::Response | Kind::Replayed => &mut self.written.responses,
            _ => &mut self.written.frames,
        } += 1;
        Ok(())
    }
}

/// Tells the messages of a replay: its requests by their mark, and what belongs to them.
#[derive(Debug, Default)]
pub(crate) struct Own {
    ids: HashSet<String>,
}

impl Own {
    pub(crate) fn is_of_replay(&mut self, record: &Record) -> bool {
        if record.kind != Kind::Request {
            return self.ids.remove(&record.id);
        }
        let is_marked = Parts::of(record).is_some_and(|parts| parts.header(MARK).is_some());
        if is_marked && self.ids.len() < IDS_MAX {
            self.ids.insert(record.id.clone());
        }
        is_marked
    }
}
