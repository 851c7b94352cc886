//! Bad input from outside: one line that says what and what to do, a documented exit code, nothing changed.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

use crate::support::kefu;

struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Writes `kefu.yaml` into the working directory.
    fn with(self, yaml: &str) -> Self {
        fs::write(self.path().join("kefu.yaml"), yaml).unwrap();
        self
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<_> = fs::read_dir(self.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// Runs `kefu` here, where nothing may change; returns the one line that it says.
    fn refused(&self, args: &[&str], variables: &[(&str, &str)], code: i32) -> String {
        let before = self.names();
        let output = kefu()
            .current_dir(self.path())
            .args(args)
            .envs(variables.iter().copied())
            .timeout(std::time::Duration::from_secs(60))
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {stderr}");
        assert!(output.stdout.is_empty(), "{args:?} printed a result");
        assert_eq!(stderr.lines().count(), 1, "{args:?} is not one line: {stderr}");
        assert_eq!(self.names(), before, "{args:?} changed something");
        stderr.strip_prefix("kefu: ").expect("names the program").trim_end().to_owned()
    }
}

#[test]
fn unknown_flags_and_commands_name_the_near_miss() {
    let place = Place::new();
    let said = place.refused(&["serve", "--listn", "127.0.0.1:0"], &[], 64);
    assert_eq!(
        said,
        "cannot understand the command line: unknown flag or argument `--listn`; \
         did you mean `--listen`? see `kefu serve --help`"
    );
    assert!(place.refused(&["srve"], &[], 64).contains("did you mean `serve`?"));
    assert!(place.refused(&["--log-format", "xml", "serve"], &[], 64).contains("`xml`"));
    let said = place.refused(&["serve", "--listn"], &[("KEFU_LANG", "zh-CN")], 64);
    assert!(said.starts_with("无法理解命令行:未知的选项或参数 `--listn`; 您是想用 `--listen` 吗?"), "{said}");
}

#[test]
fn a_bad_file_names_file_line_key_and_near_miss() {
    let place = Place::new().with("log:\n  level: info\nserve:\n  listn: 127.0.0.1:0\n");
    let said = place.refused(&["serve"], &[], 78);
    assert_eq!(
        said,
        "cannot use the configuration: kefu.yaml:4: unknown key `serve.listn`; did you mean `listen`?"
    );
    let place = Place::new().with("serve:\n  listen: 127.0.0.1:0\n  listen: 127.0.0.1:0\n");
    assert!(place.refused(&["serve"], &[], 78).contains("kefu.yaml:3: key `serve.listen` is repeated"));
    let place = Place::new().with("sreve: {}\n");
    assert!(
        place
            .refused(&["serve"], &[], 78)
            .contains("kefu.yaml:1: unknown key `sreve`; did you mean `serve`?")
    );
    let place = Place::new().with("serve: [\n");
    assert!(place.refused(&["serve"], &[], 78).contains("kefu.yaml:"));
    let place = Place::new();
    let said = place.refused(&["--config", "gone.yaml", "serve"], &[], 78);
    assert!(said.starts_with("cannot read configuration gone.yaml: No such file"), "{said}");
}

#[test]
fn a_bad_variable_or_flag_is_named() {
    let place = Place::new();
    let said = place.refused(&["serve"], &[("KEFU_SERVE_LISTEN", "everywhere")], 78);
    assert!(said.contains("KEFU_SERVE_LISTEN: `serve.listen` must be an address"), "{said}");
    let said = place.refused(&["serve"], &[("KEFU_SERVE_LISTN", "127.0.0.1:0")], 78);
    assert!(said.contains("did you mean `KEFU_SERVE_LISTEN`?"), "{said}");
    let said = place.refused(&["serve", "--log-level", "loud=very"], &[], 78);
    assert!(said.contains("--log-level: `log.level`"), "{said}");
}

#[test]
fn the_example_is_accepted_as_it_stands() {
    let place = Place::new();
    fs::write(place.path().join("example.yaml"), kefu::example_configuration()).unwrap();
    let output = kefu()
        .current_dir(place.path())
        .args(["--config", "example.yaml", "serve", "--check-config", "--data-dir", "data"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.lines().any(|line| line.contains("data_dir: data") && line.ends_with("# --data-dir")),
        "{text}"
    );
    assert_eq!(place.names(), ["example.yaml"], "--check-config changes nothing");
}

#[test]
fn layers_are_laid_in_order_and_shown_with_their_origin() {
    let place = Place::new().with("serve:\n  listen: 127.0.0.1:1\n  data_dir: from-file\n");
    let check = |args: &[&str], variables: &[(&str, &str)]| {
        let output = kefu()
            .current_dir(place.path())
            .args(["serve", "--check-config"])
            .args(args)
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let text = String::from_utf8(output.stdout).unwrap();
        let line = text.lines().find(|line| line.trim_start().starts_with("listen:")).unwrap();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(check(&[], &[]), "listen: 127.0.0.1:1 # kefu.yaml:2");
    let variable = [("KEFU_SERVE_LISTEN", "127.0.0.1:2")];
    assert_eq!(check(&[], &variable), "listen: 127.0.0.1:2 # KEFU_SERVE_LISTEN");
    assert_eq!(check(&["--listen", "127.0.0.1:3"], &variable), "listen: 127.0.0.1:3 # --listen");
}

#[test]
fn a_taken_port_is_refused() {
    let place = Place::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let said =
        place.refused(&["serve", "--listen", &address, "--data-dir", "data"], &[("KEFU_LOG", "off")], 69);
    assert!(said.contains(&address), "{said}");
}

#[test]
fn a_data_directory_that_cannot_be_made_is_refused() {
    let place = Place::new();
    fs::write(place.path().join("file"), "kept").unwrap();
    let args = ["serve", "--listen", "127.0.0.1:0", "--data-dir", "file/data"];
    let said = place.refused(&args, &[("KEFU_LOG", "off")], 73);
    assert!(said.contains("file/data"), "{said}");
    assert_eq!(fs::read_to_string(place.path().join("file")).unwrap(), "kept");
}

/// A daemon with its store in `data` of a place.
struct Daemon {
    child: Child,
}

impl Daemon {
    fn start(place: &Place) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_kefu"))
            .current_dir(place.path())
            .args(["serve", "--listen", "127.0.0.1:0", "--data-dir", "data"])
            .env("KEFU_LOG", "off")
            // A stop that ends at its deadline leaves the store unclosed.
            .env("KEFU_SERVE_STOP_TIMEOUT", "25s")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let listening = lines.map_while(Result::ok).any(|line| line.starts_with("listening on "));
        assert!(listening, "the daemon ended instead of listening");
        Self { child }
    }

    fn stop(mut self) -> Option<i32> {
        let killed = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(killed.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Ended already, unless an assertion failed before its stop.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What `kefu serve` is told in these tests.
const SERVE: [&str; 5] = ["serve", "--listen", "127.0.0.1:0", "--data-dir", "data"];
const QUIET: [(&str, &str); 1] = [("KEFU_LOG", "off")];

#[test]
fn a_store_in_use_is_refused_and_a_signal_ends_its_daemon() {
    let place = Place::new();
    let daemon = Daemon::start(&place);
    let said = place.refused(&SERVE, &QUIET, 75);
    assert!(said.contains("data") && said.contains("--data-dir"), "{said}");
    assert_eq!(daemon.stop(), Some(0));
    let daemon = Daemon::start(&place);
    assert_eq!(daemon.stop(), Some(0), "the store can be used again");
}

/// Writes over a part of the store's first page, and returns all of its file.
fn damage(place: &Place, offset: usize, bytes: &[u8]) -> Vec<u8> {
    let file = place.path().join("data/kefu.db");
    let mut content = fs::read(&file).unwrap();
    content[offset..offset + bytes.len()].copy_from_slice(bytes);
    fs::write(&file, &content).unwrap();
    content
}

#[test]
fn a_store_of_a_newer_version_is_refused_untouched() {
    let place = Place::new();
    assert_eq!(Daemon::start(&place).stop(), Some(0));
    // `user_version`, big-endian: https://sqlite.org/fileformat2.html#the_database_header.
    let content = damage(&place, 60, &999_u32.to_be_bytes());
    place.refused(&SERVE, &QUIET, 76);
    assert!(fs::read(place.path().join("data/kefu.db")).unwrap() == content);
}

#[test]
fn a_damaged_store_is_refused_untouched() {
    let place = Place::new();
    assert_eq!(Daemon::start(&place).stop(), Some(0));
    let content = damage(&place, 0, b"no longer a store at all");
    place.refused(&SERVE, &QUIET, 65);
    place.refused(&["serve", "check", "--data-dir", "data"], &QUIET, 65);
    assert!(fs::read(place.path().join("data/kefu.db")).unwrap() == content);
}
