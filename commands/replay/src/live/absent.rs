//! In the place of captures, where this build or this system has none.

use kefu_app::{Exit, Failure, Language, Stop, Text};

use crate::{
    args::{LimitArgs, LiveArgs},
    source::{Outcome, Sink},
};

/// A capture that runs: there is none.
pub(crate) enum Live {}

impl Live {
    /// Says that there is none.
    pub(crate) fn open(_: &LiveArgs, _: &[u16], _: LimitArgs) -> Result<Self, Failure> {
        let text = Text::new("cannot capture from interfaces with this build", "此构建不能从网络接口抓取");
        Err(Failure::new(Exit::Unavailable, text).hint(Text::new(
            "it takes Linux and the feature `capture`; read a file that tcpdump has written with -i",
            "需要 Linux 与 `capture` 特性;可用 -i 读取 tcpdump 写出的文件",
        )))
    }

    /// Never called.
    pub(crate) fn read(self, _: Language, _: &Stop, sink: &mut impl Sink) -> Result<Outcome, Failure> {
        sink.tick()?;
        std::iter::empty().for_each(|ended| sink.ended(ended));
        match self {}
    }
}
