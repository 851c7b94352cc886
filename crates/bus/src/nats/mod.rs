//! NATS JetStream.
//!
//! Events stand in one stream, a group is a durable consumer of it for each of its patterns. A server drops what was told
//! twice within two minutes, by the event's id. Events that are to be told again are kept here and the server is told
//! that they are being worked on, so that order holds.

mod consumer;
mod pull;
mod settings;

use std::{sync::Arc, time::Duration};

use async_nats::{
    Client, ConnectOptions, HeaderMap, ServerAddr,
    connection::State,
    jetstream::{
        self, Context,
        context::{PublishError as NatsPublishError, PublishErrorKind},
        message::PublishMessage,
        stream::{Config, StorageType, Stream},
    },
};
use tokio::{
    sync::{Mutex, OnceCell},
    time::timeout,
};

use crate::{
    EVENT_MEDIA_TYPE, Event, Group, Handler, Pattern, PublishError, Subscription, Topic, backoff::Backoff,
    bus::told_at,
};

pub use settings::{NatsLogin, NatsSettings};

/// How long a server remembers ids.
const DUPLICATES: Duration = Duration::from_secs(120);
/// Events that are under way at once at most; the client itself takes several times as many.
const BATCH_MAX: usize = 1000;
/// How long a request may take, or as long as publishing may.
const REQUEST_MAX: Duration = Duration::from_secs(10);
/// How long to wait for a server that is away.
const RECONNECT: Backoff = Backoff { first: Duration::from_millis(100), max: Duration::from_secs(10) };

/// A client of NATS JetStream.
pub struct Nats {
    shared: Arc<Shared>,
}

/// Settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum NatsError {
    /// A name that no stream can have.
    #[error("`{0}` is no name for a stream: those have 1 to 32 lower-case letters, digits and `_`")]
    Name(String),
    /// There is no address.
    #[error("the settings name no server")]
    Nowhere,
    /// An address cannot be read.
    #[error("cannot use the address `{address}`: {cause}")]
    Address {
        /// Which.
        address: String,
        /// Why.
        cause: String,
    },
    /// A login stands in the address of this host.
    #[error("the address of {0} has a login in it, which cannot stand there")]
    Login(String),
    /// The login or the certificates cannot be used.
    #[error("cannot prepare the connection: {0}")]
    Prepare(String),
}

struct Shared {
    settings: NatsSettings,
    client: Client,
    context: Context,
    streams: OnceCell<Stream>,
    /// Held while events of one call are handed to the client: with all of its places taken by calls that wait for
    /// more of them, none would go on.
    sending: Mutex<()>,
}

impl Nats {
    /// Prepares a client; a server that is away is tried for ever.
    ///
    /// # Errors
    /// The settings cannot be used.
    pub async fn open(settings: NatsSettings) -> Result<Self, NatsError> {
        let is_good = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if !(1..=32).contains(&settings.name.len()) || !settings.name.bytes().all(is_good) {
            return Err(NatsError::Name(settings.name));
        }
        let addresses = settings.servers.iter().map(|address| server(address));
        let addresses = addresses.collect::<Result<Vec<_>, _>>()?;
        if addresses.is_empty() {
            return Err(NatsError::Nowhere);
        }
        let prepared = |error: &dyn std::fmt::Display| NatsError::Prepare(error.to_string());
        let options = options(&settings).await.map_err(|error| prepared(&error))?;
        let client = options.connect(addresses).await.map_err(|error| prepared(&error))?;
        let mut context = jetstream::new(client.clone());
        // By itself the client would give up waiting for a confirmation sooner.
        context.set_timeout(settings.publish_max.max(REQUEST_MAX));
        let shared =
            Shared { settings, client, context, streams: OnceCell::new(), sending: Mutex::default() };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Checks the address of a server, as [`Nats::open`] does.
    ///
    /// # Errors
    /// It cannot be used.
    pub fn check(address: &str) -> Result<(), NatsError> {
        server(address).map(drop)
    }

    /// Tells events; a stream has all of them when this returns well.
    pub(crate) async fn publish(&self, above: Option<&Topic>, events: &[Event]) -> Result<(), PublishError> {
        let publish_max = self.shared.settings.publish_max;
        let told = timeout(publish_max, async {
            self.shared.stream().await?;
            for batch in events.chunks(BATCH_MAX) {
                self.shared.publish(above, batch).await?;
            }
            Ok(())
        });
        told.await.unwrap_or_else(|_| {
            if self.shared.client.connection_state() == State::Connected {
                Err(PublishError::TimedOut(publish_max))
            } else {
                Err(self.shared.away(&"there is no connection"))
            }
        })
    }

    pub(crate) fn subscribe(
        &self,
        pattern: &Pattern,
        group: &Group,
        handler: Arc<dyn Handler>,
    ) -> Subscription {
        let (shared, pattern, group) = (Arc::clone(&self.shared), pattern.clone(), group.clone());
        Subscription::start(|ready, stopping| consumer::run(shared, pattern, group, handler, ready, stopping))
    }
}

/// Reads the address of a server.
fn server(address: &str) -> Result<ServerAddr, NatsError> {
    let server: ServerAddr = address.parse().map_err(|error: std::io::Error| NatsError::Address {
        // Without a login, which would be a secret in a log.
        address: address.rsplit_once('@').map_or(address, |(_, host)| host).to_owned(),
        cause: error.to_string(),
    })?;
    // The client would leave it out.
    if server.has_user_pass() {
        return Err(NatsError::Login(server.host().to_owned()));
    }
    Ok(server)
}

async fn options(settings: &NatsSettings) -> std::io::Result<ConnectOptions> {
    let mut options = ConnectOptions::new()
        .name(&settings.client_name)
        .retry_on_initial_connect()
        .reconnect_delay_callback(|tries| RECONNECT.wait(u32::try_from(tries).unwrap_or(u32::MAX)));
    if let Some(path) = &settings.ca_file {
        options = options.add_root_certificates(path.clone());
    }
    if let Some((certificate, key)) = &settings.identity {
        options = options.add_client_certificate(certificate.clone(), key.clone());
    }
    match &settings.login {
        NatsLogin::Nobody => Ok(options),
        NatsLogin::User { name, password } => Ok(options.user_and_password(name.clone(), password.clone())),
        NatsLogin::Token(token) => Ok(options.token(token.clone())),
        NatsLogin::Key(seed) => Ok(options.nkey(seed.clone())),
        NatsLogin::Credentials(path) => options.credentials_file(path).await,
    }
}

impl Shared {
    fn subject(&self, topic: &str) -> String {
        format!("{}.{topic}", self.settings.name)
    }

