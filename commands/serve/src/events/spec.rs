//! What subscriptions ask for, from the API and from the configuration.

use std::{collections::BTreeMap, net::IpAddr};

use http::{HeaderName, HeaderValue};
use kefu_bus::{Pattern, Topic, embedded::delivery_id, happened::Kind};
use kefu_core::{Micros, TicketPriority};
use kefu_store::EventSubscription;
use kefu_upstream::{Endpoint, Reach};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Subscription, topic};
use crate::settings::{EventSettings, SubscriptionSettings};

/// Most topics of a subscription.
const TOPICS_MAX: usize = 50;
/// Most inboxes of a subscription.
const INBOXES_MAX: usize = 200;
/// Most bytes of an address.
const URL_BYTES_MAX: usize = 2048;
/// Most headers of a webhook's own.
const HEADERS_MAX: usize = 16;
/// Most bytes of one of their values.
const HEADER_BYTES_MAX: usize = 1024;
/// Most characters of a reply, and of a ticket's subject.
const TEXT_CHARS_MAX: usize = 4000;
const SUBJECT_CHARS_MAX: usize = 200;
/// Most tags of an action.
const TAGS_MAX: usize = 20;
/// What ids of subscriptions in the configuration are made of, with their names.
const FIXED: Uuid = Uuid::from_u128(0x6b65_6675_0000_8000_8000_7375_6273_6372);

/// How a department hears.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SubscriptionKind {
    /// By a request to an address.
    Webhook,
    /// By a topic of a bus.
    Topic,
    /// kefu does something itself.
    Action,
}

/// What a subscription asks for.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Spec {
    pub(crate) topics: Vec<Pattern>,
    /// All if there are none.
    pub(crate) inboxes: Vec<Uuid>,
    pub(crate) kind: SubscriptionKind,
    /// Of a webhook; empty otherwise.
    #[serde(default)]
    pub(crate) url: String,
    #[serde(default)]
    pub(crate) topic: Option<Topic>,
    #[serde(default)]
    pub(crate) action: Option<ActionSpec>,
}

/// What kefu does itself.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "do", rename_all = "lowercase")]
pub(crate) enum ActionSpec {
    /// Hands the conversation to an agent or to a team.
    Assign {
        #[serde(default, skip_serializing_if = "Option::is_none")]
        agent_id: Option<Uuid>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        team_id: Option<Uuid>,
    },
    /// Adds tags to the conversation.
    Tag { tags: Vec<Uuid> },
    /// Makes a ticket of the conversation.
    Ticket {
        subject: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        priority: Option<TicketPriority>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        assignee_id: Option<Uuid>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        team_id: Option<Uuid>,
        #[serde(default)]
        tags: Vec<Uuid>,
    },
    /// Says something in the conversation.
    Reply { text: String },
}

/// What a subscription keeps to itself.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(crate) struct Kept {
    /// What requests are signed with.
    pub(crate) secret: String,
    /// Headers that its requests have besides.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
}

/// Why a subscription cannot be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SpecError {
    pub(crate) field: &'static str,
    pub(crate) detail: String,
}

fn wrong(field: &'static str, detail: impl Into<String>) -> SpecError {
    SpecError { field, detail: detail.into() }
}

impl Spec {
    /// Checks what needs no look at the store.
    ///
    /// # Errors
    /// With the field that is to blame.
    pub(crate) fn check(&self, settings: &EventSettings) -> Result<(), SpecError> {
        if self.topics.is_empty() || self.topics.len() > TOPICS_MAX {
            return Err(wrong("topics", format!("between 1 and {TOPICS_MAX} topics must be given")));
        }
        for pattern in &self.topics {
            let known = |kind: Kind| kind.topic().parse().is_ok_and(|topic| pattern.matches(&topic));
            if !Kind::ALL.into_iter().any(known) {
                return Err(wrong("topics", format!("no event has the topic `{pattern}`")));
            }
        }
        if self.inboxes.len() > INBOXES_MAX {
            return Err(wrong("inboxes", format!("at most {INBOXES_MAX} inboxes can be given")));
        }
        match self.kind {
            SubscriptionKind::Webhook => check_url(&self.url, settings.allow_internal),
            SubscriptionKind::Topic if self.topic.is_none() => Err(wrong("topic", "must be given")),
            SubscriptionKind::Topic => topic::check(settings).map_err(|why| wrong("kind", why)),
            SubscriptionKind::Action => match &self.action {
                Some(action) => action.check(),
                None => Err(wrong("action", "must be given")),
            },
        }
    }
}

