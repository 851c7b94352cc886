//! What fields may hold.

use kefu_core::{Language, Micros, Permission, Rights, Role};
use kefu_protocol::frame::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::{address::Network, auth::Origin, problem::Problem};

/// Most characters of a name.
pub(super) const NAME_CHARS: usize = 200;
/// Most bytes of an e-mail address (RFC 5321).
const EMAIL_BYTES: usize = 254;
/// Most bytes of a visitor's attributes as JSON.
const ATTRIBUTES_BYTES: usize = 8 * 1024;
/// Most characters of an inbox's greeting.
pub(super) const GREETING_CHARS: usize = 1000;
/// Most characters of the words that go with a rating.
pub(super) const COMMENT_CHARS: usize = 2000;
/// Most origins of an inbox.
const ORIGINS: usize = 50;
/// Most address ranges of a key.
const NETWORKS: usize = 50;
/// Most characters of an action's word.
const WORD_CHARS: usize = 64;
/// Most characters of an inbox's key.
const SLUG_CHARS: usize = 40;
/// Most characters of an article's name in addresses.
const ARTICLE_SLUG_CHARS: usize = 80;
/// Most characters of a canned reply's shortcut.
const SHORTCUT_CHARS: usize = 40;
/// Most bytes of what a client calls itself.
const USER_AGENT_BYTES: usize = 300;
/// Most digits of a telephone number: 15 and what some countries put before it (ITU-T E.164).
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 3..=20;
/// Most characters of what agents keep in mind of a customer.
pub(super) const NOTE_CHARS: usize = 4000;
/// Most characters of the reason of a block.
pub(super) const REASON_CHARS: usize = 500;
/// Most bytes of the address of a page.
const URL_BYTES: usize = 2048;
/// Most characters of what a page calls itself.
const TITLE_CHARS: usize = 300;
/// Most open conversations that routing may give one agent.
const CAPACITY_MAX: u32 = 1_000_000;

/// A name of one line, without the blanks around it.
pub(super) fn name(field: &'static str, text: &str) -> Result<String, Problem> {
    let name = line(field, text)?;
    if name.is_empty() { Err(Problem::invalid(field, "must not be empty")) } else { Ok(name) }
}

/// A line that may be empty.
pub(super) fn line(field: &'static str, text: &str) -> Result<String, Problem> {
    let text = text.trim();
    check_chars(field, text, NAME_CHARS)?;
    if text.chars().any(is_disruptive) {
        return Err(Problem::invalid(field, "must be one line without control characters"));
    }
    Ok(text.to_owned())
}

/// A text of several lines that may be empty.
pub(super) fn lines(field: &'static str, text: &str, chars_max: usize) -> Result<String, Problem> {
    check_chars(field, text, chars_max)?;
    if text.chars().any(|c| is_disruptive(c) && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(Problem::invalid(field, "must not hold control characters"));
    }
    Ok(text.to_owned())
}

/// A plausible e-mail address in lower case.
pub(super) fn email(text: &str) -> Result<String, Problem> {
    let text = text.trim();
    let plausible = text.len() <= EMAIL_BYTES
        && !text.chars().any(|c| c.is_whitespace() || is_disruptive(c))
        && text.rsplit_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && !domain.starts_with('.') && !domain.ends_with('.')
        });
    if plausible {
        Ok(text.to_lowercase())
    } else {
        Err(Problem::invalid("email", "this is no e-mail address"))
    }
}

/// An e-mail address, or none.
pub(super) fn optional_email(text: &str) -> Result<String, Problem> {
    if text.trim().is_empty() { Ok(String::new()) } else { email(text) }
}

/// A telephone number without what only makes it easier to read; may be empty.
pub(super) fn phone(field: &'static str, text: &str) -> Result<String, Problem> {
    check_chars(field, text, NAME_CHARS)?;
    let bare: String =
        text.trim().chars().filter(|c| !matches!(c, ' ' | '-' | '(' | ')' | '.' | '\u{a0}')).collect();
    let digits = bare.strip_prefix('+').unwrap_or(&bare);
    let valid = PHONE_DIGITS.contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    if valid || bare.is_empty() {
        Ok(bare)
    } else {
        Err(Problem::invalid(field, "must be a telephone number such as +86 138 0000 0000"))
    }
}

