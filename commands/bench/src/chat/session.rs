use std::time::Duration;

use kefu_app::{Exit, Failure, Stop, Text};
use kefu_traffic::Verdict;

use super::{accounts::Accounts, readers::Plan, settings::ChatSettings};
use crate::{
    INVALID,
    engine::{ConnId, Engine, Positions, Tally, View},
    progress::Progress,
    report::{Connections, Generator, Messages, Report},
    watch::Watch,
};
use uuid::Uuid;

/// How long nothing may happen where something must.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);
/// How long the last messages may take to arrive.
const DRAIN: Duration = Duration::from_secs(if cfg!(test) { 1 } else { 10 });

/// After so long without one, no entry is on its way to a supervisor.
const QUIET: Duration = Duration::from_millis(200);
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
        let (visitors, has_agents) = (accounts.visitors.len(), !accounts.agents.is_empty());
        let mut engine =
            Engine::new(settings.target.clone(), visitors, has_agents, accounts.seed).map_err(no_poller)?;
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

    /// Ends the measured part here.
    pub(super) fn interrupt(&mut self) {
        self.is_interrupted = true;
        let now = self.engine.now();
        self.engine.tally.cut(now);
    }

    /// Shows the last second, if one has ended.
    pub(super) fn show(&mut self, start: Duration) {
        let now = self.engine.now();
        if let Some(interval) = self.engine.tally.series().and_then(|series| series.tick(now)) {
            self.progress.interval(now.saturating_sub(start).as_secs(), interval);
        }
    }

    /// Lets a visitor send a message that was due at `scheduled`; nothing happens when it is gone.
    pub(super) fn visitor_sends(&mut self, number: usize, scheduled: Duration) {
        let Member { conn, conversation } = self.visitors[number];
        if self.engine.is_live(conn) {
            self.engine.send(conn, number as u32, conversation, scheduled);
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
        let to_agents = !self.agents.is_empty();
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
        // How much supervisors are still to be told has no number: it is over when nothing more comes.
        let mut quiet_at = self.engine.now() + QUIET;
        while !self.supervisors.is_empty() && self.engine.now() < quiet_at.min(deadline) {
            let before = self.tally().watched.count();
            self.turn(self.engine.now() + Duration::from_millis(20))?;
            if self.tally().watched.count() > before {
                quiet_at = self.engine.now() + QUIET;
            }
        }
        Ok(())
    }

    /// Messages that are sent, and neither refused nor, with agents, both acked and delivered.
    pub(super) fn under_way(&self) -> u64 {
        let tally = self.tally();
        let done = if self.agents.is_empty() { tally.acked } else { tally.complete };
        tally.sent.saturating_sub(done + tally.errors.values().sum::<u64>())
    }

    /// The report as far as every scenario has it.
    pub(super) fn report(&mut self, scenario: &'static str) -> Report {
        self.progress.end();
        let tally = &self.engine.tally;
        let mut lost_by_code = std::collections::BTreeMap::new();
        for (code, count) in &tally.closed {
            let code = code.map_or("broken".to_owned(), |code| code.to_string());
            lost_by_code.insert(code, *count);
        }
        Report {
            form: "chat".into(),
            scenario: scenario.into(),
            interrupted: self.is_interrupted,
            target: self.settings.url.clone(),
            connections: Some(Connections {
                visitors: self.settings.visitors,
                senders: self.settings.senders,
                agents: self.settings.agents,
                supervisors: self.settings.supervisors,
                opened_per_s: self.opened_per_s,
                open: self.engine.live(),
                lost: tally.closed.values().sum(),
                lost_by_code,
            }),
            ..Report::default()
        }
    }

    /// Adds to a report what messages came to within the tally's window.
    pub(super) fn report_messages(
        &mut self,
        report: &mut Report,
        scheduled_per_s: Option<f64>,
        watch: &Watch,
    ) {
        let now = self.engine.now();
        let series = self.engine.tally.take_series();
        let tally = self.tally();
        let window = tally.window();
        let measured_s = (window.to - window.from).as_secs_f64();
        let per_s = |count: u64| if measured_s > 0.0 { count as f64 / measured_s } else { 0.0 };
        let errors = tally.errors.iter().map(|(code, count)| ((*code).to_owned(), *count)).collect();
        let refused: u64 = tally.errors.values().sum();
        let (complete, has_agents) = (tally.complete_in_window, !self.agents.is_empty());
        report.messages = Some(Messages {
            scheduled_per_s,
            measured_s,
            sent: tally.sent,
            acked: tally.acked,
            delivered: tally.delivered,
            acked_per_s: per_s(tally.acked_in_window),
            complete_per_s: if has_agents { per_s(complete) } else { 0.0 },
            unanswered: tally.sent.saturating_sub(tally.acked + refused),
            lost: if has_agents { tally.lost() } else { 0 },
            duplicates: tally.duplicates,
            reordered: tally.reordered,
            gaps: tally.gaps,
            nonsense: tally.strangers + tally.broken,
            errors,
        });
        report.ack_ms = Some(tally.ack.summary());
        report.delivery_ms = has_agents.then(|| tally.delivery.summary());
        report.watched_ms = (!self.supervisors.is_empty()).then(|| tally.watched.summary());
        let messages = tally.acked_in_window;
        report.server = watch.server(messages);
        report.generator = Generator {
            lateness_p99_ms: tally.lateness.p99_ms(),
            lateness_max_ms: tally.lateness.max_ms(),
            cpu_us_per_message: watch.generator_cpu_us(messages),
            cpu_load: watch.generator_load(),
            rss_mb: watch.generator_rss_mb(),
        };
        let measured = if has_agents { &tally.delivery } else { &tally.ack };
        report.latency_ms = Some(measured.summary());
        report.service_ms = Some(tally.service.summary());
        report.latency_hdr = Some(measured.to_text());
        report.service_hdr = Some(tally.service.to_text());
        report.intervals = series.map(|series| series.finish(now)).unwrap_or_default();
        if measured.count() == 0 {
            report.invalid.push("no message was measured".into());
        }
        if let Verdict::Late { p99_ms, allowed_ms } = tally.lateness.judge(measured.percentile_ms(99.0)) {
            report.invalid.push(format!(
                "the generator was late by {p99_ms:.2} ms at p99, {allowed_ms:.2} ms are allowed; \
                 give it more of a processor or lower the rate"
            ));
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