/// What leads inwards by its very words is refused at once; names are looked at when they are looked up, and what
/// they lead to is what is connected to.
fn check_url(url: &str, allow_internal: bool) -> Result<(), SpecError> {
    if url.len() > URL_BYTES_MAX {
        return Err(wrong("url", format!("at most {URL_BYTES_MAX} bytes are taken")));
    }
    let endpoint: Endpoint = url.parse().map_err(|error| wrong("url", format!("{error}")))?;
    if !endpoint.is_http() {
        return Err(wrong("url", "must begin with http:// or https://"));
    }
    let reach = if allow_internal { Reach::Internal } else { Reach::Public };
    if endpoint.host.parse::<IpAddr>().is_ok_and(|address| !reach.allows(address)) {
        return Err(wrong("url", "is an internal address: serve.events.allow_internal lets those in"));
    }
    Ok(())
}

impl ActionSpec {
    /// Reads an action.
    ///
    /// # Errors
    /// It is none.
    pub(crate) fn read(value: Value) -> Result<Self, SpecError> {
        serde_json::from_value(value).map_err(|error| wrong("action", error.to_string()))
    }

    fn check(&self) -> Result<(), SpecError> {
        let chars = |text: &str, most: usize| {
            let count = text.trim().chars().count();
            let is_good = count > 0 && count <= most;
            is_good
                .then_some(())
                .ok_or_else(|| wrong("action", format!("between 1 and {most} characters must be given")))
        };
        let few = |tags: &[Uuid]| {
            (tags.len() <= TAGS_MAX)
                .then_some(())
                .ok_or_else(|| wrong("action", format!("at most {TAGS_MAX} tags can be given")))
        };
        match self {
            Self::Assign { agent_id, team_id } if agent_id.is_some() == team_id.is_some() => {
                Err(wrong("action", "either `agent_id` or `team_id` must be given"))
            }
            Self::Assign { .. } => Ok(()),
            Self::Tag { tags } if tags.is_empty() => Err(wrong("action", "`tags` must be given")),
            Self::Tag { tags } => few(tags),
            Self::Ticket { subject, tags, .. } => {
                chars(subject, SUBJECT_CHARS_MAX)?;
                few(tags)
            }
            Self::Reply { text } => chars(text, TEXT_CHARS_MAX),
        }
    }
}