/// A moment after `now`.
pub(super) fn future(field: &'static str, text: &str, now: Micros) -> Result<Micros, Problem> {
    let time: Timestamp = text
        .parse()
        .map_err(|_| Problem::invalid(field, "must be a time of RFC 3339, such as 2006-01-02T15:04:05Z"))?;
    if time.micros() <= now.0 {
        return Err(Problem::invalid(field, "must be in the future"));
    }
    Ok(Micros(time.micros()))
}

/// The address of a page, without the credentials and the fragment that may be in it.
pub(super) fn page_url(field: &'static str, text: &str) -> Result<String, Problem> {
    if text.len() > URL_BYTES {
        return Err(Problem {
            field: Some(field),
            ..too_large(format!("must be at most {URL_BYTES} bytes"))
        });
    }
    let invalid = || Problem::invalid(field, "must be the address of a page, with http:// or https://");
    let text = text.trim();
    // Browsers take a backslash for a slash: what stands before it would not be the host.
    if text.chars().any(|c| c.is_whitespace() || c == '\\' || is_disruptive(c)) {
        return Err(invalid());
    }
    let (text, _) = text.split_once('#').unwrap_or((text, ""));
    let (scheme, rest) = text.split_once("://").ok_or_else(invalid)?;
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let scheme = scheme.to_ascii_lowercase();
    Origin::parse(&format!("{scheme}://{host}")).ok_or_else(invalid)?;
    Ok(format!("{scheme}://{host}{path}"))
}

/// What a page calls itself, shortened and on one line.
pub(super) fn title(text: &str) -> String {
    text.trim().chars().filter(|c| !is_disruptive(*c)).take(TITLE_CHARS).collect()
}

/// The site's own fields of a visitor, as the store keeps them.
pub(super) fn attributes(map: &Map<String, Value>) -> Result<String, Problem> {
    let text = Value::Object(map.clone()).to_string();
    if text.len() > ATTRIBUTES_BYTES {
        let detail = format!("must be at most {ATTRIBUTES_BYTES} bytes of JSON");
        return Err(Problem { field: Some("attributes"), ..too_large(detail) });
    }
    Ok(text)
}

/// The name of an inbox in embed codes.
pub(super) fn slug(text: &str) -> Result<String, Problem> {
    plain_name("key", text, SLUG_CHARS)
}

/// The name of an article in addresses.
pub(super) fn article_slug(text: &str) -> Result<String, Problem> {
    plain_name("slug", text, ARTICLE_SLUG_CHARS)
}

/// A name that stands in addresses as it is.
fn plain_name(field: &'static str, text: &str, chars_max: usize) -> Result<String, Problem> {
    let valid = (1..=chars_max).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if valid {
        Ok(text.to_owned())
    } else {
        let detail = format!("must be 1 to {chars_max} lower-case letters, digits and hyphens");
        Err(Problem::invalid(field, detail))
    }
}

/// A language of the knowledge base.
pub(super) fn language(field: &'static str, text: &str) -> Result<Language, Problem> {
    Language::from_word(text).ok_or_else(|| Problem::invalid(field, "must be zh or en"))
}

/// Origins of pages, each in its one written form, without repetitions.
pub(super) fn origins(texts: &[String]) -> Result<Vec<String>, Problem> {
    if texts.len() > ORIGINS {
        return Err(Problem::invalid("origins", format!("must be at most {ORIGINS}")));
    }
    let mut origins = Vec::with_capacity(texts.len());
    for text in texts {
        let origin = Origin::parse(text.trim())
            .ok_or_else(|| Problem::invalid("origins", "each must be like https://shop.example"))?
            .to_string();
        if !origins.contains(&origin) {
            origins.push(origin);
        }
    }
    Ok(origins)
}

