//! `kefu migrate rollback`: the old system counts again.
//!
//! Before the cutover nothing of it depends on what is here: the fence is taken down, and that is all. After it, what was
//! written here meanwhile is saved in a file first, and flows back as far as it can; then the sources are followed again from
//! where they ended: nothing but that was written there behind the fence.

mod save;

use kefu_app::{App, Exit, Failure, Text};
use kefu_store::{
    AuditActor, AuditRecord, Opened, Store,
    import::{FollowState, Importer},
};
use serde::Serialize;

use self::save::{Saved, Unsaved, save};
use crate::{
    args::RollbackArgs,
    back::{Flowed, Taken},
    check::Sources,
    cutover::lift,
    report,
    settings::Settings,
    target,
};

/// What came of it.
#[derive(Debug, Default, Serialize)]
struct Report {
    /// Whether the old system's place had been taken, in one inbox at least.
    was_cut_over: bool,
    /// Messages that were written here since, and what else changed; and where all of it is now.
    saved: u64,
    changed: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    /// Messages that have a row there by now.
    flowed_back: u64,
    /// What no row can say: it is in the file alone.
    left: u64,
    /// Rows that were changed there meanwhile, and stay as they are.
    conflicts: u64,
    /// All of what came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    flowed: Option<Flowed>,
    /// Why nothing flowed back.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    flow_back_obstacles: Vec<String>,
}

/// Runs `kefu migrate rollback`.
pub(crate) fn run(app: &App, args: &RollbackArgs) -> Result<Exit, Failure> {
    let settings = Settings::load(&args.file.file)?;
    settings.require_tables()?;
    crate::back::refuse_finalized(&settings)?;
    app.block_on(async {
        let sources = Sources::open(&settings).await?;
        let dir = settings.data_dir.clone();
        let at_store = |error| target::failure(&dir, error);
        let Opened { writer, store, .. } = target::open(&dir).await?;
        let mut importer = Importer::new(writer).await.map_err(at_store)?;
        let mut positions = importer.positions().await.map_err(at_store)?;
        let was_cut_over = Taken::of(&settings, &store).await? != Taken::Nowhere;
        let mut report = Report { was_cut_over, ..Report::default() };
        if was_cut_over {
            let path = settings.work_dir().join("written-since-cutover.jsonl");
            let Saved { messages, changes } =
                save(&store, &settings, &path).await.map_err(|error| match error {
                    Unsaved::Store(error) => at_store(error),
                    Unsaved::File(error) => {
                        let path = path.display();
                        let text = Text::new(format!("cannot write {path}"), format!("无法写入 {path}"));
                        Failure::new(Exit::Io, text).because(error)
                    }
                })?;
            (report.saved, report.changed) = (messages, changes);
            report.file = Some(path.display().to_string());
            flow_back(app, &settings, &sources, &store, &mut importer, &mut report).await?;
            positions.retain(|position| position.state == FollowState::CutOver);
            for position in &mut positions {
                position.state = FollowState::Following;
                position.updated_at = target::now();
            }
            importer.switch_back(&positions).await.map_err(at_store)?;
        }
        lift(&sources, (args.unfence.as_deref(), None), args.read_only, args.fence_timeout).await?;
        let record = AuditRecord {
            at: target::now(),
            actor: AuditActor::Shell,
            address: None,
            action: "migrate.rolled_back",
            target: None,
            detail: serde_json::json!({
                "was_cut_over": was_cut_over, "saved": report.saved, "changed": report.changed,
                "flowed_back": report.flowed_back, "left": report.left, "conflicts": report.conflicts
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
    (report.flowed_back, report.left, report.conflicts) = (flowed.messages, flowed.left, flowed.conflicts);
    report.flowed = Some(flowed);
    Ok(())
}

impl Report {
    fn markdown(&self) -> String {
        let Some(file) = &self.file else {
            return "The old system counted all the time; it writes again.\n".to_owned();
        };
        let Self { saved, changed, .. } = self;
        let mut out = format!(
            "The old system counts again. {saved} messages were written here meanwhile, and {changed} other things changed: {file}\n\n"
        );
        if let Some(flowed) = &self.flowed {
            out.push_str(&flowed.markdown());
            out.push('\n');
        }
        for obstacle in &self.flow_back_obstacles {
            out.push_str(&format!("Nothing flowed back: {obstacle}\n\n"));
        }
        out.push_str("`kefu migrate run --follow` goes on with it from where it ended.\n");
        out
    }
}
