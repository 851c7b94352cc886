//! Requests that channels have made, carried out: one client for each origin, with a pool and a breaker.

use std::{
    collections::{HashMap, hash_map},
    fmt,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Request, Response, header};
use kefu_channel::{HttpRequest, HttpResponse, Method};
use kefu_upstream::{Breaker, Endpoint, HttpClient, HttpSettings, Reach, TlsSettings, Trouble};
use tokio::time::timeout;

/// Calls in a row without an answer after which an origin is left alone.
const FAILURES_MAX: u32 = 5;
/// For how long.
const PAUSE: Duration = Duration::from_secs(10);
/// Connections to one origin at most.
const CONNECTIONS_MAX: usize = 16;
/// Origins that are known at once; the files name few.
const ORIGINS_MAX: usize = 256;

/// Requests for a host go somewhere else: to a relay that may leave the network, where this machine may not.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Relay {
    /// The host, with a port unless it is that of HTTPS.
    pub host: String,
    /// Where requests for it go; its path goes before theirs.
    pub target: Endpoint,
}

impl fmt::Display for Relay {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}={}", self.host, self.target)
    }
}

impl FromStr for Relay {
    type Err = String;

    /// Reads `api.example.com=http://10.0.0.5:8080`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (host, target) =
            text.split_once('=').ok_or("there is no `=` between the host and the address")?;
        let is_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':');
        if host.is_empty() || !host.bytes().all(is_host) {
            return Err("a host such as api.example.com stands before the `=`".to_owned());
        }
        let target: Endpoint = target.parse().map_err(|error| format!("{error}"))?;
        if !target.is_http() {
            return Err("the address must begin with http:// or https://".to_owned());
        }
        Ok(Self { host: host.to_ascii_lowercase(), target })
    }
}

/// What a [`Courier`] may do.
#[derive(Clone, Debug)]
pub struct CourierSettings {
    /// Requests that go somewhere else.
    pub relays: Vec<Relay>,
    /// How long a request may take until its whole answer is there.
    pub timeout: Duration,
    /// Bytes of an answer at most.
    pub answer_bytes_max: usize,
}

/// Carries out requests of channels. Redirects are not followed: an answer is what the host says that the file names.
pub struct Courier {
    settings: CourierSettings,
    origins: Mutex<HashMap<String, Arc<Origin>>>,
}

