use std::{net::SocketAddr, path::PathBuf, time::Duration};

use proptest::prelude::*;

use super::*;
use crate::{Exit, Language, LogFormat};

crate::settings! {
    /// Limits.
    struct Limits {
        /// Connections at most.
        max_connections: u32 = 100,
        /// The largest body.
        body: ByteSize = ByteSize(64 * 1024),
    }
}

crate::settings! {
    /// A section with one setting of every kind.
    struct Sample {
        /// Address to listen on.
        ///
        /// A second paragraph.
        listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 8080)),
        /// Where data is kept.
        data_dir: Option<PathBuf> = None,
        /// Name.
        name: String = "yes".to_owned(),
        /// Patience.
        patience: Duration = Duration::from_secs(90),
        /// Share.
        share: f64 = 0.5,
        /// Whether.
        open: bool = true,
        /// Origins.
        origins: Vec<String> = vec!["https://a.example".to_owned()],
        /// Format.
        format: LogFormat = LogFormat::Auto,
        /// Key.
        key: Secret = Secret::default(),
        /// Limits.
        limits: Limits = Limits::default(),
    }
}

fn load(yaml: &str, variables: &[(&str, &str)], flags: &Flags) -> Result<Effective<Sample>, String> {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let layers = Layers::new(Some(("kefu.yaml", yaml)), variables, &["sample", "other"]);
    layers.and_then(|layers| layers.load("sample", flags)).map_err(|failure| {
        assert_eq!(failure.exit(), Exit::Config);
        let line = failure.line(Language::English);
        assert!(failure.line(Language::Chinese).starts_with("无法使用该配置:"));
        line.strip_prefix("cannot use the configuration: ").unwrap().to_owned()
    })
}

fn problem(yaml: &str) -> String {
    load(yaml, &[], &Flags::new()).unwrap_err()
}

fn variable_problem(name: &str, value: &str) -> String {
    load("", &[(name, value)], &Flags::new()).unwrap_err()
}

#[test]
fn later_layers_win_and_each_value_knows_its_origin() {
    let yaml = "# comment\nsample:\n  listen: 0.0.0.0:1\n  name: file\n  limits:\n    max_connections: 7\n  share: 1\n";
    let variables = [("KEFU_SAMPLE_NAME", "variable"), ("KEFU_SAMPLE_LIMITS_MAX_CONNECTIONS", "8")];
    let mut flags = Flags::new();
    flags.set("limits.max_connections", "--max-connections", Some(9)).set("name", "--name", None::<u8>);
    let settings = load(yaml, &variables, &flags).unwrap();
    assert_eq!(settings.listen.port(), 1);
    assert_eq!(settings.name, "variable");
    assert_eq!(settings.limits.max_connections, 9);
    assert_eq!(settings.origin("listen").to_string(), "kefu.yaml:3");
    assert_eq!(settings.origin("share").to_string(), "kefu.yaml:7");
    assert_eq!(settings.origin("name").to_string(), "KEFU_SAMPLE_NAME");
    assert_eq!(settings.origin("limits.max_connections").to_string(), "--max-connections");
    assert_eq!(settings.origin("open").to_string(), "default");
    assert_eq!(
        settings.reject("listen", "taken").line(Language::English),
        "cannot use the configuration: kefu.yaml:3: `sample.listen`: taken"
    );
}

#[test]
fn values_are_read_in_all_their_forms() {
    let yaml = "sample:
  data_dir: /var/lib/kefu
  patience: 1500ms
  open: false
  origins: [a, 'b']
  format: json
  key: 's3cret'
  limits: {body: 10 MiB}
other:
";
    let settings = load(yaml, &[], &Flags::new()).unwrap();
    assert_eq!(settings.data_dir, Some(PathBuf::from("/var/lib/kefu")));
    assert_eq!(settings.patience, Duration::from_millis(1500));
    assert!(!settings.open);
    assert_eq!(settings.origins, ["a", "b"]);
    assert_eq!(settings.format, LogFormat::Json);
    assert_eq!(settings.key.reveal(), "s3cret");
    assert_eq!(settings.limits.body, ByteSize(10 << 20));

    let variables = [
        ("KEFU_SAMPLE_DATA_DIR", ""),
        ("KEFU_SAMPLE_ORIGINS", "x, y,"),
        ("KEFU_SAMPLE_NAME", "12"),
        ("KEFU_SAMPLE_OPEN", "true"),
        ("KEFU_SAMPLE_LIMITS_BODY", "3kB"),
    ];
    let settings = load(yaml, &variables, &Flags::new()).unwrap();
    assert_eq!(settings.data_dir, None);
    assert_eq!(settings.origins, ["x", "y"]);
    assert_eq!(settings.name, "12");
    assert!(settings.open);
    assert_eq!(settings.limits.body, ByteSize(3000));
}

