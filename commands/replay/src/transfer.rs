//! `kefu replay capture` and `kefu replay convert`: records from files into a file.

use std::collections::HashSet;

use kefu_app::{App, Exit, Failure, Language, Stop, Text};
use kefu_traffic::gor::{Kind, Record};
use serde_json::{Value, json};

use crate::{
    PARTLY,
    args::{CaptureArgs, ConvertArgs, OutputArgs, ReportFormat},
    message::Parts,
    output::Output,
    redact::Redaction,
    run::MARK,
    shown,
    source::{Outcome, Source},
};

/// Takes the messages out of packets.
pub(crate) fn capture(app: &App, args: &CaptureArgs) -> Result<Exit, Failure> {
    let redaction = Redaction::new(&args.redact)?;
    let source = Source::open(&args.input, &args.source)?.only_packets()?;
    let wanted = Wanted { responses: !args.no_responses, replays: false };
    transfer(app, source, redaction, wanted, &args.output)
}

/// Turns records from one form into another.
pub(crate) fn convert(app: &App, args: &ConvertArgs) -> Result<Exit, Failure> {
    let redaction = Redaction::new(&args.redact)?;
    let source = Source::open(&args.input, &args.source)?;
    let wanted = Wanted { responses: true, replays: true };
    transfer(app, source, redaction, wanted, &args.output)
}

/// So many requests of a replay wait for their answers.
const IDS_MAX: usize = 1_000_000;

/// What has been written.
#[derive(Clone, Copy, Debug, Default)]
struct Written {
    requests: u64,
    responses: u64,
    frames: u64,
    bytes: u64,
    /// Messages of a replay, which are left out.
    own: u64,
}

impl Written {
    fn count(&mut self, record: &Record) {
        self.bytes += record.payload.len() as u64;
        *match record.kind {
            Kind::Request => &mut self.requests,
            Kind::Response | Kind::Replayed => &mut self.responses,
            _ => &mut self.frames,
        } += 1;
    }
}

fn transfer(
    app: &App,
    source: Source,
    redaction: Option<Redaction>,
    wanted: Wanted,
    args: &OutputArgs,
) -> Result<Exit, Failure> {
    let output = Output::open(args)?;
    let (language, stop) = (app.language(), app.stop());
    let work = Work { source, redaction, wanted, output };
    let ended = app.block_on(async move {
        tokio::task::spawn_blocking(move || work.run(language, &stop)).await.map_err(Failure::internal)?
    })??;
    let Ended { outcome, written, redaction } = ended;
    let text = match args.format {
        ReportFormat::Json => format!("{}\n", report_json(&outcome, written, redaction.as_ref())),
        ReportFormat::Text => report_text(&outcome, written, redaction.as_ref(), language),
    };
    // Standard output has the records unless they are in a file.
    if args.output.is_some() {
        app.print(&text)?;
    } else {
        use std::io::Write as _;
        drop(std::io::stderr().write_all(text.as_bytes()));
    }
    Ok(match outcome {
        Outcome { is_stopped: true, .. } => Exit::Interrupted,
        Outcome { complaints: 1.., .. } => PARTLY,
        _ => Exit::Ok,
    })
}

/// What is taken over.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    responses: bool,
    /// Messages of a replay by kefu.
    replays: bool,
}

/// Tells the messages of a replay: its requests by their mark, and what belongs to them.
#[derive(Debug, Default)]
struct Own {
    ids: HashSet<String>,
}

impl Own {
    fn is_of_replay(&mut self, record: &Record) -> bool {
        if record.kind != Kind::Request {
            return self.ids.remove(&record.id);
        }
        let is_marked = Parts::of(record).is_some_and(|parts| parts.header(MARK).is_some());
        if is_marked && self.ids.len() < IDS_MAX {
            self.ids.insert(record.id.clone());
        }
        is_marked
    }
}

struct Work {
    source: Source,
    redaction: Option<Redaction>,
    wanted: Wanted,
    output: Output,
}

struct Ended {
    outcome: Outcome,
    written: Written,
    redaction: Option<Redaction>,
}

impl Work {
    fn run(self, language: Language, stop: &Stop) -> Result<Ended, Failure> {
        let Self { source, mut redaction, wanted, mut output } = self;
        let mut written = Written::default();
        let mut is_read = true;
        let mut own = Own::default();
        let outcome = source.read(language, stop, &mut |mut record| {
            let is_wanted =
                wanted.responses || matches!(record.kind, Kind::Request | Kind::ToServer | Kind::Other(_));
            if !wanted.replays && own.is_of_replay(&record) {
                written.own += 1;
                return Ok(());
            }
            if !is_wanted || !is_read {
                return Ok(());
            }
            if let Some(redaction) = &mut redaction {
                redaction.apply(&mut record);
            }
            written.count(&record);
            is_read = output.write(record)?;
            Ok(())
        })?;
        output.finish()?;
        Ok(Ended { outcome, written, redaction })
    }
}

fn report_json(outcome: &Outcome, written: Written, redaction: Option<&Redaction>) -> Value {
    let mut report = json!({
        "requests": written.requests,
        "responses": written.responses,
        "websocket_messages": written.frames,
        "bytes": written.bytes,
        "own_replays": written.own,
        "damaged": outcome.complaints,
    });
    if let Some(redaction) = redaction {
        report["redacted"] =
            json!({ "replacements": redaction.replaced, "compressed_bodies": redaction.unseen });
    }
    if let Some(packets) = outcome.packets {
        report["capture"] = packets.to_json();
    }
    report
}

fn report_text(
    outcome: &Outcome,
    written: Written,
    redaction: Option<&Redaction>,
    language: Language,
) -> String {
    let mut out = outcome.packets.map_or_else(String::new, |packets| packets.to_text(language));
    let Written { requests, responses, frames, bytes, own } = written;
    let bytes = shown::bytes(bytes);
    let mut lines = vec![Text::new(
        format!(
            "{requests} requests, {responses} responses and {frames} WebSocket messages written, {bytes}"
        ),
        format!("已写出 {requests} 个请求、{responses} 个响应、{frames} 条 WebSocket 消息,共 {bytes}"),
    )];
    if let Some(Redaction { replaced, unseen, .. }) = redaction {
        lines.push(Text::new(
            format!("{replaced} secrets and numbers replaced; {unseen} compressed bodies not looked into"),
            format!("已替换 {replaced} 处机密与号码;{unseen} 个压缩的正文未检查"),
        ));
    }
    if own > 0 {
        lines.push(Text::new(
            format!("{own} messages left out that are of a replay by kefu"),
            format!("已略过 {own} 条由 kefu 重放的消息"),
        ));
    }
    for line in lines {
        out.push_str(line.in_language(language));
        out.push('\n');
    }
    out
}
