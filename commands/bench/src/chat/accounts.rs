//! Agents and visitors, made over the REST interface before anything is measured.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use hyper::Method;
use kefu_app::{Exit, Failure, Text};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::json;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::{
    rest::{Client, HttpError},
    settings::ChatSettings,
};
use crate::{admin::Admin, progress::Progress, target::Target};

/// Connections over which accounts are made at the same time.
const WORKERS: u32 = 64;
/// Agents are few, but each takes the server two password hashes.
const AGENT_WORKERS: u32 = 4;

/// Everybody who takes part.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    pub(crate) visitors: Vec<Visitor>,
    /// Tokens of the agents.
    pub(crate) agents: Vec<String>,
    /// Tokens of the supervisors.
    pub(crate) supervisors: Vec<String>,
    /// Random bits that tell this run from others.
    pub(crate) seed: u64,
}

/// The answer to a new widget session.
#[derive(Debug, Deserialize)]
pub(crate) struct Visitor {
    pub(crate) token: String,
    pub(crate) visitor_id: Uuid,
    pub(crate) conversation_id: Uuid,
    pub(crate) last_seq: u64,
}

#[derive(Deserialize)]
struct Login {
    token: String,
}

#[derive(Deserialize)]
struct Agent {
    id: Uuid,
    email: String,
    #[serde(default)]
    load: u32,
}

#[derive(Deserialize)]
struct Page {
    items: Vec<Agent>,
    #[serde(default)]
    has_more: bool,
    next_cursor: Option<String>,
}

/// Makes or finds everybody.
pub(crate) async fn prepare(settings: &ChatSettings, progress: &mut Progress) -> Result<Accounts, Failure> {
    let seed = random()?;
    let (agents, supervisors) = match &settings.admin {
        Some(admin) => {
            let wanted = Wanted {
                target: &settings.target,
                admin,
                agents: settings.agents,
                first_agent: settings.first_agent,
                supervisors: settings.supervisors,
                // Every agent could take everybody: how the work is shared out is the server's choice.
                capacity: settings.visitors_in_all,
            };
            staff(&wanted, progress).await?
        }
        None => Default::default(),
    };
    let visitors = visitors(settings, progress).await?;
    Ok(Accounts { visitors, agents, supervisors, seed })
}

async fn visitors(settings: &ChatSettings, progress: &mut Progress) -> Result<Vec<Visitor>, Failure> {
    let (inbox, first) = (settings.inbox.clone(), settings.first_visitor);
    let make = move |mut client: Client, number: u32| {
        let body = json!({"inbox": inbox, "visitor": {"name": format!("Visitor {}", first + number)}});
        async move {
            let visitor = client.call(Method::POST, "/api/v1/widget/sessions", None, Some(&body)).await;
            (client, visitor)
        }
    };
    progress.begin("visitor sessions", settings.visitors.into());
    for_each(&settings.target, settings.visitors, WORKERS, progress, make)
        .await
        .map_err(|error| refused(Text::new("cannot open visitor sessions", "无法创建访客会话"), error))
}

/// Who is to be made.
#[derive(Debug)]
pub(crate) struct Wanted<'a> {
    pub(crate) target: &'a Target,
    pub(crate) admin: &'a Admin,
    pub(crate) agents: u32,
    /// The number of the first agent.
    pub(crate) first_agent: u32,
    pub(crate) supervisors: u32,
    /// Conversations that each agent may have.
    pub(crate) capacity: u32,
}

/// Makes or finds the agents, then the supervisors; gives their tokens.
pub(crate) async fn staff(
    wanted: &Wanted<'_>,
    progress: &mut Progress,
) -> Result<(Vec<String>, Vec<String>), Failure> {
    let Wanted { target, admin, agents, first_agent, supervisors, capacity } = *wanted;
    let sign_in = json!({"email": admin.email, "password": admin.password});
    let mut client = Client::connect(target, 0)
        .await
        .map_err(|error| refused(Text::new("cannot reach the server", "无法连接服务器"), error))?;
    let login: Login = client
        .call(Method::POST, "/api/v1/auth/login", None, Some(&sign_in))
        .await
        .map_err(|error| refused(Text::new("cannot sign in as admin", "无法以管理员身份登录"), error))?;
    let found = find_agents(&mut client, &login.token)
        .await
        .map_err(|error| refused(Text::new("cannot list the agents", "无法列出客服"), error))?;
    let office = Arc::new(Office {
        admin_token: login.token,
        found,
        password: format!("{:016x}{:016x}", random()?, random()?),
        capacity,
        first: first_agent,
    });
    let make = move |role: &'static str| {
        let office = Arc::clone(&office);
        move |mut client: Client, number: u32| {
            let office = Arc::clone(&office);
            async move {
                let token = office.take_on(&mut client, role, number).await;
                (client, token)
            }
        }
    };
    progress.begin("agents", agents.into());
    let agents = for_each(target, agents, AGENT_WORKERS, progress, make("agent"))
        .await
        .map_err(|error| refused(Text::new("cannot make agents", "无法创建客服"), error))?;
    if supervisors > 0 {
        progress.begin("supervisors", supervisors.into());
    }
    let supervisors = for_each(target, supervisors, AGENT_WORKERS, progress, make("supervisor"))
        .await
        .map_err(|error| refused(Text::new("cannot make supervisors", "无法创建主管"), error))?;
    Ok((agents, supervisors))
}

