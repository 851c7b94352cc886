use std::time::Duration;

use clap::ValueHint;
use kefu_app::{ByteSize, parse_duration};

/// What is captured as it goes by.
#[derive(clap::Args, Clone, Debug)]
pub struct LiveArgs {
    /// Listen on this network interface, or on `any`; may be given several times
    #[arg(
        long,
        value_name = "NAME",
        value_delimiter = ',',
        value_hint = ValueHint::Other,
        help_heading = "Interfaces"
    )]
    pub interface: Vec<String>,

    /// Let through what this expression of tcpdump says, in place of the ports
    #[arg(long, value_name = "EXPRESSION", requires = "interface", help_heading = "Interfaces")]
    pub bpf: Option<String>,

    /// Take at most so many bytes of a packet
    #[arg(
        long,
        value_name = "N",
        default_value_t = 262_144,
        value_parser = clap::value_parser!(u32).range(64..=262_144),
        help_heading = "Interfaces"
    )]
    pub snaplen: u32,

    /// Let the kernel keep so much for each interface until it is taken
    #[arg(long, value_name = "SIZE", default_value = "64MiB", help_heading = "Interfaces")]
    pub ring: ByteSize,

    /// Have the interface take what is meant for others as well
    #[arg(long, requires = "interface", help_heading = "Interfaces")]
    pub promisc: bool,

    /// End after this time
    #[arg(long, value_name = "TIME", value_parser = parse_duration, requires = "interface", help_heading = "Interfaces")]
    pub exit_after: Option<Duration>,

    /// Print what was counted so often; 0s for never
    #[arg(long, value_name = "TIME", default_value = "10s", value_parser = parse_duration, help_heading = "Interfaces")]
    pub stats: Duration,
}
