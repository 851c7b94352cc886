//! `kefu serve --demo`: a store of sample data, thrown away at the end unless it was asked to stay.

mod dir;
mod passwords;
mod samples;

use std::sync::Arc;

use kefu_app::{Exit, Failure, Text};
use kefu_core::{AgentKey, Content, InboxKey, MessageKind, Principal, Role};
use kefu_store::Store;
use uuid::Uuid;

pub(crate) use dir::DemoDir;
use passwords::Passwords;
use samples::{AGENTS, End, INBOXES, Line, SAMPLES, Sample};

use crate::{
    auth::{Token, TokenKind, password},
    desk::{Act, AgentChange, Desk, InboxChange, NewVisitor},
    first::cannot_store,
    identity::Identity,
    problem::Problem,
};

/// An agent of the demo and its password.
#[derive(Debug)]
pub(crate) struct LogIn {
    pub(crate) email: &'static str,
    pub(crate) password: String,
}

/// Fills an empty store with sample data, or finds that of an earlier demo; returns the log-ins, which stay the
/// same for as long as the directory does.
///
/// # Errors
/// When the store is no demo's, or does not take the data.
pub(crate) async fn prepare(
    desk: &Desk,
    store: &Store,
    dir: &std::path::Path,
) -> Result<Vec<LogIn>, Failure> {
    let directory = desk.directory();
    let is_new = directory.agents.is_empty();
    let is_demo = |email: &str| directory.agents.values().any(|agent| agent.email == email);
    if !is_new && !AGENTS.iter().all(|agent| is_demo(agent.email)) {
        return Err(Failure::new(
            Exit::Config,
            Text::new(
                format!("cannot put sample data into the store in {}: it has agents already", dir.display()),
                format!("无法向 {} 中的数据库写入示例数据:其中已有客服", dir.display()),
            ),
        )
        .hint(Text::new(
            "leave --data-dir out, or name a new directory",
            "请去掉 --data-dir,或指定新的目录",
        )));
    }
    let (passwords, are_fresh) = Passwords::load(dir)?;
    if is_new || are_fresh {
        seed_agents(desk, &passwords).await?;
    }
    if is_new {
        seed(desk, store).await.map_err(cannot_store)?;
    }
    let passwords = passwords.into_inner();
    Ok(AGENTS.iter().zip(passwords).map(|(agent, password)| LogIn { email: agent.email, password }).collect())
}

/// Makes the agents, or gives those that are there the passwords.
async fn seed_agents(desk: &Desk, passwords: &Passwords) -> Result<(), Failure> {
    for (agent, password) in AGENTS.iter().zip(passwords.iter()) {
        let hash = password::hash(password.clone()).await.map_err(Failure::internal)?;
        let known = desk.directory().agents.values().find(|known| known.email == agent.email).map(|a| a.id);
        let change = AgentChange {
            id: known,
            name: Some(agent.name.to_owned()),
            email: Some(agent.email.to_owned()),
            role: Some(if agent.is_admin { Role::Admin } else { Role::Agent }),
            password_hash: Some(hash),
            ..AgentChange::default()
        };
        desk.put_agent(change).await.map_err(cannot_store)?;
    }
    Ok(())
}

async fn seed(desk: &Desk, store: &Store) -> Result<(), Problem> {
    for inbox in &INBOXES {
        let known = desk.directory().inbox_by_slug(inbox.slug).map(|known| known.id);
        let change = InboxChange {
            id: known,
            slug: Some(inbox.slug.to_owned()),
            name: Some(inbox.name.to_owned()),
            greeting: Some(inbox.greeting.to_owned()),
            ..InboxChange::default()
        };
        desk.put_inbox(change).await?;
    }
    let agents = AGENTS.map(|agent| agent_identity(desk, agent.email));
    for sample in SAMPLES {
        converse(desk, store, sample, &agents).await?;
    }
    Ok(())
}

/// Lets one sample conversation happen.
async fn converse(
    desk: &Desk,
    store: &Store,
    sample: &Sample,
    agents: &[Option<Identity>],
) -> Result<(), Problem> {
    let inbox = desk.directory().inbox_by_slug(sample.inbox).map(|inbox| inbox.key);
    let inbox = inbox.ok_or_else(|| Problem::not_found("inbox"))?;
    let (visitor, conversation) = open_visitor(desk, store, sample, inbox).await?;
    let agent =
        |index: usize| agents.get(index).and_then(Option::as_ref).ok_or_else(|| Problem::not_found("agent"));
    let mut is_taken = false;
    for line in sample.lines {
        if let Line::Agent(index, _) | Line::Note(index, _) = line
            && !std::mem::replace(&mut is_taken, true)
        {
            desk.act(agent(*index)?, conversation, Act::Accept).await?;
        }
        let (who, kind, text) = match line {
            Line::Visitor(text) => (&visitor, MessageKind::Text, text),
            Line::Agent(index, text) => (agent(*index)?, MessageKind::Text, text),
            Line::Note(index, text) => (agent(*index)?, MessageKind::Note, text),
        };
        desk.send(who, conversation, random_id()?, Content::text(kind, *text)).await?;
    }
    match sample.end {
        End::Waiting | End::Open => {}
        End::Pending(index) => drop(desk.act(agent(index)?, conversation, Act::Pend(None)).await?),
        End::Resolved(index, rating) => {
            desk.act(agent(index)?, conversation, Act::Resolve(None)).await?;
            if let Some((score, comment)) = rating {
                desk.act(
                    &visitor,
                    conversation,
                    Act::Rate { score, comment: comment.to_owned(), flagged: Vec::new() },
                )
                .await?;
            }
        }
    }
    Ok(())
}

async fn open_visitor(
    desk: &Desk,
    store: &Store,
    sample: &Sample,
    inbox: InboxKey,
) -> Result<(Identity, Uuid), Problem> {
    let token = Token::fresh(TokenKind::Visitor).map_err(no_randomness)?;
    let opened = desk
        .open_visitor(NewVisitor {
            inbox,
            existing: None,
            external_id: Some(sample.external_id.to_owned()),
            verified: true,
            name: Some(sample.name.to_owned()),
            email: Some(sample.email.to_owned()),
            attributes: Some(sample.attributes.to_owned()),
            token_hash: token.hash(),
            is_renewal: false,
            address: String::new(),
            user_agent: "kefu demo".to_owned(),
            expires_at: Some(crate::clock::now()),
        })
        .await?;
    let visitor =
        store.visitor_by_id(opened.visitor_id).await?.ok_or_else(|| Problem::not_found("visitor"))?;
    let identity = Identity {
        principal: Principal::Visitor(visitor.key),
        id: visitor.id,
        name: visitor.name,
        role: None,
        rights: kefu_core::Rights::NONE,
        inbox: Some(inbox),
        session: Uuid::nil(),
        key: None,
    };
    Ok((identity, opened.conversation_id))
}

fn agent_identity(desk: &Desk, email: &str) -> Option<Identity> {
    let directory = desk.directory();
    let agent = directory.agents.values().find(|agent| agent.email == email)?;
    let key: AgentKey = agent.key;
    Some(Identity {
        principal: Principal::Agent(key),
        id: agent.id,
        name: Arc::clone(&agent.name),
        role: Some(agent.role),
        rights: directory.rights_of(agent),
        inbox: None,
        session: Uuid::nil(),
        key: None,
    })
}

fn random_id() -> Result<Uuid, Problem> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(no_randomness)?;
    Ok(uuid::Builder::from_random_bytes(bytes).into_uuid())
}

fn no_randomness(_: getrandom::Error) -> Problem {
    Problem::unavailable("the system gives no random bytes")
}
