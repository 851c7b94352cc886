//! Backup and restore from outside: exit codes, and what is said.

use std::{fs, process::Output};

use crate::support::{
    audit::{audit_settled, whole_log},
    server::Place,
    writer::Writer,
};

/// The exit code and the line of a command that did not do what it was asked.
#[track_caller]
fn refused(output: &Output) -> (i32, String) {
    let line = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    assert!(output.stdout.is_empty() && !line.contains('\n'), "{output:?}");
    (output.status.code().unwrap(), line)
}

#[test]
fn a_backup_taken_while_it_is_served_restores_to_the_same_log() {
    let place = Place::new();
    let server = place.start();
    let mut writer = Writer::visitor(server.visitor(), 1);
    writer.connect(server.address).expect("a connection");
    writer.chatter(server.address, 50, 4).expect("acknowledgements");
    let made = place.run(&["serve", "backup", "--to", "copy.db"]);
    assert!(made.status.success(), "{made:?}");
    let kept = writer.sent.clone();
    writer.chatter(server.address, 10, 4).expect("acknowledgements");
    assert_eq!(refused(&place.run(&["serve", "restore", "copy.db"])).0, 75, "a store in use");
    server.stop();
    assert_eq!(refused(&place.run(&["serve", "restore", "copy.db"])).0, 73, "a store with data");
    let restored = place.run(&["serve", "restore", "copy.db", "--replace"]);
    assert!(restored.status.success(), "{restored:?}");
    place.check();
    let server = place.start();
    let conversation = &writer.conversations[0];
    let log = whole_log(&server, &writer.token, conversation);
    assert_eq!(audit_settled(conversation, &log, &kept), "");
}

#[test]
fn a_backup_that_cannot_be_written_says_what_to_do() {
    let place = Place::new();
    place.start().stop();
    fs::write(place.path().join("old.db"), "").unwrap();
    let before = fs::read_dir(place.path().join("data")).unwrap().count();
    for (to, why) in [
        (
            "missing/x.db",
            "the directory missing does not exist; make the directory first, or name another file with --to",
        ),
        (
            "missing/",
            "the directory missing/ does not exist; make the directory first, or name another file with --to",
        ),
        ("old.db", "it exists already; name another file with --to"),
        ("old.db/x.db", "old.db is not a directory; name another file with --to"),
        ("data/kefu.db", "it belongs to the store itself; name another file with --to"),
        ("data/kefu.db-journal", "it belongs to the store itself; name another file with --to"),
    ] {
        let line = format!("kefu: cannot write {to}: {why}");
        assert_eq!(refused(&place.run(&["serve", "backup", "--to", to])), (73, line));
    }
    // A directory stands for a name by the time.
    let made = place.run(&["serve", "backup", "--to", "data", "--format", "json"]);
    assert!(
        made.status.success() && String::from_utf8_lossy(&made.stdout).contains("data/kefu-2"),
        "{made:?}"
    );
    assert_eq!(fs::read_dir(place.path().join("data")).unwrap().count(), before + 1, "nothing else is left");
    place.check();
}

#[test]
fn a_backup_that_is_none_is_named() {
    let place = Place::new();
    fs::write(place.path().join("notes.db"), "no store at all").unwrap();
    let missing = "kefu: cannot read gone.db: there is no such file; check the path of the backup";
    assert_eq!(refused(&place.run(&["serve", "restore", "gone.db"])), (69, missing.to_owned()));
    let none = "kefu: cannot restore notes.db: it is damaged: file is not a database; name another backup";
    assert_eq!(refused(&place.run(&["serve", "restore", "notes.db"])), (65, none.to_owned()));
    let (code, line) = refused(&place.run(&["serve", "backup", "--to", "copy.db"]));
    assert!(code == 69 && line.contains("there is no store at "), "{code}: {line}");
    assert!(!place.path().join("copy.db").exists() && !place.path().join("copy.db.partial").exists());
}
