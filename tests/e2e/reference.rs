//! The reference of the command line as Markdown.

use clap::{Arg, Command};
use kefu_app::{Exit, Language};

/// Writes every command, every flag and every exit code.
pub(crate) fn command_line(language: Language) -> String {
    let zh = language == Language::Chinese;
    let mut command = kefu::in_language(kefu::command(), language).term_width(100);
    command.build();
    let mut out = String::new();
    out.push_str(if zh { "# 命令行参考\n" } else { "# Command line reference\n" });
    out.push_str(if zh {
        "\n本文件由命令行定义生成。\n"
    } else {
        "\nThis file is generated from the definition of the command line.\n"
    });
    section(&command, "kefu", zh, &mut out);
    out.push_str(if zh { "\n## 退出码\n\n" } else { "\n## Exit codes\n\n" });
    out.push_str(if zh { "| 退出码 | 含义 |\n|---|---|\n" } else { "| code | meaning |\n|---|---|\n" });
    for exit in Exit::ALL {
        out.push_str(&format!("| {} | {} |\n", exit.code(), exit.meaning().in_language(language)));
        if exit == Exit::Ok {
            let verdict = Exit::Verdict(1).meaning();
            out.push_str(&format!("| 1–9 | {} |\n", verdict.in_language(language)));
        }
    }
    out
}

fn section(command: &Command, path: &str, zh: bool, out: &mut String) {
    out.push_str(&format!("\n## `{path}`\n\n"));
    if let Some(about) = command.get_long_about().or(command.get_about()) {
        out.push_str(&format!("{}\n", about.to_string().trim_end()));
    }
    let mut headings: Vec<&str> = Vec::new();
    let arguments: Vec<&Arg> = command
        .get_arguments()
        .filter(|arg| !arg.is_hide_set() && !matches!(arg.get_id().as_str(), "help" | "version"))
        // Global options stand in the first section only.
        .filter(|arg| path == "kefu" || !arg.is_global_set())
        .collect();
    for arg in &arguments {
        let heading = heading(arg, zh);
        if !headings.contains(&heading) {
            headings.push(heading);
        }
    }
    for name in headings {
        let head = if zh { "说明" } else { "what it does" };
        out.push_str(&format!("\n| {name} | {head} |\n|---|---|\n"));
        for arg in arguments.iter().filter(|arg| heading(arg, zh) == name) {
            out.push_str(&format!("| {} | {} |\n", spelled(arg), described(arg, zh)));
        }
    }
    let after = command.get_after_long_help().or(command.get_after_help()).map(ToString::to_string);
    if let Some(after) = after {
        out.push_str(&format!("\n```text\n{}\n```\n", after.trim_end()));
    }
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
        section(inner, &format!("{path} {}", inner.get_name()), zh, out);
    }
}

fn heading(arg: &Arg, zh: bool) -> &str {
    arg.get_help_heading().unwrap_or(match (arg.is_positional(), zh) {
        (true, false) => "Arguments",
        (false, false) => "Options",
        (true, true) => "参数",
        (false, true) => "选项",
    })
}

fn spelled(arg: &Arg) -> String {
    let names = arg.get_value_names().unwrap_or_default();
    let values: String = names.iter().map(|name| format!(" <{name}>")).collect();
    let takes = arg.get_action().takes_values();
    let values = if takes { values.as_str() } else { "" };
    match (arg.get_short(), arg.get_long()) {
        (Some(short), Some(long)) => format!("`-{short}`, `--{long}{values}`"),
        (None, Some(long)) => format!("`--{long}{values}`"),
        (Some(short), None) => format!("`-{short}{values}`"),
        (None, None) => format!("`{}`", values.trim_start()),
    }
}

fn described(arg: &Arg, zh: bool) -> String {
    let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
    let mut text = help.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|");
    let mut note = |en: &str, zh_name: &str, value: String| {
        let name = if zh { zh_name } else { en };
        text.push_str(&format!(" [{name}: {value}]"));
    };
    let choices: Vec<_> = arg
        .get_possible_values()
        .iter()
        .filter(|value| !value.is_hide_set())
        .map(|value| format!("`{}`", value.get_name()))
        .collect();
    if arg.get_action().takes_values() && !choices.is_empty() {
        note("one of", "可选", choices.join(", "));
    }
    let defaults: Vec<_> =
        arg.get_default_values().iter().map(|value| format!("`{}`", value.to_string_lossy())).collect();
    if arg.get_action().takes_values() && !defaults.is_empty() {
        note("default", "默认", defaults.join(", "));
    }
    if let Some(variable) = arg.get_env() {
        note("variable", "环境变量", format!("`{}`", variable.to_string_lossy()));
    }
    text
}
