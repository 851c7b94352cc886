use super::*;

#[test]
fn opens_what_it_sealed_and_nothing_else() {
    let secrets = Secrets::new(&[7; 32]);
    let blob = secrets.seal("inbox", b"a secret").unwrap();
    assert_eq!(secrets.open("inbox", &blob).unwrap(), b"a secret");
    assert_ne!(blob, secrets.seal("inbox", b"a secret").unwrap());
    assert_eq!(secrets.open("other", &blob), Err(SealError::Damaged));
    assert_eq!(Secrets::new(&[8; 32]).open("inbox", &blob), Err(SealError::OtherKey));
    for at in 0..blob.len() {
        let mut bad = blob.clone();
        bad[at] ^= 1;
        assert!(secrets.open("inbox", &bad).is_err(), "byte {at}");
        assert!(secrets.open("inbox", &blob[..at]).is_err(), "length {at}");
    }
}

#[test]
fn the_key_file_is_made_once_and_is_private() {
    let dir = tempfile::tempdir().unwrap();
    let blob = Secrets::load(dir.path(), None).unwrap().seal("inbox", b"x").unwrap();
    let path = dir.path().join(FILE_NAME);
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    assert_eq!(Secrets::load(dir.path(), None).unwrap().open("inbox", &blob).unwrap(), b"x");
    fs::write(&path, "short").unwrap();
    assert!(matches!(Secrets::load(dir.path(), None), Err(SecretsError::File(_))));
}

#[test]
fn a_configured_key_may_be_written_in_two_ways() {
    let dir = tempfile::tempdir().unwrap();
    let hex = Secrets::load(dir.path(), Some(&"07".repeat(32))).unwrap();
    let base64 = Secrets::load(dir.path(), Some(&BASE64_STANDARD.encode([7; 32]))).unwrap();
    assert_eq!(hex.ring().newest().id, base64.ring().newest().id);
    for bad in ["", "07", &"0g".repeat(32), &"é".repeat(32)] {
        assert!(matches!(Secrets::load(dir.path(), Some(bad)), Err(SecretsError::Configured)));
    }
    assert!(!dir.path().join(FILE_NAME).exists());
    let both = Secrets::load(dir.path(), Some(&format!("{}, {}", "08".repeat(32), "07".repeat(32)))).unwrap();
    assert_eq!(hex.open("x", &both.seal("x", b"y").unwrap()).unwrap(), b"y");
    assert!(both.open("x", &Secrets::new(&[8; 32]).seal("x", b"y").unwrap()).is_ok());
}
#[test]
fn the_newest_key_seals_and_all_open() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(Secrets::rotate(dir.path()), Err(SecretsError::Io { .. })), "there is none yet");
    let secrets = Secrets::load(dir.path(), None).unwrap();
    let old = secrets.seal("inbox", b"x").unwrap();
    let pseudonym = secrets.pseudonym("lin@example.com");
    assert!(!secrets.reload().unwrap());
    assert_eq!(Secrets::rotate(dir.path()).unwrap(), 2);
    assert!(secrets.is_current(&old), "it is not read yet");
    assert!(secrets.reload().unwrap() && !secrets.is_current(&old) && !secrets.is_current(&[]));
    let new = secrets.seal("inbox", b"x").unwrap();
    assert!(secrets.is_current(&new));
    for blob in [&old, &new] {
        assert_eq!(secrets.open("inbox", blob).unwrap(), b"x");
        assert!(Secrets::load(dir.path(), None).unwrap().open("inbox", blob).is_ok());
    }
    assert!(pseudonym.len() == 16 && pseudonym != secrets.pseudonym("lin@example.com"));
    let path = dir.path().join(FILE_NAME);
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    // What somebody broke is not taken.
    let kept = fs::read_to_string(&path).unwrap();
    fs::write(&path, "broken").unwrap();
    assert!(secrets.reload().is_err() && secrets.is_current(&new));
    assert!(Secrets::rotate(dir.path()).is_err());
    fs::write(&path, kept).unwrap();
    for keys in 3..=KEYS_MAX {
        assert_eq!(Secrets::rotate(dir.path()).unwrap(), keys);
    }
    assert!(matches!(Secrets::rotate(dir.path()), Err(SecretsError::Full(_))));
    // Another rotation that is under way is not disturbed.
    let fresh = path.with_extension("key.new");
    assert!(!fresh.exists());
    fs::write(&fresh, "").unwrap();
    assert!(Secrets::rotate(dir.path()).is_err() && fresh.exists());
}
