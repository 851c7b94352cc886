//! How the rate changes over a run.

use std::{fmt, str::FromStr, time::Duration};

use kefu_traffic::{Profile, ProfileError, Stretch};

/// A shape, to be filled with a rate and a duration.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Shape {
    /// The rate all the time.
    #[default]
    Constant,
    /// From nothing to the rate, in a straight line.
    Ramp,
    /// Up to the rate in so many equal steps.
    Step(u32),
    /// The rate, and in the middle fifth so many times as much.
    Spike(f64),
    /// Up in the first twentieth, then the rate, and down in the last twentieth.
    Soak,
}

/// Names and what stands behind them.
const KNOWN: &str = "constant, ramp, step:COUNT, spike:TIMES and soak";

/// A text that names no shape.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}; known are {KNOWN}")]
pub struct ShapeError(String);

impl FromStr for Shape {
    type Err = ShapeError;

    fn from_str(text: &str) -> Result<Self, ShapeError> {
        let (name, value) = text.split_once(':').map_or((text, None), |(name, value)| (name, Some(value)));
        let wrong = |what: &str| Err(ShapeError(format!("`{}` is no {what}", value.unwrap_or_default())));
        match (name, value) {
            ("constant", None) => Ok(Self::Constant),
            ("ramp", None) => Ok(Self::Ramp),
            ("soak", None) => Ok(Self::Soak),
            ("step", value) => match value.unwrap_or("5").parse() {
                Ok(count @ 1..=1000) => Ok(Self::Step(count)),
                _ => wrong("number of steps from 1 to 1000"),
            },
            ("spike", value) => match value.unwrap_or("5").parse() {
                Ok(times) if (0.0..=10_000.0).contains(&times) => Ok(Self::Spike(times)),
                _ => wrong("factor from 0 to 10000"),
            },
            _ => Err(ShapeError(format!("there is no profile `{text}`"))),
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant => f.write_str("constant"),
            Self::Ramp => f.write_str("ramp"),
            Self::Step(count) => write!(f, "step:{count}"),
            Self::Spike(times) => write!(f, "spike:{times}"),
            Self::Soak => f.write_str("soak"),
        }
    }
}

impl Shape {
    /// The whole run: a warm-up in which the rate rises and then stays what the shape begins with, and the shape.
    ///
    /// # Errors
    ///
    /// The rate is out of bounds, or nothing would happen.
    pub fn profile(self, rate: f64, warmup: Duration, duration: Duration) -> Result<Profile, ProfileError> {
        let stretch = |from: f64, to: f64, part: f64| Stretch {
            from: rate * from,
            to: rate * to,
            length: duration.mul_f64(part),
        };
        let parts = match self {
            Self::Constant => vec![stretch(1.0, 1.0, 1.0)],
            Self::Ramp => vec![stretch(0.0, 1.0, 1.0)],
            Self::Step(count) => {
                let count = f64::from(count);
                let step = |number: u32| f64::from(number) / count;
                (1..=count as u32).map(|number| stretch(step(number), step(number), 1.0 / count)).collect()
            }
            Self::Spike(times) => {
                vec![stretch(1.0, 1.0, 0.4), stretch(times, times, 0.2), stretch(1.0, 1.0, 0.4)]
            }
            Self::Soak => vec![stretch(0.0, 1.0, 0.05), stretch(1.0, 1.0, 0.9), stretch(1.0, 0.0, 0.05)],
        };
        // What begins with nothing is warmed up by a tenth of the rate.
        let first = parts[0].from.max(rate * 0.1);
        let rising = Stretch { from: 0.0, to: first, length: warmup / 2 };
        let steady = Stretch { from: first, to: first, length: warmup - warmup / 2 };
        Profile::new(&[vec![rising, steady], parts].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEN: Duration = Duration::from_secs(10);

    fn rates(text: &str, at: &[u64]) -> Vec<f64> {
        let profile = text.parse::<Shape>().unwrap().profile(1000.0, Duration::ZERO, TEN).unwrap();
        at.iter().map(|second| profile.rate_at(Duration::from_secs(*second)).round()).collect()
    }

    #[test]
    fn shapes() {
        assert_eq!(rates("constant", &[0, 9, 10]), [1000.0, 1000.0, 0.0]);
        assert_eq!(rates("ramp", &[0, 5, 9]), [0.0, 500.0, 900.0]);
        assert_eq!(rates("step:4", &[0, 3, 6, 9]), [250.0, 500.0, 750.0, 1000.0]);
        assert_eq!(rates("spike:10", &[0, 4, 5, 6, 9]), [1000.0, 10_000.0, 10_000.0, 1000.0, 1000.0]);
        assert_eq!(rates("soak", &[0, 1, 9]), [0.0, 1000.0, 1000.0]);
        assert_eq!(rates("spike:0", &[0, 5]), [1000.0, 0.0]);
    }

    #[test]
    fn a_warm_up_leads_to_where_the_shape_begins() {
        let profile = Shape::Step(2).profile(1000.0, TEN, TEN).unwrap();
        let rate = |second| profile.rate_at(Duration::from_secs(second)).round();
        assert_eq!((rate(0), rate(5), rate(9), rate(10), rate(15)), (0.0, 500.0, 500.0, 500.0, 1000.0));
        assert_eq!(profile.length(), 2 * TEN);
    }

    #[test]
    fn what_is_no_shape_is_refused_and_what_is_one_comes_back() {
        for text in ["", "rmap", "ramp:5", "step:0", "step:x", "spike:-1", "spike:nan", "constant:1"] {
            let error = text.parse::<Shape>().unwrap_err().to_string();
            assert!(error.contains("known are constant, ramp"), "{text}: {error}");
        }
        for text in ["constant", "ramp", "step:5", "spike:2.5", "soak"] {
            assert_eq!(text.parse::<Shape>().unwrap().to_string(), text);
        }
        assert!(Shape::Constant.profile(0.0, TEN, TEN).is_err());
    }
}