    fn dead_subject(&self, topic: &Topic) -> String {
        format!("{}_dead.{topic}", self.settings.name)
    }

    fn away(&self, cause: &dyn std::fmt::Display) -> PublishError {
        PublishError::away(&self.settings.servers.join(", "), cause)
    }

    /// The stream of events, which is made if there is none, as is that of the dead letters.
    async fn stream(&self) -> Result<&Stream, PublishError> {
        self.streams.get_or_try_init(|| self.make_streams()).await
    }

    async fn make_streams(&self) -> Result<Stream, PublishError> {
        let name = &self.settings.name;
        self.make_stream(&format!("{name}_dead"), "dead letters of kefu's events").await?;
        self.make_stream(name, "events of kefu").await
    }

    async fn make_stream(&self, name: &str, description: &str) -> Result<Stream, PublishError> {
        let config = Config {
            name: name.to_uppercase(),
            subjects: vec![format!("{name}.>")],
            description: Some(description.to_owned()),
            storage: StorageType::File,
            num_replicas: self.settings.replicas.max(1),
            max_age: self.settings.age_max,
            duplicate_window: DUPLICATES.min(self.settings.age_max),
            allow_direct: true,
            ..Config::default()
        };
        self.context.get_or_create_stream(config).await.map_err(|error| self.away(&error))
    }

    async fn publish(&self, above: Option<&Topic>, events: &[Event]) -> Result<(), PublishError> {
        let mut acks = Vec::with_capacity(events.len());
        {
            let _sending = self.sending.lock().await;
            for event in events {
                let json = event.to_json().map_err(|cause| PublishError::Event { id: event.id, cause })?;
                let topic = told_at(event, above)?;
                let subject = self.subject(topic.as_str());
                // What is told at two topics is not told twice.
                let id = above.map_or_else(|| event.id.to_string(), |above| format!("{}:{above}", event.id));
                let sent = self.context.send_publish(subject, message(&id, json)).await;
                acks.push(sent.map_err(|error| self.publish_error(&error))?);
            }
        }
        for ack in acks {
            ack.await.map_err(|error| self.publish_error(&error))?;
        }
        Ok(())
    }

    fn publish_error(&self, error: &NatsPublishError) -> PublishError {
        match error.kind() {
            PublishErrorKind::TimedOut | PublishErrorKind::BrokenPipe => self.away(error),
            _ => {
                PublishError::Refused { server: self.settings.servers.join(", "), answer: error.to_string() }
            }
        }
    }
}

/// A message that a server takes once.
fn message(id: &str, body: Vec<u8>) -> PublishMessage {
    let mut headers = HeaderMap::new();
    headers.insert("Content-Type", EVENT_MEDIA_TYPE);
    PublishMessage::build().headers(headers).message_id(id).payload(body.into())
}
