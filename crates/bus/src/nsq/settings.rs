use std::time::Duration;

use kefu_upstream::{Endpoint, TlsSettings};

use crate::{Limits, Topic};

/// Which servers of NSQ to use, and how.
#[derive(Clone, Debug)]
pub struct NsqSettings {
    /// Instances of nsqd: told to the first of them that answers, and heard from all of them.
    pub nsqd: Vec<Endpoint>,
    /// Instances of nsqlookupd, which know more of them to hear from.
    pub lookupd: Vec<Endpoint>,
    /// Topics that there are, for patterns with `*` and `>`; those that nsqlookupd knows come on top.
    pub topics: Vec<Topic>,
    /// What nsqd's pages call us.
    pub client_name: String,
    /// Whom to trust, if all connections to nsqd are to be encrypted. Those to an address with `tls://` are in any case,
    /// and trust whom the system trusts if nothing is said here.
    pub tls: Option<TlsSettings>,
    /// How connections to nsqd are compressed.
    pub compression: NsqCompression,
    /// How much each subscription takes on at once.
    pub limits: Limits,
    /// How long an event may take until an nsqd has it.
    pub publish_max: Duration,
    /// An event that is to be told again after a longer wait than this goes back to nsqd, where it loses its order.
    pub hold_max: Duration,
    /// How often instances of nsqlookupd are asked.
    pub lookup_every: Duration,
}

impl Default for NsqSettings {
    fn default() -> Self {
        Self {
            nsqd: Vec::new(),
            lookupd: Vec::new(),
            topics: Vec::new(),
            client_name: "kefu".to_owned(),
            tls: None,
            compression: NsqCompression::None,
            limits: Limits::default(),
            publish_max: Duration::from_secs(10),
            hold_max: Duration::from_secs(60),
            lookup_every: Duration::from_secs(60),
        }
    }
}

/// How connections to nsqd are compressed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum NsqCompression {
    /// Not at all.
    #[default]
    None,
    /// Quickly.
    Snappy,
    /// Well, at a level from 1 to 9.
    Deflate(u8),
}