/// The agents of earlier runs, by e-mail address.
async fn find_agents(client: &mut Client, token: &str) -> Result<HashMap<String, Agent>, HttpError> {
    let mut found = HashMap::new();
    let mut path = "/api/v1/agents?limit=500".to_owned();
    loop {
        let page: Page = client.call(Method::GET, &path, Some(token), None).await?;
        let ours = page.items.into_iter().filter(|agent| agent.email.ends_with("@bench.invalid"));
        found.extend(ours.map(|agent| (agent.email.clone(), agent)));
        match page.next_cursor {
            Some(cursor) if page.has_more => path = format!("/api/v1/agents?limit=500&cursor={cursor}"),
            _ => return Ok(found),
        }
    }
}

/// What it takes to make agents.
struct Office {
    admin_token: String,
    /// By e-mail address.
    found: HashMap<String, Agent>,
    password: String,
    capacity: u32,
    /// The number of the first agent.
    first: u32,
}

impl Office {
    /// Makes an agent of this role, or takes over one of an earlier run; signs in as it.
    async fn take_on(&self, client: &mut Client, role: &str, number: u32) -> Result<String, HttpError> {
        let number = if role == "agent" { self.first + number } else { number };
        let email = format!("bench-{role}-{number}@bench.invalid");
        let (found, password) = (self.found.get(&email), &self.password);
        // What it has from earlier runs comes on top. Supervisors only look on.
        let load = found.map_or(0, |agent| agent.load);
        let capacity = if role == "agent" { self.capacity + load } else { 0 };
        let admin_token = Some(self.admin_token.as_str());
        let IgnoredAny = match found {
            Some(agent) => {
                let path = format!("/api/v1/agents/{}", agent.id);
                let change = json!({"password": password, "capacity": capacity, "disabled": false});
                client.call(Method::PATCH, &path, admin_token, Some(&change)).await?
            }
            None => {
                let name = if role == "agent" { "Agent" } else { "Supervisor" };
                let agent = json!({
                    "name": format!("{name} {number}"), "email": email, "password": password,
                    "role": role, "capacity": capacity,
                });
                client.call(Method::POST, "/api/v1/agents", admin_token, Some(&agent)).await?
            }
        };
        let sign_in = json!({"email": email, "password": password});
        let login: Login = client.call(Method::POST, "/api/v1/auth/login", None, Some(&sign_in)).await?;
        let status = json!({"status": "online"});
        let IgnoredAny =
            client.call(Method::PUT, "/api/v1/agents/me/status", Some(&login.token), Some(&status)).await?;
        Ok(login.token)
    }
}

/// Does `make` for every number below `count`, on up to `workers` connections; the first error ends all.
async fn for_each<T, F, R>(
    target: &Target,
    count: u32,
    workers: u32,
    progress: &Progress,
    make: F,
) -> Result<Vec<T>, HttpError>
where
    T: Send + 'static,
    F: Fn(Client, u32) -> R + Clone + Send + 'static,
    R: Future<Output = (Client, Result<T, HttpError>)> + Send,
{
    let next = Arc::new(AtomicU32::new(0));
    let mut tasks: JoinSet<Result<_, HttpError>> = JoinSet::new();
    for worker in 0..workers.min(count) {
        let (next, make, target) = (Arc::clone(&next), make.clone(), target.clone());
        tasks.spawn(async move {
            let mut client = Client::connect(&target, worker as usize).await?;
            let mut made = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return Ok(made);
                }
                let (kept, outcome) = make(client, number).await;
                client = kept;
                made.push((number, outcome?));
            }
        });
    }
    let mut all = Vec::with_capacity(count as usize);
    let mut tick = tokio::time::interval(Duration::from_millis(200));
    loop {
        tokio::select! {
            joined = tasks.join_next() => match joined {
                // A worker's panic is this task's panic.
                Some(Ok(made)) => all.extend(made?),
                Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
                None => break,
            },
            _ = tick.tick() => progress.set(next.load(Ordering::Relaxed).min(count).into()),
        }
    }
    all.sort_unstable_by_key(|(number, _)| *number);
    Ok(all.into_iter().map(|(_, made)| made).collect())
}

fn refused(message: Text, error: HttpError) -> Failure {
    let hint = match &error {
        HttpError::Connect { .. } => {
            Some(Text::new("is `kefu serve` running there?", "`kefu serve` 是否在那里运行?"))
        }
        HttpError::Refused { code, .. } if code == "rate_limited" => Some(Text::new(
            "lift the server's limits per address for the test, as scripts/bench-chat does",
            "测试时请放宽服务器的按地址限流, 参见 scripts/bench-chat",
        )),
        HttpError::Refused { code, .. } if code == "unauthorized" => {
            Some(Text::new("check --admin-email and its password", "请检查 --admin-email 及其密码"))
        }
        _ => None,
    };
    let failure = Failure::new(Exit::Unavailable, message).because(error);
    match hint {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

fn random() -> Result<u64, Failure> {
    getrandom::u64().map_err(|error| {
        Failure::new(Exit::Unavailable, Text::new("cannot get random numbers", "无法获取随机数"))
            .because(error)
    })
}
