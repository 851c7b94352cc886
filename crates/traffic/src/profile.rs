use std::{sync::Arc, time::Duration};

use crate::Schedule;

/// A stretch of a profile, over which the rate changes in a straight line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// Events per second at its start.
    pub from: f64,
    /// Events per second at its end.
    pub to: f64,
    /// How long it is.
    pub length: Duration,
}

/// A profile cannot be made of these stretches.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum ProfileError {
    /// A rate is out of bounds.
    #[error("a rate must be at least 0 and at most {max} events per second, not {rate}", max = Schedule::MAX_RATE)]
    Rate {
        /// The rate that was asked for.
        rate: f64,
    },
    /// Nothing would ever happen.
    #[error("a profile must have a rate above 0 for some time")]
    Nothing,
    /// It takes too long.
    #[error("a profile must end within {} days", Profile::MAX_LENGTH.as_secs() / 86_400)]
    Length,
}

/// How the rate of an open-loop run changes from its start to its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    parts: Arc<[Part]>,
    events: f64,
    length: Duration,
}

/// A stretch in its place; seconds and events per second.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Part {
    start: f64,
    length: f64,
    from: f64,
    to: f64,
    /// Events before it.
    before: f64,
}

impl Profile {
    /// The longest profile.
    pub const MAX_LENGTH: Duration = Duration::from_secs(30 * 86_400);

    /// Makes a profile of stretches, one after the other.
    ///
    /// # Errors
    ///
    /// A rate is not within 0 and [`Schedule::MAX_RATE`], nothing would happen, or it would take too long.
    pub fn new(stretches: &[Stretch]) -> Result<Self, ProfileError> {
        let (mut parts, mut length, mut events) = (Vec::new(), Duration::ZERO, 0.0);
        for stretch in stretches {
            for rate in [stretch.from, stretch.to] {
                if !(0.0..=Schedule::MAX_RATE).contains(&rate) {
                    return Err(ProfileError::Rate { rate });
                }
            }
            let seconds = stretch.length.as_secs_f64();
            let start = length.as_secs_f64();
            parts.push(Part { start, length: seconds, from: stretch.from, to: stretch.to, before: events });
            events += f64::midpoint(stretch.from, stretch.to) * seconds;
            length = length.saturating_add(stretch.length);
        }
        if length > Self::MAX_LENGTH {
            return Err(ProfileError::Length);
        }
        if events <= 0.0 {
            return Err(ProfileError::Nothing);
        }
        Ok(Self { parts: parts.into(), events, length })
    }

    /// From the start to the end.
    pub fn length(&self) -> Duration {
        self.length
    }

    /// Events per second at a time; 0 after the end.
    pub fn rate_at(&self, at: Duration) -> f64 {
        let at = at.as_secs_f64();
        let part = self.parts.iter().find(|part| part.start <= at && at < part.start + part.length);
        part.map_or(0.0, |part| part.from + (part.to - part.from) * (at - part.start) / part.length)
    }

    /// The mean rate between two times, in events per second.
    pub fn mean_rate(&self, from: Duration, to: Duration) -> f64 {
        let length = to.saturating_sub(from).as_secs_f64();
        if length > 0.0 { (self.events_until(to) - self.events_until(from)) / length } else { 0.0 }
    }

    /// Arrivals as even as the rate allows: one whenever a whole event more is due.
    pub fn even(&self) -> Arrivals {
        Arrivals { profile: self.clone(), part: 0, next: 0.0, gaps: Gaps::Even }
    }

    /// Arrivals at random, each independent of the others: a Poisson process with the profile's rate.
    pub fn poisson(&self, seed: u64) -> Arrivals {
        let mut gaps = Gaps::Random(seed);
        let next = gaps.next();
        Arrivals { profile: self.clone(), part: 0, next, gaps }
    }

    fn events_until(&self, at: Duration) -> f64 {
        let at = at.as_secs_f64();
        let of = |part: &Part| {
            let time = (at - part.start).clamp(0.0, part.length);
            if time > 0.0 {
                time * (part.from + (part.to - part.from) * time / part.length / 2.0)
            } else {
                0.0
            }
        };
        self.parts.iter().map(of).sum()
    }
}

/// When the events of a profile are due, in ascending order, from the start of the run.
///
/// A clone goes on from where it was made, with the same times.
#[derive(Clone, Debug)]
pub struct Arrivals {
    profile: Profile,
    part: usize,
    /// The expected number of events before the next one.
    next: f64,
    gaps: Gaps,
}

/// Events from one arrival to the next, as far as the rate is concerned.
#[derive(Clone, Debug)]
enum Gaps {
    Even,
    /// The state of splitmix64 after Steele, Lea and Flood.
    Random(u64),
}

