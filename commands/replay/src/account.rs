//! What became of messages: of those that were seen, each was handed on, was dropped for a reason, or is still under way.

use std::collections::BTreeMap;

use kefu_app::Text;
use serde_json::{Map, Value, json};

/// Why a message was not handed on.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Reason {
    /// It is of a replay by kefu.
    OwnReplay,
    /// Responses were not asked for.
    Response,
    /// The filters let it not pass, or not its request.
    Filter,
    /// An expression cannot be carried out for it.
    Expression,
    /// It is not in the sample.
    Sample,
    /// There were more than so many a second.
    Rate,
    /// The middleware gave nothing back for it.
    Middleware,
    /// It is no HTTP.
    Malformed,
    /// Its method may change something.
    UnsafeMethod,
    /// It asks for another protocol.
    Upgrade,
    /// It is of a WebSocket session that is not open.
    NoSession,
    /// The translation does not say what it is in the target's words.
    Untranslated,
    /// It was not sent, because no connection could be made or it waited for too long.
    NotSent,
    /// Nobody reads the output any more.
    Unread,
}

impl Reason {
    fn name(self) -> &'static str {
        match self {
            Self::OwnReplay => "own_replay",
            Self::Response => "response",
            Self::Filter => "filter",
            Self::Expression => "expression",
            Self::Sample => "sample",
            Self::Rate => "rate",
            Self::Middleware => "middleware",
            Self::Malformed => "malformed",
            Self::UnsafeMethod => "unsafe_method",
            Self::Upgrade => "upgrade",
            Self::NoSession => "no_session",
            Self::Untranslated => "untranslated",
            Self::NotSent => "not_sent",
            Self::Unread => "unread",
        }
    }

    /// What it is called in a report.
    pub(crate) fn text(self) -> Text {
        match self {
            Self::OwnReplay => Text::new("of a replay by kefu", "由 kefu 重放"),
            Self::Response => Text::new("responses", "响应"),
            Self::Filter => Text::new("filtered out", "被过滤"),
            Self::Expression => Text::new("an expression fails for them", "表达式无法求值"),
            Self::Sample => Text::new("not in the sample", "未被抽样"),
            Self::Rate => Text::new("above the rate", "超过速率"),
            Self::Middleware => Text::new("not given back by the middleware", "中间件未交回"),
            Self::Malformed => Text::new("malformed", "格式错误"),
            Self::UnsafeMethod => {
                Text::new("unsafe method (--unsafe-methods)", "有副作用的方法(--unsafe-methods)")
            }
            Self::Upgrade => Text::new("WebSocket or tunnel", "WebSocket 或隧道"),
            Self::NoSession => Text::new("no WebSocket session is open", "所属 WebSocket 会话未打开"),
            Self::Untranslated => Text::new("not translated", "未翻译"),
            Self::NotSent => Text::new("not sent, no connection in time", "未能及时连接,未发送"),
            Self::Unread => Text::new("not read by anybody", "无人读取"),
        }
    }
}

/// What became of messages: `seen = emitted + Σ dropped + in flight`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Account {
    /// Messages that came in, those that a middleware has added among them.
    pub(crate) seen: u64,
    /// Messages that were handed on.
    pub(crate) emitted: u64,
    dropped: BTreeMap<Reason, u64>,
    /// Messages of which nothing is said because the command was stopped.
    pub(crate) in_flight: u64,
}

impl Account {
    /// Notes messages that are not handed on.
    pub(crate) fn dropped(&mut self, reason: Reason, count: u64) {
        if count > 0 {
            *self.dropped.entry(reason).or_default() += count;
        }
    }

    /// Adds what another has counted.
    pub(crate) fn add(&mut self, other: &Self) {
        self.seen += other.seen;
        self.emitted += other.emitted;
        self.in_flight += other.in_flight;
        for (reason, count) in other.reasons() {
            self.dropped(reason, count);
        }
    }

    /// How many were dropped for a reason.
    pub(crate) fn of(&self, reason: Reason) -> u64 {
        self.dropped.get(&reason).copied().unwrap_or_default()
    }

    /// What was dropped.
    pub(crate) fn reasons(&self) -> impl Iterator<Item = (Reason, u64)> {
        self.dropped.iter().map(|(reason, count)| (*reason, *count))
    }

    /// For programs.
    pub(crate) fn to_json(&self) -> Value {
        let dropped: Map<String, Value> =
            self.reasons().map(|(reason, count)| (reason.name().to_owned(), json!(count))).collect();
        json!({ "seen": self.seen, "emitted": self.emitted, "dropped": dropped, "in_flight": self.in_flight })
    }
}
