//! `kefu serve`: the chat daemon.
//!
//! - `desk` owns every conversation: one task takes all changes, commits them in groups and tells the
//!   sockets. It is the only writer of the store.
//! - `live` carries chat frames between a connection and the desk, over WebSocket or server-sent events.
//! - `http` is the REST interface, `auth` says who somebody is, `listener` accepts connections and bounds
//!   them, `run` starts and stops everything.

mod address;
mod args;
mod assets;
mod audit;
mod auth;
mod blocks;
#[cfg(feature = "channels")]
mod channels;
mod clock;
mod demo;
mod descriptors;
mod desk;
#[cfg(feature = "events")]
mod events;
#[cfg(feature = "bridge")]
mod external;
#[cfg(feature = "migrate")]
mod feed;
mod files;
mod first;
#[cfg_attr(not(feature = "bridge"), path = "gateway/absent.rs")]
mod gateway;
#[cfg_attr(not(feature = "graphql"), path = "graphql/absent.rs")]
mod graphql;
mod health;
mod help;
mod html;
mod http;
mod identity;
mod limits;
mod listener;
mod live;
mod maintenance;
mod markdown;
mod masking;
mod metrics;
mod opening;
mod outgoing;
mod privacy;
mod problem;
mod readings;
mod reply_times;
mod reports;
mod reseal;
mod run;
mod services;
mod settings;
mod standby;
mod syslog;
mod trails;
mod transcript;
mod view;
mod words;

pub use args::Args;
pub use run::run;
pub use settings::Settings;