struct Origin {
    client: HttpClient,
    breaker: Breaker,
}

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub enum Undelivered {
    /// The service failed too often and is left alone for so long.
    #[error("the service does not answer and is left alone for a moment")]
    Open(Duration),
    /// It did not get there, or the answer did not come back.
    #[error(transparent)]
    Trouble(#[from] Trouble),
    /// It is none that can be made.
    #[error("the request cannot be made: {0}")]
    Unwritable(String),
}

impl fmt::Debug for Courier {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Courier").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl Courier {
    /// Makes one; nothing is connected to before the first request.
    #[must_use]
    pub fn new(settings: CourierSettings) -> Self {
        Self { settings, origins: Mutex::default() }
    }

    /// Makes a request; `file` are the bytes that belong where it has a place for them.
    ///
    /// # Errors
    /// There is no answer.
    pub async fn send(
        &self,
        request: &HttpRequest,
        file: Option<&[u8]>,
    ) -> Result<HttpResponse, Undelivered> {
        let wanted: Endpoint =
            request.url.parse().map_err(|error| Undelivered::Unwritable(format!("{error}")))?;
        let host = wanted.authority();
        let relay = self.settings.relays.iter().find(|relay| relay.host.eq_ignore_ascii_case(&host));
        let target = relay.map_or(&wanted, |relay| &relay.target);
        let origin = self.origin(target)?;
        origin.breaker.ask(Instant::now()).map_err(Undelivered::Open)?;
        let path = match relay {
            Some(relay) => format!("{}{}", relay.target.path.trim_end_matches('/'), wanted.path),
            None => wanted.path.clone(),
        };
        let made = made(request, &path, relay.map(|_| host.as_str()), file)?;
        let answer = match timeout(self.settings.timeout, origin.client.send(made)).await {
            Ok(answer) => answer,
            Err(_) => Err(Trouble::TimedOut),
        };
        let is_outage = match &answer {
            Ok(answer) => matches!(answer.status().as_u16(), 502..=504),
            Err(Trouble::TooLong(_)) => false,
            Err(_) => true,
        };
        if is_outage {
            origin.breaker.failed(Instant::now());
        } else {
            origin.breaker.succeeded();
        }
        Ok(read(&answer?))
    }

    fn origin(&self, endpoint: &Endpoint) -> Result<Arc<Origin>, Undelivered> {
        let key = format!("{}{}", endpoint.is_tls, endpoint.authority());
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        if origins.len() >= ORIGINS_MAX && !origins.contains_key(&key) {
            origins.clear();
        }
        Ok(match origins.entry(key) {
            hash_map::Entry::Occupied(known) => Arc::clone(known.get()),
            hash_map::Entry::Vacant(new) => {
                let client = HttpClient::new(&HttpSettings {
                    endpoint: Endpoint { path: "/".to_owned(), ..endpoint.clone() },
                    // The operator wrote the hosts, in the file or in a setting.
                    reach: Reach::Internal,
                    tls: TlsSettings::default(),
                    connections_max: CONNECTIONS_MAX,
                    body_bytes_max: self.settings.answer_bytes_max,
                    authorization: None,
                });
                let client = client.map_err(|error| Undelivered::Unwritable(error.to_string()))?;
                let breaker = Breaker::new(FAILURES_MAX, PAUSE);
                Arc::clone(new.insert(Arc::new(Origin { client, breaker })))
            }
        })
    }
}

fn made(
    request: &HttpRequest,
    path: &str,
    forwarded_host: Option<&str>,
    file: Option<&[u8]>,
) -> Result<Request<Bytes>, Undelivered> {
    let method = match request.method {
        Method::Get => http::Method::GET,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Patch => http::Method::PATCH,
        Method::Delete => http::Method::DELETE,
    };
    let body = match (request.file_at, file) {
        (Some(at), Some(file)) => {
            let (before, after) = request.body.split_at(at.min(request.body.len()));
            [before, file, after].concat()
        }
        _ => request.body.clone(),
    };
    let mut builder = Request::builder().method(method).uri(path).header(header::ACCEPT, "*/*");
    for (name, value) in &request.headers {
        builder = builder.header(name, value);
    }
    if let Some(host) = forwarded_host {
        builder = builder.header("x-forwarded-host", host);
    }
    builder.body(body.into()).map_err(|error| Undelivered::Unwritable(error.to_string()))
}

fn read(answer: &Response<Bytes>) -> HttpResponse {
    let headers = answer.headers().iter();
    let headers = headers.map(|(name, value)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    });
    HttpResponse {
        status: answer.status().as_u16(),
        headers: headers.collect(),
        body: answer.body().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relays_are_read_and_shown() {
        let relay: Relay = "API.example.com=http://10.0.0.5:8080/wx".parse().unwrap();
        assert_eq!(relay.to_string(), "api.example.com=http://10.0.0.5:8080/wx");
        for wrong in ["", "a", "=http://a", "a=", "a b=http://a", "a=ftp://b", "a=b:1"] {
            assert!(wrong.parse::<Relay>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_file_goes_where_its_place_is() {
        let request = HttpRequest {
            method: Method::Post,
            url: String::new(),
            headers: vec![("x-kind".to_owned(), "a".to_owned())],
            body: b"<>".to_vec(),
            file_at: Some(1),
        };
        let made = made(&request, "/up?x=1", Some("api.example.com"), Some(b"file")).unwrap();
        assert_eq!(made.body().as_ref(), b"<file>");
        assert_eq!(
            (made.uri().to_string().as_str(), &made.headers()["x-kind"]),
            ("/up?x=1", &"a".parse().unwrap())
        );
        assert_eq!(made.headers()["x-forwarded-host"], "api.example.com");
    }
}
