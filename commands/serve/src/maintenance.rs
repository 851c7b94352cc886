//! `kefu serve backup`, `restore` and `check`.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use kefu_app::{App, ByteSize, Exit, Failure, Format, Text};
use uuid::Uuid;

use crate::{
    args::{BackupArgs, CheckArgs, RestoreArgs},
    clock,
    opening::store_failure,
    settings::Settings,
};

pub(crate) fn backup(app: &App, args: &BackupArgs) -> Result<Exit, Failure> {
    let dir = Settings::load_for_store(app, args.data_dir.as_ref())?;
    let file = backup_file(args.to.as_deref());
    if file.exists() {
        let name = file.display();
        return Err(Failure::new(
            Exit::Create,
            Text::new(
                format!("cannot write {name}: it exists already"),
                format!("无法写入 {name}:文件已存在"),
            ),
        )
        .hint(Text::new("name another file with --to", "请用 --to 指定其他文件")));
    }
    let began = Instant::now();
    app.block_on(kefu_store::backup(&dir, &file))?.map_err(|error| store_failure(&dir, error))?;
    let bytes = fs::metadata(&file).map_or(0, |data| data.len());
    let seconds = began.elapsed().as_secs_f64();
    app.print(&match args.format {
        Format::Text => format!(
            "{}: a copy of the store in {}, {} KiB, {seconds:.1} s\n",
            file.display(),
            dir.display(),
            bytes.div_ceil(1024)
        ),
        Format::Json => json(&serde_json::json!({
            "data_dir": dir.display().to_string(),
            "file": file.display().to_string(),
            "bytes": bytes,
            "seconds": seconds,
        })),
    })?;
    Ok(Exit::Ok)
}

pub(crate) fn restore(app: &App, args: &RestoreArgs) -> Result<Exit, Failure> {
    let dir = Settings::load_for_store(app, args.data_dir.as_ref())?;
    let epoch = random_uuid()?;
    let restored = kefu_store::restore(&args.file, &dir, args.replace, epoch, clock::now());
    app.block_on(restored)?.map_err(|error| store_failure(&dir, error))?;
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

/// The named file, or one named after the time: in the named directory, or here.
fn backup_file(to: Option<&Path>) -> PathBuf {
    let by_time = || {
        let now = jiff::Timestamp::from_microsecond(clock::now().0).unwrap_or_default();
        now.strftime("kefu-%Y%m%dT%H%M%SZ.db").to_string()
    };
    match to {
        None => by_time().into(),
        Some(dir) if dir.is_dir() => dir.join(by_time()),
        Some(file) => file.to_owned(),
    }
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
