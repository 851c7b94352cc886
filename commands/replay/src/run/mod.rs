//! `kefu replay run`: recorded requests to a target, when they are due.

mod engine;
mod feed;
mod prepare;
mod report;
mod slot;
mod sockets;

use std::{
    net::{SocketAddr, ToSocketAddrs as _},
    path::Path,
    sync::Arc,
    time::Duration,
};

use kefu_app::{App, Exit, Failure, Language, Stop, Text};
use kefu_traffic::{
    Schedule,
    gor::{Chunks, FileWriter, Pattern},
    http::Limits,
};
use tokio::runtime::Handle;

pub(crate) use self::{
    engine::{Engine, Figures, Plan},
    feed::{Feed, Job},
    prepare::{MARK, Prepared, Rewrites, Skipped, connection},
    slot::Lost,
};
use self::{
    feed::{Fed, FileFeed, Pace, Reading},
    sockets::Player,
};
use crate::{
    args::{HeaderLine, ReportFormat, RunArgs},
    middleware::Middleware,
    screen::Rules,
    source::Source,
    translate::Translator,
    tunnel,
};

/// What URLs of servers behind TLS begin with.
const HTTPS: &str = "https://";

/// Some requests have no answer.
pub(crate) const UNANSWERED: Exit = Exit::Verdict(2);
/// A part of the input could not be read.
pub(crate) const DAMAGED: Exit = Exit::Verdict(3);
/// The target was not allowed.
pub(crate) const REFUSED: Exit = Exit::Verdict(4);

/// Sends what the files hold, and prints how it went.
pub(crate) fn run(app: &App, args: &RunArgs) -> Result<Exit, Failure> {
    let target = target(&args.target, &args.allow_host, args.ca_file.as_deref())?;
    let pace = pace(args)?;
    // What is wrong with the files shows before anything is sent.
    drop(Source::open(&args.input, &source_args(args))?);
    let output = args.output.as_ref().filter(|_| !args.dry_run).map(|path| {
        let chunks = if args.replace { Chunks::Replace } else { Chunks::New };
        let mut files = FileWriter::new(Pattern::fixed(path.to_string_lossy()), chunks);
        let name = path.display();
        files.prepare().map(|()| files).map_err(|error| {
            Failure::new(Exit::Create, Text::new(format!("cannot write {name}"), format!("无法写入 {name}")))
                .because(error)
                .hint(Text::new(
                    "choose another name, or write over it with --replace",
                    "请换一个名称,或用 --replace 覆盖",
                ))
        })
    });
    let output = output.transpose()?;
    let rewrites = rewrites(args)?;
    let translator = args.translation.translate.as_ref().map(|path| {
        Translator::load(path, &args.translation.setting, host(&args.target), rewrites.clone()).map(Arc::new)
    });
    let translator = translator.transpose()?;
    let reading = reading(args, pace, rewrites.clone(), translator.clone(), (app.language(), app.stop()))?;
    let plan = Plan {
        target,
        connections: args.connections,
        timeout: args.timeout,
        limits: Limits { message: args.limits.max_message.as_usize(), ..Limits::default() },
    };
    let (stop, is_dry, told) = (app.stop(), args.dry_run, translator.clone());
    // Sessions have a time of their own; what is translated is made of single requests.
    let has_sockets = matches!(pace, Pace::Recorded(_)) && !is_dry && translator.is_none();
    let work = move || -> Result<(Figures, Fed), Failure> {
        let failed = |error: std::io::Error| {
            Failure::new(Exit::Io, Text::new("cannot prepare to send", "无法准备发送")).because(error)
        };
        let (engine, waker) = Engine::new(plan, output, translator).map_err(failed)?;
        let mut reading = reading;
        if has_sockets {
            let runtime = Handle::current();
            reading.player = Some(Box::new(move || {
                Player::new(plan.target, rewrites, plan.timeout, plan.limits, runtime)
            }));
        }
        let mut files = FileFeed::start(reading, Arc::clone(&waker));
        let figures = if is_dry { dry(&mut files.feed) } else { engine.run(&mut files.feed, &stop) };
        match figures {
            Ok(figures) => Ok((figures, files.finish()?)),
            Err(failure) => {
                files.abandon();
                Err(failure)
            }
        }
    };
    let (figures, fed) =
        app.block_on(async { tokio::task::spawn_blocking(work).await.map_err(Failure::internal)? })??;
    let untranslated = told.map(|translator| translator.left()).unwrap_or_default();
    app.print(&match args.format {
        ReportFormat::Json => format!("{}\n", report::json(&figures, &fed, pace, &untranslated)),
        ReportFormat::Text => report::text(&figures, &fed, pace, &untranslated, app.language()),
    })?;
    Ok(match () {
        () if app.stop().is_requested() => Exit::Interrupted,
        () if figures.answered < figures.sent || !figures.lost.is_empty() || fed.sockets.has_lost() => {
            UNANSWERED
        }
        () if fed.outcome.complaints > 0 => DAMAGED,
        () => Exit::Ok,
    })
}

/// Counts what would be sent.
fn dry(feed: &mut Feed) -> Result<Figures, Failure> {
    let mut figures = Figures::default();
    loop {
        match feed.due() {
            Some(due) => {
                feed.next();
                figures.unsent += 1;
                figures.elapsed = figures.elapsed.max(due);
            }
            None if feed.is_over() => return Ok(figures),
            None => std::thread::sleep(Duration::from_millis(1)),
        }
    }
}

