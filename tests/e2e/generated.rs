//! Files made from the command line's and the settings' definitions; `cargo bless` with `KEFU_BLESS=1` rewrites them.

use std::{collections::BTreeSet, fs};

use clap_complete::{Shell, generate};

use crate::{reference, support::root};

/// Compares files below `folder` with what they should be; nothing else may be there.
fn check(folder: &str, fresh: &[(String, Vec<u8>)], whole: bool) {
    let folder_path = root().join(folder);
    let bless = std::env::var_os("KEFU_BLESS").is_some();
    let mut stale = Vec::new();
    if bless {
        fs::create_dir_all(&folder_path).unwrap();
    }
    for (name, bytes) in fresh {
        let path = folder_path.join(name);
        if bless {
            fs::write(&path, bytes).unwrap();
        }
        if fs::read(&path).unwrap_or_default() != *bytes {
            stale.push(path.display().to_string());
        }
    }
    if whole {
        let names: BTreeSet<_> = fresh.iter().map(|(name, _)| name.as_str()).collect();
        for entry in fs::read_dir(&folder_path).unwrap() {
            let entry = entry.unwrap();
            if !names.contains(&*entry.file_name().to_string_lossy()) {
                if bless {
                    fs::remove_file(entry.path()).unwrap();
                } else {
                    stale.push(entry.path().display().to_string());
                }
            }
        }
    }
    assert!(stale.is_empty(), "stale, run `KEFU_BLESS=1 cargo bless`: {stale:#?}");
}

#[test]
fn generated_completions_are_current() {
    let shells = [
        (Shell::Bash, "kefu.bash"),
        (Shell::Zsh, "_kefu"),
        (Shell::Fish, "kefu.fish"),
        (Shell::PowerShell, "_kefu.ps1"),
        (Shell::Elvish, "kefu.elv"),
    ];
    let fresh = shells.map(|(shell, name)| {
        let mut out = Vec::new();
        generate(shell, &mut kefu::command(), "kefu", &mut out);
        (name.to_owned(), out)
    });
    check("completions", &fresh, true);
}

#[test]
fn generated_man_pages_are_current() {
    fn render(command: &clap::Command, name: &str, pages: &mut Vec<(String, Vec<u8>)>) {
        let mut out = Vec::new();
        let version = concat!("kefu ", env!("CARGO_PKG_VERSION"));
        clap_mangen::Man::new(command.clone().display_name(name)).source(version).render(&mut out).unwrap();
        pages.push((format!("{name}.1"), out));
        for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
            render(inner, &format!("{name}-{}", inner.get_name()), pages);
        }
    }
    let mut command = kefu::command();
    command.build();
    let mut pages = Vec::new();
    render(&command, "kefu", &mut pages);
    check("man", &pages, true);
}

#[test]
fn generated_example_configuration_is_current() {
    check("", &[("kefu.example.yaml".to_owned(), kefu::example_configuration().into_bytes())], false);
}

#[test]
fn generated_reference_is_current() {
    use kefu_app::Language::{Chinese, English};
    let fresh = [(English, "cli.md"), (Chinese, "cli.zh-CN.md")]
        .map(|(language, name)| (name.to_owned(), reference::command_line(language).into_bytes()));
    check("docs", &fresh, false);
}
