//! `kefu replay run`: recorded requests to a target, when they are due.

mod engine;
mod feed;
mod prepare;
mod report;
mod slot;
mod sockets;

use std::{sync::Arc, time::Duration};

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
    prepare::{MARK, Prepared, Rewrites, Skipped, connection, connection_between},
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
    target::{host, target},
    translate::Translator,
};

/// Some requests have no answer.
pub(crate) const UNANSWERED: Exit = Exit::Verdict(2);
/// A part of the input could not be read.
pub(crate) const DAMAGED: Exit = Exit::Verdict(3);

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
    // Sessions have a time of their own.
    let is_known = translator.as_ref().is_none_or(|translator| translator.has_sockets());
    let has_sockets = matches!(pace, Pace::Recorded(_)) && !is_dry && is_known;
    let work = move || -> Result<(Figures, Fed), Failure> {
        let failed = |error: std::io::Error| {
            Failure::new(Exit::Io, Text::new("cannot prepare to send", "无法准备发送")).because(error)
        };
        let (engine, waker) = Engine::new(plan, output, translator.clone()).map_err(failed)?;
        let mut reading = reading;
        if has_sockets {
            let runtime = Handle::current();
            reading.player = Some(Box::new(move || {
                Player::new(plan.target, rewrites, plan.timeout, plan.limits, translator, runtime)
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

#[cfg(test)]
mod tests;
