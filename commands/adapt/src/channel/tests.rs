use std::{fs, path::Path};

use kefu_app::{Exit, Language};

use super::files;

#[test]
fn what_is_wrong_in_a_file_is_said_with_its_line() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("kik.yaml");
    fs::write(&file, "kefu_channel: 1\nid: kik\nname: Kik\nsecret: [a]\n").unwrap();
    let failure = files::load(&file).unwrap_err();
    assert_eq!(failure.exit(), Exit::Config);
    let line = failure.line(Language::English);
    assert!(line.contains("kik.yaml:4:1: unknown key `secret`; did you mean `secrets`?"), "{line}");
    let failure = files::load(Path::new("wechatt")).unwrap_err();
    assert!(failure.line(Language::English).contains("wecom-kf"));
    fs::write(&file, [0xff]).unwrap();
    assert_eq!(files::load(&file).unwrap_err().exit(), Exit::Config);
}

#[test]
fn a_file_in_the_way_wins_over_one_of_kefu() {
    let (name, yaml, channel) = files::load(Path::new("feishu")).unwrap();
    assert_eq!((name.as_str(), channel.id()), ("feishu", "feishu"));
    assert!(yaml.starts_with("kefu_channel: 1\n"));
}
