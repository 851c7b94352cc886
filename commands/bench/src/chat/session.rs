use std::time::Duration;

use kefu_app::{Exit, Failure, Stop, Text};
use uuid::Uuid;

use super::{accounts::Accounts, figures::Figures, readers::Plan, settings::ChatSettings};
use crate::{
    INVALID,
    engine::{ConnId, Engine, Positions, Tally, View},
    process,
    procs::{Met, Parent},
    progress::Progress,
};

/// How long nothing may happen where something must.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// How long the last messages may take to arrive.
const DRAIN: Duration = Duration::from_secs(if cfg!(test) { 5 } else { 10 });

/// After so long without one, no entry is on its way to a supervisor, or to an agent of another process.
const QUIET: Duration = Duration::from_millis(200);
const QUIET_TOGETHER: Duration = Duration::from_secs(1);
/// Time between two looks at whether the other processes have come so far.
const MEETING: Duration = Duration::from_millis(20);
/// Messages under way while nothing is measured.
const GENTLY: u64 = 256;

/// A run under way: the engine and everybody in it.
pub(super) struct Session<'a> {
    pub(super) settings: &'a ChatSettings,
    pub(super) engine: Engine,
    pub(super) visitors: Vec<Member>,
    pub(super) agents: Vec<ConnId>,
    pub(super) supervisors: Vec<ConnId>,
    /// What is to be read meanwhile; taken by whoever starts it.
    pub(super) reading: Option<Plan>,
    pub(super) progress: Progress,
    pub(super) opened_per_s: f64,
    /// The user wanted to stop; what came until then is reported.
    is_interrupted: bool,
    /// Who gathers the parts, if this process has one of them; and whether all have met before.
    parent: Option<Parent>,
    has_met: bool,
    stop: Stop,
}

/// A visitor's connection and conversation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    pub(super) conn: ConnId,
    pub(super) conversation: Uuid,
}

/// Why a scenario has no report.
pub(super) enum Interruption {
    Stopped,
    Failed(Failure),
}

impl From<Failure> for Interruption {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

pub(super) type Outcome<T> = Result<T, Interruption>;

impl<'a> Session<'a> {
    pub(super) fn new(
        settings: &'a ChatSettings,
        accounts: Accounts,
        progress: Progress,
        stop: Stop,
    ) -> Result<Self, Failure> {
        let first = settings.first_visitor;
        let tally = Tally::new(settings.visitors_in_all, settings.has_agents);
        let tally = tally.of(first..first + settings.visitors);
        let seed = match settings.share {
            // One run, and other masks in each process.
            Some(share) => share.run >> 32 << 32 | accounts.seed & u64::from(u32::MAX),
            None => accounts.seed,
        };
        let mut engine = Engine::new(settings.target.clone(), tally, seed).map_err(no_poller)?;
        let reading = Plan::new(settings, &accounts);
        let agents = accounts
            .agents
            .into_iter()
            .map(|token| engine.add(token, View::Agent(Positions::default())))
            .collect();
        let supervisors = accounts
            .supervisors
            .into_iter()
            .map(|token| engine.add(token, View::Supervisor(Positions::default())))
            .collect();
        let visitors = accounts
            .visitors
            .into_iter()
            .map(|visitor| {
                let conversation = visitor.conversation_id;
                let conn =
                    engine.add(visitor.token, View::Visitor { conversation, last_seq: visitor.last_seq });
                Member { conn, conversation }
            })
            .collect();
        Ok(Self {
            settings,
            engine,
            visitors,
            agents,
            supervisors,
            reading,
            progress,
            opened_per_s: 0.0,
            is_interrupted: false,
            parent: settings.share.map(|_| Parent::new()),
            has_met: false,
            stop,
        })
    }

    pub(super) fn tally(&self) -> &Tally {
        &self.engine.tally
    }

