use super::*;

/// Runs messages through a script of the shell, and gives what comes back.
fn through(script: &str, payloads: &[&str]) -> (Result<Vec<Record>, Failure>, u64) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("middleware.sh");
    std::fs::write(&path, script).unwrap();
    let command = format!("sh {}", path.display());
    let mut middleware = Middleware::start(&command, Language::English).unwrap();
    if script.contains("sleep") {
        middleware.patience = Duration::from_millis(300);
    }
    let mut back = Vec::new();
    let mut take = |record: Record| {
        back.push(record);
        Ok(())
    };
    let mut went = || {
        for (number, payload) in payloads.iter().enumerate() {
            let record = Record {
                kind: Kind::Request,
                id: format!("{number:024x}"),
                timestamp: 5,
                latency: Some(0),
                extra: format!("c=1.2.3.4:{number}"),
                payload: (*payload).into(),
            };
            middleware.exchange(record, &mut take)?;
        }
        middleware.finish(&mut take)
    };
    let went = went();
    let malformed = middleware.malformed;
    (went.map(|()| back), malformed)
}

#[test]
fn what_is_given_back_goes_on_with_all_its_fields() {
    let (back, _) = through("exec cat", &["GET / HTTP/1.1\r\n\r\n", "", "\n\0\u{ff}"]);
    let back = back.unwrap();
    assert_eq!(back.len(), 3);
    assert_eq!(back[0].payload, b"GET / HTTP/1.1\r\n\r\n");
    assert_eq!(
        (back[2].payload.as_slice(), back[2].extra.as_str()),
        ("\n\0\u{ff}".as_bytes(), "c=1.2.3.4:2")
    );
}

#[test]
fn what_is_not_given_back_is_gone_and_what_is_no_message_is_counted() {
    let (back, malformed) =
        through("read a; read b; echo $b; echo $b; echo 123; echo zz; echo 3132; cat", &["a", "b"]);
    assert_eq!(
        back.unwrap().iter().map(|record| record.payload.as_slice()).collect::<Vec<_>>(),
        [b"b", b"b"]
    );
    assert_eq!(malformed, 3);
}

#[test]
fn one_that_writes_far_more_than_it_reads_does_not_lock_up() {
    let large = "x".repeat(200_000);
    let payloads = vec![large.as_str(); 30];
    let script = "exec awk '{ print; print; print }'";
    assert_eq!(through(script, &payloads).0.unwrap().len(), 90);
}

#[test]
fn one_that_ends_or_stalls_or_fails_is_told() {
    let large = "x".repeat(200_000);
    let payloads = vec![large.as_str(); 100];
    for (script, says) in [
        ("read line; exit 3", "which has ended: exit status: 3"),
        ("exec sleep 100", "it has read and written nothing for"),
        ("cat; exit 7", "which ended with an error: exit status: 7"),
    ] {
        let failure = through(script, &payloads).0.unwrap_err();
        assert_eq!(failure.exit(), Exit::Unavailable);
        let line = failure.line(Language::English);
        assert!(line.contains(says), "{line}");
    }
    assert!(Middleware::start("/none/such", Language::English).is_err());
}
