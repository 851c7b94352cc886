//! `kefu migrate rollback`: the old system counts again.
//!
//! Before the cutover nothing of it depends on what is here: the fence is taken down, and that is all. After it, what was
//! written here meanwhile is saved in a file first, and flows back as far as it can; then the sources are followed again from
//! where they ended: nothing but that was written there behind the fence.

use std::{fs::File, io::Write as _, os::unix::fs::OpenOptionsExt as _, path::Path};

use kefu_app::{App, Exit, Failure, Text};
use kefu_core::{MessageKind, Principal};
use kefu_store::{
    AuditActor, AuditRecord, Opened, Store,
    import::{FollowState, Importer, WrittenHere},
};
use serde::Serialize;

use crate::{
    args::RollbackArgs, check::Sources, cutover::lift, report, settings::Settings, target, value::show_key,
};

/// Messages that are read at once.
const PAGE: u32 = 10_000;

/// What came of it.
#[derive(Debug, Default, Serialize)]
struct Report {
    /// Whether the old system's place had been taken.
    was_cut_over: bool,
    /// Messages that were written here since, and where they are now.
    saved: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    /// Messages that have a row there by now.
    flowed_back: u64,
    /// Messages that no row can stand for: they are in the file alone.
    left: u64,
    /// Why nothing flowed back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flow_back_obstacles: Vec<String>,
}

/// A message as it is saved.
#[derive(Serialize)]
struct Line<'a> {
    id: uuid::Uuid,
    conversation_id: uuid::Uuid,
    /// The row that the conversation was brought over from.
    table: Option<&'a str>,
    key: Option<String>,
    visitor: Option<&'a str>,
    sender: &'static str,
    agent: Option<&'a str>,
    kind: MessageKind,
    text: &'a str,
    data: Option<&'a str>,
    is_gone: bool,
    /// In microseconds since 1970 (UTC).
    at_us: i64,
}

/// Runs `kefu migrate rollback`.
pub(crate) fn run(app: &App, args: &RollbackArgs) -> Result<Exit, Failure> {
    let settings = Settings::load(&args.file.file)?;
    settings.require_tables()?;
    #[cfg(feature = "mysql")]
    crate::back::refuse_finalized(&settings)?;
    app.block_on(async {
        let sources = Sources::open(&settings).await?;
        let dir = settings.data_dir.clone();
        let at_store = |error| target::failure(&dir, error);
        let Opened { writer, store, .. } = target::open(&dir).await?;
        let mut importer = Importer::new(writer).await.map_err(at_store)?;
        let mut positions = importer.positions().await.map_err(at_store)?;
        let was_cut_over = positions.iter().any(|position| position.state == FollowState::CutOver);
        let mut report = Report { was_cut_over, ..Report::default() };
        if was_cut_over {
            let path = settings.work_dir().join("written-since-cutover.jsonl");
            report.saved = save(&store, &path).await.map_err(|error| match error {
                Unsaved::Store(error) => at_store(error),
                Unsaved::File(error) => {
                    let path = path.display();
                    let text = Text::new(format!("cannot write {path}"), format!("无法写入 {path}"));
                    Failure::new(Exit::Io, text).because(error)
                }
            })?;
            report.file = Some(path.display().to_string());
            #[cfg(feature = "mysql")]
            flow_back(app, &settings, &sources, &store, &mut importer, &mut report).await?;
            for position in &mut positions {
                position.state = FollowState::Following;
                position.updated_at = target::now();
            }
            importer.set_positions(&positions).await.map_err(at_store)?;
            importer.switch_back().await.map_err(at_store)?;
        }
        lift(&sources, (args.unfence.as_deref(), None), args.read_only, args.fence_timeout).await?;
        let record = AuditRecord {
            at: target::now(),
            actor: AuditActor::Shell,
            address: None,
            action: "migrate.rolled_back",
            target: None,
            detail: serde_json::json!({
                "was_cut_over": was_cut_over, "saved": report.saved, "flowed_back": report.flowed_back
            }),
        };
        importer.audit(record).await.map_err(at_store)?;
        importer.close().await.map_err(at_store)?;
        store.close().await;
        report::print(app, args.format, &report, || report.markdown())?;
        Ok(Exit::Ok)
    })?
}

/// Writes what was made here since to the old system, if that can be, and has the store know its rows.
#[cfg(feature = "mysql")]
async fn flow_back(
    app: &App,
    settings: &Settings,
    sources: &Sources,
    store: &Store,
    importer: &mut Importer,
    report: &mut Report,
) -> Result<(), Failure> {
    let obstacles = crate::back::obstacles(settings);
    if !obstacles.is_empty() {
        let obstacles = obstacles.iter().map(|obstacle| obstacle.in_language(app.language()).to_owned());
        report.flow_back_obstacles = obstacles.collect();
        return Ok(());
    }
    let mut back = crate::back::Back::open(settings, sources, store).await?;
    back.drain().await?;
    let flowed = back.adopt(importer).await?;
    (report.flowed_back, report.left) = (flowed.messages, flowed.left);
    Ok(())
}

enum Unsaved {
    Store(kefu_store::StoreError),
    File(std::io::Error),
}

/// Saves what was written here since the last row was brought over; only its owner reads it.
async fn save(store: &Store, path: &Path) -> Result<u64, Unsaved> {
    let mut file = std::fs::File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)
        .map_err(Unsaved::File)?;
    let (mut after, mut count) = (store.import_end().await.map_err(Unsaved::Store)?, 0);
    loop {
        let page = store.written_here(after, PAGE).await.map_err(Unsaved::Store)?;
        let Some(last) = page.last() else { break };
        after = last.pos;
        count += page.len() as u64;
        write(&mut file, &page).map_err(Unsaved::File)?;
    }
    file.sync_all().map_err(Unsaved::File)?;
    Ok(count)
}

fn write(file: &mut File, page: &[WrittenHere]) -> std::io::Result<()> {
    let mut lines = Vec::new();
    for written in page {
        let origin = written.origin.as_ref();
        let line = Line {
            id: written.id,
            conversation_id: written.conversation,
            table: origin.map(|(table, _)| table.as_str()),
            key: origin.map(|(_, key)| show_key(key)),
            visitor: written.visitor.as_deref(),
            sender: match written.sender {
                Principal::Visitor(_) => "visitor",
                Principal::Agent(_) => "agent",
                Principal::Bot => "bot",
                Principal::System => "system",
            },
            agent: written.agent.as_deref(),
            kind: written.kind,
            text: &written.text,
            data: written.data.as_deref(),
            is_gone: written.is_gone,
            at_us: written.at.0,
        };
        serde_json::to_writer(&mut lines, &line)?;
        lines.push(b'\n');
    }
    file.write_all(&lines)
}

impl Report {
    fn markdown(&self) -> String {
        let Some(file) = &self.file else {
            return "The old system counted all the time; it writes again.\n".to_owned();
        };
        let Self { saved, flowed_back, left, .. } = self;
        let mut out =
            format!("The old system counts again. {saved} messages were written here meanwhile: {file}\n\n");
        if self.flow_back_obstacles.is_empty() {
            out.push_str(&format!(
                "{flowed_back} of them are in the old system by now; {left} have no place there.\n\n"
            ));
        }
        for obstacle in &self.flow_back_obstacles {
            out.push_str(&format!("Nothing flowed back: {obstacle}\n\n"));
        }
        out.push_str("`kefu migrate run --follow` goes on with it from where it ended.\n");
        out
    }
}
