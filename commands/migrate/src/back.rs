//! What is made here after a cutover, on its way back to the old system.
//!
//! Until `kefu migrate finalize` the old system may be returned to, so it gets what is written and changed here: messages and
//! tickets, and the visitors and conversations that they need, by the mapping read the other way. Each row there has a note
//! beside it, in the same transaction, of what it is here and what it said: so a flow that is stopped anywhere goes on where it
//! was, writes nothing twice, and overwrites nothing that somebody else has changed. On the way back the notes become what the
//! store knows of its rows ([`Back::adopt`]); then the sources are followed as before.

mod adopt;
mod bring;
mod fields;
mod flow;
mod flowed;
mod inverse;
mod known;
mod parts;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use kefu_app::{App, Exit, Failure, Text};
use kefu_store::{Store, import::FollowState};

pub(crate) use self::{flow::Back, flowed::Flowed, parts::Parts};
use crate::{
    args::{FinalizeArgs, FlowBackArgs},
    check::Sources,
    letters::write_private,
    progress::say,
    report,
    settings::Settings,
    source::{NOTES, refused},
    target,
};

/// The time between looks at what was written here, and between two lines that say how far it is.
const LOOK: Duration = Duration::from_millis(200);
const LINE: Duration = Duration::from_secs(10);

/// Why nothing can flow back, beside the mapping.
pub(crate) fn obstacles(settings: &Settings) -> Vec<Text> {
    match Parts::of(settings) {
        Err(problems) => problems,
        Ok(parts) if parts.source(settings).is_some_and(|source| source.write.is_some()) => Vec::new(),
        Ok(parts) => {
            let name = parts.source(settings).map_or("", |source| source.name.as_str());
            vec![Text::new(
                format!("source `{name}` names no address to write under: `write_url_env`"),
                format!("来源 `{name}` 未写明可写入的地址:`write_url_env`"),
            )]
        }
    }
}

/// The file that says when the way back was closed.
fn finalized_path(settings: &Settings) -> PathBuf {
    settings.work_dir().join("finalized.json")
}

/// Fails if the way back is closed.
pub(crate) fn refuse_finalized(settings: &Settings) -> Result<(), Failure> {
    let path = finalized_path(settings);
    if !path.exists() {
        return Ok(());
    }
    let shown = path.display();
    Err(refused(
        format!("there is no way back: `kefu migrate finalize` closed it, as {shown} says"),
        format!("无法回退:`kefu migrate finalize` 已将其关闭,见 {shown}"),
    ))
}

/// How far what is here has taken the old system's place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Taken {
    Nowhere,
    /// In some inboxes: the others are still fed.
    InSome,
    Everywhere,
}

impl Taken {
    pub(crate) async fn of(settings: &Settings, store: &Store) -> Result<Self, Failure> {
        let at_store = |error| target::failure(&settings.data_dir, error);
        let positions = store.follow_positions().await.map_err(at_store)?;
        if positions.iter().any(|position| position.state == FollowState::CutOver) {
            return Ok(Self::Everywhere);
        }
        let fed = store.fed_inboxes().await.map_err(at_store)?;
        Ok(match fed.iter().any(|inbox| inbox.switched_at.is_some()) {
            true => Self::InSome,
            false => Self::Nowhere,
        })
    }
}

/// Nothing can flow back yet.
fn not_yet() -> Failure {
    refused(
        "nothing can flow back: what is here has not taken the old system's place; `kefu migrate cutover`",
        "无法回流:此处的数据尚未取代旧系统;请执行 `kefu migrate cutover`",
    )
}

/// Runs `kefu migrate flow-back`: beside `kefu serve`, until it is stopped.
pub(crate) fn run(app: &App, args: &FlowBackArgs) -> Result<Exit, Failure> {
    let settings = Settings::load(&args.file.file)?;
    settings.require_tables()?;
    refuse_finalized(&settings)?;
    app.block_on(async {
        let sources = Sources::open(&settings).await?;
        let store = target::open_reading(&settings.data_dir).await?;
        let taken = Taken::of(&settings, &store).await?;
        if taken == Taken::Nowhere {
            return Err(not_yet());
        }
        let mut back = Back::open(&settings, &sources, &store).await?;
        if taken == Taken::InSome {
            back.require_seen().await?;
        }
        let (stop, mut said_at) = (app.stop(), None::<Instant>);
        let flowed = loop {
            let flowed = back.drain().await?;
            if said_at.is_none_or(|at| at.elapsed() >= LINE) {
                said_at = Some(Instant::now());
                say(&flowed.line(app.language()));
            }
            if args.once {
                break flowed.clone();
            }
            tokio::select! {
                () = stop.clone().requested() => break back.drain().await?.clone(),
                () = tokio::time::sleep(LOOK) => {}
            }
        };
        store.close().await;
        report::print(app, args.format, &flowed, || flowed.markdown())?;
        Ok(if args.once { Exit::Ok } else { Exit::Interrupted })
    })?
}

/// Runs `kefu migrate finalize`: the old system is not returned to any more.
pub(crate) fn finalize(app: &App, args: &FinalizeArgs) -> Result<Exit, Failure> {
    let settings = Settings::load(&args.file.file)?;
    settings.require_tables()?;
    refuse_finalized(&settings)?;
    app.block_on(async {
        let store = target::open_reading(&settings.data_dir).await?;
        if Taken::of(&settings, &store).await? != Taken::Everywhere {
            return Err(not_yet());
        }
        let mut flowed = Flowed::default();
        if obstacles(&settings).is_empty() && !args.without_source {
            let sources = Sources::open(&settings).await?;
            let mut back = Back::open(&settings, &sources, &store).await?;
            flowed = back.drain().await?.clone();
            close(&settings)?;
            back.forget().await?;
        } else {
            close(&settings)?;
        }
        store.close().await;
        report::print(app, args.format, &flowed, || {
            format!("There is no way back any more. {}", flowed.markdown())
        })?;
        Ok(Exit::Ok)
    })?
}

/// Notes that there is no way back.
fn close(settings: &Settings) -> Result<(), Failure> {
    let path = finalized_path(settings);
    let said = serde_json::json!({ "finalized_at_us": target::now().0, "notes": NOTES });
    write_private(&path, &said.to_string()).map_err(|error| {
        let path = path.display();
        Failure::new(Exit::Io, Text::new(format!("cannot write {path}"), format!("无法写入 {path}")))
            .because(error)
    })
}
