//! Whether this process may hold the connections that are asked of it.

use kefu_app::{Failure, Text};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::{target::Target, usage};

/// Descriptors for everything but connections.
const MARGIN: u64 = 100;

/// Raises the soft limit of open files as far as needed and allowed.
///
/// # Errors
///
/// The hard limit is below what `connections` need; with `has_procs` the message says how to spread them.
pub(crate) fn reserve(connections: u32, has_procs: bool) -> Result<(), Failure> {
    let needed = u64::from(connections) + MARGIN;
    let limit = getrlimit(Resource::Nofile);
    let is_enough = |limit: Option<u64>| limit.is_none_or(|limit| limit >= needed);
    if is_enough(limit.current) {
        return Ok(());
    }
    if is_enough(limit.maximum) {
        let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
        if setrlimit(Resource::Nofile, raised).is_ok() {
            return Ok(());
        }
    }
    let most = limit.maximum.unwrap_or(u64::MAX);
    let fits = most.saturating_sub(MARGIN);
    let (spread, spread_zh) = match has_procs {
        true => (", spread them over processes with --procs", ", 用 --procs 分散到多个进程"),
        false => ("", ""),
    };
    Err(usage(
        format!("cannot hold {connections} connections: they take {needed} open files, the limit is {most}"),
        format!("无法保持 {connections} 个连接: 需要打开 {needed} 个文件, 上限为 {most}"),
    )
    .hint(Text::new(
        format!(
            "raise the hard limit (ulimit -Hn, LimitNOFILE=) here and for the server{spread}, or use at most {fits}"
        ),
        format!("请在本机和服务端提高硬限制 (ulimit -Hn, LimitNOFILE=){spread_zh}, 或最多使用 {fits} 个"),
    )))
}

/// Looks whether there are ports for so many connections to one address.
///
/// # Errors
///
/// There are not.
pub(crate) fn ports(target: &Target, connections: u32) -> Result<(), Failure> {
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let Some(each) = ports_in(&range) else { return Ok(()) };
    let sources = target.sources.len().max(1) as u64;
    let most = u64::from(each) * sources;
    if u64::from(connections) <= most {
        return Ok(());
    }
    let address = target.address;
    let hint = if address.is_ipv4() && address.ip().is_loopback() {
        let needed = u64::from(connections).div_ceil(u64::from(each));
        Text::new(
            format!("connect from more addresses: --source-addresses {needed}"),
            format!("请从更多地址发起连接: --source-addresses {needed}"),
        )
    } else {
        Text::new(
            format!("use at most {most}, or widen net.ipv4.ip_local_port_range"),
            format!("最多使用 {most} 个, 或扩大 net.ipv4.ip_local_port_range"),
        )
    };
    Err(usage(
        format!("cannot open {connections} connections to {address}: there are {most} ports to connect from"),
        format!("无法打开到 {address} 的 {connections} 个连接: 可用的本地端口为 {most} 个"),
    )
    .hint(hint))
}

/// How many ports a range such as `32768 60999` has.
fn ports_in(range: &str) -> Option<u32> {
    let mut bounds = range.split_whitespace().map(str::parse::<u32>);
    let (Some(Ok(first)), Some(Ok(last))) = (bounds.next(), bounds.next()) else { return None };
    Some(last.checked_sub(first)? + 1)
}

#[cfg(test)]
mod tests {
    use kefu_app::Language;

    use super::*;

    #[test]
    fn a_few_fit_and_the_limit_is_named_when_it_is_passed() {
        assert!(reserve(10, false).is_ok());
        if let Some(most) = getrlimit(Resource::Nofile).maximum
            && let Ok(most) = u32::try_from(most)
            && let Some(beyond) = most.checked_add(1)
        {
            let line = reserve(beyond, true).unwrap_err().line(Language::English);
            assert!(line.contains(&format!("the limit is {most};")) && line.contains("--procs"), "{line}");
        }
    }

    #[test]
    fn ports_run_out_and_more_addresses_help() {
        assert_eq!(ports_in("32768\t60999\n"), Some(28_232));
        assert_eq!(ports_in(""), None);
        let target = |sources: usize| Target {
            address: "127.0.0.1:80".parse().unwrap(),
            authority: String::new(),
            sources: vec!["127.0.0.1".parse().unwrap(); sources],
        };
        assert!(ports(&target(0), 100).is_ok());
        if cfg!(target_os = "linux") {
            let line = ports(&target(2), 1_000_000).unwrap_err().line(Language::English);
            assert!(line.contains("--source-addresses "), "{line}");
            assert!(ports(&target(250), 1_000_000).is_ok());
        }
    }
}
