//! A description of others with another address in it.

use std::borrow::Cow;

use crate::normalize;

/// A file of a description, with `own` in the place of the addresses `locations`, and `own?wsdl=PATH` where it refers to
/// a file that `is_served` knows. All else stays as it is, byte for byte.
///
/// `path` is that of the file, as a [`Loader`](crate::Loader) knows it.
#[must_use]
pub fn relocate(
    text: &str,
    path: &str,
    own: &str,
    locations: &[&str],
    is_served: &dyn Fn(&str) -> bool,
) -> String {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let replaced = |value: &str| {
        let plain = value.replace("&amp;", "&");
        if locations.contains(&plain.as_str()) {
            return Some(escaped(own).into_owned());
        }
        let bare = plain.split(['?', '#']).next().unwrap_or_default();
        let path = normalize(folder, bare).filter(|path| is_served(path))?;
        Some(format!("{}?wsdl={}", escaped(own), in_query(&path)))
    };
    let mut out = String::with_capacity(text.len() + 256);
    let mut rest = text;
    // The attributes `location` and `schemaLocation`.
    while let Some(at) = rest.find("ocation=") {
        let (before, after) = rest.split_at(at + "ocation=".len());
        out.push_str(before);
        rest = after;
        let Some(quote) = rest.chars().next().filter(|c| matches!(c, '"' | '\'')) else { continue };
        let Some((value, after)) = rest[1..].split_once(quote) else { continue };
        out.push(quote);
        out.push_str(&replaced(value).map_or(Cow::Borrowed(value), Cow::Owned));
        out.push(quote);
        rest = after;
    }
    out + rest
}

/// An address as the value of an attribute.
fn escaped(address: &str) -> Cow<'_, str> {
    if address.contains(['&', '<', '"', '\'']) {
        let address = address.replace('&', "&amp;").replace('<', "&lt;");
        return Cow::Owned(address.replace('"', "&quot;").replace('\'', "&apos;"));
    }
    Cow::Borrowed(address)
}

/// A path in a query, with what may not stand there escaped.
fn in_query(path: &str) -> String {
    path.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"/-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use super::relocate;

    #[test]
    fn addresses_and_files_are_replaced_and_nothing_else() {
        let text = r#"<a location="http://old/x?a=1&amp;b=2"/><i schemaLocation='../types/a b.xsd'/>
            <i schemaLocation="http://www.w3.org/x.xsd"/><p>location=</p><q location="http://other/"/>"#;
        let served = |path: &str| path == "types/a b.xsd";
        let out = relocate(text, "d/a.wsdl", "https://new/soap?t=1&u=2", &["http://old/x?a=1&b=2"], &served);
        assert_eq!(
            out,
            r#"<a location="https://new/soap?t=1&amp;u=2"/><i schemaLocation='https://new/soap?t=1&amp;u=2?wsdl=types/a%20b.xsd'/>
            <i schemaLocation="http://www.w3.org/x.xsd"/><p>location=</p><q location="http://other/"/>"#
        );
    }
}
