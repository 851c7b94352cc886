use std::{collections::BTreeMap, io, time::Duration};

use kefu_traffic::{Latency, Lateness};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::{
    histogram,
    series::{self, Interval},
};

/// Why a request has no answer.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Trouble {
    /// Nobody listens there.
    Refused,
    /// No connection could be made.
    Unreachable,
    /// This machine has no port left to connect from.
    NoPort,
    /// This process may not have more open files.
    NoDescriptor,
    /// The two sides do not agree on TLS.
    Tls,
    /// The connection ended before the answer did.
    Closed,
    /// It took too long.
    Timeout,
    /// The answer is no HTTP, or too large.
    Unreadable,
    /// It was due, and its turn never came.
    Unsent,
}

impl Trouble {
    pub(super) fn of(error: &io::Error) -> Self {
        match Errno::from_io_error(error) {
            Some(Errno::CONNREFUSED) => Self::Refused,
            Some(Errno::ADDRNOTAVAIL | Errno::ADDRINUSE) => Self::NoPort,
            Some(Errno::MFILE | Errno::NFILE) => Self::NoDescriptor,
            _ => Self::Unreachable,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::NoPort => "no_port",
            Self::NoDescriptor => "no_descriptor",
            Self::Tls => "tls",
            Self::Closed => "closed",
            Self::Timeout => "timeout",
            Self::Unreadable => "unreadable",
            Self::Unsent => "unsent",
        }
    }

    /// Whether the generator is at fault.
    pub(super) fn is_ours(self) -> bool {
        matches!(self, Self::NoPort | Self::NoDescriptor)
    }

    /// Whether it took so long that leaving it out would make latency look better.
    pub(super) fn is_slow(self) -> bool {
        matches!(self, Self::Timeout | Self::Unsent)
    }
}

/// What a process measured.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Figures {
    /// Requests that were due in the measured part and have an answer.
    pub(super) answered: u64,
    /// Answers that came during the measured part.
    pub(super) answered_meanwhile: u64,
    pub(super) statuses: BTreeMap<u16, u64>,
    pub(super) troubles: BTreeMap<Trouble, u64>,
    /// From the first byte to the last, the warm-up included.
    pub(super) bytes_sent: u64,
    pub(super) bytes_received: u64,
    /// Connections that were made.
    pub(super) opened: u64,
    /// From when a request was due to the end of its answer.
    #[serde(with = "histogram")]
    pub(super) latency: Latency,
    /// From when its turn came to the end of its answer.
    #[serde(with = "histogram")]
    pub(super) service: Latency,
    #[serde(with = "histogram")]
    pub(super) late: Latency,
    pub(super) intervals: Vec<Interval>,
    pub(super) measured: Duration,
    /// Processor time of the measured part.
    pub(super) cpu: Duration,
    /// Resident memory at the end.
    pub(super) rss: u64,
    pub(super) is_interrupted: bool,
}

impl Figures {
    /// Adds what another process measured.
    pub(super) fn merge(&mut self, other: &Self) {
        self.answered += other.answered;
        self.answered_meanwhile += other.answered_meanwhile;
        for (status, count) in &other.statuses {
            *self.statuses.entry(*status).or_default() += count;
        }
        for (trouble, count) in &other.troubles {
            *self.troubles.entry(*trouble).or_default() += count;
        }
        self.bytes_sent += other.bytes_sent;
        self.bytes_received += other.bytes_received;
        self.opened += other.opened;
        self.latency.merge(&other.latency);
        self.service.merge(&other.service);
        self.late.merge(&other.late);
        series::merge(&mut self.intervals, &other.intervals);
        self.measured = self.measured.max(other.measured);
        self.cpu += other.cpu;
        self.rss += other.rss;
        self.is_interrupted |= other.is_interrupted;
    }

    pub(super) fn lateness(&self) -> Lateness {
        Lateness::from(self.late.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_processes_measured_is_added_up_as_if_it_were_one() {
        let mut one = Figures { answered: 2, ..Figures::default() };
        one.statuses.insert(200, 2);
        one.troubles.insert(Trouble::Timeout, 1);
        one.latency.record_duration(Duration::from_millis(3));
        let text = serde_json::to_string(&one).unwrap();
        assert!(text.contains(r#""troubles":{"timeout":1}"#), "{text}");
        let mut both: Figures = serde_json::from_str(&text).unwrap();
        both.merge(&one);
        assert_eq!((both.answered, both.statuses[&200], both.troubles[&Trouble::Timeout]), (4, 4, 2));
        assert_eq!((both.latency.count(), both.latency.max_ms().round()), (2, 3.0));
    }

    #[test]
    fn troubles_are_told_apart() {
        let of = |errno: Errno| Trouble::of(&io::Error::from_raw_os_error(errno.raw_os_error()));
        assert_eq!(of(Errno::CONNREFUSED), Trouble::Refused);
        assert_eq!(of(Errno::ADDRNOTAVAIL), Trouble::NoPort);
        assert_eq!(of(Errno::MFILE), Trouble::NoDescriptor);
        assert_eq!(of(Errno::NETUNREACH), Trouble::Unreachable);
        for trouble in [Trouble::NoPort, Trouble::Unsent, Trouble::Tls] {
            assert_eq!(serde_json::to_value(trouble).unwrap(), trouble.name());
        }
    }
}
