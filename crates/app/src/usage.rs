use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::{Exit, Failure, Text};

/// Turns clap's complaint about `args` into one line that names a near miss, and whose help to read; it ends with `exit`.
pub fn usage_failure(error: &clap::Error, command: &clap::Command, args: &[OsString], exit: Exit) -> Failure {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => texts.first().cloned(),
        _ => None,
    };
    let suggestion =
        [ContextKind::SuggestedArg, ContextKind::SuggestedSubcommand, ContextKind::SuggestedValue]
            .into_iter()
            .find_map(context);
    let help = meant_command(command, args);
    let hint = match suggestion {
        Some(near) => Text::new(
            format!("did you mean `{near}`? see `{help} --help`"),
            format!("您是想用 `{near}` 吗?参见 `{help} --help`"),
        ),
        None => Text::new(format!("see `{help} --help`"), format!("参见 `{help} --help`")),
    };
    let invalid = context(ContextKind::InvalidArg);
    let value = context(ContextKind::InvalidValue);
    let cause = match (error.kind(), invalid, value) {
        (ErrorKind::UnknownArgument, Some(name), _) => {
            Text::new(format!("unknown flag or argument `{name}`"), format!("未知的选项或参数 `{name}`"))
        }
        (ErrorKind::InvalidSubcommand, ..) => {
            let name = context(ContextKind::InvalidSubcommand).unwrap_or_default();
            Text::new(format!("unknown command `{name}`"), format!("未知的命令 `{name}`"))
        }
        (ErrorKind::MissingSubcommand | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand, ..) => {
            Text::new("a command is missing", "缺少命令")
        }
        (ErrorKind::MissingRequiredArgument, Some(name), _) => {
            Text::new(format!("`{name}` is missing"), format!("缺少 `{name}`"))
        }
        (ErrorKind::InvalidValue | ErrorKind::ValueValidation, Some(name), Some(value)) => {
            let why = std::error::Error::source(error).map(|why| format!(": {why}")).unwrap_or_default();
            Text::new(
                format!("`{value}` is no value for `{name}`{why}"),
                format!("`{value}` 不能作为 `{name}` 的值{why}"),
            )
        }
        _ => first_paragraph(error).into(),
    };
    use crate::Language::{Chinese, English};
    let message = Text::new(
        format!("cannot understand the command line: {}", cause.in_language(English)),
        format!("无法理解命令行:{}", cause.in_language(Chinese)),
    );
    Failure::new(exit, message).hint(hint)
}

/// Returns the command that `args` (the program's name first) were meant for, `kefu serve backup` for instance.
fn meant_command(root: &clap::Command, args: &[OsString]) -> String {
    let mut command = root;
    let mut path = root.get_name().to_owned();
    for arg in args.iter().skip(1) {
        if let Some(inner) = command.find_subcommand(arg) {
            path = format!("{path} {}", inner.get_name());
            command = inner;
        }
    }
    path
}

/// Returns what clap says before the first empty line, without its `error: `.
fn first_paragraph(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let text = text.split("\n\n").next().unwrap_or_default();
    text.strip_prefix("error: ").unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use clap::{Arg, Command, value_parser};

    use super::*;
    use crate::Language;

    fn complaint(args: &[&str]) -> String {
        let serve = Command::new("serve")
            .arg(Arg::new("listen").long("listen").value_parser(value_parser!(u16)))
            .arg(Arg::new("mode").long("mode").value_parser(["fast", "slow"]))
            .subcommand(Command::new("backup").arg(Arg::new("file").required(true)));
        let command = Command::new("kefu").subcommand_required(true).subcommand(serve);
        let error = command.clone().try_get_matches_from(args).unwrap_err();
        let args: Vec<OsString> = args.iter().map(OsString::from).collect();
        let failure = usage_failure(&error, &command, &args, Exit::Usage);
        assert_eq!(failure.exit(), Exit::Usage);
        let line = failure.line(Language::English);
        line.strip_prefix("cannot understand the command line: ").unwrap().to_owned()
    }

    #[test]
    fn an_unknown_flag_names_the_near_miss_and_the_help() {
        assert_eq!(
            complaint(&["kefu", "serve", "--listn", "1"]),
            "unknown flag or argument `--listn`; did you mean `--listen`? see `kefu serve --help`"
        );
        assert_eq!(complaint(&["kefu", "-x"]), "unknown flag or argument `-x`; see `kefu --help`");
    }

    #[test]
    fn commands_values_and_missing_arguments_are_named() {
        assert_eq!(
            complaint(&["kefu", "serv"]),
            "unknown command `serv`; did you mean `serve`? see `kefu --help`"
        );
        assert!(complaint(&["kefu"]).starts_with("a command is missing; see"));
        assert!(complaint(&["kefu", "serve", "--listen", "x"]).starts_with(
            "`x` is no value for `--listen <listen>`: invalid digit found in string; see `kefu serve"
        ));
        assert!(
            complaint(&["kefu", "serve", "--mode", "fst"])
                .starts_with("`fst` is no value for `--mode <mode>`; did you mean `fast`?")
        );
        assert_eq!(
            complaint(&["kefu", "serve", "backup"]),
            "`<file>` is missing; see `kefu serve backup --help`"
        );
        assert!(!complaint(&["kefu", "serve", "--listen"]).contains('\n'));
    }
}
