//! Command line of `kefu`: which commands this build has, and how one is run.
//!
//! The library exists so that tests, the man pages and the shell completions are made from the very definition
//! that the binary parses. It knows no more of a command than its arguments, its settings and its `run`.

#[cfg(not(any(
    feature = "serve",
    feature = "bench",
    feature = "adapt",
    feature = "replay",
    feature = "migrate"
)))]
compile_error!("choose at least one command: serve, bench, adapt, replay or migrate");

mod allocator;
mod help;
mod zh;

use std::{ffi::OsString, panic::AssertUnwindSafe, process::ExitCode};

use clap::{CommandFactory as _, FromArgMatches as _, error::ErrorKind};
use kefu_app::{App, Exit, Failure, GlobalArgs, Language, Setting as _, Text};

pub use help::{in_language, missing_translations};

/// Every section that a configuration file may have besides `log`, whether or not this build has its command;
/// `bench`, `adapt` and `replay` are told everything by flags, `migrate` by a file of its own.
pub const SECTIONS: [&str; 1] = ["serve"];

/// Customer service in one binary: a chat daemon and the tools that move a company onto it
#[derive(clap::Parser)]
#[command(
    name = "kefu",
    version,
    propagate_version = true,
    disable_help_subcommand = true,
    arg_required_else_help = true,
    subcommand_help_heading = "Commands",
    after_help = AFTER_HELP
)]
struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Command,
}

const AFTER_HELP: &str = "\
Examples:
  kefu serve --demo            try it: sample data, throw-away store
  kefu serve                   run the daemon on 127.0.0.1:8080
  kefu bench chat --help       measure it
  kefu adapt convert --help    turn Thrift, SOAP and JSON into each other
  kefu replay --help           capture traffic and send it again
  kefu migrate --help          bring the records of an older system over

Settings come from defaults, then kefu.yaml, then KEFU_* variables, then flags.
Set KEFU_LANG=zh-CN for Chinese.";

#[derive(clap::Subcommand)]
enum Command {
    #[cfg(feature = "serve")]
    Serve(Box<kefu_serve::Args>),
    #[cfg(feature = "bench")]
    Bench(Box<kefu_bench::Args>),
    #[cfg(feature = "adapt")]
    Adapt(Box<kefu_adapt::Args>),
    #[cfg(feature = "replay")]
    Replay(Box<kefu_replay::Args>),
    #[cfg(feature = "migrate")]
    Migrate(Box<kefu_migrate::Args>),
}

impl Command {
    fn run(&self, app: &App) -> Result<Exit, Failure> {
        match self {
            #[cfg(feature = "serve")]
            Self::Serve(args) => kefu_serve::run(app, args),
            #[cfg(feature = "bench")]
            Self::Bench(args) => kefu_bench::run(app, args),
            #[cfg(feature = "adapt")]
            Self::Adapt(args) => kefu_adapt::run(app, args),
            #[cfg(feature = "replay")]
            Self::Replay(args) => kefu_replay::run(app, args),
            #[cfg(feature = "migrate")]
            Self::Migrate(args) => kefu_migrate::run(app, args),
        }
    }
}

/// Returns the whole command line definition, in English.
pub fn command() -> clap::Command {
    Cli::command()
}

/// Returns the annotated example of a configuration file.
pub fn example_configuration() -> String {
    let title = "Every setting of kefu with its default; the file is read from ./kefu.yaml or --config.\n\
                 Later layers win: defaults, this file, the variable named beside each key, flags.\n\
                 `kefu serve --check-config` shows what is in force and where it came from.";
    let sections = [
        ("log", "What is logged to standard error, and how.", kefu_app::LogSettings::default().describe()),
        #[cfg(feature = "serve")]
        ("serve", "The chat daemon.", kefu_serve::Settings::default().describe()),
    ];
    kefu_app::example_yaml(title, &sections)
}

/// Parses `args`, runs the chosen command and says how it went.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let language = Language::from_environment();
    match std::panic::catch_unwind(AssertUnwindSafe(|| run(args, language))) {
        Ok(Ok(exit)) => exit.into(),
        Ok(Err(failure)) => {
            failure.report(language);
            failure.exit().into()
        }
        Err(_) => {
            let text = Text::new(
                "cannot go on, this is a defect of kefu; please report the panic logged above",
                "无法继续,这是 kefu 的缺陷;请报告上面记录的 panic",
            );
            Failure::new(Exit::Internal, text).report(language);
            Exit::Internal.into()
        }
    }
}

fn run(args: impl IntoIterator<Item = OsString>, language: Language) -> Result<Exit, Failure> {
    let args: Vec<OsString> = args.into_iter().collect();
    let command = in_language(command(), language);
    let parsed =
        command.clone().try_get_matches_from(&args).and_then(|matches| Cli::from_arg_matches(&matches));
    let cli = match parsed {
        Ok(cli) => cli,
        Err(error) => return not_run(&error, &command, &args),
    };
    let app = App::start(&cli.global, &SECTIONS)?;
    cli.command.run(&app)
}

/// What a mistake in `args` ends with: gates that call `kefu bench` have a list of exit codes of their own.
fn usage_exit(command: &clap::Command, args: &[OsString]) -> Exit {
    let meant = args.iter().skip(1).find_map(|arg| command.find_subcommand(arg));
    match meant.map(clap::Command::get_name) {
        #[cfg(feature = "bench")]
        Some("bench") => kefu_bench::USAGE,
        _ => Exit::Usage,
    }
}

/// Answers a command line that runs nothing: help and version are printed, anything else is a mistake.
fn not_run(error: &clap::Error, command: &clap::Command, args: &[OsString]) -> Result<Exit, Failure> {
    let exit = match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Exit::Ok,
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => usage_exit(command, args),
        _ => return Err(kefu_app::usage_failure(error, command, args, usage_exit(command, args))),
    };
    // A reader that has gone away (`| head`) is no mistake.
    drop(error.print());
    Ok(exit)
}
