use std::process::ExitCode;

use crate::Text;

/// How the process ends: the exit codes of every command, after `sysexits.h` where it has a fitting one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Exit {
    /// 0: done.
    Ok,
    /// 1–9: the command worked and this is its answer (a gate that did not pass, say); each command documents its own.
    Verdict(u8),
    /// 64: the command line cannot be understood.
    Usage,
    /// 65: a store or an input file is damaged.
    Data,
    /// 69: something needed is not to be had: a port is taken, a server does not answer.
    Unavailable,
    /// 70: a defect of kefu.
    Internal,
    /// 73: a directory or file cannot be created or written.
    Create,
    /// 74: reading or writing failed: a disk that is full or broken, a connection that broke.
    Io,
    /// 75: another process holds what is needed; try again when it has ended.
    Locked,
    /// 76: a store was written by a newer version of kefu.
    Newer,
    /// 78: the configuration is wrong.
    Config,
    /// 130: stopped by the user before the end.
    Interrupted,
}

impl Exit {
    /// Every exit code but the verdicts, in ascending order.
    pub const ALL: [Self; 11] = [
        Self::Ok,
        Self::Usage,
        Self::Data,
        Self::Unavailable,
        Self::Internal,
        Self::Create,
        Self::Io,
        Self::Locked,
        Self::Newer,
        Self::Config,
        Self::Interrupted,
    ];

    /// Returns the number that the process ends with.
    pub fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Verdict(number) => number.clamp(1, 9),
            Self::Usage => 64,
            Self::Data => 65,
            Self::Unavailable => 69,
            Self::Internal => 70,
            Self::Create => 73,
            Self::Io => 74,
            Self::Locked => 75,
            Self::Newer => 76,
            Self::Config => 78,
            Self::Interrupted => 130,
        }
    }

    /// Says in a few words what the code means, for help and reference pages.
    pub fn meaning(self) -> Text {
        match self {
            Self::Ok => Text::new("done", "完成"),
            Self::Verdict(_) => Text::new("the command's own verdict", "命令自己的结论"),
            Self::Usage => Text::new("the command line cannot be understood", "无法理解命令行"),
            Self::Data => Text::new("a store or an input file is damaged", "数据库或输入文件已损坏"),
            Self::Unavailable => Text::new(
                "something needed is not to be had (port taken, no answer)",
                "所需资源不可用(端口被占用、无应答)",
            ),
            Self::Internal => Text::new("a defect of kefu", "kefu 自身的缺陷"),
            Self::Create => {
                Text::new("a directory or file cannot be created or written", "无法创建或写入目录或文件")
            }
            Self::Io => {
                Text::new("reading or writing failed (disk full or broken)", "读写失败(磁盘已满或损坏)")
            }
            Self::Locked => Text::new("another process holds what is needed", "所需资源被另一个进程占用"),
            Self::Newer => {
                Text::new("the store was written by a newer version of kefu", "数据库由更新版本的 kefu 写成")
            }
            Self::Config => Text::new("the configuration is wrong", "配置有误"),
            Self::Interrupted => Text::new("stopped by the user before the end", "被用户提前中断"),
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_ascending() {
        let codes = Exit::ALL.map(Exit::code);
        assert!(codes.is_sorted_by(|a, b| a < b), "{codes:?}");
    }

    #[test]
    fn a_verdict_stays_between_1_and_9() {
        assert_eq!([0, 1, 9, 200].map(|number| Exit::Verdict(number).code()), [1, 1, 9, 9]);
    }
}
