//! `kefu serve privacy export` and `erase`.

use std::{
    fs::{self, File},
    io::{self, IsTerminal as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::Path,
    sync::Arc,
};

use kefu_app::{App, Exit, Failure, Format, Text};
use kefu_store::{AuditActor, AuditRecord, Customer, Indexer, OpenOptions, StoreError, open_reading};
use serde_json::json;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::{json as report, random_uuid};
use crate::{
    args::{PrivacyArgs, PrivacyCommand, PrivacyEraseArgs, PrivacyExportArgs},
    clock,
    desk::{Desk, DeskOptions},
    files::{Files, FilesOptions, Links},
    metrics::Metrics,
    opening::store_failure,
    privacy::{Eraser, Export, beside},
    settings::Settings,
    trails::Trails,
};

/// The verdict when a legal hold is in the way.
const HELD: Exit = Exit::Verdict(1);
/// The verdict when there is no such customer.
const UNKNOWN: Exit = Exit::Verdict(2);

pub(crate) fn privacy(app: &App, args: &PrivacyArgs) -> Result<Exit, Failure> {
    match &args.command {
        PrivacyCommand::Export(args) => export(app, args),
        PrivacyCommand::Erase(args) => erase(app, args),
    }
}

fn export(app: &App, args: &PrivacyExportArgs) -> Result<Exit, Failure> {
    let dir = Settings::load_for_store(app, args.data_dir.as_ref())?;
    app.block_on(async {
        let failed = |error| store_failure(&dir, error);
        let store = open_reading(&dir, 1).await.map_err(failed)?;
        let customer = store.customer(args.customer).await.map_err(failed)?;
        let customer = customer.ok_or_else(|| unknown(args.customer))?;
        let mut export = Export::of(store.clone(), customer, clock::now()).await.map_err(failed)?;
        if args.files.is_some() {
            export = export.with_files();
        }
        let mut file = args.to.as_deref().map(create).transpose()?;
        if let Some(dir) = &args.files {
            fs::DirBuilder::new().mode(0o700).create(dir).map_err(|error| cannot_write(dir, error))?;
        }
        while let Some(piece) = export.next().await.map_err(failed)? {
            match &mut file {
                Some((file, path)) => {
                    file.write_all(piece.as_bytes()).map_err(|error| cannot_write(path, error))?;
                }
                None => app.print(&piece)?,
            }
            for stored in export.take_files() {
                let dir = args.files.as_deref().unwrap_or(Path::new("."));
                copy_file(&store.file_dir().path(stored.id), &dir.join(beside(&stored)))?;
            }
        }
        if let Some((file, path)) = &file {
            file.sync_all().map_err(|error| cannot_write(path, error))?;
        }
        drop(export);
        store.close().await;
        Ok(Exit::Ok)
    })?
}

/// Makes the file for its owner alone.
fn create(path: &Path) -> Result<(File, &Path), Failure> {
    let made = File::options().write(true).create_new(true).mode(0o600).open(path);
    made.map(|file| (file, path)).map_err(|error| cannot_write(path, error))
}

/// Copies the bytes of a file, durably. A file that went meanwhile, because its time was over, is left out.
fn copy_file(from: &Path, to: &Path) -> Result<(), Failure> {
    let mut source = match File::open(from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        opened => opened.map_err(|error| cannot_write(to, error))?,
    };
    let (mut target, _) = create(to)?;
    io::copy(&mut source, &mut target)
        .and_then(|_| target.sync_all())
        .map_err(|error| cannot_write(to, error))
}

fn cannot_write(path: &Path, error: io::Error) -> Failure {
    let name = path.display();
    Failure::new(Exit::Create, Text::new(format!("cannot write {name}"), format!("无法写入 {name}")))
        .because(error)
        .hint(Text::new("name another one with --to or --files", "请用 --to 或 --files 指定其他位置"))
}

fn unknown(customer: Uuid) -> Failure {
    let message = format!("there is no customer {customer}");
    Failure::new(UNKNOWN, Text::new(message, format!("没有客户 {customer}")))
        .hint(Text::new("take the id from the console", "请从工作台获取客户 ID"))
}

fn erase(app: &App, args: &PrivacyEraseArgs) -> Result<Exit, Failure> {
    let dir = Settings::load_for_store(app, args.data_dir.as_ref())?;
    if !args.yes && !is_meant(app, args.customer)? {
        return Err(Failure::new(
            Exit::Usage,
            Text::new("nothing was erased: it was not confirmed", "未确认,没有抹除任何内容"),
        )
        .hint(Text::new("say --yes", "请加上 --yes")));
    }
    app.block_on(async {
        let failed = |error| store_failure(&dir, error);
        // A store that is missing or of another version is not made or changed here.
        let store = open_reading(&dir, 1).await.map_err(failed)?;
        let found = store.customer(args.customer).await.map_err(failed)?;
        let customer = found.ok_or_else(|| unknown(args.customer))?;
        let hold = store.hold(customer.id, clock::now()).await.map_err(failed)?;
        store.close().await;
        if let Some(hold) = hold {
            let message = format!("a legal hold is on customer {}", hold.customer);
            return Err(Failure::new(
                HELD,
                Text::new(message, format!("客户 {} 处于法律保全", hold.customer)),
            )
            .hint(Text::new("release it over the API first", "请先通过 API 解除保全")));
        }
        let entries = erase_in(&dir, &customer).await?;
        app.print(&match args.format {
            Format::Text => format!("customer {} is erased: {entries} entries of logs\n", customer.id),
            Format::Json => report(&json!({
                "data_dir": dir.display().to_string(), "customer": customer.id, "entries": entries,
            })),
        })?;
        Ok(Exit::Ok)
    })?
}

/// Asks on the terminal, if there is one.
fn is_meant(app: &App, customer: Uuid) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() {
        return Ok(false);
    }
    app.print(&format!("erase customer {customer} for good? [y/N] "))?;
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(Failure::internal)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Erases in a store that nobody serves; returns how many entries of logs became empty.
async fn erase_in(dir: &Path, customer: &Customer) -> Result<u64, Failure> {
    let options =
        OpenOptions { dir: dir.to_owned(), epoch_if_new: random_uuid()?, now: clock::now(), readers: 2 };
    let opened = kefu_store::open(options).await.map_err(|error| match error {
        StoreError::Locked { .. } => store_failure(dir, error).hint(Text::new(
            "ask the daemon that serves it: POST /api/v1/customers/{id}/erase",
            "请通过正在运行的服务:POST /api/v1/customers/{id}/erase",
        )),
        other => store_failure(dir, other),
    })?;
    let (tracker, store) = (TaskTracker::new(), opened.store);
    let indexer = Indexer::start(&store).map_err(|error| store_failure(dir, error))?;
    let metrics = Arc::new(Metrics::new());
    let desk = Desk::start(DeskOptions {
        store: store.clone(),
        writer: opened.writer,
        metrics: Arc::clone(&metrics),
        tracker: tracker.clone(),
        queue_bytes: 1 << 20,
        hot_conversations: 1000,
        heartbeat_s: 25,
        grace: std::time::Duration::from_secs(180),
        links: Links::default(),
        masking: Settings::default().privacy.masking(),
        words: Arc::default(),
    });
    let desk = desk.await.map_err(|error| store_failure(dir, error))?;
    let files = Files::open(FilesOptions {
        store: store.clone(),
        desk: desk.clone(),
        metrics,
        tracker: tracker.clone(),
        settings: Settings::default().files,
        links: Links::default(),
    });
    let files = Arc::new(files.await.map_err(|error| store_failure(dir, error))?);
    let eraser = Eraser { desk, store, indexer, files };
    let mut entries = 0;
    let done = async {
        let audit = AuditRecord {
            at: clock::now(),
            actor: AuditActor::Shell,
            address: None,
            action: "customer.erase_asked",
            target: Some(("customer", customer.id)),
            detail: json!({}),
        };
        eraser.begin(customer, None, Vec::new(), audit, &Trails::default()).await?;
        if let Some(erasure) = eraser.store.erasure(customer.id).await? {
            eraser.run(&erasure, |done| entries = done).await?;
        }
        Ok(())
    };
    let done: Result<(), crate::problem::Problem> = done.await;
    eraser.desk.stop().await;
    eraser.indexer.close().await;
    tracker.close();
    tracker.wait().await;
    done.map_err(|problem| {
        let message = "the erasure is not finished: the next start of `kefu serve` goes on with it";
        Failure::new(Exit::Io, Text::new(message, "抹除尚未完成:下次启动 `kefu serve` 时会继续"))
            .because(problem)
    })?;
    Ok(entries)
}
