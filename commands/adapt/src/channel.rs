//! `kefu adapt channel`: files that describe chat services are made, checked and tried, without a server.

mod args;
mod files;
#[cfg(feature = "bridge")]
mod mock;
mod new;
mod sign;

pub use args::{ChannelAction, ChannelArgs, FilesArgs, LintArgs, NewArgs, SignArgs};
#[cfg(feature = "bridge")]
pub use mock::MockArgs;

use kefu_app::{App, Exit, Failure, Text};
use kefu_channel::{Channel, SHIPPED, lint};

use crate::shown;

/// Examples of a file do not hold, or there is advice with `lint --strict`.
const FAILED: Exit = Exit::Verdict(1);

/// Runs what was asked for.
pub(crate) fn run(app: &App, args: &ChannelArgs) -> Result<Exit, Failure> {
    match &args.action {
        ChannelAction::List => list(app),
        ChannelAction::New(args) => new::run(app, args),
        ChannelAction::Lint(args) => lint_files(app, args),
        ChannelAction::Test(args) => test_files(app, args),
        ChannelAction::Sign(args) => sign::run(app, args),
        #[cfg(feature = "bridge")]
        ChannelAction::Mock(args) => mock::run(app, args),
    }
}

fn list(app: &App) -> Result<Exit, Failure> {
    let mut out = String::new();
    for (id, yaml) in SHIPPED {
        let channel = Channel::load(yaml).map_err(|errors| Failure::internal(files::listed(id, &errors)))?;
        let state = if channel.is_enabled() { "on" } else { "off" };
        out.push_str(&format!("{id:<12} {state:<4} {}\n", channel.name()));
    }
    app.print(&out)?;
    Ok(Exit::Ok)
}

fn lint_files(app: &App, args: &LintArgs) -> Result<Exit, Failure> {
    let mut out = String::new();
    let mut advised = false;
    for file in &args.files {
        let (name, yaml, channel) = files::load(file)?;
        let advice = lint(&channel, &yaml);
        advised |= !advice.is_empty();
        for line in advice {
            out.push_str(&format!("{name}: {}\n", shown::line(&line)));
        }
    }
    app.print(&out)?;
    Ok(if advised && args.strict { FAILED } else { Exit::Ok })
}

fn test_files(app: &App, args: &FilesArgs) -> Result<Exit, Failure> {
    let mut out = String::new();
    let mut passed = true;
    for file in &args.files {
        let (name, _, channel) = files::load(file)?;
        let verdicts = channel.test();
        passed &= verdicts.is_passed();
        if verdicts.0.is_empty() {
            let text = Text::new("there is no example under `test`", "`test` 下没有示例");
            out.push_str(&format!("FAILED {name}: {}\n", text.in_language(app.language())));
        }
        for report in &verdicts.0 {
            let word = if report.differences.is_empty() { "ok    " } else { "FAILED" };
            out.push_str(&format!("{word} {name}: {}\n", shown::line(&report.name)));
            for difference in &report.differences {
                out.push_str(&format!("         {}\n", shown::line(difference)));
            }
        }
    }
    app.print(&out)?;
    Ok(if passed { Exit::Ok } else { FAILED })
}

#[cfg(test)]
mod tests;
