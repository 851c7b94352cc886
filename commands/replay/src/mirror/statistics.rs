//! What became of requests: each that was seen was answered by the shadow or not, was dropped for a reason, or is under
//! way.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use kefu_app::Text;
use kefu_traffic::http::{Account, Totals};

use crate::{diff::Counts, run::Lost, socket, source::Outcome};

/// What became of a request at the shadow.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Fate {
    /// It has an answer.
    Answered,
    /// It begins a WebSocket session.
    Session,
    /// It was sent, or was to be, and has none.
    Failed(Lost),
    /// It was not sent.
    Dropped(Reason),
}

/// Why a request or a WebSocket message was not sent to the shadow.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Reason {
    /// Others wait already.
    QueueFull,
    /// It is not in the sample.
    Sample,
    /// Its method may change something.
    UnsafeMethod,
    /// It asks for another protocol, which is no WebSocket, or to which the old system has not agreed.
    Upgrade,
    /// It is of a WebSocket session that the shadow does not have.
    NoSession,
    /// It is of a replay by kefu: the shadow's own requests come back.
    Replay,
    /// The translation leaves it out.
    Untranslated,
    /// Its head is understood by some and not by others.
    Malformed,
}

impl Reason {
    fn name(self) -> &'static str {
        match self {
            Self::QueueFull => "dropped_queue_full",
            Self::Sample => "dropped_sample",
            Self::UnsafeMethod => "dropped_unsafe_method",
            Self::Upgrade => "dropped_upgrade",
            Self::NoSession => "dropped_no_session",
            Self::Replay => "dropped_replay",
            Self::Untranslated => "dropped_untranslated",
            Self::Malformed => "dropped_unreadable",
        }
    }

    fn text(self) -> Text {
        match self {
            Self::QueueFull => Text::new("dropped: the queue was full", "丢弃:队列已满"),
            Self::Sample => Text::new("dropped: not in the sample", "丢弃:不在抽样中"),
            Self::UnsafeMethod => Text::new(
                "dropped: unsafe method (--unsafe-methods)",
                "丢弃:有副作用的方法(--unsafe-methods)",
            ),
            Self::Upgrade => {
                Text::new("dropped: a tunnel, or an upgrade that was refused", "丢弃:隧道,或被拒绝的协议升级")
            }
            Self::NoSession => {
                Text::new("dropped: of a session that the shadow does not have", "丢弃:影子没有对应的会话")
            }
            Self::Replay => Text::new("dropped: of a replay by kefu", "丢弃:由 kefu 重放"),
            Self::Untranslated => Text::new("dropped: not translated", "丢弃:未翻译"),
            Self::Malformed => Text::new("dropped: unreadable", "丢弃:无法解析"),
        }
    }
}

/// What was counted.
#[derive(Debug, Default)]
pub(super) struct Figures {
    pub(super) connections: u64,
    /// Connections for which the upstream could not be reached.
    pub(super) unreachable: u64,
    pub(super) requests: Account,
    pub(super) responses: Account,
    pub(super) fates: BTreeMap<Fate, u64>,
    /// Requests in the shadow's queue, or being answered by it.
    pub(super) in_flight: u64,
    /// WebSocket messages of both sides.
    pub(super) frames: Account,
    /// Those that clients said, as a whole.
    pub(super) said: u64,
    /// Those of clients that no session takes.
    pub(super) unsaid: BTreeMap<Reason, u64>,
    pub(super) recorded: u64,
    /// Packets that the kernel and interfaces let go, of those that were captured.
    pub(super) packets_dropped: u64,
    /// Messages that were not written because writing did not keep up or failed.
    pub(super) unrecorded: u64,
}

/// Counts for everybody.
#[derive(Debug, Default)]
pub(super) struct Statistics {
    figures: Mutex<Figures>,
    /// What became of handshakes and messages that sessions have taken.
    pub(super) sockets: Arc<Mutex<socket::Figures>>,
}

