//! Thrift over TCP and HTTP.

mod stream;

use std::{
    sync::{
        Arc,
        atomic::{AtomicI32, Ordering},
    },
    time::Instant,
};

use http::{HeaderValue, Method, Request, header};
use kefu_wire::{
    Error, Limits,
    thrift::{
        ApplicationException, ApplicationExceptionKind, Options, Protocol, Schema,
        rpc::{self, Body, Send},
        schema::Function,
    },
};

pub use self::stream::{Framing, Incoming, StreamError, ThriftStream, frame};
use crate::{
    Answer, CallError, Endpoint, HttpClient, HttpSettings, PoolState, Reach, TlsError, TlsSettings, Trouble,
    connection::{Connector, Stream},
    http::IDLE_MAX,
    pool::Pool,
};

/// Where a Thrift service is and how it is spoken to.
#[derive(Clone, Debug)]
pub struct ThriftSettings {
    /// Where it is; an address of HTTP means Thrift over HTTP.
    pub endpoint: Endpoint,
    /// Which addresses its host may have.
    pub reach: Reach,
    /// Whom to trust.
    pub tls: TlsSettings,
    /// Connections at most.
    pub connections_max: usize,
    /// What the header `Authorization` says, over HTTP.
    pub authorization: Option<HeaderValue>,
    /// The format of messages.
    pub protocol: Protocol,
    /// What goes around them; nothing over HTTP.
    pub framing: Framing,
    /// The service's name before each function's, if the server has several.
    pub multiplexed: Option<String>,
    /// What a message may cost.
    pub limits: Limits,
    /// How values become JSON.
    pub options: Options,
}

/// A client of one service of Thrift.
pub struct ThriftClient {
    channel: Channel,
    schema: Arc<Schema>,
    service: String,
    protocol: Protocol,
    framing: Framing,
    multiplexed: Option<String>,
    sequence: AtomicI32,
    limits: Limits,
    options: Options,
}

enum Channel {
    Tcp { connector: Connector, pool: Pool<ThriftStream<Stream>> },
    Http(HttpClient),
}

impl std::fmt::Debug for ThriftClient {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { service, protocol, framing, .. } = self;
        out.debug_struct("ThriftClient")
            .field("service", service)
            .field("protocol", protocol)
            .field("framing", framing)
            .finish_non_exhaustive()
    }
}

impl ThriftClient {
    /// Makes a client of a service of the schema; nothing is connected to before the first call.
    ///
    /// # Errors
    /// Certificates cannot be used.
    pub fn new(settings: &ThriftSettings, schema: Arc<Schema>, service: &str) -> Result<Self, TlsError> {
        let ThriftSettings { endpoint, reach, tls, connections_max, limits, .. } = settings;
        let channel = if endpoint.is_http() {
            Channel::Http(HttpClient::new(&HttpSettings {
                endpoint: endpoint.clone(),
                reach: *reach,
                tls: tls.clone(),
                connections_max: *connections_max,
                body_bytes_max: limits.message_bytes_max,
                authorization: settings.authorization.clone(),
            })?)
        } else {
            let connector = Connector::new(endpoint, *reach, tls)?;
            Channel::Tcp { connector, pool: Pool::new(*connections_max, IDLE_MAX) }
        };
        Ok(Self {
            channel,
            schema,
            service: service.to_owned(),
            protocol: settings.protocol,
            framing: settings.framing,
            multiplexed: settings.multiplexed.clone(),
            sequence: AtomicI32::new(1),
            limits: *limits,
            options: settings.options,
        })
    }

    /// How full its pool is.
    #[must_use]
    pub fn state(&self) -> PoolState {
        match &self.channel {
            Channel::Tcp { pool, .. } => pool.state(),
            Channel::Http(client) => client.state(),
        }
    }

    /// Calls a function with the JSON of its arguments, an object.
    ///
    /// # Errors
    /// The arguments do not fit the function, or there is no answer that fits it.
    pub async fn call(&self, function: &str, arguments: &[u8]) -> Result<Answer, CallError> {
        let service = self.schema.find_service(&self.service).map_err(CallError::Unwritable)?;
        let function = self.schema.find_function(service, function).map_err(CallError::Unwritable)?;
        let sequence = self.sequence.fetch_add(1, Ordering::Relaxed);
        let message = self.message(function, sequence, arguments).map_err(CallError::Unwritable)?;
        let Some((protocol, reply)) = self.exchange(message, sequence, function.oneway).await? else {
            return Ok(Answer::Nothing);
        };
        let mut json = Vec::new();
        let received = rpc::read_message(
            &self.schema,
            service,
            protocol,
            &reply,
            &self.limits,
            &self.options,
            &mut json,
        )
        .map_err(CallError::Unreadable)?;
        match received.body {
            Body::Failed(exception) => Err(CallError::Failed(exception)),
            _ if received.function != function.name || received.sequence != sequence => {
                Err(Trouble::Broken("an answer came to a call that was not made".to_owned()).into())
            }
            Body::Returned => Ok(Answer::Returned(json)),
            Body::Thrown => Ok(Answer::Thrown(json)),
            Body::Call | Body::Oneway => {
                Err(Trouble::Broken("a call came where an answer must stand".to_owned()).into())
            }
        }
    }