fn source_args(args: &RunArgs) -> crate::args::SourceArgs {
    crate::args::SourceArgs { port: Vec::new(), limits: args.limits }
}

fn rewrites(args: &RunArgs) -> Result<Rewrites, Failure> {
    let headers = if args.no_mark { Vec::new() } else { vec![mark()?] };
    Ok(Rewrites { headers, unsafe_methods: args.unsafe_methods })
}

fn reading(
    args: &RunArgs,
    pace: Pace,
    rewrites: Rewrites,
    translator: Option<Arc<Translator>>,
    (language, stop): (Language, Stop),
) -> Result<Reading, Failure> {
    let middleware = args.filters.middleware.as_ref().map(|command| Middleware::start(command, language));
    let (input, source) = (args.input.clone(), source_args(args));
    Ok(Reading {
        open: Box::new(move || Source::open(&input, &source)),
        times: args.times,
        pace,
        rules: Rules::from(&args.filters),
        middleware: middleware.transpose()?,
        rewrites,
        translator,
        player: None,
        language,
        stop,
    })
}

/// The header by which a capture knows the requests of this run.
///
/// # Errors
///
/// The system gives no random numbers.
pub(crate) fn mark() -> Result<HeaderLine, Failure> {
    let mut run = [0; 8];
    getrandom::fill(&mut run).map_err(Failure::internal)?;
    Ok(HeaderLine { name: MARK.to_owned(), value: format!("{:016x}", u64::from_be_bytes(run)) })
}

fn pace(args: &RunArgs) -> Result<Pace, Failure> {
    let Some(rate) = args.rate else { return Ok(Pace::Recorded(args.speed)) };
    Schedule::new(rate, args.ramp).map(Pace::Scheduled).map_err(|error| {
        Failure::new(Exit::Usage, Text::new("cannot use --rate", "无法使用 --rate")).because(error)
    })
}

/// The address of the target, unless it is not this machine and was not allowed.
///
/// # Errors
///
/// It is no URL of a server, is not found, or was not allowed.
pub(crate) fn target(url: &str, allowed: &[String], ca_file: Option<&Path>) -> Result<SocketAddr, Failure> {
    let (host, addresses) = server(url)?;
    let is_here = addresses.iter().all(|address| address.ip().is_loopback());
    if !is_here && !allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(&host)) {
        let text = Text::new(
            format!("cannot send to {host}, which is not this machine, without leave"),
            format!("未经允许,不能发送到 {host}:它不是本机"),
        );
        let hint =
            Text::new(format!("allow it with --allow-host {host}"), format!("可用 --allow-host {host} 允许"));
        return Err(Failure::new(REFUSED, text).hint(hint));
    }
    address(url, &host, &addresses, ca_file)
}

/// The address of a server that needs no leave.
///
/// # Errors
///
/// It is no URL of a server, or is not found.
pub(crate) fn upstream(url: &str, ca_file: Option<&Path>) -> Result<SocketAddr, Failure> {
    let (host, addresses) = server(url)?;
    address(url, &host, &addresses, ca_file)
}

/// Where a server is to be asked without TLS.
fn address(
    url: &str,
    host: &str,
    addresses: &[SocketAddr],
    ca_file: Option<&Path>,
) -> Result<SocketAddr, Failure> {
    if url.starts_with(HTTPS) {
        return tunnel::open(url, ca_file);
    }
    addresses.first().copied().ok_or_else(|| {
        Failure::new(Exit::Unavailable, Text::new(format!("cannot find {host}"), format!("找不到 {host}")))
    })
}

/// What stands in `Host` of requests to a server.
pub(crate) fn host(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default().to_owned()
}

/// The host of a server's URL and its addresses.
///
/// # Errors
///
/// It is no URL of a server, or is not found.
pub(crate) fn server(url: &str) -> Result<(String, Vec<SocketAddr>), Failure> {
    let cannot = |hint: Text| {
        let text = Text::new(format!("cannot send to {url}"), format!("无法发送到 {url}"));
        Failure::new(Exit::Usage, text).hint(hint)
    };
    let known = [("http://", 80), (HTTPS, 443)];
    let known = known.into_iter().find_map(|(scheme, port)| Some((url.strip_prefix(scheme)?, port)));
    let (rest, default_port) = known.ok_or_else(|| {
        cannot(Text::new(
            "the target is a URL such as http://127.0.0.1:8080",
            "目标是形如 http://127.0.0.1:8080 的 URL",
        ))
    })?;
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.contains(['/', '?', '#', '@']) || authority.is_empty() {
        let hint = Text::new(
            "it has a host and a port alone: paths are those of the recording",
            "其中只能有主机和端口:路径以录制为准",
        );
        return Err(cannot(hint));
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            let port = port.parse().map_err(|_| {
                cannot(Text::new("the port is a number up to 65535", "端口是不超过 65535 的数字"))
            })?;
            (host, port)
        }
        _ => (authority, default_port),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let addresses: Vec<SocketAddr> = (host, port)
        .to_socket_addrs()
        .map_err(|error| {
            let text = Text::new(format!("cannot find {host}"), format!("找不到 {host}"));
            Failure::new(Exit::Unavailable, text).because(error)
        })?
        .collect();
    Ok((host.to_owned(), addresses))
}

#[cfg(test)]
mod tests;
