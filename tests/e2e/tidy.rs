//! House rules that no linter knows, as tests over the tree.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use serde_json::Value;

use crate::support::{files, read, root};

/// Which of our crates each crate may name, lowest first.
const DIRECTIONS: &[(&str, &[&str])] = &[
    ("kefu-core", &[]),
    ("kefu-text", &[]),
    ("kefu-media", &[]),
    ("kefu-wire", &[]),
    ("kefu-channel", &["kefu-wire"]),
    ("kefu-protocol", &["kefu-core"]),
    ("kefu-store", &["kefu-core", "kefu-protocol", "kefu-text"]),
    ("kefu-traffic", &["kefu-core", "kefu-protocol"]),
    ("kefu-socket", &["kefu-core", "kefu-protocol", "kefu-store", "kefu-traffic"]),
    ("kefu-bus", &["kefu-core", "kefu-protocol", "kefu-store", "kefu-upstream"]),
    ("kefu-app", &[]),
    ("kefu-upstream", &["kefu-wire"]),
    ("kefu-gateway", &["kefu-app", "kefu-channel", "kefu-upstream", "kefu-wire"]),
    ("kefu-query", &["kefu-app", "kefu-bus", "kefu-core", "kefu-upstream", "kefu-wire"]),
    (
        "kefu-serve",
        &[
            "kefu-app",
            "kefu-bus",
            "kefu-channel",
            "kefu-core",
            "kefu-gateway",
            "kefu-media",
            "kefu-protocol",
            "kefu-query",
            "kefu-socket",
            "kefu-store",
            "kefu-text",
            "kefu-traffic",
            "kefu-upstream",
            "kefu-wire",
        ],
    ),
    (
        "kefu-bench",
        &["kefu-app", "kefu-core", "kefu-protocol", "kefu-socket", "kefu-traffic", "kefu-upstream"],
    ),
    ("kefu-adapt", &["kefu-app", "kefu-channel", "kefu-gateway", "kefu-upstream", "kefu-wire"]),
    ("kefu-libpcap", &[]),
    (
        "kefu-replay",
        &[
            "kefu-app",
            "kefu-channel",
            "kefu-libpcap",
            "kefu-protocol",
            "kefu-text",
            "kefu-traffic",
            "kefu-upstream",
        ],
    ),
    ("kefu-migrate", &["kefu-app", "kefu-core", "kefu-store"]),
    ("kefu", &["kefu-adapt", "kefu-app", "kefu-bench", "kefu-migrate", "kefu-replay", "kefu-serve"]),
];

/// Which of our crates alone may name a foreign one.
const WALLS: &[(&str, &[&str])] = &[
    ("async-nats", &["kefu-bus"]),
    ("snap", &["kefu-bus"]),
    ("sqlx", &["kefu-migrate", "kefu-query", "kefu-store"]),
    ("mongodb", &["kefu-migrate", "kefu-query", "kefu-store"]),
    ("axum", &["kefu-serve"]),
    ("tower", &["kefu-serve"]),
    ("hyper", &["kefu-adapt", "kefu-bench", "kefu-gateway", "kefu-serve", "kefu-upstream"]),
    ("hyper-util", &["kefu-adapt", "kefu-bench", "kefu-gateway", "kefu-serve", "kefu-upstream"]),
    ("tokio-rustls", &["kefu-bench", "kefu-migrate", "kefu-upstream"]),
    ("matchit", &["kefu-gateway"]),
    ("pcap", &["kefu-replay"]),
    ("argon2", &["kefu-serve", "kefu-store"]),
    ("serde_yaml", &["kefu-app", "kefu-channel", "kefu-query"]),
    ("tracing-subscriber", &["kefu-app"]),
    ("indicatif", &["kefu-bench", "kefu-migrate", "kefu-replay"]),
    (
        "tokio",
        &[
            "kefu-adapt",
            "kefu-app",
            "kefu-bench",
            "kefu-bus",
            "kefu-gateway",
            "kefu-replay",
            "kefu-migrate",
            "kefu-query",
            "kefu-serve",
            "kefu-socket",
            "kefu-store",
            "kefu-upstream",
        ],
    ),
];

