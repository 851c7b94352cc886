//! `kefu replay capture` and `kefu replay convert`: records from interfaces and files into a file.

use kefu_app::{App, Exit, Failure, Language, Stop, Text};
use serde_json::{Value, json};

use crate::{
    PARTLY,
    account::Reason,
    args::{CaptureArgs, ConvertArgs, FilterArgs, OutputArgs, ReportFormat},
    live::Live,
    output::Output,
    pipeline::{Ended, Pipeline, Wanted, Written},
    redact::Redaction,
    shown,
    source::{Outcome, Sink as _, Source},
};

/// Takes the messages out of packets.
pub(crate) fn capture(app: &App, args: &CaptureArgs) -> Result<Exit, Failure> {
    let redaction = Redaction::new(&args.redaction.redact)?;
    let origin = if args.live.interface.is_empty() {
        Origin::Files(Source::open(&args.input, &args.source)?.only_packets()?)
    } else {
        Origin::Live(Live::open(&args.live, &args.source.port, args.source.limits)?)
    };
    let wanted = Wanted { responses: !args.no_responses, replays: false };
    transfer(app, origin, redaction, wanted, &args.filters, &args.output)
}

/// Turns records from one form into another.
pub(crate) fn convert(app: &App, args: &ConvertArgs) -> Result<Exit, Failure> {
    let redaction = Redaction::new(&args.redact)?;
    let origin = Origin::Files(Source::open(&args.input, &args.source)?);
    let wanted = Wanted { responses: true, replays: true };
    transfer(app, origin, redaction, wanted, &args.filters, &args.output)
}

/// Where messages come from.
enum Origin {
    Files(Source),
    Live(Live),
}

impl Origin {
    /// Has everything go through the pipeline; its output is ended in any case.
    fn read(
        self,
        mut pipeline: Pipeline,
        language: Language,
        stop: &Stop,
    ) -> Result<(Outcome, Ended), Failure> {
        let outcome = match self {
            Self::Files(source) => source.read(language, stop, &mut |record| pipeline.take(record)),
            Self::Live(live) => live.read(language, stop, &mut pipeline),
        };
        let ended = pipeline.finish();
        Ok((outcome?, ended?))
    }
}

fn transfer(
    app: &App,
    origin: Origin,
    redaction: Option<Redaction>,
    wanted: Wanted,
    filters: &FilterArgs,
    args: &OutputArgs,
) -> Result<Exit, Failure> {
    let output = Output::open(args)?;
    let (language, stop) = (app.language(), app.stop());
    let pipeline = Pipeline::new(wanted, filters, redaction, output, language)?;
    let (outcome, ended) = app.block_on(async move {
        let work = move || origin.read(pipeline, language, &stop);
        tokio::task::spawn_blocking(work).await.map_err(Failure::internal)?
    })??;
    let text = match args.format {
        ReportFormat::Json => format!("{}\n", report_json(&outcome, &ended)),
        ReportFormat::Text => report_text(&outcome, &ended, language),
    };
    // Standard output has the records unless they are in a file.
    if args.output.is_some() {
        app.print(&text)?;
    } else {
        use std::io::Write as _;
        drop(std::io::stderr().write_all(text.as_bytes()));
    }
    let dropped: u64 = outcome.interfaces.iter().map(|one| one.dropped + one.dropped_by_interface).sum();
    Ok(match outcome {
        Outcome { is_stopped: true, .. } => Exit::Interrupted,
        Outcome { complaints: 1.., .. } => PARTLY,
        _ if dropped > 0 => PARTLY,
        _ => Exit::Ok,
    })
}

fn report_json(outcome: &Outcome, ended: &Ended) -> Value {
    let Ended { written, account, redaction } = ended;
    let mut report = json!({
        "requests": written.requests,
        "responses": written.responses,
        "websocket_messages": written.frames,
        "bytes": written.bytes,
        "own_replays": account.of(Reason::OwnReplay),
        "damaged": outcome.complaints,
        "account": account.to_json(),
    });
    if let Some(redaction) = redaction {
        report["redacted"] = json!({ "replacements": redaction.replaced, "bodies": redaction.bodies });
    }
    if let Some(packets) = outcome.packets {
        report["capture"] = packets.to_json();
    }
    if !outcome.interfaces.is_empty() {
        report["interfaces"] = json!(outcome.interfaces);
    }
    report
}

fn report_text(outcome: &Outcome, ended: &Ended, language: Language) -> String {
    let say = |en: &str, zh: &str| Text::new(en, zh).in_language(language).to_owned();
    let mut out = String::new();
    if !outcome.interfaces.is_empty() {
        let mut rows = vec![vec![
            say("interface", "网络接口"),
            say("packets taken", "已取数据包"),
            say("received", "内核收到"),
            say("dropped by the kernel", "内核丢弃"),
            say("dropped by the interface", "网卡丢弃"),
        ]];
        rows.extend(outcome.interfaces.iter().map(|one| {
            let counts = [one.taken, one.received, one.dropped, one.dropped_by_interface];
            std::iter::once(shown::line(&one.interface))
                .chain(counts.map(|count| count.to_string()))
                .collect()
        }));
        out.push_str(&shown::table(&rows));
        out.push('\n');
    }
    if let Some(packets) = outcome.packets {
        out.push_str(&packets.to_text(language));
    }
    let Written { requests, responses, frames, bytes } = ended.written;
    let bytes = shown::bytes(bytes);
    let mut lines = vec![Text::new(
        format!(
            "{requests} requests, {responses} responses and {frames} WebSocket messages written, {bytes}"
        ),
        format!("已写出 {requests} 个请求、{responses} 个响应、{frames} 条 WebSocket 消息,共 {bytes}"),
    )];
    if let Some(Redaction { replaced, bodies, .. }) = &ended.redaction {
        lines.push(Text::new(
            format!("{replaced} secrets and numbers replaced; {bodies} bodies could not be looked into and were replaced"),
            format!("已替换 {replaced} 处机密与号码;{bodies} 个无法检查的正文已整体替换"),
        ));
    }
    for (reason, count) in ended.account.reasons() {
        let text = reason.text();
        let (en, zh) = (text.in_language(Language::English), text.in_language(Language::Chinese));
        lines
            .push(Text::new(format!("{count} messages left out: {en}"), format!("略过 {count} 条消息:{zh}")));
    }
    for line in lines {
        out.push_str(line.in_language(language));
        out.push('\n');
    }
    out
}
