//! The store that records go to.

mod remote;
mod sink;

use std::{
    path::Path,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use kefu_app::{Exit, Failure, Text};
use kefu_core::Micros;
use kefu_store::{OpenOptions, Opened, Store, StoreError};
use uuid::Uuid;

pub(crate) use self::sink::{Sink, Target, Waiting};

/// Readers of a store that is only compared or looked at.
const READERS: usize = 2;

/// The moment, by the system's clock.
pub(crate) fn now() -> Micros {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}

/// A fresh id.
pub(crate) fn new_id() -> Result<Uuid, Failure> {
    let mut bytes = [0; 10];
    getrandom::fill(&mut bytes).map_err(|error| Failure::internal(error.to_string()))?;
    let millis = now().0.max(0).unsigned_abs() / 1000;
    Ok(uuid::Builder::from_unix_timestamp_millis(millis, &bytes).into_uuid())
}

/// Opens the store for writing, or makes it.
pub(crate) async fn open(dir: &Path) -> Result<Opened, Failure> {
    let options = OpenOptions { dir: dir.to_owned(), epoch_if_new: new_id()?, now: now(), readers: READERS };
    kefu_store::open(options).await.map_err(|error| failure(dir, error))
}

/// Opens the store for reading, whether or not another process writes it.
pub(crate) async fn open_reading(dir: &Path) -> Result<Store, Failure> {
    kefu_store::open_reading(dir, READERS).await.map_err(|error| failure(dir, error))
}

/// Says why the store in `dir` cannot be used.
pub(crate) fn failure(dir: &Path, error: StoreError) -> Failure {
    let place = dir.display();
    let (exit, hint) = match &error {
        StoreError::Locked { .. } | StoreError::Busy => (
            Exit::Locked,
            Text::new(
                "stop the other process first: one process writes a store at a time",
                "请先停止另一个进程:同一时刻只能有一个进程写入数据库",
            ),
        ),
        StoreError::Newer { .. } => (Exit::Newer, Text::new("use the newer kefu", "请使用更新版本的 kefu")),
        StoreError::Older { .. } | StoreError::Missing(_) => (
            Exit::Unavailable,
            Text::new(
                "`kefu migrate run` makes it; is `target.data_dir` right?",
                "`kefu migrate run` 会创建它;`target.data_dir` 是否正确?",
            ),
        ),
        StoreError::Foreign(_) | StoreError::Corrupt(_) | StoreError::Interrupted(_) => {
            (Exit::Data, Text::new("`kefu serve check` says more", "`kefu serve check` 会给出更多信息"))
        }
        StoreError::Full => (
            Exit::Io,
            Text::new("free some space; the same command goes on", "请清理磁盘空间;再次执行同一命令即可继续"),
        ),
        StoreError::NotWritable { .. } => {
            (Exit::Create, Text::new("let this user write there", "请授予当前用户写入权限"))
        }
        StoreError::Io(_) => (
            Exit::Io,
            Text::new("look at the system's log for errors of the disk", "请查看系统日志中的磁盘错误"),
        ),
        _ => return Failure::internal(error),
    };
    let message =
        Text::new(format!("cannot use the store in {place}"), format!("无法使用 {place} 中的数据库"));
    Failure::new(exit, message).because(error).hint(hint)
}
