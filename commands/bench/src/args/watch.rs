use std::path::PathBuf;

use clap::ValueHint;

/// How the server's memory and processor time are known.
#[derive(clap::Args, Clone, Debug)]
pub struct WatchArgs {
    /// Watch this process [default: the one on this machine that listens there]
    #[arg(long, value_name = "PID", help_heading = "Target")]
    pub server_pid: Option<u32>,

    /// Watch the server by what it tells Prometheus of its process, at a URL such as http://10.0.0.5:8080/metrics
    #[arg(long, value_name = "URL", value_hint = ValueHint::Url, conflicts_with = "server_pid", help_heading = "Target")]
    pub server_metrics: Option<String>,

    /// Read metrics with the bearer token in this file
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, requires = "server_metrics", help_heading = "Target")]
    pub metrics_token_file: Option<PathBuf>,
}
