use std::{fmt, path::PathBuf, time::Duration};

use crate::Limits;

/// Which servers of NATS to use, and how.
#[derive(Clone, Debug)]
pub struct NatsSettings {
    /// Addresses such as `nats://host:4222` or `tls://host:4222`; those of a cluster find each other.
    pub servers: Vec<String>,
    /// What subjects begin with: events are at `kefu.message.created` in the stream `KEFU`, dead letters at
    /// `kefu_dead.message.created` in `KEFU_DEAD`.
    pub name: String,
    /// What the server's pages call us.
    pub client_name: String,
    /// Who we are to the servers.
    pub login: NatsLogin,
    /// A file of certificates (PEM) to trust in place of those of the system.
    pub ca_file: Option<PathBuf>,
    /// Files of our own certificate and its key (PEM), for servers that ask for one.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// How many servers of a cluster keep each event. Counts when the streams are made.
    pub replicas: usize,
    /// How long events are kept. Counts when the streams are made.
    pub age_max: Duration,
    /// After how long without a sign of life an event is told again, to whoever is there then.
    pub ack_wait: Duration,
    /// How much each subscription takes on at once.
    pub limits: Limits,
    /// How long events may take until a server has them.
    pub publish_max: Duration,
}

impl Default for NatsSettings {
    fn default() -> Self {
        Self {
            servers: Vec::new(),
            name: "kefu".to_owned(),
            client_name: "kefu".to_owned(),
            login: NatsLogin::Nobody,
            ca_file: None,
            identity: None,
            replicas: 1,
            age_max: Duration::from_secs(7 * 86_400),
            ack_wait: Duration::from_secs(30),
            limits: Limits::default(),
            publish_max: Duration::from_secs(10),
        }
    }
}

/// Who we are to servers of NATS.
#[derive(Clone)]
pub enum NatsLogin {
    /// Nobody in particular.
    Nobody,
    /// A user with a password.
    User {
        /// The name.
        name: String,
        /// The password.
        password: String,
    },
    /// Whoever has this token.
    Token(String),
    /// Whoever has the key of this seed.
    Key(String),
    /// Whoever a file of credentials says.
    Credentials(PathBuf),
}

impl fmt::Debug for NatsLogin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("Nobody"),
            Self::User { name, .. } => f.debug_struct("User").field("name", name).finish_non_exhaustive(),
            Self::Token(_) => f.write_str("Token(…)"),
            Self::Key(_) => f.write_str("Key(…)"),
            Self::Credentials(path) => f.debug_tuple("Credentials").field(path).finish(),
        }
    }
}