/// A second TLS stack, or a library that a user would have to install.
const BANNED: &[&str] =
    &["openssl-sys", "openssl", "native-tls", "aws-lc-rs", "aws-lc-sys", "boring", "boring-sys", "libpq-sys"];

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--filter-platform", "x86_64-unknown-linux-gnu"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn texts<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// Our packages and the names of what each needs when it runs.
fn own_packages(metadata: &Value) -> BTreeMap<&str, Vec<&str>> {
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .filter(|package| package["source"].is_null())
        .map(|package| {
            let needs = package["dependencies"].as_array().unwrap().iter();
            let needs = needs.filter(|needed| needed["kind"].is_null());
            let name = |needed: &'_ Value| needed["rename"].is_null();
            let needs = needs
                .map(|needed| if name(needed) { texts(needed, "name") } else { texts(needed, "rename") })
                .collect();
            (texts(package, "name"), needs)
        })
        .collect()
}

#[test]
fn arrows_between_crates_only_go_down() {
    let metadata = metadata();
    let mut wrong = Vec::new();
    for (name, needs) in own_packages(&metadata) {
        let Some((_, allowed)) = DIRECTIONS.iter().find(|(known, _)| *known == name) else {
            wrong.push(format!("{name} has no place in DIRECTIONS"));
            continue;
        };
        for needed in needs {
            if (needed == "kefu" || needed.starts_with("kefu-")) && !allowed.contains(&needed) {
                wrong.push(format!("{name} must not need {needed}"));
            }
            let wall = WALLS.iter().find(|(foreign, _)| *foreign == needed);
            if wall.is_some_and(|(_, inside)| !inside.contains(&name)) {
                wrong.push(format!("{name} must not name {needed}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn one_tls_stack_and_no_system_library() {
    let metadata = metadata();
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let found: Vec<_> = nodes
        .iter()
        .map(|node| texts(node, "id"))
        .filter(|id| {
            BANNED
                .iter()
                .any(|banned| id.contains(&format!("#{banned}@")) || id.contains(&format!("/{banned}#")))
        })
        .collect();
    assert!(found.is_empty(), "{found:#?}");
}

/// The converter is for machines that have nothing: its bridges are a feature of their own.
#[test]
fn the_converter_alone_has_no_server_and_no_network() {
    let tree = |features: &str| {
        let output = Command::new(env!("CARGO"))
            .args(["tree", "--locked", "--edges", "normal", "--prefix", "none", "--no-default-features"])
            .args(["--package", "kefu", "--features", features])
            .current_dir(root())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let heavy = [
        "kefu-gateway ",
        "kefu-upstream ",
        "hyper ",
        "rustls ",
        "ring ",
        "prometheus-client ",
        "axum ",
        "sqlx ",
    ];
    let (alone, bridge) = (tree("adapt"), tree("bridge"));
    for name in heavy {
        assert!(!alone.lines().any(|line| line.starts_with(name)), "{name}");
    }
    for name in ["axum ", "sqlx ", "kefu-serve "] {
        assert!(!bridge.lines().any(|line| line.starts_with(name)), "{name}");
    }
    assert!(bridge.lines().any(|line| line.starts_with("kefu-gateway ")));
    // Nothing of a capture is in the daemon.
    let daemon = tree("serve");
    assert!(!daemon.lines().any(|line| line.starts_with("pcap ") || line.starts_with("kefu-libpcap ")));
}

#[test]
fn licences_are_on_the_list() {
    let deny = read("deny.toml");
    let list = deny.split_once("allow = [").unwrap().1.split_once(']').unwrap().0;
    let allowed: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
    // One line names a crate and what it alone may have besides.
    let exceptions = deny.split_once("exceptions = [").unwrap().1.split_once("]\n").unwrap().0;
    let exceptions: Vec<&str> = exceptions.split('"').skip(1).step_by(2).collect();
    let is_excepted = |package: &Value| {
        exceptions.chunks(2).any(|pair| pair == [texts(package, "name"), texts(package, "license")])
    };
    let metadata = metadata();
    let used: Vec<&str> =
        metadata["resolve"]["nodes"].as_array().unwrap().iter().map(|node| texts(node, "id")).collect();
    let packages = metadata["packages"].as_array().unwrap().iter();
    let wrong: Vec<_> = packages
        .filter(|package| used.contains(&texts(package, "id")))
        .filter(|package| !permits(licence_of(package), &allowed) && !is_excepted(package))
        .map(|package| format!("{}: {}", texts(package, "name"), licence_of(package)))
        .collect();
    assert!(wrong.is_empty(), "not in deny.toml: {wrong:#?}");
}

/// What a package names, or what the file says that it has in its place.
fn licence_of(package: &Value) -> &str {
    let Some(file) = package["license_file"].as_str().filter(|_| package["license"].is_null()) else {
        return texts(package, "license");
    };
    let path = Path::new(texts(package, "manifest_path")).with_file_name(file);
    let text = fs::read_to_string(path).unwrap();
    if text.starts_with("MIT License\n") { "MIT" } else { "" }
}

/// Says whether an SPDX expression can be met by the list: a choice by one side, a union by both.
fn permits(expression: &str, allowed: &[&str]) -> bool {
    let expression =
        expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ").replace(" WITH ", "+WITH+");
    let mut words = expression.split_whitespace().peekable();
    fn one<'a>(words: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>, allowed: &[&str]) -> bool {
        match words.next() {
            Some("(") => {
                let inner = any(words, allowed);
                words.next();
                inner
            }
            Some(word) => allowed.contains(&&*word.replace("+WITH+", " WITH ")),
            None => false,
        }
    }
    fn all<'a>(words: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>, allowed: &[&str]) -> bool {
        let mut good = one(words, allowed);
        while words.next_if_eq(&"AND").is_some() {
            good &= one(words, allowed);
        }
        good
    }
    fn any<'a>(words: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>, allowed: &[&str]) -> bool {
        let mut good = all(words, allowed);
        while words.next_if_eq(&"OR").is_some() {
            good |= all(words, allowed);
        }
        good
    }
    any(&mut words, allowed)
}

#[test]
fn licence_expressions_are_understood() {
    let allowed = ["MIT", "Apache-2.0", "Apache-2.0 WITH LLVM-exception"];
    for good in [
        "MIT",
        "MIT OR GPL-3.0",
        "GPL-3.0/MIT",
        "(MIT OR X) AND Apache-2.0",
        "Apache-2.0 WITH LLVM-exception",
    ] {
        assert!(permits(good, &allowed), "{good}");
    }
    for bad in ["", "GPL-3.0", "MIT AND GPL-3.0", "(MIT OR X) AND Y"] {
        assert!(!permits(bad, &allowed), "{bad}");
    }
}

#[test]
fn nothing_is_left_half_done() {
    // Written so that this file does not find itself.
    let words = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("#[al", "low("),
        concat!("#![al", "low("),
        concat!("db", "g!("),
    ];
    let mut found = Vec::new();
    for path in files() {
        let source = path.extension().is_some_and(|extension| {
            ["rs", "ts", "css", "html", "md", "toml", "yaml", "sh"].iter().any(|known| extension == *known)
        });
        if !source {
            continue;
        }
        let Ok(text) = std::fs::read_to_string(root().join(&path)) else { continue };
        for (number, line) in text.lines().enumerate() {
            if words.iter().any(|word| line.contains(word)) {
                found.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// The levels of a document's headings, code blocks left out.
fn headings(path: &str) -> Vec<usize> {
    let mut in_code = false;
    let mut levels = Vec::new();
    for line in read(path).lines() {
        if line.starts_with("```") {
            in_code = !in_code;
        } else if !in_code && line.starts_with('#') {
            levels.push(line.chars().take_while(|c| *c == '#').count());
        }
    }
    levels
}

#[test]
fn both_readmes_have_the_same_headings() {
    assert_eq!(headings("README.md"), headings("README.zh-CN.md"));
}

#[test]
fn the_architecture_names_every_crate() {
    let text = read("ARCHITECTURE.md");
    let crates =
        files().into_iter().filter(|path| path.ends_with("Cargo.toml") && path.components().count() == 3);
    let folders = crates.map(|path| path.parent().unwrap().display().to_string());
    let missing: Vec<_> = folders.filter(|folder| !text.contains(&format!("`{folder}`"))).collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md: {missing:?}");
}

#[test]
fn the_changelog_has_room_for_the_next_change() {
    let text = read("CHANGELOG.md");
    let first = text.lines().find(|line| line.starts_with("## ")).unwrap();
    assert_eq!(first, "## [Unreleased]");
}

#[test]
fn alert_rules_name_metrics_that_exist() {
    let source: String = files()
        .into_iter()
        .filter(|path| path.starts_with("commands/serve/src") && path.extension().is_some_and(|e| e == "rs"))
        .map(|path| read(path.to_str().unwrap()))
        .collect();
    let rules = read("deploy/alerts.yaml");
    let is_name = |c: char| c.is_ascii_lowercase() || c == '_';
    let mut missing = Vec::new();
    for name in rules.split(|c: char| !is_name(c)).filter_map(|word| word.strip_prefix("kefu_")) {
        let shorter = |name: &str, ends: &[&str]| {
            ends.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name).to_owned()
        };
        // What is registered has neither the ending of its kind nor that of its unit.
        let base = shorter(name, &["_total", "_bucket", "_sum", "_count"]);
        let bare = shorter(&base, &["_seconds", "_bytes"]);
        if ![name, &base, &bare].iter().any(|name| source.contains(&format!("\"kefu_{name}\""))) {
            missing.push(name.to_owned());
        }
    }
    assert!(missing.is_empty(), "deploy/alerts.yaml: {missing:?}");
}

/// Not every machine can build the image: at least everything that its recipe names is there.
#[test]
fn the_image_is_made_of_what_is_here() {
    let (recipe, manifest) = (read("deploy/Dockerfile"), read("Cargo.toml"));
    let rust = manifest.split_once("rust-version = \"").unwrap().1.split_once('"').unwrap().0;
    assert!(recipe.contains(&format!("FROM rust:{rust}-alpine ")), "the image is not built with Rust {rust}");
    let profile = recipe.split_once("--profile ").unwrap().1.split_whitespace().next().unwrap();
    assert!(
        manifest.contains(&format!("[profile.{profile}]"))
            && recipe.contains(&format!("target/{profile}/kefu "))
    );
    // The binary takes the variables, under these names.
    let words = recipe.split_whitespace().filter(|word| word.starts_with("KEFU_"));
    let variables: Vec<_> = words.filter_map(|word| word.split_once('=')).collect();
    assert!(variables.len() > 1, "{variables:?}");
    let mut command = Command::new(env!("CARGO_BIN_EXE_kefu"));
    let output =
        command.env_clear().envs(variables.clone()).args(["serve", "--check-config"]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let settings = String::from_utf8_lossy(&output.stdout);
    assert!(variables.iter().all(|(_, value)| settings.contains(value)), "{settings}");
    // Nothing that the build reads is kept out of its context.
    for needed in
        [".cargo", "Cargo.toml", "Cargo.lock", "src", "commands", "crates", "docs/openapi.json", "web/dist"]
    {
        let is_kept_out = read(".dockerignore").lines().any(|line| Path::new(needed).starts_with(line));
        assert!(root().join(needed).exists() && !is_kept_out, "{needed}");
    }
}

#[test]
fn every_workspace_lint_holds_in_every_crate() {
    for path in files().iter().filter(|path| path.ends_with("Cargo.toml") && !path.starts_with("fuzz")) {
        let manifest = read(path.to_str().unwrap());
        assert!(manifest.contains("[lints]\nworkspace = true"), "{}", path.display());
    }
}
