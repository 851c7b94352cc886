use std::{rc::Rc, time::Duration};

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use kefu_protocol::frame::ClientFrame;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

use super::{
    ledger::until,
    link::{Came, Link},
};
use crate::scenario::{build::Chat, runner::World, template::Values};

/// A place in a conversation: of its visitor, or of the agent who has it.
pub(in crate::scenario) struct Seat {
    link: Rc<Link>,
    conversation: Uuid,
    /// Whether the agent has the conversation, or it waits for one.
    is_own: bool,
    last_said: Option<Uuid>,
    last_heard: u64,
}

/// What a step of chat came to.
pub(in crate::scenario) enum Outcome {
    /// It waited for the service.
    Done,
    /// It waited for a person, or for nobody.
    Passed,
    /// The conversation is over for this seat, and that is as it may be.
    Over,
    Failed(&'static str),
}

impl From<Result<(), &'static str>> for Outcome {
    fn from(result: Result<(), &'static str>) -> Self {
        result.map_or_else(Self::Failed, |()| Self::Done)
    }
}

/// The answer to a new session of the widget.
#[derive(Deserialize)]
struct Session {
    token: String,
    conversation_id: Uuid,
    last_seq: u64,
}

impl Seat {
    /// A visitor opens the widget and connects.
    pub(in crate::scenario) async fn visit(
        world: &Rc<World>,
        inbox: &str,
        values: &mut Values<'_>,
    ) -> Result<Self, &'static str> {
        let body = json!({"inbox": inbox, "visitor": {"name": format!("Visitor {}", values.number)}});
        let answer = call(world, Method::POST, "/api/v1/widget/sessions", None, &body.to_string()).await?;
        let session: Session = serde_json::from_slice(&answer).map_err(|_| "capture")?;
        values.captured.insert("token", session.token.clone());
        values.captured.insert("conversation", session.conversation_id.to_string());
        let own = Some((session.conversation_id, session.last_seq));
        let link = Link::new(Rc::clone(world), session.token, own);
        link.open([values.next(), values.next()]).await?;
        Ok(Self::of(link, Came { conversation: session.conversation_id, is_own: true }))
    }

    /// A conversation has come to an agent.
    pub(super) fn of(link: Rc<Link>, came: Came) -> Self {
        let Came { conversation, is_own } = came;
        Self { link, conversation, is_own, last_said: None, last_heard: 0 }
    }

    pub(in crate::scenario) fn conversation(&self) -> Uuid {
        self.conversation
    }

    /// Does a step.
    pub(in crate::scenario) async fn act(
        &mut self,
        world: &Rc<World>,
        step: &Chat,
        values: &Values<'_>,
    ) -> Outcome {
        let waits_for_visitor = self.link.is_agent() && matches!(step, Chat::Hear(_) | Chat::Delivered);
        if !waits_for_visitor {
            return self.step(world, step, values).await;
        }
        let conversation = self.conversation;
        let departure = world.ledger.borrow_mut().departure(conversation);
        let has_left = until(&departure, || world.ledger.borrow().has_left(conversation).then_some(()));
        // An agent waits no more for a visitor who has gone; what is asked of the service is measured to its end.
        tokio::select! {
            biased;
            outcome = self.step(world, step, values) => outcome,
            () = has_left => Outcome::Over,
        }
    }

    async fn step(&mut self, world: &Rc<World>, step: &Chat, values: &Values<'_>) -> Outcome {
        match step {
            Chat::Say(text) => {
                let client_id = values.uuid();
                self.last_said = Some(client_id);
                self.link.say(client_id, self.conversation, &text.fill(values)).await.into()
            }
            Chat::Delivered => {
                if let Some(said) = self.last_said {
                    self.link.delivered(said).await;
                }
                Outcome::Done
            }
            Chat::Hear(text) => match self.link.hear(self.conversation, &text.fill(values)).await {
                Ok(heard) => {
                    self.last_heard = heard.seq;
                    Outcome::Passed
                }
                Err(why) => Outcome::Failed(why),
            },
            Chat::Read => {
                let (conversation_id, seq) = (self.conversation, self.last_heard);
                self.link.tell(&ClientFrame::Read { conversation_id, seq });
                Outcome::Passed
            }
            Chat::Drop => {
                self.link.cut();
                Outcome::Passed
            }
            Chat::Resume => self.link.open([values.next(), values.next()]).await.into(),
            Chat::Rate(score) => {
                self.post(world, "rating", &json!({"score": score}).to_string()).await.map(drop).into()
            }
            Chat::Resolve => self.post(world, "resolve", "{}").await.map(drop).into(),
            Chat::Accept => match self.post(world, "accept", "").await {
                Ok(_) => Outcome::Done,
                // It was given to this agent, or another was faster.
                Err("status_409" | "status_404") if self.is_own || self.link.knows(self.conversation) => {
                    Outcome::Passed
                }
                Err("status_409" | "status_404") => Outcome::Over,
                Err(why) => Outcome::Failed(why),
            },
        }
    }

    async fn post(&self, world: &World, act: &str, body: &str) -> Result<Bytes, &'static str> {
        let path = format!("/api/v1/conversations/{}/{act}", self.conversation);
        call(world, Method::POST, &path, Some(self.link.token()), body).await
    }

    /// A visitor goes for good, having done all it came for or not.
    pub(in crate::scenario) fn leave(self, world: &World, is_content: bool) {
        if !self.link.is_agent() {
            self.link.close();
            world.ledger.borrow_mut().leave(self.conversation, is_content);
        }
    }
}

/// A request to kefu; what is refused is told by its status.
async fn call(
    world: &World,
    method: Method,
    path: &str,
    token: Option<&str>,
    body: &str,
) -> Result<Bytes, &'static str> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    if !body.is_empty() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    world.record.borrow_mut().figures.bytes_sent += body.len() as u64;
    let request = request.body(Bytes::from(body.to_owned())).map_err(|_| "bad_path")?;
    let response = world.client.send(request).await?;
    world.record.borrow_mut().figures.bytes_received += response.body().len() as u64;
    match response.status() {
        status if status.is_success() => Ok(response.into_body()),
        StatusCode::NOT_FOUND => Err("status_404"),
        StatusCode::CONFLICT => Err("status_409"),
        StatusCode::TOO_MANY_REQUESTS => Err("status_429"),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err("refused"),
        status if status.is_server_error() => Err("status_5xx"),
        _ => Err("status_4xx"),
    }
}

/// How long the last messages may take to their receivers after the last flow has ended.
pub(in crate::scenario) const DRAIN: Duration = Duration::from_secs(5);
