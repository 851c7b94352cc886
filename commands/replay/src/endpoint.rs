//! Requests that are alike: a method, and a path in which what looks like an id is `{id}`.

/// A path in which what looks like an id is `{id}`, without its query.
pub(crate) fn template(target: &str) -> String {
    let mut out = String::new();
    write_template(target, &mut out);
    out
}

/// Writes it behind what is there.
pub(crate) fn write_template(target: &str, out: &mut String) {
    for (place, segment) in path(target).split('/').enumerate() {
        if place > 0 {
            out.push('/');
        }
        out.push_str(if is_id(segment) { "{id}" } else { segment });
    }
}

/// The path of a target, which may be a whole URL.
pub(crate) fn path(target: &str) -> &str {
    let path = target.split(['?', '#']).next().unwrap_or(target);
    match path.split_once("://") {
        Some((_, rest)) => rest.find('/').map_or("/", |slash| &rest[slash..]),
        None => path,
    }
}

/// Whether a word is a number, or a UUID or the like.
pub(crate) fn is_id(word: &str) -> bool {
    let is_number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let is_hex = word.len() >= 16
        && word.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
        && word.bytes().any(|byte| byte.is_ascii_digit());
    is_number || is_hex
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_in_paths_are_one_endpoint() {
        for (target, expected) in [
            ("/users/17/orders?page=2", "/users/{id}/orders"),
            ("/c/0198c0de-0000-7000-8000-000000000001", "/c/{id}"),
            ("http://a:80/x/deadbeef01234567", "/x/{id}"),
            ("http://a", "/"),
            ("/api/v1/feedbackfeedback", "/api/v1/feedbackfeedback"),
            ("*", "*"),
        ] {
            assert_eq!(template(target), expected);
        }
    }
}
