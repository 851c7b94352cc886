//! Help in the user's language: the English definitions with their texts replaced.

use clap::{Arg, ArgAction, Command};
use kefu_app::Language;

use crate::zh;

/// Returns `command` with its help in `language`.
pub fn in_language(command: Command, language: Language) -> Command {
    match language {
        Language::English => command,
        Language::Chinese => {
            let path = command.get_name().to_owned();
            translate(command, &path)
        }
    }
}

/// Lists what has no Chinese text, and what has one but no longer exists.
pub fn missing_translations(command: &Command) -> Vec<String> {
    let mut keys = Vec::new();
    collect(command, command.get_name(), &mut keys);
    keys.sort();
    keys.dedup();
    let missing = keys.iter().filter(|key| zh::text(key).is_none()).map(|key| format!("no text for `{key}`"));
    let stale = zh::TEXTS
        .iter()
        .filter(|(key, _)| !keys.iter().any(|known| known == key))
        .map(|(key, _)| format!("nothing is called `{key}`"));
    missing.chain(stale).collect()
}

fn collect(command: &Command, path: &str, keys: &mut Vec<String>) {
    keys.push(path.to_owned());
    if command.get_after_help().is_some() || command.get_after_long_help().is_some() {
        keys.push(after_key(path));
    }
    keys.extend(command.get_subcommand_help_heading().map(heading_key));
    for arg in command.get_arguments().filter(|arg| !arg.is_hide_set() && !is_built_in(arg)) {
        keys.push(arg_key(path, arg));
        keys.extend(arg.get_help_heading().map(heading_key));
    }
    for inner in command.get_subcommands() {
        collect(inner, &format!("{path} {}", inner.get_name()), keys);
    }
}

fn is_built_in(arg: &Arg) -> bool {
    matches!(arg.get_id().as_str(), "help" | "version")
}

fn after_key(path: &str) -> String {
    format!("{path} (after)")
}

fn heading_key(heading: &str) -> String {
    format!("{heading}:")
}

fn arg_key(path: &str, arg: &Arg) -> String {
    match arg.get_long() {
        Some(long) => format!("{path} --{long}"),
        None => format!("{path} <{}>", arg.get_id()),
    }
}

fn translate(command: Command, path: &str) -> Command {
    let built_in_help = Arg::new("help").short('h').long("help").action(ArgAction::Help);
    let built_in_version = Arg::new("version").short('V').long("version").action(ArgAction::Version);
    let subcommands = command.get_subcommand_help_heading();
    let subcommands = subcommands.and_then(|heading| zh::text(&heading_key(heading))).unwrap_or("命令");
    let has_after = command.get_after_help().is_some() || command.get_after_long_help().is_some();
    let mut command = command
        .disable_help_flag(true)
        .disable_version_flag(true)
        .arg(built_in_help.help("显示帮助").help_heading("选项"))
        .arg(built_in_version.help("显示版本").help_heading("选项"))
        .subcommand_help_heading(subcommands)
        .help_template("{before-help}{about-with-newline}\n用法:{usage}\n\n{all-args}{after-help}")
        .mut_args(|arg| translate_arg(arg, path))
        .mut_subcommands(|inner| {
            let path = format!("{path} {}", inner.get_name());
            translate(inner, &path)
        });
    if let Some(text) = zh::text(path) {
        let short = text.split("\n\n").next().unwrap_or(text);
        command = command.about(short).long_about(text);
    }
    if has_after && let Some(text) = zh::text(&after_key(path)) {
        command = command.after_help(text).after_long_help(text);
    }
    command
}

fn translate_arg(arg: Arg, path: &str) -> Arg {
    if is_built_in(&arg) {
        return arg;
    }
    let heading = match arg.get_help_heading() {
        Some(heading) => zh::text(&heading_key(heading)).unwrap_or("选项"),
        None if arg.is_positional() => "参数",
        None => "选项",
    };
    let text = zh::text(&arg_key(path, &arg));
    let arg = arg.help_heading(heading);
    match text {
        Some(text) => arg.help(text).long_help(text),
        None => arg,
    }
}
