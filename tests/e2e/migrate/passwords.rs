//! Agents of an older system, who sign in with the passwords that they had there.

use serde_json::{Value, json};

use super::Migration;
use crate::support::server::Place;

/// MD5 of `agent`, as go-fly keeps it, and PHP's bcrypt of `secret`.
const DUMP: &str = "-- MariaDB dump 10.19
SET NAMES utf8mb4;
SET TIME_ZONE='+00:00';
CREATE TABLE `user` (`name` varchar(50) NOT NULL, `password` varchar(60) NOT NULL, PRIMARY KEY (`name`));
INSERT INTO `user` VALUES ('fly','b33aed8f3134996703dc39f9a7c95783'),
('php','$2y$04$socmZshhNVgLDoDfxqDSbOP73LYlH0NRsyG9rCIjR42B1THznUq1S'),('plain','secret'),('unset','');
-- Dump completed on 2026-01-01
";

const YAML: &str = r#"version: 1
sources: { old: { kind: sqldump, path: old.sql } }
tables:
  - from: user
    to: agent
    columns: { name: name, password: password }
    fields: { email: { template: "{name}@old.example.com" } }
"#;

fn hashes(migration: &Migration) -> Vec<String> {
    let rows = migration.query(
        "SELECT coalesce(password_hash, '') FROM agent WHERE email LIKE '%@old.example.com' ORDER BY email",
    );
    rows.into_iter().map(|row| row[0].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn who_signs_in_with_the_password_of_the_older_system_has_it_hashed_anew() {
    let (migration, place) = (Migration::new(YAML), Place::new());
    place.start().stop();
    std::os::unix::fs::symlink(place.path().join("data"), migration.data()).unwrap();
    std::fs::write(migration.path().join("old.sql"), DUMP).unwrap();
    migration.report(&["run"], 0);
    let kept = hashes(&migration);
    // Nothing that could be looked up in a table of known passwords.
    assert!(kept[0].starts_with("md5+$argon2id$") && kept[1].starts_with("$2y$04$"), "{kept:?}");
    assert_eq!(kept[2..], ["", ""]);

    let server = place.start();
    let sign_in = |name: &str, password: &str| {
        let body: Value = json!({"email": format!("{name}@old.example.com"), "password": password});
        server.call("POST", "/api/v1/auth/login", None, Some(&body)).status
    };
    assert_eq!(sign_in("fly", "b33aed8f3134996703dc39f9a7c95783"), 401, "the hash is no password");
    assert_eq!(sign_in("plain", "secret"), 401);
    for (name, password) in [("fly", "agent"), ("php", "secret")] {
        assert_eq!(
            [sign_in(name, "another"), sign_in(name, password), sign_in(name, password)],
            [401, 200, 200]
        );
    }
    server.stop();
    let known = hashes(&migration);
    assert!(known[..2].iter().all(|hash| hash.starts_with("$argon2id$")), "{known:?}");

    // What is known here by now stays, whatever the older system says.
    std::fs::write(
        migration.path().join("old.sql"),
        DUMP.replace("b33aed8f3134996703dc39f9a7c95783", &"0".repeat(32)),
    )
    .unwrap();
    migration.report(&["run", "--accept-change"], 0);
    assert_eq!(hashes(&migration), known);
    let report = migration.report(&["verify"], 0);
    assert_eq!(report["tables"][0]["different"], 0, "{report:#}");
}

#[test]
fn a_store_that_only_an_older_system_filled_still_gets_its_first_admin() {
    let (migration, place) = (Migration::new(YAML), Place::new());
    std::fs::write(migration.path().join("old.sql"), DUMP).unwrap();
    migration.report(&["run"], 0);
    std::os::unix::fs::symlink(migration.data(), place.path().join("data")).unwrap();
    let server = place.start();
    let needed = server.call("GET", "/api/v1/setup", None, None).expect(200);
    assert_eq!(needed["needed"], false, "the admin whom the environment names was made");
    server.sign_in();
}
