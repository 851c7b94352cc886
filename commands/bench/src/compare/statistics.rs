//! Whether two samples differ by more than chance.

/// More values than this are judged by the normal approximation.
const EXACT_MAX: usize = 60;
const RESAMPLES: usize = 10_000;

/// The probability that samples of one distribution lie apart at least as far as these: the test of Mann and Whitney,
/// two-sided, exact with ties by counting all ways to deal out the ranks, and for many values by the normal
/// approximation.
pub(super) fn mann_whitney(a: &[f64], b: &[f64]) -> f64 {
    let all: Vec<f64> = a.iter().chain(b).copied().collect();
    if a.is_empty() || b.is_empty() {
        return 1.0;
    }
    // Twice the mean rank, so that ties are whole numbers as well.
    let ranks: Vec<usize> = all
        .iter()
        .map(|value| {
            let below = all.iter().filter(|other| *other < value).count();
            let equal = all.iter().filter(|other| *other == value).count();
            2 * below + equal + 1
        })
        .collect();
    let observed: usize = ranks[..a.len()].iter().sum();
    let expected = (a.len() * (all.len() + 1)) as f64;
    let distance = (observed as f64 - expected).abs();
    if all.len() <= EXACT_MAX {
        exact(&ranks, a.len(), expected, distance)
    } else {
        normal(&ranks, a.len(), distance)
    }
}

/// The share of all choices of `size` ranks whose sum is as far from the expected one.
fn exact(ranks: &[usize], size: usize, expected: f64, distance: f64) -> f64 {
    let top: usize = ranks.iter().sum();
    // Ways to choose so many ranks with such a sum.
    let mut ways = vec![vec![0.0_f64; top + 1]; size + 1];
    ways[0][0] = 1.0;
    for &rank in ranks {
        for count in (1..=size).rev() {
            let (before, after) = ways.split_at_mut(count);
            for sum in rank..=top {
                after[0][sum] += before[count - 1][sum - rank];
            }
        }
    }
    let total: f64 = ways[size].iter().sum();
    let far = |sum: usize| (sum as f64 - expected).abs() >= distance - 1e-9;
    let extreme: f64 = ways[size].iter().enumerate().filter(|(sum, _)| far(*sum)).map(|(_, ways)| ways).sum();
    extreme / total
}

fn normal(ranks: &[usize], size: usize, distance: f64) -> f64 {
    let (n, m) = (size as f64, (ranks.len() - size) as f64);
    let mean = (n + m + 1.0) / 2.0;
    let spread: f64 = ranks.iter().map(|rank| (*rank as f64 / 2.0 - mean).powi(2)).sum();
    let variance = n * m * spread / ((n + m) * (n + m - 1.0));
    if variance <= 0.0 {
        return 1.0;
    }
    // Ranks are doubled, and half a step is given back for continuity.
    let z = (distance / 2.0 - 0.5).max(0.0) / variance.sqrt();
    2.0 * upper_tail(z)
}

/// The upper tail of the normal distribution, after Abramowitz and Stegun 26.2.17; right to seven digits.
fn upper_tail(z: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * z);
    let series = [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let sum = series.iter().rev().fold(0.0, |sum, factor| (sum + factor) * t);
    (-z * z / 2.0).exp() / std::f64::consts::TAU.sqrt() * sum
}

/// The median; 0 of nothing.
pub(super) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        len if len % 2 == 1 => sorted[len / 2],
        len => f64::midpoint(sorted[len / 2 - 1], sorted[len / 2]),
    }
}

/// Between what bounds the difference of the medians lies in 95 of 100 cases, by a bootstrap that `seed` repeats.
pub(super) fn difference(a: &[f64], b: &[f64], seed: u64) -> (f64, f64) {
    let mut random = Random(seed);
    let mut differences: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let [a, b] = [a, b].map(|values| random.resample(values));
            median(&b) - median(&a)
        })
        .collect();
    differences.sort_unstable_by(f64::total_cmp);
    (differences[RESAMPLES / 40], differences[RESAMPLES - 1 - RESAMPLES / 40])
}

/// splitmix64, after Steele, Lea and Flood.
struct Random(u64);

impl Random {
    fn resample(&mut self, values: &[f64]) -> Vec<f64> {
        (0..values.len()).map(|_| values[(self.next() % values.len() as u64) as usize]).collect()
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ bits >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ bits >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ bits >> 31
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    #[test]
    fn probabilities_are_those_of_the_tables() {
        let p = |a: &[f64], b: &[f64]| (mann_whitney(a, b) * 1e4).round() / 1e4;
        // Two of the 252 ways to choose five of ten, and two of twenty to choose three of six.
        assert_eq!(p(&[1.0, 2.0, 3.0, 4.0, 5.0], &[6.0, 7.0, 8.0, 9.0, 10.0]), 0.0079);
        assert_eq!(p(&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]), 0.1);
        assert_eq!(p(&[1.0, 3.0, 5.0], &[2.0, 4.0, 6.0]), 0.7);
        assert_eq!(p(&[0.0, 0.0, 0.0], &[0.0, 0.0, 0.0]), 1.0);
        assert_eq!(p(&[], &[1.0]), 1.0);
        assert!((upper_tail(1.959_964) - 0.025).abs() < 1e-6);
    }

    #[test]
    fn for_many_values_the_approximation_agrees() {
        let a: Vec<f64> = (0..30).map(f64::from).collect();
        let b: Vec<f64> = (0..30).map(|value| f64::from(value) + 6.5).collect();
        let exact = mann_whitney(&a, &b);
        let more: Vec<f64> = b.iter().copied().chain([21.25]).collect();
        let approximate = mann_whitney(&a, &more);
        assert!((exact - approximate).abs() < 0.02, "{exact} {approximate}");
    }

    #[test]
    fn medians_and_their_difference() {
        assert_eq!((median(&[3.0, 1.0, 2.0]), median(&[4.0, 1.0, 2.0, 3.0]), median(&[])), (2.0, 2.5, 0.0));
        let a: Vec<f64> = (0..20).map(|value| 100.0 + f64::from(value % 5)).collect();
        let b: Vec<f64> = a.iter().map(|value| value + 10.0).collect();
        let (low, high) = difference(&a, &b, 1);
        assert!(low > 7.0 && high < 13.0 && low <= 10.0 && high >= 10.0, "{low} {high}");
        assert_eq!(difference(&a, &b, 1), (low, high));
    }

    proptest! {
        #[test]
        fn probabilities_are_some_and_the_same_from_both_sides(a in vec(0..20_u8, 1..12), b in vec(0..20_u8, 1..12)) {
            let [a, b] = [a, b].map(|values| values.into_iter().map(f64::from).collect::<Vec<_>>());
            let p = mann_whitney(&a, &b);
            prop_assert!(p > 0.0 && p <= 1.0 + 1e-9, "{p}");
            prop_assert!((p - mann_whitney(&b, &a)).abs() < 1e-9);
        }
    }
}
