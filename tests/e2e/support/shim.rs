//! The file layer of `shim/kefu_shim.c`, built once a run.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use super::root;

/// What the layer is to do from the start; see its source.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shim {
    pub(crate) seed: u64,
    pub(crate) cut_after: u64,
    pub(crate) lie_after: u64,
    pub(crate) fsync_us: u64,
}

impl Shim {
    /// Puts the layer under a program whose files are below `dir`.
    pub(crate) fn apply(&self, command: &mut Command, dir: &Path) {
        command.env("LD_PRELOAD", library()).env("KEFU_SHIM_DIR", dir);
        for (name, value) in [
            ("SEED", self.seed),
            ("CUT_AFTER", self.cut_after),
            ("LIE_AFTER", self.lie_after),
            ("FSYNC_US", self.fsync_us),
        ] {
            command.env(format!("KEFU_SHIM_{name}"), value.to_string());
        }
    }
}

/// What the layer says of a cut.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cut {
    /// Changes that were not synced.
    pub(crate) pending: u64,
    /// Those of them that survived.
    pub(crate) kept: u64,
    /// Those that were to the database itself.
    pub(crate) in_database: u64,
}

/// What the last cut in `dir` did; `None` when there was none.
pub(crate) fn last_cut(dir: &Path) -> Option<Cut> {
    let text = fs::read_to_string(dir.join(".cut")).ok()?;
    fs::remove_file(dir.join(".cut")).unwrap();
    let numbers: Vec<u64> = text.split(' ').filter_map(|word| word.trim().parse().ok()).collect();
    Some(Cut { pending: numbers[1], kept: numbers[2], in_database: numbers[3] })
}

fn library() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| compile("kefu_shim.c", "kefu_shim.so", &["-shared", "-fPIC"]))
}

/// The program of `shim/appender.c`.
pub(crate) fn appender() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| compile("appender.c", "appender", &[]))
}

fn compile(source: &str, target: &str, flags: &[&str]) -> PathBuf {
    let source = root().join("tests/e2e/shim").join(source);
    // Another run may be using the same directory: the finished file replaces the old one at once.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join(target);
    let fresh = target.with_extension(format!("{}", std::process::id()));
    let output = Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()))
        .args(["-std=gnu11", "-O1", "-Wall", "-Wextra", "-Werror", "-pthread"])
        .args(flags)
        .arg("-o")
        .args([&fresh, &source])
        .arg("-ldl")
        .output()
        .expect("these tests need a C compiler, as the build of SQLite does");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::rename(&fresh, &target).unwrap();
    target
}