/// Rights by their words, without repetitions.
pub(super) fn rights(field: &'static str, words: &[String]) -> Result<Rights, Problem> {
    if words.len() > Permission::ALL.len() {
        return Err(Problem::invalid(field, format!("must be at most {}", Permission::ALL.len())));
    }
    let permission = |word: &String| Permission::from_word(word);
    let rights: Option<Rights> = words.iter().map(permission).collect();
    rights.ok_or_else(|| Problem::invalid(field, "each must be a word of GET /permissions"))
}

/// Ranges of addresses, each in its one written form, without repetitions.
pub(super) fn networks(field: &'static str, texts: &[String]) -> Result<Vec<String>, Problem> {
    if texts.len() > NETWORKS {
        return Err(Problem::invalid(field, format!("must be at most {NETWORKS}")));
    }
    let mut networks = Vec::with_capacity(texts.len());
    for text in texts {
        let network: Network = text
            .trim()
            .parse()
            .map_err(|_| Problem::invalid(field, "each must be like 10.0.0.0/8 or 203.0.113.9"))?;
        let network = network.to_string();
        if !networks.contains(&network) {
            networks.push(network);
        }
    }
    Ok(networks)
}

/// A moment that is still to come.
pub(super) fn later(field: &'static str, at: Timestamp, now: Micros) -> Result<Micros, Problem> {
    let at = Micros(at.micros());
    if at > now { Ok(at) } else { Err(Problem::invalid(field, "must be in the future")) }
}

/// A word of the audit log, such as `agent.changed`, or the beginning of one.
pub(super) fn word(field: &'static str, text: &str) -> Result<String, Problem> {
    let valid = (1..=WORD_CHARS).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'_' | b'.'));
    if valid {
        Ok(text.to_owned())
    } else {
        let detail = format!("must be 1 to {WORD_CHARS} lower-case letters, dots and underscores");
        Err(Problem::invalid(field, detail))
    }
}

/// Refuses what is too long to be looked at.
pub(super) fn check_bytes(field: &'static str, text: &str, bytes_max: usize) -> Result<(), Problem> {
    if text.len() <= bytes_max {
        return Ok(());
    }
    Err(Problem { field: Some(field), ..too_large(format!("must be at most {bytes_max} bytes")) })
}

/// How many open conversations routing may give an agent.
pub(super) fn capacity(value: u32) -> Result<u32, Problem> {
    if value <= CAPACITY_MAX {
        Ok(value)
    } else {
        Err(Problem::invalid("capacity", format!("must be at most {CAPACITY_MAX}")))
    }
}

/// A role by its name.
pub(super) fn role(text: &str) -> Result<Role, Problem> {
    match text {
        "agent" => Ok(Role::Agent),
        "supervisor" => Ok(Role::Supervisor),
        "admin" => Ok(Role::Admin),
        _ => Err(Problem::invalid("role", "must be agent, supervisor or admin")),
    }
}

/// What a client calls itself, shortened and on one line.
pub(super) fn user_agent(headers: &http::HeaderMap) -> String {
    let text =
        headers.get(http::header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // Header values that are strings are ASCII.
    text.chars().filter(|c| !is_disruptive(*c)).take(USER_AGENT_BYTES).collect()
}

/// A text of several lines that is not blank.
pub(super) fn text(field: &'static str, text: &str, chars_max: usize) -> Result<String, Problem> {
    let text = lines(field, text, chars_max)?;
    if text.trim().is_empty() { Err(Problem::invalid(field, "must not be empty")) } else { Ok(text) }
}

/// What is typed to find a canned reply.
pub(super) fn shortcut(text: &str) -> Result<String, Problem> {
    let valid = (1..=SHORTCUT_CHARS).contains(&text.chars().count())
        && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if valid {
        Ok(text.to_lowercase())
    } else {
        let detail =
            format!("must be 1 to {SHORTCUT_CHARS} letters, digits, hyphens, underscores and points");
        Err(Problem::invalid("shortcut", detail))
    }
}

/// A colour such as `#3366cc`, in lower case.
pub(super) fn colour(text: &str) -> Result<String, Problem> {
    let digits = text.strip_prefix('#').unwrap_or_default();
    if digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err(Problem::invalid("colour", "must be like #3366cc"))
    }
}

