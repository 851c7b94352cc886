use crate::share::Share;

/// Where a load comes from: processes, and addresses of this machine.
#[derive(clap::Args, Clone, Copy, Debug)]
pub struct SpreadArgs {
    /// Send from so many processes, each with its part of the load; for more than one core, or more open files than one may have
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=256), help_heading = "Load")]
    pub procs: u32,

    /// Connect from so many addresses of 127.0.0.0/8, for more connections than there are ports
    #[arg(long, value_name = "COUNT", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=250), help_heading = "Target")]
    pub source_addresses: u32,

    /// Which part of the load this process has; set by the process that gathers the parts.
    #[arg(long, hide = true, env = "KEFU_BENCH_SHARE", hide_env = true)]
    pub share: Option<Share>,
}

impl SpreadArgs {
    /// This process's part of the load.
    pub(crate) fn part(&self) -> Share {
        self.share.unwrap_or(Share::WHOLE)
    }
}