    /// One turn of the engine, unless the user wants to stop.
    pub(super) fn turn(&mut self, until: Duration) -> Outcome<()> {
        if self.stop.is_requested() {
            return Err(Interruption::Stopped);
        }
        self.engine.turn(until).map_err(no_poller)?;
        Ok(())
    }

    /// Waits until all processes of the load have come so far, and keeps the connections alive meanwhile; says when they had.
    pub(super) fn meet(&mut self) -> Outcome<Duration> {
        let Some(parent) = &self.parent else { return Ok(self.engine.now()) };
        parent.arrive()?;
        loop {
            match self.parent.as_ref().map_or(Met::Gone, Parent::look) {
                Met::NotYet => self.turn(self.engine.now() + MEETING)?,
                Met::Gone => return Err(Interruption::Stopped),
                Met::At(moment) => {
                    if !std::mem::replace(&mut self.has_met, true) {
                        self.engine.begin(moment);
                    }
                    return Ok(self.engine.at(moment));
                }
            }
        }
    }

    /// Tells whoever gathers the parts what this process measured.
    pub(super) fn tell(&self, figures: &Figures) -> Result<bool, Failure> {
        let Some(parent) = &self.parent else { return Ok(false) };
        parent.tell(figures)?;
        Ok(true)
    }

    /// Whether what is sent here may arrive in another process.
    fn is_part(&self) -> bool {
        self.parent.is_some()
    }

    /// Ends the measured part here.
    pub(super) fn interrupt(&mut self) {
        self.is_interrupted = true;
        let now = self.engine.now();
        self.engine.tally.cut(now);
    }

    /// Shows the last second, if one has ended.
    pub(super) fn show(&mut self, start: Duration) -> Outcome<()> {
        let now = self.engine.now();
        self.progress.set(now.saturating_sub(start).as_secs());
        if let Some(interval) = self.engine.tally.series().and_then(|series| series.tick(now)) {
            self.progress.interval(now.saturating_sub(start).as_secs(), interval);
            if let Some(parent) = &self.parent {
                parent.second(interval)?;
            }
        }
        Ok(())
    }

    /// Lets a visitor send a message that was due at `scheduled`; nothing happens when it is gone.
    pub(super) fn visitor_sends(&mut self, number: usize, scheduled: Duration) {
        let Member { conn, conversation } = self.visitors[number];
        if self.engine.is_live(conn) {
            let sender = self.settings.first_visitor + number as u32;
            self.engine.send(conn, sender, conversation, scheduled);
        }
    }

    /// Sends one message for each item and waits until all are acked and, if `to_receiver`, delivered.
    pub(super) fn send_gently<T>(
        &mut self,
        stage: &'static str,
        items: &[T],
        to_receiver: bool,
        send: impl Fn(&mut Self, &T),
    ) -> Outcome<()> {
        self.progress.begin(stage, items.len() as u64);
        let (sent_before, acked_before, delivered_before) =
            (self.tally().sent, self.tally().acked, self.tally().delivered);
        let mut items = items.iter();
        let mut last_change = (0, self.engine.now());
        loop {
            let tally = self.tally();
            let (sent, acked) = (tally.sent - sent_before, tally.acked - acked_before);
            let delivered = tally.delivered - delivered_before;
            let under_way = sent.saturating_sub(if to_receiver { acked.min(delivered) } else { acked });
            if last_change.0 != acked + delivered {
                last_change = (acked + delivered, self.engine.now());
                self.progress.set(sent - under_way);
            }
            let left = items.len();
            for item in items.by_ref().take(GENTLY.saturating_sub(under_way) as usize) {
                send(self, item);
            }
            if left == 0 && under_way == 0 {
                return Ok(());
            }
            if self.engine.now() > last_change.1 + PATIENCE {
                return Err(self.stuck(stage, acked, delivered, sent).into());
            }
            self.turn(self.engine.now() + Duration::from_millis(100))?;
        }
    }