#[test]
fn unknown_and_repeated_keys_name_line_path_and_near_miss() {
    assert_eq!(
        problem("sample:\n  open: true\n  listn: 1\n"),
        "kefu.yaml:3: unknown key `sample.listn`; did you mean `listen`?"
    );
    assert_eq!(
        problem("sample:\n  limits:\n    max_conections: 1\n"),
        "kefu.yaml:3: unknown key `sample.limits.max_conections`; did you mean `max_connections`?"
    );
    assert_eq!(problem("other:\nsampel: {}\n"), "kefu.yaml:2: unknown key `sampel`; did you mean `sample`?");
    assert_eq!(problem("zzz: 1\n"), "kefu.yaml:1: unknown key `zzz`");
    assert_eq!(
        problem("sample:\n  open: true\n  name: a\n\n  open: false\n"),
        "kefu.yaml:5: key `sample.open` is repeated, it already stands in line 2"
    );
    assert_eq!(
        problem("sample:\nother:\nsample:\n"),
        "kefu.yaml:3: key `sample` is repeated, it already stands in line 1"
    );
    assert_eq!(problem("sample:\n  <<: {}\n"), "kefu.yaml:2: unknown key `sample.<<`");
    assert_eq!(problem("sample:\n  a: 1\n  b: 1\n"), "kefu.yaml:2: unknown key `sample.a` (1 more)");
}

#[test]
fn bad_values_say_what_was_expected() {
    assert_eq!(
        problem("sample:\n  listen: here\n"),
        "kefu.yaml:2: `sample.listen` must be an address such as 127.0.0.1:8080, not `here`: invalid socket address syntax"
    );
    assert_eq!(
        problem("sample:\n  patience: 30\n"),
        "kefu.yaml:2: `sample.patience` must be a duration such as 500ms, 30s, 5m or 2h, not the number 30 (put text in quotes)"
    );
    assert_eq!(problem("sample:\n  limits: 3\n"), "kefu.yaml:2: `sample.limits` must be a group of settings");
    assert_eq!(
        problem("sample:\n  limits:\n    max_connections: {a: 1}\n"),
        "kefu.yaml:3: `sample.limits.max_connections` must be a whole number from 0 to 4294967295, not a group"
    );
    assert_eq!(
        problem("sample:\n  limits:\n    max_connections: -1\n"),
        "kefu.yaml:3: `sample.limits.max_connections` must be a whole number from 0 to 4294967295, not `-1`"
    );
    assert_eq!(
        problem("sample:\n  name: true\n"),
        "kefu.yaml:2: `sample.name` must be text, not the boolean true (put text in quotes)"
    );
    assert_eq!(problem("sample:\n  name:\n"), "kefu.yaml:2: `sample.name` must be text, not nothing");
    assert_eq!(
        problem("sample:\n  format: jsn\n"),
        "kefu.yaml:2: `sample.format` must be one of auto, human, json, not `jsn`: did you mean `json`?"
    );
    assert!(problem("- a\n").starts_with("kefu.yaml: the file must hold named sections"));
    assert!(problem("sample: [1]\n").starts_with("kefu.yaml:1: `sample` must be a group"));
    assert!(!problem("sample:\n  key: 12345\n").contains("12345"), "a secret is not repeated");
}

#[test]
fn variables_that_set_nothing_are_reported_but_those_of_a_cluster_are_not() {
    assert_eq!(
        variable_problem("KEFU_SAMPLE_LISTN", "x"),
        "KEFU_SAMPLE_LISTN: the variable sets nothing; did you mean `KEFU_SAMPLE_LISTEN`?"
    );
    assert!(
        variable_problem("KEFU_SAMPLE_OPEN", "maybe")
            .starts_with("KEFU_SAMPLE_OPEN: `sample.open` must be true or")
    );
    let cluster = [
        ("KEFU_SAMPLE_SERVICE_HOST", "10.0.0.1"),
        ("KEFU_SAMPLE_SERVICE_PORT", "80"),
        ("KEFU_SAMPLE_SERVICE_PORT_HTTP", "80"),
        ("KEFU_SAMPLE_PORT", "tcp://10.0.0.1:80"),
        ("KEFU_SAMPLE_PORT_80_TCP_ADDR", "10.0.0.1"),
        ("KEFU_ADMIN_EMAIL", "a@example.com"),
        ("KEFU_OTHER_THING", "x"),
    ];
    load("", &cluster, &Flags::new()).unwrap();
}

