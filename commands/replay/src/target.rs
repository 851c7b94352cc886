//! The server that requests go to: whether it may be one, and how a connection to it begins.

use std::{
    io,
    net::{SocketAddr, ToSocketAddrs as _},
    path::Path,
};

use kefu_app::{Exit, Failure, Text};
use tokio::{io::AsyncWriteExt as _, net::TcpStream};

use crate::tunnel;

/// What URLs of servers behind TLS begin with.
const HTTPS: &str = "https://";
/// The target was not allowed.
pub(crate) const REFUSED: Exit = Exit::Verdict(4);

/// What a tunnel wants to hear before anything else, so that others on this machine cannot use it.
pub(crate) type Key = [u8; 16];

/// Where requests go.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Target {
    pub(crate) address: SocketAddr,
    key: Option<Key>,
}

impl From<SocketAddr> for Target {
    fn from(address: SocketAddr) -> Self {
        Self { address, key: None }
    }
}

impl Target {
    /// The end of a tunnel on this machine.
    #[cfg(feature = "tls")]
    pub(crate) fn tunnel(address: SocketAddr, key: Key) -> Self {
        Self { address, key: Some(key) }
    }

    /// What is said first on each connection.
    pub(crate) fn greeting(&self) -> &[u8] {
        self.key.as_ref().map_or(&[], <[u8; 16]>::as_slice)
    }

    /// Makes a connection.
    ///
    /// # Errors
    ///
    /// Nobody takes it.
    pub(crate) async fn connect(&self) -> io::Result<TcpStream> {
        let mut stream = TcpStream::connect(self.address).await?;
        // What is said is awaited.
        stream.set_nodelay(true)?;
        stream.write_all(self.greeting()).await?;
        Ok(stream)
    }
}

/// The address of the target, unless it is not this machine and was not allowed.
///
/// # Errors
///
/// It is no URL of a server, is not found, or was not allowed.
pub(crate) fn target(url: &str, allowed: &[String], ca_file: Option<&Path>) -> Result<Target, Failure> {
    let (host, addresses) = server(url)?;
    let is_here = addresses.iter().all(|address| address.ip().is_loopback());
    if !is_here && !allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(&host)) {
        let text = Text::new(
            format!("cannot send to {host}, which is not this machine, without leave"),
            format!("未经允许,不能发送到 {host}:它不是本机"),
        );
        let hint =
            Text::new(format!("allow it with --allow-host {host}"), format!("可用 --allow-host {host} 允许"));
        return Err(Failure::new(REFUSED, text).hint(hint));
    }
    address(url, &host, &addresses, ca_file)
}

/// The address of a server that needs no leave.
///
/// # Errors
///
/// It is no URL of a server, or is not found.
pub(crate) fn upstream(url: &str, ca_file: Option<&Path>) -> Result<Target, Failure> {
    let (host, addresses) = server(url)?;
    address(url, &host, &addresses, ca_file)
}

/// Where a server is to be asked without TLS.
fn address(
    url: &str,
    host: &str,
    addresses: &[SocketAddr],
    ca_file: Option<&Path>,
) -> Result<Target, Failure> {
    if url.starts_with(HTTPS) {
        return tunnel::open(url, ca_file);
    }
    addresses.first().copied().map(Target::from).ok_or_else(|| {
        Failure::new(Exit::Unavailable, Text::new(format!("cannot find {host}"), format!("找不到 {host}")))
    })
}

/// What stands in `Host` of requests to a server.
pub(crate) fn host(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split('/').next().unwrap_or_default().to_owned()
}

/// The host of a server's URL and its addresses.
///
/// # Errors
///
/// It is no URL of a server, or is not found.
fn server(url: &str) -> Result<(String, Vec<SocketAddr>), Failure> {
    let cannot = |hint: Text| {
        let text = Text::new(format!("cannot send to {url}"), format!("无法发送到 {url}"));
        Failure::new(Exit::Usage, text).hint(hint)
    };
    let known = [("http://", 80), (HTTPS, 443)];
    let known = known.into_iter().find_map(|(scheme, port)| Some((url.strip_prefix(scheme)?, port)));
    let (rest, default_port) = known.ok_or_else(|| {
        cannot(Text::new(
            "the target is a URL such as http://127.0.0.1:8080",
            "目标是形如 http://127.0.0.1:8080 的 URL",
        ))
    })?;
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    if authority.contains(['/', '?', '#', '@']) || authority.is_empty() {
        let hint = Text::new(
            "it has a host and a port alone: paths are those of the recording",
            "其中只能有主机和端口:路径以录制为准",
        );
        return Err(cannot(hint));
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            let port = port.parse().map_err(|_| {
                cannot(Text::new("the port is a number up to 65535", "端口是不超过 65535 的数字"))
            })?;
            (host, port)
        }
        _ => (authority, default_port),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let addresses: Vec<SocketAddr> = (host, port)
        .to_socket_addrs()
        .map_err(|error| {
            let text = Text::new(format!("cannot find {host}"), format!("找不到 {host}"));
            Failure::new(Exit::Unavailable, text).because(error)
        })?
        .collect();
    Ok((host.to_owned(), addresses))
}
