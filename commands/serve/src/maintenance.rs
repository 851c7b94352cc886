//! `kefu serve backup`, `restore`, `check`, `audit`, `report`, `events`, `privacy`, `query` and `rotate-key`.

mod audit;
#[cfg(feature = "events")]
mod events;
mod key;
mod privacy;
#[cfg(feature = "graphql")]
mod query;
mod report;
mod target;

pub(crate) use audit::audit;
#[cfg(feature = "events")]
pub(crate) use events::events;
pub(crate) use key::rotate_key;
pub(crate) use privacy::privacy;
#[cfg(feature = "graphql")]
pub(crate) use query::query;
pub(crate) use report::report;

use std::{fs, path::Path, time::Instant};

use kefu_app::{App, ByteSize, Exit, Failure, Format, Text};
use kefu_store::StoreError;
use uuid::Uuid;

use crate::{
    args::{BackupArgs, CheckArgs, RestoreArgs},
    clock,
    opening::store_failure,
    settings::Settings,
};

pub(crate) fn backup(app: &App, args: &BackupArgs) -> Result<Exit, Failure> {
    let dir = Settings::load_for_store(app, args.data_dir.as_ref())?;
    let file = target::choose(args.to.as_deref(), &dir)?;
    let began = Instant::now();
    let copied = app.block_on(kefu_store::backup(&dir, &file))?;
    let copied = copied.map_err(|error| target::failure(&file, &dir, error))?;
    for id in &copied.missing {
        tracing::warn!(%id, "a file of the store has no bytes: the backup has none of it either");
    }
    let bytes = fs::metadata(&file).map_or(0, |data| data.len());
    let seconds = began.elapsed().as_secs_f64();
    app.print(&match args.format {
        Format::Text => {
            let mut text = format!(
                "{}: a copy of the store in {}, {} KiB, {seconds:.1} s\n",
                file.display(),
                dir.display(),
                bytes.div_ceil(1024)
            );
            if copied.files > 0 {
                let (place, size) = (kefu_store::backup_files(&file), ByteSize(copied.bytes));
                text.push_str(&format!("{}: its files, {}, {size}\n", place.display(), copied.files));
            }
            text
        }
        Format::Json => json(&serde_json::json!({
            "data_dir": dir.display().to_string(),
            "file": file.display().to_string(),
            "bytes": bytes,
            "files": copied.files,
            "file_bytes": copied.bytes,
            "files_missing": copied.missing,
            "seconds": seconds,
        })),
    })?;
    Ok(Exit::Ok)
}

pub(crate) fn restore(app: &App, args: &RestoreArgs) -> Result<Exit, Failure> {
    let dir = Settings::load_for_store(app, args.data_dir.as_ref())?;
    let epoch = random_uuid()?;
    let restored = kefu_store::restore(&args.file, &dir, args.replace, epoch, clock::now());
    app.block_on(restored)?.map_err(|error| restore_failure(&args.file, &dir, error))?;
    let bytes = fs::metadata(&args.file).map_or(0, |data| data.len());
    app.print(&match args.format {
        Format::Text => format!(
            "the store in {} is now {} ({}), epoch {epoch}\n",
            dir.display(),
            args.file.display(),
            ByteSize(bytes)
        ),
        Format::Json => json(&serde_json::json!({
            "data_dir": dir.display().to_string(),
            "file": args.file.display().to_string(),
            "epoch": epoch.to_string(),
        })),
    })?;
    Ok(Exit::Ok)
}

/// Says why nothing was restored: the trouble is with the backup, or with the store in `dir`.
fn restore_failure(backup: &Path, dir: &Path, error: StoreError) -> Failure {
    let name = backup.display();
    match error {
        StoreError::Missing(path) if path == backup => Failure::new(
            Exit::Unavailable,
            Text::new(
                format!("cannot read {name}: there is no such file"),
                format!("无法读取 {name}:文件不存在"),
            ),
        )
        .hint(Text::new("check the path of the backup", "请检查备份文件的路径")),
        StoreError::Foreign(path) if path == backup => Failure::new(
            Exit::Data,
            Text::new(
                format!("cannot restore {name}: it is no backup of a store"),
                format!("无法恢复 {name}:该文件不是数据库备份"),
            ),
        )
        .hint(Text::new(
            "name a file that `kefu serve backup` made",
            "请指定由 `kefu serve backup` 生成的文件",
        )),
        // Only the backup is read to its end.
        StoreError::Corrupt(what) => Failure::new(
            Exit::Data,
            Text::new(format!("cannot restore {name}: it is damaged"), format!("无法恢复 {name}:文件已损坏")),
        )
        .because(what.strip_prefix(&format!("{name}: ")).unwrap_or(&what))
        .hint(Text::new("name another backup", "请指定其他备份")),
        other => store_failure(dir, other),
    }
}

pub(crate) fn check(app: &App, args: &CheckArgs) -> Result<Exit, Failure> {
    let dir = Settings::load_for_store(app, args.data_dir.as_ref())?;
    let problems = app.block_on(kefu_store::check(&dir))?.map_err(|error| store_failure(&dir, error))?;
    let place = dir.display();
    app.print(&match (args.format, problems.as_slice()) {
        (Format::Text, []) => format!("the store in {place} is whole\n"),
        (Format::Text, problems) => {
            let mut text = format!("the store in {place} is damaged:\n");
            for problem in problems {
                text.push_str(&format!("  {problem}\n"));
            }
            text
        }
        (Format::Json, problems) => json(&serde_json::json!({
            "data_dir": place.to_string(),
            "whole": problems.is_empty(),
            "problems": problems,
        })),
    })?;
    Ok(if problems.is_empty() { Exit::Ok } else { Exit::Data })
}

/// A random id, for a new life of a store.
///
/// # Errors
/// When the system gives no random bytes.
pub(crate) fn random_uuid() -> Result<Uuid, Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(Failure::internal)?;
    Ok(uuid::Builder::from_random_bytes(bytes).into_uuid())
}

fn json(value: &serde_json::Value) -> String {
    format!("{value:#}\n")
}
