//! JSON over HTTP: operations are methods and paths.

use bytes::Bytes;
use http::{HeaderValue, Method, Request, header};
use kefu_wire::{Error, Problem};
use serde_json::{Map, Value};

use crate::{Answer, CallError, HttpClient};

/// A path with places for members of the call: `/orders/{id}/items`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Template {
    /// A literal text and the name that follows it.
    parts: Vec<(String, String)>,
    rest: String,
}

/// A template cannot be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum TemplateError {
    /// It does not begin with `/`.
    #[error("a path begins with /")]
    Start,
    /// A brace is not closed, or is closed and not open, or has no name in it.
    #[error("names stand in braces, like {{id}}")]
    Braces,
    /// A character that no path has.
    #[error("a path has no blanks, ? or #, and only printable ASCII")]
    Character,
    /// A name stands there twice.
    #[error("a name stands there twice")]
    Twice,
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// It is none.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        if !text.starts_with('/') {
            return Err(TemplateError::Start);
        }
        if !text.chars().all(|c| c.is_ascii_graphic() && !matches!(c, '?' | '#')) {
            return Err(TemplateError::Character);
        }
        let (mut parts, mut rest) = (Vec::new(), text);
        while let Some((literal, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}').ok_or(TemplateError::Braces)?;
            if name.is_empty() || name.contains(['{', '/']) || literal.contains('}') {
                return Err(TemplateError::Braces);
            }
            if parts.iter().any(|(_, known)| known == name) {
                return Err(TemplateError::Twice);
            }
            parts.push((literal.to_owned(), name.to_owned()));
            rest = after;
        }
        if rest.contains('}') {
            return Err(TemplateError::Braces);
        }
        Ok(Self { parts, rest: rest.to_owned() })
    }

    /// The template as it was written.
    #[must_use]
    pub fn text(&self) -> String {
        let parts = self.parts.iter().map(|(literal, name)| format!("{literal}{{{name}}}"));
        parts.chain([self.rest.clone()]).collect()
    }

    /// The names in it.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().map(|(_, name)| name.as_str())
    }

    /// Takes the members that it names out of a call and gives the path.
    fn fill(&self, members: &mut Map<String, Value>) -> Result<String, Error> {
        let mut path = String::new();
        for (literal, name) in &self.parts {
            path.push_str(literal);
            let value = members.remove(name).unwrap_or_default();
            let text = scalar(&value).filter(|text| !text.is_empty() && !matches!(text.as_str(), "." | ".."));
            match text {
                Some(text) => escape(&text, &mut path),
                None if value.is_null() => return Err(Error::new(Problem::MissingField).in_field(name)),
                None => return Err(expected_scalar().in_field(name)),
            }
        }
        path.push_str(&self.rest);
        Ok(path)
    }
}

fn expected_scalar() -> Error {
    let (expected, found) =
        ("a text, number or bool that can stand in an address".into(), "something else".into());
    Error::new(Problem::Unexpected { expected, found })
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(value) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Writes a text with everything escaped but the unreserved characters of RFC 3986.
fn escape(text: &str, out: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}

/// How an operation is called over HTTP.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RestOperation {
    /// The method.
    pub method: Method,
    /// The path below that of the service's address.
    pub path: Template,
}

/// A client of a service of JSON over HTTP.
#[derive(Debug)]
pub struct RestClient {
    http: HttpClient,
}

impl RestClient {
    /// Makes a client.
    #[must_use]
    pub fn new(http: HttpClient) -> Self {
        Self { http }
    }

    /// The client beneath it.
    #[must_use]
    pub fn http(&self) -> &HttpClient {
        &self.http
    }

    /// Calls an operation with the JSON of its arguments, an object.
    ///
    /// # Errors
    /// The arguments cannot be sent, or there is no answer with a status of success.
    pub async fn call(&self, operation: &RestOperation, arguments: &[u8]) -> Result<Answer, CallError> {
        let request = self.request(operation, arguments).map_err(CallError::Unwritable)?;
        let response = self.http.send(request).await?;
        let (head, body) = response.into_parts();
        if !head.status.is_success() {
            return Err(CallError::Status { status: head.status.as_u16(), body: body.into() });
        }
        let body = body.trim_ascii();
        Ok(Answer::Returned(if body.is_empty() { b"null".to_vec() } else { body.to_vec() }))
    }

