//! What became of requests: each that was seen was answered by the shadow or not, was dropped for a reason, or is under
//! way.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use kefu_app::Text;
use kefu_traffic::http::{Account, Totals};

use crate::{diff::Counts, run::Lost};

/// What became of a request at the shadow.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Fate {
    /// It has an answer.
    Answered,
    /// It was sent, or was to be, and has none.
    Failed(Lost),
    /// It was not sent.
    Dropped(Reason),
}

/// Why a request was not sent to the shadow.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Reason {
    /// Others wait already.
    QueueFull,
    /// It is not in the sample.
    Sample,
    /// Its method may change something.
    UnsafeMethod,
    /// It asks for another protocol.
    Upgrade,
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
            Self::Upgrade => Text::new("dropped: WebSocket or tunnel", "丢弃:WebSocket 或隧道"),
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
    pub(super) recorded: u64,
    /// Messages that were not written because writing did not keep up or failed.
    pub(super) unrecorded: u64,
}

/// Counts for everybody.
#[derive(Debug, Default)]
pub(super) struct Statistics(Mutex<Figures>);

impl Statistics {
    /// What was counted so far; whoever panicked while counting had added a number or not.
    pub(super) fn figures(&self) -> MutexGuard<'_, Figures> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds what a connection has seen since it last said so.
    pub(super) fn seen(&self, before: Totals, now: Totals) {
        let mut figures = self.figures();
        add(&mut figures.requests, before.requests, now.requests);
        add(&mut figures.responses, before.responses, now.responses);
    }

    /// A request is not sent to the shadow.
    pub(super) fn dropped(&self, reason: Reason) {
        *self.figures().fates.entry(Fate::Dropped(reason)).or_default() += 1;
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

impl Figures {
    /// Everything under its name.
    pub(super) fn counts(&self, has_shadow: bool, has_output: bool) -> Vec<Counts> {
        let Account { seen, limit, malformed, cut, .. } = self.requests;
        let mut counts = vec![
            Counts::new("connections", Text::new("connections", "连接"), self.connections),
            Counts::new(
                "unreachable",
                Text::new("connections without an upstream", "无法连接上游"),
                self.unreachable,
            ),
            Counts::new("seen", Text::new("requests seen", "已见请求"), seen),
            Counts::new("dropped_limit", Text::new("dropped: too large", "丢弃:过大"), limit),
            Counts::new("dropped_malformed", Text::new("dropped: malformed", "丢弃:格式错误"), malformed),
            Counts::new("dropped_cut", Text::new("dropped: cut off", "丢弃:中断"), cut),
            Counts::new("responses", Text::new("answers seen", "已见应答"), self.responses.emitted),
        ];
        if has_shadow {
            counts.extend(self.fates.iter().map(|(fate, count)| match fate {
                Fate::Answered => {
                    Counts::new("answered", Text::new("answered by the shadow", "影子已应答"), *count)
                }
                Fate::Failed(why) => {
                    let (name, text) = match why {
                        Lost::Connect => {
                            ("failed_connect", Text::new("shadow: no connection", "影子:无法连接"))
                        }
                        Lost::Closed => {
                            ("failed_closed", Text::new("shadow: connection closed", "影子:连接被关闭"))
                        }
                        Lost::Timeout => ("failed_timeout", Text::new("shadow: time-out", "影子:超时")),
                        Lost::Unreadable => {
                            ("failed_unreadable", Text::new("shadow: unreadable answer", "影子:应答无法解析"))
                        }
                    };
                    Counts::new(name, text, *count)
                }
                Fate::Dropped(reason) => Counts::new(reason.name(), reason.text(), *count),
            }));
            counts.push(Counts::new(
                "in_flight",
                Text::new("under way at the end", "结束时仍在进行"),
                self.in_flight,
            ));
        }
        if has_output {
            counts.push(Counts::new("recorded", Text::new("messages written", "已写出消息"), self.recorded));
            counts.push(Counts::new(
                "unrecorded",
                Text::new("messages not written: too slow, or failed", "未写出消息:来不及或失败"),
                self.unrecorded,
            ));
        }
        counts
    }
}
