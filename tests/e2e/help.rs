//! What `--help` and `--version` print, in both languages.

use crate::support::kefu;

fn help(args: &[&str], language: &str) -> String {
    let output = kefu().args(args).arg("--help").env("KEFU_LANG", language).output().unwrap();
    assert!(output.status.success(), "{args:?}");
    assert!(output.stderr.is_empty(), "help goes to standard output");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn version_is_printed() {
    let version = concat!("kefu ", env!("CARGO_PKG_VERSION"), "\n");
    kefu().arg("--version").assert().success().stdout(version);
    kefu().arg("--version").env("KEFU_LANG", "zh").assert().success().stdout(version);
}

#[test]
fn command_line_is_consistent() {
    kefu::command().debug_assert();
    kefu::in_language(kefu::command(), kefu_app::Language::Chinese).debug_assert();
}

#[test]
fn help_is_grouped_and_has_examples() {
    let commands: [&[&str]; 6] =
        [&[], &["serve"], &["bench", "chat"], &["adapt"], &["adapt", "convert"], &["adapt", "channel"]];
    for args in commands {
        let text = help(args, "en");
        assert!(text.contains("Usage: kefu"), "{args:?}: {text}");
        assert!(text.contains("Examples:"), "{args:?} has no examples");
        assert!(text.contains("Global options:"), "{args:?} is not grouped");
    }
}

#[test]
fn help_is_chinese_where_the_user_is() {
    let text = help(&["serve"], "zh-CN");
    for word in ["用法:kefu serve", "全局选项:", "示例:", "显示帮助"] {
        assert!(text.contains(word), "{word} is missing in {text}");
    }
    for word in ["Usage:", "Options:", "Print help"] {
        assert!(!text.contains(word), "{word} is left in {text}");
    }
}

#[test]
fn every_help_text_has_a_chinese_one() {
    let missing = kefu::missing_translations(&kefu::command());
    assert!(missing.is_empty(), "src/zh.rs:\n{}", missing.join("\n"));
}

#[test]
fn no_command_prints_help_and_is_a_mistake() {
    let output = kefu().output().unwrap();
    assert_eq!(output.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&output.stderr).contains("Usage: kefu"));
}
