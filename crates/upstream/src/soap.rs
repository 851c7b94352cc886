//! SOAP over HTTP.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, header};
use kefu_wire::{
    Error, Limits, Problem,
    soap::{
        Direction, Options, Version, from_json,
        mtom::Package,
        security::{self, Password, Security},
        to_json,
    },
    wsdl::{Definitions, Operation},
};

use crate::{Answer, CallError, HttpClient, clock::xml_time};

/// Random bytes in a digest of a password.
const NONCE_BYTES: usize = 16;

/// A name and a password that messages carry after WS-Security.
#[derive(Clone)]
pub struct Credentials {
    /// Who sends them.
    pub username: String,
    /// The password.
    pub password: String,
    /// How the password is sent.
    pub form: PasswordForm,
    /// How long a message says that it is valid; none if it is not to say so.
    pub validity: Option<Duration>,
}

/// How a password is sent.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum PasswordForm {
    /// As it is.
    #[default]
    Text,
    /// As a digest that is good for one message.
    Digest,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { username, form, validity, .. } = self;
        out.debug_struct("Credentials")
            .field("username", username)
            .field("form", form)
            .field("validity", validity)
            .finish_non_exhaustive()
    }
}

impl Credentials {
    fn header_block(&self, now: SystemTime) -> Result<String, Error> {
        let created = xml_time(now);
        let mut nonce = [0; NONCE_BYTES];
        let password = match self.form {
            PasswordForm::Text => Password::Text(&self.password),
            PasswordForm::Digest => {
                getrandom::fill(&mut nonce).map_err(|_| {
                    Error::new(Problem::Malformed("the system gives no random bytes for a nonce".into()))
                })?;
                Password::Digest { password: &self.password, nonce: &nonce, created: &created }
            }
        };
        let expires = self.validity.map(|validity| xml_time(now + validity));
        security::header_block(&Security {
            user: Some((&self.username, password)),
            timestamp: expires.as_deref().map(|expires| (created.as_str(), expires)),
        })
    }
}

/// A client of one service of SOAP.
#[derive(Debug)]
pub struct SoapClient {
    http: HttpClient,
    definitions: Arc<Definitions>,
    version: Version,
    credentials: Option<Credentials>,
    limits: Limits,
}

impl SoapClient {
    /// Makes a client.
    #[must_use]
    pub fn new(
        http: HttpClient,
        definitions: Arc<Definitions>,
        version: Version,
        credentials: Option<Credentials>,
        limits: Limits,
    ) -> Self {
        Self { http, definitions, version, credentials, limits }
    }

    /// The client beneath it.
    #[must_use]
    pub fn http(&self) -> &HttpClient {
        &self.http
    }

    /// Calls an operation of its description with the JSON of the request.
    ///
    /// # Errors
    /// The JSON does not fit the request, or there is no answer that fits the operation.
    pub async fn call(&self, operation: &Operation, json: &[u8]) -> Result<Answer, CallError> {
        let request = self.request(operation, json).map_err(CallError::Unwritable)?;
        let response = self.http.send(request).await?;
        self.answer(operation, &response)
    }

    fn request(&self, operation: &Operation, json: &[u8]) -> Result<Request<Bytes>, Error> {
        let block = self.credentials.as_ref().map(|one| one.header_block(SystemTime::now())).transpose()?;
        let blocks: Vec<String> = block.into_iter().collect();
        let mut envelope = Vec::new();
        from_json::message(
            &self.definitions,
            operation,
            Direction::Request,
            self.version,
            json,
            &blocks,
            &self.limits,
            &Options::default(),
            &mut envelope,
        )?;
        let mut request = Request::builder()
            .method(Method::POST)
            .uri(self.http.path())
            .header(header::CONTENT_TYPE, self.version.content_type(&operation.action));
        if self.version == Version::V11 {
            request = request.header("soapaction", format!("\"{}\"", operation.action));
        }
        request
            .body(envelope.into())
            .map_err(|error| Error::new(Problem::Malformed(error.to_string().into())))
    }

    fn answer(&self, operation: &Operation, response: &Response<Bytes>) -> Result<Answer, CallError> {
        let (status, body) = (response.status(), response.body());
        if operation.output.is_none() && status.is_success() {
            return Ok(Answer::Nothing);
        }
        let content_type = response.headers().get(header::CONTENT_TYPE).map(HeaderValue::as_bytes);
        let content_type = String::from_utf8_lossy(content_type.unwrap_or_default());
        let read = self.read(operation, &content_type, body);
        match read {
            Ok(answer) => Ok(answer),
            // What is no envelope is a proxy's or server's own page.
            Err(_) if !status.is_success() => {
                Err(CallError::Status { status: status.as_u16(), body: body.to_vec() })
            }
            Err(error) => Err(CallError::Unreadable(error)),
        }
    }

    fn read(&self, operation: &Operation, content_type: &str, body: &[u8]) -> Result<Answer, Error> {
        let package = Package::read(content_type, body, &self.limits)?;
        let mut json = Vec::new();
        let message = to_json::message_with(
            &self.definitions,
            operation,
            Direction::Reply,
            &package.root,
            &|id| package.part(id),
            &self.limits,
            &Options::default(),
            &mut json,
        )?;
        Ok(if message.is_fault { Answer::Fault(json) } else { Answer::Returned(json) })
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[test]
    fn credentials_are_in_messages_and_in_nothing_else() {
        let mut credentials = Credentials {
            username: "shop".to_owned(),
            password: "a<b".to_owned(),
            form: PasswordForm::Text,
            validity: Some(Duration::from_secs(300)),
        };
        let block = credentials.header_block(UNIX_EPOCH).unwrap();
        assert!(block.contains(">a&lt;b</wsse:Password>"), "{block}");
        assert!(block.contains("<wsu:Expires>1970-01-01T00:05:00.000Z</wsu:Expires>"), "{block}");
        credentials.form = PasswordForm::Digest;
        let (one, other) = (credentials.header_block(UNIX_EPOCH), credentials.header_block(UNIX_EPOCH));
        assert!(one != other, "the nonce is used twice");
        assert!(!one.unwrap().contains("a&lt;b"));
        assert!(!format!("{credentials:?}").contains("a<b"));
    }
}