/// Ids without repetitions.
pub(super) fn ids(field: &'static str, ids: &[Uuid], most: usize) -> Result<Vec<Uuid>, Problem> {
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    ids.dedup();
    if ids.len() > most { Err(Problem::invalid(field, format!("must be at most {most}"))) } else { Ok(ids) }
}

/// Whether a character may stand in a line: no control character, none that turns the direction of text.
pub(crate) fn is_harmless(c: char) -> bool {
    !is_disruptive(c)
}

/// Control characters, and those that turn the direction of text around them.
fn is_disruptive(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn check_chars(field: &'static str, text: &str, chars_max: usize) -> Result<(), Problem> {
    if text.chars().take(chars_max + 1).count() > chars_max {
        return Err(Problem {
            field: Some(field),
            ..too_large(format!("must be at most {chars_max} characters"))
        });
    }
    Ok(())
}

fn too_large(detail: String) -> Problem {
    Problem::new(kefu_protocol::frame::ErrorCode::TooLarge, detail)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_are_one_clean_line() {
        assert_eq!(name("name", "  王芳 ").unwrap(), "王芳");
        assert_eq!(name("name", &"é".repeat(NAME_CHARS)).unwrap().chars().count(), NAME_CHARS);
        for bad in ["", "  ", "a\nb", "a\0", "a\u{202e}b", &"x".repeat(NAME_CHARS + 1)] {
            assert_eq!(name("name", bad).unwrap_err().field, Some("name"), "{bad:?}");
        }
        assert_eq!(line("name", " ").unwrap(), "");
        assert!(lines("greeting", "a\nb", 3).is_ok() && lines("greeting", "a\u{7}", 9).is_err());
    }

    #[test]
    fn emails_are_plausible() {
        assert_eq!(email(" Lin@Example.COM ").unwrap(), "lin@example.com");
        assert_eq!(email("a@localhost").unwrap(), "a@localhost");
        for bad in ["", "a", "@a", "a@", "a b@c", "a@.c", "a@c.", &format!("{}@c.d", "a".repeat(251))] {
            assert!(email(bad).is_err(), "{bad}");
        }
        assert_eq!(optional_email(" ").unwrap(), "");
    }

    #[test]
    fn keys_and_origins_have_one_form() {
        assert_eq!(slug("web-2").unwrap(), "web-2");
        for bad in ["", "Web", "a b", "a/b", "é", &"a".repeat(SLUG_CHARS + 1)] {
            assert!(slug(bad).is_err(), "{bad}");
        }
        let texts = ["https://A.example/", "https://a.example:443", "http://b:1"].map(str::to_owned);
        assert_eq!(origins(&texts).unwrap(), ["https://a.example", "http://b:1"]);
        assert!(origins(&["*".to_owned()]).is_err());
        assert!(origins(&vec!["https://a".to_owned(); ORIGINS + 1]).is_err());
    }

    #[test]
    fn small_fields_have_their_form() {
        assert_eq!(shortcut("退款-Ja").unwrap(), "退款-ja");
        for bad in ["", "a b", "/a", &"a".repeat(SHORTCUT_CHARS + 1)] {
            assert!(shortcut(bad).is_err(), "{bad}");
        }
        assert_eq!(colour("#33AAff").unwrap(), "#33aaff");
        for bad in ["", "#", "33aaff", "#33aaf", "#33aaffé", "#ggaaff"] {
            assert!(colour(bad).is_err(), "{bad}");
        }
        let [one, two] = [1, 2].map(Uuid::from_u128);
        assert_eq!(ids("tags", &[two, one, two], 2).unwrap(), [one, two]);
        assert_eq!(ids("tags", &[one, two], 1).unwrap_err().field, Some("tags"));
        assert!(text("text", " \n", 9).is_err() && text("text", "a\nb", 3).is_ok());
    }

    #[test]
    fn telephone_numbers_have_one_form() {
        assert_eq!(phone("phone", " +86 (138) 0000-0000 ").unwrap(), "+8613800000000");
        assert_eq!(phone("phone", "  ").unwrap(), "");
        for bad in ["12", "+", "86+13800000000", "138oooo", "１３８００００", &"1".repeat(21)] {
            assert_eq!(phone("phone", bad).unwrap_err().field, Some("phone"), "{bad}");
        }
    }

    #[test]
    fn addresses_of_pages_carry_no_secrets() {
        for (url, clean) in [
            ("https://shop.example", "https://shop.example"),
            ("HTTPS://lin:secret@shop.example:8443/a?b=c#token=x", "https://shop.example:8443/a?b=c"),
            ("http://a@b@shop.example/@x", "http://shop.example/@x"),
            ("http://[2001:db8::1]/?q=1", "http://[2001:db8::1]/?q=1"),
        ] {
            assert_eq!(page_url("url", url).unwrap(), clean);
        }
        let long = format!("https://shop.example/{}", "x".repeat(URL_BYTES));
        for bad in [
            "",
            "shop.example",
            "javascript:alert(1)",
            "ftp://a",
            "https://",
            "https://a b/",
            "https://a\\@b/",
            &long,
        ] {
            assert_eq!(page_url("url", bad).unwrap_err().field, Some("url"), "{bad}");
        }
        assert_eq!(title(&format!(" a\n{}", "b".repeat(400))).chars().count(), TITLE_CHARS);
    }

    #[test]
    fn a_time_is_ahead() {
        let now = Micros(1_790_000_000_000_000);
        assert!(future("expires_at", "2100-01-01T00:00:00Z", now).is_ok());
        for bad in ["2001-01-01T00:00:00Z", "tomorrow", ""] {
            assert_eq!(future("expires_at", bad, now).unwrap_err().field, Some("expires_at"));
        }
    }

    #[test]
    fn rights_ranges_and_moments_are_checked() {
        let words = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        let chat = rights("scopes", &words(&["chat", "chat"])).unwrap();
        assert_eq!(chat.iter().collect::<Vec<_>>(), [Permission::Chat]);
        assert_eq!(rights("scopes", &words(&["Chat"])).unwrap_err().field, Some("scopes"));
        assert!(rights("scopes", &vec!["chat".to_owned(); 99]).is_err());
        let ranges = networks("networks", &words(&["10.0.0.0/8", " 192.0.2.1", "192.0.2.1/32"]));
        assert_eq!(ranges.unwrap(), ["10.0.0.0/8", "192.0.2.1/32"]);
        assert!(networks("networks", &words(&["10.0.0.1/8"])).is_err());
        assert!(networks("networks", &vec!["::1".to_owned(); NETWORKS + 1]).is_err());
        let at = Timestamp::from_micros(5);
        assert_eq!(later("expires_at", at, Micros(4)), Ok(Micros(5)));
        assert_eq!(later("expires_at", at, Micros(5)).unwrap_err().field, Some("expires_at"));
        assert!(
            word("action", "agent.").is_ok() && word("action", "a b").is_err() && word("action", "").is_err()
        );
        assert_eq!(check_bytes("code", "123", 2).unwrap_err().field, Some("code"));
    }

    #[test]
    fn attributes_have_a_size() {
        let mut map = Map::new();
        map.insert("a".to_owned(), Value::from("x".repeat(ATTRIBUTES_BYTES - 8)));
        assert_eq!(attributes(&map).unwrap().len(), ATTRIBUTES_BYTES);
        map.insert("b".to_owned(), Value::from(1));
        assert_eq!(attributes(&map).unwrap_err().field, Some("attributes"));
    }

    proptest! {
        #[test]
        fn what_is_accepted_stays_so(text in "\\PC{0,40}") {
            if let Ok(name) = name("name", &text) {
                prop_assert_eq!(super::name("name", &name), Ok(name.clone()));
            }
            if let Ok(phone) = phone("phone", &text) {
                prop_assert_eq!(super::phone("phone", &phone), Ok(phone.clone()));
            }
            if let Ok(url) = page_url("url", &format!("https://{text}")) {
                prop_assert_eq!(page_url("url", &url), Ok(url.clone()));
            }
            if let Ok(email) = email(&text) {
                prop_assert_eq!(super::email(&email), Ok(email.clone()));
            }
        }
    }
}