    /// Gives every sender's conversation an agent, so that what follows measures messages alone.
    pub(super) fn prime(&mut self) -> Outcome<()> {
        let senders: Vec<_> = (0..self.settings.senders as usize).collect();
        let to_agents = self.settings.has_agents && !self.is_part();
        self.send_gently("first messages", &senders, to_agents, |session, number| {
            let now = session.engine.now();
            session.visitor_sends(*number, now);
        })
    }

    /// Waits until everything under way has arrived, within reason.
    pub(super) fn drain(&mut self) -> Outcome<()> {
        if self.is_interrupted {
            return Ok(());
        }
        let deadline = self.engine.now() + DRAIN;
        while self.engine.now() < deadline && self.under_way() > 0 {
            self.turn(self.engine.now() + Duration::from_millis(20))?;
        }
        let quiet = if self.is_part() { QUIET_TOGETHER } else { QUIET };
        self.meet()?;
        // How much supervisors are still to be told has no number, and what others sent is theirs to count: it is over
        // when nothing more comes.
        let (deadline, mut quiet_at) = (self.engine.now() + DRAIN, self.engine.now() + quiet);
        let has_more = self.is_part() || !self.supervisors.is_empty();
        while has_more && self.engine.now() < quiet_at.min(deadline) {
            let before = self.tally().watched.count() + self.tally().delivered;
            self.turn(self.engine.now() + Duration::from_millis(20))?;
            if self.tally().watched.count() + self.tally().delivered > before {
                quiet_at = self.engine.now() + quiet;
            }
        }
        Ok(())
    }

    /// Messages that are sent, and neither refused nor, with agents in this process alone, both acked and delivered.
    pub(super) fn under_way(&self) -> u64 {
        let tally = self.tally();
        let done = if self.settings.has_agents && !self.is_part() { tally.complete } else { tally.acked };
        tally.sent.saturating_sub(done + tally.errors.values().sum::<u64>())
    }

    /// What was measured, with the processor time of the measured part.
    pub(super) fn figures(&mut self, cpu: Duration) -> Figures {
        self.progress.end();
        let now = self.engine.now();
        let window = self.tally().window();
        let series = self.engine.tally.take_series();
        Figures {
            counts: self.engine.tally.counts(),
            open: self.engine.live(),
            opened_per_s: self.opened_per_s,
            intervals: series.map(|series| series.finish(now)).unwrap_or_default(),
            measured: window.to - window.from,
            cpu,
            rss: process::usage(std::process::id()).map_or(0, |usage| usage.rss),
            reads: None,
            is_interrupted: self.is_interrupted,
        }
    }

    fn stuck(&self, stage: &'static str, acked: u64, delivered: u64, sent: u64) -> Failure {
        let unheard = self.tally().unheard();
        let errors = &self.tally().errors;
        let message = Text::new(
            format!(
                "the run is invalid: {stage}: of {sent} sent {acked} were acked and {delivered} delivered, then nothing for {} s",
                PATIENCE.as_secs()
            ),
            format!(
                "测试无效: {stage}: 发送 {sent} 条, 确认 {acked} 条, 送达 {delivered} 条, 之后 {} 秒没有进展",
                PATIENCE.as_secs()
            ),
        );
        let hint = if !errors.is_empty() {
            Text::from(format!("{errors:?}"))
        } else if unheard > 0 {
            Text::new(
                format!(
                    "{unheard} conversations reach no agent of this run: are others online, or is their capacity used up?"
                ),
                format!("{unheard} 个会话没有到达本次测试的客服: 是否有其他客服在线, 或接待上限已满?"),
            )
        } else {
            Text::new("see the server's log", "请查看服务器日志")
        };
        Failure::new(INVALID, message).hint(hint)
    }
}

fn no_poller(error: std::io::Error) -> Failure {
    Failure::new(Exit::Unavailable, Text::new("cannot wait for sockets", "无法等待套接字")).because(error)
}
