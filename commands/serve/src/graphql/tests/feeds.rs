use std::{sync::Arc, time::Duration};

use http::Method;
use kefu_core::Role;
use kefu_query::{Request, Subscription};
use serde_json::{Value, json};
use uuid::Uuid;

use super::office::Layered;
use crate::{
    graphql::{
        Asker,
        feeds::{Feeds, Listening},
        own::Own,
        session,
    },
    http::tests::office::{Ask, Guest},
    identity::Identity,
};

const MINE: &str = "subscription($id: ID) { messageCreated(conversationId: $id) { seq text
    conversation { id visitor { id } } } }";

/// Somebody who has subscribed.
struct Subscriber {
    subscription: Arc<Subscription>,
    listening: Listening,
    own: Own,
}

impl Subscriber {
    async fn new(layered: &Layered, token: &str, conversation: Option<Uuid>) -> Self {
        let services = &layered.office.services;
        let inner = services.graphql.0.as_ref().unwrap();
        let who = Arc::new(identity(layered, token).await);
        let request = Request {
            query: Some(MINE.to_owned()),
            operation_name: None,
            variables: json!({ "id": conversation }).as_object().unwrap().clone(),
            sha256: None,
            deadline: std::time::Instant::now(),
            explain: kefu_query::Explain::None,
            allow_mutation: false,
        };
        let session = session::of(&services.desk.directory(), &who);
        let subscription = inner.engine.subscribe(&request, &session);
        let subscription = Arc::new(subscription.unwrap_or_else(|refused| panic!("{refused:?}")));
        let own = Own::of(services, &Asker { who, address: std::net::Ipv4Addr::LOCALHOST.into() });
        let listening = inner.feeds.listen(Arc::clone(&subscription), &services.store).await.unwrap();
        Self { listening, subscription, own }
    }

    /// What is told of the next event that it wants; nothing, if it is not for its eyes.
    async fn next(&mut self) -> Option<Value> {
        let data = self.listening.next().await.expect("the queue is not full");
        let answer = self.own.clone().asks(self.subscription.answer(&data)).await?;
        let answer: Value = serde_json::from_slice(&answer.body).unwrap();
        assert!(answer.get("errors").is_none(), "{answer}");
        Some(answer["data"]["messageCreated"].clone())
    }
}

async fn identity(layered: &Layered, token: &str) -> Identity {
    let mut headers = http::HeaderMap::new();
    headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
    let shown = crate::auth::Shown {
        headers: &headers,
        query_token: None,
        address: None,
        method_is_unsafe: true,
        require_origin: true,
        is_for_enrolling: false,
    };
    crate::auth::authenticate(&layered.office.services, shown).await.unwrap()
}

async fn say(layered: &Layered, guest: &Guest, number: u128, text: &str) {
    let path = format!("/conversations/{}/messages", guest.conversation);
    let body = json!({"client_id": Uuid::from_u128(number), "kind": "text", "text": text});
    assert_eq!(layered.office.post(&path, &guest.token, body).await.status, 201);
}

#[tokio::test]
async fn a_message_is_told_once_it_is_durable_to_whoever_may_read_it() {
    let layered = Layered::open().await;
    let office = &layered.office;
    let admin = office.token_of(office.agent("zhao", Role::Admin).await).await;
    let lin = office.agent("lin", Role::Agent).await;
    let role = office.role("asks", &["chat", "graphql"]).await;
    let path = format!("/agents/{lin}");
    let given =
        office.ask(Method::PATCH, &path, Some(json!({"custom_role_id": role})), &Ask::by(&admin)).await;
    assert_eq!(given.status, 200, "{}", given.body);
    let agent = office.token_of(lin).await;
    let (first, second) = (office.taken_by(&admin).await, office.taken_by(&admin).await);
    let mut one = Subscriber::new(&layered, &admin, Some(first.conversation)).await;
    let mut all = Subscriber::new(&layered, &admin, None).await;
    let mut other = Subscriber::new(&layered, &agent, None).await;
    // Who follows may come to it late: what was said since they listen is told all the same.
    say(&layered, &second, 100, "to the second").await;
    let services = office.services.clone();
    let follows = tokio::spawn(async move { crate::graphql::feeds::follow_events(&services).await });
    let told = tokio::time::timeout(Duration::from_secs(60), all.next()).await.expect("it is told");
    let told = told.expect("an admin reads everything");
    let conversation = json!({ "id": second.conversation, "visitor": { "id": second.id } });
    assert_eq!((&told["text"], &told["conversation"]), (&json!("to the second"), &conversation));
    say(&layered, &first, 1_000, "to the first").await;
    let told = one.next().await.expect("it is its own");
    assert_eq!(
        (&told["text"], &told["conversation"]["id"]),
        (&json!("to the first"), &json!(first.conversation))
    );
    // The agent has neither of them.
    assert_eq!(other.next().await, None);
    follows.abort();
}

#[tokio::test]
async fn who_reads_too_slowly_hears_no_more() {
    let layered = Layered::open().await;
    let admin = layered.office.token_of(layered.office.agent("zhao", Role::Admin).await).await;
    let mut slow = Subscriber::new(&layered, &admin, None).await;
    let mut other = Subscriber::new(&layered, &admin, Some(Uuid::from_u128(2))).await;
    let feeds: Arc<Feeds> = Arc::clone(&layered.office.services.graphql.0.as_ref().unwrap().feeds);
    let event = |conversation: u128| {
        let data = json!({"conversation": {"id": Uuid::from_u128(conversation)}, "message": {"seq": 1}});
        kefu_bus::Event {
            id: Uuid::nil(),
            topic: "message.created".parse().unwrap(),
            key: String::new(),
            position: None,
            at: kefu_core::Micros(0),
            version: 1,
            data: serde_json::value::to_raw_value(&data).unwrap(),
        }
    };
    for _ in 0..1_000 {
        feeds.tell(&event(1));
    }
    feeds.tell(&event(2));
    let mut heard = 0;
    while slow.listening.next().await.is_some() {
        heard += 1;
    }
    assert_eq!(heard, 256);
    assert!(other.listening.next().await.is_some(), "what others want does not fill its queue");
}
