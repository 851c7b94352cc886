//! `kefu serve query`: the data layer on the shell.

use std::{
    io::Read as _,
    net::{IpAddr, Ipv4Addr},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use kefu_app::{App, Exit, Failure, Format, Text};
use kefu_core::{Principal, Role};
use kefu_query::{DraftSource, Engine, Explain, Request, Response, Session};
use serde_json::{Map, Value, json};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::{
    args::{
        ExplainHow, QueryArgs, QueryCheckArgs, QueryCommand, QueryExplainArgs, QueryIntrospectArgs,
        QueryPlace, QueryRunArgs, QueryText,
    },
    auth::Secrets,
    desk::{Desk, ReadingOptions},
    files::Links,
    graphql::{self, own::Own},
    identity::Identity,
    opening::store_failure,
    settings::Settings,
};

/// The answer has errors, or there is none.
const ERRORS: Exit = Exit::Verdict(1);

/// A query on the shell may take as long as its sources may.
const PATIENCE: Duration = Duration::from_secs(300);

/// Most bytes of a query.
const QUERY_BYTES: u64 = 1 << 20;

pub(crate) fn query(app: &App, args: &QueryArgs) -> Result<Exit, Failure> {
    match &args.command {
        QueryCommand::Run(args) => run(app, args),
        QueryCommand::Explain(args) => explain(app, args),
        QueryCommand::Check(args) => check(app, args),
        QueryCommand::Introspect(args) => introspect(app, args),
    }
}

fn run(app: &App, args: &QueryRunArgs) -> Result<Exit, Failure> {
    let explain = match args.explain {
        None => Explain::None,
        Some(ExplainHow::Plan) => Explain::Plan,
        Some(ExplainHow::Analyze) => Explain::Analyze,
    };
    let response = ask(app, &args.text, &args.place, explain)?;
    let answer: Value = serde_json::from_slice(&response.body).map_err(Failure::internal)?;
    let has_errors = answer.get("errors").is_some();
    app.print(&match args.format {
        Format::Json => format!("{}\n", String::from_utf8_lossy(&response.body)),
        Format::Text => for_people(answer)?,
    })?;
    Ok(if has_errors { ERRORS } else { Exit::Ok })
}

fn explain(app: &App, args: &QueryExplainArgs) -> Result<Exit, Failure> {
    let response = ask(app, &args.text, &args.place, Explain::Plan)?;
    let answer: Value = serde_json::from_slice(&response.body).map_err(Failure::internal)?;
    if answer.get("errors").is_some() {
        app.print(&for_people(answer)?)?;
        return Ok(ERRORS);
    }
    let plan = &answer["extensions"]["explain"];
    app.print(&match args.format {
        Format::Json => super::json(plan),
        Format::Text => text_of(plan),
    })?;
    Ok(Exit::Ok)
}

fn check(app: &App, args: &QueryCheckArgs) -> Result<Exit, Failure> {
    let file = file(app, args.file.as_ref())?;
    let engine = app.block_on(graphql::open(&file))??;
    let text = match args.schema {
        true => engine.sdl().to_owned(),
        false => format!("{}: nothing is wrong\n", file.display()),
    };
    app.print(&text)?;
    Ok(Exit::Ok)
}

fn introspect(app: &App, args: &QueryIntrospectArgs) -> Result<Exit, Failure> {
    let QueryIntrospectArgs { kind, place, name, database } = args;
    let settings = match kind.as_str() {
        "mysql" | "postgres" => json!({ "url": place }),
        "sqlite" => json!({ "file": place }),
        "mongodb" => json!({ "url": place, "database": database }),
        "soap" => json!({ "wsdl": place }),
        "thrift" => json!({ "idl": place }),
        "http" => json!({ "openapi": place }),
        _ => {
            let text = Text::new(
                format!("cannot draft from {kind}: there is no such kind"),
                format!("无法从 {kind} 生成草稿:没有这种系统"),
            );
            let hint = Text::new(
                "it is mysql, postgres, sqlite, mongodb, soap, thrift or http",
                "可用 mysql、postgres、sqlite、mongodb、soap、thrift 或 http",
            );
            return Err(Failure::new(Exit::Usage, text).hint(hint));
        }
    };
    let source = DraftSource { name: name.clone(), kind: kind.clone(), settings };
    let drafted = app.block_on(kefu_query::draft(&[source], Path::new(".")))?;
    let draft = drafted.map_err(|error| {
        let text = Text::new(format!("cannot draft from {kind}"), format!("无法从 {kind} 生成草稿"));
        Failure::new(Exit::Unavailable, text).because(error)
    })?;
    app.print(&draft)?;
    Ok(Exit::Ok)
}

fn ask(app: &App, text: &QueryText, place: &QueryPlace, explain: Explain) -> Result<Response, Failure> {
    let variables = variables(text.variables.as_deref())?;
    let file = file(app, place.file.as_ref())?;
    let settings = Settings::load_for_care(app, place.data_dir.as_ref())?;
    let query = read_query(text.query.as_deref())?;
    app.block_on(Box::pin(async {
        let engine = graphql::open(&file).await?;
        let request = Request {
            query: Some(query),
            operation_name: text.operation.clone(),
            variables,
            sha256: None,
            deadline: Instant::now() + PATIENCE,
            explain,
            allow_mutation: true,
        };
        let session = Session {
            roles: vec![place.role.clone()],
            values: [("role".to_owned(), kefu_query::Value::Text(place.role.clone()))].into(),
            scope: "shell".to_owned(),
        };
        carry_out(&engine, &request, &session, &settings).await
    }))?
}

/// Asks with kefu's own records at hand, where there is a store.
async fn carry_out(
    engine: &Engine,
    request: &Request,
    session: &Session,
    settings: &Settings,
) -> Result<Response, Failure> {
    let Some(dir) = settings.data_dir.as_deref().filter(|dir| dir.is_dir()) else {
        return Ok(engine.execute(request, session).await);
    };
    let failed = |error| store_failure(dir, error);
    let store = kefu_store::open_reading(dir, 2).await.map_err(failed)?;
    let tracker = TaskTracker::new();
    let masking = settings.privacy.masking();
    // Addresses of files are signed by the daemon's key; without it they lead nowhere, which is all the same here.
    let secrets = Secrets::load(dir, settings.secret_key.as_ref().map(kefu_app::Secret::reveal));
    let secrets = secrets.map_err(|error| {
        let text = Text::new("cannot use the secret key of the store", "无法使用数据库的密钥");
        Failure::new(Exit::Create, text).because(error)
    })?;
    let links = Links::new(Arc::new(secrets), settings.files.link_life);
    let options = ReadingOptions { store: store.clone(), tracker: tracker.clone(), masking, links };
    let desk = Desk::reading(options).await.map_err(failed)?;
    let own = Own {
        desk: desk.clone(),
        store: store.clone(),
        masking,
        who: Arc::new(operator()),
        address: IpAddr::V4(Ipv4Addr::LOCALHOST),
    };
    let response = own.asks(engine.execute(request, session)).await;
    desk.stop().await;
    tracker.close();
    tracker.wait().await;
    store.close().await;
    Ok(response)
}

/// Whoever has the machine has its records.
fn operator() -> Identity {
    Identity {
        principal: Principal::System,
        id: Uuid::nil(),
        name: "operator".into(),
        role: Some(Role::Admin),
        rights: Role::Admin.rights(),
        inbox: None,
        session: Uuid::nil(),
        key: None,
    }
}

/// The configuration that is meant.
fn file(app: &App, given: Option<&PathBuf>) -> Result<PathBuf, Failure> {
    if let Some(file) = given {
        return Ok(file.clone());
    }
    let settings = Settings::load_for_care(app, None)?;
    settings.graphql.file.ok_or_else(|| {
        let text = Text::new("cannot tell which data layer is meant", "无法确定要使用哪个数据层配置");
        let hint = Text::new("name its file with --file", "请用 --file 指定其文件");
        Failure::new(Exit::Usage, text).hint(hint)
    })
}

fn variables(json: Option<&str>) -> Result<Map<String, Value>, Failure> {
    json.map_or(Ok(Map::new()), |json| {
        serde_json::from_str(json).map_err(|error| {
            let text = Text::new(
                "cannot take --variables: they must be a JSON object",
                "无法使用 --variables:必须是 JSON 对象",
            );
            Failure::new(Exit::Usage, text).because(error)
        })
    })
}

fn read_query(file: Option<&Path>) -> Result<String, Failure> {
    let mut text = String::new();
    let (name, read) = match file.filter(|file| *file != Path::new("-")) {
        Some(file) => {
            let opened = std::fs::File::open(file);
            let read = opened.and_then(|opened| opened.take(QUERY_BYTES).read_to_string(&mut text));
            (file.display().to_string(), read)
        }
        None => ("-".to_owned(), std::io::stdin().take(QUERY_BYTES).read_to_string(&mut text)),
    };
    read.map_err(|error| {
        let text = Text::new(format!("cannot read the query from {name}"), format!("无法从 {name} 读取查询"));
        Failure::new(Exit::Io, text).because(error)
    })?;
    Ok(text)
}

/// The answer on several lines, with its plan as a tree behind it.
fn for_people(mut answer: Value) -> Result<String, Failure> {
    let plan = answer["extensions"].as_object_mut().and_then(|extensions| extensions.remove("explain"));
    if let Some(object) = answer.as_object_mut()
        && object.get("extensions").is_some_and(|left| left.as_object().is_none_or(Map::is_empty))
    {
        object.remove("extensions");
    }
    let mut text = serde_json::to_string_pretty(&answer).map_err(Failure::internal)?;
    text.push('\n');
    if let Some(plan) = plan {
        text.push('\n');
        text.push_str(&text_of(&plan));
    }
    Ok(text)
}

/// A plan as the data layer draws it.
fn text_of(plan: &Value) -> String {
    let mut text = plan["text"].as_str().map_or_else(|| plan.to_string(), str::to_owned);
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}
