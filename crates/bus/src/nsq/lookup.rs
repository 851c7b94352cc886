//! What nsqlookupd knows.

use std::{collections::BTreeSet, time::Duration};

use bytes::Bytes;
use http::{Request, header};
use kefu_upstream::{Endpoint, HttpClient, HttpSettings, Reach, TlsError, TlsSettings};
use serde::{Deserialize, de::DeserializeOwned};
use tokio::time::timeout;
use tracing::warn;

use crate::{Pattern, Topic};

/// How long one may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(5);
/// Bytes of an answer at most.
const ANSWER_BYTES_MAX: usize = 4 << 20;

/// One nsqlookupd.
pub(super) struct Lookupd {
    address: String,
    client: HttpClient,
}

#[derive(Deserialize)]
struct Topics {
    topics: Vec<String>,
}

#[derive(Deserialize)]
struct Producers {
    producers: Vec<Producer>,
}

#[derive(Deserialize)]
struct Producer {
    broadcast_address: String,
    tcp_port: u16,
}

impl Lookupd {
    pub(super) fn new(endpoint: &Endpoint, tls: &TlsSettings) -> Result<Self, TlsError> {
        let settings = HttpSettings {
            endpoint: endpoint.clone(),
            reach: Reach::Internal,
            tls: tls.clone(),
            connections_max: 2,
            body_bytes_max: ANSWER_BYTES_MAX,
            authorization: None,
        };
        Ok(Self { address: endpoint.to_string(), client: HttpClient::new(&settings)? })
    }

    /// The topics that it knows and a pattern means.
    pub(super) async fn topics(&self, pattern: &Pattern) -> BTreeSet<Topic> {
        let answer: Option<Topics> = self.get("/topics").await;
        let names = answer.map(|answer| answer.topics).unwrap_or_default();
        // Dead letters are for those who ask for them by name.
        let topics = names.iter().filter_map(|name| name.parse::<Topic>().ok());
        topics.filter(|topic| pattern.matches(topic) && !topic.as_str().ends_with(".dead")).collect()
    }

    /// The instances of nsqd that have a topic.
    pub(super) async fn nsqd(&self, topic: &Topic) -> Vec<Endpoint> {
        let answer: Option<Producers> = self.get(&format!("/lookup?topic={topic}")).await;
        let producers = answer.map(|answer| answer.producers).unwrap_or_default();
        let endpoints = producers.into_iter().filter(|producer| producer.tcp_port != 0);
        endpoints
            .map(|producer| Endpoint {
                is_tls: false,
                host: producer.broadcast_address,
                port: producer.tcp_port,
                path: String::new(),
            })
            .collect()
    }

    /// What it answers; none if it is away or does not know.
    async fn get<T: DeserializeOwned>(&self, path: &str) -> Option<T> {
        let request = Request::get(path)
            .header(header::ACCEPT, "application/vnd.nsq; version=1.0")
            .body(Bytes::new())
            .expect("names of topics can stand in an address");
        let address = &self.address;
        let answer = match timeout(ANSWER_MAX, self.client.send(request)).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(error)) => {
                warn!(%address, %error, "nsqlookupd cannot be asked");
                return None;
            }
            Err(_) => {
                warn!(%address, "nsqlookupd took too long");
                return None;
            }
        };
        // 404 says that it knows no such topic.
        if answer.status() == http::StatusCode::NOT_FOUND {
            return None;
        }
        serde_json::from_slice(answer.body())
            .inspect_err(|error| warn!(%address, status = %answer.status(), %error, "nsqlookupd does not answer as it should"))
            .ok()
    }
}