/// Headers of a webhook's own, if they are few, can be sent, and are none of those that say what is sent.
///
/// # Errors
/// With what is wrong.
pub(crate) fn checked_headers(
    headers: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, SpecError> {
    const TAKEN: [&str; 7] =
        ["connection", "content-length", "content-type", "host", "te", "transfer-encoding", "upgrade"];
    if headers.len() > HEADERS_MAX {
        return Err(wrong("headers", format!("at most {HEADERS_MAX} headers can be given")));
    }
    let mut checked = BTreeMap::new();
    for (name, value) in headers {
        let lower = name.to_ascii_lowercase();
        if HeaderName::try_from(&lower).is_err() || name.len() > 100 {
            return Err(wrong("headers", "a name of a header has letters, digits and hyphens"));
        }
        if TAKEN.contains(&lower.as_str()) || lower.starts_with("x-kefu-") {
            return Err(wrong("headers", format!("`{lower}` is kefu's own to say")));
        }
        if value.len() > HEADER_BYTES_MAX || HeaderValue::try_from(&value).is_err() {
            let detail =
                format!("the value of `{lower}` must have at most {HEADER_BYTES_MAX} printable characters");
            return Err(wrong("headers", detail));
        }
        checked.insert(lower, value);
    }
    Ok(checked)
}

/// The id of a subscription of the configuration, which is made of its name.
pub(crate) fn fixed_id(name: &str) -> Uuid {
    delivery_id(name, FIXED)
}

/// A subscription of the configuration.
pub(super) fn fixed(name: &str, settings: &SubscriptionSettings) -> Subscription {
    let (spec, kept) = read(settings).expect("it was read when the settings were checked");
    let row = EventSubscription {
        id: fixed_id(name),
        name: name.to_owned(),
        settings: String::new(),
        sealed: Vec::new(),
        is_enabled: true,
        version: 1,
        created_at: Micros::default(),
        updated_at: Micros::default(),
    };
    Subscription { row, spec, kept, is_fixed: true }
}

/// Reads a subscription of the configuration.
///
/// # Errors
/// With the key that is to blame.
pub(crate) fn read(settings: &SubscriptionSettings) -> Result<(Spec, Kept), SpecError> {
    let action = settings.action.iter().map(|(name, value)| (name.to_owned(), action_value(name, value)));
    let action: serde_json::Map<_, _> = action.collect();
    let kind = match (settings.url.is_some(), settings.topic.is_some(), !action.is_empty()) {
        (true, false, false) => SubscriptionKind::Webhook,
        (false, true, false) => SubscriptionKind::Topic,
        (false, false, true) => SubscriptionKind::Action,
        _ => return Err(wrong("url", "one of `url`, `topic` and `action` must be given, and only one")),
    };
    let topics = settings
        .topics
        .iter()
        .map(|topic| topic.parse().map_err(|error| wrong("topics", format!("{error}"))));
    let inboxes = settings.inboxes.iter().map(|id| {
        Uuid::try_parse(id).map_err(|_| wrong("inboxes", format!("`{id}` is not the id of an inbox")))
    });
    let topic = settings.topic.as_deref().map(str::parse).transpose();
    let spec = Spec {
        topics: topics.collect::<Result<_, _>>()?,
        inboxes: inboxes.collect::<Result<_, _>>()?,
        kind,
        url: settings.url.clone().unwrap_or_default(),
        topic: topic.map_err(|error| wrong("topic", format!("{error}")))?,
        action: (!action.is_empty()).then(|| ActionSpec::read(Value::Object(action))).transpose()?,
    };
    let secret = settings.secret.as_ref().map(|secret| secret.reveal().to_owned()).unwrap_or_default();
    if kind == SubscriptionKind::Webhook && secret.is_empty() {
        return Err(wrong("secret", "must be given: requests are signed with it"));
    }
    let headers = settings.headers.iter().map(|(name, value)| (name.to_owned(), value.clone()));
    Ok((spec, Kept { secret, headers: checked_headers(headers.collect())? }))
}

/// Lists are written with commas between what is in them.
fn action_value(name: &str, value: &str) -> Value {
    match name {
        "tags" => value.split(',').map(str::trim).filter(|part| !part.is_empty()).collect(),
        _ => json!(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outside() -> EventSettings {
        EventSettings::default()
    }

    fn inside() -> EventSettings {
        EventSettings { allow_internal: true, ..EventSettings::default() }
    }

    fn webhook(url: &str) -> Spec {
        Spec {
            topics: vec!["chat.rated".parse().unwrap()],
            inboxes: Vec::new(),
            kind: SubscriptionKind::Webhook,
            url: url.to_owned(),
            topic: None,
            action: None,
        }
    }

    #[test]
    fn addresses_that_lead_inwards_are_refused_unless_they_are_let_in() {
        let inward =
            ["http://127.0.0.1/", "http://[::1]:9/x", "https://10.0.0.1/", "http://[::ffff:10.0.0.1]/"];
        for url in inward {
            assert_eq!(webhook(url).check(&outside()).unwrap_err().field, "url", "{url}");
            assert_eq!(webhook(url).check(&inside()), Ok(()), "{url}");
        }
        for url in ["http://169.254.169.254/latest", "ftp://a/", "tcp://a:1", "nonsense", "http://u:p@a/"] {
            assert_eq!(webhook(url).check(&inside()).unwrap_err().field, "url", "{url}");
        }
        assert_eq!(webhook("https://hooks.example/in").check(&outside()), Ok(()));
    }

    #[test]
    fn topics_that_nothing_has_are_told() {
        let mut spec = webhook("https://hooks.example/in");
        spec.topics = vec!["mesage.created".parse().unwrap()];
        assert!(spec.check(&outside()).unwrap_err().detail.contains("mesage.created"));
        spec.topics = vec!["conversation.*".parse().unwrap(), ">".parse().unwrap()];
        assert_eq!(spec.check(&outside()), Ok(()));
        spec.topics.clear();
        assert_eq!(spec.check(&outside()).unwrap_err().field, "topics");
    }

    #[test]
    fn headers_leave_what_is_sent_alone() {
        let check = |name: &str, value: &str| checked_headers([(name.to_owned(), value.to_owned())].into());
        assert_eq!(check("X-Team", "sales").unwrap()["x-team"], "sales");
        for (name, value) in
            [("Host", "a"), ("x-kefu-delivery", "1"), ("a b", "c"), ("x-a", "b\r\nc: d"), ("", "x")]
        {
            assert!(check(name, value).is_err(), "{name}: {value}");
        }
    }

    #[test]
    fn actions_are_whole() {
        let read = |value: Value| ActionSpec::read(value).and_then(|action| action.check().map(|()| action));
        let id = Uuid::from_u128(7);
        for good in [
            json!({"do": "assign", "team_id": id}),
            json!({"do": "tag", "tags": [id]}),
            json!({"do": "ticket", "subject": "A bad score", "priority": "high"}),
            json!({"do": "reply", "text": "Thank you"}),
        ] {
            assert!(read(good.clone()).is_ok(), "{good}");
        }
        for bad in [
            json!({"do": "assign"}),
            json!({"do": "assign", "team_id": id, "agent_id": id}),
            json!({"do": "tag", "tags": []}),
            json!({"do": "ticket", "subject": " "}),
            json!({"do": "reply"}),
            json!({"do": "dance"}),
            json!(7),
        ] {
            assert_eq!(read(bad.clone()).unwrap_err().field, "action", "{bad}");
        }
    }
}