impl Statistics {
    /// What was counted so far; whoever panicked while counting had added a number or not.
    pub(super) fn figures(&self) -> MutexGuard<'_, Figures> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds what a connection has seen since it last said so.
    pub(super) fn seen(&self, before: Totals, now: Totals) {
        let mut figures = self.figures();
        add(&mut figures.requests, before.requests, now.requests);
        add(&mut figures.responses, before.responses, now.responses);
        add(&mut figures.frames, before.frames, now.frames);
    }

    /// A capture is over.
    pub(super) fn captured(&self, outcome: &Outcome) {
        if let Some(packets) = outcome.packets {
            self.seen(Totals::default(), packets.messages);
        }
        let dropped = outcome.interfaces.iter().map(|one| one.dropped + one.dropped_by_interface);
        self.figures().packets_dropped += dropped.sum::<u64>();
    }

    /// A request is not sent to the shadow.
    pub(super) fn dropped(&self, reason: Reason) {
        *self.figures().fates.entry(Fate::Dropped(reason)).or_default() += 1;
    }

    /// A WebSocket message was said by a client or by the old system; a session has taken it or not.
    pub(super) fn said(&self, is_of_client: bool, taken: Result<(), Reason>) {
        if !is_of_client {
            return;
        }
        let mut figures = self.figures();
        figures.said += 1;
        if let Err(reason) = taken {
            *figures.unsaid.entry(reason).or_default() += 1;
        }
    }

    /// A request goes into the queue.
    pub(super) fn queued(&self) {
        self.figures().in_flight += 1;
    }

    /// One from the queue has come to its end.
    pub(super) fn ended(&self, fate: Fate) {
        let mut figures = self.figures();
        figures.in_flight -= 1;
        *figures.fates.entry(fate).or_default() += 1;
    }
}

/// Interim answers are counted first and taken back, so a number may become smaller.
fn add(sum: &mut Account, before: Account, now: Account) {
    let more = |sum: &mut u64, before: u64, now: u64| *sum = sum.wrapping_add(now.wrapping_sub(before));
    more(&mut sum.seen, before.seen, now.seen);
    more(&mut sum.emitted, before.emitted, now.emitted);
    more(&mut sum.gap, before.gap, now.gap);
    more(&mut sum.limit, before.limit, now.limit);
    more(&mut sum.malformed, before.malformed, now.malformed);
    more(&mut sum.cut, before.cut, now.cut);
}

impl Fate {
    fn counts(self, count: u64) -> Counts {
        let (name, text) = match self {
            Self::Answered => ("answered", Text::new("answered by the shadow", "影子已应答")),
            Self::Session => (
                "websocket_sessions",
                Text::new("WebSocket sessions for the shadow", "交给影子的 WebSocket 会话"),
            ),
            Self::Failed(why) => match why {
                Lost::Connect => ("failed_connect", Text::new("shadow: no connection", "影子:无法连接")),
                Lost::Closed => ("failed_closed", Text::new("shadow: connection closed", "影子:连接被关闭")),
                Lost::Timeout => ("failed_timeout", Text::new("shadow: time-out", "影子:超时")),
                Lost::Unreadable => {
                    ("failed_unreadable", Text::new("shadow: unreadable answer", "影子:应答无法解析"))
                }
            },
            Self::Dropped(reason) => (reason.name(), reason.text()),
        };
        Counts::new(name, text, count)
    }
}

impl Figures {
    /// Handshakes and messages that sessions have taken.
    pub(super) fn handed(&self) -> u64 {
        let sessions = self.fates.get(&Fate::Session).copied().unwrap_or_default();
        sessions + self.said - self.unsaid.values().sum::<u64>()
    }
}

