//! What is said when a port or a store cannot be had.

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
    path::Path,
};

use kefu_app::{Exit, Failure, Text};
use kefu_store::StoreError;
use tokio::net::{TcpListener, TcpSocket};

/// Connections that the system holds until they are accepted.
const BACKLOG: u32 = 4096;

/// Takes the address to listen on; nothing is accepted yet.
///
/// # Errors
/// When the address is taken, not this machine's or not allowed.
pub(crate) fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    let bound = || -> io::Result<TcpListener> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // A restart does not wait for what the last run left in TIME_WAIT.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    };
    bound().map_err(|error| cannot_listen(address, error))
}

fn cannot_listen(address: SocketAddr, error: io::Error) -> Failure {
    let hint = match error.kind() {
        ErrorKind::AddrInUse => Text::new(
            "another program listens there: stop it, or name another address with --listen",
            "该地址已被其他程序占用:请停止该程序,或用 --listen 指定其他地址",
        ),
        ErrorKind::AddrNotAvailable => {
            Text::new("name an address of this machine with --listen", "请用 --listen 指定本机的地址")
        }
        ErrorKind::PermissionDenied => Text::new(
            "ports below 1024 need a privilege: name another one with --listen",
            "1024 以下的端口需要特权:请用 --listen 指定其他端口",
        ),
        _ => Text::new("name another address with --listen", "请用 --listen 指定其他地址"),
    };
    Failure::new(
        Exit::Unavailable,
        Text::new(format!("cannot listen on {address}"), format!("无法监听 {address}")),
    )
    .because(error)
    .hint(hint)
}

/// Says why the store in `dir` cannot be used, and what to do.
pub(crate) fn store_failure(dir: &Path, error: StoreError) -> Failure {
    let place = dir.display();
    let message =
        Text::new(format!("cannot use the store in {place}"), format!("无法使用 {place} 中的数据库"));
    let (exit, hint) = match &error {
        StoreError::Locked { .. } | StoreError::Busy => (
            Exit::Locked,
            Text::new(
                "stop the other process first, or name another directory with --data-dir",
                "请先停止另一个进程,或用 --data-dir 指定其他目录",
            ),
        ),
        StoreError::Newer { .. } => (
            Exit::Newer,
            Text::new(
                "use the newer kefu, or restore a backup from before it",
                "请使用更新版本的 kefu,或恢复升级之前的备份",
            ),
        ),
        StoreError::Older { .. } => (
            Exit::Unavailable,
            Text::new(
                "start `kefu serve` once: it brings the store up to date",
                "请先启动一次 `kefu serve`:它会升级数据库",
            ),
        ),
        StoreError::Foreign(_) => {
            (Exit::Data, Text::new("name another directory with --data-dir", "请用 --data-dir 指定其他目录"))
        }
        StoreError::Missing(_) => (
            Exit::Unavailable,
            Text::new("check the path; --data-dir names the directory", "请检查路径;目录由 --data-dir 指定"),
        ),
        StoreError::NotEmpty(_) => (
            Exit::Create,
            Text::new(
                "with --replace it is set aside, or name another directory with --data-dir",
                "使用 --replace 可将其移开,或用 --data-dir 指定其他目录",
            ),
        ),
        StoreError::Interrupted(_) => (
            Exit::Data,
            Text::new(
                "run the same `kefu serve restore` again, with --replace",
                "请带 --replace 重新执行同一条 `kefu serve restore`",
            ),
        ),
        StoreError::Corrupt(_) => (
            Exit::Data,
            Text::new(
                "`kefu serve check` lists the damage, `kefu serve restore` puts a backup in its place",
                "`kefu serve check` 可列出损坏之处,`kefu serve restore` 可用备份替换",
            ),
        ),
        StoreError::Full => (Exit::Io, Text::new("free some space on the disk", "请清理磁盘空间")),
        StoreError::NotWritable { .. } => (
            Exit::Create,
            Text::new(
                "let this user write there, or name another directory with --data-dir",
                "请授予当前用户写入权限,或用 --data-dir 指定其他目录",
            ),
        ),
        StoreError::Io(_) => (
            Exit::Io,
            Text::new("look at the system's log for errors of the disk", "请查看系统日志中的磁盘错误"),
        ),
        StoreError::Conflict(_)
        | StoreError::Stale(_)
        | StoreError::OutOfOrder { .. }
        | StoreError::Abandoned
        | StoreError::Held
        | StoreError::Erasing
        | StoreError::Closed
        | StoreError::Internal(_) => return Failure::internal(error),
    };
    Failure::new(exit, message).because(error).hint(hint)
}

#[cfg(test)]
mod tests {
    use kefu_app::Language;

    use super::*;

    #[test]
    fn every_kind_of_trouble_has_its_exit_code_and_says_what_to_do() {
        let other = || io::Error::other("broken").into();
        for (error, exit) in [
            (StoreError::Locked { pid: Some(7) }, Exit::Locked),
            (StoreError::Newer { found: 9, known: 1 }, Exit::Newer),
            (StoreError::Foreign("/a/kefu.db".into()), Exit::Data),
            (StoreError::Corrupt("page 7".into()), Exit::Data),
            (StoreError::NotEmpty("/a".into()), Exit::Create),
            (StoreError::NotWritable { path: "/a".into(), source: other() }, Exit::Create),
            (StoreError::Full, Exit::Io),
            (StoreError::Io(other()), Exit::Io),
            (StoreError::Internal(other()), Exit::Internal),
        ] {
            let failure = store_failure(Path::new("/a"), error);
            assert_eq!(failure.exit(), exit);
            let line = failure.line(Language::English);
            assert!(exit == Exit::Internal || line.starts_with("cannot use the store in /a: "), "{line}");
            assert!(exit == Exit::Internal || line.contains("; "), "{line} has no hint");
        }
        let locked = store_failure(Path::new("/a"), StoreError::Locked { pid: Some(7) });
        assert!(locked.line(Language::English).contains("in use by process 7"), "{locked:?}");
    }

    #[tokio::test]
    async fn a_port_that_is_taken_is_named() {
        let first = bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let failure = bind(first.local_addr().unwrap()).unwrap_err();
        assert_eq!(failure.exit(), Exit::Unavailable);
        let line = failure.line(Language::English);
        assert!(line.starts_with(&format!("cannot listen on {}: ", first.local_addr().unwrap())), "{line}");
        assert!(line.contains("another program listens there"), "{line}");
    }
}
