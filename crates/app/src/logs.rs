use std::io::IsTerminal as _;

use tracing_subscriber::{filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use crate::{Effective, Failure, Text};

/// How log lines are written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, clap::ValueEnum)]
pub enum LogFormat {
    /// For people on a terminal, JSON otherwise
    #[default]
    Auto,
    /// For people
    Human,
    /// One JSON object a line
    Json,
}

crate::setting_from_choices!(LogFormat);

crate::settings! {
    /// The `log` section: what is logged to standard error, and how.
    pub struct LogSettings {
        /// How log lines are written: `human`, `json`, or `auto` (human on a terminal, JSON otherwise).
        pub format: LogFormat = LogFormat::Auto,
        /// What is logged: `error`, `warn`, `info`, `debug`, `trace` or `off`, also per part of the program,
        /// such as `info,kefu_serve=debug`. `KEFU_LOG` is short for `KEFU_LOG_LEVEL`.
        pub level: String = "info".to_owned(),
    }
}

/// Starts logging to standard error.
pub(crate) fn start(settings: &Effective<LogSettings>) -> Result<(), Failure> {
    // Parts and levels only: what a filter of the environment can say besides brings an engine for regular expressions.
    let filter: Targets = settings.level.parse().map_err(|error| {
        settings.reject(
            "level",
            Text::new(
                format!("`{}` is no log level: {error}", settings.level),
                format!("`{}` 不是日志级别:{error}", settings.level),
            ),
        )
    })?;
    let terminal = std::io::stderr().is_terminal();
    let json = match settings.format {
        LogFormat::Auto => !terminal,
        LogFormat::Human => false,
        LogFormat::Json => true,
    };
    let registry = tracing_subscriber::registry().with(filter);
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    // A second call (several commands in one test process) keeps the first subscriber.
    if json {
        drop(registry.with(layer.json().flatten_event(true).with_span_list(false)).try_init());
    } else {
        let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        drop(registry.with(layer.with_ansi(colour)).try_init());
    }
    Ok(())
}

/// Logs a panic with its place; what unwinds then is the business of whoever started the task.
pub(crate) fn panicked(info: &std::panic::PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let text = info.payload_as_str().unwrap_or("no text");
    tracing::error!(place, "panic, a defect of kefu: {text}");
}
