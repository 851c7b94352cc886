use std::time::Duration;

use clap::ValueEnum;
use kefu_app::Failure;
use kefu_traffic::{Arrivals, Schedule};

use crate::{shape::Shape, usage};

/// How a rate changes over time, and how what is due is spaced.
#[derive(clap::Args, Clone, Copy, Debug)]
pub struct PaceArgs {
    /// Change the rate over time: constant, ramp, step:COUNT, spike:TIMES or soak
    #[arg(long, value_name = "PROFILE", default_value_t = Shape::Constant, help_heading = "Load")]
    pub profile: Shape,

    /// Space what is due evenly, or at random as independent callers do
    #[arg(long, value_enum, value_name = "HOW", default_value_t = Arrival::Even, help_heading = "Load")]
    pub arrivals: Arrival,

    /// Repeat random arrivals by this number
    #[arg(long, value_name = "NUMBER", default_value_t = 1, help_heading = "Load")]
    pub seed: u64,
}

/// How what is due is spaced.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, ValueEnum)]
pub enum Arrival {
    /// At equal distances.
    #[default]
    Even,
    /// As a Poisson process.
    Poisson,
}

impl PaceArgs {
    /// When everything is due, and the mean rate of the measured part.
    pub(crate) fn arrivals(
        &self,
        rate: f64,
        warmup: Duration,
        duration: Duration,
    ) -> Result<(Arrivals, f64), Failure> {
        let cannot = || usage("cannot use this --rate", "无法使用此 --rate");
        // Says what rates there are.
        Schedule::new(rate, Duration::ZERO).map_err(|error| cannot().because(error))?;
        let profile =
            self.profile.profile(rate, warmup, duration).map_err(|error| cannot().because(error))?;
        let arrivals = match self.arrivals {
            Arrival::Even => profile.even(),
            Arrival::Poisson => profile.poisson(self.seed),
        };
        Ok((arrivals, profile.mean_rate(warmup, warmup + duration)))
    }

    /// Without a rate there is nothing to change or to space.
    pub(crate) fn refuse(&self) -> Result<(), Failure> {
        if self.profile == Shape::Constant && self.arrivals == Arrival::Even {
            return Ok(());
        }
        Err(usage("--profile and --arrivals need a --rate", "--profile 和 --arrivals 需要 --rate"))
    }
}
