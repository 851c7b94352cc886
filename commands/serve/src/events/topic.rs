//! Events on topics of a bus with a server.

use std::sync::Arc;

use kefu_bus::embedded::Subscriber;
use kefu_upstream::Endpoint;

use super::{Door, Spec};
use crate::settings::EventSettings;

/// The bus that subscriptions of the kind `topic` pass events on to; connected to when the first one does.
pub(super) struct Topics {
    #[cfg(any(feature = "nats", feature = "nsq"))]
    settings: EventSettings,
    #[cfg(any(feature = "nats", feature = "nsq"))]
    bus: tokio::sync::OnceCell<kefu_bus::Bus>,
}

/// Whether there is a bus to pass events on to.
///
/// # Errors
/// With what is missing.
pub(crate) fn check(settings: &EventSettings) -> Result<(), String> {
    match (settings.nsq.is_empty(), settings.nats.is_empty()) {
        (true, true) => Err("there is no bus: serve.events.nsq or serve.events.nats names one".to_owned()),
        (false, false) => {
            Err("one of serve.events.nsq and serve.events.nats can be used, not both".to_owned())
        }
        (false, true) if cfg!(feature = "nsq") => addresses(&settings.nsq).map(drop),
        #[cfg(feature = "nats")]
        (true, false) => settings.nats.iter().try_for_each(|address| {
            kefu_bus::Nats::check(address).map_err(|error| format!("serve.events.nats: {error}"))
        }),
        _ => Err("this kefu was built without that bus (the features `nsq` and `nats`)".to_owned()),
    }
}

/// Reads addresses of instances of nsqd.
fn addresses(texts: &[String]) -> Result<Vec<Endpoint>, String> {
    let read = |text: &String| match text.parse::<Endpoint>() {
        Ok(endpoint) if endpoint.is_http() => {
            Err(format!("serve.events.nsq: `{text}` must be `host:port` or `tls://host:port`"))
        }
        read => read.map_err(|error| format!("serve.events.nsq: `{text}`: {error}")),
    };
    texts.iter().map(read).collect()
}

#[cfg(any(feature = "nats", feature = "nsq"))]
mod passing {
    use futures_util::future::BoxFuture;
    use kefu_bus::{
        Bus, Event, Outcome, Topic,
        embedded::{Telling, Told},
    };

    use super::{Arc, Door, EventSettings, Spec, Subscriber, Topics};

    impl Topics {
        pub(in super::super) fn new(settings: &EventSettings) -> Self {
            Self { settings: settings.clone(), bus: tokio::sync::OnceCell::new() }
        }

        /// Makes who passes events on.
        pub(in super::super) fn subscriber(
            self: &Arc<Self>,
            spec: &Spec,
            door: Door,
        ) -> Result<Arc<dyn Subscriber>, String> {
            let topic = spec.topic.clone().ok_or("it has no topic")?;
            Ok(Arc::new(Passer { topics: Arc::clone(self), topic, door }))
        }

        async fn bus(&self) -> Result<&Bus, String> {
            self.bus.get_or_try_init(|| open(&self.settings)).await
        }
    }

    async fn open(settings: &EventSettings) -> Result<Bus, String> {
        #[cfg(feature = "nsq")]
        if !settings.nsq.is_empty() {
            let nsqd = super::addresses(&settings.nsq)?;
            let nsq = kefu_bus::Nsq::open(kefu_bus::NsqSettings { nsqd, ..kefu_bus::NsqSettings::default() });
            return nsq.map(Bus::Nsq).map_err(|error| error.to_string());
        }
        #[cfg(feature = "nats")]
        if !settings.nats.is_empty() {
            let servers = settings.nats.clone();
            let nats = kefu_bus::NatsSettings { servers, ..kefu_bus::NatsSettings::default() };
            return kefu_bus::Nats::open(nats).await.map(Bus::Nats).map_err(|error| error.to_string());
        }
        super::check(settings).and_then(|()| Err("there is no bus".to_owned()))
    }

    /// Passes events on as they are, at topics of a bus that begin with one of its own.
    struct Passer {
        topics: Arc<Topics>,
        topic: Topic,
        door: Door,
    }

    impl Passer {
        async fn pass(&self, event: &Event) -> Result<(), String> {
            let told = self.topics.bus().await?.publish_below(&self.topic, std::slice::from_ref(event)).await;
            told.map_err(|error| error.to_string())
        }
    }

    impl Subscriber for Passer {
        fn tell<'a>(&'a self, telling: Telling<'a>) -> BoxFuture<'a, Told> {
            Box::pin(async move {
                if let Some(told) = self.door.held_back("topic", &telling).await {
                    return told;
                }
                let outcome = match self.pass(&telling.heard.event).await {
                    Ok(()) => Outcome::Done,
                    Err(why) => Outcome::Again { after: None, why },
                };
                Told { outcome, attempt: None }
            })
        }
    }
}

#[cfg(not(any(feature = "nats", feature = "nsq")))]
impl Topics {
    pub(super) fn new(_settings: &EventSettings) -> Self {
        Self {}
    }

    pub(super) fn subscriber(
        self: &Arc<Self>,
        _spec: &Spec,
        _door: Door,
    ) -> Result<Arc<dyn Subscriber>, String> {
        Err("this kefu was built without a bus (the features `nsq` and `nats`)".to_owned())
    }
}