#[test]
fn a_flag_with_a_bad_value_is_named() {
    let mut flags = Flags::new();
    flags.list("origins", "--origin", &["a", "b,c"]).set("patience", "--patience", Some("soon"));
    let text = load("", &[], &flags).unwrap_err();
    assert!(text.starts_with("--patience: `sample.patience` must be a duration"), "{text}");
    let mut flags = Flags::new();
    flags.list("origins", "--origin", &["a", "b,c"]).switch("open", "--open", false);
    assert_eq!(load("", &[], &flags).unwrap().origins, ["a", "b,c"]);
}

#[test]
fn yaml_that_cannot_be_read_names_the_line() {
    assert!(problem("sample:\n  open: [1\n").starts_with("kefu.yaml:"));
    assert!(problem("sample:\n\topen: 1\n").starts_with("kefu.yaml:2: "));
    assert!(problem("sample:\n  open: !tag x\n").starts_with("kefu.yaml:2: "));
    assert!(problem("a: 1\n---\nb: 2\n").contains("more than one document"));
    let deep = format!("sample: {}1{}", "[".repeat(40), "]".repeat(40));
    assert!(problem(&deep).contains("more than 16 levels"), "{}", problem(&deep));
    let wide = format!("sample:\n  origins: [{}]", "a,".repeat(21_000));
    assert!(problem(&wide).contains("more than 20000 keys and values"));
    let laughs = (1..20).map(|i| format!("a{i}: &a{i} [{}]\n", format!("*a{},", i - 1).repeat(9)));
    let laughs = format!("a0: &a0 [x]\n{}", laughs.collect::<String>());
    assert!(!problem(&laughs).is_empty());
}

#[test]
fn a_missing_or_oversized_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("c.yaml");
    let refused = |path: &std::path::Path| Layers::read(Some(path), &[]).unwrap_err().line(Language::English);
    assert!(refused(&path).contains("c.yaml: No such file"));
    std::fs::write(&path, " ".repeat(300 * 1024)).unwrap();
    assert!(refused(&path).contains("larger than 256 KiB"));
    std::fs::write(&path, [b'a', 0xff]).unwrap();
    assert!(refused(&path).contains("UTF-8"));
}

#[test]
fn the_effective_view_hides_secrets_and_is_yaml_again() {
    let settings =
        load("sample:\n  key: s3cret\n  name: '12'\n", &[("KEFU_SAMPLE_OPEN", "false")], &Flags::new());
    let settings = settings.unwrap();
    assert!(!format!("{settings:?}").contains("s3cret"));
    let text = settings.print(Format::Text);
    assert_eq!(
        text,
        r#"sample:
  listen: 127.0.0.1:8080        # default
  data_dir: ~                   # default
  name: "12"                    # kefu.yaml:3
  patience: 90s                 # default
  share: 0.5                    # default
  open: false                   # KEFU_SAMPLE_OPEN
  origins: [https://a.example]  # default
  format: auto                  # default
  key: "(secret)"               # kefu.yaml:2
  limits:
    max_connections: 100        # default
    body: 64 KiB                # default
"#
    );
    let again = load(&text, &[], &Flags::new()).unwrap();
    assert_eq!(again.name, "12");
    let json: serde_json::Value = serde_json::from_str(&settings.print(Format::Json)).unwrap();
    assert_eq!(
        json[5],
        serde_json::json!({"key": "sample.open", "value": false, "origin": "KEFU_SAMPLE_OPEN"})
    );
    assert_eq!(json[1]["value"], serde_json::Value::Null);
    assert!(!json.to_string().contains("s3cret"));
}

#[test]
fn text_that_could_be_something_else_is_quoted() {
    for name in ["0x1F", "0o17", "0b1", "017", "1e3", "12:30", "true", "Null", "on"] {
        let sample = Sample { name: name.to_owned(), ..Sample::default() };
        let shown = Effective::new(sample, "sample", Default::default()).print(Format::Text);
        assert!(shown.contains(&format!("  name: \"{name}\" ")), "{shown}");
    }
}

#[test]
fn the_example_holds_the_defaults_with_and_without_its_comment_signs() {
    let example = example_yaml("Title", &[("sample", "A section.", Sample::default().describe())]);
    assert!(example.starts_with("# Title\n\n# A section.\nsample:\n  # Address to listen on.\n"));
    assert!(
        example.contains(
            "  # (a duration such as 500ms, 30s, 5m or 2h; KEFU_SAMPLE_PATIENCE)\n  #patience: 90s\n"
        )
    );
    assert_eq!(load(&example, &[], &Flags::new()).unwrap().into_inner(), Sample::default());
    let live: String = example
        .lines()
        .map(|line| match line.trim_start().strip_prefix('#') {
            Some(rest) if !rest.starts_with(' ') && !rest.starts_with("key:") => {
                line.replacen('#', "", 1) + "\n"
            }
            _ => line.to_owned() + "\n",
        })
        .collect();
    let loaded = load(&live, &[], &Flags::new()).unwrap();
    assert!(loaded.origin("patience").to_string().starts_with("kefu.yaml:"));
    assert_eq!(loaded.into_inner(), Sample::default());
}

proptest! {
    #[test]
    fn no_text_makes_the_loader_panic(yaml in "(?s).{0,200}") {
        drop(load(&yaml, &[], &Flags::new()));
    }

    #[test]
    fn no_yaml_like_text_makes_the_loader_panic(
        yaml in r"(sample|listen|limits|origins|[ \n:{}\[\],&*!|>'#~<-]|a|1){0,60}"
    ) {
        drop(load(&yaml, &[], &Flags::new()));
    }

    #[test]
    fn no_value_makes_a_setting_panic(name in "LISTEN|PATIENCE|SHARE|ORIGINS|LIMITS_BODY", value in ".{0,40}") {
        drop(load("", &[(&format!("KEFU_SAMPLE_{name}"), &value)], &Flags::new()));
    }

    #[test]
    fn shown_durations_and_sizes_are_read_back(us in any::<u32>(), bytes in any::<u64>()) {
        let mut sample = Sample { patience: Duration::from_micros(us.into()), ..Sample::default() };
        sample.limits.body = ByteSize(bytes);
        let shown = Effective::new(sample.clone(), "sample", Default::default()).print(Format::Text);
        prop_assert_eq!(load(&shown.replace("key: ~", "key: ''"), &[], &Flags::new()).unwrap().into_inner(), sample);
    }

    #[test]
    fn any_text_is_shown_as_yaml_that_gives_it_back(name in r".{0,30}|0[xob][0-9A-Fa-f]{1,8}") {
        let sample = Sample { name: name.clone(), ..Sample::default() };
        let shown = Effective::new(sample, "sample", Default::default()).print(Format::Text);
        let again = load(&shown.replace("key: ~", "key: ''"), &[], &Flags::new());
        prop_assert_eq!(&again.unwrap().name, &name);
    }
}

crate::settings! {
    /// A door of a house.
    struct Door {
        /// Its colour.
        colour: String = "white".to_owned(),
        /// How many have a key to it, by the name of the key.
        keys: crate::Named<u8> = crate::Named::default(),
    }
}

crate::settings! {
    /// A house, as a file without sections describes it.
    struct House {
        /// Its number.
        number: u32 = 1,
        /// Its doors.
        doors: crate::Groups<Door> = crate::Groups::default(),
        /// Its rooms.
        rooms: crate::Named<Door> = crate::Named::default(),
    }
}

fn house(text: &str) -> Result<crate::Effective<House>, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("house.yaml");
    std::fs::write(&path, text).unwrap();
    let place = format!("{}/", dir.path().display());
    crate::load_file(&path).map_err(|failure| failure.line(Language::English).replace(&place, ""))
}