impl Statistics {
    /// Everything under its name.
    pub(super) fn counts(&self, has_shadow: bool, has_output: bool) -> Vec<Counts> {
        let figures = self.figures();
        let Account { seen, gap, limit, malformed, cut, .. } = figures.requests;
        let mut counts = vec![
            Counts::new("connections", Text::new("connections", "连接"), figures.connections),
            Counts::new(
                "unreachable",
                Text::new("connections without an upstream", "无法连接上游"),
                figures.unreachable,
            ),
            Counts::new("seen", Text::new("requests seen", "已见请求"), seen),
            Counts::new("dropped_gap", Text::new("dropped: not seen whole", "丢弃:有缺失"), gap),
            Counts::new("dropped_limit", Text::new("dropped: too large", "丢弃:过大"), limit),
            Counts::new("dropped_malformed", Text::new("dropped: malformed", "丢弃:格式错误"), malformed),
            Counts::new("dropped_cut", Text::new("dropped: cut off", "丢弃:中断"), cut),
            Counts::new("responses", Text::new("answers seen", "已见应答"), figures.responses.emitted),
        ];
        if figures.packets_dropped > 0 {
            counts.push(Counts::new(
                "packets_dropped",
                Text::new("packets dropped by the kernel", "内核丢弃的数据包"),
                figures.packets_dropped,
            ));
        }
        if has_shadow {
            counts.extend(figures.fates.iter().map(|(fate, count)| fate.counts(*count)));
            counts.push(Counts::new(
                "in_flight",
                Text::new("under way at the end", "结束时仍在进行"),
                figures.in_flight,
            ));
        }
        if figures.frames.seen > 0 {
            self.count_messages(&figures, has_shadow, &mut counts);
        }
        if has_output {
            counts.push(Counts::new(
                "recorded",
                Text::new("messages written", "已写出消息"),
                figures.recorded,
            ));
            counts.push(Counts::new(
                "unrecorded",
                Text::new("messages not written: too slow, or failed", "未写出消息:来不及或失败"),
                figures.unrecorded,
            ));
        }
        counts
    }

    /// What became of WebSocket messages.
    fn count_messages(&self, figures: &Figures, has_shadow: bool, counts: &mut Vec<Counts>) {
        let frames = figures.frames;
        let mut add = |name, en: &'static str, zh: &'static str, count| {
            counts.push(Counts::new(name, Text::new(en, zh), count))
        };
        add("websocket_messages", "WebSocket messages seen", "已见 WebSocket 消息", frames.seen);
        add("websocket_unread", "of them not followed", "其中无法解析", frames.dropped());
        if !has_shadow {
            return;
        }
        add("websocket_said", "said by clients", "客户端发出", figures.said);
        let sockets = socket::Figures::count(&self.sockets, |sockets| *sockets);
        for (name, en, zh, count) in [
            ("websocket_opened", "sessions that the shadow took", "影子已建立的会话", sockets.opened),
            ("websocket_failed", "sessions that did not begin", "未能建立的会话", sockets.failed),
            ("websocket_broken", "sessions cut short", "中断的会话", sockets.broken),
            ("websocket_sent", "sent to the shadow", "已发给影子", sockets.sent),
            ("websocket_unsent", "not sent: the session was over", "未发送:会话已结束", sockets.unsent),
            (
                "websocket_untranslated",
                "sessions and messages not translated",
                "未翻译的会话与消息",
                sockets.untranslated,
            ),
            ("websocket_received", "said by the shadow", "影子发出", sockets.received),
            ("websocket_expected", "and by the old system", "旧系统发出", sockets.recorded),
        ] {
            add(name, en, zh, count);
        }
        for (reason, count) in &figures.unsaid {
            let (name, text) = match reason {
                Reason::QueueFull => ("websocket_dropped_queue_full", reason.text()),
                _ => ("websocket_dropped_no_session", reason.text()),
            };
            counts.push(Counts::new(name, text, *count));
        }
        let in_flight = figures.handed().saturating_sub(sockets.done());
        counts.push(Counts::new(
            "websocket_in_flight",
            Text::new("under way at the end", "结束时仍在进行"),
            in_flight,
        ));
    }
}
