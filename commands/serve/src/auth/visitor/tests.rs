use proptest::prelude::*;
use serde_json::json;

use super::*;

const SECRET: &[u8] = b"an inbox secret";
const NOW: Micros = Micros(1_800_000_000_000_000);
const NOW_S: i64 = 1_800_000_000;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sign(secret: &[u8], header: &Value, payload: &Value) -> String {
    let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", encode(header), encode(payload));
    let signature = mac(secret, signed.as_bytes()).finalize().into_bytes();
    format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

fn signed(payload: &Value) -> String {
    sign(SECRET, &json!({"alg": "HS256", "typ": "JWT"}), payload)
}

fn outcome(token: &str) -> Result<String, JwtError> {
    verify_jwt(SECRET, token, NOW).map(|claims| claims.sub)
}

/// Test cases 1, 2 and 6 of RFC 4231: a short key, a key shorter than the output, a key longer than a block.
#[test]
fn hmac_agrees_with_rfc_4231() {
    let cases: [(&[u8], &str, &str); 3] = [
        (&[0x0b; 20], "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (
            b"Jefe",
            "what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            &[0xaa; 131],
            "Test Using Larger Than Block-Size Key - Hash Key First",
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        ),
    ];
    for (key, text, expected) in cases {
        assert!(proves(key, text, expected));
        assert!(proves(key, text, &expected.to_uppercase()));
        assert!(!proves(key, text, &expected[2..]));
        assert!(!proves(key, text, ""));
        assert!(!proves(key, &format!("{text}."), expected));
    }
}

#[test]
fn a_proof_is_bound_to_its_id() {
    let proof = hex(&mac(SECRET, b"customer-1").finalize().into_bytes());
    assert!(proves(SECRET, "customer-1", &proof));
    assert!(!proves(SECRET, "customer-2", &proof));
    assert!(!proves(b"another secret", "customer-1", &proof));
}

#[test]
fn a_signed_token_says_who_it_is() {
    let token = signed(&json!({
        "sub": "customer-1", "exp": NOW_S + 600, "name": "王芳", "email": "f@example.com",
        "attributes": {"plan": "gold"}, "iss": "ignored",
    }));
    let claims = verify_jwt(SECRET, &token, NOW).unwrap();
    assert_eq!((claims.sub.as_str(), claims.name.as_deref()), ("customer-1", Some("王芳")));
    assert_eq!(claims.attributes.unwrap()["plan"], "gold");
}

#[test]
fn other_algorithms_prove_nothing() {
    let payload = json!({"sub": "customer-1", "exp": NOW_S + 600});
    for alg in ["none", "None", "HS512", "HS384", "RS256", "hs256", ""] {
        let token = sign(SECRET, &json!({"alg": alg}), &payload);
        assert_eq!(outcome(&token), Err(JwtError::Algorithm), "{alg}");
        let unsigned = format!("{}.", token.rsplit_once('.').unwrap().0);
        assert_eq!(outcome(&unsigned), Err(JwtError::Algorithm), "{alg}");
    }
    let critical = sign(SECRET, &json!({"alg": "HS256", "crit": ["b64"]}), &payload);
    assert_eq!(outcome(&critical), Err(JwtError::Algorithm));
}

#[test]
fn a_changed_token_proves_nothing() {
    let token = signed(&json!({"sub": "customer-1", "exp": NOW_S + 600}));
    let other = signed(&json!({"sub": "customer-2", "exp": NOW_S + 600}));
    let parts: Vec<_> = token.split('.').collect();
    let others: Vec<_> = other.split('.').collect();
    assert_eq!(outcome(&format!("{}.{}.{}", parts[0], others[1], parts[2])), Err(JwtError::Signature));
    assert_eq!(outcome(&format!("{}.{}.", parts[0], parts[1])), Err(JwtError::Signature));
    let foreign = sign(b"another secret", &json!({"alg": "HS256"}), &json!({"sub": "x", "exp": NOW_S}));
    assert_eq!(outcome(&foreign), Err(JwtError::Signature));
}

#[test]
fn a_token_lives_at_most_a_day() {
    let at = |exp: Value| outcome(&signed(&json!({"sub": "x", "exp": exp})));
    assert_eq!(at(json!(NOW_S - LEEWAY_S)), Err(JwtError::Expired));
    assert!(at(json!(NOW_S - LEEWAY_S + 1)).is_ok());
    assert!(at(json!(NOW_S + MAX_LIFETIME_S + LEEWAY_S)).is_ok());
    assert_eq!(at(json!(NOW_S + MAX_LIFETIME_S + LEEWAY_S + 1)), Err(JwtError::TooLasting));
    assert_eq!(at(json!(1e300)), Err(JwtError::TooLasting));
    assert_eq!(at(json!(null)), Err(JwtError::NoExpiry));
    assert_eq!(at(json!("1800000600")), Err(JwtError::Malformed));
    assert_eq!(outcome(&signed(&json!({"sub": "x"}))), Err(JwtError::NoExpiry));
    let early = json!({"sub": "x", "exp": NOW_S + 600, "nbf": NOW_S + LEEWAY_S + 1});
    assert_eq!(outcome(&signed(&early)), Err(JwtError::Early));
}

#[test]
fn a_huge_token_is_not_looked_at() {
    let long = "x".repeat(MAX_JWT_BYTES);
    let token = signed(&json!({"sub": long, "exp": NOW_S + 600}));
    assert_eq!(outcome(&token), Err(JwtError::TooLong));
    assert_eq!(outcome(&".".repeat(1 << 20)), Err(JwtError::TooLong));
}

#[test]
fn a_repeated_claim_is_malformed() {
    let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let payload = format!(r#"{{"sub":"a","sub":"b","exp":{}}}"#, NOW_S + 600);
    let text = format!("{}.{}", encode(r#"{"alg":"HS256"}"#), encode(&payload));
    let signature = BASE64_URL_SAFE_NO_PAD.encode(mac(SECRET, text.as_bytes()).finalize().into_bytes());
    assert_eq!(outcome(&format!("{text}.{signature}")), Err(JwtError::Malformed));
}

proptest! {
    #[test]
    fn no_text_panics(token in "\\PC{0,80}", head in "[A-Za-z0-9_-]{0,40}", tail in "[A-Za-z0-9_.-]{0,80}") {
        prop_assert!(outcome(&token).is_err());
        let both = format!("{head}.{tail}");
        prop_assert!(outcome(&both).is_err());
        prop_assert!(!proves(SECRET, &token, &head));
    }
}
