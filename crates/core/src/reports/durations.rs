use std::collections::BTreeMap;

/// Durations, for their mean and percentiles; microseconds.
///
/// Each is kept to its first three digits, and not finer than a millisecond: a percentile is at most 1 % too small,
/// and the memory that it takes does not grow with the number of durations. Mean and maximum are exact.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Durations {
    counts: BTreeMap<i64, u64>,
    count: u64,
    sum: i128,
    max: i64,
}

impl Durations {
    /// Adds one; below zero counts as zero.
    pub fn add(&mut self, micros: i64) {
        let micros = micros.max(0);
        *self.counts.entry(shortened(micros)).or_default() += 1;
        self.count += 1;
        self.sum += i128::from(micros);
        self.max = self.max.max(micros);
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Their mean; `None` when there are none.
    #[must_use]
    pub fn mean(&self) -> Option<i64> {
        i64::try_from(self.sum.checked_div(i128::from(self.count))?).ok()
    }

    /// The longest; `None` when there are none.
    #[must_use]
    pub fn max(&self) -> Option<i64> {
        (self.count > 0).then_some(self.max)
    }

    /// The shortest duration that at least `percent` of 100 of them do not exceed; `None` when there are none.
    #[must_use]
    pub fn percentile(&self, percent: u8) -> Option<i64> {
        let rank = (u128::from(self.count) * u128::from(percent)).div_ceil(100).max(1);
        let mut passed = 0;
        let mut reached = self.counts.iter().skip_while(|(_, count)| {
            passed += u128::from(**count);
            passed < rank
        });
        reached.next().map(|(micros, _)| *micros)
    }
}

/// The first three digits, in milliseconds or more.
fn shortened(micros: i64) -> i64 {
    let mut unit = 1000;
    while micros / unit >= 1000 {
        unit *= 10;
    }
    micros / unit * unit
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn three_digits_are_kept() {
        for (micros, kept) in [
            (0, 0),
            (999, 0),
            (12_345, 12_000),
            (5_000_000, 5_000_000),
            (61_234_567, 61_200_000),
            (i64::MAX, 9_220_000_000_000_000_000),
        ] {
            assert_eq!(shortened(micros), kept);
        }
        assert_eq!((Durations::default().percentile(50), Durations::default().mean()), (None, None));
    }

    proptest! {
        #[test]
        fn percentiles_are_those_of_the_sorted_list(
            mut all in prop::collection::vec(0..100_000_000_i64, 1..50), percent in 1..=100_u8,
        ) {
            let mut durations = Durations::default();
            all.iter().for_each(|micros| durations.add(*micros));
            all.sort_unstable();
            let exact = all[(all.len() * usize::from(percent)).div_ceil(100) - 1];
            prop_assert_eq!(durations.percentile(percent), Some(shortened(exact)));
            prop_assert!(exact - shortened(exact) < 1000.max(exact / 100));
            prop_assert_eq!(durations.max(), all.last().copied());
            prop_assert_eq!(durations.mean(), Some(all.iter().sum::<i64>() / all.len() as i64));
        }
    }
}
