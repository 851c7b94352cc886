use crate::ws::{ClientHandshake, HandshakeError, HandshakeStep, accept_key, has_token, is_valid_key};

/// The nonce of RFC 6455 §1.3.
const NONCE: [u8; 16] = *b"the sample nonce";
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

fn answer(headers: &str) -> Vec<u8> {
    format!("HTTP/1.1 101 Switching Protocols\r\n{headers}\r\n").into_bytes()
}

const GOOD: &str = "upgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n\
    Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: kefu.v1\r\n";

#[test]
fn keys() {
    assert_eq!(accept_key(KEY), ACCEPT);
    assert!(is_valid_key(KEY));
    for bad in ["", "dGhl", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZSE=", "!"] {
        assert!(!is_valid_key(bad), "{bad}");
    }
}

#[test]
fn tokens() {
    assert!(has_token("keep-alive, Upgrade", "upgrade"));
    assert!(has_token("kefu.v1", "kefu.v1"));
    assert!(!has_token("kefu.v12, x", "kefu.v1"));
    assert!(!has_token("", "kefu.v1"));
}

#[test]
fn the_request_is_what_the_rfc_asks_for() {
    let request = ClientHandshake::new(NONCE).request("h:1", "/ws?token=t", "kefu.v1", &[("X-A", "b")]);
    let request = String::from_utf8(request).expect("the request is text");
    assert!(request.starts_with("GET /ws?token=t HTTP/1.1\r\nHost: h:1\r\n"));
    assert!(request.contains(&format!("\r\nSec-WebSocket-Key: {KEY}\r\n")));
    assert!(request.ends_with("\r\nX-A: b\r\n\r\n"));
}

#[test]
fn the_answer_may_come_in_pieces_and_frames_may_follow() {
    let handshake = ClientHandshake::new(NONCE);
    let head = answer(GOOD);
    for cut in 0..head.len() {
        let step = handshake.response(&head[..cut], "kefu.v1");
        assert_eq!(step.expect("a part is no error"), HandshakeStep::Incomplete, "{cut} bytes");
    }
    let step = handshake.response(&[&head[..], b"\x89\x00"].concat(), "kefu.v1");
    assert_eq!(step.expect("the answer is right"), HandshakeStep::Open { consumed: head.len() });
}

#[test]
fn wrong_answers() {
    let handshake = ClientHandshake::new(NONCE);
    let check = |input: &[u8]| handshake.response(input, "kefu.v1").expect_err("the answer is wrong");
    assert!(matches!(check(b"SSH-2.0-x\r\n\r\n"), HandshakeError::NotHttp(_)));
    assert!(matches!(
        check(b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n\r\n"),
        HandshakeError::Status { status: 503 }
    ));
    for (name, line) in [
        ("Upgrade", "upgrade: WebSocket\r\n"),
        ("Connection", "Connection: keep-alive, Upgrade\r\n"),
        ("Sec-WebSocket-Accept", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"),
        ("Sec-WebSocket-Protocol", "Sec-WebSocket-Protocol: kefu.v1\r\n"),
    ] {
        let error = check(&answer(&GOOD.replace(line, "")));
        assert!(matches!(error, HandshakeError::Header(header) if header == name), "{name}: {error}");
    }
    let endless = answer(&format!("X: {}", "x".repeat(20_000)));
    assert!(matches!(check(&endless[..17_000]), HandshakeError::TooLong));
}

#[test]
fn without_a_subprotocol_none_is_asked_for_and_none_is_looked_for() {
    let request = ClientHandshake::new(NONCE).request("h", "/", "", &[]);
    assert!(!String::from_utf8(request).expect("the request is text").contains("Protocol"));
    let head = String::from_utf8(answer(GOOD)).expect("the answer is text");
    let lines: Vec<_> =
        head.split_inclusive("\r\n").filter(|line| !line.starts_with("Sec-WebSocket-Protocol")).collect();
    let step = ClientHandshake::new(NONCE).response(lines.concat().as_bytes(), "");
    assert!(matches!(step, Ok(HandshakeStep::Open { .. })), "{step:?}");
}