    fn message(&self, function: &Function, sequence: i32, arguments: &[u8]) -> Result<Vec<u8>, Error> {
        let name = match &self.multiplexed {
            Some(service) => &format!("{service}:{}", function.name),
            None => &function.name,
        };
        let mut out = Vec::with_capacity(arguments.len() + 64);
        rpc::write_message(
            &self.schema,
            function,
            self.protocol,
            name,
            sequence,
            Send::Call(arguments),
            &self.limits,
            &self.options,
            &mut out,
        )?;
        Ok(out)
    }

    /// Sends a message and waits for what comes back, and in which protocol; nothing does if it is one-way.
    async fn exchange(
        &self,
        message: Vec<u8>,
        sequence: i32,
        oneway: bool,
    ) -> Result<Option<(Protocol, Vec<u8>)>, CallError> {
        let (connector, pool) = match &self.channel {
            Channel::Http(client) => {
                let reply = exchange_http(client, message, oneway).await?;
                return Ok(reply.map(|reply| (self.protocol, reply)));
            }
            Channel::Tcp { connector, pool } => (connector, pool),
        };
        let bytes = frame(message, self.framing, self.protocol, sequence, Vec::new());
        let bytes = bytes.map_err(CallError::Unwritable)?;
        let place = pool.place().await;
        let idle = place.take(Instant::now(), |stream| stream.is_empty() && stream.get_mut().is_quiet());
        let mut stream = match idle {
            Some(stream) => stream,
            None => ThriftStream::new(connector.connect().await?, self.limits),
        };
        stream.send(&bytes).await.map_err(|error| Trouble::Broken(error.to_string()))?;
        if oneway {
            place.give_back(stream, Instant::now());
            return Ok(None);
        }
        let reply = match stream.receive(self.protocol, self.framing).await {
            Ok(Some(incoming)) => incoming,
            Ok(None) => return Err(Trouble::Broken("it was closed by the other side".to_owned()).into()),
            Err(StreamError::Io(error)) => return Err(Trouble::Broken(error.to_string()).into()),
            Err(StreamError::Message(error)) => return Err(CallError::Unreadable(error)),
        };
        // What belongs to another call, or does not end where the next begins, ends the connection. A header says the
        // protocol, and not every server answers in that of the call.
        let head = rpc::read_head(reply.protocol, &reply.message, &self.limits);
        let is_ours = head.is_ok_and(|head| head.sequence == sequence);
        if is_ours && stream.is_empty() {
            place.give_back(stream, Instant::now());
        }
        match business_error(&reply.headers) {
            Some(error) if is_ours => Err(CallError::Failed(error)),
            _ => Ok(Some((reply.protocol, reply.message))),
        }
    }
}

/// What kitex calls a business error: a number and a text in the header of a reply that has nothing in it.
fn business_error(headers: &[(String, String)]) -> Option<ApplicationException> {
    let find =
        |wanted: &str| headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let status: i32 = find("biz-status")?.parse().ok().filter(|status| *status != 0)?;
    let text = find("biz-message").unwrap_or_default();
    let message = format!("business error {status}: {text}");
    Some(ApplicationException { message, kind: ApplicationExceptionKind::Unknown })
}

async fn exchange_http(
    client: &HttpClient,
    message: Vec<u8>,
    oneway: bool,
) -> Result<Option<Vec<u8>>, CallError> {
    let request = Request::builder()
        .method(Method::POST)
        .uri(client.path())
        .header(header::CONTENT_TYPE, HeaderValue::from_static("application/x-thrift"))
        .header(header::ACCEPT, HeaderValue::from_static("application/x-thrift"))
        .body(message.into())
        .map_err(|error| Trouble::Broken(error.to_string()))?;
    let response = client.send(request).await?;
    let (head, body) = response.into_parts();
    if !head.status.is_success() {
        return Err(CallError::Status { status: head.status.as_u16(), body: body.into() });
    }
    Ok(if oneway { None } else { Some(body.into()) })
}

#[cfg(test)]
mod tests {
    use super::business_error;

    #[test]
    fn a_business_error_is_in_the_header() {
        let header = |status: &str| {
            let headers = [("biz-message", "no such ticket"), ("biz-status", status)];
            headers.map(|(name, value)| (name.to_owned(), value.to_owned()))
        };
        let error = business_error(&header("-404")).expect("it is one");
        assert_eq!(error.message, "business error -404: no such ticket");
        for none in ["0", "", "x"] {
            assert_eq!(business_error(&header(none)), None, "{none:?}");
        }
        assert_eq!(business_error(&[]), None);
    }
}