    fn request(&self, operation: &RestOperation, arguments: &[u8]) -> Result<Request<Bytes>, Error> {
        let (base, fixed_query) = self.http.path().split_once('?').unwrap_or((self.http.path(), ""));
        let has_body = !matches!(operation.method, Method::GET | Method::HEAD | Method::DELETE);
        let mut query = fixed_query.to_owned();
        let (path, body) = if has_body && operation.path.parts.is_empty() {
            (operation.path.rest.clone(), Bytes::copy_from_slice(arguments))
        } else {
            let mut members: Map<String, Value> = serde_json::from_slice(arguments)
                .map_err(|error| Error::new(Problem::Malformed(error.to_string().into())))?;
            let path = operation.path.fill(&mut members)?;
            if has_body {
                (path, Value::Object(members).to_string().into())
            } else {
                write_query(&members, &mut query)?;
                (path, Bytes::new())
            }
        };
        let mut address = format!("{}{path}", base.trim_end_matches('/'));
        if !query.is_empty() {
            address.push('?');
            address.push_str(&query);
        }
        let mut request = Request::builder()
            .method(operation.method.clone())
            .uri(address)
            .header(header::ACCEPT, HeaderValue::from_static("application/json"));
        if has_body {
            request = request.header(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        request.body(body).map_err(|error| Error::new(Problem::Malformed(error.to_string().into())))
    }
}

/// Members as `name=value`; lists of scalars as several, what is null not at all.
fn write_query(members: &Map<String, Value>, query: &mut String) -> Result<(), Error> {
    for (name, value) in members {
        let values = match value {
            Value::Array(items) => items.as_slice(),
            Value::Null => &[],
            value => std::slice::from_ref(value),
        };
        for value in values {
            let text = scalar(value).ok_or_else(|| expected_scalar().in_field(name))?;
            if !query.is_empty() {
                query.push('&');
            }
            escape(name, query);
            query.push('=');
            escape(&text, query);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::{HttpSettings, Reach, TlsSettings};

    fn request(method: Method, path: &str, arguments: &Value) -> Result<String, String> {
        let settings = HttpSettings {
            endpoint: "http://shop.example/api/?key=1".parse().unwrap(),
            reach: Reach::Internal,
            tls: TlsSettings::default(),
            connections_max: 1,
            body_bytes_max: 1,
            authorization: None,
        };
        let client = RestClient::new(HttpClient::new(&settings).unwrap());
        let operation = RestOperation { method, path: Template::parse(path).unwrap() };
        client
            .request(&operation, arguments.to_string().as_bytes())
            .map(|request| format!("{} {}", request.uri(), String::from_utf8_lossy(request.body())))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn members_go_where_the_operation_says() {
        let arguments = json!({"id": "a/b?", "tags": ["x", 2], "none": null});
        assert_eq!(
            request(Method::GET, "/orders/{id}", &arguments).unwrap(),
            "/api/orders/a%2Fb%3F?key=1&tags=x&tags=2 "
        );
        assert_eq!(
            request(Method::PUT, "/orders/{id}", &json!({"id": 7, "state": "PAID"})).unwrap(),
            "/api/orders/7?key=1 {\"state\":\"PAID\"}"
        );
        assert_eq!(
            request(Method::POST, "/orders", &json!({"id": 7})).unwrap(),
            "/api/orders?key=1 {\"id\":7}"
        );
        let missing = request(Method::GET, "/orders/{id}", &json!({})).unwrap_err();
        assert_eq!(missing, "id: the required field is missing");
        for wrong in [json!(".."), json!([1]), json!("")] {
            assert!(request(Method::GET, "/orders/{id}/x", &json!({"id": wrong})).is_err(), "{wrong}");
        }
        assert!(
            request(Method::GET, "/orders", &json!({"filter": {"a": 1}}))
                .unwrap_err()
                .starts_with("filter: ")
        );
    }

    proptest! {
        #[test]
        fn what_stands_in_a_path_never_leaves_its_segment(id in ".*", name in "[a-z]{1,8}") {
            let arguments = json!({ name.as_str(): id.as_str() });
            if let Ok(request) = request(Method::GET, &format!("/a/{{{name}}}/b"), &arguments) {
                let path = request.split('?').next().unwrap_or_default();
                prop_assert_eq!(path.split('/').count(), 5, "{}", path);
                let segment = path.split('/').nth(3).unwrap_or_default();
                prop_assert!(!matches!(segment, "" | "." | ".."), "{}", path);
            }
        }
    }

    #[test]
    fn templates_that_are_none() {
        for (text, error) in [
            ("orders", TemplateError::Start),
            ("/a/{", TemplateError::Braces),
            ("/a/{}", TemplateError::Braces),
            ("/a/}", TemplateError::Braces),
            ("/{a}/{a}", TemplateError::Twice),
            ("/a?b", TemplateError::Character),
        ] {
            assert_eq!(Template::parse(text), Err(error), "{text}");
        }
    }
}
