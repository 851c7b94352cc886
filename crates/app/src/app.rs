use std::{
    io::{ErrorKind, Write as _},
    path::PathBuf,
    time::Duration,
};

use crate::{
    Effective, Exit, Failure, Flags, Language, Layers, LogFormat, Setting, Stop, StopHandle, Text, logs,
    memory, stop,
};

/// How long blocking work may go on after a command has returned.
const RUNTIME_STOP: Duration = Duration::from_secs(2);

/// Options that stand before or after any command.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Read settings from this file (else from `kefu.yaml`, where there is one)
    #[arg(long, global = true, env = "KEFU_CONFIG", value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    pub config: Option<PathBuf>,

    /// Write log lines for people or as JSON
    #[arg(long, global = true, value_name = "FORMAT", value_enum)]
    pub log_format: Option<LogFormat>,

    /// Log this much: error, warn, info, debug, trace or off, or a filter such as `info,kefu_serve=debug`
    #[arg(long, global = true, value_name = "FILTER")]
    pub log_level: Option<String>,
}

/// The running program as a command sees it.
#[derive(Debug)]
pub struct App {
    language: Language,
    layers: Layers,
    handle: StopHandle,
    stop: Stop,
}

impl App {
    /// Reads the configuration file and the environment, and starts logging.
    ///
    /// `sections` names every section that the file may have, whether or not this build has its command.
    ///
    /// # Errors
    /// When the file cannot be read or is no YAML, has an unknown section, or the `log` section is wrong.
    pub fn start(args: &GlobalArgs, sections: &[&'static str]) -> Result<Self, Failure> {
        memory::tune();
        let layers = Layers::read(args.config.as_deref(), sections)?;
        let mut flags = Flags::new();
        flags.choice("format", "--log-format", args.log_format);
        flags.set("level", "--log-level", args.log_level.as_ref());
        logs::start(&layers.load("log", &flags)?)?;
        std::panic::set_hook(Box::new(logs::panicked));
        let (handle, stop) = Stop::new();
        Ok(Self { language: Language::from_environment(), layers, handle, stop })
    }

    /// Loads a section: defaults, then the file, then `KEFU_<SECTION>_*`, then `flags`.
    ///
    /// # Errors
    /// For the first unknown key, repeated key or bad value, with its place.
    pub fn load<S: Setting + Default>(&self, section: &str, flags: &Flags) -> Result<Effective<S>, Failure> {
        self.layers.load(section, flags)
    }

    /// The language in which to speak to the user.
    pub fn language(&self) -> Language {
        self.language
    }

    /// Resolves at the first SIGTERM or SIGINT that arrives during [`App::block_on`].
    pub fn stop(&self) -> Stop {
        self.stop.clone()
    }

    /// Asks for a stop, as a signal does.
    pub fn stop_handle(&self) -> StopHandle {
        self.handle.clone()
    }

    /// Runs `main` to its end on a runtime with one thread per core, and watches for signals meanwhile.
    ///
    /// # Errors
    /// When the system gives no threads.
    pub fn block_on<F: Future>(&self, main: F) -> Result<F::Output, Failure> {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().thread_name("kefu").enable_all().build().map_err(
                |error| {
                    Failure::new(Exit::Unavailable, Text::new("cannot start threads", "无法启动线程"))
                        .because(error)
                },
            )?;
        let signals = {
            let _context = runtime.enter();
            runtime.spawn(stop::watch_signals(self.handle.clone()))
        };
        let output = runtime.block_on(main);
        signals.abort();
        runtime.shutdown_timeout(RUNTIME_STOP);
        Ok(output)
    }

    /// Writes a command's result to standard output.
    ///
    /// # Errors
    /// When it cannot be written; a reader that has gone away (`| head`) is no error.
    pub fn print(&self, text: &str) -> Result<(), Failure> {
        let mut out = std::io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                Err(Failure::new(Exit::Io, Text::new("cannot write to standard output", "无法写入标准输出"))
                    .because(error))
            }
            _ => Ok(()),
        }
    }
}
