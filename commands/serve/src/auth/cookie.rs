//! The cookie that keeps an agent signed in.

use http::{HeaderMap, HeaderValue, header::COOKIE};

/// Name of the cookie.
const NAME: &str = "kefu_session";

/// The token in the cookie of a request.
pub(super) fn token(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == NAME).then_some(value))
}

/// `Set-Cookie` for a session of `max_age_s` seconds; scripts cannot read it, other sites' posts do not carry it.
pub(crate) fn session_cookie(token: &str, max_age_s: i64, secure: bool) -> HeaderValue {
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{NAME}={token}; HttpOnly; SameSite=Lax; Path=/; Max-Age={max_age_s}{secure}");
    HeaderValue::try_from(text).expect("a token is of letters, digits, hyphens and underscores")
}

/// `Set-Cookie` that removes it.
pub(crate) fn clear_cookie(secure: bool) -> HeaderValue {
    session_cookie("", 0, secure)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token_in(values: &[&str]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(COOKIE, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        token(&headers).map(str::to_owned)
    }

    #[test]
    fn found_among_others() {
        assert_eq!(token_in(&["a=b; kefu_session=ka_x ;c=d"]).as_deref(), Some("ka_x"));
        assert_eq!(token_in(&["a=b", "kefu_session=ka_x"]).as_deref(), Some("ka_x"));
        for other in ["", "kefu_session", "kefu_session2=a", "xkefu_session=a", ";;=;", "k\u{e9}fu_session=a"]
        {
            assert_eq!(token_in(&[other]), None, "{other}");
        }
    }

    #[test]
    fn written_with_every_protection() {
        assert_eq!(
            session_cookie("ka_x", 60, true),
            "kefu_session=ka_x; HttpOnly; SameSite=Lax; Path=/; Max-Age=60; Secure"
        );
        assert_eq!(clear_cookie(false), "kefu_session=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0");
    }
}