impl Gaps {
    fn next(&mut self) -> f64 {
        match self {
            Self::Even => 1.0,
            Self::Random(state) => {
                *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
                let mut bits = *state;
                bits = (bits ^ bits >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
                bits = (bits ^ bits >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
                bits ^= bits >> 31;
                // Above 0 and at most 1, so that the logarithm is finite.
                let uniform = ((bits >> 11) + 1) as f64 / (1_u64 << 53) as f64;
                -uniform.ln()
            }
        }
    }
}

impl Iterator for Arrivals {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        // What rounding leaves of the last event is none.
        if self.next + 1e-6 > self.profile.events {
            return None;
        }
        let parts = &self.profile.parts;
        while parts.get(self.part + 1).is_some_and(|part| part.before <= self.next) {
            self.part += 1;
        }
        let part = parts.get(self.part)?;
        let events = self.next - part.before;
        self.next += self.gaps.next();
        let slope = if part.length > 0.0 { (part.to - part.from) / part.length } else { 0.0 };
        // By the time t, a stretch has seen from·t + slope·t²/2 events.
        let root = (part.from * part.from + 2.0 * slope * events).max(0.0).sqrt();
        let time = if events > 0.0 { 2.0 * events / (part.from + root) } else { 0.0 };
        Some(Duration::from_secs_f64(part.start + time.min(part.length)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn stretch(from: f64, to: f64, seconds: f64) -> Stretch {
        Stretch { from, to, length: Duration::from_secs_f64(seconds) }
    }

    fn counts(arrivals: Arrivals, edges: &[f64]) -> Vec<usize> {
        let times: Vec<_> = arrivals.map(|time| time.as_secs_f64()).collect();
        edges
            .windows(2)
            .map(|edge| times.iter().filter(|time| edge[0] <= **time && **time < edge[1]).count())
            .collect()
    }

    #[test]
    fn a_constant_rate_is_that_of_a_schedule() {
        let profile = Profile::new(&[stretch(5000.0, 5000.0, 3.0)]).unwrap();
        let schedule = Schedule::new(5000.0, Duration::ZERO).unwrap();
        let times: Vec<_> = profile.even().collect();
        assert_eq!(times.len(), 15_000);
        for (number, time) in times.iter().enumerate() {
            assert!(time.abs_diff(schedule.offset(number as u64)) < Duration::from_nanos(10));
        }
    }

    #[test]
    fn stretches_have_their_events() {
        let spike = [stretch(100.0, 100.0, 2.0), stretch(1000.0, 1000.0, 1.0), stretch(100.0, 100.0, 2.0)];
        let profile = Profile::new(&spike).unwrap();
        assert_eq!(counts(profile.even(), &[0.0, 2.0, 3.0, 5.0]), [200, 1000, 200]);
        let ramp = Profile::new(&[stretch(0.0, 1000.0, 10.0), stretch(1000.0, 0.0, 10.0)]).unwrap();
        assert_eq!(counts(ramp.even(), &[0.0, 5.0, 10.0, 15.0, 20.0]), [1250, 3750, 3750, 1250]);
        assert_eq!(ramp.rate_at(Duration::from_secs(5)), 500.0);
        assert_eq!(ramp.mean_rate(Duration::from_secs(5), Duration::from_secs(15)), 750.0);
        assert_eq!((ramp.length(), ramp.rate_at(Duration::from_secs(20))), (Duration::from_secs(20), 0.0));
    }

    #[test]
    fn random_arrivals_are_a_poisson_process() {
        let profile = Profile::new(&[stretch(1000.0, 1000.0, 100.0)]).unwrap();
        let times: Vec<_> = profile.poisson(7).map(|time| time.as_secs_f64()).collect();
        assert_eq!(times, profile.poisson(7).map(|time| time.as_secs_f64()).collect::<Vec<_>>());
        assert_ne!(times.len(), profile.poisson(8).count());
        // The number has a variance like its mean, and so have gaps their mean's square.
        assert!((times.len() as f64 - 100_000.0).abs() < 5.0 * 100_000_f64.sqrt(), "{}", times.len());
        let gaps: Vec<_> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let mean = gaps.iter().sum::<f64>() / gaps.len() as f64;
        let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / gaps.len() as f64;
        assert!((variance / mean.powi(2) - 1.0).abs() < 0.05, "{variance} {mean}");
    }

    #[test]
    fn impossible_profiles() {
        for rate in [-1.0, f64::NAN, f64::INFINITY, 1e9] {
            assert!(
                matches!(Profile::new(&[stretch(1.0, rate, 1.0)]), Err(ProfileError::Rate { .. })),
                "{rate}"
            );
        }
        assert_eq!(Profile::new(&[]), Err(ProfileError::Nothing));
        assert_eq!(Profile::new(&[stretch(0.0, 0.0, 5.0)]), Err(ProfileError::Nothing));
        assert_eq!(Profile::new(&[stretch(1.0, 1.0, 1e7)]), Err(ProfileError::Length));
    }

    proptest! {
        #[test]
        fn arrivals_rise_and_end_in_time(
            stretches in vec((0.0..500.0_f64, 0.0..500.0_f64, 0.0..3.0_f64), 1..5),
            seed in proptest::option::of(any::<u64>()),
        ) {
            let stretches: Vec<_> = stretches.into_iter().map(|(from, to, length)| stretch(from, to, length)).collect();
            let Ok(profile) = Profile::new(&stretches) else { return Ok(()) };
            let arrivals = seed.map_or_else(|| profile.even(), |seed| profile.poisson(seed));
            let times: Vec<_> = arrivals.collect();
            prop_assert!(times.is_sorted());
            prop_assert!(times.last().is_none_or(|last| *last <= profile.length() + Duration::from_nanos(1)));
            if seed.is_none() {
                let expected = profile.mean_rate(Duration::ZERO, profile.length()) * profile.length().as_secs_f64();
                prop_assert!((times.len() as f64 - expected).abs() <= 1.0, "{} {expected}", times.len());
            }
        }
    }
}
