use std::collections::BTreeMap;

use kefu_traffic::Latency;
use serde::{Deserialize, Serialize};

use crate::histogram;

/// What a tally came to, ready to be added to that of other processes.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Counts {
    pub(crate) sent: u64,
    pub(crate) acked: u64,
    pub(crate) delivered: u64,
    pub(crate) acked_in_window: u64,
    pub(crate) delivered_in_window: u64,
    /// Both, within one process or of all.
    pub(crate) complete_in_window: u64,
    pub(crate) duplicates: u64,
    pub(crate) reordered: u64,
    pub(crate) gaps: u64,
    /// Frames about messages that were never sent, and frames that are none.
    pub(crate) nonsense: u64,
    pub(crate) errors: BTreeMap<String, u64>,
    /// How open connections ended: a close code, or `broken`.
    pub(crate) closed: BTreeMap<String, u64>,
    #[serde(with = "histogram")]
    pub(crate) ack: Latency,
    #[serde(with = "histogram")]
    pub(crate) delivery: Latency,
    #[serde(with = "histogram")]
    pub(crate) watched: Latency,
    #[serde(with = "histogram")]
    pub(crate) service: Latency,
    #[serde(with = "histogram")]
    pub(crate) late: Latency,
    pub(super) marks: Vec<Marks>,
}

/// What became of the messages of one conversation, by their number.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Marks {
    pub(super) sent: u32,
    pub(super) acked: Bits,
    pub(super) delivered: Bits,
}

impl Counts {
    /// Adds what another process counted; what one sent the other may have got.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.sent += other.sent;
        self.acked += other.acked;
        self.delivered += other.delivered;
        self.acked_in_window += other.acked_in_window;
        self.delivered_in_window += other.delivered_in_window;
        self.complete_in_window = self.acked_in_window.min(self.delivered_in_window);
        self.duplicates += other.duplicates;
        self.reordered += other.reordered;
        self.gaps += other.gaps;
        self.nonsense += other.nonsense;
        for (ours, theirs) in [(&mut self.errors, &other.errors), (&mut self.closed, &other.closed)] {
            for (name, count) in theirs {
                *ours.entry(name.clone()).or_default() += count;
            }
        }
        self.ack.merge(&other.ack);
        self.delivery.merge(&other.delivery);
        self.watched.merge(&other.watched);
        self.service.merge(&other.service);
        self.late.merge(&other.late);
        self.marks.resize_with(self.marks.len().max(other.marks.len()), Marks::default);
        for (ours, theirs) in self.marks.iter_mut().zip(&other.marks) {
            ours.sent = ours.sent.max(theirs.sent);
            let twice = ours.delivered.add(&theirs.delivered);
            self.duplicates += twice;
            self.delivered -= twice;
            ours.acked.add(&theirs.acked);
        }
    }

    /// Messages that were acked but have not been delivered.
    pub(crate) fn lost(&self) -> u64 {
        self.marks.iter().map(|marks| marks.acked.count_without(&marks.delivered)).sum()
    }

    /// Frames that make no sense, those about messages that no process has sent among them.
    pub(crate) fn nonsense(&self) -> u64 {
        let unsent = self.marks.iter().map(|marks| marks.delivered.count_from(marks.sent)).sum::<u64>();
        self.nonsense + unsent
    }
}

/// A set of small numbers.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(transparent)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// Sets a bit; true if it was not set before.
    pub(super) fn set(&mut self, index: u32) -> bool {
        let (word, bit) = (index as usize / 64, 1 << (index % 64));
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        let fresh = self.0[word] & bit == 0;
        self.0[word] |= bit;
        fresh
    }

    pub(super) fn has(&self, index: u32) -> bool {
        self.0.get(index as usize / 64).is_some_and(|word| word & 1 << (index % 64) != 0)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn count_without(&self, other: &Self) -> u64 {
        let others = other.0.iter().chain(std::iter::repeat(&0));
        self.0.iter().zip(others).map(|(word, other)| u64::from((word & !other).count_ones())).sum()
    }

    /// How many are not below `first`.
    fn count_from(&self, first: u32) -> u64 {
        let (whole, bits) = (first as usize / 64, first % 64);
        let words = self.0.iter().skip(whole).enumerate();
        words.map(|(at, word)| if at == 0 { word >> bits } else { *word }.count_ones()).map(u64::from).sum()
    }

    /// Adds another set; gives how many were in both.
    fn add(&mut self, other: &Self) -> u64 {
        self.0.resize(self.0.len().max(other.0.len()), 0);
        let mut both = 0;
        for (ours, theirs) in self.0.iter_mut().zip(&other.0) {
            both += u64::from((*ours & theirs).count_ones());
            *ours |= theirs;
        }
        both
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bits(numbers: &[u32]) -> Bits {
        let mut bits = Bits::default();
        for number in numbers {
            bits.set(*number);
        }
        bits
    }

    #[test]
    fn what_one_sent_another_may_have_got() {
        let sender = Counts {
            sent: 70,
            acked: 70,
            delivered: 1,
            acked_in_window: 70,
            delivered_in_window: 1,
            marks: vec![Marks {
                sent: 70,
                acked: bits(&(0..70).collect::<Vec<_>>()),
                delivered: bits(&[69]),
            }],
            ..Counts::default()
        };
        // It got the last a second time, and one that was never sent.
        let receiver = Counts {
            delivered: 69,
            delivered_in_window: 69,
            marks: vec![Marks { sent: 0, delivered: bits(&(2..71).collect::<Vec<_>>()), ..Marks::default() }],
            ..Counts::default()
        };
        let mut whole = Counts::default();
        for part in [&sender, &receiver] {
            let text = serde_json::to_string(part).unwrap();
            whole.merge(&serde_json::from_str(&text).unwrap());
        }
        assert_eq!((whole.lost(), whole.duplicates, whole.delivered, whole.nonsense()), (2, 1, 69, 1));
        assert_eq!(whole.complete_in_window, 70);
        assert_eq!((bits(&[3, 64, 130]).count_from(64), bits(&[3]).count_from(64)), (2, 0));
    }
}