#[test]
fn a_file_may_have_lists_of_groups_and_names_of_its_own() {
    let text = "number: 7\ndoors:\n  - colour: red\n    keys: {a.b: 2}\n  - {}\nrooms:\n  hall:\n  attic: {colour: grey}\n";
    let house = house(text).unwrap();
    let colours: Vec<&str> = house.doors.iter().map(|door| door.colour.as_str()).collect();
    assert_eq!((house.number, colours), (7, vec!["red", "white"]));
    let keys = house.doors.iter().next().unwrap().keys.get("a.b");
    assert_eq!(keys, Some(&2));
    let rooms: Vec<&str> = house.rooms.iter().map(|(name, _)| name).collect();
    assert_eq!(rooms, ["hall", "attic"]);
    let missing = house.reject("rooms.attic.keys", "must be there").line(Language::English);
    assert!(missing.contains(":8: `rooms.attic.keys`: must be there"), "{missing}");
}

#[test]
fn what_is_wrong_in_groups_is_told_with_its_line() {
    let cases = [
        ("doors:\n  - color: red\n", "house.yaml:2: unknown key `doors.0.color`; did you mean `colour`?"),
        ("doors:\n  colour: red\n", "house.yaml:1: `doors` must be a list of groups"),
        ("doors:\n  - red\n", "house.yaml:1: `doors.0` must be a group of settings"),
        (
            "rooms:\n  a: {}\n  a: {}\n",
            "house.yaml:3: key `rooms.a` is repeated, it already stands in line 2",
        ),
        ("rooms: [a]\n", "house.yaml:1: `rooms` must be a group of settings"),
        (
            "doors:\n  - keys:\n      a: 300\n",
            "house.yaml:3: `doors.0.keys.a` must be a whole number from 0 to 255, not `300`",
        ),
        ("numbr: 1\n", "house.yaml:1: unknown key `numbr`; did you mean `number`?"),
    ];
    for (text, expected) in cases {
        let said = house(text).unwrap_err();
        assert!(said.contains(expected), "{said}");
    }
}
